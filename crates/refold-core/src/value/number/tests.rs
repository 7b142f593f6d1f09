//! Arithmetic against fractions of integers of any size, and literals against themselves.

use std::cmp::Ordering;

use num_bigint::{BigInt, Sign};
use proptest::prelude::*;

use super::*;

fn number(literal: &str) -> Number {
    Number::parse(literal).unwrap_or_else(|| panic!("{literal} is no number"))
}

/// A number as a fraction, read from its literal in the most direct way. The denominator is positive.
fn fraction(literal: &str) -> (BigInt, BigInt) {
    let (plain, exponent) = literal.split_once(['e', 'E']).unwrap_or((literal, "0"));
    let decimals = plain.split_once('.').map_or(0, |(_, fraction)| fraction.len() as i64);
    let digits: BigInt = plain.replace('.', "").parse().unwrap();
    let shift = exponent.parse::<i64>().unwrap() - decimals;
    let power = BigInt::from(10).pow(shift.unsigned_abs() as u32);
    if shift >= 0 {
        (digits * power, BigInt::from(1))
    } else {
        (digits, power)
    }
}

fn same(a: &(BigInt, BigInt), b: &(BigInt, BigInt)) -> bool {
    &a.0 * &b.1 == &b.0 * &a.1
}

/// Literals of every variant and around every border.
fn any_literal() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<i64>().prop_map(|number| number.to_string()),
        (-1_000_i64..1_000).prop_map(|number| number.to_string()),
        (-100_000_i64..100_000, 1_usize..6).prop_map(|(mantissa, scale)| decimal(mantissa.into(), scale)),
        (any::<i64>(), 1_usize..25).prop_map(|(mantissa, scale)| decimal(mantissa.into(), scale)),
        (any::<i128>(), 0_usize..40).prop_map(|(mantissa, scale)| decimal(mantissa, scale)),
        "-?[1-9][0-9]{0,3}(\\.[0-9]{1,3})?[eE][+-]?[0-9]{1,2}",
        prop::sample::select(vec![
            "0",
            "-0",
            "0.0",
            "-0.0",
            "0e5",
            "-0e-5",
            "9223372036854775807",
            "-9223372036854775808",
            "9223372036854775808",
            "-9223372036854775809",
            "0.100",
            "922337203685477580.7",
            "0.000000000000000001",
            "0.0000000000000000001",
            "1e40",
            "1E+2",
            "123456789012345678901234567890",
        ])
        .prop_map(str::to_owned),
    ]
}

fn decimal(mantissa: i128, scale: usize) -> String {
    if scale == 0 {
        return mantissa.to_string();
    }
    let width = scale + 1;
    let digits = format!("{:0width$}", mantissa.unsigned_abs());
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    format!("{}{whole}.{fraction}", if mantissa < 0 { "-" } else { "" })
}

/// Whatever was computed is in the one form that its literal has.
fn is_normal(number: &Number) -> bool {
    Number::parse(&number.to_string()).as_ref() == Some(number)
}

