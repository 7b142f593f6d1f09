//! Events held together by their hashes: which of them are missing, came in, or stand elsewhere than their chain says.
//!
//! Events pass once, in the order in which they stand. What links is kept as one run, however long; every break begins
//! another run, and at the end the runs are put together by the hashes that they begin and end with. So the memory is
//! that of the breaks, and a bound on them ([`MOST_RUNS`]) is a bound on it.

use std::collections::{HashMap, HashSet, VecDeque};

use super::rule::GENESIS;

/// An event of a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    pub position: u64,
    /// The number that the store gave it: 0, 1, 2 and so on.
    pub number: u64,
    pub predecessor: Vec<u8>,
    pub hash: Vec<u8>,
    /// Whether its content gives its hash.
    pub is_whole: bool,
}

/// Events that follow each other, as they stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stretch {
    /// First and last position.
    pub positions: (u64, u64),
    /// First and last number.
    pub numbers: (u64, u64),
    pub events: u64,
}

/// What the links say. Each names where it is seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Break {
    /// The first event is not that with the number 0: an export from there on, or a chain whose beginning was taken away.
    StartsLate { position: u64, number: u64 },
    /// Events with these numbers are nowhere. `position`: the first event behind them.
    Removed { position: u64, numbers: (u64, u64) },
    /// These events have no place in the chain. `is_copy`: another event with the same hash has it.
    Inserted { of: Stretch, is_copy: bool },
    /// These events belong elsewhere: behind the event with the number before their first.
    Moved { of: Stretch },
    /// The numbers follow each other, and this event names another predecessor than the one before it.
    Unlinked { position: u64, number: u64 },
    /// It names the one before it, and the numbers between them are missing: no store numbers so.
    Skips { position: u64, numbers: (u64, u64) },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// By position.
    pub breaks: Vec<Break>,
    /// There were more breaks than are put together; these are of the events before that.
    pub is_cut: bool,
    pub first: Option<(u64, u64)>,
    pub last: Option<(u64, u64)>,
}

/// More runs than these are not told apart.
pub const MOST_RUNS: usize = 10_000;
/// A run can be found to branch off as far back as this.
const WINDOW: usize = 4_096;

#[derive(Debug, Clone)]
struct Run {
    of: Stretch,
    /// What its first event names.
    predecessor: Vec<u8>,
    /// That of its last event, and of its first.
    hash: Vec<u8>,
    first_hash: Vec<u8>,
    /// Of its events those whose content gives their hash.
    whole: u64,
    /// The run that it continues.
    parent: Option<usize>,
}

/// An event that passed lately.
#[derive(Debug)]
struct Passed {
    run: usize,
    position: u64,
    number: u64,
    hash: Vec<u8>,
    /// Of its run, it included.
    events: u64,
    whole: u64,
}

#[derive(Debug, Default)]
pub struct Chain {
    /// In the order in which they stand, but for those that were split.
    runs: Vec<Run>,
    /// The runs that are over, by the hash of their last event.
    tips: HashMap<Vec<u8>, usize>,
    /// The run that the last event is of.
    current: Option<usize>,
    recent: VecDeque<Passed>,
    first: Option<(u64, u64)>,
    last: Option<(u64, u64)>,
    is_cut: bool,
}

impl Chain {
    /// Number and hash of the event that passed last.
    pub fn tip(&self) -> Option<(u64, &[u8])> {
        let run = self.runs.get(self.current?)?;
        Some((run.of.numbers.1, &run.hash))
    }

    /// The event that passed last has another hash than it says: that of its content, which the next one names.
    pub fn correct_tip(&mut self, hash: &[u8]) {
        if let Some(run) = self.current.and_then(|current| self.runs.get_mut(current)) {
            run.hash = hash.to_vec();
            run.whole = run.of.events.min(run.whole + 1);
        }
        if let Some(passed) = self.recent.back_mut() {
            passed.hash = hash.to_vec();
            passed.whole = passed.events.min(passed.whole + 1);
        }
    }

    pub fn push(&mut self, link: Link) {
        let place = (link.position, link.number);
        self.first.get_or_insert(place);
        if self.is_cut {
            return;
        }
        self.last = Some(place);
        let whole = u64::from(link.is_whole);
        let follows = self
            .tip()
            .is_some_and(|(number, hash)| link.predecessor == hash && number.checked_add(1) == Some(link.number));
        let Some(current) = self.current.filter(|_| follows) else {
            self.begin(link);
            return;
        };
        // It is that of a run.
        let run = &mut self.runs[current];
        run.of.positions.1 = link.position;
        run.of.numbers.1 = link.number;
        run.of.events += 1;
        run.whole += whole;
        run.hash.clone_from(&link.hash);
        let (events, whole) = (run.of.events, run.whole);
        self.remember(current, link, events, whole);
    }

