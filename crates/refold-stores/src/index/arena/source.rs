//! The events of one stream out of the arena, as the fold engine reads them.

use std::sync::Arc;

use refold_core::event::{
    Columns, EventBatch, EventIndex, EventView, Position, Span, StreamOrdinal, TypeOrdinal, Version,
};
use refold_core::history::EventSource;
use refold_core::names::Names;
use refold_core::port::store::{EventStore, StoreError};
use refold_core::time::Timestamp;
use refold_core::track::Moment;
use refold_core::work::Work;

use super::envelope::Envelope;
use super::held::expect_unchanged;
use super::{Arena, Unsealed};
use crate::index::Index;
use crate::index::error::IndexError;
use crate::index::segment::Column;

/// Rows of one read, at most.
const READ_ROWS: usize = 1024;

/// One stream of an index with its arena. Its names hold all types of the index and this one stream.
pub struct ArenaSource {
    store: Arc<dyn EventStore>,
    index: Arc<Index>,
    arena: Arc<Arena>,
    columns: Columns,
    names: Names,
    types: Vec<TypeOrdinal>,
    stream: StreamOrdinal,
    events: Vec<EventIndex>,
    unsealed: Unsealed,
}

impl ArenaSource {
    /// `store`: what it is an arena of, which is looked at beside each read: once it changed, nothing is read any more.
    /// `columns`: what the events that are read must carry.
    pub fn new(
        store: Arc<dyn EventStore>,
        index: Arc<Index>,
        arena: Arc<Arena>,
        stream: StreamOrdinal,
        columns: Columns,
    ) -> Result<ArenaSource, IndexError> {
        let mut names = Names::default();
        let types = index.intern_types(&mut names);
        let entry = index.stream(stream)?;
        let local = names.intern_stream(entry.id, || entry.category);
        let events = index.events_of(stream)?;
        Ok(ArenaSource {
            store,
            index,
            arena,
            columns,
            names,
            types,
            stream: local,
            events,
            unsealed: Unsealed::default(),
        })
    }
}

impl EventSource for ArenaSource {
    fn read(&mut self, work: &Work<'_>, from: Moment, to: Moment, batch: &mut EventBatch) -> Result<(), StoreError> {
        batch.clear();
        work.check()?;
        let end = (to.0 as usize).min(self.events.len());
        let start = (from.0 as usize).min(end);
        let rows = &self.events[start..end.min(start + READ_ROWS)];
        if let Some(last) = rows.last() {
            let last = self.index.event(*last).map_err(store_error)?;
            expect_unchanged(work, self.store.as_ref(), last.position)?;
        }
        for event in rows {
            let view = self.index.view(
                &self.arena,
                *event,
                self.columns,
                &self.types,
                self.stream,
                &mut self.unsealed,
            );
            let view = view.map_err(store_error)?;
            if !batch.has_room_for(byte_count(&view)) {
                return Ok(()); // the caller asks again from here
            }
            batch.positions.push(view.position);
            batch.streams.push(view.stream);
            batch.versions.push(view.version);
            batch.types.push(view.event_type);
            batch.recorded_at.push(view.recorded_at);
            if self.columns.payload {
                let span = store(batch, view.payload);
                batch.payloads.push(span);
                batch.payload_encodings.push(view.encoding);
            }
            if self.columns.metadata {
                let span = store(batch, view.metadata);
                batch.metadata.push(span);
            }
            if self.columns.envelope {
                let values = [
                    view.event_id,
                    view.correlation_id,
                    view.causation_id,
                    view.schema_version,
                ];
                let [event_id, correlation_id, causation_id, schema_version] = values.map(|value| store(batch, value));
                batch.event_ids.push(event_id);
                batch.correlation_ids.push(correlation_id);
                batch.causation_ids.push(causation_id);
                batch.schema_versions.push(schema_version);
                batch.occurred_at.push(view.occurred_at);
            }
        }
        Ok(())
    }

    fn names(&self) -> &Names {
        &self.names
    }
}

impl Index {
    /// An event with what `columns` names, without copying where the arena is not sealed. `types` are the index's types as
    /// the handler knows them ([`Index::intern_types`]), `stream` is the ordinal to give it.
    pub fn view<'a>(
        &self,
        arena: &'a Arena,
        event: EventIndex,
        columns: Columns,
        types: &[TypeOrdinal],
        stream: StreamOrdinal,
        unsealed: &'a mut Unsealed,
    ) -> Result<EventView<'a>, IndexError> {
        let skeleton = [Column::Position, Column::Version, Column::Type, Column::RecordedAt];
        let [position, version, event_type, recorded_at] = self.segments.row(skeleton, event)?;
        let event_type = TypeOrdinal(event_type as u32); // ordinals were written from 32 bits
        let (part, row) = arena.place_of(event);
        let Unsealed { contents, envelopes } = unsealed;
        let content = part.event(row, columns.metadata || columns.envelope, contents)?;
        let (envelope, occurred_at) = if columns.envelope {
            (part.envelope(row, content.metadata, envelopes)?, part.occurred_at(row)?)
        } else {
            (Envelope::default(), Timestamp::NONE)
        };
        Ok(EventView {
            position: Position(position),
            stream,
            version: Version(version),
            event_type: types.get(event_type.0 as usize).copied().unwrap_or(event_type),
            recorded_at: Timestamp(recorded_at),
            payload: content.payload.filter(|_| columns.payload),
            encoding: content.encoding,
            metadata: content.metadata.filter(|_| columns.metadata),
            event_id: envelope.event_id,
            correlation_id: envelope.correlation_id,
            causation_id: envelope.causation_id,
            schema_version: envelope.schema_version,
            occurred_at,
            row: None,
        })
    }
}

fn store(batch: &mut EventBatch, bytes: Option<&[u8]>) -> Span {
    bytes.map_or(Span::NULL, |bytes| batch.store(bytes))
}

/// Of all that a batch stores of an event.
fn byte_count(view: &EventView<'_>) -> usize {
    let values = [
        view.payload,
        view.metadata,
        view.event_id,
        view.correlation_id,
        view.causation_id,
        view.schema_version,
    ];
    values.into_iter().flatten().map(<[u8]>::len).sum()
}

fn store_error(error: IndexError) -> StoreError {
    match error {
        IndexError::Store(error) => error,
        IndexError::Cancelled(cancelled) => cancelled.into(),
        error => StoreError::Driver {
            location: "the local index".to_owned(),
            detail: error.to_string(),
        },
    }
}
