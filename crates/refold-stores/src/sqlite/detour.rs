//! Ways around damaged pages of a file: over a gap in the order of positions, and to the events of one stream when what
//! leads to them cannot be read.

use refold_core::event::{Columns, EventBatch, Position, Version};
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::port::store::{Direction, ReadQuery, Scope};

use super::course::Course;
use super::page::{Page, Rows, Trouble, is_about_one_row};
use super::plan::quoted;

/// So many rows at a time are looked at for those of one stream.
const SCANNED_ROWS: usize = 4096;

impl Page<'_> {
    /// Gets past rows of which not even the key can be read. Returns whether there is anything behind them.
    pub fn skip_gap(&mut self, course: &mut Course, error: rusqlite::Error) -> Result<bool, Trouble> {
        if let Some(position) = course.single() {
            course.pass_single();
            self.report(
                Some(position.0),
                format!("the event is not shown, because its row cannot be read: {error}"),
            );
            return Ok(true);
        }
        match course.ahead() {
            Some((start, bound)) => self.skip_positions(course, start, bound, error),
            None => self.collect_stream(course, error),
        }
    }

    /// Looks for the next position that can be read at all, in steps that double, and then for the first such one.
    fn skip_positions(
        &mut self,
        course: &mut Course,
        start: i64,
        bound: i64,
        error: rusqlite::Error,
    ) -> Result<bool, Trouble> {
        // All numbers below ascend along the way: backward, they are positions turned round.
        let is_backward = course.direction() == Direction::Backward;
        let turn = |at: i64| if is_backward { !at } else { at };
        let (start, bound) = (turn(start), turn(bound));
        let position = &self.plan.position;
        let (from, to, order) = if is_backward {
            ("<=", ">=", " DESC")
        } else {
            (">=", "<=", "")
        };
        let sql = format!(
            "SELECT {position} FROM {} AS \"event\" WHERE {position} {from} ?1 AND {position} {to} ?2 \
             ORDER BY {position}{order} LIMIT 1",
            quoted(&self.plan.table)
        );
        let mut prepared = self.connection.prepare(&sql)?;
        // The first position from `at` on; the inner one is missing at the end, the outer one where a page is damaged.
        let mut first_from = |at: i64| -> Result<Option<Option<i64>>, Trouble> {
            match prepared
                .query([turn(at), turn(bound)])
                .and_then(|mut rows| rows.next()?.map(|row| row.get(0)).transpose())
            {
                Ok(found) => Ok(Some(found)),
                Err(error) if is_about_one_row(&error) => Ok(None),
                Err(error) => Err(error.into()),
            }
        };
        let (mut unreadable, mut step) = (start, 1_i128);
        let mut readable = loop {
            let at = i64::try_from(i128::from(start) + step).unwrap_or(i64::MAX).min(bound);
            match first_from(at)? {
                Some(_) => break at,
                None if at == bound => {
                    self.report(
                        None,
                        format!("nothing can be read from position {} on: {error}", turn(start)),
                    );
                    return if self.batch.is_empty() && start == i64::MIN {
                        Err(error.into())
                    } else {
                        Ok(false)
                    };
                }
                None => (unreadable, step) = (at, step * 2),
            }
        };
        while unreadable.saturating_add(1) < readable {
            let middle = i64::midpoint(unreadable, readable);
            if first_from(middle)?.is_some() {
                readable = middle
            } else {
                unreadable = middle
            }
        }
        let next = first_from(readable)?.flatten();
        let side = if is_backward { "back to behind" } else { "to before" };
        let end = next.map_or("the end".to_owned(), |next| format!("position {next}"));
        let from = match start {
            i64::MIN => "the beginning of the read".to_owned(),
            start => format!("position {}", turn(start)),
        };
        self.report(
            None,
            format!("what lies from {from} {side} {end} cannot be read: {error}"),
        );
        course.jump(turn(readable));
        Ok(next.is_some())
    }

    /// Looks for the events of a stream among all events of the table, in the order of positions, because the way to them
    /// is damaged. What is found is read one by one.
    fn collect_stream(&mut self, course: &mut Course, error: rusqlite::Error) -> Result<bool, Trouble> {
        let Some(rest) = course.rest_of_stream() else {
            return Err(error.into());
        };
        self.report(
            None,
            format!("what leads to the events of a stream cannot be read, so all events were looked through: {error}"),
        );
        let everything = ReadQuery {
            scope: Scope::All {
                after: None,
                up_to: None,
            },
            direction: Direction::Forward,
            columns: Columns::SKELETON,
        };
        let mut way = Course::new(&everything);
        let mut rows = Rows::new(self.plan, None, self.plan.shape(Columns::SKELETON));
        let (mut batch, mut names, others) = (EventBatch::default(), Names::default(), Findings::default());
        let mut found: Vec<(Version, Position)> = Vec::new();
        loop {
            batch.clear();
            let mut page = Page {
                plan: self.plan,
                connection: self.connection,
                token: self.token,
                rows: &mut rows,
                batch: &mut batch,
                names: &mut names,
                findings: &others,
                max_rows: SCANNED_ROWS,
            };
            let may_go_on = page.fill(&mut way)?;
            let of_stream = (0..batch.len()).filter(|row| names.stream(batch.streams[*row]) == rest.id);
            found.extend(of_stream.map(|row| (batch.versions[row], batch.positions[row])));
            if !may_go_on {
                break;
            }
        }
        // Oddities of events that are not shown are nobody's; those of shown ones are reported when they are read.
        for (_, _, kept) in others.summary().into_iter().filter(|(code, ..)| *code == "damaged") {
            kept.into_iter().for_each(|finding| self.findings.report(finding));
        }
        found.retain(|(version, position)| rest.holds(*version, *position));
        found.sort_unstable();
        if course.direction() == Direction::Backward {
            found.reverse();
        }
        let has_any = !found.is_empty();
        course.go_by_positions(found.into_iter().map(|(_, position)| position).collect());
        Ok(has_any)
    }
}
