//! Layouts: how the tables or lines of a store map to events, as data.
//!
//! A layout is one TOML document, built in (`layouts/*.toml`) or the user's own; both have the same format, described
//! in `docs/layouts.md`. This module reads and validates documents. It must not know any database: binding a layout to
//! real tables is the adapter's work.

mod builtin;
mod document;
mod filter;
mod read;
#[cfg(test)]
mod tests;

use refold_core::port::store::OrderQuality;

use crate::zone::Zone;

pub use builtin::{built_in, built_in_layouts};
pub use filter::{Comparison, Condition, Filter, Literal};
pub(crate) use read::hex;
pub use read::{LayoutFault, read_layout};

/// A validated layout document.
#[derive(Debug, Clone, PartialEq)]
pub struct Layout {
    /// Its id: what `--layout` takes.
    pub name: String,
    pub title: String,
    pub dialect: Dialect,
    pub table: TablePattern,
    pub filter: Filter,
    pub joins: Vec<Join>,
    pub quality: OrderQuality,
    pub map: Map,
    pub detect: Detect,
    pub limits: Limits,
    /// SHA-256 over the document's text, in hex. Part of the local index's key.
    pub hash: String,
}

/// What kind of store the layout describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    Sqlite,
    Postgres,
    MySql,
    Csv,
    JsonLines,
}

impl Dialect {
    /// What has it, with its article, for a sentence.
    pub fn kind_of_store(self) -> &'static str {
        match self {
            Dialect::Sqlite => "an SQLite database",
            Dialect::Postgres => "a PostgreSQL database",
            Dialect::MySql => "a MySQL or MariaDB database",
            Dialect::Csv => "a file of CSV",
            Dialect::JsonLines => "a file of JSON Lines",
        }
    }

    /// Whether its stores are files of records, without tables.
    pub fn is_of_files(self) -> bool {
        matches!(self, Dialect::Csv | Dialect::JsonLines)
    }
}

/// A table name with at most one `*`. Compared without regard to case and underscores.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TablePattern {
    pub text: String,
}

/// A second table that holds part of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Join {
    /// A `*` here stands for what the `*` of the source's table matched.
    pub table: String,
    pub alias: String,
    /// Column of the source's table, or as `alias.column` of a table that is joined before this one.
    pub left: String,
    /// Column of the joined table.
    pub right: String,
    /// Set when one event may have several rows in the joined table: the column whose least value marks the first of
    /// them, which is the one that counts.
    pub first_by: Option<String>,
}

/// A column by the spellings that different versions of a library use; the first that the table has is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnName {
    /// Alias of the join it belongs to; `None` for the source's table.
    pub alias: Option<String>,
    pub spellings: Vec<String>,
}

/// Where each part of an event comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Map {
    /// Without any spelling where a file has none: then records are numbered.
    pub position: ColumnName,
    pub stream_id: TextSource,
    /// A text column of the table of events that says whose a stream is, where several may share the table: ids are told
    /// apart by it once there is more than one.
    pub tenant: Option<String>,
    pub category: Option<TextSource>,
    pub version: Option<ColumnName>,
    /// The version of a stream's first event; probed when the document does not say.
    pub version_base: Option<i64>,
    /// Whether versions of a stream may be left out: then none that is missing is an event that is.
    pub skips_versions: bool,
    pub event_type: TextSource,
    pub recorded_at: Option<TimeSource>,
    pub occurred_at: Option<TimeSource>,
    pub event_id: Option<TextSource>,
    pub correlation_id: Option<TextSource>,
    pub causation_id: Option<TextSource>,
    pub schema_version: Option<TextSource>,
    pub payload: BodySource,
    pub metadata: Option<BodySource>,
}

/// A text value of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextSource {
    pub from: Origin,
    pub form: TextForm,
    /// Applied in order. When one does not find its mark, the value is `default`.
    pub take: Vec<Take>,
    pub default: Option<String>,
    /// A missing column is no reason to reject the table.
    pub is_optional: bool,
}

