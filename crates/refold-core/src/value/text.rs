//! Text as JSON can hold it: UTF-8 that may contain lone surrogates.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::Arc;

/// Immutable text in WTF-8: UTF-8, except that a lone surrogate (`"\ud800"` in JSON) is kept as its three bytes, so
/// that it survives to every screen and file. Ordered by bytes. Cloning is O(1).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text(Arc<[u8]>);

impl Text {
    /// Takes WTF-8 bytes as a JSON decoder makes them.
    pub fn from_wtf8(bytes: &[u8]) -> Text {
        Text(bytes.into())
    }

    pub fn as_wtf8(&self) -> &[u8] {
        &self.0
    }

    /// `None` when the text holds a lone surrogate.
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }

    /// The text, with each lone surrogate written as `\ud800`.
    pub fn to_display(&self) -> Cow<'_, str> {
        if let Some(text) = self.as_str() {
            return Cow::Borrowed(text);
        }
        let mut display = String::with_capacity(self.0.len());
        for part in Wtf8Parts::new(&self.0) {
            match part {
                Wtf8Part::Text(text) => display.push_str(text),
                // Writing to a string cannot fail.
                Wtf8Part::LoneSurrogate(unit) => drop(write!(display, "\\u{unit:04x}")),
            }
        }
        Cow::Owned(display)
    }

    /// Whether both are the same allocation: equal without looking. `false` says nothing.
    pub fn is_same(&self, other: &Text) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Text {
        Text(text.as_bytes().into())
    }
}

impl std::borrow::Borrow<[u8]> for Text {
    /// Sound for ordered and hashed maps: a text compares and hashes as its bytes do.
    fn borrow(&self) -> &[u8] {
        &self.0
    }
}

/// WTF-8 cut into what a `str` can hold and what it cannot.
pub(super) struct Wtf8Parts<'a> {
    rest: &'a [u8],
}

pub(super) enum Wtf8Part<'a> {
    Text(&'a str),
    /// A code unit between `0xd800` and `0xdfff`; or U+FFFD for a byte that is no WTF-8 at all.
    LoneSurrogate(u16),
}

impl<'a> Wtf8Parts<'a> {
    pub(super) fn new(wtf8: &'a [u8]) -> Wtf8Parts<'a> {
        Wtf8Parts { rest: wtf8 }
    }
}

impl<'a> Iterator for Wtf8Parts<'a> {
    type Item = Wtf8Part<'a>;

    fn next(&mut self) -> Option<Wtf8Part<'a>> {
        if self.rest.is_empty() {
            return None;
        }
        let chunk = self.rest.utf8_chunks().next()?;
        let valid = chunk.valid();
        if !valid.is_empty() {
            self.rest = self.rest.get(valid.len()..).unwrap_or_default();
            return Some(Wtf8Part::Text(valid));
        }
        match *self.rest {
            [0xed, second @ 0xa0..=0xbf, third @ 0x80..=0xbf, ref rest @ ..] => {
                self.rest = rest;
                let unit = 0xd000 | (u16::from(second & 0x3f) << 6) | u16::from(third & 0x3f);
                Some(Wtf8Part::LoneSurrogate(unit))
            }
            [_, ref rest @ ..] => {
                self.rest = rest;
                Some(Wtf8Part::LoneSurrogate(0xfffd))
            }
            [] => None,
        }
    }
}
