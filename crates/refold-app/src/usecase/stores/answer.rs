//! What a comparison of two stores answers; also what `refold --json compare A B` prints.

use serde::Serialize;

use super::measure::EventPart;
use crate::answer::{ChangeAnswer, EventAnswer};
use crate::text::Exact;
use crate::wire::FindingWire;

#[derive(Debug, Serialize)]
pub struct StoresAnswer {
    /// `same`, `different`, or `unclear`: nothing that could be read differs, and not all could be.
    pub outcome: &'static str,
    pub sentence: String,
    pub left: StoreAnswer,
    pub right: StoreAnswer,
    /// `bytes` or `meaning`.
    pub by: &'static str,
    /// What does not count.
    pub ignored: Vec<EventPart>,
    pub streams: StreamCounts,
    pub events: EventCounts,
    /// By how many of the different events each part differs in, most first.
    pub parts: Vec<PartCount>,
    /// Parts that count, which one of both stores has nowhere.
    pub absent: Vec<AbsentPart>,
    pub order: OrderAnswer,
    /// Those that worry most first, and as many of them as were asked for.
    pub differing: Vec<DifferingAnswer>,
    pub differing_count: u32,
    /// One side holds less than the other, and nothing else: `left` or `right`.
    pub behind: Option<&'static str>,
    /// Compared by bytes, and the first difference of each stream in `differing` is one of form: by meaning it is none.
    pub form_only: bool,
}

/// One side.
#[derive(Debug, Clone, Serialize)]
pub struct StoreAnswer {
    pub store: String,
    pub kind: String,
    pub layout: String,
    pub counts_as: &'static str,
    pub events: u64,
    pub streams: u32,
    /// The position of the last event that was read.
    pub last_position: Option<String>,
    /// Events came since it was opened; they are not judged.
    pub grew: bool,
    /// Events of it could not be read, and are among none of the counts.
    pub incomplete: bool,
    pub findings: Vec<FindingWire>,
}

/// Of streams by their id: each is one of these.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct StreamCounts {
    pub equal: u32,
    pub changed: u32,
    pub missing: u32,
    pub order: u32,
    pub left_behind: u32,
    pub right_behind: u32,
    pub only_left: u32,
    pub only_right: u32,
    pub unclear: u32,
    /// Of those that one side alone has, on each side, those whose events the other has under another id.
    pub renamed: u32,
}

/// Each event of the left side is equal, different, only left or unclear there; each of the right side likewise.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct EventCounts {
    pub equal: u64,
    pub different: u64,
    pub only_left: u64,
    pub only_right: u64,
    pub unclear_left: u64,
    pub unclear_right: u64,
}

#[derive(Debug, Serialize)]
pub struct PartCount {
    pub part: EventPart,
    pub events: u64,
}

#[derive(Debug, Serialize)]
pub struct AbsentPart {
    pub part: EventPart,
    /// Which has it nowhere: `left` or `right`.
    pub side: &'static str,
}

/// Whether the events that both share come in the same order in both stores: of a stream whose events all have their
/// counterparts all, of another those before its first difference.
#[derive(Debug, Clone, Default, Serialize)]
pub struct OrderAnswer {
    /// `null`: it was not compared.
    pub same: Option<bool>,
    pub not_compared: Option<&'static str>,
    /// So many of them stand at the same place, from the first on.
    pub events: u64,
    /// So many are behind the first difference of their stream, and are not looked at.
    pub left_out: u64,
    /// The next one, by its positions.
    pub left_position: Option<String>,
    pub right_position: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
pub struct DifferingAnswer {
    pub stream: Exact,
    pub category: Exact,
    /// `changed`, `missing`, `order`, `left_behind`, `right_behind`, `only_left`, `only_right` or `unclear`.
    pub kind: &'static str,
    pub left_events: u32,
    pub right_events: u32,
    pub equal: u32,
    pub different: u32,
    /// Of the different ones, those that stand elsewhere in their stream.
    pub moved: u32,
    pub only_left: u32,
    pub only_right: u32,
    pub unclear_left: u32,
    pub unclear_right: u32,
    /// It is too long to be held in memory, and has no versions that count: the first event was compared with the first,
    /// and so on, so that what is behind a missing one is different.
    pub by_place: bool,
    /// The id under which the other side has the same events.
    pub renamed: Option<Exact>,
    pub first: Option<FirstAnswer>,
    /// With a handler: what it makes of both.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub states: Option<StatesAnswer>,
    #[serde(skip)]
    pub is_form_only: bool,
}

/// Where a stream differs first.
#[derive(Debug, Clone, Serialize)]
pub struct FirstAnswer {
    /// What differs; nothing where one side has no such event, or where it cannot be read.
    pub parts: Vec<EventPart>,
    pub left: Option<EventAnswer>,
    pub right: Option<EventAnswer>,
    /// Changed paths of the payload, where both are JSON.
    pub payload: Vec<ChangeAnswer>,
    pub metadata: Vec<ChangeAnswer>,
    /// Masking rules hide some of what differs, or all of it.
    pub hidden: bool,
    #[serde(skip)]
    pub means_same: bool,
}

/// The states at the head.
#[derive(Debug, Clone, Serialize)]
pub struct StatesAnswer {
    /// `null`: they could not be compared.
    pub changes: Option<u32>,
    pub fault: Option<String>,
}
