//! What was open is open again, after an end and after a crash: tabs, panels, cursors, the focused field, filters, zoom
//! (4). And the way back restores all of it within the window (31).

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::driver::{Shown, open, open_in};
use crate::flows::{show_first_rows, wait_for_overview, wait_for_version};
use crate::opening::palette;
use crate::stores;
use crate::webdriver::key;

/// The number of rows of a list, and the picture of the part of the timeline that is visible.
const LOOK: &str = "(() => [document.querySelector('[data-test=list] [aria-rowcount]').ariaRowCount,
    document.querySelector('canvas.minimap').toDataURL()].join(' '))()";

/// The window has no time to say goodbye. A second start finds all of it; a store that was closed stays closed.
#[test]
fn what_was_open_is_open_again_after_a_crash_and_after_an_end() {
    let store = stores::sample();
    let home = tempfile::tempdir().expect("a temporary folder");
    let shown = open_in(home.path(), &[store.path(), "order-4711"]);
    let web = &shown.web;
    wait_for_version(&shown, "15");
    let field = choose_field(&shown);
    web.press(&[], "b");
    web.press(&[], key::LEFT);
    wait_for_version(&shown, "14");
    web.press(&[], "p");
    web.press(&[], "4");
    palette(&shown, ">Fold long gaps");
    palette(&shown, "@ItemAdded");
    wait_for_rows(&shown, "< 15");
    zoom_in(&shown);
    web.run("document.querySelector('[role=separator][aria-orientation=vertical]').focus()");
    let before = border(&shown);
    for _ in 0..4 {
        web.press(&[], key::LEFT);
    }
    let moved = border(&shown);
    assert!(moved < before, "an arrow key moves the border: {before} to {moved}");
    let history = settled(&shown);

    web.press(&[key::CONTROL], "t");
    wait_for_overview(&shown);
    web.wait_for("document.querySelector('[data-test=stream-filter]')");
    web.run("document.querySelector('[data-test=stream-filter]').focus()");
    web.type_text("order-471");
    web.press(&[], key::TAB);
    wait_for_rows(&shown, "< 100");
    web.wait_for("document.querySelector('[data-test=timeline] canvas.minimap')");
    web.run("document.activeElement.blur()");
    zoom_in(&shown);
    let overview = settled(&shown);
    wait_for_text(
        home.path(),
        &["perMille", "\"ItemAdded\"", "order-471\"", &field, "a = 14"],
    );
    // Both timelines are zoomed.
    wait_until_kept(home.path(), |kept| {
        kept.lines().filter(|line| line.starts_with("from = \"1")).count() == 2
    });
    kill(home.path());
    drop(shown);

    let shown = open_in(home.path(), &[]);
    wait_for_look(&shown, &overview);
    let filter = shown
        .web
        .run("return document.querySelector('[data-test=stream-filter]').value");
    assert_eq!(filter, "order-471");
    shown.web.press(&[key::CONTROL], key::TAB);
    wait_for_version(&shown, "14");
    wait_for_look(&shown, &history);
    assert!(
        (border(&shown) - moved).abs() < 3.0,
        "the border stands where it was left"
    );
    let web = &shown.web;
    assert_eq!(web.text("[data-test=cursor-b-label]"), "B v 15");
    assert_eq!(web.text("[data-test=tab-blame][aria-selected=true]"), "Blame");
    let lane = web.run("return document.querySelector('[data-test=lane]').dataset.path");
    assert_eq!(lane, field.as_str());
    web.press(&[], "2");
    wait_for_field(&shown, &field);

    // A store that was closed stays closed.
    palette(&shown, ">Close the store");
    shown.web.wait_for("document.querySelector('[data-test=recent]')");
    shown.web.press(&[key::CONTROL], key::TAB);
    wait_for_overview(&shown);
    palette(&shown, ">Close the store");
    wait_for_text(home.path(), &["documents = []"]);
    drop(shown);
    let shown = open_in(home.path(), &[]);
    shown.web.wait_for("document.querySelector('[data-test=recent]')");
}

/// Back to the view, the cursors, the zoom and the field that were left, from another view and from another stream.
#[test]
fn the_way_back_restores_cursors_zoom_and_field() {
    let store = stores::sample();
    let shown = open(&[store.path(), "order-4711", "--at", "v7"]);
    let web = &shown.web;
    wait_for_version(&shown, "7");
    let field = choose_field(&shown);
    zoom_in(&shown);
    web.press(&[], "b");
    web.press(&[], key::RIGHT);
    wait_for_version(&shown, "8");
    let before = settled(&shown);

    web.press(&[key::CONTROL], ",");
    web.wait_for("document.querySelector('[data-test=settings]')");
    web.press(&[key::ALT], key::LEFT);
    let is_back = || {
        wait_for_version(&shown, "8");
        wait_for_look(&shown, &before);
        wait_for_field(&shown, &field);
        assert_eq!(web.text("[data-test=cursor-b-label]"), "B v 7");
    };
    is_back();
    web.press(&[key::CONTROL], "p");
    web.type_text("order-4712");
    web.press(&[], key::ENTER);
    web.wait_for("document.querySelector('[data-test=scope-header] h1')?.innerText === 'order-4712'");
    web.press(&[key::ALT], key::LEFT);
    is_back();
    // To where A is the last event at all, and back.
    web.press(&[], "0");
    web.wait_for(&format!("{LOOK} !== {before:?}"));
    web.press(&[], key::END);
    wait_for_version(&shown, "15");
    web.press(&[key::ALT], key::LEFT);
    wait_for_version(&shown, "8");
    wait_for_field(&shown, &field);
}

