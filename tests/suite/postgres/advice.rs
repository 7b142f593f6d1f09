//! What is advised where a server cannot be opened. The addresses of the tests for MySQL hold a password, which a person's may not.

use refold_app::{AppError, ErrorCode, Places, Session};
use refold_core::work::{CancelToken, Silent, Work};
use refold_tests::postgres::{Postgres, READER};

use crate::servers::{Real as _, session};

#[test]
fn nobody_is_sent_looking_for_a_password_where_none_is_missing() {
    let server = Postgres::shared();
    let reading = server.store("advice", 1);
    let home = tempfile::tempdir().expect("a home");
    for address in [
        server.address(READER, "no_such_database"),
        format!("{reading}?sslmode=require"),
    ] {
        let token = CancelToken::default();
        let work = Work::new(&token, &Silent);
        let error = Session::open(&work, &address, None, &Places::below(home.path()));
        let error = error.err().expect("it cannot be opened");
        assert_eq!(error.code, ErrorCode::Unreachable, "{error:?}");
        assert!(!error.hint.contains("password"), "{error:?}");
    }
}

/// Why the store is not opened. A right that is missing is no password that is.
fn ungranted(address: &str) -> AppError {
    let home = tempfile::tempdir().expect("a home");
    let error = session(address, home.path()).err().expect("it may not be read");
    assert_eq!((error.code, error.exit_code()), (ErrorCode::Denied, 3), "{error:?}");
    assert!(error.message.starts_with("access denied: "), "{error:?}");
    error
}

/// What its owner has to say, as it is told.
fn script(error: &AppError) -> &str {
    let (_, script) = error.hint.split_once("right to write: ").expect("there is a script");
    script
}

fn opens(address: &str) {
    let home = tempfile::tempdir().expect("a home");
    session(address, home.path())
        .map(drop)
        .unwrap_or_else(|error| panic!("{error:?}"));
}

/// What may not be read is there all the same: it is named with what its owner has to say, and once he said it the store
/// opens.
#[test]
fn a_missing_grant_is_told_with_the_grant() {
    const MESSAGES: &str = "message_store.messages";
    let server = Postgres::shared();
    let database = "advice_grants";
    let reader = "refold_ungranted";
    server.accounts(database, 20);
    server.reader(database, reader, "message_store", &["messages"]);
    let address = server.address(reader, database);
    opens(&address);
    // All of it, where nothing may be read and where something else may; the right to its schema alone; some columns.
    let other = format!("CREATE TABLE public.other(id bigint); GRANT SELECT ON public.other TO {reader}");
    let columns = format!(
        "REVOKE SELECT ON {MESSAGES} FROM {reader}; GRANT SELECT (global_position, position, stream_name, time, id) \
         ON {MESSAGES} TO {reader}"
    );
    let whole = format!(
        "GRANT USAGE ON SCHEMA \"message_store\" TO \"{reader}\"; GRANT SELECT ON \"message_store\".\"messages\" TO \"{reader}\";"
    );
    let some =
        format!("GRANT SELECT (\"type\", \"data\", \"metadata\") ON \"message_store\".\"messages\" TO \"{reader}\";");
    for (takes_away, lacks, expected) in [
        (format!("REVOKE SELECT ON {MESSAGES} FROM {reader}"), MESSAGES, &whole),
        (
            format!("{other}; REVOKE SELECT ON {MESSAGES} FROM {reader}"),
            MESSAGES,
            &whole,
        ),
        (
            format!("REVOKE USAGE ON SCHEMA message_store FROM {reader}"),
            MESSAGES,
            &whole,
        ),
        (columns, "type, data, metadata of message_store.messages", &some),
    ] {
        server.sql(database, &takes_away);
        let error = ungranted(&address);
        assert!(
            error
                .message
                .contains(&format!("the role {reader} may not read {lacks}")),
            "{error:?}"
        );
        assert_eq!(script(&error), expected.as_str());
        server.sql(database, script(&error));
        opens(&address);
    }
}

