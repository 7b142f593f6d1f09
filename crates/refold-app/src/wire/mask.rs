//! What masking rules hide of a store, and what a person revealed.

use serde::{Deserialize, Serialize};
use specta::Type;

use crate::mask::Part;

/// What is revealed of a store now.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct MaskState {
    /// Whether any masking rule holds for the store.
    pub has_rules: bool,
    /// The oldest first.
    pub revealed: Vec<RevealWire>,
}

/// Everything at and below a path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RevealWire {
    /// The id as shown; `None`: every stream.
    pub stream: Option<String>,
    /// `None`: payloads, metadata and states.
    pub part: Option<Part>,
    /// A JSON pointer; empty: everything.
    pub path: String,
}
