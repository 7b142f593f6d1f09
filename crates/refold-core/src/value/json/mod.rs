//! JSON text to values and back, exact to the literal.
//!
//! Written here and not taken from a library because nothing of the record may be lost: number literals, repeated keys
//! and lone surrogates survive.

use super::{Array, Number, Object, Redacted, Text, Value};

mod repeated;

/// Members that there is room for before any is read: most objects have no more.
const ROOM_FOR_MEMBERS: usize = 8;

/// Why a text is no JSON, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{message} at byte {offset}")]
pub struct JsonError {
    /// Bytes from the start of the text.
    pub offset: usize,
    pub message: &'static str,
}

impl JsonError {
    const TOO_DEEP: &str = "nested too deep";

    /// Whether the text may well be JSON, and only nests deeper than the reading allowed.
    pub fn is_depth(&self) -> bool {
        self.message == JsonError::TOO_DEEP
    }
}

/// How a value is written.
#[derive(Clone, Copy)]
struct Style {
    number: fn(&Number, &mut Vec<u8>),
    sees_hidden: bool,
}

impl Value {
    /// The deepest nesting of containers that any reading allows: a value is walked by recursion, on the stack of
    /// whatever thread it lives in.
    pub const MAX_DEPTH: usize = 512;

    /// Reads one JSON text (RFC 8259), with space around it. Containers may be nested `max_depth` deep, at most
    /// [`Value::MAX_DEPTH`]. A key that occurs more than once becomes a [`Value::Repeated`].
    pub fn from_json(bytes: &[u8], max_depth: usize) -> Result<Value, JsonError> {
        Value::from_json_noting(bytes, max_depth).map(|(value, _)| value)
    }

    /// The fault of a text that some reader of JSON refused, with what it said (`met`): readers stop at places of their own,
    /// and a fault is told with one place, whoever met it.
    pub fn fault_of(bytes: &[u8], met: JsonError) -> JsonError {
        let read = Value::from_json(bytes, Value::MAX_DEPTH);
        read.err().filter(|read| !read.is_depth()).unwrap_or(met)
    }

    /// As [`Value::from_json`], and whether any key occurs more than once: see [`Value::repeated_keys`].
    pub fn from_json_noting(bytes: &[u8], max_depth: usize) -> Result<(Value, bool), JsonError> {
        if let Err(error) = std::str::from_utf8(bytes) {
            return Err(JsonError {
                offset: error.valid_up_to(),
                message: "invalid UTF-8",
            });
        }
        let mut reader = Reader::new(bytes, 0, max_depth);
        reader.skip_space();
        let value = reader.value()?;
        reader.skip_space();
        if reader.at < bytes.len() {
            return Err(reader.error("more text after the value"));
        }
        Ok((value, reader.has_repeated))
    }

    /// Reads the value that begins at `at` of a JSON text, without space before it, and where it ends: what follows is not
    /// looked at. As [`Value::from_json`] in all else, but for one thing: `text` is UTF-8, as somebody checked before.
    pub fn read_json(text: &[u8], at: usize, max_depth: usize) -> Result<(Value, usize), JsonError> {
        let mut reader = Reader::new(text, at, max_depth);
        let value = reader.value()?;
        Ok((value, reader.at))
    }

