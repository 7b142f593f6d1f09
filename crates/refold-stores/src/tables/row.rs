//! From one row of a result to one event of a batch, without an allocation in the ordinary case.
//!
//! A database need not hold a column to its declared type. Whatever a row holds, an event comes of it, and what is odd
//! about it is a finding.

use std::borrow::Cow;

use refold_core::count::{counted, grouped};
use refold_core::event::{Encoding, EventBatch, Position, Span, StreamOrdinal, TypeOrdinal, Version};
use refold_core::finding::{Finding, Findings, Severity};
use refold_core::names::Names;
use refold_core::row::{self, Stored};
use refold_core::time::Timestamp;
use rusqlite::types::ValueRef;

use super::plan::{Bodies, Plan, Shape, Slot, StreamKey};
use crate::decode::{self, Decoder};
use crate::json;
use crate::layout::{BodySource, Map, Origin, TextForm, TextSource, TimeForm, TimeSource};
use crate::time::{self, Reading, TimeReader};
use crate::value::{taken, uuid_text};
use crate::{NO_STREAM, NO_TYPE};

/// The finding that only the first event of a stream brings.
pub const TOLD_ONCE_A_NAME: &str = "not-utf8";
/// What the two bodies are called in a finding.
const PAYLOAD: &str = "payload";
const METADATA: &str = "metadata";

/// The values of a row of a shape, in the shape's order.
pub trait Values {
    /// Our statements have as many columns as their shape, so a missing one cannot be; it would be NULL.
    fn value(&self, index: usize) -> ValueRef<'_>;
}

/// Turns rows of one shape into events.
pub struct RowReader {
    shape: Shape,
    documents: Vec<DocumentState>,
    stream_text: Vec<u8>,
    last_stream: StreamOrdinal,
    types: TypeCache,
    recorded_times: TimeReader,
    occurred_times: TimeReader,
    columns: Vec<u8>,
}

#[derive(Default)]
struct DocumentState {
    decoder: Decoder,
    outcome: Option<Result<Encoding, decode::Fault>>,
}

impl RowReader {
    pub fn new(shape: Shape) -> RowReader {
        let documents = shape.documents.iter().map(|_| DocumentState::default()).collect();
        let last_stream = StreamOrdinal(u32::MAX);
        RowReader {
            shape,
            documents,
            stream_text: Vec::new(),
            last_stream,
            types: TypeCache::default(),
            recorded_times: TimeReader::default(),
            occurred_times: TimeReader::default(),
            columns: Vec::new(),
        }
    }

