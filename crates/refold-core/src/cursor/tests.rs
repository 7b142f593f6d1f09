use super::*;

#[test]
fn every_written_form_is_read() {
    let cases = [
        ("start", Cursor::Start),
        (" head ", Cursor::Head),
        ("v0", Cursor::Version(Version(0))),
        ("v-1", Cursor::Version(Version(-1))),
        ("#4711", Cursor::Position(Position(4711))),
        (
            "-2h",
            Cursor::Ago {
                nanos: 7_200_000_000_000,
            },
        ),
        ("-90s", Cursor::Ago { nanos: 90_000_000_000 }),
        ("-15m", Cursor::Ago { nanos: 900_000_000_000 }),
        (
            "-1.5d",
            Cursor::Ago {
                nanos: 129_600_000_000_000,
            },
        ),
        (
            "-1w",
            Cursor::Ago {
                nanos: 604_800_000_000_000,
            },
        ),
        ("HEAD", Cursor::Head),
        ("Start", Cursor::Start),
        ("V9", Cursor::Version(Version(9))),
        ("now", Cursor::Ago { nanos: 0 }),
        ("1970-01-01", Cursor::At(Timestamp(0))),
        ("1970-01-01 00:01", Cursor::At(Timestamp(60_000_000_000))),
        ("1970-01-01T01:00:00.5+01:00", Cursor::At(Timestamp(500_000_000))),
    ];
    for (text, cursor) in cases {
        assert_eq!(Cursor::parse(text), Ok(cursor), "{text}");
        assert_eq!(Cursor::parse(&cursor.to_string()), Ok(cursor), "{cursor}");
    }
}

#[test]
fn what_is_no_cursor_is_refused_as_it_was_written() {
    for text in [
        "",
        "12",
        "v",
        "v1x",
        "#",
        "#+1",
        "-",
        "-h",
        "-2y",
        "--2h",
        "yesterday",
        "14:00",
        "2026-08-03 14h",
        "2026-08-03T14:00:00Z Europe/Berlin",
        "v99999999999999999999",
    ] {
        let error = Cursor::parse(text).expect_err(text);
        assert_eq!(error, CursorError::Malformed(text.to_owned()));
    }
    assert_eq!(
        Cursor::parse("2300-01-01"),
        Err(CursorError::OutOfRange("2300-01-01".to_owned()))
    );
}

/// Every day of four hundred years, and every time of day, against a calendar of ours.
#[test]
fn a_day_or_a_time_that_there_is_not_is_told_apart() {
    let days_of = |year: u32, month: u32| match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    for year in 1800..2200 {
        for (month, day) in (0..=13).flat_map(|month| (0..=32).map(move |day| (month, day))) {
            let text = format!("{year:04}-{month:02}-{day:02}");
            let is_there = (1..=days_of(year, month)).contains(&day);
            let expected = (!is_there).then(|| CursorError::NoSuchDay(text.clone()));
            assert_eq!(Cursor::parse(&text).err(), expected, "{text}");
        }
    }
    for (hour, minute, second) in (0..=25).flat_map(|hour| [(hour, 0, 0), (23, hour * 3, 0), (9, 12, hour * 3)]) {
        let clock = format!("{hour:02}:{minute:02}:{second:02}");
        let is_there = hour < 24 && minute < 60 && second < 60;
        for end in ["", "Z", ".5+02:00"] {
            let written = format!("{clock}{end}");
            let expected = (!is_there).then(|| CursorError::NoSuchTime(written.clone()));
            assert_eq!(
                Cursor::parse(&format!("2026-08-03 {written}")).err(),
                expected,
                "{written}"
            );
        }
    }
}
