//! How ids, times, sizes and spans read to a person. Nothing that is shown can move a terminal's cursor or hide.
//!
//! Shown texts are for eyes and for asking again ([`id_from_shown`]), never for computing.

mod value;

use std::borrow::Cow;
use std::fmt::{self, Write as _};

pub use refold_core::count::{counted, grouped, size_label};
use refold_core::event::{EventBatch, Position, Version};
use refold_core::time::Timestamp;
use refold_core::value::is_hidden;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use refold_audit::anchor::hex;
use sha2::{Digest as _, Sha256};
pub use value::{LITERAL_BYTES, boundary, cut_literal, shown_path, shown_text, shown_value};

/// What is said of two numbers of one amount that are written differently: they differ, as their literals do.
pub const SAME_NUMBER: &str = "the same number, written differently";

/// How a category, or a type, is called that has no name.
pub const NO_NAME: &str = "(none)";

/// The name of a category, or of a type, as a person reads it and may say it.
pub fn named(bytes: &[u8]) -> String {
    match bytes.is_empty() {
        true => NO_NAME.to_owned(),
        false => shown(bytes),
    }
}

/// Bytes of the store as a text: what is not UTF-8 as `\x{ff}`, what is hidden as `\u{202e}`, and the backslash of what
/// only looks like one of these as `\u{5c}`.
pub fn shown(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for (at, letter) in chunk.valid().char_indices() {
            let is_like_escape = || {
                let rest = chunk.valid().get(at..).unwrap_or_default();
                rest.starts_with("\\u{") || rest.starts_with("\\x{")
            };
            if is_hidden(letter) || (letter == '\\' && is_like_escape()) {
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

/// A text that is [`shown`] already, or is our own: only what is hidden is made visible, as `\u{202e}`.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for letter in text.chars() {
        if is_hidden(letter) {
            let _ = write!(out, "\\u{{{:x}}}", u32::from(letter));
        } else {
            out.push(letter);
        }
    }
    Cow::Owned(out)
}

/// Bytes of the store: for a program (serialised) the text itself, which JSON can carry as it is, and only what is not
/// UTF-8 as [`shown`] writes it; for a person (displayed) as [`shown`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Exact(Vec<u8>);

pub fn exact(bytes: &[u8]) -> Exact {
    Exact(bytes.to_vec())
}

impl Exact {
    /// For a program: as it is serialised.
    pub fn text(&self) -> Cow<'_, str> {
        std::str::from_utf8(&self.0).map_or_else(|_| Cow::Owned(shown(&self.0)), Cow::Borrowed)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it is serialised as it is, and comes back as it was.
    pub fn is_utf8(&self) -> bool {
        std::str::from_utf8(&self.0).is_ok()
    }
}

impl fmt::Display for Exact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&shown(&self.0))
    }
}

impl Serialize for Exact {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text())
    }
}

impl<'de> Deserialize<'de> for Exact {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Exact, D::Error> {
        Ok(Exact(String::deserialize(deserializer)?.into_bytes()))
    }
}

/// The bytes that [`shown`] showed, for an id that a person gives back.
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

/// SHA-256 as hexadecimal digits.
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
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

/// Why a document is no TOML, or not the one that is wanted, in one line: `line 3: unknown field …`.
pub(crate) fn toml_fault(document: &str, error: &toml::de::Error) -> String {
    let start = error.span().map_or(0, |span| span.start);
    let before = document.get(..start).unwrap_or(document);
    let line = before.matches('\n').count() + 1;
    format!("line {line}: {}", error.message().trim().replace('\n', " "))
}

/// `None` for an empty label.
pub fn filled(label: String) -> Option<String> {
    Some(label).filter(|label| !label.is_empty())
}

#[cfg(test)]
mod tests;
