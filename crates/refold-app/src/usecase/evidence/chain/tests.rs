//! Chains that were tampered with, in files as EventSourcingDB writes them: each change is named as what it is, and what
//! cannot be seen is not.

mod repeated;

use proptest::prelude::*;
use refold_audit::anchor::hex;
use refold_audit::anchor::signing::SecretKey;
use refold_core::work::{CancelToken, Silent, Work};
use refold_fixtures::chained::{Chained, Shape, events};
use tempfile::TempDir;

use super::super::tests::SECRET;
use super::{ChainAnswer, ChainAsked, verify_chain};
use crate::error::{AppError, ErrorCode};
use crate::places::Places;
use crate::session::Session;

struct Case {
    folder: TempDir,
}

fn secret() -> SecretKey {
    SecretKey::parse(SECRET).expect("a key")
}

fn sign(hash: &str) -> Option<String> {
    Some(format!("esdb:signature:v1:{}", hex(&secret().sign(hash.as_bytes()))))
}

fn signed(seed: u64, count: u64, second: u64) -> Vec<Chained> {
    events(seed, count, second, &sign)
}

impl Case {
    fn new() -> Case {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("store")).expect("an empty folder");
        std::fs::write(folder.path().join("key"), hex(secret().public().bytes())).expect("a key");
        Case { folder }
    }

    fn write(&self, name: &str, lines: &[String]) -> String {
        let store = self.folder.path().join("store").join(name);
        std::fs::write(&store, lines.join("\n") + "\n").expect("a store");
        store.display().to_string()
    }

    fn open<T>(&self, store: &str, then: impl FnOnce(&Work<'_>, &Session) -> T) -> T {
        let token = CancelToken::default();
        let work = Work::new(&token, &Silent);
        let places = Places::below(&self.folder.path().join("home"));
        let session = Session::open(&work, store, None, &places).expect("an export");
        then(&work, &session)
    }

    fn keyed(&self) -> ChainAsked {
        ChainAsked {
            key: Some(self.folder.path().join("key")),
            ..ChainAsked::default()
        }
    }

    fn verify(&self, events: &[Chained], asked: &ChainAsked) -> ChainAnswer {
        let store = self.write("events.ndjson", &lines(events, Shape::Api));
        self.open(&store, |work, session| verify_chain(work, session, asked))
            .expect("a verdict")
    }
}

fn lines(events: &[Chained], shape: Shape) -> Vec<String> {
    events.iter().map(|event| event.line(shape)).collect()
}

/// Kind, position, the other position, part.
type Said = (&'static str, Option<String>, Option<String>, Vec<&'static str>);

fn said(answer: &ChainAnswer) -> Vec<Said> {
    let findings = answer.findings.iter();
    findings
        .map(|of| (of.kind, of.position.clone(), of.to.clone(), of.part.clone()))
        .collect()
}

fn of(kind: &'static str, position: u64, to: Option<u64>, part: &[&'static str]) -> Said {
    (
        kind,
        Some(position.to_string()),
        to.map(|to| to.to_string()),
        part.to_vec(),
    )
}

/// One tampering, made with numbers that fall where they may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tampering {
    None,
    Member,
    Data,
    Id,
    Predecessor,
    Hash,
    NoHash,
    Delete,
    CutHead,
    CutTail,
    InsertLinked,
    InsertForeign,
    InsertBare,
    Duplicate,
    Move,
    Replace,
    Rechain,
    RechainSigned,
}

const TAMPERINGS: [Tampering; 18] = [
    Tampering::None,
    Tampering::Member,
    Tampering::Data,
    Tampering::Id,
    Tampering::Predecessor,
    Tampering::Hash,
    Tampering::NoHash,
    Tampering::Delete,
    Tampering::CutHead,
    Tampering::CutTail,
    Tampering::InsertLinked,
    Tampering::InsertForeign,
    Tampering::InsertBare,
    Tampering::Duplicate,
    Tampering::Move,
    Tampering::Replace,
    Tampering::Rechain,
    Tampering::RechainSigned,
];

