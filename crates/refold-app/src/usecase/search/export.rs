//! All events that are looked for, as a file: whole or not at all, and never where a store lies.

use std::fs::File;
use std::io::{BufWriter, Read as _, Write};
use std::ops::ControlFlow;
use std::path::Path;

use refold_core::finding::Findings;
use refold_core::work::Work;
use sha2::{Digest as _, Sha256};

use super::{Search, search};
use crate::answer::{EventAnswer, Stored};
use crate::error::{AppError, ErrorCode};
use crate::session::Session;
use crate::text::Exact;
use crate::wire::{ExportFormat, Written};
use crate::{findings, text};

/// The first line of a CSV file. `…_encoding` says what the field beside it holds: `json`, `text` or `base64`; nothing
/// where the store holds no value. A value that is absent is an empty field, an empty text is `""`.
const CSV_HEAD: &str = "position,stream,category,version,type,schema_version,recorded_at,occurred_at,event_id,\
correlation_id,causation_id,payload_encoding,payload,metadata_encoding,metadata\r\n";
const JSON_HEAD: &[u8] = b"{\"position\":";

/// Writes all events that are looked for. Payloads and metadata go out byte for byte.
pub fn export(
    work: &Work<'_>,
    session: &Session,
    asked: &Search,
    file: &Path,
    format: ExportFormat,
) -> Result<Written, AppError> {
    let mut out = NewFile::create(file, session, |head| is_export(head, format))?;
    let found = Findings::default();
    let mut events = 0_u32;
    if format == ExportFormat::Csv {
        out.write(CSV_HEAD.as_bytes())?;
    }
    search(work, session, asked, &found, &mut |event| {
        events = events.saturating_add(1);
        match format {
            ExportFormat::Ndjson => out.write(json_line(event.answer())?.as_bytes())?,
            ExportFormat::Csv => out.write(csv_line(&event.answer()).as_bytes())?,
        }
        Ok(ControlFlow::Continue(()))
    })?;
    // Who cancels in the last moment gets no file either.
    work.check()?;
    out.keep(events, &found)
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

fn csv_line(event: &EventAnswer) -> String {
    let (payload_encoding, payload) = csv_body(&event.payload);
    let (metadata_encoding, metadata) = csv_body(&event.metadata);
    let exact = |text: &Option<Exact>| text.as_ref().map(|text| text.text().into_owned());
    let fields: [Option<String>; 15] = [
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
    ];
    let mut line = String::new();
    for (at, field) in fields.into_iter().enumerate() {
        if at > 0 {
            line.push(',');
        }
        match field {
            None => {}
            Some(text) if text.is_empty() || text.contains([',', '"', '\r', '\n']) => {
                line.push('"');
                line.push_str(&text.replace('"', "\"\""));
                line.push('"');
            }
            Some(text) => line.push_str(&text),
        }
    }
    line.push_str("\r\n");
    line
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

fn is_export(head: &[u8], format: ExportFormat) -> bool {
    match format {
        ExportFormat::Ndjson => head.starts_with(JSON_HEAD),
        ExportFormat::Csv => head.starts_with(b"position,stream,category,"),
    }
}

/// A file that a person asked for. It appears when it is whole; dropped before that, it never was.
pub(crate) struct NewFile<'a> {
    target: &'a Path,
    out: BufWriter<tempfile::NamedTempFile>,
    hash: Sha256,
    bytes: u64,
}

impl<'a> NewFile<'a> {
    /// `is_ours` is asked of the beginning of a file that is there already: only one of our own kind is replaced.
    pub fn create(
        target: &'a Path,
        session: &Session,
        is_ours: impl Fn(&[u8]) -> bool,
    ) -> Result<NewFile<'a>, AppError> {
        let folder = folder_of(target);
        let real = folder.canonicalize().map_err(|error| not_written(target, &error))?;
        let store = Path::new(session.location());
        let store = store.canonicalize().unwrap_or_else(|_| store.to_owned());
        let refused = |why: &str| {
            AppError::invalid(
                format!("nothing is written there: {why}: {}", target.display()),
                "choose another folder or name",
            )
        };
        if store.parent() == Some(&*real) || real.starts_with(&store) {
            return Err(refused("it is the folder of the store"));
        }
        if let Some(why) = why_not_over(target, is_ours) {
            return Err(refused(why));
        }
        let out = tempfile::NamedTempFile::new_in(folder).map_err(|error| not_written(target, &error))?;
        Ok(NewFile {
            target,
            out: BufWriter::with_capacity(1 << 18, out),
            hash: Sha256::new(),
            bytes: 0,
        })
    }

    pub fn write(&mut self, bytes: &[u8]) -> Result<(), AppError> {
        self.hash.update(bytes);
        self.bytes += bytes.len() as u64;
        self.out
            .write_all(bytes)
            .map_err(|error| not_written(self.target, &error))
    }

    /// SHA-256 of what was written so far, as hex digits.
    pub fn digest(&self) -> String {
        text::hex(&self.hash.clone().finalize())
    }

    /// Lets the file appear.
    pub fn keep(self, events: u32, found: &Findings) -> Result<Written, AppError> {
        let NewFile {
            target,
            out,
            hash,
            bytes,
        } = self;
        let failed = |error: std::io::Error| not_written(target, &error);
        let out = out.into_inner().map_err(|error| failed(error.into_error()))?;
        out.as_file().sync_all().map_err(failed)?;
        out.persist(target).map_err(|error| failed(error.error))?;
        Ok(Written {
            file: target.display().to_string(),
            events,
            size: text::size_label(bytes),
            sha256: text::hex(&hash.finalize()),
            findings: findings::wire(found),
        })
    }
}

fn folder_of(file: &Path) -> &Path {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

/// Why nothing may be written to this path; `None` where it is free, or an earlier file of the same kind.
fn why_not_over(file: &Path, is_ours: impl Fn(&[u8]) -> bool) -> Option<&'static str> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    if ["-wal", "-shm", "-journal"].iter().any(|end| name.ends_with(end)) {
        return Some("a database would take a file of that name for its own");
    }
    if file.symlink_metadata().is_err() {
        return None;
    }
    let mut head = Vec::new();
    // Looked at first: opening a pipe would wait for its other end.
    let is_read = file.is_file()
        && File::open(file)
            .and_then(|it| it.take(512).read_to_end(&mut head))
            .is_ok();
    let is_free = is_read && (head.is_empty() || is_ours(&head));
    (!is_free).then_some("what is there is no earlier file of this kind")
}

fn not_written(file: &Path, error: &std::io::Error) -> AppError {
    let reason = match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such folder".to_owned(),
        // Whatever else a disk can say.
        _ => error.to_string(),
    };
    AppError::new(
        ErrorCode::Denied,
        format!("cannot write the file ({reason}): {}", file.display()),
        "choose a folder that exists, can be written to and has room",
    )
}

#[cfg(test)]
mod tests;
