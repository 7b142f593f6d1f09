//! Each built-in layout against the tables of its library.

use std::io::Write as _;

use super::lab::{Lab, Seen, everything, open, read, some};

#[test]
fn emmett() {
    let lab = Lab::with(&format!(
        "{} INSERT INTO emt_streams VALUES ('order-1', 2, 'emt:default', 'order', '{{}}', 0);
         INSERT INTO emt_messages VALUES
         ('order-1', 1, 'emt:default', 'E', '{{\"n\":9007199254740993,\"occurredAt\":\"2026-08-01T10:00:00.5Z\"}}',
          '{{\"correlationId\":\"c-1\",\"causationId\":\"k-1\"}}', '1', 'Placed', 'id-1', 0, 1, '2026-08-01 10:00:01'),
         ('order-1', 1, 'emt:default', 'C', '{{}}', '{{}}', '1', 'PlaceOrder', 'id-2', 1, 2, '2026-08-01 10:00:01'),
         ('loose', 1, 'global', 'E', '{{\"price\":0.10}}', '{{}}', '2', 'Placed', 'id-3', 0, 3, '2026-08-01 10:00:02');",
        super::lab::EMMETT
    ));
    let (seen, findings) = lab.read();
    assert_eq!(findings, [""; 0]);
    assert_eq!(
        seen,
        [
            Seen {
                position: 1,
                stream: "order-1".into(),
                category: "order".into(),
                version: Some(1),
                event_type: "Placed".into(),
                recorded_at: some("2026-08-01T10:00:01Z"),
                payload: some("{\"n\":9007199254740993,\"occurredAt\":\"2026-08-01T10:00:00.5Z\"}"),
                metadata: some("{\"correlationId\":\"c-1\",\"causationId\":\"k-1\"}"),
                event_id: some("id-1"),
                correlation_id: some("c-1"),
                causation_id: some("k-1"),
                occurred_at: some("2026-08-01T10:00:00.500Z"),
                ..Seen::default()
            },
            Seen {
                position: 3,
                stream: "loose".into(),
                category: "emt:unknown".into(),
                version: Some(1),
                event_type: "Placed".into(),
                recorded_at: some("2026-08-01T10:00:02Z"),
                payload: some("{\"price\":0.10}"),
                metadata: some("{}"),
                event_id: some("id-3"),
                ..Seen::default()
            },
        ]
    );
    let store = lab.open(None).unwrap();
    let description = store.describe();
    assert_eq!(
        (
            description.layout.as_str(),
            description.version_base,
            description.time_digits
        ),
        ("emmett", Some(1), 0)
    );
    assert!(description.has_stream_index);
}

#[test]
fn emmett_before_0_36() {
    let lab = Lab::with(
        "CREATE TABLE emt_streams(stream_id TEXT NOT NULL, stream_position BIGINT NOT NULL, partition TEXT NOT NULL,
            stream_type TEXT NOT NULL, stream_metadata JSONB NOT NULL, is_archived BOOLEAN NOT NULL,
            PRIMARY KEY (stream_id, partition, is_archived));
         CREATE TABLE emt_events(stream_id TEXT NOT NULL, stream_position BIGINT NOT NULL,
            partition TEXT NOT NULL DEFAULT 'global', event_data JSONB NOT NULL, event_metadata JSONB NOT NULL,
            event_schema_version TEXT NOT NULL, event_type TEXT NOT NULL, event_id TEXT NOT NULL,
            is_archived BOOLEAN NOT NULL DEFAULT FALSE, global_position INTEGER PRIMARY KEY,
            created DATETIME DEFAULT CURRENT_TIMESTAMP,
            UNIQUE (stream_id, stream_position, partition, is_archived));",
    );
    let insert = "INSERT INTO emt_events VALUES ('guest-1', 1, 'global', '{\"a\":1}', '{}', '1', 'Came', 'e-1', 0, 5, '2024-02-29 23:59:59')";
    lab.connect().execute_batch(insert).unwrap();
    let (seen, findings) = lab.read();
    assert_eq!(findings, [""; 0]);
    let (position, event_type, recorded_at) = (seen[0].position, &seen[0].event_type, &seen[0].recorded_at);
    assert_eq!(
        (position, event_type.as_str(), recorded_at),
        (5, "Came", &some("2024-02-29T23:59:59Z"))
    );
    assert_eq!(lab.open(None).unwrap().describe().layout, "emmett-events");
}

