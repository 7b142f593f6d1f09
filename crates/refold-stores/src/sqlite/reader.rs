//! A running read of a database: pages of rows by key, each page a statement of its own.
//!
//! No statement stays open between pages, so nothing is held while a person thinks, and the file is checked for
//! changes around each page.

use std::sync::Arc;

use refold_core::event::EventBatch;
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::port::store::{EventReader, ReadQuery, StoreError};
use refold_core::work::Work;
use rusqlite::Connection;
use rusqlite::limits::Limit;

use super::connections::Connections;
use super::course::Course;
use super::guard;
use super::page::{ByImage, Page, Rows, Trouble};
use crate::tables::plan::Plan;

/// See the module's text.
pub struct SqliteReader {
    plan: Arc<Plan>,
    connections: Arc<Connections>,
    /// Given back when the reader is dropped.
    connection: Option<Connection>,
    rows: Rows,
    course: Course,
    is_finished: bool,
}

impl SqliteReader {
    pub fn new(
        plan: Arc<Plan>,
        by_image: &ByImage,
        connections: Arc<Connections>,
        query: &ReadQuery,
    ) -> Result<SqliteReader, StoreError> {
        let connection = connections.take()?;
        let max_bytes = i32::try_from(plan.layout.limits.max_body_bytes).unwrap_or(i32::MAX);
        connection
            .set_limit(
                Limit::SQLITE_LIMIT_LENGTH,
                max_bytes.max(guard::LEAST_LENGTH_LIMIT_BYTES),
            )
            .map_err(|error| guard::store_error(connections.source().path(), &error))?;
        let rows = Rows::new(&plan, by_image, plan.shape(query.columns));
        let (course, connection) = (Course::new(query), Some(connection));
        Ok(SqliteReader {
            plan,
            connections,
            connection,
            rows,
            course,
            is_finished: false,
        })
    }

    fn store_error(&self, work: &Work<'_>, trouble: &Trouble) -> StoreError {
        if let Err(cancelled) = work.check() {
            return cancelled.into();
        }
        let path = self.connections.source().path();
        let detail = match trouble {
            Trouble::Sqlite(error) => return guard::store_error(path, error),
            Trouble::Disorder(position) => format!("its rows do not come in their order behind position {position}"),
            Trouble::TooManyDetours => "it is damaged in more places than are worth passing over".to_owned(),
        };
        let advice = "save what is left with the sqlite3 tool's .recover, or open a backup";
        StoreError::Corrupt {
            location: path.display().to_string(),
            detail: format!("{detail}; {advice}"),
        }
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
        batch.clear();
        work.check().inspect_err(|_| self.is_finished = true)?;
        if self.is_finished {
            return Ok(false);
        }
        let unchanged = self.connections.source().check_unchanged();
        unchanged.inspect_err(|_| self.is_finished = true)?;
        let Some(mut connection) = self.connection.take() else {
            return Ok(false);
        };
        let watched = guard::watch(&mut connection, work.cancel_token(), None);
        let (plan, rows) = (&*self.plan, &mut self.rows);
        let mut page = Page {
            plan,
            connection: &connection,
            token: work.cancel_token(),
            rows,
            batch,
            names,
            findings,
            max_rows,
        };
        let filled = watched
            .map_err(Trouble::from)
            .and_then(|()| page.fill(&mut self.course));
        let unwatched = guard::stop_watching(&mut connection);
        self.connection = Some(connection);
        let filled = filled.and_then(|may_go_on| unwatched.map(|()| may_go_on).map_err(Trouble::from));
        // A page that was read while the file changed is worth nothing, whatever it looks like.
        let unchanged = self.connections.source().check_unchanged();
        self.is_finished = !matches!((&filled, &unchanged), (Ok(true), Ok(())));
        unchanged?;
        filled.map_err(|trouble| self.store_error(work, &trouble))?;
        Ok(!batch.is_empty())
    }
}

impl Drop for SqliteReader {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            self.connections.give_back(connection);
        }
    }
}
