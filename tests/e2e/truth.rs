//! What is shown is what is stored, to the last digit, and what could not be read is never forgotten: numbers (17), a
//! filter (18), an event that cannot be decoded (19).

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::driver::{Shown, open};
use crate::fits::TABS;
use crate::flows::{no_violations, wait_for_version};
use crate::kept::invoke;
use crate::opening::palette;
use crate::stores;
use crate::webdriver::key;

const STREAM: &str = "order-4711";

/// Literals that a number of 64 bits would change: beyond 2^53, beyond 64 bits, with zeros at the end, with an exponent.
const LITERALS: [&str; 5] = ["9007199254740993", "18446744073709551617", "0.10", "-0", "1.50e-400"];

#[test]
fn numbers_are_shown_and_written_to_the_last_digit() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = folder.path().join("orders.db");
    std::fs::copy(stores::sample().path(), &store).expect("the sample store can be copied");
    let connection = Connection::open(&store).expect("the copy opens");
    let members: Vec<String> = (0..)
        .zip(LITERALS)
        .map(|(at, literal)| format!("\"n{at}\":{literal}"))
        .collect();
    connection
        .execute(
            "UPDATE emt_messages SET message_data = ?1 WHERE stream_id = ?2 AND stream_position = 2",
            rusqlite::params![format!("{{{}}}", members.join(",")), STREAM],
        )
        .expect("the copy can be changed");
    drop(connection);

    let shown = open(&[
        &store.to_string_lossy(),
        STREAM,
        "--at",
        "v2",
        "--handler",
        "builtin:merge",
    ]);
    let web = &shown.web;
    wait_for_version(&shown, "2");
    for (pressed, tab) in TABS.iter().filter(|(_, tab)| !["story", "causation"].contains(tab)) {
        web.press(&[], pressed);
        web.wait_for(&format!(
            "document.querySelector('[data-test=tab-{tab}]').ariaSelected === 'true'"
        ));
        for literal in LITERALS {
            web.wait_for(&format!(
                "document.querySelector('#inspector-panel').innerText.includes({literal:?})"
            ));
        }
    }

    let history = history_of(&shown);
    let state = invoke(
        &shown,
        "state_json",
        json!({ "history": history, "moment": 2, "path": "" }),
    );
    written_exactly("the state as JSON", state.as_str().unwrap_or_default());
    let out = tempfile::tempdir().expect("a temporary folder");
    let file = |name: &str| out.path().join(name).to_string_lossy().into_owned();
    let asked = json!({ "text": "9007199254740993", "types": [], "categories": [], "stream": STREAM, "from": "", "to": "", "condition": "" });
    for format in ["ndjson", "csv"] {
        let arguments =
            json!({ "session": session_of(&shown), "asked": asked, "format": format, "file": file(format) });
        let answer = invoke(&shown, "export_search", arguments);
        assert_eq!(answer["failed"], Value::Null, "{answer}");
        written_exactly(format, &read(&file(format)));
    }
    let query = json!({ "moment": 2, "isMetadata": false, "isWhole": true, "toggled": [] });
    invoke(
        &shown,
        "save_payload",
        json!({ "history": history, "query": query, "file": file("payload.json") }),
    );
    written_exactly("the payload", &read(&file("payload.json")));
    for (at, literal) in LITERALS.iter().enumerate() {
        let values = file(&format!("n{at}.csv"));
        invoke(
            &shown,
            "read_field",
            json!({ "history": history, "path": format!("/n{at}") }),
        );
        invoke(
            &shown,
            "export_field",
            json!({ "history": history, "path": format!("/n{at}"), "file": values }),
        );
        assert!(
            read(&values).contains(literal),
            "{literal} in the values of a field: {}",
            read(&values)
        );
    }
    no_violations(&shown);
}

/// A filter takes rows off the list, never events off the state; and whatever follows an event that could not be read
/// says since when it is incomplete.
#[test]
fn filters_and_faults_are_never_mistaken_for_history() {
    let store = stores::sample();
    let shown = open(&[store.path(), stores::DAMAGED_STREAM]);
    let web = &shown.web;
    wait_for_version(&shown, "8");
    let state = web.text("[data-test=state-rows]");
    let last = web.run("return document.querySelector('[data-test=state-header] .mono').innerText.split(' · ').at(-1)");
    let last = last.as_str().unwrap_or_default().to_owned();
    let other = web.run(&format!(
        "return [...document.querySelectorAll('[data-test=event-list] [role=row]:not([hidden]) .type')]
           .map(it => it.innerText).find(it => it && it !== {last:?})"
    ));
    palette(&shown, &format!("@{}", other.as_str().unwrap_or_default()));
    web.wait_for("Number(document.querySelector('[data-test=event-list]').ariaRowCount) < 8");
    web.wait_for("document.querySelector('[data-test=list-panel]').innerText.includes('A is on a hidden event (v 8)')");
    assert_eq!(
        web.text("[data-test=state-rows]"),
        state,
        "the state is that of all events"
    );
    wait_for_version(&shown, "8");
    web.press(&[], key::ESCAPE);
    web.wait_for("Number(document.querySelector('[data-test=event-list]').ariaRowCount) >= 8");

    // Back to the event before the one that cannot be read: as B it makes every later difference incomplete too.
    for version in (3..=8).rev() {
        let mark = if version < 4 { "null" } else { "'incomplete since v 4'" };
        for tab in ["2", "3", "4"] {
            web.press(&[], tab);
            wait_for_version(&shown, &version.to_string());
            web.wait_for(&format!(
                "(document.querySelector('[data-test=incomplete]')?.innerText ?? null) === {mark}"
            ));
        }
        web.press(&[], key::LEFT);
    }
    web.press(&[], "b");
    web.press(&[], key::END);
    web.press(&[], "3");
    wait_for_version(&shown, "8");
    web.wait_for("document.querySelector('[data-test=incomplete]')?.innerText === 'incomplete since v 4'");
    no_violations(&shown);
}

#[track_caller]
fn written_exactly(what: &str, text: &str) {
    for literal in LITERALS {
        assert!(text.contains(literal), "{literal} in {what}: {text}");
    }
}

fn read(file: &str) -> String {
    std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// The number of the history that is open; stores and histories share one row of numbers.
pub fn history_of(shown: &Shown) -> u64 {
    (1..20)
        .find(|history| {
            let asked = json!({ "history": history, "moment": 0, "path": "" });
            invoke(shown, "state_json", asked)["failed"]["code"] != "notFound"
        })
        .expect("a history is open")
}

/// The number of the store that is open.
pub fn session_of(shown: &Shown) -> u64 {
    (1..20)
        .find(|session| invoke(shown, "overview", json!({ "session": session }))["failed"]["code"] != "notFound")
        .expect("a store is open")
}