const PYEVENTSOURCING: &str = "
    CREATE TABLE stored_events (originator_id TEXT, originator_version INTEGER, topic TEXT, state BLOB,
        PRIMARY KEY (originator_id, originator_version));
    CREATE TABLE stored_snapshots (originator_id TEXT, originator_version INTEGER, topic TEXT, state BLOB,
        PRIMARY KEY (originator_id, originator_version)) WITHOUT ROWID;";

#[test]
fn pyeventsourcing_plain_compressed_and_encrypted() {
    let lab = Lab::with(PYEVENTSOURCING);
    let state = br#"{"timestamp":{"_type_":"datetime_iso","_data_":"2026-08-01T10:00:00.123456+00:00"},"amount":{"_type_":"decimal_str","_data_":"10.50"},"class_version":2}"#;
    let mut deflate = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    deflate.write_all(state).unwrap();
    let compressed = deflate.finish().unwrap();
    let encrypted = [0xe3_u8, 0x91, 0x00, 0xff, 0x12, 0x80, 0x9c, 0xfe].repeat(8);
    for (version, state) in (1_i64..).zip([state.to_vec(), compressed, encrypted]) {
        let insert = "INSERT INTO stored_events VALUES ('0f2b', ?1, 'shop.orders:Order.Placed', ?2)";
        lab.connect()
            .execute(insert, rusqlite::params![version, state])
            .unwrap();
    }
    let (seen, findings) = lab.read();
    assert_eq!(findings, ["undecodable"]);
    for event in &seen[..2] {
        assert_eq!(event.payload.as_deref().map(str::as_bytes), Some(&state[..]));
        assert_eq!(event.recorded_at, some("2026-08-01T10:00:00.123456Z"));
        assert_eq!(
            (event.category.as_str(), event.schema_version.as_deref()),
            ("Order", Some("2"))
        );
    }
    assert!(seen[2].is_opaque && seen[2].recorded_at.is_none());
    assert_eq!(seen[2].schema_version, None, "nobody can say so without the key");
    let description = lab.open(None).unwrap().describe().clone();
    assert_eq!(
        (description.layout.as_str(), description.version_base),
        ("pyeventsourcing:stored_events", Some(1))
    );
    assert_eq!(description.time_digits, 6);
}

#[test]
fn cqrs_es() {
    let lab = Lab::with(
        "CREATE TABLE events (aggregate_type text NOT NULL, aggregate_id text NOT NULL,
            sequence integer CHECK (sequence >= 0) NOT NULL, event_type text NOT NULL, event_version text NOT NULL,
            payload text NOT NULL, metadata text NOT NULL, PRIMARY KEY (aggregate_type, aggregate_id, sequence)) STRICT;
         CREATE TABLE snapshots (aggregate_type text NOT NULL, aggregate_id text NOT NULL, last_sequence integer NOT NULL,
            current_snapshot integer NOT NULL, payload text NOT NULL,
            PRIMARY KEY (aggregate_type, aggregate_id, last_sequence)) STRICT;
         INSERT INTO events VALUES
            ('customer', 'a-7', 1, 'NameAdded', '1.0', '{\"NameAdded\":{\"name\":\"Ada\"}}',
             '{\"recordedAt\":\"2026-08-01T10:00:00.250Z\",\"correlationId\":\"c\"}'),
            ('customer', 'a-7', 2, 'Closed', '1.0', '\"Closed\"', '{}'),
            ('account', 'a-7', 1, 'Opened', '1.1', '{\"Other\":{}}', '{}');",
    );
    let store = lab.open(None).unwrap();
    let (seen, findings) = read(&*store, everything());
    assert_eq!(findings, [""; 0]);
    let streams: Vec<(&str, &str)> = seen.iter().map(|e| (e.stream.as_str(), e.category.as_str())).collect();
    assert_eq!(
        streams,
        [
            ("customer-a-7", "customer"),
            ("customer-a-7", "customer"),
            ("account-a-7", "account")
        ]
    );
    assert_eq!(seen[0].payload, some("{\"name\":\"Ada\"}"));
    assert_eq!(seen[0].recorded_at, some("2026-08-01T10:00:00.250Z"));
    assert_eq!(seen[1].payload, some("\"Closed\""), "a unit variant is a plain text");
    assert_eq!(
        seen[2].payload,
        some("{\"Other\":{}}"),
        "what is not tagged with its type stays whole"
    );
    assert_eq!(
        store.describe().order,
        refold_core::port::store::OrderQuality::Approximate
    );
    let scope = refold_core::port::store::Scope::Stream {
        id: b"customer-a-7".to_vec(),
        from: None,
        to: None,
    };
    assert_eq!(read(&*store, scope).0, seen[..2]);
}

