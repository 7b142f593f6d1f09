//! What a plan of PostgreSQL would search through.

#[cfg(test)]
mod tests;

use rusqlite::types::ValueRef;
use serde_json::{Map, Value};

use crate::server::held::HeldRow;
use crate::tables::row::Values as _;

/// What reading 64 MiB of a table costs at least, in the server's own measure: a page of 8 KiB is one.
const MOST_COST: f64 = 8192.0;

/// The table that would be read from its beginning to its end although that costs much. `row`: the only one of a plan.
pub fn searched(row: &HeldRow<'_>) -> Option<String> {
    let plan: Value = match row.value(0) {
        ValueRef::Text(text) | ValueRef::Blob(text) => serde_json::from_slice(text).ok()?,
        _ => return None,
    };
    let found = objects(&plan).into_iter().find(|node| is_search(node))?;
    let table = found.get("Relation Name").and_then(Value::as_str);
    Some(table.unwrap_or_default().to_owned())
}

fn is_search(node: &Map<String, Value>) -> bool {
    let is_whole = node.get("Node Type").and_then(Value::as_str) == Some("Seq Scan");
    let cost = node.get("Total Cost").and_then(Value::as_f64);
    is_whole && cost.is_some_and(|cost| cost > MOST_COST)
}

/// All objects in a plan, however deep.
fn objects(plan: &Value) -> Vec<&Map<String, Value>> {
    let (mut found, mut rest) = (Vec::new(), vec![plan]);
    while let Some(value) = rest.pop() {
        match value {
            Value::Array(values) => rest.extend(values),
            Value::Object(members) => {
                rest.extend(members.values());
                found.push(members);
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    found
}
