//! Keys that are looked up again and again.

use super::Text;
use crate::shared_map::Hint;

/// A key that remembers where it was found last. Objects of one kind hold their members at the same places, so that
/// most look-ups compare one key. The memory is a guess and no part of what the key is: it may be shared by threads.
#[derive(Debug, Clone)]
pub struct KnownKey {
    text: Text,
    pub(super) hint: Hint,
}

impl KnownKey {
    pub fn new(text: Text) -> KnownKey {
        KnownKey {
            text,
            hint: Hint::default(),
        }
    }

    #[inline]
    pub fn text(&self) -> &Text {
        &self.text
    }
}

impl PartialEq for KnownKey {
    fn eq(&self, other: &KnownKey) -> bool {
        self.text == other.text
    }
}

impl Eq for KnownKey {}
