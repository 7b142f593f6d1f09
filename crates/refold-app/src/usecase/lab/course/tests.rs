//! A bar says of each part what looking at each of its moments says.

use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn a_part_is_what_its_moments_are(events in 1_u32..900, mut turns in prop::collection::vec(1_u32..900, 0..30)) {
        turns.retain(|turn| *turn <= events);
        turns.sort_unstable();
        turns.dedup();
        let bad: Vec<(u32, u32)> = turns
            .chunks(2)
            .map(|turn| (turn[0], turn.get(1).copied().unwrap_or(events + 1)))
            .collect();
        let is_bad = |moment: u32| bad.iter().any(|(from, until)| (*from..*until).contains(&moment));
        let bar = bar(&bad, events);
        prop_assert_eq!(bar.len(), events.min(BAR_PARTS) as usize);
        let mut moment = 1;
        for (part, mark) in bar.iter().enumerate() {
            let end = ((part as u64 + 1) * u64::from(events) / bar.len() as u64) as u32 + 1;
            let marks: Vec<bool> = (moment..end).map(is_bad).collect();
            let wanted = match (marks.contains(&true), marks.contains(&false)) {
                (true, true) => CourseMark::Mixed,
                (true, false) => CourseMark::Bad,
                (false, _) => CourseMark::Good,
            };
            prop_assert_eq!(*mark, wanted, "part {}", part);
            moment = end;
        }
        prop_assert_eq!(moment, events + 1);
    }
}
