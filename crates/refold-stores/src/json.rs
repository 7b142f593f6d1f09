//! Looks up members of a JSON text without building a tree, so that their literals stay as they are.
//!
//! It trusts the text to be JSON as far as it must to find a member, and finds nothing where it is not.
//!
//! It must not know layouts: which members are wanted it is told.

mod strict;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

pub use self::strict::{check, strict_members};

/// The literal of the member at `path`. Of a key that occurs twice in one object the last counts, as in `JSON.parse`.
pub fn member<'a>(document: &'a [u8], path: &[String]) -> Option<&'a [u8]> {
    let mut value = document;
    for name in path {
        value = Members::of(value)?.filter(|(key, _)| key_is(key, name)).last()?.1;
    }
    Some(value)
}

/// The literal of the member called `name`, when it is the only member of the object.
pub fn only_member<'a>(document: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let mut members = Members::of(document)?;
    let (key, value) = members.next()?;
    (key_is(key, name) && members.next().is_none()).then_some(value)
}

/// A literal as text: a string without its quotes and escapes, anything else as it stands; `null` is nothing.
pub fn text(literal: &[u8]) -> Option<Cow<'_, [u8]>> {
    match literal.first()? {
        b'"' => {
            let inner = literal.get(1..literal.len().checked_sub(1)?)?;
            Some(if inner.contains(&b'\\') {
                Cow::Owned(unescaped(inner))
            } else {
                Cow::Borrowed(inner)
            })
        }
        b'n' => None,
        _ => Some(Cow::Borrowed(literal)),
    }
}

/// The members of an object in order: key without its quotes (escapes kept), literal of the value.
pub struct Members<'a> {
    document: &'a [u8],
    at: usize,
}

impl<'a> Members<'a> {
    /// `None` when the document is no object.
    pub fn of(document: &'a [u8]) -> Option<Members<'a>> {
        let at = skip_blank(document, 0);
        (document.get(at) == Some(&b'{')).then_some(Members { document, at: at + 1 })
    }
}

impl<'a> Iterator for Members<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<(&'a [u8], &'a [u8])> {
        let mut at = skip_blank(self.document, self.at);
        if self.document.get(at) == Some(&b',') {
            at = skip_blank(self.document, at + 1);
        }
        if self.document.get(at) != Some(&b'"') {
            return None;
        }
        let key_end = string_end(self.document, at)?;
        let key = &self.document[at + 1..key_end - 1];
        let colon = skip_blank(self.document, key_end);
        if self.document.get(colon) != Some(&b':') {
            return None;
        }
        let start = skip_blank(self.document, colon + 1);
        let end = value_end(self.document, start)?;
        self.at = end;
        Some((key, &self.document[start..end]))
    }
}

/// Which of these names an object says more than once. Programs differ in which one they take, and some read names that
/// differ in letter case alone as the same.
pub fn repeated(document: &[u8], names: &[&'static str]) -> Vec<&'static str> {
    let keys: Vec<Cow<'_, [u8]>> = Members::of(document)
        .into_iter()
        .flatten()
        .map(|(key, _)| match key.contains(&b'\\') {
            true => Cow::Owned(unescaped(key)),
            false => Cow::Borrowed(key),
        })
        .collect();
    let count = |name: &str| {
        keys.iter()
            .filter(|key| key.eq_ignore_ascii_case(name.as_bytes()))
            .count()
    };
    names.iter().copied().filter(|name| count(name) > 1).collect()
}

fn key_is(key: &[u8], name: &str) -> bool {
    if key.contains(&b'\\') {
        unescaped(key) == name.as_bytes()
    } else {
        key == name.as_bytes()
    }
}

fn skip_blank(document: &[u8], mut at: usize) -> usize {
    while matches!(document.get(at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
        at += 1;
    }
    at
}

/// The offset behind the closing quote of the string that starts at `start`.
fn string_end(document: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    loop {
        match document.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// The offset behind the value that starts at `start`. Depth is counted, so that no nesting can exhaust the stack.
fn value_end(document: &[u8], start: usize) -> Option<usize> {
    let mut at = start;
    let mut depth = 0_usize;
    loop {
        match document.get(at)? {
            b'"' => at = string_end(document, at)?,
            b'{' | b'[' => {
                depth += 1;
                at += 1;
                continue;
            }
            b'}' | b']' => {
                depth = depth.checked_sub(1)?;
                at += 1;
            }
            b',' | b':' | b' ' | b'\t' | b'\n' | b'\r' if depth > 0 => {
                at += 1;
                continue;
            }
            b',' | b':' => return None,
            _ => {
                let rest = &document[at..];
                let is_end =
                    |byte: &u8| matches!(byte, b',' | b':' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r' | b'"');
                at += rest.iter().position(is_end).unwrap_or(rest.len()).max(1);
            }
        }
        if depth == 0 {
            return Some(at);
        }
    }
}

/// A lone surrogate becomes the three bytes that WTF-8 has for it, as in texts of payloads, so that ids that differ stay
/// apart: they are no UTF-8 then.
fn unescaped(inner: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(inner.len());
    let mut at = 0;
    while let Some(byte) = inner.get(at) {
        at += 1;
        if *byte != b'\\' {
            out.push(*byte);
            continue;
        }
        let escape = inner.get(at).copied().unwrap_or(b'\\');
        at += 1;
        match escape {
            b'n' => out.push(b'\n'),
            b't' => out.push(b'\t'),
            b'r' => out.push(b'\r'),
            b'b' => out.push(8),
            b'f' => out.push(12),
            b'u' => {
                let high = hex4(inner, at);
                at += 4;
                let low = (inner.get(at..at + 2) == Some(b"\\u"))
                    .then(|| hex4(inner, at + 2))
                    .flatten();
                let pair = high
                    .zip(low)
                    .filter(|(high, low)| (0xd800..0xdc00).contains(high) && (0xdc00..0xe000).contains(low));
                let code = match pair {
                    Some((high, low)) => {
                        at += 6;
                        Some(0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00))
                    }
                    None => high,
                };
                let code = code.unwrap_or(u32::from(char::REPLACEMENT_CHARACTER));
                match char::from_u32(code) {
                    Some(character) => out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
                    // Of 0xd800 to 0xdfff: six bits each, so that nothing is cut.
                    None => out.extend([0xed, 0x80 | (code >> 6 & 0x3f) as u8, 0x80 | (code & 0x3f) as u8]),
                }
            }
            other => out.push(other),
        }
    }
    out
}

fn hex4(bytes: &[u8], at: usize) -> Option<u32> {
    let digits = std::str::from_utf8(bytes.get(at..at + 4)?).ok()?;
    u32::from_str_radix(digits, 16).ok()
}
