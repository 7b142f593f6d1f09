//! A payload or metadata as the store holds it, as it goes out on a line and comes back from one.

use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use super::raw;
use crate::text;

/// A payload or metadata as the store holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stored {
    /// The store holds no value.
    Absent,
    /// Well-formed JSON, byte for byte.
    Json(Vec<u8>),
    /// Anything else. `content_type` says what it looks like.
    Bytes { bytes: Vec<u8>, content_type: &'static str },
}

impl Stored {
    /// `bytes` of an event, which may claim to be JSON.
    pub fn of(bytes: Option<&[u8]>, claims_json: bool) -> Stored {
        let Some(bytes) = bytes else { return Stored::Absent };
        if claims_json && std::str::from_utf8(bytes).is_ok_and(|text| serde_json::from_str::<&RawValue>(text).is_ok()) {
            return Stored::Json(bytes.to_vec());
        }
        let content_type = match std::str::from_utf8(bytes) {
            Ok(_) => "text/plain",
            Err(_) => "application/octet-stream",
        };
        Stored::Bytes {
            bytes: bytes.to_vec(),
            content_type,
        }
    }

    /// On one line, with everything hidden made visible.
    pub fn shown(&self) -> String {
        match self {
            Stored::Absent => String::new(),
            Stored::Json(bytes) => text::shown(&one_line(bytes)),
            Stored::Bytes {
                bytes,
                content_type: "text/plain",
            } => text::shown(bytes),
            Stored::Bytes { bytes, .. } => format!("{} of bytes", text::size_label(bytes.len() as u64)),
        }
    }
}

/// Reads what was written as a line: there what would not have come back from it stands as base64.
impl<'de> Deserialize<'de> for Stored {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Stored, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Encoded {
            base64: String,
            content_type: String,
        }
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        if raw.get() == "null" {
            return Ok(Stored::Absent);
        }
        if !raw.get().starts_with("{\"base64\":") {
            return Ok(Stored::Json(raw.get().as_bytes().to_vec()));
        }
        let encoded: Encoded = serde_json::from_str(raw.get()).map_err(D::Error::custom)?;
        let bytes = from_base64(&encoded.base64).ok_or_else(|| D::Error::custom("it is no base64"))?;
        match encoded.content_type.as_str() {
            "application/json" => Ok(Stored::Json(bytes)),
            "text/plain" => Ok(Stored::Bytes {
                bytes,
                content_type: "text/plain",
            }),
            "application/octet-stream" => Ok(Stored::Bytes {
                bytes,
                content_type: "application/octet-stream",
            }),
            other => Err(D::Error::custom(format!("an unknown content type: {other}"))),
        }
    }
}

impl Serialize for Stored {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Encoded {
            base64: String,
            content_type: &'static str,
        }
        match self {
            Stored::Absent => serializer.serialize_none(),
            // Without a mark it would say that there is no value.
            Stored::Json(bytes) if bytes.trim_ascii() == b"null" => Encoded {
                base64: base64(bytes),
                content_type: "application/json",
            }
            .serialize(serializer),
            Stored::Json(bytes) => raw(one_line(bytes)).map_err(S::Error::custom)?.serialize(serializer),
            Stored::Bytes { bytes, content_type } => Encoded {
                base64: base64(bytes),
                content_type,
            }
            .serialize(serializer),
        }
    }
}

/// The same JSON without line breaks and tabs: in well-formed JSON they stand between the tokens only.
fn one_line(json: &[u8]) -> Vec<u8> {
    json.iter()
        .filter(|byte| !matches!(byte, b'\n' | b'\r' | b'\t'))
        .copied()
        .collect()
}

/// Reads what [`base64`] wrote, and no other spelling of it.
fn from_base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    for letters in text.as_bytes().chunks(4) {
        let mut bits = 0;
        for at in 0..4 {
            let value = match letters.get(at)? {
                b'=' => 0,
                letter => LETTERS.iter().position(|of| of == letter)?,
            };
            bits = bits << 6 | value;
        }
        // Of 24 bits the three bytes, without those that were filled up.
        let count = 3 - letters.iter().filter(|letter| **letter == b'=').count().min(2);
        bytes.extend((0..count).map(|at| (bits >> (16 - 8 * at) & 255) as u8));
    }
    (base64(&bytes) == text).then_some(bytes)
}

const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// RFC 4648 section 4.
pub(crate) fn base64(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..4 {
            // Six bits always name one of the 64 letters.
            let letter = LETTERS[(bits >> (18 - 6 * at) & 63) as usize];
            out.push(if at <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    out
}
