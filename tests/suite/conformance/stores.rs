//! A store of each kind, made of the same events, as the libraries write them.

use std::path::Path;
use std::sync::Arc;

use refold_core::event::{Encoding, Position, Version};
use refold_core::port::store::EventStore;
use refold_core::time::Timestamp;
use refold_core::work::{CancelToken, Silent, Work};
use refold_stores::memory::{MemoryEvent, MemoryStore};
use refold_stores::{LayoutChoice, OpenOptions};
use rusqlite::Connection;

use super::Model;

/// One kind of store.
pub struct Kind {
    /// The layout that it is opened with; `memory` stands for itself.
    pub name: &'static str,
    write: Write,
}

enum Write {
    Memory,
    /// The tables, and for each event the statements with `:position`, `:stream` and so on.
    Sql {
        tables: &'static str,
        insert: &'static [&'static str],
    },
    /// A heading, and a line for each event with the same names in it, quoted by a function.
    Lines {
        heading: &'static str,
        line: fn(&Model) -> String,
        layout: &'static str,
    },
}

/// Every adapter, with every layout that it has.
pub const KINDS: &[Kind] = &[
    Kind {
        name: "memory",
        write: Write::Memory,
    },
    Kind {
        name: "emmett",
        write: Write::Sql {
            tables: "CREATE TABLE emt_streams(stream_id TEXT NOT NULL, stream_position BIGINT, partition TEXT, stream_type TEXT,
                stream_metadata JSONB, is_archived BOOLEAN, PRIMARY KEY (stream_id, partition, is_archived));
                CREATE TABLE emt_messages(stream_id TEXT NOT NULL, stream_position BIGINT NOT NULL, partition TEXT NOT NULL,
                message_kind CHAR(1) NOT NULL, message_data JSONB NOT NULL, message_metadata JSONB NOT NULL,
                message_schema_version TEXT NOT NULL, message_type TEXT NOT NULL, message_id TEXT NOT NULL,
                is_archived BOOLEAN NOT NULL, global_position INTEGER PRIMARY KEY, created DATETIME,
                UNIQUE (stream_id, stream_position, partition, is_archived))",
            insert: &["INSERT INTO emt_messages VALUES (:stream, :version + 1, 'global', 'E', :payload, '{\"m\":1}', :version,
                :type, 'id-' || :position, 0, :position, '2026-08-03 14:00:00')"],
        },
    },
    Kind {
        name: "emmett-events",
        write: Write::Sql {
            tables: "CREATE TABLE emt_events(stream_id TEXT NOT NULL, stream_position BIGINT NOT NULL, partition TEXT NOT NULL,
                event_data JSONB NOT NULL, event_metadata JSONB NOT NULL, event_schema_version TEXT NOT NULL,
                event_type TEXT NOT NULL, event_id TEXT NOT NULL, is_archived BOOLEAN NOT NULL,
                global_position INTEGER PRIMARY KEY, created DATETIME,
                UNIQUE (stream_id, stream_position, partition, is_archived))",
            insert: &["INSERT INTO emt_events VALUES (:stream, :version + 1, 'global', :payload, '{}', :version, :type,
                'id-' || :position, 0, :position, '2026-08-03 14:00:00')"],
        },
    },
    Kind {
        name: "pyeventsourcing",
        write: Write::Sql {
            tables: "CREATE TABLE stored_events(originator_id TEXT, originator_version INTEGER, topic TEXT, state BLOB,
                PRIMARY KEY (originator_id, originator_version))",
            insert: &["INSERT INTO stored_events VALUES (:stream, :version + 1, :type, CAST(:payload AS BLOB))"],
        },
    },
    Kind {
        name: "cqrs-es",
        write: Write::Sql {
            tables: "CREATE TABLE events(aggregate_type text NOT NULL, aggregate_id text NOT NULL, sequence integer NOT NULL,
                event_type text NOT NULL, event_version text NOT NULL, payload text NOT NULL, metadata text NOT NULL,
                PRIMARY KEY (aggregate_type, aggregate_id, sequence)) STRICT",
            insert: &["INSERT INTO events VALUES ('order', substr(:stream, 7), :version + 1, :type, '1.0',
                '{\"' || :type || '\":' || :payload || '}', '{\"recordedAt\":\"2026-08-03T14:00:00.5Z\"}')"],
        },
    },
    Kind {
        name: "rails-event-store",
        write: Write::Sql {
            tables: "CREATE TABLE event_store_events(id integer PRIMARY KEY AUTOINCREMENT NOT NULL, event_id varchar(36) NOT NULL,
                event_type varchar NOT NULL, metadata blob, data blob NOT NULL, created_at datetime(6), valid_at datetime(6));
                CREATE UNIQUE INDEX by_event_id ON event_store_events(event_id);
                CREATE TABLE event_store_events_in_streams(id integer PRIMARY KEY AUTOINCREMENT NOT NULL,
                stream varchar NOT NULL, position integer, event_id varchar(36) NOT NULL, created_at datetime(6));
                CREATE UNIQUE INDEX by_position ON event_store_events_in_streams(stream, position);
                CREATE INDEX by_event ON event_store_events_in_streams(event_id)",
            insert: &[
                "INSERT INTO event_store_events VALUES (:position, 'id-' || :position, :type, '{}', :payload,
                    '2026-08-03 14:00:00.123456', NULL)",
                "INSERT INTO event_store_events_in_streams VALUES (:position, :stream, :version, 'id-' || :position, NULL)",
            ],
        },
    },
    Kind {
        name: "spatie",
        write: Write::Sql {
            tables: "CREATE TABLE stored_events(id integer PRIMARY KEY AUTOINCREMENT NOT NULL, aggregate_uuid varchar,
                aggregate_version integer, event_version integer NOT NULL DEFAULT '1', event_class varchar NOT NULL,
                event_properties text NOT NULL, meta_data text NOT NULL, created_at datetime NOT NULL);
                CREATE UNIQUE INDEX by_version ON stored_events(aggregate_uuid, aggregate_version)",
            insert: &["INSERT INTO stored_events VALUES (:position, :stream, :version + 1, 1, :type, :payload, '{}',
                '2026-08-03 14:00:00')"],
        },
    },
    Kind {
        name: "eventuous",
        write: Write::Sql {
            tables: "CREATE TABLE shop_streams(stream_id INTEGER PRIMARY KEY AUTOINCREMENT, stream_name TEXT NOT NULL UNIQUE,
                version INTEGER NOT NULL DEFAULT(-1));
                CREATE TABLE shop_messages(global_position INTEGER PRIMARY KEY AUTOINCREMENT, message_id TEXT NOT NULL,
                message_type TEXT NOT NULL, stream_id INTEGER NOT NULL, stream_position INTEGER NOT NULL,
                json_data TEXT NOT NULL, json_metadata TEXT, created TEXT NOT NULL, UNIQUE(stream_id, stream_position))",
            insert: &[
                "INSERT OR IGNORE INTO shop_streams(stream_name) VALUES (:stream)",
                "INSERT INTO shop_messages SELECT :position, 'id-' || :position, :type, stream_id, :version, :payload, NULL,
                    '2026-08-03T14:00:00.1234567Z' FROM shop_streams WHERE stream_name = :stream",
            ],
        },
    },
    Kind {
        name: "sqlstreamstore",
        write: Write::Sql {
            tables: "CREATE TABLE streams(id text NOT NULL UNIQUE, id_original text NOT NULL,
                id_internal integer NOT NULL PRIMARY KEY AUTOINCREMENT, version integer NOT NULL DEFAULT -1,
                position integer NOT NULL DEFAULT -1, max_age integer NULL, max_count integer NULL);
                CREATE INDEX by_id_original ON streams(id_original);
                CREATE TABLE messages(event_id CHAR(36) NOT NULL, stream_id_internal integer NOT NULL,
                stream_version integer NOT NULL, position integer NOT NULL PRIMARY KEY, created_utc DATETIME NOT NULL,
                type CHAR(128) NOT NULL, json_data text NOT NULL, json_metadata text,
                UNIQUE (stream_id_internal, stream_version))",
            insert: &[
                "INSERT OR IGNORE INTO streams(id, id_original) VALUES (hex(:stream), :stream)",
                "INSERT INTO messages SELECT 'id-' || :position, id_internal, :version, :position, '2026-08-03 14:00:00.5', :type,
                    :payload, NULL FROM streams WHERE id_original = :stream",
            ],
        },
    },
    Kind {
        name: "eventsauce",
        write: Write::Sql {
            tables: "CREATE TABLE order_messages(id INTEGER PRIMARY KEY AUTOINCREMENT, event_id BLOB NOT NULL,
                aggregate_root_id BLOB NOT NULL, version INTEGER NULL, payload VARCHAR(16001) NOT NULL);
                CREATE INDEX reconstitution ON order_messages(aggregate_root_id, version)",
            insert: &["INSERT INTO order_messages VALUES (:position, randomblob(16), :stream, :version + 1,
                '{\"headers\":{\"__event_type\":\"' || :type || '\"},\"payload\":' || :payload || '}')"],
        },
    },
    Kind {
        name: "eventsauce-legacy",
        write: Write::Sql {
            tables: "CREATE TABLE domain_messages(event_id VARCHAR(36) NOT NULL, event_type VARCHAR(100) NOT NULL,
                aggregate_root_id VARCHAR(36) NULL, aggregate_root_version MEDIUMINT NULL,
                time_of_recording DATETIME(6) NOT NULL, payload JSON NOT NULL)",
            insert: &["INSERT INTO domain_messages VALUES ('id', :type, :stream, :version + 1, '2026-08-03 14:00:00.123456',
                '{\"headers\":{},\"payload\":' || :payload || '}')"],
        },
    },
    Kind {
        name: "broadway",
        write: Write::Sql {
            tables: "CREATE TABLE events(id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, uuid CHAR(36) NOT NULL,
                playhead INTEGER NOT NULL, payload CLOB NOT NULL, metadata CLOB NOT NULL, recorded_on VARCHAR(32) NOT NULL,
                type VARCHAR(255) NOT NULL);
                CREATE UNIQUE INDEX by_playhead ON events(uuid, playhead)",
            insert: &["INSERT INTO events VALUES (:position, :stream, :version,
                '{\"class\":\"C\",\"payload\":' || :payload || '}', '{\"class\":\"M\",\"payload\":{}}',
                '2026-08-03T14:00:00.000001+00:00', :type)"],
        },
    },
    Kind {
        name: "json-lines",
        write: Write::Lines {
            heading: "",
            line: |event| {
                format!(
                    "{{\"position\":\"{}\",\"stream\":\"{}\",\"version\":\"{}\",\"type\":\"{}\",\
                     \"recorded_at\":\"2026-08-03T14:00:00Z\",\"payload\":{},\"metadata\":{{\"m\":1}}}}",
                    event.position, event.stream, event.version, event.event_type, event.payload
                )
            },
            layout: "",
        },
    },
    Kind {
        name: "cloudevents",
        write: Write::Lines {
            heading: "",
            line: |event| {
                format!(
                    "{{\"specversion\":\"1.0\",\"id\":\"id-{}\",\"source\":\"/shop\",\"subject\":\"{}\",\
                     \"streamversion\":{},\"type\":\"{}\",\"time\":\"2026-08-03T14:00:00Z\",\"data\":{}}}",
                    event.position, event.stream, event.version, event.event_type, event.payload
                )
            },
            layout: "",
        },
    },
    Kind {
        name: "csv",
        write: Write::Lines {
            heading: "seq,stream,version,type,at,body\r\n",
            line: |event| {
                format!(
                    "{},{},{},{},2026-08-03 14:00:00,\"{}\"\r",
                    event.position,
                    event.stream,
                    event.version,
                    event.event_type,
                    event.payload.replace('"', "\"\"")
                )
            },
            layout: "version = 1\nname = \"lines\"\ndialect = \"csv\"\n[[source]]\n[map]\n\
                     global_position = { column = \"seq\" }\nstream_id = { column = \"stream\" }\n\
                     stream_version = { column = \"version\" }\nevent_type = { column = \"type\" }\n\
                     recorded_at = { column = \"at\", zone = \"UTC\" }\n[map.payload]\ncolumn = \"body\"\n",
        },
    },
];

