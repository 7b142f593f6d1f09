//! `manifest.json`: the report, and every file that shows it. Canonical JSON (RFC 8785).

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::model::Report;
use crate::anchor::manifest::{canonical, parse_canonical};
use crate::anchor::{Hash, hex};

/// The only format that there is.
pub const FORMAT: &str = "refold-report/2";

pub const PAGES: &str = "report.html";
pub const PRINTED: &str = "report.pdf";
pub const WORKBOOK: &str = "report.xlsx";
/// The files that bear the id of their report, so that it cannot be made of them.
const BEARERS: [&str; 3] = [PAGES, PRINTED, WORKBOOK];

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    pub format: String,
    pub report: Report,
    /// By name: every file but this one, `VERIFY.txt`, `SHA256SUMS` and its signature.
    pub files: Vec<ReportFile>,
    /// The minisign key that signed the bundle, as minisign prints it. `null`: nobody did.
    pub signed_by: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReportFile {
    pub name: String,
    pub bytes: u64,
    pub sha256: String,
    /// `record`: what the store said, to the letter; with pseudonyms what is shown of it, written anew. `pages`: the report
    /// for people. `view`: the record made easy to look at, and no evidence. `program`: what checks the bundle.
    pub role: String,
}

impl Manifest {
    pub fn to_json(&self) -> Vec<u8> {
        canonical(self)
    }

    /// Reads what [`Manifest::to_json`] wrote, byte for byte; the error says what is wrong.
    pub fn parse(json: &[u8]) -> Result<Manifest, String> {
        parse_canonical(json, FORMAT, |manifest: &Manifest| &manifest.format)
    }

    /// Whether the id is that of what the report says and of these files.
    pub fn has_own_id(&self) -> bool {
        identified(self.report.clone(), &self.files).id == self.report.id
    }
}

/// The report with its id: a UUID of version 8 (RFC 9562) from the first 16 bytes of the SHA-256 of the canonical JSON of an
/// object of two members: `report`, with an empty id, and `files`, those that do not bear it, by name. Those that do are
/// made of the report and its record alone.
pub fn identified(report: Report, files: &[ReportFile]) -> Report {
    #[derive(Serialize)]
    struct Named<'a> {
        report: &'a Report,
        files: Vec<&'a ReportFile>,
    }
    let report = Report {
        id: String::new(),
        ..report
    };
    let files = files.iter().filter(|file| !BEARERS.contains(&&*file.name));
    let named = Named {
        report: &report,
        files: files.collect(),
    };
    let digest: Hash = Sha256::digest(canonical(&named)).into();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let digits = hex(&bytes);
    let parts = [
        &digits[..8],
        &digits[8..12],
        &digits[12..16],
        &digits[16..20],
        &digits[20..],
    ];
    Report {
        id: parts.join("-"),
        ..report
    }
}
