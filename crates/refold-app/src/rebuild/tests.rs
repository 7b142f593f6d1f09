//! Every way to rebuild gives what one stream after the other gives.

use std::collections::BTreeMap;
use std::sync::Mutex;

use refold_core::event::{Encoding, Position, Version};
use refold_core::port::store::EventStore;
use refold_core::time::Timestamp;
use refold_core::value::Value;
use refold_core::work::{CancelToken, Silent};
use refold_fixtures::orders::{self, Options};
use refold_stores::memory::{MemoryEvent, MemoryStore};

use super::*;
use crate::places::Places;
use crate::{handler, usecase};

fn rebuilt(session: &Session, program: &Arc<dyn HandlerProgram>, threads: usize) -> (Rebuilt, BTreeMap<String, Value>) {
    let cancel = CancelToken::default();
    let states = Mutex::new(BTreeMap::new());
    let keep = |stream: &[u8], folded: &Folded| {
        let id = String::from_utf8_lossy(stream).into_owned();
        let before = states.lock().unwrap().insert(id, folded.state.clone());
        assert!(before.is_none(), "a stream is finished once");
    };
    let work = Work::new(&cancel, &Silent);
    let rebuilt = rebuild(&work, session, program, threads, &Findings::default(), &keep).unwrap();
    (rebuilt, states.into_inner().unwrap())
}

#[test]
fn cold_warm_one_thread_and_many_agree_with_each_single_stream() {
    let folder = tempfile::tempdir().unwrap();
    let written = orders::write(
        &folder.path().join("store"),
        &Options {
            events: 9_000,
            streams: Some(900),
            giant: Some(3_000),
            ..Options::default()
        },
        |_, _| std::ops::ControlFlow::Continue(()),
    )
    .unwrap();
    let cancel = CancelToken::default();
    let work = Work::new(&cancel, &Silent);
    let places = Places::below(&folder.path().join("home"));
    let session = Session::open(&work, &written.store.to_string_lossy(), None, &places).unwrap();
    let package = folder.path().join("store/handlers/order");
    let package = package.to_string_lossy();
    let handlers = [None, Some(package.as_ref())];
    let cold = handlers.map(|name| {
        let program = handler::open(name).unwrap();
        let (cold, states) = rebuilt(&session, &program, 1);
        assert_eq!(cold.events, 9_000);
        assert_eq!(cold.streams as usize, states.len());
        assert!(cold.incomplete_streams > 0, "the sample holds an undecodable event");
        assert_eq!(rebuilt(&session, &program, 3), (cold, states.clone()));
        for (id, state) in states.iter().take(40).chain(states.get_key_value("order-4711")) {
            let single = usecase::state::state(&work, &session, id, "head", name).unwrap();
            assert_eq!(single.state.0, *state, "{id}");
        }
        (cold, states)
    });
    session.build_index(&work).unwrap();
    for (name, cold) in handlers.into_iter().zip(&cold) {
        assert_eq!(
            rebuilt(&session, &handler::open(name).unwrap(), 2),
            *cold,
            "streams end with their last event"
        );
    }
    session.build_arena(&work).unwrap();
    for (name, cold) in handlers.into_iter().zip(cold) {
        assert_eq!(rebuilt(&session, &handler::open(name).unwrap(), 2), cold);
    }
}