const RAILS: &str = "
    CREATE TABLE event_store_events (id integer PRIMARY KEY AUTOINCREMENT NOT NULL, event_id varchar(36) NOT NULL,
        event_type varchar NOT NULL, metadata blob, data blob NOT NULL, created_at datetime(6) NOT NULL,
        valid_at datetime(6));
    CREATE UNIQUE INDEX index_event_store_events_on_event_id ON event_store_events (event_id);
    CREATE TABLE event_store_events_in_streams (id integer PRIMARY KEY AUTOINCREMENT NOT NULL, stream varchar NOT NULL,
        position integer, event_id varchar(36) NOT NULL, created_at datetime(6) NOT NULL);
    CREATE UNIQUE INDEX by_position ON event_store_events_in_streams (stream, position);
    CREATE UNIQUE INDEX by_event ON event_store_events_in_streams (stream, event_id);
    CREATE INDEX by_event_alone ON event_store_events_in_streams (event_id);";

#[test]
fn rails_event_store_shows_each_event_once_in_its_first_stream() {
    let lab = Lab::with(&format!(
        "{RAILS}
         INSERT INTO event_store_events VALUES
            (1, 'e1', 'Placed', '{{\"correlation_id\":\"c\"}}', '{{\"a\":1}}', '2026-08-01 10:00:00.123456', NULL),
            (2, 'e2', 'Paid', '--- {{}}', '---\n:a: 1\n', '2026-08-01 10:00:01.000000', '2026-07-01 00:00:00.000000'),
            (3, 'e3', 'Lost', '{{}}', '{{}}', '2026-08-01 10:00:02.000000', NULL);
         INSERT INTO event_store_events_in_streams VALUES
            (1, 'Order$1', 0, 'e1', '2026-08-01'), (2, 'Order$1', NULL, 'e2', '2026-08-01'),
            (3, 'by-day', 0, 'e1', '2026-08-01'), (4, 'by-day', 1, 'e2', '2026-08-01');"
    ));
    let store = lab.open(None).unwrap();
    let (seen, findings) = read(&*store, everything());
    assert_eq!(findings, ["linked", "no-stream"]);
    let rows: Vec<_> = seen
        .iter()
        .map(|e| (e.position, e.stream.as_str(), e.category.as_str(), e.version))
        .collect();
    let expected = [
        (1, "Order$1", "Order", Some(0)),
        (2, "Order$1", "Order", None),
        (3, "(no stream)", "", None),
    ];
    assert_eq!(rows, expected);
    assert_eq!(seen[0].recorded_at, some("2026-08-01T10:00:00.123456Z"));
    assert_eq!(seen[1].occurred_at, some("2026-07-01T00:00:00Z"));
    assert_eq!(seen[1].payload, some("---\n:a: 1\n"));
    for (id, expected) in [("Order$1", vec![2, 1]), ("by-day", vec![]), ("(no stream)", vec![3])] {
        let scope = refold_core::port::store::Scope::Stream {
            id: id.into(),
            from: None,
            to: None,
        };
        assert_eq!(super::lab::positions(&read(&*store, scope).0), expected, "{id}");
    }
}

#[test]
fn spatie() {
    let lab = Lab::with(
        "CREATE TABLE stored_events (id integer PRIMARY KEY AUTOINCREMENT NOT NULL, aggregate_uuid varchar,
            aggregate_version integer, event_version integer NOT NULL DEFAULT '1', event_class varchar NOT NULL,
            event_properties text NOT NULL, meta_data text NOT NULL, created_at datetime NOT NULL);
         CREATE UNIQUE INDEX u ON stored_events (aggregate_uuid, aggregate_version);
         INSERT INTO stored_events VALUES (1, 'f1d0', 1, 2, 'App\\Domain\\Account\\Events\\MoneyAdded', '{\"amount\":10.00}',
            '{\"aggregate-root-version\":1}', '2026-08-01 10:00:00');",
    );
    let (seen, findings) = lab.read();
    assert_eq!(findings, ["zone-unknown"], "the application's zone is not in the store");
    assert!(
        lab.open(None)
            .unwrap()
            .describe()
            .time_zone
            .starts_with("an unknown zone")
    );
    let known = lab.scratch.path().join("spatie.toml");
    let layout = include_str!("../../../layouts/spatie.toml");
    let layout = layout.replace("as = \"timestamp\"", "as = \"timestamp\", zone = \"+02:00\"");
    std::fs::write(&known, layout).unwrap();
    let store = open(&lab.path(), known.to_str(), &lab.options()).unwrap();
    let (in_zone, findings) = read(&*store, everything());
    assert_eq!(findings, [""; 0]);
    assert_eq!(in_zone[0].recorded_at, some("2026-08-01T08:00:00Z"));
    assert_eq!(store.describe().time_zone, "+02:00 (layout)");
    assert_eq!(seen[0].category, "App\\Domain\\Account\\Events");
    assert_eq!(
        (seen[0].schema_version.clone(), seen[0].payload.clone()),
        (some("2"), some("{\"amount\":10.00}"))
    );
}

