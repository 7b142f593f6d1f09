//! What a program is told ahead in more than one batch, so that it works on one while another is folded: nothing of it
//! shows in what comes of the events.

use std::process::Command;
use std::sync::{Arc, LazyLock};
use std::thread;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use refold_core::event::EventView;
use refold_core::fold::{Detail, Fold, FoldCheckpoint, FoldError};
use refold_core::port::handler::{Coming, HandlerProgram, StatesAsked};
use refold_core::work::CancelToken;

use super::super::child::Child;
use super::super::pipeline::{Batch, Pipeline};
use super::*;
use crate::heed_cancel;
use crate::tests::{Events, ahead, text};
use crate::undo::Folded;

/// Counts, and keeps nothing of what it is sent. What it does over an event of the type `Bad` stands between.
const COUNTER: (&str, &str) = (
    "
states = {}
for line in sys.stdin:
    asked = json.loads(line)
    if asked['cmd'] == 'init':
        say({'ok': True, 'types': ['Good', 'Bad'], 'ignored': ['Quiet']})
    elif asked['cmd'] == 'state':
        say({'ok': True, 'states': {asked['key']: states.get(asked['key'], 0)}})
    elif asked['cmd'] == 'load':
        states[asked['key']] = asked['state']
        say({'ok': True})
    elif asked['cmd'] == 'reset':
        states = {}
        say({'ok': True})
    elif asked['cmd'] == 'apply':
        each, answer = [], {'ok': True}
        for at, event in enumerate(asked['events']):
            states[event['key']] = states.get(event['key'], 0) + 1
            if event['type'] == 'Bad':
                ",
    "
            each.append(states[event['key']])
        if asked['want'] == 'each': answer.setdefault('states', each)
        elif asked['want'] == 'final': answer.setdefault('states', states)
        say(answer)
    else:
        break
",
);

const THROWS: &str = "answer = {'ok': False, 'at': at, 'error': {'message': 'no', 'place': 'handler.py:9'}}; break";

fn counter(over_bad: &str, limits: GuestLimits) -> ProcessProgram {
    let source = [COUNTER.0, over_bad, COUNTER.1].concat();
    load(&source, limits, &walls().swap_remove(0)).unwrap_or_else(|error| panic!("{error}"))
}

/// An object that is so long as it is written that few events fill a batch.
fn long() -> String {
    format!("{{{}}}", " ".repeat(12_000))
}

/// Events of three streams, of these types in turn, each as long.
fn long_events(types: &[&str]) -> Events {
    let long = long();
    let list: Vec<(&str, &str)> = types.iter().map(|name| (*name, long.as_str())).collect();
    ahead::of_streams(&list)
}

/// The calls of a fold over all events of a stream.
fn calls_of(events: &Events, stream: usize) -> impl Iterator<Item = Coming<'_, FoldCheckpoint>> {
    let events = events_of(events, stream).map(Coming::Event);
    std::iter::once(Coming::Reset).chain(events).chain([Coming::State])
}

fn events_of(events: &Events, stream: usize) -> impl Iterator<Item = EventView<'_>> {
    let rows = stream * ahead::EVENTS..(stream + 1) * ahead::EVENTS;
    rows.map(|row| events.batch.event(row))
}

/// What comes of each stream, told as a rebuild tells it: its state, and where which fault stopped it.
fn rebuilt(program: &dyn HandlerProgram, events: &Events) -> Vec<(String, Option<(u32, String)>)> {
    let mut fold = Fold::new(program, Detail::State).unwrap();
    let streams = 0..ahead::STREAMS;
    fold.look_ahead_over(
        &mut streams.clone().flat_map(|stream| calls_of(events, stream)),
        &events.names,
    );
    let folded = streams.map(|stream| {
        fold.reset().unwrap();
        fold.look_ahead(&mut events_of(events, stream), &events.names, StatesAsked::LastState);
        for event in events_of(events, stream) {
            fold.step(&event, &events.names, None).unwrap();
        }
        let folded = fold.folded().unwrap();
        let fault = folded.fault.map(|(moment, fault)| (moment.0, fault.to_string()));
        (text(&folded.state), fault)
    });
    folded.collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever is told in however many batches, and whatever is done then: the answers are those of a program that was
    /// told nothing.
    #[test]
    fn batches_that_are_under_way_change_no_answer(deeds in ahead::deeds()) {
        static THROWING: LazyLock<ProcessProgram> = LazyLock::new(|| counter(THROWS, GuestLimits::DEFAULT));
        let list = long_events(&["Good", "Good", "Quiet", "Good", "Strange", "Good", "Good", "Good", "Good", "Good", "Bad"]);
        ahead::change_no_answer(&*THROWING, &list, &deeds);
    }
}

