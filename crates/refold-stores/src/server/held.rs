//! The values of one row as a server sent them.

use rusqlite::types::ValueRef;

use crate::tables::row::Values;

/// One value of a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Held<'r> {
    Null,
    Integer(i64),
    Real(f64),
    Text(&'r [u8]),
    Bytes(&'r [u8]),
    /// A text that stands for a value of another type.
    Made(Vec<u8>),
}

impl Held<'_> {
    /// A binary fraction of 32 bits, as it is written: `0.1`, and not what a wider fraction comes nearest to it with.
    pub fn real_of_32_bits(real: f32) -> Self {
        Held::Real(real.to_string().parse().unwrap_or_else(|_| real.into()))
    }

    pub fn as_value(&self) -> ValueRef<'_> {
        match self {
            Held::Null => ValueRef::Null,
            Held::Integer(number) => ValueRef::Integer(*number),
            Held::Real(number) => ValueRef::Real(*number),
            Held::Text(text) => ValueRef::Text(text),
            Held::Bytes(bytes) => ValueRef::Blob(bytes),
            Held::Made(text) => ValueRef::Text(text),
        }
    }
}

/// The values of a row in the order of its columns.
pub struct HeldRow<'r>(pub Vec<Held<'r>>);

impl HeldRow<'_> {
    pub fn integer(&self, index: usize) -> Option<i64> {
        match self.0.get(index) {
            Some(Held::Integer(number)) => Some(*number),
            _ => None,
        }
    }
}

impl Values for HeldRow<'_> {
    fn value(&self, index: usize) -> ValueRef<'_> {
        self.0.get(index).map_or(ValueRef::Null, Held::as_value)
    }
}
