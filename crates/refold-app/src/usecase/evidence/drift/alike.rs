//! When what a row holds is the same as what a state holds: each kind of column has one form for both sides, and they are
//! alike when these are equal byte by byte. Nothing passes through a float but a column that is declared to be one.

use refold_core::value::{Number, Value};
use refold_stores::rows::{Cell, instant};

/// How a column is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alike {
    /// The same kind of value, written the same: `0.10` and `0.1` differ, and so do `1` and `"1"`.
    Exact,
    /// The same amount, however it is written, as a number or as text.
    Number,
    /// The nearest binary fraction: for a column that holds binary fractions itself.
    Real,
    /// The same letters; a number by its literal.
    Text,
    /// `true`, `1`, `t` against `false`, `0`, `f`.
    Boolean,
    /// The same instant down to this many nanoseconds, however it is written.
    Time { unit_nanos: i64 },
    /// The same JSON: members in any order, numbers by amount.
    Json,
}

const NULL: u8 = 0;
const FORMED: u8 = 1;
/// What is not of the column's kind. It is alike only to the same text.
const OTHER: u8 = 2;

impl Alike {
    /// Appends the form of what a row holds.
    pub fn write_cell(self, cell: &Cell, out: &mut Vec<u8>) {
        framed(out, |out| match cell {
            Cell::Absent | Cell::Empty | Cell::Value(Value::Null) => out.push(NULL),
            Cell::Real(real) => match self {
                Alike::Real => push_real(*real, out),
                _ => self.write_present(&cell.to_value(), out),
            },
            Cell::Bytes(bytes) => match (self, cell.json()) {
                (Alike::Json, Some(json)) => push_json(&json, out),
                _ => {
                    out.push(OTHER);
                    out.extend_from_slice(bytes);
                }
            },
            Cell::Value(value) => match (self, value) {
                (Alike::Json, Value::Text(_)) => match cell.json() {
                    Some(Value::Null) => out.push(NULL),
                    Some(json) => push_json(&json, out),
                    None => push_other(value, out),
                },
                _ => self.write_present(value, out),
            },
        });
    }

    /// Appends the form of what a state holds: nothing and null are the same, as they are in a table.
    ///
    /// `is_csv`: the rows are of CSV, where an empty text cannot be told from nothing.
    pub fn write_value(self, value: Option<&Value>, is_csv: bool, out: &mut Vec<u8>) {
        framed(out, |out| match value.map(Value::resolved) {
            None | Some(Value::Null) => out.push(NULL),
            Some(Value::Text(text)) if is_csv && text.byte_len() == 0 => out.push(NULL),
            Some(value) => self.write_present(value, out),
        });
    }

    fn write_present(self, value: &Value, out: &mut Vec<u8>) {
        let start = out.len();
        let is_formed = match self {
            Alike::Exact => {
                out.push(FORMED);
                value.write_json(out);
                true
            }
            Alike::Number => {
                out.push(FORMED);
                push_amount(&literal(value), out)
            }
            Alike::Real => match std::str::from_utf8(&literal(value)).map(str::trim).map(str::parse) {
                Ok(Ok(real)) => {
                    push_real(real, out);
                    true
                }
                _ => false,
            },
            Alike::Text => {
                out.push(FORMED);
                out.extend_from_slice(&literal(value));
                true
            }
            Alike::Boolean => truth(value).is_some_and(|truth| {
                out.extend_from_slice(&[FORMED, u8::from(truth)]);
                true
            }),
            Alike::Time { unit_nanos } => instant(value).is_some_and(|at| {
                out.push(FORMED);
                out.extend_from_slice(&at.0.div_euclid(unit_nanos.max(1)).to_le_bytes());
                true
            }),
            Alike::Json => {
                push_json(value, out);
                true
            }
        };
        if !is_formed {
            out.truncate(start);
            push_other(value, out);
        }
    }
}

/// With its length before it, so that forms that follow on each other cannot be taken for others.
fn framed(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    write(out);
    // No value of a store or of a row is as long as 4 GiB.
    let length = u32::try_from(out.len() - start - 4).unwrap_or(u32::MAX);
    if let Some(frame) = out.get_mut(start..start + 4) {
        frame.copy_from_slice(&length.to_le_bytes());
    }
}

