//! What holds in every view: Escape does the least destructive next thing, long jobs count and can be cancelled, nothing
//! moves for who wants no motion, and what one key is for.

use serde_json::json;

use crate::driver::{open, open_in};
use crate::flows::{wait_for_overview, wait_for_version};
use crate::gauge::tell;
use crate::stores;
use crate::webdriver::key;

/// One step after the other, the least destructive first; and the focus goes back to where it came from.
#[test]
fn escape_does_the_least_destructive_next_thing() {
    let store = stores::sample();
    let shown = open(&[store.path(), "order-4711"]);
    let web = &shown.web;
    wait_for_version(&shown, "15");
    web.run("document.querySelector('[data-test=cursor-a]').focus()");
    web.press(&[], key::HOME);
    web.press(&[], "b");
    web.press(&[], key::END);
    wait_for_version(&shown, "15");
    web.press(&[key::CONTROL], "k");
    web.wait_for("document.activeElement?.dataset.test === 'omnibox-input'");
    web.press(&[], key::ESCAPE);
    web.wait_for("!document.querySelector('[data-test=palette]')");
    web.wait_for("document.activeElement?.dataset.test === 'cursor-a'");
    assert_eq!(
        web.text("[data-test=cursor-b-label]"),
        "B before the first event",
        "B stays"
    );
    web.press(&[], key::ESCAPE);
    web.wait_for("!document.querySelector('[data-test=cursor-b-label]')");
    wait_for_version(&shown, "15");

    // In the overview: the filter goes, and nothing is complained of.
    web.press(&[key::CONTROL], "1");
    wait_for_overview(&shown);
    web.run("document.querySelector('[data-test=stream-filter]').focus()");
    web.type_text("4711");
    web.wait_for("document.querySelectorAll('[data-test=list] [role=row]:not([hidden])').length === 1");
    web.run("document.activeElement.blur()");
    web.press(&[], key::ESCAPE);
    web.wait_for("document.querySelector('[data-test=stream-filter]').value === ''");
    assert_eq!(
        web.run("return document.querySelector('[data-test=notice]').innerText"),
        ""
    );
}

/// Which event wrote a field? It stands beside it; with the field chosen by keys, Enter goes there, and Shift+C to the
/// change before.
#[test]
fn f3_who_wrote_a_field_is_one_key_away() {
    let store = stores::sample();
    let shown = open(&[store.path(), "order-4711"]);
    let web = &shown.web;
    wait_for_version(&shown, "15");
    let active = "document.querySelector('[data-test=state-rows] [aria-selected=true]')";
    web.run("document.querySelector('[data-test=state-rows]').focus()");
    web.wait_for("document.activeElement?.dataset.test === 'state-rows'");
    let is_leaf =
        format!("{active} && !{active}.ariaExpanded && {active}.querySelector('.blame').innerText.length > 0");
    for _ in 0..12 {
        web.press(&[], key::DOWN);
        if web.run(&format!("return !!({is_leaf})")) == json!(true) {
            break;
        }
    }
    web.wait_for(&is_leaf);
    let path = web.run(&format!("return {active}.dataset.path"));
    let wrote = web.run(&format!(
        "return {active}.querySelector('.blame').innerText.replace(/\\D/g, '')"
    ));
    let start = web.actions();
    web.press(&[], key::ENTER);
    wait_for_version(&shown, wrote.as_str().unwrap_or_default());
    assert_eq!(web.actions() - start, 1, "F3 takes one action to go there");
    web.wait_for(&format!("{active}?.dataset.path === {path}"));
    web.press(&[key::ALT], key::LEFT);
    wait_for_version(&shown, "15");
    web.press(&[key::SHIFT], "c");
    wait_for_version(&shown, wrote.as_str().unwrap_or_default());
}

/// Where does a known invariant break? One key.
#[test]
fn f5_a_known_problem_is_one_key_away() {
    let store = stores::sample();
    let shown = open(&[store.path(), stores::DAMAGED_STREAM]);
    let web = &shown.web;
    wait_for_version(&shown, "8");
    let start = web.actions();
    web.press(&[], "x");
    wait_for_version(&shown, "4");
    assert_eq!(web.actions() - start, 1, "F5 takes one action");
}

/// A store of a million events that is indexed says how far it is, and stops when it is told to.
#[test]
fn a_long_job_counts_and_can_be_cancelled() {
    let store = stores::million();
    let shown = open(&[store.path()]);
    let web = &shown.web;
    web.wait_for("/of 1,1\\d\\d,\\d{3} events · \\d+ % · [\\d,]+ left/.test(document.querySelector('[data-test=job-progress]')?.innerText)");
    // From the click to the frame on which the job is gone.
    web.run(
        "window.__cancelled = null;
         document.querySelector('[data-test=job-cancel]').addEventListener('click', () => {
           const clicked = performance.now();
           const look = now => {
             if (document.querySelector('[data-test=job-progress]')) requestAnimationFrame(look);
             else window.__cancelled = now - clicked;
           };
           requestAnimationFrame(look);
         })",
    );
    web.click("[data-test=job-cancel]");
    web.wait_for("window.__cancelled !== null");
    let millis = web.run("return window.__cancelled").as_f64().unwrap_or(f64::NAN);
    tell(
        "cancel",
        &format!("a job is gone {millis:.0} ms after Cancel"),
        json!({ "millis": millis }),
    );
    assert_eq!(
        web.run("return !!document.querySelector('[data-test=error-card]')"),
        false
    );
}

/// The setting, and the system's wish: nothing takes time to change.
#[test]
fn nothing_moves_for_who_wants_no_motion() {
    let store = stores::sample();
    let home = tempfile::tempdir().expect("a temporary folder");
    let moving = "return [...document.querySelectorAll('*')].filter(it => ['transitionDuration', 'animationDuration']
        .some(of => getComputedStyle(it)[of].split(', ').some(length => parseFloat(length) > 0))).length";
    let shown = open_in(home.path(), &[store.path(), "order-4711"]);
    wait_for_version(&shown, "15");
    let some = shown.web.run(moving);
    assert!(
        some.as_u64().is_some_and(|count| count > 5),
        "it looks at nothing: {some}"
    );
    drop(shown);

    let gtk = home.path().join("config/gtk-3.0");
    std::fs::create_dir_all(&gtk).expect("a folder can be made");
    std::fs::write(gtk.join("settings.ini"), "[Settings]\ngtk-enable-animations=0\n").expect("it can be written");
    let shown = open_in(home.path(), &[store.path(), "order-4711"]);
    wait_for_version(&shown, "15");
    assert_eq!(
        shown
            .web
            .run("return matchMedia('(prefers-reduced-motion: reduce)').matches"),
        true
    );
    assert_eq!(shown.web.run(moving), 0, "as the system wishes");
    drop(shown);

    std::fs::remove_file(gtk.join("settings.ini")).expect("it can be removed");
    let shown = open_in(home.path(), &[store.path(), "order-4711"]);
    wait_for_version(&shown, "15");
    shown.web.press(&[key::CONTROL], "k");
    shown.web.type_text(">reduced motion");
    shown.web.press(&[], key::ENTER);
    shown.web.type_text("on");
    shown.web.press(&[], key::ENTER);
    shown
        .web
        .wait_for("document.documentElement.hasAttribute('data-still')");
    assert_eq!(shown.web.run(moving), 0, "as the setting says");
}
