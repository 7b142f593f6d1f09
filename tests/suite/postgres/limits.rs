//! Limits that the owner of a role set, and what is said where a server answers and something is in the way.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::Child;

use refold_app::{AppError, ErrorCode};
use refold_core::port::store::StoreError;
use refold_tests::mariadb::Mariadb;
use refold_tests::postgres::{Postgres, READER};

use crate::servers::{count, open, refused};

/// Somebody who lets nobody read the table until he is gone.
fn holding(server: &Postgres, database: &str) -> Child {
    let mut holder = server.client(database).spawn().expect("the client is there");
    let input = holder.stdin.as_mut().expect("its input is a pipe");
    input
        .write_all(b"BEGIN; LOCK TABLE message_store.messages IN ACCESS EXCLUSIVE MODE;\nSELECT 'held';\n")
        .expect("it reads what it is told");
    let out = holder.stdout.as_mut().expect("its output is a pipe");
    BufReader::new(out)
        .read_line(&mut String::new())
        .expect("it holds the lock");
    holder
}

fn let_go(mut holder: Child) {
    drop(holder.stdin.take());
    assert!(holder.wait().expect("it ends").success());
}

/// A server that answers is not one that cannot be reached.
fn blocked(address: &str) -> (String, AppError) {
    let error = refused(address);
    assert!(matches!(error, StoreError::Blocked { .. }), "{error}");
    let told = AppError::from(error);
    assert_eq!((told.code, told.exit_code()), (ErrorCode::Unreachable, 3), "{told:?}");
    assert!(
        !told.message.contains("cannot reach") && !told.hint.contains("path or address"),
        "{told:?}"
    );
    (told.message.clone(), told)
}

#[test]
fn a_smaller_limit_of_the_role_holds_and_is_named() {
    let server = Postgres::start();
    let database = "limits_own";
    server.accounts(database, 40);
    let address = server.address(READER, database);
    let holder = holding(&server, database);
    let (ours, _) = blocked(&address);
    assert!(ours.contains("Refold waits for 2s"), "{ours}");
    assert!(
        ours.contains("session ") && ours.contains("of postgres (lab)"),
        "{ours}"
    );
    server.sql(database, &format!("ALTER ROLE {READER} SET lock_timeout = '150ms'"));
    let (lock, _) = blocked(&address);
    assert!(lock.contains("lock_timeout of the role is 150ms"), "{lock}");
    server.sql(
        database,
        &format!("ALTER ROLE {READER} SET lock_timeout = 0; ALTER ROLE {READER} IN DATABASE {database} SET statement_timeout = '200ms'"),
    );
    let (statement, _) = blocked(&address);
    assert!(
        statement.contains("statement_timeout of the role is 200ms"),
        "{statement}"
    );
    let_go(holder);
    // A larger one than ours, and none, leave ours.
    server.sql(
        database,
        &format!(
            "ALTER ROLE {READER} RESET ALL; ALTER ROLE {READER} IN DATABASE {database} SET statement_timeout = '1h'"
        ),
    );
    assert_eq!(count(&address), 40);
}

#[test]
fn what_a_server_says_of_itself_is_not_told_as_one_that_is_away() {
    let server = Postgres::start();
    let database = "limits_said";
    server.accounts(database, 40);
    let address = server.address(READER, database);
    let (missing, told) = blocked(&server.address(READER, "no_such_database"));
    assert!(
        missing.contains("has no such database") && told.hint.contains("name of the database"),
        "{told:?}"
    );
    server.sql(database, &format!("ALTER ROLE {READER} CONNECTION LIMIT 1"));
    let open = open(&address).unwrap_or_else(|error| panic!("{error}"));
    let (full, told) = blocked(&address);
    assert!(
        full.contains("too many connections for role") && told.hint.contains("other connections"),
        "{told:?}"
    );
    drop(open);
    let (file, told) = blocked(&format!("{address}?sslmode=verify-full&sslrootcert=/no/such/file.pem"));
    assert!(
        file.contains("/no/such/file.pem") && told.hint.contains("sslrootcert"),
        "{told:?}"
    );
}

#[test]
fn a_server_of_the_other_kind_is_called_by_its_name() {
    let (postgres, mariadb) = (Postgres::shared(), Mariadb::shared());
    let (there, here) = (postgres.port(), mariadb.port());
    let (said, told) = blocked(&format!("mysql://ada@127.0.0.1:{there}/shop"));
    assert!(
        said.contains("is one of PostgreSQL") && told.hint.contains("postgres://"),
        "{told:?}"
    );
    for more in ["", "?sslmode=require"] {
        let (said, told) = blocked(&format!("postgres://ada@127.0.0.1:{here}/shop{more}"));
        assert!(
            said.contains("is one of MySQL or MariaDB") && told.hint.contains("mysql://"),
            "{told:?}"
        );
    }
}
