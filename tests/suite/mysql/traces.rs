//! What a server can see of us: only statements of the catalogue, and nothing that was changed.

use refold_core::event::Position;
use refold_core::time::Timestamp;
use refold_core::work::{CancelToken, Silent, Work};
use refold_stores::index::{self, BuildOptions};
use refold_tests::mariadb::Mariadb;

use super::{opened, read_all, store};

/// What would tell of a write.
fn fingerprint(server: &Mariadb, database: &str) -> String {
    let counters = server.sql(
        database,
        "SELECT VARIABLE_NAME, VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME REGEXP
         '^(HANDLER_(DELETE|UPDATE|COMMIT|PREPARE)|INNODB_ROWS_(INSERTED|UPDATED|DELETED)|COM_(INSERT|UPDATE|DELETE|REPLACE|LOAD|CREATE|ALTER|DROP|GRANT|LOCK|FLUSH|KILL|CALL|TRUNCATE|ANALYZE|OPTIMIZE|REPAIR|XA|COMMIT|INSTALL|RESET|PURGE|CHANGE|HA_).*|INNODB_DATA_WRITTEN_NOT)$'
         AND VARIABLE_NAME NOT IN ('HANDLER_COMMIT') ORDER BY 1",
    );
    let content = server.sql(
        database,
        "CHECKSUM TABLE stored_events; SELECT UPDATE_TIME, AUTO_INCREMENT FROM information_schema.TABLES WHERE
         TABLE_NAME = 'stored_events'; SELECT COUNT(*) FROM information_schema.TABLES; SELECT COUNT(*) FROM mysql.user;
         SELECT COUNT(*) FROM mysql.proc; SHOW GLOBAL VARIABLES WHERE VARIABLE_NAME NOT IN ('gtid_binlog_pos',
         'last_gtid', 'timestamp', 'error_count', 'warning_count');",
    );
    format!("{counters}\n{content}")
}

/// Words of SQL that no statement of ours holds outside quotes and comments.
const NEVER: [&str; 24] = [
    "INSERT", "UPDATE", "DELETE", "TRUNCATE", "CREATE", "ALTER", "DROP", "LOAD", "LOCK", "FLUSH", "INTO", "OUTFILE",
    "ANALYZE", "EXPLAIN", "CALL", "DO", "GRANT", "PREPARE", "EXECUTE", "DECLARE", "COMMIT", "HANDLER", "GLOBAL",
    "SLEEP",
];
/// Those without rows, to the letter.
const FRAMES: [&str; 5] = [
    "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
    "ROLLBACK",
    "/* refold read only */ SET SESSION TRANSACTION READ ONLY",
    "/* refold isolation */ SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
    "/* refold settings */ SET SESSION sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES', time_zone = '+00:00', \
     character_set_client = 'utf8mb4', character_set_connection = 'utf8mb4', \
     collation_connection = 'utf8mb4_general_ci', character_set_results = NULL, lock_wait_timeout = 2, innodb_lock_wait_timeout = 2, max_statement_time = 30, \
     idle_transaction_timeout = 60",
];

fn check_statement(said: &str) {
    let (command, statement) = said.split_once('\t').unwrap_or((said, ""));
    match command {
        "Connect" | "Quit" | "Close stmt" => return,
        "Query" => {
            assert!(FRAMES.contains(&statement), "{statement}");
            return;
        }
        "Prepare" | "Execute" => {}
        other => panic!("{other}: {statement}"),
    }
    let named = statement
        .strip_prefix("/* refold ")
        .and_then(|rest| rest.split_once(" */ "));
    let (_, text) = named.unwrap_or_else(|| panic!("{statement}"));
    if ["SHOW GRANTS", "SHOW GLOBAL STATUS LIKE 'Uptime'"].contains(&text) {
        return;
    }
    assert!(text.starts_with("SELECT "), "{text}");
    let outside: String = text
        .split('\'')
        .step_by(2)
        .flat_map(|part| part.split('"').step_by(2))
        .collect::<Vec<_>>()
        .join(" ")
        // Variables that are only read.
        .replace("@@global.", " ");
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
    let server = Mariadb::start(&[]);
    let database = "traces";
    store(&server, database, 1_000);
    server.sql(
        database,
        "CREATE USER owner IDENTIFIED BY 'geheim'; GRANT ALL ON *.* TO owner WITH GRANT OPTION",
    );
    let address = format!("{}?allow_elevated=owner", server.address("owner", database));
    read_all(&*opened(&address), None, 300, || {});
    let folder = tempfile::tempdir().expect("a folder for the index");
    let before = fingerprint(&server, database);
    // As one to whom everything is allowed.
    let store = opened(&address);
    assert_eq!(read_all(&*store, None, 300, || {}).len(), 1_000);
    let (token, options) = (
        CancelToken::default(),
        BuildOptions {
            threads: 2,
            now: Timestamp(0),
            version_base: Some(1),
            segment_rows: BuildOptions::SEGMENT_ROWS,
        },
    );
    let index = index::build(&Work::new(&token, &Silent), &*store, folder.path(), &options);
    assert_eq!(index.unwrap_or_else(|error| panic!("{error}")).event_count(), 1_000);
    assert!(store.raw(Position(7)).expect("it can be asked").is_some() && store.is_current().expect("it can be asked"));
    drop(store);
    let log = server.log_of("owner");
    assert!(log.len() > 60, "{}", log.len());
    log.iter().for_each(|said| check_statement(said));
    assert_eq!(fingerprint(&server, database), before);
}