impl Kind {
    /// A store with these events, in `folder`, opened.
    pub fn make(&self, folder: &Path, models: &[Model]) -> Arc<dyn EventStore> {
        match &self.write {
            Write::Memory => {}
            Write::Sql { tables, insert } => {
                let mut connection = Connection::open(folder.join("store")).expect("a database is made");
                connection
                    .execute_batch(&format!("PRAGMA synchronous = OFF; {tables}"))
                    .expect("the tables are made");
                let transaction = connection.transaction().expect("a transaction starts");
                for (model, statement) in models
                    .iter()
                    .flat_map(|model| insert.iter().map(move |sql| (model, sql)))
                {
                    let mut prepared = transaction.prepare_cached(statement).expect("the statement is right");
                    for (name, value) in [
                        (":position", &model.position as &dyn rusqlite::ToSql),
                        (":stream", &model.stream),
                        (":version", &model.version),
                        (":type", &model.event_type),
                        (":payload", &model.payload),
                    ] {
                        if let Some(index) = prepared.parameter_index(name).expect("names are text") {
                            prepared.raw_bind_parameter(index, value).expect("the value is taken");
                        }
                    }
                    prepared.raw_execute().expect("the event is written");
                }
                transaction.commit().expect("the events are written");
            }
            Write::Lines { heading, line, layout } => {
                let lines: Vec<String> = models.iter().map(|model| format!("{}\n", line(model))).collect();
                std::fs::write(folder.join("store"), format!("{heading}{}", lines.concat())).expect("it is written");
                std::fs::write(folder.join("layout.toml"), layout).expect("the layout is written");
            }
        }
        self.open(folder, models)
    }

