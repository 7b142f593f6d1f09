//! The store as a report names it, and its files as they are when it is read: names, sizes and digests. Nothing here hangs on
//! the path by which it was named, nor on when a file was copied.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use refold_audit::anchor::hex;
use refold_audit::report::model::{Source, SourceFile};
use refold_core::port::store::OrderQuality;
use refold_core::port::system::in_words;
use refold_core::work::{Phase, Work};
use refold_stores::plain_file::{self, Links};
use sha2::{Digest as _, Sha256};

use crate::error::{AppError, ErrorCode};
use crate::session::Session;

/// What a database keeps beside its file and reads together with it.
const BESIDE: [&str; 2] = ["-wal", "-journal"];

pub fn of(session: &Session, before: Vec<SourceFile>, after: Vec<SourceFile>) -> Source {
    let description = session.description();
    Source {
        location: name(session),
        kind: description.kind.clone(),
        layout: description.layout.clone(),
        layout_title: description.layout_title.clone(),
        evidence: description.evidence.clone(),
        read_only: guards(session),
        order: match description.order {
            OrderQuality::Total => "the store numbers every event in the order in which it took them",
            OrderQuality::Approximate => "the store keeps no order of all events; they stand as they lie in it",
        }
        .to_owned(),
        time_zone: description.time_zone.clone(),
        before,
        after,
    }
}

/// The store without what names it, its layout, its tables and their users: in a report about a person any of these may be
/// the name of another.
pub fn unnamed(source: Source) -> Source {
    Source {
        location: "STORE".to_owned(),
        layout: "not told".to_owned(),
        layout_title: "what maps it to events".to_owned(),
        evidence: Vec::new(),
        read_only: vec![
            "it was opened read-only; what it was taken for this by, and what kept it from being written to, is not told in a \
             report about a person"
                .to_owned(),
        ],
        ..source
    }
}

/// What a report calls the store: of a file its own name, by whatever path it was opened; else its address.
pub fn name(session: &Session) -> String {
    let path = session.path();
    let real = path.canonicalize().ok().filter(|real| real.is_file());
    let name = real.as_deref().and_then(Path::file_name);
    name.map_or_else(
        || session.location().to_owned(),
        |name| name.to_string_lossy().into_owned(),
    )
}

/// How it was kept from being written to. Which of the two ways of the first sentence it was hangs on whether another
/// program had just written to it, and changes nothing of what was read.
fn guards(session: &Session) -> Vec<String> {
    let description = session.description();
    let opened = description.opened.as_ref().map(|_| {
        "all events are of one moment of the file: it was read in place without a lock, or, where another program was using \
         it, from a private copy"
            .to_owned()
    });
    opened
        .into_iter()
        .chain(description.read_only.iter().cloned())
        .collect()
}

/// None where the store is no file. `phase`: what it is called in the progress.
pub fn files(work: &Work<'_>, session: &Session, phase: Phase) -> Result<Vec<SourceFile>, AppError> {
    // What is kept beside a database has the name of the file itself, and not of a link to it.
    let Some(main) = session.path().canonicalize().ok().filter(|path| path.is_file()) else {
        return Ok(Vec::new());
    };
    let beside = BESIDE.iter().map(|end| {
        let mut name = main.as_os_str().to_owned();
        name.push(end);
        PathBuf::from(name)
    });
    let mut paths = vec![main.clone()];
    paths.extend(beside.filter(|path| path.is_file()));
    paths.iter().map(|path| file(work, path, phase)).collect()
}

fn file(work: &Work<'_>, path: &Path, phase: Phase) -> Result<SourceFile, AppError> {
    let failed = |error: std::io::Error| {
        AppError::new(
            ErrorCode::Unreachable,
            format!(
                "a file of the store cannot be hashed ({}): {}",
                in_words(&error),
                path.display()
            ),
            "look whether it is still there, or make the report without digests of the store’s files",
        )
        .typed("--no-source-digest")
    };
    let mut file = plain_file::open(path, Links::Followed).map_err(failed)?;
    let found = file.metadata().map_err(failed)?;
    let (mut hash, mut bytes, mut buffer) = (Sha256::new(), 0_u64, vec![0; 1 << 20]);
    loop {
        let count = file.read(&mut buffer).map_err(failed)?;
        let Some(read) = buffer.get(..count).filter(|read| !read.is_empty()) else {
            break;
        };
        hash.update(read);
        bytes += count as u64;
        work.tick(phase, bytes, Some(found.len()))?;
    }
    Ok(SourceFile {
        name: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        bytes,
        sha256: hex(&hash.finalize()),
    })
}
