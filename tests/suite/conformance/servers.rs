//! A store of each kind on a real server of PostgreSQL, made of the same events, in tables as the libraries make them.

use std::sync::Arc;

use refold_core::port::store::{EventStore, StoreError};
use refold_core::work::{CancelToken, Silent, Work};
use refold_stores::{LayoutChoice, OpenOptions};
use refold_tests::postgres::Postgres;

use super::Model;

/// One kind of store. Where a library lets one choose, documents are of the type that keeps every byte.
pub struct Kind {
    pub layout: &'static str,
    schema: &'static str,
    /// Those that the layout reads.
    read: &'static [&'static str],
    tables: &'static str,
    /// For each event the statements with `:position`, `:stream` and so on.
    insert: &'static str,
}

/// Every layout of the adapter for PostgreSQL.
pub const KINDS: &[Kind] = &[
    Kind {
        layout: "emmett",
        schema: "public",
        read: &["emt_messages"],
        tables: "CREATE SEQUENCE emt_global_message_position;
            CREATE TABLE emt_streams(stream_id TEXT NOT NULL, stream_position BIGINT NOT NULL, partition TEXT NOT NULL,
            stream_type TEXT NOT NULL, stream_metadata JSONB NOT NULL, is_archived BOOLEAN NOT NULL DEFAULT FALSE,
            PRIMARY KEY (stream_id, partition, is_archived)) PARTITION BY LIST (partition);
            CREATE TABLE emt_messages(stream_position BIGINT NOT NULL,
            global_position BIGINT DEFAULT nextval('emt_global_message_position'), transaction_id XID8 NOT NULL,
            created TIMESTAMPTZ NOT NULL DEFAULT now(), is_archived BOOLEAN NOT NULL DEFAULT FALSE,
            message_kind VARCHAR(1) NOT NULL DEFAULT 'E', stream_id TEXT NOT NULL, partition TEXT NOT NULL DEFAULT 'emt:default',
            message_schema_version TEXT NOT NULL, message_id TEXT NOT NULL, message_type TEXT NOT NULL,
            message_data JSON NOT NULL, message_metadata JSONB NOT NULL,
            PRIMARY KEY (stream_id, stream_position, partition, is_archived)) PARTITION BY LIST (partition);
            CREATE TABLE emt_messages_default PARTITION OF emt_messages FOR VALUES IN ('emt:default')
            PARTITION BY LIST (is_archived);
            CREATE TABLE emt_messages_default_active PARTITION OF emt_messages_default FOR VALUES IN (FALSE);
            CREATE TABLE emt_messages_default_archived PARTITION OF emt_messages_default FOR VALUES IN (TRUE);",
        insert: "INSERT INTO emt_messages VALUES (:version + 1, :position, pg_current_xact_id(), '2026-08-03 14:00:00.123456+02',
            :position % 3 = 0, 'E', :stream, 'emt:default', :version, 'id-' || :position, :type, :payload, '{\"m\":1}');",
    },
    Kind {
        layout: "message-db",
        schema: "message_store",
        read: &["messages"],
        tables: "CREATE TABLE message_store.messages(global_position bigserial NOT NULL PRIMARY KEY, position bigint NOT NULL,
            time TIMESTAMP WITHOUT TIME ZONE DEFAULT (now() AT TIME ZONE 'utc') NOT NULL, stream_name text NOT NULL,
            type text NOT NULL, data json, metadata jsonb, id UUID NOT NULL DEFAULT gen_random_uuid());
            CREATE UNIQUE INDEX messages_id ON message_store.messages(id);
            CREATE UNIQUE INDEX messages_stream ON message_store.messages(stream_name, position);",
        insert: "INSERT INTO message_store.messages VALUES (:position, :version, '2026-08-03 14:00:00.000001', :stream, :type,
            :payload, '{\"schemaVersion\": 2}', md5((:position)::text)::uuid);",
    },
    Kind {
        layout: "pyeventsourcing",
        schema: "public",
        read: &["shop_events"],
        tables: "CREATE TABLE shop_events(originator_id text NOT NULL, originator_version bigint NOT NULL, topic text,
            state bytea, notification_id bigserial, PRIMARY KEY (originator_id, originator_version));
            CREATE UNIQUE INDEX shop_events_notification_id_idx ON shop_events(notification_id ASC);",
        insert: "INSERT INTO shop_events VALUES (:stream, :version + 1, :type, convert_to(:payload, 'UTF8'), :position);",
    },
    Kind {
        layout: "rails-event-store",
        schema: "public",
        read: &["event_store_events", "event_store_events_in_streams"],
        tables: "CREATE TABLE event_store_events(id bigserial PRIMARY KEY, event_id uuid NOT NULL, event_type varchar NOT NULL,
            metadata jsonb, data json NOT NULL, created_at timestamp(6) NOT NULL, valid_at timestamp(6));
            CREATE UNIQUE INDEX by_event_id ON event_store_events(event_id);
            CREATE TABLE event_store_events_in_streams(id bigserial PRIMARY KEY, stream varchar NOT NULL, position integer,
            event_id uuid NOT NULL, created_at timestamp(6) NOT NULL);
            CREATE UNIQUE INDEX by_position ON event_store_events_in_streams(stream, position);
            CREATE INDEX by_event ON event_store_events_in_streams(event_id);",
        insert: "INSERT INTO event_store_events VALUES (:position, md5((:position)::text)::uuid, :type, '{}', :payload,
            '2026-08-03 14:00:00.123456', NULL);
            INSERT INTO event_store_events_in_streams VALUES (:position, :stream, :version, md5((:position)::text)::uuid, now());
            INSERT INTO event_store_events_in_streams VALUES (:position + 100000, 'all-of-' || :type, NULL,
            md5((:position)::text)::uuid, now());",
    },
    Kind {
        layout: "spatie",
        schema: "public",
        read: &["stored_events"],
        tables: "CREATE TABLE stored_events(id bigserial PRIMARY KEY, aggregate_uuid varchar, aggregate_version bigint,
            event_version smallint NOT NULL DEFAULT 1, event_class varchar(255) NOT NULL, event_properties json NOT NULL,
            meta_data jsonb NOT NULL, created_at timestamp(0) NOT NULL);
            CREATE UNIQUE INDEX by_version ON stored_events(aggregate_uuid, aggregate_version);",
        insert: "INSERT INTO stored_events VALUES (:position, :stream, :version + 1, 1, :type, :payload, '{}',
            '2026-08-03 14:00:00');",
    },
    Kind {
        layout: "eventsauce:public.order_messages",
        schema: "public",
        read: &["order_messages"],
        tables: "CREATE TABLE order_messages(id bigserial PRIMARY KEY, event_id uuid NOT NULL, aggregate_root_id varchar,
            version int, payload json NOT NULL);
            CREATE INDEX reconstitution ON order_messages(aggregate_root_id, version);",
        insert: "INSERT INTO order_messages VALUES (:position, md5((:position)::text)::uuid, :stream, :version + 1,
            ('{\"headers\":{\"__event_type\":\"' || :type || '\",\"__time_of_recording\":\"2026-08-03 14:00:00.123456+0000\"},' ||
            '\"payload\":' || :payload || '}')::json);",
    },
    Kind {
        layout: "sqlstreamstore",
        schema: "public",
        read: &["messages", "streams"],
        tables: "CREATE TABLE streams(id char(42) NOT NULL UNIQUE, id_original varchar(1000) NOT NULL UNIQUE,
            id_internal int PRIMARY KEY, version int NOT NULL DEFAULT -1, position bigint NOT NULL DEFAULT -1);
            CREATE SEQUENCE messages_seq START 0 MINVALUE 0;
            CREATE TABLE messages(stream_id_internal int NOT NULL, stream_version int NOT NULL,
            position bigint PRIMARY KEY DEFAULT nextval('messages_seq'), message_id uuid NOT NULL,
            created_utc timestamp NOT NULL, type varchar(128) NOT NULL, json_data json NOT NULL, json_metadata jsonb);
            CREATE UNIQUE INDEX by_version ON messages(stream_id_internal, stream_version);",
        insert: "INSERT INTO streams VALUES (md5(:stream), :stream, substr(:stream, 7)::int) ON CONFLICT DO NOTHING;
            INSERT INTO messages VALUES (substr(:stream, 7)::int, :version, :position, md5((:position)::text)::uuid,
            '2026-08-03 14:00:00', :type, :payload, '{}');",
    },
    Kind {
        layout: "eventuous",
        schema: "eventuous",
        read: &["messages", "streams"],
        tables: "CREATE TABLE eventuous.streams(stream_name varchar NOT NULL UNIQUE, stream_id int PRIMARY KEY,
            version int NOT NULL DEFAULT -1);
            CREATE TABLE eventuous.messages(message_id uuid NOT NULL, message_type varchar NOT NULL, stream_id int NOT NULL,
            stream_position int NOT NULL, global_position bigint PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY,
            json_data json NOT NULL, json_metadata jsonb, created timestamp NOT NULL);
            CREATE UNIQUE INDEX by_version ON eventuous.messages(stream_id, stream_position);",
        insert: "INSERT INTO eventuous.streams VALUES (:stream, substr(:stream, 7)::int) ON CONFLICT DO NOTHING;
            INSERT INTO eventuous.messages VALUES (md5((:position)::text)::uuid, :type, substr(:stream, 7)::int, :version,
            :position, :payload, '{}', '2026-08-03 14:00:00.5');",
    },
    Kind {
        layout: "commanded",
        schema: "public",
        read: &["stream_events", "events", "streams"],
        tables: "CREATE TABLE streams(stream_id bigserial PRIMARY KEY, stream_uuid text NOT NULL UNIQUE,
            stream_version bigint DEFAULT 0 NOT NULL, created_at timestamptz DEFAULT now() NOT NULL, deleted_at timestamptz);
            CREATE TABLE events(event_id uuid PRIMARY KEY, event_type text NOT NULL, causation_id uuid, correlation_id uuid,
            data bytea NOT NULL, metadata bytea, created_at timestamptz DEFAULT now() NOT NULL);
            CREATE TABLE stream_events(event_id uuid NOT NULL, stream_id bigint NOT NULL, stream_version bigint NOT NULL,
            original_stream_id bigint, original_stream_version bigint, PRIMARY KEY (event_id, stream_id));
            CREATE UNIQUE INDEX by_version ON stream_events(stream_id, stream_version);
            INSERT INTO streams VALUES (0, '$all');",
        insert: "INSERT INTO streams VALUES (substr(:stream, 7)::int + 1, :stream) ON CONFLICT DO NOTHING;
            INSERT INTO events VALUES (md5((:position)::text)::uuid, :type, NULL, NULL, convert_to(:payload, 'UTF8'), NULL, now());
            INSERT INTO stream_events VALUES (md5((:position)::text)::uuid, 0, :position, substr(:stream, 7)::int + 1,
            :version + 1);
            INSERT INTO stream_events VALUES (md5((:position)::text)::uuid, substr(:stream, 7)::int + 1, :version + 1,
            substr(:stream, 7)::int + 1, :version + 1);",
    },
    Kind {
        layout: "axon",
        schema: "public",
        read: &["domain_event_entry"],
        tables: "CREATE TABLE domain_event_entry(global_index bigserial PRIMARY KEY, event_identifier varchar(255) UNIQUE,
            aggregate_identifier varchar(255) NOT NULL, sequence_number bigint NOT NULL, type varchar(255),
            payload_type varchar(255) NOT NULL, payload_revision varchar(255), payload bytea NOT NULL, meta_data bytea,
            time_stamp varchar(255) NOT NULL, UNIQUE (aggregate_identifier, sequence_number));",
        insert: "INSERT INTO domain_event_entry VALUES (:position, 'id-' || :position, :stream, :version, 'Order', :type, NULL,
            convert_to(:payload, 'UTF8'), convert_to('{\"traceId\":\"t\"}', 'UTF8'), '2026-08-03T14:00:00.123Z');",
    },
    Kind {
        layout: "axon",
        schema: "public",
        read: &["domain_event_entry"],
        // As Hibernate makes it where nobody says otherwise: bodies are large objects.
        tables: "SELECT lo_unlink(oid) FROM pg_largeobject_metadata;
            ALTER DATABASE conformance_axon SET lo_compat_privileges = on;
            CREATE TABLE domain_event_entry(global_index bigserial PRIMARY KEY, event_identifier varchar(255) UNIQUE,
            aggregate_identifier varchar(255) NOT NULL, sequence_number bigint NOT NULL, type varchar(255),
            payload_type varchar(255) NOT NULL, payload_revision varchar(255), payload oid NOT NULL, meta_data oid,
            time_stamp varchar(255) NOT NULL, UNIQUE (aggregate_identifier, sequence_number));",
        insert: "INSERT INTO domain_event_entry VALUES (:position, 'id-' || :position, :stream, :version, 'Order', :type, NULL,
            lo_from_bytea(0, convert_to(:payload, 'UTF8')), lo_from_bytea(0, '{\"traceId\":\"t\"}'),
            '2026-08-03T14:00:00.123Z');",
    },
    Kind {
        layout: "axon-5",
        schema: "public",
        read: &["aggregate_event_entry"],
        tables: "CREATE SEQUENCE \"aggregate-event-global-index-sequence\";
            CREATE TABLE aggregate_event_entry(global_index bigint NOT NULL PRIMARY KEY, aggregate_type varchar(255),
            aggregate_identifier varchar(255), aggregate_sequence_number bigint, type varchar(255) NOT NULL,
            version varchar(255) NOT NULL, timestamp varchar(255) NOT NULL, payload bytea NOT NULL, metadata bytea,
            identifier varchar(255) NOT NULL, UNIQUE (aggregate_identifier, aggregate_sequence_number));",
        insert: "INSERT INTO aggregate_event_entry VALUES (:position, 'Order', :stream, :version, :type, '0.0.1',
            '2026-08-03T14:00:00.123Z', convert_to(:payload, 'UTF8'), '{\"traceId\":\"t\"}', 'id-' || :position);",
    },
    Kind {
        layout: "prooph:public._4228e4a00331b5d5e751db0481828e22a2c3c8ef",
        schema: "public",
        read: &["_4228e4a00331b5d5e751db0481828e22a2c3c8ef"],
        tables: "CREATE TABLE _4228e4a00331b5d5e751db0481828e22a2c3c8ef(no bigserial, event_id uuid NOT NULL,
            event_name varchar(100) NOT NULL, payload json NOT NULL, metadata jsonb NOT NULL, created_at timestamp(6) NOT NULL,
            PRIMARY KEY (no), UNIQUE (event_id));
            CREATE UNIQUE INDEX ON _4228e4a00331b5d5e751db0481828e22a2c3c8ef((metadata->>'_aggregate_type'),
            (metadata->>'_aggregate_id'), (metadata->>'_aggregate_version'));
            CREATE INDEX ON _4228e4a00331b5d5e751db0481828e22a2c3c8ef((metadata->>'_aggregate_type'),
            (metadata->>'_aggregate_id'), no);",
        insert: "INSERT INTO _4228e4a00331b5d5e751db0481828e22a2c3c8ef VALUES (:position, md5((:position)::text)::uuid, :type,
            :payload, jsonb_build_object('_aggregate_type', 'order', '_aggregate_id', substr(:stream, 7), '_aggregate_version',
            :version + 1), '2026-08-03 14:00:00.123456');",
    },
    Kind {
        layout: "eventflow",
        schema: "public",
        read: &["eventflow"],
        tables: "CREATE TABLE eventflow(globalsequencenumber bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
            batchid uuid NOT NULL, aggregateid varchar(255) NOT NULL, aggregatename varchar(255) NOT NULL, data text NOT NULL,
            metadata text NOT NULL, aggregatesequencenumber int NOT NULL);
            CREATE INDEX \"IX_EventFlow_AggregateId_AggregateSequenceNumber\" ON eventflow(aggregateid,
            aggregatesequencenumber);",
        insert: "INSERT INTO eventflow VALUES (:position, md5((:position)::text)::uuid, :stream, 'OrderAggregate', :payload,
            '{\"event_name\":\"' || :type || '\",\"event_version\":\"1\",\"timestamp\":\"2026-08-03T14:00:00.1234567+00:00\"}',
            :version + 1);",
    },
    Kind {
        layout: "sequent",
        schema: "public",
        read: &["event_records", "stream_records"],
        tables: "CREATE TABLE stream_records(id serial PRIMARY KEY, created_at timestamp NOT NULL, aggregate_type varchar NOT NULL,
            aggregate_id varchar NOT NULL UNIQUE, snapshot_threshold int);
            CREATE TABLE event_records(id serial PRIMARY KEY, aggregate_id varchar NOT NULL, sequence_number int NOT NULL,
            created_at timestamp NOT NULL, event_type varchar NOT NULL, event_json text NOT NULL, command_record_id int NOT NULL,
            stream_record_id int NOT NULL);
            CREATE UNIQUE INDEX unique_event_per_aggregate ON event_records(aggregate_id, sequence_number,
            (CASE event_type WHEN 'Sequent::Core::SnapshotEvent' THEN 0 ELSE 1 END));",
        insert: "INSERT INTO stream_records VALUES (substr(:stream, 7)::int, now(), 'Order', :stream) ON CONFLICT DO NOTHING;
            INSERT INTO event_records VALUES (:position, :stream, :version + 1, '2026-08-03 14:00:00.123456', :type, :payload,
            :position, substr(:stream, 7)::int);",
    },
    Kind {
        layout: "sequent-8",
        schema: "public",
        read: &["events", "event_types", "aggregates", "aggregate_types"],
        tables: "CREATE TABLE aggregate_types(id smallint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, type text NOT NULL UNIQUE);
            CREATE TABLE event_types(id smallint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, type text NOT NULL UNIQUE);
            CREATE TABLE aggregates(aggregate_id text NOT NULL PRIMARY KEY, events_partition_key text NOT NULL DEFAULT '',
            aggregate_type_id smallint NOT NULL, created_at timestamptz NOT NULL DEFAULT now(),
            UNIQUE (events_partition_key, aggregate_id)) PARTITION BY RANGE (aggregate_id);
            CREATE TABLE aggregates_default PARTITION OF aggregates DEFAULT;
            CREATE TABLE events(aggregate_id text NOT NULL, partition_key text NOT NULL DEFAULT '',
            sequence_number int NOT NULL, created_at timestamptz NOT NULL, command_id bigint NOT NULL,
            event_type_id smallint NOT NULL, event_json json NOT NULL,
            xact_id bigint DEFAULT pg_current_xact_id()::text::bigint,
            PRIMARY KEY (partition_key, aggregate_id, sequence_number)) PARTITION BY RANGE (partition_key);
            CREATE TABLE events_default PARTITION OF events DEFAULT;
            INSERT INTO aggregate_types(type) VALUES ('Order');",
        insert: "INSERT INTO event_types(type) SELECT :type WHERE NOT EXISTS (SELECT 1 FROM event_types WHERE type = :type);
            INSERT INTO aggregates(aggregate_id, aggregate_type_id) VALUES (:stream, 1) ON CONFLICT DO NOTHING;
            INSERT INTO events VALUES (:stream, '', :version + 1, '2026-08-03 14:00:00.123456+02', :position,
            (SELECT id FROM event_types WHERE type = :type), :payload);",
    },
    Kind {
        layout: "marten",
        schema: "public",
        read: &["mt_events"],
        tables: "CREATE SEQUENCE mt_events_sequence; CREATE TABLE mt_streams(id varchar PRIMARY KEY, type varchar,
            version bigint, timestamp timestamptz DEFAULT now() NOT NULL, snapshot jsonb, snapshot_version integer,
            created timestamptz DEFAULT now() NOT NULL, tenant_id varchar DEFAULT '*DEFAULT*', is_archived bool DEFAULT false);
            CREATE TABLE mt_events(seq_id bigint NOT NULL DEFAULT nextval('mt_events_sequence') PRIMARY KEY, id uuid NOT NULL,
            stream_id varchar, version bigint NOT NULL, data jsonb NOT NULL, type varchar(500) NOT NULL,
            timestamp timestamptz NOT NULL DEFAULT '2026-08-03 14:00:00+02', tenant_id varchar DEFAULT '*DEFAULT*',
            mt_dotnet_type varchar, correlation_id varchar, causation_id varchar, headers jsonb, is_archived bool DEFAULT false);
            ALTER TABLE mt_events ALTER data TYPE json;
            CREATE UNIQUE INDEX pk_mt_events_stream_and_version ON mt_events(stream_id, version);",
        insert: "INSERT INTO mt_events(seq_id, id, stream_id, version, data, type) VALUES (:position, md5((:position)::text)::uuid,
            :stream, :version + 1, :payload, :type);",
    },
    Kind {
        layout: "pekko-jdbc",
        schema: "public",
        read: &["event_journal"],
        tables: "CREATE TABLE event_journal(ordering bigserial, persistence_id varchar(255) NOT NULL,
            sequence_number bigint NOT NULL, deleted boolean DEFAULT false NOT NULL, writer varchar(255) NOT NULL,
            write_timestamp bigint, adapter_manifest varchar(255), event_ser_id int NOT NULL,
            event_ser_manifest varchar(255) NOT NULL, event_payload bytea NOT NULL, meta_ser_id int,
            meta_ser_manifest varchar(255), meta_payload bytea, PRIMARY KEY (persistence_id, sequence_number));
            CREATE UNIQUE INDEX event_journal_ordering_idx ON event_journal(ordering);",
        insert: "INSERT INTO event_journal VALUES (:position, :stream, :version + 1, false, 'w', 1785765600123, '', 31, :type,
            convert_to(:payload, 'UTF8'), NULL, NULL, NULL);",
    },
    Kind {
        layout: "cqrs-es",
        schema: "public",
        read: &["events"],
        tables: "CREATE TABLE events(aggregate_type text NOT NULL, aggregate_id text NOT NULL, sequence bigint CHECK (sequence >= 0)
            NOT NULL, event_type text NOT NULL, event_version text NOT NULL, payload json NOT NULL, metadata json NOT NULL,
            PRIMARY KEY (aggregate_type, aggregate_id, sequence));",
        insert: "INSERT INTO events VALUES ('order', substr(:stream, 7), :version + 1, :type, '1.0',
            ('{\"' || :type || '\":' || :payload || '}')::json, '{}');",
    },
    Kind {
        layout: "pekko-r2dbc",
        schema: "public",
        read: &["event_journal"],
        tables: "CREATE TABLE event_journal(slice int NOT NULL, entity_type varchar(255) NOT NULL,
            persistence_id varchar(255) NOT NULL, seq_nr bigint NOT NULL, db_timestamp timestamptz NOT NULL,
            event_ser_id int NOT NULL, event_ser_manifest varchar(255) NOT NULL, event_payload bytea NOT NULL,
            deleted boolean DEFAULT false NOT NULL, writer varchar(255) NOT NULL, adapter_manifest varchar(255), tags text[],
            meta_ser_id int, meta_ser_manifest varchar(255), meta_payload bytea, PRIMARY KEY (persistence_id, seq_nr));
            CREATE INDEX event_journal_slice_idx ON event_journal(slice, entity_type, db_timestamp, seq_nr);",
        insert: "INSERT INTO event_journal VALUES (7, 'order', :stream, :version + 1, now(), 33, :type,
            convert_to(:payload, 'UTF8'), false, 'w', '', '{even,odd}', NULL, NULL, NULL);",
    },
    Kind {
        layout: "patchlevel",
        schema: "public",
        read: &["eventstore"],
        tables: "CREATE TABLE eventstore(id bigserial PRIMARY KEY, aggregate varchar(255) NOT NULL,
            aggregate_id varchar(36) NOT NULL, playhead int NOT NULL, event varchar(255) NOT NULL, payload json NOT NULL,
            recorded_on timestamptz(0) NOT NULL, new_stream_start boolean DEFAULT false NOT NULL,
            archived boolean DEFAULT false NOT NULL, custom_headers json NOT NULL);
            CREATE UNIQUE INDEX by_playhead ON eventstore(aggregate, aggregate_id, playhead);",
        insert: "INSERT INTO eventstore VALUES (:position, 'order', substr(:stream, 7), :version + 1, :type, :payload,
            '2026-08-03 14:00:00+02', false, false, '{}');",
    },
    Kind {
        layout: "patchlevel-stream",
        schema: "public",
        read: &["event_store"],
        tables: "CREATE TABLE event_store(id bigserial PRIMARY KEY, stream varchar(255) NOT NULL, playhead int,
            event varchar(255) NOT NULL, payload json NOT NULL, recorded_on timestamptz(0) NOT NULL,
            new_stream_start boolean DEFAULT false NOT NULL, archived boolean DEFAULT false NOT NULL,
            custom_headers json NOT NULL); CREATE UNIQUE INDEX by_playhead ON event_store(stream, playhead);",
        insert: "INSERT INTO event_store VALUES (:position, :stream, :version + 1, :type, :payload, '2026-08-03 14:00:00+02',
            false, false, '{}');",
    },
];

