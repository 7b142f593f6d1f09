use std::fmt::Write as _;
use std::path::PathBuf;

use proptest::prelude::*;
use refold_core::work::{CancelToken, Silent};

use super::*;
use crate::places::Places;

/// A store of our event shape. Events: stream, event id, causation id; empty: none.
struct Lab {
    folder: tempfile::TempDir,
    session: Session,
}

fn with_work<T>(run: impl FnOnce(&Work<'_>) -> T) -> T {
    run(&Work::new(&CancelToken::default(), &Silent))
}

fn lab(events: &[(&str, &str, &str)]) -> Lab {
    let folder = tempfile::tempdir().unwrap();
    let mut versions: HashMap<&str, u32> = HashMap::new();
    let mut lines = String::new();
    for (at, (stream, id, cause)) in events.iter().enumerate() {
        let version = versions.entry(stream).or_default();
        *version += 1;
        let mut line = serde_json::json!({
            "position": (at + 1).to_string(), "stream": stream, "version": version.to_string(), "type": "T",
            "correlation_id": "affair", "payload": {},
        });
        for (name, id) in [("event_id", id), ("causation_id", cause)] {
            if !id.is_empty() {
                line[name] = serde_json::Value::from(*id);
            }
        }
        writeln!(lines, "{line}").unwrap();
    }
    let store: PathBuf = folder.path().join("events.jsonl");
    std::fs::write(&store, lines).unwrap();
    let places = Places::below(folder.path());
    let session = with_work(|work| Session::open(work, store.to_str().unwrap(), None, &places)).unwrap();
    Lab { folder, session }
}

impl Lab {
    fn ask(&self, stream: &str, at: &str) -> Causation {
        with_work(|work| causation(work, &self.session, stream, at, false))
            .unwrap()
            .wire()
    }

    /// A line a row: role and steps, indent, the event, its notes.
    fn told(&self, stream: &str, at: &str) -> String {
        told(&self.ask(stream, at))
    }
}

fn told(answer: &Causation) -> String {
    let mut lines = String::new();
    for row in &answer.rows {
        let role = match row.role {
            CausationRole::Cause => "-",
            CausationRole::Asked => "=",
            CausationRole::Effect => "+",
        };
        let event = row.event.as_ref().map_or_else(
            || format!("({})", row.id),
            |event| format!("{} v{}", event.stream, event.version),
        );
        let indent = "  ".repeat(row.indent as usize);
        let notes: Vec<&str> = row.notes.iter().map(|note| note_text(*note)).collect();
        let notes = if notes.is_empty() {
            String::new()
        } else {
            format!(" [{}]", notes.join("; "))
        };
        writeln!(lines, "{indent}{role}{} {event}{notes}", row.steps).unwrap();
    }
    lines
}

const SHOP: [(&str, &str, &str); 7] = [
    ("cart-1", "e1", "request-9"),
    ("order-1", "e2", "e1"),
    ("payment-1", "e3", "e2"),
    ("stock-1", "e4", "e2"),
    ("payment-1", "e5", "e3"),
    ("mail-1", "e6", "e4"),
    ("order-1", "e7", "e5"),
];

#[test]
fn causes_stand_above_and_effects_below_across_streams() {
    let lab = lab(&SHOP);
    let expected = "\
-2 (request-9) [not in this store]
-1 cart-1 v1
=0 order-1 v1
  +1 payment-1 v1
  +2 payment-1 v2
  +3 order-1 v2
  +1 stock-1 v1
  +2 mail-1 v1
";
    assert_eq!(lab.told("order-1", "v1"), expected);
    // The same through the index of ids.
    with_work(|work| lab.session.build_ids(work)).unwrap();
    assert_eq!(lab.told("order-1", "v1"), expected);
    assert_eq!(
        lab.told("mail-1", "v1"),
        "-4 (request-9) [not in this store]\n-3 cart-1 v1\n-2 order-1 v1\n-1 stock-1 v1\n=0 mail-1 v1\n"
    );
}

#[test]
fn circles_shared_ids_and_effects_before_their_cause_are_said_and_end_the_walk() {
    let own = lab(&[("a", "x", "x")]);
    assert_eq!(
        own.told("a", "head"),
        "-1 a v1 [a circle: it stands in this tree already]\n=0 a v1\n  +1 a v1 [a circle: it stands in this tree already]\n"
    );
    let circle = lab(&[("a", "x", "y"), ("b", "y", "x")]);
    let expected = "\
-2 a v1 [a circle: it stands in this tree already]
-1 b v1
=0 a v1 [recorded before its cause]
  +1 b v1
  +2 a v1 [recorded before its cause; a circle: it stands in this tree already]
";
    assert_eq!(circle.told("a", "head"), expected);
    let shared = lab(&[("a", "x", ""), ("b", "x", ""), ("c", "y", "x"), ("d", "z", "y")]);
    assert_eq!(
        shared.told("c", "head"),
        "-1 b v1 [several events have this id]\n-1 a v1 [several events have this id]\n=0 c v1\n  +1 d v1\n"
    );
    let start = lab(&[("a", "x", "affair")]);
    assert_eq!(
        start.told("a", "head"),
        "-1 (affair) [its correlation id: no event has it]\n=0 a v1\n"
    );
    let silent = lab(&[("a", "", ""), ("b", "", "")]);
    assert_eq!(silent.told("a", "head"), "=0 a v1\n");
    let error = with_work(|work| causation(work, &silent.session, "a", "start", false)).unwrap_err();
    assert!(error.message.contains("before the first"), "{}", error.message);
}

#[test]
fn without_an_index_of_ids_what_lies_far_away_is_said_to_be_out_of_sight() {
    let ids: Vec<(String, String)> = (0..200)
        .map(|at| (format!("e{at}"), format!("e{}", at - 100)))
        .collect();
    let events: Vec<(&str, &str, &str)> = ids
        .iter()
        .map(|(id, cause)| ("a", id.as_str(), cause.as_str()))
        .collect();
    let lab = lab(&events);
    let near = lab.ask("a", "v150");
    assert_eq!(near.looked_at, Some(80));
    assert_eq!(told(&near), "-1 (e49) [not among the events nearby]\n=0 a v150\n");
    let all = with_work(|work| causation(work, &lab.session, "a", "v150", true))
        .unwrap()
        .wire();
    assert_eq!(all.looked_at, None);
    assert_eq!(told(&all), "-2 (e-51) [not in this store]\n-1 a v50\n=0 a v150\n");
    drop(lab.folder);
}

#[test]
fn a_long_chain_is_cut_and_says_so() {
    let ids: Vec<(String, String)> = (0..2_000)
        .map(|at| (format!("e{at}"), format!("e{}", at - 1)))
        .collect();
    let events: Vec<(&str, &str, &str)> = ids
        .iter()
        .map(|(id, cause)| ("a", id.as_str(), cause.as_str()))
        .collect();
    let lab = lab(&events);
    let answer = with_work(|work| causation(work, &lab.session, "a", "v500", true))
        .unwrap()
        .wire();
    assert!(answer.causes_are_cut && answer.effects_are_cut);
    assert_eq!(answer.asked as usize, MOST_CAUSES);
    assert_eq!(answer.rows.len(), MOST_CAUSES + 1 + MOST_EFFECTS);
    assert!(answer.rows.iter().all(|row| row.indent <= 1));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Ids that no one has, that several have, circles: the walk ends, shows each effect once, and an index changes
    /// nothing.
    #[test]
    fn any_ids_give_a_finite_tree_and_an_index_changes_nothing(ids in prop::collection::vec(("[a-f]?", "[a-h]?"), 1..20), at in 0_usize..20) {
        let events: Vec<(&str, &str, &str)> = ids.iter().map(|(id, cause)| ("s", id.as_str(), cause.as_str())).collect();
        let lab = lab(&events);
        let at = format!("v{}", at % events.len() + 1);
        let near = lab.ask("s", &at);
        prop_assert_eq!(near.looked_at, None);
        let effects: Vec<&CausationRow> = near.rows.iter().filter(|row| row.role == CausationRole::Effect).collect();
        let followed = effects.iter().filter(|row| !row.notes.contains(&CausationNote::Repeated) && !row.notes.contains(&CausationNote::Circle));
        let mut versions: Vec<&str> = followed.filter_map(|row| row.event.as_ref()).map(|event| event.version.as_str()).collect();
        versions.sort_unstable();
        let count = versions.len();
        versions.dedup();
        prop_assert_eq!(versions.len(), count);
        // Oracle: what can be reached from the ids of the asked event.
        let row: usize = at[1..].parse::<usize>().unwrap() - 1;
        let mut reached: HashSet<usize> = HashSet::new();
        let mut wanted = vec![events[row].1];
        while let Some(id) = wanted.pop() {
            for (other, (_, own, cause)) in events.iter().enumerate() {
                if !id.is_empty() && *cause == id && reached.insert(other) {
                    wanted.push(own);
                }
            }
        }
        reached.remove(&row);
        prop_assert_eq!(count, reached.len());
        let built = with_work(|work| causation(work, &lab.session, "s", &at, true)).unwrap().wire();
        prop_assert_eq!(told(&built), told(&near));
    }
}
