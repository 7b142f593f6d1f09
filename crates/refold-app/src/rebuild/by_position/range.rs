//! The events of one range of positions, dealt to streams, and streams to threads.

use std::hash::BuildHasher;

use refold_core::event::{Encoding, EventBatch, EventView, Position, Span, StreamOrdinal, TypeOrdinal, Version};
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::port::store::{EventReader, StoreError};
use refold_core::time::Timestamp;
use refold_core::work::Work;

use super::super::Member;

const READ_EVENTS: usize = 8_192;
/// Events of a range that are held at once; ranges are meant to have some thousand, and where positions are not dense one
/// of them may have nearly all.
const MOST_EVENTS: usize = if cfg!(test) { 1_024 } else { 1 << 18 };

/// Filled by one thread, then read by all. Filled again it keeps its memory.
#[derive(Default)]
pub struct Range {
    /// The first `batch_count` hold the range.
    batches: Vec<EventBatch>,
    batch_count: usize,
    names: Names,
    /// By stream of `names`: what decides whose it is.
    hashes: Vec<u64>,
    /// Events by stream of `names`, in position order: `events[starts[s]..starts[s + 1]]`.
    starts: Vec<u32>,
    events: Vec<Dealt>,
    /// Whether events have columns that [`Dealt`] does not.
    has_more_columns: bool,
}

/// What every event has, in one place: read stream by stream, each column of a batch would be waited for.
#[derive(Clone, Copy)]
struct Dealt {
    position: Position,
    version: Version,
    recorded_at: Timestamp,
    payload: Span,
    event_type: TypeOrdinal,
    batch: u32,
    row: u32,
    encoding: Encoding,
}

impl Range {
    /// Takes in everything that the reader brings; `false`: it is more than is held at once. `hasher`: the same for all
    /// ranges.
    pub fn fill(
        &mut self,
        work: &Work<'_>,
        reader: &mut dyn EventReader,
        hasher: &impl BuildHasher,
        findings: &Findings,
    ) -> Result<bool, StoreError> {
        // The same types first, so that a type mostly has the same ordinal in every range and handlers look it up once.
        let mut names = Names::default();
        for ordinal in 0..self.names.type_count() {
            names.intern_type(self.names.type_name(TypeOrdinal(ordinal)));
        }
        self.names = names;
        self.batch_count = 0;
        let mut held = 0;
        loop {
            if self.batches.len() == self.batch_count {
                self.batches.push(EventBatch::default());
            }
            // Made just above.
            let batch = &mut self.batches[self.batch_count];
            if !reader.next_batch(work, READ_EVENTS, batch, &mut self.names, findings)? {
                break;
            }
            self.batch_count += 1;
            held += batch.len();
            if held > MOST_EVENTS {
                return Ok(false);
            }
        }
        self.deal();
        self.hashes.clear();
        let streams = (0..self.names.stream_count()).map(StreamOrdinal);
        let hashes = streams.map(|stream| hasher.hash_one(self.names.stream(stream)));
        self.hashes.extend(hashes);
        Ok(true)
    }

    pub fn names(&self) -> &Names {
        &self.names
    }

    /// The streams of a thread.
    pub fn streams_of(&self, member: Member) -> impl Iterator<Item = StreamOrdinal> {
        let hashes = (0..).zip(&self.hashes);
        let own = hashes.filter(move |(_, hash)| **hash % member.of as u64 == member.number as u64);
        own.map(|(stream, _)| StreamOrdinal(stream))
    }

    /// The events of a stream of these names, in position order.
    pub fn events_of(&self, stream: StreamOrdinal) -> impl Iterator<Item = EventView<'_>> {
        self.dealt_to(stream).iter().map(move |dealt| {
            // Both were counted when they were dealt.
            let batch = &self.batches[dealt.batch as usize];
            if self.has_more_columns {
                return batch.event(dealt.row as usize);
            }
            EventView {
                position: dealt.position,
                stream,
                version: dealt.version,
                event_type: dealt.event_type,
                recorded_at: dealt.recorded_at,
                payload: batch.bytes(dealt.payload),
                encoding: dealt.encoding,
                metadata: None,
                event_id: None,
                correlation_id: None,
                causation_id: None,
                schema_version: None,
                occurred_at: Timestamp::NONE,
                row: None,
            }
        })
    }

    /// The payloads of those events.
    pub fn payloads_of(&self, stream: StreamOrdinal) -> impl Iterator<Item = &[u8]> {
        let dealt = self.dealt_to(stream).iter();
        dealt.filter_map(|dealt| self.batches.get(dealt.batch as usize)?.bytes(dealt.payload))
    }

    fn dealt_to(&self, stream: StreamOrdinal) -> &[Dealt] {
        let at = stream.0 as usize;
        let bounds = self.starts.get(at).zip(self.starts.get(at + 1));
        let dealt = bounds.and_then(|(start, end)| self.events.get(*start as usize..*end as usize));
        dealt.unwrap_or_default()
    }

    /// Sorts the events by stream, by counting.
    fn deal(&mut self) {
        let read = || self.batches.iter().take(self.batch_count);
        let starts = &mut self.starts;
        starts.clear();
        starts.resize(self.names.stream_count() as usize + 1, 0);
        for stream in read().flat_map(|batch| &batch.streams) {
            starts[stream.0 as usize + 1] += 1; // interned in these names
        }
        let mut sum = 0;
        for start in starts.iter_mut() {
            sum += *start;
            *start = sum;
        }
        let mut free = starts.clone();
        self.events.clear();
        self.events.resize(sum as usize, Dealt::NOTHING);
        self.has_more_columns = false;
        for (number, batch) in (0..).zip(read()) {
            self.has_more_columns |=
                !(batch.metadata.is_empty() && batch.event_ids.is_empty() && batch.rows.is_empty());
            let skeleton = batch.positions.iter().zip(&batch.versions).zip(&batch.recorded_at);
            let events = skeleton.zip(batch.streams.iter().zip(&batch.types));
            for (row, (((position, version), recorded_at), (stream, event_type))) in (0..).zip(events) {
                let place = &mut free[stream.0 as usize];
                // Counted above.
                self.events[*place as usize] = Dealt {
                    position: *position,
                    version: *version,
                    recorded_at: *recorded_at,
                    payload: batch.payloads.get(row as usize).copied().unwrap_or(Span::NULL),
                    event_type: *event_type,
                    batch: number,
                    row,
                    encoding: batch
                        .payload_encodings
                        .get(row as usize)
                        .copied()
                        .unwrap_or(Encoding::Opaque),
                };
                *place += 1;
            }
        }
    }
}

impl Dealt {
    const NOTHING: Dealt = Dealt {
        position: Position(0),
        version: EventBatch::NO_VERSION,
        recorded_at: Timestamp::NONE,
        payload: Span::NULL,
        event_type: TypeOrdinal(u32::MAX),
        batch: 0,
        row: 0,
        encoding: Encoding::Opaque,
    };
}
