//! The fields of an opened history whose every value is known: read once, then asked for in pages and lanes.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use refold_core::pointer::Pointer;
use refold_core::track::Moment;
use refold_core::value::{Number, Value};
use refold_core::work::Work;

use super::OpenedHistory;
use crate::error::AppError;
use crate::text;
use crate::text::shown_value;
use crate::usecase::field_history::{FieldHistory, FieldValue, path_of, write_csv};
use crate::usecase::watch::{FieldShape, lane, shape_of};
use crate::wire::{DensityQuery, FieldPage, FieldRead, FieldRow, Lane};

/// More than a person can watch at once: five lanes, and the field whose history is listed.
const KEPT_FIELDS: usize = 8;
/// A page has at most so many rows.
const MAX_ROWS: u32 = 10_000;

/// The latest asked is the last; the first makes room.
#[derive(Default)]
pub struct KnownFields(Mutex<Vec<Arc<Known>>>);

struct Known {
    /// The history had so many events then.
    head: Moment,
    field: FieldHistory,
    shape: FieldShape,
    /// Of the mask that its values went through.
    revision: u64,
}

impl OpenedHistory {
    /// Reads every value of a place; answered from memory when it was read before.
    pub fn read_field(&self, work: &Work<'_>, path: &str) -> Result<FieldRead, AppError> {
        let path = path_of(path)?;
        let revision = self.session.mask().revision();
        let head = self.stream.track.head();
        let known = match self.fields.find(&path, revision) {
            Some(known) if known.head == head => known,
            _ => {
                let program = self.opening.program.as_ref();
                let field = FieldHistory::read(work, &self.session, &self.stream, program, &path, None)?;
                let shape = shape_of(&field);
                self.fields.keep(Known {
                    head,
                    field,
                    shape,
                    revision,
                })
            }
        };
        let literal = |number: Option<&Number>| {
            number.map_or_else(String::new, |number| shown_value(&Value::Number(number.clone())))
        };
        let span = known.shape.span.as_ref();
        let since = known.field.incomplete_since;
        Ok(FieldRead {
            path: text::shown(path.to_string().as_bytes()),
            values: u32::try_from(known.field.count()).unwrap_or(u32::MAX),
            kind: known.shape.kind,
            least: literal(span.map(|(least, _)| least)),
            greatest: literal(span.map(|(_, greatest)| greatest)),
            incomplete_since: since.map(|moment| self.stream.place_label(moment)).unwrap_or_default(),
        })
    }

    /// A page of the values of a field that was read.
    pub fn field_rows(&self, path: &str, offset: u32, limit: u32) -> Result<FieldPage, AppError> {
        let known = self.known_field(path)?;
        let values = known.field.shown();
        let page = values.iter().skip(offset as usize).take(limit.min(MAX_ROWS) as usize);
        let row = |of: &FieldValue| FieldRow {
            moment: of.moment.0,
            version: self.stream.version_label(of.moment),
            position: self.stream.position_label(of.moment),
            recorded_at: self.stream.time_label(of.moment, self.digits()),
            event_type: self.stream.type_name(of.moment),
            value: of.value.as_ref().map(shown_value),
        };
        Ok(FieldPage {
            total: u32::try_from(values.len()).unwrap_or(u32::MAX),
            rows: page.map(row).collect(),
        })
    }

    /// A field that was read, in the columns of a window.
    pub fn field_lane(&self, path: &str, query: &DensityQuery) -> Result<Lane, AppError> {
        let known = self.known_field(path)?;
        lane(&self.stream, &known.field, &known.shape, query)
    }

    /// Writes all values of a field that was read into a CSV file.
    pub fn export_field(&self, path: &str, file: &Path) -> Result<(), AppError> {
        let known = self.known_field(path)?;
        write_csv(&self.session, &self.stream, &known.field, file)
    }

    fn known_field(&self, path: &str) -> Result<Arc<Known>, AppError> {
        let revision = self.session.mask().revision();
        let known = self.fields.find(&path_of(path)?, revision);
        // What was read before the stream grew lacks its newest values.
        known
            .filter(|known| known.head == self.stream.track.head())
            .ok_or_else(|| {
                AppError::not_found(
                    format!(
                        "the history of this field is not known yet: {}",
                        text::shown(path.as_bytes())
                    ),
                    "ask for the field again",
                )
            })
    }
}

impl KnownFields {
    fn find(&self, path: &Pointer, revision: u64) -> Option<Arc<Known>> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|of| of.revision == revision);
        let at = known.iter().position(|of| of.field.path == *path)?;
        let found = known.remove(at);
        known.push(Arc::clone(&found));
        Some(found)
    }

    fn keep(&self, new: Known) -> Arc<Known> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|of| of.field.path != new.field.path);
        if known.len() >= KEPT_FIELDS {
            known.remove(0);
        }
        let new = Arc::new(new);
        known.push(Arc::clone(&new));
        new
    }
}
