//! One page of a read: runs the statements of a course until the batch is full, and gets past rows that cannot be read.
//!
//! Two things stop a statement of SQLite in the middle: a value above the length limit and a damaged page of the file.
//! Neither ends the read. What can be had of such a row is taken without its bodies; where not even that is possible, the
//! next readable row is looked for ([`super::detour`]), and a finding says what lies between. Statements are kept off pages
//! whose rows are not in order ([`super::survey`]), since these lead them astray without an error.

use std::sync::Arc;

use refold_core::event::{EventBatch, Position};
use refold_core::finding::{Finding, Findings, Severity};
use refold_core::names::Names;
use refold_core::port::store::Direction;
use refold_core::work::CancelToken;
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, ErrorCode, params_from_iter};

use super::bulk::{Bulk, BulkReader, Reached};
use super::course::{Course, Statement};
use super::detour::Remains;
use super::plain::PlainRows;
use super::survey::{Ahead, Ground, Survey};
use crate::tables::plan::{Bodies, Plan, Shape};
use crate::tables::row::{RowReader, TOLD_ONCE_A_NAME};

/// A page ends when its arena is this full, however few rows it has.
const PAGE_BYTES: usize = 64 << 20;
/// A file with more damaged places than this is given up.
const MOST_DETOURS: u32 = 10_000;

/// Why a page could not be filled.
#[derive(Debug)]
pub enum Trouble {
    Sqlite(rusqlite::Error),
    /// Rows do not come in the order of their key: the file's tree of pages is damaged. The last good position.
    Disorder(i64),
    /// The file is damaged in too many places.
    TooManyDetours,
}

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Trouble {
        Trouble::Sqlite(error)
    }
}

/// What is known of a store's file beside what SQLite says of it.
#[derive(Clone, Default)]
pub struct ByImage {
    /// For stores that are plain enough.
    pub bulk: Option<Arc<Bulk>>,
    /// For stores whose positions are rowids.
    pub ground: Option<Ground>,
    /// Whether rows are read in bulk only where no statement reaches them.
    pub is_for_damage: bool,
}

/// What lasts from page to page.
pub struct Rows {
    /// Reads what it can; statements are for the rest.
    pub bulk: Option<BulkReader>,
    /// Makes events of what that reads, where it can.
    plain: Option<PlainRows>,
    survey: Option<Survey>,
    pub by_image: ByImage,
    /// The damaged part that the read is in.
    pub remains: Option<Remains>,
    pub whole: Form,
    /// For rows that cannot be read whole, one after the other: without large bodies, without any.
    reduced: [Form; 2],
    key_shape: Shape,
    detours: u32,
}

/// What is selected of a row, and how an event is made of it.
pub struct Form {
    shape: Shape,
    pub reader: RowReader,
}

/// One call's worth of rows.
pub struct Page<'p> {
    pub plan: &'p Plan,
    pub connection: &'p Connection,
    pub token: &'p CancelToken,
    pub rows: &'p mut Rows,
    pub batch: &'p mut EventBatch,
    pub names: &'p mut Names,
    pub findings: &'p Findings,
    pub max_rows: usize,
}

/// How a statement ended.
enum End {
    /// There is nothing more.
    Done,
    /// The batch is full.
    Full,
}

/// What comes next on a way.
enum Next {
    /// Rows that statements find.
    Rows,
    /// A damaged part.
    Remains,
    /// One row in a damaged part, which was dealt with.
    Found,
}

impl Rows {
    pub fn new(plan: &Plan, by_image: &ByImage, shape: Shape) -> Rows {
        let form = |shape: Shape| Form {
            reader: RowReader::new(shape.clone()),
            shape,
        };
        let reduced = [
            form(shape.without_large_bodies(plan.layout.limits.max_body_bytes)),
            form(shape.without_bodies()),
        ];
        Rows {
            bulk: by_image.bulk.as_ref().and_then(|bulk| bulk.reader(plan, &shape)),
            plain: PlainRows::new(plan, &shape),
            survey: by_image.ground.as_ref().map(Ground::survey),
            by_image: by_image.clone(),
            remains: None,
            reduced,
            key_shape: shape.key_only(),
            whole: form(shape),
            detours: 0,
        }
    }
}

