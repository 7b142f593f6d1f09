//! Anchors, verifying against them, store health, reports, and what is kept of how a person makes them.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::{FindingGroup, FindingWire};

/// The anchors of a folder. An empty `folder`: nobody said yet where anchors of the store lie.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct AnchorsFound {
    pub folder: String,
    /// Those of the store first; the latest of them first.
    pub anchors: Vec<AnchorListed>,
}

/// What the manifest of an anchor says, unchecked. Texts are empty where there is nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct AnchorListed {
    pub dir: String,
    pub name: String,
    /// Of this kind of store and layout.
    pub is_of_store: bool,
    pub made_at: String,
    pub events: u32,
    pub horizon: String,
    pub root: String,
    pub signed_by: String,
    pub continues: String,
    pub names_events: bool,
    /// Why it cannot be read.
    pub unreadable: String,
}

/// How an anchor is made. Paths are empty where there is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct AnchorAskedWire {
    pub out: String,
    /// A secret key of minisign.
    pub key: String,
    /// The anchor that it continues.
    pub previous: String,
    /// The address of an authority, which is asked for a time stamp.
    pub stamp: String,
    pub is_plain: bool,
    pub is_short: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct AnchorMade {
    pub dir: String,
    pub events: u32,
    pub horizon: String,
    pub root: String,
    /// Empty: nobody.
    pub signed_by: String,
    /// What its time stamp says; empty: it has none.
    pub stamp: String,
    /// Why it has none although one was asked for; empty: that is not so.
    pub unstamped: String,
    /// The file of the key that salts it; empty: no new one was made.
    pub salt: String,
    pub columns: Vec<String>,
    pub uncovered_columns: Vec<String>,
    pub took: String,
}

/// What to verify a store against. Texts are empty where there is nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct VerifyAskedWire {
    pub anchor: String,
    pub salt: String,
    /// The public key of minisign that must have signed it: its file, or its text.
    pub key: String,
    /// A file of certificates, one of which must vouch for its time stamp.
    pub authority: String,
    /// Files of lists of revoked certificates, by which that of the authority must stand.
    pub revoked: Vec<String>,
    pub handler: String,
    /// A file of explanations.
    pub explanations: String,
    /// An older copy of the store.
    pub copy: String,
    /// A file with the public key that the store itself must have signed its events with.
    pub native_key: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum EvidenceOutcome {
    Verified,
    Broken,
    /// Not all of it can be read.
    Unverifiable,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct StoreVerified {
    pub outcome: EvidenceOutcome,
    /// `L1` or `L2`; empty: none.
    pub level: String,
    pub sentence: String,
    /// By position; the first ones of many.
    pub findings: Vec<VerifyFindingWire>,
    pub finding_count: u32,
    pub made_at: String,
    pub events: u32,
    pub horizon: String,
    pub root: String,
    /// Empty: nobody.
    pub signed_by: String,
    pub is_key_known: bool,
    /// What the time stamp of the anchor says; empty: it has none.
    pub stamp: String,
    pub added: u32,
    pub uncovered_columns: Vec<String>,
    /// What the chain that the store itself keeps says; `null`: it keeps none.
    pub chain: Option<ChainVerified>,
    pub took: String,
}

/// What the hash chain that a store keeps itself says. Texts are empty where there is nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ChainVerified {
    pub outcome: EvidenceOutcome,
    pub sentence: String,
    /// `L3`; empty: not claimed.
    pub level: String,
    /// Who signed how many events, as far as that was asked.
    pub signatures: String,
    /// Whether the chain contradicts itself, or what of it is signed.
    pub is_broken: bool,
    /// What is there holds, and not all of the chain is there.
    pub is_partial: bool,
    /// The last event, and its hash at level L3: kept elsewhere it shows later that the chain is the same up to there.
    pub last: String,
    pub head: String,
    /// By position; the first ones of many.
    pub findings: Vec<VerifyFindingWire>,
    pub finding_count: u32,
    /// What it does not show, a sentence each.
    pub not_checked: Vec<String>,
}

/// One thing that is not what the anchor says. Texts are empty where there is nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct VerifyFindingWire {
    /// As on the command line: `CHANGED`, `REMOVED`, …
    pub kind: String,
    /// `manipulation` or `gap`.
    pub severity: String,
    pub position: String,
    pub to: String,
    pub stream: String,
    pub version: String,
    pub event_type: String,
    pub parts: Vec<String>,
    pub detail: String,
    /// What somebody said of it, which makes it no less.
    pub explanation: String,
    /// One for each stream that it touches.
    pub impacts: Vec<VerifyImpact>,
    /// It is about one event, and nobody looked what it did to states: that there are no impacts says nothing then.
    pub is_impact_unasked: bool,
    /// An older copy of the store would tell more of it, and none was named.
    pub wants_copy: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct VerifyImpact {
    pub stream: String,
    /// Whether the state before is that of the anchored events.
    pub is_proven: bool,
    pub sentence: String,
    pub changes: Vec<VerifyChange>,
}

