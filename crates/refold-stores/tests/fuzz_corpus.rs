//! Replays the inputs that fuzzing found interesting.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test, in whichever binary")]

use std::fs;
use std::path::Path;

#[path = "../fuzz/checks.rs"]
mod checks;

fn replay(target: &str, check: impl Fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut inputs = 0;
    for entry in fs::read_dir(folder).unwrap() {
        check(&fs::read(entry.unwrap().path()).unwrap());
        inputs += 1;
    }
    assert!(inputs > 0, "no corpus for {target}");
}

#[test]
fn the_layout_corpus() {
    replay("layout", checks::layout);
}

#[test]
fn the_corpus_of_lines() {
    let folder = tempfile::tempdir().unwrap();
    replay("lines", |input| checks::lines(input, folder.path()));
}

#[test]
fn the_corpus_of_cases() {
    let folder = tempfile::tempdir().unwrap();
    replay("case", |input| checks::case(input, folder.path()));
}
