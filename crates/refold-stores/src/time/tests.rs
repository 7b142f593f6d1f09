//! Times in the shapes that stores have, against the display that core gives them.

use proptest::prelude::*;

use super::*;

#[test]
fn the_usual_shapes() {
    let utc = |text: &str| parse_text(text.as_bytes(), Zone::UTC).map(|time| time.display(0).to_string());
    for (text, expected) in [
        ("1948-01-26 22:59:00", "1948-01-26T22:59:00Z"),
        ("2026-08-03T14:00:00.123456+02:00", "2026-08-03T12:00:00.123456Z"),
        ("2026-08-03 14:00:00.123456+0200", "2026-08-03T12:00:00.123456Z"),
        ("2026-08-03T14:00:00.1234567Z", "2026-08-03T14:00:00.1234567Z"),
        ("2026-08-03T14:00:00.1234567899Z", "2026-08-03T14:00:00.123456789Z"),
        ("2026-08-03 14:00:00 UTC", "2026-08-03T14:00:00Z"),
        ("2026-08-03T14:00-03", "2026-08-03T17:00:00Z"),
        ("2024-02-29", "2024-02-29T00:00:00Z"),
        ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59Z"),
    ] {
        assert_eq!(utc(text).as_deref(), Some(expected), "{text}");
    }
    for text in [
        "",
        "2026",
        "2026-08-3",
        "2026-13-01",
        "2026-02-29",
        "2026-08-03 24:00:00",
        "2026-08-03 14:00:00.",
        "2026-08-03 14:00:00+25:00",
        "2026-08-03x14:00:00",
        "0000-00-00 00:00:00",
        "9999-12-31T23:59:59Z",
        "20260803",
    ] {
        assert_eq!(utc(text), None, "{text}");
    }
    let zone = Zone {
        offset_seconds: 2 * 3600,
    };
    let time = parse_text(b"2026-08-03 14:00:00", zone).unwrap();
    assert_eq!(time.display(0).to_string(), "2026-08-03T12:00:00Z");
}

#[test]
fn numbers_by_their_unit() {
    let millis = Timestamp(1_785_578_400_123_000_000);
    let ticks = 62_135_596_800_i64 * 10_000_000;
    for (number, form) in [
        (1_785_578_400_123, TimeForm::EpochMillis),
        (1_785_578_400_123_000, TimeForm::EpochMicros),
        (1_785_578_400_123_000_000, TimeForm::EpochNanos),
        (ticks + 17_855_784_001_230_000, TimeForm::DotnetTicks),
    ] {
        assert_eq!(form_of_number(number), form);
        assert_eq!(from_number(number, form), Some(millis));
        assert_eq!(from_number(number, TimeForm::Auto), Some(millis));
    }
    assert_eq!(
        from_number(1_785_578_400, TimeForm::Auto),
        Some(Timestamp(1_785_578_400_000_000_000))
    );
    assert_eq!(from_number(i64::MAX, TimeForm::EpochSeconds), None);
    assert_eq!(from_real(f64::NAN), None);
}

proptest! {
    #[test]
    fn what_core_displays_is_read_back(nanos in i64::MIN + 1..i64::MAX, digits in 0_u8..10) {
        let time = Timestamp(nanos);
        let text = time.display(digits).to_string();
        prop_assert_eq!(parse_text(text.as_bytes(), Zone::UTC), Some(time));
        let plain = text.replace('T', " ");
        prop_assert_eq!(parse_text(plain.trim_end_matches('Z').as_bytes(), Zone::UTC), Some(time));
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..40), number in any::<i64>()) {
        let _ = parse_text(&bytes, Zone::UTC);
        for form in [TimeForm::EpochSeconds, TimeForm::EpochMillis, TimeForm::EpochNanos, TimeForm::DotnetTicks] {
            let _ = from_number(number, form);
        }
    }
}

#[test]
fn a_zone_is_told_from_what_else_stands_in_a_time() {
    for named in [
        "2026-08-03T14:00:00Z",
        "2026-08-03 14:00:00 UTC",
        "2026-08-03 14:00:00.5+0200",
        "2026-08-03T14:00-03:30",
    ] {
        assert!(
            parse_text(named.as_bytes(), Zone::UTC).is_some() && names_zone(named.as_bytes()),
            "{named}"
        );
    }
    for plain in [
        "2026-08-03",
        "2026-08-03 14:00",
        "2026-08-03T14:00:00",
        "2026-08-03 14:00:00.123456789",
    ] {
        assert!(
            parse_text(plain.as_bytes(), Zone::UTC).is_some() && !names_zone(plain.as_bytes()),
            "{plain}"
        );
    }
}
