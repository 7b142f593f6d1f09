//! Reading an access log back: its lines as they stand, and where its chain is broken.
//!
//! A log has no bound: it is read line by line, once for its chain and once for what is shown of it.

use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use refold_core::port::system::in_words;
use refold_core::work::{Phase, Work};
use refold_stores::plain_file::{self, Links};
use serde::Deserialize;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::{file, mark};
use crate::error::{AppError, ErrorCode};
use crate::text;

/// A log whose chain was followed.
#[derive(Debug)]
pub struct Reading {
    file: PathBuf,
    /// What of the file was read: others may be adding to it.
    byte_count: u64,
    pub line_count: u64,
    /// One of each kind.
    pub flaws: Vec<Flaw>,
    pub ending: Ending,
}

/// One line.
#[derive(Debug, Clone)]
pub struct Line {
    /// From 1.
    pub number: u64,
    pub text: Text,
    /// What it says, for people; `None`: it is no line of a log.
    pub told: Option<String>,
}

#[derive(Debug, Clone)]
pub enum Text {
    /// Exactly as it stands in the file.
    Whole(String),
    /// It is no text, or longer than any line of a log.
    Unreadable,
}

/// Where somebody changed the log, or a disk was full.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// The first line, from 1.
    pub line: u64,
    /// One sentence.
    pub what: &'static str,
    /// In how many lines after it the same is wrong.
    pub further: u64,
}

/// What the file beside the log says of its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// It ends where it did, or later.
    Whole,
    /// So many lines at the end are missing.
    Missing(u64),
    /// The last line that it knows is another one.
    Changed,
    /// There is no such file, or it is not readable: lines at the end could be missing.
    Unsaid,
}

impl Reading {
    /// Whether nothing shows that somebody changed it.
    pub fn is_as_written(&self) -> bool {
        self.flaws.is_empty() && matches!(self.ending, Ending::Whole | Ending::Unsaid)
    }

    /// What is to be said of its chain and its end, a sentence each.
    pub fn remarks(&self) -> Vec<String> {
        let flaws = self.flaws.iter().map(|flaw| {
            let further = match flaw.further {
                0 => String::new(),
                1 => ", and so it is with 1 line after it".to_owned(),
                more => format!(", and so it is with {} lines after it", text::grouped(more)),
            };
            format!(
                "line {} of the log is not as it was written: {}{further}",
                text::grouped(flaw.line),
                flaw.what
            )
        });
        let mark = mark::file(&self.file);
        let mark = mark.display();
        let ending = match self.ending {
            Ending::Whole => format!(
                "the log ends where {mark} says, after {}; whoever may write both files could have shortened both",
                text::counted(self.line_count, "line")
            ),
            Ending::Missing(count) => format!(
                "{} at the end of the log {} missing: taken off, or lost when the machine lost its power ({mark} knows of {})",
                text::counted(count, "line"),
                if count == 1 { "is" } else { "are" },
                if count == 1 { "it" } else { "them" },
            ),
            Ending::Changed => format!("the end of the log is not as it was written: {mark} has another digest of it"),
            Ending::Unsaid => format!(
                "nothing says whether lines are missing at the end of the log: {mark} is not there or cannot be read, and a \
                 line names only what stands before it"
            ),
        };
        flaws.chain([ending]).collect()
    }

    /// Passes the lines after the first `skipped` ones, in their order.
    pub fn lines<E: From<AppError>>(
        &self,
        work: &Work<'_>,
        skipped: u64,
        each: &mut dyn FnMut(&Line) -> Result<(), E>,
    ) -> Result<(), E> {
        if self.line_count == 0 {
            return Ok(());
        }
        let failed = |error: io::Error| unreadable(&self.file, &error);
        let opened = plain_file::open(&self.file, Links::Followed).map_err(failed)?;
        let mut lines = Lines::of(BufReader::new(opened.take(self.byte_count)));
        while let Some(raw) = lines.next().map_err(failed)? {
            work.check().map_err(AppError::from)?;
            if raw.number <= skipped {
                continue;
            }
            let text = raw.bytes.and_then(|bytes| std::str::from_utf8(bytes).ok());
            each(&Line {
                number: raw.number,
                told: text.and_then(told_of),
                text: text.map_or(Text::Unreadable, |text| Text::Whole(text.to_owned())),
            })?;
        }
        Ok(())
    }
}

