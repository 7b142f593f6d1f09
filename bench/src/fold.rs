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

/// The same sum as `checksum` of the peers, from the exact numbers of the state.
pub fn checksum(state: &Value) -> Option<i64> {
    let Value::Object(state) = state else { return None };
    let Value::Object(items) = state.get(b"items")? else {
        return None;
    };
    let mut quantities = 0;
    for (_, line) in items.iter() {
        let Value::Object(line) = line else { return None };
        quantities += hundredths(line, b"qty")? / 100;
    }
    let (Value::Text(status), Value::Text(customer)) = (state.get(b"status")?, state.get(b"customerId")?) else {
        return None;
    };
    let status = STATUSES.iter().position(|known| *known == status.as_wtf8())?;
    Some(
        hundredths(state, b"total")?
            + 3 * hundredths(state, b"discount")?
            + 7 * hundredths(state, b"paid")?
            + 11 * hundredths(state, b"refunded")?
            + 13 * hundredths(state, b"failedPayments")? / 100
            + 17 * quantities
            + 19 * items.len() as i64
            + 23 * status as i64
            + 29 * customer.as_wtf8().len() as i64,
    )
}

/// A number member in hundredths: amounts have at most two digits behind the point.
fn hundredths(object: &Object, name: &[u8]) -> Option<i64> {
    match object.get(name)? {
        Value::Number(Number::Int(whole)) => whole.checked_mul(100),
        Value::Number(Number::Decimal { mantissa, scale: 1 }) => mantissa.checked_mul(10),
        Value::Number(Number::Decimal { mantissa, scale: 2 }) => Some(*mantissa),
        _ => None,
    }
}
