//! Peak memory of every operation at both sizes.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use refold_app::Stream;
use refold_core::count::grouped;
use refold_core::finding::Findings;
use refold_core::fold::Detail;
use refold_core::track::Moment;

use super::{evidence, giant, opening, rebuild};
use crate::Failure;
use crate::lab::{GIANT, Lab, OrderStore, handler, open, quietly};
use crate::machine::{anonymous_bytes, cpu_seconds};
use crate::memory::{Case, spent_on};
use crate::table::{Row, verdict};

/// Those that start from nothing; what evidence costs has rows of its own.
const OPERATIONS: [Case; 6] = [
    Case::FirstScreen,
    Case::Index,
    Case::Overview,
    Case::Head,
    Case::Seeks,
    Case::Rebuild,
];

pub fn every_operation(lab: &Lab) -> Result<Vec<Row>, Failure> {
    let mut rows = vec![operations_of(&lab.middle, 350)?];
    if lab.large != lab.middle {
        rows.push(operations_of(&lab.large, 512)?);
    }
    Ok(rows)
}

fn operations_of(store: &OrderStore, most_mib: u64) -> Result<Row, Failure> {
    let mut shown = Vec::new();
    let mut highest = 0;
    for case in OPERATIONS {
        let peak = spent_on(case, &store.path, None)?.peak;
        highest = highest.max(peak);
        shown.push(format!("{} {} MiB", case.name(), peak >> 20));
    }
    Ok(Row {
        id: "memory",
        what: format!("peak RssAnon of each operation at {} events", grouped(store.events)),
        at_least: format!("{most_mib} MiB"),
        measured: shown.join("; "),
        verdict: verdict(highest <= most_mib << 20),
    })
}

/// In the child: does the operation, looks at its memory every two milliseconds, and prints the highest, and the time.
pub fn run_case(arguments: &[String]) -> Result<(), Failure> {
    let (name, store, home) = match arguments {
        [name, store] => (name, store, None),
        [name, store, home] => (name, store, Some(PathBuf::from(home))),
        _ => return Err(Failure::Call("a case, a store and perhaps a home".to_owned())),
    };
    let case = Case::ALL.into_iter().find(|case| case.name() == name);
    let case = case.ok_or_else(|| Failure::Call(format!("no such case: {name}")))?;
    let (highest, is_over) = (AtomicU64::new(0), AtomicBool::new(false));
    let (start, cpu) = (Instant::now(), cpu_seconds());
    thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                highest.fetch_max(anonymous_bytes(), Ordering::Relaxed);
                thread::sleep(Duration::from_millis(2));
            }
        });
        let outcome = operate(case, PathBuf::from(store), home);
        highest.fetch_max(anonymous_bytes(), Ordering::Relaxed);
        is_over.store(true, Ordering::Relaxed);
        outcome
    })?;
    let (elapsed, cpu) = (start.elapsed().as_secs_f64(), cpu_seconds() - cpu);
    println!("{} {elapsed} {cpu}", highest.into_inner());
    Ok(())
}

fn operate(case: Case, path: PathBuf, home: Option<PathBuf>) -> Result<(), Failure> {
    let empty = tempfile::tempdir_in(path.parent().unwrap_or(&path))?;
    let home = home.as_deref().unwrap_or(empty.path());
    let store = OrderStore {
        path,
        events: 0,
        streams: 0,
        giant: 0,
    };
    let findings = Findings::default();
    match case {
        Case::FirstScreen => {
            let session = open(&store.path, home)?;
            quietly(|work| session.first_screen(work, &findings))?;
        }
        Case::Index => {
            quietly(|work| {
                open(&store.path, home)?
                    .build_index(work)
                    .map(|_| ())
                    .map_err(Failure::from)
            })?;
        }
        Case::Overview => {
            let session = open(&store.path, home)?;
            quietly(|work| session.build_index(work).map(|_| ()))?;
            opening::overview(&session)?;
        }
        Case::Head | Case::HeadOfArena => {
            let program = handler(&store.path)?;
            giant::head_of_giant(&store, home, &program)?;
        }
        Case::Seeks => {
            let program = handler(&store.path)?;
            let session = open(&store.path, home)?;
            quietly(|work| -> Result<(), Failure> {
                let stream = Stream::load(work, &session, GIANT, &findings)?;
                let mut history = giant::history_of(&stream, &program, Detail::Blame)?;
                let mut events = stream.events(session.store(), program.columns());
                let head = stream.track.head();
                history.warm_up(work, &mut events, &findings)?;
                for n in 0..200 {
                    history.state_at(work, &mut events, &findings, Moment(head.0 / 200 * n))?;
                }
                history.fill_window(work, &mut events, &findings, Moment(head.0 / 2))?;
                Ok(())
            })?;
        }
        Case::Rebuild => {
            let program = handler(&store.path)?;
            rebuild::every_state(&open(&store.path, home)?, &program, 2)?;
        }
        Case::Anchor => evidence::anchor_into(&store.path, home)?,
        Case::Verify => evidence::verify_again(&store.path, home)?,
        Case::ReportGiant => evidence::report_of_giant(&store.path, home)?,
        Case::Drift => evidence::find_planted(&store.path, home)?,
    }
    Ok(())
}
