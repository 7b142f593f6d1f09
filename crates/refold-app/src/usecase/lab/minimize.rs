//! The smallest part of a stream's history that still shows a failure, as a test case.

use std::path::Path;
use std::sync::Arc;

use refold_core::event::{EventBatch, EventView};
use refold_core::finding::Findings;
use refold_core::fold::{Detail, Fold, Folded};
use refold_core::names::Names;
use refold_core::port::handler::HandlerProgram;
use refold_core::work::Work;
use refold_handlers::lab::{Checked, Compared, Divergences, Rules, Watched, smallest};
use refold_handlers::testcase::{CaseText, Wanted, write_case};
use serde::Serialize;

use super::EventName;
use super::check::rules_of;
use super::shown_path;
use crate::error::AppError;
use crate::mask::{Cover, Part};
use crate::session::Session;
use crate::stream::Stream;
use crate::text::Exact;
use crate::wire::{ErrorCode, HandlerWire};
use crate::written_file::{self, Own};
use crate::{handler, text};

/// Histories that are tried at most.
const MOST_TESTS: u32 = 20_000;
/// Payloads of one stream that are held in memory at most.
const MOST_BYTES: usize = 1 << 30;
/// Events up to the failure that are told one by one.
const MOST_SHOWN: usize = 2_000;
/// Events between two looks at the cancel token.
const STRIDE: usize = 1_024;

/// What a smaller history must still show.
#[derive(Debug, Clone, Copy)]
pub enum Failure<'a> {
    /// The invariant of this id breaks; or, when it is no id of the handler's package, this condition. With the other
    /// handler, where one is named, it holds: else any history that never was in order would show it too.
    Invariant { id: &'a str, unless: Option<&'a str> },
    /// This other handler comes to another state.
    Against(&'a str),
    /// The handler fails, with the same code at the same place of its rules.
    Error,
}

impl<'a> Failure<'a> {
    /// The handler that is named beside the one that shows it.
    fn other(self) -> Option<&'a str> {
        match self {
            Failure::Invariant { unless, .. } => unless,
            Failure::Against(right) => Some(right),
            Failure::Error => None,
        }
    }
}

#[derive(Debug, Clone, Serialize)]
pub struct MinimizeAnswer {
    pub stream: Exact,
    pub handler: HandlerWire,
    /// What is shown, in a sentence; `null`: the stream does not show it, and there is nothing to minimize.
    pub failure: Option<String>,
    /// The events up to the one that shows it and whether each is kept; the first of many.
    #[serde(skip)]
    pub course: Vec<(EventName, bool)>,
    /// How many come after that.
    #[serde(skip)]
    pub after_failure: u32,
    /// The events that are kept: by version, by position where the store keeps none.
    pub kept: Vec<String>,
    /// How many events the stream has.
    pub of: u32,
    /// Histories that were tried.
    pub tests: u32,
    /// Whether it is known that without any one of them the failure does not show.
    pub is_minimal: bool,
    /// The test case, in the format of handler packages; `null` where there is none.
    pub case: Option<String>,
}

pub fn minimize(
    work: &Work<'_>,
    session: &Session,
    stream: &str,
    handler: Option<&str>,
    failure: Failure<'_>,
) -> Result<MinimizeAnswer, AppError> {
    for named in [handler, failure.other()] {
        session.mask().adopt(named)?;
    }
    let program = handler::open(handler)?;
    let identity = handler::wire(program.identity());
    let shown = Shown::of(&program, handler, failure)?;
    let findings = Arc::<Findings>::default();
    let stream = Stream::load(work, session, stream, &findings)?;
    if Part::ALL.iter().any(|part| {
        !session
            .mask()
            .cover(&stream.id, &stream.category, None, *part)
            .is_empty()
    }) {
        return Err(AppError::new(
            ErrorCode::Denied,
            "masking rules hide fields of this stream, and a test case holds its events whole",
            "reveal them with a reason (docs/masking.md), or minimize a store without such fields",
        ));
    }
    let events = Events::read(work, session, &stream, shown.program.as_ref(), &findings)?;
    let all: Vec<usize> = (0..events.batch.len()).collect();
    let (of, stream_id) = (stream.track.head().0, text::exact(&stream.id));
    let Some((last, identity_of_failure)) = events.first_failure(work, &shown, &all)? else {
        return Ok(MinimizeAnswer {
            stream: stream_id,
            handler: identity,
            failure: None,
            course: Vec::new(),
            after_failure: 0,
            kept: Vec::new(),
            of,
            tests: 0,
            is_minimal: false,
            case: None,
        });
    };
    // What came after the failure has no part in it.
    let group_of = |event: usize| events.batch.types.get(event).map_or(0, |of| of.0);
    let mut tests = 0;
    let found = smallest(last + 1, group_of, MOST_TESTS, |kept| {
        tests += 1;
        work.tick("trying smaller histories", tests, None)?;
        let shown = events.first_failure(work, &shown, kept)?;
        Ok::<bool, AppError>(shown.is_some_and(|(_, identity)| identity == identity_of_failure))
    })?;
    let label = |event: &usize| {
        let version = events
            .batch
            .versions
            .get(*event)
            .map_or(String::new(), |of| text::version_label(*of));
        let position = events
            .batch
            .positions
            .get(*event)
            .map_or(String::new(), |of| text::position_label(*of));
        if version.is_empty() {
            format!("#{position}")
        } else {
            format!("v{version}")
        }
    };
    let kept: Vec<String> = found.kept.iter().map(label).collect();
    let cover = session.mask().cover(&stream.id, &stream.category, None, Part::State);
    let sentence = shown.sentence(&cover, &identity_of_failure, &label(&last));
    let case = write_case(&CaseText {
        title: &sentence,
        comment: &format!(
            "{} of the {of} events of {stream_id} in {}: {}",
            kept.len(),
            session.name(),
            if found.is_minimal {
                "without any one of them it does not show"
            } else {
                "fewer may do: the search was stopped"
            }
        ),
        stream: &stream.id,
        names: events.names,
        batch: &events.batch,
        kept: &found.kept,
        wanted: events.wanted(work, &shown, &found.kept)?,
    })?;
    Ok(MinimizeAnswer {
        stream: stream_id,
        handler: identity,
        failure: Some(sentence),
        course: events.course(last, &found.kept),
        after_failure: of.saturating_sub(u32::try_from(last + 1).unwrap_or(u32::MAX)),
        kept,
        of,
        tests: found.tests,
        is_minimal: found.is_minimal,
        case: Some(case),
    })
}

