//! Tables on a server that hold no events: read models.
//!
//! They are read whole, all of them in one transaction, because a projection goes on writing: what its checkpoint says
//! must be of the same moment as its rows. It must not know any server, nor what a row should hold.

use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};

use refold_core::port::store::StoreError;
use refold_core::value::{Number, Text, Value};
use refold_core::work::{Phase, Work};

use super::held::Held;
use super::link::{Asked, Fault, Link as _};
use super::open::{Account, Open};
use super::options::Options;
use super::survey::{Found, Survey};
use crate::rows::{Cell, Part, RowColumn, RowsError, Tables, TakeCells};
use crate::tables::barred::Lacking;
use crate::tables::{Table, quoted};

/// The tables of one database.
pub struct ServerTables<S: Open> {
    options: Options<S>,
    account: Account<S>,
    survey: Survey<S>,
    link: Mutex<S::Link>,
}

impl<S: Open> Options<S> {
    /// Looks what tables there are, without touching them.
    pub fn tables(&self, work: &Work<'_>) -> Result<ServerTables<S>, StoreError> {
        let cancel = work.cancel_token();
        let mut way = self.reach(None, cancel)?;
        let survey = S::survey(&mut way.link, &way.account.role, cancel);
        Ok(ServerTables {
            options: self.clone(),
            survey: survey.map_err(|fault| fault.at(self.location()))?,
            account: way.account,
            link: Mutex::new(way.link),
        })
    }
}

impl<S: Open> Tables for ServerTables<S>
where
    Account<S>: Send + Sync,
    S::Beside: Send + Sync,
{
    fn server(&self) -> &str {
        &self.account.role.server
    }

    fn location(&self) -> &str {
        self.options.location()
    }

    fn names(&self) -> Vec<String> {
        self.survey.catalogue.tables.iter().map(Table::full_name).collect()
    }

    fn passed_over(&self) -> &[String] {
        &self.survey.catalogue.passed_over
    }

    fn read_only(&self) -> Vec<String> {
        self.options.read_only(&self.account.role, &self.account.role.powers)
    }

    fn columns(&self, work: &Work<'_>, table: &str) -> Result<Vec<RowColumn>, RowsError> {
        let found = self.found(table)?;
        let named = [(found.table.schema.clone().unwrap_or_default(), found.table.name.clone())];
        let (extent, powers) = {
            let cancel = work.cancel_token();
            let mut link = self.link.lock().unwrap_or_else(PoisonError::into_inner);
            let extent = S::extent(&mut link, found.beside, cancel);
            let powers = self
                .options
                .powers(&mut link, &self.survey, &named, &self.account, cancel);
            (extent, powers)
        };
        let extent = extent.map_err(|fault| fault.at(self.location()))?;
        self.options.check_here(table, &extent)?;
        let (role, barred) = (&self.account.role, &self.survey.catalogue.barred);
        let powers = powers.map_err(|fault| fault.at(self.location()))?;
        self.options.check_powers(role, &powers, &named, barred)?;
        self.options.check_rows(&named, barred, role)?;
        // Who names one that may not be read is told so when it is asked for.
        let columns = found.table.columns.iter().chain(barred.columns_of(table));
        let columns = columns.map(|column| RowColumn {
            name: column.name.clone(),
            declared_type: column.declared_type.clone(),
        });
        Ok(columns.collect())
    }

    fn read(&self, work: &Work<'_>, parts: &[Part<'_>], take: TakeCells<'_>) -> Result<(), RowsError> {
        let asked = parts.iter().map(|part| self.asked(part)).collect::<Result<_, _>>()?;
        let (mut done, mut failure) = (0_u64, None);
        let mut cells = Vec::new();
        let mut take_row = |place: usize, row: &S::Row, kinds: &[String]| {
            cells.clear();
            let values = S::held(row);
            cells.extend(values.0.iter().zip(kinds).map(|(value, kind)| cell_of(value, kind)));
            take(place, &cells)
        };
        let mut kinds: Option<(usize, Vec<String>)> = None;
        let mut link = self.link.lock().unwrap_or_else(PoisonError::into_inner);
        let mut take_piece = |place: usize, piece: super::link::Answer<S>| {
            for row in &piece.rows {
                // Those of a statement are the same for all of its rows.
                let of_statement = kinds.take().filter(|(of, _)| *of == place);
                let known = of_statement.map_or_else(|| S::kind_names(row), |(_, kinds)| kinds);
                let taken = take_row(place, row, &known);
                kinds = Some((place, known));
                if let Err(error) = taken {
                    failure = Some(error);
                    return ControlFlow::Break(());
                }
            }
            done += piece.rows.len() as u64;
            match work.tick(Phase::ReadingTheReadModel, done, None) {
                Ok(()) => ControlFlow::Continue(()),
                Err(cancelled) => {
                    failure = Some(cancelled.into());
                    ControlFlow::Break(())
                }
            }
        };
        let read = link.read(asked, &mut take_piece, work.cancel_token());
        match (failure, read) {
            (Some(error), _) => Err(error),
            (None, Err(fault)) => Err(self.failed(fault)),
            (None, Ok(())) => Ok(()),
        }
    }
}

