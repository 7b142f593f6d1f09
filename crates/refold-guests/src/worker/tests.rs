//! The walls from inside and from outside, and workers that die, hang, take too much or answer what they should not.

mod bounds;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Duration;

use proptest::prelude::*;
use refold_core::event::EventView;
use refold_core::fold::{Detail, Fold};
use refold_core::port::handler::{HandlerProgram as _, StatesAsked, Written};

use super::door;
use super::pool::Worker;
use super::process::Start;
use crate::tests::{Events, ahead, events, folded, identity, text};
use crate::{Dialect, GuestLimits, JS_ENGINE_ID, JsProgram, Language, LoadError, Script};

const COUNTER: &str = "export default { initial: () => ({ n: 0 }), on: { E(state) { state.n++ } } }";

fn load_by(start: &Start, source: &str) -> Result<JsProgram, LoadError> {
    let script = Script {
        file: "handler.js".to_owned(),
        source: source.to_owned(),
        language: Language::JavaScript,
        dialect: Dialect::Module,
    };
    let worker = Worker::started_by(start, GuestLimits::DEFAULT)?;
    JsProgram::load_into(worker, identity(JS_ENGINE_ID), script, GuestLimits::DEFAULT)
}

fn counter() -> JsProgram {
    load_by(&Start::default(), COUNTER).unwrap()
}

fn worker() -> Worker {
    Worker::start(GuestLimits::DEFAULT).unwrap()
}

fn many(count: usize) -> Events {
    events(&vec![("E", "{}"); count])
}

fn views(events: &Events) -> Vec<EventView<'_>> {
    (0..events.batch.len()).map(|row| events.batch.event(row)).collect()
}

fn kill(pid: u32) {
    // SAFETY: takes two numbers; the process is a worker of this test that nobody waited for yet.
    assert_eq!(unsafe { libc::kill(pid.cast_signed(), libc::SIGKILL) }, 0);
}

#[test]
fn the_system_refuses_all_that_somebody_could_try() {
    let worker = worker();
    for what in door::ALL {
        let refused = i32::from_le_bytes(worker.tried(what).unwrap()[..4].try_into().unwrap());
        assert_eq!(refused, libc::EPERM, "door {what}");
    }
    assert!(!Path::new("/tmp/refold-made-by-a-worker").exists());
}

#[test]
fn seen_from_outside_it_has_one_socket_no_environment_no_thread_and_a_filter() {
    let worker = worker();
    let process = PathBuf::from(format!("/proc/{}", worker.pid()));
    let descriptors: BTreeSet<String> = fs::read_dir(process.join("fd"))
        .unwrap()
        .map(|it| fs::read_link(it.unwrap().path()).unwrap().display().to_string())
        .map(|it| it.split(':').next().unwrap().to_owned())
        .collect();
    assert_eq!(
        descriptors,
        BTreeSet::from(["/dev/null".to_owned(), "socket".to_owned()])
    );
    assert_eq!(fs::read_dir(process.join("fd")).unwrap().count(), 3);
    assert_eq!(fs::read_dir(process.join("task")).unwrap().count(), 1);
    let environment = fs::read(process.join("environ")).unwrap();
    assert!(environment.is_empty() || environment.starts_with(b"LD_LIBRARY_PATH="));
    let status = fs::read_to_string(process.join("status")).unwrap();
    for line in ["NoNewPrivs:\t1", "Seccomp:\t2"] {
        assert!(status.lines().any(|it| it == line), "{line}\n{status}");
    }
}

#[test]
fn what_crashes_hangs_or_takes_too_much_ends_it_and_nothing_else() {
    let start = Start {
        answers_within: Duration::from_millis(300),
        ..Start::default()
    };
    for (what, code) in [
        (door::CRASH, "RF-ENGINE-EXIT"),
        (door::HANG, "RF-LIMIT-WALL"),
        (door::TAKE_MEMORY, "RF-ENGINE-EXIT"),
    ] {
        // Taking all it may have takes longer than a hang.
        let start = if what == door::HANG { &start } else { &Start::default() };
        let worker = Worker::started_by(start, GuestLimits::DEFAULT).unwrap();
        let fault = worker.tried(what).unwrap_err();
        assert_eq!(fault.code, code, "{what}: {fault}");
        assert!(worker.is_lost());
        assert_eq!(worker.tried(door::OPEN).unwrap_err().code, "RF-ENGINE-EXIT");
    }
}

