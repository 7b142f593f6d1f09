//! The tables and the pages of a report, made again of its manifest and its record and held against those that lie there.
//!
//! Lists of digests say that files are those that were listed; who changes a table can change the lists with it. So every
//! table is compared with the record that it shows, and every page with what the report says.

use std::fmt::Display;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _, Write};
use std::path::Path;

use refold_audit::report::manifest::Manifest;
use refold_audit::report::model::Finding;
use refold_audit::report::pages::Pages;
use refold_audit::report::rows::{
    self, COLUMNS, EventRow, csv, csv_for_spreadsheets, csv_head, finding_columns, read_csv,
};
use refold_audit::report::xlsx::Spreadsheet;
use refold_audit::report::{html, pdf};
use refold_core::work::{Cancelled, Phase, Work};

use super::super::foreign;
use super::check::{Blamed, blame};
use super::record::BYTE_ORDER_MARK;
use super::{
    FINDINGS_CSV, FINDINGS_JSON, FINDINGS_VIEW_CSV, MANIFEST, MOST_LETTERS, PAGES, PRINTED, PROGRAM_NAME, RECORD_CSV,
    RECORD_JSON, VIEW_CSV, WORKBOOK, method,
};
use crate::answer::EventAnswer;
use crate::error::AppError;
use crate::text::grouped;
use crate::usecase::search::export;

/// A report whose lists agree with its files.
pub(super) struct Again<'a> {
    pub folder: &'a Path,
    pub manifest: &'a Manifest,
    pub blamed: &'a mut Blamed,
}

/// What the record holds, for the pages.
#[derive(Default)]
pub(super) struct Shown {
    /// The first of them, as the pages show them.
    rows: Vec<EventRow>,
    /// Compared as it is written.
    workbook: Option<Spreadsheet<Held>>,
    /// Whether a record is in the folder.
    is_known: bool,
}

const NOT_OF_RECORD: &str = "it does not say what the record says";
/// A longer record is not read. Two bodies of 64 MiB, which is as much as is loaded of one, are shorter with all quotes
/// doubled.
const MOST_RECORD_BYTES: u64 = 320 << 20;

/// Why tables were not compared to their end.
enum Stopped {
    /// The file that cannot be read, and why.
    At(&'static str, String),
    Cancelled(Cancelled),
}

impl From<Cancelled> for Stopped {
    fn from(cancelled: Cancelled) -> Stopped {
        Stopped::Cancelled(cancelled)
    }
}

/// It is this file that cannot be read.
fn at<E: Display>(name: &'static str) -> impl FnOnce(E) -> Stopped {
    move |error| Stopped::At(name, error.to_string())
}

impl Again<'_> {
    /// The tables of findings and of events.
    pub fn tables(&mut self, work: &Work<'_>) -> Result<Shown, AppError> {
        match self.findings(work).and_then(|()| self.events(work)) {
            Ok(shown) => Ok(shown),
            Err(Stopped::Cancelled(cancelled)) => Err(cancelled.into()),
            Err(Stopped::At(name, reason)) => {
                blame(self.blamed, name, &format!("it cannot be read: {reason}"));
                Ok(Shown::default())
            }
        }
    }

    fn has(&self, name: &str) -> bool {
        self.manifest.files.iter().any(|file| file.name == name)
    }

