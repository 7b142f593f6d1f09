//! What each command of the command line does, one file a command. Nothing here prints.

pub mod blame;
pub mod describe;
pub mod diff;
pub mod history;
pub mod new_handler;
mod round_columns;
pub mod search;
pub mod state;
pub mod story;
pub mod streams;
pub mod test;
pub mod timeline;

use refold_core::cursor::Cursor;
use refold_core::event::{EventView, Position, Version};
use refold_core::finding::{Finding, Findings, Severity};
use refold_core::fold::{Detail, FoldError, Folded};
use refold_core::history::Budget;
use refold_core::names::Names;
use refold_core::time::Timestamp;
use refold_core::track::Moment;
use refold_core::work::Work;
use std::sync::Arc;

use crate::answer::{CauseAnswer, EventAnswer, MomentAnswer, Stored};
use crate::clock;
use crate::error::AppError;
use crate::replay::{Opening, Replay};
use crate::session::Session;
use crate::stream::Stream;
use crate::{handler, text};

/// One stream under one handler, for commands that look at a few of its moments.
pub struct Replayed {
    pub stream: Stream,
    pub findings: Arc<Findings>,
    pub program: Arc<dyn refold_core::port::handler::HandlerProgram>,
    replay: Replay,
    digits: u8,
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
            program: handler::open(handler)?,
            detail,
            budget,
            is_whole: Cursor::parse(until)? == Cursor::Head,
        };
        let findings = Arc::<Findings>::default();
        let (stream, replay) = Replay::open(work, session, stream, &opening, &findings)?;
        Ok(Replayed {
            stream,
            findings,
            program: opening.program,
            replay,
            digits: session.description().time_digits,
        })
    }

    /// What a cursor text means here, and the instant it asked for if it was a time.
    pub fn resolve(&self, cursor: &str) -> Result<(Moment, Option<Timestamp>), AppError> {
        let cursor = Cursor::parse(cursor)?;
        let now = clock::now();
        let asked = match cursor {
            Cursor::At(time) => Some(time),
            Cursor::Ago { nanos } => now.0.checked_sub(nanos).map(Timestamp),
            Cursor::Start | Cursor::Head | Cursor::Version(_) | Cursor::Position(_) => None,
        };
        let moment = self.stream.track.resolve(&cursor, now)?;
        self.report_past_head(&cursor, moment);
        Ok((moment, asked))
    }

    pub fn state_at(&mut self, work: &Work<'_>, moment: Moment) -> Result<Folded, FoldError> {
        self.replay.state_at(work, moment)
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

    pub fn moment(&self, moment: Moment) -> MomentAnswer {
        MomentAnswer {
            version: filled(self.stream.version_label(moment)),
            position: filled(self.stream.position_label(moment)),
            recorded_at: filled(self.stream.time_label(moment, self.digits)),
        }
    }

    /// The event that led to `moment`; `None` at the start.
    pub fn cause(&self, moment: Moment) -> Option<CauseAnswer> {
        moment.event_index()?;
        let MomentAnswer {
            version,
            position,
            recorded_at,
        } = self.moment(moment);
        Some(CauseAnswer {
            version,
            position,
            event_type: self.stream.type_name(moment),
            recorded_at,
        })
    }

    /// A version that is not there yet means the head, like every floor; that it is not there is worth a word.
    fn report_past_head(&self, cursor: &Cursor, moment: Moment) {
        if let Cursor::Version(asked) = cursor
            && let Some(last) = self.stream.track.versions.last()
            && moment == self.stream.track.head()
            && last < asked
        {
            self.findings.report(Finding {
                code: "past-head",
                severity: Severity::Notice,
                stream: Some(self.stream.id.as_slice().into()),
                version: Some(*last),
                position: None,
                detail: format!("there is no v{} yet: this is the head, v{}", asked.0, last.0),
            });
        }
    }

    pub fn time_label(&self, time: Timestamp) -> String {
        text::time_label(time, self.digits)
    }
}

/// The first event that a `from` bound lets through: the first at or after it.
pub fn moment_before(stream: &Stream, cursor: &str) -> Result<Moment, AppError> {
    let just_before = match Cursor::parse(cursor)? {
        Cursor::Version(version) => Cursor::Version(Version(version.0.saturating_sub(1))),
        Cursor::Position(position) => Cursor::Position(Position(position.0.saturating_sub(1))),
        Cursor::At(time) => Cursor::At(Timestamp(time.0.saturating_sub(1))),
        Cursor::Ago { nanos } => Cursor::Ago {
            nanos: nanos.saturating_add(1),
        },
        cursor @ (Cursor::Start | Cursor::Head) => cursor,
    };
    Ok(stream.track.resolve(&just_before, clock::now())?)
}

/// An event in full. `digits`: the precision of the store's times.
pub fn event_answer(event: &EventView<'_>, names: &Names, digits: u8) -> EventAnswer {
    let claims_json = event.encoding == refold_core::event::Encoding::Json;
    EventAnswer {
        position: text::position_label(event.position),
        stream: text::shown(names.stream(event.stream)),
        category: text::shown(names.category(event.stream)),
        version: filled(text::version_label(event.version)),
        event_type: text::shown(names.type_name(event.event_type)),
        schema_version: event.schema_version.map(text::shown),
        recorded_at: filled(text::time_label(event.recorded_at, digits)),
        occurred_at: filled(text::time_label(event.occurred_at, 0)),
        event_id: event.event_id.map(text::shown),
        correlation_id: event.correlation_id.map(text::shown),
        causation_id: event.causation_id.map(text::shown),
        payload: Stored::of(event.payload, claims_json),
        metadata: Stored::of(event.metadata, true),
    }
}

/// `None` for an empty label.
pub fn filled(label: String) -> Option<String> {
    Some(label).filter(|label| !label.is_empty())
}
