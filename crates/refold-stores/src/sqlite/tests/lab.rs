//! Makes databases and reads them whole.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use refold_core::event::{Columns, Encoding, EventBatch};
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::port::store::{Direction, EventStore, ReadQuery, Scope, StoreError};
use refold_core::time::Timestamp;
use refold_core::work::{CancelToken, Silent, Work};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::{LayoutChoice, OpenOptions};

/// An event as a person would write it down.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Seen {
    pub position: i64,
    pub stream: String,
    pub category: String,
    pub version: Option<i64>,
    pub event_type: String,
    pub recorded_at: Option<String>,
    pub payload: Option<String>,
    pub is_opaque: bool,
    pub metadata: Option<String>,
    pub event_id: Option<String>,
    pub correlation_id: Option<String>,
    pub causation_id: Option<String>,
    pub schema_version: Option<String>,
    pub occurred_at: Option<String>,
}

pub struct Lab {
    pub folder: TempDir,
    pub scratch: TempDir,
}

impl Lab {
    pub fn new() -> Lab {
        Lab {
            folder: TempDir::new().unwrap(),
            scratch: TempDir::new().unwrap(),
        }
    }

    /// A lab with one closed database made by `sql`.
    pub fn with(sql: &str) -> Lab {
        let lab = Lab::new();
        lab.connect().execute_batch(sql).unwrap();
        lab
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("store.db")
    }

    /// A writing connection, as the application has one.
    pub fn connect(&self) -> Connection {
        let connection = Connection::open(self.path()).unwrap();
        // Nobody pulls the plug in a test.
        connection.execute_batch("PRAGMA synchronous = OFF").unwrap();
        connection
    }

    /// Long after the store was written to.
    pub fn options(&self) -> OpenOptions {
        OpenOptions {
            opened_at: SystemTime::now() + Duration::from_secs(3_600),
            ..self.options_now()
        }
    }

    /// Just when the store was written to, so that it is in use.
    pub fn options_now(&self) -> OpenOptions {
        OpenOptions::in_scratch(self.scratch.path().to_owned())
    }

    pub fn open(&self, layout: Option<&str>) -> Result<Arc<dyn EventStore>, StoreError> {
        open(&self.path(), layout, &self.options())
    }

    pub fn read(&self) -> (Vec<Seen>, Vec<&'static str>) {
        let store = self.open(None).unwrap_or_else(|error| panic!("{error}"));
        read(&*store, everything())
    }
}

pub fn open(path: &Path, layout: Option<&str>, options: &OpenOptions) -> Result<Arc<dyn EventStore>, StoreError> {
    let token = CancelToken::default();
    let choice = layout.map(|layout| LayoutChoice::parse(layout).unwrap());
    crate::open(
        &Work::new(&token, &Silent),
        path.to_str().unwrap(),
        choice.as_ref(),
        options,
    )
}

pub fn everything() -> Scope {
    Scope::All {
        after: None,
        up_to: None,
    }
}

/// All events of a scope and the codes of the findings, in alphabetical order.
pub fn read(store: &dyn EventStore, scope: Scope) -> (Vec<Seen>, Vec<&'static str>) {
    read_in(store, scope, Direction::Forward, 7).unwrap_or_else(|error| panic!("{error}"))
}

pub fn read_in(
    store: &dyn EventStore,
    scope: Scope,
    direction: Direction,
    max_rows: usize,
) -> Result<(Vec<Seen>, Vec<&'static str>), StoreError> {
    let token = CancelToken::default();
    let work = Work::new(&token, &Silent);
    let (mut names, findings, mut batch) = (Names::default(), Findings::default(), EventBatch::default());
    let mut reader = store.read(&ReadQuery {
        scope,
        direction,
        columns: Columns::ALL,
    })?;
    let mut seen = Vec::new();
    loop {
        if !reader.next_batch(&work, max_rows, &mut batch, &mut names, &findings)? {
            break;
        }
        seen.extend((0..batch.len()).map(|row| see(&batch, row, &names)));
    }
    Ok((seen, findings.summary().into_iter().map(|(code, _, _)| code).collect()))
}

fn see(batch: &EventBatch, row: usize, names: &Names) -> Seen {
    let event = batch.event(row);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let time = |time: Timestamp| (!time.is_none()).then(|| time.display(0).to_string());
    Seen {
        position: event.position.0,
        stream: text(names.stream(event.stream)),
        category: text(names.category(event.stream)),
        version: (event.version != EventBatch::NO_VERSION).then_some(event.version.0),
        event_type: text(names.type_name(event.event_type)),
        recorded_at: time(event.recorded_at),
        payload: event.payload.map(text),
        is_opaque: event.encoding == Encoding::Opaque,
        metadata: event.metadata.map(text),
        event_id: event.event_id.map(text),
        correlation_id: event.correlation_id.map(text),
        causation_id: event.causation_id.map(text),
        schema_version: event.schema_version.map(text),
        occurred_at: time(event.occurred_at),
    }
}

pub fn positions(seen: &[Seen]) -> Vec<i64> {
    seen.iter().map(|event| event.position).collect()
}

pub fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// The tables of Emmett, as the library creates them.
pub const EMMETT: &str = "
    CREATE TABLE emt_streams(
        stream_id TEXT NOT NULL, stream_position BIGINT NOT NULL DEFAULT 0, partition TEXT NOT NULL DEFAULT 'global',
        stream_type TEXT NOT NULL, stream_metadata JSONB NOT NULL, is_archived BOOLEAN NOT NULL DEFAULT FALSE,
        PRIMARY KEY (stream_id, partition, is_archived), UNIQUE (stream_id, partition, is_archived));
    CREATE TABLE emt_messages(
        stream_id TEXT NOT NULL, stream_position BIGINT NOT NULL, partition TEXT NOT NULL DEFAULT 'global',
        message_kind CHAR(1) NOT NULL DEFAULT 'E', message_data JSONB NOT NULL, message_metadata JSONB NOT NULL,
        message_schema_version TEXT NOT NULL, message_type TEXT NOT NULL, message_id TEXT NOT NULL,
        is_archived BOOLEAN NOT NULL DEFAULT FALSE, global_position INTEGER PRIMARY KEY,
        created DATETIME DEFAULT CURRENT_TIMESTAMP,
        UNIQUE (stream_id, stream_position, partition, is_archived));
";
/// Appends `count` small events to an Emmett store, three streams in turn, from position `first`.
pub fn append_emmett(connection: &Connection, first: i64, count: i64) {
    for position in first..first + count {
        let stream = format!("order-{}", position % 3);
        let version = position / 3 + 1;
        let insert = "INSERT INTO emt_messages (stream_id, stream_position, message_data, message_metadata, \
                      message_schema_version, message_type, message_id, global_position, created) \
                      VALUES (?1, ?2, ?3, '{}', '1', 'ItemAdded', ?4, ?5, '2026-08-03 14:00:00')";
        let payload = format!("{{\"n\":{position}}}");
        let parameters = rusqlite::params![stream, version, payload, format!("id-{position}"), position];
        connection.execute(insert, parameters).unwrap();
    }
}
