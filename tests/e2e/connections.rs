//! Saved connections: written, tried in five steps, saved with an environment, opened, changed and removed (24, 25).

use std::path::Path;

use refold_tests::postgres::{Postgres, READER};

use crate::driver::{Shown, open_in};
use crate::flows::{no_violations, wait_for_overview};
use crate::opening::palette;
use crate::stores;
use crate::webdriver::key;

const F2: &str = "\u{E032}";
const DELETE: &str = "\u{E017}";
const EDITOR: &str = "[data-test=connection-editor]";
const SAVE: &str = "[data-test=connection-save]";
const SAVE_AND_OPEN: &str = "[data-test=connection-save-open]";

/// A store in a file, from nothing saved to the red band, by the keyboard where there is a key for it.
#[test]
fn a_connection_to_a_file_is_tried_saved_opened_changed_and_removed() {
    let store = stores::sample();
    let home = tempfile::tempdir().expect("a temporary folder");
    let shown = open_in(home.path(), &[]);
    let web = &shown.web;
    web.wait_for("document.querySelector('[data-test=connection-add]')");
    web.run("document.querySelector('[data-test=connection-add]').focus()");
    web.press(&[], key::ENTER);
    web.wait_for("document.activeElement?.dataset.test === 'connection-name'");
    web.type_text("orders-prod");
    assert_eq!(blocked(&shown, SAVE), "Say where the store is first");
    web.click(&format!("{EDITOR} [data-test=segment-file]"));
    type_into(&shown, "connection-path", store.path());
    // Nothing is assumed: what its name lets one suppose is said, and chosen by nobody.
    assert_eq!(blocked(&shown, SAVE), "Say what it is first");
    let hint = web.text(&format!("{EDITOR} [data-test=connection-environment] + .hint"));
    assert_eq!(
        hint,
        "Say what it is: nothing is assumed · Perhaps production: there is “prod” in its name"
    );
    let steps = tried(&shown);
    assert!(steps[2].contains("Read-only is enforced"), "{steps:?}");
    assert!(steps[3].contains("Refold never does"), "{steps:?}");
    assert!(steps[4].contains("60,000 events"), "{steps:?}");

    choose_environment(&shown, "production");
    web.click(SAVE_AND_OPEN);
    wait_for_overview(&shown);
    assert_eq!(environment(&shown), "production");
    let band = web.text("[data-test=env-band]");
    assert!(band.starts_with("PRODUCTION · READ-ONLY"), "{band}");
    assert!(title(&shown).starts_with("[PROD] "), "{}", title(&shown));
    let file = home.path().join("config/refold/connections.toml");
    let kept = std::fs::read_to_string(&file).expect("the file of connections is there");
    assert!(kept.contains("environment = \"production\""), "{kept}");

    palette(&shown, ">Close the store");
    wait_for_row(&shown, "production");
    web.run("document.querySelector('[data-test=connection-row]').focus()");
    web.press(&[], F2);
    web.wait_for("document.activeElement?.dataset.test === 'connection-name'");
    web.press(&[], key::ESCAPE);
    web.wait_for("document.activeElement?.dataset.test === 'connection-row'");
    web.press(&[], F2);
    web.wait_for(&format!("document.querySelector('{EDITOR}')"));
    choose_environment(&shown, "staging");
    web.click(SAVE);
    wait_for_row(&shown, "staging");

    web.run("document.querySelector('[data-test=connection-row]').focus()");
    web.press(&[], DELETE);
    web.wait_for("!document.querySelector('[data-test=connection-row]')");
    web.click("[data-test=connection-restore]");
    wait_for_row(&shown, "staging");
    no_violations(&shown);
}

/// What another tool wrote without saying what it is.
#[test]
fn a_connection_without_an_environment_is_treated_as_production() {
    let store = stores::sample();
    let home = tempfile::tempdir().expect("a temporary folder");
    write_connections(
        home.path(),
        &format!(
            "refold = \"connections/1\"\n[[connection]]\nname = \"found\"\nstore = {:?}\n",
            store.path()
        ),
    );
    let shown = open_in(home.path(), &[]);
    let web = &shown.web;
    wait_for_row(&shown, "production");
    let row = web.text("[data-test=connection-row]");
    assert!(
        row.contains("NOT CLASSIFIED") && row.contains("treated as production"),
        "{row}"
    );
    web.click("[data-test=connection-row]");
    wait_for_overview(&shown);
    assert_eq!(environment(&shown), "production");
    web.wait_for("document.querySelector('[data-test=classify]')");
}