/// Values are literals as a row of the window shows them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct VerifyChange {
    pub path: String,
    pub before: Option<String>,
    pub after: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct HealthTold {
    pub events: u32,
    pub streams: u32,
    pub findings: Vec<FindingGroup>,
    /// By name; the first ones of many.
    pub types: Vec<TypeHealth>,
    pub type_count: u32,
    pub largest: Vec<LargeEvent>,
    pub not_checked: Vec<String>,
    pub took: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct TypeHealth {
    pub event_type: String,
    pub events: u32,
    pub fields: u32,
    pub has_more_fields: bool,
    pub opaque_events: u32,
    pub changes: Vec<FieldHealth>,
}

/// A field that came, went or was of several kinds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct FieldHealth {
    pub path: String,
    /// Where it came; empty: it was there from the first events on.
    pub born_at: String,
    /// Where it was last; empty: it is there in the last events.
    pub gone_after: String,
    /// Where it was of more than one kind: which.
    pub kinds: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct LargeEvent {
    pub stream: String,
    pub position: String,
    pub event_type: String,
    /// For a person: 1.2 MB.
    pub size: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum ReportFormatWire {
    Pdf,
    Html,
    Csv,
    Json,
    Xlsx,
}

/// How a person makes reports of a store, kept for the next one. Texts are empty where there is nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ReportManner {
    /// The folder that reports go to.
    pub out: String,
    pub formats: Vec<ReportFormatWire>,
    /// A file of masking rules that hold in reports besides those at hand.
    pub redact: String,
    /// A secret key of minisign.
    pub key: String,
    pub operator: String,
    pub organisation: String,
    pub classification: String,
}

/// The question to the store that a report keeps the answer of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase", tag = "of")]
pub enum ReportQuestionWire {
    /// None: it is about the events.
    Events,
    Verification(VerifyAskedWire),
    /// An empty `condition`: those of the handler's package.
    Invariants {
        condition: String,
    },
    /// The other handler.
    Comparison {
        against: String,
    },
    /// None: it is about a person. Texts are empty where there is nothing.
    #[serde(rename_all = "camelCase")]
    Subject {
        /// `/customerId=C-7`, one or more.
        keys: Vec<String>,
        /// The file of the list of what is shown.
        allow: String,
        /// The file of the key that pseudonyms are made with.
        case_key: String,
    },
}

/// What a report is about. Texts are empty where there is nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ReportAskedWire {
    pub question: ReportQuestionWire,
    pub streams: Vec<String>,
    pub category: String,
    /// Cursors, both included.
    pub from: String,
    pub to: String,
    pub handler: String,
    pub title: String,
    pub case_number: String,
    pub manner: ReportManner,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ReportPaths {
    pub events: u32,
    /// By part and path; the first ones of many.
    pub paths: Vec<ReportPath>,
    pub path_count: u32,
    /// Values at further paths, which were not kept.
    pub more: u32,
    /// Masking rules that would hide nothing.
    pub idle: Vec<String>,
    /// What would find nothing of a person: entries of the list, and keys.
    pub idle_list: Vec<String>,
}

/// What the pages of a report would say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ReportPreview {
    pub title: String,
    /// Empty where nobody said.
    pub classification: String,
    pub events: u32,
    /// Of the PDF; `None`: none is asked for.
    pub sheets: Option<u32>,
    pub blocks: Vec<PreviewBlock>,
    /// Whether other pseudonyms will stand in the report.
    pub has_own_pseudonyms: bool,
    pub took: String,
}

/// A part of a page. Of a table the first rows of many; of a figure an address that holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase", tag = "is")]
pub enum PreviewBlock {
    Heading {
        text: String,
    },
    Text {
        text: String,
    },
    Facts {
        facts: Vec<PreviewFact>,
    },
    List {
        lines: Vec<String>,
    },
    #[serde(rename_all = "camelCase")]
    Table {
        caption: String,
        columns: Vec<PreviewColumn>,
        rows: Vec<Vec<String>>,
        row_count: u32,
    },
    Figure {
        words: String,
        picture: String,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PreviewFact {
    pub name: String,
    pub value: String,
    pub is_code: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PreviewColumn {
    pub name: String,
    /// In percent of the width.
    pub share: u8,
    pub is_code: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ReportPath {
    /// `payload`, `metadata`, or `state` of what is hidden in the states that a verdict tells.
    pub part: String,
    pub path: String,
    pub count: u32,
    pub hidden: u32,
    pub pseudonyms: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ReportMade {
    pub dir: String,
    pub id: String,
    pub made_at: String,
    pub events: u32,
    /// Of its manifest.
    pub sha256: String,
    /// Empty: nobody.
    pub signed_by: String,
    /// It is about a person, and holds what is shown of the events.
    pub is_excerpt: bool,
    /// Where the new key of the case lies; empty: none was made.
    pub case_key: String,
    pub files: Vec<ReportFileMade>,
    pub findings: Vec<FindingWire>,
    /// `null`: no question was asked.
    pub verdict: Option<ReportVerdict>,
    pub limits: Vec<String>,
    pub took: String,
}

/// What came of the question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ReportVerdict {
    pub outcome: ReportOutcome,
    pub sentence: String,
    pub finding_count: u32,
    pub not_checked: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum ReportOutcome {
    Verified,
    Holds,
    Broken,
    Equal,
    Differs,
    Unverifiable,
    /// Not every state could be asked, or compared.
    Unclear,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ReportFileMade {
    pub name: String,
    /// `record`, `view`, `pages`, `program`.
    pub role: String,
    /// For a person: 1.2 MB.
    pub size: String,
    pub sha256: String,
}

/// What a folder of evidence is by itself. Texts are empty where there is nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct BundleChecked {
    pub outcome: EvidenceOutcome,
    pub sentence: String,
    /// Whether the key that was named signed it; `null`: none was named.
    pub is_signed: Option<bool>,
    pub root: String,
    /// The id of a report.
    pub report: String,
    /// What a whole report does not prove, a sentence each.
    pub limits: Vec<String>,
    pub files: Vec<BundleFileChecked>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct BundleFileChecked {
    pub name: String,
    pub is_ok: bool,
    /// What is wrong with it.
    pub reason: String,
}
