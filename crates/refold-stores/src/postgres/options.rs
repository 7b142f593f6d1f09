//! Where a server of PostgreSQL is and who asks there, as a URL says it.
//!
//! It knows no server: nothing is looked up or opened here.

#[cfg(test)]
mod tests;

use std::net::IpAddr;
use std::str::FromStr as _;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::Host;

use super::Postgres;
use crate::secret::Secret;
use crate::server::options::{self, Address};
use crate::server::tls;

/// Where a server is looked for that nobody names, as its own tools do.
pub const LOCAL_SOCKETS: &str = "/var/run/postgresql";
const CONNECT_PATIENCE: Duration = Duration::from_secs(10);

/// How to reach a database of such a server.
pub type Options = options::Options<Postgres>;

impl Address for Config {
    const SCHEMES: &'static [&'static str] = &["postgres://", "postgresql://"];
    // The driver ends the user part at the first @: what follows of a password would be a host to it, and shown.
    const UNCLEAR: &'static [char] = &['?', '#', '@'];

    /// `user@host:5432/database`, with the parameters that PostgreSQL's own tools know.
    fn parse(place: &str, parameters: &[&str]) -> Result<Config, String> {
        let url = match parameters {
            [] => format!("postgres://{place}"),
            some => format!("postgres://{place}?{}", some.join("&")),
        };
        let mut config = Config::from_str(&url).map_err(|error| in_words(&error))?;
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            config.host_path(LOCAL_SOCKETS);
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT_PATIENCE);
        }
        if config.get_application_name().is_none() {
            config.application_name("refold");
        }
        Ok(config)
    }

    fn is_local(&self) -> bool {
        self.get_hosts().iter().all(is_local) && self.get_hostaddrs().iter().all(IpAddr::is_loopback)
    }

    fn is_over_network(&self) -> bool {
        let is_named = |host: &Host| matches!(host, Host::Tcp(_));
        self.get_hosts().iter().any(is_named) || !self.get_hostaddrs().is_empty()
    }

    fn set_password(&mut self, password: &Secret) {
        self.password(password.reveal());
    }
}

fn is_local(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback()),
        Host::Unix(_) => true,
    }
}

/// What is said where the server asks for a password and there is none.
pub(super) const PASSWORD_MISSING: &str = "the server asks for a password";

/// What the server says, in its words; of the driver's own errors also what caused them, which it leaves out.
pub(super) fn in_words(error: &tokio_postgres::Error) -> String {
    use std::error::Error as _;
    if let Some(said) = error.as_db_error() {
        return match said.detail() {
            Some(detail) => format!("{}: {detail}", said.message()),
            None => said.message().to_owned(),
        };
    }
    if let Some(said) = tls::said_of_ours(error) {
        return said;
    }
    match error.source().map(ToString::to_string) {
        Some(source) if source == "password missing" => PASSWORD_MISSING.to_owned(),
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}
