//! Whatever is wrong with a read model is found and named, and nothing else is.

mod oracle;
mod places;
mod telling;
mod unclear;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use refold_core::event::{Encoding, Position, Version};
use refold_core::work::{CancelToken, Silent};
use refold_stores::memory::{MemoryEvent, MemoryStore};

use super::answer::{Fault, FaultKind};
use super::*;

/// A state, or a row: column to literal; what is absent is not there.
type Fields = BTreeMap<&'static str, String>;

const COLUMNS: [&str; 3] = ["amount", "label", "open"];

/// One event: what it sets, `None` removes.
type Patch = Vec<(usize, Option<u8>)>;

#[derive(Debug, Clone)]
struct Told {
    stream: usize,
    patch: Patch,
}

fn literal(column: usize, value: u8) -> String {
    match column {
        // No float holds these apart.
        0 => format!("{}.5", 9_007_199_254_740_992_u64 + u64::from(value)),
        1 => format!("\"l{value}\""),
        _ => if value.is_multiple_of(2) { "true" } else { "false" }.to_owned(),
    }
}

/// As a table would hold it: amounts as text with more digits, truths as numbers.
fn stored(column: &str, literal: &str) -> String {
    match (column, literal) {
        ("amount", amount) => format!("\"{amount}00\""),
        ("open", "true") => "1".to_owned(),
        ("open", "false") => "0".to_owned(),
        (_, text) => text.to_owned(),
    }
}

/// The history of each stream: position and state after each event.
fn histories(events: &[Told]) -> BTreeMap<usize, Vec<(i64, Fields)>> {
    let mut all: BTreeMap<usize, Vec<(i64, Fields)>> = BTreeMap::new();
    for (event, position) in events.iter().zip(1..) {
        let history = all.entry(event.stream).or_default();
        let mut state = history.last().map(|(_, state)| state.clone()).unwrap_or_default();
        for (column, value) in &event.patch {
            match value {
                Some(value) => state.insert(COLUMNS[*column], literal(*column, *value)),
                None => state.remove(COLUMNS[*column]),
            };
        }
        history.push((position, state));
    }
    all
}

/// Several events a second, and a few at a whole one.
fn time_of(position: i64) -> Timestamp {
    Timestamp(1_750_000_000_000_000_000 + position * 700_000_000)
}

fn session(events: &[Told]) -> Session {
    numbered(events, 1)
}

/// The same, with versions that are so far apart.
fn numbered(events: &[Told], step: i64) -> Session {
    of_events(stored_events(events, step))
}

fn stored_events(events: &[Told], step: i64) -> Vec<MemoryEvent> {
    let mut versions: BTreeMap<usize, i64> = BTreeMap::new();
    let events = events.iter().zip(1..).map(|(event, position)| {
        let version = versions.entry(event.stream).or_default();
        *version += step;
        let members = event.patch.iter().map(|(column, value)| {
            let value = value.map_or("null".to_owned(), |value| literal(*column, value));
            format!("\"{}\":{value}", COLUMNS[*column])
        });
        let members: BTreeMap<String, ()> = members.map(|member| (member, ())).collect();
        let payload = members.into_keys().collect::<Vec<_>>().join(",");
        MemoryEvent {
            position: Position(position),
            stream: format!("order-{}", event.stream).into_bytes(),
            category: b"order".to_vec(),
            version: Version(*version),
            event_type: format!("Type{}", event.patch.len()).into_bytes(),
            recorded_at: time_of(position),
            payload: Some(format!("{{{payload}}}").into_bytes()),
            encoding: Encoding::Json,
            metadata: None,
        }
    });
    events.collect()
}

fn of_events(events: Vec<MemoryEvent>) -> Session {
    // The store has an index of its streams, so no cache is asked for; where one is, it is thrown away.
    let cache = tempfile::tempdir().unwrap();
    // Some number their events by twos.
    let store = MemoryStore::new("orders", events).skipping_versions();
    Session::of_store(Arc::new(store), "memory", cache.path())
}

/// How rows say how far they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Nobody,
    Version,
    Position,
    Time,
}

/// What a row says of how far it is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum OwnCell {
    Absent,
    /// What is no whole number and no time, as JSON.
    Garbage(&'static str),
    /// A version, a position or nanoseconds.
    At(i64),
}

/// A row: its stream, what it says of itself, and what it holds.
#[derive(Debug, Clone)]
struct Row {
    stream: usize,
    own: OwnCell,
    fields: Fields,
}

