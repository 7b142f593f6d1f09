//! A branch is what doing the same to a list of events by hand gives, and without edits it is the record.

use std::convert::Infallible;
use std::sync::Arc;

use proptest::prelude::*;
use refold_core::event::{Columns, EventBatch};
use refold_core::finding::Findings;
use refold_core::fold::{Detail, FoldError};
use refold_core::history::{Budget, Clock, EventSource, History};
use refold_core::names::Names;
use refold_core::pointer::Pointer;
use refold_core::port::store::StoreError;
use refold_core::track::{Moment, StreamTrack};
use refold_core::value::Value;
use refold_core::work::{CancelToken, Silent, Work};

use super::super::tests::{APPENDS, KINDS, REFUSES, TAKES, batch_of, histories, program, shared, states};
use super::*;

/// The events of a batch, a few at a time.
struct Held<'b> {
    batch: &'b EventBatch,
    names: &'b Names,
    most: u32,
}

impl EventSource for Held<'_> {
    fn read(&mut self, _: &Work<'_>, from: Moment, to: Moment, batch: &mut EventBatch) -> Result<(), StoreError> {
        batch.clear();
        for row in from.0..to.0.min(from.0 + self.most) {
            batch.push(&self.batch.event(row as usize), Columns::PAYLOAD);
        }
        Ok(())
    }

    fn names(&self) -> &Names {
        self.names
    }
}

/// Makes the branch of a batch whose versions are 1, 2, 3, …
fn branch_of(edits: &Edits, batch: &EventBatch, names: &Names) -> Result<Branch, String> {
    let mut track = StreamTrack::default();
    track.extend(batch);
    let mut fetch = |index: u32, into: &mut EventBatch| {
        into.push(&batch.event(index as usize), Columns::ALL);
        Ok::<_, Infallible>(())
    };
    match Branch::of(edits, &track, names, &mut fetch) {
        Ok(branch) => Ok(branch),
        Err(BranchError::Edits(error)) => Err(error.to_string()),
        Err(BranchError::Read(never)) => match never {},
    }
}

/// What was seen of a row.
type Told = (Row, [Value; 2], [Option<Outcome>; 2], bool);

fn walked(taken: &str, edits: &Edits, history: &[(usize, i8)], most: u32) -> Result<Vec<Told>, String> {
    let (batch, names) = batch_of(history);
    let branch = Arc::new(branch_of(edits, &batch, &names)?);
    let held = || Held {
        batch: &batch,
        names: &names,
        most,
    };
    let mut source = BranchSource::new(Arc::clone(&branch), held(), Columns::PAYLOAD);
    let (token, program) = (CancelToken::default(), shared(&program(taken)));
    let work = Work::new(&token, &Silent);
    let mut told = Vec::new();
    let sources: [&mut dyn EventSource; 2] = [&mut held(), &mut source];
    walk(&work, program.as_ref(), &branch.rows(), sources, &mut |row, seen| {
        told.push((*row, seen.states.map(Value::clone), seen.outcomes.clone(), seen.differs));
        Ok::<_, FoldError>(())
    })
    .map_err(|error| error.to_string())?;
    Ok(told)
}

/// An edit in numbers, of which those mean something that fit.
type Deed = (u8, usize, usize, i8);

