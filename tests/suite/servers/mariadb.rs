//! MariaDB, in its own words.

use std::process::Command;
use std::sync::Arc;

use refold_tests::mariadb::Mariadb;

use super::Real;
use super::certificates::Papers;
use crate::mysql::{TABLES, reading, store, watching};

/// A function that leaves a trace, as whoever wrote it: in a table that no transaction of ours can take back.
const TRAP: &str = "DELIMITER //
    CREATE FUNCTION spring() RETURNS int DETERMINISTIC SQL SECURITY DEFINER
    BEGIN INSERT INTO sprung VALUES (1); RETURN 1; END//
    DELIMITER ;
    CREATE TABLE sprung(at int) ENGINE=MyISAM;
    CREATE FUNCTION trap() RETURNS int DETERMINISTIC SQL SECURITY DEFINER RETURN (SELECT COUNT(*) FROM sprung) + spring();
    ";

/// Statements without rows, to the letter.
const FRAMES: [&str; 5] = [
    "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
    "ROLLBACK",
    "/* refold read only */ SET SESSION TRANSACTION READ ONLY",
    "/* refold isolation */ SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
    "/* refold settings */ SET SESSION sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES', time_zone = '+00:00', \
     character_set_client = 'utf8mb4', character_set_connection = 'utf8mb4', \
     collation_connection = 'utf8mb4_general_ci', character_set_results = NULL, \
     lock_wait_timeout = LEAST(@@session.lock_wait_timeout, 2), \
     innodb_lock_wait_timeout = LEAST(@@session.innodb_lock_wait_timeout, 2), \
     max_statement_time = CASE WHEN @@session.max_statement_time > 0 THEN LEAST(@@session.max_statement_time, 30) ELSE 30 END, \
     idle_transaction_timeout = CASE WHEN @@session.idle_transaction_timeout > 0 THEN LEAST(@@session.idle_transaction_timeout, 60) \
     ELSE 60 END",
];

/// Who reads one database alone.
fn reader_of(database: &str) -> String {
    format!("reader_of_{database}")
}

