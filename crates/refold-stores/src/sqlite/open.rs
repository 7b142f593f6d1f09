//! Opening the file of somebody's database so that neither it nor anything beside it changes.
//!
//! SQLite's own read-only mode is not enough: on a WAL database it creates and leaves `-shm` and `-wal` files, and with
//! `immutable=1` it overlooks what is only in the WAL. So the file is looked at before SQLite sees it:
//!
//! * no `-wal`, or an empty one, no hot `-journal`, and no write of late: the file is opened in place with `immutable=1`,
//!   which makes SQLite take no lock and touch no other file. Whether it is still the same file is checked around every
//!   page of events.
//! * otherwise it is in use, and a private [`copy`](super::copy) is opened.
//!
//! This module must not know layouts or events.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use refold_core::count::counted;
use refold_core::port::store::StoreError;
use refold_core::work::Work;
use refold_scratch::clear_left;
use rusqlite::{Connection, OpenFlags};

use super::copy::{Attempt, COPY_PREFIX, Copy, CopyReason, Place, attempt};
use super::guard;
use super::image::Image;
use super::stamp::{FileStamp, Stamp};
use crate::OpenOptions;
use crate::file::{open_read_only, resolve};

/// How often a copy is tried, at least, while a writer keeps changing the file.
const COPY_ATTEMPTS: u32 = 5;
/// A writer that rests now and then is followed for so long.
const COPY_PATIENCE: Duration = Duration::from_secs(3);
/// Until a header that is not right yet is looked at once more.
const HEADER_PAUSE: Duration = Duration::from_millis(10);
/// A store is at rest when nobody wrote to it for longer than reading all of it takes: about so long for each byte.
const READ_BYTES_A_SECOND: u64 = 512 << 20;
const LEAST_REST: Duration = Duration::from_secs(1);

/// An opened database file. Connections to it come from [`Source::connect`]; the copy, if there is one, goes with it.
#[derive(Debug)]
pub struct Source {
    /// The user's file, with symbolic links resolved.
    path: PathBuf,
    stamp: Stamp,
    copy: Option<Copy>,
}

impl Source {
    /// `was_written`: somebody wrote to it while it was looked at before, whatever its time says.
    ///
    /// A store without a WAL that will not keep still as long as copying takes, or for whose copy there is no room, is
    /// opened in place: what is read quickly enough of it is right, and [`Source::check_unchanged`] says when it is not.
    pub fn open(
        work: &Work<'_>,
        location: &Path,
        options: &OpenOptions,
        was_written: bool,
    ) -> Result<Source, StoreError> {
        let path = resolve(location)?;
        // Also where no copy is made this time: what is left of one may be large.
        clear_left(&options.scratch, COPY_PREFIX);
        let (start, mut attempts) = (Instant::now(), 0);
        let has_patience = |attempts, patience| attempts < COPY_ATTEMPTS || start.elapsed() < patience;
        let changed = |unrest: &str, attempts: u32| StoreError::Changed {
            location: path.display().to_string(),
            detail: format!("{unrest} during each of {attempts} attempts to copy it"),
        };
        let (mut place, mut last) = (None, None);
        // Whether it was seen to change at any time: what does not fit then need not be damage.
        let mut has_moved = false;
        loop {
            work.check()?;
            let stamp = Stamp::take(&path)?;
            has_moved |= last.replace(stamp.clone()).is_some_and(|last| last != stamp);
            if let Err(error) = check_header(&path, &stamp) {
                // The header of a file that is just being written may say what is not there yet.
                has_moved |= Stamp::take_after(&path)? != stamp;
                let is_in_use = has_moved || copy_reason(&stamp, options, was_written).is_some();
                if !is_in_use || !has_patience(attempts, COPY_PATIENCE) {
                    return Err(match has_moved {
                        true => changed("it was written to", attempts),
                        false => error,
                    });
                }
                attempts += 1;
                std::thread::sleep(HEADER_PAUSE);
                continue;
            }
            let reason = match copy_reason(&stamp, options, was_written) {
                None => return Ok(Source::in_place(path, stamp)),
                Some(CopyReason::Written) if !has_patience(attempts, COPY_PATIENCE) => {
                    return Ok(Source::in_place(path, stamp));
                }
                Some(reason) => reason,
            };
            let ready = place
                .take()
                .map_or_else(|| Place::make(&options.scratch, copied_bytes(&stamp)), Ok);
            let ready = match ready {
                Err(StoreError::Scratch { .. }) if reason == CopyReason::Written => {
                    return Ok(Source::in_place(path, stamp));
                }
                ready => ready?,
            };
            match attempt(work, &path, stamp, reason, ready)? {
                Attempt::Whole(copy) => {
                    return Ok(Source {
                        path,
                        stamp: copy.stamp.clone(),
                        copy: Some(*copy),
                    });
                }
                Attempt::Unrest(unrest, again) => {
                    attempts += 1;
                    if !has_patience(attempts, 2 * COPY_PATIENCE) {
                        return Err(changed(unrest, attempts));
                    }
                    place = Some(again);
                }
            }
        }
    }

