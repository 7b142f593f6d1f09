//! Text as JSON can hold it: UTF-8 that may contain lone surrogates.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::fmt::Write as _;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// Immutable text in WTF-8: UTF-8, except that a lone surrogate (`"\ud800"` in JSON) is kept as its three bytes, so
/// that it survives to every screen and file. Ordered by bytes. Cloning is O(1).
///
/// Up to [`Text::INLINE_BYTES`] bytes are kept in place: most keys and ids of a state need no memory of their own and
/// no look elsewhere to be compared.
pub struct Text(Repr);

enum Repr {
    Inline(Inline),
    Shared(Arc<[u8]>),
}

/// Bytes behind `len` are zero, so that two can be compared whole.
#[derive(Clone, Copy, Eq)]
struct Inline {
    len: u8,
    bytes: [u8; Text::INLINE_BYTES],
}

impl Text {
    /// The longest text that is kept in place.
    pub const INLINE_BYTES: usize = 22;

    /// Takes WTF-8 bytes as a JSON decoder makes them.
    pub fn from_wtf8(bytes: &[u8]) -> Text {
        Text(match Inline::new(bytes) {
            Some(inline) => Repr::Inline(inline),
            None => Repr::Shared(bytes.into()),
        })
    }

    pub fn as_wtf8(&self) -> &[u8] {
        match &self.0 {
            // Never longer than its bytes.
            Repr::Inline(inline) => inline.bytes.get(..usize::from(inline.len)).unwrap_or_default(),
            Repr::Shared(bytes) => bytes,
        }
    }

    /// How many bytes its WTF-8 has.
    #[inline]
    pub fn byte_len(&self) -> usize {
        match &self.0 {
            Repr::Inline(inline) => usize::from(inline.len),
            Repr::Shared(bytes) => bytes.len(),
        }
    }

    /// `None` when the text holds a lone surrogate.
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(self.as_wtf8()).ok()
    }

    /// The text, with each lone surrogate written as `\ud800`.
    pub fn to_display(&self) -> Cow<'_, str> {
        if let Some(text) = self.as_str() {
            return Cow::Borrowed(text);
        }
        let mut display = String::with_capacity(self.as_wtf8().len());
        for part in Wtf8Parts::new(self.as_wtf8()) {
            match part {
                Wtf8Part::Text(text) => display.push_str(text),
                // Writing to a string cannot fail.
                Wtf8Part::LoneSurrogate(unit) => drop(write!(display, "\\u{unit:04x}")),
            }
        }
        Cow::Owned(display)
    }

    /// Whether both take no memory but one's: kept in place, or the same allocation. `false` says nothing.
    pub fn is_same(&self, other: &Text) -> bool {
        match (&self.0, &other.0) {
            (Repr::Inline(a), Repr::Inline(b)) => a == b,
            (Repr::Shared(a), Repr::Shared(b)) => Arc::ptr_eq(a, b),
            (Repr::Inline(_), Repr::Shared(_)) | (Repr::Shared(_), Repr::Inline(_)) => false,
        }
    }

    /// Whether it is kept in place.
    #[inline]
    pub(super) fn is_inline(&self) -> bool {
        matches!(self.0, Repr::Inline(_))
    }

    /// The bytes it takes beside its own place.
    pub(super) fn heap_bytes(&self) -> usize {
        match &self.0 {
            Repr::Inline(_) => 0,
            Repr::Shared(bytes) => bytes.len(),
        }
    }
}

impl Clone for Text {
    /// As [`super::Value`] does it.
    #[inline]
    fn clone(&self) -> Text {
        match &self.0 {
            // SAFETY: it is kept in place, so it points to nothing, and both copies are texts of their own.
            Repr::Inline(_) => unsafe { std::ptr::read(self) },
            Repr::Shared(bytes) => Text(Repr::Shared(Arc::clone(bytes))),
        }
    }
}