    fn begin(&mut self, link: Link) {
        if let Some(current) = self.current {
            let hash = self.runs[current].hash.clone();
            self.tips.entry(hash).or_insert(current);
        }
        if self.runs.len() + 2 > MOST_RUNS {
            self.is_cut = true;
            return;
        }
        let parent = self.tips.get(&link.predecessor).copied();
        let parent = parent.or_else(|| self.split(&link.predecessor));
        let whole = u64::from(link.is_whole);
        let number = self.runs.len();
        self.runs.push(Run {
            of: Stretch {
                positions: (link.position, link.position),
                numbers: (link.number, link.number),
                events: 1,
            },
            predecessor: link.predecessor.clone(),
            hash: link.hash.clone(),
            first_hash: link.hash.clone(),
            whole,
            parent,
        });
        self.current = Some(number);
        self.remember(number, link, 1, whole);
    }

    fn remember(&mut self, run: usize, link: Link, events: u64, whole: u64) {
        if self.recent.len() == WINDOW {
            self.recent.pop_front();
        }
        self.recent.push_back(Passed {
            run,
            position: link.position,
            number: link.number,
            hash: link.hash,
            events,
            whole,
        });
    }

    /// Splits the run in whose midst this hash passed lately behind it. Returns the part that ends with it.
    fn split(&mut self, hash: &[u8]) -> Option<usize> {
        let at = self.recent.iter().rposition(|passed| passed.hash == hash)?;
        let (base, next) = (self.recent.get(at)?, self.recent.get(at + 1)?);
        // The last of a run is among the tips.
        if base.run != next.run {
            return None;
        }
        let (before, rest) = (base.run, self.runs.len());
        let (events, whole) = (base.events, base.whole);
        let (base_place, next_place) = ((base.position, base.number), (next.position, next.number));
        let first_hash = next.hash.clone();
        let run = &mut self.runs[before];
        let behind = Run {
            of: Stretch {
                positions: (next_place.0, run.of.positions.1),
                numbers: (next_place.1, run.of.numbers.1),
                events: run.of.events - events,
            },
            predecessor: hash.to_vec(),
            hash: std::mem::replace(&mut run.hash, hash.to_vec()),
            first_hash,
            whole: run.whole.saturating_sub(whole),
            parent: Some(before),
        };
        run.of.positions.1 = base_place.0;
        run.of.numbers.1 = base_place.1;
        run.of.events = events;
        run.whole = whole;
        for other in &mut self.runs {
            if other.parent == Some(before) {
                other.parent = Some(rest);
            }
        }
        for passed in self.recent.range_mut(at + 1..) {
            if passed.run == before {
                passed.run = rest;
                passed.events -= events;
                passed.whole = passed.whole.saturating_sub(whole);
            }
        }
        if let Some(tip) = self.tips.get_mut(&behind.hash).filter(|tip| **tip == before) {
            *tip = rest;
        }
        self.tips.insert(hash.to_vec(), before);
        self.runs.push(behind);
        Some(before)
    }

    pub fn finish(mut self) -> Order {
        if let Some(current) = self.current {
            let hash = self.runs[current].hash.clone();
            self.tips.entry(hash).or_insert(current);
        }
        self.adopt();
        let mut breaks = Vec::new();
        let main = self.main(&mut breaks);
        self.gaps(&main, &mut breaks);
        self.moves(&main, &mut breaks);
        breaks.sort_by_key(place);
        Order {
            breaks,
            is_cut: self.is_cut,
            first: self.first,
            last: self.last,
        }
    }

    /// Gives the runs that continue one that stands behind them their parent.
    fn adopt(&mut self) {
        for at in 0..self.runs.len() {
            let run = &self.runs[at];
            let parent = match run.parent {
                Some(parent) => Some(parent),
                None => self.tips.get(&run.predecessor).copied().filter(|tip| *tip != at),
            };
            // One that does not go on by number continues nothing; so no ring can close.
            let goes_on = |parent: &usize| self.runs[*parent].of.numbers.1 < run.of.numbers.0;
            let parent = parent.filter(goes_on);
            self.runs[at].parent = parent;
        }
    }

