//! Masking: fields that rule files mark as sensitive are hidden until somebody reveals them, and revealing is logged.
//!
//! Whatever leaves this crate towards a face went through a [`Cover`]: no value that is hidden reaches the page, a
//! clipboard, a file or a terminal. Handlers fold the real values. It must not know how a face draws what is hidden.

mod cover;
mod excerpt;
mod log;
mod rules;
mod speech;
mod wire;

use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};

use refold_core::event::{EventView, TypeOrdinal};
use refold_core::finding::{Finding, Findings, Severity};
use refold_core::names::Names;
use refold_core::pointer::Pointer;
use serde::{Deserialize, Serialize};

pub use cover::{Cover, Places as MaskPlaces, Verdict};
pub use excerpt::{Column, Excerpt, Fate, Holder, Left, PersonKey, Shown};
pub use log::{Entry, Log};
pub use rules::{FILE, Rule, text};
pub use speech::{masked, unquoted};

use crate::error::AppError;

/// What a rule can speak of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    Payload,
    Metadata,
    State,
}

impl Part {
    pub const ALL: [Part; 3] = [Part::Payload, Part::Metadata, Part::State];
}

/// What was revealed: everything at and below a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reveal {
    /// `None`: in every stream.
    pub stream: Option<Vec<u8>>,
    /// `None`: in payloads, metadata and states.
    pub part: Option<Part>,
    pub path: Pointer,
}

impl Reveal {
    /// Whether it is of all that is hidden of a store.
    pub fn is_everything(&self) -> bool {
        self.stream.is_none() && self.part.is_none() && self.path.is_root()
    }

    /// At a JSON pointer, or `all`, in everything of a store.
    pub fn everywhere(path: &str) -> Result<Reveal, AppError> {
        let path = if path == "all" { "" } else { path };
        let path = Pointer::parse(path)
            .map_err(|error| AppError::invalid(error.to_string(), "write the path as /customer/email, or all"))?;
        Ok(Reveal {
            stream: None,
            part: None,
            path,
        })
    }
}

/// The rules that hold for one open store, and what was revealed of it.
#[derive(Debug, Default)]
pub struct Mask {
    inner: RwLock<Inner>,
    log: Option<Log>,
}

#[derive(Debug, Default)]
struct Inner {
    /// With the files that they came from.
    files: Vec<(PathBuf, Vec<Rule>)>,
    reveals: Vec<Reveal>,
    /// Grows with every reveal and when one is undone.
    revision: u64,
}

impl Mask {
    /// The rules at hand for the store at `location`, and those of `named`. What is revealed is written to `log`.
    pub fn load(config: &Path, location: &Path, named: Option<&Path>, log: Log) -> Result<Mask, AppError> {
        let mask = Mask {
            log: Some(log),
            ..Mask::default()
        };
        for file in rules::at_hand(config, location)? {
            mask.add(&file)?;
        }
        if let Some(file) = named {
            mask.add(file)?;
        }
        Ok(mask)
    }

    /// The same rules and reveals, to which more can be added that hold nowhere else. What is revealed goes to the same log.
    pub fn own_copy(&self) -> Mask {
        let inner = self.read(|inner| Inner {
            files: inner.files.clone(),
            reveals: inner.reveals.clone(),
            revision: inner.revision,
        });
        Mask {
            inner: RwLock::new(inner),
            log: self.log.clone(),
        }
    }

    /// Adds the rules of a file, once.
    pub fn add(&self, file: &Path) -> Result<(), AppError> {
        let file = file.canonicalize().unwrap_or_else(|_| file.to_owned());
        let is_known = self.read(|inner| inner.files.iter().any(|(known, _)| *known == file));
        if !is_known {
            let rules = rules::read(&file)?;
            self.write(|inner| {
                inner.files.push((file, rules));
                inner.revision += 1;
            });
        }
        Ok(())
    }

    /// The rules of one file.
    pub fn rules_of(&self, file: &Path) -> Vec<Rule> {
        let file = file.canonicalize().unwrap_or_else(|_| file.to_owned());
        let of_file = |inner: &Inner| inner.files.iter().find(|(known, _)| *known == file).cloned();
        self.read(of_file).map(|(_, rules)| rules).unwrap_or_default()
    }

    /// The texts of the rule files that hold.
    pub fn texts(&self) -> Result<Vec<String>, AppError> {
        let files = self.read(|inner| inner.files.iter().map(|(file, _)| file.clone()).collect::<Vec<_>>());
        files.iter().map(|file| rules::text(file)).collect()
    }

    /// Whether any rule holds, of anything.
    pub fn has_rules(&self) -> bool {
        self.read(|inner| inner.files.iter().any(|(_, rules)| !rules.is_empty()))
    }

    /// Whether any rule speaks of what lies at, below or above this path, so that revealing it can show anything.
    pub fn has_rule_at(&self, reveal: &Reveal) -> bool {
        let path = cover::segments(&reveal.path);
        self.read(|inner| {
            let mut rules = inner.files.iter().flat_map(|(_, rules)| rules);
            rules.any(|rule| rules::meet(&rule.path, &path))
        })
    }

