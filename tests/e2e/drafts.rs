//! A draft of a handler is written in the real window, under the page's own rules: what is wrong with it has a line, a stream
//! shows what it makes, and only as a new version does it reach the package.

use std::fs;

use refold_tests::Fingerprint;

use crate::driver::{Shown, open, open_in};
use crate::flows::{no_violations, wait_for_version};
use crate::handlers::package;
use crate::kept::temporary;
use crate::stores;
use crate::webdriver::key;

/// What lies in the editor, once it is there.
pub const INSIDE: &str = "document.querySelector('[data-test=handler-editor][data-ready=true]')?.shadowRoot";
const CHOSEN: &str = "document.querySelector('[data-test=handler-version][aria-selected=true]').dataset.reference";

/// Shows the version that is at hand as a draft, made where there is none.
pub fn write_draft(shown: &Shown) {
    let web = &shown.web;
    web.press(&[key::CONTROL], "5");
    web.wait_for("document.querySelector('[data-test=handler-facts]')?.dataset.hash > ''");
    web.press(&[], "1");
    web.wait_for("document.querySelector('[data-test=handler-source], [data-test=handler-draft]')");
    web.press(&[], "e");
    // What is typed next goes into the text.
    web.wait_for(&format!(
        "{INSIDE}?.activeElement?.matches('.cm-content') && {INSIDE}.querySelector('.cm-line')"
    ));
}

/// Tries it where the stream that was looked at stands.
pub fn try_it(shown: &Shown) {
    shown.web.click("[data-test=draft-try-run]");
    shown
        .web
        .wait_for("document.querySelector('[data-test=draft-tried]')?.dataset.stale === 'false'");
}

/// Finds a text in the editor and writes another one over it.
pub fn find_and_write(shown: &Shown, found: &str, instead: &str) {
    let web = &shown.web;
    web.run(&format!("{INSIDE}.querySelector('.cm-content').focus()"));
    web.press(&[key::CONTROL], "f");
    web.wait_for(&format!("{INSIDE}.querySelector('.cm-search [main-field]')"));
    web.press(&[key::CONTROL], "a");
    web.type_text(found);
    web.press(&[], key::ENTER);
    web.press(&[], key::ESCAPE);
    web.wait_for(&format!("!{INSIDE}.querySelector('.cm-search')"));
    web.type_text(instead);
    web.wait_for("document.querySelector('[data-test=draft-kept]').innerText === 'kept'");
}

/// Shows a version of the user's again.
pub fn leave_draft(shown: &Shown) {
    shown
        .web
        .run("[...document.querySelectorAll('[data-test=handler-version]')].at(-1).click()");
    shown
        .web
        .wait_for("document.querySelector('[data-test=handler-source] code')");
}

