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
    assert_eq!(
        shown(br"a\b \u{202e} \x{ff} \u202e"),
        r"a\b \u{5c}u{202e} \u{5c}x{ff} \u202e"
    );
    assert_eq!(visible("a\u{202e} \\u{202e}"), "a\\u{202e} \\u{202e}");
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
        prop_assert_eq!(id_from_shown(&shown(&id)), id);
    }

    /// What looks like an escape and is none is told apart from what is one.
    #[test]
    fn two_ids_are_never_shown_alike(one in "[\\\\ux{}5c2\u{202e}]{0,12}", other in "[\\\\ux{}5c2\u{202e}]{0,12}") {
        prop_assert_eq!(id_from_shown(&shown(one.as_bytes())), one.as_bytes());
        prop_assert!(one == other || shown(one.as_bytes()) != shown(other.as_bytes()));
        let once = shown(one.as_bytes());
        prop_assert_eq!(visible(&once).into_owned(), once.clone());
        prop_assert_eq!(id_from_shown(&shown(once.as_bytes())), once.into_bytes());
    }

    #[test]
    fn shown_holds_nothing_hidden(id: Vec<u8>) {
        prop_assert!(!shown(&id).chars().any(is_hidden));
    }
}
