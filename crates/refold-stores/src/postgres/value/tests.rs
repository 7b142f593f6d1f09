use proptest::prelude::*;
use rusqlite::types::ValueRef;

use super::*;

fn text(kind: &Type, bytes: &[u8]) -> String {
    match held(kind, bytes).as_value() {
        ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
        other => panic!("no text: {other:?}"),
    }
}

fn micros(micros: i64) -> String {
    text(&Type::TIMESTAMPTZ, &micros.to_be_bytes())
}

#[test]
fn times_are_those_that_the_server_writes() {
    for (at, expected) in [
        (0, "2000-01-01 00:00:00+00"),
        (1, "2000-01-01 00:00:00.000001+00"),
        (-1, "1999-12-31 23:59:59.999999+00"),
        (836_665_200_120_000, "2026-07-06 15:00:00.12+00"),
        (5_097_600_000_000, "2000-02-29 00:00:00+00"),
        (-211_781_865_600_000_000, "4713-11-24 00:00:00+00 BC"),
        (-63_082_281_600_000_000, "0001-01-01 00:00:00+00"),
        (-63_082_281_600_000_001, "0001-12-31 23:59:59.999999+00 BC"),
        (i64::MAX, "infinity"),
        (i64::MIN, "-infinity"),
    ] {
        assert_eq!(micros(at), expected);
    }
    assert_eq!(text(&Type::DATE, &9_683_i32.to_be_bytes()), "2026-07-06");
    assert_eq!(text(&Type::DATE, &i32::MAX.to_be_bytes()), "infinity");
}

proptest! {
    /// What a time is written as is read as the same time, to the microsecond.
    #[test]
    fn a_time_is_read_as_it_was_sent(at in -62_000_000_000_000_000_i64..200_000_000_000_000_000) {
        let read = refold_core::time::Timestamp::parse_in(micros(at).as_bytes(), 0);
        // 1970 to 2000, and what an instant in nanoseconds can hold.
        let nanos = (i128::from(at) + 946_684_800_000_000) * 1_000;
        if let Ok(nanos) = i64::try_from(nanos) {
            prop_assert_eq!(read.map(|read| read.0), Some(nanos));
        }
    }

    /// Documents keep every byte.
    #[test]
    fn a_document_is_what_was_sent(document in ".{0,60}") {
        let sent = [b"\x01", document.as_bytes()].concat();
        prop_assert_eq!(text(&Type::JSONB, &sent), document.clone());
        prop_assert_eq!(text(&Type::JSON, document.as_bytes()), document);
    }

    /// No value, however wrong, is more than a value.
    #[test]
    fn any_bytes_are_some_value(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
        for kind in [Type::INT8, Type::NUMERIC, Type::UUID, Type::JSONB, Type::TIMESTAMP, Type::DATE, Type::TEXT_ARRAY,
            Type::BOOL, Type::XID8, Type::FLOAT4] {
            let _ = held(&kind, &bytes);
        }
    }
}

#[test]
fn numbers_keep_every_digit() {
    let numeric = |words: &[u16]| words.iter().flat_map(|word| word.to_be_bytes()).collect::<Vec<u8>>();
    for (words, expected) in [
        (vec![0, 0, 0, 0], "0"),
        (vec![0, 0, 0, 2], "0.00"),
        (vec![2, 0, 0, 2, 1, 5_000], "1.50"),
        (vec![1, 1, 0x4000, 0, 12], "-120000"),
        (vec![1, 0xffff, 0, 4, 7], "0.0007"),
        (vec![1, 0xfffe, 0, 6, 1_200], "0.000012"),
        (vec![3, 2, 0, 0, 1, 2, 3], "100020003"),
        (vec![0, 0, 0xc000, 0], "NaN"),
        (vec![0, 0, 0xd000, 0], "Infinity"),
    ] {
        assert_eq!(text(&Type::NUMERIC, &numeric(&words)), expected);
    }
}
