//! Writes a case file, so that a history that was found becomes a test of the package.

use std::fmt::Write as _;

use refold_core::event::{Encoding, EventBatch};
use refold_core::names::Names;
use refold_core::value::{Redacted, Text, Value, is_hidden};

use super::read::FORMAT;
use crate::error::{PackageError, code};

#[cfg(test)]
mod tests;

/// In bytes, with quotes: well below what YAML takes.
const LONGEST_KEY: usize = 512;

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
    /// The version that it is for; `None`: all.
    pub version: Option<&'a str>,
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
/// When something cannot be put into a case, which is a file of text: a payload, a name or a place of the state that is none.
pub fn write_case(case: &CaseText<'_>) -> Result<String, PackageError> {
    let mut out = format!("refold: {FORMAT}\n# {}\n", quoted(case.comment));
    let _ = writeln!(out, "title: {}", quoted(case.title));
    if let Some(version) = case.version {
        let _ = writeln!(out, "versions: [{}]", quoted(version));
    }
    let none = if case.kept.is_empty() { " []" } else { "" };
    let stream = text_of(case.stream, || "the id of the stream".to_owned())?;
    let _ = writeln!(out, "given:\n  stream: {stream}\n  events:{none}");
    for row in case.kept {
        out.push_str(&event_lines(case, *row)?);
    }
    let _ = match &case.wanted {
        Wanted::Holds(invariant) => writeln!(out, "expect:\n  invariants: {{ {}: holds }}", quoted(invariant)),
        Wanted::State(state) => {
            let state = state_lines(state)?;
            writeln!(out, "expect:\n  match: exact\n  state:{state}")
        }
        Wanted::Nothing => writeln!(out, "expect:\n  state: {{}}"),
    };
    Ok(out)
}

/// A member a line, so that a person can correct one of them.
fn state_lines(state: &Value) -> Result<String, PackageError> {
    let holds = || "the state holds a text that".to_owned();
    let whole = flow(state, &holds)?;
    let Value::Object(members) = state.resolved() else {
        return Ok(format!(" {whole}"));
    };
    let member = |(key, value): (&Text, &Value)| Ok((flow(&Value::Text(key.clone()), &holds)?, flow(value, &holds)?));
    let members: Vec<(String, String)> = members.iter().map(member).collect::<Result<_, PackageError>>()?;
    // YAML reads no key on a line of its own that is longer.
    if members.is_empty() || members.iter().any(|(key, _)| key.len() > LONGEST_KEY) {
        return Ok(format!(" {whole}"));
    }
    Ok(members
        .iter()
        .map(|(key, value)| format!("\n    {key}: {value}"))
        .collect())
}

/// `    - { type: "ItemAdded", version: 3, … }`, and above it what is left out of it.
fn event_lines(case: &CaseText<'_>, row: usize) -> Result<String, PackageError> {
    let event = case.batch.event(row);
    let of_event = |what: &str| format!("{what} of version {}", event.version.0);
    let event_type = text_of(case.names.type_name(event.event_type), || of_event("the type"))?;
    let mut line = format!("    - {{ type: {event_type}");
    if event.version != EventBatch::NO_VERSION {
        let _ = write!(line, ", version: {}", event.version.0);
    }
    let _ = write!(line, ", position: {}", event.position.0);
    if !event.recorded_at.is_none() {
        let _ = write!(
            line,
            ", recorded_at: {}",
            quoted(&event.recorded_at.display(0).to_string())
        );
    }
    let texts = [("schema_version", event.schema_version), ("event_id", event.event_id)];
    for (name, bytes) in texts.into_iter().filter_map(|(name, bytes)| Some((name, bytes?))) {
        let _ = write!(line, ", {name}: {}", text_of(bytes, || of_event(name))?);
    }
    match event.metadata.map(|bytes| Value::from_json(bytes, Value::MAX_DEPTH)) {
        None => {}
        Some(Ok(metadata)) => {
            let holds = || format!("{} holds a text that", of_event("the metadata"));
            let _ = write!(line, ", metadata: {}", flow(&metadata, &holds)?);
        }
        // Handlers do not get it either.
        Some(Err(_)) => {
            line = format!("    # {} is left out: it is no JSON\n{line}", of_event("the metadata"));
        }
    }
    match event.payload {
        None => {}
        Some(bytes) if event.encoding == Encoding::Json && std::str::from_utf8(bytes).is_ok() => {
            let _ = write!(line, ", payload_text: {}", text_of(bytes, || of_event("the payload"))?);
        }
        Some(_) => return Err(refused(&format!("{} is no JSON text", of_event("the payload")))),
    }
    line.push_str(" }\n");
    Ok(line)
}

/// A value as a line of YAML. Numbers keep their literal. `holds`: how a refusal begins.
fn flow(value: &Value, holds: &dyn Fn() -> String) -> Result<String, PackageError> {
    // JSON can write halves of letters, which no text has.
    let text = |text: &Text| {
        let plain = std::str::from_utf8(text.as_wtf8());
        plain.map(quoted).map_err(|_| {
            let half = "is none in Unicode: a surrogate alone";
            refused(&format!("{} {half}", holds()))
        })
    };
    Ok(match value {
        Value::Array(elements) => {
            let elements = elements.iter().map(|element| flow(element, holds));
            format!("[{}]", elements.collect::<Result<Vec<_>, _>>()?.join(", "))
        }
        Value::Object(members) => {
            let member = |(key, value): (&Text, &Value)| Ok(format!("{}: {}", text(key)?, flow(value, holds)?));
            let members: Vec<String> = members.iter().map(member).collect::<Result<_, PackageError>>()?;
            format!("{{{}}}", members.join(", "))
        }
        Value::Text(of) => text(of)?,
        Value::Repeated(_) => flow(value.resolved(), holds)?,
        // Handlers fold the real values: what is hidden never comes here.
        Value::Redacted(_) => quoted(Redacted::SHOWN),
        Value::Null => "null".to_owned(),
        Value::Bool(of) => of.to_string(),
        Value::Number(number) => number.to_string(),
    })
}

fn text_of(bytes: &[u8], what: impl FnOnce() -> String) -> Result<String, PackageError> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(quoted(text)),
        Err(_) => Err(refused(&format!("{} is no text in UTF-8", what()))),
    }
}

fn refused(what: &str) -> PackageError {
    PackageError::nowhere(code::PKG_CASE, format!("{what}, which no case can hold"))
}

/// A text in quotes: single ones where nothing in it needs an escape, as in JSON, which is then easy to read.
fn quoted(text: &str) -> String {
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
