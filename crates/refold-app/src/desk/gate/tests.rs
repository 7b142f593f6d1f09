//! What the window is told of upcasters, against the events themselves.

use super::*;
use crate::desk::tests::lab;
use crate::wire::LabScopeKind;

fn whole() -> LabScope {
    LabScope {
        kind: LabScopeKind::Store,
        name: String::new(),
        until: String::new(),
    }
}

#[test]
fn every_event_is_in_one_row_of_its_fate_and_each_example_shows_what_its_row_says() {
    let lab = lab();
    let session = lab.desk.open_store(&lab.store, None).unwrap().session;
    let handler = format!("{}@1.1.0", lab.handlers);
    let told = lab.desk.gate(session, &whole(), &handler, &|_| {}).unwrap();
    let of = |wanted: &[GateOutcome]| {
        let rows = told.rows.iter().filter(|row| wanted.contains(&row.outcome));
        rows.map(|row| row.events).sum::<u32>()
    };
    use GateOutcome::{AsStored, Becomes, Dropped, Fails, FailsElse};
    assert_eq!(of(&[Fails, FailsElse, Dropped, Becomes, AsStored]), told.events);
    assert_eq!((of(&[Fails, FailsElse]), of(&[Dropped])), (told.failed, told.dropped));
    assert_eq!(told.steps.len(), 2);
    assert!(told.rows.is_sorted_by_key(|row| row.outcome), "{:?}", told.rows);

    let mut moved = 0;
    for row in told.rows.iter().filter(|row| row.outcome == GateOutcome::Moved) {
        let first = row.first.as_ref().unwrap();
        let cursor = format!("v{}", first.event.version);
        let shown = lab
            .desk
            .gate_example(session, &first.stream, &cursor, &handler, &|_| {})
            .unwrap();
        assert_eq!(shown.event, first.event);
        let [part] = shown.parts.as_slice() else {
            panic!("one event stays one: {shown:?}");
        };
        let at = |path: &str| part.rows.iter().find(|of| of.path == path).unwrap();
        let (before, after) = (at(&row.path), at(&row.detail));
        assert!(
            before.right.is_none() && after.left.is_none(),
            "{row:?} {before:?} {after:?}"
        );
        assert_eq!(before.left, after.right, "{row:?}");
        moved += 1;
    }
    assert!(moved > 0);
}

#[test]
fn a_handler_without_upcasters_and_an_event_that_none_takes_are_said() {
    let lab = lab();
    let session = lab.desk.open_store(&lab.store, None).unwrap().session;
    let error = lab.desk.gate(session, &whole(), "builtin:merge", &|_| {}).unwrap_err();
    assert!(error.message.contains("has no upcasters"), "{}", error.message);
    let handler = format!("{}@1.1.0", lab.handlers);
    let ask = |cursor: &str| lab.desk.gate_example(session, "order-4711", cursor, &handler, &|_| {});
    assert!(ask("v1").is_ok());
    let error = ask("start").unwrap_err();
    assert!(error.message.contains("no upcaster takes"), "{}", error.message);
}
