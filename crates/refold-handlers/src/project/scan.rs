//! Walks over JSON text, checks all of it, and builds values only where asked.

use refold_core::value::{Number, Text, Value, is_ascii};

use super::plain::{digits_end, plain_end};

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

/// The scan stopped: [`Scanner::malformed`] says why.
#[derive(Debug)]
pub struct Stopped;

/// What a walk gives, with places as bytes from the start: small, so that it stays in registers.
pub type Scanned<T> = Result<T, Stopped>;

/// What follows a value in a container.
pub enum Next {
    /// Another member or element, which begins here.
    At(usize),
    /// The container ended before here.
    End(usize),
}

pub struct Scanner<'b> {
    bytes: &'b [u8],
    max_depth: usize,
    malformed: Option<Malformed>,
}

impl<'b> Scanner<'b> {
    /// Checks the whole text to be UTF-8, so that nothing after needs to.
    pub fn new(bytes: &'b [u8], max_depth: usize) -> Result<Scanner<'b>, Malformed> {
        if !is_ascii(bytes)
            && let Err(error) = std::str::from_utf8(bytes)
        {
            return Err(Malformed {
                offset: error.valid_up_to(),
                reason: Reason::Encoding,
            });
        }
        Ok(Scanner {
            bytes,
            max_depth,
            malformed: None,
        })
    }

    pub fn bytes(&self) -> &'b [u8] {
        self.bytes
    }

    /// Why the scan stopped.
    pub fn malformed(self) -> Malformed {
        // Whoever stops says why.
        self.malformed.unwrap_or(Malformed {
            offset: 0,
            reason: Reason::Value,
        })
    }

    /// The place after blanks.
    #[inline(always)]
    pub fn blanks(&self, mut at: usize) -> usize {
        // Nothing that begins a token is below the blank.
        while let Some(byte) = self.bytes.get(at)
            && *byte <= b' '
            && matches!(byte, b' ' | b'\n' | b'\t' | b'\r')
        {
            at += 1;
        }
        at
    }

    /// Only blanks may follow.
    pub fn finish(&mut self, at: usize) -> Scanned<()> {
        let at = self.blanks(at);
        if at == self.bytes.len() {
            Ok(())
        } else {
            Err(self.stop(at, Reason::Trailing))
        }
    }

    #[inline(always)]
    pub fn stands_at_object(&self, at: usize) -> bool {
        self.byte(at) == b'{'
    }

    /// Goes into the object or array at `at`, `depth` levels down, which ends with `closing`.
    #[inline(always)]
    pub fn enter(&mut self, at: usize, depth: usize, closing: u8) -> Scanned<Next> {
        if depth >= self.max_depth {
            return Err(self.stop(at, Reason::Depth));
        }
        let at = self.blanks(at + 1);
        Ok(if self.byte(at) == closing {
            Next::End(at + 1)
        } else {
            Next::At(at)
        })
    }

    /// Goes on after a value in a container that ends with `closing`.
    #[inline(always)]
    pub fn next(&mut self, at: usize, closing: u8) -> Scanned<Next> {
        let at = self.blanks(at);
        match self.byte(at) {
            b',' => Ok(Next::At(self.blanks(at + 1))),
            byte if byte == closing => Ok(Next::End(at + 1)),
            _ => Err(self.stop(at, Reason::Structure)),
        }
    }

    /// The place inside the quotes of the key that begins at `at`.
    #[inline(always)]
    pub fn open_key(&mut self, at: usize) -> Scanned<usize> {
        if self.byte(at) == b'"' {
            Ok(at + 1)
        } else {
            Err(self.stop(at, Reason::Structure))
        }
    }

    /// The place of the value of a member whose key ends before `at`.
    #[inline(always)]
    pub fn member_value(&mut self, at: usize) -> Scanned<usize> {
        let at = self.blanks(at);
        if self.byte(at) == b':' {
            Ok(self.blanks(at + 1))
        } else {
            Err(self.stop(at, Reason::Structure))
        }
    }

    /// Steps over the text whose inside begins at `at` and checks its escapes. Gives the place behind its closing quote,
    /// and whether it has escapes.
    #[inline(always)]
    pub fn text_end(&mut self, at: usize) -> Scanned<(usize, bool)> {
        let end = plain_end(self.bytes, at);
        if self.byte(end) == b'"' {
            Ok((end + 1, false))
        } else {
            Ok((self.escaped_text_end(at, end)?, true))
        }
    }

