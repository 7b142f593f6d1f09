//! Whether a handler is safe to replay, as far as the first events of a scope tell.

use std::sync::Arc;

use refold_core::event::EventBatch;
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::port::store::{Direction, ReadQuery, Scope as ReadScope};
use refold_core::value::Value;
use refold_core::work::Work;
use refold_handlers::error::code;
use refold_handlers::lab::OnlyCategory;
use refold_handlers::lab::determinism::{Mismatch, find_mismatches};
use serde::Serialize;

use super::{EventName, Scope, shown_at, shown_path};
use crate::answer::Literal;
use crate::error::AppError;
use crate::handler;
use crate::mask::Part;
use crate::session::Session;
use crate::stream::Stream;
use crate::text::{self, Exact};

/// Events that are folded, several times over.
const MOST_EVENTS: usize = 2_000;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DeterminismAnswer {
    pub replay_safe: bool,
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
    session.mask().adopt(handler)?;
    let mut program = handler::open(handler)?;
    let findings = Arc::<Findings>::default();
    let read = match scope {
        Scope::Stream(stream) | Scope::Until { stream, .. } => {
            let id = Stream::load(work, session, stream, &findings)?.id;
            ReadScope::Stream {
                id,
                from: None,
                to: None,
            }
        }
        Scope::Category(category) => {
            program = Arc::new(OnlyCategory::new(program, category.as_bytes()));
            ReadScope::All {
                after: None,
                up_to: None,
            }
        }
        Scope::All => ReadScope::All {
            after: None,
            up_to: None,
        },
    };
    let (mut batch, mut names) = (EventBatch::default(), Names::default());
    let mut reader = session.store().read(&ReadQuery {
        scope: read,
        direction: Direction::Forward,
        columns: program.columns(),
    })?;
    // One batch: a reader stops at so many rows, or earlier at so many bytes, and adds nothing to a full one.
    reader.next_batch(work, MOST_EVENTS, &mut batch, &mut names, &findings)?;
    let mismatches = find_mismatches(work, &program, &names, &batch)?;
    let events = u32::try_from(batch.len()).unwrap_or(u32::MAX);
    let counted = text::counted(events.into(), "event");
    let sentence = match mismatches.first() {
        None => format!("safe to replay: {counted} give the same states again, from checkpoints and by turns"),
        Some(first) => format!("not safe to replay ({}): {}", code::NONDETERMINISTIC, told(first)),
    };
    Ok(DeterminismAnswer {
        replay_safe: mismatches.is_empty(),
        sentence,
        events,
        mismatches: mismatches.iter().map(|of| answer_of(session, &names, of)).collect(),
    })
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
