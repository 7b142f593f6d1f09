use std::fs::{self, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::PathBuf;
use std::sync::Arc;

use refold_core::event::{Columns, Encoding, EventBatch, Position, Version};
use refold_core::finding::Findings;
use refold_core::history::EventSource as _;
use refold_core::port::store::{EventStore, StoreError};
use refold_core::time::Timestamp;
use refold_core::track::Moment;
use refold_core::work::{CancelToken, Silent, Work};
use refold_stores::index;
use refold_stores::memory::{MemoryEvent, MemoryStore};

use super::{Session, keep};
use crate::desk::Desk;
use crate::frame::DensityFrame;
use crate::places::Places;
use crate::stream::Stream;
use crate::wire::{Axis, DensityBy, DensityQuery, Overview, StreamQuery, StreamSelection, StreamSort};

struct Lab {
    folder: tempfile::TempDir,
    desk: Desk,
}

impl Lab {
    fn new() -> Lab {
        let folder = tempfile::tempdir().unwrap();
        let desk = Desk::at(Places::below(folder.path()), None);
        Lab { folder, desk }
    }

    fn store(&self) -> PathBuf {
        self.folder.path().join("events.jsonl")
    }

    fn append(&self, events: std::ops::Range<u32>) {
        let mut file = OpenOptions::new().create(true).append(true).open(self.store()).unwrap();
        for event in events {
            let line = format!(
                r#"{{"stream":"s-{}","type":"T","recorded_at":"2026-08-03T14:00:00Z","payload":{event}}}"#,
                event % 5
            );
            writeln!(file, "{line}").unwrap();
        }
    }

    fn open(&self) -> u32 {
        self.desk
            .open_store(self.store().to_str().unwrap(), None)
            .unwrap()
            .session
    }

    /// All files below the cache whose names say that they belong to an index, but not the manifests.
    fn index_files(&self) -> Vec<PathBuf> {
        let mut folders = vec![self.folder.path().to_owned()];
        let mut files = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
                if entry.is_dir() {
                    folders.push(entry);
                } else {
                    files.push(entry);
                }
            }
        }
        let manifest = files.iter().find(|file| file.ends_with("manifest")).unwrap().clone();
        files.retain(|file| file.parent() == manifest.parent() && *file != manifest && !file.ends_with("lock"));
        files.sort();
        files
    }
}

/// What the window shows of a store, all of it answered by one index.
fn shown(desk: &Desk, session: u32) -> (Overview, u32, u32) {
    let query = StreamQuery {
        selection: StreamSelection {
            sort: StreamSort::Events,
            descending: true,
            ..StreamSelection::default()
        },
        limit: 100,
        ..StreamQuery::default()
    };
    let whole = DensityQuery {
        axis: Axis::Position,
        from: String::new(),
        to: String::new(),
        columns: 10,
    };
    let density = DensityFrame::decode(&desk.store_density(session, &whole, DensityBy::Category).unwrap()).unwrap();
    let listed = desk
        .streams(session, &query)
        .unwrap()
        .rows
        .iter()
        .map(|row| row.events)
        .sum();
    (desk.overview(session).unwrap(), listed, density.counts.iter().sum())
}

#[test]
fn a_store_that_grew_is_shown_as_it_was_until_its_index_is_up_to_date() {
    let lab = Lab::new();
    lab.append(0..30);
    let session = lab.open();
    lab.desk.index_store(session, &|_| {}).unwrap();
    lab.desk.close_store(session).unwrap();
    lab.append(30..42);

    let opened = lab.desk.open_store(lab.store().to_str().unwrap(), None).unwrap();
    assert!(opened.index_is_ready);
    assert_eq!(opened.newest.len(), 42, "the first screen is of the present store");
    let (overview, listed, counted) = shown(&lab.desk, opened.session);
    assert_eq!(
        (overview.is_behind, overview.events, listed, counted),
        (true, 30, 30, 30)
    );
    // What is right only for the present store is never taken from the earlier index.
    let found = lab.desk.find(opened.session, "s-1", 10).unwrap();
    assert!(found.iter().all(|hit| hit.events != 6), "{found:?}");

    lab.desk.index_store(opened.session, &|_| {}).unwrap();
    let (overview, listed, counted) = shown(&lab.desk, opened.session);
    assert_eq!(
        (overview.is_behind, overview.events, listed, counted),
        (false, 42, 42, 42)
    );
}

