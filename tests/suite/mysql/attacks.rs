//! A store whose owner wants to run code as whoever reads it.

use refold_core::port::store::{ReadQuery, Scope, StoreError};
use refold_tests::mariadb::Mariadb;

use super::{TABLES, open, opened, read_all, reading, store};

/// A function that leaves a trace, as whoever wrote it: in a table that no transaction of ours can take back.
const TRAP: &str = "CREATE TABLE sprung(at int) ENGINE=MyISAM;
    CREATE FUNCTION trap() RETURNS int DETERMINISTIC SQL SECURITY DEFINER RETURN (SELECT COUNT(*) FROM sprung) + spring();
    ";
const SPRING: &str = "DELIMITER //
    CREATE FUNCTION spring() RETURNS int DETERMINISTIC SQL SECURITY DEFINER
    BEGIN INSERT INTO sprung VALUES (1); RETURN 1; END//
    DELIMITER ;
    ";

fn set_traps(server: &Mariadb, database: &str, more: &str) {
    server.sql(database, &format!("{SPRING}{TRAP}{more}"));
}

fn is_sprung(server: &Mariadb, database: &str) -> bool {
    server.sql(database, "SELECT COUNT(*) FROM sprung") != "0"
}

#[test]
fn a_view_in_the_place_of_the_table_is_not_read() {
    let server = Mariadb::shared();
    let database = "attack_view";
    store(&server, database, 40);
    set_traps(
        &server,
        database,
        "RENAME TABLE stored_events TO hidden; CREATE SQL SECURITY DEFINER VIEW stored_events AS
         SELECT * FROM hidden WHERE trap() > 0; GRANT SELECT ON stored_events TO refold_reader;",
    );
    let error = open(&reading(&server, database)).map(drop).unwrap_err();
    assert!(
        matches!(error, StoreError::NoLayout { .. } | StoreError::NotAnEventStore { .. }),
        "{error}"
    );
    assert!(!is_sprung(&server, database));
}

#[test]
fn what_runs_when_rows_are_written_or_worked_out_is_not_run() {
    let server = Mariadb::shared();
    let database = "attack_columns";
    store(&server, database, 40);
    set_traps(
        &server,
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
    assert!(!is_sprung(&server, database));
}

#[test]
fn routines_that_shadow_those_of_the_server_are_not_called() {
    let server = Mariadb::shared();
    let database = "attack_names";
    store(&server, database, 40);
    let before = read_all(&*opened(&reading(&server, database)), None, 7, || {});
    set_traps(
        &server,
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
    assert!(!is_sprung(&server, database));
}

#[test]
fn names_that_are_sql_are_only_names() {
    let server = Mariadb::shared();
    let database = "attack_quotes";
    store(&server, database, 40);
    set_traps(
        &server,
        database,
        "ALTER TABLE stored_events ADD COLUMN `a\"; SELECT trap(); --` int DEFAULT 7, ADD COLUMN `b``\\\\` int DEFAULT 8;",
    );
    let store = opened(&reading(&server, database));
    assert_eq!(read_all(&*store, None, 7, || {}).len(), 40);
    let raw = store
        .raw(refold_core::event::Position(7))
        .expect("it can be asked")
        .expect("it is there");
    assert!(raw.iter().any(|it| it.name.contains("trap()") && it.bytes == b"7"));
    assert!(raw.iter().any(|it| it.name.starts_with("b`") && it.bytes == b"8"));
    // And so are ids of streams.
    let query = ReadQuery {
        scope: Scope::Stream {
            id: b"a' OR 1 = 1 -- \\".to_vec(),
            from: None,
            to: None,
        },
        ..ReadQuery::all(refold_core::event::Columns::ALL)
    };
    assert_eq!(super::whole::events(&*store, &query).len(), 0);
    assert!(!is_sprung(&server, database));
}

#[test]
fn a_table_that_leads_elsewhere_is_not_read() {
    let server = Mariadb::shared();
    let database = "attack_elsewhere";
    server.fresh_database(database);
    let parts = TABLES.replace("ENGINE=InnoDB", "ENGINE=MERGE UNION=(part)");
    let plain = TABLES
        .replace("stored_events", "part")
        .replace("ENGINE=InnoDB", "ENGINE=MyISAM");
    server.sql(database, &format!("{plain} {parts}"));
    server.reader(database, "refold_reader", &["stored_events"]);
    let error = open(&reading(&server, database)).map(drop).unwrap_err();
    assert!(
        matches!(error, StoreError::NoLayout { .. } | StoreError::NotAnEventStore { .. }),
        "{error}"
    );
}

#[test]
fn an_account_that_could_write_is_turned_down_with_the_script_for_one_that_cannot() {
    let server = Mariadb::shared();
    let database = "attack_roles";
    store(&server, database, 40);
    server.sql(
        database,
        "CREATE OR REPLACE USER refold_writer IDENTIFIED BY 'geheim';
         GRANT SELECT, UPDATE (meta_data) ON attack_roles.stored_events TO refold_writer;
         CREATE OR REPLACE ROLE refold_role; GRANT DELETE ON attack_roles.* TO refold_role;
         CREATE OR REPLACE USER refold_member IDENTIFIED BY 'geheim'; GRANT refold_role TO refold_member;
         GRANT SELECT ON attack_roles.* TO refold_member; SET DEFAULT ROLE refold_role FOR refold_member;
         CREATE OR REPLACE USER owner IDENTIFIED BY 'geheim'; GRANT ALL ON *.* TO owner WITH GRANT OPTION;",
    );
    let refused = |account: &str| match open(&server.address(account, database)).map(drop).unwrap_err() {
        StoreError::Elevated {
            role, powers, script, ..
        } => (role, powers.join("; "), script),
        other => panic!("{other}"),
    };
    let (role, powers, _) = refused("refold_writer");
    assert_eq!(role, "refold_writer@%");
    assert!(powers.contains("UPDATE") && powers.contains("meta_data"), "{powers}");
    assert!(refused("refold_member").1.contains("DELETE"));
    let (_, powers, script) = refused("owner");
    assert!(powers.contains("ALL PRIVILEGES on *.*"), "{powers}");
    // Allowed by another name it is refused all the same.
    let insisting = |account: &str, allowed: &str| {
        open(&format!(
            "{}?allow_elevated={allowed}",
            server.address(account, database)
        ))
    };
    assert!(insisting("owner", "refold_writer").is_err());
    let store = insisting("owner", "owner").unwrap_or_else(|error| panic!("{error}"));
    assert!(store.describe().read_only[0].contains("could do more than read"));
    // The script does what it says.
    let scripted = script
        .replace("refold_reader", "refold_scripted")
        .replace('…', "geheim");
    server.sql(database, &format!("DROP USER IF EXISTS refold_scripted; {scripted}"));
    assert_eq!(
        read_all(&*opened(&server.address("refold_scripted", database)), None, 9, || {}).len(),
        40
    );
}
