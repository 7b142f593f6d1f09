//! Which event of one stream is which of another, and what comes of it. Pure: it knows events by the hashes of their parts.
//!
//! Events that are the same are each other, then those with the same id. The longest run of them that stands in the same
//! order stays, the others moved. What is left between two that stay is paired in order where it is as many on both sides,
//! else by what was said in it, else by version.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

use refold_core::diff::longest_ascending;
use refold_core::event::{EventBatch, Position, Version};

use super::measure::{EventPart, Parts};

/// What counts of one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// Of each carried part; all alike where it does not count.
    pub hashes: [u64; EventPart::CARRIED.len()],
    pub has_id: bool,
    pub is_readable: bool,
    pub version: Version,
    pub position: Position,
}

impl Entry {
    fn of(&self, part: EventPart) -> u64 {
        self.hashes.get(part as usize).copied().unwrap_or_default()
    }

    fn is_same(&self, other: &Entry) -> bool {
        self.is_readable && other.is_readable && self.hashes == other.hashes
    }
}

/// What two streams come to, event by event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    /// So many at the start of both are the same, in the same order.
    pub prefix: u32,
    pub equal: u32,
    pub different: u32,
    /// Of the different ones, those that stand elsewhere in their stream.
    pub moved: u32,
    /// Of the different ones, those that say the same: no more differs than their place and its number.
    pub only_placed: u32,
    pub only_left: u32,
    pub only_right: u32,
    pub unclear_left: u32,
    pub unclear_right: u32,
    /// Different ones by what differs of them.
    pub by_part: [u32; EventPart::ALL.len()],
    /// It was too long for more than holding the first against the first, and so on: no versions say which is which.
    pub is_by_place: bool,
    /// The first that differs; where none does, the first that is unclear.
    pub first: Option<First>,
    has_pair_after_lone: bool,
    /// So many pairs and lone events are not the same.
    pub unequal: u32,
    /// These, in their order: the first `most_kept` of them.
    pub kept: Vec<First>,
    most_kept: usize,
}

/// Where a stream differs, first or at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct First {
    pub left: Option<Place>,
    pub right: Option<Place>,
    /// None, where one of both is not there.
    pub parts: Parts,
    pub is_unclear: bool,
}

/// Where an event stands in one of both stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub position: Position,
    pub version: Version,
}

/// How a stream of one store is to that of another. In the order in which they worry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum StreamKind {
    /// Events differ, and each has its counterpart.
    Changed,
    /// Events are missing, or there are more, not only at the end.
    Missing,
    /// The same events, in another order, and maybe numbered anew by it.
    Order,
    /// The left one ends earlier, and is the same up to there.
    LeftBehind,
    RightBehind,
    OnlyLeft,
    OnlyRight,
    /// Some of it cannot be read, and the rest is the same.
    Unclear,
    Equal,
}

impl Outcome {
    /// One that keeps where the first `most` stand that are not the same.
    pub fn keeping(most: usize) -> Outcome {
        Outcome {
            most_kept: most,
            ..Outcome::default()
        }
    }

    pub fn kind(&self) -> StreamKind {
        let others = self.different + self.unclear_left + self.unclear_right;
        match (self.only_left, self.only_right) {
            (0, 0) if self.moved > 0 && self.different == self.only_placed => StreamKind::Order,
            (0, 0) if self.different > 0 => StreamKind::Changed,
            (0, 0) if others > 0 => StreamKind::Unclear,
            (0, 0) => StreamKind::Equal,
            (0, _) if others == 0 && !self.has_pair_after_lone => StreamKind::LeftBehind,
            (_, 0) if others == 0 && !self.has_pair_after_lone => StreamKind::RightBehind,
            _ => StreamKind::Missing,
        }
    }

