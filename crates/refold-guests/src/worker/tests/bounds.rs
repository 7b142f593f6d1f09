//! What a worker is held to: its walls on every thread, its memory, the time and the size of its answers; and that
//! nobody else pays for one that ends.

use std::cell::Cell;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};

use refold_core::port::handler::{HandlerFault, HandlerInstance};
use refold_core::work::CancelToken;

use super::super::frame::{HAS_FILTER, HELLO};
use super::super::process::{ARGUMENT, OWN_EXECUTABLE, tried};
use super::*;
use crate::error::{code, fault, had_ended};
use crate::heed_cancel;
use crate::undo::persistently;

#[test]
fn a_thread_that_was_there_before_is_behind_the_filter_too_and_landlock_is_not_claimed() {
    let (mut ours, theirs) = UnixStream::pair().unwrap();
    let mut worker = Command::new(OWN_EXECUTABLE)
        .args([ARGUMENT, tried::BESIDE_A_THREAD])
        .stdin(Stdio::from(OwnedFd::from(theirs)))
        .spawn()
        .unwrap();
    let mut hello = [0; 6];
    ours.read_exact(&mut hello).unwrap();
    assert_eq!(hello, [2, 0, 0, 0, HELLO, HAS_FILTER]);
    let threads = fs::read_dir(format!("/proc/{}/task", worker.id())).unwrap();
    let seen: Vec<String> = threads
        .map(|it| fs::read_to_string(it.unwrap().path().join("status")).unwrap())
        .collect();
    assert_eq!(seen.len(), 2);
    for status in seen {
        for line in ["NoNewPrivs:\t1", "Seccomp:\t2"] {
            assert!(status.lines().any(|it| it == line), "{line}\n{status}");
        }
    }
    // What is no request of ours ends it.
    ours.write_all(&[1, 0, 0, 0, 0]).unwrap();
    assert!(worker.wait().unwrap().success());
}

