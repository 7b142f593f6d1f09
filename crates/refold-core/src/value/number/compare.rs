//! Comparing numbers by amount, without ever writing out what an exponent stands for.

use std::cmp::Ordering;

use super::Number;

impl Number {
    /// By amount: `0.10` equals `0.1`, `1e3` equals `1000`, `-0` equals `0`. Always exact, and cheap for any literal.
    /// (Exponents of more than 37 digits count as the largest of 37.)
    pub fn cmp_exact(&self, other: &Number) -> Ordering {
        if let (Number::Int(a), Number::Int(b)) = (self, other) {
            return a.cmp(b);
        }
        if let Some((a, b, _)) = self.aligned_mantissas(other) {
            return a.cmp(&b);
        }
        let (a, b) = (self.to_string(), other.to_string());
        let (a, b) = (Magnitude::from_literal(&a), Magnitude::from_literal(&b));
        match (a.is_negative, b.is_negative) {
            (false, false) => a.cmp_absolute(&b),
            (true, true) => b.cmp_absolute(&a),
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
        }
    }

    /// Appends the amount in the one way that all literals of it share: `1e3`, `1000` and `1000.0` become the same bytes, and
    /// what [`Number::cmp_exact`] tells apart does not. It is a number of JSON too.
    pub fn write_amount(&self, out: &mut Vec<u8>) {
        if let Number::Int(number) = self
            && number % 10 != 0
        {
            return self.write_literal(out);
        }
        let literal = self.to_string();
        let amount = Magnitude::from_literal(&literal);
        let digits = amount.head.len() + amount.tail.len();
        let zeros = |part: &[u8]| part.iter().rev().take_while(|digit| **digit == b'0').count();
        let trailing = match zeros(amount.tail) {
            all if all == amount.tail.len() => all + zeros(amount.head),
            some => some,
        };
        let significant = digits - trailing;
        if significant == 0 {
            return out.push(b'0');
        }
        if amount.is_negative {
            out.push(b'-');
        }
        out.extend(amount.digits().take(significant));
        // The exponent of the last digit, which is none for a whole number that does not end with a zero.
        match amount.exponent - significant as i128 {
            0 => {}
            exponent => out.extend_from_slice(format!("e{exponent}").as_bytes()),
        }
    }

    pub fn is_zero(&self) -> bool {
        match self {
            Number::Int(number) => *number == 0,
            Number::Decimal { mantissa, .. } => *mantissa == 0,
            Number::Literal(text) => Magnitude::from_literal(text).is_zero(),
        }
    }

    /// Whether it is below zero; `-0` is not.
    pub fn is_negative(&self) -> bool {
        match self {
            Number::Int(number) => *number < 0,
            Number::Decimal { mantissa, .. } => *mantissa < 0,
            Number::Literal(text) => Magnitude::from_literal(text).is_negative,
        }
    }
}

/// `0.d₁d₂d₃… * 10^exponent` with `d₁ != 0`; the digits are those of `head` followed by those of `tail`.
struct Magnitude<'a> {
    is_negative: bool,
    head: &'a [u8],
    tail: &'a [u8],
    exponent: i128,
}

impl<'a> Magnitude<'a> {
    fn from_literal(text: &'a str) -> Magnitude<'a> {
        let (is_negative, text) = text.strip_prefix('-').map_or((false, text), |text| (true, text));
        let (plain, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (head, tail) = plain.split_once('.').unwrap_or((plain, ""));
        let mut exponent = saturating_exponent(exponent).saturating_add(head.len() as i128);
        let head_zeros = head.bytes().take_while(|digit| *digit == b'0').count();
        exponent -= head_zeros as i128;
        let head = &head.as_bytes()[head_zeros..];
        let mut tail = tail.as_bytes();
        if head.is_empty() {
            let tail_zeros = tail.iter().take_while(|digit| **digit == b'0').count();
            exponent -= tail_zeros as i128;
            tail = &tail[tail_zeros..];
        }
        let is_zero = head.is_empty() && tail.is_empty();
        Magnitude {
            is_negative: is_negative && !is_zero,
            head,
            tail,
            exponent: if is_zero { 0 } else { exponent },
        }
    }

    fn is_zero(&self) -> bool {
        self.head.is_empty() && self.tail.is_empty()
    }

    fn cmp_absolute(&self, other: &Magnitude<'_>) -> Ordering {
        match (self.is_zero(), other.is_zero()) {
            (true, true) => return Ordering::Equal,
            (true, false) => return Ordering::Less,
            (false, true) => return Ordering::Greater,
            (false, false) => {}
        }
        self.exponent.cmp(&other.exponent).then_with(|| {
            let count = (self.head.len() + self.tail.len()).max(other.head.len() + other.tail.len());
            self.digits().take(count).cmp(other.digits().take(count))
        })
    }

    /// The digits and then zeros without end.
    fn digits(&self) -> impl Iterator<Item = u8> {
        self.head
            .iter()
            .chain(self.tail)
            .copied()
            .chain(std::iter::repeat(b'0'))
    }
}

fn saturating_exponent(text: &str) -> i128 {
    let (is_negative, digits) = match text.as_bytes() {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    const LARGEST: i128 = 10_i128.pow(37);
    let mut exponent: i128 = 0;
    for digit in digits {
        exponent = (exponent * 10 + i128::from(digit - b'0')).min(LARGEST);
    }
    if is_negative { -exponent } else { exponent }
}
