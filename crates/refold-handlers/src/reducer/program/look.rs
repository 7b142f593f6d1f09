//! What can be told of a program beside folding: the way of an event through its upcasters, what each operation did, the
//! lines that write.

use std::collections::BTreeSet;
use std::sync::Arc;

use refold_core::event::{Encoding, EventView};
use refold_core::names::Names;
use refold_core::pointer::Pointer;
use refold_core::port::explain::{Choice, Explained};
use refold_core::port::handler::{HandlerFault, Takes, Written};
use refold_core::port::upcast::Upcast;
use refold_core::value::Value;

use super::{DeclarativeProgram, EventFacts, EventSlots, Lanes, Meter, Stop, Stored};
use crate::expr::meter::measured;
use crate::reducer::lines::{marks_writing, may_change};
use crate::reducer::watch::Watch;

impl DeclarativeProgram {
    /// See [`refold_core::port::handler::HandlerProgram::upcast`].
    pub fn upcast(&self, event: &EventView<'_>, names: &Names) -> Option<Upcast> {
        let stored_type = names.type_name(event.event_type);
        if event.encoding != Encoding::Json || !self.upcasters.route(stored_type).has_chain() {
            return None;
        }
        match self.traced(event, names) {
            Ok(upcast) => Some(upcast),
            // A payload that is no JSON is a matter of the event, not of its upcasters.
            Err(Stop::Undecodable(_)) => None,
            Err(Stop::Fault(fault)) => Some(failed(*fault)),
        }
    }

    /// See [`refold_core::port::handler::HandlerProgram::explain`].
    pub fn explain(
        self: &Arc<Self>,
        event: &EventView<'_>,
        names: &Names,
        before: &Value,
        choice: Choice<'_>,
    ) -> Explained {
        if event.payload.is_some() && event.encoding != Encoding::Json {
            return Explained::unread();
        }
        let mut instance = self.start_declarative();
        instance.state = before.clone();
        instance.byte_count = measured(before, usize::MAX, usize::MAX).unwrap_or(usize::MAX);
        let mut watch = Watch::new(choice);
        match instance.fold(event, names, &mut Written::off(), Some(&mut watch)) {
            Ok(_) => {}
            Err(Stop::Undecodable(_)) => return Explained::unread(),
            Err(Stop::Fault(fault)) => watch.explained.fault = Some(*fault),
        }
        watch.explained
    }

    /// See [`refold_core::port::handler::HandlerProgram::lines_writing`].
    pub fn lines_writing(&self, stored_type: &[u8], place: &Pointer) -> Vec<String> {
        let types = self.upcasters.types_made(stored_type);
        let marks = types
            .iter()
            .flat_map(|event_type| marks_writing(&self.rules, event_type, place));
        let marks: BTreeSet<_> = marks.collect();
        let mut lines: Vec<String> = marks.into_iter().map(|mark| self.rules.ir.line(mark)).collect();
        lines.dedup();
        lines
    }

    /// See [`refold_core::port::handler::HandlerProgram::may_change`].
    pub fn may_change(&self, stored_type: &[u8], place: &Pointer) -> bool {
        let types = self.upcasters.types_made(stored_type);
        types
            .iter()
            .any(|event_type| may_change(&self.rules, event_type, place))
    }

    /// See [`refold_core::port::handler::HandlerProgram::takes`].
    pub fn takes(&self, stored_type: &[u8]) -> Option<Takes> {
        self.takes_as(stored_type, |event_type| Some(self.takes_made(event_type)))
    }

    /// The best of what `takes` says of the types that upcasters make of a stored one.
    pub fn takes_as(&self, stored_type: &[u8], takes: impl Fn(&[u8]) -> Option<Takes>) -> Option<Takes> {
        let mut best = match self.upcasters.may_drop(stored_type) {
            true => Takes::ForNothing,
            false => Takes::Nothing,
        };
        for event_type in self.upcasters.types_made(stored_type) {
            best = best.max(takes(&event_type)?);
        }
        let is_open = match best {
            // What code makes of an event is known only of that event.
            Takes::Nothing => self.upcasters.has_code(stored_type),
            // Some events may stay what they are, and then nothing takes them.
            _ => takes(stored_type)? == Takes::Nothing && self.upcasters.has_shape(stored_type),
        };
        (!is_open).then_some(best)
    }

    fn takes_made(&self, event_type: &[u8]) -> Takes {
        let rules = self.rules.types.get(self.rules.place_of(event_type));
        match rules.map(|rules| (rules.is_named, rules.operations.is_empty())) {
            Some((true, false)) => Takes::Folds,
            Some((true, true)) => Takes::ForNothing,
            Some((false, false)) => Takes::AsAnyOther,
            Some((false, true)) | None => Takes::Nothing,
        }
    }

    fn traced(&self, event: &EventView<'_>, names: &Names) -> Result<Upcast, Stop> {
        let stored_type = names.type_name(event.event_type);
        let (mut lanes, mut slots) = (Lanes::default(), EventSlots::default());
        let lane = lanes.find(&self.upcasters, &self.rules, event.event_type, stored_type);
        // The lane was found in these very rules.
        let payload = lane.read(&self.rules.types[lane.rules], event, &self.limits, &mut slots)?;
        let event_type = lane.route.event_type(stored_type);
        let whole_meta = || {
            let metadata = event.metadata.map(|bytes| Value::from_json(bytes, self.limits.depth));
            metadata.and_then(Result::ok).unwrap_or_default()
        };
        let facts = EventFacts {
            view: event,
            stream: names.stream(event.stream),
            event_type,
        };
        let stored = Stored {
            data: &slots.data,
            meta: &slots.meta,
            whole_meta: &whole_meta,
            facts,
        };
        let mut meter = Meter::new(&self.limits);
        let value = match payload {
            None => Value::Null,
            Some(payload) => Value::from_json(payload, self.limits.depth).map_err(Stop::Undecodable)?,
        };
        let first = self
            .upcasters
            .first_step(event_type, &lane.route, &stored, &mut Vec::new(), &mut meter)?;
        Ok(match first {
            Some(first) => self.upcasters.trace(event_type, first, value, &stored, &mut meter),
            None => Upcast {
                made: vec![(event_type.to_vec(), value)],
                ..Upcast::default()
            },
        })
    }
}

fn failed(fault: HandlerFault) -> Upcast {
    Upcast {
        fault: Some(fault),
        ..Upcast::default()
    }
}
