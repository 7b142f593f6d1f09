//! The files that a version of a handler is made of, to be read by a person.

use std::fs;
use std::path::Path;

use refold_handlers::package::{MANIFEST, Package};
use refold_handlers::story;
use refold_stores::plain_file;

use crate::drafts::MOST_TEXT_BYTES;
use crate::text;
use crate::wire::HandlerFile;

/// More is listed by an editor better.
const MOST_FILES: usize = 32;

/// Those of the version's folder, then the manifest and the story; or the bare file. Then how many more there are.
pub fn of(path: &Path, version: Option<&str>) -> (Vec<HandlerFile>, u32) {
    if !path.is_dir() {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        return (file(path, &name).into_iter().collect(), 0);
    }
    let mut names = Vec::new();
    if let Ok(package) = Package::open(path)
        && let Ok(version) = package.select(version)
    {
        let mut own: Vec<String> = fs::read_dir(path.join(&version.path))
            .into_iter()
            .flatten()
            .flatten()
            .filter(|entry| entry.path().is_file())
            .map(|entry| format!("{}/{}", version.path, entry.file_name().to_string_lossy()))
            .collect();
        // What the handler is comes before what stands beside it.
        own.sort_by_key(|name| {
            (
                name.ends_with("upcasters.yaml") || name.ends_with("invariants.yaml"),
                name.clone(),
            )
        });
        names = own;
    }
    let further = names.len().saturating_sub(MOST_FILES);
    names.truncate(MOST_FILES);
    names.extend([MANIFEST.to_owned(), story::FILE.to_owned()]);
    let files = names.iter().filter_map(|name| file(&path.join(name), name)).collect();
    (files, u32::try_from(further).unwrap_or(u32::MAX))
}

fn file(path: &Path, name: &str) -> Option<HandlerFile> {
    let bytes = fs::metadata(path).ok().filter(|metadata| metadata.is_file())?.len();
    let content = (bytes <= MOST_TEXT_BYTES as u64)
        .then(|| plain_file::read(path, bytes).ok())
        .flatten();
    Some(HandlerFile {
        name: text::shown(name.as_bytes()),
        bytes: u32::try_from(bytes).unwrap_or(u32::MAX),
        text: content.and_then(|content| String::from_utf8(content).ok()),
    })
}
