//! The state of every stream of a store at its head.
//!
//! A cold store is read once in position order, by several threads in ranges, and every stream keeps its state while
//! the ranges pass ([`by_position`]). That needs memory for every stream; with an index, only for those that have begun
//! and not ended. Where there are too many of these, or the payload arena is there and known to be what the store holds,
//! streams are folded one after the other from the arena ([`by_stream`]).

mod by_position;
mod by_stream;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;

use refold_core::event::{Columns, EventBatch, EventIndex, EventView};
use refold_core::finding::Findings;
use refold_core::fold::{Fold, Folded};
use refold_core::names::Names;
use refold_core::port::handler::HandlerProgram;
use refold_core::port::store::{ReadQuery, StoreError};
use refold_core::track::{Gap, Moment, Numbering};
use refold_core::work::Work;
use refold_stores::index::{self, Arena};

use by_position::{Outcome, Streams};
use by_stream::FromArena;

use crate::error::AppError;
use crate::findings;
use crate::handler::heed_cancel;
use crate::session::Session;
use crate::stream::Stream;

/// What came of folding all streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rebuilt {
    pub streams: u32,
    pub events: u64,
    /// Streams of which an event is missing, or could not be read or folded.
    pub incomplete_streams: u32,
}

/// Called once for each stream, from any thread and in any order.
pub type Finish<'a> = &'a (dyn Fn(&[u8], &Folded) + Sync);

/// The most streams that keep their state at once: with what belongs to it, an order takes about 3 KB.
const MOST_STATES: u32 = 120_000;

/// The most streams whose ids are kept besides: each takes about 60 bytes.
const MOST_NAMED: u32 = 2_000_000;

/// What a processor loads at once.
const LINE_BYTES: usize = 64;

/// Folds every stream with `threads` threads.
///
/// Told are what folding came upon, and events that could not be read at all; the same whichever way is taken.
pub fn rebuild(
    work: &Work<'_>,
    session: &Session,
    program: &Arc<dyn HandlerProgram>,
    threads: usize,
    findings: &Findings,
    finish: Finish<'_>,
) -> Result<Rebuilt, AppError> {
    let total = Total::default();
    let counted = total.counting(finish);
    let finish: Finish<'_> = &|id, folded| match session.store().lost_of(id).is_empty() {
        true => counted(id, folded),
        false => counted(id, &without_lost(work, session, id, folded)),
    };
    let pass = |streams| pass(work, session, program, threads, streams, findings, finish);
    if let Some(arena) = session.held_arena() {
        from_arena(work, session, &arena, program, threads, findings, finish)?;
    } else if session.index().is_some() || pass(Streams::Unknown { most: MOST_STATES })? == Outcome::TooMuch {
        let mut index = session.build_index(work)?;
        let open = match index.most_open_streams(work).map_err(AppError::from) {
            Err(error) if session.forget_damaged(&error) => {
                index = session.build_index(work)?;
                index.most_open_streams(work)?
            }
            open => open?,
        };
        if index.stream_count() <= MOST_NAMED && open <= MOST_STATES {
            if pass(Streams::Indexed(&index))? == Outcome::TooMuch {
                // Its ranges are of few events: these came since, and streams were finished without them.
                return Err(changed(session));
            }
        } else {
            let arena = session.build_arena(work)?;
            from_arena(work, session, &arena, program, threads, findings, finish)?;
        }
    }
    Ok(total.rebuilt())
}

/// What a stream came to of which records cannot be read: they lie nowhere that a fold comes past.
fn without_lost(work: &Work<'_>, session: &Session, id: &[u8], folded: &Folded) -> Folded {
    let mut folded = folded.clone();
    match Stream::load_stored(work, session, id, &Findings::default()) {
        Ok(stream) => {
            folded.note_missing(stream.lacks());
            stream.end().note(&mut folded);
        }
        // That something is missing is known all the same.
        Err(_) => {
            folded.incomplete_since.get_or_insert(folded.moment);
        }
    }
    folded
}

/// As `finish`, of a store whose streams say nothing of what damage took from them: those whose events have no versions.
/// `told`: what reading came upon, where the store itself is read; it is all there is when the first stream that no index
/// counts is finished. It is looked at once, when the first stream is finished, by whichever thread that is: damage that is
/// in no index and that another thread comes upon only then is in the findings, and in no state.
fn with_damage<'a>(
    work: &'a Work<'_>,
    session: &'a Session,
    told: Option<&'a Findings>,
    finish: Finish<'a>,
) -> impl Fn(&[u8], &Folded) + Sync + 'a {
    let is_untold = OnceLock::new();
    move |id, folded| match is_untold.get_or_init(|| is_damage_untold(work, session, told)) {
        false => finish(id, folded),
        true => finish(id, &without_lost(work, session, id, folded)),
    }
}

fn is_damage_untold(work: &Work<'_>, session: &Session, told: Option<&Findings>) -> bool {
    let of_index = Findings::default();
    if let Some(index) = session.index() {
        index.report_findings(&of_index);
    }
    let is_damaged = [told, Some(&of_index)]
        .into_iter()
        .flatten()
        .any(|found| findings::damaged_at(found).is_some());
    is_damaged && session.description().has_stream_index && !has_versions(work, session)
}

