//! Reports about a person: all streams that hold one are in them, and of everybody else nothing is in any byte.

use refold_audit::report::pseudonym::CaseKey;

use super::layers::found;
use super::*;
use crate::usecase::evidence::folder::read_key;
use crate::usecase::evidence::report::paths::paths;

/// What belongs to others, in many places: none of it may be in a report about C-7.
const OTHER: &str = "canary-9c04";
const LIST: &str = r#"
refold = "excerpt/1"

[[show]]
paths = ["/total", "/items/*/sku"]

[[pseudonym]]
domain = "seller"
paths = ["/seller/id", "/approvedBy"]
"#;

/// Of the person: two streams, one of which others are in too, and one that another person's id is in.
fn shop() -> Case {
    let event = |at: usize, stream: &str, payload: &str| {
        // As where it is cut from the id.
        let category = if at == 7 { stream } else { &format!("{OTHER}-shop") };
        format!(
            r#"{{"stream":"{stream}","category":"{category}","version":{at},"type":"Placed-{OTHER}","schema_version":"{OTHER}-v2","recorded_at":"2026-08-01T00:00:0{}Z","occurred_at":"1971-03-04T05:06:07Z","event_id":"{OTHER}-e{at}","correlation_id":"{OTHER}-c","causation_id":"{OTHER}-e1","payload":{payload},"metadata":{{"by":"{OTHER}-clerk"}}}}"#,
            at % 10
        )
    };
    let seller = format!(r#"{{"id":"{OTHER}-s","name":"{OTHER} Ltd","phone":739191730045}}"#);
    Case::of(&[
        event(
            1,
            "order-1",
            &format!(r#"{{"customerId":"C-7","total":12.50,"seller":{seller}}}"#),
        ),
        event(
            2,
            "order-1",
            &format!(r#"{{"items":[{{"sku":"A","gift":"{OTHER}"}}],"approvedBy":"{OTHER}-s"}}"#),
        ),
        event(3, "order-1", &format!(r#""{OTHER} wrote prose-5521""#)),
        event(4, "order-1", &format!(r#"{{"x":{{"{OTHER}":1,"{OTHER}":2}}}}"#)),
        event(5, "order-2", &format!(r#"{{"customerId":"{OTHER}","total":1}}"#)),
        event(6, "order-2", r#"{"customerId":"C-7","total":2}"#),
        event(7, &format!("customer-{OTHER}"), r#"{"friends":[{"id":"C-7"}]}"#),
        event(8, "order-3", &format!(r#"{{"customerId":"{OTHER}","total":3}}"#)),
        event(9, "order-7", r#"{"customerId":"C-77"}"#),
    ])
}

impl Case {
    /// A report of the same that shows these columns too.
    fn made_with(&self, columns: &str, asked: &ReportAsked) -> ReportAnswer {
        let list = LIST.replacen("\n\n", &format!("\n{columns}\n"), 1);
        std::fs::write(self.path("more.toml"), list).expect("a list");
        let mut asked = ReportAsked {
            time: Some("@7".to_owned()),
            ..asked.clone()
        };
        if let Some(subject) = &mut asked.subject {
            subject.allow = Some(self.path("more.toml"));
        }
        self.make(&asked).expect("a report")
    }
}

fn asked(case: &Case) -> ReportAsked {
    std::fs::write(case.path("list.toml"), LIST).expect("a list");
    ReportAsked {
        subject: Some(SubjectAsked {
            keys: vec!["/customerId=C-7".to_owned(), "/friends/*/id=C-7".to_owned()],
            allow: Some(case.path("list.toml")),
            case_key: None,
        }),
        operator: Some("A. Auditor".to_owned()),
        ..case.asked()
    }
}

fn with_key(asked: &ReportAsked, file: PathBuf) -> ReportAsked {
    let mut asked = asked.clone();
    if let Some(subject) = &mut asked.subject {
        subject.case_key = Some(file);
    }
    asked
}

#[test]
fn nothing_of_others_is_in_any_byte_of_any_file() {
    let case = shop();
    let plain = case.make(&case.asked()).expect("a report");
    for name in [RECORD_JSON, RECORD_CSV, WORKBOOK, PAGES, PRINTED] {
        assert!(
            found(&plain.dir, OTHER.as_bytes()).contains(&name.to_owned()),
            "it would be found in {name}"
        );
    }
    let made = case.make(&asked(&case)).expect("a report");
    for secret in [
        OTHER,
        "739191730045",
        "prose-5521",
        "clerk",
        "1971-03-04",
        "events.jsonl",
    ] {
        assert_eq!(found(&made.dir, secret.as_bytes()), [""; 0], "{secret}");
    }
    // And nothing of the key, as bytes or as it is written.
    let file = made.case_key.expect("a new key");
    let key = read_key(Path::new(&file), "the case", "").expect("it is there");
    assert_eq!(found(&made.dir, &key), [""; 0]);
    assert!(!Path::new(&file).starts_with(&made.dir));
    // What is of the person is there, as the store holds it.
    let record = String::from_utf8(bytes_of(&made.dir)[RECORD_JSON].clone()).expect("text");
    for shown in [
        r#""customerId":"C-7","total":12.50"#,
        r#""sku":"A","[redacted]":"[redacted]""#,
        r#""id":"C-7""#,
    ] {
        assert!(record.contains(shown), "{shown} {record}");
    }
    for name in [RECORD_JSON, PAGES] {
        assert!(found(&made.dir, b"[redacted]").contains(&name.to_owned()));
    }
}

#[test]
fn every_stream_that_holds_the_person_is_in_it() {
    let case = shop();
    let made = case.make(&asked(&case)).expect("a report");
    let record = std::fs::read_to_string(Path::new(&made.dir).join(RECORD_JSON)).expect("a record");
    let all = std::fs::read_to_string(case.path("store/events.jsonl")).expect("a store");
    let holds = |line: &&str| {
        line.contains("\"order-1\"") || line.contains("\"order-2\"") || line.contains("\"stream\":\"customer-")
    };
    assert_eq!(record.lines().count(), all.lines().filter(holds).count());
    let report = manifest(&made.dir).report;
    assert!(found(&made.dir, b"3 streams of a person").contains(&PAGES.to_owned()));
    assert_eq!((report.scope.what.as_str(), report.scope.streams.len()), ("subject", 3));
    assert_eq!(report.scope.counts.written, 7);
    assert!(report.state.is_none());
    let steps = report.method.steps.join(" ");
    assert!(
        steps.contains("/customerId=C-7 in 2 events, /friends/*/id=C-7 in 1 event"),
        "{steps}"
    );
    for said in [
        "not under other keys",
        "in running text",
        "the columns of ids",
        "the names of keys",
        "has the case key can try",
    ] {
        assert!(report.limits.iter().any(|limit| limit.contains(said)), "{said}");
    }
    // A stream that is named belongs to it, and stands by a pseudonym too: its name may be somebody's.
    let named = ReportAsked {
        streams: vec!["order-3".to_owned()],
        ..asked(&case)
    };
    let made = case.make(&named).expect("a report");
    let report = manifest(&made.dir).report;
    assert_eq!((report.scope.counts.written, report.scope.streams.len()), (8, 4));
    assert!(report.scope.streams.is_sorted(), "the order of their ids is not told");
    assert_eq!(found(&made.dir, b"order-3"), [""; 0]);
    let listed = case.made_with("columns = [\"stream\", \"type\"]\n", &named);
    let report = manifest(&listed.dir).report;
    assert!(
        report.scope.streams.contains(&"order-3".to_owned()),
        "{:?}",
        report.scope.streams
    );
    assert_eq!(report.events.types[0].name, format!("Placed-{OTHER}"));
}

#[test]
fn one_value_has_one_pseudonym_in_a_case_and_another_in_the_next() {
    let case = shop();
    let made = case.make(&asked(&case)).expect("a report");
    let file = made.case_key.expect("a new key");
    let key = CaseKey(read_key(Path::new(&file), "the case", "").expect("it is there"));
    let name = |domain: &str, value: String| format!("[pseudonym {}]", key.pseudonym(domain, value.as_bytes()));
    let record = String::from_utf8(bytes_of(&made.dir)[RECORD_JSON].clone()).expect("text");
    let count = |text: &str| record.matches(text).count();
    // The seller of the first event approved the second.
    assert_eq!(count(&name("seller", format!("{OTHER}-s"))), 2);
    assert_eq!(count(&name("/customerId", OTHER.to_owned())), 1);
    // Whatever the first event caused is still seen to be of it.
    assert_eq!(count(&name("event", format!("{OTHER}-e1"))), 1 + 7);
    assert_eq!(count(&name("stream", "order-1".to_owned())), 4);
    let told = manifest(&made.dir).report.redaction.pseudonyms.expect("they are told");
    assert_eq!((told.scheme.as_str(), told.key_id), ("refold-pseudonym/1", key.id()));
    assert!(told.held_by.contains("A. Auditor"), "{}", told.held_by);
    let sellers: u64 = told
        .of
        .iter()
        .filter(|of| of.domain == "seller")
        .map(|of| of.count)
        .sum();
    assert_eq!(sellers, 2);

    // With the same key the same bytes; with another, none of these names.
    let kept = case.path("case.key");
    std::fs::rename(&file, &kept).expect("a file of the test");
    let first = bytes_of(&made.dir);
    std::fs::remove_dir_all(&made.dir).expect("a folder of the test");
    let again = case.make(&with_key(&asked(&case), kept.clone())).expect("a report");
    assert_eq!((bytes_of(&again.dir), again.case_key), (first, None));
    std::fs::remove_dir_all(&again.dir).expect("a folder of the test");
    let other = case.make(&asked(&case)).expect("a report");
    let record = String::from_utf8(bytes_of(&other.dir)[RECORD_JSON].clone()).expect("text");
    assert!(!record.contains(&name("seller", format!("{OTHER}-s"))));
}

#[test]
fn it_is_checked_as_every_other_report_is() {
    let case = shop();
    let made = case.make(&asked(&case)).expect("a report");
    let dir = Path::new(&made.dir);
    assert_eq!(checked(dir, None).expect("an answer").outcome, "verified");
    let said = forged::by_python(dir, &[]);
    assert!(said.starts_with("OK "), "{said}");
    let whole = bytes_of(&made.dir);
    for name in [RECORD_JSON, RECORD_CSV, VIEW_CSV, PAGES, PRINTED, WORKBOOK, MANIFEST] {
        let mut bytes = whole[name].clone();
        let at = bytes.len() / 2;
        bytes[at] ^= 1;
        std::fs::write(dir.join(name), &bytes).expect("a file of the test");
        assert!(blamed(dir).contains(&name.to_owned()), "{name}");
        std::fs::write(dir.join(name), &whole[name]).expect("a file of the test");
    }
}

#[test]
fn a_dry_run_counts_what_the_report_hides() {
    let case = shop();
    let asked = asked(&case);
    let dry = case.with_session(&Silent, |work, session| paths(work, session, &asked, None));
    let dry = dry.expect("an answer");
    assert_eq!(
        std::fs::read_dir(case.path("reports")).expect("a folder").count(),
        0,
        "nothing is written"
    );
    assert_eq!(dry.events, 7);
    let made = case.make(&asked).expect("a report");
    let redaction = manifest(&made.dir).report.redaction;
    let pseudonyms = redaction.pseudonyms.expect("they are told").of;
    for of in pseudonyms.iter().filter(|of| of.part != "column") {
        let listed = dry
            .paths
            .iter()
            .find(|it| (it.part, &*it.path) == (&*of.part, &*of.path));
        assert_eq!(listed.map(|it| it.pseudonyms), Some(of.count), "{}", of.path);
    }
    // A container is hidden as one, and all that is in it is listed before.
    let phone = dry
        .paths
        .iter()
        .find(|it| it.path == "/seller/phone")
        .expect("it is listed");
    assert_eq!((phone.count, phone.hidden), (1, 1));
    let total = dry.paths.iter().find(|it| it.path == "/total").expect("it is listed");
    // One is of an event of another person.
    assert_eq!((total.count, total.hidden, total.pseudonyms), (3, 1, 0));
}

#[test]
fn nobody_is_found_by_what_is_hidden_and_nothing_is_left_of_trying() {
    let case = shop();
    let nobody = ReportAsked {
        subject: Some(SubjectAsked {
            keys: vec!["/customerId=C-8".to_owned()],
            ..SubjectAsked::default()
        }),
        ..case.asked()
    };
    assert_eq!(case.make(&nobody).expect_err("nobody").code, ErrorCode::NotFound);
    std::fs::write(
        case.path("rules.toml"),
        "refold = \"mask/1\"\n[[hide]]\npaths = [\"/customerId\", \"/friends\"]\n",
    )
    .expect("a file of rules");
    let hidden = ReportAsked {
        redact: Some(case.path("rules.toml")),
        ..asked(&case)
    };
    assert_eq!(case.make(&hidden).expect_err("hidden").code, ErrorCode::NotFound);
    assert_eq!(std::fs::read_dir(case.path("reports")).expect("a folder").count(), 0);
    let question = ReportAsked {
        question: Some(Question::Invariants { condition: None }),
        ..asked(&case)
    };
    assert_eq!(
        case.make(&question).expect_err("two things").code,
        ErrorCode::InvalidInput
    );
}

/// As [`shop`], with rules that name others, hide some of them, and of which some hide nothing.
fn ruled(case: &Case) -> ReportAsked {
    let rules = format!(
        "refold = \"mask/1\"\n[[hide]]\npaths = [\"/total\", \"/seller/name\", \"/x/{OTHER}\", \"/{OTHER}-nowhere\"]\n\
         [[hide]]\ncategory = \"{OTHER}*\"\npaths = [\"/items/*/sku\"]\n"
    );
    std::fs::write(case.path("rules.toml"), rules).expect("a file of rules");
    let list = format!(
        "{LIST}\n[[show]]\npaths = [\"/{OTHER}-unknown\"]\ncategory = \"{OTHER}*\"\n\
         [[pseudonym]]\ndomain = \"{OTHER}\"\npaths = [\"/nobody\"]\n"
    );
    let asked = asked(case);
    std::fs::write(case.path("list.toml"), list).expect("a list");
    ReportAsked {
        redact: Some(case.path("rules.toml")),
        handler: Some("builtin:merge".to_owned()),
        streams: vec![format!("customer-{OTHER}")],
        ..asked
    }
}

#[test]
fn nothing_of_rules_lists_and_reveals_is_in_it_and_counts_are_those_of_what_was_written() {
    let case = shop();
    let asked = ruled(&case);
    let made = case.with_session(&Silent, |work, session| {
        session.mask().add(&case.path("rules.toml")).expect("rules");
        session
            .mask()
            .reveal(
                crate::mask::Reveal {
                    stream: Some(format!("customer-{OTHER}").into_bytes()),
                    part: None,
                    path: refold_core::pointer::Pointer::parse(&format!("/x/{OTHER}")).expect("a path"),
                },
                "to see it",
            )
            .expect("it is revealed");
        report(work, session, &asked, None)
    });
    let made = made.expect("a report");
    assert_eq!(found(&made.dir, OTHER.as_bytes()), [""; 0]);
    let report = manifest(&made.dir).report;
    assert_eq!(report.redaction.rules.len(), 2);
    assert!(
        report.method.command.contains("--handler builtin:merge"),
        "{}",
        report.method.command
    );
    // To the caller it is all told.
    for idle in ["excerpt-idle", "redaction-idle"] {
        let told = made.findings.iter().find(|of| of.code == idle).expect("it is told");
        assert!(told.detail.contains(OTHER), "{}", told.detail);
    }
    assert!(report.noticed.iter().any(|of| of.code == "excerpt-idle"));
    // What is counted is what stands in the record.
    let record = String::from_utf8(bytes_of(&made.dir)[RECORD_JSON].clone()).expect("text");
    let hidden: u64 = report.redaction.hidden.iter().map(|of| of.count).sum();
    let values = record.matches("\"[redacted]\"").count() - record.matches("\"[redacted]\":").count();
    assert_eq!(hidden, values as u64, "{:?} {record}", report.redaction.hidden);
    let pseudonyms = report.redaction.pseudonyms.expect("they are told").of;
    let named: u64 = pseudonyms.iter().map(|of| of.count).sum();
    assert_eq!(named, record.matches("[pseudonym ").count() as u64);
}

#[test]
fn what_finds_nothing_is_told_before_and_after() {
    let case = shop();
    let mut asked = ruled(&case);
    if let Some(subject) = &mut asked.subject {
        subject.keys.push("/custmerId=C-7".to_owned());
    }
    let dry = case.with_session(&Silent, |work, session| paths(work, session, &asked, None));
    let idle = [
        format!("the entry /{OTHER}-unknown of the list"),
        "the entry /nobody of the list".to_owned(),
        "the key /custmerId".to_owned(),
    ];
    assert_eq!(dry.expect("an answer").idle_list, idle);
    let made = case.make(&asked).expect("a report");
    let told = made
        .findings
        .iter()
        .find(|of| of.code == "excerpt-idle")
        .expect("it is told");
    assert_eq!(told.count, 3);
}

#[test]
fn what_could_not_be_read_while_the_person_was_looked_for_is_said() {
    let event = |payload: &str| format!("{{\"stream\":\"a\",\"version\":0,\"type\":\"T\",\"payload\":{payload}}}");
    let other = |payload: &str| event(payload).replace("\"a\"", "\"b\"");
    // Too long for a record: nobody looks into it.
    let long = other(&format!("\"{}\"", "x".repeat(64 << 20)));
    let case = Case::of(&[
        event("{\"customerId\":\"C-7\"}"),
        "{\"stream\":".to_owned(),
        long,
        other("1"),
    ]);
    let asked = ReportAsked {
        formats: vec![ReportFormat::Json, ReportFormat::Html],
        ..asked(&case)
    };
    let report = manifest(&case.make(&asked).expect("a report").dir).report;
    let count = |code: &str| report.noticed.iter().find(|of| of.code == code).map(|of| of.count);
    assert_eq!((count("not-an-event"), count("too-large")), (Some(1), Some(1)));
    assert_eq!((report.scope.counts.unreadable, report.scope.counts.written), (1, 1));
    for said in [
        "1 row of the store could not be read",
        "too large to be loaded, and the person was not looked for",
    ] {
        assert!(
            report.limits.iter().any(|limit| limit.contains(said)),
            "{said} {:?}",
            report.limits
        );
    }
}

#[test]
fn bounds_leave_out_events_of_a_stream_that_holds_the_person() {
    let case = shop();
    let bounded = ReportAsked {
        to: Some("#3".to_owned()),
        ..asked(&case)
    };
    let report = manifest(&case.make(&bounded).expect("a report").dir).report;
    assert!(report.scope.counts.written < 7);
    assert!(
        report
            .method
            .steps
            .iter()
            .any(|step| step.contains("within the bounds"))
    );
}
