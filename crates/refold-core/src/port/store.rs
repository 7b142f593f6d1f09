//! The port to a user's event store.
//!
//! It has no way to write: no method appends, and an adapter opens its connection read-only.

use std::sync::Arc;

use crate::event::{Columns, EventBatch, Position, Version};
use crate::finding::Findings;
use crate::names::Names;
use crate::track::Numbering;
use crate::work::{Cancelled, Work};

/// Why a store could not be read, by what a person can do about it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It can be no event store, whatever layout is named. `advice` says what to do about it.
    #[error("not an event store: {detail}: {location}")]
    NotAnEventStore {
        location: String,
        detail: String,
        advice: &'static str,
    },
    /// A folder, a pipe, a device.
    #[error("{} is no store: {location}", if *is_folder { "a folder" } else { "what is no regular file" })]
    NotAFile { location: String, is_folder: bool },
    /// It can be read, and no layout fits it, or not the one that was named. `detail` says what was looked for and what
    /// was found.
    #[error("not an event store: {detail}: {location}")]
    NoLayout { location: String, detail: String },
    /// No layout has the name that was given.
    #[error("there is no layout \"{name}\"")]
    UnknownLayout {
        location: String,
        name: String,
        /// The names that there are.
        known: Vec<String>,
    },
    /// Several layouts fit about equally well; the user must name one.
    #[error("several layouts fit ({}): {location}", candidates.join(", "))]
    Ambiguous { location: String, candidates: Vec<String> },
    /// The address of a store on a server is not well written.
    #[error("not the address of a store: {detail}: {location}")]
    Address { location: String, detail: String },
    #[error("cannot reach the store: {detail}: {location}")]
    Unreachable { location: String, detail: String },
    /// The server can be reached, or would be, and something is in the way that has a remedy of its own. `detail`: a whole
    /// sentence.
    #[error("{detail}: {location}")]
    Blocked {
        location: String,
        detail: String,
        advice: &'static str,
    },
    /// Whoever asks is not let in.
    #[error("access denied: {detail}: {location}")]
    Denied { location: String, detail: String },
    /// We were let in, and may not read what the store is in. `script`: what its owner has to say, where that is known.
    #[error("access denied: {detail}: {location}")]
    Ungranted {
        location: String,
        detail: String,
        script: String,
    },
    /// The role that the store would be read as could do more than read. `revoke` takes that from it, where something does;
    /// `script` makes another that cannot.
    #[error("the role {role} could do more than read ({}): {location}", powers.join(", "))]
    Elevated {
        location: String,
        role: String,
        powers: Vec<String>,
        revoke: String,
        script: String,
    },
    /// The server would search through much to answer, and nobody allowed that.
    #[error("it would cost the server too much: {detail}: {location}")]
    Costly { location: String, detail: String },
    /// The store's own file or answer is damaged.
    #[error("the store is damaged: {detail}: {location}")]
    Corrupt { location: String, detail: String },
    /// A compressed file that cannot be unpacked to its end.
    #[error("the file is damaged: {detail}: {location}")]
    Packed { location: String, detail: String },
    /// A case file is not whole, or not what was written.
    #[error("the case file cannot be used: {detail}: {location}")]
    Case { location: String, detail: String },
    /// The store changed in a way that a read-only reader cannot follow (a file replaced, a WAL that vanished).
    #[error("the store changed while it was read: {detail}: {location}")]
    Changed { location: String, detail: String },
    /// A layout file or the mapping in it is wrong. `line` and `column` count from 1.
    #[error("wrong layout: {detail} (line {line}, column {column}): {location}")]
    Layout {
        location: String,
        line: u32,
        column: u32,
        detail: String,
    },
    /// The private copy that the store must be read from cannot be made. `location` is where it was to be.
    #[error("the store must be copied before it is read, and the copy cannot be made: {detail}: {location}")]
    Scratch { location: String, detail: String },
    /// What is sent to a server is written down first, and that cannot be done. `location` is the log.
    #[error("nothing is sent to the store, because the access log cannot be written: {detail}: {location}")]
    Unlogged { location: String, detail: String },
    #[error("cannot read the store: {detail}: {location}")]
    Driver { location: String, detail: String },
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

