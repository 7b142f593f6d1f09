use proptest::prelude::*;

use super::*;

fn described(kind: u8, is_unsigned: bool, is_binary: bool, digits: u8) -> Described {
    Described {
        kind,
        is_unsigned,
        is_binary,
        digits,
    }
}

fn shown(column: &Described, bytes: &[u8]) -> String {
    match column.held(bytes) {
        Held::Made(text) => String::from_utf8(text).unwrap(),
        other => format!("{other:?}"),
    }
}

#[test]
fn integers_are_exact_whatever_their_width() {
    let signed = |kind| described(kind, false, true, 0);
    let unsigned = |kind| described(kind, true, true, 0);
    assert_eq!(signed(TINY).held(&[0xff]), Held::Integer(-1));
    assert_eq!(unsigned(TINY).held(&[0xff]), Held::Integer(255));
    assert_eq!(
        signed(SHORT).held(&i16::MIN.to_le_bytes()),
        Held::Integer(i16::MIN.into())
    );
    assert_eq!(
        unsigned(LONG).held(&u32::MAX.to_le_bytes()),
        Held::Integer(u32::MAX.into())
    );
    assert_eq!(signed(LONG_LONG).held(&i64::MIN.to_le_bytes()), Held::Integer(i64::MIN));
    assert_eq!(
        shown(&unsigned(LONG_LONG), &u64::MAX.to_le_bytes()),
        "18446744073709551615"
    );
}

#[test]
fn times_are_written_as_the_server_writes_them() {
    let at = |digits| described(DATE_TIME, false, true, digits);
    assert_eq!(shown(&at(0), &[]), "0000-00-00 00:00:00");
    assert_eq!(shown(&at(6), &[0xea, 7, 8, 3]), "2026-08-03 00:00:00.000000");
    assert_eq!(
        shown(&at(3), &[0xea, 7, 8, 3, 14, 0, 1, 0x78, 0xe0, 1, 0]),
        "2026-08-03 14:00:01.123"
    );
    assert_eq!(shown(&at(0), &[0xea, 7, 0, 0]), "2026-00-00 00:00:00");
    let instant = described(TIMESTAMP, false, true, 0);
    assert_eq!(shown(&instant, &[0xea, 7, 8, 3, 14, 0, 1]), "2026-08-03 14:00:01+00");
    let clock = described(TIME, false, true, 0);
    assert_eq!(shown(&clock, &[1, 34, 0, 0, 0, 22, 59, 59]), "-838:59:59");
    assert_eq!(shown(&described(DATE, false, true, 0), &[0xea, 7, 8, 3]), "2026-08-03");
}

#[test]
fn what_is_no_text_stays_bytes() {
    assert_eq!(
        described(BLOB, false, true, 0).held(&[0xff, 0]),
        Held::Bytes(&[0xff, 0])
    );
    assert_eq!(described(BLOB, false, false, 0).held(b"\xffa"), Held::Text(b"\xffa"));
    assert_eq!(described(JSON, false, true, 0).held(b"{}"), Held::Text(b"{}"));
    assert_eq!(
        described(NEW_DECIMAL, false, true, 0).held(b"0.10"),
        Held::Text(b"0.10")
    );
    assert_eq!(described(BIT, false, true, 0).held(&[1, 2]), Held::Integer(258));
}

proptest! {
    /// Whatever a server sends, a row is understood or refused, and never anything beyond it read.
    #[test]
    fn no_packet_is_too_odd(packet in proptest::collection::vec(any::<u8>(), 0..60), kinds in proptest::collection::vec(any::<u8>(), 0..8)) {
        let columns: Arc<[Described]> = kinds.iter().map(|kind| described(*kind, false, kind % 2 == 0, 6)).collect();
        let mut packet = packet;
        if let Some(first) = packet.first_mut() {
            *first = 0;
        }
        if let Some(row) = Row::read(packet, &columns) {
            prop_assert_eq!(row.held().0.len(), columns.len());
        }
        let _ = Described::read(&kinds);
    }
}
