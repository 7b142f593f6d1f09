//! The row of an event as the store holds it: every column, of whatever kind, whether the layout names it or not.
//!
//! It is for whoever must not miss anything, an anchor above all. An adapter writes the columns in the order of their
//! names into [`crate::event::EventBatch::rows`]; [`columns`] reads them back. It must not know what a column means.

/// A value as the store holds it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Stored<'a> {
    Null,
    Integer(i64),
    Real(f64),
    Text(&'a [u8]),
    Blob(&'a [u8]),
}

/// The bytes of the event that a column holds too. They are not written twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Bodies<'a> {
    pub payload: Option<&'a [u8]>,
    pub metadata: Option<&'a [u8]>,
}

/// A column of a row: `u32` length and name, `u8` kind, `u32` length and value, all big-endian. The kind is 0 NULL,
/// 1 integer (`i64`), 2 floating point (its 64 bits), 3 text, 4 bytes; 16 more where the value is the event's payload, 32
/// more where it is its metadata, and no value follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column<'a> {
    pub name: &'a [u8],
    /// The whole column as it was written.
    pub framed: &'a [u8],
}

const AS_PAYLOAD: u8 = 16;
const AS_METADATA: u8 = 32;

/// Writes one column. Columns are written in the order of their names.
pub fn write(out: &mut Vec<u8>, name: &[u8], value: Stored<'_>, bodies: Bodies<'_>) {
    framed(out, name);
    match value {
        Stored::Null => kinded(out, 0, &[]),
        Stored::Integer(number) => kinded(out, 1, &number.to_be_bytes()),
        Stored::Real(number) => kinded(out, 2, &number.to_bits().to_be_bytes()),
        Stored::Text(bytes) => body(out, 3, bytes, bodies),
        Stored::Blob(bytes) => body(out, 4, bytes, bodies),
    }
}

/// The columns in the order in which they were written; they end where bytes are no column.
pub fn columns(mut row: &[u8]) -> impl Iterator<Item = Column<'_>> {
    std::iter::from_fn(move || {
        let (name, rest) = take(row)?;
        let (_, rest) = take(rest.get(1..)?)?;
        let framed = row.get(..row.len() - rest.len())?;
        row = rest;
        Some(Column { name, framed })
    })
}

fn body(out: &mut Vec<u8>, kind: u8, bytes: &[u8], bodies: Bodies<'_>) {
    if bodies.payload == Some(bytes) {
        kinded(out, kind + AS_PAYLOAD, &[]);
    } else if bodies.metadata == Some(bytes) {
        kinded(out, kind + AS_METADATA, &[]);
    } else {
        kinded(out, kind, bytes);
    }
}

fn kinded(out: &mut Vec<u8>, kind: u8, bytes: &[u8]) {
    out.push(kind);
    framed(out, bytes);
}

fn framed(out: &mut Vec<u8>, bytes: &[u8]) {
    // A batch's arena, where all of this lies, is smaller than 4 GiB.
    out.extend_from_slice(&(bytes.len() as u32).to_be_bytes());
    out.extend_from_slice(bytes);
}

/// What a length at the beginning frames, and what follows.
fn take(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(u32::from_be_bytes(*length) as usize)
}

#[cfg(test)]
mod tests;
