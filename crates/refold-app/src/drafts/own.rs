//! What of a draft a person writes in the window: the files of its version, its manifest, and test cases of its own.
//!
//! A file is replaced only where it still is what the person saw of it: another window, or another program, may have
//! written there meanwhile. Nothing is ever written outside of the draft, through no link, and in the place of nothing else.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use refold_handlers::package::{MANIFEST, PROGRAM_LEFT_OVER};
use refold_stores::plain_file;

use super::{CASE, CASES, Draft, MOST_SHOWN, MOST_TEXT_BYTES, failed, follow};
use crate::error::AppError;
use crate::kept::write_whole;
use crate::reload::is_left_over;
use crate::text;

/// What came of writing over something, or of taking it away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    Done,
    /// It was otherwise than the person saw it, and is left so.
    Meanwhile,
}

/// What a name of the draft's package stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part<'n> {
    Manifest,
    /// A file of the version, by its name in that folder.
    Version(&'n str),
    /// A test case, by its name in that folder.
    Case(&'n str),
}

impl Draft {
    /// Writes a file anew, where it still is `before`.
    pub fn write(&self, name: &str, text: &str, before: &str) -> Result<Written, AppError> {
        expect_bounded(name, text)?;
        let part = self.part(name)?;
        let _turn = self.turn()?;
        let mut draft = self.again()?;
        let Some((file, found)) = draft.as_seen(name, part, before)? else {
            return Ok(Written::Meanwhile);
        };
        // Said before it is so: what is said to be a person's own is left as it is, and what is not is written over.
        if part == Part::Manifest && draft.kept.manifest.is_none() {
            draft.kept.manifest = Some(text::sha256(before.as_bytes()));
            draft.save()?;
        }
        write_whole(&file, text)?;
        fs::set_permissions(&file, found.permissions()).map_err(|error| failed("write", &file, &error))?;
        if part == Part::Manifest && draft.kept.manifest.as_ref() == Some(&text::sha256(text.as_bytes())) {
            // It was taken back.
            draft.kept.manifest = None;
            draft.save()?;
        }
        Ok(Written::Done)
    }

    /// Adds a file to its version, or a test case.
    pub fn add(&self, name: &str, text: &str) -> Result<(), AppError> {
        expect_bounded(name, text)?;
        self.expect_new(name)?;
        let part = self.part(name)?;
        let _turn = self.turn()?;
        let mut draft = self.again()?;
        draft.expect_room(name, part, None)?;
        let file = draft.folder_of(name, part)?.join(base(part));
        if let Part::Case(case) = part {
            draft.kept.cases.insert(case.to_owned());
            draft.save()?;
        }
        write_new(&file, text)
    }

    /// That a file of this name can be added, as far as names go and as things are now.
    pub fn expect_new(&self, name: &str) -> Result<(), AppError> {
        let part = self.part(name)?;
        expect_new_name(name, part)?;
        self.expect_room(name, part, None)
    }

    /// Gives a file of its version, or one of its test cases, another name in the same folder.
    pub fn rename(&self, name: &str, to: &str) -> Result<(), AppError> {
        let (from_part, to_part) = (self.part(name)?, self.part(to)?);
        match (from_part, to_part) {
            (Part::Version(_), Part::Version(_)) | (Part::Case(_), Part::Case(_)) => {}
            _ => {
                let hint = "add it there, and take this one away";
                return Err(refused(
                    name,
                    "a file stays in its folder, and the manifest has its name",
                    hint,
                ));
            }
        }
        expect_new_name(to, to_part)?;
        let _turn = self.turn()?;
        let mut draft = self.again()?;
        let from = draft.file(name, from_part)?;
        draft.expect_room(to, to_part, Some(base(from_part)))?;
        if let (Part::Case(_), Part::Case(case)) = (from_part, to_part) {
            draft.kept.cases.insert(case.to_owned());
            draft.save()?;
        }
        let file = from.with_file_name(base(to_part));
        fs::rename(&from, &file).map_err(|error| failed("rename", &from, &error))?;
        draft.forget_case(from_part)
    }

    /// Takes a file away, where it still is `before`. The manifest follows that of the package again.
    pub fn remove(&self, name: &str, before: &str) -> Result<Written, AppError> {
        let part = self.part(name)?;
        {
            let _turn = self.turn()?;
            let mut draft = self.again()?;
            let Some((file, _)) = draft.as_seen(name, part, before)? else {
                return Ok(Written::Meanwhile);
            };
            if part == Part::Manifest {
                let text = draft.manifest(&follow::manifest_of(&draft)?)?;
                write_whole(&file, text)?;
                draft.kept.manifest = None;
                draft.save()?;
            } else {
                fs::remove_file(&file).map_err(|error| failed("remove", &file, &error))?;
                draft.forget_case(part)?;
            }
        }
        self.renew()?;
        Ok(Written::Done)
    }

    /// The names of the test cases that are its own, and are there.
    pub fn own_cases(&self) -> Vec<String> {
        let folder = self.package().join(CASES);
        let cases = self.kept.cases.iter();
        let is_there = |case: &&String| plain(&folder.join(case)).is_some();
        cases.filter(is_there).map(|case| format!("{CASES}/{case}")).collect()
    }

    /// Whether a person writes this file in the window.
    pub fn is_own(&self, name: &str) -> bool {
        match self.part(name) {
            Ok(Part::Case(case)) => self.kept.cases.contains(case),
            part => part.is_ok(),
        }
    }

    /// As another window may have left it.
    pub(super) fn again(&self) -> Result<Draft, AppError> {
        Draft::read(&self.folder)
    }

    fn part<'n>(&self, name: &'n str) -> Result<Part<'n>, AppError> {
        let below = |folder: &str| name.strip_prefix(folder).and_then(|name| name.strip_prefix('/'));
        let part = match (below(&self.version_path()), below(CASES)) {
            _ if name == MANIFEST => Some(Part::Manifest),
            (Some(own), _) if is_name(own) => Some(Part::Version(own)),
            (_, Some(case)) if is_name(case) && case.ends_with(CASE) => Some(Part::Case(case)),
            _ => None,
        };
        part.ok_or_else(|| {
            refused(
                name,
                "it is none of the version",
                "choose one of the files of the version",
            )
        })
    }

    /// The folder that a part lies in, which is one of the draft itself.
    fn folder_of(&self, name: &str, part: Part<'_>) -> Result<PathBuf, AppError> {
        let package = self.package();
        let folder = match part {
            Part::Manifest => package.clone(),
            Part::Version(_) => package.join(self.version_path()),
            Part::Case(_) => package.join(CASES),
        };
        let broken = |error: std::io::Error| failed("find", &folder, &error);
        if matches!(part, Part::Case(_)) && fs::symlink_metadata(&folder).is_err() {
            fs::create_dir(&folder).map_err(broken)?;
        }
        let (real, inside) = (
            folder.canonicalize().map_err(broken)?,
            self.folder.canonicalize().map_err(broken)?,
        );
        match real.starts_with(inside) && real.is_dir() {
            true => Ok(folder),
            false => Err(refused(
                name,
                "its folder leads out of the draft",
                "make another draft of the version",
            )),
        }
    }

    /// A file that is there, and is the draft's own.
    fn file(&self, name: &str, part: Part<'_>) -> Result<PathBuf, AppError> {
        if let Part::Case(case) = part
            && !self.kept.cases.contains(case)
        {
            let hint = "write it in the package with an editor, or make one of another name here";
            return Err(refused(name, "it is a test case of the package", hint));
        }
        let file = self.folder_of(name, part)?.join(base(part));
        match plain(&file) {
            Some(_) => Ok(file),
            None => Err(refused(
                name,
                "it is not there",
                "choose one of the files of the version",
            )),
        }
    }

    /// The draft's own file of this name, where its text is the one that was seen; `None`: it is another one, or gone.
    fn as_seen(&self, name: &str, part: Part<'_>, before: &str) -> Result<Option<(PathBuf, fs::Metadata)>, AppError> {
        let there = self.folder_of(name, part)?.join(base(part));
        if fs::symlink_metadata(there).is_err_and(|error| error.kind() == ErrorKind::NotFound) {
            return Ok(None);
        }
        let file = self.file(name, part)?;
        let broken = |error: std::io::Error| failed("read", &file, &error);
        let found = fs::symlink_metadata(&file).map_err(broken)?;
        match plain_file::read(&file, MOST_TEXT_BYTES as u64) {
            Ok(bytes) if bytes == before.as_bytes() => Ok(Some((file, found))),
            Ok(bytes) if std::str::from_utf8(&bytes).is_ok() => Ok(None),
            Err(error) if error.kind() != ErrorKind::FileTooLarge => Err(broken(error)),
            _ => Err(refused(
                name,
                "it is no text, or has more than 524,288 bytes",
                "change it with another program",
            )),
        }
    }

    /// That there is room for one more file of this name. `beside`: the one that gets it does not count.
    fn expect_room(&self, name: &str, part: Part<'_>, beside: Option<&str>) -> Result<(), AppError> {
        let folder = self.folder_of(name, part)?;
        let broken = |error: std::io::Error| failed("list", &folder, &error);
        let (mut count, wanted) = (0, base(part).to_lowercase());
        for entry in fs::read_dir(&folder).map_err(broken)? {
            let entry = entry.map_err(broken)?.file_name();
            let entry = entry.to_string_lossy();
            if beside == Some(&*entry) {
                continue;
            }
            // Some file systems take no notice of capitals.
            if entry.to_lowercase() == wanted {
                return Err(refused(
                    name,
                    "something of this name is there already",
                    "choose another name",
                ));
            }
            count += usize::from(match part {
                Part::Case(_) => self.kept.cases.contains(&*entry),
                _ => plain(&folder.join(&*entry)).is_some(),
            });
        }
        match count < MOST_SHOWN || beside.is_some() {
            true => Ok(()),
            false => Err(refused(
                name,
                "the window shows 32 files of a version, and 32 test cases of a draft",
                "save the draft as a version, and go on in the package with an editor",
            )),
        }
    }

    fn forget_case(&mut self, part: Part<'_>) -> Result<(), AppError> {
        match part {
            Part::Case(case) if self.kept.cases.remove(case) => self.save(),
            _ => Ok(()),
        }
    }
}

