//! What is held in memory of a sealed copy that is many times larger than what may be.

use std::ops::ControlFlow;

use refold_core::event::{Columns, EventBatch, EventIndex};
use refold_core::finding::Findings;
use refold_core::history::EventSource as _;
use refold_core::names::Names;
use refold_core::port::store::{Direction, EventStore, ReadQuery, Scope, StoreDescription};
use refold_core::time::Timestamp;
use refold_core::track::Moment;

use super::model::{options, with_work};
use super::searching::{event, searchable};
use crate::index::map::PAGE_BYTES;
use crate::index::{
    Arena, ArenaSource, Index, Needle, Place, SearchQuery, build, build_arena, is_as_stored, search_arena,
};
use crate::kept::{Kept, KeptStore};
use crate::memory::MemoryStore;
use crate::sealing::{KEY_BYTES, Key};

const EVENTS: i64 = 400;
const PAYLOAD_BYTES: usize = 24 * 1024;
/// Of each part: of its columns, and of where the blocks of its search index end.
const PAGES_OF_PART: usize = 3;

/// Payloads that do not end where pages do, each with its number.
fn store_of_long_payloads() -> MemoryStore {
    let events = (1..=EVENTS).map(|number| {
        let mut event = event(number);
        let mut payload = format!("needle-{number}-").into_bytes();
        payload.resize(PAYLOAD_BYTES + number as usize, b'a' + (number % 23) as u8);
        event.payload = Some(payload);
        event
    });
    MemoryStore::new("long", events.collect())
}

fn count_hits(index: &Index, arena: &Arena, text: &str) -> usize {
    let needle = Needle::new(text.as_bytes()).unwrap();
    let query = SearchQuery {
        needle: &needle,
        types: &[],
    };
    let mut hits = 0;
    with_work(|work| {
        search_arena(work, index, arena, &query, 3, &mut |_| {
            hits += 1;
            ControlFlow::Continue(())
        })
    })
    .unwrap();
    hits
}

fn read_all(store: &dyn EventStore, scope: Scope, direction: Direction) -> usize {
    let query = ReadQuery {
        scope,
        direction,
        columns: Columns::ALL,
    };
    let mut reader = store.read(&query).unwrap();
    let (mut batch, mut names, mut bytes) = (EventBatch::default(), Names::default(), 0);
    while with_work(|work| reader.next_batch(work, 16, &mut batch, &mut names, &Findings::default())).unwrap() {
        bytes += (0..batch.len())
            .filter_map(|row| batch.event(row).payload)
            .map(<[u8]>::len)
            .sum::<usize>();
    }
    bytes
}

#[test]
fn passes_over_a_sealed_copy_hold_none_of_its_payloads() {
    let store = store_of_long_payloads();
    let cache = tempfile::tempdir().unwrap();
    let key = Key::new(&[5; KEY_BYTES]);
    let place = Place {
        folder: cache.path(),
        key: Some(&key),
    };
    let index = with_work(|work| build(work, &store, place, &options(2, 100))).unwrap();
    let arena = with_work(|work| build_arena(work, &store, place, &index, &searchable(2))).unwrap();
    assert!(arena.is_searchable());
    let all_bytes: usize = store
        .events()
        .iter()
        .filter_map(|event| event.payload.as_ref())
        .map(Vec::len)
        .sum();
    let most = arena.parts().len() * PAGES_OF_PART;
    assert!(
        all_bytes / PAGE_BYTES > 8 * most,
        "the copy is far larger than what may be held"
    );

    let held_after = |what: &str, arena: &Arena| {
        let held = arena.pages_held();
        assert!(held > 0 && held <= most, "{what}: {held} pages, and {most} may be held");
    };
    assert_eq!(count_hits(&index, &arena, "-7-"), 1);
    assert_eq!(count_hits(&index, &arena, "needle-"), EVENTS as usize);
    assert_eq!(count_hits(&index, &arena, "needle-321-"), 1);
    held_after("searching", &arena);
    assert!(with_work(|work| is_as_stored(work, &store, &index, &arena, 2)).unwrap());
    held_after("holding it against the store", &arena);

    let kept = Kept {
        as_of: Timestamp(1),
        fingerprint: store.fingerprint().unwrap(),
        description: StoreDescription::clone(store.describe()),
    };
    let kept = KeptStore::open(place, kept, "@far").unwrap().unwrap();
    let everything = || Scope::All {
        after: None,
        up_to: None,
    };
    let stream = index.stream(index.event(EventIndex(0)).unwrap().stream).unwrap().id;
    let of_stream = Scope::Stream {
        id: stream.to_vec(),
        from: None,
        to: None,
    };
    for direction in [Direction::Forward, Direction::Backward] {
        assert_eq!(read_all(&kept, everything(), direction), all_bytes);
        assert_eq!(
            read_all(&kept, of_stream.clone(), direction),
            all_bytes,
            "it has one stream"
        );
    }
    held_after("reading it without the store", kept.arena().unwrap());

    let (store, arena) = (std::sync::Arc::new(store), std::sync::Arc::new(arena));
    let stream = index.event(EventIndex(0)).unwrap().stream;
    let mut source = ArenaSource::new(store, index.into(), arena.clone(), stream, Columns::ALL).unwrap();
    let (mut batch, mut at) = (EventBatch::default(), 0);
    while at < EVENTS as u32 {
        with_work(|work| source.read(work, Moment(at), Moment(at + 50), &mut batch)).unwrap();
        assert!(!batch.is_empty());
        at += batch.len() as u32;
    }
    held_after("reading a stream", &arena);
}
