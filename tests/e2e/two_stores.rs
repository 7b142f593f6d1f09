//! Two whole stores in the real window, by keyboard alone: a store and a copy of it that lost events and was changed.

use std::path::{Path, PathBuf};

use refold_tests::Fingerprint;

use crate::driver::{Shown, open};
use crate::fits::show;
use crate::flows::{no_violations, wait_for_overview, wait_for_version};
use crate::kept::invoke;
use crate::stores;
use crate::truth::session_of;
use crate::webdriver::key;

const ALT: &str = "\u{E00A}";
const F7: &str = "\u{E037}";

/// A copy in a folder of its own: it lacks its last three events and one in between, and says another price.
pub fn damaged_copy(folder: &Path) -> PathBuf {
    let copy = folder.join("restored.db");
    std::fs::copy(stores::sample().path(), &copy).expect("the sample store can be copied");
    let database = rusqlite::Connection::open(&copy).expect("the copy opens");
    database
        .execute_batch(
            "DELETE FROM emt_messages WHERE global_position > (SELECT max(global_position) - 3 FROM emt_messages);
             DELETE FROM emt_messages WHERE stream_id = 'order-4711' AND stream_position = 5;
             UPDATE emt_messages SET message_data = replace(replace(message_data, '249.00', '294.00'), '295.50', '259.50')
             WHERE stream_id = 'order-4711' AND stream_position IN (2, 9);
             PRAGMA journal_mode = DELETE;",
        )
        .expect("the copy can be changed");
    copy
}

/// Shows two stores, says by keys alone which the other one is, and compares them.
pub fn compare_with(shown: &Shown, other: &Path) {
    let web = &shown.web;
    show(shown, "compare");
    web.press(&[], "s");
    web.wait_for("document.querySelector('[data-test=stores-other]')");
    for _ in 0..60 {
        if web.run("return document.activeElement?.dataset.test") == "stores-other" {
            break;
        }
        web.press(&[], key::TAB);
    }
    web.type_text(&other.to_string_lossy());
    web.press(&[], key::ENTER);
    web.wait_for("document.querySelector('[data-test=stores-summary]')");
}

#[test]
fn two_stores_are_compared_by_keyboard_alone() {
    let store = stores::sample();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let other = damaged_copy(folder.path());
    let before = [Fingerprint::of(store.folder()), Fingerprint::of(folder.path())];
    let shown = open(&[store.path(), "order-4711"]);
    let web = &shown.web;
    wait_for_version(&shown, "15");
    compare_with(&shown, &other);

    let outcome = web.run("return document.querySelector('[data-test=stores-summary]').dataset.outcome");
    assert_eq!(outcome, "different");
    let sentence = web.text("[data-test=stores-sentence]");
    assert!(sentence.contains("DIFFER in 4 streams"), "{sentence}");
    for (side, path) in [("left", store.path()), ("right", &*other.to_string_lossy())] {
        let named = web.run(&format!(
            "return document.querySelector('[data-test=stores-{side}-location] .cut').title"
        ));
        assert_eq!(named, path);
    }
    // What worries most stands first, and the list has the keys.
    wait_for_stream(&shown, "order-4711");
    web.wait_for("document.querySelector('[data-test=stores-places]')?.innerText === '3 events are not the same'");
    wait_for_event(&shown, "2");
    web.wait_for("document.querySelector('[data-test=stores-tree]')?.innerText.includes('294.00')");
    web.press(&[], F7);
    wait_for_event(&shown, "5");
    web.press(&[], F7);
    wait_for_event(&shown, "9");

    // There in this store, and back.
    web.press(&[], key::ENTER);
    wait_for_version(&shown, "9");
    web.press(&[ALT], key::LEFT);
    wait_for_stream(&shown, "order-4711");
    web.press(&[], "\u{E015}");
    web.wait_for("!document.querySelector('[data-test=stores-looked] b').innerText.startsWith('order-4711')");
    web.press(&[], "\u{E013}");
    wait_for_stream(&shown, "order-4711");
    wait_for_event(&shown, "2");

    // There in the other store, in a tab of its own.
    web.press(&[key::SHIFT], key::ENTER);
    wait_for_version(&shown, "2");
    web.wait_for("document.querySelector('[data-test=env-band]').innerText.includes('restored.db')");
    web.press(&[key::CONTROL], key::TAB);
    wait_for_stream(&shown, "order-4711");

    // Other settings keep the answer, marked; without what was changed only what is gone is left.
    web.press(&[], "x");
    web.wait_for("document.querySelector('[data-test=stores-stale]')");
    web.press(&[key::CONTROL], key::ENTER);
    web.wait_for("!document.querySelector('[data-test=stores-stale]')");
    assert_eq!(
        web.run("return document.querySelector('[data-test=stores-left-location] .cut').title"),
        &*other.to_string_lossy()
    );
    no_violations(&shown);
    drop(shown);
    before[0].assert_unchanged(store.folder());
    before[1].assert_unchanged(folder.path());
}

/// What a person saves is what the command line prints, and it is whole or not there.
#[test]
fn a_comparison_of_stores_is_saved_and_never_beside_one() {
    let store = stores::sample();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let other = damaged_copy(folder.path());
    let shown = open(&[store.path()]);
    wait_for_overview(&shown);
    let session = session_of(&shown);
    let asked = serde_json::json!({
        "other": other, "isOtherLeft": false, "by": "bytes", "ignored": [], "handler": ""
    });
    let told = invoke(
        &shown,
        "compare_stores",
        serde_json::json!({ "session": session, "asked": asked }),
    );
    let comparison = &told["comparison"];
    let kept = tempfile::tempdir().expect("a temporary folder");
    let file = kept.path().join("comparison.json");
    let save = |file: &Path| {
        invoke(
            &shown,
            "export_stores",
            serde_json::json!({ "comparison": comparison, "file": file }),
        )
    };
    assert!(save(&file).is_null());
    let text = std::fs::read_to_string(&file).expect("the file is there");
    let saved: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
    assert_eq!(saved["sentence"], told["sentence"]);
    assert_eq!(saved["differing_count"], told["differingStreams"]);
    let beside = other.with_file_name("comparison.json");
    assert_eq!(save(&beside)["failed"]["code"], "invalidInput");
    assert!(!beside.exists());
}

#[track_caller]
fn wait_for_stream(shown: &Shown, stream: &str) {
    shown.web.wait_for(&format!(
        "document.querySelector('[data-test=stores-looked] b')?.innerText === '{stream}'"
    ));
}

/// Waits until the event of this version on the left is the one that is looked at.
#[track_caller]
fn wait_for_event(shown: &Shown, version: &str) {
    shown.web.wait_for(&format!(
        "document.querySelector('[data-test=stores-parts] [data-part=version] td:nth-child(2)')?.innerText === '{version}'"
    ));
}
