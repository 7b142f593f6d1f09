//! What is told of handlers, against the events themselves and against what folding does with them.

mod drafted;
mod usable;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use refold_core::event::{Columns, EventBatch};
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::port::handler::{Applied, Written};
use refold_core::port::store::{Direction, ReadQuery, Scope};
use refold_core::work::{CancelToken, Silent, Work};
use refold_fixtures::orders::{self, Options};

use super::*;
use crate::places::Places;
use crate::wire::{CoverageRow, HandlerCoverage, Taken};

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/orders");

struct Lab {
    folder: tempfile::TempDir,
    session: Session,
}

fn with_work<T>(run: impl FnOnce(&Work<'_>) -> T) -> T {
    let cancel = CancelToken::default();
    run(&Work::new(&cancel, &Silent))
}

fn lab(store: impl FnOnce(&Path) -> PathBuf) -> Lab {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let places = Places::below(&folder.path().join("home"));
    let session = with_work(|work| {
        let session = Session::open(work, &store.to_string_lossy(), None, &places).unwrap();
        session.build_index(work).unwrap();
        session
    });
    Lab { folder, session }
}

fn shop() -> Lab {
    lab(|folder| {
        let options = Options {
            events: 2_000,
            ..Options::default()
        };
        let written = orders::write(&folder.join("shop"), &options, |_, _| ControlFlow::Continue(())).unwrap();
        written.store
    })
}

impl Lab {
    fn places(&self) -> Places {
        Places::below(&self.folder.path().join("home"))
    }

    fn coverage(&self, handler: &str) -> HandlerCoverage {
        with_work(|work| coverage(work, &self.session, handler)).unwrap()
    }

    /// What folding an event of each type comes to, and how many events it has.
    fn folded(&self, handler: &str) -> BTreeMap<String, (u32, BTreeSet<&'static str>)> {
        let program = handler::open(Some(handler)).unwrap();
        let query = ReadQuery {
            scope: Scope::All {
                after: None,
                up_to: None,
            },
            direction: Direction::Forward,
            columns: Columns::ALL,
        };
        let mut reader = self.session.store().read(&query).unwrap();
        let (mut batch, mut names, findings) = (EventBatch::default(), Names::default(), Findings::default());
        let mut seen = BTreeMap::<String, (u32, BTreeSet<&'static str>)>::new();
        with_work(|work| {
            while reader.next_batch(work, 500, &mut batch, &mut names, &findings).unwrap() {
                for row in 0..batch.len() {
                    let event = batch.event(row);
                    let applied = program.start().apply(&event, &names, &mut Written::off());
                    let (events, outcomes) = seen.entry(text::shown(names.type_name(event.event_type))).or_default();
                    *events += 1;
                    outcomes.insert(match applied {
                        Ok(Applied::Unknown) => "unknown",
                        Ok(Applied::Ignored) => "ignored",
                        // Rules ran, if only to find that the event makes no sense to an empty order.
                        Ok(Applied::Folded | Applied::Undecodable(_)) | Err(_) => "folded",
                    });
                }
            }
        });
        seen
    }
}

fn row<'c>(coverage: &'c HandlerCoverage, event_type: &str) -> &'c CoverageRow {
    let mut rows = coverage.rows.iter();
    rows.find(|row| row.event_type == event_type).unwrap()
}

#[test]
fn what_is_said_of_each_type_is_what_folding_does_with_its_events() {
    let lab = shop();
    for handler in ["handlers/order@1.1.0", "handlers/order@1.0.0", "scripts/order"] {
        let handler = format!("{FIXTURES}/{handler}");
        let (told, folded) = (lab.coverage(&handler), lab.folded(&handler));
        assert_eq!(told.types as usize, folded.len(), "{handler}");
        assert_eq!(told.events, folded.values().map(|(events, _)| events).sum::<u32>());
        for (name, (events, outcomes)) in &folded {
            let row = row(&told, name);
            assert_eq!(row.events, *events, "{handler} {name}");
            let is_missing = outcomes.contains("unknown");
            assert_eq!(
                row.taken == Taken::Missing,
                is_missing,
                "{handler} {name}: {outcomes:?}"
            );
            assert_ne!(row.taken, Taken::Unclear);
        }
        let missing: Vec<&CoverageRow> = told.rows.iter().filter(|row| row.taken == Taken::Missing).collect();
        assert!(!missing.is_empty(), "one type of the sample is known to nobody");
        assert_eq!(told.missing_types as usize, missing.len());
        assert_eq!(told.missing_events, missing.iter().map(|row| row.events).sum::<u32>());
        assert!(told.rows.is_sorted_by_key(|row| row.taken));
        for row in &told.rows {
            let first = row.first.as_ref().unwrap();
            assert_eq!(first.event.event_type, row.event_type);
        }
    }
}

