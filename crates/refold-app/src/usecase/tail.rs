//! New events as they come.

use std::thread;
use std::time::{Duration, Instant};

use refold_core::event::{Columns, EventBatch, Position};
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::port::store::{Direction, ReadQuery, Scope, StoreError};
use refold_core::work::{Cancelled, Work};

use super::events::event_answer;
use crate::answer::EventAnswer;
use crate::error::{AppError, ErrorCode};
use crate::session::Session;
use crate::stream::Stream;
use crate::text;
use crate::watch::Pace;

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

/// Whether the stream that is waited for has an event already; true where all streams are. One that has none is no error:
/// its first event may be what a person waits for.
pub fn is_there(work: &Work<'_>, session: &Session, asked: &Tail) -> Result<bool, AppError> {
    let Some(stream) = &asked.stream else { return Ok(true) };
    match Stream::load(work, session, stream, &Findings::default()) {
        Ok(_) => Ok(true),
        Err(error) if error.code == ErrorCode::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Calls `visit` for each event that is written from now on, in position order, and `flush` when there are no more for
/// the moment. Ends when `work` is cancelled, when `visit` fails, and when the store is out of reach. Fails where new events
/// may stand anywhere: which are new is not told by where they stand.
pub fn tail(
    work: &Work<'_>,
    session: &Session,
    asked: &Tail,
    visit: &mut dyn FnMut(EventAnswer) -> Result<(), AppError>,
    flush: &mut dyn FnMut() -> Result<(), AppError>,
) -> Result<(), AppError> {
    if !session.description().grows_at_end {
        return Err(AppError::invalid(
            "the store keeps no order in which its events came, so that new ones cannot be told from the others",
            "look at a stream, whose versions have an order, or open the store again to see all of it",
        ));
    }
    let mut latest = None;
    let mut last = session.description().position_span.map(|(_, last)| last);
    let mut pace = Pace::default();
    loop {
        rest(work, pace.wait())?;
        let started = Instant::now();
        let present = latest.as_ref().unwrap_or(session);
        let has_changed = !present.store().is_current()?;
        if has_changed {
            let mut left = ATTEMPTS;
            loop {
                match read_new(work, present, asked, &mut last, visit) {
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
            flush()?;
        }
        pace.looked(Some(has_changed), started.elapsed());
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

/// Opens the store as it is now and reads what lies behind `last`, which goes along with what was visited.
fn read_new(
    work: &Work<'_>,
    session: &Session,
    asked: &Tail,
    last: &mut Option<Position>,
    visit: &mut dyn FnMut(EventAnswer) -> Result<(), AppError>,
) -> Result<Session, Stopped> {
    let now = session.reopened(work)?;
    let digits = now.description().time_digits;
    let mut reader = now.store().read(&ReadQuery {
        scope: Scope::All {
            after: *last,
            up_to: None,
        },
        direction: Direction::Forward,
        columns: Columns::ALL,
    })?;
    let stream = asked.stream.as_deref();
    let escaped = stream.map(text::id_from_shown);
    let (mut batch, mut names, findings) = (EventBatch::default(), Names::default(), Findings::default());
    while reader.next_batch(work, BATCH_EVENTS, &mut batch, &mut names, &findings)? {
        for row in 0..batch.len() {
            let event = batch.event(row);
            let id = names.stream(event.stream);
            let is_of_stream = stream.is_none_or(|stream| id == stream.as_bytes()) || escaped.as_deref() == Some(id);
            let event_type = names.type_name(event.event_type);
            let is_of_type = asked.types.is_empty() || asked.types.iter().any(|name| name.as_bytes() == event_type);
            if is_of_stream && is_of_type {
                visit(event_answer(&event, &names, digits, session.mask()))?;
            }
            *last = Some(event.position);
        }
        work.check()?;
    }
    Ok(now)
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
