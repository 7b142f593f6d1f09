//! Handlers by the name that a person gives.

use std::sync::Arc;

use refold_core::port::handler::{HandlerIdentity, HandlerProgram};
use refold_handlers::error::PackageError;

use crate::error::AppError;
use crate::wire::HandlerWire;

/// The handler that needs no code: every payload is a merge patch on the state.
pub const DEFAULT: &str = "builtin:merge";

/// A package folder or a reducer file, with a version of a package after `@`, or [`DEFAULT`], which `None` means too.
pub fn open(handler: Option<&str>) -> Result<Arc<dyn HandlerProgram>, AppError> {
    Ok(refold_handlers::package::open(handler.unwrap_or(DEFAULT))?)
}

/// `order@1.1.0`.
pub fn label(identity: &HandlerIdentity) -> String {
    format!("{}@{}", identity.name, identity.version)
}

pub fn wire(identity: &HandlerIdentity) -> HandlerWire {
    HandlerWire {
        name: identity.name.clone(),
        version: identity.version.clone(),
        hash: identity.hash.clone(),
        engine: identity.engine.clone(),
    }
}

impl From<PackageError> for AppError {
    fn from(error: PackageError) -> AppError {
        AppError::invalid(
            error.to_string(),
            "correct the handler there; docs/handlers.md says what each code means",
        )
    }
}
