//! The hot replies as raw bytes: what a decoder on the other side of the window's border must read.
//!
//! All numbers are unsigned and little endian, nothing is padded or aligned. A *string* is a `u32` count of bytes and
//! then that many bytes of UTF-8. The first `u32` of each frame is its [`FORMAT`]. It must not know where the content
//! comes from.
//!
//! # State frame
//!
//! | bytes | field |
//! | --- | --- |
//! | 13 × `u32` | format, seq, moment, base ([`NO_BASE`]: none), added, changed, removed, total rows, first row, row count, fold micros, event count, open depth |
//! | 7 strings | version label, position, recorded time, event type, incomplete since (version, or `#position` where the store keeps none; empty: complete), fault (empty: none), handler label |
//! | `u32`, then so many × `u32` | which of all rows changed or hide a change, ascending; at most 200 |
//! | row count × row | see below |
//!
//! | bytes of a row | field |
//! | --- | --- |
//! | `u16` | depth, 0 for the root |
//! | `u8` | kind: 0 leaf, 1 object, 2 array |
//! | `u8` | change: 0 none, 1 added, 2 changed, 3 removed, 4 moved |
//! | `u8` | flags: bit 0 expandable, bit 1 open, bit 2 redacted, bit 3 one of several values of a repeated key |
//! | 7 strings | pointer (RFC 6901), key, value, before, changed version (or `#position`, as above), changed event type, wrote version |
//! | 4 strings | where an element stood before it moved (pointer), time and actor of the event that changed it, line of the handler that did it; each empty where it is not known or not asked for |
//! | 2 × `u32` | moment after the event that last changed it, moment after the event that last wrote it; 0: not known |
//!
//! The version, position, recorded time and type of the header are those of the event that led to the moment, all
//! empty at moment 0. Changed, added and removed count the whole difference, not only the rows of this frame.
//!
//! # Density frame
//!
//! | bytes | field |
//! | --- | --- |
//! | 3 × `u32` | format, columns, series |
//! | 2 strings | from, to: the window that the columns cover, as resolved |
//! | series × string | the names of the series, bottom of the stack first |
//! | columns × series × `u32` | counts, column by column |
//! | columns × `u8` | flags: bit 0 a problem, bit 1 an undecodable event, bit 2 an event that breaks an invariant |
//! | columns × `u32` | how many events of the column something was found at |
//! | `u32`, then so many × `u8` | pace: a byte a column on the axis of versions, else none; see [`DensityFrame::paces`] |

/// The first word of every frame. Another number: another format, which a decoder must refuse.
pub const FORMAT: u32 = 5;

/// Stands for "no base" in [`StateFrame::base`] on the wire.
pub const NO_BASE: u32 = u32::MAX;

/// What a tab of the inspector shows: the head of the frame and the rows in view.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StateFrame {
    pub seq: u32,
    pub moment: u32,
    pub base: Option<u32>,
    pub added: u32,
    pub changed: u32,
    pub removed: u32,
    pub total_rows: u32,
    pub first_row: u32,
    pub fold_micros: u32,
    /// Events of the stream: the highest moment.
    pub event_count: u32,
    /// Containers are open down to this depth, but for those that were toggled.
    pub open_depth: u32,
    pub version: String,
    pub position: String,
    pub recorded_at: String,
    pub event_type: String,
    pub incomplete_since: String,
    pub fault: String,
    pub handler: String,
    /// Which of all rows changed or hide a change, ascending; long differences are cut.
    pub changed_rows: Vec<u32>,
    pub rows: Vec<FrameRow>,
}

/// One visible row of a tree.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FrameRow {
    pub depth: u16,
    pub kind: RowKind,
    pub change: RowChange,
    pub is_expandable: bool,
    pub is_open: bool,
    /// The value is hidden by a masking rule: `value`, and `before` where there is one, say only that.
    pub is_redacted: bool,
    /// The key occurs more than once in its object; `before` says which of its values this is.
    pub is_repeated: bool,
    pub pointer: String,
    pub key: String,
    /// The value as a display literal; of a container a count such as `{3}`.
    pub value: String,
    /// What stood here at the base, where that was something else.
    pub before: String,
    pub changed_version: String,
    pub changed_type: String,
    pub wrote_version: String,
    /// Where an element stood before it moved.
    pub moved_from: String,
    /// Of the event that changed it: when it was recorded, and who did it, by its metadata.
    pub changed_at: String,
    pub actor: String,
    /// What wrote it: `reducer.yaml:12`; several, where only folding could tell which.
    pub line: String,
    pub changed_moment: u32,
    pub wrote_moment: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(u8)]
