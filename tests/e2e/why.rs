//! Why a field has its value and why events left it as it was, in the real window, by the keyboard alone.

use refold_tests::Fingerprint;

use crate::driver::{Shown, open};
use crate::flows::{no_violations, wait_for_version};
use crate::stores;
use crate::webdriver::key;

/// From a total to the event that made what it was made of.
#[test]
fn why_a_total_is_what_it_is() {
    let store = stores::sample();
    let before = Fingerprint::of(store.folder());
    let shown = open(&[store.path(), "order-4712", "--at", "v4"]);
    let web = &shown.web;
    wait_for_version(&shown, "4");
    let row = "[data-test=state-rows] [data-path='/total'] .key";
    web.wait_for(&format!("document.querySelector(\"{row}\")"));
    web.click(row);
    web.press(&[], "y");
    web.wait_for("document.querySelectorAll('[data-test=why-step]').length === 3");
    assert!(web.text("[data-test=why-at]").contains("v 4"));
    let outcome = web.text("[data-test=why-outcome]");
    assert!(outcome.contains("they give the same value"), "{outcome}");
    // The latest event first, with what it took off, and the sums that it took it off from by the events that made them.
    let steps = web.text("[data-test=why] ol");
    assert!(
        steps.contains("event.data/qty") && steps.contains("sub") && steps.contains("made by"),
        "{steps}"
    );
    web.run("document.querySelectorAll('[data-test=why-event]')[1].focus()");
    web.press(&[], key::ENTER);
    wait_for_version(&shown, "3");
    // What is told stays what was asked.
    assert!(web.text("[data-test=why-at]").contains("v 4"));
    web.press(&[], key::ESCAPE);
    web.wait_for("!document.querySelector('[data-test=why]')");
    no_violations(&shown);
    drop(shown);
    before.assert_unchanged(store.folder());
}

/// Half of an article was taken out: why does it still stand in the order?
#[test]
fn why_an_article_was_not_taken_out() {
    let store = stores::sample();
    let shown = open(&[store.path(), "order-4712", "--at", "v4"]);
    let web = &shown.web;
    wait_for_version(&shown, "4");
    ask_why_not(&shown, "/items/SKU-01191/name");
    let outcome = web.text("[data-test=why-not-outcome]");
    assert!(
        outcome.starts_with("4 events asked: 1 changed it, last v 2 ItemAdded"),
        "{outcome}"
    );
    let told = web.text("[data-test=why] ol");
    assert!(told.contains("wrote /items/SKU-00305 instead"), "{told}");
    let guard = web.text("[data-test=why-not-tried]:has([data-holds=false])");
    assert!(
        guard.contains("this did not hold") && guard.contains("/items/SKU-01191/qty\n3"),
        "{guard}"
    );
    // A field that the handler does not know.
    ask_why_not(&shown, "/coupon");
    web.wait_for("document.querySelector('[data-test=why-not-note]')?.innerText.startsWith('No rule of this handler')");
    no_violations(&shown);
}

/// Asks why not of a path that is typed.
pub fn ask_why_not(shown: &Shown, path: &str) {
    let web = &shown.web;
    web.press(&[key::SHIFT], "y");
    web.wait_for("document.querySelector('[data-test=why-path]')");
    web.run("const path = document.querySelector('[data-test=why-path]'); path.focus(); path.select()");
    web.type_text(path);
    web.press(&[], key::ENTER);
    web.wait_for(&format!(
        "document.querySelector('[data-test=why-path]').value === '{path}' && document.querySelector('[data-test=why-not-outcome]')"
    ));
    web.run("document.activeElement.blur()");
}
