//! JSON text as the rows of a tree: members in the order of the text, every value of a repeated key, however deep and
//! however large. Only what is open has rows, and only rows in view become texts.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use refold_core::pointer::{Pointer, Segment};
use refold_core::value::{JsonError, Redacted, Text, Value};
use refold_core::work::{Phase, Work};

use super::scan::{Token, Tokens};
use crate::answer::visible_json;
use crate::error::AppError;
use crate::frame::{FrameRow, RowKind};
use crate::mask::{Cover, MaskPlaces, Verdict};
use crate::rows::{OPEN_DEPTH, RowWindow};
use crate::text;

/// More rows than that are not made: the rest is said to be left out.
pub const MAX_ROWS: usize = 2_000_000;

/// Tokens between two looks at the cancel token.
const STRIDE: u64 = 1 << 16;

/// The rows of one text under one folding.
#[derive(Debug)]
pub struct Outline {
    lines: Vec<Line>,
    /// Where the rows end because no more were asked for, or too many would be there; `None`: they are all.
    cut_at: Option<usize>,
}

/// One row: where its value is in the text.
#[derive(Debug, Clone)]
struct Line {
    parent: Option<u32>,
    depth: u32,
    /// Where the key begins, in an object.
    key: Option<usize>,
    /// The place in the container around it.
    index: u32,
    start: usize,
    /// Where the value ends; of a container that is open, or was cut, where it begins.
    end: usize,
    kind: RowKind,
    is_open: bool,
    is_redacted: bool,
    /// Members or elements; `None` where the text was cut inside of it.
    members: Option<u32>,
    /// Which of how many values of its key, where that is repeated.
    repeated: Option<(u32, u32)>,
}

/// What is walked, and how.
pub struct Asked<'a> {
    /// JSON text as a person may see it.
    pub bytes: &'a [u8],
    /// What was hidden in it.
    pub cover: &'a Cover,
    pub toggled: &'a HashSet<Pointer>,
    /// Values that begin here or later have no rows.
    pub until: usize,
}

impl Outline {
    /// Walks the text. The outer error is that of the work; the inner says where the text is no JSON.
    pub fn of(work: &Work<'_>, asked: &Asked<'_>) -> Result<Result<Outline, JsonError>, AppError> {
        let tokens = match Tokens::new(asked.bytes) {
            Ok(tokens) => tokens,
            Err(error) => return Ok(Err(error)),
        };
        let mut walk = Walk {
            toggled: asked.toggled.iter().map(segments).collect(),
            places: (!asked.cover.is_empty()).then(|| MaskPlaces::new(asked.cover)),
            tokens,
            lines: Vec::new(),
            open: Vec::new(),
            path: Vec::new(),
            key: None,
            until: asked.until,
        };
        let cut_at = match walk.run(work)? {
            Ok(cut_at) => cut_at,
            Err(error) => return Ok(Err(error)),
        };
        // What was cut is still open.
        for opened in std::mem::take(&mut walk.open) {
            walk.note_repeated(opened.keys);
        }
        Ok(Ok(Outline {
            lines: walk.lines,
            cut_at,
        }))
    }

