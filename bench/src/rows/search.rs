//! Row 2c: events that hold a literal in payload or metadata, with the arena in memory. SQLite looks into the same two
//! columns, grep into an export of the same events.

use std::cell::Cell;
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::ops::ControlFlow;
use std::path::Path;
use std::process::Command;

use refold_stores::index::{Needle, SearchQuery, build_arena, search_arena};

use super::verdict_where;
use crate::lab::{Lab, quietly};
use crate::machine::free_cores;
use crate::pairs::{Contender, alternate, count, seconds};
use crate::table::Row;
use crate::{Failure, raw};

/// In the payload of a few orders.
const LITERAL: &str = "ada.keller@";

pub fn literal(lab: &Lab) -> Result<Vec<Row>, Failure> {
    let store = &lab.middle;
    let session = lab.indexed(store)?;
    let index = session.ready_index()?;
    let arena = quietly(|work| {
        build_arena(
            work,
            session.store().as_ref(),
            &lab.home(store).join("cache"),
            &index,
            2,
        )
    })?;
    let lines = lab.lines_path(store);
    if !lines.exists() {
        write_lines(&store.path, &lines)?;
    }
    let needle = Needle::new(LITERAL.as_bytes()).ok_or_else(|| Failure::Call("an empty literal".to_owned()))?;
    let ours = |threads| {
        let hits = Cell::new(0);
        let query = SearchQuery {
            needle: &needle,
            types: &[],
        };
        quietly(|work| {
            search_arena(work, &index, &arena, &query, threads, &mut |_| {
                hits.set(hits.get() + 1);
                ControlFlow::Continue(())
            })
        })?;
        Ok((hits.get(), hits.get() as i64))
    };
    let mut target = vec![0; 256 << 20];
    let source = vec![1; 256 << 20];
    let free = free_cores();
    let measured = alternate(
        lab.pairs,
        vec![
            Contender::here("ours, 1 thread", || ours(1)),
            Contender::here("ours, 2 threads", || ours(2)),
            Contender::here("SQLite LIKE", || {
                raw::like(&store.path, LITERAL).map(|hits| (hits, hits as i64))
            }),
            Contender::here("grep -F over JSON Lines", || {
                grep(&lines).map(|hits| (hits, hits as i64))
            }),
            Contender::here("memcpy of 256 MiB", || {
                raw::copy(&source, &mut target);
                Ok((0, 0))
            }),
        ],
    )?;
    let [one, two, like, grep, copy] = measured.as_slice() else {
        return Ok(Vec::new());
    };
    let bytes: i64 = raw::read_only(&store.path)?.query_row(
        "SELECT sum(length(message_data) + length(message_metadata)) FROM emt_messages",
        [],
        |row| row.get(0),
    )?;
    let (by_like, by_grep) = (two.times_faster(like), two.times_faster(grep));
    Ok(vec![Row {
        id: "2c",
        what: format!(
            "literal in payload or metadata of {} events, arena resident",
            count(store.events)
        ),
        at_least: "15 × SQLite LIKE, 10 × grep -F".to_owned(),
        measured: format!(
            "{} hits: 1 thread {} ({:.1} GB/s), 2 threads {}; LIKE {}: {by_like:.0} ×; grep {}: {by_grep:.1} ×; \
             memcpy {:.1} GB/s; {free:.2} free cores",
            one.events(),
            one.shown(),
            bytes as f64 / one.seconds() / 1e9,
            two.shown(),
            like.shown(),
            seconds(grep.seconds()),
            f64::from(256 << 20) / copy.seconds() / 1e9,
        ),
        verdict: verdict_where(by_like >= 15.0 && by_grep >= 10.0, free >= 1.8),
    }])
}

/// The events as JSON Lines, as an export would hold them.
fn write_lines(store: &Path, lines: &Path) -> Result<(), Failure> {
    let connection = raw::read_only(store)?;
    let mut statement = connection.prepare(
        "SELECT '{\"stream\":\"' || stream_id || '\",\"version\":' || stream_position || ',\"type\":\"' || message_type
             || '\",\"payload\":' || message_data || ',\"metadata\":' || message_metadata || '}'
         FROM emt_messages ORDER BY global_position",
    )?;
    let mut rows = statement.query([])?;
    let partial = lines.with_extension("partial");
    let mut out = BufWriter::new(File::create(&partial)?);
    while let Some(row) = rows.next()? {
        out.write_all(row.get_ref(0)?.as_bytes().map_err(rusqlite::Error::from)?)?;
        out.write_all(b"\n")?;
    }
    out.flush()?;
    Ok(fs::rename(partial, lines)?)
}

/// Counts matching lines. Its start is part of the figure: some 2 ms.
fn grep(lines: &Path) -> Result<u64, Failure> {
    let output = Command::new("grep")
        .env("LC_ALL", "C")
        .args(["-c", "-F", LITERAL])
        .arg(lines)
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.trim().parse().map_err(|_| Failure::Peer(format!("grep: {text}")))
}
