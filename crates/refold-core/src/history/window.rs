//! Every state of the moments around the cursor.

use std::collections::VecDeque;

use crate::fold::Folded;
use crate::track::Moment;

/// States of consecutive moments. They share all that did not change between them.
#[derive(Default)]
pub(super) struct Window {
    states: VecDeque<Folded>,
}

impl Window {
    pub(super) fn get(&self, moment: Moment) -> Option<&Folded> {
        let first = self.states.front()?.moment;
        let at = moment.0.checked_sub(first.0)?;
        self.states.get(at as usize)
    }

    /// Whether all moments from `first` to `last` are here.
    pub(super) fn holds(&self, first: Moment, last: Moment) -> bool {
        self.get(first).is_some() && self.get(last).is_some()
    }

    /// Adds a state. One that does not continue the present ones starts the window anew.
    pub(super) fn keep(&mut self, folded: Folded) {
        if self.get(folded.moment).is_some() {
            return;
        }
        if self
            .states
            .back()
            .is_some_and(|last| last.moment.0 + 1 != folded.moment.0)
        {
            self.states.clear();
        }
        self.states.push_back(folded);
    }

    /// Drops what is further than `reach` from `moment`.
    pub(super) fn trim(&mut self, moment: Moment, reach: u32) {
        while self
            .states
            .front()
            .is_some_and(|first| first.moment.0.saturating_add(reach) < moment.0)
        {
            self.states.pop_front();
        }
        while self
            .states
            .back()
            .is_some_and(|last| last.moment.0 > moment.0.saturating_add(reach))
        {
            self.states.pop_back();
        }
    }
}
