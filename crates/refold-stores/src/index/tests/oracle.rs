//! Every query equals its naive twin; a grown index equals one built at once.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use proptest::prelude::*;
use refold_core::event::{Position, Version};
use refold_core::finding::Findings;

use super::model::{Model, arbitrary_events, options, with_work};
use crate::index::density::column_start;
use crate::index::{DensityAxis, Index, MarkedColumn, Opened, build, grow, open};
use crate::memory::{MemoryEvent, MemoryStore};
use refold_core::port::store::EventStore as _;

fn built(store: &MemoryStore, cache: &std::path::Path, threads: usize, segment_rows: u32) -> Index {
    with_work(|work| build(work, store, cache, &options(threads, segment_rows))).unwrap()
}

fn findings_of(index: &Index) -> Vec<(&'static str, u64, Vec<refold_core::finding::Finding>)> {
    let findings = Findings::default();
    index.report_findings(&findings);
    findings.summary()
}

/// What the checks must find, the slow way: by code, at which positions.
fn expected_findings(store: &MemoryStore) -> BTreeMap<&'static str, BTreeSet<i64>> {
    let mut places: BTreeMap<&'static str, BTreeSet<i64>> = BTreeMap::new();
    let mut found = |code, event: &MemoryEvent| places.entry(code).or_default().insert(event.position.0);
    let mut ids: Vec<_> = store.events().iter().map(|event| &event.stream).collect();
    ids.sort();
    ids.dedup();
    for id in ids {
        let mut events: Vec<&MemoryEvent> = store.events().iter().filter(|event| event.stream == *id).collect();
        events.sort_by_key(|event| (event.version, event.position));
        for (row, event) in events.iter().enumerate() {
            let before = row.checked_sub(1).map(|row| events[row].version);
            if event.version == Version(i64::MIN) {
                found("version-missing", event);
            } else if before == Some(event.version) {
                found("version-duplicate", event);
            } else if match before {
                None => event.version != Version(1),
                Some(Version(i64::MIN)) => false,
                Some(Version(i64::MAX)) => false,
                Some(Version(before)) => event.version != Version(before + 1),
            } {
                found("version-gap", event);
            }
            let latest = events[..row].iter().map(|event| event.recorded_at).max();
            if !event.recorded_at.is_none() && latest.is_some_and(|latest| event.recorded_at < latest) {
                found("clock-backwards", event);
            }
        }
    }
    for event in store.events() {
        let time = event.recorded_at;
        if !time.is_none() && (time > super::model::NOW || time.0 < 946_684_800_000_000_000) {
            found("time-implausible", event);
        }
    }
    places
}

/// Whether a finding of this code counts as grave here.
fn is_grave(code: &str) -> bool {
    code == "version-gap"
}