    /// Appends the event in `row`, whose position is already known.
    pub fn append(
        &mut self,
        plan: &Plan,
        row: &impl Values,
        position: Position,
        batch: &mut EventBatch,
        names: &mut Names,
        findings: &Findings,
    ) {
        let RowReader {
            shape,
            documents,
            stream_text,
            last_stream,
            types,
            recorded_times,
            occurred_times,
            columns,
        } = self;
        let map = &plan.layout.map;
        for (state, document) in documents.iter_mut().zip(&shape.documents) {
            let limit = plan.layout.limits.max_body_bytes;
            let stored = bytes_of(row.value(document.index));
            state.outcome = stored.map(|stored| state.decoder.decode(&document.body, stored, limit));
        }
        let fields = Fields { shape, documents, row };

        let id = stream_id(plan, shape, row, stream_text);
        let stored_type = fields.text(&map.event_type, shape.event_type, id.unwrap_or(NO_STREAM), b"");
        let type_name = stored_type.as_deref().unwrap_or(NO_TYPE);
        let event_type = types.intern(type_name, names);
        let known_id = id.unwrap_or(NO_STREAM);
        let mut is_new = false;
        let stream = if names.stream(*last_stream) == known_id && !known_id.is_empty() {
            *last_stream
        } else {
            let mut category = None;
            let (kept, is_new) = (&mut category, &mut is_new);
            names.intern_stream(known_id, || {
                *is_new = true;
                *kept = map
                    .category
                    .as_ref()
                    .and_then(|source| fields.text(source, shape.category, known_id, type_name));
                kept.as_deref().unwrap_or_default()
            })
        };
        *last_stream = stream;

        let mut odd = Oddities {
            findings,
            position,
            stream: known_id,
            version: None,
        };
        let version = odd.version_of(shape.version.map(|index| row.value(index)));
        odd.report_names(id.is_some(), is_new, stored_type.is_some());
        let recorded = (map.recorded_at.as_ref(), shape.recorded_at, "recorded time");
        let recorded_at = fields.time(recorded, recorded_times, &odd);

        batch.positions.push(position);
        batch.streams.push(stream);
        batch.versions.push(version);
        batch.types.push(event_type);
        batch.recorded_at.push(recorded_at);
        if shape.columns.payload {
            let (span, encoding) = fields.body(&map.payload, shape.payload, type_name, PAYLOAD, batch, &odd);
            batch.payloads.push(span);
            batch.payload_encodings.push(encoding);
        }
        if shape.columns.metadata {
            let span = map.metadata.as_ref().map_or(Span::NULL, |source| {
                fields.body(source, shape.metadata, type_name, METADATA, batch, &odd).0
            });
            batch.metadata.push(span);
        }
        if shape.columns.envelope {
            fields.envelope(map, known_id, type_name, batch);
            let occurred = (map.occurred_at.as_ref(), shape.occurred_at, "occurred time");
            batch.occurred_at.push(fields.time(occurred, occurred_times, &odd));
        }
        if shape.columns.row {
            fields.row(batch, columns);
            let span = batch.store(columns);
            batch.rows.push(span);
        }
    }
}

impl RowReader {
    /// `row` is the event of the row before once more, in another stream.
    pub fn report_link(&mut self, plan: &Plan, row: &impl Values, position: Position, findings: &Findings) {
        let id = stream_id(plan, &self.shape, row, &mut self.stream_text).unwrap_or(NO_STREAM);
        let odd = Oddities {
            findings,
            position,
            stream: id,
            version: None,
        };
        odd.notice("linked", || {
            "the event is in this stream too; it is shown in the first stream it was put in".into()
        });
    }
}

/// The values of one row, by what the layout says they are.
struct Fields<'r, R> {
    shape: &'r Shape,
    documents: &'r [DocumentState],
    row: &'r R,
}

