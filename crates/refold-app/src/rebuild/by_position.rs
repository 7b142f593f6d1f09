//! All streams at once while the store passes in position order.
//!
//! Ranges of positions are read by whichever thread has nothing to fold, and handed to all ([`relay`]). Each stream
//! belongs to one thread for good: that thread alone folds it, range after range, so every stream sees its events in
//! position order, no state ever changes hands, and no thread waits for another's turn.
//!
//! Where an index says how many events a stream has, it is finished with its last one, and memory is needed for the
//! streams that have begun and not ended at one place of the store: few, where orders come and go.

mod range;
mod relay;
mod share;

use std::hash::RandomState;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use refold_core::event::StreamOrdinal;
use refold_core::finding::Findings;
use refold_core::fold::{Fold, FoldCheckpoint};
use refold_core::port::handler::{Checkpoint, Coming, HandlerProgram, StatesAsked};
use refold_core::port::store::{Direction, PositionRange, ReadQuery, Scope};
use refold_core::track::{Gap, Moment, Numbering, is_gap};
use refold_core::value::Value;
use refold_core::work::{Cancelled, Phase, Work};
use refold_stores::index::Index;

use range::Range;
use relay::{Relay, Task};
use share::{Share, StreamState};

use super::{Finish, Member, gap_before, on_threads, touched};
use crate::error::AppError;
use crate::session::Session;
use crate::stream::Stream;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Done,
    /// More streams came than may keep their state, or more events of one range than are held at once. Of streams that
    /// nobody knew none was finished.
    TooMuch,
}

/// Events of one range at most, about: a few MB of payload, which stay in the cache until they are folded. Few in
/// tests, so that a small store has many ranges.
const RANGE_EVENTS: u64 = if cfg!(test) { 512 } else { 8_192 };
/// Members of an object that are worth a look ahead.
const MEMBERS: usize = 16;
/// Streams of which states and events are looked at before the first of them is folded on, for as many events that the
/// handler is best told of at once. Most streams have few events in a range.
const EVENTS_A_STREAM: usize = 4;
/// Memory that a thread makes room for before it folds a range: as many pieces of as many bytes. A piece is less than what
/// the allocator of the GNU C library maps for itself.
const ROOM_PIECES: usize = 12;
const ROOM_PIECE_BYTES: usize = 100 << 10;
/// Ranges for each thread at least: with fewer, threads wait for each other at the start and at the end.
const RANGES_A_THREAD: u64 = 16;

/// What was come upon.
#[derive(Default)]
pub(super) struct Told {
    pub reading: Findings,
    pub folding: Findings,
}

/// What streams there are, as far as that is known beforehand.
#[derive(Clone, Copy)]
pub(super) enum Streams<'a> {
    /// Nobody knows; so many may keep their state.
    Unknown { most: u32 },
    /// Those of the index, up to its last event: what came later is not folded.
    Indexed(&'a Index),
}

struct Shared<'a> {
    work: &'a Work<'a>,
    session: &'a Session,
    program: &'a dyn HandlerProgram,
    streams: Streams<'a>,
    told: &'a Told,
    numbering: Numbering,
    ranges: Vec<PositionRange>,
    relay: Relay<Range>,
    /// Deals streams to threads.
    hasher: RandomState,
    stream_count: AtomicU32,
    is_too_much: AtomicBool,
    done_ranges: AtomicU32,
}

pub(super) fn fold_all(
    work: &Work<'_>,
    session: &Session,
    program: &Arc<dyn HandlerProgram>,
    threads: usize,
    streams: Streams<'_>,
    told: &Told,
    finish: Finish<'_>,
) -> Result<Outcome, AppError> {
    let ranges = match streams {
        Streams::Unknown { .. } => {
            let events = session.description().event_count.unwrap_or(RANGE_EVENTS);
            let parts = events.div_ceil(RANGE_EVENTS).max(ranges_at_least(threads));
            session.store().split(usize::try_from(parts).unwrap_or(1))?
        }
        Streams::Indexed(index) => {
            let events = u64::from(index.event_count()).div_ceil(ranges_at_least(threads));
            index.ranges_of(events.clamp(1, RANGE_EVENTS) as u32)? // so few
        }
    };
    let shared = Shared {
        work,
        session,
        program: program.as_ref(),
        streams,
        told,
        numbering: session.description().numbering(),
        relay: Relay::new(ranges.len()),
        ranges,
        hasher: RandomState::new(),
        stream_count: AtomicU32::new(0),
        is_too_much: AtomicBool::new(false),
        done_ranges: AtomicU32::new(0),
    };
    on_threads(work, threads, |member| {
        // Also when it panics: the others must not wait for it.
        let _stop = relay::StopAtEnd(&shared.relay);
        shared.fold_share(member, finish)
    })?;
    if shared.is_too_much.load(Ordering::Relaxed) {
        return Ok(Outcome::TooMuch);
    }
    Ok(Outcome::Done)
}