/// How good the order of positions is. Drives what the faces promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderQuality {
    /// The store numbers every event in the order it took them.
    Total,
    /// The store keeps no global order; rows are shown in physical order and said to be so.
    Approximate,
}

/// Whose hash chain a store keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnChain {
    /// Each event names its hash and that of the event before it; it may be signed.
    EventSourcingDb,
}

/// What an opened store can do and is. Plain data, ready to be shown.
#[derive(Debug, Clone)]
pub struct StoreDescription {
    /// `SQLite`, `JSON Lines`, …
    pub kind: String,
    /// The id of the layout, e.g. `emmett`, and its title.
    pub layout: String,
    pub layout_title: String,
    /// Why this layout was chosen, one sentence each.
    pub evidence: Vec<String>,
    pub order: OrderQuality,
    /// Whether what is new always stands behind what was there; where it does not, it may stand anywhere among that.
    pub grows_at_end: bool,
    /// The version of a stream's first event as probed: 0 or 1; `None` when the store holds no version.
    pub version_base: Option<i64>,
    /// Whether versions of a stream may be left out, by its layout: then one that is missing is no event that is.
    pub skips_versions: bool,
    /// Fractional digits of recorded times as probed: 0, 3, 6, 7 or 9.
    pub time_digits: u8,
    /// The zone that times without one were read in, e.g. `UTC (layout)`.
    pub time_zone: String,
    /// Whether [`EventStore::read`] answers [`Scope::Stream`] by an index of the store.
    pub has_stream_index: bool,
    /// How its bytes were come by this time, where that hangs on who else uses it just now.
    pub opened: Option<String>,
    /// How read-only is enforced whenever it is opened, one sentence each, strongest first.
    pub read_only: Vec<String>,
    /// Size of the store in bytes, where it is known.
    pub byte_count: Option<u64>,
    /// First and last position, where the store tells without a scan.
    pub position_span: Option<(Position, Position)>,
    /// How many events, where the store tells without a scan; `count_is_exact` says whether it is a bound only.
    pub event_count: Option<u64>,
    pub count_is_exact: bool,
    /// The hash chain that the store itself keeps over its events; `None`: it keeps none.
    pub own_chain: Option<OwnChain>,
    /// Whether its server follows another one, and may not have all yet that was read there.
    pub follows_another: bool,
    /// It is read as an account that could do more than read, because the address allows it by name.
    pub is_elevated: bool,
    /// Its end, where that may still change and so is not shown; `None`: all that was there is.
    pub unsettled: Option<Unsettled>,
}

/// The end of a store that is not shown: events may still come in between.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsettled {
    /// The last position that is shown; `None`: where it begins is not told by a position.
    pub behind: Option<Position>,
    /// The last position that was seen; `None`: it is not told by a position.
    pub last: Option<Position>,
    /// What it waits for, as the beginning of a sentence: `2 transactions that write were not over within 3 seconds`.
    pub why: String,
}

/// Events that were seen and are not shown, because others may still come between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeldBack {
    /// The last position that is settled; `None`: none is.
    pub behind: Option<Position>,
    /// The last position that was seen.
    pub last: Position,
}

impl StoreDescription {
    pub fn numbering(&self) -> Numbering {
        match self.skips_versions {
            true => Numbering::Skipping,
            false => Numbering::Whole {
                base: self.version_base,
            },
        }
    }

    /// How it is kept from being written to: this time, and whenever it is opened.
    pub fn guards(&self) -> Vec<String> {
        self.opened.iter().chain(&self.read_only).cloned().collect()
    }
}

