//! Saved connections, and the steps of trying one. No secret is among them: a password is only said where it comes from.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::Environment;

/// Where a store is and how it is opened, under a name. Texts are as they stand in the file of connections.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase", default)]
pub struct Connection {
    /// What follows the `@`.
    pub name: String,
    /// `None`: nobody said so, and it counts as production.
    pub environment: Option<Environment>,
    /// Path of a store that is a file; `None`: it is on a server.
    pub store: Option<String>,
    /// What kind of server: `postgres` or `mysql`.
    pub kind: Option<String>,
    /// `pg-1:5432,pg-2`, or the folder of a Unix socket (of MySQL its file).
    pub host: Option<String>,
    pub database: Option<String>,
    pub user: Option<String>,
    /// A name in the service files of libpq.
    pub service: Option<String>,
    pub sslmode: Option<String>,
    /// Path of a file of certificates; `None`: those of the system.
    pub sslrootcert: Option<String>,
    /// Path of our certificate, for a server that asks who we are.
    pub sslcert: Option<String>,
    /// Path of the key of it, which nobody else may read.
    pub sslkey: Option<String>,
    /// The role that is used although it could do more than read.
    pub allow_elevated: Option<String>,
    /// `yes`: scans of big tables are allowed.
    pub allow_scans: Option<String>,
    /// How many megabytes of events a second are asked for, or `unlimited`.
    pub megabytes_per_second: Option<String>,
    pub target_session_attrs: Option<String>,
    /// Where the password comes from: `ask`, `env NAME`, `pgpass`, `mycnf`, `keychain`, `command PROGRAM ARGUMENT…`.
    pub password: Option<String>,
    /// The host that a tunnel goes through, as the user's ssh knows it.
    pub ssh: Option<String>,
    pub layout: Option<String>,
    pub zone: Option<String>,
    /// A file of masking rules that holds besides those at hand.
    pub mask: Option<String>,
    /// What is kept of its events: `off`, `memory` or `disk`, the last two with the megabytes that payloads may take.
    pub cache: Option<String>,
}

/// A connection as it stands in the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SavedConnection {
    pub connection: Connection,
    /// Where it leads, for people: `pg-1:5432 / orders`.
    pub target: String,
    /// The address of its server, without a password; empty for a file.
    pub address: String,
    /// What of it cannot be used, a sentence each; it cannot be opened then.
    pub problems: Vec<String>,
}

/// All that are saved.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionBook {
    /// By name.
    pub saved: Vec<SavedConnection>,
    /// Where they are, for a person who wants to edit them.
    pub file: String,
}

/// What the address of a server says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct AddressRead {
    pub connection: Connection,
    /// One stood in it, and is kept in memory for this address.
    pub has_password: bool,
}

/// One of the five steps of trying a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ConnectStep {
    /// From 1.
    pub step: u32,
    pub title: String,
    pub outcome: StepOutcome,
    /// What was found, or what failed and why.
    pub said: String,
    /// What to do about it; empty: nothing.
    pub advice: String,
    pub millis: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum StepOutcome {
    Ok,
    /// It works, and a person should know this.
    Warning,
    Failed,
    /// There is nothing to do here.
    None,
}

/// How trying a connection went.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Connected {
    /// Those that were tried: none follows one that failed.
    pub steps: Vec<ConnectStep>,
    /// Why it ended before the last step.
    pub failure: Option<super::AppErrorWire>,
}
