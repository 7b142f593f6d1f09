//! Payloads that try to run, to fetch, to restyle and to overwhelm: they show as text, and nothing else of them happens.

use std::net::TcpListener;
use std::path::Path;

use rusqlite::Connection;

use crate::driver::{Shown, open};
use crate::flows::{no_violations, wait_for_version};
use crate::stores;
use crate::webdriver::key;

const STREAM: &str = "order-4711";

/// A payload, and what of it must be seen in the tab of the event.
struct Hostile {
    payload: String,
    seen: &'static str,
}

/// Payloads that try to do something. `trap` is an address that nobody may ever call.
fn wicked(trap: &str) -> Vec<Hostile> {
    let markup = format!(
        "<script>window.__owned=1</script><img src=\"http://{trap}/i\" onerror=\"window.__owned=1\">\
         <svg onload=\"window.__owned=1\"><style>*{{display:none!important;background:url(http://{trap}/s)}}</style>\
         <iframe src=\"http://{trap}/f\"></iframe><link rel=stylesheet href=\"http://{trap}/c\">\
         <a href=\"javascript:window.__owned=1\">x</a>"
    );
    let css = format!("}} * {{ background: url(http://{trap}/u) }}");
    let hostile = |payload: String, seen| Hostile { payload, seen };
    vec![
        hostile(member("markup", &markup), "<script>window.__owned=1</script>"),
        hostile(member(&markup, "in a key"), "in a key"),
        hostile(
            member("template", "{{constructor.constructor('window.__owned=1')()}}"),
            "{{constructor",
        ),
        hostile(member("css", &css), "} * {"),
        hostile(member("bidi", "\u{202e}gnp.exe\u{2066}\u{200b}"), "\\u202egnp.exe"),
        hostile(
            member("ansi", "\u{1b}]8;;http://x\u{7}\u{1b}[2J\u{9b}31m"),
            "\\u001b]8;;http",
        ),
        hostile("{\"a\":1,\"a\":2}".to_owned(), "value 1 of 2 of this key"),
        hostile("{\"cut\": \"<script>window.__owned=1".to_owned(), "at byte"),
    ]
}

/// Payloads that try to be too much.
fn huge() -> Vec<Hostile> {
    let million: Vec<String> = (0..1_000_000).map(|at| format!("\"k{at}\":{at}")).collect();
    let deep = ["[".repeat(100_000), "]".repeat(100_000)].concat();
    let hostile = |payload: String, seen| Hostile { payload, seen };
    vec![
        hostile(format!("{{{}}}", million.join(",")), "k0"),
        hostile(deep, "[1]"),
        hostile(member("line", &"x".repeat(5_000_000)), "5.0 MB"),
        hostile(member("long", &"y".repeat(80_000_000)), "80.0 MB"),
    ]
}

fn member(key: &str, value: &str) -> String {
    let quoted = |text: &str| serde_json::to_string(text).expect("text is JSON");
    format!("{{{}:{}}}", quoted(key), quoted(value))
}

#[test]
fn a_hostile_payload_shows_as_text_and_nothing_else() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let trap = listener.local_addr().expect("it is bound").to_string();
    listener.set_nonblocking(true).expect("it can be asked without waiting");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = folder.path().join("orders.db");
    let corpus = wicked(&trap);
    write_store(&store, &corpus);

    let shown = open(&[&store.to_string_lossy(), STREAM, "--at", "v1"]);
    wait_for_version(&shown, "1");
    let before = shown.web.run(PARTS);
    for (version, hostile) in (1..).zip(&corpus) {
        go_to(&shown, version);
        for tab in ["3", "4"] {
            shown.web.press(&[], tab);
            wait_for_version(&shown, &version.to_string());
        }
        shown.web.press(&[], "6");
        shown.web.wait_for(&format!(
            "document.querySelector('[data-test=raw]')?.dataset.version === '{version}'"
        ));
        wait_for_payload(&shown, hostile.seen);
        assert_harmless(&shown, &before, version);
    }
    assert!(listener.accept().is_err(), "something of a payload was fetched");
    no_violations(&shown);
}

