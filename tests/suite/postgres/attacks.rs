//! A store whose owner wants to run code as whoever reads it.

use refold_core::port::store::StoreError;
use refold_tests::postgres::{MESSAGES, Postgres};

use super::{open, opened, read_all};

/// A function that leaves a trace, as whoever calls it. A trace is a notification that a transaction cannot take back: a
/// row in a sequence.
const TRAP: &str = "CREATE SEQUENCE public.sprung; GRANT ALL ON SEQUENCE public.sprung TO PUBLIC;
    GRANT USAGE ON SCHEMA public TO PUBLIC;
    CREATE FUNCTION public.trap() RETURNS bigint LANGUAGE sql VOLATILE SECURITY DEFINER AS $$ SELECT nextval('public.sprung') $$;";

fn is_sprung(server: &Postgres, database: &str) -> bool {
    server.sql(database, "SELECT is_called FROM public.sprung") == "t"
}

#[test]
fn a_view_in_the_place_of_the_table_is_not_read() {
    let server = Postgres::shared();
    let database = "attack_view";
    server.accounts(database, 40);
    server.sql(
        database,
        &format!(
            "{TRAP} ALTER TABLE message_store.messages RENAME TO hidden; CREATE VIEW message_store.messages AS
             SELECT * FROM message_store.hidden WHERE public.trap() > 0; GRANT SELECT ON message_store.messages TO refold_reader;"
        ),
    );
    let error = open(&server.address("refold_reader", database)).map(drop).unwrap_err();
    assert!(
        matches!(error, StoreError::NoLayout { .. } | StoreError::NotAnEventStore { .. }),
        "{error}"
    );
    assert!(!is_sprung(&server, database));
}

#[test]
fn names_that_shadow_those_of_the_server_are_not_called() {
    let server = Postgres::shared();
    let database = "attack_names";
    server.accounts(database, 40);
    let before = read_all(&*opened(&server.address("refold_reader", database)), None, 7, || {});
    // In a schema that is searched before the server's own, for whoever does not say where to search.
    server.sql(
        database,
        &format!(
            "{TRAP} CREATE FUNCTION public.traps(anyelement) RETURNS boolean LANGUAGE sql AS $$ SELECT public.trap() > 0 $$;
             CREATE FUNCTION public.over(bigint, bigint) RETURNS boolean LANGUAGE sql AS $$ SELECT public.trap() > 0 $$;
             CREATE FUNCTION public.same(text, text) RETURNS boolean LANGUAGE sql AS $$ SELECT public.trap() > 0 $$;
             CREATE OPERATOR public.>= (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = public.over);
             CREATE OPERATOR public.<= (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = public.over);
             CREATE OPERATOR public.= (LEFTARG = text, RIGHTARG = text, FUNCTION = public.same);
             CREATE FUNCTION public.set_config(text, text, boolean) RETURNS text LANGUAGE sql AS $$ SELECT public.trap()::text $$;
             CREATE FUNCTION public.current_setting(text) RETURNS text LANGUAGE sql AS $$ SELECT public.trap()::text $$;
             CREATE FUNCTION public.pg_column_size(jsonb) RETURNS int LANGUAGE sql AS $$ SELECT public.trap()::int $$;
             CREATE FUNCTION public.octet_length(jsonb) RETURNS int LANGUAGE sql AS $$ SELECT public.trap()::int $$;
             CREATE TABLE public.pg_class(oid oid); CREATE TABLE public.pg_locks(relation oid);
             ALTER DATABASE {database} SET search_path = public, pg_catalog;
             ALTER ROLE refold_reader IN DATABASE {database} SET search_path = public, pg_catalog;"
        ),
    );
    let store = opened(&server.address("refold_reader", database));
    assert_eq!(read_all(&*store, None, 7, || {}), before);
    assert!(!is_sprung(&server, database));
}

#[test]
fn hidden_rows_are_an_error_and_not_a_gap() {
    let server = Postgres::shared();
    let database = "attack_rows";
    server.accounts(database, 40);
    server.sql(
        database,
        &format!(
            "{TRAP} ALTER TABLE message_store.messages ENABLE ROW LEVEL SECURITY;
             CREATE POLICY half ON message_store.messages USING (global_position % 2 = 0 AND public.trap() > 0);"
        ),
    );
    let error = open(&server.address("refold_reader", database)).map(drop).unwrap_err();
    assert!(matches!(error, StoreError::Denied { .. }), "{error}");
    assert!(error.to_string().contains("row-level security"), "{error}");
    assert!(!is_sprung(&server, database));
}

