//! A layout bound to the tables of one server: which types its columns have there, and how its statements go on.

use std::collections::BTreeMap;

use refold_core::event::Columns;

use super::{ColumnKind as _, Server};
use crate::NO_STREAM;
use crate::layout::TextForm;
use crate::tables::plan::{Bodies, Plan, Shape, StreamKey};
use crate::tables::{Catalogue, Table, column_named, halves, quoted};

/// The events of one server, by a layout.
pub struct Bound<S: Server> {
    pub plan: Plan,
    /// The columns of these tables, as part of what tells the store from others: what else is made in the database is no other
    /// store.
    pub schema: String,
    /// Schema and name of all tables that are read.
    pub tables: Vec<(String, String)>,
    /// Rows of one version come in no order of their own where it may be missing.
    pub is_version_nullable: bool,
    kinds: BTreeMap<String, S::Kind>,
}

/// A statement's columns, and where the sizes of bodies that are too large stand.
pub struct BoundShape {
    pub shape: Shape,
    /// The place of a body, and that of its size.
    pub sizes: Vec<(usize, usize)>,
}

/// What a stream's rows fulfil; parameters are numbered from 1.
pub struct StreamRows<S: Server> {
    pub condition: String,
    pub parameters: Vec<S::Parameter>,
}

impl<S: Server> Bound<S> {
    /// `kind`: the type of a table's column. On failure: why the layout cannot be read here, in words that follow "the
    /// layout does not fit: ".
    pub fn bind(
        plan: Plan,
        catalogue: &Catalogue,
        kind: &dyn Fn(&Table, &str) -> Option<S::Kind>,
    ) -> Result<Bound<S>, String> {
        let Some(table) = catalogue.named(&plan.full_name) else {
            return Err("its table is gone".to_owned());
        };
        let mut kinds = BTreeMap::new();
        let mut nullable = BTreeMap::new();
        let mut tables = Vec::new();
        let mut schema = String::new();
        let mut known = |alias: &str, table: &Table, is_joined: bool| {
            tables.push((table.schema.clone().unwrap_or_default(), table.name.clone()));
            for column in &table.columns {
                schema.push_str(&format!("{alias} {} {}\n", column.name, column.declared_type));
                if let Some(kind) = kind(table, &column.name) {
                    let sql = format!("{}.{}", quoted(alias), quoted(&column.name));
                    nullable.insert(sql.clone(), column.is_nullable || is_joined);
                    kinds.insert(sql, kind);
                }
            }
        };
        known("event", table, false);
        let starred = plan.layout.table.matches(&table.name).unwrap_or_default();
        for join in &plan.layout.joins {
            if let Some(joined) = catalogue.find(&join.table.replace('*', &starred), table) {
                known(&join.alias, joined, true);
            }
        }
        for member in &plan.members {
            let kind = kinds.get(&member.document);
            if let Some(kind) = kind.and_then(|kind| kind.of_member(member.is_number)) {
                nullable.insert(member.sql.clone(), true);
                kinds.insert(member.sql.clone(), kind);
            }
        }
        let is_integer = |column: &String| kinds.get(column).is_some_and(S::Kind::is_integer);
        if !plan.is_by_place && !is_integer(&plan.position) {
            return Err("its position is no integer".to_owned());
        }
        if plan.version.as_ref().is_some_and(|version| !is_integer(version)) {
            return Err("its version is no integer".to_owned());
        }
        let parts = match &plan.stream {
            StreamKey::Column { sql, .. } => vec![sql],
            StreamKey::Pair { first, second, .. } => vec![first, second],
        };
        if let Some(odd) = parts
            .into_iter()
            .find(|part| !kinds.get(*part).is_some_and(S::Kind::is_key))
        {
            return Err(format!(
                "{}, which its stream id is made of, is no text, uuid or integer",
                column_named(odd)
            ));
        }
        Ok(Bound {
            schema,
            tables,
            is_version_nullable: plan
                .version
                .as_ref()
                .is_some_and(|version| nullable.get(version) != Some(&false)),
            kinds,
            plan,
        })
    }

