//! What a report is asked for, and what is told of one that was made.

use std::path::PathBuf;

use refold_audit::report::manifest::ReportFile;
use serde::Serialize;

use super::super::verify::VerifyAsked;
use super::subject::SubjectAsked;
use crate::wire::FindingWire;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReportFormat {
    /// The pages, to be printed and kept: PDF/A-2a and PDF/UA-1.
    Pdf,
    /// The pages, in one file for a browser.
    Html,
    /// The record as a table, and a view of it for spreadsheets.
    Csv,
    /// The record, an event a line.
    Json,
    /// A workbook, which is a view.
    Xlsx,
}

impl ReportFormat {
    pub const ALL: [ReportFormat; 5] = [
        ReportFormat::Pdf,
        ReportFormat::Html,
        ReportFormat::Csv,
        ReportFormat::Json,
        ReportFormat::Xlsx,
    ];

    /// As it is asked for.
    pub fn name(self) -> &'static str {
        match self {
            ReportFormat::Pdf => "pdf",
            ReportFormat::Html => "html",
            ReportFormat::Csv => "csv",
            ReportFormat::Json => "json",
            ReportFormat::Xlsx => "xlsx",
        }
    }
}

/// What a report is about, and how it is made.
#[derive(Debug, Clone, Default)]
pub struct ReportAsked {
    /// Those that are named; none: the category, or the store.
    pub streams: Vec<String>,
    pub category: Option<String>,
    /// The bounds, both included: cursors.
    pub from: Option<String>,
    pub to: Option<String>,
    /// What states are folded with; `None`: `builtin:merge`.
    pub handler: Option<String>,
    /// The report is about the events that the answer to this names.
    pub question: Option<Question>,
    /// It is about a person: the events of every stream that holds one, and of the streams that are named.
    pub subject: Option<SubjectAsked>,
    /// A file of masking rules that hold in it besides those at hand.
    pub redact: Option<PathBuf>,
    /// Where its folder comes to be.
    pub out: PathBuf,
    pub formats: Vec<ReportFormat>,
    /// A secret key of minisign.
    pub key: Option<PathBuf>,
    /// The report time, RFC 3339 or `@` and seconds since 1970; `None`: the clock of this machine.
    pub time: Option<String>,
    pub title: Option<String>,
    pub operator: Option<String>,
    pub organisation: Option<String>,
    pub case_number: Option<String>,
    pub classification: Option<String>,
    /// The files of the store are not hashed.
    pub is_source_unhashed: bool,
}

/// What is asked of the store, by the handler of the report.
#[derive(Debug, Clone)]
pub enum Question {
    /// Whether it is what an anchor says.
    Verification(VerifyAsked),
    /// Where invariants break in the stream, the category or the store: those of the handler's package, or a condition on
    /// `state`.
    Invariants { condition: Option<String> },
    /// Where this handler makes something else of the same events in the stream, the category or the store.
    Comparison { against: String },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReportAnswer {
    pub dir: String,
    pub id: String,
    pub made_at: String,
    pub events: u64,
    /// Of `manifest.json`.
    pub sha256: String,
    /// The minisign key. `null`: nobody signed.
    pub signed_by: Option<String>,
    pub files: Vec<ReportFile>,
    pub findings: Vec<FindingWire>,
    /// Of a report about a question to the store.
    pub verdict: Option<VerdictTold>,
    /// The file of the key that its pseudonyms were made with. `null`: no new one was made.
    pub case_key: Option<String>,
    pub limits: Vec<String>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VerdictTold {
    pub outcome: String,
    pub sentence: String,
    pub finding_count: u64,
    pub not_checked: Vec<String>,
}
