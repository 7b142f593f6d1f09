//! Every statement that is ever sent to a server of MySQL or MariaDB. There is no other place that holds SQL for them.
//!
//! What has rows is prepared, one statement a message, inside a read-only transaction; values are parameters. The
//! identifiers in [`page`], [`end`], [`behind`] and [`row`] are the catalogue's own, quoted by [`crate::tables::quoted`],
//! which the mode of SQL that [`settings`] sets and [`LIMITS`] asks back reads as identifiers. Each but the two that frame
//! a transaction begins with a name in a comment, so that whoever runs the server finds it in his log.
//!
//! No statement calls anything but functions that are built in, and none names a view, a routine or an event of the store.

use crate::tables::Table;
use crate::tables::plan::{Plan, Shape};

/// Begins every unit of work; [`LIMITS`] follows it.
pub const BEGIN: &str = "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY";

/// Ends every unit of work. There is nothing to commit.
pub const ROLLBACK: &str = "ROLLBACK";

/// How identifiers and texts are written in all that follows.
pub const MODE: &str = "ANSI_QUOTES,NO_BACKSLASH_ESCAPES";

/// Makes every transaction of a connection read-only and one cut through the store.
pub const READ_ONLY: [&str; 2] = [
    "/* refold read only */ SET SESSION TRANSACTION READ ONLY",
    "/* refold isolation */ SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
];

/// In what we write statements and parameters.
pub const CHARSET: &str = "utf8mb4";

/// What holds for a connection: how SQL is written, times in UTC, our texts in UTF-8 also where the server is told not to
/// heed what a client says of itself, texts as they are stored, limits of time, of which the
/// smaller holds: that of the account or the server, or ours. The collation is the one that we sign in
/// with, which every server knows; a column has its own, and that counts.
pub fn settings(is_mariadb: bool) -> String {
    // Where 0 is no limit.
    let smaller = |name: &str, ours: u32| {
        format!("{name} = CASE WHEN @@session.{name} > 0 THEN LEAST(@@session.{name}, {ours}) ELSE {ours} END")
    };
    let own = if is_mariadb {
        let (statement, idle) = (
            smaller("max_statement_time", 30),
            smaller("idle_transaction_timeout", 60),
        );
        format!("{statement}, {idle}")
    } else {
        format!(
            "{}, information_schema_stats_expiry = 0",
            smaller("max_execution_time", 30_000)
        )
    };
    format!(
        "/* refold settings */ SET SESSION sql_mode = '{MODE}', time_zone = '+00:00', character_set_client = '{CHARSET}', \
         character_set_connection = '{CHARSET}', collation_connection = 'utf8mb4_general_ci', \
         character_set_results = NULL, lock_wait_timeout = LEAST(@@session.lock_wait_timeout, 2), \
         innodb_lock_wait_timeout = LEAST(@@session.innodb_lock_wait_timeout, 2), {own}"
    )
}

/// Whether the connection is still as it was set, and still that of its number: something in between may have changed it.
///
/// Behind that: how long a statement may take, in seconds, and how long it may wait for a lock.
pub fn limits(read_only_variable: &str, is_mariadb: bool) -> String {
    let statement = if is_mariadb {
        "CAST(@@session.max_statement_time AS CHAR)"
    } else {
        "CAST(@@session.max_execution_time / 1000 AS CHAR)"
    };
    format!(
        "/* refold limits */ SELECT @@session.{read_only_variable}, @@session.sql_mode, @@session.time_zone, CONNECTION_ID(), \
         @@session.character_set_client, @@session.character_set_connection, {statement}, \
         CAST(LEAST(@@session.lock_wait_timeout, @@session.innodb_lock_wait_timeout) AS CHAR)"
    )
}

/// What a transaction is by default: the second name is older and the only one that MariaDB knew before 11.1.
pub const READ_ONLY_VARIABLES: [&str; 2] = ["transaction_read_only", "tx_read_only"];

/// Whether the server takes writes from its own account alone, as one that follows another does: asked where several may be
/// meant.
pub const STANDBY: &str = "/* refold standby */ SELECT @@global.read_only";

/// Who we are to the server, and which server it is.
pub const ROLE: &str = "/* refold role */ SELECT CURRENT_USER(), DATABASE(), @@global.read_only, \
     CONCAT_WS('/', @@global.hostname, @@global.port, @@global.server_id, @@global.datadir), \
     @@global.auto_increment_increment, @@global.lower_case_table_names";

