//! The ways into a store: sample, drop, dialog, recent ones, what was open last; and the ways on from one that fails.

use serde_json::json;

use crate::driver::{Shown, open, open_in};
use crate::flows::{no_violations, wait_for_overview, wait_for_version};
use crate::stores;
use crate::webdriver::key;

#[test]
fn the_sample_button_makes_the_store_and_opens_it() {
    let shown = open(&[]);
    shown.web.click("[data-test=sample-open]");
    wait_for_overview(&shown);
    let header = shown.web.text("[data-test=scope-header]");
    assert!(
        header.contains("orders.db") && header.contains("60,000 events"),
        "{header}"
    );
    no_violations(&shown);
}

/// F1 from a cold start without a pointer: to the recent store, to the order, to its state.
#[test]
fn the_keyboard_alone_leads_to_an_order() {
    let store = stores::sample();
    let home = tempfile::tempdir().expect("a temporary folder");
    let shown = open_in(home.path(), &[store.path()]);
    let web = &shown.web;
    wait_for_overview(&shown);
    palette(&shown, ">Close the store");
    web.wait_for("document.querySelector('[data-test=recent]')");
    web.run("document.activeElement.blur()");
    let start = web.actions();
    web.press(&[], key::DOWN);
    web.wait_for("document.activeElement?.dataset.test === 'recent'");
    web.press(&[], key::ENTER);
    wait_for_overview(&shown);
    palette(&shown, "4711");
    wait_for_version(&shown, "15");
    assert_eq!(web.actions() - start, 5, "F1 takes five actions from a cold start");
    web.press(&[], key::LEFT);
    wait_for_version(&shown, "14");
}

/// The system's file manager cannot be driven, so the story begins with what the system tells of a drop.
#[test]
fn a_dropped_file_is_opened() {
    let store = stores::sample();
    let shown = open(&[]);
    shown
        .web
        .wait_for("window.__internal_unstable_listeners_object_id__?.['tauri://drag-drop']");
    let payload = json!({ "paths": [store.path()], "position": { "x": 9, "y": 9 } });
    shown.web.run(&format!(
        "const event = 'tauri://drag-drop';
         const listeners = window.__internal_unstable_listeners_object_id__[event];
         window.__internal_unstable_listeners_function_id__({{ event, payload: {payload} }}, Object.getOwnPropertyNames(listeners))"
    ));
    wait_for_overview(&shown);
}

/// The system's dialog cannot be driven, so the story answers in its place.
#[test]
fn a_chosen_file_is_opened_and_one_that_is_no_store_offers_the_next_step() {
    let store = stores::sample();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let notes = folder.path().join("notes.db");
    std::fs::write(&notes, "these are notes, and no database").expect("it can be written");
    let shown = open(&[]);
    shown.web.wait_for("document.querySelector('[data-test=welcome-open]')");

    answer_dialog(&shown, "open", &notes.to_string_lossy());
    shown.web.click("[data-test=welcome-open]");
    let card = shown.web.text("[data-test=error-card]");
    assert!(card.contains("notes.db"), "{card}");
    shown.web.wait_for("document.querySelector('[data-test=error-layout]')");

    answer_dialog(&shown, "open", store.path());
    shown.web.click("[data-test=error-other]");
    wait_for_overview(&shown);
}

/// What was found in a stream can be read one by one, says what to do, and leads to its event.
#[test]
fn findings_are_read_and_lead_to_their_event() {
    let store = stores::sample();
    let shown = open(&[store.path(), stores::DAMAGED_STREAM]);
    wait_for_version(&shown, "8");
    assert!(
        shown
            .web
            .text("[data-test=incomplete]")
            .contains("incomplete since v 4")
    );
    shown.web.click("[data-test=findings-chip]");
    // The panel opens at once; what it lists is asked for then.
    shown
        .web
        .wait_for("document.querySelector('[data-test=findings-panel] [data-test=finding]')");
    let panel = shown.web.text("[data-test=findings-panel]");
    assert!(
        panel.contains("RF-EVENT-MALFORMED") && panel.contains("What to do"),
        "{panel}"
    );
    shown.web.click("[data-test=findings-panel] [data-test=finding]");
    wait_for_version(&shown, "4");
    shown
        .web
        .wait_for("!document.querySelector('[data-test=findings-panel]').matches(':popover-open')");
}

/// A step shows what its event did, wherever in a long state that is.
#[test]
fn a_step_brings_what_changed_into_view() {
    let store = stores::sample();
    let shown = open(&[store.path(), "order-4711", "--at", "v9"]);
    wait_for_version(&shown, "9");
    shown.web.resize(1024, 640);
    shown.web.press(&[], key::RIGHT);
    wait_for_version(&shown, "10");
    shown.web.wait_for(
        "(() => { const row = document.querySelector('[data-test=state-rows] [data-path=\"/paid\"]');
           const box = document.querySelector('[data-test=state-rows]').getBoundingClientRect();
           const own = row?.getBoundingClientRect();
           return own && row.className.includes('changed') && own.top >= box.top && own.bottom <= box.bottom; })()",
    );
}

/// Makes the page's next questions to the system's file dialog be answered with `path`.
pub fn answer_dialog(shown: &Shown, dialog: &str, path: &str) {
    let answer = json!(json!(path).to_string());
    shown.web.run(&format!(
        "window.__fetch ??= window.fetch;
         window.fetch = (where, options) => decodeURIComponent(String(where)).includes('plugin:dialog|{dialog}')
           ? Promise.resolve(new Response({answer}, {{ headers: {{ 'Content-Type': 'application/json', 'Tauri-Response': 'ok' }} }}))
           : window.__fetch(where, options)"
    ));
}

pub fn palette(shown: &Shown, text: &str) {
    shown.web.press(&[key::CONTROL], "k");
    shown.web.type_text(text);
    let known = text.trim_start_matches(['>', ':', '@']);
    shown.web.wait_for(&format!(
        "[...document.querySelectorAll('[data-test=omnibox-item]')].some(it => it.innerText.toLowerCase().includes({:?}))",
        known.to_lowercase()
    ));
    shown.web.press(&[], key::ENTER);
}
