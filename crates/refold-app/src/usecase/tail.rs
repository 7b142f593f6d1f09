//! New events as they come.

use std::thread;
use std::time::{Duration, Instant};

use refold_core::event::{Columns, EventBatch, Position};
use refold_core::finding::{Finding, Findings};
use refold_core::names::Names;
use refold_core::port::store::{Direction, ReadQuery, Scope, StoreError};
use refold_core::work::{Cancelled, Work};

use super::events::event_answer;
use super::named;
use crate::answer::EventAnswer;
use crate::error::{AppError, ErrorCode};
use crate::session::Session;
use crate::stream::Stream;
use crate::watch::{Change, Held, Pace};
use crate::wire::FindingWire;
use crate::{findings, text};

/// Which events.
#[derive(Debug, Clone, Default)]
pub struct Tail {
    /// Id of a stream, as shown or as stored; `None`: of all streams.
    pub stream: Option<String>,
    pub types: Vec<String>,
}

const BATCH_EVENTS: usize = 2_048;
/// So long nothing is done before somebody who cancelled is noticed.
const NAP: Duration = Duration::from_millis(50);
/// A store that is written to without a rest is read between two writes, if one of so many attempts falls there.
const ATTEMPTS: u32 = 200;

/// Of a store with more events it is not looked up which types it has, where its local index is not there yet: the first
/// event would be long in coming.
const MOST_LOOKED_THROUGH: u64 = 1_000_000;

/// What is waited for and is not there yet, as it was named. That is no error: its first event may be what a person waits
/// for.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Awaited {
    pub stream: Option<String>,
    pub types: Vec<String>,
}