impl<R: Values> Fields<'_, R> {
    /// `None` where the row holds nothing there, or where nobody can read what it holds: a default is for the former.
    fn text<'a>(
        &'a self,
        source: &'a TextSource,
        slot: Option<Slot>,
        stream_id: &'a [u8],
        event_type: &'a [u8],
    ) -> Option<Cow<'a, [u8]>> {
        let stored: Option<Cow<'a, [u8]>> = match (&source.from, slot) {
            (Origin::StreamId, _) => Some(Cow::Borrowed(stream_id)),
            (Origin::EventType, _) => Some(Cow::Borrowed(event_type)),
            (Origin::Const(text), _) => Some(Cow::Borrowed(text.as_bytes())),
            (Origin::Column(_), Some(Slot::Column(index))) => text_of(self.row.value(index), source.form),
            (Origin::Json { paths, .. }, Some(Slot::Document(index))) => match self.document(index) {
                Some(document) => paths
                    .iter()
                    .find_map(|path| json::text(json::member(document, &path.0)?)),
                None if self.is_unreadable(index) => return None,
                None => None,
            },
            _ => None,
        };
        let taken = stored.and_then(|text| match text {
            Cow::Borrowed(text) => taken(text, &source.take).map(Cow::Borrowed),
            Cow::Owned(text) => taken(&text, &source.take).map(|text| Cow::Owned(text.to_owned())),
        });
        taken.or_else(|| source.default.as_ref().map(|default| Cow::Borrowed(default.as_bytes())))
    }

    /// `what`: where the time is and what findings call it. `times` reads only those.
    fn time(
        &self,
        (source, slot, what): (Option<&TimeSource>, Option<Slot>, &str),
        times: &mut TimeReader,
        odd: &Oddities<'_>,
    ) -> Timestamp {
        let Some(source) = source else { return Timestamp::NONE };
        let index = match (&source.from, slot) {
            (Origin::Column(_), Some(Slot::Column(index))) => index,
            (Origin::Json { paths, .. }, Some(Slot::Document(index))) => {
                let literal = self
                    .document(index)
                    .and_then(|document| paths.iter().find_map(|path| json::member(document, &path.0)));
                let Some(text) = literal.and_then(json::text) else {
                    return Timestamp::NONE;
                };
                return odd.time(what, times.of_text(&text, source), ValueRef::Text(&text));
            }
            _ => return Timestamp::NONE,
        };
        let stored = self.row.value(index);
        let read = match stored {
            ValueRef::Null => return Timestamp::NONE,
            ValueRef::Text(text) => times.of_text(text, source),
            ValueRef::Integer(number) => time::from_number(number, source.form).map(Reading::certain),
            ValueRef::Real(number) if matches!(source.form, TimeForm::Auto | TimeForm::EpochSeconds) => {
                time::from_real(number).map(Reading::certain)
            }
            ValueRef::Real(_) | ValueRef::Blob(_) => None,
        };
        odd.time(what, read, stored)
    }

    /// Copies payload or metadata into the batch's arena: decoded where that is possible, as stored otherwise.
    fn body(
        &self,
        source: &BodySource,
        index: Option<usize>,
        event_type: &[u8],
        what: &str,
        batch: &mut EventBatch,
        odd: &Oddities<'_>,
    ) -> (Span, Encoding) {
        let Some(index) = index else {
            return (Span::NULL, Encoding::Opaque);
        };
        let stored = self.row.value(self.shape.documents[index].index);
        let fault = match (&self.documents[index].outcome, self.document(index)) {
            (None, _) => return self.body_of_other_type(stored, what, batch, odd),
            (Some(Ok(encoding)), Some(document)) => {
                match decode::unwrap(&source.unwrap, document, *encoding, event_type) {
                    Ok((body, encoding)) => return (batch.store(body), encoding),
                    Err(fault) => fault,
                }
            }
            (Some(Ok(_)), None) => String::new(),
            (Some(Err(fault)), _) => fault.clone(),
        };
        odd.warning("undecodable", || format!("its {what} cannot be decoded: {fault}"));
        (
            bytes_of(stored).map_or(Span::NULL, |stored| batch.store(stored)),
            Encoding::Opaque,
        )
    }

    /// A body that is neither text nor bytes.
    fn body_of_other_type(
        &self,
        stored: ValueRef<'_>,
        what: &str,
        batch: &mut EventBatch,
        odd: &Oddities<'_>,
    ) -> (Span, Encoding) {
        if let (Bodies::SizeAbove(limit), ValueRef::Integer(byte_count)) = (self.shape.bodies, stored)
            && u64::try_from(byte_count).is_ok_and(|byte_count| byte_count > limit)
        {
            odd.warning("too-large", || {
                format!(
                    "its {what} of at least {} is not loaded: the limit is {}; max_body_bytes in a layout file raises it",
                    counted(byte_count.unsigned_abs(), "byte"),
                    grouped(limit)
                )
            });
            // There is a value, and nobody can read it here: not the same as no value.
            return (batch.store(b""), Encoding::Opaque);
        }
        match text_of(stored, TextForm::AsStored) {
            None => {
                if what == PAYLOAD && self.shape.bodies != Bodies::LeftOut {
                    odd.warning("payload-missing", || "the store holds no payload for it".into());
                }
                (Span::NULL, Encoding::Opaque)
            }
            Some(text) => {
                odd.warning("wrong-type", || format!("its {what} is {}", describe(stored)));
                (batch.store(&text), Encoding::Json)
            }
        }
    }

    /// Copies the ids and the schema version into the batch's arena.
    fn envelope(&self, map: &Map, stream_id: &[u8], event_type: &[u8], batch: &mut EventBatch) {
        let mut part = |source: &Option<TextSource>, slot| {
            let text = source
                .as_ref()
                .and_then(|source| self.text(source, slot, stream_id, event_type));
            text.map_or(Span::NULL, |text| batch.store(&text))
        };
        let event_id = part(&map.event_id, self.shape.event_id);
        let correlation_id = part(&map.correlation_id, self.shape.correlation_id);
        let causation_id = part(&map.causation_id, self.shape.causation_id);
        let schema_version = part(&map.schema_version, self.shape.schema_version);
        batch.event_ids.push(event_id);
        batch.correlation_ids.push(correlation_id);
        batch.causation_ids.push(causation_id);
        batch.schema_versions.push(schema_version);
    }

    /// Puts the columns of the row into `out`, which is emptied first. The bodies of the row are in the batch already.
    fn row(&self, batch: &EventBatch, out: &mut Vec<u8>) {
        let last = |spans: &[Span]| spans.last().and_then(|span| batch.bytes(*span));
        let bodies = row::Bodies {
            payload: last(&batch.payloads),
            metadata: last(&batch.metadata),
        };
        out.clear();
        for (name, index) in &self.shape.row {
            row::write(out, name.as_bytes(), stored(self.row.value(*index)), bodies);
        }
    }

    fn is_unreadable(&self, index: usize) -> bool {
        matches!(self.documents.get(index), Some(state) if matches!(state.outcome, Some(Err(_))))
    }

    fn document(&self, index: usize) -> Option<&[u8]> {
        let state = self.documents.get(index)?;
        let stored = bytes_of(self.row.value(self.shape.documents.get(index)?.index))?;
        matches!(state.outcome, Some(Ok(_))).then(|| state.decoder.document(stored))
    }
}

