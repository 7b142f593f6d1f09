//! From one record of a file to the parts of an event, borrowed from the record where that is possible.

use std::borrow::Cow;

use refold_core::event::Encoding;
use refold_core::port::store::RawColumn;

use crate::decode::{self, Decoder};
use crate::json;
use crate::layout::{BodySource, ColumnName, Layout, Origin, TextSource, TimeForm, TimeSource, Zone, normalised};
use crate::time::{self, Reading};
use crate::value::{reading_of_text, taken, time_of_text};

/// How a record is read.
pub enum Format {
    /// One JSON object a line, with the names of the command line's own events.
    Events,
    CloudEvents,
    Csv(Box<Csv>),
}

pub struct Csv {
    pub layout: Layout,
    /// The first record, once it was read.
    pub header: Vec<String>,
}

/// The parts of an event. `None` where the record has nothing there.
#[derive(Debug)]
pub struct Parsed<'a> {
    pub position: Option<i64>,
    pub stream: Option<Cow<'a, [u8]>>,
    pub category: Option<Cow<'a, [u8]>>,
    pub version: Part<i64>,
    pub event_type: Option<Cow<'a, [u8]>>,
    pub recorded_at: Part<Reading>,
    pub occurred_at: Part<Reading>,
    pub payload: Option<Body<'a>>,
    pub metadata: Option<Body<'a>>,
    pub event_id: Option<Cow<'a, [u8]>>,
    pub correlation_id: Option<Cow<'a, [u8]>>,
    pub causation_id: Option<Cow<'a, [u8]>>,
    pub schema_version: Option<Cow<'a, [u8]>>,
}

/// A value that may be there and still not be what it should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part<T> {
    Missing,
    Known(T),
    /// As it stands in the record.
    Unreadable(String),
}

#[derive(Debug)]
pub struct Body<'a> {
    pub bytes: Cow<'a, [u8]>,
    pub encoding: Encoding,
    pub fault: Option<String>,
}

/// What kind of JSON Lines begin with this line.
pub fn recognise(line: &[u8]) -> Option<Format> {
    let has = |name: &str| json::member(line, &[name.to_owned()]).is_some();
    match (has("type"), has("specversion"), has("stream")) {
        (true, true, _) => Some(Format::CloudEvents),
        (true, false, true) => Some(Format::Events),
        _ => None,
    }
}

impl Format {
    pub fn csv(layout: Layout) -> Format {
        Format::Csv(Box::new(Csv {
            layout,
            header: Vec::new(),
        }))
    }

    /// The zone of times that name none; `None` where nobody says.
    pub fn zone(&self) -> Option<Zone> {
        match self {
            Format::Events | Format::CloudEvents => None,
            Format::Csv(csv) => csv.layout.map.recorded_at.as_ref().and_then(|time| time.zone),
        }
    }

    /// Reads a record. The fault says why it is no event.
    pub fn parse<'a>(&self, record: &'a [u8]) -> Result<Parsed<'a>, String> {
        match self {
            Format::Events => Line::read(record).map(|line| events(&line)),
            Format::CloudEvents => Line::read(record).map(|line| cloud_events(&line)),
            Format::Csv(csv) => csv.parse(record),
        }
    }

    /// Reads what the head of a record says that is too long to be loaded: an event without its payload. The fault says
    /// why it does not say enough.
    pub fn parse_head<'a>(&self, head: &'a [u8]) -> Result<Parsed<'a>, String> {
        let parsed = match self {
            Format::Events => events(&Line::of_head(head)?),
            Format::CloudEvents => cloud_events(&Line::of_head(head)?),
            Format::Csv(_) => return Err("the fields of a CSV record have no names in it".to_owned()),
        };
        if parsed.stream.is_none() || parsed.event_type.is_none() {
            return Err("its stream or type stands behind what is too long".to_owned());
        }
        let body = Body {
            bytes: Cow::Borrowed(b""),
            encoding: Encoding::Opaque,
            fault: None,
        };
        Ok(Parsed {
            payload: Some(body),
            ..parsed
        })
    }

    /// The record in columns, for the Raw view.
    pub fn raw(&self, record: Vec<u8>) -> Vec<RawColumn> {
        let column = |name: String, bytes: Vec<u8>| RawColumn {
            name,
            kind: "TEXT".to_owned(),
            bytes,
        };
        match self {
            Format::Events | Format::CloudEvents => vec![column("line".to_owned(), record)],
            Format::Csv(csv) => match split(&record) {
                Some(fields) => {
                    let names = csv.header.iter().cloned();
                    names
                        .zip(fields.iter())
                        .map(|(name, field)| column(name, field.to_owned()))
                        .collect()
                }
                None => vec![column("record".to_owned(), record)],
            },
        }
    }
}

