//! The smallest part of a stream's history that still shows a failure, as a test case.

mod as_test;
mod events;
mod shown;
mod stand_ins;
mod until;

use std::path::Path;
use std::sync::Arc;

use refold_core::finding::Findings;
use refold_core::fold::{Detail, Fold, Folded};
use refold_core::port::handler::HandlerProgram;
use refold_core::work::{Phase, Work};
pub use refold_handlers::lab::library_test::{Language, TestFile};
use refold_handlers::lab::{Minimized, Rules, smallest};
use refold_handlers::testcase::{CaseText, Wanted, write_case};
use serde::Serialize;

use super::EventName;
use crate::error::{AppError, ErrorCode};
use crate::mask::{Cover, Part};
use crate::session::Session;
use crate::stream::Stream;
use crate::text::Exact;
use crate::wire::{FindingWire, HandlerWire};
use crate::written_file::{self, Own};
use crate::{findings, handler, text};
use as_test::{Source, library_tests};
use events::Events;
use shown::{Kind, Shown};
pub use until::case_until;

/// Histories that are tried at most.
const MOST_TESTS: u32 = 20_000;

/// What a smaller history must still show.
#[derive(Debug, Clone, Copy)]
pub enum Failure<'a> {
    /// The invariant of this id breaks; or, when it is no id of the handler's package, this condition. With the other
    /// handler it holds: else any history that never was in order would show it too. Where none is named it is the newest
    /// version of the package in which it holds on the whole history.
    Invariant { id: &'a str, unless: Option<&'a str> },
    /// This other handler comes to another state.
    Against(&'a str),
    /// The handler fails, with the same code at the same place of its rules.
    Error,
}

/// How much of the history a case has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// No event can be left out.
    Smallest,
    /// All up to the one that shows it.
    Whole,
}

#[derive(Debug, Clone, Serialize)]
pub struct MinimizeAnswer {
    pub stream: Exact,
    pub handler: HandlerWire,
    /// What is shown, in a sentence; `null`: the stream does not show it, and there is nothing to minimize.
    pub failure: Option<String>,
    /// The handler with which the same events do not show it; `null`: none is known.
    pub against: Option<HandlerWire>,
    /// How far the answer can be relied on, where that is not plain: which other version it was held against though
    /// nobody named it, or that there is none.
    pub note: Option<String>,
    /// What says that events of the stream could not be read: it may fail with them.
    pub lacking: Vec<FindingWire>,
    /// The events up to the one that shows it and whether each is kept; the first of many.
    #[serde(skip)]
    pub course: Vec<(EventName, bool)>,
    /// How many come after that.
    #[serde(skip)]
    pub after_failure: u32,
    /// The events that are kept: by version, by position where the store keeps none.
    pub kept: Vec<String>,
    /// How many events the stream has.
    pub of: u32,
    /// Histories that were tried.
    pub tests: u32,
    /// Whether it is known that without any one of them the failure does not show.
    pub is_minimal: bool,
    /// The test case, in the format of handler packages; `null` where there is none.
    pub case: Option<String>,
    /// The same as tests in other languages, one in each; none where there is no case.
    #[serde(skip)]
    pub library_tests: Vec<TestFile>,
}

