//! Reports of a verification: they name what the verification itself names, hide what rules hide, and are checked as every
//! other report is.

use super::*;
use crate::answer::Literal;
use crate::usecase::evidence::anchor::{AnchorAsked, anchor};
use crate::usecase::evidence::verify::{VerifyAnswer, verify};

/// A store with an anchor of it, and the store as it was then.
struct Anchored {
    case: Case,
    older: Case,
    how: VerifyAsked,
}

impl Anchored {
    fn new() -> Anchored {
        let (case, older) = (Case::new(), Case::new());
        std::fs::create_dir(case.path("anchors")).expect("an empty folder");
        let asked = AnchorAsked {
            out: case.path("anchors"),
            key: Some(case.path("key")),
            ..AnchorAsked::default()
        };
        let made = case.with_session(&Silent, |work, session| anchor(work, session, &asked));
        std::fs::write(
            case.path("said.toml"),
            "refold = \"explanations/1\"\n[[explained]]\npositions = [1, 9]\nreason = \"erased\\non request\"\n",
        )
        .expect("a register");
        Anchored {
            how: VerifyAsked {
                anchor: made.expect("an anchor").dir.into(),
                explanations: Some(case.path("said.toml")),
                ..VerifyAsked::default()
            },
            case,
            older,
        }
    }

    fn write(&self, lines: &[String]) {
        std::fs::write(self.case.path("store/events.jsonl"), lines.join("\n") + "\n").expect("a store");
    }

    fn asked(&self) -> ReportAsked {
        ReportAsked {
            question: Some(Question::Verification(self.how.clone())),
            ..self.case.asked()
        }
    }

    fn verified(&self) -> VerifyAnswer {
        let answer = self.case.with_session(&Silent, |work, session| {
            self.older
                .with_session(&Silent, |_, older| verify(work, session, &self.how, Some(older)))
        });
        answer.expect("a verdict")
    }

    fn make(&self, asked: &ReportAsked) -> ReportAnswer {
        let made = self.case.with_session(&Silent, |work, session| {
            self.older
                .with_session(&Silent, |_, older| report(work, session, asked, Some(older)))
        });
        made.expect("a report")
    }
}

/// What is done to the lines of a store, each by its name.
fn mutations() -> Vec<(&'static str, Vec<String>)> {
    let with = |change: &dyn Fn(&mut Vec<String>)| {
        let mut lines = Case::lines();
        change(&mut lines);
        lines
    };
    let edit = |at: usize, from: &'static str, to: &'static str| {
        with(&move |lines: &mut Vec<String>| {
            assert!(lines[at].contains(from), "{}", lines[at]);
            lines[at] = lines[at].replacen(from, to, 1);
        })
    };
    vec![
        ("nothing", Case::lines()),
        ("a payload", edit(3, "9007199254740993", "9007199254740992")),
        ("a time", edit(4, "T00:00:00Z", "T00:00:01Z")),
        ("a type", edit(5, "\"Type", "\"Other")),
        ("metadata", edit(20, "\"who\":\"", "\"who\":\"x")),
        ("one in the middle is gone", with(&|lines| drop(lines.remove(12)))),
        ("the last is gone", with(&|lines| drop(lines.pop()))),
        ("one came", with(&|lines| lines.insert(8, lines[30].clone()))),
        ("two changed places", with(&|lines| lines.swap(6, 26))),
        (
            "grown",
            with(&|lines| lines.push(lines[39].replace("\"e39\"", "\"e40\""))),
        ),
        (
            "all of it",
            with(&|lines| {
                lines
                    .iter_mut()
                    .for_each(|line| *line = line.replace("\"who\"", "\"which\""))
            }),
        ),
    ]
}

fn findings(dir: &str) -> Vec<refold_audit::report::model::Finding> {
    let text = std::fs::read_to_string(Path::new(dir).join(FINDINGS_JSON)).expect("a record");
    text.lines()
        .map(|line| serde_json::from_str(line).expect("a finding"))
        .collect()
}

