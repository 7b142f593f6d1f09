//! Row 5: every stream's state from the closed store, nothing cached.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use refold_app::Session;
use refold_app::rebuild::rebuild;
use refold_core::count::grouped;
use refold_core::finding::Findings;
use refold_core::port::handler::HandlerProgram;
use serde_json::json;
use tempfile::TempDir;

use super::verdict_where;
use crate::lab::{Lab, OrderStore, open, quietly};
use crate::machine::free_cores;
use crate::pairs::{Contender, Measured, alternate};
use crate::table::Row;
use crate::{Failure, fold, raw};

pub fn every_stream(lab: &Lab) -> Result<Vec<Row>, Failure> {
    Ok(vec![beside_peers(lab)?, beside_raw(lab)?])
}

fn beside_peers(lab: &Lab) -> Result<Row, Failure> {
    let store = &lab.peer;
    let program = lab.handler()?;
    let peers = lab.peers()?;
    let copy = lab.copy_for_emmett(store)?;
    let pyeventsourcing = lab.pyeventsourcing_path(store);
    let mut python = peers.python()?;
    if !pyeventsourcing.exists() {
        python.run(
            "pyeventsourcing-prepare",
            json!({ "store": store.path, "target": pyeventsourcing }),
        )?;
    }
    let (mut emmett, mut node, mut orjson) = (peers.node()?, peers.node()?, peers.python()?);
    let starts = (emmett.start_seconds, python.start_seconds);
    let folder = || lab.folder();
    let free = free_cores();
    let measured = alternate(
        lab.pairs,
        vec![
            Contender::here_in("ours, 2 threads", folder, |home| from_closed(home, store, &program, 2)),
            Contender::elsewhere("pyeventsourcing", || {
                python.run("pyeventsourcing-all", json!({ "store": pyeventsourcing }))
            }),
            Contender::elsewhere("Emmett", || emmett.run("emmett-all", json!({ "store": copy }))),
            Contender::elsewhere("better-sqlite3 + JSON.parse", || {
                node.run("sqlite-all", json!({ "store": store.path }))
            }),
            Contender::elsewhere("Python sqlite3 + orjson", || {
                orjson.run("orjson-all", json!({ "store": store.path }))
            }),
        ],
    )?;
    let [ours, pyes, emmett, better, orjson] = measured.as_slice() else {
        return Err(Failure::Call("a contender is missing".to_owned()));
    };
    let ratios = [pyes, emmett, better, orjson].map(|peer| ours.times_faster(peer));
    let peer = |peer: &Measured, ratio: f64| format!("{} {}: {ratio:.1} ×", peer.name, peer.shown());
    Ok(Row {
        id: "5",
        what: format!(
            "every stream's state from the closed store ({} events, {} streams), declarative, beside peers",
            grouped(store.events),
            grouped(store.streams)
        ),
        at_least: "60 × pyeventsourcing, 100 × Emmett, 6 × better-sqlite3 + JSON.parse".to_owned(),
        measured: format!(
            "2 threads {}; {}; {}; {}; {}; {free:.2} free cores; starts of Node and Python ({:.1} s, {:.1} s) do not count",
            ours.shown(),
            peer(pyes, ratios[0]),
            peer(emmett, ratios[1]),
            peer(better, ratios[2]),
            peer(orjson, ratios[3]),
            starts.0,
            starts.1,
        ),
        verdict: verdict_where(ratios[0] >= 60.0 && ratios[1] >= 100.0 && ratios[2] >= 6.0, free >= 1.8),
    })
}

fn beside_raw(lab: &Lab) -> Result<Row, Failure> {
    let store = &lab.middle;
    let program = lab.handler()?;
    let home = lab.folder()?;
    let kept = Kept::make(store, home.path())?;
    let free = free_cores();
    let folder = || lab.folder();
    let parse = |threads| move || raw::scan_and_parse(&store.path, threads).map(|rows| (rows, 0));
    let measured = alternate(
        lab.pairs,
        vec![
            Contender::here_in("ours, 1 thread", folder, |home| from_closed(home, store, &program, 1)),
            Contender::here_in("ours, 2 threads", folder, |home| from_closed(home, store, &program, 2)),
            Contender::here("raw, 1 thread", parse(1)),
            Contender::here("raw, 2 threads", parse(2)),
            Contender::here("arena, 1 thread", || kept.rebuild(&program, 1)),
            Contender::here("arena, 2 threads", || kept.rebuild(&program, 2)),
        ],
    )?;
    let [one, two, raw_one, raw_two, arena_one, arena_two] = measured.as_slice() else {
        return Err(Failure::Call("a contender is missing".to_owned()));
    };
    let (by_one, by_two, speed_up) = (
        one.times_faster(raw_one),
        two.times_faster(raw_two),
        two.times_faster(one),
    );
    let a_core = arena_one.events() as f64 / arena_one.cpu_seconds();
    let holds = by_one >= 0.8 && by_two >= 0.8 && speed_up >= 1.8 && a_core >= 1.5e6;
    Ok(Row {
        id: "5",
        what: format!(
            "the same over {} events beside the raw scan with a parse, and from the arena",
            grouped(store.events)
        ),
        at_least: "0.8 × raw on the same threads; 2 threads 1.8 × one; arena 1.5 M events/s a core".to_owned(),
        measured: format!(
            "1 thread {}, raw {}: {by_one:.2} ×; 2 threads {}, raw {}: {by_two:.2} ×; two {speed_up:.2} × one; \
             arena {} ({:.2} M events/s a core), 2 threads {}; {free:.2} free cores",
            one.shown(),
            raw_one.shown(),
            two.shown(),
            raw_two.shown(),
            arena_one.shown(),
            a_core / 1e6,
            arena_two.shown(),
        ),
        verdict: verdict_where(holds, free >= 1.8),
    })
}

/// Opens the store, reads it, folds every stream. `home` is a folder that is empty: nothing is kept there.
fn from_closed(
    home: &TempDir,
    store: &OrderStore,
    program: &Arc<dyn HandlerProgram>,
    threads: usize,
) -> Result<(u64, i64), Failure> {
    every_state(&open(&store.path, home.path())?, program, threads)
}

/// A store with its index and arena.
pub struct Kept(Session);

impl Kept {
    pub fn make(store: &OrderStore, home: &Path) -> Result<Kept, Failure> {
        let session = open(&store.path, home)?;
        quietly(|work| session.build_arena(work))?;
        Ok(Kept(session))
    }

    pub fn rebuild(&self, program: &Arc<dyn HandlerProgram>, threads: usize) -> Result<(u64, i64), Failure> {
        every_state(&self.0, program, threads)
    }
}

/// How many events were folded, and the checksum over all states.
pub fn every_state(
    session: &Session,
    program: &Arc<dyn HandlerProgram>,
    threads: usize,
) -> Result<(u64, i64), Failure> {
    let (sum, wrong) = (AtomicI64::new(0), AtomicU64::new(0));
    let rebuilt = quietly(|work| {
        rebuild(work, session, program, threads, &Findings::default(), &|_, folded| {
            match fold::checksum(&folded.state) {
                Some(checksum) => sum.fetch_add(checksum, Ordering::Relaxed),
                None => wrong.fetch_add(1, Ordering::Relaxed) as i64,
            };
        })
    })?;
    match wrong.into_inner() {
        0 => Ok((rebuilt.events, sum.into_inner())),
        wrong => Err(Failure::Call(format!("{wrong} states are not that of an order"))),
    }
}
