//! What holds of the adapter for MySQL and MariaDB alone, on a real MariaDB; what holds of every server is in
//! [`crate::servers`].

mod advice;
mod attacks;
mod faults;
mod layouts;
mod limits;
mod powers;
mod settling;
mod tls;
mod trying;
mod whole;

use refold_tests::mariadb::Mariadb;

/// The table of Spatie's library, as its own migration makes it.
pub const TABLES: &str = "CREATE TABLE stored_events(id bigint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
    aggregate_uuid char(36) NULL, aggregate_version bigint unsigned NULL, event_version tinyint unsigned NOT NULL DEFAULT 1,
    event_class varchar(255) NOT NULL, event_properties json NOT NULL, meta_data json NOT NULL,
    created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP, KEY by_class (event_class), KEY by_aggregate (aggregate_uuid),
    UNIQUE KEY by_version (aggregate_uuid, aggregate_version)) ENGINE=InnoDB;";

/// A database with so many events of 20 accounts, and an account that may read them.
pub fn store(server: &Mariadb, database: &str, events: u32) {
    server.fresh_database(database);
    server.sql(database, TABLES);
    if events > 0 {
        server.sql(
            database,
            &format!(
                "INSERT INTO stored_events SELECT seq + 1, CONCAT('account-', seq % 20), seq DIV 20 + 1, 1, 'App\\\\Deposited',
                 CONCAT('{{\"amount\": ', seq, ', \"by\": \"', REPEAT('x', seq % 50), '\"}}'), '{{}}', '2026-08-03 14:00:00'
                 FROM seq_0_to_{}",
                events - 1
            ),
        );
    }
    server.reader(database, "refold_reader", &["stored_events"]);
}

/// The address of the account that may only read.
pub fn reading(server: &Mariadb, database: &str) -> String {
    server.address("refold_reader", database)
}

/// The address of an account that may also see who writes.
pub fn watching(server: &Mariadb, database: &str) -> String {
    server.reader(database, "refold_watcher", &["stored_events"]);
    server.sql(database, "GRANT PROCESS ON *.* TO refold_watcher");
    server.address("refold_watcher", database)
}
