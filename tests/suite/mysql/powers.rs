//! What an account could do beside reading, asked of a real server.

use refold_app::AppError;
use refold_core::port::store::StoreError;
use refold_tests::mariadb::{Mariadb, PASSWORD};

use super::store;
use crate::servers::{count, refused};

/// Whatever a reader needs not is refused, told, and taken away by what is printed: then the store opens.
#[test]
fn every_right_beyond_reading_is_refused_and_can_be_taken_away() {
    let server = Mariadb::start(&[]);
    let (database, reader) = ("powers_each", "'refold_powers'@'127.%'");
    store(&server, database, 20);
    server.sql(
        database,
        &format!(
            "CREATE USER {reader} IDENTIFIED BY '{PASSWORD}'; GRANT SELECT ON {database}.stored_events TO {reader};
             CREATE ROLE writers; GRANT DELETE ON {database}.* TO writers;"
        ),
    );
    let address = server.address("refold_powers", database);
    assert_eq!(count(&address), 20);
    let on_table = [
        "INSERT",
        "UPDATE",
        "DELETE",
        "ALTER",
        "DROP",
        "CREATE",
        "INDEX",
        "REFERENCES",
        "TRIGGER",
        "UPDATE (meta_data)",
    ];
    let on_schema = [
        "ALTER",
        "DROP",
        "CREATE",
        "TRIGGER",
        "EVENT",
        "CREATE ROUTINE",
        "EXECUTE",
        "LOCK TABLES",
        "CREATE VIEW",
        "CREATE TEMPORARY TABLES",
    ];
    let on_all = ["FILE", "SUPER", "CREATE USER", "RELOAD", "SHUTDOWN", "EVENT"];
    let rights = |rights: &[&str], place: &str| -> Vec<(String, String)> {
        let given = |right: &&str| {
            let told = right.split(" (").next().unwrap_or(right);
            (format!("GRANT {right} ON {place} TO {reader}"), format!("has {told}"))
        };
        rights.iter().map(given).collect()
    };
    let mut cases = rights(&on_table, &format!("{database}.stored_events"));
    cases.extend(rights(&on_schema, &format!("{database}.*")));
    cases.extend(rights(&on_all, "*.*"));
    cases.extend(rights(&["INSERT"], "mysql.global_priv"));
    cases.extend([
        (
            format!("GRANT SELECT ON {database}.stored_events TO {reader} WITH GRANT OPTION"),
            "may hand on its rights on".to_owned(),
        ),
        (
            format!("GRANT writers TO {reader}; SET DEFAULT ROLE writers FOR {reader}"),
            "has DELETE".to_owned(),
        ),
        (
            format!("SET DEFAULT ROLE NONE FOR {reader}; GRANT writers TO {reader}"),
            "whose rights are not looked at".to_owned(),
        ),
        (
            format!("GRANT DELETE ON {database}.* TO PUBLIC"),
            "has DELETE".to_owned(),
        ),
    ]);
    for (given, could) in cases {
        server.sql(database, &given);
        let StoreError::Elevated { powers, revoke, .. } = refused(&address) else {
            panic!("{given}")
        };
        assert!(powers.join("; ").contains(&could), "{given}: {powers:?}");
        server.sql(database, &revoke);
        assert_eq!(count(&address), 20, "{given}: {revoke}");
    }
}

/// A script for the very account that is refused would fail: that account is there.
#[test]
fn the_hint_takes_rights_from_the_account_and_makes_one_of_another_name() {
    let server = Mariadb::start(&[]);
    let database = "powers_hint";
    store(&server, database, 20);
    server.sql(database, "GRANT INSERT ON stored_events TO refold_reader");
    let hint = AppError::from(refused(&server.address("refold_reader", database))).hint;
    assert!(
        hint.contains(
            "take that from it: REVOKE INSERT ON `powers_hint`.`stored_events` FROM 'refold_reader'@'%'; Or "
        ),
        "{hint}"
    );
    let (_, script) = hint.split_once("to insist: ").expect("there is a script");
    assert!(script.starts_with("CREATE USER 'refold_reader_2'@'%' "), "{script}");
    server.sql(database, &script.replace('…', PASSWORD));
    assert_eq!(count(&server.address("refold_reader_2", database)), 20);
}
