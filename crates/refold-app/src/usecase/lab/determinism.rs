//! Whether a handler is safe to replay, as far as the first events of a scope tell.

use std::sync::Arc;

use refold_core::event::{Columns, EventBatch};
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::port::store::ReadQuery;
use refold_core::value::Value;
use refold_core::work::{Phase, Work};
use refold_handlers::error::code;
use refold_handlers::lab::determinism::{Mismatch, Tried, try_out};
use serde::Serialize;

use super::{EventName, Scope, shown_at, shown_path};
use crate::answer::Literal;
use crate::error::AppError;
use crate::mask::Part;
use crate::session::Session;
use crate::stream::Stream;
use crate::text::Exact;
use crate::usecase::named;
use crate::{clock, text};

/// Events that are folded, several times over.
const MOST_EVENTS: usize = 2_000;
/// What they hold together at most, but for the first.
const MOST_BYTES: usize = 64 << 20;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DeterminismAnswer {
    /// `null`: no event was folded, so nothing tells.
    pub replay_safe: Option<bool>,
    /// What that rests on, in a sentence.
    pub sentence: String,
    /// Events that were folded.
    pub events: u32,
    /// The first one of each check that found one.
    pub mismatches: Vec<MismatchAnswer>,
}

/// The first event after which folding in another way gave another state.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MismatchAnswer {
    pub code: &'static str,
    /// `again`, `cut` or `alone`.
    pub check: &'static str,
    pub stream: Exact,
    #[serde(flatten)]
    pub event: EventName,
    /// RFC 6901.
    pub path: String,
    /// What folding straight gives, and what the check gives; `null`: nothing, or it failed.
    pub expected: Option<Literal>,
    pub found: Option<Literal>,
}

pub fn determinism(
    work: &Work<'_>,
    session: &Session,
    scope: Scope<'_>,
    handler: Option<&str>,
) -> Result<DeterminismAnswer, AppError> {
    let program = session.adopted(handler)?;
    let mut names = Names::default();
    let batch = first_events(work, session, scope, program.columns(), &mut names)?;
    let Tried { folded, mismatches } = try_out(work, &program, &names, &batch)?;
    let sentence = match mismatches.first() {
        None if folded == 0 => {
            let looked_at = text::counted(batch.len() as u64, "event");
            format!("not tried whether it is safe to replay: of the first {looked_at} the handler folds none")
        }
        None => {
            let counted = text::counted(folded.into(), "event");
            format!("safe to replay: {counted} give the same states again, from checkpoints and by turns")
        }
        Some(first) => format!("not safe to replay ({}): {}", code::NONDETERMINISTIC, told(first)),
    };
    Ok(DeterminismAnswer {
        replay_safe: (folded > 0 || !mismatches.is_empty()).then_some(mismatches.is_empty()),
        sentence,
        events: folded,
        mismatches: mismatches.iter().map(|of| answer_of(session, &names, of)).collect(),
    })
}

/// The first events of a scope, in the order of the store.
fn first_events(
    work: &Work<'_>,
    session: &Session,
    scope: Scope<'_>,
    columns: Columns,
    names: &mut Names,
) -> Result<EventBatch, AppError> {
    let findings = Arc::<Findings>::default();
    let mut most = MOST_EVENTS;
    let mut category = None;
    let query = match scope {
        Scope::Stream(stream) => Stream::whole(&Stream::load(work, session, stream, &findings)?.id, columns),
        Scope::Until { stream, cursor } => {
            let stream = Stream::load(work, session, stream, &findings)?;
            let until = stream.track.resolve(&session.cursor(cursor)?, clock::now())?;
            most = most.min(until.0 as usize);
            Stream::whole(&stream.id, columns)
        }
        Scope::Category(named) => {
            let index = session.build_index(work)?;
            category = Some(named::category(&index, named)?);
            ReadQuery::all(columns)
        }
        Scope::All => ReadQuery::all(columns),
    };
    let mut reader = session.store().read(&query)?;
    let (mut found, mut batch) = (EventBatch::default(), EventBatch::default());
    let mut looked_at = 0;
    // Events of a category may begin anywhere in a store.
    while found.len() < most && reader.next_batch(work, MOST_EVENTS, &mut batch, names, &findings)? {
        for row in 0..batch.len() {
            let event = batch.event(row);
            let is_wanted = category
                .as_ref()
                .is_none_or(|wanted| names.category(event.stream) == *wanted);
            if is_wanted && found.len() < most {
                if !found.is_empty() && found.arena.len() + event.byte_count() > MOST_BYTES {
                    return Ok(found);
                }
                found.push(&event, columns);
            }
        }
        looked_at += batch.len() as u64;
        work.tick(Phase::LookingForTheFirstEvents, looked_at, None)?;
    }
    Ok(found)
}

/// How two states of one event came about.
fn told(mismatch: &Mismatch) -> String {
    use refold_handlers::lab::determinism::Check;
    let how = match mismatch.check {
        Check::Again => "folding again gives",
        Check::Cut => "going on from a checkpoint gives",
        Check::Alone => "folding other streams between its events gives",
    };
    let event = text::version_label(mismatch.event.version);
    format!("{how} another state of {} at v{event}", text::shown(&mismatch.stream))
}

fn answer_of(session: &Session, names: &Names, mismatch: &Mismatch) -> MismatchAnswer {
    let category = names.find_stream(&mismatch.stream).map(|stream| names.category(stream));
    let cover = session
        .mask()
        .cover(&mismatch.stream, category.unwrap_or_default(), None, Part::State);
    let side = |value: &Option<Value>| {
        value
            .as_ref()
            .map(|value| Literal(shown_at(&cover, &mismatch.path, value)))
    };
    MismatchAnswer {
        code: code::NONDETERMINISTIC,
        check: mismatch.check.id(),
        stream: text::exact(&mismatch.stream),
        event: EventName::of(&mismatch.event),
        path: shown_path(&cover, &mismatch.path),
        expected: side(&mismatch.expected),
        found: side(&mismatch.found),
    }
}
