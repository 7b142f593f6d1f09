//! All events of a stream up to a moment as a test case, which asks for the state that a handler makes of them.

use std::sync::Arc;

use refold_core::finding::Findings;
use refold_core::track::Moment;
use refold_core::work::Work;
use refold_handlers::testcase::{CaseText, Wanted, write_case};

use super::events::Events;
use super::{expect_whole, folded, told};
use crate::error::AppError;
use crate::mask::Part;
use crate::session::Session;
use crate::stream::Stream;
use crate::{clock, text};

/// A case, as it was made.
pub struct CaseUntil {
    pub text: String,
    pub events: u32,
    /// Values that masking rules hide, which others stand in for.
    pub replaced: u32,
    /// `false`: something of the state is hidden, and the case asks for none.
    pub has_state: bool,
}

/// `at`: a cursor of the stream. `version`: the one that the case is for.
pub fn case_until(
    work: &Work<'_>,
    session: &Session,
    handler: &str,
    stream: &str,
    at: &str,
    version: &str,
) -> Result<CaseUntil, AppError> {
    let program = session.adopted(Some(handler))?;
    let findings = Arc::<Findings>::default();
    let stream = Stream::load(work, session, stream, &findings)?;
    let until = stream.resolve(&session.cursor(at)?, clock::now())?.moment;
    let mut events = Events::read_until(work, session, &stream, program.as_ref(), &findings, until)?;
    let kept: Vec<usize> = (0..events.batch.len()).collect();
    let last = kept.last().copied();
    if let Some(last) = last {
        expect_whole(&stream, &events, last)?;
    }
    let replaced = events.replace_hidden(session)?;
    let made = folded(work, &events, &program, &kept)?;
    let failed = |why: String| AppError::invalid(why, "correct the draft, or name an earlier moment");
    let label = |moment: Moment| {
        usize::try_from(moment.0)
            .ok()
            .and_then(|at| at.checked_sub(1))
            .map(|at| events.label(at))
    };
    if let Some((moment, fault)) = &made.fault {
        let event = label(*moment).unwrap_or_default();
        return Err(failed(format!(
            "no test case is made: the draft fails at {event}: {}",
            fault.said()
        )));
    }
    if let Some(moment) = made.incomplete_since {
        let event = label(moment).unwrap_or_default();
        return Err(failed(format!(
            "no test case is made: {event} cannot be read, and the state may lack something"
        )));
    }
    let cover = session.mask().cover(&stream.id, &stream.category, None, Part::State);
    let mut hidden = Vec::new();
    cover.value(&made.state).redacted_parts(&mut hidden);
    // A state of which something is hidden cannot be asked for whole.
    let has_state = hidden.is_empty();
    let (name, until) = (
        text::shown(&stream.id),
        last.map_or("its start".to_owned(), |last| events.label(last)),
    );
    let count = u32::try_from(kept.len()).unwrap_or(u32::MAX);
    let (of, store) = (stream.track.head().0, session.name());
    Ok(CaseUntil {
        text: write_case(&CaseText {
            title: &format!("{name} up to {until}"),
            comment: &format!(
                "the first {} of the {} of {name} in {store}{}",
                text::grouped(count.into()),
                text::counted(of.into(), "event"),
                told(replaced)
            ),
            stream: &stream.id,
            names: events.names,
            batch: &events.batch,
            kept: &kept,
            version: Some(version),
            wanted: match has_state {
                true => Wanted::State(made.state),
                false => Wanted::Nothing,
            },
        })?,
        events: count,
        replaced,
        has_state,
    })
}
