//! Every command, run on small stores that are always the same, against a transcript that was read by a person.
//!
//! A transcript is its own script: each `$ refold …` is run, and what comes must be what stands below it. When an answer
//! changes on purpose, `REFOLD_TRANSCRIPTS=write cargo test -p refold-tests transcripts` writes them anew: read the
//! difference before it is committed.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use refold_fixtures::chained::{self, Chained, Shape};
use refold_fixtures::orders::Layout;
use refold_tests::{Answer, Refold, put_at_rest, root, shop, sources};
use tempfile::TempDir;

const PROMPT: &str = "$ refold ";

/// A folder with the same shop in each kind of store: `orders.db` and the handlers, `cqrs-es.db`, `custom.db` with its
/// layout, `events.jsonl` as `refold` exports it.
fn folder() -> &'static Path {
    static FOLDER: OnceLock<TempDir> = OnceLock::new();
    let made = FOLDER.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder for the stores");
        shop(folder.path(), Layout::Emmett, 600);
        for (layout, name) in [(Layout::CqrsEs, "cqrs-es.db"), (Layout::Custom, "custom.db")] {
            let other = tempfile::tempdir().expect("a folder for the store");
            let written = shop(other.path(), layout, 600);
            std::fs::copy(&written.store, folder.path().join(name)).expect("the store is copied");
            put_at_rest(&folder.path().join(name));
            if let Some(mapping) = written.layout {
                std::fs::copy(mapping, folder.path().join("custom.toml")).expect("the layout is copied");
            }
        }
        let refold = Refold::in_folder(folder.path());
        let exported = refold.run(&["--json", "search", "orders.db", ""]);
        assert_eq!(exported.code, 0, "{}", exported.err);
        std::fs::write(folder.path().join("events.jsonl"), exported.out).expect("the events are written");
        restored(folder.path());
        chained(folder.path());
        std::fs::write(folder.path().join("notes.txt"), "this is no store\n").expect("the notes are written");
        folder
    });
    made.path()
}

/// A copy that lost its last events, one in between, and in which one says something else.
fn restored(folder: &Path) {
    let copy = folder.join("restored.db");
    std::fs::copy(folder.join("orders.db"), &copy).expect("the store is copied");
    let database = rusqlite::Connection::open(&copy).expect("the copy is a database");
    database
        .execute_batch(
            "DELETE FROM emt_messages WHERE global_position > 597 OR global_position = 300;
             UPDATE emt_messages SET message_data = replace(message_data, 'shop-', 'copy-') WHERE global_position = 2;",
        )
        .expect("the copy is changed");
    drop(database);
    put_at_rest(&copy);
}

/// An export of EventSourcingDB, an answer for one type, and an export that lost an event, in which another says something else and a third moved.
fn chained(folder: &Path) {
    let mut events = chained::events(1, 60, 30, &|_| None);
    let write = |name: &str, events: &[Chained]| {
        let lines: Vec<String> = events.iter().map(|event| event.line(Shape::Backup)).collect();
        std::fs::write(folder.join(name), lines.join("\n") + "\n").expect("an export is written");
    };
    write("library.ndjson", &events);
    let of_some: Vec<Chained> = events
        .iter()
        .filter(|event| event.event_type.ends_with("priced"))
        .cloned()
        .collect();
    write("library-priced.ndjson", &of_some);
    events[12].data = "{\"amount\":1}".to_owned();
    let moved = events.remove(20);
    events.insert(40, moved);
    events.remove(50);
    write("library-changed.ndjson", &events);
}

/// As a shell splits where only blanks and double quotes matter.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut is_quoted, mut is_open) = (Vec::new(), String::new(), false, false);
    for letter in line.chars() {
        match letter {
            '"' => (is_quoted, is_open) = (!is_quoted, true),
            ' ' if !is_quoted => {
                words.extend(is_open.then(|| std::mem::take(&mut word)));
                is_open = false;
            }
            _ => {
                word.push(letter);
                is_open = true;
            }
        }
    }
    words.extend(is_open.then_some(word));
    words
}

/// What the script prints now. Standard error is marked with `! `, another end than 0 is said.
fn played(script: &str) -> String {
    let refold = Refold::in_folder(folder());
    let mut text = String::new();
    for line in script.lines() {
        let Some(command) = line.strip_prefix(PROMPT) else {
            // Remarks stand before the first command.
            if text.is_empty() || text.lines().all(|line| line.starts_with('#')) {
                let _ = writeln!(text, "{line}");
            }
            continue;
        };
        let words = words(command);
        let Answer { code, out, err } = refold.run(&words.iter().map(String::as_str).collect::<Vec<_>>());
        let _ = writeln!(text, "{line}");
        let shown = |text: &str| {
            text.replace(&folder().display().to_string(), "/stores")
                .replace(&refold.home().display().to_string(), "/home/somebody")
        };
        text.push_str(&shown(&out));
        for line in shown(&err).lines() {
            let _ = writeln!(text, "! {line}");
        }
        if code != 0 {
            let _ = writeln!(text, "[ends with {code}]");
        }
    }
    text
}

#[test]
fn every_answer_is_as_its_transcript_says() {
    let is_written_anew = std::env::var_os("REFOLD_TRANSCRIPTS").is_some_and(|value| value == "write");
    let mut faults = Vec::new();
    let mut commands = String::new();
    for path in transcripts() {
        let expected = std::fs::read_to_string(&path).expect("a transcript is text");
        commands.push_str(&expected);
        let found = played(&expected);
        if is_written_anew {
            std::fs::write(&path, found).expect("a transcript can be written");
        } else if found != expected {
            faults.push(format!("{}\n{}", path.display(), first_difference(&expected, &found)));
        }
    }
    assert!(
        faults.is_empty(),
        "\n{}\n\nwhere this is meant, REFOLD_TRANSCRIPTS=write writes the transcripts anew",
        faults.join("\n\n")
    );
    for command in [
        "info",
        "streams",
        "history",
        "search",
        "state",
        "diff",
        "blame",
        "field",
        "timeline",
        "test",
        "new-handler",
    ] {
        for way in ["", "--json "] {
            assert!(
                commands.contains(&format!("{PROMPT}{way}{command} ")),
                "no transcript of {way}{command}"
            );
        }
    }
}

fn transcripts() -> Vec<PathBuf> {
    let found = sources("tests/suite/transcripts", &[".txt"]);
    assert!(!found.is_empty(), "no transcripts in {}", root().display());
    found
}

fn first_difference(expected: &str, found: &str) -> String {
    let (mut expected, mut found) = (expected.lines(), found.lines());
    let mut number = 0;
    loop {
        number += 1;
        match (expected.next(), found.next()) {
            (None, None) => return "the ends of lines differ".to_owned(),
            (expected, found) if expected != found => {
                let line = |line: Option<&str>| line.unwrap_or("(nothing more)").to_owned();
                return format!("line {number}\nexpected {}\nfound    {}", line(expected), line(found));
            }
            _ => {}
        }
    }
}
