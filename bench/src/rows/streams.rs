//! Row "streams": a store of ten million streams, which is bad input of a kind: nobody has so many, and still it must open,
//! list, find and search within the memory that every operation has.

use std::fs;
use std::path::{Path, PathBuf};

use refold_core::count::grouped;
use refold_core::finding::Findings;
use refold_stores::index::{StreamOrder, StreamQuery};
use rusqlite::Connection;

use super::timed;
use crate::Failure;
use crate::lab::{Lab, OrderStore, quietly};
use crate::memory::{Case, spent_on};
use crate::pairs::seconds;
use crate::table::{Row, verdict};

const STREAMS: u32 = 10_000_000;
const MOST_MIB: u64 = 512;

/// Takes minutes: see [`super::ON_REQUEST`].
pub fn ten_million(lab: &Lab) -> Result<Vec<Row>, Failure> {
    let store = OrderStore {
        path: made(lab.dir())?,
        events: STREAMS.into(),
        streams: STREAMS.into(),
        giant: 1,
    };
    let mut highest = 0;
    for case in [Case::FirstScreen, Case::Index, Case::Overview] {
        highest = highest.max(spent_on(case, &store.path, None)?.peak);
    }
    let (session, indexed) = timed(|| lab.indexed(&store))?;
    let index = session.ready_index()?;
    let query = |matching: &'static [u8]| StreamQuery {
        matching,
        category: None,
        order: StreamOrder::Last,
        descending: true,
        offset: STREAMS / 2,
        limit: 100,
        ..StreamQuery::default()
    };
    let (page, paged) = timed(|| Ok(index.streams(&query(b""))?.rows.len()))?;
    let (_, found) = timed(|| Ok(index.streams(&query(b"00471"))?.rows.len()))?;
    let findings = Findings::default();
    let (events, read) = timed(|| {
        Ok(quietly(|work| {
            refold_app::Stream::load(work, &session, "order-05000000", &findings).map(|stream| stream.track.head().0)
        })?)
    })?;
    let is_whole = index.stream_count() == STREAMS && page == 100 && events == 1;
    Ok(vec![Row {
        id: "streams",
        what: format!(
            "{} streams: first screen, index, lists, one stream",
            grouped(STREAMS.into())
        ),
        at_least: format!("RssAnon ≤ {MOST_MIB} MiB"),
        measured: format!(
            "{} MiB; index {}, page {}, part of an id {}, one stream {}",
            highest >> 20,
            seconds(indexed.as_secs_f64()),
            seconds(paged.as_secs_f64()),
            seconds(found.as_secs_f64()),
            seconds(read.as_secs_f64())
        ),
        verdict: verdict(is_whole && highest <= MOST_MIB << 20),
    }])
}

/// An Emmett store of one event a stream, made by SQLite itself, if it is not there from an earlier run.
fn made(dir: &Path) -> Result<PathBuf, Failure> {
    let folder = dir.join(format!("streams-{STREAMS}"));
    let store = folder.join("orders.db");
    if store.exists() {
        return Ok(store);
    }
    eprintln!("making a store of {} streams", grouped(STREAMS.into()));
    fs::create_dir_all(&folder)?;
    let new = folder.join("new.db");
    let _ = fs::remove_file(&new);
    let connection = Connection::open(&new)?;
    connection.execute_batch(&format!(
        "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
         CREATE TABLE emt_messages(stream_id TEXT NOT NULL, stream_position BIGINT NOT NULL, partition TEXT NOT NULL,
            message_kind CHAR(1) NOT NULL, message_data JSONB NOT NULL, message_metadata JSONB NOT NULL,
            message_schema_version TEXT NOT NULL, message_type TEXT NOT NULL, message_id TEXT NOT NULL,
            is_archived BOOLEAN NOT NULL, global_position INTEGER PRIMARY KEY, created DATETIME,
            UNIQUE (stream_id, stream_position, partition, is_archived));
         WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {STREAMS})
         INSERT INTO emt_messages SELECT printf('order-%08d', n), 1, 'global', 'E', '{{\"n\":' || n || '}}', '{{}}', '0',
            'Placed', 'id-' || n, 0, n, datetime(1785578400 + n, 'unixepoch') FROM numbers;"
    ))?;
    connection.close().map_err(|(_, error)| error)?;
    fs::rename(new, &store)?;
    Ok(store)
}
