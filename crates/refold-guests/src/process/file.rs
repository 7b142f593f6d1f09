//! What a package says of its program.

use std::path::PathBuf;

use refold_core::value::Value;

/// Part of every identity that was made with a program.
pub const PROCESS_ENGINE_ID: &str = "process+refold-ndjson.1";

/// See the module.
#[derive(Debug, Clone, PartialEq)]
pub struct ProgramFile {
    /// The folder that it runs in, the only one of the user's that it can read.
    pub folder: PathBuf,
    /// The program and its arguments. A name without slash is looked for where programs of the system are; one with a
    /// slash is in the folder, unless it begins with one.
    pub command: Vec<String>,
    /// What it is told when it starts.
    pub options: Value,
}
