//! Why a place of a state has its value: the operations that made it, with what each of them read, and who made that.
//!
//! A dynamic slice, found backwards. What is asked for is a set of demands on the state after an operation; an operation
//! that changed none of them is passed by, one that did is a step of the answer, and what it read is demanded of the
//! state before it. Nothing can go in a circle: each demand is one on an earlier state. It must not know where states
//! and events come from, nor what engine explains them.

mod demand;
#[cfg(test)]
pub(crate) mod tests;

use std::collections::{BTreeMap, BTreeSet};

use refold_core::pointer::{Pointer, Segment};
use refold_core::port::explain::{Choice, Effect, Explained, Operation, OperationId, Ran, Read, Source};
use refold_core::track::Moment;
use refold_core::value::Value;

use demand::{Aspect, Demand, demands_on, moved, shifts, step_below};

/// The states of one stream, and how its events were folded.
pub trait Past {
    type Error;

    fn state_at(&mut self, moment: Moment) -> Result<Value, Self::Error>;

    /// How the event that led to `moment` is folded into the state `before`. `None`: the engine cannot tell.
    fn explain(&mut self, moment: Moment, before: &Value, choice: Choice<'_>)
    -> Result<Option<Explained>, Self::Error>;
}

/// What a place came from.
#[derive(Debug, Clone, PartialEq)]
pub struct Why {
    /// The latest first.
    pub steps: Vec<Step>,
    /// The last moments whose events are not among the steps although they belong there: the most steps were reached.
    pub cut_at: Option<Moment>,
    /// Whether something of it was there before the first event, or nothing ever wrote it.
    pub is_of_start: bool,
    /// Whether the steps alone, folded one after the other, give the same value. `None`: the steps are not all.
    pub is_confirmed: Option<bool>,
}

/// One operation that had a part in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    pub moment: Moment,
    /// The type of the event as the rules got it.
    pub event_type: Vec<u8>,
    /// Whether paths of the payload are those after upcasters.
    pub is_upcast: bool,
    pub id: OperationId,
    pub place: String,
    pub does: &'static str,
    pub target: Pointer,
    /// The value at the target.
    pub before: Option<Value>,
    pub after: Option<Value>,
    pub role: Role,
    /// Where the conditions are written that held on the way, outermost first.
    pub guards: Vec<String>,
    pub reads: Vec<Traced>,
}

/// What part an operation or a read has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// The value was made of it.
    Value,
    /// A condition hung on it.
    Guard,
    /// The place was found by it, or made by it.
    Place,
}

/// Something that was read, and who made it.
#[derive(Debug, Clone, PartialEq)]
pub struct Traced {
    pub read: Read,
    pub role: Role,
    /// The condition that read it, as a place in [`Step::guards`].
    pub guard: Option<usize>,
    /// Places in [`Why::steps`]; of a container several.
    pub made_by: Vec<usize>,
    /// It is as it was before the first event.
    pub is_of_start: bool,
}

/// Looks for what made `path` as it is at `at`. At most `most_events` events are named. `Err(Ok(moment))`: the engine
/// cannot tell how it folded the event that led there.
pub fn why<P: Past>(
    past: &mut P,
    path: &Pointer,
    at: Moment,
    most_events: usize,
) -> Result<Why, Result<Moment, P::Error>> {
    let mut slice = Slice::default();
    let asked = past.state_at(at).map_err(Err)?;
    slice.want(path, &asked, Role::Value, None);
    let goal: Vec<Demand> = slice.live.keys().cloned().collect();
    let (mut after, mut moment, mut events) = (asked.clone(), at, 0);
    let mut cut_at = None;
    while moment > Moment::START && !slice.live.is_empty() {
        let earlier = Moment(moment.0 - 1);
        let before = past.state_at(earlier).map_err(Err)?;
        if slice.is_touched(&before, &after) {
            if events == most_events {
                cut_at = Some(moment);
                break;
            }
            let explained = past.explain(moment, &before, Choice::AsFolded).map_err(Err)?;
            let explained = explained.filter(|explained| leads_to(explained, &after));
            let explained = explained.ok_or(Ok(moment))?;
            slice.go_back(moment, &explained);
            events += 1;
        }
        (after, moment) = (before, earlier);
    }
    if cut_at.is_none() {
        slice.end_at_start(&after);
    }
    let is_confirmed = match cut_at {
        Some(_) => None,
        None => Some(slice.gives(past, &goal, &asked).map_err(Err)?),
    };
    Ok(Why {
        steps: slice.steps,
        cut_at,
        is_of_start: slice.is_of_start,
        is_confirmed,
    })
}

/// Whether what is told is what was folded.
fn leads_to(explained: &Explained, after: &Value) -> bool {
    explained
        .ran()
        .next_back()
        .is_some_and(|(_, last)| last.after == *after)
}

#[derive(Default)]
struct Slice {
    live: BTreeMap<Demand, Wanted>,
    steps: Vec<Step>,
    is_of_start: bool,
}

