//! Text on its way out: as JSON for files, and for screens with everything visible.

use std::fmt::Write as _;

use super::text::{Wtf8Part, Wtf8Parts};
use super::{Text, Value};

impl Value {
    /// The value as one line of JSON for a screen or a terminal: as [`Value::write_json`] writes it, and besides each
    /// character that would not show itself, or would change how others show, as its `\u` escape. Still JSON, still
    /// the same value.
    pub fn display_json(&self) -> String {
        let json = self.to_canonical();
        let mut shown = String::with_capacity(json.len());
        // What `write_json` made is UTF-8; nothing is lost here.
        for letter in String::from_utf8_lossy(&json).chars() {
            if is_hidden(letter) {
                let mut units = [0; 2];
                for unit in letter.encode_utf16(&mut units) {
                    // Writing to a string cannot fail.
                    let _ = write!(shown, "\\u{unit:04x}");
                }
            } else {
                shown.push(letter);
            }
        }
        shown
    }
}

/// Whether a character hides from a reader or moves others: controls (a terminal obeys them), bidi marks, zero-width
/// characters and line separators, variation and language tags, and code points that stand for nothing.
pub fn is_hidden(letter: char) -> bool {
    matches!(letter,
        '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}'
        | '\u{ad}' | '\u{61c}' | '\u{180e}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}'
        | '\u{e0000}'..='\u{e007f}')
}

/// Appends a text in quotes. Escaped are what JSON demands (in the short form where there is one) and lone surrogates.
pub(super) fn write_text(text: &Text, out: &mut Vec<u8>) {
    out.push(b'"');
    match text.as_str() {
        Some(text) => write_escaped(text, out),
        None => {
            for part in Wtf8Parts::new(text.as_wtf8()) {
                match part {
                    Wtf8Part::Text(text) => write_escaped(text, out),
                    Wtf8Part::LoneSurrogate(unit) => out.extend_from_slice(format!("\\u{unit:04x}").as_bytes()),
                }
            }
        }
    }
    out.push(b'"');
}

fn write_escaped(text: &str, out: &mut Vec<u8>) {
    let bytes = text.as_bytes();
    let mut written = 0;
    for (at, byte) in bytes.iter().enumerate() {
        let short = match byte {
            b'"' => b'"',
            b'\\' => b'\\',
            0x08 => b'b',
            0x0c => b'f',
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            0x00..=0x1f => b'u',
            _ => continue,
        };
        // In range: `written` is never past `at`.
        out.extend_from_slice(&bytes[written..at]);
        out.extend_from_slice(&[b'\\', short]);
        if short == b'u' {
            out.extend_from_slice(format!("{byte:04x}").as_bytes());
        }
        written = at + 1;
    }
    out.extend_from_slice(&bytes[written..]);
}
