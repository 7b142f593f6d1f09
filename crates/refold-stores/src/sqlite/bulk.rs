//! Many rows straight from the file, where a plan is so plain that SQLite would compute nothing.
//!
//! One table with a rowid, positions that are its rowid, plain columns, conditions that compare with a literal: that is
//! what all layouts without a join ask of a store. A read of all goes along the table, a read of one stream along the
//! index that holds it. Where the file is odd this ends, and what was taken of the batch so far counts no more.

use std::sync::Arc;

use refold_core::work::CancelToken;
use rusqlite::types::ValueRef;

use super::catalogue::Affinity;
use super::image::cell::Payload;
use super::image::index::{IndexCursor, Probe};
use super::image::record::{Place, Record, Wanted};
use super::image::table::TableCursor;
use super::image::{Image, Odd};
use crate::layout::{Comparison, Literal};
use crate::tables::plan::{Plan, Shape, StreamKey};
use crate::tables::quoted;
use crate::tables::{Catalogue, Column, Table};

/// So many events of one stream and version are read at once; a store that has more is left to SQLite.
const MOST_OF_ONE_VERSION: usize = 4096;

/// A plan bound to the trees of a file.
pub struct Bulk {
    image: Arc<Image>,
    table_root: u32,
    /// How statements spell each column.
    columns: Vec<(String, Source)>,
    tests: Vec<(Source, Literal)>,
    /// The index that holds each stream in the order of its versions.
    stream_root: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Rowid,
    Column {
        place: usize,
        is_real: bool,
        may_be_missing: bool,
    },
}

/// Rows that lie ahead of a read, in order.
#[derive(Debug, Clone)]
pub enum Stretch {
    /// All with `from <= position <= up_to`.
    Positions { from: i64, up_to: i64 },
    /// Those of the stream whose id is stored as these texts, with `from <= version <= to`, behind `passed`: a version
    /// and a position.
    Stream {
        texts: Vec<Vec<u8>>,
        from: Option<i64>,
        to: Option<i64>,
        passed: Option<(i64, i64)>,
    },
}

/// How far a stretch was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reached {
    End,
    /// Whoever takes the rows has enough.
    Enough,
    /// The file is not as it is known here, or the read was cancelled: SQLite begins anew, and says so.
    Odd,
}

/// A running read.
pub struct BulkReader {
    table: TableCursor,
    index: Option<IndexCursor>,
    wanted: Vec<Wanted>,
    places: Vec<Place>,
    tests: Vec<(usize, Literal)>,
    stream: Vec<usize>,
    version: Option<usize>,
    most_byte_count: usize,
    /// The rows of one version.
    group: Vec<i64>,
}

impl Bulk {
    /// `None` when SQLite must compute something, or knows something about the table that is not known here.
    pub fn bind(plan: &Plan, catalogue: &Catalogue, image: &Arc<Image>) -> Option<Bulk> {
        let table = catalogue.tables.iter().find(|table| table.name == plan.table)?;
        if !plan.layout.joins.is_empty() || !table.has_rowid || !table.is_plain {
            return None;
        }
        let table_root = position_root(plan, catalogue)?;
        let conditions = &plan.layout.filter.conditions;
        let tests = conditions
            .iter()
            .map(|condition| test(table, &condition.column, &condition.comparison));
        Some(Bulk {
            image: Arc::clone(image),
            table_root,
            tests: tests.collect::<Option<_>>()?,
            stream_root: stream_root(plan, table),
            columns: sources(table),
        })
    }