#[test]
fn eventuous() {
    let lab = Lab::with(
        "PRAGMA foreign_keys = OFF;
         CREATE TABLE shop_streams (stream_id INTEGER PRIMARY KEY AUTOINCREMENT, stream_name TEXT NOT NULL UNIQUE,
            version INTEGER NOT NULL DEFAULT(-1));
         CREATE TABLE shop_messages (global_position INTEGER PRIMARY KEY AUTOINCREMENT, message_id TEXT NOT NULL,
            message_type TEXT NOT NULL, stream_id INTEGER NOT NULL REFERENCES shop_streams(stream_id),
            stream_position INTEGER NOT NULL, json_data TEXT NOT NULL, json_metadata TEXT, created TEXT NOT NULL,
            UNIQUE(stream_id, stream_position), UNIQUE(stream_id, message_id), CHECK(stream_position >= 0));
         CREATE TABLE shop_checkpoints (id TEXT PRIMARY KEY, position INTEGER NULL);
         INSERT INTO shop_streams VALUES (1, 'Booking-12', 1);
         INSERT INTO shop_messages VALUES
            (1, 'm-1', 'V1.RoomBooked', 1, 0, '{\"room\":7}', '{\"eventuous.correlation-id\":\"c\"}', '2026-08-01T10:00:00.1234567Z'),
            (2, 'm-2', 'V1.Paid', 1, 1, '{}', NULL, '2026-08-01 10:00:01'),
            (3, 'm-3', 'V1.Paid', 9, 0, '{}', NULL, '2026-08-01 10:00:02');",
    );
    let store = lab.open(None).unwrap();
    let (seen, findings) = read(&*store, everything());
    assert_eq!(
        findings,
        ["no-stream"],
        "the third message names a stream that is not there"
    );
    assert_eq!(
        (seen[0].stream.as_str(), seen[0].category.as_str(), seen[0].version),
        ("Booking-12", "Booking", Some(0))
    );
    assert_eq!(seen[0].correlation_id, some("c"));
    assert_eq!(seen[0].recorded_at, some("2026-08-01T10:00:00.1234567Z"));
    assert_eq!(
        (store.describe().version_base, store.describe().time_digits),
        (Some(0), 7)
    );
    let scope = refold_core::port::store::Scope::Stream {
        id: b"Booking-12".to_vec(),
        from: None,
        to: None,
    };
    assert_eq!(super::lab::positions(&read(&*store, scope).0), [1, 2]);
}

#[test]
fn sqlstreamstore() {
    let lab = Lab::with(
        "CREATE TABLE streams(id text NOT NULL UNIQUE, id_original text NOT NULL,
            id_internal integer NOT NULL PRIMARY KEY AUTOINCREMENT, version integer NOT NULL DEFAULT -1,
            position integer NOT NULL DEFAULT -1, max_age integer NULL, max_count integer NULL);
         CREATE INDEX ix_id_original ON streams (id_original);
         CREATE TABLE messages (event_id CHAR(36) NOT NULL, stream_id_internal integer NOT NULL,
            stream_version integer NOT NULL CHECK (stream_version >= 0), [position] integer NOT NULL PRIMARY KEY,
            created_utc DATETIME NOT NULL, type CHAR(128) NOT NULL, json_data text NOT NULL, json_metadata text,
            UNIQUE (stream_id_internal, stream_version) UNIQUE (stream_id_internal, event_id));
         INSERT INTO streams VALUES ('AB12', 'order-1', 1, 0, 0, NULL, NULL);
         INSERT INTO messages VALUES ('m', 1, 0, 0, '2026-08-01 10:00:00.5', 'Placed', '{\"a\":1}', NULL);",
    );
    let (seen, findings) = lab.read();
    assert_eq!(findings, [""; 0]);
    assert_eq!(
        (seen[0].position, seen[0].stream.as_str(), seen[0].version),
        (0, "order-1", Some(0))
    );
    assert_eq!((seen[0].event_id.clone(), seen[0].metadata.clone()), (some("m"), None));
}

