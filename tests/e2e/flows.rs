//! What people come for, each within its counted actions: one click, one key chord or one typed token is one action.

use std::path::Path;
use std::time::Duration;

use refold_tests::Fingerprint;

use crate::driver::{Shown, open, open_in};
use crate::live;
use crate::opening::{answer_dialog, palette};
use crate::stores;
use crate::webdriver::key;

/// What happened to order 4711? Three actions with the store open.
#[test]
fn f1_what_happened_to_an_order() {
    let store = stores::sample();
    let before = Fingerprint::of(store.folder());
    let shown = open(&[store.path()]);
    let web = &shown.web;
    wait_for_overview(&shown);

    let start = web.actions();
    web.press(&[key::CONTROL], "k");
    web.type_text("4711");
    web.wait_for(
        "[...document.querySelectorAll('[data-test=omnibox-item]')].some(it => it.innerText.includes('order-4711'))",
    );
    web.press(&[], key::ENTER);
    wait_for_version(&shown, "15");
    assert_eq!(web.actions() - start, 3, "F1 takes three actions");

    let header = web.text("[data-test=scope-header]");
    assert!(
        header.contains("order-4711") && header.contains("15 events"),
        "{header}"
    );
    // The 64-bit id is shown to the last digit.
    web.press(&[], "5");
    web.wait_for("document.querySelector('[data-test=state-rows]').innerText.includes('9007199254750415')");
    no_violations(&shown);
    drop(shown);
    before.assert_unchanged(store.folder());
}

/// What did it look like on 3 August at 14:00? Three actions in its history.
#[test]
fn f2_what_it_looked_like_then() {
    let store = stores::sample();
    let shown = open(&[store.path(), "order-4711"]);
    let web = &shown.web;
    wait_for_version(&shown, "15");

    let start = web.actions();
    web.press(&[], "g");
    web.type_text("2026-08-03 14:00");
    web.press(&[], key::ENTER);
    web.wait_for("document.querySelector('[data-test=cursor-a-time]')?.innerText.includes('2026-08-03 14:00')");
    assert_eq!(web.actions() - start, 3, "F2 takes three actions");

    wait_for_label(&shown);
    // Paid and not yet shipped, says the store's own page; and the time before is named, never rounded away.
    let when = web.text("[data-test=cursor-a-time]");
    assert!(
        when.contains("as of 2026-08-03 14:00") && when.contains("earlier"),
        "{when}"
    );
    assert!(version(&shown) < 15, "the state is of a version before the head");
}

/// Which event made this field so? One look, one click, and the way back.
#[test]
fn f3_which_event_wrote_this_field() {
    let store = stores::sample();
    let shown = open(&[store.path(), "order-4711"]);
    let web = &shown.web;
    wait_for_version(&shown, "15");

    // Beside what the last event changed, so that it is in view without scrolling.
    let row = "[data-test=state-rows] [role=row][data-path='/paid']";
    web.wait_for(&format!(
        "document.querySelector(\"{row} .blame\")?.innerText.length > 0"
    ));
    let wrote = web.text(&format!("{row} .blame"));
    let start = web.actions();
    web.click(&format!("{row} .blame"));
    web.wait_for(&format!(
        "document.querySelector('[data-test=cursor-a-label]').innerText.replace(/\\D/g, '') === '{}'",
        wrote.replace(|letter: char| !letter.is_ascii_digit(), "")
    ));
    assert_eq!(web.actions() - start, 1, "F3 takes one action to go there");
    wait_for_label(&shown);

    web.press(&["\u{E00A}"], key::LEFT);
    wait_for_version(&shown, "15");
}

/// Is the read model right? Five actions, with the one that the system's dialog takes.
#[test]
fn f6_is_the_read_model_right() {
    let store = stores::sample();
    let before = Fingerprint::of(store.folder());
    let shown = open(&[store.path()]);
    let web = &shown.web;
    wait_for_overview(&shown);
    answer_dialog(&shown, "open", &store.folder().join("read_model.db").to_string_lossy());
    let start = web.actions();
    web.press(&[key::CONTROL], "3");
    web.wait_for("document.querySelector('[data-test=compare]')");
    web.press(&[], "m");
    web.wait_for("document.querySelector('[data-test=drift-mapping-text]')?.value.includes('order_summary')");
    web.press(&[key::CONTROL], key::ENTER);
    let summary = web.text("[data-test=drift-summary]");
    assert!(summary.contains("5,001"), "{summary}");
    web.press(&[], key::ENTER);
    web.wait_for("document.querySelector('[data-test=state-header]')?.dataset.version > ''");
    assert_eq!(web.actions() - start + 1, 5, "F6 takes five actions");
    no_violations(&shown);
    drop(shown);
    before.assert_unchanged(store.folder());
}

