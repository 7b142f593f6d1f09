//! Findings of a store with more of them than are kept in words: all are listed, marked and counted.

use std::fmt::Write as _;

use crate::driver::open;
use crate::flows::{no_violations, wait_for_overview};

/// More than findings of one code are kept in words.
const BROKEN: u32 = 230;

#[test]
fn all_findings_are_listed_and_counted_on_the_timeline() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut lines = String::new();
    for at in 0..BROKEN {
        for (version, second) in [(1, 1), (3, 2)] {
            writeln!(
                lines,
                r#"{{"stream":"gap-{at}","version":{version},"type":"Placed","recorded_at":"2026-08-{:02}T00:00:{second:02}Z","payload":{{}}}}"#,
                at % 28 + 1
            )
            .expect("a text can be written to");
        }
    }
    let store = folder.path().join("events.jsonl");
    std::fs::write(&store, lines).expect("the store can be written");
    let shown = open(&[store.to_str().expect("a path in UTF-8")]);
    let web = &shown.web;
    wait_for_overview(&shown);

    let group = "[data-test=finding-group][data-code=version-gap]";
    web.wait_for(&format!(
        "document.querySelector('{group}')?.innerText.includes('{BROKEN}')"
    ));
    let listed = format!("document.querySelectorAll('{group} [data-test=finding]').length");
    web.run(&format!(
        "document.querySelector('{group} [data-test=findings-all]').click()"
    ));
    web.wait_for(&format!("{listed} === 100"));
    for expected in [200, BROKEN] {
        web.run(&format!(
            "const next = document.querySelector('{group} [data-test=findings-next]'); next.focus(); next.click()"
        ));
        web.wait_for(&format!("{listed} === {expected}"));
        // Who pressed it is still there: at the button, or at the first row that took its place.
        web.wait_for(&format!(
            "document.querySelector('{group}').contains(document.activeElement)"
        ));
    }
    web.wait_for(&format!("!document.querySelector('{group} [data-test=findings-next]')"));
    // The last one leads to its event, as the first one does.
    web.run(&format!(
        "[...document.querySelectorAll('{group} [data-test=finding]')].at(-1).click()"
    ));
    web.wait_for("document.querySelector('[data-test=cursor-a-label]')?.innerText === 'A v 3'");
    web.run("document.querySelector('[data-test=rail-overview]').click()");
    wait_for_overview(&shown);

    // The whole window in words: every event with a finding is counted.
    crate::opening::palette(&shown, ">describe the timeline");
    web.wait_for("document.querySelector('[data-test=timeline-description] dl')");
    let said = web.text("[data-test=timeline-description] dl");
    assert!(said.contains(&format!("at {BROKEN} events")), "{said}");
    no_violations(&shown);
}
