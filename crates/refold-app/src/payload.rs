//! Payloads and metadata as trees, and what is said of those that are none.

pub mod held;
mod outline;
pub mod scan;

use refold_core::event::{Encoding, EventView};
use refold_core::finding::{Finding, Findings, Severity};
use refold_core::names::Names;
use refold_core::pointer::Pointer;
use refold_core::value::Value;

use crate::mask::{Cover, Mask, Part};

/// The payload and the metadata as values that a person may see; nothing of what is no JSON.
pub fn decoded(event: &EventView<'_>, payload: &Cover, metadata: &Cover) -> Vec<Value> {
    let value = |bytes: Option<&[u8]>, cover: &Cover| {
        let value = Value::from_json(bytes?, Value::MAX_DEPTH).ok()?;
        Some(cover.value(&value))
    };
    [value(event.payload, payload), value(event.metadata, metadata)]
        .into_iter()
        .flatten()
        .collect()
}

/// The event as a person may see it, byte for byte but for what the covers hide.
pub fn covered<T>(event: &EventView<'_>, mask: &Mask, names: &Names, look: impl FnOnce(&EventView<'_>) -> T) -> T {
    if !mask.has_rules() {
        return look(event);
    }
    let payload = mask.of_event(event, names, Part::Payload);
    let metadata = mask.of_event(event, names, Part::Metadata);
    let shown = event.payload.map(|bytes| payload.json(bytes));
    let shown_metadata = event.metadata.map(|bytes| metadata.json(bytes));
    look(&EventView {
        payload: shown.as_deref(),
        // What a cover puts in the place of bytes that nobody can read is JSON.
        encoding: if payload.is_empty() {
            event.encoding
        } else {
            Encoding::Json
        },
        metadata: shown_metadata.as_deref(),
        ..*event
    })
}

/// Reports the keys that occur more than once in an object of the payload or the metadata.
pub fn report_repeated(event: &EventView<'_>, names: &Names, findings: &Findings) {
    let payload = event.payload.filter(|_| event.encoding == Encoding::Json);
    for (part, bytes) in [("payload", payload), ("metadata", event.metadata)] {
        for (place, count) in bytes.map(repeated_keys).unwrap_or_default() {
            findings.report_with("repeated-key", Some(event.position), || Finding {
                code: "repeated-key",
                severity: Severity::Warning,
                stream: Some(names.stream(event.stream).into()),
                version: Some(event.version),
                position: Some(event.position),
                detail: format!("a key occurs {count} times in the {part}, the last one counts: {place}"),
            });
        }
    }
}

fn repeated_keys(json: &[u8]) -> Vec<(Pointer, usize)> {
    match Value::from_json_noting(json, Value::MAX_DEPTH) {
        Ok((value, true)) => value.repeated_keys(),
        _ => Vec::new(), // no repeated key, or no JSON
    }
}

/// Why the payload cannot be read, however deep or long it is; `None` where it can.
pub fn undecodable(event: &EventView<'_>) -> Option<String> {
    let bytes = event.payload?;
    match event.encoding {
        Encoding::Json => held::check(bytes)
            .err()
            .map(|error| format!("not well-formed JSON ({error})")),
        Encoding::Text => Some("text that is not JSON".to_owned()),
        Encoding::Opaque if bytes.is_empty() => Some("empty, or too large to be given to handlers".to_owned()),
        Encoding::Opaque => Some("bytes that this layout cannot decode".to_owned()),
    }
}

/// The first `max_bytes` as hexadecimal digits in pairs.
pub fn hex(bytes: &[u8], max_bytes: usize) -> String {
    let pairs: Vec<String> = bytes.iter().take(max_bytes).map(|byte| format!("{byte:02x}")).collect();
    pairs.join(" ")
}
