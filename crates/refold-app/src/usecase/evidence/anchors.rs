//! The anchors that lie in a folder, by what their manifests say. Whether they are whole is for verifying to say.

use std::collections::BTreeMap;
use std::path::Path;

use refold_audit::anchor::manifest::{Manifest, StoreIdentity};
use refold_audit::anchor::{Hash, hex};
use refold_core::port::system::in_words;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::anchor::identity;
use super::folder::MANIFEST;
use super::foreign;
use crate::error::AppError;
use crate::session::Session;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AnchorsAnswer {
    /// The folder that they lie in.
    pub folder: String,
    /// Those of the store first; the latest of them first.
    pub anchors: Vec<AnchorFound>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AnchorFound {
    pub dir: String,
    /// Of its folder.
    pub name: String,
    /// Whether it is of a store of this kind and layout, which other stores are of, too: one that is not cannot be verified against it.
    pub is_of_kind: bool,
    pub made_at: String,
    pub size: u64,
    pub horizon: String,
    pub root: String,
    /// The key that it says signed it, unchecked. `null`: nobody did.
    pub signed_by: Option<String>,
    /// The name of the one among them that it continues.
    pub continues: Option<String>,
    /// Whether it names each event that differs, and not a range of them.
    pub names_events: bool,
    /// Why its manifest cannot be read; then nothing else of it is known.
    pub unreadable: Option<String>,
}

/// `folder`: where anchors were put, or one of them.
pub fn anchors(session: &Session, folder: &Path) -> Result<AnchorsAnswer, AppError> {
    let is_anchor = folder.join(MANIFEST).is_file();
    let folder = folder.parent().filter(|_| is_anchor).unwrap_or(folder);
    let entries = std::fs::read_dir(folder).map_err(|error| {
        AppError::invalid(
            format!(
                "the folder of the anchors cannot be read ({}): {}",
                in_words(&error),
                folder.display()
            ),
            "name the folder in which anchors were made",
        )
    })?;
    let of_store = identity(session);
    let mut names = BTreeMap::new();
    let mut found = Vec::new();
    for dir in entries.flatten().map(|entry| entry.path()) {
        let Ok(json) = foreign::read(&dir.join(MANIFEST)) else {
            continue;
        };
        let digest: Hash = Sha256::digest(&json).into();
        names.insert(hex(&digest), name_of(&dir));
        found.push((dir, Manifest::parse(&json)));
    }
    let mut anchors: Vec<AnchorFound> = found
        .into_iter()
        .map(|(dir, manifest)| seen(&dir, manifest, &of_store, &names))
        .collect();
    anchors.sort_by(|a, b| {
        (b.is_of_kind, &b.made_at)
            .cmp(&(a.is_of_kind, &a.made_at))
            .then_with(|| a.name.cmp(&b.name))
    });
    Ok(AnchorsAnswer {
        folder: folder.display().to_string(),
        anchors,
    })
}

/// `names`: of the anchors, by the digests of their manifests.
fn seen(
    dir: &Path,
    manifest: Result<Manifest, String>,
    of_store: &StoreIdentity,
    names: &BTreeMap<String, String>,
) -> AnchorFound {
    let unknown = AnchorFound {
        name: name_of(dir),
        dir: dir.display().to_string(),
        is_of_kind: false,
        made_at: String::new(),
        size: 0,
        horizon: String::new(),
        root: String::new(),
        signed_by: None,
        continues: None,
        names_events: false,
        unreadable: None,
    };
    match manifest {
        Ok(manifest) => AnchorFound {
            is_of_kind: manifest.store == *of_store,
            made_at: manifest.made_at,
            size: manifest.size,
            horizon: manifest.horizon,
            root: manifest.root,
            signed_by: manifest.signed_by,
            continues: manifest.previous.and_then(|digest| names.get(&digest).cloned()),
            names_events: manifest.names_events,
            ..unknown
        },
        Err(reason) => AnchorFound {
            unreadable: Some(reason),
            ..unknown
        },
    }
}

fn name_of(dir: &Path) -> String {
    dir.file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}
