//! Whether the events of a store are still those of an anchor, and which are not.
//!
//! Events pass once in the order of their positions. The verdict is that of the whole digests; the leaves of an anchor,
//! where it keeps them, only name what differs.

use std::collections::HashMap;
use std::iter::Peekable;

use super::Hash;
use super::leaves::{Hashed, Leaf, Short};
use super::segment::{Segment, WIDTH};
use super::tree::Edge;

/// What an anchor says of the events up to its horizon.
#[derive(Debug, Clone)]
pub struct Anchored {
    pub size: u64,
    pub root: Hash,
    /// In the order of their numbers.
    pub segments: Vec<Segment>,
}

/// What of an event is another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Stream, version, id, type, times, links, content type.
    Header,
    Payload,
    Metadata,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// The event is there and is not what it was.
    Changed(Vec<Part>),
    /// There was an event, and there is none.
    Removed,
    /// There was none, and there is one.
    Inserted,
    /// The event stands at another position now; `changed` is what of it is another besides.
    Moved { to: u64, changed: Vec<Part> },
    /// Something in the positions up to `last` differs; the anchor keeps no leaves that would name it. `events`: how many
    /// there were and are.
    Somewhere { last: u64, before: u32, now: u32 },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub position: u64,
    pub difference: Difference,
}

/// The outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Every digest is the same: the events up to the horizon are those of the anchor.
    pub is_unchanged: bool,
    /// By position; the first ones of many.
    pub findings: Vec<Finding>,
    /// More than are kept.
    pub finding_count: u64,
    /// By leaves of the anchor.
    pub is_named: bool,
    pub anchored_size: u64,
    pub differing_segments: u64,
    pub segments: u64,
    /// The tree of today's events up to the horizon.
    pub edge: Edge,
}

impl Outcome {
    /// More than half of the store differs: it was restored, migrated, or is another one. Without leaves more than half of
    /// its segments, which of a small store says little.
    pub fn is_rewritten(&self) -> bool {
        if self.is_named {
            self.finding_count * 2 > self.anchored_size && self.anchored_size > 1
        } else {
            self.differing_segments * 2 > self.segments && self.segments > 1
        }
    }
}

/// Why there is no outcome.
#[derive(Debug, thiserror::Error)]
pub enum CheckError<E> {
    /// The anchor's own files do not belong together.
    #[error("the files of the anchor contradict each other")]
    Contradiction,
    #[error(transparent)]
    Leaves(E),
}

/// Findings that are kept.
pub const MOST_FINDINGS: usize = 100_000;

/// A check that is under way. `L`: the anchor's leaves in the order of their positions.
pub struct Check<L: Iterator> {
    anchored: Anchored,
    /// Of `anchored.segments`: the first that no event reached.
    next: usize,
    leaves: Option<Peekable<L>>,
    edge: Edge,
    /// The segment that events pass through.
    number: u64,
    events: Vec<Hashed>,
    /// The first ones of many.
    noted: Vec<Noted>,
    noted_count: u64,
    /// Above the horizon: as many as are noted.
    above: Vec<Leaf>,
    differing_segments: u64,
    extra_segments: u64,
}

/// What differs at one position, before it is known what moved.
enum Noted {
    Gone(Leaf),
    Came(Leaf),
    /// The same stream, version and id, and not the same event.
    Changed {
        position: u64,
        parts: Vec<Part>,
    },
    /// Another stream, version or id: an event that changed, or two that have to do with each other only by their place.
    Replaced {
        before: Leaf,
        now: Leaf,
    },
    Somewhere(Finding),
}

impl<E, L: Iterator<Item = Result<Leaf, E>>> Check<L> {
    pub fn new(anchored: Anchored, leaves: Option<L>) -> Check<L> {
        Check {
            anchored,
            next: 0,
            leaves: leaves.map(Iterator::peekable),
            edge: Edge::default(),
            number: 0,
            events: Vec::new(),
            noted: Vec::new(),
            noted_count: 0,
            above: Vec::new(),
            differing_segments: 0,
            extra_segments: 0,
        }
    }