/// What if that payment had never been authorised? Four actions at most, without a pointer, and nothing is written.
#[test]
fn f7_what_if_an_event_had_never_happened() {
    let store = stores::sample();
    let before = Fingerprint::of(store.folder());
    let shown = open(&[store.path(), "order-4711", "--at", "v9"]);
    let web = &shown.web;
    wait_for_version(&shown, "9");
    let start = web.actions();
    web.press(&[key::CONTROL], ".");
    web.type_text("branch here without");
    web.wait_for("document.querySelector('[data-test=omnibox-item]')?.innerText.includes('Branch here without')");
    web.press(&[], key::ENTER);
    web.wait_for("document.querySelector('[data-test=sandbox-summary]')");
    assert!(web.actions() - start <= 4, "F7 takes four actions at most");
    let band = web.text("[data-test=sandbox-band]");
    assert!(
        band.contains("SANDBOX") && band.contains("nothing of it is written to the store"),
        "{band}"
    );
    assert!(web.text("[data-test=sandbox]").contains("differ"));
    no_violations(&shown);
    drop(shown);
    before.assert_unchanged(store.folder());
}

/// An evidence pack of an order between two moments: four actions with the button that has the focus, and the dialog that
/// says where, once. It verifies in the window, and with the folder chosen there.
#[test]
fn f8_an_evidence_pack_of_a_sample() {
    let store = stores::sample();
    let kept = tempfile::tempdir().expect("a temporary folder");
    let before = Fingerprint::of(store.folder());
    let shown = open(&[store.path(), "order-4711", "--at", "v1"]);
    let web = &shown.web;
    wait_for_version(&shown, "1");
    answer_dialog(&shown, "open", &kept.path().to_string_lossy());
    let start = web.actions();
    web.press(&[], "b");
    web.press(&[], key::END);
    wait_for_version(&shown, "15");
    web.press(&[key::CONTROL], "e");
    web.wait_for("document.activeElement?.dataset.test === 'report-run'");
    web.press(&[], key::ENTER);
    web.wait_for("document.querySelector('[data-test=report-made]')");
    assert_eq!(web.actions() - start, 4, "F8 takes four actions and the dialog");
    let made = web.text("[data-test=report-made]");
    assert!(
        made.contains("15 events") && made.contains("sha256sum -c SHA256SUMS"),
        "{made}"
    );
    assert!(made.contains("Nobody signed this report"), "{made}");
    let dir = web.text("[data-test=report-dir]");
    for file in [
        "report.pdf",
        "report.html",
        "events.csv",
        "events.ndjson",
        "verify.py",
        "SHA256SUMS",
    ] {
        assert!(Path::new(&dir).join(file).exists(), "{file} in {dir}");
    }
    answer_dialog(&shown, "open", &dir);
    web.click("[data-test=report-verify]");
    web.wait_for("document.querySelector('[data-test=bundle-result]')?.dataset.outcome === 'verified'");
    std::fs::write(Path::new(&dir).join("events.csv"), "nothing").expect("a file of ours");
    web.press(&[key::CONTROL], key::ENTER);
    web.wait_for("document.querySelector('[data-test=bundle-result]')?.dataset.outcome === 'broken'");
    assert!(web.text("[data-test=bundle]").contains("events.csv"));
    no_violations(&shown);
    drop(shown);
    before.assert_unchanged(store.folder());
}

/// A case file of what is noted: an order between two moments in one file that opens offline.
#[test]
fn a_case_file_of_a_sample() {
    let store = stores::sample();
    let kept = tempfile::tempdir().expect("a temporary folder");
    let file = kept.path().join("order-4711.refold-case");
    let before = Fingerprint::of(store.folder());
    let shown = open(&[store.path(), "order-4711"]);
    let web = &shown.web;
    wait_for_version(&shown, "15");
    answer_dialog(&shown, "save", &file.to_string_lossy());
    let start = web.actions();
    web.press(&[], key::HOME);
    web.press(&[], "b");
    web.press(&[], key::END);
    wait_for_version(&shown, "15");
    web.press(&[key::CONTROL, key::SHIFT], "e");
    web.wait_for("document.querySelector('[data-test=notice]').innerText.includes('order-4711.refold-case')");
    assert_eq!(web.actions() - start, 4, "four actions and the dialog");
    let case = std::fs::read_to_string(&file).expect("the case was written");
    assert!(
        case.starts_with("{\"refold_case\":1"),
        "{}",
        case.chars().take(80).collect::<String>()
    );
    drop(shown);
    before.assert_unchanged(store.folder());
}

/// Every step of the arrow keys moves one version, and the ends are ends.
#[test]
fn arrow_keys_step_through_every_version() {
    let store = stores::sample();
    let shown = open(&[store.path(), "order-4711", "--at", "start"]);
    let web = &shown.web;
    wait_for_version(&shown, "");
    for step in 1..=15 {
        web.press(&[], key::RIGHT);
        wait_for_version(&shown, &step.to_string());
    }
    web.press(&[], key::RIGHT);
    wait_for_version(&shown, "15");
    web.press(&[], key::HOME);
    wait_for_version(&shown, "");
    web.press(&[], key::END);
    wait_for_version(&shown, "15");
}

