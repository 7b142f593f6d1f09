//! Handlers as files: what they are, which events they take, and what became of those that were changed while they are in
//! use.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::{FindingWire, HandlerChoice, HandlerWire, InvariantListed, LabEvent, PairRow};

/// How the handlers of an open store are, told whenever one of their files changes.
#[derive(Debug, Clone, Default, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct HandlersNews {
    /// So often something changed in the files of a handler.
    pub changes: u32,
    /// The open histories of the store, and what each is folded with now.
    pub histories: Vec<HistoryHandler>,
    /// Handlers whose files are not what their histories are folded with, because they cannot be used as they are. What
    /// was loaded stays.
    pub broken: Vec<BrokenHandler>,
    /// Those that are at hand now; `None`: the same as when the store was opened.
    pub at_hand: Option<Vec<HandlerChoice>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct HistoryHandler {
    pub history: u32,
    pub handler: HandlerWire,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct BrokenHandler {
    /// How it was opened.
    pub reference: String,
    pub problem: HandlerProblem,
}

/// What is wrong with a handler, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct HandlerProblem {
    /// `RF-…`, as docs/handlers.md explains it.
    pub code: String,
    /// What is wrong and what to do about it.
    pub message: String,
    pub advice: String,
    /// From the folder of the package, with forward slashes; `None`: it is of no place in a file.
    pub file: Option<String>,
    /// As editors count, from 1; 0 where there is no file.
    pub line: u32,
    pub column: u32,
}

/// A handler of which the window knows: a package, or a bare file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct HandlerPackage {
    pub path: String,
    /// The lineage that all its versions are of.
    pub name: String,
    pub title: String,
    /// The category of streams that it is for; `None`: any.
    pub category: Option<String>,
    /// Why its manifest cannot be used.
    pub problem: Option<HandlerProblem>,
    /// In the order of the manifest: the last is the newest.
    pub versions: Vec<PackageVersion>,
    /// Files of test cases.
    pub cases: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PackageVersion {
    /// How it is opened.
    pub reference: String,
    pub version: String,
    /// `declarative`, `js`, `wasm` or `process`.
    pub runtime: String,
    /// Still worked on: its hash may change.
    pub is_draft: bool,
    /// The manifest says which hash its files must have.
    pub is_pinned: bool,
    /// When it was live, as the manifest says.
    pub effective: Vec<String>,
    /// Open histories that are folded with it.
    pub histories: u32,
    /// Written on in the window: how the version is opened that the draft was made of. `None`: the user's own.
    pub origin: Option<String>,
}

/// A version of a handler, as its files are now.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct HandlerTold {
    /// What came of compiling it; `None`: see `problem`.
    pub handler: Option<HandlerWire>,
    /// What keeps its code in; `None`: it has none.
    pub walls: Option<HandlerWalls>,
    pub problem: Option<HandlerProblem>,
    /// What else is wrong, in other files.
    pub further_problems: Vec<HandlerProblem>,
    pub invariants: Vec<InvariantListed>,
    pub upcasters: Vec<HandlerStep>,
    pub files: Vec<HandlerFile>,
    /// Files of the version that are not among `files`, because there are too many.
    pub further_files: u32,
    /// `None`: it is no draft that is written in the window.
    pub draft: Option<DraftTold>,
}

/// What a draft has besides the files of its version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct DraftTold {
    /// The folder of its version, from that of its package.
    pub folder: String,
    /// A person wrote in its manifest, which follows that of the package no more.
    pub has_own_manifest: bool,
    /// The files of test cases that are run with it, its own and those of the package: the first of so many.
    pub cases: Vec<DraftCase>,
    pub case_count: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct DraftCase {
    /// From the folder of the package.
    pub file: String,
    /// Written in the draft; others follow the package.
    pub is_own: bool,
}

/// What came of writing over a file of a draft, or of taking it away.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct DraftWritten {
    /// `false`: somebody else wrote there meanwhile, and it was left so.
    pub is_written: bool,
    pub told: HandlerTold,
}

/// A test case to be made of a stream.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct DraftCaseAsked {
    pub draft: String,
    pub stream: String,
    /// A cursor of the stream, up to which its events are taken.
    pub at: String,
    /// Of the file, without what all test cases end in.
    pub name: String,
}

