//! Upcasters: a stored event of an old schema version becomes none, one or several of the version the rules expect.
//!
//! Only payload and type change; ids, times and positions stay those of the record. A chain is checked when it is
//! compiled, so that no event can run into a gap between its steps or around in a cycle. A step is rules in a file, or a
//! function of a handler in code ([`coded`]). It must not know the reducer.

mod coded;
mod compile;
mod places;
mod plan;
mod run;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use refold_core::port::handler::HandlerFault;
use refold_core::port::upcast::{Upcast, UpcasterStep};
use refold_core::value::{Text, Value};

pub use coded::{Coded, CodedStep, of_code, steps_of};
pub use compile::compile;
pub use plan::Plan;

use self::run::Run;
use crate::error::{Mark, code};
use crate::expr::eval::{EventFacts, Inputs, evaluate, evaluate_condition};
use crate::expr::ir::{Ir, NodeId};
use crate::expr::meter::Meter;
use crate::expr::number;
use crate::expr::scope::EventNeeds;
use crate::project::Projection;

/// The most steps in a row: each is a frame of the native stack.
const MAX_IN_A_ROW: usize = 256;

/// The version of a stored event that says none.
const UNVERSIONED: u32 = 1;

/// All upcasters of a package, by the event type they begin at.
#[derive(Debug)]
pub struct Upcasters {
    ir: Ir,
    chains: BTreeMap<Vec<u8>, Arc<Chain>>,
    strips_suffix: bool,
}

/// The steps of one event type.
#[derive(Debug)]
struct Chain {
    /// The version that the rules expect.
    wanted: u32,
    /// The manifest says `wanted`; an event of a later version is then a fault.
    is_declared: bool,
    /// Ascending by `from`.
    steps: Vec<Step>,
    finders: Vec<Finder>,
    /// What finding the version reads.
    seed: EventNeeds,
    locals: usize,
}

/// How the schema version of a stored event is found.
#[derive(Debug, Clone, Copy)]
enum Finder {
    /// The store's own schema version.
    Column,
    Expression(NodeId),
}

#[derive(Debug)]
struct Step {
    mark: Mark,
    from: u32,
    to: u32,
    /// A shape: the step begins where it holds, whatever the version.
    shape: Option<NodeId>,
    changes: Vec<Change>,
    outcome: Outcome,
    /// What the expressions of the changes and parts read.
    data: Projection,
    meta: Projection,
}

#[derive(Debug, Clone)]
enum Change {
    Rename { from: Vec<Text>, to: Vec<Text> },
    Default { path: Vec<Text>, value: NodeId },
    Set { path: Vec<Text>, value: NodeId },
    Remove { path: Vec<Text> },
}

#[derive(Debug)]
enum Outcome {
    Keep,
    Retype(Vec<u8>),
    Split(Vec<Part>),
    Drop,
    /// A function of the handler says it.
    Code(Arc<dyn Coded>),
}

impl Outcome {
    /// Whether the step leads to another version of the same type, as far as is known before it runs.
    fn is_of_version(&self) -> bool {
        matches!(self, Outcome::Keep | Outcome::Code(_))
    }
}

#[derive(Debug)]
struct Part {
    event_type: Vec<u8>,
    data: NodeId,
}

/// Where events of a stored type go.
#[derive(Debug, Clone, Default)]
pub struct Route {
    /// The type without its version suffix, when it had one.
    base: Option<Box<[u8]>>,
    version: Option<u32>,
    chain: Option<Arc<Chain>>,
}

impl Route {
    pub fn event_type<'a>(&'a self, stored: &'a [u8]) -> &'a [u8] {
        self.base.as_deref().unwrap_or(stored)
    }

    pub fn has_chain(&self) -> bool {
        self.chain.is_some()
    }
}

impl Chain {
    /// The step that an event of this version takes; none when it is as the rules expect it.
    fn step_at(&self, version: u32) -> Option<usize> {
        self.steps
            .iter()
            .position(|step| step.from == version && (version < self.wanted || !step.outcome.is_of_version()))
    }
}

/// What an upcaster can see of an event.
pub struct Stored<'v> {
    pub data: &'v [Option<Value>],
    pub meta: &'v [Option<Value>],
    /// The whole metadata, for what the expressions of steps read; asked only then.
    pub whole_meta: &'v dyn Fn() -> Value,
    pub facts: EventFacts<'v>,
}