/// A million keys, a hundred thousand levels, a line of 5 MB and a payload of 80 MB: the first of each at once, all of it
/// when it is asked for, and never more of the page than a screen.
#[test]
fn no_payload_is_too_much() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = folder.path().join("orders.db");
    let corpus = huge();
    write_store(&store, &corpus);
    // Rules that read nothing: this is about payloads.
    let rules = folder.path().join("nothing.yaml");
    std::fs::write(&rules, "refold: reducer/1\ninitial: {}\nunhandled: ignore\n").expect("the rules can be written");

    let (store, rules) = (store.to_string_lossy(), rules.to_string_lossy());
    let shown = open(&[&store, STREAM, "--at", "v1", "--handler", &rules]);
    wait_for_version(&shown, "1");
    let before = shown.web.run(PARTS);
    for (version, hostile) in (1..).zip(&corpus) {
        go_to(&shown, version);
        wait_for_payload(&shown, hostile.seen);
        assert_harmless(&shown, &before, version);
    }
    go_to(&shown, 1);
    shown.web.press(&[], "5");
    shown
        .web
        .wait_for("document.querySelector('[data-test=payload-size]')?.innerText.includes('of 16.7 MB')");
    shown.web.press(&[key::CONTROL], "k");
    shown.web.type_text(">Show all of a huge payload");
    shown.web.wait_for(
        "document.querySelector('[data-test=omnibox-item]')?.innerText.includes('Show all of a huge payload')",
    );
    shown.web.press(&[], key::ENTER);
    shown
        .web
        .wait_for("document.querySelector('[data-test=state-rows]').getAttribute('aria-rowcount') === '1000001'");
    assert_harmless(&shown, &before, 1);
    no_violations(&shown);
}

/// What could run or dress the page, but for the scripts and styles of our own views, which are read when they show.
const PARTS: &str = "return [...document.querySelectorAll('script, style, link')]
    .filter(it => !(['stylesheet', 'modulepreload'].includes(it.rel)
        && it.href.startsWith(new URL('./assets/', location.href).href))).length";

fn wait_for_payload(shown: &Shown, seen: &str) {
    shown.web.press(&[], "5");
    shown.web.wait_for(&format!(
        "document.querySelector('#inspector-panel').innerText.includes({})",
        serde_json::to_string(seen).expect("text is JSON")
    ));
}

/// The sample store with the corpus in place of the first payloads of a stream, in a folder of its own.
fn write_store(store: &Path, corpus: &[Hostile]) {
    std::fs::copy(stores::sample().path(), store).expect("the sample store can be copied");
    let connection = Connection::open(store).expect("the copy opens");
    for (version, hostile) in (1_i64..).zip(corpus) {
        let changed = connection
            .execute(
                "UPDATE emt_messages SET message_data = ?1 WHERE stream_id = ?2 AND stream_position = ?3",
                rusqlite::params![hostile.payload, STREAM, version],
            )
            .expect("the copy can be changed");
        assert_eq!(changed, 1, "version {version}");
    }
}

/// In the tab of the state, whose rows say which version they are of.
fn go_to(shown: &Shown, version: u32) {
    shown.web.press(&[], "2");
    shown.web.press(&[key::CONTROL], "k");
    shown.web.type_text(&format!(":v{version}"));
    shown
        .web
        .wait_for("document.querySelectorAll('[data-test=omnibox-item]').length > 0");
    shown.web.press(&[], key::ENTER);
    wait_for_version(shown, &version.to_string());
}

#[track_caller]
fn assert_harmless(shown: &Shown, before: &serde_json::Value, version: u32) {
    let script = "return {
            owned: window.__owned === undefined,
            foreign: document.querySelectorAll('iframe, object, embed, img, audio, video, base, form').length,
            parts: (() => { PARTS })(),
            visible: getComputedStyle(document.querySelector('#inspector-panel')).display !== 'none',
            nodes: document.getElementsByTagName('*').length < 6000,
            fetched: performance.getEntriesByType('resource').filter(it => it.name.includes('127.0.0.1')).length,
        }";
    let found = shown.web.run(&script.replace("PARTS", PARTS));
    assert_eq!(
        found,
        serde_json::json!({
            "owned": true, "foreign": 0, "parts": before, "visible": true, "nodes": true, "fetched": 0,
        }),
        "version {version}"
    );
}