#[test]
fn an_index_that_is_damaged_while_it_is_in_use_is_built_again() {
    let lab = Lab::new();
    lab.append(0..300);
    let session = lab.open();
    lab.desk.index_store(session, &|_| {}).unwrap();
    let expected = shown(&lab.desk, session);
    for which in 0.. {
        let session = lab.open();
        lab.desk.index_store(session, &|_| {}).unwrap();
        let Some(file) = lab.index_files().into_iter().nth(which) else {
            break;
        };
        // In place, as a failing disk would: the session has the file mapped already.
        let mut damaged = OpenOptions::new().read(true).write(true).open(&file).unwrap();
        let mut bytes = [0; 24];
        damaged.read_exact(&mut bytes).unwrap();
        damaged.seek(SeekFrom::Start(0)).unwrap();
        damaged.write_all(&bytes.map(|byte| !byte)).unwrap();
        let now = shown(&lab.desk, session);
        assert_eq!(
            (now.0.events, now.1, now.2),
            (expected.0.events, expected.1, expected.2),
            "{}",
            file.display()
        );
        let history = lab
            .desk
            .open_history(session, "s-1", None, None, std::sync::Arc::new(|_| {}));
        let history = history.or_else(|_| {
            lab.desk
                .open_history(session, "s-1", None, None, std::sync::Arc::new(|_| {}))
        });
        assert!(history.is_ok(), "at the second try at the latest: {}", file.display());
        lab.desk.close_store(session).unwrap();
    }
}

fn long_store(numbers: impl Iterator<Item = i64>) -> Arc<dyn EventStore> {
    let event = |number: i64| MemoryEvent {
        position: Position(number),
        stream: b"long-1".to_vec(),
        category: b"long".to_vec(),
        version: Version(number),
        event_type: b"T".to_vec(),
        recorded_at: Timestamp(number),
        payload: Some(b"{}".to_vec()),
        encoding: Encoding::Json,
        metadata: None,
    };
    Arc::new(MemoryStore::new("long", numbers.map(event).collect()))
}

/// Of a store that grows only the end is compared, so that events may be gone from the middle of it. That is no damage.
#[test]
fn a_store_that_holds_other_events_than_its_index_has_changed_and_is_not_damaged() {
    let (cancel, cache) = (CancelToken::default(), tempfile::tempdir().unwrap());
    let work = Work::new(&cancel, &Silent);
    let before = Session::of_store(long_store(1..=9_000), "long", cache.path());
    before.build_index(&work).unwrap();
    let later = long_store((1..=9_100).filter(|number| *number != 300));
    let session = Session::of_store(Arc::clone(&later), "long", cache.path());
    let grow = |most| {
        index::grow(
            &work,
            later.as_ref(),
            &session.cache.folder(),
            &session.build_options(),
            most,
        )
        .unwrap()
    };
    assert!(grow(100_000).is_none(), "all of so few are compared");
    let grown = grow(0).unwrap();
    assert!(!grown.is_compared());
    keep(&session.index, Some(Arc::new(grown)));

    let stream = Stream::load(&work, &session, "long-1", &Findings::default()).unwrap();
    assert!(session.contradiction().is_none(), "nobody can know yet");
    let mut events = stream.events(&later, Columns::PAYLOAD);
    let read = events.read(&work, Moment(0), Moment(2_000), &mut EventBatch::default());
    assert!(matches!(read, Err(StoreError::Changed { .. })), "{read:?}");
    let told = session.contradiction().unwrap().message;
    assert!(
        told.contains("events that were shown are gone from it, or changed"),
        "{told}"
    );

    // Opened again it is as it is.
    let again = Session::of_store(Arc::clone(&later), "long", cache.path());
    again.adopt_ready_index().unwrap();
    assert_eq!(again.build_index(&work).unwrap().event_count(), 9_099);
}

