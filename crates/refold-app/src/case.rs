//! A case: what a person found out about one or several streams, in one file that opens anywhere, without the store.
//!
//! Its events are read by the adapter of case files; this is what else its head holds: notes, places, findings, the
//! handlers and masking rules that were used, and what was left out. It must not know how a store is read.

mod packages;

use std::path::{Path, PathBuf};

use refold_core::finding::{Finding, Findings, Severity};
use refold_core::work::Work;
use refold_stores::case::{FORM, Origin, head_line};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

pub use packages::{Carried, is_of_files};

use crate::error::{AppError, ErrorCode};
use crate::places::Places;
use crate::text;
use crate::wire::{CaseHandlerWire, CaseStreamWire, CaseWire, DocumentPlace, FindingGroup, Note};

/// All that the head of a case file holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Contents {
    /// The form. It stands first: that is how a case file is known.
    pub refold_case: u32,
    pub written_by: String,
    pub written_at: String,
    pub store: Origin,
    /// Whole streams, up to the last event that the store held.
    pub streams: Vec<CaseStream>,
    pub notes: Vec<Note>,
    /// Index of the place that showed.
    pub shown: u32,
    /// Their handlers are names of carried packages, or built in.
    pub places: Vec<DocumentPlace>,
    pub handlers: Vec<Carried>,
    /// Texts of the files of masking rules that held.
    pub masks: Vec<String>,
    /// A sentence each.
    pub left_out: Vec<String>,
    /// As they were when the case was written.
    pub findings: Vec<FindingGroup>,
}

/// One stream of a case; ids as shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseStream {
    pub stream: String,
    pub category: String,
    pub events: u32,
}

impl Contents {
    /// The form of the cases that this version writes.
    pub const FORM: u32 = FORM;

    /// The head line of a file.
    pub fn line(&self) -> Result<String, AppError> {
        let mut line = serde_json::to_string(self).map_err(|error| AppError::internal(error.to_string()))?;
        line.push('\n');
        Ok(line)
    }
}

/// A case file that is open.
#[derive(Debug)]
pub struct Case {
    contents: Contents,
    /// Where its handlers and masking rules were unpacked: a folder of the cache.
    folder: PathBuf,
    /// Why they were not, if they could not be.
    failure: Option<String>,
}

impl Case {
    /// The case at `path`; `None`: what is there is a store. Handlers and masking rules are unpacked into the cache.
    pub fn open(work: &Work<'_>, path: &Path, places: &Places) -> Result<Option<Case>, AppError> {
        let Some(line) = head_line(path, &places.scratch(), work)? else {
            return Ok(None);
        };
        let contents = parse(&line).map_err(|why| {
            AppError::new(
                ErrorCode::Corrupt,
                format!("the case file cannot be used: {why}: {}", path.display()),
                "get the file again from whom it came",
            )
        })?;
        let digest = Sha256::digest(&line);
        let name = text::hex(digest.get(..16).unwrap_or_default());
        let folder = places.cache.join("cases").join(name);
        let failure = contents.unpack(&folder).err().map(|error| error.to_string());
        Ok(Some(Case {
            contents,
            folder,
            failure,
        }))
    }

    pub fn contents(&self) -> &Contents {
        &self.contents
    }

    /// Stands in for the store where something is looked for beside it: its handlers are there.
    pub fn beside(&self) -> PathBuf {
        self.folder.join("case")
    }

    /// The files of masking rules that held when it was written.
    ///
    /// # Errors
    /// When they could not be unpacked: what was hidden must not be shown because a disk is full.
    pub fn mask_files(&self) -> Result<Vec<PathBuf>, AppError> {
        match &self.failure {
            Some(why) if !self.contents.masks.is_empty() => Err(AppError::new(
                ErrorCode::Denied,
                format!(
                    "the masking rules of the case cannot be unpacked ({why}): {}",
                    self.folder.display()
                ),
                "make room and rights there, or set REFOLD_HOME to another folder",
            )),
            _ => Ok((0..self.contents.masks.len())
                .map(|number| mask_file(&self.folder, number))
                .collect()),
        }
    }

    /// What a handler of one of its places is called here; `None`: it is not in the file.
    fn reference(&self, handler: &str) -> Option<String> {
        match self
            .contents
            .handlers
            .iter()
            .find(|carried| carried.reference() == handler)
        {
            Some(carried) if carried.files.is_empty() => None,
            Some(carried) => Some(carried.unpacked(&self.folder)),
            // Built in.
            None => Some(handler.to_owned()),
        }
    }

    /// Says what is not here, and what could not be unpacked.
    pub fn report(&self, findings: &Findings) {
        let report = |code: &'static str, severity: Severity, detail: String| {
            findings.report(Finding {
                code,
                severity,
                stream: None,
                version: None,
                position: None,
                detail,
            });
        };
        for sentence in &self.contents.left_out {
            report("left-out", Severity::Notice, sentence.clone());
        }
        if let Some(why) = &self.failure {
            let folder = self.folder.display();
            let detail = format!("the handlers of the case cannot be unpacked into {folder}: {why}");
            report("no-cache", Severity::Notice, detail);
        }
    }

    /// As it crosses to the window. `location`: where the file is.
    pub fn wire(&self, location: &str) -> CaseWire {
        let Contents {
            findings,
            handlers,
            left_out,
            notes,
            places,
            shown,
            store,
            streams,
            written_at,
            written_by,
            ..
        } = &self.contents;
        let place = |place: &DocumentPlace| DocumentPlace {
            store: Some(location.to_owned()),
            layout: Some(refold_stores::case::LAYOUT.0.to_owned()),
            handler: place.handler.as_deref().and_then(|handler| self.reference(handler)),
            ..place.clone()
        };
        CaseWire {
            written_at: written_at.clone(),
            written_by: written_by.clone(),
            store: store.location.clone(),
            store_kind: store.kind.clone(),
            store_layout: store.layout_title.clone(),
            store_identity: store.identity.clone(),
            last_position: store.last_position.clone(),
            last_position_recorded_at: store.last_position_recorded_at.clone(),
            events_until: store.events_until.clone(),
            streams: streams
                .iter()
                .map(|of| CaseStreamWire {
                    stream: of.stream.clone(),
                    category: of.category.clone(),
                    events: of.events,
                })
                .collect(),
            notes: u32::try_from(notes.len()).unwrap_or(u32::MAX),
            handlers: handlers
                .iter()
                .map(|carried| CaseHandlerWire {
                    name: carried.name.clone(),
                    version: carried.version.clone(),
                    hash: carried.hash.clone(),
                    reference: self.reference(&carried.reference()),
                })
                .collect(),
            left_out: left_out.clone(),
            findings: findings.clone(),
            shown: *shown,
            places: places.iter().map(place).collect(),
        }
    }
}

fn parse(line: &[u8]) -> Result<Contents, String> {
    let contents: Contents =
        serde_json::from_slice(line).map_err(|error| format!("its head cannot be read: {error}"))?;
    contents.handlers.iter().try_for_each(Carried::check)?;
    Ok(contents)
}

impl Contents {
    fn unpack(&self, folder: &Path) -> Result<(), AppError> {
        for carried in &self.handlers {
            carried.unpack(folder)?;
        }
        for (number, text) in self.masks.iter().enumerate() {
            packages::put(&mask_file(folder, number), text.as_bytes())?;
        }
        Ok(())
    }
}

fn mask_file(folder: &Path, number: usize) -> PathBuf {
    folder.join("masks").join(format!("{number}.toml"))
}

#[cfg(test)]
mod tests;
