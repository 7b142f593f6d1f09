//! What a report says. Every part is in `manifest.json` as it is here, and the pages are made of nothing else.
//!
//! Texts of the store stand here as they are; whoever shows them makes visible what does not print. Counts are numbers
//! below 2^53; positions and versions are texts.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::anchor::Hash;
use crate::anchor::manifest::canonical;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// A UUID that is made of all the rest and of the files: another report has another one. See
    /// [`super::manifest::identified`].
    pub id: String,
    pub cover: Cover,
    pub source: Source,
    pub scope: Scope,
    pub method: Method,
    /// What reading the store came upon. A *finding* of the report is what its verdict names.
    pub noticed: Vec<Found>,
    /// Of a report about a question to the store; others have no such member.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// Of a report about one stream.
    pub state: Option<State>,
    pub events: Events,
    pub redaction: Redaction,
    pub custody: Vec<Custody>,
    /// What this report does not show, rests upon or could not find out: never empty.
    pub limits: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cover {
    pub title: String,
    /// What the report is about, in a sentence.
    pub about: String,
    /// `L0` observed; `L1` unchanged since an anchor.
    pub level: String,
    /// What the level claims, in words.
    pub claim: String,
    /// The finding that matters most, in a sentence; or that there is none.
    pub headline: String,
    /// RFC 3339 in UTC.
    pub made_at: String,
    /// `the clock of this machine`, or `given by the caller`.
    pub made_at_is: String,
    pub operator: Option<String>,
    pub organisation: Option<String>,
    pub case_number: Option<String>,
    pub classification: Option<String>,
}

/// The store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The name of its file, without the folders that it lies in, or its address; `STORE` in a report about a person.
    pub location: String,
    pub kind: String,
    pub layout: String,
    pub layout_title: String,
    /// Why it was taken for that, a sentence each.
    pub evidence: Vec<String>,
    /// How it was kept from being written to, a sentence each.
    pub read_only: Vec<String>,
    /// What its order of positions is worth.
    pub order: String,
    /// Of times that name no zone.
    pub time_zone: String,
    /// Its files before and after they were read; empty where it is none of files, or they were not hashed.
    pub before: Vec<SourceFile>,
    pub after: Vec<SourceFile>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceFile {
    pub name: String,
    pub bytes: u64,
    pub sha256: String,
}

/// Which events were asked for, and whether these are all of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    /// `streams`, `category` or `store`; `subject`: the streams that hold a person; `findings`: the events that the findings
    /// of the verdict name.
    pub what: String,
    /// Those that were named.
    pub streams: Vec<String>,
    pub category: Option<String>,
    /// The bounds as they were given, both included.
    pub from: Option<String>,
    pub to: Option<String>,
    /// The highest position that the store held when it was read; nothing above it is here.
    pub horizon: Option<String>,
    /// How it was known that nothing below the horizon can still come.
    pub settled: String,
    pub counts: Counts,
    /// Of the events in this report, in the order of their positions.
    pub first_position: Option<String>,
    pub last_position: Option<String>,
    /// The earliest and the latest recorded time.
    pub first_recorded_at: Option<String>,
    pub last_recorded_at: Option<String>,
    /// Positions between the first and the last examined event that no event has: first and last of each range, the first
    /// ones of many. Only where all positions were looked at.
    pub gaps: Vec<(String, String)>,
    pub gap_count: Option<u64>,
}

