//! The events of one stream out of the arena, as the fold engine reads them.

use std::sync::Arc;

use refold_core::event::{EventBatch, EventIndex, EventView, Span, StreamOrdinal, TypeOrdinal};
use refold_core::history::EventSource;
use refold_core::names::Names;
use refold_core::port::store::StoreError;
use refold_core::track::Moment;
use refold_core::work::Work;

use super::Arena;
use crate::index::Index;
use crate::index::error::IndexError;

/// Rows of one read, at most.
const READ_ROWS: usize = 1024;

/// One stream of an index with its arena. Its names hold all types of the index and this one stream.
#[derive(Debug)]
pub struct ArenaSource {
    index: Arc<Index>,
    arena: Arc<Arena>,
    names: Names,
    types: Vec<TypeOrdinal>,
    stream: StreamOrdinal,
    events: Vec<EventIndex>,
}

impl ArenaSource {
    pub fn new(index: Arc<Index>, arena: Arc<Arena>, stream: StreamOrdinal) -> Result<ArenaSource, IndexError> {
        let mut names = Names::default();
        let types = index.intern_types(&mut names);
        let entry = index.stream(stream)?;
        let local = names.intern_stream(entry.id, || entry.category);
        let events = index.events_of(stream)?;
        Ok(ArenaSource {
            index,
            arena,
            names,
            types,
            stream: local,
            events,
        })
    }
}

impl EventSource for ArenaSource {
    fn read(&mut self, work: &Work<'_>, from: Moment, to: Moment, batch: &mut EventBatch) -> Result<(), StoreError> {
        work.check()?;
        let end = (to.0 as usize).min(self.events.len());
        let start = (from.0 as usize).min(end);
        let rows = &self.events[start..end.min(start + READ_ROWS)];
        for event in rows {
            let view = view(&self.index, &self.arena, *event, &self.types, self.stream).map_err(store_error)?;
            let payload = view.payload.unwrap_or_default();
            if !batch.has_room_for(payload.len()) {
                return Ok(()); // the caller asks again from here
            }
            batch.positions.push(view.position);
            batch.streams.push(view.stream);
            batch.versions.push(view.version);
            batch.types.push(view.event_type);
            batch.recorded_at.push(view.recorded_at);
            let span = view.payload.map_or(Span::NULL, |payload| batch.store(payload));
            batch.payloads.push(span);
            batch.payload_encodings.push(view.encoding);
        }
        Ok(())
    }

    fn names(&self) -> &Names {
        &self.names
    }
}

impl Index {
    /// An event with its payload and metadata, without copying. `types` are the index's types as the handler knows
    /// them ([`Index::intern_types`]), `stream` is the ordinal to give it.
    pub fn view<'a>(
        &self,
        arena: &'a Arena,
        event: EventIndex,
        types: &[TypeOrdinal],
        stream: StreamOrdinal,
    ) -> Result<EventView<'a>, IndexError> {
        view(self, arena, event, types, stream)
    }
}

fn view<'a>(
    index: &Index,
    arena: &'a Arena,
    event: EventIndex,
    types: &[TypeOrdinal],
    stream: StreamOrdinal,
) -> Result<EventView<'a>, IndexError> {
    let skeleton = index.event(event)?;
    let content = arena.event(event)?;
    Ok(EventView {
        position: skeleton.position,
        stream,
        version: skeleton.version,
        event_type: types
            .get(skeleton.event_type.0 as usize)
            .copied()
            .unwrap_or(skeleton.event_type),
        recorded_at: skeleton.recorded_at,
        payload: content.payload,
        encoding: content.encoding,
        metadata: content.metadata,
        event_id: None,
        correlation_id: None,
        causation_id: None,
        schema_version: None,
        occurred_at: refold_core::time::Timestamp::NONE,
    })
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
