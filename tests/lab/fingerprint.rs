//! Everything that a folder shows to somebody who looks for a change: names, kinds, modes, sizes, times, bytes.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

/// The fingerprint of a folder and all below it. Times of access are left out: reading is what we do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint {
    entries: BTreeMap<String, Entry>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    is_folder: bool,
    read_only: bool,
    /// Of files: their bytes. Stores of tests are small enough to be kept.
    bytes: Vec<u8>,
    modified: std::time::SystemTime,
}

impl Fingerprint {
    pub fn of(folder: &Path) -> Fingerprint {
        let mut entries = BTreeMap::new();
        collect(folder, folder, &mut entries);
        Fingerprint { entries }
    }

    /// Panics with what differs now, a line each.
    #[track_caller]
    pub fn assert_unchanged(&self, folder: &Path) {
        let differences = self.differences(&Fingerprint::of(folder));
        assert!(
            differences.is_empty(),
            "{}: {}",
            folder.display(),
            differences.join(", ")
        );
    }

    /// What differs, a line each; empty when nothing does.
    fn differences(&self, later: &Fingerprint) -> Vec<String> {
        let mut lines = Vec::new();
        for (name, before) in &self.entries {
            match later.entries.get(name) {
                None => lines.push(format!("is gone: {name}")),
                Some(after) if after.bytes != before.bytes => lines.push(format!("has other bytes: {name}")),
                Some(after) if after != before => lines.push(format!("has another time or mode: {name}")),
                Some(_) => {}
            }
        }
        let new = later.entries.keys().filter(|name| !self.entries.contains_key(*name));
        lines.extend(new.map(|name| format!("is new: {name}")));
        lines
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, entry) in &self.entries {
            writeln!(out, "{name} {} bytes", entry.bytes.len())?;
        }
        Ok(())
    }
}

fn collect(root: &Path, place: &Path, entries: &mut BTreeMap<String, Entry>) {
    let status = std::fs::symlink_metadata(place).unwrap_or_else(|error| panic!("{error}: {}", place.display()));
    let name = place.strip_prefix(root).unwrap_or(place).to_string_lossy().into_owned();
    let is_folder = status.is_dir();
    let bytes = if is_folder {
        Vec::new()
    } else {
        std::fs::read(place).unwrap_or_else(|error| panic!("{error}: {}", place.display()))
    };
    let modified = status.modified().unwrap_or(std::time::SystemTime::UNIX_EPOCH);
    entries.insert(
        name,
        Entry {
            is_folder,
            read_only: status.permissions().readonly(),
            bytes,
            modified,
        },
    );
    if is_folder {
        for entry in std::fs::read_dir(place).into_iter().flatten().flatten() {
            collect(root, &entry.path(), entries);
        }
    }
}
