//! Reading and writing of instants against `jiff`.

use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn instants_are_shown_as_jiff_shows_them(nanos in i64::MIN + 1..) {
        let theirs = jiff::Timestamp::from_nanosecond(nanos.into()).unwrap();
        let ours = Timestamp(nanos).display(9).to_string();
        prop_assert_eq!(&ours, &format!("{theirs:.9}"));
        prop_assert_eq!(Timestamp::parse(&ours), Some(Timestamp(nanos)));
        let shortest = Timestamp(nanos).display(0).to_string();
        prop_assert_eq!(Timestamp::parse(&shortest), Some(Timestamp(nanos)));
        prop_assert_eq!(shortest.parse::<jiff::Timestamp>().unwrap(), theirs);
    }

    #[test]
    fn what_jiff_reads_we_read_as_the_same(
        year in 1678_i32..2262, month in 0_u32..14, day in 0_u32..33, hour in 0_u32..25, minute in 0_u32..61,
        second in 0_u32..60, fraction in "(\\.[0-9]{1,9})?", zone in "(Z|z|[+-](0[0-9]|1[0-9]|2[0-3]):?[0-5][0-9])",
        between in "[Tt ]",
    ) {
        let text = format!("{year:04}-{month:02}-{day:02}{between}{hour:02}:{minute:02}:{second:02}{fraction}{zone}");
        let theirs = text.parse::<jiff::Timestamp>().ok().map(|time| time.as_nanosecond());
        let theirs = theirs.and_then(|nanos| i64::try_from(nanos).ok()).map(Timestamp);
        prop_assert_eq!(Timestamp::parse(&text), theirs, "{}", text);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[0-9TZ:. +-]{0,30}", bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        let _ = Timestamp::parse(&text);
        let _ = Timestamp::parse_in(&bytes, i32::MIN);
    }
}

#[test]
fn short_forms_are_in_utc() {
    let parse = |text| Timestamp::parse(text).map(|time| time.display(0).to_string());
    for (text, expected) in [
        ("2026-08-03", "2026-08-03T00:00:00Z"),
        ("2026-08-03 14:00", "2026-08-03T14:00:00Z"),
        ("2026-08-03 14:00:01.25", "2026-08-03T14:00:01.250Z"),
        ("2026-08-03T14:00+02", "2026-08-03T12:00:00Z"),
        ("2026-08-03 14:00:00.1234567891", "2026-08-03T14:00:00.123456789Z"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"),
        ("1948-02-29", "1948-02-29T00:00:00Z"),
        ("1948-01-26 22:59:00", "1948-01-26T22:59:00Z"),
        ("2026-08-03 14:00 UTC", "2026-08-03T14:00:00Z"),
        ("2026-08-03 14:00:00.123456 +0200", "2026-08-03T12:00:00.123456Z"),
        ("2026-08-03T14:00:00.1234567Z", "2026-08-03T14:00:00.1234567Z"),
        ("2026-08-03T14:00:00,5-03:30", "2026-08-03T17:30:00.500Z"),
    ] {
        assert_eq!(parse(text).as_deref(), Some(expected), "{text}");
    }
    for text in [
        "",
        "2026",
        "2026-02-29",
        "2026-08-03 24:00",
        "2026-08-03 14",
        "2026-08-03 14:00:61",
        "2026-8-3",
        "2026-08-03 14:00 CET",
        "2026-08-03 14:00:00+25:00",
        "2026-08-03 14:00:00+2",
        "2026-08-03T",
        "2026-08-03 14:00:00.",
        "1677-01-01",
        "2263-01-01",
        "20260803",
    ] {
        assert_eq!(parse(text), None, "{text}");
    }
    let in_zone = |text: &str| Timestamp::parse_in(text.as_bytes(), 7_200).map(|time| time.display(0).to_string());
    assert_eq!(in_zone("2026-08-03 14:00:00").as_deref(), Some("2026-08-03T12:00:00Z"));
    assert_eq!(in_zone("2026-08-03").as_deref(), Some("2026-08-02T22:00:00Z"));
    assert_eq!(in_zone("2026-08-03 14:00Z").as_deref(), Some("2026-08-03T14:00:00Z"));
    assert!(Timestamp::is_written_like("9999-12-31") && !Timestamp::is_written_like("99999-12-31"));
}
