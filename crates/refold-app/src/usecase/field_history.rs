//! Every value that a place of the state ever had in one stream, and at which moment it came.

use std::path::Path;

use refold_core::finding::Findings;
use refold_core::pointer::Pointer;
use refold_core::port::handler::HandlerProgram;
use refold_core::track::Moment;
use refold_core::value::Value;
use refold_core::work::{Phase, Work};

use super::whole_fold::whole_fold;
use crate::answer::{FieldAnswer, FieldValueAnswer, Literal, visible_json};
use crate::error::AppError;
use crate::mask::Part;
use crate::session::Session;
use crate::stream::Stream;
use crate::written_file::{self, Own};
use crate::{findings, handler, text};

/// The values of one place, in the order of the moments. An element of an array is known by its index: where elements
/// moved, the values are those of whatever stood there.
pub struct FieldHistory {
    pub path: Pointer,
    /// Never empty: the first says what was there before the first event. No two neighbours are equal.
    pub values: Vec<FieldValue>,
    /// The first moment whose state may lack something.
    pub incomplete_since: Option<Moment>,
}

/// A value and the moment that it came at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldValue {
    pub moment: Moment,
    /// `None`: the state has nothing at the place.
    pub value: Option<Value>,
}

impl FieldHistory {
    /// Folds the whole stream once. What is found in its events goes to `found`; `None`: whoever opened it reports it.
    pub fn read(
        work: &Work<'_>,
        session: &Session,
        stream: &Stream,
        program: &dyn HandlerProgram,
        path: &Pointer,
        found: Option<&Findings>,
    ) -> Result<FieldHistory, AppError> {
        let mut values: Vec<FieldValue> = Vec::new();
        let cover = session.mask().cover(&stream.id, &stream.category, None, Part::State);
        let head = whole_fold(
            work,
            session,
            stream,
            program,
            (Phase::ReadingTheField, found),
            &mut |fold| {
                let folded = fold.folded()?;
                let value = cover.find(path, &folded.state);
                if values.last().is_none_or(|last| last.value != value) {
                    values.push(FieldValue {
                        moment: folded.moment,
                        value,
                    });
                }
                Ok(())
            },
        )?;
        Ok(FieldHistory {
            path: path.clone(),
            values,
            incomplete_since: head.incomplete_since,
        })
    }

    /// How many values it ever had, the absent ones between them counted too, the one before the first event only where
    /// there was one.
    pub fn count(&self) -> usize {
        self.shown().len()
    }

    /// The values as they are listed: without the "nothing" before the first event.
    pub fn shown(&self) -> &[FieldValue] {
        match self.values.split_first() {
            Some((first, rest)) if first.value.is_none() => rest,
            _ => &self.values,
        }
    }
}

/// Reads the path as a person writes it.
pub fn path_of(path: &str) -> Result<Pointer, AppError> {
    Pointer::parse(path).map_err(|error| AppError::invalid(error.to_string(), "write the path as /items/0/price"))
}

/// For the command line: every value of a place with its event.
pub fn field_history(
    work: &Work<'_>,
    session: &Session,
    stream: &str,
    path: &str,
    handler: Option<&str>,
) -> Result<FieldAnswer, AppError> {
    let path = path_of(path)?;
    let program = session.adopted(handler)?;
    let (of_skeleton, found) = (Findings::default(), Findings::default());
    let stream = Stream::load(work, session, stream, &of_skeleton)?;
    findings::add_lacking(&of_skeleton, &found);
    stream.report_track(session.description().numbering(), &found);
    let field = FieldHistory::read(work, session, &stream, program.as_ref(), &path, Some(&found))?;
    if field.count() == 0 {
        let message = format!("no state of this stream ever had anything at this path: {path}");
        return Err(AppError::not_found(message, "look at the paths of the state").typed("refold state STORE STREAM"));
    }
    let digits = session.description().time_digits;
    Ok(FieldAnswer {
        stream: text::exact(&stream.id),
        path: path.to_string(),
        handler: handler::wire(program.identity()),
        values: field.shown().iter().map(|of| answer(&stream, of, digits)).collect(),
        incomplete_since: field.incomplete_since.map(|since| stream.place_label(since)),
        findings: findings::wire(&found),
    })
}

fn answer(stream: &Stream, of: &FieldValue, digits: u8) -> FieldValueAnswer {
    FieldValueAnswer {
        version: text::filled(stream.version_label(of.moment)),
        position: text::filled(stream.position_label(of.moment)),
        recorded_at: text::filled(stream.time_label(of.moment, digits)),
        event_type: text::filled(stream.type_name(of.moment)),
        present: of.value.is_some(),
        value: of.value.clone().map(Literal),
    }
}

/// The first line of a CSV file of a field.
pub const CSV_HEADING: &str = "version,position,recorded_at,type,value";

/// One line of CSV (RFC 4180) for each value. The value is its literal as JSON; empty where there is nothing.
pub fn csv_line(of: &FieldValueAnswer) -> String {
    let cell = |text: Option<&String>| quoted(text.map_or("", String::as_str));
    let value = of
        .value
        .as_ref()
        .map(|value| visible_json(&value.json()))
        .unwrap_or_default();
    [
        cell(of.version.as_ref()),
        cell(of.position.as_ref()),
        cell(of.recorded_at.as_ref()),
        cell(of.event_type.as_ref()),
        quoted(&value),
    ]
    .join(",")
}

/// Writes a CSV file. Only a file of the same kind is ever replaced.
pub fn write_csv(session: &Session, stream: &Stream, field: &FieldHistory, file: &Path) -> Result<(), AppError> {
    let digits = session.description().time_digits;
    let mut csv = format!("{CSV_HEADING}\r\n");
    for of in field.shown() {
        csv.push_str(&csv_line(&answer(stream, of, digits)));
        csv.push_str("\r\n");
    }
    const TABLE: Own = Own {
        noun: "table",
        begins_with: Some(CSV_HEADING.as_bytes()),
    };
    session.log_export(TABLE.noun, file, &text::sha256(csv.as_bytes()))?;
    written_file::write(file, session.path(), csv.as_bytes(), &TABLE)
}

fn quoted(cell: &str) -> String {
    if cell.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
pub(super) mod tests;
