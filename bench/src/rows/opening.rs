//! Rows 1a to 1c: how soon a store shows itself, how fast its index is built, and how it opens the second time.

use std::time::Duration;

use refold_app::Session;
use refold_core::finding::Findings;
use refold_core::time::Timestamp;
use refold_stores::index::{BuildOptions, DensityAxis, StreamOrder, StreamQuery, build};
use tempfile::TempDir;

use super::{timed, verdict_where};
use crate::lab::{Lab, open, quietly};
use crate::machine::{free_cores, percentile};
use crate::pairs::{Contender, alternate, seconds};
use crate::table::{Row, verdict};
use crate::{Failure, raw};

pub fn first_screen(lab: &Lab) -> Result<Vec<Row>, Failure> {
    let mut samples = Vec::new();
    for _ in 0..lab.pairs.max(5) * 2 {
        let home = lab.folder()?;
        let (_, elapsed) = timed(|| {
            let session = open(&lab.large.path, home.path())?;
            let findings = Findings::default();
            let screen = quietly(|work| session.first_screen(work, &findings))?;
            if screen.newest.len() == 100 {
                Ok(())
            } else {
                Err(Failure::Call("the first screen is not full".to_owned()))
            }
        })?;
        samples.push(elapsed);
    }
    let median = percentile(&mut samples, 50);
    let slowest = samples.last().copied().unwrap_or_default();
    Ok(vec![Row {
        id: "1a",
        what: "first useful screen of an unindexed store: newest 100 events, time range, size, types of a sample"
            .to_owned(),
        at_least: "150 ms".to_owned(),
        measured: format!(
            "median {}, slowest {}",
            seconds(median.as_secs_f64()),
            seconds(slowest.as_secs_f64())
        ),
        verdict: verdict(median <= Duration::from_millis(150)),
    }])
}

pub fn index_built(lab: &Lab) -> Result<Vec<Row>, Failure> {
    let store = open(&lab.large.path, &lab.home(&lab.large))?;
    let build_with = |folder: &TempDir, threads: usize| {
        let options = BuildOptions {
            threads,
            now: Timestamp(i64::MAX),
            numbering: store.description().numbering(),
            segment_rows: BuildOptions::SEGMENT_ROWS,
        };
        let index = quietly(|work| build(work, store.store().as_ref(), folder.path(), &options))?;
        Ok((u64::from(index.event_count()), i64::from(index.event_count())))
    };
    let free = free_cores();
    let measured = alternate(
        lab.pairs,
        vec![
            Contender::here_in("index, 1 thread", || lab.folder(), |folder| build_with(folder, 1)),
            Contender::here_in("index, 2 threads", || lab.folder(), |folder| build_with(folder, 2)),
            Contender::here("raw scan of five columns", || {
                raw::scan_skeleton(&lab.large.path).map(|rows| (rows, rows as i64))
            }),
        ],
    )?;
    let [one, two, scan] = measured.as_slice() else {
        return Ok(Vec::new());
    };
    let (by_one, by_two) = (one.times_faster(scan), two.times_faster(scan));
    let (cpu_one, cpu_two) = (one.times_cheaper(scan), two.times_cheaper(scan));
    let is_large = lab.large.events >= 11_000_000;
    let holds = by_one >= 0.5 && by_two >= 0.9 && (!is_large || two.seconds() <= 8.0);
    Ok(vec![Row {
        id: "1b",
        what: "index built (skeleton, dictionaries, orders, density), beside the raw five-column scan".to_owned(),
        at_least: "0.5 × raw on one thread, 0.9 × on two; 11 M in 8 s".to_owned(),
        measured: format!(
            "1 thread {}: {by_one:.2} × raw ({cpu_one:.2} × by CPU); 2 threads {}: {by_two:.2} × ({cpu_two:.2} × by CPU); \
             raw {}; {free:.2} free cores",
            one.shown(),
            two.shown(),
            scan.shown()
        ),
        verdict: verdict_where(holds, free >= 1.8),
    }])
}

pub fn second_opening(lab: &Lab) -> Result<Vec<Row>, Failure> {
    drop(lab.indexed(&lab.large)?);
    let ours = || {
        let session = open(&lab.large.path, &lab.home(&lab.large))?;
        overview(&session)?;
        Ok((0, 0))
    };
    // The statements of SQL take from seconds to a minute each: as many rounds as there is time for.
    let rounds = if lab.large.events > 2_000_000 { 1 } else { lab.pairs };
    let measured = alternate(
        rounds,
        vec![
            Contender::here("ours", ours),
            Contender::here("SQL", || raw::overview(&lab.large.path).map(|_| (0, 0))),
        ],
    )?;
    let [ours, sql] = measured.as_slice() else {
        return Ok(Vec::new());
    };
    let ratio = ours.times_faster(sql);
    Ok(vec![Row {
        id: "1c",
        what: "second opening: open, list by last time, density by type, the hundred longest streams".to_owned(),
        at_least: "100 ms; 300 × the same in SQL".to_owned(),
        measured: format!("{}; SQL {}: {ratio:.0} ×", ours.shown(), sql.shown()),
        verdict: verdict_where(ours.seconds() <= 0.1 && ratio >= 300.0, lab.large.events >= 11_000_000),
    }])
}

/// What the overview shows when a store is opened.
pub fn overview(session: &Session) -> Result<(), Failure> {
    let index = session.ready_index()?;
    for order in [StreamOrder::Last, StreamOrder::Events] {
        let page = index.streams(&StreamQuery {
            matching: b"",
            category: None,
            order,
            descending: true,
            offset: 0,
            limit: 100,
            ..StreamQuery::default()
        })?;
        for stream in page.rows {
            std::hint::black_box(index.stream(stream)?);
        }
    }
    let (from, to) = index.time_span().map_or((0, 1), |(from, to)| (from.0, to.0 + 1));
    let density = index.density(DensityAxis::RecordedAt, from..to, 1000)?;
    let sum: u64 = density.counts.iter().map(|count| u64::from(*count)).sum();
    if sum != u64::from(index.event_count()) {
        return Err(Failure::Differ {
            one: format!("density of {sum} events"),
            other: index.event_count().to_string(),
        });
    }
    Ok(())
}
