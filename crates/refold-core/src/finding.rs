//! Findings: what is noteworthy in a store or a run and is no failure.
//!
//! A truncated payload, a version gap, a clock that runs backwards, an unknown event type, a handler that fails on one
//! event: the work goes on, and the finding is shown and exported. Nothing is skipped silently.

use std::collections::BTreeMap;
use std::sync::Mutex;

use crate::event::{Position, Version};

/// How much a finding should worry the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Notice,
    Warning,
    Error,
}

/// One finding. `code` is stable and documented in `docs/findings.md`; `detail` is a sentence for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub code: &'static str,
    pub severity: Severity,
    pub stream: Option<Box<[u8]>>,
    pub version: Option<Version>,
    pub position: Option<Position>,
    pub detail: String,
}

/// Collects findings from any thread. Of each code the first are kept whole ([`Findings::KEPT_PER_CODE`], or as many as
/// [`Findings::keeping`] says) and the rest counted, so that a store with ten million faults does not fill the memory.
/// First is what stands first in the record, and not what was reported first: which thread is faster tells nobody anything.
#[derive(Debug)]
pub struct Findings {
    most: usize,
    has_places: bool,
    by_code: Mutex<BTreeMap<&'static str, Found>>,
}

#[derive(Debug, Default)]
struct Found {
    count: u64,
    kept: Vec<Finding>,
    /// Of all of them, where that is wanted, in any order.
    places: Vec<Position>,
}

impl Default for Findings {
    fn default() -> Findings {
        Findings::of(Findings::KEPT_PER_CODE, false)
    }
}

impl Findings {
    pub const KEPT_PER_CODE: usize = 100;

    /// None yet; of each code the first `most` will be kept.
    pub fn keeping(most: usize) -> Findings {
        Findings::of(most, false)
    }

    /// None yet; of each code the first `most` will be kept, and of all others their position: eight bytes each. For the
    /// findings of one stream, whose events have theirs in the memory too.
    pub fn marking(most: usize) -> Findings {
        Findings::of(most, true)
    }

    /// None yet, that are kept alike: for what is put together with these later.
    pub fn alike(&self) -> Findings {
        Findings::of(self.most, self.has_places)
    }

    fn of(most: usize, has_places: bool) -> Findings {
        Findings {
            most,
            has_places,
            by_code: Mutex::default(),
        }
    }

    pub fn report(&self, finding: Finding) {
        let (code, position) = (finding.code, finding.position);
        self.report_with(code, position, || finding);
    }

    /// Reports a finding that is costly to write: `write` is called only if a finding at this position is kept whole.
    pub fn report_with(&self, code: &'static str, position: Option<Position>, write: impl FnOnce() -> Finding) {
        let mut by_code = self.by_code.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let found = by_code.entry(code).or_default();
        found.count += 1;
        found.places.extend(position.filter(|_| self.has_places));
        if found.has_room_at(position, self.most) {
            found.keep(write(), self.most);
        }
    }

    /// Adds findings of one code that were counted elsewhere: `count` of them, of which `kept` are the first.
    pub fn report_many(&self, code: &'static str, count: u64, kept: Vec<Finding>) {
        let mut by_code = self.by_code.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let found = by_code.entry(code).or_default();
        found.count += count;
        if self.has_places {
            found.places.extend(kept.iter().filter_map(|finding| finding.position));
        }
        kept.into_iter().for_each(|finding| found.keep(finding, self.most));
    }

    /// Adds all findings of the wanted codes, with their places where both have them.
    pub fn report_all(&self, more: &Findings, is_wanted: impl Fn(&str) -> bool) {
        for (code, count, kept) in more.summary() {
            if !is_wanted(code) {
                continue;
            }
            if !(self.has_places && more.has_places) {
                self.report_many(code, count, kept);
                continue;
            }
            let places = more.places(code);
            let mut by_code = self.by_code.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            let found = by_code.entry(code).or_default();
            found.count += count;
            found.places.extend(places);
            kept.into_iter().for_each(|finding| found.keep(finding, self.most));
        }
    }

    /// What another reading of the same events came upon of one code: whoever came upon more of it tells it, and nothing is
    /// counted twice.
    pub fn report_again(&self, code: &'static str, count: u64, kept: Vec<Finding>) {
        let mut by_code = self.by_code.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let found = by_code.entry(code).or_default();
        if count > found.count {
            *found = Found {
                count,
                kept: Vec::new(),
                places: Vec::new(),
            };
            if self.has_places {
                found.places.extend(kept.iter().filter_map(|finding| finding.position));
            }
            kept.into_iter().for_each(|finding| found.keep(finding, self.most));
        }
    }

    /// Codes in alphabetical order, each with its full count and the findings that were kept.
    pub fn summary(&self) -> Vec<(&'static str, u64, Vec<Finding>)> {
        let by_code = self.by_code.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        by_code
            .iter()
            .map(|(code, found)| (*code, found.count, found.kept.clone()))
            .collect()
    }

