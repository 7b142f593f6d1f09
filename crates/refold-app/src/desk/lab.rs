//! The replay lab, as the window uses it: answers are kept here while their rows are looked at.

mod known;

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use refold_core::work::{CancelToken, Silent, Work};

use super::Desk;
use crate::answer::Literal;
use crate::error::AppError;
use crate::handler;
use crate::jobs::{ProgressSink, caught};
use crate::lock::lock;
use crate::text;
use crate::usecase::lab::check::{CheckAnswer, ValueAnswer, ViolationAnswer, check};
use crate::usecase::lab::compare::{
    CompareAnswer, DifferingAnswer, KindAnswer, PlaceAnswer, Side, StopAnswer, compare,
};
use crate::usecase::lab::determinism::determinism;
use crate::usecase::lab::kept::Keeping;
use crate::usecase::lab::minimize::{Extent, Failure, MinimizeAnswer, TestFile, minimize, write_case_file};
use crate::usecase::lab::pair::Pair;
use crate::usecase::lab::sandbox::Sandbox;
use crate::usecase::lab::{EventName, Scope, invariant, versions};
use crate::wire::{
    CheckAsked, CompareAsked, CourseEvent, DifferenceKind, DifferingPage, DifferingRow, HandlerChecked, HandlerWire,
    HandlersCompared, HistoryMinimized, InvariantCourse, InvariantListed, InvariantOutcome, LabEvent, LabScope,
    LabScopeKind, LibraryTest, MinimizeAsked, NamedValue, PairOpened, PairPage, StopRow, VersionsChecked,
    ViolationPage, ViolationRow,
};

/// Kinds of differences and failures that are told at once.
const MOST_TOLD: usize = 200;

/// What the lab has on the desk, by number.
#[derive(Clone)]
pub(super) struct PlacedRun {
    pub session: u32,
    run: Run,
}

#[derive(Clone)]
pub(super) enum Run {
    Compared(Arc<CompareAnswer>),
    Checked(Arc<CheckAnswer>),
    Pair(Arc<Pair>),
    Sandbox(Arc<Sandbox>),
}

impl Desk {
    /// Folds a scope with two handlers in lockstep, or takes the answer that is kept.
    pub fn compare_handlers(
        &self,
        session: u32,
        asked: &CompareAsked,
        progress: ProgressSink<'_>,
    ) -> Result<HandlersCompared, AppError> {
        let opened = self.session(session)?;
        let started = Instant::now();
        let answered = self.jobs.run("compare", session, progress, |work| {
            let (left, right) = (Some(asked.left.as_str()), Some(asked.right.as_str()));
            let keeping = keeping(asked.is_anew);
            compare(work, &opened, scope_of(&asked.scope), left, right, keeping)
        })?;
        let (answer, is_cached) = (Arc::new(answered.answer), answered.was_kept);
        let run = self.place(session, Run::Compared(Arc::clone(&answer)));
        Ok(HandlersCompared {
            run,
            left: answer.left.clone(),
            right: answer.right.clone(),
            streams: answer.streams,
            events: narrow(answer.events),
            differing_streams: answer.differing_streams,
            differing_at_head: answer.differing_at_head,
            rows: narrow(answer.differing.len() as u64),
            kinds: answer.kinds.iter().take(MOST_TOLD).map(DifferenceKind::from).collect(),
            kind_count: narrow(answer.kinds.len() as u64),
            stops: answer.errors.iter().take(MOST_TOLD).map(StopRow::from).collect(),
            stop_count: answer.error_count,
            unclear: answer.unclear().unwrap_or_default(),
            findings: answer.findings.clone(),
            is_cached,
            took: took(started),
        })
    }

    /// A page of the streams that differ, by the position of their first divergence.
    pub fn differing_rows(&self, run: u32, offset: u32, limit: u32) -> Result<DifferingPage, AppError> {
        let Run::Compared(answer) = self.run(run)? else {
            return Err(gone());
        };
        Ok(DifferingPage {
            total: narrow(answer.differing.len() as u64),
            rows: page(&answer.differing, offset, limit)
                .filter_map(differing_row)
                .collect(),
        })
    }

    /// Opens one stream under both handlers; then its states can be asked for at any moment.
    pub fn open_pair(
        &self,
        session: u32,
        scope: &LabScope,
        handlers: [&str; 2],
        progress: ProgressSink<'_>,
    ) -> Result<PairOpened, AppError> {
        let opened = self.session(session)?;
        let [left, right] = handlers;
        let pair = self.jobs.run("pair", session, progress, |work| {
            Pair::open(work, &opened, scope_of(scope), left, right)
        })?;
        let pair = Arc::new(pair);
        let number = self.place(session, Run::Pair(Arc::clone(&pair)));
        Ok(pair.describe(number))
    }

