//! A draft becomes a version of the package that it was made of: the one thing that is ever written there, and only when a
//! person asks for it. It appears whole or not at all, and in the place of nothing.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use refold_handlers::package::{MANIFEST, Package, environment_of};
use refold_handlers::testcase;
use refold_stores::plain_file::{self, MOST_TEXT_BYTES};

use super::manifest::{Added, expect_draft, released, with_version};
use super::own::{is_plain_name, write_new};
use super::{CASES, Draft, failed, files, remove};
use crate::error::AppError;
use crate::written_file::is_of_store;

/// Where a package has its versions, where its manifest says nothing else.
const VERSIONS: &str = "versions";
/// How what is not whole yet is called. The packages that are watched are not looked at there.
pub(super) const UNFINISHED: &str = ".refold-tmp-";

impl Draft {
    /// Writes it as the version `id`, after all others, and throws the draft away. Answers how the version is opened.
    /// `store`: the path of the store that is looked at, beside which nothing is written.
    pub fn publish(&self, store: &Path, id: &str) -> Result<String, AppError> {
        let refused = |why: &str, hint: &str| AppError::invalid(format!("no version is written: {why}"), hint);
        if !is_version(id) {
            return Err(refused(
                "this is no version",
                "write 1 to 64 letters, digits, points, hyphens, underscores or plus signs, such as 1.2.0",
            ));
        }
        let turn = self.turn()?;
        let kept = self.again()?;
        let draft = Package::open(&self.package())?;
        let own = draft.select(Some(&self.id()))?;
        // What cannot be used is no version that others should find.
        let compiled = draft.compile(own)?;
        let origin = Path::new(&self.kept.package);
        let package = Package::open(origin)?;
        let is_pinned = package.select(Some(&self.kept.version))?.hash.is_some();
        let found = |error: std::io::Error| failed("find", origin, &error);
        if is_of_store(origin, store).map_err(found)? {
            let hint = "move the package into a folder of its own";
            return Err(refused("the package lies in the folder of the store", hint));
        }
        let versions = origin.join(VERSIONS);
        let broken = |error: std::io::Error| failed("write a version into", &versions, &error);
        fs::create_dir_all(&versions).map_err(broken)?;
        let (real, inside) = (
            versions.canonicalize().map_err(broken)?,
            origin.canonicalize().map_err(broken)?,
        );
        if !real.starts_with(inside) {
            let hint = "make it a folder of the package";
            return Err(refused("the folder “versions” leads out of the package", hint));
        }
        let (folder, manifest) = (versions.join(id), origin.join(MANIFEST));
        // Also where a link leads nowhere.
        if fs::symlink_metadata(&folder).is_ok() {
            let hint = "choose another version; none is ever written over";
            return Err(refused(&format!("{} is there already", folder.display()), hint));
        }
        let is_link = fs::symlink_metadata(&manifest).map_err(broken)?.is_symlink();
        if is_link {
            let hint = "put the manifest itself into the package";
            return Err(refused("the manifest is a link to another file", hint));
        }
        let before = plain_file::read_text(&manifest, MOST_TEXT_BYTES).map_err(broken)?;
        let program = compiled.program();
        let added = Added {
            of: &self.kept.version,
            id,
            path: &format!("{VERSIONS}/{id}"),
            is_draft: false,
            // Where the manifest holds the one before to its files, it holds this one too.
            hash: is_pinned.then_some(program.identity().hash.as_str()),
        };
        let text = match kept.has_own_manifest() {
            false => with_version(&before, &added)?,
            true if !kept.is_manifest_known(&before) => {
                let hint = "have that of the draft follow the package again, and write in it anew";
                return Err(refused(
                    &format!("{MANIFEST} of the package is another one than the draft's was written from"),
                    hint,
                ));
            }
            true => {
                let file = self.package().join(MANIFEST);
                let written = plain_file::read_text(&file, MOST_TEXT_BYTES).map_err(broken)?;
                expect_draft(&self.manifest(&before)?, &written, &self.id())?;
                released(&written, &self.id(), &added)?
            }
        };
        let cases = kept.cases_for(&draft, origin, id)?;
        let new = tempfile::Builder::new().prefix(UNFINISHED).tempdir_in(&versions);
        let new = new.map_err(broken)?;
        let whole = new.path().join("version");
        fs::create_dir(&whole).map_err(broken)?;
        for file in files::version(&draft, own)? {
            file.write(&whole)?;
        }
        fs::rename(&whole, &folder).map_err(broken)?;
        let written =
            write_cases(&cases).and_then(|()| replace(&manifest, &before, &text).inspect_err(|_| unwrite(&cases)));
        if let Err(error) = written {
            // The version that nothing names goes again.
            remove(&folder)?;
            return Err(error);
        }
        drop(turn);
        // The version is there: a draft that stays takes nothing from that.
        let _ = self.discard();
        Ok(format!("{}@{id}", self.kept.package))
    }
}

