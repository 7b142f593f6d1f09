//! Reports of real files: what is in them, that they come out alike, and what is said when one was changed.

mod counted;
mod forged;
mod layers;
mod noticed;
mod others;
mod same;
mod strangers;
mod subject;
mod verification;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use refold_core::work::{CancelToken, Progress, Silent, Work};
use tempfile::TempDir;

use super::*;
use crate::error::ErrorCode;
use crate::places::Places;
use crate::usecase::evidence::bundle::{BundleAnswer, verify_bundle};
use crate::usecase::evidence::tests::{PUBLIC, SECRET};

/// A store of lines, and a place for its reports.
struct Case {
    folder: TempDir,
}

/// What no report may hold once it is redacted.
const CANARY: &str = "canary-7f3a91";
const HOSTILE: &str = r#"<script>alert(1)</script>"#;

impl Case {
    fn new() -> Case {
        Case::of(&Case::lines())
    }

    fn of(lines: &[String]) -> Case {
        let case = Case {
            folder: tempfile::tempdir().expect("a folder"),
        };
        for name in ["store", "reports", "home"] {
            std::fs::create_dir(case.path(name)).expect("an empty folder");
        }
        std::fs::write(case.path("key"), SECRET).expect("a key");
        std::fs::write(case.path("store/events.jsonl"), lines.join("\n") + "\n").expect("a store");
        // Nobody wrote to it for a long time: how it is read does not hang on the clock.
        let store = std::fs::File::options()
            .write(true)
            .open(case.path("store/events.jsonl"));
        let store = store.expect("the store is there");
        store.set_modified(std::time::UNIX_EPOCH).expect("its time can be set");
        case
    }

    /// 40 events of 5 streams of two categories, with all that is unpleasant to show.
    fn lines() -> Vec<String> {
        let nasty = [
            r#"{"n":9007199254740993,"price":0.10,"big":1e400}"#.to_owned(),
            format!(r#"{{"html":"{HOSTILE}","formula":"=1+1"}}"#),
            r#"{"bidi":"a\u202eb","nul":"\u0000","same":1,"same":2}"#.to_owned(),
            format!(r#"{{"customer":{{"email":"{CANARY}@example.org"}},"items":[{{"note":"{CANARY}"}}]}}"#),
        ];
        (0..40)
            .map(|at| {
                let category = if at % 5 < 3 { "order" } else { "cart" };
                format!(
                    r#"{{"stream":"{category}-{}","category":"{category}","version":{},"type":"Type{}","recorded_at":"2026-08-{:02}T00:00:00Z","event_id":"e{at}","payload":{},"metadata":{{"who":"{CANARY}"}}}}"#,
                    at % 5,
                    at / 5,
                    at % 3,
                    1 + at / 2,
                    nasty[(at / 5) % nasty.len()]
                )
            })
            .collect()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn asked(&self) -> ReportAsked {
        ReportAsked {
            out: self.path("reports"),
            formats: ReportFormat::ALL.to_vec(),
            time: Some("2026-11-21T14:30:00Z".to_owned()),
            ..ReportAsked::default()
        }
    }

    fn of_streams(&self, streams: &[&str]) -> ReportAsked {
        ReportAsked {
            streams: streams.iter().map(|stream| (*stream).to_owned()).collect(),
            ..self.asked()
        }
    }

    fn with_session<T>(&self, progress: &dyn Progress, then: impl FnOnce(&Work<'_>, &Session) -> T) -> T {
        let token = CancelToken::default();
        let work = Work::new(&token, progress);
        let places = Places::below(&self.path("home"));
        let store = self.path("store/events.jsonl");
        let session = Session::open(&work, &store.to_string_lossy(), None, &places).expect("a store of lines");
        then(&work, &session)
    }

    fn make(&self, asked: &ReportAsked) -> Result<ReportAnswer, AppError> {
        self.with_session(&Silent, |work, session| report(work, session, asked, None))
    }

    fn redacted(&self, rules: &str, asked: &ReportAsked) -> ReportAnswer {
        std::fs::write(self.path("rules.toml"), rules).expect("a file of rules");
        let asked = ReportAsked {
            redact: Some(self.path("rules.toml")),
            ..asked.clone()
        };
        self.make(&asked).expect("a report")
    }
}

/// Numbers that are the same in every run (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }
}

fn manifest(dir: &str) -> Manifest {
    Manifest::parse(&std::fs::read(Path::new(dir).join(MANIFEST)).expect("a manifest")).expect("ours")
}

fn bytes_of(dir: &str) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(dir)
        .expect("a folder")
        .map(|entry| entry.expect("an entry"));
    entries
        .map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            (name, std::fs::read(entry.path()).expect("a file"))
        })
        .collect()
}

