//! A fault that shows only when somebody asks for the state: it belongs to an event that was folded before.

use super::{Fold, FoldError};
use crate::event::{EventView, Position, Version};
use crate::finding::{Finding, Findings, Severity};
use crate::names::Names;
use crate::port::handler::{HandlerFault, HandlerInstance};
use crate::track::Moment;

/// The events since the state was last told, and what became known of one of them since it was folded.
pub(super) struct Untold {
    /// Whether the handler tells such faults late at all: no other needs what is kept here.
    is_kept: bool,
    /// Where the first of the events was folded from.
    since: Moment,
    stream: Vec<u8>,
    events: Vec<(Position, Version)>,
    finding: Option<Finding>,
}

impl Untold {
    pub fn new(is_kept: bool) -> Untold {
        Untold {
            is_kept,
            since: Moment::START,
            stream: Vec::new(),
            events: Vec::new(),
            finding: None,
        }
    }

    /// Nothing was folded since this moment.
    pub fn begin(&mut self, since: Moment) {
        self.since = since;
        self.events.clear();
        self.finding = None;
    }

    /// The next event.
    pub fn note(&mut self, event: &EventView<'_>, names: &Names) {
        if !self.is_kept {
            return;
        }
        if self.events.is_empty() {
            self.stream.clear();
            self.stream.extend_from_slice(names.stream(event.stream));
        }
        self.events.push((event.position, event.version));
    }

    /// The state after all of them was told.
    fn all_told(&mut self) {
        // Moments have 32 bits, and each of these events is one.
        self.since.0 += self.events.len() as u32;
        self.events.clear();
    }

    /// The moment that the event at this position led to. It and those behind it are undone.
    fn find(&mut self, at: Position, fault: &HandlerFault) -> Option<Moment> {
        let index = self.events.iter().position(|(position, _)| *position == at)?;
        let (position, version) = *self.events.get(index)?;
        self.finding = Some(Finding {
            code: fault.code,
            severity: Severity::Error,
            stream: Some(self.stream.as_slice().into()),
            version: Some(version),
            position: Some(position),
            detail: fault.said(),
        });
        self.events.truncate(index + 1);
        Some(Moment(self.since.0 + index as u32 + 1))
    }
}

impl Fold {
    /// Reports the event whose state could not be told, where one was found since this was last called.
    pub fn report_untold(&mut self, findings: Option<&Findings>) {
        if let Some((finding, findings)) = self.take_untold().zip(findings) {
            findings.report(finding);
        }
    }

    /// The same finding, for whoever may have reported it.
    pub fn take_untold(&mut self) -> Option<Finding> {
        self.untold.finding.take()
    }

    /// What the handler answers. Where it cannot, and an event is found that is to blame, it answers of before that event.
    pub(super) fn told<T>(
        &mut self,
        ask: impl Fn(&mut dyn HandlerInstance) -> Result<T, HandlerFault>,
    ) -> Result<T, FoldError> {
        loop {
            match ask(self.instance.as_mut()) {
                Ok(told) => {
                    self.untold.all_told();
                    return Ok(told);
                }
                // Each time the event is an earlier one.
                Err(fault) if fault.is_cancelled() || !self.is_put_down() => return Err(fault.into()),
                Err(_) => {}
            }
        }
    }

    /// Whether the fault that the handler just gave was put down to an event that was folded before.
    pub(super) fn is_put_down(&mut self) -> bool {
        let Some((position, fault)) = self.instance.take_untold() else {
            return false;
        };
        let Some(moment) = self.untold.find(position, &fault) else {
            return false;
        };
        self.incomplete_since = Some(self.incomplete_since.map_or(moment, |known| known.min(moment)));
        self.fault = Some(Box::new((moment, fault)));
        true
    }
}
