//! What changed in a stream's state between two cursors, and which event did it.

use refold_core::diff::{ArrayKeys, Change, ChangeOp, diff as difference};
use refold_core::fold::{Detail, Folded};
use refold_core::pointer::Pointer;
use refold_core::track::Moment;
use refold_core::value::Value;
use refold_core::work::Work;

use super::replayed::Replayed;
use crate::answer::{ChangeAnswer, DiffAnswer, Literal};
use crate::error::AppError;
use crate::session::Session;
use crate::{findings, handler, text};

pub fn diff(
    work: &Work<'_>,
    session: &Session,
    stream: &str,
    from: &str,
    to: &str,
    handler: Option<&str>,
) -> Result<DiffAnswer, AppError> {
    let mut replayed = Replayed::open(work, session, stream, handler, Detail::Blame, to)?;
    let (from, _) = replayed.resolve(from)?;
    let (to, _) = replayed.resolve(to)?;
    let before = replayed.state_at(work, from)?;
    let after = replayed.state_at(work, to)?;
    let (from, to) = (from.moment, to.moment);
    let keys = ArrayKeys::new(replayed.program.array_keys());
    let mut changes = Vec::new();
    let found = difference(&before.state, &after.state, &keys);
    for change in found.into_iter().flat_map(listed) {
        let cause = cause_of(work, &mut replayed, &change, (from, to), &after)?;
        let cause = cause.and_then(|moment| replayed.cause(moment));
        let path = change.path.to_string();
        let (op, before, after, moved_from) = match change.op {
            ChangeOp::Added { after } => ("added", None, Some(after), None),
            ChangeOp::Removed { before } => ("removed", Some(before), None, None),
            ChangeOp::Changed { before, after } => ("changed", Some(before), Some(after), None),
            ChangeOp::Moved { from } => ("changed", None, None, Some(from.to_string())),
        };
        changes.push(ChangeAnswer {
            path,
            op,
            before: before.map(Literal),
            after: after.map(Literal),
            moved_from,
            version: cause.as_ref().and_then(|cause| cause.version.clone()),
            position: cause.as_ref().and_then(|cause| cause.position.clone()),
            event_type: cause.map(|cause| cause.event_type),
        });
    }
    Ok(DiffAnswer {
        stream: text::exact(&replayed.stream.id),
        from: replayed.moment(from),
        to: replayed.moment(to),
        handler: handler::wire(replayed.program.identity()),
        changes,
        unclear: replayed.unclear(&after).or_else(|| replayed.unclear(&before)),
        incomplete_since: [&after, &before]
            .into_iter()
            .find_map(|side| replayed.stream.since_label(side)),
        findings: findings::wire(&replayed.findings),
    })
}

/// A state that came to be, or went, is listed by its leaves.
fn listed(change: Change) -> Vec<Change> {
    let (state, is_added) = match &change.op {
        ChangeOp::Added { after: state }
        | ChangeOp::Changed {
            before: Value::Null,
            after: state,
        } => (state, true),
        ChangeOp::Removed { before: state }
        | ChangeOp::Changed {
            before: state,
            after: Value::Null,
        } => (state, false),
        ChangeOp::Changed { .. } | ChangeOp::Moved { .. } => return vec![change],
    };
    let mut leaves = Vec::new();
    if change.path.is_root() {
        leaves_of(state, &change.path, &mut leaves);
    }
    if leaves.len() < 2 && leaves.first().is_none_or(|(path, _)| path.is_root()) {
        return vec![change];
    }
    let leaves = leaves.into_iter().map(|(path, leaf)| Change {
        path,
        op: if is_added {
            ChangeOp::Added { after: leaf }
        } else {
            ChangeOp::Removed { before: leaf }
        },
    });
    leaves.collect()
}

/// Everything below that is no container, or an empty one.
fn leaves_of(value: &Value, path: &Pointer, leaves: &mut Vec<(Pointer, Value)>) {
    match value {
        Value::Object(object) if !object.is_empty() => {
            for (name, member) in object.iter() {
                leaves_of(member, &path.push_key(name), leaves);
            }
        }
        Value::Array(array) if !array.is_empty() => {
            for (index, element) in array.iter().enumerate() {
                leaves_of(element, &path.push_index(index), leaves);
            }
        }
        leaf => leaves.push((path.clone(), leaf.clone())),
    }
}

/// The event that led to the later side of a change; of an object or array that came to be, the one that made it, and not a
/// later one that changed something in it. Of an element that left an array or moved in it: the last event
/// that changed the array. Looking from late to early, the event behind the later side is the one that undid it, which
/// a later side cannot name: then it is `None`.
fn cause_of(
    work: &Work<'_>,
    replayed: &mut Replayed,
    change: &Change,
    (from, to): (Moment, Moment),
    after: &Folded,
) -> Result<Option<Moment>, AppError> {
    if to < from {
        return Ok(None);
    }
    let blame = |path, is_container| after.blame.as_ref().map(|blame| blame.at(path, is_container).changed);
    match &change.op {
        ChangeOp::Added { .. } | ChangeOp::Changed { .. } => Ok(blame(&change.path, false)),
        ChangeOp::Removed { .. } | ChangeOp::Moved { .. } => match change.path.parent() {
            Some(parent) if matches!(parent.find(&after.state), Some(Value::Array(_))) => Ok(blame(parent, true)),
            _ => Ok(replayed.change_until(work, &change.path, to)?),
        },
    }
}
