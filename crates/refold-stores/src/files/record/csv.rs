//! One record of a CSV file as an event, by a layout.

use std::borrow::Cow;

use refold_core::event::Encoding;

use super::{Body, Parsed, Part, integer_of};
use crate::decode::{self, Decoder};
use crate::json;
use crate::layout::{BodySource, ColumnName, Layout, Origin, TextSource, TimeForm, TimeSource, normalised};
use crate::time::{self, Reading};
use crate::value::taken;

pub struct Csv {
    pub layout: Layout,
    /// The first record, once it was read.
    pub header: Vec<String>,
}

/// Where quoted fields begin and end: a quote opens a field only at its beginning, elsewhere it is a letter.
#[derive(Debug, Default)]
pub struct Quotes {
    /// Whether a quoted field goes on in the next line.
    pub is_open: bool,
    is_inside_field: bool,
    /// A second quote means one in the text.
    has_just_closed: bool,
}

impl Quotes {
    /// Takes the next part of the record.
    pub fn go_on(&mut self, part: &[u8]) {
        for byte in part {
            match byte {
                b'"' if self.is_open => (self.is_open, self.has_just_closed) = (false, true),
                _ if self.is_open => {}
                b'"' if self.has_just_closed || !self.is_inside_field => {
                    (self.is_open, self.is_inside_field, self.has_just_closed) = (true, true, false);
                }
                b',' | b'\n' => (self.is_inside_field, self.has_just_closed) = (false, false),
                _ => (self.is_inside_field, self.has_just_closed) = (true, false),
            }
        }
    }
}

/// The fields of one CSV record.
pub fn split(record: &[u8]) -> Option<csv::ByteRecord> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(record);
    let mut fields = csv::ByteRecord::new();
    reader.read_byte_record(&mut fields).ok()?.then_some(fields)
}

impl Csv {
    /// Takes the first record as the names of the columns. The fault names a column that the layout needs and misses.
    pub fn take_header(&mut self, record: &[u8]) -> Result<(), String> {
        let fields = split(record).ok_or_else(|| "it has no header".to_owned())?;
        self.header = fields
            .iter()
            .map(|field| String::from_utf8_lossy(field).trim().to_owned())
            .collect();
        let map = &self.layout.map;
        let mut needed = vec![&map.payload.column];
        needed.extend(map.version.as_ref());
        for text in [Some(&map.stream_id), Some(&map.event_type), map.category.as_ref()]
            .into_iter()
            .flatten()
        {
            match &text.from {
                Origin::Column(column) | Origin::Json { column, .. } if !text.is_optional => needed.push(column),
                Origin::Concat { columns, .. } => needed.extend(columns),
                _ => {}
            }
        }
        match needed.into_iter().find(|column| self.index(column).is_none()) {
            None => Ok(()),
            Some(column) => {
                let other = self.header.iter().any(|name| name.contains([';', '\t', '|']));
                let separator = if other {
                    " (columns are separated by commas)"
                } else {
                    ""
                };
                Err(format!(
                    "it has no column {}; its columns are {}{separator}",
                    column.spellings.join(" or "),
                    self.header.join(", ")
                ))
            }
        }
    }

    fn index(&self, column: &ColumnName) -> Option<usize> {
        column.spellings.iter().find_map(|spelling| {
            let wanted = normalised(spelling);
            self.header
                .iter()
                .position(|name| name == spelling || normalised(name) == wanted)
        })
    }

