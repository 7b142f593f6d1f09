//! What a role could do beside reading, asked of a real server: whatever is not of the closed list of what a reader may have
//! turns it down before anything of the store is read, with what takes it away.

use std::sync::Arc;

use refold_app::connections::Asked;
use refold_app::connections::password::NobodyAsked;
use refold_app::usecase::connect::connect;
use refold_app::wire::StepOutcome;
use refold_app::{AppError, Places};
use refold_core::port::store::StoreError;
use refold_core::work::{CancelToken, Silent, Work};
use refold_tests::postgres::Postgres;

use crate::servers::{Real as _, count, opened, refused};

const MESSAGES: &str = "message_store.messages";
const SEQUENCE: &str = "message_store.messages_global_position_seq";

/// Whom a store is refused, what he could do, and what is said to take that away.
fn elevated(address: &str) -> (String, String) {
    match refused(address) {
        StoreError::Elevated { powers, revoke, .. } => (powers.join("; "), revoke),
        other => panic!("{other}"),
    }
}

/// Whatever a reader needs not is refused, told, and taken away by what is printed: then the store opens.
#[test]
fn every_right_beyond_reading_is_refused_and_can_be_taken_away() {
    let server = Postgres::start();
    let (database, reader) = ("powers_each", "refold_reader");
    server.accounts(database, 20);
    server.sql(
        database,
        "CREATE ROLE writers; GRANT INSERT ON message_store.messages TO writers; CREATE ROLE staff; GRANT writers TO staff;
         CREATE ROLE makers CREATEROLE; CREATE ROLE readers; GRANT SELECT ON message_store.messages TO readers;",
    );
    let address = server.address(reader, database);
    assert_eq!(count(&address), 20);
    let membership = format!("GRANT staff TO {reader}");
    let aloof = format!("ALTER ROLE {reader} NOINHERIT; GRANT staff TO {reader}");
    let mut cases: Vec<(String, String)> = vec![
        (
            "CREATE ON SCHEMA message_store".to_owned(),
            "has CREATE on the schema message_store".to_owned(),
        ),
        (
            format!("CREATE ON DATABASE {database}"),
            format!("has CREATE on the database {database}"),
        ),
        (
            format!("USAGE ON SEQUENCE {SEQUENCE}"),
            format!("has USAGE on the sequence {SEQUENCE}"),
        ),
        (
            format!("UPDATE ON SEQUENCE {SEQUENCE}"),
            format!("has UPDATE on the sequence {SEQUENCE}"),
        ),
        (
            format!("UPDATE (data) ON {MESSAGES}"),
            format!("has UPDATE (data) on the table {MESSAGES}"),
        ),
        (
            format!("REFERENCES (id) ON {MESSAGES}"),
            format!("has REFERENCES (id) on the table {MESSAGES}"),
        ),
    ]
    .into_iter()
    .map(|(right, could)| (format!("GRANT {right} TO {reader}"), could))
    .collect();
    cases.extend(
        ["INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"].map(|right| {
            (
                format!("GRANT {right} ON {MESSAGES} TO {reader}"),
                format!("has {right} on the table {MESSAGES}"),
            )
        }),
    );
    cases.extend([
        (
            format!("GRANT SELECT ON {MESSAGES} TO {reader} WITH GRANT OPTION"),
            format!("has SELECT WITH GRANT OPTION on the table {MESSAGES}"),
        ),
        (
            format!("GRANT UPDATE ON SEQUENCE {SEQUENCE} TO PUBLIC"),
            format!("has UPDATE on the sequence {SEQUENCE}, as everybody has"),
        ),
        (format!("ALTER ROLE {reader} CREATEROLE"), "may make roles".to_owned()),
        (format!("ALTER ROLE {reader} CREATEDB"), "may make databases".to_owned()),
        (format!("ALTER ROLE {reader} REPLICATION"), "may replicate".to_owned()),
        (
            membership,
            format!("has INSERT on the table {MESSAGES} as the role writers"),
        ),
        // What is not inherited it can become.
        (aloof, format!("has INSERT on the table {MESSAGES} as the role writers")),
        (
            format!("GRANT makers TO {reader}"),
            "may make roles as the role makers".to_owned(),
        ),
        (
            format!("GRANT readers TO {reader} WITH ADMIN OPTION"),
            "may hand on the role readers".to_owned(),
        ),
    ]);
    for role in [
        "pg_write_all_data",
        "pg_execute_server_program",
        "pg_read_server_files",
        "pg_write_server_files",
        "pg_signal_backend",
        "pg_checkpoint",
    ] {
        cases.push((format!("GRANT {role} TO {reader}"), format!("is a member of {role}")));
    }
    for (given, could) in cases {
        server.sql(database, &given);
        let (powers, revoke) = elevated(&address);
        assert!(powers.contains(&could), "{given}: {powers}");
        assert!(!revoke.is_empty(), "{given}");
        server.sql(database, &revoke);
        assert_eq!(count(&address), 20, "{given}: {revoke}");
    }
    // What a reader may have.
    for role in ["readers", "pg_read_all_data", "pg_monitor"] {
        server.sql(database, &format!("GRANT {role} TO {reader}"));
        assert_eq!(count(&address), 20, "{role}");
    }
    // And what everybody may up to PostgreSQL 14.
    server.sql(database, "GRANT CREATE ON SCHEMA message_store TO PUBLIC");
    assert_eq!(count(&address), 20);
}

