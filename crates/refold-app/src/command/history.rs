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
    let from = match &asked.from {
        Some(cursor) => moment_before(&stream, cursor)?,
        None => Moment::START,
    };
    let to = match &asked.to {
        Some(cursor) => stream.track.resolve(&Cursor::parse(cursor)?, clock::now())?,
        None => stream.track.head(),
    };
    let digits = session.description().time_digits;
    let mut left = asked.limit.unwrap_or(u64::MAX);
    let mut at = from;
    // In short ranges, so that a limit ends the reading soon.
    while at < to && left > 0 {
        let end = Moment(to.0.min(at.0.saturating_add(512)));
        stream.visit(work, session.store(), at, end, &mut |moment, event| {
            let is_wanted = asked.types.is_empty() || asked.types.contains(&stream.type_name(moment));
            if is_wanted && left > 0 {
                left -= 1;
                visit(event_answer(event, stream.names(), digits))?;
            }
            Ok(())
        })?;
        at = end;
    }
    Ok(())
}