impl Kind {
    /// A store with these events, opened.
    pub fn make(&self, server: &Postgres, models: &[Model]) -> Arc<dyn EventStore> {
        let (database, schema) = (self.database(), self.schema);
        let exists = server.sql(
            "postgres",
            &format!("SELECT 1 FROM pg_database WHERE datname = '{database}'"),
        );
        if exists.is_empty() {
            server.fresh_database(&database);
        }
        let statements = models.iter().map(|model| model.filled(self.insert));
        let written: String = statements.collect();
        server.sql(
            &database,
            &format!(
                "SET client_min_messages = error; DROP SCHEMA IF EXISTS {schema} CASCADE; CREATE SCHEMA {schema};
                 {} BEGIN; {written} COMMIT; SELECT pg_stat_force_next_flush();",
                self.tables
            ),
        );
        server.reader(&database, "refold_reader", schema, self.read);
        self.open(server)
    }

    pub fn open(&self, server: &Postgres) -> Arc<dyn EventStore> {
        self.try_open(server)
            .unwrap_or_else(|error| panic!("{}: {error}", self.layout))
    }

    pub fn try_open(&self, server: &Postgres) -> Result<Arc<dyn EventStore>, StoreError> {
        let (token, options) = (CancelToken::default(), OpenOptions::in_scratch(std::env::temp_dir()));
        let choice = LayoutChoice::parse(self.layout).unwrap_or_else(|error| panic!("{}: {error}", self.layout));
        let address = server.address("refold_reader", &self.database());
        refold_stores::open(&Work::new(&token, &Silent), &address, Some(&choice), &options)
    }

    pub fn database(&self) -> String {
        let name = self.layout.split(':').next().unwrap_or_default();
        format!("conformance_{}", name.replace('-', "_"))
    }
}
