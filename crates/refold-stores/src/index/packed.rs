//! Blocks of whole numbers in as few bytes each as their spread needs, any of them readable in one step.
//!
//! A block stores `(value - base) / unit` in `width` bytes, 0 to 8. Equal values, and positions that count up by one,
//! take no room at all; times in milliseconds of one hour take three bytes. The absent value
//! ([`ABSENT`]: no version, no time) is the code with all bits set.

/// Rows of a block, but for the last of a file. Few in tests, so that a small store has many blocks.
pub(super) const BLOCK_ROWS: usize = if cfg!(test) { 8 } else { 4096 };

/// Stands for a version or time that the store does not have. Equal to `Timestamp::NONE` and `EventBatch::NO_VERSION`.
pub(super) const ABSENT: i64 = i64::MIN;

/// Bytes that must follow the last block of a file, so that reading eight bytes at any code stays inside.
pub(super) const SLACK_BYTES: usize = 8;

/// Bytes of a head as written.
pub(super) const HEAD_BYTES: usize = 16;

/// How the codes of one block are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BlockHead {
    base: i64,
    /// Where the codes start, in bytes from the start of the section. Not written: blocks follow each other.
    start: usize,
    width: u8,
    /// The unit is ten to this power: 0, 3, 6 or 9.
    exponent: u8,
    has_absent: bool,
}

impl BlockHead {
    /// A block of no width.
    pub(super) const EMPTY: BlockHead = BlockHead {
        base: 0,
        start: 0,
        width: 0,
        exponent: 0,
        has_absent: false,
    };

    pub(super) fn to_bytes(self) -> [u8; HEAD_BYTES] {
        let mut bytes = [0; HEAD_BYTES];
        bytes[..8].copy_from_slice(&self.base.to_le_bytes());
        bytes[8] = self.width;
        bytes[9] = self.exponent;
        bytes[10] = u8::from(self.has_absent);
        bytes
    }

    /// The head of a block whose codes start at `start`. `None` for bytes that [`BlockHead::to_bytes`] never makes.
    pub(super) fn from_bytes(bytes: &[u8], start: usize) -> Option<BlockHead> {
        let head = BlockHead {
            base: i64::from_le_bytes(bytes.get(..8)?.try_into().ok()?),
            start,
            width: *bytes.get(8)?,
            exponent: *bytes.get(9)?,
            has_absent: *bytes.get(10)? == 1,
        };
        (head.width <= 8 && matches!(head.exponent, 0 | 3 | 6 | 9)).then_some(head)
    }

    /// Where the codes of the rows `0..rows` lie, with the slack behind.
    pub(super) fn code_range(self, rows: usize) -> std::ops::Range<usize> {
        self.start..self.start + self.code_bytes(rows) + SLACK_BYTES
    }

    /// How many bytes the codes of so many rows take.
    pub(super) fn code_bytes(self, rows: usize) -> usize {
        rows * usize::from(self.width)
    }

    /// The value that all others are counted from: the lowest.
    pub(super) fn base(self) -> i64 {
        self.base
    }

    /// Where the code of one row lies: always eight bytes, of which the first `width` count.
    #[inline]
    pub(super) fn code_at(self, row: usize) -> std::ops::Range<usize> {
        let start = self.start + row * usize::from(self.width);
        start..start + 8
    }

    /// The value of the eight bytes of [`BlockHead::code_at`].
    #[inline]
    pub(super) fn value(self, code: [u8; 8]) -> i64 {
        self.value_of_code(u64::from_le_bytes(code) & mask(self.width))
    }

    #[inline]
    fn value_of_code(self, code: u64) -> i64 {
        if self.has_absent && code == mask(self.width) {
            return ABSENT;
        }
        let unit = [1_u64, 1_000, 1_000_000, 1_000_000_000][usize::from(self.exponent / 3)];
        self.base.wrapping_add_unsigned(code.wrapping_mul(unit))
    }

