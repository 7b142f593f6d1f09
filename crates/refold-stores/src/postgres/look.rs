//! Opening: reaches the server, looks at what may be read there, refuses what should not be used, and says what was found.

use std::cell::RefCell;
use std::sync::{Arc, Mutex};

use refold_core::event::Position;
use refold_core::port::store::{Fingerprint, StoreDescription, StoreError};
use refold_core::work::{CancelToken, Work};
use tokio_postgres::types::Type;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::catalogue::Survey;
use super::connection::Connection;
use super::options::Options;
use super::privileges::{self, Role};
use super::settling::Watched;
use super::{Asked, Bound, PostgresStore, statements};
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

/// Tables with more pages of 8 KiB than this are not searched through without consent.
const MOST_SCANNED_PAGES: i64 = 8_192;

/// A connection, the role there, and how further connections are encrypted.
pub fn reach(work: &Work<'_>, options: &Options) -> Result<(Connection, Role, Option<MakeRustlsConnect>), StoreError> {
    let tls = tls::config(options.encryption, options.roots(), options.location())?.map(MakeRustlsConnect::new);
    let cancel = work.cancel_token();
    let mut connection = Connection::open(options, tls.as_ref(), cancel)?;
    let role = Role::ask(&mut connection, cancel).map_err(|fault| fault.at(options.location()))?;
    Ok((connection, role, tls))
}

pub fn candidates(work: &Work<'_>, options: &Options) -> Result<Vec<Candidate>, StoreError> {
    let (mut connection, _, _) = reach(work, options)?;
    let survey = Survey::take(&mut connection, work.cancel_token()).map_err(|fault| fault.at(options.location()))?;
    let look = look_for_layout(&survey, options.location(), &|_| None);
    Ok(look.candidates().into_iter().map(|bound| bound.candidate).collect())
}

pub fn open(
    work: &Work<'_>,
    options: &Options,
    choice: Option<&LayoutChoice>,
    open_options: &OpenOptions,
) -> Result<PostgresStore, StoreError> {
    let (location, cancel) = (options.location(), work.cancel_token());
    let (connection, role, tls) = reach(work, options)?;
    let at = |fault: Fault| fault.at(location);
    let connection = RefCell::new(connection);
    let survey = Survey::take(&mut connection.borrow_mut(), cancel).map_err(at)?;
    let kind = |table: &Table, column: &str| survey.column(table, column).map(|(_, kind)| kind);
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
    let misfit = |misfit: String| StoreError::NoLayout {
        location: location.to_owned(),
        detail: format!("layout {} does not fit: {misfit}", layout.name),
    };
    let bound = Bound::bind(chosen.plan, &survey.catalogue, &kind).map_err(misfit)?;
    let place = survey.place(&bound.plan.full_name, &layout.map.position.spellings);
    let place = place.ok_or_else(|| misfit("its table is gone".to_owned()))?;
    let family = Family::ask(&mut connection, place.0, cancel).map_err(at)?;
    family.check(&bound, options)?;
    let writes = privileges::writes(&mut connection, &family.oids, cancel).map_err(at)?;
    let powers = privileges::powers(&role, &writes);
    if !powers.is_empty() && options.elevated_role.as_ref() != Some(&role.name) {
        return Err(privileges::refusal(&role, &powers, location, &bound.tables));
    }
    let watched = Watched::find(
        &mut connection,
        &bound.plan,
        place,
        &family.oids,
        role.is_standby,
        cancel,
    )
    .map_err(at)?;
    let changes = changes(&mut connection, &family.oids, cancel).map_err(at)?;
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
        role.system.as_deref().unwrap_or(location),
        &role.database,
        &bound.plan.full_name,
        &place.0.to_string(),
        &bound.schema,
        &layout.hash,
    ]);
    let mut description = StoreDescription {
        kind: format!(
            "PostgreSQL {}",
            role.server_version.split(' ').next().unwrap_or_default()
        ),
        layout: chosen.candidate.layout,
        layout_title: layout.title.clone(),
        evidence,
        order: layout.quality,
        version_base: None,
        time_digits: 0,
        time_zone: String::new(),
        has_stream_index: bound.plan.has_stream_index,
        read_only: read_only(&role, &powers, options),
        byte_count: Some(family.byte_count),
        position_span: span.map(|(first, last)| (Position(first), Position(last))),
        event_count: span.map_or(Some(0), |(first, last)| {
            u64::try_from(i128::from(last) - i128::from(first) + 1).ok()
        }),
        count_is_exact: false,
    };
    Probed::of(work, &reached, settled)?.tell(bound, open_options.zone.is_some(), &mut description);
    Ok(PostgresStore {
        fingerprint: Fingerprint {
            identity,
            last_position: description.position_span.map(|(_, last)| last),
            change_token: format!("{settled:?}:{}:{}", changes.0, changes.1),
        },
        horizon: Mutex::new(found.horizon),
        settled,
        description,
        watched,
        reached,
    })
}

