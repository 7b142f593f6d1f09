//! Access for everybody: axe-core, run in the real window, finds no serious or critical fault in any view.
//!
//! `npm ci` in `ui/` puts axe-core where this looks for it; it is a tool of the tests and no part of the window.

use std::path::Path;

use crate::driver::{Shown, open};
use crate::fits::enlarge;
use crate::flows::wait_for_version;
use crate::pictures::choose_theme;
use crate::stores;
use crate::webdriver::key;

#[test]
fn welcome_and_an_error() {
    let shown = open(&[]);
    shown.web.wait_for("document.querySelector('[data-test=sample-open]')");
    check_both_themes(&shown, "welcome");
    drop(shown);
    let shown = open(&["/nowhere/orders.db"]);
    shown.web.wait_for("document.querySelector('[data-test=error-card]')");
    check_both_themes(&shown, "a store that is not there");
}

#[test]
fn overview_palette_and_keys() {
    let store = stores::sample();
    let shown = open(&[store.path()]);
    shown
        .web
        .wait_for("document.querySelectorAll('[data-test=list] [role=row]').length > 5");
    check_both_themes(&shown, "overview");
    shown.web.press(&[key::CONTROL], "k");
    shown.web.wait_for("document.querySelector('[data-test=omnibox-item]')");
    check(&shown, "palette");
    shown.web.press(&[], key::ESCAPE);
    shown.web.press(&[], "?");
    shown.web.wait_for("document.querySelector('[data-test=shortcuts]')");
    check(&shown, "sheet of keys");
}

/// An order with an event that cannot be read, compared with its beginning: marks, chips and tints of all kinds.
#[test]
fn history_in_every_tab() {
    let store = stores::sample();
    let shown = open(&[store.path(), stores::DAMAGED_STREAM]);
    wait_for_version(&shown, "8");
    shown.web.press(&[], key::HOME);
    shown.web.press(&[], "b");
    shown.web.press(&[], key::END);
    for (tab, name) in [
        ("2", "state"),
        ("3", "diff"),
        ("4", "blame"),
        ("5", "event"),
        ("6", "raw"),
    ] {
        shown.web.press(&[], tab);
        shown.web.wait_for(&format!(
            "document.querySelector('[data-test=tab-{name}]').ariaSelected === 'true'"
        ));
        check_both_themes(&shown, name);
    }
    shown.web.click("[data-test=findings-chip]");
    shown.web.wait_for("document.querySelector('[data-test=finding]')");
    check(&shown, "findings");
}

#[test]
fn settings() {
    let store = stores::sample();
    let shown = open(&[store.path()]);
    shown.web.wait_for("document.querySelector('[data-test=scope-header]')");
    shown.web.press(&[key::CONTROL], ",");
    shown.web.wait_for("document.querySelector('[data-test=cache-use]')");
    check_both_themes(&shown, "settings");
    for environment in ["production", "staging", "test", "development"] {
        shown.web.press(&[key::CONTROL], "k");
        shown.web.type_text(">say what this store is");
        shown.web.press(&[], key::ENTER);
        shown.web.type_text(environment);
        shown.web.press(&[], key::ENTER);
        shown.web.wait_for(&format!(
            "document.querySelector('[data-test=env-band]').dataset.environment === '{environment}'"
        ));
        check(&shown, environment);
    }
}

/// Where there is no room beside it, the list is a drawer.
#[test]
fn a_drawer_at_200_percent() {
    let store = stores::sample();
    let shown = open(&[store.path(), "order-4711"]);
    let web = &shown.web;
    wait_for_version(&shown, "15");
    web.resize(1440, 900);
    enlarge(&shown);
    web.wait_for("innerWidth === 720");
    web.wait_for("!document.querySelector('[data-test=list-panel]')");
    web.press(&[key::CONTROL], "b");
    web.wait_for("document.querySelector('[data-test=list-panel] [role=row]')");
    check(&shown, "a drawer at 200 %");
    web.press(&[], key::ESCAPE);
    web.wait_for("!document.querySelector('[data-test=list-panel]')");
}

fn check_both_themes(shown: &Shown, view: &str) {
    for theme in ["Light", "Dark"] {
        choose_theme(shown, theme);
        check(shown, &format!("{view}, {theme}"));
    }
}

#[track_caller]
fn check(shown: &Shown, view: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ui/node_modules/axe-core/axe.min.js");
    let axe = std::fs::read_to_string(&file).expect("axe-core is installed by `npm ci` in ui/");
    shown.web.run(&format!(
        "{axe}; window.__axe = null; axe.run(document).then(found => window.__axe = found)"
    ));
    shown.web.wait_for("window.__axe");
    let passes = shown.web.run("return window.__axe.passes.length");
    assert!(
        passes.as_u64().is_some_and(|passes| passes > 10),
        "axe-core looked at nothing in {view}: {passes}"
    );
    let faults = shown.web.run(
        "return window.__axe.violations.filter(it => ['serious', 'critical'].includes(it.impact))
           .map(it => `${it.id}: ${it.help}\\n` + it.nodes.map(node => `  ${node.html.slice(0, 200)}`).join('\\n'))",
    );
    let faults: Vec<String> = serde_json::from_value(faults).expect("texts");
    assert!(faults.is_empty(), "{view}:\n{}", faults.join("\n"));
}
