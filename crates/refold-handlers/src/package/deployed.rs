//! A package as it was deployed: after each event the state of the version that was live then.
//!
//! A version that refolds has folded every event since the first, so each of these folds all of them beside the others; one
//! that carries on begins with the state that the version before it had. It must not know where dates come from but the
//! manifest.

use std::sync::Arc;

use refold_core::event::{Columns, EventView};
use refold_core::names::Names;
use refold_core::pointer::Pointer;
use refold_core::port::handler::{
    Applied, Checkpoint, HandlerFault, HandlerIdentity, HandlerInstance, HandlerProgram, Untold, Written,
};
use refold_core::port::upcast::{Upcast, UpcasterStep};
use refold_core::time::Timestamp;
use refold_core::value::Value;

use super::manifest::Deploy;
use super::{Package, hash};
use crate::error::PackageError;
use crate::expr::meter::measured;

use spans::{Span, spans_of};

mod spans;
#[cfg(test)]
mod tests;

/// What stands in the place of a version to mean the one that was live; with an environment after a colon.
pub const AS_DEPLOYED: &str = "as-deployed";

/// See the module.
pub struct Deployed {
    plan: Arc<Plan>,
    identity: HandlerIdentity,
}

/// Which version was live when.
struct Plan {
    versions: Vec<Arc<dyn HandlerProgram>>,
    /// In order, none over another.
    spans: Vec<Span>,
    /// Whether their ends are positions; else they are recorded times.
    is_by_position: bool,
}

/// The environment that a version's name asks the deployments of; `None`: it names a version.
pub fn environment_of(version: &str) -> Option<Option<&str>> {
    let rest = version.strip_prefix(AS_DEPLOYED)?;
    if rest.is_empty() {
        return Some(None);
    }
    rest.strip_prefix(':').map(Some)
}

impl Deployed {
    /// Compiles the versions of a package that were ever live in an environment: those that say nothing of it count by
    /// what they say for all.
    pub fn open(package: &Package, environment: Option<&str>) -> Result<Deployed, PackageError> {
        let (mut spans, is_by_position) = spans_of(package, environment)?;
        let mut versions = Vec::new();
        let mut text = String::new();
        for (at, version) in package.manifest.versions.iter().enumerate() {
            if !spans.iter().any(|span| span.version == at) {
                continue;
            }
            let program = package.compile(version)?.program();
            for span in spans.iter_mut().filter(|span| span.version == at) {
                let identity = program.identity();
                text.push_str(&format!(
                    "{} {} {:?} {}\n",
                    span.from, span.to, span.deploy, identity.hash
                ));
            }
            versions.push((at, program));
        }
        for span in &mut spans {
            span.version = versions
                .iter()
                .position(|(at, _)| *at == span.version)
                .unwrap_or_default();
        }
        let engines: Vec<&str> = versions
            .iter()
            .map(|(_, program)| program.identity().engine.as_str())
            .collect();
        let engine = engines
            .first()
            .filter(|first| engines.iter().all(|engine| engine == *first));
        let identity = HandlerIdentity {
            name: package.manifest.name.clone(),
            version: match environment {
                None => AS_DEPLOYED.to_owned(),
                Some(environment) => format!("{AS_DEPLOYED}:{environment}"),
            },
            hash: hash::of_bytes(text.as_bytes()),
            engine: engine.map_or("mixed", |engine| *engine).to_owned(),
        };
        let plan = Plan {
            versions: versions.into_iter().map(|(_, program)| program).collect(),
            spans,
            is_by_position,
        };
        Ok(Deployed {
            plan: Arc::new(plan),
            identity,
        })
    }

    /// The id of the version whose fold of all events was what was believed at a time, also where no event came since it
    /// was deployed. `None`: no version was live then, it carries the state of another on, or the manifest has positions.
    pub fn believed_at(&self, time: Timestamp) -> Option<&str> {
        let span = self
            .plan
            .spans
            .iter()
            .rfind(|span| span.from <= time.0 && time.0 < span.to)?;
        let is_plain = !self.plan.is_by_position && span.deploy != Deploy::Carry;
        let program = self.plan.versions.get(span.version).filter(|_| is_plain)?;
        Some(&program.identity().version)
    }
}

impl Plan {
    /// Where an event stands on the line of the spans; `None`: it has no time.
    fn place(&self, event: &EventView<'_>) -> Option<i64> {
        if self.is_by_position {
            return Some(event.position.0);
        }
        Some(event.recorded_at)
            .filter(|time| !time.is_none())
            .map(|time| time.0)
    }
}

impl HandlerProgram for Deployed {
    fn identity(&self) -> &HandlerIdentity {
        &self.identity
    }

