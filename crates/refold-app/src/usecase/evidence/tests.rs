//! Anchors of real files: what is written, and what is said when the store or the anchor is no longer what it was.

mod touched;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use refold_audit::anchor::manifest::Manifest;
use refold_core::work::{CancelToken, Silent, Work};
use tempfile::TempDir;

use super::anchor::{AnchorAnswer, AnchorAsked, anchor};
use super::anchors::anchors;
use super::verify::{VerifyAnswer, VerifyAsked, VerifyFinding, verify};
use crate::answer::Literal;
use crate::error::{AppError, ErrorCode};
use crate::places::Places;
use crate::session::Session;

/// Keys that guard nothing, as minisign makes them.
pub(super) const SECRET: &str = "untrusted comment: a key of a test\nRWQAAEIyAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAOgppBIe9d3Hinj1EFHMLqcWqpfY/6F9mvBT18YrfaLuH2mXBgSwrAulB9G6jcdNBxfvEqw/HbTYrGU9hw5aR4+62Fq+qjOJkAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";
pub(super) const PUBLIC: &str = "RWQ6CmkEh713celB9G6jcdNBxfvEqw/HbTYrGU9hw5aR4+62Fq+qjOJk";
const OTHER: &str = "RWQ7CmkEh713celB9G6jcdNBxfvEqw/HbTYrGU9hw5aR4+62Fq+qjOJk";

/// A store of lines, and a place for its anchors.
struct Case {
    folder: TempDir,
}

