//! A handler in code beside the same one in rules: equal to the byte after every event, the same in any surroundings.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use refold_core::event::{Columns, EventBatch};
use refold_core::finding::Findings;
use refold_core::fold::{Detail, Fold};
use refold_core::names::Names;
use refold_core::port::handler::{HandlerProgram, StatesAsked};
use refold_core::port::store::ReadQuery;
use refold_core::work::{CancelToken, Silent, Work};
use refold_fixtures::orders::Layout;
use refold_stores::OpenOptions;
use refold_tests::{Refold, root, shop};

/// Events that a handler is told of before it gets them.
const AHEAD: usize = 50;

/// Order 1.1.0 in JavaScript and TypeScript, as modules and as programs.
fn in_code() -> Vec<PathBuf> {
    let mut packages = vec![
        "scripts/order",
        "scripts/order-typescript",
        "modules/order-rust",
        "modules/order-assemblyscript",
        "programs/order-python",
    ];
    match Command::new("node").arg("--version").output() {
        Ok(_) => packages.push("programs/order-node"),
        Err(error) => println!("there is no Node here, so that its example is not run: {error}"),
    }
    let folder = root().join("fixtures/orders");
    packages.into_iter().map(|package| folder.join(package)).collect()
}

/// All events of a store, batch by batch.
fn events_of(store: &Path) -> (Vec<EventBatch>, Names) {
    let token = CancelToken::default();
    let work = Work::new(&token, &Silent);
    let options = OpenOptions::in_scratch(std::env::temp_dir());
    let store = refold_stores::open(&work, &store.display().to_string(), None, &options).expect("the sample opens");
    let mut reader = store.read(&ReadQuery::all(Columns::ALL)).expect("it is read");
    let (mut batches, mut names, findings) = (Vec::new(), Names::default(), Findings::default());
    loop {
        let mut batch = EventBatch::default();
        if !reader
            .next_batch(&work, 4_096, &mut batch, &mut names, &findings)
            .expect("every batch is read")
        {
            return (batches, names);
        }
        batches.push(batch);
    }
}

#[test]
fn an_order_in_code_is_the_order_in_rules_after_every_event() {
    let folder = tempfile::tempdir().expect("a folder");
    let sample = shop(folder.path(), Layout::Emmett, 6_000);
    let (batches, names) = events_of(&sample.store);
    let rules = format!("{}@1.1.0", sample.handlers.join("order").display());
    let rules = refold_handlers::package::open(&rules).expect("the rules");
    let streams = orders(&batches, &names);
    for package in in_code() {
        let code = refold_handlers::package::open(&package.display().to_string());
        let code = code.unwrap_or_else(|error| panic!("{}: {error}", package.display()));
        let compared = same_after_every_event(rules.as_ref(), code.as_ref(), &streams, &names);
        assert!(compared > 3_000, "only {compared} events were compared");
    }
}

/// What the module `basket` folds, as rules.
const BASKET: &str = "refold: reducer/1
initial: { articles: {}, currency: null, customerId: null }
on:
  OrderPlaced: [ { set: { customerId: event.data.customerId, currency: event.data.currency } } ]
  ItemAdded: [ { add: { 'articles[event.data.sku]': event.data.qty } } ]
unhandled: ignore
";

/// A module in Rust whose fold knows new events alone, and whose upcasters know the old ones.
#[test]
fn upcasters_in_rust_bring_events_to_where_those_in_a_file_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let sample = shop(folder.path(), Layout::Emmett, 6_000);
    let (batches, names) = events_of(&sample.store);
    let streams = orders(&batches, &names);
    let is_old = |(batch, row): &(&EventBatch, usize)| {
        let payload = batch.event(*row).payload.unwrap_or_default();
        [&b"\"customer\":"[..], b"\"quantity\":"]
            .iter()
            .any(|name| payload.windows(name.len()).any(|it| it == *name))
    };
    assert!(streams.values().flatten().filter(|event| is_old(event)).count() > 10);
    let package = folder.path().join("basket");
    let version = package.join("versions/1");
    std::fs::create_dir_all(&version).expect("a package");
    let manifest = "format = \"refold-handler/1\"\nname = \"basket\"\n[[version]]\nid = \"1\"\n";
    std::fs::write(package.join("handler.toml"), manifest).expect("a manifest");
    std::fs::write(version.join("reducer.yaml"), BASKET).expect("rules");
    let upcasters = sample.handlers.join("order/versions/1.1.0/upcasters.yaml");
    std::fs::copy(upcasters, version.join("upcasters.yaml")).expect("upcasters");
    let open = |package: &Path| {
        let opened = refold_handlers::package::open(&package.display().to_string());
        opened.unwrap_or_else(|error| panic!("{}: {error}", package.display()))
    };
    let (rules, code) = (
        open(&package),
        open(&root().join("fixtures/orders/modules/basket-rust")),
    );
    let compared = same_after_every_event(rules.as_ref(), code.as_ref(), &streams, &names);
    assert!(compared > 3_000, "only {compared} events were compared");
    let steps: Vec<(Vec<u8>, u32, u32)> = code
        .upcasters()
        .into_iter()
        .map(|step| (step.event_type, step.from, step.to))
        .collect();
    assert_eq!(steps, [(b"ItemAdded".to_vec(), 1, 2), (b"OrderPlaced".to_vec(), 1, 2)]);
}

