//! Who we are to a server, what that account could do beside reading, and the script for one that can do no more.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::iter::Peekable;
use std::str::Chars;

use refold_core::work::CancelToken;

use super::connection::{Connection, is_read_only};
use super::{Asked, MySql, statements};
use crate::server::link::{Fault, Link as _};
use crate::server::open::{Account, Role};
use crate::server::powers::{Power, other_name};
use crate::server::rights::Lack;
use crate::tables::barred::Lacking;

/// What the server tells of an account that matters here alone.
pub struct Insight {
    /// Whether the transactions of others can be seen.
    pub sees_writers: bool,
    /// How far apart the server's own numbers are.
    pub step: i64,
    /// Whether all of the database may be read. What may not is not shown.
    pub reads_all: bool,
    /// Tables of which only some columns may be read, as far as is told.
    pub read_in_part: BTreeSet<String>,
}

/// Who we are to a server.
pub fn ask(connection: &mut Connection, cancel: &CancelToken) -> Result<Account<MySql>, Fault> {
    let asked = [statements::ROLE, statements::GRANTS].map(|sql| Asked::new(sql, Vec::new()));
    let mut answers = connection.ask(asked.into(), cancel)?.into_iter();
    let (role, granted) = (answers.next().unwrap_or_default(), answers.next().unwrap_or_default());
    let row = role.rows.first().ok_or(Fault::Closed)?;
    let text = |index: usize| row.text(index).unwrap_or_default();
    let database = text(1);
    let account = text(0);
    let grants = Grants::of(granted.rows.iter().filter_map(|row| row.text(0)), &database, &account);
    let version = connection.version();
    let version = version.split('-').next().unwrap_or(version);
    let kind = if connection.is_mariadb() { "MariaDB" } else { "MySQL" };
    Ok(Account {
        role: Role {
            name: account,
            powers: grants.powers,
            is_standby: is_read_only(&text(2)),
            server: format!("{kind} {version}"),
            host: connection.host().to_owned(),
            database,
            // What a server tells of itself is of one machine: a replica of it is another, and the same store.
            system: connection.servers().or_else(|| Some(text(3))),
        },
        insight: Insight {
            sees_writers: grants.sees_writers,
            step: row.integer(4).unwrap_or(1),
            reads_all: grants.reads_all,
            read_in_part: grants.read_in_part,
        },
    })
}

/// Whether an address allows an account by this name: as the server calls it (`refold_reader@%`), or by its name alone.
pub fn is_called(account: &str, allowed: &str) -> bool {
    allowed == account || account.rsplit_once('@').is_some_and(|(name, _)| name == allowed)
}

/// What lines of `SHOW GRANTS` say of one database.
#[derive(Debug, Default, PartialEq, Eq)]
struct Grants {
    powers: Vec<Power>,
    sees_writers: bool,
    reads_all: bool,
    read_whole: BTreeSet<String>,
    read_in_part: BTreeSet<String>,
}

/// Privileges that let nobody change anything: all that a reader may have.
const HARMLESS: [&str; 5] = ["USAGE", "SELECT", "SHOW DATABASES", "SHOW VIEW", "PROCESS"];

/// Where the server keeps who may do what: whoever writes there may give himself any right.
const RIGHTS: &str = "mysql";

/// One line of what an account was given.
struct Line<'a> {
    text: &'a str,
    /// As SQL, in backticks: whom a right is taken from.
    account: &'a str,
}

impl Grants {
    fn of(lines: impl Iterator<Item = String>, database: &str, account: &str) -> Grants {
        let lines: Vec<String> = lines.collect();
        let account = account_sql(account);
        let mut grants = Grants::default();
        for text in &lines {
            let account = &account;
            grants.take(&Line { text, account }, database, &lines);
        }
        grants.powers.sort_by(|a, b| a.could.cmp(&b.could));
        grants.powers.dedup();
        grants.read_in_part = &grants.read_in_part - &grants.read_whole;
        grants
    }

