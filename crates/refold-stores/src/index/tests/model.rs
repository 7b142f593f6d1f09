//! Random small stores, and what their index must answer, computed the slow way.

use std::collections::BTreeMap;
use std::ops::Range;

use proptest::prelude::*;
use refold_core::event::{Encoding, Position, TypeOrdinal, Version};
use refold_core::time::Timestamp;
use refold_core::track::Numbering;
use refold_core::work::{CancelToken, Silent, Work};

use crate::index::{BuildOptions, Density, DensityAxis, Index, StreamAxis, StreamDensity, StreamOrder, StreamQuery};
use crate::memory::{MemoryEvent, MemoryStore};

pub(super) const NOW: Timestamp = Timestamp(1_800_000_000_000_000_000);

pub(super) fn options(threads: usize, segment_rows: u32) -> BuildOptions {
    BuildOptions {
        threads,
        now: NOW,
        numbering: Numbering::Whole { base: Some(1) },
        segment_rows,
    }
}

pub(super) fn with_work<T>(run: impl FnOnce(&Work<'_>) -> T) -> T {
    run(&Work::new(&CancelToken::default(), &Silent))
}

/// One random event: stream, type, version and time are chosen independently, so that versions repeat, run backwards
/// and leave gaps.
fn arbitrary_event() -> impl Strategy<Value = (u8, u8, i64, i64, i64)> {
    let version = prop_oneof![8 => 1_i64..6, 1 => Just(i64::MIN), 1 => any::<i64>()];
    let time = prop_oneof![
        8 => (0_i64..40).prop_map(|step| 1_700_000_000_000_000_000 + step * 1_000_000),
        1 => Just(i64::MIN),
        1 => any::<i64>(),
        1 => Just(i64::MAX),
    ];
    let step = prop_oneof![8 => Just(1_i64), 2 => 1_i64..1_000_000];
    (0_u8..12, 0_u8..40, version, time, step)
}

pub(super) fn arbitrary_events(most: usize) -> impl Strategy<Value = Vec<MemoryEvent>> {
    let first = prop_oneof![Just(1_i64), Just(0), any::<i32>().prop_map(i64::from)];
    (first, prop::collection::vec(arbitrary_event(), 0..most)).prop_map(|(first, rows)| {
        let mut position = first;
        let mut events = Vec::new();
        for (stream, event_type, version, recorded_at, step) in rows {
            position += step;
            let stream = [
                &b"order-1"[..],
                b"order-11",
                b"order",
                b"",
                b"\xff\x00",
                b"a",
                b"customer-1",
                b"customer-2",
            ]
            .get(usize::from(stream))
            .map_or_else(
                || format!("a-very-long-stream-id-{stream}").into_bytes(),
                |id| id.to_vec(),
            );
            let category = stream.split(|byte| *byte == b'-').next().unwrap_or_default().to_vec();
            events.push(MemoryEvent {
                position: Position(position),
                stream,
                category,
                version: Version(version),
                event_type: format!("Type{event_type}").into_bytes(),
                recorded_at: Timestamp(recorded_at),
                payload: Some(format!("{{\"n\":{position}}}").into_bytes()),
                encoding: Encoding::Json,
                metadata: None,
            });
        }
        events
    })
}

/// The naive twin of an index.
pub(super) struct Model<'a> {
    events: &'a [MemoryEvent],
    /// Rows of each stream in fold order, by the order of first appearance.
    streams: Vec<(Vec<u8>, Vec<usize>)>,
}

