//! The events of a report on their way to its files: they pass once, and only the first of them are kept for the pages.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::ops::Range;

use refold_audit::anchor::hex;
use refold_audit::report::model::{Counted, OverTime};
use refold_audit::report::rows::{self, EventRow};
use refold_audit::report::xlsx::Spreadsheet;
use refold_core::event::{Columns, EventBatch, EventView, Position};
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::port::store::{Direction, ReadQuery, Scope, StoreError};
use refold_core::time::Timestamp;
use refold_core::work::{Phase, Work};
use sha2::{Digest as _, Sha256};

use super::super::folder::{NewFolder, Summed};
use super::hidden::HiddenPaths;
use super::scope::Selection;
use super::subject::Subject;
use super::{MOST_LETTERS, MOST_ON_PAGES, RECORD_CSV, RECORD_JSON, ReportAsked, ReportFormat, VIEW_CSV, WORKBOOK};
use crate::density;
use crate::error::AppError;
use crate::payload;
use crate::session::Session;
use crate::usecase::events::event_answer;
use crate::usecase::round_columns::round_columns;
use crate::usecase::search::export;
use crate::{findings, text};

/// Events read at a time.
pub(super) const READ_EVENTS: usize = 1_024;
/// Bars of the figure.
const MOST_BARS: u32 = 30;
/// In the view for spreadsheets, so that they take it for UTF-8.
pub(super) const BYTE_ORDER_MARK: &str = "\u{feff}";

pub struct Record {
    json: Option<Summed>,
    csv: Option<Summed>,
    view: Option<Summed>,
    workbook: Option<Spreadsheet<Summed>>,
    hash: Sha256,
    digits: u8,
    /// From the start of the first bar to the end of the last, and how many there are.
    bars: Option<(Range<i64>, u32)>,
    ended: Ended,
    /// Events of each type in each bar.
    in_bars: BTreeMap<String, Vec<u32>>,
    without_time: u64,
}

/// Where what passes goes besides the files.
struct Taken<'a> {
    folder: &'a NewFolder,
    hidden: &'a mut HiddenPaths,
    /// Of a report about a person: what is left of an event.
    subject: Option<&'a mut Subject>,
    found: &'a Findings,
    /// What reading them whole came upon.
    told: Findings,
    total: u64,
}

/// What was written.
#[derive(Default)]
pub struct Ended {
    pub written: u64,
    pub payload_not_json: u64,
    /// What reading and judging came upon; see [`super::noticed::left_out`].
    pub unreadable: u64,
    /// Whether these are parts of a damaged file, of which nobody knows how many rows they held.
    pub is_damaged: bool,
    /// The first events, cut for the pages.
    pub shown: Vec<EventRow>,
    pub sha256: String,
    of_types: BTreeMap<String, u64>,
    pub streams: BTreeMap<String, u64>,
    pub over_time: Option<OverTime>,
}

impl Record {
    pub fn new(
        folder: &NewFolder,
        session: &Session,
        asked: &ReportAsked,
        (selection, now): (&Selection, Timestamp),
    ) -> Result<Record, AppError> {
        let file = |format, name| match asked.formats.contains(&format) {
            true => folder.start(name).map(Some),
            false => Ok(None),
        };
        let mut record = Record {
            json: file(ReportFormat::Json, RECORD_JSON)?,
            csv: file(ReportFormat::Csv, RECORD_CSV)?,
            view: file(ReportFormat::Csv, VIEW_CSV)?,
            workbook: file(ReportFormat::Xlsx, WORKBOOK)?
                .map(|file| Spreadsheet::new(file, &now.display(0).to_string()))
                .transpose()
                .map_err(|error| folder.failed(&error))?,
            hash: Sha256::new(),
            digits: session.description().time_digits,
            bars: selection
                .time_span
                .and_then(|(first, last)| round_columns(&(first.0..last.0.saturating_add(1)), MOST_BARS)),
            ended: Ended::default(),
            in_bars: BTreeMap::new(),
            without_time: 0,
        };
        let head = rows::csv_head(&rows::COLUMNS);
        put(folder, &mut record.csv, &head)?;
        put(folder, &mut record.view, &format!("{BYTE_ORDER_MARK}{head}"))?;
        Ok(record)
    }

    /// Writes the events of the selection. That they are other ones than a moment ago is an error.
    pub fn write(
        &mut self,
        work: &Work<'_>,
        folder: &NewFolder,
        session: &Session,
        selection: &Selection,
        (hidden, subject, found): (&mut HiddenPaths, Option<&mut Subject>, &Findings),
    ) -> Result<(), AppError> {
        let total = selection.positions.len() as u64;
        work.tick(Phase::WritingTheEvents, 0, Some(total))?;
        let mut taken = Taken {
            folder,
            hidden,
            subject,
            found,
            told: Findings::default(),
            total,
        };
        match selection.whole {
            Some((after, up_to)) => {
                let scope = Scope::All { after, up_to };
                self.read(work, session, scope, &selection.positions, &mut taken)?;
            }
            None => {
                for part in selection.positions.chunks(READ_EVENTS) {
                    let scope = Scope::Positions(part.to_vec());
                    self.read(work, session, scope, part, &mut taken)?;
                }
            }
        }
        // A pass by skeletons met most of it before.
        findings::add_again(&taken.told, found);
        Ok(())
    }

