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
    /// The event stands at another position now.
    Moved { to: u64 },
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
    findings: Vec<(Finding, Option<Short>)>,
    finding_count: u64,
    /// Above the horizon: identities and positions, of as many as findings are kept.
    above: Vec<(Short, u64)>,
    differing_segments: u64,
    extra_segments: u64,
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
            findings: Vec::new(),
            finding_count: 0,
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
            self.above.push((leaf.identity, leaf.position));
        }
    }

    pub fn finish(mut self) -> Result<Outcome, CheckError<E>> {
        self.close()?;
        self.pass_to(u64::MAX)?;
        let is_unchanged = self.edge.size() == self.anchored.size && self.edge.root() == self.anchored.root;
        if is_unchanged != (self.differing_segments == 0) {
            return Err(CheckError::Contradiction);
        }
        let noted = self.findings.len();
        let findings = with_moves(self.findings, &self.above);
        // A move was noted twice, where it went from and where it came to.
        let moves = (noted - findings.len()) as u64;
        Ok(Outcome {
            is_unchanged,
            findings,
            finding_count: self.finding_count - moves,
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
            self.note(number.saturating_mul(WIDTH), difference, None);
            return;
        };
        let mut before = before.iter().peekable();
        for event in now {
            let position = event.leaf.position;
            while let Some(gone) = before.next_if(|leaf| leaf.position < position) {
                self.note(gone.position, Difference::Removed, Some(gone.identity));
            }
            match before.next_if(|leaf| leaf.position == position) {
                None => self.note(position, Difference::Inserted, Some(event.leaf.identity)),
                Some(leaf) if leaf.half != event.leaf.half => {
                    let parts = changed_parts(leaf, &event.leaf);
                    self.note(position, Difference::Changed(parts), None);
                }
                Some(_) => {}
            }
        }
        for gone in before {
            self.note(gone.position, Difference::Removed, Some(gone.identity));
        }
    }

    fn note(&mut self, position: u64, difference: Difference, identity: Option<Short>) {
        self.finding_count += 1;
        if self.findings.len() < MOST_FINDINGS {
            self.findings.push((Finding { position, difference }, identity));
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

/// What is gone from one position and new at another, or above the horizon, is one event that moved.
fn with_moves(findings: Vec<(Finding, Option<Short>)>, above: &[(Short, u64)]) -> Vec<Finding> {
    let mut gone: HashMap<Short, Vec<usize>> = HashMap::new();
    for (at, (finding, identity)) in findings.iter().enumerate().rev() {
        if let (Difference::Removed, Some(identity)) = (&finding.difference, identity) {
            gone.entry(*identity).or_default().push(at);
        }
    }
    // The earliest of those with this identity that is left.
    let mut origin = |identity: &Short| gone.get_mut(identity).and_then(Vec::pop);
    let mut found: Vec<Option<Finding>> = findings.iter().map(|(finding, _)| Some(finding.clone())).collect();
    let set_out = |found: &mut Vec<Option<Finding>>, from: usize, to: u64| {
        if let Some(moved) = &mut found[from] {
            moved.difference = Difference::Moved { to };
        }
    };
    for (at, (finding, identity)) in findings.iter().enumerate() {
        if let (Difference::Inserted, Some(identity)) = (&finding.difference, identity)
            && let Some(from) = origin(identity)
        {
            found[at] = None;
            set_out(&mut found, from, finding.position);
        }
    }
    for (identity, to) in above {
        if let Some(from) = origin(identity) {
            set_out(&mut found, from, *to);
        }
    }
    found.into_iter().flatten().collect()
}