/// Who demands something.
#[derive(Clone)]
struct Wanted {
    role: Role,
    readers: BTreeSet<Reader>,
    /// It is what was asked for.
    is_goal: bool,
}

/// A read of a step.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Reader {
    step: usize,
    read: usize,
}

/// Reads of one event that are demanded of the state after so many of its operations.
type Pending = Vec<Vec<(Pointer, Role, Option<Reader>)>>;

impl Slice {
    /// Demands what is at a place of `state`. `reader`: `None` for what was asked for.
    fn want(&mut self, path: &Pointer, state: &Value, role: Role, reader: Option<Reader>) {
        for demand in demands_on(path, state) {
            self.demand(demand, role, reader, reader.is_none() && role == Role::Value);
        }
    }

    fn demand(&mut self, demand: Demand, role: Role, reader: Option<Reader>, is_goal: bool) {
        let wanted = self.live.entry(demand).or_insert_with(|| Wanted {
            role,
            readers: BTreeSet::new(),
            is_goal: false,
        });
        wanted.role = wanted.role.min(role);
        wanted.readers.extend(reader);
        wanted.is_goal |= is_goal;
    }

    /// The same demand, or one that came of it, of an earlier state.
    fn demand_still(&mut self, demand: Demand, wanted: &Wanted) {
        let kept = self.live.entry(demand).or_insert_with(|| wanted.clone());
        kept.role = kept.role.min(wanted.role);
        kept.readers.extend(&wanted.readers);
        kept.is_goal |= wanted.is_goal;
    }

    fn is_touched(&self, before: &Value, after: &Value) -> bool {
        self.live.keys().any(|demand| !demand.is_same(before, after))
    }

    /// Goes back over one event, operation by operation.
    fn go_back(&mut self, moment: Moment, explained: &Explained) {
        let ran: Vec<(&Operation, &Ran)> = explained.ran().collect();
        let mut pending: Pending = vec![Vec::new(); ran.len() + 1];
        let Some((_, last)) = ran.last() else { return };
        let end = last.after.clone();
        for at in (0..ran.len()).rev() {
            let (operation, did) = ran[at]; // counted from its length
            self.come_to(
                &mut pending,
                at + 1,
                ran.get(at + 1).map_or(&end, |(_, next)| &next.before),
            );
            let hit: Vec<(Demand, Wanted)> = self.live.extract_if(.., |demand, _| is_hit(demand, did)).collect();
            if hit.is_empty() {
                continue;
            }
            self.step(moment, explained, (operation, did, at), &hit, &mut pending);
        }
        // There is a last one, so there is a first.
        self.come_to(&mut pending, 0, &ran[0].1.before);
    }

    /// Demands what was read when `count` operations had run.
    fn come_to(&mut self, pending: &mut Pending, count: usize, state: &Value) {
        let reads = pending.get_mut(count).map(std::mem::take).unwrap_or_default();
        for (path, role, reader) in reads {
            self.want(&path, state, role, reader);
        }
    }

    /// Adds an operation that changed what was demanded, and demands what it needed. `ran_before`: how many operations of
    /// its event ran before it.
    fn step(
        &mut self,
        moment: Moment,
        explained: &Explained,
        (operation, did, ran_before): (&Operation, &Ran, usize),
        hit: &[(Demand, Wanted)],
        pending: &mut Pending,
    ) {
        let step = self.steps.len();
        let role = hit.iter().map(|(_, wanted)| wanted.role).min().unwrap_or(Role::Place);
        for (_, wanted) in hit {
            for reader in &wanted.readers {
                if let Some(traced) = self
                    .steps
                    .get_mut(reader.step)
                    .and_then(|of| of.reads.get_mut(reader.read))
                    && traced.made_by.last() != Some(&step)
                {
                    traced.made_by.push(step);
                }
            }
        }
        let guards: Vec<_> = operation
            .guards
            .iter()
            .filter_map(|guard| explained.guards.get(*guard))
            .collect();
        let traced = |read: &Read, role, guard| Traced {
            read: read.clone(),
            role,
            guard,
            made_by: Vec::new(),
            is_of_start: false,
        };
        let mut reads: Vec<Traced> = did.reads.iter().map(|read| traced(read, Role::Value, None)).collect();
        if did.effect == Effect::Updates {
            let own = Read {
                of: Source::State(did.target.clone()),
                value: did.target.find(&did.before).cloned(),
                after_operations: ran_before,
            };
            reads.push(traced(&own, Role::Value, None));
        }
        reads.extend(did.place_reads.iter().map(|read| traced(read, Role::Place, None)));
        for (at, guard) in guards.iter().enumerate() {
            reads.extend(guard.reads.iter().map(|read| traced(read, Role::Guard, Some(at))));
        }
        for (read, of) in reads.iter().enumerate() {
            if let Source::State(path) = &of.read.of
                && let Some(pending) = pending.get_mut(of.read.after_operations)
            {
                pending.push((path.clone(), role.max(of.role), Some(Reader { step, read })));
            }
        }
        self.need_way(did);
        self.need_before(did, hit);
        self.steps.push(Step {
            moment,
            event_type: explained
                .types
                .get(operation.id.part as usize)
                .cloned()
                .unwrap_or_default(),
            is_upcast: explained.is_upcast,
            id: operation.id,
            place: operation.place.clone(),
            does: operation.does,
            before: did.target.find(&did.before).cloned(),
            after: did.target.find(&did.after).cloned(),
            target: did.target.clone(),
            role,
            guards: guards.into_iter().map(|guard| guard.place.clone()).collect(),
            reads,
        });
    }

