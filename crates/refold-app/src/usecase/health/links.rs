//! What event ids and causes contradict: ids that occur twice, causes that no event has, causes that come later, cycles.
//!
//! Ids are held as hashes, a part of them at a time, so that the memory has a bound: more events are more passes. Whatever
//! hashes say is held against the ids themselves before anybody is told.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use refold_core::event::{Columns, EventBatch, Position};
use refold_core::finding::{Finding, Findings, Severity};
use refold_core::names::Names;
use refold_core::port::store::ReadQuery;
use refold_core::work::{Phase, Work};

use crate::error::AppError;
use crate::linked::{Linked, Links};
use crate::session::Session;
use crate::text;

/// Ids that are held at once. Few in tests, so that a small store takes several passes.
const MOST_IDS: u64 = if cfg!(test) { 16 } else { 4_000_000 };
const BATCH_ROWS: usize = 8_192;
/// Pairs that are looked at closer; of more of them only the number is told.
const MOST_PAIRS: usize = 10_000;

/// A hash and the position of the event that carries it.
type Mark = (u64, i64);

/// What the passes came by.
#[derive(Default)]
struct Found {
    ids: u64,
    causes: u64,
    /// Effects whose cause no event is.
    orphans: u64,
    first_orphans: Vec<i64>,
    /// Two events of one id, by position.
    doubles: Vec<(i64, i64)>,
    /// Effect and cause, where the cause comes later or is the effect itself.
    backward: Vec<(i64, i64)>,
}

/// `events`: how many there are.
pub fn check(work: &Work<'_>, session: &Session, events: u64, findings: &Findings) -> Result<(), AppError> {
    let parts = events.div_ceil(MOST_IDS).max(1);
    let mut found = Found::default();
    for part in 0..parts {
        pass(work, session, (part, parts), events, &mut found)?;
    }
    tell_doubles(work, session, &found, findings)?;
    tell_orphans(work, session, &found, findings)?;
    tell_backward(work, session, &found, findings)
}

fn pass(
    work: &Work<'_>,
    session: &Session,
    (part, parts): (u64, u64),
    total: u64,
    found: &mut Found,
) -> Result<(), AppError> {
    let columns = Columns {
        envelope: true,
        ..Columns::SKELETON
    };
    let mut reader = session.store().read(&ReadQuery::all(columns))?;
    let (mut batch, mut names, told) = (EventBatch::default(), Names::default(), Findings::default());
    let (mut ids, mut causes): (Vec<Mark>, Vec<Mark>) = (Vec::new(), Vec::new());
    let mut done = part * total;
    while reader.next_batch(work, BATCH_ROWS, &mut batch, &mut names, &told)? {
        for row in 0..batch.len() {
            let event = batch.event(row);
            for (id, marks) in [(event.event_id, &mut ids), (event.causation_id, &mut causes)] {
                let Some(id) = id.filter(|id| !id.is_empty()) else {
                    continue;
                };
                let hash = hash_of(id);
                if hash % parts == part {
                    marks.push((hash, event.position.0));
                }
            }
        }
        done += batch.len() as u64;
        work.tick(Phase::ComparingIds, done, Some(total * parts))?;
    }
    found.ids += ids.len() as u64;
    found.causes += causes.len() as u64;
    ids.sort_unstable();
    causes.sort_unstable();
    for pair in ids.windows(2) {
        if let [(first, a), (second, b)] = pair
            && first == second
            && found.doubles.len() < MOST_PAIRS
        {
            found.doubles.push((*a, *b));
        }
    }
    for (hash, effect) in causes {
        let at = ids.partition_point(|(id, _)| *id < hash);
        match ids.get(at).filter(|(id, _)| *id == hash) {
            None => {
                found.orphans += 1;
                if found.first_orphans.len() < MOST_PAIRS {
                    found.first_orphans.push(effect);
                }
            }
            Some((_, cause)) if *cause >= effect && found.backward.len() < MOST_PAIRS => {
                found.backward.push((effect, *cause));
            }
            Some(_) => {}
        }
    }
    Ok(())
}

fn hash_of(id: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
}

/// The events at these positions, by position.
fn events_at(
    work: &Work<'_>,
    session: &Session,
    positions: impl Iterator<Item = i64>,
) -> Result<HashMap<i64, Linked>, AppError> {
    let mut positions: Vec<Position> = positions.map(Position).collect();
    positions.sort_unstable();
    positions.dedup();
    let events = Links::at(work, session.store().as_ref(), &positions)?;
    Ok(events.into_iter().map(|event| (event.position.0, event)).collect())
}