    /// With one that says so where the rest is left out.
    pub fn len(&self) -> u32 {
        let count = self.lines.len() + usize::from(self.cut_at.is_some());
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// The rows in view.
    pub fn rows(&self, bytes: &[u8], window: RowWindow) -> Vec<FrameRow> {
        let first = window.first_row as usize;
        let lines = self.lines.iter().map(|line| self.row(bytes, line));
        let cut = self.cut_at.map(|at| FrameRow {
            depth: 1,
            value: format!("… the rest, from byte {} on, is not shown", text::grouped(at as u64)),
            ..FrameRow::default()
        });
        lines.chain(cut).skip(first).take(window.row_count as usize).collect()
    }

    /// The row that a place of the text is in: its own, or that of the folded container around it.
    pub fn row_at(&self, offset: usize) -> u32 {
        let after = self
            .lines
            .partition_point(|line| line.key.unwrap_or(line.start) <= offset);
        u32::try_from(after.saturating_sub(1)).unwrap_or(u32::MAX)
    }

    fn row(&self, bytes: &[u8], line: &Line) -> FrameRow {
        let is_expandable = line.kind != RowKind::Leaf && line.members != Some(0);
        let mut row = FrameRow {
            kind: line.kind,
            is_expandable,
            is_open: is_expandable && line.is_open,
            is_redacted: line.is_redacted,
            is_repeated: line.repeated.is_some(),
            ..FrameRow::default()
        };
        row.depth = u16::try_from(line.depth).unwrap_or(u16::MAX);
        row.pointer = self.pointer(bytes, line);
        row.key = match (line.key, line.parent) {
            (Some(key), _) => text::shown(key_at(bytes, key).to_display().as_bytes()),
            (None, Some(_)) => line.index.to_string(),
            (None, None) => String::new(),
        };
        let count = || {
            line.members
                .map_or_else(|| "…".to_owned(), |count| text::grouped(count.into()))
        };
        row.value = match line.kind {
            RowKind::Object => format!("{{{}}}", count()),
            RowKind::Array => format!("[{}]", count()),
            RowKind::Leaf if line.is_redacted => Redacted::SHOWN.to_owned(),
            RowKind::Leaf => {
                let written = bytes.get(line.start..line.end).unwrap_or_default();
                // A slice between two tokens of UTF-8 text is UTF-8.
                cut_literal(std::str::from_utf8(written).unwrap_or_default())
            }
        };
        if let Some((at, of)) = line.repeated {
            row.before = format!("{at} of {of}");
        }
        row
    }

    fn pointer(&self, bytes: &[u8], line: &Line) -> String {
        let mut segments = Vec::new();
        let mut at = Some(line);
        while let Some(line) = at {
            let Some(parent) = line.parent else { break };
            segments.push(match line.key {
                Some(key) => Segment::from_key(&key_at(bytes, key)),
                None => Segment::from_index(line.index as usize),
            });
            at = self.lines.get(parent as usize);
        }
        let place = segments
            .into_iter()
            .rev()
            .fold(Pointer::ROOT, |place, segment| place.push(segment));
        place.to_string()
    }
}

struct Walk<'a> {
    toggled: HashSet<Vec<Segment>>,
    places: Option<MaskPlaces<'a>>,
    tokens: Tokens<'a>,
    lines: Vec<Line>,
    open: Vec<Opened>,
    /// The segments of `open`, kept only where somebody asks for them.
    path: Vec<Segment>,
    key: Option<usize>,
    until: usize,
}

/// A container that has rows for its members.
struct Opened {
    line: u32,
    count: u32,
    is_array: bool,
    /// The hash of each key, and its row.
    keys: Vec<(u64, u32)>,
}