/// Where oddities of one event are reported.
struct Oddities<'a> {
    findings: &'a Findings,
    position: Position,
    stream: &'a [u8],
    version: Option<Version>,
}

impl Oddities<'_> {
    /// What is odd about the names of its stream and its type. `is_new`: no event before it was of this stream.
    fn report_names(&self, has_stream: bool, is_new: bool, has_type: bool) {
        if !has_stream {
            self.notice("no-stream", || {
                "the store does not say what stream it is in; it is shown in (no stream)".into()
            });
        }
        if is_new && std::str::from_utf8(self.stream).is_err() {
            self.warning(TOLD_ONCE_A_NAME, || {
                "the id of its stream is not UTF-8; it is kept as it is".into()
            });
        }
        if !has_type {
            self.warning("no-type", || {
                "the store does not say what type it has; it is shown as (no type)".into()
            });
        }
    }

    fn version_of(&mut self, stored: Option<ValueRef<'_>>) -> Version {
        match stored {
            None => return EventBatch::NO_VERSION,
            Some(ValueRef::Integer(version)) if Version(version) != EventBatch::NO_VERSION => {
                self.version = Some(Version(version));
                return Version(version);
            }
            // That it is missing is told by the checks over whole streams.
            Some(ValueRef::Null) => {}
            Some(other) => self.warning("wrong-type", || format!("its version is {}", describe(other))),
        }
        EventBatch::NO_VERSION
    }

    fn time(&self, what: &str, read: Option<Reading>, stored: ValueRef<'_>) -> Timestamp {
        match read {
            Some(reading) if reading.is_certain() => reading.at,
            Some(reading) => {
                for (code, severity, detail) in reading.doubts(what) {
                    self.report(code, severity, detail);
                }
                reading.at
            }
            None => {
                self.warning("time-unreadable", || {
                    let beyond = stored.as_bytes().ok().and_then(|text| time::beyond(what, text));
                    beyond.unwrap_or_else(|| format!("its {what} cannot be read: {}", describe(stored)))
                });
                Timestamp::NONE
            }
        }
    }

    fn notice(&self, code: &'static str, detail: impl FnOnce() -> String) {
        self.report(code, Severity::Notice, detail());
    }

    fn warning(&self, code: &'static str, detail: impl FnOnce() -> String) {
        self.report(code, Severity::Warning, detail());
    }

    fn report(&self, code: &'static str, severity: Severity, detail: String) {
        let (stream, version, position) = (Some(self.stream.into()), self.version, Some(self.position));
        self.findings.report(Finding {
            code,
            severity,
            stream,
            version,
            position,
            detail,
        });
    }
}

