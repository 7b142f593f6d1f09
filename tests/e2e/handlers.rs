//! Somebody works on a handler beside the real window: what is saved is what is shown, and what is wrong with it is said.

use std::fs;
use std::path::Path;

use refold_tests::{Fingerprint, root};

use crate::driver::{Shown, open};
use crate::flows::{no_violations, wait_for_overview, wait_for_version};
use crate::kept::temporary;
use crate::stores;
use crate::webdriver::key;

/// What is in the page once each part of a version is shown, by its key.
pub const PARTS: [(&str, &str); 4] = [
    ("1", "[data-test=handler-source] code"),
    ("2", "[data-test=coverage-rows] [role=row]"),
    ("3", "[data-test=declared-invariant]"),
    ("4", "[data-test=handler-case]"),
];

/// A copy of the sample's package.
pub fn package(folder: &Path) -> String {
    let (from, to) = (root().join("fixtures/orders/handlers/order"), folder.join("order"));
    for part in ["", "tests", "versions/1.0.0", "versions/1.1.0"] {
        fs::create_dir_all(to.join(part)).expect("a folder of the package");
        for entry in fs::read_dir(from.join(part)).expect("the package is there").flatten() {
            if entry.path().is_file() {
                fs::copy(entry.path(), to.join(part).join(entry.file_name())).expect("a file of the package");
            }
        }
    }
    to.display().to_string()
}

#[test]
fn a_handler_that_is_worked_on_is_followed() {
    let store = stores::sample();
    let before = Fingerprint::of(store.folder());
    let work = temporary();
    let handler = format!("{}@1.1.0", package(work.path()));
    let rules = work.path().join("order/versions/1.1.0/reducer.yaml");
    let text = fs::read_to_string(&rules).expect("the rules");
    let shown = open(&[store.path(), "order-4711", "--at", "v11", "--handler", &handler]);
    let web = &shown.web;
    wait_for_version(&shown, "11");
    let status = "document.querySelector(\"[data-test=state-rows] [data-path='/status']\").innerText";
    web.wait_for(&format!("{status}.includes('shipped')"));

    fs::write(&rules, text.replace("\"'shipped'\"", "\"'under way'\"")).expect("it is saved");
    web.wait_for(&format!("{status}.includes('under way')"));
    wait_for_version(&shown, "11");

    fs::write(&rules, text.replace("\"'shipped'\"", "\"'shipped' +\"")).expect("it is saved");
    web.wait_for("document.querySelector('[data-test=handler-broken]')?.dataset.code === 'RF-PKG-EXPRESSION'");
    let line = 1 + text
        .lines()
        .position(|line| line.contains("'shipped'"))
        .expect("a rule");
    let place = web.text("[data-test=handler-problem-place]");
    assert!(
        place.starts_with(&format!("versions/1.1.0/reducer.yaml:{line}:")),
        "{place}"
    );
    web.wait_for(&format!("{status}.includes('under way')"));
    no_violations(&shown);

    // The view shows the line, and goes back to normal with it.
    web.click("[data-test=handler-show]");
    web.wait_for("document.querySelector('[data-test=handler-source] [data-bad]')?.innerText.includes('shipped')");
    no_violations(&shown);
    fs::write(&rules, &text).expect("it is mended");
    web.wait_for("document.querySelector('[data-test=handler-facts]').dataset.hash !== ''");
    web.wait_for("!document.querySelector('[data-test=handler-broken]')");
    web.press(&[key::CONTROL], "2");
    web.wait_for(&format!("{status}.includes('shipped')"));
    web.wait_for("!document.querySelector('[data-test=handler-broken]')");
    drop(shown);
    before.assert_unchanged(store.folder());
}

#[test]
fn what_a_version_takes_declares_and_passes() {
    let store = stores::sample();
    let shown = open(&[store.path()]);
    let web = &shown.web;
    wait_for_overview(&shown);
    test_all(&shown);
    assert_eq!(web.text("[data-test=cases-sum]"), "4 passed");
    web.press(&[], "2");
    web.wait_for("document.querySelector('[data-test=coverage-summary]')");
    let summary = web.text("[data-test=coverage-summary]");
    assert!(summary.contains("14 of 15 types taken"), "{summary}");
    assert!(summary.contains("1 missing, of 1 event"), "{summary}");
    // Its only event is one key away.
    web.run("document.querySelector('[data-test=coverage-rows]').focus()");
    let first = web.text("[data-test=coverage-rows] [data-taken=missing] .first");
    web.press(&[], "o");
    web.wait_for("document.querySelector('.page').dataset.view === 'history'");
    let version = first.rsplit(' ').next().unwrap_or_default().to_owned();
    wait_for_version(&shown, &version);
    no_violations(&shown);
}

/// Shows the newest version at hand, and runs its test cases.
pub fn test_all(shown: &Shown) {
    let web = &shown.web;
    web.press(&[key::CONTROL], "5");
    web.wait_for("document.querySelector('[data-test=handler-facts]')?.dataset.hash > ''");
    web.press(&[key::CONTROL], key::ENTER);
    web.wait_for("document.querySelector('[data-test=handler-case]')");
}
