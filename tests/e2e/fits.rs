//! Every view fits its window, at every size and at 200 %: nothing scrolls sideways, nothing is cut off without saying
//! so, and nothing lies over anything else (2, 3).

use serde_json::Value;

use crate::drafts::{find_and_write, try_it, write_draft};
use crate::driver::{Shown, open};
use crate::flows::{no_violations, wait_for_version};
use crate::handlers::{PARTS, test_all};
use crate::stores;
use crate::two_stores::{compare_with, damaged_copy};
use crate::webdriver::key;

/// Names what does not fit.
const FITS: &str = include_str!("fits.js");

/// The views, and what is in the page once they are there.
pub const VIEWS: [(&str, &str); 15] = [
    ("overview", "[data-test=list] [role=row]"),
    ("history", "[data-test=state-header]"),
    ("compare", "[data-test=compare]"),
    ("lanes", "[data-test=lanes]"),
    ("replay", "[data-test=replay]"),
    ("handlers", "[data-test=handler-facts]"),
    ("invariants", "[data-test=invariants]"),
    ("gate", "[data-test=gate]"),
    ("sandbox", "[data-test=sandbox-band]"),
    ("search", "[data-test=search-text]"),
    ("notebook", "[data-test=notebook]"),
    ("reports", "[data-test=report-form]"),
    ("integrity", "[data-test=anchor-folder]"),
    ("welcome", "[data-test=welcome-open]"),
    ("settings", "[data-test=cache-use]"),
];

/// The tabs of the inspector, by their keys.
pub const TABS: [(&str, &str); 7] = [
    ("1", "story"),
    ("2", "state"),
    ("3", "diff"),
    ("4", "blame"),
    ("5", "event"),
    ("6", "raw"),
    ("7", "causation"),
];

/// The drawers over the inspector, by their keys, and what is in them once they have an answer. Each takes the place of the
/// one before.
pub const DRAWERS: [(&[&str], &str, &str); 4] = [
    (&[], "h", "[data-test=field-rows] [role=row]"),
    (&[], "y", "[data-test=why-outcome]"),
    (&[key::SHIFT], "y", "[data-test=why-not-outcome]"),
    (&[key::ALT], "y", "[data-test=known-answer]"),
];

/// What a report can be about, and what its form has then. The first stands there again when the next size is looked at.
const REPORTS: [(&str, &str); 5] = [
    ("verification", "report-anchors"),
    ("invariants", "report-condition"),
    ("comparison", "report-against"),
    ("subject", "report-keys"),
    ("events", "report-from"),
];

/// The size of the window, and how wide the page is in it: at 200 % half as wide.
const SIZES: [(u32, u32, u32); 5] = [
    (960, 600, 960),
    (1024, 640, 1024),
    (1440, 900, 1440),
    (2560, 1440, 2560),
    (1440, 900, 720),
];

