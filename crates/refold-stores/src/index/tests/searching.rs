//! Search and the arena against a loop over all events.

use std::ops::ControlFlow;

use proptest::prelude::*;
use refold_core::event::{EventIndex, EventView, Position, StreamOrdinal};
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::port::store::{EventStore as _, StoreError};
use refold_core::work::{CancelToken, Silent, Work};

use super::model::{arbitrary_events, options, with_work};
use crate::index::{
    Arena, ArenaOptions, Field, Hit, Index, IndexError, Needle, Place, SearchQuery, Unsealed, build, build_arena,
    discard_arena, is_as_stored, open_arena, search_arena, search_store,
};
use crate::memory::{MemoryEvent, MemoryStore};
use crate::sealing::{KEY_BYTES, Key};

/// Events whose payload and metadata are of few letters, so that needles are found often, also across their ends.
pub(super) fn events_with_content(most: usize) -> impl Strategy<Value = Vec<MemoryEvent>> {
    let text = || prop::option::weighted(0.8, "[ab/ü\"]{0,6}");
    (arbitrary_events(most), prop::collection::vec((text(), text()), most)).prop_map(|(mut events, texts)| {
        for (event, (payload, metadata)) in events.iter_mut().zip(texts) {
            let quoted = |text: String| serde_json::to_string(&text).unwrap().into_bytes();
            event.payload = payload.map(quoted);
            event.metadata = metadata.map(String::into_bytes);
        }
        events
    })
}

fn place_of(bytes: &[u8], forms: &[Vec<u8>]) -> Option<std::ops::Range<u32>> {
    (0..bytes.len()).find_map(|start| {
        let fitting = forms.iter().filter(|form| bytes[start..].starts_with(form));
        fitting
            .map(Vec::len)
            .min()
            .map(|len| start as u32..(start + len) as u32)
    })
}

fn expected(store: &MemoryStore, forms: &[Vec<u8>], types: &[&[u8]]) -> Vec<Hit> {
    let wanted = store
        .events()
        .iter()
        .filter(|event| types.is_empty() || types.contains(&&event.event_type[..]));
    let hits = wanted.filter_map(|event| {
        let place = |field, bytes: &Option<Vec<u8>>| Some((field, place_of(bytes.as_ref()?, forms)?));
        let found = place(Field::Payload, &event.payload).or_else(|| place(Field::Metadata, &event.metadata));
        found.map(|(field, range)| Hit {
            position: event.position,
            field,
            range,
        })
    });
    hits.collect()
}