impl<S: Open> ServerTables<S>
where
    Account<S>: Send + Sync,
    S::Beside: Send + Sync,
{
    fn found(&self, table: &str) -> Result<Found<'_, S>, RowsError> {
        if let Some(found) = self.survey.named(table) {
            return Ok(found);
        }
        let mut barred = self.survey.catalogue.barred.tables.iter();
        match barred.find(|of| of.full_name() == table) {
            Some(barred) => {
                let lacking = Lacking::of(barred, Vec::new());
                let (role, barred) = (&self.account.role, &self.survey.catalogue.barred);
                let tables = std::slice::from_ref(&lacking.table);
                self.options.check_powers(role, &role.powers, tables, barred)?;
                let hiding = super::rights::hiding(tables, barred);
                Err(self.options.lacks(std::slice::from_ref(&lacking), &hiding, role).into())
            }
            None => Err(RowsError::NoTable {
                wanted: table.to_owned(),
                why: "the read model has no table of this name",
                tables: self.names(),
            }),
        }
    }

    fn asked(&self, part: &Part<'_>) -> Result<Asked<S>, RowsError> {
        let table = self.found(part.table)?.table;
        let (role, barred) = (&self.account.role, &self.survey.catalogue.barred);
        self.options.check_columns(table, part.columns, barred, role)?;
        let selected = part.columns.iter().map(|column| {
            let name = quoted(column);
            match self.survey.kind(table, column) {
                Some(kind) => S::selected(&name, &kind),
                None => name,
            }
        });
        Ok(Asked {
            most_bytes: usize::MAX,
            ..Asked::new(S::rows(table, &selected.collect::<Vec<_>>()), Vec::new())
        })
    }

    fn failed(&self, fault: Fault) -> RowsError {
        let location = self.options.location();
        match fault.is_of_load() || matches!(fault, Fault::Silent) {
            true => RowsError::TooLong {
                location: location.to_owned(),
                detail: fault.to_string(),
            },
            false => fault.at(location).into(),
        }
    }
}

/// `kind`: what the server calls the type of the column.
fn cell_of(value: &Held<'_>, kind: &str) -> Cell {
    let text = |bytes: &[u8]| {
        let text = std::str::from_utf8(bytes).ok();
        match (text, kind) {
            (None, _) => Cell::Bytes(bytes.to_owned()),
            (Some(text), "bool") => Cell::Value(Value::Bool(text == "true")),
            // NaN and the infinities are no numbers of ours.
            (Some(text), "numeric" | "decimal" | "bigint") => {
                let number = Number::parse(text).map(Value::Number);
                Cell::Value(number.unwrap_or_else(|| Value::Text(text.into())))
            }
            (Some(_), _) => Cell::Value(Value::Text(Text::from_wtf8(bytes))),
        }
    };
    match value {
        Held::Null => Cell::Value(Value::Null),
        Held::Integer(number) => Cell::Value(Value::Number(Number::from(*number))),
        Held::Real(real) => Cell::Real(*real),
        Held::Text(bytes) => text(bytes),
        Held::Made(bytes) => text(bytes),
        Held::Bytes(bytes) => Cell::Bytes(bytes.to_vec()),
    }
}