proptest! {
    /// What is read where it stands is what the whole literal is, with anything behind it that cannot belong to it.
    #[test]
    fn numbers_are_read_as_their_checked_literals(
        literal in any_literal(), before in "[ ,\\[]{0,3}", behind in prop::sample::select(vec!["", " ", ",1", "]", "}", "x", "-1"]),
    ) {
        let text = format!("{before}{literal}{behind}");
        let is_plain = !literal.contains(['e', 'E']);
        let expected = Number::from_checked_literal(literal.as_bytes(), is_plain);
        let (read, end) = Number::read(text.as_bytes(), before.len()).unwrap();
        prop_assert_eq!(end, before.len() + literal.len());
        prop_assert_eq!(read, expected);
    }

    #[test]
    fn a_literal_comes_back_to_the_byte(literal in any_literal()) {
        prop_assert_eq!(number(&literal).to_string(), literal);
    }

    #[test]
    fn an_amount_is_written_in_one_way_and_read_back(a in any_literal(), b in any_literal(), zeros in 0_usize..4) {
        let amount = |literal: &str| {
            let mut out = Vec::new();
            number(literal).write_amount(&mut out);
            String::from_utf8(out).unwrap()
        };
        prop_assert_eq!(amount(&a) == amount(&b), number(&a).cmp_exact(&number(&b)) == Ordering::Equal);
        prop_assert_eq!(number(&amount(&a)).cmp_exact(&number(&a)), Ordering::Equal);
        let (plain, exponent) = a.split_once(['e', 'E']).unwrap_or((&a, "0"));
        let point = if plain.contains('.') { "" } else { "." };
        let longer = format!("{plain}{point}{}0E{exponent}", "0".repeat(zeros));
        prop_assert_eq!(amount(&longer), amount(&a));
    }

    #[test]
    fn equal_literals_and_only_they_are_equal_values(a in any_literal(), b in any_literal()) {
        prop_assert_eq!(number(&a) == number(&b), a == b);
    }

    #[test]
    fn sums_differences_and_products_are_exact(a in any_literal(), b in any_literal()) {
        let ((an, ad), (bn, bd)) = (fraction(&a), fraction(&b));
        let (left, right) = (number(&a), number(&b));
        let results = [
            (left.add(&right), &an * &bd + &bn * &ad),
            (left.sub(&right), &an * &bd - &bn * &ad),
            (left.mul(&right), &an * &bn),
        ];
        for (result, expected) in results {
            let result = result.unwrap();
            prop_assert!(is_normal(&result), "{result:?}");
            prop_assert!(same(&fraction(&result.to_string()), &(expected, &ad * &bd)), "{a} {b} {result}");
        }
    }

    #[test]
    fn a_remainder_is_what_whole_division_leaves(a in any_literal(), b in any_literal()) {
        let ((an, ad), (bn, bd)) = (fraction(&a), fraction(&b));
        match number(&a).rem(&number(&b)) {
            Err(NumberError::DivisionByZero) => prop_assert_eq!(bn.sign(), Sign::NoSign),
            Err(error) => prop_assert!(false, "{error}"),
            Ok(result) => {
                // In units of 1 / (ad * bd), BigInt's remainder has the sign of the dividend too.
                let expected = (&an * &bd) % (&bn * &ad);
                prop_assert!(is_normal(&result));
                prop_assert!(same(&fraction(&result.to_string()), &(expected, &ad * &bd)), "{a} % {b} = {result}");
            }
        }
    }

    #[test]
    fn a_rounded_quotient_is_the_nearest_and_on_a_tie_even(
        a in any_literal(), b in any_literal(), digits in 0_u16..30,
    ) {
        let ((an, ad), (bn, bd)) = (fraction(&a), fraction(&b));
        match number(&a).div(&number(&b), digits) {
            Err(NumberError::DivisionByZero) => prop_assert_eq!(bn.sign(), Sign::NoSign),
            Err(error) => prop_assert!(false, "{error}"),
            Ok(result) => {
                prop_assert!(is_normal(&result));
                let literal = result.to_string();
                prop_assert_eq!(literal.split_once('.').map_or(0, |(_, decimals)| decimals.len()), usize::from(digits));
                // |quotient - result| * 2 * 10^digits <= 1, and even where it is equal.
                let (rn, rd) = fraction(&literal);
                let (qn, qd) = (&an * &bd, &ad * &bn);
                let difference: BigInt = (&qn * &rd - &rn * &qd).magnitude().clone().into();
                let twice: BigInt = difference * 2 * BigInt::from(10).pow(u32::from(digits));
                let unit: BigInt = (&qd * &rd).magnitude().clone().into();
                prop_assert!(twice <= unit, "{a} / {b} = {literal}");
                if twice == unit {
                    let last: BigInt = literal.replace(['.', '-'], "").parse().unwrap();
                    prop_assert!(!last.bit(0), "{a} / {b} = {literal}");
                }
            }
        }
    }

    #[test]
    fn an_exact_quotient_times_the_divisor_is_the_dividend(a in any_literal(), b in any_literal()) {
        let (left, right) = (number(&a), number(&b));
        match left.div_exact(&right) {
            Ok(quotient) => {
                prop_assert!(is_normal(&quotient));
                prop_assert_eq!(quotient.mul(&right).unwrap().cmp_exact(&left), Ordering::Equal, "{} / {}", a, b);
            }
            Err(NumberError::DivisionByZero) => prop_assert!(right.is_zero()),
            Err(NumberError::Inexact) => {
                let rounded = left.div(&right, 200).unwrap();
                prop_assert_ne!(rounded.mul(&right).unwrap().cmp_exact(&left), Ordering::Equal, "{} / {}", a, b);
            }
            Err(error) => prop_assert!(false, "{error}"),
        }
    }

    #[test]
    fn products_divide_exactly(a in any_literal(), b in any_literal()) {
        let (left, right) = (number(&a), number(&b));
        prop_assume!(!right.is_zero());
        let quotient = left.mul(&right).unwrap().div_exact(&right).unwrap();
        prop_assert_eq!(quotient.cmp_exact(&left), Ordering::Equal);
    }

    #[test]
    fn comparing_is_by_amount(a in any_literal(), b in any_literal()) {
        let ((an, ad), (bn, bd)) = (fraction(&a), fraction(&b));
        prop_assert_eq!(number(&a).cmp_exact(&number(&b)), (&an * &bd).cmp(&(&bn * &ad)), "{} {}", a, b);
        prop_assert_eq!(number(&a).is_zero(), an.sign() == Sign::NoSign);
        prop_assert_eq!(number(&a).is_negative(), an.sign() == Sign::Minus);
    }

    #[test]
    fn the_floor_is_the_whole_number_below(a in any_literal()) {
        let floor = number(&a).floor().unwrap();
        prop_assert!(!floor.to_string().contains(['.', 'e']));
        prop_assert_ne!(floor.cmp_exact(&number(&a)), Ordering::Greater);
        prop_assert_eq!(floor.add(&Number::Int(1)).unwrap().cmp_exact(&number(&a)), Ordering::Greater);
    }

    #[test]
    fn whole_numbers_are_found_however_they_are_written(number in any::<i64>(), zeros in 0_usize..3) {
        let written = if zeros == 0 { number.to_string() } else { format!("{number}.{}", "0".repeat(zeros)) };
        prop_assert_eq!(Number::parse(&written).unwrap().to_i64(), Some(number));
    }
}

