//! Who we are to a server, what that role could do beside reading, and the script for a role that can do no more.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use refold_core::work::CancelToken;
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::connection::Connection;
use super::{Asked, statements};
use crate::server::link::{Fault, Link as _, one};
use crate::server::open::Role;
use crate::server::powers::{Power, other_name};
use crate::server::rights::Lack;
use crate::tables::barred::Lacking;
use crate::tables::{Table, quoted};

/// Who we are to a server.
pub fn ask(connection: &mut Connection, cancel: &CancelToken) -> Result<Role, Fault> {
    let asked = [statements::ROLE, statements::ROLE_POWERS].map(|sql| Asked::new(sql, Vec::new()));
    let mut answers = connection.ask(asked.into(), cancel)?.into_iter();
    let (role, held) = (answers.next().unwrap_or_default(), answers.next().unwrap_or_default());
    let row = role.rows.first().ok_or(Fault::Closed)?;
    let (mut role, may_ask_identity) = of_row(row, connection.host())?;
    role.powers = powers_of(&held.rows)?;
    if may_ask_identity {
        let answer = one(connection.ask(vec![Asked::new(statements::IDENTITY, Vec::new())], cancel)?);
        role.system = answer.rows.first().map(|row| row.try_get(0)).transpose()?;
    }
    Ok(role)
}

fn of_row(row: &Row, host: &str) -> Result<(Role, bool), tokio_postgres::Error> {
    // `15.18 (Debian …)`
    let version: &str = row.try_get(2)?;
    let role = Role {
        name: row.try_get(0)?,
        powers: Vec::new(),
        is_standby: row.try_get(1)?,
        server: format!("PostgreSQL {}", version.split(' ').next().unwrap_or_default()),
        host: host.to_owned(),
        database: row.try_get(3)?,
        system: None,
    };
    Ok((role, row.try_get(4)?))
}

/// What the role could do to these tables beside reading, to their schemas and to the sequences of their numbers.
pub fn powers(connection: &mut Connection, oids: &[u32], cancel: &CancelToken) -> Result<Vec<Power>, Fault> {
    let parameter = (Box::new(oids.to_vec()) as Box<_>, Type::OID_ARRAY);
    let answer = one(connection.ask(vec![Asked::new(statements::TABLE_POWERS, vec![parameter])], cancel)?);
    powers_of(&answer.rows)
}

fn powers_of(rows: &[Row]) -> Result<Vec<Power>, Fault> {
    let held = rows.iter().map(|row| {
        Ok(Held {
            kind: row.try_get(0)?,
            things: vec![row.try_get(1)?],
            holder: row.try_get(2)?,
            rights: vec![(row.try_get(3)?, row.try_get(4)?)],
            through: row.try_get(5)?,
            signed_in: row.try_get(6)?,
        })
    });
    let held: Result<Vec<Held>, tokio_postgres::Error> = held.collect();
    Ok(grouped(held?).iter().map(Held::power).collect())
}

/// Rights of one holder to things of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Held {
    /// `TABLE`, `SCHEMA`, `SEQUENCE`, `DATABASE`, `ROLE`
    kind: String,
    /// Their names, as SQL.
    things: Vec<String>,
    /// `None`: everybody.
    holder: Option<String>,
    /// Each with whether it may be handed on.
    rights: Vec<(String, bool)>,
    /// The roles given to whoever signed in that lead to the holder; none: it is that one, or everybody.
    through: Vec<String>,
    /// Who that is: the rights are of that role, also where it acts as another, and only from it can they be taken.
    signed_in: String,
}

/// Puts what stands next to each other together: the rights to one thing, and then the things with the same rights.
fn grouped(held: Vec<Held>) -> Vec<Held> {
    let mut grouped: Vec<Held> = Vec::new();
    for one in held {
        match grouped.last_mut() {
            Some(last)
                if one.kind != "ROLE"
                    && (&last.kind, &last.things, &last.holder) == (&one.kind, &one.things, &one.holder) =>
            {
                last.rights.extend(one.rights);
            }
            _ => grouped.push(one),
        }
    }
    let mut alike: Vec<Held> = Vec::new();
    for one in grouped {
        match alike.last_mut() {
            Some(last)
                if one.kind != "ROLE"
                    && (&last.kind, &last.rights, &last.holder) == (&one.kind, &one.rights, &one.holder) =>
            {
                last.things.extend(one.things);
            }
            _ => alike.push(one),
        }
    }
    alike
}

