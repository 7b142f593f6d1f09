//! `refold connections`.

use std::path::Path;

use refold_app::access::Text;
use refold_app::connections::{self, Taken, url};
use refold_app::text::{size_label, visible};
use refold_app::usecase::cache;
use refold_app::usecase::connections::{ConnectionAnswer, access_log, list};
use refold_app::wire::Connection;
use refold_app::{AppError, Places};
use serde::Serialize;

use super::Context;
use crate::arguments::{ConnectionAdd, ConnectionEdit, ConnectionLines, Connections, ConnectionsAct};
use crate::print::{Ended, Table, aside};

pub fn run(context: &Context<'_>, asked: &Connections) -> Result<u8, Ended> {
    let places = Places::of_user()?;
    match &asked.act {
        None => all(context, &places, None),
        Some(ConnectionsAct::List { name }) => all(context, &places, name.as_deref()),
        Some(ConnectionsAct::Add(asked)) => add(context, &places, asked),
        Some(ConnectionsAct::Edit(asked)) => edit(context, &places, asked),
        Some(ConnectionsAct::Remove { name }) => {
            connections::remove(&places, name)?;
            done(context, &format!("{name} is forgotten; the store itself is untouched"))
        }
        Some(ConnectionsAct::Export { names, out }) => export(context, &places, names, out.as_deref()),
        Some(ConnectionsAct::Import { file, replace }) => import(context, &places, file, *replace),
        Some(ConnectionsAct::Cache { name, copy, purge }) => kept(context, &places, name, *copy, *purge),
        Some(ConnectionsAct::Log { store, limit }) => log(context, &places, store, *limit),
    }
}

fn all(context: &Context<'_>, places: &Places, only: Option<&str>) -> Result<u8, Ended> {
    if let Some(name) = only {
        connections::find(places, name)?;
    }
    let answer = list(places, only)?;
    let mut printer = context.printer();
    if context.json {
        printer.json(&answer)?;
        return printer.finish(Ok(0));
    }
    if answer.connections.is_empty() {
        printer.line("no connection is saved yet; refold connections add --help says how")?;
    } else {
        let mut table = Table::new(&["name", "environment", "store"]);
        for one in &answer.connections {
            table.row(vec![
                format!("@{}", one.name),
                environment(one),
                visible(&one.target).into_owned(),
            ]);
        }
        table.print(&mut printer)?;
    }
    if only.is_some() {
        for (name, text) in answer.connections.iter().flat_map(|one| &one.lines) {
            printer.line(&format!("  {name} = {text}"))?;
        }
    }
    for one in &answer.connections {
        for problem in &one.problems {
            printer.line(&format!("@{} cannot be opened: {problem}", one.name))?;
        }
    }
    printer.line(&answer.file)?;
    printer.finish(Ok(0))
}

/// `PRODUCTION`, and that nobody said so.
fn environment(of: &ConnectionAnswer) -> String {
    match (of.environment, of.counts_as) {
        (Some("production"), _) => "PRODUCTION".to_owned(),
        (Some(said), _) => said.to_owned(),
        (None, counts) => format!("{} (nobody said what it is)", counts.to_uppercase()),
    }
}

fn add(context: &Context<'_>, places: &Places, asked: &ConnectionAdd) -> Result<u8, Ended> {
    let mut connection = match &asked.store {
        Some(store) => named(store)?,
        None => Connection::default(),
    };
    connection.name.clone_from(&asked.name);
    connections::set(&mut connection, "environment", &asked.environment)?;
    set_lines(context, &mut connection, &asked.lines)?;
    connections::save(places, &connection, None)?;
    done(
        context,
        &format!("@{} is saved; refold connect @{} tries it", asked.name, asked.name),
    )
}

fn edit(context: &Context<'_>, places: &Places, asked: &ConnectionEdit) -> Result<u8, Ended> {
    let before = asked.name.trim_start_matches('@');
    let book = connections::load(places)?;
    let found = book.saved.into_iter().find(|one| one.connection.name == before);
    // One that is wrong can be put right here: what was understood of it stays.
    let mut connection = match found {
        Some(found) => found.connection,
        None => connections::find(places, before)?,
    };
    if let Some(store) = &asked.store {
        connections::lead(&mut connection, &named(store)?)?;
    }
    if let Some(name) = &asked.rename {
        connection.name.clone_from(name);
    }
    if let Some(environment) = &asked.environment {
        connections::set(&mut connection, "environment", environment)?;
    }
    set_lines(context, &mut connection, &asked.lines)?;
    connections::save(places, &connection, Some(before))?;
    // A connection that cannot be opened yet says so when it is.
    if let Ok(Some(left)) = cache::kept_by_others(places, &connection.name) {
        aside(&left);
    }
    done(context, &format!("@{} is saved", connection.name))
}

/// A path or an address, without a password.
fn named(store: &str) -> Result<Connection, AppError> {
    if !url::is_url(store) {
        return Ok(Connection {
            store: Some(store.to_owned()),
            ..Connection::default()
        });
    }
    let (connection, secret) = url::parse(store)?;
    match secret {
        None => Ok(connection),
        Some(_) => Err(AppError::invalid(
            "a password does not belong into an address: every user of this machine can read it there",
            "leave it out, and say where it comes from",
        )
        .typed("--password-from")),
    }
}