type Fault = Box<HandlerFault>;

impl Default for Upcasters {
    fn default() -> Upcasters {
        Upcasters {
            ir: Ir::new(&"".into(), false),
            chains: BTreeMap::new(),
            strips_suffix: false,
        }
    }
}

impl Upcasters {
    pub fn route(&self, stored: &[u8]) -> Route {
        let split = if self.strips_suffix {
            without_suffix(stored)
        } else {
            None
        };
        let (base, version) = match split {
            Some((base, version)) => (Some(base.into()), Some(version)),
            None => (None, None),
        };
        let chain = self.chains.get(base.as_deref().unwrap_or(stored)).map(Arc::clone);
        Route { base, version, chain }
    }

    pub fn is_empty(&self) -> bool {
        self.chains.is_empty()
    }

    /// Event types with steps, and what finding their version reads.
    pub fn seeds(&self) -> impl Iterator<Item = (&[u8], &EventNeeds)> {
        self.chains
            .iter()
            .map(|(event_type, chain)| (event_type.as_slice(), &chain.seed))
    }

    /// All steps, by type and version.
    pub fn steps(&self) -> Vec<UpcasterStep> {
        let of_type = |(event_type, chain): (&Vec<u8>, &Arc<Chain>)| {
            let step = |step: &Step| UpcasterStep {
                place: self.ir.place(step.mark),
                event_type: event_type.clone(),
                from: step.from,
                to: step.to,
            };
            chain.steps.iter().map(step).collect::<Vec<_>>()
        };
        self.chains.iter().flat_map(of_type).collect()
    }

    /// Whether finding a version needs the store's schema version.
    pub fn needs_column(&self) -> bool {
        self.chains.values().any(|chain| {
            chain.finders.iter().any(|finder| matches!(finder, Finder::Column))
                && chain.steps.iter().any(|step| step.shape.is_none())
        })
    }

    /// Whether an expression of a step reads metadata.
    pub fn needs_meta(&self) -> bool {
        self.chains
            .values()
            .any(|chain| !chain.seed.meta.is_empty() || chain.steps.iter().any(|step| !step.meta.is_empty()))
    }

    /// The plans of a type by step, for a reducer that reads `paths`; `None` where only the whole payload will do. Adds
    /// to `paths` what the plans read in old payloads.
    pub fn plans(&self, event_type: &[u8], paths: &mut Vec<Vec<Text>>) -> Vec<Option<Plan>> {
        let needed = paths.len();
        self.chains.get(event_type).map_or_else(Vec::new, |chain| {
            (0..chain.steps.len())
                .map(|first| plan::plan(&self.ir, chain, first, needed, paths))
                .collect()
        })
    }

    /// The step that the event begins at; `None` when it has the expected version. `stored` has the slots of the seed.
    /// What `locals` hold is lost.
    pub fn first_step(
        &self,
        event_type: &[u8],
        route: &Route,
        stored: &Stored<'_>,
        locals: &mut Vec<Value>,
        meter: &mut Meter,
    ) -> Result<Option<usize>, Fault> {
        let Some(chain) = &route.chain else {
            return Ok(None);
        };
        let null = Value::Null;
        let inputs = Inputs {
            data: stored.data,
            meta: stored.meta,
            event: Some(stored.facts),
            state: &null,
            this: None,
        };
        if chain.locals > 0 {
            locals.clear();
            locals.resize(chain.locals, Value::Null);
        }
        for (at, step) in chain.steps.iter().enumerate() {
            if let Some(shape) = step.shape
                && evaluate_condition(&self.ir, shape, &inputs, locals, meter)?
            {
                return Ok(Some(at));
            }
        }
        if chain.steps.iter().all(|step| step.shape.is_some()) {
            return Ok(None);
        }
        let mut version = route.version;
        for finder in &chain.finders {
            if version.is_some() {
                break;
            }
            version = match finder {
                Finder::Column => stored.facts.view.schema_version.and_then(version_from_text),
                Finder::Expression(node) => {
                    let found = evaluate(&self.ir, *node, &inputs, locals, meter)?;
                    match found.get() {
                        Value::Number(number) => number::index(number).and_then(|version| u32::try_from(version).ok()),
                        Value::Text(text) => version_from_text(text.as_wtf8()),
                        _ => None,
                    }
                }
            };
        }
        let version = version.unwrap_or(UNVERSIONED);
        if let Some(found) = chain.step_at(version) {
            return Ok(Some(found));
        }
        if version == chain.wanted || (version > chain.wanted && !chain.is_declared) {
            return Ok(None);
        }
        Err({
            let mark = chain.steps.first().map_or(Mark::START, |step| step.mark);
            let message = format!(
                "no upcaster takes an event of type {} from its version to {}; add one, or correct `events` in the manifest",
                String::from_utf8_lossy(event_type),
                chain.wanted
            );
            self.ir.fault_at(mark, code::UPCAST_GAP, message)
        })
    }

