use proptest::prelude::*;

use super::*;

fn instant(zone: &str, local: &str) -> (String, Option<LocalDoubt>) {
    let zone = Zone::parse(zone).unwrap();
    let (instant, doubt) = zone.instant(Timestamp::parse(local).unwrap()).unwrap();
    (instant.display(0).to_string(), doubt)
}

#[test]
fn local_times_of_named_zones() {
    for (zone, local, expected, doubt) in [
        ("Europe/Berlin", "2026-08-03 14:00", "2026-08-03T12:00:00Z", None),
        ("Europe/Berlin", "2026-12-03 14:00", "2026-12-03T13:00:00Z", None),
        // The clocks go from 3 to 2 o'clock at 01:00 UTC, and from 2 to 3 o'clock in spring.
        ("Europe/Berlin", "2026-10-25 01:59:59", "2026-10-24T23:59:59Z", None),
        (
            "Europe/Berlin",
            "2026-10-25 02:30",
            "2026-10-25T00:30:00Z",
            Some(LocalDoubt::Twice),
        ),
        ("Europe/Berlin", "2026-10-25 03:00", "2026-10-25T02:00:00Z", None),
        ("Europe/Berlin", "2026-03-29 01:59:59", "2026-03-29T00:59:59Z", None),
        (
            "Europe/Berlin",
            "2026-03-29 02:30",
            "2026-03-29T01:30:00Z",
            Some(LocalDoubt::Skipped),
        ),
        ("Europe/Berlin", "2026-03-29 03:00", "2026-03-29T01:00:00Z", None),
        (
            "America/New_York",
            "2026-11-01 01:30",
            "2026-11-01T05:30:00Z",
            Some(LocalDoubt::Twice),
        ),
        ("Asia/Kathmandu", "2026-08-03 14:00", "2026-08-03T08:15:00Z", None),
        ("+02:00", "2026-03-29 02:30", "2026-03-29T00:30:00Z", None),
        ("UTC", "2026-03-29 02:30", "2026-03-29T02:30:00Z", None),
    ] {
        assert_eq!(instant(zone, local), (expected.to_owned(), doubt), "{local} {zone}");
    }
}

#[test]
fn zones_are_shown_as_they_are_written() {
    for text in [
        "UTC",
        "+02:00",
        "-03:30",
        "Europe/Berlin",
        "America/Argentina/Buenos_Aires",
    ] {
        assert_eq!(Zone::parse(text).unwrap().to_string(), text);
    }
    for text in [
        "",
        "Berlin",
        "Europe/Bielefeld",
        "+2",
        "+0200",
        "+24:00",
        "+02:60",
        "+-2:00",
        "../../etc/passwd",
    ] {
        assert_eq!(Zone::parse(text), None, "{text}");
    }
}

proptest! {
    /// Every instant, shown as clocks in the zone show it, is read as itself, unless clocks show it twice.
    #[test]
    fn local_times_come_back(
        nanos in 0..4_000_000_000_000_000_000_i64,
        name in prop::sample::select(vec!["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia"]),
    ) {
        let zone = Zone::parse(name).unwrap();
        let Zone::Named(rules) = &zone else { panic!("it has a name") };
        let there = rules.to_datetime(jiff::Timestamp::from_nanosecond(nanos.into()).unwrap());
        let local = Offset::UTC.to_timestamp(there).unwrap().as_nanosecond();
        let (read, doubt) = zone.instant(Timestamp(i64::try_from(local).unwrap())).unwrap();
        prop_assert_ne!(doubt, Some(LocalDoubt::Skipped));
        prop_assert!(read.0 == nanos || (doubt == Some(LocalDoubt::Twice) && read.0 < nanos));
    }
}