/// The worker has no room for all of these, and each is far from its own limit.
#[test]
fn how_many_guests_there_are_shows_in_no_state() {
    let start = Start {
        arguments: vec![ARGUMENT.to_owned(), tried::WITH_LITTLE_MEMORY.to_owned()],
        ..Start::default()
    };
    let source = "const kept = []
        export default { initial: () => ({ n: 0 }), on: { E(state) {
            try { kept.push(new ArrayBuffer(16 << 20)) } catch { state.was_refused = true }
            state.n++ } } }";
    let program = load_by(&start, source).unwrap();
    let list = many(1);
    let mut instances: Vec<Box<dyn HandlerInstance>> = (0..12).map(|_| program.start()).collect();
    for round in 0..2 {
        for (number, instance) in instances.iter_mut().enumerate() {
            if round == 0 {
                let applied = instance.apply(&list.batch.event(0), &list.names, &mut Written::off());
                applied.unwrap_or_else(|fault| panic!("{number}: {fault}"));
            }
            assert_eq!(text(&instance.state().unwrap()), r#"{"n":1}"#, "{number}");
        }
    }
}

#[test]
fn only_a_process_that_was_asked_counts_as_a_try_and_the_last_has_one_of_its_own() {
    let alone = Cell::new(0);
    let tries = |answers: &[HandlerFault]| {
        let mut asked = 0;
        alone.set(0);
        let outcome = persistently(|is_last| {
            alone.set(alone.get() + usize::from(is_last));
            asked += 1;
            answers.get(asked - 1).cloned().map_or(Ok(asked), Err)
        });
        (outcome.map_err(|fault| fault.code), asked)
    };
    let ended = fault(code::ENGINE_EXIT, "it ended");
    assert_eq!(tries(&vec![had_ended(); 5]), (Ok(6), 6));
    assert_eq!(alone.get(), 0);
    assert_eq!(tries(&vec![ended.clone(); 9]), (Err(code::ENGINE_EXIT), 3));
    assert_eq!(alone.get(), 1);
    assert_eq!(tries(&[ended.clone(), had_ended(), ended]), (Ok(4), 4));
    assert_eq!(alone.get(), 1);
    assert_eq!(tries(&vec![had_ended(); 99]), (Err(code::ENGINE_EXIT), 9));
    assert_eq!(alone.get(), 1);
}

#[test]
fn what_drips_is_given_up_and_can_be_cancelled() {
    let folder = tempfile::tempdir().unwrap();
    let body = "
say(b'R\\3')
take()
line.sendall(struct.pack('<I', 1 << 20))
while True: line.sendall(b'x'); time.sleep(0.01)";
    let start = fake(folder.path(), body);
    let given_up = |start: &Start| {
        let worker = Worker::started_by(start, GuestLimits::DEFAULT).unwrap();
        let fault = worker.tried(door::OPEN).unwrap_err();
        assert!(worker.is_lost());
        fault.code
    };
    let hasty = Start {
        answers_within: Duration::from_millis(300),
        ..start.clone()
    };
    assert_eq!(given_up(&hasty), "RF-LIMIT-WALL");
    let patient = Start {
        answers_within: Duration::from_secs(600),
        ..start
    };
    let token = CancelToken::default();
    let _heeds = heed_cancel(&token);
    let worker = Worker::started_by(&patient, GuestLimits::DEFAULT).unwrap();
    token.cancel();
    assert_eq!(worker.tried(door::OPEN).unwrap_err().code, code::CANCELLED);
}

/// What a worker answers in its turn: when it is loaded, to an event, and to the question for the state.
#[test]
fn answers_are_held_to_the_limits_of_the_handler() {
    const GOOD: &str = "folded(1, b'\\0\\0')";
    for (what, loaded, event, state) in [
        ("a state", "LOADED", GOOD, "folded(0, b'\\1' + part(b'1' * (17 << 20)))"),
        (
            "an answer",
            "LOADED",
            "folded(1, b'\\0\\0' + b'x' * (96 << 20))",
            "b'\\0'",
        ),
        (
            "a description",
            "b'\\0' + part(b' ' * (64 << 20) + ABOUT) + part(b'{}') + part(b'{}')",
            GOOD,
            "b'\\0'",
        ),
        (
            "a list of events",
            "LOADED",
            "folded(1, b'\\x80' + struct.pack('<I', 1001) + part(b'{\"type\":\"A\"}') * 1001 + b'\\0')",
            "b'\\0'",
        ),
        (
            "a message",
            "LOADED",
            "b'\\1' + part(b'RF-LIMIT-FUEL') + part(b'x' * (1 << 20)) + b'\\0' + part(b'')",
            "b'\\0'",
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let body = format!(
            "
say(b'R\\3')
for answer in ({loaded}, {event}, {state}):
    take()
    try: say(answer)
    except OSError: pass
take()"
        );
        let list = many(1);
        let ended = match load_by(&fake(folder.path(), &body), COUNTER) {
            Err(error) => error.code,
            Ok(program) => {
                let mut instance = program.start();
                let applied = instance.apply(&list.batch.event(0), &list.names, &mut Written::off());
                match applied.and_then(|_| instance.state()) {
                    Ok(state) => panic!("{what} beyond all is believed: {} bytes", text(&state).len()),
                    Err(fault) => fault.code,
                }
            }
        };
        assert_eq!(ended, "RF-ENGINE-PROTOCOL", "{what}");
    }
}

#[test]
fn what_a_script_throws_is_cut_where_it_is_long() {
    let source = "export default { initial: () => ({}), on: { E() { throw new Error('ä'.repeat(40000)) } } }";
    let (_, fault) = folded(&load_by(&Start::default(), source).unwrap(), &many(1));
    let (_, fault) = fault.unwrap();
    assert_eq!(fault.code, "RF-HANDLER-THROW");
    assert!(
        (60_000..=64 << 10).contains(&fault.message.len()),
        "{}",
        fault.message.len()
    );
}

#[test]
fn a_worker_that_had_many_guests_ends_with_the_last() {
    let program = counter();
    let list = many(1);
    let mut instances: Vec<_> = (0..9).map(|_| program.start()).collect();
    for instance in &mut instances {
        instance
            .apply(&list.batch.event(0), &list.names, &mut Written::off())
            .unwrap();
    }
    // One thread asks them all in turn.
    assert_eq!(program.workers().pids().len(), 1);
    drop(instances);
    assert!(program.workers().pids().is_empty());
    assert_eq!(folded(&program, &list), (r#"{"n":1}"#.to_owned(), None));
}

#[test]
fn beyond_so_many_guests_there_is_another_worker() {
    let program = counter();
    let list = many(1);
    let mut instances: Vec<_> = (0..65).map(|_| program.start()).collect();
    for instance in &mut instances {
        instance
            .apply(&list.batch.event(0), &list.names, &mut Written::off())
            .unwrap();
    }
    assert_eq!(program.workers().pids().len(), 2);
}

#[test]
fn a_guest_that_rests_keeps_no_worker_and_costs_no_second() {
    let source = "export default { initial: () => ({ n: 0 }), on: { E(state) { state.n++ } },
        invariants: { few: (state) => state.n < 5 } }";
    let program = load_by(&Start::default(), source).unwrap();
    let aside = program.aside();
    let condition = &program.conditions()[0];
    let state = program.start().state().unwrap();
    assert!(aside.holds(condition, &state).unwrap());
    let list = many(1);
    let mut others: Vec<_> = (0..9).map(|_| program.start()).collect();
    for instance in &mut others {
        instance
            .apply(&list.batch.event(0), &list.names, &mut Written::off())
            .unwrap();
    }
    assert_eq!(program.workers().pids().len(), 1);
    drop(others);
    // The one that rested is gone with it, and a new one answers.
    assert!(program.workers().pids().is_empty());
    assert!(aside.holds(condition, &state).unwrap());
}
