use std::collections::BTreeMap;

use proptest::prelude::*;
use refold_core::event::{Encoding, Position, Version};
use refold_core::value::Value;
use refold_core::value::is_hidden;
use refold_core::work::Silent;
use refold_stores::memory::{MemoryEvent, MemoryStore};

use super::*;
use crate::wire::{Axis, EventRow, FindingWire};

const STREAM: &str = "order-\u{1b}[31m\u{202e}\u{9b}2J";

fn history(payloads: &[(&[u8], Encoding)]) -> OpenedHistory {
    open(session(payloads, std::path::Path::new("/nowhere")), Arc::new(|_| {}))
}

fn open(session: Session, sink: HistorySink) -> OpenedHistory {
    let cancel = CancelToken::default();
    let work = Work::new(&cancel, &Silent);
    OpenedHistory::open(&work, &Arc::new(session), STREAM, None, News::new(1, sink)).unwrap()
}

fn session(payloads: &[(&[u8], Encoding)], cache: &std::path::Path) -> Session {
    let events = payloads
        .iter()
        .zip(1..)
        .map(|((payload, encoding), place)| MemoryEvent {
            position: Position(place),
            stream: STREAM.as_bytes().to_vec(),
            category: b"\x1b]0;title\x07".to_vec(),
            version: Version(place),
            event_type: b"Typed\xffWrong\x08".to_vec(),
            recorded_at: Timestamp(place * 1_000_000_000),
            payload: Some(payload.to_vec()),
            encoding: *encoding,
            metadata: Some(b"{\"m\":\"\x7f\"".to_vec()),
        });
    let store = MemoryStore::new("hostile", events.collect());
    Session::of_store(Arc::new(store), "memory", cache)
}

fn query(seq: u32, lens: Lens, moment: u32) -> StateQuery {
    StateQuery {
        seq,
        lens,
        moment,
        base: None,
        open_depth: 2,
        toggled: Vec::new(),
        only_changes: false,
        part: 0,
        first_row: 0,
        row_count: 50,
        is_whole: false,
        asked: None,
    }
}

/// Of v1, v2, v4 and v5 the third is missing: who asks for it, or for a time at which it may have been there, sees the state
/// at v2 as one that may lack it; who looks at v2 itself does not.
#[test]
fn a_frame_says_that_what_was_asked_for_is_missing() {
    let events = [1_i64, 2, 4, 5].map(|version| MemoryEvent {
        position: Position(version * 10),
        stream: STREAM.as_bytes().to_vec(),
        category: b"order".to_vec(),
        version: Version(version),
        event_type: b"Counted".to_vec(),
        recorded_at: Timestamp(version * 1_000_000_000),
        payload: Some(format!("{{\"n\":{version}}}").into_bytes()),
        encoding: Encoding::Json,
        metadata: None,
    });
    let store = Arc::new(MemoryStore::new("gap", events.to_vec()));
    let session = Session::of_store(store, "memory", std::path::Path::new("/nowhere"));
    let history = open(session, Arc::new(|_| {}));
    let cases = [
        (2, None, ""),
        (2, Some("v2"), ""),
        (2, Some("v3"), "3"),
        (2, Some("#25"), "3"),
        (2, Some("1970-01-01T00:00:02.5Z"), "3"),
        (1, Some("1970-01-01T00:00:01.5Z"), ""),
        (3, None, "4"),
        (3, Some("v4"), "4"),
        (4, Some("head"), "4"),
        // It leads somewhere else by now: the moment counts.
        (1, Some("v3"), ""),
    ];
    for (seq, (moment, asked, since)) in (1..).zip(cases) {
        for (lens, part) in [(Lens::State, 0), (Lens::Diff, 1), (Lens::Blame, 2)] {
            let asked = asked.map(str::to_owned);
            let query = StateQuery {
                asked: asked.clone(),
                ..query(seq * 3 + part, lens, moment)
            };
            let frame = history.state_frame(&query).unwrap();
            let told = (frame.moment, frame.incomplete_since.as_str());
            assert_eq!(told, (moment, since), "{lens:?} at {asked:?}");
        }
    }
    let cancel = CancelToken::default();
    let work = Work::new(&cancel, &Silent);
    let told = history.why_not(&work, "/n", (0, 2)).unwrap();
    assert_eq!(told.incomplete_since, "");
    let told = history.why_not(&work, "/n", (0, 4)).unwrap();
    assert_eq!(told.incomplete_since, "4");
}

