//! Masked fields in the real window: of equal width, absent from everything that the page holds, revealed with a reason.

use rusqlite::Connection;

use crate::driver::open;
use crate::flows::{no_violations, wait_for_version};
use crate::stores;
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

    // Revealed with a reason, of this field alone; and hidden again.
    shown.web.run(
        "[...document.querySelectorAll('[data-test=state-rows] [role=row]')]
           .find(it => it.dataset.path === '/email').querySelector('.key').click()",
    );
    command(&shown, "Reveal the redacted field");
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