fn set_lines(context: &Context<'_>, connection: &mut Connection, lines: &ConnectionLines) -> Result<(), AppError> {
    let all = &context.arguments;
    let mask = all.mask.as_ref().map(|mask| mask.display().to_string());
    let given = [
        ("host", &lines.host),
        ("database", &lines.database),
        ("user", &lines.user),
        ("service", &lines.service),
        ("sslmode", &lines.sslmode),
        ("sslrootcert", &lines.sslrootcert),
        ("sslcert", &lines.sslcert),
        ("sslkey", &lines.sslkey),
        ("allow_elevated", &lines.allow_elevated),
        ("allow_scans", &lines.allow_scans),
        ("megabytes_per_second", &lines.megabytes_per_second),
        ("target_session_attrs", &lines.target_session_attrs),
        ("password", &lines.password_from),
        ("ssh", &lines.ssh),
        ("cache", &lines.cache),
        ("layout", &all.layout),
        ("zone", &all.zone),
        ("mask", &mask),
    ];
    for (name, text) in given {
        if let Some(text) = text {
            connections::set(connection, name, text)?;
        }
    }
    Ok(())
}

fn export(context: &Context<'_>, places: &Places, names: &[String], out: Option<&Path>) -> Result<u8, Ended> {
    let text = connections::export(places, names)?;
    let mut printer = context.printer();
    match out {
        None => printer.text(text.trim_end())?,
        Some(file) => {
            connections::write_export(file, &text)?;
            printer.line(&format!("written into {}", visible(&file.display().to_string())))?;
        }
    }
    printer.finish(Ok(0))
}

fn import(context: &Context<'_>, places: &Places, file: &Path, replace: bool) -> Result<u8, Ended> {
    #[derive(Serialize)]
    struct Answer<'a> {
        added: &'a [String],
        replaced: &'a [String],
        left_out: &'a [String],
    }
    let taken = if replace { Taken::Replaced } else { Taken::Refused };
    let imported = connections::import_file(places, file, taken)?;
    let mut printer = context.printer();
    if context.json {
        printer.json(&Answer {
            added: &imported.added,
            replaced: &imported.replaced,
            left_out: &imported.left_out,
        })?;
        return printer.finish(Ok(0));
    }
    for name in &imported.added {
        printer.line(&format!("@{name} is added"))?;
    }
    for name in &imported.replaced {
        printer.line(&format!("@{name} is replaced"))?;
    }
    for sentence in &imported.left_out {
        printer.line(&format!("left out of {sentence}"))?;
    }
    printer.finish(Ok(0))
}

/// What is kept of the store of a connection.
fn kept(context: &Context<'_>, places: &Places, name: &str, copies: bool, purges: bool) -> Result<u8, Ended> {
    if copies {
        let is_named = name.starts_with('@') || url::is_url(name);
        let session = context.open(&if is_named { name.to_owned() } else { format!("@{name}") })?;
        cache::copy(context.work, &session)?;
    }
    let held = match purges {
        true => cache::purge(context.work, places, name)?,
        false => cache::held(context.work, places, name)?,
    };
    let mut printer = context.printer();
    if context.json {
        printer.json(&held)?;
        return printer.finish(Ok(0));
    }
    printer.line(&held.told())?;
    let size = held
        .byte_count
        .parse()
        .map_or_else(|_| held.byte_count.clone(), size_label);
    for (what, text) in [
        ("cache", &held.cache),
        ("folder", &held.folder),
        ("size", &size),
        ("key", &held.key),
    ] {
        printer.line(&format!("  {what:6}  {}", visible(text)))?;
    }
    printer.finish(Ok(0))
}

/// The lines as they stand; exit code 1 where somebody changed the file.
fn log(context: &Context<'_>, places: &Places, store: &str, limit: Option<u64>) -> Result<u8, Ended> {
    let reading = access_log(context.work, places, store)?;
    let skipped = limit.map_or(0, |limit| reading.line_count.saturating_sub(limit));
    let code = u8::from(!reading.is_as_written());
    let mut printer = context.printer_of(code);
    reading.lines::<Ended>(context.work, skipped, &mut |line| {
        match (&line.told, &line.text) {
            (Some(told), _) if !context.json => printer.line(told)?,
            (_, Text::Whole(text)) => printer.line(text)?,
            (_, Text::Unreadable) => aside(&format!(
                "line {} of the log cannot be shown: it is no text",
                line.number
            )),
        }
        Ok(())
    })?;
    for remark in reading.remarks() {
        aside(&remark);
    }
    printer.finish(Ok(code))
}

fn done(context: &Context<'_>, sentence: &str) -> Result<u8, Ended> {
    let mut printer = context.printer();
    match context.json {
        true => printer.json(&list(&Places::of_user()?, None)?)?,
        false => printer.line(sentence)?,
    }
    printer.finish(Ok(0))
}