/// However a program fails in the middle of what it was told, it is said of the event that it failed at, and of no other.
#[test]
fn what_fails_in_a_later_batch_is_the_event_that_fails() {
    let limits = GuestLimits {
        wall_millis: 1_500,
        ..GuestLimits::DEFAULT
    };
    let list = long_events(&[
        "Good", "Good", "Good", "Good", "Good", "Good", //
        "Good", "Good", "Good", "Bad", "Good", "Good", //
        "Good", "Good", "Good", "Good", "Good", "Good",
    ]);
    for (over_bad, said) in [
        (THROWS, "RF-HANDLER-THROW: no (handler.py:9)"),
        (
            "os._exit(3)",
            "RF-PROC-EXIT: the program ended before it answered, with the code 3",
        ),
        ("time.sleep(60)", "RF-LIMIT-WALL: "),
        (
            "while True: sys.stdout.write('x' * 65536)",
            "RF-LIMIT-OUTPUT: the program answers with more",
        ),
        (
            "while True: sys.stderr.write('x' * 65536)",
            "RF-LIMIT-OUTPUT: the program writes more",
        ),
        ("answer = []; break", "RF-PROC-PROTOCOL: "),
        ("os.write(1, b'{\"ok\":true}\\n' * 2)", "RF-PROC-PROTOCOL: "),
        ("os.close(0); os.close(1); os._exit(0)", "RF-PROC-EXIT: "),
    ] {
        let program = counter(over_bad, limits);
        let streams = rebuilt(&program, &list);
        let [first, second, third] = streams.as_slice() else {
            panic!("{streams:?}")
        };
        assert_eq!(
            (first, third),
            (&("6".to_owned(), None), &("6".to_owned(), None)),
            "{over_bad}"
        );
        let (state, Some((moment, fault))) = second else {
            panic!("{over_bad} is no fault")
        };
        assert_eq!((state.as_str(), *moment), ("3", 4), "{over_bad}: {fault}");
        assert!(fault.starts_with(said), "{over_bad}: {fault}");
    }
}

/// Both pipes are full, and each side would wait for the other to read.
#[test]
fn a_program_that_writes_much_before_it_reads_is_heard() {
    let source = "
import os
unread, states = b'', {}
def line():
    global unread
    if not unread: unread = os.read(0, 100)
    # The answer begins with as much room as JSON may have, before the question was read.
    if unread.startswith(b'{\"cmd\":\"apply\"'): os.write(1, b' ' * 900_000)
    while b'\\n' not in unread: unread += os.read(0, 65_536) or sys.exit()
    first, _, unread = unread.partition(b'\\n')
    return first
while True:
    asked = json.loads(line())
    if asked['cmd'] == 'reset': states = {}
    for event in asked.get('events', []): states[event['key']] = states.get(event['key'], 0) + 1
    key = asked.get('key')
    say({'ok': True, 'states': states if key is None else {key: states.get(key, 0)}})
";
    let program = load(source, GuestLimits::DEFAULT, &walls().swap_remove(0)).unwrap_or_else(|error| panic!("{error}"));
    let longer = format!("{{{}}}", " ".repeat(300_000));
    for payload in [long(), longer] {
        let events = ahead::of_streams(&[("Good", payload.as_str())]);
        let folded = rebuilt(&program, &events);
        assert_eq!(folded, vec![("6".to_owned(), None); ahead::STREAMS]);
    }
}

/// JSON says what is no UTF-8 in one way: as the program knows them they are one stream, and each still begins anew.
#[test]
fn streams_whose_names_are_written_alike_share_no_state() {
    let program = counter("pass", GuestLimits::DEFAULT);
    let events = ahead::of_named_streams(&[("Good", "{}")], |stream| vec![b'o', 0xff - stream as u8]);
    let count = ahead::EVENTS.to_string();
    assert_eq!(rebuilt(&program, &events), vec![(count, None); ahead::STREAMS]);
}

