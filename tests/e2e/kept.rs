//! What a person keeps: searches, notes, cases. Driven in the real window, across its end and without its store.

use std::path::Path;

use refold_tests::Fingerprint;
use serde_json::json;

use crate::driver::{Shown, open, open_in};
use crate::flows::{no_violations, wait_for_overview, wait_for_version};
use crate::restored::kill;
use crate::stores;
use crate::webdriver::key;

#[test]
fn a_search_is_typed_narrowed_saved_and_run_again_from_the_palette() {
    let store = stores::sample();
    let shown = open(&[store.path()]);
    let web = &shown.web;
    search(&shown, "Espresso");
    wait_for_end(&shown, "whole");
    let all = count(&shown);
    assert!(all > 1, "{all} events hold it");
    web.wait_for("document.querySelectorAll('[data-test=found-list] [role=row]').length > 1");

    web.run("[...document.querySelectorAll('[data-test=search-type-menu] label')].find(it => it.innerText.includes('OrderPlaced') || it.textContent.includes('OrderPlaced')).querySelector('input').click()");
    web.wait_for("document.querySelector('[data-test=search-types]').innerText.includes('OrderPlaced')");
    web.run("document.querySelector('[data-test=search-run]').click()");
    web.wait_for("document.querySelector('[data-test=search-count]')?.innerText.startsWith('0 ')");
    web.run("[...document.querySelectorAll('[data-test=search-type-menu] label')].find(it => it.textContent.includes('OrderPlaced')).querySelector('input').click()");
    web.run("document.querySelector('[data-test=search-run]').click()");
    web.wait_for(&format!(
        "document.querySelector('[data-test=search-count]')?.innerText.startsWith('{all} ')"
    ));

    web.run("document.querySelector('[data-test=search-save]').click()");
    web.wait_for("document.activeElement?.dataset.test === 'save-name'");
    web.press(&[], key::ENTER);
    web.wait_for(
        "[...document.querySelectorAll('[data-test=saved-search]')].some(it => it.innerText.includes('Espresso'))",
    );
    web.press(&[key::CONTROL], "1");
    wait_for_overview(&shown);
    web.press(&[key::CONTROL], "k");
    web.type_text("=Espr");
    web.wait_for(
        "[...document.querySelectorAll('[data-test=omnibox-item]')].some(it => it.innerText.includes('Espresso'))",
    );
    web.run("[...document.querySelectorAll('[data-test=omnibox-item]')].find(it => it.innerText.includes('Espresso')).click()");
    wait_for_end(&shown, "whole");
    assert_eq!(count(&shown), all);
    no_violations(&shown);
}

#[test]
fn a_long_search_is_stopped_and_what_was_found_stays() {
    let store = stores::million();
    let shown = open(&[store.path()]);
    search(&shown, "SKU");
    shown
        .web
        .wait_for("document.querySelector('[data-test=job-cancel]') && document.querySelectorAll('[data-test=found-list] [role=row]').length > 0");
    shown.web.press(&[], key::ESCAPE);
    wait_for_end(&shown, "cancelled");
    assert!(count(&shown) > 0);
    shown
        .web
        .wait_for("document.querySelectorAll('[data-test=found-list] [role=row]').length > 0");
    no_violations(&shown);
}

#[test]
fn what_was_found_is_written_into_a_file_and_never_beside_the_store() {
    let store = stores::sample();
    let kept = tempfile::tempdir().expect("a temporary folder");
    let file = kept.path().join("found.ndjson");
    let before = Fingerprint::of(store.folder());
    let shown = open(&[store.path()]);
    search(&shown, "Espresso");
    wait_for_end(&shown, "whole");
    let asked = json!({ "text": "Espresso", "types": [], "categories": [], "stream": "", "from": "", "to": "", "condition": "" });
    let written = invoke(
        &shown,
        "export_search",
        json!({ "session": 1, "asked": asked, "format": "ndjson", "file": file.to_string_lossy() }),
    );
    assert_eq!(written["events"], count(&shown), "{written}");
    let lines = std::fs::read_to_string(&file).expect("it was written");
    assert_eq!(lines.lines().count() as u64, count(&shown));
    let beside = store.folder().join("found.ndjson");
    let refused = invoke(
        &shown,
        "export_search",
        json!({ "session": 1, "asked": asked, "format": "ndjson", "file": beside.to_string_lossy() }),
    );
    assert_eq!(refused["failed"]["code"], "invalidInput", "{refused}");
    drop(shown);
    before.assert_unchanged(store.folder());
}

/// The notes of a window that is killed are there at the next start.
#[test]
fn notes_are_added_edited_put_back_and_outlive_the_window() {
    let store = stores::sample();
    let home = tempfile::tempdir().expect("a temporary folder");
    let shown = open_in(home.path(), &[store.path(), "order-4711", "--at", "v7"]);
    let web = &shown.web;
    wait_for_version(&shown, "7");
    write_note(&shown, "Refused once");
    web.press(&[], "\u{E032}");
    web.wait_for("document.activeElement?.dataset.test === 'note-text'");
    web.press(&[], key::END);
    web.type_text(", then paid");
    web.press(&[key::CONTROL], key::ENTER);
    web.wait_for("document.querySelector('[data-test=note]')?.innerText.includes('Refused once, then paid')");
    web.run("document.querySelector('[data-test=note-remove]').click()");
    web.wait_for("!document.querySelector('[data-test=note]')?.innerText.includes('Refused once')");
    web.run("document.querySelector('[data-test=undo-act]').click()");
    web.wait_for("document.querySelector('[data-test=notebook]').innerText.includes('Refused once, then paid')");
    kill(home.path());
    drop(shown);

    let shown = open_in(home.path(), &[store.path()]);
    wait_for_overview(&shown);
    show_notebook(&shown);
    shown
        .web
        .wait_for("document.querySelector('[data-test=notebook]').innerText.includes('Refused once, then paid')");
    no_violations(&shown);
}

