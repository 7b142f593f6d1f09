//! Which streams a finding touches, what differences leave behind in theirs, and what is said of an event that came from
//! where no anchor looks.

use super::*;

/// The lines of a store in which every event has a position of its own.
fn placed() -> Vec<String> {
    let at = |(at, line): (usize, &String)| line.replacen('{', &format!("{{\"position\":{},", at + 1), 1);
    Case::lines().iter().enumerate().map(at).collect()
}

fn streams(finding: &VerifyFinding) -> Vec<String> {
    let named = finding.impacts.iter().filter_map(|impact| impact.stream.as_ref());
    named.map(ToString::to_string).collect()
}

#[test]
fn an_event_that_was_given_to_another_stream_is_told_for_both() {
    let case = Case::new();
    let made = case.anchor(&case.asked()).expect("an anchor");
    let mut lines = Case::lines();
    // The last of order-0 becomes the last of order-3.
    lines[2_996] = lines[2_996]
        .replace("\"order-0\",\"version\":428", "\"order-3\",\"version\":429")
        .replace("\"Placed\"", "\"Cancelled\"")
        .replace("\"e2996\"", "\"forged\"")
        .replace("\"n\":2996", "\"cancelled\":true");
    assert!(lines[2_996].contains("order-3") && lines[2_996].contains("forged"));
    let answer = with_copy(&case, &made.dir, &lines, &VerifyAsked::default());
    let finding = &answer.findings[0];
    assert_eq!((finding.kind, answer.findings.len()), ("CHANGED", 1));
    assert_eq!(streams(finding), ["order-0", "order-3"]);
    let paths = |at: usize| -> Vec<&str> { finding.impacts[at].changes.iter().map(|it| &*it.path).collect() };
    assert!(finding.impacts.iter().all(|impact| impact.is_proven));
    assert_eq!((paths(0), paths(1)), (vec!["/n"], vec!["/cancelled"]));
    // Without a copy nobody knows whose it was, and this is said.
    let alone = case.verify(&made.dir, None).expect("a verdict");
    assert_eq!(streams(&alone.findings[0]), ["order-3"]);
    let sentence = &alone.findings[0].impacts[0].sentence;
    assert!(
        sentence.contains("whether the event was of another stream"),
        "{sentence}"
    );
}

#[test]
fn an_event_below_the_anchor_is_named_with_its_stream_and_what_it_did() {
    let case = Case::new();
    let lines = placed();
    case.write_store(&lines);
    let made = case.anchor(&case.asked()).expect("an anchor");
    let mut forged = lines.clone();
    forged.insert(
        0,
        lines[2_999]
            .replace("\"position\":3000", "\"position\":-7")
            .replace("\"version\":428", "\"version\":429")
            .replace("\"n\":2999", "\"n\":0")
            .replace("e2999", "forged"),
    );
    case.write_store(&forged);
    let answer = case.verify(&made.dir, None).expect("a verdict");
    assert_eq!(kinds(&answer), [("INSERTED", "-7".to_owned())]);
    let finding = &answer.findings[0];
    let named = [&finding.stream, &finding.event_type].map(|of| of.as_ref().map(ToString::to_string));
    assert_eq!(named, [Some("order-3".to_owned()), Some("Placed".to_owned())]);
    assert_eq!((finding.version.as_deref(), answer.level), (Some("429"), "L0"));
    let impact = &finding.impacts[0];
    assert!(impact.is_proven && impact.changes.len() == 1, "{}", impact.sentence);
    assert_eq!(
        impact.changes[0].after.as_ref().map(Literal::shown).as_deref(),
        Some("0")
    );
}

#[test]
fn what_moved_above_the_horizon_is_no_event_that_came() {
    let case = Case::new();
    let lines = placed();
    case.write_store(&lines);
    let made = case.anchor(&case.asked()).expect("an anchor");
    let mut shifted = lines.clone();
    for (at, line) in shifted.iter_mut().enumerate().skip(2_990) {
        *line = line.replace(&format!("\"position\":{}", at + 1), &format!("\"position\":{}", at + 2));
    }
    case.write_store(&shifted);
    let answer = case.verify(&made.dir, None).expect("a verdict");
    assert_eq!(kinds(&answer).last(), Some(&("MOVED", "3000".to_owned())));
    assert_eq!(answer.added, 0, "{}", answer.sentence);
    // One that did come beside it is one.
    shifted.push(
        lines[2_999]
            .replace("\"position\":3000", "\"position\":3002")
            .replace("\"version\":428", "\"version\":429")
            .replace("e2999", "new"),
    );
    case.write_store(&shifted);
    let answer = case.verify(&made.dir, None).expect("a verdict");
    assert_eq!(answer.added, 1, "{}", answer.sentence);
}

