//! What the command line prints with `--json`, as plain data: the names of these members are a promise.
//!
//! Payload values never become numbers of this program: they are written as the literal that the store holds.

mod stored;

use refold_core::value::{Value, is_hidden};
use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

pub use stored::Stored;
pub(crate) use stored::base64;

use crate::error::AppError;
use crate::text::{self, Exact};
use crate::wire::{FindingWire, HandlerWire};

/// A value of a state, written with its literals.
#[derive(Debug, Clone, PartialEq)]
pub struct Literal(pub Value);

impl Literal {
    /// The later of two sides as a person reads it, with what is said of a number that is only written differently.
    pub fn shown_beside(later: &Literal, before: Option<&Literal>) -> String {
        let shown = later.shown();
        match before.is_some_and(|before| before.0.is_number_written_otherwise(&later.0)) {
            true => format!("{shown} ({})", text::SAME_NUMBER),
            false => shown,
        }
    }

    /// On one line, with everything hidden made visible.
    pub fn shown(&self) -> String {
        self.0.display_json()
    }

    /// As a row of the window shows it: a literal, cut where it is long; of a container how much is in it.
    pub fn row(&self) -> String {
        text::shown_value(&self.0)
    }

    /// Whether masking rules hide all of it.
    pub fn is_redacted(&self) -> bool {
        matches!(self.0, Value::Redacted(_))
    }
}

impl Literal {
    /// As JSON, with its literals.
    pub fn json(&self) -> Vec<u8> {
        let mut json = Vec::new();
        self.0.write_json(&mut json);
        json
    }

    /// A member or element a line, two levels of them open, with everything hidden made visible.
    pub fn shown_lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        lines_of(&self.0, "", 0, "", &mut lines);
        lines
    }
}

/// `comma` stands behind all but the last of its container.
fn lines_of(value: &Value, key: &str, depth: usize, comma: &str, lines: &mut Vec<String>) {
    const OPEN_DEPTH: usize = 2;
    let indent = "  ".repeat(depth);
    let comma_after = |at: usize, count: usize| if at + 1 < count { "," } else { "" };
    match value {
        Value::Object(object) if !object.is_empty() && depth < OPEN_DEPTH => {
            lines.push(format!("{indent}{key}{{"));
            for (at, (name, member)) in object.iter().enumerate() {
                let name = format!("{}: ", Value::Text(name.clone()).display_json());
                let comma = comma_after(at, object.len());
                match member {
                    // Each of its values, as the record has them.
                    Value::Repeated(values) => values.iter().enumerate().for_each(|(at, value)| {
                        lines_of(
                            value,
                            &name,
                            depth + 1,
                            if at + 1 < values.len() { "," } else { comma },
                            lines,
                        )
                    }),
                    member => lines_of(member, &name, depth + 1, comma, lines),
                }
            }
            lines.push(format!("{indent}}}{comma}"));
        }
        Value::Array(array) if !array.is_empty() && depth < OPEN_DEPTH => {
            lines.push(format!("{indent}{key}["));
            for (at, element) in array.iter().enumerate() {
                lines_of(element, "", depth + 1, comma_after(at, array.len()), lines);
            }
            lines.push(format!("{indent}]{comma}"));
        }
        value => lines.push(format!("{indent}{key}{}{comma}", value.display_json())),
    }
}

impl Serialize for Literal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        raw(self.json()).map_err(S::Error::custom)?.serialize(serializer)
    }
}

/// What was serialised, with its literals. What masking rules hid comes back as the text that stood for it.
impl<'de> Deserialize<'de> for Literal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Literal, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let value = Value::from_json(raw.get().as_bytes(), Value::MAX_DEPTH).map_err(D::Error::custom)?;
        Ok(Literal(value))
    }
}

/// For a member that is left out where there is nothing: `null` is a value.
pub(crate) fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Literal>, D::Error> {
    Literal::deserialize(deserializer).map(Some)
}

/// One event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventAnswer {
    pub position: String,
    pub stream: Exact,
    pub category: Exact,
    pub version: Option<String>,
    #[serde(rename = "type")]
    pub event_type: Exact,
    pub schema_version: Option<Exact>,
    pub recorded_at: Option<String>,
    pub occurred_at: Option<String>,
    pub event_id: Option<Exact>,
    pub correlation_id: Option<Exact>,
    pub causation_id: Option<Exact>,
    pub payload: Stored,
    pub metadata: Stored,
}