    /// `None` when a column of `shape` is not one of the table.
    pub fn reader(&self, plan: &Plan, shape: &Shape) -> Option<BulkReader> {
        let mut wanted = Vec::new();
        let mut places = Vec::new();
        let mut want = |source: Source| {
            let slot = places.len();
            places.push(match source {
                Source::Rowid => Place::ROWID,
                Source::Column {
                    place,
                    is_real,
                    may_be_missing,
                } => {
                    wanted.push(Wanted {
                        column: place,
                        slot,
                        is_real,
                        may_be_missing,
                    });
                    Place::default()
                }
            });
            slot
        };
        let mut read = Vec::new();
        for expression in shape.expressions() {
            let (_, source) = self.columns.iter().find(|(sql, _)| sql == expression)?;
            read.push((*source, want(*source)));
        }
        // A record is gone through once, so a column that is read and compared has one place.
        let tests = self.tests.iter().map(|(source, literal)| {
            let known = read.iter().find(|(known, _)| known == source);
            (known.map_or_else(|| want(*source), |(_, slot)| *slot), literal.clone())
        });
        let tests = tests.collect();
        wanted.sort_by_key(|wanted: &Wanted| wanted.column);
        Some(BulkReader {
            table: TableCursor::new(&self.image, self.table_root),
            index: self.stream_root.map(|root| IndexCursor::new(&self.image, root)),
            wanted,
            places,
            tests,
            stream: shape.stream.clone(),
            version: shape.version,
            most_byte_count: usize::try_from(plan.layout.limits.max_body_bytes).unwrap_or(usize::MAX),
            group: Vec::new(),
        })
    }
}