/// Places of rows are no column: a right to columns does not give them.
#[test]
fn a_right_to_columns_is_not_enough_for_a_store_without_an_order() {
    let server = Postgres::start();
    let database = "advice_places";
    let address = server.tables(
        database,
        "CREATE TABLE events(aggregate_type text NOT NULL, aggregate_id text NOT NULL, sequence bigint NOT NULL,
         event_type text NOT NULL, event_version text NOT NULL, payload json NOT NULL, metadata json NOT NULL,
         PRIMARY KEY (aggregate_type, aggregate_id, sequence)); CREATE TABLE other(id bigint);",
        &["other"],
    );
    server.sql(
        database,
        &format!(
            "GRANT SELECT (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata) ON events
             TO {READER}"
        ),
    );
    let error = ungranted(&address);
    assert!(
        script(&error).ends_with(&format!("GRANT SELECT ON \"public\".\"events\" TO \"{READER}\";")),
        "{error:?}"
    );
    server.sql(database, script(&error));
    opens(&address);
}

#[test]
fn who_is_not_shown_all_rows_is_told_who_is() {
    let server = Postgres::shared();
    let database = "advice_rows";
    let reader = "refold_hidden";
    server.accounts(database, 20);
    server.reader(database, reader, "message_store", &["messages"]);
    // What a policy says is nothing that Refold relies on: this one shows all.
    server.sql(
        database,
        "ALTER TABLE message_store.messages ENABLE ROW LEVEL SECURITY;
         CREATE POLICY everything ON message_store.messages USING (true);",
    );
    let address = server.address(reader, database);
    let error = ungranted(&address);
    assert!(
        error
            .message
            .contains("row-level security hides rows of message_store.messages from the role refold_hidden"),
        "{error:?}"
    );
    assert_eq!(script(&error), "ALTER ROLE \"refold_hidden\" BYPASSRLS;");
    server.sql(database, script(&error));
    // It writes no more than before, so nobody has to insist on it.
    opens(&address);
}

/// Whoever did what is said is not turned down again for the next thing.
#[test]
fn all_that_is_missing_is_told_at_once() {
    const GUARDED: &str = "ALTER TABLE message_store.messages ENABLE ROW LEVEL SECURITY";
    let server = Postgres::shared();
    let database = "advice_whole";
    let reader = "refold_unready";
    server.accounts(database, 20);
    server.reader(database, reader, "message_store", &["messages"]);
    let all_away = format!(
        "{GUARDED}; REVOKE SELECT ON message_store.messages FROM {reader}; REVOKE USAGE ON SCHEMA message_store FROM {reader}"
    );
    server.sql(database, &all_away);
    let address = server.address(reader, database);
    let error = ungranted(&address);
    assert!(
        error
            .message
            .contains("row-level security hides rows of message_store.messages"),
        "{error:?}"
    );
    server.sql(database, script(&error));
    opens(&address);
}

/// The role that is advised is one that is taken.
#[test]
fn the_role_that_is_made_in_the_place_of_one_that_may_write_is_shown_all_rows() {
    let server = Postgres::shared();
    let database = "advice_made";
    let writer = "refold_unguarded";
    server.accounts(database, 20);
    server.reader(database, writer, "message_store", &["messages"]);
    server.sql(
        database,
        &format!(
            "ALTER TABLE message_store.messages ENABLE ROW LEVEL SECURITY;
             GRANT INSERT ON message_store.messages TO {writer}"
        ),
    );
    // Not the rows that are hidden from it come first: with them it would be turned down for what it may write.
    let home = tempfile::tempdir().expect("a home");
    let error = session(&server.address(writer, database), home.path()).err();
    let error = error.expect("it may write");
    assert!(error.message.contains("could do more than read"), "{error:?}");
    let (_, script) = error.hint.split_once("to insist: ").expect("there is a script");
    let script = script.replace("refold_reader", "refold_made").replace('…', "geheim");
    server.sql(database, &script);
    opens(&server.address("refold_made", database));
}

