//! What counts of an event when two stores are compared, and as which bytes. It knows one event of one side.

use std::collections::HashSet;

use refold_audit::anchor::event::uuid;
use refold_core::event::{Encoding, EventBatch, EventView};
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::time::Timestamp;
use refold_core::value::Value;
use serde::{Serialize, Serializer};

/// When two events are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// Every part is the same to the byte; times are the same instant.
    Bytes,
    /// Whatever a library writes otherwise than another is the same: JSON of other spaces, order of keys, escapes and
    /// literals of numbers; times as exactly as the coarser of both stores has its recorded ones; UUIDs in capitals;
    /// versions that count from 0 and from 1.
    Meaning,
}

/// A part of an event in which two stores can differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EventPart {
    Type,
    Payload,
    Metadata,
    Recorded,
    Occurred,
    Version,
    Id,
    Schema,
    Correlation,
    Causation,
    /// Its place among the events of its stream.
    Order,
    /// Its place among all events of the store: which come before it, not its number.
    Position,
}

impl EventPart {
    /// Those that an event carries with it, by which it is the same as another or not.
    pub(super) const CARRIED: [EventPart; 10] = [
        EventPart::Type,
        EventPart::Payload,
        EventPart::Metadata,
        EventPart::Recorded,
        EventPart::Occurred,
        EventPart::Version,
        EventPart::Id,
        EventPart::Schema,
        EventPart::Correlation,
        EventPart::Causation,
    ];

    pub const ALL: [EventPart; 12] = {
        let [a, b, c, d, e, f, g, h, i, j] = EventPart::CARRIED;
        [a, b, c, d, e, f, g, h, i, j, EventPart::Order, EventPart::Position]
    };

    /// Those that a person can leave out of account.
    pub const IGNORABLE: [EventPart; 11] = {
        let [a, b, c, d, e, f, g, h, i, j] = EventPart::CARRIED;
        [a, b, c, d, e, f, g, h, i, j, EventPart::Position]
    };

    /// The part of this word.
    pub fn of_word(word: &str) -> Option<EventPart> {
        EventPart::ALL.into_iter().find(|part| part.word() == word)
    }

    /// The word for it that a person can say.
    pub fn word(self) -> &'static str {
        match self {
            EventPart::Type => "type",
            EventPart::Payload => "payload",
            EventPart::Metadata => "metadata",
            EventPart::Recorded => "recorded",
            EventPart::Occurred => "occurred",
            EventPart::Version => "version",
            EventPart::Id => "id",
            EventPart::Schema => "schema",
            EventPart::Correlation => "correlation",
            EventPart::Causation => "causation",
            EventPart::Order => "order",
            EventPart::Position => "position",
        }
    }
}

impl Serialize for EventPart {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

/// A set of parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Parts(u16);

impl Parts {
    pub fn add(&mut self, part: EventPart) {
        self.0 |= Parts::bit(part);
    }

    pub fn join(&mut self, other: Parts) {
        self.0 |= other.0;
    }

    pub fn holds(self, part: EventPart) -> bool {
        self.0 & Parts::bit(part) != 0
    }

    pub fn iter(self) -> impl Iterator<Item = EventPart> {
        EventPart::ALL.into_iter().filter(move |part| self.holds(*part))
    }

    /// All but these.
    pub fn without(ignored: &[EventPart]) -> Parts {
        let mut parts = Parts::default();
        let counted = EventPart::ALL.into_iter().filter(|part| !ignored.contains(part));
        counted.for_each(|part| parts.add(part));
        parts
    }

    fn bit(part: EventPart) -> u16 {
        1 << part as u16
    }
}

/// How the events of one side are looked at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Measure {
    pub by: By,
    pub counted: Parts,
    /// What the store's own numbering of a stream begins with.
    pub version_base: i64,
    /// Times are cut to so many nanoseconds.
    pub unit_nanos: i64,
}

/// What marks the bytes of a body, so that no text can pass for another's meaning.
const AS_STORED: u8 = 0;
const AS_MEANT: u8 = 1;

impl Measure {
    /// Calls `take` with each carried part that counts, in their order, as the bytes that are compared; `None`: the event
    /// has none. `scratch` is anybody's.
    pub fn each(
        &self,
        event: &EventView<'_>,
        names: &Names,
        scratch: &mut Vec<u8>,
        take: &mut dyn FnMut(EventPart, Option<&[u8]>),
    ) {
        for part in EventPart::CARRIED {
            if !self.counted.holds(part) {
                continue;
            }
            match part {
                EventPart::Type => take(part, Some(names.type_name(event.event_type))),
                EventPart::Payload => take(
                    part,
                    self.body(event.payload, event.encoding == Encoding::Json, scratch),
                ),
                EventPart::Metadata => take(part, self.body(event.metadata, true, scratch)),
                EventPart::Recorded => take(part, self.time(event.recorded_at).as_ref().map(|it| &it[..])),
                EventPart::Occurred => take(part, self.time(event.occurred_at).as_ref().map(|it| &it[..])),
                EventPart::Version => {
                    let version = self.version(event).map(i64::to_be_bytes);
                    take(part, version.as_ref().map(|it| &it[..]));
                }
                EventPart::Id => take(part, self.id(event.event_id, scratch)),
                EventPart::Schema => take(part, event.schema_version),
                EventPart::Correlation => take(part, self.id(event.correlation_id, scratch)),
                EventPart::Causation => take(part, self.id(event.causation_id, scratch)),
                // Not of the event alone.
                EventPart::Order | EventPart::Position => {}
            }
        }
    }

