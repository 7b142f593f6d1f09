//! A running read of a file: records by row, each read at its place.

use std::sync::Arc;

use refold_core::count::counted;
use refold_core::event::{Encoding, EventBatch, Position, Span, Version};
use refold_core::finding::{Finding, Findings, Severity};
use refold_core::names::Names;
use refold_core::port::store::{Direction, EventReader, ReadQuery, Scope, StoreError};
use refold_core::row;
use refold_core::time::Timestamp;
use refold_core::work::Work;

use super::Inner;
use super::record::{Body, Parsed, Part};
use super::scan::{HEAD_BYTES, LONGEST_RECORD_BYTES, Records};
use crate::time::{self, Reading};
use crate::{NO_STREAM, NO_TYPE};

/// A batch ends when its arena is this full, however few rows it has.
const BATCH_BYTES: usize = 64 << 20;

pub struct FileReader {
    inner: Arc<Inner>,
    columns: refold_core::event::Columns,
    rows: Box<dyn Iterator<Item = usize> + Send>,
    record: Vec<u8>,
    /// Records that are no events and are not read, only counted at the end.
    unread: u64,
    is_finished: bool,
}

impl FileReader {
    pub fn new(inner: Arc<Inner>, query: &ReadQuery) -> FileReader {
        let records = &inner.records;
        let mut unread = 0;
        let rows: Box<dyn Iterator<Item = usize> + Send> = match &query.scope {
            Scope::All { after, up_to } => {
                let range = records.range(*after, *up_to);
                if query.direction == Direction::Forward {
                    Box::new(range)
                } else {
                    Box::new(range.rev())
                }
            }
            Scope::Stream { id, from, to } => {
                let rows = records.of_stream(id, from.map(|from| from.0), to.map(|to| to.0));
                let mut rows: Vec<usize> = rows.iter().map(|row| *row as usize).collect();
                if query.direction == Direction::Backward {
                    rows.reverse();
                }
                // Of a whole stream it is said which records may have been of it.
                if from.is_none() && to.is_none() && !rows.is_empty() {
                    let (faulty, more) = records.faulty_rows();
                    rows.extend(faulty.iter().map(|row| *row as usize));
                    unread = more;
                }
                Box::new(rows.into_iter())
            }
            Scope::Positions(positions) => {
                let rows: Vec<usize> = positions
                    .iter()
                    .filter_map(|position| records.find(*position))
                    .collect();
                Box::new(rows.into_iter())
            }
        };
        FileReader {
            inner,
            columns: query.columns,
            rows,
            record: Vec::new(),
            unread,
            is_finished: false,
        }
    }
}

impl EventReader for FileReader {
    fn next_batch(
        &mut self,
        work: &Work<'_>,
        max_rows: usize,
        batch: &mut EventBatch,
        names: &mut Names,
        findings: &Findings,
    ) -> Result<bool, StoreError> {
        batch.clear();
        if !self.is_finished {
            let filled = self.fill(work, max_rows, batch, names, findings);
            self.is_finished |= filled.is_err();
            filled?;
        }
        Ok(!batch.is_empty())
    }
}

impl FileReader {
    fn fill(
        &mut self,
        work: &Work<'_>,
        max_rows: usize,
        batch: &mut EventBatch,
        names: &mut Names,
        findings: &Findings,
    ) -> Result<(), StoreError> {
        work.check()?;
        let mut looked_at = 0_usize;
        while batch.len() < max_rows && batch.arena.len() < BATCH_BYTES {
            let Some(row) = self.rows.next() else {
                self.is_finished = true;
                if self.unread > 0 {
                    findings.report_many("not-an-event", std::mem::take(&mut self.unread), Vec::new());
                }
                break;
            };
            looked_at += 1;
            if looked_at.is_multiple_of(1024) {
                work.check()?;
            }
            self.append(row, batch, names, findings)?;
        }
        self.inner.source.check_unchanged()
    }

