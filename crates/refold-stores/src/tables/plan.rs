//! A layout bound to the tables of one database: the statements to read it with.
//!
//! Every identifier in a statement is the catalogue's own spelling, quoted; every value of a user is a parameter, save
//! the literals of a layout's filter, which are written out from their parsed form.

mod binder;

use refold_core::event::Columns;

pub use self::binder::StreamIndex;
use self::binder::{Binder, Joins};
use super::{Catalogue, Table, quoted};
use crate::layout::{BodySource, ColumnName, DecodeStep, Layout, Origin, TextForm, Unwrap};

/// How every statement calls the table of events.
pub const EVENT: &str = "event";

/// Why a layout does not fit a database, in a sentence that completes "the layout does not fit: ".
pub type Misfit = String;

#[derive(Debug, Clone)]
pub struct Plan {
    pub layout: Layout,
    /// The table the events are in, as the catalogue spells it.
    pub table: String,
    /// How people name it, with its schema where there are several.
    pub full_name: String,
    /// All columns of that table.
    pub table_columns: Vec<String>,
    tables: Tables,
    /// What is taken out of documents and stands for columns.
    pub members: Vec<Member>,
    /// `"event"."global_position"`.
    pub position: String,
    pub version: Option<String>,
    pub stream: StreamKey,
    /// `FROM … AS "event"`
    from: String,
    joins: Joins,
    /// Conditions of the layout, each to be joined with AND.
    conditions: Vec<String>,
    pub has_stream_index: bool,
    pub stream_indexes: Vec<StreamIndex>,
    /// Whether rows are found in the order of their positions without looking at all rows.
    pub has_position_index: bool,
    /// Whether the database itself lets no two rows have one position.
    pub is_position_unique: bool,
    /// PostgreSQL: positions are the places of rows in the table, and new rows may be put anywhere.
    pub is_by_place: bool,
}

/// Real names: the alias, its table, and the spelling of each bound column.
#[derive(Debug, Clone, Default)]
struct Tables {
    bound: Vec<(Option<String>, ColumnName, String)>,
}

/// A member of the document in a column, by which rows can be found as by a column.
#[derive(Debug, Clone)]
pub struct Member {
    pub sql: String,
    /// The column with the document.
    pub document: String,
    pub is_number: bool,
}

/// How rows of one stream are found.
#[derive(Debug, Clone)]
pub enum StreamKey {
    Column {
        sql: String,
        form: TextForm,
    },
    Pair {
        first: String,
        second: String,
        separator: String,
    },
}

/// The columns of a statement and what each is for.
#[derive(Debug, Clone, Default)]
pub struct Shape {
    pub columns: Columns,
    pub bodies: Bodies,
    /// Expressions in the order of the result; the first is the position.
    expressions: Vec<String>,
    /// Columns that hold documents that must be decoded before something is taken from them.
    pub documents: Vec<Document>,
    pub stream: Vec<usize>,
    pub version: Option<usize>,
    pub category: Option<Slot>,
    pub event_type: Option<Slot>,
    pub recorded_at: Option<Slot>,
    pub occurred_at: Option<Slot>,
    pub event_id: Option<Slot>,
    pub correlation_id: Option<Slot>,
    pub causation_id: Option<Slot>,
    pub schema_version: Option<Slot>,
    pub payload: Option<usize>,
    pub metadata: Option<usize>,
    /// All columns of the event's table but the position, where they are asked for: names and places, in the order of
    /// the names.
    pub row: Vec<(String, usize)>,
}

/// What a statement selects in the columns that hold documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Bodies {
    #[default]
    Whole,
    /// Of a body with more bytes than this, its size.
    SizeAbove(u64),
    LeftOut,
}

/// A column with a document; `index` is its place in the result.
#[derive(Debug, Clone)]
pub struct Document {
    pub index: usize,
    pub body: BodySource,
}

/// Where in the result a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slot {
    Column(usize),
    /// A member of `Shape::documents[…]`.
    Document(usize),
    /// Not in the result: made of the stream id, the type, or a constant.
    Derived,
}

