//! What the fuzz targets check, and the replay of their corpus.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test, in whichever binary")]

use std::sync::Arc;

use refold_core::value::{Text, Value};
use refold_handlers::document::Document;
use refold_handlers::invariant::Invariants;
use refold_handlers::limits::Limits;
use refold_handlers::package::Manifest;
use refold_handlers::project::Projection;

const DEPTH: usize = 16;

/// The first byte chooses among these which paths are needed.
const PATHS: [&[&str]; 8] = [
    &[],
    &["a"],
    &["b"],
    &["a", "b"],
    &["b", "a"],
    &["a", "a", "a"],
    &[""],
    &["c", "a"],
];

/// Projecting a payload is parsing it and looking the paths up.
pub fn path_projector(input: &[u8]) {
    let Some((choice, payload)) = input.split_first() else {
        return;
    };
    let chosen = PATHS.iter().enumerate().filter(|(bit, _)| choice & (1 << bit) != 0);
    let paths: Vec<Vec<Text>> = chosen
        .map(|(_, path)| path.iter().map(|key| Text::from(*key)).collect())
        .collect();
    let mut slots = Vec::new();
    let projected = Projection::new(&paths).project(payload, DEPTH, &mut slots);
    match (projected, Value::from_json(payload, DEPTH)) {
        (Err(_), Err(_)) => {}
        (Ok(()), Ok(value)) => {
            for (path, slot) in paths.iter().zip(slots) {
                let slot = slot.as_ref().map(Value::resolved);
                assert_eq!(
                    slot,
                    looked_up(&value, path),
                    "{path:?} of {}",
                    String::from_utf8_lossy(payload)
                );
            }
        }
        (projected, parsed) => {
            panic!(
                "projecting: {projected:?}, parsing: {parsed:?}, of {}",
                String::from_utf8_lossy(payload)
            )
        }
    }
}

/// Any text is parsed, checked and evaluated within its limits, or refused with a place in the file.
pub fn expression(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let quoted = Value::Text(Text::from(text)).to_canonical();
    let file = [
        b"refold: invariants/1\ninvariants:\n  - id: a\n    expr: ".as_slice(),
        &quoted,
        b"\n",
    ]
    .concat();
    let Ok(document) = Document::from_yaml(&Arc::from("a.yaml"), &file) else {
        return;
    };
    match Invariants::of_file(&document, &Default::default()) {
        Err(error) => {
            let place = error.place.expect("every error of a file has a place");
            assert_eq!(place.mark.line, 4, "{}", error.message);
        }
        Ok(invariants) => {
            let limits = Limits {
                steps: 5_000,
                memory_bytes: 1 << 20,
                ..Limits::DEFAULT
            };
            let state = Value::from_json(
                br#"{"a":[1,2.50,"x",{"b":null}],"b":{"c":9007199254740993,"d":"y"},"n":-0}"#,
                64,
            );
            let state = state.expect("this is JSON");
            let invariant = invariants.find("a").expect("it was written above");
            let first = invariants.holds(invariant, &state, &limits);
            assert_eq!(first, invariants.holds(invariant, &state, &limits), "the same twice");
            if let Err(fault) = first {
                assert!(fault.code.starts_with("RF-") && fault.place.is_some(), "{fault}");
            }
        }
    }
}

fn looked_up<'v>(value: &'v Value, path: &[Text]) -> Option<&'v Value> {
    let mut at = value.resolved();
    for key in path {
        let Value::Object(members) = at else { return None };
        at = members.get(key.as_wtf8())?.resolved();
    }
    Some(at)
}

/// A manifest is read or refused with a code of packages, and each of its versions can be chosen and hashed.
pub fn manifest(input: &[u8]) {
    let file: Arc<str> = Arc::from("handler.toml");
    let manifest = Document::from_toml(&file, input).and_then(|document| Manifest::read(&document));
    match manifest {
        Ok(manifest) => {
            assert!(!manifest.versions.is_empty());
            for version in &manifest.versions {
                assert_eq!(manifest.select(Some(&version.id)).map(|it| &it.id), Some(&version.id));
                assert!(!version.path.starts_with('/') && version.path.split('/').all(|part| part != ".."));
                let semantic = manifest.semantic_json(version);
                assert!(Value::from_json(&semantic, 1_000).is_ok(), "what is hashed is JSON");
            }
        }
        Err(error) => assert!(error.code.starts_with("RF-PKG-"), "{error}"),
    }
}
