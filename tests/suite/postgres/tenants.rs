//! Tenants that share the tables of a store.

use refold_core::event::{Columns, EventBatch};
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::port::store::{EventStore, ReadQuery, Scope, StoreError};
use refold_core::work::{CancelToken, Silent, Work};
use refold_tests::postgres::Postgres;

use crate::servers::{Real as _, opened, refused, told};

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

/// A tenant named by a UUID; and an event of nobody beside it, which is not taken for one of that tenant.
#[test]
fn tenants_of_other_types_and_none_are_told_apart_too() {
    let server = Postgres::shared();
    let database = "tenants_uuid";
    let unique = "tenant_id, stream_id, version";
    let retyped =
        "ALTER TABLE mt_events ALTER tenant_id DROP DEFAULT, ALTER tenant_id TYPE uuid USING tenant_id::uuid;";
    let a = "00000000-0000-0000-0000-00000000000a";
    let address = server.tables(
        database,
        &format!("{} {retyped}{}", marten(unique), event(1, a, 1)),
        &["mt_events"],
    );
    assert_eq!(told(&*opened(&address)).lines(), ["inv-1 1 opened"]);
    server.sql(database, &event(2, a, 1).replace(&format!("'{a}'"), "NULL"));
    let told = told(&*opened(&address));
    assert_eq!(told.lines(), [&format!("{a}/inv-1 1 opened"), "(no stream) 1 opened"]);
}

/// What cannot be a part of an id is said, and not met as an error of a statement.
#[test]
fn a_tenant_that_no_id_can_be_made_of_is_named() {
    let server = Postgres::shared();
    let address = server.tables(
        "tenants_odd",
        &format!(
            "{} ALTER TABLE mt_events ALTER tenant_id DROP DEFAULT, ALTER tenant_id TYPE json USING '{{}}';",
            marten("seq_id")
        ),
        &["mt_events"],
    );
    let refused = refused(&address);
    assert!(matches!(refused, StoreError::NoLayout { .. }), "{refused}");
    assert!(
        refused.to_string().contains("tenant_id is no text, uuid or integer"),
        "{refused}"
    );
}

/// Whether there are several is not worth a search through a large table, and streams are told apart then.
#[test]
fn a_large_table_is_not_searched_through_for_tenants() {
    let server = Postgres::start();
    let database = "tenants_large";
    let large = "ALTER TABLE mt_events ALTER data SET STORAGE PLAIN; INSERT INTO mt_events(seq_id, id, stream_id, version, data, type,
        tenant_id) SELECT n, gen_random_uuid(), 'inv-1', n, jsonb_build_object('much', repeat('x', 3500)), 'opened', 'a' FROM
        generate_series(1, 20000) AS n; ANALYZE mt_events;";
    let looked = |address: &str| {
        let before = server.log_of("refold").len();
        let evidence = opened(address).describe().evidence.join("\n");
        let log = server.log_of("refold").split_off(before);
        // Its plan has no name in it but that of a plan.
        let is_asked = log.iter().any(|said| said.contains("/* refold tenants */"));
        (is_asked, evidence.contains("so ids of streams begin with tenant_id"))
    };
    let address = server.tables(
        database,
        &format!("{} {large}", marten("stream_id, version, tenant_id")),
        &["mt_events"],
    );
    assert_eq!(looked(&address), (false, true));
    assert_eq!(looked(&format!("{address}?allow_scans=yes")), (true, false));
    // An index that begins with the tenant answers at once.
    server.sql(database, "CREATE INDEX by_tenant ON mt_events(tenant_id)");
    assert_eq!(looked(&address), (true, false));
}
