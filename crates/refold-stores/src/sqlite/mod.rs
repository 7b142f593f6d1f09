//! The adapter for SQLite databases.
//!
//! [`open`] lets nothing be written ([`copy`] where the store is in use, [`stamp`] says whether it is), [`guard`] lets
//! nothing but tables be read, [`catalogue`] says what tables there are, [`crate::tables`] which layouts fit them,
//! [`reader`] reads events: in [`bulk`] from the pages of the file ([`image`]) where that is possible, by statements
//! otherwise; [`survey`] and [`detour`] lead around damage. This module ties them together.
//!
//! It must not know servers, nor layouts one by one.

mod bulk;
mod catalogue;
mod connections;
mod copy;
mod course;
mod detour;
mod guard;
mod image;
mod key;
mod open;
mod page;
mod plain;
mod probe;
mod reader;
mod row;
pub mod rows;
mod stamp;
mod survey;
#[cfg(test)]
pub(crate) mod tests;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use refold_core::event::Position;
use refold_core::port::store::{
    EventReader, EventStore, Fingerprint, PositionRange, RawColumn, ReadQuery, StoreDescription, StoreError,
};
use refold_core::work::Work;
use rusqlite::Connection;
use rusqlite::limits::Limit;
use rusqlite::types::{Type, ValueRef};
use sha2::{Digest as _, Sha256};

use self::bulk::Bulk;
use self::connections::Connections;
use self::copy::CopyReason;
use self::open::Source;
use self::page::ByImage;
use self::reader::SqliteReader;
use self::stamp::FileStamp;
use self::survey::Ground;
use crate::layout::{Dialect, Layout, hex};
use crate::tables::detect::{Bound, Look};
use crate::tables::plan::Plan;
use crate::tables::{Catalogue, cut, quoted};
use crate::value::zone_label;
use crate::{Candidate, LayoutChoice, OpenOptions};

/// Looking at a store before it is read takes no longer than this, whatever is in it.
const TIME_TO_LOOK: Duration = Duration::from_secs(5);
/// How often a store is looked at while a writer keeps changing it.
const OPEN_ATTEMPTS: u32 = 5;

/// An opened SQLite store: what it held when it was opened.
pub struct SqliteStore {
    connections: Arc<Connections>,
    plan: Arc<Plan>,
    by_image: ByImage,
    description: StoreDescription,
    identity: String,
}

impl SqliteStore {
    pub fn open(
        work: &Work<'_>,
        path: &Path,
        choice: Option<&LayoutChoice>,
        options: &OpenOptions,
    ) -> Result<SqliteStore, StoreError> {
        let (source, looked) = at_rest(work, path, options, |source| {
            let (mut connection, catalogue) = look(work, source)?;
            let location = source.path().display().to_string();
            let decodes = |plan: &Plan| probe::first_payloads_decode(&connection, plan);
            let mut bound = look_for_layout(&catalogue, &location, &decodes).choose(choice)?;
            if let Some(zone) = &options.zone {
                bound.plan.layout.read_in(zone);
            }
            let identity = identity(source, &catalogue, &bound.plan.layout);
            let probed = probe::probe(&connection, &mut bound.plan);
            work.check()?;
            guard::stop_watching(&mut connection).map_err(|error| guard::store_error(source.path(), &error))?;
            let by_image = by_image(source, &bound.plan, &catalogue);
            let description = describe(source, &bound, &probed, options.zone.is_some());
            Ok((connection, bound.plan, by_image, description, identity))
        })?;
        let (connection, plan, by_image, description, identity) = looked;
        let connections = Connections::new(source);
        connections.give_back(connection);
        Ok(SqliteStore {
            connections: Arc::new(connections),
            plan: Arc::new(plan),
            by_image,
            description,
            identity,
        })
    }

    /// The same store, read by statements wherever these can: what reading in bulk is compared with.
    #[cfg(any(test, fuzzing))]
    pub fn by_statements(mut self) -> SqliteStore {
        self.by_image.is_for_damage = true;
        self
    }

    /// Every layout that fits, best first.
    pub fn candidates(work: &Work<'_>, path: &Path, options: &OpenOptions) -> Result<Vec<Candidate>, StoreError> {
        let (_, found) = at_rest(work, path, options, |source| {
            let (connection, catalogue) = look(work, source)?;
            let location = source.path().display().to_string();
            let decodes = |plan: &Plan| probe::first_payloads_decode(&connection, plan);
            Ok(look_for_layout(&catalogue, &location, &decodes).candidates())
        })?;
        Ok(found.into_iter().map(|bound| bound.candidate).collect())
    }
}