/// One event, and its way through the upcasters of a handler.
#[derive(Debug, Clone, Serialize)]
pub struct UpcastEventAnswer {
    #[serde(flatten)]
    pub event: EventAnswer,
    /// `null` where the handler has no upcasters for it.
    pub upcast: Option<UpcastAnswer>,
}

/// How an event comes to the version that the rules of a handler expect.
#[derive(Debug, Clone, Serialize)]
pub struct UpcastAnswer {
    /// In the order in which they ran; none: it is stored as the rules expect it.
    pub steps: Vec<UpcastStepAnswer>,
    /// What the rules get; none: it is dropped, or `fault` says why there is nothing.
    pub made: Vec<MadeAnswer>,
    pub fault: Option<String>,
    /// Masking rules hide some of the event: what the steps compute of it, they compute of what is shown.
    pub redacted: bool,
}

#[derive(Debug, Clone, Serialize)]
pub struct UpcastStepAnswer {
    /// `upcasters.yaml:5:3`.
    pub place: String,
    #[serde(rename = "type")]
    pub event_type: Exact,
    pub from: u32,
    pub to: u32,
    /// What it changed in the payload, where it made one event of one.
    pub changes: Vec<ChangeAnswer>,
    pub made: Vec<MadeAnswer>,
}

/// An event that an upcaster made.
#[derive(Debug, Clone, Serialize)]
pub struct MadeAnswer {
    #[serde(rename = "type")]
    pub event_type: Exact,
    pub payload: Literal,
}

/// One event as its business would tell it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StoryAnswer {
    pub stream: Exact,
    pub version: Option<String>,
    pub position: Option<String>,
    #[serde(rename = "type")]
    pub event_type: String,
    pub recorded_at: Option<String>,
    /// `null` where no template of the handler can tell it; then `changed` has the paths that it changed.
    pub story: Option<String>,
    pub changed: Vec<String>,
    /// Where and why the handler failed, at this event or before it, where no template tells the event: what it changed is
    /// not known then.
    pub fault: Option<String>,
    /// `false` where the payload cannot be read: it changed nothing that we know of.
    pub readable: bool,
}

/// One event on the clock of several streams.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LaneAnswer {
    /// On the clock that was asked for.
    pub time: String,
    pub stream: Exact,
    pub version: Option<String>,
    pub position: Option<String>,
    #[serde(rename = "type")]
    pub event_type: String,
}

/// What caused an event and what it caused, as rows of a tree: causes from the farthest on, the event, its effects.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CausesAnswer {
    pub event_id: Option<Exact>,
    pub causation_id: Option<Exact>,
    pub correlation_id: Option<Exact>,
    /// How many events nearby were looked at; `null`: all of the store.
    pub looked_at: Option<u32>,
    pub causes_are_cut: bool,
    pub effects_are_cut: bool,
    pub rows: Vec<CauseRowAnswer>,
    pub findings: Vec<FindingWire>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CauseRowAnswer {
    /// `cause`, `asked` or `effect`.
    pub role: &'static str,
    /// From the event that was asked for.
    pub steps: u32,
    pub indent: u32,
    /// `null`, as the next four, where no event was found that has the id.
    pub stream: Option<Exact>,
    pub version: Option<String>,
    pub position: Option<String>,
    #[serde(rename = "type")]
    pub event_type: Option<Exact>,
    pub recorded_at: Option<String>,
    pub id: Option<Exact>,
    /// What is odd about it, in words.
    pub notes: Vec<&'static str>,
}

/// One stream of a list.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StreamAnswer {
    pub stream: Exact,
    pub category: Exact,
    pub events: u32,
    pub first_recorded_at: Option<String>,
    pub last_recorded_at: Option<String>,
    pub last_type: Exact,
}

