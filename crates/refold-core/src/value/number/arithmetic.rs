//! Exact arithmetic: on `i64` while it fits, then on `i128`, then on integers of any size.
//!
//! A result keeps the digits after the point that its operands imply, as accountants write it: `0.10 + 0.2` is `0.30`,
//! `12.50 * 2` is `25.00`.

use std::cmp::Ordering;

use num_bigint::{BigInt, Sign};

use super::{Number, NumberError};

impl Number {
    pub fn add(&self, other: &Number) -> Result<Number, NumberError> {
        if let Some((a, b, scale)) = self.aligned_small(other)
            && let Some(sum) = a.checked_add(b)
        {
            return Ok(of_small(sum, scale));
        }
        self.aligned(other, i128::checked_add, |a, b| a + b)
    }

    pub fn sub(&self, other: &Number) -> Result<Number, NumberError> {
        if let Some((a, b, scale)) = self.aligned_small(other)
            && let Some(difference) = a.checked_sub(b)
        {
            return Ok(of_small(difference, scale));
        }
        self.aligned(other, i128::checked_sub, |a, b| a - b)
    }

    pub fn mul(&self, other: &Number) -> Result<Number, NumberError> {
        if let (Some((a, a_scale)), Some((b, b_scale))) = (self.small(), other.small()) {
            let scale = a_scale + b_scale; // each at most 18
            if scale <= MAX_DECIMAL_SCALE
                && let Some(product) = a.checked_mul(b)
            {
                return Ok(of_small(product, scale));
            }
            // Two i64 always fit.
            return Ok(from_i128(
                i128::from(a) * i128::from(b),
                i64::from(a_scale) + i64::from(b_scale),
            ));
        }
        let (a, b) = (Big::from_number(self)?, Big::from_number(other)?);
        Big {
            mantissa: a.mantissa * b.mantissa,
            scale: a.scale + b.scale,
        }
        .into_number()
    }

    /// The quotient rounded to `digits` digits after the point, halves to the even neighbour.
    pub fn div(&self, other: &Number, digits: u16) -> Result<Number, NumberError> {
        if let (Some(a), Some(b)) = (self.small(), other.small())
            && let Some(quotient) = small_quotient(a, b, digits)
        {
            return Ok(from_i128(quotient, i64::from(digits)));
        }
        let (a, b) = (Big::from_number(self)?, Big::from_number(other)?);
        if b.is_zero() {
            return Err(NumberError::DivisionByZero);
        }
        // a.m * 10^-a.s / (b.m * 10^-b.s) * 10^digits, as one fraction of integers.
        let shift = i64::from(digits) - a.scale + b.scale;
        let (mut numerator, mut denominator) = (a.mantissa, b.mantissa);
        if shift >= 0 {
            numerator *= power_of_ten(shift)?;
        } else {
            denominator *= power_of_ten(-shift)?;
        }
        Big {
            mantissa: divided_half_even(&numerator, &denominator),
            scale: i64::from(digits),
        }
        .into_number()
    }

    /// The exact quotient, with as few digits after the point as it takes. Refused when it has no end (`1 / 3`).
    pub fn div_exact(&self, other: &Number) -> Result<Number, NumberError> {
        if let (Number::Int(a), Number::Int(b)) = (self, other)
            && a.checked_rem(*b) == Some(0)
            && let Some(quotient) = a.checked_div(*b)
        {
            return Ok(Number::Int(quotient));
        }
        let (a, b) = (Big::from_number(self)?, Big::from_number(other)?);
        if b.is_zero() {
            return Err(NumberError::DivisionByZero);
        }
        if a.is_zero() {
            return Ok(Number::Int(0));
        }
        // A denominator ends in finitely many digits when it is made of twos and fives, once the numerator took out
        // what it could: as many digits are then needed as there are of the more frequent one.
        let mut denominator = b.mantissa;
        if denominator.sign() == Sign::Minus {
            denominator = -denominator;
        }
        let numerator = if other.is_negative() { -a.mantissa } else { a.mantissa };
        let common = greatest_common_divisor(&numerator, &denominator);
        let (numerator, mut denominator) = (numerator / &common, denominator / common);
        let twos = divide_out(&mut denominator, 2);
        let fives = divide_out(&mut denominator, 5);
        if denominator != BigInt::from(1) {
            return Err(NumberError::Inexact);
        }
        let digits = twos.max(fives);
        let mantissa =
            numerator * BigInt::from(5).pow(digits.saturating_sub(fives)) * BigInt::from(2).pow(digits - twos);
        Big {
            mantissa,
            scale: a.scale - b.scale + i64::from(digits),
        }
        .without_needless_zeros()
        .into_number()
    }