#[test]
fn every_view_fits_its_window() {
    let store = stores::sample();
    let shown = open(&[store.path(), stores::DAMAGED_STREAM]);
    let web = &shown.web;
    wait_for_version(&shown, "8");
    fill_views(&shown);
    let mut faults = Vec::new();
    for (width, height, page) in SIZES {
        web.resize(width, height);
        if page < width {
            enlarge(&shown, 200);
        }
        web.wait_for(&format!("innerWidth === {page}"));
        let size = format!("{width}x{height} at {} %", width * 100 / page);
        for (view, _) in VIEWS {
            show(&shown, view);
            look(&shown, &format!("{view}, {size}"), &mut faults);
        }
        show(&shown, "handlers");
        for (pressed, content) in PARTS {
            web.press(&[], pressed);
            web.wait_for(&format!("document.querySelector('{content}')"));
            look(&shown, &format!("{content}, {size}"), &mut faults);
        }
        show(&shown, "compare");
        // What two states differ in yields to nothing: three rows are seen in the lowest window.
        web.wait_for(
            "document.querySelector('[data-test=compare-count]') && [...document.querySelectorAll(
                 '[data-test=compare] .rows:not(.gone) [data-test=state-rows]')].every(it => it.clientHeight >= 66)",
        );
        web.run("document.querySelector('[data-test=segment-readModel]').click()");
        web.wait_for("document.querySelector('[data-test=drift]')");
        look(&shown, &format!("read model, {size}"), &mut faults);
        web.run("document.querySelector('[data-test=segment-stores]').click()");
        web.wait_for("document.querySelector('[data-test=stores]')");
        look(&shown, &format!("two stores, {size}"), &mut faults);
        web.run("document.querySelector('[data-test=segment-points]').click()");
        show(&shown, "reports");
        for (about, content) in REPORTS {
            web.run(&format!(
                "document.querySelector('[data-test=segment-{about}]').click()"
            ));
            web.wait_for(&format!("document.querySelector('[data-test={content}]')"));
            look(&shown, &format!("report of {about}, {size}"), &mut faults);
        }
        show(&shown, "history");
        // The plot yields to the list in a low window, but never all of it.
        web.wait_for("document.querySelector('[data-test=timeline] canvas.plot').clientHeight > 20");
        for (pressed, tab) in TABS {
            web.press(&[], pressed);
            web.wait_for(&format!(
                "document.querySelector('[data-test=tab-{tab}]').ariaSelected === 'true'"
            ));
            look(&shown, &format!("{tab}, {size}"), &mut faults);
        }
        for (held, pressed, content) in DRAWERS {
            focus_a_field(&shown);
            web.press(held, pressed);
            web.wait_for(&format!("document.querySelector('{content}')"));
            look(&shown, &format!("{content}, {size}"), &mut faults);
        }
        // Beside a drawer the inspector is as narrow as it gets; where there is no room for both it is covered.
        let beside = web.run(
            "const [one, other] = ['.inspector', '.drawer'].map(it => document.querySelector(it).getBoundingClientRect());
             return other.width >= one.width && other.left === one.left
                 ? 0 : Math.min(one.width, other.left === one.right ? one.width : 0)",
        );
        match page {
            ..=1024 => assert_eq!(beside, 0, "{size}"),
            _ => assert!(beside.as_f64().is_some_and(|it| it >= 360.0), "{beside}, {size}"),
        }
        for (pressed, tab) in TABS.iter().filter(|_| beside != 0) {
            web.run(&format!("document.querySelector('[data-test=tab-{tab}]').click()"));
            web.wait_for(&format!(
                "document.querySelector('[data-test=tab-{tab}]').ariaSelected === 'true'"
            ));
            look(
                &shown,
                &format!("{tab} ({pressed}) beside a drawer, {size}"),
                &mut faults,
            );
        }
        web.press(&[], key::ESCAPE);
        web.run("document.querySelector('[data-test=findings-chip]').click()");
        web.wait_for("document.querySelector('[data-test=finding]')");
        look(&shown, &format!("findings, {size}"), &mut faults);
        web.press(&[], key::ESCAPE);
        web.press(&[key::CONTROL], "k");
        web.wait_for("document.querySelector('[data-test=omnibox-item]')");
        look(&shown, &format!("palette, {size}"), &mut faults);
        web.press(&[], key::ESCAPE);
        web.press(&[], "?");
        web.wait_for("document.querySelector('[data-test=shortcuts] dt')");
        look(&shown, &format!("sheet of keys, {size}"), &mut faults);
        web.press(&[], key::ESCAPE);
        web.wait_for("!document.querySelector('[data-test=shortcuts]')");
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    no_violations(&shown);
}

