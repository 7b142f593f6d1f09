//! The manifest: which files make up the index, of which store, up to where. Written last; what it does not name
//! does not exist.
//!
//! While an index is built, or brought up to date, a second manifest names the segments that are finished. The one of
//! the index as it was stays until the new one takes its place, so that readers have that until then.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use refold_core::event::{Position, Version};
use refold_core::finding::{Finding, Findings, Severity};
use refold_core::port::store::Fingerprint;

use super::checked::{FORMAT_VERSION, FileStamp, MANIFESTS};
use super::checks;
use super::error::IndexError;
use super::folder::Folder;
use super::places::Places;
use super::sealed;

const COMPLETE: &str = MANIFESTS[0];
const GROWING: &str = MANIFESTS[1];

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    format: u32,
    pub(super) identity: String,
    pub(super) change_token: String,
    /// Whether all indexed events were found in the store when it was last added to; else only the last of them were.
    #[serde(default = "yes")]
    pub(super) is_compared: bool,
    /// Grows with every build, so that a file name is never used twice.
    pub(super) generation: u64,
    pub(super) segments: Vec<SegmentEntry>,
    /// `None` while the segments are still being read: a build goes on from here.
    pub(super) derived: Option<DerivedEntry>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SegmentEntry {
    pub(super) file: FileStamp,
    pub(super) rows: u32,
    /// How many streams first appear in it.
    pub(super) streams: u32,
    pub(super) last_position: i64,
}

/// What is made from the finished segments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct DerivedEntry {
    pub(super) streams: FileStamp,
    pub(super) orders: FileStamp,
    pub(super) events_by_stream: FileStamp,
    pub(super) density: FileStamp,
    /// `None` where times ascend with positions and every event has one: then the columns of the segments serve.
    pub(super) times: Option<FileStamp>,
    /// How many events of each type, by ordinal.
    pub(super) type_events: Vec<u32>,
    pub(super) findings: Vec<StoredFinding>,
}

impl Manifest {
    pub(super) fn empty(identity: &str) -> Manifest {
        Manifest {
            format: FORMAT_VERSION,
            identity: identity.to_owned(),
            change_token: String::new(),
            is_compared: true,
            generation: 0,
            segments: Vec::new(),
            derived: None,
        }
    }

    /// Whether it stands for the store as it is now, as far as can be known.
    pub(super) fn is_of(&self, fingerprint: &Fingerprint) -> bool {
        self.is_compared && self.change_token == fingerprint.change_token
    }

    /// The manifest of the index. `None` when there is none, or one that is damaged, of another store or of another
    /// format: then the index is built from nothing.
    pub(super) fn read(folder: &Folder, identity: &str) -> Result<Option<Manifest>, IndexError> {
        let manifest = Manifest::read_from(folder, COMPLETE, identity)?;
        Ok(manifest.filter(|manifest| manifest.derived.is_some()))
    }

    /// The manifest of a build that was killed, cancelled or has failed, and came further than the index.
    pub(super) fn read_growing(folder: &Folder, identity: &str) -> Result<Option<Manifest>, IndexError> {
        let complete = Manifest::read(folder, identity)?.map_or(0, |manifest| manifest.generation);
        let growing = Manifest::read_from(folder, GROWING, identity)?;
        Ok(growing.filter(|manifest| manifest.generation > complete))
    }

    fn read_from(folder: &Folder, name: &str, identity: &str) -> Result<Option<Manifest>, IndexError> {
        let manifest = sealed::read::<Manifest>(folder, name)?;
        Ok(manifest.filter(|manifest| manifest.format == FORMAT_VERSION && manifest.identity == identity))
    }

    /// Writes it as the manifest of the index where it is complete, else beside that.
    pub(super) fn write(&self, folder: &Folder) -> Result<(), IndexError> {
        sealed::write(folder, self.name(), self)
    }

    /// Whether the manifest needs this file, itself among them.
    pub(super) fn names(&self, file: &str) -> bool {
        file == self.name() || self.files().any(|stamp| stamp.name == file)
    }