#[test]
fn a_draft_is_written_tried_and_saved_as_a_version() {
    let store = stores::sample();
    let before = Fingerprint::of(store.folder());
    let work = temporary();
    let folder = package(work.path());
    let handler = format!("{folder}@1.0.0");
    let untouched = Fingerprint::of(work.path());
    let home = temporary();
    let shown = open_in(
        home.path(),
        &[store.path(), "order-4711", "--at", "v11", "--handler", &handler],
    );
    let web = &shown.web;
    wait_for_version(&shown, "11");
    write_draft(&shown);
    let chosen = web.run(&format!("return {CHOSEN}"));
    assert!(
        chosen.as_str().is_some_and(|it| it.ends_with("package@1.0.0-draft")),
        "{chosen}"
    );
    // Its own styles hold: the gutter stands beside the text, in the colours of the page.
    let style = |of: &str, what: &str| {
        web.run(&format!(
            "return getComputedStyle({INSIDE}.querySelector('{of}')).{what}"
        ))
    };
    assert_eq!(style(".cm-scroller", "display"), "flex");
    assert_ne!(style(".cm-editor", "backgroundColor"), "rgba(0, 0, 0, 0)");
    no_violations(&shown);

    // A line that is no rule, at the end.
    let rules = fs::read_to_string(work.path().join("order/versions/1.0.0/reducer.yaml")).expect("the rules");
    web.run(&format!("{INSIDE}.querySelector('.cm-content').focus()"));
    web.press(&[key::CONTROL], key::END);
    web.type_text("nonsense: 1");
    web.wait_for("document.querySelector('[data-test=draft-problems]').dataset.count === '1'");
    let place = web.text("[data-test=draft-problem-place]");
    let line = rules.lines().count() + 1;
    assert_eq!(place, format!("reducer.yaml:{line}:1"));
    web.wait_for(&format!(
        "{INSIDE}.querySelector('.cm-lintRange-error')?.innerText === 'nonsense: 1'"
    ));
    no_violations(&shown);
    web.press(&[key::CONTROL], key::HOME);
    web.click("[data-test=draft-problem]");
    web.wait_for(&format!(
        "{INSIDE}.activeElement === {INSIDE}.querySelector('.cm-content')"
    ));
    web.wait_for(&format!(
        "{INSIDE}.querySelector('.cm-gutterElement.cm-activeLineGutter').innerText.trim() === '{line}'"
    ));
    web.press(&[key::CONTROL], "z");
    web.wait_for("document.querySelector('[data-test=draft-problems]').dataset.count === '0'");

    // A change, found and written over.
    find_and_write(&shown, "inc: failedPayments", "add: { failedPayments: 2 }");
    web.press(&[key::CONTROL], key::ENTER);
    web.wait_for("document.querySelector('[data-test=draft-tried]')?.dataset.stale === 'false'");
    let told = web.text("[data-test=draft-tried]");
    assert!(told.contains("11 events tried"), "{told}");
    let against = web.text("[data-test=tried-against]");
    assert!(
        against.contains("Differs from 1.0.0 since v 7 PaymentFailed"),
        "{against}"
    );
    assert!(against.contains("/failedPayments"), "{against}");
    no_violations(&shown);
    untouched.assert_unchanged(work.path());

    // Tab indents, and does not hold anybody: Escape, then Tab, leaves.
    web.run(&format!("{INSIDE}.querySelector('.cm-content').focus()"));
    web.press(&[], key::ESCAPE);
    web.press(&[], key::TAB);
    web.wait_for("!document.activeElement.matches('[data-test=handler-editor]')");

    // The window goes, without a word, and the draft is there when it comes back.
    drop(shown);
    let shown = open_in(
        home.path(),
        &[store.path(), "order-4711", "--at", "v11", "--handler", &handler],
    );
    let web = &shown.web;
    wait_for_version(&shown, "11");
    write_draft(&shown);
    let text = web.run(&format!("return {INSIDE}.querySelector('.cm-content').innerText"));
    let is_there = "return document.querySelectorAll('[data-test=handler-version]').length";
    assert_eq!(web.run(is_there).as_u64(), Some(5), "two packages, and a draft: {text}");

    web.click("[data-test=draft-publish]");
    web.wait_for("document.querySelector('[data-test=draft-version]')");
    web.run("document.querySelector('[data-test=draft-version]').focus()");
    web.type_text("1.1.0");
    web.press(&[], key::ENTER);
    web.wait_for("document.querySelector('[data-test=error-card]')?.innerText.includes('1.1.0')");
    untouched.assert_unchanged(work.path());
    web.press(&[key::CONTROL], "a");
    web.run("document.querySelector('[data-test=draft-version]').select()");
    web.type_text("1.2.0");
    web.press(&[], key::ENTER);
    web.wait_for(&format!("{CHOSEN} === '{folder}@1.2.0'"));
    web.wait_for("document.querySelector('[data-test=handler-facts]').dataset.hash > ''");
    web.wait_for("!document.querySelector('[data-test=handler-draft]')");
    let written = fs::read_to_string(work.path().join("order/versions/1.2.0/reducer.yaml")).expect("it is written");
    assert_eq!(
        written,
        rules.replacen("inc: failedPayments", "add: { failedPayments: 2 }", 1)
    );
    let manifest = fs::read_to_string(work.path().join("order/handler.toml")).expect("the manifest");
    assert!(manifest.contains("id = \"1.2.0\""), "{manifest}");
    no_violations(&shown);
    drop(shown);
    before.assert_unchanged(store.folder());
}

/// What is thrown away comes back, and what is beside the version is shown only.
/// What is said of the draft comes while a person writes, and must not push what is written out of sight.
#[test]
fn the_line_that_is_written_stays_in_sight() {
    let store = stores::sample();
    let shown = open(&[store.path(), "order-4711"]);
    let web = &shown.web;
    wait_for_version(&shown, "15");
    write_draft(&shown);
    web.press(&[key::CONTROL], key::END);
    for _ in 0..3 {
        web.press(&[], key::ENTER);
    }
    web.type_text("oops: [");
    web.wait_for("document.querySelector('[data-test=draft-problems]').dataset.count === '1'");
    web.wait_for(&format!("{INSIDE}.querySelector('.cm-lint-marker')"));
    let is_seen = format!(
        "(() => {{ const caret = {INSIDE}.querySelector('.cm-cursor-primary').getBoundingClientRect(); \
         const text = {INSIDE}.querySelector('.cm-scroller').getBoundingClientRect(); \
         return caret.top >= text.top && caret.bottom <= text.bottom && caret.left >= text.left && caret.right <= text.right; }})()"
    );
    web.wait_for(&is_seen);
    web.type_text(&"x".repeat(120));
    web.wait_for(&is_seen);
}

#[test]
fn a_draft_is_thrown_away_and_had_back() {
    let store = stores::sample();
    let shown = open(&[store.path(), "order-4711"]);
    let web = &shown.web;
    wait_for_version(&shown, "15");
    write_draft(&shown);
    web.run(&format!("{INSIDE}.querySelector('.cm-content').focus()"));
    web.type_text("# mine ");
    web.wait_for("document.querySelector('[data-test=handler-draft]').dataset.kept === 'true'");
    web.click("[data-test=draft-discard]");
    web.wait_for("!document.querySelector('[data-test=handler-draft]')");
    web.press(&[key::CONTROL], "k");
    web.wait_for("document.querySelector('[data-test=omnibox-item]')");
    web.type_text("bring the draft back");
    web.wait_for("document.querySelector('[data-test=omnibox-item]').innerText.includes('Bring the draft back')");
    web.press(&[], key::ENTER);
    web.wait_for(&format!(
        "{INSIDE}?.querySelector('.cm-line')?.innerText.startsWith('# mine ')"
    ));
    no_violations(&shown);
}