    /// An operation finds its target through what is around it: nothing may stand in its way, and an element is counted
    /// from the beginning of its array.
    fn need_way(&mut self, did: &Ran) {
        let mut around = did.target.parent();
        while let Some(path) = around {
            let is_array = matches!(path.find(&did.before).map(Value::resolved), Some(Value::Array(_)));
            let aspect = if is_array { Aspect::Members } else { Aspect::Kind };
            self.demand(
                Demand {
                    path: path.clone(),
                    aspect,
                },
                Role::Place,
                None,
                false,
            );
            around = path.parent();
        }
    }

    /// What an operation's effect needed of the state before it, to make what was demanded.
    fn need_before(&mut self, did: &Ran, hit: &[(Demand, Wanted)]) {
        let target = &did.target;
        match did.effect {
            // What an update needs is among its reads.
            Effect::Replaces | Effect::Removes | Effect::Merges | Effect::Updates => {}
            Effect::Creates => self.want(target, &did.before, Role::Place, None),
            Effect::Clears | Effect::Appends | Effect::Prepends => {
                let members = Demand {
                    path: target.clone(),
                    aspect: Aspect::Members,
                };
                self.demand(members, Role::Place, None, false);
            }
        }
        for (demand, wanted) in hit {
            let is_above = demand.path != *target && demand.path.contains(target);
            if is_above {
                self.demand_still(demand.clone(), wanted);
                continue;
            }
            match did.effect {
                Effect::Replaces | Effect::Creates | Effect::Updates | Effect::Clears => {}
                Effect::Merges => {
                    // That nothing was there, so that nothing stayed, is needed too.
                    if demand.path == *target || demand.path.find(&did.before).is_some() {
                        self.demand_still(demand.clone(), wanted);
                    }
                }
                Effect::Appends if demand.path == *target => self.demand_still(demand.clone(), wanted),
                Effect::Appends => {}
                Effect::Prepends if demand.path == *target => self.demand_still(demand.clone(), wanted),
                Effect::Prepends => match step_below(target, &demand.path) {
                    Some(0) | None => {}
                    Some(index) => self.demand_still(moved(demand, target, index - 1), wanted),
                },
                Effect::Removes => {
                    let Some(array) = target.parent() else { continue };
                    let Some(Segment::Index(removed)) = target.last() else {
                        continue;
                    };
                    let is_array = matches!(array.find(&did.before).map(Value::resolved), Some(Value::Array(_)));
                    match step_below(array, &demand.path) {
                        Some(index) if is_array && index >= *removed => {
                            self.demand_still(moved(demand, array, index + 1), wanted)
                        }
                        _ => {} // it is gone, whatever it was
                    }
                }
            }
        }
    }

    /// A value that is still demanded before the first event was always so.
    fn end_at_start(&mut self, start: &Value) {
        for (demand, wanted) in std::mem::take(&mut self.live) {
            if demand.aspect != Aspect::Value {
                continue; // which members there are says nothing of what they are
            }
            self.is_of_start |= wanted.is_goal && demand.path.find(start).is_some_and(|value| !value.is_null());
            for reader in wanted.readers {
                if let Some(traced) = self
                    .steps
                    .get_mut(reader.step)
                    .and_then(|of| of.reads.get_mut(reader.read))
                {
                    traced.is_of_start = true;
                }
            }
        }
    }

    /// Whether the steps alone give what was asked for.
    fn gives<P: Past>(&self, past: &mut P, goal: &[Demand], asked: &Value) -> Result<bool, P::Error> {
        let mut by_moment: BTreeMap<Moment, BTreeSet<OperationId>> = BTreeMap::new();
        for step in &self.steps {
            by_moment.entry(step.moment).or_default().insert(step.id);
        }
        let mut state = past.state_at(Moment::START)?;
        for (moment, ids) in by_moment {
            let explained = past.explain(moment, &state, Choice::Only(&ids))?;
            let Some(explained) = explained.filter(|explained| explained.fault.is_none()) else {
                return Ok(false);
            };
            if let Some((_, last)) = explained.ran().next_back() {
                state = last.after.clone();
            }
        }
        Ok(goal.iter().all(|demand| demand.is_same(&state, asked)))
    }
}

/// Whether an operation changed what is demanded, or moved it to where it is.
fn is_hit(demand: &Demand, did: &Ran) -> bool {
    !demand.is_same(&did.before, &did.after) || shifts(did, &demand.path)
}
