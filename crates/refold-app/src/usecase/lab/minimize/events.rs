//! All events of a stream, in memory, and what histories made of them show.

use std::sync::Arc;

use refold_core::event::{Columns, EventBatch, EventView};
use refold_core::finding::Findings;
use refold_core::fold::{Detail, Fold};
use refold_core::names::Names;
use refold_core::port::handler::HandlerProgram;
use refold_core::track::Moment;
use refold_core::value::Value;
use refold_core::work::Work;

use super::super::EventName;
use super::shown::{Kind, Shown};
use super::stand_ins::StandIns;
use crate::error::{AppError, ErrorCode};
use crate::mask::Part;
use crate::session::Session;
use crate::stream::Stream;
use crate::{handler, text};

/// Payloads of one stream that are held in memory at most.
const MOST_BYTES: usize = 1 << 30;
/// Events up to the failure that are told one by one.
const MOST_SHOWN: usize = 2_000;
/// Events between two looks at the cancel token.
const STRIDE: usize = 1_024;

/// See the module.
pub(super) struct Events<'a> {
    pub names: &'a Names,
    pub batch: EventBatch,
}

impl<'a> Events<'a> {
    pub fn read(
        work: &Work<'_>,
        session: &Session,
        stream: &'a Stream,
        program: &dyn HandlerProgram,
        findings: &Arc<Findings>,
    ) -> Result<Events<'a>, AppError> {
        Events::read_until(work, session, stream, program, findings, stream.track.head())
    }

    pub fn read_until(
        work: &Work<'_>,
        session: &Session,
        stream: &'a Stream,
        program: &dyn HandlerProgram,
        findings: &Arc<Findings>,
        until: Moment,
    ) -> Result<Events<'a>, AppError> {
        let mut events = Events {
            names: stream.names(),
            batch: EventBatch::default(),
        };
        stream.visit_while(
            work,
            session.store(),
            findings,
            Moment::START,
            until,
            &mut |_, event| {
                events.add(event, program)?;
                Ok(true)
            },
        )?;
        Ok(events)
    }

    fn add(&mut self, event: &EventView<'_>, program: &dyn HandlerProgram) -> Result<(), AppError> {
        let columns = Columns {
            metadata: program.columns().metadata,
            ..Columns::ALL
        };
        if self.batch.arena.len() + event.byte_count() > MOST_BYTES {
            return Err(AppError::invalid(
                format!(
                    "the payloads of this stream take more than {} of memory",
                    text::size_label(MOST_BYTES as u64)
                ),
                "find where it fails by its invariants, or beside another handler: neither needs memory for it",
            )
            .typed("refold check, or refold replay --against"));
        }
        self.batch.push(event, columns);
        Ok(())
    }

    /// Puts stand-ins in the place of what masking rules hide. Says how many.
    pub fn replace_hidden(&mut self, session: &Session) -> Result<u32, AppError> {
        let mut stand_ins = StandIns::default();
        for row in 0..self.batch.len() {
            for part in [Part::Payload, Part::Metadata] {
                let event = self.batch.event(row);
                let cover = session.mask().of_event(&event, self.names, part);
                let bytes = match part {
                    Part::Metadata => event.metadata,
                    _ => event.payload,
                };
                let Some(bytes) = bytes.filter(|_| !cover.is_empty()) else {
                    continue;
                };
                let Ok(value) = Value::from_json(bytes, Value::MAX_DEPTH) else {
                    return Err(AppError::new(
                        ErrorCode::Denied,
                        format!("masking rules hide fields of {}, which is no JSON", self.label(row)),
                        "reveal them with a reason (docs/masking.md), or minimize a store without such fields",
                    ));
                };
                let before = stand_ins.replaced;
                let replaced = stand_ins.replace(&value, &cover.value(&value));
                if stand_ins.replaced == before {
                    continue;
                }
                let span = self.batch.store(&replaced.to_canonical());
                let column = match part {
                    Part::Metadata => &mut self.batch.metadata,
                    _ => &mut self.batch.payloads,
                };
                if let Some(of) = column.get_mut(row) {
                    *of = span;
                }
            }
        }
        Ok(stand_ins.replaced)
    }

    /// The events up to `last`, each with whether it is among `kept`, which ascend.
    pub fn course(&self, last: usize, kept: &[usize]) -> Vec<(EventName, bool)> {
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

    /// How an event is named: by version, by position where the store keeps none.
    pub fn label(&self, event: usize) -> String {
        let event = self.batch.event(event);
        let version = text::version_label(event.version);
        if version.is_empty() {
            format!("#{}", text::position_label(event.position))
        } else {
            format!("v{version}")
        }
    }

    /// Looks for a version of the handler that is right on the whole history, where the failure needs one and none was
    /// named. Says in words what that came to.
    pub fn hold_against(
        &self,
        work: &Work<'_>,
        shown: &mut Shown,
        all: &[usize],
        handler: Option<&str>,
    ) -> Result<Option<String>, AppError> {
        let Kind::Invariant { id, .. } = &shown.kind else {
            return Ok(None);
        };
        if self.first_shown(work, shown, &shown.program, all)?.is_none() {
            return Ok(None);
        }
        if let Some(named) = &shown.unless {
            let broken = self.first_shown(work, shown, named, all)?;
            return Ok(broken.and_then(|(count, _)| all.get(count - 1)).map(|event| {
                let name = handler::label(named.identity());
                let event = self.label(*event);
                format!("{id} breaks with {name} too, at {event}: hold it against a handler in which it holds")
            }));
        }
        let others = Shown::other_versions(shown.program.identity(), handler);
        let is_alone = others.is_empty();
        for other in others {
            if self.first_shown(work, shown, &other, all)?.is_none() {
                let name = handler::label(other.identity());
                let note = format!("held against {name}, in which {id} holds on this whole history");
                shown.unless = Some(other);
                return Ok(Some(note));
            }
        }
        let why = if is_alone {
            "the handler has no other version"
        } else {
            "it breaks in every version of the handler"
        };
        Ok(Some(format!(
            "{why}, so nothing says that a right handler keeps {id} on fewer events: the case may break in any handler; \
             hold it against one in which it holds"
        )))
    }

    /// The event of a history after which it shows the failure, and what tells that failure from another.
    pub fn first_failure(
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
    pub fn first_shown(
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
}
