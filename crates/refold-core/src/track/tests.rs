use proptest::prelude::*;

use super::*;
use crate::event::{Position, Version};

fn track(columns: &[(i64, i64, i64)]) -> StreamTrack {
    StreamTrack {
        versions: columns.iter().map(|(version, _, _)| Version(*version)).collect(),
        positions: columns.iter().map(|(_, position, _)| Position(*position)).collect(),
        types: columns.iter().map(|_| TypeOrdinal(0)).collect(),
        recorded_at: columns.iter().map(|(_, _, time)| Timestamp(*time)).collect(),
    }
}

const NOW: Timestamp = Timestamp(100);

#[test]
fn the_floor_is_taken_never_the_nearest() {
    let track = track(&[(1, 10, 50), (2, 20, 60), (4, 40, 70)]);
    let cases = [
        (Cursor::Start, 0),
        (Cursor::Head, 3),
        (Cursor::Version(Version(0)), 0),
        (Cursor::Version(Version(3)), 2),
        (Cursor::Version(Version(9)), 3),
        (Cursor::Position(Position(39)), 2),
        (Cursor::At(Timestamp(49)), 0),
        (Cursor::At(Timestamp(69)), 2),
        (Cursor::Ago { nanos: 40 }, 2),
    ];
    for (cursor, moment) in cases {
        assert_eq!(track.resolve(&cursor, NOW), Ok(Moment(moment)), "{cursor}");
    }
}

/// What stood at a position that no event has is missing there, unless versions go on one by one.
#[test]
fn what_stood_between_events_is_missing_where_versions_leave_room() {
    let none = EventBatch::NO_VERSION.0;
    let of = |versions: [i64; 3]| {
        let [first, second, third] = versions;
        track(&[(first, 10, 1), (second, 20, 2), (third, 40, 3)])
    };
    let whole = Numbering::Whole { base: Some(1) };
    let cases = [
        ([1, 2, 3], whole, [None, None, None, Some(4)]),
        ([1, 2, 4], whole, [None, None, Some(3), Some(4)]),
        ([2, 3, 4], whole, [Some(1), None, None, Some(4)]),
        (
            [2, 3, 4],
            Numbering::Whole { base: None },
            [Some(1), None, None, Some(4)],
        ),
        ([1, 2, 3], Numbering::Skipping, [Some(1), Some(2), Some(3), Some(4)]),
        ([none; 3], whole, [Some(1), Some(2), Some(3), Some(4)]),
    ];
    for (versions, numbering, expected) in cases {
        let track = of(versions);
        let gaps = [5, 15, 30, 50].map(|lost| track.gap_at(Position(lost), numbering));
        assert_eq!(
            gaps.map(|gap| gap.map(|gap| gap.since.0)),
            expected,
            "{versions:?} {numbering:?}"
        );
        let behind = [10, 20, 40, 50].map(Position);
        let places = gaps.iter().zip(behind);
        assert!(
            places
                .into_iter()
                .all(|(gap, place)| gap.is_none_or(|gap| gap.position == place))
        );
    }
}

#[test]
fn a_stream_without_times_or_versions_says_so() {
    let track = track(&[(i64::MIN, 1, i64::MIN)]);
    assert_eq!(track.resolve(&Cursor::At(NOW), NOW), Err(CursorError::NoTimes));
    assert_eq!(
        track.resolve(&Cursor::Version(Version(1)), NOW),
        Err(CursorError::NoVersions)
    );
    assert_eq!(StreamTrack::default().resolve(&Cursor::At(NOW), NOW), Ok(Moment::START));
}

proptest! {
    /// Nothing after the moment is at or before the time, and the event at the moment is.
    #[test]
    fn after_the_moment_all_is_later(times in prop::collection::vec(-5_i64..50, 1..40), at in -10_i64..60) {
        let track = track(&times.iter().map(|time| (1, 1, *time)).collect::<Vec<_>>());
        let moment = track.resolve(&Cursor::At(Timestamp(at)), NOW).unwrap();
        prop_assert!(times[moment.0 as usize..].iter().all(|time| *time > at));
        prop_assert!(moment.event_index().is_none_or(|index| times[index] <= at));
    }
}
