//! Why the local index cannot be used, by what the caller does about it.

use std::io;
use std::path::Path;

use refold_core::event::Position;
use refold_core::port::store::StoreError;
use refold_core::work::Cancelled;

use super::{arena, ids};

/// Every failure of the local index. The store itself stays usable without one.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// The cache folder cannot be read or written (disk full, no permission).
    #[error("cannot {action} the local index: {source}: {path}")]
    Disk {
        action: &'static str,
        path: String,
        source: io::Error,
    },
    /// A file is not what was written. [`super::discard`] and build again.
    #[error("{what} is damaged ({detail}): it is given up, and must be built again: {path}")]
    Damaged {
        what: &'static str,
        path: String,
        detail: String,
    },
    /// The copy of all payloads would take more of the disk than it may.
    #[error(
        "the copy of all payloads needs about {} MB and may take {} MB", needed_bytes.div_ceil(1_000_000), most_bytes / 1_000_000
    )]
    OverBudget { needed_bytes: u64, most_bytes: u64 },
    /// Another process builds the index of the same store right now.
    #[error("the local index of this store is being built by another process: {path}")]
    Busy { path: String },
    /// More events or streams than ordinals of 32 bits can number.
    #[error("the store is too large for the local index: more than 4294967294 {what}")]
    TooLarge { what: &'static str },
    /// The adapter broke its promise of position order, which everything here stands on.
    #[error("the store gave position {} after a later one, so it cannot be indexed", position.0)]
    Unordered { position: Position },
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl IndexError {
    pub(super) fn disk(action: &'static str, path: &Path, source: io::Error) -> IndexError {
        IndexError::Disk {
            action,
            path: path.display().to_string(),
            source,
        }
    }

    pub(super) fn damaged(path: &Path, detail: impl Into<String>) -> IndexError {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let what = match name {
            _ if arena::owns(name) => "the copy of the payloads",
            _ if ids::owns(name) => "the index of ids",
            _ => "the local index",
        };
        IndexError::Damaged {
            what,
            path: path.display().to_string(),
            detail: detail.into(),
        }
    }
}