    fn take(&mut self, line: &Line<'_>, database: &str, lines: &[String]) {
        // Taking away, and what an account is given where it signs in, grants nothing.
        let Some(rest) = line.text.strip_prefix("GRANT ") else {
            return;
        };
        let mut power = |could: String, undo: Option<String>| {
            let is_everybodys = line.is_of_everybody();
            self.powers.push(Power {
                could,
                undo,
                is_everybodys,
            });
        };
        let Some((given, rest)) = rest.split_once(" ON ") else {
            // MySQL names the roles of an account so; what they may is not in this list.
            let role = rest.split(" TO ").next().unwrap_or_default();
            if !role.is_empty() && !line.text.contains(" ON ") && !is_expanded(role, lines) {
                let undo = format!("REVOKE {} FROM {};", in_backticks(role), line.account);
                power(
                    format!("is granted the role {role}, whose rights are not looked at"),
                    Some(undo),
                );
            }
            return;
        };
        let (place, rest) = rest.split_once(" TO ").unwrap_or((rest, ""));
        if given == "PROXY" {
            let undo = format!("REVOKE PROXY ON {} FROM {};", in_backticks(place), line.account);
            power("may act as another account".to_owned(), Some(undo));
            return;
        }
        if !reaches(place, database) && !reaches(place, RIGHTS) {
            return;
        }
        let privileges = split_privileges(given);
        let is_beyond = |one: &&String| !HARMLESS.contains(&one.split(" (").next().unwrap_or(one));
        let beyond: Vec<&str> = privileges.iter().filter(is_beyond).map(String::as_str).collect();
        // What is left of an account that may all, nobody means to take away.
        let is_all = |one: &&str| *one == "ALL PRIVILEGES";
        if !beyond.is_empty() {
            let beyond_told = beyond.join(", ");
            let undo = line.undo(&beyond_told, place, lines);
            power(
                format!("has {beyond_told} on {place}"),
                undo.filter(|_| !(place == "*.*" && beyond.iter().any(is_all))),
            );
        }
        if rest.contains("WITH GRANT OPTION") {
            power(
                format!("may hand on its rights on {place}"),
                line.undo("GRANT OPTION", place, lines),
            );
        }
        if !reaches(place, database) {
            return;
        }
        // Everything in one database is not the whole server, which alone can be asked for its writers.
        self.sees_writers |= place == "*.*"
            && privileges
                .iter()
                .any(|one| matches!(one.as_str(), "PROCESS" | "ALL PRIVILEGES"));
        let is_whole = |one: &String| matches!(one.as_str(), "SELECT" | "ALL PRIVILEGES");
        match (privileges.iter().any(is_whole), table_of(place)) {
            (true, None) => self.reads_all = true,
            (true, Some(table)) => drop(self.read_whole.insert(table)),
            (false, Some(table)) if privileges.iter().any(|one| one.starts_with("SELECT (")) => {
                self.read_in_part.insert(table);
            }
            (false, _) => {}
        }
    }
}

impl Line<'_> {
    /// To whom it gives.
    fn grantee(&self) -> &str {
        let (_, grantee) = self.text.split_once(" TO ").unwrap_or_default();
        grantee
    }

    fn is_of_everybody(&self) -> bool {
        self.grantee().split(' ').next() == Some("PUBLIC")
    }

    /// What takes these rights away: from the account, from everybody, or with the role that has them.
    fn undo(&self, rights: &str, place: &str, lines: &[String]) -> Option<String> {
        if self.is_of_everybody() {
            return Some(format!(
                "REVOKE {} ON {} FROM PUBLIC;",
                in_backticks(rights),
                in_backticks(place)
            ));
        }
        let mut letters = self.grantee().chars().peekable();
        let name = take_name(&mut letters)?;
        if letters.next_if_eq(&'@').is_some() {
            let (rights, place) = (in_backticks(rights), in_backticks(place));
            return Some(format!("REVOKE {rights} ON {place} FROM {};", self.account));
        }
        // A role that another one leads to is not taken away by itself.
        let of_account = |line: &&String| {
            let given = line.strip_prefix("GRANT ").and_then(|rest| rest.split_once(" TO "));
            given.is_some_and(|(role, to)| in_backticks(role) == quoted(&name) && to.contains('@'))
        };
        lines.iter().find(of_account)?;
        Some(format!("REVOKE {} FROM {};", quoted(&name), self.account))
    }
}

/// A part of a statement as every mode reads it: names in backticks.
fn in_backticks(part: &str) -> String {
    let (mut told, mut letters) = (String::new(), part.chars().peekable());
    while let Some(letter) = letters.peek() {
        match letter {
            '`' | '"' => told.push_str(&quoted(&take_name(&mut letters).unwrap_or_default())),
            _ => told.extend(letters.next()),
        }
    }
    told
}

/// Whether the lines tell what this role may. MariaDB does so of a role that is active, as if it were an account; of one
/// that `SET ROLE` could make active nothing is told.
fn is_expanded(role: &str, lines: &[String]) -> bool {
    let grantees = lines
        .iter()
        .filter_map(|line| line.split_once(" ON ")?.1.split_once(" TO "));
    grantees
        .filter_map(|(_, grantee)| grantee.strip_prefix(role))
        .any(|rest| rest.is_empty() || rest.starts_with(' '))
}