/// Every place is kept, and every column counts the events that something was found at.
fn assert_marks(store: &MemoryStore, index: &Index, window: &Range<i64>, columns: u32) {
    let expected = expected_findings(store);
    for (code, places) in &expected {
        let listed: Vec<i64> = index.places_of(code, None).map(|position| position.0).collect();
        assert_eq!(listed, places.iter().copied().collect::<Vec<_>>(), "{code}");
    }
    for axis in [DensityAxis::RecordedAt, DensityAxis::Position] {
        let mut wanted = vec![MarkedColumn::default(); columns as usize];
        for event in store.events() {
            let place = match axis {
                DensityAxis::Position => event.position.0,
                DensityAxis::RecordedAt if event.recorded_at.is_none() => continue,
                DensityAxis::RecordedAt => event.recorded_at.0,
            };
            let is_of = |(_, places): &(&&str, &BTreeSet<i64>)| places.contains(&event.position.0);
            let codes: Vec<&str> = expected.iter().filter(is_of).map(|(code, _)| *code).collect();
            let start = |column| column_start(window, columns, column);
            let column = (0..columns).find(|column| (start(*column)..start(column + 1)).contains(&place));
            if let Some(column) = column.filter(|_| !codes.is_empty()) {
                wanted[column as usize].events += 1;
                wanted[column as usize].grave += u32::from(codes.into_iter().any(is_grave));
            }
        }
        let marked = with_work(|work| index.marked(work, is_grave, axis, window, columns)).unwrap();
        assert_eq!(marked, wanted, "{axis:?} {window:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn every_query_equals_the_model(
        events in arbitrary_events(120),
        threads in 1_usize..4,
        ranges in 1_usize..9,
        segment_rows in 1_u32..60,
        windows in prop::collection::vec((any::<i64>(), any::<i64>(), 1_u32..40), 6),
        times_ascend in any::<bool>(),
    ) {
        let mut events = events;
        if times_ascend {
            let mut times: Vec<_> = events.iter().map(|event| event.recorded_at).filter(|time| !time.is_none()).collect();
            times.sort_unstable();
            events.truncate(times.len());
            events.iter_mut().zip(times).for_each(|(event, time)| event.recorded_at = time);
        }
        let cache = tempfile::tempdir().unwrap();
        let store = MemoryStore::new("model", events).with_ranges(ranges);
        let index = built(&store, cache.path(), threads, segment_rows);
        let model = Model::of(&store);
        model.assert_equals(&index);
        let counts: Vec<_> = findings_of(&index).into_iter().map(|(code, count, _)| (code, count)).collect();
        let expected = expected_findings(&store);
        prop_assert_eq!(counts, expected.iter().map(|(code, places)| (*code, places.len() as u64)).collect::<Vec<_>>());
        for (a, b, columns) in windows {
            for (a, b) in [(a, b), (1_700_000_000_000_000_000 + a % 50_000_000, 1_700_000_000_000_000_000 + b % 50_000_000), (a % 200, b % 200)] {
                let window = a.min(b)..a.max(b);
                model.assert_density(&index, DensityAxis::RecordedAt, window.clone(), columns);
                model.assert_density(&index, DensityAxis::Position, window.clone(), columns);
                model.assert_stream_density(&index, &window, columns);
                assert_marks(&store, &index, &window, columns);
                model.assert_tally(&index, DensityAxis::RecordedAt, &window);
                model.assert_tally(&index, DensityAxis::Position, &window);
            }
            model.assert_tally_of_types(&index, None);
            for (category, _) in index.categories().unwrap() {
                model.assert_tally_of_types(&index, Some(category));
            }
        }
        drop(index);
        let Opened::Current(again) = open(cache.path(), &store.fingerprint().unwrap()).unwrap() else {
            panic!("the index was not kept")
        };
        model.assert_equals(&again);
    }

    #[test]
    fn growing_equals_building_at_once(
        events in arbitrary_events(150),
        cuts in prop::collection::vec(0_usize..150, 1..4),
        threads in 1_usize..3,
        segment_rows in 1_u32..60,
    ) {
        let cache = tempfile::tempdir().unwrap();
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(events.len())).collect();
        cuts.push(events.len());
        cuts.sort_unstable();
        for cut in cuts {
            let store = MemoryStore::new("grows", events[..cut].to_vec()).with_ranges(threads);
            let grown = built(&store, cache.path(), threads, segment_rows);
            let elsewhere = tempfile::tempdir().unwrap();
            let fresh = built(&store, elsewhere.path(), 1, segment_rows);
            Model::of(&store).assert_equals(&grown);
            assert_marks(&store, &grown, &(0..1_000), 7);
            prop_assert_eq!(findings_of(&grown), findings_of(&fresh));
            let types = |index: &Index| index.types().map(|(name, count)| (name.to_vec(), count)).collect::<Vec<_>>();
            prop_assert_eq!(types(&grown), types(&fresh));
        }
    }

    /// While a store is followed, only its end is compared; that must come to the same, and be made good later.
    #[test]
    fn following_equals_building_at_once(
        events in arbitrary_events(150),
        cuts in prop::collection::vec(0_usize..150, 1..4),
        threads in 1_usize..3,
        segment_rows in 1_u32..60,
    ) {
        let cache = tempfile::tempdir().unwrap();
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(events.len())).collect();
        cuts.push(events.len());
        cuts.sort_unstable();
        let store = |cut: usize| MemoryStore::new("followed", events[..cut].to_vec()).with_ranges(threads);
        built(&store(cuts[0]), cache.path(), threads, segment_rows);
        for cut in &cuts[1..] {
            let store = store(*cut);
            let grown = with_work(|work| grow(work, &store, cache.path(), &options(threads, segment_rows), 0)).unwrap().unwrap();
            Model::of(&store).assert_equals(&grown);
            let elsewhere = tempfile::tempdir().unwrap();
            prop_assert_eq!(findings_of(&grown), findings_of(&built(&store, elsewhere.path(), 1, segment_rows)));
        }
        let store = store(events.len());
        let has_grown = cuts[0] != events.len();
        let opened = open(cache.path(), &store.fingerprint().unwrap()).unwrap();
        prop_assert_eq!(matches!(opened, Opened::Behind(_)), has_grown);
        Model::of(&store).assert_equals(&built(&store, cache.path(), threads, segment_rows));
        let opened = open(cache.path(), &store.fingerprint().unwrap()).unwrap();
        prop_assert!(matches!(opened, Opened::Current(_)));
    }

    #[test]
    fn a_store_that_changed_behind_us_is_indexed_again(
        events in arbitrary_events(60),
        changed in any::<prop::sample::Index>(),
    ) {
        prop_assume!(!events.is_empty());
        let cache = tempfile::tempdir().unwrap();
        let before = MemoryStore::new("changes", events.clone());
        built(&before, cache.path(), 1, 1000);
        let mut events = events;
        let row = changed.index(events.len());
        events[row].version = Version(events[row].version.0.wrapping_add(1));
        let store = MemoryStore::new("changes", events).with_change_token("another");
        Model::of(&store).assert_equals(&built(&store, cache.path(), 1, 1000));
    }
}