const RULES: &str = "refold: reducer/1
on:
  Placed:
    - set: { is: \"'placed'\" }
  Seen: []
  Paid:
    - set: { is: \"'paid'\" }
unhandled: warn
";
const STEPS: &str = "refold: upcasters/1
upcasters:
  - { event: Ordered, from: 1, to: 1, retype: Placed }
  - { event: Noise, from: 1, drop: true }
";

/// A package for the category of carts, which is named otherwise than the store names it.
fn package(folder: &Path, rules: &str) -> String {
    let version = folder.join("work/cart/versions/1.0.0");
    fs::create_dir_all(&version).unwrap();
    let manifest = "format = \"refold-handler/1\"\nname = \"cart\"\n[source]\ncategory = \"Cart\"\n\
                    [[version]]\nid = \"1.0.0\"\ndraft = true\neffective_from = 2026-06-01T00:00:00Z\n";
    fs::write(folder.join("work/cart/handler.toml"), manifest).unwrap();
    fs::write(version.join("reducer.yaml"), rules).unwrap();
    fs::write(version.join("upcasters.yaml"), STEPS).unwrap();
    folder.join("work/cart").display().to_string()
}

fn carts() -> Lab {
    lab(|folder| {
        let types = [
            ("cart-1", "Ordered"),
            ("user-1", "Placed"),
            ("cart-2", "Noise"),
            ("cart-1", "Seen"),
            ("cart-2", "Wrapped"),
            ("user-1", "Renamed"),
            ("cart-1", "Wrapped"),
        ];
        let line = |(position, (stream, event_type)): (usize, &(&str, &str))| {
            let category = stream.split('-').next().unwrap_or_default();
            format!(
                "{{\"position\":\"{position}\",\"stream\":\"{stream}\",\"category\":\"{category}\",\"version\":\"{position}\",\
                 \"type\":\"{event_type}\",\"recorded_at\":\"2026-06-01T00:00:0{position}Z\",\"payload\":{{}}}}\n"
            )
        };
        let lines: String = (1..).zip(&types).map(line).collect();
        fs::write(folder.join("events.jsonl"), lines).unwrap();
        folder.join("events.jsonl")
    })
}

#[test]
fn upcasters_and_the_category_of_the_package_count() {
    let lab = carts();
    let handler = package(lab.folder.path(), RULES);
    let told = lab.coverage(&handler);
    let rows: Vec<(&str, u32, Taken)> = told
        .rows
        .iter()
        .map(|row| (row.event_type.as_str(), row.events, row.taken))
        .collect();
    assert_eq!(
        rows,
        [
            ("Wrapped", 2, Taken::Missing),
            ("Noise", 1, Taken::ForNothing),
            ("Seen", 1, Taken::ForNothing),
            ("Ordered", 1, Taken::Folded),
        ]
    );
    assert_eq!(told.categories, ["cart"]);
    assert_eq!((told.types, told.events), (4, 5));
    assert_eq!(
        (told.missing_types, told.missing_events, told.types_elsewhere),
        (1, 2, 2)
    );
    // `Placed` is what the upcasters make of `Ordered`.
    assert_eq!(told.absent.as_deref(), Some(&["Paid".to_owned()][..]));
    let first = row(&told, "Wrapped").first.clone().unwrap();
    assert_eq!((first.stream.as_str(), first.event.position.as_str()), ("cart-2", "5"));

    // No stream is of that category: all are counted.
    let manifest = lab.folder.path().join("work/cart/handler.toml");
    let text = fs::read_to_string(&manifest).unwrap().replace("Cart", "basket");
    fs::write(&manifest, text).unwrap();
    let told = lab.coverage(&handler);
    assert_eq!((told.types, told.events, told.types_elsewhere), (6, 7, 0));
    assert_eq!(told.categories, [""; 0]);
}

#[test]
fn a_step_for_some_events_of_a_type_hides_no_others_that_nothing_takes() {
    let lab = carts();
    let handler = package(lab.folder.path(), RULES);
    let steps = lab.folder.path().join("work/cart/versions/1.0.0/upcasters.yaml");
    for outcome in ["to: 1, retype: Placed", "drop: true"] {
        let step = format!("  - {{ event: Wrapped, from: 1, where: \"has(event.data.old)\", {outcome} }}\n");
        fs::write(&steps, format!("{STEPS}{step}")).unwrap();
        let told = lab.coverage(&handler);
        assert_eq!(row(&told, "Wrapped").taken, Taken::Unclear, "{outcome}");
        assert_eq!(told.missing_types, 0);
    }
    // Of one that is taken as it is, all are.
    let step = "  - { event: Seen, from: 1, to: 1, where: \"has(event.data.old)\", retype: Placed }\n";
    fs::write(&steps, format!("{STEPS}{step}")).unwrap();
    assert_eq!(row(&lab.coverage(&handler), "Seen").taken, Taken::Folded);
}

#[test]
fn a_handler_that_takes_all_types_and_one_that_cannot_be_asked_are_said() {
    let lab = carts();
    let file = lab.folder.path().join("all.js");
    let script = "fromAll().when({ $any(state, event) { return { type: event.eventType } } })";
    fs::write(&file, script).unwrap();
    let told = lab.coverage(&file.display().to_string());
    assert!(told.rows.iter().all(|row| row.taken == Taken::AsAnyOther));
    assert_eq!((told.missing_types, told.absent), (0, Some(Vec::new())));
    let named = "fromAll().when({ Seen(state) { return state } })";
    fs::write(&file, named).unwrap();
    let told = lab.coverage(&file.display().to_string());
    assert_eq!(row(&told, "Seen").taken, Taken::Folded);
    assert_eq!(row(&told, "Wrapped").taken, Taken::Missing);
    let told = lab.coverage(handler::DEFAULT);
    assert!(told.rows.iter().all(|row| row.taken == Taken::Unclear));
    assert_eq!((told.missing_types, told.absent), (0, None));
}

#[test]
fn a_version_is_told_with_its_files_also_where_it_cannot_be_compiled() {
    let lab = carts();
    let path = package(lab.folder.path(), RULES);
    let reference = format!("{path}@1.0.0");
    let whole = told(&reference);
    assert_eq!(whole.problem, None);
    let names: Vec<&str> = whole.files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "versions/1.0.0/reducer.yaml",
            "versions/1.0.0/upcasters.yaml",
            "handler.toml"
        ]
    );
    assert_eq!(whole.files[0].text.as_deref(), Some(RULES));
    let steps = whole.upcasters.iter().map(|step| step.event_type.as_str());
    assert_eq!(steps.collect::<Vec<_>>(), ["Noise", "Ordered"]);

    package(lab.folder.path(), &RULES.replace("\"'paid'\"", "\"'paid' +\""));
    let broken = told(&reference);
    assert!(broken.handler.is_none());
    let problem = broken.problem.unwrap();
    assert_eq!(
        (problem.code.as_str(), problem.file.as_deref(), problem.line),
        ("RF-PKG-EXPRESSION", Some("versions/1.0.0/reducer.yaml"), 7)
    );
    assert_eq!(broken.files.len(), 3);
}

