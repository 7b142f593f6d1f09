//! `SHA256SUMS`: the digest of every file of an anchor, as `sha256sum` writes and checks it.

use super::{Hash, from_hex, hex};

/// The text of the file. `files`: name and digest.
pub fn write(files: &[(&str, Hash)]) -> String {
    files
        .iter()
        .map(|(name, digest)| format!("{}  {name}\n", hex(digest)))
        .collect()
}

/// The names and digests. `None`: it is not as [`write()`] makes it, or a name is none of a plain file.
pub fn read(text: &str) -> Option<Vec<(String, Hash)>> {
    let lines = text.strip_suffix('\n')?.split('\n');
    let files = lines.map(|line| {
        let (digest, name) = line.split_once("  ")?;
        let is_plain = !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\', '\0']);
        Some((name.to_owned(), from_hex(digest).filter(|_| is_plain)?))
    });
    files.collect()
}