/// All members of a line by name; of a name that occurs twice the last one counts.
struct Line<'a> {
    members: Vec<(&'a [u8], &'a [u8])>,
}

impl<'a> Line<'a> {
    fn read(record: &'a [u8]) -> Result<Line<'a>, String> {
        let Some(members) = json::Members::of(record) else {
            return Err("it is no JSON object".to_owned());
        };
        if !json::is_closed(record) {
            return Err("it is cut off, or is no JSON object".to_owned());
        }
        Ok(Line {
            members: members.collect(),
        })
    }

    /// The members that are whole in the head of a record.
    fn of_head(head: &'a [u8]) -> Result<Line<'a>, String> {
        let members = json::Members::of(head).ok_or_else(|| "it is no JSON object".to_owned())?;
        let end = head.as_ptr_range().end;
        Ok(Line {
            members: members
                .filter(|(_, literal)| literal.as_ptr_range().end != end)
                .collect(),
        })
    }

    fn literal(&self, name: &str) -> Option<&'a [u8]> {
        self.members
            .iter()
            .rev()
            .find(|(key, _)| *key == name.as_bytes())
            .map(|(_, literal)| *literal)
    }

    fn text(&self, name: &str) -> Option<Cow<'a, [u8]>> {
        json::text(self.literal(name)?)
    }

    fn integer(&self, name: &str) -> Part<i64> {
        match self.text(name) {
            None => Part::Missing,
            Some(text) => integer_of(&text),
        }
    }

    fn time(&self, name: &str) -> Part<Reading> {
        match self.text(name) {
            None => Part::Missing,
            Some(text) => match reading_of_text(&text, None) {
                Some(time) => Part::Known(time),
                None => Part::Unreadable(String::from_utf8_lossy(&text).into_owned()),
            },
        }
    }
}

fn integer_of(text: &[u8]) -> Part<i64> {
    let shown = String::from_utf8_lossy(text);
    shown
        .trim()
        .parse()
        .map_or_else(|_| Part::Unreadable(shown.into_owned()), Part::Known)
}

fn events<'a>(line: &Line<'a>) -> Parsed<'a> {
    let body = |name: &str| {
        line.literal(name)
            .filter(|literal| *literal != b"null")
            .map(body_of_literal)
    };
    Parsed {
        position: match line.integer("position") {
            Part::Known(position) => Some(position),
            Part::Missing | Part::Unreadable(_) => None,
        },
        stream: line.text("stream"),
        category: line.text("category"),
        version: line.integer("version"),
        event_type: line.text("type"),
        recorded_at: line.time("recorded_at"),
        occurred_at: line.time("occurred_at"),
        payload: body("payload"),
        metadata: body("metadata"),
        event_id: line.text("event_id"),
        correlation_id: line.text("correlation_id"),
        causation_id: line.text("causation_id"),
        schema_version: line.text("schema_version"),
    }
}

/// A body stands as its literal, or as `{"base64": …, "content_type": …}` when it is not JSON.
fn body_of_literal(literal: &[u8]) -> Body<'_> {
    let encoded = json::member(literal, &["base64".to_owned()]).and_then(json::text);
    let is_wrapped = json::Members::of(literal).is_some_and(|members| {
        let mut names = 0;
        members.into_iter().all(|(name, _)| {
            names += 1;
            matches!(name, b"base64" | b"content_type")
        }) && names > 0
    });
    match encoded.filter(|_| is_wrapped) {
        None => Body {
            bytes: Cow::Borrowed(literal),
            encoding: Encoding::Json,
            fault: None,
        },
        Some(encoded) => body_of_base64(&encoded),
    }
}