/// Answers what is asked for a name of a file.
fn name_it(shown: &Shown, name: &str) {
    let web = &shown.web;
    web.wait_for("document.querySelector('[data-test=draft-name]')");
    web.run("const it = document.querySelector('[data-test=draft-name]'); it.focus(); it.select()");
    web.type_text(name);
    web.press(&[], key::ENTER);
}

/// Until the caret is in the text of a file.
fn is_in(shown: &Shown, file: &str) {
    shown.web.wait_for(&format!(
        "document.querySelector('[data-test=handler-editor]')?.dataset.file === '{file}' \
         && {INSIDE}?.activeElement?.matches('.cm-content')"
    ));
}

/// Runs all test cases of the draft, and waits for how many of them fail.
fn run_cases(shown: &Shown, failed: u32) {
    let web = &shown.web;
    web.run(&format!("{INSIDE}.activeElement?.blur()"));
    web.press(&[], "4");
    web.wait_for("document.querySelector('[data-test=draft-case-file]')");
    web.press(&[key::CONTROL], key::ENTER);
    web.wait_for(&format!(
        "document.querySelector('[data-test=cases-sum]')?.dataset.failed === '{failed}'"
    ));
}

#[test]
fn files_and_test_cases_are_written_in_a_draft_and_go_into_the_package_with_it() {
    let store = stores::sample();
    let before = Fingerprint::of(store.folder());
    let work = temporary();
    let folder = package(work.path());
    let handler = format!("{folder}@1.0.0");
    let untouched = Fingerprint::of(work.path());
    let shown = open(&[store.path(), "order-4711", "--at", "v11", "--handler", &handler]);
    let web = &shown.web;
    wait_for_version(&shown, "11");
    write_draft(&shown);

    // A name that leads out of the draft is none; the field stays, to be corrected.
    web.click("[data-test=draft-add]");
    name_it(&shown, "../out.yaml");
    web.wait_for("document.querySelector('[data-test=error-card]')?.innerText.includes('out.yaml')");
    name_it(&shown, "notes.yaml");
    is_in(&shown, "versions/1.0.0-draft/notes.yaml");
    web.type_text("# found on Monday");
    web.wait_for("document.querySelector('[data-test=handler-draft]').dataset.kept === 'true'");
    web.click("[data-test=draft-rename]");
    name_it(&shown, "found.yaml");
    is_in(&shown, "versions/1.0.0-draft/found.yaml");
    // Its text is the same, and what was typed can be undone under the new name.
    web.wait_for(&format!(
        "{INSIDE}.querySelector('.cm-content').innerText.trim() === '# found on Monday'"
    ));
    web.press(&[key::CONTROL], "z");
    web.wait_for(&format!(
        "{INSIDE}.querySelector('.cm-content').innerText.trim() !== '# found on Monday'"
    ));
    web.wait_for("document.querySelector('[data-test=handler-draft]').dataset.kept === 'true'");
    no_violations(&shown);

    // The state that there is, asked for; then one that there is not.
    web.click("[data-test=draft-case]");
    name_it(&shown, "paid-late");
    is_in(&shown, "tests/paid-late.case.yaml");
    run_cases(&shown, 0);
    let first = web.text("[data-test=handler-case]");
    assert!(first.contains("passed"), "{first}");
    web.click("[data-test=case-write]");
    is_in(&shown, "tests/paid-late.case.yaml");
    find_and_write(&shown, "match: exact", "match: subset");
    find_and_write(&shown, "'failedPayments': ", "'failedPayments': 9");
    run_cases(&shown, 1);
    let told = web.text("[data-test=handler-cases]");
    assert!(told.contains("/failedPayments: expected 9"), "{told}");
    no_violations(&shown);
    untouched.assert_unchanged(work.path());

    web.press(&[], "1");
    web.wait_for("document.querySelector('[data-test=draft-publish]')");
    web.click("[data-test=draft-publish]");
    web.wait_for("document.activeElement?.matches('[data-test=draft-version]')");
    web.type_text("1.2.0");
    web.press(&[], key::ENTER);
    web.wait_for(&format!("{CHOSEN} === '{folder}@1.2.0'"));
    let read = |name: &str| fs::read_to_string(work.path().join("order").join(name)).expect(name);
    read("versions/1.2.0/found.yaml");
    let case = read("tests/paid-late.case.yaml");
    assert!(
        case.contains("versions: ['1.2.0']") && case.contains("'failedPayments': 9"),
        "{case}"
    );
    no_violations(&shown);
    drop(shown);
    before.assert_unchanged(store.folder());
}