/// A store that vanished meanwhile is said, and the rest is opened.
#[test]
fn a_store_that_vanished_is_said_and_the_rest_is_open_again() {
    let store = stores::sample();
    let home = tempfile::tempdir().expect("a temporary folder");
    let other = home.path().join("other.db");
    std::fs::copy(store.path(), &other).expect("it can be copied");
    let shown = open_in(home.path(), &[&other.to_string_lossy(), "order-4711"]);
    wait_for_version(&shown, "15");
    shown.web.press(&[key::CONTROL], "t");
    palette(&shown, store.path());
    wait_for_overview(&shown);
    palette(&shown, "order-4712");
    wait_for_text(home.path(), &["stream = \"order-4712\""]);
    drop(shown);

    std::fs::remove_file(&other).expect("it can be moved away");
    let shown = open_in(home.path(), &[]);
    let card = shown.web.text("[data-test=error-card]");
    assert!(card.contains("other.db"), "{card}");
    shown
        .web
        .wait_for("document.querySelector('[data-test=scope-header] h1')?.innerText === 'order-4712'");
}

/// Chooses a field of the state, and says which.
fn choose_field(shown: &Shown) -> String {
    show_first_rows(shown);
    let path = shown.web.run(
        "const row = [...document.querySelectorAll('[data-test=state-rows] [role=row]:not([hidden])')]
           .find(it => it.dataset.path?.length > 1);
         row.querySelector('.key').click();
         return row.dataset.path",
    );
    let path = path.as_str().unwrap_or_default().to_owned();
    wait_for_field(shown, &path);
    path
}

#[track_caller]
fn wait_for_field(shown: &Shown, path: &str) {
    shown.web.wait_for(&format!(
        "document.querySelector('[data-test=state-rows] [aria-selected=true]')?.dataset.path === '{path}'"
    ));
}

/// Shows less of the timeline, and waits until it is painted.
fn zoom_in(shown: &Shown) {
    let before = settled(shown);
    shown.web.press(&[], "w");
    shown.web.press(&[], "w");
    shown.web.wait_for(&format!("{LOOK} !== {before:?}"));
}

/// How list and timeline look, once they look alike for some frames.
fn settled(shown: &Shown) -> String {
    let watch = format!(
        "window.__same = 0; let last = ''; \
         const look = () => {{ const now = {LOOK}; window.__same = now === last ? window.__same + 1 : 0; last = now; \
         if (window.__same < 12) requestAnimationFrame(look); }}; look()"
    );
    shown.web.run(&watch);
    shown.web.wait_for("window.__same >= 12");
    match shown.web.run(&format!("return {LOOK}")) {
        Value::String(look) => look,
        other => panic!("no look: {other}"),
    }
}

#[track_caller]
fn wait_for_look(shown: &Shown, look: &str) {
    shown.web.wait_for(
        "document.querySelector('[data-test=list] [aria-rowcount]') && document.querySelector('canvas.minimap')",
    );
    shown.web.wait_for(&format!("{LOOK} === {look:?}"));
}

#[track_caller]
fn wait_for_rows(shown: &Shown, condition: &str) {
    shown.web.wait_for(&format!(
        "Number(document.querySelector('[data-test=list] [aria-rowcount]').ariaRowCount) {condition}"
    ));
}

/// Where the border between list and inspector stands, in pixels.
fn border(shown: &Shown) -> f64 {
    shown.web.place("[role=separator][aria-orientation=vertical]").x
}

/// Ends the window that lives in a home folder as a crash does.
pub fn kill(home: &Path) {
    let mut variable = b"HOME=".to_vec();
    variable.extend_from_slice(home.as_os_str().as_encoded_bytes());
    let is_window = |process: &Path| {
        let name = std::fs::read_to_string(process.join("comm")).unwrap_or_default();
        let environment = std::fs::read(process.join("environ")).unwrap_or_default();
        name.starts_with("refold-desktop")
            && environment
                .split(|byte| *byte == 0)
                .any(|one| one.strip_suffix(b"/").unwrap_or(one) == variable.as_slice())
    };
    let processes = std::fs::read_dir("/proc").expect("processes are listed");
    let window = processes
        .flatten()
        .map(|entry| entry.path())
        .find(|path| is_window(path));
    let window = window.expect("the window is a process");
    let number = window.file_name().unwrap_or_default().to_owned();
    let killed = std::process::Command::new("kill").arg("-9").arg(number).status();
    assert!(
        killed.is_ok_and(|status| status.success()),
        "the window could not be killed"
    );
}

/// Waits until the file of what the window shows holds all of the texts.
#[track_caller]
pub fn wait_for_text(home: &Path, texts: &[&str]) {
    wait_until_kept(home, |kept| texts.iter().all(|text| kept.contains(text)));
}

/// Waits until the file of what the window shows is as it should be.
#[track_caller]
fn wait_until_kept(home: &Path, is_right: impl Fn(&str) -> bool) {
    let file = home.join("config/refold/window.toml");
    let started = Instant::now();
    loop {
        let kept = std::fs::read_to_string(&file).unwrap_or_default();
        if is_right(&kept) {
            return;
        }
        assert!(
            started.elapsed() < Duration::from_secs(20),
            "{} stays:\n{kept}",
            file.display()
        );
        std::thread::park_timeout(Duration::from_millis(20));
    }
}
