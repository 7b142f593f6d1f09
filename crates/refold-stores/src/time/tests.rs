//! Numbers in the units that stores have, and zones.

use proptest::prelude::*;

use super::*;
use crate::layout::Origin;

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
    fn no_number_makes_it_panic(number in any::<i64>()) {
        for form in [TimeForm::EpochSeconds, TimeForm::EpochMillis, TimeForm::EpochNanos, TimeForm::DotnetTicks] {
            let _ = from_number(number, form);
        }
    }
}

fn a_written_time() -> impl Strategy<Value = String> {
    let day = prop_oneof![
        Just("2026-08-03 "),
        Just("2026-08-03T"),
        Just("2026-10-25 "),
        Just("2026-02-30 "),
        Just("1677-09-21 "),
        Just("2262-04-11 "),
    ];
    let clock = (0..26, 0..62, 0..62).prop_map(|(hour, minute, second)| format!("{hour:02}:{minute:02}:{second:02}"));
    let clock = prop_oneof![
        clock,
        Just("1:02:03.".to_owned()),
        Just("01-02:03".to_owned()),
        Just("0x:00:00".to_owned())
    ];
    let end = prop_oneof![4 => Just(""), 1 => Just("Z"), 1 => Just(".5"), 1 => Just("+02:00")];
    (day, clock, end).prop_map(|(day, clock, end)| format!("{day}{clock}{end}"))
}

proptest! {
    /// What was read before changes nothing.
    #[test]
    fn a_day_that_is_remembered_changes_no_answer(
        written in proptest::collection::vec(a_written_time(), 1..24),
        zone in prop_oneof![Just(None), Just(Some("UTC")), Just(Some("+05:30")), Just(Some("Europe/Berlin"))],
    ) {
        let source = TimeSource {
            from: Origin::StreamId,
            form: TimeForm::Auto,
            zone: zone.and_then(Zone::parse),
            is_optional: false,
        };
        let mut times = TimeReader::default();
        for text in written {
            prop_assert_eq!(times.of_text(text.as_bytes(), &source), of_text(text.as_bytes(), &source), "{}", text);
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
            Timestamp::parse(named).is_some() && names_zone(named.as_bytes()),
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
            Timestamp::parse(plain).is_some() && !names_zone(plain.as_bytes()),
            "{plain}"
        );
    }
}
