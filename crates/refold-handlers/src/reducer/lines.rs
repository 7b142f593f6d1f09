//! Which operations of a reducer may have written a place, or may ever change it, found by looking at the rules alone:
//! nothing is folded.

use refold_core::pointer::{Pointer, Segment as Place};

use super::rules::{Action, Operation, Rules, Step, Target};
use crate::error::Mark;
use crate::path::{Pattern, Segment};

/// The operations for this type that may write the value at `place`, as they stand in the file. An operation that
/// another one of the same event certainly overwrites is left out.
pub fn marks_writing(rules: &Rules, event_type: &[u8], place: &Pointer) -> Vec<Mark> {
    let mut writers = Vec::new();
    let operations = operations_for(rules, event_type);
    collect(
        operations,
        &Pattern::default(),
        false,
        &segments_of(place),
        &mut writers,
    );
    let mut marks: Vec<Mark> = writers.into_iter().map(|writer| writer.mark).collect();
    marks.sort_unstable();
    marks.dedup();
    marks
}

/// Whether an operation for this type may write the value at `place`, or take it away.
pub fn may_change(rules: &Rules, event_type: &[u8], place: &Pointer) -> bool {
    any_reaches(
        operations_for(rules, event_type),
        &Pattern::default(),
        &segments_of(place),
    )
}

fn operations_for<'r>(rules: &'r Rules, event_type: &[u8]) -> &'r [Operation] {
    let of_type = rules.types.get(rules.place_of(event_type));
    of_type.map(|of_type| &*of_type.operations).unwrap_or_default()
}

fn any_reaches(operations: &[Operation], base: &Pattern, place: &[Segment]) -> bool {
    let mut actions = operations.iter().map(|operation| &operation.action);
    actions.any(|action| match action {
        Action::Block(operations) => any_reaches(operations, base, place),
        Action::Child { target, operations, .. } => {
            let path = path_of(target, base);
            reach_of(&path, place).is_some() || any_reaches(operations, &path, place)
        }
        // All others hold none.
        action => written_by(action, base).is_some_and(|path| reach_of(&path, place).is_some()),
    })
}

struct Writer {
    mark: Mark,
    is_guarded: bool,
}

fn collect(operations: &[Operation], base: &Pattern, is_guarded: bool, place: &[Segment], writers: &mut Vec<Writer>) {
    for operation in operations {
        let is_guarded = is_guarded || operation.guard.is_some();
        let mut note = |path: &Pattern, removes: bool| {
            let Some(reach) = reach_of(path, place) else { return };
            if removes && reach == Reach::Whole {
                return;
            }
            if reach == Reach::Whole && !is_guarded && !path.segments().contains(&Segment::Any) {
                writers.clear();
            }
            writers.push(Writer {
                mark: operation.mark,
                is_guarded,
            });
        };
        match &operation.action {
            Action::Child { target, operations, .. } => {
                let path = path_of(target, base);
                let mut inside = Vec::new();
                collect(operations, &path, is_guarded, place, &mut inside);
                // What is made of it at once is not what it was created as.
                let is_overwritten = inside.iter().any(|writer| writer.is_guarded == is_guarded);
                if !is_overwritten {
                    note(&path, false);
                }
                writers.append(&mut inside);
            }
            Action::Block(operations) => collect(operations, base, is_guarded, place, writers),
            // All others hold none.
            action => {
                if let Some(path) = written_by(action, base) {
                    note(&path, matches!(action, Action::Remove(_)));
                }
            }
        }
    }
}

/// Where an operation that holds no others writes, or takes something away; `None`: nowhere.
fn written_by(action: &Action, base: &Pattern) -> Option<Pattern> {
    match action {
        Action::Set { target, .. }
        | Action::Add { target, .. }
        | Action::Subtract { target, .. }
        | Action::Min { target, .. }
        | Action::Max { target, .. }
        | Action::Append { target, .. }
        | Action::Prepend { target, .. }
        | Action::RemoveValue { target, .. }
        | Action::Merge { target, .. }
        | Action::Clear(target)
        | Action::Remove(target) => Some(path_of(target, base)),
        Action::DeleteState => Some(Pattern::default()),
        Action::Child { .. } | Action::Block(_) | Action::Let { .. } | Action::Require { .. } | Action::Emit { .. } => {
            None
        }
    }
}

/// How what is written lies to a place.
#[derive(PartialEq, Eq)]
enum Reach {
    /// At the place, or around it.
    Whole,
    /// In it.
    Inside,
}

fn reach_of(path: &Pattern, place: &[Segment]) -> Option<Reach> {
    let path = path.segments();
    let meets = |(a, b): (&Segment, &Segment)| *a == Segment::Any || a == b;
    let is_on_the_way = path.iter().zip(place).all(meets);
    is_on_the_way.then_some(match path.len() <= place.len() {
        true => Reach::Whole,
        false => Reach::Inside,
    })
}

fn path_of(target: &Target, base: &Pattern) -> Pattern {
    let start = if target.is_absolute {
        Pattern::default()
    } else {
        base.clone()
    };
    let with_steps = target.steps.iter().fold(start, |path, step| match step {
        Step::Key(key) => path.with(Segment::Key(key.text().clone())),
        Step::Index { .. } => path.with(Segment::Any),
    });
    let keys = target.keys.iter();
    keys.fold(with_steps, |path, key| path.with(Segment::Key(key.text().clone())))
}

fn segments_of(place: &Pointer) -> Vec<Segment> {
    let of = |segment: &Place| Segment::Key(segment.to_key());
    place.segments().into_iter().map(of).collect()
}
