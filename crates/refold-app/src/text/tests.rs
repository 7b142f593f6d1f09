use proptest::prelude::*;

use super::*;

#[test]
fn nothing_hidden_is_shown_raw() {
    assert_eq!(shown(b"order-\x1b[2J\xff"), "order-\\u{1b}[2J\\x{ff}");
    assert_eq!(
        shown("a\u{202e}b\u{9b}c\u{200b}".as_bytes()),
        "a\\u{202e}b\\u{9b}c\\u{200b}"
    );
    assert_eq!(shown("Müller 🙂".as_bytes()), "Müller 🙂");
}

#[test]
fn sizes_and_spans_read_well() {
    assert_eq!(size_label(999), "999 B");
    assert_eq!(size_label(108_318_720), "108.3 MB");
    assert_eq!(size_label(u64::MAX), "18,446.7 PB");
    assert_eq!(grouped(1_000_214), "1,000,214");
    assert_eq!(span_label(0), "0 s");
    assert_eq!(span_label(137_000_000), "137 ms");
    assert_eq!(span_label(372_000_000_000), "6 min 12 s");
    assert_eq!(span_label(1_500_000_000), "1 s");
    assert_eq!(span_label(86_400_000_000_000 * 41), "41 d");
    let (early, late) = (Timestamp(0), Timestamp(2_000_000_000));
    assert_eq!(since_previous(early, late), "+2 s");
    assert_eq!(since_previous(late, early), "-2 s");
    assert_eq!(since_previous(Timestamp::NONE, early), "");
}

proptest! {
    #[test]
    fn a_shown_id_is_found_again(id: Vec<u8>) {
        // An id that itself holds what looks like an escape is asked for by its exact bytes first.
        prop_assume!(!id.contains(&b'\\'));
        prop_assert_eq!(id_from_shown(&shown(&id)), id);
    }

    #[test]
    fn shown_holds_nothing_hidden(id: Vec<u8>) {
        prop_assert!(!shown(&id).chars().any(is_hidden));
    }
}
