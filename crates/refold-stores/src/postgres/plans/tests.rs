use serde_json::json;

use super::*;
use crate::server::held::Held;

#[test]
fn a_whole_table_is_searched_where_that_costs_much_however_deep_it_stands() {
    let scan = |kind: &str, cost: f64| json!({ "Node Type": kind, "Relation Name": "events", "Total Cost": cost });
    let table = |node: Value| {
        let plan = json!([{ "Plan": { "Node Type": "Limit", "Total Cost": 9.0, "Plans": [
            { "Node Type": "Sort", "Total Cost": 99_999.0, "Plans": [scan("Index Scan", 1.0), node] }] } }]);
        searched(&HeldRow(vec![Held::Text(plan.to_string().as_bytes())]))
    };
    assert_eq!(table(scan("Seq Scan", 8_193.0)).as_deref(), Some("events"));
    assert_eq!(table(scan("Seq Scan", 100.0)), None, "a small one that is looked up");
    assert_eq!(table(scan("Index Scan", 99_999.0)), None, "what a limit ends");
    assert_eq!(table(json!("nothing that is known")), None);
    assert_eq!(searched(&HeldRow(vec![Held::Null])), None);
    assert_eq!(searched(&HeldRow(Vec::new())), None);
}