impl Case {
    fn new() -> Case {
        let case = Case {
            folder: tempfile::tempdir().expect("a folder"),
        };
        for name in ["store", "anchors", "home"] {
            std::fs::create_dir(case.path(name)).expect("an empty folder");
        }
        std::fs::write(case.path("key"), SECRET).expect("a key");
        case.write_store(&Case::lines());
        case
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn lines() -> Vec<String> {
        (0..3_000)
            .map(|at| {
                format!(
                    r#"{{"stream":"order-{}","version":{},"type":"Placed","recorded_at":"2026-08-01T00:00:00Z","event_id":"e{at}","payload":{{"n":{at}}}}}"#,
                    at % 7,
                    at / 7
                )
            })
            .collect()
    }

    fn write_store(&self, lines: &[String]) {
        std::fs::write(self.path("store/events.jsonl"), lines.join("\n") + "\n").expect("a store");
    }

    fn with_session<T>(&self, then: impl FnOnce(&Work<'_>, &Session) -> T) -> T {
        let token = CancelToken::default();
        let work = Work::new(&token, &Silent);
        let places = Places::below(&self.path("home"));
        let store = self.path("store/events.jsonl");
        let session = Session::open(&work, &store.to_string_lossy(), None, &places).expect("a store of lines");
        then(&work, &session)
    }

    fn asked(&self) -> AnchorAsked {
        AnchorAsked {
            out: self.path("anchors"),
            ..AnchorAsked::default()
        }
    }

    fn anchor(&self, asked: &AnchorAsked) -> Result<AnchorAnswer, AppError> {
        self.with_session(|work, session| anchor(work, session, asked))
    }

    fn verify(&self, dir: &str, key: Option<&str>) -> Result<VerifyAnswer, AppError> {
        let asked = VerifyAsked {
            anchor: dir.into(),
            key: key.map(str::to_owned),
            ..VerifyAsked::default()
        };
        self.with_session(|work, session| verify(work, session, &asked, None))
    }
}

/// Verifies with the store as it was made first as the older copy.
fn with_copy(case: &Case, dir: &str, lines: &[String], asked: &VerifyAsked) -> VerifyAnswer {
    let copy = Case::new();
    case.write_store(lines);
    let asked = VerifyAsked {
        anchor: dir.into(),
        ..asked.clone()
    };
    let answer =
        case.with_session(|work, session| copy.with_session(|_, older| verify(work, session, &asked, Some(older))));
    answer.expect("a verdict")
}

#[test]
fn the_state_before_is_told_from_a_copy_that_the_anchor_proves() {
    let case = Case::new();
    let made = case.anchor(&case.asked()).expect("an anchor");
    let mut lines = Case::lines();
    lines[2_996] = lines[2_996].replace("\"n\":2996", "\"n\":1");
    case.write_store(&lines);
    let alone = case.verify(&made.dir, None).expect("a verdict");
    let impact = alone.findings[0].impacts.first().expect("it is about one event");
    assert!(!impact.is_proven && impact.changes.is_empty(), "{}", impact.sentence);
    assert!(impact.sentence.ends_with("older copy of the store") && alone.findings[0].wants_copy);
    let answer = with_copy(&case, &made.dir, &lines, &VerifyAsked::default());
    let impact = answer.findings[0].impacts.first().expect("it is about one event");
    assert!(
        impact.is_proven && !answer.findings[0].wants_copy,
        "{}",
        impact.sentence
    );
    let shown: Vec<_> = impact
        .changes
        .iter()
        .map(|it| {
            (
                &*it.path,
                it.before.as_ref().map(Literal::shown),
                it.after.as_ref().map(Literal::shown),
            )
        })
        .collect();
    let place = |value: &str| Some(value.to_owned());
    assert_eq!(shown, [("/n", place("2996"), place("1"))]);
    // Of what is gone the copy knows whose it was.
    lines.truncate(2_999);
    lines[2_996] = Case::lines()[2_996].clone();
    let answer = with_copy(&case, &made.dir, &lines, &VerifyAsked::default());
    let impact = answer.findings[0].impacts.first().expect("the copy has the event");
    assert_eq!(answer.findings[0].kind, "REMOVED");
    assert!(impact.is_proven && impact.changes.len() == 1, "{}", impact.sentence);
}

#[test]
fn what_is_explained_stays_a_difference() {
    let case = Case::new();
    let made = case.anchor(&case.asked()).expect("an anchor");
    let mut lines = Case::lines();
    lines[10] = lines[10].replace("\"n\":10", "\"n\":0");
    lines[20] = lines[20].replace("\"n\":20", "\"n\":0");
    case.write_store(&lines);
    let register = case.path("register.toml");
    std::fs::write(
        &register,
        "refold = \"explanations/1\"\n[[explained]]\npositions = [11, 12]\nreason = \"erasure 7/26\"\n",
    )
    .expect("a register");
    let asked = VerifyAsked {
        anchor: made.dir.clone().into(),
        explanations: Some(register.clone()),
        ..VerifyAsked::default()
    };
    let answer = case
        .with_session(|work, session| verify(work, session, &asked, None))
        .expect("a verdict");
    assert_eq!((answer.level, answer.finding_count), ("L0", 2));
    let said: Vec<_> = answer
        .findings
        .iter()
        .map(|it| (it.explained, it.explanation.as_deref()))
        .collect();
    assert_eq!(said, [(true, Some("erasure 7/26")), (false, None)]);
    assert!(answer.sentence.contains("1 of them explained"), "{}", answer.sentence);
    std::fs::write(
        &register,
        "refold = \"explanations/1\"\n[[explained]]\npositions = [1, 2]\nreason = \" \"\n",
    )
    .expect("a register");
    let refused = case.with_session(|work, session| verify(work, session, &asked, None));
    assert_eq!(refused.map(drop).expect_err("no reason").code, ErrorCode::InvalidInput);
}

fn kinds(answer: &VerifyAnswer) -> Vec<(&'static str, String)> {
    let kind = |it: &VerifyFinding| (it.kind, it.position.clone().unwrap_or_default());
    answer.findings.iter().map(kind).collect()
}

#[test]
fn an_untouched_store_is_unchanged_and_what_came_is_counted() {
    let case = Case::new();
    let made = case.anchor(&case.asked()).expect("an anchor");
    assert_eq!((made.size, made.signed_by.as_ref()), (3_000, None));
    let answer = case.verify(&made.dir, None).expect("a verdict");
    assert_eq!((answer.level, answer.finding_count, answer.added), ("L1", 0, 0));
    let mut lines = Case::lines();
    lines.push(lines[0].replace("e0", "new"));
    case.write_store(&lines);
    let answer = case.verify(&made.dir, None).expect("a verdict");
    assert_eq!((answer.level, answer.added), ("L1", 1), "{}", answer.sentence);
}

#[test]
fn a_change_is_named_by_its_event() {
    let case = Case::new();
    let made = case.anchor(&case.asked()).expect("an anchor");
    let mut lines = Case::lines();
    lines[1_500] = lines[1_500].replace("\"n\":1500", "\"n\": 1500");
    lines[1_600] = lines[1_600].replace("Placed", "Paid");
    case.write_store(&lines);
    let answer = case.verify(&made.dir, None).expect("a verdict");
    assert_eq!((answer.level, answer.finding_count), ("L0", 2), "{}", answer.sentence);
    assert!(answer.sentence.starts_with("NOT what"), "{}", answer.sentence);
    let [payload, event_type] = &answer.findings[..] else {
        panic!("{:?}", answer.findings)
    };
    assert_eq!((payload.kind, &payload.part[..]), ("CHANGED", &["payload"][..]));
    assert_eq!(
        payload.stream.as_ref().map(ToString::to_string).as_deref(),
        Some("order-2")
    );
    assert_eq!((event_type.kind, &event_type.part[..]), ("CHANGED", &["header"][..]));
    assert_eq!(
        event_type.event_type.as_ref().map(ToString::to_string).as_deref(),
        Some("Paid")
    );
}

#[test]
fn events_that_are_gone_from_the_end_are_named() {
    let case = Case::new();
    let made = case.anchor(&case.asked()).expect("an anchor");
    let horizon: u64 = made.horizon.parse().expect("a position");
    case.write_store(&Case::lines()[..2_999]);
    let answer = case.verify(&made.dir, None).expect("a verdict");
    assert_eq!(kinds(&answer), [("REMOVED", horizon.to_string())]);
}

#[test]
fn without_leaves_a_change_is_named_by_its_range() {
    let case = Case::new();
    let asked = AnchorAsked {
        is_short: true,
        ..case.asked()
    };
    let made = case.anchor(&asked).expect("an anchor");
    assert!(!Path::new(&made.dir).join("leaves.bin").exists());
    let mut lines = Case::lines();
    lines[1_500] = lines[1_500].replace("Placed", "Paid");
    case.write_store(&lines);
    let answer = case.verify(&made.dir, None).expect("a verdict");
    assert_eq!((answer.level, answer.finding_count), ("L0", 1));
    assert_eq!(answer.findings[0].kind, "DIFFERS");
}

#[test]
fn another_store_of_the_same_kind_is_said_to_be_rewritten() {
    let case = Case::new();
    let made = case.anchor(&case.asked()).expect("an anchor");
    let lines: Vec<String> = Case::lines()
        .iter()
        .map(|line| line.replace("\"n\"", "\"m\""))
        .collect();
    case.write_store(&lines);
    let answer = case.verify(&made.dir, None).expect("a verdict");
    assert_eq!(answer.findings[0].kind, "REWRITTEN-ALL");
    assert_eq!(answer.finding_count, 3_001);
}

#[test]
fn an_anchor_continues_only_what_it_follows() {
    let case = Case::new();
    let first = case.anchor(&case.asked()).expect("an anchor");
    let mut lines = Case::lines();
    lines.push(lines[0].replace("e0", "new"));
    case.write_store(&lines);
    let next = AnchorAsked {
        previous: Some(first.dir.clone().into()),
        ..case.asked()
    };
    let second = case.anchor(&next).expect("an anchor");
    assert_eq!(
        (second.size, second.is_new_salt),
        (3_001, false),
        "the key of the chain"
    );
    let first_key = std::fs::canonicalize(first.salt.as_deref().expect("salted")).expect("a key");
    let used = std::fs::canonicalize(second.salt.as_deref().expect("salted")).expect("a key");
    assert_eq!(used, first_key, "it says which");
    let digest = {
        let manifest = std::fs::read(Path::new(&second.dir).join("anchor.json")).expect("a manifest");
        let manifest = Manifest::parse(&manifest).expect("a manifest");
        manifest.salt_key_sha256.expect("salted")
    };
    let advice = std::fs::read_to_string(Path::new(&second.dir).join("VERIFY.txt")).expect("advice");
    assert!(
        advice.contains(&digest) && advice.contains("the first anchor of its chain"),
        "{advice}"
    );
    // Moved away from its chain, it says what to look for.
    let moved = case.path("moved");
    std::fs::create_dir(&moved).expect("a folder");
    let moved = moved.join("anchor");
    std::fs::rename(&second.dir, &moved).expect("a folder");
    let lost = case
        .verify(&moved.display().to_string(), None)
        .map(drop)
        .expect_err("no key");
    assert!(
        lost.hint.contains(&digest) && lost.hint.contains("the first anchor of its chain"),
        "{lost:?}"
    );
    std::fs::rename(&moved, &second.dir).expect("a folder");
    let verified = case
        .verify(&second.dir, None)
        .expect("the key lies beside the first anchor");
    assert_eq!(verified.level, "L1");
    lines[0] = lines[0].replace("Placed", "Paid");
    case.write_store(&lines);
    let refused = case.anchor(&next).expect_err("the past was rewritten");
    assert_eq!(refused.code, ErrorCode::Rewritten);
    assert_eq!(refused.exit_code(), 1, "as `verify` ends");
    let anchors = std::fs::read_dir(case.path("anchors")).expect("a folder");
    assert_eq!(anchors.count(), 3, "two anchors, one key, and nothing half-written");
}

#[test]
fn a_signature_is_checked_and_must_be_of_the_key_that_was_named() {
    let case = Case::new();
    let signed = AnchorAsked {
        key: Some(case.path("key")),
        ..case.asked()
    };
    let made = case.anchor(&signed).expect("an anchor");
    assert_eq!(made.signed_by.as_deref(), Some(PUBLIC));
    let answer = case.verify(&made.dir, Some(PUBLIC)).expect("a verdict");
    assert_eq!((answer.level, answer.anchor.is_key_known), ("L1", true));
    assert_eq!(
        case.verify(&made.dir, Some(OTHER))
            .map(drop)
            .expect_err("another key")
            .code,
        ErrorCode::Distrusted
    );
    std::fs::remove_file(Path::new(&made.dir).join("SHA256SUMS.minisig")).expect("there is one");
    assert_eq!(
        case.verify(&made.dir, None).map(drop).expect_err("no signature").code,
        ErrorCode::Distrusted
    );
}

/// Every file of an anchor, at several places: a changed byte is never taken for a verdict.
#[test]
fn an_anchor_with_any_byte_changed_is_refused() {
    let case = Case::new();
    let signed = AnchorAsked {
        key: Some(case.path("key")),
        ..case.asked()
    };
    let made = case.anchor(&signed).expect("an anchor");
    let files = files_of(Path::new(&made.dir));
    assert_eq!(files.len(), 8, "{:?}", files.keys());
    for (file, bytes) in &files {
        for at in [0, bytes.len() / 3, bytes.len() / 2, bytes.len() - 2] {
            // What minisign says of itself is not signed.
            if file.ends_with("SHA256SUMS.minisig") && at < 40 {
                continue;
            }
            let mut altered = bytes.clone();
            altered[at] ^= 1;
            std::fs::write(file, &altered).expect("a file of the test");
            let refused = case.verify(&made.dir, Some(PUBLIC)).map(drop);
            let refused = refused.expect_err("a changed byte");
            // What was found, and not what could not be done: nobody who waits and asks again may sleep through it.
            assert_eq!(refused.exit_code(), 1, "{} at {at}: {refused:?}", file.display());
        }
        std::fs::remove_file(file).expect("a file of the test");
        let refused = case.verify(&made.dir, Some(PUBLIC)).map(drop);
        assert_eq!(
            refused.expect_err("a missing file").exit_code(),
            1,
            "{}",
            file.display()
        );
        std::fs::write(file, bytes).expect("a file of the test");
    }
    assert_eq!(case.verify(&made.dir, Some(PUBLIC)).expect("whole again").level, "L1");
}

#[test]
fn nothing_is_written_beside_the_store_or_into_it() {
    let case = Case::new();
    let before = files_of(&case.path("store"));
    let beside = AnchorAsked {
        out: case.path("store"),
        ..case.asked()
    };
    assert_eq!(
        case.anchor(&beside).expect_err("beside the store").code,
        ErrorCode::InvalidInput
    );
    std::fs::create_dir(case.path("store/below")).expect("an empty folder");
    let below = AnchorAsked {
        out: case.path("store/below"),
        ..case.asked()
    };
    let refused = case.anchor(&below).expect_err("in the folder of the store");
    assert!(refused.message.contains("lies in it"), "{}", refused.message);
    let made = case.anchor(&case.asked()).expect("an anchor");
    case.verify(&made.dir, None).expect("a verdict");
    assert_eq!(files_of(&case.path("store")), before);
}

#[test]
fn what_the_layout_does_not_name_is_covered_too() {
    let case = Case::new();
    let with = |at: usize, member: &str| {
        let mut lines = Case::lines();
        lines[at] = lines[at].replace("\"payload\"", &format!("{member},\"payload\""));
        case.write_store(&lines);
    };
    with(7, "\"is_archived\":false");
    let made = case.anchor(&case.asked()).expect("an anchor");
    assert_eq!(made.columns, ["line"]);
    with(7, "\"is_archived\":true");
    let answer = case.verify(&made.dir, None).expect("a verdict");
    assert_eq!(answer.finding_count, 1, "{}", answer.sentence);
    assert_eq!(
        (answer.findings[0].kind, &answer.findings[0].part[..]),
        ("CHANGED", &["header"][..])
    );
}

#[test]
fn events_that_exchanged_their_places_have_moved() {
    let case = Case::new();
    let made = case.anchor(&case.asked()).expect("an anchor");
    let mut lines = Case::lines();
    lines.swap(10, 1_700);
    case.write_store(&lines);
    let answer = case.verify(&made.dir, None).expect("a verdict");
    assert_eq!(answer.finding_count, 2, "{}", answer.sentence);
    let moves: Vec<_> = answer
        .findings
        .iter()
        .map(|it| (it.kind, it.position.clone(), it.to.clone()))
        .collect();
    let place = |at: &str| Some(at.to_owned());
    assert_eq!(
        moves,
        [
            ("MOVED", place("11"), place("1701")),
            ("MOVED", place("1701"), place("11"))
        ]
    );
}

#[test]
fn nothing_half_written_stays_when_it_fails() {
    let case = Case::new();
    let asked = AnchorAsked {
        out: case.path("anchors/not-there"),
        ..case.asked()
    };
    assert_eq!(
        case.anchor(&asked).expect_err("no such folder").code,
        ErrorCode::InvalidInput
    );
    let token = CancelToken::default();
    token.cancel();
    let cancelled = case.with_session(|_, session| anchor(&Work::new(&token, &Silent), session, &case.asked()));
    assert!(cancelled.expect_err("cancelled").is_cancelled());
    assert_eq!(std::fs::read_dir(case.path("anchors")).expect("a folder").count(), 0);
}

#[cfg(unix)]
#[test]
fn the_key_of_an_anchor_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let case = Case::new();
    let made = case.anchor(&case.asked()).expect("an anchor");
    let salt = made.salt.expect("salted");
    let mode = std::fs::metadata(&salt).expect("a key").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let key = std::fs::read_to_string(&salt).expect("a key");
    for (file, bytes) in files_of(Path::new(&made.dir)) {
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains(key.trim_ascii()), "the key stands in {}", file.display());
    }
    std::fs::write(&salt, "00".repeat(32)).expect("another key");
    assert_eq!(
        case.verify(&made.dir, None).map(drop).expect_err("another key").code,
        ErrorCode::InvalidInput
    );
}

