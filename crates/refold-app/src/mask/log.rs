//! The log of what was revealed: one line of JSON an act, in the user's data folder, only ever added to.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use refold_core::port::system::in_words;
use serde::Serialize;

use super::{Part, Reveal};
use crate::access::{Access, Act};
use crate::clock;
use crate::error::{AppError, ErrorCode};
use crate::text;
use crate::who;

/// Where what is revealed of one store is written down.
#[derive(Debug, Clone)]
pub struct Log {
    file: PathBuf,
    store: String,
    /// That of the connection, which has a line of each reveal too.
    access: Option<Arc<Access>>,
}

/// One act.
#[derive(Debug, Clone, Serialize)]
pub struct Entry {
    action: &'static str,
    /// The one stream that it is about; `null`: all of them.
    stream: Option<text::Exact>,
    /// Of a file: the streams that are in it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    streams: Vec<text::Exact>,
    part: Option<Part>,
    /// A JSON pointer; empty: everything of that stream and part.
    path: String,
    /// Whether it is all that is hidden of the store: no stream, part or path says so by itself.
    everything: bool,
    /// Where it was written to.
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    reason: String,
}

impl Entry {
    pub fn new(action: &'static str, reveal: &Reveal, reason: &str) -> Entry {
        Entry {
            action,
            stream: reveal.stream.as_deref().map(text::exact),
            streams: Vec::new(),
            part: reveal.part,
            path: reveal.path.to_string(),
            everything: reveal.is_everything(),
            file: None,
            reason: reason.trim().to_owned(),
        }
    }

    /// What was revealed stands in what was written, `case` or `report`, of these streams.
    pub fn written(action: &'static str, reveal: &Reveal, streams: &[&[u8]], file: &Path) -> Entry {
        Entry {
            streams: streams.iter().map(|stream| text::exact(stream)).collect(),
            file: Some(file.display().to_string()),
            ..Entry::new(action, reveal, "")
        }
    }
}

impl Log {
    pub fn new(data: &Path, store: &str) -> Log {
        Log {
            file: data.join("reveals.jsonl"),
            store: store.to_owned(),
            access: None,
        }
    }

    /// The same, with a line in the log of a connection too.
    pub fn beside(self, access: Option<Arc<Access>>) -> Log {
        Log { access, ..self }
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
            who: who::name(),
            store: &self.store,
            entry,
        };
        let failed = |error: std::io::Error| {
            AppError::new(
                ErrorCode::Denied,
                format!(
                    "nothing is revealed, because the log cannot be written ({}): {}",
                    in_words(&error),
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
            .map_err(failed)?;
        match &self.access {
            Some(access) if entry.action == "reveal" => access.append(&Act::Revealed {
                stream: entry.stream.as_ref(),
                part: entry.part,
                path: &entry.path,
                reason: &entry.reason,
            }),
            _ => Ok(()),
        }
    }

    fn open(&self) -> std::io::Result<File> {
        if let Some(folder) = self.file.parent() {
            std::fs::create_dir_all(folder)?;
        }
        OpenOptions::new().append(true).create(true).open(&self.file)
    }
}
