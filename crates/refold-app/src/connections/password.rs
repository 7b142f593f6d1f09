//! Where a password comes from. It is fetched when a store is opened and kept in memory alone.
//!
//! No password, and no text that could hold one, is part of an error.

use std::io::Read as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use refold_stores::secret::Secret;

use super::kind::ServerKind;
use super::passfile::{self, Wanted};
use super::surroundings::Surroundings;
use crate::error::{AppError, ErrorCode};

/// Where the password of a connection comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A person types it each time.
    Ask,
    /// A variable of the environment.
    Variable(String),
    /// The password file of libpq.
    PassFile,
    /// The option file of MySQL's clients.
    OptionFile,
    /// What the keychain of the system holds for the connection.
    Keychain,
    /// What a program prints, e.g. a token of a cloud.
    Program(Vec<String>),
}

/// Who is asked for a password that is found nowhere else.
pub trait Passwords: Send + Sync {
    /// `location`: the store as it is named. `None`: there is nobody to ask, or they do not say.
    fn password(&self, location: &str) -> Option<Secret>;
}

/// There is nobody to ask.
#[derive(Debug, Clone, Copy, Default)]
pub struct NobodyAsked;

impl Passwords for NobodyAsked {
    fn password(&self, _: &str) -> Option<Secret> {
        None
    }
}

/// A program that takes longer is ended.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK_AGAIN: Duration = Duration::from_millis(10);
/// A password is never longer.
const LONGEST_BYTES: u64 = 64 * 1024;

impl Source {
    /// As it stands in the file of connections. The error says what it may be, and never what it was.
    pub fn parse(text: &str) -> Result<Source, String> {
        let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
        let rest = rest.trim();
        match (word, rest) {
            ("ask", "") => Ok(Source::Ask),
            ("pgpass", "") => Ok(Source::PassFile),
            ("mycnf", "") => Ok(Source::OptionFile),
            ("keychain", "") => Ok(Source::Keychain),
            ("env", name) if !name.is_empty() && !name.contains(['=', ' ']) => Ok(Source::Variable(name.to_owned())),
            ("command", line) => match words(line) {
                Some(words) if !words.is_empty() => Ok(Source::Program(words)),
                _ => Err("command with a program and its arguments, quotes closed".to_owned()),
            },
            _ => Err(
                "where the password comes from, and never the password itself: ask, \"env NAME\", pgpass, mycnf, keychain or \
                 \"command PROGRAM ARGUMENT…\""
                    .to_owned(),
            ),
        }
    }

