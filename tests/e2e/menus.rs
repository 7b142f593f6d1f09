//! What the right button and the keys of a menu offer, on an event and on a field; and that rows stay where they are.

use crate::driver::{Shown, open};
use crate::fits::focus_a_field;
use crate::flows::{no_violations, wait_for_version};
use crate::stores;
use crate::webdriver::key;

const FIELD: &str = "[data-test=state-rows] [role=row][data-path='/paid']";

fn items(shown: &Shown) -> String {
    shown.web.wait_for("document.querySelector('[data-test=context-menu]')");
    let ids = "[...document.querySelectorAll('[data-test=context-menu] [role=menuitem]')].map(it => it.dataset.id)";
    let ids = shown.web.run(&format!("return {ids}.join(' ')"));
    ids.as_str().unwrap_or_default().to_owned()
}

fn choose(shown: &Shown, id: &str) {
    shown.web.click(&format!("[data-test=context-menu] [data-id='{id}']"));
    shown
        .web
        .wait_for("!document.querySelector('[data-test=context-menu]')");
}

/// The right button chooses the event that it is on, and its menu acts on that.
#[test]
fn the_right_button_on_an_event() {
    let store = stores::sample();
    let shown = open(&[store.path(), "order-4711"]);
    let web = &shown.web;
    wait_for_version(&shown, "15");
    web.press(&[], key::HOME);
    web.press(&[], key::RIGHT);
    wait_for_version(&shown, "1");
    web.right_click("[data-test=event-list] [role=row][aria-rowindex='5']:not([hidden])");
    let offered = items(&shown);
    for id in ["cursor.setB", "evidence.bookmark", "list.onlyType", "go.link.copy"] {
        assert!(offered.contains(id), "{id} of {offered}");
    }
    web.wait_for("document.querySelector('[data-test=cursor-a-label]').innerText !== 'A v 1'");
    let chosen = web.text("[data-test=cursor-a-label]").replace('A', "B");
    choose(&shown, "cursor.setB");
    web.wait_for(&format!(
        "document.querySelector('[data-test=cursor-b-label]')?.innerText === {chosen:?}"
    ));
    no_violations(&shown);
}

/// The right button chooses the field that it is on: what is offered is what the palette offers of it.
#[test]
fn the_right_button_on_a_field() {
    let store = stores::sample();
    let shown = open(&[store.path(), "order-4711"]);
    let web = &shown.web;
    wait_for_version(&shown, "15");
    web.press(&[], "2");
    web.wait_for(&format!("document.querySelector(\"{FIELD}\")"));
    web.right_click(&format!("{FIELD} .key"));
    let offered = items(&shown);
    for id in [
        "inspect.copyValue",
        "inspect.copyPath",
        "inspect.copyJson",
        "search.value",
        "inspect.why",
        "inspect.blame",
        "inspect.pinField",
    ] {
        assert!(offered.contains(id), "{id} of {offered}");
    }
    web.wait_for(&format!(
        "document.querySelector(\"{FIELD}\").classList.contains('active')"
    ));
    web.press(&[], key::ESCAPE);
    web.wait_for("!document.querySelector('[data-test=context-menu]')");
    web.right_click(&format!("{FIELD} .key"));
    items(&shown);
    choose(&shown, "inspect.blame");
    web.wait_for("document.querySelector('[data-test=tab-blame]').ariaSelected === 'true'");
    // The keys of a menu offer the same.
    focus_a_field(&shown);
    web.press(&[key::SHIFT], key::F10);
    web.wait_for(
        "[...document.querySelectorAll('[data-test=omnibox-item]')].some(it => it.innerText.includes('Copy the path of the focused field'))",
    );
    web.press(&[], key::ESCAPE);
    no_violations(&shown);
}

/// On a value of an event nothing is offered that would act on the field of the state that was chosen before.
#[test]
fn the_right_button_on_a_value_of_an_event() {
    const VALUE: &str = "[data-test=state-rows][data-menu=payload] [role=row][data-path^='/']:not([hidden])";
    let store = stores::sample();
    let shown = open(&[store.path(), "order-4711"]);
    let web = &shown.web;
    wait_for_version(&shown, "15");
    focus_a_field(&shown);
    web.press(&[], "5");
    web.wait_for(&format!("document.querySelector(\"{VALUE}\")"));
    web.right_click(&format!("{VALUE} .key"));
    let offered = items(&shown);
    assert!(offered.contains("inspect.copyPath"), "{offered}");
    for id in [
        "inspect.copyJson",
        "inspect.why",
        "inspect.pinField",
        "inspect.fieldHistory",
    ] {
        assert!(!offered.contains(id), "{id} of {offered}");
    }
    web.press(&[], key::ESCAPE);
    web.wait_for("!document.querySelector('[data-test=context-menu]')");
    no_violations(&shown);
}

/// A drawer makes the tree narrow, and moves no row of it up or down.
#[test]
fn a_drawer_moves_no_row() {
    let store = stores::sample();
    let shown = open(&[store.path(), "order-4711"]);
    let web = &shown.web;
    wait_for_version(&shown, "15");
    for width in [1_280, 1_440, 1_600] {
        web.resize(width, 900);
        focus_a_field(&shown);
        let before = web.place("[data-test=state-rows]");
        web.press(&[], "h");
        web.wait_for("document.querySelector('.drawer')");
        let beside = web.place("[data-test=state-rows]");
        assert!(
            (before.y - beside.y).abs() < 1.0,
            "{} to {} at {width}",
            before.y,
            beside.y
        );
        // What is shown is said all the same.
        assert!(web.text("[data-test=state-header]").contains("v 15"));
        web.press(&[], key::ESCAPE);
        web.wait_for("!document.querySelector('.drawer')");
    }
    no_violations(&shown);
}