    /// The runs that are the chain, in its order. What is not among them came in.
    fn main(&self, breaks: &mut Vec<Break>) -> Vec<usize> {
        // A parent ends below the number with which its child begins, so that this order has parents first.
        let mut order: Vec<usize> = (0..self.runs.len()).collect();
        order.sort_by_key(|at| (self.runs[*at].of.numbers.0, self.runs[*at].of.positions.0));
        // The heaviest way from each run on: whole events, all events, and with which child it goes on.
        let mut ways: Vec<(u64, u64, Option<usize>)> =
            self.runs.iter().map(|run| (run.whole, run.of.events, None)).collect();
        for at in order.iter().rev() {
            let Some(parent) = self.runs[*at].parent else { continue };
            let (run, best) = (&self.runs[parent], ways[*at]);
            let through = (run.whole + best.0, run.of.events + best.1, Some(*at));
            if (through.0, through.1) >= (ways[parent].0, ways[parent].1) {
                ways[parent] = through;
            }
        }
        let roots = order.iter().copied().filter(|at| self.runs[*at].parent.is_none());
        let mut roots: Vec<usize> = roots.collect();
        roots.sort_by_key(|at| std::cmp::Reverse((ways[*at].0, ways[*at].1)));
        let (mut kept, mut taken): (Vec<Vec<usize>>, Vec<(u64, u64)>) = (Vec::new(), Vec::new());
        let mut is_main = vec![false; self.runs.len()];
        let mut is_void = vec![false; self.runs.len()];
        let heaviest = roots.first().map_or(0, |root| ways[*root].0);
        for root in roots {
            let way: Vec<usize> = std::iter::successors(Some(root), |at| ways[*at].2).collect();
            let last = way.last().copied().unwrap_or(root);
            let numbers = (self.runs[root].of.numbers.0, self.runs[last].of.numbers.1);
            let overlaps = taken.iter().any(|of| of.0 <= numbers.1 && numbers.0 <= of.1);
            if overlaps {
                continue;
            }
            // No content of it gives a hash, so that nothing of it can be relied on, its numbers included.
            let highest = taken.iter().map(|of| of.1).max().unwrap_or_default();
            if ways[root].0 == 0 && heaviest > 0 && numbers.1 > highest {
                way.iter().for_each(|at| is_void[*at] = true);
                continue;
            }
            way.iter().for_each(|at| is_main[*at] = true);
            taken.push(numbers);
            kept.push(way);
        }
        kept.sort_by_key(|way| way.first().map(|at| self.runs[*at].of.numbers.0));
        let main: Vec<usize> = kept.into_iter().flatten().collect();
        let ends = main
            .iter()
            .flat_map(|at| [&*self.runs[*at].hash, &*self.runs[*at].first_hash]);
        let ends: HashSet<&[u8]> = ends.collect();
        for (at, run) in self.runs.iter().enumerate() {
            if !is_main[at] && !is_void[at] {
                breaks.push(Break::Inserted {
                    of: run.of,
                    is_copy: run.of.events == 1 && ends.contains(&*run.hash),
                });
            }
        }
        main
    }

    /// What is missing between the runs of the chain.
    fn gaps(&self, main: &[usize], breaks: &mut Vec<Break>) {
        let mut before: Option<usize> = None;
        for at in main {
            let run = &self.runs[*at];
            let (position, number) = (run.of.positions.0, run.of.numbers.0);
            let is_linked = run.parent.is_some();
            let expected = before.map_or(0, |before: usize| self.runs[before].of.numbers.1.saturating_add(1));
            let missing = (expected, number.saturating_sub(1));
            match (before, number > expected) {
                (None, true) if run.predecessor != GENESIS => breaks.push(Break::StartsLate { position, number }),
                (None, true) => breaks.push(Break::Skips {
                    position,
                    numbers: missing,
                }),
                (None, false) if run.predecessor != GENESIS => breaks.push(Break::Unlinked { position, number }),
                (None, false) => {}
                (Some(_), true) if is_linked => breaks.push(Break::Skips {
                    position,
                    numbers: missing,
                }),
                (Some(_), true) => breaks.push(Break::Removed {
                    position,
                    numbers: missing,
                }),
                (Some(_), false) if !is_linked => breaks.push(Break::Unlinked { position, number }),
                (Some(_), false) => {}
            }
            before = Some(*at);
        }
    }

    /// What must move for the chain to stand in its order: the fewest events that do.
    fn moves(&self, main: &[usize], breaks: &mut Vec<Break>) {
        // The heaviest ascending choice of runs stays.
        let mut ways: Vec<(u64, Option<usize>)> = Vec::with_capacity(main.len());
        for (at, run) in main.iter().enumerate() {
            let run = &self.runs[*run];
            let before = (0..at).filter(|other| self.runs[main[*other]].of.positions.1 < run.of.positions.0);
            let best = before.max_by_key(|other| ways[*other].0);
            ways.push((run.of.events + best.map_or(0, |best| ways[best].0), best));
        }
        let last = (0..ways.len()).max_by_key(|at| ways[*at].0);
        let mut stays = vec![false; main.len()];
        for at in std::iter::successors(last, |at| ways[*at].1) {
            stays[at] = true;
        }
        for (at, run) in main.iter().enumerate() {
            if !stays[at] {
                breaks.push(Break::Moved { of: self.runs[*run].of });
            }
        }
    }
}

fn place(of: &Break) -> u64 {
    match of {
        Break::StartsLate { position, .. }
        | Break::Removed { position, .. }
        | Break::Unlinked { position, .. }
        | Break::Skips { position, .. } => *position,
        Break::Inserted { of, .. } | Break::Moved { of } => of.positions.0,
    }
}
