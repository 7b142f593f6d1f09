//! How counts read, wherever people read them: in a window, a terminal, a figure, a report.
//!
//! It must not know a language but English, nor what is counted.

/// `734,166`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A size to the byte: `64 MB`, `1,500 kB`, `8,388,608 bytes`. For limits, and whatever else must not be rounded; in powers
/// of 1000 as all sizes are.
pub fn exact_size(byte_count: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    let whole = |(unit, _): &&(u64, &str)| byte_count >= *unit && byte_count.is_multiple_of(*unit);
    match UNITS.iter().find(whole) {
        Some((unit, name)) => format!("{} {name}", grouped(byte_count / unit)),
        None => counted(byte_count, "byte"),
    }
}

/// `108.3 MB`, in powers of 1000: what was measured, to be looked at.
pub fn size_label(byte_count: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if byte_count < 1000 {
        return format!("{byte_count} B");
    }
    // Tenths of the unit, rounded down: a size never looks larger than it is.
    let (mut tenths, mut unit) = (byte_count / 100, 0);
    while tenths >= 10_000 && unit + 1 < UNITS.len() {
        (tenths, unit) = (tenths / 1000, unit + 1);
    }
    format!(
        "{}.{} {}",
        grouped(tenths / 10),
        tenths % 10,
        UNITS.get(unit).unwrap_or(&"PB")
    )
}

/// `1 stream`, `2,487 streams`: `noun` is the singular of a word that takes an s.
pub fn counted(number: u64, noun: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{} {noun}{ending}", grouped(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_said_to_the_byte() {
        for (bytes, read) in [
            (1, "1 byte"),
            (999, "999 bytes"),
            (64_000_000, "64 MB"),
            (1_500_000, "1,500 kB"),
            (2_000_000_000_000, "2,000 GB"),
            (8 << 20, "8,388,608 bytes"),
        ] {
            assert_eq!(exact_size(bytes), read);
        }
    }

    #[test]
    fn every_third_digit_from_the_end_is_told_apart() {
        for (number, read) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (734_166, "734,166"),
            (1_000_214, "1,000,214"),
            (u64::MAX, "18,446,744,073,709,551,615"),
        ] {
            assert_eq!(grouped(number), read);
        }
    }

    #[test]
    fn one_alone_is_said_without_an_s() {
        let read = [0, 1, 2_487].map(|number| counted(number, "stream"));
        assert_eq!(read, ["0 streams", "1 stream", "2,487 streams"]);
    }
}