/// Writes a case into a file that is not there yet: a person keeps it.
pub fn write_case_file(session: &Session, file: &Path, case: &str) -> Result<(), AppError> {
    const CASE: Own = Own {
        noun: "case",
        begins_with: None,
    };
    written_file::write(file, Path::new(session.location()), case.as_bytes(), &CASE)
}

/// What is looked for, and the program that shows it.
struct Shown {
    program: Arc<dyn HandlerProgram>,
    /// The same of a handler that must not show it.
    unless: Option<Arc<dyn HandlerProgram>>,
    kind: Kind,
}

enum Kind {
    Invariant { rules: Arc<Rules>, at: usize, id: String },
    Against { right: Arc<dyn HandlerProgram> },
    Error,
}

impl Shown {
    fn of(program: &Arc<dyn HandlerProgram>, handler: Option<&str>, failure: Failure<'_>) -> Result<Shown, AppError> {
        match failure {
            Failure::Invariant { id, unless } => {
                let own = handler::declarative(handler)?.is_some_and(|it| it.invariants().find(id).is_some());
                let rules = Arc::new(rules_of(handler, (!own).then_some(id))?);
                let at = rules
                    .invariants()
                    .iter()
                    .position(|invariant| invariant.id == id)
                    .unwrap_or_default();
                let watch = |program| -> Arc<dyn HandlerProgram> {
                    Arc::new(Checked::new(program, Arc::clone(&rules), usize::MAX))
                };
                let unless = unless.map(|handler| handler::open(Some(handler))).transpose()?;
                Ok(Shown {
                    program: watch(Arc::clone(program)),
                    unless: unless.map(watch),
                    kind: Kind::Invariant {
                        rules,
                        at,
                        id: id.to_owned(),
                    },
                })
            }
            Failure::Against(right) => {
                let right = handler::open(Some(right))?;
                Ok(Shown {
                    unless: None,
                    program: Arc::new(Compared::new(Arc::clone(program), Arc::clone(&right), 1)),
                    kind: Kind::Against { right },
                })
            }
            Failure::Error => Ok(Shown {
                unless: None,
                program: Arc::clone(program),
                kind: Kind::Error,
            }),
        }
    }

    /// What tells this failure from another one; `None`: there is none after this event.
    fn identity(&self, folded: &Folded) -> Option<String> {
        match &self.kind {
            Kind::Invariant { at, .. } => {
                let watched = Watched::of_state(&folded.state)?;
                watched.flips.iter().any(|flip| flip.invariant == *at).then(String::new)
            }
            Kind::Against { .. } => {
                let divergences = Divergences::of_state(&folded.state)?;
                divergences
                    .differs_at_head()
                    .then(|| divergences.first.first().map(|first| first.path.clone()))?
            }
            Kind::Error => {
                let (_, fault) = folded.fault.as_ref()?;
                Some(format!(
                    "{} at {}",
                    fault.code,
                    fault.place.as_deref().unwrap_or("an unknown place")
                ))
            }
        }
    }

    fn sentence(&self, cover: &Cover, identity: &str, event: &str) -> String {
        match &self.kind {
            Kind::Invariant { id, .. } => format!("the invariant {id} breaks at {event}"),
            Kind::Against { right } => {
                format!(
                    "{} differs from {event} on, first at {}",
                    handler::label(right.identity()),
                    shown_path(cover, identity)
                )
            }
            Kind::Error => format!("the handler fails at {event}: {identity}"),
        }
    }
}