/// It works for long on what it was told, and nobody wants to know any more.
#[test]
fn what_is_not_asked_for_any_more_is_no_fault() {
    let limits = GuestLimits {
        wall_millis: 1_500,
        ..GuestLimits::DEFAULT
    };
    for over_bad in ["time.sleep(60)", "os._exit(3)", "answer = []; break", THROWS] {
        let program = counter(over_bad, limits);
        let good = long_events(&["Good"]);
        // In several batches, and in one.
        for bad in [long_events(&["Bad"]), ahead::of_streams(&[("Bad", "{}")])] {
            let mut fold = Fold::new(&program, Detail::State).unwrap();
            let mut told = (0..ahead::STREAMS).flat_map(|stream| calls_of(&bad, stream));
            fold.look_ahead_over(&mut told, &bad.names);
            fold.reset().unwrap();
            for event in events_of(&good, 0) {
                fold.step(&event, &good.names, None).unwrap();
            }
            let folded = fold.folded().unwrap();
            assert_eq!((text(&folded.state).as_str(), folded.fault), ("6", None), "{over_bad}");
        }
    }
}

#[test]
fn a_batch_under_way_is_not_waited_for_once_the_work_is_cancelled() {
    let limits = GuestLimits {
        wall_millis: 60_000,
        ..GuestLimits::DEFAULT
    };
    let program = counter("time.sleep(60)", limits);
    let list = long_events(&[
        "Good", "Good", "Good", "Good", "Good", "Good", "Good", "Good", "Good", "Bad", "Good", "Good",
    ]);
    let (token, started) = (CancelToken::default(), Instant::now());
    let _heeds = heed_cancel(&token);
    let mut fold = Fold::new(&program, Detail::State).unwrap();
    fold.look_ahead_over(&mut (0..2).flat_map(|stream| calls_of(&list, stream)), &list.names);
    fold.reset().unwrap();
    for event in events_of(&list, 0) {
        fold.step(&event, &list.names, None).unwrap();
    }
    token.cancel();
    fold.reset().unwrap();
    let stepped = events_of(&list, 1).try_for_each(|event| fold.step(&event, &list.names, None));
    assert!(matches!(stepped, Err(FoldError::Cancelled(_))), "{stepped:?}");
    drop(fold);
    // Far less than it may take, and far more than it should on a machine that does much else.
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
}

#[test]
fn the_states_that_folds_begin_with_fill_a_batch_too() {
    let saved: Arc<[u8]> = Arc::from(vec![b' '; 40 << 10]);
    let mut batch = Batch::default();
    batch.push(b"{}", Folded::Done, Some(&saved));
    assert!(!batch.is_full(1, 1 << 10));
    assert!(batch.is_full(1, 10 << 10));
}

/// Without this Refold and its program would take turns.
#[test]
fn a_program_works_on_a_batch_while_the_one_before_is_folded() {
    let mut command = Command::new("/bin/sh");
    // One line for the one that lets it forget all states, and one for the events.
    command.args(["-c", r#"while read -r line; do echo '{"ok":true}'; done"#]);
    let mut child = Child::start(command).unwrap();
    let (limits, saved) = (GuestLimits::DEFAULT, Arc::from([]));
    let frames = [b"{\"key\":\"a\"}", b"{\"key\":\"b\"}"];
    let mut told = Pipeline::default();
    for frame in frames {
        let mut batch = Batch::default();
        batch.forget();
        batch.push(frame, Folded::Done, Some(&saved));
        told.tell(batch, &mut child, &limits).unwrap();
    }
    assert_eq!(told.hear(&mut child, &limits), Ok(true));
    // Nobody asks for what came of the second, and its answer comes.
    let deadline = Instant::now() + Duration::from_secs(10);
    while !child.is_answered() {
        assert!(Instant::now() < deadline, "the program has nothing to do");
        thread::yield_now();
    }
    for frame in frames {
        assert_eq!(told.begin(&saved), Some(frame.as_slice()));
        assert_eq!(told.hear(&mut child, &limits), Ok(true));
        assert!(
            told.take()
                .is_some_and(|came| came.folded == Ok(Folded::Done) && came.state.is_none())
        );
    }
    assert!(told.is_empty());
}
