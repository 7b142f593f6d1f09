//! The states of one stream as they are, hidden parts included, and how its events were folded. Whoever looks at them
//! shows no more of them than masking rules let a person see.

use std::sync::Arc;

use refold_core::event::{Columns, Encoding, EventBatch};
use refold_core::finding::Findings;
use refold_core::fold::{Detail, Folded};
use refold_core::history::{Budget, EventSource, History};
use refold_core::pointer::Pointer;
use refold_core::port::explain::{Choice, Explained, Read, Source};
use refold_core::port::handler::HandlerProgram;
use refold_core::track::{Gap, Moment};
use refold_core::value::{Redacted, Value};
use refold_core::work::Work;
use refold_handlers::lab::why::Past;

use super::{shown_at, shown_path};
use crate::clock::Monotonic;
use crate::error::AppError;
use crate::mask::{Cover, Mask, Part};
use crate::session::Session;
use crate::stream::{Found, Stream, StreamEvents};

/// See the module.
pub(super) struct StreamPast<'w> {
    work: &'w Work<'w>,
    history: History,
    source: Box<dyn EventSource + Send>,
    /// Of single events.
    events: StreamEvents,
    batch: EventBatch,
    findings: Arc<Findings>,
    /// Where events are missing.
    lacks: Option<Gap>,
}

impl<'w> StreamPast<'w> {
    pub fn open(
        work: &'w Work<'w>,
        session: &Session,
        stream: &Stream,
        program: &Arc<dyn HandlerProgram>,
        findings: &Arc<Findings>,
    ) -> Result<StreamPast<'w>, AppError> {
        let track = Arc::clone(&stream.track);
        let budget = Budget::default();
        let history = History::new(Arc::clone(program), track, Detail::State, budget, Arc::new(Monotonic))?;
        let columns = Columns {
            payload: true,
            ..program.columns()
        };
        Ok(StreamPast {
            work,
            history,
            source: stream.source(session, program.as_ref(), findings, Moment::START)?,
            events: stream.events(session.store(), columns),
            batch: EventBatch::default(),
            findings: Arc::clone(findings),
            lacks: stream.lacks(),
        })
    }

    /// The state at a moment, or at what a cursor means, with what is known about it.
    pub fn folded_at(&mut self, at: impl Into<Found>) -> Result<Folded, AppError> {
        let at = at.into();
        self.work.check()?;
        let mut folded = self
            .history
            .state_at(self.work, self.source.as_mut(), &self.findings, at.moment)?;
        folded.note_missing(self.lacks);
        at.note(&mut folded);
        Ok(folded)
    }
}

impl Past for StreamPast<'_> {
    type Error = AppError;

    fn state_at(&mut self, moment: Moment) -> Result<Value, AppError> {
        Ok(self.folded_at(moment)?.state)
    }

    fn explain(&mut self, moment: Moment, before: &Value, choice: Choice<'_>) -> Result<Option<Explained>, AppError> {
        let earlier = Moment(moment.0.saturating_sub(1));
        self.events.read(self.work, earlier, moment, &mut self.batch)?;
        let event = self.batch.event(0);
        if event.payload.is_some() && event.encoding != Encoding::Json {
            return Ok(Some(Explained::unread())); // whatever the engine is: it never gets such an event
        }
        Ok(self
            .history
            .program()
            .explain(&event, self.events.names(), before, choice))
    }
}

/// The event that something was read of, as rules speak of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct SeenEvent<'e> {
    pub stored_type: &'e [u8],
    /// As the rules of the handler got it, or the part of it that they got.
    pub event_type: &'e [u8],
    pub is_upcast: bool,
}

/// What masking rules let a person see of one event and the states around it.
pub(super) struct MaskedView<'s> {
    mask: &'s Mask,
    stream: &'s Stream,
}

impl<'s> MaskedView<'s> {
    pub fn new(session: &'s Session, stream: &'s Stream) -> MaskedView<'s> {
        MaskedView {
            mask: session.mask(),
            stream,
        }
    }

    pub fn state(&self, path: &Pointer, value: &Value) -> Value {
        let Stream { id, category, .. } = self.stream;
        let cover = self.mask.cover(id, category, None, Part::State);
        shown_at(&cover, &path.to_string(), value)
    }

    /// A path of a state: where it leads into something hidden, it ends there.
    pub fn path(&self, path: &Pointer) -> String {
        let Stream { id, category, .. } = self.stream;
        shown_path(&self.mask.cover(id, category, None, Part::State), &path.to_string())
    }

    /// A path of an event's payload or metadata: where it leads into something hidden, it ends there, for a handler may
    /// have taken its names from the event.
    pub fn path_of(&self, path: &Pointer, event: SeenEvent<'_>, part: Part) -> String {
        match self.covers(event, part) {
            Some([of_stored, of_type]) => shown_path(&of_type, &shown_path(&of_stored, &path.to_string())),
            None => Pointer::ROOT.to_string(),
        }
    }

    pub fn read(&self, read: &Read, event: SeenEvent<'_>) -> Option<Value> {
        let value = read.value.as_ref()?;
        let (path, part) = match &read.of {
            Source::State(path) => return Some(self.state(path, value)),
            Source::Event(_) => return Some(value.clone()),
            Source::Payload(path) => (path, Part::Payload),
            Source::Metadata(path) => (path, Part::Metadata),
        };
        let Some([of_stored, of_type]) = self.covers(event, part) else {
            return Some(Value::Redacted(Redacted::new(value.clone())));
        };
        let shown = shown_at(&of_stored, &path.to_string(), value);
        Some(shown_at(&of_type, &path.to_string(), &shown))
    }

    /// What is hidden of a part of an event as it is stored, and as the rules got it. `None`: all of it. Of an event that
    /// came through upcasters nobody knows any more which of its parts were made of something hidden: where rules hide
    /// anything of the stored one, all of it is.
    fn covers(&self, event: SeenEvent<'_>, part: Part) -> Option<[Cover; 2]> {
        let Stream { id, category, .. } = self.stream;
        let of_stored = self.mask.cover(id, category, Some(event.stored_type), part);
        if event.is_upcast && part == Part::Payload && !of_stored.is_empty() {
            return None;
        }
        Some([of_stored, self.mask.cover(id, category, Some(event.event_type), part)])
    }
}
