//! Two states side by side in the real window: from what is looked at, along the way back, out of a link, after a crash.

use refold_tests::Fingerprint;

use crate::driver::{Shown, open, open_in};
use crate::flows::{no_violations, wait_for_version};
use crate::restored::{kill, wait_for_text};
use crate::stores;
use crate::webdriver::key;

const ALT: &str = "\u{E00A}";

#[test]
fn comparing_starts_from_what_is_looked_at_and_is_a_place_to_come_back_to() {
    let store = stores::sample();
    let before = Fingerprint::of(store.folder());
    let home = tempfile::tempdir().expect("a temporary folder");
    let shown = open_in(home.path(), &[store.path(), "order-4711", "--at", "v9"]);
    let web = &shown.web;
    wait_for_version(&shown, "9");

    let start = web.actions();
    web.press(&[key::CONTROL], "3");
    wait_for_sides(&shown, "8", "9");
    assert_eq!(
        web.actions() - start,
        1,
        "comparing with the event before takes one action"
    );
    assert_eq!(
        web.run("return document.querySelector('[data-test=compare-current-handler]').selectedOptions[0].text"),
        "order@1.1.0"
    );
    let count = web.text("[data-test=compare-count]");
    assert!(count.contains(" difference") && !count.starts_with('0'), "{count}");

    web.press(&[], "x");
    wait_for_sides(&shown, "9", "8");
    web.press(&[ALT], key::LEFT);
    wait_for_sides(&shown, "8", "9");
    web.press(&[ALT], key::LEFT);
    wait_for_version(&shown, "9");
    web.press(&[ALT], key::RIGHT);
    wait_for_sides(&shown, "8", "9");
    no_violations(&shown);

    let base = "compared.base]\nstream = \"order-4711\"\nat = \"v8\"";
    wait_for_text(home.path(), &["preset = \"points\"", base]);
    kill(home.path());
    drop(shown);
    let shown = open_in(home.path(), &[]);
    wait_for_sides(&shown, "8", "9");
    no_violations(&shown);
    drop(shown);
    before.assert_unchanged(store.folder());
}

/// A link that was sent opens both states as they stood side by side.
#[test]
fn a_link_opens_a_comparison_of_two_handlers() {
    let store = stores::sample();
    let shown = open(&[store.path()]);
    let web = &shown.web;
    web.wait_for("document.querySelectorAll('[data-test=list] [role=row]').length > 0");
    web.press(&[key::CONTROL], "k");
    web.type_text(
        "refold://orders.db/order/order-4712@4?b=4&compare=handlers&handler=order%401.1.0&against=order%401.0.0",
    );
    web.press(&[], key::ENTER);
    wait_for_sides(&shown, "4", "4");
    let handlers = web.run(
        "return ['base', 'current'].map(it => document.querySelector(`[data-test=compare-${it}-handler]`).selectedOptions[0].text).join()",
    );
    assert_eq!(handlers, "order@1.0.0,order@1.1.0");
    web.wait_for("document.querySelector('[data-test=state-rows]')?.innerText.includes('/total')");
    no_violations(&shown);
}

/// Waits until the sides stand at these versions.
#[track_caller]
fn wait_for_sides(shown: &Shown, base: &str, current: &str) {
    for (side, version) in [("base", base), ("current", current)] {
        shown.web.wait_for(&format!(
            "document.querySelector('[data-test=compare-{side}-found]')?.innerText.startsWith('v {version}')"
        ));
    }
}
