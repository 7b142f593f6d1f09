//! What holds of the adapter for every server, told once and tried on a real one of each: nothing is written, nothing of
//! the store is run, no event is lost or doubled.
//!
//! A new adapter is done when [`over_each!`] names a [`Real`] of its kind.

pub mod anchored;
mod attacks;
mod certificates;
mod compared;
mod faults;
mod fitting;
mod gentle;
mod kept;
mod mariadb;
mod postgres;
mod read_models;
mod settling;
pub mod traces;
pub mod writers;

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use refold_app::connections::password::Passwords;
use refold_app::connections::{Asked, Named, url};
use refold_app::{AppError, Places, Session};
use refold_core::event::{Columns, Encoding, EventBatch, Position};
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::port::store::{Direction, EventStore, ReadQuery, Scope, StoreError};
use refold_core::time::Timestamp;
use refold_core::work::{CancelToken, Silent, Work};
use refold_stores::OpenOptions;
use refold_stores::secret::Secret;

use self::certificates::Papers;

/// A real server of one kind, with what is to be said to it in its own words.
pub trait Real: Sized + Send + Sync {
    /// Makes an event of this writer.
    fn insert(writer: u32, n: u32) -> String;
    const BEGIN: &'static str;
    fn pause(seconds: f64) -> String;
    /// Asks for all positions in their order.
    const POSITIONS: &'static str;
    /// Puts a view in the place of the table, which runs the trap.
    const VIEW: &'static str;
    /// Makes columns whose names are SQL that runs the trap, with 7 in every row.
    const ODD_NAMES: &'static str;
    const ODD_COLUMNS: &'static [&'static str];
    /// Takes a column of the table another name; the layout that fitted, and what it lacks now.
    const UNFIT: [&'static str; 3];
    /// Makes the account `refold_writer`, which may read the table and change a column of it.
    const WRITER: &'static str;
    /// How the server calls that, and a word of what it could do.
    const WRITER_COULD: [&'static str; 2];
    /// The account that may do everything, how an address allows it, and what is said of it.
    const OWNER: [&'static str; 3];
    /// Makes every event larger than a thousand bytes, and has the server look what it holds.
    const FATTEN: &'static str;
    /// Keeps the server from using the index of streams of a database, which it goes on to list.
    fn blind(database: &str) -> String;
    /// Takes away the account `refold_scripted`.
    const NOBODY_SCRIPTED: &'static str;

    /// The server that the tests of this process share.
    fn shared() -> Arc<Self>;
    /// A server of one's own, which loses nothing when it crashes.
    fn alone() -> Self;
    /// A server of one's own with the certificate of these papers, which knows their authority.
    fn certified(papers: &Papers) -> Self;
    /// As [`Real::store`], for whoever shows a certificate in the name that is answered behind the address.
    fn certified_store(&self, database: &str, events: u32) -> (String, String);
    fn boot(&self);
    fn crash(&self);
    /// Makes a database with so many events of 20 accounts; the address of somebody who may read it and nothing else.
    fn store(&self, database: &str, events: u32) -> String;
    /// Makes a database by these statements; the address of somebody who may read these tables and nothing else.
    fn tables(&self, database: &str, sql: &str, tables: &[&str]) -> String;
    /// Makes a database in which a part of the table is elsewhere; the address of who may read it.
    fn scattered(&self, database: &str) -> String;
    /// The address of somebody who may also see who writes.
    fn watching(&self, database: &str) -> String;
    fn address(&self, account: &str, database: &str) -> String;
    fn socket_address(&self, account: &str, database: &str) -> String;
    /// The address of a port at which nobody is, with a password in it.
    fn nowhere() -> &'static str;
    /// Makes what leaves a trace when it is run, then says `more`.
    fn set_traps(&self, database: &str, more: &str);
    fn is_sprung(&self, database: &str) -> bool;
    /// Ends all connections of ours to a database.
    fn hang_up(&self, database: &str);
    fn sql(&self, database: &str, sql: &str) -> String;
    /// A client that reads its statements from its input.
    fn client(&self, database: &str) -> Command;
    /// Makes everything as it will be when it was read.
    fn tidy_up(&self, database: &str);
    /// What would tell of a write.
    fn fingerprint(&self, database: &str) -> String;
    /// What the server wrote down of what its owner said, and the text of each statement of the catalogue in that; fails
    /// where there is anything else.
    fn statements(&self) -> Vec<String>;
}

/// The stories of a module as tests on a server of each kind.
macro_rules! over_each {
    ($($story:ident)*) => {
        mod on_postgres {
            $(#[test] fn $story() { super::$story::<refold_tests::postgres::Postgres>(); })*
        }
        mod on_mariadb {
            $(#[test] fn $story() { super::$story::<refold_tests::mariadb::Mariadb>(); })*
        }
    };
}
use over_each;

pub fn open(address: &str) -> Result<Arc<dyn EventStore>, StoreError> {
    let (token, options) = (CancelToken::default(), OpenOptions::in_scratch(std::env::temp_dir()));
    refold_stores::open(&Work::new(&token, &Silent), address, None, &options)
}

pub fn opened(address: &str) -> Arc<dyn EventStore> {
    open(address).unwrap_or_else(|error| panic!("{error}"))
}

/// The session of a person who types the password in the address.
pub fn session(address: &str, home: &Path) -> Result<Session, AppError> {
    struct Typed(Option<Secret>);

    impl Passwords for Typed {
        fn password(&self, _: &str) -> Option<Secret> {
            self.0.clone()
        }
    }

    let (connection, password) = url::parse(address).unwrap_or_else(|error| panic!("{error:?}"));
    let asked = Asked {
        store: Named::As(Box::new(connection)),
        passwords: Arc::new(Typed(password)),
        ..Asked::at("")
    };
    let token = CancelToken::default();
    Session::open_asked(&Work::new(&token, &Silent), &asked, &Places::below(home))
}

/// Why an address is not opened.
pub fn refused(address: &str) -> StoreError {
    open(address).map(drop).expect_err("it is not opened")
}

/// Positions and payloads of all events above `after`, read in batches of `rows`; `between` runs after each batch.
pub fn read_all(store: &dyn EventStore, after: Option<i64>, rows: usize, between: impl FnMut()) -> Vec<(i64, Vec<u8>)> {
    read_or_fail(store, after, rows, between).unwrap_or_else(|error| panic!("{error}"))
}

/// As [`read_all`], for what may not be read to its end.
pub fn read_or_fail(
    store: &dyn EventStore,
    after: Option<i64>,
    rows: usize,
    mut between: impl FnMut(),
) -> Result<Vec<(i64, Vec<u8>)>, StoreError> {
    let query = ReadQuery {
        scope: Scope::All {
            after: after.map(Position),
            up_to: None,
        },
        direction: Direction::Forward,
        columns: Columns::PAYLOAD,
    };
    let (token, findings) = (CancelToken::default(), Findings::default());
    let work = Work::new(&token, &Silent);
    let (mut batch, mut names) = (EventBatch::default(), Names::default());
    let mut reader = store.read(&query)?;
    let mut read = Vec::new();
    while reader.next_batch(&work, rows, &mut batch, &mut names, &findings)? {
        for row in 0..batch.len() {
            let event = batch.event(row);
            read.push((event.position.0, event.payload.unwrap_or_default().to_vec()));
        }
        batch.clear();
        between();
    }
    Ok(read)
}

/// An event as it is shown.
#[derive(Debug)]
pub struct Event {
    /// Stream, version and type.
    pub line: String,
    pub payload: String,
    pub encoding: Encoding,
    pub category: String,
    pub recorded_at: Timestamp,
    pub event_id: String,
    pub correlation_id: String,
    pub causation_id: String,
    pub schema_version: String,
    pub metadata: String,
}

/// What a store shows, all of it.
#[derive(Debug)]
pub struct Told {
    pub layout: String,
    pub events: Vec<Event>,
    /// Codes of findings, and how many of each.
    pub codes: Vec<(&'static str, u64)>,
}

impl Told {
    /// An event each: its stream, its version, its type.
    pub fn lines(&self) -> Vec<&str> {
        self.events.iter().map(|event| event.line.as_str()).collect()
    }
}

pub fn told(store: &dyn EventStore) -> Told {
    let (token, findings) = (CancelToken::default(), Findings::default());
    let (mut batch, mut names) = (EventBatch::default(), Names::default());
    let mut reader = store.read(&ReadQuery::all(Columns::ALL)).expect("a read starts");
    let text = |bytes: Option<&[u8]>| String::from_utf8_lossy(bytes.unwrap_or_default()).into_owned();
    let mut events = Vec::new();
    while reader
        .next_batch(&Work::new(&token, &Silent), 100, &mut batch, &mut names, &findings)
        .unwrap_or_else(|error| panic!("{error}"))
    {
        for row in 0..batch.len() {
            let event = batch.event(row);
            let stream = text(Some(names.stream(event.stream)));
            let version = match event.version {
                EventBatch::NO_VERSION => "-".to_owned(),
                version => version.0.to_string(),
            };
            let event_type = text(Some(names.type_name(event.event_type)));
            events.push(Event {
                line: format!("{stream} {version} {event_type}"),
                payload: text(event.payload),
                encoding: event.encoding,
                category: text(Some(names.category(event.stream))),
                recorded_at: event.recorded_at,
                event_id: text(event.event_id),
                correlation_id: text(event.correlation_id),
                causation_id: text(event.causation_id),
                schema_version: text(event.schema_version),
                metadata: text(event.metadata),
            });
        }
    }
    let codes = findings.summary().into_iter().map(|(code, count, _)| (code, count));
    Told {
        layout: store.describe().layout.clone(),
        events,
        codes: codes.collect(),
    }
}

/// How many events there are.
pub fn count(address: &str) -> usize {
    read_all(&*opened(address), None, 50, || {}).len()
}

/// The positions above this one.
pub fn positions(address: &str, after: i64) -> Vec<i64> {
    let read = read_all(&*opened(address), Some(after), 50, || {});
    read.into_iter().map(|(at, _)| at).collect()
}