impl Awaited {
    pub fn of(work: &Work<'_>, session: &Session, asked: &Tail) -> Result<Awaited, AppError> {
        let stream = match &asked.stream {
            None => None,
            Some(stream) => match Stream::load(work, session, stream, &Findings::default()) {
                Ok(_) => None,
                Err(error) if error.code == ErrorCode::NotFound => Some(stream.clone()),
                Err(error) => return Err(error),
            },
        };
        let is_small = || {
            let events = session.description().event_count;
            events.is_some_and(|events| events <= MOST_LOOKED_THROUGH)
        };
        let mut types = Vec::new();
        if !asked.types.is_empty() && (session.index().is_some() || is_small()) {
            let index = session.build_index(work)?;
            for name in &asked.types {
                match named::event_type(&index, name) {
                    Ok(_) => {}
                    Err(error) if error.code == ErrorCode::NotFound => types.push(name.clone()),
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(Awaited { stream, types })
    }
}

/// Who is told of what comes.
pub struct Told<'a> {
    pub event: &'a mut dyn FnMut(EventAnswer) -> Result<(), AppError>,
    /// What was noteworthy in what was read, each once.
    pub findings: &'a mut dyn FnMut(&[FindingWire]) -> Result<(), AppError>,
    /// That events are held back, once that lasts, and once that it is over.
    pub held: &'a mut dyn FnMut(&str),
    /// There is no more for the moment.
    pub flush: &'a mut dyn FnMut() -> Result<(), AppError>,
}

/// Tells of each event that is written from now on, in position order. Ends when `work` is cancelled, when somebody who is
/// told fails, and when the store is out of reach. Fails where new events may stand anywhere: which are new is not told by
/// where they stand.
pub fn tail(work: &Work<'_>, session: &Session, asked: &Tail, told: &mut Told<'_>) -> Result<(), AppError> {
    if !session.description().grows_at_end {
        return Err(AppError::invalid(
            "the store keeps no order in which its events came, so that new ones cannot be told from the others",
            "look at a stream, whose versions have an order, or open the store again to see all of it",
        ));
    }
    let mut latest = None;
    let last = session.description().position_span.map(|(_, last)| last);
    let mut read = Read {
        last,
        mark: mark(session, last)?,
        found: Vec::new(),
    };
    let (mut pace, mut held) = (Pace::default(), Held::default());
    loop {
        rest(work, pace.wait())?;
        let started = Instant::now();
        let present = latest.as_ref().unwrap_or(session);
        let has_changed = !present.store().is_current()?;
        if has_changed {
            let mut left = ATTEMPTS;
            loop {
                match read_new(work, present, asked, &mut read, told) {
                    Ok(now) => {
                        latest = Some(now);
                        break;
                    }
                    Err(Stopped::Changed(error)) if left == 0 => return Err(error.into()),
                    Err(Stopped::Changed(_)) => {
                        left -= 1;
                        rest(work, NAP / 10)?;
                    }
                    Err(Stopped::Failed(error)) => return Err(error),
                }
            }
            (told.flush)()?;
        }
        let seen = latest.as_ref().unwrap_or(session).store().held_back();
        match held.see(seen, Instant::now()) {
            Some(Change::Begun) => held.sentence().iter().for_each(|said| (told.held)(said)),
            Some(Change::Over(said)) => (told.held)(&said),
            None => {}
        }
        pace.looked(Some(has_changed), started.elapsed());
    }
}

/// How far was read.
struct Read {
    /// The last event.
    last: Option<Position>,
    /// What the store said of it; see [`refold_core::port::store::EventStore::mark`].
    mark: Option<String>,
    /// What is noteworthy behind it was told: it is come upon again until an event stands behind it.
    found: Vec<Finding>,
}

impl Read {
    /// Whether it was told. The position of what is no event can move when an event comes to stand behind it.
    fn has_found(&self, finding: &Finding) -> bool {
        let of = |finding: &Finding| (finding.code, finding.stream.clone(), finding.detail.clone());
        self.found.iter().any(|known| of(known) == of(finding))
    }
}

/// Why reading stopped.
enum Stopped {
    /// Somebody wrote to the store meanwhile.
    Changed(StoreError),
    Failed(AppError),
}

impl From<StoreError> for Stopped {
    fn from(error: StoreError) -> Stopped {
        match error {
            StoreError::Changed { .. } => Stopped::Changed(error),
            error => Stopped::Failed(error.into()),
        }
    }
}

impl From<AppError> for Stopped {
    fn from(error: AppError) -> Stopped {
        Stopped::Failed(error)
    }
}

impl From<Cancelled> for Stopped {
    fn from(cancelled: Cancelled) -> Stopped {
        Stopped::Failed(cancelled.into())
    }
}

fn mark(session: &Session, last: Option<Position>) -> Result<Option<String>, StoreError> {
    last.map_or(Ok(None), |last| session.store().mark(last))
}

/// Opens the store as it is now and reads what lies behind what was read. Fails where that is no longer there.
fn read_new(
    work: &Work<'_>,
    session: &Session,
    asked: &Tail,
    read: &mut Read,
    told: &mut Told<'_>,
) -> Result<Session, Stopped> {
    let now = session.reopened(work)?;
    if mark(&now, read.last)? != read.mark {
        return Err(now.is_rewritten().into());
    }
    let findings = Findings::default();
    let outcome = read_events(work, &now, asked, read, &findings, told);
    let found = findings.summary();
    let fresh = Findings::default();
    for (code, count, kept) in &found {
        let new: Vec<Finding> = kept.iter().filter(|of| !read.has_found(of)).cloned().collect();
        let known = (kept.len() - new.len()) as u64;
        if !new.is_empty() {
            fresh.report_many(code, *count - known, new);
        }
    }
    if outcome.is_ok() {
        read.found.clear();
    }
    read.found.extend(found.into_iter().flat_map(|(_, _, kept)| kept));
    if !fresh.is_empty() {
        (told.findings)(&findings::wire(&fresh))?;
    }
    outcome.map(|()| now)
}

fn read_events(
    work: &Work<'_>,
    now: &Session,
    asked: &Tail,
    read: &mut Read,
    findings: &Findings,
    told: &mut Told<'_>,
) -> Result<(), Stopped> {
    let digits = now.description().time_digits;
    let mut reader = now.store().read(&ReadQuery {
        scope: Scope::All {
            after: read.last,
            up_to: None,
        },
        direction: Direction::Forward,
        columns: Columns::ALL,
    })?;
    // As they are shown, and as they are stored.
    let both = |name: &String| [text::id_from_shown(name), name.as_bytes().to_vec()];
    let streams: Vec<Vec<u8>> = asked.stream.iter().flat_map(both).collect();
    let types: Vec<Vec<u8>> = asked.types.iter().flat_map(both).collect();
    let is_among = |names: &[Vec<u8>], of: &[u8]| names.is_empty() || names.iter().any(|name| name == of);
    let (mut batch, mut names) = (EventBatch::default(), Names::default());
    while reader.next_batch(work, BATCH_EVENTS, &mut batch, &mut names, findings)? {
        // Before anything of it is told: from then on it must stay.
        let mark = mark(now, batch.positions.last().copied())?;
        for row in 0..batch.len() {
            let event = batch.event(row);
            let is_of_stream = is_among(&streams, names.stream(event.stream));
            if is_of_stream && is_among(&types, names.type_name(event.event_type)) {
                (told.event)(event_answer(&event, &names, digits, now.mask()))?;
            }
            read.last = Some(event.position);
        }
        read.mark = mark;
        work.check()?;
    }
    Ok(())
}

fn rest(work: &Work<'_>, wait: Duration) -> Result<(), AppError> {
    let started = Instant::now();
    loop {
        work.check()?;
        let left = wait.saturating_sub(started.elapsed());
        if left.is_zero() {
            return Ok(());
        }
        thread::sleep(left.min(NAP));
    }
}

#[cfg(test)]
mod tests;
