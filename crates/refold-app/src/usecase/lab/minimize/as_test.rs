//! A history that shows a failure as tests in other languages: what is given, and what a model that is right makes of
//! it.

use std::collections::BTreeMap;
use std::sync::Arc;

use refold_core::event::Encoding;
use refold_core::pointer::Pointer;
use refold_core::port::handler::HandlerProgram;
use refold_core::value::Value;
use refold_core::work::Work;
use refold_handlers::lab::library_test::{GivenEvent, Language, Leaf, TestFile, TestText, Then, write_test};
use refold_handlers::path::{Pattern, Segment};

use super::events::Events;
use super::folded;
use super::shown::{Kind, Shown};
use crate::error::AppError;
use crate::mask::Cover;

/// What the tests are written from.
pub(super) struct Source<'a> {
    pub events: &'a Events<'a>,
    pub shown: &'a Shown,
    /// The handler that fails.
    pub program: &'a Arc<dyn HandlerProgram>,
    pub kept: &'a [usize],
    pub title: &'a str,
    pub comments: Vec<String>,
    pub aggregate: &'a str,
    /// What is hidden of its states.
    pub cover: &'a Cover,
}

/// One in each language.
pub(super) fn library_tests(work: &Work<'_>, mut source: Source<'_>) -> Result<Vec<TestFile>, AppError> {
    let (given, left_out) = given(&source);
    if left_out > 0 {
        let sentence = format!("Left out, for their payload is no JSON: {left_out}.");
        source.comments.push(sentence);
    }
    let then = then(work, &source)?;
    if let Some(right) = source.shown.right().filter(|_| matches!(then, Then::Is(_))) {
        let right = crate::handler::label(right.identity());
        source
            .comments
            .push(format!("What is expected is what {right} makes of these events."));
    }
    if matches!(then, Then::IsNot(_)) {
        let wrong = crate::handler::label(source.program.identity());
        source.comments.push(format!(
            "No handler is known that is right: what must not come out is what {wrong} makes of these events."
        ));
    }
    let failure = match &source.shown.kind {
        Kind::Invariant { id, .. } if !id.contains("state.") => id,
        Kind::Invariant { .. } => "condition",
        Kind::Against { .. } => "differs",
        Kind::Error => "fails",
    };
    let text = TestText {
        title: source.title,
        comments: &source.comments,
        aggregate: source.aggregate,
        failure,
        given: &given,
        then: &then,
    };
    Ok(Language::ALL.map(|language| write_test(language, &text)).into())
}

/// The events as the rules get them, and how many are left out because nobody can read them.
fn given(source: &Source<'_>) -> (Vec<GivenEvent>, u32) {
    let Source { events, program, .. } = source;
    let (mut given, mut left_out) = (Vec::new(), 0);
    for row in source.kept {
        let event = events.batch.event(*row);
        let recorded_at = (!event.recorded_at.is_none()).then(|| event.recorded_at.display(0).to_string());
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let of = |event_type: &[u8], payload| GivenEvent {
            event_type: text(event_type),
            payload,
            recorded_at: recorded_at.clone(),
        };
        let upcast = program.upcast(&event, events.names);
        if let Some(upcast) = upcast.filter(|it| it.fault.is_none() && !it.steps.is_empty()) {
            given.extend(
                upcast
                    .made
                    .into_iter()
                    .map(|(event_type, payload)| of(&event_type, payload)),
            );
            continue;
        }
        let payload = match event.payload {
            None => Some(Value::Null),
            Some(bytes) if event.encoding == Encoding::Json => Value::from_json(bytes, Value::MAX_DEPTH).ok(),
            Some(_) => None,
        };
        match payload {
            Some(payload) => given.push(of(events.names.type_name(event.event_type), payload)),
            None => left_out += 1,
        }
    }
    (given, left_out)
}

