use refold_core::work::{CancelToken, Silent, Work};

use super::*;

/// The lines, and the first line of each kind of flaw.
fn reading(data: &Path) -> (Vec<Line>, Reading) {
    let token = CancelToken::default();
    let work = Work::new(&token, &Silent);
    let reading = read(&work, data, "shop").unwrap().unwrap();
    let mut lines = Vec::new();
    reading
        .lines::<AppError>(&work, 0, &mut |line| {
            lines.push(line.clone());
            Ok(())
        })
        .unwrap();
    assert_eq!(lines.len() as u64, reading.line_count);
    (lines, reading)
}

fn opened(data: &Path) -> Arc<Access> {
    Access::open(data, "shop").unwrap()
}

fn exported(access: &Access, file: &str) {
    access
        .append(&Act::Exported {
            what: "table",
            file,
            sha256: "00",
        })
        .unwrap();
}

#[test]
fn lines_of_several_sessions_are_one_chain() {
    let folder = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for session in 0..4 {
            scope.spawn(move || {});
            let data = folder.path();
            scope.spawn(move || {
                let access = opened(data);
                for number in 0..25 {
                    let ticket = access
                        .sending(&Statement {
                            id: "events.page",
                            text: "SELECT 1",
                        })
                        .unwrap();
                    access.answered(
                        ticket,
                        &Answer {
                            rows: number,
                            ..Answer::default()
                        },
                    );
                    exported(&access, &format!("{session}-{number}"));
                }
            });
        }
    });
    let (lines, reading) = reading(folder.path());
    // An answer stands in the statement behind it; the last of each session has a line of its own.
    assert_eq!((lines.len(), &*reading.flaws), (204, &[][..]));
    assert_eq!(reading.ending, Ending::Whole);
    assert!(lines.iter().all(|line| line.told.is_some()));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;

        let mode = file(folder.path(), "shop").metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn a_line_that_was_changed_or_taken_out_shows() {
    let folder = tempfile::tempdir().unwrap();
    let access = opened(folder.path());
    for name in ["a", "b", "c", "d"] {
        exported(&access, name);
    }
    let file = file(folder.path(), "shop");
    let text = std::fs::read_to_string(&file).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let flaws = |text: String| {
        std::fs::write(&file, text).unwrap();
        let (_, reading) = reading(folder.path());
        let flaws = reading.flaws.iter().map(|flaw| (flaw.line, flaw.further));
        (flaws.collect::<Vec<_>>(), reading.ending)
    };
    let whole = Ending::Whole;
    assert_eq!(flaws(text.clone()), (vec![], Ending::Whole));
    let changed = text.replace("\"file\":\"b\"", "\"file\":\"x\"");
    assert_eq!(flaws(changed), (vec![(3, 0)], whole.clone()));
    // One that was taken out is said once, and not of all that stand behind it.
    assert_eq!(
        flaws([lines[0], lines[2], lines[3]].join("\n")),
        (vec![(2, 0)], whole.clone())
    );
    assert_eq!(
        flaws(lines[1..].join("\n")),
        (vec![(1, 0)], whole),
        "the beginning was taken off"
    );
    let (said, _) = flaws([lines[1], lines[0], lines[2]].join("\n"));
    assert_eq!(said, [(1, 2)]);
    // What no chain can tell.
    assert_eq!(flaws(lines[..2].join("\n")), (vec![], Ending::Missing(2)));
    assert_eq!(flaws(String::new()), (vec![], Ending::Missing(4)));
    let last = text.replace("\"file\":\"d\"", "\"file\":\"x\"");
    assert_eq!(flaws(last), (vec![], Ending::Changed));
    std::fs::remove_file(mark::file(&file)).unwrap();
    assert_eq!(flaws(lines[..2].join("\n")), (vec![], Ending::Unsaid));
}

/// Somebody who goes on with Refold after he cut the log does not mend it.
#[test]
fn what_was_cut_off_stays_a_break_once_the_log_goes_on() {
    for is_open in [false, true] {
        for kept in 0..4 {
            let folder = tempfile::tempdir().unwrap();
            let access = opened(folder.path());
            for name in ["a", "b", "c", "d"] {
                exported(&access, name);
            }
            let file = file(folder.path(), "shop");
            let text = std::fs::read_to_string(&file).unwrap();
            let cut: String = text.split_inclusive('\n').take(kept).collect();
            std::fs::write(&file, cut).unwrap();
            let access = if is_open { access } else { opened(folder.path()) };
            exported(&access, "e");
            exported(&opened(folder.path()), "f");
            let (lines, reading) = reading(folder.path());
            assert_eq!(lines.len(), kept + 2);
            let flaws: Vec<(u64, u64)> = reading.flaws.iter().map(|flaw| (flaw.line, flaw.further)).collect();
            assert_eq!(flaws, [(kept as u64 + 1, 0)], "{reading:?}");
            assert!(lines[kept].told.is_some() && !reading.is_as_written());
        }
    }
}