#[test]
fn packages_are_those_beside_the_store_and_those_in_use() {
    let lab = shop();
    let path = package(lab.folder.path(), RULES);
    let used = BTreeMap::from([(format!("{path}@1.0.0"), 2), (path.clone(), 1)]);
    let packages = packages(&lab.session, &lab.places(), &used);
    let [order, cart] = packages.as_slice() else {
        panic!("{packages:?}");
    };
    assert_eq!(
        (order.name.as_str(), order.category.as_deref()),
        ("order", Some("order"))
    );
    assert!(order.cases > 0);
    let versions: Vec<&str> = order.versions.iter().map(|version| version.version.as_str()).collect();
    assert_eq!(versions, ["1.0.0", "1.1.0"]);
    assert_eq!(
        order.versions[0].effective,
        ["2026-06-01T00:00:00Z .. 2026-08-20T00:00:00Z"]
    );
    let [version] = cart.versions.as_slice() else {
        panic!("{cart:?}");
    };
    assert_eq!((version.is_draft, version.histories), (true, 3));
    assert_eq!(version.effective, ["2026-06-01T00:00:00Z .."]);

    fs::write(lab.folder.path().join("work/cart/handler.toml"), "format = 1").unwrap();
    let packages = super::packages(&lab.session, &lab.places(), &used);
    let problem = packages[1].problem.as_ref().unwrap();
    assert_eq!(
        (problem.code.as_str(), problem.file.as_deref()),
        ("RF-PKG-MANIFEST", Some("handler.toml"))
    );
}

