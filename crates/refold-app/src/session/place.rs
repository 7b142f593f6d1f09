//! Where a store is: in a file, or on a server.

use std::path::PathBuf;

use refold_stores::postgres::{self, Options};

use crate::error::AppError;

#[derive(Clone)]
pub(super) enum Place {
    File {
        /// As it was given, made absolute.
        path: PathBuf,
        /// With symbolic links resolved.
        real: PathBuf,
    },
    /// The whole address, with a password where it holds one: never shown.
    Server(String),
}

impl Place {
    /// What a person means by `location`, or what is wrong with it.
    pub(super) fn of(location: &str) -> Result<Place, AppError> {
        const ADVICE: &str = "give the path of a store file, or the address of a server: postgres://user@host/database";
        if location.is_empty() {
            return Err(AppError::invalid("no store is named", ADVICE));
        }
        if location.starts_with('@') {
            return Err(AppError::invalid(
                format!("saved connections cannot be opened by this version: {location}"),
                ADVICE,
            ));
        }
        if Options::is_address(location) {
            return Ok(Place::Server(location.to_owned()));
        }
        if location
            .split_once("://")
            .is_some_and(|(scheme, _)| !scheme.contains('/'))
        {
            let shown = postgres::without_password(location);
            return Err(AppError::invalid(
                format!("stores on such a server cannot be opened by this version: {shown}"),
                ADVICE,
            ));
        }
        let path = std::path::absolute(location)
            .map_err(|error| AppError::invalid(format!("not a path ({error}): {location}"), ADVICE))?;
        let real = path.canonicalize().unwrap_or_else(|_| path.clone());
        Ok(Place::File { path, real })
    }

    /// What the adapters open.
    pub(super) fn opened(&self) -> String {
        match self {
            Place::File { real, .. } => real.to_string_lossy().into_owned(),
            Place::Server(address) => address.clone(),
        }
    }

    /// How a person sees it.
    pub(super) fn shown(&self) -> String {
        match self {
            Place::File { path, .. } => path.display().to_string(),
            Place::Server(address) => postgres::without_password(address),
        }
    }
}
