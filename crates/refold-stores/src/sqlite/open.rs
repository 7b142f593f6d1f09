//! Opening the file of somebody's database so that neither it nor anything beside it changes.
//!
//! SQLite's own read-only mode is not enough: on a WAL database it creates and leaves `-shm` and `-wal` files, and with
//! `immutable=1` it overlooks what is only in the WAL. So the file is looked at before SQLite sees it:
//!
//! * no `-wal`, or an empty one, and no hot `-journal`: the file is opened in place with `immutable=1`, which makes SQLite
//!   take no lock and touch no other file. Whether it is still the same file is checked around every page of events.
//! * otherwise: the database and its `-wal` or `-journal` are copied into a private folder, and SQLite recovers the copy.
//!
//! This module must not know layouts or events.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use refold_core::port::store::StoreError;
use refold_core::work::Work;
use rusqlite::{Connection, OpenFlags};
use tempfile::TempDir;

use super::guard;
use super::image::Image;

/// How often a copy is tried while a writer keeps changing the file.
const COPY_ATTEMPTS: u32 = 5;
const COPY_CHUNK_BYTES: u64 = 32 << 20;
const JOURNAL_MAGIC: [u8; 8] = [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];

/// An opened database file. Connections to it come from [`Source::connect`]; the copy, if there is one, goes with it.
#[derive(Debug)]
pub struct Source {
    /// The user's file, with symbolic links resolved.
    path: PathBuf,
    stamp: Stamp,
    copy: Option<Copy>,
}

/// Why the store is read from a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopyReason {
    /// Events may be in the write-ahead log only.
    LiveWal,
    /// A transaction was interrupted; SQLite would have to write to undo it.
    HotJournal,
}

#[derive(Debug)]
pub struct Copy {
    database: PathBuf,
    reason: CopyReason,
    /// Held while the copy is in use, so that a later start can tell a leftover from a copy of a running program.
    _lock: File,
    /// Removed when dropped.
    _folder: TempDir,
}

/// What is compared to see whether a file was written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    pub database: FileStamp,
    /// `-wal`; `None` when it does not exist or is empty.
    pub wal: Option<FileStamp>,
    /// `-journal`; `None` when it does not exist or is not hot.
    pub journal: Option<FileStamp>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileStamp {
    pub device: u64,
    pub inode: u64,
    pub byte_count: u64,
    pub modified_nanos: i128,
    /// The first bytes: of a database its header with the change counter, of a WAL its header with the salts.
    pub head: Vec<u8>,
}

