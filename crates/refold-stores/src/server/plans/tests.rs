use super::*;
use crate::tables::plan::tests::linked;

fn search(table: &str, way: Way) -> Search {
    Search {
        table: table.to_owned(),
        way,
    }
}

fn sorted(index: &str) -> Way {
    Way::Sorted {
        index: Some(index.to_owned()),
    }
}

#[test]
fn what_is_put_in_order_is_of_the_stream_where_an_index_of_streams_leads_to_it() {
    let mut plan = linked(true);
    for (table, way, is_of_stream) in [
        ("link", sorted("by_position"), true),
        ("event", sorted("by_event_id"), true),
        ("event", sorted("PRIMARY"), false),
        ("link", sorted("PRIMARY"), false),
        ("event", sorted("by_position"), false),
        ("event", Way::Sorted { index: None }, true),
        ("event", Way::Whole, false),
        ("link", Way::Whole, false),
    ] {
        let search = search(table, way);
        assert_eq!(search.is_of_stream(&plan), is_of_stream, "{search:?}");
    }
    plan.has_stream_index = false;
    assert!(!search("event", Way::Sorted { index: None }).is_of_stream(&plan));
}

#[test]
fn a_table_is_told_by_its_name_and_a_statement_by_what_it_is_for() {
    let plan = linked(true);
    for (table, way, id, told) in [
        (
            "event",
            Way::Whole,
            "events",
            "it would look through all of the large table event_store_events for each page of events",
        ),
        (
            "link",
            sorted("PRIMARY"),
            "last",
            "it would put more than 10,000 rows of the large table event_store_events_in_streams in order to find the last event",
        ),
        (
            "events_2",
            Way::Whole,
            "row",
            "it would look through all of the large table events_2 to find one row",
        ),
        (
            "",
            Way::Sorted { index: None },
            "behind",
            "it would put more than 10,000 rows of a large table in order to find which positions are missing",
        ),
    ] {
        assert_eq!(search(table, way).told(&plan, id), told);
    }
}