/// Two stores that differ, with an event of one of their streams on both sides; and all that can be said before.
#[test]
fn two_stores_fit_their_window() {
    let store = stores::sample();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let other = damaged_copy(folder.path());
    let shown = open(&[store.path(), "order-4711"]);
    let web = &shown.web;
    wait_for_version(&shown, "15");
    compare_with(&shown, &other);
    web.wait_for("document.querySelector('[data-test=stores-tree] [role=row]')");
    // What is asked is another thing than what is shown.
    web.run("document.querySelector('[data-test=stores-ignored] summary').click()");
    web.press(&[], "x");
    web.wait_for("document.querySelector('[data-test=stores-stale]')");
    let mut faults = Vec::new();
    for (width, height, page) in SIZES {
        web.resize(width, height);
        if page < width {
            enlarge(&shown, 200);
        }
        web.wait_for(&format!("innerWidth === {page}"));
        look(
            &shown,
            &format!("two stores that differ, {width}x{height}"),
            &mut faults,
        );
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    no_violations(&shown);
}

/// All that a draft can have at once: an answer of an earlier text, a fault, and the form that asks for a version.
#[test]
fn a_draft_fits_its_window() {
    let store = stores::sample();
    let shown = open(&[store.path(), "order-4711"]);
    let web = &shown.web;
    wait_for_version(&shown, "15");
    write_draft(&shown);
    try_it(&shown);
    find_and_write(&shown, "inc: failedPayments", "add: { failedPayments: 2 +}");
    web.wait_for("document.querySelector('[data-test=draft-problem]')");
    web.click("[data-test=draft-publish]");
    web.wait_for("document.querySelector('[data-test=draft-version]')");
    let mut faults = Vec::new();
    for (width, height, page) in SIZES {
        web.resize(width, height);
        if page < width {
            enlarge(&shown, 200);
        }
        web.wait_for(&format!("innerWidth === {page}"));
        look(&shown, &format!("a draft, {width}x{height}"), &mut faults);
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    no_violations(&shown);
}

/// Gives the views something to show: a note, a search, a run of the lab, a check of the conditions.
pub fn fill_views(shown: &Shown) {
    let web = &shown.web;
    web.press(&[], "m");
    for (view, ready, end) in [
        (
            "replay",
            "[data-test=replay-right] option",
            "[data-test=replay-summary]",
        ),
        ("invariants", "[data-test=invariant]", "[data-test=invariants-summary]"),
        (
            "gate",
            "[data-test=gate-handler] option",
            "[data-test=gate-payload-row]",
        ),
    ] {
        show(shown, view);
        web.wait_for(&format!("document.querySelector('{ready}')"));
        web.press(&[key::CONTROL], key::ENTER);
        web.wait_for(&format!("document.querySelector('{end}')"));
    }
    test_all(shown);
    show(shown, "reports");
    web.run("document.querySelector('[data-test=report-preview]').click()");
    web.wait_for("document.querySelector('[data-test=report-preview-pages] table')");
    show(shown, "history");
    web.press(&[key::CONTROL, key::SHIFT], "p");
    web.type_text("Branch here without");
    web.wait_for("document.querySelector('[data-test=omnibox-item]')?.innerText.includes('Branch here without')");
    web.press(&[], key::ENTER);
    web.wait_for("document.querySelector('[data-test=sandbox-summary]')");
    show(shown, "search");
    web.run("document.querySelector('[data-test=search-text]').focus()");
    web.type_text("Espresso");
    web.press(&[], key::ENTER);
    web.wait_for("document.querySelector('[data-test=search-status]')?.dataset.phase === 'whole'");
}

/// Shows a view through the rail, and waits until its content is there.
#[track_caller]
pub fn show(shown: &Shown, view: &str) {
    let content = VIEWS
        .iter()
        .find(|(name, _)| *name == view)
        .map_or("", |(_, content)| content);
    shown
        .web
        .run(&format!("document.querySelector('[data-test=rail-{view}]').click()"));
    shown.web.wait_for(&format!(
        "document.querySelector('.page').dataset.view === '{view}' && document.querySelector({content:?})"
    ));
}

/// Focuses the first field of the state, as drawers are opened for one.
pub fn focus_a_field(shown: &Shown) {
    // A list keeps rows that it does not need now, hidden and out of order, and rows that are on their way have no path.
    const KEYS: &str =
        "[...document.querySelectorAll('[data-test=state-rows] [role=row][data-path]:not([hidden]) .key')]";
    shown.web.press(&[], "2");
    // In one go: what an event changed comes into view by itself, and then other rows are on their way.
    shown.web.wait_for(&format!(
        "(() => {{ const field = {KEYS}.at(1); field?.click(); return field }})()"
    ));
}

/// Makes everything larger, by the command and then by its keys.
pub fn enlarge(shown: &Shown, percent: u32) {
    shown.web.press(&[key::CONTROL], "k");
    shown.web.type_text(">larger interface");
    shown.web.press(&[], key::ENTER);
    shown.web.wait_for("!document.querySelector('[data-test=palette]')");
    for _ in 0..(percent - 100) / 10 - 1 {
        shown.web.press(&[key::CONTROL], "=");
    }
}

/// Looks at the page once two frames were painted since it changed.
fn look(shown: &Shown, what: &str, faults: &mut Vec<String>) {
    const FRAMES: &str =
        "window.__frames = 0; const next = () => { if (++window.__frames < 3) requestAnimationFrame(next); }; next()";
    shown.web.run(FRAMES);
    shown.web.wait_for("window.__frames >= 3");
    let over = shown
        .web
        .run("return document.documentElement.scrollWidth - innerWidth");
    if over != 0 {
        faults.push(format!("{what}: scrolls sideways by {over}"));
    }
    if let Value::Array(found) = shown.web.run(FITS) {
        faults.extend(found.iter().map(|one| format!("{what}: {one}")));
    }
}
