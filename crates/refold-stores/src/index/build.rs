//! Building: reads what the index does not hold yet, in position order, by several threads, into segments.
//!
//! Workers read ranges of positions; their chunks are put in order and written by whoever brings the next one. After
//! each finished segment the manifest is written, so that a killed build goes on from there.

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use refold_core::event::{Columns, EventBatch, Position};
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::port::store::{Direction, EventStore, Fingerprint, ReadQuery, Scope};
use refold_core::time::Timestamp;
use refold_core::work::Work;

use super::Index;
use super::arena;
use super::chunk::{Chunk, Gatherer};
use super::derive;
use super::error::IndexError;
use super::folder::Folder;
use super::manifest::{Manifest, StoredFinding};
use super::segment::{Column, Rows, SEGMENT_ROWS, SegmentWriter, Segments};
use super::table::NameTable;

const PHASE: &str = "reading events";
/// Few in tests, so that a small store has many batches.
const BATCH_ROWS: usize = if cfg!(test) { 3 } else { 8192 };
/// Events of one range of positions when several threads read, about.
const RANGE_ROWS: u64 = 1 << 19;
/// Chunks that wait for their turn, at most.
const WAITING_CHUNKS: usize = if cfg!(test) { 2 } else { 16 };
/// Ids that a segment brings, at most, before it is finished early.
const SEGMENT_ID_BYTES: usize = 1 << 28;
/// How many of the last events are compared with the store before an index is continued.
const COMPARED_ROWS: u32 = 512;

/// How to build.
#[derive(Debug, Clone)]
pub struct BuildOptions {
    /// How many threads read the store.
    pub threads: usize,
    /// Recorded times after this are implausible: a finding.
    pub now: Timestamp,
    /// The version of a stream's first event, if the store says so: a later one is a gap.
    pub version_base: Option<i64>,
    /// How many events make a segment: [`BuildOptions::SEGMENT_ROWS`], less only in tests.
    pub segment_rows: u32,
}

impl BuildOptions {
    pub const SEGMENT_ROWS: u32 = SEGMENT_ROWS;
}

/// Brings the index of `store` up to date and opens it: builds it, goes on with a build that was killed, or adds the
/// events that are new. `cache` is the application's cache folder.
///
/// Cancelling keeps the finished segments and leaves nothing else.
pub fn build(
    work: &Work<'_>,
    store: &dyn EventStore,
    cache: &Path,
    options: &BuildOptions,
) -> Result<Index, IndexError> {
    let fingerprint = store.fingerprint()?;
    build_in(
        work,
        store,
        &Folder::of(cache, &fingerprint.identity),
        &fingerprint,
        options,
    )
}

pub(super) fn build_in(
    work: &Work<'_>,
    store: &dyn EventStore,
    folder: &Folder,
    fingerprint: &Fingerprint,
    options: &BuildOptions,
) -> Result<Index, IndexError> {
    let _lock = folder.lock()?;
    let manifest = Manifest::read(folder, &fingerprint.identity)?;
    let outcome = match manifest {
        Some(manifest) => match bring_up_to_date(work, store, folder, fingerprint, options, manifest) {
            Ok(None) | Err(IndexError::Damaged { .. }) => None,
            Ok(Some(index)) => Some(Ok(index)),
            Err(error) => Some(Err(error)),
        },
        None => None,
    };
    let outcome = outcome.unwrap_or_else(|| {
        let empty = Manifest::empty(&fingerprint.identity);
        // A manifest that a newer build must not find beside files it did not write.
        folder.remove_all_but(|_| false)?;
        go_on(work, store, folder, fingerprint, options, empty)
    });
    if outcome.is_err() {
        // What a cancelled or failed build left without a name; nobody else writes while the lock is held.
        if let Ok(Some(manifest)) = Manifest::read(folder, &fingerprint.identity) {
            folder.remove_all_but(|name| manifest.names(name) || arena::owns(name))?;
        } else {
            folder.remove_all_but(|_| false)?;
        }
    }
    outcome
}