    pub fn parse<'a>(&self, record: &[u8]) -> Result<Parsed<'a>, String> {
        let mut quotes = Quotes::default();
        quotes.go_on(record);
        if quotes.is_open {
            return Err("it is cut off: a quoted field has no end".to_owned());
        }
        let fields = split(record).ok_or_else(|| "it is no CSV record".to_owned())?;
        if fields.len() != self.header.len() {
            return Err(format!(
                "it has {} fields, and the header has {}",
                fields.len(),
                self.header.len()
            ));
        }
        let row = CsvRow { csv: self, fields };
        let map = &self.layout.map;
        let position = row.field(&map.position).map_or(Part::Missing, integer_of);
        let stream = row.text(&map.stream_id, b"", b"");
        let known_stream = stream.clone().unwrap_or_default();
        let event_type = row.text(&map.event_type, &known_stream, b"");
        let known_type = event_type.clone().unwrap_or_default();
        let text = |source: Option<&TextSource>| {
            source
                .and_then(|source| row.text(source, &known_stream, &known_type))
                .map(Cow::Owned)
        };
        Ok(Parsed {
            position: match position {
                Part::Known(position) => Some(position),
                Part::Missing | Part::Unreadable(_) => None,
            },
            category: text(map.category.as_ref()),
            version: map
                .version
                .as_ref()
                .and_then(|column| row.field(column))
                .map_or(Part::Missing, integer_of),
            recorded_at: row.time(map.recorded_at.as_ref()),
            occurred_at: row.time(map.occurred_at.as_ref()),
            payload: row.body(&map.payload, &known_type),
            metadata: map
                .metadata
                .as_ref()
                .and_then(|metadata| row.body(metadata, &known_type)),
            event_id: text(map.event_id.as_ref()),
            correlation_id: text(map.correlation_id.as_ref()),
            causation_id: text(map.causation_id.as_ref()),
            schema_version: text(map.schema_version.as_ref()),
            stream: stream.map(Cow::Owned),
            event_type: event_type.map(Cow::Owned),
            repeated: Vec::new(),
        })
    }
}

struct CsvRow<'c> {
    csv: &'c Csv,
    fields: csv::ByteRecord,
}

impl CsvRow<'_> {
    /// An empty field is no value: CSV has no NULL.
    fn field(&self, column: &ColumnName) -> Option<&[u8]> {
        self.fields
            .get(self.csv.index(column)?)
            .filter(|field| !field.is_empty())
    }

    fn text(&self, source: &TextSource, stream_id: &[u8], event_type: &[u8]) -> Option<Vec<u8>> {
        let stored: Option<Cow<'_, [u8]>> = match &source.from {
            Origin::Column(column) => self.field(column).map(Cow::Borrowed),
            Origin::Json { column, paths } => self.field(column).and_then(|document| {
                paths
                    .iter()
                    .find_map(|path| json::text(json::member(document, &path.0)?))
            }),
            Origin::Concat { columns, separator } => {
                let parts: Option<Vec<&[u8]>> = columns.iter().map(|column| self.field(column)).collect();
                parts.map(|parts| Cow::Owned(parts.join(separator.as_bytes())))
            }
            Origin::StreamId => Some(Cow::Borrowed(stream_id)),
            Origin::EventType => Some(Cow::Borrowed(event_type)),
            Origin::Const(text) => Some(Cow::Borrowed(text.as_bytes())),
        };
        let cut = stored.and_then(|text| taken(&text, &source.take).map(<[u8]>::to_owned));
        cut.or_else(|| source.default.clone().map(String::into_bytes))
    }

    fn time(&self, source: Option<&TimeSource>) -> Part<Reading> {
        let Some(source) = source else { return Part::Missing };
        let text = match &source.from {
            Origin::Column(column) => self.field(column).map(Cow::Borrowed),
            Origin::Json { column, paths } => self.field(column).and_then(|document| {
                paths
                    .iter()
                    .find_map(|path| json::text(json::member(document, &path.0)?))
            }),
            _ => None,
        };
        let Some(text) = text else { return Part::Missing };
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

    fn body<'a>(&self, source: &BodySource, event_type: &[u8]) -> Option<Body<'a>> {
        let stored = self.field(&source.column)?;
        let mut decoder = Decoder::default();
        let decoded = decoder
            .decode(source, stored, self.csv.layout.limits.max_body_bytes)
            .and_then(|encoding| {
                let (body, encoding) = decode::unwrap(&source.unwrap, decoder.document(stored), encoding, event_type)?;
                Ok(Body {
                    bytes: Cow::Owned(body.to_owned()),
                    encoding,
                    fault: None,
                })
            });
        Some(decoded.unwrap_or_else(|fault| Body {
            bytes: Cow::Owned(stored.to_owned()),
            encoding: Encoding::Opaque,
            fault: Some(fault),
        }))
    }
}
