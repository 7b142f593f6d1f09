//! Checkpoints of one history, spaced by cost inside a byte budget.

use crate::fold::FoldCheckpoint;
use crate::port::handler::Checkpoint;
use crate::track::Moment;

/// In order of their moments. When the bytes run out every second one goes and the gap doubles: the spacing stays
/// even without knowing how long the history is.
pub(super) struct Checkpoints {
    kept: Vec<Kept>,
    byte_count: usize,
    max_bytes: usize,
    gap_nanos: u64,
    /// What the last checkpoint itself cost.
    cost_nanos: u64,
}

struct Kept {
    checkpoint: FoldCheckpoint,
    /// What it holds beside what the one before it holds.
    own_bytes: usize,
}

/// The bookkeeping of one checkpoint, about.
const KEPT_BYTES: usize = 256;
/// Taking a checkpoint may cost at most one part in this many of the folding between two.
const COST_SHARE: u64 = 10;

impl Checkpoints {
    pub(super) fn new(max_bytes: usize, gap_nanos: u64) -> Checkpoints {
        Checkpoints {
            kept: Vec::new(),
            byte_count: 0,
            max_bytes,
            gap_nanos,
            cost_nanos: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.kept.len()
    }

    pub(super) fn byte_count(&self) -> usize {
        self.byte_count
    }

    pub(super) fn latest_until(&self, moment: Moment) -> Option<&FoldCheckpoint> {
        let at = self.kept.partition_point(|kept| kept.checkpoint.moment <= moment);
        at.checked_sub(1)
            .and_then(|at| self.kept.get(at))
            .map(|kept| &kept.checkpoint)
    }

    pub(super) fn next_after(&self, moment: Moment) -> Option<Moment> {
        let at = self.kept.partition_point(|kept| kept.checkpoint.moment <= moment);
        self.kept.get(at).map(|kept| kept.checkpoint.moment)
    }

    /// Whether `moment` lies behind all checkpoints, where new ones are wanted.
    pub(super) fn is_beyond(&self, moment: Moment) -> bool {
        self.kept.last().is_none_or(|kept| kept.checkpoint.moment < moment)
    }

    pub(super) fn is_due(&self, spent_nanos: u64) -> bool {
        spent_nanos >= self.gap_nanos.max(self.cost_nanos.saturating_mul(COST_SHARE))
    }

    pub(super) fn note_cost(&mut self, nanos: u64) {
        // At most twice the last: one slow look must not tear a hole that later seeks fall into.
        let bound = self.cost_nanos.max(self.gap_nanos / COST_SHARE).saturating_mul(2);
        self.cost_nanos = nanos.min(bound);
    }

    /// `checkpoint` lies behind all others.
    pub(super) fn push(&mut self, checkpoint: FoldCheckpoint) {
        let own_bytes = own_bytes(self.kept.last().map(|kept| &kept.checkpoint), &checkpoint);
        self.byte_count += own_bytes;
        self.kept.push(Kept { checkpoint, own_bytes });
        while self.byte_count > self.max_bytes && self.kept.len() > 1 {
            self.thin();
        }
    }

    fn thin(&mut self) {
        let mut number = 0;
        self.kept.retain(|_| {
            number += 1;
            number % 2 == 0
        });
        self.gap_nanos = self.gap_nanos.saturating_mul(2);
        for at in 0..self.kept.len() {
            let (before, rest) = self.kept.split_at_mut(at);
            if let Some(kept) = rest.first_mut() {
                kept.own_bytes = own_bytes(before.last().map(|kept| &kept.checkpoint), &kept.checkpoint);
            }
        }
        self.byte_count = self.kept.iter().map(|kept| kept.own_bytes).sum();
    }
}

fn own_bytes(before: Option<&FoldCheckpoint>, checkpoint: &FoldCheckpoint) -> usize {
    let state_bytes = match (&checkpoint.engine, before.map(|before| &before.engine)) {
        (Checkpoint::State { state, .. }, Some(Checkpoint::State { state: before, .. })) => state.bytes_beside(before),
        (Checkpoint::State { state, .. }, _) => state.byte_count(),
        (Checkpoint::Opaque { byte_count, .. }, _) => *byte_count,
    };
    KEPT_BYTES + state_bytes + checkpoint.blame_bytes_beside(before)
}