#[test]
fn who_may_not_sign_in_to_a_database_is_told_the_grant_for_it() {
    let server = Postgres::shared();
    let database = "advice_connect";
    let reader = "refold_outside";
    server.accounts(database, 20);
    server.reader(database, reader, "message_store", &["messages"]);
    server.sql(database, &format!("REVOKE CONNECT ON DATABASE {database} FROM PUBLIC"));
    let address = server.address(reader, database);
    let error = ungranted(&address);
    assert_eq!(
        script(&error),
        format!("GRANT CONNECT ON DATABASE \"{database}\" TO \"{reader}\";")
    );
    server.sql(database, script(&error));
    opens(&address);
}

/// Marten's table, and one as pyeventsourcing makes it, which scores less: its user gives it its name.
const TWO_STORES: &str = "CREATE SCHEMA billing; CREATE SCHEMA shop;
    CREATE TABLE billing.mt_events(seq_id bigint NOT NULL PRIMARY KEY, id uuid NOT NULL, stream_id varchar, version bigint NOT NULL,
    data jsonb NOT NULL, type varchar(500) NOT NULL, timestamp timestamptz NOT NULL DEFAULT now());
    CREATE UNIQUE INDEX ON billing.mt_events(stream_id, version);
    CREATE TABLE billing.mt_streams(id varchar PRIMARY KEY); CREATE TABLE billing.mt_event_progression(name varchar PRIMARY KEY);
    CREATE TABLE shop.shop_events(originator_id uuid NOT NULL, originator_version bigint NOT NULL, topic text NOT NULL, state bytea,
    notification_id bigserial, PRIMARY KEY (originator_id, originator_version));
    CREATE UNIQUE INDEX ON shop.shop_events(notification_id);";

/// Whoever was given the one would not hear of the other.
#[test]
fn who_may_read_none_of_several_stores_is_told_all_of_them() {
    let server = Postgres::shared();
    let database = "advice_several";
    let reader = "refold_several";
    server.fresh_database(database);
    server.sql(database, TWO_STORES);
    server.sql(
        database,
        &format!("CREATE TABLE public.other(id int); DROP ROLE IF EXISTS {reader}; CREATE ROLE {reader} LOGIN"),
    );
    let error = ungranted(&server.address(reader, database));
    for table in ["billing.mt_events", "shop.shop_events"] {
        assert!(error.message.contains(table), "{error:?}");
        let (schema, name) = table.split_once('.').expect("both parts");
        assert!(
            script(&error).contains(&format!("GRANT SELECT ON \"{schema}\".\"{name}\" TO")),
            "{error:?}"
        );
    }
}

/// What scores less is a store all the same to whoever has to choose.
#[test]
fn who_has_to_choose_is_told_every_table_that_could_be_meant() {
    let server = Postgres::shared();
    let database = "advice_choice";
    server.fresh_database(database);
    server.sql(database, TWO_STORES);
    server.sql(
        database,
        "CREATE SCHEMA second; CREATE TABLE second.mt_events (LIKE billing.mt_events INCLUDING ALL);
         CREATE TABLE second.mt_streams(id varchar PRIMARY KEY); CREATE TABLE second.mt_event_progression(name varchar PRIMARY KEY)",
    );
    for (schema, tables) in [
        (
            "billing",
            ["mt_events", "mt_streams", "mt_event_progression"].as_slice(),
        ),
        ("second", &["mt_events", "mt_streams", "mt_event_progression"]),
        ("shop", &["shop_events"]),
    ] {
        server.reader(database, READER, schema, tables);
    }
    let home = tempfile::tempdir().expect("a home");
    let error = session(&server.address(READER, database), home.path())
        .err()
        .expect("it is not clear");
    let choices = error.choices.join("\n");
    for choice in [
        "marten:billing.mt_events",
        "marten:second.mt_events",
        ":shop.shop_events",
    ] {
        assert!(choices.contains(choice), "{error:?}");
    }
}
