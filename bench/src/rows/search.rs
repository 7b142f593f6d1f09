//! Row 2c: events that hold a literal in payload or metadata, with the arena in memory and its search index beside it, and
//! without that. SQLite looks into the same two columns, grep into an export of the same events.

use std::cell::Cell;
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::ops::ControlFlow;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use refold_core::count::grouped;
use refold_stores::index::{Arena, ArenaOptions, Needle, SearchQuery, build_arena, search_arena};

use super::{Samples, timed};
use crate::lab::{Lab, quietly};
use crate::machine::{cpu_seconds, free_cores};
use crate::pairs::{Contender, alternate, seconds};
use crate::table::{Row, verdict};
use crate::{Failure, raw};

/// In the payload of a few orders.
const LITERAL: &str = "ada.keller@";
/// In every event that puts something into an order.
const COMMON: &str = "quantity";
/// Hits that a person sees first.
const PAGE_HITS: u64 = 100;
const PAGES: usize = 300;

pub fn literal(lab: &Lab) -> Result<Vec<Row>, Failure> {
    let store = &lab.middle;
    let session = lab.indexed(store)?;
    let index = session.ready_index()?;
    let cache = lab.home(store).join("cache");
    let build = |is_searchable| {
        let options = ArenaOptions {
            threads: 1,
            is_searchable,
            most_bytes: None,
        };
        quietly(|work| build_arena(work, session.store().as_ref(), &cache, &index, &options))
    };
    let scanned = build(false)?;
    let cpu_before = cpu_seconds();
    let looked_up = build(true)?;
    let build_cpu = cpu_seconds() - cpu_before;
    let (arena_bytes, index_bytes) = looked_up.disk_bytes();
    let lines = lab.lines_path(store);
    if !lines.exists() {
        write_lines(&store.path, &lines)?;
    }
    let needle = Needle::new(LITERAL.as_bytes()).ok_or_else(|| Failure::Call("an empty literal".to_owned()))?;
    let common = Needle::new(COMMON.as_bytes()).ok_or_else(|| Failure::Call("an empty literal".to_owned()))?;
    let first_page = Samples::take(PAGES, |_| {
        let hits = Cell::new(0);
        let query = SearchQuery {
            needle: &common,
            types: &[],
        };
        let (_, elapsed) = timed(|| {
            Ok(quietly(|work| {
                search_arena(work, &index, &looked_up, &query, 2, &mut |_| {
                    hits.set(hits.get() + 1);
                    if hits.get() < PAGE_HITS {
                        ControlFlow::Continue(())
                    } else {
                        ControlFlow::Break(())
                    }
                })
            })?)
        })?;
        Ok(elapsed)
    })?;
    let ours = |arena: &Arena, threads| {
        let hits = Cell::new(0);
        let query = SearchQuery {
            needle: &needle,
            types: &[],
        };
        quietly(|work| {
            search_arena(work, &index, arena, &query, threads, &mut |_| {
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
            Contender::here("ours by the search index", || ours(&looked_up, 1)),
            Contender::here("ours, all bytes, 1 thread", || ours(&scanned, 1)),
            Contender::here("ours, all bytes, 2 threads", || ours(&scanned, 2)),
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
    let [by_index, one, two, like, grep, copy] = measured.as_slice() else {
        return Ok(Vec::new());
    };
    let bytes: i64 = raw::read_only(&store.path)?.query_row(
        "SELECT sum(length(message_data) + length(message_metadata)) FROM emt_messages",
        [],
        |row| row.get(0),
    )?;
    let (by_like, by_grep) = (by_index.times_faster(like), by_index.times_faster(grep));
    let index_share = index_bytes as f64 / bytes as f64;
    Ok(vec![Row {
        id: "2c",
        what: format!(
            "literal in payload or metadata of {} events, arena resident, by its search index",
            grouped(store.events)
        ),
        at_least:
            "15 × SQLite LIKE, 10 × grep -F; first 100 hits of a common word ≤ 20 ms; index ≤ 12 % of the bytes, \
                   built at ≥ 100 MB/s a core"
                .to_owned(),
        measured: format!(
            "{} hits: {}; LIKE {}: {by_like:.0} ×; grep {}: {by_grep:.1} ×; all bytes without the index: 1 thread {} \
             ({:.1} GB/s), 2 threads {}; memcpy {:.1} GB/s; first {PAGE_HITS} hits of {COMMON}: {}; arena {} MB, index {} MB \
             ({:.1} % of {} MB), built in {} of CPU ({:.0} MB/s a core); {free:.2} free cores",
            by_index.events(),
            by_index.shown(),
            like.shown(),
            seconds(grep.seconds()),
            one.shown(),
            bytes as f64 / one.seconds() / 1e9,
            two.shown(),
            f64::from(256 << 20) / copy.seconds() / 1e9,
            first_page.shown(),
            arena_bytes / 1_000_000,
            index_bytes / 1_000_000,
            100.0 * index_share,
            bytes / 1_000_000,
            seconds(build_cpu),
            bytes as f64 / build_cpu / 1e6,
        ),
        verdict: verdict(
            by_like >= 15.0
                && by_grep >= 10.0
                && first_page.is_within(Duration::from_millis(20))
                && index_share <= 0.12
                && bytes as f64 / build_cpu >= 100e6,
        ),
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