    /// What remains of the whole-number division, with the sign of `self`: `7.5 rem 2` is `1.5`, `-7 rem 2` is `-1`.
    pub fn rem(&self, other: &Number) -> Result<Number, NumberError> {
        if other.is_zero() {
            return Err(NumberError::DivisionByZero);
        }
        self.aligned(other, i128::checked_rem, |a, b| a % b)
    }

    pub fn neg(&self) -> Result<Number, NumberError> {
        Number::Int(0).sub(self)
    }

    /// Rounded to `digits` digits after the point, halves to the even neighbour; shorter numbers are filled with zeros.
    pub fn round(&self, digits: u16) -> Result<Number, NumberError> {
        self.div(&Number::Int(1), digits)
    }

    /// The whole number at or below.
    pub fn floor(&self) -> Result<Number, NumberError> {
        let remainder = self.rem(&Number::Int(1))?;
        let truncated = self.sub(&remainder)?;
        let floor = if remainder.is_negative() {
            truncated.sub(&Number::Int(1))?
        } else {
            truncated
        };
        Big::from_number(&floor)?.without_needless_zeros().into_number()
    }

    #[inline]
    fn small(&self) -> Option<(i64, u8)> {
        match self {
            Number::Int(number) => Some((*number, 0)),
            Number::Decimal { mantissa, scale } => Some((*mantissa, *scale)),
            Number::Literal(_) => None,
        }
    }

    /// As [`Number::aligned_mantissas`], where the mantissas stay small: of most sums.
    #[inline]
    fn aligned_small(&self, other: &Number) -> Option<(i64, i64, u8)> {
        let ((a, a_scale), (b, b_scale)) = (self.small()?, other.small()?);
        let widen = |mantissa: i64, by: u8| mantissa.checked_mul(*POWERS_OF_TEN.get(usize::from(by))?);
        match a_scale.cmp(&b_scale) {
            Ordering::Equal => Some((a, b, a_scale)),
            Ordering::Less => Some((widen(a, b_scale - a_scale)?, b, b_scale)),
            Ordering::Greater => Some((a, widen(b, a_scale - b_scale)?, a_scale)),
        }
    }

    /// Both mantissas brought to the larger scale, and that scale, where they fit.
    pub(super) fn aligned_mantissas(&self, other: &Number) -> Option<(i128, i128, u8)> {
        let ((a, a_scale), (b, b_scale)) = (self.small()?, other.small()?);
        let scale = a_scale.max(b_scale);
        let widen = |mantissa: i64, from: u8| scaled(i128::from(mantissa), u32::from(scale - from));
        Some((widen(a, a_scale)?, widen(b, b_scale)?, scale))
    }

    /// Applies an operation to both mantissas, brought to the larger scale.
    fn aligned(
        &self,
        other: &Number,
        small: impl Fn(i128, i128) -> Option<i128>,
        big: impl Fn(BigInt, BigInt) -> BigInt,
    ) -> Result<Number, NumberError> {
        if let Some((a, b, scale)) = self.aligned_mantissas(other)
            && let Some(result) = small(a, b)
        {
            return Ok(from_i128(result, i64::from(scale)));
        }
        let (a, b) = (Big::from_number(self)?, Big::from_number(other)?);
        let scale = a.scale.max(b.scale);
        let a = a.mantissa * power_of_ten(scale - a.scale)?;
        let b = b.mantissa * power_of_ten(scale - b.scale)?;
        Big {
            mantissa: big(a, b),
            scale,
        }
        .into_number()
    }
}

