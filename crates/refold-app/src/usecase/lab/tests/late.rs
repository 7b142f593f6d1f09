//! A program whose state cannot be told after some events, as a session opens it: the masks are around it, and the fault is
//! told all the same.

use std::sync::Arc;

use refold_core::event::Position;
use refold_core::finding::Findings;
use refold_core::fold::{Detail, Fold};
use refold_core::track::Moment;

use super::*;
use crate::stream::Stream;
use crate::usecase::events::Events;
use crate::usecase::replayed::Replayed;

/// Counts. After `Bad` it cannot say its state, and after `Cleared` it can again.
const HANDLER: &str = "import json, sys
states = {}
for line in sys.stdin:
    asked = json.loads(line)
    answer = {'ok': True}
    if asked['cmd'] == 'init':
        answer['types'] = ['Good', 'Bad', 'Cleared']
        answer['ignored'] = []
    elif asked['cmd'] == 'reset':
        states = {}
    elif asked['cmd'] == 'load':
        states[asked['key']] = asked['state']
    elif asked['cmd'] in ('apply', 'state'):
        each = []
        for event in asked.get('events', []):
            state = states.setdefault(event['key'], {'n': 0})
            state['n'] += 1
            if event['type'] == 'Bad': state['bad'] = True
            if event['type'] == 'Cleared': state.pop('bad', None)
            each.append(dict(state))
        want = asked.get('want', 'final')
        said = each if want == 'each' else list(states.values())
        if want != 'none' and any('bad' in state for state in said):
            answer = {'ok': False, 'error': {'code': 'RF-STATE-UNSERIALIZABLE', 'message': 'it holds ada@example.org'}}
        elif want == 'each': answer['states'] = each
        elif want == 'final':
            answer['states'] = dict(states)
            answer['states'].setdefault(asked.get('key', ''), {'n': 0})
    elif asked['cmd'] == 'bye':
        break
    print(json.dumps(answer), flush=True)
";

/// The state can be told after the first, the fourth and the seventh.
const EVENTS: [(&str, &str); 8] = [
    ("Good", "{}"),
    ("Bad", "{}"),
    ("Good", "{}"),
    ("Cleared", "{}"),
    ("Bad", "{}"),
    ("Good", "{}"),
    ("Cleared", "{}"),
    ("Bad", "{}"),
];

/// The count that is told after so many events, and since which event it is not that after all of them.
const TOLD: [(&str, Option<u32>); 9] = [
    ("0", None),
    ("1", None),
    ("1", Some(2)),
    ("1", Some(2)),
    ("4", None),
    ("4", Some(5)),
    ("4", Some(5)),
    ("7", None),
    ("7", Some(8)),
];

struct Case {
    folder: TempDir,
}

impl Case {
    fn new(mask: Option<&str>) -> Case {
        let folder = tempfile::tempdir().unwrap();
        let version = folder.path().join("late/versions/1");
        std::fs::create_dir_all(&version).unwrap();
        let manifest =
            "format = \"refold-handler/1\"\nname = \"late\"\n[[version]]\nid = \"1\"\nruntime = \"process\"\n";
        std::fs::write(folder.path().join("late/handler.toml"), manifest).unwrap();
        let command = "command = [\"python3\", \"handler.py\"]\n";
        std::fs::write(version.join("process.toml"), command).unwrap();
        std::fs::write(version.join("handler.py"), HANDLER).unwrap();
        if let Some(mask) = mask {
            std::fs::write(folder.path().join("late/mask.toml"), mask).unwrap();
        }
        Case { folder }
    }

    fn handler(&self) -> String {
        self.folder.path().join("late").to_string_lossy().into_owned()
    }

    fn session(&self) -> Session {
        small::session(&EVENTS, self.folder.path())
    }
}

#[cfg(unix)]
#[test]
fn a_session_shows_no_other_state_under_a_moment_whatever_was_asked_before() {
    let (case, cancel) = (Case::new(None), CancelToken::default());
    let work = Work::new(&cancel, &Silent);
    let (session, handler) = (case.session(), case.handler());
    for detail in [Detail::State, Detail::Blame] {
        for order in [
            vec![8, 8, 3, 4, 0, 6],
            vec![1, 2, 3, 4, 5, 6, 7, 8, 2],
            vec![5, 7, 8, 1],
        ] {
            let mut replayed = Replayed::open(&work, &session, "person-1", Some(&handler), detail, "head").unwrap();
            for at in order {
                let folded = replayed.state_at(&work, Moment(at)).unwrap();
                let (count, since) = TOLD[at as usize];
                let state = String::from_utf8(folded.state.to_canonical()).unwrap();
                // Before the first event it says what it begins with.
                assert_eq!(state, format!("{{\"n\":{count}}}"), "{detail:?} {at}");
                assert_eq!(folded.moment, Moment(at));
                assert_eq!(folded.incomplete_since, since.map(Moment), "{detail:?} {at}");
                let fault = folded.fault.map(|(moment, fault)| (moment, fault.code));
                assert_eq!(fault, since.map(|since| (Moment(since), "RF-STATE-UNSERIALIZABLE")));
            }
        }
    }
}

