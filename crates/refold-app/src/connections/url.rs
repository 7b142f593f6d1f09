//! Addresses of servers as libpq writes them: `postgres://user@host:port,host/database?key=value`, and those of MySQL and
//! MariaDB in the same way.
//!
//! It must not know where anything is saved. A password in an address is taken out of it at once.

use std::fmt;
use std::net::{Ipv6Addr, TcpStream, ToSocketAddrs as _};
use std::path::PathBuf;
use std::time::Duration;

use refold_stores::secret::Secret;

use super::keys;
use super::kind::ServerKind;
use crate::error::AppError;
use crate::percent::{encoded, encoded_host};
use crate::wire::Connection;

/// A server that does not answer for so long is out of reach.
const PATIENCE: Duration = Duration::from_secs(5);

/// One server, as it is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    pub kind: ServerKind,
    /// A name, an address, or the folder (MySQL: the file) of a Unix socket.
    pub name: String,
    pub port: u16,
}

/// As a connection names it.
impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_address = !self.is_socket() && self.name.contains(':');
        if is_address {
            write!(f, "[{}]:{}", self.name, self.port)
        } else {
            write!(f, "{}:{}", self.name, self.port)
        }
    }
}

impl Host {
    /// Whether anything answers there; nothing is said to it.
    pub fn reach(&self) -> std::io::Result<()> {
        if self.is_socket() {
            return self.reach_socket();
        }
        let mut last = std::io::Error::from(std::io::ErrorKind::NotFound);
        for address in (self.name.as_str(), self.port).to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, PATIENCE) {
                Ok(_) => return Ok(()),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    #[cfg(unix)]
    fn reach_socket(&self) -> std::io::Result<()> {
        std::os::unix::net::UnixStream::connect(self.socket()).map(drop)
    }

    #[cfg(not(unix))]
    fn reach_socket(&self) -> std::io::Result<()> {
        Err(std::io::Error::from(std::io::ErrorKind::Unsupported))
    }

    /// The file of a host that is a socket.
    pub fn socket(&self) -> PathBuf {
        self.kind.socket(&self.name, self.port)
    }

    pub fn is_socket(&self) -> bool {
        self.name.starts_with('/') || self.name.starts_with('@')
    }
}

/// Whether a text is the address of a server.
pub fn is_url(text: &str) -> bool {
    text.split_once("://").is_some_and(|(scheme, _)| !scheme.contains('/'))
}

/// What an address says, and the password that stood in it. The text itself is never part of an error: it may hold one.
pub fn parse(url: &str) -> Result<(Connection, Option<Secret>), AppError> {
    let Some((kind, rest)) = ServerKind::of_address(url) else {
        let scheme = url.split_once("://").map_or("", |(scheme, _)| scheme);
        return Err(AppError::invalid(
            format!("stores of this kind cannot be opened by this version: {scheme}"),
            "give the path of a store file, or an address that begins with postgres://, mysql:// or mariadb://",
        ));
    };
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, database) = place.split_once('/').unwrap_or((place, ""));
    if database.contains('@') {
        // Else the end of a password would be taken for a database, and shown.
        return Err(wrong(
            "there is an @ behind the first /",
            "write / as %2F and @ as %40 in user and password",
        ));
    }
    let (signed, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (user, password) = signed
        .split_once(':')
        .map_or((signed, None), |(user, it)| (user, Some(it)));
    let mut connection = Connection {
        kind: Some(kind.name().to_owned()),
        user: given(&decoded(user)?),
        database: given(&decoded(database)?),
        host: given(&decoded(hosts)?),
        ..Connection::default()
    };
    let mut secret = password
        .map(decoded)
        .transpose()?
        .filter(|text| !text.is_empty())
        .map(Secret::new);
    let (mut port, mut is_behind_password) = (None, false);
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair
            .split_once('=')
            .ok_or_else(|| wrong("a part behind the ? has no =", "write each as key=value"))?;
        let (key, value) = (decoded(key)?, decoded(value)?);
        match key.as_str() {
            "password" => (secret, is_behind_password) = (Some(Secret::new(value)), true),
            "port" => port = Some(value),
            "ssl" if value == "true" => connection.sslmode = Some("require".to_owned()),
            _ => {
                let name = match (key.as_str(), kind) {
                    ("dbname", _) => "database",
                    // As the tools of that server write them.
                    ("ssl-ca", ServerKind::MySql) => "sslrootcert",
                    ("ssl-cert", ServerKind::MySql) => "sslcert",
                    ("ssl-key", ServerKind::MySql) => "sslkey",
                    (key, _) => key,
                };
                let known = keys::of_address(name).ok_or_else(|| match is_behind_password {
                    // It may be the end of the password.
                    true => wrong("what follows the password is not known", "write & as %26 in a password"),
                    false => wrong(
                        &format!("{key} is nothing that this version knows in an address"),
                        "take it out of the address",
                    ),
                })?;
                (known.put)(&mut connection, &value)
                    .map_err(|allowed| wrong(&format!("{key} must be {allowed}"), "correct it in the address"))?;
            }
        }
    }
    if let Some(port) = port {
        connection.host = Some(with_ports(connection.host.as_deref().unwrap_or_default(), &port));
    }
    // What cannot be taken apart is said now and not at the first use.
    hosts_of(kind, connection.host.as_deref().unwrap_or_default())?;
    if let Some(why) = keys::contradictions(&connection)
        .into_iter()
        .find(|_| kind != ServerKind::Postgres)
    {
        return Err(wrong(&why, "correct it in the address"));
    }
    Ok((connection, secret))
}

