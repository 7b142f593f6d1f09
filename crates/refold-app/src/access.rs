//! The access log of a connection: every statement that was sent, and what was opened, revealed and written to files.
//!
//! A file of lines of JSON in the user's data folder, only ever added to, for the owner of the store. Each line names
//! the digest of the line before it, so that one that was changed or taken out shows. It must not know who reads it.

mod mark;
mod read;

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek as _, SeekFrom, Write as _};
use std::mem;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use refold_core::port::store::StoreError;
use refold_core::port::system::in_words;
use refold_stores::statements::{Answer, Listener, Statement, Ticket};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use mark::Mark;
pub use read::{Ending, Flaw, Line, Reading, Text, read};

use crate::clock;
use crate::error::{AppError, ErrorCode};
use crate::lock::lock;
use crate::mask::Part;
use crate::text;
use crate::who;

/// What was done.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "act", rename_all = "kebab-case")]
pub enum Act<'a> {
    /// A store was opened, and how it is kept from being written to.
    Opened {
        store: &'a str,
        environment: Option<&'a str>,
        read_only: &'a [String],
    },
    /// The events of a stream were read; out of what is kept of them as of then, where the store is out of reach.
    Stream {
        stream: &'a text::Exact,
        #[serde(skip_serializing_if = "Option::is_none")]
        kept_as_of: Option<&'a str>,
    },
    /// What masking rules hide was shown.
    Revealed {
        stream: Option<&'a text::Exact>,
        part: Option<Part>,
        path: &'a str,
        reason: &'a str,
    },
    /// Something of the store was written into a file of the user's.
    Exported {
        what: &'a str,
        file: &'a str,
        sha256: &'a str,
    },
    /// Somebody else was asked something about the store, before it was sent: an authority for a time stamp.
    Asked { what: &'a str, url: &'a str },
    /// A statement, before it was sent. A session writes each text once, and then the number of the line that has it.
    Sent {
        statement: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        text: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        text_of: Option<u64>,
        /// What came back since the line before that has any of it: a line of its own for each would be as many again.
        #[serde(skip_serializing_if = "<[_]>::is_empty")]
        answered: &'a [Back],
    },
    /// What came back, where nothing was sent after it that could have told it.
    Answered(&'a Back),
}

/// What came back on the line numbered `of`.
#[derive(Debug, Clone, Serialize)]
pub struct Back {
    of: u64,
    rows: u64,
    bytes: u64,
    micros: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
}

/// The log of one connection, open. Several sessions and processes may write to the same.
#[derive(Debug)]
pub struct Access {
    file: PathBuf,
    who: String,
    /// Tells the lines of one session from those of another.
    session: String,
    end: Mutex<End>,
}

/// The end of the file as this session knows it.
#[derive(Debug)]
struct End {
    out: File,
    mark: Mark,
    /// `None`: nothing of it was looked at yet.
    byte_count: Option<u64>,
    seq: u64,
    digest: String,
    /// The texts of statements that this session wrote, each with the number of its line.
    texts: HashMap<String, u64>,
    /// What came back and stands in no line yet.
    backs: Vec<Back>,
}

/// A catalogue has far fewer; beyond that a text is written anew.
const MOST_TEXTS: usize = 1_024;
/// So many answers wait for the next line at most.
const MOST_BACKS: usize = 64;
/// Texts that are no longer than what would stand for them.
const SHORT_TEXT_BYTES: usize = 32;

#[derive(Serialize)]
struct Written<'a> {
    seq: u64,
    /// SHA-256 of the line before, without its end; empty on the first.
    prev: &'a str,
    at: String,
    who: &'a str,
    session: &'a str,
    #[serde(flatten)]
    act: &'a Act<'a>,
}

/// Where the log of a connection is. `name`: of the connection, or what stands for an address.
pub fn file(data: &Path, name: &str) -> PathBuf {
    data.join("access").join(format!("{name}.ndjson"))
}