    /// The password of a server, or of each of its hosts where the source tells them apart; `None`: this source has none,
    /// or a person has to be asked. `wanted`: of each host.
    pub fn fetch(
        &self,
        around: &Surroundings,
        connection: &str,
        wanted: &[Wanted<'_>],
    ) -> Result<Vec<Option<Secret>>, AppError> {
        let found = match self {
            Source::PassFile => {
                let found = from_pass_file(around, wanted)?;
                return match found.iter().any(Option::is_some) {
                    true => Ok(found),
                    false => Err(no_line(around, wanted)),
                };
            }
            Source::Ask => Ok(None),
            Source::Variable(name) => {
                let value = around.variable(name).filter(|value| !value.is_empty());
                let missing = || {
                    refused(
                        format!("the variable {name}, which is to hold the password, is not set"),
                        "set it, or let the password come from elsewhere",
                    )
                };
                value.map(Secret::new).map(Some).ok_or_else(missing)
            }
            Source::OptionFile => around.of_option_file()?.password.map(Some).ok_or_else(|| {
                refused(
                    "no line password stands in the groups of clients of the option file ~/.my.cnf".to_owned(),
                    "add one, or let the password come from elsewhere",
                )
            }),
            Source::Keychain => keychain(connection).map(Some),
            Source::Program(words) => printed_by(words).map(Some),
        };
        found.map(|found| vec![found])
    }
}

fn no_line(around: &Surroundings, wanted: &[Wanted<'_>]) -> AppError {
    let file = around.pass_file().unwrap_or_default();
    let lines = wanted
        .iter()
        .map(|wanted| format!("{}:{}:{}:{}", wanted.host, wanted.port, wanted.database, wanted.user));
    refused(
        format!(
            "no line of the password file fits {}: {}",
            lines.collect::<Vec<_>>().join(", nor "),
            file.display()
        ),
        "add one, or let the password come from elsewhere",
    )
}

/// What the server's own tools would find without being told where to look: `PGPASSWORD`, then the password file; of MySQL
/// `MYSQL_PWD` (what its option file says is known before).
pub fn without_source(
    around: &Surroundings,
    kind: ServerKind,
    wanted: &[Wanted<'_>],
) -> Result<Vec<Option<Secret>>, AppError> {
    if kind == ServerKind::MySql {
        let password = around.variable("MYSQL_PWD").filter(|value| !value.is_empty());
        return Ok(vec![password.map(Secret::new)]);
    }
    match around.variable("PGPASSWORD").filter(|value| !value.is_empty()) {
        Some(password) => Ok(vec![Some(Secret::new(password))]),
        None => from_pass_file(around, wanted),
    }
}

/// Of each host what its own line says. A file that is there and cannot be used is an error: libpq warns and goes on, and
/// the person wonders why.
fn from_pass_file(around: &Surroundings, wanted: &[Wanted<'_>]) -> Result<Vec<Option<Secret>>, AppError> {
    let Some(file) = around.pass_file() else {
        return Ok(vec![None]);
    };
    let found = wanted.iter().map(|wanted| passfile::look_up(&file, wanted));
    found.collect::<Result<_, _>>().map_err(|why| {
        refused(
            format!("the password file is not used: {why}: {}", file.display()),
            "correct it (chmod 600), or let the password come from elsewhere",
        )
    })
}

/// From the keychain of the system, through the program that comes with it.
fn keychain(connection: &str) -> Result<Secret, AppError> {
    let words: [&str; 6] = if cfg!(target_os = "macos") {
        ["security", "find-generic-password", "-s", "refold", "-wa", connection]
    } else {
        [
            "secret-tool",
            "lookup",
            "application",
            "refold",
            "connection",
            connection,
        ]
    };
    printed_by(&words.map(str::to_owned)).map_err(|error| {
        let typed = if cfg!(target_os = "macos") {
            format!("security add-generic-password -s refold -a {connection} -w")
        } else {
            format!("secret-tool store --label=refold application refold connection {connection}")
        };
        error.advised("put it there, as docs/connections.md says").typed(typed)
    })
}

/// The first line that a program prints. What it says on standard error goes where that of Refold goes.
fn printed_by(words: &[String]) -> Result<Secret, AppError> {
    let (program, arguments) = words
        .split_first()
        .map_or(("", words), |(program, rest)| (program.as_str(), rest));
    let failed = |why: String| {
        refused(
            format!("the program that is to print the password {why}: {program}"),
            "run it in a terminal and see what it says",
        )
    };
    let started = Command::new(PathBuf::from(program))
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn();
    let mut child = started.map_err(|error| failed(format!("cannot be started ({error})")))?;
    let out = child.stdout.take();
    let read = std::thread::Builder::new().name("password".to_owned()).spawn(move || {
        let mut bytes = Vec::new();
        let outcome = out.map(|out| out.take(LONGEST_BYTES).read_to_end(&mut bytes));
        outcome.transpose().map(|_| bytes)
    });
    let read = read.map_err(|error| failed(format!("cannot be listened to ({error})")))?;
    let status = waited(&mut child).map_err(|why| failed(why.to_owned()))?;
    let bytes = read
        .join()
        .ok()
        .and_then(Result::ok)
        .ok_or_else(|| failed("broke off".to_owned()))?;
    if !status {
        return Err(failed("failed".to_owned()));
    }
    let mut text = String::from_utf8(bytes).map_err(|_| failed("printed no UTF-8".to_owned()))?;
    text.truncate(text.find(['\r', '\n']).unwrap_or(text.len()));
    match text.is_empty() {
        true => Err(failed("printed nothing".to_owned())),
        false => Ok(Secret::new(text)),
    }
}

/// Whether it ended well; one that takes too long is ended.
fn waited(child: &mut Child) -> Result<bool, &'static str> {
    let until = Instant::now() + PATIENCE;
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(status.success()),
            Ok(None) if Instant::now() < until => std::thread::sleep(LOOK_AGAIN),
            Ok(None) => {
                // One that is gone by now needs no end.
                let _ = child.kill();
                let _ = child.wait();
                return Err("took longer than a minute");
            }
            Err(_) => return Err("was lost"),
        }
    }
}

/// As a shell splits where only blanks, quotes and `\` matter; `None`: a quote is not closed.
fn words(line: &str) -> Option<Vec<String>> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (None, '"' | '\'') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (Some(open), letter) if open == letter => quote = None,
            (None, letter) if letter.is_whitespace() => words.extend(word.take()),
            (None | Some('"'), '\\') => word.get_or_insert_default().push(letters.next()?),
            (_, letter) => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

fn refused(message: String, hint: &str) -> AppError {
    AppError::new(ErrorCode::Denied, message, hint)
}

#[cfg(test)]
mod tests;
