//! A case file: events of one or several streams, copied out of a store and sealed, with a head that says where they are
//! from. Format and reasons: decision note 0016.
//!
//! Lines of JSON: the head, the events in our own shape, and a seal with how many there are and the SHA-256 of every
//! byte before it. It must not know what else the head holds: notes and places are the application's.

use std::io::{BufReader, Read as _};
use std::ops::Range;
use std::path::Path;

use refold_core::count::{counted, grouped};
use refold_core::event::Position;
use refold_core::port::store::{OrderQuality, StoreDescription, StoreError, Unsettled};
use refold_core::work::{Phase, Work};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::scan::{self, LONGEST_RECORD_BYTES};
use super::source::{FileSource, is_text};
use crate::file::file_error;
use crate::layout::hex;

/// How every case file begins.
pub const MAGIC: &[u8] = b"{\"refold_case\":";
/// Files of a later form are read by later versions only.
pub const FORM: u32 = 1;
/// The id and the title of the layout.
pub const LAYOUT: (&str, &str) = ("case", "Case file");

/// A seal is shorter.
const SEAL_BYTES: u64 = 512;

/// The store that the events are from, as it was when the case was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// As the person named it who wrote the case.
    pub location: String,
    pub kind: String,
    pub layout: String,
    pub layout_title: String,
    /// What the store said of itself: see [`refold_core::port::store::Fingerprint`].
    pub identity: String,
    pub change_token: String,
    /// Its last event then; `None`: it held none.
    pub last_position: Option<String>,
    /// When that event was recorded, RFC 3339; `None`: it has no time, or the case is of a version that did not say.
    #[serde(default)]
    pub last_position_recorded_at: Option<String>,
    /// The latest recorded time of the events here, RFC 3339. Its first name read as if it were of the store.
    #[serde(default, alias = "last_recorded_at")]
    pub events_until: Option<String>,
    pub order_is_total: bool,
    pub version_base: Option<i64>,
    /// Whether versions of its streams may be left out.
    #[serde(default)]
    pub skips_versions: bool,
    pub time_digits: u8,
    pub time_zone: String,
    /// What was not settled then, and so is not here; left away where all was, as in all files of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unsettled: Option<OriginUnsettled>,
}

/// The end of the store that could not be copied, because events might still have come in between.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OriginUnsettled {
    /// The last position that was settled; `None`: that was not told by a position.
    pub behind: Option<String>,
    /// The last one that was seen.
    pub last: Option<String>,
    pub why: String,
}

/// The head, as far as an adapter needs it.
#[derive(Debug, Deserialize)]
pub(super) struct Head {
    pub store: Origin,
    pub written_at: String,
    pub written_by: String,
}

/// The last line of a case file. `sha256`: of all bytes before it, as hex digits.
pub fn seal_line(events: u32, sha256: &str) -> String {
    format!("{{\"end\":{{\"events\":{events},\"sha256\":\"{sha256}\"}}}}\n")
}

/// The head of the case file at `location`; `None`: what is there is no case file. The seal is not looked at.
pub fn head_line(location: &Path, scratch: &Path, work: &Work<'_>) -> Result<Option<Vec<u8>>, StoreError> {
    // A database is none, and is not read to find that out.
    if !is_text(location)? {
        return Ok(None);
    }
    let source = FileSource::open(work, location, scratch)?;
    match is_case(&source) {
        true => Ok(Some(first_line(&source)?.0)),
        false => Ok(None),
    }
}

/// Whether a file claims to be a case file.
pub(super) fn is_case(source: &FileSource) -> bool {
    source.first_record().starts_with(MAGIC)
}

/// A case file whose seal is whole.
pub(super) struct Sealed {
    pub head: Head,
    /// Where its events stand.
    pub records: Range<u64>,
    pub events: u64,
}

/// Reads the head and holds the seal against every byte.
pub(super) fn unseal(work: &Work<'_>, source: &FileSource) -> Result<Sealed, StoreError> {
    let (line, head_bytes) = first_line(source)?;
    let head = head_of(source.path(), &line)?;
    let total = source.records().end;
    let cut_off = || damaged(source.path(), "it is cut off: the seal at its end is not there");
    let tail_start = total.saturating_sub(SEAL_BYTES).max(head_bytes);
    let mut tail = Vec::new();
    let unreadable = |error: std::io::Error| file_error(source.path(), &error);
    source
        .content(tail_start..total)?
        .read_to_end(&mut tail)
        .map_err(unreadable)?;
    let lines = tail.strip_suffix(b"\n").ok_or_else(cut_off)?;
    let seal_at = lines.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let seal: End = serde_json::from_slice(lines.get(seal_at..).unwrap_or_default()).map_err(|_| cut_off())?;
    // `usize` is never wider than 64 bits.
    let records = head_bytes..tail_start + seal_at as u64;
    if digest(work, source, records.end)? != seal.end.sha256 {
        return Err(damaged(
            source.path(),
            "it is not as it was written: its content does not fit the seal at its end",
        ));
    }
    Ok(Sealed {
        head,
        records,
        events: seal.end.events,
    })
}

