//! Checking a report by itself, and naming the file that was changed.
//!
//! What each file is, is said twice: in `SHA256SUMS` and in `manifest.json`, and of these two in `VERIFY.txt`, which is made
//! of the manifest. So a file that differs is told from a list that was changed. Where all lists agree, tables and pages are
//! made again ([`super::again`]) and the id is: a forgery that fits its lists does not fit these.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use refold_audit::anchor::signing::{PublicKey, SignatureError};
use refold_audit::anchor::{Hash, hex, sums};
use refold_audit::report::advice;
use refold_audit::report::manifest::Manifest;
use refold_core::port::system::in_words;
use refold_core::work::{Cancelled, Work};

use super::super::bundle::{BundleAnswer, BundleFile, UNLISTED, broken};
use super::super::folder::{ADVICE, SIGNATURE, SUMS};
use super::super::foreign;
use super::again::Again;
use super::{FINDINGS_JSON, MANIFEST, RECORD_JSON};
use crate::error::AppError;
use crate::text::{counted, hex as digits};

/// `key`: must have signed it.
pub fn check_report(work: &Work<'_>, path: &Path, key: Option<&PublicKey>) -> Result<BundleAnswer, AppError> {
    let unreadable = |error: std::io::Error| {
        AppError::invalid(
            format!("the report cannot be read ({}): {}", in_words(&error), path.display()),
            "name the folder of a report",
        )
    };
    let mut names = BTreeSet::new();
    for entry in std::fs::read_dir(path).map_err(unreadable)? {
        names.insert(entry.map_err(unreadable)?.file_name().to_string_lossy().into_owned());
    }
    let bundle = Bundle::read(work, path, names)?;
    let mut blamed = bundle.blamed(key);
    let mut limits = Vec::new();
    if blamed.is_empty()
        && let Ok(manifest) = &bundle.manifest
    {
        limits.extend(blame_contents(work, path, (&bundle, manifest), &mut blamed)?);
        limits.extend(unproved(manifest, key));
    }
    let listed: BTreeSet<&String> = bundle
        .names
        .iter()
        .chain(&bundle.expected)
        .chain(blamed.keys())
        .collect();
    let files: Vec<BundleFile> = listed
        .into_iter()
        .map(|name| BundleFile {
            name: name.clone(),
            ok: !blamed.contains_key(name),
            reason: blamed.get(name).cloned(),
        })
        .collect();
    let is_whole = blamed.is_empty();
    let sentence = match (&bundle.manifest, is_whole) {
        (Ok(manifest), true) => format!(
            "a whole report of {}: {} Made at {}, id {}. Whether the store still holds these events is for refold verify to \
             say, with an anchor",
            counted(manifest.report.scope.counts.written, "event"),
            manifest.report.cover.about,
            manifest.report.cover.made_at,
            manifest.report.id
        ),
        _ => broken(&files),
    };
    if !is_whole {
        limits.clear();
    }
    Ok(BundleAnswer {
        limits,
        outcome: if is_whole { "verified" } else { "broken" },
        is_signed: key.map(|_| is_whole),
        root: None,
        report: bundle
            .manifest
            .ok()
            .filter(|_| is_whole)
            .map(|manifest| manifest.report.id),
        event: None,
        sentence,
        files,
    })
}

/// What the lists cannot tell: tables and pages that say something else than the record, and an id that is not theirs.
/// Returns what could not be compared, a sentence each.
fn blame_contents(
    work: &Work<'_>,
    path: &Path,
    (bundle, manifest): (&Bundle, &Manifest),
    blamed: &mut Blamed,
) -> Result<Option<String>, AppError> {
    let digest = |name: &str| bundle.digests.get(name).map(|digest| hex(digest));
    let findings = manifest
        .report
        .verdict
        .iter()
        .map(|verdict| (FINDINGS_JSON, &verdict.sha256));
    for (name, said) in findings.chain([(RECORD_JSON, &manifest.report.events.sha256)]) {
        if digest(name).is_some_and(|digest| digest != *said) {
            blame(blamed, name, "it is not the record that the report says");
        }
    }
    if !blamed.is_empty() {
        return Ok(None);
    }
    let mut again = Again {
        folder: path,
        manifest,
        blamed,
    };
    let shown = again.tables(work)?;
    if !again.blamed.is_empty() {
        return Ok(None);
    }
    if !manifest.has_own_id() {
        blame(
            blamed,
            MANIFEST,
            "the id of the report is not made of what it says and of its files",
        );
        return Ok(None);
    }
    again.pages(work, shown)
}