impl<'a> Model<'a> {
    pub(super) fn of(store: &'a MemoryStore) -> Model<'a> {
        let events = store.events();
        let mut streams: Vec<(Vec<u8>, Vec<usize>)> = Vec::new();
        for (row, event) in events.iter().enumerate() {
            match streams.iter_mut().find(|(id, _)| *id == event.stream) {
                Some((_, rows)) => rows.push(row),
                None => streams.push((event.stream.clone(), vec![row])),
            }
        }
        for (_, rows) in &mut streams {
            rows.sort_by_key(|row| (events[*row].version, events[*row].position));
        }
        Model { events, streams }
    }

    fn last_time(&self, stream: &(Vec<u8>, Vec<usize>)) -> Timestamp {
        self.events[*stream.1.last().unwrap()].recorded_at
    }

    pub(super) fn assert_equals(&self, index: &Index) {
        assert_eq!(index.event_count() as usize, self.events.len());
        assert_eq!(index.stream_count() as usize, self.streams.len());
        assert_eq!(index.last_position(), self.events.last().map(|event| event.position));
        self.assert_events(index);
        self.assert_streams(index);
        self.assert_pages(index);
        self.assert_types(index);
        self.assert_open(index);
    }

    /// In tests four events are near each other.
    fn assert_open(&self, index: &Index) {
        let is_open = |chunk: usize, rows: &[usize]| {
            let (first, last) = (rows.iter().min().unwrap(), rows.iter().max().unwrap());
            (first / 4..=last / 4).contains(&chunk)
        };
        let open = |chunk| self.streams.iter().filter(|(_, rows)| is_open(chunk, rows)).count();
        let most = (0..self.events.len().div_ceil(4)).map(open).max().unwrap_or_default();
        assert_eq!(with_work(|work| index.most_open_streams(work)).unwrap() as usize, most);
        let positions: Vec<_> = self.events.iter().map(|event| event.position).collect();
        let mut after = None;
        let ranges = positions
            .chunks(4)
            .map(|chunk| (std::mem::replace(&mut after, chunk.last().copied()), after));
        assert_eq!(index.ranges_of(4).unwrap(), ranges.collect::<Vec<_>>());
    }

    fn assert_events(&self, index: &Index) {
        for (row, event) in self.events.iter().enumerate() {
            let found = index.event(refold_core::event::EventIndex(row as u32)).unwrap();
            assert_eq!(found.position, event.position);
            assert_eq!(found.version, event.version);
            assert_eq!(found.recorded_at, event.recorded_at);
            assert_eq!(index.type_name(found.event_type), event.event_type);
            assert_eq!(index.stream(found.stream).unwrap().id, event.stream);
            for position in [event.position.0 - 1, event.position.0, event.position.0 + 1] {
                let expected = self.events.iter().filter(|event| event.position.0 < position).count();
                assert_eq!(
                    index.event_at_or_after(Position(position)).unwrap().0 as usize,
                    expected
                );
            }
        }
        let times = || {
            self.events
                .iter()
                .map(|event| event.recorded_at)
                .filter(|time| !time.is_none())
        };
        assert_eq!(index.time_span(), times().min().zip(times().max()));
        assert_eq!(index.untimed_events() as usize, self.events.len() - times().count());
    }

    fn assert_streams(&self, index: &Index) {
        assert_eq!(index.find_stream(b"no such stream").unwrap(), None);
        for (ordinal, (id, rows)) in self.streams.iter().enumerate() {
            let stream = index.find_stream(id).unwrap().unwrap();
            assert_eq!(stream.0 as usize, ordinal);
            let entry = index.stream(stream).unwrap();
            let (first, last) = (&self.events[rows[0]], &self.events[*rows.last().unwrap()]);
            assert_eq!(entry.id, id);
            assert_eq!(entry.category, self.events[*rows.iter().min().unwrap()].category);
            assert_eq!(entry.events as usize, rows.len());
            assert_eq!(entry.first_recorded_at, first.recorded_at);
            assert_eq!(entry.last_recorded_at, last.recorded_at);
            assert_eq!(index.type_name(entry.last_type), last.event_type);
            let mut names = refold_core::names::Names::default();
            names.intern_type(b"a type of other names");
            let track = with_work(|work| index.track(work, stream, &mut names)).unwrap();
            assert_eq!(track.len(), rows.len());
            for (at, row) in rows.iter().enumerate() {
                let event = &self.events[*row];
                assert_eq!(track.positions[at], event.position);
                assert_eq!(track.versions[at], event.version);
                assert_eq!(track.recorded_at[at], event.recorded_at);
                assert_eq!(names.type_name(track.types[at]), event.event_type);
            }
            let events: Vec<usize> = index
                .events_of(stream)
                .unwrap()
                .iter()
                .map(|event| event.0 as usize)
                .collect();
            assert_eq!(&events, rows);
        }
    }

    fn assert_pages(&self, index: &Index) {
        for order in [
            StreamOrder::Id,
            StreamOrder::Events,
            StreamOrder::Last,
            StreamOrder::First,
            StreamOrder::Category,
        ] {
            for matching in [&b""[..], b"1", b"order", b"-", b"er-1", b"absent", b"\xff", b"d-1"] {
                for category in [None, Some(&b"order"[..]), Some(b"customer"), Some(b"absent")] {
                    for (last_type, alive) in [
                        (None, None),
                        (Some(&b"Type3"[..]), None),
                        (None, Some(1_700_000_000_005_000_000..1_700_000_000_020_000_000)),
                    ] {
                        for descending in [false, true] {
                            self.assert_page(
                                index,
                                &StreamQuery {
                                    matching,
                                    category,
                                    last_type,
                                    alive: alive.clone(),
                                    order,
                                    descending,
                                    offset: 0,
                                    limit: 0,
                                },
                            );
                        }
                    }
                }
            }
        }
    }

    /// Asks for some pages; `asked` says of what.
    fn assert_page(&self, index: &Index, asked: &StreamQuery<'_>) {
        let category_of = |stream: &(Vec<u8>, Vec<usize>)| &self.events[*stream.1.iter().min().unwrap()].category;
        let first_time = |stream: &(Vec<u8>, Vec<usize>)| self.events[stream.1[0]].recorded_at;
        let mut expected: Vec<_> = self
            .streams
            .iter()
            .filter(|stream| {
                let (id, rows) = stream;
                let last = &self.events[*rows.last().unwrap()];
                asked.category.is_none_or(|category| category_of(stream) == category)
                    && asked.last_type.is_none_or(|last_type| last.event_type == last_type)
                    && asked
                        .alive
                        .as_ref()
                        .is_none_or(|alive| first_time(stream).0 < alive.end && last.recorded_at.0 >= alive.start)
                    && (asked.matching.is_empty()
                        || id.windows(asked.matching.len()).any(|part| part == asked.matching))
            })
            .collect();
        expected.sort_by_key(|stream| match asked.order {
            StreamOrder::Id => (0, Vec::new(), stream.0.clone()),
            StreamOrder::Events => (stream.1.len() as i64, Vec::new(), stream.0.clone()),
            StreamOrder::Last => (self.last_time(stream).0, Vec::new(), stream.0.clone()),
            StreamOrder::First => (first_time(stream).0, Vec::new(), stream.0.clone()),
            StreamOrder::Category => (0, category_of(stream).clone(), stream.0.clone()),
        });
        if asked.descending {
            expected.reverse();
        }
        for (offset, limit) in [(0, 100), (0, 2), (1, 3), (50, 2)] {
            let query = StreamQuery {
                offset,
                limit,
                ..asked.clone()
            };
            let page = index.streams(&query).unwrap();
            assert_eq!(page.total as usize, self.streams.len());
            assert_eq!(page.matching as usize, expected.len(), "{query:?}");
            let ids: Vec<_> = page
                .rows
                .iter()
                .map(|stream| index.stream(*stream).unwrap().id.to_vec())
                .collect();
            let wanted = expected.iter().skip(offset as usize).take(limit as usize);
            assert_eq!(ids, wanted.map(|(id, _)| id.clone()).collect::<Vec<_>>(), "{query:?}");
        }
    }

    fn assert_types(&self, index: &Index) {
        let mut counts: BTreeMap<&[u8], u32> = BTreeMap::new();
        for event in self.events {
            *counts.entry(&event.event_type).or_default() += 1;
        }
        let found: BTreeMap<&[u8], u32> = index.types().collect();
        assert_eq!(found, counts);
        let mut categories: BTreeMap<&[u8], u32> = BTreeMap::new();
        for (_, rows) in &self.streams {
            *categories
                .entry(&self.events[*rows.iter().min().unwrap()].category)
                .or_default() += 1;
        }
        let found: BTreeMap<&[u8], u32> = index.categories().unwrap().into_iter().collect();
        assert_eq!(found, categories);
    }

    pub(super) fn assert_tally_of_types(&self, index: &Index, category: Option<&[u8]>) {
        let is_counted = |name: &[u8]| category.is_none_or(|category| category == name);
        let tally = with_work(|work| index.tally_types(work, &is_counted)).unwrap();
        let names: Vec<Vec<u8>> = index.types().map(|(name, _)| name.to_vec()).collect();
        assert_eq!(tally.len(), names.len());
        for (name, (count, first)) in names.iter().zip(tally) {
            let is_of = |event: &MemoryEvent| {
                type_of(event) == *name && category.is_none_or(|category| event.category == category)
            };
            let rows: Vec<usize> = (0..self.events.len()).filter(|row| is_of(&self.events[*row])).collect();
            assert_eq!(count as usize, rows.len());
            let first = first.map(|first| index.event(first).unwrap().position);
            assert_eq!(first, rows.first().map(|row| self.events[*row].position));
        }
    }

    pub(super) fn assert_tally(&self, index: &Index, axis: DensityAxis, window: &Range<i64>) {
        let is_inside = |event: &&MemoryEvent| match axis {
            DensityAxis::RecordedAt => !event.recorded_at.is_none() && window.contains(&event.recorded_at.0),
            DensityAxis::Position => window.contains(&event.position.0),
        };
        let inside: Vec<&MemoryEvent> = self.events.iter().filter(is_inside).collect();
        let outside: Vec<&MemoryEvent> = self.events.iter().filter(|event| !is_inside(event)).collect();
        let tally = with_work(|work| index.tally(work, axis, window)).unwrap();
        assert_eq!(tally.events as usize, inside.len());
        for (name, events) in index.types().map(|(name, _)| name).zip(&tally.types) {
            assert_eq!(
                *events as usize,
                inside.iter().filter(|event| event.event_type == name).count()
            );
        }
        for ((id, _), events) in self.streams.iter().zip(&tally.streams) {
            assert_eq!(
                *events as usize,
                inside.iter().filter(|event| event.stream == *id).count()
            );
        }
        let category_of = |event: &MemoryEvent| {
            let first = self.events.iter().find(|other| other.stream == event.stream);
            first.unwrap().category.clone()
        };
        for (name, events, all) in &tally.categories {
            assert_eq!(
                *events as usize,
                inside.iter().filter(|event| category_of(event) == *name).count()
            );
            assert_eq!(
                *all as usize,
                self.events.iter().filter(|event| category_of(event) == *name).count()
            );
        }
        for (hour, (events, all)) in tally.hours.iter().enumerate() {
            let is_of_hour = |event: &MemoryEvent| {
                let nanos = i128::from(event.recorded_at.0);
                !event.recorded_at.is_none() && nanos.div_euclid(3_600_000_000_000).rem_euclid(24) == hour as i128
            };
            assert_eq!(
                *events as usize,
                inside.iter().filter(|event| is_of_hour(event)).count()
            );
            assert_eq!(
                *all as usize,
                self.events.iter().filter(|event| is_of_hour(event)).count()
            );
        }
        let positions = |events: &[&MemoryEvent], distance: usize| {
            let chosen = events.iter().step_by(distance);
            chosen.map(|event| event.position).collect::<Vec<_>>()
        };
        for most in [1, 3, 1000] {
            let sample = with_work(|work| index.sample(work, axis, window, tally.events, most)).unwrap();
            let distance = |events: &[&MemoryEvent]| events.len().div_ceil(most as usize).max(1);
            assert_eq!(sample.inside, positions(&inside, distance(&inside)));
            assert_eq!(sample.outside, positions(&outside, distance(&outside)));
        }
    }

    pub(super) fn assert_density(&self, index: &Index, axis: DensityAxis, window: Range<i64>, columns: u32) {
        let found = index.density(axis, window.clone(), columns).unwrap();
        let value = |event: &MemoryEvent| match axis {
            DensityAxis::RecordedAt => Some(event.recorded_at.0).filter(|time| *time != i64::MIN),
            DensityAxis::Position => Some(event.position.0),
        };
        let values = self.events.iter().map(|event| (event, value(event)));
        let name = |kind| index.type_name(TypeOrdinal(kind)).to_vec();
        assert_counts(&found, values.clone(), (name, type_of), &window, columns);
        let found = with_work(|work| index.density_by_category(work, axis, window.clone(), columns)).unwrap();
        let name = |kind| index.category_name(kind).to_vec();
        let category_of = |event: &MemoryEvent| {
            let first = self.events.iter().find(|other| other.stream == event.stream);
            first.unwrap().category.clone()
        };
        assert_counts(&found, values, (name, category_of), &window, columns);
    }

    pub(super) fn assert_stream_density(&self, index: &Index, window: &Range<i64>, columns: u32) {
        for (id, rows) in &self.streams {
            let stream = index.find_stream(id).unwrap().unwrap();
            let mut names = refold_core::names::Names::default();
            let track = with_work(|work| index.track(work, stream, &mut names)).unwrap();
            let density = StreamDensity::new(&track);
            for axis in [StreamAxis::Moment, StreamAxis::RecordedAt, StreamAxis::Position] {
                let found = density.density(axis, window.clone(), columns).unwrap();
                let values = rows.iter().zip(1_i64..).map(|(row, moment)| {
                    let event = &self.events[*row];
                    let value = match axis {
                        StreamAxis::Moment => Some(moment),
                        StreamAxis::RecordedAt => Some(event.recorded_at.0).filter(|time| *time != i64::MIN),
                        StreamAxis::Position => Some(event.position.0),
                    };
                    (event, value)
                });
                assert_counts(
                    &found,
                    values,
                    (|kind| names.type_name(TypeOrdinal(kind)).to_vec(), type_of),
                    window,
                    columns,
                );
            }
        }
    }
}

/// Counts every event by looking at every column.
fn assert_counts<'a>(
    found: &Density,
    events: impl Iterator<Item = (&'a MemoryEvent, Option<i64>)>,
    (name, kind_of): (impl Fn(u32) -> Vec<u8>, impl Fn(&MemoryEvent) -> Vec<u8>),
    window: &Range<i64>,
    columns: u32,
) {
    assert_eq!(found.columns, columns);
    assert_eq!(found.counts.len(), columns as usize * found.slots());
    let mut expected = vec![0_u32; found.counts.len()];
    let span = i128::from(window.end) - i128::from(window.start);
    for (event, value) in events {
        let Some(value) = value.filter(|value| window.contains(value)) else {
            continue;
        };
        let start_of = |column: u32| i128::from(window.start) + span * i128::from(column) / i128::from(columns);
        let is_in = |column: &u32| (start_of(*column)..start_of(column + 1)).contains(&i128::from(value));
        let column = (0..columns).find(is_in).unwrap() as usize;
        let slot = found.kinds.iter().position(|kind| name(*kind) == kind_of(event));
        let slot = slot.unwrap_or(found.slots() - 1);
        expected[column * found.slots() + slot] += 1;
    }
    assert_eq!(found.counts, expected, "{window:?} {columns}");
}

fn type_of(event: &MemoryEvent) -> Vec<u8> {
    event.event_type.clone()
}

/// Reads every page of the index through its queries.
pub(super) fn ask_everything(index: &Index) -> Result<(), crate::index::IndexError> {
    use refold_core::event::{EventIndex, StreamOrdinal};
    for event in 0..index.event_count() {
        index.event(EventIndex(event))?;
    }
    for stream in 0..index.stream_count() {
        let entry = index.stream(StreamOrdinal(stream))?;
        index.find_stream(entry.id)?;
        index.events_of(StreamOrdinal(stream))?;
    }
    with_work(|work| index.most_open_streams(work))?;
    for order in [
        StreamOrder::Id,
        StreamOrder::Events,
        StreamOrder::Last,
        StreamOrder::First,
        StreamOrder::Category,
    ] {
        for category in index
            .categories()?
            .into_iter()
            .map(|(name, _)| Some(name))
            .chain([None])
        {
            index.streams(&StreamQuery {
                matching: b"",
                category,
                order,
                descending: false,
                offset: 0,
                limit: 9,
                ..StreamQuery::default()
            })?;
        }
    }
    index.streams(&StreamQuery {
        matching: b"1",
        category: None,
        order: StreamOrder::Id,
        descending: false,
        offset: 0,
        limit: 9,
        ..StreamQuery::default()
    })?;
    index.density(DensityAxis::RecordedAt, i64::MIN..i64::MAX, 50)?;
    index.density(DensityAxis::Position, i64::MIN..i64::MAX, 50)?;
    Ok(())
}