    /// Takes what stands next: a pair, or one that has no counterpart.
    pub fn take(&mut self, left: Option<&Entry>, right: Option<&Entry>, has_moved: bool) {
        let mut parts = Parts::default();
        let mut is_unclear = false;
        match (left, right) {
            (Some(left), Some(right)) => {
                self.has_pair_after_lone |= self.only_left + self.only_right > 0;
                if left.is_same(right) && !has_moved {
                    self.equal += 1;
                    self.prefix += u32::from(self.first.is_none());
                    return;
                }
                is_unclear = !(left.is_readable && right.is_readable);
                if is_unclear {
                    self.unclear_left += 1;
                    self.unclear_right += 1;
                } else {
                    self.different += 1;
                    self.moved += u32::from(has_moved);
                    let differing = EventPart::CARRIED
                        .into_iter()
                        .filter(|part| left.of(*part) != right.of(*part));
                    differing.for_each(|part| parts.add(part));
                    self.only_placed += u32::from(parts.iter().all(|part| part == EventPart::Version));
                    if has_moved {
                        parts.add(EventPart::Order);
                    }
                }
            }
            (Some(left), None) if left.is_readable => self.only_left += 1,
            (None, Some(right)) if right.is_readable => self.only_right += 1,
            (left, right) => {
                is_unclear = true;
                self.unclear_left += u32::from(left.is_some());
                self.unclear_right += u32::from(right.is_some());
            }
        }
        for part in parts.iter() {
            if let Some(count) = self.by_part.get_mut(part as usize) {
                *count += 1;
            }
        }
        self.unequal += 1;
        let place = |entry: &Entry| Place {
            position: entry.position,
            version: entry.version,
        };
        let found = First {
            left: left.map(place),
            right: right.map(place),
            parts,
            is_unclear,
        };
        if self.first.is_none_or(|first| first.is_unclear && !is_unclear) {
            self.first = Some(found);
        }
        if self.kept.len() < self.most_kept {
            self.kept.push(found);
        }
    }
}

/// Takes the events of both sides, each in the order of its stream. `most_kept`: see [`Outcome::keeping`].
pub(super) fn align(left: &[Entry], right: &[Entry], most_kept: usize) -> Outcome {
    let mut pairing = Pairing::new(left, right);
    pairing.pair(0..left.len(), 0..right.len(), |entry| {
        entry.is_readable.then_some(entry.hashes)
    });
    pairing.pair(0..left.len(), 0..right.len(), |entry| {
        entry.has_id.then(|| entry.of(EventPart::Id))
    });
    for (lefts, rights) in pairing.gaps() {
        pairing.pair_gap(lefts, rights);
    }
    pairing.outcome(most_kept)
}

type Range = std::ops::Range<usize>;

struct Pairing<'a> {
    left: &'a [Entry],
    right: &'a [Entry],
    /// By the place of the left one.
    right_of: Vec<Option<usize>>,
    is_paired: Vec<bool>,
    /// All events have one.
    has_versions: bool,
}

