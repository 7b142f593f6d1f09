//! Who we are to a server, what that role could do beside reading, and the script for a role that can do no more.

#[cfg(test)]
mod tests;

use refold_core::work::CancelToken;
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::connection::Connection;
use super::{Asked, statements};
use crate::server::link::{Fault, Link as _, one};
use crate::server::open::Role;
use crate::server::rights::Lack;
use crate::tables::barred::Lacking;
use crate::tables::quoted;

/// Who we are to a server.
pub fn ask(connection: &mut Connection, cancel: &CancelToken) -> Result<Role, Fault> {
    let answer = one(connection.ask(vec![Asked::new(statements::ROLE, Vec::new())], cancel)?);
    let row = answer.rows.first().ok_or(Fault::Closed)?;
    let (mut role, may_ask_identity) = of_row(row, connection.host())?;
    if may_ask_identity {
        let answer = one(connection.ask(vec![Asked::new(statements::IDENTITY, Vec::new())], cancel)?);
        role.system = answer.rows.first().map(|row| row.try_get(0)).transpose()?;
    }
    Ok(role)
}

fn of_row(row: &Row, host: &str) -> Result<(Role, bool), tokio_postgres::Error> {
    // Who passes over row security reads more rows of what may be read, and writes nothing.
    let attributes = [
        (1, "is a superuser"),
        (2, "may make roles"),
        (3, "may make databases"),
        (4, "may replicate"),
    ];
    let mut powers = Vec::new();
    for (index, power) in attributes {
        if row.try_get(index)? {
            powers.push(power.to_owned());
        }
    }
    let memberships: Vec<String> = row.try_get(9)?;
    // A superuser is a member of everything.
    if powers.first().is_none_or(|power| power != "is a superuser") {
        powers.extend(memberships.into_iter().map(|role| format!("is a member of {role}")));
    }
    // `15.18 (Debian …)`
    let version: &str = row.try_get(6)?;
    let role = Role {
        name: row.try_get(0)?,
        powers,
        is_standby: row.try_get(5)?,
        server: format!("PostgreSQL {}", version.split(' ').next().unwrap_or_default()),
        host: host.to_owned(),
        database: row.try_get(7)?,
        system: None,
    };
    Ok((role, row.try_get(8)?))
}

/// What the role could do to these tables beside reading, in words.
pub fn powers(connection: &mut Connection, oids: &[u32], cancel: &CancelToken) -> Result<Vec<String>, Fault> {
    let parameter = (Box::new(oids.to_vec()) as Box<_>, Type::OID_ARRAY);
    let answer = one(connection.ask(vec![Asked::new(statements::TABLE_PRIVILEGES, vec![parameter])], cancel)?);
    let writes: Vec<String> = answer.rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
    let power = format!("has {} on the tables of the store", writes.join(", "));
    Ok(if writes.is_empty() { Vec::new() } else { vec![power] })
}

/// What makes a role that may read these tables, each with its schema, and nothing else: statements on one line. `hides_rows`:
/// one of them would hide rows from it.
pub fn script(database: &str, tables: &[(String, String)], hides_rows: bool) -> String {
    let mut schemas: Vec<&String> = tables.iter().map(|(schema, _)| schema).collect();
    schemas.sort_unstable();
    schemas.dedup();
    let mut script = String::from(
        "CREATE ROLE refold_reader LOGIN PASSWORD '…' CONNECTION LIMIT 3; \
         ALTER ROLE refold_reader SET default_transaction_read_only = on; \
         ALTER ROLE refold_reader SET statement_timeout = '30s'; ",
    );
    if hides_rows {
        script.push_str("ALTER ROLE refold_reader BYPASSRLS; ");
    }
    script.push_str(&format!(
        "GRANT CONNECT ON DATABASE {} TO refold_reader; ",
        quoted(database)
    ));
    for schema in schemas {
        script.push_str(&format!("GRANT USAGE ON SCHEMA {} TO refold_reader; ", quoted(schema)));
    }
    for (schema, table) in tables {
        script.push_str(&format!(
            "GRANT SELECT ON {}.{} TO refold_reader; ",
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

/// What lets a role sign in to a database.
pub fn grant_to_connect(role: &str, database: &str) -> String {
    format!("GRANT CONNECT ON DATABASE {} TO {};", quoted(database), quoted(role))
}