/// What we may do there.
pub const GRANTS: &str = "/* refold grants */ SHOW GRANTS";

/// Tables of the database with their size, and what else looks like one.
pub const TABLES: &str = "/* refold tables */ SELECT TABLE_NAME, TABLE_TYPE, ENGINE, CAST(DATA_LENGTH AS SIGNED), \
     CREATE_OPTIONS FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? ORDER BY TABLE_NAME LIMIT 4000";

/// Columns of tables. Generated ones count only where they are stored.
pub const COLUMNS: &str = "/* refold columns */ SELECT TABLE_NAME, COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, IS_NULLABLE, \
     CHARACTER_SET_NAME, COLLATION_NAME, EXTRA FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ? \
     ORDER BY TABLE_NAME, ORDINAL_POSITION LIMIT 40000";

/// Columns of indexes, in their order.
pub const INDEXES: &str = "/* refold indexes */ SELECT TABLE_NAME, INDEX_NAME, CAST(NON_UNIQUE AS SIGNED), COLUMN_NAME, \
     CAST(SUB_PART AS SIGNED), INDEX_TYPE FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = ? \
     ORDER BY TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX LIMIT 40000";

/// Transactions that hold a lock or have written, and are not over. The privilege PROCESS shows them.
pub const WRITERS: &str = "/* refold writers */ SELECT CONCAT_WS('/', trx_mysql_thread_id, trx_started, \
     CASE trx_mysql_thread_id WHEN 0 THEN trx_id END) FROM information_schema.INNODB_TRX \
     WHERE trx_lock_structs > 0 OR trx_rows_modified > 0 OR trx_rows_locked > 0 OR trx_state <> 'RUNNING' ORDER BY 1";

/// The same, but only those of whom the server does not say for sure that they have not written to a table: whoever has holds a
/// lock on what it looks like until his transaction is over. Of one that is prepared and whose session is gone nothing is said.
/// The parameters: the database and the name of the table.
pub const WRITERS_THERE: &str = "/* refold writers */ SELECT CONCAT_WS('/', trx_mysql_thread_id, trx_started, \
     CASE trx_mysql_thread_id WHEN 0 THEN trx_id END) FROM information_schema.INNODB_TRX \
     WHERE (trx_lock_structs > 0 OR trx_rows_modified > 0 OR trx_rows_locked > 0 OR trx_state <> 'RUNNING') AND \
     (trx_mysql_thread_id = 0 OR trx_mysql_thread_id IN (SELECT held.THREAD_ID FROM information_schema.METADATA_LOCK_INFO AS held \
     WHERE held.TABLE_SCHEMA = ? AND held.TABLE_NAME = ? AND held.LOCK_MODE NOT IN ('MDL_SHARED', 'MDL_SHARED_HIGH_PRIO', \
     'MDL_SHARED_READ'))) ORDER BY 1";

/// Whether MariaDB tells who holds locks on what tables look like: [`WRITERS_THERE`] asks for that.
pub const TELLS_LOCKS: &str = "/* refold tells locks */ SELECT PLUGIN_NAME FROM information_schema.PLUGINS \
     WHERE PLUGIN_NAME = 'METADATA_LOCK_INFO' AND PLUGIN_STATUS = 'ACTIVE'";

/// Connections that let nobody read some table of this database, and whose they are, which the privilege PROCESS shows. As
/// [`TELLS_LOCKS`] says, not every server knows.
pub const HOLDERS: &str = "/* refold holders */ SELECT DISTINCT held.THREAD_ID, process.USER, process.HOST \
     FROM information_schema.METADATA_LOCK_INFO AS held LEFT JOIN information_schema.PROCESSLIST AS process \
     ON process.ID = held.THREAD_ID WHERE held.TABLE_SCHEMA = DATABASE() AND held.LOCK_MODE IN ('MDL_EXCLUSIVE', \
     'MDL_SHARED_NO_READ_WRITE') AND held.THREAD_ID <> CONNECTION_ID() ORDER BY 1 LIMIT 5";

/// When a table was last written to, by the server's own account since it started, how many seconds ago that is, and which
/// engine keeps it.
pub const WRITTEN: &str = "/* refold written */ SELECT CAST(UPDATE_TIME AS CHAR), \
     CAST(TIMESTAMPDIFF(SECOND, UPDATE_TIME, NOW()) AS SIGNED), ENGINE FROM information_schema.TABLES \
     WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?";

