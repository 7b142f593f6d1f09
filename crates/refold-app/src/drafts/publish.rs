//! A draft becomes a version of the package that it was made of: the one thing that is ever written there, and only when a
//! person asks for it. It appears whole or not at all, and in the place of nothing.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use refold_handlers::package::{MANIFEST, Package, environment_of};
use refold_stores::plain_file::{self, MOST_TEXT_BYTES};

use super::manifest::{Added, with_version};
use super::{Draft, failed, files, remove};
use crate::error::AppError;
use crate::written_file::is_of_store;

/// Where a package has its versions, where its manifest says nothing else.
const VERSIONS: &str = "versions";
/// How what is not whole yet is called. The packages that are watched are not looked at there.
const UNFINISHED: &str = ".refold-tmp-";

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
        let text = with_version(
            &before,
            &Added {
                of: &self.kept.version,
                id,
                path: &format!("{VERSIONS}/{id}"),
                is_draft: false,
                // Where the manifest holds the one before to its files, it holds this one too.
                hash: is_pinned.then_some(program.identity().hash.as_str()),
            },
        )?;
        let new = tempfile::Builder::new().prefix(UNFINISHED).tempdir_in(&versions);
        let new = new.map_err(broken)?;
        let whole = new.path().join("version");
        fs::create_dir(&whole).map_err(broken)?;
        for file in files::version(&draft, own)? {
            file.write(&whole)?;
        }
        fs::rename(&whole, &folder).map_err(broken)?;
        if let Err(error) = replace(&manifest, &before, &text) {
            // The version that nothing names goes again.
            remove(&folder)?;
            return Err(error);
        }
        // The version is there: a draft that stays takes nothing from that.
        let _ = self.discard();
        Ok(format!("{}@{id}", self.kept.package))
    }
}

/// What can be a folder on every system, and is no way of naming several versions.
fn is_version(id: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_+".contains(&byte);
    (1..=64).contains(&id.len())
        && id.bytes().all(is_plain)
        && !id.starts_with('.')
        && !id.ends_with('.')
        && !is_device(id)
        && environment_of(id).is_none()
}

/// Whether Windows takes the name for one of its devices, whatever stands behind its first point.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().to_ascii_lowercase();
    let is_port = |kind: &str| matches!(stem.strip_prefix(kind).map(str::as_bytes), Some([b'0'..=b'9']));
    matches!(stem.as_str(), "con" | "prn" | "aux" | "nul") || is_port("com") || is_port("lpt")
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
