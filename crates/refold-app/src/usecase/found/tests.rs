//! All findings are listed, page by page, and counted by column.

use std::collections::BTreeSet;
use std::fs;

use crate::desk::Desk;
use crate::frame::{DensityFrame, FLAG_PROBLEM};
use crate::places::Places;
use crate::wire::{Axis, DensityBy, DensityQuery, FoundWire};

/// More than findings of one code are kept whole.
const BROKEN: u32 = 230;

fn opened(folder: &tempfile::TempDir) -> (Desk, u32) {
    let line = |stream: &str, version: u32, time: &str| {
        format!(r#"{{"stream":"{stream}","version":{version},"type":"Placed","recorded_at":"{time}","payload":{{}}}}"#)
    };
    let mut lines = Vec::new();
    for at in 0..BROKEN {
        let time = |second: u32| format!("2026-08-01T00:{:02}:{second:02}Z", at % 60);
        // One event twice wrong, one whose time nobody can read, one that is right.
        lines.extend([
            line(&format!("gap-{at}"), 1, &time(9)),
            line(&format!("gap-{at}"), 3, &time(8)),
        ]);
        lines.extend([
            line(&format!("odd-{at}"), 1, "then"),
            line(&format!("whole-{at}"), 1, &time(5)),
        ]);
    }
    let store = folder.path().join("events.jsonl");
    fs::write(&store, lines.join("\n") + "\n").unwrap();
    let desk = Desk::at(Places::below(&folder.path().join("home")), None);
    let session = desk.open_store(store.to_str().unwrap(), None).unwrap().session;
    desk.index_store(session, &|_| {}).unwrap();
    (desk, session)
}

fn all_of(desk: &Desk, session: u32, code: &str) -> Vec<FoundWire> {
    let mut all = Vec::new();
    loop {
        let from = u32::try_from(all.len()).unwrap();
        let page = desk.store_finding_page(session, code, from).unwrap();
        assert!(page.found.len() <= 100);
        all.extend(page.found);
        if !page.has_more {
            return all;
        }
    }
}

#[test]
fn every_finding_is_listed_with_its_event() {
    let folder = tempfile::tempdir().unwrap();
    let (desk, session) = opened(&folder);
    let groups = desk.store_findings(session).unwrap();
    for (code, stream) in [
        ("version-gap", "gap"),
        ("clock-backwards", "gap"),
        ("time-unreadable", "odd"),
    ] {
        let group = groups.iter().find(|group| group.code == code).unwrap();
        assert_eq!((group.count, group.found.len()), (BROKEN, 100), "{code}");
        let all = all_of(&desk, session, code);
        assert_eq!(all[..100], group.found, "{code}");
        let streams: BTreeSet<_> = all.iter().filter_map(|found| found.stream.clone()).collect();
        let expected: BTreeSet<_> = (0..BROKEN).map(|at| format!("{stream}-{at}")).collect();
        assert_eq!((streams, all.len()), (expected, BROKEN as usize), "{code}");
        // What skeletons show is said in words however many there are.
        let is_said = |found: &FoundWire| !found.detail.is_empty();
        assert_eq!(all.iter().all(is_said), stream == "gap", "{code}");
    }
    assert_eq!(all_of(&desk, session, "no-such-code"), []);
}

#[test]
fn columns_count_all_events_that_something_was_found_at_whatever_the_window_is() {
    let folder = tempfile::tempdir().unwrap();
    let (desk, session) = opened(&folder);
    let frame = |axis, from: &str, to: &str, columns| {
        let (from, to) = (from.to_owned(), to.to_owned());
        let query = DensityQuery {
            axis,
            from,
            to,
            columns,
        };
        DensityFrame::decode(&desk.store_density(session, &query, DensityBy::Type).unwrap()).unwrap()
    };
    for columns in [1, 7, 230, 4_000] {
        // Times that cannot be read lie nowhere on the axis of times.
        for (axis, expected) in [(Axis::Time, BROKEN), (Axis::Position, 2 * BROKEN)] {
            let frame = frame(axis, "", "", columns);
            assert_eq!(frame.problems.iter().sum::<u32>(), expected, "{axis:?} {columns}");
            let flagged = frame
                .problems
                .iter()
                .map(|events| if *events > 0 { FLAG_PROBLEM } else { 0 });
            assert_eq!(frame.flags, flagged.collect::<Vec<_>>());
        }
    }
    // Four events at each step, of which two are wrong.
    assert_eq!(frame(Axis::Position, "401", "409", 2).problems, [2, 2]);
}