    /// What is hidden of a part of the events of a type, or of the states of a category.
    pub fn cover(&self, stream: &[u8], category: &[u8], event_type: Option<&[u8]>, part: Part) -> Cover {
        self.read(|inner| {
            let rules = inner.files.iter().flat_map(|(_, rules)| rules);
            let patterns = rules.filter(|rule| rule.speaks_of(part, category, event_type));
            let reveals = inner.reveals.iter().filter(|reveal| {
                reveal.part.is_none_or(|of| of == part) && reveal.stream.as_deref().is_none_or(|of| of == stream)
            });
            Cover::new(
                patterns.map(|rule| rule.path.clone()).collect(),
                reveals.map(|reveal| cover::segments(&reveal.path)).collect(),
            )
        })
    }

    /// Whether a rule speaks of anything in the events or states of a stream, and nothing revealed undoes it.
    pub fn is_hiding(&self, stream: &[u8], category: &[u8]) -> bool {
        let is_covered = |part: &Part| !self.cover(stream, category, None, *part).is_empty();
        Part::ALL.iter().any(is_covered)
    }

    /// What is hidden of a part of an event.
    pub fn of_event(&self, event: &EventView<'_>, names: &Names, part: Part) -> Cover {
        self.of_type(names, event, event.event_type, part)
    }

    fn of_type(&self, names: &Names, event: &EventView<'_>, of: TypeOrdinal, part: Part) -> Cover {
        let (stream, category) = (names.stream(event.stream), names.category(event.stream));
        self.cover(stream, category, Some(names.type_name(of)), part)
    }

    /// Shows what was hidden at a path, for this session. It is logged first; what cannot be logged stays hidden.
    pub fn reveal(&self, reveal: Reveal, reason: &str) -> Result<(), AppError> {
        if reason.trim().is_empty() {
            return Err(AppError::invalid(
                "a reason must be given for revealing",
                "say in a few words what it is for; it is kept in the log with your name",
            ));
        }
        self.write_log("reveal", Some(&reveal), reason)?;
        self.write(|inner| {
            inner.reveals.retain(|known| *known != reveal);
            inner.reveals.push(reveal);
            inner.revision += 1;
        });
        Ok(())
    }

    /// Logs that a case file or a report (`action`: `case`, `report`) holds what is revealed now, of these streams.
    pub fn log_written<'a>(
        &self,
        action: &'static str,
        streams: impl Iterator<Item = &'a [u8]>,
        file: &Path,
    ) -> Result<(), AppError> {
        let streams: Vec<&[u8]> = streams.collect();
        let Some(log) = &self.log else { return Ok(()) };
        for reveal in self.reveals() {
            let of_reveal = |stream: &&&[u8]| reveal.stream.as_deref().is_none_or(|of| of == **stream);
            let shown: Vec<&[u8]> = streams.iter().filter(of_reveal).copied().collect();
            if !shown.is_empty() {
                log.append(&Entry::written(action, &reveal, &shown, file))?;
            }
        }
        Ok(())
    }

    /// Hides again what was revealed last, or all of it. Says whether there was anything.
    pub fn conceal(&self, is_all: bool) -> Result<bool, AppError> {
        let concealed: Vec<Reveal> = self.write(|inner| {
            inner.revision += 1;
            match is_all {
                true => std::mem::take(&mut inner.reveals),
                false => inner.reveals.pop().into_iter().collect(),
            }
        });
        for reveal in &concealed {
            self.write_log("conceal", Some(reveal), "")?;
        }
        Ok(!concealed.is_empty())
    }

    /// Another number: what was covered before may be hidden or shown now.
    pub fn revision(&self) -> u64 {
        self.read(|inner| inner.revision)
    }

    /// What is revealed now, the oldest first.
    pub fn reveals(&self) -> Vec<Reveal> {
        self.read(|inner| inner.reveals.clone())
    }

    /// Says that parts of an answer may be hidden, where a rule speaks of this category and nothing revealed undoes it.
    pub fn report(&self, category: &[u8], findings: &Findings) {
        if self.is_hiding(b"", category) {
            self.report_hidden(
                findings,
                "masking rules hide fields of this category, each shown as [redacted]",
            );
        }
    }

    /// Says that a search did not look into what is hidden.
    pub fn report_search(&self, findings: &Findings) {
        let is_whole = self
            .reveals()
            .iter()
            .any(|reveal| reveal.stream.is_none() && reveal.part.is_none() && reveal.path.is_root());
        if self.has_rules() && !is_whole {
            self.report_hidden(
                findings,
                "fields that masking rules hide were not searched: an event is found by what is shown of it alone",
            );
        }
    }

    fn report_hidden(&self, findings: &Findings, detail: &str) {
        findings.report_with("redacted", None, || Finding {
            code: "redacted",
            severity: Severity::Notice,
            stream: None,
            version: None,
            position: None,
            detail: detail.to_owned(),
        });
    }

    fn write_log(&self, action: &'static str, reveal: Option<&Reveal>, reason: &str) -> Result<(), AppError> {
        match (&self.log, reveal) {
            (Some(log), Some(reveal)) => log.append(&Entry::new(action, reveal, reason)),
            _ => Ok(()),
        }
    }

    fn read<T>(&self, look: impl FnOnce(&Inner) -> T) -> T {
        look(&self.inner.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write<T>(&self, change: impl FnOnce(&mut Inner) -> T) -> T {
        change(&mut self.inner.write().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests;