/// However its path is written, a package is one, with its drafts and its histories.
#[test]
fn a_package_is_listed_once_however_it_is_named() {
    let lab = shop();
    let path = package(lab.folder.path(), RULES);
    let other = lab.folder.path().join("work/../work/cart").display().to_string();
    let used = BTreeMap::from([(format!("{path}@1.0.0"), 2), (format!("{other}@1.0.0"), 3), (other, 1)]);
    let packages = packages(&lab.session, &lab.places(), &used);
    let carts: Vec<u32> = packages
        .iter()
        .filter(|package| package.name == "cart")
        .map(|package| package.versions.iter().map(|version| version.histories).sum())
        .collect();
    assert_eq!(carts, [6]);
}

#[test]
fn a_handler_that_is_named_from_somewhere_is_named_as_those_at_hand_are() {
    let lab = shop();
    let path = package(lab.folder.path(), RULES);
    let other = lab.folder.path().join("work/../work/cart").display().to_string();
    let real = fs::canonicalize(path).unwrap().display().to_string();
    assert_eq!(handler::in_full(&other), format!("{real}@1.0.0"));
    assert_eq!(handler::in_full(&format!("{other}@1.0.0")), format!("{real}@1.0.0"));
    for kept in [handler::DEFAULT, "/nowhere@1"] {
        assert_eq!(handler::in_full(kept), kept);
    }
}

#[test]
fn a_package_that_is_folded_with_in_a_draft_alone_is_listed_with_it() {
    let lab = shop();
    let path = package(lab.folder.path(), RULES);
    let places = lab.places();
    let draft = Draft::of(&places, &format!("{path}@1.0.0")).unwrap().reference();
    let listed = |used: &[&str]| {
        let used = used.iter().map(|reference| ((*reference).to_owned(), 1)).collect();
        let packages = packages(&lab.session, &places, &used);
        let of_cart = packages.into_iter().filter(|package| package.path.ends_with("cart"));
        of_cart.map(|package| package.versions).collect::<Vec<_>>()
    };
    for used in [&[draft.as_str()][..], &[draft.as_str(), path.as_str()]] {
        let [versions] = &listed(used)[..] else {
            panic!("one package: {used:?}");
        };
        assert_eq!(versions.last().unwrap().reference, draft);
        assert_eq!(versions.last().unwrap().histories, 1);
    }
}

/// The copy of the rules may be lost, and a package need not lie beside the store.
#[test]
fn a_draft_is_under_the_masking_rules_of_its_package() {
    let lab = shop();
    let order = format!("{FIXTURES}/handlers/order");
    let own = lab.folder.path().join("elsewhere/order");
    for name in [
        "handler.toml",
        "versions/1.0.0/reducer.yaml",
        "versions/1.1.0/reducer.yaml",
    ] {
        let to = own.join(name);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(Path::new(&order).join(name), to).unwrap();
    }
    let rules = "refold = \"mask/1\"\n[[hide]]\npaths = [\"/status\"]\n";
    let places = lab.places();
    let draft = Draft::of(&places, &format!("{}@1.0.0", own.display())).unwrap();
    fs::write(own.join("mask.toml"), rules).unwrap();
    assert!(!lab.session.mask().has_rules());
    let reference = draft.reference();
    let tried = with_work(|work| try_on(work, &lab.session, "nothing", &reference, "order-4711", "head")).unwrap();
    let row = tried.rows.iter().find(|row| row.path == "/status");
    let shown = row.map(|row| (row.left.as_deref(), row.right.as_deref()));
    let hidden = Some("[redacted]");
    assert!(shown.is_none_or(|it| it == (hidden, hidden)), "{shown:?}");
    assert!(lab.session.mask().has_rules());
}