impl Row {
    fn json(&self, by: By) -> String {
        let mut members = vec![format!("\"id\":{}", self.stream)];
        match (&self.own, by) {
            (OwnCell::Absent, _) => {}
            (OwnCell::Garbage(json), _) => members.push(format!("\"own\":{json}")),
            (OwnCell::At(at), By::Time) => members.push(format!("\"own\":\"{}\"", text::time_label(Timestamp(*at), 9))),
            // As text too.
            (OwnCell::At(at), _) if at % 2 == 0 => members.push(format!("\"own\":{at}")),
            (OwnCell::At(at), _) => members.push(format!("\"own\":\"{at}\"")),
        }
        members.extend(
            self.fields
                .iter()
                .map(|(column, literal)| format!("\"{column}\":{}", stored(column, literal))),
        );
        format!("{{{}}}", members.join(","))
    }
}

fn drifted(events: &[Told], rows: &[Row], by: By, until: Option<i64>) -> DriftAnswer {
    drifted_in(&session(events), rows, by, until, 1_000)
}

fn drifted_in(session: &Session, rows: &[Row], by: By, until: Option<i64>, most_faults: usize) -> DriftAnswer {
    let folder = tempfile::tempdir().unwrap();
    let model = written(folder.path(), rows, by);
    ask(session, &model, until, most_faults).unwrap_or_else(|error| panic!("{error}: {}", error.hint))
}

/// An export of these rows, and its mapping beside it.
fn written(folder: &Path, rows: &[Row], by: By) -> PathBuf {
    let model = folder.join("model.jsonl");
    let lines: Vec<String> = rows.iter().map(|row| row.json(by)).collect();
    std::fs::write(&model, lines.join("\n") + "\n").unwrap();
    let own = match by {
        By::Nobody => "",
        By::Version => "version = \"own\"",
        By::Position => "position = \"own\"",
        By::Time => "recorded_at = \"own\"",
    };
    let mapping = format!(
        "format = \"refold-read-model/1\"\n[key]\nstream = \"order-{{id}}\"\n[position]\n{own}\n[columns]\n\
         amount = {{ path = \"/amount\", as = \"number\" }}\nlabel = {{ path = \"/label\", as = \"text\" }}\n\
         open = {{ path = \"/open\", as = \"boolean\" }}\n"
    );
    std::fs::write(mapping::beside(&model, None), mapping).unwrap();
    model
}

fn ask(session: &Session, model: &Path, until: Option<i64>, most_faults: usize) -> Result<DriftAnswer, AppError> {
    let cancel = CancelToken::default();
    let work = Work::new(&cancel, &Silent);
    let asked = DriftAsked {
        position: until.map(|position| format!("#{position}")),
        most_faults,
        ..asked_of(model)
    };
    drift(&work, session, &asked)
}

fn asked_of(model: &Path) -> DriftAsked {
    DriftAsked {
        read_model: model.display().to_string(),
        most_faults: 1_000,
        ..DriftAsked::default()
    }
}

