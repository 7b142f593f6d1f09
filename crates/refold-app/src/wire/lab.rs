//! The replay lab: what two handlers make of the same events, where invariants break, and the smallest history that
//! shows it.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::{FindingWire, HandlerWire, SeverityWire};

/// What is replayed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct LabScope {
    pub kind: LabScopeKind,
    /// The stream or the category; empty for a store.
    pub name: String,
    /// Of a stream: the cursor that it is folded to; empty: its head.
    pub until: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum LabScopeKind {
    Stream,
    Category,
    Store,
}

/// An event as a row names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct LabEvent {
    /// Empty where the store keeps none.
    pub version: String,
    pub position: String,
    pub event_type: String,
}

/// Two handlers over one scope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct CompareAsked {
    pub scope: LabScope,
    pub left: String,
    pub right: String,
    /// Fold again, also where the answer is kept.
    pub is_anew: bool,
}

/// What comparing came to. Its rows are asked for by `run`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct HandlersCompared {
    pub run: u32,
    pub left: HandlerWire,
    pub right: HandlerWire,
    pub streams: u32,
    pub events: u32,
    pub differing_streams: u32,
    pub differing_at_head: u32,
    /// Streams among the rows: the first by position, when more differ.
    pub rows: u32,
    /// Where the first difference of a stream lies and which type of event made it, most frequent first; the first of
    /// many.
    pub kinds: Vec<DifferenceKind>,
    pub kind_count: u32,
    /// On which events of which streams a side failed; the first of many.
    pub stops: Vec<StopRow>,
    pub stop_count: u32,
    /// Why not every state could be compared; empty: every one was.
    pub unclear: String,
    pub findings: Vec<FindingWire>,
    /// The answer was kept: nothing was folded.
    pub is_cached: bool,
    /// How long it took, with its unit.
    pub took: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct DifferenceKind {
    pub path: String,
    pub event_type: String,
    pub streams: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct StopRow {
    /// Whether it is the left side that failed.
    pub is_left: bool,
    pub stream: String,
    pub event: LabEvent,
    pub reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct DifferingPage {
    pub total: u32,
    pub rows: Vec<DifferingRow>,
}

/// A stream whose states differ, with the first place at which they do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct DifferingRow {
    pub stream: String,
    pub from: LabEvent,
    /// The event after which both are equal again for the first time; `None`: they are not.
    pub until: Option<LabEvent>,
    pub intervals: u32,
    pub differs_at_head: bool,
    pub path: String,
    /// Display literals; `None`: there is nothing on that side.
    pub left: Option<String>,
    pub right: Option<String>,
    /// How many places differ there.
    pub places: u32,
}

/// One stream under two handlers, side by side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PairOpened {
    pub pair: u32,
    pub stream: String,
    pub left: HandlerWire,
    pub right: HandlerWire,
    /// The last moment that is looked at.
    pub events: u32,
    /// Where they differ, in the order of the stream; the first of many.
    pub intervals: Vec<PairInterval>,
    pub interval_count: u32,
    /// The course from the first event to the last in equal parts: see [`CourseMark`].
    pub bar: Vec<CourseMark>,
    /// The moment after the event on which a side failed.
    pub left_stop: Option<PairStop>,
    pub right_stop: Option<PairStop>,
}

