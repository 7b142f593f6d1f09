//! The files that a draft is made of, read from a package and written into another folder. A link is no part of one: it may
//! lead anywhere.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use refold_handlers::package::{ManifestVersion, PROGRAM_LEFT_OVER, Package, Runtime};
use refold_stores::plain_file;

use super::{BESIDE, CASES, failed};
use crate::error::AppError;
use crate::reload::is_left_over;

/// A version with what stands beside it, at most.
const MOST_BYTES: u64 = 64 << 20;
const MOST_FILES: usize = 4_096;

/// A file with its name from a folder, with forward slashes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    pub name: String,
    pub bytes: Vec<u8>,
    permissions: fs::Permissions,
}

/// What a draft begins with.
pub struct All {
    /// From the folder of the version.
    pub version: Vec<File>,
    /// From the folder of the package.
    pub beside: Vec<File>,
}

pub fn all(package: &Package, of: &ManifestVersion) -> Result<All, AppError> {
    Ok(All {
        version: version(package, of)?,
        beside: beside(&package.folder)?,
    })
}

/// The files of a version.
pub fn version(package: &Package, version: &ManifestVersion) -> Result<Vec<File>, AppError> {
    let folder = package.folder.join(&version.path);
    let real = |path: &Path| path.canonicalize().map_err(|error| failed("find", path, &error));
    if !real(&folder)?.starts_with(real(&package.folder)?) {
        return Err(refused("the folder of the version leads out of the package", &folder));
    }
    let is_left: fn(&str) -> bool = match version.runtime {
        // A program is all that lies in its folder, and may need its libraries there.
        Runtime::Process => |name| name == PROGRAM_LEFT_OVER,
        Runtime::Declarative | Runtime::Js(_) | Runtime::Wasm => is_left_over,
    };
    let mut files = Vec::new();
    below(&folder, "", is_left, &mut files)?;
    Ok(files)
}

/// What of a package stands beside its versions, save its manifest.
pub fn beside(package: &Path) -> Result<Vec<File>, AppError> {
    let mut files = Vec::new();
    for name in BESIDE {
        files.extend(one(package, name)?);
    }
    if package.join(CASES).is_dir() {
        below(&package.join(CASES), &format!("{CASES}/"), is_left_over, &mut files)?;
    }
    Ok(files)
}

/// One of the files beside the versions, where it is there.
pub fn one(package: &Path, name: &str) -> Result<Option<File>, AppError> {
    let mut files = Vec::new();
    if package.join(name).exists() {
        take(&package.join(name), name.to_owned(), &mut files)?;
    }
    Ok(files.pop())
}

impl File {
    /// Into a folder, in one step: what had its name there is there until all of this is.
    pub fn write(&self, folder: &Path) -> Result<(), AppError> {
        let path = folder.join(&self.name);
        let broken = |error: std::io::Error| failed("write", &path, &error);
        let folder = path.parent().unwrap_or(folder);
        fs::create_dir_all(folder).map_err(broken)?;
        let mut new = tempfile::NamedTempFile::new_in(folder).map_err(broken)?;
        new.write_all(&self.bytes).map_err(broken)?;
        new.as_file()
            .set_permissions(self.permissions.clone())
            .map_err(broken)?;
        new.as_file().sync_all().map_err(broken)?;
        new.persist(&path).map_err(|error| broken(error.error))?;
        Ok(())
    }
}

/// `is_left`: by its name, whether a file or folder is no part.
fn below(folder: &Path, prefix: &str, is_left: fn(&str) -> bool, files: &mut Vec<File>) -> Result<(), AppError> {
    let broken = |error: std::io::Error| failed("list", folder, &error);
    let entries = fs::read_dir(folder).map_err(broken)?;
    let mut entries = entries.collect::<Result<Vec<_>, _>>().map_err(broken)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let (path, kind) = (entry.path(), entry.file_type().map_err(broken)?);
        let Some(name) = entry.file_name().to_str().map(str::to_owned) else {
            return Err(refused("its name is no UTF-8", &path));
        };
        if is_left(&name) {
            continue;
        }
        match kind.is_dir() {
            true => below(&path, &format!("{prefix}{name}/"), is_left, files)?,
            false => take(&path, format!("{prefix}{name}"), files)?,
        }
    }
    Ok(())
}

fn take(path: &Path, name: String, files: &mut Vec<File>) -> Result<(), AppError> {
    let broken = |error: std::io::Error| failed("read", path, &error);
    let metadata = fs::symlink_metadata(path).map_err(broken)?;
    if !metadata.is_file() {
        return Err(refused(
            "only files and folders can be part of a draft, and no links",
            path,
        ));
    }
    let held = files.iter().map(|file| file.bytes.len() as u64).sum::<u64>();
    if files.len() == MOST_FILES || held.saturating_add(metadata.len()) > MOST_BYTES {
        return Err(refused("a draft has at most 4,096 files and 67,108,864 bytes", path));
    }
    files.push(File {
        name,
        bytes: plain_file::read(path, metadata.len()).map_err(broken)?,
        permissions: metadata.permissions(),
    });
    Ok(())
}

fn refused(why: &str, path: &Path) -> AppError {
    AppError::invalid(
        format!("no draft can be made of this: {why}: {}", path.display()),
        "write in the package with an editor; it is folded with again when it is saved",
    )
}
