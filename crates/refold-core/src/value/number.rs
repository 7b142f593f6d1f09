//! Numbers that stay exactly what they were.

use std::sync::Arc;

/// A JSON number, exact. Which variant holds it is decided by its literal alone, so that equal literals are equal
/// values and each writes itself back byte for byte:
/// an integer literal that fits (no `-0`, no exponent) is an `Int`; a plain decimal like `12.50` whose digits fit is a
/// `Decimal`; everything else (`-0`, `1e400`, thirty digits) keeps its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Number {
    Int(i64),
    /// `mantissa * 10^-scale`, `scale >= 1`: `12.50` is `(1250, 2)`. Never stands for a negative zero.
    Decimal {
        mantissa: i64,
        scale: u8,
    },
    Literal(Arc<str>),
}

/// A number that cannot be computed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    #[error("division by zero")]
    DivisionByZero,
    /// The exact result would need more than [`Number::MAX_DIGITS`] digits (`1e999999999 + 1`).
    #[error("the exact result has more than {} digits", Number::MAX_DIGITS)]
    TooManyDigits,
    #[error("the division has no finite decimal result; round it with div(a, b, digits)")]
    Inexact,
}

impl Number {
    /// Exact results longer than this are refused.
    pub const MAX_DIGITS: usize = 2_000;
}
