//! A store whose owner wants to run code as whoever reads it.

use refold_core::port::store::StoreError;
use refold_tests::mariadb::Mariadb;

use super::{reading, store};
use crate::servers::{Real as _, opened, read_all, refused};

#[test]
fn what_runs_when_rows_are_written_or_worked_out_is_not_run() {
    let server = Mariadb::shared();
    let database = "attack_columns";
    store(&server, database, 40);
    server.set_traps(
        database,
        "CREATE TRIGGER before_insert BEFORE INSERT ON stored_events FOR EACH ROW SET NEW.event_version = trap();
         CREATE TRIGGER after_update AFTER UPDATE ON stored_events FOR EACH ROW INSERT INTO sprung VALUES (2);
         ALTER TABLE stored_events ADD COLUMN worked_out int GENERATED ALWAYS AS (event_version * 2) VIRTUAL,
         ADD COLUMN kept int GENERATED ALWAYS AS (event_version + 1) STORED, COMMENT '*/ ; SELECT trap(); -- ';",
    );
    let store = opened(&reading(&server, database));
    assert_eq!(read_all(&*store, None, 7, || {}).len(), 40);
    let raw = store
        .raw(refold_core::event::Position(7))
        .expect("it can be asked")
        .expect("it is there");
    let named = |name: &str| raw.iter().find(|column| column.name == name).map(|it| it.bytes.clone());
    assert_eq!(named("kept"), Some(b"2".to_vec()));
    assert_eq!(
        named("worked_out"),
        None,
        "what is worked out while it is read is not asked for"
    );
    assert!(!server.is_sprung(database));
}

#[test]
fn routines_that_shadow_those_of_the_server_are_not_called() {
    let server = Mariadb::shared();
    let database = "attack_names";
    store(&server, database, 40);
    let before = read_all(&*opened(&reading(&server, database)), None, 7, || {});
    server.set_traps(
        database,
        "CREATE FUNCTION octet_length(a text) RETURNS int DETERMINISTIC RETURN spring();
         CREATE FUNCTION current_user2() RETURNS int DETERMINISTIC RETURN spring();
         CREATE FUNCTION connection_id() RETURNS int DETERMINISTIC RETURN spring();
         CREATE FUNCTION concat_ws(a text, b text, c text, d text, e text) RETURNS int DETERMINISTIC RETURN spring();
         CREATE FUNCTION timestampdiff(a text, b text, c text) RETURNS int DETERMINISTIC RETURN spring();
         CREATE TABLE information_schema_tables(a int); GRANT EXECUTE ON attack_names.* TO refold_shadowed IDENTIFIED BY 'geheim';
         GRANT SELECT ON attack_names.stored_events TO refold_shadowed;",
    );
    let address = format!(
        "{}?allow_elevated=refold_shadowed",
        server.address("refold_shadowed", database)
    );
    assert_eq!(read_all(&*opened(&address), None, 7, || {}), before);
    assert!(!server.is_sprung(database));
}

#[test]
fn what_an_account_may_by_a_role_counts_as_its_own() {
    let server = Mariadb::shared();
    let database = "attack_member";
    store(&server, database, 40);
    server.sql(
        database,
        "CREATE OR REPLACE ROLE refold_role; GRANT DELETE ON attack_member.* TO refold_role;
         CREATE OR REPLACE USER refold_member IDENTIFIED BY 'geheim'; GRANT refold_role TO refold_member;
         GRANT SELECT ON attack_member.* TO refold_member; SET DEFAULT ROLE refold_role FOR refold_member;",
    );
    let refused = refused(&server.address("refold_member", database));
    assert!(matches!(refused, StoreError::Elevated { .. }), "{refused}");
    assert!(refused.to_string().contains("DELETE"), "{refused}");
}