    /// Both states of a pair at a moment.
    pub fn pair_page(&self, pair: u32, moment: u32, is_whole: bool) -> Result<PairPage, AppError> {
        caught(|| {
            let Run::Pair(pair) = self.run(pair)? else {
                return Err(gone());
            };
            let cancel = CancelToken::default();
            pair.page(&Work::new(&cancel, &Silent), moment, is_whole)
        })
    }

    /// Forgets an answer or a pair.
    pub fn close_run(&self, run: u32) -> Result<(), AppError> {
        lock(&self.runs).remove(&run);
        Ok(())
    }

    /// The handlers at hand and their versions, and one that a person names.
    pub fn handler_identity(&self, handler: &str) -> Result<HandlerWire, AppError> {
        caught(|| Ok(handler::wire(handler::open(Some(handler))?.identity())))
    }

    pub fn invariants_of(&self, handler: &str) -> Result<Vec<InvariantListed>, AppError> {
        caught(|| invariant::invariants(handler))
    }

    /// Asks the invariants of a handler, or one condition, of every state of a scope.
    pub fn check_handler(
        &self,
        session: u32,
        asked: &CheckAsked,
        progress: ProgressSink<'_>,
    ) -> Result<HandlerChecked, AppError> {
        let opened = self.session(session)?;
        let started = Instant::now();
        let (answered, determinism) = self.jobs.run("check", session, progress, |work| {
            let condition = Some(asked.condition.as_str()).filter(|condition| !condition.is_empty());
            let (handler, keeping) = (Some(asked.handler.as_str()), keeping(asked.is_anew));
            let scope = scope_of(&asked.scope);
            let answered = check(work, &opened, scope, handler, condition, keeping)?;
            Ok((answered, determinism(work, &opened, scope, handler)?))
        })?;
        let (answer, is_cached) = (Arc::new(answered.answer), answered.was_kept);
        let run = self.place(session, Run::Checked(Arc::clone(&answer)));
        let rows_of = |id: &str| answer.violations.iter().filter(|of| of.invariant == id).count() as u64;
        let outcomes = answer.invariants.iter().map(|of| InvariantOutcome {
            id: of.id.clone(),
            severity: of.severity,
            broken_streams: of.broken_streams,
            rows: narrow(rows_of(&of.id)),
            unclear_streams: of.unclear_streams,
            unclear: of.unclear.clone().unwrap_or_default(),
        });
        Ok(HandlerChecked {
            run,
            handler: answer.handler.clone(),
            streams: answer.streams,
            events: narrow(answer.events),
            is_exact: answer.exact,
            sentence: answer.sentence.clone(),
            is_replay_safe: determinism.replay_safe,
            replay_safety: determinism.sentence,
            invariants: outcomes.collect(),
            findings: answer.findings.clone(),
            is_cached,
            took: took(started),
        })
    }

    /// A page of the streams in which an invariant broke, by the position of the first break.
    pub fn violation_rows(
        &self,
        run: u32,
        invariant: &str,
        offset: u32,
        limit: u32,
    ) -> Result<ViolationPage, AppError> {
        let Run::Checked(answer) = self.run(run)? else {
            return Err(gone());
        };
        let of: Vec<&ViolationAnswer> = answer
            .violations
            .iter()
            .filter(|of| of.invariant == invariant)
            .collect();
        Ok(ViolationPage {
            total: narrow(of.len() as u64),
            rows: page(&of, offset, limit).map(|of| violation_row(of)).collect(),
        })
    }

    /// One invariant over the course of one stream.
    pub fn invariant_course(
        &self,
        session: u32,
        scope: &LabScope,
        handler: &str,
        invariant: &str,
        progress: ProgressSink<'_>,
    ) -> Result<InvariantCourse, AppError> {
        let opened = self.session(session)?;
        self.jobs.run("course", session, progress, |work| {
            invariant::course(work, &opened, scope_of(scope), handler, invariant)
        })
    }

    /// One invariant under every version of a handler.
    pub fn check_versions(
        &self,
        session: u32,
        scope: &LabScope,
        handler: &str,
        invariant: &str,
        progress: ProgressSink<'_>,
    ) -> Result<VersionsChecked, AppError> {
        let opened = self.session(session)?;
        self.jobs.run("versions", session, progress, |work| {
            versions::versions(work, &opened, scope_of(scope), handler, invariant)
        })
    }

    /// The smallest part of a stream's history that still shows a failure.
    pub fn minimize_history(
        &self,
        session: u32,
        asked: &MinimizeAsked,
        progress: ProgressSink<'_>,
    ) -> Result<HistoryMinimized, AppError> {
        let opened = self.session(session)?;
        let given = |text: &'_ str| !text.is_empty();
        let against = Some(asked.against.as_str()).filter(|against| given(against));
        let failure = match (asked.invariant.as_str(), against) {
            ("", Some(against)) => Failure::Against(against),
            ("", None) => Failure::Error,
            (id, unless) => Failure::Invariant { id, unless },
        };
        let handler = Some(asked.handler.as_str());
        let found = self.jobs.run("minimize", session, progress, |work| {
            minimize(work, &opened, &asked.stream, handler, failure, Extent::Smallest)
        })?;
        Ok(found.into())
    }

