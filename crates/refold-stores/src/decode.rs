//! From the stored bytes of a payload or metadata to the document in them.
//!
//! Nothing of a foreign format is ever executed or instantiated: compressed bytes are opened, JSON and text are told
//! apart, and everything else stays opaque.

#[cfg(test)]
mod tests;

use std::io::Read as _;

use refold_core::count::counted;
use refold_core::event::Encoding;
use refold_core::value::is_ascii;

use crate::json;
use crate::layout::{BodySource, DecodeStep, Unwrap};

/// The work space for one document; kept between events so that nothing is allocated.
#[derive(Debug, Default)]
pub struct Decoder {
    opened: Vec<u8>,
    reopened: Vec<u8>,
    is_opened: bool,
}

/// Why a value is [`Encoding::Opaque`], in a few words.
pub type Fault = String;

impl Decoder {
    /// Runs the decode steps of `body` over `stored`; [`Decoder::document`] has the result until the next call.
    pub fn decode(&mut self, body: &BodySource, stored: &[u8], max_bytes: u64) -> Result<Encoding, Fault> {
        self.is_opened = false;
        for step in &body.decode {
            let present: &[u8] = if self.is_opened { &self.opened } else { stored };
            let format = match step {
                DecodeStep::Json => None,
                DecodeStep::Gzip => Some(DecodeStep::Gzip),
                DecodeStep::Zlib => Some(DecodeStep::Zlib),
                DecodeStep::Auto => compression_of(present),
            };
            if let Some(format) = format {
                open(format, present, &mut self.reopened, max_bytes)?;
                std::mem::swap(&mut self.opened, &mut self.reopened);
                self.is_opened = true;
            }
        }
        let document = self.document(stored);
        match encoding_of(document) {
            Encoding::Opaque => Err(describe_opaque(document)),
            encoding => Ok(encoding),
        }
    }

    /// The document that the last [`Decoder::decode`] found in `stored`.
    pub fn document<'a>(&'a self, stored: &'a [u8]) -> &'a [u8] {
        if self.is_opened { &self.opened } else { stored }
    }
}

/// The body in a decoded document.
pub fn unwrap<'a>(
    unwrap: &Unwrap,
    document: &'a [u8],
    encoding: Encoding,
    event_type: &[u8],
) -> Result<(&'a [u8], Encoding), Fault> {
    match unwrap {
        Unwrap::None => Ok((document, encoding)),
        Unwrap::Path(path) => match json::member(document, &path.0) {
            Some(inner) => Ok((inner, Encoding::Json)),
            None => Err(format!("there is no member {} in it", path.0.join("."))),
        },
        Unwrap::EventTypeMember => {
            let name = std::str::from_utf8(event_type).unwrap_or_default();
            Ok((json::only_member(document, name).unwrap_or(document), encoding))
        }
    }
}

/// JSON text by its first character, text if it is UTF-8 without control characters, opaque otherwise.
pub fn encoding_of(document: &[u8]) -> Encoding {
    let first = document
        .iter()
        .find(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
    let looks_like_json = match first {
        Some(b'{' | b'[' | b'"') => true,
        Some(b'-') => !document.trim_ascii_start().starts_with(b"---"),
        Some(b'0'..=b'9') => {
            document.len() < 400 && document.trim_ascii().iter().all(|b| b"0123456789.eE+-".contains(b))
        }
        Some(b't' | b'f' | b'n') => matches!(document.trim_ascii(), b"true" | b"false" | b"null"),
        _ => false,
    };
    // Quicker to see than that it is UTF-8, and most are.
    if looks_like_json && is_ascii(document) {
        return Encoding::Json;
    }
    let Ok(text) = std::str::from_utf8(document) else {
        return Encoding::Opaque;
    };
    if looks_like_json {
        return Encoding::Json;
    }
    let is_text = !text.is_empty() && text.chars().all(|c| !c.is_control() || matches!(c, '\t' | '\n' | '\r'));
    if is_text { Encoding::Text } else { Encoding::Opaque }
}

fn compression_of(bytes: &[u8]) -> Option<DecodeStep> {
    match bytes {
        [0x1f, 0x8b, 8, ..] => Some(DecodeStep::Gzip),
        [0x78, flags, ..] if (0x7800 + u16::from(*flags)).is_multiple_of(31) => Some(DecodeStep::Zlib),
        _ => None,
    }
}

fn open(format: DecodeStep, bytes: &[u8], out: &mut Vec<u8>, max_bytes: u64) -> Result<(), Fault> {
    out.clear();
    let read = match format {
        DecodeStep::Gzip => flate2::read::MultiGzDecoder::new(bytes)
            .take(max_bytes + 1)
            .read_to_end(out),
        _ => flate2::read::ZlibDecoder::new(bytes)
            .take(max_bytes + 1)
            .read_to_end(out),
    };
    match read {
        Ok(count) if count as u64 > max_bytes => Err(format!("it opens to more than {}", counted(max_bytes, "byte"))),
        Ok(_) => Ok(()),
        Err(_) => Err("its compression is damaged, or it is encrypted".to_owned()),
    }
}

/// What the bytes may be, by the numbers that formats begin with.
pub fn describe_opaque(bytes: &[u8]) -> Fault {
    let what = match bytes {
        [] => "it is empty",
        [0xac, 0xed, 0, 5, ..] => "it is a serialised Java object",
        [0, 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, ..] => "it is a serialised .NET object",
        [0x80, 2..=5, ..] => "it is a Python pickle",
        [0x83, ..] => "it is an Erlang term",
        [0xd9, 0xd9, 0xf7, ..] => "it is CBOR",
        [0x3a, 0x29, 0x0a, ..] => "it is Smile",
        [4, 8, ..] => "it is Ruby Marshal",
        [0x28, 0xb5, 0x2f, 0xfd, ..] => "it is compressed with zstd",
        [0x04, 0x22, 0x4d, 0x18, ..] => "it is compressed with LZ4",
        [0xc3, 1, ..] => "it is Avro",
        _ => "it is neither text nor a known format; it may be encrypted",
    };
    what.to_owned()
}
