//! A store whose owner wants to run code as whoever reads it.

use refold_core::port::store::StoreError;
use refold_tests::postgres::{Postgres, READER};

use crate::servers::{Real as _, opened, read_all, refused};

#[test]
fn names_that_shadow_those_of_the_server_are_not_called() {
    let server = Postgres::shared();
    let database = "attack_names";
    server.accounts(database, 40);
    let before = read_all(&*opened(&server.address(READER, database)), None, 7, || {});
    // In a schema that is searched before the server's own, for whoever does not say where to search.
    server.set_traps(
        database,
        &format!(
            "CREATE FUNCTION public.traps(anyelement) RETURNS boolean LANGUAGE sql AS $$ SELECT public.trap() > 0 $$;
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
    let store = opened(&server.address(READER, database));
    assert_eq!(read_all(&*store, None, 7, || {}), before);
    assert!(!server.is_sprung(database));
}

#[test]
fn hidden_rows_are_an_error_and_not_a_gap() {
    let server = Postgres::shared();
    let database = "attack_rows";
    server.accounts(database, 40);
    server.set_traps(
        database,
        "ALTER TABLE message_store.messages ENABLE ROW LEVEL SECURITY;
         CREATE POLICY half ON message_store.messages USING (global_position % 2 = 0 AND public.trap() > 0);",
    );
    let error = refused(&server.address(READER, database));
    assert!(matches!(error, StoreError::Ungranted { .. }), "{error}");
    assert!(error.to_string().contains("row-level security"), "{error}");
    assert!(!server.is_sprung(database));
}

#[test]
fn what_runs_when_rows_are_written_or_shown_elsewhere_is_not_run() {
    let server = Postgres::shared();
    let database = "attack_columns";
    server.accounts(database, 40);
    server.set_traps(
        database,
        "ALTER TABLE message_store.messages ADD COLUMN extra bigint DEFAULT public.trap();
         CREATE TYPE public.mood AS ENUM ('glad'); ALTER TABLE message_store.messages ADD COLUMN mood public.mood;
         CREATE FUNCTION public.as_text(public.mood) RETURNS text LANGUAGE sql AS $$ SELECT public.trap()::text $$;
         CREATE CAST (public.mood AS text) WITH FUNCTION public.as_text(public.mood) AS IMPLICIT;
         UPDATE message_store.messages SET mood = 'glad';
         COMMENT ON TABLE message_store.messages IS '; SELECT public.trap(); --';
         SELECT setval('public.sprung', 1, false);",
    );
    let store = opened(&server.address(READER, database));
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
    assert!(!server.is_sprung(database));
}
