//! Two whole stores: what each holds, stream by stream and event by event.
//!
//! Both are read once in the order of their positions, and of each stream a sum is kept that says whether it is the same.
//! Only the streams that differ are read again, so many at once that memory does not grow with them, and their events
//! paired. Which streams they are is decided by the ids; what an event is, by a [`Measure`]. Nothing here is a proof: an
//! anchor is one.

mod align;
pub mod answer;
mod measure;
mod order;
mod shown;
mod side;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::HashMap;
use std::hash::RandomState;
use std::sync::Arc;

use refold_core::event::{Columns, StreamOrdinal};
use refold_core::finding::{Findings, Severity};
use refold_core::names::Names;
use refold_core::work::Work;

pub use align::StreamKind;
pub use measure::{By, EventPart};

use crate::connections::counts_as;
use crate::error::AppError;
use crate::session::Session;
use crate::settings::environment_text;
use crate::stream::Stream;
use crate::{findings, text};
use align::{First, Outcome, align};
use answer::{
    AbsentPart, DifferingAnswer, EventCounts, OrderAnswer, PartCount, StoreAnswer, StoresAnswer, StreamCounts,
};
use measure::{Measure, Parts};
use order::SharedOrder;
use side::{Side, Sums};

/// How two stores are compared.
#[derive(Debug, Clone)]
pub struct StoresAsked {
    pub by: By,
    /// What does not count.
    pub ignored: Vec<EventPart>,
}

/// Events whose hashes are in memory at once, of both sides: about a hundred bytes each.
const EVENTS_AT_ONCE: u64 = 1 << 20;

/// What came of it. What is shown of events is read when it is asked for.
pub struct StoresComparison {
    left: Arc<Session>,
    right: Arc<Session>,
    asked: StoresAsked,
    /// Of both sides.
    names: Names,
    stores: [StoreAnswer; 2],
    streams: StreamCounts,
    events: EventCounts,
    by_part: [u64; EventPart::ALL.len()],
    present: [Parts; 2],
    order: OrderAnswer,
    /// Those that worry most first, and then in the order in which they began.
    differing: Vec<Differing>,
}

/// A stream that is not the same on both sides.
struct Differing {
    stream: StreamOrdinal,
    kind: StreamKind,
    left_events: u32,
    right_events: u32,
    equal: u32,
    different: u32,
    moved: u32,
    only_left: u32,
    only_right: u32,
    unclear_left: u32,
    unclear_right: u32,
    first: Option<First>,
    renamed: Option<StreamOrdinal>,
}

impl StoresComparison {
    pub fn run(
        work: &Work<'_>,
        left: &Arc<Session>,
        right: &Arc<Session>,
        asked: &StoresAsked,
    ) -> Result<StoresComparison, AppError> {
        StoresComparison::run_within(work, left, right, asked, EVENTS_AT_ONCE)
    }

    fn run_within(
        work: &Work<'_>,
        left: &Arc<Session>,
        right: &Arc<Session>,
        asked: &StoresAsked,
        events_at_once: u64,
    ) -> Result<StoresComparison, AppError> {
        let digits = [left, right].map(|session| session.description().time_digits);
        let side = |session, phase| Side {
            session,
            measure: measure_of(session, asked, digits),
            phase,
        };
        let (on_left, on_right) = (
            side(left, "reading the left store"),
            side(right, "reading the right store"),
        );
        let (mut names, found) = (Names::default(), [Findings::default(), Findings::default()]);
        let [of_left, of_right] = &found;
        let sums = [
            on_left.sums(work, &mut names, of_left)?,
            on_right.sums(work, &mut names, of_right)?,
        ];
        let mut pass = Pass {
            sides: [&on_left, &on_right],
            sums: &sums,
            names,
            hashing: RandomState::new(),
            events_at_once,
            streams: StreamCounts::default(),
            events: EventCounts::default(),
            by_part: [0; EventPart::ALL.len()],
            shared: Vec::new(),
            differing: Vec::new(),
        };
        pass.streams(work)?;
        pass.name_renamed();
        let order = pass.order(work, asked)?;
        let Pass {
            names,
            streams,
            events,
            by_part,
            mut differing,
            ..
        } = pass;
        differing.sort_by_key(|of| (of.kind, of.stream.0));
        let store = |session: &Arc<Session>, sums: &Sums, found: &Findings| store_answer(session, sums, found);
        let [left_sums, right_sums] = &sums;
        Ok(StoresComparison {
            stores: [store(left, left_sums, of_left)?, store(right, right_sums, of_right)?],
            left: Arc::clone(left),
            right: Arc::clone(right),
            asked: asked.clone(),
            names,
            streams,
            events,
            by_part,
            present: [left_sums.present, right_sums.present],
            order,
            differing,
        })
    }

