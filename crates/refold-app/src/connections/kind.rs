//! The kinds of servers that stores are on, and what each takes for granted.

use std::path::{Path, PathBuf};

use refold_stores::{mysql, postgres};

use crate::wire::Connection;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ServerKind {
    #[default]
    Postgres,
    /// MySQL and MariaDB.
    MySql,
}

/// What addresses begin with; the first of each kind is how they are written here.
const SCHEMES: [(&str, ServerKind); 4] = [
    ("postgres://", ServerKind::Postgres),
    ("postgresql://", ServerKind::Postgres),
    ("mysql://", ServerKind::MySql),
    ("mariadb://", ServerKind::MySql),
];

impl ServerKind {
    /// The kind of an address, and what follows its scheme.
    pub fn of_address(url: &str) -> Option<(ServerKind, &str)> {
        SCHEMES
            .iter()
            .find_map(|(scheme, kind)| Some((*kind, url.strip_prefix(scheme)?)))
    }

    /// That of a connection to a server.
    pub fn of(connection: &Connection) -> ServerKind {
        match connection.kind.as_deref() {
            Some("mysql") => ServerKind::MySql,
            _ => ServerKind::Postgres,
        }
    }

    /// As a connection names it.
    pub fn name(self) -> &'static str {
        match self {
            ServerKind::Postgres => "postgres",
            ServerKind::MySql => "mysql",
        }
    }

    pub fn default_port(self) -> u16 {
        match self {
            ServerKind::Postgres => 5432,
            ServerKind::MySql => mysql::DEFAULT_PORT,
        }
    }

    /// The server on this machine, as a connection names its host.
    pub fn local_host(self) -> &'static str {
        match self {
            ServerKind::Postgres => postgres::LOCAL_SOCKETS,
            ServerKind::MySql => mysql::local_socket(),
        }
    }

    /// The file of a socket that is named as a host: PostgreSQL's own tools name its folder.
    pub fn socket(self, name: &str, port: u16) -> PathBuf {
        match self {
            ServerKind::Postgres => Path::new(name).join(format!(".s.PGSQL.{port}")),
            ServerKind::MySql => PathBuf::from(name),
        }
    }
}
