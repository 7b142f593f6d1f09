//! The events of one stream, in full.

use refold_core::cursor::Cursor;
use refold_core::finding::Findings;
use refold_core::track::Moment;
use refold_core::work::Work;

use super::{event_answer, moment_before};
use crate::answer::EventAnswer;
use crate::clock;
use crate::error::AppError;
use crate::session::Session;
use crate::stream::Stream;

/// Which events of a stream.
#[derive(Debug, Clone, Default)]
pub struct Events {
    /// The first one at or after this cursor.
    pub from: Option<String>,
    /// The last one at or before this cursor.
    pub to: Option<String>,
    pub types: Vec<String>,
    pub limit: Option<u64>,
}

/// Calls `visit` for each event, in the order of the stream.
pub fn history(
    work: &Work<'_>,
    session: &Session,
    stream: &str,
    asked: &Events,
    visit: &mut dyn FnMut(EventAnswer) -> Result<(), AppError>,
) -> Result<(), AppError> {
    let findings = Findings::default();
    let stream = Stream::load(work, session, stream, &findings)?;
    let (from, to) = asked.range(&stream)?;
    let digits = session.description().time_digits;
    let mut left = asked.limit.unwrap_or(u64::MAX);
    stream.visit_while(work, session.store(), from, to, &mut |moment, event| {
        if left > 0 && asked.has_type(&stream.type_name(moment)) {
            left -= 1;
            visit(event_answer(event, stream.names(), digits))?;
        }
        Ok(left > 0)
    })
}

impl Events {
    /// The moments before the first and after the last event that the cursors let through.
    pub(super) fn range(&self, stream: &Stream) -> Result<(Moment, Moment), AppError> {
        let from = match &self.from {
            Some(cursor) => moment_before(stream, cursor)?,
            None => Moment::START,
        };
        let to = match &self.to {
            Some(cursor) => stream.track.resolve(&Cursor::parse(cursor)?, clock::now())?,
            None => stream.track.head(),
        };
        Ok((from, to))
    }

    pub(super) fn has_type(&self, event_type: &String) -> bool {
        self.types.is_empty() || self.types.contains(event_type)
    }
}
