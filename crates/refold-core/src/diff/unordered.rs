//! The difference of two states in which the order of array elements means nothing.

use std::collections::HashMap;

use super::{ArrayKeys, Change, ChangeOp, diff};
use crate::value::{Array, Value};

/// What leads from `before` to `after`, as [`diff`] says it, where arrays hold the same elements in any order: empty
/// exactly when both hold the same, each as often. The index of a removed element is not the one that it had.
pub fn diff_unordered(before: &Value, after: &Value, keys: &ArrayKeys) -> Vec<Change> {
    let mut changes = diff(&reordered(before, after), after, keys);
    changes.retain(|change| !matches!(change.op, ChangeOp::Moved { .. }));
    changes
}

/// `before` with the elements of its arrays in the order of `after`, as far as both have them.
fn reordered(before: &Value, after: &Value) -> Value {
    match (before, after) {
        (Value::Object(earlier), Value::Object(later)) if !earlier.is_same(later) => Value::Object(
            earlier
                .iter()
                .map(|(key, value)| {
                    let value = later
                        .find(key)
                        .map_or_else(|| value.clone(), |later| reordered(value, later));
                    (key.clone(), value)
                })
                .collect(),
        ),
        (Value::Array(earlier), Value::Array(later)) if !earlier.is_same(later) => {
            Value::Array(reordered_array(earlier, later))
        }
        _ => before.clone(),
    }
}

fn reordered_array(before: &Array, after: &Array) -> Array {
    let mut left: HashMap<Vec<u8>, Vec<usize>> = HashMap::new();
    for (index, element) in before.iter().enumerate() {
        left.entry(sorted(element).to_canonical()).or_default().push(index);
    }
    // From the end on, so that the first of equal ones is taken first.
    left.values_mut().for_each(|indices| indices.reverse());
    let found: Vec<Option<usize>> = after
        .iter()
        .map(|element| left.get_mut(&sorted(element).to_canonical()).and_then(Vec::pop))
        .collect();
    let mut others: Vec<usize> = left.into_values().flatten().collect();
    others.sort_unstable();
    // What is left over on both sides is compared in order.
    let mut others = others.into_iter();
    let mut order: Vec<(usize, Option<&Value>)> = Vec::new();
    for (index, element) in found.into_iter().zip(after.iter()) {
        if let Some(index) = index.or_else(|| others.next()) {
            order.push((index, Some(element)));
        }
    }
    order.extend(others.map(|index| (index, None)));
    let elements = order.into_iter().filter_map(|(index, later)| {
        let element = before.get(index)?;
        Some(later.map_or_else(|| element.clone(), |later| reordered(element, later)))
    });
    elements.collect()
}

/// The value with the elements of all its arrays in one order that is the same for equal elements.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(object) => {
            Value::Object(object.iter().map(|(key, value)| (key.clone(), sorted(value))).collect())
        }
        Value::Array(array) => {
            let mut elements: Vec<Value> = array.iter().map(sorted).collect();
            elements.sort_by_cached_key(Value::to_canonical);
            Value::Array(elements.into_iter().collect())
        }
        leaf => leaf.clone(), // the values of a repeated key have an order: the last one counts
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::diff::tests::any_value;

    fn json(text: &str) -> Value {
        Value::from_json(text.as_bytes(), Value::MAX_DEPTH).unwrap()
    }

    fn shuffled(value: &Value, turn: usize) -> Value {
        match value {
            Value::Object(object) => Value::Object(
                object
                    .iter()
                    .map(|(key, value)| (key.clone(), shuffled(value, turn)))
                    .collect(),
            ),
            Value::Array(array) => {
                let mut elements: Vec<Value> = array.iter().map(|value| shuffled(value, turn + 1)).collect();
                let by = turn.checked_rem(elements.len()).unwrap_or(0);
                elements.rotate_left(by);
                if turn % 2 == 1 {
                    elements.reverse();
                }
                Value::Array(elements.into_iter().collect())
            }
            leaf => leaf.clone(),
        }
    }

    #[test]
    fn what_differs_is_found_in_any_order() {
        let before = json(r#"{"tags":["b","a",0.10],"lines":[{"sku":2,"t":[1,2]},{"sku":1,"t":[]}]}"#);
        let after = json(r#"{"tags":["a",0.10,"c","b"],"lines":[{"sku":1,"t":[]},{"sku":2,"t":[2,3]}]}"#);
        let found = diff_unordered(&before, &after, &ArrayKeys::default());
        let paths: Vec<String> = found.iter().map(|change| change.path.to_string()).collect();
        assert_eq!(paths, ["/lines/1/t/1", "/tags/2"]);
    }

    proptest! {
        #[test]
        fn any_order_of_the_same_is_no_difference(value in any_value(), turn in 0_usize..5) {
            let other = shuffled(&value, turn);
            prop_assert_eq!(diff_unordered(&value, &other, &ArrayKeys::default()), []);
        }

        /// By an oracle that knows no alignment: both are the same when everything is sorted.
        #[test]
        fn no_difference_is_the_same_in_some_order(before in any_value(), after in any_value()) {
            let found = diff_unordered(&before, &after, &ArrayKeys::default());
            prop_assert_eq!(found.is_empty(), sorted(&before) == sorted(&after));
        }
    }
}
