//! Events in columns.
//!
//! An adapter fills an [`EventBatch`]; everything above reads it by row. No allocation happens per event: ids and
//! types are ordinals into [`crate::names::Names`], payloads are spans of one arena.

use crate::time::Timestamp;

/// An event's dense number inside one open store, in position order, from 0. Never shown to a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventIndex(pub u32);

/// The store's own place of an event in the whole store. Compared and printed, never computed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position(pub i64);

/// An event's place in its stream, in the store's own numbering (the first is 0 or 1, as the store has it).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(pub i64);

/// A stream's dense number inside one [`crate::names::Names`], from 0 in order of first appearance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamOrdinal(pub u32);

/// An event type's dense number inside one [`crate::names::Names`], from 0 in order of first appearance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TypeOrdinal(pub u32);

/// A byte range of a batch's arena. `None`-like when the store holds NULL: see [`Span::NULL`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub start: u32,
    pub len: u32,
}

impl Span {
    /// The store holds no value here (SQL NULL, an absent member).
    pub const NULL: Span = Span {
        start: u32::MAX,
        len: 0,
    };

    pub fn is_null(self) -> bool {
        self.start == u32::MAX
    }
}

/// What the bytes of a payload are, after the layout's decode steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// JSON text. Not yet checked: a reader that parses it may still find it malformed.
    Json,
    /// Text that is not JSON (YAML, XML): shown as text, never folded.
    Text,
    /// Bytes that no decode step of the layout could open (encrypted, unknown format): undecodable.
    Opaque,
}

/// Which columns a reader is asked to fill beside the skeleton (position, stream, version, type, recorded time).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Columns {
    pub payload: bool,
    pub metadata: bool,
    /// Event id, correlation id, causation id, schema version, occurred time.
    pub envelope: bool,
    /// The whole row as the store holds it ([`crate::row`]).
    pub row: bool,
}

impl Columns {
    pub const SKELETON: Columns = Columns {
        payload: false,
        metadata: false,
        envelope: false,
        row: false,
    };
    pub const PAYLOAD: Columns = Columns {
        payload: true,
        metadata: false,
        envelope: false,
        row: false,
    };
    /// All parts of an event; not the row that they were made of.
    pub const ALL: Columns = Columns {
        payload: true,
        metadata: true,
        envelope: true,
        row: false,
    };
}

/// Events in columns. All filled columns have `len()` rows; a column that was not asked for is empty.
#[derive(Debug, Default)]
pub struct EventBatch {
    pub positions: Vec<Position>,
    pub streams: Vec<StreamOrdinal>,
    /// Rows that carry no version in the store (a NULL) get [`EventBatch::NO_VERSION`].
    pub versions: Vec<Version>,
    pub types: Vec<TypeOrdinal>,
    /// [`Timestamp::NONE`] where the store has no time or it could not be read.
    pub recorded_at: Vec<Timestamp>,

    pub payloads: Vec<Span>,
    pub payload_encodings: Vec<Encoding>,
    pub metadata: Vec<Span>,

    pub event_ids: Vec<Span>,
    pub correlation_ids: Vec<Span>,
    pub causation_ids: Vec<Span>,
    pub schema_versions: Vec<Span>,
    pub occurred_at: Vec<Timestamp>,

    /// The columns of each row ([`crate::row`]).
    pub rows: Vec<Span>,

    /// The bytes that all spans point into. At most `u32::MAX - 1` bytes: a reader ends the batch before.
    pub arena: Vec<u8>,
}

impl EventBatch {
    pub const NO_VERSION: Version = Version(i64::MIN);

    pub fn len(&self) -> usize {
        self.positions.len()
    }

    pub fn is_empty(&self) -> bool {
        self.positions.is_empty()
    }

    /// Empties all columns and keeps their memory.
    pub fn clear(&mut self) {
        self.positions.clear();
        self.streams.clear();
        self.versions.clear();
        self.types.clear();
        self.recorded_at.clear();
        self.payloads.clear();
        self.payload_encodings.clear();
        self.metadata.clear();
        self.event_ids.clear();
        self.correlation_ids.clear();
        self.causation_ids.clear();
        self.schema_versions.clear();
        self.occurred_at.clear();
        self.rows.clear();
        self.arena.clear();
    }

