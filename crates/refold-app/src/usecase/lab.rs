//! The replay lab: what a history, or all of a store, comes to under one handler, where another handler differs, where
//! an invariant breaks, and which events that takes.

pub mod check;
pub mod compare;
pub mod minimize;
pub mod states;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use refold_core::event::{Position, Version};
use refold_core::finding::Findings;
use refold_core::fold::{Detail, Folded};
use refold_core::history::Budget;
use refold_core::pointer::{Pointer, Segment};
use refold_core::port::handler::HandlerProgram;
use refold_core::value::{Object, Redacted, Value};
use refold_core::work::Work;
use refold_handlers::lab::Sighting;
use serde::Serialize;

use crate::error::AppError;
use crate::mask::{Cover, Part};
use crate::rebuild::{Rebuilt, rebuild};
use crate::replay::{Opening, Replay};
use crate::session::{Session, thread_count};
use crate::text::{self, Exact};

/// What is replayed.
#[derive(Debug, Clone, Copy)]
pub enum Scope<'a> {
    Stream(&'a str),
    All,
}

/// Rows of an answer about a whole store that are kept; all are counted.
const MOST_ROWS: usize = 10_000;

/// An event that an answer names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EventName {
    pub version: Option<String>,
    pub position: Option<String>,
    #[serde(rename = "type")]
    pub event_type: Exact,
}

impl EventName {
    fn of(sighting: &Sighting) -> EventName {
        EventName {
            version: text::filled(text::version_label(sighting.version)),
            position: text::filled(text::position_label(sighting.position)),
            event_type: text::exact(sighting.event_type.as_wtf8()),
        }
    }
}

/// The order of answers about a store: by position, then by what tells events of one position apart.
fn order_of(sighting: &Sighting) -> (Position, Version) {
    (sighting.position, sighting.version)
}

/// What becomes of one stream: its id, what masking rules hide of its states, and what folding it came to.
type Finish<'a> = &'a (dyn Fn(&[u8], &Cover, &Folded) + Sync);

/// Folds the streams of a scope to their heads. `finish` is called once for each, from any thread and in any order.
fn fold(
    work: &Work<'_>,
    session: &Session,
    scope: Scope<'_>,
    program: &Arc<dyn HandlerProgram>,
    findings: &Arc<Findings>,
    finish: Finish<'_>,
) -> Result<Rebuilt, AppError> {
    let Scope::Stream(stream) = scope else {
        let mask = session.mask();
        // Rules speak of categories, which only the index knows of a stream that is named by its id alone.
        let index = mask.has_rules().then(|| session.build_index(work)).transpose()?;
        // What cannot be told is hidden whole: a stream that the index lacks, an index that fails in the middle of it.
        let everything = || Cover::new(vec![Vec::new()], Vec::new());
        let cover_of = |id: &[u8]| {
            let Some(index) = &index else {
                return Ok(Cover::default());
            };
            let stream = index.find_stream(id)?.map(|stream| index.stream(stream)).transpose()?;
            let cover = |category| mask.cover(id, category, None, Part::State);
            Ok::<_, AppError>(stream.map_or_else(everything, |stream| cover(stream.category)))
        };
        return rebuild(work, session, program, thread_count(), findings, &|id, folded| {
            finish(id, &cover_of(id).unwrap_or_else(|_| everything()), folded);
        });
    };
    let opening = Opening {
        program: Arc::clone(program),
        detail: Detail::State,
        budget: Budget {
            window_moments: 0,
            ..Budget::default()
        },
        is_whole: true,
    };
    let (stream, mut replay) = Replay::open(work, session, stream, &opening, findings)?;
    let folded = replay.state_at(work, stream.track.head())?;
    finish(
        &stream.id,
        &session.mask().cover(&stream.id, &stream.category, None, Part::State),
        &folded,
    );
    Ok(Rebuilt {
        streams: 1,
        events: folded.moment.0.into(),
        incomplete_streams: folded.incomplete_since.is_some().into(),
    })
}

/// A value that stands at a path of a state, as a person may see it.
fn shown_at(cover: &Cover, path: &str, value: &Value) -> Value {
    let Ok(pointer) = Pointer::parse(path) else {
        return Value::Redacted(Redacted::new(value.clone()));
    };
    // Rules go by the names on the way alone, so that a state of nothing but these does as well.
    let around = |inside: Value, segment: &&Segment| Value::Object(Object::from_iter([(segment.to_key(), inside)]));
    let state = pointer.segments().iter().rev().fold(value.clone(), around);
    cover
        .find(&pointer, &state)
        .unwrap_or_else(|| Value::Redacted(Redacted::new(value.clone())))
}
