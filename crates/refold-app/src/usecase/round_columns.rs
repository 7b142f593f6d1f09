//! Columns of time that begin where a person would cut: at whole seconds, hours, days.

use std::ops::Range;

const SECOND: i64 = 1_000_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// The epoch was a Thursday: weeks begin four days later.
const FIRST_MONDAY: i64 = 4 * DAY;

/// Widths in nanoseconds, ascending. Above them widths double.
const WIDTHS: [i64; 31] = [
    1,
    10,
    100,
    1_000,
    10_000,
    100_000,
    1_000_000,
    10_000_000,
    100_000_000,
    SECOND,
    2 * SECOND,
    5 * SECOND,
    10 * SECOND,
    15 * SECOND,
    30 * SECOND,
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
    2 * DAY,
    7 * DAY,
    14 * DAY,
    28 * DAY,
];

/// The narrowest round columns, at most `most` of them, that cover `span` (nanoseconds since the epoch): the window
/// from the start of the first to the end of the last, and how many there are. `None` where no such window fits into
/// 64 bits.
pub fn round_columns(span: &Range<i64>, most: u32) -> Option<(Range<i64>, u32)> {
    let doubled = std::iter::successors(Some(56 * DAY), |width| width.checked_mul(2));
    WIDTHS.into_iter().chain(doubled).find_map(|width| {
        let origin = if width >= 7 * DAY { FIRST_MONDAY } else { 0 };
        let first = span.start.checked_sub(origin)?.div_euclid(width);
        let last = (span.end.max(span.start.saturating_add(1)) - 1)
            .checked_sub(origin)?
            .div_euclid(width);
        let columns = u32::try_from(last - first + 1)
            .ok()
            .filter(|columns| *columns <= most)?;
        let start = first.checked_mul(width)?.checked_add(origin)?;
        let end = (last + 1).checked_mul(width)?.checked_add(origin)?;
        Some((start..end, columns))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn half_a_month_in_at_most_sixty_columns_is_cut_every_six_hours() {
        // 1970-01-03T09:12:04Z to 1970-01-15T10:30:00Z
        let span = 2 * DAY + 9 * HOUR + 12 * MINUTE + 4 * SECOND..14 * DAY + 10 * HOUR + 30 * MINUTE;
        let (window, columns) = round_columns(&span, 60).unwrap();
        assert_eq!((window, columns), (2 * DAY + 6 * HOUR..14 * DAY + 12 * HOUR, 49));
    }

    #[test]
    fn weeks_begin_on_mondays() {
        let (window, columns) = round_columns(&(5 * DAY..20 * DAY), 3).unwrap();
        assert_eq!((window, columns), (4 * DAY..25 * DAY, 3));
    }

    proptest! {
        #[test]
        fn columns_cover_the_span_and_are_no_more_than_asked_for(start: i64, length in 0..i64::MAX, most in 1_u32..500) {
            let span = start..start.saturating_add(length);
            if let Some((window, columns)) = round_columns(&span, most) {
                prop_assert!(window.start <= span.start && span.end <= window.end && columns <= most);
                let width = (i128::from(window.end) - i128::from(window.start)) / i128::from(columns);
                prop_assert_eq!(width * i128::from(columns), i128::from(window.end) - i128::from(window.start));
                prop_assert!(i128::from(span.start) - i128::from(window.start) < width);
            }
        }
    }
}
