//! A shop's store in each condition that a file may be in: at rest, in use, left behind by a crash.

use std::fs;
use std::path::{Path, PathBuf};

use refold_fixtures::orders::Layout;
use refold_tests::{Refold, shop, wait_until_closed};
use rusqlite::Connection;
use tempfile::TempDir;

/// Events of the shop before anything is appended.
pub const SHOP: u32 = 300;

/// A folder with one store and nothing else.
pub struct Condition {
    pub name: &'static str,
    pub folder: TempDir,
    pub store: PathBuf,
    /// How many events a reader must see: all that were committed.
    pub events: u32,
    /// The application that has the store open.
    _writer: Option<Connection>,
}

impl Condition {
    fn of(name: &'static str, folder: TempDir, store: PathBuf, events: u32, writer: Option<Connection>) -> Condition {
        let condition = Condition {
            name,
            folder,
            store,
            events,
            _writer: writer,
        };
        if condition._writer.is_none() {
            wait_until_closed(&condition.store);
        }
        condition
    }

    /// The same store, with nobody who has it open.
    pub fn left_alone(self) -> Condition {
        drop(self._writer);
        Condition::of(self.name, self.folder, self.store, self.events, None)
    }
}

/// Every condition, each in a folder of its own.
pub fn all() -> Vec<Condition> {
    vec![
        plain(),
        just_written(),
        closed_wal(),
        live_wal(),
        wal_of_a_crash(),
        torn_wal(),
        hot_journal(),
        plain_lines(),
        lines("events.jsonl.gz", gzip),
    ]
}

pub fn plain() -> Condition {
    condition("plain", |_| (SHOP, None))
}

fn just_written() -> Condition {
    condition("written to just now", |store| {
        append(&connect(store), 5);
        (SHOP + 5, None)
    })
}

/// A closed log leaves only the mark in the header that there was one.
fn closed_wal() -> Condition {
    condition("WAL, closed", |store| {
        append(&in_wal_mode(store), 5);
        (SHOP + 5, None)
    })
}

pub fn live_wal() -> Condition {
    condition("WAL, live", |store| {
        let writer = in_wal_mode(store);
        append(&writer, 5);
        (SHOP + 5, Some(writer))
    })
}

fn wal_of_a_crash() -> Condition {
    left_behind("WAL, left by a crash", &live_wal(), &["", "-wal"], |_| {})
}

fn torn_wal() -> Condition {
    let live = live_wal();
    let whole = fs::metadata(beside(&live.store, "-wal")).expect("there is a log").len();
    if let Some(writer) = &live._writer {
        append(writer, 1);
    }
    left_behind("WAL, torn", &live, &["", "-wal"], |store| {
        let log = fs::OpenOptions::new()
            .write(true)
            .open(beside(store, "-wal"))
            .expect("the copy");
        log.set_len(whole + 1000).expect("the copy is cut");
    })
}

/// An interrupted transaction, of which pages reached the file.
fn hot_journal() -> Condition {
    let live = condition("a transaction", |store| {
        let writer = connect(store);
        let script = "PRAGMA cache_size = 2; PRAGMA cache_spill = 1; BEGIN;
                      UPDATE emt_messages SET message_type = 'NeverHappened';";
        writer.execute_batch(script).expect("a transaction starts");
        append(&writer, 500);
        (SHOP, Some(writer))
    });
    let bytes = fs::read(&live.store).expect("the store");
    assert!(
        bytes.windows(13).any(|window| window == b"NeverHappened".as_slice()),
        "the file holds what was never committed"
    );
    left_behind("hot journal", &live, &["", "-journal"], |_| {})
}

pub fn plain_lines() -> Condition {
    lines("events.jsonl", |text| text)
}

fn lines(name: &'static str, packed: impl FnOnce(Vec<u8>) -> Vec<u8>) -> Condition {
    let source = plain();
    let exported = Refold::in_folder(source.folder.path()).run(&["--json", "search", "orders.db", ""]);
    assert_eq!(exported.code, 0, "{}", exported.err);
    let folder = tempfile::tempdir().expect("a folder for the store");
    let store = folder.path().join(name);
    fs::write(&store, packed(exported.out.into_bytes())).expect("the events are written");
    Condition::of(name, folder, store, SHOP, None)
}

