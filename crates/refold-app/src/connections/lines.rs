//! The lines of a connection by their names in the file: setting one, taking over those of another, telling them.

use super::keys;
use crate::error::AppError;
use crate::wire::Connection;

/// Sets a line of a connection by its name in the file; an empty text takes it away.
pub fn set(connection: &mut Connection, name: &str, text: &str) -> Result<(), AppError> {
    let wrong = |why: String| {
        AppError::invalid(why, "docs/connections.md says what a connection may hold")
            .typed("refold connections add --help")
    };
    let key = keys::key(name).ok_or_else(|| wrong(format!("a connection has no line called {name}")))?;
    if text.is_empty() {
        (key.clear)(connection);
        return Ok(());
    }
    (key.put)(connection, text).map_err(|allowed| wrong(format!("{name} must be {allowed}")))
}

/// Makes a connection lead to where another does. That is replaced whole; of all else what the other says is taken, and
/// what it does not say stays.
pub fn lead(connection: &mut Connection, other: &Connection) -> Result<(), AppError> {
    for key in keys::KEYS {
        match (key.get)(other) {
            Some(text) => set(connection, key.name, &text)?,
            None if keys::OF_PLACE.contains(&key.name) => (key.clear)(connection),
            None => {}
        }
    }
    Ok(())
}

/// The lines of a connection that say something, by their names in the file.
pub fn lines(connection: &Connection) -> Vec<(&'static str, String)> {
    let known = keys::KEYS.iter();
    known
        .filter_map(|key| Some((key.name, (key.get)(connection)?)))
        .collect()
}
