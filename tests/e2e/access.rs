//! Access for everybody: axe-core, run in the real window, finds no serious or critical fault in any view.
//!
//! `npm ci` in `ui/` puts axe-core where this looks for it; it is a tool of the tests and no part of the window.

use std::path::Path;

use serde_json::json;

use crate::drafts::{leave_draft, try_it, write_draft};
use crate::driver::{Shown, open};
use crate::fits::{DRAWERS, TABS, VIEWS, enlarge, fill_views, focus_a_field, show};
use crate::flows::wait_for_version;
use crate::opening::palette;
use crate::pictures::{choose_theme, show_read_model};
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

/// An order with an event that cannot be read, compared with its beginning: marks, chips and tints of all kinds (33).
#[test]
fn every_view_in_both_themes() {
    let store = stores::sample();
    let shown = open(&[store.path(), stores::DAMAGED_STREAM]);
    let web = &shown.web;
    wait_for_version(&shown, "8");
    web.press(&[], key::HOME);
    web.press(&[], "b");
    web.press(&[], key::END);
    fill_views(&shown);
    for theme in ["Light", "Dark"] {
        choose_theme(&shown, theme);
        for (view, _) in VIEWS {
            show(&shown, view);
            check(&shown, &format!("{view}, {theme}"));
        }
        write_draft(&shown);
        try_it(&shown);
        check(&shown, &format!("a draft, {theme}"));
        leave_draft(&shown);
        show(&shown, "history");
        for (pressed, tab) in TABS {
            web.press(&[], pressed);
            web.wait_for(&format!(
                "document.querySelector('[data-test=tab-{tab}]').ariaSelected === 'true'"
            ));
            check(&shown, &format!("{tab}, {theme}"));
        }
        web.run("document.querySelector('[data-test=findings-chip]').click()");
        web.wait_for("document.querySelector('[data-test=finding]')");
        check(&shown, &format!("findings, {theme}"));
        web.press(&[], key::ESCAPE);
        web.press(&[key::CONTROL], "k");
        web.wait_for("document.querySelector('[data-test=omnibox-item]')");
        check(&shown, &format!("palette, {theme}"));
        web.press(&[], key::ESCAPE);
        web.press(&[], "?");
        web.wait_for("document.querySelector('[data-test=shortcuts] dt')");
        let beneath = "[...document.querySelectorAll('[inert] *')].map(it => getComputedStyle(it).scrollbarWidth)";
        let all_hidden = web.run(&format!("return {beneath}.every(width => width === 'none')"));
        assert_eq!(all_hidden, true, "scrollbars beneath are painted over the sheet");
        check(&shown, &format!("sheet of keys, {theme}"));
        web.press(&[], key::ESCAPE);
        web.wait_for("!document.querySelector('[data-test=shortcuts]')");
    }
    forced_colours_have_borders(&shown);
}

/// What opens over a view and beside it (33).
#[test]
fn dialogs_and_drawers_in_both_themes() {
    let store = stores::sample();
    let shown = open(&[store.path(), "order-4711"]);
    let web = &shown.web;
    wait_for_version(&shown, "15");
    for theme in ["Light", "Dark"] {
        choose_theme(&shown, theme);
        show(&shown, "history");
        focus_a_field(&shown);
        let is_there = |test: &str| {
            web.wait_for(&format!("document.querySelector('[data-test={test}]')"));
            check(&shown, &format!("{test}, {theme}"));
        };
        let is_gone = |test: &str| web.wait_for(&format!("!document.querySelector('[data-test={test}]')"));
        for (held, pressed, content) in DRAWERS {
            web.press(held, pressed);
            web.wait_for(&format!("document.querySelector('{content}')"));
            check(&shown, &format!("{content}, {theme}"));
        }
        web.press(&[], "p");
        is_there("lane");
        web.press(&[], "p");
        is_gone("lane");
        web.press(&[key::CONTROL], "f");
        is_there("find-bar");
        web.press(&[], key::ESCAPE);
        is_gone("find-bar");
        palette(&shown, ">Describe the timeline");
        is_there("timeline-description");
        web.press(&[], key::ESCAPE);
        is_gone("timeline-description");
        palette(&shown, ">Add a connection");
        is_there("connection-editor");
        web.press(&[], key::ESCAPE);
        is_gone("connection-editor");
        show_read_model(&shown);
        check(&shown, &format!("read model, {theme}"));
    }
}