#[test]
fn a_session_writes_the_text_of_a_statement_once() {
    let folder = tempfile::tempdir().unwrap();
    let text =
        "SELECT global_position, stream_id FROM events WHERE global_position > $1 ORDER BY global_position LIMIT 8192";
    for session in 0..2_u64 {
        let access = opened(folder.path());
        for id in ["events.page", "events.head", "events.page", "events.page"] {
            let statement = Statement {
                id,
                text: if id == "events.page" { text } else { "SELECT 1" },
            };
            access.sending(&statement).unwrap();
        }
        let (lines, reading) = reading(folder.path());
        assert_eq!((&*reading.flaws, reading.ending), (&[][..], Ending::Whole));
        let first = session * 4 + 1;
        let of_session = lines.iter().filter(|line| line.number >= first);
        let told: Vec<String> = of_session.filter_map(|line| line.told.clone()).collect();
        assert!(told[0].ends_with(text) && told[1].ends_with("SELECT 1"), "{told:?}");
        let ends = format!("sent events.page  the text of line {first}");
        assert!(told[2].ends_with(&ends) && told[3].ends_with(&ends), "{told:?}");
    }
}

/// As long as a connection was in use, and with what no program of ours wrote in between.
#[test]
fn a_log_of_any_length_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let access = opened(folder.path());
    let name = "x".repeat(1 << 20);
    for _ in 0..9 {
        exported(&access, &name);
    }
    let file = file(folder.path(), "shop");
    assert!(file.metadata().unwrap().len() > 9 << 20);
    let (lines, whole) = reading(folder.path());
    assert_eq!((lines.len(), &*whole.flaws, whole.is_as_written()), (9, &[][..], true));

    let mut out = OpenOptions::new().append(true).open(&file).unwrap();
    out.write_all(&vec![b'z'; 9 << 20]).unwrap();
    out.write_all(b"\n\xff\xfe\n").unwrap();
    exported(&access, "after");
    let (lines, reading) = reading(folder.path());
    assert_eq!(lines.len(), 12);
    assert!(matches!(lines[9].text, Text::Unreadable) && matches!(lines[10].text, Text::Unreadable));
    let flaws: Vec<(u64, u64)> = reading.flaws.iter().map(|flaw| (flaw.line, flaw.further)).collect();
    assert_eq!((flaws, reading.ending), (vec![(10, 1)], Ending::Whole));
}

#[test]
fn after_a_line_that_was_cut_off_the_log_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    exported(&opened(folder.path()), "a");
    let file = file(folder.path(), "shop");
    let whole = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("{whole}{}", &whole[..20])).unwrap();
    let access = opened(folder.path());
    exported(&access, "b");
    exported(&access, "c");
    let (lines, reading) = reading(folder.path());
    assert_eq!(lines.len(), 4);
    assert_eq!(
        reading.flaws.iter().map(|flaw| flaw.line).collect::<Vec<_>>(),
        [2],
        "{:?}",
        reading.flaws
    );
}

#[test]
fn where_nothing_can_be_logged_nothing_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("access"), "in the way").unwrap();
    let error = Access::open(folder.path(), "shop").unwrap_err();
    assert_eq!(error.code, ErrorCode::Denied);
    assert!(error.message.starts_with("the store is not opened"), "{error:?}");
}

/// Against all of the text at once, over the ends of pieces too.
#[test]
fn a_log_read_in_pieces_is_what_its_lines_are() {
    let long = "x".repeat(PIECE_BYTES - 3);
    let logs = [
        String::new(),
        "\n\n".to_owned(),
        "a".to_owned(),
        "a\n".to_owned(),
        format!("{long}\nb\n\nc\n"),
        format!("a\n{long}{long}{long}\n"),
        format!("{long}ab\ncut"),
        format!("{long}abc\n\n"),
    ];
    for log in logs {
        let lines: Vec<&str> = log.split('\n').filter(|line| !line.is_empty()).collect();
        let tail = Tail::read(log.as_bytes()).unwrap();
        let last = lines
            .last()
            .map(|line| <[u8; 32]>::from(Sha256::digest(line.as_bytes())));
        assert_eq!(
            (tail.lines, tail.last),
            (lines.len() as u64, last),
            "{} bytes",
            log.len()
        );
        assert_eq!(tail.is_cut_off, !log.is_empty() && !log.ends_with('\n'));
    }
}

