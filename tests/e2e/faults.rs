//! A real store that is moved away, cut short or locked while the window has it open: the band stays, what was read
//! stays readable with its time, trying again works, and the notebook loses nothing.
//!
//! A store that is slow, or that may not be read, is looked at over the twin (`ui/src/app/faults.test.ts`): neither can
//! be had of a file on every machine that runs this.

use std::path::{Path, PathBuf};

use rusqlite::Connection;

use crate::driver::{Shown, open};
use crate::flows::{no_violations, show_first_rows, wait_for_version};
use crate::stores;
use crate::webdriver::key;

#[test]
fn a_store_that_is_moved_away_stays_readable_until_it_is_back() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = copied(folder.path());
    let shown = open_with_a_bookmark(&store);
    let before = read(&shown);

    let away = folder.path().join("away.db");
    std::fs::rename(&store, &away).expect("it can be moved");
    wait_until_lost(&shown);
    stays_readable(&shown, &before);
    notebook_is_whole(&shown);

    std::fs::rename(&away, &store).expect("it can be moved back");
    comes_back(&shown);
}

#[test]
fn a_store_that_is_cut_short_stays_readable_until_it_is_whole() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = copied(folder.path());
    let shown = open_with_a_bookmark(&store);
    let before = read(&shown);

    let whole = std::fs::read(&store).expect("it can be read");
    std::fs::write(&store, &whole[..whole.len() / 3]).expect("it can be written");
    wait_until_lost(&shown);
    stays_readable(&shown, &before);
    notebook_is_whole(&shown);

    std::fs::write(&store, &whole).expect("it can be written");
    comes_back(&shown);
}

/// Its application may lock it as it likes: reading takes no lock, and needs none.
#[test]
fn a_store_that_is_locked_is_read_on() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = copied(folder.path());
    let shown = open_with_a_bookmark(&store);

    let application = Connection::open(&store).expect("the application opens its store");
    application.execute_batch("BEGIN EXCLUSIVE").expect("it is locked");
    shown.web.press(&[], key::RIGHT);
    wait_for_version(&shown, "7");
    shown.web.press(&[key::CONTROL], "p");
    shown.web.type_text("order-4712");
    shown.web.press(&[], key::ENTER);
    shown
        .web
        .wait_for("document.querySelector('[data-test=scope-header] h1')?.innerText === 'order-4712'");
    assert_eq!(
        shown
            .web
            .run("return !!document.querySelector('[data-test=error-card]')"),
        false
    );
    drop(application);
    no_violations(&shown);
}

/// What the inspector shows.
fn read(shown: &Shown) -> String {
    shown.web.text("[data-test=state-rows]")
}

fn open_with_a_bookmark(store: &Path) -> Shown {
    let shown = open(&[&store.to_string_lossy(), "order-4711", "--at", "v6"]);
    wait_for_version(&shown, "6");
    show_first_rows(&shown);
    shown.web.press(&[], "m");
    shown
        .web
        .wait_for("document.querySelector('[data-test=notice]').innerText.includes('order-4711')");
    shown
}

#[track_caller]
fn wait_until_lost(shown: &Shown) {
    shown
        .web
        .wait_for("document.querySelector('[data-test=connection]')?.innerText.includes('Disconnected')");
}

#[track_caller]
fn stays_readable(shown: &Shown, before: &str) {
    let card = shown.web.text("[data-test=error-card]");
    assert!(card.contains("orders.db"), "it says which store: {card}");
    let band = shown.web.text("[data-test=env-band]");
    assert!(band.contains("READ-ONLY"), "the band stays: {band}");
    let as_of = shown.web.text("[data-test=as-of]");
    assert!(as_of.starts_with("as of 20"), "what is shown has its time: {as_of}");
    // The error takes the room of a row or two.
    let now = read(shown);
    assert!(
        now.len() > 100 && before.starts_with(now.trim_end()),
        "what was read stays:\n{before}\n{now}"
    );
    wait_for_version(shown, "6");
    // What is copied of the error names no folder.
    shown.web.click("[data-test=error-details]");
    let detail = shown.web.text("[data-test=error-detail]");
    assert!(detail.contains("What to do") && !detail.contains("/tmp/"), "{detail}");
    shown.web.click("[data-test=error-details]");
}

/// Notes are kept beside nothing of the store: they are there, and more can be made.
#[track_caller]
fn notebook_is_whole(shown: &Shown) {
    shown.web.press(&[], "b");
    shown.web.press(&[key::CONTROL], "k");
    shown.web.type_text(">Notebook");
    shown
        .web
        .wait_for("document.querySelector('[data-test=omnibox-item]')?.innerText.includes('Notebook')");
    shown.web.press(&[], key::ENTER);
    shown.web.wait_for(
        "[...document.querySelectorAll('[data-test=list] [role=row]')].some(it => it.innerText.includes('order-4711'))",
    );
    shown.web.press(&[key::ALT], key::LEFT);
    wait_for_version(shown, "6");
}

#[track_caller]
fn comes_back(shown: &Shown) {
    shown.web.click("[data-test=error-retry]");
    shown
        .web
        .wait_for("document.querySelector('[data-test=connection]')?.innerText.includes('Connected')");
    shown.web.wait_for("!document.querySelector('[data-test=error-card]')");
    shown.web.press(&[], key::RIGHT);
    wait_for_version(shown, "7");
    no_violations(shown);
}

fn copied(folder: &Path) -> PathBuf {
    let store = folder.join("orders.db");
    std::fs::copy(stores::sample().path(), &store).expect("the sample is copied");
    store
}
