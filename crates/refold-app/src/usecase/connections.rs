//! The saved connections as the command line tells them.

use std::collections::BTreeMap;

use refold_core::work::Work;
use serde::Serialize;

use crate::access;
use crate::connections;
use crate::error::AppError;
use crate::places::Places;
use crate::settings::environment_text;
use crate::wire::SavedConnection;

#[derive(Debug, Serialize)]
pub struct ConnectionsAnswer {
    pub connections: Vec<ConnectionAnswer>,
    pub file: String,
}

/// A connection: what is said about it, and its lines by their names in the file.
#[derive(Debug, Serialize)]
pub struct ConnectionAnswer {
    pub name: String,
    /// `null`: nobody said what it is.
    pub environment: Option<&'static str>,
    /// What it is treated as.
    pub counts_as: &'static str,
    pub target: String,
    #[serde(flatten)]
    pub lines: BTreeMap<&'static str, String>,
    /// Why it cannot be opened.
    pub problems: Vec<String>,
}

/// All of them, by name; `only`: that one.
pub fn list(places: &Places, only: Option<&str>) -> Result<ConnectionsAnswer, AppError> {
    let book = connections::load(places)?;
    let is_asked = |one: &&SavedConnection| only.is_none_or(|name| one.connection.name == name.trim_start_matches('@'));
    if let Some(name) = only
        && !book.saved.iter().any(|one| is_asked(&one))
    {
        return Err(connections::not_there(book, name));
    }
    Ok(ConnectionsAnswer {
        connections: book.saved.iter().filter(is_asked).map(answer).collect(),
        file: book.file,
    })
}

/// The access log of a connection, saved or not any more.
pub fn access_log(work: &Work<'_>, places: &Places, name: &str) -> Result<access::Reading, AppError> {
    let target = connections::Target::of(name, places);
    let name = match &target {
        Ok(target) => target.log_name(),
        // Its log outlives it.
        Err(_) => name
            .strip_prefix('@')
            .filter(|name| connections::is_name(name))
            .map(str::to_owned),
    };
    let Some(name) = name else {
        return Err(AppError::invalid(
            "a file that is opened by its path has no access log",
            "name a saved connection (@name) or the address of a server",
        ));
    };
    let Some(reading) = access::read(work, &places.data, &name)? else {
        target?;
        let file = access::file(&places.data, &name);
        return Err(AppError::not_found(
            format!("nothing was logged of {name} yet: {}", file.display()),
            "look at the list of connections",
        )
        .typed("refold connections"));
    };
    Ok(reading)
}

fn answer(saved: &SavedConnection) -> ConnectionAnswer {
    let connection = &saved.connection;
    let location = format!("@{}", connection.name);
    let lines = connections::lines(connection).into_iter();
    ConnectionAnswer {
        name: connection.name.clone(),
        environment: connection.environment.map(environment_text),
        counts_as: environment_text(connections::counts_as(&location, connection.environment)),
        target: saved.target.clone(),
        lines: lines.filter(|(name, _)| *name != "environment").collect(),
        problems: saved.problems.clone(),
    }
}