    /// How many of `rows` ascending values are below `value`. `codes` are the bytes of [`BlockHead::code_range`].
    ///
    /// Guesses the place from the spread of the values, which most often is nearly even, and halves from there: a
    /// window of a thousand columns asks a thousand times.
    pub(super) fn rows_before(self, codes: &[u8], rows: usize, value: i64) -> usize {
        let at = |row: usize| {
            let start = row * usize::from(self.width);
            self.value(codes[start..start + 8].try_into().unwrap_or_default()) // `code_range` holds eight bytes behind
        };
        let (mut low, mut high) = (0, rows);
        let Some(last_row) = rows.checked_sub(1) else { return 0 };
        let (first, last) = (at(0), at(last_row));
        if value <= first {
            return 0;
        }
        if value > last {
            return rows;
        }
        let share = value.wrapping_sub(first) as u64 as f64 / last.wrapping_sub(first) as u64 as f64;
        let guess = ((share * last_row as f64) as usize).min(last_row); // only where to look first
        let mut step = 8;
        if at(guess) < value {
            low = guess + 1;
            while low + step < high && at(low + step) < value {
                low += step + 1;
                step *= 4;
            }
            high = high.min(low + step + 1);
        } else {
            high = guess;
            while high > low + step && at(high - step) >= value {
                high -= step;
                step *= 4;
            }
            low = low.max(high.saturating_sub(step));
        }
        while low < high {
            let middle = low + (high - low) / 2;
            if at(middle) < value {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// Appends the values of `rows` rows. `codes` are the bytes of [`BlockHead::code_range`].
    pub(super) fn decode(self, codes: &[u8], rows: usize, values: &mut Vec<i64>) {
        let width = usize::from(self.width);
        if width == 0 {
            values.resize(values.len() + rows, self.value_of_code(0));
            return;
        }
        let mask = mask(self.width);
        let code = |row: usize| {
            // `code_range` holds eight bytes from the start of every code.
            let bytes = codes[row * width..row * width + 8].try_into().unwrap_or_default();
            u64::from_le_bytes(bytes) & mask
        };
        if self.exponent == 0 && !self.has_absent {
            values.extend((0..rows).map(|row| self.base.wrapping_add_unsigned(code(row))));
        } else {
            values.extend((0..rows).map(|row| self.value_of_code(code(row))));
        }
    }
}

/// Appends the codes of a block to `codes` and says how to read them, as if they started the section.
pub(super) fn encode(values: &[i64], codes: &mut Vec<u8>) -> BlockHead {
    let mut lowest = i64::MAX;
    let mut highest = i64::MIN;
    let mut has_absent = false;
    for value in values {
        if *value == ABSENT {
            has_absent = true;
        } else {
            lowest = lowest.min(*value);
            highest = highest.max(*value);
        }
    }
    if lowest > highest {
        (lowest, highest) = (0, 0);
    }
    let exponent = exponent_of(values, lowest);
    let unit = 10_u64.pow(u32::from(exponent));
    let spread = highest.wrapping_sub(lowest) as u64 / unit; // highest >= lowest: the difference fits 64 unsigned bits
    let codes_needed = if has_absent { spread.saturating_add(1) } else { spread };
    let width = (64 - codes_needed.leading_zeros()).div_ceil(8) as u8; // at most 8
    let head = BlockHead {
        base: lowest,
        start: 0,
        width,
        exponent,
        has_absent,
    };
    for value in values {
        let code = match *value {
            ABSENT => mask(width),
            value => value.wrapping_sub(lowest) as u64 / unit,
        };
        codes.extend_from_slice(&code.to_le_bytes()[..usize::from(width)]);
    }
    head
}

/// The largest unit that divides every distance to `lowest`.
fn exponent_of(values: &[i64], lowest: i64) -> u8 {
    let divides = |unit: u64| {
        values
            .iter()
            .all(|value| *value == ABSENT || (value.wrapping_sub(lowest) as u64).is_multiple_of(unit))
    };
    // Small spreads gain nothing, and versions and ordinals leave at the first value that is no multiple.
    match () {
        () if !divides(1_000) => 0,
        () if !divides(1_000_000) => 3,
        () if !divides(1_000_000_000) => 6,
        () => 9,
    }
}

fn mask(width: u8) -> u64 {
    match width {
        0 => 0,
        width => u64::MAX >> (64 - 8 * u32::from(width)),
    }
}
