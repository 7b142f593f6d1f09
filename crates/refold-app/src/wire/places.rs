//! What the window showed, for its next start: documents, cursors, panels. Streams only grow, so a moment stays what it
//! was.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::{Axis, Clock, ComparisonSide, DensityBy, StreamSelection};

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct WindowPlaces {
    /// Index of the document that showed.
    pub shown: u32,
    /// In the order of the tabs.
    pub documents: Vec<DocumentPlace>,
    #[serde(default)]
    pub panels: Vec<PanelSize>,
    /// Whether the list of events stood hidden beside the inspector.
    #[serde(default)]
    pub is_list_hidden: bool,
}

/// Everything that one document was a function of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct DocumentPlace {
    pub view: String,
    /// Path of the store; `None` on the welcome page.
    pub store: Option<String>,
    pub layout: Option<String>,
    /// `None` where no stream was open.
    pub stream: Option<String>,
    pub category: Option<String>,
    pub handler: Option<String>,
    /// Moments of the stream.
    pub a: u32,
    pub b: Option<u32>,
    /// Tab of the inspector.
    pub lens: String,
    pub axis: Axis,
    /// The visible part of the timeline, as whole numbers of its axis: first and the one after the last.
    pub from: Option<String>,
    pub to: Option<String>,
    /// JSON pointer of the focused field.
    pub focus: Option<String>,
    /// Event types that the list shows; empty: all.
    pub types: Vec<String>,
    /// The instant that A was fixed at, RFC 3339; `None` where A is its event.
    #[serde(default)]
    pub as_of: Option<String>,
    /// The cursor that A was asked for by, where it lies behind the event of A among events that are missing.
    #[serde(default)]
    pub asked: Option<String>,
    /// The streams that stood on lanes; `None` where there were none.
    #[serde(default)]
    pub lanes: Option<LanesPlace>,
    /// Which streams the list of them showed; `None` where it showed all in its usual order.
    #[serde(default)]
    pub streams: Option<StreamSelection>,
    /// What stood side by side; `None` where nothing did.
    #[serde(default)]
    pub compared: Option<ComparedPlace>,
    /// In a case file, of a document that showed the sandbox: the edits of its branch, as they were typed. The stream and
    /// the handler are those of the branch.
    #[serde(default)]
    pub sandbox: Option<Vec<String>>,
    /// How its timeline was drawn; `None`: as usual.
    #[serde(default)]
    pub look: Option<TimelineLook>,
}

/// How a timeline was drawn, and what stood over it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct TimelineLook {
    /// Whether long stretches of time without an event were folded.
    pub is_folded: bool,
    /// What height meant: `sqrt`, `linear`, `log`.
    pub height: String,
    /// What the events of a column were told apart by.
    #[serde(default)]
    pub by: DensityBy,
    /// JSON pointers of the fields that were pinned as lanes.
    pub pinned: Vec<String>,
}

/// Two states side by side, as they were asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ComparedPlace {
    pub preset: ComparedPreset,
    pub base: ComparisonSide,
    pub current: ComparisonSide,
    pub ignores_order: bool,
}

/// What differs between the sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum ComparedPreset {
    /// The moment of one stream.
    Points,
    /// The stream.
    Aggregates,
    /// The handler that folds it.
    Handlers,
}

/// Streams on one clock, and where their cursor and window were.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct LanesPlace {
    pub streams: Vec<String>,
    pub clock: Clock,
    /// Index of the stream whose state showed.
    pub chosen: u32,
    /// Nanoseconds since 1970: the cursor, and the first and the one after the last that was visible.
    pub instant: Option<String>,
    pub from: Option<String>,
    pub to: Option<String>,
}

/// The share of a panel that a person chose, in thousandths.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PanelSize {
    pub name: String,
    pub per_mille: u32,
}

/// Where the window stood on the screen, in logical pixels.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct WindowFrame {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
    pub is_maximized: bool,
}