    /// With the first `most` of the streams that differ, and what these handlers, if any, make of each.
    pub fn answer(
        self,
        work: &Work<'_>,
        most: usize,
        handlers: Option<[Option<&str>; 2]>,
    ) -> Result<StoresAnswer, AppError> {
        if let Some([left, right]) = handlers {
            // They may have masking rules of their own.
            self.left.mask().adopt(left)?;
            self.right.mask().adopt(right)?;
        }
        let mut differing = Vec::new();
        let total = self.differing.len().min(most) as u64;
        for (done, of) in (0..).zip(self.differing.iter().take(most)) {
            work.tick("reading what differs", done, Some(total))?;
            differing.push(self.differing_answer(work, of, handlers)?);
        }
        let outcome = self.outcome();
        let sentence = self.sentence(outcome);
        let differing_count = u32::try_from(self.differing.len()).unwrap_or(u32::MAX);
        let (parts, absent) = (self.parts(), self.absent());
        let [left, right] = self.stores;
        Ok(StoresAnswer {
            outcome,
            sentence,
            left,
            right,
            by: match self.asked.by {
                By::Bytes => "bytes",
                By::Meaning => "meaning",
            },
            ignored: self.asked.ignored,
            streams: self.streams,
            events: self.events,
            parts,
            absent,
            order: self.order,
            differing,
            differing_count,
        })
    }

    fn differing_answer(
        &self,
        work: &Work<'_>,
        of: &Differing,
        handlers: Option<[Option<&str>; 2]>,
    ) -> Result<DifferingAnswer, AppError> {
        let id = self.names.stream(of.stream);
        let sessions = (&self.left, &self.right);
        let first = of.first.as_ref();
        let first = first.map(|first| shown::first(work, (&self.left, &self.right), id, first, self.asked.by));
        let handlers = handlers.filter(|_| of.left_events > 0 && of.right_events > 0);
        let states = handlers.map(|handlers| shown::states(work, sessions, &text::shown(id), handlers));
        Ok(DifferingAnswer {
            stream: text::exact(id),
            category: text::exact(self.names.category(of.stream)),
            kind: of.kind.word(),
            left_events: of.left_events,
            right_events: of.right_events,
            equal: of.equal,
            different: of.different,
            moved: of.moved,
            only_left: of.only_left,
            only_right: of.only_right,
            unclear_left: of.unclear_left,
            unclear_right: of.unclear_right,
            renamed: of.renamed.map(|stream| text::exact(self.names.stream(stream))),
            first: first.transpose()?,
            states: states.transpose()?,
        })
    }