#[cfg(unix)]
#[test]
fn what_is_said_late_may_quote_an_event_and_is_hidden_too() {
    for (mask, is_hidden) in [
        (None, false),
        (Some("refold = \"mask/1\"\n[[hide]]\npaths = [\"/email\"]\n"), true),
    ] {
        let (case, cancel) = (Case::new(mask), CancelToken::default());
        let work = Work::new(&cancel, &Silent);
        let session = case.session();
        let program = session.adopted(Some(&case.handler())).unwrap();
        let stream = Stream::load(&work, &session, "person-1", &Arc::default()).unwrap();
        let (mut fold, findings) = (
            Fold::new(program.as_ref(), Detail::State).unwrap(),
            Arc::<Findings>::default(),
        );
        let mut step = |_: Moment, event: &refold_core::event::EventView<'_>| {
            fold.step(event, stream.names(), None)?;
            Ok(true)
        };
        let to = Moment(2);
        stream
            .visit_while(&work, session.store(), &findings, Moment::START, to, &mut step)
            .unwrap();
        let (_, fault) = fold.folded().unwrap().fault.unwrap();
        assert_eq!(fault.message.contains("ada@example.org"), !is_hidden, "{fault}");
        let said = fold.take_untold().unwrap();
        assert_eq!(said.position, Some(Position(2)));
        assert_eq!(said.detail.contains("ada@example.org"), !is_hidden, "{}", said.detail);
    }
}

#[cfg(unix)]
#[test]
fn a_story_tells_of_its_last_event_that_its_state_cannot_be_told() {
    let (case, cancel) = (Case::new(None), CancelToken::default());
    let work = Work::new(&cancel, &Silent);
    let session = case.session();
    let asked = Events {
        to: Some("v2".to_owned()),
        ..Events::default()
    };
    let handler = case.handler();
    let mut told = Vec::new();
    let findings = usecase::story::story(&work, &session, "person-1", &asked, Some(&handler), &mut |line| {
        told.push(line.fault.is_some());
        Ok(())
    });
    assert_eq!(told, [false, true]);
    let codes: Vec<_> = findings.unwrap().into_iter().map(|it| (it.code, it.count)).collect();
    assert_eq!(codes, [("RF-STATE-UNSERIALIZABLE".to_owned(), 1)]);
}

/// A moment whose state cannot be told hides nothing of what comes later.
#[cfg(unix)]
#[test]
fn the_lab_goes_on_behind_a_state_that_cannot_be_told() {
    let (case, cancel) = (Case::new(None), CancelToken::default());
    let work = Work::new(&cancel, &Silent);
    let (session, handler) = (case.session(), case.handler());
    let checked = check(
        &work,
        &session,
        Scope::All,
        Some(&handler),
        Some("state.n < 5"),
        Keeping::Anew,
    );
    let checked = checked.unwrap().answer;
    assert!(!checked.exact, "{}", checked.sentence);
    let invariant = &checked.invariants[0];
    assert_eq!((invariant.broken_streams, invariant.unclear_streams), (1, 1));
    // The count is five at the fifth event, but only after the seventh is it told.
    assert_eq!(checked.violations[0].event.version.as_deref(), Some("7"));
    assert!(!checked.violations[0].holds_at_head);

    let edits = whatif::Edits::read("edits.json", br#"{"refold": "whatif/1", "edits": [{"skip": "v6"}]}"#).unwrap();
    let told = whatif::whatif(&work, &session, "person-1", Some(&handler), &edits).unwrap();
    let first = told.first_divergence.unwrap();
    assert_eq!(
        (first.event.event.version.as_deref(), first.place_count),
        (Some("7"), 1)
    );
    assert_eq!(told.at_head[0].path, "/n");
    let outcomes: Vec<_> = told
        .rows
        .iter()
        .map(|row| row.record.clone().unwrap_or_default())
        .collect();
    assert!(
        outcomes.iter().all(|outcome| !outcome.contains("had failed")),
        "{outcomes:?}"
    );
}