/// For how many seconds the server has been running.
pub const UPTIME: &str = "/* refold uptime */ SHOW GLOBAL STATUS LIKE 'Uptime'";

/// Ends what another connection of ours waits for.
pub fn kill(id: u32) -> String {
    format!("/* refold cancel */ KILL QUERY {id}")
}

/// The name of a statement in this catalogue.
pub fn id(sql: &str) -> &str {
    let named = sql.strip_prefix("/* refold ").and_then(|rest| rest.split_once(" */"));
    named.map_or(if sql == ROLLBACK { "rollback" } else { "begin" }, |(name, _)| name)
}

/// A page of events: `shape` of the rows that fulfil `conditions`, at most as many as the last parameter says.
pub fn page(plan: &Plan, shape: &Shape, conditions: &[String], order: &str) -> String {
    let found = plan.select_found(shape, conditions, order, "?");
    let selected = found.unwrap_or_else(|| format!("{} LIMIT ?", plan.select(shape, conditions, order)));
    format!("/* refold events */ {selected}")
}

/// How the server would go about a statement, which is not run. As a table: what MariaDB writes as JSON is none where
/// identifiers are in the quotation marks of [`MODE`].
pub fn explained(sql: &str) -> String {
    let bare = sql.split_once(" */ ").map_or(sql, |(_, bare)| bare);
    format!("/* refold plan */ EXPLAIN FORMAT=TRADITIONAL {bare}")
}

/// The last position.
pub fn last(plan: &Plan) -> String {
    let position = &plan.position;
    let selected = plan.select_one(position, &[format!("{position} IS NOT NULL")]);
    format!("/* refold last */ {selected} ORDER BY {position} DESC LIMIT 1")
}

/// Whether a column that holds no texts holds more than one value, NULL being one. By an index that begins with it this looks
/// at three rows.
pub fn tenants(table: &Table, column: &str) -> String {
    let table = table.sql();
    format!(
        "/* refold tenants */ SELECT CASE WHEN MIN({column}) IS NULL THEN 0 WHEN MIN({column}) <> MAX({column}) OR \
         EXISTS (SELECT 1 FROM {table} WHERE {column} IS NULL) THEN 1 ELSE 0 END FROM {table}"
    )
}

/// The same of a text column, byte by byte. No index tells it: to the collation of the column, which orders one, `A` may be
/// `a`. The first row with another text than some row ends it.
pub fn text_tenants(table: &Table, column: &str) -> String {
    let table = table.sql();
    let bytes = format!("CAST({column} AS BINARY)");
    format!(
        "/* refold tenants */ SELECT EXISTS (SELECT 1 FROM {table} WHERE NOT ({bytes} <=> (SELECT {bytes} FROM {table} LIMIT 1)))"
    )
}

/// The positions up to the first parameter, newest first, as many as the second says.
pub fn behind(plan: &Plan) -> String {
    let position = &plan.position;
    let selected = plan.select_one(position, &[format!("{position} <= ?")]);
    format!("/* refold behind */ {selected} ORDER BY {position} DESC LIMIT ?")
}

/// These columns of the row of the table of events at the position of the only parameter.
pub fn row(plan: &Plan, columns: &[String]) -> String {
    let selected = plan.select_one(&columns.join(", "), &[format!("{} = ?", plan.position)]);
    format!("/* refold row */ {selected} LIMIT 1")
}

/// All rows of a table that holds no events; one cut through it where its engine knows transactions.
pub fn rows(table: &Table, columns: &[String]) -> String {
    format!("/* refold rows */ SELECT {} FROM {}", columns.join(", "), table.sql())
}

/// How a body is selected that has at most `most_bytes` bytes: NULL stands for a larger one. And the size of one that has
/// more, NULL standing for a smaller one.
pub fn body(column: &str, most_bytes: u64) -> (String, String) {
    let size = format!("OCTET_LENGTH({column})");
    (
        format!("CASE WHEN {size} <= {most_bytes} THEN {column} END"),
        format!("CASE WHEN {size} > {most_bytes} THEN {size} END"),
    )
}

/// A text that is stored in another encoding than UTF-8.
pub fn in_utf8(column: &str) -> String {
    format!("CONVERT({column} USING utf8mb4)")
}

/// That a column holds exactly the bytes of the next parameter. A comparison of texts would be one of a collation, to which
/// `A` may be `a`.
pub fn is_exactly(column: &str) -> String {
    format!("CAST({column} AS BINARY) = ?")
}