    fn name(&self) -> &'static str {
        if self.derived.is_some() { COMPLETE } else { GROWING }
    }

    fn files(&self) -> impl Iterator<Item = &FileStamp> {
        let derived = self.derived.iter().flat_map(|entry| {
            let always = [&entry.streams, &entry.orders, &entry.events_by_stream, &entry.density];
            always.into_iter().chain(&entry.times)
        });
        self.segments.iter().map(|segment| &segment.file).chain(derived)
    }
}

/// What a manifest that does not say it means.
fn yes() -> bool {
    true
}

/// All findings of one code, as they are kept between two openings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StoredFinding {
    pub(super) code: String,
    pub(super) count: u64,
    pub(super) kept: Vec<StoredExample>,
    /// Of all of them that are about a position, where the reader said so.
    #[serde(default)]
    pub(super) places: Places,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StoredExample {
    severity: u8,
    stream: Option<Vec<u8>>,
    version: Option<i64>,
    position: Option<i64>,
    detail: String,
}

impl StoredFinding {
    pub(super) fn all_of(findings: &Findings) -> Vec<StoredFinding> {
        let summary = findings.summary().into_iter();
        let stored = summary.map(|(code, count, kept)| StoredFinding {
            code: code.to_owned(),
            count,
            kept: kept.into_iter().map(StoredExample::of).collect(),
            places: Places::of(findings.places(code)),
        });
        stored.collect()
    }

    /// Adds `more`, which was found behind what is in `all`.
    pub(super) fn merge(all: &mut Vec<StoredFinding>, more: Vec<StoredFinding>) {
        for new in more {
            match all.iter_mut().find(|found| found.code == new.code) {
                Some(found) => {
                    found.count += new.count;
                    found.kept.extend(new.kept);
                    found.kept.truncate(Findings::KEPT_PER_CODE);
                    found.places.add(&new.places);
                }
                None => all.push(new),
            }
        }
        all.sort_by(|a, b| a.code.cmp(&b.code));
    }

    /// Reports them as if they were found now.
    pub(super) fn report_all(stored: &[StoredFinding], findings: &Findings) {
        for found in stored {
            let code = code_of(&found.code);
            let kept = found.kept.iter().map(|example| example.restore(code));
            findings.report_many(code, found.count, kept.collect());
        }
    }

    pub(super) fn to_bytes(findings: &[StoredFinding]) -> Vec<u8> {
        serde_json::to_vec(findings).unwrap_or_default() // numbers, texts and lists cannot fail
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Vec<StoredFinding>> {
        serde_json::from_slice(bytes).ok()
    }
}

impl StoredExample {
    fn of(finding: Finding) -> StoredExample {
        StoredExample {
            severity: match finding.severity {
                Severity::Notice => 0,
                Severity::Warning => 1,
                Severity::Error => 2,
            },
            stream: finding.stream.map(Vec::from),
            version: finding.version.map(|version| version.0),
            position: finding.position.map(|position| position.0),
            detail: finding.detail,
        }
    }

    fn restore(&self, code: &'static str) -> Finding {
        Finding {
            code,
            severity: match self.severity {
                0 => Severity::Notice,
                1 => Severity::Warning,
                _ => Severity::Error, // 2 is all that is ever written beside 0 and 1
            },
            stream: self.stream.as_deref().map(Box::from),
            version: self.version.map(Version),
            position: self.position.map(Position),
            detail: self.detail.clone(),
        }
    }
}

/// The code of a finding as the rest of the program knows it. Codes are few and fixed by the program that wrote the
/// index; one that this program does not know is kept for as long as it runs.
fn code_of(stored: &str) -> &'static str {
    static OTHERS: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    if let Some(code) = checks::CODES.iter().find(|code| **code == stored) {
        return code;
    }
    let mut others = OTHERS.lock().unwrap_or_else(PoisonError::into_inner);
    match others.get(stored) {
        Some(code) => code,
        None => {
            let code: &'static str = Box::leak(stored.into());
            others.insert(code);
            code
        }
    }
}
