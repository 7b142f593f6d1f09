//! What was noteworthy is in every report, once, and the cover names all of it.

use std::ops::ControlFlow;

use refold_fixtures::orders::{self, Options};

use super::*;
use crate::usecase::events::{Events, events};

/// With an event whose time has no zone, one of a time before any store, and one behind a missing version.
fn odd() -> Case {
    let mut lines = Case::lines();
    let event = |stream: &str, version: u32, time: &str| {
        format!(
            r#"{{"stream":"{stream}","category":"{}","version":{version},"type":"b\nc","recorded_at":"{time}","payload":{{}}}}"#,
            stream.split('-').next().unwrap_or_default()
        )
    };
    lines.push(event("zone-1", 0, "2026-08-21T00:00:05"));
    lines.push(event("zone-1", 1, "2016-12-31T23:59:60Z"));
    lines.push(event("old-1", 0, "1948-01-01T00:00:00Z"));
    lines.push(event("old-1", 2, "2026-08-21T00:00:00Z"));
    Case::of(&lines)
}

fn noticed(case: &Case, asked: &ReportAsked) -> (String, BTreeMap<String, (u64, usize)>) {
    let made = case.make(asked).expect("a report");
    let report = manifest(&made.dir).report;
    let noticed = report.noticed.iter();
    let noticed = noticed
        .map(|of| (of.code.clone(), (of.count, of.first.len())))
        .collect();
    (report.cover.headline, noticed)
}

#[test]
fn what_was_met_twice_is_counted_once_and_what_the_index_knows_is_there() {
    let case = odd();
    let category = |name: &str| ReportAsked {
        category: Some(name.to_owned()),
        ..case.asked()
    };
    let bounded = ReportAsked {
        from: Some("#43".to_owned()),
        ..case.asked()
    };
    let all = [
        ("leap-second", 1),
        ("time-implausible", 1),
        ("version-gap", 1),
        ("zone-unknown", 1),
    ];
    for (what, asked, expected) in [
        ("the store", case.asked(), &all[..]),
        ("streams", case.of_streams(&["zone-1", "old-1"]), &all[..]),
        (
            "a category",
            category("zone"),
            &[("leap-second", 1), ("zone-unknown", 1)][..],
        ),
        (
            "a category",
            category("old"),
            &[("time-implausible", 1), ("version-gap", 1)][..],
        ),
        (
            "a part of the store",
            bounded,
            &[("time-implausible", 1), ("version-gap", 1)][..],
        ),
    ] {
        let (headline, noticed) = noticed(&case, &asked);
        for (code, count) in all {
            let told = expected.iter().any(|(of, _)| *of == code);
            let expected = told.then_some((count, count as usize));
            assert_eq!(noticed.get(code).copied(), expected, "{what}: {code}: {noticed:?}");
            assert_eq!(
                headline.contains(code),
                noticed.contains_key(code),
                "{what}: {headline}"
            );
        }
    }
}

#[test]
fn a_history_counts_once_what_it_reads_twice() {
    let case = odd();
    let found = case.with_session(&Silent, |work, session| {
        events(work, session, "zone-1", &Events::default(), &mut |_| Ok(()))
    });
    let found = found.expect("a history");
    let counts: Vec<(&str, u32)> = found.iter().map(|of| (&*of.code, of.count)).collect();
    assert_eq!(counts, [("leap-second", 1), ("zone-unknown", 1)]);
}

#[test]
fn a_line_of_a_table_is_never_one_of_the_store() {
    let case = odd();
    let made = case.make(&case.asked()).expect("a report");
    let page = std::fs::read_to_string(Path::new(&made.dir).join(PAGES)).expect("a page");
    assert!(page.contains("b⟦U+000A⟧c") && !page.contains("b\nc"));
    let digest = hex(&manifest(&made.dir).report.sha256());
    let advice = std::fs::read_to_string(Path::new(&made.dir).join(ADVICE)).expect("the advice");
    assert!(page.contains(&digest) && advice.contains(&digest), "{advice}");
}

/// A store that would have to be read to count its events: its index has done so.
#[test]
fn what_the_index_counted_is_said_of_a_stream_too() {
    let case = odd();
    let options = Options {
        events: 2_000,
        ..Options::default()
    };
    let shop = orders::write(&case.path("shop"), &options, |_, _| ControlFlow::Continue(())).expect("a store");
    let (token, places) = (CancelToken::default(), Places::below(&case.path("home")));
    let work = Work::new(&token, &Silent);
    let session = Session::open(&work, &shop.store.to_string_lossy(), None, &places).expect("a store");
    let events = session.build_index(&work).expect("an index").event_count();
    let made = report(&work, &session, &case.of_streams(&["order-4711"]), None).expect("a report");
    let report = manifest(&made.dir).report;
    assert_eq!(report.scope.counts.store, Some(u64::from(events)));
    assert!(
        report.cover.headline.ends_with("invariants were not asked"),
        "{}",
        report.cover.headline
    );
}
