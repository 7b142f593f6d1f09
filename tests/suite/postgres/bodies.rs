//! Payloads that the server keeps as large objects.

use refold_core::event::Encoding;
use refold_core::port::store::StoreError;
use refold_core::work::{CancelToken, Silent, Work};
use refold_stores::layout::read_layout;
use refold_stores::{LayoutChoice, OpenOptions};
use refold_tests::postgres::{Postgres, READER};

use crate::servers::{Real, Told, opened, read_or_fail, refused, told};

const LAYOUT: &str = include_str!("../../../crates/refold-stores/layouts/postgres/axon.toml");

/// As Hibernate makes it of the library's entities, with these events: their payloads, as SQL.
fn store(server: &Postgres, database: &str, payloads: &[&str]) -> String {
    let rows = payloads.iter().enumerate().map(|(n, payload)| {
        format!(
            "INSERT INTO domain_event_entry VALUES ({n}, 'id-{n}', 'a-1', {n}, 'Account', 'Deposited', NULL, {payload},
             lo_from_bytea(0, '{{\"correlationId\":\"c-{n}\"}}'), '2026-08-03T14:00:00.123Z');"
        )
    });
    server.tables(
        database,
        &format!(
            "CREATE TABLE domain_event_entry(global_index bigint NOT NULL PRIMARY KEY, event_identifier varchar(255) UNIQUE,
             aggregate_identifier varchar(255) NOT NULL, sequence_number bigint NOT NULL, type varchar(255),
             payload_type varchar(255) NOT NULL, payload_revision varchar(255), payload oid NOT NULL, meta_data oid,
             time_stamp varchar(255) NOT NULL, UNIQUE (aggregate_identifier, sequence_number)); {}",
            rows.collect::<String>()
        ),
        &["domain_event_entry"],
    )
}

fn allow(server: &Postgres, database: &str) {
    server.sql(
        database,
        &format!(
            "DO $$ DECLARE large oid; BEGIN FOR large IN SELECT oid FROM pg_largeobject_metadata LOOP
             EXECUTE format('GRANT SELECT ON LARGE OBJECT %s TO {READER}', large); END LOOP; END $$"
        ),
    );
}

#[test]
fn a_large_object_is_its_bytes_and_one_that_is_gone_is_a_finding() {
    let server = Postgres::shared();
    let database = "bodies_large";
    let object = |bytes: &str| format!("lo_from_bytea(0, {bytes})");
    let address = store(
        &server,
        database,
        &[
            &object("convert_to('{\"amount\": 12.50}', 'UTF8')"),
            // gzip of {"amount":7}
            &object("decode('H4sIAAAAAAACA6tWSszNL80rUbIyrwUAxhO3dwwAAAA=', 'base64')"),
            &object("convert_to(repeat('x', 40000), 'UTF8')"),
            &object("decode('aced000573720004', 'hex')"),
            "4000000000",
            &object("''"),
        ],
    );
    allow(&server, database);
    let Told { events, codes, .. } = told(&*opened(&address));
    let bodies: Vec<_> = events
        .iter()
        .map(|event| (event.payload.as_str(), event.encoding))
        .collect();
    let long = "x".repeat(40_000);
    assert_eq!(bodies[0], ("{\"amount\": 12.50}", Encoding::Json));
    assert_eq!(bodies[1], ("{\"amount\":7}", Encoding::Json));
    assert_eq!(bodies[2], (long.as_str(), Encoding::Text));
    assert_eq!(bodies[3].1, Encoding::Opaque);
    assert_eq!(bodies[4], ("", Encoding::Opaque));
    assert_eq!(codes, [("payload-missing", 1), ("undecodable", 2)]);
    assert_eq!(events[3].correlation_id, "c-3");
}

#[test]
fn a_large_object_that_is_too_large_is_not_loaded() {
    let server = Postgres::shared();
    let database = "bodies_limit";
    let of = |count: u32| format!("lo_from_bytea(0, convert_to(repeat('x', {count}), 'UTF8'))");
    let address = store(&server, database, &[&of(50), &of(51), &of(300_000)]);
    allow(&server, database);
    let document = format!("{LAYOUT}\n[limits]\nmax_body_bytes = 50\n");
    let layout = read_layout(&document).unwrap_or_else(|error| panic!("{error}"));
    let choice = LayoutChoice::Document(Box::new(layout));
    let (token, options) = (CancelToken::default(), OpenOptions::in_scratch(std::env::temp_dir()));
    let store = refold_stores::open(&Work::new(&token, &Silent), &address, Some(&choice), &options);
    let Told { events, codes, .. } = told(&*store.unwrap_or_else(|error| panic!("{error}")));
    let sizes: Vec<_> = events.iter().map(|event| event.payload.len()).collect();
    assert_eq!(
        (sizes.as_slice(), codes.as_slice()),
        ([50, 0, 0].as_slice(), [("too-large", 2)].as_slice())
    );
}

/// A right to the table is none to what it names: that is said before the store is opened, with what gives it.
#[test]
fn large_objects_that_may_not_be_read_are_told_with_the_grant() {
    let server = Postgres::shared();
    let database = "bodies_denied";
    let object = "lo_from_bytea(0, convert_to('{\"amount\": 1}', 'UTF8'))";
    let address = store(&server, database, &[object, "4000000000", object]);
    let script = || match refused(&address) {
        StoreError::Ungranted { detail, script, .. } => {
            assert!(
                detail.contains("not what its payloads are in") && detail.contains("large object"),
                "{detail}"
            );
            script
        }
        other => panic!("{other}"),
    };
    server.sql(database, &script());
    let read = read_or_fail(&*opened(&address), None, 50, || {});
    assert_eq!(
        read.map(|events| events.len())
            .unwrap_or_else(|error| panic!("{error}")),
        3
    );
    // What was written since has an object of its own, which nobody gave a right to: the newest are looked at, too.
    for n in 100..140 {
        server.sql(
            database,
            &format!(
                "INSERT INTO domain_event_entry VALUES ({n}, 'id-{n}', 'a-2', {n}, 'Account', 'Deposited', NULL, {object}, NULL,
                 '2026-08-03T14:00:00.123Z')"
            ),
        );
    }
    server.sql(database, &script());
    let read = read_or_fail(&*opened(&address), None, 50, || {});
    assert_eq!(
        read.map(|events| events.len())
            .unwrap_or_else(|error| panic!("{error}")),
        43
    );
}