    fn append(
        &mut self,
        row: usize,
        batch: &mut EventBatch,
        names: &mut Names,
        findings: &Findings,
    ) -> Result<(), StoreError> {
        let Inner { format, records, .. } = &*self.inner;
        let mut odd = Oddities {
            findings,
            position: records.own_position(row),
            stream: None,
            version: None,
        };
        self.inner.load(row, &mut self.record)?;
        let Some(parsed) = self.inner.parsed(row, &self.record, &odd) else {
            return Ok(());
        };
        let id = parsed.stream.as_deref().unwrap_or(NO_STREAM);
        odd.stream = Some(id);
        let version = odd.version_of(&parsed);
        odd.version = (version != EventBatch::NO_VERSION).then_some(version);
        odd.report_all_of(&parsed, records, row);
        batch.positions.push(records.position(row));
        batch
            .streams
            .push(names.intern_stream(id, || parsed.category.as_deref().unwrap_or_default()));
        batch.versions.push(version);
        batch
            .types
            .push(names.intern_type(parsed.event_type.as_deref().unwrap_or(NO_TYPE)));
        batch.recorded_at.push(odd.time("recorded time", &parsed.recorded_at));
        if self.columns.payload {
            let (span, encoding) = odd.body("payload", parsed.payload.as_ref(), batch);
            batch.payloads.push(span);
            batch.payload_encodings.push(encoding);
        }
        if self.columns.metadata {
            let (span, _) = odd.body("metadata", parsed.metadata.as_ref(), batch);
            batch.metadata.push(span);
        }
        if self.columns.envelope {
            append_envelope(&parsed, batch);
            batch.occurred_at.push(odd.time("occurred time", &parsed.occurred_at));
        }
        if self.columns.row {
            let last = |spans: &[Span]| spans.last().and_then(|span| batch.bytes(*span));
            let bodies = row::Bodies {
                payload: last(&batch.payloads),
                metadata: last(&batch.metadata),
            };
            let columns = format.row(&self.record, &parsed, bodies);
            let span = batch.store(&columns);
            batch.rows.push(span);
        }
        Ok(())
    }
}

impl Inner {
    /// Reads a record, and of one that is too large the head alone.
    fn load(&self, row: usize, record: &mut Vec<u8>) -> Result<(), StoreError> {
        let (offset, length) = self.records.place(row);
        let loaded = if length > LONGEST_RECORD_BYTES {
            HEAD_BYTES
        } else {
            length
        };
        self.source.read_at((offset, loaded), record)
    }

    /// What a loaded record says. `None`: it is no event, and that was reported.
    fn parsed<'r>(&self, row: usize, record: &'r [u8], odd: &Oddities<'_>) -> Option<Parsed<'r>> {
        let Inner { format, records, .. } = self;
        let (_, length) = records.place(row);
        let is_too_large = length > LONGEST_RECORD_BYTES;
        let parsed = if is_too_large {
            format.parse_head(record)
        } else {
            format.parse(record)
        };
        let fault = match parsed {
            Ok(parsed) => return Some(parsed),
            Err(fault) => fault,
        };
        let stream = format.stream_of_broken(record);
        let whose = match &stream {
            Some(_) => "it names a stream, whose states lack it",
            None => "which stream it is of cannot be told, and states of any may lack it",
        };
        let is_last = row + 1 == records.len() && !is_too_large && !record.ends_with(b"\n");
        let (code, what) = if is_last {
            ("torn-record", "last record")
        } else {
            ("not-an-event", "record")
        };
        let what = format!("the {what}, number {}", row + 1);
        let detail = if is_too_large {
            format!(
                "{what}, of {}, is not loaded, and the event is not shown: {fault}; {whose}",
                counted(length as u64, "byte")
            )
        } else {
            format!("{what}, is no event: {fault}; {whose}")
        };
        let odd = Oddities {
            stream: stream.as_deref(),
            ..*odd
        };
        odd.report(code, Severity::Error, detail);
        None
    }
}