/// The events of each order.
fn orders<'b>(batches: &'b [EventBatch], names: &Names) -> BTreeMap<u32, Vec<(&'b EventBatch, usize)>> {
    let mut streams: BTreeMap<u32, Vec<(&EventBatch, usize)>> = BTreeMap::new();
    for batch in batches {
        for (row, stream) in batch.streams.iter().enumerate() {
            if names.category(*stream) == b"order" {
                streams.entry(stream.0).or_default().push((batch, row));
            }
        }
    }
    streams
}

/// Folds with both handlers and compares the bytes of their states. Returns how many there were.
fn same_after_every_event(
    rules: &dyn HandlerProgram,
    code: &dyn HandlerProgram,
    streams: &BTreeMap<u32, Vec<(&EventBatch, usize)>>,
    names: &Names,
) -> usize {
    let mut left = Fold::new(rules, Detail::State).expect("it starts");
    let mut right = Fold::new(code, Detail::State).expect("it starts");
    let mut compared = 0;
    for rows in streams.values() {
        left.reset().expect("it starts again");
        right.reset().expect("it starts again");
        same(&mut left, &mut right, code, "the start");
        for (at, (batch, row)) in rows.iter().enumerate() {
            if at % AHEAD == 0 {
                let mut coming = rows.iter().skip(at).take(AHEAD).map(|(batch, row)| batch.event(*row));
                right.look_ahead(&mut coming, names, StatesAsked::EveryState);
            }
            let event = batch.event(*row);
            left.step(&event, names, None).expect("rules fold");
            right.step(&event, names, None).expect("code folds");
            let stream = String::from_utf8_lossy(names.stream(event.stream));
            same(&mut left, &mut right, code, &format!("{stream} v{}", event.version.0));
            compared += 1;
        }
    }
    compared
}

/// Every byte: a number is the literal that it is written with.
#[track_caller]
fn same(left: &mut Fold, right: &mut Fold, code: &dyn HandlerProgram, place: &str) {
    let (of_rules, of_code) = (left.folded().expect("a state"), right.folded().expect("a state"));
    assert!(
        of_rules.state.to_canonical() == of_code.state.to_canonical()
            && of_rules.fault.as_ref().map(|it| it.0) == of_code.fault.as_ref().map(|it| it.0),
        "{place}: {} {:?}\n{}: {} {:?}",
        of_rules.state.display_json(),
        of_rules.fault,
        code.identity().engine,
        of_code.state.display_json(),
        of_code.fault,
    );
}

/// The commands know nothing of engines, and neither zone nor language of the machine changes an answer.
#[test]
fn every_command_takes_code_and_says_the_same_anywhere() {
    let folder = tempfile::tempdir().expect("a folder");
    let sample = shop(folder.path(), Layout::Emmett, 3_000);
    let store = sample.store.display().to_string();
    let refold = Refold::in_folder(folder.path());
    let said = |zone: &str, language: &str, arguments: &[&str]| {
        let mut command = refold.command(arguments);
        command.env("TZ", zone).env("LANG", language).env("LC_ALL", language);
        refold_tests::answer_of(command)
    };
    for package in in_code() {
        let package = package.display().to_string();
        for arguments in [
            vec!["state", &store, "order-4711", "--json"],
            vec!["history", &store, "order-4711", "--story", "--json"],
            vec!["blame", &store, "order-4711", "--path", "/status", "--json"],
            vec!["diff", &store, "order-4711", "--from", "v2", "--to", "v6", "--json"],
            vec!["check", &store, "order-4711", "--json"],
        ] {
            let arguments = [&arguments[..], &["--handler", &package]].concat();
            let here = said("UTC", "C", &arguments);
            assert!(here.code < 2, "{arguments:?}: {}", here.err);
            assert!(!here.out.is_empty(), "{arguments:?}");
            let elsewhere = said("America/New_York", "tr_TR.UTF-8", &arguments);
            assert_eq!(here.out, elsewhere.out, "{arguments:?}");
        }
    }
}

