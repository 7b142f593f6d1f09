//! JSON text as tokens with their places, however deep it nests: nothing here recurses.
//!
//! For what is shown of a payload, and for hiding parts of it: both want the text as it is written. It checks what it
//! reads as strictly as `Value::from_json` and builds nothing.

use refold_core::value::{JsonError, Text, Value};

/// A token and where it is, in bytes from the start of the text. What `start` and `end` of a key or a text enclose
/// includes the quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token {
    Open { start: usize, is_array: bool },
    Close { end: usize },
    Key { start: usize, end: usize },
    Leaf { start: usize, end: usize },
}

/// The tokens of one JSON text, in order. After an error there are none.
pub struct Tokens<'a> {
    bytes: &'a [u8],
    at: usize,
    /// The containers that are open; `true`: an array.
    open: Vec<bool>,
    expected: Expected,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    Value,
    /// The first element, or the end of the array.
    ElementOrEnd,
    /// The first member, or the end of the object.
    KeyOrEnd,
    Key,
    Colon,
    CommaOrEnd,
    Nothing,
}

impl<'a> Tokens<'a> {
    /// Fails where the text is not UTF-8.
    pub fn new(bytes: &'a [u8]) -> Result<Tokens<'a>, JsonError> {
        match std::str::from_utf8(bytes) {
            Ok(_) => Ok(Tokens {
                bytes,
                at: 0,
                open: Vec::new(),
                expected: Expected::Value,
            }),
            Err(error) => Err(JsonError {
                offset: error.valid_up_to(),
                message: "invalid UTF-8",
            }),
        }
    }

    /// How far the text was read.
    pub fn at(&self) -> usize {
        self.at
    }

    /// What the key or text that begins at `start` says.
    pub fn text(&self, start: usize) -> Text {
        match Value::read_json(self.bytes, start, 0) {
            Ok((Value::Text(text), _)) => text,
            _ => Text::from(""), // it was read as a text before
        }
    }

    /// Goes on behind the end of the container that was opened last.
    pub fn skip_container(&mut self) -> Result<(), JsonError> {
        let outside = self.open.len().saturating_sub(1);
        while self.open.len() > outside {
            match self.next() {
                Some(token) => token?,
                None => return Err(self.error("the text ends inside a container")),
            };
        }
        Ok(())
    }

    fn error(&self, message: &'static str) -> JsonError {
        JsonError {
            offset: self.at,
            message,
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\n' | b'\t' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn token(&mut self) -> Result<Option<Token>, JsonError> {
        loop {
            self.skip_space();
            match (self.expected, self.peek()) {
                (Expected::Nothing, None) => return Ok(None),
                (Expected::Nothing, Some(_)) => return Err(self.error("more text after the value")),
                (_, None) => return Err(self.error("the text ends too soon")),
                (Expected::ElementOrEnd, Some(b']')) | (Expected::KeyOrEnd, Some(b'}')) => {
                    return Ok(Some(self.close()));
                }
                (Expected::Value | Expected::ElementOrEnd, Some(byte)) => return self.value(byte).map(Some),
                (Expected::Key | Expected::KeyOrEnd, Some(b'"')) => {
                    let start = self.at;
                    let end = self.text_end(start)?;
                    (self.at, self.expected) = (end, Expected::Colon);
                    return Ok(Some(Token::Key { start, end }));
                }
                (Expected::Key | Expected::KeyOrEnd, Some(_)) => {
                    return Err(self.error("expected a member name in quotes"));
                }
                (Expected::Colon, Some(b':')) => (self.at, self.expected) = (self.at + 1, Expected::Value),
                (Expected::Colon, Some(_)) => return Err(self.error("expected a colon after a member name")),
                (Expected::CommaOrEnd, Some(byte)) => match (byte, self.open.last()) {
                    (b',', Some(true)) => (self.at, self.expected) = (self.at + 1, Expected::Value),
                    (b',', _) => (self.at, self.expected) = (self.at + 1, Expected::Key),
                    (b']', Some(true)) | (b'}', Some(false)) => return Ok(Some(self.close())),
                    _ => return Err(self.error("expected a comma or the end of the container")),
                },
            }
        }
    }

    fn value(&mut self, first: u8) -> Result<Token, JsonError> {
        let start = self.at;
        if let b'{' | b'[' = first {
            let is_array = first == b'[';
            self.open.push(is_array);
            self.at += 1;
            self.expected = if is_array {
                Expected::ElementOrEnd
            } else {
                Expected::KeyOrEnd
            };
            return Ok(Token::Open { start, is_array });
        }
        let end = match first {
            b'"' => self.text_end(start)?,
            b'-' | b'0'..=b'9' => self.number_end(start)?,
            _ => self.word_end(start)?,
        };
        self.at = end;
        self.follow();
        Ok(Token::Leaf { start, end })
    }

    fn close(&mut self) -> Token {
        self.open.pop();
        self.at += 1;
        self.follow();
        Token::Close { end: self.at }
    }

    /// What comes after a value.
    fn follow(&mut self) {
        self.expected = if self.open.is_empty() {
            Expected::Nothing
        } else {
            Expected::CommaOrEnd
        };
    }

    /// Behind the closing quote of the text that begins at `start`.
    fn text_end(&self, start: usize) -> Result<usize, JsonError> {
        let mut at = start + 1;
        let fault = |offset, message| Err(JsonError { offset, message });
        loop {
            let rest = self.bytes.get(at..).unwrap_or_default();
            let Some(stop) = rest
                .iter()
                .position(|byte| *byte == b'"' || *byte == b'\\' || *byte < 0x20)
            else {
                return fault(self.bytes.len(), "the text ends inside quotes");
            };
            at += stop;
            match (rest.get(stop), rest.get(stop + 1)) {
                (Some(b'"'), _) => return Ok(at + 1),
                (Some(b'\\'), Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't')) => at += 2,
                (Some(b'\\'), Some(b'u')) => match rest.get(stop + 2..stop + 6) {
                    Some(digits) if digits.iter().all(u8::is_ascii_hexdigit) => at += 6,
                    _ => return fault(at + 2, "expected four hex digits"),
                },
                (Some(b'\\'), Some(_)) => return fault(at, "unknown escape in text"),
                (Some(b'\\'), None) => return fault(self.bytes.len(), "the text ends inside quotes"),
                _ => return fault(at, "a control character in text must be escaped"),
            }
        }
    }

    fn number_end(&self, start: usize) -> Result<usize, JsonError> {
        let byte = |at: usize| self.bytes.get(at).copied().unwrap_or_default();
        let digits = |from: usize| {
            let rest = self.bytes.get(from..).unwrap_or_default();
            match rest.iter().take_while(|byte| byte.is_ascii_digit()).count() {
                0 => Err(JsonError {
                    offset: from,
                    message: "expected a digit",
                }),
                count => Ok(from + count),
            }
        };
        let whole = start + usize::from(byte(start) == b'-');
        let mut at = match byte(whole) {
            b'0' => whole + 1,
            _ => digits(whole)?,
        };
        if byte(at) == b'.' {
            at = digits(at + 1)?;
        }
        if let b'e' | b'E' = byte(at) {
            let sign = usize::from(matches!(byte(at + 1), b'+' | b'-'));
            at = digits(at + 1 + sign)?;
        }
        Ok(at)
    }

    fn word_end(&self, start: usize) -> Result<usize, JsonError> {
        let rest = self.bytes.get(start..).unwrap_or_default();
        ["true", "false", "null"]
            .iter()
            .find(|word| rest.starts_with(word.as_bytes()))
            .map(|word| start + word.len())
            .ok_or_else(|| self.error("expected a value"))
    }
}

impl Iterator for Tokens<'_> {
    type Item = Result<Token, JsonError>;

    fn next(&mut self) -> Option<Result<Token, JsonError>> {
        let token = self.token().transpose();
        if let Some(Err(_)) = &token {
            self.at = self.bytes.len();
            self.expected = Expected::Nothing;
        }
        token
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn verdict(text: &[u8]) -> Result<(), JsonError> {
        Tokens::new(text)?.try_for_each(|token| token.map(drop))
    }

    proptest! {
        /// What is JSON is said by the reader of values: both say the same of every text.
        #[test]
        fn it_accepts_what_the_reader_of_values_accepts(text in r#"[\[\]{},:"0-9.eE+\-tfn \\urlase]{0,24}"#) {
            let told = Value::from_json(text.as_bytes(), Value::MAX_DEPTH);
            prop_assert_eq!(verdict(text.as_bytes()).is_ok(), told.is_ok(), "{:?}", told);
        }
    }

    #[test]
    fn nothing_is_too_deep() {
        let deep = [b"[".repeat(1_000_000), b"]".repeat(1_000_000)].concat();
        assert_eq!(verdict(&deep), Ok(()));
        assert!(verdict(&deep[..deep.len() - 1]).is_err());
    }
}
