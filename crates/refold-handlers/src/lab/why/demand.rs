//! What can be demanded of a state: that a place has a value, or that a container has its members.

use refold_core::pointer::{Pointer, Segment};
use refold_core::port::explain::{Effect, Ran};
use refold_core::value::{Array, Object, Value};

/// A container with more leaves is demanded whole: every operation on it counts.
const MOST_LEAVES: usize = 300;

/// Something that a state is to be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Demand {
    pub path: Pointer,
    pub aspect: Aspect,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Aspect {
    /// The value at the path, or that there is none.
    Value,
    /// Which members an object has, or how many elements an array.
    Members,
    /// Whether a member can be written in it.
    Kind,
}

/// What of a container can be written to.
#[derive(PartialEq, Eq)]
enum Kind {
    /// Nothing, null or an object: a member can be written.
    Open,
    Array,
    Blocked,
}

impl Demand {
    /// Whether two states are alike in what is demanded.
    pub fn is_same(&self, left: &Value, right: &Value) -> bool {
        let (left, right) = (self.path.find(left), self.path.find(right));
        match self.aspect {
            Aspect::Value => left == right,
            Aspect::Kind => kind(left) == kind(right),
            Aspect::Members => match (left.map(Value::resolved), right.map(Value::resolved)) {
                (Some(Value::Array(left)), Some(Value::Array(right))) => left.len() == right.len(),
                (Some(Value::Object(left)), Some(Value::Object(right))) => has_same_keys(left, right),
                (Some(Value::Object(_)), _) | (_, Some(Value::Object(_))) => false,
                (left, right) => kind(left) == kind(right) && left.is_none() == right.is_none(),
            },
        }
    }
}

/// What a reader of the place demands: of a container, each leaf in it and which members there are.
pub(super) fn demands_on(path: &Pointer, state: &Value) -> Vec<Demand> {
    let mut demands = Vec::new();
    let whole = Demand {
        path: path.clone(),
        aspect: Aspect::Value,
    };
    match path.find(state) {
        Some(value) if collect(path, value, &mut demands) => demands,
        _ => vec![whole],
    }
}

/// `false`: there are too many.
fn collect(path: &Pointer, value: &Value, demands: &mut Vec<Demand>) -> bool {
    if demands.len() > MOST_LEAVES {
        return false;
    }
    let mut demand = |aspect| {
        demands.push(Demand {
            path: path.clone(),
            aspect,
        });
    };
    match value.resolved() {
        Value::Object(members) if !members.is_empty() => {
            demand(Aspect::Members);
            let mut members = members.iter();
            members.all(|(key, member)| collect(&path.push_key(key), member, demands))
        }
        Value::Array(values) if !values.is_empty() => {
            demand(Aspect::Members);
            let mut values = values.iter().enumerate();
            values.all(|(at, element)| collect(&path.push_index(at), element, demands))
        }
        _ => {
            demand(Aspect::Value);
            true
        }
    }
}

/// Whether an operation moved what is at `path` to there from another index of its array.
pub(super) fn shifts(did: &Ran, path: &Pointer) -> bool {
    let changed_array = |at: &Pointer| -> bool {
        let length = |state| match at.find(state).map(Value::resolved) {
            Some(Value::Array(values)) => Some(Array::len(values)),
            _ => None,
        };
        length(&did.before).is_some_and(|before| length(&did.after) != Some(before))
    };
    match did.effect {
        Effect::Prepends | Effect::Updates => step_below(&did.target, path).is_some() && changed_array(&did.target),
        Effect::Removes => did.target.parent().is_some_and(|array| {
            let Some(Segment::Index(removed)) = did.target.last() else {
                return false;
            };
            step_below(array, path).is_some_and(|index| index >= *removed) && changed_array(array)
        }),
        Effect::Replaces | Effect::Creates | Effect::Clears | Effect::Appends | Effect::Merges => false,
    }
}

/// The index by which `path` goes into the array.
pub(super) fn step_below(array: &Pointer, path: &Pointer) -> Option<u32> {
    if array == path || !array.contains(path) {
        return None;
    }
    match path.segments().get(array.depth()) {
        Some(Segment::Index(index)) => Some(*index),
        _ => None,
    }
}

/// The demand on the same element at another index.
pub(super) fn moved(demand: &Demand, array: &Pointer, index: u32) -> Demand {
    let rest = demand.path.segments().into_iter().skip(array.depth() + 1);
    Demand {
        path: rest.fold(array.push(Segment::Index(index)), |path, segment| {
            path.push(segment.clone())
        }),
        aspect: demand.aspect,
    }
}

fn kind(value: Option<&Value>) -> Kind {
    match value.map(Value::resolved) {
        None | Some(Value::Null | Value::Object(_)) => Kind::Open,
        Some(Value::Array(_)) => Kind::Array,
        Some(_) => Kind::Blocked,
    }
}

fn has_same_keys(left: &Object, right: &Object) -> bool {
    left.is_same(right)
        || left.len() == right.len()
            && left
                .iter()
                .zip(right.iter())
                .all(|((left, _), (right, _))| left == right)
}
