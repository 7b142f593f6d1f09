//! One stored event on its way through the steps of upcasters: a step makes none, one or several events, each of which may
//! be taken by another step.
//!
//! It must not know how the step is found that an event begins at.

use refold_core::port::upcast::UpcastStep;
use refold_core::value::Value;

use super::places::{found, put, taken};
use super::{Change, Fault, MAX_IN_A_ROW, Outcome, Step, Stored, Upcasters, coded};
use crate::error::{Mark, code};
use crate::expr::eval::{Inputs, Seen, evaluate};
use crate::expr::ir::NodeId;
use crate::expr::meter::Meter;

/// The most events that one stored event may be split into.
const MAX_PARTS: usize = 1_000;

/// What has become of one event so far.
pub(super) struct Run<'r> {
    upcasters: &'r Upcasters,
    stored: &'r Stored<'r>,
    meter: &'r mut Meter,
    /// Types and payloads in order.
    pub made: Vec<(Vec<u8>, Value)>,
    /// How many steps led to the one that runs.
    depth: usize,
    /// Kept only where somebody looks: folding wants what was made alone.
    pub steps: Option<Vec<UpcastStep>>,
}

impl<'r> Run<'r> {
    pub fn new(
        upcasters: &'r Upcasters,
        stored: &'r Stored<'r>,
        meter: &'r mut Meter,
        steps: Option<Vec<UpcastStep>>,
    ) -> Run<'r> {
        Run {
            upcasters,
            stored,
            meter,
            made: Vec::new(),
            depth: 0,
            steps,
        }
    }

    /// Goes from step `first` of the event's type on.
    pub fn go(&mut self, event_type: &[u8], first: usize, payload: Value) -> Result<(), Fault> {
        let chain = self.upcasters.chains.get(event_type);
        match chain.and_then(|chain| chain.steps.get(first)) {
            Some(step) => self.step(event_type, step, payload),
            None => Ok(()),
        }
    }

    /// Recursion follows types and versions. Of rules the compiler has found that they hold no cycle; the types that code
    /// makes are known only here, so the steps in a row are counted.
    fn step(&mut self, event_type: &[u8], step: &Step, mut payload: Value) -> Result<(), Fault> {
        if self.meter.step().is_err() {
            let message = "the upcasters of this event took more steps than allowed; split it into fewer parts";
            return Err(self.upcasters.ir.fault_at(step.mark, code::LIMIT_STEPS, message));
        }
        if self.depth >= MAX_IN_A_ROW {
            let message = format!("the upcasters of this event are more than {MAX_IN_A_ROW} in a row; join some");
            return Err(self.upcasters.ir.fault_at(step.mark, code::LIMIT_STEPS, message));
        }
        let upcasters = self.upcasters;
        let ran = self.begin(|| UpcastStep {
            place: upcasters.ir.place(step.mark),
            event_type: event_type.to_vec(),
            from: step.from,
            to: step.to,
            before: payload.clone(),
            after: Vec::new(),
        });
        let mut meta = Vec::new();
        if !step.meta.is_empty() {
            step.meta.project_value(&(self.stored.whole_meta)(), &mut meta);
        }
        self.change(&mut payload, step, &meta)?;
        match &step.outcome {
            Outcome::Keep => {
                self.became(ran, event_type, &payload);
                self.onward(event_type, step.to, payload)
            }
            Outcome::Retype(new) => {
                self.became(ran, new, &payload);
                self.onward(new, step.to, payload)
            }
            Outcome::Split(parts) => {
                for part in parts {
                    let data = self.value(part.data, step, &payload, &meta)?;
                    self.became(ran, &part.event_type, &data);
                    self.onward(&part.event_type, step.to, data)?;
                }
                Ok(())
            }
            Outcome::Drop => Ok(()),
            Outcome::Code(function) => {
                let answer = function.make(self.stored, event_type, &payload)?;
                let Some(parts) = coded::parts_of(event_type, answer) else {
                    let message = "an upcaster gives the data of the next version, null, or a list of { type, data }";
                    return Err(self.upcasters.ir.fault_at(step.mark, code::HANDLER_TYPE, message));
                };
                for (event_type, data) in parts {
                    self.became(ran, &event_type, &data);
                    self.check_goes_on(&event_type, step)?;
                    self.onward(&event_type, step.to, data)?;
                }
                Ok(())
            }
        }
    }

    fn change(&mut self, payload: &mut Value, step: &Step, meta: &[Option<Value>]) -> Result<(), Fault> {
        for change in &step.changes {
            match change {
                Change::Rename { from, to } => {
                    if let Some(value) = taken(payload, from) {
                        put(payload, to, value);
                    }
                }
                Change::Default { path, value } => {
                    if found(payload, path).is_none() {
                        let value = self.value(*value, step, payload, meta)?;
                        put(payload, path, value);
                    }
                }
                Change::Set { path, value } => {
                    let value = self.value(*value, step, payload, meta)?;
                    put(payload, path, value);
                }
                Change::Remove { path } => drop(taken(payload, path)),
            }
        }
        Ok(())
    }

    /// What becomes of an event that a step made.
    fn onward(&mut self, event_type: &[u8], version: u32, payload: Value) -> Result<(), Fault> {
        let chain = self.upcasters.chains.get(event_type);
        let next = chain.and_then(|chain| chain.step_at(version).and_then(|at| chain.steps.get(at)));
        if let Some(step) = next {
            self.depth += 1;
            let stepped = self.step(event_type, step, payload);
            self.depth -= 1;
            return stepped;
        }
        if self.made.len() >= MAX_PARTS {
            let message = format!("one stored event was split into more than {MAX_PARTS}; split it into fewer");
            return Err(self.upcasters.ir.fault_at(Mark::START, code::LIMIT_OUTPUT, message));
        }
        self.made.push((event_type.to_vec(), payload));
        Ok(())
    }

    /// What the compiler finds of rules, for a type that code made: from the version that it has now, its own steps lead
    /// on to the one expected.
    fn check_goes_on(&self, event_type: &[u8], step: &Step) -> Result<(), Fault> {
        match self.upcasters.chains.get(event_type) {
            Some(chain) if step.to < chain.wanted && chain.step_at(step.to).is_none() => {
                let message = format!(
                    "this leads to version {} of {}, but no upcaster goes on from there to {}; add one",
                    step.to,
                    String::from_utf8_lossy(event_type),
                    chain.wanted
                );
                Err(self.upcasters.ir.fault_at(step.mark, code::UPCAST_GAP, message))
            }
            _ => Ok(()),
        }
    }

    fn value(&mut self, id: NodeId, step: &Step, payload: &Value, meta: &[Option<Value>]) -> Result<Value, Fault> {
        let mut data = Vec::new();
        step.data.project_value(payload, &mut data);
        let null = Value::Null;
        let inputs = Inputs {
            data: &data,
            meta,
            event: Some(self.stored.facts),
            state: &null,
            this: None,
        };
        evaluate(&self.upcasters.ir, id, &inputs, &mut Vec::new(), self.meter).map(Seen::into_value)
    }

    /// Notes that a step begins, and returns its place among those that ran.
    fn begin(&mut self, step: impl FnOnce() -> UpcastStep) -> usize {
        let Some(steps) = &mut self.steps else { return 0 };
        steps.push(step());
        steps.len() - 1
    }

    /// Notes what a step made.
    fn became(&mut self, ran: usize, event_type: &[u8], payload: &Value) {
        if let Some(step) = self.steps.as_mut().and_then(|steps| steps.get_mut(ran)) {
            step.after.push((event_type.to_vec(), payload.clone()));
        }
    }
}
