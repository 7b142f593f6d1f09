//! Two whole stores: what each holds, stream by stream and event by event.
//!
//! Both are read once in the order of their positions, and of each stream a sum is kept that says whether it is the same.
//! Only the streams that differ are read again, so many at once that memory does not grow with them, and their events
//! paired. Which streams they are is decided by the ids; what an event is, by a [`Measure`]. Nothing here is a proof: an
//! anchor is one.

mod align;
pub mod answer;
mod export;
mod judging;
mod measure;
mod order;
mod page;
mod shown;
mod side;
#[cfg(test)]
mod tests;
mod twin;

use std::cmp::Reverse;
use std::hash::RandomState;
use std::sync::{Arc, Mutex};

use refold_core::finding::{Findings, Severity};
use refold_core::names::Names;
use refold_core::work::{Phase, Work};

pub use align::StreamKind;
pub use export::MOST_EXPORTED;
pub use measure::{By, EventPart};
pub use page::Selected;
pub(crate) use side::at_store;

use crate::connections::counts_as;
use crate::error::AppError;
use crate::session::Session;
use crate::settings::environment_text;
use crate::{findings, text};
use answer::{
    AbsentPart, DifferingAnswer, EventCounts, OrderAnswer, PartCount, StoreAnswer, StoresAnswer, StreamCounts,
};
use judging::{Differing, Judging};
use measure::{Doubts, Measure, Parts};
use page::Looked;
use side::{Side, Sums};

/// How two stores are compared.
#[derive(Debug, Clone)]
pub struct StoresAsked {
    pub by: By,
    /// What does not count.
    pub ignored: Vec<EventPart>,
    /// What makes states of the streams that differ, if they are asked for: of each side its own, `None` the built-in one.
    pub handlers: Option<[Option<String>; 2]>,
}