/// Each line names what came back since the last one: every statement is there, when, how long and with how many rows.
#[test]
fn what_came_back_stands_in_the_line_that_is_sent_next() {
    let folder = tempfile::tempdir().unwrap();
    let access = opened(folder.path());
    let mut sent = Vec::new();
    for round in 0..3_u64 {
        for (at, text) in ["BEGIN READ ONLY", "SELECT limits", "SELECT page", "ROLLBACK"]
            .into_iter()
            .enumerate()
        {
            let ticket = access.sending(&Statement { id: "one", text }).unwrap();
            let rows = round * 10 + at as u64;
            sent.push((ticket.0, rows));
            let answer = Answer {
                rows,
                bytes: 7,
                elapsed_micros: 4_000,
                failure: None,
            };
            access.answered(ticket, &answer);
        }
    }
    assert_eq!(reading(folder.path()).0.len(), 12, "a line for each that was sent");
    let failing = access
        .sending(&Statement {
            id: "one",
            text: "SELECT 1",
        })
        .unwrap();
    let answer = Answer {
        rows: 0,
        bytes: 0,
        elapsed_micros: 9_000,
        failure: Some("57014"),
    };
    access.answered(failing, &answer);
    let (lines, _) = reading(folder.path());
    assert!(
        lines[13]
            .told
            .as_ref()
            .unwrap()
            .ends_with("line 13 brought 0 rows in 9 ms, failed with 57014")
    );
    // Of the last there is no next.
    let last = access
        .sending(&Statement {
            id: "one",
            text: "ROLLBACK",
        })
        .unwrap();
    sent.push((last.0, 1));
    let answer = Answer {
        rows: 1,
        bytes: 7,
        elapsed_micros: 4_000,
        failure: None,
    };
    access.answered(last, &answer);
    drop(access);
    let (lines, reading) = reading(folder.path());
    assert_eq!((&*reading.flaws, reading.ending), (&[][..], Ending::Whole));
    let told: Vec<&String> = lines.iter().filter_map(|line| line.told.as_ref()).collect();
    for (line, rows) in sent {
        let rows = text::counted(rows, "row");
        let brought = format!("line {line} brought {rows} in 4 ms");
        assert_eq!(
            told.iter().filter(|told| told.contains(&brought)).count(),
            1,
            "{brought}: {told:?}"
        );
    }
    assert!(told[1].contains("; sent one  SELECT limits"), "{told:?}");
    assert_eq!(told.len(), lines.len());
}

/// The disk is full for a while: what came back meanwhile is told once it is not.
#[test]
fn no_answer_is_lost_where_the_log_cannot_be_written_for_a_while() {
    let folder = tempfile::tempdir().unwrap();
    let access = opened(folder.path());
    let statement = Statement {
        id: "one",
        text: "SELECT 1",
    };
    let tickets: Vec<Ticket> = (0..3).map(|_| access.sending(&statement).unwrap()).collect();
    let numbers: Vec<u64> = tickets.iter().map(|ticket| ticket.0).collect();
    // Nothing can be written through it.
    let barred = File::open(file(folder.path(), "shop")).unwrap();
    let out = mem::replace(&mut lock(&access.end).out, barred);
    for ticket in tickets {
        access.answered(
            ticket,
            &Answer {
                failure: Some("53100"),
                ..Answer::default()
            },
        );
    }
    assert!(access.sending(&statement).is_err());
    assert_eq!(reading(folder.path()).0.len(), 3, "nothing could be written");
    lock(&access.end).out = out;
    drop(access);
    let (lines, reading) = reading(folder.path());
    assert_eq!((&*reading.flaws, reading.ending), (&[][..], Ending::Whole));
    let told: Vec<&String> = lines.iter().filter_map(|line| line.told.as_ref()).collect();
    for number in numbers {
        let brought = format!("line {number} brought");
        let count = told.iter().filter(|told| told.contains(&brought)).count();
        assert_eq!(count, 1, "{brought}: {told:?}");
    }
}

#[test]
fn a_log_of_an_earlier_version_is_told_as_it_was() {
    let line = |text: &str| read::told_of(text).unwrap();
    let sent = line(
        r#"{"seq":1,"prev":"","at":"2026-11-21T20:34:00Z","who":"ada","session":"1","act":"sent","statement":"events.page","text":"SELECT 1"}"#,
    );
    assert_eq!(sent, "2026-11-21T20:34:00Z  ada  sent events.page  SELECT 1");
    let answered = line(
        r#"{"seq":2,"prev":"0","at":"2026-11-21T20:34:01Z","who":"ada","session":"1","act":"answered","of":1,"rows":2,"bytes":9,"micros":5000}"#,
    );
    assert_eq!(answered, "2026-11-21T20:34:01Z  ada  line 1 brought 2 rows in 5 ms");
}