/// What a whole report does not prove by itself.
fn unproved(manifest: &Manifest, key: Option<&PublicKey>) -> Option<String> {
    let id = &manifest.report.id;
    match (&manifest.signed_by, key) {
        (None, _) => Some(format!(
            "Who made it: nobody signed it. Its files belong together, and no table says anything else than its record; but \
             whoever had the folder could have made all of it again of other events, with another id. Compare the id {id} \
             with one that you have from elsewhere."
        )),
        (Some(signed_by), None) => Some(format!(
            "Whose key signed it: none was named to compare it with. Compare {signed_by} with one that you have from \
             elsewhere, or name that (--key)."
        )),
        (Some(_), Some(_)) => None,
    }
}

/// A report as it lies in its folder.
struct Bundle {
    /// All files that are there.
    names: BTreeSet<String>,
    /// Those that must be.
    expected: BTreeSet<String>,
    digests: BTreeMap<String, Hash>,
    /// Why files could not be read.
    unreadable: BTreeMap<String, String>,
    manifest: Result<Manifest, String>,
    advice: Vec<u8>,
    sums_text: Vec<u8>,
    /// `None`: it is not as it is written.
    sums: Option<BTreeMap<String, Hash>>,
    signature: Option<Vec<u8>>,
}

/// By name, what is wrong with a file.
pub(super) type Blamed = BTreeMap<String, String>;

impl Bundle {
    fn read(work: &Work<'_>, path: &Path, names: BTreeSet<String>) -> Result<Bundle, Cancelled> {
        let (mut digests, mut unreadable) = (BTreeMap::new(), BTreeMap::new());
        for name in &names {
            match foreign::digest(work, &path.join(name))? {
                Ok(digest) => {
                    digests.insert(name.clone(), digest);
                }
                Err(error) => {
                    unreadable.insert(name.clone(), in_words(&error));
                }
            }
        }
        let read = |name: &str| foreign::read(&path.join(name));
        let manifest = read(MANIFEST)
            .map_err(|error| in_words(&error))
            .and_then(|json| Manifest::parse(&json));
        let sums_text = read(SUMS).unwrap_or_default();
        let sums = std::str::from_utf8(&sums_text).ok().and_then(sums::read);
        let signature = names.contains(SIGNATURE).then(|| read(SIGNATURE).unwrap_or_default());
        let listed = manifest.iter().flat_map(|of| &of.files).map(|file| file.name.clone());
        let mut expected: BTreeSet<String> = listed.collect();
        expected.extend([MANIFEST, ADVICE, SUMS].map(str::to_owned));
        Ok(Bundle {
            digests,
            unreadable,
            manifest,
            advice: read(ADVICE).unwrap_or_default(),
            sums_text,
            sums: sums.map(|list| list.into_iter().collect()),
            signature,
            names,
            expected,
        })
    }

    fn blamed(&self, key: Option<&PublicKey>) -> Blamed {
        let mut blamed: Blamed = self.unreadable.clone();
        if self.sums.is_none() {
            blame(&mut blamed, SUMS, "it is not as sha256sum writes it");
        }
        if let Err(reason) = &self.manifest {
            blame(&mut blamed, MANIFEST, reason);
        }
        self.blame_files(&mut blamed);
        self.blame_frame(&mut blamed);
        self.blame_signature(key, &mut blamed);
        blamed
    }

    /// The files that the manifest lists, and those that nobody does.
    fn blame_files(&self, blamed: &mut Blamed) {
        let of_manifest = self.of_manifest();
        // Whether another file speaks for the manifest: then a list that fits a file that does not was changed with it.
        let is_vouched = self.is_advice_of_manifest()
            || self
                .sums
                .as_ref()
                .is_some_and(|sums| sums.get(MANIFEST) == self.digests.get(MANIFEST));
        let frame = [MANIFEST, ADVICE, SUMS, SIGNATURE];
        let listed = self.sums.iter().flatten().map(|(name, _)| name);
        let all: BTreeSet<&String> = self.names.iter().chain(&self.expected).chain(listed).collect();
        for name in all.into_iter().filter(|name| !frame.contains(&name.as_str())) {
            let said = self.sums.as_ref().map(|sums| sums.get(name));
            let held = of_manifest.as_ref().map(|files| files.get(name));
            let found = self.digests.get(name);
            match (
                said.is_none_or(|said| said == found),
                held.is_none_or(|held| held == found),
            ) {
                (true, true) => {}
                (false, true) if held.is_some() => {
                    blame(blamed, SUMS, &format!("it says otherwise of {name} than {MANIFEST}"));
                }
                (true, false) if said.is_some() && is_vouched && found.is_some() && held.flatten().is_some() => {
                    blame(
                        blamed,
                        name,
                        &format!("it is not what {MANIFEST} says; {SUMS} was changed with it"),
                    );
                }
                (true, false) if said.is_some() => {
                    blame(blamed, MANIFEST, &format!("it says otherwise of {name} than {SUMS}"));
                }
                _ if found.is_none() => blame(blamed, name, "it is missing"),
                _ if said.flatten().is_none() && held.flatten().is_none() => {
                    blame(blamed, name, UNLISTED);
                }
                _ => blame(blamed, name, &format!("it is not what {SUMS} says")),
            }
        }
    }