    fn start(&self) -> Box<dyn HandlerInstance> {
        let spans = &self.plan.spans;
        let folds_all = |version: usize| {
            spans
                .iter()
                .any(|of| of.version == version && of.deploy != Deploy::Carry)
        };
        let whole = self.plan.versions.iter().enumerate().map(|(version, program)| {
            folds_all(version).then(|| Whole {
                instance: program.start(),
                fault: None,
            })
        });
        Box::new(DeployedInstance {
            whole: whole.collect(),
            plan: Arc::clone(&self.plan),
            begun: 0,
            is_live: false,
            carried: None,
        })
    }

    fn columns(&self) -> Columns {
        let all = self.plan.versions.iter().map(|program| program.columns());
        all.fold(Columns::PAYLOAD, |all, columns| Columns {
            payload: all.payload || columns.payload,
            metadata: all.metadata || columns.metadata,
            envelope: all.envelope || columns.envelope,
            row: false,
        })
    }

    fn array_keys(&self) -> &[(String, String)] {
        self.plan.versions.last().map_or(&[], |newest| newest.array_keys())
    }

    fn upcast(&self, event: &EventView<'_>, names: &Names) -> Option<Upcast> {
        let place = self.plan.place(event)?;
        let span = self
            .plan
            .spans
            .iter()
            .rfind(|span| span.from <= place && place < span.to)?;
        self.plan.versions.get(span.version)?.upcast(event, names)
    }

    fn upcasters(&self) -> Vec<UpcasterStep> {
        let mut steps: Vec<_> = self.plan.versions.iter().flat_map(|it| it.upcasters()).collect();
        steps.sort_unstable();
        steps.dedup();
        steps
    }
}

/// A version that folds every event.
struct Whole {
    instance: Box<dyn HandlerInstance>,
    fault: Option<HandlerFault>,
}

struct DeployedInstance {
    plan: Arc<Plan>,
    /// How many spans have begun: the last of them is at hand. A clock that runs backwards ends none.
    begun: usize,
    is_live: bool,
    /// By version.
    whole: Vec<Option<Whole>>,
    /// The version of the span at hand, where it carries on.
    carried: Option<Box<dyn HandlerInstance>>,
}

struct Kept {
    begun: usize,
    is_live: bool,
    whole: Vec<Option<(Checkpoint, Option<HandlerFault>)>>,
    carried: Option<Checkpoint>,
}

impl DeployedInstance {
    /// The span at hand.
    fn span(&self) -> Option<Span> {
        self.begun
            .checked_sub(1)
            .and_then(|last| self.plan.spans.get(last))
            .copied()
    }

    /// The instance whose state is the answer; `None`: no version was live.
    fn live(&mut self) -> Option<&mut Box<dyn HandlerInstance>> {
        if !self.is_live {
            return None;
        }
        let version = self.span()?.version;
        match &mut self.carried {
            Some(carried) => Some(carried),
            None => self.whole.get_mut(version)?.as_mut().map(|whole| &mut whole.instance),
        }
    }

    /// Goes on to the span that an event is in. `true`: another one than before.
    fn enter(&mut self, event: &EventView<'_>) -> Result<bool, HandlerFault> {
        let Some(place) = self.plan.place(event) else {
            return Ok(false);
        };
        let (begun, was_live) = (self.begun, self.is_live);
        while let Some(span) = self
            .plan
            .spans
            .get(self.begun)
            .copied()
            .filter(|span| span.from <= place)
        {
            let carried = match span.deploy {
                Deploy::Carry => Some(self.carry_on(span.version)?),
                Deploy::Refold | Deploy::Rebuild => None,
            };
            self.carried = carried;
            self.begun += 1;
            self.is_live = true;
        }
        self.is_live = self.span().is_some_and(|span| place < span.to);
        Ok((begun, was_live) != (self.begun, self.is_live))
    }

    /// The next version, with the state of the one at hand.
    fn carry_on(&mut self, version: usize) -> Result<Box<dyn HandlerInstance>, HandlerFault> {
        let state = self.live().map(|live| live.state()).transpose()?.unwrap_or_default();
        let plan = Arc::clone(&self.plan);
        let Some(program) = plan.versions.get(version) else {
            return Err(crate::lab::foreign_checkpoint());
        };
        let mut next = program.start();
        let json_bytes = measured(&state, usize::MAX, usize::MAX).unwrap_or(usize::MAX);
        next.restore(&Checkpoint::State { state, json_bytes })?;
        Ok(next)
    }