#[test]
fn a_copy_that_was_given_is_not_asked_for() {
    let (case, copy) = (Case::new(), Case::new());
    let made = case.anchor(&case.asked()).expect("an anchor");
    let mut lines = Case::lines();
    lines[7] = lines[7].replace("\"Placed\"", "\"Other\"");
    case.write_store(&lines);
    copy.write_store(&lines);
    let asked = VerifyAsked {
        anchor: made.dir.clone().into(),
        ..VerifyAsked::default()
    };
    let answer =
        case.with_session(|work, session| copy.with_session(|_, older| verify(work, session, &asked, Some(older))));
    let answer = answer.expect("a verdict");
    let detail = answer.findings[0].detail.as_deref().expect("the header is another");
    assert!(
        !detail.contains("beside it, tells which") && detail.contains("does not tell which"),
        "{detail}"
    );
    let alone = case.verify(&made.dir, None).expect("a verdict");
    let detail = alone.findings[0].detail.as_deref().expect("the header is another");
    // In words that hold in the window too.
    assert!(
        detail.contains("an older copy of the store") && !detail.contains("--"),
        "{detail}"
    );
}

#[test]
fn one_event_is_no_events() {
    let case = Case::new();
    case.write_store(&Case::lines()[..1]);
    let made = case.anchor(&case.asked()).expect("an anchor");
    let answer = case.verify(&made.dir, None).expect("a verdict");
    assert!(
        answer
            .sentence
            .contains("the 1 event up to position 1 is byte for byte"),
        "{}",
        answer.sentence
    );
}

/// With a copy that has these lines.
fn beside(case: &Case, dir: &str, older: &[String]) -> VerifyAnswer {
    let copy = Case::new();
    copy.write_store(older);
    let asked = VerifyAsked {
        anchor: dir.into(),
        ..VerifyAsked::default()
    };
    let answer =
        case.with_session(|work, session| copy.with_session(|_, older| verify(work, session, &asked, Some(older))));
    answer.expect("a verdict")
}

#[test]
fn what_is_left_behind_is_told_for_its_stream() {
    let case = Case::new();
    let lines: Vec<String> = Case::lines()
        .iter()
        .enumerate()
        .map(|(at, line)| line.replacen('{', &format!("{{\"position\":{},", (at + 1) * 2), 1))
        .collect();
    case.write_store(&lines);
    let made = case.anchor(&case.asked()).expect("an anchor");
    let mut changed = lines.clone();
    // Of order-0, as is the one that is put in a second time.
    changed.remove(700);
    changed.insert(10, lines[49].replace("\"position\":100", "\"position\":21"));
    case.write_store(&changed);
    let of = |answer: &VerifyAnswer, kind: &str| {
        let finding = answer.findings.iter().find(|finding| finding.kind == kind);
        let finding = finding.unwrap_or_else(|| panic!("no {kind}: {:?}", kinds(answer)));
        assert!(finding.impacts_asked && !finding.is_unasked(), "{finding:?}");
        assert_eq!(streams(finding), ["order-0"], "{kind}");
        finding.impacts[0].clone()
    };
    let alone = case.verify(&made.dir, None).expect("a verdict");
    let twice = of(&alone, "DUPLICATE-ID");
    assert!(!twice.is_proven, "an event is gone, too: {}", twice.sentence);
    assert!(
        twice.sentence.contains("without what was inserted"),
        "{}",
        twice.sentence
    );
    let gone = of(&alone, "VERSION-GAP");
    assert!(
        !gone.is_proven && gone.sentence.contains("older copy"),
        "{}",
        gone.sentence
    );
    let known = beside(&case, &made.dir, &lines);
    for kind in ["DUPLICATE-ID", "VERSION-GAP"] {
        let impact = of(&known, kind);
        assert!(impact.is_proven, "{}", impact.sentence);
        assert!(
            impact.sentence.contains("the state now is incomplete since v"),
            "{}",
            impact.sentence
        );
    }
}