/// What holds in a part of a stream's course.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum CourseMark {
    /// Equal, or the invariant holds, after each event of it.
    Good,
    Mixed,
    /// Different, or broken, after each event of it.
    Bad,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PairInterval {
    /// The first moment at which they differ.
    pub from: u32,
    pub from_event: LabEvent,
    /// The first moment after it at which they are equal.
    pub until: Option<u32>,
    pub until_event: Option<LabEvent>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PairStop {
    pub moment: u32,
    pub event: LabEvent,
    pub reason: String,
}

/// Both states at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PairPage {
    pub moment: u32,
    /// Of the event that led to it; empty at the start.
    pub event: LabEvent,
    pub recorded_at: String,
    /// In the order of the states; only what differs, where only that was asked for. The first of many.
    pub rows: Vec<PairRow>,
    /// Places that differ, and all.
    pub differing: u32,
    pub places: u32,
    /// As in a state frame, of either side.
    pub incomplete_since: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PairRow {
    pub path: String,
    /// Display literals; `None`: there is nothing on that side.
    pub left: Option<String>,
    pub right: Option<String>,
    pub differs: bool,
    /// Both are one number, written differently.
    pub is_same_number: bool,
}

/// An invariant of a handler's package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct InvariantListed {
    pub id: String,
    /// Empty where it has none.
    pub title: String,
    /// In the expression language of handlers.
    pub condition: String,
    pub severity: SeverityWire,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct CheckAsked {
    pub scope: LabScope,
    pub handler: String,
    /// Asked instead of the invariants of the handler's package; empty: those.
    pub condition: String,
    /// Fold again, also where the answer is kept.
    pub is_anew: bool,
}

/// What checking came to. Its rows are asked for by `run`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct HandlerChecked {
    pub run: u32,
    pub handler: HandlerWire,
    pub streams: u32,
    pub events: u32,
    pub is_exact: bool,
    /// What that means here.
    pub sentence: String,
    /// Whether folding in other ways gave the same states, of the first events, and what that rests on; `null`: the
    /// handler folds none of them.
    pub is_replay_safe: Option<bool>,
    pub replay_safety: String,
    pub invariants: Vec<InvariantOutcome>,
    pub findings: Vec<FindingWire>,
    /// The answer was kept: nothing was folded.
    pub is_cached: bool,
    /// How long it took, with its unit.
    pub took: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct InvariantOutcome {
    pub id: String,
    pub severity: SeverityWire,
    pub broken_streams: u32,
    /// Streams among the rows: the first by position, when it broke in more.
    pub rows: u32,
    /// Streams in which it could not be asked of some state, and why, for the first of them.
    pub unclear_streams: u32,
    pub unclear: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ViolationPage {
    pub total: u32,
    pub rows: Vec<ViolationRow>,
}

/// A stream in which an invariant broke, with the event that broke it first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ViolationRow {
    pub stream: String,
    pub event: LabEvent,
    pub values: Vec<NamedValue>,
    pub holds_at_head: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct NamedValue {
    pub path: String,
    /// A display literal.
    pub value: String,
}

/// One invariant over the course of one stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct InvariantCourse {
    pub stream: String,
    /// The last moment that was looked at.
    pub events: u32,
    /// Every time it broke or held again; the first of many.
    pub flips: Vec<CourseFlip>,
    pub flip_count: u32,
    /// The course from the first event to the last in equal parts.
    pub bar: Vec<CourseMark>,
    /// The moment before the first break and the event that led to it; 0: it never held.
    pub last_good: u32,
    pub last_good_event: LabEvent,
    pub is_exact: bool,
    pub sentence: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct CourseFlip {
    pub moment: u32,
    pub event: LabEvent,
    pub holds: bool,
}

/// One invariant under every version of a handler.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct VersionsChecked {
    /// In the order of the package.
    pub versions: Vec<VersionOutcome>,
    /// What they come to, in words.
    pub sentence: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct VersionOutcome {
    /// As it is opened.
    pub reference: String,
    pub version: String,
    pub broken_streams: u32,
    /// The first break by position.
    pub first_stream: String,
    pub first: Option<LabEvent>,
    pub is_exact: bool,
    /// Why it could not be asked; empty: it was.
    pub failure: String,
}

/// What a smaller history must still show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct MinimizeAsked {
    pub stream: String,
    pub handler: String,
    /// The id of an invariant of its package, or a condition on the state; empty: another failure.
    pub invariant: String,
    /// The handler that must not show it, or, without an invariant, that comes to another state; empty: none. Without
    /// either the handler fails.
    pub against: String,
}

/// The smallest history that still shows a failure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct HistoryMinimized {
    pub stream: String,
    /// What is shown, in a sentence; empty: the stream does not show it.
    pub failure: String,
    /// How far the answer can be relied on, where that is not plain; empty: it is.
    pub note: String,
    /// The events up to the failure, the first of many, and whether each is kept.
    pub course: Vec<CourseEvent>,
    pub kept: u32,
    /// How many events the stream has, and how many of them came after the failure.
    pub of: u32,
    pub after_failure: u32,
    /// Histories that were tried.
    pub tests: u32,
    pub is_minimal: bool,
    /// The test case; empty where there is none.
    pub case: String,
    /// The same as tests in other languages, one in each.
    pub library_tests: Vec<LibraryTest>,
}

/// A test in the idiom of an event-sourcing library.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct LibraryTest {
    /// The language with its library: `Rust (cqrs-es)`.
    pub title: String,
    /// The name of its file.
    pub file: String,
    pub text: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct CourseEvent {
    pub event: LabEvent,
    pub is_kept: bool,
}
