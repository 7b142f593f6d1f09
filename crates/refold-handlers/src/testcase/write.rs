//! Writes a case file, so that a history that was found becomes a test of the package.

use std::fmt::Write as _;

use refold_core::event::{Encoding, EventBatch};
use refold_core::names::Names;
use refold_core::value::{Redacted, Text, Value, is_hidden};

use super::read::FORMAT;
use crate::error::{PackageError, code};

#[cfg(test)]
mod tests;

/// What a case is written from.
pub struct CaseText<'a> {
    pub title: &'a str,
    /// Where the events come from, a line for people.
    pub comment: &'a str,
    pub stream: &'a [u8],
    pub names: &'a Names,
    pub batch: &'a EventBatch,
    /// Rows of `batch`, in the order of the stream.
    pub kept: &'a [usize],
    pub wanted: Wanted,
}

/// What a handler that is right comes to.
#[derive(Debug, Clone, PartialEq)]
pub enum Wanted {
    /// This invariant holds.
    Holds(String),
    /// This state, exactly.
    State(Value),
    /// That nothing fails.
    Nothing,
}

/// # Errors
/// When an event cannot be put into a case: its payload is no text.
pub fn write_case(case: &CaseText<'_>) -> Result<String, PackageError> {
    let mut out = format!("refold: {FORMAT}\n# {}\n", quoted(case.comment.as_bytes()));
    let _ = writeln!(out, "title: {}", quoted(case.title.as_bytes()));
    let none = if case.kept.is_empty() { " []" } else { "" };
    let _ = writeln!(out, "given:\n  stream: {}\n  events:{none}", quoted(case.stream));
    for row in case.kept {
        let _ = writeln!(out, "    - {}", event_line(case, *row)?);
    }
    let _ = match &case.wanted {
        Wanted::Holds(invariant) => writeln!(
            out,
            "expect:\n  invariants: {{ {}: holds }}",
            quoted(invariant.as_bytes())
        ),
        Wanted::State(state) => writeln!(out, "expect:\n  match: exact\n  state: {}", flow(state)),
        Wanted::Nothing => writeln!(out, "expect:\n  state: {{}}"),
    };
    Ok(out)
}

/// `{ type: "ItemAdded", version: 3, … }`
fn event_line(case: &CaseText<'_>, row: usize) -> Result<String, PackageError> {
    let event = case.batch.event(row);
    let mut line = format!("{{ type: {}", quoted(case.names.type_name(event.event_type)));
    if event.version != EventBatch::NO_VERSION {
        let _ = write!(line, ", version: {}", event.version.0);
    }
    let _ = write!(line, ", position: {}", event.position.0);
    if !event.recorded_at.is_none() {
        let _ = write!(
            line,
            ", recorded_at: {}",
            quoted(event.recorded_at.display(0).to_string().as_bytes())
        );
    }
    let texts = [("schema_version", event.schema_version), ("event_id", event.event_id)];
    for (name, bytes) in texts.into_iter().filter_map(|(name, bytes)| Some((name, bytes?))) {
        let _ = write!(line, ", {name}: {}", quoted(bytes));
    }
    if let Some(Ok(metadata)) = event.metadata.map(|bytes| Value::from_json(bytes, Value::MAX_DEPTH)) {
        let _ = write!(line, ", metadata: {}", flow(&metadata));
    }
    match event.payload {
        None => {}
        Some(bytes) if event.encoding == Encoding::Json && std::str::from_utf8(bytes).is_ok() => {
            let _ = write!(line, ", payload_text: {}", quoted(bytes));
        }
        Some(_) => {
            let message = format!(
                "the payload of version {} is no JSON text, which no case can hold",
                event.version.0
            );
            return Err(PackageError::nowhere(code::PKG_CASE, message));
        }
    }
    line.push_str(" }");
    Ok(line)
}

/// A value as a line of YAML. Numbers keep their literal.
fn flow(value: &Value) -> String {
    match value {
        Value::Array(elements) => {
            let elements: Vec<String> = elements.iter().map(flow).collect();
            format!("[{}]", elements.join(", "))
        }
        Value::Object(members) => {
            let member = |(key, value): (&Text, &Value)| format!("{}: {}", quoted(key.as_wtf8()), flow(value));
            let members: Vec<String> = members.iter().map(member).collect();
            format!("{{{}}}", members.join(", "))
        }
        Value::Text(text) => quoted(text.as_wtf8()),
        Value::Repeated(_) => flow(value.resolved()),
        // Handlers fold the real values: what is hidden never comes here.
        Value::Redacted(_) => quoted(Redacted::SHOWN.as_bytes()),
        Value::Null => "null".to_owned(),
        Value::Bool(of) => of.to_string(),
        Value::Number(number) => number.to_string(),
    }
}

/// A text in quotes: single ones where nothing in it needs an escape, as in JSON, which is then easy to read.
fn quoted(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    if !text.chars().any(is_hidden) {
        return format!("'{}'", text.replace('\'', "''"));
    }
    let mut out = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => out.extend(['\\', letter]),
            letter if is_hidden(letter) => {
                let _ = write!(out, "\\U{:08x}", u32::from(letter));
            }
            letter => out.push(letter),
        }
    }
    out.push('"');
    out
}
