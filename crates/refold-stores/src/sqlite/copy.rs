//! The private copy of a database that is in use: made without a lock, and proven to be of one moment.
//!
//! Why a copy is consistent although the writer goes on, always with the database copied first:
//!
//! * With a WAL: a checkpoint while it is copied moves pages from the WAL to the database, but they stay in the WAL until
//!   that starts anew, and then its salts differ. So with equal salts before and after, each page is either the old one
//!   or one that the copied WAL holds too. A WAL that only grew holds all events that were committed when the copy began.
//! * In the middle of a transaction with a journal: the journal holds the old content of a page before the page is
//!   written. As long as it is the same journal, the copied one undoes whatever of the transaction the copy holds.
//! * At rest between two transactions: nothing was written meanwhile, as the stamps before and after say.
//!
//! This module must not know layouts or events.

use std::fs::{self, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use refold_core::count::{exact_size, size_label};
use refold_core::port::store::StoreError;
use refold_core::work::{Phase, Work};
use refold_scratch::Scratch;
use rusqlite::{Connection, OpenFlags};

use super::guard;
use super::stamp::{JOURNAL_MAGIC, Stamp, sibling};
use crate::file::{file_error, open_read_only};

const COPY_CHUNK_BYTES: u64 = 32 << 20;
const COMPARE_CHUNK_BYTES: usize = 1 << 20;
pub const COPY_PREFIX: &str = "refold-copy-";
/// Some room is left to others.
const SPARED_BYTES: u64 = 64 << 20;

/// Why the store is read from a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopyReason {
    /// Events may be in the write-ahead log only.
    LiveWal,
    /// A transaction is under way or was interrupted; SQLite would have to write to undo it.
    HotJournal,
    /// It was written to just now, so pages read one by one would be of different moments.
    Written,
}

/// A copy that is whole and in order. It goes when this is dropped.
#[derive(Debug)]
pub struct Copy {
    pub database: PathBuf,
    pub reason: CopyReason,
    /// Of the user's files as they were when they were copied.
    pub stamp: Stamp,
    _place: Place,
}

/// Where a copy is made, attempt for attempt: a later one writes only what differs from the one before.
#[derive(Debug)]
pub struct Place(Scratch);

impl Place {
    /// Fails where no copy of so many bytes can be made.
    pub fn make(scratch: &Path, needed_bytes: u64) -> Result<Place, StoreError> {
        let failed = |error: io::Error| scratch_error(scratch, &error);
        fs::create_dir_all(scratch).map_err(failed)?;
        check_room(scratch, needed_bytes)?;
        Scratch::private(scratch, COPY_PREFIX).map(Place).map_err(failed)
    }

    fn database(&self) -> PathBuf {
        self.0.path().join("store.db")
    }
}