impl Page<'_> {
    /// Fills the batch; returns whether more may follow.
    pub fn fill(&mut self, course: &mut Course) -> Result<bool, Trouble> {
        course.stop_at(None);
        if self.rows.remains.is_none() && !self.rows.by_image.is_for_damage {
            match self.fill_in_bulk(course) {
                Ok(Some(may_follow)) => return Ok(may_follow),
                Ok(None) => {}
                // What went wrong while a stream was looked up is got past like any other damage.
                Err(error) => return self.fill_by_statements(course, Some(error)),
            }
        }
        self.fill_by_statements(course, None)
    }

    /// `failed`: how the look-up of the stream went wrong, which is not done again.
    fn fill_by_statements(
        &mut self,
        course: &mut Course,
        mut failed: Option<rusqlite::Error>,
    ) -> Result<bool, Trouble> {
        while !self.is_full() {
            match self.look_ahead(course)? {
                Next::Rows => {}
                Next::Remains if self.go_through_damage(course)? => continue,
                Next::Remains => return Ok(false),
                Next::Found => continue,
            }
            let shape = &self.rows.whole.shape;
            let statement = match failed.take() {
                Some(error) => Err(error),
                None => course.statement(self.connection, self.plan, shape),
            };
            let ended = match statement {
                Ok(Some(statement)) => self.run(statement, course),
                Ok(None) => return Ok(false),
                Err(error) => Err(error.into()),
            };
            match ended {
                Ok(End::Full) => return Ok(true),
                Ok(End::Done) if course.is_by_single_rows() => course.pass_single(),
                Ok(End::Done) if course.leave_part() => {}
                Ok(End::Done) => return Ok(false),
                Err(Trouble::Sqlite(error)) if is_about_one_row(&error) => {
                    // SQLite looks one row farther than the sound part goes.
                    let is_passed = course.has_passed_part();
                    if is_passed && course.leave_part() {
                        continue;
                    }
                    if is_passed {
                        return Ok(false);
                    }
                    if !self.get_past(course, &error)? && !course.leave_part() {
                        return Ok(false);
                    }
                }
                Err(trouble) => return Err(trouble),
            }
        }
        Ok(true)
    }

    /// What comes next on the way: statements are bound to what is sound.
    fn look_ahead(&mut self, course: &mut Course) -> Result<Next, Trouble> {
        if self.rows.remains.is_some() {
            return Ok(Next::Remains);
        }
        let room = self.max_rows.saturating_sub(self.batch.len());
        let Some(survey) = self.rows.survey.as_mut().filter(|_| !self.token.is_cancelled()) else {
            return Ok(Next::Rows); // where the read is cancelled, the next statement ends it
        };
        let direction = course.direction();
        if let Some(Position(position)) = course.single() {
            let Some(part) = survey.damaged_at(position) else {
                return Ok(Next::Rows);
            };
            let salvage = survey.salvage(part, Direction::Forward);
            self.count_detour()?;
            self.find_in_damage(salvage, position)?;
            course.pass_single();
            return Ok(Next::Found);
        }
        let (Some(ahead), Some(asked)) = (course.ahead(), course.asked()) else {
            return Ok(Next::Rows);
        };
        match survey.ahead(ahead, direction, room) {
            Ahead::Sound(end) => {
                course.stop_at(Some(end));
                Ok(Next::Rows)
            }
            Ahead::Damaged(part) => {
                let salvage = survey.salvage(part, direction);
                self.count_detour()?;
                self.rows.remains = Some(Remains::new(salvage, part, direction, asked));
                Ok(Next::Remains)
            }
        }
    }

    /// Runs the statement for what comes next.
    pub fn run_next(&mut self, course: &mut Course) -> Result<(), Trouble> {
        match course.statement(self.connection, self.plan, &self.rows.whole.shape)? {
            Some(statement) => self.run(statement, course).map(drop),
            None => Ok(()),
        }
    }

    fn count_detour(&mut self) -> Result<(), Trouble> {
        self.rows.detours += 1;
        if self.rows.detours > MOST_DETOURS {
            return Err(Trouble::TooManyDetours);
        }
        Ok(())
    }

    /// Fills the batch without statements; returns whether more may follow. `None`, and nothing done, where the file is
    /// not plain enough: a batch is of one kind, so that what statements find does not hang on where they begin.
    fn fill_in_bulk(&mut self, course: &mut Course) -> rusqlite::Result<Option<bool>> {
        let Some(bulk) = self.rows.bulk.as_mut().filter(|_| self.batch.is_empty()) else {
            return Ok(None);
        };
        let Some(stretch) = course.stretch(self.connection, self.plan)? else {
            return Ok(None);
        };
        let (reader, plain) = (&mut self.rows.whole.reader, &mut self.rows.plain);
        let found = self.findings.alike();
        let reached = bulk.read(&stretch, self.token, |row| {
            let is_done = plain
                .as_mut()
                .is_some_and(|plain| plain.append(self.plan, row, self.batch, self.names));
            if !is_done {
                let position = Position(row.rowid);
                reader.append(self.plan, row, position, self.batch, self.names, &found);
            }
            self.batch.len() < self.max_rows && self.batch.arena.len() < PAGE_BYTES
        });
        let is_odd = reached == Reached::Odd;
        // The names of a batch that counts no more are known from now on: nobody tells of them again.
        self.findings
            .report_all(&found, |code| !is_odd || code == TOLD_ONCE_A_NAME);
        if is_odd {
            self.batch.clear();
            return Ok(None);
        }
        if let (Some(position), Some(version)) = (self.batch.positions.last(), self.batch.versions.last()) {
            course.pass_to(*position, *version);
        }
        Ok(Some(reached == Reached::Enough))
    }

    fn run(&mut self, statement: Statement, course: &mut Course) -> Result<End, Trouble> {
        let Statement { sql, mut parameters } = statement;
        // What is left of a damaged page may overfill the batch.
        let room = self.max_rows.saturating_sub(self.batch.len()).max(1);
        let limit = i64::try_from(room).unwrap_or(i64::MAX);
        parameters.push(Value::Integer(limit));
        let mut prepared = self
            .connection
            .prepare_cached(&format!("{sql} LIMIT ?{}", parameters.len()))?;
        let mut rows = prepared.query(params_from_iter(parameters))?;
        let mut last = None;
        let mut row_count = 0;
        while let Some(row) = rows.next()? {
            row_count += 1;
            let ValueRef::Integer(position) = row.get_ref(0)? else {
                continue;
            };
            if last == Some(position) {
                self.rows
                    .whole
                    .reader
                    .report_link(self.plan, row, Position(position), self.findings);
                continue;
            }
            if course.is_astray(position) {
                return Ok(End::Done); // behind the sound part, on a damaged page
            }
            if !course.pass(row, position, self.rows.whole.shape.version) {
                return Err(Trouble::Disorder(last.unwrap_or(position)));
            }
            last = Some(position);
            self.rows.whole.reader.append(
                self.plan,
                row,
                Position(position),
                self.batch,
                self.names,
                self.findings,
            );
            if self.batch.arena.len() >= PAGE_BYTES {
                return Ok(End::Full);
            }
        }
        let is_cut = row_count == limit && !course.is_by_single_rows();
        Ok(if is_cut { End::Full } else { End::Done })
    }

    /// Deals with the next row of the course, at which a statement failed. Returns whether there is anything behind it.
    pub fn get_past(&mut self, course: &mut Course, error: &rusqlite::Error) -> Result<bool, Trouble> {
        self.count_detour()?;
        for form in 0..self.rows.reduced.len() {
            match self.append_reduced(course, form, error) {
                Err(Trouble::Sqlite(error)) if is_about_one_row(&error) => {}
                other => return other,
            }
        }
        let key_shape = self.rows.key_shape.clone();
        match self.skip_row(course, &key_shape, error) {
            Err(Trouble::Sqlite(key_error)) if is_about_one_row(&key_error) => self.skip_gap(course, key_error),
            other => other,
        }
    }

    /// Appends the next row without what cannot be loaded of it.
    fn append_reduced(&mut self, course: &mut Course, form: usize, error: &rusqlite::Error) -> Result<bool, Trouble> {
        let Form { shape, reader } = &mut self.rows.reduced[form];
        let Some(Statement { sql, parameters }) = course.statement(self.connection, self.plan, shape)? else {
            return Ok(false);
        };
        let mut prepared = self.connection.prepare(&format!("{sql} LIMIT 1"))?;
        let mut rows = prepared.query(params_from_iter(parameters))?;
        let Some(row) = rows.next()? else { return Ok(false) };
        let ValueRef::Integer(position) = row.get_ref(0)? else {
            return Ok(false);
        };
        if !course.pass(row, position, shape.version) {
            return Err(Trouble::Disorder(position));
        }
        course.pass_single();
        reader.append(
            self.plan,
            row,
            Position(position),
            self.batch,
            self.names,
            self.findings,
        );
        if shape.bodies == Bodies::LeftOut {
            self.report(
                Some(position),
                format!("its payload and metadata cannot be read: {error}"),
            );
        }
        Ok(true)
    }

    /// Passes over the next row, of which only the key can be read.
    fn skip_row(&mut self, course: &mut Course, shape: &Shape, error: &rusqlite::Error) -> Result<bool, Trouble> {
        let Some(Statement { sql, parameters }) = course.statement(self.connection, self.plan, shape)? else {
            return Ok(false);
        };
        let mut prepared = self.connection.prepare(&format!("{sql} LIMIT 1"))?;
        let mut rows = prepared.query(params_from_iter(parameters))?;
        let Some(row) = rows.next()? else { return Ok(false) };
        let ValueRef::Integer(position) = row.get_ref(0)? else {
            return Ok(false);
        };
        if !course.pass(row, position, shape.version) {
            return Err(Trouble::Disorder(position));
        }
        course.pass_single();
        self.report(
            Some(position),
            format!("the event is not shown, because its row cannot be read: {error}"),
        );
        Ok(true)
    }

    pub fn report(&self, position: Option<i64>, detail: String) {
        let (code, severity, position) = ("damaged", Severity::Error, position.map(Position));
        self.findings.report(Finding {
            code,
            severity,
            stream: None,
            version: None,
            position,
            detail,
        });
    }

    pub fn is_full(&self) -> bool {
        self.batch.len() >= self.max_rows || self.batch.arena.len() >= PAGE_BYTES
    }
}

/// Whether another row may well be readable.
pub fn is_about_one_row(error: &rusqlite::Error) -> bool {
    is_damage(error) || error.sqlite_error_code() == Some(ErrorCode::TooBig)
}

fn is_damage(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::DatabaseCorrupt)
}