impl Walk<'_> {
    /// Where it was cut, if it was.
    fn run(&mut self, work: &Work<'_>) -> Result<Result<Option<usize>, JsonError>, AppError> {
        let mut seen: u64 = 0;
        loop {
            seen += 1;
            if seen.is_multiple_of(STRIDE) {
                work.tick(Phase::ReadingThePayload, self.tokens.at() as u64, None)?;
            }
            match self.tokens.next() {
                None => return Ok(Ok(None)),
                Some(Err(error)) => return Ok(Err(error)),
                Some(Ok(Token::Key { start, .. })) => {
                    if let Some(places) = &mut self.places {
                        places.name(self.tokens.text(start));
                    }
                    self.key = Some(start);
                }
                Some(Ok(Token::Close { .. })) => self.close(),
                Some(Ok(Token::Leaf { start, end })) => {
                    if self.is_full(start) {
                        return Ok(Ok(Some(start)));
                    }
                    let is_redacted = self.enter();
                    let line = self.line(start, RowKind::Leaf);
                    self.push(Line {
                        end,
                        is_redacted,
                        members: Some(0),
                        ..line
                    });
                    self.leave();
                }
                Some(Ok(Token::Open { start, is_array })) => {
                    if self.is_full(start) {
                        return Ok(Ok(Some(start)));
                    }
                    if let Err(error) = self.container(work, start, is_array)? {
                        return Ok(Err(error));
                    }
                }
            }
        }
    }

    fn is_full(&self, start: usize) -> bool {
        start >= self.until || self.lines.len() >= MAX_ROWS
    }

    fn container(&mut self, work: &Work<'_>, start: usize, is_array: bool) -> Result<Result<(), JsonError>, AppError> {
        self.enter();
        let kind = if is_array { RowKind::Array } else { RowKind::Object };
        let depth = self.open.len();
        let line = self.line(start, kind);
        let needs_path = !self.toggled.is_empty();
        if needs_path && let Some(above) = self.open.last() {
            self.path.push(match line.key {
                Some(key) => Segment::from_key(&self.tokens.text(key)),
                None => Segment::from_index(above.count as usize),
            });
        }
        let is_toggled = needs_path && self.toggled.contains(&self.path);
        let is_open = (depth <= OPEN_DEPTH as usize) != is_toggled;
        let at = u32::try_from(self.lines.len()).unwrap_or(u32::MAX);
        self.push(Line { is_open, ..line });
        if is_open {
            if let Some(places) = &mut self.places {
                places.open(is_array);
            }
            self.open.push(Opened {
                line: at,
                count: 0,
                is_array,
                keys: Vec::new(),
            });
            return Ok(Ok(()));
        }
        // Folded: its members are counted and have no rows.
        let (mut level, mut members) = (1_usize, 0_u32);
        let mut seen: u64 = 0;
        while level > 0 {
            seen += 1;
            if seen.is_multiple_of(STRIDE) {
                work.tick(Phase::ReadingThePayload, self.tokens.at() as u64, None)?;
            }
            let token = match self.tokens.next() {
                Some(Ok(token)) => token,
                Some(Err(error)) => return Ok(Err(error)),
                None => break,
            };
            match token {
                Token::Open { .. } => {
                    members += u32::from(level == 1);
                    level += 1;
                }
                Token::Close { .. } => level -= 1,
                Token::Leaf { .. } => members += u32::from(level == 1),
                Token::Key { .. } => {}
            }
        }
        if let Some(line) = self.lines.get_mut(at as usize) {
            line.members = Some(members);
        }
        if needs_path {
            self.path.pop();
        }
        self.leave();
        Ok(Ok(()))
    }

    fn close(&mut self) {
        let Some(opened) = self.open.pop() else { return };
        if let Some(line) = self.lines.get_mut(opened.line as usize) {
            line.members = Some(opened.count);
        }
        self.note_repeated(opened.keys);
        if !self.toggled.is_empty() {
            self.path.pop();
        }
        self.leave();
    }

    /// Says of each row whose key occurs more than once which of its values it is.
    fn note_repeated(&mut self, mut keys: Vec<(u64, u32)>) {
        keys.sort_unstable();
        for alike in keys.chunk_by(|a, b| a.0 == b.0).filter(|alike| alike.len() > 1) {
            // Equal hashes are looked at again: keys that only look alike are not the same.
            let mut rows: Vec<(Text, u32)> = alike
                .iter()
                .filter_map(|(_, row)| {
                    let key = self.lines.get(*row as usize)?.key?;
                    Some((self.tokens.text(key), *row))
                })
                .collect();
            rows.sort();
            for same in rows.chunk_by(|a, b| a.0 == b.0).filter(|same| same.len() > 1) {
                let of = u32::try_from(same.len()).unwrap_or(u32::MAX);
                for (at, (_, row)) in (1..).zip(same) {
                    if let Some(line) = self.lines.get_mut(*row as usize) {
                        line.repeated = Some((at, of));
                    }
                }
            }
        }
    }

    /// Whether the value that begins is hidden.
    fn enter(&mut self) -> bool {
        self.places
            .as_mut()
            .is_some_and(|places| places.enter() == Verdict::Hidden)
    }

    fn leave(&mut self) {
        if let Some(places) = &mut self.places {
            places.leave();
        }
    }

    fn line(&mut self, start: usize, kind: RowKind) -> Line {
        let above = self.open.last();
        Line {
            parent: above.map(|above| above.line),
            depth: u32::try_from(self.open.len()).unwrap_or(u32::MAX),
            key: self.key.take(),
            index: above.map_or(0, |above| above.count),
            start,
            end: start,
            kind,
            is_open: false,
            is_redacted: false,
            members: None,
            repeated: None,
        }
    }

    fn push(&mut self, line: Line) {
        let row = u32::try_from(self.lines.len()).unwrap_or(u32::MAX);
        if let Some(above) = self.open.last_mut() {
            above.count += 1;
            if !above.is_array
                && let Some(key) = line.key
            {
                let mut hasher = DefaultHasher::new();
                self.tokens.text(key).hash(&mut hasher);
                above.keys.push((hasher.finish(), row));
            }
        }
        self.lines.push(line);
    }
}

/// A literal of the record with everything in it visible, still JSON; cut where it is long, with its full size said.
fn cut_literal(literal: &str) -> String {
    let end = text::boundary(literal, text::LITERAL_BYTES);
    let beginning = visible_json(literal.get(..end).unwrap_or_default().as_bytes());
    if end < literal.len() {
        format!("{beginning}… ({} in all)", text::size_label(literal.len() as u64))
    } else {
        beginning
    }
}

fn segments(pointer: &Pointer) -> Vec<Segment> {
    pointer.segments().into_iter().cloned().collect()
}

fn key_at(bytes: &[u8], start: usize) -> Text {
    match Value::read_json(bytes, start, 0) {
        Ok((Value::Text(text), _)) => text,
        _ => Text::from(""), // it was read as a text before
    }
}

#[cfg(test)]
mod tests;