/// How an attempt ended that no error ended.
pub enum Attempt {
    Whole(Box<Copy>),
    /// What would not keep still; the place is kept for the next attempt.
    Unrest(&'static str, Place),
}

/// Copies the database and what belongs to it, unless it is written to meanwhile. `before` was taken just now.
pub fn attempt(
    work: &Work<'_>,
    path: &Path,
    before: Stamp,
    reason: CopyReason,
    place: Place,
) -> Result<Attempt, StoreError> {
    let database = place.database();
    let copied = if database.exists() {
        follow(work, path, &before, reason, &database)?
    } else {
        copy_file(work, path, &database, Phase::CopyingTheDatabase)?.is_some()
    };
    if !copied {
        return Ok(Attempt::Unrest("it was written to", place));
    }
    for suffix in ["-wal", "-journal"] {
        // What an earlier attempt left; the companion of this one is made anew.
        let _ = fs::remove_file(sibling(&database, suffix));
    }
    let companion = match reason {
        CopyReason::LiveWal => Some("-wal"),
        CopyReason::HotJournal => Some("-journal"),
        CopyReason::Written => None,
    };
    if let Some(suffix) = companion {
        let (from, to) = (sibling(path, suffix), sibling(&database, suffix));
        if copy_file(work, &from, &to, Phase::CopyingItsLog)?.is_none() {
            return Ok(Attempt::Unrest("its write-ahead log or journal vanished", place));
        }
    }
    if let Some(unrest) = unrest(&before, &Stamp::take_after(path)?, reason) {
        return Ok(Attempt::Unrest(unrest, place));
    }
    if reason == CopyReason::HotJournal {
        check_no_super_journal(path, &sibling(&database, "-journal"))?;
    }
    recover(path, &database)?;
    Ok(Attempt::Whole(Box::new(Copy {
        database,
        reason,
        stamp: before,
        _place: place,
    })))
}

/// What says that a copy made between the two stamps is of no one moment; see the head of this file.
fn unrest(before: &Stamp, after: &Stamp, reason: CopyReason) -> Option<&'static str> {
    if (after.database.device, after.database.inode) != (before.database.device, before.database.inode) {
        return Some("the file was replaced");
    }
    match (reason, before, after) {
        (
            CopyReason::LiveWal,
            Stamp { wal: Some(old), .. },
            Stamp {
                wal: Some(new),
                journal,
                ..
            },
        ) => {
            let is_same_log = new.continues(old, 0) && new.byte_count >= old.byte_count;
            (!is_same_log || journal.is_some()).then_some("its write-ahead log began anew")
        }
        (CopyReason::LiveWal, ..) => Some("its write-ahead log vanished"),
        (CopyReason::HotJournal, Stamp { journal: Some(old), .. }, Stamp { journal: Some(new), .. }) => {
            // The number of records behind the mark grows with the transaction; the nonce behind that stays.
            let is_same_transaction = new.continues(old, JOURNAL_MAGIC.len() + 4) && new.byte_count >= old.byte_count;
            (!is_same_transaction).then_some("it was written to")
        }
        (CopyReason::HotJournal, ..) => Some("its journal vanished"),
        (CopyReason::Written, ..) => (after != before).then_some("it was written to"),
    }
}

/// Makes an earlier copy equal to the database as it is now. `false` as soon as that cannot be: the sooner the next
/// attempt begins, the more of the writer's rest it has.
fn follow(work: &Work<'_>, path: &Path, before: &Stamp, reason: CopyReason, copy: &Path) -> Result<bool, StoreError> {
    let unreadable = |error: io::Error| file_error(path, &error);
    let source = open_read_only(path).map_err(unreadable)?;
    let failed = |error: io::Error| scratch_error(copy, &error);
    let target = OpenOptions::new().read(true).write(true).open(copy).map_err(failed)?;
    let (mut new, mut old) = (vec![0; COMPARE_CHUNK_BYTES], vec![0; COMPARE_CHUNK_BYTES]);
    let total = before.database.byte_count;
    let mut at = 0;
    while at < total {
        work.tick(Phase::CopyingTheDatabase, at, Some(total))?;
        let length = usize::try_from(total - at)
            .unwrap_or(usize::MAX)
            .min(COMPARE_CHUNK_BYTES);
        let (new, old) = (&mut new[..length], &mut old[..length]);
        match source.read_exact_at(new, at) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(false),
            read => read.map_err(unreadable)?,
        }
        // Behind the end of the copy there is nothing to compare with.
        let is_known = target.read_exact_at(old, at).is_ok() && old == new;
        if !is_known {
            target.write_all_at(new, at).map_err(failed)?;
        }
        at += length as u64;
        if unrest(before, &Stamp::take_after(path)?, reason).is_some() {
            return Ok(false);
        }
    }
    target.set_len(total).map_err(failed)?;
    Ok(true)
}

/// Lets SQLite bring the copy into order: the WAL into the database, an interrupted transaction undone. Afterwards the
/// copy is one plain file, and readers open it as they open any other.
fn recover(path: &Path, database: &Path) -> Result<(), StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let recovered = Connection::open_with_flags(database, flags).and_then(|connection| {
        guard::distrust_schema(&connection)?;
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        connection.close().map_err(|(_, error)| error)
    });
    recovered.map_err(|error| guard::store_error(path, &error))?;
    let _ = fs::remove_file(sibling(database, "-wal"));
    let _ = fs::remove_file(sibling(database, "-shm"));
    Ok(())
}

