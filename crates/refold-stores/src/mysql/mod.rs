//! The adapter for MySQL and MariaDB.
//!
//! [`options`] reads where a server is, [`connection`] is one way there with [`wire`] and [`sign_in`] below it,
//! [`privileges`] says what our account could do, [`statements`] holds every statement that is ever sent, [`catalogue`]
//! says what tables there are, [`open`] puts together what is to be known of one, [`plans`]
//! says what a plan would search through, [`settling`] looks who writes, [`value`]
//! reads what comes back. What it has in common with other servers is in [`crate::server`].
//!
//! It must not know another kind of server, nor layouts one by one.

mod catalogue;
mod connection;
mod open;
mod options;
mod plans;
mod privileges;
mod settling;
mod sign_in;
mod statements;
mod value;
mod wire;

use self::catalogue::{Charset, Kind};
use self::connection::Connection;
use self::settling::Watched;
use self::value::{Parameter, Row};
use crate::layout::TextForm;
use crate::server::Server;
use crate::server::bound::uuid;
use crate::server::held::HeldRow;
use crate::server::plans::Search;
use crate::tables::Table;
use crate::tables::plan::{Plan, Shape};

pub use self::options::{DEFAULT_PORT, Options, local_socket};

type Asked = crate::server::link::Asked<MySql>;

/// MySQL and MariaDB, as what servers share sees them.
#[derive(Clone)]
pub struct MySql;

impl Server for MySql {
    type Parameter = Parameter;
    type Row = Row;
    type Kind = Kind;
    type Link = Connection;
    type Watched = Watched;

    // As it is anyway.
    const NULLS: [&'static str; 2] = ["", ""];

    fn number(number: i64) -> Parameter {
        Parameter::Integer(number)
    }

    fn mark(_: usize) -> String {
        "?".to_owned()
    }

    fn among(plan: &Plan, mut positions: Vec<i64>, parameters: &mut Vec<Parameter>) -> String {
        // Few lengths, so that few statements are prepared.
        let last = positions.last().copied().unwrap_or_default();
        positions.resize(positions.len().next_power_of_two(), last);
        let marks = vec!["?"; positions.len()].join(", ");
        parameters.extend(positions.into_iter().map(Parameter::Integer));
        format!("{} IN ({marks})", plan.position)
    }

    fn key(
        column: &str,
        kind: &Kind,
        (text, form): (&[u8], TextForm),
        parameters: &mut Vec<Parameter>,
    ) -> Option<String> {
        let readable = std::str::from_utf8(text).ok();
        let mut bind = |parameter: Parameter, condition: String| {
            parameters.push(parameter);
            Some(condition)
        };
        let is = format!("{column} = ?");
        match kind {
            Kind::Integer => {
                let number: i64 = readable?
                    .parse()
                    .ok()
                    .filter(|number: &i64| Some(number.to_string().as_str()) == readable)?;
                bind(Parameter::Integer(number), is)
            }
            Kind::Uuid => {
                uuid(readable?)?;
                bind(Parameter::Text(readable?.to_owned()), is)
            }
            Kind::Bytes => {
                let as_uuid = readable.and_then(uuid).filter(|_| form == TextForm::Uuid);
                if form == TextForm::Uuid && text.len() == 16 {
                    // Sixteen bytes are shown as a UUID.
                    return None;
                }
                bind(Parameter::Bytes(text.to_vec()), is.clone())?;
                match as_uuid {
                    None => Some(is),
                    Some(bytes) => bind(Parameter::Bytes(bytes.to_vec()), format!("({is} OR {is})")),
                }
            }
            Kind::Text(charset) => {
                let exactly = statements::is_exactly(&MySql::selected(column, kind));
                // By the column's own collation, which an index knows, where it can hold the text at all.
                let found = match (charset, readable) {
                    (Charset::Other, _) | (_, None) => None,
                    (charset, Some(text)) if charset.holds(text) => Some(text),
                    _ => return None,
                };
                match found {
                    None => bind(Parameter::Bytes(text.to_vec()), exactly),
                    Some(found) => {
                        bind(Parameter::Text(found.to_owned()), String::new())?;
                        bind(Parameter::Bytes(text.to_vec()), format!("({is} AND {exactly})"))
                    }
                }
            }
            Kind::Other => None,
        }
    }

    fn selected(column: &str, kind: &Kind) -> String {
        match kind {
            Kind::Text(Charset::Latin1 | Charset::Other) => statements::in_utf8(column),
            _ => column.to_owned(),
        }
    }

    fn body(column: &str, kind: &Kind, most_bytes: u64) -> (String, String) {
        statements::body(&MySql::selected(column, kind), most_bytes)
    }

    fn page(plan: &Plan, shape: &Shape, conditions: &[String], order: &str, _: usize) -> String {
        statements::page(plan, shape, conditions, order)
    }

    fn explained(sql: &str) -> String {
        statements::explained(sql)
    }

    fn searched(plan: &[Row]) -> Vec<Search> {
        plan.iter().flat_map(|row| plans::searched(&row.held())).collect()
    }

    fn tenants(table: &Table, column: &str, kind: &Kind) -> String {
        match kind {
            Kind::Text(_) => statements::text_tenants(table, column),
            Kind::Integer | Kind::Bytes | Kind::Uuid | Kind::Other => statements::tenants(table, column),
        }
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
        row.held()
    }

    fn kind_names(row: &Row) -> Vec<String> {
        row.kind_names()
    }
}
