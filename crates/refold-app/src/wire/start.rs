//! What the window needs at its start: settings, recent stores, what to open.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::AppErrorWire;

/// What the window needs before its first paint.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct AppStart {
    pub version: String,
    pub settings: Settings,
    pub recents: Vec<Recent>,
    /// What the arguments or a link asked for, else what was open last.
    pub launch: Option<Launch>,
    /// Where the sample store is, when it was made.
    pub sample: Option<String>,
    /// The settings file, for a person who wants to edit it.
    pub settings_file: String,
    /// Why the settings file cannot be read; the defaults hold then.
    pub settings_failure: Option<AppErrorWire>,
}

/// What to open: a store, and in it a stream at a cursor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Launch {
    pub store: String,
    pub stream: Option<String>,
    pub at: Option<String>,
    pub handler: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase", default)]
pub struct Settings {
    pub theme: Theme,
    pub density: Density,
    /// Whether single letters, digits and signs run commands.
    pub letter_keys: bool,
    /// What a person bound in the file, in its order. Saving leaves it as they wrote it.
    pub keys: Vec<KeyBinding>,
}

/// One line of a table `[keys.CONTEXT]`, as a person wrote it. Which commands and contexts there are, the window knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct KeyBinding {
    pub context: String,
    pub keys: String,
    /// `None` takes the keys away from what they run by default.
    pub command: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Theme {
    Dark,
    Light,
    #[default]
    System,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Density {
    #[default]
    Comfortable,
    Compact,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            theme: Theme::System,
            density: Density::Comfortable,
            letter_keys: true,
            keys: Vec::new(),
        }
    }
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
