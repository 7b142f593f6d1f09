//! Reading of written instants, by hand: it runs once an event where a store keeps times as text, and a store of ten
//! million events has ten million of them.

/// Seconds since 1970-01-01T00:00:00Z, and nanoseconds in the second, of any instant in the years 0000 to 9999.
/// `offset_seconds` is the zone of a text that names none.
pub(super) fn instant(text: &[u8], offset_seconds: i32) -> Option<(i64, u32)> {
    let year = i64::from(digits::<4>(text, 0)?);
    let month = digits::<2>(text, 5)?;
    let day = digits::<2>(text, 8)?;
    let is_date = text.get(4) == Some(&b'-') && text.get(7) == Some(&b'-');
    if !is_date || !(1..=12).contains(&month) || !(1..=days_of_month(year, month)).contains(&day) {
        return None;
    }
    let midnight = days_from_civil(year, i64::from(month), i64::from(day)) * 86_400;
    let Some(between) = text.get(10) else {
        return Some((midnight - i64::from(offset_seconds), 0));
    };

    if !matches!(between, b' ' | b'T' | b't') || text.get(13) != Some(&b':') {
        return None;
    }
    let hour = digits::<2>(text, 11)?;
    let minute = digits::<2>(text, 14)?;
    let mut at = 16;
    let (mut second, mut nanos) = (0, 0);
    if text.get(at) == Some(&b':') {
        second = digits::<2>(text, 17)?;
        at = 19;
        if matches!(text.get(at), Some(b'.' | b',')) {
            let (fraction, length) = nanos_of_fraction(text.get(at + 1..)?)?;
            nanos = fraction;
            at += 1 + length;
        }
    }
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let offset = match text.get(at..) {
        None | Some([]) => offset_seconds,
        Some(zone) => zone_offset(zone)?,
    };
    let in_day = i64::from(hour * 3_600 + minute * 60 + second);
    Some((midnight + in_day - i64::from(offset), nanos))
}

/// Nanoseconds, and how many digits there are: one or more. What is finer than a nanosecond is cut.
fn nanos_of_fraction(text: &[u8]) -> Option<(u32, usize)> {
    let (mut nanos, mut unit) = (0, 100_000_000);
    let length = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    for digit in text.iter().take(length.min(9)) {
        nanos += u32::from(digit - b'0') * unit;
        unit /= 10;
    }
    (length > 0).then_some((nanos, length))
}

/// Seconds east of UTC of `Z`, `UTC`, `+02:00`, `+0200`, `+02`, with or without a blank before.
fn zone_offset(zone: &[u8]) -> Option<i32> {
    let zone = zone.strip_prefix(b" ").unwrap_or(zone);
    if matches!(zone, b"Z" | b"z" | b"UTC") {
        return Some(0);
    }
    let sign = match zone.first()? {
        b'+' => 1,
        b'-' => -1,
        // Anything else is no zone.
        _ => return None,
    };
    let hours = digits::<2>(zone, 1)?;
    let minutes = match zone.len() {
        3 => 0,
        5 => digits::<2>(zone, 3)?,
        6 if zone.get(3) == Some(&b':') => digits::<2>(zone, 4)?,
        // No other length has a place for minutes.
        _ => return None,
    };
    let is_offset = hours <= 23 && minutes <= 59;
    is_offset.then_some(sign * i32::try_from(hours * 3_600 + minutes * 60).ok()?)
}

/// The number that exactly `N` digits from `at` on write.
#[inline(always)]
fn digits<const N: usize>(text: &[u8], at: usize) -> Option<u32> {
    let digits: &[u8; N] = text.get(at..at + N)?.try_into().ok()?;
    let (mut number, mut is_number) = (0, true);
    for byte in digits {
        let digit = byte.wrapping_sub(b'0');
        is_number &= digit <= 9;
        number = number * 10 + u32::from(digit);
    }
    is_number.then_some(number)
}

fn days_of_month(year: i64, month: u32) -> u32 {
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
    // Years below zero occur only as the one before 0000: 400 years later is the same calendar.
    let era = (shifted_year + 400) / 400 - 1;
    let year_of_era = (shifted_year + 400) % 400;
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}
