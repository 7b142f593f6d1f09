//! Payloads and metadata as trees, and what is said of those that are none.

use refold_core::event::{Encoding, EventView};
use refold_core::finding::{Finding, Findings, Severity};
use refold_core::names::Names;
use refold_core::pointer::Pointer;
use refold_core::value::Value;

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
    pub bytes: Vec<u8>,
}

impl Unreadable {
    /// One line: the reason, and the beginning of what is there.
    pub fn shown(&self) -> String {
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

/// The payload as a value; a store's NULL is `null`.
pub fn decode(event: &EventView<'_>) -> Result<Value, Unreadable> {
    let Some(bytes) = event.payload else {
        return Ok(Value::Null);
    };
    let reason = match event.encoding {
        Encoding::Json => return decode_json(bytes),
        Encoding::Text => "text that is not JSON".to_owned(),
        Encoding::Opaque => "bytes that this layout cannot decode".to_owned(),
    };
    Err(Unreadable {
        reason,
        bytes: bytes.to_vec(),
    })
}

/// The metadata as a value; `null` where there is none.
pub fn decode_metadata(event: &EventView<'_>) -> Result<Value, Unreadable> {
    event.metadata.map_or(Ok(Value::Null), decode_json)
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
        decode(event).err().map(|unreadable| unreadable.reason)
    }
}

fn decode_json(bytes: &[u8]) -> Result<Value, Unreadable> {
    let reason = if bytes.len() > TREE_BYTES {
        format!(
            "too long to be shown as a tree ({})",
            text::size_label(bytes.len() as u64)
        )
    } else {
        match Value::from_json(bytes, Value::MAX_DEPTH) {
            Ok(value) => return Ok(value),
            Err(error) => format!("not well-formed JSON ({error})"),
        }
    };
    Err(Unreadable {
        reason,
        bytes: bytes.to_vec(),
    })
}

/// The first `max_bytes` as hexadecimal digits in pairs.
pub fn hex(bytes: &[u8], max_bytes: usize) -> String {
    let pairs: Vec<String> = bytes.iter().take(max_bytes).map(|byte| format!("{byte:02x}")).collect();
    pairs.join(" ")
}
