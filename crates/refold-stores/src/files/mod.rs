//! The adapter for files of events: JSON Lines of our event shape, CloudEvents as JSON Lines, exports and backups of
//! EventSourcingDB, CSV and JSON Lines of any shape with a layout, case files.
//!
//! Opening a file goes through it once and keeps where each record lies and what stream it is in ([`scan`]); a read
//! then takes records by their offset ([`reader`]). [`record`] makes an event of a record, [`source`] opens files.
//!
//! It must not know SQL or servers.

pub mod case;
mod reader;
mod record;
pub mod rows;
mod scan;
mod source;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;

use refold_core::count::{counted, grouped};
use refold_core::event::Position;
use refold_core::port::store::{
    EventReader, EventStore, Fingerprint, OrderQuality, OwnChain, PositionRange, RawColumn, ReadQuery,
    StoreDescription, StoreError,
};
use refold_core::work::Work;
use sha2::{Digest as _, Sha256};

use self::reader::FileReader;
use self::record::Format;
use self::scan::Records;
use self::source::FileSource;
use crate::layout::{Dialect, Layout, hex};
use crate::value::zone_label;
use crate::{Candidate, LayoutChoice, OpenOptions};

pub use self::record::chained;
pub use self::source::is_text;

/// So much of what stands up to an event says whether it is still what it was.
const MARK_BYTES: usize = 4096;

/// Raised when other records are events, or events have other positions, than a Refold before this one read in the same
/// bytes: what an index, a copy or a table of ids holds of such a file is not believed then.
const READING: &[u8] = b"3";

/// The layouts of this adapter that are code and not documents: name and title.
const JSON_LINES: (&str, &str) = ("json-lines", "JSON Lines of events");
const CLOUD_EVENTS: (&str, &str) = ("cloudevents", "CloudEvents as JSON Lines");
const CHAINED: (&str, &str) = ("eventsourcingdb", "EventSourcingDB, an export or a backup");

/// An opened file of events: what it held when it was opened.
pub struct FileStore {
    inner: Arc<Inner>,
    description: StoreDescription,
    identity: String,
}

/// What readers share.
struct Inner {
    source: FileSource,
    format: Format,
    records: Records,
}

impl FileStore {
    pub fn open(
        work: &Work<'_>,
        path: &Path,
        choice: Option<&LayoutChoice>,
        options: &OpenOptions,
    ) -> Result<FileStore, StoreError> {
        let mut source = FileSource::open(work, path, &options.scratch)?;
        let (mut format, mut layout) = choose(&source, choice)?;
        let mut case = None;
        if layout.name == case::LAYOUT.0 {
            let sealed = case::unseal(work, &source)?;
            source = source.with_records_in(sealed.records.clone());
            case = Some(sealed);
        }
        if let Some(zone) = &options.zone {
            format.read_in(zone);
            layout.hash.push_str(&zone.to_string());
        }
        let records = scan::scan(work, &source, &mut format)?;
        source.check_unchanged()?;
        let mut description = describe(&source, &format, &layout, &records, options.zone.is_some());
        if let Some(sealed) = case {
            sealed.check_count(&source, records.event_count())?;
            description = sealed.describe(description);
        }
        let identity = identity(&source, &layout);
        Ok(FileStore {
            inner: Arc::new(Inner {
                source,
                format,
                records,
            }),
            description,
            identity,
        })
    }

    /// What kind of file it is, by its first record.
    pub fn candidates(work: &Work<'_>, path: &Path, scratch: &Path) -> Result<Vec<Candidate>, StoreError> {
        let source = FileSource::open(work, path, scratch)?;
        let (_, layout) = choose(&source, None)?;
        Ok(vec![Candidate {
            layout: layout.name,
            title: layout.title,
            score: 90,
            evidence: layout.evidence,
        }])
    }
}

/// The layout of a file, as it is shown.
struct Chosen {
    name: String,
    title: String,
    evidence: Vec<String>,
    hash: String,
    kind: &'static str,
    quality: OrderQuality,
}