impl Access {
    /// Opens the log, made where there is none yet.
    ///
    /// # Errors
    /// When it cannot be written: what cannot be logged is not opened.
    pub fn open(data: &Path, name: &str) -> Result<Arc<Access>, AppError> {
        let file = file(data, name);
        let failed = |error: std::io::Error| unlogged("the store is not opened", &file, &error);
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(0o600);
        }
        let out = options.open(&file).map_err(failed)?;
        let mark = Mark::open(&file).map_err(failed)?;
        let mut random = [0_u8; 4];
        getrandom::fill(&mut random).map_err(|error| AppError::internal(error.to_string()))?;
        Ok(Arc::new(Access {
            file,
            who: who::name(),
            session: text::hex(&random),
            end: Mutex::new(End {
                out,
                mark,
                byte_count: None,
                seq: 0,
                digest: String::new(),
                texts: HashMap::new(),
                backs: Vec::new(),
            }),
        }))
    }

    /// Adds what was done, and comes back when it is on the disk.
    pub fn append(&self, act: &Act<'_>) -> Result<(), AppError> {
        let written = self.add(act).and_then(|_| lock(&self.end).out.sync_data());
        written.map_err(|error| unlogged("nothing is done", &self.file, &error))
    }

    /// The number of the line that was added. A line that does not go in whole is taken back.
    fn add(&self, act: &Act<'_>) -> std::io::Result<u64> {
        self.locked(|end| end.add(&self.who, &self.session, act))
    }

    /// While no other process writes.
    fn locked(&self, add: impl FnOnce(&mut End) -> std::io::Result<u64>) -> std::io::Result<u64> {
        let mut end = lock(&self.end);
        end.out.lock()?;
        let added = end.catch_up().and_then(|()| add(&mut end));
        end.out.unlock()?;
        added
    }
}

impl Listener for Access {
    fn sending(&self, statement: &Statement<'_>) -> Result<Ticket, StoreError> {
        let added = self.locked(|end| end.add_sent(&self.who, &self.session, statement));
        added.map(Ticket).map_err(|error| StoreError::Unlogged {
            location: self.file.display().to_string(),
            detail: error.to_string(),
        })
    }

    fn answered(&self, ticket: Ticket, answer: &Answer<'_>) {
        let waiting = {
            let mut end = lock(&self.end);
            end.backs.push(Back {
                of: ticket.0,
                rows: answer.rows,
                bytes: answer.bytes,
                micros: answer.elapsed_micros,
                failure: answer.failure.map(str::to_owned),
            });
            end.backs.len()
        };
        // Nothing may be sent after a failure that could tell of it.
        if answer.failure.is_some() || waiting >= MOST_BACKS {
            self.tell();
        }
    }
}

impl Access {
    /// Writes what came back and stands in no line yet.
    fn tell(&self) {
        if lock(&self.end).backs.is_empty() {
            return;
        }
        // The statements were sent and stand in the log; that an answer does not is seen by whoever reads it.
        let _ = self.locked(|end| end.tell(&self.who, &self.session));
    }
}

impl Drop for Access {
    fn drop(&mut self) {
        self.tell();
    }
}

impl End {
    fn add_sent(&mut self, who: &str, session: &str, statement: &Statement<'_>) -> std::io::Result<u64> {
        let text_of = self.texts.get(statement.text).copied();
        let (backs, before) = (mem::take(&mut self.backs), self.seq);
        let act = Act::Sent {
            statement: statement.id,
            text: text_of.is_none().then_some(statement.text),
            text_of,
            answered: &backs,
        };
        let added = self.add(who, session, &act);
        // Also where it fails its line may stand, and have told them.
        if self.seq == before {
            self.backs = backs;
        }
        let added = added?;
        if text_of.is_none() && statement.text.len() > SHORT_TEXT_BYTES {
            if self.texts.len() == MOST_TEXTS {
                self.texts.clear();
            }
            self.texts.insert(statement.text.to_owned(), added);
        }
        Ok(added)
    }

    /// A line for each answer that stands in none.
    fn tell(&mut self, who: &str, session: &str) -> std::io::Result<u64> {
        let mut backs = mem::take(&mut self.backs);
        let before = self.seq;
        let told = backs
            .iter()
            .try_for_each(|back| self.add(who, session, &Act::Answered(back)).map(drop));
        // Only those whose lines stand: the others are told by whatever is written next.
        let written = usize::try_from(self.seq.saturating_sub(before)).unwrap_or(usize::MAX);
        backs.drain(..written.min(backs.len()));
        self.backs = backs;
        told.map(|()| self.seq)
    }