#[test]
fn what_runs_when_rows_are_written_or_shown_elsewhere_is_not_run() {
    let server = Postgres::shared();
    let database = "attack_columns";
    server.accounts(database, 40);
    server.sql(
        database,
        &format!(
            "{TRAP} ALTER TABLE message_store.messages ADD COLUMN extra bigint DEFAULT public.trap();
             CREATE TYPE public.mood AS ENUM ('glad'); ALTER TABLE message_store.messages ADD COLUMN mood public.mood;
             CREATE FUNCTION public.as_text(public.mood) RETURNS text LANGUAGE sql AS $$ SELECT public.trap()::text $$;
             CREATE CAST (public.mood AS text) WITH FUNCTION public.as_text(public.mood) AS IMPLICIT;
             UPDATE message_store.messages SET mood = 'glad';
             COMMENT ON TABLE message_store.messages IS '; SELECT public.trap(); --';
             SELECT setval('public.sprung', 1, false);"
        ),
    );
    let store = opened(&server.address("refold_reader", database));
    assert_eq!(read_all(&*store, None, 7, || {}).len(), 40);
    let raw = store
        .raw(refold_core::event::Position(7))
        .expect("it can be asked")
        .expect("it is there");
    let named = |name: &str| raw.iter().find(|column| column.name == name);
    assert_eq!(
        named("type").map(|column| column.bytes.as_slice()),
        Some(b"Deposited".as_slice())
    );
    assert_eq!(named("mood"), None, "what is of the store's own type is not asked for");
    assert!(!is_sprung(&server, database));
}

#[test]
fn names_that_are_sql_are_only_names() {
    let server = Postgres::shared();
    let database = "attack_quotes";
    server.accounts(database, 40);
    server.sql(
        database,
        &format!(
            "{TRAP} ALTER TABLE message_store.messages ADD COLUMN \"a\"\"; SELECT public.trap(); --\" int DEFAULT 7;
             CREATE SCHEMA \"odd\"\"; SELECT public.trap(); --\";
             ALTER TABLE message_store.messages SET SCHEMA \"odd\"\"; SELECT public.trap(); --\";
             GRANT USAGE ON SCHEMA \"odd\"\"; SELECT public.trap(); --\" TO refold_reader;"
        ),
    );
    let store = opened(&server.address("refold_reader", database));
    assert_eq!(read_all(&*store, None, 7, || {}).len(), 40);
    let raw = store
        .raw(refold_core::event::Position(7))
        .expect("it can be asked")
        .expect("it is there");
    assert!(
        raw.iter()
            .any(|column| column.name.contains("trap()") && column.bytes == b"7")
    );
    assert!(!is_sprung(&server, database));
}

#[test]
fn a_part_of_the_table_on_another_server_is_not_read() {
    let server = Postgres::shared();
    let database = "attack_foreign";
    server.fresh_database(database);
    server.sql(
        database,
        &format!(
            "{MESSAGES} CREATE EXTENSION postgres_fdw; CREATE SERVER elsewhere FOREIGN DATA WRAPPER postgres_fdw;
             CREATE FOREIGN TABLE message_store.far() INHERITS (message_store.messages) SERVER elsewhere;"
        ),
    );
    server.reader(database, "refold_reader", "message_store", &["messages"]);
    let error = open(&server.address("refold_reader", database)).map(drop).unwrap_err();
    assert!(
        matches!(error, StoreError::NoLayout { .. } | StoreError::NotAnEventStore { .. }),
        "{error}"
    );
}

#[test]
fn a_role_that_could_write_is_turned_down_with_the_script_for_one_that_cannot() {
    let server = Postgres::shared();
    let database = "attack_roles";
    server.accounts(database, 40);
    server.sql(
        database,
        "DROP ROLE IF EXISTS refold_writer; CREATE ROLE refold_writer LOGIN;
         GRANT USAGE ON SCHEMA message_store TO refold_writer;
         GRANT SELECT, UPDATE (data) ON message_store.messages TO refold_writer;",
    );
    let refused = |role: &str| match open(&server.address(role, database)).map(drop).unwrap_err() {
        StoreError::Elevated {
            role, powers, script, ..
        } => (role, powers, script),
        other => panic!("{other}"),
    };
    let (role, powers, _) = refused("refold_writer");
    assert_eq!(
        (role.as_str(), powers),
        (
            "refold_writer",
            vec!["has UPDATE on the tables of the store".to_owned()]
        )
    );
    let (_, powers, script) = refused("postgres");
    assert!(powers.contains(&"is a superuser".to_owned()), "{powers:?}");
    // Allowed by another name it is refused all the same.
    let insisting =
        |role: &str, allowed: &str| open(&format!("{}?allow_elevated={allowed}", server.address(role, database)));
    assert!(insisting("postgres", "refold_writer").is_err());
    let store = insisting("postgres", "postgres").unwrap_or_else(|error| panic!("{error}"));
    assert!(
        store.describe().read_only[0].contains("could do more than read"),
        "{:?}",
        store.describe().read_only
    );
    // The script does what it says.
    server.sql(
        database,
        "DROP OWNED BY refold_reader; DROP ROLE IF EXISTS refold_scripted",
    );
    server.sql(database, &script.replace("refold_reader", "refold_scripted"));
    assert_eq!(
        read_all(&*opened(&server.address("refold_scripted", database)), None, 9, || {}).len(),
        40
    );
}
