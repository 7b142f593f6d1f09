//! Whether a read model is what a handler makes of the same history, row by row, each at the position that it has come to.
//!
//! All rows are read once and kept as digests ([`held`]), the streams are folded together ([`aligned`]), and only rows
//! that are not right then are read again and explained ([`explain`]). A row that holds what its stream came to earlier is
//! behind, and never called wrong. What the columns hold is said by a [`mapping`].

mod aligned;
mod alike;
pub mod answer;
mod distinguishing;
mod explain;
pub mod guess;
mod held;
pub mod mapping;
mod passing;
mod place;
mod reaching;
mod saying;
mod telling;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use refold_core::cursor::Cursor;
use refold_core::event::Position;
use refold_core::finding::Findings;
use refold_core::port::system::in_words;
use refold_core::time::Timestamp;
use refold_core::work::Work;
use refold_stores::plain_file::{self, MOST_TEXT_BYTES};
use refold_stores::rows::{Cell, RowPlace, Rows, RowsError};

use self::alike::whole;
use self::answer::{DriftAnswer, PositionFrom};
use self::explain::Asked;
use self::held::HeldRows;
use self::mapping::{Checkpoint, Key, Mapping, value_text};
use self::passing::Passing;
use self::reaching::Reached;
use self::telling::Telling;
use crate::clock;
use crate::error::{AppError, ErrorCode};
use crate::handler;
use crate::session::Session;
use crate::text;
use crate::written_file::{self, Own};

/// What is compared.
#[derive(Debug, Clone, Default)]
pub struct DriftAsked {
    /// The path of a database or an export.
    pub read_model: String,
    /// Of a database; where none is named, that of the mapping, or the only one there is.
    pub table: Option<String>,
    pub handler: Option<String>,
    pub mapping: MappingFrom,
    /// How far the read model is as a whole: a position or a time. `None`: what the mapping says.
    pub position: Option<String>,
    /// Faults of each kind that are kept; all are counted.
    pub most_faults: usize,
}

/// Where the mapping comes from.
#[derive(Debug, Clone, Default)]
pub enum MappingFrom {
    /// The file beside the read model.
    #[default]
    Beside,
    File(PathBuf),
    /// A person wrote it just now.
    Text(String),
}

/// The tables of a database; none for an export.
pub fn tables(work: &Work<'_>, session: &Session, read_model: &str) -> Result<Vec<String>, AppError> {
    Ok(Reached::of(work, session, read_model)?.model.tables(work)?)
}

/// Where the mapping of a read model is looked for, and its text, where it is there.
pub fn saved_mapping(
    session: &Session,
    read_model: &str,
    table: Option<&str>,
) -> Result<(String, Option<String>), AppError> {
    let file = reaching::mapping_file(session, read_model, table)?;
    Ok((
        file.display().to_string(),
        plain_file::read_text(&file, MOST_TEXT_BYTES).ok(),
    ))
}

/// Writes a mapping into a new file, and never into the folder of the store.
pub fn write_mapping(session: &Session, file: &Path, mapping: &str) -> Result<(), AppError> {
    const MAPPING: Own = Own {
        noun: "mapping",
        begins_with: None,
    };
    reaching::make_room_for(session, file)?;
    written_file::write(file, session.path(), mapping.as_bytes(), &MAPPING)
}