impl Inline {
    fn new(text: &[u8]) -> Option<Inline> {
        let mut bytes = [0; Text::INLINE_BYTES];
        match (text.first_chunk::<8>(), text.last_chunk::<8>()) {
            // Whole words, of which the last two may overlap: quicker than a call that copies so few bytes.
            (Some(first), Some(last)) if text.len() <= Text::INLINE_BYTES => {
                bytes.get_mut(..8)?.copy_from_slice(first);
                if let Some(second) = text.get(8..16) {
                    bytes.get_mut(8..16)?.copy_from_slice(second);
                }
                bytes.get_mut(text.len() - 8..text.len())?.copy_from_slice(last);
            }
            _ => match (text.first_chunk::<4>(), text.last_chunk::<4>()) {
                (Some(first), Some(last)) if text.len() < 8 => {
                    bytes.get_mut(..4)?.copy_from_slice(first);
                    bytes.get_mut(text.len() - 4..text.len())?.copy_from_slice(last);
                }
                _ => {
                    for (place, byte) in bytes.get_mut(..text.len())?.iter_mut().zip(text) {
                        *place = *byte;
                    }
                }
            },
        }
        Some(Inline {
            len: u8::try_from(text.len()).ok()?,
            bytes,
        })
    }

    /// In the order of the bytes: word by word, most often decided by the first two.
    #[inline]
    fn order(&self, other: &Inline) -> Ordering {
        // The last eight bytes overlap with those before, which are equal when these are compared.
        for at in [0, 8, Text::INLINE_BYTES - 8] {
            let (a, b) = (self.word(at), other.word(at));
            if a != b {
                return u64::from_be(a).cmp(&u64::from_be(b));
            }
        }
        self.len.cmp(&other.len)
    }

    /// Eight bytes as they lie in memory; `at` is at most 14.
    #[inline(always)]
    fn word(&self, at: usize) -> u64 {
        let bytes = self.bytes.get(at..at + 8).and_then(|bytes| bytes.try_into().ok());
        u64::from_ne_bytes(bytes.unwrap_or_default())
    }
}

impl PartialEq for Inline {
    /// Three comparisons of words, without a call.
    #[inline(always)]
    fn eq(&self, other: &Inline) -> bool {
        // The last eight bytes overlap with those before: 22 are no multiple of eight.
        let differ = |at| self.word(at) ^ other.word(at);
        (differ(0) | differ(8) | differ(Text::INLINE_BYTES - 8)) == 0 && self.len == other.len
    }
}

impl PartialEq for Text {
    #[inline]
    fn eq(&self, other: &Text) -> bool {
        match (&self.0, &other.0) {
            (Repr::Inline(a), Repr::Inline(b)) => a == b,
            (Repr::Shared(a), Repr::Shared(b)) => a == b,
            // What is short enough is kept in place: one of them is longer.
            (Repr::Inline(_), Repr::Shared(_)) | (Repr::Shared(_), Repr::Inline(_)) => false,
        }
    }
}

impl Eq for Text {}

impl PartialOrd for Text {
    fn partial_cmp(&self, other: &Text) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Text {
    #[inline]
    fn cmp(&self, other: &Text) -> Ordering {
        match (&self.0, &other.0) {
            (Repr::Inline(a), Repr::Inline(b)) => a.order(b),
            _ => self.as_wtf8().cmp(other.as_wtf8()),
        }
    }
}

impl Hash for Text {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.as_wtf8().hash(hasher);
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Text({:?})", self.to_display())
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Text {
        Text::from_wtf8(text.as_bytes())
    }
}

impl std::borrow::Borrow<[u8]> for Text {
    /// Sound for ordered and hashed maps: a text compares and hashes as its bytes do.
    fn borrow(&self) -> &[u8] {
        self.as_wtf8()
    }
}

/// As [`slice::is_ascii`], quicker for some hundred bytes that mostly are: it looks at all of them.
#[inline]
pub fn is_ascii(bytes: &[u8]) -> bool {
    const HIGHS: u128 = u128::from_ne_bytes([0x80; 16]);
    let (chunks, rest) = bytes.as_chunks::<16>();
    let seen = chunks.iter().fold(0, |seen, chunk| seen | u128::from_ne_bytes(*chunk));
    // The end once more from sixteen bytes before it: some of them were seen.
    match bytes.last_chunk::<16>() {
        Some(last) => (seen | u128::from_ne_bytes(*last)) & HIGHS == 0,
        None => rest.is_ascii(),
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

#[cfg(test)]
mod tests;