/// What an erasure, a renaming or a repair of old data leaves: an end that is as it was.
#[test]
fn old_events_that_changed_are_noticed_however_many_came_after() {
    let event = |n: i64| MemoryEvent {
        position: Position(n),
        version: Version(n),
        ..super::searching::event(n)
    };
    let before: Vec<MemoryEvent> = (0..600).map(event).collect();
    let changes: [fn(&mut Vec<MemoryEvent>); 4] = [
        |events| drop(events.remove(1)),
        |events| events[0].event_type = b"Renamed".to_vec(),
        |events| events[0].stream = b"moved".to_vec(),
        |events| events[0].category = b"moved".to_vec(),
    ];
    for change in changes {
        let cache = tempfile::tempdir().unwrap();
        built(&MemoryStore::new("changes", before.clone()), cache.path(), 2, 100);
        let mut events = before.clone();
        change(&mut events);
        events.push(event(600));
        let store = MemoryStore::new("changes", events).with_change_token("another");
        Model::of(&store).assert_equals(&built(&store, cache.path(), 2, 100));
    }
}

#[test]
fn a_followed_store_whose_end_changed_is_not_added_to() {
    let event = |n: i64| MemoryEvent {
        position: Position(n),
        version: Version(n),
        ..super::searching::event(n)
    };
    let cache = tempfile::tempdir().unwrap();
    let before: Vec<MemoryEvent> = (0..600).map(event).collect();
    built(&MemoryStore::new("followed", before.clone()), cache.path(), 1, 100);
    let attempt = |store: &MemoryStore| with_work(|work| grow(work, store, cache.path(), &options(1, 100), 0)).unwrap();
    let mut renamed = before.clone();
    renamed[598].event_type = b"Renamed".to_vec();
    renamed.push(event(600));
    assert!(attempt(&MemoryStore::new("followed", renamed.clone())).is_none());
    assert!(attempt(&MemoryStore::new("followed", before[..599].to_vec())).is_none());
    assert!(attempt(&MemoryStore::new("another", before.clone())).is_none());
    // What was there stays, until somebody builds.
    let Opened::Behind(kept) = open(
        cache.path(),
        &MemoryStore::new("followed", renamed).fingerprint().unwrap(),
    )
    .unwrap() else {
        panic!("the index was not kept")
    };
    Model::of(&MemoryStore::new("followed", before)).assert_equals(&kept);
}

