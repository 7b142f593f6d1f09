//! Rows as most stores have them: each part of an event in a column of its own, and of the kind it should be. They become
//! events without a look at what else there could be.
//!
//! A row that is otherwise is refused and nothing is done: [`crate::tables::row`] knows all rows, and of these makes the same.

use refold_core::event::{Columns, Encoding, EventBatch, Position, StreamOrdinal, Version};
use refold_core::names::Names;
use refold_core::value::is_ascii;
use rusqlite::types::ValueRef;

use super::image::record::Record;
use crate::layout::{DecodeStep, Origin, TextSource, Unwrap};
use crate::tables::plan::{Plan, Shape, Slot, StreamKey};
use crate::tables::row::TypeCache;
use crate::time::TimeReader;
use crate::value::taken;

/// Turns plain rows of one shape into events.
pub struct PlainRows {
    /// Where in a row each part is.
    stream: usize,
    event_type: usize,
    version: usize,
    recorded_at: usize,
    /// `None` where nobody asks for it.
    payload: Option<usize>,
    last_stream: StreamOrdinal,
    types: TypeCache,
    times: TimeReader,
}

impl PlainRows {
    /// `None` where some part must be made of others.
    pub fn new(plan: &Plan, shape: &Shape) -> Option<PlainRows> {
        let map = &plan.layout.map;
        let Columns {
            payload,
            metadata: false,
            envelope: false,
            row: false,
        } = shape.columns
        else {
            return None;
        };
        let (StreamKey::Column { .. }, [stream]) = (&plan.stream, shape.stream.as_slice()) else {
            return None;
        };
        let column = |slot: Option<Slot>| match slot? {
            Slot::Column(index) => Some(index),
            Slot::Document(_) | Slot::Derived => None,
        };
        let is_stored_as_it_is = |step: &DecodeStep| matches!(step, DecodeStep::Json | DecodeStep::Auto);
        let payload = if payload {
            let document = shape.documents.get(shape.payload?)?;
            let is_plain = map.payload.unwrap == Unwrap::None && document.body.decode.iter().all(is_stored_as_it_is);
            Some(is_plain.then_some(document.index)?)
        } else {
            None
        };
        let category = map.category.as_ref();
        let is_of_id = category.is_none_or(|category| category.from == Origin::StreamId);
        Some(PlainRows {
            stream: is_of_id.then_some(*stream)?,
            event_type: column(shape.event_type).filter(|_| map.event_type.take.is_empty())?,
            version: shape.version?,
            recorded_at: column(shape.recorded_at)?,
            payload,
            last_stream: StreamOrdinal(u32::MAX),
            types: TypeCache::default(),
            times: TimeReader::default(),
        })
    }

    /// Appends the event in `row`; `false`, and nothing done, where the row is not plain.
    pub fn append(&mut self, plan: &Plan, row: &Record<'_>, batch: &mut EventBatch, names: &mut Names) -> bool {
        let (ValueRef::Text(id), ValueRef::Text(event_type)) = (row.value(self.stream), row.value(self.event_type))
        else {
            return false;
        };
        let (ValueRef::Integer(version), ValueRef::Text(written)) =
            (row.value(self.version), row.value(self.recorded_at))
        else {
            return false;
        };
        let payload = match self.payload.map(|index| row.value(index)) {
            None => None,
            Some(ValueRef::Text(stored) | ValueRef::Blob(stored))
                if matches!(stored.first(), Some(b'{' | b'[')) && is_ascii(stored) =>
            {
                Some(stored)
            }
            Some(_) => return false,
        };
        let version = Version(version);
        if id.is_empty() || event_type.is_empty() || version == EventBatch::NO_VERSION {
            return false;
        }
        let source = plan.layout.map.recorded_at.as_ref();
        let Some(reading) = source.and_then(|source| self.times.of_text(written, source)) else {
            return false;
        };
        // Of an id that is no text there is a finding.
        if !reading.is_certain() || !is_ascii(id) {
            return false;
        }
        let event_type = self.types.intern(event_type, names);
        if names.stream(self.last_stream) != id {
            let category = || category(plan.layout.map.category.as_ref(), id);
            self.last_stream = names.intern_stream(id, category);
        }
        batch.positions.push(Position(row.rowid));
        batch.streams.push(self.last_stream);
        batch.versions.push(version);
        batch.types.push(event_type);
        batch.recorded_at.push(reading.at);
        if let Some(payload) = payload {
            let span = batch.store(payload);
            batch.payloads.push(span);
            batch.payload_encodings.push(Encoding::Json);
        }
        true
    }
}

/// What a stream id says of its category.
fn category<'a>(source: Option<&'a TextSource>, id: &'a [u8]) -> &'a [u8] {
    let Some(source) = source else { return b"" };
    let default = source.default.as_deref().unwrap_or_default().as_bytes();
    taken(id, &source.take).unwrap_or(default)
}
