//! Text as JSON can hold it: UTF-8 that may contain lone surrogates.

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
}

impl From<&str> for Text {
    fn from(text: &str) -> Text {
        Text(text.as_bytes().into())
    }
}
