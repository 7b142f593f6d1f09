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
