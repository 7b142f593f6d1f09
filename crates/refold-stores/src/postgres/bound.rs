//! A layout bound to the tables of one server: which types its columns have there, and how its statements go on.

use std::collections::BTreeMap;

use refold_core::event::Columns;
use tokio_postgres::types::Type;

use super::catalogue::Survey;
use super::statements;
use super::value::Plain;
use crate::NO_STREAM;
use crate::postgres::connection::Parameter;
use crate::tables::plan::{Bodies, Plan, Shape, StreamKey};
use crate::tables::{Table, quoted};

/// The events of one server, by a layout.
pub struct Bound {
    pub plan: Plan,
    /// Of the table that events are in.
    pub oid: u32,
    pub position_number: i16,
    pub schema: String,
    /// Schema and name of all tables that are read.
    pub tables: Vec<(String, String)>,
    /// Rows of one version come in no order of their own where it may be missing.
    pub is_version_nullable: bool,
    types: BTreeMap<String, Type>,
}

/// A statement's columns, and where the sizes of bodies that are too large stand.
pub struct BoundShape {
    pub shape: Shape,
    /// The place of a body, and that of its size.
    pub sizes: Vec<(usize, usize)>,
}

/// What a stream's rows fulfil; parameters are numbered from 1.
pub struct StreamRows {
    pub condition: String,
    pub parameters: Vec<Parameter>,
}

impl Bound {
    /// On failure: why the layout cannot be read here, in words that follow "the layout does not fit: ".
    pub fn bind(plan: Plan, survey: &Survey) -> Result<Bound, String> {
        let Some((table, oid, _)) = survey.table(&plan.full_name) else {
            return Err("its table is gone".to_owned());
        };
        let mut types = BTreeMap::new();
        let mut nullable = BTreeMap::new();
        let mut tables = Vec::new();
        let mut known = |alias: &str, table: &Table, is_joined: bool| {
            tables.push((table.schema.clone().unwrap_or_default(), table.name.clone()));
            for column in &table.columns {
                if let Some((_, kind)) = survey.column(table, &column.name) {
                    let sql = format!("{}.{}", quoted(alias), quoted(&column.name));
                    nullable.insert(sql.clone(), column.is_nullable || is_joined);
                    types.insert(sql, kind);
                }
            }
        };
        known("event", table, false);
        let starred = plan.layout.table.matches(&table.name).unwrap_or_default();
        for join in &plan.layout.joins {
            if let Some(joined) = survey.catalogue.find(&join.table.replace('*', &starred), table) {
                known(&join.alias, joined, true);
            }
        }
        let position = plan.layout.map.position.spellings.as_slice();
        let position = table
            .column(position)
            .and_then(|column| survey.column(table, &column.name));
        let Some((position_number, _)) = position.filter(|(_, kind)| is_integer(kind)) else {
            return Err("its position is no integer".to_owned());
        };
        if let Some(version) = &plan.version
            && !types.get(version).is_some_and(is_integer)
        {
            return Err("its version is no integer".to_owned());
        }
        let parts = match &plan.stream {
            StreamKey::Column { sql, .. } => vec![sql],
            StreamKey::Pair { first, second, .. } => vec![first, second],
        };
        if let Some(odd) = parts.into_iter().find(|part| !types.get(*part).is_some_and(is_key)) {
            return Err(format!(
                "{odd}, which its stream id is made of, is no text, uuid or integer"
            ));
        }
        let shape = plan.shape(Columns::ALL);
        let places = shape.documents.iter().map(|document| document.index);
        let mut bodies = places.filter_map(|place| shape.expressions().get(place));
        if bodies.any(|column| types.get(column) == Some(&Type::OID)) {
            return Err("its payload is a large object of the server, which this version does not read".to_owned());
        }
        Ok(Bound {
            oid,
            position_number,
            schema: survey.catalogue.schema.clone(),
            tables,
            is_version_nullable: plan
                .version
                .as_ref()
                .is_some_and(|version| nullable.get(version) != Some(&false)),
            types,
            plan,
        })
    }

    pub fn shape(&self, columns: Columns) -> BoundShape {
        let mut shape = self.plan.shape(columns);
        let most_bytes = self.plan.layout.limits.max_body_bytes;
        let mut sizes = Vec::new();
        let documents: Vec<usize> = shape.documents.iter().map(|document| document.index).collect();
        for index in documents {
            let Some(column) = shape.expressions().get(index).cloned() else {
                continue;
            };
            let kind = self.types.get(&column).map_or("text", Type::name);
            let size = statements::size_of(&column, if kind == "varchar" { "text" } else { kind });
            shape.replace(index, statements::body_within(&column, &size, most_bytes));
            let place = shape.add(statements::size_beyond(&size, most_bytes));
            sizes.push((index, place));
        }
        shape.bodies = Bodies::SizeAbove(most_bytes);
        BoundShape { shape, sizes }
    }

    /// `None`: no row can have this stream id.
    pub fn stream_rows(&self, id: &[u8]) -> Option<StreamRows> {
        let mut rows = StreamRows {
            condition: String::new(),
            parameters: Vec::new(),
        };
        let mut ways: Vec<String> = Vec::new();
        let is_null = match &self.plan.stream {
            StreamKey::Column { sql, .. } => {
                ways.extend(self.key(sql, id, &mut rows.parameters));
                format!("{sql} IS NULL")
            }
            StreamKey::Pair {
                first,
                second,
                separator,
            } => {
                let separator = separator.as_bytes();
                for at in (0..id.len()).filter(|at| id[*at..].starts_with(separator)) {
                    let known = rows.parameters.len();
                    let head = self.key(first, &id[..at], &mut rows.parameters);
                    let tail = self.key(second, &id[at + separator.len()..], &mut rows.parameters);
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
    fn key(&self, column: &str, text: &[u8], parameters: &mut Vec<Parameter>) -> Option<String> {
        // No text of the server holds a zero byte or is not UTF-8.
        let text = std::str::from_utf8(text).ok().filter(|text| !text.contains('\0'))?;
        let kind = self.types.get(column)?;
        let parameter: Parameter = if *kind == Type::UUID {
            (Box::new(Plain(uuid(text)?.to_vec())), Type::UUID)
        } else if is_integer(kind) {
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
}

fn is_integer(kind: &Type) -> bool {
    matches!(*kind, Type::INT2 | Type::INT4 | Type::INT8)
}

fn is_key(kind: &Type) -> bool {
    is_integer(kind)
        || matches!(
            *kind,
            Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::UUID
        )
}

/// A UUID as it is shown: 32 lower-case digits with hyphens. `None` for any other text.
fn uuid(text: &str) -> Option<[u8; 16]> {
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
