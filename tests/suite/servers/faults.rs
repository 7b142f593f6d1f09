//! Connections that are lost, and servers that go and come back.

use refold_core::port::store::StoreError;

use super::{Real, count, opened, over_each, read_all, refused};

over_each! {
    a_connection_that_is_lost_between_pages_loses_and_doubles_nothing
    a_server_that_crashes_and_comes_back_meanwhile_loses_and_doubles_nothing
    a_server_that_is_not_there_is_an_error_that_names_no_password
    the_socket_leads_there_too
}

fn a_connection_that_is_lost_between_pages_loses_and_doubles_nothing<R: Real>() {
    let server = R::shared();
    let database = "faults_pages";
    let address = server.store(database, 3_000);
    let expected = read_all(&*opened(&address), None, 1_000, || {});
    assert_eq!(expected.len(), 3_000);
    let store = opened(&address);
    let read = read_all(&*store, None, 150, || server.hang_up(database));
    assert_eq!(read, expected);
}

fn a_server_that_crashes_and_comes_back_meanwhile_loses_and_doubles_nothing<R: Real>() {
    let server = R::alone();
    let database = "faults_crash";
    let store = opened(&server.store(database, 2_000));
    let expected = read_all(&*store, None, 1_000, || {});
    let mut crashes = 0;
    let read = read_all(&*store, None, 1_200, || {
        crashes += 1;
        server.crash();
        server.boot();
    });
    assert_eq!((read.len(), crashes), (2_000, 2));
    assert_eq!(read, expected);
}

fn a_server_that_is_not_there_is_an_error_that_names_no_password<R: Real>() {
    let server = R::shared();
    let reading = server.store("faults_nobody", 1);
    let closed = refused(R::nowhere());
    assert!(matches!(closed, StoreError::Unreachable { .. }), "{closed}");
    assert!(!format!("{closed} {closed:?}").contains("geheim"), "{closed}");
    let missing = refused(&server.address("refold_reader", "no_such_database"));
    assert!(missing.to_string().contains("no_such_database"), "{missing}");
    let denied = refused(&server.address("nobody_at_all", "faults_nobody"));
    assert!(matches!(denied, StoreError::Denied { .. }), "{denied}");
    // The server speaks no TLS here, and nothing is said in the clear instead.
    let encrypted = refused(&format!("{reading}?sslmode=require"));
    assert!(matches!(encrypted, StoreError::Unreachable { .. }), "{encrypted}");
    assert!(encrypted.to_string().contains("TLS"), "{encrypted}");
    assert!(
        !format!("{missing} {denied}").contains("db error"),
        "{missing} {denied}"
    );
}

fn the_socket_leads_there_too<R: Real>() {
    let server = R::shared();
    let database = "faults_socket";
    server.store(database, 30);
    assert_eq!(count(&server.socket_address("refold_reader", database)), 30);
}
