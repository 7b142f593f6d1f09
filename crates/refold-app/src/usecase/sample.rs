//! The sample store, made on this machine when somebody asks for it.

use std::ops::ControlFlow;
use std::path::PathBuf;

use refold_core::work::{Phase, Work};
use refold_fixtures::orders::{self, Options, WriteError};

use crate::error::{AppError, ErrorCode};
use crate::places::Places;

/// Where the sample store is, when it was made.
pub fn made(places: &Places) -> Option<PathBuf> {
    Some(places.sample().join("orders.db")).filter(|store| store.is_file())
}

/// Makes it, where it is not there yet.
pub fn make(work: &Work<'_>, places: &Places) -> Result<PathBuf, AppError> {
    if let Some(store) = made(places) {
        return Ok(store);
    }
    let progress = |done, total| match work.tick(Phase::MakingTheSampleStore, done, Some(total)) {
        Ok(()) => ControlFlow::Continue(()),
        Err(_) => ControlFlow::Break(()),
    };
    let written = orders::write(&places.sample(), &Options::default(), progress)?;
    Ok(written.store)
}

impl From<WriteError> for AppError {
    fn from(error: WriteError) -> AppError {
        let message = error.to_string();
        let code = match error {
            WriteError::Cancelled => return refold_core::work::Cancelled.into(),
            WriteError::Options(_) | WriteError::NotOurs { .. } => ErrorCode::InvalidInput,
            WriteError::Io { .. } | WriteError::Sqlite(_) => ErrorCode::Denied,
        };
        AppError::new(
            code,
            message,
            "make room and rights there, or set REFOLD_HOME to another folder",
        )
    }
}
