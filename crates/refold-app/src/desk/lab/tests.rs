//! What the window is told of the planted bug: `order@1.0.0` takes the price of one article off, however many left.

use super::*;
use crate::desk::tests::lab;
use crate::wire::CourseMark;

fn everything() -> LabScope {
    LabScope {
        kind: LabScopeKind::Store,
        name: String::new(),
        until: String::new(),
    }
}

fn stream(name: &str) -> LabScope {
    LabScope {
        kind: LabScopeKind::Stream,
        name: name.to_owned(),
        until: String::new(),
    }
}

#[test]
fn a_person_finds_where_two_versions_differ_and_sees_both_states() {
    let lab = lab();
    let session = lab.desk.open_store(&lab.store, None).unwrap().session;
    let [left, right] = ["1.0.0", "1.1.0"].map(|version| format!("{}@{version}", lab.handlers));
    let asked = CompareAsked {
        scope: everything(),
        left: left.clone(),
        right: right.clone(),
        is_anew: false,
    };
    let found = lab.desk.compare_handlers(session, &asked, &|_| {}).unwrap();
    assert!(
        !found.is_cached && found.rows > 5 && found.rows == found.differing_streams,
        "{found:?}"
    );
    assert!(lab.desk.compare_handlers(session, &asked, &|_| {}).unwrap().is_cached);
    let page = lab.desk.differing_rows(found.run, 0, 3).unwrap();
    assert_eq!((page.total, page.rows.len()), (found.rows, 3));
    for row in &page.rows {
        let opened = lab
            .desk
            .open_pair(session, &stream(&row.stream), [&left, &right], &|_| {})
            .unwrap();
        let first = &opened.intervals[0];
        assert_eq!(first.from_event, row.from);
        let at = lab.desk.pair_page(opened.pair, first.from, false).unwrap();
        assert_eq!(at.event, row.from);
        let place = at.rows.iter().find(|place| place.path == row.path).unwrap();
        assert_eq!((&place.left, &place.right), (&row.left, &row.right));
        assert_eq!(
            (at.differing as usize, at.rows.len()),
            (at.rows.len(), row.places as usize)
        );
        let before = lab.desk.pair_page(opened.pair, first.from - 1, false).unwrap();
        assert_eq!(before.differing, 0, "equal until then");
        let whole = lab.desk.pair_page(opened.pair, first.from, true).unwrap();
        assert_eq!((whole.rows.len() as u32, whole.differing), (whole.places, at.differing));
        assert!(opened.bar.contains(&CourseMark::Good) && opened.bar.contains(&CourseMark::Bad));
        lab.desk.close_run(opened.pair).unwrap();
        assert!(lab.desk.pair_page(opened.pair, 1, false).is_err());
    }
}

#[test]
fn a_person_finds_where_an_invariant_breaks_and_which_version_breaks_it() {
    let lab = lab();
    let session = lab.desk.open_store(&lab.store, None).unwrap().session;
    let handler = format!("{}@1.0.0", lab.handlers);
    let id = "balanced-once-paid";
    let listed = lab.desk.invariants_of(&handler).unwrap();
    let of = listed.iter().find(|of| of.id == id).unwrap();
    assert!(
        of.condition.contains("state.total - state.discount - state.paid == 0"),
        "{of:?}"
    );
    assert_eq!(of.title, "What was captured is what was due");
    let asked = CheckAsked {
        scope: everything(),
        handler: handler.clone(),
        condition: String::new(),
        is_anew: false,
    };
    let found = lab.desk.check_handler(session, &asked, &|_| {}).unwrap();
    let outcome = found.invariants.iter().find(|of| of.id == id).unwrap();
    let page = lab.desk.violation_rows(found.run, id, 0, 50).unwrap();
    assert_eq!((page.total, page.total), (outcome.rows, outcome.broken_streams));
    let row = &page.rows[0];
    // A condition of one's own is the same question.
    let scope = stream(&row.stream);
    for invariant in [id, of.condition.as_str()] {
        let course = lab
            .desk
            .invariant_course(session, &scope, &handler, invariant, &|_| {})
            .unwrap();
        assert_eq!(course.flips[0].event, row.event);
        assert_eq!(course.last_good + 1, course.flips[0].moment);
        assert_eq!(course.bar.len() as u32, course.events.min(240));
        assert!(course.bar.contains(&CourseMark::Good) && course.bar.iter().any(|mark| *mark != CourseMark::Good));
    }
    let versions = lab
        .desk
        .check_versions(session, &everything(), &handler, id, &|_| {})
        .unwrap();
    assert_eq!(
        versions.sentence,
        "order@1.0.0 is the first version that breaks it; it holds in 1.1.0"
    );
    assert_eq!(versions.versions[0].first.as_ref(), Some(&row.event));
    let asked = MinimizeAsked {
        stream: row.stream.clone(),
        handler,
        invariant: id.to_owned(),
        against: format!("{}@1.1.0", lab.handlers),
    };
    let minimal = lab.desk.minimize_history(session, &asked, &|_| {}).unwrap();
    let kept = minimal.course.iter().filter(|event| event.is_kept).count();
    assert!(minimal.is_minimal && kept as u32 == minimal.kept && kept < minimal.course.len());
    let file = std::path::Path::new(&lab.handlers).join("tests/window.case.yaml");
    lab.desk
        .save_test_case(session, &file.to_string_lossy(), &minimal.case)
        .unwrap();
    assert_eq!(std::fs::read_to_string(file).unwrap(), minimal.case);
}