    fn fold(&mut self, event: &EventView<'_>, names: &Names, written: &mut Written) -> Result<Applied, HandlerFault> {
        let is_other = self.enter(event)?;
        let is_carried = self.carried.is_some();
        let live = self
            .span()
            .filter(|_| self.is_live && !is_carried)
            .map(|span| span.version);
        let mut outcome = Applied::Ignored;
        for (version, whole) in self.whole.iter_mut().enumerate() {
            let Some(whole) = whole else { continue };
            let is_live = live == Some(version);
            if whole.fault.is_none() {
                let mut off = Written::off();
                let written = if is_live { &mut *written } else { &mut off };
                match whole.instance.apply(event, names, written) {
                    Ok(applied) if is_live => outcome = applied,
                    Ok(_) => {}
                    Err(fault) if fault.is_cancelled() => return Err(fault),
                    Err(fault) => whole.fault = Some(fault),
                }
            }
            if let Some(fault) = whole.fault.as_ref().filter(|_| is_live) {
                return Err(fault.clone());
            }
        }
        if let Some(carried) = self.carried.as_mut().filter(|_| self.is_live) {
            outcome = carried.apply(event, names, written)?;
        }
        if is_other {
            // It is the state of another version now, or none.
            written.record(|| Pointer::ROOT);
            if outcome == Applied::Ignored {
                outcome = Applied::Folded;
            }
        }
        Ok(outcome)
    }
}

impl HandlerInstance for DeployedInstance {
    fn reset(&mut self) {
        for whole in self.whole.iter_mut().flatten() {
            whole.instance.reset();
            whole.fault = None;
        }
        (self.begun, self.is_live, self.carried) = (0, false, None);
    }

    fn apply(&mut self, event: &EventView<'_>, names: &Names, written: &mut Written) -> Result<Applied, HandlerFault> {
        let (begun, is_live) = (self.begun, self.is_live);
        let applied = self.fold(event, names, written);
        if applied.is_err() && self.carried.is_none() {
            // The state is what it was before the event.
            (self.begun, self.is_live) = (begun, is_live);
        }
        applied
    }

    fn repeated_keys(&self) -> &[Pointer] {
        let Some(span) = self.span().filter(|_| self.is_live) else {
            return &[];
        };
        match &self.carried {
            Some(carried) => carried.repeated_keys(),
            None => match self.whole.get(span.version) {
                Some(Some(whole)) => whole.instance.repeated_keys(),
                _ => &[],
            },
        }
    }

    fn state(&mut self) -> Result<Value, HandlerFault> {
        self.live().map_or(Ok(Value::Null), |live| live.state())
    }

    fn tells_late(&self) -> bool {
        true
    }

    fn is_told(&self) -> bool {
        let whole = self.whole.iter().flatten().map(|whole| &whole.instance);
        whole.chain(&self.carried).all(|instance| instance.is_told())
    }

    fn take_untold(&mut self) -> Option<Untold> {
        self.live()?.take_untold()
    }

    fn checkpoint(&mut self) -> Result<Checkpoint, HandlerFault> {
        let mut whole = Vec::new();
        for of in &mut self.whole {
            let kept = of
                .as_mut()
                .map(|of| Ok::<_, HandlerFault>((of.instance.checkpoint()?, of.fault.clone())));
            whole.push(kept.transpose()?);
        }
        let kept = Kept {
            begun: self.begun,
            is_live: self.is_live,
            whole,
            carried: self.carried.as_mut().map(|carried| carried.checkpoint()).transpose()?,
        };
        let all = kept
            .whole
            .iter()
            .flatten()
            .map(|(checkpoint, _)| checkpoint)
            .chain(&kept.carried);
        let byte_count = all.map(byte_count).sum();
        Ok(Checkpoint::Opaque {
            body: Arc::new(kept),
            byte_count,
        })
    }

    fn restore(&mut self, checkpoint: &Checkpoint) -> Result<(), HandlerFault> {
        let Checkpoint::Opaque { body, .. } = checkpoint else {
            return Err(crate::lab::foreign_checkpoint());
        };
        let Some(kept) = body
            .downcast_ref::<Kept>()
            .filter(|kept| kept.whole.len() == self.whole.len())
        else {
            return Err(crate::lab::foreign_checkpoint());
        };
        for (of, kept) in self.whole.iter_mut().zip(&kept.whole) {
            if let (Some(of), Some((checkpoint, fault))) = (of, kept) {
                of.instance.restore(checkpoint)?;
                of.fault.clone_from(fault);
            }
        }
        (self.begun, self.is_live, self.carried) = (kept.begun, kept.is_live, None);
        if let Some(checkpoint) = &kept.carried {
            let version = self.span().map_or(0, |span| span.version);
            let program = self
                .plan
                .versions
                .get(version)
                .ok_or_else(crate::lab::foreign_checkpoint)?;
            let mut carried = program.start();
            carried.restore(checkpoint)?;
            self.carried = Some(carried);
        }
        Ok(())
    }
}

fn byte_count(checkpoint: &Checkpoint) -> usize {
    match checkpoint {
        Checkpoint::State { json_bytes, .. } => *json_bytes,
        Checkpoint::Opaque { byte_count, .. } => *byte_count,
    }
}
