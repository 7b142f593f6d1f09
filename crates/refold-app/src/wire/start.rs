//! What the window needs at its start: settings, recent stores, what to open.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::{AppErrorWire, ConnectionBook, Settings, WindowPlaces};

/// What the window needs before its first paint.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct AppStart {
    pub version: String,
    pub settings: Settings,
    pub recents: Vec<Recent>,
    pub connections: ConnectionBook,
    /// Why the connections cannot be read; none can be opened then.
    pub connections_failure: Option<AppErrorWire>,
    /// What the arguments or a link asked for.
    pub launch: Option<Launch>,
    /// What the window showed when it was last there, for a start that asks for nothing.
    pub places: Option<WindowPlaces>,
    /// Where the sample store is, when it was made.
    pub sample: Option<String>,
    /// The settings file, for a person who wants to edit it.
    pub settings_file: String,
    /// Why the settings file cannot be read; the defaults hold then.
    pub settings_failure: Option<AppErrorWire>,
    /// What of it cannot be used, with its line; the rest holds.
    pub settings_problems: Vec<String>,
}

/// What to open: a store, and in it a stream at a cursor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Launch {
    pub store: String,
    pub stream: Option<String>,
    pub at: Option<String>,
    pub handler: Option<String>,
    /// A layout id or a layout file; `None`: it is found by looking.
    pub layout: Option<String>,
}

/// What a file dialog is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Picking {
    Opening,
    Saving,
}

#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Recent {
    pub location: String,
    pub layout_title: String,
    pub events: Option<u32>,
    /// RFC 3339.
    pub opened_at: String,
}
