//! One payload or metadata document, whatever it is.

use serde::{Deserialize, Serialize};
use specta::Type;

/// What a document is, and what can be shown of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PayloadView {
    pub kind: PayloadKind,
    /// `48.2 MB`; empty where masking rules hide a part, as are the next two.
    pub size: String,
    pub byte_count: u32,
    pub sha256: String,
    /// What the bytes look like: `PNG image`, `gzip`, `text`; `JSON` for a tree.
    pub looks_like: String,
    /// The tree of a huge document shows only its beginning until all is asked for; `null`: all of it is shown at once.
    pub beginning: Option<String>,
    pub fault: Option<PayloadFault>,
    pub is_redacted: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum PayloadKind {
    /// The store holds none.
    Absent,
    /// JSON: shown as a tree by a state frame.
    Tree,
    /// Bytes that are meant to be no JSON.
    Bytes,
    /// Bytes that should be readable and are not.
    Undecodable,
}

/// Why a document cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PayloadFault {
    /// What was tried.
    pub codec: String,
    /// Where it failed, in bytes from the start; `null` where that is not known.
    pub offset: Option<String>,
    pub reason: String,
}

/// Sixteen bytes a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct HexPage {
    pub total: u32,
    pub rows: Vec<HexRow>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct HexRow {
    pub offset: String,
    pub hex: String,
    /// Letters of ASCII as they are, a dot for everything else.
    pub text: String,
}

/// A place where a text was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PayloadHit {
    /// The row of the tree (of a folded container around it), or of the bytes.
    pub row: u32,
    /// Which of all it is, from 1.
    pub place: u32,
    pub total: u32,
}

/// Which document, and how its tree is folded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PayloadQuery {
    pub moment: u32,
    pub is_metadata: bool,
    /// All of a huge document, not only its beginning.
    pub is_whole: bool,
    pub toggled: Vec<String>,
}
