use std::sync::Arc;

use proptest::prelude::*;
use refold_core::event::{Encoding, Position, Version};
use refold_core::finding::Findings;
use refold_core::work::{CancelToken, Silent};
use refold_stores::memory::{MemoryEvent, MemoryStore};

use super::*;

fn stream(types: &[u8]) -> Stream {
    let events = types.iter().zip(1..).map(|(of, place)| MemoryEvent {
        position: Position(place),
        stream: b"s".to_vec(),
        category: b"c".to_vec(),
        version: Version(place),
        event_type: vec![b'A' + of],
        recorded_at: Timestamp(place),
        payload: None,
        encoding: Encoding::Json,
        metadata: None,
    });
    let store = MemoryStore::new("events", events.collect());
    let session = Session::of_store(Arc::new(store), "memory", std::path::Path::new("/nowhere"));
    let cancel = CancelToken::default();
    Stream::load(&Work::new(&cancel, &Silent), &session, "s", &Findings::default()).unwrap()
}

proptest! {
    #[test]
    fn the_next_event_is_the_nearest_of_its_types(
        types in proptest::collection::vec(0..4_u8, 1..40), asked in proptest::collection::vec(0..5_u8, 0..3),
        from in 0..45_u32,
    ) {
        let stream = stream(&types);
        let names: Vec<String> = asked.iter().map(|of| char::from(b'A' + of).to_string()).collect();
        let hits: Vec<u32> = (1..).zip(&types)
            .filter(|(_, of)| asked.is_empty() || asked.contains(of))
            .map(|(moment, _)| moment)
            .collect();
        let after = hits.iter().copied().find(|moment| *moment > from);
        let before = hits.iter().copied().rfind(|moment| *moment < from);
        prop_assert_eq!(next_of_types(&stream, &names, from, SearchDirection::Forward), after);
        prop_assert_eq!(next_of_types(&stream, &names, from, SearchDirection::Backward), before);
    }
}