/// See the module.
pub fn drift(work: &Work<'_>, session: &Session, asked: &DriftAsked) -> Result<DriftAnswer, AppError> {
    session.expect_reached("a comparison with a read model")?;
    let program = session.adopted(asked.handler.as_deref())?;
    let opened = Opened::open(work, session, asked)?;
    let Opened { rows, mapping, .. } = &opened;
    let findings = Arc::<Findings>::default();
    let (until, position_from) = opened.how_far(work, session, asked)?;
    saying::report_unmapped(mapping, &findings);
    if !session.description().has_stream_index || mapping.category.is_some() {
        session.build_index(work)?;
    }
    let mut held = HeldRows::read(work, rows, mapping)?;
    if let Key::Path { path, .. } = &mapping.key {
        let streams = passing::streams_by_key(work, session, mapping, &program, path, &findings)?;
        held = held.by_streams(streams);
    }
    let end = session.store().fingerprint()?.last_position;
    saying::report_unsaid(session, mapping, &held, &findings);
    let passing = Passing {
        session,
        mapping,
        program: &program,
        rows: Arc::new(held),
        until,
        is_csv: rows.kind() == "CSV",
        end,
        most_told: asked.most_faults.max(held::MOST_NAMED),
        findings: &findings,
    };
    let passed = passing.run(work)?;
    let asked_of_rows = Asked {
        session,
        program: program.as_ref(),
        mapping,
        unit: passing.rows.unit,
        is_csv: rows.kind() == "CSV",
        until,
        end,
    };
    let telling = Telling::new(&asked_of_rows, rows, &passing.rows, asked.most_faults);
    let told = telling.tell(work, &passed)?;
    let checkpoint = until.as_ref().filter(|_| position_from == PositionFrom::Checkpoint);
    saying::report_ahead(checkpoint, end, told.counts.past_end, &told.past_end, &findings);
    let elsewhere = told.counts.unplaced.saturating_sub(told.counts.past_end);
    saying::report_checkpoint_in_rows(mapping, &passing.rows, elsewhere, &findings);
    let distinguishing = distinguishing::of_streams(work, session, told.wrong, passed.right.and(told.right))?;
    let reflected = told.reflected.map(text::position_label);
    Ok(DriftAnswer {
        read_model: asked.read_model.clone(),
        table: rows.table().map(str::to_owned),
        mapping: opened.mapping_name.clone(),
        handler: handler::wire(program.identity()),
        rows: passing.rows.count(),
        equal: passed.equal + told.counts.equal,
        missing: told.counts.missing,
        extra: told.counts.extra,
        different: told.counts.different,
        lost_updates: told.counts.lost_updates,
        behind: told.counts.behind,
        to_come: told.counts.to_come,
        unplaced: told.counts.unplaced,
        past_end: told.counts.past_end,
        unclear: told.counts.unclear,
        older: passing.rows.older,
        position: until.map_or(reflected, |until| Some(position_of(&until, session))),
        position_from,
        lag_events: until.is_some().then_some(passed.lag_events),
        columns: told.columns,
        distinguishing,
        faults: told.faults,
        fault_count: told.fault_count,
        findings: crate::findings::wire(&findings),
    })
}

/// A read model and what its columns hold.
struct Opened {
    reached: Reached,
    rows: Rows,
    mapping: Mapping,
    /// Its file, for a person.
    mapping_name: String,
}

impl Opened {
    fn open(work: &Work<'_>, session: &Session, asked: &DriftAsked) -> Result<Opened, AppError> {
        let given = match &asked.mapping {
            MappingFrom::Beside => None,
            MappingFrom::File(file) => Some((file.display().to_string(), text_of(file)?)),
            MappingFrom::Text(text) => Some(("the mapping".to_owned(), text.clone())),
        };
        // A mapping that is given may name the table.
        let table = asked.table.clone().or_else(|| {
            let document: toml::Table = given.as_ref()?.1.parse().ok()?;
            Some(document.get("table")?.as_str()?.to_owned())
        });
        let reached = Reached::of(work, session, &asked.read_model)?;
        let rows = reached.model.rows(work, table.as_deref())?;
        let (mapping_name, text) = match given {
            Some(given) => given,
            None => {
                let beside = reaching::mapping_file(session, &asked.read_model, rows.table())?;
                let text = text_of(&beside).map_err(|_| unmapped(&asked.read_model, &rows, &beside))?;
                (beside.display().to_string(), text)
            }
        };
        let mut mapping = Mapping::parse(&text, &mapping_name, &rows)?;
        if let (Some(of), Some(table)) = (&mapping.table, rows.table())
            && !is_of(of, table)
        {
            return Err(AppError::invalid(
                format!("{mapping_name} is of the table {of}, and {table} was asked for"),
                "name the mapping of this table",
            ));
        }
        mapping.category = mapping.category.or_else(|| handler::category(asked.handler.as_deref()));
        Ok(Opened {
            reached,
            rows,
            mapping,
            mapping_name,
        })
    }

