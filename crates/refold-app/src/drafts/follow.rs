//! What of a draft follows the user's package: what stands beside the versions, save what a person wrote in the draft.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use refold_handlers::error::PackageError;
use refold_handlers::package::MANIFEST;
use refold_stores::plain_file::{self, MOST_TEXT_BYTES};

use super::{CASES, Draft, failed, files, manifest};
use crate::error::AppError;
use crate::kept::{read_text, write_whole};
use crate::{mask, text};

impl Draft {
    /// Brings what stands beside the versions up to date with the user's package, where that can be read.
    pub fn renew(&self) -> Result<(), AppError> {
        let _turn = self.turn()?;
        let draft = self.again()?;
        let (origin, own) = (Path::new(&draft.kept.package), draft.package());
        // What is to be hidden is, also where the rest cannot follow.
        if let Some(rules) = files::one(origin, mask::FILE)?
            && files::one(&own, mask::FILE)?.as_ref() != Some(&rules)
        {
            rules.write(&own)?;
        }
        let Ok(wanted) = files::beside(origin) else {
            return Ok(());
        };
        if draft.kept.manifest.is_none()
            && let Some(manifest) = read_text(&origin.join(MANIFEST)).and_then(|text| draft.manifest(&text).ok())
            && read_text(&own.join(MANIFEST)).as_deref() != Some(&manifest)
        {
            write_whole(&own.join(MANIFEST), &manifest)?;
        }
        let known = files::beside(&own)?;
        let names: BTreeSet<&str> = wanted.iter().map(|file| file.name.as_str()).collect();
        let is_own = |file: &&files::File| {
            let case = file.name.strip_prefix(CASES).and_then(|name| name.strip_prefix('/'));
            case.is_some_and(|case| draft.kept.cases.contains(case))
        };
        for file in wanted.iter().filter(|file| !known.contains(file) && !is_own(file)) {
            file.write(&own)?;
        }
        for file in known
            .iter()
            .filter(|file| !names.contains(file.name.as_str()) && !is_own(file))
        {
            let path = own.join(&file.name);
            fs::remove_file(&path).map_err(|error| failed("remove", &path, &error))?;
        }
        Ok(())
    }

    /// Whether a person wrote in its manifest: it does not follow that of the package.
    pub fn has_own_manifest(&self) -> bool {
        self.kept.manifest.is_some()
    }

    /// What its manifest says that a draft's must not, by line and column. Where the package cannot be read, nothing is
    /// known of it.
    pub fn manifest_problem(&self) -> Option<PackageError> {
        self.kept.manifest.as_ref()?;
        let wanted = self.manifest(&manifest_of(self).ok()?).ok()?;
        let own = read_text(&self.package().join(MANIFEST))?;
        manifest::expect_draft(&wanted, &own, &self.id()).err()
    }

    /// Whether the manifest of the package is what the draft's own was written from.
    pub(super) fn is_manifest_known(&self, origin: &str) -> bool {
        let wanted = self.manifest(origin).ok();
        wanted.map(|text| text::sha256(text.as_bytes())) == self.kept.manifest
    }
}

/// The manifest of the user's package.
pub(super) fn manifest_of(draft: &Draft) -> Result<String, AppError> {
    let file = Path::new(&draft.kept.package).join(MANIFEST);
    plain_file::read_text(&file, MOST_TEXT_BYTES).map_err(|error| failed("read", &file, &error))
}