fn gather(most: usize, run: impl FnOnce(&mut dyn FnMut(Hit) -> ControlFlow<()>)) -> Vec<Hit> {
    let mut hits = Vec::new();
    run(&mut |hit| {
        hits.push(hit);
        if hits.len() >= most {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    hits
}

fn assert_arena_holds(store: &MemoryStore, arena: &Arena) {
    let mut unsealed = Unsealed::default();
    for (row, event) in store.events().iter().enumerate() {
        let found = arena.event(EventIndex(row as u32), &mut unsealed).unwrap();
        assert_eq!(found.payload, event.payload.as_deref());
        assert_eq!(found.metadata, event.metadata.as_deref());
        assert_eq!(found.encoding, event.encoding);
    }
}

pub(super) fn searchable(threads: usize) -> ArenaOptions {
    ArenaOptions {
        threads,
        is_searchable: true,
        most_bytes: None,
    }
}

fn letter() -> impl Strategy<Value = u8> {
    prop_oneof![Just(b'a'), Just(b'b'), Just(b'"'), Just(0xFF), any::<u8>()]
}

fn bytes_of_few_letters() -> impl Strategy<Value = Option<Vec<u8>>> {
    prop::option::weighted(0.9, prop::collection::vec(letter(), 0..24))
}

/// The n-th event of one stream.
pub(super) fn event(n: i64) -> MemoryEvent {
    MemoryEvent {
        position: Position(n),
        stream: b"a".to_vec(),
        category: Vec::new(),
        version: refold_core::event::Version(n + 1),
        event_type: b"T".to_vec(),
        recorded_at: refold_core::time::Timestamp(n),
        payload: None,
        encoding: refold_core::event::Encoding::Opaque,
        metadata: None,
    }
}

pub(super) fn indexed<'a>(store: &MemoryStore, cache: impl Into<Place<'a>>) -> Index {
    with_work(|work| build(work, store, cache, &options(2, 30))).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn searching_equals_a_loop_over_all_events(
        events in events_with_content(120),
        needle in "[ab/ü\"]{1,3}",
        threads in 1_usize..4,
        most in prop_oneof![Just(usize::MAX), 1_usize..5],
        only_some_types in any::<bool>(),
    ) {
        let store = MemoryStore::new("searched", events).with_ranges(3);
        let cache = tempfile::tempdir().unwrap();
        let index = indexed(&store, cache.path());
        let arena = with_work(|work| build_arena(work, &store, cache.path(), &index, &searchable(threads))).unwrap();
        assert_arena_holds(&store, &arena);
        let json = serde_json::to_string(&needle).unwrap();
        let plain = json[1..json.len() - 1].to_owned();
        let slashed = plain.replace('/', "\\/");
        let mut forms = vec![needle.clone(), plain.clone(), slashed.clone()];
        for unicode in ["\\u00fc", "\\u00FC"] {
            forms.push(plain.replace('ü', unicode));
            forms.push(slashed.replace('ü', unicode));
        }
        let forms: Vec<Vec<u8>> = forms.into_iter().map(String::into_bytes).collect();
        let types: &[&[u8]] = if only_some_types { &[b"Type1", b"Type7", b"Type20", b"Absent"] } else { &[] };
        let query = SearchQuery { needle: &Needle::new(needle.as_bytes()).unwrap(), types };
        let mut wanted = expected(&store, &forms, types);
        wanted.truncate(most);
        let found = gather(most, |on_hit| {
            with_work(|work| search_arena(work, &index, &arena, &query, threads, on_hit)).unwrap();
        });
        prop_assert_eq!(&found, &wanted);
        let findings = Findings::default();
        let found = gather(most, |on_hit| {
            let on_event = &mut |event: &EventView<'_>, names: &Names| {
                let stored = store.events().iter().find(|stored| stored.position == event.position).unwrap();
                assert_eq!(event.payload, stored.payload.as_deref());
                assert_eq!(event.metadata, stored.metadata.as_deref());
                assert_eq!(names.stream(event.stream), &stored.stream);
                assert_eq!(names.category(event.stream), &stored.category);
                assert_eq!(names.type_name(event.event_type), &stored.event_type);
                let (field, place) = query.needle.place_in(event).unwrap();
                on_hit(Hit { position: event.position, field, range: place.start as u32..place.end as u32 })
            };
            let is_wanted = |event: &EventView<'_>, names: &Names, _: &Findings| {
                (types.is_empty() || types.contains(&names.type_name(event.event_type)))
                    && query.needle.place_in(event).is_some()
            };
            with_work(|work| search_store(work, &store, &is_wanted, threads, &findings, on_event)).unwrap();
        });
        prop_assert_eq!(&found, &wanted);
    }

    #[test]
    fn the_search_index_finds_what_a_scan_of_all_bytes_finds(
        contents in prop::collection::vec((bytes_of_few_letters(), bytes_of_few_letters()), 1..120),
        place in any::<prop::sample::Index>(),
        len in 1_usize..9,
        random in prop::collection::vec(letter(), 1..9),
        is_random in any::<bool>(),
        threads in 1_usize..4,
    ) {
        let events: Vec<MemoryEvent> = contents.into_iter().zip(0..).map(|((payload, metadata), n)| MemoryEvent {
            payload,
            metadata,
            ..event(n)
        }).collect();
        // A needle of the bytes as they follow each other in the arena: often it runs over the end of an event or block.
        let all: Vec<u8> = events.iter().flat_map(|event| [&event.payload, &event.metadata]).flatten().flatten().copied().collect();
        let needle = if is_random || all.is_empty() {
            random
        } else {
            let start = place.index(all.len());
            all[start..all.len().min(start + len)].to_vec()
        };
        let store = MemoryStore::new("grams", events);
        let cache = tempfile::tempdir().unwrap();
        let index = indexed(&store, cache.path());
        let build = |options| with_work(|work| build_arena(work, &store, cache.path(), &index, &options)).unwrap();
        let scanned = build(ArenaOptions { is_searchable: false, ..searchable(threads) });
        prop_assert!(scanned.parts().iter().all(|part| part.grams().is_none()));
        let looked_up = build(searchable(threads));
        // Made without reading the store again, and found when opened again.
        let opened = open_arena(cache.path(), &store.fingerprint().unwrap(), &index).unwrap().unwrap();
        let is_large = all.len() > 60 * looked_up.parts().len() + 60;
        prop_assert!(!is_large || opened.parts().iter().any(|part| part.grams().is_some()));
        let query = SearchQuery { needle: &Needle::new(&needle).unwrap(), types: &[] };
        let hits_of = |arena: &Arena| gather(usize::MAX, |on_hit| {
            with_work(|work| search_arena(work, &index, arena, &query, threads, on_hit)).unwrap();
        });
        let forms = [needle.clone()];
        let wanted = if needle.contains(&b'"') { hits_of(&scanned) } else { expected(&store, &forms, &[]) };
        prop_assert_eq!(&hits_of(&scanned), &wanted);
        prop_assert_eq!(&hits_of(&looked_up), &wanted);
        prop_assert_eq!(&hits_of(&opened), &wanted);
    }

    #[test]
    fn an_arena_is_made_anew_when_its_store_grew(events in events_with_content(120), cut in 0_usize..120, threads in 1_usize..3) {
        let cache = tempfile::tempdir().unwrap();
        let cut = cut.min(events.len());
        let before = MemoryStore::new("arena", events[..cut].to_vec());
        let index = indexed(&before, cache.path());
        assert_arena_holds(&before, &with_work(|work| build_arena(work, &before, cache.path(), &index, &searchable(threads))).unwrap());
        let store = MemoryStore::new("arena", events);
        let index = indexed(&store, cache.path());
        let fingerprint = store.fingerprint().unwrap();
        let is_whole = open_arena(cache.path(), &fingerprint, &index).unwrap().is_some();
        prop_assert_eq!(is_whole, cut == store.events().len());
        with_work(|work| build_arena(work, &store, cache.path(), &index, &searchable(threads))).unwrap();
        let arena = open_arena(cache.path(), &fingerprint, &index).unwrap().unwrap();
        assert_arena_holds(&store, &arena);
    }
}

