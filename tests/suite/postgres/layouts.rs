//! Stores of libraries as they are in the wild: found without being named, with what is odd in them.

use refold_core::event::Encoding;
use refold_tests::postgres::Postgres;

use crate::servers::{Real, Told, opened, told};

/// The store with these tables, all of which the layout reads, opened without saying what it is.
fn found(database: &str, tables: &[&str], sql: &str) -> Told {
    found_on(&Postgres::shared(), database, tables, sql)
}

fn found_on(server: &Postgres, database: &str, tables: &[&str], sql: &str) -> Told {
    told(&*opened(&server.tables(database, sql, tables)))
}

fn lines(told: &Told) -> Vec<&str> {
    told.events.iter().map(|event| event.line.as_str()).collect()
}

/// Some events come of no aggregate, payloads are of several converters, and a sequence of Hibernate's hands out numbers.
#[test]
fn axon_5() {
    let told = found(
        "layout_axon_5",
        &["aggregate_event_entry"],
        "CREATE SEQUENCE \"aggregate-event-global-index-sequence\";
         CREATE TABLE aggregate_event_entry(global_index bigint NOT NULL PRIMARY KEY, aggregate_type varchar(255),
         aggregate_identifier varchar(255), aggregate_sequence_number bigint, type varchar(255) NOT NULL,
         version varchar(255) NOT NULL, timestamp varchar(255) NOT NULL, payload bytea NOT NULL, metadata bytea,
         identifier varchar(255) NOT NULL, UNIQUE (aggregate_identifier, aggregate_sequence_number));
         INSERT INTO aggregate_event_entry VALUES
         (1, 'Account', 'a-1', 0, 'bank.Opened', '0.0.1', '2026-08-03T14:00:00.123Z', '{\"owner\":\"x\"}',
          '{\"correlationId\":\"c\",\"causationId\":\"e\"}', 'id-1'),
         (2, 'Account', 'a-1', 1, 'bank.Deposited', '2.0.0', '2026-08-03T16:00:00.123+02:00', '{\"amount\":12.50}', '{}', 'id-2'),
         (51, NULL, NULL, NULL, 'bank.Rated', '0.0.1', '2026-08-03T14:00:01Z', '\\xd9d9f7a0', NULL, 'id-3');",
    );
    assert_eq!(told.layout, "axon-5");
    assert_eq!(
        lines(&told),
        ["a-1 0 bank.Opened", "a-1 1 bank.Deposited", "(no stream) - bank.Rated"]
    );
    let second = &told.events[1];
    assert_eq!(
        (second.category.as_str(), second.schema_version.as_str()),
        ("Account", "2.0.0")
    );
    assert_eq!(second.recorded_at, told.events[0].recorded_at);
    assert_eq!(
        (
            told.events[0].correlation_id.as_str(),
            told.events[0].causation_id.as_str()
        ),
        ("c", "e")
    );
    assert_eq!(told.events[2].encoding, Encoding::Opaque);
    assert_eq!(told.codes, [("no-stream", 1), ("undecodable", 1)]);
}

/// The journal marks what is deleted, tags what it likes, and may keep payloads as documents.
#[test]
fn pekko_r2dbc() {
    // Where positions are places, a transaction of anybody holds back what is settled.
    let told = found_on(
        &Postgres::start(),
        "layout_r2dbc",
        &["event_journal"],
        "CREATE TABLE event_journal(slice int NOT NULL, entity_type varchar(255) NOT NULL, persistence_id varchar(255) NOT NULL,
         seq_nr bigint NOT NULL, db_timestamp timestamptz NOT NULL, event_ser_id int NOT NULL,
         event_ser_manifest varchar(255) NOT NULL, event_payload jsonb NOT NULL, deleted boolean DEFAULT false NOT NULL,
         writer varchar(255) NOT NULL, adapter_manifest varchar(255), tags text[], meta_ser_id int,
         meta_ser_manifest varchar(255), meta_payload bytea, PRIMARY KEY (persistence_id, seq_nr));
         CREATE INDEX event_journal_slice_idx ON event_journal(slice, entity_type, db_timestamp, seq_nr);
         CREATE TABLE snapshot(slice int NOT NULL, persistence_id varchar(255) PRIMARY KEY, seq_nr bigint NOT NULL);
         INSERT INTO event_journal VALUES
         (7, 'Account', 'Account|1', 1, '2026-08-03 16:00:00.123456+02', 33, 'Opened#2', '{\"owner\": \"x\"}', true, 'w', '', '{a,b}'),
         (7, 'Account', 'Account|1', 2, '2026-08-03 16:00:00.123456+02', 33, 'Deposited', '{\"amount\": 12.50}', false, 'w', '', NULL),
         (9, 'Account', 'Account|2', 1, '2026-08-03 15:59:59+02', 33, 'Opened', '{}', false, 'w', '', NULL);",
    );
    assert_eq!(told.layout, "pekko-r2dbc");
    assert_eq!(
        lines(&told),
        ["Account|1 1 Opened#2", "Account|1 2 Deposited", "Account|2 1 Opened"]
    );
    assert_eq!(told.events[2].category, "Account");
    assert_eq!(told.codes, []);
}

/// The table is called as the application likes, and most of what was in it is gone.
#[test]
fn outbox() {
    // Where positions are places, a transaction of anybody holds back what is settled.
    let told = found_on(
        &Postgres::start(),
        "layout_outbox",
        &["outboxevent"],
        "CREATE TABLE outboxevent(id uuid NOT NULL PRIMARY KEY, aggregatetype varchar(255) NOT NULL,
         aggregateid varchar(255) NOT NULL, type varchar(255) NOT NULL, payload jsonb, tracingspancontext varchar(255));
         INSERT INTO outboxevent SELECT md5(n::text)::uuid, 'order', n % 3, 'OrderPlaced', '{}' FROM generate_series(1, 50) AS n;
         DELETE FROM outboxevent;
         INSERT INTO outboxevent VALUES ('00000000-0000-4000-8000-000000000001', 'order', '1', 'OrderPaid', '{\"total\": 1.10}'),
         ('00000000-0000-4000-8000-000000000002', 'order', '2', 'OrderPlaced', NULL);",
    );
    assert_eq!(told.layout, "outbox:public.outboxevent");
    assert_eq!(lines(&told), ["order-1 - OrderPaid", "order-2 - OrderPlaced"]);
    assert_eq!(told.events[0].event_id, "00000000-0000-4000-8000-000000000001");
    assert_eq!(told.codes, [("payload-missing", 1)]);
}
