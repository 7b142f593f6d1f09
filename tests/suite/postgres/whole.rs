//! Values come out as the server holds them.

use refold_core::event::{Columns, EventBatch, Position};
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::port::store::ReadQuery;
use refold_core::work::{CancelToken, Silent, Work};
use refold_tests::postgres::Postgres;

use crate::servers::opened;

#[test]
fn documents_and_times_are_exactly_what_the_server_writes() {
    let server = Postgres::shared();
    let database = "whole_values";
    server.accounts(database, 0);
    server.sql(
        database,
        "INSERT INTO message_store.messages(position, stream_name, type, data, metadata, time) VALUES
         (0, 'a-1', 'T', '{\"n\": 12345678901234567890123.4500, \"e\": 1e30, \"s\": \"\\u00e4\\n🦀\", \"n\": 0.10}', '[]', '2026-08-03 14:00:00.000001'),
         (1, 'a-1', 'T', 'null', NULL, '1969-12-31 23:59:59.999999'),
         (2, 'a-1', 'T', NULL, NULL, 'infinity'),
         (3, 'a-1', 'T', '\"text\"', '{}', '-infinity'),
         (4, 'a-1', 'T', '-0.0', '{}', '2026-02-29 24:00:00'::date::timestamp) ON CONFLICT DO NOTHING"
            .replace("'2026-02-29 24:00:00'::date::timestamp", "'2026-03-01 00:00:00'")
            .as_str(),
    );
    let store = opened(&server.address("refold_reader", database));
    let (token, findings) = (CancelToken::default(), Findings::default());
    let (mut batch, mut names) = (EventBatch::default(), Names::default());
    let mut reader = store.read(&ReadQuery::all(Columns::ALL)).expect("a read starts");
    reader
        .next_batch(&Work::new(&token, &Silent), 100, &mut batch, &mut names, &findings)
        .unwrap_or_else(|error| panic!("{error}"));
    let expected = server.sql(
        database,
        "SELECT coalesce(data::text, 'NULL') || '|' || coalesce(metadata::text, 'NULL') || '|' ||
         CASE WHEN isfinite(time) THEN (extract(epoch FROM time) * 1000000)::bigint::text ELSE 'none' END
         FROM message_store.messages ORDER BY global_position",
    );
    let text =
        |bytes: Option<&[u8]>| bytes.map_or("NULL".to_owned(), |bytes| String::from_utf8_lossy(bytes).into_owned());
    let seen: Vec<String> = (0..batch.len())
        .map(|row| {
            let event = batch.event(row);
            let at = event.recorded_at;
            let micros = if at.is_none() {
                "none".to_owned()
            } else {
                (at.0 / 1_000).to_string()
            };
            format!("{}|{}|{micros}", text(event.payload), text(event.metadata))
        })
        .collect();
    assert_eq!(seen.join("\n"), expected);
    let codes: Vec<_> = findings
        .summary()
        .into_iter()
        .map(|(code, count, _)| (code, count))
        .collect();
    assert_eq!(codes, [("payload-missing", 1), ("time-unreadable", 2)]);
    let raw = store.raw(Position(3)).expect("it can be asked").expect("it is there");
    assert!(
        raw.iter()
            .any(|column| column.name == "time" && column.bytes == b"infinity")
    );
}
