//! What failed, and how far something is.

use refold_core::work::Phase;
use serde::{Deserialize, Serialize};
use specta::Type;

use super::{FindingWire, PhaseWire};

/// The only failure that crosses to a face. A `code` exists because a face acts on it.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct AppErrorWire {
    pub code: ErrorCode,
    /// What failed and why, one sentence.
    pub message: String,
    /// What to do about it, one sentence; empty when there is nothing to do.
    pub hint: String,
    /// Layout ids to choose from, when `code` is `Ambiguous`.
    pub choices: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum ErrorCode {
    Cancelled,
    InvalidInput,
    NotFound,
    NotAnEventStore,
    // It can be read, and no layout fits it: naming one may help.
    NoLayout,
    Ambiguous,
    Unreachable,
    Denied,
    // A person has to say the password, or it was a wrong one.
    PasswordNeeded,
    Corrupt,
    // It is whole, and not what was signed once.
    Rewritten,
    // What it is held against is not what was signed or stamped once.
    Distrusted,
    HandlerFailed,
    Internal,
}

#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct JobUpdate {
    pub job: u32,
    /// What runs; `None` where that goes without saying.
    pub phase: Option<PhaseWire>,
    pub done: u32,
    pub total: Option<u32>,
    /// So often both are to be doubled: 0, unless more is counted than such a number holds, as bytes of large files are.
    pub doublings: u32,
}

impl JobUpdate {
    pub fn of(job: u32, phase: Phase, done: u64, total: Option<u64>) -> JobUpdate {
        let most = total.unwrap_or_default().max(done);
        let doublings = (u64::BITS - most.leading_zeros()).saturating_sub(u32::BITS);
        // Nothing is left of it beyond what fits.
        let halved = |count: u64| u32::try_from(count >> doublings).unwrap_or(u32::MAX);
        JobUpdate {
            job,
            phase: Some(phase.into()),
            done: halved(done),
            total: total.map(halved),
            doublings,
        }
    }

    /// Says that something is there and not how far it is.
    pub fn bare(job: u32) -> JobUpdate {
        JobUpdate {
            job,
            phase: None,
            done: 0,
            total: None,
            doublings: 0,
        }
    }
}

/// What a history tells without being asked, while it is opened and as long as it is open: how far a long fold is
/// (about ten times a second, from a tenth of a second on), and findings that came up.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct HistoryUpdate {
    /// The job that cancels whatever runs for this history, its opening too. The history stays open.
    pub job: u32,
    /// What runs; `None`: nothing any more.
    pub phase: Option<PhaseWire>,
    /// Events, or other steps of the phase.
    pub done: u32,
    pub total: Option<u32>,
    /// As in [`JobUpdate`].
    pub doublings: u32,
    /// All findings of the history, when there are others than were told before.
    pub findings: Option<Vec<FindingWire>>,
}

impl HistoryUpdate {
    /// Says that nothing runs.
    pub fn idle(job: u32) -> HistoryUpdate {
        HistoryUpdate {
            job,
            phase: None,
            done: 0,
            total: None,
            doublings: 0,
            findings: None,
        }
    }
}

impl From<JobUpdate> for HistoryUpdate {
    fn from(update: JobUpdate) -> HistoryUpdate {
        HistoryUpdate {
            phase: update.phase,
            done: update.done,
            total: update.total,
            doublings: update.doublings,
            ..HistoryUpdate::idle(update.job)
        }
    }
}
