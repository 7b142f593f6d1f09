//! The history of one stream under one handler: its state at any moment, quickly.
//!
//! One forward fold leaves checkpoints about [`Budget::gap_nanos`] of work apart, inside a byte budget; a seek goes
//! on from the nearest one before. Around the cursor every state is kept, so that a step costs nothing.
//! It must not know stores: events come through an [`EventSource`].

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::blame::Stamp;
use crate::event::{EventBatch, Position};
use crate::finding::Findings;
use crate::fold::{Detail, Fold, FoldError, Folded};
use crate::names::Names;
use crate::pointer::{Pointer, Segment};
use crate::port::handler::{HandlerProgram, StatesAsked};
use crate::port::store::{EventReader, StoreError};
use crate::track::{Moment, StreamTrack};
use crate::value::Value;
use crate::work::{Cancelled, Phase, Work};

mod checkpoints;
#[cfg(test)]
mod tests;
mod window;

use checkpoints::Checkpoints;
use window::Window;

/// The events of one stream, by moment. Every call of one [`History`] must be given the same stream and names.
pub trait EventSource {
    /// Puts the events after `from` up to `to` into `batch`, in place of what it held, payload columns filled. May
    /// bring fewer, never none unless `from == to` or the stream ended.
    fn read(&mut self, work: &Work<'_>, from: Moment, to: Moment, batch: &mut EventBatch) -> Result<(), StoreError>;

    /// What the ordinals in the batches mean.
    fn names(&self) -> &Names;
}

/// A monotonic clock, to tell what a fold costs. No answer depends on it.
pub trait Clock: Send + Sync {
    fn now_nanos(&self) -> u64;
}

/// How much a history may keep.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    /// All checkpoints together, about.
    pub checkpoint_bytes: usize,
    /// The work between two checkpoints, while the bytes last.
    pub gap_nanos: u64,
    /// How many moments on each side of the cursor keep their state.
    pub window_moments: u32,
}

impl Default for Budget {
    fn default() -> Budget {
        Budget {
            checkpoint_bytes: 96 << 20,
            gap_nanos: 200_000,
            window_moments: 512,
        }
    }
}

/// Which way to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Back,
    Forward,
}

/// See the module.
pub struct History {
    program: Arc<dyn HandlerProgram>,
    track: Arc<StreamTrack>,
    budget: Budget,
    clock: Arc<dyn Clock>,
    detail: Detail,
    fold: Fold,
    checkpoints: Checkpoints,
    window: Window,
    batch: EventBatch,
    /// What reading and folding cost since the last checkpoint.
    spent_nanos: u64,
    /// Findings of events up to here were reported.
    reported: Moment,
    /// Of the events since which no state could be told, too.
    untold: BTreeSet<Position>,
}

/// Events read at a time: a tail of a seek is one read, a long fold stays inside the cache.
const READ_EVENTS: u32 = 2_048;
/// What the search for a change is called while it runs.
const LOOKING: Phase = Phase::LookingForAChange;
/// Events folded between two looks at the clock and the cancel token.
const STRIDE: u32 = 32;

impl History {
    pub fn new(
        program: Arc<dyn HandlerProgram>,
        track: Arc<StreamTrack>,
        detail: Detail,
        budget: Budget,
        clock: Arc<dyn Clock>,
    ) -> Result<History, FoldError> {
        let fold = Fold::new(program.as_ref(), detail)?;
        Ok(History {
            program,
            track,
            budget,
            clock,
            detail,
            fold,
            checkpoints: Checkpoints::new(budget.checkpoint_bytes, budget.gap_nanos),
            window: Window::default(),
            batch: EventBatch::default(),
            spent_nanos: 0,
            reported: Moment::START,
            untold: BTreeSet::new(),
        })
    }

    pub fn detail(&self) -> Detail {
        self.detail
    }

    pub fn program(&self) -> &Arc<dyn HandlerProgram> {
        &self.program
    }

    pub fn track(&self) -> &Arc<StreamTrack> {
        &self.track
    }

    /// How many checkpoints there are and what they hold, about.
    pub fn checkpoint_use(&self) -> (usize, usize) {
        (self.checkpoints.len(), self.checkpoints.byte_count())
    }

    /// How far the history was folded: every moment up to here is a short seek away.
    pub fn warm_until(&self) -> Moment {
        self.reported
    }