impl Shape {
    /// What is selected, as SQL; the first is the position.
    pub fn expressions(&self) -> &[String] {
        &self.expressions
    }

    /// The same, with the size in place of each body that is larger than `max_bytes`.
    pub fn without_large_bodies(&self, max_bytes: u64) -> Shape {
        let mut shape = Shape {
            bodies: Bodies::SizeAbove(max_bytes),
            ..self.clone()
        };
        for document in &self.documents {
            let body = &mut shape.expressions[document.index];
            *body = format!("iif(octet_length({body}) > {max_bytes}, octet_length({body}), {body})");
        }
        shape
    }

    /// The same, with NULL in place of each body.
    pub fn without_bodies(&self) -> Shape {
        let mut shape = Shape {
            bodies: Bodies::LeftOut,
            ..self.clone()
        };
        for document in &self.documents {
            shape.expressions[document.index] = "NULL".to_owned();
        }
        shape
    }

    /// Puts `expression` in place of the one at `index`.
    pub fn replace(&mut self, index: usize, expression: String) {
        if let Some(known) = self.expressions.get_mut(index) {
            *known = expression;
        }
    }

    /// Adds an expression, and returns its place.
    pub fn add(&mut self, expression: String) -> usize {
        self.expressions.push(expression);
        self.expressions.len() - 1
    }

    /// Only the position and the version.
    pub fn key_only(&self) -> Shape {
        let keys = [Some(0), self.version].into_iter().flatten();
        let expressions: Vec<String> = keys.map(|index| self.expressions[index].clone()).collect();
        Shape {
            expressions,
            version: self.version.map(|_| 1),
            ..Shape::default()
        }
    }
}

impl Plan {
    /// Binds a layout to `table`. `starred` is what the `*` of the layout's table name matched.
    pub fn bind(layout: &Layout, catalogue: &Catalogue, table: &Table, starred: &str) -> Result<Plan, Misfit> {
        let mut binder = Binder::new(layout, table);
        let from = format!("FROM {} AS \"event\"", table.sql());
        let joins = binder.joins(catalogue, starred)?;
        let map = &layout.map;
        let position = binder.position(&map.position)?;
        let stream = binder.stream_key(&map.stream_id)?;
        let version = map.version.as_ref().map(|version| binder.number(version)).transpose()?;
        binder.text(&map.event_type)?;
        for text in [
            &map.category,
            &map.event_id,
            &map.correlation_id,
            &map.causation_id,
            &map.schema_version,
        ] {
            text.as_ref().map_or(Ok(()), |text| binder.text(text))?;
        }
        for time in [&map.recorded_at, &map.occurred_at] {
            time.as_ref().map_or(Ok(()), |time| binder.time(time))?;
        }
        for body in [Some(&map.payload), map.metadata.as_ref()].into_iter().flatten() {
            let is_bound = binder.bind(&body.column);
            if !body.is_optional {
                is_bound?;
            }
        }
        let conditions = layout
            .filter
            .conditions
            .iter()
            .map(|condition| binder.condition(condition));
        let conditions = conditions.collect::<Result<_, _>>()?;
        let stream_indexes = binder.stream_indexes();
        let (tables, members) = (binder.bound, binder.members);
        Ok(Plan {
            members,
            layout: layout.clone(),
            table: table.name.clone(),
            full_name: table.full_name(),
            table_columns: table.columns.iter().map(|column| column.name.clone()).collect(),
            tables,
            version,
            stream,
            from,
            joins,
            conditions,
            has_stream_index: stream_indexes.is_some(),
            stream_indexes: stream_indexes.unwrap_or_default(),
            has_position_index: position.has_index,
            is_position_unique: position.is_unique,
            is_by_place: position.is_place,
            position: position.sql,
        })
    }

    /// From now on only rows that fulfil this condition too are read.
    pub fn narrow(&mut self, condition: String) {
        self.conditions.push(condition);
    }

