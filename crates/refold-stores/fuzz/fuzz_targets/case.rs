//! Fuzzes the reader of case files.

#![no_main]

use std::sync::LazyLock;

use tempfile::TempDir;

#[path = "../checks.rs"]
#[allow(dead_code, reason = "the other target's check")]
mod checks;

static FOLDER: LazyLock<TempDir> = LazyLock::new(|| {
    tempfile::tempdir_in("/dev/shm")
        .or_else(|_| tempfile::tempdir())
        .expect("a folder for the file")
});

libfuzzer_sys::fuzz_target!(|input: &[u8]| checks::case(input, FOLDER.path()));