/// Whoever looks at a store that grows opened it once.
#[test]
fn a_store_that_grows_is_opened_once_in_its_log() {
    let lab = Lab::new();
    lab.append(0..10);
    let places = Places::below(lab.folder.path());
    let connection = crate::wire::Connection {
        name: "shop".to_owned(),
        store: Some(lab.store().display().to_string()),
        ..crate::wire::Connection::default()
    };
    crate::connections::save(&places, &connection, None).unwrap();
    let cancel = CancelToken::default();
    let work = Work::new(&cancel, &Silent);
    let mut session = Session::open(&work, "@shop", None, &places).unwrap();
    session.build_index(&work).unwrap();
    for look in 1..4 {
        lab.append(look * 10..look * 10 + 10);
        session = session.grown(&work).unwrap();
        session.log_stream(b"s-1").unwrap();
    }
    let log = crate::access::read(&work, &places.data, "shop").unwrap().unwrap();
    assert!(log.is_as_written(), "{log:?}");
    let log = fs::read_to_string(crate::access::file(&places.data, "shop")).unwrap();
    let lines: Vec<serde_json::Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let count = |act: &str| lines.iter().filter(|line| line["act"] == act).count();
    assert_eq!((count("opened"), count("stream")), (1, 3), "{lines:?}");
    let sessions: std::collections::BTreeSet<&str> = lines.iter().filter_map(|line| line["session"].as_str()).collect();
    assert_eq!(sessions.len(), 1, "one session: {sessions:?}");
}

/// Names of files are bytes.
#[cfg(target_os = "linux")]
#[test]
fn a_store_in_a_folder_whose_name_is_no_text_is_opened() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;

    use crate::connections::Asked;

    let lab = Lab::new();
    lab.append(0..10);
    let folder = lab.folder.path().join(OsStr::from_bytes(b"gr\xfc\xdfe"));
    fs::create_dir(&folder).unwrap();
    let lines = folder.join("events.jsonl");
    fs::rename(lab.store(), &lines).unwrap();
    let database = folder.join("orders.db");
    let options = refold_fixtures::orders::Options {
        events: 300,
        ..Default::default()
    };
    let written = refold_fixtures::orders::write(&lab.folder.path().join("shop"), &options, |_, _| {
        std::ops::ControlFlow::Continue(())
    });
    fs::copy(written.unwrap().store, &database).unwrap();
    // And by a name that is text itself, but leads there.
    let linked = lab.folder.path().join("linked.db");
    std::os::unix::fs::symlink(&database, &linked).unwrap();
    let cancel = CancelToken::default();
    let work = Work::new(&cancel, &Silent);
    let places = Places::below(lab.folder.path());
    for (file, events) in [(&lines, 10), (&database, 300), (&linked, 300)] {
        let session = Session::open_asked(&work, &Asked::at(file), &places).unwrap_or_else(|error| panic!("{error:?}"));
        assert_eq!(session.build_index(&work).unwrap().event_count(), events);
        assert_eq!(session.grown(&work).unwrap().index().unwrap().event_count(), events);
    }
}

/// That nothing is kept any more says nothing of the events.
#[test]
fn an_index_that_was_thrown_away_is_not_taken_for_another_store() {
    let lab = Lab::new();
    lab.append(0..10);
    let (cancel, places) = (CancelToken::default(), Places::below(lab.folder.path()));
    let work = Work::new(&cancel, &Silent);
    let session = Session::open(&work, &lab.store().display().to_string(), None, &places).unwrap();
    session.build_index(&work).unwrap();
    crate::usecase::cache::clear(&work, &places).unwrap();
    lab.append(10..20);
    let refused = session.grown(&work).err().unwrap();
    assert!(refused.message.contains("thrown away"), "{refused:?}");
    let again = Session::open(&work, &lab.store().display().to_string(), None, &places).unwrap();
    assert_eq!(again.build_index(&work).unwrap().event_count(), 20);
}

/// What is killed while the cache of the user is full leaves its folder among the system's temporary ones.
#[test]
fn what_a_killed_process_left_elsewhere_goes_when_any_store_is_opened() {
    let left = refold_scratch::Scratch::private(&std::env::temp_dir(), "refold-cache-").unwrap();
    let path = left.path().to_owned();
    fs::write(path.join("index"), "of a store").unwrap();
    // Nobody holds it from here on, and nobody took it away.
    left.keep();
    assert!(path.is_dir());
    let lab = Lab::new();
    lab.append(0..3);
    lab.open();
    assert!(!path.exists());
}
