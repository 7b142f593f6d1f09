//! Chunks: what one worker read of one range of positions, on its way into a segment.

use refold_core::event::{EventBatch, StreamOrdinal, TypeOrdinal};
use refold_core::finding::Findings;
use refold_core::names::Names;

use super::manifest::StoredFinding;

/// Rows of a chunk, about: a batch is not cut. Few in tests, so that a small store has many chunks.
pub(super) const CHUNK_ROWS: usize = if cfg!(test) { 7 } else { 1 << 17 };

/// A worker forgets its names when they are so many, so that many streams do not fill the memory.
const NAMES_KEPT: u32 = if cfg!(test) { 4 } else { 1 << 19 };

/// Events with ordinals of the worker that read them, and the names that its earlier chunks did not bring.
#[derive(Debug, Default)]
pub(super) struct Chunk {
    pub(super) worker: usize,
    /// The worker has forgotten its names before: its ordinals start again at 0.
    pub(super) starts_names: bool,
    /// Id and category of each new stream.
    pub(super) streams: NameList,
    pub(super) categories: NameList,
    pub(super) types: NameList,
    pub(super) events: EventBatch,
    pub(super) findings: Vec<StoredFinding>,
}

/// Byte strings in one arena.
#[derive(Debug, Default)]
pub(super) struct NameList {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl NameList {
    fn push(&mut self, name: &[u8]) {
        self.bytes.extend_from_slice(name);
        self.ends.push(self.bytes.len());
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| &self.bytes[start..*end])
    }
}

/// Of each code the first findings in words, and of all where they are.
pub(super) fn all_places() -> Findings {
    Findings::marking(Findings::KEPT_PER_CODE)
}

/// Gathers batches into chunks.
#[derive(Debug)]
pub(super) struct Gatherer {
    worker: usize,
    pub(super) names: Names,
    pub(super) findings: Findings,
    known_streams: u32,
    known_types: u32,
    starts_names: bool,
    events: EventBatch,
}

impl Gatherer {
    pub(super) fn new(worker: usize) -> Gatherer {
        Gatherer {
            worker,
            names: Names::default(),
            findings: all_places(),
            known_streams: 0,
            known_types: 0,
            starts_names: true,
            events: EventBatch::default(),
        }
    }

    /// Adds the skeleton of a batch whose ordinals are of `self.names`.
    pub(super) fn add(&mut self, batch: &EventBatch) {
        self.events.positions.extend_from_slice(&batch.positions);
        self.events.streams.extend_from_slice(&batch.streams);
        self.events.versions.extend_from_slice(&batch.versions);
        self.events.types.extend_from_slice(&batch.types);
        self.events.recorded_at.extend_from_slice(&batch.recorded_at);
    }

    pub(super) fn is_full(&self) -> bool {
        self.events.len() >= CHUNK_ROWS
    }

    /// What was gathered since the last time.
    pub(super) fn take(&mut self) -> Chunk {
        let mut chunk = Chunk {
            worker: self.worker,
            starts_names: self.starts_names,
            events: std::mem::take(&mut self.events),
            findings: StoredFinding::all_of(&std::mem::replace(&mut self.findings, all_places())),
            ..Chunk::default()
        };
        for ordinal in self.known_streams..self.names.stream_count() {
            chunk.streams.push(self.names.stream(StreamOrdinal(ordinal)));
            chunk.categories.push(self.names.category(StreamOrdinal(ordinal)));
        }
        for ordinal in self.known_types..self.names.type_count() {
            chunk.types.push(self.names.type_name(TypeOrdinal(ordinal)));
        }
        self.known_streams = self.names.stream_count();
        self.known_types = self.names.type_count();
        self.starts_names = self.known_streams > NAMES_KEPT;
        if self.starts_names {
            self.names = Names::default();
            self.known_streams = 0;
            self.known_types = 0;
        }
        chunk
    }
}