    pub fn open(&self, folder: &Path, models: &[Model]) -> Arc<dyn EventStore> {
        let layout = match &self.write {
            Write::Memory => return Arc::new(MemoryStore::new("model", models.iter().map(in_memory).collect())),
            Write::Lines { layout, .. } if !layout.is_empty() => folder.join("layout.toml").display().to_string(),
            Write::Lines { .. } | Write::Sql { .. } => self.name.to_owned(),
        };
        let (token, options) = (CancelToken::default(), OpenOptions::in_scratch(std::env::temp_dir()));
        let choice = LayoutChoice::parse(&layout).unwrap_or_else(|error| panic!("{}: {error}", self.name));
        let path = folder.join("store").display().to_string();
        refold_stores::open(&Work::new(&token, &Silent), &path, Some(&choice), &options)
            .unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }
}

fn in_memory(model: &Model) -> MemoryEvent {
    MemoryEvent {
        position: Position(model.position),
        stream: model.stream.clone().into_bytes(),
        category: b"order".to_vec(),
        version: Version(model.version),
        event_type: model.event_type.clone().into_bytes(),
        recorded_at: Timestamp(1_785_592_800_000_000_000),
        payload: Some(model.payload.clone().into_bytes()),
        encoding: Encoding::Json,
        metadata: Some(b"{}".to_vec()),
    }
}
