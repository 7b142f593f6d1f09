//! Tenants that share the tables of a store.

use refold_core::event::{Columns, EventBatch};
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::port::store::{EventStore, ReadQuery, Scope};
use refold_core::work::{CancelToken, Silent, Work};
use refold_tests::postgres::Postgres;

use crate::servers::{Real as _, opened, told};

/// Marten's table of events, with streams that are named by text and this unique index, as its migrations make it.
fn marten(unique: &str) -> String {
    format!(
        "CREATE TABLE mt_streams(id varchar NOT NULL, tenant_id varchar NOT NULL, PRIMARY KEY (tenant_id, id));
         CREATE TABLE mt_events(seq_id bigint NOT NULL PRIMARY KEY, id uuid NOT NULL, stream_id varchar NOT NULL,
         version bigint NOT NULL, data jsonb NOT NULL, type varchar(500) NOT NULL, timestamp timestamptz NOT NULL DEFAULT now(),
         tenant_id varchar DEFAULT '*DEFAULT*', mt_dotnet_type varchar, is_archived boolean DEFAULT false);
         CREATE UNIQUE INDEX pk_mt_events_stream_and_version ON mt_events({unique});"
    )
}

fn event(position: u32, tenant: &str, version: u32) -> String {
    format!(
        "INSERT INTO mt_events(seq_id, id, stream_id, version, data, type, tenant_id) VALUES ({position}, gen_random_uuid(), 'inv-1',
         {version}, '{{}}', 'opened', '{tenant}');"
    )
}

/// How many events a stream has.
fn of_stream(store: &dyn EventStore, id: &str) -> usize {
    let (token, findings) = (CancelToken::default(), Findings::default());
    let (mut batch, mut names) = (EventBatch::default(), Names::default());
    let query = ReadQuery {
        scope: Scope::Stream {
            id: id.as_bytes().to_vec(),
            from: None,
            to: None,
        },
        ..ReadQuery::all(Columns::ALL)
    };
    let mut reader = store.read(&query).expect("a read starts");
    let read = reader.next_batch(&Work::new(&token, &Silent), 99, &mut batch, &mut names, &findings);
    read.unwrap_or_else(|error| panic!("{error}"));
    batch.len()
}

#[test]
fn one_stream_id_of_two_tenants_is_two_streams() {
    let server = Postgres::shared();
    let database = "tenants_two";
    let address = server.tables(
        database,
        &format!("{} {}", marten("tenant_id, stream_id, version"), event(1, "a", 1)),
        &["mt_events"],
    );
    // As long as there is one tenant, ids are as they are stored.
    let alone = opened(&address);
    assert_eq!(told(&*alone).lines(), ["inv-1 1 opened"]);
    server.sql(database, &format!("{}{}", event(2, "b", 1), event(3, "a", 2)));
    let shared = opened(&address);
    let read = told(&*shared);
    assert_eq!(
        read.lines(),
        ["a/inv-1 1 opened", "b/inv-1 1 opened", "a/inv-1 2 opened"]
    );
    assert_eq!(read.codes, [], "no two events have one version of one stream");
    for (id, count) in [("a/inv-1", 2), ("b/inv-1", 1), ("inv-1", 0), ("c/inv-1", 0)] {
        assert_eq!(of_stream(&*shared, id), count, "{id}");
    }
    assert!(
        shared
            .describe()
            .evidence
            .iter()
            .any(|said| said.contains("several tenants share the table")),
        "{:?}",
        shared.describe().evidence
    );
    // What was kept of the store with one tenant is of another store.
    let identity = |store: &dyn EventStore| store.fingerprint().expect("it can be asked").identity;
    assert_ne!(identity(&*alone), identity(&*shared));
}

/// Where the database itself lets no two tenants have one stream, ids are what they are.
#[test]
fn tenants_that_cannot_share_a_stream_change_no_id() {
    let server = Postgres::shared();
    let database = "tenants_apart";
    let address = server.tables(
        database,
        &format!(
            "{} {}{}",
            marten("stream_id, version"),
            event(1, "a", 1),
            event(2, "b", 2)
        ),
        &["mt_events"],
    );
    assert_eq!(told(&*opened(&address)).lines(), ["inv-1 1 opened", "inv-1 2 opened"]);
}