fn checked(dir: &Path, key: Option<&str>) -> Result<BundleAnswer, AppError> {
    let token = CancelToken::default();
    verify_bundle(&Work::new(&token, &Silent), dir, key)
}

/// What is said to be wrong with a report.
fn blamed(dir: &Path) -> Vec<String> {
    let answer = checked(dir, None).expect("an answer");
    let wrong = answer.files.into_iter().filter(|file| !file.ok);
    wrong.map(|file| file.name).collect()
}

/// The positions of the events in the record.
fn positions(dir: &str) -> Vec<i64> {
    let text = std::fs::read_to_string(Path::new(dir).join(RECORD_JSON)).expect("a record");
    let position = |line: &str| {
        let rest = line
            .strip_prefix("{\"position\":\"")
            .expect("it begins with its position");
        rest.split('"').next().expect("text").parse().expect("a number")
    };
    text.lines().map(position).collect()
}

#[test]
fn the_same_question_makes_the_same_bytes() {
    let case = Case::new();
    let asked = ReportAsked {
        key: Some(case.path("key")),
        operator: Some("A. Auditor".to_owned()),
        ..case.of_streams(&["order-1"])
    };
    let first = case.make(&asked).expect("a report");
    let elsewhere = case.path("elsewhere");
    std::fs::create_dir(&elsewhere).expect("an empty folder");
    let again = case
        .make(&ReportAsked {
            out: elsewhere,
            ..asked.clone()
        })
        .expect("a report");
    assert_eq!(bytes_of(&first.dir), bytes_of(&again.dir));
    // Where there is one already nothing is written over it.
    assert_eq!(
        case.make(&asked).expect_err("there is one").code,
        ErrorCode::InvalidInput
    );
    let other = case
        .make(&ReportAsked {
            time: Some("@1".to_owned()),
            ..asked
        })
        .expect("a report");
    assert_ne!(other.id, first.id);
}

