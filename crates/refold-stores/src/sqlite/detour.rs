//! Ways around damaged pages of a file: through what is left of them, over a gap in the order of positions, and to the
//! events of one stream when what leads to them cannot be read.

use refold_core::count::counted;
use refold_core::event::{Columns, EventBatch, Position, Version};
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::port::store::{Direction, ReadQuery, Scope};

use super::course::Course;
use super::image::cell::Payload;
use super::image::salvage::{Find, Salvage};
use super::image::tree::{Bounds, Part};
use super::page::{Page, Rows, Trouble, is_about_one_row};
use crate::tables::quoted;

/// So many rows at a time are looked at for those of one stream.
const SCANNED_ROWS: usize = 4096;

/// Of so many lost pages the numbers are told.
const MOST_NAMED_PAGES: usize = 10;

/// A damaged part of the table, while a read is in it.
pub struct Remains {
    salvage: Salvage,
    bounds: Bounds,
    is_backward: bool,
    /// The lowest and the highest position that the read asks for.
    asked: (i64, i64),
    /// The position of the last row that was met.
    met: Option<i64>,
    lost: Lost,
}

/// What was met since the last row and is no row.
#[derive(Default)]
struct Lost {
    row_count: u32,
    pages: Vec<u32>,
}

impl Remains {
    /// `asked`: the lowest and the highest position that the read asks for.
    pub fn new(salvage: Salvage, part: Part, direction: Direction, asked: (i64, i64)) -> Remains {
        Remains {
            salvage,
            bounds: part.bounds,
            is_backward: direction == Direction::Backward,
            asked,
            met: None,
            lost: Lost::default(),
        }
    }

    fn is_asked(&self, position: i64) -> bool {
        (self.asked.0..=self.asked.1).contains(&position)
    }

    /// The last position of the part on the way; `None`: nothing comes behind it.
    fn end(&self) -> Option<i64> {
        if self.is_backward {
            self.bounds.after.and_then(|after| after.checked_add(1))
        } else {
            self.bounds.up_to
        }
    }

    /// A finding of what was lost before the row at `next`, or before the end of the part. Of reads that share a part
    /// between them, one tells of it.
    fn tell_lost(&mut self, next: Option<i64>) -> Option<(Option<i64>, String)> {
        let lost = std::mem::take(&mut self.lost);
        let (low, high) = if self.is_backward {
            (next, self.met)
        } else {
            (self.met, next)
        };
        self.met = next.or(self.met);
        let first = low.or(self.bounds.after).map_or(i64::MIN, |low| low.saturating_add(1));
        let last = high.map(|high| high.saturating_sub(1)).or(self.bounds.up_to);
        // The page above says that a row stood at the end of the part once.
        let lacks_end = high.is_none() && last.is_some_and(|last| first <= last);
        if lost.row_count == 0 && lost.pages.is_empty() && !lacks_end {
            return None;
        }
        self.is_asked(first).then(|| {
            let position = (last == Some(first) && lost.row_count == 1).then_some(first);
            (position, lost.told(first, last))
        })
    }
}

impl Lost {
    /// Says what is missing from position `first` to `last`; `None`: to the end.
    fn told(&self, first: i64, last: Option<i64>) -> String {
        let place = match (first, last) {
            (i64::MIN, None) => "none of the events can be read".to_owned(),
            (i64::MIN, Some(last)) => format!("what lies from the beginning to position {last} cannot be read"),
            (first, None) => format!("what lies from position {first} to the end cannot be read"),
            (first, Some(last)) if first == last => format!("position {first} cannot be read"),
            (first, Some(last)) => format!("what lies from position {first} to {last} cannot be read"),
        };
        let rows = match self.row_count {
            0 => None,
            count => Some(counted(count.into(), "row")),
        };
        let pages = match self.pages.as_slice() {
            [] => None,
            [page] => Some(format!("the rows of page {page} of the file, however many they are")),
            pages => {
                let named: Vec<String> = pages.iter().take(MOST_NAMED_PAGES).map(u32::to_string).collect();
                let more = if pages.len() > MOST_NAMED_PAGES { ", …" } else { "" };
                let (count, named) = (pages.len(), named.join(", "));
                Some(format!(
                    "the rows of {} of the file ({named}{more}), however many they are",
                    counted(count as u64, "page")
                ))
            }
        };
        let what: Vec<String> = rows.into_iter().chain(pages).collect();
        format!(
            "{place}, because the file is damaged there: {} missing",
            what.join(" and ")
        )
    }
}