    /// What is in the folder under one of these names.
    fn held(&self, names: &[&'static str]) -> Result<Vec<Held>, Stopped> {
        let there = names.iter().filter(|name| self.has(name));
        there.map(|name| Held::open(self.folder, name)).collect()
    }

    fn findings(&mut self, work: &Work<'_>) -> Result<(), Stopped> {
        let manifest = self.manifest;
        let Some(verdict) = &manifest.report.verdict else {
            for name in [FINDINGS_JSON, FINDINGS_CSV, FINDINGS_VIEW_CSV] {
                if self.has(name) {
                    blame(self.blamed, MANIFEST, &format!("it lists {name} and has no verdict"));
                }
            }
            return Ok(());
        };
        let mut tables = self.held(&[FINDINGS_CSV, FINDINGS_VIEW_CSV])?;
        begin(&mut tables, &csv_head(finding_columns(&verdict.findings)))?;
        if !self.has(FINDINGS_JSON) {
            // Of many the manifest has the first; the id holds the rest.
            for finding in &verdict.findings {
                expect(&mut tables, &finding.fields().map_err(at(MANIFEST))?)?;
            }
            return self.judge(tables, verdict.kept == verdict.findings.len() as u64);
        }
        let (mut first, mut count) = (verdict.findings.iter(), 0);
        let mut record = Records::open(self.folder, FINDINGS_JSON)?;
        while let Some(line) = record.next_text()? {
            let finding: Finding = serde_json::from_str(&line).map_err(at(FINDINGS_JSON))?;
            if first.next().is_some_and(|told| *told != finding) {
                blame(
                    self.blamed,
                    FINDINGS_JSON,
                    &format!("it holds other findings than {MANIFEST}"),
                );
            }
            expect(&mut tables, &finding.fields().map_err(at(FINDINGS_JSON))?)?;
            count += 1;
            tick(work, count, verdict.kept)?;
        }
        if count != verdict.kept {
            blame(
                self.blamed,
                FINDINGS_JSON,
                "it holds another number of findings than its verdict",
            );
        }
        self.judge(tables, true)
    }

    fn events(&mut self, work: &Work<'_>) -> Result<Shown, Stopped> {
        let report = &self.manifest.report;
        let (record, names): (_, &[&'static str]) = match (self.has(RECORD_JSON), self.has(RECORD_CSV)) {
            (true, _) => (RECORD_JSON, &[RECORD_CSV, VIEW_CSV]),
            (false, true) => (RECORD_CSV, &[VIEW_CSV]),
            (false, false) => {
                // No report is written so, and nothing says what this one should show.
                if self.has(VIEW_CSV) {
                    blame(
                        self.blamed,
                        VIEW_CSV,
                        "the record of which it is a view is not in the folder",
                    );
                }
                return Ok(Shown::default());
            }
        };
        let mut tables = self.held(names)?;
        begin(&mut tables, &csv_head(&COLUMNS))?;
        let mut shown = Shown {
            is_known: true,
            ..Shown::default()
        };
        if self.has(WORKBOOK) {
            let held = Held::open(self.folder, WORKBOOK)?;
            let workbook = Spreadsheet::new(held, &report.cover.made_at);
            shown.workbook = Some(workbook.map_err(at(WORKBOOK))?);
        }
        let mut events = Records::open(self.folder, record)?;
        if record == RECORD_CSV && events.next_text()?.is_none_or(|head| head != csv_head(&COLUMNS)) {
            return Err(Stopped::At(RECORD_CSV, "its columns are others".to_owned()));
        }
        let (mut count, written) = (0, report.scope.counts.written);
        while let Some(row) = events.next_event()? {
            expect(&mut tables, &row.0)?;
            if let Some(workbook) = &mut shown.workbook {
                workbook.push(&row).map_err(at(WORKBOOK))?;
            }
            if (shown.rows.len() as u64) < report.events.on_pages {
                shown.rows.push(row.cut(MOST_LETTERS));
            }
            count += 1;
            tick(work, count, written)?;
        }
        if count != written {
            blame(
                self.blamed,
                record,
                &format!(
                    "it holds {} events, and the report {}",
                    grouped(count),
                    grouped(written)
                ),
            );
        }
        self.judge(tables, true)?;
        Ok(shown)
    }

    /// `is_whole`: nothing else was to be expected.
    fn judge(&mut self, tables: Vec<Held>, is_whole: bool) -> Result<(), Stopped> {
        for table in tables {
            let name = table.name;
            if !table.end(is_whole).map_err(at(name))? {
                blame(self.blamed, name, NOT_OF_RECORD);
            }
        }
        Ok(())
    }

    /// The pages. Says what could not be compared.
    pub fn pages(&mut self, work: &Work<'_>, mut shown: Shown) -> Result<Option<String>, AppError> {
        let Manifest { report, files, .. } = self.manifest;
        let pages: Vec<&'static str> = [PAGES, PRINTED, WORKBOOK]
            .into_iter()
            .filter(|name| self.has(name))
            .collect();
        if pages.is_empty() {
            return Ok(None);
        }
        let named = pages.join(", ");
        let made_by = (&*report.method.program, &*report.method.system);
        if made_by != (PROGRAM_NAME, &*method::system()) {
            let (program, system) = made_by;
            return Ok(Some(format!(
                "Whether {named} say what the record says: they were written by {program} on {system}, which compares them."
            )));
        }
        if !shown.is_known && (report.events.on_pages > 0 || self.has(WORKBOOK)) {
            return Ok(Some(format!(
                "Whether {named} say what the store held: there is no record of the events in this folder."
            )));
        }
        work.tick(Phase::ComparingThePages, 0, None)?;
        let held: Vec<&str> = files.iter().map(|file| &*file.name).collect();
        let laid_out = Pages::of(report, &shown.rows, &held, self.manifest.signed_by.as_deref());
        let is_there = |name: &str, made: Vec<u8>| {
            foreign::read_up_to(&self.folder.join(name), made.len() as u64).is_ok_and(|there| there == made)
        };
        for name in pages {
            let is_same = match name {
                PAGES => html::write(&laid_out).is_ok_and(|page| is_there(PAGES, page.into_bytes())),
                PRINTED => pdf::write(&laid_out).is_ok_and(|printed| is_there(PRINTED, printed)),
                _ => match shown.workbook.take() {
                    Some(workbook) => workbook
                        .finish(&laid_out)
                        .and_then(|held| held.end(true))
                        .unwrap_or(false),
                    None => continue,
                },
            };
            if !is_same {
                blame(self.blamed, name, "it is not what goes with this report and its record");
            }
        }
        Ok(None)
    }
}

/// A table that lies there, and how far it is what it should be.
struct Held {
    name: &'static str,
    file: BufReader<File>,
    is_same: bool,
    buffer: Vec<u8>,
}

impl Held {
    fn open(folder: &Path, name: &'static str) -> Result<Held, Stopped> {
        Ok(Held {
            name,
            file: open(folder, name)?,
            is_same: true,
            buffer: Vec::new(),
        })
    }

    fn expect(&mut self, text: &str) -> Result<(), Stopped> {
        self.write_all(text.as_bytes()).map_err(at(self.name))
    }

    fn end(mut self, is_whole: bool) -> io::Result<bool> {
        Ok(self.is_same && (!is_whole || self.file.fill_buf()?.is_empty()))
    }
}

/// What is written is compared.
impl Write for Held {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.is_same {
            self.buffer.resize(bytes.len(), 0);
            self.is_same = match self.file.read_exact(&mut self.buffer) {
                Ok(()) => self.buffer == bytes,
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => false,
                Err(error) => return Err(error),
            };
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn begin(tables: &mut [Held], head: &str) -> Result<(), Stopped> {
    tables.iter_mut().try_for_each(|table| {
        let mark = if is_view(table.name) { BYTE_ORDER_MARK } else { "" };
        table.expect(&format!("{mark}{head}"))
    })
}

fn expect(tables: &mut [Held], fields: &[Option<String>]) -> Result<(), Stopped> {
    tables.iter_mut().try_for_each(|table| match is_view(table.name) {
        true => table.expect(&csv_for_spreadsheets(fields)),
        false => table.expect(&csv(fields)),
    })
}

fn is_view(name: &str) -> bool {
    [VIEW_CSV, FINDINGS_VIEW_CSV].contains(&name)
}

/// After each record, of which one may be long.
fn tick(work: &Work<'_>, count: u64, total: u64) -> Result<(), Cancelled> {
    match count.is_multiple_of(1_024) {
        true => work.tick(Phase::ComparingTheTables, count, Some(total)),
        false => work.check(),
    }
}

fn open(folder: &Path, name: &'static str) -> Result<BufReader<File>, Stopped> {
    foreign::open(&folder.join(name)).map(BufReader::new).map_err(at(name))
}

/// The records of a file, one after the other.
struct Records {
    name: &'static str,
    file: BufReader<File>,
}

impl Records {
    fn open(folder: &Path, name: &'static str) -> Result<Records, Stopped> {
        Ok(Records {
            name,
            file: open(folder, name)?,
        })
    }

    fn next_text(&mut self) -> Result<Option<String>, Stopped> {
        next_record(&mut self.file, self.name == RECORD_CSV, MOST_RECORD_BYTES).map_err(at(self.name))
    }

    fn next_event(&mut self) -> Result<Option<EventRow>, Stopped> {
        let Some(text) = self.next_text()? else {
            return Ok(None);
        };
        if self.name == RECORD_JSON {
            let event: EventAnswer = serde_json::from_str(&text).map_err(at(self.name))?;
            return Ok(Some(export::row(&event)));
        }
        let fields = read_csv(&text).and_then(|fields| <[_; rows::COLUMNS.len()]>::try_from(fields).ok());
        match fields {
            Some(fields) => Ok(Some(EventRow(fields))),
            None => Err(Stopped::At(self.name, "a row is no record of RFC 4180".to_owned())),
        }
    }
}

/// The next line, or of a table as many as belong to a record: a line end in quotes ends none. `None`: there is no more.
pub(super) fn next_record(file: &mut impl BufRead, is_table: bool, most_bytes: u64) -> io::Result<Option<String>> {
    let (mut record, mut is_open) = (Vec::new(), false);
    loop {
        let start = record.len();
        // One byte more than may be, to see that there is more.
        let room = (most_bytes + 1).saturating_sub(start as u64);
        file.by_ref().take(room).read_until(b'\n', &mut record)?;
        if record.len() as u64 > most_bytes {
            return Err(io::Error::other(format!(
                "a record of it is longer than {} bytes",
                grouped(most_bytes)
            )));
        }
        let line = record.get(start..).unwrap_or_default();
        is_open ^= is_table && line.iter().filter(|byte| **byte == b'"').count() % 2 == 1;
        if line.is_empty() || !is_open {
            break;
        }
    }
    let record = String::from_utf8(record).map_err(io::Error::other)?;
    Ok(Some(record).filter(|record| !record.is_empty()))
}
