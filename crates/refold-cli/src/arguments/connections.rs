//! The arguments of saved connections.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Args)]
pub struct Connections {
    #[command(subcommand)]
    pub act: Option<ConnectionsAct>,
}

#[derive(Debug, Subcommand)]
pub enum ConnectionsAct {
    /// All of them, or one, and where their file is
    List {
        /// Only this one
        name: Option<String>,
    },
    /// Save a new one
    #[command(
        after_help = "Example: refold connections add orders-eu postgres://auditor@pg-1,pg-2/orders \
        --environment production --password-from pgpass --ssh bastion"
    )]
    Add(ConnectionAdd),
    /// Change lines of one; an empty text takes a line away
    Edit(ConnectionEdit),
    /// Forget one; the store itself is untouched
    Remove {
        /// Its name
        name: String,
    },
    /// Write them, or those that are named, into a file for somebody else, without secrets
    Export {
        /// Their names; without one all of them
        names: Vec<String>,
        /// A file that is not there yet; without it they are printed
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Take over the connections of a file that somebody exported, all of them or none
    Import {
        /// What was exported
        file: PathBuf,
        /// Where a name is taken, those of the file replace yours
        #[arg(long)]
        replace: bool,
    },
    /// What is kept of its events on this machine, so that they are not asked for twice and can be looked at without the server
    Cache {
        /// Its name, or the address of a server
        name: String,
        /// Copy all payloads first, so that streams can be opened while the server is out of reach
        #[arg(long, conflicts_with = "purge")]
        copy: bool,
        /// Throw it away; it is made again when the store is looked at
        #[arg(long)]
        purge: bool,
    },
    /// What was done over one: statements sent, what was opened, revealed, written to files
    Log {
        /// @name, or the address of a server
        store: String,
        /// Only the last so many lines
        #[arg(long, value_name = "LINES")]
        limit: Option<u64>,
    },
}

#[derive(Debug, Args)]
pub struct ConnectionAdd {
    /// What follows the @ wherever a store is named
    pub name: String,
    /// The path of a file, or an address: postgres://user@host:port,host/database, mysql://…, mariadb://…
    pub store: Option<String>,
    /// What it is: production, staging, test, development or local
    #[arg(long, value_name = "ENVIRONMENT", required = true)]
    pub environment: String,
    #[command(flatten)]
    pub lines: ConnectionLines,
}

#[derive(Debug, Args)]
pub struct ConnectionEdit {
    /// Its name
    pub name: String,
    /// The path of a file, or an address that replaces the one that it has
    pub store: Option<String>,
    /// Another name
    #[arg(long, value_name = "NAME")]
    pub rename: Option<String>,
    /// What it is: production, staging, test, development or local
    #[arg(long, value_name = "ENVIRONMENT")]
    pub environment: Option<String>,
    #[command(flatten)]
    pub lines: ConnectionLines,
}

/// Lines of a connection as they stand in the file; --layout, --zone and --mask are lines too.
#[derive(Debug, Args)]
pub struct ConnectionLines {
    /// pg-1:5432,pg-2, or the folder of a Unix socket (of MySQL its file)
    #[arg(long)]
    pub host: Option<String>,
    /// Its database
    #[arg(long)]
    pub database: Option<String>,
    /// The account that signs in
    #[arg(long)]
    pub user: Option<String>,
    /// A name in your service files of libpq
    #[arg(long)]
    pub service: Option<String>,
    /// How it is encrypted, as libpq says: require, verify-full, …
    #[arg(long, value_name = "MODE")]
    pub sslmode: Option<String>,
    /// The certificates of the authorities that are trusted
    #[arg(long, value_name = "FILE")]
    pub sslrootcert: Option<String>,
    /// Our certificate, for a server that asks who we are
    #[arg(long, value_name = "FILE")]
    pub sslcert: Option<String>,
    /// The key of our certificate, which nobody else may read
    #[arg(long, value_name = "FILE")]
    pub sslkey: Option<String>,
    /// The role that is used although it could do more than read
    #[arg(long, value_name = "ROLE")]
    pub allow_elevated: Option<String>,
    /// yes: scans of big tables are allowed
    #[arg(long, value_name = "YES")]
    pub allow_scans: Option<String>,
    /// How many megabytes of events a second are asked for: a number, or unlimited
    #[arg(long, value_name = "NUMBER")]
    pub megabytes_per_second: Option<String>,
    /// Which of several hosts will do: any, read-only, standby, …
    #[arg(long, value_name = "ATTRS")]
    pub target_session_attrs: Option<String>,
    /// Where the password comes from, never the password: ask, "env NAME", pgpass, mycnf, keychain, "command PROGRAM ARGUMENT…"
    #[arg(long, value_name = "SOURCE")]
    pub password_from: Option<String>,
    /// The host that a tunnel goes through, as your ssh knows it
    #[arg(long, value_name = "HOST")]
    pub ssh: Option<String>,
    /// What is kept of its events: off, memory or disk; "disk 500" for 500 MB of payloads at most
    #[arg(long, value_name = "CACHE")]
    pub cache: Option<String>,
}

#[derive(Debug, Args)]
pub struct Connect {
    /// @name, an address or a path
    pub store: OsString,
}