fn ranges_at_least(threads: usize) -> u64 {
    (threads as u64).saturating_mul(RANGES_A_THREAD)
}

impl Shared<'_> {
    fn fold_share(&self, member: Member, finish: Finish<'_>) -> Result<(), AppError> {
        let mut share = Share::new(self.program, member)?;
        let mut next = 0;
        while let Some(task) = self.relay.next(next, member.of) {
            match task {
                Task::Read(number, mut range) => {
                    self.read(number, &mut range)?;
                    self.relay.put(number, range);
                }
                Task::Fold(range) => {
                    if member.number > 0 {
                        make_room();
                    }
                    self.fold_range(&range, &mut share, finish)?;
                    drop(range);
                    self.relay.folded(next, member.of);
                    next += 1;
                }
            }
        }
        // What no index counts is not finished before everything was folded.
        let is_all_folded = self.relay.is_all_folded();
        if self.is_too_much.load(Ordering::Relaxed) {
            Ok(())
        } else if is_all_folded {
            self.finish_share(share, finish)
        } else {
            Err(Cancelled.into())
        }
    }

    fn read(&self, number: usize, range: &mut Range) -> Result<(), AppError> {
        let (after, up_to) = self.ranges.get(number).copied().unwrap_or_default();
        let query = ReadQuery {
            scope: Scope::All { after, up_to },
            direction: Direction::Forward,
            columns: self.program.columns(),
        };
        let mut reader = self.session.store().read(&query)?;
        if !range.fill(self.work, reader.as_mut(), &self.hasher, &self.told.reading)? {
            self.stop();
        }
        let done = self.done_ranges.fetch_add(1, Ordering::Relaxed) + 1;
        let total = self.ranges.len() as u64;
        Ok(self.work.tick(Phase::FoldingRanges, done.into(), Some(total))?)
    }

    /// Folds what the share has in a range.
    fn fold_range(&self, range: &Range, share: &mut Share, finish: Finish<'_>) -> Result<(), AppError> {
        self.work.check()?;
        let known = range.names();
        let mut own = range.streams_of(share.member);
        let most = self.ahead_streams();
        let mut group = Vec::with_capacity(most);
        loop {
            group.clear();
            for local in own.by_ref() {
                let place = share.place_of(known.stream(local), || known.category(local), |id| self.event_count(id))?;
                group.extend(place.map(|place| (local, place)));
                if group.len() == most {
                    break;
                }
            }
            if group.is_empty() {
                return Ok(());
            }
            // The states were made long ago and the events lie all over the range: what is asked for together comes
            // together.
            let (fold, states) = share.fold_beside_states();
            look_at(|| group.iter().filter_map(|(_, place)| states.get(*place)), 1);
            let payloads = group.iter().flat_map(|(local, _)| range.payloads_of(*local));
            black_box(payloads.map(touched).fold(0, u8::wrapping_add));
            let states = group
                .iter()
                .filter_map(|(local, place)| Some((*local, states.get(*place)?)));
            fold.look_ahead_over(
                &mut states.flat_map(|(local, state)| calls_of(range, local, state)),
                known,
            );
            for (local, place) in &group {
                let Some(mut state) = share.take(*place) else { continue };
                let fold = &mut share.fold;
                match state.checkpoint.take() {
                    // The checkpoint is dropped here: the fold then owns its state alone and changes it in place.
                    Some(checkpoint) => fold.restore(&checkpoint)?,
                    None => fold.reset()?,
                }
                fold.look_ahead(&mut range.events_of(*local), known, StatesAsked::LastState);
                for event in range.events_of(*local).take(state.to_come as usize) {
                    state.is_unordered |= event.version < state.last;
                    if state.gap.is_none() && is_gap(state.last, event.version, self.numbering) {
                        state.gap = Some(gap_before(&event, fold));
                    }
                    state.last = event.version;
                    state.to_come -= 1;
                    fold.step(&event, known, Some(&self.told.folding))?;
                }
                if state.to_come == 0 {
                    let id = known.stream(*local);
                    if state.is_unordered {
                        state.gap = self.fold_by_version(id, fold)?;
                    }
                    self.finish_stream(id, fold, state.gap, finish)?;
                    share.end(*place);
                } else {
                    state.checkpoint = Some(fold.checkpoint()?);
                    fold.report_untold(Some(&self.told.folding));
                    share.keep(*place, state);
                }
            }
        }
    }

    fn ahead_streams(&self) -> usize {
        (self.program.events_ahead() / EVENTS_A_STREAM).max(1)
    }

    fn stop(&self) {
        self.is_too_much.store(true, Ordering::Relaxed);
        self.relay.stop();
    }

    /// With how many events a stream ends of which the first one came; more than there are: with the last range.
    fn event_count(&self, id: &[u8]) -> Result<u32, AppError> {
        match self.streams {
            Streams::Unknown { most } => {
                if self.stream_count.fetch_add(1, Ordering::Relaxed) >= most {
                    self.stop();
                }
                Ok(u32::MAX)
            }
            Streams::Indexed(index) => match index.find_stream(id)? {
                Some(stream) => Ok(index.stream(stream)?.events),
                None => Ok(u32::MAX),
            },
        }
    }

    /// Finishes the streams whose last event did not come, or is not known.
    fn finish_share(&self, mut share: Share, finish: Finish<'_>) -> Result<(), AppError> {
        let mut left = share.left();
        let fold = &mut share.fold;
        for group in left.chunks_mut(self.ahead_streams()) {
            look_at(|| group.iter().filter_map(|(_, state)| state.as_ref()), 2);
            let ordered = group.iter().filter_map(|(_, state)| state.as_ref());
            let ordered = ordered.filter(|state| !state.is_unordered);
            fold.look_ahead_over(
                &mut ordered.flat_map(|state| [start_of(state), Coming::State]),
                &share.names,
            );
            for (ordinal, slot) in group {
                let Some(StreamState {
                    checkpoint,
                    is_unordered,
                    mut gap,
                    ..
                }) = slot.take()
                else {
                    continue;
                };
                let id = share.names.stream(*ordinal);
                match checkpoint {
                    _ if is_unordered => gap = self.fold_by_version(id, fold)?,
                    // It goes with the next, while it is near.
                    Some(checkpoint) => fold.restore(&checkpoint)?,
                    None => fold.reset()?,
                }
                self.finish_stream(id, fold, gap, finish)?;
            }
        }
        Ok(())
    }

    fn finish_stream(&self, id: &[u8], fold: &mut Fold, gap: Option<Gap>, finish: Finish<'_>) -> Result<(), AppError> {
        let mut folded = fold.folded()?;
        fold.report_untold(Some(&self.told.folding));
        folded.note_missing(gap);
        finish(id, &folded);
        Ok(())
    }

    /// Returns the first gap in its versions.
    fn fold_by_version(&self, id: &[u8], fold: &mut Fold) -> Result<Option<Gap>, AppError> {
        let quiet = Findings::default();
        let stream = Stream::load(self.work, self.session, &crate::text::shown(id), &quiet)?;
        fold.reset()?;
        let head = stream.track.head();
        stream.visit(
            self.work,
            self.session.store(),
            &Arc::default(),
            Moment::START,
            head,
            &mut |_, event| Ok(fold.step(event, stream.names(), None)?),
        )?;
        Ok(stream.track.gap(self.numbering))
    }
}