pub fn minimize(
    work: &Work<'_>,
    session: &Session,
    stream: &str,
    handler: Option<&str>,
    failure: Failure<'_>,
    extent: Extent,
) -> Result<MinimizeAnswer, AppError> {
    let program = session.adopted(handler)?;
    let mut shown = Shown::of(session, &program, handler, failure)?;
    let findings = Arc::<Findings>::default();
    let stream = Stream::load(work, session, stream, &findings)?;
    let mut events = Events::read(work, session, &stream, shown.program.as_ref(), &findings)?;
    let all: Vec<usize> = (0..events.batch.len()).collect();
    let note = events.hold_against(work, &mut shown, &all, handler)?;
    let replaced = replace_hidden(work, session, &mut events, &shown, &all)?;
    let mut answer = MinimizeAnswer {
        stream: text::exact(&stream.id),
        handler: handler::wire(program.identity()),
        failure: None,
        against: shown.right().map(|right| handler::wire(right.identity())),
        note,
        lacking: findings::wire(&findings)
            .into_iter()
            .filter(FindingWire::leaves_out)
            .collect(),
        course: Vec::new(),
        after_failure: 0,
        kept: Vec::new(),
        of: stream.track.head().0,
        tests: 0,
        is_minimal: false,
        case: None,
        library_tests: Vec::new(),
    };
    let Some((last, identity)) = events.first_failure(work, &shown, &all)? else {
        return Ok(answer);
    };
    expect_whole(&stream, &events, last)?;
    let found = match extent {
        Extent::Smallest => smallest_part(work, &events, &shown, last, &identity)?,
        Extent::Whole => Minimized {
            kept: (0..=last).collect(),
            tests: 0,
            is_minimal: false,
        },
    };
    let cover = session.mask().cover(&stream.id, &stream.category, None, Part::State);
    let sentence = shown.sentence(&cover, &identity, &events.label(last));
    let how = match (extent, found.is_minimal) {
        (Extent::Whole, _) => "all up to the one that shows it",
        (Extent::Smallest, true) => "without any one of them it does not show",
        (Extent::Smallest, false) => "fewer may do: the search was stopped",
    };
    let comment = |kept: usize, how: &str| {
        let (of, stream, store) = (answer.of, &answer.stream, session.name());
        format!(
            "{} of the {} of {stream} in {store}: {how}{}",
            text::grouped(kept as u64),
            text::counted(of.into(), "event"),
            told(replaced)
        )
    };
    let case = write_case(&CaseText {
        title: &sentence,
        comment: &comment(found.kept.len(), how),
        stream: &stream.id,
        names: events.names,
        batch: &events.batch,
        kept: &found.kept,
        version: None,
        wanted: wanted(work, &events, &shown, &found.kept, &cover)?,
    })?;
    // Most models must be told that there is something before they can be told more.
    let opened = with_opening(work, &events, &shown, &found.kept, &identity)?;
    let how = match &opened {
        Some(_) => "the first one, and those without which it does not show",
        None => how,
    };
    let kept = opened.as_deref().unwrap_or(&found.kept);
    let category = text::shown(&stream.category);
    let source = Source {
        events: &events,
        shown: &shown,
        program: &program,
        kept,
        title: &sentence,
        comments: vec![comment(kept.len(), how)],
        aggregate: if category.is_empty() {
            &program.identity().name
        } else {
            &category
        },
        cover: &cover,
    };
    answer.library_tests = library_tests(work, source)?;
    answer.failure = Some(sentence);
    answer.course = events.course(last, &found.kept);
    answer.after_failure = answer.of.saturating_sub(u32::try_from(last + 1).unwrap_or(u32::MAX));
    answer.kept = found.kept.iter().map(|event| events.label(*event)).collect();
    answer.tests = found.tests;
    answer.is_minimal = found.is_minimal;
    answer.case = Some(case);
    Ok(answer)
}

/// A failure behind events that are missing may come of their absence: a case of it would ask of a handler what no history
/// ever asked.
fn expect_whole(stream: &Stream, events: &Events<'_>, last: usize) -> Result<(), AppError> {
    match stream.lacks().and_then(|gap| gap.since.event_index()) {
        Some(behind) if behind <= last => Err(AppError::invalid(
            format!(
                "it shows at {}, but events before {} are missing, and might have kept it",
                events.label(last),
                events.label(behind)
            ),
            "minimize a stream whose events are all there, or look for a copy of the store that has them",
        )),
        _ => Ok(()),
    }
}