    /// Conditions of rows near the beginning, without which looking at the first would be a search through all.
    pub fn beginning(&self) -> Vec<String> {
        let near = self.is_by_place.then(|| format!("{} < '(16,0)'", self.position));
        near.into_iter().collect()
    }

    /// What to select so that `columns` can be filled.
    pub fn shape(&self, columns: Columns) -> Shape {
        let mut shape = Shape {
            columns,
            expressions: vec![self.position.clone()],
            ..Shape::default()
        };
        let map = &self.layout.map;
        match &self.stream {
            StreamKey::Column { sql, .. } => shape.stream.push(shape_column(&mut shape.expressions, sql)),
            StreamKey::Pair { first, second, .. } => {
                for sql in [first, second] {
                    let index = shape_column(&mut shape.expressions, sql);
                    shape.stream.push(index);
                }
            }
        }
        if let Some(version) = &self.version {
            shape.version = Some(shape_column(&mut shape.expressions, version));
        }
        shape.event_type = self.slot(&mut shape, &map.event_type.from);
        shape.recorded_at = map
            .recorded_at
            .as_ref()
            .and_then(|time| self.slot(&mut shape, &time.from));
        shape.category = map.category.as_ref().and_then(|text| self.slot(&mut shape, &text.from));
        if columns.payload {
            shape.payload = self.document(&mut shape, &map.payload.column);
        }
        if columns.metadata {
            shape.metadata = map
                .metadata
                .as_ref()
                .and_then(|body| self.document(&mut shape, &body.column));
        }
        if columns.envelope {
            shape.event_id = map.event_id.as_ref().and_then(|text| self.slot(&mut shape, &text.from));
            shape.correlation_id = map
                .correlation_id
                .as_ref()
                .and_then(|text| self.slot(&mut shape, &text.from));
            shape.causation_id = map
                .causation_id
                .as_ref()
                .and_then(|text| self.slot(&mut shape, &text.from));
            shape.schema_version = map
                .schema_version
                .as_ref()
                .and_then(|text| self.slot(&mut shape, &text.from));
            shape.occurred_at = map
                .occurred_at
                .as_ref()
                .and_then(|time| self.slot(&mut shape, &time.from));
        }
        if columns.row {
            self.add_row(&mut shape);
        }
        shape
    }

    /// Whether anything that is asked for takes a look at a column, as statements name it: `"event"."id"`.
    pub fn reads(&self, column: &str) -> bool {
        let bound = self.tables.bound.iter().map(|(_, _, sql)| sql);
        let documents = self.members.iter().map(|member| &member.document);
        let rest = [&self.position, &self.joins.sql]
            .into_iter()
            .chain(&self.joins.first_by);
        let mut all = rest.chain(&self.conditions).chain(bound).chain(documents);
        all.any(|sql| sql.contains(column))
    }

    /// A statement that selects `shape` under `conditions`, ordered by `order`.
    pub fn select(&self, shape: &Shape, conditions: &[String], order: &str) -> String {
        let columns = shape.expressions.join(", ");
        format!(
            "SELECT {columns} {}{}{} ORDER BY {}",
            self.from,
            self.joins.sql,
            self.conditions(conditions),
            self.order(order)
        )
    }

    /// As [`Plan::select`] of at most `limit` events, which are found before what belongs to them is: a server that puts in
    /// order whatever it joined looks at no more then. `None` where that is not needed, or a condition is about what is
    /// joined.
    pub fn select_found(&self, shape: &Shape, conditions: &[String], order: &str, limit: &str) -> Option<String> {
        let position = &self.position;
        let is_by_position = order
            .strip_prefix(position.as_str())
            .is_some_and(|rest| matches!(rest, "" | " DESC"));
        if !self.has_links() || !self.is_position_unique || !is_by_position || !self.conditions.is_empty() {
            return None;
        }
        let is_of_joined = |sql: &String| {
            let mut joins = self.layout.joins.iter();
            joins.any(|join| sql.contains(&format!("{}.", quoted(&join.alias))))
        };
        if is_of_joined(position) || conditions.iter().any(is_of_joined) {
            return None;
        }
        let columns = shape.expressions.join(", ");
        let from = self.from.strip_prefix("FROM ")?;
        Some(format!(
            "SELECT {columns} FROM (SELECT {position} AS \"at\" {}{} ORDER BY {order} LIMIT {limit}) AS \"found\" JOIN {from} \
             ON {position} = \"found\".\"at\"{} ORDER BY {}",
            self.from,
            self.conditions(conditions),
            self.joins.sql,
            self.order(order)
        ))
    }

