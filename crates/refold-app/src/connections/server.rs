//! Opening a store on a server: what the surroundings add to its connection, the tunnel to it, and the password.

use std::sync::Arc;

use refold_core::port::store::{EventStore, StoreError};
use refold_core::work::Work;
use refold_stores::postgres::{self, Options, Role};
use refold_stores::secret::Secret;
use refold_stores::{LayoutChoice, OpenOptions};

use super::passfile::Wanted;
use super::password::{self, Passwords, Source};
use super::tunnel::Tunnel;
use super::url::{self, DEFAULT_PORT, Host};
use super::{Surroundings, Target};
use crate::access::Access;
use crate::error::{AppError, ErrorCode};
use crate::wire::Connection;

/// What it takes to be let in.
pub struct Asking<'a> {
    pub target: &'a Target,
    pub passwords: &'a dyn Passwords,
    /// What let us in before.
    pub known: Option<Secret>,
    /// Where every statement is written down.
    pub access: Option<&'a Arc<Access>>,
}

/// A store on a server, and what it hangs on.
pub struct Opened {
    pub store: Arc<dyn EventStore>,
    pub password: Option<Secret>,
    pub tunnel: Option<Arc<Tunnel>>,
}

/// Opens the store of a connection to a server.
pub fn open(
    work: &Work<'_>,
    asking: &Asking<'_>,
    choice: Option<&LayoutChoice>,
    options: &OpenOptions,
) -> Result<Opened, AppError> {
    let reached = Reached::of(asking)?;
    let (store, password) = reached.with_password(asking, |server| postgres::open(work, server, choice, options))?;
    Ok(Opened {
        store: Arc::new(store),
        password,
        tunnel: reached.tunnel,
    })
}

/// Signs in, and says who we are there, without looking at what there is.
pub fn role(work: &Work<'_>, asking: &Asking<'_>) -> Result<(Role, Option<Secret>), AppError> {
    let reached = Reached::of(asking)?;
    reached.with_password(asking, |server| postgres::role(work, server))
}

/// The servers of a connection that nothing is left open of; where none is named, the one on this machine.
pub fn hosts(connection: &Connection, port: Option<&str>) -> Result<Vec<Host>, AppError> {
    let named = connection.host.as_deref().unwrap_or_default();
    let text = match port {
        Some(port) => url::with_missing_ports(named, port),
        None => named.to_owned(),
    };
    let mut hosts = url::hosts_of(&text)?;
    if hosts.is_empty() {
        let port = port.and_then(|port| port.parse().ok()).unwrap_or(DEFAULT_PORT);
        hosts.push(Host {
            name: postgres::LOCAL_SOCKETS.to_owned(),
            port,
        });
    }
    Ok(hosts)
}

/// A server with its way to it.
struct Reached {
    connection: Connection,
    hosts: Vec<Host>,
    of_service: Option<Secret>,
    tunnel: Option<Arc<Tunnel>>,
    around: Surroundings,
}

impl Reached {
    fn of(asking: &Asking<'_>) -> Result<Reached, AppError> {
        let connection = asking.target.connection.as_ref();
        let connection = connection.ok_or_else(|| AppError::internal("a server without a connection"))?;
        let around = Surroundings::default();
        let completed = around.complete(connection)?;
        let hosts = hosts(&completed.connection, completed.port.as_deref())?;
        let mut connection = completed.connection;
        let tunnel = match &connection.ssh {
            None => None,
            Some(ssh) => Some(Tunnel::through(ssh, &hosts)?),
        };
        connection.host = Some(match &tunnel {
            Some(tunnel) => tunnel.near_hosts(),
            None => hosts.iter().map(Host::to_string).collect::<Vec<_>>().join(","),
        });
        Ok(Reached {
            connection,
            hosts,
            of_service: completed.password,
            tunnel,
            around,
        })
    }

    /// Tries with what is known, then with what the source of the password says, and last asks a person.
    fn with_password<T>(
        &self,
        asking: &Asking<'_>,
        attempt: impl Fn(&Options) -> Result<T, StoreError>,
    ) -> Result<(T, Option<Secret>), AppError> {
        let options = self.options(asking)?;
        let attempt = |password: Option<&Secret>| match password {
            Some(password) => attempt(&options.clone().with_password(password)),
            None => attempt(&options),
        };
        if let Some(known) = &asking.known
            && let Ok(store) = attempt(Some(known))
        {
            return Ok((store, asking.known.clone()));
        }
        let typed = || {
            let (location, address) = (&asking.target.location, url::of(&self.connection));
            asking
                .passwords
                .password(location)
                .or_else(|| asking.passwords.password(&address))
        };
        let found = self.password(asking)?;
        let refused = match attempt(found.as_ref()) {
            Ok(store) => return Ok((store, found)),
            Err(error) => error,
        };
        // Without a password a server that wants one refuses, or its driver gives up.
        let may_want_one = matches!(refused, StoreError::Denied { .. } | StoreError::Unreachable { .. });
        if found.is_some() || !may_want_one || !self.answers() {
            return Err(refused.into());
        }
        match typed() {
            Some(password) => Ok((attempt(Some(&password))?, Some(password))),
            None => Err(AppError::new(
                ErrorCode::PasswordNeeded,
                refused.to_string(),
                "if it is the password that is missing, type it, or let it come from PGPASSWORD, the password file or a \
                 saved connection",
            )),
        }
    }

    fn options(&self, asking: &Asking<'_>) -> Result<Options, AppError> {
        let mut options = Options::parse(&url::of(&self.connection))?;
        if let Some(access) = asking.access {
            options = options.heard_by(Arc::clone(access) as _);
        }
        Ok(options)
    }

    /// What is found without asking anybody.
    fn password(&self, asking: &Asking<'_>) -> Result<Option<Secret>, AppError> {
        let connection = asking.target.connection.as_ref();
        let first = self.hosts.first();
        let wanted = Wanted {
            host: first.map_or("", |host| &host.name),
            port: first.map_or(DEFAULT_PORT, |host| host.port),
            database: self.connection.database.as_deref().unwrap_or_default(),
            user: self.connection.user.as_deref().unwrap_or_default(),
        };
        let source = connection.and_then(|connection| connection.password.as_deref());
        match source
            .map(Source::parse)
            .transpose()
            .map_err(|why| AppError::invalid(why, "correct the connection"))?
        {
            Some(source) => source.fetch(&self.around, &asking.target.log_name().unwrap_or_default(), &wanted),
            None if self.of_service.is_some() => Ok(self.of_service.clone()),
            None => password::without_source(&self.around, &wanted),
        }
    }

    /// Whether anything answers there at all.
    fn answers(&self) -> bool {
        let near = url::hosts_of(self.connection.host.as_deref().unwrap_or_default());
        near.is_ok_and(|hosts| hosts.iter().any(|host| host.reach().is_ok()))
    }
}
