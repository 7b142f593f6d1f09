use std::hash::{DefaultHasher, Hasher as _};

use proptest::prelude::*;

use super::*;
use crate::value::{Number, Value};

fn hash(text: &Text) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

proptest! {
    /// Around the length that is kept in place.
    #[test]
    fn texts_compare_as_their_bytes(
        a in prop::collection::vec(0_u8..3, 0..30),
        b in prop::collection::vec(0_u8..3, 0..30),
        common in prop::collection::vec(any::<u8>(), 0..24),
    ) {
        let (a, b) = ([&common[..], &a].concat(), [&common[..], &b].concat());
        let (left, right) = (Text::from_wtf8(&a), Text::from_wtf8(&b));
        prop_assert_eq!(left.as_wtf8(), &a[..]);
        prop_assert_eq!(left.cmp(&right), a.cmp(&b));
        prop_assert_eq!(left == right, a == b);
        prop_assert!(a != b || hash(&left) == hash(&right));
        prop_assert!(left.is_same(&left.clone()));
    }
}

#[test]
fn a_value_is_three_words() {
    assert_eq!(size_of::<Value>(), 24);
    assert_eq!(size_of::<Number>(), 16);
}

#[test]
fn a_byte_that_is_not_ascii_is_seen_wherever_it_is() {
    for length in 0..100 {
        let mut bytes = vec![b'x'; length];
        assert!(is_ascii(&bytes), "{length}");
        for place in 0..length {
            bytes[place] = 0x80;
            assert!(!is_ascii(&bytes), "{place} of {length}");
            bytes[place] = b'x';
        }
    }
}
