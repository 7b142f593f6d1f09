//! Positions of findings in runs of neighbours: what is kept of all findings of a code, where their words are kept of the
//! first only. It must not know what was found.

use refold_core::event::Position;
use serde::{Deserialize, Serialize};

/// Ascending positions, each once. Written as distances and lengths in turn, which is short for what is rare as for what
/// every event has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<i128>", into = "Vec<i128>")]
pub(super) struct Places {
    runs: Vec<Run>,
}

/// The positions from the first to the last, both among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) first: i64,
    pub(super) last: i64,
}

impl Places {
    pub(super) fn of(mut positions: Vec<Position>) -> Places {
        positions.sort_unstable();
        let mut places = Places::default();
        for Position(position) in positions {
            places.push(Run {
                first: position,
                last: position,
            });
        }
        places
    }

    /// Adds others, wherever they lie.
    pub(super) fn add(&mut self, more: &Places) {
        let is_behind = match (self.runs.last(), more.runs.first()) {
            (Some(last), Some(first)) => last.last < first.first,
            (None, _) | (_, None) => true,
        };
        if !is_behind {
            let mut runs = std::mem::take(&mut self.runs);
            runs.extend_from_slice(&more.runs);
            runs.sort_unstable_by_key(|run| run.first);
            runs.into_iter().for_each(|run| self.push(run));
            return;
        }
        more.runs.iter().for_each(|run| self.push(*run));
    }

    /// How many positions there are.
    pub(super) fn len(&self) -> u64 {
        self.runs
            .iter()
            .map(|run| run.last.abs_diff(run.first).saturating_add(1))
            .sum()
    }

    pub(super) fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// The positions behind one; `None`: all.
    pub(super) fn behind(&self, after: Option<Position>) -> impl Iterator<Item = Position> + '_ {
        let is_before = |run: &Run| after.is_some_and(|after| run.last <= after.0);
        let runs = self
            .runs
            .get(self.runs.partition_point(is_before)..)
            .unwrap_or_default();
        let positions = runs.iter().flat_map(|run| run.first..=run.last);
        let positions = positions.skip_while(move |position| after.is_some_and(|after| *position <= after.0));
        positions.map(Position)
    }

    /// A run that begins at none of those before the last, which it is joined to where they touch.
    fn push(&mut self, run: Run) {
        match self.runs.last_mut() {
            Some(last) if run.first <= last.last.saturating_add(1) => last.last = last.last.max(run.last),
            _ => self.runs.push(run),
        }
    }
}

impl From<Vec<i128>> for Places {
    fn from(numbers: Vec<i128>) -> Places {
        let mut places = Places::default();
        let mut at = 0_i128;
        for pair in numbers.chunks_exact(2) {
            let [distance, length] = pair else { continue };
            let first = at.saturating_add(*distance);
            at = first.saturating_add(*length);
            // What was written from 64 bits; checksums say that it still is what was written.
            if let (Ok(first), Ok(last)) = (i64::try_from(first), i64::try_from(at)) {
                places.push(Run { first, last });
            }
        }
        places
    }
}

impl From<Places> for Vec<i128> {
    fn from(places: Places) -> Vec<i128> {
        let mut at = 0_i128;
        let mut numbers = Vec::with_capacity(places.runs.len() * 2);
        for run in places.runs {
            let (first, last) = (i128::from(run.first), i128::from(run.last));
            numbers.extend([first - at, last - first]);
            at = last;
        }
        numbers
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn position() -> impl Strategy<Value = i64> {
        prop_oneof![8 => -20_i64..60, 1 => any::<i64>(), 1 => Just(i64::MAX), 1 => Just(i64::MIN)]
    }

    fn listed(places: &Places, after: Option<i64>) -> Vec<i64> {
        let behind = places.behind(after.map(Position));
        behind.map(|position| position.0).collect()
    }

    proptest! {
        #[test]
        fn they_are_the_set_of_all_however_they_came_and_survive_being_written(
            one in proptest::collection::vec(position(), 0..40), other in proptest::collection::vec(position(), 0..40),
            after in proptest::option::of(position()),
        ) {
            let of = |positions: &[i64]| Places::of(positions.iter().copied().map(Position).collect());
            let mut places = of(&one);
            places.add(&of(&other));
            let all: BTreeSet<i64> = one.iter().chain(&other).copied().collect();
            prop_assert_eq!(places.len(), all.len() as u64);
            prop_assert_eq!(listed(&places, None), all.iter().copied().collect::<Vec<_>>());
            let behind = all.iter().copied().filter(|position| after.is_none_or(|after| *position > after));
            prop_assert_eq!(listed(&places, after), behind.collect::<Vec<_>>());
            let written = serde_json::to_vec(&places).unwrap();
            prop_assert_eq!(serde_json::from_slice::<Places>(&written).unwrap(), places);
        }
    }

    #[test]
    fn what_every_event_has_takes_no_room() {
        let places = Places::of((1..=1_000_000).map(Position).collect());
        assert_eq!(serde_json::to_string(&places).unwrap(), "[1,999999]");
    }
}
