//! A running read of a server: pages by key, each a unit of work of its own, so that nothing is held while a person thinks
//! and a connection that is lost costs one page.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use refold_core::event::{EventBatch, Position};
use refold_core::finding::{Finding, Findings, Severity};
use refold_core::names::Names;
use refold_core::port::store::{EventReader, ReadQuery, StoreError};
use refold_core::work::Work;

use super::Server;
use super::bound::BoundShape;
use super::course::Course;
use super::held::{Held, HeldRow};
use super::link::{Answer, Asked};
use super::reached::Reached;
use crate::tables::row::RowReader;

/// A page holds about so many bytes, and what is beyond twice of it is not kept.
const PAGE_BYTES: usize = 4 << 20;
const FIRST_PAGE_ROWS: usize = 256;
const MOST_PAGE_ROWS: usize = 5_000;
/// Where each page looks at the whole table, so many rows are taken of it at once.
const SCANNED_PAGE_ROWS: usize = 50_000;
/// How often a page that is too much for the server is made smaller.
const MOST_HALVINGS: u32 = 6;

pub struct ServerReader<S: Server> {
    reached: Arc<Reached<S>>,
    shape: BoundShape,
    rows: RowReader,
    course: Course,
    page_rows: usize,
    is_finished: bool,
    has_told: bool,
}

impl<S: Server> ServerReader<S> {
    pub fn new(reached: Arc<Reached<S>>, query: &ReadQuery, horizon: Option<i64>) -> ServerReader<S> {
        let shape = reached.bound.shape(query.columns);
        ServerReader {
            rows: RowReader::new(shape.shape.clone()),
            shape,
            course: Course::new(query, horizon.unwrap_or(i64::MIN), reached.bound.plan.is_by_place),
            page_rows: FIRST_PAGE_ROWS,
            is_finished: horizon.is_none(),
            has_told: false,
            reached,
        }
    }

    /// The next page and how many rows it was to have; `None` at the end of the way.
    fn page(&mut self, work: &Work<'_>, room: usize) -> Result<Option<(Answer<S>, usize)>, StoreError> {
        let mut halvings = 0;
        loop {
            let is_scan = !self.reached.bound.plan.has_position_index && self.course.is_through_all();
            let most = if is_scan { SCANNED_PAGE_ROWS } else { self.page_rows };
            // The last row of the page before may come again.
            let again = usize::from(!self.reached.bound.plan.is_position_unique);
            let limit = (room.min(most) >> halvings).max(1) + again;
            let asked = || {
                let asked = self.course.asked(&self.reached.bound, &self.shape, limit)?;
                Some(Asked {
                    most_bytes: 2 * PAGE_BYTES,
                    ..asked
                })
            };
            if asked().is_none() {
                return Ok(None);
            }
            match self.reached.events(asked, work.cancel_token()) {
                Ok(answer) => return Ok(answer.map(|answer| (answer, limit))),
                Err(asking) if asking.is_of_load() && halvings < MOST_HALVINGS => halvings += 1,
                Err(asking) => return Err(asking.at(self.reached.connections.location())),
            }
        }
    }

    /// Whether there is more behind the page.
    fn take_in(
        &mut self,
        answer: &Answer<S>,
        limit: usize,
        batch: &mut EventBatch,
        names: &mut Names,
        findings: &Findings,
    ) -> Result<bool, StoreError> {
        if self.course.is_by_single_rows() {
            // Which of them are behind the cut is not known by their order: the same are asked for in smaller pages.
            if answer.is_cut && self.course.ask_for_fewer() {
                return Ok(true);
            }
            self.take_in_single(answer, batch, names, findings);
            return Ok(self.course.pass_single());
        }
        let mut last = None;
        let mut again = self.course.passed();
        for row in &answer.rows {
            let row = self.held(row);
            let Some(at) = row.integer(0) else { continue };
            if again.take() == Some(at) {
                continue;
            }
            if last == Some(at) {
                if !self.reached.bound.plan.has_links() {
                    return Err(self.doubled(at));
                }
                self.rows
                    .report_link(&self.reached.bound.plan, &row, Position(at), findings);
                continue;
            }
            if self.course.passed() == Some(at) {
                return Err(self.doubled(at));
            }
            last = Some(at);
            self.rows
                .append(&self.reached.bound.plan, &row, Position(at), batch, names, findings);
            let version = batch.versions.last().copied().unwrap_or(EventBatch::NO_VERSION);
            self.course.pass(at, version);
        }
        self.adapt(answer);
        Ok(self.course.pass_page(answer.is_cut || answer.rows.len() >= limit))
    }

    fn take_in_single(&mut self, answer: &Answer<S>, batch: &mut EventBatch, names: &mut Names, findings: &Findings) {
        let mut by_position = BTreeMap::new();
        for row in &answer.rows {
            let row = self.held(row);
            if let Some(at) = row.integer(0) {
                // Where an event has several rows, the first counts.
                by_position.entry(at).or_insert(row);
            }
        }
        for at in self.course.single() {
            if let Some(row) = by_position.get(&at) {
                self.rows
                    .append(&self.reached.bound.plan, row, Position(at), batch, names, findings);
            }
        }
    }

    /// The values of a row, with its size in place of a body that is too large.
    fn held<'r>(&self, row: &'r S::Row) -> HeldRow<'r> {
        let mut held = S::held(row);
        for (body, size) in &self.shape.sizes {
            if let Some(byte_count) = held.integer(*size)
                && let Some(body) = held.0.get_mut(*body)
            {
                *body = Held::Integer(byte_count);
            }
        }
        held
    }

    /// Pages grow and shrink so that each is about as large.
    fn adapt(&mut self, answer: &Answer<S>) {
        let row_bytes = answer.byte_count / answer.rows.len().max(1);
        let fitting = PAGE_BYTES / row_bytes.max(1);
        self.page_rows = fitting.clamp(8, MOST_PAGE_ROWS).min(self.page_rows.saturating_mul(4));
    }

    fn doubled(&self, at: i64) -> StoreError {
        StoreError::Corrupt {
            location: self.reached.connections.location().to_owned(),
            detail: format!("two events have the position {at}"),
        }
    }
}

impl<S: Server> EventReader for ServerReader<S> {
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
        while !self.is_finished && batch.len() < max_rows && batch.arena.len() < PAGE_BYTES {
            let room = max_rows - batch.len();
            let page = self.page(work, room).inspect_err(|_| self.is_finished = true)?;
            let Some((answer, limit)) = page else {
                self.is_finished = !self.course.pass_single();
                continue;
            };
            let taken = self.take_in(&answer, limit, batch, names, findings);
            self.is_finished = !*taken.as_ref().unwrap_or(&false);
            taken?;
        }
        if self.is_finished && !self.has_told && self.reached.has_changed_rows.load(Ordering::Relaxed) {
            self.has_told = true;
            findings.report(rows_changed());
        }
        Ok(!batch.is_empty())
    }
}

fn rows_changed() -> Finding {
    Finding {
        code: "rows-changed",
        severity: Severity::Warning,
        stream: None,
        version: None,
        position: None,
        detail: "rows of the store were changed or removed while it was open: events that were there may be missing"
            .to_owned(),
    }
}