/// What a store is stands in the band and in the title of the window, in every view (23).
#[test]
fn every_environment_says_what_it_is() {
    let store = stores::sample();
    let shown = open(&[store.path(), "order-4711"]);
    let web = &shown.web;
    wait_for_version(&shown, "15");
    for (environment, prefix) in [
        ("staging", "[STAG] "),
        ("test", "[TEST] "),
        ("development", "[DEV] "),
        ("production", "[PROD] "),
    ] {
        web.press(&[key::CONTROL], "k");
        web.type_text(">say what this store is");
        web.press(&[], key::ENTER);
        web.type_text(environment);
        web.press(&[], key::ENTER);
        web.wait_for(&format!(
            "document.querySelector('[data-test=env-band]').dataset.environment === '{environment}'"
        ));
        web.wait_for(&format!("document.title.startsWith('{prefix}')"));
        check(&shown, environment);
    }
    for (view, _) in VIEWS {
        show(&shown, view);
        let band = web.text("[data-test=env-band]");
        assert!(
            band.contains("PRODUCTION") && band.contains("READ-ONLY") && band.contains("immutable"),
            "{view}: {band}"
        );
        web.wait_for("document.title.startsWith('[PROD] ') && document.title.includes('orders.db')");
    }
    // What lies over the page lies below the band.
    web.press(&[key::CONTROL], "k");
    web.wait_for("document.querySelector('[data-test=omnibox-item]')");
    let is_seen = "(() => { const box = document.querySelector('[data-test=env-band]').getBoundingClientRect();
        const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
        return box.height > 20 && top?.closest('[data-test=env-band]') !== null; })()";
    web.wait_for(is_seen);
    web.press(&[], key::ESCAPE);
    web.press(&[], "?");
    web.wait_for("document.querySelector('[data-test=shortcuts] dt')");
    web.wait_for(is_seen);
}

/// Where there is no room beside it, the list is a drawer.
#[test]
fn a_drawer_at_200_percent() {
    let store = stores::sample();
    let shown = open(&[store.path(), "order-4711"]);
    let web = &shown.web;
    wait_for_version(&shown, "15");
    web.resize(1440, 900);
    enlarge(&shown, 200);
    web.wait_for("innerWidth === 720");
    web.wait_for("!document.querySelector('[data-test=list-panel]')");
    web.press(&[key::CONTROL], "b");
    web.wait_for("document.querySelector('[data-test=list-panel] [role=row]')");
    check(&shown, "a drawer at 200 %");
    web.press(&[], key::ESCAPE);
    web.wait_for("!document.querySelector('[data-test=list-panel]')");
}

/// No engine here forces colours, so their rules are switched on by hand: every control then has a border, for its ground
/// says nothing.
fn forced_colours_have_borders(shown: &Shown) {
    const SWITCH_ON: &str = "
        let count = 0;
        for (const sheet of document.styleSheets) for (const rule of [...sheet.cssRules])
          if (rule instanceof CSSMediaRule && rule.conditionText.includes('forced-colors'))
            for (const inner of rule.cssRules) { sheet.insertRule(inner.cssText, sheet.cssRules.length); count += 1; }
        return count";
    const BARE: &str = "
        return [...document.querySelectorAll('button, input:not([type=radio], [type=checkbox]), select, textarea')]
          .filter(it => it.checkVisibility() && getComputedStyle(it).borderTopWidth === '0px')
          .map(it => it.outerHTML.slice(0, 120)).slice(0, 5)";
    // The rules of a view come with it: all were shown by now.
    let count = shown.web.run(SWITCH_ON);
    assert!(
        count.as_u64().is_some_and(|count| count > 2),
        "no rules were found: {count}"
    );
    for (view, _) in VIEWS {
        show(shown, view);
        assert_eq!(shown.web.run(BARE), json!([]), "{view}: controls without a border");
    }
}

fn check_both_themes(shown: &Shown, view: &str) {
    for theme in ["Light", "Dark"] {
        choose_theme(shown, theme);
        check(shown, &format!("{view}, {theme}"));
    }
}

#[track_caller]
fn check(shown: &Shown, view: &str) {
    // Colours on their way to others are nobody's fault.
    shown
        .web
        .wait_for("document.getAnimations().every(it => !(it instanceof CSSTransition))");
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