    /// Manifest, advice and list, which speak of each other.
    fn blame_frame(&self, blamed: &mut Blamed) {
        let Some(sums) = &self.sums else { return };
        let found = |name: &str| self.digests.get(name);
        let is_advice_of_manifest = self.is_advice_of_manifest();
        for name in [MANIFEST, ADVICE] {
            if found(name).is_none() {
                blame(blamed, name, "it is missing");
            } else if sums.get(name) != found(name) {
                match is_advice_of_manifest {
                    true => blame(
                        blamed,
                        SUMS,
                        &format!("it says otherwise of {name} than the other files"),
                    ),
                    false => blame(blamed, name, &format!("it is not what {SUMS} says")),
                }
            }
        }
        if blamed.is_empty() && !is_advice_of_manifest {
            blame(blamed, ADVICE, &format!("it is not what goes with {MANIFEST}"));
        }
        // Not another spelling of the same list.
        let list: Vec<(&str, Hash)> = sums.iter().map(|(name, digest)| (name.as_str(), *digest)).collect();
        if sums::write(&list).as_bytes() != self.sums_text {
            blame(blamed, SUMS, "it is not as it was written");
        }
    }

    fn is_advice_of_manifest(&self) -> bool {
        match (&self.manifest, self.digests.get(MANIFEST)) {
            (Ok(manifest), Some(digest)) => advice::write(manifest, digest).as_bytes() == self.advice,
            _ => false,
        }
    }

    fn blame_signature(&self, key: Option<&PublicKey>, blamed: &mut Blamed) {
        // A manifest that was changed does not say who signed.
        if key.is_none() && blamed.contains_key(MANIFEST) {
            return;
        }
        let claimed = self
            .manifest
            .as_ref()
            .ok()
            .map(|manifest| manifest.signed_by.as_deref());
        let claimed = match claimed {
            Some(Some(text)) => match PublicKey::parse(text) {
                Ok(key) => Some(key),
                Err(error) => return blame(blamed, MANIFEST, &format!("the key in it is none: {error}")),
            },
            Some(None) if self.signature.is_some() && key.is_none() => {
                return blame(blamed, SIGNATURE, &format!("{MANIFEST} says that nobody signed"));
            }
            _ => None,
        };
        let Some(key) = key.copied().or(claimed) else { return };
        let Some(signature) = &self.signature else {
            return blame(blamed, SIGNATURE, "it is missing: nobody signed this report");
        };
        let text = std::str::from_utf8(signature).ok().filter(|text| is_as_written(text));
        let checked = text.map_or(Err(SignatureError::Foreign), |text| {
            key.check_file(&self.sums_text, text)
        });
        match checked {
            Ok(_) => {}
            // What is signed is another list: that one is to blame.
            Err(SignatureError::Wrong) if blamed.contains_key(SUMS) => {}
            Err(error) => blame(blamed, SIGNATURE, &error.to_string()),
        }
    }

    /// `None`: the manifest cannot be read.
    fn of_manifest(&self) -> Option<BTreeMap<String, Hash>> {
        let manifest = self.manifest.as_ref().ok()?;
        let digest = |text: &str| refold_audit::anchor::from_hex(text).filter(|hash: &Hash| digits(hash) == text);
        let file = |file: &refold_audit::report::manifest::ReportFile| Some((file.name.clone(), digest(&file.sha256)?));
        Some(manifest.files.iter().filter_map(file).collect())
    }
}

/// The first reason stays.
pub(super) fn blame(blamed: &mut Blamed, name: &str, reason: &str) {
    blamed.entry(name.to_owned()).or_insert_with(|| reason.to_owned());
}

/// What of a signature's file is not signed, and is always the same.
fn is_as_written(text: &str) -> bool {
    let lines: Vec<&str> = text.split('\n').collect();
    matches!(lines[..], [first, _, comment, _, ""]
        if first == "untrusted comment: signature of Refold" && comment.starts_with("trusted comment: "))
}
