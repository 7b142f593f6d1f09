use super::*;
use crate::layout::read_layout;
use crate::tables::{Column, Index};

fn table(name: &str, columns: &[&str], indexes: &[(&str, &[&str])]) -> Table {
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let column = |(place, name): (usize, &&str)| Column {
        name: (*name).to_owned(),
        declared_type: "bigint".to_owned(),
        is_nullable: false,
        is_rowid: false,
        place,
        has_default: false,
    };
    let index = |(name, of): &(&str, &[&str])| Index {
        name: Some((*name).to_owned()),
        columns: owned(of),
        is_unique: *name == "PRIMARY",
        plain_column_count: of.len(),
        root: None,
    };
    Table {
        schema: None,
        name: name.to_owned(),
        columns: columns.iter().enumerate().map(column).collect(),
        has_rowid: false,
        indexes: indexes.iter().map(index).collect(),
        root: None,
        is_plain: false,
    }
}

/// Rails Event Store, whose events have their streams elsewhere; with the versions of its layout or without.
pub fn linked(has_versions: bool) -> Plan {
    let text = include_str!("../../../layouts/mysql/rails-event-store.toml");
    let lines = text.lines();
    let kept = lines.filter(|line| has_versions || !line.starts_with("stream_version"));
    let layout = read_layout(&kept.collect::<Vec<_>>().join("\n")).unwrap_or_else(|fault| panic!("{fault:?}"));
    let events = [
        "id",
        "event_id",
        "event_type",
        "metadata",
        "data",
        "created_at",
        "valid_at",
    ];
    let catalogue = Catalogue {
        tables: vec![
            table(
                "event_store_events",
                &events,
                &[("PRIMARY", &["id"]), ("by_event_id", &["event_id"])],
            ),
            table(
                "event_store_events_in_streams",
                &["id", "stream", "position", "event_id", "created_at"],
                &[("PRIMARY", &["id"]), ("by_position", &["stream", "position"])],
            ),
        ],
        ..Catalogue::default()
    };
    let [events, _] = catalogue.tables.as_slice() else {
        panic!("there are two")
    };
    Plan::bind(&layout, &catalogue, events, "").unwrap_or_else(|misfit| panic!("{misfit}"))
}

#[test]
fn events_are_found_first_unless_a_condition_is_about_what_is_joined() {
    let plan = linked(false);
    let shape = plan.shape(Columns::SKELETON);
    let found = |conditions: &[&str], order: &str| {
        let conditions: Vec<String> = conditions.iter().map(|&of| of.to_owned()).collect();
        plan.select_found(&shape, &conditions, order, "?")
    };
    let by_position = plan.position.as_str();
    assert!(found(&["\"event\".\"id\" <= ?"], by_position).is_some());
    let StreamKey::Column { sql, .. } = &plan.stream else {
        panic!("it is one column")
    };
    let of_stream = format!("CAST({sql} AS BINARY) = ?");
    assert_eq!(found(&["\"event\".\"id\" <= ?", &of_stream], by_position), None);
    let home = plan.home_condition().map_or("", String::as_str);
    assert_eq!(found(&[home], by_position), None, "{home}");
    assert_eq!(found(&[], "\"link\".\"position\""), None);
}

#[test]
fn the_indexes_that_lead_to_the_events_of_a_stream_are_known_with_their_tables() {
    let index = |alias: &str, name: &str| StreamIndex {
        alias: alias.to_owned(),
        name: Some(name.to_owned()),
    };
    let plan = linked(true);
    assert_eq!(
        plan.stream_indexes,
        [index("link", "by_position"), index("event", "by_event_id")]
    );
    assert!(plan.has_stream_index);
}

#[test]
fn people_hear_of_a_column_without_the_alias_of_its_table() {
    use crate::tables::column_named;

    let names = ["\"event\".\"global_position\"", "\"link\".\"a\"\"b\"", "\"id\"", "id"].map(column_named);
    assert_eq!(names, ["global_position", "a\"b", "id", "id"]);
}