/// `None` when what is there does not fit the store and must be thrown away.
fn bring_up_to_date(
    work: &Work<'_>,
    store: &dyn EventStore,
    folder: &Folder,
    fingerprint: &Fingerprint,
    options: &BuildOptions,
    manifest: Manifest,
) -> Result<Option<Index>, IndexError> {
    if manifest.derived.is_some() && manifest.change_token == fingerprint.change_token {
        return Index::of_manifest(folder, manifest).map(Some);
    }
    let segments = Segments::open(folder, &manifest.segments)?;
    let has_shrunk = match (segments.last_position(), fingerprint.last_position) {
        (Some(indexed), Some(last)) => last.0 < indexed,
        (Some(_), None) | (None, _) => false,
    };
    if has_shrunk || !ends_like(work, store, &segments)? {
        return Ok(None);
    }
    drop(segments);
    go_on(work, store, folder, fingerprint, options, manifest).map(Some)
}

/// Whether the last indexed events are still what the store holds at their positions.
fn ends_like(work: &Work<'_>, store: &dyn EventStore, segments: &Segments) -> Result<bool, IndexError> {
    let count = segments.event_count();
    let first = count.saturating_sub(COMPARED_ROWS);
    let Some(last) = segments.last_position() else {
        return Ok(true);
    };
    let after = match first.checked_sub(1) {
        Some(before) => Some(Position(
            segments.value(Column::Position, refold_core::event::EventIndex(before))?,
        )),
        None => None,
    };
    let scope = Scope::All {
        after,
        up_to: Some(Position(last)),
    };
    let mut reader = store.read(&ReadQuery {
        scope,
        direction: Direction::Forward,
        columns: Columns::SKELETON,
    })?;
    let (mut batch, mut names, findings) = (EventBatch::default(), Names::default(), Findings::default());
    let mut event = first;
    while reader.next_batch(work, BATCH_ROWS, &mut batch, &mut names, &findings)? {
        for row in 0..batch.len() {
            if event == count {
                return Ok(false);
            }
            let value = |column| segments.value(column, refold_core::event::EventIndex(event));
            let stream = u32::try_from(value(Column::Stream)?).unwrap_or(u32::MAX);
            let is_same = value(Column::Position)? == batch.positions[row].0
                && value(Column::Version)? == batch.versions[row].0
                && value(Column::RecordedAt)? == batch.recorded_at[row].0
                && segments.stream(stream)?.0 == names.stream(batch.streams[row]);
            if !is_same {
                return Ok(false);
            }
            event += 1;
        }
        batch.clear();
    }
    Ok(event == count)
}

/// Reads what is missing behind the segments of `manifest`, makes the rest and opens the index.
fn go_on(
    work: &Work<'_>,
    store: &dyn EventStore,
    folder: &Folder,
    fingerprint: &Fingerprint,
    options: &BuildOptions,
    mut manifest: Manifest,
) -> Result<Index, IndexError> {
    manifest.generation += 1;
    manifest.change_token = String::new(); // until it is complete, it stands for no state of the store
    let ranges = missing_ranges(
        store,
        fingerprint,
        options,
        manifest.segments.last().map(|last| last.last_position),
    )?;
    let mut sink = Sink::new(folder, manifest, options)?;
    if !ranges.is_empty() {
        sink.reopen_tail()?;
        sink = read_ranges(work, store, options, &ranges, sink)?;
    }
    let (mut manifest, segments, table, trailing_findings) = sink.finish()?;
    let mut derived = derive::write(work, folder, &manifest, &segments, table, options)?;
    StoredFinding::merge(&mut derived.findings, trailing_findings);
    manifest.derived = Some(derived);
    manifest.change_token.clone_from(&fingerprint.change_token);
    work.check()?;
    manifest.write(folder)?;
    folder.remove_all_but(|name| manifest.names(name) || arena::owns(name))?;
    Index::of_manifest(folder, manifest)
}

type PositionRange = (Option<Position>, Option<Position>);

