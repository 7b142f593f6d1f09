//! What is compared to see whether a database was written to: the stamps of its file, its log and its journal.
//!
//! In which order they are taken matters. A writer without a log writes its journal first, then the database, and
//! takes the journal away last. So who begins to read takes the stamp of the database first ([`Stamp::take`]) and who
//! has read takes it last ([`Stamp::take_after`]): then no transaction lies unseen between two equal stamps.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use refold_core::port::store::StoreError;

use crate::file::{file_error, open_read_only};

/// What a journal begins with that SQLite would undo the database by.
pub const JOURNAL_MAGIC: [u8; 8] = [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];

const DATABASE_HEAD_BYTES: u64 = 100;
const WAL_HEAD_BYTES: u64 = 32;
const JOURNAL_HEAD_BYTES: u64 = 20;

/// A database and what belongs to it at one moment.
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
    /// When anything of it changed, the time above included: whoever sets that back cannot set this one back.
    pub changed_nanos: i128,
    /// The first bytes: of a database its header with the change counter, of a WAL its header with the salts, of a
    /// journal what is its own.
    pub head: Vec<u8>,
}

impl Stamp {
    /// Before the database is read.
    pub fn take(path: &Path) -> Result<Stamp, StoreError> {
        let database = FileStamp::of_database(path)?;
        let (wal, journal) = companions(path)?;
        Ok(Stamp { database, wal, journal })
    }

    /// After the database was read.
    pub fn take_after(path: &Path) -> Result<Stamp, StoreError> {
        let (wal, journal) = companions(path)?;
        let database = FileStamp::of_database(path)?;
        Ok(Stamp { database, wal, journal })
    }

    /// How long nobody had written to the database at `now`. A clock that is behind that of the file says zero.
    pub fn rested(&self, now: SystemTime) -> Duration {
        let now_nanos = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
        let now_nanos = i128::try_from(now_nanos).unwrap_or(i128::MAX);
        let nanos = (now_nanos - self.database.modified_nanos).clamp(0, i128::from(u64::MAX));
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

impl FileStamp {
    pub fn of(mut file: &File, head_byte_count: u64) -> io::Result<FileStamp> {
        let metadata = file.metadata()?;
        let mut head = Vec::new();
        (&mut file).take(head_byte_count).read_to_end(&mut head)?;
        Ok(FileStamp {
            device: metadata.dev(),
            inode: metadata.ino(),
            byte_count: metadata.len(),
            modified_nanos: nanos(metadata.mtime(), metadata.mtime_nsec()),
            changed_nanos: nanos(metadata.ctime(), metadata.ctime_nsec()),
            head,
        })
    }

    pub fn of_database_file(file: &File) -> io::Result<FileStamp> {
        FileStamp::of(file, DATABASE_HEAD_BYTES)
    }

    /// Whether both are the same file, and its first bytes from `from` on are the same.
    pub fn continues(&self, earlier: &FileStamp, from: usize) -> bool {
        (self.device, self.inode) == (earlier.device, earlier.inode)
            && self.head.get(from..) == earlier.head.get(from..)
    }

    fn of_database(path: &Path) -> Result<FileStamp, StoreError> {
        FileStamp::take(path, DATABASE_HEAD_BYTES)?.ok_or_else(|| StoreError::Unreachable {
            location: path.display().to_string(),
            detail: "the file is gone".to_owned(),
        })
    }

    /// `None` when there is no such file.
    fn take(path: &Path, head_byte_count: u64) -> Result<Option<FileStamp>, StoreError> {
        let unreadable = |error: io::Error| file_error(path, &error);
        let file = match open_read_only(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unreadable(error)),
        };
        FileStamp::of(&file, head_byte_count).map(Some).map_err(unreadable)
    }
}

fn nanos(seconds: i64, nanos: i64) -> i128 {
    i128::from(seconds) * 1_000_000_000 + i128::from(nanos)
}

/// The file beside a database whose name has this end.
pub fn sibling(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn companions(path: &Path) -> Result<(Option<FileStamp>, Option<FileStamp>), StoreError> {
    let wal = FileStamp::take(&sibling(path, "-wal"), WAL_HEAD_BYTES)?.filter(|wal| wal.byte_count > 0);
    let journal = FileStamp::take(&sibling(path, "-journal"), JOURNAL_HEAD_BYTES)?;
    let journal = journal.filter(|journal| journal.head.starts_with(&JOURNAL_MAGIC));
    Ok((wal, journal))
}
