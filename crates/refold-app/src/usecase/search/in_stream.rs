//! Hits in one stream, as the moments that its events lead to.

use std::sync::Arc;

use refold_core::finding::Findings;
use refold_core::track::Moment;
use refold_core::work::Work;

use super::Search;
use super::filter::Filter;
use crate::error::AppError;
use crate::findings;
use crate::session::Session;
use crate::stream::Stream;
use crate::wire::HistoryHits;

/// The moments after the events of a stream that are looked for, and what could not be read or asked on the way.
pub fn hits_in_stream(
    work: &Work<'_>,
    session: &Session,
    stream: &Stream,
    asked: &Search,
) -> Result<HistoryHits, AppError> {
    let filter = Filter::new(work, session, asked)?;
    let found = Arc::<Findings>::default();
    session.mask().report_search(&found);
    let mut moments = Vec::new();
    let head = stream.track.head();
    stream.visit(
        work,
        session.store(),
        &found,
        Moment::START,
        head,
        &mut |moment, event| {
            if filter.lets_through(event, stream.names(), &found) {
                moments.push(moment.0);
            }
            Ok(())
        },
    )?;
    Ok(HistoryHits {
        moments,
        findings: findings::wire(&found),
    })
}
