//! Blocks of whole numbers in as few bytes each as their spread needs, any of them readable in one step.
//!
//! A block stores `(value - base) / unit` in `width` bytes, 0 to 8. Equal values, and positions that count up by one,
//! take no room at all; times in milliseconds of one hour take three bytes. The absent value
//! ([`ABSENT`]: no version, no time) is the code with all bits set.

use std::ops::RangeInclusive;

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
    /// What these say, at hand for each value.
    unit: u64,
    mask: u64,
}

impl BlockHead {
    /// A block of no width.
    pub(super) const EMPTY: BlockHead = BlockHead {
        base: 0,
        start: 0,
        width: 0,
        exponent: 0,
        has_absent: false,
        unit: 1,
        mask: 0,
    };

    /// A block whose codes start the section.
    fn new(base: i64, width: u8, exponent: u8, has_absent: bool) -> BlockHead {
        BlockHead {
            base,
            start: 0,
            width,
            exponent,
            has_absent,
            unit: [1, 1_000, 1_000_000, 1_000_000_000][usize::from(exponent / 3)], // 0, 3, 6 or 9
            mask: mask(width),
        }
    }

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
        let base = i64::from_le_bytes(bytes.get(..8)?.try_into().ok()?);
        let (width, exponent) = (*bytes.get(8)?, *bytes.get(9)?);
        if width > 8 || !matches!(exponent, 0 | 3 | 6 | 9) {
            return None;
        }
        Some(BlockHead {
            start,
            ..BlockHead::new(base, width, exponent, *bytes.get(10)? == 1)
        })
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

    /// Where the code of one row begins: always eight bytes, of which the first `width` count.
    #[inline]
    pub(super) fn code_at(&self, row: usize) -> usize {
        self.start + row * usize::from(self.width)
    }

    /// The value of the eight bytes of [`BlockHead::code_at`].
    #[inline]
    pub(super) fn value(&self, code: [u8; 8]) -> i64 {
        self.value_of_code(u64::from_le_bytes(code) & self.mask)
    }

    #[inline]
    fn value_of_code(&self, code: u64) -> i64 {
        if self.has_absent && code == self.mask {
            return ABSENT;
        }
        self.base.wrapping_add_unsigned(code.wrapping_mul(self.unit))
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
        match self.width {
            0 => values.resize(values.len() + rows, self.value_of_code(0)),
            1 => self.decode_width::<1>(codes, rows, values),
            2 => self.decode_width::<2>(codes, rows, values),
            3 => self.decode_width::<3>(codes, rows, values),
            4 => self.decode_width::<4>(codes, rows, values),
            5 => self.decode_width::<5>(codes, rows, values),
            6 => self.decode_width::<6>(codes, rows, values),
            7 => self.decode_width::<7>(codes, rows, values),
            _ => self.decode_width::<8>(codes, rows, values), // no width is above 8
        }
    }

    /// The width is known to the compiler, so that the loop needs no check for each row.
    fn decode_width<const WIDTH: usize>(self, codes: &[u8], rows: usize, values: &mut Vec<i64>) {
        let codes = codes[..rows * WIDTH].chunks_exact(WIDTH).map(|code| {
            let mut bytes = [0; 8];
            bytes[..WIDTH].copy_from_slice(code);
            u64::from_le_bytes(bytes)
        });
        if self.has_absent {
            values.extend(codes.map(|code| self.value_of_code(code)));
        } else {
            values.extend(codes.map(|code| self.base.wrapping_add_unsigned(code.wrapping_mul(self.unit))));
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
    match exponent {
        3 => encode_unit::<1_000>(values, lowest..=highest, has_absent, exponent, codes),
        6 => encode_unit::<1_000_000>(values, lowest..=highest, has_absent, exponent, codes),
        9 => encode_unit::<1_000_000_000>(values, lowest..=highest, has_absent, exponent, codes),
        _ => encode_unit::<1>(values, lowest..=highest, has_absent, exponent, codes),
    }
}

/// The unit is known to the compiler, so that no division is one.
fn encode_unit<const UNIT: u64>(
    values: &[i64],
    bounds: RangeInclusive<i64>,
    has_absent: bool,
    exponent: u8,
    codes: &mut Vec<u8>,
) -> BlockHead {
    let lowest = *bounds.start();
    // The difference of ordered numbers of 64 bits fits 64 bits without sign.
    let spread = bounds.end().wrapping_sub(lowest) as u64 / UNIT;
    let codes_needed = if has_absent { spread.saturating_add(1) } else { spread };
    let width = (64 - codes_needed.leading_zeros()).div_ceil(8) as u8; // at most 8
    let head = BlockHead::new(lowest, width, exponent, has_absent);
    // Each code is written as eight bytes, of which the next one overwrites those that do not count.
    let mut at = codes.len();
    codes.resize(at + values.len() * usize::from(width) + 8, 0);
    for value in values {
        let code = match *value {
            ABSENT => mask(width),
            value => value.wrapping_sub(lowest) as u64 / UNIT,
        };
        codes[at..at + 8].copy_from_slice(&code.to_le_bytes());
        at += usize::from(width);
    }
    codes.truncate(at);
    head
}

/// The largest unit, as a power of ten, that divides every distance to `lowest`.
fn exponent_of(values: &[i64], lowest: i64) -> u8 {
    // Versions and ordinals leave at the first value that is no multiple.
    match () {
        () if !divides::<1_000>(values, lowest) => 0,
        () if !divides::<1_000_000>(values, lowest) => 3,
        () if !divides::<1_000_000_000>(values, lowest) => 6,
        () => 9,
    }
}

fn divides<const UNIT: u64>(values: &[i64], lowest: i64) -> bool {
    let is_multiple = |value: &i64| *value == ABSENT || (value.wrapping_sub(lowest) as u64).is_multiple_of(UNIT);
    values.iter().all(is_multiple)
}

fn mask(width: u8) -> u64 {
    match width {
        0 => 0,
        width => u64::MAX >> (64 - 8 * u32::from(width)),
    }
}