/// Stored without compression, as gzip allows: what unpacks it cannot tell.
fn gzip(text: Vec<u8>) -> Vec<u8> {
    let mut packed = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    let mut blocks = text.chunks(0xffff).peekable();
    while let Some(block) = blocks.next() {
        let length = u16::try_from(block.len()).expect("blocks are that short");
        packed.push(u8::from(blocks.peek().is_none()));
        packed.extend_from_slice(&length.to_le_bytes());
        packed.extend_from_slice(&(!length).to_le_bytes());
        packed.extend_from_slice(block);
    }
    packed.extend_from_slice(&crc32(&text).to_le_bytes());
    packed.extend_from_slice(&u32::try_from(text.len()).expect("the text is short").to_le_bytes());
    packed
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
            (sum >> 1) ^ (0xedb8_8320 & 0_u32.wrapping_sub(sum & 1))
        })
    })
}

fn condition(name: &'static str, make: impl FnOnce(&Path) -> (u32, Option<Connection>)) -> Condition {
    let workshop = tempfile::tempdir().expect("a workshop");
    let folder = tempfile::tempdir().expect("a folder for the store");
    let written = shop(workshop.path(), Layout::Emmett, u64::from(SHOP));
    let store = folder.path().join("orders.db");
    fs::copy(written.store, &store).expect("the store is copied");
    let (events, writer) = make(&store);
    Condition::of(name, folder, store, events, writer)
}

/// What a crash or a backup tool leaves of the files of another.
fn left_behind(name: &'static str, live: &Condition, suffixes: &[&str], then: impl FnOnce(&Path)) -> Condition {
    let folder = tempfile::tempdir().expect("a folder for the store");
    let store = folder.path().join("orders.db");
    for suffix in suffixes {
        fs::copy(beside(&live.store, suffix), beside(&store, suffix)).expect("the file is copied");
    }
    then(&store);
    Condition::of(name, folder, store, live.events, None)
}

fn beside(store: &Path, suffix: &str) -> PathBuf {
    PathBuf::from(format!("{}{suffix}", store.display()))
}

/// A writing connection, as the application has one.
pub fn connect(store: &Path) -> Connection {
    let connection = Connection::open(store).expect("the application opens its store");
    // Nobody pulls the plug in a test.
    connection
        .execute_batch("PRAGMA synchronous = OFF")
        .expect("a setting is taken");
    connection
}

pub fn in_wal_mode(store: &Path) -> Connection {
    let connection = connect(store);
    connection
        .query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))
        .expect("the log is switched on");
    connection
}

/// Appends changes of address to `order-4711`, as the application would.
pub fn append(connection: &Connection, count: u32) {
    let insert = "INSERT INTO emt_messages
        SELECT stream_id, stream_position + 1, partition, message_kind, '{\"address\":{\"street\":\"Marktplatz 1\"}}',
            '{}', stream_position, 'AddressChanged', 'new-' || (stream_position + 1), 0, NULL, '2026-08-31 23:59:59'
        FROM emt_messages WHERE stream_id = 'order-4711' ORDER BY stream_position DESC LIMIT 1";
    for _ in 0..count {
        assert_eq!(connection.execute(insert, []).expect("an event is appended"), 1);
    }
}

/// The same for a file of lines.
pub fn append_lines(store: &Path, count: u32) {
    let mut text = fs::read_to_string(store).expect("the events so far");
    let first = text.len();
    let last = text.lines().rfind(|line| line.contains("\"stream\":\"order-4711\""));
    let last: serde_json::Value = serde_json::from_str(last.expect("the stream is there")).expect("a line is JSON");
    let version: u64 = last["version"]
        .as_str()
        .and_then(|text| text.parse().ok())
        .expect("it has a version");
    let position = text
        .lines()
        .next_back()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON"));
    let position: u64 = position
        .and_then(|line| line["position"].as_str().and_then(|text| text.parse().ok()))
        .expect("it has a position");
    for n in 1..=u64::from(count) {
        text.push_str(&format!(
            "{{\"position\":\"{}\",\"stream\":\"order-4711\",\"version\":\"{}\",\"type\":\"AddressChanged\",\
             \"recorded_at\":\"2026-08-31T23:59:59Z\",\"payload\":{{\"address\":{{\"street\":\"Marktplatz 1\"}}}}}}\n",
            position + n,
            version + n
        ));
    }
    let mut file = fs::OpenOptions::new()
        .append(true)
        .open(store)
        .expect("it is appended to");
    std::io::Write::write_all(&mut file, &text.as_bytes()[first..]).expect("it grows");
}
