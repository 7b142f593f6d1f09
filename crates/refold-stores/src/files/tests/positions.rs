//! Files that have positions of their own and records that cannot be read: no event is lost by them.

use std::collections::BTreeMap;

use refold_core::event::{EventIndex, Version};
use refold_core::time::Timestamp;
use refold_core::track::Numbering;
use refold_core::work::{CancelToken, Silent, Work};

use super::*;
use crate::index::{self, BuildOptions};

/// What a record of the file is.
#[derive(Debug, Clone, Copy)]
enum Record {
    /// Of a stream; its position is so much above that of the event before it.
    Event {
        stream: u8,
        step: i64,
    },
    Unreadable,
}

fn records() -> impl Strategy<Value = Vec<Record>> {
    let event = (0_u8..3, prop_oneof![3 => Just(1_i64), 1 => 2_i64..9])
        .prop_map(|(stream, step)| Record::Event { stream, step });
    let record = prop_oneof![3 => event.clone(), 1 => Just(Record::Unreadable)];
    // The first line says what the file is.
    (event, prop::collection::vec(record, 0..30)).prop_map(|(first, rest)| std::iter::once(first).chain(rest).collect())
}

/// The lines of a file, and its events: position, stream, line.
fn written(first: i64, records: &[Record]) -> (Vec<String>, Vec<(i64, String, String)>) {
    let (mut lines, mut events, mut position) = (Vec::new(), Vec::new(), first);
    for record in records {
        match record {
            Record::Unreadable => lines.push("{\"posit\n".to_owned()),
            Record::Event { stream, step } => {
                position += step;
                let stream = format!("s-{stream}");
                let line = format!(
                    "{{\"position\":{position},\"stream\":\"{stream}\",\"type\":\"T\",\"version\":{position},\"payload\":{{}}}}\n"
                );
                lines.push(line.clone());
                events.push((position, stream, line));
            }
        }
    }
    (lines, events)
}

fn faults(store: &dyn EventStore, after: Option<Position>, up_to: Option<Position>) -> (Vec<i64>, u64) {
    let token = CancelToken::default();
    let (mut names, findings, mut batch) = Default::default();
    let query = refold_core::port::store::ReadQuery {
        scope: Scope::All { after, up_to },
        direction: Direction::Forward,
        columns: refold_core::event::Columns::SKELETON,
    };
    let mut reader = store.read(&query).unwrap();
    let mut positions = Vec::new();
    while reader
        .next_batch(&Work::new(&token, &Silent), 3, &mut batch, &mut names, &findings)
        .unwrap()
    {
        positions.extend(batch.positions.iter().map(|position| position.0));
    }
    let faults = findings.summary();
    let faults = faults
        .iter()
        .filter(|(code, _, _)| matches!(*code, "not-an-event" | "torn-record"));
    (positions, faults.map(|(_, count, _)| count).sum())
}

/// What the local index holds: streams with their positions.
fn indexed(store: &dyn EventStore, cache: &std::path::Path, threads: usize) -> BTreeMap<String, Vec<i64>> {
    let token = CancelToken::default();
    let options = BuildOptions {
        threads,
        now: Timestamp(1_800_000_000_000_000_000),
        numbering: Numbering::Whole { base: None },
        segment_rows: 8,
    };
    let index = index::build(&Work::new(&token, &Silent), store, cache, &options).unwrap();
    let mut streams = BTreeMap::<String, Vec<i64>>::new();
    for event in (0..index.event_count()).map(EventIndex) {
        let event = index.event(event).unwrap();
        let id = String::from_utf8(index.stream(event.stream).unwrap().id.to_vec()).unwrap();
        streams.entry(id).or_default().push(event.position.0);
    }
    streams
}

fn by_stream(events: &[(i64, String, String)]) -> BTreeMap<String, Vec<i64>> {
    let mut streams = BTreeMap::<String, Vec<i64>>::new();
    for (position, stream, _) in events {
        streams.entry(stream.clone()).or_default().push(*position);
    }
    streams
}

