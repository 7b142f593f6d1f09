//! What a person can set. Everything here has a default, and a line with a comment in the settings file.

use serde::{Deserialize, Serialize};
use specta::Type;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase", default)]
pub struct Settings {
    pub theme: Theme,
    pub density: Density,
    pub diff_colours: DiffColours,
    /// How a difference is laid out.
    pub diff_layout: DiffLayout,
    /// What is shown of a difference.
    pub diff_extent: DiffExtent,
    /// 80 to 200.
    pub zoom_percent: u32,
    pub wheel: WheelUse,
    /// `UTC`, `local`, or a name of the time zone database such as `Europe/Berlin`.
    pub time_zone: String,
    pub time_format: TimeFormat,
    /// The tab that a stream opens with.
    pub first_tab: String,
    /// Whether single letters, digits and signs run commands.
    pub letter_keys: bool,
    /// Whether a screen reader is told what a move of the cursor changed.
    pub announce_moves: bool,
    /// Whether nothing moves on its own, whatever the system says.
    pub reduced_motion: bool,
    /// How the window is painted, from its next start on.
    pub rendering: Rendering,
    /// Whether handlers that are programs run also where nothing keeps them in.
    pub trust_programs: bool,
    /// For whom the defaults were chosen; `None` until somebody said so.
    pub role: Option<Role>,
    /// What a person bound in the file, in its order. Saving leaves it as they wrote it.
    pub keys: Vec<KeyBinding>,
    /// What a person said of stores, in the order of the file. Saving leaves it as they wrote it.
    pub environments: Vec<StoreEnvironment>,
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

/// One line of the table `[environments]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct StoreEnvironment {
    pub location: String,
    pub environment: Environment,
}

/// Where a store's data comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Environment {
    Production,
    Staging,
    Test,
    Development,
    Local,
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum DiffColours {
    #[default]
    BlueOrange,
    GreenRed,
}

/// How a difference is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum DiffLayout {
    /// What was and what is in one line, one after the other.
    #[default]
    Unified,
    SideBySide,
}

/// What is shown of a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum DiffExtent {
    #[default]
    Changes,
    /// The whole state, with what changed in its place.
    Whole,
}

/// What the wheel does over a timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum WheelUse {
    #[default]
    Zooms,
    Pans,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum TimeFormat {
    #[default]
    Iso,
    DayFirst,
    MonthFirst,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Rendering {
    /// By the processor where there is no graphics processor.
    #[default]
    Auto,
    Software,
    Graphics,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Role {
    Developer,
    Analyst,
    Auditor,
    OnCall,
}

/// What is kept in the cache folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct CacheUse {
    /// Where it is.
    pub folder: String,
    /// For people: `1.2 GB`.
    pub size: String,
    /// Of one connection: what can be looked at while its server is out of reach, in a sentence; else empty.
    pub told: String,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            theme: Theme::default(),
            density: Density::default(),
            diff_colours: DiffColours::default(),
            diff_layout: DiffLayout::default(),
            diff_extent: DiffExtent::default(),
            zoom_percent: 100,
            wheel: WheelUse::default(),
            time_zone: "UTC".to_owned(),
            time_format: TimeFormat::default(),
            first_tab: "state".to_owned(),
            letter_keys: true,
            announce_moves: true,
            reduced_motion: false,
            rendering: Rendering::default(),
            trust_programs: false,
            role: None,
            keys: Vec::new(),
            environments: Vec::new(),
        }
    }
}