pub enum RowKind {
    #[default]
    Leaf = 0,
    Object = 1,
    Array = 2,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(u8)]
pub enum RowChange {
    #[default]
    None = 0,
    Added = 1,
    Changed = 2,
    Removed = 3,
    Moved = 4,
}

/// Events per column and series.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DensityFrame {
    pub from: String,
    pub to: String,
    pub series: Vec<String>,
    /// Column by column: `counts[column * series.len() + series]`.
    pub counts: Vec<u32>,
    /// One a column, of [`FLAG_PROBLEM`], [`FLAG_UNDECODABLE`] and [`FLAG_BROKEN`].
    pub flags: Vec<u8>,
    /// One a column: how many of its events something was found at.
    pub problems: Vec<u32>,
    /// How long nothing happened before the events of each column: 0 where no time says so, else one more than the binary
    /// logarithm of the longest such gap in milliseconds, rounded down. Empty where the axis is no count of events.
    pub paces: Vec<u8>,
}

pub const FLAG_PROBLEM: u8 = 1;
pub const FLAG_UNDECODABLE: u8 = 2;
pub const FLAG_BROKEN: u8 = 4;

/// Bytes that are no frame of this format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    #[error("the frame ends in the middle")]
    TooShort,
    #[error("{0} bytes are left after the end of the frame")]
    TooLong(usize),
    #[error("unknown frame format {0}, expected {FORMAT}")]
    Format(u32),
    #[error("a text of the frame is not UTF-8")]
    NotText,
    #[error("{0} is no {1}")]
    UnknownNumber(u8, &'static str),
}

impl StateFrame {
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Encoder::default();
        let numbers = [
            FORMAT,
            self.seq,
            self.moment,
            self.base.unwrap_or(NO_BASE),
            self.added,
            self.changed,
            self.removed,
            self.total_rows,
            self.first_row,
            count(self.rows.len()),
            self.fold_micros,
            self.event_count,
            self.open_depth,
        ];
        numbers.into_iter().for_each(|number| out.number(number));
        for text in [
            &self.version,
            &self.position,
            &self.recorded_at,
            &self.event_type,
            &self.incomplete_since,
            &self.fault,
            &self.handler,
        ] {
            out.text(text);
        }
        out.number(count(self.changed_rows.len()));
        self.changed_rows.iter().for_each(|row| out.number(*row));
        self.rows.iter().for_each(|row| row.encode(&mut out));
        out.bytes
    }

    pub fn decode(bytes: &[u8]) -> Result<StateFrame, FrameError> {
        let mut input = Decoder::of(bytes)?;
        let mut frame = StateFrame {
            seq: input.number()?,
            moment: input.number()?,
            base: Some(input.number()?).filter(|base| *base != NO_BASE),
            added: input.number()?,
            changed: input.number()?,
            removed: input.number()?,
            total_rows: input.number()?,
            first_row: input.number()?,
            ..StateFrame::default()
        };
        let row_count = input.number()?;
        frame.fold_micros = input.number()?;
        frame.event_count = input.number()?;
        frame.open_depth = input.number()?;
        frame.version = input.text()?;
        frame.position = input.text()?;
        frame.recorded_at = input.text()?;
        frame.event_type = input.text()?;
        frame.incomplete_since = input.text()?;
        frame.fault = input.text()?;
        frame.handler = input.text()?;
        for _ in 0..input.number()? {
            frame.changed_rows.push(input.number()?);
        }
        for _ in 0..row_count {
            frame.rows.push(FrameRow::decode(&mut input)?);
        }
        input.end()?;
        Ok(frame)
    }
}

impl FrameRow {
    fn encode(&self, out: &mut Encoder) {
        out.bytes.extend_from_slice(&self.depth.to_le_bytes());
        out.bytes.push(self.kind as u8); // a unit enum with its number
        out.bytes.push(self.change as u8); // a unit enum with its number
        let flags = [self.is_expandable, self.is_open, self.is_redacted, self.is_repeated];
        let bits = flags.iter().zip(0_u8..).map(|(flag, bit)| u8::from(*flag) << bit);
        out.bytes.push(bits.sum());
        for text in [
            &self.pointer,
            &self.key,
            &self.value,
            &self.before,
            &self.changed_version,
            &self.changed_type,
            &self.wrote_version,
            &self.moved_from,
            &self.changed_at,
            &self.actor,
            &self.line,
        ] {
            out.text(text);
        }
        out.number(self.changed_moment);
        out.number(self.wrote_moment);
    }