    fn outcome(&self) -> &'static str {
        let is_unclear = |of: &Differing| of.kind == StreamKind::Unclear;
        let is_incomplete = self.stores.iter().any(|store| store.incomplete);
        if self.order.same == Some(false) || !self.differing.iter().all(is_unclear) {
            "different"
        } else if is_incomplete || !self.differing.is_empty() {
            "unclear"
        } else {
            "same"
        }
    }

    fn sentence(&self, outcome: &str) -> String {
        let [left, right] = &self.stores;
        let incomplete = match (left.incomplete, right.incomplete) {
            (false, false) => "",
            (true, false) => "; not all of the left store can be read",
            (false, true) => "; not all of the right store can be read",
            (true, true) => "; not all of either store can be read",
        };
        let counts = format!(
            "{} in {}",
            text::counted(self.events.equal, "event"),
            text::counted(self.streams.equal.into(), "stream")
        );
        let as_is = match self.asked.by {
            By::Bytes => "the same",
            By::Meaning => "the same by what they mean",
        };
        match outcome {
            "same" => format!("the two hold the same: {counts}"),
            "unclear" => format!("NOT CLEAR whether the two hold the same: {counts} are {as_is}{incomplete}"),
            _ if self.differing.is_empty() => {
                format!("the two hold the same events in another order{incomplete}")
            }
            _ => format!(
                "the two DIFFER in {}{incomplete}",
                text::counted(self.differing.len() as u64, "stream")
            ),
        }
    }

    fn parts(&self) -> Vec<PartCount> {
        let counts = EventPart::ALL.into_iter().zip(self.by_part);
        let mut parts: Vec<PartCount> = counts
            .filter(|(_, events)| *events > 0)
            .map(|(part, events)| PartCount { part, events })
            .collect();
        parts.sort_by_key(|of| Reverse(of.events));
        parts
    }

    fn absent(&self) -> Vec<AbsentPart> {
        let [left, right] = self.present;
        let is_empty = |store: &StoreAnswer| store.events == 0;
        if self.stores.iter().any(is_empty) {
            return Vec::new();
        }
        let absent = EventPart::ALL.into_iter().filter_map(|part| {
            let side = match (left.holds(part), right.holds(part)) {
                (true, false) => "right",
                (false, true) => "left",
                (true, true) | (false, false) => return None,
            };
            Some(AbsentPart { part, side })
        });
        absent.collect()
    }
}

impl StreamKind {
    pub fn word(self) -> &'static str {
        match self {
            StreamKind::Changed => "changed",
            StreamKind::Missing => "missing",
            StreamKind::Order => "order",
            StreamKind::LeftBehind => "left_behind",
            StreamKind::RightBehind => "right_behind",
            StreamKind::OnlyLeft => "only_left",
            StreamKind::OnlyRight => "only_right",
            StreamKind::Unclear => "unclear",
            StreamKind::Equal => "equal",
        }
    }
}

/// How one side is looked at. `digits`: of the recorded times of both.
fn measure_of(session: &Session, asked: &StoresAsked, digits: [u8; 2]) -> Measure {
    let coarser = digits.into_iter().min().unwrap_or(9).min(9);
    let (version_base, unit_nanos) = match asked.by {
        By::Bytes => (0, 1),
        By::Meaning => (
            session.description().version_base.unwrap_or(0),
            10_i64.pow(u32::from(9 - coarser)),
        ),
    };
    Measure {
        by: asked.by,
        counted: Parts::without(&asked.ignored),
        version_base,
        unit_nanos,
    }
}

fn store_answer(session: &Session, sums: &Sums, found: &Findings) -> Result<StoreAnswer, AppError> {
    let is_left_out = |(code, _, kept): &(&str, u64, Vec<refold_core::finding::Finding>)| {
        findings::leaves_out(code) || kept.iter().any(|finding| finding.severity == Severity::Error)
    };
    let incomplete = found.summary().iter().any(is_left_out);
    session.report_notices(found);
    let description = session.description();
    Ok(StoreAnswer {
        store: session.location().to_owned(),
        kind: description.kind.clone(),
        layout: description.layout.clone(),
        counts_as: environment_text(counts_as(session.location(), session.environment())),
        events: sums.events,
        streams: sums.stream_count,
        last_position: sums.last.map(text::position_label),
        grew: !session.store().is_current()?,
        incomplete,
        findings: findings::wire(found),
    })
}

