//! `manifest.json`: the report, and every file that shows it. Canonical JSON (RFC 8785).

use serde::{Deserialize, Serialize};

use super::model::Report;
use crate::anchor::manifest::canonical;

/// The only format that there is.
pub const FORMAT: &str = "refold-report/1";

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
    /// `record`: what the store said, to the letter. `pages`: the report for people. `view`: the record made easy to look
    /// at, and no evidence. `program`: what checks the bundle.
    pub role: String,
}

impl Manifest {
    pub fn to_json(&self) -> Vec<u8> {
        canonical(self)
    }

    /// Reads what [`Manifest::to_json`] wrote, byte for byte; the error says what is wrong.
    pub fn parse(json: &[u8]) -> Result<Manifest, String> {
        let manifest: Manifest = serde_json::from_slice(json).map_err(|error| error.to_string())?;
        if manifest.format != FORMAT {
            return Err(format!(
                "its format is {}, and this program knows {FORMAT}",
                manifest.format
            ));
        }
        if manifest.to_json() != json {
            return Err("it is not canonical JSON".to_owned());
        }
        if manifest.report.clone().identified().id != manifest.report.id {
            return Err("the id of the report is not made of what it says".to_owned());
        }
        Ok(manifest)
    }
}
