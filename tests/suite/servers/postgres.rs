//! PostgreSQL, in its own words.

use std::process::Command;
use std::sync::Arc;

use refold_tests::postgres::{MESSAGES, Postgres, READER};

use super::Real;
use super::certificates::Papers;

/// A function that leaves a trace, as whoever calls it. A trace is what a transaction cannot take back: a number of a
/// sequence.
const TRAP: &str = "CREATE SEQUENCE public.sprung; GRANT ALL ON SEQUENCE public.sprung TO PUBLIC;
    GRANT USAGE ON SCHEMA public TO PUBLIC;
    CREATE FUNCTION public.trap() RETURNS bigint LANGUAGE sql VOLATILE SECURITY DEFINER AS $$ SELECT nextval('public.sprung') $$;";

impl Real for Postgres {
    const BEGIN: &'static str = "BEGIN;";
    const POSITIONS: &'static str = "SELECT global_position FROM message_store.messages ORDER BY 1";
    const VIEW: &'static str =
        "ALTER TABLE message_store.messages RENAME TO hidden; CREATE VIEW message_store.messages AS
         SELECT * FROM message_store.hidden WHERE public.trap() > 0; GRANT SELECT ON message_store.messages TO refold_reader;";
    const ODD_NAMES: &'static str =
        "ALTER TABLE message_store.messages ADD COLUMN \"a\"\"; SELECT public.trap(); --\" int DEFAULT 7;
         CREATE SCHEMA \"odd\"\"; SELECT public.trap(); --\";
         ALTER TABLE message_store.messages SET SCHEMA \"odd\"\"; SELECT public.trap(); --\";
         GRANT USAGE ON SCHEMA \"odd\"\"; SELECT public.trap(); --\" TO refold_reader;";
    const ODD_COLUMNS: &'static [&'static str] = &["a\"; SELECT public.trap(); --"];
    const UNFIT: [&'static str; 3] = [
        "ALTER TABLE message_store.messages RENAME COLUMN stream_name TO stream",
        "message-db",
        "table messages has no column stream_name",
    ];
    const WRITER: &'static str = "DROP ROLE IF EXISTS refold_writer; CREATE ROLE refold_writer LOGIN;
         GRANT USAGE ON SCHEMA message_store TO refold_writer;
         GRANT SELECT, UPDATE (data) ON message_store.messages TO refold_writer;";
    const WRITER_COULD: [&'static str; 2] = ["refold_writer", "has UPDATE (data) on the table message_store.messages"];
    const OWNER: [&'static str; 3] = ["postgres", "postgres", "is a superuser"];
    const FATTEN: &'static str =
        "UPDATE message_store.messages SET metadata = jsonb_build_object('pad', repeat('x', 1000));
         VACUUM ANALYZE message_store.messages;";
    const NOBODY_SCRIPTED: &'static str = "DROP ROLE IF EXISTS refold_scripted";

    fn blind(database: &str) -> String {
        let kinds = ["indexscan", "indexonlyscan", "bitmapscan"];
        let off = kinds.map(|kind| format!("ALTER ROLE {READER} IN DATABASE {database} SET enable_{kind} = off;"));
        off.concat()
    }

    fn insert(writer: u32, n: u32) -> String {
        format!(
            "INSERT INTO message_store.messages(position, stream_name, type, data) VALUES ({n}, 'w-{writer}', 'T', '{{}}');"
        )
    }

    fn pause(seconds: f64) -> String {
        format!("SELECT pg_sleep({seconds});")
    }

    fn shared() -> Arc<Postgres> {
        Postgres::shared()
    }

    fn alone() -> Postgres {
        Postgres::start()
    }

    fn certified(papers: &Papers) -> Postgres {
        let server = Postgres::start();
        let [certificate, key, authority] = ["server.pem", "server.key", "authority.pem"].map(|file| papers.file(file));
        server.demand_certificates(&certificate, &key, &authority);
        server
    }

    fn certified_store(&self, database: &str, events: u32) -> (String, String) {
        (self.store(database, events), READER.to_owned())
    }

    fn boot(&self) {
        self.boot();
    }

    fn crash(&self) {
        self.crash();
    }

    fn store(&self, database: &str, events: u32) -> String {
        self.accounts(database, events);
        self.sql(database, "CHECKPOINT");
        self.address(READER, database)
    }

    fn tables(&self, database: &str, sql: &str, tables: &[&str]) -> String {
        self.fresh_database(database);
        self.sql(database, sql);
        self.reader(database, READER, "public", tables);
        self.address(READER, database)
    }

    fn scattered(&self, database: &str) -> String {
        self.fresh_database(database);
        self.sql(
            database,
            &format!(
                "{MESSAGES} CREATE EXTENSION postgres_fdw; CREATE SERVER elsewhere FOREIGN DATA WRAPPER postgres_fdw;
                 CREATE FOREIGN TABLE message_store.far() INHERITS (message_store.messages) SERVER elsewhere;"
            ),
        );
        self.reader(database, READER, "message_store", &["messages"]);
        self.address(READER, database)
    }

    /// Whoever reads sees that.
    fn watching(&self, database: &str) -> String {
        self.address(READER, database)
    }

    fn address(&self, account: &str, database: &str) -> String {
        self.address(account, database)
    }

    fn socket_address(&self, account: &str, database: &str) -> String {
        self.socket_address(account, database)
    }

    fn nowhere() -> &'static str {
        "postgres://a:geheim@127.0.0.1:1/b?connect_timeout=2"
    }

    fn set_traps(&self, database: &str, more: &str) {
        self.sql(database, &format!("{TRAP} {more}"));
    }

    fn is_sprung(&self, database: &str) -> bool {
        self.sql(database, "SELECT is_called FROM public.sprung") == "t"
    }

    fn hang_up(&self, database: &str) {
        self.sql(
            "postgres",
            &format!(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}' AND
                 application_name = 'refold'"
            ),
        );
    }

    fn sql(&self, database: &str, sql: &str) -> String {
        self.sql(database, sql)
    }

    fn client(&self, database: &str) -> Command {
        self.client(database)
    }

    /// What the server tidies up on pages that anybody reads.
    fn tidy_up(&self, database: &str) {
        let sql = "VACUUM (FREEZE, ANALYZE); SELECT count(*) FROM message_store.messages; CHECKPOINT";
        self.sql(database, sql);
    }

    fn fingerprint(&self, database: &str) -> String {
        self.sql(
            database,
            &format!(
                "SELECT pg_current_wal_insert_lsn(); SELECT tup_inserted, tup_updated, tup_deleted, temp_files FROM pg_stat_database
                 WHERE datname = '{database}'; SELECT count(*) FROM pg_replication_slots; SELECT count(*) FROM pg_prepared_xacts;
                 SELECT count(*) FROM pg_largeobject_metadata; SELECT count(*) FROM pg_class; SELECT count(*) FROM pg_authid;"
            ),
        )
    }

    fn statements(&self) -> Vec<String> {
        let named = |said: &String| {
            let Some(statement) = said.strip_prefix("LOG:  execute <unnamed>: ") else {
                // The driver looks nothing up, so nothing else is ever executed.
                let is_other = said.starts_with("LOG:  execute") || said.starts_with("LOG:  statement");
                assert!(!is_other, "{said}");
                return None;
            };
            if ["BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", "ROLLBACK"].contains(&statement) {
                return None;
            }
            let named = statement
                .strip_prefix("/* refold ")
                .and_then(|rest| rest.split_once(" */ "));
            let (_, text) = named.unwrap_or_else(|| panic!("{statement}"));
            Some(text.to_owned())
        };
        self.log_of("refold").iter().filter_map(named).collect()
    }
}