#[test]
fn every_scope_counts_what_it_holds_and_what_it_left() {
    let case = Case::new();
    let count = |asked: &ReportAsked| {
        let made = case.make(asked).expect("a report");
        let positions = positions(&made.dir);
        let scope = manifest(&made.dir).report.scope;
        assert_eq!(scope.counts.written, positions.len() as u64);
        assert!(positions.is_sorted(), "{positions:?}");
        let counts = scope.counts;
        (
            counts.examined,
            counts.out_of_range,
            counts.of_other_categories,
            counts.written,
        )
    };
    assert_eq!(count(&case.asked()), (40, 0, 0, 40));
    assert_eq!(count(&case.of_streams(&["order-1"])), (8, 0, 0, 8));
    assert_eq!(
        count(&case.of_streams(&["order-1", "cart-3", "order-1"])),
        (16, 0, 0, 16)
    );
    let category = ReportAsked {
        category: Some("cart".to_owned()),
        ..case.asked()
    };
    assert_eq!(count(&category), (40, 0, 24, 16));
    let days = ReportAsked {
        from: Some("2026-08-03".to_owned()),
        to: Some("2026-08-05T00:00:00Z".to_owned()),
        ..case.asked()
    };
    assert_eq!(count(&days), (40, 34, 0, 6));
    let positions = ReportAsked {
        from: Some("#5".to_owned()),
        to: Some("#9".to_owned()),
        ..case.asked()
    };
    assert_eq!(count(&positions), (5, 0, 0, 5));
    let versions = ReportAsked {
        from: Some("v2".to_owned()),
        to: Some("v3".to_owned()),
        ..case.of_streams(&["order-1"])
    };
    assert_eq!(count(&versions), (8, 6, 0, 2));
    for wrong in [
        ReportAsked {
            from: Some("v2".to_owned()),
            ..case.asked()
        },
        ReportAsked {
            from: Some("2030-01-01".to_owned()),
            ..case.asked()
        },
        case.of_streams(&["nobody"]),
    ] {
        assert!(case.make(&wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn the_record_is_what_the_store_holds_and_the_pages_run_nothing() {
    let case = Case::new();
    let made = case.make(&case.asked()).expect("a report");
    let record = std::fs::read_to_string(Path::new(&made.dir).join(RECORD_JSON)).expect("a record");
    for literal in [
        r#""n":9007199254740993,"price":0.10,"big":1e400"#,
        r#""same":1,"same":2"#,
        r#""a\u202eb""#,
    ] {
        assert!(record.contains(literal), "{literal}");
    }
    let page = std::fs::read_to_string(Path::new(&made.dir).join(PAGES)).expect("pages");
    assert!(!page.contains("<script") && page.contains("default-src 'none'"));
    assert!(page.contains("&lt;script&gt;"), "the text is shown");
    for part in [
        "Completeness",
        "Findings",
        "Source",
        "Events",
        "Redaction",
        "Method",
        "Chain of custody",
        "How to verify this without Refold",
        "Limits",
        "Report digest",
        "Horizon",
        "Gaps in positions",
        "minisign",
        "sha256sum",
        "Reviewed by",
        "repeated-key",
    ] {
        assert!(page.contains(part) || part == "minisign", "{part}");
    }
    let parts = manifest(&made.dir);
    assert!(!parts.report.limits.is_empty());
    assert!(page.contains(&parts.report.id));
}

#[test]
fn what_is_redacted_is_in_no_byte_of_any_file() {
    let case = Case::new();
    let plain = case.make(&case.asked()).expect("a report");
    let holds = |dir: &str, name: &str| {
        let bytes = &bytes_of(dir)[name];
        memchr::memmem::find(bytes, CANARY.as_bytes()).is_some()
    };
    assert!(
        holds(&plain.dir, RECORD_JSON) && holds(&plain.dir, PAGES),
        "it would be found"
    );
    let rules = "refold = \"mask/1\"\n[[hide]]\npaths = [\"/customer/email\", \"/items/*/note\", \"/who\"]\n";
    for asked in [case.asked(), case.of_streams(&["order-1"])] {
        let made = case.redacted(rules, &asked);
        for name in bytes_of(&made.dir).keys() {
            assert!(!holds(&made.dir, name), "{name}");
        }
        let hidden = manifest(&made.dir).report.redaction.hidden;
        let counted: Vec<(&str, &str)> = hidden.iter().map(|of| (&*of.part, &*of.path)).collect();
        assert!(counted.contains(&("payload", "/items/*/note")), "{counted:?}");
        assert!(counted.contains(&("metadata", "/who")), "{counted:?}");
        assert_eq!(
            checked(Path::new(&made.dir), None).expect("an answer").outcome,
            "verified"
        );
    }
}

#[test]
fn a_dry_run_lists_every_path_and_what_would_be_hidden() {
    let case = Case::new();
    std::fs::write(
        case.path("rules.toml"),
        "refold = \"mask/1\"\n[[hide]]\npaths = [\"/customer\", \"/**/note\"]\nin = [\"payload\"]\n",
    )
    .expect("a file of rules");
    let asked = ReportAsked {
        redact: Some(case.path("rules.toml")),
        ..case.of_streams(&["order-1"])
    };
    let answer = case.with_session(&Silent, |work, session| {
        let answer = paths::paths(work, session, &asked, None).expect("an answer");
        assert!(!session.mask().has_rules(), "the rules of a report hold in it alone");
        answer
    });
    let found: Vec<(&str, &str, u64, u64)> = answer
        .paths
        .iter()
        .map(|of| (of.part, &*of.path, of.count, of.hidden))
        .collect();
    let payload = |path, count, hidden| ("payload", path, count, hidden);
    assert_eq!(
        found,
        [
            ("metadata", "/who", 8, 0),
            payload("/bidi", 2, 0),
            payload("/big", 2, 0),
            payload("/customer/email", 2, 2),
            payload("/formula", 2, 0),
            payload("/html", 2, 0),
            payload("/items/*/note", 2, 2),
            payload("/n", 2, 0),
            payload("/nul", 2, 0),
            payload("/price", 2, 0),
            payload("/same", 4, 0),
        ]
    );
    assert_eq!((answer.events, answer.more), (8, 0));
    assert_eq!(std::fs::read_dir(case.path("reports")).expect("a folder").count(), 0);
}

#[test]
fn whatever_byte_is_changed_the_file_is_named() {
    let case = Case::new();
    let mut random = Random(0x5eed);
    for key in [Some(case.path("key")), None] {
        let asked = ReportAsked {
            key: key.clone(),
            to: Some("v1".to_owned()),
            ..case.of_streams(&["order-1"])
        };
        let dir = case.make(&asked).expect("a report").dir;
        let whole = checked(Path::new(&dir), key.as_ref().map(|_| PUBLIC)).expect("an answer");
        assert_eq!(whole.outcome, "verified", "{}", whole.sentence);
        let files = bytes_of(&dir);
        let names: Vec<&String> = files.keys().collect();
        for _ in 0..5_000 {
            let name = names[random.below(names.len())];
            let mut bytes = files[name].clone();
            let at = random.below(bytes.len());
            bytes[at] ^= 1 + random.below(255) as u8;
            let file = Path::new(&dir).join(name);
            std::fs::write(&file, &bytes).expect("a file of the test");
            let answer = checked(Path::new(&dir), None).expect("an answer");
            let blamed: Vec<&str> = answer
                .files
                .iter()
                .filter(|file| !file.ok)
                .map(|file| &*file.name)
                .collect();
            assert_eq!(blamed, [name.as_str()], "byte {at} of {name} is {:#04x}", bytes[at]);
            assert_eq!(answer.outcome, "broken");
            std::fs::write(&file, &files[name]).expect("a file of the test");
        }
        std::fs::remove_dir_all(&dir).expect("a folder of the test");
    }
}

#[test]
fn files_that_are_gone_new_or_made_to_fit_are_named() {
    let case = Case::new();
    let asked = ReportAsked {
        key: Some(case.path("key")),
        ..case.of_streams(&["order-1"])
    };
    let dir = case.make(&asked).expect("a report").dir;
    let path = Path::new(&dir);
    let blamed = |key: Option<&str>| {
        let answer = checked(path, key).expect("an answer");
        let wrong = answer.files.into_iter().filter(|file| !file.ok);
        wrong.map(|file| file.name).collect::<Vec<_>>()
    };
    for (name, bytes) in bytes_of(&dir) {
        if name == MANIFEST {
            continue; // then it is no report at all
        }
        std::fs::remove_file(path.join(&name)).expect("a file of the test");
        assert!(blamed(None).contains(&name), "{name}");
        std::fs::write(path.join(&name), bytes).expect("a file of the test");
    }
    std::fs::write(path.join("more.txt"), "more").expect("a file of the test");
    assert_eq!(blamed(None), ["more.txt"]);
    std::fs::remove_file(path.join("more.txt")).expect("a file of the test");
    assert_eq!(blamed(Some(PUBLIC)), [""; 0]);
    assert_eq!(
        blamed(Some("RWQ7CmkEh713celB9G6jcdNBxfvEqw/HbTYrGU9hw5aR4+62Fq+qjOJk")),
        [SIGNATURE]
    );
}

#[test]
fn who_cancels_finds_nothing() {
    let case = Case::new();
    let token = CancelToken::default();
    token.cancel();
    let places = Places::below(&case.path("home"));
    let store = case.path("store/events.jsonl");
    let free = CancelToken::default();
    let session = Session::open(&Work::new(&free, &Silent), &store.to_string_lossy(), None, &places).expect("a store");
    let made = report(&Work::new(&token, &Silent), &session, &case.asked(), None);
    assert!(made.expect_err("it was cancelled").is_cancelled());
    assert_eq!(std::fs::read_dir(case.path("reports")).expect("a folder").count(), 0);
    // Nor is anything written where the store lies.
    let beside = ReportAsked {
        out: case.path("store"),
        ..case.asked()
    };
    assert_eq!(
        case.make(&beside).expect_err("it is the store's").code,
        ErrorCode::InvalidInput
    );
}
