//! Walks over JSON text, checks all of it, and builds values only where asked.

use std::borrow::Cow;

use refold_core::value::{Number, Text, Value};

use super::plain::plain_end;

/// Why a payload could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} at byte {offset}", reason.message())]
pub struct Malformed {
    pub offset: usize,
    pub reason: Reason,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    Encoding,
    Value,
    Text,
    Escape,
    Number,
    Structure,
    Trailing,
    Depth,
}

impl Reason {
    pub fn message(self) -> &'static str {
        match self {
            Reason::Encoding => "invalid UTF-8",
            Reason::Value => "a value is missing or is no JSON",
            Reason::Text => "a text is not closed, or holds a control character",
            Reason::Escape => "an escape that JSON does not know",
            Reason::Number => "a number that JSON does not allow",
            Reason::Structure => "a comma, colon or closing bracket is missing",
            Reason::Trailing => "something follows the end of the document",
            Reason::Depth => "nested too deep",
        }
    }
}

/// The key of a member as it is written.
pub struct Key<'b> {
    written: &'b [u8],
    has_escape: bool,
}

impl Key<'_> {
    #[inline(always)]
    pub fn is(&self, name: &[u8]) -> bool {
        if self.has_escape {
            unescaped(self.written) == name
        } else {
            self.written == name
        }
    }
}

pub struct Scanner<'b> {
    bytes: &'b [u8],
    at: usize,
    max_depth: usize,
}

type Scanned<T> = Result<T, Malformed>;

impl<'b> Scanner<'b> {
    /// Checks the whole text to be UTF-8, so that nothing after needs to.
    pub fn new(bytes: &'b [u8], max_depth: usize) -> Scanned<Scanner<'b>> {
        if bytes.is_ascii() {
            let at = 0;
            return Ok(Scanner { bytes, at, max_depth });
        }
        match std::str::from_utf8(bytes) {
            Ok(_) => Ok(Scanner {
                bytes,
                at: 0,
                max_depth,
            }),
            Err(error) => Err(Malformed {
                offset: error.valid_up_to(),
                reason: Reason::Encoding,
            }),
        }
    }

    #[inline(always)]
    pub fn skip_blanks(&mut self) {
        // Nothing that begins a token is below the blank.
        while let Some(byte) = self.peek()
            && byte <= b' '
            && matches!(byte, b' ' | b'\n' | b'\t' | b'\r')
        {
            self.at += 1;
        }
    }

    /// Only blanks may follow.
    pub fn finish(&mut self) -> Scanned<()> {
        self.skip_blanks();
        if self.at == self.bytes.len() {
            Ok(())
        } else {
            Err(self.malformed(Reason::Trailing))
        }
    }

    pub fn stands_at_object(&self) -> bool {
        self.peek() == Some(b'{')
    }

    /// Goes into the object or array that the scanner stands at, `depth` levels down; gives the level inside.
    pub fn enter(&mut self, depth: usize) -> Scanned<usize> {
        if depth >= self.max_depth {
            return Err(self.malformed(Reason::Depth));
        }
        self.at += 1;
        Ok(depth + 1)
    }

    /// The next key of the object that was entered, with the scanner at its value; `None` past the end of the object.
    #[inline(always)]
    pub fn next_key(&mut self, is_first: &mut bool) -> Scanned<Option<Key<'b>>> {
        self.skip_blanks();
        match self.peek() {
            // Past the comma that may stand after a member, where a key must follow.
            Some(b',') if !*is_first => {
                self.at += 1;
                self.skip_blanks();
            }
            Some(b'"') if *is_first => {}
            Some(b'}') => {
                self.at += 1;
                return Ok(None);
            }
            _ => return Err(self.malformed(Reason::Structure)),
        }
        *is_first = false;
        if self.peek() != Some(b'"') {
            return Err(self.malformed(Reason::Structure));
        }
        let start = self.at + 1;
        let has_escape = self.skip_text()?;
        let written = self.bytes.get(start..self.at - 1).unwrap_or_default();
        self.skip_blanks();
        if !self.accept(b':') {
            return Err(self.malformed(Reason::Structure));
        }
        self.skip_blanks();
        Ok(Some(Key { written, has_escape }))
    }

