//! A store of each kind on a real MariaDB, made of the same events, in tables as the libraries make them.

use std::sync::Arc;

use refold_core::port::store::EventStore;
use refold_core::work::{CancelToken, Silent, Work};
use refold_stores::{LayoutChoice, OpenOptions};
use refold_tests::mariadb::Mariadb;

use super::Model;

/// One kind of store.
pub struct Kind {
    pub layout: &'static str,
    /// Those that the layout reads.
    pub read: &'static [&'static str],
    tables: &'static str,
    /// For each event the statements with `:position`, `:stream` and so on.
    insert: &'static str,
}

/// Every layout of the adapter for MySQL and MariaDB.
pub const KINDS: &[Kind] = &[
    Kind {
        layout: "rails-event-store",
        read: &["event_store_events", "event_store_events_in_streams"],
        tables: "CREATE TABLE event_store_events(id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, event_id varchar(36) NOT NULL,
            event_type varchar(255) NOT NULL, metadata longblob, data longblob NOT NULL, created_at datetime(6) NOT NULL,
            valid_at datetime(6), UNIQUE KEY by_event_id (event_id));
            CREATE TABLE event_store_events_in_streams(id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY,
            stream varchar(255) NOT NULL, position int, event_id varchar(36) NOT NULL, created_at datetime(6) NOT NULL,
            UNIQUE KEY by_position (stream, position), KEY by_event (event_id));",
        insert: "INSERT INTO event_store_events VALUES (:position, MD5(:position), :type, '{}', :payload,
            '2026-08-03 14:00:00.123456', NULL);
            INSERT INTO event_store_events_in_streams VALUES (:position, :stream, :version, MD5(:position), NOW());
            INSERT INTO event_store_events_in_streams VALUES (:position + 100000, CONCAT('all-of-', :type), NULL,
            MD5(:position), NOW());",
    },
    Kind {
        layout: "spatie",
        read: &["stored_events"],
        tables: "CREATE TABLE stored_events(id bigint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, aggregate_uuid char(36),
            aggregate_version bigint unsigned, event_version tinyint unsigned NOT NULL DEFAULT 1,
            event_class varchar(255) NOT NULL, event_properties json NOT NULL, meta_data json NOT NULL,
            created_at timestamp NOT NULL, UNIQUE KEY by_version (aggregate_uuid, aggregate_version));",
        insert: "INSERT INTO stored_events VALUES (:position, :stream, :version + 1, 1, :type, :payload, '{}',
            '2026-08-03 14:00:00');",
    },
    Kind {
        layout: "eventsauce:order_messages",
        read: &["order_messages"],
        tables: "CREATE TABLE order_messages(id bigint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
            event_id binary(16) NOT NULL, aggregate_root_id varbinary(36), version int unsigned, payload longtext NOT NULL,
            KEY reconstitution (aggregate_root_id, version));",
        insert: "INSERT INTO order_messages VALUES (:position, UNHEX(MD5(:position)), :stream, :version + 1,
            CONCAT('{\"headers\":{\"__event_type\":\"', :type, '\",\"__time_of_recording\":\"2026-08-03 14:00:00.123456+0000\"},',
            '\"payload\":', :payload, '}'));",
    },
    Kind {
        layout: "sqlstreamstore",
        read: &["messages", "streams"],
        tables: "CREATE TABLE streams(id char(42) NOT NULL UNIQUE, id_original varchar(1000) NOT NULL,
            id_internal int NOT NULL AUTO_INCREMENT PRIMARY KEY, version int NOT NULL DEFAULT -1,
            position bigint NOT NULL DEFAULT -1, max_age int, max_count int, KEY by_original (id_original(255)));
            CREATE TABLE messages(stream_id_internal int NOT NULL, stream_version int NOT NULL,
            position bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, message_id binary(16) NOT NULL,
            created_utc timestamp(6) NOT NULL, type varchar(128) NOT NULL, json_data longtext NOT NULL, json_metadata longtext,
            UNIQUE KEY by_version (stream_id_internal, stream_version));",
        insert: "INSERT IGNORE INTO streams(id, id_original, id_internal) VALUES (MD5(:stream), :stream,
            SUBSTR(:stream, 7) + 1);
            INSERT INTO messages VALUES (SUBSTR(:stream, 7) + 1, :version, :position, UNHEX(MD5(:position)),
            '2026-08-03 14:00:00', :type, :payload, '{}');",
    },
    Kind {
        layout: "axon",
        read: &["DomainEventEntry"],
        tables: "CREATE TABLE DomainEventEntry(globalIndex bigint NOT NULL AUTO_INCREMENT PRIMARY KEY,
            aggregateIdentifier varchar(255) NOT NULL, sequenceNumber bigint NOT NULL, type varchar(255),
            eventIdentifier varchar(255) NOT NULL UNIQUE, metaData blob, payload blob NOT NULL, payloadRevision varchar(255),
            payloadType varchar(255) NOT NULL, timeStamp varchar(255) NOT NULL,
            UNIQUE KEY by_sequence (aggregateIdentifier, sequenceNumber));",
        insert: "INSERT INTO DomainEventEntry VALUES (:position, :stream, :version, 'Order', CONCAT('id-', :position),
            '{\"traceId\":\"t\"}', :payload, NULL, :type, '2026-08-03T14:00:00.123Z');",
    },
    Kind {
        layout: "axon-5",
        read: &["AggregateEventEntry"],
        tables: "CREATE TABLE AggregateEventEntry(globalIndex bigint NOT NULL PRIMARY KEY, aggregateType varchar(255),
            aggregateIdentifier varchar(255), aggregateSequenceNumber bigint, type varchar(255) NOT NULL,
            version varchar(255) NOT NULL, timestamp varchar(255) NOT NULL, payload longblob NOT NULL, metadata longblob,
            identifier varchar(255) NOT NULL, UNIQUE KEY by_sequence (aggregateIdentifier, aggregateSequenceNumber));",
        insert: "INSERT INTO AggregateEventEntry VALUES (:position, 'Order', :stream, :version, :type, '0.0.1',
            '2026-08-03T14:00:00.123Z', :payload, '{\"traceId\":\"t\"}', CONCAT('id-', :position));",
    },
    Kind {
        layout: "broadway:events",
        read: &["events"],
        tables: "CREATE TABLE events(id int NOT NULL AUTO_INCREMENT PRIMARY KEY, uuid char(36) NOT NULL,
            playhead int unsigned NOT NULL, payload longtext NOT NULL, metadata longtext NOT NULL,
            recorded_on varchar(32) NOT NULL, type varchar(255) NOT NULL, UNIQUE KEY by_playhead (uuid, playhead));",
        insert: "INSERT INTO events VALUES (:position, :stream, :version, CONCAT('{\"class\":\"C\",\"payload\":', :payload, '}'),
            '{\"class\":\"M\",\"payload\":{}}', '2026-08-03T14:00:00.123456+00:00', :type);",
    },
    Kind {
        layout: "patchlevel",
        read: &["eventstore"],
        tables: "CREATE TABLE eventstore(id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, aggregate varchar(255) NOT NULL,
            aggregate_id varchar(36) NOT NULL, playhead int NOT NULL, event varchar(255) NOT NULL, payload json NOT NULL,
            recorded_on datetime NOT NULL, new_stream_start tinyint(1) NOT NULL DEFAULT 0,
            archived tinyint(1) NOT NULL DEFAULT 0, custom_headers json NOT NULL,
            UNIQUE KEY by_playhead (aggregate, aggregate_id, playhead));",
        insert: "INSERT INTO eventstore VALUES (:position, 'order', SUBSTR(:stream, 7), :version + 1, :type, :payload,
            '2026-08-03 14:00:00', 0, 0, '{}');",
    },
    Kind {
        layout: "patchlevel-stream",
        read: &["event_store"],
        tables: "CREATE TABLE event_store(id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, stream varchar(255) NOT NULL,
            playhead int, event_id varchar(255) NOT NULL UNIQUE, event_name varchar(255) NOT NULL, event_payload json NOT NULL,
            recorded_on datetime NOT NULL, archived tinyint(1) NOT NULL DEFAULT 0, custom_headers json NOT NULL,
            UNIQUE KEY by_playhead (stream, playhead));",
        insert: "INSERT INTO event_store VALUES (:position, :stream, :version + 1, MD5(:position), :type, :payload,
            '2026-08-03 14:00:00', 0, '{}');",
    },
    Kind {
        layout: "prooph:_4228e4a00331b5d5e751db0481828e22a2c3c8ef",
        read: &["_4228e4a00331b5d5e751db0481828e22a2c3c8ef"],
        tables: "CREATE TABLE _4228e4a00331b5d5e751db0481828e22a2c3c8ef(no bigint NOT NULL AUTO_INCREMENT PRIMARY KEY,
            event_id char(36) COLLATE utf8mb4_bin NOT NULL UNIQUE, event_name varchar(100) COLLATE utf8mb4_bin NOT NULL,
            payload longtext NOT NULL, metadata longtext NOT NULL, created_at datetime(6) NOT NULL,
            aggregate_version int unsigned GENERATED ALWAYS AS (JSON_EXTRACT(metadata, '$._aggregate_version')) STORED,
            aggregate_id char(36) GENERATED ALWAYS AS (JSON_UNQUOTE(JSON_EXTRACT(metadata, '$._aggregate_id'))) STORED,
            aggregate_type varchar(150) GENERATED ALWAYS AS (JSON_UNQUOTE(JSON_EXTRACT(metadata, '$._aggregate_type'))) STORED,
            CHECK (JSON_VALID(payload)), CHECK (JSON_VALID(metadata)),
            UNIQUE KEY by_version (aggregate_type, aggregate_id, aggregate_version),
            KEY by_aggregate (aggregate_id, aggregate_version));",
        insert: "INSERT INTO _4228e4a00331b5d5e751db0481828e22a2c3c8ef(no, event_id, event_name, payload, metadata, created_at)
            VALUES (:position, MD5(:position), :type, :payload, JSON_OBJECT('_aggregate_id', :stream, '_aggregate_type', 'order',
            '_aggregate_version', :version + 1), '2026-08-03 14:00:00.123456');",
    },
    Kind {
        layout: "pekko-jdbc",
        read: &["event_journal"],
        tables: "CREATE TABLE event_journal(ordering serial, deleted boolean DEFAULT false NOT NULL,
            persistence_id varchar(255) NOT NULL, sequence_number bigint NOT NULL, writer text NOT NULL,
            write_timestamp bigint NOT NULL, adapter_manifest text NOT NULL, event_payload blob NOT NULL,
            event_ser_id int NOT NULL, event_ser_manifest text NOT NULL, meta_payload blob, meta_ser_id int,
            meta_ser_manifest text, PRIMARY KEY (persistence_id, sequence_number));",
        insert: "INSERT INTO event_journal VALUES (:position, false, :stream, :version + 1, 'w', 1785765600123, '', :payload, 31,
            :type, NULL, NULL, NULL);",
    },
    Kind {
        layout: "neos:cr_default_events",
        read: &["cr_default_events"],
        tables: "CREATE TABLE cr_default_events(sequencenumber int NOT NULL AUTO_INCREMENT PRIMARY KEY,
            stream varchar(100) CHARACTER SET ascii NOT NULL, version bigint unsigned NOT NULL,
            type varchar(100) CHARACTER SET ascii NOT NULL, payload longtext NOT NULL, metadata json,
            id char(36) CHARACTER SET ascii NOT NULL UNIQUE, correlationid char(36) CHARACTER SET ascii,
            causationid char(36) CHARACTER SET ascii, recordedat datetime NOT NULL, UNIQUE KEY by_version (stream, version));",
        insert: "INSERT INTO cr_default_events VALUES (:position, :stream, :version, :type, :payload, '{}', MD5(:position), NULL,
            NULL, '2026-08-03 14:00:00');",
    },
];