/// A test case of a draft, and where it goes.
struct CaseFile {
    to: PathBuf,
    text: String,
}

impl Draft {
    /// Its own test cases as those of the version `id`. `draft`: its package; `origin`: the folder of the user's.
    fn cases_for(&self, draft: &Package, origin: &Path, id: &str) -> Result<Vec<CaseFile>, AppError> {
        let folder = origin.join(CASES);
        let mut cases = Vec::new();
        for name in self.own_cases() {
            let (file, to) = (draft.folder.join(&name), origin.join(&name));
            // One that cannot be read would keep all others from being run.
            testcase::check(draft, &file)?;
            if fs::symlink_metadata(&to).is_ok() {
                return Err(AppError::invalid(
                    format!("no version is written: {} is there already", to.display()),
                    "give the test case of the draft another name",
                ));
            }
            let text = plain_file::read_text(&file, MOST_TEXT_BYTES).map_err(|error| failed("read", &file, &error))?;
            let text = with_version_of_case(&text, &self.id(), id);
            cases.push(CaseFile { to, text });
        }
        if !cases.is_empty() {
            let broken = |error: std::io::Error| failed("write test cases into", &folder, &error);
            fs::create_dir_all(&folder).map_err(broken)?;
            let (real, inside) = (
                folder.canonicalize().map_err(broken)?,
                origin.canonicalize().map_err(broken)?,
            );
            if !real.starts_with(inside) {
                return Err(AppError::invalid(
                    "no version is written: the folder “tests” leads out of the package",
                    "make it a folder of the package",
                ));
            }
        }
        Ok(cases)
    }
}

/// All of them, or none.
fn write_cases(cases: &[CaseFile]) -> Result<(), AppError> {
    for (at, case) in cases.iter().enumerate() {
        if let Err(error) = write_new(&case.to, &case.text) {
            unwrite(cases.get(..at).unwrap_or_default());
            return Err(error);
        }
    }
    Ok(())
}

/// Takes away what was written just now.
fn unwrite(cases: &[CaseFile]) {
    for case in cases {
        // It says more why they were not wanted than that one of them stays.
        let _ = fs::remove_file(&case.to);
    }
}

/// A test case that is for a draft, as one that is for the version that it became: what stands in its list `versions`.
fn with_version_of_case(text: &str, draft: &str, version: &str) -> String {
    let mut is_versions = false;
    let line = |line: &str| {
        if line.starts_with(|letter: char| !letter.is_whitespace() && !matches!(letter, '#' | '-' | ']')) {
            is_versions = line.starts_with("versions:");
        }
        match is_versions {
            true => line.replace(draft, version),
            false => line.to_owned(),
        }
    };
    text.split_inclusive('\n').map(line).collect()
}

/// What can be a folder on every system, and is no way of naming several versions.
fn is_version(id: &str) -> bool {
    is_plain_name(id) && environment_of(id).is_none()
}

/// Replaces a file in one step, and leaves to it who may read it. Not where it is otherwise than it was read (`before`):
/// somebody else writes in it.
pub(super) fn replace(file: &Path, before: &str, text: &str) -> Result<(), AppError> {
    let broken = |error: std::io::Error| failed("write", file, &error);
    let permissions = fs::metadata(file).map_err(broken)?.permissions();
    let folder = file.parent().unwrap_or(Path::new("."));
    let new = tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(folder);
    let mut new = new.map_err(broken)?;
    new.write_all(text.as_bytes()).map_err(broken)?;
    new.as_file().set_permissions(permissions).map_err(broken)?;
    new.as_file().sync_all().map_err(broken)?;
    if plain_file::read(file, MOST_TEXT_BYTES).map_err(broken)? != before.as_bytes() {
        return Err(AppError::invalid(
            format!("no version is written: {MANIFEST} was changed meanwhile"),
            "try it again",
        ));
    }
    new.persist(file).map_err(|error| broken(error.error))?;
    Ok(())
}
