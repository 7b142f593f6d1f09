//! The payload and the metadata of the event at a moment, kept while they are looked at: a huge one is read once.

use std::collections::HashSet;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use refold_core::event::{Columns, Encoding, EventBatch, EventView};
use refold_core::history::EventSource as _;
use refold_core::pointer::Pointer;
use refold_core::track::Moment;
use refold_core::work::Work;

use super::OpenedHistory;
use crate::error::AppError;
use crate::mask::Part;
use crate::payload::held::Held;
use crate::rows::{RowWindow, Rows, toggled};
use crate::wire::{HexPage, Lens, PayloadHit, PayloadQuery, PayloadView, StateQuery};

/// The document that was looked at last.
#[derive(Default)]
pub struct Documents(Mutex<Option<(Key, Held)>>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Key {
    moment: Moment,
    part: Part,
    /// Of the mask that it went through.
    revision: u64,
}

impl OpenedHistory {
    /// What the document at a moment is.
    pub fn payload_view(&self, work: &Work<'_>, query: &PayloadQuery) -> Result<PayloadView, AppError> {
        self.document(work, query.moment, part_of(query.is_metadata), |held| Ok(held.view()))
    }

    /// Its bytes, sixteen a row.
    pub fn payload_hex(
        &self,
        work: &Work<'_>,
        query: &PayloadQuery,
        first_row: u32,
        row_count: u32,
    ) -> Result<HexPage, AppError> {
        self.document(work, query.moment, part_of(query.is_metadata), |held| {
            Ok(held.hex(first_row, row_count))
        })
    }

    /// The first place behind the one numbered `after` that holds a text; see [`Held::find`].
    pub fn find_in_payload(
        &self,
        work: &Work<'_>,
        query: &PayloadQuery,
        text: &str,
        after: u32,
    ) -> Result<Option<PayloadHit>, AppError> {
        let toggled = toggled(&query.toggled);
        self.document(work, query.moment, part_of(query.is_metadata), |held| {
            held.find(work, text, after, query.is_whole, &toggled)
        })
    }

    /// Writes it to a file, as a person may see it.
    pub fn save_payload(&self, work: &Work<'_>, query: &PayloadQuery, file: &Path) -> Result<(), AppError> {
        let session = Arc::clone(&self.session);
        self.document(work, query.moment, part_of(query.is_metadata), |held| {
            session.log_export(Held::NOUN, file, &held.sha256())?;
            held.save(file, session.path())
        })
    }

    /// The rows in view of its tree.
    pub(super) fn document_rows(
        &self,
        work: &Work<'_>,
        query: &StateQuery,
        toggled: &HashSet<Pointer>,
        window: RowWindow,
    ) -> Result<Rows, AppError> {
        if query.moment == 0 {
            return Ok(Rows::default());
        }
        self.document(work, query.moment, part_of(query.lens == Lens::Metadata), |held| {
            held.rows(work, query.is_whole, toggled, window)
        })
    }

    fn document<T>(
        &self,
        work: &Work<'_>,
        moment: u32,
        part: Part,
        look: impl FnOnce(&mut Held) -> Result<T, AppError>,
    ) -> Result<T, AppError> {
        let key = Key {
            moment: self.known_moment(moment)?,
            part,
            revision: self.session.mask().revision(),
        };
        let mut kept = self.documents.0.lock().unwrap_or_else(PoisonError::into_inner);
        match kept.as_mut() {
            Some((known, held)) if *known == key => look(held),
            _ => {
                let mut held = self.read_document(work, key.moment, part)?;
                let looked = look(&mut held);
                *kept = Some((key, held));
                looked
            }
        }
    }

    fn read_document(&self, work: &Work<'_>, moment: Moment, part: Part) -> Result<Held, AppError> {
        let mut events = self.stream.events(self.session.store(), Columns::ALL);
        let mut batch = EventBatch::default();
        events.read(work, Moment(moment.0.saturating_sub(1)), moment, &mut batch)?;
        let event = batch.event(0);
        let cover = self.session.mask().of_event(&event, self.stream.names(), part);
        let is_payload = part == Part::Payload;
        match self.too_large(&event)?.filter(|_| is_payload) {
            // What no handler is given is looked at as the store holds it.
            Some(stored) => Ok(Held::new(Some(&stored), Encoding::Json, cover)),
            None => Ok(Held::of(&event, is_payload, cover)),
        }
    }

    /// The largest column of an event whose payload was too large to be read; `None` where it was read.
    fn too_large(&self, event: &EventView<'_>) -> Result<Option<Vec<u8>>, AppError> {
        const LARGE_BYTES: usize = 1 << 20;
        if event.encoding != Encoding::Opaque || event.payload != Some(b"") {
            return Ok(None);
        }
        let columns = self.session.store().raw(event.position)?.unwrap_or_default();
        let largest = columns.into_iter().max_by_key(|column| column.bytes.len());
        Ok(largest
            .map(|column| column.bytes)
            .filter(|bytes| bytes.len() > LARGE_BYTES))
    }
}

fn part_of(is_metadata: bool) -> Part {
    if is_metadata { Part::Metadata } else { Part::Payload }
}
