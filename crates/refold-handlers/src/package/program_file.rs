//! `process.toml`: which program a version is, and all files that are part of it.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use refold_core::port::system::in_words;
use refold_core::value::{Object, Value};
use refold_guests::ProgramFile;

use super::{NamedFile, PROGRAM};
use crate::document::{Document, find};
use crate::error::{PackageError, code};

/// A program and what it is made of, all together, at most.
const MOST_BYTES: u64 = 64 << 20;
const MOST_FILES: usize = 4_096;
/// What of the folder of a program is no part of it: Python keeps compiled code there, which is made anew.
pub const LEFT_OVER: &str = "__pycache__";

/// Reads the file of a version that is made of these `files`. `name` is how a person knows it.
pub fn read(name: &Arc<str>, source: &[u8], files: &[NamedFile]) -> Result<ProgramFile, PackageError> {
    let document = Document::from_toml(name, source)?;
    let known = ["command", "options"];
    let members = document.members(
        code::PKG_PROGRAM,
        &document.root,
        "the description of a program",
        &known,
    )?;
    let Some(node) = find(members, "command") else {
        let message = "`command` is missing: the program and its arguments, as [\"python3\", \"handler.py\"]";
        return Err(document.error(code::PKG_PROGRAM, document.root.mark, message));
    };
    let words = document.list(code::PKG_PROGRAM, node, "`command`")?;
    let words = words
        .iter()
        .map(|word| document.text(code::PKG_PROGRAM, word, "a word of `command`"));
    let command = words
        .map(|word| word.map(str::to_owned))
        .collect::<Result<Vec<_>, _>>()?;
    if command.first().is_none_or(|program| program.is_empty()) {
        return Err(document.error(code::PKG_PROGRAM, node.mark, "`command` must begin with a program"));
    }
    let options = match find(members, "options") {
        Some(node) => {
            document.map(code::PKG_PROGRAM, node, "`options`")?;
            node.to_value()
        }
        None => Value::Object(Object::default()),
    };
    let files = files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice()));
    ProgramFile::of_files(files, command, options).map_err(|error| {
        let message = format!("cannot copy the files of the program, which runs from a copy: {error}");
        PackageError::nowhere(code::PKG_READ, message)
    })
}

/// Every file of a version's folder that is not among `taken`, by its name from there, with forward slashes.
pub fn other_files(folder: &Path, taken: &[NamedFile]) -> Result<Vec<NamedFile>, PackageError> {
    let (mut files, mut byte_count) = (Vec::new(), 0);
    let mut folders = vec![(folder.to_owned(), String::new())];
    while let Some((folder, prefix)) = folders.pop() {
        let unreadable = |error: std::io::Error| {
            let message = format!(
                "cannot list the files of the program: {}: {}",
                in_words(&error),
                folder.display()
            );
            PackageError::nowhere(code::PKG_READ, message)
        };
        for entry in fs::read_dir(&folder).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            let metadata = entry.metadata().map_err(unreadable)?;
            if metadata.is_dir() {
                if entry.file_name() != LEFT_OVER {
                    folders.push((entry.path(), format!("{name}/")));
                }
                continue;
            }
            if taken.iter().any(|(known, _)| *known == name) {
                continue;
            }
            byte_count += metadata.len();
            if byte_count > MOST_BYTES || files.len() >= MOST_FILES {
                let message = format!(
                    "the folder of {PROGRAM} holds more than {MOST_FILES} files or {}; keep what the program does \
                     not need elsewhere",
                    refold_core::count::exact_size(MOST_BYTES)
                );
                return Err(PackageError::nowhere(code::PKG_PROGRAM, message));
            }
            files.push((name, read_part(&entry.path(), metadata.is_file())?));
        }
    }
    Ok(files)
}

fn read_part(path: &Path, is_file: bool) -> Result<Vec<u8>, PackageError> {
    if !is_file {
        // A link may lead out of the package, and what it leads to is not what was looked at.
        let message = format!("only files and folders can be part of a program: {}", path.display());
        return Err(PackageError::nowhere(code::PKG_PROGRAM, message));
    }
    fs::read(path).map_err(|error| {
        let message = format!("cannot read: {}: {}", in_words(&error), path.display());
        PackageError::nowhere(code::PKG_READ, message)
    })
}