impl Source {
    /// `scratch` is where private copies may be made.
    pub fn open(work: &Work<'_>, location: &Path, scratch: &Path) -> Result<Source, StoreError> {
        let path = resolve(location)?;
        remove_leftover_copies(scratch);
        let mut last_unrest = "";
        for _ in 0..COPY_ATTEMPTS {
            work.check()?;
            let stamp = Stamp::take(&path)?;
            check_header(&path, &stamp.database)?;
            let reason = match (&stamp.journal, &stamp.wal) {
                (Some(_), _) => CopyReason::HotJournal,
                (None, Some(_)) => CopyReason::LiveWal,
                (None, None) => {
                    return Ok(Source {
                        path,
                        stamp,
                        copy: None,
                    });
                }
            };
            match copy(work, &path, &stamp, reason, scratch)? {
                Ok(copy) => {
                    return Ok(Source {
                        path,
                        stamp,
                        copy: Some(copy),
                    });
                }
                Err(unrest) => last_unrest = unrest,
            }
        }
        Err(StoreError::Changed {
            location: path.display().to_string(),
            detail: format!(
                "{last_unrest} during each of {COPY_ATTEMPTS} attempts to copy it; try again when its writer is \
                 less busy, or open a backup of it"
            ),
        })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn stamp(&self) -> &Stamp {
        &self.stamp
    }

    pub fn copy_reason(&self) -> Option<CopyReason> {
        self.copy.as_ref().map(|copy| copy.reason)
    }

    /// A connection that can only read, with the guard of [`guard`] on it.
    pub fn connect(&self) -> Result<Connection, StoreError> {
        let database = self.copy.as_ref().map_or(&self.path, |copy| &copy.database);
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
            | OpenFlags::SQLITE_OPEN_URI
            | OpenFlags::SQLITE_OPEN_NO_MUTEX
            | OpenFlags::SQLITE_OPEN_PRIVATE_CACHE;
        let opened = Connection::open_with_flags(immutable_uri(database), flags).and_then(guard::protect);
        opened.map_err(|error| guard::store_error(&self.path, &error))
    }

    /// The pages of the file that connections read, opened beside them. `None` when only SQLite can read them, or when
    /// the file is no longer the one that was opened.
    pub fn image(&self) -> Option<Image> {
        let database = self.copy.as_ref().map_or(&self.path, |copy| &copy.database);
        let file = open_read_only(database).ok()?;
        let stamp = FileStamp::of(&file, 100).ok()?;
        let is_same = self.copy.is_some() || stamp == self.stamp.database;
        is_same
            .then(|| Image::new(file, &stamp.head, stamp.byte_count))
            .flatten()
    }

    /// Whether the user's files are as they were when they were opened.
    pub fn is_current(&self) -> Result<bool, StoreError> {
        Ok(Stamp::take(&self.path)? == self.stamp)
    }

    /// Fails when what [`Source::connect`] reads may have changed under the reader. A copy never does.
    pub fn check_unchanged(&self) -> Result<(), StoreError> {
        if self.copy.is_some() {
            return Ok(());
        }
        let now = Stamp::take(&self.path)?;
        if now.database == self.stamp.database && now.journal.is_none() {
            return Ok(());
        }
        Err(StoreError::Changed {
            location: self.path.display().to_string(),
            detail: "another program wrote to it; open it again to see its present content".to_owned(),
        })
    }
}

impl Stamp {
    pub fn take(path: &Path) -> Result<Stamp, StoreError> {
        let unreadable = |error: io::Error| file_error(path, &error);
        let database = FileStamp::take(path, 100)
            .map_err(unreadable)?
            .ok_or_else(|| StoreError::Unreachable {
                location: path.display().to_string(),
                detail: "the file is gone".to_owned(),
            })?;
        let wal = FileStamp::take(&sibling(path, "-wal"), 32)
            .map_err(unreadable)?
            .filter(|wal| wal.byte_count > 0);
        let journal = FileStamp::take(&sibling(path, "-journal"), 8).map_err(unreadable)?;
        let journal = journal.filter(|journal| journal.head == JOURNAL_MAGIC);
        Ok(Stamp { database, wal, journal })
    }
}

impl FileStamp {
    /// `None` when there is no such file.
    fn take(path: &Path, head_byte_count: u64) -> io::Result<Option<FileStamp>> {
        let file = match open_read_only(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        FileStamp::of(&file, head_byte_count).map(Some)
    }

    fn of(mut file: &File, head_byte_count: u64) -> io::Result<FileStamp> {
        let metadata = file.metadata()?;
        let mut head = Vec::new();
        (&mut file).take(head_byte_count).read_to_end(&mut head)?;
        Ok(FileStamp {
            device: metadata.dev(),
            inode: metadata.ino(),
            byte_count: metadata.len(),
            modified_nanos: i128::from(metadata.mtime()) * 1_000_000_000 + i128::from(metadata.mtime_nsec()),
            head,
        })
    }
}

/// The regular file that `location` stands for.
pub fn resolve(location: &Path) -> Result<PathBuf, StoreError> {
    let path = fs::canonicalize(location).map_err(|error| file_error(location, &error))?;
    let kind = fs::metadata(&path)
        .map_err(|error| file_error(&path, &error))?
        .file_type();
    if kind.is_file() {
        return Ok(path);
    }
    let what = if kind.is_dir() {
        "it is a folder; name the database file in it"
    } else {
        "it is not a regular file"
    };
    Err(StoreError::NotAnEventStore {
        location: path.display().to_string(),
        detail: what.to_owned(),
    })
}

/// Never waits (a FIFO would) and never becomes a controlling terminal; the access time may move, nothing else does.
pub fn open_read_only(path: &Path) -> io::Result<File> {
    let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY | rustix::fs::OFlags::CLOEXEC;
    OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path)
}

fn check_header(path: &Path, database: &FileStamp) -> Result<(), StoreError> {
    let location = path.display().to_string();
    if database.byte_count == 0 {
        return Err(StoreError::NotAnEventStore {
            location,
            detail: "the file is empty".to_owned(),
        });
    }
    if !database.head.starts_with(b"SQLite format 3\0") || database.head.len() < 100 {
        let detail = "the file does not begin as an SQLite database does".to_owned();
        return Err(StoreError::NotAnEventStore { location, detail });
    }
    let page_byte_count = match u16::from_be_bytes([database.head[16], database.head[17]]) {
        1 => 65_536,
        size if size.is_power_of_two() && size >= 512 => u64::from(size),
        size => {
            let detail = format!("its header says {size} bytes a page, which no SQLite database has");
            return Err(StoreError::Corrupt { location, detail });
        }
    };
    let number = |at: usize| {
        u32::from_be_bytes([
            database.head[at],
            database.head[at + 1],
            database.head[at + 2],
            database.head[at + 3],
        ])
    };
    // The page count in the header counts only when it was written with the last change.
    let page_count = u64::from(number(28));
    if number(24) == number(92) && page_count * page_byte_count > database.byte_count && !has_wal(path) {
        let detail = format!(
            "it should have {page_count} pages and ends in page {}: it was cut short. Copy it again from where it \
             came, or save what is left with the sqlite3 tool's .recover",
            database.byte_count / page_byte_count + 1
        );
        return Err(StoreError::Corrupt { location, detail });
    }
    Ok(())
}

/// With a WAL the file may rightly be shorter than its header says.
fn has_wal(path: &Path) -> bool {
    fs::metadata(sibling(path, "-wal")).is_ok_and(|wal| wal.len() > 0)
}

/// Copies the database and what belongs to it. The inner error says what would not keep still.
///
/// Why the copy is consistent although the writer goes on: the database is copied first and the WAL after it. A
/// checkpoint in between moves pages from the WAL to the database, but they stay in the WAL until it starts anew, and
/// then its salts differ. So with equal salts before and after, each page is either the old one or one that the copied
/// WAL holds too. A WAL that only grew holds all events that were committed when the copy began.
pub fn copy(
    work: &Work<'_>,
    path: &Path,
    before: &Stamp,
    reason: CopyReason,
    scratch: &Path,
) -> Result<Result<Copy, &'static str>, StoreError> {
    let companion_suffix = if reason == CopyReason::LiveWal {
        "-wal"
    } else {
        "-journal"
    };
    let companion = sibling(path, companion_suffix);
    let companion_before = if reason == CopyReason::LiveWal {
        &before.wal
    } else {
        &before.journal
    };
    let companion_bytes = companion_before.as_ref().map_or(0, |stamp| stamp.byte_count);
    check_room(scratch, before.database.byte_count + 2 * companion_bytes, path)?;