impl Sealed {
    /// Fails when another number of events can be read than was sealed.
    pub fn check_count(&self, source: &FileSource, read: u64) -> Result<(), StoreError> {
        if read == self.events {
            return Ok(());
        }
        let detail = format!(
            "its seal is for {}, and {} can be read",
            counted(self.events, "event"),
            grouped(read)
        );
        Err(damaged(source.path(), &detail))
    }

    /// What the store said of itself, where a copy of its events can keep it.
    pub fn describe(&self, description: StoreDescription) -> StoreDescription {
        let Head {
            store,
            written_at,
            written_by,
        } = &self.head;
        StoreDescription {
            kind: LAYOUT.1.to_owned(),
            layout_title: store.layout_title.clone(),
            evidence: vec![
                format!("Refold {written_by} wrote it on {written_at}, and its seal is whole"),
                format!(
                    "its events are from {} ({}, {})",
                    store.location, store.kind, store.layout_title
                ),
            ],
            order: match store.order_is_total {
                true => OrderQuality::Total,
                false => OrderQuality::Approximate,
            },
            version_base: store.version_base,
            skips_versions: store.skips_versions,
            time_digits: store.time_digits.min(9),
            time_zone: store.time_zone.clone(),
            unsettled: store.unsettled.as_ref().map(|then| then.told(written_at)),
            ..description
        }
    }
}

impl OriginUnsettled {
    /// As a store says it that is asked now.
    fn told(&self, written_at: &str) -> Unsettled {
        let position = |told: &Option<String>| told.as_ref().and_then(|told| told.parse().ok()).map(Position);
        Unsettled {
            behind: position(&self.behind),
            last: position(&self.last),
            why: format!("when the case was written, on {written_at}: {}", self.why),
        }
    }
}

#[derive(Deserialize)]
struct End {
    end: Seal,
}

#[derive(Deserialize)]
struct Seal {
    events: u64,
    sha256: String,
}

#[derive(Deserialize)]
struct Form {
    refold_case: u64,
}

fn head_of(path: &Path, line: &[u8]) -> Result<Head, StoreError> {
    let wrong = |error: serde_json::Error| damaged(path, &format!("its head cannot be read: {error}"));
    let form: Form = serde_json::from_slice(line).map_err(wrong)?;
    if form.refold_case != u64::from(FORM) {
        return Err(StoreError::NotAnEventStore {
            location: path.display().to_string(),
            detail: format!(
                "it is a case file of form {}, and this version of Refold reads form {FORM}",
                form.refold_case
            ),
            advice: "open it with a newer version of Refold",
        });
    }
    serde_json::from_slice(line).map_err(wrong)
}

/// With its length in the file.
fn first_line(source: &FileSource) -> Result<(Vec<u8>, u64), StoreError> {
    let mut line = Vec::new();
    let mut reader = BufReader::new(source.content(0..source.content_byte_count())?);
    let length = scan::read_line(&mut reader, &mut line).map_err(|error| file_error(source.path(), &error))?;
    if line.len() as u64 != length {
        let detail = format!(
            "its head is longer than {}",
            counted(LONGEST_RECORD_BYTES as u64, "byte")
        );
        return Err(damaged(source.path(), &detail));
    }
    Ok((line, length))
}

fn digest(work: &Work<'_>, source: &FileSource, end: u64) -> Result<String, StoreError> {
    let mut hash = Sha256::new();
    let mut content = source.content(0..end)?;
    let mut buffer = vec![0; 1 << 18];
    let mut done = 0;
    loop {
        work.tick(Phase::CheckingTheSeal, done, Some(end))?;
        let read = content
            .read(&mut buffer)
            .map_err(|error| file_error(source.path(), &error))?;
        if read == 0 {
            return Ok(hex(&hash.finalize()));
        }
        hash.update(buffer.get(..read).unwrap_or_default());
        done += read as u64;
    }
}

fn damaged(path: &Path, detail: &str) -> StoreError {
    StoreError::Case {
        location: path.display().to_string(),
        detail: detail.to_owned(),
    }
}

#[cfg(test)]
mod tests;