fn push_other(value: &Value, out: &mut Vec<u8>) {
    out.push(OTHER);
    out.extend_from_slice(&literal(value));
}

fn push_real(real: f64, out: &mut Vec<u8>) {
    // Both zeros are one amount.
    let real = if real == 0.0 { 0.0 } else { real };
    out.push(FORMED);
    out.extend_from_slice(&real.to_bits().to_le_bytes());
}

/// Text as it is, anything else as JSON.
fn literal(value: &Value) -> Vec<u8> {
    match value {
        Value::Text(text) => text.as_wtf8().to_vec(),
        value => {
            let mut json = Vec::new();
            value.write_json(&mut json);
            json
        }
    }
}

fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(truth) => Some(*truth),
        Value::Number(number) => match number.to_i64()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        },
        Value::Text(text) => match text.as_str()?.trim().to_ascii_lowercase().as_str() {
            "true" | "t" | "1" => Some(true),
            "false" | "f" | "0" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

fn push_json(value: &Value, out: &mut Vec<u8>) {
    out.push(FORMED);
    push_meaning(value, out);
}

fn push_meaning(value: &Value, out: &mut Vec<u8>) {
    match value.resolved() {
        Value::Number(number) => {
            out.push(b'#');
            let mut digits = Vec::new();
            number.write_literal(&mut digits);
            push_amount(&digits, out);
            out.push(b';');
        }
        Value::Array(elements) => {
            out.push(b'[');
            elements.iter().for_each(|element| push_meaning(element, out));
            out.push(b']');
        }
        // Its members lie in the order of their keys.
        Value::Object(members) => {
            out.push(b'{');
            for (key, member) in members.iter() {
                framed(out, |out| out.extend_from_slice(key.as_wtf8()));
                push_meaning(member, out);
            }
            out.push(b'}');
        }
        Value::Text(text) => framed(out, |out| {
            out.push(b'"');
            out.extend_from_slice(text.as_wtf8());
        }),
        leaf => leaf.write_json(out),
    }
}

/// The digits without the zeros at either end, and the power of ten that they are of. `false` for what is no number.
fn push_amount(written: &[u8], out: &mut Vec<u8>) -> bool {
    let written = written.trim_ascii();
    let (is_negative, unsigned) = match written.split_first() {
        Some((b'-', rest)) => (true, rest),
        Some((b'+', rest)) => (false, rest),
        _ => (false, written),
    };
    let end = unsigned.iter().position(|byte| matches!(byte, b'e' | b'E'));
    let (amount, exponent) = unsigned.split_at(end.unwrap_or(unsigned.len()));
    let mut exponent: i64 = match exponent.get(1..) {
        None => 0,
        // A power that no 64 bits hold is no amount of anything.
        Some(digits) => match std::str::from_utf8(digits).map(str::parse) {
            Ok(Ok(exponent)) => exponent,
            _ => return false,
        },
    };
    let point = amount.iter().position(|byte| *byte == b'.');
    let (whole, fraction) = match point {
        Some(point) => (&amount[..point], &amount[point + 1..]),
        None => (amount, &[][..]),
    };
    let digits = || whole.iter().chain(fraction);
    if digits().next().is_none() || !digits().all(u8::is_ascii_digit) {
        return false;
    }
    let leading = digits().take_while(|digit| **digit == b'0').count();
    let count = whole.len() + fraction.len();
    if leading == count {
        out.push(b'0');
        return true;
    }
    let trailing = fraction.iter().rev().chain(whole.iter().rev());
    let trailing = trailing.take_while(|digit| **digit == b'0').count();
    exponent = exponent
        .saturating_sub(i64::try_from(fraction.len()).unwrap_or(i64::MAX))
        .saturating_add(i64::try_from(trailing).unwrap_or(i64::MAX));
    out.push(if is_negative { b'-' } else { b'+' });
    out.extend(digits().skip(leading).take(count - leading - trailing));
    out.extend_from_slice(format!("e{exponent}").as_bytes());
    true
}

/// The whole number that a cell holds, as a number or as text.
pub fn whole(cell: &Cell) -> Option<i64> {
    match cell {
        Cell::Value(Value::Number(number)) => number.to_i64(),
        Cell::Value(Value::Text(text)) => Number::parse(text.as_str()?.trim())?.to_i64(),
        _ => None,
    }
}