    /// The state at `moment`, which is at most the head of the track. Findings of an event are reported once.
    ///
    /// When it is cancelled, what was folded so far stays as warm-up and nothing else changes.
    pub fn state_at(
        &mut self,
        work: &Work<'_>,
        source: &mut dyn EventSource,
        findings: &Findings,
        moment: Moment,
    ) -> Result<Folded, FoldError> {
        let moment = moment.min(self.track.head());
        if let Some(kept) = self.window.get(moment) {
            return Ok(kept.clone());
        }
        let keep_from = Moment(moment.0.saturating_sub(self.budget.window_moments));
        self.seek(moment)?;
        self.fold_to(work, source, findings, moment, keep_from)?;
        let folded = self.folded(findings)?;
        self.window.keep(folded.clone());
        self.window.trim(moment, self.budget.window_moments);
        Ok(folded)
    }

    /// Fills the window around `moment`, so that the next steps, at least half its reach, cost nothing. For when nobody
    /// waits.
    pub fn fill_window(
        &mut self,
        work: &Work<'_>,
        source: &mut dyn EventSource,
        findings: &Findings,
        moment: Moment,
    ) -> Result<(), FoldError> {
        let reach = self.budget.window_moments;
        let around = |reach: u32| {
            let first = Moment(moment.0.saturating_sub(reach));
            (first, Moment(moment.0.saturating_add(reach)).min(self.track.head()))
        };
        // Not anew for every step: only when half of one side is used up.
        let (near_first, near_last) = around(reach / 2);
        if self.window.holds(near_first, near_last) {
            return Ok(());
        }
        let (first, last) = around(reach);
        self.window = Window::default();
        self.restore_before(first)?;
        self.fold_to(work, source, findings, last, first)?;
        let folded = self.folded(findings)?;
        self.window.keep(folded);
        self.window.trim(moment, reach);
        Ok(())
    }

    /// Folds the whole stream once, leaving checkpoints, so that every later seek is short.
    pub fn warm_up(
        &mut self,
        work: &Work<'_>,
        source: &mut dyn EventSource,
        findings: &Findings,
    ) -> Result<(), FoldError> {
        let head = self.track.head();
        if self.reported < head {
            self.seek(head)?;
            self.fold_to(work, source, findings, head, Moment(u32::MAX))?;
        }
        Ok(())
    }

    /// Goes on with a longer track of the same stream, of the same names: what was folded stays. `false`, and nothing
    /// changed, when it does not begin with the present one.
    pub fn grow(&mut self, track: Arc<StreamTrack>) -> bool {
        let fits = track.begins_with(&self.track);
        if fits {
            self.track = track;
        }
        fits
    }

    /// Takes in all that `reader` brings, which follows on what is there in fold order (a history that was made of an
    /// empty track gets the whole stream so), and folds it: track, findings and the state at head come out of one read.
    /// `names`: those of the reader.
    ///
    /// When it fails, what came so far stays.
    pub fn read_on(
        &mut self,
        work: &Work<'_>,
        reader: &mut dyn EventReader,
        names: &mut Names,
        findings: &Findings,
    ) -> Result<(), FoldError> {
        self.seek(self.track.head())?;
        loop {
            let started = self.clock.now_nanos();
            let room = u32::MAX - self.track.head().0;
            let wanted = READ_EVENTS.min(room) as usize;
            if wanted == 0 || !reader.next_batch(work, wanted, &mut self.batch, names, findings)? {
                return Ok(());
            }
            let spent = self.clock.now_nanos().saturating_sub(started);
            let read_nanos = spent / self.batch.len() as u64;
            Arc::make_mut(&mut self.track).extend(&self.batch);
            let tick = |here: Moment| work.tick(Phase::ReadingTheStream, here.0.into(), None);
            self.fold_batch(names, findings, Moment(u32::MAX), read_nanos, &tick)?;
        }
    }

    /// The nearest moment before or after `from` at which an event changed the place `path` (of a container: anything
    /// in it). An element of an array is known by its index here: where elements moved, the answer may be of another.
    /// Needs [`Detail::Blame`].
    pub fn next_change(
        &mut self,
        work: &Work<'_>,
        source: &mut dyn EventSource,
        findings: &Findings,
        path: &Pointer,
        from: Moment,
        way: Way,
    ) -> Result<Option<Moment>, FoldError> {
        match way {
            Way::Back => self.change_before(work, source, findings, path, from),
            Way::Forward => self.change_after(work, source, findings, path, from),
        }
    }