/// All that is for eyes. A row's pointer is a handle, and the text of the record.
fn all_texts(frame: &StateFrame) -> Vec<&str> {
    let mut texts = vec![
        frame.version.as_str(),
        &frame.position,
        &frame.recorded_at,
        &frame.event_type,
        &frame.incomplete_since,
        &frame.fault,
        &frame.handler,
    ];
    for row in &frame.rows {
        texts.extend([
            row.key.as_str(),
            &row.value,
            &row.before,
            &row.changed_version,
            &row.changed_type,
        ]);
    }
    texts
}

#[test]
fn hostile_events_are_shown_harmless_and_none_is_left_out() {
    let deep = [b"[".repeat(100_000), b"]".repeat(100_000)].concat();
    let long = format!("{{\"long\":\"{}\"}}", "x".repeat(3 << 20));
    let payloads: Vec<(&[u8], Encoding)> = vec![
        (b"{\"\\u001b[2J\":\"\\u202e\xc2\x9b\"}", Encoding::Json),
        (
            b"{\"a\":1,\"a\":2,\"n\":-0,\"big\":1e400,\"s\":\"\\ud800\"}",
            Encoding::Json,
        ),
        (long.as_bytes(), Encoding::Json),
        (b"{\"\xff\":1}", Encoding::Json),
        (b"\x00\x01\x02\xfe", Encoding::Opaque),
        (b"plain \x1b[0m text", Encoding::Text),
        (b"", Encoding::Json),
        (&deep, Encoding::Json),
    ];
    let history = history(&payloads);
    let described = history.describe(1, None).unwrap();
    assert_eq!(described.events as usize, payloads.len());
    assert!(!described.stream.chars().any(is_hidden) && !described.category.chars().any(is_hidden));
    let mut seq = 0;
    for moment in 0..=described.events {
        for lens in [Lens::State, Lens::Diff, Lens::Blame, Lens::Payload, Lens::Metadata] {
            seq += 1;
            let frame = history.state_frame(&query(seq, lens, moment)).unwrap();
            assert_eq!(frame.moment, moment);
            for shown in all_texts(&frame) {
                assert!(
                    !shown.chars().any(|letter| letter.is_control()),
                    "{lens:?} at {moment}: {shown:?}"
                );
                assert!(shown.len() < 10_000, "{lens:?} at {moment}: {} bytes", shown.len());
            }
        }
    }
    let head = history
        .state_frame(&query(seq + 1, Lens::State, described.events))
        .unwrap();
    assert_eq!(head.incomplete_since, "4");
    let value = |key: &str| head.rows.iter().find(|row| row.key == key).unwrap().value.clone();
    assert_eq!(
        (value("n").as_str(), value("big").as_str(), value("s").as_str()),
        ("-0", "1e400", "\"\\ud800\"")
    );
    // Of a repeated key the state has the last; the event shows both.
    assert_eq!(value("a"), "2");
    let cancel = CancelToken::default();
    let detail = history.event_detail(&Work::new(&cancel, &Silent), 5).unwrap();
    assert!(detail.undecodable.is_some());
    let rows = history.event_rows(&EventQuery {
        types: Vec::new(),
        offset: 0,
        limit: 100,
    });
    // The times of 1970 are findings too, at every event.
    let is_marked = |row: &&EventRow| row.problems.iter().any(|code| code != "time-implausible");
    let marked: Vec<u32> = rows.rows.iter().filter(is_marked).map(|row| row.moment).collect();
    assert_eq!(marked, [2, 4, 5, 6, 7, 8]);
    let found = |code: &str| {
        let groups = history.finding_groups();
        let group = groups.into_iter().find(|group| group.code == code).unwrap();
        let first = group.found.first().unwrap().clone();
        (first.version.unwrap(), first.detail)
    };
    let (version, detail) = found("repeated-key");
    assert_eq!((version.as_str(), detail.ends_with(": /a")), ("2", true), "{detail}");
    assert_eq!(found("RF-EVENT-DEPTH").0, "8");
}

