//! One side of a comparison: a store, and the passes over it. What is kept of a stream does not grow with its events.

use std::hash::{BuildHasher as _, RandomState};

use refold_core::event::{Columns, EventBatch, EventView, Position, StreamOrdinal};
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::port::store::{EventReader, ReadQuery, StoreError};
use refold_core::work::{Phase, Work};
use sha2::{Digest as _, Sha256};

use super::align::Entry;
use super::measure::{Doubts, EventPart, Measure, Parts, leaves_blank};
use crate::error::AppError;
use crate::session::Session;
use crate::stream::Stream;

const BATCH_ROWS: usize = 2_048;

/// Streams are read one by one where that is so much less than the whole store: an index leads to each event of them.
const FEWER: u64 = 8;

/// One store, as it is compared.
pub(super) struct Side<'a> {
    pub session: &'a Session,
    pub measure: Measure,
    /// `left` or `right`.
    pub name: &'static str,
}

/// What a pass over a whole store leaves: of each stream whether it is the same as another, and no more.
#[derive(Default)]
pub(super) struct Sums {
    /// By the ordinal of the stream.
    streams: Vec<StreamSum>,
    pub events: u64,
    pub stream_count: u32,
    /// The last event that was read.
    pub last: Option<Position>,
    /// Parts that any event has.
    pub present: Parts,
    pub doubts: Doubts,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct StreamSum {
    /// Of the sum before and all parts of the event that count, one event after the other.
    chain: [u8; 16],
    pub events: u32,
    last_version: i64,
    /// Versions do not ascend in the order of positions, so that the chain has another order than the stream.
    is_unordered: bool,
    has_unreadable: bool,
    has_blank: bool,
}

impl StreamSum {
    const NONE: StreamSum = StreamSum {
        chain: [0; 16],
        events: 0,
        last_version: i64::MIN,
        is_unordered: false,
        has_unreadable: false,
        has_blank: false,
    };

    /// Whether both are known to hold the same events without looking at them again.
    pub fn is_same(&self, other: &StreamSum) -> bool {
        self.key() == other.key()
    }

    /// What streams of the same events have in common, whatever their ids.
    pub fn key(&self) -> ([u8; 16], u32) {
        (self.chain, self.events)
    }

    pub fn is_unordered(&self) -> bool {
        self.is_unordered
    }
}

impl Sums {
    pub fn of(&self, stream: StreamOrdinal) -> StreamSum {
        self.streams.get(stream.0 as usize).copied().unwrap_or(StreamSum::NONE)
    }

    /// Whether a stream must be looked at event by event, whatever its sum.
    pub fn is_suspect(&self, stream: StreamOrdinal) -> bool {
        let sum = self.of(stream);
        sum.is_unordered || sum.has_unreadable || (sum.has_blank && self.doubts.reach_blanks())
    }

    fn at(&mut self, stream: StreamOrdinal) -> &mut StreamSum {
        let at = stream.0 as usize;
        if at >= self.streams.len() {
            self.streams.resize(at + 1, StreamSum::NONE);
        }
        &mut self.streams[at] // it was made long enough
    }
}

impl Side<'_> {
    /// Reads everything once. `names` are those of both sides.
    pub fn sums(&self, work: &Work<'_>, names: &mut Names, findings: &Findings) -> Result<Sums, AppError> {
        let mut sums = Sums::default();
        let (mut batch, mut scratch) = (EventBatch::default(), Vec::new());
        let total = self.session.description().event_count;
        let mut reader = self.read(&ReadQuery::all(Columns::ALL))?;
        work.tick(self.phase(), 0, total)?;
        while self.next_batch(&mut *reader, work, &mut batch, names, findings)? {
            for row in 0..batch.len() {
                self.add(&batch.event(row), names, &mut scratch, &mut sums);
            }
            sums.events += batch.len() as u64;
            work.tick(self.phase(), sums.events, total)?;
        }
        sums.doubts = Doubts::of(findings);
        for (_, _, kept) in findings.summary().into_iter().filter(|(code, ..)| leaves_blank(code)) {
            let streams = kept.iter().filter_map(|finding| finding.stream.as_deref());
            for stream in streams.filter_map(|id| names.find_stream(id)).collect::<Vec<_>>() {
                sums.at(stream).has_unreadable = true;
            }
        }
        Ok(sums)
    }

