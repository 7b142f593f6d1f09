//! What the adapters of servers share: addresses, encryption, opening a store, the few connections, a layout bound to
//! tables, plans that are looked at, pages by key, the settled horizon.
//!
//! It must not know any server: an adapter says by [`Server`] how its statements are written and what its rows hold, by
//! [`open::Open`] what it tells of itself, and sends statements over its own [`Link`].

pub mod address;
pub mod bound;
pub mod certificate;
pub mod connections;
pub mod course;
pub mod further;
pub mod held;
pub mod horizon;
pub mod link;
pub mod missing;
pub mod open;
pub mod options;
pub mod pace;
pub mod places;
pub mod plans;
pub mod powers;
pub mod probe;
pub mod reached;
pub mod reader;
pub mod rights;
pub mod settling;
pub mod speaks;
pub mod store;
pub mod survey;
pub mod tables;
pub mod tenants;
pub mod tls;
pub mod wanted;

use crate::layout::TextForm;
use crate::tables::Table;
use crate::tables::plan::{Plan, Shape};

use self::held::HeldRow;
use self::link::Link;
use self::plans::Search;
use self::settling::Watch;

/// One kind of server: how it wants statements, and what it answers.
pub trait Server: Sized + Send + Sync + 'static {
    /// A value that a statement is asked with.
    type Parameter: Send;
    type Row: Send;
    /// The type of a column.
    type Kind: ColumnKind;
    type Link: Link<Self>;
    type Watched: Watch<Self>;

    /// What stands behind an order so that NULL comes first, and last.
    const NULLS: [&'static str; 2];

    fn number(number: i64) -> Self::Parameter;

    /// A position of the plan's events.
    fn position(plan: &Plan, position: i64) -> Self::Parameter {
        let _ = plan;
        Self::number(position)
    }

    /// How the parameter of this place, from 1, is marked in a statement.
    fn mark(place: usize) -> String;

    /// The condition that an event has one of these positions.
    fn among(plan: &Plan, positions: Vec<i64>, parameters: &mut Vec<Self::Parameter>) -> String;

    /// The condition that a column holds exactly what is shown as `text` in this form; `None`: it cannot hold that.
    fn key(
        column: &str,
        kind: &Self::Kind,
        text: (&[u8], TextForm),
        parameters: &mut Vec<Self::Parameter>,
    ) -> Option<String>;

    /// How a column is selected.
    fn selected(column: &str, kind: &Self::Kind) -> String;

    /// How a body is selected that has at most `most_bytes` bytes: NULL stands for a larger one. And a size that one of
    /// more has at least, NULL standing for a smaller one.
    fn body(column: &str, kind: &Self::Kind, most_bytes: u64) -> (String, String);

    /// A page of events: `shape` of the rows that fulfil `conditions`, at most as many as the parameter `limit` says.
    fn page(plan: &Plan, shape: &Shape, conditions: &[String], order: &str, limit: usize) -> String;

    /// What asks for the plan of a statement, without running it.
    fn explained(sql: &str) -> String;

    /// What the server would search through by this plan.
    fn searched(plan: &[Self::Row]) -> Vec<Search>;

    /// Whether a column of a table holds more than one value, NULL being one of them: 1 or 0.
    fn tenants(table: &Table, column: &str, kind: &Self::Kind) -> String;

    /// The positions up to the first parameter, newest first, as many as the second says.
    fn behind(plan: &Plan) -> String;

    /// These columns of the row at the position of the only parameter.
    fn row(plan: &Plan, columns: &[String]) -> String;

    /// These columns of all rows of a table.
    fn rows(table: &Table, columns: &[String]) -> String;

    fn held(row: &Self::Row) -> HeldRow<'_>;

    /// What the server calls the types of the row's columns.
    fn kind_names(row: &Self::Row) -> Vec<String>;
}

/// The type of a column, as far as it matters whether a layout can be read.
pub trait ColumnKind: Clone + Send + Sync {
    fn is_integer(&self) -> bool;

    /// Whether a stream id may be made of it.
    fn is_key(&self) -> bool;

    /// Whether a document in such a column is kept elsewhere, with rights of its own.
    fn is_elsewhere(&self) -> bool {
        false
    }

    /// Where such a column holds documents: the type of what is taken out of them, as text or as a number.
    fn of_member(&self, is_number: bool) -> Option<Self>;
}
