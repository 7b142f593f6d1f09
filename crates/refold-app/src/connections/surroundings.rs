//! What the variables and files of the servers' own tools say besides a connection: of libpq its service files, of MySQL
//! its option file. Given from outside, so that tests have their own.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use refold_core::port::system::in_words;
use refold_stores::plain_file::{self, MOST_TEXT_BYTES};
use refold_stores::secret::Secret;

use super::kind::ServerKind;
use super::{keys, option_file, passfile, service_file};
use crate::error::AppError;
use crate::who;
use crate::wire::Connection;

/// The environment of the process, or one that a test made.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    variables: Variables,
}

#[derive(Clone, Default)]
enum Variables {
    #[default]
    Process,
    Given(BTreeMap<String, String>),
}

// One of them may be a password.
impl std::fmt::Debug for Variables {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Variables::Process => "of the process",
            Variables::Given(_) => "given",
        })
    }
}

/// The variables of libpq for what an address or a connection leaves open.
const OF_VARIABLE: [(&str, &str); 6] = [
    ("PGHOST", "host"),
    ("PGDATABASE", "dbname"),
    ("PGUSER", "user"),
    ("PGSSLMODE", "sslmode"),
    ("PGSSLROOTCERT", "sslrootcert"),
    ("PGTARGETSESSIONATTRS", "target_session_attrs"),
];

impl Surroundings {
    pub fn given<'a>(variables: impl IntoIterator<Item = (&'a str, &'a str)>) -> Surroundings {
        let owned = variables
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        Surroundings {
            variables: Variables::Given(owned.collect()),
        }
    }

    pub fn variable(&self, name: &str) -> Option<String> {
        match &self.variables {
            Variables::Process => std::env::var(name).ok(),
            Variables::Given(known) => known.get(name).cloned(),
        }
    }

    /// Where passwords are looked up, whether it is there or not.
    pub fn pass_file(&self) -> Option<PathBuf> {
        let named = self.variable("PGPASSFILE").filter(|path| !path.is_empty());
        let at_home = || {
            if cfg!(windows) {
                return Some(
                    PathBuf::from(self.variable("APPDATA")?)
                        .join("postgresql")
                        .join("pgpass.conf"),
                );
            }
            Some(self.home()?.join(".pgpass"))
        };
        named.map(PathBuf::from).or_else(at_home)
    }

    /// A connection with what files and variables say of what it leaves open, as the server's own tools complete one.
    ///
    /// # Errors
    /// When the service is named and defined nowhere, or a file is wrong.
    pub fn complete(&self, connection: &Connection) -> Result<Completed, AppError> {
        match ServerKind::of(connection) {
            ServerKind::Postgres => self.complete_as_libpq(connection),
            ServerKind::MySql => self.complete_as_mysql(connection),
        }
    }

    /// What the option file of MySQL's clients says; nothing where there is none.
    pub fn of_option_file(&self) -> Result<Completed, AppError> {
        let mut said = Completed {
            connection: Connection::default(),
            port: None,
            password: None,
        };
        let Some(file) = self.home().map(|home| home.join(".my.cnf")) else {
            return Ok(said);
        };
        let wrong = |why: String| {
            AppError::invalid(
                format!("the option file cannot be used: {why}: {}", file.display()),
                "correct it; its group [client] holds lines of key=value",
            )
        };
        let text = match plain_file::read_text(&file, MOST_TEXT_BYTES) {
            Ok(text) => Secret::new(text),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(said),
            Err(error) => return Err(wrong(format!("it cannot be read ({})", in_words(&error)))),
        };
        let mut socket = None;
        for (key, value) in option_file::lines(text.reveal()).map_err(wrong)? {
            let value = Some(value).filter(|value| !value.is_empty());
            match key.as_str() {
                "host" => said.connection.host = value,
                "port" => said.port = value,
                "socket" => socket = value,
                "user" => said.connection.user = value,
                "database" => said.connection.database = value,
                "ssl-ca" => said.connection.sslrootcert = value,
                "ssl-cert" => said.connection.sslcert = value,
                "ssl-key" => said.connection.sslkey = value,
                "password" => said.password = value.map(Secret::new),
                _ => {}
            }
        }
        said.connection.host = said.connection.host.or(socket);
        let is_open = std::fs::metadata(&file).is_ok_and(|found| passfile::is_open_to_others(&found));
        if said.password.is_some() && is_open {
            return Err(wrong("others may read the password in it; chmod 600".to_owned()));
        }
        Ok(said)
    }

    fn complete_as_mysql(&self, connection: &Connection) -> Result<Completed, AppError> {
        let variable = |name: &str| self.variable(name).filter(|value| !value.is_empty());
        let said = self.of_option_file()?;
        let mut of = connection.clone();
        of.host = of
            .host
            .or_else(|| variable("MYSQL_HOST"))
            .or(said.connection.host)
            .or_else(|| variable("MYSQL_UNIX_PORT"));
        of.user = of.user.or(said.connection.user).or_else(|| Some(who::name()));
        of.user = of.user.filter(|user| !user.is_empty());
        of.database = of.database.or(said.connection.database);
        of.sslrootcert = of.sslrootcert.or(said.connection.sslrootcert);
        take_certificate(&mut of, said.connection.sslcert, said.connection.sslkey);
        Ok(Completed {
            connection: of,
            port: said.port.or_else(|| variable("MYSQL_TCP_PORT")),
            password: said.password,
        })
    }

    fn complete_as_libpq(&self, connection: &Connection) -> Result<Completed, AppError> {
        let mut of = connection.clone();
        let mut port = None;
        let mut password = None;
        let named = self.variable("PGSERVICE").filter(|name| !name.is_empty());
        if let Some(service) = of.service.take().or(named) {
            for (key, value) in self.service(&service)? {
                match key.as_str() {
                    "port" => port = Some(value),
                    "password" => password = Some(Secret::new(value)),
                    _ => fill(&mut of, &key, &value, &format!("the service {service}"))?,
                }
            }
        }
        for (variable, key) in OF_VARIABLE {
            if let Some(value) = self.variable(variable).filter(|value| !value.is_empty()) {
                fill(&mut of, key, &value, variable)?;
            }
        }
        let variable = |name: &str| self.variable(name).filter(|value| !value.is_empty());
        take_certificate(&mut of, variable("PGSSLCERT"), variable("PGSSLKEY"));
        port = port.or_else(|| self.variable("PGPORT").filter(|port| !port.is_empty()));
        let user = of.user.take().unwrap_or_else(who::name);
        of.database = of.database.or_else(|| (!user.is_empty()).then(|| user.clone()));
        of.user = Some(user).filter(|user| !user.is_empty());
        Ok(Completed {
            connection: of,
            port,
            password,
        })
    }

    fn service(&self, name: &str) -> Result<Vec<(String, String)>, AppError> {
        let own = self.variable("PGSERVICEFILE").map(PathBuf::from);
        let own = own.or_else(|| Some(self.home()?.join(".pg_service.conf")));
        let system = PathBuf::from(
            self.variable("PGSYSCONFDIR")
                .unwrap_or_else(|| "/etc/postgresql-common".to_owned()),
        );
        for file in own.into_iter().chain([system.join("pg_service.conf")]) {
            let wrong = |why: String| {
                AppError::invalid(
                    format!("the service file cannot be used: {why}: {}", file.display()),
                    "correct it; each section begins with [NAME] and holds lines of key=value",
                )
            };
            match plain_file::read_text(&file, MOST_TEXT_BYTES) {
                Ok(text) => {
                    if let Some(lines) = service_file::section(&text, name).map_err(wrong)? {
                        return Ok(lines);
                    }
                }
                Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {}
                Err(error) => return Err(wrong(format!("it cannot be read ({})", in_words(&error)))),
            }
        }
        Err(AppError::invalid(
            format!("no service file defines the service {name}"),
            "define it in ~/.pg_service.conf, or name a host",
        ))
    }

    fn home(&self) -> Option<PathBuf> {
        self.variable("HOME")
            .map(PathBuf::from)
            .filter(|home| home.is_absolute())
    }
}