/// The ranges `(after, up_to]` behind the last indexed position.
fn missing_ranges(
    store: &dyn EventStore,
    fingerprint: &Fingerprint,
    options: &BuildOptions,
    indexed: Option<i64>,
) -> Result<Vec<PositionRange>, IndexError> {
    let end = fingerprint.last_position;
    let indexed = indexed.map(Position);
    if indexed.is_some() && indexed == end {
        return Ok(Vec::new());
    }
    if options.threads <= 1 {
        return Ok(vec![(indexed, end)]);
    }
    let events = store.describe().event_count.unwrap_or(RANGE_ROWS);
    let parts = usize::try_from(events / RANGE_ROWS)
        .unwrap_or(usize::MAX)
        .clamp(options.threads, 4096);
    let mut ranges: Vec<PositionRange> = Vec::new();
    for (after, up_to) in store.split(parts)? {
        let after = after.max(indexed);
        let up_to = match (up_to, end) {
            (Some(up_to), Some(end)) => Some(up_to.min(end)),
            (up_to, end) => up_to.or(end),
        };
        let is_empty = matches!((after, up_to), (Some(after), Some(up_to)) if up_to <= after);
        if !is_empty {
            ranges.push((after, up_to));
        }
    }
    // The store may have grown between the fingerprint and the split: the last range ends where the fingerprint does.
    match ranges.last_mut() {
        Some(last) => last.1 = end,
        None => ranges.push((indexed, end)),
    }
    Ok(ranges)
}

fn read_ranges<'a>(
    work: &Work<'_>,
    store: &dyn EventStore,
    options: &BuildOptions,
    ranges: &[PositionRange],
    sink: Sink<'a>,
) -> Result<Sink<'a>, IndexError> {
    let gate = Gate::new(sink);
    let reading = Reading {
        work,
        store,
        ranges,
        gate: &gate,
        next_range: AtomicUsize::new(0),
        events: AtomicU64::new(u64::from(gate.lock().sink.event_count())),
        total: store.describe().event_count,
    };
    std::thread::scope(|scope| {
        for worker in 1..options.threads.min(ranges.len()) {
            let thread = std::thread::Builder::new().name(format!("refold-index-{worker}"));
            let reading = &reading;
            if thread.spawn_scoped(scope, move || reading.run(worker)).is_err() {
                break; // fewer threads are as right, only slower
            }
        }
        reading.run(0);
    });
    gate.into_sink()
}

/// What the workers share.
struct Reading<'a, 'b> {
    work: &'a Work<'a>,
    store: &'a dyn EventStore,
    ranges: &'a [PositionRange],
    gate: &'a Gate<'b>,
    next_range: AtomicUsize,
    events: AtomicU64,
    total: Option<u64>,
}

impl Reading<'_, '_> {
    fn run(&self, worker: usize) {
        let mut gatherer = Gatherer::new(worker);
        let mut batch = EventBatch::default();
        while let Some((range, bounds)) = self.take_range() {
            if let Err(error) = self.read_range(range, *bounds, &mut gatherer, &mut batch) {
                self.gate.fail(error);
                return;
            }
        }
    }

    fn take_range(&self) -> Option<(usize, &PositionRange)> {
        let range = self.next_range.fetch_add(1, Ordering::Relaxed);
        self.ranges.get(range).map(|bounds| (range, bounds))
    }

    fn read_range(
        &self,
        range: usize,
        (after, up_to): PositionRange,
        gatherer: &mut Gatherer,
        batch: &mut EventBatch,
    ) -> Result<(), IndexError> {
        let scope = Scope::All { after, up_to };
        let query = ReadQuery {
            scope,
            direction: Direction::Forward,
            columns: Columns::SKELETON,
        };
        let mut reader = self.store.read(&query)?;
        loop {
            batch.clear();
            if !reader.next_batch(self.work, BATCH_ROWS, batch, &mut gatherer.names, &gatherer.findings)? {
                self.gate.deliver(range, gatherer.take(), true)?;
                return Ok(());
            }
            let events = self.events.fetch_add(batch.len() as u64, Ordering::Relaxed) + batch.len() as u64;
            self.work.tick(PHASE, events, self.total)?;
            gatherer.add(batch);
            if gatherer.is_full() {
                self.gate.deliver(range, gatherer.take(), false)?;
            }
        }
    }
}

/// Lets chunks through in the order of their ranges.
struct Gate<'a> {
    state: Mutex<GateState<'a>>,
    turned: Condvar,
}

