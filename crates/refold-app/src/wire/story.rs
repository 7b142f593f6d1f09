//! The story of a stream, a line an event.

use serde::{Deserialize, Serialize};
use specta::Type;

#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct StoryPage {
    pub total: u32,
    pub lines: Vec<StoryLine>,
    /// The handler's package tells events in words; else each line says type and changes.
    pub has_templates: bool,
}

/// One event as its business would tell it.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct StoryLine {
    pub moment: u32,
    pub version: String,
    pub position: String,
    pub event_type: String,
    pub recorded_at: String,
    /// `None` where no template of the handler can tell it; then `changed` has the paths that it changed.
    pub story: Option<String>,
    /// The first of the paths that changed, in the order of a difference.
    pub changed: Vec<String>,
    /// How many paths changed.
    pub changed_count: u32,
    /// Where and why the handler failed, at this event or before it, where no template tells the event: what it changed is
    /// not known then.
    pub fault: Option<String>,
    /// How long before it was recorded it occurred (`3 h 12 min`), where that is before the event above it was recorded.
    pub late: Option<String>,
    /// Why the payload cannot be read, when it cannot.
    pub undecodable: Option<String>,
    /// Codes of findings at this event.
    pub problems: Vec<String>,
}