#[test]
fn digits_after_the_point_are_kept_as_accountants_write_them() {
    let text = |result: Result<Number, NumberError>| result.unwrap().to_string();
    assert_eq!(text(number("0.10").add(&number("0.2"))), "0.30");
    assert_eq!(text(number("12.50").mul(&number("2"))), "25.00");
    assert_eq!(text(number("1").div_exact(&number("8"))), "0.125");
    assert_eq!(text(number("2.5").round(0)), "2");
    assert_eq!(text(number("3.5").round(0)), "4");
    assert_eq!(text(number("-7").rem(&number("2"))), "-1");
    assert_eq!(text(number("-0.5").floor()), "-1");
    assert_eq!(number("1.2e1").to_i64(), Some(12));
    assert_eq!(number("1.5").to_i64(), None);
}

#[test]
fn what_would_fill_the_memory_is_refused_at_once() {
    let huge = number("1e999999999");
    let endless = number(&format!("1e{}", "9".repeat(1_000)));
    let long = number(&"7".repeat(1_000_000));
    for number in [&huge, &endless, &long] {
        for other in [&Number::Int(1), number] {
            assert_eq!(number.add(other), Err(NumberError::TooManyDigits));
            assert_eq!(number.mul(other), Err(NumberError::TooManyDigits));
            assert_eq!(number.div(other, 2), Err(NumberError::TooManyDigits));
            assert_eq!(number.rem(other), Err(NumberError::TooManyDigits));
        }
        assert_eq!(number.cmp_exact(&Number::Int(i64::MAX)), Ordering::Greater);
        assert_eq!(number.cmp_exact(number), Ordering::Equal);
        assert_eq!(number.to_i64(), None);
    }
    assert_eq!(huge.cmp_exact(&endless), Ordering::Less);
    assert_eq!(number("-1e-999999999").cmp_exact(&Number::Int(0)), Ordering::Less);
    let most = number(&"9".repeat(Number::MAX_DIGITS));
    assert_eq!(most.add(&Number::Int(1)), Err(NumberError::TooManyDigits));
    assert!(most.sub(&Number::Int(1)).is_ok());
}

#[test]
fn what_is_no_literal_is_no_number() {
    for text in [
        "", " 1", "1 ", "+1", "01", ".5", "1.", "1e", "0x1", "NaN", "Infinity", "1_000", "--1",
    ] {
        assert_eq!(Number::parse(text), None, "{text}");
    }
}
