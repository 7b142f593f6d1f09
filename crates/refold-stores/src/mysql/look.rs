//! Opening: reaches the server, looks at what may be read there, refuses what should not be used, and says what was found.

use std::cell::RefCell;
use std::sync::{Arc, Mutex};

use refold_core::event::Position;
use refold_core::port::store::{Fingerprint, StoreDescription, StoreError};
use refold_core::work::{CancelToken, Work};
use rustls::ClientConfig;

use super::catalogue::Survey;
use super::connection::Connection;
use super::options::Options;
use super::privileges::{self, Role};
use super::settling::Watched;
use super::value::Parameter;
use super::{Asked, Bound, MySql, MySqlStore, statements};
use crate::layout::Dialect;
use crate::server::connections::Connections;
use crate::server::link::{Fault, Link as _, one};
use crate::server::probe::{Probed, first_payloads_decode};
use crate::server::settling::{Watch as _, settle};
use crate::server::store::{Reached, identity};
use crate::server::tls;
use crate::tables::Table;
use crate::tables::detect::Look;
use crate::tables::plan::Plan;
use crate::{Candidate, LayoutChoice, OpenOptions};

/// Tables larger than this are not searched through without consent.
const MOST_SCANNED_BYTES: u64 = 64 << 20;

/// A connection, the account there, and how further connections are encrypted.
pub fn reach(work: &Work<'_>, options: &Options) -> Result<(Connection, Role, Option<Arc<ClientConfig>>), StoreError> {
    let tls = tls::config(options.encryption(), options.roots(), options.location())?.map(Arc::new);
    let cancel = work.cancel_token();
    let mut connection = Connection::open(options, tls.as_ref(), cancel)?;
    let role = Role::ask(&mut connection, cancel).map_err(|fault| fault.at(options.location()))?;
    Ok((connection, role, tls))
}

pub fn candidates(work: &Work<'_>, options: &Options) -> Result<Vec<Candidate>, StoreError> {
    let (mut connection, role, _) = reach(work, options)?;
    let survey = Survey::take(&mut connection, &role.database, work.cancel_token());
    let survey = survey.map_err(|fault| fault.at(options.location()))?;
    let look = look_for_layout(&survey, options.location(), &|_| None);
    Ok(look.candidates().into_iter().map(|bound| bound.candidate).collect())
}

pub fn open(
    work: &Work<'_>,
    options: &Options,
    choice: Option<&LayoutChoice>,
    open_options: &OpenOptions,
) -> Result<MySqlStore, StoreError> {
    let (location, cancel) = (options.location(), work.cancel_token());
    let (connection, role, tls) = reach(work, options)?;
    let at = |fault: Fault| fault.at(location);
    let connection = RefCell::new(connection);
    let survey = Survey::take(&mut connection.borrow_mut(), &role.database, cancel).map_err(at)?;
    let kind = |table: &Table, column: &str| survey.kind(table, column);
    let decodes = |plan: &Plan| {
        let bound = Bound::bind(plan.clone(), &survey.catalogue, &kind).ok()?;
        first_payloads_decode(&mut *connection.borrow_mut(), &bound, cancel)
    };
    let mut chosen = look_for_layout(&survey, location, &decodes).choose(choice)?;
    if let Some(zone) = &open_options.zone {
        chosen.plan.layout.read_in(zone);
    }
    let mut connection = connection.into_inner();
    let layout = chosen.plan.layout.clone();
    let bound = Bound::bind(chosen.plan, &survey.catalogue, &kind).map_err(|misfit| StoreError::NoLayout {
        location: location.to_owned(),
        detail: format!("layout {} does not fit: {misfit}", layout.name),
    })?;
    let byte_count = survey.byte_count(&bound.plan.full_name);
    check_size(&bound, byte_count, options)?;
    let is_allowed = options.elevated_role.as_ref().is_some_and(|name| role.is_called(name));
    if !role.powers.is_empty() && !is_allowed {
        return Err(privileges::refusal(&role, location, &bound.tables));
    }
    let table = (role.database.clone(), bound.plan.table.clone());
    let is_counted = survey.is_counted(&bound.plan.full_name, &layout.map.position.spellings);
    let watched = Watched::new(&bound.plan, table.clone(), &role, is_counted);
    let written = written(&mut connection, &table, cancel).map_err(at)?;
    let first = first_position(&mut connection, &bound, cancel).map_err(at)?;
    let connect = {
        let (options, role) = (options.clone(), role.clone());
        move |cancel: &CancelToken| further(&options, tls.as_ref(), &role, cancel)
    };
    let reached = Arc::new(Reached {
        connections: Connections::new(location, connection, connect),
        bound,
    });
    let found = settle(&watched, &reached, cancel)?;
    let settled = found.horizon.settled();
    let span = first.zip(settled).filter(|(first, settled)| first <= settled);

    let mut evidence = chosen.candidate.evidence;
    evidence.push(found.evidence);
    evidence.extend(
        watched
            .doubt()
            .map(|doubt| format!("the order of events rests on an assumption: {doubt}")),
    );
    let bound = &reached.bound;
    let identity = identity(&[
        &role.system,
        &role.database,
        &bound.plan.full_name,
        &bound.schema,
        &layout.hash,
    ]);
    let mut description = StoreDescription {
        kind: role.server.clone(),
        layout: chosen.candidate.layout,
        layout_title: layout.title.clone(),
        evidence,
        order: layout.quality,
        version_base: None,
        time_digits: 0,
        time_zone: String::new(),
        has_stream_index: bound.plan.has_stream_index,
        read_only: read_only(&role, options),
        byte_count: Some(byte_count),
        position_span: span.map(|(first, last)| (Position(first), Position(last))),
        event_count: span.map_or(Some(0), |(first, last)| {
            u64::try_from(i128::from(last) - i128::from(first) + 1).ok()
        }),
        count_is_exact: false,
    };
    Probed::of(work, &reached, settled)?.tell(bound, open_options.zone.is_some(), &mut description);
    Ok(MySqlStore {
        fingerprint: Fingerprint {
            identity,
            last_position: description.position_span.map(|(_, last)| last),
            change_token: format!("{settled:?}:{}", written.unwrap_or_default()),
        },
        horizon: Mutex::new(found.horizon),
        settled,
        description,
        watched,
        reached,
    })
}

