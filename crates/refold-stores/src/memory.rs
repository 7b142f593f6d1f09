//! An event store in memory: the simplest adapter, for tests and for events that no file holds.
//!
//! It keeps the contract of the port to the letter, so that whatever is built on the port can be tried on it.

use refold_core::event::{Encoding, EventBatch, Position, Span, Version};
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::port::store::{
    Direction, EventReader, EventStore, Fingerprint, OrderQuality, RawColumn, ReadQuery, Scope, StoreDescription,
    StoreError, Unsettled,
};
use refold_core::time::Timestamp;
use refold_core::work::Work;

/// One event: skeleton, payload and metadata. It has no envelope, so that those columns of a batch come out empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemoryEvent {
    pub position: Position,
    pub stream: Vec<u8>,
    pub category: Vec<u8>,
    pub version: Version,
    pub event_type: Vec<u8>,
    pub recorded_at: Timestamp,
    pub payload: Option<Vec<u8>>,
    pub encoding: Encoding,
    pub metadata: Option<Vec<u8>>,
}

/// Events in ascending position.
#[derive(Debug, Clone)]
pub struct MemoryStore {
    events: Vec<MemoryEvent>,
    fingerprint: Fingerprint,
    description: StoreDescription,
    /// [`EventStore::split`] gives at least so many ranges.
    least_ranges: usize,
}

impl MemoryStore {
    /// `identity` names the store. `events` are put in the order of their positions, which must differ.
    pub fn new(identity: &str, mut events: Vec<MemoryEvent>) -> MemoryStore {
        events.sort_by_key(|event| event.position);
        let description = StoreDescription {
            kind: "Memory".to_owned(),
            layout: "memory".to_owned(),
            layout_title: "Events in memory".to_owned(),
            evidence: Vec::new(),
            order: OrderQuality::Total,
            grows_at_end: true,
            version_base: None,
            skips_versions: false,
            time_digits: 9,
            time_zone: "UTC".to_owned(),
            has_stream_index: true,
            opened: None,
            read_only: vec!["nothing can be written to it".to_owned()],
            byte_count: None,
            position_span: events
                .first()
                .zip(events.last())
                .map(|(first, last)| (first.position, last.position)),
            event_count: Some(events.len() as u64),
            count_is_exact: true,
            own_chain: None,
            follows_another: false,
            is_elevated: false,
            unsettled: None,
        };
        let fingerprint = Fingerprint {
            identity: identity.to_owned(),
            last_position: events.last().map(|event| event.position),
            change_token: events.len().to_string(),
        };
        MemoryStore {
            events,
            fingerprint,
            description,
            least_ranges: 1,
        }
    }

    /// Says that its content changed, in a way other than by the number of events.
    pub fn with_change_token(mut self, change_token: &str) -> MemoryStore {
        change_token.clone_into(&mut self.fingerprint.change_token);
        self
    }

    /// Splits into at least so many ranges, as a store of many small partitions would.
    pub fn with_ranges(mut self, least_ranges: usize) -> MemoryStore {
        self.least_ranges = least_ranges;
        self
    }

    /// Says that versions of its streams may be left out.
    pub fn skipping_versions(mut self) -> MemoryStore {
        self.description.skips_versions = true;
        self
    }

    /// Says that its end is not shown.
    pub fn with_unsettled(mut self, unsettled: Unsettled) -> MemoryStore {
        self.description.unsettled = Some(unsettled);
        self
    }

    pub fn events(&self) -> &[MemoryEvent] {
        &self.events
    }

    fn find(&self, position: Position) -> Option<usize> {
        self.events.binary_search_by_key(&position, |event| event.position).ok()
    }
}

impl EventStore for MemoryStore {
    fn describe(&self) -> &StoreDescription {
        &self.description
    }

    fn fingerprint(&self) -> Result<Fingerprint, StoreError> {
        Ok(self.fingerprint.clone())
    }

    fn is_current(&self) -> Result<bool, StoreError> {
        Ok(true)
    }

