//! The adapter for PostgreSQL.
//!
//! [`options`] reads where a server is, [`connection`] is one way there, [`privileges`] says what our role could do,
//! [`statements`] holds every statement that is ever sent, [`catalogue`] says what tables there are, [`open`] puts together
//! what is to be known of one, [`settling`] looks who writes, [`value`] reads what comes back. What it has in common with
//! other servers is in [`crate::server`].

mod catalogue;
mod connection;
mod open;
mod options;
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
use crate::server::{ColumnKind, Server};
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

    fn mark(place: usize) -> String {
        format!("${place}")
    }

    fn among(column: &str, numbers: Vec<i64>, parameters: &mut Vec<Parameter>) -> String {
        parameters.push((Box::new(numbers), Type::INT8_ARRAY));
        format!("{column} = ANY(${})", parameters.len())
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

    fn size_of(column: &str, kind: &Type) -> String {
        let name = kind.name();
        statements::size_of(column, if name == "varchar" { "text" } else { name })
    }

    fn body(column: &str, size: &str, most_bytes: u64) -> (String, String) {
        statements::body(column, size, most_bytes)
    }

    fn page(plan: &Plan, shape: &Shape, conditions: &[String], order: &str, limit: usize) -> String {
        statements::page(plan, shape, conditions, order, limit)
    }

    fn end(plan: &Plan, is_last: bool) -> String {
        statements::end(plan, is_last)
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

    fn is_key(&self) -> bool {
        self.is_integer()
            || matches!(
                *self,
                Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::UUID
            )
    }

    fn refusal_as_body(&self) -> Option<&'static str> {
        (*self == Type::OID).then_some("a large object of the server, which this version does not read")
    }
}
