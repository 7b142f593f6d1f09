//! Why and why not as the window is told them, against what other questions of the same history answer.

use crate::desk::tests::{lab, quiet};
use crate::wire::WhyNotTold;

const STREAM: &str = "order-4711";

/// Every event either changed a field or did not, and those that did are the ones that gave it its values.
#[test]
fn what_changed_a_field_and_what_did_not_are_all_events() {
    let lab = lab();
    let session = lab.desk.open_store(&lab.store, None).unwrap().session;
    let handler = format!("{}@1.1.0", lab.handlers);
    let opened = lab
        .desk
        .open_history(session, STREAM, None, Some(&handler), quiet())
        .unwrap();
    let (history, head) = (opened.history, opened.events);
    let not = |path: &str, from, to| -> WhyNotTold { lab.desk.why_not(history, path, (from, to), &|_| {}).unwrap() };
    // Whether the state before the first event has it: its value then is one that no event made.
    for (path, is_initial) in [
        ("/status", true),
        ("/total", true),
        ("/items", true),
        ("/shipments/0", false),
        ("/nowhere", false),
    ] {
        let whole = not(path, 0, head);
        // What never was there has no values.
        let values = lab
            .desk
            .read_field(history, path, &|_| {})
            .map_or(0, |field| field.values);
        assert_eq!(whole.changed + u32::from(is_initial), values, "{path}");
        assert_eq!(whole.types.iter().map(|of| of.events).sum::<u32>(), head, "{path}");
        let alone: Vec<WhyNotTold> = (0..head).map(|from| not(path, from, from + 1)).collect();
        assert_eq!(alone.iter().map(|of| of.changed).sum::<u32>(), whole.changed, "{path}");
        let mut misses: Vec<_> = alone.into_iter().flat_map(|of| of.misses).collect();
        misses.reverse();
        assert_eq!((misses, whole.further_misses), (whole.misses, 0), "{path}");
    }
    let nowhere = not("/nowhere", 0, head);
    assert!(nowhere.types.iter().all(|of| of.writes == Some(false)), "{nowhere:?}");
}

#[test]
fn before_the_first_event_there_is_none_to_ask() {
    let lab = lab();
    let session = lab.desk.open_store(&lab.store, None).unwrap().session;
    let history = lab
        .desk
        .open_history(session, STREAM, None, None, quiet())
        .unwrap()
        .history;
    let error = lab.desk.why_not(history, "/status", (0, 0), &|_| {}).unwrap_err();
    assert!(error.message.contains("no event at this cursor"), "{}", error.message);
}