/// A test case that was made of a stream.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct DraftCaseMade {
    /// From the folder of the package.
    pub file: String,
    pub events: u32,
    /// Values that masking rules hide, which others stand in for.
    pub replaced: u32,
    /// The state it asks for is the one that there is now; `false`: something of it is hidden, and it asks for none.
    pub has_state: bool,
    pub told: HandlerTold,
}

/// Whether a handler can be used for what is to be folded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct HandlerUse {
    pub reference: String,
    /// Why it cannot be used; `None`: it can, as far as is known without folding.
    pub why_not: Option<String>,
}

/// What keeps the code of a handler in on this machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct HandlerWalls {
    /// What its process has around it; `None`: nothing.
    pub standing: Option<String>,
    /// What the machine lacks for more, in words; `None`: nothing.
    pub lacking: Option<String>,
}

/// A step of the chains of upcasters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct HandlerStep {
    pub place: String,
    pub event_type: String,
    pub from: u32,
    pub to: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct HandlerFile {
    /// From the folder of the package, with forward slashes.
    pub name: String,
    pub bytes: u32,
    /// `None`: it is no text, or too long to be shown.
    pub text: Option<String>,
    /// It is of a draft, and is written in the window.
    pub is_own: bool,
}

/// Which types of events of a store a handler folds.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct HandlerCoverage {
    /// The categories whose events are counted; none: all are.
    pub categories: Vec<String>,
    pub types: u32,
    pub events: u32,
    /// Types of which the handler says nothing, and their events.
    pub missing_types: u32,
    pub missing_events: u32,
    /// Types that only streams of other categories have.
    pub types_elsewhere: u32,
    /// What is missing first, then by their events.
    pub rows: Vec<CoverageRow>,
    /// Types that the handler names and no event has; `None`: the engine cannot tell.
    pub absent: Option<Vec<String>>,
    /// The store has grown since the index was made.
    pub is_behind: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct CoverageRow {
    pub event_type: String,
    pub events: u32,
    pub taken: Taken,
    /// The first event of the type.
    pub first: Option<CoverageFirst>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct CoverageFirst {
    pub stream: String,
    pub event: LabEvent,
}

/// What a handler says of a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Taken {
    /// It is not named, and nothing is for all types.
    Missing,
    /// Only folding could tell.
    Unclear,
    /// It is not named, and is folded by what is for all types.
    AsAnyOther,
    /// It is named, and changes nothing.
    ForNothing,
    Folded,
}

/// What came of the test cases of a package.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct HandlerTested {
    pub passed: u32,
    pub failed: u32,
    pub cases: Vec<HandlerCase>,
}

#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct HandlerCase {
    pub case: String,
    pub title: String,
    pub version: String,
    pub events: u32,
    pub has_passed: bool,
    /// What was not met, at most the first few, as `state /total: expected 1, found 2`.
    pub failures: Vec<String>,
    pub failure_count: u32,
}

/// What a draft of a handler came to on a stream, up to a cursor.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct DraftTried {
    pub stream: String,
    pub handler: HandlerWire,
    /// So many events were folded: up to the moment that was asked for, or to the event on which the draft failed.
    pub events: u32,
    /// The last of them.
    pub event: LabEvent,
    pub recorded_at: String,
    /// What that event changed, the state before it on the left: the first places, of so many. None where the draft failed.
    pub rows: Vec<PairRow>,
    pub changed: u32,
    /// Where it differs from the version that it was made of; `None`: that one cannot be used as it is.
    pub against: Option<TriedAgainst>,
    /// The event on which the draft failed, where it did.
    pub fault: Option<TriedFault>,
    /// Since this event (version, or `#4711`) the state may lack something; empty: complete.
    pub incomplete_since: String,
    pub findings: Vec<FindingWire>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct TriedAgainst {
    pub handler: HandlerWire,
    /// The first event after which the states differ; `None`: they never do.
    pub first: Option<TriedDifference>,
    /// Why that version stopped; empty when it did not.
    pub stopped: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct TriedDifference {
    pub event: LabEvent,
    /// What differs there first, the draft on the right.
    pub path: String,
    pub left: Option<String>,
    pub right: Option<String>,
    /// How many places differ there.
    pub places: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct TriedFault {
    pub event: LabEvent,
    pub problem: HandlerProblem,
}