impl Kind {
    /// A store with these events, opened.
    pub fn make(&self, server: &Mariadb, models: &[Model]) -> Arc<dyn EventStore> {
        let database = self.database();
        server.fresh_database(&database);
        let written: String = models.iter().map(|model| model.filled(self.insert)).collect();
        server.sql(
            &database,
            &format!(
                "SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES,NO_AUTO_VALUE_ON_ZERO', time_zone = '+00:00'; {}
                 START TRANSACTION; {written} COMMIT;",
                self.tables
            ),
        );
        server.reader(&database, "refold_conformance", self.read);
        // Numbers are missing among these events, and only whoever sees writers knows that they will not come.
        server.sql(&database, "GRANT PROCESS ON *.* TO refold_conformance");
        self.open(server)
    }

    pub fn open(&self, server: &Mariadb) -> Arc<dyn EventStore> {
        let (token, options) = (CancelToken::default(), OpenOptions::in_scratch(std::env::temp_dir()));
        let choice = LayoutChoice::parse(self.layout).unwrap_or_else(|error| panic!("{}: {error}", self.layout));
        let address = server.address("refold_conformance", &self.database());
        refold_stores::open(&Work::new(&token, &Silent), &address, Some(&choice), &options)
            .unwrap_or_else(|error| panic!("{}: {error}", self.layout))
    }

    pub fn database(&self) -> String {
        let name = self.layout.split(':').next().unwrap_or_default();
        format!("conformance_{}", name.replace('-', "_"))
    }
}
