//! For each leaf of a state: the event that last changed it, and the one that last wrote it.

use std::collections::HashMap;

use refold_core::fold::Detail;
use refold_core::pointer::Pointer;
use refold_core::track::Moment;
use refold_core::work::Work;

use super::replayed::Replayed;
use crate::actor::actor;
use crate::answer::{BlameAnswer, LeafAnswer, Literal, MomentAnswer};
use crate::error::AppError;
use crate::session::Session;
use crate::{findings, handler, text};

/// `path`: only the leaves at or below this place.
pub fn blame(
    work: &Work<'_>,
    session: &Session,
    stream: &str,
    at: &str,
    path: Option<&str>,
    handler: Option<&str>,
) -> Result<BlameAnswer, AppError> {
    let path = Pointer::parse(path.unwrap_or_default())
        .map_err(|error| AppError::invalid(error.to_string(), "write the path as /items/0/price"))?;
    let mut replayed = Replayed::open(work, session, stream, handler, Detail::Blame, at)?;
    let (found, _) = replayed.resolve(at)?;
    let folded = replayed.state_at(work, found)?;
    if path.find(&folded.state).is_none() {
        let message = format!("the state has nothing at this path at this moment: {path}");
        return Err(
            AppError::not_found(message, "look at the paths of the whole state").typed("refold blame STORE STREAM")
        );
    }
    let mut actors = HashMap::new();
    let leaves = folded
        .blame
        .as_ref()
        .map(|blame| blame.leaves(&folded.state))
        .unwrap_or_default();
    let leaves = leaves.into_iter().filter(|leaf| path.contains(&leaf.path)).map(|leaf| {
        let changed = leaf.stamp.changed;
        if changed > Moment::START && !actors.contains_key(&changed) {
            actors.insert(changed, actor(work, session, &replayed.stream, changed)?);
        }
        Ok(LeafAnswer {
            path: leaf.path.to_string(),
            value: Literal(leaf.value),
            changed: replayed.cause(changed),
            wrote: replayed.cause(leaf.stamp.wrote),
            actor: actors.get(&changed).cloned().and_then(text::filled),
            lines: replayed.lines(changed, &leaf.path),
        })
    });
    let MomentAnswer { version, position, .. } = replayed.moment(found.moment);
    Ok(BlameAnswer {
        stream: text::exact(&replayed.stream.id),
        version,
        position,
        leaves: leaves.collect::<Result<_, AppError>>()?,
        handler: handler::wire(replayed.program.identity()),
        incomplete_since: replayed.stream.since_label(&folded),
        findings: findings::wire(&replayed.findings),
    })
}