fn append_envelope(parsed: &Parsed<'_>, batch: &mut EventBatch) {
    let parts = [
        &parsed.event_id,
        &parsed.correlation_id,
        &parsed.causation_id,
        &parsed.schema_version,
    ];
    let spans = parts.map(|part| part.as_deref().map_or(Span::NULL, |text| batch.store(text)));
    let [event_id, correlation_id, causation_id, schema_version] = spans;
    batch.event_ids.push(event_id);
    batch.correlation_ids.push(correlation_id);
    batch.causation_ids.push(causation_id);
    batch.schema_versions.push(schema_version);
}

/// Where oddities of one event are reported.
struct Oddities<'a> {
    findings: &'a Findings,
    /// `None` of a record that is no event and has the position of one.
    position: Option<Position>,
    stream: Option<&'a [u8]>,
    version: Option<Version>,
}

impl Oddities<'_> {
    fn version_of(&self, parsed: &Parsed<'_>) -> Version {
        match &parsed.version {
            Part::Known(version) => Version(*version),
            Part::Missing => EventBatch::NO_VERSION,
            Part::Unreadable(text) => {
                self.report(
                    "wrong-type",
                    Severity::Warning,
                    format!("its version is the text {text:?}"),
                );
                EventBatch::NO_VERSION
            }
        }
    }

    /// What else is odd about a record that is an event.
    fn report_all_of(&self, parsed: &Parsed<'_>, records: &Records, row: usize) {
        let (_, length) = records.place(row);
        if length > LONGEST_RECORD_BYTES {
            self.report(
                "too-large",
                Severity::Warning,
                format!(
                    "its record of {} is not loaded, so its payload is not shown: the limit is {}; take the record out of the \
                     file to look at it",
                    counted(length as u64, "byte"),
                    counted(LONGEST_RECORD_BYTES as u64, "byte")
                ),
            );
        }
        if parsed.stream.is_none() {
            self.report(
                "no-stream",
                Severity::Notice,
                "the record names no stream; it is shown in (no stream)".to_owned(),
            );
        }
        if parsed.event_type.is_none() {
            self.report(
                "no-type",
                Severity::Warning,
                "the record names no type; it is shown as (no type)".to_owned(),
            );
        }
        if let Some(detail) = records.replaced(row, parsed.position) {
            self.report("position-replaced", Severity::Warning, detail);
        }
        for name in &parsed.repeated {
            self.report(
                "repeated-member",
                Severity::Warning,
                format!("its record says {name:?} more than once; the last one counts"),
            );
        }
    }

    fn report(&self, code: &'static str, severity: Severity, detail: String) {
        let (stream, position) = (self.stream.map(Into::into), self.position);
        self.findings.report(Finding {
            code,
            severity,
            stream,
            version: self.version,
            position,
            detail,
        });
    }

    fn time(&self, what: &str, part: &Part<Reading>) -> Timestamp {
        match part {
            Part::Known(reading) => {
                for (code, severity, detail) in reading.doubts(what) {
                    self.report(code, severity, detail);
                }
                reading.at
            }
            Part::Missing => Timestamp::NONE,
            Part::Unreadable(text) => {
                let beyond = time::beyond(what, text.as_bytes());
                let detail = beyond.unwrap_or_else(|| format!("its {what} cannot be read: the text {text:?}"));
                self.report("time-unreadable", Severity::Warning, detail);
                Timestamp::NONE
            }
        }
    }

    fn body(&self, what: &str, body: Option<&Body<'_>>, batch: &mut EventBatch) -> (Span, Encoding) {
        let Some(body) = body else {
            if what == "payload" {
                self.report(
                    "payload-missing",
                    Severity::Warning,
                    "the record holds no payload for it".to_owned(),
                );
            }
            return (Span::NULL, Encoding::Opaque);
        };
        if let Some(fault) = &body.fault {
            self.report(
                "undecodable",
                Severity::Warning,
                format!("its {what} cannot be decoded: {fault}"),
            );
        }
        (batch.store(&body.bytes), body.encoding)
    }
}
