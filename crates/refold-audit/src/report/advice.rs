//! `VERIFY.txt`: what is in the folder, for whoever finds it. It is made of the manifest alone, so that it can be made again
//! and compared.

use super::manifest::{Manifest, ReportFile};
use super::visible;
use crate::anchor::{Hash, hex};

/// The text of the file. `digest`: the SHA-256 of `manifest.json`.
pub fn write(manifest: &Manifest, digest: &Hash) -> String {
    let report = &manifest.report;
    let signature = match &manifest.signed_by {
        Some(key) => format!(
            "2. minisign -Vm SHA256SUMS -P {key}\n   says who signed it. Compare the key with one that you have from elsewhere.\n"
        ),
        None => "2. Nobody signed this report. It is worth as much as the place where it was kept: compare the id with one that\n   \
                 you have from elsewhere, for whoever had this folder could have made another report of it, with another id.\n"
            .to_owned(),
    };
    let key = match &manifest.signed_by {
        Some(key) => format!(" --key {key}"),
        None => String::new(),
    };
    let is_excerpt = report.redaction.pseudonyms.is_some();
    let files: String = manifest
        .files
        .iter()
        .map(|file| format!("  {:<18} {:<8} {}\n", file.name, file.role, meaning(file, is_excerpt)))
        .collect();
    format!(
        "{}\n{}\n\
         \n\
         Report {}, made at {} by {}.\n\
         The SHA-256 of manifest.json is {}\n\
         The report digest on its cover is the SHA-256 of \"report\" in it, as canonical JSON (RFC 8785):\n\
         {}\n\
         \n\
         {files}\
         \n\
         1. sha256sum -c SHA256SUMS\n   says whether the files are whole.\n\
         {signature}\
         3. python3 verify.py .{key}\n   says both, whether every table says what its record says, and whether the id is that of all this. It needs\n   \
         nothing but Python, and can be read.\n\
         4. refold verify-bundle .{key}\n   says the same, makes the pages again and compares them, and names the file that was changed.\n\
         \n\
         What this shows: the files are those that were written, and belong together.\n\
         What it does not show: that the events are true, that the store held no others before, who wrote them, or when \
         this report was made, unless somebody else can tell. manifest.json has all limits, under \"limits\".\n",
        visible(&report.cover.title),
        visible(&report.cover.about),
        report.id,
        report.cover.made_at,
        report.method.program,
        hex(digest),
        hex(&report.sha256()),
    )
}

fn meaning(file: &ReportFile, is_excerpt: bool) -> &'static str {
    let is_of_findings = file.name.starts_with("findings.");
    match file.role.as_str() {
        "record" if is_of_findings => "every finding of the verdict that was kept",
        "view" if is_of_findings => "the findings for spreadsheets: easy to look at, and no evidence",
        "record" if is_excerpt => "what is shown of what the store said, written anew",
        "record" => "what the store said of each event, payloads to the letter",
        "pages" => "the report for people",
        "view" => "the record for spreadsheets: easy to look at, and no evidence",
        "program" => "checks this folder",
        // Of a format that this program does not write.
        _ => "",
    }
}
