//! Stores of libraries as they are in the wild: found without being named, with what is odd in them.

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
