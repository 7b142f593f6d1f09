use std::sync::Arc;

use refold_core::event::{Columns, Encoding, EventBatch, Position, Version};
use refold_core::finding::Findings;
use refold_core::history::EventSource;
use refold_core::port::store::EventStore;
use refold_core::time::Timestamp;
use refold_core::track::Moment;
use refold_core::work::{CancelToken, Silent, Work};
use refold_stores::memory::{MemoryEvent, MemoryStore};

use super::Stream;
use crate::session::Session;

const EVENTS: u32 = 9_000;

fn store() -> Arc<dyn EventStore> {
    let event = |number: u32| MemoryEvent {
        position: Position(i64::from(number) * 3 + 1),
        stream: b"long-1".to_vec(),
        category: b"long".to_vec(),
        version: Version(i64::from(number)),
        event_type: format!("T{}", number % 5).into_bytes(),
        recorded_at: Timestamp(i64::from(number)),
        payload: Some(format!("{{\"n\":{number}}}").into_bytes()),
        encoding: Encoding::Json,
        metadata: None,
    };
    Arc::new(MemoryStore::new("long", (0..EVENTS).map(event).collect()))
}

/// Reads that follow on each other are read ahead, others are not: what comes is always what was asked for.
#[test]
fn what_is_read_ahead_is_what_would_have_been_read() {
    let (cancel, cache) = (CancelToken::default(), tempfile::tempdir().unwrap());
    let work = Work::new(&cancel, &Silent);
    let store = store();
    let session = Session::of_store(Arc::clone(&store), "long", cache.path());
    let stream = Stream::load(&work, &session, "long-1", &Findings::default()).unwrap();
    let mut events = stream.events(&store, Columns::PAYLOAD);
    let spans = [
        (0, 2_048),
        (2_048, 4_096),
        (4_096, 6_144),
        // Not the one that was read ahead.
        (1_000, 1_010),
        (1_010, 3_058),
        (3_058, 5_106),
        (5_106, 5_107),
        (0, 2_048),
        (2_048, 4_096),
        (4_096, 6_144),
        (6_144, 8_192),
        (8_192, 9_000),
        (0, 2_048),
    ];
    for (from, to) in spans {
        let mut batch = EventBatch::default();
        events.read(&work, Moment(from), Moment(to), &mut batch).unwrap();
        assert_eq!(batch.len(), (to - from) as usize, "{from}..{to}");
        for row in [0, batch.len() / 2, batch.len() - 1] {
            let number = from + row as u32;
            let event = batch.event(row);
            assert_eq!(event.payload.unwrap(), format!("{{\"n\":{number}}}").as_bytes());
            assert_eq!(event.version, Version(i64::from(number)));
            assert_eq!(
                events.names().type_name(event.event_type),
                format!("T{}", number % 5).as_bytes()
            );
        }
    }
}
