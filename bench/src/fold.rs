//! Our side of the fold that peers do by hand: the handler `order@1.1.0`, and the checksum of a state.

use refold_core::value::{Number, Object, Value};

const STATUSES: [&[u8]; 10] = [
    b"none",
    b"placed",
    b"authorised",
    b"paid",
    b"shipped",
    b"delivered",
    b"return-requested",
    b"returned",
    b"refunded",
    b"cancelled",
];

/// The same sum as `checksum` of the peers, from the exact numbers of the state. `None` when it lacks a part.
pub fn checksum(state: &Value) -> Option<i64> {
    let Value::Object(members) = state else { return None };
    let (mut sum, mut part_count) = (0, 0);
    for (name, value) in members.iter() {
        sum += match name.as_wtf8() {
            b"total" => hundredths(value)?,
            b"discount" => 3 * hundredths(value)?,
            b"paid" => 7 * hundredths(value)?,
            b"refunded" => 11 * hundredths(value)?,
            b"failedPayments" => 13 * hundredths(value)? / 100,
            b"items" => of_items(value)?,
            b"status" => {
                let Value::Text(status) = value else { return None };
                23 * STATUSES.iter().position(|known| *known == status.as_wtf8())? as i64
            }
            b"customerId" => {
                let Value::Text(customer) = value else { return None };
                29 * customer.byte_len() as i64
            }
            _ => continue,
        };
        part_count += 1;
    }
    (part_count == 8).then_some(sum)
}

fn of_items(items: &Value) -> Option<i64> {
    let Value::Object(items) = items else { return None };
    let mut quantities = 0;
    for (_, line) in items.iter() {
        let Value::Object(line) = line else { return None };
        quantities += hundredths(quantity(line)?)? / 100;
    }
    Some(17 * quantities + 19 * items.len() as i64)
}

fn quantity(line: &Object) -> Option<&Value> {
    let mut members = line.iter();
    members.find_map(|(name, value)| (name.as_wtf8() == b"qty").then_some(value))
}

/// A number in hundredths: amounts have at most two digits behind the point.
fn hundredths(value: &Value) -> Option<i64> {
    match value {
        Value::Number(Number::Int(whole)) => whole.checked_mul(100),
        Value::Number(Number::Decimal { mantissa, scale: 1 }) => mantissa.checked_mul(10),
        Value::Number(Number::Decimal { mantissa, scale: 2 }) => Some(*mantissa),
        _ => None,
    }
}
