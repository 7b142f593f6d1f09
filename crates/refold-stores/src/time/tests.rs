//! Numbers in the units that stores have, and zones.

use proptest::prelude::*;

use super::*;

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
