use refold_core::event::{EventView, StreamOrdinal, TypeOrdinal};
use refold_core::work::{Phase, Progress};

use super::*;
use crate::answer::json_line;
use crate::mask::Mask;
use crate::usecase::stores::measure::{Measure, Parts};

const MEANING: StoresAsked = StoresAsked {
    by: By::Meaning,
    ignored: Vec::new(),
    handlers: None,
};

fn with_payload(payload: &str) -> Vec<MemoryEvent> {
    let mut events = store(2);
    events[1].payload = Some(payload.as_bytes().to_vec());
    events
}

#[test]
fn by_meaning_the_form_of_json_does_not_count_and_every_digit_does() {
    let one = r#"{"b":[1.50,null],"a":9007199254740993,"\u00e4":1e3}"#;
    for (other, bytes, meaning) in [
        (one, "same", "same"),
        (
            r#"{ "ä" : 1000, "a": 9007199254740993, "b": [1.5, null] }"#,
            "different",
            "same",
        ),
        (
            r#"{"b":[1.50,null],"a":9007199254740992,"ä":1e3}"#,
            "different",
            "different",
        ),
        // Which of both is meant nobody says.
        (
            r#"{"b":[1.50,null],"a":1,"a":9007199254740993,"ä":1e3}"#,
            "different",
            "different",
        ),
        ("no JSON", "different", "different"),
    ] {
        let (left, right) = (with_payload(one), with_payload(other));
        assert_eq!(compared(left.clone(), right.clone(), &BYTES).outcome, bytes, "{other}");
        assert_eq!(compared(left, right, &MEANING).outcome, meaning, "{other}");
    }
    let twice = || with_payload(r#"{"a":1,"a":2}"#);
    assert_eq!(compared(twice(), twice(), &MEANING).outcome, "same");
    // What one text means is no other text.
    let marked = with_payload("\u{1}1");
    assert_eq!(compared(with_payload("1.0"), marked, &MEANING).outcome, "different");
}

#[test]
fn only_paths_that_mean_another_thing_are_told_by_meaning() {
    let paths = |asked: &StoresAsked| {
        let left = with_payload(r#"{"a":1.0,"b":"x","c":[1.50]}"#);
        let right = with_payload(r#"{"a":1,"b":"y","c":[1.5]}"#);
        let answer = compared(left, right, asked);
        let first = answer.differing[0].first.clone().unwrap();
        let paths = first.payload.into_iter().map(|change| change.path);
        paths.collect::<Vec<_>>()
    };
    assert_eq!(paths(&BYTES), ["/a", "/b", "/c/0"]);
    assert_eq!(paths(&MEANING), ["/b"]);
}

/// The carried parts of one event as they are compared.
fn carried(event: &EventView<'_>, by: By, version_base: i64, unit_nanos: i64) -> Vec<(EventPart, Option<Vec<u8>>)> {
    let mut names = Names::default();
    names.intern_stream(b"s", || b"c");
    names.intern_type(b"T");
    let measure = Measure {
        by,
        counted: Parts::without(&[]),
        version_base,
        unit_nanos,
    };
    let mut parts = Vec::new();
    measure.each(event, &names, &mut Vec::new(), &mut |part, bytes| {
        parts.push((part, bytes.map(<[u8]>::to_vec)));
    });
    parts
}

fn written(version: i64, nanos: i64, id: &[u8]) -> EventView<'_> {
    EventView {
        position: Position(1),
        stream: StreamOrdinal(0),
        version: Version(version),
        event_type: TypeOrdinal(0),
        recorded_at: Timestamp(nanos),
        payload: None,
        encoding: Encoding::Json,
        metadata: None,
        event_id: Some(id),
        correlation_id: None,
        causation_id: None,
        schema_version: None,
        occurred_at: Timestamp::NONE,
        row: None,
    }
}

#[test]
fn by_meaning_what_libraries_write_otherwise_is_the_same() {
    const MILLI: i64 = 1_000_000;
    let from_one = written(7, 1_234_567_891, b"0f3c2a10-1111-4222-8333-944455566677");
    let from_zero = written(6, 1_234_000_000, b"0F3C2A10-1111-4222-8333-944455566677");
    assert_eq!(
        carried(&from_one, By::Meaning, 1, MILLI),
        carried(&from_zero, By::Meaning, 0, MILLI)
    );
    let differing = |a: &EventView<'_>, b: &EventView<'_>, by, unit_nanos| {
        let pairs = carried(a, by, 0, unit_nanos)
            .into_iter()
            .zip(carried(b, by, 0, unit_nanos));
        let differing = pairs.filter(|(a, b)| a != b).map(|((part, _), _)| part);
        differing.collect::<Vec<_>>()
    };
    assert_eq!(
        differing(&from_one, &from_zero, By::Bytes, 1),
        [EventPart::Recorded, EventPart::Version, EventPart::Id]
    );
    let occurred = |nanos| EventView {
        occurred_at: Timestamp(nanos),
        ..written(1, 0, b"e")
    };
    let (exact, cut) = (occurred(1_234_567_891), occurred(1_234_000_000));
    assert!(differing(&exact, &cut, By::Meaning, MILLI).is_empty());
    assert_eq!(differing(&exact, &cut, By::Bytes, 1), [EventPart::Occurred]);
    assert_eq!(
        differing(&exact, &occurred(1_235_000_000), By::Meaning, MILLI),
        [EventPart::Occurred]
    );
    // An id that is no UUID is one to the letter; before 1970 too a time is cut to the earlier one.
    let (a, b) = (written(1, -1, b"AB"), written(1, -999_999, b"ab"));
    assert_eq!(differing(&a, &b, By::Meaning, MILLI), [EventPart::Id]);
}

#[test]
fn a_store_that_holds_less_and_nothing_else_is_behind() {
    let told = |left: Vec<MemoryEvent>, right: Vec<MemoryEvent>| {
        let answer = compared(left, right, &BYTES);
        (answer.behind, answer.sentence)
    };
    let mut cut = store(10);
    cut.truncate(28);
    assert_eq!(
        told(store(10), cut.clone()),
        (
            Some("right"),
            "the right store is BEHIND, and holds nothing else: 2 streams ending earlier".to_owned()
        )
    );
    let less: Vec<MemoryEvent> = cut.iter().filter(|event| event.stream != b"order-1").cloned().collect();
    assert_eq!(
        told(less, store(10)),
        (
            Some("left"),
            "the left store is BEHIND, and holds nothing else: 1 stream ending earlier, 1 stream missing".to_owned()
        )
    );
    // Whoever lost one in between, or says another thing, is not only behind.
    let mut lost = cut.clone();
    lost.remove(4);
    assert_eq!(told(store(10), lost).0, None);
    cut[4].payload = None;
    assert_eq!(told(store(10), cut).0, None);
    assert_eq!(told(store(10), store(10)).0, None);
}

#[test]
fn stores_without_a_common_event_are_said_to_have_none() {
    let mut other = store(4);
    other.iter_mut().for_each(|event| {
        event.stream.push(b'x');
        event.payload = None;
    });
    let answer = compared(store(4), other.clone(), &BYTES);
    assert_eq!(
        answer.sentence,
        "the two have NOTHING in common: 12 events only left, 12 events only right, and no event is in both"
    );
    // The same events under other ids are no nothing.
    other = store(4);
    other.iter_mut().for_each(|event| event.stream.push(b'x'));
    let renamed = compared(store(4), other, &BYTES);
    assert_eq!(
        (renamed.streams.renamed, renamed.sentence.as_str()),
        (3, "the two DIFFER in 6 streams")
    );
    assert!(!compared(store(4), Vec::new(), &BYTES).sentence.contains("NOTHING"));
}

#[test]
fn what_differs_by_its_form_only_is_told_apart_from_what_says_another_thing() {
    let form_only = |right: &str, asked: &StoresAsked| {
        let answer = compared(with_payload(r#"{"a":1.50,"b":2}"#), with_payload(right), asked);
        (answer.outcome, answer.form_only)
    };
    assert_eq!(form_only(r#"{"b": 2, "a": 1.5}"#, &BYTES), ("different", true));
    assert_eq!(form_only(r#"{"b": 2, "a": 1.5}"#, &MEANING), ("same", false));
    assert_eq!(form_only(r#"{"b": 2, "a": 1.51}"#, &BYTES), ("different", false));
    assert_eq!(form_only(r#"{"a":1.50,"b":2}"#, &BYTES), ("same", false));
    // One stream that says another thing is enough.
    let mut right = with_payload(r#"{"b": 2, "a": 1.5}"#);
    right[2].payload = Some(b"{}".to_vec());
    let answer = compared(with_payload(r#"{"a":1.50,"b":2}"#), right, &BYTES);
    assert_eq!((answer.differing_count, answer.form_only), (2, false));
}

#[test]
fn what_one_store_has_nowhere_is_told() {
    let mut right = store(3);
    right.iter_mut().for_each(|event| event.metadata = None);
    let answer = compared(store(3), right, &BYTES);
    let absent: Vec<_> = answer.absent.iter().map(|of| (of.part.word(), of.side)).collect();
    assert_eq!(absent, [("metadata", "right")]);
}

#[test]
fn what_rules_hide_of_either_side_never_leaves() {
    let folder = tempfile::tempdir().unwrap();
    let rules = folder.path().join("mask.toml");
    std::fs::write(&rules, "refold = \"mask/1\"\n[[hide]]\npaths = [\"/email\"]\n").unwrap();
    let masked = |events: Vec<MemoryEvent>| {
        let mask = Mask::default();
        mask.add(&rules).unwrap();
        let store = Arc::new(MemoryStore::new("orders", events));
        let session = Session::of_store(store, "memory", std::path::Path::new("/nowhere"));
        Arc::new(session.masked_by(mask))
    };
    let answer = |right: &str, asked: &StoresAsked| {
        let left = with_payload(r#"{"email":"secret1","n":1}"#);
        let cancel = CancelToken::default();
        let work = Work::new(&cancel, &Silent);
        let found = StoresComparison::run(&work, &masked(left), &masked(with_payload(right)), asked).unwrap();
        let answer = found.answer(&work, 10).unwrap();
        assert!(!json_line(&answer).unwrap().contains("secret"));
        answer
    };
    let of_first = |answer: &StoresAnswer| {
        let first = answer.differing[0].first.as_ref().unwrap();
        let paths: Vec<String> = first.payload.iter().map(|change| change.path.clone()).collect();
        (first.hidden, paths)
    };
    let hidden = answer(r#"{"email":"secret2","n":1}"#, &BYTES);
    assert_eq!(of_first(&hidden), (true, vec!["/email".to_owned()]));
    let shown = answer(r#"{"email":"secret1","n":2}"#, &BYTES);
    assert_eq!(of_first(&shown), (false, vec!["/n".to_owned()]));
    // Text that is no JSON is hidden whole.
    assert_eq!(of_first(&answer("secret3 {", &MEANING)), (true, Vec::new()));
}

/// Cancels at the first report of a phase.
struct Until(Phase, CancelToken);

impl Progress for Until {
    fn report(&self, phase: Phase, _done: u64, _total: Option<u64>) {
        if phase == self.0 {
            self.1.cancel();
        }
    }
}

#[test]
fn it_is_cancelled_in_each_of_its_phases() {
    let mut right = store(3_000);
    right[5].payload = None;
    for phase in [
        Phase::ReadingTheLeftStore,
        Phase::ReadingTheRightStore,
        Phase::ComparingEventByEvent,
        Phase::ComparingTheOrder,
        Phase::ReadingWhatDiffers,
    ] {
        let cancel = CancelToken::default();
        let until = Until(phase, cancel.clone());
        let work = Work::new(&cancel, &until);
        let found = StoresComparison::run(&work, &session(store(3_000)), &session(right.clone()), &BYTES);
        let ended = found.and_then(|found| found.answer(&work, 10));
        assert!(ended.is_err_and(|error| error.is_cancelled()), "{phase:?}");
    }
}
