//! Which streams a finding touches, and what is said of an event that came from where no anchor looks.

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
