use std::fmt::Write as _;

use proptest::prelude::*;
use refold_core::work::{CancelToken, Silent};

use super::*;
use crate::places::Places;

fn with_work<T>(run: impl FnOnce(&Work<'_>) -> T) -> T {
    run(&Work::new(&CancelToken::default(), &Silent))
}

/// Stream, seconds of recorded and of occurred time; none: the event has no such time.
type Row = (u8, Option<i64>, Option<i64>);

const START: i64 = 1_780_000_000;

fn session_of(rows: &[Row], folder: &std::path::Path) -> Session {
    let mut versions = [0; 4];
    let mut lines = String::new();
    for (at, (stream, recorded, occurred)) in rows.iter().enumerate() {
        let version = &mut versions[usize::from(*stream)];
        *version += 1;
        let mut line = serde_json::json!({
            "position": (at + 1).to_string(), "stream": format!("s-{stream}"), "version": version.to_string(),
            "type": format!("T{}", at % 3), "correlation_id": format!("affair-{}", stream % 2), "payload": {},
        });
        for (name, seconds) in [("recorded_at", recorded), ("occurred_at", occurred)] {
            if let Some(seconds) = seconds {
                line[name] = text::time_label(Timestamp((START + seconds) * 1_000_000_000), 0).into();
            }
        }
        writeln!(lines, "{line}").unwrap();
    }
    let store = folder.join("events.jsonl");
    std::fs::write(&store, lines).unwrap();
    with_work(|work| Session::open(work, store.to_str().unwrap(), None, &Places::below(folder))).unwrap()
}

fn at(seconds: i64) -> String {
    instant(Timestamp((START + seconds) * 1_000_000_000))
}

fn arbitrary_rows() -> impl Strategy<Value = Vec<Row>> {
    let time = || prop::option::weighted(0.9, 0_i64..60);
    prop::collection::vec((0_u8..3, time(), time()), 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Against a loop over all events: floors, steps, and every event with a time in exactly one mark.
    #[test]
    fn lanes_equal_a_loop_over_all_events(rows in arbitrary_rows(), by_occurred in any::<bool>(), from in -5_i64..40, width in 1_i64..50, cells in 1_u32..30) {
        let folder = tempfile::tempdir().unwrap();
        let session = session_of(&rows, folder.path());
        let clock = if by_occurred { Clock::Occurred } else { Clock::Recorded };
        let mut ids: Vec<u8> = rows.iter().map(|row| row.0).collect();
        ids.sort_unstable();
        ids.dedup();
        let names: Vec<String> = ids.iter().map(|id| format!("s-{id}")).collect();
        let lanes = with_work(|work| Lanes::open(work, &session, &names, clock)).unwrap();
        let time_of = |row: &Row| if by_occurred { row.2 } else { row.1 };
        let page = lanes.page(&LanesQuery { from: at(from), to: at(from + width), cells }).unwrap();
        let here = lanes.at(&at(from)).unwrap();
        for (lane, id) in ids.iter().enumerate() {
            let own: Vec<Option<i64>> = rows.iter().filter(|row| row.0 == *id).map(time_of).collect();
            let floor = own.iter().rposition(|time| time.is_some_and(|time| time <= from)).map_or(0, |at| at + 1);
            prop_assert_eq!(here[lane].moment as usize, floor);
            let own_time = floor.checked_sub(1).and_then(|row| own[row]).map(at).unwrap_or_default();
            prop_assert_eq!(&here[lane].time, &own_time);
            let inside = own.iter().flatten().filter(|time| (from..from + width).contains(time)).count();
            let marked: u32 = page.lanes[lane].iter().map(|mark| mark.events).sum();
            prop_assert_eq!(marked as usize, inside);
            prop_assert!(page.lanes[lane].is_sorted_by(|a, b| a.cell < b.cell));
            prop_assert!(page.lanes[lane].iter().all(|mark| mark.cell < cells));
            for mark in &page.lanes[lane] {
                // The cell that the time of its latest event lies in, in exact arithmetic.
                let nanos = Timestamp::parse(&mark.time).unwrap().0 - (START + from) * 1_000_000_000;
                let start = |cell: u32| i128::from(width) * 1_000_000_000 * i128::from(cell) / i128::from(cells);
                prop_assert!(start(mark.cell) <= i128::from(nanos) && i128::from(nanos) < start(mark.cell + 1));
            }
        }
        let all: Vec<i64> = rows.iter().filter_map(time_of).collect();
        let next = lanes.step(&at(from), SearchDirection::Forward).unwrap().map(|step| step.time);
        prop_assert_eq!(next, all.iter().filter(|time| **time > from).min().map(|time| at(*time)));
        let before = lanes.step(&at(from), SearchDirection::Backward).unwrap().map(|step| step.time);
        prop_assert_eq!(before, all.iter().filter(|time| **time < from).max().map(|time| at(*time)));
        let mut merged = Vec::new();
        with_work(|work| lanes.merged(work, u64::MAX, &mut |event| { merged.push(event.time); Ok(()) })).unwrap();
        prop_assert_eq!(merged.len(), all.len());
        let most = all.len() / 2;
        let mut first = Vec::new();
        with_work(|work| lanes.merged(work, most as u64, &mut |event| { first.push(event.time); Ok(()) })).unwrap();
        prop_assert_eq!(&first, &merged[..most]);
        prop_assert!(merged.is_sorted());
        let described = lanes.describe(7);
        prop_assert_eq!(described.first, all.iter().min().map(|time| at(*time)).unwrap_or_default());
        let untimed: u32 = described.streams.iter().map(|stream| stream.without_time).sum();
        prop_assert_eq!(untimed as usize, rows.len() - all.len());
    }
}

#[test]
fn the_streams_of_a_correlation_are_the_same_with_an_index_of_ids() {
    let folder = tempfile::tempdir().unwrap();
    let rows: Vec<Row> = (0..30).map(|row| (row as u8 % 4, Some(row), None)).collect();
    let session = session_of(&rows, folder.path());
    let stream = with_work(|work| Stream::load(work, &session, "s-2", &Findings::default())).unwrap();
    let near = with_work(|work| of_correlation(work, &session, &stream, Moment(3))).unwrap();
    assert_eq!(
        (near.correlation_id.as_str(), near.streams),
        ("affair-0", vec!["s-0".to_owned(), "s-2".to_owned()])
    );
    assert!(!near.is_cut && near.looked_at.is_none());
    let all = with_work(|work| of_correlation_id(work, &session, "affair-1")).unwrap();
    assert_eq!(all.streams, ["s-1", "s-3"]);
    let error = with_work(|work| of_correlation_id(work, &session, "affair-9")).unwrap_err();
    assert!(
        error.message.contains("no event has this correlation id"),
        "{}",
        error.message
    );
}

#[test]
fn more_lanes_than_can_be_shown_are_refused_and_said() {
    let folder = tempfile::tempdir().unwrap();
    let session = session_of(&[(0, Some(1), None)], folder.path());
    for count in [0, MOST_LANES + 1] {
        let names = vec!["s-0".to_owned(); count];
        let error = with_work(|work| Lanes::open(work, &session, &names, Clock::Recorded))
            .err()
            .unwrap();
        assert!(error.hint.contains("1 to 24"), "{}", error.hint);
    }
}
