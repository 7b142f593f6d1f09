//! A running read of a database: pages of rows by key, each page a statement of its own.
//!
//! No statement stays open between pages, so nothing is held while a person thinks, and the file is checked for
//! changes around each page.

use std::sync::Arc;

use refold_core::event::{EventBatch, Position, Version};
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::port::store::{Direction, EventReader, ReadQuery, Scope, StoreError};
use refold_core::work::Work;
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, Row, params_from_iter};

use super::connections::Connections;
use super::guard;
use super::key::{self, StreamRows};
use super::plan::{Plan, Shape};
use super::row::RowReader;

/// A page ends when its arena is this full, however few rows it has.
const PAGE_BYTES: usize = 64 << 20;
/// How many steps of SQLite's machine lie between two looks at the cancel token: well under a millisecond.
const STEPS_BETWEEN_CHECKS: i32 = 4_000;

/// See the module's text.
pub struct SqliteReader {
    plan: Arc<Plan>,
    connections: Arc<Connections>,
    /// Given back when the reader is dropped.
    connection: Option<Connection>,
    shape: Shape,
    rows: RowReader,
    direction: Direction,
    course: Course,
    is_finished: bool,
}

/// Where the read is.
enum Course {
    All {
        after: Option<i64>,
        up_to: Option<i64>,
        passed: Option<i64>,
    },
    Stream {
        id: Vec<u8>,
        from: Option<Version>,
        to: Option<Version>,
        rows: Option<StreamRows>,
        passed: Option<Passed>,
    },
    Positions {
        positions: Vec<Position>,
        next: usize,
    },
}

/// The version, as stored, and position of the last row of a stream that was read.
type Passed = (Value, i64);

impl SqliteReader {
    pub fn new(plan: Arc<Plan>, connections: Arc<Connections>, query: &ReadQuery) -> Result<SqliteReader, StoreError> {
        let connection = connections.take()?;
        let shape = plan.shape(query.columns);
        let course = match &query.scope {
            Scope::All { after, up_to } => Course::All {
                after: after.map(|at| at.0),
                up_to: up_to.map(|at| at.0),
                passed: None,
            },
            Scope::Stream { id, from, to } => Course::Stream {
                id: id.clone(),
                from: *from,
                to: *to,
                rows: None,
                passed: None,
            },
            Scope::Positions(positions) => Course::Positions {
                positions: positions.clone(),
                next: 0,
            },
        };
        let rows = RowReader::new(shape.clone());
        let (direction, connection) = (query.direction, Some(connection));
        Ok(SqliteReader {
            plan,
            connections,
            connection,
            shape,
            rows,
            direction,
            course,
            is_finished: false,
        })
    }
}

impl EventReader for SqliteReader {
    fn next_batch(
        &mut self,
        work: &Work<'_>,
        max_rows: usize,
        batch: &mut EventBatch,
        names: &mut Names,
        findings: &Findings,
    ) -> Result<bool, StoreError> {
        work.check()?;
        if self.is_finished {
            return Ok(false);
        }
        self.connections.source().check_unchanged()?;
        let Some(mut connection) = self.connection.take() else {
            return Ok(false);
        };
        let token = work.cancel_token().clone();
        let watched = connection.progress_handler(STEPS_BETWEEN_CHECKS, Some(move || token.is_cancelled()));
        let mut page = Page {
            plan: &self.plan,
            rows: &mut self.rows,
            batch,
            names,
            findings,
            max_rows,
        };
        let read = watched.and_then(|()| match &mut self.course {
            Course::All { after, up_to, passed } => {
                page.all(&connection, &self.shape, self.direction, (*after, *up_to), passed)
            }
            Course::Stream {
                id,
                from,
                to,
                rows,
                passed,
            } => {
                let range = (from.map(|version| version.0), to.map(|version| version.0));
                page.stream(&connection, &self.shape, self.direction, id, range, rows, passed)
            }
            Course::Positions { positions, next } => page.positions(&connection, &self.shape, positions, next),
        });
        let unwatched = connection.progress_handler(0, None::<fn() -> bool>);
        self.connection = Some(connection);
        let may_go_on = read
            .and_then(|may_go_on| unwatched.map(|()| may_go_on))
            .map_err(|error| {
                self.is_finished = true;
                self.store_error(work, &error, batch)
            })?;
        self.connections.source().check_unchanged()?;
        self.is_finished = !may_go_on;
        Ok(!batch.is_empty())
    }
}