    /// Columns of the table of events, as SQL, that only name where a body is.
    pub fn bodies_elsewhere(&self) -> Vec<String> {
        let documents = self.plan.shape(Columns::ALL);
        let named = |place: &usize| documents.expressions().get(*place).cloned();
        let columns = documents.documents.iter().filter_map(|document| named(&document.index));
        let is_elsewhere = |column: &String| self.kinds.get(column).is_some_and(S::Kind::is_elsewhere);
        columns.filter(is_elsewhere).collect()
    }

    pub fn shape(&self, columns: Columns) -> BoundShape {
        let mut shape = self.plan.shape(columns);
        let most_bytes = self.plan.layout.limits.max_body_bytes;
        let documents: Vec<usize> = shape.documents.iter().map(|document| document.index).collect();
        let mut sizes = Vec::new();
        for (index, column) in shape.expressions().to_vec().into_iter().enumerate() {
            let Some(kind) = self.kinds.get(&column) else { continue };
            if !documents.contains(&index) {
                shape.replace(index, S::selected(&column, kind));
                continue;
            }
            let (body, beyond) = S::body(&column, kind, most_bytes);
            shape.replace(index, body);
            sizes.push((index, shape.add(beyond)));
        }
        shape.bodies = Bodies::SizeAbove(most_bytes);
        BoundShape { shape, sizes }
    }

    /// All columns of the table of events, as they are selected.
    pub fn row_columns(&self) -> Vec<String> {
        let columns = self.plan.table_columns.iter();
        let columns = columns.map(|name| format!("\"event\".{}", quoted(name)));
        columns
            .map(|column| {
                self.kinds
                    .get(&column)
                    .map_or(column.clone(), |kind| S::selected(&column, kind))
            })
            .collect()
    }

    /// `None`: no row can have this stream id.
    pub fn stream_rows(&self, id: &[u8]) -> Option<StreamRows<S>> {
        let mut rows = StreamRows {
            condition: String::new(),
            parameters: Vec::new(),
        };
        let mut ways: Vec<String> = Vec::new();
        let is_null = match &self.plan.stream {
            StreamKey::Column { sql, form } => {
                ways.extend(self.key(sql, (id, *form), &mut rows.parameters));
                format!("{sql} IS NULL")
            }
            StreamKey::Pair {
                first,
                second,
                separator,
            } => {
                for (head, tail) in halves(id, separator) {
                    let known = rows.parameters.len();
                    let head = self.key(first, (head, TextForm::AsStored), &mut rows.parameters);
                    let tail = self.key(second, (tail, TextForm::AsStored), &mut rows.parameters);
                    match (head, tail) {
                        (Some(head), Some(tail)) => ways.push(format!("({head} AND {tail})")),
                        _ => rows.parameters.truncate(known),
                    }
                }
                format!("({first} IS NULL OR {second} IS NULL)")
            }
        };
        if id == NO_STREAM {
            ways.push(is_null);
        }
        match ways.len() {
            0 => return None,
            1 => rows.condition = ways.remove(0),
            _ => rows.condition = format!("({})", ways.join(" OR ")),
        }
        Some(rows)
    }

    /// The condition that a column holds exactly what is shown as `text`.
    fn key(&self, column: &str, text: (&[u8], TextForm), parameters: &mut Vec<S::Parameter>) -> Option<String> {
        S::key(column, self.kinds.get(column)?, text, parameters)
    }
}

/// A UUID as it is shown: 32 lower-case digits with hyphens. `None` for any other text.
pub fn uuid(text: &str) -> Option<[u8; 16]> {
    let digits: Vec<u8> = text.bytes().filter(|byte| *byte != b'-').collect();
    let mut bytes = [0; 16];
    if digits.len() != 32 {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    (crate::value::uuid_text(&bytes) == text.as_bytes()).then_some(bytes)
}