/// Opens the file and looks at it, again where another program wrote to it meanwhile: what was read then is worth
/// nothing, whatever it looks like, and pages of two moments look like damage.
fn at_rest<T>(
    work: &Work<'_>,
    path: &Path,
    options: &OpenOptions,
    look: impl Fn(&Source) -> Result<T, StoreError>,
) -> Result<(Source, T), StoreError> {
    let mut attempt = 1;
    loop {
        let source = Source::open(work, path, options, attempt > 1)?;
        let looked = look(&source);
        match source.check_unchanged() {
            Ok(()) => return looked.map(|looked| (source, looked)),
            Err(StoreError::Changed { .. }) if attempt < OPEN_ATTEMPTS => attempt += 1,
            Err(error) => return Err(error),
        }
    }
}

fn look_for_layout<'a>(
    catalogue: &'a Catalogue,
    location: &'a str,
    decodes: &'a dyn Fn(&Plan) -> Option<bool>,
) -> Look<'a> {
    Look {
        catalogue,
        dialect: Dialect::Sqlite,
        location,
        decodes,
        advice_when_empty: "look whether the program that writes it uses another file, or open a backup",
    }
}

/// A connection that is watched, and what tables there are.
fn look(work: &Work<'_>, source: &Source) -> Result<(Connection, Catalogue), StoreError> {
    let driver = |error: rusqlite::Error| guard::store_error(source.path(), &error);
    let mut connection = source.connect()?;
    guard::watch(&mut connection, work.cancel_token(), Some(TIME_TO_LOOK)).map_err(driver)?;
    let catalogue = Catalogue::read(&connection).map_err(driver)?;
    Ok((connection, catalogue))
}

impl EventStore for SqliteStore {
    fn describe(&self) -> &StoreDescription {
        &self.description
    }

    fn fingerprint(&self) -> Result<Fingerprint, StoreError> {
        let stamp = self.connections.source().stamp();
        let of = |file: &FileStamp| format!("{}:{}:{}", file.byte_count, file.modified_nanos, file.changed_nanos);
        let mut token = of(&stamp.database);
        token.push_str(&format!(
            ":{}",
            hex(&stamp.database.head[24..28.min(stamp.database.head.len())])
        ));
        for companion in [&stamp.wal, &stamp.journal].into_iter().flatten() {
            token.push_str(&format!(":{}:{}", of(companion), hex(&companion.head)));
        }
        let last_position = self.description.position_span.map(|(_, last)| last);
        Ok(Fingerprint {
            identity: self.identity.clone(),
            last_position,
            change_token: token,
        })
    }

    fn is_current(&self) -> Result<bool, StoreError> {
        self.connections.source().is_current()
    }

    fn read(&self, query: &ReadQuery) -> Result<Box<dyn EventReader>, StoreError> {
        Ok(Box::new(SqliteReader::new(
            Arc::clone(&self.plan),
            &self.by_image,
            Arc::clone(&self.connections),
            query,
        )?))
    }

    fn split(&self, parts: usize) -> Result<Vec<PositionRange>, StoreError> {
        let span = self.description.position_span;
        Ok(span.map_or(vec![(None, None)], |span| cut(span, parts)))
    }

    fn raw(&self, position: Position) -> Result<Option<Vec<RawColumn>>, StoreError> {
        self.connections.source().check_unchanged()?;
        let connection = self.connections.take()?;
        // A row that somebody looks at is shown however large it is.
        let limit = |bytes| connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, bytes);
        let raw = limit(guard::MOST_LENGTH_LIMIT_BYTES).and_then(|_| raw_row(&connection, &self.plan, position));
        // Whoever takes the connection next finds it as it was, whatever became of this row.
        let reset = limit(guard::LENGTH_LIMIT_BYTES);
        if reset.is_ok() {
            self.connections.give_back(connection);
        }
        self.connections.source().check_unchanged()?;
        let raw = raw.and_then(|raw| reset.map(|_| raw));
        raw.map_err(|error| guard::store_error(self.connections.source().path(), &error))
    }
}