    fn change_before(
        &mut self,
        work: &Work<'_>,
        source: &mut dyn EventSource,
        findings: &Findings,
        path: &Pointer,
        from: Moment,
    ) -> Result<Option<Moment>, FoldError> {
        let Some(mut at) = from.0.checked_sub(1).map(Moment) else {
            return Ok(None);
        };
        // Where the place is absent, its removal is one of the changes that its container saw: look at each of them.
        loop {
            work.tick(LOOKING, u64::from(from.0 - at.0), Some(from.0.into()))?;
            let folded = self.state_at(work, source, findings, at)?;
            if let Some(stamp) = stamp_of(&folded, path) {
                return Ok(Some(stamp.changed).filter(|moment| *moment > Moment::START));
            }
            let nearest = touched_around(&folded, path);
            let Some(before) = nearest.0.checked_sub(1).map(Moment) else {
                return Ok(None);
            };
            if stamp_of(&self.state_at(work, source, findings, before)?, path).is_some() {
                return Ok(Some(nearest));
            }
            at = before;
        }
    }

    fn change_after(
        &mut self,
        work: &Work<'_>,
        source: &mut dyn EventSource,
        findings: &Findings,
        path: &Pointer,
        from: Moment,
    ) -> Result<Option<Moment>, FoldError> {
        let head = self.track.head();
        let start = self.state_at(work, source, findings, from)?;
        let mut was_there = stamp_of(&start, path).is_some();
        let mut at = from;
        // Elements are known by their index and may move: what a later state says of one may be of another.
        let is_member = !path
            .segments()
            .iter()
            .any(|segment| matches!(segment, Segment::Index(_)));
        let warm = self.warm_until().min(head);
        if is_member && from < warm {
            let end = self.state_at(work, source, findings, warm)?;
            if is_quiet(&end, path, from, was_there) {
                at = warm;
            } else if was_there {
                // A member that changed never looks unchanged again: halve.
                let mut changed = warm;
                while changed.0 - at.0 > 1 {
                    let middle = Moment(at.0 + (changed.0 - at.0) / 2);
                    let folded = self.state_at(work, source, findings, middle)?;
                    if is_quiet(&folded, path, from, was_there) {
                        at = middle;
                    } else {
                        changed = middle;
                    }
                }
                return Ok(Some(changed));
            }
        }
        while at < head {
            work.tick(LOOKING, u64::from(at.0 - from.0), Some(u64::from(head.0 - from.0)))?;
            let segment_end = self.checkpoints.next_after(at).unwrap_or(head).min(head);
            let end = self.state_at(work, source, findings, segment_end)?;
            if !is_quiet(&end, path, at, was_there) {
                for step in at.0 + 1..=segment_end.0 {
                    work.tick(LOOKING, u64::from(step - from.0), Some(u64::from(head.0 - from.0)))?;
                    let folded = self.state_at(work, source, findings, Moment(step))?;
                    let stamp = stamp_of(&folded, path);
                    if stamp.is_some() != was_there || stamp.is_some_and(|stamp| stamp.changed.0 == step) {
                        return Ok(Some(Moment(step)));
                    }
                }
            }
            was_there = stamp_of(&end, path).is_some();
            at = segment_end;
        }
        Ok(None)
    }

    /// Sets the fold to the nearest known moment at or before `moment`.
    fn seek(&mut self, moment: Moment) -> Result<(), FoldError> {
        let here = self.fold.moment();
        let checkpoint = self.checkpoints.latest_until(moment);
        if here <= moment && checkpoint.is_none_or(|checkpoint| checkpoint.moment <= here) {
            return Ok(());
        }
        self.restore_before(moment)
    }

    fn restore_before(&mut self, moment: Moment) -> Result<(), FoldError> {
        self.spent_nanos = 0;
        let Some(checkpoint) = self.checkpoints.latest_until(moment) else {
            return self.fold.reset();
        };
        let restored = self.fold.restore(checkpoint);
        if restored.is_err() {
            // Half restored it would answer wrongly; at the start it does not.
            self.fold.reset()?;
        }
        restored
    }

    /// Reads events into the batch and says what that cost for each.
    fn read(
        &mut self,
        work: &Work<'_>,
        source: &mut dyn EventSource,
        from: Moment,
        to: Moment,
    ) -> Result<u64, FoldError> {
        let started = self.clock.now_nanos();
        source.read(work, from, to, &mut self.batch)?;
        let spent = self.clock.now_nanos().saturating_sub(started);
        // The label never lies: what is folded must be the events that the track names.
        let first = from.0 as usize;
        let expected = self.track.positions.get(first..first + self.batch.len());
        if self.batch.is_empty()
            || expected != Some(&self.batch.positions[..])
            || self.batch.len() > (to.0 - from.0) as usize
        {
            return Err(FoldError::StreamChanged);
        }
        Ok(spent / self.batch.len() as u64)
    }

