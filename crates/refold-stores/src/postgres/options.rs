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
use crate::server::address::plain;
use crate::server::options::{self, Address};
use crate::server::tls;
use crate::server::wanted::{PARAMETER, Wanted};

/// Where a server is looked for that nobody names, as its own tools do.
pub const LOCAL_SOCKETS: &str = "/var/run/postgresql";
const CONNECT_PATIENCE: Duration = Duration::from_secs(10);

/// How to reach a database of such a server.
pub type Options = options::Options<Postgres>;

/// Where a server is, and which of several is meant.
#[derive(Clone)]
pub struct Place {
    pub(super) config: Config,
    pub(super) wanted: Wanted,
    /// Of the hosts, in their order, where each has one of its own.
    passwords: Vec<Option<Secret>>,
}

impl Place {
    /// Its hosts, each alone, as they are named.
    pub(super) fn hosts(&self) -> Vec<Config> {
        let of = &self.config;
        let count = of.get_hosts().len().max(of.get_hostaddrs().len());
        let alone = |place| {
            let mut one = only(of, place);
            if let Some(Some(password)) = self.passwords.get(place) {
                one.password(password.reveal());
            }
            one
        };
        (0..count).map(alone).collect()
    }
}

impl Address for Place {
    const SCHEMES: &'static [&'static str] = &["postgres://", "postgresql://"];
    // The driver ends the user part at the first @: what follows of a password would be a host to it, and shown.
    const UNCLEAR: &'static [char] = &['?', '#', '@'];

    /// `user@host:5432/database`, with the parameters that PostgreSQL's own tools know.
    fn parse(place: &str, parameters: &[&str]) -> Result<Place, String> {
        let (mut kept, mut wanted) = (Vec::new(), None);
        for parameter in parameters {
            let (key, word) = parameter.split_once('=').unwrap_or((*parameter, ""));
            match plain(key)?.as_str() {
                PARAMETER => wanted = Some(Wanted::parse(&plain(word)?)?),
                _ => kept.push(*parameter),
            }
        }
        let url = match kept.as_slice() {
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
        let (names, numbers, ports) = (
            config.get_hosts().len(),
            config.get_hostaddrs().len(),
            config.get_ports().len(),
        );
        let count = names.max(numbers);
        if names.min(numbers) > 0 && names != numbers {
            return Err(format!("it names {names} hosts and {numbers} addresses of hosts"));
        }
        if ports > 1 && ports != count {
            return Err(format!("it names {count} hosts and {ports} ports"));
        }
        Ok(Place {
            config,
            wanted: wanted.unwrap_or(Wanted::usual(count)),
            passwords: Vec::new(),
        })
    }

    fn is_local(&self) -> bool {
        self.config.get_hosts().iter().all(is_local) && self.config.get_hostaddrs().iter().all(IpAddr::is_loopback)
    }

    fn is_over_network(&self) -> bool {
        let is_named = |host: &Host| matches!(host, Host::Tcp(_));
        self.config.get_hosts().iter().any(is_named) || !self.config.get_hostaddrs().is_empty()
    }

    fn has_socket(&self) -> bool {
        self.config.get_hosts().iter().any(is_socket)
    }

    fn set_password(&mut self, password: &Secret) {
        self.config.password(password.reveal());
    }
}

impl Options {
    /// The passwords of the hosts, in their order; `None`: that one has none.
    pub fn with_passwords(mut self, passwords: Vec<Option<Secret>>) -> Options {
        self.to.passwords = passwords;
        self
    }
}

/// A configuration with one host of several.
fn only(of: &Config, place: usize) -> Config {
    let mut one = Config::new();
    match of.get_hosts().get(place) {
        Some(Host::Tcp(name)) => {
            one.host(name);
        }
        Some(Host::Unix(path)) => {
            one.host_path(path);
        }
        None => {}
    }
    let ports = of.get_ports();
    if let Some(number) = of.get_hostaddrs().get(place) {
        one.hostaddr(*number);
    }
    if let Some(port) = ports.get(place).or(ports.first()) {
        one.port(*port);
    }
    if let Some(user) = of.get_user() {
        one.user(user);
    }
    if let Some(password) = of.get_password() {
        one.password(password);
    }
    if let Some(name) = of.get_dbname() {
        one.dbname(name);
    }
    if let Some(options) = of.get_options() {
        one.options(options);
    }
    if let Some(name) = of.get_application_name() {
        one.application_name(name);
    }
    if let Some(time) = of.get_connect_timeout() {
        one.connect_timeout(*time);
    }
    if let Some(time) = of.get_tcp_user_timeout() {
        one.tcp_user_timeout(*time);
    }
    if let Some(time) = of.get_keepalives_interval() {
        one.keepalives_interval(time);
    }
    if let Some(count) = of.get_keepalives_retries() {
        one.keepalives_retries(count);
    }
    one.keepalives(of.get_keepalives())
        .keepalives_idle(of.get_keepalives_idle())
        .ssl_negotiation(of.get_ssl_negotiation())
        .channel_binding(of.get_channel_binding())
        .load_balance_hosts(of.get_load_balance_hosts());
    one
}

/// How a person names a server that is alone in a configuration.
pub(super) fn named(config: &Config) -> String {
    let port = config.get_ports().first().copied().unwrap_or(5432);
    match (config.get_hosts().first(), config.get_hostaddrs().first()) {
        (Some(Host::Tcp(name)), _) => format!("{name}:{port}"),
        (Some(Host::Unix(path)), _) => path.display().to_string(),
        (None, Some(number)) => format!("{number}:{port}"),
        (None, None) => "the server".to_owned(),
    }
}

/// Over a socket of this machine nothing is encrypted, whatever is asked for.
pub(super) fn is_socket(host: &Host) -> bool {
    !matches!(host, Host::Tcp(_))
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
    if let Some(said) = tls::said_of_theirs(error) {
        return said;
    }
    match error.source().map(ToString::to_string) {
        Some(source) if source == "password missing" => PASSWORD_MISSING.to_owned(),
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}