#[test]
fn killed_in_the_middle_of_a_fold_it_is_started_again_and_the_state_is_the_same() {
    let program = counter();
    let list = many(20);
    let coming = views(&list);
    for ahead in [0, 1, 7, 20] {
        let mut fold = Fold::new(&program, Detail::State).unwrap();
        for (at, event) in coming.iter().enumerate() {
            if ahead > 0 && at % ahead == 0 {
                let mut next = coming[at..].iter().take(ahead).copied();
                fold.look_ahead(&mut next, &list.names, StatesAsked::LastState);
            }
            // Killed before, between and behind what was folded ahead.
            if at % 6 == 3 {
                program.workers().pids().into_iter().for_each(kill);
            }
            fold.step(event, &list.names, None).unwrap();
            if at % 4 == 1 {
                let state = fold.folded().unwrap();
                assert_eq!(
                    (text(&state.state), state.fault),
                    (format!(r#"{{"n":{}}}"#, at + 1), None)
                );
            }
        }
        program.workers().pids().into_iter().for_each(kill);
        assert_eq!(text(&fold.folded().unwrap().state), r#"{"n":20}"#);
    }
}

#[test]
fn a_checkpoint_outlives_the_worker_that_it_was_made_in() {
    let program = counter();
    let list = many(3);
    let mut instance = program.start();
    let step = |instance: &mut Box<dyn refold_core::port::handler::HandlerInstance>, row| {
        let event = list.batch.event(row);
        instance.apply(&event, &list.names, &mut Written::off()).unwrap();
    };
    step(&mut instance, 0);
    let checkpoint = instance.checkpoint().unwrap();
    step(&mut instance, 1);
    program.workers().pids().into_iter().for_each(kill);
    instance.restore(&checkpoint).unwrap();
    step(&mut instance, 2);
    assert_eq!(text(&instance.state().unwrap()), r#"{"n":2}"#);
}

#[test]
fn states_are_the_same_whatever_is_told_ahead_and_asked() {
    let program = load_by(
        &Start::default(),
        "export default { initial: () => ({ seen: [] }), on: {
            A(state, event) { state.seen.push(event.data.n) },
            B(state, event) { if (event.data.n === 5) throw new Error('five'); state.seen.push(-event.data.n) },
            C: null } }",
    )
    .unwrap();
    let all: Vec<(String, String)> = (0..12)
        .map(|n| (["A", "C", "X", "B"][n % 4].to_owned(), format!(r#"{{"n":{n}}}"#)))
        .collect();
    let mut all: Vec<(&str, &str)> = all.iter().map(|(kind, json)| (kind.as_str(), json.as_str())).collect();
    all.insert(2, ("A", "no json"));
    all.push(("B", r#"{"n":5}"#));
    all.push(("A", r#"{"n":99}"#));
    let list = events(&all);
    let coming = views(&list);
    let plain: Vec<_> = states(&program, &list, &coming, 0, StatesAsked::LastState);
    for ahead in [1, 2, 3, 5, 15] {
        for asked in [StatesAsked::LastState, StatesAsked::EveryState] {
            assert_eq!(
                states(&program, &list, &coming, ahead, asked),
                plain,
                "{ahead} {asked:?}"
            );
        }
    }
    assert!(
        plain
            .last()
            .unwrap()
            .1
            .as_deref()
            .is_some_and(|said| said.contains("five"))
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn what_is_told_ahead_over_folds_changes_no_answer(deeds in ahead::deeds()) {
        static PROGRAM: LazyLock<JsProgram> = LazyLock::new(|| {
            let source = "export default { initial: () => ({ seen: [], sum: decimal('0.00') }), on: {
                A(state, event) { state.seen.push(event.data.n); state.sum = state.sum.plus(event.data.n) },
                B(state, event) { if (state.seen.length === 2) throw new Error('two'); state.seen.push(event.type) },
                C: null,
                D(state) { if (state.seen.length > 3) state.seen = [() => 0] } } }";
            load_by(&Start::default(), source).unwrap()
        });
        let list = [("A", r#"{"n":1.50}"#), ("C", "{}"), ("B", "{}"), ("A", r#"{"n":2}"#), ("X", "{}"), ("A", "no json"), ("D", "{}")];
        ahead::change_no_answer(&*PROGRAM, &ahead::of_streams(&list), &deeds);
    }
}

/// After every event: the state, and the fault that stopped the fold.
fn states(
    program: &JsProgram,
    list: &Events,
    coming: &[EventView<'_>],
    ahead: usize,
    asked: StatesAsked,
) -> Vec<(String, Option<String>)> {
    let mut fold = Fold::new(program, Detail::State).unwrap();
    let after_each = coming.iter().enumerate().map(|(at, event)| {
        if ahead > 0 && at % ahead == 0 {
            fold.look_ahead(&mut coming[at..].iter().take(ahead).copied(), &list.names, asked);
        }
        fold.step(event, &list.names, None).unwrap();
        let folded = fold.folded().unwrap();
        (text(&folded.state), folded.fault.map(|(_, fault)| fault.to_string()))
    });
    after_each.collect()
}

#[test]
fn folds_of_many_threads_share_as_many_workers_as_there_are_processors() {
    let program = counter();
    let list = many(50);
    std::thread::scope(|scope| {
        for _ in 0..12 {
            scope.spawn(|| assert_eq!(folded(&program, &list), (r#"{"n":50}"#.to_owned(), None)));
        }
    });
    let most = std::thread::available_parallelism().unwrap().get();
    assert!(program.workers().pids().len() <= most);
    // All folds are over.
    assert!(program.workers().pids().len() <= 1);
}

#[test]
fn it_ends_with_its_handler() {
    let program = counter();
    let pid = program.workers().pids()[0];
    drop(program);
    assert!(!Path::new(&format!("/proc/{pid}")).exists());
}

/// A program in place of a worker, which answers its requests with these bytes in turn.
fn fake(folder: &Path, body: &str) -> Start {
    let source = format!(
        "
import os, socket, struct, sys, time
line = socket.socket(fileno=0)
def take():
    head = b''
    while len(head) < 4:
        got = line.recv(4 - len(head))
        if not got: sys.exit(0)
        head += got
    left = struct.unpack('<I', head)[0]
    while left: left -= len(line.recv(min(left, 1 << 20)))
def say(body): line.sendall(struct.pack('<I', len(body)) + body)
def part(body): return struct.pack('<I', len(body)) + body
ABOUT = b'{{\"types\":[[\"E\",0]],\"unhandled\":\"warn\"}}'
LOADED = b'\\0' + part(ABOUT) + part(b'{{}}') + part(b'{{}}')
def folded(count, tail): return b'\\0' + struct.pack('<I', count) + tail
{body}
"
    );
    let program = folder.join("fake.py");
    fs::write(&program, source).unwrap();
    Start {
        program: PathBuf::from("/usr/bin/python3"),
        arguments: vec![program.display().to_string()],
        loads_within: Duration::from_secs(60),
        answers_within: Duration::from_secs(20),
    }
}

/// What a worker says to the first events that it gets, and what becomes of the event.
const ODD: &[(&str, &str, &str)] = &[
    ("nothing at all", "sys.exit(3)", "RF-ENGINE-EXIT"),
    ("an empty frame", "say(b'')", "RF-ENGINE-PROTOCOL"),
    ("another word", "say(b'\\7')", "RF-ENGINE-PROTOCOL"),
    ("half a number", "say(b'\\0\\1')", "RF-ENGINE-PROTOCOL"),
    (
        "more events than it got",
        "say(folded(2, b'\\0\\0\\0'))",
        "RF-ENGINE-PROTOCOL",
    ),
    (
        "four thousand million events",
        "say(folded(0xffffffff, b''))",
        "RF-ENGINE-PROTOCOL",
    ),
    (
        "no events, and no reason",
        "say(folded(0, b'\\0'))",
        "RF-ENGINE-PROTOCOL",
    ),
    (
        "an outcome that there is not",
        "say(folded(1, b'\\x33\\0'))",
        "RF-ENGINE-PROTOCOL",
    ),
    (
        "a tail that there is not",
        "say(folded(1, b'\\0\\x09'))",
        "RF-ENGINE-PROTOCOL",
    ),
    (
        "a state that nobody asked for",
        "say(folded(1, b'\\0\\1' + part(b'{}')))",
        "RF-ENGINE-PROTOCOL",
    ),
    (
        "a failure after all events",
        "say(folded(1, b'\\0\\3'))",
        "RF-ENGINE-PROTOCOL",
    ),
    (
        "bytes after its end",
        "say(folded(1, b'\\0\\0more'))",
        "RF-ENGINE-PROTOCOL",
    ),
    (
        "emitted what is no event",
        "say(folded(1, b'\\x80' + struct.pack('<I', 1) + part(b'[1]') + b'\\0'))",
        "RF-ENGINE-PROTOCOL",
    ),
    (
        "emitted without end",
        "say(folded(1, b'\\x80' + b'\\xff' * 4 + b'\\0'))",
        "RF-ENGINE-PROTOCOL",
    ),
    (
        "a code that nobody gives",
        "say(b'\\1' + part(b'RF-NONE') + part(b'x') + b'\\0' + part(b''))",
        "RF-ENGINE-PROTOCOL",
    ),
    (
        "that it was cancelled",
        "say(b'\\1' + part(b'cancelled') + part(b'x') + b'\\0' + part(b''))",
        "RF-ENGINE-PROTOCOL",
    ),
    (
        "a fault of its own",
        "say(b'\\1' + part(b'RF-LIMIT-FUEL') + part(b'x') + b'\\0' + part(b''))",
        "RF-LIMIT-FUEL",
    ),
    (
        "two answers",
        "say(folded(1, b'\\0\\0')[:0] or b'\\0'); say(b'\\0')",
        "RF-ENGINE-PROTOCOL",
    ),
    (
        "a length beyond all",
        "line.sendall(b'\\xff' * 64)",
        "RF-ENGINE-PROTOCOL",
    ),
    (
        "a flood",
        "line.sendall(struct.pack('<I', 1 << 28))\n        while True: line.sendall(b'x' * 65536)",
        "RF-ENGINE-PROTOCOL",
    ),
];

#[test]
fn nothing_is_believed_that_does_not_hold_together() {
    for (what, answer, code) in ODD {
        let folder = tempfile::tempdir().unwrap();
        let body = format!(
            "
say(b'R\\3')
take(); say(LOADED)
while True:
    take()
    try:
        {answer}
    except OSError: pass
"
        );
        let program = load_by(&fake(folder.path(), &body), COUNTER).unwrap_or_else(|error| panic!("{what}: {error}"));
        let (state, fault) = folded(&program, &many(2));
        let (moment, fault) = fault.unwrap_or_else(|| panic!("{what} is believed"));
        assert_eq!((moment, fault.code), (1, *code), "{what}: {fault}");
        assert_eq!(state, "{}", "{what}");
        // What comes next does not suffer.
        assert_eq!(folded(&counter(), &many(2)), (r#"{"n":2}"#.to_owned(), None));
    }
}

#[test]
fn a_worker_that_does_not_answer_is_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let within = Duration::from_millis(400);
    for (body, code) in [
        ("time.sleep(600)", "RF-LIMIT-WALL"),
        ("say(b'hello')", "RF-ENGINE-PROTOCOL"),
        ("say(b'R\\3')\ntime.sleep(600)", "RF-LIMIT-WALL"),
        (
            "say(b'R\\3')\ntake()\nsay(b'\\0')\ntime.sleep(600)",
            "RF-ENGINE-PROTOCOL",
        ),
        ("sys.exit(1)", "RF-ENGINE-EXIT"),
    ] {
        let start = Start {
            loads_within: within,
            ..fake(folder.path(), body)
        };
        // The runtime of the fake must be up within that time too, where it is to say something first.
        let start = if code == "RF-LIMIT-WALL" {
            start
        } else {
            fake(folder.path(), body)
        };
        let error = load_by(&start, COUNTER).map(drop).unwrap_err();
        assert_eq!(error.code, code, "{body}: {error}");
    }
    let missing = Start {
        program: folder.path().join("missing"),
        ..Start::default()
    };
    assert_eq!(load_by(&missing, COUNTER).map(drop).unwrap_err().code, "RF-ENGINE");
}
