//! What the columns of a read model hold, as a person says it: a file of TOML (decision note 0024, `docs/guide`).
//!
//! Nothing of it is assumed. Where a file says nothing of a column, the column is not compared, and that is said.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use refold_core::pointer::Pointer;
use refold_core::value::Value;
use refold_handlers::computed::Computed;
use refold_stores::rows::{Cell, RowPlace, Rows};
use serde::Deserialize;

use super::alike::Alike;
use crate::error::AppError;
use crate::text;

/// The value of `format`.
pub const FORMAT: &str = "refold-read-model/1";
const HINT: &str = "correct the mapping there; docs/guide/read-models.md says what it holds";

/// See the module.
pub struct Mapping {
    /// The table that it is of, where it says so.
    pub table: Option<String>,
    /// Only streams of this category have a row.
    pub category: Option<String>,
    /// A stream has a row only while this is true of its state.
    pub when: Option<Computed>,
    pub key: Key,
    pub own: Own,
    /// Of rows with the same key only the one that is farthest is compared.
    pub takes_latest: bool,
    pub checkpoint: Option<Checkpoint>,
    /// Those that are compared, in the order of the table.
    pub columns: Vec<Column>,
    /// Columns of the table that the file says nothing of.
    pub unmapped: Vec<String>,
}

/// How the row of a stream is found.
pub enum Key {
    /// The id of the stream, made of columns: `order-{order_id}`.
    Stream(Vec<Part>),
    /// The value that the state has at a path.
    Path { place: RowPlace, path: Pointer },
}

pub enum Part {
    Text(String),
    Place(RowPlace),
}

/// How far a row says itself that it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Own {
    Unknown,
    /// The version of the last event of its stream that it holds.
    Version(RowPlace),
    /// The position of that event.
    Position(RowPlace),
    /// The time at which it was recorded.
    RecordedAt(RowPlace),
}

/// Where the projection keeps how far it is as a whole.
#[derive(Debug, Clone)]
pub struct Checkpoint {
    pub table: String,
    pub column: RowPlace,
    /// The row has these, as text.
    pub filter: Vec<(RowPlace, String)>,
}

impl Checkpoint {
    /// What is read of its rows: the position, and what tells the row.
    pub fn places(&self) -> Vec<RowPlace> {
        let filter = self.filter.iter().map(|(place, _)| place.clone());
        std::iter::once(self.column.clone()).chain(filter).collect()
    }
}

pub struct Column {
    pub name: String,
    pub place: RowPlace,
    pub source: Source,
    pub alike: Alike,
}

