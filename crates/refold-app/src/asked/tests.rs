use super::*;

fn time(text: &str, zone: Option<&str>) -> String {
    let zone = zone.map(|zone| Zone::parse(zone).unwrap());
    cursor(text, zone.as_ref()).map_or_else(|error| error.message, |cursor| cursor.to_string())
}

#[test]
fn a_time_is_in_the_zone_that_it_names_or_in_the_one_that_is_given() {
    let berlin = Some("Europe/Berlin");
    for (text, zone, expected) in [
        ("2026-08-03 14:00", None, "2026-08-03T14:00:00Z"),
        ("2026-08-03 14:00", berlin, "2026-08-03T12:00:00Z"),
        ("2026-08-03", berlin, "2026-08-02T22:00:00Z"),
        ("2026-12-03T14:00:01.5", berlin, "2026-12-03T13:00:01.500Z"),
        ("2026-08-03T14:00:00Z", berlin, "2026-08-03T14:00:00Z"),
        ("2026-08-03 14:00:00 UTC", berlin, "2026-08-03T14:00:00Z"),
        (" 2026-08-03 14:00 Europe/Berlin ", None, "2026-08-03T12:00:00Z"),
        ("2026-08-03 14:00 America/New_York", berlin, "2026-08-03T18:00:00Z"),
        ("2026-08-03 14:00 +03:00", berlin, "2026-08-03T11:00:00Z"),
        ("2026-08-03 Europe/Berlin", None, "2026-08-02T22:00:00Z"),
        ("v12", berlin, "v12"),
        ("#7", berlin, "#7"),
        ("-2h", berlin, "-7200s"),
        ("head", berlin, "head"),
    ] {
        assert_eq!(time(text, zone), expected, "{text} {zone:?}");
    }
    for (text, needle) in [
        ("2026-10-25 02:30", "twice"),
        ("2026-03-29 02:30", "never"),
        (
            "2026-08-03 14:00 Europe/Bielefeld",
            "there is no such zone: Europe/Bielefeld",
        ),
        ("2026-02-30 14:00 Europe/Berlin", "there is no such day: 2026-02-30"),
        ("2026-08-03 25:00", "there is no such time of day: 25:00"),
        // Not silently the first second of the next minute.
        ("2026-08-03 09:12:60", "there is no such time of day: 09:12:60"),
        ("2026-08-03T14:00:00Z Europe/Berlin", "not a cursor"),
    ] {
        assert!(time(text, berlin).contains(needle), "{text}: {}", time(text, berlin));
    }
    assert_eq!(time("2026-10-25T02:30:00+01:00", berlin), "2026-10-25T01:30:00Z");
}