/// A projection that lags, 120 faults of every kind among its rows: each is named, and no other row is.
#[test]
fn planted_faults_are_named_and_nothing_else_is() {
    let events: Vec<Told> = (0..6_000_usize)
        .map(|at| Told {
            stream: at * 7 % 1_000,
            patch: vec![(at % 3, Some((at % 199) as u8)), ((at + 1) % 3, Some((at % 97) as u8))],
        })
        .collect();
    let until = 4_500;
    let due = |history: &[(i64, Fields)]| history.iter().filter(|(position, _)| *position <= until).count();
    let mut rows: Vec<Row> = histories(&events)
        .iter()
        .filter(|(_, history)| due(history) > 0)
        .map(|(stream, history)| Row {
            stream: *stream,
            own: OwnCell::At(due(history) as i64),
            fields: history[due(history) - 1].1.clone(),
        })
        .collect();
    for by in [By::Nobody, By::Version] {
        let sound = drifted(&events, &rows, by, Some(until));
        assert_eq!(
            (sound.equal, sound.fault_count),
            (rows.len() as u32, 0),
            "no false alarm"
        );
        assert_eq!(sound.lag_events, Some(1_500));
    }
    let unasked = drifted(&events, &rows, By::Version, None);
    assert_eq!(unasked.lag_events, None, "nobody says how far the whole is");
    let mut planted: Vec<(FaultKind, String)> = Vec::new();
    for fault in 0..120 {
        let (at, name) = (fault * 7, format!("order-{}", rows[fault * 7].stream));
        let row = &mut rows[at];
        match fault % 5 {
            0 => {
                row.fields.insert("amount", "0.1".to_owned());
                planted.push((FaultKind::Different, name));
            }
            1 => {
                row.fields.remove("label");
                planted.push((FaultKind::Different, name));
            }
            2 => {
                let history = &histories(&events)[&row.stream];
                row.fields = history[due(history) - 2].1.clone();
                row.own = OwnCell::At(due(history) as i64 - 1);
                // The read model is past the event: what it changed is lacking.
                let due = &history[due(history) - 1].1;
                let lacking = COLUMNS
                    .iter()
                    .filter(|column| due.get(*column) != row.fields.get(*column));
                planted.extend(lacking.map(|_| (FaultKind::Different, name.clone())));
            }
            // Taken out below.
            3 => planted.push((FaultKind::Missing, name)),
            _ => {
                row.stream += 10_000;
                planted.push((FaultKind::Missing, name));
                planted.push((FaultKind::Extra, row.stream.to_string()));
            }
        }
    }
    let mut number = 0;
    rows.retain(|_| {
        let is_kept = !(number % 7 == 0 && number / 7 < 120 && number / 7 % 5 == 3);
        number += 1;
        is_kept
    });
    for by in [By::Nobody, By::Version] {
        let answer = drifted(&events, &rows, by, Some(until));
        let named = |fault: &Fault| match fault.kind {
            FaultKind::Extra => (fault.kind, fault.key.to_string()),
            kind => (kind, fault.stream.as_ref().unwrap().to_string()),
        };
        let mut found: Vec<(FaultKind, String)> = answer.faults.iter().map(named).collect();
        found.sort();
        planted.sort();
        assert_eq!(found, planted);
        assert!(
            answer
                .faults
                .iter()
                .all(|fault| fault.kind == FaultKind::Extra || fault.version.is_some())
        );
        assert_eq!(
            (answer.missing, answer.extra, answer.different, answer.lost_updates),
            (48, 24, 72, 24)
        );
    }
}

#[test]
fn a_stream_that_came_later_than_all_that_rows_reflect_is_not_called_missing() {
    let told = |stream| Told {
        stream,
        patch: vec![(0, Some(1))],
    };
    let events = [told(1), told(2), told(3)];
    let row = |stream| Row {
        stream,
        own: OwnCell::Absent,
        fields: histories(&events)[&stream][0].1.clone(),
    };
    let answer = drifted(&events, &[row(2)], By::Nobody, None);
    let kinds: Vec<FaultKind> = answer.faults.iter().map(|fault| fault.kind).collect();
    assert_eq!(
        kinds,
        [FaultKind::Missing, FaultKind::Behind],
        "the first is before the row that is there"
    );
    assert_eq!(
        drifted(&events, &[row(2)], By::Nobody, Some(3)).missing,
        2,
        "it is said that all were come past"
    );
}

#[test]
fn doubled_and_keyless_rows_are_extra() {
    let events = [Told {
        stream: 1,
        patch: vec![(0, Some(1))],
    }];
    let row = Row {
        stream: 1,
        own: OwnCell::Absent,
        fields: histories(&events)[&1][0].1.clone(),
    };
    let answer = drifted(&events, &[row.clone(), row], By::Nobody, None);
    assert_eq!((answer.rows, answer.equal, answer.extra), (2, 1, 1));
    assert_eq!(answer.faults[0].why.as_deref(), Some("an earlier row has the same key"));
}

#[test]
fn without_a_mapping_nothing_is_assumed() {
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("model.csv");
    std::fs::write(&model, "id,amount\n1,2\n").unwrap();
    let error = ask(
        &session(&[Told {
            stream: 1,
            patch: Vec::new(),
        }]),
        &model,
        None,
        1_000,
    )
    .unwrap_err();
    assert!(error.message.contains("model.csv.toml"), "{}", error.message);
    assert!(error.typed.contains("--guess"), "{error:?}");
    for (mapping, said) in [
        (
            "format = \"refold-read-model/2\"\n[key]\nstream=\"{id}\"\n[columns]",
            "refold-read-model/2",
        ),
        (
            "format = \"refold-read-model/1\"\n[key]\nstream=\"id\"\n[columns]",
            "names no column",
        ),
        (
            "format = \"refold-read-model/1\"\n[key]\nstream=\"{id}\"\n[columns]\namount={path=\"/a\",as=\"money\"}",
            "money",
        ),
        (
            "format = \"refold-read-model/1\"\n[key]\nstream=\"{id}\"\n[columns]\namount={as=\"number\"}",
            "`path`",
        ),
        ("format = \"refold-read-model/1\"\nkay = 1", "kay"),
    ] {
        std::fs::write(mapping::beside(&model, None), mapping).unwrap();
        let error = ask(
            &session(&[Told {
                stream: 1,
                patch: Vec::new(),
            }]),
            &model,
            None,
            1_000,
        )
        .unwrap_err();
        assert!(error.message.contains(said), "{mapping}: {}", error.message);
    }
}

