//! One stream under one handler, of which a few moments are looked at: what state, diff and blame have in common.

use std::sync::Arc;

use refold_core::cursor::Cursor;
use refold_core::event::Position;
use refold_core::finding::Findings;
use refold_core::fold::{Detail, FoldError, Folded};
use refold_core::history::Budget;
use refold_core::time::Timestamp;
use refold_core::track::Moment;
use refold_core::work::Work;
use refold_stores::zone::Zone;

use crate::answer::{CauseAnswer, MomentAnswer};
use crate::asked;
use crate::clock;
use crate::error::AppError;
use crate::replay::{Opening, Replay};
use crate::session::Session;
use crate::stream::{Found, Stream};
use crate::text;

/// One stream under one handler, of which a few moments are looked at.
pub struct Replayed {
    pub stream: Stream,
    pub findings: Arc<Findings>,
    pub program: Arc<dyn refold_core::port::handler::HandlerProgram>,
    replay: Replay,
    digits: u8,
    zone: Option<Zone>,
    /// The last position of the store.
    end: Option<Position>,
}

impl Replayed {
    /// `until`: the last cursor that will be looked at.
    pub fn open(
        work: &Work<'_>,
        session: &Session,
        stream: &str,
        handler: Option<&str>,
        detail: Detail,
        until: &str,
    ) -> Result<Replayed, AppError> {
        let budget = Budget {
            window_moments: 0,
            ..Budget::default()
        };
        let opening = Opening {
            program: session.adopted(handler)?,
            detail,
            budget,
            is_whole: session.cursor(until)? == Cursor::Head,
        };
        let findings = Arc::<Findings>::default();
        let (stream, replay) = Replay::open(work, session, stream, &opening, &findings)?;
        Ok(Replayed {
            stream,
            findings,
            program: opening.program,
            replay,
            digits: session.description().time_digits,
            zone: session.zone().cloned(),
            end: session.end(),
        })
    }

    /// What a cursor text means here, and the instant it asked for if it was a time.
    pub fn resolve(&self, cursor: &str) -> Result<(Found, Option<Timestamp>), AppError> {
        let cursor = asked::cursor(cursor, self.zone.as_ref())?;
        let now = clock::now();
        let asked = match cursor {
            Cursor::At(time) => Some(time),
            Cursor::Ago { nanos } => now.0.checked_sub(nanos).map(Timestamp),
            Cursor::Start | Cursor::Head | Cursor::Version(_) | Cursor::Position(_) => None,
        };
        let found = self.stream.resolve(&cursor, now)?;
        if let Some(finding) = self.stream.past_head(&cursor, found.moment, self.end) {
            self.findings.report(finding);
        }
        Ok((found, asked))
    }

    pub fn state_at(&mut self, work: &Work<'_>, at: impl Into<Found>) -> Result<Folded, FoldError> {
        self.replay.state_at(work, at)
    }

    /// The last event before `moment` that changed the place, also by removing it.
    pub fn change_until(
        &mut self,
        work: &Work<'_>,
        path: &refold_core::pointer::Pointer,
        moment: Moment,
    ) -> Result<Option<Moment>, FoldError> {
        let after = Moment(moment.0.saturating_add(1));
        let way = refold_core::history::Way::Back;
        self.replay.next_change(work, path, after, way)
    }

    /// The lines of the handler that may have written a place at the event that led to `moment`.
    pub fn lines(&self, moment: Moment, place: &refold_core::pointer::Pointer) -> Vec<String> {
        let of = moment
            .event_index()
            .and_then(|index| self.stream.track.types.get(index));
        of.map(|of| self.program.lines_writing(self.stream.names().type_name(*of), place))
            .unwrap_or_default()
    }

    pub fn moment(&self, moment: Moment) -> MomentAnswer {
        MomentAnswer {
            version: text::filled(self.stream.version_label(moment)),
            position: text::filled(self.stream.position_label(moment)),
            recorded_at: text::filled(self.stream.time_label(moment, self.digits)),
        }
    }

    /// The event that led to `moment`; `None` at the start.
    pub fn cause(&self, moment: Moment) -> Option<CauseAnswer> {
        self.stream.cause(moment, self.digits)
    }

    /// Why a state is not known to be whole; `None`: nothing says that it lacks anything.
    pub fn unclear(&self, folded: &Folded) -> Option<String> {
        let (what, at) = match &folded.fault {
            Some((at, fault)) => (
                format!("the handler failed there: {fault}"),
                self.stream.place_label(*at),
            ),
            None => (
                "from there on the state may lack something".to_owned(),
                self.stream.since_label(folded)?,
            ),
        };
        let stream = text::shown(&self.stream.id);
        Some(format!("{stream}, event {at}: {what}"))
    }

    pub fn time_label(&self, time: Timestamp) -> String {
        text::time_label(time, self.digits)
    }
}