/// What the chain needs of a line.
#[derive(Deserialize)]
struct Link {
    seq: u64,
    prev: String,
}

/// No line that was written is longer.
const MOST_LINE_BYTES: usize = 8 << 20;

/// The lines of a log that are not empty.
struct Lines<R> {
    log: R,
    number: u64,
    bytes: Vec<u8>,
}

struct Raw<'a> {
    number: u64,
    /// Without its end; `None`: it is too long.
    bytes: Option<&'a [u8]>,
    /// Of all of it, as the digest is.
    byte_count: u64,
    digest: String,
}

impl<R: BufRead> Lines<R> {
    fn of(log: R) -> Lines<R> {
        Lines {
            log,
            number: 0,
            bytes: Vec::new(),
        }
    }

    fn next(&mut self) -> io::Result<Option<Raw<'_>>> {
        let (mut hash, mut length) = (Sha256::new(), 0_u64);
        self.bytes.clear();
        loop {
            let piece = match self.log.fill_buf() {
                Ok(piece) => piece,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let end = piece.iter().position(|byte| *byte == b'\n');
            // Where it ends was found in it.
            let text = end.map_or(piece, |end| &piece[..end]);
            let is_end = end.is_some() || piece.is_empty();
            hash.update(text);
            length += text.len() as u64;
            if length <= MOST_LINE_BYTES as u64 {
                self.bytes.extend_from_slice(text);
            }
            let used = text.len() + usize::from(end.is_some());
            self.log.consume(used);
            if used == 0 && length == 0 {
                return Ok(None);
            }
            if is_end && length > 0 {
                break;
            }
        }
        self.number += 1;
        Ok(Some(Raw {
            number: self.number,
            bytes: (length <= MOST_LINE_BYTES as u64).then_some(&self.bytes),
            byte_count: length,
            digest: text::hex(&hash.finalize()),
        }))
    }
}

/// What a line says, for people; `None`: it is no line of a log.
pub(super) fn told_of(line: &str) -> Option<String> {
    told(&serde_json::from_str(line).ok()?)
}

/// `2026-11-21T20:34:00.000000Z  ada  sent events.page  SELECT …`
fn told(members: &Map<String, Value>) -> Option<String> {
    let text = |name: &str| members.get(name).and_then(Value::as_str).unwrap_or_default();
    let what = match text("act") {
        "opened" => {
            let environment = members.get("environment").and_then(Value::as_str);
            format!(
                "opened {} ({})",
                text("store"),
                environment.unwrap_or("nobody said what it is")
            )
        }
        "stream" => match text("kept_as_of") {
            "" => format!("read the stream {}", text("stream")),
            as_of => format!(
                "read the stream {} as it is kept of {as_of}; nothing was sent",
                text("stream")
            ),
        },
        "revealed" => {
            let path = Some(text("path"))
                .filter(|path| !path.is_empty())
                .unwrap_or("everything");
            format!("revealed {path}: {}", text("reason"))
        }
        "exported" => {
            format!(
                "wrote {} into {} (SHA-256 {})",
                with_article(text("what")),
                text("file"),
                text("sha256")
            )
        }
        "asked" => format!("asked {} for {}", text("url"), with_article(text("what"))),
        "sent" => {
            let sent = match members.get("text_of").and_then(Value::as_u64) {
                Some(of) => format!("sent {}  the text of line {of}", text("statement")),
                None => format!("sent {}  {}", text("statement"), text("text")),
            };
            let answered = members.get("answered").and_then(Value::as_array);
            let backs = answered.into_iter().flatten().filter_map(Value::as_object).map(brought);
            backs.chain([sent]).collect::<Vec<_>>().join("; ")
        }
        "answered" => brought(members),
        _ => return None, // of a later version
    };
    Some(format!("{}  {}  {what}", text("at"), text("who")))
}

/// What came back on a line.
fn brought(members: &Map<String, Value>) -> String {
    let number = |name: &str| members.get(name).and_then(Value::as_u64).unwrap_or_default();
    let millis = number("micros") / 1000;
    let failure = members.get("failure").and_then(Value::as_str);
    let outcome = failure.map_or_else(String::new, |failure| format!(", failed with {failure}"));
    format!(
        "line {} brought {} in {millis} ms{outcome}",
        number("of"),
        text::counted(number("rows"), "row")
    )
}