    let scratch_error = |error: io::Error| StoreError::Driver {
        location: scratch.display().to_string(),
        detail: format!("cannot make a private copy of the store here: {error}"),
    };
    let folder = private_folder(scratch).map_err(scratch_error)?;
    let lock = File::create(folder.path().join("lock")).map_err(scratch_error)?;
    lock.try_lock().map_err(|error| scratch_error(error.into()))?;

    let database = folder.path().join("store.db");
    copy_file(work, path, &database, "copying the database")?;
    if copy_file(
        work,
        &companion,
        &sibling(&database, companion_suffix),
        "copying its log",
    )?
    .is_none()
    {
        return Ok(Err("its write-ahead log or journal vanished"));
    }
    let after = Stamp::take(path)?;
    let unrest = match (reason, &before.wal, &after.wal) {
        _ if after.database.inode != before.database.inode => Some("the file was replaced"),
        (CopyReason::LiveWal, Some(old), Some(new)) => {
            let is_same_log = old.inode == new.inode && old.head == new.head && new.byte_count >= old.byte_count;
            (!is_same_log || after.journal.is_some()).then_some("its write-ahead log began anew")
        }
        (CopyReason::LiveWal, ..) => Some("its write-ahead log vanished"),
        (CopyReason::HotJournal, ..) => (after != *before).then_some("it was written to"),
    };
    if let Some(unrest) = unrest {
        return Ok(Err(unrest));
    }
    if reason == CopyReason::HotJournal {
        check_no_super_journal(path, &sibling(&database, "-journal"))?;
    }
    recover(path, &database)?;
    Ok(Ok(Copy {
        database,
        reason,
        _lock: lock,
        _folder: folder,
    }))
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
    let bytes = fs::read(journal).map_err(|error| file_error(journal, &error))?;
    if !bytes.ends_with(&JOURNAL_MAGIC) || bytes.len() < 24 {
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
fn copy_file(work: &Work<'_>, from: &Path, to: &Path, phase: &'static str) -> Result<Option<u64>, StoreError> {
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
        .map_err(|error| StoreError::Driver {
            location: to.display().to_string(),
            detail: format!("cannot make a copy here: {error}"),
        })?;
    let mut done = 0;
    loop {
        work.tick(phase, done, Some(total))?;
        let copied = io::copy(&mut (&source).take(COPY_CHUNK_BYTES), &mut target).map_err(unreadable)?;
        done += copied;
        if copied < COPY_CHUNK_BYTES {
            break;
        }
    }
    target.flush().map_err(unreadable)?;
    Ok(Some(done))
}

fn check_room(scratch: &Path, needed_bytes: u64, path: &Path) -> Result<(), StoreError> {
    let Ok(space) = rustix::fs::statvfs(scratch) else {
        return Ok(());
    };
    let free_bytes = space.f_bavail.saturating_mul(space.f_frsize);
    // Some room is left to others.
    if free_bytes >= needed_bytes.saturating_add(64 << 20) {
        return Ok(());
    }
    Err(StoreError::Driver {
        location: path.display().to_string(),
        detail: format!(
            "it is in use, so it must be copied before it is read, and {} has {} MiB free of the {} MiB needed; make \
             room there, or open a backup of the store",
            scratch.display(),
            free_bytes >> 20,
            needed_bytes >> 20
        ),
    })
}

const COPY_PREFIX: &str = "refold-copy-";

fn private_folder(scratch: &Path) -> io::Result<TempDir> {
    fs::create_dir_all(scratch)?;
    // tempfile makes folders with mode 0700.
    tempfile::Builder::new().prefix(COPY_PREFIX).tempdir_in(scratch)
}

/// Copies that a killed process left behind: nobody holds their lock.
fn remove_leftover_copies(scratch: &Path) {
    let Ok(entries) = fs::read_dir(scratch) else { return };
    for entry in entries.flatten() {
        let is_copy = entry
            .file_name()
            .to_str()
            .is_some_and(|name| name.starts_with(COPY_PREFIX));
        let Some(lock) = is_copy
            .then(|| open_read_only(&entry.path().join("lock")).ok())
            .flatten()
        else {
            continue;
        };
        if lock.try_lock().is_ok() {
            // A failure leaves a folder in the cache: the next start tries again.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn sibling(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn immutable_uri(path: &Path) -> String {
    let mut uri = String::from("file:");
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => uri.push(char::from(*byte)),
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri.push_str("?mode=ro&immutable=1");
    uri
}

pub fn file_error(path: &Path, error: &io::Error) -> StoreError {
    let location = path.display().to_string();
    match error.kind() {
        io::ErrorKind::NotFound => StoreError::Unreachable {
            location,
            detail: "there is no such file".to_owned(),
        },
        io::ErrorKind::PermissionDenied => StoreError::Denied {
            location,
            detail: "you may not read this file; ask its owner".to_owned(),
        },
        _ => StoreError::Driver {
            location,
            detail: error.to_string(),
        },
    }
}
