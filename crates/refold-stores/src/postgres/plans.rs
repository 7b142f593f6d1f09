//! What a plan of PostgreSQL would search through.

#[cfg(test)]
mod tests;

use rusqlite::types::ValueRef;
use serde_json::{Map, Value};

use crate::server::held::HeldRow;
use crate::server::plans::{MOST_ROWS, Search, Way};
use crate::tables::plan::EVENT;
use crate::tables::row::Values as _;

/// What reading 64 MiB of a table costs at least, in the server's own measure: a page of 8 KiB is one.
const MOST_COST: f64 = 8192.0;

/// Tables that would be read from their beginning to their end although that costs much, and rows that would be put in
/// order although they are many. `row`: the only one of a plan.
pub fn searched(row: &HeldRow<'_>) -> Vec<Search> {
    let plan: Option<Value> = match row.value(0) {
        ValueRef::Text(text) | ValueRef::Blob(text) => serde_json::from_slice(text).ok(),
        _ => None,
    };
    let plan = plan.unwrap_or_default();
    objects(&plan).into_iter().filter_map(search).collect()
}

fn search(node: &Map<String, Value>) -> Option<Search> {
    match text(node, "Node Type") {
        "Seq Scan" => {
            let cost = node.get("Total Cost").and_then(Value::as_f64);
            cost.is_some_and(|cost| cost > MOST_COST).then(|| Search {
                table: table(node),
                way: Way::Whole,
            })
        }
        // All that is below it is read before its first row is known. What is in order in part (`Incremental Sort`) is read
        // as far as a page needs it.
        "Sort" => {
            let below = read_for(node);
            below.iter().find(|node| rows(node) > MOST_ROWS)?;
            let read = below.iter().filter(|node| node.contains_key("Relation Name"));
            Some(Search {
                table: read
                    .max_by_key(|node| rows(node))
                    .map(|node| table(node))
                    .unwrap_or_default(),
                way: Way::Sorted { index: None },
            })
        }
        _ => None,
    }
}

/// Of the table of events what statements call it: where it is in parts, each has a name of its own.
fn table(node: &Map<String, Value>) -> String {
    let alias = text(node, "Alias");
    let name = if alias == EVENT {
        alias
    } else {
        text(node, "Relation Name")
    };
    name.to_owned()
}

fn text<'n>(node: &'n Map<String, Value>, key: &str) -> &'n str {
    node.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// How many are thought to be there.
fn rows(node: &Map<String, Value>) -> u64 {
    node.get("Plan Rows").and_then(Value::as_u64).unwrap_or_default()
}

/// The nodes below one, as far as all of them is read: what a limit ends is not.
fn read_for(node: &Map<String, Value>) -> Vec<&Map<String, Value>> {
    let (mut found, mut rest) = (Vec::new(), vec![node]);
    while let Some(node) = rest.pop() {
        let below = node.get("Plans").and_then(Value::as_array).into_iter().flatten();
        let below = below.filter_map(Value::as_object);
        let read = below.filter(|node| text(node, "Node Type") != "Limit");
        let known = found.len();
        found.extend(read);
        rest.extend(found.iter().skip(known));
    }
    found
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