struct GateState<'a> {
    sink: Sink<'a>,
    /// The range whose chunks are written as they come.
    turn: usize,
    /// Chunks of later ranges, and whether each is the last of its range.
    waiting: BTreeMap<usize, VecDeque<(Chunk, bool)>>,
    waiting_count: usize,
    failure: Option<IndexError>,
    is_over: bool,
}

impl<'a> Gate<'a> {
    fn new(sink: Sink<'a>) -> Gate<'a> {
        let state = GateState {
            sink,
            turn: 0,
            waiting: BTreeMap::new(),
            waiting_count: 0,
            failure: None,
            is_over: false,
        };
        Gate {
            state: Mutex::new(state),
            turned: Condvar::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, GateState<'a>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes the chunk if it is its range's turn, else keeps it; waits while too many are kept. The worker of the
    /// range whose turn it is never waits, so that there is always one who goes on.
    fn deliver(&self, range: usize, chunk: Chunk, is_last: bool) -> Result<(), IndexError> {
        let mut state = self.lock();
        while !state.is_over && range != state.turn && state.waiting_count >= WAITING_CHUNKS {
            state = self.turned.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.is_over {
            return Err(refold_core::work::Cancelled.into()); // another worker failed: its error counts, not this one
        }
        state.waiting.entry(range).or_default().push_back((chunk, is_last));
        state.waiting_count += 1;
        let turn_before = state.turn;
        state.write_those_in_turn()?;
        if state.turn != turn_before {
            self.turned.notify_all();
        }
        Ok(())
    }

    fn fail(&self, error: IndexError) {
        let mut state = self.lock();
        if !state.is_over {
            state.failure = Some(error);
            state.is_over = true;
        }
        self.turned.notify_all();
    }

    fn into_sink(self) -> Result<Sink<'a>, IndexError> {
        let state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        match state.failure {
            Some(error) => Err(error),
            None => Ok(state.sink),
        }
    }
}

impl GateState<'_> {
    fn write_those_in_turn(&mut self) -> Result<(), IndexError> {
        while let Some((chunk, is_last)) = self.waiting.get_mut(&self.turn).and_then(VecDeque::pop_front) {
            self.waiting_count -= 1;
            self.sink.write(&chunk)?;
            if is_last {
                self.waiting.remove(&self.turn);
                self.turn += 1;
            }
        }
        Ok(())
    }
}

/// Turns chunks, in order, into segments.
struct Sink<'a> {
    folder: &'a Folder,
    manifest: Manifest,
    segment_rows: u32,
    segments: Segments,
    table: NameTable,
    writer: Option<SegmentWriter>,
    /// Findings that go into the segment that is being written.
    findings: Vec<StoredFinding>,
    /// For each worker, its ordinals as ordinals of the index.
    ordinals: Vec<Ordinals>,
    rows: Rows,
    last_position: Option<i64>,
}

#[derive(Debug, Default)]
struct Ordinals {
    streams: Vec<u32>,
    types: Vec<u32>,
}

impl<'a> Sink<'a> {
    fn new(folder: &'a Folder, manifest: Manifest, options: &BuildOptions) -> Result<Sink<'a>, IndexError> {
        let segments = Segments::open(folder, &manifest.segments)?;
        Ok(Sink {
            folder,
            table: NameTable::of(&segments)?,
            last_position: segments.last_position(),
            segments,
            manifest,
            segment_rows: options.segment_rows,
            writer: None,
            findings: Vec::new(),
            ordinals: (0..options.threads.max(1)).map(|_| Ordinals::default()).collect(),
            rows: Rows::default(),
        })
    }

    fn event_count(&self) -> u32 {
        self.segments.event_count() + self.writer.as_ref().map_or(0, SegmentWriter::rows)
    }

    /// Takes the last segment apart if it is small, so that a store that grows often has not many small ones. Its
    /// file stays until the manifest no longer names it.
    fn reopen_tail(&mut self) -> Result<(), IndexError> {
        let Some(last) = self.manifest.segments.last() else {
            return Ok(());
        };
        if last.rows >= self.segment_rows / 2 {
            return Ok(());
        }
        let before = &self.manifest.segments[..self.manifest.segments.len() - 1];
        let shortened = Segments::open(self.folder, before)?;
        let all = std::mem::replace(&mut self.segments, shortened);
        self.table = NameTable::of(&self.segments)?;
        self.manifest.segments.pop();
        let Some(tail) = all.list().last() else { return Ok(()) };
        for local in 0..tail.stream_count {
            let (id, category) = tail.stream(local)?;
            let category = all
                .list()
                .iter()
                .flat_map(|segment| &segment.categories)
                .nth(category as usize);
            self.table
                .intern_stream(&self.segments, id, category.map_or(&[], |name| name))?;
        }
        for name in &tail.types {
            self.table.intern_type(name);
        }
        self.findings.clone_from(&tail.findings);
        let mut values = Vec::new();
        for block in 0..tail.block_count() {
            let columns = [
                Column::Stream,
                Column::Version,
                Column::Type,
                Column::RecordedAt,
                Column::Position,
            ];
            for column in columns {
                tail.read_block(column, block, &mut values)?;
                self.rows.columns[column as usize].clone_from(&values);
            }
            self.push_rows()?;
        }
        Ok(())
    }

    fn write(&mut self, chunk: &Chunk) -> Result<(), IndexError> {
        let rows = chunk.events.len() as u32; // a chunk is far smaller than 2^32
        let is_full = self.writer.as_ref().is_some_and(|writer| {
            writer.rows() + rows > self.segment_rows || self.table.fresh_id_bytes() > SEGMENT_ID_BYTES
        });
        if is_full {
            self.finish_segment()?;
        }
        if self
            .event_count()
            .checked_add(rows)
            .is_none_or(|events| events == u32::MAX)
        {
            return Err(IndexError::TooLarge { what: "events" });
        }
        let ordinals = &mut self.ordinals[chunk.worker];
        if chunk.starts_names {
            ordinals.streams.clear();
            ordinals.types.clear();
        }
        for (id, category) in chunk.streams.iter().zip(chunk.categories.iter()) {
            ordinals
                .streams
                .push(self.table.intern_stream(&self.segments, id, category)?);
        }
        ordinals
            .types
            .extend(chunk.types.iter().map(|name| self.table.intern_type(name)));
        let events = &chunk.events;
        self.rows.clear();
        for row in 0..events.len() {
            let position = events.positions[row].0;
            if self.last_position.is_some_and(|last| last >= position) {
                return Err(IndexError::Unordered {
                    position: Position(position),
                });
            }
            self.last_position = Some(position);
            // The worker's names brought every ordinal that its rows use.
            let stream = ordinals.streams[events.streams[row].0 as usize];
            let event_type = ordinals.types[events.types[row].0 as usize];
            self.rows.push(
                stream,
                events.versions[row].0,
                event_type,
                events.recorded_at[row].0,
                position,
            );
        }
        StoredFinding::merge(&mut self.findings, chunk.findings.clone());
        self.push_rows()
    }

    fn push_rows(&mut self) -> Result<(), IndexError> {
        if self.rows.len() == 0 {
            return Ok(());
        }
        let mut writer = match self.writer.take() {
            Some(writer) => writer,
            None => self.create_writer()?,
        };
        writer.push(&self.rows)?;
        self.writer = Some(writer);
        Ok(())
    }

    fn create_writer(&self) -> Result<SegmentWriter, IndexError> {
        let name = format!("segment-{}-{}", self.manifest.generation, self.manifest.segments.len());
        SegmentWriter::create(self.folder, &name)
    }

    fn finish_segment(&mut self) -> Result<(), IndexError> {
        let Some(writer) = self.writer.take() else {
            return Ok(());
        };
        let findings = std::mem::take(&mut self.findings);
        let entry = writer.finish(&self.table.take_fresh(), &findings)?;
        self.segments.push(self.folder, &entry)?;
        self.manifest.segments.push(entry);
        self.manifest.derived = None;
        self.manifest.write(self.folder)
    }

    /// Also returns what was found behind the last event: it belongs to no segment, and is found again by whoever
    /// reads on from there.
    fn finish(mut self) -> Result<(Manifest, Segments, NameTable, Vec<StoredFinding>), IndexError> {
        self.finish_segment()?;
        Ok((self.manifest, self.segments, self.table, self.findings))
    }
}