#[test]
fn a_cancelled_search_says_so_on_any_number_of_threads() {
    let store = store_of_growing_payloads("cancelled search").with_ranges(7);
    let cache = tempfile::tempdir().unwrap();
    let index = indexed(&store, cache.path());
    let arena = with_work(|work| build_arena(work, &store, cache.path(), &index, &searchable(1))).unwrap();
    let query = SearchQuery {
        needle: &Needle::new(b"xx").unwrap(),
        types: &[],
    };
    let token = CancelToken::default();
    token.cancel();
    let work = Work::new(&token, &Silent);
    for threads in 1..4 {
        let outcome = search_arena(&work, &index, &arena, &query, threads, &mut |_| {
            ControlFlow::Continue(())
        });
        assert!(matches!(outcome, Err(IndexError::Cancelled(_))), "{outcome:?}");
        let on_event = &mut |_: &EventView<'_>, _: &Names| ControlFlow::Continue(());
        let is_wanted = |event: &EventView<'_>, _: &Names, _: &Findings| query.needle.place_in(event).is_some();
        let outcome = search_store(&work, &store, &is_wanted, threads, &Findings::default(), on_event);
        assert!(matches!(outcome, Err(StoreError::Cancelled(_))), "{outcome:?}");
    }
}

#[test]
fn a_kill_while_copying_leaves_nothing_half_valid() {
    use crate::index::arena::build::build_arena_in;
    use crate::index::folder::Folder;
    use crate::index::parts::Sources;
    let store = store_of_growing_payloads("copied");
    let fingerprint = store.fingerprint().unwrap();
    let sealed = Key::new(&[5; KEY_BYTES]);
    for key in [None, Some(&sealed)] {
        for operations in 0.. {
            let cache = tempfile::tempdir().unwrap();
            let place = Place {
                folder: cache.path(),
                key,
            };
            let index = indexed(&store, place);
            let folder = Folder::of(place, &fingerprint.identity).with_fuse(operations);
            let outcome = with_work(|work| {
                let sources = Sources {
                    work,
                    store: &store,
                    folder: &folder,
                    fingerprint: &fingerprint,
                    index: &index,
                };
                build_arena_in(sources, &searchable(2))
            });
            if let Some(arena) = open_arena(place, &fingerprint, &index).unwrap() {
                assert_arena_holds(&store, &arena);
                assert_finds_long_payloads(&store, &index, &arena);
            }
            let arena = with_work(|work| build_arena(work, &store, place, &index, &searchable(2))).unwrap();
            assert_arena_holds(&store, &arena);
            assert_finds_long_payloads(&store, &index, &arena);
            if outcome.is_ok() {
                break;
            }
        }
    }
}

