//! Opening a file for reading only, and noticing when somebody rewrites it.
//!
//! A file that only grows stays readable: what was there when it was opened is still where it was.

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::ops::Range;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use refold_core::count::counted;
use refold_core::port::store::StoreError;
use refold_core::work::{Phase, Work};
use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;

use crate::file::{file_error, open_read_only, resolve};
use crate::layout::hex;

const BLOCK_BYTES: usize = 4096;
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

#[derive(Debug)]
pub struct FileSource {
    path: PathBuf,
    /// The user's file.
    file: File,
    device: u64,
    inode: u64,
    byte_count: u64,
    times: Times,
    /// Hashes of the first and the last block as they were when the file was opened.
    first_block: String,
    last_block: String,
    /// The unpacked content of a compressed file; removed when the store is closed.
    unpacked: Option<NamedTempFile>,
    content_byte_count: u64,
    /// The part of the text that holds the records.
    records: Range<u64>,
    first_record: Vec<u8>,
}

impl FileSource {
    pub fn open(work: &Work<'_>, location: &Path, scratch: &Path) -> Result<FileSource, StoreError> {
        let path = resolve(location)?;
        let unreadable = |error: io::Error| file_error(&path, &error);
        let file = open_read_only(&path).map_err(unreadable)?;
        let metadata = file.metadata().map_err(unreadable)?;
        let byte_count = metadata.len();
        let (first_block, last_block) = blocks(&file, byte_count).map_err(unreadable)?;
        let head = read_up_to(&file, 0, 2).map_err(unreadable)?;
        let unpacked = if head == GZIP_MAGIC {
            Some(unpack(work, &file, &path, scratch)?)
        } else {
            None
        };
        let content = unpacked.as_ref().map_or(&file, |unpacked| unpacked.as_file());
        let content_byte_count = content.metadata().map_err(unreadable)?.len();
        let first_record = first_line(content).map_err(unreadable)?;
        Ok(FileSource {
            device: metadata.dev(),
            inode: metadata.ino(),
            times: Times::of(&metadata),
            path: path.clone(),
            file,
            byte_count,
            first_block,
            last_block,
            unpacked,
            content_byte_count,
            records: 0..content_byte_count,
            first_record,
        })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn byte_count(&self) -> u64 {
        self.byte_count
    }

    /// How many bytes of text there are, unpacked.
    pub fn content_byte_count(&self) -> u64 {
        self.content_byte_count
    }

    /// At most the first mebibyte of the first line that is not empty.
    pub fn first_record(&self) -> &[u8] {
        &self.first_record
    }

    /// What stays the same while the file only grows.
    pub fn identity(&self) -> String {
        let first = &self.first_record[..self.first_record.len().min(BLOCK_BYTES)];
        format!("{}:{}:{}", self.device, self.inode, hex(&Sha256::digest(first)))
    }

    pub fn change_token(&self) -> String {
        let Times { modified, changed } = self.times;
        format!("{}:{modified}:{changed}:{}", self.byte_count, self.last_block)
    }

    /// Says that only this part of the text holds records: whole lines of it.
    pub fn with_records_in(self, records: Range<u64>) -> FileSource {
        FileSource { records, ..self }
    }

    /// The part of the text that holds the records.
    pub fn records(&self) -> Range<u64> {
        self.records.clone()
    }

    /// This part of the text.
    pub fn content(&self, part: Range<u64>) -> Result<impl io::Read, StoreError> {
        let mut file = self
            .content_file()
            .try_clone()
            .map_err(|error| file_error(&self.path, &error))?;
        file.seek(SeekFrom::Start(part.start))
            .map_err(|error| file_error(&self.path, &error))?;
        Ok(file.take(part.end.saturating_sub(part.start)))
    }

    /// Replaces `bytes` by those at `(offset, length)`.
    pub fn read_at(&self, (offset, length): (u64, usize), bytes: &mut Vec<u8>) -> Result<(), StoreError> {
        bytes.resize(length, 0);
        let read = self.content_file().read_exact_at(bytes, offset);
        read.map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => self.changed("it became shorter"),
            _ => file_error(&self.path, &error),
        })
    }

    pub fn is_current(&self) -> Result<bool, StoreError> {
        let now = fs::metadata(&self.path).map_err(|error| file_error(&self.path, &error))?;
        Ok(
            (now.dev(), now.ino(), now.len()) == (self.device, self.inode, self.byte_count)
                && Times::of(&now) == self.times,
        )
    }

    /// Fails when what was there at the opening is no longer there.
    pub fn check_unchanged(&self) -> Result<(), StoreError> {
        if self.unpacked.is_some() {
            return Ok(());
        }
        let unreadable = |error: io::Error| file_error(&self.path, &error);
        let now = self.file.metadata().map_err(unreadable)?;
        if now.len() < self.byte_count {
            return Err(self.changed("it became shorter"));
        }
        if Times::of(&now) != self.times {
            // A file that only grows is longer; of one that is not, any byte may be another.
            if now.len() == self.byte_count {
                let is_written = Times::of(&now).modified != self.times.modified;
                // Taking a file away, or another name for it, changes its times and nothing of what was opened.
                if !is_written && !self.has_its_name() {
                    return Ok(());
                }
                return Err(self.changed(match is_written {
                    true => "it was rewritten",
                    false => "it was rewritten, or its name or rights are others",
                }));
            }
            let blocks = blocks(&self.file, self.byte_count).map_err(unreadable)?;
            if blocks != (self.first_block.clone(), self.last_block.clone()) {
                return Err(self.changed("it was rewritten"));
            }
        }
        Ok(())
    }

    /// Whether the path still leads to what was opened.
    fn has_its_name(&self) -> bool {
        fs::metadata(&self.path).is_ok_and(|now| (now.dev(), now.ino()) == (self.device, self.inode))
    }

    fn changed(&self, detail: &str) -> StoreError {
        StoreError::Changed {
            location: self.path.display().to_string(),
            detail: detail.to_owned(),
        }
    }

    fn content_file(&self) -> &File {
        self.unpacked.as_ref().map_or(&self.file, |unpacked| unpacked.as_file())
    }
}