/// See [`Number::to_i64`].
pub(super) fn whole_i64(number: &Number) -> Option<i64> {
    let big = Big::from_number(number).ok()?.without_needless_zeros();
    if big.scale > 0 {
        return None;
    }
    match big.into_number() {
        Ok(Number::Int(number)) => Some(number),
        Ok(Number::Decimal { .. } | Number::Literal(_)) | Err(_) => None,
    }
}

/// `mantissa * 10^-scale`.
struct Big {
    mantissa: BigInt,
    scale: i64,
}

impl Big {
    fn from_number(number: &Number) -> Result<Big, NumberError> {
        match number {
            Number::Int(number) => Ok(Big {
                mantissa: BigInt::from(*number),
                scale: 0,
            }),
            Number::Decimal { mantissa, scale } => Ok(Big {
                mantissa: BigInt::from(*mantissa),
                scale: i64::from(*scale),
            }),
            Number::Literal(text) => Big::from_literal(text),
        }
    }

    fn from_literal(text: &str) -> Result<Big, NumberError> {
        let (plain, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = plain.split_once('.').unwrap_or((plain, ""));
        // Before anything is computed: the time that takes grows with the square.
        if whole.len() + fraction.len() > Number::MAX_DIGITS + 1 {
            return Err(NumberError::TooManyDigits);
        }
        let digits = format!("{whole}{fraction}");
        let mantissa = BigInt::parse_bytes(digits.as_bytes(), 10).unwrap_or_default();
        if mantissa.sign() == Sign::NoSign {
            // However large its exponent, zero is zero.
            let scale = i64::try_from(fraction.len()).unwrap_or(0);
            return Ok(Big { mantissa, scale });
        }
        let exponent: i64 = exponent.parse().map_err(|_| NumberError::TooManyDigits)?;
        let limit = Number::MAX_DIGITS as i64;
        let scale = i64::try_from(fraction.len())
            .ok()
            .and_then(|fraction| fraction.checked_sub(exponent));
        match scale {
            Some(scale) if (-limit..=2 * limit).contains(&scale) => Ok(Big { mantissa, scale }),
            _ => Err(NumberError::TooManyDigits),
        }
    }

    fn is_zero(&self) -> bool {
        self.mantissa.sign() == Sign::NoSign
    }

    /// The same number with the smallest scale that is not negative.
    fn without_needless_zeros(mut self) -> Big {
        let ten = BigInt::from(10);
        while self.scale > 0 && (&self.mantissa % &ten).sign() == Sign::NoSign {
            self.mantissa /= &ten;
            self.scale -= 1;
        }
        self
    }

    fn into_number(self) -> Result<Number, NumberError> {
        let Big {
            mut mantissa,
            mut scale,
        } = self;
        if scale < 0 {
            mantissa *= power_of_ten(-scale)?;
            scale = 0;
        }
        if let Ok(small) = i64::try_from(&mantissa) {
            match u8::try_from(scale) {
                Ok(0) => return Ok(Number::Int(small)),
                // The widest that the reader of literals makes: equal literals must be equal values.
                Ok(scale) if scale <= MAX_DECIMAL_SCALE => return Ok(Number::Decimal { mantissa: small, scale }),
                Ok(_) | Err(_) => {}
            }
        }
        let is_negative = mantissa.sign() == Sign::Minus;
        let scale = usize::try_from(scale).map_err(|_| NumberError::TooManyDigits)?;
        let width = scale + 1;
        let digits = format!("{:0>width$}", mantissa.magnitude().to_string());
        if digits.len() > Number::MAX_DIGITS {
            return Err(NumberError::TooManyDigits);
        }
        let (whole, fraction) = digits.split_at(digits.len() - scale);
        let sign = if is_negative { "-" } else { "" };
        let point = if scale > 0 { "." } else { "" };
        // Read like any other literal, so that there is one rule for which variant holds what.
        Ok(Number::from_checked_literal(
            format!("{sign}{whole}{point}{fraction}").as_bytes(),
            true,
        ))
    }
}

/// A literal of at most twenty bytes besides the sign is read into a [`Number::Decimal`]: `0.` and 18 digits.
const MAX_DECIMAL_SCALE: u8 = 18;

/// All that an `i64` holds.
const POWERS_OF_TEN: [i64; 19] = {
    let mut powers = [1; 19];
    let mut power = 1;
    while power < powers.len() {
        powers[power] = powers[power - 1] * 10;
        power += 1;
    }
    powers
};

/// `mantissa * 10^-scale`, the scale being at most [`MAX_DECIMAL_SCALE`].
#[inline]
fn of_small(mantissa: i64, scale: u8) -> Number {
    match scale {
        0 => Number::Int(mantissa),
        scale => Number::Decimal { mantissa, scale },
    }
}

fn from_i128(mantissa: i128, scale: i64) -> Number {
    match (i64::try_from(mantissa), u8::try_from(scale)) {
        (Ok(mantissa), Ok(0)) => Number::Int(mantissa),
        (Ok(mantissa), Ok(scale)) if scale <= MAX_DECIMAL_SCALE => Number::Decimal { mantissa, scale },
        _ => {
            // Two scales of at most 18, 39 digits: far below the limit.
            let scale = usize::try_from(scale).unwrap_or(0);
            let width = scale + 1;
            let digits = format!("{:0width$}", mantissa.unsigned_abs());
            let (whole, fraction) = digits.split_at(digits.len() - scale);
            let sign = if mantissa < 0 { "-" } else { "" };
            let point = if scale > 0 { "." } else { "" };
            Number::from_checked_literal(format!("{sign}{whole}{point}{fraction}").as_bytes(), true)
        }
    }
}

/// `mantissa * 10^power`, where it fits.
fn scaled(mantissa: i128, power: u32) -> Option<i128> {
    mantissa.checked_mul(10_i128.checked_pow(power)?)
}

/// The mantissa of a quotient with `digits` digits after the point, where all on the way to it fits. `None` for a
/// division by zero too.
fn small_quotient((a, a_scale): (i64, u8), (b, b_scale): (i64, u8), digits: u16) -> Option<i128> {
    let shift = i32::from(digits) - i32::from(a_scale) + i32::from(b_scale);
    let up = scaled(i128::from(a), u32::try_from(shift).unwrap_or(0))?;
    let down = scaled(i128::from(b), u32::try_from(-shift).unwrap_or(0))?;
    let (quotient, remainder) = (up.checked_div(down)?, up.checked_rem(down)?);
    let twice = remainder.unsigned_abs().checked_mul(2)?;
    let is_tie = twice == down.unsigned_abs();
    if twice > down.unsigned_abs() || (is_tie && quotient % 2 != 0) {
        quotient.checked_add(if (up < 0) == (down < 0) { 1 } else { -1 })
    } else {
        Some(quotient)
    }
}

fn power_of_ten(exponent: i64) -> Result<BigInt, NumberError> {
    // Twice the limit, because an operand may be shifted by as much as both limits are apart.
    match u32::try_from(exponent) {
        Ok(exponent) if exponent as usize <= 4 * Number::MAX_DIGITS => Ok(BigInt::from(10).pow(exponent)),
        Ok(_) | Err(_) => Err(NumberError::TooManyDigits),
    }
}

fn divided_half_even(numerator: &BigInt, denominator: &BigInt) -> BigInt {
    let quotient = numerator / denominator;
    let remainder = numerator % denominator;
    let twice: BigInt = (remainder.magnitude() * 2_u32).into();
    let whole: BigInt = denominator.magnitude().clone().into();
    let is_odd = quotient.bit(0);
    if twice > whole || (twice == whole && is_odd) {
        let is_negative = (numerator.sign() == Sign::Minus) != (denominator.sign() == Sign::Minus);
        quotient + if is_negative { -1 } else { 1 }
    } else {
        quotient
    }
}

fn greatest_common_divisor(a: &BigInt, b: &BigInt) -> BigInt {
    let (mut a, mut b): (BigInt, BigInt) = (a.magnitude().clone().into(), b.magnitude().clone().into());
    while b.sign() != Sign::NoSign {
        (a, b) = (b.clone(), a % b);
    }
    a
}

/// Divides by `factor` as often as that leaves nothing over, and says how often. `number` is not zero.
fn divide_out(number: &mut BigInt, factor: u32) -> u32 {
    let mut count = 0;
    while (&*number % factor).sign() == Sign::NoSign {
        *number /= factor;
        count += 1;
    }
    count
}
