//! Where a server of MySQL or MariaDB is and who asks there, as a URL says it.
//!
//! It knows no server: nothing is looked up or opened here.

#[cfg(test)]
mod tests;

use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use super::MySql;
use crate::secret::Secret;
use crate::server::address::{decoded, plain};
use crate::server::options::{self, Address};
use crate::server::wanted::{PARAMETER, Wanted};

pub const DEFAULT_PORT: u16 = 3306;
/// Where a server is looked for that nobody names, as its own tools do: the first that is there, else the first.
const LOCAL_SOCKET: &str = "/run/mysqld/mysqld.sock";
const OTHER_SOCKETS: [&str; 3] = [
    "/var/run/mysqld/mysqld.sock",
    "/var/lib/mysql/mysql.sock",
    "/tmp/mysql.sock",
];

/// How to reach a database of such a server.
pub type Options = options::Options<MySql>;

/// Where a server is, and who asks for which database there.
#[derive(Clone)]
pub struct Place {
    pub(super) hosts: Vec<Host>,
    pub(super) wanted: Wanted,
    pub(super) user: String,
    pub(super) database: String,
    pub(super) password: Option<Secret>,
    /// What the hosts are called together, where the address leads to them by other names.
    called: Option<String>,
}

impl Options {
    /// The address leads to its hosts by names that are made anew each time, as through a tunnel: what they are called together.
    pub fn called(mut self, hosts: String) -> Options {
        self.to.called = Some(hosts);
        self
    }
}

impl Place {
    /// What the servers of an address are called together, which the one that answers does not tell; `None`: it names one.
    pub(super) fn servers(&self) -> Option<String> {
        let mut names: Vec<String> = self.hosts.iter().map(Host::to_string).collect();
        names.sort_unstable();
        names.dedup();
        (names.len() > 1).then(|| self.called.clone().unwrap_or_else(|| names.join(",")))
    }
}

/// One server, as it is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Host {
    Tcp {
        name: String,
        port: u16,
    },
    /// The file of a Unix socket.
    Socket(PathBuf),
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Host::Tcp { name, port } => write!(f, "{name}:{port}"),
            Host::Socket(path) => write!(f, "{}", path.display()),
        }
    }
}

impl Address for Place {
    const SCHEMES: &'static [&'static str] = &["mysql://", "mariadb://"];
    const UNCLEAR: &'static [char] = &['?', '#'];

    /// `user@host:3306/database`: several hosts have commas between them, a host that begins with `/` (`%2F`) is the file of a
    /// socket.
    fn parse(place: &str, parameters: &[&str]) -> Result<Place, String> {
        // By the last @, as what is shown of it is told: else the end of a password might be taken for a part of that.
        let (signed, place) = place.rsplit_once('@').unwrap_or(("", place));
        let (hosts, database) = place.rsplit_once('/').unwrap_or((place, ""));
        let (user, mut password) = signed
            .split_once(':')
            .map_or((signed, None), |(user, password)| (user, Some(password)));
        let database = plain(database)?;
        if database.is_empty() {
            return Err("it names no database: write it behind the last /".to_owned());
        }
        let mut wanted = None;
        for parameter in parameters {
            match parameter.split_once('=').unwrap_or((*parameter, "")) {
                ("password", value) => password = Some(value),
                (PARAMETER, word) => wanted = Some(Wanted::parse(&plain(word)?)?),
                (key, _) => return Err(format!("{key} is nothing that this version knows")),
            }
        }
        let named = hosts.split(',').filter(|host| !host.is_empty());
        let named = named.map(|host| Host::parse(host).ok_or("a host in it is not well written"));
        let mut hosts = named.collect::<Result<Vec<_>, _>>()?;
        if hosts.is_empty() {
            hosts.push(Host::Socket(PathBuf::from(local_socket())));
        }
        let password = password.map(plain).transpose()?.filter(|text| !text.is_empty());
        Ok(Place {
            wanted: wanted.unwrap_or(Wanted::usual(hosts.len())),
            hosts,
            user: plain(user)?,
            database,
            password: password.map(Secret::new),
            called: None,
        })
    }

    fn is_local(&self) -> bool {
        self.hosts.iter().all(Host::is_local)
    }

    fn is_over_network(&self) -> bool {
        self.hosts.iter().any(|host| matches!(host, Host::Tcp { .. }))
    }

    fn has_socket(&self) -> bool {
        self.hosts.iter().any(|host| matches!(host, Host::Socket(_)))
    }

    fn set_password(&mut self, password: &Secret) {
        self.password = Some(password.clone());
    }
}

impl Host {
    fn parse(text: &str) -> Option<Host> {
        // A colon of the port is never encoded, and one in a socket's path always is.
        let whole = decoded(text)?;
        if whole.starts_with('/') {
            // What an address writes behind a socket as its port has no meaning.
            let path = text.rsplit_once(':').map_or(text, |(path, _)| path);
            return Some(Host::Socket(PathBuf::from(decoded(path)?)));
        }
        let (name, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((address, rest)) => (address, rest.strip_prefix(':')),
            None => text
                .split_once(':')
                .map_or((text, None), |(name, port)| (name, Some(port))),
        };
        let port = match port {
            None | Some("") => DEFAULT_PORT,
            Some(port) => port.parse().ok().filter(|port| *port > 0)?,
        };
        let name = decoded(name)?;
        (!name.is_empty()).then_some(Host::Tcp { name, port })
    }

    fn is_local(&self) -> bool {
        match self {
            Host::Tcp { name, .. } => {
                name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
            }
            Host::Socket(_) => true,
        }
    }
}

/// The socket of the server on this machine.
pub fn local_socket() -> &'static str {
    let mut known = [LOCAL_SOCKET].into_iter().chain(OTHER_SOCKETS);
    known.find(|path| Path::new(path).exists()).unwrap_or(LOCAL_SOCKET)
}
