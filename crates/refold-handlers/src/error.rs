//! What is wrong with a handler package, and where.
//!
//! Every error of a text file carries file, line and column, a stable `RF-…` code of `docs/handlers.md`, and a sentence
//! that says what to do.

use std::fmt;
use std::sync::Arc;

/// A place in a text file, as editors count: line and column (in characters) from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mark {
    pub line: u32,
    pub column: u32,
}

impl Mark {
    /// The place that stands for a whole file.
    pub const START: Mark = Mark { line: 1, column: 1 };

    /// The mark of a byte offset in `source`. An offset past the end gives the end.
    pub fn from_offset(source: &str, offset: usize) -> Mark {
        let before = source.get(..offset).unwrap_or(source);
        let line = before.bytes().filter(|byte| *byte == b'\n').count();
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count();
        Mark {
            line: count(line) + 1,
            column: count(column) + 1,
        }
    }
}

/// A mark and the file that it is in. Prints as `reducer.yaml:12:7`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The path from the package folder, with forward slashes; the file name for a bare reducer.
    pub file: Arc<str>,
    pub mark: Mark,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.mark.line, self.mark.column)
    }
}

/// A package that cannot be used as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}{}", place.as_ref().map(|place| format!(" ({place})")).unwrap_or_default())]
pub struct PackageError {
    pub code: &'static str,
    /// What is wrong and what to do about it.
    pub message: String,
    /// `None` only when no file could be read.
    pub place: Option<Place>,
}

impl PackageError {
    pub(crate) fn at(code: &'static str, file: &Arc<str>, mark: Mark, message: impl Into<String>) -> PackageError {
        PackageError {
            code,
            message: message.into(),
            place: Some(Place {
                file: Arc::clone(file),
                mark,
            }),
        }
    }

    pub(crate) fn nowhere(code: &'static str, message: impl Into<String>) -> PackageError {
        PackageError {
            code,
            message: message.into(),
            place: None,
        }
    }
}

/// The codes that this crate gives. Each is described, with what to do, in `docs/handlers.md`.
pub mod code {
    pub const PKG_READ: &str = "RF-PKG-READ";
    pub const PKG_SYNTAX: &str = "RF-PKG-SYNTAX";
    pub const PKG_MANIFEST: &str = "RF-PKG-MANIFEST";
    pub const PKG_VERSION: &str = "RF-PKG-VERSION";
    pub const PKG_HASH: &str = "RF-PKG-HASH";
    pub const PKG_REDUCER: &str = "RF-PKG-REDUCER";
    pub const PKG_EXPRESSION: &str = "RF-PKG-EXPRESSION";
    pub const PKG_TYPE: &str = "RF-PKG-TYPE";
    pub const PKG_UPCASTER: &str = "RF-PKG-UPCASTER";
    pub const PKG_INVARIANT: &str = "RF-PKG-INVARIANT";
    pub const PKG_CASE: &str = "RF-PKG-CASE";
    pub const PKG_STORY: &str = "RF-PKG-STORY";
    pub const PKG_PROGRAM: &str = "RF-PKG-PROGRAM";

    /// A file of edits for a branch.
    pub const EDITS: &str = "RF-EDITS";

    pub const UPCAST_GAP: &str = "RF-UPCAST-GAP";
    pub const UPCAST_CYCLE: &str = "RF-UPCAST-CYCLE";

    pub const LIMIT_STEPS: &str = "RF-LIMIT-STEPS";
    pub const LIMIT_MEMORY: &str = "RF-LIMIT-MEMORY";
    pub const LIMIT_STATE: &str = "RF-LIMIT-STATE";
    pub const LIMIT_DEPTH: &str = "RF-LIMIT-DEPTH";
    pub const LIMIT_OUTPUT: &str = "RF-LIMIT-OUTPUT";

    pub const EVENT_SIZE: &str = "RF-EVENT-SIZE";
    pub const EVENT_MALFORMED: &str = "RF-EVENT-MALFORMED";
    pub const EVENT_DEPTH: &str = "RF-EVENT-DEPTH";

    /// A handler made another state of the same events.
    pub const NONDETERMINISTIC: &str = "RF-NONDETERMINISTIC";

    pub const HANDLER_TYPE: &str = "RF-HANDLER-TYPE";
    pub const HANDLER_THROW: &str = "RF-HANDLER-THROW";
}

/// A count as the 32 bits that marks hold; a file has fewer than 2^32 lines (its size is limited far below).
pub(crate) fn count(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}
