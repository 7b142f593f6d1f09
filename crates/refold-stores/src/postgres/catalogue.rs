//! What tables a database has, read from the server's own catalogue without touching the tables.
//!
//! Only ordinary and partitioned tables count. Views, functions and foreign tables run what somebody else wrote, with the
//! rights of whoever reads them; a layout never binds to them.

use std::collections::BTreeMap;

use refold_core::work::CancelToken;
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::connection::Connection;
use super::{Asked, Postgres, statements, value};
use crate::server::link::{Fault, Link as _, one};
use crate::server::survey::Survey;

/// What the server tells of a table beside its shape.
pub struct Beside {
    pub oid: u32,
    /// The numbers of its columns, by their names.
    pub numbers: BTreeMap<String, i16>,
}

/// The tables of a database.
pub fn survey(connection: &mut Connection, cancel: &CancelToken) -> Result<Survey<Postgres>, Fault> {
    let listed = one(connection.ask(vec![Asked::new(statements::TABLES, Vec::new())], cancel)?);
    let mut survey = Survey::default();
    let (mut places, mut barred) = (BTreeMap::new(), BTreeMap::new());
    for row in &listed.rows {
        let (oid, schema, name): (u32, String, String) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        let (kind, is_partition): (String, bool) = (row.try_get(3)?, row.try_get(4)?);
        let (is_readable, has_readable_columns, hides_rows): (bool, bool, bool) =
            (row.try_get(5)?, row.try_get(6)?, row.try_get(7)?);
        let (has_foreign_part, has_places): (bool, bool) = (row.try_get(8)?, row.try_get(9)?);
        let would_hide_rows: bool = row.try_get(10)?;
        let is_ordinary = matches!(kind.as_str(), "r" | "p") && !has_foreign_part;
        if is_partition {
            continue;
        }
        if !is_ordinary {
            survey.catalogue.passed_over.push(name);
            continue;
        }
        survey.bar_rows(&schema, &name, hides_rows, would_hide_rows);
        if !is_readable && !has_readable_columns {
            let place = survey.add_barred(schema, name, has_places);
            barred.extend(place.map(|place| (oid, place)));
            continue;
        }
        let beside = Beside {
            oid,
            numbers: BTreeMap::new(),
        };
        let Some(place) = survey.add(schema, name, has_places, beside) else {
            continue;
        };
        places.insert(oid, place);
        if has_places
            && !is_readable
            && let Some(mut table) = survey.at(place)
        {
            table.bar_places();
        }
    }
    let oids: Vec<u32> = places.keys().chain(barred.keys()).copied().collect();
    let all = || vec![(Box::new(oids.clone()) as Box<_>, Type::OID_ARRAY)];
    let asked = [statements::COLUMNS, statements::INDEXES].map(|sql| Asked::new(sql, all()));
    let mut answers = connection.ask(asked.into(), cancel)?.into_iter();
    for row in &answers.next().unwrap_or_default().rows {
        let oid: u32 = row.try_get(0)?;
        if let Some(place) = places.get(&oid) {
            take_column(&mut survey, *place, row)?;
        } else if let Some(place) = barred.get(&oid) {
            let is_required: bool = row.try_get(3)?;
            survey.add_barred_column(*place, row.try_get(1)?, row.try_get(2)?, !is_required);
        }
    }
    for row in &answers.next().unwrap_or_default().rows {
        let (is_unique, all): (bool, Vec<String>) = (row.try_get(1)?, row.try_get(2)?);
        // Up to the first expression that is none of ours an index leads to rows.
        let columns: Vec<String> = all.iter().map_while(|said| indexed(said)).collect();
        let place = places.get(&row.try_get(0)?).filter(|_| !columns.is_empty());
        if let Some(mut table) = place.and_then(|place| survey.at(*place)) {
            let is_unique = is_unique && columns.len() == all.len();
            // Each partition has one of another name.
            table.add_index(None, columns, is_unique);
        }
    }
    Ok(survey)
}

fn take_column(survey: &mut Survey<Postgres>, place: usize, row: &Row) -> Result<(), Fault> {
    let (name, declared_type, is_required): (String, String, bool) =
        (row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
    let (oid, number): (u32, i16) = (row.try_get(4)?, row.try_get(5)?);
    // What is not understood is never asked for: sending it may be the work of somebody's extension.
    let Some(kind) = Type::from_oid(oid).filter(value::is_known) else {
        return Ok(());
    };
    let is_readable: bool = row.try_get(6)?;
    if let Some(mut table) = survey.at(place) {
        if !is_readable {
            table.bar_column(name, declared_type, !is_required);
            return Ok(());
        }
        table.beside().numbers.insert(name.clone(), number);
        table.add_column(name, declared_type, !is_required, kind);
    }
    Ok(())
}

/// What an index is made of at one place: a column, or a member of the document in one.
fn indexed(said: &str) -> Option<String> {
    let Some(expression) = said.strip_prefix('=') else {
        return Some(said.to_owned());
    };
    let bare = expression.trim_start_matches('(').trim_end_matches(')');
    let (column, member) = bare.split_once(" ->> '")?;
    let (column, member) = (column.trim_matches('"'), member.strip_suffix("'::text")?);
    Some(format!("{column}#/{member}"))
}