#[track_caller]
fn check(first: i64, records: &[Record], is_torn: bool, parts: usize) {
    let (mut lines, events) = written(first, records);
    if let (true, Some(last)) = (is_torn, lines.last_mut()) {
        // Of an event the line end alone is gone: it is whole.
        last.truncate(last.len() - 1);
    }
    let (lab, path) = Lab::with("events.jsonl", lines.concat().as_bytes());
    let store = lab.open(&path, None).unwrap();
    let positions: Vec<i64> = events.iter().map(|event| event.0).collect();
    let bad = records.iter().filter(|it| matches!(it, Record::Unreadable)).count() as u64;

    let everything = faults(&*store, None, None);
    assert_eq!(everything, (positions.clone(), bad));
    let ends = positions.first().copied().zip(positions.last().copied());
    assert_eq!(
        store.describe().position_span,
        ends.map(|(first, last)| (Position(first), Position(last)))
    );
    assert_eq!(store.describe().event_count, Some(events.len() as u64));

    for (position, stream, line) in &events {
        let (seen, _) = read(&*store, Scope::Positions(vec![Position(*position)]));
        assert_eq!(positions_of(&seen), [*position], "{lines:?}");
        assert_eq!(seen[0].stream, *stream);
        let raw = store.raw(Position(*position)).unwrap().unwrap();
        assert_eq!(raw[0].bytes.trim_ascii_end(), line.trim_end().as_bytes());
    }
    for after in (first - 1)..=(positions.last().unwrap_or(&first) + 2) {
        let behind: Vec<i64> = positions.iter().copied().filter(|at| *at > after).collect();
        assert_eq!(
            faults(&*store, Some(Position(after)), None).0,
            behind,
            "behind {after}: {lines:?}"
        );
        let up_to: Vec<i64> = positions.iter().copied().filter(|at| *at <= after).collect();
        assert_eq!(
            faults(&*store, None, Some(Position(after))).0,
            up_to,
            "up to {after}: {lines:?}"
        );
    }
    let (mut of_parts, mut bad_of_parts) = (Vec::new(), 0);
    for (after, up_to) in store.split(parts).unwrap() {
        let (positions, bad) = faults(&*store, after, up_to);
        of_parts.extend(positions);
        bad_of_parts += bad;
    }
    assert_eq!((of_parts, bad_of_parts), everything, "{lines:?}");

    let cache = TempDir::new().unwrap();
    assert_eq!(indexed(&*store, cache.path(), parts), by_stream(&events), "{lines:?}");
}

fn positions_of(seen: &[Seen]) -> Vec<i64> {
    positions(seen)
}

const fn event(stream: u8, step: i64) -> Record {
    Record::Event { stream, step }
}

#[test]
fn a_torn_record_at_the_end_takes_no_event_from_the_index() {
    let records = [event(0, 1), event(1, 1), event(0, 1), Record::Unreadable];
    check(99, &records, true, 1);
    check(99, &records, true, 3);
}

#[test]
fn a_bad_record_in_the_middle_leaves_every_event_where_it_was() {
    let records = [event(0, 1), Record::Unreadable, event(1, 1)];
    check(99, &records, false, 2);
    let (lines, _) = written(99, &records);
    let (lab, path) = Lab::with("events.jsonl", lines.concat().as_bytes());
    let store = lab.open(&path, None).unwrap();
    let (seen, _) = read(
        &*store,
        Scope::Stream {
            id: b"s-1".to_vec(),
            from: Some(Version(101)),
            to: None,
        },
    );
    assert_eq!(positions_of(&seen), [101]);
}

/// An index that holds a file with a torn record gets the event that the record became.
#[test]
fn a_torn_record_that_is_written_to_its_end_is_an_event_behind_the_others() {
    let (lines, events) = written(99, &[event(0, 1), event(1, 1), event(0, 1)]);
    let whole = lines.concat();
    let (lab, path) = Lab::with("events.jsonl", &whole.as_bytes()[..whole.len() - 9]);
    let cache = TempDir::new().unwrap();
    let torn = lab.open(&path, None).unwrap();
    assert_eq!(indexed(&*torn, cache.path(), 2), by_stream(&events[..2]));
    let last = torn.describe().position_span.unwrap().1;
    fs::write(&path, &whole).unwrap();
    let written = lab.open(&path, None).unwrap();
    assert_eq!(indexed(&*written, cache.path(), 2), by_stream(&events));
    assert_eq!(
        faults(&*written, Some(last), None),
        (vec![102], 0),
        "who waits for new events meets it"
    );
}

#[test]
fn records_of_csv_keep_their_positions_beside_one_that_cannot_be_read() {
    let (lab, path) = Lab::with(
        "events.csv",
        b"pos,stream,type,data\n100,a,T,{}\nbad\n101,b,T,{}\n102,a,T,\"{",
    );
    let layout = lab.folder.path().join("layout.toml");
    fs::write(&layout, PLAIN_CSV).unwrap();
    let store = lab.open(&path, layout.to_str()).unwrap();
    assert_eq!(faults(&*store, None, None), (vec![100, 101], 2));
    for position in [100, 101] {
        let (seen, _) = read(&*store, Scope::Positions(vec![Position(position)]));
        assert_eq!(positions_of(&seen), [position]);
    }
}

