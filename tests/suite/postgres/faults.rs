//! Connections that are lost, and servers that go and come back.

use refold_core::port::store::StoreError;
use refold_tests::postgres::Postgres;

use super::{open, opened, read_all};

#[test]
fn a_connection_that_is_lost_between_pages_loses_and_doubles_nothing() {
    let server = Postgres::shared();
    let database = "faults_pages";
    server.accounts(database, 3_000);
    let expected = read_all(&*opened(&server.address("refold_reader", database)), None, 1_000, || {});
    assert_eq!(expected.len(), 3_000);
    let store = opened(&server.address("refold_reader", database));
    let read = read_all(&*store, None, 100, || {
        server.sql(
            "postgres",
            &format!(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}' AND
                 application_name = 'refold'"
            ),
        );
    });
    assert_eq!(read, expected);
}

#[test]
fn a_server_that_crashes_and_comes_back_meanwhile_loses_and_doubles_nothing() {
    let server = Postgres::start();
    let database = "faults_crash";
    server.accounts(database, 2_000);
    server.sql(database, "CHECKPOINT");
    let store = opened(&server.address("refold_reader", database));
    let expected = read_all(&*store, None, 1_000, || {});
    let mut crashes = 0;
    let read = read_all(&*store, None, 900, || {
        crashes += 1;
        server.crash();
        server.boot();
    });
    assert_eq!((read.len(), crashes), (2_000, 3));
    assert_eq!(read, expected);
}

#[test]
fn a_server_that_is_not_there_is_an_error_that_names_no_password() {
    let server = Postgres::shared();
    let unreachable = |address: &str| match open(address).map(drop).unwrap_err() {
        StoreError::Unreachable { detail, location } => format!("{detail} {location}"),
        other => panic!("{other}"),
    };
    let closed = format!("postgres://a:geheim@127.0.0.1:{}/b?connect_timeout=2", 1);
    assert!(!unreachable(&closed).contains("geheim"));
    let missing = unreachable(&server.address("postgres", "no_such_database"));
    assert!(missing.contains("no_such_database"), "{missing}");
    let denied = open(&server.address("nobody_at_all", "postgres"))
        .map(drop)
        .unwrap_err();
    assert!(matches!(denied, StoreError::Denied { .. }), "{denied}");
    // The server speaks no TLS here, and nothing is said in the clear instead.
    let encrypted = format!("{}?sslmode=require", server.address("postgres", "postgres"));
    assert!(unreachable(&encrypted).contains("TLS"), "{}", unreachable(&encrypted));
}

#[test]
fn the_socket_leads_there_too() {
    let server = Postgres::shared();
    let database = "faults_socket";
    server.accounts(database, 30);
    assert_eq!(
        read_all(
            &*opened(&server.socket_address("refold_reader", database)),
            None,
            10,
            || {}
        )
        .len(),
        30
    );
}