/// The times of 1970 are findings at every event: all are marked, and of the list the first are given.
#[test]
fn every_event_with_a_finding_is_marked() {
    let history = history(&[(b"{}".as_slice(), Encoding::Json); 150]);
    let rows = history.event_rows(&EventQuery {
        types: Vec::new(),
        offset: 0,
        limit: 200,
    });
    let is_marked = |row: &&EventRow| row.problems.iter().any(|code| code == "time-implausible");
    assert_eq!(rows.rows.iter().filter(is_marked).count(), 150);
    let query = DensityQuery {
        axis: Axis::Version,
        from: String::new(),
        to: String::new(),
        columns: 150,
    };
    let frame = history.density(&query).unwrap();
    assert!(frame.flags.iter().all(|flags| *flags == crate::frame::FLAG_PROBLEM));
    let next = |from, direction| {
        let found = history.next_problem(from, direction).unwrap();
        (found.moment, found.ordinal, found.total, found.details.join(" · "))
    };
    // Of the first hundred the words are kept, of all others the code is.
    let (moment, ordinal, total, words) = next(7, SearchDirection::Forward);
    assert_eq!((moment, ordinal, total), (8, 8, 150));
    assert!(words.contains("1970"), "{words}");
    let behind = "time-implausible".to_owned();
    assert_eq!(next(120, SearchDirection::Forward), (121, 121, 150, behind.clone()));
    assert_eq!(next(0, SearchDirection::Backward), (150, 150, 150, behind));
    assert_eq!(next(150, SearchDirection::Forward).0, 1);
    let groups = history.finding_groups();
    let group = groups.iter().find(|group| group.code == "time-implausible").unwrap();
    assert_eq!((group.count, group.found.len()), (150, 100));
}

/// Before the first event the state of a merge is null: what the first one brings is added, as its rows are marked.
#[test]
fn what_the_first_event_brings_is_counted_as_its_rows_are_marked() {
    let history = history(&[
        (b"{\"a\":1,\"b\":{\"c\":2}}", Encoding::Json),
        (b"{\"a\":3}", Encoding::Json),
    ]);
    let counts = |seq, lens, moment| {
        let frame = history.state_frame(&query(seq, lens, moment)).unwrap();
        let top = |row: &&crate::frame::FrameRow| row.depth == 1 && row.change == crate::frame::RowChange::Added;
        let marked = u32::try_from(frame.rows.iter().filter(top).count()).unwrap();
        (frame.added, frame.changed, frame.removed, marked)
    };
    assert_eq!(counts(1, Lens::State, 1), (2, 0, 0, 2));
    assert_eq!(counts(2, Lens::Diff, 1), (0, 1, 0, 0));
    assert_eq!(counts(3, Lens::State, 2), (0, 1, 0, 0));
}

#[test]
fn floor_and_never_nearest() {
    let history = history(&[(b"{}", Encoding::Json), (b"{\"a\":1}", Encoding::Json)]);
    let found = |cursor: &str| history.moment_of(cursor).unwrap();
    assert_eq!(found("1970-01-01T00:00:01.999Z").moment, 1);
    assert_eq!(found("1970-01-01T00:00:02Z").moment, 2);
    assert_eq!(found("1970-01-01T00:00:00Z").moment, 0);
    assert!(
        found("1970-01-01T00:00:00Z")
            .explanation
            .contains("before the first event")
    );
    assert!(
        found("1970-01-01T00:06:14Z")
            .explanation
            .contains("last event v 2, 6 min 12 s earlier")
    );
    assert_eq!(
        (
            found("start").moment,
            found("head").moment,
            found("v1").moment,
            found("#2").moment
        ),
        (0, 2, 1, 2)
    );
    assert_eq!(found("v1").explanation, "");
    assert_eq!(found("#2").explanation, "");
    let beyond = found("#999999");
    assert_eq!(
        (beyond.moment, beyond.explanation.as_str()),
        (2, "#999999 is beyond the last event (#2): this is the head, v2")
    );
    assert_eq!(found("v1").as_of, None);
    assert_eq!(
        found("1970-01-01T00:06:14.5Z").as_of.as_deref(),
        Some("1970-01-01T00:06:14.500000000Z")
    );
}

#[test]
fn a_panic_in_the_replay_leaves_no_half_state() {
    let history = history(&[(b"{\"a\":1}", Encoding::Json)]);
    std::thread::scope(|scope| {
        let poison = scope.spawn(|| {
            let _replay = history.replay.lock().unwrap();
            panic!("on purpose");
        });
        assert!(poison.join().is_err());
    });
    let frame = history.state_frame(&query(1, Lens::State, 1)).unwrap();
    assert_eq!(frame.rows[1].value, "1");
    assert!(!history.replay.is_poisoned());
}

/// A merge patch of a few members, some of them nested, some taken away.
fn any_patch() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![Just("null".to_owned()), (0..3_u8).prop_map(|number| number.to_string())];
    let nested = proptest::collection::btree_map("[xyz]", leaf.clone(), 0..3);
    let member = prop_oneof![leaf, nested.prop_map(|members| object(&members))];
    proptest::collection::btree_map("[abc]", member, 0..3).prop_map(|members| object(&members))
}