fn then(work: &Work<'_>, source: &Source<'_>) -> Result<Then, AppError> {
    let Source { events, kept, .. } = source;
    let state_of = |program| Ok::<Value, AppError>(source.cover.value(&folded(work, events, program, kept)?.state));
    let leaves = match &source.shown.kind {
        Kind::Error => return Ok(Then::NoError),
        Kind::Invariant { rules, at, .. } => {
            let wrong = state_of(source.program)?;
            let reads = rules
                .invariants()
                .iter()
                .nth(*at)
                .map(|it| it.reads.as_slice())
                .unwrap_or_default();
            let wrong = leaves_at(reads, &wrong);
            let Some(right) = source.shown.right() else {
                let leaf = |(_, (place, value))| Leaf {
                    place,
                    value: Some(value),
                };
                return Ok(Then::IsNot(wrong.into_iter().map(leaf).collect()));
            };
            both(leaves_at(reads, &state_of(right)?), wrong)
        }
        Kind::Against { right } => {
            let (right, wrong) = (state_of(right)?, state_of(source.program)?);
            let (mut right, mut wrong) = (leaves_of(&right), leaves_of(&wrong));
            let is_same = |key: &String| right.get(key).map(|it| &it.1) == wrong.get(key).map(|it| &it.1);
            let same: Vec<String> = right.keys().filter(|key| is_same(key)).cloned().collect();
            for key in same {
                right.remove(&key);
                wrong.remove(&key);
            }
            both(right, wrong)
        }
    };
    Ok(Then::Is(leaves))
}

/// Values by the text of their place.
type Leaves = BTreeMap<String, (Pointer, Value)>;

/// What is there in the right state, and nothing where only the wrong one has something.
fn both(right: Leaves, wrong: Leaves) -> Vec<Leaf> {
    let mut all: BTreeMap<String, Leaf> = wrong
        .into_iter()
        .map(|(key, (place, _))| (key, Leaf { place, value: None }))
        .collect();
    for (key, (place, value)) in right {
        all.insert(
            key,
            Leaf {
                place,
                value: Some(value),
            },
        );
    }
    all.into_values().collect()
}

fn leaves_of(state: &Value) -> Leaves {
    let mut found = Leaves::new();
    add_leaves(state, Pointer::ROOT, &mut found);
    found
}

fn leaves_at(reads: &[Pattern], state: &Value) -> Leaves {
    let mut found = Leaves::new();
    for read in reads {
        add_matches(read.segments(), state, Pointer::ROOT, &mut found);
    }
    found
}

fn add_matches(segments: &[Segment], value: &Value, at: Pointer, found: &mut Leaves) {
    match (segments.split_first(), value.resolved()) {
        (None, value) => add_leaves(value, at, found),
        (Some((Segment::Key(key), rest)), Value::Object(members)) => {
            if let Some(member) = members.find(key) {
                add_matches(rest, member, at.push_key(key), found);
            }
        }
        (Some((Segment::Any, rest)), Value::Object(members)) => {
            for (key, member) in members.iter() {
                add_matches(rest, member, at.push_key(key), found);
            }
        }
        (Some((Segment::Any, rest)), Value::Array(elements)) => {
            for (index, element) in elements.iter().enumerate() {
                add_matches(rest, element, at.push_index(index), found);
            }
        }
        // There is nothing at this place.
        _ => {}
    }
}

/// What is hidden is no leaf: nothing is asked of it.
fn add_leaves(value: &Value, at: Pointer, found: &mut Leaves) {
    match value.resolved() {
        Value::Object(members) if !members.is_empty() => {
            for (key, member) in members.iter() {
                add_leaves(member, at.push_key(key), found);
            }
        }
        Value::Array(elements) if !elements.is_empty() => {
            for (index, element) in elements.iter().enumerate() {
                add_leaves(element, at.push_index(index), found);
            }
        }
        Value::Redacted(_) => {}
        leaf => {
            found.insert(at.to_string(), (at, leaf.clone()));
        }
    }
}