fn by_image(source: &Source, plan: &Plan, catalogue: &Catalogue) -> ByImage {
    let Some(image) = source.image().map(Arc::new) else {
        return ByImage::default();
    };
    ByImage {
        bulk: Bulk::bind(plan, catalogue, &image).map(Arc::new),
        ground: Ground::bind(plan, catalogue, &image),
        is_for_damage: false,
    }
}

fn raw_row(connection: &Connection, plan: &Plan, position: Position) -> rusqlite::Result<Option<Vec<RawColumn>>> {
    let columns: Vec<String> = plan
        .table_columns
        .iter()
        .map(|name| format!("\"event\".{}", quoted(name)))
        .collect();
    let (table, position_sql) = (quoted(&plan.table), &plan.position);
    let sql = format!(
        "SELECT {} FROM {table} AS \"event\" WHERE {position_sql} = ?1",
        columns.join(", ")
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([position.0])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let mut columns = Vec::with_capacity(plan.table_columns.len());
    for (index, name) in plan.table_columns.iter().cloned().enumerate() {
        let value = row.get_ref(index)?;
        let bytes = match value {
            ValueRef::Null => Vec::new(),
            ValueRef::Integer(number) => number.to_string().into_bytes(),
            ValueRef::Real(number) => number.to_string().into_bytes(),
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes.to_owned(),
        };
        let kind = match value.data_type() {
            Type::Null => "NULL",
            Type::Integer => "INTEGER",
            Type::Real => "REAL",
            Type::Text => "TEXT",
            Type::Blob => "BLOB",
        };
        columns.push(RawColumn {
            name,
            kind: kind.to_owned(),
            bytes,
        });
    }
    Ok(Some(columns))
}

fn identity(source: &Source, catalogue: &Catalogue, layout: &Layout) -> String {
    let stamp = &source.stamp().database;
    let mut hash = Sha256::new();
    for part in [
        source.path().as_os_str().as_encoded_bytes(),
        &stamp.device.to_le_bytes(),
        &stamp.inode.to_le_bytes(),
        catalogue.schema.as_bytes(),
        layout.hash.as_bytes(),
    ] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hex(&hash.finalize())
}

fn describe(source: &Source, bound: &Bound, probed: &probe::Probed, is_zone_asked: bool) -> StoreDescription {
    let layout = &bound.plan.layout;
    let mut evidence = bound.candidate.evidence.clone();
    evidence.extend(probed.evidence.iter().cloned());
    let how = match source.copy_reason() {
        None => {
            "the file is opened with immutable=1: SQLite takes no lock and touches no other file, and each page is \
             checked for changes"
        }
        Some(CopyReason::LiveWal) => {
            "the store is in use (it has a write-ahead log): it was copied to a private folder, and the copy is read"
        }
        Some(CopyReason::HotJournal) => {
            "the store holds an interrupted transaction: it was copied to a private folder, and the transaction undone \
             in the copy"
        }
        Some(CopyReason::Written) => {
            "the store is in use (it was written to just now): it was copied to a private folder without a lock, the \
             copy is of one moment, and the copy is read"
        }
    };
    StoreDescription {
        kind: "SQLite".to_owned(),
        layout: bound.candidate.layout.clone(),
        layout_title: layout.title.clone(),
        evidence,
        order: layout.quality,
        grows_at_end: true,
        version_base: bound
            .plan
            .version
            .as_ref()
            .and(layout.map.version_base.or(probed.version_base)),
        skips_versions: layout.map.skips_versions,
        time_digits: probed.time_digits,
        time_zone: layout.map.recorded_at.as_ref().map_or_else(
            || "no recorded time".to_owned(),
            |source| zone_label(source.zone.as_ref(), is_zone_asked, probed.zones),
        ),
        has_stream_index: bound.plan.has_stream_index,
        opened: Some(how.to_owned()),
        read_only: vec![
            "the connection is read-only, and may only read tables: writing, views, triggers and all but a few \
             functions are refused"
                .to_owned(),
            "no statement comes from the store or from you: they are made of the layout, with quoted names".to_owned(),
        ],
        byte_count: Some(source.stamp().database.byte_count),
        position_span: probed.position_span,
        event_count: probed.event_bound,
        count_is_exact: false,
        own_chain: None,
        follows_another: false,
        is_elevated: false,
        unsettled: None,
    }
}