/// Snapshots as libraries keep them: several of a stream, the state as JSON in one column.
/// What is wrong is the file that was named, and not the store.
#[test]
fn what_is_no_read_model_is_told_for_what_it_is() {
    let (folder, session) = (tempfile::tempdir().unwrap(), session(&[]));
    let model = written(folder.path(), &[], By::Nobody);
    let told = |file: &Path| ask(&session, file, None, 10).unwrap_err();
    let mapping = told(&mapping::beside(&model, None));
    assert_eq!(mapping.code, crate::ErrorCode::InvalidInput);
    assert!(
        mapping
            .message
            .starts_with("the read model: this is the mapping of one"),
        "{mapping}"
    );
    let ragged = folder.path().join("ragged.csv");
    std::fs::write(&ragged, "id,amount,label,open\n1\n").unwrap();
    std::fs::copy(mapping::beside(&model, None), mapping::beside(&ragged, None)).unwrap();
    let none = folder.path().join("none.db");
    for (file, why) in [(&ragged, "row 1 cannot be read"), (&none, "it cannot be reached")] {
        let error = told(file);
        assert!(
            error.message.starts_with(&format!("the read model: {why}")) && !error.message.contains("store"),
            "{error}"
        );
    }
}

#[test]
fn the_latest_snapshot_of_each_stream_is_held_against_a_replay_to_its_version() {
    let events: Vec<Told> = (0..300_usize)
        .map(|at| Told {
            stream: at % 30,
            patch: vec![(at % 3, Some((at % 5) as u8)), ((at + 1) % 3, Some((at % 7) as u8))],
        })
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("snapshots.jsonl");
    let mut lines = Vec::new();
    for (stream, history) in histories(&events) {
        for version in [3, 7] {
            let mut state = history[version - 1].1.clone();
            // The latest of one stream is wrong, and an earlier one of another.
            if (stream, version) == (4, 7) || (stream, version) == (5, 3) {
                state.insert("label", "\"wrong\"".to_owned());
            }
            let state: Vec<String> = state
                .iter()
                .map(|(column, literal)| format!("\"{column}\":{literal}"))
                .collect();
            lines.push(format!(
                "{{\"originator_id\":\"order-{stream}\",\"originator_version\":{version},\"state\":{{\"topic\":\"Order\",\"state\":{{{}}}}}}}",
                state.join(",")
            ));
        }
    }
    std::fs::write(&file, lines.join("\n")).unwrap();
    let session = session(&events);
    let cancel = CancelToken::default();
    let work = Work::new(&cancel, &Silent);
    let home = tempfile::tempdir().unwrap();
    let session = Session::of_store(Arc::clone(session.store()), "memory", home.path());
    let guessed = guess::guess(&work, &session, &file.display().to_string(), None, None).unwrap();
    assert!(guessed.takes_latest, "{}", guessed.mapping);
    assert!(
        guessed.mapping.contains("\"state#/state/label\" = { path = \"/label\""),
        "{}",
        guessed.mapping
    );
    std::fs::write(mapping::beside(&file, None), &guessed.mapping).unwrap();
    let answer = ask(&session, &file, None, 1_000).unwrap();
    // The last three events of each stream came after its snapshot: it is behind, and its version says so.
    assert_eq!(
        (answer.rows, answer.older, answer.behind, answer.different),
        (60, 30, 29, 1)
    );
    let wrong: Vec<&Fault> = answer
        .faults
        .iter()
        .filter(|fault| fault.kind == FaultKind::Different)
        .collect();
    assert_eq!(wrong.len(), 1);
    assert_eq!(
        (
            wrong[0].stream.as_ref().unwrap().to_string().as_str(),
            wrong[0].at.as_deref()
        ),
        ("order-4", Some("7"))
    );
}
