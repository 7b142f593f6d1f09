//! A fault that shows only when somebody asks for the state: it belongs to an event that was folded before.
//!
//! It is one of the moment that was asked for: a later event can make the state one that can be told again.

use super::{Fold, FoldError};
use crate::event::{EventView, Position, Version};
use crate::finding::{Finding, Findings, Severity};
use crate::names::Names;
use crate::port::handler::HandlerFault;
use crate::track::Moment;
use crate::value::Value;

/// The events since a state that could be told, and what became known of one of them.
#[derive(Clone)]
pub(super) struct Unsure {
    /// Whether the handler tells such faults late at all: no other needs what is kept here.
    is_kept: bool,
    /// Where the first of the events was folded from.
    since: Moment,
    stream: Vec<u8>,
    events: Vec<(Position, Version)>,
    /// The event that was found last: found again, it is no news.
    found: Option<Position>,
    finding: Option<Finding>,
}

/// The state as far as it can be told.
pub(super) struct Told {
    pub state: Value,
    /// It is the one before this moment, because no later one can be told.
    pub late: Option<Box<(Moment, HandlerFault)>>,
}

impl Unsure {
    pub fn new(is_kept: bool) -> Unsure {
        Unsure {
            is_kept,
            since: Moment::START,
            stream: Vec::new(),
            events: Vec::new(),
            found: None,
            finding: None,
        }
    }

    /// The state at this moment could be told, and no more is known.
    pub fn begin(&mut self, since: Moment) {
        self.since = since;
        self.events.clear();
        self.found = None;
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

    /// What a checkpoint needs of it; nothing where the state in that can be told.
    pub fn kept(&self) -> Option<Box<Unsure>> {
        if self.events.is_empty() {
            return None;
        }
        let is_reported = self.finding.is_none();
        Some(Box::new(Unsure {
            found: self.found.filter(|_| is_reported),
            finding: None,
            ..self.clone()
        }))
    }

    /// The state after all of them could be told.
    fn all_told(&mut self) {
        // Moments have 32 bits, and each of these events is one.
        self.since.0 += self.events.len() as u32;
        self.events.clear();
    }

    /// The moment that the event at this position led to.
    fn find(&mut self, at: Position, fault: &HandlerFault) -> Option<Moment> {
        let index = self.events.iter().position(|(position, _)| *position == at)?;
        let (position, version) = *self.events.get(index)?;
        if self.found != Some(position) {
            self.found = Some(position);
            self.finding = Some(Finding {
                code: fault.code,
                severity: Severity::Error,
                stream: Some(self.stream.as_slice().into()),
                version: Some(version),
                position: Some(position),
                detail: fault.said(),
            });
        }
        Some(Moment(self.since.0 + index as u32 + 1))
    }
}

impl Fold {
    /// Reports the event since which the state cannot be told, where one was found since this was last called.
    pub fn report_untold(&mut self, findings: Option<&Findings>) {
        if let Some((finding, findings)) = self.take_untold().zip(findings) {
            findings.report(finding);
        }
    }

    /// The same finding, for whoever may have reported it.
    pub fn take_untold(&mut self) -> Option<Finding> {
        self.unsure.finding.take()
    }

    /// The handler's state; where it cannot tell it, the last one before that it can.
    pub(super) fn told(&mut self) -> Result<Told, FoldError> {
        let fault = match self.instance.state() {
            Ok(state) => {
                self.note_told();
                return Ok(Told { state, late: None });
            }
            Err(fault) if fault.is_cancelled() => return Err(fault.into()),
            Err(fault) => fault,
        };
        let Some(untold) = self.instance.take_untold() else {
            return Err(fault.into());
        };
        match self.unsure.find(untold.position, &untold.fault) {
            Some(moment) => Ok(Told {
                state: untold.before,
                late: Some(Box::new((moment, untold.fault))),
            }),
            None => Err(fault.into()),
        }
    }

    /// Forgets the events whose states are known to be told. Of several instances in one, some may not be.
    pub(super) fn note_told(&mut self) {
        if self.instance.is_told() {
            self.unsure.all_told();
        }
    }
}

/// The first of both.
pub(super) fn first(one: Option<Moment>, other: Option<Moment>) -> Option<Moment> {
    one.into_iter().chain(other).min()
}
