//! All events that are looked for, as a file: whole or not at all.

use std::ops::ControlFlow;
use std::path::Path;

use refold_audit::report::rows::{self, EventRow};
use refold_core::finding::Findings;
use refold_core::work::Work;

use super::{Search, search};
use crate::answer::{EventAnswer, Stored};
use crate::error::AppError;
use crate::session::Session;
use crate::text::Exact;
use crate::wire::{ExportFormat, Written};
use crate::written_file::{NewFile, Own};

const JSON_HEAD: &[u8] = b"{\"position\":";

/// Writes all events that are looked for. Payloads and metadata go out byte for byte.
pub fn export(
    work: &Work<'_>,
    session: &Session,
    asked: &Search,
    file: &Path,
    format: ExportFormat,
) -> Result<Written, AppError> {
    let kind = Own {
        noun: "export",
        begins_with: Some(match format {
            ExportFormat::Ndjson => JSON_HEAD,
            ExportFormat::Csv => b"position,stream,category,",
        }),
    };
    let mut out = NewFile::create(file, &[session.path()], &kind)?;
    let found = Findings::default();
    let mut events = 0_u32;
    let as_of = session.kept_as_of();
    if format == ExportFormat::Csv {
        let more = as_of.is_some().then_some("kept_as_of");
        let columns: Vec<&str> = rows::COLUMNS.into_iter().chain(more).collect();
        out.write(rows::csv_head(&columns).as_bytes())?;
    }
    search(work, session, asked, &found, &mut |event| {
        events = events.saturating_add(1);
        match format {
            ExportFormat::Ndjson => {
                let line = json_line(event.answer())?;
                match &as_of {
                    None => out.write(line.as_bytes())?,
                    Some(as_of) => out.write(with_as_of(&line, as_of)?.as_bytes())?,
                }
            }
            ExportFormat::Csv => {
                let fields = row(&event.answer()).0.into_iter();
                let fields: Vec<Option<String>> = fields.chain(as_of.clone().map(Some)).collect();
                out.write(rows::csv(&fields).as_bytes())?;
            }
        }
        Ok(ControlFlow::Continue(()))
    })?;
    // Who cancels in the last moment gets no file either.
    work.check()?;
    session.log_export(kind.noun, file, &out.digest())?;
    Ok(out.keep()?.told(file, events, &found))
}

/// The same line, which says by itself that it is not of the store as it is: a file goes its own way.
fn with_as_of(line: &str, as_of: &str) -> Result<String, AppError> {
    let whole = line.trim_end().strip_suffix('}').unwrap_or(line);
    let as_of = serde_json::to_string(as_of).map_err(|error| AppError::internal(error.to_string()))?;
    Ok(format!("{whole},\"kept_as_of\":{as_of}}}\n"))
}

/// The format that the name of a file says; `None`: none that there is.
pub fn format_of(file: &Path) -> Option<ExportFormat> {
    match file.extension()?.to_string_lossy().to_lowercase().as_str() {
        "ndjson" | "jsonl" => Some(ExportFormat::Ndjson),
        "csv" => Some(ExportFormat::Csv),
        _ => None,
    }
}

/// An event on a line, its payload as the store holds it. What would not come back from a line as it was goes out as
/// base64 of its bytes.
pub(crate) fn json_line(mut event: EventAnswer) -> Result<String, AppError> {
    for stored in [&mut event.payload, &mut event.metadata] {
        if let Stored::Json(bytes) = stored
            && !comes_back(bytes)
        {
            *stored = Stored::Bytes {
                bytes: std::mem::take(bytes),
                content_type: "application/json",
            };
        }
    }
    let mut line = serde_json::to_string(&event).map_err(|error| AppError::internal(error.to_string()))?;
    line.push('\n');
    Ok(line)
}

/// Whether who reads a line finds these bytes again: JSON that is laid out has no room in it, `null` says that there is
/// no value, and an object that begins as base64 does is read as that.
fn comes_back(json: &[u8]) -> bool {
    let begins = |name: &str| {
        let inside = json.trim_ascii_start().strip_prefix(b"{").map(<[u8]>::trim_ascii_start);
        inside.is_some_and(|inside| inside.starts_with(name.as_bytes()))
    };
    !json.iter().any(|byte| matches!(byte, b'\n' | b'\r' | b'\t'))
        && json == json.trim_ascii()
        && json != b"null"
        && !begins("\"base64\"")
        && !begins("\"content_type\"")
}

/// An event as a row of a table.
pub(crate) fn row(event: &EventAnswer) -> EventRow {
    let (payload_encoding, payload) = csv_body(&event.payload);
    let (metadata_encoding, metadata) = csv_body(&event.metadata);
    let exact = |text: &Option<Exact>| text.as_ref().map(|text| text.text().into_owned());
    EventRow([
        Some(event.position.clone()),
        Some(event.stream.text().into_owned()),
        Some(event.category.text().into_owned()),
        event.version.clone(),
        Some(event.event_type.text().into_owned()),
        exact(&event.schema_version),
        event.recorded_at.clone(),
        event.occurred_at.clone(),
        exact(&event.event_id),
        exact(&event.correlation_id),
        exact(&event.causation_id),
        payload_encoding.map(str::to_owned),
        payload,
        metadata_encoding.map(str::to_owned),
        metadata,
    ])
}

fn csv_body(stored: &Stored) -> (Option<&'static str>, Option<String>) {
    match stored {
        Stored::Absent => (None, None),
        // Checked to be UTF-8 where it was made.
        Stored::Json(bytes) => (Some("json"), Some(String::from_utf8_lossy(bytes).into_owned())),
        Stored::Bytes {
            bytes,
            content_type: "text/plain",
        } => (Some("text"), Some(String::from_utf8_lossy(bytes).into_owned())),
        Stored::Bytes { bytes, .. } => (Some("base64"), Some(crate::answer::base64(bytes))),
    }
}

#[cfg(test)]
mod tests;
