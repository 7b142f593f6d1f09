//! The dialect `module`: what a handler sees, what it may return, and what is refused when it is loaded.

use refold_core::port::handler::{Applied, HandlerProgram as _};

use super::*;
use crate::error::code;

#[test]
fn a_state_is_changed_in_place_or_returned() {
    assert_eq!(state_of("state.n = 1", "{}"), r#"{"n":1}"#);
    assert_eq!(state_of("return { n: 2 }", "{}"), r#"{"n":2}"#);
    assert_eq!(state_of("state.n = 3; return undefined", "{}"), r#"{"n":3}"#);
    assert_eq!(state_of("state.n = 4; return null", "{}"), "null");
    assert_eq!(state_of("return [1, 'a', false]", "{}"), r#"[1,"a",false]"#);
}

#[test]
fn an_event_shows_what_the_declarative_rules_show() {
    let body = "return [event.data, event.meta, event.type, event.version, event.position, event.stream, event.id, event.time, meta]";
    assert_eq!(
        state_of(body, r#"{"a":1}"#),
        r#"[{"a":1},{"user":"ada"},"E",1,10,"order-1","id-1","2026-08-03T14:00:01.000Z",{"user":"ada"}]"#
    );
    assert_eq!(state_of("return event.data", "-"), "null", "a NULL of the store");
    assert_eq!(
        state_of("return Object.keys(event)", "{}"),
        r#"["data","meta","type","version","position","stream","id","time"]"#
    );
}

#[test]
fn an_event_cannot_be_changed_or_kept() {
    assert_eq!(
        fault_of("event.data = 1").code,
        "RF-HANDLER-THROW",
        "modules are strict"
    );
    assert_eq!(fault_of("delete event.type").code, "RF-HANDLER-THROW");
    let fault = fault_of("state.last = event");
    assert_eq!(
        (fault.code, fault.message.as_str()),
        (
            "RF-STATE-UNSERIALIZABLE",
            "/last is the event itself: keep what you need of it, such as event.data"
        )
    );
    let kept =
        program("let last; export default { on: { E(state, event) { if (last) state.n = last.data; last = event } } }");
    let (_, fault) = folded(&kept, &events(&[("E", "1"), ("E", "2")]));
    assert_eq!(
        fault.map(|(moment, fault)| (moment, fault.message)),
        Some((
            2,
            "TypeError: this event is over: keep what you need of it, not the event".to_owned()
        ))
    );
}

/// What a function does to the data of an event is gone with it, but for what it put in its state.
#[test]
fn what_is_changed_in_the_data_of_an_event_reaches_no_other() {
    let source = "let meddled\n\
        export default {\n\
        \x20 key(event) { event.data.n += 1; return 'k' },\n\
        \x20 on: {\n\
        \x20   E(state, event, meta) {\n\
        \x20     if (meddled) meddled.n = meddled.list.length = 99\n\
        \x20     meddled = event.data\n\
        \x20     const { n, list } = event.data\n\
        \x20     state.seen = [...(state.seen ?? []), [n, list.length, event.meta.seen ?? null]]\n\
        \x20     event.data.list.push(4)\n\
        \x20     meta.seen = true\n\
        \x20   },\n\
        \x20 },\n\
        }";
    let event = r#"{"n":1,"list":[1]}"#;
    let (state, fault) = folded(&program(source), &events(&[("E", event), ("E", event), ("E", event)]));
    assert_eq!(fault, None);
    // The key is of the same event, so what it changed shows.
    assert_eq!(state, r#"{"k":{"seen":[[2,1,null],[2,1,null],[2,1,null]]}}"#);
}

#[test]
fn types_are_known_ignored_or_unknown() {
    let list = events(&[("A", "{}"), ("B", "{}"), ("C", "{}")]);
    let of = |unhandled: &str| {
        let source = format!("export default {{ on: {{ A() {{}}, B: null }} {unhandled} }}");
        apply_all(&program(&source), &list)
    };
    assert_eq!(
        of(""),
        [Ok(Applied::Folded), Ok(Applied::Ignored), Ok(Applied::Unknown)]
    );
    assert_eq!(of(", unhandled: 'ignore'")[2], Ok(Applied::Ignored));
    assert_eq!(
        of(", unhandled: 'error'")[2].as_ref().unwrap_err().code,
        "RF-HANDLER-THROW"
    );
}

#[test]
fn what_a_handler_throws_says_line_and_column() {
    let program = program(
        "export default {\n  on: {\n    E(state, event) {\n      state.n = 1\n      event.data.lines.forEach((line) => line.price)\n    },\n  },\n}\n",
    );
    let (state, fault) = folded(&program, &events(&[("E", r#"{"lines":[]}"#), ("E", "{}")]));
    let (moment, fault) = fault.unwrap();
    assert_eq!(moment, 2);
    assert_eq!(state, r#"{"n":1}"#);
    assert_eq!(fault.code, "RF-HANDLER-THROW");
    assert_eq!(fault.place.as_deref(), Some("handler.js:5:7"), "{fault}");
    assert!(fault.message.starts_with("TypeError: "), "{fault}");
}

#[test]
fn what_is_thrown_may_be_anything() {
    assert_eq!(fault_of("throw 'no'").message, "no");
    assert_eq!(fault_of("throw null").message, "null");
    assert_eq!(fault_of("throw new Error('so')").message, "Error: so");
    assert_eq!(
        fault_of("throw Symbol('s')").message,
        "something that has no text was thrown"
    );
    assert!(fault_of("throw 'no'").place.is_some(), "the function's own line");
}

#[test]
fn sources_that_are_no_handlers_are_refused() {
    for (source, place, word) in [
        ("export default {", Some("handler.js:1:"), "SyntaxError"),
        ("", None, "default"),
        ("export default 7", None, "export default"),
        ("export default { onn: {} }", None, "`onn`"),
        ("export default { on: { E: 1 } }", None, "`on.E` must be a function"),
        (
            "export default {\n on: { async E() {} } }",
            Some("handler.js:2:"),
            "plain function",
        ),
        (
            "export default { on: { *E() {} } }",
            Some("handler.js:1:"),
            "plain function",
        ),
        (
            "export default { initial: async () => ({}), on: {} }",
            Some("handler.js:1:"),
            "async",
        ),
        (
            "export default { initial() {}, on: {} }",
            Some("handler.js:1:"),
            "must return",
        ),
        ("import x from './x.js'; export default { on: {} }", None, "x.js"),
        ("await 0; export default { on: {} }", None, "top-level await"),
        ("throw new Error('at once')", Some("handler.js:1:"), "at once"),
        (
            "export default { initial: () => ({ f() {} }), on: {} }",
            None,
            "/f is a function",
        ),
        ("export default { on: {}, unhandled: 'never' }", None, "unhandled"),
    ] {
        let error = refusal(source);
        let expected = if word == "/f is a function" {
            "RF-STATE-UNSERIALIZABLE"
        } else {
            "RF-PKG-SCRIPT"
        };
        assert_eq!(error.code, expected, "{source}: {error}");
        assert!(error.message.contains(word), "{source}: {error}");
        if let Some(place) = place {
            assert!(
                error.place.as_deref().unwrap_or_default().starts_with(place),
                "{source}: {error}"
            );
        }
    }
    assert_eq!(refusal("for (;;) {}").code, "RF-LIMIT-COMPILE");
}

#[test]
fn a_payload_that_is_no_json_is_skipped() {
    let program = program(&on_event("state.n = (state.n ?? 0) + 1"));
    let list = events(&[
        ("E", "{}"),
        ("E", "{"),
        ("E", r#"{"a":01}"#),
        ("E", ""),
        ("E", "{} x"),
        ("E", "{}"),
    ]);
    let outcomes = apply_all(&program, &list);
    assert!(
        outcomes[1..5]
            .iter()
            .all(|outcome| matches!(outcome, Ok(Applied::Undecodable(_)))),
        "{outcomes:?}"
    );
    assert_eq!(folded(&program, &list).0, r#"{"n":2}"#);
    let deep = "[".repeat(65) + &"]".repeat(65);
    match &apply_all(&program, &events(&[("E", &deep)]))[0] {
        Ok(Applied::Undecodable(error)) => assert!(error.is_depth()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_last_of_repeated_keys_counts_and_is_told() {
    let program = program(&on_event("return event.data"));
    let list = events(&[("E", r#"{"a":1,"b":{"c":1,"c":2},"a":3}"#)]);
    let mut instance = program.start();
    instance
        .apply(&list.batch.event(0), &list.names, &mut Written::off())
        .unwrap();
    let places: Vec<String> = instance.repeated_keys().iter().map(ToString::to_string).collect();
    assert_eq!(places, ["/a", "/b/c"]);
    assert_eq!(text(&instance.state().unwrap()), r#"{"a":3,"b":{"c":2}}"#);
}

#[test]
fn what_changed_counts_as_written() {
    let program = program(&on_event(
        "state.a = 1; state.b = event.data; if (state.l) state.l.pop(); else state.l = [1]",
    ));
    let list = events(&[("E", "1"), ("E", "2")]);
    let mut instance = program.start();
    let mut paths = |row| {
        let mut written = Written::on();
        instance
            .apply(&list.batch.event(row), &list.names, &mut written)
            .unwrap();
        written.paths().iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(paths(0), ["/a", "/b", "/l"]);
    assert_eq!(paths(1), ["/b", "/l"]);
}

#[test]
fn clock_and_chance_are_the_events() {
    let body = "return [Date.now(), new Date().toISOString(), String(new Date(0)), new Date(0).getTimezoneOffset(), Math.random(), Math.random()]";
    let (first, again) = (state_of(body, "{}"), state_of(body, "{}"));
    assert_eq!(first, again);
    assert!(
        first.starts_with(r#"[1785765601000,"2026-08-03T14:00:01.000Z","Thu Jan 01 1970 00:00:00 GMT+0000",0,0."#),
        "{first}"
    );
    let two = program(&on_event("state[event.version] = Math.random()"));
    let (state, _) = folded(&two, &events(&[("E", "{}"), ("E", "{}")]));
    let parts: Vec<&str> = state.split([':', ',']).collect();
    assert_ne!(parts[1], parts[3], "each event has a seed of its own: {state}");
}

/// Whoever comes from Node looks for the line, and for what to do instead.
#[test]
fn a_module_that_is_asked_for_is_refused_at_its_place() {
    for (source, place) in [
        ("// of files\nimport fs from 'fs';\n", "handler.js:2:1"),
        ("const a = 1;\nexport { b } from './b.js';\n", "handler.js:2:1"),
        ("\n  import './c.js';\n", "handler.js:2:3"),
        ("\nconst fs = require('fs');\n", "handler.js:2:12"),
    ] {
        let error = refusal(&format!("{source}export default {{ initial: () => ({{}}), on: {{}} }}"));
        assert_eq!(error.code, code::PKG_SCRIPT, "{error}");
        assert_eq!(error.place.as_deref(), Some(place), "{error}");
        assert!(error.message.contains("a handler is one file"), "{error}");
    }
    let late = fault_of("state.x = require('fs')");
    assert!(late.message.contains("a handler is one file"), "{late:?}");
    assert!(late.place.is_some(), "{late:?}");
}
