//! The span of time that holds nearly all events, so that a few stray times do not squeeze the rest into one column.

use std::ops::Range;

/// Of fewer events none is a stray one.
const LEAST_EVENTS: u32 = 50;
/// So many events at either end may be stray, and one in a thousand.
const STRAY_EVENTS: u32 = 2;

/// The part of `span` (nanoseconds since the epoch) from the first to the last event that is no farther from those at its
/// core than these are from each other; `None` where that is all of it. `count_before` says how many events there are before an instant.
pub fn robust_span<E>(
    span: &Range<i64>,
    count_before: impl Fn(i64) -> Result<u32, E>,
) -> Result<Option<Range<i64>>, E> {
    let events = count_before(span.end)?;
    if events < LEAST_EVENTS {
        return Ok(None);
    }
    let stray = STRAY_EVENTS.max(events / 1_000);
    let first = instant_of(span, stray, &count_before)?;
    let last = instant_of(span, events - stray - 1, &count_before)?;
    let margin = last.saturating_sub(first).max(1);
    let robust = first.saturating_sub(margin).max(span.start)..last.saturating_add(margin).min(span.end);
    let (before, until) = (count_before(robust.start)?, count_before(robust.end)?);
    if before == 0 && until == events {
        return Ok(None);
    }
    // From event to event: the margin only said which of them belong to the rest.
    let first = instant_of(span, before, &count_before)?;
    let last = instant_of(span, until - 1, &count_before)?;
    Ok(Some(first..last.saturating_add(1)))
}

/// When the event with this rank was, which counts from 0.
fn instant_of<E>(span: &Range<i64>, rank: u32, count_before: &impl Fn(i64) -> Result<u32, E>) -> Result<i64, E> {
    let (mut low, mut high) = (span.start, span.end);
    // The last instant before which there are no more than `rank` events.
    while high.saturating_sub(low) > 1 {
        let middle = low.midpoint(high);
        if count_before(middle)? > rank {
            high = middle;
        } else {
            low = middle;
        }
    }
    Ok(low)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(times: &[i64]) -> Option<Range<i64>> {
        let before = |end: i64| -> Result<u32, ()> { Ok(times.iter().filter(|time| **time < end).count() as u32) };
        let span = *times.iter().min().unwrap()..times.iter().max().unwrap() + 1;
        robust_span(&span, before).unwrap()
    }

    #[test]
    fn two_stray_times_do_not_stretch_the_span() {
        let mut times: Vec<i64> = (1_000_000..1_000_200).collect();
        assert_eq!(of(&times), None);
        times.extend([-5_000_000_000, -4_000_000_000]);
        let cut = of(&times).unwrap();
        assert_eq!(cut, 1_000_000..1_000_200);
        assert_eq!(of(&times[180..]), None, "few events are all shown");
    }

    proptest! {
        #[test]
        fn at_most_one_in_a_thousand_is_cut_at_either_end(
            core in prop::collection::vec(0..1_000_000_i64, 1..400),
            stray in prop::collection::vec(-1_000_000_000_000..1_000_000_000_000_i64, 0..4),
        ) {
            let times = [core, stray].concat();
            if let Some(cut) = of(&times) {
                prop_assert!(times.iter().filter(|time| **time < cut.start).count() <= 2);
                prop_assert!(times.iter().filter(|time| **time >= cut.end).count() <= 2);
                prop_assert!(times.len() >= 50 && times.iter().any(|time| !cut.contains(time)));
            }
        }
    }
}
