//! The cells of a page of a tree: where they are, and where their payload is.

use super::Odd;

pub const TABLE_LEAF: u8 = 0x0d;
pub const TABLE_INNER: u8 = 0x05;
pub const INDEX_LEAF: u8 = 0x0a;
pub const INDEX_INNER: u8 = 0x02;
/// What stands before the list of cells.
pub const LEAF_HEAD_BYTES: usize = 8;
pub const INNER_HEAD_BYTES: usize = 12;

/// The content of a cell. The page that it is on holds its beginning, or all of it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Payload {
    /// Of a row of a table; 0 in an index.
    pub rowid: i64,
    /// Where it begins in the page.
    pub start: usize,
    /// How much of it is in the page.
    pub local_byte_count: usize,
    pub byte_count: usize,
    /// The page where it goes on; 0 when all of it is in this page.
    pub first_overflow: u32,
}

/// How many cells a page says it has.
pub fn count(page: &[u8]) -> usize {
    page.get(3..5)
        .map_or(0, |count| usize::from(u16::from_be_bytes([count[0], count[1]])))
}

/// Where the cell `index` begins. `head_byte_count` is that of the kind of page.
pub fn start(page: &[u8], head_byte_count: usize, index: usize) -> Result<usize, Odd> {
    let at = head_byte_count + 2 * index;
    let pointer = page.get(at..at + 2).ok_or(Odd)?;
    Ok(usize::from(u16::from_be_bytes([pointer[0], pointer[1]])))
}

/// A number of one to nine bytes, and where it ends.
#[inline]
pub fn varint(bytes: &[u8], at: usize) -> Result<(u64, usize), Odd> {
    let first = *bytes.get(at).ok_or(Odd)?;
    if first < 0x80 {
        return Ok((u64::from(first), at + 1));
    }
    let mut value = u64::from(first & 0x7f);
    for place in 1..8 {
        let byte = *bytes.get(at + place).ok_or(Odd)?;
        value = value << 7 | u64::from(byte & 0x7f);
        if byte < 0x80 {
            return Ok((value, at + place + 1));
        }
    }
    let last = *bytes.get(at + 8).ok_or(Odd)?;
    Ok((value << 8 | u64::from(last), at + 9))
}

/// The kind of a page, by which its cells are laid out.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    flag: u8,
    head_byte_count: usize,
}

impl Kind {
    pub fn of(page: &[u8]) -> Result<Kind, Odd> {
        let head_byte_count = match page.first() {
            Some(&(TABLE_LEAF | INDEX_LEAF)) => LEAF_HEAD_BYTES,
            Some(&(TABLE_INNER | INDEX_INNER)) => INNER_HEAD_BYTES,
            _ => return Err(Odd),
        };
        Ok(Kind {
            flag: page[0],
            head_byte_count,
        })
    }

    pub fn is_leaf(self) -> bool {
        self.head_byte_count == LEAF_HEAD_BYTES
    }

    pub fn is_of_table(self) -> bool {
        matches!(self.flag, TABLE_LEAF | TABLE_INNER)
    }

    /// The payload of cell `index`; of an inner page of a table, only its key.
    #[inline]
    pub fn payload(self, page: &[u8], index: usize) -> Result<Payload, Odd> {
        let start = start(page, self.head_byte_count, index)?;
        self.payload_at(page, start).map(|(payload, _)| payload)
    }

    /// Takes the payloads of all cells, and finds a page odd by everything by which SQLite finds it damaged.
    pub fn check(self, page: &[u8], mut take: impl FnMut(Payload)) -> Result<usize, Odd> {
        let count = count(page);
        let first = self.head_byte_count + 2 * count;
        // A cell has at least four bytes, the pointer to its child not counted.
        let last = page.len().checked_sub(if self.is_leaf() { 4 } else { 5 }).ok_or(Odd)?;
        if count > (page.len() - 8) / 6 {
            return Err(Odd);
        }
        for index in 0..count {
            let start = start(page, self.head_byte_count, index)?;
            if start < first || start > last {
                return Err(Odd);
            }
            let (payload, end) = self.payload_at(page, start)?;
            if end > page.len() {
                return Err(Odd);
            }
            take(payload);
        }
        Ok(count)
    }

    /// The payload of the cell at `cell`, and where the cell ends.
    #[inline]
    fn payload_at(self, page: &[u8], cell: usize) -> Result<(Payload, usize), Odd> {
        let at = if self.is_leaf() { cell } else { cell + 4 };
        if self.flag == TABLE_INNER {
            let (rowid, end) = varint(page, at)?;
            let payload = Payload {
                rowid: rowid.cast_signed(),
                ..Payload::default()
            };
            return Ok((payload, end));
        }
        let (byte_count, at) = varint(page, at)?;
        let byte_count = i32::try_from(byte_count)
            .ok()
            .and_then(|count| usize::try_from(count).ok());
        let byte_count = byte_count.ok_or(Odd)?;
        let (rowid, start) = if self.flag == TABLE_LEAF {
            varint(page, at)?
        } else {
            (0, at)
        };
        let local_byte_count = self.local_byte_count(page.len(), byte_count);
        let mut end = start + local_byte_count;
        let mut first_overflow = 0;
        if local_byte_count < byte_count {
            let number = page.get(end..end + 4).ok_or(Odd)?;
            first_overflow = number.try_into().map(u32::from_be_bytes).map_err(|_| Odd)?;
            end += 4;
        }
        let payload = Payload {
            rowid: rowid.cast_signed(),
            start,
            local_byte_count,
            byte_count,
            first_overflow,
        };
        Ok((payload, end.max(cell + 4)))
    }

    /// How many bytes of a payload are in the page itself: section 1.6 of the format.
    #[inline]
    fn local_byte_count(self, usable: usize, byte_count: usize) -> usize {
        let most = if self.flag == TABLE_LEAF {
            usable - 35
        } else {
            (usable - 12) * 64 / 255 - 23
        };
        if byte_count <= most {
            return byte_count;
        }
        let least = (usable - 12) * 32 / 255 - 23;
        let even = least + (byte_count - least) % (usable - 4);
        if even <= most { even } else { least }
    }
}
