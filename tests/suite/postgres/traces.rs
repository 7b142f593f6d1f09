//! What a server can see of us: only statements of the catalogue, and nothing that was changed.

use refold_core::event::Position;
use refold_core::time::Timestamp;
use refold_core::work::{CancelToken, Silent, Work};
use refold_stores::index::{self, BuildOptions};
use refold_tests::postgres::Postgres;

use super::{opened, read_all};

/// What would tell of a write.
fn fingerprint(server: &Postgres, database: &str) -> String {
    server.sql(
        database,
        &format!(
            "SELECT pg_current_wal_insert_lsn(); SELECT tup_inserted, tup_updated, tup_deleted, temp_files FROM pg_stat_database
             WHERE datname = '{database}'; SELECT count(*) FROM pg_replication_slots; SELECT count(*) FROM pg_prepared_xacts;
             SELECT count(*) FROM pg_largeobject_metadata; SELECT count(*) FROM pg_class; SELECT count(*) FROM pg_authid;"
        ),
    )
}

/// Words of SQL that no statement of ours holds outside quotes and comments.
const NEVER: [&str; 22] = [
    "INSERT", "UPDATE", "DELETE", "TRUNCATE", "CREATE", "ALTER", "DROP", "COPY", "LOCK", "NOTIFY", "LISTEN", "VACUUM",
    "ANALYZE", "EXPLAIN", "CALL", "DO", "GRANT", "PREPARE", "EXECUTE", "DECLARE", "COMMIT", "SET",
];

fn check_statement(said: &str) {
    let Some(statement) = said.strip_prefix("LOG:  execute <unnamed>: ") else {
        // The driver looks nothing up, so nothing else is ever executed.
        assert!(
            !said.starts_with("LOG:  execute") && !said.starts_with("LOG:  statement"),
            "{said}"
        );
        return;
    };
    let is_frame = ["BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", "ROLLBACK"].contains(&statement);
    let named = statement
        .strip_prefix("/* refold ")
        .and_then(|rest| rest.split_once(" */ "));
    let Some((_, text)) = named.filter(|_| !is_frame) else {
        assert!(is_frame, "{statement}");
        return;
    };
    assert!(
        text.starts_with("SELECT ") || text.starts_with("WITH RECURSIVE family"),
        "{text}"
    );
    let outside: String = text
        .split('\'')
        .step_by(2)
        .flat_map(|part| part.split('"').step_by(2))
        .collect::<Vec<_>>()
        .join(" ");
    assert!(!outside.contains(';') && !outside.contains("--"), "{outside}");
    let words: Vec<String> = outside
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .map(str::to_uppercase)
        .collect();
    for word in NEVER {
        assert!(!words.iter().any(|said| said == word), "{word}: {outside}");
    }
}

#[test]
fn reading_leaves_the_server_as_it_was_and_says_only_what_the_catalogue_holds() {
    let server = Postgres::start();
    let database = "traces";
    server.accounts(database, 1_000);
    // What the server tidies up on pages that anybody reads is tidied up before.
    server.sql(
        database,
        "VACUUM (FREEZE, ANALYZE); SELECT count(*) FROM message_store.messages; CHECKPOINT",
    );
    let address = format!("{}?allow_elevated=postgres", server.address("postgres", database));
    read_all(&*opened(&address), None, 300, || {});
    let folder = tempfile::tempdir().expect("a folder for the index");
    let before = fingerprint(&server, database);
    // As superuser, to whom everything is allowed.
    let store = opened(&address);
    assert_eq!(read_all(&*store, None, 300, || {}).len(), 1_000);
    let (token, options) = (
        CancelToken::default(),
        BuildOptions {
            threads: 2,
            now: Timestamp(0),
            version_base: Some(0),
            segment_rows: BuildOptions::SEGMENT_ROWS,
        },
    );
    let index = index::build(&Work::new(&token, &Silent), &*store, folder.path(), &options);
    assert_eq!(index.unwrap_or_else(|error| panic!("{error}")).event_count(), 1_000);
    assert!(store.raw(Position(7)).expect("it can be asked").is_some() && store.is_current().expect("it can be asked"));
    drop(store);
    let log = server.log_of("refold");
    assert!(log.len() > 100, "{}", log.len());
    log.iter().for_each(|said| check_statement(said));
    assert_eq!(fingerprint(&server, database), before);
}
