//! The adapter for PostgreSQL.
//!
//! [`options`] reads where a server is, [`connection`] is one way there, [`privileges`] says what our role could do,
//! [`statements`] holds every statement that is ever sent, [`catalogue`] says what tables there are, [`open`] puts together
//! what is to be known of one, [`plans`] says what a plan would search through, [`settling`] looks who writes, [`placed`] the
//! same where positions are places, [`value`] reads what comes back. What it has in common with other servers is in
//! [`crate::server`].
//!
//! It must not know another kind of server, nor layouts one by one.

mod catalogue;
mod connection;
mod open;
mod options;
mod placed;
mod plans;
mod privileges;
mod settling;
mod statements;
mod value;

use tokio_postgres::Row;
use tokio_postgres::types::Type;

use self::connection::{Connection, Parameter};
use self::settling::Watched;
use self::value::Plain;
use crate::layout::TextForm;
use crate::server::bound::uuid;
use crate::server::held::HeldRow;
use crate::server::plans::Search;
use crate::server::{ColumnKind, Server, places};
use crate::tables::Table;
use crate::tables::plan::{Plan, Shape};

pub use self::options::{LOCAL_SOCKETS, Options};

type Asked = crate::server::link::Asked<Postgres>;

/// PostgreSQL, as what servers share sees it.
#[derive(Clone)]
pub struct Postgres;

impl Server for Postgres {
    type Parameter = Parameter;
    type Row = Row;
    type Kind = Type;
    type Link = Connection;
    type Watched = Watched;

    const NULLS: [&'static str; 2] = [" NULLS FIRST", " NULLS LAST"];

    fn number(number: i64) -> Parameter {
        (Box::new(number), Type::INT8)
    }

    fn position(plan: &Plan, position: i64) -> Parameter {
        match plan.is_by_place {
            false => Postgres::number(position),
            // Where there is no such place, the first or the last that can be.
            true => {
                let (block, item) = places::place(position).unwrap_or(match position < 0 {
                    true => (0, 0),
                    false => (u32::MAX, u16::MAX),
                });
                (Box::new(value::tid(block, item)), Type::TID)
            }
        }
    }

    fn mark(place: usize) -> String {
        format!("${place}")
    }

    fn among(plan: &Plan, positions: Vec<i64>, parameters: &mut Vec<Parameter>) -> String {
        parameters.push(match plan.is_by_place {
            false => (Box::new(positions), Type::INT8_ARRAY),
            true => {
                let found = positions.into_iter().filter_map(places::place);
                let found: Vec<Plain> = found.map(|(block, item)| value::tid(block, item)).collect();
                (Box::new(found), Type::TID_ARRAY)
            }
        });
        format!("{} = ANY(${})", plan.position, parameters.len())
    }

    fn key(column: &str, kind: &Type, (text, _): (&[u8], TextForm), parameters: &mut Vec<Parameter>) -> Option<String> {
        // No text of the server holds a zero byte or is not UTF-8.
        let text = std::str::from_utf8(text).ok().filter(|text| !text.contains('\0'))?;
        let parameter: Parameter = if *kind == Type::UUID {
            (Box::new(Plain(uuid(text)?.to_vec())), Type::UUID)
        } else if kind.is_integer() {
            let number: i64 = text.parse().ok()?;
            if number.to_string() != text {
                return None;
            }
            (Box::new(number), Type::INT8)
        } else {
            (Box::new(text.to_owned()), Type::TEXT)
        };
        parameters.push(parameter);
        Some(format!("{column} = ${}", parameters.len()))
    }

    fn selected(column: &str, _: &Type) -> String {
        column.to_owned()
    }

    fn body(column: &str, kind: &Type, most_bytes: u64) -> (String, String) {
        match kind.name() {
            "oid" => statements::large_object(column, most_bytes),
            "varchar" => statements::body(column, "text", most_bytes),
            name => statements::body(column, name, most_bytes),
        }
    }

    fn page(plan: &Plan, shape: &Shape, conditions: &[String], order: &str, limit: usize) -> String {
        statements::page(plan, shape, conditions, order, limit)
    }

    fn explained(sql: &str) -> String {
        statements::explained(sql)
    }

    fn searched(plan: &[Row]) -> Vec<Search> {
        plan.iter()
            .flat_map(|row| plans::searched(&value::held_row(row)))
            .collect()
    }

    fn tenants(table: &Table, column: &str, _: &Type) -> String {
        statements::tenants(table, column)
    }

    fn behind(plan: &Plan) -> String {
        statements::behind(plan)
    }

    fn row(plan: &Plan, columns: &[String]) -> String {
        statements::row(plan, columns)
    }

    fn rows(table: &Table, columns: &[String]) -> String {
        statements::rows(table, columns)
    }

    fn held(row: &Row) -> HeldRow<'_> {
        value::held_row(row)
    }

    fn kind_names(row: &Row) -> Vec<String> {
        let columns = row.columns().iter();
        columns.map(|column| column.type_().name().to_owned()).collect()
    }
}

impl ColumnKind for Type {
    fn is_integer(&self) -> bool {
        matches!(*self, Type::INT2 | Type::INT4 | Type::INT8)
    }

    fn is_elsewhere(&self) -> bool {
        *self == Type::OID
    }

    fn is_key(&self) -> bool {
        self.is_integer()
            || matches!(
                *self,
                Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::UUID
            )
    }

    fn of_member(&self, is_number: bool) -> Option<Type> {
        let is_document = matches!(*self, Type::JSON | Type::JSONB);
        is_document.then_some(if is_number { Type::INT8 } else { Type::TEXT })
    }
}
