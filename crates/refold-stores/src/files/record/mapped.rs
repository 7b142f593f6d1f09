//! One record of a file as an event, by a layout: whatever the record is, it has a field for each column.

use std::borrow::Cow;

use refold_core::event::Encoding;

use super::{Body, Parsed, Part, integer_of};
use crate::decode::{self, Decoder};
use crate::json;
use crate::layout::{BodySource, ColumnName, Layout, Origin, TextSource, TimeForm, TimeSource};
use crate::time::{self, Reading};
use crate::value::taken;

/// A record that a layout describes.
pub trait Row<'a> {
    /// What stands in a column, as text; `None`: nothing.
    fn field(&self, column: &ColumnName) -> Option<Cow<'a, [u8]>>;

    /// What a body is read from.
    fn stored(&self, body: &BodySource) -> Option<Cow<'a, [u8]>>;
}

/// The parts of the event that a row is.
pub fn event<'a>(layout: &Layout, row: &impl Row<'a>) -> Parsed<'a> {
    let map = &layout.map;
    let position = row
        .field(&map.position)
        .map_or(Part::Missing, |field| integer_of(&field));
    let stream = text_of(row, &map.stream_id, b"", b"");
    let known_stream = stream.clone().unwrap_or_default();
    let event_type = text_of(row, &map.event_type, &known_stream, b"");
    let known_type = event_type.clone().unwrap_or_default();
    let text = |source: Option<&TextSource>| {
        source
            .and_then(|source| text_of(row, source, &known_stream, &known_type))
            .map(Cow::Owned)
    };
    Parsed {
        position: match position {
            Part::Known(position) => Some(position),
            Part::Missing | Part::Unreadable(_) => None,
        },
        category: text(map.category.as_ref()),
        version: map
            .version
            .as_ref()
            .and_then(|column| row.field(column))
            .map_or(Part::Missing, |field| integer_of(&field)),
        recorded_at: time_of(row, map.recorded_at.as_ref()),
        occurred_at: time_of(row, map.occurred_at.as_ref()),
        payload: body_of(layout, row, &map.payload, &known_type),
        metadata: map
            .metadata
            .as_ref()
            .and_then(|metadata| body_of(layout, row, metadata, &known_type)),
        event_id: text(map.event_id.as_ref()),
        correlation_id: text(map.correlation_id.as_ref()),
        causation_id: text(map.causation_id.as_ref()),
        schema_version: text(map.schema_version.as_ref()),
        stream: stream.map(Cow::Owned),
        event_type: event_type.map(Cow::Owned),
        repeated: Vec::new(),
    }
}

/// What a column or a member of the document in one holds; `None`: the source is neither, or nothing is there.
fn stored_text<'a>(row: &impl Row<'a>, from: &Origin) -> Option<Vec<u8>> {
    match from {
        Origin::Column(column) => row.field(column).map(Cow::into_owned),
        Origin::Json { column, paths } => {
            let document = row.field(column)?;
            let text = |path: &[String]| json::text(json::member(&document, path)?);
            paths.iter().find_map(|path| text(&path.0)).map(Cow::into_owned)
        }
        Origin::Concat { .. } | Origin::StreamId | Origin::EventType | Origin::Const(_) => None,
    }
}

fn text_of<'a>(row: &impl Row<'a>, source: &TextSource, stream_id: &[u8], event_type: &[u8]) -> Option<Vec<u8>> {
    let stored = match &source.from {
        Origin::Column(_) | Origin::Json { .. } => stored_text(row, &source.from),
        Origin::Concat { columns, separator } => {
            let parts: Option<Vec<_>> = columns.iter().map(|column| row.field(column)).collect();
            parts.map(|parts| parts.join(separator.as_bytes()))
        }
        Origin::StreamId => Some(stream_id.to_owned()),
        Origin::EventType => Some(event_type.to_owned()),
        Origin::Const(text) => Some(text.clone().into_bytes()),
    };
    let cut = stored.and_then(|text| taken(&text, &source.take).map(<[u8]>::to_owned));
    cut.or_else(|| source.default.clone().map(String::into_bytes))
}

fn time_of<'a>(row: &impl Row<'a>, source: Option<&TimeSource>) -> Part<Reading> {
    let Some(source) = source else { return Part::Missing };
    let Some(text) = stored_text(row, &source.from) else {
        return Part::Missing;
    };
    let read = match source.form {
        TimeForm::Auto | TimeForm::Iso8601 => time::of_text(&text, source),
        form => match integer_of(&text) {
            Part::Known(number) => time::from_number(number, form).map(Reading::certain),
            Part::Missing | Part::Unreadable(_) => None,
        },
    };
    read.map_or_else(
        || Part::Unreadable(String::from_utf8_lossy(&text).into_owned()),
        Part::Known,
    )
}

fn body_of<'a>(layout: &Layout, row: &impl Row<'a>, source: &BodySource, event_type: &[u8]) -> Option<Body<'a>> {
    let stored = row.stored(source)?;
    // Where nothing is decoded the body stays a part of the record.
    if let (true, Cow::Borrowed(literal)) = (source.decode.is_empty(), &stored) {
        let unwrapped = decode::unwrap(&source.unwrap, literal, decode::encoding_of(literal), event_type);
        let (bytes, encoding, fault) = match unwrapped {
            Ok((bytes, encoding)) => (bytes, encoding, None),
            Err(fault) => (*literal, Encoding::Opaque, Some(fault)),
        };
        return Some(Body {
            bytes: Cow::Borrowed(bytes),
            encoding,
            fault,
        });
    }
    let mut decoder = Decoder::default();
    let decoded = decoder
        .decode(source, &stored, layout.limits.max_body_bytes)
        .and_then(|encoding| {
            let (body, encoding) = decode::unwrap(&source.unwrap, decoder.document(&stored), encoding, event_type)?;
            Ok(Body {
                bytes: Cow::Owned(body.to_owned()),
                encoding,
                fault: None,
            })
        });
    Some(decoded.unwrap_or_else(|fault| Body {
        bytes: stored,
        encoding: Encoding::Opaque,
        fault: Some(fault),
    }))
}