/// `SELECT, INSERT (`a`, `b`)` at the commas outside brackets.
fn split_privileges(given: &str) -> Vec<String> {
    let (mut found, mut depth) = (vec![String::new()], 0_usize);
    for letter in given.chars() {
        match letter {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                found.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(last) = found.last_mut() {
            last.push(letter);
        }
    }
    found.iter().map(|one| one.trim().to_owned()).collect()
}

/// A name has at most 64 letters, of four bytes each, and each may be escaped in a pattern.
const MOST_PATTERN_BYTES: usize = 64 * 5;
/// Each `%` multiplies the ways in which a pattern can be tried.
const MOST_PATTERN_MARKS: usize = 4;

/// Whether a right on this place is one on the database: on all, on it, on something in it. Its name there may be a
/// pattern. What cannot be read counts as the database.
fn reaches(place: &str, database: &str) -> bool {
    let place = ["TABLE ", "FUNCTION ", "PROCEDURE ", "PACKAGE BODY ", "PACKAGE "]
        .iter()
        .find_map(|kind| place.strip_prefix(kind))
        .unwrap_or(place);
    if place.starts_with("*.") {
        return true;
    }
    let Some(name) = take_name(&mut place.chars().peekable()) else {
        return true;
    };
    // No honest name or pattern is so long or has so many marks, and one made to waste time or stack must not be tried.
    if name.len() > MOST_PATTERN_BYTES || name.matches('%').count() > MOST_PATTERN_MARKS {
        return true;
    }
    // Names of databases may differ in case alone on some servers: then one counts as the other.
    is_like(&name.to_lowercase(), &database.to_lowercase())
}

/// The table of a place such as `` `shop`.`events` ``; `None`: it is no table.
fn table_of(place: &str) -> Option<String> {
    let mut letters = place.strip_prefix("TABLE ").unwrap_or(place).chars().peekable();
    take_name(&mut letters)?;
    letters.next_if_eq(&'.')?;
    take_name(&mut letters)
}

/// The name that stands first. How names are quoted is up to the mode of the connection.
fn take_name(letters: &mut Peekable<Chars<'_>>) -> Option<String> {
    let quote = letters.next_if(|first| matches!(first, '`' | '"'))?;
    let mut name = String::new();
    while let Some(letter) = letters.next() {
        match letter == quote {
            true if letters.next_if_eq(&quote).is_none() => break,
            _ => name.push(letter),
        }
    }
    Some(name)
}

/// `%` stands for anything, `_` for one letter, `\` takes the next as it is.
fn is_like(pattern: &str, text: &str) -> bool {
    let mut letters = pattern.chars();
    match letters.next() {
        None => text.is_empty(),
        Some('%') => {
            let rest = letters.as_str();
            (0..=text.len()).any(|at| text.get(at..).is_some_and(|text| is_like(rest, text)))
        }
        Some(letter) => {
            let (wanted, is_any) = match letter {
                '\\' => (letters.next().unwrap_or('\\'), false),
                letter => (letter, letter == '_'),
            };
            let mut text = text.chars();
            text.next().is_some_and(|next| is_any || next == wanted) && is_like(letters.as_str(), text.as_str())
        }
    }
}

/// What makes an account that may read these tables, each with its database, and nothing else: statements on one line.
/// `role`: in whose place.
pub fn script(role: &Role, tables: &[(String, String)]) -> String {
    let own = role.name.rsplit_once('@').map_or(role.name.as_str(), |(name, _)| name);
    let name = other_name(own);
    let mut script = format!("CREATE USER '{name}'@'%' IDENTIFIED BY '…' WITH MAX_USER_CONNECTIONS 3;");
    for (database, table) in tables {
        script.push_str(&format!(
            " GRANT SELECT ON {}.{} TO '{name}'@'%';",
            quoted(database),
            quoted(table)
        ));
    }
    script
}

/// What lets an account, as the server calls it (`name@host`), read what it lacks.
pub fn grant(account: &str, lack: &Lack<'_>) -> String {
    let Lack::Of(Lacking { table, columns }) = lack else {
        // No such server hides rows.
        return String::new();
    };
    let columns: Vec<String> = columns.iter().map(|column| quoted(column)).collect();
    let columns = match columns.is_empty() {
        true => String::new(),
        false => format!(" ({})", columns.join(", ")),
    };
    let table = match table.1.as_str() {
        "*" => format!("{}.*", quoted(&table.0)),
        name => format!("{}.{}", quoted(&table.0), quoted(name)),
    };
    format!("GRANT SELECT{columns} ON {table} TO {};", account_sql(account))
}

/// An account, which the server calls `name@host`, in a statement.
fn account_sql(account: &str) -> String {
    let (name, host) = account.rsplit_once('@').unwrap_or((account, "%"));
    let text = |text: &str| format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"));
    format!("{}@{}", text(name), text(host))
}

fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}
