//! What MySQL and MariaDB tell of themselves before a store of theirs is opened.

use std::collections::BTreeSet;
use std::sync::Arc;

use refold_core::port::store::StoreError;
use refold_core::work::CancelToken;
use rustls::ClientConfig;

use super::catalogue::{self, Beside};
use super::connection::Connection;
use super::options::{Options, Place};
use super::privileges::{self, Insight};
use super::settling::Watched;
use super::value::Parameter;
use super::{Asked, MySql, statements};
use crate::layout::Dialect;
use crate::server::link::{Fault, Link as _, one};
use crate::server::open::{Account, Extent, Inspected, Open, Role, Source, Words};
use crate::server::powers::Power;
use crate::server::rights::Lack;
use crate::server::survey::Survey;

impl Open for MySql {
    type Address = Place;
    type Insight = Insight;
    type Beside = Beside;

    const DIALECT: Dialect = Dialect::MySql;
    const WORDS: Words = Words {
        account: "account",
        promises: [
            "each page is a read-only transaction of its own, of at most 30 seconds and undone at its end",
            "all statements are of a closed list, without a view or a routine of the store",
        ],
        standby: "the server is read-only: it takes no writes from ordinary accounts",
        advice_when_empty: "look whether the events are in another database of the server, and whether the account may \
                            read them",
    };

    fn connect(
        options: &Options,
        tls: Option<&Arc<ClientConfig>>,
        opened_on: Option<&str>,
        cancel: &CancelToken,
    ) -> Result<Connection, StoreError> {
        Connection::open(options, tls, opened_on, cancel)
    }

    fn account(connection: &mut Connection, cancel: &CancelToken) -> Result<Account<MySql>, Fault> {
        privileges::ask(connection, cancel)
    }

    fn survey(connection: &mut Connection, role: &Role, cancel: &CancelToken) -> Result<Survey<MySql>, Fault> {
        catalogue::survey(connection, &role.database, cancel)
    }

    fn extent(_: &mut Connection, beside: &Beside, _: &CancelToken) -> Result<Extent, Fault> {
        Ok(Extent {
            byte_count: beside.byte_count,
            elsewhere: None,
        })
    }

    /// Those of the account are all that there are.
    fn powers(_: &mut Connection, _: &[&Beside], _: &Account<MySql>, _: &CancelToken) -> Result<Vec<Power>, Fault> {
        Ok(Vec::new())
    }

    fn inspect(
        connection: &mut Connection,
        source: &Source<'_, MySql>,
        account: &Account<MySql>,
        cancel: &CancelToken,
    ) -> Result<Inspected<MySql>, Fault> {
        let plan = &source.bound.plan;
        let table = (account.role.database.clone(), plan.table.clone());
        let named = [&table.0, &table.1].map(|name| Parameter::Text(name.clone()));
        let asked = vec![
            Asked::new(statements::WRITTEN, named.into()),
            Asked::new(statements::TELLS_LOCKS, Vec::new()),
        ];
        let mut answers = connection.ask(asked, cancel)?.into_iter();
        let written = one::<MySql>(answers.by_ref().take(1).collect());
        let tells_locks = answers.next().is_some_and(|answer| !answer.rows.is_empty());
        let is_counted = source.beside.counted.as_deref() == Some(source.position);
        let extent = MySql::extent(connection, source.beside, cancel)?;
        Ok(Inspected {
            number: None,
            extent,
            changes: written.rows.first().and_then(|row| row.text(0)).unwrap_or_default(),
            watched: Watched::new(plan, table, account, (is_counted, tells_locks)),
            places: None,
        })
    }

    fn is_called(name: &str, allowed: &str) -> bool {
        privileges::is_called(name, allowed)
    }

    fn script(role: &Role, tables: &[(String, String)], _: bool) -> String {
        privileges::script(role, tables)
    }

    fn grant(role: &Role, lack: &Lack<'_>) -> String {
        privileges::grant(&role.name, lack)
    }

    /// A table and a column that may not be read are not in its catalogue at all.
    fn shown_in_part(account: &Account<MySql>) -> Option<&BTreeSet<String>> {
        let insight = &account.insight;
        (!insight.reads_all).then_some(&insight.read_in_part)
    }
}