    fn decode(input: &mut Decoder<'_>) -> Result<FrameRow, FrameError> {
        let [low, high] = input.array()?;
        let [kind, change, flags] = input.array()?;
        Ok(FrameRow {
            depth: u16::from_le_bytes([low, high]),
            kind: match kind {
                0 => RowKind::Leaf,
                1 => RowKind::Object,
                2 => RowKind::Array,
                other => return Err(FrameError::UnknownNumber(other, "kind of a row")),
            },
            change: match change {
                0 => RowChange::None,
                1 => RowChange::Added,
                2 => RowChange::Changed,
                3 => RowChange::Removed,
                4 => RowChange::Moved,
                other => return Err(FrameError::UnknownNumber(other, "change of a row")),
            },
            is_expandable: flags & 1 != 0,
            is_open: flags & 2 != 0,
            is_redacted: flags & 4 != 0,
            is_repeated: flags & 8 != 0,
            pointer: input.text()?,
            key: input.text()?,
            value: input.text()?,
            before: input.text()?,
            changed_version: input.text()?,
            changed_type: input.text()?,
            wrote_version: input.text()?,
            moved_from: input.text()?,
            changed_at: input.text()?,
            actor: input.text()?,
            line: input.text()?,
            changed_moment: input.number()?,
            wrote_moment: input.number()?,
        })
    }
}

impl DensityFrame {
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Encoder::default();
        out.number(FORMAT);
        out.number(count(self.flags.len()));
        out.number(count(self.series.len()));
        out.text(&self.from);
        out.text(&self.to);
        self.series.iter().for_each(|name| out.text(name));
        self.counts.iter().for_each(|events| out.number(*events));
        out.bytes.extend_from_slice(&self.flags);
        self.problems.iter().for_each(|events| out.number(*events));
        out.number(count(self.paces.len()));
        out.bytes.extend_from_slice(&self.paces);
        out.bytes
    }

    pub fn decode(bytes: &[u8]) -> Result<DensityFrame, FrameError> {
        let mut input = Decoder::of(bytes)?;
        let (columns, series) = (input.number()?, input.number()?);
        let mut frame = DensityFrame {
            from: input.text()?,
            to: input.text()?,
            ..DensityFrame::default()
        };
        for _ in 0..series {
            frame.series.push(input.text()?);
        }
        for _ in 0..u64::from(columns) * u64::from(series) {
            frame.counts.push(input.number()?);
        }
        for _ in 0..columns {
            let [flags] = input.array()?;
            frame.flags.push(flags);
        }
        for _ in 0..columns {
            frame.problems.push(input.number()?);
        }
        for _ in 0..input.number()? {
            let [pace] = input.array()?;
            frame.paces.push(pace);
        }
        input.end()?;
        Ok(frame)
    }
}

#[derive(Default)]
struct Encoder {
    bytes: Vec<u8>,
}

impl Encoder {
    fn number(&mut self, number: u32) {
        self.bytes.extend_from_slice(&number.to_le_bytes());
    }

    fn text(&mut self, text: &str) {
        self.number(count(text.len()));
        self.bytes.extend_from_slice(text.as_bytes());
    }
}

struct Decoder<'a> {
    rest: &'a [u8],
}

impl<'a> Decoder<'a> {
    fn of(bytes: &'a [u8]) -> Result<Decoder<'a>, FrameError> {
        let mut decoder = Decoder { rest: bytes };
        match decoder.number()? {
            FORMAT => Ok(decoder),
            other => Err(FrameError::Format(other)),
        }
    }

    fn take(&mut self, byte_count: usize) -> Result<&'a [u8], FrameError> {
        let (taken, rest) = self.rest.split_at_checked(byte_count).ok_or(FrameError::TooShort)?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], FrameError> {
        self.take(N)?.try_into().map_err(|_| FrameError::TooShort)
    }

    fn number(&mut self) -> Result<u32, FrameError> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    fn text(&mut self) -> Result<String, FrameError> {
        let byte_count = usize::try_from(self.number()?).map_err(|_| FrameError::TooShort)?;
        let bytes = self.take(byte_count)?;
        std::str::from_utf8(bytes)
            .map(str::to_owned)
            .map_err(|_| FrameError::NotText)
    }

    fn end(self) -> Result<(), FrameError> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(FrameError::TooLong(self.rest.len()))
        }
    }
}

/// A count as the frames hold it. Frames hold what fits a window: far below 2^32 of anything.
fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