impl Chosen {
    fn by(layout: &Layout, kind: &'static str) -> Chosen {
        Chosen {
            name: layout.name.clone(),
            title: layout.title.clone(),
            evidence: vec!["the layout file says so".to_owned()],
            hash: layout.hash.clone(),
            kind,
            quality: layout.quality,
        }
    }
}

fn choose(source: &FileSource, choice: Option<&LayoutChoice>) -> Result<(Format, Chosen), StoreError> {
    let location = source.path().display().to_string();
    let wrong = |detail: String| StoreError::NoLayout {
        location: location.clone(),
        detail,
    };
    let of_code = |(name, title): (&str, &str), evidence: &str| Chosen {
        name: name.to_owned(),
        title: title.to_owned(),
        evidence: vec![evidence.to_owned()],
        hash: name.to_owned(),
        kind: "JSON Lines",
        quality: OrderQuality::Total,
    };
    let named = "it was named";
    let case = || {
        (
            Format::Events(None),
            of_code(case::LAYOUT, "its first line is the head of a case file"),
        )
    };
    match choice {
        None if case::is_case(source) => Ok(case()),
        Some(LayoutChoice::Named { name, .. }) if name == case::LAYOUT.0 && case::is_case(source) => Ok(case()),
        Some(LayoutChoice::Document(layout)) if layout.dialect == Dialect::Csv => {
            Ok((Format::csv(Layout::clone(layout)), Chosen::by(layout, "CSV")))
        }
        Some(LayoutChoice::Document(layout)) if layout.dialect == Dialect::JsonLines => {
            let format = Format::shaped(Layout::clone(layout), source.first_record());
            let format = format.map_err(|detail| wrong(format!("the layout does not fit: {detail}")))?;
            Ok((format, Chosen::by(layout, "JSON Lines")))
        }
        Some(LayoutChoice::Document(layout)) => {
            let (name, kind) = (&layout.name, layout.dialect.kind_of_store());
            Err(wrong(format!("layout {name} is for {kind}, and the file is none")))
        }
        Some(LayoutChoice::Named { name, .. }) if name == JSON_LINES.0 => Ok((Format::Events(None), of_code(JSON_LINES, named))),
        Some(LayoutChoice::Named { name, .. }) if name == CLOUD_EVENTS.0 => {
            Ok((Format::CloudEvents(None), of_code(CLOUD_EVENTS, named)))
        }
        Some(LayoutChoice::Named { name, .. }) if name == CHAINED.0 => Ok((Format::Chained(None), of_code(CHAINED, named))),
        Some(LayoutChoice::Named { name, .. }) => Err(wrong(format!("layout {name} does not fit a file of text"))),
        None => match record::recognise(source.first_record()) {
            Some(format @ Format::CloudEvents(_)) => {
                Ok((format, of_code(CLOUD_EVENTS, "the first line has specversion and type")))
            }
            Some(format @ Format::Chained(_)) => Ok((
                format,
                of_code(CHAINED, "the first line is one of EventSourcingDB, whose events name their hash and that before it"),
            )),
            Some(format) => Ok((format, of_code(JSON_LINES, "the first line has stream and type"))),
            None => Err(wrong(
                "its first line is no event: JSON Lines have the members stream and type, or those of CloudEvents; JSON \
                 Lines of another shape need a layout file of the dialect json-lines, a CSV file one of the dialect csv; \
                 where only that line is broken, open it with the layout json-lines, or cloudevents"
                    .to_owned(),
            )),
        },
    }
}

fn identity(source: &FileSource, layout: &Chosen) -> String {
    let mut hash = Sha256::new();
    let of_file = source.identity();
    let parts = [
        source.path().as_os_str().as_encoded_bytes(),
        of_file.as_bytes(),
        layout.hash.as_bytes(),
        READING,
    ];
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hex(&hash.finalize())
}