fn base(part: Part<'_>) -> &str {
    match part {
        Part::Manifest => MANIFEST,
        Part::Version(name) | Part::Case(name) => name,
    }
}

/// Whether it is the name of one thing in a folder, however a system reads it.
fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(['/', '\\', ':', '\0']) && !matches!(name, "." | "..")
}

/// What can be a name on every system: letters, digits, and what stands between them.
pub(super) fn is_plain_name(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_+".contains(&byte);
    (1..=64).contains(&name.len())
        && name.bytes().all(is_plain)
        && !name.starts_with('.')
        && !name.ends_with('.')
        && !is_device(name)
}

/// Whether Windows takes the name for one of its devices, whatever stands behind its first point.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().to_ascii_lowercase();
    let is_port = |kind: &str| matches!(stem.strip_prefix(kind).map(str::as_bytes), Some([b'0'..=b'9']));
    matches!(stem.as_str(), "con" | "prn" | "aux" | "nul") || is_port("com") || is_port("lpt")
}

fn expect_new_name(name: &str, part: Part<'_>) -> Result<(), AppError> {
    let own = base(part);
    let stem = own.strip_suffix(CASE).filter(|_| matches!(part, Part::Case(_)));
    if !is_plain_name(own) || stem.is_some_and(str::is_empty) {
        let hint = "write 1 to 64 letters, digits, points, hyphens, underscores or plus signs, and no point at an end";
        return Err(refused(name, "this is no name for a file of a draft", hint));
    }
    let is_left = |name: &str| is_left_over(name) || name == PROGRAM_LEFT_OVER;
    if part == Part::Manifest || is_left(own) || is_left(&own.to_lowercase()) {
        let hint = "choose another name";
        return Err(refused(name, "what has this name is no part of a version", hint));
    }
    Ok(())
}

