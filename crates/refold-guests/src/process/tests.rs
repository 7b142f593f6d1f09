//! Programs in Python, written for a test: what they are sent, what their answers come to, and what they cannot do.

mod hostile;
mod right;

use std::path::Path;

use refold_core::value::Value;

use super::{PROCESS_ENGINE_ID, ProcessProgram, ProgramFile, Walls};
use crate::error::LoadError;
use crate::limits::GuestLimits;
use crate::tests::identity;

/// What every program here begins with.
const PRELUDE: &str = "
import json, os, sys, time
def say(answer):
    sys.stdout.write(json.dumps(answer) + '\\n')
    sys.stdout.flush()
";

/// Starts this text behind these walls.
fn load(folder: &Path, source: &str, limits: GuestLimits, walls: &Walls) -> Result<ProcessProgram, LoadError> {
    std::fs::write(folder.join("handler.py"), format!("{PRELUDE}{source}")).unwrap();
    let file = ProgramFile {
        folder: folder.to_owned(),
        command: vec!["python3".to_owned(), "handler.py".to_owned()],
        options: Value::from_json(br#"{"step":2}"#, 4).unwrap(),
    };
    ProcessProgram::load(identity(PROCESS_ENGINE_ID), file, limits, walls.clone())
}

/// All walls that there are here. At least one kind must be.
fn walls() -> Vec<Walls> {
    let (found, lacking) = Walls::all();
    println!("walls here: {found:?}; lacking: {lacking:?}");
    assert!(!found.is_empty(), "nothing keeps a program in here: {lacking:?}");
    found
}
