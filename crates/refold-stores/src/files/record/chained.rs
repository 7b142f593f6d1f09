//! A line that EventSourcingDB wrote: of an answer of its API, of a backup, or an event by itself.
//!
//! An answer and a backup put each event into an envelope, and write beside events what is no part of the history. The
//! members that its hash chain covers are taken from here as they stand; what they mean to the chain is not known here.

use std::borrow::Cow;

use refold_core::row::{self, Stored};
use refold_core::value::JsonError;

use super::line::{CLOUD_BODIES, Line};
use super::{Parsed, Part};
use crate::json;
use crate::zone::Zone;

/// An event of a chain, in the line that holds it.
#[derive(Debug, Clone, Copy)]
pub struct Chained<'a> {
    event: &'a [u8],
    /// What encloses it, from outside in; empty where nothing does.
    around: [&'a [u8]; 2],
    hash: Option<&'a [u8]>,
    signature: Option<&'a [u8]>,
}

/// What a line is.
#[derive(Debug)]
pub enum Enclosed<'a> {
    Event(Chained<'a>),
    /// A heartbeat, the schema of a type, the end of an answer: no part of the history.
    Aside,
    /// The server says that it could not go on.
    Broken(String),
}

/// What of an envelope leads to the event, or belongs to its place in the chain.
const ENVELOPE: [&str; 8] = [
    "type",
    "specversion",
    "stream",
    "payload",
    "data",
    "event",
    "hash",
    "signature",
];

/// Members that are not of the event as it was stored: the server makes a signature anew for each answer.
const NOT_STORED: &[u8] = b"signature";

/// Fails where the line, or the envelope in it, is no JSON; [`Chained::parse`] does so of the event.
pub(super) fn check(line: &[u8]) -> Result<(), JsonError> {
    json::check(line, &["payload", "data"])?;
    let member = |name: &str| json::member(line, &[name.to_owned()]);
    match member("payload").or_else(|| member("data")) {
        Some(inner) if member("specversion").is_none() && inner.starts_with(b"{") => {
            let of_line = |error: JsonError| JsonError {
                offset: error.offset + (inner.as_ptr().addr() - line.as_ptr().addr()),
                ..error
            };
            json::check(inner, &["event", "data"]).map_err(of_line)
        }
        _ => Ok(()),
    }
}

/// `None`: it is no line of this kind.
pub fn enclosed(line: &[u8]) -> Option<Enclosed<'_>> {
    let member = |document, name: &str| json::member(document, &[name.to_owned()]);
    let text = |document, name: &str| member(document, name).and_then(json::text);
    let whole = |event, around| Chained {
        event,
        around,
        hash: member(event, "hash"),
        signature: member(event, "signature"),
    };
    if member(line, "specversion").is_some() {
        return Some(Enclosed::Event(whole(line, [b"", b""])));
    }
    // The first API calls what it wraps the payload, the second the data.
    let inner = member(line, "payload").or_else(|| member(line, "data"));
    match &*text(line, "type")? {
        b"event" => {
            let inner = inner?;
            if member(inner, "specversion").is_some() {
                return Some(Enclosed::Event(whole(inner, [line, b""])));
            }
            let event = member(inner, "event")?;
            member(event, "specversion")?;
            Some(Enclosed::Event(Chained {
                event,
                around: [line, inner],
                hash: member(inner, "hash"),
                signature: member(inner, "signature"),
            }))
        }
        b"heartbeat" | b"schema" | b"eventType" | b"end" if member(line, "stream").is_none() => Some(Enclosed::Aside),
        b"error" if inner.is_some() && member(line, "stream").is_none() => {
            let inner = inner.unwrap_or_default();
            let said = text(inner, "error").or_else(|| text(inner, "description"));
            let said = said.or_else(|| json::text(inner)).unwrap_or_default();
            Some(Enclosed::Broken(String::from_utf8_lossy(&said).into_owned()))
        }
        _ => None,
    }
}

impl<'a> Chained<'a> {
    /// A member of the event: a text without its quotes and escapes.
    pub fn text(&self, name: &str) -> Option<Cow<'a, [u8]>> {
        json::member(self.event, &[name.to_owned()]).and_then(json::text)
    }

    /// The JSON of the data, byte for byte.
    pub fn data(&self) -> &'a [u8] {
        json::member(self.event, &["data".to_owned()]).unwrap_or_default()
    }

    pub fn hash(&self) -> Option<Cow<'a, [u8]>> {
        self.hash.and_then(json::text)
    }

    pub fn signature(&self) -> Option<Cow<'a, [u8]>> {
        self.signature.and_then(json::text)
    }

    /// Which of these members the event says more than once, and which that lead to it: whoever takes another one than the
    /// last reads another event than the chain is of.
    pub fn repeated(&self, names: &[&'static str]) -> Vec<&'static str> {
        let around = self
            .around
            .iter()
            .flat_map(|document| json::repeated(document, &ENVELOPE));
        json::repeated(self.event, names).into_iter().chain(around).collect()
    }

    /// What its hash covers, and nothing else: whoever adds a member of another name to an event leaves its hash as it was.
    pub(super) fn parse(&self, zone: Option<&Zone>) -> Result<Parsed<'a>, String> {
        let subject = self.text("subject");
        let id = self.text("id");
        let number = id.as_deref().and_then(|id| std::str::from_utf8(id).ok()?.parse().ok());
        let parsed = Line::read(self.event, &CLOUD_BODIES, zone)?.cloud_events();
        let has_data = !matches!(self.data(), b"" | b"null");
        Ok(Parsed {
            position: number.filter(|number| *number >= 0),
            category: subject.as_deref().map(|subject| Cow::Owned(category(subject).to_vec())),
            stream: subject,
            version: Part::Missing,
            // Not of `data_base64`.
            payload: parsed.payload.filter(|_| has_data),
            correlation_id: None,
            causation_id: None,
            schema_version: None,
            ..parsed
        })
    }

    /// Every member as a column, its literal as it stands. Where a name occurs twice the last one counts, as everywhere.
    pub(super) fn row(&self, out: &mut Vec<u8>, bodies: row::Bodies<'_>) {
        let mut columns: Vec<(&[u8], &[u8])> = Vec::with_capacity(16);
        let members = json::Members::of(self.event).into_iter().flatten();
        let beside = self.hash.map(|hash| (&b"hash"[..], hash));
        for (name, literal) in members.chain(beside).filter(|(name, _)| *name != NOT_STORED) {
            match columns.iter_mut().find(|column| column.0 == name) {
                Some(column) => column.1 = literal,
                None => columns.push((name, literal)),
            }
        }
        columns.sort_unstable();
        for (name, literal) in columns {
            row::write(out, name, Stored::Text(literal), bodies);
        }
    }
}

/// The first step of a path: `books` of `/books/42`.
fn category(subject: &[u8]) -> &[u8] {
    let path = subject.strip_prefix(b"/").unwrap_or(subject);
    path.split(|byte| *byte == b'/').next().unwrap_or(path)
}
