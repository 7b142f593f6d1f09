//! The declarative engine behind the port: program and instance.

mod look;

use std::collections::BTreeSet;
use std::sync::Arc;

use refold_core::event::{Columns, EventView};
use refold_core::names::Names;
use refold_core::pointer::Pointer;
use refold_core::port::explain::{Choice, Explained};
use refold_core::port::handler::{
    Applied, Checkpoint, HandlerFault, HandlerIdentity, HandlerInstance, HandlerProgram, Takes, Untold, Written,
};
use refold_core::port::upcast::{Upcast, UpcasterStep};
use refold_core::value::Value;

use super::fold::{Emitted, Run};
use super::lane::{EventSlots, Lanes, Stop, read_metadata_for};
use super::log::Log;
use super::place::{Places, pointer};
use super::rules::{Rules, TypeRules, Unhandled};
use super::state::Writer;
use super::watch::Watch;
use crate::error::code;
use crate::expr::eval::EventFacts;
use crate::expr::meter::{Meter, measured};
use crate::invariant::Invariants;
use crate::limits::Limits;
use crate::project::Projection;
use crate::upcast::{Route, Stored, Upcasters};

/// A compiled handler of tier A.
#[derive(Debug)]
pub struct DeclarativeProgram {
    identity: HandlerIdentity,
    rules: Rules,
    upcasters: Upcasters,
    invariants: Invariants,
    limits: Limits,
    array_keys: Vec<(String, String)>,
    initial_bytes: usize,
}

impl DeclarativeProgram {
    pub fn new(
        identity: HandlerIdentity,
        mut rules: Rules,
        upcasters: Upcasters,
        invariants: Invariants,
        limits: Limits,
    ) -> DeclarativeProgram {
        for (event_type, place) in &rules.by_name {
            if let Some(of_type) = rules.types.get_mut(*place) {
                let mut paths = of_type.needs.data.clone();
                of_type.plans = upcasters.plans(event_type, &mut paths);
                of_type.data = Projection::new(&paths);
            }
        }
        let keys = rules
            .keys
            .iter()
            .map(|(array, key)| (array.to_string(), key.to_display().into_owned()));
        let array_keys = keys.collect();
        let initial_bytes = measured(&rules.initial, usize::MAX, usize::MAX).unwrap_or(usize::MAX);
        DeclarativeProgram {
            identity,
            rules,
            upcasters,
            invariants,
            limits,
            array_keys,
            initial_bytes,
        }
    }

    pub fn invariants(&self) -> &Invariants {
        &self.invariants
    }

    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The rules of an event type: which payload paths they need, and which state paths they read and may write.
    /// `None` for a type that the reducer does not name.
    pub fn rules_of(&self, event_type: &[u8]) -> Option<&TypeRules> {
        self.rules
            .types
            .get(self.rules.place_of(event_type))
            .filter(|rules| rules.is_named)
    }

    /// The event types that the reducer names, in order.
    pub fn event_types(&self) -> impl Iterator<Item = &[u8]> {
        let known = self.rules.by_name.keys().map(Vec::as_slice);
        known.filter(|event_type| self.rules_of(event_type).is_some())
    }

    /// As [`HandlerProgram::start`], with what only this engine knows.
    pub fn start_declarative(self: &Arc<Self>) -> DeclarativeInstance {
        let rules = self.rules.privately();
        DeclarativeInstance {
            state: rules.initial.clone(),
            byte_count: self.initial_bytes,
            program: Arc::clone(self),
            rules,
            lanes: Lanes::default(),
            slots: EventSlots::default(),
            locals: Vec::new(),
            emitted: Vec::new(),
        }
    }

    /// What the engine is told about an event of these rules, when they run through.
    fn applied(&self, rules: &TypeRules, event_type: &[u8]) -> Result<Applied, Box<HandlerFault>> {
        match (rules.is_named, self.rules.unhandled) {
            (true, _) if rules.operations.is_empty() => Ok(Applied::Ignored),
            (true, _) => Ok(Applied::Folded),
            (false, Unhandled::Ignore) => Ok(Applied::Ignored),
            (false, Unhandled::Warn) => Ok(Applied::Unknown),
            (false, Unhandled::Error) => {
                let message = format!(
                    "the handler has no rules for events of type {}; add some, or an empty list to ignore them",
                    String::from_utf8_lossy(event_type)
                );
                Err(Box::new(HandlerFault {
                    code: code::HANDLER_THROW,
                    message,
                    place: None,
                }))
            }
        }
    }
}

/// [`DeclarativeProgram`] behind the port, which shares it between instances.
#[derive(Debug, Clone)]
pub struct SharedProgram(pub Arc<DeclarativeProgram>);