/// It acts as a reader, and can end that at any time: what it has is taken from itself, and not from whom it acts as.
#[test]
fn who_signed_in_is_asked_for_also_where_he_acts_as_another() {
    let server = Postgres::start();
    let (database, reader, app) = ("powers_as_another", "refold_reader", "acting_app");
    server.accounts(database, 20);
    server.sql(
        database,
        &format!(
            "CREATE ROLE acting_writers; GRANT INSERT ON {MESSAGES} TO acting_writers; CREATE ROLE {app} LOGIN;
             GRANT {reader}, acting_writers TO {app}; GRANT UPDATE ON {MESSAGES} TO {app}; ALTER ROLE {app} SET role = {reader};"
        ),
    );
    let address = server.address(app, database);
    let (powers, revoke) = elevated(&address);
    for power in [
        format!("has UPDATE on the table {MESSAGES}"),
        format!("has INSERT on the table {MESSAGES} as the role acting_writers"),
    ] {
        assert!(powers.contains(&power), "{power}: {powers}");
    }
    server.sql(database, &revoke);
    assert_eq!(count(&address), 20, "{revoke}");
}

/// Who owns what the store is in can drop it, whatever else was given to him.
#[test]
fn who_owns_what_the_store_is_in_is_refused() {
    let server = Postgres::start();
    let (database, reader) = ("powers_owner", "refold_reader");
    server.accounts(database, 20);
    let address = server.address(reader, database);
    for (given, could, back) in [
        (
            format!("ALTER SCHEMA message_store OWNER TO {reader}"),
            "owns the schema message_store".to_owned(),
            format!("ALTER SCHEMA message_store OWNER TO postgres; GRANT USAGE ON SCHEMA message_store TO {reader}"),
        ),
        (
            format!("ALTER DATABASE {database} OWNER TO {reader}"),
            format!("owns the database {database}"),
            format!("ALTER DATABASE {database} OWNER TO postgres"),
        ),
        (
            format!("ALTER TABLE {MESSAGES} OWNER TO {reader}"),
            format!("owns the table {MESSAGES}"),
            format!("ALTER TABLE {MESSAGES} OWNER TO postgres; GRANT SELECT ON {MESSAGES} TO {reader}"),
        ),
    ] {
        server.sql(database, &given);
        let (powers, revoke) = elevated(&address);
        assert!(powers.contains(&could), "{powers}");
        assert_eq!(revoke, "", "what is owned is not given");
        server.sql(database, &back);
        assert_eq!(count(&address), 20);
    }
}

