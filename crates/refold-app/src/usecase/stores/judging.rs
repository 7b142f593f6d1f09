//! The streams of two stores, one after the other: which are the same, and of those that are not what differs.
//!
//! It must not know what is shown of a difference.

use std::collections::HashMap;
use std::hash::RandomState;

use refold_core::event::StreamOrdinal;
use refold_core::names::Names;
use refold_core::work::Work;

use super::StoresAsked;
use super::align::{First, Outcome, StreamKind, align};
use super::answer::{EventCounts, OrderAnswer, StreamCounts};
use super::measure::EventPart;
use super::order::{self, SharedOrder, SharedStream};
use super::side::{Side, Sums};
use super::twin::Twin;
use crate::error::AppError;
use crate::text;

/// A stream that is not the same on both sides.
pub struct Differing {
    pub stream: StreamOrdinal,
    pub kind: StreamKind,
    pub left_events: u32,
    pub right_events: u32,
    pub equal: u32,
    pub different: u32,
    pub moved: u32,
    pub only_left: u32,
    pub only_right: u32,
    pub unclear_left: u32,
    pub unclear_right: u32,
    /// See [`Outcome::is_by_place`].
    pub is_by_place: bool,
    pub first: Option<First>,
    pub renamed: Option<StreamOrdinal>,
}

/// The comparison while it runs, behind the first pass over both.
pub struct Judging<'a> {
    sides: [&'a Side<'a>; 2],
    sums: &'a [Sums; 2],
    pub names: Names,
    hashing: RandomState,
    events_at_once: u64,
    pub streams: StreamCounts,
    pub events: EventCounts,
    pub by_part: [u64; EventPart::ALL.len()],
    /// By the ordinal of the stream, how many of its first events are each other's counterparts, where their order is that
    /// of the positions: all, or those before the first difference.
    shared: Vec<SharedStream>,
    pub differing: Vec<Differing>,
}