    /// Reads what must be exactly the events at `expected`.
    fn read(
        &mut self,
        work: &Work<'_>,
        session: &Session,
        scope: Scope,
        expected: &[Position],
        taken: &mut Taken<'_>,
    ) -> Result<(), AppError> {
        let changed = || StoreError::Changed {
            location: session.location().to_owned(),
            detail: "it holds other events than a moment ago".to_owned(),
        };
        let told = Findings::default();
        let mut expected = expected.iter();
        let mut reader = session.store().read(&ReadQuery {
            scope,
            direction: Direction::Forward,
            columns: Columns::ALL,
        })?;
        let (mut batch, mut names) = (EventBatch::default(), Names::default());
        while reader.next_batch(work, READ_EVENTS, &mut batch, &mut names, &told)? {
            for row in 0..batch.len() {
                let event = batch.event(row);
                if expected.next() != Some(&event.position) {
                    return Err(changed().into());
                }
                payload::report_repeated(&event, &names, taken.found);
                match taken.subject {
                    None => taken.hidden.add_event(&event, &names, session.mask()),
                    // What is written is counted. Which rules hide nothing is told to the caller alone.
                    Some(_) => taken.hidden.try_idle(&event, &names),
                }
                self.take(&event, &names, session, taken)?;
            }
            work.tick(Phase::WritingTheEvents, self.ended.written, Some(taken.total))?;
        }
        // What cannot be read at all is met in each part.
        findings::add_lacking(&told, taken.found);
        findings::add_others(&told, &taken.told);
        match expected.next() {
            None => Ok(()),
            Some(_) => Err(changed().into()),
        }
    }

    fn take(
        &mut self,
        event: &EventView<'_>,
        names: &Names,
        session: &Session,
        taken: &mut Taken<'_>,
    ) -> Result<(), AppError> {
        let folder = taken.folder;
        let mut answer = event_answer(event, names, self.digits, session.mask());
        if let Some(subject) = &mut taken.subject {
            subject.shorten(&mut answer, event, (names, session.mask()), taken.hidden);
        }
        let row = export::row(&answer);
        let line = export::json_line(answer)?;
        self.hash.update(line.as_bytes());
        put(folder, &mut self.json, &line)?;
        if self.csv.is_some() {
            put(folder, &mut self.csv, &rows::csv(&row.0))?;
            put(folder, &mut self.view, &rows::csv_for_spreadsheets(&row.0))?;
        }
        if let Some(workbook) = &mut self.workbook {
            workbook.push(&row).map_err(|error| folder.failed(&error))?;
        }
        self.ended.written += 1;
        self.ended.payload_not_json += u64::from(!matches!(row.field("payload_encoding"), "json" | ""));
        let event_type = row.field("type");
        add_one(&mut self.ended.of_types, event_type);
        add_one(&mut self.ended.streams, row.field("stream"));
        self.count_in_bars(event.recorded_at, event_type);
        if (self.ended.shown.len() as u64) < MOST_ON_PAGES {
            self.ended.shown.push(row.cut(MOST_LETTERS));
        }
        Ok(())
    }

    fn count_in_bars(&mut self, time: Timestamp, event_type: &str) {
        let Some((window, count)) = &self.bars else {
            self.without_time += 1;
            return;
        };
        let Some(bar) = density::column_of(window, *count, time.0).filter(|_| !time.is_none()) else {
            self.without_time += 1;
            return;
        };
        if !self.in_bars.contains_key(event_type) {
            self.in_bars.insert(event_type.to_owned(), vec![0; *count as usize]);
        }
        let of_type = self.in_bars.get_mut(event_type);
        if let Some(counted) = of_type.and_then(|bars| bars.get_mut(bar as usize)) {
            *counted += 1;
        }
    }

    /// Ends the files. What comes besides still wants its pages.
    pub fn finish(self, folder: &mut NewFolder) -> Result<(Ended, Option<Spreadsheet<Summed>>), AppError> {
        let mut ended = self.ended;
        ended.sha256 = hex(&self.hash.finalize());
        if let Some((window, count)) = &self.bars {
            let types: Vec<String> = ended.types().into_iter().map(|of| of.name).collect();
            let columns = (0..*count).map(|bar| {
                let start = Timestamp(density::column_start(window, *count, bar));
                let counts = types
                    .iter()
                    .map(|name| self.in_bars.get(name)?.get(bar as usize).copied());
                (
                    text::time_label(start, self.digits),
                    counts.map(Option::unwrap_or_default).collect(),
                )
            });
            ended.over_time = Some(OverTime {
                columns: columns.collect(),
                types,
                without_time: self.without_time,
            });
        }
        for file in [self.json, self.csv, self.view].into_iter().flatten() {
            folder.end(file)?;
        }
        Ok((ended, self.workbook))
    }
}

impl Ended {
    /// The most frequent first.
    pub fn types(&self) -> Vec<Counted> {
        let mut types = counted(&self.of_types);
        types.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.name.cmp(&b.name)));
        types
    }

    /// The first ones by name.
    pub fn streams(&self, most: usize) -> Vec<Counted> {
        let mut streams = counted(&self.streams);
        streams.truncate(most);
        streams
    }
}

fn counted(of: &BTreeMap<String, u64>) -> Vec<Counted> {
    let one = |(name, count): (&String, &u64)| Counted {
        name: name.clone(),
        count: *count,
    };
    of.iter().map(one).collect()
}

fn add_one(counts: &mut BTreeMap<String, u64>, name: &str) {
    match counts.get_mut(name) {
        Some(count) => *count += 1,
        None => {
            counts.insert(name.to_owned(), 1);
        }
    }
}

fn put(folder: &NewFolder, file: &mut Option<Summed>, text: &str) -> Result<(), AppError> {
    let Some(file) = file else { return Ok(()) };
    file.write_all(text.as_bytes()).map_err(|error| folder.failed(&error))
}