/// Where the fold of a stream goes on.
fn start_of(state: &StreamState) -> Coming<'_, FoldCheckpoint> {
    match &state.checkpoint {
        Some(checkpoint) => Coming::Restore(checkpoint),
        None => Coming::Reset,
    }
}

/// What will be asked of the fold for a stream in a range.
fn calls_of<'e>(
    range: &'e Range,
    local: StreamOrdinal,
    state: &'e StreamState,
) -> impl Iterator<Item = Coming<'e, FoldCheckpoint>> {
    let to_come = state.to_come as usize;
    let asked = match range.events_of(local).count() < to_come {
        true => Coming::Checkpoint,
        false => Coming::State,
    };
    let events = range.events_of(local).take(to_come).map(Coming::Event);
    std::iter::once(start_of(state)).chain(events).chain([asked])
}

/// Makes room for what is folded next. Memory of a thread that is not the first grows by a page at a time in the GNU C
/// library, each with a call into the system that all other threads wait for; what was asked for together grows at once,
/// and stays usable when it was given back.
fn make_room() {
    let pieces: [Vec<u8>; ROOM_PIECES] = std::array::from_fn(|_| Vec::with_capacity(ROOM_PIECE_BYTES));
    black_box(&pieces);
}

/// Looks at states: at their members, then at those of the objects in them, so many `levels` down. What lies on one level
/// of all of them comes together, once what leads there was seen.
fn look_at<'s, I: Iterator<Item = &'s StreamState>>(states: impl Fn() -> I, levels: usize) {
    for level in 0..=levels {
        let checkpoints = states().filter_map(|state| state.checkpoint.as_ref());
        let seen = checkpoints.map(|checkpoint| match &checkpoint.engine {
            Checkpoint::State { state, .. } => seen_members(state, level),
            Checkpoint::Opaque { .. } => 0,
        });
        black_box(seen.fold(0, usize::wrapping_add));
    }
}

fn seen_members(value: &Value, levels: usize) -> usize {
    let Value::Object(members) = value else { return 0 };
    let members = members.iter().take(MEMBERS).map(|(_, member)| member);
    let objects = members.filter(|member| matches!(member, Value::Object(_)));
    match levels.checked_sub(1) {
        Some(levels) => objects.map(|object| seen_members(object, levels)).sum(),
        None => objects.count(),
    }
}