/// Whether a file holds text, packed or not, by its first bytes.
pub fn is_text(location: &Path) -> Result<bool, StoreError> {
    let path = resolve(location)?;
    let file = open_read_only(&path).map_err(|error| file_error(&path, &error))?;
    let head = read_up_to(&file, 0, 64).map_err(|error| file_error(&path, &error))?;
    Ok(head.starts_with(&GZIP_MAGIC) || (!head.is_empty() && !head.contains(&0)))
}

/// When a file was written to, and when anything of it changed, that time included: whoever sets the first back cannot set
/// the second back. In nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Times {
    modified: i128,
    changed: i128,
}

impl Times {
    fn of(metadata: &fs::Metadata) -> Times {
        let nanos = |seconds: i64, nanos: i64| i128::from(seconds) * 1_000_000_000 + i128::from(nanos);
        Times {
            modified: nanos(metadata.mtime(), metadata.mtime_nsec()),
            changed: nanos(metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

fn blocks(file: &File, byte_count: u64) -> io::Result<(String, String)> {
    let last_at = byte_count.saturating_sub(BLOCK_BYTES as u64);
    let first = read_up_to(
        file,
        0,
        BLOCK_BYTES.min(usize::try_from(byte_count).unwrap_or(BLOCK_BYTES)),
    )?;
    let last_length = usize::try_from(byte_count - last_at).unwrap_or(BLOCK_BYTES);
    let last = read_up_to(file, last_at, last_length)?;
    Ok((hex(&Sha256::digest(first)), hex(&Sha256::digest(last))))
}

fn read_up_to(file: &File, offset: u64, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    let mut done = 0;
    while done < length {
        match file.read_at(&mut bytes[done..], offset + done as u64)? {
            0 => break,
            count => done += count,
        }
    }
    bytes.truncate(done);
    Ok(bytes)
}

fn first_line(file: &File) -> io::Result<Vec<u8>> {
    let head = read_up_to(file, 0, 1 << 20)?;
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&head);
    let line = head
        .split(|byte| *byte == b'\n')
        .map(<[u8]>::trim_ascii)
        .find(|line| !line.is_empty());
    Ok(line.unwrap_or_default().to_owned())
}

/// Unpacks into the scratch folder: records of a compressed file cannot be found by their offset.
fn unpack(work: &Work<'_>, file: &File, path: &Path, scratch: &Path) -> Result<NamedTempFile, StoreError> {
    let failed = |error: io::Error| StoreError::Scratch {
        location: scratch.display().to_string(),
        detail: error.to_string(),
    };
    fs::create_dir_all(scratch).map_err(failed)?;
    let mut target = tempfile::Builder::new()
        .prefix("refold-unpacked-")
        .tempfile_in(scratch)
        .map_err(failed)?;
    let mut content = flate2::read::MultiGzDecoder::new(io::BufReader::with_capacity(1 << 20, file));
    let mut buffer = vec![0; 1 << 20];
    let mut done = 0;
    loop {
        work.tick(Phase::Unpacking, done, None)?;
        let count = content.read(&mut buffer).map_err(|error| StoreError::Packed {
            location: path.display().to_string(),
            detail: format!(
                "its compression is damaged behind {} of text: {error}",
                counted(done, "byte")
            ),
        })?;
        if count == 0 {
            break;
        }
        target.write_all(&buffer[..count]).map_err(failed)?;
        done += count as u64;
    }
    target.flush().map_err(failed)?;
    Ok(target)
}