    fn in_place(path: PathBuf, stamp: Stamp) -> Source {
        Source {
            path,
            stamp,
            copy: None,
        }
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
        let stamp = FileStamp::of_database_file(&file).ok()?;
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
        let now = Stamp::take_after(&self.path)?;
        if now.database == self.stamp.database && now.journal.is_none() {
            return Ok(());
        }
        Err(StoreError::Changed {
            location: self.path.display().to_string(),
            detail: match now.database.modified_nanos == self.stamp.database.modified_nanos {
                true => "another program wrote to it, or gave it another name or other rights".to_owned(),
                false => "another program wrote to it".to_owned(),
            },
        })
    }
}

fn copy_reason(stamp: &Stamp, options: &OpenOptions, was_written: bool) -> Option<CopyReason> {
    let reading_seconds = stamp.database.byte_count / READ_BYTES_A_SECOND;
    let rest = LEAST_REST + Duration::from_secs(reading_seconds);
    match (&stamp.journal, &stamp.wal) {
        (Some(_), _) => Some(CopyReason::HotJournal),
        (None, Some(_)) => Some(CopyReason::LiveWal),
        (None, None) => (was_written || stamp.rested(options.opened_at) < rest).then_some(CopyReason::Written),
    }
}

/// The copied log or journal may grow while it is copied, and what is recovered of it once more.
fn copied_bytes(stamp: &Stamp) -> u64 {
    let companions = [&stamp.wal, &stamp.journal].into_iter().flatten();
    stamp.database.byte_count + 2 * companions.map(|companion| companion.byte_count).sum::<u64>()
}

/// What the file has to begin with.
fn check_header(path: &Path, stamp: &Stamp) -> Result<(), StoreError> {
    let database = &stamp.database;
    let location = path.display().to_string();
    if database.byte_count == 0 {
        return Err(StoreError::NotAnEventStore {
            location,
            detail: "the file is empty".to_owned(),
            advice: "look whether the program that writes it uses another file, or open a backup",
        });
    }
    if !database.head.starts_with(b"SQLite format 3\0") || database.head.len() < 100 {
        return Err(StoreError::NotAnEventStore {
            location,
            detail: "the file is neither text nor an SQLite database".to_owned(),
            advice: "look whether it is the right file; what is encrypted or packed must be opened by its own tool first",
        });
    }
    let page_byte_count = match u16::from_be_bytes([database.head[16], database.head[17]]) {
        1 => 65_536,
        size if size.is_power_of_two() && size >= 512 => u64::from(size),
        size => {
            let detail = format!(
                "its header says {} a page, which no SQLite database has",
                counted(size.into(), "byte")
            );
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
    // With a WAL or a journal the file may rightly be shorter.
    let is_alone = stamp.wal.is_none() && stamp.journal.is_none();
    if number(24) == number(92) && page_count * page_byte_count > database.byte_count && is_alone {
        let detail = format!(
            "it should have {} and ends in page {}: it was cut short",
            counted(page_count, "page"),
            database.byte_count / page_byte_count + 1
        );
        return Err(StoreError::Corrupt { location, detail });
    }
    Ok(())
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
