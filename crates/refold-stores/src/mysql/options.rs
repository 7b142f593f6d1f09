//! What it takes to reach a server, as a URL says it.
//!
//! It knows no server: nothing is looked up or opened here.

#[cfg(test)]
mod tests;

use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use refold_core::port::store::StoreError;

use crate::secret::Secret;
use crate::server::address::{Encryption, decoded, unclear, unclear_mark, without_password};
use crate::statements::{Deaf, Listener};

pub const DEFAULT_PORT: u16 = 3306;
/// Where a server is looked for that nobody names, as its own tools do: the first that is there.
const LOCAL_SOCKETS: [&str; 4] = [
    "/run/mysqld/mysqld.sock",
    "/var/run/mysqld/mysqld.sock",
    "/var/lib/mysql/mysql.sock",
    "/tmp/mysql.sock",
];
const SCHEMES: [&str; 2] = ["mysql://", "mariadb://"];

/// How to reach a database, and what may be done about what is found there.
#[derive(Clone)]
pub struct Options {
    hosts: Vec<Host>,
    user: String,
    database: String,
    password: Option<Secret>,
    encryption: Encryption,
    /// The file with the certificates that a server's must come from; `None`: those of the system.
    roots: Option<PathBuf>,
    pub(super) elevated_role: Option<String>,
    pub(super) may_scan: bool,
    pub(super) listener: Arc<dyn Listener>,
    location: String,
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

impl Options {
    /// `mysql://user@host:3306/database` or `mariadb://…`: several hosts with a comma between are tried in their order, a
    /// host that begins with `/` (`%2F`) is the file of a socket. Behind the `?`: `sslmode`, `sslrootcert`,
    /// `allow_elevated=USER`, `allow_scans=yes`.
    pub fn parse(url: &str) -> Result<Options, StoreError> {
        let location = without_password(url);
        let wrong = |detail: &str| StoreError::Address {
            location: location.clone(),
            detail: detail.to_owned(),
        };
        let rest = SCHEMES.iter().find_map(|scheme| url.strip_prefix(scheme));
        let rest = rest.ok_or_else(|| wrong("it begins with neither mysql:// nor mariadb://"))?;
        if let Some(mark) = unclear_mark(url, &['?', '#']) {
            return Err(wrong(&unclear(mark)));
        }
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        // By the last @, as the location does: else the end of a password might be taken for what may be shown.
        let (signed, place) = place.rsplit_once('@').unwrap_or(("", place));
        let (hosts, database) = place.rsplit_once('/').unwrap_or((place, ""));
        let (user, password) = signed
            .split_once(':')
            .map_or((signed, None), |(user, password)| (user, Some(password)));
        let plain = |text: &str| {
            let text = decoded(text).filter(|text| !text.contains('\0'));
            text.ok_or_else(|| wrong("a % in it is not followed by two hexadecimal digits of UTF-8"))
        };
        let database = plain(database)?;
        if database.is_empty() {
            return Err(wrong("it names no database: write it behind the last /"));
        }
        let password = password.map(plain).transpose()?;
        let mut options = Options {
            hosts: hosts
                .split(',')
                .filter(|host| !host.is_empty())
                .map(|host| Host::parse(host).ok_or_else(|| wrong("a host in it is not well written")))
                .collect::<Result<_, _>>()?,
            user: plain(user)?,
            database,
            password: password.filter(|text| !text.is_empty()).map(Secret::new),
            encryption: Encryption::Host,
            roots: None,
            elevated_role: None,
            may_scan: false,
            listener: Arc::new(Deaf),
            location: location.clone(),
        };
        if options.hosts.is_empty() {
            options.hosts.push(Host::Socket(PathBuf::from(local_socket())));
        }
        if options.hosts.iter().all(Host::is_local) {
            options.encryption = Encryption::None;
        }
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = plain(value)?;
            match key {
                "sslmode" => options.encryption = Encryption::parse(&value).map_err(|why| wrong(&why))?,
                "sslrootcert" => options.roots = Some(PathBuf::from(value)).filter(|path| path != Path::new("system")),
                "allow_elevated" => options.elevated_role = Some(value),
                "allow_scans" if value == "yes" => options.may_scan = true,
                "allow_scans" => return Err(wrong("allow_scans is yes, or left out")),
                "password" => options.password = Some(Secret::new(value)),
                _ => return Err(wrong(&format!("{key} is nothing that this version knows"))),
            }
        }
        Ok(options)
    }

    /// Whether a text is the address of such a server, right or wrong.
    pub fn is_address(text: &str) -> bool {
        SCHEMES.iter().any(|scheme| text.starts_with(scheme))
    }

    /// The URL without the password in it: what may be shown and kept.
    pub fn location(&self) -> &str {
        &self.location
    }

    /// The password, where the URL does not hold it.
    pub fn with_password(mut self, password: &Secret) -> Options {
        self.password = Some(password.clone());
        self
    }

    /// `listener` hears of every statement that is sent.
    pub fn heard_by(mut self, listener: Arc<dyn Listener>) -> Options {
        self.listener = listener;
        self
    }

    pub fn user(&self) -> &str {
        &self.user
    }

    pub fn database(&self) -> &str {
        &self.database
    }

    pub(super) fn encryption(&self) -> Encryption {
        self.encryption
    }

    pub(super) fn hosts(&self) -> &[Host] {
        &self.hosts
    }

    pub(super) fn password(&self) -> Option<&Secret> {
        self.password.as_ref()
    }

    pub(super) fn roots(&self) -> Option<&Path> {
        self.roots.as_deref()
    }
}

/// Says nothing that must not be shown.
impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("location", &self.location)
            .field("encryption", &self.encryption)
            .finish_non_exhaustive()
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
    let there = LOCAL_SOCKETS.iter().find(|path| Path::new(path).exists());
    there.copied().unwrap_or(LOCAL_SOCKETS[0])
}