/// The bug of 1.0.0, mended in a draft of it.
#[test]
fn a_draft_is_tried_on_a_stream_beside_what_it_was_made_of() {
    let lab = shop();
    let places = lab.places();
    let [package] = &packages(&lab.session, &places, &BTreeMap::new())[..] else {
        panic!("one package");
    };
    let draft = Draft::of(&places, &package.versions[0].reference).unwrap();
    let reference = draft.reference();
    let file = "versions/1.0.0-draft/reducer.yaml";
    let tried = |stream: &str, at: &str| {
        with_work(|work| try_on(work, &lab.session, &draft.origin(), &reference, stream, at)).unwrap()
    };

    // As it was made it makes the same of everything.
    let same = tried("order-4711", "head");
    let against = same.against.unwrap();
    assert_eq!(
        (against.first, against.stopped.as_str(), &same.fault),
        (None, "", &None)
    );
    assert_eq!(
        (same.handler.version.as_str(), same.event.event_type.as_str()),
        ("1.0.0-draft", "RefundIssued")
    );
    let changed: Vec<&str> = same.rows.iter().map(|row| row.path.as_str()).collect();
    assert!(
        changed.contains(&"/status") && same.changed as usize == changed.len(),
        "{changed:?}"
    );

    // Whatever takes a handler takes a draft: its test cases, and what it lacks.
    let cases = with_work(|work| crate::usecase::test::test(work, &reference)).unwrap();
    assert!(cases.passed > 0, "{cases:?}");
    let lacks = |of: &str| lab.coverage(of).missing_types;
    assert_eq!(lacks(&reference), lacks(&draft.origin()));

    let rules = fs::read_to_string(
        lab.folder
            .path()
            .join("shop/handlers/order/versions/1.0.0/reducer.yaml"),
    )
    .unwrap();
    let at = rules
        .lines()
        .position(|line| line.contains("inc: failedPayments"))
        .unwrap()
        + 1;
    let write = |text: &str| {
        let before = fs::read_to_string(draft.package().join(file)).unwrap();
        assert_eq!(draft.write(file, text, &before).unwrap(), crate::drafts::Written::Done);
    };
    write(&rules.replace("inc: failedPayments", "add: { failedPayments: 2 }"));
    let other = tried("order-4711", "head").against.unwrap().first.unwrap();
    assert_eq!(
        (other.event.event_type.as_str(), other.path.as_str()),
        ("PaymentFailed", "/failedPayments")
    );
    assert_eq!(
        (other.left.as_deref(), other.right.as_deref(), other.places),
        (Some("1"), Some("2"), 1)
    );
    // Before that event it makes nothing else.
    let early = tried("order-4711", "v6");
    assert_eq!((early.against.unwrap().first, early.events), (None, 6));

    // What fails is of an event and of a line.
    let failing = rules.replace(
        "inc: failedPayments",
        "set: { failedPayments: 1 / state.failedPayments }",
    );
    write(&failing);
    let failed = tried("order-4711", "head");
    let fault = failed.fault.unwrap_or_else(|| panic!("{:?}", failed.findings));
    assert_eq!(fault.event.event_type, "PaymentFailed");
    // Nothing is said of what is behind it.
    assert_eq!((failed.events, failed.changed, failed.rows.len()), (6, 0, 0));
    assert_ne!(failed.event, fault.event);
    assert_eq!(
        (fault.problem.file.as_deref(), fault.problem.line as usize),
        (Some(file), at)
    );

    // Of a version that cannot be used, nothing is told.
    let origin = lab
        .folder
        .path()
        .join("shop/handlers/order/versions/1.0.0/reducer.yaml");
    fs::write(&origin, "refold: [").unwrap();
    write(&rules);
    assert!(tried("order-4711", "head").against.is_none());
}