/// The comparison while it runs, behind the first pass over both.
struct Pass<'a> {
    sides: [&'a Side<'a>; 2],
    sums: &'a [Sums; 2],
    names: Names,
    hashing: RandomState,
    events_at_once: u64,
    streams: StreamCounts,
    events: EventCounts,
    by_part: [u64; EventPart::ALL.len()],
    /// By the ordinal of the stream, how many of its first events are each other's counterparts, where their order is that
    /// of the positions: all, or those before the first difference.
    shared: Vec<u32>,
    differing: Vec<Differing>,
}

impl Pass<'_> {
    /// Judges every stream.
    fn streams(&mut self, work: &Work<'_>) -> Result<(), AppError> {
        let [left, right] = self.sums;
        let (mut group, mut in_group) = (Vec::new(), 0);
        let count = self.names.stream_count();
        self.shared = vec![0; count as usize];
        for stream in (0..count).map(StreamOrdinal) {
            let (of_left, of_right) = (left.of(stream), right.of(stream));
            let events = u64::from(of_left.events) + u64::from(of_right.events);
            if of_left.events == 0 || of_right.events == 0 {
                self.take_lone(stream);
            } else if of_left.is_same(&of_right) && !left.is_suspect(stream) && !right.is_suspect(stream) {
                self.streams.equal += 1;
                self.events.equal += u64::from(of_left.events);
                self.share(stream, of_left.events);
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
            self.take(*stream, align(left, right));
        }
        Ok(())
    }

    /// A stream with more events than are in memory at once: the first with the first, and so on.
    fn side_by_side(&mut self, work: &Work<'_>, stream: StreamOrdinal) -> Result<Outcome, AppError> {
        let ([left, right], [left_sums, right_sums]) = (self.sides, self.sums);
        let query = Stream::whole(self.names.stream(stream), Columns::ALL);
        let (mut on_left, mut on_right) = (left.walk(&query)?, right.walk(&query)?);
        let (mut outcome, mut scratch, mut done) = (Outcome::default(), Vec::new(), 0);
        let total = u64::from(left_sums.of(stream).events.max(right_sums.of(stream).events));
        let (names, hashing) = (&mut self.names, &self.hashing);
        loop {
            let of_left = on_left.next(work, names)?;
            let of_left = of_left.map(|event| left.entry(&event, names, left_sums, hashing, &mut scratch));
            let of_right = on_right.next(work, names)?;
            let of_right = of_right.map(|event| right.entry(&event, names, right_sums, hashing, &mut scratch));
            if of_left.is_none() && of_right.is_none() {
                return Ok(outcome);
            }
            outcome.take(of_left.as_ref(), of_right.as_ref(), false);
            done += 1;
            if done % 1_024 == 0 {
                work.tick("comparing event by event", done, Some(total))?;
            }
        }
    }

    fn share(&mut self, stream: StreamOrdinal, events: u32) {
        let is_unordered = self.sums.iter().any(|sums| sums.of(stream).is_unordered());
        if let Some(shared) = self.shared.get_mut(stream.0 as usize).filter(|_| !is_unordered) {
            *shared = events;
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
        self.share(stream, if has_all_paired { pairs } else { outcome.prefix });
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
    fn name_renamed(&mut self) {
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

    fn order(&mut self, work: &Work<'_>, asked: &StoresAsked) -> Result<OrderAnswer, AppError> {
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
        let found = order::compare(work, (left, right), &self.shared, &mut self.names)?;
        Ok(match found {
            SharedOrder::Same(events) => OrderAnswer {
                same: Some(true),
                events,
                ..OrderAnswer::default()
            },
            SharedOrder::Differs(events, left, right) => OrderAnswer {
                same: Some(false),
                not_compared: None,
                events,
                left_position: Some(text::position_label(left)),
                right_position: Some(text::position_label(right)),
            },
        })
    }
}
