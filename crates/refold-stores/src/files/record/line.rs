//! One line of JSON as an event: of our own shape, or a CloudEvent.

use std::borrow::Cow;

use refold_core::event::Encoding;

use super::{Body, Parsed, Part, fault_of, integer_of};
use crate::decode;
use crate::json;
use crate::time::{self, Reading};
use crate::zone::Zone;

const EVENT_MEMBERS: [&str; 13] = [
    "position",
    "stream",
    "category",
    "version",
    "type",
    "recorded_at",
    "occurred_at",
    "payload",
    "metadata",
    "event_id",
    "correlation_id",
    "causation_id",
    "schema_version",
];
const CLOUD_MEMBERS: [&str; 17] = [
    "id",
    "source",
    "subject",
    "streamid",
    "streamversion",
    "sequence",
    "type",
    "time",
    "data",
    "data_base64",
    "datacontenttype",
    "dataschema",
    "specversion",
    "correlationid",
    "correlation_id",
    "causationid",
    "causation_id",
];

/// The members whose values are documents of their own.
pub const EVENT_BODIES: [&str; 2] = ["payload", "metadata"];
pub const CLOUD_BODIES: [&str; 1] = ["data"];

/// All members of a line by name; of a name that occurs twice the last one counts.
pub struct Line<'a, 'z> {
    members: Vec<(&'a [u8], &'a [u8])>,
    /// Of times that name none.
    zone: Option<&'z Zone>,
}

impl<'a, 'z> Line<'a, 'z> {
    /// All of the line must be JSON; of the members called `bodies` it is said where the event is looked at, for then it is
    /// known which event it is.
    pub fn read(record: &'a [u8], bodies: &[&str], zone: Option<&'z Zone>) -> Result<Line<'a, 'z>, String> {
        match json::strict_members(record, bodies) {
            (members, None) => Ok(Line { members, zone }),
            (_, Some(error)) => Err(fault_of(record, error)),
        }
    }

    /// The members that are whole in the head of a record, which is JSON as far as it goes.
    pub fn of_head(head: &'a [u8], bodies: &[&str], zone: Option<&'z Zone>) -> Result<Line<'a, 'z>, String> {
        let end = head.as_ptr_range().end;
        match json::strict_members(head, bodies) {
            (members, Some(error)) if error.offset >= head.len() => Ok(Line {
                members: members
                    .into_iter()
                    .filter(|(_, literal)| literal.as_ptr_range().end != end)
                    .collect(),
                zone,
            }),
            (_, Some(error)) => Err(fault_of(head, error)),
            (_, None) => Err("more text follows its end".to_owned()),
        }
    }

    /// What a line that is no JSON says of a member in what stands whole before its fault, and in front of it.
    pub fn text_of_broken(record: &'a [u8], bodies: &[&str], name: &str) -> Option<Cow<'a, [u8]>> {
        let (mut members, fault) = json::strict_members(record, bodies);
        fault?;
        // Of a value that nothing ends it is not known whether it is one.
        members.retain(|(_, literal)| {
            let end = literal.as_ptr_range().end.addr() - record.as_ptr().addr();
            let behind = record.get(end..).unwrap_or_default().trim_ascii_start();
            matches!(behind.first(), Some(b',' | b'}'))
        });
        Line { members, zone: None }.text(name)
    }

    /// As our own export writes it.
    pub fn events(&self) -> Parsed<'a> {
        let body = |name: &str| {
            self.literal(name)
                .filter(|literal| *literal != b"null")
                .map(body_of_literal)
        };
        Parsed {
            position: match self.integer("position") {
                Part::Known(position) => Some(position),
                Part::Missing | Part::Unreadable(_) => None,
            },
            stream: self.text("stream"),
            category: self.text("category"),
            version: self.integer("version"),
            event_type: self.text("type"),
            recorded_at: self.time("recorded_at"),
            occurred_at: self.time("occurred_at"),
            payload: body("payload"),
            metadata: body("metadata"),
            event_id: self.text("event_id"),
            correlation_id: self.text("correlation_id"),
            causation_id: self.text("causation_id"),
            schema_version: self.text("schema_version"),
            repeated: self.repeated(&EVENT_MEMBERS),
        }
    }

    /// As CloudEvents 1.0 demands.
    pub fn cloud_events(&self) -> Parsed<'a> {
        let first = |names: &[&str]| names.iter().find_map(|name| self.text(name));
        let stream = first(&["streamid", "subject", "source"]);
        let category = stream.as_ref().and_then(|stream| {
            let at = stream.iter().position(|byte| *byte == b'-')?;
            Some(Cow::Owned(stream[..at].to_owned()))
        });
        let version = match self.integer("streamversion") {
            Part::Missing => self.integer("sequence"),
            known => known,
        };
        let payload = match (self.literal("data"), self.text("data_base64")) {
            (Some(data), _) if data != b"null" => {
                Some(body_of_cloud_data(data, self.text("datacontenttype").as_deref()))
            }
            (_, Some(encoded)) => Some(body_of_base64(&encoded)),
            _ => None,
        };
        Parsed {
            position: None,
            stream,
            category,
            version,
            event_type: self.text("type"),
            // The time of a CloudEvent is that of the occurrence; a file of them holds no other.
            recorded_at: self.time("time"),
            occurred_at: Part::Missing,
            payload,
            metadata: None,
            event_id: self.text("id"),
            correlation_id: first(&["correlationid", "correlation_id"]),
            causation_id: first(&["causationid", "causation_id"]),
            schema_version: self.text("dataschema"),
            repeated: self.repeated(&CLOUD_MEMBERS),
        }
    }

    /// Those of `names` that the line says more than once.
    pub fn repeated(&self, names: &[&str]) -> Vec<String> {
        let count = |name: &str| self.members.iter().filter(|(key, _)| *key == name.as_bytes()).count();
        let repeated = names.iter().filter(|name| count(name) > 1);
        repeated.map(|name| (*name).to_owned()).collect()
    }

    pub fn literal(&self, name: &str) -> Option<&'a [u8]> {
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
            Some(text) => match time::of_iso_text(&text, self.zone) {
                Some(time) => Part::Known(time),
                None => Part::Unreadable(String::from_utf8_lossy(&text).into_owned()),
            },
        }
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
