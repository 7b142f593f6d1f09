//! The tables and the pages of a report, made again of its manifest and its record and held against those that lie there.
//!
//! Lists of digests say that files are those that were listed; who changes a table can change the lists with it. So every
//! table is compared with the record that it shows, and every page with what the report says.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Write};
use std::path::Path;

use refold_audit::report::manifest::Manifest;
use refold_audit::report::model::Finding;
use refold_audit::report::pages::Pages;
use refold_audit::report::rows::{
    self, COLUMNS, EventRow, FINDING_COLUMNS, csv, csv_for_spreadsheets, csv_head, read_csv,
};
use refold_audit::report::xlsx::Spreadsheet;
use refold_audit::report::{html, pdf};
use refold_core::work::Work;

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

impl Again<'_> {
    /// The tables of findings and of events.
    pub fn tables(&mut self, work: &Work<'_>) -> Result<Shown, AppError> {
        let told = self.findings().and_then(|()| self.events(work));
        match told {
            Ok(shown) => shown,
            Err(error) => {
                blame(self.blamed, RECORD_JSON, &format!("it cannot be read: {error}"));
                Ok(Shown::default())
            }
        }
    }

    fn has(&self, name: &str) -> bool {
        self.manifest.files.iter().any(|file| file.name == name)
    }

    /// What is in the folder under one of these names.
    fn held(&self, names: &[&'static str]) -> io::Result<Vec<Held>> {
        let there = names.iter().filter(|name| self.has(name));
        there.map(|name| Held::open(self.folder, name)).collect()
    }

    fn findings(&mut self) -> io::Result<()> {
        let Some(verdict) = &self.manifest.report.verdict else {
            for name in [FINDINGS_JSON, FINDINGS_CSV, FINDINGS_VIEW_CSV] {
                if self.has(name) {
                    blame(self.blamed, MANIFEST, &format!("it lists {name} and has no verdict"));
                }
            }
            return Ok(());
        };
        let mut tables = self.held(&[FINDINGS_CSV, FINDINGS_VIEW_CSV])?;
        begin(&mut tables, &csv_head(&FINDING_COLUMNS))?;
        let mut count = 0_u64;
        let mut write = |finding: &Finding, tables: &mut [Held]| -> io::Result<()> {
            count += 1;
            expect(tables, &finding.fields()?)
        };
        let is_whole = if self.has(FINDINGS_JSON) {
            let mut first = verdict.findings.iter();
            for line in BufReader::new(File::open(self.folder.join(FINDINGS_JSON))?).lines() {
                let finding: Finding = serde_json::from_str(&line?)?;
                if first.next().is_some_and(|told| *told != finding) {
                    blame(
                        self.blamed,
                        FINDINGS_JSON,
                        &format!("it holds other findings than {MANIFEST}"),
                    );
                }
                write(&finding, &mut tables)?;
            }
            true
        } else {
            // Of many the manifest has the first; the id holds the rest.
            verdict
                .findings
                .iter()
                .try_for_each(|finding| write(finding, &mut tables))?;
            verdict.kept == verdict.findings.len() as u64
        };
        if is_whole && count != verdict.kept {
            blame(
                self.blamed,
                FINDINGS_JSON,
                "it holds another number of findings than its verdict",
            );
        }
        self.judge(tables, is_whole)
    }

    fn events(&mut self, work: &Work<'_>) -> io::Result<Result<Shown, AppError>> {
        let report = &self.manifest.report;
        let (record, names): (_, &[&'static str]) = match (self.has(RECORD_JSON), self.has(RECORD_CSV)) {
            (true, _) => (RECORD_JSON, &[RECORD_CSV, VIEW_CSV]),
            (false, true) => (RECORD_CSV, &[VIEW_CSV]),
            (false, false) => return Ok(Ok(Shown::default())),
        };
        let mut tables = self.held(names)?;
        begin(&mut tables, &csv_head(&COLUMNS))?;
        let mut shown = Shown {
            is_known: true,
            ..Shown::default()
        };
        if self.has(WORKBOOK) {
            let held = Held::open(self.folder, WORKBOOK)?;
            shown.workbook = Some(Spreadsheet::new(held, &report.cover.made_at)?);
        }
        let mut events = Events::open(self.folder, record)?;
        let (mut count, written) = (0_u64, report.scope.counts.written);
        while let Some(row) = events.next()? {
            expect(&mut tables, &row.0)?;
            if let Some(workbook) = &mut shown.workbook {
                workbook.push(&row)?;
            }
            if (shown.rows.len() as u64) < report.events.on_pages {
                shown.rows.push(row.cut(MOST_LETTERS));
            }
            count += 1;
            if count.is_multiple_of(1_024)
                && let Err(cancelled) = work.tick("comparing the tables", count, Some(written))
            {
                return Ok(Err(cancelled.into()));
            }
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
        Ok(Ok(shown))
    }

    /// `is_whole`: nothing else was to be expected.
    fn judge(&mut self, tables: Vec<Held>, is_whole: bool) -> io::Result<()> {
        for table in tables {
            let name = table.name;
            if !table.end(is_whole)? {
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
        work.tick("comparing the pages", 0, None)?;
        let held: Vec<&str> = files.iter().map(|file| &*file.name).collect();
        let laid_out = Pages::of(report, &shown.rows, &held, self.manifest.signed_by.as_deref());
        let is_there =
            |name: &str, made: Vec<u8>| std::fs::read(self.folder.join(name)).is_ok_and(|there| there == made);
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
    fn open(folder: &Path, name: &'static str) -> io::Result<Held> {
        Ok(Held {
            name,
            file: BufReader::new(File::open(folder.join(name))?),
            is_same: true,
            buffer: Vec::new(),
        })
    }

    fn expect(&mut self, text: &str) -> io::Result<()> {
        self.write_all(text.as_bytes())
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

fn begin(tables: &mut [Held], head: &str) -> io::Result<()> {
    tables.iter_mut().try_for_each(|table| {
        let mark = if is_view(table.name) { BYTE_ORDER_MARK } else { "" };
        table.expect(&format!("{mark}{head}"))
    })
}

fn expect(tables: &mut [Held], fields: &[Option<String>]) -> io::Result<()> {
    tables.iter_mut().try_for_each(|table| match is_view(table.name) {
        true => table.expect(&csv_for_spreadsheets(fields)),
        false => table.expect(&csv(fields)),
    })
}

fn is_view(name: &str) -> bool {
    [VIEW_CSV, FINDINGS_VIEW_CSV].contains(&name)
}

/// The rows of the record, one after the other.
struct Events {
    file: BufReader<File>,
    is_json: bool,
    text: String,
}

impl Events {
    fn open(folder: &Path, name: &str) -> io::Result<Events> {
        let mut events = Events {
            file: BufReader::new(File::open(folder.join(name))?),
            is_json: name == RECORD_JSON,
            text: String::new(),
        };
        if !events.is_json {
            events.read_record()?;
            if events.text != csv_head(&COLUMNS) {
                return Err(io::Error::other("its columns are others"));
            }
        }
        Ok(events)
    }

    fn next(&mut self) -> io::Result<Option<EventRow>> {
        self.read_record()?;
        if self.text.is_empty() {
            return Ok(None);
        }
        if self.is_json {
            let event: EventAnswer = serde_json::from_str(&self.text)?;
            return Ok(Some(export::row(&event)));
        }
        let fields = read_csv(&self.text).and_then(|fields| <[_; rows::COLUMNS.len()]>::try_from(fields).ok());
        let fields = fields.ok_or_else(|| io::Error::other("a row is no record of RFC 4180"))?;
        Ok(Some(EventRow(fields)))
    }

    /// The next line, or of a table as many as belong to a record: a line end in quotes ends none.
    fn read_record(&mut self) -> io::Result<()> {
        self.text.clear();
        loop {
            let is_at_end = self.file.read_line(&mut self.text)? == 0;
            let is_open = !self.is_json && self.text.matches('"').count() % 2 == 1;
            if is_at_end || !is_open {
                return Ok(());
            }
        }
    }
}