#[test]
fn a_case_opens_where_it_stood_in_a_window_that_has_no_store() {
    let (folder, kept) = (temporary(), temporary());
    let store = folder.path().join("orders.db");
    std::fs::copy(stores::sample().path(), &store).expect("the sample can be copied");
    let case = kept.path().join("order-4711.refold-case");
    let shown = open(&[&store.to_string_lossy(), "order-4711", "--at", "v7"]);
    wait_for_version(&shown, "7");
    write_note(&shown, "Refused once");
    let written = save_case(&shown, &case);
    assert_eq!(written["events"], 15, "{written}");
    drop(shown);
    std::fs::remove_file(&store).expect("the copy can go");

    let before = Fingerprint::of(kept.path());
    let shown = open(&[&case.to_string_lossy()]);
    let web = &shown.web;
    web.wait_for("document.querySelector('[data-test=scope-header] h1')?.innerText === 'order-4711'");
    web.wait_for("document.querySelector('[data-test=tab-diff]')?.ariaSelected === 'true'");
    web.wait_for("document.querySelector('[data-test=cursor-a-label]')?.innerText.replace(/\\D/g, '') === '10'");
    assert_eq!(web.text("[data-test=cursor-b-label]"), "B v 6");
    let band = web.text("[data-test=env-band]");
    assert!(
        band.contains("CASE FILE") && band.contains("as of 2026-08-31 23:59:59Z"),
        "{band}"
    );
    web.press(&[], "2");
    web.press(&[], key::RIGHT);
    wait_for_version(&shown, "11");
    web.press(&[], "4");
    web.wait_for("document.querySelector('[data-test=tab-blame]').ariaSelected === 'true'");
    show_notebook(&shown);
    web.wait_for("document.querySelector('[data-test=notebook]').innerText.includes('Refused once')");
    assert!(web.text("[data-test=case-as-of]").contains("last event of the store"));
    assert_eq!(
        web.run("return document.querySelector('[data-test=note-edit]') === null"),
        true
    );
    no_violations(&shown);
    drop(shown);
    before.assert_unchanged(kept.path());
}

/// A case file that is cut off says so, and the window goes on.
#[test]
fn a_case_that_is_cut_off_gets_a_clear_error() {
    let kept = temporary();
    let case = kept.path().join("cut.refold-case");
    std::fs::write(&case, "{\"refold_case\":1,\"written_by\":").expect("it can be written");
    let shown = open(&[&case.to_string_lossy()]);
    let card = shown.web.text("[data-test=error-card]");
    assert!(card.contains("case file cannot be used"), "{card}");
    no_violations(&shown);
}

/// Notes something on the moment of A, and stays in the notebook.
pub fn write_note(shown: &Shown, text: &str) {
    shown.web.press(&[key::SHIFT], "m");
    shown
        .web
        .wait_for("document.activeElement?.dataset.test === 'note-text'");
    shown.web.type_text(text);
    shown.web.press(&[key::CONTROL], key::ENTER);
    shown
        .web
        .wait_for(&format!("document.querySelector('[data-test=note]')?.innerText.includes('{text}') && document.querySelector('[data-test=note-go]')"));
}

/// Saves the first store of the window as a case that stands at v10 of order-4711, compared with v6: the dialog that asks
/// for a file is none of the page.
pub fn save_case(shown: &Shown, file: &Path) -> serde_json::Value {
    let place = json!({
        "view": "history", "store": null, "layout": null, "stream": "order-4711", "category": "order",
        "handler": "builtin:merge", "a": 10, "b": 6, "lens": "diff", "axis": "version", "from": null, "to": null,
        "focus": null, "types": [],
    });
    let asked = json!({ "streams": [], "places": [place], "shown": 0, "elsewhere": [] });
    invoke(
        shown,
        "save_case",
        json!({ "session": 1, "asked": asked, "file": file.to_string_lossy() }),
    )
}

pub fn show_notebook(shown: &Shown) {
    shown
        .web
        .run("document.querySelector('[data-test=rail-notebook]').click()");
    shown.web.wait_for("document.querySelector('[data-test=notebook]')");
}

pub fn temporary() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// Calls a command of the window with a channel that nobody listens to. `failed` is in the answer of one that fails.
pub fn invoke(shown: &Shown, command: &str, arguments: serde_json::Value) -> serde_json::Value {
    const CALL: &str = r#"
const [command, asked, done] = arguments;
const { invoke, transformCallback } = window.__TAURI_INTERNALS__;
const progress = `__CHANNEL__:${transformCallback(() => {})}`;
invoke(command, { ...asked, progress }).then(done, failed => done({ failed }));
"#;
    shown.web.run_async(CALL, &[command.into(), arguments])
}

fn search(shown: &Shown, text: &str) {
    wait_for_overview(shown);
    shown.web.press(&[key::CONTROL, key::SHIFT], "f");
    shown
        .web
        .wait_for("document.activeElement?.dataset.test === 'search-text'");
    shown.web.type_text(text);
    shown.web.press(&[], key::ENTER);
}

fn wait_for_end(shown: &Shown, phase: &str) {
    shown.web.wait_for(&format!(
        "document.querySelector('[data-test=search-status]')?.dataset.phase === '{phase}'"
    ));
}

fn count(shown: &Shown) -> u64 {
    let text = shown.web.text("[data-test=search-count]");
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    digits.parse().expect("a count begins the line")
}
