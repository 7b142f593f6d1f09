//! What is made beside the index on demand, part by part: one file for so many events, as the index numbers them, and a
//! manifest that names the parts that are whole.
//!
//! A part is complete before the manifest names it, so a build that was killed goes on. Nothing of another state of the
//! store is taken. It must not know what stands in a part.

mod build;

use std::ops::Range;

use refold_core::event::EventIndex;
use refold_core::port::store::Fingerprint;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

pub(super) use build::{Building, Reading, Sources};

use super::Index;
use super::checked::{FORMAT_VERSION, FileStamp};
use super::error::IndexError;
use super::folder::Folder;
use super::sealed;

/// What a manifest says of one part, of one kind of things that are made in parts.
pub(super) trait PartEntry: Clone + Send + Serialize + DeserializeOwned {
    /// Events of one part.
    const ROWS: u32;
    const MANIFEST: &'static str;
    /// All files of the kind start so, its manifest too; the index leaves them alone.
    const PREFIX: &'static str;

    fn events(&self) -> PartEvents;

    /// All that belong to the part.
    fn files(&self) -> impl Iterator<Item = &FileStamp>;
}

/// Which events a part is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PartEvents {
    /// Those from `number` × [`PartEntry::ROWS`].
    pub(super) number: u32,
    pub(super) rows: u32,
    /// Of its last event, so that a part of another index is noticed.
    pub(super) last_position: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PartsManifest<P> {
    format: u32,
    identity: String,
    /// The state of the store that the parts are of.
    change_token: String,
    generation: u64,
    pub(super) parts: Vec<P>,
}

impl<P: PartEntry> PartsManifest<P> {
    fn empty(fingerprint: &Fingerprint) -> PartsManifest<P> {
        PartsManifest {
            format: FORMAT_VERSION,
            identity: fingerprint.identity.clone(),
            change_token: fingerprint.change_token.clone(),
            generation: 0,
            parts: Vec::new(),
        }
    }

    /// `None` also for that of another state of the store: where anything changed, any event may have.
    fn read(folder: &Folder, fingerprint: &Fingerprint) -> Result<Option<PartsManifest<P>>, IndexError> {
        let manifest = sealed::read::<PartsManifest<P>>(folder, P::MANIFEST)?;
        Ok(manifest.filter(|manifest| {
            manifest.format == FORMAT_VERSION
                && manifest.identity == fingerprint.identity
                && manifest.change_token == fingerprint.change_token
        }))
    }

    fn write(&self, folder: &Folder) -> Result<(), IndexError> {
        sealed::write(folder, P::MANIFEST, self)
    }

    /// Puts in a part, or the same one with more of it.
    fn replace(&mut self, entry: P) {
        let number = |entry: &P| entry.events().number;
        self.parts.retain(|known| number(known) != number(&entry));
        self.parts.push(entry);
        self.parts.sort_by_key(number);
    }

    /// Whether the parts need this file.
    fn names(&self, file: &str) -> bool {
        let is_of = |entry: &P| entry.files().any(|stamp| stamp.name == file);
        file == P::MANIFEST || self.parts.iter().any(is_of)
    }

    /// Its parts that are of this index and whole for it, in order.
    fn parts_of(&self, index: &Index) -> Result<Vec<P>, IndexError> {
        let mut fitting = Vec::new();
        for entry in &self.parts {
            let known = entry.events();
            let events = part_events::<P>(known.number, index.event_count());
            let is_whole = !events.is_empty() && known.rows as usize == events.len();
            if is_whole && index.event(EventIndex(events.end - 1))?.position.0 == known.last_position {
                fitting.push(entry.clone());
            }
        }
        fitting.sort_by_key(|entry| entry.events().number);
        Ok(fitting)
    }
}

/// Whether a file in the folder of an index belongs to the parts of this kind.
pub(super) fn owns<P: PartEntry>(name: &str) -> bool {
    name.starts_with(P::PREFIX)
}

/// Opens all parts of an index by `open`. `None` when there are none that cover every event of it, or one is damaged.
pub(super) fn open_all<P: PartEntry, T>(
    folder: &Folder,
    fingerprint: &Fingerprint,
    index: &Index,
    open: impl FnOnce(&[P]) -> Result<T, IndexError>,
) -> Result<Option<T>, IndexError> {
    let Some(manifest) = PartsManifest::<P>::read(folder, fingerprint)? else {
        return Ok(None);
    };
    let entries = manifest.parts_of(index)?;
    if entries.len() != part_count::<P>(index) as usize {
        return Ok(None);
    }
    match open(&entries) {
        Ok(opened) => Ok(Some(opened)),
        Err(IndexError::Damaged { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// How many parts an index has.
fn part_count<P: PartEntry>(index: &Index) -> u32 {
    index.event_count().div_ceil(P::ROWS)
}

/// The events of a part.
fn part_events<P: PartEntry>(number: u32, event_count: u32) -> Range<u32> {
    let start = number.saturating_mul(P::ROWS).min(event_count);
    start..start.saturating_add(P::ROWS).min(event_count)
}