fn expect_bounded(name: &str, text: &str) -> Result<(), AppError> {
    match text.len() <= MOST_TEXT_BYTES {
        true => Ok(()),
        false => Err(refused(name, "it has more than 524,288 bytes", "keep less in one file")),
    }
}

/// A file, and no link to one.
fn plain(file: &Path) -> Option<fs::Metadata> {
    fs::symlink_metadata(file).ok().filter(fs::Metadata::is_file)
}

/// Into a place where nothing is, in one step.
pub(super) fn write_new(file: &Path, text: &str) -> Result<(), AppError> {
    let broken = |error: std::io::Error| failed("write", file, &error);
    let folder = file.parent().unwrap_or(Path::new("."));
    let new = tempfile::Builder::new()
        .prefix(super::publish::UNFINISHED)
        .tempfile_in(folder);
    let mut new = new.map_err(broken)?;
    new.write_all(text.as_bytes()).map_err(broken)?;
    new.as_file().sync_all().map_err(broken)?;
    new.persist_noclobber(file).map_err(|error| broken(error.error))?;
    Ok(())
}

fn refused(name: &str, why: &str, hint: &str) -> AppError {
    let name = text::shown(name.as_bytes());
    AppError::invalid(format!("this file of the draft is left as it is: {why}: {name}"), hint)
}