/// A store has few types, so the ordinals of the last ones seen are kept by a cheap hash of the name.
pub struct TypeCache([TypeOrdinal; 64]);

impl Default for TypeCache {
    fn default() -> TypeCache {
        TypeCache([TypeOrdinal(u32::MAX); 64])
    }
}

impl TypeCache {
    pub fn intern(&mut self, name: &[u8], names: &mut Names) -> TypeOrdinal {
        let ends = (name.first().copied().unwrap_or(0), name.last().copied().unwrap_or(0));
        let slot = (name.len() + usize::from(ends.0) * 7 + usize::from(ends.1) * 13) % self.0.len();
        if names.type_name(self.0[slot]) != name || name.is_empty() {
            self.0[slot] = names.intern_type(name);
        }
        self.0[slot]
    }
}

fn stream_id<'a>(plan: &Plan, shape: &Shape, row: &'a impl Values, scratch: &'a mut Vec<u8>) -> Option<&'a [u8]> {
    let form = match &plan.stream {
        StreamKey::Column { form, .. } => *form,
        StreamKey::Pair { separator, .. } => {
            scratch.clear();
            for (place, index) in shape.stream.iter().enumerate() {
                let part = text_of(row.value(*index), TextForm::AsStored)?;
                if place > 0 {
                    scratch.extend_from_slice(separator.as_bytes());
                }
                scratch.extend_from_slice(&part);
            }
            return Some(scratch);
        }
    };
    match text_of(row.value(*shape.stream.first()?), form)? {
        Cow::Borrowed(id) => Some(id),
        Cow::Owned(id) => {
            *scratch = id;
            Some(scratch)
        }
    }
}

fn stored(value: ValueRef<'_>) -> Stored<'_> {
    match value {
        ValueRef::Null => Stored::Null,
        ValueRef::Integer(number) => Stored::Integer(number),
        ValueRef::Real(number) => Stored::Real(number),
        ValueRef::Text(text) => Stored::Text(text),
        ValueRef::Blob(bytes) => Stored::Blob(bytes),
    }
}

fn bytes_of(value: ValueRef<'_>) -> Option<&[u8]> {
    match value {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Some(bytes),
        ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_) => None,
    }
}

fn text_of(value: ValueRef<'_>, form: TextForm) -> Option<Cow<'_, [u8]>> {
    match value {
        ValueRef::Null => None,
        ValueRef::Text(bytes) => Some(Cow::Borrowed(bytes)),
        ValueRef::Blob(bytes) => match (form, <&[u8; 16]>::try_from(bytes)) {
            (TextForm::Uuid, Ok(uuid)) => Some(Cow::Owned(uuid_text(uuid))),
            _ => Some(Cow::Borrowed(bytes)),
        },
        ValueRef::Integer(number) => Some(Cow::Owned(number.to_string().into_bytes())),
        ValueRef::Real(number) => Some(Cow::Owned(number.to_string().into_bytes())),
    }
}

/// A stored value for a person, cut to a length that fits a sentence.
fn describe(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "NULL".to_owned(),
        ValueRef::Integer(number) => format!("the integer {number}"),
        ValueRef::Real(number) => format!("the floating point number {number}"),
        ValueRef::Text(text) => format!("the text {:?}", String::from_utf8_lossy(&text[..text.len().min(60)])),
        ValueRef::Blob(bytes) => counted(bytes.len() as u64, "byte"),
    }
}