fn files_of(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let entries = std::fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path());
    let read = |path: PathBuf| (path.clone(), std::fs::read(path).expect("a file"));
    entries.filter(|path| path.is_file()).map(read).collect()
}

#[test]
fn the_anchors_of_a_folder_are_listed_with_what_each_continues() {
    let case = Case::new();
    let first = case.anchor(&case.asked()).expect("an anchor");
    let mut lines = Case::lines();
    lines.push(
        lines[0]
            .replace("e0", "e3000")
            .replace("\"version\":0", "\"version\":429"),
    );
    case.write_store(&lines);
    let asked = AnchorAsked {
        previous: Some(first.dir.clone().into()),
        ..case.asked()
    };
    let second = case.anchor(&asked).expect("an anchor that continues");
    std::fs::create_dir(case.path("anchors/mine")).expect("an empty folder");
    std::fs::create_dir(case.path("anchors/broken")).expect("an empty folder");
    std::fs::write(case.path("anchors/broken/anchor.json"), "{}").expect("a file");
    let listed = |folder: &Path| case.with_session(|_, session| anchors(session, folder).expect("a list"));
    let answer = listed(&case.path("anchors"));
    let found: Vec<_> = answer
        .anchors
        .iter()
        .map(|of| (of.dir.as_str(), of.is_of_kind, of.size, of.continues.is_some()))
        .collect();
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found.contains(&(first.dir.as_str(), true, 3_000, false)), "{found:?}");
    assert!(found.contains(&(second.dir.as_str(), true, 3_001, true)), "{found:?}");
    let last = &answer.anchors[2];
    assert_eq!((last.name.as_str(), last.unreadable.is_some()), ("broken", true));
    assert_eq!(listed(Path::new(&second.dir)), answer, "one of them stands for all");
    let missing = case.with_session(|_, session| anchors(session, &case.path("nowhere")));
    assert_eq!(missing.expect_err("there is none").code, ErrorCode::InvalidInput);
}
