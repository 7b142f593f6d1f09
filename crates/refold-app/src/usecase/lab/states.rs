//! The state at its head of every stream of a scope.

use std::sync::{Arc, mpsc};
use std::thread;

use refold_core::finding::Findings;
use refold_core::fold::Folded;
use refold_core::work::Work;
use serde::Serialize;

use super::{Scope, fold};
use crate::answer::Literal;
use crate::error::AppError;
use crate::mask::Cover;
use crate::session::Session;
use crate::text::Exact;
use crate::wire::{FindingWire, HandlerWire};
use crate::{findings, handler, text};

/// One stream at its head.
#[derive(Debug, Clone, Serialize)]
pub struct HeadAnswer {
    pub stream: Exact,
    pub events: u32,
    pub state: Literal,
    /// Whether an event is missing, or could not be read or folded: then the state may lack something.
    pub incomplete: bool,
}

/// What stands below the states.
#[derive(Debug, Clone, Serialize)]
pub struct StatesAnswer {
    pub handler: HandlerWire,
    pub streams: u32,
    pub events: u64,
    pub incomplete_streams: u32,
    pub findings: Vec<FindingWire>,
}

/// Calls `visit` once for each stream, on this thread and in no particular order.
pub fn states(
    work: &Work<'_>,
    session: &Session,
    scope: Scope<'_>,
    handler: Option<&str>,
    visit: &mut dyn FnMut(HeadAnswer) -> Result<(), AppError>,
) -> Result<StatesAnswer, AppError> {
    /// Streams that wait to be visited.
    const WAITING: usize = 256;
    let program = session.adopted(handler)?;
    let noted = Arc::<Findings>::default();
    let (done, visited) = mpsc::sync_channel(WAITING);
    let finish = move |id: &[u8], cover: &Cover, folded: &Folded| {
        let answer = HeadAnswer {
            stream: text::exact(id),
            events: folded.moment.0,
            state: Literal(cover.value(&folded.state)),
            incomplete: folded.incomplete_since.is_some(),
        };
        // Whoever visits is gone when a visit failed; the fold is told so.
        let _ = done.send(answer);
    };
    let rebuilt = thread::scope(|threads| {
        let folding = threads.spawn({
            let (program, noted) = (&program, &noted);
            move || {
                // Owns the sender, so that the end of the fold ends the visits.
                let finish = finish;
                fold(work, session, scope, program, noted, &finish)
            }
        });
        let outcome = visited.iter().try_for_each(&mut *visit);
        drop(visited);
        if outcome.is_err() {
            work.cancel_token().cancel();
        }
        let rebuilt = folding.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        outcome.and(rebuilt)
    })?;
    Ok(StatesAnswer {
        handler: handler::wire(program.identity()),
        streams: rebuilt.streams,
        events: rebuilt.events,
        incomplete_streams: rebuilt.incomplete_streams,
        findings: findings::wire(&noted),
    })
}