/// An instant of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeSource {
    pub from: Origin,
    pub form: TimeForm,
    /// Of times that name none themselves; `None` where nobody says.
    pub zone: Option<Zone>,
    pub is_optional: bool,
}

/// Payload or metadata.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BodySource {
    pub column: ColumnName,
    pub decode: Vec<DecodeStep>,
    pub unwrap: Unwrap,
    pub is_optional: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    Column(ColumnName),
    /// A member of a JSON document in a column; the first of `paths` that exists.
    Json {
        column: ColumnName,
        paths: Vec<JsonPath>,
    },
    /// Several columns with a separator between them.
    Concat {
        columns: Vec<ColumnName>,
        separator: String,
    },
    /// The stream id as this layout yields it.
    StreamId,
    /// The event type as this layout yields it.
    EventType,
    Const(String),
}

/// Member names from the top of a document, outermost first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonPath(pub Vec<String>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextForm {
    AsStored,
    /// Sixteen bytes become a hyphenated UUID; text stays as it is.
    Uuid,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Take {
    BeforeFirst(String),
    AfterFirst(String),
    BeforeLast(String),
    AfterLast(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeForm {
    /// Text is read as ISO 8601, a number by its size (seconds, milliseconds, microseconds, nanoseconds, .NET ticks);
    /// settled once by a probe when the store is opened.
    Auto,
    Iso8601,
    EpochSeconds,
    EpochMillis,
    EpochMicros,
    EpochNanos,
    DotnetTicks,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecodeStep {
    /// Looks at the first bytes of each value: gzip and zlib are opened, JSON and text are told apart.
    Auto,
    Gzip,
    Zlib,
    Json,
}

/// What to do with a decoded JSON document to come to the body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unwrap {
    None,
    /// The body is this member.
    Path(JsonPath),
    /// The document is an object whose only member is named after the event type: the body is its value.
    EventTypeMember,
}

/// What helps to recognise the layout beside its mapped columns.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Detect {
    /// Tables that the library creates too.
    pub companions: Vec<String>,
    /// Table names (with `*`) that look alike and hold something else, such as snapshots.
    pub except: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Larger payloads and metadata are not loaded; they are findings.
    pub max_body_bytes: u64,
}

impl Layout {
    /// The layout by which streams of several tenants are told apart: their ids are `tenant/id`. `None`: it knows of none.
    pub fn by_tenant(&self) -> Option<Layout> {
        let (Some(tenant), Origin::Column(id)) = (&self.map.tenant, &self.map.stream_id.from) else {
            return None;
        };
        let tenant_column = ColumnName {
            alias: None,
            spellings: vec![tenant.clone()],
        };
        let mut layout = self.clone();
        layout.map.stream_id = TextSource {
            from: Origin::Concat {
                columns: vec![tenant_column, id.clone()],
                separator: "/".to_owned(),
            },
            form: TextForm::AsStored,
            ..self.map.stream_id.clone()
        };
        layout.hash.push_str("/tenant");
        Some(layout)
    }

    /// From now on times that name no zone are in this one.
    pub fn read_in(&mut self, zone: &Zone) {
        for time in [&mut self.map.recorded_at, &mut self.map.occurred_at]
            .into_iter()
            .flatten()
        {
            time.zone = Some(zone.clone());
        }
        self.hash.push_str(&zone.to_string());
    }
}

impl TablePattern {
    /// What the `*` stands for when `name` fits: empty when there is none.
    pub fn matches(&self, name: &str) -> Option<String> {
        let pattern = normalised(&self.text);
        let name = normalised(name);
        match pattern.split_once('*') {
            None => (pattern == name).then(String::new),
            Some((head, tail)) => {
                let inner = name.strip_prefix(head)?.strip_suffix(tail)?;
                Some(inner.to_owned())
            }
        }
    }

    /// Whether the library itself chose the whole name.
    pub fn is_exact(&self) -> bool {
        !self.text.contains('*')
    }
}

/// Lower case and without underscores, as all names of tables and columns are compared.
pub fn normalised(name: &str) -> String {
    name.chars()
        .filter(|c| *c != '_')
        .flat_map(char::to_lowercase)
        .collect()
}