const EVENTSAUCE_PAYLOAD: &str = r#"{"headers":{"__event_type":"order.placed","__time_of_recording":"2026-08-01 10:00:00.123456+0200","__aggregate_root_type":"shop.order"},"payload":{"total":1e400}}"#;

#[test]
fn eventsauce_with_one_table_for_each_kind_of_aggregate() {
    let lab = Lab::new();
    for table in ["order_messages", "cart_messages"] {
        lab.connect()
            .execute_batch(&format!(
                "CREATE TABLE {table} (id INTEGER PRIMARY KEY AUTOINCREMENT, event_id BLOB NOT NULL,
                    aggregate_root_id BLOB NOT NULL, version INTEGER NULL, payload VARCHAR(16001) NOT NULL);
                 CREATE INDEX reconstitution_{table} ON {table} (aggregate_root_id, version);
                 INSERT INTO {table} VALUES (1, x'00112233445566778899aabbccddeeff',
                    x'ffeeddccbbaa99887766554433221100', 1, '{EVENTSAUCE_PAYLOAD}');"
            ))
            .unwrap();
    }
    let Err(refold_core::port::store::StoreError::Ambiguous { candidates, .. }) = lab.open(None) else {
        panic!("two tables fit equally well");
    };
    assert_eq!(candidates, ["eventsauce:cart_messages", "eventsauce:order_messages"]);
    let store = open(&lab.path(), Some("eventsauce:order_messages"), &lab.options()).unwrap();
    let (seen, findings) = read(&*store, everything());
    assert_eq!(findings, [""; 0]);
    let id = "ffeeddcc-bbaa-9988-7766-554433221100";
    assert_eq!(
        (seen[0].stream.as_str(), seen[0].event_id.clone()),
        (id, some("00112233-4455-6677-8899-aabbccddeeff"))
    );
    assert_eq!(
        (seen[0].event_type.as_str(), seen[0].category.as_str()),
        ("order.placed", "shop.order")
    );
    assert_eq!(seen[0].payload, some("{\"total\":1e400}"));
    assert_eq!(seen[0].recorded_at, some("2026-08-01T08:00:00.123456Z"));
    let scope = refold_core::port::store::Scope::Stream {
        id: id.into(),
        from: None,
        to: None,
    };
    assert_eq!(read(&*store, scope).0, seen);
}

#[test]
fn eventsauce_before_1_0() {
    let lab = Lab::with(&format!(
        "CREATE TABLE domain_messages (event_id VARCHAR(36) NOT NULL, event_type VARCHAR(100) NOT NULL,
            aggregate_root_id VARCHAR(36) NULL, aggregate_root_version MEDIUMINT NULL,
            time_of_recording DATETIME(6) NOT NULL, payload JSON NOT NULL);
         INSERT INTO domain_messages VALUES ('e', 'order.placed', 'a', 1, '2026-08-01 10:00:00.123456', '{EVENTSAUCE_PAYLOAD}');"
    ));
    let (seen, findings) = lab.read();
    assert_eq!(findings, ["zone-unknown"]);
    assert_eq!(
        (seen[0].event_type.as_str(), seen[0].version),
        ("order.placed", Some(1))
    );
    assert_eq!(seen[0].recorded_at, some("2026-08-01T10:00:00.123456Z"));
}

#[test]
fn broadway() {
    let lab = Lab::with(
        "CREATE TABLE events (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, uuid CHAR(36) NOT NULL,
            playhead INTEGER NOT NULL, payload CLOB NOT NULL, metadata CLOB NOT NULL, recorded_on VARCHAR(32) NOT NULL,
            type VARCHAR(255) NOT NULL);
         CREATE UNIQUE INDEX u ON events (uuid, playhead);
         INSERT INTO events VALUES (1, 'u-1', 0, '{\"class\":\"Shop\\\\Placed\",\"payload\":{\"a\":[1,2]}}',
            '{\"class\":\"M\",\"payload\":{\"ip\":\"::1\"}}', '2026-08-01T10:00:00.000001+00:00', 'Shop.Orders.Placed');",
    );
    let (seen, findings) = lab.read();
    assert_eq!(findings, [""; 0]);
    assert_eq!(
        (seen[0].payload.clone(), seen[0].metadata.clone()),
        (some("{\"a\":[1,2]}"), some("{\"ip\":\"::1\"}"))
    );
    assert_eq!((seen[0].category.as_str(), seen[0].version), ("Shop.Orders", Some(0)));
    assert_eq!(seen[0].recorded_at, some("2026-08-01T10:00:00.000001Z"));
}
