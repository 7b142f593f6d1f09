//! Going somewhere and coming back by keyboard alone: places, links, the sheet of keys.

use crate::driver::{Shown, open};
use crate::flows::{no_violations, wait_for_version};
use crate::stores;
use crate::webdriver::key;

const ALT: &str = "\u{E00A}";
const ESCAPE: &str = "\u{E00C}";

/// The way back walks cursors, tabs and streams, and forward leads where one came from.
#[test]
fn the_way_back_walks_cursors_tabs_and_streams() {
    let store = stores::sample();
    let shown = open(&[store.path(), "order-4711"]);
    let web = &shown.web;
    wait_for_version(&shown, "15");

    web.press(&[], key::HOME);
    wait_for_version(&shown, "");
    web.press(&[], "4");
    wait_for_tab(&shown, "blame");
    web.press(&[key::CONTROL], "p");
    web.type_text("order-4712");
    web.press(&[], key::ENTER);
    wait_for_stream(&shown, "order-4712");

    web.press(&[ALT], key::LEFT);
    wait_for_stream(&shown, "order-4711");
    wait_for_tab(&shown, "blame");
    wait_for_version(&shown, "");
    web.press(&[ALT], key::LEFT);
    wait_for_tab(&shown, "state");
    web.press(&[ALT], key::LEFT);
    wait_for_version(&shown, "15");
    for _ in 0..3 {
        web.press(&[ALT], key::RIGHT);
    }
    wait_for_stream(&shown, "order-4712");
    no_violations(&shown);
}

/// A link that was sent opens the moment, the base of comparison and the tab that it names.
#[test]
fn a_pasted_link_opens_its_place() {
    let store = stores::sample();
    let shown = open(&[store.path()]);
    let web = &shown.web;
    web.wait_for("document.querySelectorAll('[data-test=list] [role=row]').length > 0");

    let start = web.actions();
    web.press(&[key::CONTROL], "k");
    web.type_text("refold://orders.db/order/order-4711@9?b=3&tab=diff");
    web.press(&[], key::ENTER);
    assert_eq!(web.actions() - start, 3, "a link takes three actions");
    wait_for_stream(&shown, "order-4711");
    wait_for_version(&shown, "9");
    wait_for_tab(&shown, "diff");
    assert_eq!(web.text("[data-test=cursor-b-label]"), "B v 3");
    no_violations(&shown);
}

/// A second start with a link hands it to the open window, which shows it beside what a person looks at.
#[test]
fn a_link_reaches_the_window_that_is_open() {
    let store = stores::sample();
    let shown = open(&[store.path(), "order-4711", "--at", "v9"]);
    let web = &shown.web;
    wait_for_version(&shown, "9");

    assert_eq!(shown.start_again(&["refold://orders.db/order/order-4712@v2"]), Some(0));
    wait_for_stream(&shown, "order-4712");
    wait_for_version(&shown, "2");
    assert_eq!(
        web.run("return document.querySelectorAll('[data-test=document]').length"),
        2
    );
    web.press(&[key::CONTROL], key::TAB);
    wait_for_stream(&shown, "order-4711");
    wait_for_version(&shown, "9");
    no_violations(&shown);
}

/// `?` shows the keys, its search finds one, and Escape gives the focus back.
#[test]
fn the_sheet_of_keys_is_searched_and_left_by_keyboard() {
    let store = stores::sample();
    let shown = open(&[store.path(), "order-4711"]);
    let web = &shown.web;
    wait_for_version(&shown, "15");
    web.run("document.querySelector('[data-test=cursor-a]').focus()");

    web.press(&[], "?");
    web.wait_for("document.activeElement?.dataset.test === 'shortcuts-search'");
    let all = web.run("return document.querySelectorAll('[data-test=shortcuts] dt').length");
    web.type_text("swap a");
    web.wait_for("document.querySelector('[data-test=shortcuts] dt')?.innerText === 'Swap A and B'");
    let found = web.run("return document.querySelectorAll('[data-test=shortcuts] dt').length");
    assert!(found.as_u64() < all.as_u64().map(|all| all / 10), "{found} of {all}");
    web.press(&[], ESCAPE);
    web.wait_for("document.activeElement?.dataset.test === 'cursor-a'");
}

#[track_caller]
fn wait_for_stream(shown: &Shown, stream: &str) {
    shown.web.wait_for(&format!(
        "document.querySelector('[data-test=scope-header] h1')?.innerText === '{stream}'"
    ));
}

#[track_caller]
fn wait_for_tab(shown: &Shown, name: &str) {
    shown.web.wait_for(&format!(
        "document.querySelector('[data-test=tab-{name}]')?.ariaSelected === 'true'"
    ));
}