impl HandlerProgram for SharedProgram {
    fn identity(&self) -> &HandlerIdentity {
        &self.0.identity
    }

    fn start(&self) -> Box<dyn HandlerInstance> {
        Box::new(self.0.start_declarative())
    }

    fn columns(&self) -> Columns {
        let mut all = self.0.rules.types.iter();
        Columns {
            payload: true,
            metadata: all.clone().any(|rules| !rules.meta.is_empty()) || self.0.upcasters.needs_meta(),
            envelope: all.any(|rules| rules.needs.needs_id) || self.0.upcasters.needs_column(),
            row: false,
        }
    }

    fn array_keys(&self) -> &[(String, String)] {
        &self.0.array_keys
    }

    fn upcast(&self, event: &EventView<'_>, names: &Names) -> Option<Upcast> {
        self.0.upcast(event, names)
    }

    fn upcasters(&self) -> Vec<UpcasterStep> {
        self.0.upcasters.steps()
    }

    fn explain(&self, event: &EventView<'_>, names: &Names, before: &Value, choice: Choice<'_>) -> Option<Explained> {
        Some(self.0.explain(event, names, before, choice))
    }

    fn may_change(&self, event_type: &[u8], place: &Pointer) -> Option<bool> {
        Some(self.0.may_change(event_type, place))
    }

    fn takes(&self, event_type: &[u8]) -> Option<Takes> {
        self.0.takes(event_type)
    }

    fn types_made(&self, event_type: &[u8]) -> BTreeSet<Vec<u8>> {
        self.0.upcasters.types_made(event_type)
    }

    fn event_types(&self) -> Option<Vec<Vec<u8>>> {
        Some(self.0.event_types().map(<[u8]>::to_vec).collect())
    }

    fn lines_writing(&self, event_type: &[u8], place: &Pointer) -> Vec<String> {
        self.0.lines_writing(event_type, place)
    }
}

/// One fold of a [`DeclarativeProgram`].
#[derive(Debug)]
pub struct DeclarativeInstance {
    program: Arc<DeclarativeProgram>,
    /// A copy of its own: the texts of the rules go into the state, and threads that count references to the same ones
    /// would wait for each other.
    rules: Rules,
    state: Value,
    byte_count: usize,
    lanes: Lanes,
    slots: EventSlots,
    locals: Vec<Value>,
    emitted: Vec<Emitted>,
}

impl DeclarativeInstance {
    /// The size of the state as it was counted along.
    #[cfg(test)]
    pub fn counted_bytes(&self) -> usize {
        self.byte_count
    }

    /// What the last applied event emitted.
    pub fn emitted(&self) -> &[Emitted] {
        &self.emitted
    }

    /// `watch`: who wants to know what each operation did.
    fn fold(
        &mut self,
        event: &EventView<'_>,
        names: &Names,
        written: &mut Written,
        watch: Option<&mut Watch>,
    ) -> Result<Applied, Stop> {
        let DeclarativeInstance {
            program,
            rules,
            state,
            byte_count,
            lanes,
            slots,
            locals,
            emitted,
        } = self;
        let (program, rules): (&DeclarativeProgram, &Rules) = (program, rules);
        let limits = &program.limits;
        emitted.clear();
        let stored_type = names.type_name(event.event_type);
        let lane = lanes.find(&program.upcasters, &program.rules, event.event_type, stored_type);
        // Places come from the rules that these are a copy of.
        let of_type = &rules.types[lane.rules];
        if of_type.operations.is_empty() && !lane.route.has_chain() {
            let event_type = lane.route.event_type(stored_type);
            return program.applied(of_type, event_type).map_err(Stop::from);
        }
        let payload = lane.read(of_type, event, limits, slots)?;
        let event_type = lane.route.event_type(stored_type);
        let facts = EventFacts {
            view: event,
            stream: names.stream(event.stream),
            event_type,
        };
        let mut meter = Meter::new(limits);
        let mut places = Places::default();
        let mut log = Log::new(limits, *byte_count, written.is_on());
        let mut writer = Writer::new(state, &mut places, &mut log);
        let mut fold = Fold {
            program,
            rules,
            payload,
            slots,
            facts,
            locals,
            emitted,
            meter: &mut meter,
            writer: &mut writer,
            watch,
        };
        let folded = if lane.route.has_chain() {
            fold.upcast(&lane.route, of_type)
        } else {
            fold.run(of_type, event_type)
        };
        if folded.is_err() {
            log.roll_back(state, &places);
            emitted.clear();
        } else {
            for places in log.touched() {
                written.record(|| pointer(places));
            }
        }
        *byte_count = log.byte_count();
        folded
    }
}

