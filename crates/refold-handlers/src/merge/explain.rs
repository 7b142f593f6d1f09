//! What a merge patch did, place by place: each leaf of it is an operation.

use std::collections::BTreeSet;

use refold_core::event::{Encoding, EventView};
use refold_core::names::Names;
use refold_core::pointer::Pointer;
use refold_core::port::explain::{Choice, Effect, Explained, Operation, OperationId, Outcome, Ran, Read, Source};
use refold_core::value::{Object, Value};

use super::merge_patch;
use crate::limits::Limits;

/// See [`refold_core::port::handler::HandlerProgram::explain`].
pub fn explain(event: &EventView<'_>, names: &Names, before: &Value, choice: Choice<'_>) -> Explained {
    let mut explained = Explained {
        types: vec![names.type_name(event.event_type).to_vec()],
        ..Explained::default()
    };
    let Some(payload) = event.payload else {
        return explained;
    };
    let read = (event.encoding == Encoding::Json).then(|| Value::from_json(payload, Limits::DEFAULT.depth));
    let Some(Ok(patch)) = read else {
        return Explained::unread();
    };
    let patch = patch.with_last_of_repeated();
    let mut leaves = Vec::new();
    collect(&patch, Pointer::ROOT, &mut leaves);
    let only: Option<&BTreeSet<OperationId>> = match choice {
        Choice::Only(ids) => Some(ids),
        // Nothing stands before a merge.
        Choice::AsFolded | Choice::Also(_) => None,
    };
    let mut state = before.clone();
    for (ordinal, (target, leaf)) in (0..).zip(leaves) {
        let id = OperationId { part: 0, ordinal };
        if only.is_some_and(|ids| !ids.contains(&id)) {
            continue;
        }
        let before = state.clone();
        state = merge_patch(state, &around(&target, leaf));
        let effect = match leaf {
            Value::Null if !target.is_root() => Effect::Removes,
            Value::Object(_) => Effect::Merges,
            _ => Effect::Replaces,
        };
        let read = Read {
            of: Source::Payload(target.clone()),
            value: Some(leaf.clone()),
            after_operations: explained.operations.len(),
        };
        explained.operations.push(Operation {
            id,
            place: String::new(),
            does: "merge",
            guards: Vec::new(),
            writes: target.segments().into_iter().cloned().map(Some).collect(),
            outcome: Outcome::Ran(Ran {
                target,
                effect,
                reads: vec![read],
                place_reads: Vec::new(),
                before,
                after: state.clone(),
            }),
        });
    }
    explained
}

fn collect<'v>(patch: &'v Value, at: Pointer, leaves: &mut Vec<(Pointer, &'v Value)>) {
    match patch {
        Value::Object(members) if !members.is_empty() => {
            for (key, change) in members.iter() {
                collect(change, at.push_key(key), leaves);
            }
        }
        _ => leaves.push((at, patch)),
    }
}

/// A patch of nothing but this leaf.
fn around(target: &Pointer, leaf: &Value) -> Value {
    let segments = target.segments();
    segments.iter().rev().fold(leaf.clone(), |inside, segment| {
        Value::Object(Object::from_iter([(segment.to_key(), inside)]))
    })
}