/// Takes a certificate that only surrounds the connection: one that is there, with its key, for a server that is elsewhere
/// or that encryption was asked for. Else it would keep people from servers that ask for none.
fn take_certificate(of: &mut Connection, certificate: Option<String>, key: Option<String>) {
    let is_named = of.sslcert.is_some() || of.sslkey.is_some();
    let is_wanted = of.sslmode.is_some() || !is_on_this_machine(of.host.as_deref());
    if let (Some(certificate), Some(key)) = (certificate, key)
        && !is_named
        && is_wanted
        && Path::new(&certificate).is_file()
    {
        (of.sslcert, of.sslkey) = (Some(certificate), Some(key));
    }
}

/// Whether all hosts are; the one that is meant where none is named is.
fn is_on_this_machine(hosts: Option<&str>) -> bool {
    let mut hosts = hosts.unwrap_or_default().split(',').map(str::trim);
    hosts.all(|host| {
        let name = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((name, _)) => name,
            // More than one colon is an address without a port.
            None => host
                .split_once(':')
                .filter(|(_, port)| !port.contains(':'))
                .map_or(host, |(name, _)| name),
        };
        let is_loopback = || name.parse().is_ok_and(|address: IpAddr| address.is_loopback());
        name.is_empty() || name.starts_with('/') || name == "localhost" || is_loopback()
    })
}

/// A connection with nothing left open that anything says something about.
#[derive(Debug, Clone)]
pub struct Completed {
    pub connection: Connection,
    /// For hosts that name none.
    pub port: Option<String>,
    /// That of a service file or an option file.
    pub password: Option<Secret>,
}

/// Keys that say how one waits or what one is called, which Refold decides itself.
const PASSED_OVER: [&str; 7] = [
    "application_name",
    "connect_timeout",
    "keepalives",
    "keepalives_idle",
    "gssencmode",
    "options",
    "fallback_application_name",
];

fn fill(of: &mut Connection, key: &str, value: &str, by: &str) -> Result<(), AppError> {
    if PASSED_OVER.contains(&key) {
        return Ok(());
    }
    let wrong = |why: String| AppError::invalid(format!("{by} cannot be used: {why}"), "correct it there");
    let name = if key == "dbname" { "database" } else { key };
    let known = keys::of_address(name).ok_or_else(|| wrong(format!("{key} is nothing that this version knows")))?;
    if (known.get)(of).is_none() {
        (known.put)(of, value).map_err(|allowed| wrong(format!("{key} must be {allowed}")))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