    /// Folds forward, keeping checkpoints where none are yet, and states from `keep_from` on.
    fn fold_to(
        &mut self,
        work: &Work<'_>,
        source: &mut dyn EventSource,
        findings: &Findings,
        moment: Moment,
        keep_from: Moment,
    ) -> Result<(), FoldError> {
        // Of all events up to there, wherever it begins: who breaks it off and goes on counts on.
        let total = Some(u64::from(moment.0));
        while self.fold.moment() < moment {
            let from = self.fold.moment();
            let to = Moment(moment.0.min(from.0 + READ_EVENTS));
            let read_nanos = self.read(work, source, from, to)?;
            let tick = |here: Moment| work.tick(Phase::Folding, u64::from(here.0), total);
            self.fold_batch(source.names(), findings, keep_from, read_nanos, &tick)?;
        }
        work.check()?;
        Ok(())
    }

    /// Folds what is in the batch. `read_nanos`: what it cost to read one event of it. `tick` is called every few
    /// events.
    fn fold_batch(
        &mut self,
        names: &Names,
        findings: &Findings,
        keep_from: Moment,
        read_nanos: u64,
        tick: &dyn Fn(Moment) -> Result<(), Cancelled>,
    ) -> Result<(), FoldError> {
        let mut clock_nanos = self.clock.now_nanos();
        for row in 0..self.batch.len() {
            let here = self.fold.moment();
            if here >= keep_from {
                let folded = self.folded(findings)?;
                self.window.keep(folded);
            }
            let is_new = here >= self.reported;
            if row == 0 || here.0.is_multiple_of(STRIDE) {
                // Up to where a checkpoint may be due.
                let stretch = (STRIDE - here.0 % STRIDE).min((self.batch.len() - row) as u32);
                let asked = match here.0 + stretch > keep_from.0 {
                    true => StatesAsked::EveryState,
                    false => StatesAsked::LastState,
                };
                let mut coming = (row..row + stretch as usize).map(|row| self.batch.event(row));
                self.fold.look_ahead(&mut coming, names, asked);
            }
            let event = self.batch.event(row);
            self.fold.step(&event, names, is_new.then_some(findings))?;
            if is_new {
                self.reported = self.fold.moment();
            }
            if self.fold.moment().0.is_multiple_of(STRIDE) {
                tick(self.fold.moment())?;
                let now_nanos = self.clock.now_nanos();
                if self.checkpoints.is_beyond(self.fold.moment()) {
                    self.spent_nanos += now_nanos.saturating_sub(clock_nanos) + u64::from(STRIDE) * read_nanos;
                    if self.checkpoints.is_due(self.spent_nanos) {
                        self.keep_checkpoint()?;
                    }
                }
                clock_nanos = self.clock.now_nanos();
            }
        }
        Ok(())
    }

    /// Reports an event since which no state can be told once: it is found anew by each seek.
    fn folded(&mut self, findings: &Findings) -> Result<Folded, FoldError> {
        let folded = self.fold.folded();
        if let Some(finding) = self.fold.take_untold()
            && finding.position.is_none_or(|position| self.untold.insert(position))
        {
            findings.report(finding);
        }
        folded
    }

    fn keep_checkpoint(&mut self) -> Result<(), FoldError> {
        let started = self.clock.now_nanos();
        let checkpoint = self.fold.checkpoint()?;
        self.checkpoints.push(checkpoint);
        self.checkpoints
            .note_cost(self.clock.now_nanos().saturating_sub(started));
        self.spent_nanos = 0;
        Ok(())
    }
}

fn stamp_of(folded: &Folded, path: &Pointer) -> Option<Stamp> {
    let value = path.find(&folded.state)?;
    let is_container = matches!(value, Value::Object(_) | Value::Array(_));
    folded.blame.as_ref().map(|blame| blame.at(path, is_container))
}

/// Whether nothing happened to a place between `since`, when it was there or not, and this state.
fn is_quiet(folded: &Folded, path: &Pointer, since: Moment, was_there: bool) -> bool {
    match stamp_of(folded, path) {
        Some(stamp) => was_there && stamp.changed <= since,
        None => !was_there && touched_around(folded, path) <= since,
    }
}

/// When anything last changed in the nearest container that is there of an absent place.
fn touched_around(folded: &Folded, path: &Pointer) -> Moment {
    let mut at = path.parent();
    while let Some(container) = at {
        if let Some(stamp) = stamp_of(folded, container) {
            return stamp.changed;
        }
        at = container.parent();
    }
    Moment::START
}
