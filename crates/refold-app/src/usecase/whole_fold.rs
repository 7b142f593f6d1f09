//! One forward fold of a whole stream beside the history that a person moves through: what every value of a field, and
//! every invariant, are looked for with.

use std::sync::Arc;

use refold_core::event::EventBatch;
use refold_core::finding::Findings;
use refold_core::fold::{Detail, Fold, FoldError, Folded};
use refold_core::port::handler::{HandlerProgram, StatesAsked};
use refold_core::track::Moment;
use refold_core::work::{Phase, Work};

use crate::error::AppError;
use crate::session::Session;
use crate::stream::Stream;

/// Events read at a time: long enough to be read ahead, short enough to stay in the cache.
const READ_EVENTS: u32 = 2_048;
/// Events folded between two looks at the cancel token.
const STRIDE: usize = 256;
/// Events that the handler is told of before it gets them.
const AHEAD: usize = 32;

/// Calls `visit` with the fold before the first event and after each event, in fold order, and returns what it came to.
/// `phase` names the work for who is told how far it is. What folding finds goes to `found`; `None`: the history that is
/// open beside it reports it.
pub fn whole_fold(
    work: &Work<'_>,
    session: &Session,
    stream: &Stream,
    program: &dyn HandlerProgram,
    (phase, found): (Phase, Option<&Findings>),
    visit: &mut dyn FnMut(&mut Fold) -> Result<(), FoldError>,
) -> Result<Folded, AppError> {
    let mut fold = Fold::new(program, Detail::State)?;
    visit(&mut fold)?;
    let mut events = stream.source(session, program, &Arc::default(), Moment::START)?;
    let mut batch = EventBatch::default();
    let head = stream.track.head();
    while fold.moment() < head {
        let from = fold.moment();
        let first = from.0 as usize;
        let to = Moment(head.0.min(from.0.saturating_add(READ_EVENTS)));
        events.read(work, from, to, &mut batch).map_err(FoldError::from)?;
        // What is folded must be the events that the track names: a moment is a place in it.
        if batch.is_empty() || stream.track.positions.get(first..first + batch.len()) != Some(&batch.positions[..]) {
            return Err(FoldError::StreamChanged.into());
        }
        for row in 0..batch.len() {
            if row % AHEAD == 0 {
                let mut coming = (row..batch.len().min(row + AHEAD)).map(|row| batch.event(row));
                fold.look_ahead(&mut coming, events.names(), StatesAsked::EveryState);
            }
            fold.step(&batch.event(row), events.names(), found)?;
            visit(&mut fold)?;
            fold.report_untold(found);
            if row % STRIDE == STRIDE - 1 {
                work.check()?;
            }
        }
        work.tick(phase, fold.moment().0.into(), Some(head.0.into()))?;
    }
    let mut folded = fold.folded()?;
    folded.note_missing(stream.lacks());
    stream.end().note(&mut folded);
    Ok(folded)
}
