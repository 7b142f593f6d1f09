//! Reading of written instants, by hand: it runs once an event where a store keeps times as text.

/// Nanoseconds since 1970-01-01T00:00:00Z of any instant in the years 0000 to 9999.
pub(super) fn nanos_since_epoch(text: &[u8]) -> Option<i128> {
    let mut rest = text;
    let year = digits(&mut rest, 4)?;
    literal(&mut rest, b"-")?;
    let month = digits(&mut rest, 2)?;
    literal(&mut rest, b"-")?;
    let day = digits(&mut rest, 2)?;
    if !(1..=12).contains(&month) || day < 1 || day > days_of_month(year, month) {
        return None;
    }
    let mut seconds = i128::from(days_from_civil(year, month, day)) * 86_400;
    if rest.is_empty() {
        return Some(seconds * 1_000_000_000);
    }

    literal(&mut rest, b"Tt ")?;
    let hour = digits(&mut rest, 2)?;
    literal(&mut rest, b":")?;
    let minute = digits(&mut rest, 2)?;
    let mut second = 0;
    let mut fraction = 0;
    if literal(&mut rest, b":").is_some() {
        second = digits(&mut rest, 2)?;
        if literal(&mut rest, b".,").is_some() {
            fraction = nanos_of_fraction(&mut rest)?;
        }
    }
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    seconds += i128::from(hour * 3_600 + minute * 60 + second - offset_seconds(rest)?);
    Some(seconds * 1_000_000_000 + i128::from(fraction))
}

/// Takes exactly `count` digits from the front.
fn digits(rest: &mut &[u8], count: usize) -> Option<i64> {
    let (taken, after) = rest.split_at_checked(count)?;
    let mut number = 0;
    for digit in taken {
        if !digit.is_ascii_digit() {
            return None;
        }
        number = number * 10 + i64::from(digit - b'0');
    }
    *rest = after;
    Some(number)
}

/// Takes one byte from the front if it is among `allowed`.
fn literal(rest: &mut &[u8], allowed: &[u8]) -> Option<()> {
    let (first, after) = rest.split_first()?;
    if !allowed.contains(first) {
        return None;
    }
    *rest = after;
    Some(())
}

/// Takes one digit or more from the front; what is finer than a nanosecond is cut.
fn nanos_of_fraction(rest: &mut &[u8]) -> Option<i64> {
    let mut nanos = 0;
    let mut unit = 100_000_000;
    let mut count = 0;
    while let Some((digit, after)) = rest.split_first().filter(|(digit, _)| digit.is_ascii_digit()) {
        nanos += i64::from(digit - b'0') * unit;
        unit /= 10;
        count += 1;
        *rest = after;
    }
    (count > 0).then_some(nanos)
}

/// What remains must be nothing (UTC), `Z`, or `+02:00`, `+0200`, `+02`.
fn offset_seconds(zone: &[u8]) -> Option<i64> {
    let mut rest = match zone {
        [] | [b'Z' | b'z'] => return Some(0),
        [b'+' | b'-', rest @ ..] => rest,
        // Anything else is no zone.
        _ => return None,
    };
    let hours = digits(&mut rest, 2)?;
    let mut minutes = 0;
    if !rest.is_empty() {
        let _ = literal(&mut rest, b":");
        minutes = digits(&mut rest, 2)?;
    }
    if !rest.is_empty() || hours > 23 || minutes > 59 {
        return None;
    }
    let seconds = hours * 3_600 + minutes * 60;
    Some(if zone.first() == Some(&b'-') { -seconds } else { seconds })
}

fn days_of_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        // The remaining months are the long ones.
        _ => 31,
    }
}

/// The day number since 1970-01-01 (proleptic Gregorian; Hinnant's `days_from_civil`).
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let shifted_year = if month <= 2 { year - 1 } else { year };
    let era = shifted_year.div_euclid(400);
    let year_of_era = shifted_year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}