/// Of many tables below one, as many are named.
const MOST_NAMED: usize = 3;

impl Held {
    fn power(&self) -> Power {
        let more = match self.things.len().saturating_sub(MOST_NAMED) {
            0 => String::new(),
            count => format!(" and {count} more"),
        };
        let named: Vec<&str> = self.things.iter().take(MOST_NAMED).map(String::as_str).collect();
        let things = format!("{}{more}", named.join(", "));
        let is_owner = self.rights.iter().any(|(right, _)| right == "OWNER");
        let kind = self.kind.to_lowercase();
        let could = match (self.kind.as_str(), self.rights.first().map(|(right, _)| right.as_str())) {
            ("ROLE", Some("SUPERUSER")) => "is a superuser".to_owned(),
            ("ROLE", Some("CREATEROLE")) => "may make roles".to_owned(),
            ("ROLE", Some("CREATEDB")) => "may make databases".to_owned(),
            ("ROLE", Some("REPLICATION")) => "may replicate".to_owned(),
            ("ROLE", Some("ADMIN")) => format!("may hand on the role {things}"),
            ("ROLE", _) => format!("is a member of {things}"),
            _ if is_owner => format!("owns the {kind} {things}"),
            _ => format!("has {} on the {kind} {things}", self.rights_told()),
        };
        let is_membership = self.kind == "ROLE" && self.rights.iter().any(|(right, _)| right == "MEMBER");
        let could = match &self.holder {
            None => format!("{could}, as everybody has"),
            Some(holder) if !self.through.is_empty() && !is_membership => format!("{could} as the role {holder}"),
            Some(_) => could,
        };
        Power {
            could,
            undo: self.undo(is_owner),
            is_everybodys: self.holder.is_none(),
        }
    }

    fn rights_told(&self) -> String {
        let told = self.rights.iter().map(|(right, is_grantable)| match is_grantable {
            true => format!("{right} WITH GRANT OPTION"),
            false => right.clone(),
        });
        told.collect::<Vec<_>>().join(", ")
    }

    fn undo(&self, is_owner: bool) -> Option<String> {
        let quoted_role = quoted(&self.signed_in);
        if !self.through.is_empty() {
            let through: Vec<String> = self.through.iter().map(|role| quoted(role)).collect();
            return Some(format!("REVOKE {} FROM {quoted_role};", through.join(", ")));
        }
        // A role that nobody was given, as whoever owns a database is its pg_database_owner.
        let is_other = self.holder.as_ref().is_some_and(|holder| *holder != self.signed_in);
        if is_owner || is_other {
            return None;
        }
        let things = self.things.join(", ");
        if self.kind == "ROLE" {
            let (right, _) = self.rights.first()?;
            return match right.as_str() {
                "ADMIN" => Some(format!("REVOKE ADMIN OPTION FOR {things} FROM {quoted_role};")),
                "CREATEROLE" | "CREATEDB" | "REPLICATION" => Some(format!("ALTER ROLE {quoted_role} NO{right};")),
                _ => None,
            };
        }
        let from = self.holder.as_ref().map_or("PUBLIC".to_owned(), |_| quoted_role);
        let (only_handed_on, beyond): (Vec<_>, Vec<_>) =
            self.rights.iter().partition(|(right, _)| self.is_readers(right));
        let revoke = |option: &str, rights: &[&(String, bool)]| {
            let rights: BTreeSet<&str> = rights.iter().map(|(right, _)| right.as_str()).collect();
            let rights: Vec<&str> = rights.into_iter().collect();
            let revoke = format!(
                "REVOKE {option}{} ON {} {things} FROM {from};",
                rights.join(", "),
                self.kind
            );
            (!rights.is_empty()).then_some(revoke)
        };
        let parts = [revoke("", &beyond), revoke("GRANT OPTION FOR ", &only_handed_on)];
        Some(parts.into_iter().flatten().collect::<Vec<_>>().join(" "))
    }