    /// With what tells the rows of one event apart.
    fn order(&self, order: &str) -> String {
        let more = self.joins.first_by.iter().map(|first_by| format!(", {first_by}"));
        std::iter::once(order.to_owned()).chain(more).collect()
    }

    /// A statement for an expression over the rows that fulfil `conditions`, in no order.
    pub fn select_one(&self, expression: &str, conditions: &[String]) -> String {
        format!(
            "SELECT {expression} {}{}{}",
            self.from,
            self.joins.sql,
            self.conditions(conditions)
        )
    }

    /// Whether one event may have several rows, one after the other.
    pub fn has_links(&self) -> bool {
        self.joins.first_by.is_some()
    }

    /// Added to the conditions of a read of one stream.
    pub fn home_condition(&self) -> Option<&String> {
        self.joins.home_condition.as_ref()
    }

    fn conditions(&self, more: &[String]) -> String {
        let all: Vec<&str> = more.iter().chain(&self.conditions).map(String::as_str).collect();
        if all.is_empty() {
            String::new()
        } else {
            format!(" WHERE {}", all.join(" AND "))
        }
    }

    fn add_row(&self, shape: &mut Shape) {
        for name in &self.table_columns {
            let index = shape_column(&mut shape.expressions, &format!("\"event\".{}", quoted(name)));
            // The position is an integer, and the event has it.
            if index > 0 {
                shape.row.push((name.clone(), index));
            }
        }
        shape.row.sort_unstable();
    }

    fn slot(&self, shape: &mut Shape, origin: &Origin) -> Option<Slot> {
        match origin {
            Origin::Column(column) => {
                let sql = self.tables.sql(column)?;
                Some(Slot::Column(shape_column(&mut shape.expressions, sql)))
            }
            Origin::Json { column, .. } => self.document(shape, column).map(Slot::Document),
            Origin::Concat { .. } | Origin::StreamId | Origin::EventType | Origin::Const(_) => Some(Slot::Derived),
        }
    }

    /// The document in a column, with the decode steps that the layout gives to it.
    fn document(&self, shape: &mut Shape, column: &ColumnName) -> Option<usize> {
        let index = shape_column(&mut shape.expressions, self.tables.sql(column)?);
        if let Some(known) = shape.documents.iter().position(|document| document.index == index) {
            return Some(known);
        }
        let map = &self.layout.map;
        let bodies = [Some(&map.payload), map.metadata.as_ref()];
        let body = bodies.into_iter().flatten().find(|body| body.column == *column);
        let body = body.cloned().unwrap_or_else(|| BodySource::plain(column.clone()));
        shape.documents.push(Document { index, body });
        Some(shape.documents.len() - 1)
    }
}

/// The place of an expression in the result; a new one when it is not there yet.
fn shape_column(expressions: &mut Vec<String>, sql: &str) -> usize {
    expressions.iter().position(|known| known == sql).unwrap_or_else(|| {
        expressions.push(sql.to_owned());
        expressions.len() - 1
    })
}

impl Tables {
    fn sql(&self, column: &ColumnName) -> Option<&String> {
        self.bound
            .iter()
            .find(|(_, name, _)| name == column)
            .map(|(_, _, sql)| sql)
    }
}

impl BodySource {
    /// A column outside payload and metadata that something is taken from.
    fn plain(column: ColumnName) -> BodySource {
        BodySource {
            column,
            decode: vec![DecodeStep::Auto],
            unwrap: Unwrap::None,
            is_optional: false,
        }
    }
}

#[cfg(test)]
pub mod tests;