fn body_of_base64<'a>(encoded: &[u8]) -> Body<'a> {
    match from_base64(encoded) {
        Some(bytes) => {
            let encoding = decode::encoding_of(&bytes);
            let fault = (encoding == Encoding::Opaque).then(|| decode::describe_opaque(&bytes));
            Body {
                bytes: Cow::Owned(bytes),
                encoding,
                fault,
            }
        }
        None => Body {
            bytes: Cow::Owned(encoded.to_owned()),
            encoding: Encoding::Opaque,
            fault: Some("it should be base64 and is not".to_owned()),
        },
    }
}

fn cloud_events<'a>(line: &Line<'a>) -> Parsed<'a> {
    let first = |names: &[&str]| names.iter().find_map(|name| line.text(name));
    let stream = first(&["streamid", "subject", "source"]);
    let category = stream.as_ref().and_then(|stream| {
        let at = stream.iter().position(|byte| *byte == b'-')?;
        Some(Cow::Owned(stream[..at].to_owned()))
    });
    let version = match line.integer("streamversion") {
        Part::Missing => line.integer("sequence"),
        known => known,
    };
    let payload = match (line.literal("data"), line.text("data_base64")) {
        (Some(data), _) if data != b"null" => Some(body_of_cloud_data(data, line.text("datacontenttype").as_deref())),
        (_, Some(encoded)) => Some(body_of_base64(&encoded)),
        _ => None,
    };
    Parsed {
        position: None,
        stream,
        category,
        version,
        event_type: line.text("type"),
        // The time of a CloudEvent is that of the occurrence; a file of them holds no other.
        recorded_at: line.time("time"),
        occurred_at: Part::Missing,
        payload,
        metadata: None,
        event_id: line.text("id"),
        correlation_id: first(&["correlationid", "correlation_id"]),
        causation_id: first(&["causationid", "causation_id"]),
        schema_version: line.text("dataschema"),
    }
}

/// With another content type than JSON, `data` is a text that holds the document.
fn body_of_cloud_data<'a>(data: &'a [u8], content_type: Option<&[u8]>) -> Body<'a> {
    let is_json = content_type.is_none_or(|content_type| content_type.windows(4).any(|part| part == b"json"));
    match json::text(data).filter(|_| !is_json) {
        None => Body {
            bytes: Cow::Borrowed(data),
            encoding: Encoding::Json,
            fault: None,
        },
        Some(text) => Body {
            bytes: text,
            encoding: Encoding::Text,
            fault: None,
        },
    }
}

/// The fields of one CSV record.
fn split(record: &[u8]) -> Option<csv::ByteRecord> {
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
            Some(column) => Err(format!(
                "it has no column {}; its columns are {}",
                column.spellings.join(" or "),
                self.header.join(", ")
            )),
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

    fn parse<'a>(&self, record: &[u8]) -> Result<Parsed<'a>, String> {
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
            TimeForm::Auto | TimeForm::Iso8601 => time_of_text(&text, source),
            form => match integer_of(&text) {
                Part::Known(number) => time::from_number(number, form).map(Reading::Certain),
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

/// Standard base64, with or without padding; nothing when a character is not of it.
fn from_base64(text: &[u8]) -> Option<Vec<u8>> {
    let text = text
        .strip_suffix(b"==")
        .or_else(|| text.strip_suffix(b"="))
        .unwrap_or(text);
    let mut out = Vec::with_capacity(text.len() / 4 * 3 + 3);
    for group in text.chunks(4) {
        let mut bits = 0_u32;
        for byte in group {
            let six = match byte {
                b'A'..=b'Z' => byte - b'A',
                b'a'..=b'z' => byte - b'a' + 26,
                b'0'..=b'9' => byte - b'0' + 52,
                b'+' => 62,
                b'/' => 63,
                _ => return None,
            };
            bits = bits << 6 | u32::from(six);
        }
        bits <<= 6 * (4 - group.len());
        let bytes = bits.to_be_bytes();
        match group.len() {
            4 => out.extend_from_slice(&bytes[1..4]),
            3 => out.extend_from_slice(&bytes[1..3]),
            2 => out.extend_from_slice(&bytes[1..2]),
            _ => return None,
        }
    }
    Some(out)
}