    /// Whether a reader may have it, so that only handing it on is too much.
    fn is_readers(&self, right: &str) -> bool {
        let bare = right.split(" (").next().unwrap_or(right);
        match self.kind.as_str() {
            "TABLE" | "SEQUENCE" => bare == "SELECT",
            "SCHEMA" => bare == "USAGE",
            "DATABASE" => matches!(bare, "CONNECT" | "TEMPORARY"),
            _ => false,
        }
    }
}

/// What makes a role that may read these tables, each with its schema, and nothing else: statements on one line. `role`: in
/// whose place. `hides_rows`: one of the tables would hide rows from it.
pub fn script(role: &Role, tables: &[(String, String)], hides_rows: bool) -> String {
    let name = other_name(&role.name);
    let mut schemas: Vec<&String> = tables.iter().map(|(schema, _)| schema).collect();
    schemas.sort_unstable();
    schemas.dedup();
    let mut script = format!(
        "CREATE ROLE {name} LOGIN PASSWORD '…' CONNECTION LIMIT 3; \
         ALTER ROLE {name} SET default_transaction_read_only = on; \
         ALTER ROLE {name} SET statement_timeout = '30s'; ",
    );
    if hides_rows {
        script.push_str(&format!("ALTER ROLE {name} BYPASSRLS; "));
    }
    script.push_str(&format!(
        "GRANT CONNECT ON DATABASE {} TO {name}; ",
        quoted(&role.database)
    ));
    for schema in schemas {
        script.push_str(&format!("GRANT USAGE ON SCHEMA {} TO {name}; ", quoted(schema)));
    }
    for (schema, table) in tables {
        script.push_str(&format!(
            "GRANT SELECT ON {}.{} TO {name}; ",
            quoted(schema),
            quoted(table)
        ));
    }
    script.trim_end().to_owned()
}

/// What lets a role read what it lacks: statements on one line.
pub fn grant(role: &str, lack: &Lack<'_>) -> String {
    let role_sql = quoted(role);
    match lack {
        Lack::Rows => format!("ALTER ROLE {role_sql} BYPASSRLS;"),
        Lack::Of(Lacking { table, columns }) => {
            let (schema, table) = (quoted(&table.0), quoted(&table.1));
            let columns: Vec<String> = columns.iter().map(|column| quoted(column)).collect();
            match columns.is_empty() {
                true => format!(
                    "GRANT USAGE ON SCHEMA {schema} TO {role_sql}; GRANT SELECT ON {schema}.{table} TO {role_sql};"
                ),
                false => format!(
                    "GRANT SELECT ({}) ON {schema}.{table} TO {role_sql};",
                    columns.join(", ")
                ),
            }
        }
    }
}

/// What lets a role read the large objects that these columns of a table name: those that there are now.
pub fn grant_large_objects(role: &str, table: &Table, columns: &[String]) -> String {
    if columns.is_empty() {
        return String::new();
    }
    let table = table.sql();
    let named = columns
        .iter()
        .map(|column| format!("SELECT {column} AS body FROM {table} AS \"event\" WHERE {column} IS NOT NULL"));
    let named = named.collect::<Vec<_>>().join(" UNION ");
    let role = quoted(role).replace('\'', "''").replace('%', "%%");
    // A name that holds what ends the text of a block must not end it.
    let mark = if role.contains("$refold$") || named.contains("$refold$") {
        "$refold_grants$"
    } else {
        "$refold$"
    };
    format!(
        "DO {mark} DECLARE large oid; BEGIN FOR large IN SELECT oid FROM pg_catalog.pg_largeobject_metadata WHERE oid IN ({named}) LOOP EXECUTE pg_catalog.format('GRANT SELECT ON LARGE OBJECT %s TO \
         {role}', large); END LOOP; END {mark};"
    )
}

/// What lets a role sign in to a database.
pub fn grant_to_connect(role: &str, database: &str) -> String {
    format!("GRANT CONNECT ON DATABASE {} TO {};", quoted(database), quoted(role))
}