    fn add(&self, event: &EventView<'_>, names: &Names, scratch: &mut Vec<u8>, sums: &mut Sums) {
        let mut present = Parts::default();
        let mut hasher = Sha256::new();
        let chain = sums.of(event.stream).chain;
        hasher.update(chain);
        self.measure.each(event, names, scratch, &mut |part, bytes| {
            hasher.update([part as u8, u8::from(bytes.is_some())]);
            if let Some(bytes) = bytes {
                present.add(part);
                hasher.update((bytes.len() as u64).to_be_bytes());
                hasher.update(bytes);
            }
        });
        let digest = hasher.finalize();
        let is_readable = self.measure.is_readable(event, &Doubts::default());
        let is_blank = self.measure.is_blank(event);
        sums.last = sums.last.max(Some(event.position));
        sums.present.join(present);
        let sum = sums.at(event.stream);
        let is_first = sum.events == 0;
        sum.chain.iter_mut().zip(digest).for_each(|(byte, of)| *byte = of);
        sum.events = sum.events.saturating_add(1);
        sum.is_unordered |= event.version.0 < sum.last_version;
        sum.last_version = event.version.0;
        sum.has_unreadable |= !is_readable;
        sum.has_blank |= is_blank;
        sums.stream_count += u32::from(is_first);
    }

    /// The events of these streams, each in the order of its stream.
    pub fn entries(
        &self,
        work: &Work<'_>,
        streams: &[StreamOrdinal],
        sums: &Sums,
        names: &mut Names,
        hashing: &RandomState,
    ) -> Result<Vec<Vec<Entry>>, AppError> {
        let mut places: Vec<Option<u32>> = vec![None; names.stream_count() as usize];
        for (place, stream) in (0..).zip(streams) {
            if let Some(slot) = places.get_mut(stream.0 as usize) {
                *slot = Some(place);
            }
        }
        let room = |stream: &StreamOrdinal| Vec::with_capacity(sums.of(*stream).events as usize);
        let mut entries: Vec<Vec<Entry>> = streams.iter().map(room).collect();
        let wanted: u64 = streams.iter().map(|stream| u64::from(sums.of(*stream).events)).sum();
        let has_index = self.session.description().has_stream_index;
        let queries: Vec<ReadQuery> = if has_index && wanted.saturating_mul(FEWER) < sums.events {
            streams
                .iter()
                .map(|stream| Stream::whole(names.stream(*stream), Columns::ALL))
                .collect()
        } else {
            vec![ReadQuery::all(Columns::ALL)]
        };
        // What there is to tell was told by the first pass.
        let (mut batch, mut scratch, told) = (EventBatch::default(), Vec::new(), Findings::default());
        let mut done = 0;
        for query in queries {
            let mut reader = self.read(&query)?;
            while self.next_batch(&mut *reader, work, &mut batch, names, &told)? {
                for row in 0..batch.len() {
                    let event = batch.event(row);
                    let place = places.get(event.stream.0 as usize).copied().flatten();
                    if let Some(of) = place.and_then(|place| entries.get_mut(place as usize)) {
                        of.push(self.entry(&event, names, &sums.doubts, hashing, &mut scratch));
                        done += 1;
                    }
                }
                work.tick(Phase::ComparingEventByEvent, done, Some(wanted))?;
            }
        }
        for (events, stream) in entries.iter_mut().zip(streams) {
            if events.len() != sums.of(*stream).events as usize {
                return Err(self.changed());
            }
            // Stable: what has no version, or the same, stays in the order of positions.
            events.sort_by_key(|entry| entry.version);
        }
        Ok(entries)
    }

    pub fn entry(
        &self,
        event: &EventView<'_>,
        names: &Names,
        doubts: &Doubts,
        hashing: &RandomState,
        scratch: &mut Vec<u8>,
    ) -> Entry {
        let mut entry = Entry {
            hashes: [0; EventPart::CARRIED.len()],
            has_id: false,
            is_readable: self.measure.is_readable(event, doubts),
            version: event.version,
            position: event.position,
        };
        self.measure.each(event, names, scratch, &mut |part, bytes| {
            if let Some(slot) = entry.hashes.get_mut(part as usize) {
                *slot = hashing.hash_one(bytes);
            }
            entry.has_id |= part == EventPart::Id && bytes.is_some();
        });
        entry
    }