impl SqliteReader {
    fn store_error(&self, work: &Work<'_>, error: &rusqlite::Error, batch: &EventBatch) -> StoreError {
        if let Err(cancelled) = work.check() {
            return cancelled.into();
        }
        let path = self.connections.source().path();
        match (guard::store_error(path, error), batch.positions.last()) {
            (StoreError::Corrupt { location, detail }, Some(last)) => StoreError::Corrupt {
                location,
                detail: format!("behind position {}: {detail}", last.0),
            },
            (error, _) => error,
        }
    }
}

impl Drop for SqliteReader {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            self.connections.give_back(connection);
        }
    }
}

/// One call's worth of rows.
struct Page<'p> {
    plan: &'p Plan,
    rows: &'p mut RowReader,
    batch: &'p mut EventBatch,
    names: &'p mut Names,
    findings: &'p Findings,
    max_rows: usize,
}

impl Page<'_> {
    /// Returns whether more may follow, as the others do.
    fn all(
        &mut self,
        connection: &Connection,
        shape: &Shape,
        direction: Direction,
        (after, up_to): (Option<i64>, Option<i64>),
        passed: &mut Option<i64>,
    ) -> rusqlite::Result<bool> {
        let position = &self.plan.position;
        let (mut conditions, mut parameters) = (Vec::new(), Vec::new());
        let lower = if direction == Direction::Forward {
            passed.or(after)
        } else {
            after
        };
        if let Some(lower) = lower {
            parameters.push(Value::Integer(lower));
            conditions.push(format!("{position} > ?{}", parameters.len()));
        }
        if let Some(up_to) = up_to {
            parameters.push(Value::Integer(up_to));
            conditions.push(format!("{position} <= ?{}", parameters.len()));
        }
        if let (Direction::Backward, Some(passed)) = (direction, &passed) {
            parameters.push(Value::Integer(*passed));
            conditions.push(format!("{position} < ?{}", parameters.len()));
        }
        let order = if direction == Direction::Forward {
            position.clone()
        } else {
            format!("{position} DESC")
        };
        let sql = self.plan.select(shape, &conditions, &order);
        let may_go_on = self.run(connection, &sql, parameters, |_, position| *passed = Some(position))?;
        Ok(may_go_on)
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "they are the parts of one course, borrowed apart"
    )]
    fn stream(
        &mut self,
        connection: &Connection,
        shape: &Shape,
        direction: Direction,
        id: &[u8],
        (from, to): (Option<i64>, Option<i64>),
        rows: &mut Option<StreamRows>,
        passed: &mut Option<Passed>,
    ) -> rusqlite::Result<bool> {
        if rows.is_none() {
            *rows = key::find(connection, self.plan, id)?;
        }
        let Some(StreamRows { conditions, parameters }) = rows.as_ref() else {
            return Ok(false);
        };
        let (mut conditions, mut parameters) = (conditions.clone(), parameters.clone());
        conditions.extend(self.plan.home_condition().cloned());
        let position = &self.plan.position;
        let version = self.plan.version.as_ref();
        let mut bound = |sql: &str, operator: &str, value: Value| {
            parameters.push(value);
            conditions.push(format!("{sql} {operator} ?{}", parameters.len()));
        };
        if let Some(version) = version {
            from.into_iter()
                .for_each(|from| bound(version, ">=", Value::Integer(from)));
            to.into_iter().for_each(|to| bound(version, "<=", Value::Integer(to)));
        }
        // Rows of one version stand in the order of their positions; rows without a version come first.
        let (beyond, reaches) = if direction == Direction::Forward {
            (">", ">=")
        } else {
            ("<", "<=")
        };
        match (version, passed.as_ref()) {
            (_, None) => {}
            (None, Some((_, at))) => bound(position, beyond, Value::Integer(*at)),
            (Some(version), Some((Value::Null, at))) => {
                parameters.push(Value::Integer(*at));
                let number = parameters.len();
                conditions.push(match direction {
                    Direction::Forward => format!("({version} IS NOT NULL OR {position} > ?{number})"),
                    Direction::Backward => format!("{version} IS NULL AND {position} < ?{number}"),
                });
            }
            (Some(version), Some((last, at))) => {
                parameters.extend([last.clone(), Value::Integer(*at)]);
                let (last, at) = (parameters.len() - 1, parameters.len());
                let or_null = if direction == Direction::Backward && from.is_none() && to.is_none() {
                    format!(" OR {version} IS NULL")
                } else {
                    String::new()
                };
                conditions.push(format!(
                    "({version} {reaches} ?{last}{or_null}) AND ({version} <> ?{last} OR {position} {beyond} ?{at}{or_null})"
                ));
            }
        }
        let suffix = if direction == Direction::Forward { "" } else { " DESC" };
        let order = match version {
            Some(version) => format!("{version}{suffix}, {position}{suffix}"),
            None => format!("{position}{suffix}"),
        };
        let sql = self.plan.select(shape, &conditions, &order);
        let version_index = shape.version;
        self.run(connection, &sql, parameters, |row, position| {
            let version = version_index
                .and_then(|index| row.get(index).ok())
                .unwrap_or(Value::Null);
            *passed = Some((version, position));
        })
    }

    fn positions(
        &mut self,
        connection: &Connection,
        shape: &Shape,
        positions: &[Position],
        next: &mut usize,
    ) -> rusqlite::Result<bool> {
        let condition = format!("{} = ?1", self.plan.position);
        let sql = self.plan.select(shape, &[condition], &self.plan.position);
        let mut statement = connection.prepare_cached(&sql)?;
        while let Some(position) = positions.get(*next) {
            if self.is_full() {
                return Ok(true);
            }
            let mut rows = statement.query([position.0])?;
            if let Some(row) = rows.next()? {
                self.rows
                    .append(self.plan, row, *position, self.batch, self.names, self.findings);
            }
            *next += 1;
        }
        Ok(false)
    }

    /// Appends the rows of a statement until the page is full. `passed` is told of each.
    fn run(
        &mut self,
        connection: &Connection,
        sql: &str,
        mut parameters: Vec<Value>,
        mut passed: impl FnMut(&Row<'_>, i64),
    ) -> rusqlite::Result<bool> {
        let limit = i64::try_from(self.max_rows.saturating_sub(self.batch.len())).unwrap_or(i64::MAX);
        parameters.push(Value::Integer(limit));
        let mut statement = connection.prepare_cached(&format!("{sql} LIMIT ?{}", parameters.len()))?;
        let mut rows = statement.query(params_from_iter(parameters))?;
        let mut last = None;
        let mut row_count = 0;
        while let Some(row) = rows.next()? {
            row_count += 1;
            let ValueRef::Integer(position) = row.get_ref(0)? else {
                continue;
            };
            if last == Some(position) {
                self.rows.report_link(self.plan, row, Position(position), self.findings);
                continue;
            }
            last = Some(position);
            self.rows.append(
                self.plan,
                row,
                Position(position),
                self.batch,
                self.names,
                self.findings,
            );
            passed(row, position);
            if self.batch.arena.len() >= PAGE_BYTES {
                return Ok(true);
            }
        }
        Ok(row_count == limit)
    }

    fn is_full(&self) -> bool {
        self.batch.len() >= self.max_rows || self.batch.arena.len() >= PAGE_BYTES
    }
}