/// Which events to read.
#[derive(Debug, Clone)]
pub enum Scope {
    /// Every event with `after < position <= up_to`, in position order.
    All {
        after: Option<Position>,
        up_to: Option<Position>,
    },
    /// The events of one stream with `from <= version <= to`, in version order (position order among equals).
    Stream {
        id: Vec<u8>,
        from: Option<Version>,
        to: Option<Version>,
    },
    /// Exactly these events, in this order. Positions that do not exist are left out.
    Positions(Vec<Position>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    Forward,
    Backward,
}

#[derive(Debug, Clone)]
pub struct ReadQuery {
    pub scope: Scope,
    pub direction: Direction,
    pub columns: Columns,
}

impl ReadQuery {
    /// All events in the order of their positions.
    pub fn all(columns: Columns) -> ReadQuery {
        ReadQuery {
            scope: Scope::All {
                after: None,
                up_to: None,
            },
            direction: Direction::Forward,
            columns,
        }
    }
}

/// A user's event store, opened read-only. Shareable: each reader has its own connection or handle.
pub trait EventStore: Send + Sync {
    fn describe(&self) -> &StoreDescription;

    /// Which store this is, how far it goes, and a token that changes whenever anything in it may have changed: what
    /// the local index and the copy of payloads are held against. Must not scan.
    fn fingerprint(&self) -> Result<Fingerprint, StoreError>;

    /// Which of the servers that its address names it is read from, as it is named: the one to begin with where it is opened
    /// again. `None`: it is on none.
    fn host(&self) -> Option<&str> {
        None
    }

    /// Whether the store is still as it was when it was opened. An opened store shows what it held then: when this is
    /// false, opening it again shows what came. Must not scan.
    fn is_current(&self) -> Result<bool, StoreError>;

    /// What [`EventStore::is_current`] saw last and did not count, because it is not settled. Asks nothing.
    fn held_back(&self) -> Option<HeldBack> {
        None
    }

    /// Starts a read. Nothing is fetched before the first [`EventReader::next_batch`].
    fn read(&self, query: &ReadQuery) -> Result<Box<dyn EventReader>, StoreError>;

    /// About `parts` ranges of position `(after, up_to]`, in order and without gap, that hold about equally many
    /// events, so that several threads can each read one. A single range is always a right answer.
    fn split(&self, parts: usize) -> Result<Vec<PositionRange>, StoreError>;

    /// Stands for what the store holds up to this event and right before it, so that whoever follows the store can tell
    /// that it was not only added to. `None` where rows may change, or where there is no such event.
    fn mark(&self, _position: Position) -> Result<Option<String>, StoreError> {
        Ok(None)
    }

    /// Where records stand that name this stream and cannot be read as events: so many may be missing from it. Must not scan.
    fn lost_of(&self, _stream: &[u8]) -> Vec<Position> {
        Vec::new()
    }

    /// The same store, of which somebody knows that it was settled up to `position` once, so that nothing can still come up to
    /// there: what stands there is read too. `None`: that makes no difference, or none is known.
    fn settled_up_to(&self, _position: Position) -> Option<Arc<dyn EventStore>> {
        None
    }

    /// The row of one event exactly as the store holds it, for the Raw view and for the chain that it keeps: column name and
    /// bytes as stored.
    fn raw(&self, position: Position) -> Result<Option<Vec<RawColumn>>, StoreError>;
}

/// Every position above the first and up to the second; `None` is without bound.
pub type PositionRange = (Option<Position>, Option<Position>);

/// Identifies the content of a store. Equal fingerprints: nothing changed. Equal `identity`: it only grew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint {
    /// Path, inode, schema and layout, hashed to text.
    pub identity: String,
    pub last_position: Option<Position>,
    /// Size and change counter, as text: equal means that nothing at all changed.
    pub change_token: String,
}

/// One column of a row as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawColumn {
    pub name: String,
    /// The store's type of this value: `TEXT`, `INTEGER`, `BLOB`, `NULL`, …
    pub kind: String,
    pub bytes: Vec<u8>,
}

/// A running read. Pulling gives back-pressure; dropping it ends it.
pub trait EventReader: Send {
    /// Puts up to about `max_rows` events into `batch`, in place of what it held, and returns whether any came.
    /// Ids and types are interned in `names`, which may be others than at the call before. What cannot be decoded is
    /// among them all the same, as [`crate::event::Encoding::Opaque`], and reported to `findings`.
    ///
    /// After an error the reader is finished.
    fn next_batch(
        &mut self,
        work: &Work<'_>,
        max_rows: usize,
        batch: &mut EventBatch,
        names: &mut Names,
        findings: &Findings,
    ) -> Result<bool, StoreError>;
}