    /// Writes a test case into a new file that a person chose, never beside the store.
    pub fn save_test_case(&self, session: u32, file: &str, case: &str) -> Result<(), AppError> {
        caught(|| write_case_file(&*self.session(session)?, Path::new(file), case))
    }

    pub(super) fn place(&self, session: u32, run: Run) -> u32 {
        let number = self.next_number();
        lock(&self.runs).insert(number, PlacedRun { session, run });
        number
    }

    pub(super) fn run(&self, number: u32) -> Result<Run, AppError> {
        let found = lock(&self.runs).get(&number).map(|placed| placed.run.clone());
        found.ok_or_else(gone)
    }
}

pub(super) fn gone() -> AppError {
    AppError::not_found("this answer is not there any more", "run it again")
}

fn keeping(is_anew: bool) -> Keeping {
    if is_anew { Keeping::Anew } else { Keeping::Kept }
}

pub(super) fn scope_of(scope: &LabScope) -> Scope<'_> {
    match (scope.kind, scope.until.as_str()) {
        (LabScopeKind::Stream, "") => Scope::Stream(&scope.name),
        (LabScopeKind::Stream, cursor) => Scope::Until {
            stream: &scope.name,
            cursor,
        },
        (LabScopeKind::Category, _) => Scope::Category(&scope.name),
        (LabScopeKind::Store, _) => Scope::All,
    }
}

pub(super) fn took(started: Instant) -> String {
    text::span_label(u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX))
}

pub(super) fn narrow(count: u64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn page<T>(rows: &[T], offset: u32, limit: u32) -> impl Iterator<Item = &T> {
    rows.iter().skip(offset as usize).take(limit as usize)
}

/// `None` only without an interval, which is not among the answers.
fn differing_row(of: &DifferingAnswer) -> Option<DifferingRow> {
    let (first, last) = (of.intervals.first()?, of.intervals.last()?);
    let place = of.places.first();
    let side =
        |side: fn(&PlaceAnswer) -> &Option<Literal>| place.and_then(|place| side(place).as_ref()).map(Literal::row);
    Some(DifferingRow {
        stream: of.stream.to_string(),
        from: LabEvent::from(&first.from),
        until: first.until.as_ref().map(LabEvent::from),
        intervals: of.interval_count,
        differs_at_head: last.until.is_none(),
        path: place
            .map(|place| text::visible(&place.path).into_owned())
            .unwrap_or_default(),
        left: side(|place| &place.left),
        right: side(|place| &place.right),
        places: of.place_count,
    })
}

fn violation_row(of: &ViolationAnswer) -> ViolationRow {
    let value = |value: &ValueAnswer| NamedValue {
        path: text::visible(&value.path).into_owned(),
        value: value.value.row(),
    };
    ViolationRow {
        stream: of.stream.to_string(),
        event: LabEvent::from(&of.event),
        values: of.values.iter().map(value).collect(),
        holds_at_head: of.holds_at_head,
    }
}

impl From<&KindAnswer> for DifferenceKind {
    fn from(kind: &KindAnswer) -> DifferenceKind {
        DifferenceKind {
            path: text::visible(&kind.path).into_owned(),
            event_type: kind.event_type.to_string(),
            streams: kind.streams,
        }
    }
}

impl From<&StopAnswer> for StopRow {
    fn from(stop: &StopAnswer) -> StopRow {
        StopRow {
            is_left: stop.side == Side::Left,
            stream: stop.stream.to_string(),
            event: LabEvent::from(&stop.event),
            reason: stop.reason.clone(),
        }
    }
}

impl From<TestFile> for LibraryTest {
    fn from(file: TestFile) -> LibraryTest {
        LibraryTest {
            title: file.language.title().to_owned(),
            file: file.name,
            text: file.text,
        }
    }
}

impl From<MinimizeAnswer> for HistoryMinimized {
    fn from(found: MinimizeAnswer) -> HistoryMinimized {
        let event = |(event, is_kept): &(EventName, bool)| CourseEvent {
            event: LabEvent::from(event),
            is_kept: *is_kept,
        };
        HistoryMinimized {
            stream: found.stream.to_string(),
            failure: found.failure.unwrap_or_default(),
            note: found.note.unwrap_or_default(),
            course: found.course.iter().map(event).collect(),
            kept: narrow(found.kept.len() as u64),
            of: found.of,
            after_failure: found.after_failure,
            tests: found.tests,
            is_minimal: found.is_minimal,
            case: found.case.unwrap_or_default(),
            library_tests: found.library_tests.into_iter().map(LibraryTest::from).collect(),
        }
    }
}

#[cfg(test)]
mod tests;
