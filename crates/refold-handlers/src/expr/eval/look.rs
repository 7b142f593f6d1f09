//! How an expression looks into values: equality of meaning, and what an index or a name finds.

use std::cmp::Ordering;

use refold_core::value::{Array, KnownKey, Text, Value};

use super::{Evaluation, Fault, exhausted};
use crate::expr::ir::NodeId;
use crate::expr::number;

impl Evaluation<'_, '_> {
    /// An element by number, a member by name, or an element of a keyed array by its key.
    pub(super) fn element<'c>(
        &mut self,
        at: NodeId,
        container: &'c Value,
        index: &Value,
        by: Option<&Text>,
    ) -> Result<Option<&'c Value>, Fault> {
        match (container.resolved(), index) {
            (Value::Array(values), index) if by.is_some_and(|_| !index.is_null()) => {
                self.meter
                    .steps(values.len())
                    .map_err(|spent| exhausted(self.ir, at, spent))?;
                Ok(by
                    .and_then(|by| keyed_position(values, by, index))
                    .and_then(|found| values.get(found)))
            }
            (Value::Array(values), Value::Number(number)) => Ok(number::index(number).and_then(|at| values.get(at))),
            (Value::Object(members), Value::Text(key)) => Ok(members.find(key)),
            (Value::Object(members), Value::Number(number)) => Ok(members.get(number.to_string().as_bytes())),
            (_, Value::Number(_) | Value::Text(_) | Value::Null) => Ok(None),
            (_, other) => Err(self.wrong(at, "an index must be a number or text", other)),
        }
    }

    pub(super) fn equal(&mut self, id: NodeId, left: &Value, right: &Value) -> Result<bool, Fault> {
        self.meter.step().map_err(|spent| exhausted(self.ir, id, spent))?;
        Ok(match (left.resolved(), right.resolved()) {
            (Value::Null, Value::Null) => true,
            (Value::Bool(left), Value::Bool(right)) => left == right,
            (Value::Number(left), Value::Number(right)) => left.cmp_exact(right) == Ordering::Equal,
            (Value::Text(left), Value::Text(right)) => left == right,
            (Value::Array(left), Value::Array(right)) => {
                if left.is_same(right) {
                    return Ok(true);
                }
                if left.len() != right.len() {
                    return Ok(false);
                }
                for (left, right) in left.iter().zip(right.iter()) {
                    if !self.equal(id, left, right)? {
                        return Ok(false);
                    }
                }
                true
            }
            (Value::Object(left), Value::Object(right)) => {
                if left.is_same(right) {
                    return Ok(true);
                }
                if left.len() != right.len() {
                    return Ok(false);
                }
                for ((left_key, left), (right_key, right)) in left.iter().zip(right.iter()) {
                    if left_key != right_key || !self.equal(id, left, right)? {
                        return Ok(false);
                    }
                }
                true
            }
            _ => false,
        })
    }

    pub(super) fn contains(&mut self, at: NodeId, element: &Value, container: &Value) -> Result<bool, Fault> {
        match (container, element) {
            (Value::Array(values), _) => {
                for value in values.iter() {
                    if self.equal(at, value, element)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            (Value::Object(members), Value::Text(key)) => Ok(members.find(key).is_some()),
            (Value::Object(_), _) => Ok(false),
            (other, _) => Err(self.wrong(at, "`in` needs an array or an object on its right", other)),
        }
    }
}

/// The position of the element whose member `key` equals `wanted`.
pub fn keyed_position(values: &Array, key: &Text, wanted: &Value) -> Option<usize> {
    values.iter().position(|element| match (element.resolved(), wanted) {
        (Value::Object(members), wanted) => match (members.find(key).map(Value::resolved), wanted) {
            (Some(Value::Text(found)), Value::Text(wanted)) => found == wanted,
            (Some(Value::Number(found)), Value::Number(wanted)) => found.cmp_exact(wanted) == Ordering::Equal,
            _ => false,
        },
        _ => false,
    })
}

pub(super) fn member<'c>(of: &'c Value, key: &KnownKey) -> Option<&'c Value> {
    match of.resolved() {
        Value::Object(members) => members.find_known(key).map(Value::resolved),
        _ => None,
    }
}