    /// Copies `bytes` into the arena.
    ///
    /// # Panics
    /// When the arena would pass `u32::MAX - 1` bytes. Readers check [`EventBatch::has_room_for`] first.
    pub fn store(&mut self, bytes: &[u8]) -> Span {
        assert!(self.has_room_for(bytes.len()), "a batch's arena holds less than 4 GiB");
        let span = Span {
            start: self.arena.len() as u32,
            len: bytes.len() as u32,
        };
        self.arena.extend_from_slice(bytes);
        span
    }

    pub fn has_room_for(&self, byte_count: usize) -> bool {
        self.arena.len().saturating_add(byte_count) < u32::MAX as usize
    }

    /// The bytes of a span, or `None` where the store holds no value.
    pub fn bytes(&self, span: Span) -> Option<&[u8]> {
        if span.is_null() {
            return None;
        }
        let start = span.start as usize;
        self.arena.get(start..start + span.len as usize)
    }

    /// Appends an event, which may be of another batch, with these of its columns.
    ///
    /// # Panics
    /// As [`EventBatch::store`], for the sum of its parts.
    pub fn push(&mut self, event: &EventView<'_>, columns: Columns) {
        let mut keep = |part: Option<&[u8]>| part.map_or(Span::NULL, |part| self.store(part));
        let payload = columns.payload.then(|| keep(event.payload));
        let metadata = columns.metadata.then(|| keep(event.metadata));
        let ids = [
            event.event_id,
            event.correlation_id,
            event.causation_id,
            event.schema_version,
        ];
        let ids = columns.envelope.then(|| ids.map(&mut keep));
        let row = columns.row.then(|| keep(event.row));
        self.positions.push(event.position);
        self.streams.push(event.stream);
        self.versions.push(event.version);
        self.types.push(event.event_type);
        self.recorded_at.push(event.recorded_at);
        self.payloads.extend(payload);
        self.payload_encodings.extend(payload.map(|_| event.encoding));
        self.metadata.extend(metadata);
        if let Some([event_id, correlation_id, causation_id, schema_version]) = ids {
            self.event_ids.push(event_id);
            self.correlation_ids.push(correlation_id);
            self.causation_ids.push(causation_id);
            self.schema_versions.push(schema_version);
            self.occurred_at.push(event.occurred_at);
        }
        self.rows.extend(row);
    }

    /// One row, for code that handles events singly. `row < self.len()`, and the payload column must be filled.
    pub fn event(&self, row: usize) -> EventView<'_> {
        EventView {
            position: self.positions[row],
            stream: self.streams[row],
            version: self.versions[row],
            event_type: self.types[row],
            recorded_at: self.recorded_at[row],
            payload: self.payloads.get(row).and_then(|span| self.bytes(*span)),
            encoding: self.payload_encodings.get(row).copied().unwrap_or(Encoding::Opaque),
            metadata: self.metadata.get(row).and_then(|span| self.bytes(*span)),
            event_id: self.event_ids.get(row).and_then(|span| self.bytes(*span)),
            correlation_id: self.correlation_ids.get(row).and_then(|span| self.bytes(*span)),
            causation_id: self.causation_ids.get(row).and_then(|span| self.bytes(*span)),
            schema_version: self.schema_versions.get(row).and_then(|span| self.bytes(*span)),
            occurred_at: self.occurred_at.get(row).copied().unwrap_or(Timestamp::NONE),
            row: self.rows.get(row).and_then(|span| self.bytes(*span)),
        }
    }
}

/// One event of a batch. A borrowed view: it costs nothing to make.
#[derive(Debug, Clone, Copy)]
pub struct EventView<'a> {
    pub position: Position,
    pub stream: StreamOrdinal,
    pub version: Version,
    pub event_type: TypeOrdinal,
    pub recorded_at: Timestamp,
    pub payload: Option<&'a [u8]>,
    pub encoding: Encoding,
    pub metadata: Option<&'a [u8]>,
    pub event_id: Option<&'a [u8]>,
    pub correlation_id: Option<&'a [u8]>,
    pub causation_id: Option<&'a [u8]>,
    pub schema_version: Option<&'a [u8]>,
    pub occurred_at: Timestamp,
    /// The row that it was made of, where that was asked for ([`crate::row`]).
    pub row: Option<&'a [u8]>,
}

impl EventView<'_> {
    /// What [`EventBatch::push`] needs room for at most.
    pub fn byte_count(&self) -> usize {
        let parts = [self.payload, self.metadata, self.row];
        let ids = [
            self.event_id,
            self.correlation_id,
            self.causation_id,
            self.schema_version,
        ];
        parts.iter().chain(&ids).flatten().map(|part| part.len()).sum()
    }
}
