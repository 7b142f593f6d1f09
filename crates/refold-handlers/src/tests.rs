//! The examples of `docs/handlers.md`, run.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use refold_core::event::{Encoding, EventBatch, Position, Version};
use refold_core::names::Names;
use refold_core::port::handler::{HandlerInstance as _, Written};
use refold_core::time::Timestamp;
use refold_core::value::Value;
use refold_core::work::{CancelToken, Silent, Work};

use crate::document::Document;
use crate::invariant::Invariants;
use crate::lab::sandbox::Edits;
use crate::limits::Limits;
use crate::package::{Package, open_declarative};
use crate::testcase;

fn guide() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/handlers.md")).unwrap()
}

/// The text of the code block that is marked so.
pub(crate) fn block(kind: &str) -> String {
    let guide = guide();
    let (_, rest) = guide
        .split_once(&format!("\n```{kind}\n"))
        .unwrap_or_else(|| panic!("no block {kind}"));
    rest.split_once("\n```").unwrap().0.to_owned() + "\n"
}

fn written(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, text).unwrap();
    path
}

fn events_of(lines: &str) -> (EventBatch, Names) {
    let (mut names, mut batch) = (Names::default(), EventBatch::default());
    for line in lines.lines() {
        let Ok(Value::Object(event)) = Value::from_json(line.as_bytes(), 64) else {
            panic!("{line}")
        };
        let Some(Value::Text(event_type)) = event.get(b"type") else {
            panic!("{line}")
        };
        batch.streams.push(names.intern_stream(b"order-1", || b"order"));
        batch.types.push(names.intern_type(event_type.as_wtf8()));
        batch.positions.push(Position(1));
        batch.versions.push(Version(1));
        batch.recorded_at.push(Timestamp::NONE);
        let span = batch.store(&event.get(b"payload").unwrap().to_canonical());
        batch.payloads.push(span);
        batch.payload_encodings.push(Encoding::Json);
    }
    (batch, names)
}

#[test]
fn the_worked_example_gives_its_state() {
    let folder = tempfile::tempdir().unwrap();
    let path = written(folder.path(), "reducer.yaml", &block("yaml reducer"));
    let program = open_declarative(&path, None).unwrap_or_else(|error| panic!("{error}"));
    let (batch, names) = events_of(&block("json events"));
    let mut instance = program.start_declarative();
    for row in 0..batch.len() {
        instance.apply(&batch.event(row), &names, &mut Written::off()).unwrap();
    }
    let state = instance.state().unwrap();
    assert_eq!(
        String::from_utf8(state.to_canonical()).unwrap(),
        block("json state").trim()
    );
    let invariant = program.invariants().find("paid-within-total").unwrap();
    assert_eq!(
        program.invariants().holds(invariant, &state, program.limits()),
        Ok(true)
    );
    assert_eq!(
        program.invariants().holds(invariant, &Value::Null, program.limits()),
        Ok(true)
    );
}

#[test]
fn every_expression_of_the_guide_is_true() {
    for expression in block("text expressions").lines() {
        let text = format!("refold: invariants/1\ninvariants:\n  - id: a\n    expr: |\n      {expression}\n");
        let document = Document::from_yaml(&Arc::from("a.yaml"), text.as_bytes()).unwrap();
        let invariants = Invariants::of_file(&document, &Default::default());
        let invariants = invariants.unwrap_or_else(|error| panic!("{expression}: {error}"));
        let invariant = invariants.find("a").unwrap();
        assert_eq!(
            invariants.holds(invariant, &Value::Null, &Limits::DEFAULT),
            Ok(true),
            "{expression}"
        );
    }
}

#[test]
fn the_files_of_the_guide_are_read() {
    let folder = tempfile::tempdir().unwrap();
    written(folder.path(), "handler.toml", &block("toml manifest"));
    for version in ["1.0.0", "1.1.0"] {
        let file = |name: &str| format!("versions/{version}/{name}");
        let reducer = block("yaml reducer");
        let (rules, _) = reducer.split_once("invariants:").unwrap();
        written(folder.path(), &file("reducer.yaml"), rules);
        written(folder.path(), &file("upcasters.yaml"), &block("yaml upcasters"));
        let invariants = block("yaml invariants").replace("paid-within-total", "balanced-once-paid");
        written(folder.path(), &file("invariants.yaml"), &invariants);
    }
    written(folder.path(), "tests/a.case.yaml", &block("yaml case"));
    let package = Package::open(folder.path()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(package.manifest.limits.state_bytes, 1 << 20);
    let program = package
        .compile(package.select(None).unwrap())
        .unwrap_or_else(|error| panic!("{error}"));
    let columns = program.program().columns();
    assert!(columns.envelope, "the version is found by the store's column");
    let cancel = CancelToken::default();
    let results =
        testcase::run(&Work::new(&cancel, &Silent), folder.path(), None).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(results.len(), 1);
    assert_eq!(results[0].failures, []);
}

#[test]
fn the_edits_of_the_guide_are_read() {
    let edits = Edits::read("edits.toml", block("toml edits").as_bytes()).unwrap_or_else(|error| panic!("{error}"));
    let said: Vec<String> = edits.edits.iter().map(|edit| edit.change.to_string()).collect();
    assert_eq!(said[0], "v9 is left out");
    assert_eq!(said[1], "in v3 /qty is 3, /tags/- is \"late\", /note is missing");
    assert_eq!(said.len(), 5);
}

#[test]
fn the_guide_lists_every_code() {
    let guide = guide();
    for file in ["src/error.rs", "../refold-guests/src/error.rs"] {
        let source = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
        for code in source
            .split('"')
            .filter(|text| text.starts_with("RF-") && !text.contains(' '))
        {
            assert!(
                guide.contains(&format!("`{code}`")),
                "{code} is not in docs/handlers.md"
            );
        }
    }
}