    /// Builds the value that the scanner stands at.
    pub fn value(&mut self, depth: usize) -> Scanned<Value> {
        let start = self.at;
        match self.peek() {
            Some(b'"') => Ok(Value::Text(Text::from_wtf8(&self.text()?))),
            Some(b'-' | b'0'..=b'9') => {
                let is_plain = self.skip_number()?;
                let literal = self.bytes.get(start..self.at).unwrap_or_default();
                Ok(Value::Number(Number::from_checked_literal(literal, is_plain)))
            }
            Some(b'{' | b'[') => {
                self.skip(depth)?;
                let literal = self.bytes.get(start..self.at).unwrap_or_default();
                Value::from_json(literal, self.max_depth).map_err(|error| Malformed {
                    offset: start + error.offset,
                    reason: Reason::Value,
                })
            }
            Some(b't') => self.word(b"true").map(|()| Value::Bool(true)),
            Some(b'f') => self.word(b"false").map(|()| Value::Bool(false)),
            _ => self.word(b"null").map(|()| Value::Null),
        }
    }

    /// Steps over the value that the scanner stands at. Recursion is bounded by the depth limit.
    pub fn skip(&mut self, depth: usize) -> Scanned<()> {
        match self.peek() {
            Some(b'"') => self.skip_text().map(|_| ()),
            Some(b'-' | b'0'..=b'9') => self.skip_number().map(|_| ()),
            Some(b'{') => {
                let depth = self.enter(depth)?;
                self.skip_blanks();
                if self.accept(b'}') {
                    return Ok(());
                }
                loop {
                    if self.peek() != Some(b'"') {
                        return Err(self.malformed(Reason::Structure));
                    }
                    self.skip_text()?;
                    self.skip_blanks();
                    if !self.accept(b':') {
                        return Err(self.malformed(Reason::Structure));
                    }
                    self.skip_blanks();
                    self.skip(depth)?;
                    self.skip_blanks();
                    if self.accept(b'}') {
                        return Ok(());
                    }
                    if !self.accept(b',') {
                        return Err(self.malformed(Reason::Structure));
                    }
                    self.skip_blanks();
                }
            }
            Some(b'[') => {
                let depth = self.enter(depth)?;
                self.skip_blanks();
                if self.accept(b']') {
                    return Ok(());
                }
                loop {
                    self.skip(depth)?;
                    self.skip_blanks();
                    if self.accept(b']') {
                        return Ok(());
                    }
                    if !self.accept(b',') {
                        return Err(self.malformed(Reason::Structure));
                    }
                    self.skip_blanks();
                }
            }
            Some(b't') => self.word(b"true"),
            Some(b'f') => self.word(b"false"),
            _ => self.word(b"null"),
        }
    }

