//! What the end of a log was, in a file of its own beside it: the number of the last line and its digest.
//!
//! A chain names what stands before, so lines that are cut off at its end leave one that is whole. Who may write both
//! files can still shorten both: it shows careless cutting and losses, and proves nothing against the user himself.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

/// The last line of a log that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Marked {
    pub seq: u64,
    /// In hexadecimal digits.
    pub digest: String,
}

/// `access/NAME.end`, open. It is written while the log is locked.
#[derive(Debug)]
pub(super) struct Mark(File);

/// All numbers have so many digits: what is written always covers what was.
const DIGITS: usize = 20;
const BYTES: u64 = DIGITS as u64 + 1 + 64 + 1;

pub(super) fn file(log: &Path) -> PathBuf {
    log.with_extension("end")
}

impl Mark {
    pub fn open(log: &Path) -> io::Result<Mark> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(0o600);
        }
        options.open(file(log)).map(Mark)
    }

    pub fn write(&mut self, seq: u64, digest: &str) -> io::Result<()> {
        self.0.seek(SeekFrom::Start(0))?;
        self.0.write_all(format!("{seq:0DIGITS$} {digest}\n").as_bytes())
    }

    pub fn read(&mut self) -> io::Result<Option<Marked>> {
        self.0.seek(SeekFrom::Start(0))?;
        marked(&self.0)
    }
}

/// `None`: nothing is written there yet, or it is no such text.
pub(super) fn marked(mark: &File) -> io::Result<Option<Marked>> {
    let mut bytes = Vec::new();
    mark.take(BYTES + 1).read_to_end(&mut bytes)?;
    let read = || {
        let (seq, digest) = std::str::from_utf8(&bytes).ok()?.strip_suffix('\n')?.split_once(' ')?;
        let is_digest = digest.len() == 64 && digest.bytes().all(|digit| digit.is_ascii_hexdigit());
        Some(Marked {
            seq: seq.parse().ok().filter(|_| is_digest && seq.len() == DIGITS)?,
            digest: digest.to_owned(),
        })
    };
    Ok(read())
}