/// All events of a stream, in memory.
struct Events<'a> {
    names: &'a Names,
    batch: EventBatch,
}

impl<'a> Events<'a> {
    fn read(
        work: &Work<'_>,
        session: &Session,
        stream: &'a Stream,
        program: &dyn HandlerProgram,
        findings: &Arc<Findings>,
    ) -> Result<Events<'a>, AppError> {
        let mut events = Events {
            names: stream.names(),
            batch: EventBatch::default(),
        };
        let head = stream.track.head();
        stream.visit_while(
            work,
            session.store(),
            findings,
            refold_core::track::Moment::START,
            head,
            &mut |_, event| {
                events.add(event, program)?;
                Ok(true)
            },
        )?;
        Ok(events)
    }

    fn add(&mut self, event: &EventView<'_>, program: &dyn HandlerProgram) -> Result<(), AppError> {
        let batch = &mut self.batch;
        let parts = [event.payload, event.metadata, event.event_id, event.schema_version];
        let bytes: usize = parts.iter().flatten().map(|part| part.len()).sum();
        if batch.arena.len() + bytes > MOST_BYTES {
            return Err(AppError::invalid(
                format!(
                    "the payloads of this stream take more than {} of memory",
                    text::size_label(MOST_BYTES as u64)
                ),
                "find where it fails with `refold check` or `refold replay --against`, which need no memory for it",
            ));
        }
        let columns = program.columns();
        let mut keep = |part: Option<&[u8]>| part.map_or(refold_core::event::Span::NULL, |part| batch.store(part));
        let spans = [
            keep(event.payload),
            keep(event.metadata.filter(|_| columns.metadata)),
            keep(event.event_id),
            keep(event.schema_version),
        ];
        let [payload, metadata, event_id, schema_version] = spans;
        batch.positions.push(event.position);
        batch.streams.push(event.stream);
        batch.versions.push(event.version);
        batch.types.push(event.event_type);
        batch.recorded_at.push(event.recorded_at);
        batch.payloads.push(payload);
        batch.payload_encodings.push(event.encoding);
        batch.metadata.push(metadata);
        batch.event_ids.push(event_id);
        batch.schema_versions.push(schema_version);
        Ok(())
    }

    /// The events up to `last`, each with whether it is among `kept`, which ascend.
    fn course(&self, last: usize, kept: &[usize]) -> Vec<(EventName, bool)> {
        let event = |at: usize| {
            let event = self.batch.event(at);
            let name = EventName {
                version: text::filled(text::version_label(event.version)),
                position: text::filled(text::position_label(event.position)),
                event_type: text::exact(self.names.type_name(event.event_type)),
            };
            (name, kept.binary_search(&at).is_ok())
        };
        (0..=last).take(MOST_SHOWN).map(event).collect()
    }

    /// The event of a history after which it shows the failure, and what tells that failure from another.
    fn first_failure(
        &self,
        work: &Work<'_>,
        shown: &Shown,
        history: &[usize],
    ) -> Result<Option<(usize, String)>, AppError> {
        let Some((count, identity)) = self.first_shown(work, shown, &shown.program, history)? else {
            return Ok(None);
        };
        let so_far = history.get(..count).unwrap_or_default();
        if let Some(other) = &shown.unless
            && self.first_shown(work, shown, other, so_far)?.is_some()
        {
            return Ok(None);
        }
        Ok(so_far.last().map(|event| (*event, identity)))
    }

    /// After how many events of a history the program shows the failure.
    fn first_shown(
        &self,
        work: &Work<'_>,
        shown: &Shown,
        program: &Arc<dyn HandlerProgram>,
        history: &[usize],
    ) -> Result<Option<(usize, String)>, AppError> {
        let mut fold = Fold::new(program.as_ref(), Detail::State)?;
        for (count, event) in (1..).zip(history) {
            if count % STRIDE == 0 {
                work.check()?;
            }
            fold.step(&self.batch.event(*event), self.names, None)?;
            if let Some(identity) = shown.identity(&fold.folded()?) {
                return Ok(Some((count, identity)));
            }
        }
        Ok(None)
    }

    /// What the case asks of a handler that is right.
    fn wanted(&self, work: &Work<'_>, shown: &Shown, kept: &[usize]) -> Result<Wanted, AppError> {
        Ok(match &shown.kind {
            // A condition that no package holds cannot be named in a case; that the events fold can.
            Kind::Invariant { rules, id, .. } => match rules.as_ref() {
                Rules::OfPackage(_) => Wanted::Holds(id.clone()),
                Rules::Own(_) => Wanted::Nothing,
            },
            Kind::Against { right } => {
                let mut fold = Fold::new(right.as_ref(), Detail::State)?;
                for event in kept {
                    work.check()?;
                    fold.step(&self.batch.event(*event), self.names, None)?;
                }
                Wanted::State(fold.folded()?.state)
            }
            Kind::Error => Wanted::Nothing,
        })
    }
}