/// Nothing in the numbers of such a stream tells that an event is missing.
#[test]
fn a_record_that_cannot_be_read_is_told_of_a_state_where_events_have_no_versions() {
    let case = Case::new();
    let lines: Vec<String> = (0..3_000)
        .map(|at| {
            format!(
                r#"{{"position":{},"stream":"order-{}","type":"Placed","recorded_at":"2026-08-01T00:00:00Z","event_id":"e{at}","payload":{{"n":{at}}}}}"#,
                at + 1,
                at % 7,
            )
        })
        .collect();
    case.write_store(&lines);
    let made = case.anchor(&case.asked()).expect("an anchor");
    let mut changed = lines.clone();
    changed[707] = lines[707].replace("\"n\":707", "\"n\":1");
    case.write_store(&changed);
    let of_change = |answer: &VerifyAnswer| {
        let finding = answer.findings.iter().find(|finding| finding.kind == "CHANGED");
        finding.expect("one is another").impacts[0].sentence.clone()
    };
    let said = of_change(&beside(&case, &made.dir, &lines));
    assert!(!said.contains("incomplete"), "{said}");
    // Of the same stream, and it says so.
    changed[700] = r#"{"position":701,"stream":"order-0","type":"Pla"#.to_owned();
    case.write_store(&changed);
    let said = of_change(&beside(&case, &made.dir, &lines));
    assert!(said.contains("; the state now is incomplete: the record #"), "{said}");
    assert!(!said.contains("the state before is incomplete"), "{said}");
}

/// A state before an event that the handler cannot fold is not that at the horizon.
#[test]
fn a_state_that_the_handler_failed_before_is_not_proven() {
    let case = Case::new();
    let made = case.anchor(&case.asked()).expect("an anchor");
    let mut lines = Case::lines();
    lines[2_996] = lines[2_996].replace("\"n\":2996", "\"n\":1");
    let handler = case.path("fails.yaml");
    let rules = "refold: reducer/1\nmissing: error\non:\n  Placed:\n    - set: { n: event.data.m }\n";
    std::fs::write(&handler, rules).expect("a handler");
    let asked = VerifyAsked {
        handler: Some(handler.to_string_lossy().into_owned()),
        ..VerifyAsked::default()
    };
    let answer = with_copy(&case, &made.dir, &lines, &asked);
    let impact = answer.findings[0].impacts.first().expect("it is about one event");
    assert!(!impact.is_proven && impact.changes.is_empty(), "{}", impact.sentence);
    for when in ["before", "now"] {
        let said = format!("the state {when} is that before the event #");
        assert!(impact.sentence.contains(&said), "{}", impact.sentence);
        assert!(
            impact.sentence.contains("the handler failed at it: RF-"),
            "{}",
            impact.sentence
        );
    }
}

#[test]
fn an_event_that_was_put_in_twice_and_a_hole_in_a_stream_are_named() {
    let case = Case::new();
    // With positions of their own, so that what is gone leaves a hole.
    let lines: Vec<String> = Case::lines()
        .iter()
        .enumerate()
        .map(|(at, line)| line.replacen('{', &format!("{{\"position\":{},", (at + 1) * 2), 1))
        .collect();
    case.write_store(&lines);
    let made = case.anchor(&case.asked()).expect("an anchor");
    let mut changed = lines.clone();
    changed.remove(700);
    changed.insert(10, lines[50].replace("\"position\":102", "\"position\":21"));
    case.write_store(&changed);
    let answer = case.verify(&made.dir, None).expect("a verdict");
    assert_eq!(
        kinds(&answer),
        [
            ("DUPLICATE-ID", "21".to_owned()),
            ("INSERTED", "21".to_owned()),
            ("REMOVED", "1402".to_owned()),
            ("VERSION-GAP", "1416".to_owned()),
        ]
    );
    assert_eq!(
        (answer.findings[3].severity, answer.findings[3].version.as_deref()),
        ("gap", Some("100"))
    );
    let detail = answer.findings[3].detail.clone().unwrap_or_default();
    assert!(
        detail.ends_with("states of the stream are incomplete since v101"),
        "{detail}"
    );
}

/// What came since is no hole in what was anchored.
#[test]
fn a_version_that_is_missing_above_the_horizon_is_no_gap() {
    let case = Case::new();
    let at = |position: usize, stream: &str, version: usize| {
        format!(
            r#"{{"position":{position},"stream":"{stream}","version":{version},"type":"Placed","recorded_at":"2026-08-01T00:00:00Z","event_id":"e{position}","payload":{{}}}}"#
        )
    };
    let mut lines = vec![at(1, "a", 0), at(2, "b", 0), at(3, "b", 1), at(4, "c", 0)];
    case.write_store(&lines);
    let made = case.anchor(&case.asked()).expect("an anchor");
    // The last of one stream is gone; another one goes on, with a version left out.
    lines.remove(2);
    lines.push(at(9, "a", 2));
    case.write_store(&lines);
    let answer = case.verify(&made.dir, None).expect("a verdict");
    assert_eq!(kinds(&answer), [("REMOVED", "3".to_owned())]);
    assert_eq!(answer.added, 1);
    assert!(
        answer
            .sentence
            .ends_with("; 1 event came since, of which it says nothing"),
        "{}",
        answer.sentence
    );
}