    /// To an end that is caught up with.
    fn add(&mut self, who: &str, session: &str, act: &Act<'_>) -> std::io::Result<u64> {
        let line = Written {
            seq: self.seq.saturating_add(1),
            prev: &self.digest,
            at: text::time_label(clock::now(), 6),
            who,
            session,
            act,
        };
        let mut text = serde_json::to_string(&line)?;
        let digest = text::hex(&Sha256::digest(text.as_bytes()));
        text.push('\n');
        if let Err(error) = self.out.write_all(text.as_bytes()) {
            // What is left of it, where it cannot be taken back, is a flaw that whoever reads the log is told of.
            let _ = self.out.set_len(self.byte_count.unwrap_or_default());
            return Err(error);
        }
        self.byte_count = self.byte_count.map(|count| count + text.len() as u64);
        self.seq = self.seq.saturating_add(1);
        self.digest = digest;
        // After the line: one that is lost in between shows as a line more, and not as one that was taken off.
        self.mark.write(self.seq, &self.digest)?;
        Ok(self.seq)
    }

    /// Reads what others added since.
    fn catch_up(&mut self) -> std::io::Result<()> {
        let byte_count = self.out.metadata()?.len();
        if self.byte_count == Some(byte_count) {
            return Ok(());
        }
        // A file that shrank was changed by somebody.
        let known = self.byte_count.filter(|known| *known < byte_count);
        let from = known.unwrap_or_default();
        self.out.seek(SeekFrom::Start(from))?;
        if known.is_none() {
            self.seq = 0;
            self.digest.clear();
            self.texts.clear();
        }
        let tail = Tail::read((&self.out).take(byte_count - from))?;
        self.seq = self.seq.saturating_add(tail.lines);
        if let Some(digest) = tail.last {
            self.digest = text::hex(&digest);
        }
        // What was taken off or changed at the end stays a break in the chain: it goes on from what was written.
        if known.is_none()
            && let Some(marked) = self.mark.read()?
            && marked.seq >= self.seq
        {
            (self.seq, self.digest) = (marked.seq, marked.digest);
        }
        self.byte_count = Some(byte_count);
        if tail.is_cut_off {
            // By a full disk or a crash: the next line stands on its own.
            self.out.write_all(b"\n")?;
            self.byte_count = Some(byte_count + 1);
        }
        Ok(())
    }
}

/// What the end of a log is made of. A log is as long as a connection was in use: it is read in pieces.
#[derive(Debug, Default)]
struct Tail {
    /// Those that are not empty.
    lines: u64,
    /// The digest of the last of them.
    last: Option<[u8; 32]>,
    /// The last one has no end.
    is_cut_off: bool,
}

const PIECE_BYTES: usize = 1 << 16;

impl Tail {
    fn read(mut log: impl Read) -> std::io::Result<Tail> {
        let mut tail = Tail::default();
        let (mut line, mut is_empty) = (Sha256::new(), true);
        let mut piece = vec![0; PIECE_BYTES];
        loop {
            let count = match log.read(&mut piece) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            // No more than the piece has room for.
            for part in piece[..count].split_inclusive(|byte| *byte == b'\n') {
                let text = part.strip_suffix(b"\n").unwrap_or(part);
                line.update(text);
                is_empty &= text.is_empty();
                if text.len() < part.len() && !is_empty {
                    tail.end(&mut line);
                    is_empty = true;
                }
            }
        }
        tail.is_cut_off = !is_empty;
        if tail.is_cut_off {
            tail.end(&mut line);
        }
        Ok(tail)
    }

    fn end(&mut self, line: &mut Sha256) {
        self.lines += 1;
        self.last = Some(line.finalize_reset().into());
    }
}

fn unlogged(what: &str, file: &Path, error: &std::io::Error) -> AppError {
    AppError::new(
        ErrorCode::Denied,
        format!(
            "{what}, because the access log cannot be written ({}): {}",
            in_words(error),
            file.display()
        ),
        "make room and rights there, or set REFOLD_HOME to another folder",
    )
}

#[cfg(test)]
mod tests;