#[test]
fn it_names_what_the_verification_names() {
    let anchored = Anchored::new();
    for (what, lines) in mutations() {
        anchored.write(&lines);
        let verified = anchored.verified();
        let made = anchored.make(&anchored.asked());
        let found = findings(&made.dir);
        assert_eq!(found.len(), verified.findings.len(), "{what}");
        assert_eq!(found.is_empty(), ["nothing", "grown"].contains(&what), "{what}");
        for (told, named) in found.iter().zip(&verified.findings) {
            let json = |value: &Option<Literal>| value.as_ref().map(|of| String::from_utf8(of.json()).expect("text"));
            assert_eq!((&*told.kind, &*told.severity), (named.kind, named.severity), "{what}");
            assert_eq!((&told.position, &told.to), (&named.position, &named.to), "{what}");
            assert_eq!(
                (&told.version, &told.part.join("")),
                (&named.version, &named.part.concat()),
                "{what}"
            );
            assert_eq!(
                (&told.detail, &told.explanation),
                (&named.detail, &named.explanation),
                "{what}"
            );
            assert_eq!(
                told.event_type,
                named.event_type.as_ref().map(|of| of.text().into_owned()),
                "{what}"
            );
            assert!(named.stream.is_none() || told.stream == named.stream.as_ref().map(|of| of.text().into_owned()));
            let changes = told.impacts.iter().flat_map(|impact| &impact.changes);
            let of_named = named.impacts.iter().flat_map(|impact| &impact.changes);
            assert_eq!(
                changes
                    .map(|of| (of.path.clone(), of.before.clone(), of.after.clone()))
                    .collect::<Vec<_>>(),
                of_named
                    .map(|of| (of.path.clone(), json(&of.before), json(&of.after)))
                    .collect::<Vec<_>>(),
                "{what}"
            );
        }
        let report = manifest(&made.dir).report;
        let verdict = report.verdict.expect("it is about a verification");
        assert_eq!(
            (&*verdict.outcome, verdict.finding_count, &*verdict.sentence),
            (verified.outcome, verified.finding_count, &*verified.sentence)
        );
        assert_eq!(report.cover.level, verified.level, "{what}");
        assert_eq!(verdict.findings, found, "{what}");
        assert!(!verdict.not_checked.is_empty());
        // The events are those that stand where a finding says.
        let named: Vec<String> = found
            .iter()
            .flat_map(|of| [of.position.clone(), of.to.clone()])
            .flatten()
            .collect();
        let there = positions(&made.dir);
        assert!(
            there.iter().all(|position| named.contains(&position.to_string())),
            "{what}: {there:?}"
        );
        for changed in found.iter().filter(|of| ["CHANGED", "INSERTED"].contains(&&*of.kind)) {
            let position = changed.position.as_ref().expect("a place").parse().expect("a number");
            assert!(there.contains(&position), "{what}: {there:?} without {position}");
        }
        let whole = checked(Path::new(&made.dir), None).expect("an answer");
        assert_eq!(whole.outcome, "verified", "{what}: {}", whole.sentence);
        let page = std::fs::read_to_string(Path::new(&made.dir).join(PAGES)).expect("pages");
        assert!(
            page.contains("What was not checked") && page.contains(&verified.anchor.root),
            "{what}"
        );
        std::fs::remove_dir_all(&made.dir).expect("a folder of the test");
    }
}

