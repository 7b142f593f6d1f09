//! Opening a store on a server: what the surroundings add to its connection, the tunnel to it, and the password.

use std::sync::Arc;

use refold_core::port::store::{EventStore, StoreError};
use refold_core::work::Work;
use refold_stores::rows::Tables;
use refold_stores::secret::Secret;
use refold_stores::{LayoutChoice, OpenOptions, Role, USUAL_RATE, mysql, postgres};

use super::kind::ServerKind;
use super::passfile::Wanted;
use super::password::{self, Passwords, Source};
use super::tunnel::Tunnel;
use super::url::{self, Host};
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

/// Why a store was not opened.
pub struct Failed {
    pub error: AppError,
    /// Nothing answers where it is.
    pub is_out_of_reach: bool,
}

/// Opens the store of a connection to a server.
pub fn open(
    work: &Work<'_>,
    asking: &Asking<'_>,
    choice: Option<&LayoutChoice>,
    options: &OpenOptions,
) -> Result<Opened, Failed> {
    let reached = Reached::of(asking).map_err(|error| Failed {
        // There is no way through ssh.
        is_out_of_reach: error.code == ErrorCode::Unreachable,
        error,
    })?;
    match reached.with_password(asking, |way| way.open(work, choice, options)) {
        Ok((store, password)) => Ok(Opened {
            store,
            password,
            tunnel: reached.tunnel,
        }),
        Err(error) => Err(Failed {
            // Also where what is to print the password needs the same network.
            is_out_of_reach: !error.is_cancelled() && !reached.answers(),
            error,
        }),
    }
}

/// Where a connection leads and as whom, as one text: another one leads to another store, or shows it to somebody else.
pub fn destination(target: &Target) -> Result<String, AppError> {
    let connection = target.connection.as_ref();
    let connection = connection.ok_or_else(|| AppError::internal("a server without a connection"))?;
    let completed = Surroundings::default().complete(connection)?;
    let of = &completed.connection;
    let hosts = hosts(of, completed.port.as_deref())?;
    let hosts: Vec<String> = hosts.iter().map(Host::to_string).collect();
    let (kind, ssh) = (ServerKind::of(of).name(), &of.ssh);
    Ok(format!("{kind}\n{hosts:?}\n{:?}\n{:?}\n{ssh:?}", of.database, of.user))
}

/// The tables of a database, and the tunnel to it, which must last as long as they do.
pub struct OpenedTables {
    pub tables: Arc<dyn Tables>,
    pub tunnel: Option<Arc<Tunnel>>,
}

/// Looks what tables there are, without touching them.
pub fn tables(work: &Work<'_>, asking: &Asking<'_>) -> Result<OpenedTables, AppError> {
    let reached = Reached::of(asking)?;
    let (tables, _) = reached.with_password(asking, |way| way.tables(work))?;
    Ok(OpenedTables {
        tables,
        tunnel: reached.tunnel,
    })
}

/// Signs in, and says who we are there, without looking at what there is.
pub fn role(work: &Work<'_>, asking: &Asking<'_>) -> Result<(Role, Option<Secret>), AppError> {
    let reached = Reached::of(asking)?;
    reached.with_password(asking, |way| way.role(work))
}

/// The servers of a connection that nothing is left open of; where none is named, the one on this machine.
pub fn hosts(connection: &Connection, port: Option<&str>) -> Result<Vec<Host>, AppError> {
    let kind = ServerKind::of(connection);
    let named = connection.host.as_deref().unwrap_or_default();
    let text = match port {
        Some(port) => url::with_missing_ports(named, port),
        None => named.to_owned(),
    };
    let mut hosts = url::hosts_of(kind, &text)?;
    if hosts.is_empty() {
        let port = port.and_then(|port| port.parse().ok()).unwrap_or(kind.default_port());
        hosts.push(Host {
            kind,
            name: kind.local_host().to_owned(),
            port,
        });
    }
    Ok(hosts)
}

/// What it takes to reach a server, by its kind.
#[derive(Clone)]
enum Way {
    Postgres(postgres::Options),
    MySql(mysql::Options),
}

impl Way {
    fn parse(kind: ServerKind, address: &str) -> Result<Way, StoreError> {
        match kind {
            ServerKind::Postgres => postgres::Options::parse(address).map(Way::Postgres),
            ServerKind::MySql => mysql::Options::parse(address).map(Way::MySql),
        }
    }

    /// Of a server of MySQL, which has one password for all hosts, the first.
    fn with_passwords(self, passwords: Vec<Option<Secret>>) -> Way {
        match self {
            Way::Postgres(options) => Way::Postgres(options.with_passwords(passwords)),
            Way::MySql(options) => match passwords.into_iter().flatten().next() {
                Some(password) => Way::MySql(options.with_password(&password)),
                None => Way::MySql(options),
            },
        }
    }

    fn with_password(self, password: &Secret) -> Way {
        match self {
            Way::Postgres(options) => Way::Postgres(options.with_password(password)),
            Way::MySql(options) => Way::MySql(options.with_password(password)),
        }
    }

    /// Of a server of PostgreSQL nothing hangs on how it is called: it tells itself with those that follow it from others.
    fn called(self, hosts: Option<String>) -> Way {
        match (self, hosts) {
            (Way::MySql(options), Some(hosts)) => Way::MySql(options.called(hosts)),
            (way, _) => way,
        }
    }

