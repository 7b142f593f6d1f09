//! What expressions do with numbers beyond the arithmetic of the core.

use refold_core::value::{Number, NumberError};

/// The smallest whole number that is not below.
pub fn ceil(number: &Number) -> Result<Number, NumberError> {
    number.neg()?.floor()?.neg()
}

/// Without the digits after the point.
pub fn truncate(number: &Number) -> Result<Number, NumberError> {
    if number.is_negative() {
        ceil(number)
    } else {
        number.floor()
    }
}

/// The nearest double, as the shortest decimal that reads back as it. `None` outside the range of doubles.
pub fn float(number: &Number) -> Option<Number> {
    let double: f64 = number.to_string().parse().ok()?;
    if !double.is_finite() {
        return None;
    }
    Number::parse(&format!("{double:?}"))
}

/// A whole number of at least 0, as an index.
pub fn index(number: &Number) -> Option<usize> {
    number.to_i64().and_then(|index| usize::try_from(index).ok())
}

/// How many bytes the literal takes, without writing it.
#[inline]
pub fn literal_length(number: &Number) -> usize {
    match number {
        Number::Int(value) => digits(value.unsigned_abs()) + usize::from(*value < 0),
        Number::Decimal { mantissa, scale } => {
            let whole = usize::from(*scale) + 1;
            digits(mantissa.unsigned_abs()).max(whole) + 1 + usize::from(*mantissa < 0)
        }
        Number::Literal(text) => text.len(),
    }
}

#[inline]
fn digits(value: u64) -> usize {
    // Most numbers of a state are small, but none as long as the one before: added up, so that nothing is guessed. The
    // rest is worth a logarithm.
    if value < 100_000 {
        let is_longer = [10, 100, 1_000, 10_000].map(|least| usize::from(value >= least));
        1 + is_longer.iter().sum::<usize>()
    } else {
        value.ilog10() as usize + 1
    }
}
