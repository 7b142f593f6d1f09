//! Values come out as the server holds them.

use refold_core::event::{Columns, EventBatch, Position};
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::port::store::{EventStore, ReadQuery, Scope};
use refold_core::work::{CancelToken, Silent, Work};
use refold_tests::mariadb::Mariadb;

use super::{reading, store};
use crate::servers::opened;

/// Stream, payload and recorded time (nanoseconds, or none) of the events of a query, and the codes of the findings.
type Event = (String, Vec<u8>, Option<i64>);

fn events(store: &dyn EventStore, query: &ReadQuery) -> Vec<Event> {
    with_findings(store, query).0
}

fn with_findings(store: &dyn EventStore, query: &ReadQuery) -> (Vec<Event>, Vec<(&'static str, u64)>) {
    let (token, findings) = (CancelToken::default(), Findings::default());
    let (mut batch, mut names) = (EventBatch::default(), Names::default());
    let mut reader = store.read(query).expect("a read starts");
    let mut read = Vec::new();
    while reader
        .next_batch(&Work::new(&token, &Silent), 100, &mut batch, &mut names, &findings)
        .unwrap_or_else(|error| panic!("{error}"))
    {
        for row in 0..batch.len() {
            let event = batch.event(row);
            let at = Some(event.recorded_at).filter(|at| !at.is_none()).map(|at| at.0);
            let stream = String::from_utf8_lossy(names.stream(event.stream)).into_owned();
            read.push((stream, event.payload.unwrap_or_default().to_vec(), at));
        }
    }
    let codes = findings.summary().into_iter().map(|(code, count, _)| (code, count));
    (read, codes.collect())
}

fn stream(id: &[u8]) -> ReadQuery {
    ReadQuery {
        scope: Scope::Stream {
            id: id.to_vec(),
            from: None,
            to: None,
        },
        ..ReadQuery::all(Columns::ALL)
    }
}

#[test]
fn documents_and_times_are_exactly_what_the_server_holds() {
    let server = Mariadb::shared();
    let database = "whole_values";
    store(&server, database, 0);
    let exact = r#"{"n": 12345678901234567890123.4500, "e": 1e30, "s": "\u00e4\n🦀", "n": 0.10}"#;
    server.sql(
        database,
        &format!(
            "SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES'; SET SESSION time_zone = '+02:00';
             ALTER TABLE stored_events ADD COLUMN price decimal(30, 10), ADD COLUMN at datetime(6), ADD COLUMN small float,
             ADD COLUMN bits bit(3), ADD COLUMN clock time(2), ADD COLUMN most bigint unsigned;
             INSERT INTO stored_events VALUES
             (1, 'a-1', 1, 1, 'T', '{exact}', '[]', '2026-08-03 14:00:00', 0.1000000001, '2026-08-03 14:00:00.000001', 0.1, 5,
             '-01:02:03.45', 18446744073709551615),
             (2, 'a-1', 2, 1, 'T', 'null', '{{}}', '0000-00-00', NULL, '0000-00-00', NULL, NULL, NULL, NULL)"
        ),
    );
    let store = opened(&reading(&server, database));
    let (read, codes) = with_findings(&*store, &ReadQuery::all(Columns::ALL));
    // The time was said in a zone of two hours more.
    let noon = 1_785_758_400_000_000_000;
    assert_eq!(read[0], ("a-1".to_owned(), exact.as_bytes().to_vec(), Some(noon)));
    assert_eq!(read[1], ("a-1".to_owned(), b"null".to_vec(), None));
    assert_eq!(codes, [("time-unreadable", 1)]);
    let raw = store.raw(Position(1)).expect("it can be asked").expect("it is there");
    let column = |name: &str| {
        let found = raw.iter().find(|column| column.name == name);
        String::from_utf8_lossy(&found.expect("it is there").bytes).into_owned()
    };
    assert_eq!(column("price"), "0.1000000001");
    assert_eq!(column("at"), "2026-08-03 14:00:00.000001");
    assert_eq!(column("clock"), "-01:02:03.45");
    assert_eq!(column("most"), "18446744073709551615");
    assert_eq!(column("bits"), "5");
}

#[test]
fn streams_that_a_collation_takes_for_one_are_two() {
    let server = Mariadb::shared();
    let database = "whole_collation";
    store(&server, database, 0);
    server.sql(
        database,
        "ALTER TABLE stored_events MODIFY aggregate_uuid varchar(60) COLLATE utf8mb4_general_ci;
         INSERT INTO stored_events VALUES (1, 'a-1', 1, 1, 'T', '{\"n\":1}', '{}', NOW()),
         (2, 'A-1', 2, 1, 'T', '{\"n\":2}', '{}', NOW()), (3, 'ä-1', 3, 1, 'T', '{\"n\":3}', '{}', NOW()),
         (4, 'a-1 ', 4, 1, 'T', '{\"n\":4}', '{}', NOW()), (5, '🦀', 1, 1, 'T', '{\"n\":5}', '{}', NOW())",
    );
    let store = opened(&reading(&server, database));
    for (id, n) in [("a-1", 1), ("A-1", 2), ("ä-1", 3), ("a-1 ", 4), ("🦀", 5)] {
        let read = events(&*store, &stream(id.as_bytes()));
        let payloads: Vec<_> = read
            .iter()
            .map(|(_, payload, _)| String::from_utf8_lossy(payload))
            .collect();
        assert_eq!(payloads, [format!("{{\"n\":{n}}}")], "{id}");
    }
    assert!(events(&*store, &stream(b"a-1\xff")).is_empty());
}

#[test]
fn texts_in_other_encodings_are_the_same_texts() {
    let server = Mariadb::shared();
    for (charset, text, absent) in [
        ("latin1", "Bär€-1", "Bär-🦀"),
        ("utf8mb3", "Bär-Ж", "Bär-🦀"),
        ("cp1251", "Медведь", "Bär"),
        ("ascii", "bear", "Bär"),
        ("utf16", "Bär-🦀", "Bär"),
    ] {
        let database = &format!("whole_{charset}");
        store(&server, database, 0);
        server.sql(
            database,
            &format!(
                "ALTER TABLE stored_events CONVERT TO CHARACTER SET {charset};
                 INSERT INTO stored_events VALUES (1, '{text}', 1, 1, 'T', '{{\"name\":\"{text}\"}}', '{{}}', NOW())"
            ),
        );
        let store = opened(&reading(&server, database));
        let read = events(&*store, &ReadQuery::all(Columns::ALL));
        let expected = format!("{{\"name\":\"{text}\"}}");
        assert_eq!(
            (read[0].0.as_str(), &read[0].1),
            (text, &expected.into_bytes()),
            "{charset}"
        );
        assert_eq!(events(&*store, &stream(text.as_bytes())).len(), 1, "{charset}");
        assert_eq!(events(&*store, &stream(absent.as_bytes())).len(), 0, "{charset}");
    }
}

#[test]
fn an_id_is_found_where_the_server_does_not_heed_what_a_client_writes_in() {
    let server = Mariadb::start(&["--skip-character-set-client-handshake", "--character-set-server=latin1"]);
    let database = "whole_unheeded";
    store(&server, database, 0);
    // In bytes: what fills the table is not heeded either.
    server.sql(
        database,
        "ALTER TABLE stored_events MODIFY aggregate_uuid varchar(60) CHARACTER SET utf8mb4;
         INSERT INTO stored_events VALUES (1, _utf8mb4 X'C3A42D31', 1, 1, 'T', '{\"n\":1}', '{}', NOW())",
    );
    let store = opened(&reading(&server, database));
    assert_eq!(events(&*store, &stream("ä-1".as_bytes())).len(), 1);
    assert_eq!(events(&*store, &stream("Ä-1".as_bytes())).len(), 0);
}
