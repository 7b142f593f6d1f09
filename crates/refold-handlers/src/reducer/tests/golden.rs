//! What is wrong with a reducer, said with file, line and column.

use super::*;

/// `rules` is indented under `on: A:`, from line 4 on.
#[track_caller]
fn check(rules: &str, expected: &str) {
    let reducer = format!("refold: reducer/1\non:\n  A:\n    {rules}\n");
    match compiled(&reducer) {
        Ok(_) => panic!("this compiles: {rules}"),
        Err(error) => assert_eq!(error.to_string(), expected),
    }
}

#[track_caller]
fn check_file(reducer: &str, expected: &str) {
    match compiled(reducer) {
        Ok(_) => panic!("this compiles: {reducer}"),
        Err(error) => assert_eq!(error.to_string(), expected),
    }
}

#[test]
fn operations_that_are_wrong() {
    check(
        "- set: { a: event.data.b + }",
        "RF-PKG-EXPRESSION: expected a value but found the end (reducer.yaml:4:31)",
    );
    check(
        "- sett: { a: 1 }",
        "RF-PKG-REDUCER: unknown key `sett` (did you mean `set`?); known here: set, add, sub, inc, dec, min, max, append, prepend, \
         removeValue, merge, child, remove, clear, delete, let, require, emit, when, create, do, message \
         (reducer.yaml:4:7)",
    );
    check(
        "- set: { a: 1 }\n      add: { b: 1 }",
        "RF-PKG-REDUCER: two operations in one item; begin a new item, `- add: …`, so that their order is plain \
         (reducer.yaml:5:7)",
    );
    check(
        "- set: { a: 1 }\n      do: []",
        "RF-PKG-REDUCER: `do` does not go with this operation; allowed: when (reducer.yaml:5:7)",
    );
    check(
        "- set: { status: placed }",
        "RF-PKG-EXPRESSION: nothing is named `placed` here (known: event, state); a text is written `'placed'` \
         (reducer.yaml:4:22)",
    );
    check(
        "- add: { total: \"'a' + 'b'\" }",
        "RF-PKG-TYPE: this operation needs a number, but this is text (reducer.yaml:4:21)",
    );
    check(
        "- set: { a: \"1 + event.data.x + 'b' * 2\" }",
        "RF-PKG-TYPE: `*` needs two numbers, but has text and a number (reducer.yaml:4:37)",
    );
    check(
        "- set: { a: 1 / 0 }",
        "RF-PKG-EXPRESSION: this always fails: division by zero (reducer.yaml:4:17)",
    );
    check(
        "- set: { a.b + 1: 1 }",
        "RF-PKG-REDUCER: a target is a path such as `total` or `items[event.data.sku].qty`; write a name with other \
         signs as `state['odd-name']` (reducer.yaml:4:14)",
    );
    check(
        "- remove: event.data.x",
        "RF-PKG-REDUCER: an event cannot be written to; a target is a path of the state (reducer.yaml:4:15)",
    );
    check(
        "- let: { event: 1 }",
        "RF-PKG-REDUCER: `event` cannot name a value; take a name of letters, such as `line` (reducer.yaml:4:14)",
    );
    check(
        "- set:\n        a: |\n          event.data.x\n            + (event.data.y\n    - inc: b",
        "RF-PKG-EXPRESSION: expected `)` but found the end (reducer.yaml:7:28)",
    );
    check(
        "- set: { a: 'size(''it''''s'', 2)' }",
        "RF-PKG-EXPRESSION: expected `)` but found a text (reducer.yaml:4:29)",
    );
    check(
        "- require: event.data.x > 'a' + 1",
        "RF-PKG-TYPE: `+` needs two numbers, two texts or two arrays, but has text and a number (reducer.yaml:4:31)",
    );
    check(
        "set: 1",
        "RF-PKG-REDUCER: a list of operations must be a list, but it is a map (reducer.yaml:4:5)",
    );
    check(
        "- set: this.a",
        "RF-PKG-REDUCER: what an operation writes must be a map, but it is text (reducer.yaml:4:12)",
    );
    check(
        "- delete: items",
        "RF-PKG-REDUCER: `delete: state` drops the whole state; a part goes with `remove` (reducer.yaml:4:15)",
    );
    check(
        "- emit: { data: 1 }",
        "RF-PKG-REDUCER: `emit` needs a `type`: `emit: { type: OrderPaid, data: {…} }` (reducer.yaml:4:13)",
    );
}

