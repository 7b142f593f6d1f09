//! Stores of libraries as they are in the wild: found without being named, with what is odd in them.

use refold_core::event::Encoding;
use refold_tests::mariadb::Mariadb;

use crate::servers::{Told, opened, told};

fn found(database: &str, tables: &[&str], sql: &str) -> Told {
    let (server, account) = (Mariadb::shared(), "refold_layouts");
    server.fresh_database(database);
    server.sql(database, sql);
    server.reader(database, account, tables);
    // Numbers are missing among these events, and only whoever sees writers knows that they will not come.
    server.sql(database, &format!("GRANT PROCESS ON *.* TO {account}"));
    told(&*opened(&server.address(account, database)))
}

/// Some events come of no aggregate, and payloads are of several converters.
#[test]
fn axon_5() {
    let told = found(
        "layout_axon_5",
        &["aggregate_event_entry"],
        "CREATE TABLE aggregate_event_entry(global_index bigint NOT NULL PRIMARY KEY, aggregate_type varchar(255),
         aggregate_identifier varchar(255), aggregate_sequence_number bigint, type varchar(255) NOT NULL,
         version varchar(255) NOT NULL, timestamp varchar(255) NOT NULL, payload longblob NOT NULL, metadata longblob,
         identifier varchar(255) NOT NULL, UNIQUE KEY by_sequence (aggregate_identifier, aggregate_sequence_number));
         INSERT INTO aggregate_event_entry VALUES
         (1, 'Account', 'a-1', 0, 'bank.Opened', '0.0.1', '2026-08-03T14:00:00.123Z', '{\"owner\":\"x\"}',
          '{\"correlationId\":\"c\",\"causationId\":\"e\"}', 'id-1'),
         (2, NULL, NULL, NULL, 'bank.Rated', '0.0.1', '2026-08-03T14:00:01Z', X'd9d9f7a0', NULL, 'id-2');",
    );
    assert_eq!(told.layout, "axon-5");
    assert_eq!(told.lines(), ["a-1 0 bank.Opened", "(no stream) - bank.Rated"]);
    assert_eq!(
        (
            told.events[0].correlation_id.as_str(),
            told.events[0].causation_id.as_str()
        ),
        ("c", "e")
    );
    assert_eq!(told.events[1].encoding, Encoding::Opaque);
    assert_eq!(told.codes, [("no-stream", 1), ("undecodable", 1)]);
}

/// The library keeps no versions, and a row from which its numbers go on is no event.
#[test]
fn eventuate() {
    let told = found(
        "layout_eventuate",
        &["events"],
        "CREATE TABLE events(id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, event_id longtext, event_type longtext,
         event_data longtext NOT NULL, entity_type varchar(255) NOT NULL, entity_id varchar(255) NOT NULL,
         triggering_event longtext, metadata longtext, published tinyint DEFAULT 0, KEY events_idx (entity_type, entity_id, id));
         CREATE TABLE entities(entity_type varchar(255), entity_id varchar(255), entity_version longtext NOT NULL,
         PRIMARY KEY (entity_type, entity_id));
         CREATE TABLE snapshots(entity_type varchar(255), entity_id varchar(255), entity_version varchar(255));
         INSERT INTO events(id, event_id, event_type, event_data, entity_type, entity_id, metadata) VALUES
         (1785765600000, '', 'CDC-IGNORED', 'ID-GENERATION-STARTING-VALUE', 'CDC-IGNORED', 'CDC-IGNORED', ''),
         (1785765600001, NULL, 'bank.Opened', '{\"owner\":\"x\"}', 'bank.Account', '1', NULL),
         (1785765600002, NULL, 'bank.Deposited', '{\"amount\":12.50}', 'bank.Account', '1', '{\"user\":\"u\"}');",
    );
    assert_eq!(told.layout, "eventuate");
    assert_eq!(
        told.lines(),
        ["bank.Account-1 - bank.Opened", "bank.Account-1 - bank.Deposited"]
    );
    assert_eq!(told.events[1].payload, "{\"amount\":12.50}");
}