    /// What the event becomes, step by step from `first` on: types and payloads in order.
    pub fn run(
        &self,
        event_type: &[u8],
        first: usize,
        payload: Value,
        stored: &Stored<'_>,
        meter: &mut Meter,
    ) -> Result<Vec<(Vec<u8>, Value)>, Fault> {
        let mut run = Run::new(self, stored, meter, None);
        run.go(event_type, first, payload)?;
        Ok(run.made)
    }

    /// The same, with each step that ran, also those before a fault.
    pub fn trace(
        &self,
        event_type: &[u8],
        first: usize,
        payload: Value,
        stored: &Stored<'_>,
        meter: &mut Meter,
    ) -> Upcast {
        let mut run = Run::new(self, stored, meter, Some(Vec::new()));
        let outcome = run.go(event_type, first, payload);
        Upcast {
            steps: run.steps.unwrap_or_default(),
            made: if outcome.is_ok() { run.made } else { Vec::new() },
            fault: outcome.err().map(|fault| *fault),
        }
    }

    /// The types that events of a stored type may have when the rules get them, in order.
    pub fn types_made(&self, stored: &[u8]) -> BTreeSet<Vec<u8>> {
        let route = self.route(stored);
        let mut types = BTreeSet::from([route.event_type(stored).to_vec()]);
        let mut left: Vec<Vec<u8>> = types.iter().cloned().collect();
        while let Some(chain) = left.pop().map(|event_type| self.chains.get(&event_type)) {
            for step in chain.iter().flat_map(|chain| &chain.steps) {
                let made: Vec<&Vec<u8>> = match &step.outcome {
                    Outcome::Retype(event_type) => vec![event_type],
                    Outcome::Split(parts) => parts.iter().map(|part| &part.event_type).collect(),
                    // What code makes is known only of an event.
                    Outcome::Keep | Outcome::Drop | Outcome::Code(_) => Vec::new(),
                };
                left.extend(made.into_iter().filter(|it| types.insert((*it).clone())).cloned());
            }
        }
        types
    }

    /// Whether a step on the way of events of a stored type drops them.
    pub fn may_drop(&self, stored: &[u8]) -> bool {
        self.has_step(stored, |step| matches!(step.outcome, Outcome::Drop))
    }

    /// Whether a step on the way of events of a stored type is a function of the handler.
    pub fn has_code(&self, stored: &[u8]) -> bool {
        self.has_step(stored, |step| matches!(step.outcome, Outcome::Code(_)))
    }

    /// Whether a step on the way of events of a stored type is only for those of a shape.
    pub fn has_shape(&self, stored: &[u8]) -> bool {
        self.has_step(stored, |step| step.shape.is_some())
    }

    fn has_step(&self, stored: &[u8], is_it: impl Fn(&Step) -> bool) -> bool {
        let types = self.types_made(stored);
        let chains = types.iter().filter_map(|event_type| self.chains.get(event_type));
        let mut steps = chains.flat_map(|chain| &chain.steps);
        steps.any(is_it)
    }
}

/// `OrderPlaced.v2` and `OrderPlaced_v2` are `OrderPlaced` of version 2.
fn without_suffix(stored: &[u8]) -> Option<(&[u8], u32)> {
    let digits = stored.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let (name, version) = stored.split_at_checked(stored.len() - digits)?;
    let base = name
        .strip_suffix(b".v")
        .or_else(|| name.strip_suffix(b"_v"))
        .filter(|base| !base.is_empty())?;
    Some((base, version_from_text(version)?))
}

/// A schema version as stores write it: `2`, `2.0`, `v2`. Its first number counts.
fn version_from_text(text: &[u8]) -> Option<u32> {
    let text = std::str::from_utf8(text).ok()?.trim();
    let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
    let digits = text.split_once('.').map_or(text, |(first, _)| first);
    digits.parse().ok()
}
