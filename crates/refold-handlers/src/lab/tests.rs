//! What the tests of the lab fold: events of a small shop, and programs that disagree about them.

use std::sync::Arc;

use proptest::prelude::*;
use refold_core::event::{Encoding, EventBatch, Position, Version};
use refold_core::fold::{Detail, Fold};
use refold_core::names::Names;
use refold_core::port::handler::HandlerProgram;
use refold_core::time::Timestamp;
use refold_core::value::Value;

use crate::package::open_declarative;
use crate::reducer::{DeclarativeProgram, SharedProgram};

/// What happened: a kind of event and its amount. `Broken` is no JSON.
pub(super) const KINDS: [&str; 5] = ["Added", "Taken", "Cleared", "Noted", "Broken"];

pub(super) fn histories() -> impl Strategy<Value = Vec<(usize, i8)>> {
    prop::collection::vec((0..KINDS.len(), -3_i8..6), 0..40)
}

pub(super) fn batch_of(history: &[(usize, i8)]) -> (EventBatch, Names) {
    let (mut names, mut batch) = (Names::default(), EventBatch::default());
    for (number, (kind, amount)) in (1..).zip(history) {
        batch.streams.push(names.intern_stream(b"shop-1", || b"shop"));
        batch.types.push(names.intern_type(KINDS[*kind].as_bytes()));
        batch.positions.push(Position(number * 10));
        batch.versions.push(Version(number));
        batch.recorded_at.push(Timestamp::NONE);
        let payload = if KINDS[*kind] == "Broken" {
            "{".to_owned()
        } else {
            format!("{{\"n\":{amount}}}")
        };
        let span = batch.store(payload.as_bytes());
        batch.payloads.push(span);
        batch.payload_encodings.push(Encoding::Json);
    }
    (batch, names)
}

/// A program whose rule for `Taken` is given.
pub(super) fn program(taken: &str) -> Arc<DeclarativeProgram> {
    let reducer = format!(
        "refold: reducer/1\n\
         initial: {{ sum: 0, count: 0, notes: {{}} }}\n\
         on:\n\
         \x20 Added:\n    - add: {{ sum: event.data.n, count: 1 }}\n\
         \x20 Taken:\n    - {taken}\n\
         \x20 Cleared:\n    - set: {{ sum: 0, count: 0 }}\n\
         \x20 Noted:\n    - set: {{ notes.last: event.data.n }}\n\
         \x20 Broken:\n    - add: {{ count: event.data.n }}\n\
         invariants:\n\
         \x20 - {{ id: sum-not-negative, expr: state.sum >= 0 }}\n\
         \x20 - {{ id: few, expr: state.count < 4 }}\n\
         \x20 - {{ id: quiet, expr: state.notes.last < 5 }}\n"
    );
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("reducer.yaml");
    std::fs::write(&file, reducer).unwrap();
    open_declarative(&file, None).unwrap_or_else(|error| panic!("{error}"))
}

pub(super) const TAKES: &str = "sub: { sum: event.data.n }";
/// Forgets to take more than three.
pub(super) const TAKES_LITTLE: &str = "sub: { sum: \"event.data.n > 3 ? 3 : event.data.n\" }";
/// Two that put what is taken into a list, at either end.
pub(super) const PREPENDS: &str = "prepend: { taken: event.data.n }";
pub(super) const APPENDS: &str = "append: { taken: event.data.n }";
/// Fails on five.
pub(super) const REFUSES: &str = "{ require: event.data.n < 5, message: \"'five'\" }";

pub(super) fn shared(program: &Arc<DeclarativeProgram>) -> Arc<dyn HandlerProgram> {
    Arc::new(SharedProgram(Arc::clone(program)))
}

/// The state after each event, and whether the program had failed by then.
pub(super) fn states(program: &dyn HandlerProgram, batch: &EventBatch, names: &Names) -> Vec<(Value, bool)> {
    let mut fold = Fold::new(program, Detail::State).unwrap();
    let step = |row: usize| {
        fold.step(&batch.event(row), names, None).unwrap();
        let folded = fold.folded().unwrap();
        (folded.state, folded.fault.is_some())
    };
    (0..batch.len()).map(step).collect()
}

/// What folding the watching program straight comes to, and what it comes to by way of a checkpoint in the middle.
pub(super) fn folded_both_ways(program: &dyn HandlerProgram, batch: &EventBatch, names: &Names) -> (Value, Value) {
    let straight = states(program, batch, names).pop();
    let straight = straight.map_or_else(|| program.start().state().unwrap(), |(state, _)| state);
    let mut fold = Fold::new(program, Detail::State).unwrap();
    let middle = batch.len() / 2;
    (0..middle).for_each(|row| fold.step(&batch.event(row), names, None).unwrap());
    let checkpoint = fold.checkpoint().unwrap();
    let mut other = Fold::new(program, Detail::State).unwrap();
    (0..batch.len()).for_each(|row| other.step(&batch.event(row), names, None).unwrap());
    other.restore(&checkpoint).unwrap();
    (middle..batch.len()).for_each(|row| other.step(&batch.event(row), names, None).unwrap());
    (straight, other.folded().unwrap().state)
}