/// A server; the password of a pasted address leaves the page at once, and is in no file.
#[test]
fn a_connection_to_a_server_is_tried_and_opened_and_its_password_is_nowhere() {
    let server = Postgres::start();
    server.accounts("accounts_live", 200);
    let home = tempfile::tempdir().expect("a temporary folder");
    let shown = open_in(home.path(), &[]);
    let web = &shown.web;
    palette(&shown, ">Add a connection");
    web.wait_for("document.activeElement?.dataset.test === 'connection-name'");
    web.type_text("accounts");
    let address = server.address(&format!("{READER}:CANARY-word"), "accounts_live");
    type_into(&shown, "connection-address", &address);
    web.press(&[], key::TAB);
    web.wait_for("!document.querySelector('[data-test=connection-address]').value.includes('CANARY')");
    let steps = tried(&shown);
    assert!(steps[1].contains(READER), "{steps:?}");
    assert!(steps[2].contains("read-only"), "{steps:?}");
    assert!(steps[4].contains("200 events"), "{steps:?}");
    choose_environment(&shown, "production");
    web.click(SAVE_AND_OPEN);
    wait_for_overview(&shown);
    assert_eq!(environment(&shown), "production");
    let header = web.text("[data-test=scope-header]");
    assert!(
        header.contains("200 events") && header.contains("20 streams"),
        "{header}"
    );
    let page = web.run("return document.documentElement.outerHTML.includes('CANARY')");
    assert_eq!(page, false, "the password left the page");
    let kept = std::fs::read_to_string(home.path().join("config/refold/connections.toml")).unwrap_or_default();
    assert!(kept.contains("accounts_live") && !kept.contains("CANARY"), "{kept}");
    no_violations(&shown);
}

/// Tries the connection, and says what came of its five steps.
#[track_caller]
fn tried(shown: &Shown) -> Vec<String> {
    shown.web.click("[data-test=connection-test]");
    shown
        .web
        .wait_for("document.querySelectorAll('[data-test=connect-steps] .said').length === 5");
    let steps = shown
        .web
        .run("return [...document.querySelectorAll('[data-test=connect-steps] li')].map(it => it.className + ' ' + it.innerText)");
    let steps = steps.as_array().cloned().unwrap_or_default();
    let steps: Vec<String> = steps.iter().filter_map(|it| it.as_str()).map(str::to_owned).collect();
    assert!(steps.iter().all(|it| !it.starts_with("failed")), "{steps:?}");
    steps
}

#[track_caller]
fn type_into(shown: &Shown, field: &str, text: &str) {
    shown
        .web
        .run(&format!("document.querySelector('[data-test={field}]').focus()"));
    shown.web.type_text(text);
}

#[track_caller]
fn choose_environment(shown: &Shown, environment: &str) {
    shown
        .web
        .click(&format!("[data-test=connection-environment] .{environment}"));
    shown.web.wait_for(&format!(
        "document.querySelector('[data-test=connection-environment] .{environment} input').checked"
    ));
}

/// Why a button cannot be used.
fn blocked(shown: &Shown, button: &str) -> String {
    shown
        .web
        .wait_for(&format!("document.querySelector('{button}[aria-disabled=true]')"));
    let title = shown
        .web
        .run(&format!("return document.querySelector('{button}').title"));
    title.as_str().unwrap_or_default().to_owned()
}

#[track_caller]
fn wait_for_row(shown: &Shown, environment: &str) {
    shown.web.wait_for(&format!(
        "document.querySelector('[data-test=connection-row]')?.dataset.environment === '{environment}'"
    ));
}

fn environment(shown: &Shown) -> String {
    let said = shown
        .web
        .run("return document.querySelector('[data-test=env-band]').dataset.environment");
    said.as_str().unwrap_or_default().to_owned()
}

fn title(shown: &Shown) -> String {
    shown
        .web
        .run("return document.title")
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

fn write_connections(home: &Path, text: &str) {
    let folder = home.join("config/refold");
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    std::fs::write(folder.join("connections.toml"), text).expect("the file can be written");
}
