//! The history of one stream under one handler, and what it reads from.
//!
//! Both faces open a stream so. Where the store keeps an index of its streams and we keep none of it yet, a stream that
//! is wanted to its head is read once for everything: skeleton, findings and states.

use std::sync::Arc;

use refold_core::finding::Findings;
use refold_core::fold::{Detail, FoldError, Folded};
use refold_core::history::{Budget, EventSource, History, Way};
use refold_core::names::Names;
use refold_core::pointer::Pointer;
use refold_core::port::handler::HandlerProgram;
use refold_core::track::{Gap, Moment, StreamTrack};
use refold_core::work::Work;

use crate::clock::Monotonic;
use crate::error::AppError;
use crate::findings;
use crate::mask::{Mask, Part};
use crate::session::Session;
use crate::stream::{Found, Stream, beside_what_lacks};

/// See the module.
pub struct Replay {
    history: History,
    events: Box<dyn EventSource + Send>,
    findings: Arc<Findings>,
    mask: Arc<Mask>,
    stream: Arc<[u8]>,
    category: Arc<[u8]>,
    /// Where events are missing.
    lacks: Option<Gap>,
}

/// How a stream is replayed.
#[derive(Clone)]
pub struct Opening {
    pub program: Arc<dyn HandlerProgram>,
    pub detail: Detail,
    pub budget: Budget,
    /// Whether all of the stream is wanted: else no more is folded than is asked for later.
    pub is_whole: bool,
}

impl Replay {
    /// `id`: as shown or as stored. What is noteworthy goes to `findings`: of the skeleton now, of each event when it is
    /// folded.
    pub fn open(
        work: &Work<'_>,
        session: &Session,
        id: &str,
        opening: &Opening,
        findings: &Arc<Findings>,
    ) -> Result<(Stream, Replay), AppError> {
        let is_read_once =
            opening.is_whole && Stream::index_of(session).is_none() && session.description().has_stream_index;
        let (stream, replay) = if is_read_once {
            Stream::found(id, |id| Replay::read(work, session, id, opening, findings))
                .map_err(|error| beside_what_lacks(error, session, findings))
                .and_then(|found| session.log_stream(&found.0.id).map(|()| found))?
        } else {
            let stream = Stream::load(work, session, id, findings)?;
            let replay = Replay::of_stream(session, &stream, opening, findings)?;
            (stream, replay)
        };
        stream.report_track(session.description().numbering(), findings);
        session.mask().report(&stream.category, findings);
        Ok((stream, replay))
    }

    /// The same for a stream whose skeleton is there.
    pub fn of_stream(
        session: &Session,
        stream: &Stream,
        opening: &Opening,
        findings: &Arc<Findings>,
    ) -> Result<Replay, AppError> {
        let events = stream.source(session, opening.program.as_ref(), findings, Moment::START)?;
        Replay::of_events(session, stream, Arc::clone(&stream.track), events, opening, findings)
    }

    /// The same for events that are laid over those of the stream, with the track that they make.
    pub fn of_events(
        session: &Session,
        stream: &Stream,
        track: Arc<StreamTrack>,
        events: Box<dyn EventSource + Send>,
        opening: &Opening,
        findings: &Arc<Findings>,
    ) -> Result<Replay, AppError> {
        let Opening {
            program,
            detail,
            budget,
            ..
        } = opening;
        let lacks = stream.lacks_in(&track);
        let history = History::new(Arc::clone(program), track, *detail, *budget, Arc::new(Monotonic))?;
        let replay = Replay::of_history(session, stream, history, events, findings);
        Ok(Replay { lacks, ..replay })
    }

    /// Reads and folds a stream at once. `None`: there is no event of it.
    fn read(
        work: &Work<'_>,
        session: &Session,
        id: &[u8],
        opening: &Opening,
        findings: &Arc<Findings>,
    ) -> Result<Option<(Stream, Replay)>, AppError> {
        let Opening {
            program,
            detail,
            budget,
            ..
        } = opening;
        let columns = program.columns();
        let clock = Arc::new(Monotonic);
        let mut history = History::new(Arc::clone(program), Arc::default(), *detail, *budget, clock)?;
        let (mut reader, mut names) = (session.store().read(&Stream::whole(id, columns))?, Names::default());
        let own = findings.alike();
        let read = history.read_on(work, reader.as_mut(), &mut names, &own);
        findings::add(&own, findings);
        read?;
        let Some(stream) = Stream::of_track(session, id, Arc::clone(history.track()), names) else {
            return Ok(None);
        };
        let stream = stream.found_with(&own, true);
        // What the reader found is reported; reading again must not report it again.
        let events = Box::new(stream.events(session.store(), columns));
        let replay = Replay::of_history(session, &stream, history, events, findings);
        Ok(Some((stream, replay)))
    }

    fn of_history(
        session: &Session,
        stream: &Stream,
        history: History,
        events: Box<dyn EventSource + Send>,
        findings: &Arc<Findings>,
    ) -> Replay {
        Replay {
            history,
            events,
            findings: Arc::clone(findings),
            mask: Arc::clone(session.mask()),
            stream: stream.id.as_slice().into(),
            category: stream.category.as_slice().into(),
            lacks: stream.lacks(),
        }
    }

    /// Goes on with the same stream in the store as it is now; `stream` begins with the events of the one before. What
    /// was folded stays.
    pub fn grow(&mut self, session: &Session, stream: &Stream, opening: &Opening) -> Result<(), AppError> {
        let program = opening.program.as_ref();
        let events = stream.source(session, program, &self.findings, self.warm_until())?;
        if self.history.grow(Arc::clone(&stream.track)) {
            self.events = events;
            self.lacks = stream.lacks();
            return Ok(());
        }
        // The names went on from those of the stream before, so only a stream that changed gets here.
        *self = Replay::of_stream(session, stream, opening, &self.findings)?;
        Ok(())
    }

    /// The state at a moment, or at what a cursor means, as a person may see it: see [`Mask`]. Findings of an event are
    /// reported once.
    pub fn state_at(&mut self, work: &Work<'_>, at: impl Into<Found>) -> Result<Folded, FoldError> {
        let at = at.into();
        let mut folded = self
            .history
            .state_at(work, self.events.as_mut(), &self.findings, at.moment)?;
        folded.note_missing(self.lacks);
        at.note(&mut folded);
        let cover = self.mask.cover(&self.stream, &self.category, None, Part::State);
        if !cover.is_empty() {
            folded.state = cover.value(&folded.state);
        }
        Ok(folded)
    }

    /// See [`History::next_change`].
    pub fn next_change(
        &mut self,
        work: &Work<'_>,
        path: &Pointer,
        from: Moment,
        way: Way,
    ) -> Result<Option<Moment>, FoldError> {
        self.history
            .next_change(work, self.events.as_mut(), &self.findings, path, from, way)
    }

    /// Every moment up to here is a short seek away, and its findings were reported.
    pub fn warm_until(&self) -> Moment {
        self.history.warm_until()
    }
}

#[cfg(test)]
mod tests;
