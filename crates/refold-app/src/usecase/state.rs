//! The state of a stream at a cursor.

use refold_core::fold::Detail;
use refold_core::work::Work;

use super::replayed::Replayed;
use crate::answer::{Literal, MomentAnswer, StateAnswer};
use crate::error::AppError;
use crate::session::Session;
use crate::{findings, handler, text};

pub fn state(
    work: &Work<'_>,
    session: &Session,
    stream: &str,
    at: &str,
    handler: Option<&str>,
) -> Result<StateAnswer, AppError> {
    let believed = session.believed(handler, at)?;
    let mut replayed = Replayed::open(work, session, stream, believed.as_deref(), Detail::State, at)?;
    let (found, asked) = replayed.resolve(at)?;
    let folded = replayed.state_at(work, found)?;
    let MomentAnswer {
        version,
        position,
        recorded_at,
    } = replayed.moment(found.moment);
    Ok(StateAnswer {
        stream: text::exact(&replayed.stream.id),
        version,
        position,
        recorded_at,
        as_of: asked.map(|time| replayed.time_label(time)),
        handler: handler::wire(replayed.program.identity()),
        incomplete_since: replayed.stream.since_label(&folded),
        state: Literal(folded.state),
        findings: findings::wire(&replayed.findings),
    })
}
