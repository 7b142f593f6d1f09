//! What a store that is watched tells.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::{AppErrorWire, FindingWire};

/// How an open store is, told whenever that changes.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct StoreNews {
    /// How many events the store holds, as far as the index goes; `None` while there is none.
    pub events: Option<u32>,
    /// Events that came since the store was opened.
    pub new_events: u32,
    /// Its size as a person reads it, once it was read again; `None`: it is as it was when it was opened, or cannot be told.
    pub size: Option<String>,
    /// How many came in a second, lately.
    pub events_per_second: u32,
    /// The open histories of the store, and how many events each has now.
    pub histories: Vec<HistoryGrowth>,
    /// Why the store cannot be read now; `None`: it can. What was read stays as it is.
    pub lost: Option<LostStore>,
    /// Somebody wrote to the store, and what is new cannot be told from what is shown: it is not followed until it is opened
    /// again.
    pub is_outdated: bool,
    /// When the store was read last, RFC 3339: everything shown is as of then.
    pub as_of: String,
    /// Told once: the store was open out of what is kept of it, its server answers again, and from now on the store itself is
    /// open. It takes the place of what was said when it was opened.
    pub back: Option<StoreBack>,
    /// Committed events that are not shown, because others may still come between them; `None`: there are none, or they are
    /// for a moment only.
    pub held_back: Option<HeldBackWire>,
}

/// Events that are held back: positions as they are shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct HeldBackWire {
    /// The last one that is shown; empty: none is.
    pub behind: String,
    /// The last one that was seen.
    pub last: String,
    /// RFC 3339.
    pub since: String,
}

/// What is said of a store itself, in the place of what was said of it out of what is kept.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct StoreBack {
    /// RFC 3339.
    pub since: String,
    pub kind: String,
    pub evidence: Vec<String>,
    pub read_only: Vec<String>,
    pub size: String,
    pub findings: Vec<FindingWire>,
}

#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct HistoryGrowth {
    pub history: u32,
    pub events: u32,
}

/// A store that is out of reach, and when it is tried again.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct LostStore {
    pub error: AppErrorWire,
    /// It holds other events than are shown, or another store stands at its place: trying again finds the same, and all of it
    /// must be read anew.
    pub is_another: bool,
    /// RFC 3339.
    pub since: String,
    pub retry_in_millis: u32,
}