fn object(members: &BTreeMap<String, String>) -> String {
    let members: Vec<String> = members.iter().map(|(key, value)| format!("{key:?}:{value}")).collect();
    format!("{{{}}}", members.join(","))
}

/// The state at each moment, patch by patch.
fn states(patches: &[String]) -> Vec<Value> {
    let mut states = vec![Value::Null];
    for patch in patches {
        let patch = Value::from_json(patch.as_bytes(), 8).unwrap();
        let before = states.last().unwrap().clone();
        states.push(refold_handlers::merge::merge_patch(before, &patch));
    }
    states
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever was asked before: the rows of a moment are the leaves of its state, and each names the event after
    /// which it last became what it is.
    #[test]
    fn rows_are_of_the_moment_on_their_label(
        patches in proptest::collection::vec(any_patch(), 1..20),
        asked in proptest::collection::vec((0..20_u32, proptest::option::of(0..20_u32)), 1..12),
    ) {
        let payloads: Vec<(&[u8], Encoding)> =
            patches.iter().map(|patch| (patch.as_bytes(), Encoding::Json)).collect();
        let history = history(&payloads);
        let states = states(&patches);
        let head = u32::try_from(patches.len()).unwrap();
        for (seq, (moment, base)) in (1..).zip(asked) {
            let (moment, base) = (moment.min(head), base.map(|base| base.min(head)));
            let frame = history.state_frame(&StateQuery { base, ..query(seq, Lens::State, moment) }).unwrap();
            prop_assert_eq!(frame.moment, moment);
            prop_assert_eq!(&frame.version, &if moment == 0 { String::new() } else { moment.to_string() });
            let state = &states[moment as usize];
            let before = base.or(moment.checked_sub(1)).map(|base| &states[base as usize]);
            for row in &frame.rows {
                let path = Pointer::parse(&row.pointer).unwrap();
                let value = path.find(state);
                if row.change == crate::frame::RowChange::Removed {
                    prop_assert!(value.is_none() && before.is_some_and(|before| path.find(before).is_some()));
                    continue;
                }
                let value = value.expect("a row is of the state");
                prop_assert_eq!(&row.value, &text::shown_value(value));
                if member_free(value) {
                    let is_same = |at: u32| path.find(&states[at as usize]) == Some(value);
                    let since = (0..=moment).rev().take_while(|at| is_same(*at)).last().unwrap();
                    prop_assert_eq!(row.changed_moment, since, "{} at {}: {:?}", row.pointer, moment, patches);
                    prop_assert!(row.wrote_moment >= row.changed_moment && row.wrote_moment <= moment);
                }
            }
            let leaves = history.state_frame(&query(seq, Lens::Blame, moment)).unwrap();
            prop_assert!(leaves.rows.iter().all(|row| Pointer::parse(&row.pointer).unwrap().find(state).is_some()));
        }
    }
}

/// A scalar: the age of an empty object is that of what went out of it, which no later value tells.
fn member_free(value: &Value) -> bool {
    !matches!(value, Value::Object(_) | Value::Array(_))
}

#[test]
fn findings_of_a_long_stream_are_told_when_its_fold_comes_upon_them() {
    let mut payloads = vec![(b"{\"a\":1}".as_slice(), Encoding::Json); 200];
    payloads[150].0 = b"{\"a\":";
    let told = Arc::new(Mutex::new(Vec::new()));
    let folder = tempfile::tempdir().unwrap();
    let session = session(&payloads, folder.path());
    // With its skeleton from the index, opening it folds nothing.
    let cancel = CancelToken::default();
    session.build_index(&Work::new(&cancel, &Silent)).unwrap();
    let history = open(session, {
        let told = Arc::clone(&told);
        Arc::new(move |update: crate::wire::HistoryUpdate| told.lock().unwrap().extend(update.findings))
    });
    let is_malformed = |found: &FindingWire| found.code == "RF-EVENT-MALFORMED";
    assert!(!history.describe(1, None).unwrap().findings.iter().any(is_malformed));
    for (seq, moment, times) in [(1, 150, 0), (2, 200, 1), (3, 10, 1), (4, 200, 1)] {
        history.state_frame(&query(seq, Lens::State, moment)).unwrap();
        assert_eq!(told.lock().unwrap().len(), times, "at {moment}");
    }
    let told = told.lock().unwrap();
    assert!(told[0].iter().any(is_malformed));
}