/// What of the state a column holds.
pub enum Source {
    Path(Pointer),
    Computed { text: String, computed: Box<Computed> },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    format: String,
    table: Option<String>,
    category: Option<String>,
    when: Option<String>,
    key: KeyDocument,
    #[serde(default)]
    position: PositionDocument,
    columns: BTreeMap<String, ColumnDocument>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyDocument {
    stream: Option<String>,
    column: Option<String>,
    path: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct PositionDocument {
    version: Option<String>,
    position: Option<String>,
    recorded_at: Option<String>,
    #[serde(default)]
    latest: bool,
    checkpoint: Option<CheckpointDocument>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CheckpointDocument {
    table: String,
    column: String,
    #[serde(default, rename = "where")]
    filter: BTreeMap<String, toml::Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ColumnDocument {
    path: Option<String>,
    value: Option<String>,
    #[serde(rename = "as")]
    alike: String,
    unit: Option<String>,
}

/// The mapping that lies beside a read model: `read_model.order_summary.toml` for the table `order_summary` of
/// `read_model.db`, `orders.csv.toml` for the export `orders.csv`.
pub fn beside(read_model: &Path, table: Option<&str>) -> PathBuf {
    match table {
        Some(table) => read_model.with_extension(format!("{table}.toml")),
        None => {
            let mut name = read_model.file_name().unwrap_or_default().to_owned();
            name.push(".toml");
            read_model.with_file_name(name)
        }
    }
}

impl Mapping {
    /// `rows`: whose columns it is for. `name`: that of the file, for messages.
    pub fn parse(text: &str, name: &str, rows: &Rows) -> Result<Mapping, AppError> {
        let wrong = |detail: String| AppError::invalid(format!("{name}: {detail}"), HINT);
        let document: Document = toml::from_str(text).map_err(|error| wrong(text::toml_fault(text, &error)))?;
        if document.format != FORMAT {
            return Err(wrong(format!(
                "`format` is \"{}\", and this version reads \"{FORMAT}\"",
                document.format
            )));
        }
        let place = |text: &str| RowPlace::parse(text).map_err(|error| wrong(error.to_string()));
        let pointer = |text: &str| Pointer::parse(text).map_err(|error| wrong(error.to_string()));
        let computed = |text: &str| Computed::compile(text).map_err(|error| wrong(format!("{error} in `{text}`")));
        let key = match (&document.key.stream, &document.key.column, &document.key.path) {
            (Some(template), None, None) => Key::Stream(parts_of(template).map_err(&wrong)?),
            (None, Some(column), Some(path)) => Key::Path {
                place: place(column)?,
                path: pointer(path)?,
            },
            _ => {
                let detail = "`key` has a `stream` (\"order-{order_id}\"), or a `column` and the `path` of the state";
                return Err(wrong(detail.to_owned()));
            }
        };
        let position = &document.position;
        let own = match (&position.version, &position.position, &position.recorded_at) {
            (None, None, None) => Own::Unknown,
            (Some(version), None, None) => Own::Version(place(version)?),
            (None, Some(position), None) => Own::Position(place(position)?),
            (None, None, Some(time)) => Own::RecordedAt(place(time)?),
            _ => {
                let detail = "`position` names one column of a row: `version`, `position` or `recorded_at`";
                return Err(wrong(detail.to_owned()));
            }
        };
        if position.latest && own == Own::Unknown {
            let detail = "`position` has `latest`, and no column that says which row of a stream is the latest";
            return Err(wrong(detail.to_owned()));
        }
        let checkpoint = position.checkpoint.as_ref().map(|checkpoint| {
            let filter = checkpoint.filter.iter().map(|(column, wanted)| {
                let wanted = wanted.as_str().map_or_else(|| wanted.to_string(), str::to_owned);
                Ok((place(column)?, wanted))
            });
            Ok::<_, AppError>(Checkpoint {
                table: checkpoint.table.clone(),
                column: place(&checkpoint.column)?,
                filter: filter.collect::<Result<_, AppError>>()?,
            })
        });
        let mut columns = Vec::new();
        let mut named = Vec::new();
        for (name, column) in &document.columns {
            let place = place(name)?;
            named.push(place.column.clone());
            let Some(alike) = alike_of(&column.alike, column.unit.as_deref()).map_err(&wrong)? else {
                continue;
            };
            let source = match (&column.path, &column.value) {
                (Some(path), None) => Source::Path(pointer(path)?),
                (None, Some(text)) => Source::Computed {
                    text: text.clone(),
                    computed: Box::new(computed(text)?),
                },
                _ => {
                    return Err(wrong(format!(
                        "the column {name} has a `path` of the state or a `value`, an expression over `state`"
                    )));
                }
            };
            columns.push(Column {
                name: name.clone(),
                place,
                source,
                alike,
            });
        }
        let order = |name: &str| rows.columns().iter().position(|column| column.name == name);
        columns.sort_by_key(|column| order(&column.place.column));
        if columns.is_empty() {
            return Err(wrong("no column is compared".to_owned()));
        }
        let known = rows.columns().iter().map(|column| column.name.clone());
        let mut mapping = Mapping {
            table: document.table,
            category: document.category,
            when: document.when.as_deref().map(computed).transpose()?,
            key,
            own,
            takes_latest: position.latest,
            checkpoint: checkpoint.transpose()?,
            columns,
            unmapped: Vec::new(),
        };
        let used: Vec<String> = mapping.places().into_iter().map(|place| place.column).collect();
        mapping.unmapped = known
            .filter(|name| !named.contains(name) && !used.contains(name))
            .collect();
        Ok(mapping)
    }

    /// What is read of each row: of the key, of its own position, of the columns that are compared.
    pub fn places(&self) -> Vec<RowPlace> {
        let mut places: Vec<RowPlace> = match &self.key {
            Key::Stream(parts) => {
                let place = |part: &Part| match part {
                    Part::Place(place) => Some(place.clone()),
                    Part::Text(_) => None,
                };
                parts.iter().filter_map(place).collect()
            }
            Key::Path { place, .. } => vec![place.clone()],
        };
        match &self.own {
            Own::Unknown => {}
            Own::Version(place) | Own::Position(place) | Own::RecordedAt(place) => places.push(place.clone()),
        }
        places.extend(self.columns.iter().map(|column| column.place.clone()));
        places
    }

    /// The cells of a row that was read at [`Mapping::places`].
    pub fn row<'c>(&self, cells: &'c [Cell]) -> Row<'c> {
        let keys = match &self.key {
            Key::Stream(parts) => parts.iter().filter(|part| matches!(part, Part::Place(_))).count(),
            Key::Path { .. } => 1,
        };
        let (key, rest) = cells.split_at(keys.min(cells.len()));
        let own = usize::from(self.own != Own::Unknown);
        let (own, columns) = rest.split_at(own.min(rest.len()));
        Row {
            key,
            own: own.first(),
            columns,
        }
    }

    /// What the row's key says: the id of its stream, or the value that the state has at the path. `None` where a part of
    /// it is missing.
    pub fn key_of(&self, row: &Row<'_>) -> Option<Vec<u8>> {
        let mut cells = row.key.iter();
        match &self.key {
            Key::Path { .. } => cell_text(cells.next()?),
            Key::Stream(parts) => {
                let mut id = Vec::new();
                for part in parts {
                    match part {
                        Part::Text(text) => id.extend_from_slice(text.as_bytes()),
                        Part::Place(_) => id.extend_from_slice(&cell_text(cells.next()?)?),
                    }
                }
                Some(id)
            }
        }
    }

    /// The column in which a row says how far it is; empty where none is named.
    pub fn own_name(&self) -> &str {
        match &self.own {
            Own::Unknown => "",
            Own::Version(place) | Own::Position(place) | Own::RecordedAt(place) => &place.column,
        }
    }

    /// The key as a person reads it: its columns, whatever the template makes of them.
    pub fn key_shown(&self, row: &Row<'_>) -> Vec<u8> {
        let cells: Vec<Vec<u8>> = row.key.iter().map(|cell| cell_text(cell).unwrap_or_default()).collect();
        cells.join(&b", "[..])
    }
}

/// The parts of a row.
pub struct Row<'c> {
    pub key: &'c [Cell],
    pub own: Option<&'c Cell>,
    /// One for each of [`Mapping::columns`].
    pub columns: &'c [Cell],
}

impl Source {
    /// What the state has for the column; an error in words where an expression cannot be evaluated.
    pub fn of(&self, state: &Value) -> Result<Option<Value>, String> {
        match self {
            Source::Path(path) => Ok(path.find(state).map(|value| value.resolved().clone())),
            Source::Computed { computed, .. } => {
                let value = computed.value(state).map_err(|fault| fault.to_string())?;
                Ok(Some(value))
            }
        }
    }

