//! The events of each stream in fold order, by counting sort, and the row that each stream has in a list.

use std::ops::Range;

use refold_core::event::EventIndex;
use refold_core::finding::Findings;
use refold_core::work::Work;

use crate::index::checked::{CheckedFile, CheckedWriter, FileStamp, u32_at, u64_at};
use crate::index::checks::{self, Checked};
use crate::index::error::IndexError;
use crate::index::folder::Folder;
use crate::index::options::BuildOptions;
use crate::index::packed::ABSENT;
use crate::index::segment::{Column, Segments};

const RECORDS: u32 = 1;
const SLOTS: u32 = 2;
const EVENTS: u32 = 1;

const RECORD_BYTES: usize = 32;

/// One pass over all events handles so many streams and events, so that its memory is bounded. Few in tests, so that
/// a small store needs many passes.
const PASS_STREAMS: usize = if cfg!(test) { 3 } else { 1 << 20 };
const PASS_EVENTS: u64 = if cfg!(test) { 20 } else { 1 << 24 };

/// What a list says of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::index) struct StreamRecord {
    /// Where its events start in the events by stream.
    pub(in crate::index) start: u32,
    pub(in crate::index) events: u32,
    /// Of the first and the last event in fold order.
    pub(in crate::index) first_recorded_at: i64,
    pub(in crate::index) last_recorded_at: i64,
    pub(in crate::index) last_type: u32,
    pub(in crate::index) category: u32,
}

impl StreamRecord {
    fn to_bytes(self) -> [u8; RECORD_BYTES] {
        let mut bytes = [0; RECORD_BYTES];
        bytes[..4].copy_from_slice(&self.start.to_le_bytes());
        bytes[4..8].copy_from_slice(&self.events.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.first_recorded_at.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.last_recorded_at.to_le_bytes());
        bytes[24..28].copy_from_slice(&self.last_type.to_le_bytes());
        bytes[28..].copy_from_slice(&self.category.to_le_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Option<StreamRecord> {
        Some(StreamRecord {
            start: u32_at(bytes, 0)?,
            events: u32_at(bytes, 4)?,
            first_recorded_at: u64_at(bytes, 8)? as i64, // the bits as written
            last_recorded_at: u64_at(bytes, 16)? as i64,
            last_type: u32_at(bytes, 24)?,
            category: u32_at(bytes, 28)?,
        })
    }
}

/// The streams file and the events by stream, opened.
#[derive(Debug)]
pub(in crate::index) struct StreamRecords {
    file: CheckedFile,
    records: Range<usize>,
    slots: Range<usize>,
    events_file: CheckedFile,
    events: Range<usize>,
}

impl StreamRecords {
    pub(in crate::index) fn open(
        folder: &Folder,
        streams: &FileStamp,
        events: &FileStamp,
    ) -> Result<StreamRecords, IndexError> {
        let file = CheckedFile::open(folder, streams)?;
        let events_file = CheckedFile::open(folder, events)?;
        let (records, slots) = (file.section(RECORDS)?, file.section(SLOTS)?);
        let events = events_file.section(EVENTS)?;
        if !(slots.len() / 4).is_power_of_two() {
            return Err(file.damaged("its sections do not fit together"));
        }
        Ok(StreamRecords {
            file,
            records,
            slots,
            events_file,
            events,
        })
    }

    pub(in crate::index) fn stream_count(&self) -> u32 {
        (self.records.len() / RECORD_BYTES) as u32 // ordinals are 32 bits
    }

    pub(in crate::index) fn record(&self, stream: u32) -> Result<StreamRecord, IndexError> {
        let start = self.records.start + stream as usize * RECORD_BYTES;
        let bytes = self.file.bytes(start..start + RECORD_BYTES)?;
        StreamRecord::from_bytes(bytes).ok_or_else(|| self.file.damaged("a stream cannot be read"))
    }

    /// The streams whose hash leads to the same slot, most likely one, in the order in which they are probed.
    pub(in crate::index) fn candidates(&self, hash: u64) -> impl Iterator<Item = Result<u32, IndexError>> + '_ {
        let mask = self.slots.len() / 4 - 1;
        let probes = (0..=mask).map(move |step| {
            let at = self.slots.start + ((hash as usize).wrapping_add(step) & mask) * 4;
            Ok(u32_at(self.file.bytes(at..at + 4)?, 0).unwrap_or(crate::index::table::FREE))
        });
        probes.take_while(|slot| !matches!(slot, Ok(crate::index::table::FREE)))
    }

    /// The events of a stream, in fold order.
    pub(in crate::index) fn events(
        &self,
        record: &StreamRecord,
    ) -> Result<impl ExactSizeIterator<Item = EventIndex> + '_, IndexError> {
        let start = self.events.start + record.start as usize * 4;
        let bytes = self.events_file.bytes(start..start + record.events as usize * 4)?;
        Ok(bytes
            .chunks_exact(4)
            .map(|event| EventIndex(u32_at(event, 0).unwrap_or(0)))) // always four bytes
    }
}

