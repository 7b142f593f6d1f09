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
fn what_is_no_cursor_says_what_would_be_one() {
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
        "2026-13-01",
        "v99999999999999999999",
    ] {
        let error = Cursor::parse(text).expect_err(text);
        assert!(error.to_string().contains("v12"), "{error}");
    }
    assert_eq!(
        Cursor::parse("2300-01-01"),
        Err(CursorError::OutOfRange("2300-01-01".to_owned()))
    );
}