    fn heard_by(self, access: Arc<Access>) -> Way {
        match self {
            Way::Postgres(options) => Way::Postgres(options.heard_by(access)),
            Way::MySql(options) => Way::MySql(options.heard_by(access)),
        }
    }

    fn open(
        &self,
        work: &Work<'_>,
        choice: Option<&LayoutChoice>,
        options: &OpenOptions,
    ) -> Result<Arc<dyn EventStore>, StoreError> {
        Ok(match self {
            Way::Postgres(way) => Arc::new(way.open(work, choice, options)?),
            Way::MySql(way) => Arc::new(way.open(work, choice, options)?),
        })
    }

    fn tables(&self, work: &Work<'_>) -> Result<Arc<dyn Tables>, StoreError> {
        Ok(match self {
            Way::Postgres(way) => Arc::new(way.tables(work)?),
            Way::MySql(way) => Arc::new(way.tables(work)?),
        })
    }

    fn role(&self, work: &Work<'_>) -> Result<Role, StoreError> {
        match self {
            Way::Postgres(way) => way.role(work),
            Way::MySql(way) => way.role(work),
        }
    }
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
        if tunnel.is_some() {
            // What is near is only the near end.
            connection
                .megabytes_per_second
                .get_or_insert_with(|| USUAL_RATE.to_string());
        }
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
        attempt: impl Fn(&Way) -> Result<T, StoreError>,
    ) -> Result<(T, Option<Secret>), AppError> {
        let way = self.way(asking)?;
        let attempt_with = attempt;
        let attempt = |password: Option<&Secret>| match password {
            Some(password) => attempt_with(&way.clone().with_password(password)),
            None => attempt_with(&way),
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
        let found = self.passwords(asking)?;
        let tried = match found.as_slice() {
            [one] => attempt(one.as_ref()),
            several => attempt_with(&way.clone().with_passwords(several.to_vec())),
        };
        let refused = match tried {
            // Those of several hosts are found again where they were found.
            Ok(store) if found.len() > 1 => return Ok((store, None)),
            Ok(store) => return Ok((store, found.into_iter().next().flatten())),
            Err(error) => error,
        };
        let may_want_one = matches!(refused, StoreError::Denied { .. });
        if found.iter().any(Option::is_some) || !may_want_one || !self.answers() {
            return Err(refused.into());
        }
        match typed() {
            Some(password) => Ok((attempt(Some(&password))?, Some(password))),
            None => Err(AppError::new(
                ErrorCode::PasswordNeeded,
                refused.to_string(),
                "if it is the password that is missing, type it, or let it come from PGPASSWORD (MYSQL_PWD), the password \
                 file or a saved connection",
            )),
        }
    }

    fn way(&self, asking: &Asking<'_>) -> Result<Way, AppError> {
        let way = Way::parse(self.kind(), &url::of(&self.connection))?.called(self.far_names());
        Ok(match asking.access {
            Some(access) => way.heard_by(Arc::clone(access)),
            None => way,
        })
    }

    /// What the servers are called behind a tunnel, the near ends of which have other names each time.
    fn far_names(&self) -> Option<String> {
        let ssh = self.connection.ssh.as_ref()?;
        let mut names: Vec<String> = self.hosts.iter().map(Host::to_string).collect();
        names.sort_unstable();
        Some(format!("{ssh} {}", names.join(",")))
    }

    fn kind(&self) -> ServerKind {
        ServerKind::of(&self.connection)
    }

    /// What is found without asking anybody: one for all hosts, or one of each where they differ.
    fn passwords(&self, asking: &Asking<'_>) -> Result<Vec<Option<Secret>>, AppError> {
        let connection = asking.target.connection.as_ref();
        let mut hosts: Vec<(&str, u16)> = self.hosts.iter().map(|host| (host.name.as_str(), host.port)).collect();
        if hosts.is_empty() {
            hosts.push(("", self.kind().default_port()));
        }
        let wanted = hosts.into_iter().map(|(host, port)| Wanted {
            host,
            port,
            database: self.connection.database.as_deref().unwrap_or_default(),
            user: self.connection.user.as_deref().unwrap_or_default(),
        });
        let wanted: Vec<Wanted<'_>> = wanted.collect();
        let source = connection.and_then(|connection| connection.password.as_deref());
        let found = match source
            .map(Source::parse)
            .transpose()
            .map_err(|why| AppError::invalid(why, "correct the connection"))?
        {
            Some(source) => source.fetch(&self.around, &asking.target.log_name().unwrap_or_default(), &wanted)?,
            None if self.of_service.is_some() => vec![self.of_service.clone()],
            None => password::without_source(&self.around, self.kind(), &wanted)?,
        };
        let is_same = |one: &Option<Secret>| {
            let text = |secret: &Option<Secret>| secret.as_ref().map(|secret| secret.reveal().to_owned());
            found.first().map(text) == Some(text(one))
        };
        Ok(match found.iter().all(is_same) {
            true => found.into_iter().take(1).collect(),
            false => found,
        })
    }

    /// Whether anything answers there at all.
    fn answers(&self) -> bool {
        let near = url::hosts_of(self.kind(), self.connection.host.as_deref().unwrap_or_default());
        near.is_ok_and(|hosts| hosts.iter().any(|host| host.reach().is_ok()))
    }
}