/// The tables that a layout joins are tables of the store.
#[test]
fn a_right_on_a_table_that_is_joined_counts() {
    let server = Postgres::start();
    let database = "powers_joined";
    let tables = ["event_store_events", "event_store_events_in_streams"];
    let address = server.tables(
        database,
        "CREATE TABLE event_store_events(id bigserial PRIMARY KEY, event_id uuid NOT NULL UNIQUE, event_type varchar NOT NULL,
         metadata jsonb, data jsonb NOT NULL, created_at timestamp NOT NULL, valid_at timestamp);
         CREATE TABLE event_store_events_in_streams(id bigserial PRIMARY KEY, stream varchar NOT NULL, position integer,
         event_id uuid NOT NULL, created_at timestamp NOT NULL, UNIQUE (stream, event_id));
         CREATE INDEX ON event_store_events_in_streams(event_id);",
        &tables,
    );
    opened(&address);
    server.sql(
        database,
        "GRANT DELETE ON event_store_events_in_streams TO refold_reader",
    );
    let (powers, _) = elevated(&address);
    assert_eq!(powers, "has DELETE on the table public.event_store_events_in_streams");
}

/// Not one event is asked for as a role that is refused, and no plan of a page.
#[test]
fn nothing_of_the_store_is_read_before_a_role_is_refused() {
    let server = Postgres::start();
    let database = "powers_early";
    server.accounts(database, 20);
    server.sql(database, "GRANT DELETE ON message_store.messages TO refold_reader");
    elevated(&server.address("refold_reader", database));
    elevated(&server.address("postgres", database));
    let log = server.log_of("refold").join("\n");
    assert!(log.contains("/* refold table powers */"), "{log}");
    for read in [
        "/* refold events */",
        "/* refold plan */",
        "/* refold last */",
        "/* refold behind */",
    ] {
        assert!(!log.contains(read), "{read}: {log}");
    }
}

/// A script for the very role that is refused would fail: that role is there.
#[test]
fn the_hint_takes_rights_from_the_role_and_makes_one_of_another_name() {
    let server = Postgres::start();
    let database = "powers_hint";
    server.accounts(database, 20);
    server.sql(database, "GRANT INSERT ON message_store.messages TO refold_reader");
    let address = server.address("refold_reader", database);
    let hint = AppError::from(refused(&address)).hint;
    assert!(
        hint.contains("take that from it: REVOKE INSERT ON TABLE message_store.messages FROM \"refold_reader\"; Or "),
        "{hint}"
    );
    let (_, script) = hint.split_once("to insist: ").expect("there is a script");
    assert!(script.starts_with("CREATE ROLE refold_reader_2 LOGIN "), "{script}");
    server.sql(database, script);
    assert_eq!(count(&server.address("refold_reader_2", database)), 20);
}

/// The test of a connection in the window says it too: as a refusal, and as a warning to who insists.
#[test]
fn trying_a_connection_says_what_the_role_could_do() {
    let server = Postgres::start();
    let database = "powers_tried";
    server.accounts(database, 20);
    server.sql(database, "ALTER SCHEMA message_store OWNER TO refold_reader");
    let address = server.address("refold_reader", database);
    let tried = |address: &str| {
        let home = tempfile::tempdir().expect("a home");
        let asked = Asked {
            passwords: Arc::new(NobodyAsked),
            ..Asked::at(address)
        };
        let token = CancelToken::default();
        let work = Work::new(&token, &Silent);
        connect(&work, &asked, &Places::below(home.path()), &|_| {}).unwrap_or_else(|error| panic!("{error:?}"))
    };
    let refused = tried(&address);
    let step = refused.steps.last().expect("steps were tried");
    assert_eq!((step.step, step.outcome), (4, StepOutcome::Failed), "{refused:?}");
    assert!(step.said.contains("owns the schema message_store"), "{refused:?}");
    let insisting = format!("{address}?allow_elevated=refold_reader");
    let insisted = tried(&insisting);
    let step = insisted.steps.get(3).expect("all steps were tried");
    assert_eq!(step.outcome, StepOutcome::Warning, "{insisted:?}");
    assert!(step.said.contains("owns the schema message_store"), "{insisted:?}");
    let told = opened(&insisting).describe().read_only.join("\n");
    assert!(!told.contains("not write to them"), "{told}");
}
