//! What it takes to reach a server, as a URL says it.
//!
//! It knows no server: nothing is looked up or opened here.

#[cfg(test)]
mod tests;

use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Duration;

use refold_core::port::store::StoreError;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

use crate::secret::Secret;
use crate::server::address::{Encryption, decoded, unclear, unclear_mark, without_password};
use crate::statements::{Deaf, Listener};

/// Where a server is looked for that nobody names, as its own tools do.
pub const LOCAL_SOCKETS: &str = "/var/run/postgresql";
const CONNECT_PATIENCE: Duration = Duration::from_secs(10);

/// How to reach a database, and what may be done about what is found there.
#[derive(Clone)]
pub struct Options {
    pub(super) config: Config,
    pub(super) encryption: Encryption,
    /// The file with the certificates that a server's must come from; `None`: those of the system.
    pub(super) roots: Option<PathBuf>,
    pub(super) elevated_role: Option<String>,
    pub(super) may_scan: bool,
    pub(super) listener: Arc<dyn Listener>,
    location: String,
}

impl Options {
    /// `postgres://user@host:5432/database`, with the parameters that PostgreSQL's own tools know and two of ours:
    /// `allow_elevated=ROLE` and `allow_scans=yes`.
    pub fn parse(url: &str) -> Result<Options, StoreError> {
        let location = without_password(url);
        let wrong = |detail: String| StoreError::Address {
            location: location.clone(),
            detail,
        };
        // The driver ends the user part at the first @: what follows of a password would be a host to it, and shown.
        if let Some(mark) = unclear_mark(url, &['?', '#', '@']) {
            return Err(wrong(unclear(mark)));
        }
        let (base, query) = url.split_once('?').unwrap_or((url, ""));
        let mut passed_on = Vec::new();
        let (mut asked, mut roots, mut elevated_role, mut may_scan) = (None, None, None, false);
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let decoded = decoded(value).ok_or_else(|| wrong(format!("the value of {key} is not well written")))?;
            match key {
                "sslmode" => asked = Some(Encryption::parse(&decoded).map_err(wrong)?),
                "sslrootcert" if decoded == "system" => roots = None,
                "sslrootcert" => roots = Some(PathBuf::from(decoded)),
                "allow_elevated" => elevated_role = Some(decoded),
                "allow_scans" if decoded == "yes" => may_scan = true,
                "allow_scans" => return Err(wrong("allow_scans is yes, or left out".to_owned())),
                _ => passed_on.push(pair),
            }
        }
        let known = if passed_on.is_empty() {
            base.to_owned()
        } else {
            format!("{base}?{}", passed_on.join("&"))
        };
        let mut config = Config::from_str(&known).map_err(|error| wrong(with_source(&error)))?;
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            config.host_path(LOCAL_SOCKETS);
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT_PATIENCE);
        }
        if config.get_application_name().is_none() {
            config.application_name("refold");
        }
        let is_local =
            config.get_hosts().iter().all(is_local) && config.get_hostaddrs().iter().all(IpAddr::is_loopback);
        let encryption = asked.unwrap_or(if is_local { Encryption::None } else { Encryption::Host });
        config.ssl_mode(match encryption {
            Encryption::None => SslMode::Disable,
            Encryption::Unverified | Encryption::Authority | Encryption::Host => SslMode::Require,
        });
        Ok(Options {
            config,
            encryption,
            roots,
            elevated_role,
            may_scan,
            listener: Arc::new(Deaf),
            location,
        })
    }

    /// Whether a text is the address of such a server, right or wrong.
    pub fn is_address(text: &str) -> bool {
        text.starts_with("postgres://") || text.starts_with("postgresql://")
    }

    /// The URL without the password in it: what may be shown and kept.
    pub fn location(&self) -> &str {
        &self.location
    }

    pub fn has_password(&self) -> bool {
        self.config.get_password().is_some()
    }

    /// The password, where the URL does not hold it.
    pub fn with_password(mut self, password: &Secret) -> Options {
        self.config.password(password.reveal());
        self
    }

    /// `listener` hears of every statement that is sent.
    pub fn heard_by(mut self, listener: Arc<dyn Listener>) -> Options {
        self.listener = listener;
        self
    }

    pub fn encryption(&self) -> Encryption {
        self.encryption
    }

    /// The database, where the URL names one.
    pub fn database(&self) -> Option<&str> {
        self.config.get_dbname()
    }

    pub fn user(&self) -> Option<&str> {
        self.config.get_user()
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

fn is_local(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback()),
        Host::Unix(_) => true,
    }
}

/// An error with what caused it, which the driver leaves out of its own words.
pub(super) fn with_source(error: &tokio_postgres::Error) -> String {
    use std::error::Error as _;
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

impl Options {
    pub(super) fn roots(&self) -> Option<&Path> {
        self.roots.as_deref()
    }
}
