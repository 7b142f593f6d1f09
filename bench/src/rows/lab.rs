//! The replay lab: comparing two versions of a handler, checking an invariant, minimising a failure.

use std::path::Path;
use std::time::Duration;

use refold_app::handler;
use refold_app::usecase::lab::Scope;
use refold_app::usecase::lab::check::check;
use refold_app::usecase::lab::compare::compare;
use refold_app::usecase::lab::invariant::invariants;
use refold_app::usecase::lab::kept::Keeping;
use refold_app::usecase::lab::minimize::{Extent, Failure as Wanted, minimize};
use refold_core::count::grouped;

use super::{timed, verdict_where};
use crate::Failure;
use crate::lab::{GIANT, Lab, OrderStore, open, quietly};
use crate::machine::{free_cores, percentile};
use crate::pairs::seconds;
use crate::table::{Row, verdict};

const INVARIANT: &str = "balanced-once-paid";

/// The versions of the order handler that lies beside a store: the one with the bug, and the one without.
fn versions(store: &Path) -> [String; 2] {
    let package = store.with_file_name("handlers").join("order");
    ["1.0.0", "1.1.0"].map(|version| format!("{}@{version}", package.display()))
}

pub fn compared(lab: &Lab) -> Result<Vec<Row>, Failure> {
    let store = &lab.middle;
    let [left, right] = versions(&store.path);
    let (mut cold, mut cached) = (Vec::new(), Vec::new());
    let mut differing = 0;
    let free = free_cores();
    for _ in 0..lab.pairs {
        let home = lab.folder()?;
        let ask = || -> Result<_, Failure> {
            let session = open(&store.path, home.path())?;
            let (left, right) = (Some(left.as_str()), Some(right.as_str()));
            Ok(quietly(|work| {
                compare(work, &session, Scope::All, left, right, Keeping::Kept)
            })?)
        };
        let (made, first) = timed(ask)?;
        let (kept, second) = timed(ask)?;
        if made.was_kept || !kept.was_kept || made.answer != kept.answer {
            return Err(Failure::Differ {
                one: "what was made".to_owned(),
                other: "what was kept".to_owned(),
            });
        }
        differing = made.answer.differing_streams;
        cold.push(first);
        cached.push(second);
    }
    let (cold, cached) = (percentile(&mut cold, 50), percentile(&mut cached, 50));
    let holds = cold < Duration::from_secs(5) && cached < Duration::from_millis(100);
    Ok(vec![Row {
        id: "compare",
        what: format!(
            "two versions of a handler over {} events of {} streams from the closed store, and again from the cache",
            grouped(store.events),
            grouped(store.streams)
        ),
        at_least: "5 s; cached 100 ms".to_owned(),
        measured: format!(
            "{}; cached {}; {} streams differ; {free:.2} free cores",
            seconds(cold.as_secs_f64()),
            seconds(cached.as_secs_f64()),
            grouped(differing.into())
        ),
        verdict: verdict_where(holds, free >= 1.8),
    }])
}

pub fn checked(lab: &Lab) -> Result<Vec<Row>, Failure> {
    let store = &lab.middle;
    let [buggy, _] = versions(&store.path);
    let all = invariants(&buggy)?;
    let condition = all.iter().find(|of| of.id == INVARIANT).map(|of| of.condition.as_str());
    let free = free_cores();
    let (mut times, mut broken) = (Vec::new(), 0);
    for _ in 0..lab.pairs {
        let home = lab.folder()?;
        let (found, elapsed) = timed(|| -> Result<_, Failure> {
            let session = open(&store.path, home.path())?;
            let handler = Some(buggy.as_str());
            Ok(quietly(|work| {
                check(work, &session, Scope::All, handler, condition, Keeping::Anew)
            })?)
        })?;
        broken = found.answer.violation_count;
        times.push(elapsed);
    }
    let median = percentile(&mut times, 50);
    Ok(vec![Row {
        id: "check",
        what: format!(
            "one invariant over {} events from the closed store, every first break",
            grouped(store.events)
        ),
        at_least: "3 s".to_owned(),
        measured: format!(
            "{}; broken in {} streams; {free:.2} free cores",
            seconds(median.as_secs_f64()),
            grouped(broken.into())
        ),
        verdict: verdict_where(median < Duration::from_secs(3), free >= 1.8),
    }])
}

pub fn minimised(lab: &Lab) -> Result<Vec<Row>, Failure> {
    const EVENTS: u64 = 1_000;
    let store: OrderStore = lab.small(EVENTS)?;
    let [buggy, mended] = versions(&store.path);
    // Both must open before the clock runs.
    handler::open(Some(&mended))?;
    let session = open(&store.path, lab.folder()?.path())?;
    let failure = Wanted::Invariant {
        id: INVARIANT,
        unless: Some(&mended),
    };
    let (mut times, mut text) = (Vec::new(), String::new());
    let mut is_minimal = false;
    for _ in 0..lab.pairs {
        let (found, elapsed) = timed(|| {
            Ok(quietly(|work| {
                minimize(work, &session, GIANT, Some(&buggy), failure, Extent::Smallest)
            })?)
        })?;
        times.push(elapsed);
        is_minimal = found.is_minimal && found.failure.is_some();
        text = format!(
            "{} of {} events, {} histories tried",
            found.kept.len(),
            found.of,
            found.tests
        );
    }
    let median = percentile(&mut times, 50);
    Ok(vec![Row {
        id: "minimise",
        what: format!(
            "the smallest history that shows a failure, of a stream of {} events",
            grouped(EVENTS)
        ),
        at_least: "2 s, 1-minimal".to_owned(),
        measured: format!("{}; {text}", seconds(median.as_secs_f64())),
        verdict: verdict(median < Duration::from_secs(2) && is_minimal),
    }])
}
