//! What a report says of what could not be read, of rules that hide nothing, and where it refuses to be written.

use super::*;
use crate::usecase::evidence::anchor::{AnchorAsked, anchor};

/// Three records that are no events among those of the store.
fn damaged() -> Case {
    let mut lines = Case::lines();
    for at in [3, 17, 33] {
        lines.insert(at, "{\"stream\":".to_owned());
    }
    Case::of(&lines)
}

fn invariants(condition: &str) -> Option<Question> {
    Some(Question::Invariants {
        condition: Some(condition.to_owned()),
    })
}

#[test]
fn rows_that_are_no_events_are_counted_in_every_report() {
    let case = damaged();
    for (at, asked) in [
        case.asked(),
        case.of_streams(&["order-1"]),
        ReportAsked {
            question: invariants("true"),
            ..case.asked()
        },
    ]
    .into_iter()
    .enumerate()
    {
        let asked = ReportAsked {
            time: Some(format!("@{at}")),
            ..asked
        };
        let made = case.make(&asked).expect("a report");
        let report = manifest(&made.dir).report;
        let lacking = report.noticed.iter().find(|of| of.code == "not-an-event");
        let lacking = lacking.expect("it was noticed");
        assert_eq!((lacking.count, report.scope.counts.unreadable), (3, 3), "{at}");
        assert!(!lacking.advice.is_empty(), "{at}");
        assert!(
            report
                .limits
                .iter()
                .any(|limit| limit.starts_with("3 rows of the store could not")),
            "{at}: {:?}",
            report.limits
        );
    }
}

#[test]
fn a_rule_that_hides_nothing_is_told_before_and_after() {
    let case = Case::new();
    std::fs::write(
        case.path("rules.toml"),
        "refold = \"mask/1\"\n[[hide]]\npaths = [\"/customer\", \"/custmer/email\"]\n[[hide]]\npaths = [\"/n\"]\nin = [\"metadata\"]\n",
    )
    .expect("a file of rules");
    let asked = ReportAsked {
        redact: Some(case.path("rules.toml")),
        ..case.of_streams(&["order-1"])
    };
    let idle = case.with_session(&Silent, |work, session| paths::paths(work, session, &asked, None));
    assert_eq!(idle.expect("an answer").idle, ["/custmer/email", "/n"]);
    let made = case.make(&asked).expect("a report");
    let told: Vec<(&str, u32)> = made
        .findings
        .iter()
        .filter(|of| of.code == "redaction-idle")
        .map(|of| (&*of.detail, of.count))
        .collect();
    assert_eq!(
        told,
        [("the masking rule /custmer/email hid nothing of these events", 2)]
    );
}

#[test]
fn a_dry_run_of_a_question_looks_at_the_events_that_it_names() {
    let case = Case::new();
    let asked = ReportAsked {
        question: invariants("state.n == null"),
        ..case.asked()
    };
    let answer = case.with_session(&Silent, |work, session| paths::paths(work, session, &asked, None));
    let answer = answer.expect("an answer");
    let made = case.make(&asked).expect("a report");
    assert!(answer.events > 0);
    assert_eq!((answer.events, answer.paths.is_empty()), (made.events, false));
}

#[test]
fn a_question_takes_no_scope_but_its_own() {
    let case = Case::new();
    let verification = Some(Question::Verification(VerifyAsked::default()));
    for wrong in [
        ReportAsked {
            question: invariants("true"),
            from: Some("#1".to_owned()),
            ..case.asked()
        },
        ReportAsked {
            question: verification.clone(),
            to: Some("#1".to_owned()),
            ..case.asked()
        },
        ReportAsked {
            question: verification.clone(),
            category: Some("order".to_owned()),
            ..case.asked()
        },
        ReportAsked {
            question: verification,
            ..case.of_streams(&["order-1"])
        },
    ] {
        let error = case.make(&wrong).expect_err("it has a scope");
        assert!(error.message.contains("takes no others"), "{error:?}");
        let error = case.with_session(&Silent, |work, session| paths::paths(work, session, &wrong, None));
        assert!(error.expect_err("it has a scope").message.contains("takes no others"));
    }
}

#[test]
fn nothing_is_written_into_other_evidence() {
    let case = Case::new();
    let made = case.make(&case.asked()).expect("a report").dir;
    let into = |dir: &str| AnchorAsked {
        out: dir.into(),
        ..AnchorAsked::default()
    };
    let anchored = |dir: &str| case.with_session(&Silent, |work, session| anchor(work, session, &into(dir)));
    let anchor = anchored(&case.path("reports").display().to_string())
        .expect("an anchor")
        .dir;
    for dir in [&made, &anchor] {
        let report = case.make(&ReportAsked {
            out: dir.into(),
            time: Some("@9".to_owned()),
            ..case.asked()
        });
        for error in [report.map(drop), anchored(dir).map(drop)] {
            let error = error.expect_err("it is evidence");
            assert_eq!(error.code, ErrorCode::InvalidInput);
            assert!(error.message.contains("would not verify any more"), "{error:?}");
        }
        assert_eq!(checked(Path::new(dir), None).expect("an answer").outcome, "verified");
    }
}