#[test]
fn the_same_verification_makes_the_same_bytes() {
    let anchored = Anchored::new();
    let (_, lines) = &mutations()[7];
    anchored.write(lines);
    let store = std::fs::File::options()
        .write(true)
        .open(anchored.case.path("store/events.jsonl"));
    store
        .expect("it is there")
        .set_modified(std::time::UNIX_EPOCH)
        .expect("its time can be set");
    let elsewhere = anchored.case.path("elsewhere");
    std::fs::create_dir(&elsewhere).expect("an empty folder");
    let first = anchored.make(&anchored.asked());
    let again = anchored.make(&ReportAsked {
        out: elsewhere,
        ..anchored.asked()
    });
    assert_eq!(bytes_of(&first.dir), bytes_of(&again.dir));
    let names: Vec<String> = bytes_of(&first.dir).into_keys().collect();
    for name in [FINDINGS_JSON, FINDINGS_CSV, FINDINGS_VIEW_CSV, PRINTED, PAGES, WORKBOOK] {
        assert!(names.contains(&name.to_owned()), "{names:?}");
    }
}

#[test]
fn what_is_redacted_is_in_no_state_before_or_after() {
    let anchored = Anchored::new();
    let lines: Vec<String> = Case::lines()
        .iter()
        .map(|line| line.replace(CANARY, "other-canary-7f3a91"))
        .collect();
    anchored.write(&lines);
    let holds = |dir: &str, name: &str| memchr::memmem::find(&bytes_of(dir)[name], CANARY.as_bytes()).is_some();
    let plain = anchored.make(&anchored.asked());
    assert!(
        holds(&plain.dir, FINDINGS_JSON) && holds(&plain.dir, PAGES),
        "it would be found"
    );
    std::fs::write(
        anchored.case.path("rules.toml"),
        "refold = \"mask/1\"\n[[hide]]\npaths = [\"/customer\", \"/items/*/note\", \"/who\"]\n",
    )
    .expect("a file of rules");
    let made = anchored.make(&ReportAsked {
        redact: Some(anchored.case.path("rules.toml")),
        ..anchored.asked()
    });
    for name in bytes_of(&made.dir).keys() {
        assert!(!holds(&made.dir, name), "{name}");
    }
    let hidden = manifest(&made.dir).report.redaction.hidden;
    assert!(hidden.iter().any(|of| of.part == "state"), "{hidden:?}");
    assert!(
        findings(&made.dir)
            .iter()
            .any(|of| of.impacts.iter().any(|impact| !impact.changes.is_empty()))
    );
}

#[test]
fn whatever_byte_of_it_is_changed_the_file_is_named() {
    let anchored = Anchored::new();
    let (_, lines) = &mutations()[1];
    anchored.write(lines);
    let made = anchored.make(&ReportAsked {
        key: Some(anchored.case.path("key")),
        ..anchored.asked()
    });
    let (dir, files) = (Path::new(&made.dir), bytes_of(&made.dir));
    let mut random = Random(0x5eed);
    for (name, whole) in &files {
        for _ in 0..50 {
            let mut bytes = whole.clone();
            let at = random.below(bytes.len());
            bytes[at] ^= 1 + random.below(255) as u8;
            std::fs::write(dir.join(name), &bytes).expect("a file of the test");
            let answer = checked(dir, None).expect("an answer");
            let blamed: Vec<String> = answer.files.into_iter().filter(|of| !of.ok).map(|of| of.name).collect();
            assert_eq!(blamed, [name.as_str()], "byte {at} of {name} is {:#04x}", bytes[at]);
        }
        std::fs::write(dir.join(name), whole).expect("a file of the test");
    }
}

#[test]
fn an_anchor_that_was_changed_makes_no_report() {
    let anchored = Anchored::new();
    let root = anchored.how.anchor.join("checkpoint");
    let text = std::fs::read(&root).expect("a checkpoint");
    let mut altered = text.clone();
    altered[30] ^= 1;
    std::fs::write(&root, altered).expect("a file of the test");
    let made = anchored.case.make(&anchored.asked());
    assert_eq!(made.expect_err("it proves nothing").code, ErrorCode::Distrusted);
    assert_eq!(
        std::fs::read_dir(anchored.case.path("reports"))
            .expect("a folder")
            .count(),
        0
    );
}