#[test]
fn files_that_are_wrong() {
    check_file(
        "on: {}\n",
        "RF-PKG-REDUCER: the line `refold: reducer/1` is missing; write it first (reducer.yaml:1:1)",
    );
    check_file(
        "refold: reducer/2\n",
        "RF-PKG-REDUCER: this Refold reads `reducer/1`, not `reducer/2` (reducer.yaml:1:9)",
    );
    check_file(
        "refold: reducer/1\non:\n  A: []\n  A: []\n",
        "RF-PKG-SYNTAX: the key `A` occurs twice; remove one (reducer.yaml:4:3)",
    );
    check_file(
        "refold: reducer/1\non: &here {}\nevery: *here\n",
        "RF-PKG-SYNTAX: anchors are not supported; write the value out (reducer.yaml:2:5)",
    );
    check_file(
        "refold: reducer/1\nkeys: { items: sku }\n",
        "RF-PKG-REDUCER: `items` is no JSON pointer; write `/items`, or `/orders/*/items` (reducer.yaml:2:9)",
    );
    check_file(
        "refold: reducer/1\nunhandled: shout\n",
        "RF-PKG-REDUCER: `unhandled` is `ignore`, `warn` or `error`, not `shout` (reducer.yaml:2:12)",
    );
    check_file(
        "refold: reducer/1\nstate: { additionalProperties: false, properties: { total: { type: number } } }\non:\n  A:\n    - add: { totl: 1 }\n",
        "RF-PKG-TYPE: the declared state has no `totl` here; correct it, or declare it in `state` (reducer.yaml:5:14)",
    );
    check_file(
        "refold: reducer/1\nstate: { properties: { total: { type: number } } }\nevery:\n  - set: { a: state.total + 'x' }\n",
        "RF-PKG-TYPE: `+` needs two numbers, two texts or two arrays, but has a number and text (reducer.yaml:4:15)",
    );
}

#[test]
fn faults_of_an_event_say_where_they_are() {
    let fault = |rules: &str, payload: &str| {
        let reducer = format!("refold: reducer/1\nmissing: error\non:\n  A:\n    {rules}\n");
        folded(&reducer, &[("A", payload)]).unwrap_err().to_string()
    };
    assert_eq!(
        fault("- set: { a: event.data.n + 1 }", r#"{"n":"x"}"#),
        "RF-HANDLER-TYPE: `+` cannot take text and a number; test what may be missing with `has(…)` or `!= null` \
         (reducer.yaml:5:17)"
    );
    assert_eq!(
        fault("- set: { a: event.data.n }", "{}"),
        "RF-HANDLER-TYPE: the event has no such member, and this handler is strict; test it with `has(…)` first \
         (reducer.yaml:5:17)"
    );
    assert_eq!(
        fault("- add: { a: 1 / event.data.n }", r#"{"n":3}"#),
        "RF-HANDLER-THROW: the division has no finite decimal result; round it with div(a, b, digits) \
         (reducer.yaml:5:17)"
    );
    assert_eq!(
        fault("- require: event.data.n > 3\n      message: too few", r#"{"n":3}"#),
        "RF-HANDLER-THROW: too few (reducer.yaml:5:7)"
    );
    assert_eq!(
        fault("- append: { a.b: 1 }\n    - set: { a.b.c: 1 }", r#"{"n":3}"#),
        "RF-HANDLER-TYPE: an array has no named members; declare its key in `keys`, or give a number \
         (reducer.yaml:6:14)"
    );
}
