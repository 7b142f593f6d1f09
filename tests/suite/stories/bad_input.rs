//! What is no store, is damaged, or was made to do harm: a clear end or a finding, nothing written, and the program goes
//! on.

use std::fs;
use std::path::{Path, PathBuf};

use refold_app::{Desk, Places};
use refold_fixtures::orders::Layout;
use refold_tests::{Answer, Fingerprint, Refold, Watch, shop, wait_until_closed};
use rusqlite::Connection;
use serde_json::Value;
use tempfile::TempDir;

use super::conditions;

/// A folder with one bad file in it, watched.
struct Bad {
    folder: TempDir,
    path: PathBuf,
}

impl Bad {
    fn file(name: &str, bytes: &[u8]) -> Bad {
        let folder = tempfile::tempdir().expect("a folder for the store");
        let path = folder.path().join(name);
        fs::write(&path, bytes).expect("the file is written");
        wait_until_closed(&path);
        Bad { folder, path }
    }

    /// The sample shop after `script`.
    fn shop(script: &str) -> Bad {
        let workshop = tempfile::tempdir().expect("a workshop");
        let written = shop(workshop.path(), Layout::Emmett, 300);
        let bad = Bad::file("orders.db", &fs::read(written.store).expect("the store"));
        bad.execute(script);
        bad
    }

    fn database(script: &str) -> Bad {
        let bad = Bad::file("orders.db", b"");
        bad.execute(script);
        bad
    }

    fn execute(&self, script: &str) {
        let connection = Connection::open(&self.path).expect("the database is opened");
        connection.execute_batch(script).expect("the script is right");
        drop(connection);
        wait_until_closed(&self.path);
    }

    /// Runs `refold` on the file, which stands for `STORE`, for people and as JSON. Whatever is wrong with the file: it
    /// ends with `code`, nothing happens in the folder, nothing raw reaches the terminal, and both ways say `needle`.
    #[track_caller]
    fn check(&self, line: &str, code: i32, needle: &str) -> Answer {
        let (before, watch) = (Fingerprint::of(self.folder.path()), Watch::on(self.folder.path()));
        let refold = Refold::in_folder(self.folder.path());
        let store = self.path.to_str().expect("paths of tests are UTF-8");
        let words: Vec<&str> = line
            .split(' ')
            .map(|word| if word == "STORE" { store } else { word })
            .collect();
        let mut for_people = None;
        for way in [&[][..], &["--json"]] {
            let arguments = [way, &words].concat();
            let answer = refold.run(&arguments);
            let all = format!("{}{}", answer.out, answer.err);
            assert_eq!(answer.code, code, "{arguments:?}: {all}");
            assert!(all.contains(needle), "{arguments:?} does not say {needle:?}: {all}");
            let raw = all
                .chars()
                .find(|letter| letter.is_control() && *letter != '\n' || *letter == '\u{202e}');
            assert_eq!(raw, None, "{arguments:?} printed it raw: {all:?}");
            for_people = for_people.or(Some(answer));
        }
        assert_eq!(watch.seen(), [""; 0], "something happened in the folder");
        before.assert_unchanged(self.folder.path());
        for_people.expect("it ran")
    }

    /// The window says the same, and goes on with the next store.
    #[track_caller]
    fn check_window(&self, needle: &str) {
        let (before, watch) = (Fingerprint::of(self.folder.path()), Watch::on(self.folder.path()));
        let home = tempfile::tempdir().expect("a home for the window");
        let desk = Desk::at(Places::below(home.path()), None);
        let error = desk
            .open_store(self.path.to_str().expect("paths of tests are UTF-8"), None)
            .map(|_| ())
            .expect_err("it is no store");
        assert!(error.message.contains(needle) && !error.hint.is_empty(), "{error:?}");
        let good = conditions::plain();
        let opened = desk.open_store(good.store.to_str().expect("UTF-8"), None);
        assert!(
            opened.is_ok_and(|opened| !opened.newest.is_empty()),
            "the window goes on"
        );
        assert_eq!(watch.seen(), [""; 0], "something happened in the folder");
        before.assert_unchanged(self.folder.path());
    }