/// What a store is and holds.
#[derive(Debug, Clone, Serialize)]
pub struct StoreAnswer {
    pub location: String,
    /// What it is treated as, where it is a saved connection or a server, or where somebody said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counts_as: Option<&'static str>,
    pub kind: String,
    pub layout: String,
    pub layout_title: String,
    pub evidence: Vec<String>,
    pub capabilities: Capabilities,
    pub byte_count: Option<String>,
    pub events: u32,
    pub streams: u32,
    pub first_recorded_at: Option<String>,
    pub last_recorded_at: Option<String>,
    pub types: Vec<Count>,
    pub categories: Vec<Count>,
    pub read_only: Vec<String>,
    pub findings: Vec<FindingWire>,
    /// What was not looked at, and what does.
    pub not_checked: Vec<String>,
}

#[derive(Debug, Clone, Serialize)]
pub struct Capabilities {
    /// `total`, or `approximate` where the store keeps no global order.
    pub order: &'static str,
    /// The version of a stream's first event, 0 or 1; `null` where the store keeps no versions, or begins with others.
    pub version_base: Option<String>,
    pub events_without_version: u32,
    pub time_digits: u8,
    pub time_zone: String,
    pub stream_index: bool,
    /// `EventSourcingDB`: whose hash chain the store itself keeps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub own_chain: Option<&'static str>,
}

/// How many events of a type, or streams of a category.
#[derive(Debug, Clone, Serialize)]
pub struct Count {
    pub name: Exact,
    pub count: u32,
}

/// A state and of which event it is.
#[derive(Debug, Clone, Serialize)]
pub struct StateAnswer {
    pub stream: Exact,
    pub version: Option<String>,
    pub position: Option<String>,
    pub recorded_at: Option<String>,
    /// The instant that was asked for, where a time was.
    pub as_of: Option<String>,
    pub handler: HandlerWire,
    pub state: Literal,
    /// The version of the first event that the state may lack; `#4711`, its position, where the store keeps no versions.
    pub incomplete_since: Option<String>,
    pub findings: Vec<FindingWire>,
}

/// The difference between two moments of a stream.
#[derive(Debug, Clone, Serialize)]
pub struct DiffAnswer {
    pub stream: Exact,
    pub from: MomentAnswer,
    pub to: MomentAnswer,
    pub handler: HandlerWire,
    pub changes: Vec<ChangeAnswer>,
    /// Why these may not be the differences: one of both states may lack something; `null`: nothing says so.
    pub unclear: Option<String>,
    /// As in [`StateAnswer`].
    pub incomplete_since: Option<String>,
    pub findings: Vec<FindingWire>,
}

/// Two states side by side.
#[derive(Debug, Clone, Serialize)]
pub struct ComparisonAnswer {
    pub left: ComparedAnswer,
    pub right: ComparedAnswer,
    /// The order of array elements was left out of account.
    pub ignores_order: bool,
    /// `before` is what the left side has, `after` the right one; the event is one of the right side.
    pub changes: Vec<ChangeAnswer>,
    /// As in [`DiffAnswer`].
    pub unclear: Option<String>,
    pub findings: Vec<FindingWire>,
}

/// One side of a comparison.
#[derive(Debug, Clone, Serialize)]
pub struct ComparedAnswer {
    pub store: String,
    pub stream: Exact,
    pub version: Option<String>,
    pub position: Option<String>,
    pub recorded_at: Option<String>,
    pub handler: HandlerWire,
    /// As in [`StateAnswer`].
    pub incomplete_since: Option<String>,
    /// Why the handler stopped.
    pub fault: Option<String>,
}

/// A moment by the event that led to it; all `null` before the first.
#[derive(Debug, Clone, Serialize)]
pub struct MomentAnswer {
    pub version: Option<String>,
    pub position: Option<String>,
    pub recorded_at: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
pub struct ChangeAnswer {
    /// RFC 6901.
    pub path: String,
    /// `added`, `removed` or `changed`.
    pub op: &'static str,
    pub before: Option<Literal>,
    pub after: Option<Literal>,
    /// Where an element of an array was, when all that changed is its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moved_from: Option<String>,
    /// The event that did it.
    pub version: Option<String>,
    pub position: Option<String>,
    #[serde(rename = "type")]
    pub event_type: Option<String>,
}

/// Which events made a state so.
#[derive(Debug, Clone, Serialize)]
pub struct BlameAnswer {
    pub stream: Exact,
    pub version: Option<String>,
    pub position: Option<String>,
    pub handler: HandlerWire,
    pub leaves: Vec<LeafAnswer>,
    /// As in [`StateAnswer`].
    pub incomplete_since: Option<String>,
    pub findings: Vec<FindingWire>,
}

#[derive(Debug, Clone, Serialize)]
pub struct LeafAnswer {
    pub path: String,
    pub value: Literal,
    /// `null`: the handler's initial state.
    pub changed: Option<CauseAnswer>,
    pub wrote: Option<CauseAnswer>,
    /// Who did the event that changed it, by its metadata.
    pub actor: Option<String>,
    /// The lines of the handler that may have changed it: one, or several where only folding could tell which.
    pub lines: Vec<String>,
}

/// An event as the cause of a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CauseAnswer {
    pub version: Option<String>,
    pub position: Option<String>,
    #[serde(rename = "type")]
    pub event_type: String,
    pub recorded_at: Option<String>,
}