    /// The inside of a text, from `at` to before the closing quote that stands before `end`, as it is written.
    #[inline(always)]
    pub fn written(&self, at: usize, end: usize) -> &'b [u8] {
        self.bytes.get(at..end - 1).unwrap_or_default()
    }

    /// Builds the value that begins at `at`, `depth` levels down, into `slot`. Gives the place behind it.
    #[inline]
    pub fn value(&mut self, at: usize, depth: usize, slot: &mut Option<Value>) -> Scanned<usize> {
        match self.byte(at) {
            b'"' => {
                let (end, has_escape) = self.text_end(at + 1)?;
                let written = self.written(at + 1, end);
                *slot = Some(Value::Text(if has_escape {
                    Text::from_wtf8(&unescaped(written))
                } else {
                    Text::from_wtf8(written)
                }));
                Ok(end)
            }
            b'-' | b'0'..=b'9' => match Number::read(self.bytes, at) {
                Ok((number, end)) => {
                    *slot = Some(Value::Number(number));
                    Ok(end)
                }
                Err(_) => Err(self.stop(at, Reason::Number)),
            },
            b'{' | b'[' => self.container(at, depth, slot),
            _ => {
                let end = self.word_end(at)?;
                *slot = Some(match self.byte(at) {
                    b't' => Value::Bool(true),
                    b'f' => Value::Bool(false),
                    _ => Value::Null,
                });
                Ok(end)
            }
        }
    }

    /// Steps over the value that begins at `at`, `depth` levels down. Recursion is bounded by the depth limit.
    #[inline(always)]
    pub fn skip(&mut self, at: usize, depth: usize) -> Scanned<usize> {
        match self.byte(at) {
            b'"' => Ok(self.text_end(at + 1)?.0),
            b'-' | b'0'..=b'9' => self.number_end(at),
            b'{' => self.object_end(at, depth),
            b'[' => self.array_end(at, depth),
            _ => self.word_end(at),
        }
    }

    fn object_end(&mut self, at: usize, depth: usize) -> Scanned<usize> {
        let mut next = self.enter(at, depth, b'}')?;
        loop {
            match next {
                Next::End(end) => return Ok(end),
                Next::At(at) => {
                    let at = self.open_key(at)?;
                    let (at, _) = self.text_end(at)?;
                    let at = self.member_value(at)?;
                    let at = self.skip(at, depth + 1)?;
                    next = self.next(at, b'}')?;
                }
            }
        }
    }

    fn array_end(&mut self, at: usize, depth: usize) -> Scanned<usize> {
        let mut next = self.enter(at, depth, b']')?;
        loop {
            match next {
                Next::End(end) => return Ok(end),
                Next::At(at) => {
                    let at = self.skip(at, depth + 1)?;
                    next = self.next(at, b']')?;
                }
            }
        }
    }

    fn container(&mut self, at: usize, depth: usize, slot: &mut Option<Value>) -> Scanned<usize> {
        match Value::read_json(self.bytes, at, self.max_depth.saturating_sub(depth)) {
            Ok((value, end)) => {
                *slot = Some(value);
                Ok(end)
            }
            Err(error) => {
                // Read again for the reason in the words of this scanner; both refuse the same.
                self.skip(at, depth)?;
                Err(self.stop(error.offset, Reason::Value))
            }
        }
    }

    /// The rest of a text from `start` on whose first plain part ends at `at` with something else than its closing quote.
    #[cold]
    #[inline(never)]
    fn escaped_text_end(&mut self, start: usize, mut at: usize) -> Scanned<usize> {
        loop {
            match self.bytes.get(at) {
                Some(b'"') => return Ok(at + 1),
                Some(b'\\') => {
                    let is_hex = |hex: &[u8]| hex.iter().all(u8::is_ascii_hexdigit);
                    at += match self.bytes.get(at + 1) {
                        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 2,
                        Some(b'u') if self.bytes.get(at + 2..at + 6).is_some_and(is_hex) => 6,
                        _ => return Err(self.stop(at, Reason::Escape)),
                    };
                }
                _ => return Err(self.stop(start - 1, Reason::Text)),
            }
            at = plain_end(self.bytes, at);
        }
    }

    /// Steps over a number.
    #[inline(always)]
    fn number_end(&mut self, start: usize) -> Scanned<usize> {
        let whole = start + usize::from(self.byte(start) == b'-');
        let mut at = digits_end(self.bytes, whole);
        if at == whole {
            return Err(self.stop(start, Reason::Number));
        }
        if at > whole + 1 && self.byte(whole) == b'0' {
            // A zero in front stands alone; what follows it may follow no value.
            return Ok(whole + 1);
        }
        if matches!(self.byte(at), b'.' | b'e' | b'E') {
            if self.byte(at) == b'.' {
                at = self.some_digits_end(start, at + 1)?;
            }
            if matches!(self.byte(at), b'e' | b'E') {
                let sign = usize::from(matches!(self.byte(at + 1), b'+' | b'-'));
                at = self.some_digits_end(start, at + 1 + sign)?;
            }
        }
        Ok(at)
    }

    #[inline(always)]
    fn some_digits_end(&mut self, number: usize, at: usize) -> Scanned<usize> {
        let end = digits_end(self.bytes, at);
        if end == at {
            return Err(self.stop(number, Reason::Number));
        }
        Ok(end)
    }

    #[inline(always)]
    fn word_end(&mut self, at: usize) -> Scanned<usize> {
        let rest = self.bytes.get(at..).unwrap_or_default();
        match rest {
            [b't', b'r', b'u', b'e', ..] | [b'n', b'u', b'l', b'l', ..] => Ok(at + 4),
            [b'f', b'a', b'l', b's', b'e', ..] => Ok(at + 5),
            _ => Err(self.stop(at, Reason::Value)),
        }
    }

    /// The byte at `at`; past the end a zero, which nothing outside of texts begins with.
    #[inline(always)]
    fn byte(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or(0)
    }

    #[cold]
    #[inline(never)]
    fn stop(&mut self, offset: usize, reason: Reason) -> Stopped {
        self.malformed = Some(Malformed { offset, reason });
        Stopped
    }
}

/// Decodes escapes that were checked before. Surrogate pairs are joined, lone surrogates kept as three bytes.
pub fn unescaped(text: &[u8]) -> Vec<u8> {
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