/// A journal of a transaction over several databases names another file, which SQLite would look for and may delete.
fn check_no_super_journal(path: &Path, journal: &Path) -> Result<(), StoreError> {
    let unreadable = |error: io::Error| file_error(journal, &error);
    let file = open_read_only(journal).map_err(unreadable)?;
    let byte_count = file.metadata().map_err(unreadable)?.len();
    if byte_count < 24 {
        return Ok(());
    }
    let mut end = [0; JOURNAL_MAGIC.len()];
    let at = byte_count - end.len() as u64;
    file.read_exact_at(&mut end, at).map_err(unreadable)?;
    if end != JOURNAL_MAGIC {
        return Ok(());
    }
    Err(StoreError::Driver {
        location: path.display().to_string(),
        detail: "its journal belongs to an interrupted transaction over several databases; open it once with the \
                 program that wrote it, then open it here"
            .to_owned(),
    })
}

/// Copies in pieces, so that it can be cancelled. `None` when the file is not there. On file systems that can share
/// blocks the kernel does so.
fn copy_file(work: &Work<'_>, from: &Path, to: &Path, phase: Phase) -> Result<Option<u64>, StoreError> {
    let unreadable = |error: io::Error| file_error(from, &error);
    let source = match open_read_only(from) {
        Ok(source) => source,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
    };
    let total = source.metadata().map_err(unreadable)?.len();
    let mut target = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(to)
        .map_err(|error| scratch_error(to, &error))?;
    // The kernel copies, and does not say which side failed: these can only be the copy's.
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            scratch_error(to, &error)
        }
        _ => file_error(from, &error),
    };
    let mut done = 0;
    loop {
        work.tick(phase, done, Some(total))?;
        let copied = io::copy(&mut (&source).take(COPY_CHUNK_BYTES), &mut target).map_err(failed)?;
        done += copied;
        if copied < COPY_CHUNK_BYTES {
            break;
        }
    }
    target.flush().map_err(failed)?;
    Ok(Some(done))
}

fn scratch_error(place: &Path, error: &io::Error) -> StoreError {
    StoreError::Scratch {
        location: place.display().to_string(),
        detail: error.to_string(),
    }
}

fn check_room(scratch: &Path, needed_bytes: u64) -> Result<(), StoreError> {
    let Ok(space) = rustix::fs::statvfs(scratch) else {
        return Ok(());
    };
    let free_bytes = space.f_bavail.saturating_mul(space.f_frsize);
    let needed_bytes = needed_bytes.saturating_add(SPARED_BYTES);
    if free_bytes >= needed_bytes {
        return Ok(());
    }
    Err(StoreError::Scratch {
        location: scratch.display().to_string(),
        detail: lacking(free_bytes, needed_bytes),
    })
}

fn lacking(free_bytes: u64, needed_bytes: u64) -> String {
    let sizes = [free_bytes, needed_bytes];
    let [mut free, mut needed] = sizes.map(size_label);
    if free == needed {
        [free, needed] = sizes.map(exact_size);
    }
    format!("{free} are free of the {needed} needed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_free_is_said_as_a_person_reads_it() {
        assert_eq!(
            lacking(1_234_567_168, 52_000_000_000),
            "1.2 GB are free of the 52.0 GB needed"
        );
        // What looks alike is told apart.
        assert_eq!(
            lacking(1_234_567_168, 1_234_567_169),
            "1,234,567,168 bytes are free of the 1,234,567,169 bytes needed"
        );
    }

    /// A journal is as long as the pages that its transaction changed: of it only the end is read. These have more bytes
    /// than any memory.
    #[test]
    fn of_a_long_journal_only_the_end_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let journal = folder.path().join("db-journal");
        let file = fs::File::create(&journal).unwrap();
        file.set_len(1 << 40).unwrap();
        assert!(check_no_super_journal(Path::new("db"), &journal).is_ok());
        file.write_all_at(&JOURNAL_MAGIC, 1 << 40).unwrap();
        let Err(StoreError::Driver { detail, .. }) = check_no_super_journal(Path::new("db"), &journal) else {
            panic!("it names another file")
        };
        assert!(detail.contains("several databases"), "{detail}");
        fs::write(&journal, JOURNAL_MAGIC).unwrap();
        assert!(
            check_no_super_journal(Path::new("db"), &journal).is_ok(),
            "too short to name one"
        );
    }
}