    /// The next event at or below the horizon; positions ascend.
    pub fn push(&mut self, event: Hashed) -> Result<(), CheckError<E>> {
        let number = event.leaf.position / WIDTH;
        if number != self.number {
            self.close()?;
            self.number = number;
        }
        self.edge.push(event.hash);
        self.events.push(event);
        Ok(())
    }

    /// An event above the horizon. The anchor says nothing of it, but one that is gone below may have been moved there.
    pub fn push_above(&mut self, leaf: &Leaf) {
        if self.above.len() < MOST_FINDINGS {
            self.above.push(*leaf);
        }
    }

    pub fn finish(mut self) -> Result<Outcome, CheckError<E>> {
        self.close()?;
        self.pass_to(u64::MAX)?;
        let is_unchanged = self.edge.size() == self.anchored.size && self.edge.root() == self.anchored.root;
        if is_unchanged != (self.differing_segments == 0) {
            return Err(CheckError::Contradiction);
        }
        let more = self.noted_count - self.noted.len() as u64;
        let findings = with_moves(&self.noted, &self.above);
        Ok(Outcome {
            is_unchanged,
            finding_count: findings.len() as u64 + more,
            findings,
            is_named: self.leaves.is_some(),
            anchored_size: self.anchored.size,
            differing_segments: self.differing_segments,
            segments: self.anchored.segments.len() as u64 + self.extra_segments,
            edge: self.edge,
        })
    }

    /// Compares the segment that the last events passed through.
    fn close(&mut self) -> Result<(), CheckError<E>> {
        if self.events.is_empty() {
            return Ok(());
        }
        self.pass_to(self.number)?;
        let before = self.leaves_of(self.number)?;
        let events = std::mem::take(&mut self.events);
        let now = Segment::of(
            self.number,
            events.iter().map(|event| (event.leaf.position, event.hash)),
        );
        let anchored = self
            .anchored
            .segments
            .get(self.next)
            .filter(|it| it.number == self.number)
            .copied();
        self.next += usize::from(anchored.is_some());
        self.extra_segments += u64::from(anchored.is_none());
        if anchored != Some(now) {
            self.differ(self.number, anchored.map_or(0, |it| it.events), before, &events);
        }
        self.events = events;
        self.events.clear();
        Ok(())
    }

    /// The segments before `number` that are left have no event any more.
    fn pass_to(&mut self, number: u64) -> Result<(), CheckError<E>> {
        while let Some(gone) = self
            .anchored
            .segments
            .get(self.next)
            .filter(|it| it.number < number)
            .copied()
        {
            let before = self.leaves_of(gone.number)?;
            self.next += 1;
            self.differ(gone.number, gone.events, before, &[]);
        }
        Ok(())
    }

    /// `None`: the anchor keeps no leaves.
    fn leaves_of(&mut self, number: u64) -> Result<Option<Vec<Leaf>>, CheckError<E>> {
        let Some(leaves) = &mut self.leaves else {
            return Ok(None);
        };
        let mut found = Vec::new();
        while let Some(leaf) = leaves.next_if(|leaf| leaf.as_ref().map_or(true, |it| it.position / WIDTH <= number)) {
            found.push(leaf.map_err(CheckError::Leaves)?);
        }
        Ok(Some(found))
    }

    fn differ(&mut self, number: u64, anchored_events: u32, before: Option<Vec<Leaf>>, now: &[Hashed]) {
        self.differing_segments += 1;
        let Some(before) = before else {
            let difference = Difference::Somewhere {
                last: number.saturating_mul(WIDTH).saturating_add(WIDTH - 1),
                before: anchored_events,
                // Events of one segment.
                now: now.len() as u32,
            };
            let position = number.saturating_mul(WIDTH);
            self.note(Noted::Somewhere(Finding { position, difference }));
            return;
        };
        let mut before = before.iter().peekable();
        for event in now {
            let position = event.leaf.position;
            while let Some(gone) = before.next_if(|leaf| leaf.position < position) {
                self.note(Noted::Gone(*gone));
            }
            match before.next_if(|leaf| leaf.position == position) {
                None => self.note(Noted::Came(event.leaf)),
                Some(leaf) if leaf.half == event.leaf.half => {}
                Some(leaf) if leaf.identity == event.leaf.identity => {
                    let parts = changed_parts(leaf, &event.leaf);
                    self.note(Noted::Changed { position, parts });
                }
                Some(leaf) => self.note(Noted::Replaced {
                    before: *leaf,
                    now: event.leaf,
                }),
            }
        }
        for gone in before {
            self.note(Noted::Gone(*gone));
        }
    }

