//! Payloads and metadata as trees, and what is said of those that are none.

pub mod scan;

use refold_core::event::{Encoding, EventView};
use refold_core::finding::{Finding, Findings, Severity};
use refold_core::names::Names;
use refold_core::pointer::Pointer;
use refold_core::value::{Redacted, Value};

use crate::mask::{Cover, Mask, Part};
use crate::rows;
use crate::text;

/// Hex is shown of so many bytes.
const HEX_BYTES: usize = 256;
/// Longer payloads are not made into a tree: that would take many times their size.
const TREE_BYTES: usize = 16 << 20;

/// Why bytes cannot be shown as a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    pub reason: String,
    /// Empty where they are hidden, as all bytes are that nobody can read and rules speak of.
    pub bytes: Vec<u8>,
    pub is_redacted: bool,
}

impl Unreadable {
    fn of(reason: String, bytes: &[u8], cover: &Cover) -> Unreadable {
        let is_redacted = !cover.is_empty();
        Unreadable {
            reason,
            bytes: if is_redacted { Vec::new() } else { bytes.to_vec() },
            is_redacted,
        }
    }

    /// One line: the reason, and the beginning of what is there.
    pub fn shown(&self) -> String {
        if self.is_redacted {
            return format!("{}: {}", self.reason, Redacted::SHOWN);
        }
        match std::str::from_utf8(&self.bytes) {
            Ok("") => self.reason.clone(),
            Ok(whole) => format!("{}: {}", self.reason, rows::cut_shown(whole)),
            Err(_) => {
                let size = text::size_label(self.bytes.len() as u64);
                format!("{}: {size} beginning {}", self.reason, hex(&self.bytes, HEX_BYTES))
            }
        }
    }
}

/// The payload as a value that a person may see; a store's NULL is `null`.
pub fn decode(event: &EventView<'_>, cover: &Cover) -> Result<Value, Unreadable> {
    let Some(bytes) = event.payload else {
        return Ok(Value::Null);
    };
    let reason = match event.encoding {
        Encoding::Json => return decode_json(bytes, cover),
        Encoding::Text => "text that is not JSON".to_owned(),
        Encoding::Opaque => "bytes that this layout cannot decode".to_owned(),
    };
    Err(Unreadable::of(reason, bytes, cover))
}

/// The metadata as a value that a person may see; `null` where there is none.
pub fn decode_metadata(event: &EventView<'_>, cover: &Cover) -> Result<Value, Unreadable> {
    event
        .metadata
        .map_or(Ok(Value::Null), |bytes| decode_json(bytes, cover))
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
            findings.report_with("repeated-key", || Finding {
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

/// Why the payload cannot be read; `None` also for one that is only too long for a tree.
pub fn undecodable(event: &EventView<'_>) -> Option<String> {
    let is_long = event.encoding == Encoding::Json && event.payload.is_some_and(|bytes| bytes.len() > TREE_BYTES);
    if is_long {
        None
    } else {
        decode(event, &Cover::default())
            .err()
            .map(|unreadable| unreadable.reason)
    }
}

fn decode_json(bytes: &[u8], cover: &Cover) -> Result<Value, Unreadable> {
    let reason = if bytes.len() > TREE_BYTES {
        format!(
            "too long to be shown as a tree ({})",
            text::size_label(bytes.len() as u64)
        )
    } else {
        match Value::from_json(bytes, Value::MAX_DEPTH) {
            Ok(value) => return Ok(cover.value(&value)),
            Err(error) => format!("not well-formed JSON ({error})"),
        }
    };
    Err(Unreadable::of(reason, bytes, cover))
}

/// The first `max_bytes` as hexadecimal digits in pairs.
pub fn hex(bytes: &[u8], max_bytes: usize) -> String {
    let pairs: Vec<String> = bytes.iter().take(max_bytes).map(|byte| format!("{byte:02x}")).collect();
    pairs.join(" ")
}