/// Whether a version that is missing is an event that is missing, by the first event. What cannot be read tells nothing.
fn has_versions(work: &Work<'_>, session: &Session) -> bool {
    if session.description().numbering() == Numbering::Skipping {
        return false;
    }
    let (mut batch, mut names) = (EventBatch::default(), Names::default());
    let read = session.store().read(&ReadQuery::all(Columns::SKELETON));
    let read = read.and_then(|mut reader| reader.next_batch(work, 1, &mut batch, &mut names, &Findings::default()));
    let first = batch.versions.first().filter(|_| read.is_ok());
    first.is_none_or(|version| *version != EventBatch::NO_VERSION)
}

fn changed(session: &Session) -> AppError {
    StoreError::Changed {
        location: session.location().to_owned(),
        detail: "it holds many more events than its index".to_owned(),
    }
    .into()
}

fn pass(
    work: &Work<'_>,
    session: &Session,
    program: &Arc<dyn HandlerProgram>,
    threads: usize,
    streams: Streams<'_>,
    findings: &Findings,
    finish: Finish<'_>,
) -> Result<Outcome, AppError> {
    let told = by_position::Told::default();
    let finish = with_damage(work, session, Some(&told.reading), finish);
    let outcome = by_position::fold_all(work, session, program, threads, streams, &told, &finish)?;
    if outcome == Outcome::Done {
        for (code, count, kept) in told.folding.summary() {
            findings.report_many(code, count, kept);
        }
        if findings::is_lacking(&told.reading) {
            // Ranges tell a damaged part as often as they meet it; the index tells it once.
            findings::report_lacking(session.build_index(work)?.as_ref(), findings);
        }
    }
    Ok(outcome)
}

fn from_arena(
    work: &Work<'_>,
    session: &Session,
    arena: &Arena,
    program: &Arc<dyn HandlerProgram>,
    threads: usize,
    findings: &Findings,
    finish: Finish<'_>,
) -> Result<(), AppError> {
    let finish = with_damage(work, session, None, finish);
    let index = session.ready_index()?;
    let expect_unchanged = || match index.event_count() {
        0 => Ok(()),
        _ => index::expect_unchanged(work, session.store().as_ref(), index.event(EventIndex(0))?.position)
            .map_err(AppError::from),
    };
    expect_unchanged()?;
    FromArena {
        index: &index,
        arena,
        program: program.as_ref(),
        numbering: session.description().numbering(),
    }
    .fold_all(work, threads, findings, &finish)?;
    expect_unchanged()?;
    findings::report_lacking(&index, findings);
    Ok(())
}

/// One of the threads that rebuild together.
#[derive(Debug, Clone, Copy)]
struct Member {
    /// From 0.
    number: usize,
    /// How many there are.
    of: usize,
}

/// Looks at each line of memory that the payload of an event lies in, so that it is near when it is folded.
#[inline]
fn touched(payload: &[u8]) -> u8 {
    let lines = payload.iter().step_by(LINE_BYTES).chain(payload.last());
    lines.fold(0, |seen, byte| seen ^ byte)
}

/// A gap in the versions of a stream before the event that `fold` is to fold next.
fn gap_before(event: &EventView<'_>, fold: &Fold) -> Gap {
    Gap {
        since: Moment(fold.moment().0 + 1),
        position: event.position,
    }
}

/// Runs the same on so many named threads, this one among them; a failure of any is the outcome.
fn on_threads(
    work: &Work<'_>,
    threads: usize,
    body: impl Fn(Member) -> Result<(), AppError> + Sync,
) -> Result<(), AppError> {
    let body = &|member| {
        let _heeds = heed_cancel(work.cancel_token());
        body(member)
    };
    let started = &OnceLock::new();
    thread::scope(|scope| {
        let mut others = Vec::new();
        for _ in 1..threads {
            let number = others.len() + 1;
            let run = move || {
                body(Member {
                    number,
                    of: *started.wait(),
                })
            };
            let named = thread::Builder::new().name(format!("rebuild-{number}"));
            // With fewer threads than wished it only takes longer.
            others.extend(named.spawn_scoped(scope, run).ok());
        }
        let of = *started.get_or_init(|| others.len() + 1);
        let own = body(Member { number: 0, of });
        let join = |thread: thread::ScopedJoinHandle<'_, _>| {
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        let outcomes = [own].into_iter().chain(others.into_iter().map(join));
        // A worker that stopped because another failed says `Cancelled`: the failure itself tells more.
        let mut failures: Vec<AppError> = outcomes.filter_map(Result::err).collect();
        failures.sort_by_key(AppError::is_cancelled);
        failures.into_iter().next().map_or(Ok(()), Err)
    })
}

#[derive(Default)]
struct Total {
    streams: AtomicU32,
    events: AtomicU64,
    incomplete_streams: AtomicU32,
}

impl Total {
    fn counting<'a>(&'a self, finish: Finish<'a>) -> impl Fn(&[u8], &Folded) + Sync + 'a {
        move |stream, folded| {
            self.streams.fetch_add(1, Ordering::Relaxed);
            self.events.fetch_add(folded.moment.0.into(), Ordering::Relaxed);
            self.incomplete_streams
                .fetch_add(folded.incomplete_since.is_some().into(), Ordering::Relaxed);
            finish(stream, folded);
        }
    }

    fn rebuilt(&self) -> Rebuilt {
        Rebuilt {
            streams: self.streams.load(Ordering::Relaxed),
            events: self.events.load(Ordering::Relaxed),
            incomplete_streams: self.incomplete_streams.load(Ordering::Relaxed),
        }
    }
}