    fn note(&mut self, noted: Noted) {
        self.noted_count += 1;
        if self.noted.len() < MOST_FINDINGS {
            self.noted.push(noted);
        }
    }
}

fn changed_parts(before: &Leaf, now: &Leaf) -> Vec<Part> {
    let parts = [
        (
            Part::Header,
            before.header != now.header || before.identity != now.identity,
        ),
        (Part::Payload, before.payload != now.payload),
        (Part::Metadata, before.metadata != now.metadata),
    ];
    parts
        .into_iter()
        .filter(|(_, differs)| *differs)
        .map(|(part, _)| part)
        .collect()
}

/// What is gone from one position and stands at another, or above the horizon, is one event that moved. So swaps, rotations
/// and shifts are told by their events, and not by their places.
fn with_moves(noted: &[Noted], above: &[Leaf]) -> Vec<Finding> {
    let mut gone: HashMap<Short, Vec<usize>> = HashMap::new();
    for (at, noted) in noted.iter().enumerate().rev() {
        if let Some(leaf) = noted.gone() {
            gone.entry(leaf.identity).or_default().push(at);
        }
    }
    // Of several with one identity the earliest that is left moved to the earliest place.
    let mut destinations: Vec<Option<&Leaf>> = vec![None; noted.len()];
    let mut has_arrived = vec![false; noted.len()];
    let mut arrive = |leaf| {
        let leaf: &Leaf = leaf;
        let from = gone.get_mut(&leaf.identity).and_then(Vec::pop);
        from.inspect(|from| destinations[*from] = Some(leaf)).is_some()
    };
    for (at, noted) in noted.iter().enumerate() {
        has_arrived[at] = noted.came().is_some_and(&mut arrive);
    }
    above.iter().for_each(|leaf| {
        arrive(leaf);
    });
    let mut findings = Vec::with_capacity(noted.len());
    for ((noted, destination), has_arrived) in noted.iter().zip(destinations).zip(has_arrived) {
        let mut find = |position, difference| findings.push(Finding { position, difference });
        match noted {
            Noted::Changed { position, parts } => find(*position, Difference::Changed(parts.clone())),
            Noted::Somewhere(finding) => find(finding.position, finding.difference.clone()),
            Noted::Replaced { before, now } if destination.is_none() && !has_arrived => {
                find(before.position, Difference::Changed(changed_parts(before, now)));
            }
            Noted::Gone(_) | Noted::Came(_) | Noted::Replaced { .. } => {
                match (noted.gone(), destination) {
                    (Some(before), Some(now)) => find(
                        before.position,
                        Difference::Moved {
                            to: now.position,
                            changed: changed_parts(before, now),
                        },
                    ),
                    (Some(before), None) => find(before.position, Difference::Removed),
                    (None, _) => {}
                }
                if let (Some(now), false) = (noted.came(), has_arrived) {
                    find(now.position, Difference::Inserted);
                }
            }
        }
    }
    findings
}

impl Noted {
    /// What stood there and does not any more.
    fn gone(&self) -> Option<&Leaf> {
        match self {
            Noted::Gone(before) | Noted::Replaced { before, .. } => Some(before),
            Noted::Came(_) | Noted::Changed { .. } | Noted::Somewhere(_) => None,
        }
    }

    /// What stands there and did not before.
    fn came(&self) -> Option<&Leaf> {
        match self {
            Noted::Came(now) | Noted::Replaced { now, .. } => Some(now),
            Noted::Gone(_) | Noted::Changed { .. } | Noted::Somewhere(_) => None,
        }
    }
}