/// Lines that name these positions; `None` of a line that is no event.
fn lines_with(own: &[Option<Option<i64>>]) -> Vec<String> {
    let line = |(version, own): (usize, &Option<Option<i64>>)| match own {
        None => "{\"posit\n".to_owned(),
        Some(own) => {
            let own = own.map(|own| format!("\"position\":{own},")).unwrap_or_default();
            let stream = version % 3;
            format!("{{{own}\"stream\":\"s-{stream}\",\"type\":\"T\",\"version\":{version},\"payload\":{{}}}}\n")
        }
    };
    own.iter().enumerate().map(line).collect()
}

/// Position, stream and version of every event, each found by its position too; how many positions were replaced.
fn placed(lines: &[String]) -> (Vec<(i64, String, Option<i64>)>, u64) {
    let (lab, path) = Lab::with("events.jsonl", lines.concat().as_bytes());
    let store = lab.open(&path, Some("json-lines")).unwrap();
    let (seen, _) = read(&*store, everything());
    for event in &seen {
        let (found, _) = read(&*store, Scope::Positions(vec![Position(event.position)]));
        assert_eq!(
            (found.len(), &found[0].stream, found[0].version),
            (1, &event.stream, event.version)
        );
    }
    let query = refold_core::port::store::ReadQuery {
        scope: everything(),
        direction: Direction::Forward,
        columns: refold_core::event::Columns::SKELETON,
    };
    let (token, findings, mut batch, mut names) = (
        CancelToken::default(),
        Findings::default(),
        EventBatch::default(),
        Names::default(),
    );
    let mut reader = store.read(&query).unwrap();
    while reader
        .next_batch(&Work::new(&token, &Silent), 64, &mut batch, &mut names, &findings)
        .unwrap()
    {}
    let replaced = findings
        .summary()
        .into_iter()
        .find(|(code, ..)| *code == "position-replaced");
    let events = seen
        .into_iter()
        .map(|event| (event.position, event.stream, event.version));
    (events.collect(), replaced.map_or(0, |(_, count, _)| count))
}

#[test]
fn one_record_out_of_order_moves_no_other() {
    for (late, expected) in [
        (Some(30), [10, 20, 30, 31, 40, 50]),
        (Some(5), [10, 20, 30, 31, 40, 50]),
        (Some(i64::MIN + 1), [10, 20, 30, 31, 40, 50]),
        (Some(i64::MAX), [10, 20, 30, 31, 40, 50]),
        (None, [10, 20, 30, 31, 40, 50]),
    ] {
        let own = [Some(10), Some(20), Some(30), late, Some(40), Some(50)].map(Some);
        let (events, replaced) = placed(&lines_with(&own));
        let positions: Vec<i64> = events.iter().map(|event| event.0).collect();
        assert_eq!((&positions[..], replaced), (&expected[..], 1), "{late:?}");
    }
    let (events, replaced) = placed(&lines_with(&[None, Some(7), Some(9)].map(Some)));
    let positions: Vec<i64> = events.iter().map(|event| event.0).collect();
    assert_eq!(
        (&positions[..], replaced),
        (&[1, 2, 3][..], 0),
        "the first one names none"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is appended, what was there stays what and where it was.
    #[test]
    fn appending_changes_nothing_that_was_there(
        own in prop::collection::vec(
            prop_oneof![
                1 => Just(None),
                1 => Just(Some(None)),
                6 => (0_i64..40).prop_map(|own| Some(Some(own))),
                1 => any::<i64>().prop_map(|own| Some(Some(own))),
            ],
            1..24,
        ),
        cut in any::<prop::sample::Index>(),
    ) {
        let lines = lines_with(&own);
        let (whole, _) = placed(&lines);
        let (before, _) = placed(&lines[..=cut.index(lines.len())]);
        prop_assert_eq!(&whole[..before.len()], &before[..]);
        prop_assert!(whole.is_sorted_by(|a, b| a.0 < b.0), "{:?}", whole);
    }

    /// Against the lines themselves.
    #[test]
    fn events_are_where_the_file_says(
        first in prop_oneof![Just(-1_i64), Just(0), -20_i64..200],
        records in records(),
        is_torn in any::<bool>(),
        parts in 1_usize..5,
    ) {
        check(first, &records, is_torn, parts);
    }
}
