//! Where the evidence of each store lies, and how a person makes reports of it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{load, save};
use crate::error::AppError;
use crate::places::Places;
use crate::wire::ReportManner;

/// The folder of a store's anchors; empty: nobody said. `store`: what its notes are kept under.
pub fn anchors_of(places: &Places, store: &str) -> String {
    of(places, store).anchors
}

pub fn keep_anchors(places: &Places, store: &str, folder: &str) -> Result<(), AppError> {
    keep(places, store, |kept| kept.anchors = folder.to_owned())
}

/// How reports of a store were made last.
pub fn manner_of(places: &Places, store: &str) -> ReportManner {
    of(places, store).reports
}

pub fn keep_manner(places: &Places, store: &str, manner: &ReportManner) -> Result<(), AppError> {
    keep(places, store, |kept| kept.reports = manner.clone())
}

/// By store.
#[derive(Default, Serialize, Deserialize)]
struct EvidenceFile {
    #[serde(default)]
    store: BTreeMap<String, KeptEvidence>,
}

#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
struct KeptEvidence {
    anchors: String,
    reports: ReportManner,
}

fn of(places: &Places, store: &str) -> KeptEvidence {
    let file: EvidenceFile = load(&file_of(places)).unwrap_or_default();
    file.store.get(store).cloned().unwrap_or_default()
}

fn keep(places: &Places, store: &str, change: impl FnOnce(&mut KeptEvidence)) -> Result<(), AppError> {
    let mut file: EvidenceFile = load(&file_of(places)).unwrap_or_default();
    change(file.store.entry(store.to_owned()).or_default());
    save(&file_of(places), &file)
}

fn file_of(places: &Places) -> PathBuf {
    places.config.join("evidence.toml")
}
