//! Limits that the owner of an account set.

use std::io::{BufRead as _, BufReader, Write as _};

use refold_core::port::store::StoreError;
use refold_tests::mariadb::Mariadb;

use super::{reading, store, watching};
use crate::servers::{count, refused};

/// The smaller of both limits holds, whoever set it, and what it ends is told with it.
#[test]
fn a_smaller_limit_of_the_account_is_never_raised() {
    let server = Mariadb::start(&[]);
    let database = "limits_own";
    store(&server, database, 40);
    let mut holder = server.client(database).spawn().expect("the client is there");
    let mut input = holder.stdin.take().expect("its input is a pipe");
    input
        .write_all(b"LOCK TABLES stored_events WRITE; SELECT 'held';\n")
        .expect("it reads what it is told");
    let mut out = BufReader::new(holder.stdout.take().expect("its output is a pipe"));
    out.read_line(&mut String::new()).expect("it holds the lock");
    // A statement may take 30 seconds and wait for 2, but for this account.
    server.sql("mysql", "ALTER USER refold_reader WITH MAX_STATEMENT_TIME 0.3");
    let error = refused(&reading(&server, database));
    assert!(matches!(error, StoreError::Blocked { .. }), "{error}");
    let told = error.to_string();
    assert!(told.contains("max_statement_time exceeded"), "{told}");
    assert!(
        told.contains("the limit on a statement is 0.3 seconds, which whoever owns the account or the server set"),
        "{told}"
    );
    drop(input);
    assert!(holder.wait().expect("it ends").success());
    server.sql("mysql", "ALTER USER refold_reader WITH MAX_STATEMENT_TIME 0");
    assert_eq!(count(&reading(&server, database)), 40);
}

/// Where the server tells of locks, and the account may see whose sessions there are.
#[test]
fn who_holds_the_lock_that_was_waited_for_is_told_where_the_server_tells_it() {
    let server = Mariadb::start(&[]);
    let database = "limits_holders";
    store(&server, database, 40);
    let (reader, watcher) = (reading(&server, database), watching(&server, database));
    let mut holder = server.client(database).spawn().expect("the client is there");
    let mut input = holder.stdin.take().expect("its input is a pipe");
    input
        .write_all(b"LOCK TABLES stored_events WRITE; SELECT CONNECTION_ID();\n")
        .expect("it reads what it is told");
    let mut out = BufReader::new(holder.stdout.take().expect("its output is a pipe"));
    let mut number = String::new();
    out.read_line(&mut number).expect("it holds the lock");
    let told = |address: &str| {
        let error = refused(address);
        assert!(matches!(error, StoreError::Blocked { .. }), "{error}");
        error.to_string()
    };
    for address in [&reader, &watcher] {
        let told = told(address);
        assert!(
            told.contains("Refold waits for 2 seconds") && !told.contains("locked by"),
            "{told}"
        );
    }
    server.sql(database, "INSTALL SONAME 'metadata_lock_info'");
    let held = format!("tables of the database are locked by connection {}", number.trim());
    let (to_reader, to_watcher) = (told(&reader), told(&watcher));
    assert!(to_reader.contains(&format!("{held})")), "{to_reader}");
    assert!(to_watcher.contains(&format!("{held} of root@")), "{to_watcher}");
    drop(input);
    assert!(holder.wait().expect("it ends").success());
    assert_eq!(count(&reader), 40);
}