/// An old event that changed while the store was followed is found out when it is opened the next time.
#[test]
fn what_following_overlooked_is_noticed_at_the_next_build() {
    let event = |n: i64| MemoryEvent {
        position: Position(n),
        version: Version(n),
        ..super::searching::event(n)
    };
    let cache = tempfile::tempdir().unwrap();
    let mut events: Vec<MemoryEvent> = (0..600).map(event).collect();
    built(&MemoryStore::new("followed", events.clone()), cache.path(), 1, 100);
    events[0].event_type = b"Renamed".to_vec();
    events.push(event(600));
    let store = MemoryStore::new("followed", events);
    assert!(
        with_work(|work| grow(work, &store, cache.path(), &options(1, 100), 0))
            .unwrap()
            .is_some()
    );
    Model::of(&store).assert_equals(&built(&store, cache.path(), 1, 100));
}

#[test]
fn one_time_that_fills_several_parts_is_counted_once() {
    let cache = tempfile::tempdir().unwrap();
    let event = |position: i64| MemoryEvent {
        position: Position(position),
        stream: b"a".to_vec(),
        category: Vec::new(),
        version: Version(position),
        event_type: b"T".to_vec(),
        recorded_at: refold_core::time::Timestamp(if position % 20 == 0 { position } else { 5 }),
        payload: None,
        encoding: refold_core::event::Encoding::Json,
        metadata: None,
    };
    let store = MemoryStore::new("bulk", (1..200).map(event).collect());
    let index = built(&store, cache.path(), 1, 30);
    Model::of(&store).assert_equals(&index);
    for window in [0..6, 5..6, 0..201, 19..21, 4..5] {
        Model::of(&store).assert_density(&index, DensityAxis::RecordedAt, window, 7);
    }
}

#[test]
fn a_store_that_lost_events_is_indexed_again() {
    let cache = tempfile::tempdir().unwrap();
    let event = |position: i64| MemoryEvent {
        position: Position(position),
        stream: b"a".to_vec(),
        category: Vec::new(),
        version: Version(position),
        event_type: b"T".to_vec(),
        recorded_at: refold_core::time::Timestamp(1_700_000_000_000_000_000),
        payload: None,
        encoding: refold_core::event::Encoding::Json,
        metadata: None,
    };
    for kept in [vec![1, 2, 3], vec![1, 2], vec![], vec![1], vec![2, 3]] {
        let store = MemoryStore::new("shrinks", kept.into_iter().map(event).collect()).with_ranges(2);
        Model::of(&store).assert_equals(&built(&store, cache.path(), 2, 2));
    }
}

#[test]
fn ids_that_share_much_are_ordered_by_their_bytes() {
    let cache = tempfile::tempdir().unwrap();
    let zeros = |count: usize| vec![0_u8; count];
    let mut ids: Vec<Vec<u8>> = (0..40).map(zeros).collect();
    ids.extend((1..60).map(|len| [b"a-long-common-start-".to_vec(), vec![b'x'; len]].concat()));
    ids.extend((1..20).map(|n| format!("a-long-common-start-of-all-{}", n * 37).into_bytes()));
    let events = (1_i64..).zip(&ids).map(|(position, id)| MemoryEvent {
        position: Position(position),
        stream: id.clone(),
        category: Vec::new(),
        version: Version(1),
        event_type: b"T".to_vec(),
        recorded_at: refold_core::time::Timestamp(position),
        payload: None,
        encoding: refold_core::event::Encoding::Json,
        metadata: None,
    });
    let store = MemoryStore::new("ids", events.collect());
    Model::of(&store).assert_equals(&built(&store, cache.path(), 1, 1000));
}
