//! What every connection to a user's database gets: it can read tables and nothing else, whatever the schema says.

use std::path::Path;
use std::time::{Duration, Instant};

use refold_core::port::store::StoreError;
use refold_core::work::CancelToken;
use rusqlite::config::DbConfig;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::limits::Limit;
use rusqlite::{Connection, Error, ErrorCode};

/// The functions that our own statements use.
const FUNCTIONS: &[&str] = &["count", "iif", "max", "min", "octet_length", "substr", "typeof"];
/// Functions without side effects that column defaults use. SQLite asks for them when such a column is read, although
/// nothing is computed then; it asks in the spelling of the schema.
const DEFAULT_FUNCTIONS: &[&str] = &[
    "abs",
    "char",
    "coalesce",
    "concat",
    "current_date",
    "current_time",
    "current_timestamp",
    "date",
    "datetime",
    "format",
    "hex",
    "ifnull",
    "instr",
    "json",
    "json_array",
    "json_object",
    "jsonb",
    "julianday",
    "length",
    "lower",
    "nullif",
    "printf",
    "random",
    "randomblob",
    "replace",
    "round",
    "strftime",
    "time",
    "trim",
    "unixepoch",
    "upper",
];
/// The pragmas that our own statements use, all of them questions.
const PRAGMAS: &[&str] = &[
    "index_list",
    "index_xinfo",
    "page_count",
    "page_size",
    "table_list",
    "table_xinfo",
];

/// The longest value and statement, until a reader sets what its layout says.
pub const LENGTH_LIMIT_BYTES: i32 = 64 << 20;
/// The most that a value may be wherever it is looked at alone.
pub const MOST_LENGTH_LIMIT_BYTES: i32 = 1 << 30;
/// Statements, too, must stay below the limit.
pub const LEAST_LENGTH_LIMIT_BYTES: i32 = 1 << 20;

/// Puts the guard on a connection that is still unused. From then on it can only read real tables, and not even
/// `query_only` can be taken back.
pub fn protect(mut connection: Connection) -> rusqlite::Result<Connection> {
    distrust_schema(&connection)?;
    connection.pragma_update(None, "query_only", true)?;
    // Two MiB a connection: leaves are read once, and what is read again is in the system's cache.
    connection.pragma_update(None, "cache_size", -2_048)?;
    connection.set_prepared_statement_cache_capacity(16);
    connection.authorizer(Some(authorize))?;
    Ok(connection)
}

/// The part of the guard that a recovering connection gets too.
pub fn distrust_schema(connection: &Connection) -> rusqlite::Result<()> {
    for (config, is_on) in [
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false),
        (DbConfig::SQLITE_DBCONFIG_DQS_DML, false),
        (DbConfig::SQLITE_DBCONFIG_DQS_DDL, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_ATTACH_CREATE, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_ATTACH_WRITE, false),
    ] {
        connection.set_db_config(config, is_on)?;
    }
    for (limit, value) in [
        (Limit::SQLITE_LIMIT_LENGTH, LENGTH_LIMIT_BYTES),
        (Limit::SQLITE_LIMIT_SQL_LENGTH, 1 << 20),
        (Limit::SQLITE_LIMIT_COLUMN, 2_000),
        (Limit::SQLITE_LIMIT_EXPR_DEPTH, 100),
        (Limit::SQLITE_LIMIT_VDBE_OP, 25_000),
        (Limit::SQLITE_LIMIT_ATTACHED, 0),
        (Limit::SQLITE_LIMIT_TRIGGER_DEPTH, 1),
        (Limit::SQLITE_LIMIT_WORKER_THREADS, 0),
    ] {
        connection.set_limit(limit, value)?;
    }
    connection.pragma_update(None, "mmap_size", 0)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    connection.pragma_update(None, "temp_store", "MEMORY")
}

/// How many steps of SQLite's machine lie between two looks at the cancel token: well under a millisecond.
const STEPS_BETWEEN_CHECKS: i32 = 4_000;

/// From now on statements stop when `token` is cancelled or `limit` is over.
pub fn watch(connection: &mut Connection, token: &CancelToken, limit: Option<Duration>) -> rusqlite::Result<()> {
    let (token, end) = (token.clone(), limit.and_then(|limit| Instant::now().checked_add(limit)));
    let is_over = move || token.is_cancelled() || end.is_some_and(|end| Instant::now() > end);
    connection.progress_handler(STEPS_BETWEEN_CHECKS, Some(is_over))
}

pub fn stop_watching(connection: &mut Connection) -> rusqlite::Result<()> {
    connection.progress_handler(0, None::<fn() -> bool>)
}

fn authorize(context: AuthContext<'_>) -> Authorization {
    // An accessor is the view or trigger that the access comes from.
    if context.accessor.is_some() {
        return Authorization::Deny;
    }
    match context.action {
        AuthAction::Select | AuthAction::Read { .. } => Authorization::Allow,
        AuthAction::Function { function_name } if is_allowed(function_name) => Authorization::Allow,
        AuthAction::Pragma { pragma_name, .. } if PRAGMAS.contains(&pragma_name) => Authorization::Allow,
        // Everything else writes, attaches, or calls what we never call.
        _ => Authorization::Deny,
    }
}

fn is_allowed(function: &str) -> bool {
    FUNCTIONS
        .iter()
        .chain(DEFAULT_FUNCTIONS)
        .any(|allowed| allowed.eq_ignore_ascii_case(function))
}

/// What an error of SQLite means to a person.
pub fn store_error(path: &Path, error: &Error) -> StoreError {
    let location = path.display().to_string();
    let code = error.sqlite_error_code();
    match code {
        Some(ErrorCode::DatabaseCorrupt) => StoreError::Corrupt {
            location,
            detail: error.to_string(),
        },
        Some(ErrorCode::NotADatabase) => StoreError::NotAnEventStore {
            location,
            detail: "SQLite does not take it for a database: it is damaged or encrypted".to_owned(),
            advice: "open a backup; what is encrypted must be decrypted by the program that wrote it",
        },
        Some(ErrorCode::PermissionDenied | ErrorCode::AuthorizationForStatementDenied) => StoreError::Denied {
            location,
            detail: error.to_string(),
        },
        Some(ErrorCode::CannotOpen) => StoreError::Unreachable {
            location,
            detail: error.to_string(),
        },
        _ => StoreError::Driver {
            location,
            detail: error.to_string(),
        },
    }
}
