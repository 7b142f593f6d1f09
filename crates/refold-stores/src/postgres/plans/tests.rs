use serde_json::json;

use super::*;
use crate::server::held::Held;

fn of(plan: &Value) -> Vec<Search> {
    searched(&HeldRow(vec![Held::Text(plan.to_string().as_bytes())]))
}

fn scan(kind: &str, cost: f64) -> Value {
    json!({ "Node Type": kind, "Relation Name": "events", "Alias": "event", "Total Cost": cost })
}

#[test]
fn a_whole_table_is_searched_where_that_costs_much_however_deep_it_stands() {
    let whole = |node: Value| {
        of(&json!([{ "Plan": { "Node Type": "Limit", "Total Cost": 9.0, "Plans": [
            { "Node Type": "Sort", "Total Cost": 99_999.0, "Plans": [scan("Index Scan", 1.0), node] }] } }]))
    };
    let search = |table: &str| {
        vec![Search {
            table: table.to_owned(),
            way: Way::Whole,
        }]
    };
    assert_eq!(whole(scan("Seq Scan", 8_193.0)), search("event"));
    let part =
        json!({ "Node Type": "Seq Scan", "Relation Name": "events_2", "Alias": "event_2", "Total Cost": 8_193.0 });
    assert_eq!(whole(part), search("events_2"));
    assert_eq!(whole(scan("Seq Scan", 100.0)), [], "a small one that is looked up");
    assert_eq!(whole(scan("Index Scan", 99_999.0)), [], "what a limit ends");
    assert_eq!(whole(json!("nothing that is known")), []);
    assert_eq!(searched(&HeldRow(vec![Held::Null])), []);
    assert_eq!(searched(&HeldRow(Vec::new())), []);
}

#[test]
fn many_rows_that_are_put_in_order_for_a_page_are_a_search() {
    let sorted = |kind: &str, between: &str, rows: u64| {
        let read = json!({ "Node Type": "Bitmap Heap Scan", "Relation Name": "events", "Alias": "event", "Plan Rows": 12,
            "Plans": [{ "Node Type": "Bitmap Index Scan", "Index Name": "events_pkey", "Plan Rows": rows }] });
        let joined = json!({ "Node Type": "Index Scan", "Relation Name": "links", "Alias": "link", "Plan Rows": 1 });
        of(&json!([{ "Plan": { "Node Type": "Limit", "Plan Rows": 256, "Plans": [
            { "Node Type": kind, "Plan Rows": 12, "Plans": [{ "Node Type": between, "Plan Rows": 12, "Plans": [read, joined] }] },
        ] } }]))
    };
    let many = Search {
        table: "event".to_owned(),
        way: Way::Sorted { index: None },
    };
    assert_eq!(sorted("Sort", "Nested Loop", 10_001), [many]);
    assert_eq!(sorted("Sort", "Nested Loop", 10_000), [], "no more than a small table");
    assert_eq!(
        sorted("Incremental Sort", "Nested Loop", 99_999),
        [],
        "as far as a page needs it"
    );
    assert_eq!(sorted("Sort", "Limit", 99_999), [], "what a limit ends");
}