    /// The path of the state, or the expression.
    pub fn text(&self) -> String {
        match self {
            Source::Path(path) => path.to_string(),
            Source::Computed { text, .. } => text.clone(),
        }
    }
}

/// The text that a key is made of. `None` for NULL: it is no key.
fn cell_text(cell: &Cell) -> Option<Vec<u8>> {
    match cell {
        Cell::Value(value) => value_text(value),
        Cell::Bytes(bytes) => Some(bytes.clone()),
        Cell::Real(real) => Some(real.to_string().into_bytes()),
        Cell::Absent | Cell::Empty => None,
    }
}

/// As [`Mapping::key_of`] reads a cell.
pub fn value_text(value: &Value) -> Option<Vec<u8>> {
    match value.resolved() {
        Value::Null => None,
        Value::Text(text) => Some(text.as_wtf8().to_vec()),
        value => {
            let mut json = Vec::new();
            value.write_json(&mut json);
            Some(json)
        }
    }
}

/// `order-{order_id}`: text, and columns in braces; a brace itself is written twice.
fn parts_of(template: &str) -> Result<Vec<Part>, String> {
    let (mut parts, mut text) = (Vec::new(), String::new());
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        let (before, after) = rest.split_at(at);
        text.push_str(before);
        if let Some(more) = after.strip_prefix("{{").or_else(|| after.strip_prefix("}}")) {
            text.push_str(after.get(..1).unwrap_or_default());
            rest = more;
            continue;
        }
        let column = after.strip_prefix('{').and_then(|after| after.split_once('}'));
        let Some((column, more)) = column else {
            return Err(format!(
                "a brace of `{template}` has no other; write it twice to mean itself"
            ));
        };
        if !text.is_empty() {
            parts.push(Part::Text(std::mem::take(&mut text)));
        }
        parts.push(Part::Place(RowPlace::parse(column).map_err(|error| error.to_string())?));
        rest = more;
    }
    text.push_str(rest);
    if !text.is_empty() {
        parts.push(Part::Text(text));
    }
    if parts.iter().all(|part| matches!(part, Part::Text(_))) {
        return Err(format!(
            "`{template}` names no column: write {{order_id}} where its value stands"
        ));
    }
    Ok(parts)
}

/// `None`: the column is not compared.
fn alike_of(name: &str, unit: Option<&str>) -> Result<Option<Alike>, String> {
    let alike = match name {
        "ignored" => return Ok(None),
        "exact" => Alike::Exact,
        "number" => Alike::Number,
        "real" => Alike::Real,
        "text" => Alike::Text,
        "boolean" => Alike::Boolean,
        "json" => Alike::Json,
        "time" => Alike::Time {
            unit_nanos: match unit {
                None | Some("nanos") => 1,
                Some("micros") => 1_000,
                Some("millis") => 1_000_000,
                Some("seconds") => 1_000_000_000,
                Some(unit) => return Err(format!("`unit` is nanos, micros, millis or seconds, not {unit}")),
            },
        },
        _ => {
            return Err(format!(
                "`as` is exact, number, real, text, boolean, time, json or ignored, not {name}"
            ));
        }
    };
    if unit.is_some() && name != "time" {
        return Err(format!("`unit` is of a time, and this column is compared as {name}"));
    }
    Ok(Some(alike))
}