    fn json(&self, line: &str) -> Vec<Value> {
        let store = self.path.to_str().expect("paths of tests are UTF-8");
        let words: Vec<&str> = line
            .split(' ')
            .map(|word| if word == "STORE" { store } else { word })
            .collect();
        Refold::in_folder(self.folder.path()).json(&words)
    }
}

#[test]
fn what_is_no_database() {
    let noise: Vec<u8> = (0..200_000_u32)
        .map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    for (name, bytes, needle) in [
        ("noise.db", noise.as_slice(), "not an event store"),
        ("zeros.db", &[0; 8192][..], "not an event store"),
        ("empty.db", b"", "the file is empty"),
        (
            "page.html",
            b"<!doctype html><title>Not found</title>",
            "its first line is no event",
        ),
        ("half.db", b"SQLite format 3\0", "not an event store"),
        (
            "packed.gz",
            &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3][..],
            "compression is damaged",
        ),
    ] {
        let bad = Bad::file(name, bytes);
        let code = if name == "packed.gz" { 3 } else { 2 };
        for line in ["info STORE", "streams STORE", "state STORE order-1", "search STORE x"] {
            bad.check(line, code, needle);
        }
        bad.check_window(needle);
    }
}

#[test]
fn a_database_without_events() {
    let bad = Bad::database("CREATE TABLE people(id INTEGER PRIMARY KEY, name TEXT); CREATE TABLE pets(id, name);");
    let answer = bad.check("info STORE", 2, "no layout fits its tables (people, pets)");
    assert!(answer.err.contains("--layout"), "{}", answer.err);
    bad.check_window("no layout fits its tables");
    Bad::database("PRAGMA user_version = 1").check("info STORE", 2, "no tables");
    let empty = Bad::shop("DELETE FROM emt_messages; DELETE FROM emt_streams; VACUUM");
    empty.check("info STORE", 0, "emmett");
    empty.check("streams STORE", 0, "");
    empty.check("state STORE order-1", 2, "no stream has this id");
}

#[test]
fn a_database_that_was_cut_short() {
    let mut bad = Bad::shop("");
    let whole = fs::read(&bad.path).expect("the store");
    for part in [1, 2, 3] {
        bad = Bad::file("orders.db", &whole[..whole.len() * part / 4]);
        bad.check("info STORE", 3, "cut short");
        bad.check("state STORE order-4711", 3, "cut short");
        bad.check_window("cut short");
    }
}

/// Every page of a small store damaged in turn: what can be read is shown, and what cannot is said.
#[test]
fn pages_that_are_damaged() {
    let whole = Bad::shop("PRAGMA page_size = 1024; VACUUM");
    let bytes = fs::read(&whole.path).expect("the store");
    let refold = Refold::in_folder(whole.folder.path());
    let all = whole.json("info STORE")[0]["events"]
        .as_u64()
        .expect("events are counted");
    let (mut partial, mut refused) = (0, 0);
    for page in (1..bytes.len() / 1024).step_by(11) {
        let mut damaged = bytes.clone();
        damaged[page * 1024..(page + 1) * 1024].fill(0xa5);
        fs::write(&whole.path, &damaged).expect("the store is damaged");
        for command in [
            &["info", "orders.db"][..],
            &["state", "orders.db", "order-4711"],
            &["search", "orders.db", "SKU"],
        ] {
            let answer = refold.run(&[&["--json"], command].concat());
            assert!(matches!(answer.code, 0..=3), "page {page}: {answer:?}");
            assert!(
                answer.code < 2 || answer.err.contains("\"hint\""),
                "page {page}: {answer:?}"
            );
            if command[0] == "info" && answer.code < 2 {
                let found: Value = serde_json::from_str(&answer.out).expect("info answers JSON");
                let is_said = found["findings"].to_string().contains("\"damaged\"");
                let events = found["events"].as_u64().expect("events are counted");
                assert!(
                    events == all || is_said,
                    "page {page}: {events} of {all} events, and nothing says why"
                );
                assert_eq!(answer.code == 1, is_said, "page {page}: {answer:?}");
                partial += usize::from(is_said);
            }
            refused += usize::from(answer.code == 3);
        }
    }
    assert!(partial > 3, "{partial} partial answers, {refused} refused");
}

