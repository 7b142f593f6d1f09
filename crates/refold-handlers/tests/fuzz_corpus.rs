//! Replays the inputs that fuzzing found interesting.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test, in whichever binary")]

use std::fs;
use std::path::Path;

#[path = "../fuzz/checks.rs"]
mod checks;

fn replay(target: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut inputs = 0;
    for entry in fs::read_dir(folder).unwrap() {
        check(&fs::read(entry.unwrap().path()).unwrap());
        inputs += 1;
    }
    assert!(inputs > 0, "no corpus for {target}");
}

#[test]
fn the_path_projector_corpus() {
    replay("path_projector", checks::path_projector);
}

#[test]
fn the_expression_corpus() {
    replay("expression", checks::expression);
}

#[test]
fn the_manifest_corpus() {
    replay("manifest", checks::manifest);
}
