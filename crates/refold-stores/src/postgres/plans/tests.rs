use serde_json::json;

use super::*;
use crate::server::held::Held;

#[test]
fn a_whole_table_is_searched_where_that_costs_much_however_deep_it_stands() {
    let scan = |kind: &str, cost: f64| json!({ "Node Type": kind, "Relation Name": "events", "Total Cost": cost });
    let searched = |node: Value| {
        let plan = json!([{ "Plan": { "Node Type": "Limit", "Total Cost": 9.0, "Plans": [
            { "Node Type": "Sort", "Total Cost": 99_999.0, "Plans": [scan("Index Scan", 1.0), node] }] } }]);
        searches(&HeldRow(vec![Held::Text(plan.to_string().as_bytes())]))
    };
    assert!(searched(scan("Seq Scan", 8_193.0)));
    assert!(!searched(scan("Seq Scan", 100.0)), "a small one that is looked up");
    assert!(!searched(scan("Index Scan", 99_999.0)), "what a limit ends");
    assert!(!searched(json!("nothing that is known")));
    assert!(!searches(&HeldRow(vec![Held::Null])) && !searches(&HeldRow(Vec::new())));
}
