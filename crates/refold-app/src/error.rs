//! The one failure that crosses to a face: what failed and why, what to do about it, and a code a face can act on.

use refold_core::port::store::StoreError;
use refold_core::work::Cancelled;

use crate::percent::encoded;
use crate::wire::AppErrorWire;
pub use crate::wire::ErrorCode;

/// Every use case fails with this.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct AppError {
    pub code: ErrorCode,
    /// What failed and why, one sentence.
    pub message: String,
    /// What to do about it, one sentence; empty when there is nothing to do. It is read in the window too, where nobody
    /// can type an option: its words hold in both places.
    pub hint: String,
    /// How that is said on a command line: what to type, exactly. Empty when there is nothing to type. Only the command
    /// line prints it.
    pub typed: String,
    /// Layouts to choose from, when `code` is [`ErrorCode::Ambiguous`] or [`ErrorCode::NoLayout`].
    pub choices: Vec<String>,
}

impl AppError {
    pub fn new(code: ErrorCode, message: impl Into<String>, hint: impl Into<String>) -> AppError {
        AppError {
            code,
            message: message.into(),
            hint: hint.into(),
            typed: String::new(),
            choices: Vec::new(),
        }
    }

    /// Says what to type for it on a command line.
    #[must_use]
    pub fn typed(self, typed: impl Into<String>) -> AppError {
        AppError {
            typed: typed.into(),
            ..self
        }
    }

    /// The same failure, where something else is to be done about it.
    #[must_use]
    pub fn advised(self, hint: impl Into<String>) -> AppError {
        AppError {
            hint: hint.into(),
            typed: String::new(),
            ..self
        }
    }

    /// The call or its input is wrong.
    pub fn invalid(message: impl Into<String>, hint: impl Into<String>) -> AppError {
        AppError::new(ErrorCode::InvalidInput, message, hint)
    }

    /// What was asked for does not exist.
    pub fn not_found(message: impl Into<String>, hint: impl Into<String>) -> AppError {
        AppError::new(ErrorCode::NotFound, message, hint)
    }

    /// A fault of this program.
    pub fn internal(message: impl Into<String>) -> AppError {
        AppError::new(
            ErrorCode::Internal,
            message,
            "this is a fault of Refold: please report it with the steps to it",
        )
    }

    pub fn is_cancelled(&self) -> bool {
        self.code == ErrorCode::Cancelled
    }

    /// What the command line exits with: 1 it found what must not be, 2 the call or its input is wrong, 3 it could not run, 130 cancelled.
    pub fn exit_code(&self) -> u8 {
        match self.code {
            ErrorCode::Cancelled => 130,
            ErrorCode::Rewritten | ErrorCode::Distrusted => 1,
            ErrorCode::InvalidInput
            | ErrorCode::NotFound
            | ErrorCode::NotAnEventStore
            | ErrorCode::NoLayout
            | ErrorCode::Ambiguous => 2,
            ErrorCode::Unreachable
            | ErrorCode::Denied
            | ErrorCode::PasswordNeeded
            | ErrorCode::Corrupt
            | ErrorCode::HandlerFailed
            | ErrorCode::Internal => 3,
        }
    }
}

/// To the window, which has no command line.
impl From<AppError> for AppErrorWire {
    fn from(error: AppError) -> AppErrorWire {
        AppErrorWire {
            code: error.code,
            message: error.message,
            hint: error.hint,
            choices: error.choices,
        }
    }
}

impl From<Cancelled> for AppError {
    fn from(_: Cancelled) -> AppError {
        AppError::new(ErrorCode::Cancelled, "cancelled", "")
    }
}

