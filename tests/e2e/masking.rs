//! Masked fields in the real window: of equal width, absent from everything that the page holds, revealed with a reason.

use rusqlite::Connection;
use serde_json::json;

use crate::driver::open;
use crate::flows::{no_violations, wait_for_version};
use crate::kept::invoke;
use crate::stores;
use crate::truth::{history_of, session_of};
use crate::webdriver::key;

const STREAM: &str = "order-4711";
const SECRETS: [&str; 2] = [
    "CANARY-1-short",
    "CANARY-2-and-a-very-much-longer-secret-than-the-first-one",
];

#[test]
fn a_masked_value_is_nowhere_in_the_page_until_it_is_revealed() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = folder.path().join("orders.db");
    std::fs::copy(stores::sample().path(), &store).expect("the sample store can be copied");
    let connection = Connection::open(&store).expect("the copy opens");
    for (version, secret) in (1_i64..).zip(SECRETS) {
        let payload = format!("{{\"email\":\"{secret}\",\"iban\":\"{secret}{version}\",\"open\":\"seen{version}\"}}");
        connection
            .execute(
                "UPDATE emt_messages SET message_data = ?1 WHERE stream_id = ?2 AND stream_position = ?3",
                rusqlite::params![payload, STREAM, version],
            )
            .expect("the copy can be changed");
    }
    std::fs::create_dir(folder.path().join("handlers")).expect("a folder can be made");
    std::fs::write(
        folder.path().join("handlers/mask.toml"),
        "refold = \"mask/1\"\n[[hide]]\npaths = [\"/email\", \"/iban\"]\n",
    )
    .expect("the rules can be written");

    let shown = open(&[&store.to_string_lossy(), STREAM, "--at", "v2"]);
    wait_for_version(&shown, "2");
    for tab in ["2", "3", "4", "5", "6"] {
        shown.web.press(&[], tab);
        shown
            .web
            .wait_for("document.querySelector('#inspector-panel').innerText.includes('redacted')");
        assert_eq!(
            shown
                .web
                .run("return document.documentElement.outerHTML.includes('CANARY')"),
            false,
            "tab {tab}"
        );
    }
    shown.web.press(&[], "2");
    wait_for_version(&shown, "2");
    let widths = shown.web.run(
        "return [...new Set([...document.querySelectorAll('[data-test=state-rows] .redacted .value')]
           .map(it => it.getBoundingClientRect().width))].length + ' ' +
           document.querySelectorAll('[data-test=state-rows] .redacted .value').length",
    );
    assert_eq!(widths, "1 2", "two chips of one width");
    assert!(shown.web.text("[data-test=state-rows]").contains("changed (redacted)"));

    // Nor in what is copied and written.
    let history = history_of(&shown);
    let kept = tempfile::tempdir().expect("a temporary folder");
    let file = |name: &str| kept.path().join(name).to_string_lossy().into_owned();
    let copied = invoke(
        &shown,
        "state_json",
        json!({ "history": history, "moment": 2, "path": "" }),
    );
    let copied = copied.as_str().unwrap_or_default().to_owned();
    assert!(copied.contains("seen2") && !copied.contains("CANARY"), "{copied}");
    let asked =
        json!({ "text": "", "types": [], "categories": [], "stream": STREAM, "from": "", "to": "", "condition": "" });
    for format in ["ndjson", "csv"] {
        let arguments =
            json!({ "session": session_of(&shown), "asked": asked, "format": format, "file": file(format) });
        invoke(&shown, "export_search", arguments);
    }
    let query = json!({ "moment": 2, "isMetadata": false, "isWhole": true, "toggled": [] });
    invoke(
        &shown,
        "save_payload",
        json!({ "history": history, "query": query, "file": file("payload.json") }),
    );
    for path in ["/email", "/open"] {
        invoke(&shown, "read_field", json!({ "history": history, "path": path }));
        let values = file(&format!("{}.csv", path.trim_start_matches('/')));
        invoke(
            &shown,
            "export_field",
            json!({ "history": history, "path": path, "file": values }),
        );
    }
    let written: Vec<_> = std::fs::read_dir(kept.path())
        .expect("the folder is there")
        .flatten()
        .map(|entry| {
            (
                entry.file_name(),
                std::fs::read_to_string(entry.path()).unwrap_or_default(),
            )
        })
        .collect();
    assert!(
        written.iter().any(|(_, text)| text.contains("seen2")),
        "nothing was written"
    );
    for (name, text) in written {
        assert!(!text.contains("CANARY"), "{}: {text}", name.display());
    }

    // Revealed with a reason, of this field alone; and hidden again.
    shown.web.run(
        "[...document.querySelectorAll('[data-test=state-rows] [role=row]')]
           .find(it => it.dataset.path === '/email').querySelector('.key').click()",
    );
    command(&shown, "Reveal the hidden field");
    shown
        .web
        .wait_for("document.activeElement?.dataset.test === 'reveal-reason'");
    shown.web.type_text("ticket 4711");
    shown.web.press(&[], key::ENTER);
    shown
        .web
        .wait_for("document.querySelector('[data-test=state-rows]').innerText.includes('CANARY-2')");
    assert!(
        !shown
            .web
            .text("[data-test=state-rows]")
            .contains(&format!("{}2", SECRETS[1])),
        "the other field stays hidden"
    );
    command(&shown, "Hide again all that was revealed");
    shown
        .web
        .wait_for("!document.querySelector('[data-test=state-rows]').innerText.includes('CANARY')");
    no_violations(&shown);
}

fn command(shown: &crate::driver::Shown, title: &str) {
    shown.web.press(&[key::CONTROL], "k");
    shown.web.type_text(&format!(">{title}"));
    shown.web.wait_for(&format!(
        "document.querySelector('[data-test=omnibox-item]')?.innerText.includes({title:?})"
    ));
    shown.web.press(&[], key::ENTER);
}
