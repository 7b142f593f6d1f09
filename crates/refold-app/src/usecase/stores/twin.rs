//! One stream of both stores, event by event.

use std::cmp::Ordering;
use std::hash::RandomState;

use refold_core::names::Names;
use refold_core::work::{Phase, Work};

use super::align::{Entry, Outcome, align};
use super::measure::Doubts;
use super::side::{Line, Side};
use crate::error::AppError;

/// A stream as a pass over both stores left it.
pub(super) struct Twin<'a> {
    pub id: &'a [u8],
    /// So many the pass came upon, on each side.
    pub events: [u32; 2],
    pub doubts: [&'a Doubts; 2],
    pub hashing: &'a RandomState,
}

const PHASE: Phase = Phase::ComparingEventByEvent;

impl Twin<'_> {
    /// As many events as there are: in memory where no more than `events_at_once` are, else walked along.
    pub fn looked_at(
        &self,
        work: &Work<'_>,
        sides: [&Side<'_>; 2],
        most_kept: usize,
        events_at_once: u64,
    ) -> Result<Outcome, AppError> {
        let mut names = Names::default();
        if self.total() > events_at_once {
            return self.walked(work, sides, &mut names, most_kept);
        }
        let [left, right] = sides;
        let lefts = self.entries(work, left, 0, &mut names)?;
        let rights = self.entries(work, right, 1, &mut names)?;
        Ok(align(&lefts, &rights, most_kept))
    }

    /// Those of one version are each other's counterparts. Where versions are not there, or do not count, the next is that
    /// of the next.
    pub fn walked(
        &self,
        work: &Work<'_>,
        [left, right]: [&Side<'_>; 2],
        names: &mut Names,
        most_kept: usize,
    ) -> Result<Outcome, AppError> {
        let mut on_left = self.line(left, 0)?;
        let mut on_right = self.line(right, 1)?;
        let (mut outcome, mut steps) = (Outcome::keeping(most_kept), 0_u64);
        let (mut of_left, mut of_right) = (on_left.next(work, names)?, on_right.next(work, names)?);
        while of_left.is_some() || of_right.is_some() {
            let apart = match (&of_left, &of_right) {
                (Some((Some(left), _)), Some((Some(right), _))) => left.cmp(right),
                (Some(_), Some(_)) => {
                    outcome.is_by_place = true;
                    Ordering::Equal
                }
                (Some(_), None) => Ordering::Less,
                (None, _) => Ordering::Greater,
            };
            let next_left = of_left.take_if(|_| apart.is_le()).map(|(_, entry)| entry);
            let next_right = of_right.take_if(|_| apart.is_ge()).map(|(_, entry)| entry);
            outcome.take(next_left.as_ref(), next_right.as_ref(), false);
            if next_left.is_some() {
                of_left = on_left.next(work, names)?;
            }
            if next_right.is_some() {
                of_right = on_right.next(work, names)?;
            }
            steps += 1;
            if steps % 1_024 == 0 {
                work.tick(PHASE, on_left.taken() + on_right.taken(), Some(self.total()))?;
            }
        }
        Ok(outcome)
    }

    fn entries(&self, work: &Work<'_>, side: &Side<'_>, at: usize, names: &mut Names) -> Result<Vec<Entry>, AppError> {
        if self.events_of(at) == 0 {
            return Ok(Vec::new());
        }
        let mut line = self.line(side, at)?;
        let mut entries = Vec::new();
        while let Some((_, entry)) = line.next(work, names)? {
            entries.push(entry);
            if entries.len() % 1_024 == 0 {
                work.tick(PHASE, line.taken(), Some(self.total()))?;
            }
        }
        // As the pass over many streams has them: what has no version, or the same, stays in the order of positions.
        entries.sort_by_key(|entry| entry.version);
        Ok(entries)
    }

    fn line<'a>(&'a self, side: &'a Side<'a>, at: usize) -> Result<Line<'a>, AppError> {
        let [left, right] = self.doubts;
        let doubts = if at == 0 { left } else { right };
        side.line(self.id, self.events_of(at), doubts, self.hashing)
    }

    fn events_of(&self, at: usize) -> u32 {
        self.events.get(at).copied().unwrap_or_default()
    }

    fn total(&self) -> u64 {
        self.events.iter().map(|events| u64::from(*events)).sum()
    }
}
