//! How ids, times, sizes and spans read to a person. Nothing that is shown can move a terminal's cursor or hide.
//!
//! Shown texts are for eyes and for asking again ([`id_from_shown`]), never for computing.

use std::fmt::Write as _;

use refold_core::event::{EventBatch, Position, Version};
use refold_core::time::Timestamp;
use refold_core::value::is_hidden;

/// Bytes of the store as a text: what is not UTF-8 as `\x{ff}`, what is hidden as `\u{202e}`.
pub fn shown(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for letter in chunk.valid().chars() {
            if is_hidden(letter) {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\u{{{:x}}}", u32::from(letter));
            } else {
                out.push(letter);
            }
        }
        for byte in chunk.invalid() {
            let _ = write!(out, "\\x{{{byte:02x}}}");
        }
    }
    out
}

/// Bytes of the store as data for a program, which JSON can carry as they are: the text itself. Only what is not UTF-8
/// is written as [`shown`] writes it. Whoever prints it makes visible what is hidden.
pub fn exact(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => shown(bytes),
    }
}

/// The bytes that [`shown`] showed, for an id that a person gives back. A text without escapes is itself.
pub fn id_from_shown(text: &str) -> Vec<u8> {
    let mut id = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (before, escaped) = rest.split_at(at);
        id.extend_from_slice(before.as_bytes());
        match escape(escaped) {
            Some((bytes, length)) => {
                id.extend_from_slice(&bytes);
                rest = escaped.get(length..).unwrap_or_default();
            }
            None => {
                id.push(b'\\');
                rest = escaped.get(1..).unwrap_or_default();
            }
        }
    }
    id.extend_from_slice(rest.as_bytes());
    id
}

/// What the escape at the start of `text` stands for, and how long it is written.
fn escape(text: &str) -> Option<(Vec<u8>, usize)> {
    let (digits, _) = text.get(3..)?.split_once('}')?;
    let number = u32::from_str_radix(digits, 16).ok()?;
    let bytes = match text.get(..3)? {
        "\\x{" => vec![u8::try_from(number).ok()?],
        "\\u{" => char::from_u32(number)?.to_string().into_bytes(),
        _ => return None,
    };
    Some((bytes, digits.len() + 4))
}

/// The store's own version number; empty where it keeps none.
pub fn version_label(version: Version) -> String {
    if version == EventBatch::NO_VERSION {
        String::new()
    } else {
        version.0.to_string()
    }
}

pub fn position_label(position: Position) -> String {
    position.0.to_string()
}

/// RFC 3339 in UTC with the store's precision; empty where there is no time.
pub fn time_label(time: Timestamp, digits: u8) -> String {
    if time.is_none() {
        String::new()
    } else {
        time.display(digits).to_string()
    }
}

/// `734,166`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `108.3 MB`, in powers of 1000.
pub fn size_label(byte_count: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if byte_count < 1000 {
        return format!("{byte_count} B");
    }
    // Tenths of the unit, rounded down: a size never looks larger than it is.
    let (mut tenths, mut unit) = (byte_count / 100, 0);
    while tenths >= 10_000 && unit + 1 < UNITS.len() {
        (tenths, unit) = (tenths / 1000, unit + 1);
    }
    format!(
        "{}.{} {}",
        grouped(tenths / 10),
        tenths % 10,
        UNITS.get(unit).unwrap_or(&"PB")
    )
}

/// The two leading units of a span: `137 ms`, `6 min 12 s`, `3 d 4 h`.
pub fn span_label(nanos: u64) -> String {
    const UNITS: [(u64, &str); 7] = [
        (86_400_000_000_000, "d"),
        (3_600_000_000_000, "h"),
        (60_000_000_000, "min"),
        (1_000_000_000, "s"),
        (1_000_000, "ms"),
        (1_000, "µs"),
        (1, "ns"),
    ];
    let Some(first) = UNITS.iter().position(|(size, _)| nanos >= *size) else {
        return "0 s".to_owned();
    };
    let (size, unit) = UNITS.get(first).copied().unwrap_or((1, "ns"));
    let mut label = format!("{} {unit}", grouped(nanos / size));
    // Below a second one unit is precise enough to read.
    if let Some((next, unit)) = UNITS.get(first + 1).filter(|(next, _)| *next >= 1_000_000_000) {
        let count = nanos % size / next;
        if count > 0 {
            let _ = write!(label, " {count} {unit}");
        }
    }
    label
}

/// The time from one event to the next in a stream: `+137 ms`; `-2 s` where the clock ran backwards; empty where a
/// time is missing.
pub fn since_previous(previous: Timestamp, this: Timestamp) -> String {
    if previous.is_none() || this.is_none() {
        return String::new();
    }
    let sign = if this < previous { '-' } else { '+' };
    format!("{sign}{}", span_label(this.0.abs_diff(previous.0)))
}

/// `None` for an empty label.
pub fn filled(label: String) -> Option<String> {
    Some(label).filter(|label| !label.is_empty())
}

#[cfg(test)]
mod tests;