#[test]
fn a_search_never_keeps_a_state_waiting() {
    let patches = vec![(b"{\"a\":1}".as_slice(), Encoding::Json); 40];
    let history = history(&patches);
    let search = history.begin_search();
    history.state_frame(&query(1, Lens::State, 3)).unwrap();
    assert!(search.is_cancelled());
    let search = history.begin_search();
    assert_eq!(history.next_change("/a", 0, SearchDirection::Forward).unwrap(), Some(1));
    assert!(search.is_cancelled());
    let search = history.begin_search();
    history.cancel();
    assert!(search.is_cancelled());
}

#[test]
fn listing_events_finds_repeated_keys_of_payload_and_metadata() {
    let events = [(b"{\"a\":{\"b\":1,\"b\":2}}".as_slice(), Encoding::Json)];
    let session = session(&events, std::path::Path::new("/nowhere"));
    let cancel = CancelToken::default();
    let mut seen = Vec::new();
    let found = crate::usecase::events::events(
        &Work::new(&cancel, &Silent),
        &session,
        STREAM,
        &crate::usecase::events::Events::default(),
        &mut |event| {
            seen.push(event.payload.shown());
            Ok(())
        },
    );
    let found = found
        .unwrap()
        .into_iter()
        .find(|found| found.code == "repeated-key")
        .unwrap();
    assert_eq!(
        (found.version.as_deref(), found.position.as_deref()),
        (Some("1"), Some("1"))
    );
    assert_eq!(
        found.detail,
        "a key occurs 2 times in the payload, the last one counts: /a/b"
    );
    assert_eq!(seen, ["{\"a\":{\"b\":1,\"b\":2}}"]);
}

/// The window and the command line mean the same.
#[test]
fn a_time_that_names_no_zone_is_in_that_of_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("events.jsonl");
    let line = |version: u32, time: &str| {
        format!(
            "{{\"stream\":\"s\",\"type\":\"T\",\"version\":{version},\"recorded_at\":\"{time}\",\"payload\":{{}}}}\n"
        )
    };
    let text = line(1, "2026-08-03T13:30:00Z") + &line(2, "2026-08-03T14:30:00Z") + &line(3, "2026-08-03T15:30:00Z");
    std::fs::write(&store, text).unwrap();
    let cancel = CancelToken::default();
    let work = Work::new(&cancel, &Silent);
    let places = crate::places::Places::below(folder.path());
    let store = store.display().to_string();
    for (zone, moment) in [(None, 3), (Some("Europe/Berlin"), 1)] {
        let session = Arc::new(Session::open_in(&work, &store, None, zone, &places).unwrap());
        let history = OpenedHistory::open(&work, &session, "s", None, News::new(1, Arc::new(|_| {}))).unwrap();
        let asked = "2026-08-03 16:00";
        let found = history.moment_of(asked).unwrap();
        assert_eq!(found.moment, moment, "{zone:?}");
        let told = crate::usecase::state::state(&work, &session, "s", asked, None).unwrap();
        assert_eq!(told.version, Some(moment.to_string()), "{zone:?}");
    }
}

/// A moment alone is the event before the gap, and its state lacks nothing: who comes back must ask for the same.
#[test]
fn a_cursor_among_missing_events_is_told_with_its_moment() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("events.jsonl");
    let line = |version: u32| {
        format!(
            "{{\"position\":{},\"stream\":\"s\",\"type\":\"T\",\"version\":{version},\"payload\":{{}}}}\n",
            version * 10
        )
    };
    std::fs::write(&store, line(1) + &line(2) + &line(5)).unwrap();
    let cancel = CancelToken::default();
    let work = Work::new(&cancel, &Silent);
    let places = crate::places::Places::below(folder.path());
    let session = Session::open(&work, &store.display().to_string(), None, &places).unwrap();
    let history = OpenedHistory::open(&work, &Arc::new(session), "s", None, News::new(1, Arc::new(|_| {}))).unwrap();
    for (cursor, moment, asked) in [
        ("v2", 2, None),
        ("v3", 2, Some("v3")),
        ("v4", 2, Some("v4")),
        ("#30", 2, Some("#30")),
        ("v5", 3, None),
        ("head", 3, None),
        ("start", 0, None),
    ] {
        let found = history.moment_of(cursor).unwrap();
        assert_eq!((found.moment, found.asked.as_deref()), (moment, asked), "{cursor}");
        // What is written down leads to the same.
        let again = found.asked.as_deref().map(|asked| history.moment_of(asked).unwrap());
        assert!(
            again.is_none_or(|again| again.moment == moment && again.asked == found.asked),
            "{cursor}"
        );
    }
}
