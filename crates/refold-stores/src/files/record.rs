//! From one record of a file to the parts of an event, borrowed from the record where that is possible: [`line`] of a
//! line of JSON, [`chained`] of a line of EventSourcingDB; by a layout ([`mapped`]) [`csv`] of a record of CSV and
//! [`shaped`] of a line of JSON.

pub mod chained;
mod csv;
mod line;
mod mapped;
mod shaped;

use std::borrow::Cow;

use refold_core::event::Encoding;
use refold_core::port::store::RawColumn;
use refold_core::row::{self, Stored};
use refold_core::value::JsonError;

use self::chained::Enclosed;
pub use self::csv::Quotes;
use self::csv::{Csv, split};
use self::line::{CLOUD_BODIES, EVENT_BODIES, Line};
use self::shaped::Shaped;
use crate::json;
use crate::layout::Layout;
use crate::time::Reading;
use crate::zone::Zone;

/// How a record is read.
pub enum Format {
    /// One JSON object a line, with the names of the command line's own events.
    /// Times that name no zone are in this one; `None`: nobody says.
    Events(Option<Zone>),
    CloudEvents(Option<Zone>),
    /// CloudEvents as EventSourcingDB writes them, with their hash chain.
    Chained(Option<Zone>),
    Csv(Box<Csv>),
    /// One JSON object a line, of a shape that a layout describes.
    Shaped(Box<Shaped>),
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
    /// Members that the record has more than once, of which the last counts.
    pub repeated: Vec<String>,
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
    let is_chained = match chained::enclosed(line) {
        Some(Enclosed::Event(event)) => event.hash().is_some() && event.text("predecessorhash").is_some(),
        Some(Enclosed::Aside | Enclosed::Broken(_)) => true,
        None => false,
    };
    if is_chained {
        return Some(Format::Chained(None));
    }
    match (has("type"), has("specversion"), has("stream")) {
        (true, true, _) => Some(Format::CloudEvents(None)),
        (true, false, true) => Some(Format::Events(None)),
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

    /// JSON Lines by a layout. The fault says why `first`, the first of them, does not fit it.
    pub fn shaped(layout: Layout, first: &[u8]) -> Result<Format, String> {
        let shaped = Shaped::new(layout);
        shaped.check_first(first)?;
        Ok(Format::Shaped(Box::new(shaped)))
    }

    /// From now on times that name no zone are in this one.
    pub fn read_in(&mut self, asked: &Zone) {
        match self {
            Format::Events(zone) | Format::CloudEvents(zone) | Format::Chained(zone) => *zone = Some(asked.clone()),
            Format::Csv(csv) => csv.layout.read_in(asked),
            Format::Shaped(shaped) => shaped.layout.read_in(asked),
        }
    }

    /// The zone of times that name none; `None` where nobody says.
    pub fn zone(&self) -> Option<&Zone> {
        match self {
            Format::Events(zone) | Format::CloudEvents(zone) | Format::Chained(zone) => zone.as_ref(),
            Format::Csv(csv) => zone_of(&csv.layout),
            Format::Shaped(shaped) => zone_of(&shaped.layout),
        }
    }

    /// Whether versions of a stream may be left out.
    pub fn skips_versions(&self) -> bool {
        match self {
            Format::Events(_) | Format::CloudEvents(_) | Format::Chained(_) => false,
            Format::Csv(csv) => csv.layout.map.skips_versions,
            Format::Shaped(shaped) => shaped.layout.map.skips_versions,
        }
    }

    /// Reads a record. The fault says why it is no event.
    pub fn parse<'a>(&self, record: &'a [u8]) -> Result<Parsed<'a>, String> {
        match self {
            Format::Events(zone) => Line::read(record, &EVENT_BODIES, zone.as_ref()).map(|line| line.events()),
            Format::CloudEvents(zone) => {
                Line::read(record, &CLOUD_BODIES, zone.as_ref()).map(|line| line.cloud_events())
            }
            Format::Chained(zone) => chained_of(record)?.parse(zone.as_ref()),
            Format::Csv(csv) => csv.parse(record),
            Format::Shaped(shaped) => shaped.parse(record),
        }
    }

    /// Reads what the head of a record says that is too long to be loaded: an event without its payload. The fault says
    /// why it does not say enough.
    pub fn parse_head<'a>(&self, head: &'a [u8]) -> Result<Parsed<'a>, String> {
        let parsed = match self {
            Format::Events(zone) => Line::of_head(head, &EVENT_BODIES, zone.as_ref())?.events(),
            Format::CloudEvents(zone) => Line::of_head(head, &CLOUD_BODIES, zone.as_ref())?.cloud_events(),
            Format::Shaped(shaped) => shaped.parse_head(head)?,
            Format::Chained(_) => return Err("what a chain covers of it cannot be told from its beginning".to_owned()),
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

    /// The stream that a record names which cannot be read as an event; `None`: that cannot be told. Of a CloudEvent only
    /// what no other member could outdo says it, and of CSV nobody knows which field is which.
    pub fn stream_of_broken<'a>(&self, record: &'a [u8]) -> Option<Cow<'a, [u8]>> {
        match self {
            Format::Events(_) => Line::text_of_broken(record, &EVENT_BODIES, "stream"),
            Format::CloudEvents(_) => Line::text_of_broken(record, &CLOUD_BODIES, "streamid"),
            Format::Shaped(shaped) => shaped.stream_of_broken(record),
            Format::Chained(_) | Format::Csv(_) => None,
        }
    }

    /// The columns of a record as [`refold_core::row`] has them. A line of JSON is one column, `line`, without the literals
    /// of payload, metadata and position, which the event has: all that is written around them is in it.
    pub fn row(&self, record: &[u8], parsed: &Parsed<'_>, bodies: row::Bodies<'_>) -> Vec<u8> {
        let mut out = Vec::with_capacity(256);
        match self {
            Format::Events(_) | Format::CloudEvents(_) => {
                let line = line_around(record, parsed, Some("position"));
                row::write(&mut out, b"line", Stored::Text(&line), row::Bodies::default());
            }
            // Which member is its position a layout says, and that is no part of what the row is.
            Format::Shaped(_) => {
                let line = line_around(record, parsed, None);
                row::write(&mut out, b"line", Stored::Text(&line), row::Bodies::default());
            }
            Format::Chained(_) => {
                // What is an event is one still.
                if let Ok(event) = chained_of(record) {
                    event.row(&mut out, bodies);
                }
            }
            Format::Csv(csv) => {
                // What is an event could be split.
                let fields = split(record).unwrap_or_default();
                let mut columns: Vec<(&String, &[u8])> = csv.header.iter().zip(fields.iter()).collect();
                columns.sort_unstable();
                for (name, field) in columns {
                    row::write(&mut out, name.as_bytes(), Stored::Text(field), bodies);
                }
            }
        }
        out
    }

    /// Whether the record is none, but something that whoever wrote the file put beside them.
    pub fn is_aside(&self, record: &[u8]) -> bool {
        matches!(self, Format::Chained(_))
            && matches!(chained::enclosed(record), Some(Enclosed::Aside))
            && json::check(record, &[]).is_ok()
    }

    /// Whether the numbers of records are those that the store gave its events.
    pub fn is_numbered_by_id(&self) -> bool {
        matches!(self, Format::Chained(_))
    }

    /// The record in columns, for the Raw view.
    pub fn raw(&self, record: Vec<u8>) -> Vec<RawColumn> {
        let column = |name: String, bytes: Vec<u8>| RawColumn {
            name,
            kind: "TEXT".to_owned(),
            bytes,
        };
        match self {
            Format::Events(_) | Format::CloudEvents(_) | Format::Chained(_) | Format::Shaped(_) => {
                vec![column("line".to_owned(), record)]
            }
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

/// Why a line is no JSON.
fn fault_of(line: &[u8], error: JsonError) -> String {
    match error.offset >= line.trim_ascii_end().len() {
        true => format!("it is cut off, or is no JSON object: {error}"),
        false => format!("it is no JSON: {error}"),
    }
}

/// The event of a line of EventSourcingDB. The fault says why there is none.
fn chained_of(record: &[u8]) -> Result<chained::Chained<'_>, String> {
    chained::check(record).map_err(|error| fault_of(record, error))?;
    match chained::enclosed(record) {
        Some(Enclosed::Event(event)) => Ok(event),
        Some(Enclosed::Broken(said)) => Err(format!(
            "EventSourcingDB wrote an error there, and what follows may be missing: {said:?}"
        )),
        Some(Enclosed::Aside) | None => Err("it is neither a CloudEvent nor an envelope with one".to_owned()),
    }
}

fn zone_of(layout: &Layout) -> Option<&Zone> {
    layout.map.recorded_at.as_ref()?.zone.as_ref()
}

/// A line without the literals that the event has. `position`: the member that is the position.
fn line_around(record: &[u8], parsed: &Parsed<'_>, position: Option<&str>) -> Vec<u8> {
    let body = |body: &Option<Body<'_>>| body.as_ref().and_then(|body| range_in(record, &body.bytes));
    let position = parsed.position.zip(position).and_then(|(number, name)| {
        let literal = json::member(record, &[name.to_owned()])?;
        let is_plain = literal == number.to_string().as_bytes();
        range_in(record, literal).filter(|_| is_plain)
    });
    let known = [body(&parsed.payload), body(&parsed.metadata), position];
    let mut known: Vec<_> = known.into_iter().flatten().collect();
    known.sort_unstable_by_key(|range| range.start);
    // A line that ends the file today is the same one when another follows it.
    let end = record.len() - usize::from(record.ends_with(b"\n"));
    let (mut line, mut from) = (Vec::with_capacity(256), 0);
    for range in known {
        line.extend_from_slice(record.get(from..range.start).unwrap_or_default());
        from = range.end;
    }
    line.extend_from_slice(record.get(from..end).unwrap_or_default());
    line
}

/// Where in a record a part of it lies; `None` where it is a copy.
fn range_in(record: &[u8], part: &[u8]) -> Option<std::ops::Range<usize>> {
    let (whole, part) = (record.as_ptr_range(), part.as_ptr_range());
    let is_inside = whole.start <= part.start && part.end <= whole.end && part.start < part.end;
    let at = |place: *const u8| place.addr() - whole.start.addr();
    is_inside.then(|| at(part.start)..at(part.end))
}

fn integer_of(text: &[u8]) -> Part<i64> {
    let shown = String::from_utf8_lossy(text);
    shown
        .trim()
        .parse()
        .map_or_else(|_| Part::Unreadable(shown.into_owned()), Part::Known)
}
