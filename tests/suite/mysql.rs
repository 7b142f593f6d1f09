//! What holds of the adapter for MySQL and MariaDB on a real MariaDB: nothing is written, nothing of the store is run, no
//! event is lost or doubled.

mod attacks;
mod faults;
mod settling;
mod tls;
mod traces;
mod trying;
mod whole;

use std::sync::Arc;

use refold_core::port::store::{EventStore, StoreError};
use refold_core::work::{CancelToken, Silent, Work};
use refold_stores::OpenOptions;
use refold_tests::mariadb::Mariadb;

use crate::postgres::read_all;

/// The table of Spatie's library, as its own migration makes it.
const TABLES: &str = "CREATE TABLE stored_events(id bigint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
    aggregate_uuid char(36) NULL, aggregate_version bigint unsigned NULL, event_version tinyint unsigned NOT NULL DEFAULT 1,
    event_class varchar(255) NOT NULL, event_properties json NOT NULL, meta_data json NOT NULL,
    created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP, KEY by_class (event_class), KEY by_aggregate (aggregate_uuid),
    UNIQUE KEY by_version (aggregate_uuid, aggregate_version)) ENGINE=InnoDB;";

/// A database with so many events of 20 accounts, and an account that may read them.
fn store(server: &Mariadb, database: &str, events: u32) {
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

fn open(address: &str) -> Result<Arc<dyn EventStore>, StoreError> {
    let (token, options) = (CancelToken::default(), OpenOptions::in_scratch(std::env::temp_dir()));
    refold_stores::open(&Work::new(&token, &Silent), address, None, &options)
}

fn opened(address: &str) -> Arc<dyn EventStore> {
    open(address).unwrap_or_else(|error| panic!("{error}"))
}

/// The address of the account that may only read.
fn reading(server: &Mariadb, database: &str) -> String {
    server.address("refold_reader", database)
}
