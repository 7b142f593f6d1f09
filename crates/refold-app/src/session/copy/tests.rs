//! What is shown is what the store holds, whatever copy of it there is.

use std::fs::{File, FileTimes, OpenOptions};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::{Arc, Mutex};

use refold_core::event::{Columns, Encoding, EventBatch, Position, Version};
use refold_core::finding::Findings;
use refold_core::history::EventSource as _;
use refold_core::time::Timestamp;
use refold_core::track::Moment;
use refold_core::work::{CancelToken, Silent, Work};
use refold_fixtures::orders::{self, Options};
use refold_stores::memory::{MemoryEvent, MemoryStore};

use crate::error::AppError;
use crate::history::{News, OpenedHistory};
use crate::places::Places;
use crate::rebuild::rebuild;
use crate::session::{Now, Session};
use crate::stream::Stream;
use crate::usecase::search::{Search, answers};
use crate::{ErrorCode, handler, usecase};

fn with_work<T>(run: impl FnOnce(&Work<'_>) -> T) -> T {
    run(&Work::new(&CancelToken::default(), &Silent))
}

/// All that is shown of a stream: its state, its events as they are stored, and its state among those of all streams.
fn shown(session: &Session, stream: &str) -> Result<String, AppError> {
    with_work(|work| {
        let state = usecase::state::state(work, session, stream, "head", None)?.state.0;
        let loaded = Stream::load(work, session, stream, &Findings::default())?;
        let (mut batch, head) = (EventBatch::default(), loaded.track.head());
        let mut events = loaded.events(session.store(), Columns::ALL);
        events.read(work, Moment::START, head, &mut batch)?;
        let payloads: Vec<_> = (0..batch.len())
            .map(|row| String::from_utf8_lossy(batch.event(row).payload.unwrap_or_default()).into_owned())
            .collect();
        let raw = batch.positions.iter().map(|position| session.store().raw(*position));
        let raw: Vec<_> = raw.collect::<Result<_, _>>()?;
        let rebuilt = Mutex::new(None);
        let program = handler::open(None)?;
        rebuild(work, session, &program, 2, &Findings::default(), &|id, folded| {
            if id == stream.as_bytes() {
                *rebuilt.lock().unwrap() = Some(folded.state.clone());
            }
        })?;
        let rebuilt = rebuilt.into_inner().unwrap();
        assert_eq!(
            rebuilt.as_ref(),
            Some(&state),
            "a rebuild folds what a single stream holds"
        );
        Ok(format!("{state:?} {payloads:?} {raw:?}"))
    })
}

/// Streams with the text, and the codes of what was found on the way.
fn found(session: &Session, text: &str) -> Result<(Vec<String>, Vec<String>), AppError> {
    let asked = Search {
        text: text.to_owned(),
        ..Search::default()
    };
    let mut streams = Vec::new();
    let findings = with_work(|work| {
        answers(work, session, &asked, None, &mut |event| {
            streams.push(event.stream.to_string());
            Ok(())
        })
    })?;
    Ok((streams, findings.into_iter().map(|finding| finding.code).collect()))
}

/// One stream an event; the payload of each says which, and `marks` says more of some.
fn store(marks: &[(i64, &str)]) -> Arc<MemoryStore> {
    let event = |number: i64| {
        let mark = marks
            .iter()
            .find(|(of, _)| *of == number)
            .map_or("plain", |(_, mark)| mark);
        MemoryEvent {
            position: Position(number),
            stream: format!("s-{number}").into_bytes(),
            category: b"s".to_vec(),
            version: Version(1),
            event_type: b"T".to_vec(),
            recorded_at: Timestamp(number),
            payload: Some(format!(r#"{{"number":{number},"mark":"{mark}"}}"#).into_bytes()),
            encoding: Encoding::Json,
            metadata: None,
        }
    };
    // Nothing that it says of itself hangs on what it holds.
    Arc::new(MemoryStore::new("unmarked", (1..=60).map(event).collect()))
}

#[test]
fn a_copy_of_a_store_that_changed_without_a_trace_shows_nothing_of_what_was() {
    let cache = tempfile::tempdir().unwrap();
    let session = |store: Arc<MemoryStore>| Session::of_store(store, "memory", cache.path());
    let before = session(store(&[(9, "older"), (30, "older"), (40, "older")]));
    with_work(|work| before.build_search(work)).unwrap();
    assert_eq!(
        found(&before, "older").unwrap(),
        (vec!["s-9".into(), "s-30".into(), "s-40".into()], vec![])
    );

    // An index and a copy are there for what nobody can tell from the store before.
    let after = || {
        let after = session(store(&[(9, "older"), (30, "newer"), (50, "older")]));
        with_work(|work| after.build_index(work)).unwrap();
        after
    };
    let looking = after();
    assert!(looking.arena().unwrap().is_some() && looking.held_arena().is_none());
    let seen = shown(&looking, "s-30").unwrap();
    assert!(seen.contains("newer") && !seen.contains("older"), "{seen}");
    // What lies before the difference is handed over as the store holds it, what lies behind it is looked for there.
    let (streams, codes) = found(&looking, "older").unwrap();
    assert_eq!(
        (streams, codes),
        (vec!["s-9".into(), "s-50".into()], vec!["copy-differs".to_owned()])
    );
    assert!(looking.arena().unwrap().is_none(), "it is thrown away");
    assert_eq!(found(&looking, "newer").unwrap(), (vec!["s-30".into()], vec![]));
    assert!(after().arena().unwrap().is_none(), "on disk too");
}

#[test]
fn a_copy_that_states_are_folded_from_is_held_against_the_store_first() {
    let cache = tempfile::tempdir().unwrap();
    let session = |store: Arc<MemoryStore>| Session::of_store(store, "memory", cache.path());
    let before = session(store(&[(30, "older")]));
    with_work(|work| before.build_arena(work)).unwrap();
    assert!(before.held_arena().is_some(), "this session read it from the store");
    let again = session(store(&[(30, "older")]));
    with_work(|work| again.build_arena(work)).unwrap();
    assert!(again.held_arena().is_some());
    let findings = Findings::default();
    again.report_notices(&findings);
    assert!(findings.is_empty());

    let after = session(store(&[(30, "newer")]));
    with_work(|work| after.build_arena(work)).unwrap();
    after.report_notices(&findings);
    assert_eq!(findings.summary()[0].0, "copy-differs");
    assert!(after.held_arena().is_some(), "made again");
    assert!(shown(&after, "s-30").unwrap().contains("newer"));
}

/// Changes a letter of a text in the payload at a place of the stream, in the bytes of the file, and sets the time of the
/// file back to what it was.
fn forge(session: &Session, stream: &str, file: &Path) -> (String, String) {
    let payload = with_work(|work| {
        let loaded = Stream::load(work, session, stream, &Findings::default()).unwrap();
        let mut batch = EventBatch::default();
        let mut events = loaded.events(session.store(), Columns::PAYLOAD);
        events.read(work, Moment::START, Moment(1), &mut batch).unwrap();
        batch.event(0).payload.unwrap().to_vec()
    });
    let value = payload
        .windows(3)
        .position(|of| of.starts_with(b":\"") && of[2].is_ascii_alphanumeric())
        .unwrap()
        + 2;
    let bytes = std::fs::read(file).unwrap();
    let at = bytes
        .windows(payload.len())
        .position(|window| window == payload)
        .unwrap();
    let letter = if payload[value] == b'#' { b'+' } else { b'#' };
    let modified = std::fs::metadata(file).unwrap().modified().unwrap();
    let open = OpenOptions::new().write(true).open(file).unwrap();
    open.write_all_at(&[letter], (at + value) as u64).unwrap();
    open.set_times(FileTimes::new().set_modified(modified)).unwrap();
    let forged: Vec<u8> = payload
        .iter()
        .enumerate()
        .map(|(at, byte)| if at == value { letter } else { *byte })
        .collect();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (text(payload), text(forged))
}

struct OrderStore {
    folder: tempfile::TempDir,
    file: std::path::PathBuf,
}

impl OrderStore {
    /// Nobody writes to it any more, so that it is opened where it lies.
    fn at_rest() -> OrderStore {
        let folder = tempfile::tempdir().unwrap();
        let options = Options {
            events: 2_000,
            ..Options::default()
        };
        let written = orders::write(&folder.path().join("store"), &options, |_, _| {
            std::ops::ControlFlow::Continue(())
        })
        .unwrap();
        let long_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(3_600);
        let file = File::options().write(true).open(&written.store).unwrap();
        file.set_times(FileTimes::new().set_modified(long_ago)).unwrap();
        OrderStore {
            folder,
            file: written.store,
        }
    }

    fn open(&self) -> Session {
        let places = Places::below(&self.folder.path().join("home"));
        with_work(|work| Session::open(work, &self.file.to_string_lossy(), None, &places)).unwrap()
    }
}

const STREAM: &str = "order-4711";

#[test]
fn a_payload_that_is_changed_between_two_sessions_is_shown_as_it_is() {
    let lab = OrderStore::at_rest();
    let before = lab.open();
    with_work(|work| before.build_search(work)).unwrap();
    let old = shown(&before, STREAM).unwrap();
    let (was, forged) = forge(&before, STREAM, &lab.file);
    drop(before);

    let after = lab.open();
    with_work(|work| after.build_index(work)).unwrap();
    assert!(after.arena().unwrap().is_none(), "it is of another state of the file");
    let seen = shown(&after, STREAM).unwrap();
    assert_ne!(seen, old);
    for again in [false, true] {
        if again {
            with_work(|work| after.build_search(work)).unwrap();
        }
        assert_eq!(found(&after, &was).unwrap().0, Vec::<String>::new());
        assert_eq!(found(&after, &forged).unwrap().0, [STREAM]);
    }
}

#[test]
fn a_payload_that_is_changed_while_a_session_is_open_is_not_shown_as_it_was() {
    for was_there in [false, true] {
        let lab = OrderStore::at_rest();
        if was_there {
            let earlier = lab.open();
            with_work(|work| earlier.build_search(work)).unwrap();
        }
        let session = lab.open();
        with_work(|work| session.build_search(work)).unwrap();
        assert_eq!(session.held_arena().is_none(), was_there);
        shown(&session, STREAM).unwrap();
        let (was, forged) = forge(&session, STREAM, &lab.file);
        let expect_told = |answer: Result<(), AppError>| {
            let error = answer.unwrap_err();
            assert_eq!(error.code, ErrorCode::Unreachable, "{error}");
            assert!(error.message.contains("changed while it was read"), "{error}");
        };
        expect_told(shown(&session, STREAM).map(drop));
        let program = handler::open(None).unwrap();
        let nobody = Findings::default();
        expect_told(with_work(|work| {
            rebuild(work, &session, &program, 2, &nobody, &|_, _| {}).map(drop)
        }));
        expect_told(found(&session, &was).map(drop));
        assert!(session.store().raw(Position(1)).is_err());
        assert!(!session.store().is_current().unwrap(), "whoever watches it is told");
        // What it holds now is looked for by who opens it again.
        drop(session);
        let again = lab.open();
        with_work(|work| again.build_search(work)).unwrap();
        assert_eq!(found(&again, &forged).unwrap().0, [STREAM]);
    }
}

#[test]
fn a_history_that_is_open_is_held_against_a_store_that_was_written_to() {
    let lab = OrderStore::at_rest();
    let session = Arc::new(lab.open());
    with_work(|work| session.build_index(work)).unwrap();
    let open = |stream: &str| {
        let news = News::new(1, Arc::new(|_| {}));
        with_work(|work| OpenedHistory::open(work, &session, stream, None, news)).unwrap()
    };
    let (history, other) = (open(STREAM), open("order-4712"));
    let now = || match with_work(|work| session.now(work)).unwrap() {
        Now::Grown(now) => now,
        Now::Another(error) => panic!("{error}"),
    };
    let holds = |history: &OpenedHistory| with_work(|work| history.holds_in(work, &now())).unwrap();
    // Somebody wrote to the file, and to nothing that is shown.
    File::options()
        .write(true)
        .open(&lab.file)
        .unwrap()
        .set_modified(std::time::SystemTime::now())
        .unwrap();
    assert!(!session.store().is_current().unwrap());
    assert!(holds(&history) && holds(&other));
    forge(&lab.open(), STREAM, &lab.file);
    assert!(!holds(&history) && holds(&other));
}