fn tell_doubles(work: &Work<'_>, session: &Session, found: &Found, findings: &Findings) -> Result<(), AppError> {
    let mut doubles = found.doubles.clone();
    doubles.sort_unstable_by_key(|(_, second)| *second);
    let events = events_at(work, session, doubles.iter().flat_map(|(a, b)| [*a, *b]))?;
    for (first, second) in doubles {
        let (Some(a), Some(b)) = (events.get(&first), events.get(&second)) else {
            continue;
        };
        if a.event_id == b.event_id {
            let detail = format!(
                "its event id is that of the event at {} too",
                text::position_label(a.position)
            );
            findings.report(finding("event-id-duplicate", Severity::Error, b, detail));
        }
    }
    Ok(())
}

fn tell_orphans(work: &Work<'_>, session: &Session, found: &Found, findings: &Findings) -> Result<(), AppError> {
    if found.orphans == 0 {
        return Ok(());
    }
    if found.orphans * 2 > found.causes {
        findings.report(Finding {
            code: "causes-elsewhere",
            severity: Severity::Notice,
            stream: None,
            version: None,
            position: None,
            detail: format!(
                "{} of {} causation ids are no event's id: they name commands or messages, so single ones are not told",
                text::grouped(found.orphans),
                text::grouped(found.causes)
            ),
        });
        return Ok(());
    }
    let mut first = found.first_orphans.clone();
    first.sort_unstable();
    first.truncate(Findings::KEPT_PER_CODE);
    let events = events_at(work, session, first.iter().copied())?;
    let kept = first.iter().filter_map(|position| events.get(position)).map(|event| {
        let cause = text::shown(event.causation_id.as_deref().unwrap_or_default());
        finding(
            "cause-missing",
            Severity::Warning,
            event,
            format!("its cause is no event of the store: {cause}"),
        )
    });
    findings.report_many("cause-missing", found.orphans, kept.collect());
    Ok(())
}

/// Causes that come later than their effects; only by way of these can causes run in a circle.
fn tell_backward(work: &Work<'_>, session: &Session, found: &Found, findings: &Findings) -> Result<(), AppError> {
    let mut backward = found.backward.clone();
    backward.sort_unstable();
    let events = events_at(
        work,
        session,
        backward.iter().flat_map(|(effect, cause)| [*effect, *cause]),
    )?;
    // Within the events that are known here: a circle has at least one such step, and most have no other.
    let by_id: HashMap<&[u8], &Linked> = events
        .values()
        .filter_map(|event| Some((event.event_id.as_deref()?, event)))
        .collect();
    for (effect, cause) in backward {
        let (Some(effect), Some(cause)) = (events.get(&effect), events.get(&cause)) else {
            continue;
        };
        if effect.causation_id.is_none() || effect.causation_id != cause.event_id {
            continue;
        }
        let place = text::position_label(cause.position);
        if let Some(length) = circle(work, session, effect, &by_id)? {
            let detail = format!("it is its own cause, by way of {}", text::counted(length, "event"));
            findings.report(finding("cause-cycle", Severity::Error, effect, detail));
        } else {
            let detail = format!("its cause comes later, at {place}");
            findings.report(finding("cause-later", Severity::Warning, effect, detail));
        }
    }
    Ok(())
}

/// How many events a circle of causes through `start` has; `None`: there is none, or it is longer than anybody follows.
fn circle(
    work: &Work<'_>,
    session: &Session,
    start: &Linked,
    known: &HashMap<&[u8], &Linked>,
) -> Result<Option<u64>, AppError> {
    const MOST_STEPS: u64 = 1_000;
    let mut id = start.causation_id.clone();
    let mut links = None;
    for length in 1..=MOST_STEPS {
        let Some(cause) = id else { return Ok(None) };
        if start.event_id.as_ref() == Some(&cause) {
            return Ok(Some(length));
        }
        id = match known.get(&*cause) {
            Some(event) => event.causation_id.clone(),
            None => {
                if links.is_none() {
                    session.build_ids(work)?;
                    links = Some(Links::of(work, session, start.position)?);
                }
                let events = links
                    .as_ref()
                    .map(|links| links.find(work, refold_stores::index::IdKind::Event, &[&cause], 1))
                    .transpose()?;
                events.and_then(|found| found.events.into_iter().next()?.causation_id)
            }
        };
    }
    Ok(None)
}

fn finding(code: &'static str, severity: Severity, event: &Linked, detail: String) -> Finding {
    Finding {
        code,
        severity,
        stream: Some(event.stream.as_slice().into()),
        version: (event.version != EventBatch::NO_VERSION).then_some(event.version),
        position: Some(event.position),
        detail,
    }
}