    /// How far the read model is as a whole, and who says so. Its rows are of the same moment from here on.
    fn how_far(
        &self,
        work: &Work<'_>,
        session: &Session,
        asked: &DriftAsked,
    ) -> Result<(Option<Cursor>, PositionFrom), AppError> {
        let places = self.mapping.places();
        if let Some(position) = &asked.position {
            let cursor = match session.cursor(position)? {
                Cursor::Version(_) => {
                    return Err(AppError::invalid(
                        "a read model as a whole has no version",
                        "give the position (#4711) or the time that it has come to",
                    ));
                }
                Cursor::Ago { nanos } => Cursor::At(Timestamp(clock::now().0.saturating_sub(nanos))),
                cursor => cursor,
            };
            return Ok((Some(cursor), PositionFrom::Given));
        }
        let Some(checkpoint) = &self.mapping.checkpoint else {
            let from = match self.mapping.own {
                mapping::Own::Unknown => PositionFrom::Nobody,
                _ => PositionFrom::Rows,
            };
            return Ok((None, from));
        };
        let rows = self.reached.model.rows(work, Some(&checkpoint.table))?;
        Rows::fix(work, &[(&self.rows, &places), (&rows, &checkpoint.places())])?;
        Ok((Some(checkpointed(work, &rows, checkpoint)?), PositionFrom::Checkpoint))
    }
}

/// Whether a mapping of this table is one of the table of this full name.
fn is_of(table: &str, full_name: &str) -> bool {
    let bare = full_name.rsplit_once('.').map_or(full_name, |(_, bare)| bare);
    [full_name, bare].iter().any(|name| table.eq_ignore_ascii_case(name))
}

fn text_of(file: &Path) -> Result<String, AppError> {
    plain_file::read_text(file, MOST_TEXT_BYTES).map_err(|error| {
        AppError::invalid(
            format!("cannot read the mapping ({}): {}", in_words(&error), file.display()),
            "name the file that says what the columns hold",
        )
    })
}

fn unmapped(read_model: &str, rows: &Rows, beside: &Path) -> AppError {
    let of = rows.table().unwrap_or(read_model);
    AppError::invalid(
        format!(
            "nothing says what the columns of {of} hold: there is no {}",
            beside.display()
        ),
        "let a mapping be guessed, look at it, and save it there or name it",
    )
    .typed("--guess, then --map FILE")
}

fn checkpointed(work: &Work<'_>, rows: &Rows, checkpoint: &Checkpoint) -> Result<Cursor, AppError> {
    let mut found: Vec<Option<i64>> = Vec::new();
    rows.scan::<AppError>(work, &checkpoint.places(), &mut |_, cells| {
        let holds = |(at, (_, wanted)): (usize, &(RowPlace, String))| {
            let cell = cells.get(at + 1).map(Cell::to_value);
            cell.and_then(|cell| value_text(&cell)).as_deref() == Some(wanted.as_bytes())
        };
        if checkpoint.filter.iter().enumerate().all(holds) {
            found.push(cells.first().and_then(whole));
        }
        Ok(())
    })?;
    match found.as_slice() {
        [Some(position)] => Ok(Cursor::Position(Position(*position))),
        [None] => Err(AppError::invalid(
            format!("the checkpoint of the projection is no position: {}", checkpoint.table),
            "name the column that holds it, or give the position",
        )
        .typed("--position")),
        rows => Err(AppError::invalid(
            format!(
                "{} of {} are the checkpoint, and one should be",
                text::counted(rows.len() as u64, "row"),
                checkpoint.table
            ),
            "say under where in the mapping which row it is, or give the position",
        )
        .typed("--position")),
    }
}

fn position_of(until: &Cursor, session: &Session) -> String {
    match until {
        Cursor::Position(position) => text::position_label(*position),
        Cursor::At(at) => text::time_label(*at, session.description().time_digits),
        cursor => cursor.to_string(),
    }
}

impl From<RowsError> for AppError {
    fn from(error: RowsError) -> AppError {
        let message = error.to_string();
        match error {
            RowsError::Cancelled(cancelled) => cancelled.into(),
            RowsError::Store(store) => AppError {
                message,
                ..AppError::from(store)
            },
            RowsError::NoTable { tables, .. } => AppError {
                choices: tables,
                ..AppError::invalid(message, "name a table").typed("--table")
            },
            RowsError::NoColumn { columns, .. } => AppError {
                choices: columns,
                ..AppError::invalid(message, "name a column that it has")
            },
            RowsError::NoPlace { .. } => {
                AppError::invalid(message, "write order_id, or state#/order/id for what is in its JSON")
            }
            RowsError::TooLong { .. } => AppError::new(
                ErrorCode::Unreachable,
                message,
                "export the table (CSV or JSON Lines) and compare the export, or ask a replica that has less to do",
            ),
            RowsError::Malformed { .. } => AppError::new(
                ErrorCode::Corrupt,
                message,
                "export the read model again; nothing was compared",
            ),
        }
    }
}
