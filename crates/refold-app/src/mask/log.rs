//! The log of what was revealed: one line of JSON an act, in the user's data folder, only ever added to.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{Part, Reveal};
use crate::clock;
use crate::error::{AppError, ErrorCode};
use crate::text;

/// Where what is revealed of one store is written down.
#[derive(Debug, Clone)]
pub struct Log {
    file: PathBuf,
    store: String,
}

/// One act.
#[derive(Debug, Clone, Serialize)]
pub struct Entry {
    action: &'static str,
    stream: Option<text::Exact>,
    part: Option<Part>,
    /// A JSON pointer; empty: everything.
    path: String,
    reason: String,
}

impl Entry {
    pub fn new(action: &'static str, reveal: &Reveal, reason: &str) -> Entry {
        Entry {
            action,
            stream: reveal.stream.as_deref().map(text::exact),
            part: reveal.part,
            path: reveal.path.to_string(),
            reason: reason.trim().to_owned(),
        }
    }
}

impl Log {
    pub fn new(data: &Path, store: &str) -> Log {
        Log {
            file: data.join("reveals.jsonl"),
            store: store.to_owned(),
        }
    }

    /// Adds a line, and comes back when it is on the disk.
    pub fn append(&self, entry: &Entry) -> Result<(), AppError> {
        #[derive(Serialize)]
        struct Line<'a> {
            at: String,
            who: String,
            store: &'a str,
            #[serde(flatten)]
            entry: &'a Entry,
        }
        let line = Line {
            at: text::time_label(clock::now(), 3),
            who: who(),
            store: &self.store,
            entry,
        };
        let failed = |error: std::io::Error| {
            AppError::new(
                ErrorCode::Denied,
                format!(
                    "nothing is revealed, because the log cannot be written ({error}): {}",
                    self.file.display()
                ),
                "make room and rights there, or set REFOLD_HOME to another folder",
            )
        };
        let mut text = serde_json::to_string(&line).map_err(|error| AppError::internal(error.to_string()))?;
        text.push('\n');
        let mut file = self.open().map_err(failed)?;
        // In one write, so that two programs do not mix their lines.
        file.write_all(text.as_bytes())
            .and_then(|()| file.sync_data())
            .map_err(failed)
    }

    fn open(&self) -> std::io::Result<File> {
        if let Some(folder) = self.file.parent() {
            std::fs::create_dir_all(folder)?;
        }
        OpenOptions::new().append(true).create(true).open(&self.file)
    }
}

/// The name that the system knows the user by.
fn who() -> String {
    ["USER", "LOGNAME", "USERNAME"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|name| !name.is_empty()))
        .unwrap_or_else(|| "unknown".to_owned())
}