/// The code of the finding that parts of the store's file cannot be read.
pub const DAMAGED: &str = "damaged";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// Events of the store; `null` where it does not say.
    pub store: Option<u64>,
    /// Events that were looked at to find those that were asked for.
    pub examined: u64,
    /// Of them, those outside of the bounds and those of other categories.
    pub out_of_range: u64,
    pub of_other_categories: u64,
    /// Those that were asked for, and those that are in the files. Both are the same, or there is no report.
    pub asked: u64,
    pub written: u64,
    /// Of those in the files: the ones whose payload is no JSON that could be read. Their bytes are there.
    pub payload_not_json: u64,
    /// Rows that could not be read as events at all, and are in no other count. Where `noticed` has [`DAMAGED`], parts of
    /// the store that cannot be read, each with rows that nobody can count. The findings name them.
    pub unreadable: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Method {
    /// `Refold 0.1.0`.
    pub program: String,
    /// `linux x86_64`.
    pub system: String,
    /// The command that makes this report again.
    pub command: String,
    /// How it was read and written, a sentence each.
    pub steps: Vec<String>,
    /// What states were folded with.
    pub handler: Option<Handler>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Handler {
    pub name: String,
    pub version: String,
    pub hash: String,
    pub engine: String,
}

/// Findings of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Found {
    pub code: String,
    /// `error`, `warning`, `notice`.
    pub severity: String,
    pub count: u64,
    /// What to do about it; may be empty.
    pub advice: String,
    /// The first ones of many.
    pub first: Vec<FoundOne>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FoundOne {
    pub detail: String,
    pub stream: Option<String>,
    pub version: Option<String>,
    pub position: Option<String>,
}

/// What the store was held against, and what came of it. Whatever was asked, the answer is of this one form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verdict {
    /// What was asked: `verification`, `invariants` or `comparison`.
    pub of: String,
    /// Of a verification `verified`, `broken`, or `unverifiable`: not all of the store can be read. Of invariants `holds`,
    /// `broken`, or `unclear`: not every state could be asked. Of a comparison `equal`, `differs`, or `unclear`.
    pub outcome: String,
    /// The outcome in words.
    pub sentence: String,
    /// What it was held against and how, for people.
    pub facts: Vec<Fact>,
    /// What the two sides of a change are called: what should be, and what is.
    pub sides: [String; 2],
    /// In their order, the first ones of many; the files have those that were kept, and `finding_count` is all.
    pub findings: Vec<Finding>,
    pub kept: u64,
    pub finding_count: u64,
    /// SHA-256 of each finding that was kept as a line of JSON with its line feed, one after the other: that of
    /// `findings.ndjson`, whether it is in the bundle or not.
    pub sha256: String,
    /// What the answer says nothing of, a sentence each.
    pub not_checked: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fact {
    pub name: String,
    pub value: String,
    /// Whether its letters should stand one below the other: digests, keys.
    pub is_code: bool,
}

/// One thing that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// What happened: `CHANGED`, `REMOVED`, …; the invariant that broke; `DIFFERS` or `FAILS` of handlers.
    pub kind: String,
    pub severity: String,
    /// `null` where it is about the whole store.
    pub position: Option<String>,
    /// Where it is now, or where it ends.
    pub to: Option<String>,
    pub stream: Option<String>,
    pub version: Option<String>,
    #[serde(rename = "type")]
    pub event_type: Option<String>,
    /// What of the event it is about: `header`, `payload`, `metadata`.
    pub part: Vec<String>,
    /// In words, where there is more to say.
    pub detail: Option<String>,
    /// What somebody said of it, which makes it no less.
    pub explanation: Option<String>,
    /// What it did to the state of its aggregate: one for each stream that it touches.
    pub impacts: Vec<Impact>,
    /// Of a difference to an anchor: whether it was looked at what it did. Reports of earlier versions do not say, nor do
    /// those about another question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub impacts_asked: Option<bool>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Impact {
    /// `null` where it cannot be told whose event it was.
    pub stream: Option<String>,
    /// In words, with what it was told by.
    pub sentence: String,
    /// Whether what should be is known, and not only likely.
    pub is_proven: bool,
    pub changes: Vec<Change>,
}

/// One place in a state. The values are JSON, with their literals; `null`: there is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// A JSON pointer.
    pub path: String,
    pub before: Option<String>,
    pub after: Option<String>,
}

/// What a handler makes of the stream at the end of the scope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    pub stream: String,
    pub version: Option<String>,
    pub position: Option<String>,
    /// Since this version something is missing from it: an event that is not there, or could not be read or folded.
    pub incomplete_since: Option<String>,
    /// The first ones of many; `leaf_count` is all.
    pub leaves: Vec<Leaf>,
    pub leaf_count: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Leaf {
    /// A JSON pointer.
    pub path: String,
    /// JSON, with its literals.
    pub value: String,
    /// The event that last changed it; `null`: it was so before the first.
    pub changed_by: Option<String>,
}

/// The events of the report, which its files hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Events {
    /// By count, the most frequent first.
    pub types: Vec<Counted>,
    /// By name, the first ones of many; `stream_count` is all.
    pub streams: Vec<Counted>,
    pub stream_count: u64,
    pub over_time: Option<OverTime>,
    /// So many are on the pages, the first ones; the files hold all.
    pub on_pages: u64,
    /// SHA-256 of each event as a line of JSON with its line feed, one after the other: that of `events.ndjson`, whether it
    /// is in the bundle or not.
    pub sha256: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counted {
    pub name: String,
    pub count: u64,
}

/// Events by type in equal parts of a span of time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OverTime {
    /// Most frequent first.
    pub types: Vec<String>,
    /// Where each part begins, and events of each type.
    pub columns: Vec<(String, Vec<u32>)>,
    pub without_time: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redaction {
    /// The texts of the rule files that held; of a report about a person their pseudonyms and that of the list, which may
    /// name others.
    pub rules: Vec<String>,
    /// What rules hid, by part and path; of a report about a person what stands in the record in the place of values.
    pub hidden: Vec<Hidden>,
    /// What rules hide and is here in full because it was revealed.
    pub revealed: Vec<String>,
    /// Of a report about a person: who else is in it. Others have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pseudonyms: Option<Pseudonyms>,
}

/// What stands by a pseudonym, `[pseudonym …]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pseudonyms {
    /// How they are made; see [`super::pseudonym`].
    pub scheme: String,
    /// SHA-256 of the key of the case, which is in no file of the bundle.
    pub key_id: String,
    /// Who has the key.
    pub held_by: String,
    /// By part and path.
    pub of: Vec<Pseudonymised>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pseudonymised {
    /// `payload`, `metadata`, or `column`.
    pub part: String,
    pub path: String,
    /// A value has one pseudonym in a domain.
    pub domain: String,
    pub count: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hidden {
    /// `payload`, `metadata`, `state`, or `column`.
    pub part: String,
    /// A JSON pointer in which `*` stands for the elements of an array, and for a key that is hidden; empty: all of the part.
    pub path: String,
    pub count: u64,
}

/// One step of the chain of custody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Custody {
    pub step: String,
    pub by: String,
    pub digest: String,
}

impl Report {
    /// Of its canonical JSON (RFC 8785).
    pub fn sha256(&self) -> Hash {
        Sha256::digest(canonical(self)).into()
    }
}
