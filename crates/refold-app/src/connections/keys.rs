//! The lines of a connection: how each is called, what it may hold. It must not know where the file is.
//!
//! What is refused is never repeated in the refusal: somebody may have written a password there.

use refold_stores::Rate;
use toml_edit::Item;

use super::keeping::Keeping;
use super::kind::ServerKind;
use super::password::Source;
use super::url;
use crate::settings::{environment, environment_text};
use crate::wire::Connection;

/// One line of a connection.
pub struct Key {
    pub name: &'static str,
    pub get: fn(&Connection) -> Option<String>,
    /// Takes a value over, or says what it would have to be.
    pub put: fn(&mut Connection, &str) -> Result<(), String>,
    pub clear: fn(&mut Connection),
}

/// `allow` and `prefer` let anybody in between switch encryption off.
const SSL_MODES: [&str; 4] = ["verify-full", "verify-ca", "require", "disable"];
const SESSION_ATTRS: [&str; 6] = ["any", "read-write", "read-only", "primary", "standby", "prefer-standby"];
/// The kinds of server that there are.
const KINDS: [&str; 2] = ["postgres", "mysql"];

/// Those that an address has behind its `?`, in their order there.
pub const IN_ADDRESS: [&str; 9] = [
    "service",
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "target_session_attrs",
    "allow_elevated",
    "allow_scans",
    "megabytes_per_second",
];

/// Those that say where it leads.
pub const OF_PLACE: [&str; 4] = ["store", "kind", "host", "database"];

/// A line that is a text, and what is asked of it.
macro_rules! text {
    ($name:ident, $check:expr) => {
        Key {
            name: stringify!($name),
            get: |of| of.$name.clone(),
            put: |of, value| {
                let check: fn(&str) -> Result<(), String> = $check;
                check(value)?;
                of.$name = Some(value.to_owned());
                Ok(())
            },
            clear: |of| of.$name = None,
        }
    };
}

/// In the order in which they are written.
pub const KEYS: &[Key] = &[
    Key {
        name: "environment",
        get: |of| of.environment.map(|known| environment_text(known).to_owned()),
        put: |of, value| {
            of.environment = Some(environment(&Item::Value(value.into()))?);
            Ok(())
        },
        clear: |of| of.environment = None,
    },
    text!(store, plain),
    text!(kind, |value| word(value, &KINDS)),
    text!(host, |value| {
        let hosts = url::hosts_of(ServerKind::default(), value).map_err(|error| error.message)?;
        hosts.iter().try_for_each(|host| plain(&host.name))?;
        if hosts.is_empty() {
            Err("a host".to_owned())
        } else {
            Ok(())
        }
    }),
    text!(database, plain),
    text!(user, plain),
    text!(service, plain),
    text!(sslmode, |value| word(value, &SSL_MODES)),
    text!(sslrootcert, plain),
    text!(sslcert, plain),
    text!(sslkey, plain),
    text!(allow_elevated, plain),
    text!(allow_scans, |value| word(value, &["yes"])),
    text!(megabytes_per_second, |value| match Rate::parse(value) {
        Some(_) => Ok(()),
        None => Err("a number from 1, or unlimited".to_owned()),
    }),
    text!(target_session_attrs, |value| word(value, &SESSION_ATTRS)),
    text!(password, |value| Source::parse(value).map(drop)),
    text!(
        ssh,
        |value| match value.starts_with('-') || value.contains(char::is_whitespace) {
            true => Err("a host as your ssh knows it".to_owned()),
            false => plain(value),
        }
    ),
    text!(layout, plain),
    text!(zone, plain),
    text!(mask, plain),
    text!(cache, |value| Keeping::parse(value).map(drop)),
];

/// The line of a name.
pub fn key(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}

/// The line of a name that an address may hold.
pub fn of_address(name: &str) -> Option<&'static Key> {
    let is_known = IN_ADDRESS.contains(&name) || ["host", "database", "user"].contains(&name);
    key(name).filter(|_| is_known)
}

/// What is wrong with a name; `Ok` where nothing is.
pub fn check_name(name: &str) -> Result<(), String> {
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || "._-".contains(letter);
    let is_good = name.chars().all(is_letter)
        && name.len() <= 64
        && name.starts_with(|first: char| first.is_ascii_alphanumeric());
    if is_good {
        return Ok(());
    }
    Err("1 to 64 letters of a-z, A-Z, 0-9, dot, dash or underscore, and begin with a letter or digit".to_owned())
}

/// What contradicts itself in a connection, a sentence each.
pub fn contradictions(of: &Connection) -> Vec<String> {
    let is_server = of.kind.is_some() || of.host.is_some() || of.service.is_some() || of.database.is_some();
    let mut found = Vec::new();
    match (&of.store, is_server) {
        (Some(_), true) => {
            found.push("it is a file (store) and a server (kind, host, service, database) at once".to_owned())
        }
        (None, false) => found.push("it names neither a file (store) nor a server (host)".to_owned()),
        _ => {}
    }
    if of.store.is_some() && (of.ssh.is_some() || of.password.is_some() || of.user.is_some()) {
        found.push("a file has no user, no password and no ssh".to_owned());
    }
    // A service may say the other.
    if of.sslcert.is_some() != of.sslkey.is_some() && of.service.is_none() {
        found.push("sslcert and sslkey go together: our certificate and its key".to_owned());
    }
    if of.ssh.is_some() && of.sslcert.is_some() {
        found.push(
            "through ssh nothing is encrypted beyond it, so that no certificate (sslcert) can be shown".to_owned(),
        );
    }
    let is_mysql = ServerKind::of(of) == ServerKind::MySql;
    if is_mysql && of.service.is_some() {
        found.push("a service is of PostgreSQL alone".to_owned());
    }
    match of.password.as_deref().map(Source::parse) {
        Some(Ok(Source::PassFile)) if is_mysql => {
            found.push("pgpass is the password file of PostgreSQL: MySQL has mycnf".to_owned());
        }
        Some(Ok(Source::OptionFile)) if !is_mysql => {
            found.push("mycnf is the option file of MySQL: PostgreSQL has pgpass".to_owned());
        }
        _ => {}
    }
    found
}

fn word(value: &str, known: &[&str]) -> Result<(), String> {
    match known.contains(&value) {
        true => Ok(()),
        false => Err(format!("one of {}", known.join(", "))),
    }
}

fn plain(value: &str) -> Result<(), String> {
    match value.is_empty() || value.contains(char::is_control) {
        true => Err("a text on one line".to_owned()),
        false => Ok(()),
    }
}
