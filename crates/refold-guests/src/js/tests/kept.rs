//! The module is the one that was pinned; compiled code is believed only where it is ours and whole; checkpoints.

use std::fs;

use refold_core::port::handler::HandlerProgram as _;
use sha2::{Digest as _, Sha256};
use wasmtime::Engine;

use super::super::engine::MODULE;
use super::*;
use crate::cache::compiled_in;
use crate::engine::config;

#[test]
fn the_module_is_the_pinned_one() {
    let hash: String = Sha256::digest(MODULE)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(
        hash,
        include_str!("../../../engine/quickjs.wasm.sha256")
            .split_whitespace()
            .next()
            .unwrap(),
        "the module was changed: build it with `cargo xtask js-engine`, and give it a new ENGINE_ID"
    );
}

/// A module that is compiled at once.
const SMALL: &[u8] = b"\0asm\x01\0\0\0";

fn compiled(folder: &std::path::Path, engine: &Engine) -> wasmtime::Result<crate::cache::Code> {
    compiled_in(folder, engine, SMALL, || engine.precompile_module(SMALL))
}

#[test]
fn compiled_code_that_is_damaged_foreign_or_open_to_others_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::new(&config()).unwrap();
    compiled(folder.path(), &engine).unwrap();
    let path = fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
    let whole = fs::read(&path).unwrap();
    compiled(folder.path(), &engine).unwrap();
    assert_eq!(fs::read(&path).unwrap(), whole, "it was taken as it is");

    let middle = whole.len() / 2;
    for damage in [
        whole[..middle].to_vec(),
        Vec::new(),
        b"\x7fELF".to_vec(),
        [&whole[..middle], &[whole[middle] ^ 1], &whole[middle + 1..]].concat(),
    ] {
        fs::write(&path, &damage).unwrap();
        compiled(folder.path(), &engine).unwrap();
        assert_eq!(fs::read(&path).unwrap(), whole, "it was made anew");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
        let before = fs::metadata(&path).unwrap().ino();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
        compiled(folder.path(), &engine).unwrap();
        let made = fs::metadata(&path).unwrap();
        assert_eq!(made.mode() & 0o777, 0o600);
        assert_ne!(made.ino(), before, "others could have written the old one");
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_no_fault() {
    let engine = Engine::new(&config()).unwrap();
    assert!(compiled(std::path::Path::new("/proc/nowhere"), &engine).is_ok());
}

#[test]
fn a_checkpoint_keeps_what_json_does_not() {
    let program = program(&on_event(
        "state.n = (state.n ?? 0n) + 1n; state.list = [-5n, 1, 1.5, decimal('1.50')]",
    ));
    let list = events(&[("E", "{}"), ("E", "{}"), ("E", "{}")]);
    let mut instance = program.start();
    let step = |instance: &mut Box<dyn refold_core::port::handler::HandlerInstance>, row| {
        instance
            .apply(&list.batch.event(row), &list.names, &mut Written::off())
            .unwrap();
    };
    step(&mut instance, 0);
    let checkpoint = instance.checkpoint().unwrap();
    step(&mut instance, 1);
    let two = instance.state().unwrap();
    instance.restore(&checkpoint).unwrap();
    step(&mut instance, 1);
    assert_eq!(instance.state().unwrap(), two);
    assert_eq!(text(&two), r#"{"list":[-5,1,1.5,1.50],"n":2}"#);

    let mut other = program.start();
    other.restore(&checkpoint).unwrap();
    step(&mut other, 1);
    assert_eq!(other.state().unwrap(), two, "any instance of the program can go on");

    let foreign = crate::js::tests::program(&on_event("state.n = 1"));
    assert_eq!(
        foreign.start().restore(&checkpoint).unwrap_err().code,
        "RF-HANDLER-TYPE"
    );
}

#[test]
fn a_reset_leads_back_to_the_first_state() {
    let program = program("export default { initial: () => ({ n: 0 }), on: { E(state) { state.n++ } } }");
    let list = events(&[("E", "{}")]);
    let mut instance = program.start();
    for _ in 0..3 {
        assert_eq!(text(&instance.state().unwrap()), r#"{"n":0}"#);
        instance
            .apply(&list.batch.event(0), &list.names, &mut Written::off())
            .unwrap();
        assert_eq!(text(&instance.state().unwrap()), r#"{"n":1}"#);
        instance.reset();
    }
}