    /// The text that the scanner stands at, decoded; borrowed when it has no escape.
    fn text(&mut self) -> Scanned<Cow<'b, [u8]>> {
        let start = self.at + 1;
        let has_escape = self.skip_text()?;
        let inner = self.bytes.get(start..self.at - 1).unwrap_or_default();
        Ok(if has_escape {
            Cow::Owned(unescaped(inner))
        } else {
            Cow::Borrowed(inner)
        })
    }

    /// Steps over a text and checks its escapes; says whether it has any.
    #[inline(always)]
    fn skip_text(&mut self) -> Scanned<bool> {
        let end = plain_end(self.bytes, self.at + 1);
        if self.bytes.get(end) == Some(&b'"') {
            self.at = end + 1;
            return Ok(false);
        }
        self.skip_escaped_text(end)
    }

    /// The rest of a text whose first plain part ends at `at` with something else than its closing quote.
    #[cold]
    fn skip_escaped_text(&mut self, mut at: usize) -> Scanned<bool> {
        loop {
            match self.bytes.get(at) {
                Some(b'"') => {
                    self.at = at + 1;
                    return Ok(true);
                }
                Some(b'\\') => {
                    let is_hex = |hex: &[u8]| hex.iter().all(u8::is_ascii_hexdigit);
                    at += match self.bytes.get(at + 1) {
                        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 2,
                        Some(b'u') if self.bytes.get(at + 2..at + 6).is_some_and(is_hex) => 6,
                        _ => {
                            return Err(Malformed {
                                offset: at,
                                reason: Reason::Escape,
                            });
                        }
                    };
                }
                _ => return Err(self.malformed(Reason::Text)),
            }
            at = plain_end(self.bytes, at);
        }
    }

    /// Steps over a number; says whether it has no exponent.
    #[inline]
    fn skip_number(&mut self) -> Scanned<bool> {
        let start = self.at;
        self.accept(b'-');
        if !self.accept(b'0') && !self.skip_digits() {
            return Err(Malformed {
                offset: start,
                reason: Reason::Number,
            });
        }
        if self.accept(b'.') && !self.skip_digits() {
            return Err(Malformed {
                offset: start,
                reason: Reason::Number,
            });
        }
        let is_plain = !matches!(self.peek(), Some(b'e' | b'E'));
        if !is_plain {
            self.at += 1;
            if !self.accept(b'+') {
                self.accept(b'-');
            }
            if !self.skip_digits() {
                return Err(Malformed {
                    offset: start,
                    reason: Reason::Number,
                });
            }
        }
        Ok(is_plain)
    }

    /// Steps over digits; `false` when there is none.
    #[inline]
    fn skip_digits(&mut self) -> bool {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        self.at > start
    }

    fn word(&mut self, word: &[u8]) -> Scanned<()> {
        let end = self.at + word.len();
        if self.bytes.get(self.at..end) != Some(word) {
            return Err(self.malformed(Reason::Value));
        }
        self.at = end;
        Ok(())
    }

    #[inline(always)]
    fn accept(&mut self, byte: u8) -> bool {
        let is_here = self.peek() == Some(byte);
        self.at += usize::from(is_here);
        is_here
    }

    #[inline(always)]
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    #[cold]
    fn malformed(&self, reason: Reason) -> Malformed {
        Malformed {
            offset: self.at,
            reason,
        }
    }
}

/// Decodes escapes that were checked before. Surrogate pairs are joined, lone surrogates kept as three bytes.
fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(slash) = memchr::memchr(b'\\', rest) {
        let (plain, escape) = rest.split_at(slash);
        decoded.extend_from_slice(plain);
        let simple = match escape.get(1) {
            Some(b'b') => 0x08,
            Some(b'f') => 0x0c,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(b'u') => {
                let unit = code_unit(escape);
                let following = escape.get(6..).filter(|next| next.starts_with(b"\\u")).map(code_unit);
                let (point, length) = match following {
                    Some(low @ 0xdc00..=0xdfff) if (0xd800..=0xdbff).contains(&unit) => {
                        (0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00), 12)
                    }
                    _ => (unit, 6),
                };
                push_wtf8(&mut decoded, point);
                rest = escape.get(length..).unwrap_or_default();
                continue;
            }
            Some(itself) => *itself,
            None => break,
        };
        decoded.push(simple);
        rest = escape.get(2..).unwrap_or_default();
    }
    decoded.extend_from_slice(rest);
    decoded
}

/// The code unit of `\uXXXX` at the start of `escape`.
fn code_unit(escape: &[u8]) -> u32 {
    let digits = escape.get(2..6).unwrap_or_default();
    digits.iter().fold(0, |unit, digit| {
        unit * 16 + char::from(*digit).to_digit(16).unwrap_or(0)
    })
}

fn push_wtf8(decoded: &mut Vec<u8>, point: u32) {
    match char::from_u32(point) {
        Some(character) => decoded.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
        // A lone surrogate: the three-byte form that UTF-8 forbids and WTF-8 allows.
        None => decoded.extend([0xed, 0x80 | ((point >> 6) & 0x3f) as u8, 0x80 | (point & 0x3f) as u8]),
    }
}