/// What cannot be opened says so, says what to do, and the window goes on.
#[test]
fn a_file_that_is_no_store_gets_a_clear_error() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("notes.db");
    std::fs::write(&file, "these are notes, and no database").expect("it can be written");
    let shown = open(&[&file.to_string_lossy()]);
    let card = shown.web.text("[data-test=error-card]");
    assert!(card.contains("notes.db"), "{card}");
    no_violations(&shown);
}

/// What floods the store? Six actions from the start, at three in the morning: with the keys alone, and with a pointer.
#[test]
fn f9_what_floods_the_store() {
    let folder = tempfile::tempdir().expect("a folder for the store");
    let store = live::copied(folder.path());
    let flood = rusqlite::Connection::open(&store).expect("the application opens its store");
    live::append(&flood, 3_000);
    drop(flood);
    let before = Fingerprint::of(folder.path());
    let home = tempfile::tempdir().expect("a temporary folder");
    let shown = open_in(home.path(), &[&store.to_string_lossy()]);
    let web = &shown.web;
    wait_for_overview(&shown);
    palette(&shown, ">Say what this store is");
    web.type_text("production");
    web.press(&[], key::ENTER);
    web.wait_for("document.querySelector('[data-test=env-band]').dataset.environment === 'production'");
    for is_pointed in [false, true] {
        palette(&shown, ">Close the store");
        web.wait_for("document.querySelector('[data-test=recent]')");

        let start = web.actions();
        web.press(&[], key::DOWN);
        web.press(&[], key::ENTER);
        wait_for_overview(&shown);
        let band = web.text("[data-test=env-band]");
        assert!(band.contains("PRODUCTION") && band.contains("READ-ONLY"), "{band}");
        web.wait_for("document.querySelector('[data-test=legend-entry]')");
        if is_pointed {
            let plot = web.place("[data-test=timeline] canvas.plot");
            let (y, end) = (plot.y + plot.height / 2.0, plot.x + plot.width);
            web.drag(
                &[(end - plot.width * 0.04, y), (end - 2.0, y)],
                Duration::from_millis(40),
            );
        } else {
            web.press(&[], "p");
        }
        web.wait_for("document.querySelector('[data-test=distinguish-run]')");
        web.press(&[], key::ENTER);
        web.wait_for("document.activeElement?.dataset.test === 'distinguish-open'");
        web.press(&[], key::ENTER);
        wait_for_version(&shown, "3015");
        web.press(&[key::CONTROL], "l");
        web.wait_for("document.querySelector('[data-test=follow]').getAttribute('aria-pressed') === 'true'");
        assert_eq!(web.actions() - start, 6, "F9 takes six actions");
        assert!(web.text("[data-test=scope-header]").contains("order-4711"));
    }
    no_violations(&shown);
    drop(shown);
    before.assert_unchanged(folder.path());
}

pub fn wait_for_overview(shown: &Shown) {
    shown.web.wait_for("document.querySelector('[data-test=scope-header]')");
    shown
        .web
        .wait_for("document.querySelectorAll('[data-test=list] [role=row]').length > 0");
}

/// Waits until header and rows both are of `version`.
#[track_caller]
pub fn wait_for_version(shown: &Shown, version: &str) {
    shown.web.wait_for(&format!(
        "['state-header', 'state-rows'].every(it => document.querySelector(`[data-test=${{it}}]`)?.dataset.version === '{version}')"
    ));
}

/// Shows the state from its first row on, as a person does by keyboard.
#[track_caller]
pub fn show_first_rows(shown: &Shown) {
    let web = &shown.web;
    web.wait_for("document.querySelector('[data-test=state-rows] [role=row]:not([hidden])')");
    web.run("document.querySelector('[data-test=state-rows]').focus()");
    web.press(&[], key::HOME);
    web.wait_for("document.querySelector(\"[data-test=state-rows] [role=row][data-path='']:not([hidden])\")");
    // Arrows are those of the history again.
    web.run("document.activeElement.blur()");
}

/// Waits until what is shown is of the moment where cursor A stands.
#[track_caller]
fn wait_for_label(shown: &Shown) {
    shown.web.wait_for(
        "document.querySelector('[data-test=cursor-a-label]').innerText.replace(/\\D/g, '') \
         === document.querySelector('[data-test=state-header]').dataset.version",
    );
}

fn version(shown: &Shown) -> u32 {
    let version = shown
        .web
        .run("return document.querySelector('[data-test=state-header]').dataset.version");
    version
        .as_str()
        .and_then(|text| text.parse().ok())
        .expect("a version is a number in this store")
}

/// The page's own rules (its content security policy) were broken nowhere.
#[track_caller]
pub fn no_violations(shown: &Shown) {
    let violations = shown.web.run("return window.__violations ?? []");
    assert_eq!(violations.as_array().map(Vec::len), Some(0), "{violations}");
}