/// A stream from which an event was deleted is incomplete since the event behind it, whichever way it is folded; where numbers
/// are left out as a rule nothing is.
#[test]
fn a_stream_that_lacks_a_version_is_incomplete_since_the_event_behind_it() {
    let event = |position: i64| MemoryEvent {
        position: Position(position),
        stream: format!("s-{}", position % 3).into_bytes(),
        category: b"s".to_vec(),
        version: Version(position / 3 + 1),
        event_type: b"T".to_vec(),
        recorded_at: Timestamp(position),
        payload: Some(format!(r#"{{"at":{position}}}"#).into_bytes()),
        encoding: Encoding::Json,
        metadata: None,
    };
    // Of s-1 version 4 is gone.
    let store = || MemoryStore::new("gap", (0..30).filter(|position| *position != 10).map(event).collect());
    let cancel = CancelToken::default();
    let work = Work::new(&cancel, &Silent);
    for (store, expected) in [(store(), Some(Moment(4))), (store().skipping_versions(), None)] {
        let store: Arc<dyn EventStore> = Arc::new(store);
        for before in 0..3 {
            let cache = tempfile::tempdir().unwrap();
            let session = Session::of_store(Arc::clone(&store), "gap", cache.path());
            if before > 0 {
                session.build_index(&work).unwrap();
            }
            if before > 1 {
                session.build_arena(&work).unwrap();
            }
            let since = Mutex::new(BTreeMap::new());
            let keep = |stream: &[u8], folded: &Folded| {
                let gap = folded.missing.map(|gap| (gap.since, gap.position));
                assert_eq!(gap.map(|(since, _)| since), folded.incomplete_since);
                since.lock().unwrap().insert(stream.to_vec(), gap);
            };
            let program = handler::open(None).unwrap();
            let rebuilt = rebuild(&work, &session, &program, 2, &Findings::default(), &keep).unwrap();
            assert_eq!(rebuilt.incomplete_streams, u32::from(expected.is_some()));
            let expected = expected.map(|since| (since, Position(13)));
            let since = since.into_inner().unwrap();
            assert_eq!(since[b"s-1".as_slice()], expected, "{before}");
            assert_eq!(since[b"s-2".as_slice()], None);
            for (at, is_told) in [("v3", false), ("v5", true), ("head", true)] {
                let state = usecase::state::state(&work, &session, "s-1", at, None).unwrap();
                let told = expected.filter(|_| is_told).map(|_| "5".to_owned());
                assert_eq!(state.incomplete_since, told, "{at}");
                let has_gap = state.findings.iter().any(|finding| finding.code == "version-gap");
                assert_eq!(has_gap, expected.is_some());
            }
        }
    }
}

/// Of a store with faults in many streams, the same of them are told whoever comes upon them first.
#[test]
fn every_way_tells_the_same_findings_and_states() {
    let folder = tempfile::tempdir().unwrap();
    let line = |at: usize| match at % 11 {
        3 => "{\"stream\":".to_owned(),
        5 => format!(
            r#"{{"stream":"s-{}","version":{},"type":"T","payload":{{"a":1,"a":{at}}}}}"#,
            at % 7,
            at / 7
        ),
        // The versions of one stream go down.
        _ => format!(
            r#"{{"stream":"s-{}","version":{},"type":"T","payload":{{"a":{at}}}}}"#,
            at % 7,
            if at % 7 == 6 { 1_000 - at / 7 } else { at / 7 }
        ),
    };
    let lines: Vec<String> = (0..6_000).map(line).collect();
    let store = folder.path().join("events.jsonl");
    std::fs::write(&store, lines.join("\n") + "\n").unwrap();
    let cancel = CancelToken::default();
    let work = Work::new(&cancel, &Silent);
    #[derive(Debug, Clone, Copy, PartialEq)]
    enum Before {
        Nothing,
        Index,
        Arena,
    }
    let told = |threads: usize, before: Before| {
        let home = tempfile::tempdir().unwrap();
        let session = Session::open(&work, &store.to_string_lossy(), None, &Places::below(home.path())).unwrap();
        if before != Before::Nothing {
            session.build_index(&work).unwrap();
        }
        if before == Before::Arena {
            session.build_arena(&work).unwrap();
        }
        let (program, findings) = (handler::open(None).unwrap(), Findings::default());
        let states = Mutex::new(BTreeMap::new());
        let keep = |stream: &[u8], folded: &Folded| {
            states.lock().unwrap().insert(stream.to_vec(), folded.state.clone());
        };
        rebuild(&work, &session, &program, threads, &findings, &keep).unwrap();
        (findings.summary(), states.into_inner().unwrap())
    };
    let first = told(1, Before::Nothing);
    let counts: Vec<(&str, u64)> = first.0.iter().map(|(code, count, _)| (*code, *count)).collect();
    assert_eq!(counts, [("not-an-event", 546), ("repeated-key", 545)]);
    for (threads, before) in [
        (3, Before::Nothing),
        (8, Before::Nothing),
        (1, Before::Index),
        (4, Before::Index),
        (1, Before::Arena),
        (4, Before::Arena),
    ] {
        assert_eq!(told(threads, before), first, "{threads} threads, {before:?}");
    }
}

#[test]
fn cancelling_ends_all_workers() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        events: 9_000,
        ..Options::default()
    };
    let written = orders::write(folder.path(), &options, |_, _| std::ops::ControlFlow::Continue(())).unwrap();
    let cancel = CancelToken::default();
    let work = Work::new(&cancel, &Silent);
    let places = Places::below(&folder.path().join("home"));
    let session = Session::open(&work, &written.store.to_string_lossy(), None, &places).unwrap();
    let program = handler::open(None).unwrap();
    cancel.cancel();
    let outcome = rebuild(&work, &session, &program, 2, &Findings::default(), &|_, _| {});
    assert!(outcome.is_err_and(|error| error.is_cancelled()));
}