/// A payload that was erased in its place changes nothing that the index knows.
#[test]
fn an_arena_is_not_used_for_a_store_that_changed() {
    let cache = tempfile::tempdir().unwrap();
    let before = store_of_growing_payloads("erased");
    let index = indexed(&before, cache.path());
    with_work(|work| build_arena(work, &before, cache.path(), &index, &searchable(1))).unwrap();
    let mut events = before.events().to_vec();
    events[3].payload = Some(b"erased".to_vec());
    let store = MemoryStore::new("erased", events).with_change_token("another");
    let index = indexed(&store, cache.path());
    let fingerprint = store.fingerprint().unwrap();
    assert!(open_arena(cache.path(), &fingerprint, &index).unwrap().is_none());
    let arena = with_work(|work| build_arena(work, &store, cache.path(), &index, &searchable(1))).unwrap();
    assert_arena_holds(&store, &arena);
}

/// What nobody can tell by a stamp is told by holding the copy against the store, whatever changed and wherever.
#[test]
fn an_arena_held_against_the_store_tells_every_change() {
    let cache = tempfile::tempdir().unwrap();
    let before = store_of_growing_payloads("held");
    let index = indexed(&before, cache.path());
    let build = || with_work(|work| build_arena(work, &before, cache.path(), &index, &searchable(2))).unwrap();
    assert!(build().is_new());
    let arena = build();
    assert!(!arena.is_new(), "it was there");
    let holds = |store: &MemoryStore| with_work(|work| is_as_stored(work, store, &index, &arena, 2)).unwrap();
    assert!(holds(&before));
    let changes: [fn(&mut MemoryEvent); 6] = [
        |event| event.payload = Some(vec![b'y'; event.payload.as_ref().map_or(0, Vec::len)]),
        |event| event.metadata = Some(b"m".to_vec()),
        |event| event.encoding = refold_core::event::Encoding::Text,
        |event| event.event_type = b"Another".to_vec(),
        |event| event.version.0 += 1,
        |event| event.recorded_at.0 += 1,
    ];
    for (which, change) in changes.iter().enumerate() {
        for row in [1, 21, 69] {
            let mut events = before.events().to_vec();
            change(&mut events[row]);
            assert!(
                !holds(&MemoryStore::new("held", events)),
                "change {which} of event {row}"
            );
        }
    }
    for row in [0, 40, 69] {
        let mut events = before.events().to_vec();
        events.remove(row);
        assert!(!holds(&MemoryStore::new("held", events)), "without event {row}");
    }
    discard_arena(cache.path(), &before.fingerprint().unwrap()).unwrap();
    let opened = open_arena(cache.path(), &before.fingerprint().unwrap(), &index);
    assert!(opened.unwrap().is_none());
}

fn store_of_growing_payloads(identity: &str) -> MemoryStore {
    let events = (0..70).map(|n| MemoryEvent {
        payload: Some(vec![b'x'; n as usize % 50]),
        ..event(n)
    });
    MemoryStore::new(identity, events.collect())
}

fn assert_finds_long_payloads(store: &MemoryStore, index: &Index, arena: &Arena) {
    let needle = Needle::new(&[b'x'; 40]).unwrap();
    let query = SearchQuery {
        needle: &needle,
        types: &[],
    };
    let found = gather(usize::MAX, |on_hit| {
        with_work(|work| search_arena(work, index, arena, &query, 2, on_hit)).unwrap();
    });
    assert_eq!(found, expected(store, &[vec![b'x'; 40]], &[]));
}

