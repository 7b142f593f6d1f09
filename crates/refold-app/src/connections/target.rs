//! What a person means by a store: a path, the address of a server, or a saved connection.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use refold_stores::secret::Secret;

use super::password::{NobodyAsked, Passwords};
use super::url;
use crate::access::Access;
use crate::error::AppError;
use crate::places::Places;
use crate::settings;
use crate::wire::{Connection, Environment};

/// What is to be opened, and how.
#[derive(Clone)]
pub struct Asked {
    pub store: Named,
    /// The id of a layout or the path of a layout file; `None`: as the connection says, or found by looking.
    pub layout: Option<String>,
    /// That of times that name none.
    pub zone: Option<String>,
    /// Who is asked for a password that is found nowhere.
    pub passwords: Arc<dyn Passwords>,
}

/// How a store is named.
#[derive(Clone)]
pub enum Named {
    /// A path, an address or `@name`; what is no text in UTF-8 is a path.
    At(OsString),
    /// A connection that is not saved, or not yet.
    As(Box<Connection>),
}

impl Asked {
    /// A path, an address or `@name`, with nobody to ask for a password.
    pub fn at(location: impl AsRef<OsStr>) -> Asked {
        Asked {
            store: Named::At(location.as_ref().to_owned()),
            layout: None,
            zone: None,
            passwords: Arc::new(NobodyAsked),
        }
    }
}

/// A store as it is named, before anything of it was touched.
#[derive(Debug, Clone)]
pub struct Target {
    /// How it is shown and named again: a path made absolute, an address without a password, `@name`.
    pub location: String,
    /// How it is opened; `None` for a path.
    pub connection: Option<Connection>,
    /// The file; `None`: it is on a server.
    pub file: Option<PathBuf>,
}

impl Target {
    pub fn of_named(named: &Named, places: &Places) -> Result<Target, AppError> {
        match named {
            Named::At(location) => match location.to_str() {
                Some(text) => Target::of(text, places),
                None => Target::of_file(Path::new(location)),
            },
            Named::As(connection) => {
                let connection = super::checked_but_name(connection)?;
                Ok(Target {
                    location: connection.store.clone().unwrap_or_else(|| url::of(&connection)),
                    file: connection.store.as_ref().map(PathBuf::from),
                    connection: Some(Connection {
                        name: String::new(),
                        ..connection
                    }),
                })
            }
        }
    }

    /// # Errors
    /// Where a password stands in an address: on a command line every user of the machine can read it, and in a list of
    /// recent stores it would be kept.
    pub fn of(location: &str, places: &Places) -> Result<Target, AppError> {
        let (target, secret) = Target::with_password(location, places)?;
        match secret {
            None => Ok(target),
            Some(_) => Err(AppError::invalid(
                format!("a password does not belong into an address: {}", target.location),
                "leave it out: it is asked for, or comes from PGPASSWORD, the password file or a saved connection",
            )),
        }
    }

    fn with_password(location: &str, places: &Places) -> Result<(Target, Option<Secret>), AppError> {
        if location.is_empty() {
            return Err(AppError::invalid(
                "no store is named",
                "give the path of a store file, an address or @name",
            ));
        }
        if location.starts_with('@') {
            let connection = super::find(places, location)?;
            let target = Target {
                location: format!("@{}", connection.name),
                file: connection.store.as_ref().map(PathBuf::from),
                connection: Some(connection),
            };
            return Ok((target, None));
        }
        if url::is_url(location) {
            let (connection, secret) = url::parse(location)?;
            let target = Target {
                location: url::of(&connection),
                file: None,
                connection: Some(connection),
            };
            return Ok((target, secret));
        }
        Ok((Target::of_file(Path::new(location))?, None))
    }

    fn of_file(location: &Path) -> Result<Target, AppError> {
        let path = std::path::absolute(location).map_err(|error| {
            AppError::invalid(
                format!("not a path ({error}): {}", location.display()),
                "give the path of a store file",
            )
        })?;
        Ok(Target {
            location: path.display().to_string(),
            connection: None,
            file: Some(path),
        })
    }

    /// What the store is, as far as somebody said so.
    pub fn environment(&self, places: &Places) -> Option<Environment> {
        let of_connection = self.connection.as_ref().and_then(|connection| connection.environment);
        let said = || {
            let known = settings::load_settings(places).environments;
            known
                .into_iter()
                .find(|one| one.location == self.location)
                .map(|one| one.environment)
        };
        of_connection.or_else(said)
    }

    /// The access log of it, open; `None`: it has none.
    pub fn log(&self, places: &Places) -> Result<Option<Arc<Access>>, AppError> {
        let name = self.log_name();
        name.map(|name| Access::open(&places.data, &name)).transpose()
    }

    /// What the access log of it is called; `None`: a file that nobody gave a name has none.
    pub fn log_name(&self) -> Option<String> {
        let connection = self.connection.as_ref()?;
        match connection.name.is_empty() {
            false => Some(connection.name.clone()),
            true => Some(super::slug(&self.location)),
        }
    }
}

/// What a store counts as: what nobody classified is production where it is more than a file that was opened by its path.
pub fn counts_as(location: &str, environment: Option<Environment>) -> Environment {
    let is_connection = location.starts_with('@') || url::is_url(location);
    environment.unwrap_or(if is_connection {
        Environment::Production
    } else {
        Environment::Local
    })
}
