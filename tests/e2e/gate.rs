//! Every event through the upcasters of a handler, in the real window, by the keyboard alone.

use refold_tests::Fingerprint;

use crate::driver::{Shown, open};
use crate::flows::{no_violations, wait_for_overview};
use crate::opening::palette;
use crate::stores;
use crate::webdriver::key;

#[test]
fn what_upcasters_do_to_all_of_a_store() {
    let store = stores::sample();
    let before = Fingerprint::of(store.folder());
    let shown = open(&[store.path()]);
    let web = &shown.web;
    wait_for_overview(&shown);
    let summary = send_all(&shown);
    assert!(
        summary.contains("13,998 of 60,000 events") && summary.contains("none loses a field"),
        "{summary}"
    );
    // The quantity of an article has another name now, and nothing else of it changes.
    let example = web.text("[data-test=gate-payloads]");
    assert!(example.contains("/quantity") && example.contains("/qty"), "{example}");
    // Cut in its middle where there is no room, it is whole in its title.
    web.wait_for("document.querySelector('[data-test=gate-steps] [title*=\"upcasters.yaml\"]')");
    web.press(&[], "o");
    web.wait_for("document.querySelector('.page').dataset.view === 'history'");
    web.wait_for("document.querySelector('[data-test=state-header]')?.dataset.version > ''");
    no_violations(&shown);
    drop(shown);
    before.assert_unchanged(store.folder());
}

/// Sends every event of the sample through, and gives back what is said of them all.
pub fn send_all(shown: &Shown) -> String {
    let web = &shown.web;
    palette(shown, ">Upcasters");
    web.wait_for("document.querySelector('[data-test=gate-handler] option')");
    web.press(&[key::CONTROL], key::ENTER);
    web.wait_for("document.querySelector('[data-test=gate-payload-row]')");
    web.text("[data-test=gate-summary]")
}
