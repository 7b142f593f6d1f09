use super::*;

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
    let reading = read(folder.path(), "shop").unwrap();
    assert_eq!((reading.lines.len(), reading.flaws), (300, vec![]));
    assert!(reading.lines.iter().all(|line| line.told.is_some()));
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
        read::of_text(&text)
            .flaws
            .iter()
            .map(|flaw| flaw.line)
            .collect::<Vec<_>>()
    };
    assert_eq!(flaws(text.clone()), [0_u64; 0]);
    assert_eq!(flaws(text.replace("\"file\":\"b\"", "\"file\":\"x\"")), [3]);
    assert_eq!(flaws([lines[0], lines[2], lines[3]].join("\n")), [2, 3]);
    assert_eq!(flaws([lines[1], lines[0], lines[2]].join("\n")), [1, 2, 3]);
    assert_eq!(flaws(lines[1..].join("\n")), [1, 2, 3], "the beginning was taken off");
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
    let reading = read(folder.path(), "shop").unwrap();
    assert_eq!(reading.lines.len(), 4);
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