    /// The events in the order in which this query has them, one at a time.
    pub fn walk(&self, query: &ReadQuery) -> Result<Walk<'_>, AppError> {
        Ok(Walk {
            side: self,
            reader: self.read(query)?,
            batch: EventBatch::default(),
            row: 0,
            told: Findings::default(),
        })
    }

    /// The events of one stream in its order, as they are compared, one at a time. `total`: so many a pass over all came
    /// upon.
    pub fn line<'a>(
        &'a self,
        stream: &[u8],
        total: u32,
        doubts: &'a Doubts,
        hashing: &'a RandomState,
    ) -> Result<Line<'a>, AppError> {
        Ok(Line {
            side: self,
            walk: self.walk(&Stream::whole(stream, Columns::ALL))?,
            doubts,
            hashing,
            scratch: Vec::new(),
            taken: 0,
            total: total.into(),
        })
    }

    /// What is said while it is read.
    fn phase(&self) -> Phase {
        match self.name {
            "left" => Phase::ReadingTheLeftStore,
            _ => Phase::ReadingTheRightStore,
        }
    }

    fn read(&self, query: &ReadQuery) -> Result<Box<dyn EventReader>, AppError> {
        self.session.store().read(query).map_err(|error| self.told(error))
    }

    fn next_batch(
        &self,
        reader: &mut dyn EventReader,
        work: &Work<'_>,
        batch: &mut EventBatch,
        names: &mut Names,
        findings: &Findings,
    ) -> Result<bool, AppError> {
        let read = reader.next_batch(work, BATCH_ROWS, batch, names, findings);
        read.map_err(|error| self.told(error))
    }

    /// A failure that says at which of both stores it was.
    fn told(&self, error: impl Into<AppError>) -> AppError {
        at_store(self.name, error.into())
    }

    fn changed(&self) -> AppError {
        self.told(StoreError::Changed {
            location: self.session.location().to_owned(),
            detail: "a stream holds other events than a moment before".to_owned(),
        })
    }
}

/// A failure that says at which store it was. That somebody cancelled was at none.
pub(crate) fn at_store(name: &str, error: AppError) -> AppError {
    if error.is_cancelled() {
        return error;
    }
    AppError {
        message: format!("the {name} store: {}", error.message),
        ..error
    }
}

/// See [`Side::walk`].
pub(super) struct Walk<'a> {
    side: &'a Side<'a>,
    reader: Box<dyn EventReader>,
    batch: EventBatch,
    row: usize,
    told: Findings,
}

impl Walk<'_> {
    /// Goes on to the next event; `None` behind the last one.
    pub fn next(&mut self, work: &Work<'_>, names: &mut Names) -> Result<Option<EventView<'_>>, AppError> {
        if self.row >= self.batch.len() {
            self.row = 0;
            let (reader, batch) = (&mut *self.reader, &mut self.batch);
            if !self.side.next_batch(reader, work, batch, names, &self.told)? {
                self.batch.clear();
                return Ok(None);
            }
        }
        self.row += 1;
        Ok(Some(self.batch.event(self.row - 1)))
    }
}

/// See [`Side::line`].
pub(super) struct Line<'a> {
    side: &'a Side<'a>,
    walk: Walk<'a>,
    doubts: &'a Doubts,
    hashing: &'a RandomState,
    scratch: Vec<u8>,
    taken: u64,
    /// So many the first pass came upon.
    total: u64,
}

impl Line<'_> {
    /// The next one, with its version where it has one that counts.
    pub fn next(&mut self, work: &Work<'_>, names: &mut Names) -> Result<Option<(Option<i64>, Entry)>, AppError> {
        let Some(event) = self.walk.next(work, names)? else {
            return match self.taken == self.total {
                true => Ok(None),
                false => Err(self.side.changed()),
            };
        };
        self.taken += 1;
        let version = self.side.measure.version(&event);
        let entry = self
            .side
            .entry(&event, names, self.doubts, self.hashing, &mut self.scratch);
        Ok(Some((version, entry)))
    }

    pub fn taken(&self) -> u64 {
        self.taken
    }
}