/// The invariants of `handlers/order`, and one that breaks and holds again, as functions.
const EXPORTED: &str = "
  invariants: {
    'balanced-once-paid': {
      title: 'What was captured is what was due',
      holds: ({ status, total, discount, paid }) =>
        !['paid', 'shipped', 'delivered'].includes(status) || decimal(total).minus(discount).minus(paid).equals(0),
    },
    'no-negative-lines': ({ items }) => Object.values(items).every((item) => item.qty > 0),
    'refunds-within-payments': {
      severity: 'warning',
      holds: ({ refunded, paid }) => decimal(refunded).compare(paid) <= 0,
    },
    'never-paid': (state) => state.status !== 'paid',
    'few-lines': ({ items }) => Object.keys(items).length < 3,
  },
";

#[test]
fn exported_invariants_break_where_the_same_ones_in_a_file_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let sample = shop(folder.path(), Layout::Emmett, 3_000);
    let store = sample.store.display().to_string();
    let script = root().join("fixtures/orders/scripts/order");
    let read = |name: &str| std::fs::read_to_string(script.join(name)).expect("the example");
    let package = |name: &str, script: &str, invariants: Option<&str>| {
        let package = folder.path().join(name);
        let version = package.join("versions/1.1.0");
        std::fs::create_dir_all(&version).expect("a package");
        std::fs::write(package.join("handler.toml"), read("handler.toml")).expect("a manifest");
        std::fs::write(version.join("handler.js"), script).expect("a script");
        if let Some(invariants) = invariants {
            std::fs::write(version.join("invariants.yaml"), invariants).expect("invariants");
        }
        package.display().to_string()
    };
    let source = read("versions/1.1.0/handler.js");
    let more =
        "\n  - { id: never-paid, expr: state.status != 'paid' }\n  - { id: few-lines, expr: size(state.items) < 3 }\n";
    let in_file = package(
        "in-file",
        &source,
        Some(&(read("versions/1.1.0/invariants.yaml") + more)),
    );
    let exporting = source.replacen("export default {", &format!("export default {{{EXPORTED}"), 1);
    let exported = package("exported", &exporting, None);
    let refold = Refold::in_folder(folder.path());
    let violations = |handler: &str, scope: &[&str]| {
        let answer = refold
            .json(&[&["check", &store, "--handler", handler], scope].concat())
            .swap_remove(0);
        let of = |violation: &serde_json::Value| {
            ["invariant", "stream", "version", "flips"].map(|name| violation[name].clone())
        };
        for invariant in answer["invariants"].as_array().expect("a list") {
            assert_eq!(invariant["unclear_streams"], 0, "{invariant}");
        }
        answer["violations"]
            .as_array()
            .expect("a list")
            .iter()
            .map(of)
            .collect::<Vec<_>>()
    };
    for scope in [&["--all"][..], &["order-4711"]] {
        let found = violations(&exported, scope);
        assert_eq!(found, violations(&in_file, scope));
        assert!(!found.is_empty(), "{scope:?}: something breaks");
    }
    // One is asked by its name, and shrunk to what still breaks it.
    let cases = tempfile::tempdir().expect("a folder");
    let minimize = |handler: &str, name: &str| {
        let case = cases.path().join(name).display().to_string();
        let arguments = [
            "minimize",
            &store,
            "order-4711",
            "--handler",
            handler,
            "--invariant",
            "never-paid",
        ];
        refold
            .json(&[&arguments[..], &["--out", &case]].concat())
            .swap_remove(0)["kept"]
            .clone()
    };
    assert_eq!(minimize(&exported, "exported"), minimize(&in_file, "in-file"));
}