/// A stream while its events pass by in position order.
#[derive(Debug, Clone, Copy)]
struct Running {
    /// Where the next event goes, relative to the pass.
    next: u32,
    last_type: u32,
    last_version: i64,
    first_recorded_at: i64,
    last_recorded_at: i64,
    /// The latest time so far.
    latest: i64,
    /// An event came with a lower version than one before it.
    is_unsorted: bool,
    is_suspicious: bool,
}

/// Writes both files and reports what the checks of `options` find.
#[expect(
    clippy::too_many_arguments,
    reason = "one call, from the one place that has them all at hand"
)]
pub(super) fn write(
    work: &Work<'_>,
    folder: &Folder,
    [streams_name, events_name]: [&str; 2],
    segments: &Segments,
    event_counts: &[u32],
    slots: Vec<u32>,
    options: &BuildOptions,
    findings: &Findings,
) -> Result<(FileStamp, FileStamp), IndexError> {
    let mut streams = CheckedWriter::create(folder, streams_name)?;
    let mut events = CheckedWriter::create(folder, events_name)?;
    streams.begin(RECORDS)?;
    events.begin(EVENTS)?;
    let mut first = 0;
    let mut start = 0;
    while first < event_counts.len() {
        let pass = Pass::new(first, event_counts, segments, options);
        let pass = pass.run(work)?;
        first += pass.running.len();
        start = pass.write(start, &mut streams, &mut events, findings)?;
    }
    streams.begin(SLOTS)?;
    for slot in &slots {
        streams.write(&slot.to_le_bytes())?;
    }
    Ok((streams.finish()?, events.finish()?))
}

struct Pass<'a> {
    first_stream: usize,
    segments: &'a Segments,
    options: &'a BuildOptions,
    counts: &'a [u32],
    running: Vec<Running>,
    events: Vec<u32>,
}

