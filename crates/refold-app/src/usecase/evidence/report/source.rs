//! The files of a store as they are when it is read: names, sizes, times and digests.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use refold_audit::anchor::hex;
use refold_audit::report::model::SourceFile;
use refold_core::time::Timestamp;
use refold_core::work::Work;
use sha2::{Digest as _, Sha256};

use crate::error::{AppError, ErrorCode};
use crate::session::Session;

/// What a database keeps beside its file and reads together with it.
const BESIDE: [&str; 2] = ["-wal", "-journal"];

/// None where the store is no file. `phase`: what it is called in the progress.
pub fn files(work: &Work<'_>, session: &Session, phase: &'static str) -> Result<Vec<SourceFile>, AppError> {
    let main = Path::new(session.location());
    if !main.is_file() {
        return Ok(Vec::new());
    }
    let beside = BESIDE.iter().map(|end| {
        let mut name = main.as_os_str().to_owned();
        name.push(end);
        PathBuf::from(name)
    });
    let mut paths = vec![main.to_owned()];
    paths.extend(beside.filter(|path| path.is_file()));
    paths.iter().map(|path| file(work, path, phase)).collect()
}

fn file(work: &Work<'_>, path: &Path, phase: &'static str) -> Result<SourceFile, AppError> {
    let failed = |error: std::io::Error| {
        AppError::new(
            ErrorCode::Unreachable,
            format!("a file of the store cannot be hashed ({error}): {}", path.display()),
            "look whether it is still there; --no-source-digest makes the report without",
        )
    };
    let mut file = File::open(path).map_err(failed)?;
    let found = file.metadata().map_err(failed)?;
    let modified = found
        .modified()
        .ok()
        .and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let modified = modified.and_then(|since| {
        let seconds = i64::try_from(since.as_secs()).ok()?;
        Timestamp::from_unix(seconds, since.subsec_nanos())
    });
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
        modified_at: modified.map(|time| time.display(9).to_string()),
        sha256: hex(&hash.finalize()),
    })
}
