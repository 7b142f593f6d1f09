//! What a search of the window has found so far: rows in position order, of which any page can be asked for while the
//! search goes on.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use refold_core::event::{Position, Version};
use refold_core::time::Timestamp;
use refold_stores::index::Field;

use super::Found;
use super::excerpt::Excerpt;
use crate::text;
use crate::wire::{FoundPage, FoundRow};

/// More are not listed. The search ends there, and the window says so.
pub const MOST_ROWS: u32 = 100_000;
/// A page has at most so many rows.
const MAX_PAGE_ROWS: u32 = 1_000;

/// The rows of one search.
#[derive(Default)]
pub struct FoundRows {
    rows: Mutex<Vec<Row>>,
}

struct Row {
    position: Position,
    version: Version,
    recorded_at: Timestamp,
    stream: Box<str>,
    /// Types are few: equal ones share their text.
    event_type: Arc<str>,
    excerpt: Excerpt,
}

impl FoundRows {
    /// Adds an event and says how many rows there are then.
    pub fn push(&self, found: &Found<'_>) -> u32 {
        let Found { event, names, .. } = found;
        let excerpt = Excerpt::of(event, found.needle);
        let event_type = text::shown(names.type_name(event.event_type));
        let mut rows = self.lock();
        let known = rows.iter().rev().take(32).find(|row| *row.event_type == *event_type);
        let event_type = known.map_or_else(|| event_type.as_str().into(), |row| Arc::clone(&row.event_type));
        rows.push(Row {
            position: event.position,
            version: event.version,
            recorded_at: event.recorded_at,
            stream: text::shown(names.stream(event.stream)).into(),
            event_type,
            excerpt,
        });
        u32::try_from(rows.len()).unwrap_or(u32::MAX)
    }

    pub fn count(&self) -> u32 {
        u32::try_from(self.lock().len()).unwrap_or(u32::MAX)
    }

    /// `digits`: the precision of the store's times.
    pub fn page(&self, offset: u32, limit: u32, digits: u8) -> FoundPage {
        let rows = self.lock();
        let page = rows
            .iter()
            .skip(offset as usize)
            .take(limit.min(MAX_PAGE_ROWS) as usize);
        FoundPage {
            total: u32::try_from(rows.len()).unwrap_or(u32::MAX),
            rows: page.map(|row| row.wire(digits)).collect(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Row>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Row {
    fn wire(&self, digits: u8) -> FoundRow {
        let Excerpt {
            field,
            before,
            hit,
            after,
            is_cut_before,
            is_cut_after,
        } = &self.excerpt;
        let dots = |is_cut: bool| if is_cut { "…" } else { "" };
        FoundRow {
            position: text::position_label(self.position),
            version: text::version_label(self.version),
            stream: self.stream.to_string(),
            event_type: self.event_type.to_string(),
            recorded_at: text::time_label(self.recorded_at, digits),
            is_in_metadata: *field == Some(Field::Metadata),
            before: format!("{}{before}", dots(*is_cut_before)),
            hit: hit.to_string(),
            after: format!("{after}{}", dots(*is_cut_after)),
        }
    }
}