#[test]
fn a_log_that_vanishes_while_the_store_is_read() {
    let folder = tempfile::tempdir().expect("a folder for the store");
    let plain = conditions::plain();
    let store = folder.path().join("orders.db");
    fs::copy(&plain.store, &store).expect("the store is copied");
    let writer = conditions::in_wal_mode(&store);
    conditions::append(&writer, 5);
    let home = tempfile::tempdir().expect("a home for the window");
    let desk = Desk::at(Places::below(home.path()), None);
    let location = store.to_str().expect("paths of tests are UTF-8");
    let session = desk.open_store(location, None).expect("it opens").session;
    let head = |desk: &Desk, session| {
        let opened = desk.open_history(session, "order-4711", None, None, std::sync::Arc::new(|_| {}));
        opened.map(|history| history.events)
    };
    // The application ends: its log goes into the database and vanishes.
    conditions::append(&writer, 1);
    drop(writer);
    assert!(!folder.path().join("orders.db-wal").exists());
    let before = head(&desk, session).expect("what was opened is shown");
    desk.index_store(session, &|_| {}).expect("and indexed");
    assert_eq!(
        desk.overview(session).expect("it is ready").events,
        conditions::SHOP + 5
    );
    let again = desk.open_store(location, None).expect("it opens again").session;
    assert_eq!(head(&desk, again).expect("it is shown"), before + 1);
}

#[test]
fn a_schema_made_to_do_harm() {
    // Views, triggers and defaults that would write, and a column that is made by an expression.
    let crafted = Bad::shop(
        "CREATE TABLE victim(n); INSERT INTO victim VALUES (1);
         CREATE TRIGGER boom AFTER UPDATE ON emt_messages BEGIN DELETE FROM victim; END;
         CREATE VIEW evil AS SELECT writefile('/tmp/owned', 'x') AS x, load_extension('evil') AS y;
         CREATE VIEW emt_events AS SELECT * FROM emt_messages;
         CREATE INDEX odd ON emt_messages(length(hex(message_data)));
         ALTER TABLE emt_messages ADD COLUMN extra ABSURD TYPE(1, 2) DEFAULT 'unknown column';",
    );
    crafted.check("info STORE", 0, "emmett");
    crafted.check("state STORE order-4711", 0, "Bahnhofstrasse");
    assert_eq!(crafted.json("history STORE order-4711").len(), 15);

    let view = Bad::database(
        "CREATE TABLE real(a); CREATE VIEW emt_messages AS SELECT randomblob(1000000000) AS global_position;",
    );
    view.check("info STORE", 2, "no layout fits its tables (real)");
    view.check("--layout emmett info STORE", 2, "is a view or a virtual table");

    let names = Bad::database(
        "CREATE TABLE \"a\"\"; DROP TABLE victim; --\u{1b}[31m\u{202e}\"(x ABSURD); CREATE TABLE '\u{7}'(y);",
    );
    names.check("info STORE", 2, "DROP TABLE victim; --\\u");
    names.check_window("DROP TABLE");
}

#[test]
fn unknown_columns_are_shown_raw_and_do_no_harm() {
    let bad = Bad::shop("ALTER TABLE emt_messages ADD COLUMN tenant TEXT DEFAULT 'acme'");
    bad.check("state STORE order-4711", 0, "Bahnhofstrasse");
    let desk = Desk::at(Places::below(&bad.folder.path().join("home")), None);
    let session = desk
        .open_store(bad.path.to_str().expect("UTF-8"), None)
        .expect("it opens")
        .session;
    let history = desk
        .open_history(session, "order-4711", None, None, std::sync::Arc::new(|_| {}))
        .expect("the stream opens");
    let detail = desk.event_detail(history.history, 1).expect("the event is shown");
    let raw = format!("{:?}", detail.raw);
    assert!(raw.contains("tenant") && raw.contains("acme"), "{raw}");
}

