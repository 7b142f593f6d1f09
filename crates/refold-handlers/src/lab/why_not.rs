//! Why an event left a place of a state as it was: what the rules could have written there, and what kept each of them
//! from it.
//!
//! It must not know where states and events come from, nor what engine explains them.

#[cfg(test)]
mod tests;

use refold_core::pointer::Pointer;
use refold_core::port::explain::{Choice, Explained, Guard, Operation, OperationId, Outcome};
use refold_core::port::handler::HandlerFault;
use refold_core::track::Moment;
use refold_core::value::Value;

use super::why::Past;

/// What an event did not do to a place.
#[derive(Debug, Clone, PartialEq)]
pub struct WhyNot {
    pub moment: Moment,
    /// The types of the event as the rules got it.
    pub types: Vec<Vec<u8>>,
    pub is_upcast: bool,
    /// What is at the place before and after it.
    pub value: Option<Value>,
    /// The handler failed on the event, so that nothing of it counts.
    pub fault: Option<HandlerFault>,
    /// Its payload could not be read, so that it was not folded at all.
    pub is_unread: bool,
    /// The operations that could have written there; none: no rule for these types does.
    pub tried: Vec<Tried>,
}

/// An operation that could have changed the place.
#[derive(Debug, Clone, PartialEq)]
pub struct Tried {
    /// Which part of the event it is of, as a place in [`WhyNot::types`], and which of the rules for that.
    pub id: OperationId,
    pub place: String,
    pub does: &'static str,
    pub kept_by: KeptBy,
    /// The conditions on the way to it, outermost first; of those the last did not hold where one kept it.
    pub guards: Vec<Guard>,
}

/// What kept an operation from changing a place.
#[derive(Debug, Clone, PartialEq)]
pub enum KeptBy {
    /// The last of its conditions.
    Guard {
        /// What would be there had the conditions held, or why that cannot be told.
        otherwise: Result<Option<Value>, HandlerFault>,
    },
    /// It wrote at another place, which is this.
    Elsewhere(Pointer),
    /// It wrote there, and what it left is what was there.
    Equal,
    /// It wrote there, and another operation of the event put back what was there.
    Undone,
    /// It wrote there, and all that the event did was taken back: see [`WhyNot::fault`].
    Fault,
}

/// Asks of the event that led to `moment`, which must have been given to the handler: no event is once it failed on one.
/// `Ok(None)`: it did change the place. `Err(Ok(moment))`: the engine cannot tell
/// how it folded the event.
pub fn why_not<P: Past>(
    past: &mut P,
    path: &Pointer,
    moment: Moment,
) -> Result<Option<WhyNot>, Result<Moment, P::Error>> {
    let before = past.state_at(Moment(moment.0.saturating_sub(1))).map_err(Err)?;
    let after = past.state_at(moment).map_err(Err)?;
    let value = path.find(&before).cloned();
    if path.find(&after) != value.as_ref() {
        return Ok(None);
    }
    let explained = past.explain(moment, &before, Choice::AsFolded).map_err(Err)?;
    let explained = explained.ok_or(Ok(moment))?;
    let mut tried = Vec::new();
    for operation in &explained.operations {
        let kept_by = match &operation.outcome {
            Outcome::Left { .. } if operation.reaches(path) => {
                let also = past.explain(moment, &before, Choice::Also(operation.id)).map_err(Err)?;
                let also = also.ok_or(Ok(moment))?;
                KeptBy::Guard {
                    otherwise: otherwise(&also, operation, path),
                }
            }
            Outcome::Ran(ran) if operation.reaches(path) => match path.find(&ran.before) == path.find(&ran.after) {
                true => KeptBy::Equal,
                false if explained.fault.is_some() => KeptBy::Fault,
                false => KeptBy::Undone,
            },
            Outcome::Ran(ran) if operation.may_reach(path) => KeptBy::Elsewhere(ran.target.clone()),
            Outcome::Left { .. } | Outcome::Ran(_) => continue,
        };
        tried.push(Tried {
            id: operation.id,
            place: operation.place.clone(),
            does: operation.does,
            kept_by,
            guards: guards_of(&explained, operation),
        });
    }
    Ok(Some(WhyNot {
        moment,
        types: explained.types,
        is_upcast: explained.is_upcast,
        value,
        fault: explained.fault,
        is_unread: explained.is_unread,
        tried,
    }))
}

/// What an operation would have left at the place.
fn otherwise(also: &Explained, operation: &Operation, path: &Pointer) -> Result<Option<Value>, HandlerFault> {
    match &also.fault {
        Some(fault) => Err(fault.clone()),
        None => {
            let forced = also.operations.iter().find(|it| it.id == operation.id);
            let ran = forced.and_then(Operation::ran);
            Ok(ran.and_then(|ran| path.find(&ran.after)).cloned())
        }
    }
}

fn guards_of(explained: &Explained, operation: &Operation) -> Vec<Guard> {
    let guards = operation.guards.iter();
    guards
        .filter_map(|guard| explained.guards.get(*guard))
        .cloned()
        .collect()
}
