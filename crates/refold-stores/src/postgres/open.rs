//! What PostgreSQL tells of itself before a store of its own is opened.

use std::sync::Arc;

use refold_core::port::store::StoreError;
use refold_core::work::CancelToken;
use rustls::ClientConfig;
use tokio_postgres::types::Type;

use super::catalogue::{self, Beside};
use super::connection::Connection;
use super::options::{Options, Place};
use super::placed::{Heap, Placed};
use super::settling::{Numbered, Watched};
use super::{Asked, Postgres, privileges, statements};
use crate::layout::Dialect;
use crate::server::link::{Fault, Link as _, one};
use crate::server::open::{Account, Extent, Inspected, Open, Role, Source, Words};
use crate::server::powers::Power;
use crate::server::rights::Lack;
use crate::server::survey::Survey;
use crate::tables::Table;

impl Open for Postgres {
    type Address = Place;
    type Insight = ();
    type Beside = Beside;

    const DIALECT: Dialect = Dialect::Postgres;
    const WORDS: Words = Words {
        account: "role",
        promises: [
            "each page is a read-only transaction of its own, of at most 30 seconds and undone at its end; row security is \
             off, so that hidden rows are an error",
            "all statements are of a closed list, without a view, function or type of the store",
        ],
        standby: "the server is a standby: it takes no writes from anybody",
        advice_when_empty: "look whether the events are in another database of the server, and whether the role may read \
                            them",
    };

    fn connect(
        options: &Options,
        tls: Option<&Arc<ClientConfig>>,
        opened_on: Option<&str>,
        cancel: &CancelToken,
    ) -> Result<Connection, StoreError> {
        Connection::open(options, tls, opened_on, cancel)
    }

    fn account(connection: &mut Connection, cancel: &CancelToken) -> Result<Account<Postgres>, Fault> {
        let role = privileges::ask(connection, cancel)?;
        Ok(Account { role, insight: () })
    }

    fn survey(connection: &mut Connection, _: &Role, cancel: &CancelToken) -> Result<Survey<Postgres>, Fault> {
        catalogue::survey(connection, cancel)
    }

    fn extent(connection: &mut Connection, beside: &Beside, cancel: &CancelToken) -> Result<Extent, Fault> {
        Ok(Family::ask(connection, beside.oid, cancel)?.extent())
    }

    fn powers(
        connection: &mut Connection,
        besides: &[&Beside],
        _: &Account<Postgres>,
        cancel: &CancelToken,
    ) -> Result<Vec<Power>, Fault> {
        let oids: Vec<u32> = besides.iter().map(|beside| beside.oid).collect();
        privileges::powers(connection, &oids, cancel)
    }

    fn inspect(
        connection: &mut Connection,
        source: &Source<'_, Postgres>,
        account: &Account<Postgres>,
        cancel: &CancelToken,
    ) -> Result<Inspected<Postgres>, Fault> {
        let oid = source.beside.oid;
        let number = source.beside.numbers.get(source.position).copied();
        let family = Family::ask(connection, oid, cancel)?;
        let extent = family.extent();
        let is_standby = account.role.is_standby;
        let plan = &source.bound.plan;
        let (watched, changes, places) = if plan.is_by_place {
            let heap = family.heap(oid).ok_or(Fault::Closed)?;
            let (placed, places) = Placed::find(connection, heap, is_standby, cancel)?;
            let changes = placed.changes();
            (Watched::Placed(placed), changes, Some(places))
        } else {
            let changes = changes(connection, &family.oids, cancel)?;
            // No column has the number 0.
            let column = (oid, number.unwrap_or_default());
            let numbered = Numbered::find(connection, plan, column, family.oids, is_standby, cancel)?;
            (Watched::Numbered(numbered), changes, None)
        };
        Ok(Inspected {
            number: Some(oid.to_string()),
            extent,
            changes,
            watched,
            places,
        })
    }

    fn script(role: &Role, tables: &[(String, String)], hides_rows: bool) -> String {
        privileges::script(role, tables, hides_rows)
    }

    fn grant_bodies(role: &Role, table: &Table, columns: &[String]) -> String {
        privileges::grant_large_objects(&role.name, table, columns)
    }

    fn grant(role: &Role, lack: &Lack<'_>) -> String {
        privileges::grant(&role.name, lack)
    }
}

/// A table with all tables below it.
#[derive(Default)]
struct Family {
    oids: Vec<u32>,
    /// Those of them that hold rows.
    plain: Vec<u32>,
    foreign: Option<String>,
    byte_count: u64,
}

impl Family {
    fn ask(connection: &mut Connection, oid: u32, cancel: &CancelToken) -> Result<Family, Fault> {
        let asked = Asked::new(statements::FAMILY, vec![(Box::new(oid) as Box<_>, Type::OID)]);
        let answer = one(connection.ask(vec![asked], cancel)?);
        let mut family = Family::default();
        for row in &answer.rows {
            let (kind, name): (String, String) = (row.try_get(1)?, row.try_get(2)?);
            if !matches!(kind.as_str(), "r" | "p") {
                family.foreign = Some(name);
            }
            let oid = row.try_get(0)?;
            family.oids.push(oid);
            family.plain.extend((kind == "r").then_some(oid));
            let byte_count: Option<i64> = row.try_get(3)?;
            family.byte_count += byte_count.and_then(|count| u64::try_from(count).ok()).unwrap_or(0);
        }
        Ok(family)
    }

    /// The one that holds all rows of the table `of`.
    fn heap(&self, of: u32) -> Option<Heap> {
        match self.plain.as_slice() {
            [oid] => Some(Heap {
                oid: *oid,
                root: (*oid != of).then_some(of),
            }),
            _ => None,
        }
    }

    fn extent(&self) -> Extent {
        Extent {
            byte_count: self.byte_count,
            elsewhere: self.foreign.clone(),
        }
    }
}

/// How many rows were changed and removed, by the server's own count.
fn changes(connection: &mut Connection, oids: &[u32], cancel: &CancelToken) -> Result<String, Fault> {
    let parameter = (Box::new(oids.to_vec()) as Box<_>, Type::OID_ARRAY);
    let answer = one(connection.ask(vec![Asked::new(statements::CHANGES, vec![parameter])], cancel)?);
    let Some(row) = answer.rows.first() else {
        return Ok("0:0".to_owned());
    };
    let (updated, deleted): (Option<i64>, Option<i64>) = (row.try_get(0)?, row.try_get(1)?);
    Ok(format!("{}:{}", updated.unwrap_or(0), deleted.unwrap_or(0)))
}
