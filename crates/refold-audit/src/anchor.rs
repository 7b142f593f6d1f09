//! Anchors: what proves later that the events of a store are still what they were.
//!
//! An anchor is the RFC 6962 Merkle tree over the events of a store in the order of their positions, up to a horizon
//! above which honest events may still appear. Each event is one leaf, made of its exact bytes ([`event`]). Beside the
//! tree's root an anchor keeps digests of ranges of positions ([`segment`]), which find the first difference without
//! the old events, and a few bytes of each event ([`leaves`]), which name it.
//!
//! Nothing here reads a store or writes a file: events come in as plain values and bytes go out.

pub mod check;
pub mod decode;
pub mod event;
pub mod leaves;
pub mod manifest;
pub mod note;
pub mod proof;
pub mod segment;
pub mod signing;
pub mod sums;
pub mod tree;

/// A SHA-256 digest.
pub type Hash = [u8; 32];

/// In lowercase hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble & 15)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]).collect()
}

/// The bytes of `2 * N` hexadecimal digits.
pub fn from_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes();
    if digits.len() != 2 * N {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let digit = |at: usize| {
            char::from(pair[at])
                .to_digit(16)
                .and_then(|digit| u8::try_from(digit).ok())
        };
        *byte = digit(0)? << 4 | digit(1)?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests;
