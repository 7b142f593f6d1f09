//! What a report holds besides events, where it answers a question about the store: the verdict for its pages and its
//! manifest, and the files of all findings. Each question has a module of its own that makes one of these.

use refold_audit::anchor::hex;
use refold_audit::report::model::{Fact, Finding, Verdict};
use refold_audit::report::rows::{csv, csv_for_spreadsheets, csv_head, finding_columns};
use refold_core::event::Position;
use sha2::{Digest as _, Sha256};

use super::super::folder::NewFolder;
use super::record::BYTE_ORDER_MARK;
use super::{FINDINGS_CSV, FINDINGS_JSON, FINDINGS_VIEW_CSV, MOST_LISTED, ReportAsked, ReportFormat};
use crate::answer::Literal;
use crate::error::AppError;
use crate::text::{counted, grouped};
use crate::usecase::lab::Scope;
use crate::wire::{FindingWire, HandlerWire};

pub struct Judged {
    pub verdict: Verdict,
    /// All that were kept.
    pub findings: Vec<Finding>,
    /// Where events may stand that the findings name.
    pub positions: Vec<Position>,
    /// `of a verification`, for the title.
    pub what: &'static str,
    /// What was done with the store to find out, in a few words.
    pub how: String,
    pub level: &'static str,
    /// What the level claims, in words.
    pub claim: String,
    /// What was noteworthy on the way.
    pub came_upon: Vec<FindingWire>,
    /// What states were folded with.
    pub handler: HandlerWire,
    /// What of the call asks for it: options with what stands for their values.
    pub options: Vec<String>,
    /// How it was found out, a sentence each.
    pub steps: Vec<String>,
    /// A step in the chain of custody: what was done, and the digest of what it was done with.
    pub evidence: (String, String),
}

/// That not all of so many findings are named, where that is so.
pub fn first_named(kept: u64, count: u64, noun: &str) -> Option<String> {
    (kept < count).then(|| {
        format!(
            "Each of {}: the first {} are named.",
            counted(count, noun),
            grouped(kept)
        )
    })
}

impl Judged {
    /// With the digest of its findings, and of them in the verdict the first ones.
    pub fn with_findings(self, findings: Vec<Finding>) -> Result<Judged, AppError> {
        let mut hash = Sha256::new();
        for finding in &findings {
            hash.update(line(finding)?.as_bytes());
        }
        Ok(Judged {
            verdict: Verdict {
                findings: findings.iter().take(MOST_LISTED).cloned().collect(),
                kept: findings.len() as u64,
                sha256: hex(&hash.finalize()),
                ..self.verdict
            },
            findings,
            ..self
        })
    }

    /// Writes the files of all findings.
    pub fn write(&self, folder: &mut NewFolder, formats: &[ReportFormat]) -> Result<(), AppError> {
        if formats.contains(&ReportFormat::Json) {
            let lines = self.findings.iter().map(line).collect::<Result<String, AppError>>()?;
            folder.add(FINDINGS_JSON, lines.as_bytes())?;
        }
        if formats.contains(&ReportFormat::Csv) {
            let head = csv_head(finding_columns(&self.findings));
            let (mut record, mut view) = (head.clone(), format!("{BYTE_ORDER_MARK}{head}"));
            for finding in &self.findings {
                let fields = finding.fields().map_err(unwritable)?;
                record.push_str(&csv(&fields));
                view.push_str(&csv_for_spreadsheets(&fields));
            }
            folder.add(FINDINGS_CSV, record.as_bytes())?;
            folder.add(FINDINGS_VIEW_CSV, view.as_bytes())?;
        }
        Ok(())
    }
}

/// What is folded for an answer. `what`: what is done there, for who asks for anything else.
pub fn scope<'a>(asked: &'a ReportAsked, what: &str) -> Result<Scope<'a>, AppError> {
    match (&asked.streams[..], &asked.category) {
        ([], None) => Ok(Scope::All),
        ([], Some(category)) => Ok(Scope::Category(category)),
        ([stream], None) => Ok(Scope::Stream(stream)),
        _ => Err(AppError::invalid(
            format!("{what} in one stream, in a category or in the whole store"),
            "name one stream, or a category, or neither",
        )),
    }
}

/// A value of a state, as JSON.
pub fn json(value: &Literal) -> String {
    String::from_utf8_lossy(&value.json()).into_owned()
}

pub fn fact(name: &str, value: impl Into<String>) -> Fact {
    Fact {
        name: name.to_owned(),
        value: value.into(),
        is_code: false,
    }
}

pub fn code(name: &str, value: impl Into<String>) -> Fact {
    Fact {
        is_code: true,
        ..fact(name, value)
    }
}

fn line(finding: &Finding) -> Result<String, AppError> {
    finding.line().map_err(unwritable)
}

fn unwritable(error: serde_json::Error) -> AppError {
    AppError::internal(error.to_string())
}