impl<'a> Judging<'a> {
    pub fn new(sides: [&'a Side<'a>; 2], sums: &'a [Sums; 2], names: Names, events_at_once: u64) -> Judging<'a> {
        Judging {
            sides,
            sums,
            names,
            hashing: RandomState::new(),
            events_at_once,
            streams: StreamCounts::default(),
            events: EventCounts::default(),
            by_part: [0; EventPart::ALL.len()],
            shared: Vec::new(),
            differing: Vec::new(),
        }
    }

    /// Judges every stream.
    pub fn streams(&mut self, work: &Work<'_>) -> Result<(), AppError> {
        let [left, right] = self.sums;
        let (mut group, mut in_group) = (Vec::new(), 0);
        let count = self.names.stream_count();
        self.shared = vec![SharedStream::default(); count as usize];
        for stream in (0..count).map(StreamOrdinal) {
            let (of_left, of_right) = (left.of(stream), right.of(stream));
            let events = u64::from(of_left.events) + u64::from(of_right.events);
            if of_left.events == 0 || of_right.events == 0 {
                self.take_lone(stream);
            } else if of_left.is_same(&of_right) && !left.is_suspect(stream) && !right.is_suspect(stream) {
                self.streams.equal += 1;
                self.events.equal += u64::from(of_left.events);
                self.share(stream, of_left.events, true);
            } else if events > self.events_at_once {
                let outcome = self.side_by_side(work, stream)?;
                self.take(stream, outcome);
            } else {
                if in_group + events > self.events_at_once {
                    self.judge(work, &std::mem::take(&mut group))?;
                    in_group = 0;
                }
                group.push(stream);
                in_group += events;
            }
        }
        self.judge(work, &group)
    }

    /// Streams that are not known to be the same.
    fn judge(&mut self, work: &Work<'_>, streams: &[StreamOrdinal]) -> Result<(), AppError> {
        if streams.is_empty() {
            return Ok(());
        }
        let ([left, right], [left_sums, right_sums]) = (self.sides, self.sums);
        let lefts = left.entries(work, streams, left_sums, &mut self.names, &self.hashing)?;
        let rights = right.entries(work, streams, right_sums, &mut self.names, &self.hashing)?;
        for ((stream, left), right) in streams.iter().zip(&lefts).zip(&rights) {
            work.check()?;
            self.take(*stream, align(left, right, 0));
        }
        Ok(())
    }

    /// A stream with more events than are in memory at once.
    fn side_by_side(&mut self, work: &Work<'_>, stream: StreamOrdinal) -> Result<Outcome, AppError> {
        let id = self.names.stream(stream).to_vec();
        let (sides, [left, right]) = (self.sides, self.sums);
        let twin = Twin {
            id: &id,
            events: [left.of(stream).events, right.of(stream).events],
            doubts: [&left.doubts, &right.doubts],
            hashing: &self.hashing,
        };
        twin.walked(work, sides, &mut self.names, 0)
    }

    /// The first `events` are each other's counterparts; `is_all`: there are no others.
    fn share(&mut self, stream: StreamOrdinal, events: u32, is_all: bool) {
        let is_unordered = self.sums.iter().any(|sums| sums.of(stream).is_unordered());
        let counts = |side: &&Side<'_>| side.measure.counted.holds(EventPart::Version);
        let has_versions = self.sides.iter().all(counts);
        if let Some(shared) = self.shared.get_mut(stream.0 as usize)
            && (!is_unordered || is_all && has_versions)
        {
            *shared = SharedStream { events, is_unordered };
        }
    }

    /// A stream that one side alone has.
    fn take_lone(&mut self, stream: StreamOrdinal) {
        let [left_events, right_events] = [0, 1].map(|side: usize| {
            let sums = self.sums.get(side);
            sums.map_or(0, |sums| sums.of(stream).events)
        });
        if left_events + right_events == 0 {
            return;
        }
        let kind = if left_events > 0 {
            StreamKind::OnlyLeft
        } else {
            StreamKind::OnlyRight
        };
        *self.count(kind) += 1;
        self.events.only_left += u64::from(left_events);
        self.events.only_right += u64::from(right_events);
        self.differing.push(Differing {
            stream,
            kind,
            left_events,
            right_events,
            equal: 0,
            different: 0,
            moved: 0,
            only_left: left_events,
            only_right: right_events,
            unclear_left: 0,
            unclear_right: 0,
            is_by_place: false,
            first: None,
            renamed: None,
        });
    }

    fn take(&mut self, stream: StreamOrdinal, outcome: Outcome) {
        let kind = outcome.kind();
        *self.count(kind) += 1;
        self.events.equal += u64::from(outcome.equal);
        self.events.different += u64::from(outcome.different);
        self.events.only_left += u64::from(outcome.only_left);
        self.events.only_right += u64::from(outcome.only_right);
        self.events.unclear_left += u64::from(outcome.unclear_left);
        self.events.unclear_right += u64::from(outcome.unclear_right);
        for (all, of) in self.by_part.iter_mut().zip(outcome.by_part) {
            *all += u64::from(of);
        }
        let [left, right] = self.sums;
        let pairs = outcome.equal + outcome.different;
        let has_all_paired = pairs == left.of(stream).events && pairs == right.of(stream).events && outcome.moved == 0;
        let shared = if has_all_paired { pairs } else { outcome.prefix };
        self.share(stream, shared, has_all_paired);
        if kind == StreamKind::Equal {
            return;
        }
        self.differing.push(Differing {
            stream,
            kind,
            left_events: left.of(stream).events,
            right_events: right.of(stream).events,
            equal: outcome.equal,
            different: outcome.different,
            moved: outcome.moved,
            only_left: outcome.only_left,
            only_right: outcome.only_right,
            unclear_left: outcome.unclear_left,
            unclear_right: outcome.unclear_right,
            is_by_place: outcome.is_by_place,
            first: outcome.first,
            renamed: None,
        });
    }

    fn count(&mut self, kind: StreamKind) -> &mut u32 {
        match kind {
            StreamKind::Changed => &mut self.streams.changed,
            StreamKind::Missing => &mut self.streams.missing,
            StreamKind::Order => &mut self.streams.order,
            StreamKind::LeftBehind => &mut self.streams.left_behind,
            StreamKind::RightBehind => &mut self.streams.right_behind,
            StreamKind::OnlyLeft => &mut self.streams.only_left,
            StreamKind::OnlyRight => &mut self.streams.only_right,
            StreamKind::Unclear => &mut self.streams.unclear,
            StreamKind::Equal => &mut self.streams.equal,
        }
    }

    /// Finds the streams that one side alone has, and the other under another id.
    pub fn name_renamed(&mut self) {
        let [left, right] = self.sums;
        let mut waiting: HashMap<_, Vec<usize>> = HashMap::new();
        for (at, of) in self.differing.iter().enumerate() {
            if of.kind == StreamKind::OnlyRight && !right.is_suspect(of.stream) {
                waiting.entry(right.of(of.stream).key()).or_default().push(at);
            }
        }
        waiting.values_mut().for_each(|places| places.reverse());
        for at in 0..self.differing.len() {
            let Some(of) = self.differing.get(at).filter(|of| of.kind == StreamKind::OnlyLeft) else {
                continue;
            };
            let stream = of.stream;
            let same = waiting
                .get_mut(&left.of(stream).key())
                .filter(|_| !left.is_suspect(stream));
            let Some(twin) = same.and_then(Vec::pop) else { continue };
            let other = self.differing.get_mut(twin).map(|of| {
                of.renamed = Some(stream);
                of.stream
            });
            if let Some(of) = self.differing.get_mut(at) {
                of.renamed = other;
            }
            self.streams.renamed += 1;
        }
    }

    pub fn order(&mut self, work: &Work<'_>, asked: &StoresAsked) -> Result<OrderAnswer, AppError> {
        let [left, right] = self.sides;
        let why_not = match (order::is_kept(left.session), order::is_kept(right.session)) {
            _ if asked.ignored.contains(&EventPart::Position) => Some("it does not count"),
            (true, true) => None,
            (false, true) => Some("the left store keeps no order of all events"),
            (true, false) => Some("the right store keeps no order of all events"),
            (false, false) => Some("neither store keeps an order of all events"),
        };
        if why_not.is_some() {
            return Ok(OrderAnswer {
                not_compared: why_not,
                ..OrderAnswer::default()
            });
        }
        let pairs = self.events.equal + self.events.different;
        let compared: u64 = self.shared.iter().map(|of| u64::from(of.events)).sum();
        let left_out = pairs.saturating_sub(compared);
        let found = order::compare(work, (left, right), &self.shared, &mut self.names)?;
        Ok(match found {
            SharedOrder::Same(events) => OrderAnswer {
                same: Some(true),
                events,
                left_out,
                ..OrderAnswer::default()
            },
            SharedOrder::Differs(events, left, right) => OrderAnswer {
                same: Some(false),
                not_compared: None,
                events,
                left_out,
                left_position: Some(text::position_label(left)),
                right_position: Some(text::position_label(right)),
            },
        })
    }
}
