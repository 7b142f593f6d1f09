//! The physical part alone: what no reader of the same bytes can do without.

use std::hint::black_box;
use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use crate::Failure;

/// The five columns of a skeleton, in position order, on one thread. Returns how many rows.
pub fn scan_skeleton(store: &Path) -> Result<u64, Failure> {
    let connection = read_only(store)?;
    let mut statement = connection.prepare(
        "SELECT global_position, stream_id, stream_position, message_type, created FROM emt_messages ORDER BY global_position",
    )?;
    let mut rows = statement.query([])?;
    let mut count = 0;
    while let Some(row) = rows.next()? {
        for column in 0..5 {
            black_box(row.get_ref(column)?);
        }
        count += 1;
    }
    Ok(count)
}

/// Payloads in position order, each parsed to a `serde_json::Value`, on `threads` threads by ranges of position.
pub fn scan_and_parse(store: &Path, threads: u64) -> Result<u64, Failure> {
    let last: i64 =
        read_only(store)?.query_row("SELECT max(global_position) FROM emt_messages", [], |row| row.get(0))?;
    let part = |index: u64| (last as i128 * i128::from(index) / i128::from(threads)) as i64;
    let counts: Vec<Result<u64, Failure>> = std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads)
            .map(|index| scope.spawn(move || scan_and_parse_range(store, part(index), part(index + 1))))
            .collect();
        running
            .into_iter()
            .map(|thread| {
                thread
                    .join()
                    .unwrap_or_else(|_| Err(Failure::Peer("a raw reader panicked".to_owned())))
            })
            .collect()
    });
    counts.into_iter().sum()
}

fn scan_and_parse_range(store: &Path, after: i64, up_to: i64) -> Result<u64, Failure> {
    let connection = read_only(store)?;
    let mut statement = connection.prepare(
        "SELECT stream_id, message_type, message_data FROM emt_messages WHERE global_position > ? AND global_position <= ?
         ORDER BY global_position",
    )?;
    let mut rows = statement.query([after, up_to])?;
    let mut count = 0;
    while let Some(row) = rows.next()? {
        black_box(row.get_ref(0)?);
        black_box(row.get_ref(1)?);
        let value: serde_json::Value =
            serde_json::from_slice(row.get_ref(2)?.as_bytes().map_err(rusqlite::Error::from)?)?;
        black_box(&value);
        count += 1;
    }
    Ok(count)
}

/// How many events hold `literal` in payload or metadata, by SQLite's LIKE.
pub fn like(store: &Path, literal: &str) -> Result<u64, Failure> {
    let connection = read_only(store)?;
    let sql = "SELECT count(*) FROM emt_messages
               WHERE message_data LIKE '%' || ?1 || '%' OR message_metadata LIKE '%' || ?1 || '%'";
    let count: i64 = connection.query_row(sql, [literal], |row| row.get(0))?;
    Ok(count.unsigned_abs())
}

/// The same first screen in SQL: events over hours and types, streams with their last time, the longest hundred.
pub fn overview(store: &Path) -> Result<u64, Failure> {
    let connection = read_only(store)?;
    let mut rows_seen = 0;
    for sql in [
        "SELECT substr(created, 1, 13), message_type, count(*) FROM emt_messages GROUP BY 1, 2",
        "SELECT stream_id, count(*), max(created) FROM emt_messages GROUP BY 1 ORDER BY 3 DESC LIMIT 100",
        "SELECT stream_id, count(*) FROM emt_messages GROUP BY 1 ORDER BY 2 DESC LIMIT 100",
    ] {
        let mut statement = connection.prepare(sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            black_box(row.get_ref(0)?);
            rows_seen += 1;
        }
    }
    Ok(rows_seen)
}

/// Copies `bytes` once: what memory bandwidth allows.
pub fn copy(bytes: &[u8], target: &mut [u8]) {
    target.copy_from_slice(bytes);
    black_box(target);
}

pub fn read_only(store: &Path) -> Result<Connection, Failure> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Ok(Connection::open_with_flags(store, flags)?)
}