/// Tampers with events, and says what must be found: without a key, and with it besides. `at` is neither the first event
/// nor one of the last two, so that what a chain can tell it does.
fn tamper(events: &mut Vec<Chained>, how: Tampering, at: usize, more: usize) -> (Vec<Said>, Vec<Said>) {
    let place = at as u64;
    let last = events.len() as u64 - 1;
    let none = Vec::new;
    match how {
        Tampering::None => (none(), none()),
        Tampering::Member => {
            let event = &mut events[at];
            let members = [
                &mut event.source,
                &mut event.subject,
                &mut event.event_type,
                &mut event.time,
                &mut event.content_type,
            ];
            let [source, subject, event_type, time, content_type] = members;
            match more % 5 {
                0 => source.push('x'),
                1 => subject.push('x'),
                2 => event_type.push('x'),
                3 => *time = time.replace("2026", "2025"),
                _ => content_type.push_str("; charset=utf-8"),
            }
            (vec![of("CHANGED", place, None, &[])], none())
        }
        Tampering::Data => {
            let data = &mut events[at].data;
            data.insert_str(1, "\"forged\":true,");
            (vec![of("CHANGED", place, None, &[])], none())
        }
        Tampering::Id => {
            events[at].id = (last + 7).to_string();
            (vec![of("CHANGED", place, None, &["id"])], none())
        }
        Tampering::Predecessor => {
            events[at].predecessor = "ab".repeat(32);
            (vec![of("CHANGED", place, None, &["predecessorhash"])], none())
        }
        Tampering::Hash => {
            let hash = events[at].hash.take().expect("a hash");
            let digit = if hash.ends_with('0') { '1' } else { '0' };
            events[at].hash = Some(format!("{}{digit}", &hash[..hash.len() - 1]));
            (
                vec![of("CHANGED", place, None, &["hash"])],
                vec![of("SIGNATURE-INVALID", place, None, &[])],
            )
        }
        Tampering::NoHash => {
            events[at].hash = None;
            (
                vec![of("UNHASHED", place, None, &[])],
                vec![of("SIGNATURE-INVALID", place, None, &[])],
            )
        }
        Tampering::Delete => {
            let count = 1 + more % (events.len() - at - 1);
            events.drain(at..at + count);
            let end = (count > 1).then_some(place + count as u64 - 1);
            (vec![of("MISSING", place, end, &[])], none())
        }
        Tampering::CutHead => {
            events.drain(..at);
            (vec![of("STARTS-LATE", place, None, &[])], none())
        }
        Tampering::CutTail => {
            events.truncate(at);
            (none(), none())
        }
        Tampering::InsertLinked | Tampering::InsertForeign | Tampering::InsertBare => {
            let mut event = events[at].clone();
            event.data = "{\"forged\":1}".to_owned();
            event.signature = None;
            if how == Tampering::InsertForeign {
                event.predecessor = "cd".repeat(32);
            }
            event.seal();
            if how == Tampering::InsertBare {
                event.hash = None;
            }
            let kind = if how == Tampering::InsertBare {
                "UNHASHED"
            } else {
                "INSERTED"
            };
            events.insert(at, event);
            (
                vec![of(kind, place, None, &[])],
                vec![of("SIGNATURE-MISSING", place, None, &[])],
            )
        }
        Tampering::Duplicate => {
            events.insert(at + 1, events[at].clone());
            (vec![of("INSERTED", place, None, &[])], none())
        }
        Tampering::Move => {
            let to = 1 + more % (events.len() - 2);
            let event = events.remove(at);
            events.insert(to, event);
            let found = match to.abs_diff(at) {
                0 => none(),
                _ => vec![of("MOVED", place, Some(to as u64), &[])],
            };
            (found, none())
        }
        Tampering::Replace => {
            events[at].data = "{\"forged\":2}".to_owned();
            events[at].seal();
            (
                vec![of("UNLINKED", place + 1, None, &[])],
                vec![of("SIGNATURE-INVALID", place, None, &[])],
            )
        }
        Tampering::Rechain | Tampering::RechainSigned => {
            events[at].data = "{\"forged\":3}".to_owned();
            for number in at..events.len() {
                events[number].predecessor = events[number - 1].hash.clone().expect("a hash");
                events[number].seal();
                if how == Tampering::RechainSigned {
                    // By whoever has the key, which a server has.
                    events[number].signature = events[number].hash.as_deref().and_then(sign);
                }
            }
            let found = match how {
                Tampering::Rechain => vec![of("SIGNATURE-INVALID", place, Some(last), &[])],
                _ => none(),
            };
            (none(), found)
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]
    #[test]
    fn each_tampering_is_named_as_what_it_is(
        seed in any::<u64>(),
        count in 6_u64..60,
        second in 0_u64..60,
        how in proptest::sample::select(&TAMPERINGS[..]),
        (at, more) in any::<(usize, usize)>(),
    ) {
        let case = Case::new();
        let mut events = signed(seed, count, second);
        let at = 1 + at % (events.len() - 3);
        let (expected, by_key) = tamper(&mut events, how, at, more);
        let answer = case.verify(&events, &ChainAsked::default());
        let mut found = said(&answer);
        // Which of two equal events came in cannot be told, and of two that stand side by side either one was moved.
        let is_beside = |of: &Said| {
            let (position, to) = (of.1.as_deref(), of.2.as_deref());
            let number = |text: Option<&str>| text.and_then(|text| text.parse::<u64>().ok()).unwrap_or_default();
            match how {
                Tampering::Duplicate => of.0 == "INSERTED" && number(position).abs_diff(at as u64) <= 1,
                Tampering::Move => of.0 == "MOVED" && number(position).abs_diff(number(to)) == 1,
                _ => false,
            }
        };
        if found.len() == 1 && expected.len() == 1 && is_beside(&found[0]) && (how == Tampering::Duplicate || is_beside(&expected[0])) {
            found.clone_from(&expected);
        }
        prop_assert_eq!(&found, &expected, "{:?} at {}: {:?}", how, at, &answer);
        let outcome = match how {
            Tampering::CutHead | Tampering::Delete => "partial",
            _ if expected.is_empty() => "verified",
            _ => "broken",
        };
        prop_assert_eq!(answer.outcome, outcome);
        let is_linked = outcome != "broken" && how != Tampering::Delete;
        prop_assert_eq!(answer.level, is_linked.then_some("L3"));
        prop_assert_eq!(answer.head.is_some(), is_linked);
        prop_assert_eq!(answer.signatures.by_key, 0);

        let keyed = case.verify(&events, &case.keyed());
        let mut signatures = said(&keyed);
        signatures.retain(|of| of.0.starts_with("SIGNATURE"));
        prop_assert_eq!(&signatures, &by_key, "{:?} at {}: {:?}", how, at, &keyed);
        let is_signed = by_key.is_empty();
        prop_assert_eq!(keyed.signatures.outcome, Some(if is_signed { "verified" } else { "broken" }));
        prop_assert_eq!((keyed.outcome, keyed.level), (outcome, (is_linked && is_signed).then_some("L3")));
    }
}

#[test]
fn every_shape_of_a_file_is_the_same_chain() {
    let case = Case::new();
    let events = signed(7, 40, 20);
    for shape in [Shape::Bare, Shape::Api, Shape::ApiV2, Shape::Backup] {
        let mut lines = lines(&events, shape);
        if shape != Shape::Bare {
            let aside = "{\"type\":\"heartbeat\",\"payload\":{}}".to_owned();
            lines.insert(
                0,
                "{\"type\":\"schema\",\"payload\":{\"eventType\":\"a\",\"schema\":{}}}".to_owned(),
            );
            lines.insert(20, aside.clone());
            lines.push(aside);
        }
        let store = case.write("events.ndjson", &lines);
        let asked = if shape == Shape::Backup {
            ChainAsked::default()
        } else {
            case.keyed()
        };
        let answer = case.open(&store, |work, session| {
            assert_eq!(session.description().event_count, Some(40), "{shape:?}");
            verify_chain(work, session, &asked).expect("a verdict")
        });
        assert_eq!(
            (answer.outcome, answer.finding_count, answer.events),
            ("verified", 0, 40),
            "{shape:?}: {answer:?}"
        );
        assert_eq!(
            (answer.first.as_deref(), answer.last.as_deref()),
            (Some("0"), Some("39"))
        );
        assert_eq!(answer.head, events[39].hash);
        let versions: Vec<(&str, u64)> = answer.hashes.iter().map(|of| (&*of.version, of.events)).collect();
        assert_eq!(versions, [("1", 20), ("2", 20)]);
    }
}

#[test]
fn a_key_that_is_not_the_stores_and_a_store_without_signatures_are_said_as_such() {
    let case = Case::new();
    let mut events = signed(3, 20, 0);
    let other = case.folder.path().join("other");
    std::fs::write(
        &other,
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    )
    .expect("a key");
    let asked = ChainAsked {
        key: Some(other),
        ..ChainAsked::default()
    };
    let answer = case.verify(&events, &asked);
    assert_eq!(said(&answer), [("SIGNATURE-OTHER-KEY", None, None, vec![])]);
    assert_eq!((answer.outcome, answer.level), ("verified", Some("L3")));
    assert_eq!((answer.signatures.outcome, answer.finding_count), (Some("partial"), 1));
    assert!(
        answer.sentence.contains("none of it is signed by the key"),
        "{answer:?}"
    );
    assert!(answer.findings[0].severity == "gap" && !answer.is_broken());
    events.iter_mut().for_each(|event| event.signature = None);
    let answer = case.verify(&events, &case.keyed());
    assert_eq!(said(&answer), [("SIGNATURE-MISSING", None, None, vec![])]);
    assert_eq!((answer.outcome, answer.level), ("verified", Some("L3")));
    assert_eq!(answer.signatures.outcome, Some("partial"));
}

#[test]
fn what_cannot_be_read_or_is_not_known_is_not_called_verified() {
    let case = Case::new();
    let events = signed(5, 20, 0);
    let mut torn = lines(&events, Shape::Api);
    torn[9].truncate(40);
    let mut failed = lines(&events, Shape::Backup);
    failed.push("{\"type\":\"error\",\"payload\":\"disk is full\"}".to_owned());
    let mut newer = lines(&events, Shape::Api);
    newer[9] = newer[9].replace("\"hash\":\"esdb:hash:v2:", "\"hash\":\"esdb:hash:v9:");
    for (lines, kind, says) in [
        (torn, "UNREADABLE", "cut off"),
        (failed, "UNREADABLE", "disk is full"),
        (newer, "UNKNOWN-HASH", "v9"),
    ] {
        let store = case.write("events.ndjson", &lines);
        let answer = case.open(&store, |work, session| {
            verify_chain(work, session, &ChainAsked::default())
        });
        let answer = answer.expect("a verdict");
        assert_eq!(answer.level, None, "{answer:?}");
        let told = answer.findings.iter().find(|of| of.kind == kind).expect(kind);
        assert!(
            told.detail.as_ref().is_some_and(|detail| detail.contains(says)),
            "{told:?}"
        );
    }
}

#[test]
fn data_that_was_spelled_anew_is_told_and_is_no_contradiction() {
    let case = Case::new();
    let mut events = signed(11, 30, 15);
    for event in &mut events {
        event.data = event
            .data
            .replace(':', ": ")
            .replace("https: ", "https:")
            .replace(",\"", ", \"");
    }
    let answer = case.verify(&events, &ChainAsked::default());
    assert_eq!((answer.outcome, answer.finding_count), ("verified", 0), "{answer:?}");
    assert!(answer.respelled.iter().map(|of| of.events).sum::<u64>() > 0);
}

#[test]
fn an_answer_that_is_no_whole_chain_is_called_so_and_accuses_nobody() {
    let case = Case::new();
    let events = signed(13, 60, 30);
    let mut of_some = events.clone();
    of_some.retain(|event| event.event_type.ends_with("priced"));
    assert!(of_some.len() > 2);
    let answer = case.verify(&of_some, &ChainAsked::default());
    assert_eq!((answer.outcome, answer.level), ("partial", None), "{answer:?}");
    let is_gap = |of: &super::VerifyFinding| of.severity == "gap" && ["MISSING", "STARTS-LATE"].contains(&of.kind);
    assert!(answer.findings.iter().all(is_gap), "{answer:?}");
    assert!(answer.findings.iter().any(|of| of.kind == "MISSING"), "{answer:?}");
    let missing = events
        .iter()
        .rposition(|of| of.id == of_some[of_some.len() - 1].id)
        .expect("one")
        + 1
        - events.iter().position(|of| of.id == of_some[0].id).expect("one")
        - of_some.len();
    assert!(
        answer.sentence.contains(&format!("{missing} events are missing")),
        "{answer:?}"
    );
    assert_eq!(answer.head, None);

    let turned: Vec<Chained> = events.iter().rev().cloned().collect();
    let answer = case.verify(&turned, &ChainAsked::default());
    assert_eq!((answer.outcome, answer.level), ("unverifiable", None), "{answer:?}");
    assert_eq!(said(&answer), [("DESCENDING", None, None, vec![])]);
    let mut forged = turned;
    forged[20].data = "{\"forged\":5}".to_owned();
    let answer = case.verify(&forged, &ChainAsked::default());
    assert_eq!(answer.outcome, "broken", "{answer:?}");
}

#[test]
fn a_file_without_events_claims_nothing() {
    let case = Case::new();
    let heartbeat = "{\"type\":\"heartbeat\",\"payload\":{}}".to_owned();
    let store = case.write("events.ndjson", &[heartbeat.clone(), heartbeat]);
    let answer = case.open(&store, |work, session| verify_chain(work, session, &case.keyed()));
    let answer = answer.expect("a verdict");
    assert_eq!((answer.outcome, answer.level), ("unverifiable", None));
    assert_eq!(said(&answer), [("EMPTY", None, None, vec![])]);
    assert_eq!(answer.signatures.outcome, None);
}

#[test]
fn an_edited_event_whose_successor_was_edited_to_name_it_is_not_called_one_with_an_edited_hash() {
    let case = Case::new();
    let mut events = signed(17, 40, 0);
    events[17].data = "{\"forged\":6}".to_owned();
    events[18].predecessor = events[17].made_hash();
    let answer = case.verify(&events, &ChainAsked::default());
    assert_eq!(
        said(&answer),
        [
            of("CHANGED", 17, None, &[]),
            of("CHANGED", 18, None, &["predecessorhash"])
        ]
    );
    assert!(answer.findings.iter().all(|of| of.impacts.is_empty()));
}

#[test]
fn what_is_counted_is_what_contradicts_also_where_it_is_not_all_told() {
    let case = Case::new();
    let mut events = signed(19, 1_200, 0);
    for event in events.iter_mut().skip(1) {
        event.hash = None;
    }
    let answer = case.verify(&events, &ChainAsked::default());
    assert_eq!((answer.findings.len(), answer.finding_count), (1_000, 1_199));
    assert!(answer.sentence.contains("1,199 contradictions"), "{answer:?}");

    let mut events = signed(19, 30, 0);
    for event in &mut events {
        event.data = "{\"forged\":7}".to_owned();
    }
    events.remove(12);
    let answer = case.verify(&events, &ChainAsked::default());
    assert!(
        answer.sentence.contains("29 contradictions among 29 events"),
        "{answer:?}"
    );
    assert!(answer.sentence.contains("more than half"), "{answer:?}");
    assert_eq!(
        answer.finding_count, 30,
        "what is missing is a finding, and contradicts nothing: {answer:?}"
    );

    let mut first = signed(19, 6, 0).split_off(5);
    first[0].predecessor = refold_fixtures::chained::GENESIS.to_owned();
    first[0].seal();
    let answer = case.verify(&first, &ChainAsked::default());
    let detail = answer.findings[0].detail.as_deref().unwrap_or_default();
    assert!(
        answer.findings[0].kind == "UNLINKED" && detail.contains("its number is 5"),
        "{answer:?}"
    );
}

#[test]
fn a_store_without_a_chain_and_a_key_that_is_none_are_refused() {
    let case = Case::new();
    let plain = "{\"stream\":\"a\",\"version\":0,\"type\":\"T\",\"payload\":{}}".to_owned();
    let store = case.write("plain.jsonl", &[plain]);
    let refused = case.open(&store, |work, session| {
        verify_chain(work, session, &ChainAsked::default())
    });
    let is_input = |error: &AppError| error.code == ErrorCode::InvalidInput;
    assert!(refused.is_err_and(|error| is_input(&error) && error.message.contains("no hash chain")));
    std::fs::write(case.folder.path().join("key"), "-----BEGIN PRIVATE KEY-----").expect("a key");
    let store = case.write("events.ndjson", &lines(&signed(1, 3, 0), Shape::Api));
    let refused = case.open(&store, |work, session| verify_chain(work, session, &case.keyed()));
    assert!(refused.is_err_and(|error| is_input(&error) && error.message.contains("private half")));
}
