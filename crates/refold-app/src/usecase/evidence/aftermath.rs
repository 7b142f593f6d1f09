//! What differences leave behind in a store: event ids that occur twice, and versions that are missing where events are gone.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use refold_audit::anchor::check::{Difference, Finding};
use refold_core::event::{Columns, EventBatch, Position};
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::port::store::ReadQuery;
use refold_core::work::{Phase, Work};

use super::verify::VerifyFinding;
use crate::error::AppError;
use crate::linked::Links;
use crate::session::Session;
use crate::text;

/// What is left, and the stream that it concerns.
pub(super) struct Left {
    pub finding: VerifyFinding,
    pub stream: Vec<u8>,
}

/// Findings that are looked into, and that come of it.
const MOST: usize = 1_000;
const BATCH_ROWS: usize = 8_192;

/// One pass over the skeletons of today's events, where anything came or is gone. `below_zero`: where events came that the
/// anchor has no place for. `horizon`: the last anchored position. What lies above it was not anchored, and a version that is
/// missing there tells nothing of what was.
pub(super) fn aftermath(
    work: &Work<'_>,
    session: &Session,
    findings: &[Finding],
    below_zero: &[i64],
    horizon: u64,
) -> Result<Vec<Left>, AppError> {
    let of = |wanted: fn(&Difference) -> bool| {
        let found = findings.iter().filter(move |finding| wanted(&finding.difference));
        // Positions came from the store, where they are `i64`.
        found.map(|finding| finding.position as i64).collect::<Vec<i64>>()
    };
    let (mut inserted, removed) = (
        of(|it| *it == Difference::Inserted),
        of(|it| *it == Difference::Removed),
    );
    inserted.splice(0..0, below_zero.iter().copied());
    inserted.truncate(MOST);
    if inserted.is_empty() && removed.is_empty() {
        return Ok(Vec::new());
    }
    let positions: Vec<Position> = inserted.into_iter().map(Position).collect();
    let came = Links::at(work, session.store().as_ref(), &positions)?;
    let by_id: HashMap<&[u8], i64> = came
        .iter()
        .filter_map(|event| Some((event.event_id.as_deref()?, event.position.0)))
        .collect();
    let mut reader = session.store().read(&ReadQuery::all(Columns {
        envelope: !by_id.is_empty(),
        ..Columns::SKELETON
    }))?;
    let (mut batch, mut names, ignored) = (EventBatch::default(), Names::default(), Findings::default());
    // By a hash of the stream: version and position of its last event.
    let mut last: HashMap<u64, (i64, i64)> = HashMap::new();
    let (mut found, mut done) = (Vec::new(), 0u64);
    while reader.next_batch(work, BATCH_ROWS, &mut batch, &mut names, &ignored)? {
        for row in 0..batch.len() {
            let event = batch.event(row);
            let (stream, position) = (names.stream(event.stream), event.position.0);
            let other = event
                .event_id
                .and_then(|id| by_id.get(id))
                .filter(|at| **at != position);
            if let Some(came) = other {
                let finding = VerifyFinding {
                    position: Some(came.to_string()),
                    to: Some(position.to_string()),
                    stream: Some(text::exact(stream)),
                    ..VerifyFinding::of_store(
                        "DUPLICATE-ID",
                        "manipulation",
                        "the event that was inserted has the id of another".to_owned(),
                    )
                };
                let stream = stream.to_vec();
                found.push(Left { finding, stream });
            }
            let is_anchored = u64::try_from(position).is_ok_and(|position| position <= horizon);
            if event.version == EventBatch::NO_VERSION || removed.is_empty() || !is_anchored {
                continue;
            }
            let mut hasher = DefaultHasher::new();
            stream.hash(&mut hasher);
            let before = last.insert(hasher.finish(), (event.version.0, position));
            if let Some((version, from)) = before
                && version.checked_add(1).is_some_and(|next| next < event.version.0)
                && is_any_between(&removed, from, position)
            {
                let missing = match (version + 1, event.version.0 - 1) {
                    (first, last) if first == last => format!("version {first} is missing"),
                    (first, last) => format!("versions {first} to {last} are missing"),
                };
                let finding = VerifyFinding {
                    position: Some(position.to_string()),
                    stream: Some(text::exact(stream)),
                    version: Some((version + 1).to_string()),
                    ..VerifyFinding::of_store(
                        "VERSION-GAP",
                        "gap",
                        format!(
                            "{missing} between positions {from} and {position}, where events were removed: states of the \
                             stream are incomplete since v{}",
                            event.version.0
                        ),
                    )
                };
                let stream = stream.to_vec();
                found.push(Left { finding, stream });
            }
        }
        done += batch.len() as u64;
        work.tick(Phase::LookingAtWhatIsAround, done, session.description().event_count)?;
        if found.len() >= MOST {
            break;
        }
    }
    Ok(found)
}

/// `removed` ascends.
fn is_any_between(removed: &[i64], from: i64, to: i64) -> bool {
    let at = removed.partition_point(|position| *position <= from);
    removed.get(at).is_some_and(|position| *position < to)
}