/// A further connection, to the server and role of the first.
fn further(
    options: &Options,
    tls: Option<&MakeRustlsConnect>,
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
        dialect: Dialect::Postgres,
        location,
        decodes,
        advice_when_empty: "look whether the events are in another database of the server, and whether the role may read \
                            them",
    }
}

/// A table with all tables below it.
struct Family {
    oids: Vec<u32>,
    foreign: Option<String>,
    page_count: i64,
    byte_count: u64,
}

impl Family {
    fn ask(connection: &mut Connection, oid: u32, cancel: &CancelToken) -> Result<Family, Fault> {
        let asked = Asked::new(statements::FAMILY, vec![(Box::new(oid) as Box<_>, Type::OID)]);
        let answer = one(connection.ask(vec![asked], cancel)?);
        let mut family = Family {
            oids: Vec::new(),
            foreign: None,
            page_count: 0,
            byte_count: 0,
        };
        for row in &answer.rows {
            let (kind, name): (String, String) = (row.try_get(1)?, row.try_get(2)?);
            if !matches!(kind.as_str(), "r" | "p") {
                family.foreign = Some(name);
            }
            family.oids.push(row.try_get(0)?);
            // A table that was never counted says -1.
            family.page_count += row.try_get::<_, i64>(3)?.max(0);
            let byte_count: Option<i64> = row.try_get(4)?;
            family.byte_count += byte_count.and_then(|count| u64::try_from(count).ok()).unwrap_or(0);
        }
        Ok(family)
    }

    fn check(&self, bound: &Bound, options: &Options) -> Result<(), StoreError> {
        let location = options.location().to_owned();
        let table = &bound.plan.full_name;
        if let Some(name) = &self.foreign {
            return Err(StoreError::NoLayout {
                location,
                detail: format!(
                    "part of table {table} is elsewhere ({name}), and reading it would run what leads there"
                ),
            });
        }
        let page_count = self
            .page_count
            .max(i64::try_from(self.byte_count / 8_192).unwrap_or(i64::MAX));
        if !bound.plan.has_position_index && page_count > MOST_SCANNED_PAGES && !options.may_scan {
            return Err(StoreError::NoLayout {
                location,
                detail: format!(
                    "table {table} has no index on {}, so that each page of events would look through all of its {} MiB; \
                     ask its owner for an index, or add allow_scans=yes to the address",
                    bound.plan.position,
                    page_count / 128
                ),
            });
        }
        Ok(())
    }
}

fn read_only(role: &Role, powers: &[String], options: &Options) -> Vec<String> {
    let who = if powers.is_empty() {
        format!(
            "the role {} may read the tables of the store and not write to them",
            role.name
        )
    } else {
        format!(
            "the role {} could do more than read ({}); it is used because the address allows it by name",
            role.name,
            powers.join(", ")
        )
    };
    let mut told = vec![
        who,
        "each page is a read-only transaction of its own, of at most 30 seconds and undone at its end; row security is off, \
         so that hidden rows are an error"
            .to_owned(),
        "all statements are of a closed list, without a view, function or type of the store".to_owned(),
        options.encryption.sentence().to_owned(),
    ];
    if role.is_standby {
        told.push("the server is a standby: it takes no writes from anybody".to_owned());
    }
    told
}

fn changes(connection: &mut Connection, oids: &[u32], cancel: &CancelToken) -> Result<(i64, i64), Fault> {
    let parameter = (Box::new(oids.to_vec()) as Box<_>, Type::OID_ARRAY);
    let answer = one(connection.ask(vec![Asked::new(statements::CHANGES, vec![parameter])], cancel)?);
    let Some(row) = answer.rows.first() else {
        return Ok((0, 0));
    };
    let (updated, deleted): (Option<i64>, Option<i64>) = (row.try_get(0)?, row.try_get(1)?);
    Ok((updated.unwrap_or(0), deleted.unwrap_or(0)))
}

fn first_position(connection: &mut Connection, bound: &Bound, cancel: &CancelToken) -> Result<Option<i64>, Fault> {
    let sql = statements::end(&bound.plan, false);
    let answer = one(connection.ask(vec![Asked::new(sql, Vec::new())], cancel)?);
    Ok(answer.rows.first().map(|row| row.try_get(0)).transpose()?)
}