    /// Appends the value as compact JSON, keys in byte order, numbers by their literal. The same value is always the
    /// same bytes, and only the same value: this is the canonical form.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        let style = Style {
            number: Number::write_literal,
            sees_hidden: false,
        };
        self.write_with(style, out);
    }

    /// As [`Value::write_json`], but numbers by their amount ([`Number::write_amount`]): texts of JSON that mean the same
    /// become the same bytes, whatever their spaces, the order of their keys, their escapes and the literals of their numbers.
    pub fn write_meaning(&self, out: &mut Vec<u8>) {
        let style = Style {
            number: Number::write_amount,
            sees_hidden: false,
        };
        self.write_with(style, out);
    }

    /// Whether both mean the same, as [`Value::write_meaning`] has it, also of what they hide: as their equality does, it
    /// tells that something differs, and nothing of what.
    pub fn means_same(&self, other: &Value) -> bool {
        let meaning = |value: &Value| {
            let mut out = Vec::new();
            let style = Style {
                number: Number::write_amount,
                sees_hidden: true,
            };
            value.write_with(style, &mut out);
            out
        };
        meaning(self) == meaning(other)
    }

    fn write_with(&self, style: Style, out: &mut Vec<u8>) {
        match self {
            Value::Null => out.extend_from_slice(b"null"),
            Value::Bool(true) => out.extend_from_slice(b"true"),
            Value::Bool(false) => out.extend_from_slice(b"false"),
            Value::Number(number) => (style.number)(number, out),
            Value::Text(text) => super::write::write_text(text, out),
            // Outside of an object a repeated key cannot be written; it is read as its last value.
            Value::Repeated(_) => match self.resolved() {
                Value::Repeated(_) => out.extend_from_slice(b"null"),
                value => value.write_with(style, out),
            },
            Value::Redacted(redacted) if style.sees_hidden => redacted.hidden().write_with(style, out),
            Value::Redacted(_) => super::write::write_text(&Text::from(Redacted::SHOWN), out),
            Value::Array(array) => {
                out.push(b'[');
                for (index, value) in array.iter().enumerate() {
                    if index > 0 {
                        out.push(b',');
                    }
                    value.write_with(style, out);
                }
                out.push(b']');
            }
            Value::Object(object) => {
                out.push(b'{');
                let mut is_first = true;
                let mut member = |key: &Text, value: &Value| {
                    if !std::mem::take(&mut is_first) {
                        out.push(b',');
                    }
                    super::write::write_text(key, out);
                    out.push(b':');
                    value.write_with(style, out);
                };
                for (key, value) in object.iter() {
                    match value {
                        Value::Repeated(values) => values.iter().for_each(|value| member(key, value)),
                        // All others occur once.
                        _ => member(key, value),
                    }
                }
                out.push(b'}');
            }
        }
    }

    /// The canonical form; see [`Value::write_json`].
    pub fn to_canonical(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write_json(&mut out);
        out
    }
}

/// A text being read. `bytes` is UTF-8 as a whole, so that what lies between two ASCII bytes is too.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    depth_left: usize,
    /// Memory for texts with escapes.
    unescaped: Vec<u8>,
    /// Members and elements of the containers that are open, the innermost last, so that each container is allocated
    /// once and as large as it is.
    members: Vec<(Text, Value)>,
    elements: Vec<Value>,
    has_repeated: bool,
}