    /// How many there are of all codes.
    pub fn count(&self) -> u64 {
        let by_code = self.by_code.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        by_code.values().map(|found| found.count).sum()
    }

    /// All codes that something was found of, in alphabetical order.
    pub fn codes(&self) -> Vec<&'static str> {
        let by_code = self.by_code.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        by_code.keys().copied().collect()
    }

    /// Positions of the findings of a code, in any order: of all of them in [`Findings::marking`], of none otherwise. What
    /// is about no position has none.
    pub fn places(&self, code: &str) -> Vec<Position> {
        let by_code = self.by_code.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        by_code.get(code).map(|found| found.places.clone()).unwrap_or_default()
    }

    /// The findings at a position that were kept whole.
    pub fn kept_at(&self, position: Position) -> Vec<Finding> {
        let by_code = self.by_code.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let at = Some(position);
        let of = |found: &Found| {
            let first = found.kept.partition_point(|kept| kept.position < at);
            let rest = found.kept.get(first..).unwrap_or_default();
            rest.iter()
                .take_while(|kept| kept.position == at)
                .cloned()
                .collect::<Vec<_>>()
        };
        by_code.values().flat_map(of).collect()
    }

    pub fn is_empty(&self) -> bool {
        self.by_code
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .is_empty()
    }
}

impl Found {
    fn has_room_at(&self, position: Option<Position>, most: usize) -> bool {
        let last = self.kept.last().filter(|_| self.kept.len() >= most);
        last.is_none_or(|last| position <= last.position)
    }

    /// Those of one place stay in the order in which they came: one thread has told them.
    fn keep(&mut self, finding: Finding, most: usize) {
        let at = self.kept.partition_point(|kept| kept.place() <= finding.place());
        if at < most {
            self.kept.insert(at, finding);
            self.kept.truncate(most);
        }
    }
}

impl Finding {
    /// Where it stands in the record. What is about no position stands first.
    fn place(&self) -> (Option<Position>, Option<&[u8]>, Option<Version>) {
        (self.position, self.stream.as_deref(), self.version)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(position: i64) -> Finding {
        Finding {
            code: "code",
            severity: Severity::Notice,
            stream: Some(position.to_string().into_bytes().into()),
            version: None,
            position: (position % 7 > 0).then_some(Position(position)),
            detail: String::new(),
        }
    }

    #[test]
    fn what_is_read_again_is_counted_once() {
        let found = Findings::default();
        (1..4).for_each(|position| found.report(at(position)));
        for count in [2, 3, 5, 4] {
            let again = (1..=count).map(|position| at(position.try_into().unwrap())).collect();
            found.report_again("code", count, again);
        }
        found.report_again("other", 1, vec![at(1)]);
        let told: Vec<(&str, u64, usize)> = found
            .summary()
            .iter()
            .map(|(code, count, kept)| (*code, *count, kept.len()))
            .collect();
        assert_eq!(told, [("code", 5, 5), ("other", 1, 1)]);
    }

    #[test]
    fn all_places_are_known_where_few_findings_are_kept() {
        let (all, part) = (Findings::marking(3), Findings::default());
        let more = all.alike();
        (1..=20).for_each(|position| all.report(at(position)));
        (21..=30).for_each(|position| more.report_with("code", at(position).position, || at(position)));
        part.report(at(31));
        all.report_all(&more, |_| true);
        all.report_all(&more, |code| code == "other");
        all.report_all(&part, |_| true);
        let with_place = |position: &i64| position % 7 > 0;
        let wanted: Vec<Position> = (1..=31).filter(with_place).map(Position).collect();
        let mut places = all.places("code");
        places.sort_unstable();
        assert_eq!((places, all.count(), all.codes()), (wanted, 31, vec!["code"]));
        assert_eq!(all.places("other"), []);
        assert_eq!(part.places("code"), []);
        // Those at no position stand first, and so nothing else was kept.
        assert_eq!(all.kept_at(Position(1)), []);
        assert_eq!(part.kept_at(Position(31)), [at(31)]);
    }

    proptest! {
        /// Threads tell in any order, and findings of several readings are put together in any order.
        #[test]
        fn what_is_kept_hangs_on_the_record_alone(
            shuffled in Just((0..300).collect::<Vec<i64>>()).prop_shuffle(),
            cut in 0..300_usize,
        ) {
            let (first, rest) = shuffled.split_at(cut);
            let (all, more) = (Findings::default(), Findings::default());
            first.iter().for_each(|position| all.report(at(*position)));
            rest.iter().for_each(|position| more.report_with("code", at(*position).position, || at(*position)));
            for (code, count, kept) in more.summary() {
                all.report_many(code, count, kept);
            }
            let ordered = Findings::default();
            let mut findings: Vec<Finding> = (0..300).map(at).collect();
            findings.sort_by(|a, b| a.place().cmp(&b.place()));
            findings.into_iter().for_each(|finding| ordered.report(finding));
            prop_assert_eq!(all.summary(), ordered.summary());
        }
    }
}
