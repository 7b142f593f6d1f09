//! Numbers that stay exactly what they were, and exact arithmetic on them.

mod arithmetic;
mod compare;

use std::fmt;
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
    /// Boxed once more, so that a number is two words: these are rare.
    Literal(Arc<Box<str>>),
}

/// A number that cannot be computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
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
    /// Operands and exact results longer than this are refused.
    pub const MAX_DIGITS: usize = 2_000;

    /// Reads a number as JSON writes it; `None` for anything else.
    pub fn parse(literal: &str) -> Option<Number> {
        match super::Value::from_json(literal.as_bytes(), 0) {
            // Without space around it, which JSON allows and a literal does not have.
            Ok(super::Value::Number(number)) if number.to_string().len() == literal.len() => Some(number),
            _ => None,
        }
    }

    /// The number exactly as it was written.
    pub fn write_literal(&self, out: &mut Vec<u8>) {
        match self {
            Number::Int(number) => {
                let mut digits = [0; 20];
                out.extend_from_slice(written_digits(number.unsigned_abs(), *number < 0, 0, &mut digits));
            }
            Number::Decimal { mantissa, scale } if *scale <= 18 => {
                let mut digits = [0; 40];
                let scale = usize::from(*scale);
                out.extend_from_slice(written_digits(
                    mantissa.unsigned_abs(),
                    *mantissa < 0,
                    scale,
                    &mut digits,
                ));
            }
            Number::Decimal { mantissa, scale } => {
                let width = usize::from(*scale) + 1;
                let digits = format!("{:0width$}", mantissa.unsigned_abs());
                let (whole, fraction) = digits.split_at(digits.len() - usize::from(*scale));
                let sign = if *mantissa < 0 { "-" } else { "" };
                out.extend_from_slice(format!("{sign}{whole}.{fraction}").as_bytes());
            }
            Number::Literal(text) => out.extend_from_slice(text.as_bytes()),
        }
    }

    /// The number as an `i64`, if it is whole and fits, however it is written (`12`, `12.00`, `1.2e1`).
    pub fn to_i64(&self) -> Option<i64> {
        match self {
            Number::Int(number) => Some(*number),
            Number::Decimal { .. } | Number::Literal(_) => arithmetic::whole_i64(self),
        }
    }

    /// Reads the number that begins at `at` of a JSON text, and where it ends: at the first byte that does not go on with
    /// it.
    ///
    /// # Errors
    /// Where a digit is missing.
    #[inline]
    pub fn read(text: &[u8], at: usize) -> Result<(Number, usize), usize> {
        let byte = |at: usize| text.get(at).copied().unwrap_or(0);
        let is_negative = byte(at) == b'-';
        let whole = at + usize::from(is_negative);
        let (mut mantissa, mut end) = (0, whole);
        if byte(whole) == b'0' {
            end += 1;
        } else {
            read_digits(text, &mut end, &mut mantissa);
            if end == whole {
                return Err(end);
            }
        }
        let mut digits = end - whole;
        let mut scale = 0;
        if byte(end) == b'.' {
            let fraction = end + 1;
            end = fraction;
            read_digits(text, &mut end, &mut mantissa);
            scale = end - fraction;
            if scale == 0 {
                return Err(end);
            }
            digits += scale;
        }
        // Eighteen digits fit in any case, and so does their scale.
        if digits > 18 || matches!(byte(end), b'e' | b'E') || (is_negative && mantissa == 0) {
            return Number::read_rare(text, at, end);
        }
        let mantissa = if is_negative {
            -(mantissa as i64)
        } else {
            mantissa as i64
        };
        let number = match scale {
            0 => Number::Int(mantissa),
            scale => Number::Decimal {
                mantissa,
                scale: scale as u8,
            },
        };
        Ok((number, end))
    }

    /// As [`Number::read`], of which it is the rest: many digits, an exponent, a negative zero. The digits end at `end`.
    #[cold]
    fn read_rare(text: &[u8], at: usize, mut end: usize) -> Result<(Number, usize), usize> {
        let is_plain = !matches!(text.get(end), Some(b'e' | b'E'));
        if !is_plain {
            end += 1;
            if let Some(b'+' | b'-') = text.get(end) {
                end += 1;
            }
            let exponent = end;
            read_digits(text, &mut end, &mut 0);
            if end == exponent {
                return Err(end);
            }
        }
        let literal = text.get(at..end).unwrap_or_default();
        Ok((Number::from_checked_literal(literal, is_plain), end))
    }

    /// Takes a literal that was checked against the grammar of JSON. `is_plain`: without an exponent.
    fn from_checked_literal(literal: &[u8], is_plain: bool) -> Number {
        let (is_negative, digits) = match literal {
            [b'-', digits @ ..] => (true, digits),
            digits => (false, digits),
        };
        // Nineteen digits may pass the range of i64, which the checked steps below find.
        if is_plain && digits.len() <= 20 {
            let mut mantissa: i64 = 0;
            let mut scale: Option<u8> = None;
            let mut fits = true;
            for byte in digits {
                if *byte == b'.' {
                    scale = Some(0);
                    continue;
                }
                // Negative numbers count downwards, so that i64::MIN fits.
                let digit = i64::from(byte - b'0');
                let next = mantissa.checked_mul(10);
                let next = if is_negative {
                    next.and_then(|next| next.checked_sub(digit))
                } else {
                    next.and_then(|next| next.checked_add(digit))
                };
                match next {
                    Some(next) => mantissa = next,
                    None => {
                        fits = false;
                        break;
                    }
                }
                scale = scale.map(|scale| scale + 1);
            }
            if fits && !(is_negative && mantissa == 0) {
                return match scale {
                    None => Number::Int(mantissa),
                    Some(scale) => Number::Decimal { mantissa, scale },
                };
            }
        }
        // The grammar has ASCII only.
        Number::Literal(Arc::new(String::from_utf8_lossy(literal).into()))
    }
}

/// Reads digits from `at` on into `number`, which wraps around when they are more than it holds; moves `at` behind them.
#[inline(always)]
fn read_digits(text: &[u8], at: &mut usize, number: &mut u64) {
    while let Some(byte) = text.get(*at)
        && byte.is_ascii_digit()
    {
        *number = number.wrapping_mul(10).wrapping_add(u64::from(byte - b'0'));
        *at += 1;
    }
}

impl From<i64> for Number {
    fn from(number: i64) -> Number {
        Number::Int(number)
    }
}

impl fmt::Display for Number {
    /// The literal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut literal = Vec::with_capacity(24);
        self.write_literal(&mut literal);
        f.pad(&String::from_utf8_lossy(&literal))
    }
}

/// Writes from the end of `buffer` backwards: the digits, a point before the last `scale` of them, at least one digit
/// before the point. `buffer` must hold 20 digits, `scale` more, a point and a sign.
fn written_digits(mut number: u64, is_negative: bool, scale: usize, buffer: &mut [u8]) -> &[u8] {
    let mut at = buffer.len();
    let mut count = 0;
    while number > 0 || count <= scale {
        if scale > 0 && count == scale {
            at -= 1;
            buffer[at] = b'.';
        }
        at -= 1;
        // Below ten.
        buffer[at] = b'0' + (number % 10) as u8;
        number /= 10;
        count += 1;
    }
    if is_negative {
        at -= 1;
        buffer[at] = b'-';
    }
    &buffer[at..]
}

#[cfg(test)]
mod tests;