/// The deeds that can be done, as edits and as a list of events that they were done to by hand.
fn both(history: &[(usize, i8)], deeds: &[Deed]) -> (Edits, Vec<(usize, i8)>) {
    let named: Vec<(String, (usize, i8))> = history
        .iter()
        .enumerate()
        .map(|(at, event)| (format!("v{}", at + 1), *event))
        .collect();
    let (mut line, mut lines, mut inserted) = (named, Vec::new(), 0);
    for (kind, at, other, amount) in deeds {
        if line.is_empty() {
            break;
        }
        let (at, other) = (at % line.len(), other % line.len());
        let name = line[at].0.clone();
        match kind % 5 {
            0 => {
                line.remove(at);
                lines.push(format!(r#"{{"skip": "{name}"}}"#));
            }
            // A payload that is no JSON has no places.
            1 if KINDS.get(line[at].1.0) == Some(&"Broken") => {}
            1 => {
                line[at].1.1 = *amount;
                lines.push(format!(r#"{{"edit": "{name}", "set": {{"/n": {amount}}}}}"#));
            }
            2 => {
                line[at].1 = (line[at].1.0, *amount);
                if KINDS.get(line[at].1.0) == Some(&"Broken") {
                    // It is readable now: count it as one that is.
                    line[at].1.0 = KINDS.len();
                }
                lines.push(format!(r#"{{"edit": "{name}", "payload": {{"n": {amount}}}}}"#));
            }
            3 => {
                inserted += 1;
                line.insert(at + 1, (format!("+{inserted}"), (0, *amount)));
                lines.push(format!(
                    r#"{{"insert": "Added", "after": "{name}", "payload": {{"n": {amount}}}}}"#
                ));
            }
            _ if at != other => {
                let target = line[other].0.clone();
                let moved = line.remove(at);
                let to = line.iter().position(|(name, _)| *name == target).unwrap();
                line.insert(to, moved);
                lines.push(format!(r#"{{"move": "{name}", "before": "{target}"}}"#));
            }
            _ => {}
        }
    }
    let text = format!(r#"{{"refold": "whatif/1", "edits": [{}]}}"#, lines.join(", "));
    let edits = Edits::read("edits.json", text.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{text}"));
    (edits, line.into_iter().map(|(_, event)| event).collect())
}

/// The states of a list of events, whose readable `Broken` ones are numbered past the kinds.
fn by_hand(taken: &str, events: &[(usize, i8)]) -> Vec<(Value, bool)> {
    let kinds: Vec<(usize, i8)> = events
        .iter()
        .map(|(kind, n)| ((*kind).min(KINDS.len() - 1), *n))
        .collect();
    let (mut batch, names) = batch_of(&kinds);
    for (row, (kind, amount)) in events.iter().enumerate() {
        if *kind == KINDS.len() {
            let span = batch.store(format!("{{\"n\":{amount}}}").as_bytes());
            batch.payloads[row] = span;
        }
    }
    states(shared(&program(taken)).as_ref(), &batch, &names)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn a_branch_is_what_editing_the_list_by_hand_gives(
        history in histories(),
        deeds in prop::collection::vec((0_u8..5, 0_usize..64, 0_usize..64, -3_i8..6), 0..9),
        most in 1_u32..7,
    ) {
        let (edits, line) = both(&history, &deeds);
        for rule in [TAKES, APPENDS, REFUSES] {
            let told = walked(rule, &edits, &history, most).unwrap();
            let record = by_hand(rule, &history);
            let branch = by_hand(rule, &line);
            let mut seen = [0; 2];
            for (row, found, outcomes, differs) in &told {
                for (side, states) in [&record, &branch].into_iter().enumerate() {
                    let is_there = row.mark.sides()[side];
                    seen[side] += usize::from(is_there);
                    prop_assert_eq!(row.moments[side] as usize, seen[side]);
                    prop_assert_eq!(outcomes[side].is_some(), is_there);
                    if let Some(at) = seen[side].checked_sub(1) {
                        prop_assert_eq!(&found[side], &states[at].0, "{} {:?} {:?}", rule, row, edits);
                        let failed = matches!(outcomes[side], Some(Outcome::Failed(_) | Outcome::NotApplied));
                        prop_assert!(!failed || states[at].1);
                    }
                }
                prop_assert_eq!(*differs, found[0] != found[1]);
            }
            prop_assert_eq!(seen, [history.len(), line.len()]);
        }
    }

    /// A history reads a branch again and again, from anywhere.
    #[test]
    fn a_history_of_a_branch_has_its_states(
        history in histories(),
        deeds in prop::collection::vec((0_u8..5, 0_usize..64, 0_usize..64, -3_i8..6), 0..9),
        asked in prop::collection::vec(0_usize..64, 1..8),
    ) {
        struct Still;
        impl Clock for Still {
            fn now_nanos(&self) -> u64 {
                0
            }
        }
        let (edits, line) = both(&history, &deeds);
        let (batch, names) = batch_of(&history);
        let branch = Arc::new(branch_of(&edits, &batch, &names).unwrap());
        let held = Held { batch: &batch, names: &names, most: 3 };
        let mut source = BranchSource::new(Arc::clone(&branch), held, Columns::PAYLOAD);
        let (program, track) = (shared(&program(TAKES)), Arc::clone(branch.track()));
        let mut folded =
            History::new(program, track, Detail::State, Budget::default(), Arc::new(Still)).unwrap();
        let (token, findings, states) = (CancelToken::default(), Findings::default(), by_hand(TAKES, &line));
        for moment in asked.into_iter().filter(|moment| *moment <= line.len()) {
            let work = Work::new(&token, &Silent);
            let moment = Moment(u32::try_from(moment).unwrap());
            let found = folded.state_at(&work, &mut source, &findings, moment).unwrap();
            if let Some(at) = moment.event_index() {
                prop_assert_eq!(&found.state, &states[at].0);
            }
        }
    }

    #[test]
    fn without_edits_it_is_the_record(history in histories()) {
        let told = walked(TAKES, &Edits::none("-"), &history, 3).unwrap();
        for (row, [record, branch], [left, right], differs) in told {
            prop_assert_eq!(row.mark, RowMark::Kept);
            prop_assert_eq!((record, left), (branch, right));
            prop_assert!(!differs);
        }
    }
}

#[test]
fn what_a_file_says_is_done_in_its_order() {
    let toml = r##"
refold = "whatif/1"
name = "less"

[[edits]]
insert = "Added"
after = "v1"
payload = { n = 12.50 }
recorded_at = 2026-08-03T14:00:00Z

[[edits]]
edit = "+1"
set = { "/n" = 7 }

[[edits]]
move = "+1"
before = "#10"

[[edits]]
skip = "v2"
"##;
    let edits = Edits::read("edits.toml", toml.as_bytes()).unwrap();
    assert_eq!(edits.name.as_deref(), Some("less"));
    let said: Vec<String> = edits.edits.iter().map(|edit| edit.change.to_string()).collect();
    assert_eq!(
        said,
        [
            "Added is inserted after v1, recorded at 2026-08-03T14:00:00Z",
            "in +1 /n is 7",
            "+1 comes before #10",
            "v2 is left out"
        ]
    );
    let told = walked(TAKES, &edits, &[(0, 1), (0, 2), (1, 1)], 9).unwrap();
    let marks: Vec<&str> = told.iter().map(|(row, ..)| row.mark.id()).collect();
    assert_eq!(marks, ["inserted", "kept", "skipped", "kept"]);
    let sum = |state: &Value| Pointer::parse("/sum").unwrap().find(state).cloned();
    let sums: Vec<_> = told.iter().map(|(_, states, ..)| states.each_ref().map(sum)).collect();
    let number = |of: i64| Some(Value::Number(of.into()));
    assert_eq!(sums, [[0, 7], [1, 8], [3, 8], [2, 7]].map(|both| both.map(number)));
}

#[test]
fn a_list_of_edits_is_taken_as_a_file_of_them() {
    let said = |file: &str, text: &str| {
        let edits = Edits::read(file, text.as_bytes()).unwrap();
        assert_eq!(edits.name, None);
        edits
            .edits
            .iter()
            .map(|edit| edit.change.to_string())
            .collect::<Vec<_>>()
    };
    let told = ["v2 is left out", "v3 comes before v1"];
    let json = r#"[{"skip":"v2"},{"move":"v3","before":"v1"}]"#;
    assert_eq!(said("e.json", json), told);
    assert_eq!(said("e.yaml", "- skip: v2\n- { move: v3, before: v1 }\n"), told);
    assert_eq!(said("e.json", "[]"), [""; 0]);
    let wrong = Edits::read("e.json", br#"[{"skip":"v2"},7]"#).unwrap_err().to_string();
    assert!(
        wrong.contains("an edit must be a map") && wrong.ends_with("(e.json:1:16)"),
        "{wrong}"
    );
}

#[test]
fn edits_that_cannot_be_done_say_where_and_why() {
    let told = |line: &str| {
        let text = format!("refold: whatif/1\nedits:\n  - {{ skip: v3 }}\n  - {line}\n");
        let history = [(0, 1), (4, 1), (1, 1)];
        let (batch, names) = batch_of(&history);
        match Edits::read("e.yaml", text.as_bytes()) {
            Ok(edits) => branch_of(&edits, &batch, &names).map(drop).unwrap_err(),
            Err(error) => error.to_string(),
        }
    };
    for (line, expected) in [
        (
            "{ skip: v9 }",
            "the stream has no event v9; its versions are v1 to v3 (e.yaml:4:5)",
        ),
        (
            "{ skip: v3 }",
            "v3 was left out by an edit before this one (e.yaml:4:5)",
        ),
        (
            "{ skip: 3 }",
            "or as the first one inserted (+1), not `3` (e.yaml:4:13)",
        ),
        (
            "{ skip: v1, edit: v1 }",
            "an edit is exactly one of skip, edit, insert, move (e.yaml:4:5)",
        ),
        (
            "{ edit: v1 }",
            "nothing is edited; say `set`, `remove`, `payload`, `recorded_at` or `occurred_at` (e.yaml:4:5)",
        ),
        (
            "{ edit: v1, set: { /a/b: 1 } }",
            "the payload of v1 has nothing at /a that this could be done to (e.yaml:4:5)",
        ),
        (
            "{ edit: v1, remove: [ /m ] }",
            "the payload of v1 has nothing at /m that this could be done to (e.yaml:4:5)",
        ),
        (
            "{ edit: v1, set: { n: 1 } }",
            "or is empty for the whole state: n (e.yaml:4:24)",
        ),
        (
            "{ edit: v2, set: { /n: 1 } }",
            "give all of it as `payload` (e.yaml:4:5)",
        ),
        (
            "{ edit: v1, recorded_at: noon }",
            "`recorded_at` must be a time such as 2026-08-03T14:00:00Z (e.yaml:4:30)",
        ),
        (
            "{ insert: Added }",
            "say where: either `before` or `after` an event (e.yaml:4:5)",
        ),
        (
            "{ move: v1, after: v1 }",
            "v1 cannot come after v1: that is itself (e.yaml:4:5)",
        ),
        (
            "{ move: v1, after: +1 }",
            "there is no +1 at this edit: 0 inserted before it (e.yaml:4:5)",
        ),
        (
            "{ skip: v1, why: x }",
            "unknown key `why`; known here: skip (e.yaml:4:17)",
        ),
    ] {
        let found = told(line);
        assert!(
            found.starts_with("RF-EDITS: ") && found.ends_with(expected),
            "{line}: {found}"
        );
    }
}
