//! A payload or metadata document as it is looked at: its bytes as a person may see them, what they are, their rows.

use std::collections::HashSet;
use std::path::Path;

use refold_core::event::{Encoding, EventView};
use refold_core::pointer::Pointer;
use refold_core::value::{JsonError, Value};
use refold_core::work::Work;
use sha2::{Digest as _, Sha256};

use super::outline::{Asked, Outline};
use super::scan::Tokens;
use crate::error::AppError;
use crate::frame::FrameRow;
use crate::mask::Cover;
use crate::rows::{RowWindow, Rows};
use crate::text;
use crate::wire::{HexPage, HexRow, PayloadFault, PayloadHit, PayloadKind, PayloadView};
use crate::written_file::{self, Own};

/// A longer document is huge: its tree shows the beginning until all is asked for.
const HUGE_BYTES: usize = 256 << 10;
/// The beginning of a huge document.
const BEGINNING_BYTES: usize = 64 << 10;
const BYTES_PER_ROW: usize = 16;
/// A page has at most so many rows.
const MAX_PAGE_ROWS: u32 = 1_000;

/// See the module.
pub struct Held {
    /// `None`: the store holds none.
    bytes: Option<Vec<u8>>,
    encoding: Encoding,
    cover: Cover,
    is_redacted: bool,
    fault: Option<JsonError>,
    outline: Option<(Folding, Outline)>,
}

/// What an outline was made for.
type Folding = (bool, HashSet<Pointer>);

impl Held {
    /// What a file of one is called in a sentence.
    pub const NOUN: &str = "payload";

    /// `stored`: the bytes as the store has them.
    pub fn new(stored: Option<&[u8]>, encoding: Encoding, cover: Cover) -> Held {
        let bytes = stored.map(|stored| cover.json(stored).into_owned());
        let is_redacted = bytes.as_deref() != stored;
        // What a cover puts in the place of bytes that nobody can read is JSON.
        let encoding = if cover.is_empty() { encoding } else { Encoding::Json };
        let fault = bytes
            .as_deref()
            .filter(|_| encoding == Encoding::Json)
            .and_then(|bytes| check(bytes).err().map(|met| Value::fault_of(bytes, met)));
        Held {
            bytes,
            encoding,
            cover,
            is_redacted,
            fault,
            outline: None,
        }
    }

    /// `is_payload`: else the metadata.
    pub fn of(event: &EventView<'_>, is_payload: bool, cover: Cover) -> Held {
        if is_payload {
            Held::new(event.payload, event.encoding, cover)
        } else {
            Held::new(event.metadata, Encoding::Json, cover)
        }
    }

    pub fn view(&self) -> PayloadView {
        let bytes = self.bytes.as_deref().unwrap_or_default();
        let kind = match (&self.bytes, self.encoding, &self.fault) {
            (None, ..) => PayloadKind::Absent,
            (_, Encoding::Json, None) => PayloadKind::Tree,
            (_, Encoding::Text, _) => PayloadKind::Bytes,
            (_, Encoding::Json, Some(_)) | (_, Encoding::Opaque, _) => PayloadKind::Undecodable,
        };
        let looks_like = match kind {
            PayloadKind::Tree => "JSON",
            _ => looks_like(bytes),
        };
        let is_huge = kind == PayloadKind::Tree && bytes.len() > HUGE_BYTES;
        let told = |text: String| if self.is_redacted { String::new() } else { text };
        PayloadView {
            kind,
            size: told(text::size_label(bytes.len() as u64)),
            byte_count: if self.is_redacted {
                0
            } else {
                u32::try_from(bytes.len()).unwrap_or(u32::MAX)
            },
            sha256: told(text::hex(&Sha256::digest(bytes))),
            looks_like: looks_like.to_owned(),
            beginning: is_huge.then(|| text::size_label(BEGINNING_BYTES as u64)),
            fault: (kind == PayloadKind::Undecodable).then(|| self.told_fault()),
            is_redacted: self.is_redacted,
        }
    }

    /// The rows in view of its tree. Of what is no tree there is one row, which says why.
    pub fn rows(
        &mut self,
        work: &Work<'_>,
        is_whole: bool,
        toggled: &HashSet<Pointer>,
        window: RowWindow,
    ) -> Result<Rows, AppError> {
        if self.bytes.is_none() {
            return Ok(Rows::default());
        }
        if self.view_is_bytes() {
            let row = FrameRow {
                value: match &self.fault {
                    Some(error) => format!("not well-formed JSON ({error})"),
                    None => self.told_fault().reason,
                },
                ..FrameRow::default()
            };
            return Ok(Rows::of_one(row));
        }
        let bytes = self.bytes.as_deref().unwrap_or_default();
        let Some((_, outline)) = outline(&mut self.outline, work, bytes, &self.cover, is_whole, toggled)? else {
            return Ok(Rows::default());
        };
        Ok(Rows {
            rows: outline.rows(bytes, window),
            total: outline.len(),
            ..Rows::default()
        })
    }

    /// Sixteen bytes a row.
    pub fn hex(&self, first_row: u32, row_count: u32) -> HexPage {
        let bytes = self.bytes.as_deref().unwrap_or_default();
        let rows = bytes
            .chunks(BYTES_PER_ROW)
            .enumerate()
            .skip(first_row as usize)
            .take(row_count.min(MAX_PAGE_ROWS) as usize)
            .map(|(at, row)| HexRow {
                offset: format!("{:08x}", at * BYTES_PER_ROW),
                hex: super::hex(row, BYTES_PER_ROW),
                text: row
                    .iter()
                    .map(|byte| {
                        if (b' '..=b'~').contains(byte) {
                            char::from(*byte)
                        } else {
                            '.'
                        }
                    })
                    .collect(),
            });
        HexPage {
            total: u32::try_from(bytes.len().div_ceil(BYTES_PER_ROW)).unwrap_or(u32::MAX),
            rows: rows.collect(),
        }
    }