/// Writes a case into a file that is not there yet: a person keeps it.
pub fn write_case_file(session: &Session, file: &Path, case: &str) -> Result<(), AppError> {
    const CASE: Own = Own {
        noun: "case",
        begins_with: None,
    };
    session.log_export(CASE.noun, file, &text::sha256(case.as_bytes()))?;
    written_file::write(file, session.path(), case.as_bytes(), &CASE)
}

fn smallest_part(
    work: &Work<'_>,
    events: &Events<'_>,
    shown: &Shown,
    last: usize,
    identity: &str,
) -> Result<Minimized, AppError> {
    // What came after the failure has no part in it.
    let group_of = |event: usize| events.batch.types.get(event).map_or(0, |of| of.0);
    let mut tests = 0;
    smallest(last + 1, group_of, MOST_TESTS, |kept| {
        tests += 1;
        work.tick(Phase::TryingSmallerHistories, tests, None)?;
        let again = events.first_failure(work, shown, kept)?;
        Ok(again.is_some_and(|(_, same)| same == identity))
    })
}

/// What is kept and the first event of the stream, where that is none of them and they show the same failure.
fn with_opening(
    work: &Work<'_>,
    events: &Events<'_>,
    shown: &Shown,
    kept: &[usize],
    identity: &str,
) -> Result<Option<Vec<usize>>, AppError> {
    if kept.first() == Some(&0) {
        return Ok(None);
    }
    let opened: Vec<usize> = [0].iter().chain(kept).copied().collect();
    let again = events.first_failure(work, shown, &opened)?;
    Ok(again.is_some_and(|(_, same)| same == identity).then_some(opened))
}

/// Puts stand-ins in the place of what masking rules hide, for a case holds its events whole. Says how many.
///
/// # Errors
/// When the failure comes from what is hidden: with stand-ins it does not show any more.
fn replace_hidden(
    work: &Work<'_>,
    session: &Session,
    events: &mut Events<'_>,
    shown: &Shown,
    all: &[usize],
) -> Result<u32, AppError> {
    let before = events.first_failure(work, shown, all)?;
    let replaced = events.replace_hidden(session)?;
    if replaced == 0 || before == events.first_failure(work, shown, all)? {
        return Ok(replaced);
    }
    Err(AppError::new(
        ErrorCode::Denied,
        "masking rules hide fields of this stream, and the failure does not show without their values",
        "reveal them with a reason (docs/masking.md), or minimize a store without such fields",
    ))
}

fn told(replaced: u32) -> String {
    match replaced {
        0 => String::new(),
        _ => format!(
            "; {} that masking rules hide replaced",
            text::counted(replaced.into(), "value")
        ),
    }
}

/// What the case asks of a handler that is right.
fn wanted(
    work: &Work<'_>,
    events: &Events<'_>,
    shown: &Shown,
    kept: &[usize],
    cover: &Cover,
) -> Result<Wanted, AppError> {
    Ok(match &shown.kind {
        // A condition that no package holds cannot be named in a case; that the events fold can.
        Kind::Invariant { rules, id, .. } => match rules.as_ref() {
            Rules::OfPackage(_) => Wanted::Holds(id.clone()),
            Rules::Own(_) => Wanted::Nothing,
        },
        Kind::Against { right } => {
            let state = folded(work, events, right, kept)?.state;
            let mut hidden = Vec::new();
            cover.value(&state).redacted_parts(&mut hidden);
            // A state of which something is hidden cannot be asked for whole.
            if hidden.is_empty() {
                Wanted::State(state)
            } else {
                Wanted::Nothing
            }
        }
        Kind::Error => Wanted::Nothing,
    })
}

/// What a program makes of a history.
fn folded(
    work: &Work<'_>,
    events: &Events<'_>,
    program: &Arc<dyn HandlerProgram>,
    history: &[usize],
) -> Result<Folded, AppError> {
    let mut fold = Fold::new(program.as_ref(), Detail::State)?;
    for event in history {
        work.check()?;
        fold.step(&events.batch.event(*event), events.names, None)?;
    }
    Ok(fold.folded()?)
}