/// One event on its way into the state. Whoever made it rolls the writer back when it stops.
struct Fold<'f, 's, 'p> {
    program: &'p DeclarativeProgram,
    rules: &'p Rules,
    payload: Option<&'f [u8]>,
    slots: &'f mut EventSlots,
    facts: EventFacts<'f>,
    locals: &'f mut Vec<Value>,
    emitted: &'f mut Vec<Emitted>,
    meter: &'f mut Meter,
    writer: &'f mut Writer<'s, 'p>,
    watch: Option<&'f mut Watch>,
}

impl<'p> Fold<'_, '_, 'p> {
    /// Runs the rules of a type on the slots as they are.
    fn run(&mut self, of_type: &'p TypeRules, event_type: &[u8]) -> Result<Applied, Stop> {
        let applied = self.program.applied(of_type, event_type)?;
        let mut run = Run {
            rules: self.rules,
            limits: &self.program.limits,
            data: &self.slots.data,
            meta: &self.slots.meta,
            facts: EventFacts {
                event_type,
                ..self.facts
            },
            locals: self.locals,
            emitted: self.emitted,
            meter: self.meter,
            writer: self.writer,
        };
        match &mut self.watch {
            None => run.all(of_type)?,
            Some(watch) => watch.all(&mut run, of_type)?,
        }
        Ok(applied)
    }

    /// Brings the event to the version that the rules expect, and runs them on what it became.
    fn upcast(&mut self, route: &Route, of_type: &'p TypeRules) -> Result<Applied, Stop> {
        let program = self.program;
        let event_type = self.facts.event_type;
        let view = self.facts.view;
        let whole_meta = || {
            let metadata = view.metadata.map(|bytes| Value::from_json(bytes, program.limits.depth));
            metadata.and_then(Result::ok).unwrap_or_default()
        };
        let stored = Stored {
            data: &self.slots.data,
            meta: &self.slots.meta,
            whole_meta: &whole_meta,
            facts: self.facts,
        };
        let Some(step) = program
            .upcasters
            .first_step(event_type, route, &stored, self.locals, self.meter)?
        else {
            return self.run(of_type, event_type);
        };
        if let Some(watch) = &mut self.watch {
            watch.explained.is_upcast = true;
        }
        if let Some(Some(plan)) = of_type.plans.get(step)
            && self.payload.is_some()
        {
            plan.apply(&mut self.slots.data);
            return self.run(of_type, event_type);
        }
        let payload = match self.payload {
            None => Value::Null,
            Some(payload) => Value::from_json(payload, program.limits.depth).map_err(Stop::Undecodable)?,
        };
        let made = program.upcasters.run(event_type, step, payload, &stored, self.meter)?;
        let mut applied = Applied::Ignored;
        for (event_type, payload) in made {
            // Places come from the rules that these are a copy of.
            let of_type = &self.rules.types[self.rules.place_of(&event_type)];
            of_type.data.project_value(&payload, &mut self.slots.data);
            read_metadata_for(of_type, view, &program.limits, self.slots)?;
            applied = match (applied, self.run(of_type, &event_type)?) {
                (Applied::Folded, _) | (_, Applied::Folded) => Applied::Folded,
                (_, last) => last,
            };
        }
        Ok(applied)
    }
}

impl HandlerInstance for DeclarativeInstance {
    fn reset(&mut self) {
        self.state = self.rules.initial.clone();
        self.byte_count = self.program.initial_bytes;
        self.emitted.clear();
    }

    fn apply(&mut self, event: &EventView<'_>, names: &Names, written: &mut Written) -> Result<Applied, HandlerFault> {
        match self.fold(event, names, written, None) {
            Ok(applied) => Ok(applied),
            Err(Stop::Undecodable(error)) => Ok(Applied::Undecodable(error)),
            Err(Stop::Fault(fault)) => Err(*fault),
        }
    }

    fn state(&mut self) -> Result<Value, HandlerFault> {
        Ok(self.state.clone())
    }

    fn tells_late(&self) -> bool {
        false
    }

    fn is_told(&self) -> bool {
        true
    }

    fn take_untold(&mut self) -> Option<Untold> {
        None
    }

    fn checkpoint(&mut self) -> Result<Checkpoint, HandlerFault> {
        Ok(Checkpoint::State {
            state: self.state.clone(),
            json_bytes: self.byte_count,
        })
    }

    fn restore(&mut self, checkpoint: &Checkpoint) -> Result<(), HandlerFault> {
        match checkpoint {
            Checkpoint::State { state, json_bytes } => {
                self.state.clone_from(state);
                self.byte_count = *json_bytes;
                Ok(())
            }
            Checkpoint::Opaque { .. } => Err(HandlerFault {
                code: code::HANDLER_TYPE,
                message: "this checkpoint was made by another handler; fold from the start".to_owned(),
                place: None,
            }),
        }
    }
}