impl Real for Mariadb {
    const BEGIN: &'static str = "START TRANSACTION;";
    const POSITIONS: &'static str = "SELECT id FROM stored_events ORDER BY 1";
    const VIEW: &'static str = "RENAME TABLE stored_events TO hidden; CREATE SQL SECURITY DEFINER VIEW stored_events AS
         SELECT * FROM hidden WHERE trap() > 0; GRANT SELECT ON stored_events TO refold_reader;";
    const ODD_NAMES: &'static str = "ALTER TABLE stored_events ADD COLUMN `a\"; SELECT trap(); --` int DEFAULT 7,
         ADD COLUMN `b``\\\\` int DEFAULT 7;";
    const ODD_COLUMNS: &'static [&'static str] = &["a\"; SELECT trap(); --", "b`\\\\"];
    const UNFIT: [&'static str; 3] = [
        "ALTER TABLE stored_events RENAME COLUMN event_class TO class",
        "spatie",
        "table stored_events has no column event_class",
    ];
    const WRITER: &'static str = "CREATE OR REPLACE USER refold_writer IDENTIFIED BY 'geheim';
         GRANT SELECT, UPDATE (meta_data) ON attack_roles.stored_events TO refold_writer;";
    const WRITER_COULD: [&'static str; 2] = ["refold_writer@%", "has UPDATE ("];
    const OWNER: [&'static str; 3] = ["owner", "owner%40%25", "has ALL PRIVILEGES on *.*"];
    const FATTEN: &'static str =
        "UPDATE stored_events SET meta_data = CONCAT('{\"pad\": \"', REPEAT('x', 1000), '\"}');
         ANALYZE TABLE stored_events;";
    const NOBODY_SCRIPTED: &'static str = "DROP USER IF EXISTS refold_scripted";

    fn blind(_: &str) -> String {
        "ALTER TABLE stored_events ALTER INDEX by_aggregate IGNORED, ALTER INDEX by_version IGNORED".to_owned()
    }

    fn insert(writer: u32, n: u32) -> String {
        format!("INSERT INTO stored_events VALUES (NULL, 'w-{writer}', {n}, 1, 'T', '{{}}', '{{}}', NOW());")
    }

    fn pause(seconds: f64) -> String {
        format!("DO SLEEP({seconds});")
    }

    fn shared() -> Arc<Mariadb> {
        Mariadb::shared()
    }

    fn alone() -> Mariadb {
        Mariadb::start(&["--innodb-flush-log-at-trx-commit=1"])
    }

    fn certified(papers: &Papers) -> Mariadb {
        let [certificate, key, authority] = ["server.pem", "server.key", "authority.pem"].map(|file| papers.file(file));
        Mariadb::start(&[
            "--ssl",
            &format!("--ssl-cert={}", certificate.display()),
            &format!("--ssl-key={}", key.display()),
            &format!("--ssl-ca={}", authority.display()),
        ])
    }

    fn certified_store(&self, database: &str, events: u32) -> (String, String) {
        let (address, reader) = (Real::store(self, database, events), reader_of(database));
        self.sql(database, &format!("ALTER USER {reader} REQUIRE SUBJECT '/CN={reader}'"));
        (address, reader)
    }

    fn boot(&self) {
        self.boot();
    }

    fn crash(&self) {
        self.crash();
    }

    fn store(&self, database: &str, events: u32) -> String {
        store(self, database, events);
        self.sql(
            database,
            "CREATE USER IF NOT EXISTS owner IDENTIFIED BY 'geheim'; GRANT ALL ON *.* TO owner WITH GRANT OPTION",
        );
        // Its own, so that nobody else's connections end with its.
        self.reader(database, &reader_of(database), &["stored_events"]);
        self.address(&reader_of(database), database)
    }

    fn tables(&self, database: &str, sql: &str, tables: &[&str]) -> String {
        self.fresh_database(database);
        self.sql(database, sql);
        self.reader(database, "refold_reader", tables);
        reading(self, database)
    }

    fn scattered(&self, database: &str) -> String {
        self.fresh_database(database);
        let parts = TABLES.replace("ENGINE=InnoDB", "ENGINE=MERGE UNION=(part)");
        let plain = TABLES
            .replace("stored_events", "part")
            .replace("ENGINE=InnoDB", "ENGINE=MyISAM");
        self.sql(database, &format!("{plain} {parts}"));
        self.reader(database, "refold_reader", &["stored_events"]);
        reading(self, database)
    }

    fn watching(&self, database: &str) -> String {
        watching(self, database)
    }

    fn address(&self, account: &str, database: &str) -> String {
        self.address(account, database)
    }

    fn socket_address(&self, account: &str, database: &str) -> String {
        self.socket_address(account, database)
    }

    fn nowhere() -> &'static str {
        "mysql://a:geheim@127.0.0.1:1/b"
    }

    fn set_traps(&self, database: &str, more: &str) {
        self.sql(database, &format!("{TRAP} {more}"));
    }

    fn is_sprung(&self, database: &str) -> bool {
        self.sql(database, "SELECT COUNT(*) FROM sprung") != "0"
    }

    fn hang_up(&self, database: &str) {
        self.sql("mysql", &format!("KILL USER {}", reader_of(database)));
    }

    fn sql(&self, database: &str, sql: &str) -> String {
        self.sql(database, sql)
    }

    fn client(&self, database: &str) -> Command {
        self.client(database)
    }

    fn tidy_up(&self, _: &str) {}

    fn fingerprint(&self, database: &str) -> String {
        let counters = self.sql(
            database,
            "SELECT VARIABLE_NAME, VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME REGEXP
             '^(HANDLER_(DELETE|UPDATE|COMMIT|PREPARE)|INNODB_ROWS_(INSERTED|UPDATED|DELETED)|COM_(INSERT|UPDATE|DELETE|REPLACE|LOAD|CREATE|ALTER|DROP|GRANT|LOCK|FLUSH|KILL|CALL|TRUNCATE|ANALYZE|OPTIMIZE|REPAIR|XA|COMMIT|INSTALL|RESET|PURGE|CHANGE|HA_).*|INNODB_DATA_WRITTEN_NOT)$'
             AND VARIABLE_NAME NOT IN ('HANDLER_COMMIT') ORDER BY 1",
        );
        let content = self.sql(
            database,
            "CHECKSUM TABLE stored_events; SELECT UPDATE_TIME, AUTO_INCREMENT FROM information_schema.TABLES WHERE
             TABLE_NAME = 'stored_events'; SELECT COUNT(*) FROM information_schema.TABLES; SELECT COUNT(*) FROM mysql.user;
             SELECT COUNT(*) FROM mysql.proc; SHOW GLOBAL VARIABLES WHERE VARIABLE_NAME NOT IN ('gtid_binlog_pos',
             'last_gtid', 'timestamp', 'error_count', 'warning_count');",
        );
        format!("{counters}\n{content}")
    }

    fn statements(&self) -> Vec<String> {
        let named = |said: &String| {
            let (command, statement) = said.split_once('\t').unwrap_or((said, ""));
            match command {
                "Connect" | "Quit" | "Close stmt" => return None,
                "Query" => {
                    assert!(FRAMES.contains(&statement), "{statement}");
                    return None;
                }
                "Prepare" | "Execute" => {}
                other => panic!("{other}: {statement}"),
            }
            let named = statement
                .strip_prefix("/* refold ")
                .and_then(|rest| rest.split_once(" */ "));
            let (_, text) = named.unwrap_or_else(|| panic!("{statement}"));
            let is_shown = ["SHOW GRANTS", "SHOW GLOBAL STATUS LIKE 'Uptime'"].contains(&text);
            (!is_shown).then(|| text.to_owned())
        };
        self.log_of("owner").iter().filter_map(named).collect()
    }
}
