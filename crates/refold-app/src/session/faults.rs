//! What a person is told when the local index cannot be built or read.

use refold_stores::index::IndexError;

use crate::error::{AppError, ErrorCode};

impl From<IndexError> for AppError {
    fn from(error: IndexError) -> AppError {
        let message = error.to_string();
        match error {
            IndexError::Store(error) => error.into(),
            IndexError::Cancelled(cancelled) => cancelled.into(),
            IndexError::Disk { .. } => AppError::new(
                ErrorCode::Denied,
                message,
                "make room and rights there, or set REFOLD_HOME to another folder",
            ),
            IndexError::Damaged { .. } => AppError::new(
                ErrorCode::Corrupt,
                message,
                "run it again: it is a cache, and is made anew where the store can be reached",
            ),
            IndexError::OverBudget { .. } => AppError::new(
                ErrorCode::Unreachable,
                message,
                "raise max_copy_megabytes in settings.toml (or the number of the line cache of the connection), or work without the \
                 copy: search reads the store instead",
            ),
            IndexError::Busy { .. } => AppError::new(
                ErrorCode::Unreachable,
                message,
                "wait for the other one, then run it again",
            ),
            IndexError::TooLarge { .. } => AppError::new(
                ErrorCode::Unreachable,
                message,
                "single streams can still be read: name one",
            )
            .typed("refold history STORE STREAM"),
            IndexError::Unordered { .. } => AppError::new(
                ErrorCode::Corrupt,
                message,
                "check the layout: its position column must be ascending",
            ),
        }
    }
}