impl<'a> Reader<'a> {
    fn new(bytes: &'a [u8], at: usize, max_depth: usize) -> Reader<'a> {
        Reader {
            bytes,
            at,
            depth_left: max_depth.min(Value::MAX_DEPTH),
            unescaped: Vec::new(),
            members: Vec::new(),
            elements: Vec::new(),
            has_repeated: false,
        }
    }

    fn error(&self, message: &'static str) -> JsonError {
        JsonError {
            offset: self.at,
            message,
        }
    }

    #[inline]
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    #[inline]
    fn skip_space(&mut self) {
        while let Some(b' ' | b'\n' | b'\t' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn value(&mut self) -> Result<Value, JsonError> {
        match self.peek() {
            Some(b'"') => Ok(Value::Text(self.text()?)),
            Some(b'{') => self.object(),
            Some(b'[') => self.array(),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word(b"true", Value::Bool(true)),
            Some(b'f') => self.word(b"false", Value::Bool(false)),
            Some(b'n') => self.word(b"null", Value::Null),
            Some(_) => Err(self.error("expected a value")),
            None => Err(self.error("the text ends where a value is expected")),
        }
    }

    fn word(&mut self, word: &[u8], value: Value) -> Result<Value, JsonError> {
        if self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(word)) {
            self.at += word.len();
            Ok(value)
        } else {
            Err(self.error("expected a value"))
        }
    }

    fn enter(&mut self) -> Result<(), JsonError> {
        self.depth_left = self
            .depth_left
            .checked_sub(1)
            .ok_or_else(|| self.error(JsonError::TOO_DEEP))?;
        self.at += 1;
        self.skip_space();
        Ok(())
    }

    fn array(&mut self) -> Result<Value, JsonError> {
        self.enter()?;
        let first = self.elements.len();
        if self.peek() == Some(b']') {
            self.at += 1;
        } else {
            loop {
                let element = self.value()?;
                self.elements.push(element);
                self.skip_space();
                match self.peek() {
                    Some(b',') => self.at += 1,
                    Some(b']') => {
                        self.at += 1;
                        break;
                    }
                    Some(_) => return Err(self.error("expected a comma or the end of the array")),
                    None => return Err(self.error("the text ends inside an array")),
                }
                self.skip_space();
            }
        }
        self.depth_left += 1;
        Ok(Value::Array(Array::from_iter(self.elements.drain(first..))))
    }

    fn object(&mut self) -> Result<Value, JsonError> {
        self.enter()?;
        let first = self.members.len();
        let mut is_sorted = true;
        if self.peek() == Some(b'}') {
            self.at += 1;
        } else {
            if first == self.members.capacity() {
                self.members.reserve(ROOM_FOR_MEMBERS);
            }
            loop {
                if self.peek() != Some(b'"') {
                    return Err(self.error("expected a member name in quotes"));
                }
                let key = self.text()?;
                self.skip_space();
                if self.peek() != Some(b':') {
                    return Err(self.error("expected a colon after a member name"));
                }
                self.at += 1;
                self.skip_space();
                let value = self.value()?;
                let is_first = self.members.len() == first;
                is_sorted = is_sorted && (is_first || self.members.last().is_none_or(|(last, _)| *last < key));
                self.members.push((key, value));
                self.skip_space();
                match self.peek() {
                    Some(b',') => self.at += 1,
                    Some(b'}') => {
                        self.at += 1;
                        break;
                    }
                    Some(_) => return Err(self.error("expected a comma or the end of the object")),
                    None => return Err(self.error("the text ends inside an object")),
                }
                self.skip_space();
            }
        }
        self.depth_left += 1;
        let members = self.members.get_mut(first..).unwrap_or_default();
        if !is_sorted {
            // Stable: the values of a repeated key stay in the order of the text.
            members.sort_by(|(a, _), (b, _)| a.cmp(b));
            if members
                .windows(2)
                .any(|pair| matches!(pair, [(a, _), (b, _)] if a == b))
            {
                self.has_repeated = true;
                let members = gather_repeated(self.members.split_off(first));
                return Ok(Value::Object(Object::from_sorted(members.into_iter())));
            }
        }
        Ok(Value::Object(Object::from_sorted(self.members.drain(first..))))
    }

    fn number(&mut self) -> Result<Value, JsonError> {
        match Number::read(self.bytes, self.at) {
            Ok((number, end)) => {
                self.at = end;
                Ok(Value::Number(number))
            }
            Err(offset) => Err(JsonError {
                offset,
                message: "expected a digit",
            }),
        }
    }

    /// Stands on the opening quote; ends behind the closing one.
    fn text(&mut self) -> Result<Text, JsonError> {
        self.at += 1;
        let start = self.at;
        self.skip_plain();
        if self.peek() == Some(b'"') {
            let text = Text::from_wtf8(&self.bytes[start..self.at]);
            self.at += 1;
            return Ok(text);
        }
        let mut unescaped = std::mem::take(&mut self.unescaped);
        unescaped.clear();
        unescaped.extend_from_slice(&self.bytes[start..self.at]);
        loop {
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => self.escape(&mut unescaped)?,
                Some(_) => return Err(self.error("a control character in text must be escaped")),
                None => return Err(self.error("the text ends inside quotes")),
            }
            let start = self.at;
            self.skip_plain();
            unescaped.extend_from_slice(&self.bytes[start..self.at]);
        }
        self.at += 1;
        let text = Text::from_wtf8(&unescaped);
        self.unescaped = unescaped;
        Ok(text)
    }

    /// Moves to the next quote, backslash or control character: eight bytes a step, by the usual arithmetic on words.
    #[inline]
    fn skip_plain(&mut self) {
        const ONES: u64 = 0x0101_0101_0101_0101;
        const HIGHS: u64 = 0x8080_8080_8080_8080;
        let rest = &self.bytes[self.at..];
        let mut skipped = 0;
        for word in rest.chunks_exact(8) {
            let word = u64::from_le_bytes([word[0], word[1], word[2], word[3], word[4], word[5], word[6], word[7]]);
            let zero_in = |word: u64| word.wrapping_sub(ONES) & !word & HIGHS;
            let quote = zero_in(word ^ (ONES * u64::from(b'"')));
            let backslash = zero_in(word ^ (ONES * u64::from(b'\\')));
            let control = word.wrapping_sub(ONES * 0x20) & !word & HIGHS;
            let stops = quote | backslash | control;
            if stops != 0 {
                // The lowest set bit is exact; only bits above a true hit can be false ones.
                self.at += skipped + (stops.trailing_zeros() / 8) as usize;
                return;
            }
            skipped += 8;
        }
        while let Some(byte) = rest.get(skipped) {
            if *byte == b'"' || *byte == b'\\' || *byte < 0x20 {
                break;
            }
            skipped += 1;
        }
        self.at += skipped;
    }

    /// Stands on a backslash; ends behind the escape (behind both of a surrogate pair).
    fn escape(&mut self, out: &mut Vec<u8>) -> Result<(), JsonError> {
        let start = self.at;
        self.at += 1;
        let plain = match self.peek() {
            Some(letter @ (b'"' | b'\\' | b'/')) => letter,
            Some(b'b') => 0x08,
            Some(b'f') => 0x0c,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(b'u') => {
                self.at += 1;
                let unit = self.four_hex_digits()?;
                let low = match (unit, self.bytes.get(self.at..)) {
                    (0xd800..=0xdbff, Some([b'\\', b'u', ..])) => self.low_surrogate_ahead(),
                    _ => None,
                };
                if let Some(low) = low {
                    self.at += 6;
                    let code = 0x10000 + ((u32::from(unit) & 0x3ff) << 10) + (u32::from(low) & 0x3ff);
                    push_utf8(out, code);
                } else {
                    push_utf8(out, u32::from(unit));
                }
                return Ok(());
            }
            Some(_) => {
                return Err(JsonError {
                    offset: start,
                    message: "unknown escape in text",
                });
            }
            None => return Err(self.error("the text ends inside quotes")),
        };
        self.at += 1;
        out.push(plain);
        Ok(())
    }

    /// The low surrogate that an escape right here writes, if it does.
    fn low_surrogate_ahead(&self) -> Option<u16> {
        let digits = self.bytes.get(self.at + 2..self.at + 6)?;
        u16_from_hex(digits).filter(|unit| (0xdc00..=0xdfff).contains(unit))
    }

    fn four_hex_digits(&mut self) -> Result<u16, JsonError> {
        let unit = self.bytes.get(self.at..self.at + 4).and_then(u16_from_hex);
        let unit = unit.ok_or_else(|| self.error("expected four hex digits"))?;
        self.at += 4;
        Ok(unit)
    }
}

/// Puts the values of equal keys together. Takes members in the order of their keys.
fn gather_repeated(members: Vec<(Text, Value)>) -> Vec<(Text, Value)> {
    let mut gathered: Vec<(Text, Value)> = Vec::with_capacity(members.len());
    let mut is_gathering = false;
    for (key, value) in members {
        match gathered.last_mut() {
            Some((last, present)) if *last == key => {
                match present {
                    Value::Repeated(values) if is_gathering => values.push(value),
                    _ => {
                        let first = std::mem::take(present);
                        *present = Value::Repeated(Array::from_iter([first, value]));
                    }
                }
                is_gathering = true;
            }
            _ => {
                is_gathering = false;
                gathered.push((key, value));
            }
        }
    }
    gathered
}

fn u16_from_hex(digits: &[u8]) -> Option<u16> {
    let mut unit = 0;
    for digit in digits {
        unit = unit * 16 + u16::try_from(char::from(*digit).to_digit(16)?).ok()?;
    }
    Some(unit)
}

/// The bytes of a code point, as UTF-8 writes it; of a surrogate, as WTF-8 does.
fn push_utf8(out: &mut Vec<u8>, code: u32) {
    // Six bits each, so that nothing is cut.
    let tail = |shift: u32| 0x80 | ((code >> shift) & 0x3f) as u8;
    match code {
        0..=0x7f => out.push(code as u8),
        0x80..=0x7ff => out.extend_from_slice(&[0xc0 | (code >> 6) as u8, tail(0)]),
        0x800..=0xffff => out.extend_from_slice(&[0xe0 | (code >> 12) as u8, tail(6), tail(0)]),
        _ => out.extend_from_slice(&[0xf0 | (code >> 18) as u8, tail(12), tail(6), tail(0)]),
    }
}

#[cfg(test)]
mod tests;