impl<'a> Pass<'a> {
    fn new(first: usize, event_counts: &'a [u32], segments: &'a Segments, options: &'a BuildOptions) -> Pass<'a> {
        let mut events = 0;
        let mut running = Vec::new();
        for count in &event_counts[first..] {
            let is_full = running.len() >= PASS_STREAMS || events + u64::from(*count) > PASS_EVENTS;
            if is_full && !running.is_empty() {
                break;
            }
            running.push(Running {
                next: events as u32, // an index has less than 2^32 events
                last_type: 0,
                last_version: 0,
                first_recorded_at: ABSENT,
                last_recorded_at: ABSENT,
                latest: ABSENT,
                is_unsorted: false,
                is_suspicious: false,
            });
            events += u64::from(*count);
        }
        let counts = &event_counts[first..first + running.len()];
        Pass {
            first_stream: first,
            segments,
            options,
            counts,
            running,
            events: vec![0; events as usize],
        }
    }

    fn run(mut self, work: &Work<'_>) -> Result<Pass<'a>, IndexError> {
        let streams = self.first_stream as i64..(self.first_stream + self.running.len()) as i64;
        let starts: Vec<u32> = self.running.iter().map(|stream| stream.next).collect();
        let (mut ordinals, mut versions, mut types, mut times) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for segment in self.segments.list() {
            work.tick(
                super::SORTING,
                u64::from(segment.first_event),
                Some(u64::from(self.segments.event_count())),
            )?;
            let mut event = segment.first_event;
            for block in 0..segment.block_count() {
                segment.read_block(Column::Stream, block, &mut ordinals)?;
                segment.read_block(Column::Version, block, &mut versions)?;
                segment.read_block(Column::Type, block, &mut types)?;
                segment.read_block(Column::RecordedAt, block, &mut times)?;
                let rows = ordinals.iter().zip(&versions).zip(types.iter().zip(&times));
                for (((ordinal, version), (event_type, recorded_at)), event) in rows.zip(event..) {
                    if streams.contains(ordinal) {
                        let local = (ordinal - streams.start) as usize; // inside the range of this pass
                        let stream = &mut self.running[local];
                        self.events[stream.next as usize] = event;
                        let is_first = stream.next == starts[local];
                        let before = (!is_first).then_some((stream.last_version, stream.latest));
                        stream.is_suspicious |=
                            checks::is_suspicious(before, *version, *recorded_at, self.options.numbering);
                        stream.is_unsorted |= !is_first && *version < stream.last_version;
                        if is_first {
                            stream.first_recorded_at = *recorded_at;
                        }
                        stream.next += 1;
                        stream.last_type = *event_type as u32; // an ordinal
                        stream.last_version = *version;
                        stream.last_recorded_at = *recorded_at;
                        stream.latest = stream.latest.max(*recorded_at);
                    }
                }
                event += ordinals.len() as u32; // at most a block
            }
        }
        Ok(self)
    }

    /// Puts the few streams in order that are not, checks those that need it, and writes all. `start` is how many
    /// events earlier passes wrote; returns it with those of this one.
    fn write(
        mut self,
        start: u32,
        streams: &mut CheckedWriter,
        events: &mut CheckedWriter,
        findings: &Findings,
    ) -> Result<u32, IndexError> {
        let mut from = 0;
        for (local, count) in self.counts.iter().enumerate() {
            let to = from + *count as usize;
            let mut running = self.running[local];
            let own = &mut self.events[from..to];
            if running.is_unsorted {
                sort_by_version(self.segments, own, &mut running)?;
            }
            let (id, category) = self.segments.stream((self.first_stream + local) as u32)?;
            if running.is_suspicious {
                report(self.segments, id, own, self.options, findings)?;
            }
            let record = StreamRecord {
                start: start + from as u32, // an index has less than 2^32 events
                events: *count,
                first_recorded_at: running.first_recorded_at,
                last_recorded_at: running.last_recorded_at,
                last_type: running.last_type,
                category,
            };
            streams.write(&record.to_bytes())?;
            from = to;
        }
        let mut bytes = Vec::with_capacity(1 << 16);
        for part in self.events.chunks(1 << 14) {
            bytes.clear();
            part.iter()
                .for_each(|event| bytes.extend_from_slice(&event.to_le_bytes()));
            events.write(&bytes)?;
        }
        Ok(start + self.events.len() as u32)
    }
}

/// Fold order is the order of versions, and of positions among equals.
fn sort_by_version(segments: &Segments, events: &mut [u32], running: &mut Running) -> Result<(), IndexError> {
    let keyed = events
        .iter()
        .map(|event| Ok((segments.value(Column::Version, EventIndex(*event))?, *event)));
    let mut keyed = keyed.collect::<Result<Vec<(i64, u32)>, IndexError>>()?;
    keyed.sort_unstable();
    for (event, (_, sorted)) in events.iter_mut().zip(keyed) {
        *event = sorted;
    }
    if let (Some(first), Some(last)) = (events.first(), events.last()) {
        running.first_recorded_at = segments.value(Column::RecordedAt, EventIndex(*first))?;
        running.last_recorded_at = segments.value(Column::RecordedAt, EventIndex(*last))?;
        running.last_type = segments.value(Column::Type, EventIndex(*last))? as u32; // an ordinal
    }
    Ok(())
}

fn report(
    segments: &Segments,
    id: &[u8],
    events: &[u32],
    options: &BuildOptions,
    findings: &Findings,
) -> Result<(), IndexError> {
    let checked = events.iter().map(|event| {
        let value = |column| segments.value(column, EventIndex(*event));
        Ok(Checked {
            version: value(Column::Version)?,
            recorded_at: value(Column::RecordedAt)?,
            position: value(Column::Position)?,
        })
    });
    let checked = checked.collect::<Result<Vec<_>, IndexError>>()?;
    checks::check_stream(id, checked.into_iter(), options.numbering, findings);
    Ok(())
}
