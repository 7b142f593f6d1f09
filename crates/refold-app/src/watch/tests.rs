use std::time::Duration;

use super::pace::Pace;
use super::{Look, Told};

const fn millis(count: u64) -> Duration {
    Duration::from_millis(count)
}

#[test]
fn a_store_that_grows_is_looked_at_soon_and_one_that_rests_seldom() {
    let mut pace = Pace::default();
    assert_eq!(pace.wait(), millis(250));
    pace.looked(Some(false), millis(1));
    assert_eq!(pace.wait(), millis(375));
    for _ in 0..10 {
        pace.looked(Some(false), millis(1));
    }
    assert_eq!(pace.wait(), millis(2_000));
    pace.looked(Some(true), millis(1));
    assert_eq!(pace.wait(), millis(250));
}

#[test]
fn looking_takes_a_fifth_of_the_time_at_most() {
    let mut pace = Pace::default();
    for outcome in [Some(true), Some(false), Some(true)] {
        pace.looked(outcome, millis(3_000));
        assert!(pace.wait() >= millis(12_000));
    }
}

#[test]
fn a_store_out_of_reach_is_tried_ever_more_seldom_until_it_is_back() {
    let mut pace = Pace::default();
    let mut waits = Vec::new();
    for _ in 0..8 {
        pace.looked(None, millis(1));
        waits.push(pace.wait().as_secs());
    }
    assert_eq!(waits, [1, 2, 4, 8, 16, 30, 30, 30]);
    pace.looked(Some(false), millis(1));
    assert_eq!(pace.wait(), millis(250));
}

/// Each look opens it as a whole, and finds the same.
#[test]
fn another_store_is_looked_at_seldom_at_once() {
    let mut pace = Pace::default();
    pace.looked(Some(false), millis(1));
    pace.found_another();
    assert_eq!(pace.wait(), millis(30_000));
    pace.looked(Some(true), millis(1));
    assert_eq!(pace.wait(), millis(250));
}

#[test]
fn a_store_that_cannot_be_followed_is_told_of_once_and_shown_as_of_when_it_was_read() {
    let (mut told, pace) = (Told::new(None), Pace::default());
    "then".clone_into(&mut told.as_of);
    assert!(told.take(Ok(Look::Outdated), &pace));
    assert!(!told.take(Ok(Look::Outdated), &pace));
    let news = told.news(Vec::new());
    assert!(news.is_outdated && news.lost.is_none());
    assert_eq!(news.as_of, "then");
}

#[test]
fn the_size_is_of_when_the_store_was_read_last() {
    let (mut told, pace) = (Told::new(None), Pace::default());
    assert_eq!(told.news(Vec::new()).size, None);
    for (byte_count, size) in [(Some(2_048), Some("2.0 kB")), (None, None)] {
        let grown = Look::Grown {
            events: Some(3),
            new_events: 1,
            byte_count,
        };
        assert!(told.take(Ok(grown), &pace));
        told.take(Ok(Look::Same), &pace);
        assert_eq!(told.news(Vec::new()).size.as_deref(), size);
    }
}
