//! The files that a version of a handler is made of, to be read by a person.

use std::fs;
use std::path::Path;

use refold_handlers::package::{MANIFEST, Package};
use refold_handlers::story;
use refold_stores::plain_file;

use crate::drafts::{Draft, MOST_SHOWN, MOST_TEXT_BYTES};
use crate::text;
use crate::wire::HandlerFile;

/// Those of the version's folder, then the manifest and the story, then the test cases that are a draft's own; or the bare
/// file. Then how many more of the version there are.
pub fn of(path: &Path, version: Option<&str>, draft: Option<&Draft>) -> (Vec<HandlerFile>, u32) {
    if !path.is_dir() {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        return (file(path, &name, None).into_iter().collect(), 0);
    }
    let mut names = Vec::new();
    // A draft whose manifest cannot be read has its files all the same.
    let folder = draft.map(Draft::version_path).or_else(|| {
        let package = Package::open(path).ok()?;
        Some(package.select(version).ok()?.path.clone())
    });
    if let Some(folder) = folder {
        let mut own: Vec<String> = fs::read_dir(path.join(&folder))
            .into_iter()
            .flatten()
            .flatten()
            .filter(|entry| entry.path().is_file())
            .map(|entry| format!("{folder}/{}", entry.file_name().to_string_lossy()))
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
    let further = names.len().saturating_sub(MOST_SHOWN);
    names.truncate(MOST_SHOWN);
    names.extend([MANIFEST.to_owned(), story::FILE.to_owned()]);
    names.extend(draft.into_iter().flat_map(Draft::own_cases));
    let files = names.iter().filter_map(|name| file(&path.join(name), name, draft));
    let files = files.collect();
    (files, u32::try_from(further).unwrap_or(u32::MAX))
}

fn file(path: &Path, name: &str, draft: Option<&Draft>) -> Option<HandlerFile> {
    let bytes = fs::metadata(path).ok().filter(|metadata| metadata.is_file())?.len();
    let content = (bytes <= MOST_TEXT_BYTES as u64)
        .then(|| plain_file::read(path, bytes).ok())
        .flatten();
    Some(HandlerFile {
        name: text::shown(name.as_bytes()),
        bytes: u32::try_from(bytes).unwrap_or(u32::MAX),
        text: content.and_then(|content| String::from_utf8(content).ok()),
        is_own: draft.is_some_and(|draft| draft.is_own(name)),
    })
}
