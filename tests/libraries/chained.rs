//! Chains of EventSourcingDB, judged by the SDK of its makers and by us: what either makes the other verifies, and of
//! what was changed both say the same, event by event.

use std::path::Path;
use std::process::Command;

use refold_app::usecase::evidence::chain::{ChainAnswer, ChainAsked, verify_chain};
use refold_app::{Places, Session};
use refold_audit::anchor::hex;
use refold_audit::anchor::signing::SecretKey;
use refold_core::work::{CancelToken, Silent, Work};
use refold_fixtures::chained::{Chained, Shape, events};

use crate::{fixtures, installed};

/// A key that guards nothing, as minisign makes it.
const SECRET: &str = "untrusted comment: a key of a test\nRWQAAEIyAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAOgppBIe9d3Hinj1EFHMLqcWqpfY/6F9mvBT18YrfaLuH2mXBgSwrAulB9G6jcdNBxfvEqw/HbTYrGU9hw5aR4+62Fq+qjOJkAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";

fn python(script: &str, arguments: &[&str]) -> String {
    let mut command = Command::new(installed("REFOLD_EVENTSOURCINGDB").join("bin/python"));
    command
        .arg(fixtures().join("eventsourcingdb").join(script))
        .args(arguments);
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{command:?}: {said}");
    String::from_utf8(output.stdout).expect("the scripts print UTF-8")
}

fn verified(store: &Path, key: &str) -> ChainAnswer {
    let home = tempfile::tempdir().expect("a folder");
    let file = home.path().join("key");
    std::fs::write(&file, key).expect("a key");
    let token = CancelToken::default();
    let work = Work::new(&token, &Silent);
    let location = store.to_str().expect("paths of tests are UTF-8");
    let session = Session::open(&work, location, None, &Places::below(home.path())).expect("an export");
    let asked = ChainAsked {
        key: Some(file),
        ..ChainAsked::default()
    };
    verify_chain(&work, &session, &asked).expect("a verdict")
}

#[test]
fn what_the_sdk_makes_is_verified() {
    let folder = tempfile::tempdir().expect("a folder for the store");
    let store = folder.path().join("library.ndjson");
    let key = python("write.py", &[&store.display().to_string()]);
    let answer = verified(&store, key.trim());
    assert_eq!(
        (answer.outcome, answer.events, answer.finding_count),
        ("verified", 120, 0),
        "{answer:?}"
    );
    assert_eq!(answer.signatures.by_key, 120);
    assert!(answer.respelled.is_empty());
}

#[test]
fn the_sdk_and_we_agree_on_every_event_of_ours_also_where_it_was_changed() {
    let secret = SecretKey::parse(SECRET).expect("a key");
    let key = hex(secret.public().bytes());
    let sign = |hash: &str| Some(format!("esdb:signature:v1:{}", hex(&secret.sign(hash.as_bytes()))));
    let folder = tempfile::tempdir().expect("a folder for the store");
    let store = folder.path().join("library.ndjson");
    for seed in 1..=4 {
        let mut made = events(seed, 200, 100, &sign);
        let write = |events: &[Chained]| {
            let lines: Vec<String> = events.iter().map(|event| event.line(Shape::Api)).collect();
            std::fs::write(&store, lines.join("\n") + "\n").expect("a store");
        };
        write(&made);
        let path = store.display().to_string();
        assert_eq!(python("verify.py", &[&path, &key]), "ok\n".repeat(200), "seed {seed}");
        assert_eq!(verified(&store, &key).outcome, "verified", "seed {seed}");

        // An event in seven, each in a way of its own.
        for (number, event) in made.iter_mut().skip(1).step_by(7).enumerate() {
            match number % 8 {
                0 => event.source.push('/'),
                1 => event.subject.push('9'),
                2 => event.event_type.push_str(".v2"),
                3 => event.time = event.time.replace("2026", "2024"),
                4 => event.data.insert_str(1, "\"forged\":0,"),
                5 => event.content_type = "application/xml".to_owned(),
                6 => event.trace = Some(("00-f-f-01".to_owned(), String::new())),
                _ => event.signature = sign("another hash"),
            }
        }
        write(&made);
        let by_sdk = python("verify.py", &[&path]);
        let by_sdk: Vec<String> = by_sdk
            .lines()
            .enumerate()
            .filter(|(_, said)| *said != "ok")
            .map(|(at, _)| at.to_string())
            .collect();
        assert!(by_sdk.len() > 20, "{by_sdk:?}");
        let answer = verified(&store, &key);
        let of_kind = |kind: &str| -> Vec<String> {
            let found = answer.findings.iter().filter(|of| of.kind == kind);
            found.filter_map(|of| of.position.clone()).collect()
        };
        assert_eq!(of_kind("CHANGED"), by_sdk, "seed {seed}");
        let signatures = python("verify.py", &[&path, &key]);
        let unsigned: Vec<String> = signatures
            .lines()
            .enumerate()
            .filter(|(_, said)| *said == "SignatureVerificationFailedError")
            .map(|(at, _)| at.to_string())
            .collect();
        assert_eq!(of_kind("SIGNATURE-INVALID"), unsigned, "seed {seed}");
        assert_eq!(
            answer.findings.len(),
            by_sdk.len() + unsigned.len(),
            "seed {seed}: {answer:?}"
        );
    }
}