impl From<StoreError> for AppError {
    fn from(error: StoreError) -> AppError {
        let message = error.to_string();
        let (code, hint, choices) = match error {
            StoreError::Elevated {
                role, revoke, script, ..
            } => {
                let taken = match revoke.as_str() {
                    "" => String::new(),
                    revoke => format!(
                        "if nothing else needs it, have its owner or an administrator take that from it: {revoke} Or "
                    ),
                };
                let hint = format!(
                    "{taken}use a role that can only read, which this makes; or add allow_elevated={} to the address to insist: {script}",
                    encoded(&role)
                );
                return AppError::new(ErrorCode::Denied, message, hint);
            }
            StoreError::Ungranted { script, .. } => {
                let hint = match script.as_str() {
                    "" => "ask its owner for the right to read it; Refold never needs the right to write".to_owned(),
                    script => format!(
                        "have its owner or an administrator say this, then open it again; Refold never needs the right to write: {script}"
                    ),
                };
                return AppError::new(ErrorCode::Denied, message, hint);
            }
            StoreError::Address { .. } => (
                ErrorCode::InvalidInput,
                "write it as postgres://user@host:5432/database or mysql://user@host:3306/database",
                Vec::new(),
            ),
            StoreError::Cancelled(cancelled) => return cancelled.into(),
            StoreError::NotAnEventStore { advice, .. } => (ErrorCode::NotAnEventStore, advice, Vec::new()),
            StoreError::NotAFile { .. } => (
                ErrorCode::InvalidInput,
                "name the file that holds the events: a database, or a file of text",
                Vec::new(),
            ),
            StoreError::NoLayout { .. } => (
                ErrorCode::NoLayout,
                "if it holds events, name the layout that fits, or describe where they are in a layout file",
                Vec::new(),
            ),
            StoreError::UnknownLayout { known, .. } => (ErrorCode::NoLayout, "name a layout that there is", known),
            StoreError::Ambiguous { candidates, .. } => (ErrorCode::Ambiguous, "choose one of the layouts", candidates),
            StoreError::Unreachable { .. } => (
                ErrorCode::Unreachable,
                "look whether the path or address is right and reachable from here",
                Vec::new(),
            ),
            StoreError::Blocked { advice, .. } => (ErrorCode::Unreachable, advice, Vec::new()),
            StoreError::Denied { .. } => (
                ErrorCode::Denied,
                "look whether the account and its password (or certificate) are the right ones, or ask for the right to read; Refold never needs the \
                 right to write",
                Vec::new(),
            ),
            StoreError::Costly { .. } => (
                ErrorCode::Denied,
                "ask the owner of the store for an index or for fresh statistics (ANALYZE), or insist with allow_scans=yes \
                 in the address",
                Vec::new(),
            ),
            StoreError::Corrupt { .. } => (
                ErrorCode::Corrupt,
                "copy it again from where it came, or open a backup; of an SQLite database its tool's .recover saves what \
                 is left",
                Vec::new(),
            ),
            StoreError::Packed { .. } => (
                ErrorCode::Corrupt,
                "get the file again from where it came: it is cut off, or was changed after it was compressed",
                Vec::new(),
            ),
            StoreError::Case { .. } => (ErrorCode::Corrupt, "get the file again from whom it came", Vec::new()),
            StoreError::Changed { .. } => (
                ErrorCode::Unreachable,
                "open it again; if it keeps changing, open a copy of it",
                Vec::new(),
            ),
            StoreError::Layout { .. } => (ErrorCode::InvalidInput, "correct the layout file there", Vec::new()),
            StoreError::Scratch { .. } => (
                ErrorCode::Denied,
                "make room and rights there, set REFOLD_HOME to another folder, or open a backup of the store",
                Vec::new(),
            ),
            StoreError::Unlogged { .. } => (
                ErrorCode::Denied,
                "make room and rights there, or set REFOLD_HOME to another folder",
                Vec::new(),
            ),
            StoreError::Driver { .. } => (
                ErrorCode::Unreachable,
                "open it again; if it fails again, open a copy of it",
                Vec::new(),
            ),
        };
        let typed = match code {
            ErrorCode::NoLayout | ErrorCode::Ambiguous => "--layout NAME or FILE",
            _ => "",
        };
        AppError {
            choices,
            ..AppError::new(code, message, hint).typed(typed)
        }
    }
}

#[cfg(test)]
mod tests;