/// Events by type in equal parts of a span of time.
#[derive(Debug, Clone, Serialize)]
pub struct TimelineAnswer {
    pub stream: Option<Exact>,
    /// `None` where no event has a time, as is `to`.
    pub from: Option<String>,
    pub to: Option<String>,
    /// All that have a time.
    pub events: u32,
    /// Of them those before the first and after the last column.
    pub earlier_events: u32,
    pub later_events: u32,
    /// Events that are in no column, because their recorded time is missing or cannot be read.
    pub without_time: u32,
    pub types: Vec<String>,
    /// `None`: the columns are by type; else there are no `types`.
    pub categories: Option<Vec<String>>,
    pub columns: Vec<ColumnAnswer>,
}

impl TimelineAnswer {
    /// What the counts of a column are of.
    pub fn kinds(&self) -> &[String] {
        self.categories.as_ref().unwrap_or(&self.types)
    }
}

#[derive(Debug, Clone, Serialize)]
pub struct ColumnAnswer {
    pub from: String,
    pub events: u32,
    /// By type or category, in the order of `types` or `categories`.
    pub counts: Vec<u32>,
}

/// Every value that a place of the state ever had.
#[derive(Debug, Clone, Serialize)]
pub struct FieldAnswer {
    pub stream: Exact,
    /// RFC 6901.
    pub path: String,
    pub handler: HandlerWire,
    pub values: Vec<FieldValueAnswer>,
    /// As in [`StateAnswer`].
    pub incomplete_since: Option<String>,
    /// What says that not all of the stream could be read.
    pub findings: Vec<FindingWire>,
}

/// A value and the event that it came with; the event is all `null` for the handler's initial state.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FieldValueAnswer {
    pub version: Option<String>,
    pub position: Option<String>,
    pub recorded_at: Option<String>,
    #[serde(rename = "type")]
    pub event_type: Option<String>,
    /// `false`: the event removed it, and `value` is `null`.
    pub present: bool,
    pub value: Option<Literal>,
}

/// An answer as one line of JSON in which nothing is hidden: control, bidi and other invisible characters are written
/// as `\u` escapes, which are the same text to every reader of JSON.
pub fn json_line(answer: &impl Serialize) -> Result<String, AppError> {
    let json = serde_json::to_string(answer).map_err(|error| AppError::internal(error.to_string()))?;
    Ok(visible(json))
}

/// JSON in which nothing is hidden, as in [`json_line`]. What is no UTF-8 in it is replaced.
pub fn visible_json(json: &[u8]) -> String {
    visible(String::from_utf8_lossy(json).into_owned())
}

fn visible(json: String) -> String {
    if json.is_ascii() && !json.contains('\u{7f}') {
        return json;
    }
    let mut line = String::with_capacity(json.len());
    for letter in json.chars() {
        if is_hidden(letter) {
            // Hidden letters occur inside strings only: outside of them JSON is visible ASCII.
            letter
                .encode_utf16(&mut [0; 2])
                .iter()
                .for_each(|unit| line.push_str(&format!("\\u{unit:04x}")));
        } else {
            line.push(letter);
        }
    }
    line
}

fn raw(json: Vec<u8>) -> Result<Box<RawValue>, String> {
    let text = String::from_utf8(json).map_err(|error| error.to_string())?;
    RawValue::from_string(text).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests;
