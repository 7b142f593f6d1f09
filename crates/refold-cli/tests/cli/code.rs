//! Why and why not of a handler into whose code nobody looks.

use crate::lab::Lab;

const SCRIPT: &str = "export default {
  initial: () => ({ status: 'none', total: 0 }),
  on: {
    OrderPlaced(state) { state.status = 'placed' },
    ItemAdded(state, { data }) {
      if (state.status !== 'placed') throw new Error('not placed')
      state.total = decimal(state.total).plus(decimal(data.price).times(data.qty ?? data.quantity))
    },
  },
}
";

/// The lines, with what stands in parentheses and after two blanks left out: hashes and times.
fn lines(said: &str) -> Vec<String> {
    said.lines()
        .map(|line| {
            let indent = &line[..line.len() - line.trim_start().len()];
            let text = line.trim_start().split("  2026-").next().unwrap_or_default();
            format!("{indent}{}", text.split(" (quickjs").next().unwrap_or_default())
        })
        .collect()
}

#[test]
fn it_is_told_what_leaving_events_out_shows_and_what_an_event_did() {
    let lab = Lab::shared();
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("total.js");
    std::fs::write(&script, SCRIPT).unwrap();
    let script = script.display().to_string();
    let ask = |arguments: &[&str]| {
        let answer = lab.run(&[arguments, &["--handler", &script]].concat());
        assert_eq!(answer.code, 0, "{answer:?}");
        lines(&answer.out)
    };
    let why = ask(&["why", "orders.db", "order-4711", "/total", "--at", "v3"]);
    let seen = "what a handler of the engine quickjs-ng-0.16.2+refold.2 reads while it folds cannot be seen; events were \
                left out instead, one at a time, and the others folded";
    assert_eq!(
        why,
        [
            "order-4711  v3  /total is 277.50",
            "handler total@file",
            "",
            "last changed by v3 ItemAdded",
            seen,
            "",
            "without v3 ItemAdded",
            "  it would be 249.00",
            "",
            "without v2 ItemAdded",
            "  it would be 28.50",
            "",
            "without v1 OrderPlaced",
            "  it would be 0",
            "  for the handler would fail on v2 ItemAdded",
            "",
            "3 events left out in turn, 3 of them matter",
            "folded alone, those that matter give the same value",
        ]
    );
    // Of what comes after v4 the handler folds nothing more: so many events need not be left out.
    let whole = ask(&["why", "orders.db", "order-4711", "/total", "--at", "head"]);
    let left_out = whole.iter().find(|line| line.contains("left out in turn")).unwrap();
    let tried: u32 = left_out.split(' ').next().unwrap().parse().unwrap();
    let history = lab.json(0, &["state", "orders.db", "order-4711"]);
    let last: u32 = history["version"].as_str().unwrap().parse().unwrap();
    let untaken = format!(
        "{} other events were not left out: the handler folds none of them",
        last - tried
    );
    assert!(whole.contains(&untaken), "{whole:?}");
    let not = ask(&[
        "why-not",
        "orders.db",
        "order-4711",
        "/status",
        "--from",
        "v1",
        "--to",
        "v3",
        "--limit",
        "1",
    ]);
    assert_eq!(
        not,
        [
            "order-4711  /status",
            "handler total@file",
            "2 events: none changed it",
            "",
            "type       events  changed it  rules for it",
            "ItemAdded       2           0  cannot be seen",
            "",
            "v3 ItemAdded",
            "  the handler took it and changed /total instead",
            "",
            "and 1 event before: ask for them with --limit",
            "",
            "what a handler of the engine quickjs-ng-0.16.2+refold.2 asks while it folds cannot be seen, only what it did \
             with each event",
        ]
    );
}