fn describe(
    source: &FileSource,
    format: &Format,
    layout: &Chosen,
    records: &Records,
    is_zone_asked: bool,
) -> StoreDescription {
    let mut evidence = layout.evidence.clone();
    match (records.has_own_positions(), format.is_numbered_by_id()) {
        (true, _) => {}
        (false, true) => {
            evidence.push("positions count records from the id of the first: ids do not ascend".to_owned());
        }
        (false, false) => {
            evidence.push("positions are numbers of records: the first event names none".to_owned());
        }
    }
    if records.asides() > 0 {
        evidence.push(format!(
            "heartbeats, schemas of types and the like, which are no events: {}",
            records.asides()
        ));
    }
    StoreDescription {
        kind: layout.kind.to_owned(),
        layout: layout.name.clone(),
        layout_title: layout.title.clone(),
        evidence,
        order: layout.quality,
        grows_at_end: true,
        version_base: records.version_base(),
        skips_versions: format.skips_versions(),
        time_digits: records.time_digits(),
        time_zone: zone_label(format.zone(), is_zone_asked, records.zones()),
        has_stream_index: true,
        opened: None,
        read_only: vec![
            "the file is opened for reading only, and never locked".to_owned(),
            "each batch of events is checked for changes of what was read before".to_owned(),
        ],
        byte_count: Some(source.byte_count()),
        position_span: records.span(),
        event_count: Some(records.event_count()),
        count_is_exact: true,
        own_chain: matches!(format, Format::Chained(_)).then_some(OwnChain::EventSourcingDb),
        follows_another: false,
        is_elevated: false,
        unsettled: None,
    }
}

impl EventStore for FileStore {
    fn describe(&self) -> &StoreDescription {
        &self.description
    }

    fn fingerprint(&self) -> Result<Fingerprint, StoreError> {
        Ok(Fingerprint {
            identity: self.identity.clone(),
            last_position: self.inner.records.last_position(),
            change_token: self.inner.source.change_token(),
        })
    }

    fn is_current(&self) -> Result<bool, StoreError> {
        self.inner.source.is_current()
    }

    fn read(&self, query: &ReadQuery) -> Result<Box<dyn EventReader>, StoreError> {
        Ok(Box::new(FileReader::new(Arc::clone(&self.inner), query)))
    }

    fn split(&self, parts: usize) -> Result<Vec<PositionRange>, StoreError> {
        Ok(self.inner.records.split(parts))
    }

    /// Of the last bytes up to the end of the event, but for its line end: who writes it may do so later.
    fn mark(&self, position: Position) -> Result<Option<String>, StoreError> {
        let Inner { source, records, .. } = &*self.inner;
        source.check_unchanged()?;
        let Some(row) = records.find(position).filter(|row| records.is_event(*row)) else {
            return Ok(None);
        };
        let (offset, length) = records.place(row);
        let end = offset + length as u64;
        // With room for a line end, so that as much is left without it.
        let longest = MARK_BYTES + b"\r\n".len();
        let from = end.saturating_sub(longest as u64);
        let mut bytes = Vec::new();
        source.read_at((from, usize::try_from(end - from).unwrap_or(longest)), &mut bytes)?;
        let bytes = bytes.trim_ascii_end();
        let end = from + bytes.len() as u64;
        let bytes = bytes.get(bytes.len().saturating_sub(MARK_BYTES)..).unwrap_or_default();
        Ok(Some(format!("{end}:{}", hex(&Sha256::digest(bytes)))))
    }

    fn lost_of(&self, stream: &[u8]) -> Vec<Position> {
        self.inner.records.lost_of(stream)
    }

    fn raw(&self, position: Position) -> Result<Option<Vec<RawColumn>>, StoreError> {
        self.inner.source.check_unchanged()?;
        let Some(row) = self.inner.records.find(position) else {
            return Ok(None);
        };
        let mut bytes = Vec::new();
        let (offset, length) = self.inner.records.place(row);
        if length > scan::LONGEST_RECORD_BYTES {
            self.inner.source.read_at((offset, scan::HEAD_BYTES), &mut bytes)?;
            return Ok(Some(vec![RawColumn {
                name: format!(
                    "the first {} of {}",
                    grouped(scan::HEAD_BYTES as u64),
                    counted(length as u64, "byte")
                ),
                kind: "TEXT".to_owned(),
                bytes,
            }]));
        }
        self.inner.source.read_at((offset, length), &mut bytes)?;
        Ok(Some(self.inner.format.raw(bytes)))
    }
}