impl<'a> Pairing<'a> {
    fn new(left: &'a [Entry], right: &'a [Entry]) -> Pairing<'a> {
        Pairing {
            left,
            right,
            right_of: vec![None; left.len()],
            is_paired: vec![false; right.len()],
            has_versions: (left.iter().chain(right)).all(|entry| entry.version != EventBatch::NO_VERSION),
        }
    }

    fn join(&mut self, left: usize, right: usize) {
        if let (Some(of), Some(is_paired)) = (self.right_of.get_mut(left), self.is_paired.get_mut(right)) {
            *of = Some(right);
            *is_paired = true;
        }
    }

    /// What has no counterpart yet, in these ranges.
    fn alone(&self, lefts: Range, rights: Range) -> (Vec<usize>, Vec<usize>) {
        let is_alone = |at: &usize| self.right_of.get(*at).is_some_and(Option::is_none);
        let is_alone_right = |at: &usize| self.is_paired.get(*at).is_some_and(|is_paired| !is_paired);
        (
            lefts.filter(is_alone).collect(),
            rights.filter(is_alone_right).collect(),
        )
    }

    /// Pairs what has the same key, the first with the first. `None`: not by this key.
    fn pair<Key: Hash + Eq>(&mut self, lefts: Range, rights: Range, key: impl Fn(&Entry) -> Option<Key>) {
        let (lefts, rights) = self.alone(lefts, rights);
        let mut waiting: HashMap<Key, VecDeque<usize>> = HashMap::new();
        for at in rights {
            if let Some(key) = self.right.get(at).and_then(&key) {
                waiting.entry(key).or_default().push_back(at);
            }
        }
        for at in lefts {
            let found = self.left.get(at).and_then(&key).and_then(|key| waiting.get_mut(&key));
            if let Some(right) = found.and_then(VecDeque::pop_front) {
                self.join(at, right);
            }
        }
    }

    /// The right places of the pairs that stay, ascending.
    fn staying(&self) -> Vec<usize> {
        let paired: Vec<usize> = self.right_of.iter().filter_map(|right| *right).collect();
        longest_ascending(&paired)
    }

    /// What lies between two pairs that stay, before the first and after the last.
    fn gaps(&self) -> Vec<(Range, Range)> {
        let mut left_of: Vec<Option<usize>> = vec![None; self.right.len()];
        for (left, right) in self.right_of.iter().enumerate() {
            if let Some(slot) = right.and_then(|right| left_of.get_mut(right)) {
                *slot = Some(left);
            }
        }
        let ends = self.staying().into_iter();
        let ends = ends.map(|right| (left_of.get(right).copied().flatten().unwrap_or_default(), right));
        let (mut gaps, mut start) = (Vec::new(), (0, 0));
        for (left, right) in ends.chain([(self.left.len(), self.right.len())]) {
            gaps.push((start.0..left, start.1..right));
            start = (left + 1, right + 1);
        }
        gaps
    }

    fn pair_gap(&mut self, lefts: Range, rights: Range) {
        let (mut alone_left, mut alone_right) = self.alone(lefts.clone(), rights.clone());
        if alone_left.len() != alone_right.len() {
            self.pair_in_order(&alone_left, &alone_right, |entry| {
                let said = [EventPart::Type, EventPart::Payload].map(|part| entry.of(part));
                entry.is_readable.then_some(said)
            });
            (alone_left, alone_right) = self.alone(lefts.clone(), rights.clone());
        }
        if alone_left.len() != alone_right.len() && self.has_versions {
            self.pair(lefts, rights, |entry| Some(entry.of(EventPart::Version)));
        } else {
            alone_left
                .into_iter()
                .zip(alone_right)
                .for_each(|(left, right)| self.join(left, right));
        }
    }

    /// Pairs what has the same key, as far as that leaves both in their order.
    fn pair_in_order<Key: Hash + Eq>(
        &mut self,
        lefts: &[usize],
        rights: &[usize],
        key: impl Fn(&Entry) -> Option<Key>,
    ) {
        let mut waiting: HashMap<Key, VecDeque<usize>> = HashMap::new();
        for at in rights {
            if let Some(key) = self.right.get(*at).and_then(&key) {
                waiting.entry(key).or_default().push_back(*at);
            }
        }
        let found = lefts.iter().filter_map(|at| {
            let key = self.left.get(*at).and_then(&key)?;
            Some((*at, waiting.get_mut(&key)?.pop_front()?))
        });
        let found: Vec<(usize, usize)> = found.collect();
        let staying = longest_ascending(&found.iter().map(|(_, right)| *right).collect::<Vec<_>>());
        for (left, right) in found {
            if staying.binary_search(&right).is_ok() {
                self.join(left, right);
            }
        }
    }

    /// Walks along both: what has no counterpart stands before the next pair that stays.
    fn outcome(&self, most_kept: usize) -> Outcome {
        let staying = self.staying();
        let mut outcome = Outcome::keeping(most_kept);
        let mut next_right = 0;
        let take_lone = |outcome: &mut Outcome, range: Range| {
            for at in range.filter(|at| self.is_paired.get(*at) == Some(&false)) {
                outcome.take(None, self.right.get(at), false);
            }
        };
        for (entry, right) in self.left.iter().zip(&self.right_of) {
            match right {
                None => outcome.take(Some(entry), None, false),
                Some(right) if staying.binary_search(right).is_ok() => {
                    take_lone(&mut outcome, next_right..*right);
                    next_right = right + 1;
                    outcome.take(Some(entry), self.right.get(*right), false);
                }
                Some(right) => outcome.take(Some(entry), self.right.get(*right), true),
            }
        }
        take_lone(&mut outcome, next_right..self.right.len());
        outcome
    }
}