impl BulkReader {
    /// Gives the rows of a stretch to `take`, until it says that it has enough.
    pub fn read(&mut self, stretch: &Stretch, token: &CancelToken, take: impl FnMut(&Record<'_>) -> bool) -> Reached {
        let reached = match stretch {
            Stretch::Positions { from, up_to } => self.read_positions(*from, *up_to, token, take),
            Stretch::Stream {
                texts,
                from,
                to,
                passed,
            } => self.read_stream(texts, (*from, *to), *passed, token, take),
        };
        reached.unwrap_or(Reached::Odd)
    }

    /// One row on a page that was found elsewhere; `None` where it is none of the layout's.
    pub fn row_on<'a>(&'a mut self, page: &'a [u8], row: Payload) -> Result<Option<Record<'a>>, Odd> {
        let record = self
            .table
            .record_on(page, row, &self.wanted, &mut self.places, self.most_byte_count)?;
        Ok(passes(&self.tests, &record)?.then_some(record))
    }

    fn read_positions(
        &mut self,
        from: i64,
        up_to: i64,
        token: &CancelToken,
        mut take: impl FnMut(&Record<'_>) -> bool,
    ) -> Result<Reached, Odd> {
        self.table.seek(from)?;
        while let Some(rowid) = self.table.rowid() {
            if rowid > up_to {
                break;
            }
            if self.table.is_at_page_start() && token.is_cancelled() {
                return Err(Odd);
            }
            let record = self
                .table
                .record(&self.wanted, &mut self.places, self.most_byte_count)?;
            if passes(&self.tests, &record)? && !take(&record) {
                return Ok(Reached::Enough);
            }
            self.table.advance()?;
        }
        Ok(Reached::End)
    }

    fn read_stream(
        &mut self,
        texts: &[Vec<u8>],
        (from, to): (Option<i64>, Option<i64>),
        passed: Option<(i64, i64)>,
        token: &CancelToken,
        mut take: impl FnMut(&Record<'_>) -> bool,
    ) -> Result<Reached, Odd> {
        let index = self.index.as_mut().ok_or(Odd)?;
        let version_slot = self.version.ok_or(Odd)?;
        let least = from.max(passed.map(|(version, _)| version));
        index.seek(Probe { texts, least })?;
        let mut entry = index.entry(texts)?;
        if entry.is_none() && least.is_none() {
            return Err(Odd); // SQLite found the stream: the index is damaged
        }
        let mut last = None;
        while let Some(first) = entry {
            if to.is_some_and(|to| first.number > to) {
                break;
            }
            if token.is_cancelled() || last.is_some_and(|last| first.number <= last) {
                return Err(Odd);
            }
            last = Some(first.number);
            self.group.clear();
            while let Some(next) = entry
                && next.number == first.number
            {
                self.group.push(next.rowid);
                if self.group.len() > MOST_OF_ONE_VERSION {
                    return Err(Odd);
                }
                index.advance()?;
                entry = index.entry(texts)?;
            }
            // Events of one version come in the order of their positions.
            self.group.sort_unstable();
            for &rowid in &self.group {
                if passed.is_some_and(|(version, position)| version == first.number && rowid <= position) {
                    continue;
                }
                if !self.table.find(rowid)? {
                    return Err(Odd);
                }
                let record = self
                    .table
                    .record(&self.wanted, &mut self.places, self.most_byte_count)?;
                // SQLite takes what the index holds from there; that it is the same as in the row is not checked by it.
                let mut stored = self.stream.iter().map(|slot| record.value(*slot));
                let is_same = record.value(version_slot) == ValueRef::Integer(first.number)
                    && texts.iter().all(|text| stored.next() == Some(ValueRef::Text(text)));
                if !is_same {
                    return Err(Odd);
                }
                if passes(&self.tests, &record)? && !take(&record) {
                    return Ok(Reached::Enough);
                }
            }
        }
        Ok(Reached::End)
    }
}

impl Source {
    fn of(column: &Column) -> Source {
        if column.is_rowid {
            return Source::Rowid;
        }
        Source::Column {
            place: column.place,
            is_real: column.affinity() == Affinity::Real,
            may_be_missing: !column.has_default,
        }
    }
}

/// The first page of the table whose rowids are the positions.
pub fn position_root(plan: &Plan, catalogue: &Catalogue) -> Option<u32> {
    let table = catalogue
        .tables
        .iter()
        .find(|table| table.name == plan.table && table.has_rowid)?;
    let is_rowid = |(sql, source): &(String, Source)| *sql == plan.position && *source == Source::Rowid;
    sources(table).iter().any(is_rowid).then_some(table.root).flatten()
}

/// How statements spell each column of a table.
fn sources(table: &Table) -> Vec<(String, Source)> {
    let named = table
        .columns
        .iter()
        .map(|column| (sql_of(&column.name), Source::of(column)));
    named.chain([("\"event\".rowid".to_owned(), Source::Rowid)]).collect()
}

fn sql_of(column: &str) -> String {
    format!("\"event\".{}", quoted(column))
}

/// A condition of a layout, if it is the equality of a column and a literal that SQLite would not convert.
fn test(table: &Table, name: &str, comparison: &Comparison) -> Option<(Source, Literal)> {
    let column = table.column(&[name.to_owned()])?;
    match (comparison, column.affinity()) {
        (Comparison::Compare("=", literal @ Literal::Text(_)), Affinity::Text)
        | (Comparison::Compare("=", literal @ Literal::Integer(_)), Affinity::Integer) => {
            Some((Source::of(column), literal.clone()))
        }
        _ => None,
    }
}

/// Whether a row is one of the layout's. A value of another type than the literal's is left to SQLite.
fn passes(tests: &[(usize, Literal)], record: &Record<'_>) -> Result<bool, Odd> {
    for (slot, literal) in tests {
        let is_equal = match (record.value(*slot), literal) {
            (ValueRef::Null, _) => false,
            (ValueRef::Text(stored), Literal::Text(text)) => stored == text.as_bytes(),
            (ValueRef::Integer(stored), Literal::Integer(number)) => stored == *number,
            _ => return Err(Odd),
        };
        if !is_equal {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The index that begins with the columns of the stream id and the version, in this order.
fn stream_root(plan: &Plan, table: &Table) -> Option<u32> {
    let parts = match &plan.stream {
        StreamKey::Column { sql, .. } => vec![sql],
        StreamKey::Pair { first, second, .. } => vec![first, second],
    };
    let column = |sql: &String| table.columns.iter().find(|column| sql_of(&column.name) == *sql);
    let parts: Vec<&Column> = parts.into_iter().map(column).collect::<Option<_>>()?;
    let version = column(plan.version.as_ref()?)?;
    let is_known = parts.iter().all(|part| part.affinity() == Affinity::Text)
        && matches!(version.affinity(), Affinity::Integer | Affinity::Numeric);
    let head: Vec<&String> = parts.iter().chain([&version]).map(|column| &column.name).collect();
    let fits = |columns: &[String], plain_column_count: usize| {
        plain_column_count >= head.len() && columns.iter().take(head.len()).eq(head.iter().copied())
    };
    let index = table
        .indexes
        .iter()
        .find(|index| fits(&index.columns, index.plain_column_count));
    is_known.then_some(index?.root).flatten()
}