#[test]
fn json_nested_a_hundred_thousand_deep() {
    let deep = format!("{{\"a\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let open = "{\"a\":".repeat(100_000);
    for payload in [&deep, &open] {
        let sql = "UPDATE emt_messages SET message_data = ?1, message_metadata = ?1 \
                   WHERE stream_id = 'order-4711' AND stream_position = 3";
        let bad = Bad::shop("");
        let connection = Connection::open(&bad.path).expect("the store is opened");
        assert_eq!(connection.execute(sql, [payload]).expect("the event is made deep"), 1);
        drop(connection);
        wait_until_closed(&bad.path);
        let line = format!(
            "{{\"stream\":\"order-1\",\"type\":\"Deep\",\"version\":\"0\",\"payload\":{payload}}}\n{{\"stream\":\"order-1\",\
             \"type\":\"Flat\",\"version\":\"1\",\"payload\":{{\"b\":1}}}}\n"
        );
        let file = Bad::file("events.jsonl", line.as_bytes());
        // A line that is never closed is no event; the others are shown.
        let of_file = i32::from(payload == &open);
        for (store, stream, code) in [(&bad, "order-4711", 0), (&file, "order-1", of_file)] {
            store.check("info STORE", code, stream.split('-').next().expect("a category"));
            let is_shown = Refold::in_folder(store.folder.path()).run(&[
                "--json",
                "state",
                store.path.to_str().expect("UTF-8"),
                stream,
            ]);
            assert_eq!(is_shown.code, code, "{}", is_shown.err);
            for command in ["history", "blame"] {
                let answer =
                    Refold::in_folder(store.folder.path()).run(&[command, store.path.to_str().expect("UTF-8"), stream]);
                assert_eq!(answer.code, code, "{command}: {}", answer.err);
            }
        }
        let state = bad.json("state STORE order-4711");
        assert_eq!(state[0]["incomplete_since"], "3", "{}", state[0]["findings"]);
    }
}

#[test]
fn bytes_that_are_no_utf_8() {
    let bad = Bad::shop(
        "UPDATE emt_messages SET stream_id = CAST(x'6f726465722dff' AS TEXT), message_type = CAST(x'54fe' AS TEXT),
            message_data = CAST(x'7b2261223a22fffe227d' AS TEXT) WHERE stream_id = 'order-4711';",
    );
    let info = bad.check("info STORE", 0, "\\x{fe}");
    assert!(info.out.contains("not-utf8"), "{}", info.out);
    let streams = bad.json("streams STORE --limit 1000");
    assert!(
        streams.iter().any(|stream| stream["stream"] == "order-\\x{ff}"),
        "{streams:?}"
    );
    let state = bad.check("state STORE order-\\x{ff}", 0, "x{ff}");
    assert!(state.out.contains("INCOMPLETE since v1"), "{}", state.out);
    let events = bad.json("history STORE order-\\x{ff}");
    assert_eq!(events.len(), 15);
    assert_eq!(events[0]["payload"]["base64"], "eyJhIjoi//4ifQ==");
    let line = b"{\"stream\":\"order-\xff\",\"type\":\"T\",\"payload\":{\"a\":1}}\n";
    Bad::file("events.jsonl", line).check("info STORE", 1, "json-lines");
}

/// A payload of 200 MB is never loaded: the commands run with less memory than it would need.
#[test]
fn a_payload_of_two_hundred_megabytes() {
    const BYTE_COUNT: usize = 200_000_000;
    let store = Bad::shop(&format!(
        "UPDATE emt_messages SET message_data = '{{\"x\":\"' || printf('%.*c', {BYTE_COUNT}, 'x') || '\"}}'
            WHERE stream_id = 'order-4711' AND stream_position = 3;"
    ));
    let event = |version: u32, text: &str| {
        format!(
            "{{\"stream\":\"order-4711\",\"type\":\"Noted\",\"version\":\"{version}\",\"payload\":{{\"x\":\"{text}\"}}}}\n"
        )
    };
    let lines = event(1, "a") + &event(2, &"x".repeat(BYTE_COUNT)) + &event(3, "b");
    let file = Bad::file("events.jsonl", lines.as_bytes());
    drop(lines);
    for (bad, events) in [(&store, 15), (&file, 3)] {
        let refold = Refold::in_folder(bad.folder.path());
        let location = bad.path.to_str().expect("UTF-8");
        for command in [
            &["info", location][..],
            &["state", location, "order-4711"],
            &["history", location, "order-4711"],
            &["search", location, "Bahnhofstrasse"],
            &["search", location, "Bahnhofstrasse", "--copy"],
            &["blame", location, "order-4711"],
        ] {
            let answer = refold.run_within(500 << 20, &[&["--json"], command].concat());
            assert_eq!(answer.code, 0, "{command:?}: {}", answer.err);
            let said = format!("{}{}", answer.out, answer.err);
            assert!(said.len() < 1_000_000, "{command:?}");
            if command[0] == "history" {
                assert_eq!(answer.out.lines().count(), events, "{command:?}");
            }
            if command[0] == "state" {
                assert!(said.contains("too-large") && said.contains("the limit is"), "{said}");
                assert!(!said.contains("\"incomplete_since\":null"), "{said}");
            }
        }
    }
}

/// Ranges of positions are empty but for two, of which the first has all events but one.
#[test]
fn positions_that_lie_far_apart() {
    let folded = |bad: &Bad| {
        let answer = bad.check("replay STORE --all", 0, "order-4711");
        let mut lines: Vec<String> = answer.out.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    let far = Bad::shop("UPDATE emt_messages SET global_position = 9000000000000000000 WHERE global_position = 300");
    assert_eq!(folded(&far), folded(&Bad::shop("")));
    let (out, store) = (
        tempfile::tempdir().expect("a folder"),
        far.path.to_str().expect("UTF-8"),
    );
    let out = out.path().to_str().expect("UTF-8");
    let refold = Refold::in_folder(far.folder.path());
    let made = refold.json(&["anchor", store, "--out", out]);
    let (dir, size) = (made[0]["dir"].as_str().expect("where it lies"), &made[0]["size"]);
    assert_eq!(size, 300);
    let verified = refold.run(&["verify", store, "--anchor", dir]);
    assert_eq!(verified.code, 0, "{verified:?}");
}

/// The index is a cache: whatever is wrong with it, the answer is the same, and the next one is quick again.
#[test]
fn an_index_that_is_damaged_or_of_another_version() {
    let good = conditions::plain();
    let refold = Refold::in_folder(good.folder.path());
    let answer = || refold.run(&["--json", "streams", "orders.db", "--sort", "events", "--limit", "1000"]);
    let first = answer();
    assert_eq!(first.code, 0, "{first:?}");
    let searched = refold.run(&["--json", "search", "orders.db", "SKU", "--copy"]);
    assert_eq!(searched.code, 0, "{searched:?}");
    let cache = refold.home().join("cache");
    let files: Vec<(PathBuf, Vec<u8>)> = files_below(&cache)
        .into_iter()
        .map(|path| (path.clone(), fs::read(&path).expect("the index is there")))
        .collect();
    assert!(files.len() > 5, "{} files", files.len());
    for (file, whole) in &files {
        for damage in 0..4 {
            // What was found damaged before is gone: the whole index is put back first.
            for (path, bytes) in &files {
                fs::create_dir_all(path.parent().expect("it lies in a folder")).expect("its folder is made");
                fs::write(path, bytes).expect("it is put back");
            }
            let mut bytes = whole.clone();
            match damage {
                0 => bytes.clear(),
                1 => bytes.truncate(whole.len() / 2),
                // The first bytes of our files say what they are, and of which version.
                2 => bytes.iter_mut().take(16).for_each(|byte| *byte = byte.wrapping_add(1)),
                _ => bytes
                    .iter_mut()
                    .skip(whole.len() / 2)
                    .take(64)
                    .for_each(|byte| *byte ^= 0xff),
            }
            fs::write(file, bytes).expect("the index is damaged");
            let name = format!("damage {damage} of {}", file.display());
            let search = || refold.run(&["--json", "search", "orders.db", "SKU"]);
            assert_eq!(run_again_if_told(&search), searched, "{name}");
            assert_eq!(run_again_if_told(&answer), first, "{name}");
        }
    }
}

/// Damage is looked for where the index is read, so it may be met when part of the answer is out already: the command
/// says to run it again, and the index is made anew.
fn run_again_if_told(run: &dyn Fn() -> Answer) -> Answer {
    let answer = run();
    if answer.code == 3 && answer.err.contains("run it again") {
        return run();
    }
    answer
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files_below(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}