/// Events whose hashes are in memory at once, of both sides: with what pairs them about 350 bytes each.
const EVENTS_AT_ONCE: u64 = 1 << 18;

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
    /// What is needed to look at one of them once more.
    digits: [u8; 2],
    doubts: [Doubts; 2],
    hashing: RandomState,
    events_at_once: u64,
    /// What was looked at last.
    looked: Mutex<Looked>,
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
        if let Some([of_left, of_right]) = &asked.handlers {
            // What cannot be opened is said before two stores are read; and they may have masking rules of their own.
            left.adopted(of_left.as_deref())?;
            right.adopted(of_right.as_deref())?;
        }
        let digits = [left, right].map(|session| session.description().time_digits);
        let (on_left, on_right) = (
            side_of(left, asked, digits, "left"),
            side_of(right, asked, digits, "right"),
        );
        let (mut names, found) = (Names::default(), [Findings::default(), Findings::default()]);
        let [of_left, of_right] = &found;
        let sums = [
            on_left.sums(work, &mut names, of_left)?,
            on_right.sums(work, &mut names, of_right)?,
        ];
        let mut judging = Judging::new([&on_left, &on_right], &sums, names, events_at_once);
        judging.streams(work)?;
        judging.name_renamed();
        let order = judging.order(work, asked)?;
        let Judging {
            names,
            streams,
            events,
            by_part,
            mut differing,
            ..
        } = judging;
        differing.sort_by_key(|of| (of.kind, of.stream.0));
        let store = |session: &Arc<Session>, sums: &Sums, found: &Findings| store_answer(session, sums, found);
        let [left_sums, right_sums] = sums;
        Ok(StoresComparison {
            stores: [store(left, &left_sums, of_left)?, store(right, &right_sums, of_right)?],
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
            digits,
            doubts: [left_sums.doubts, right_sums.doubts],
            hashing: RandomState::new(),
            events_at_once,
            looked: Mutex::default(),
        })
    }

    /// The left one and the right one.
    pub(crate) fn sessions(&self) -> [&Arc<Session>; 2] {
        [&self.left, &self.right]
    }

    /// With the first `most` of the streams that differ, and what the handlers, if any, make of each.
    pub fn answer(&self, work: &Work<'_>, most: usize) -> Result<StoresAnswer, AppError> {
        self.answer_with(work, most, self.asked.handlers.as_ref())
    }

    /// As [`StoresComparison::answer`], without what handlers make of it.
    pub fn answer_of_events(&self, work: &Work<'_>, most: usize) -> Result<StoresAnswer, AppError> {
        self.answer_with(work, most, None)
    }

    fn answer_with(
        &self,
        work: &Work<'_>,
        most: usize,
        handlers: Option<&[Option<String>; 2]>,
    ) -> Result<StoresAnswer, AppError> {
        let mut differing = Vec::new();
        self.each_differing(work, most, handlers, |of| {
            differing.push(of);
            Ok(())
        })?;
        let outcome = self.outcome();
        let sentence = self.sentence(outcome);
        let differing_count = u32::try_from(self.differing.len()).unwrap_or(u32::MAX);
        let (parts, absent) = (self.parts(), self.absent());
        let [left, right] = self.stores.clone();
        Ok(StoresAnswer {
            outcome,
            sentence,
            left,
            right,
            by: match self.asked.by {
                By::Bytes => "bytes",
                By::Meaning => "meaning",
            },
            ignored: self.asked.ignored.clone(),
            streams: self.streams.clone(),
            events: self.events.clone(),
            parts,
            absent,
            order: self.order.clone(),
            form_only: !differing.is_empty() && differing.iter().all(|of| of.is_form_only),
            differing,
            differing_count,
            behind: self.behind(),
        })
    }

    /// Tells of the first `most` streams that differ, one after the other.
    fn each_differing(
        &self,
        work: &Work<'_>,
        most: usize,
        handlers: Option<&[Option<String>; 2]>,
        mut told: impl FnMut(DifferingAnswer) -> Result<(), AppError>,
    ) -> Result<(), AppError> {
        let meaning = self.meaning();
        let total = self.differing.len().min(most) as u64;
        for (done, of) in (0..).zip(self.differing.iter().take(most)) {
            work.tick(Phase::ReadingWhatDiffers, done, Some(total))?;
            told(self.differing_answer(work, of, meaning.as_ref(), handlers)?)?;
        }
        Ok(())
    }

    /// How both sides are looked at by meaning, where they were compared by bytes.
    fn meaning(&self) -> Option<[Measure; 2]> {
        let asked = StoresAsked {
            by: By::Meaning,
            ..self.asked.clone()
        };
        let of = |session: &Arc<Session>| measure_of(session, &asked, self.digits);
        (self.asked.by == By::Bytes).then(|| [of(&self.left), of(&self.right)])
    }

    fn differing_answer(
        &self,
        work: &Work<'_>,
        of: &Differing,
        meaning: Option<&[Measure; 2]>,
        handlers: Option<&[Option<String>; 2]>,
    ) -> Result<DifferingAnswer, AppError> {
        let id = self.names.stream(of.stream);
        let sessions = (&self.left, &self.right);
        let first = of.first.as_ref();
        let how = (self.asked.by, meaning);
        let first = first.map(|first| shown::first(work, (&self.left, &self.right), id, first, how));
        let first = first.transpose()?;
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
            by_place: of.is_by_place,
            renamed: of.renamed.map(|stream| text::exact(self.names.stream(stream))),
            is_form_only: of.kind == StreamKind::Changed && first.as_ref().is_some_and(|first| first.means_same),
            first,
            states: states.transpose()?,
        })
    }

    /// Whether what differs of a stream may be no more than what could not be read: what one side alone has may be among
    /// what the other lacks for that reason.
    fn is_unclear(&self, of: &Differing) -> bool {
        let [left, right] = &self.stores;
        let may_be_there = |alone: u32, other: &StoreAnswer| alone == 0 || other.incomplete;
        of.different == 0
            && of.renamed.is_none()
            && may_be_there(of.only_left, right)
            && may_be_there(of.only_right, left)
    }

    /// The side that holds less than the other, and nothing else.
    fn behind(&self) -> Option<&'static str> {
        let is_whole = self.stores.iter().all(|store| !store.incomplete);
        if !is_whole || self.order.same == Some(false) || self.events.equal == 0 {
            return None;
        }
        let all = |kinds: [StreamKind; 2]| {
            let mut differing = self.differing.iter();
            differing.all(|of| kinds.contains(&of.kind) && of.renamed.is_none())
        };
        match self.differing.is_empty() {
            true => None,
            false if all([StreamKind::RightBehind, StreamKind::OnlyLeft]) => Some("right"),
            false if all([StreamKind::LeftBehind, StreamKind::OnlyRight]) => Some("left"),
            false => None,
        }
    }

    /// Whether no event of one is in the other, under whatever id, though both hold events.
    fn shares_nothing(&self) -> bool {
        let [left, right] = &self.stores;
        let shared = self.events.equal + self.events.different + self.events.unclear_left + self.events.unclear_right;
        shared == 0 && self.streams.renamed == 0 && left.events > 0 && right.events > 0
    }

    fn outcome(&self) -> &'static str {
        let is_incomplete = self.stores.iter().any(|store| store.incomplete);
        if self.order.same == Some(false) || !self.differing.iter().all(|of| self.is_unclear(of)) {
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
        let events = text::counted(self.events.equal, "event");
        let streams = self.streams.equal.into();
        let (unclear, differing): (Vec<_>, Vec<_>) = self.differing.iter().partition(|of| self.is_unclear(of));
        let also_unclear = match unclear.len() as u64 {
            0 => String::new(),
            count => format!(", {} unclear", text::grouped(count)),
        };
        let as_is = match self.asked.by {
            By::Bytes => "the same",
            By::Meaning => "the same by what they mean",
        };
        match outcome {
            "same" => format!(
                "the two hold the same: {events} in {}",
                text::counted(streams, "stream")
            ),
            "unclear" => format!(
                "NOT CLEAR whether the two hold the same: {events} and {} are {as_is}{incomplete}",
                text::counted(streams, "whole stream")
            ),
            _ if self.differing.is_empty() => {
                format!("the two hold the same events in another order{incomplete}")
            }
            _ if differing.is_empty() => format!(
                "the two hold what both share in another order; {} unclear{incomplete}",
                text::counted(unclear.len() as u64, "stream")
            ),
            _ if self.shares_nothing() => format!(
                "the two have NOTHING in common: {} only left, {} only right, and no event is in both{incomplete}",
                text::counted(left.events, "event"),
                text::counted(right.events, "event")
            ),
            _ if let Some(behind) = self.behind() => {
                let (ended, missing) = match behind {
                    "left" => (self.streams.left_behind, self.streams.only_right),
                    _ => (self.streams.right_behind, self.streams.only_left),
                };
                let ended = (ended > 0).then(|| format!("{} ending earlier", text::counted(ended.into(), "stream")));
                let missing = (missing > 0).then(|| format!("{} missing", text::counted(missing.into(), "stream")));
                let told: Vec<String> = ended.into_iter().chain(missing).collect();
                format!(
                    "the {behind} store is BEHIND, and holds nothing else: {}",
                    told.join(", ")
                )
            }
            _ => format!(
                "the two DIFFER in {}{also_unclear}{incomplete}",
                text::counted(differing.len() as u64, "stream")
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

/// One side. `digits`: of the recorded times of both.
fn side_of<'a>(session: &'a Session, asked: &StoresAsked, digits: [u8; 2], name: &'static str) -> Side<'a> {
    Side {
        session,
        measure: measure_of(session, asked, digits),
        name,
    }
}

/// How one side is looked at.
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