#[test]
fn a_copy_that_is_over_its_budget_leaves_nothing_and_says_what_it_needs() {
    let store = store_of_growing_payloads("budget");
    let cache = tempfile::tempdir().unwrap();
    let index = indexed(&store, cache.path());
    let build = |most_bytes| {
        let options = ArenaOptions {
            most_bytes: Some(most_bytes),
            ..searchable(2)
        };
        with_work(|work| build_arena(work, &store, cache.path(), &index, &options))
    };
    for most_bytes in [0, 100, 1000, 3000] {
        match build(most_bytes) {
            Err(IndexError::OverBudget {
                needed_bytes,
                most_bytes: told,
            }) => {
                assert!(needed_bytes > most_bytes);
                assert_eq!(told, most_bytes);
            }
            other => panic!("{other:?}"),
        }
        let folder = std::fs::read_dir(cache.path()).unwrap().next().unwrap().unwrap().path();
        let names = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name());
        let left: Vec<_> = names
            .filter(|name| name.to_string_lossy().starts_with("arena-"))
            .collect();
        assert_eq!(left, ["arena-manifest"]);
        let fingerprint = store.fingerprint().unwrap();
        assert!(open_arena(cache.path(), &fingerprint, &index).unwrap().is_none());
    }
    assert_arena_holds(&store, &build(1_000_000).unwrap());
}

#[test]
fn a_damaged_search_index_costs_time_and_no_hit() {
    let store = store_of_growing_payloads("damaged grams");
    let fingerprint = store.fingerprint().unwrap();
    let cache = tempfile::tempdir().unwrap();
    let index = indexed(&store, cache.path());
    with_work(|work| build_arena(work, &store, cache.path(), &index, &searchable(1))).unwrap();
    let folder = std::fs::read_dir(cache.path()).unwrap().next().unwrap().unwrap().path();
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let grams: Vec<_> = paths
        .filter(|path| path.to_string_lossy().ends_with("-grams"))
        .collect();
    assert!(!grams.is_empty());
    for path in &grams {
        let whole = std::fs::read(path).unwrap();
        std::fs::remove_file(path).unwrap();
        std::fs::write(path, &whole[..whole.len() - 1]).unwrap();
    }
    let arena = open_arena(cache.path(), &fingerprint, &index).unwrap().unwrap();
    assert!(arena.parts().iter().all(|part| part.grams().is_none()));
    assert_finds_long_payloads(&store, &index, &arena);
    let arena = with_work(|work| build_arena(work, &store, cache.path(), &index, &searchable(1))).unwrap();
    assert!(
        arena.parts().iter().any(|part| part.grams().is_some()),
        "it is made again"
    );
    assert_finds_long_payloads(&store, &index, &arena);
}

#[test]
fn a_text_is_found_in_each_form_that_json_gives_it() {
    #[track_caller]
    fn check(text: &str, stored: &str, expected: bool) {
        let mut event = refold_core::event::EventBatch::default();
        event.positions.push(Position(1));
        event.streams.push(StreamOrdinal(0));
        event.versions.push(refold_core::event::Version(1));
        event.types.push(refold_core::event::TypeOrdinal(0));
        event.recorded_at.push(refold_core::time::Timestamp(0));
        let span = event.store(stored.as_bytes());
        event.payloads.push(span);
        let found = Needle::new(text.as_bytes())
            .unwrap()
            .place_in(&event.event(0))
            .is_some();
        assert_eq!(found, expected, "{text:?} in {stored}");
    }
    check("P-1", r#"{"sku":"P-1"}"#, true);
    check("say \"no\"", r#"{"note":"say \"no\""}"#, true);
    check("Müller", r#"{"name":"Müller"}"#, true);
    check("Müller", r#"{"name":"M\u00fcller"}"#, true);
    check("Müller", r#"{"name":"M\u00FCller"}"#, true);
    check("a/b", r#"{"path":"a\/b"}"#, true);
    check("\u{1f600}", r#"{"mood":"\ud83d\ude00"}"#, true);
    check("line\nbreak", r#"{"note":"line\nbreak"}"#, true);
    check("back\u{8}space", r#"{"note":"back\bspace"}"#, true);
    check("\"sku\":\"P-1\"", r#"{"sku":"P-1"}"#, true);
    check("P-2", r#"{"sku":"P-1"}"#, false);
    assert!(Needle::new(b"").is_none());
}