impl Page<'_> {
    /// Takes what is left of the damaged part that the read is in. Returns whether there is anything behind what was
    /// taken.
    pub fn go_through_damage(&mut self, course: &mut Course) -> Result<bool, Trouble> {
        let Some(mut remains) = self.rows.remains.take() else {
            return Ok(true);
        };
        while !self.is_full() {
            let Some(leaf) = remains.salvage.next_leaf() else {
                if let Some((position, detail)) = remains.tell_lost(None) {
                    self.report(position, detail);
                }
                course.stop_at(remains.end());
                return Ok(course.leave_part());
            };
            for find in leaf.finds {
                match find {
                    Find::LostRow => remains.lost.row_count += 1,
                    Find::LostPage => remains.lost.pages.push(leaf.page),
                    Find::Row(row) => {
                        if let Some((position, detail)) = remains.tell_lost(Some(row.rowid)) {
                            self.report(position, detail);
                        }
                        if remains.is_asked(row.rowid) {
                            self.append_found(&leaf.bytes, row)?;
                        }
                    }
                }
            }
        }
        self.rows.remains = Some(remains);
        Ok(true)
    }

    /// Takes the row at `position` from the damaged part where it would be.
    pub fn find_in_damage(&mut self, mut salvage: Salvage, position: i64) -> Result<(), Trouble> {
        while let Some(leaf) = salvage.next_leaf() {
            let is_it = |find: &Find| match find {
                Find::Row(row) if row.rowid == position => Some(*row),
                Find::Row(_) | Find::LostRow | Find::LostPage => None,
            };
            if let Some(row) = leaf.finds.iter().find_map(is_it) {
                return self.append_found(&leaf.bytes, row);
            }
        }
        let detail = "it cannot be read whether there is an event, because the file is damaged there";
        self.report(Some(position), detail.to_owned());
        Ok(())
    }

    /// Appends a row that lies on a page of a damaged part, if it is one of the layout's.
    fn append_found(&mut self, page: &[u8], row: Payload) -> Result<(), Trouble> {
        let Rows { bulk, whole, .. } = &mut *self.rows;
        match bulk.as_mut().map(|bulk| bulk.row_on(page, row)) {
            Some(Ok(None)) => Ok(()),
            Some(Ok(Some(record))) => {
                let position = Position(record.rowid);
                let (plan, names) = (self.plan, &mut *self.names);
                whole
                    .reader
                    .append(plan, &record, position, self.batch, names, self.findings);
                Ok(())
            }
            Some(Err(_)) | None => self.append_singly(row.rowid),
        }
    }

    /// Appends the row at `position` by a statement, which may not find it: what leads to it is damaged.
    fn append_singly(&mut self, position: i64) -> Result<(), Trouble> {
        let mut course = Course::new(&ReadQuery {
            scope: Scope::Positions(vec![Position(position)]),
            direction: Direction::Forward,
            columns: Columns::SKELETON,
        });
        let event_count = self.batch.len();
        let is_dealt_with = match self.run_next(&mut course) {
            Ok(()) if self.batch.len() > event_count => true,
            Ok(()) => {
                // A row that is there and did not come is none of the layout's.
                let (key, table) = (&self.plan.position, quoted(&self.plan.table));
                let sql = format!("SELECT 1 FROM {table} AS \"event\" WHERE {key} = ?1");
                self.connection.prepare_cached(&sql)?.exists([position])?
            }
            Err(Trouble::Sqlite(error)) if is_about_one_row(&error) => self.get_past(&mut course, &error)?,
            Err(error) => return Err(error),
        };
        if !is_dealt_with {
            let detail = "the event is not shown, because what leads to its row is damaged";
            self.report(Some(position), detail.to_owned());
        }
        Ok(())
    }

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
        match course.ahead_in_part() {
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
        let mut rows = Rows::new(self.plan, &self.rows.by_image, self.plan.shape(Columns::SKELETON));
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