/// The address of a connection to a server, without any password.
pub fn of(connection: &Connection) -> String {
    let hosts = connection.host.as_deref().unwrap_or_default();
    let hosts: Vec<String> = hosts.split(',').map(encoded_host).collect();
    let user = connection
        .user
        .as_deref()
        .map(|user| format!("{}@", encoded(user)))
        .unwrap_or_default();
    let database = connection.database.as_deref().map(encoded).unwrap_or_default();
    let rest: Vec<String> = keys::IN_ADDRESS
        .iter()
        .filter_map(|name| keys::of_address(name))
        .filter_map(|key| (key.get)(connection).map(|value| format!("{}={}", key.name, encoded(&value))))
        .collect();
    let query = if rest.is_empty() {
        String::new()
    } else {
        format!("?{}", rest.join("&"))
    };
    let kind = ServerKind::of(connection).name();
    format!("{kind}://{user}{}/{database}{query}", hosts.join(","))
}

/// The servers of `pg-1:5432,[::1],/var/run/postgresql`; empty for an empty text.
pub fn hosts_of(kind: ServerKind, text: &str) -> Result<Vec<Host>, AppError> {
    let hosts = text.split(',').filter(|host| !host.is_empty());
    hosts.map(|host| host_of(kind, host)).collect()
}

fn host_of(kind: ServerKind, text: &str) -> Result<Host, AppError> {
    let (name, port) = split_host(text);
    let port = match port {
        None => kind.default_port(),
        Some(port) => port.parse().ok().filter(|port| *port > 0).ok_or_else(|| {
            wrong(
                &format!("the port of {name} is no number from 1 to 65535"),
                "correct the port",
            )
        })?,
    };
    let name = name
        .strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'))
        .unwrap_or(name);
    // An address may name the network that it is of behind a %.
    let address = name.split_once('%').map_or(name, |(address, _)| address);
    if name.contains(':') && !name.starts_with(['/', '@']) && address.parse::<Ipv6Addr>().is_err() {
        // It may be a password in the place of a port.
        return Err(wrong(
            "a host in it has colons and is no address",
            "write user and password before an @",
        ));
    }
    Ok(Host {
        kind,
        name: name.to_owned(),
        port,
    })
}

/// An address in brackets holds colons that are no port; an address without them that has several is taken whole.
fn split_host(text: &str) -> (&str, Option<&str>) {
    match text.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') && (name.ends_with(']') || !name.contains(':')) => {
            (name, Some(port).filter(|port| !port.is_empty()))
        }
        // No colon, or those of an address.
        _ => (text, None),
    }
}

/// One port for all hosts, or one for each, as libpq pairs them.
fn with_ports(hosts: &str, ports: &str) -> String {
    let ports: Vec<&str> = ports.split(',').collect();
    let with = |(number, host): (usize, &str)| match ports.get(number).or(ports.first()) {
        Some(port) if !port.is_empty() => {
            let (name, _) = split_host(host);
            let bare_address = name.contains(':') && !name.starts_with('[');
            if bare_address {
                format!("[{name}]:{port}")
            } else {
                format!("{name}:{port}")
            }
        }
        _ => host.to_owned(),
    };
    hosts.split(',').enumerate().map(with).collect::<Vec<_>>().join(",")
}

/// That port for the hosts that name none.
pub fn with_missing_ports(hosts: &str, port: &str) -> String {
    let with = |host: &str| match split_host(host) {
        (_, Some(_)) => host.to_owned(),
        _ => with_ports(host, port),
    };
    hosts
        .split(',')
        .filter(|host| !host.is_empty())
        .map(with)
        .collect::<Vec<_>>()
        .join(",")
}

fn given(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn decoded(text: &str) -> Result<String, AppError> {
    let broken = || {
        wrong(
            "a % in it is not followed by two hexadecimal digits of UTF-8",
            "write a % as %25",
        )
    };
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || rest.next().and_then(|byte| char::from(byte).to_digit(16));
        let (Some(high), Some(low)) = (digit(), digit()) else {
            return Err(broken());
        };
        bytes.push(u8::try_from(high * 16 + low).map_err(|_| broken())?);
    }
    String::from_utf8(bytes)
        .ok()
        .filter(|text| !text.contains('\0'))
        .ok_or_else(broken)
}

fn wrong(what: &str, hint: &str) -> AppError {
    AppError::invalid(format!("the address of the server cannot be read: {what}"), hint)
}

#[cfg(test)]
mod tests;