    /// The first place behind the one called `after` (from 1; 0: from the start) that holds a text, byte for byte; behind the
    /// last comes the first again. `None`: it is nowhere.
    pub fn find(
        &mut self,
        work: &Work<'_>,
        wanted: &str,
        after: u32,
        is_whole: bool,
        toggled: &HashSet<Pointer>,
    ) -> Result<Option<PayloadHit>, AppError> {
        let is_bytes = self.view_is_bytes();
        let bytes = self.bytes.as_deref().unwrap_or_default();
        let until = if is_bytes || is_whole || bytes.len() <= HUGE_BYTES {
            bytes.len()
        } else {
            BEGINNING_BYTES
        };
        if wanted.is_empty() {
            return Ok(None);
        }
        let places: Vec<usize> = memchr::memmem::find_iter(bytes.get(..until).unwrap_or_default(), wanted).collect();
        let next = places.get(after as usize).or(places.first()).copied();
        let Some(offset) = next else { return Ok(None) };
        let place = places.iter().position(|place| *place == offset).unwrap_or_default();
        let narrow = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let row = if is_bytes {
            narrow(offset / BYTES_PER_ROW)
        } else {
            match outline(&mut self.outline, work, bytes, &self.cover, is_whole, toggled)? {
                Some((_, outline)) => outline.row_at(offset),
                None => 0,
            }
        };
        Ok(Some(PayloadHit {
            row,
            place: narrow(place + 1),
            total: narrow(places.len()),
        }))
    }

    /// Writes it to a file of the person's choice, never into the folder of the store.
    pub fn save(&self, file: &Path, store: &Path) -> Result<(), AppError> {
        const DOCUMENT: Own = Own {
            noun: Held::NOUN,
            begins_with: None,
        };
        written_file::write(file, store, self.bytes.as_deref().unwrap_or_default(), &DOCUMENT)
    }

    /// SHA-256 of what is saved.
    pub fn sha256(&self) -> String {
        text::sha256(self.bytes.as_deref().unwrap_or_default())
    }

    fn view_is_bytes(&self) -> bool {
        self.encoding != Encoding::Json || self.fault.is_some()
    }

    fn told_fault(&self) -> PayloadFault {
        match (&self.fault, self.encoding) {
            (Some(error), _) => PayloadFault {
                codec: "JSON".to_owned(),
                offset: Some(error.offset.to_string()),
                reason: error.message.to_owned(),
            },
            (None, Encoding::Text) => PayloadFault {
                codec: "text".to_owned(),
                offset: None,
                reason: "text that is not JSON".to_owned(),
            },
            (None, Encoding::Json | Encoding::Opaque) => PayloadFault {
                codec: "the decode steps of the layout".to_owned(),
                offset: None,
                reason: "bytes that this layout cannot decode".to_owned(),
            },
        }
    }
}

/// Made when it is first asked for in this folding.
fn outline<'a>(
    kept: &'a mut Option<(Folding, Outline)>,
    work: &Work<'_>,
    bytes: &[u8],
    cover: &Cover,
    is_whole: bool,
    toggled: &HashSet<Pointer>,
) -> Result<Option<&'a (Folding, Outline)>, AppError> {
    let is_known = kept
        .as_ref()
        .is_some_and(|(folding, _)| folding.0 == is_whole && folding.1 == *toggled);
    if !is_known {
        let is_short = is_whole || bytes.len() <= HUGE_BYTES;
        let asked = Asked {
            bytes,
            cover,
            toggled,
            until: if is_short { usize::MAX } else { BEGINNING_BYTES },
        };
        // The text was checked when it was read.
        *kept = Outline::of(work, &asked)?
            .ok()
            .map(|outline| ((is_whole, toggled.clone()), outline));
    }
    Ok(kept.as_ref())
}

/// Whether it is JSON, however deep.
pub fn check(bytes: &[u8]) -> Result<(), JsonError> {
    Tokens::new(bytes)?.try_for_each(|token| token.map(drop))
}

/// What bytes look like, by how they begin.
fn looks_like(bytes: &[u8]) -> &'static str {
    const BEGINNINGS: [(&[u8], &str); 14] = [
        (b"\x89PNG\r\n", "PNG image"),
        (b"\xff\xd8\xff", "JPEG image"),
        (b"GIF8", "GIF image"),
        (b"RIFF", "RIFF (WebP, WAV, AVI)"),
        (b"%PDF-", "PDF"),
        (b"PK\x03\x04", "ZIP archive"),
        (b"\x1f\x8b", "gzip"),
        (b"\x28\xb5\x2f\xfd", "zstd"),
        (b"BZh", "bzip2"),
        (b"\xfd7zXZ", "xz"),
        (b"\x78\x9c", "zlib"),
        (b"\x78\xda", "zlib"),
        (b"SQLite format 3\0", "SQLite database"),
        (b"\xac\xed\x00\x05", "Java serialisation"),
    ];
    let known = BEGINNINGS.iter().find(|(beginning, _)| bytes.starts_with(beginning));
    match known {
        Some((_, name)) => name,
        None if bytes.is_empty() => "nothing",
        None if std::str::from_utf8(bytes).is_ok() => "text",
        None => "bytes of unknown type",
    }
}

#[cfg(test)]
mod tests;
