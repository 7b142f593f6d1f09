//! What is advised where a store cannot be read for want of a right. The server shows nobody what he may not read.

use refold_app::{AppError, ErrorCode};
use refold_tests::mariadb::{Mariadb, PASSWORD};

use super::store;
use crate::servers::session;

/// Why the store is not opened.
fn refused(address: &str) -> AppError {
    let home = tempfile::tempdir().expect("a home");
    session(address, home.path()).err().expect("it may not be read")
}

fn opens(address: &str) {
    let home = tempfile::tempdir().expect("a home");
    session(address, home.path())
        .map(drop)
        .unwrap_or_else(|error| panic!("{error:?}"));
}

/// A database with a store, and an account that may read another table of it.
fn outside(server: &Mariadb, database: &str, account: &str) -> String {
    store(server, database, 20);
    server.sql(
        database,
        &format!(
            "CREATE TABLE other(id int); CREATE OR REPLACE USER {account}@'127.%' IDENTIFIED BY '{PASSWORD}';
             GRANT SELECT ON {database}.other TO {account}@'127.%'"
        ),
    );
    server.address(account, database)
}

#[test]
fn a_missing_grant_is_told_with_the_grant() {
    let server = Mariadb::shared();
    let database = "advice_grants";
    let account = "refold_ungranted";
    let address = outside(&server, database, account);
    let error = refused(&address);
    assert_eq!(error.code, ErrorCode::NoLayout, "{error:?}");
    let told = format!("their owner lets it with GRANT SELECT ON `{database}`.* TO '{account}'@'127.%';");
    assert!(error.message.contains(&told), "{error:?}");
    assert!(
        error
            .message
            .contains("the account refold_ungranted@127.% may not read is not shown to it"),
        "{error:?}"
    );

    // Of the table of the library some columns are shown: that it has more is known by its name.
    server.sql(
        database,
        &format!("GRANT SELECT (id, aggregate_uuid, event_class) ON stored_events TO {account}@'127.%'"),
    );
    let error = refused(&address);
    assert_eq!((error.code, error.exit_code()), (ErrorCode::Denied, 3), "{error:?}");
    assert!(
        error
            .message
            .contains(&format!("may not read {database}.stored_events")),
        "{error:?}"
    );
    let (_, script) = error.hint.split_once("right to write: ").expect("there is a script");
    assert_eq!(
        script,
        format!("GRANT SELECT ON `{database}`.`stored_events` TO '{account}'@'127.%';")
    );
    server.sql(database, script);
    opens(&address);
}

/// Where all may be read, nothing is hidden, and nobody is sent to the owner.
#[test]
fn who_may_read_all_is_told_nothing_of_rights() {
    let server = Mariadb::shared();
    let database = "advice_all";
    let address = outside(&server, database, "refold_all");
    server.sql(
        database,
        &format!("DROP TABLE stored_events; GRANT SELECT ON {database}.* TO refold_all@'127.%'"),
    );
    let error = refused(&address);
    assert_eq!(error.code, ErrorCode::NoLayout, "{error:?}");
    assert!(!error.message.contains("GRANT"), "{error:?}");
}

/// It was let in by its password, and has no right in the database: that is no password that is missing.
#[test]
fn a_database_that_may_not_be_used_is_no_missing_password() {
    let server = Mariadb::shared();
    let database = "advice_nowhere";
    store(&server, database, 20);
    server.sql(
        database,
        &format!(
            "CREATE OR REPLACE USER refold_nowhere IDENTIFIED BY '{PASSWORD}'; CREATE OR REPLACE USER refold_open"
        ),
    );
    let with_none = server
        .address("refold_open", database)
        .replace(&format!(":{PASSWORD}@"), "@");
    for address in [server.address("refold_nowhere", database), with_none] {
        let error = refused(&address);
        assert_eq!((error.code, error.exit_code()), (ErrorCode::Denied, 3), "{error:?}");
        assert!(error.message.starts_with("access denied: "), "{error:?}");
        assert!(!error.hint.contains("password"), "{error:?}");
    }
}