    /// Its number in its stream as both sides count it. `None`: it has none, or none that counts.
    pub fn version(&self, event: &EventView<'_>) -> Option<i64> {
        let is_there = event.version != EventBatch::NO_VERSION && self.counted.holds(EventPart::Version);
        is_there.then(|| event.version.0.saturating_sub(self.version_base))
    }

    fn body<'a>(&self, stored: Option<&[u8]>, claims_json: bool, scratch: &'a mut Vec<u8>) -> Option<&'a [u8]> {
        let stored = stored?;
        scratch.clear();
        let meant = match self.by {
            By::Meaning if claims_json => Value::from_json_noting(stored, Value::MAX_DEPTH).ok(),
            By::Meaning | By::Bytes => None,
        };
        match meant {
            Some((value, false)) => {
                scratch.push(AS_MEANT);
                value.write_meaning(scratch);
            }
            // What is no JSON has no other form; and which value of a repeated key is meant, nobody says.
            Some((_, true)) | None => {
                scratch.push(AS_STORED);
                scratch.extend_from_slice(stored);
            }
        }
        Some(scratch)
    }

    fn time(&self, time: Timestamp) -> Option<[u8; 8]> {
        let cut = time.0.div_euclid(self.unit_nanos).saturating_mul(self.unit_nanos);
        (!time.is_none()).then(|| cut.to_be_bytes())
    }

    fn id<'a>(&self, id: Option<&'a [u8]>, scratch: &'a mut Vec<u8>) -> Option<&'a [u8]> {
        let id = id?;
        if self.by == By::Bytes {
            return Some(id);
        }
        scratch.clear();
        scratch.extend(id.iter().map(u8::to_ascii_lowercase));
        Some(if uuid(scratch).is_some() { scratch } else { id })
    }

    /// Whether what is compared of the event can be read. Bytes that no decode step of a layout opens are bytes, and mean
    /// nothing to us.
    pub fn is_readable(&self, event: &EventView<'_>, doubts: &Doubts) -> bool {
        let is_opened = match (event.encoding, event.payload) {
            (Encoding::Opaque, Some(bytes)) => self.by == By::Bytes && !bytes.is_empty(),
            (Encoding::Opaque | Encoding::Json | Encoding::Text, _) => true,
        };
        (is_opened || !self.counted.holds(EventPart::Payload)) && !doubts.hold(event, self)
    }

    /// Whether a part that counts is not there, where one that cannot be read would not be either.
    pub fn is_blank(&self, event: &EventView<'_>) -> bool {
        let is_absent = |part| match part {
            EventPart::Recorded => event.recorded_at.is_none(),
            EventPart::Occurred => event.occurred_at.is_none(),
            EventPart::Version => event.version == EventBatch::NO_VERSION,
            EventPart::Metadata => event.metadata.is_some_and(<[u8]>::is_empty),
            _ => false, // The others are there, or the payload says itself that it cannot be read.
        };
        self.counted.iter().any(is_absent)
    }
}

/// Events of which something is there that could not be read, and looks like nothing.
#[derive(Debug, Default)]
pub(super) struct Doubts {
    positions: HashSet<i64>,
    /// More than are known by name: then whatever has a blank is one.
    is_any_blank: bool,
}

impl Doubts {
    /// By what reading a whole store came upon.
    pub fn of(findings: &Findings) -> Doubts {
        let mut doubts = Doubts::default();
        for (_, count, kept) in findings.summary().into_iter().filter(|(code, ..)| leaves_blank(code)) {
            doubts.is_any_blank |= count > kept.len() as u64;
            for finding in kept {
                match finding.position {
                    Some(position) => drop(doubts.positions.insert(position.0)),
                    None => doubts.is_any_blank = true,
                }
            }
        }
        doubts
    }

    /// Whether a stream with such blanks must be looked at event by event.
    pub fn reach_blanks(&self) -> bool {
        self.is_any_blank
    }

    fn hold(&self, event: &EventView<'_>, measure: &Measure) -> bool {
        self.positions.contains(&event.position.0) || (self.is_any_blank && measure.is_blank(event))
    }
}

/// Whether a finding of this code is about a part of an event that is there and could not be read.
pub(super) fn leaves_blank(code: &str) -> bool {
    matches!(code, "too-large" | "wrong-type" | "time-unreadable")
}
