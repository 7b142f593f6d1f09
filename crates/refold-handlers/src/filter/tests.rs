use refold_core::event::{Encoding, StreamOrdinal, TypeOrdinal};
use refold_core::event::{EventBatch, Position, Version};
use refold_core::time::Timestamp;

use super::*;

fn batch(payload: &[u8]) -> (EventBatch, Names) {
    let mut names = Names::default();
    names.intern_stream(b"order-1", || b"order");
    names.intern_type(b"ItemAdded");
    let mut batch = EventBatch::default();
    batch.positions.push(Position(7));
    batch.streams.push(StreamOrdinal(0));
    batch.versions.push(Version(3));
    batch.types.push(TypeOrdinal(0));
    batch.recorded_at.push(Timestamp(0));
    let span = batch.store(payload);
    batch.payloads.push(span);
    batch.payload_encodings.push(Encoding::Json);
    (batch, names)
}

#[track_caller]
fn check(condition: &str, payload: &str, expected: bool) {
    let (batch, names) = batch(payload.as_bytes());
    let filter = EventFilter::compile(condition).unwrap();
    assert_eq!(
        filter.matches(&batch.event(0), &names),
        Ok(expected),
        "{condition} on {payload}"
    );
}

#[test]
fn conditions_see_the_event_and_only_it() {
    check("event.data.qty > 2", r#"{"qty":3,"price":12.50}"#, true);
    check("event.data.price == 12.5", r#"{"price":12.50}"#, true);
    check(
        "event.data.orderId == 9007199254740993",
        r#"{"orderId":9007199254740993}"#,
        true,
    );
    check(
        "event.data.orderId == 9007199254740993",
        r#"{"orderId":9007199254740992}"#,
        false,
    );
    check(
        "event.type == 'ItemAdded' && event.version == 3 && event.stream == 'order-1'",
        "{}",
        true,
    );
    let (cut, names) = batch(br#"{"qty":"#);
    for condition in ["event.data.qty > 2", "!(event.data.qty > 2)"] {
        let fault = EventFilter::compile(condition).unwrap().matches(&cut.event(0), &names);
        assert_eq!(fault.unwrap_err().code, code::EVENT_MALFORMED, "{condition}");
    }
    check("event.version == 3", r#"{"qty":"#, true);
    let refused = EventFilter::compile("state.total > 2").unwrap_err();
    assert_eq!(refused.place.unwrap().mark, Mark { line: 1, column: 1 });
    let refused = EventFilter::compile("event.data.qty >").unwrap_err();
    assert_eq!(refused.place.unwrap().mark.column, 17);
    assert!(EventFilter::compile("1 + 1").is_err());
}