    fn read(&self, query: &ReadQuery) -> Result<Box<dyn EventReader>, StoreError> {
        let mut chosen: Vec<usize> = match &query.scope {
            Scope::All { after, up_to } => {
                let start = after.map_or(0, |after| self.events.partition_point(|event| event.position <= after));
                let end = up_to.map_or(self.events.len(), |up_to| {
                    self.events.partition_point(|event| event.position <= up_to)
                });
                (start..end.max(start)).collect()
            }
            Scope::Stream { id, from, to } => {
                let has_bound = from.is_some() || to.is_some();
                let of_stream = |event: &MemoryEvent| {
                    event.stream == *id
                        && !(has_bound && event.version == EventBatch::NO_VERSION)
                        && from.is_none_or(|from| event.version >= from)
                        && to.is_none_or(|to| event.version <= to)
                };
                let mut rows: Vec<usize> = (0..self.events.len())
                    .filter(|row| of_stream(&self.events[*row]))
                    .collect();
                rows.sort_by_key(|row| self.events[*row].version);
                rows
            }
            Scope::Positions(positions) => positions.iter().filter_map(|position| self.find(*position)).collect(),
        };
        let has_order_of_its_own = matches!(query.scope, Scope::Positions(_));
        if query.direction == Direction::Backward && !has_order_of_its_own {
            chosen.reverse();
        }
        let events = chosen.into_iter().map(|row| self.events[row].clone()).collect();
        Ok(Box::new(MemoryReader {
            events,
            next: 0,
            query: query.clone(),
        }))
    }

    fn split(&self, parts: usize) -> Result<Vec<(Option<Position>, Option<Position>)>, StoreError> {
        let parts = parts.max(self.least_ranges).clamp(1, self.events.len().max(1));
        let cut = |part: usize| {
            let end = part * self.events.len() / parts;
            end.checked_sub(1).map(|last| self.events[last].position)
        };
        let ranges = (0..parts).map(|part| (cut(part), if part + 1 == parts { None } else { cut(part + 1) }));
        Ok(ranges.collect())
    }

    fn raw(&self, position: Position) -> Result<Option<Vec<RawColumn>>, StoreError> {
        let Some(row) = self.find(position) else {
            return Ok(None);
        };
        let event = &self.events[row];
        let column = |name: &str, bytes: &[u8]| RawColumn {
            name: name.to_owned(),
            kind: "BYTES".to_owned(),
            bytes: bytes.to_vec(),
        };
        let mut columns = vec![column("stream", &event.stream), column("type", &event.event_type)];
        columns.extend(event.payload.as_deref().map(|payload| column("payload", payload)));
        columns.extend(event.metadata.as_deref().map(|metadata| column("metadata", metadata)));
        Ok(Some(columns))
    }
}

struct MemoryReader {
    events: Vec<MemoryEvent>,
    next: usize,
    query: ReadQuery,
}

impl EventReader for MemoryReader {
    fn next_batch(
        &mut self,
        work: &Work<'_>,
        max_rows: usize,
        batch: &mut EventBatch,
        names: &mut Names,
        _findings: &Findings,
    ) -> Result<bool, StoreError> {
        batch.clear();
        if let Err(cancelled) = work.check() {
            self.next = self.events.len();
            return Err(cancelled.into());
        }
        let end = (self.next + max_rows.max(1)).min(self.events.len());
        let rows = &self.events[self.next..end];
        self.next = end;
        for event in rows {
            batch.positions.push(event.position);
            batch
                .streams
                .push(names.intern_stream(&event.stream, || &event.category));
            batch.versions.push(event.version);
            batch.types.push(names.intern_type(&event.event_type));
            batch.recorded_at.push(event.recorded_at);
            let columns = self.query.columns;
            if columns.payload {
                let span = event
                    .payload
                    .as_ref()
                    .map_or(Span::NULL, |payload| batch.store(payload));
                batch.payloads.push(span);
                batch.payload_encodings.push(event.encoding);
            }
            if columns.metadata {
                let span = event
                    .metadata
                    .as_ref()
                    .map_or(Span::NULL, |metadata| batch.store(metadata));
                batch.metadata.push(span);
            }
            if columns.envelope {
                for column in [
                    &mut batch.event_ids,
                    &mut batch.correlation_ids,
                    &mut batch.causation_ids,
                    &mut batch.schema_versions,
                ] {
                    column.push(Span::NULL);
                }
                batch.occurred_at.push(Timestamp::NONE);
            }
            if columns.row {
                // Nothing is kept of an event but its parts.
                batch.rows.push(Span::NULL);
            }
        }
        Ok(!rows.is_empty())
    }
}
