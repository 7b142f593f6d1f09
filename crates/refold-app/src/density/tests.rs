use std::sync::Arc;

use proptest::prelude::*;
use refold_core::event::{Encoding, Version};
use refold_core::finding::{Finding, Findings};
use refold_core::work::{CancelToken, Silent, Work};
use refold_stores::memory::{MemoryEvent, MemoryStore};

use super::*;
use crate::Session;

fn stream(events: &[(i64, u8)]) -> Stream {
    let events = events.iter().zip(1..).map(|((time, kind), place)| MemoryEvent {
        position: Position(place),
        stream: b"s".to_vec(),
        category: b"c".to_vec(),
        version: Version(place),
        event_type: vec![b'A' + kind],
        recorded_at: Timestamp(*time),
        payload: None,
        encoding: Encoding::Json,
        metadata: None,
    });
    let store = MemoryStore::new("density", events.collect());
    let session = Session::of_store(Arc::new(store), "memory", std::path::Path::new("/nowhere"));
    let cancel = CancelToken::default();
    Stream::load(&Work::new(&cancel, &Silent), &session, "s", &Findings::default()).unwrap()
}

proptest! {
    /// Against the definition, event by event: sorted or not, whatever the window and the number of columns.
    #[test]
    fn counts_are_those_of_the_definition(
        events in proptest::collection::vec((-1000..1000_i64, 0..4_u8), 1..60), is_sorted: bool,
        from in -1100..1000_i64, span in 1..1500_i64, columns in 1..70_u32,
    ) {
        let mut events = events;
        if is_sorted {
            events.sort();
        }
        let stream = stream(&events);
        let series: Vec<String> = ["A", "B", "C", "D"].map(str::to_owned).to_vec();
        let query = DensityQuery {
            axis: Axis::Time,
            from: text::time_label(Timestamp(from), 9),
            to: text::time_label(Timestamp(from + span), 9),
            columns,
        };
        let frame = of_stream(&stream, &StreamDensity::new(&stream.track), &series, &Marks::default(), &query, 9).unwrap();
        let present = |name: &&String| events.iter().any(|(_, kind)| **name == char::from(b'A' + kind).to_string());
        prop_assert_eq!(&frame.series, &series.iter().filter(present).cloned().collect::<Vec<_>>());
        let slot = |kind: u8| frame.series.iter().position(|name| *name == char::from(b'A' + kind).to_string());
        let mut expected = vec![0_u32; columns as usize * frame.series.len()];
        for (time, kind) in &events {
            for column in 0..columns {
                let start = |column: u32| from + (span * i64::from(column)).div_euclid(i64::from(columns));
                if start(column) <= *time && *time < start(column + 1) {
                    expected[column as usize * frame.series.len() + slot(*kind).unwrap()] += 1;
                }
            }
        }
        prop_assert_eq!(&frame.counts, &expected);
        let inside = events.iter().filter(|(time, _)| (from..from + span).contains(time)).count();
        prop_assert_eq!(frame.counts.iter().sum::<u32>() as usize, inside);
        for axis in [Axis::Version, Axis::Position] {
            let all = DensityQuery { axis, from: String::new(), to: String::new(), columns };
            let frame = of_stream(&stream, &StreamDensity::new(&stream.track), &series, &Marks::default(), &all, 9).unwrap();
            prop_assert_eq!(frame.counts.iter().sum::<u32>() as usize, events.len());
        }
    }
}

#[test]
fn rare_types_are_counted_together_and_findings_are_flagged() {
    let events: Vec<(i64, u8)> = (0..40).map(|kind| (i64::from(kind), kind)).collect();
    let stream = stream(&events);
    let series: Vec<String> = (0..40).map(|kind| text::shown(&[b'A' + kind])).collect();
    let findings = Findings::marking(1);
    for (code, place) in [("clock-backwards", 1), ("RF-EVENT-MALFORMED", 40)] {
        findings.report(Finding {
            code,
            severity: refold_core::finding::Severity::Warning,
            stream: None,
            version: None,
            position: Some(Position(place)),
            detail: String::new(),
        });
    }
    let marks = Marks::of(&stream, &findings, &[]);
    let query = DensityQuery {
        axis: Axis::Version,
        from: String::new(),
        to: String::new(),
        columns: 4,
    };
    let frame = of_stream(&stream, &StreamDensity::new(&stream.track), &series, &marks, &query, 9).unwrap();
    assert_eq!(
        (frame.series.len(), frame.series.last().map(String::as_str)),
        (32, Some(OTHER))
    );
    assert_eq!(
        frame
            .counts
            .chunks(32)
            .map(|column| column.iter().sum::<u32>())
            .collect::<Vec<_>>(),
        [10; 4]
    );
    assert_eq!(frame.counts.chunks(32).map(|column| column[31]).sum::<u32>(), 9);
    assert_eq!(frame.flags, [FLAG_PROBLEM, 0, 0, FLAG_PROBLEM | FLAG_UNDECODABLE]);
    assert_eq!(frame.problems, [1, 0, 0, 1]);
    let empty = DensityQuery {
        from: "9".to_owned(),
        to: "9".to_owned(),
        ..query
    };
    assert!(of_stream(&stream, &StreamDensity::new(&stream.track), &series, &marks, &empty, 9).is_err());
}

proptest! {
    /// Event by event: the longest gap before an event of the column, and none where a time is missing or runs back.
    #[test]
    fn paces_are_those_of_the_definition(
        times in proptest::collection::vec(prop_oneof![Just(None), (0..9_000_000_000_i64).prop_map(Some)], 1..40),
        columns in 1..60_u32,
    ) {
        let none = Timestamp::NONE.0;
        let events: Vec<(i64, u8)> = times.iter().map(|time| (time.unwrap_or(none), 0)).collect();
        let stream = stream(&events);
        let window = 1..i64::try_from(events.len()).unwrap() + 1;
        let mut expected = vec![0_u8; columns as usize];
        for (pair, moment) in times.windows(2).zip(2_i64..) {
            let [Some(before), Some(after)] = pair else { continue };
            if after < before {
                continue;
            }
            let mut level = 1_u8;
            let mut bound = 2;
            while (after - before) / 1_000_000 + 1 >= bound {
                (level, bound) = (level + 1, bound * 2);
            }
            let column = column_of(&window, columns, moment).unwrap() as usize;
            expected[column] = expected[column].max(level);
        }
        prop_assert_eq!(paces(&stream, &window, columns), expected);
    }
}
