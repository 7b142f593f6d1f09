//! Programs in Python, written for a test: what they are sent, what their answers come to, and what they cannot do.

mod ahead;
mod cancelled;
mod ends;
mod hostile;
mod late;
mod right;

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

/// A program of this text.
fn file(source: &str) -> ProgramFile {
    let source = format!("{PRELUDE}{source}");
    let command = vec!["python3".to_owned(), "handler.py".to_owned()];
    let options = Value::from_json(br#"{"step":2}"#, 4).unwrap();
    ProgramFile::of_files([("handler.py", source.as_bytes())], command, options).unwrap()
}

/// Starts this text behind these walls.
fn load(source: &str, limits: GuestLimits, walls: &Walls) -> Result<ProcessProgram, LoadError> {
    ProcessProgram::load(identity(PROCESS_ENGINE_ID), file(source), limits, walls.clone())
}

/// All walls that there are here. At least one kind must be.
fn walls() -> Vec<Walls> {
    let (found, lacking) = Walls::all();
    println!("walls here: {found:?}; lacking: {lacking:?}");
    assert!(!found.is_empty(), "nothing keeps a program in here: {lacking:?}");
    found
}