/// A further connection, to the server and account of the first.
fn further(
    options: &Options,
    tls: Option<&Arc<ClientConfig>>,
    first: &Role,
    cancel: &CancelToken,
) -> Result<Connection, StoreError> {
    let mut connection = Connection::open(options, tls, cancel)?;
    let role = Role::ask(&mut connection, cancel).map_err(|fault| fault.at(options.location()))?;
    if (&role.system, &role.database, &role.name) != (&first.system, &first.database, &first.name) {
        return Err(StoreError::Changed {
            location: options.location().to_owned(),
            detail: "another server answers now".to_owned(),
        });
    }
    Ok(connection)
}

fn look_for_layout<'a>(survey: &'a Survey, location: &'a str, decodes: &'a dyn Fn(&Plan) -> Option<bool>) -> Look<'a> {
    Look {
        catalogue: &survey.catalogue,
        dialect: Dialect::MySql,
        location,
        decodes,
        advice_when_empty: "look whether the events are in another database of the server, and whether the account may \
                            read them",
    }
}

fn check_size(bound: &Bound, byte_count: u64, options: &Options) -> Result<(), StoreError> {
    if bound.plan.has_position_index || byte_count <= MOST_SCANNED_BYTES || options.may_scan {
        return Ok(());
    }
    Err(StoreError::NoLayout {
        location: options.location().to_owned(),
        detail: format!(
            "table {} has no index on {}, so that each page of events would look through all of its {} MiB; ask its owner \
             for an index, or add allow_scans=yes to the address",
            bound.plan.full_name,
            bound.plan.position,
            byte_count >> 20
        ),
    })
}

fn read_only(role: &Role, options: &Options) -> Vec<String> {
    let who = if role.powers.is_empty() {
        format!(
            "the account {} may read the tables of the store and not write to them",
            role.name
        )
    } else {
        format!(
            "the account {} could do more than read ({}); it is used because the address allows it by name",
            role.name,
            role.powers.join(", ")
        )
    };
    let mut told = vec![
        who,
        "each page is a read-only transaction of its own, of at most 30 seconds and undone at its end".to_owned(),
        "all statements are of a closed list, without a view or a routine of the store".to_owned(),
        options.encryption().sentence().to_owned(),
    ];
    if role.is_standby {
        told.push("the server is read-only: it takes no writes from ordinary accounts".to_owned());
    }
    told
}

/// When the table was last written to, by the server's own account.
fn written(
    connection: &mut Connection,
    (database, table): &(String, String),
    cancel: &CancelToken,
) -> Result<Option<String>, Fault> {
    let parameters = [database, table].map(|name| Parameter::Text(name.clone()));
    let asked = Asked::new(statements::WRITTEN, parameters.into());
    let answer = one::<MySql>(connection.ask(vec![asked], cancel)?);
    Ok(answer.rows.first().and_then(|row| row.text(0)))
}

fn first_position(connection: &mut Connection, bound: &Bound, cancel: &CancelToken) -> Result<Option<i64>, Fault> {
    let sql = statements::end(&bound.plan, false);
    let answer = one(connection.ask(vec![Asked::new(sql, Vec::new())], cancel)?);
    Ok(answer.rows.first().and_then(|row| row.integer(0)))
}