fn with_article(noun: &str) -> String {
    let article = if noun.starts_with(['a', 'e', 'i', 'o', 'u']) {
        "an"
    } else {
        "a"
    };
    format!("{article} {noun}")
}

/// The log of a connection; `None`: nothing was logged yet.
pub fn read(work: &Work<'_>, data: &Path, name: &str) -> Result<Option<Reading>, AppError> {
    let file = file(data, name);
    // Before the log, which has all that the mark knows of.
    let marked = match there(&mark::file(&file))? {
        Some(mark) => mark::marked(&mark).map_err(|error| unreadable(&file, &error))?,
        None => None,
    };
    let log = there(&file)?;
    let mut chain = Chain::new(marked);
    let byte_count = match &log {
        None => 0,
        Some(log) => {
            let failed = |error: io::Error| unreadable(&file, &error);
            let byte_count = log.metadata().map_err(failed)?.len();
            let mut lines = Lines::of(BufReader::new(log.take(byte_count)));
            let mut done = 0;
            while let Some(raw) = lines.next().map_err(failed)? {
                done += raw.byte_count;
                if raw.number.is_multiple_of(1_024) {
                    work.tick(Phase::FollowingTheChain, done, Some(byte_count))?;
                }
                chain.follow(&raw);
            }
            byte_count
        }
    };
    // A log that was taken away whole is one of which lines are missing.
    let is_there = chain.line_count > 0 || chain.marked.is_some();
    Ok(is_there.then(|| Reading {
        file,
        byte_count,
        line_count: chain.line_count,
        ending: chain.ending(),
        flaws: chain.flaws,
    }))
}

fn there(file: &Path) -> Result<Option<File>, AppError> {
    match plain_file::open(file, Links::Followed) {
        Ok(opened) => Ok(Some(opened)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(unreadable(file, &error)),
    }
}

fn unreadable(file: &Path, error: &io::Error) -> AppError {
    AppError::new(
        ErrorCode::Denied,
        format!(
            "the access log cannot be read ({}): {}",
            in_words(error),
            file.display()
        ),
        "make it readable for you, and leave what is in it as it is",
    )
}

/// A chain as far as it was followed.
struct Chain {
    line_count: u64,
    /// Of the line before.
    seq: u64,
    digest: String,
    flaws: Vec<Flaw>,
    marked: Option<mark::Marked>,
    /// Whether the line of the mark's number is the one that it knows; `None`: it did not come yet.
    is_marked: Option<bool>,
}

impl Chain {
    fn new(marked: Option<mark::Marked>) -> Chain {
        Chain {
            line_count: 0,
            seq: 0,
            digest: String::new(),
            flaws: Vec::new(),
            marked,
            is_marked: None,
        }
    }

    /// Names a line that does not follow from the one before it.
    fn follow(&mut self, raw: &Raw<'_>) {
        self.line_count = raw.number;
        // The next one is counted from what this one says of itself: one that was taken out does not make all others wrong.
        let expected = self.seq.saturating_add(1);
        let link = raw.bytes.and_then(|bytes| serde_json::from_slice::<Link>(bytes).ok());
        self.seq = link.as_ref().map_or(expected, |link| link.seq);
        match link {
            None => self.flaw("it is cut off or no line of a log"),
            Some(link) if link.prev != self.digest => self.flaw("it does not follow from the line before it"),
            Some(link) if link.seq != expected => self.flaw("its number is another one"),
            Some(_) => {}
        }
        self.digest.clone_from(&raw.digest);
        if let Some(marked) = &self.marked
            && marked.seq == self.seq
        {
            self.is_marked = Some(marked.digest == raw.digest);
        }
    }

    fn flaw(&mut self, what: &'static str) {
        match self.flaws.iter_mut().find(|flaw| flaw.what == what) {
            Some(flaw) => flaw.further += 1,
            None => self.flaws.push(Flaw {
                line: self.line_count,
                what,
                further: 0,
            }),
        }
    }

    fn ending(&self) -> Ending {
        match (&self.marked, self.is_marked) {
            (None, _) => Ending::Unsaid,
            (_, Some(true)) => Ending::Whole,
            (Some(marked), None) if marked.seq > self.seq => Ending::Missing(marked.seq - self.seq),
            _ => Ending::Changed,
        }
    }
}
