//! Findings, counted and one by one.

use serde::{Deserialize, Serialize};
use specta::Type;

use crate::findings;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct FindingWire {
    pub code: String,
    pub severity: SeverityWire,
    pub count: u32,
    /// The first of them, in a sentence.
    pub detail: String,
    pub stream: Option<String>,
    pub version: Option<String>,
    pub position: Option<String>,
}

impl FindingWire {
    /// Whether it says that something could not be read as events, which are in no answer.
    pub fn leaves_out(&self) -> bool {
        findings::leaves_out(&self.code)
    }
}

/// All that is kept of one code of findings, to be read one by one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct FindingGroup {
    pub code: String,
    pub severity: SeverityWire,
    /// All there are; more than `found`, when only the first are kept.
    pub count: u32,
    /// What to do about it, one sentence; empty for a code without one.
    pub advice: String,
    pub found: Vec<FoundWire>,
}

/// Findings of one code behind those that are listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct FindingPage {
    pub found: Vec<FoundWire>,
    /// Whether there is another page. What is about no event is told of the first findings only.
    pub has_more: bool,
}

/// One finding: what it says, and where it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct FoundWire {
    /// Empty where only the place was kept of it: the code says what it is.
    pub detail: String,
    pub stream: Option<String>,
    pub version: Option<String>,
    pub position: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum SeverityWire {
    Notice,
    Warning,
    Error,
}

impl SeverityWire {
    /// As it is serialised.
    pub fn name(self) -> &'static str {
        match self {
            SeverityWire::Notice => "notice",
            SeverityWire::Warning => "warning",
            SeverityWire::Error => "error",
        }
    }
}
