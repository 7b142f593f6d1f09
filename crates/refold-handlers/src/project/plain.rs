//! Finds the end of what needs no look inside of a JSON text, and tells names: sixteen bytes at a time where the machine
//! can.

/// A member's name as it is compared with the keys of a payload.
#[derive(Debug, Clone)]
pub struct Name {
    bytes: Box<[u8]>,
    /// The name and the quote behind it, then zeros.
    quoted: [u8; 16],
    /// A bit for each byte of `quoted` that counts; none where the name is too long, or cannot stand in a key as it is.
    counted: u32,
}

impl Name {
    pub fn new(bytes: &[u8]) -> Name {
        let mut quoted = [0; 16];
        let mut counted = 0;
        let is_plain = plain_end(bytes, 0) == bytes.len();
        if is_plain && let Some(([closing, ..], name)) = quoted.split_at_mut_checked(bytes.len()).map(|(a, b)| (b, a)) {
            name.copy_from_slice(bytes);
            *closing = b'"';
            counted = (1 << (bytes.len() + 1)) - 1;
        }
        Name {
            bytes: bytes.into(),
            quoted,
            counted,
        }
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Where the key ends that begins at `at` of a payload, behind its opening quote, when it is this name written
    /// without escapes: behind its closing quote. `None` says nothing.
    #[inline(always)]
    pub fn end_at(&self, payload: &[u8], at: usize) -> Option<usize> {
        let (chunk, _) = payload.get(at..)?.split_first_chunk::<16>()?;
        let is_here = self.counted != 0 && equal_bytes(chunk, &self.quoted) & self.counted == self.counted;
        is_here.then(|| at + self.bytes.len() + 1)
    }

    /// Whether a key is this name. `key` is without quotes and has no escapes.
    #[inline(always)]
    pub fn is(&self, key: &[u8]) -> bool {
        self.bytes.len() == key.len() && *self.bytes == *key
    }
}

/// The place, from `at` on, of the first quote, backslash or control character; the end when there is none.
#[inline(always)]
pub fn plain_end(bytes: &[u8], mut at: usize) -> usize {
    #[cfg(target_arch = "x86_64")]
    while let Some((chunk, _)) = bytes.get(at..).and_then(<[u8]>::split_first_chunk::<16>) {
        match stops(chunk, 0) {
            Some(stop) => return at + stop,
            None => at += 16,
        }
    }
    // What is left over is the end of the last sixteen bytes there are.
    #[cfg(target_arch = "x86_64")]
    if let Some((before, chunk)) = bytes.split_last_chunk::<16>()
        && at >= before.len()
    {
        return stops(chunk, at - before.len()).map_or(bytes.len(), |stop| before.len() + stop);
    }
    while let Some((chunk, _)) = bytes.get(at..).and_then(<[u8]>::split_first_chunk::<8>) {
        match first_stop_portable(*chunk) {
            Some(stop) => return at + stop,
            None => at += 8,
        }
    }
    while bytes
        .get(at)
        .is_some_and(|byte| !matches!(byte, b'"' | b'\\' | ..=0x1f))
    {
        at += 1;
    }
    at
}

/// The place, from `at` on, of the first byte that is no digit; the end when there is none.
#[inline(always)]
pub fn digits_end(bytes: &[u8], mut at: usize) -> usize {
    #[cfg(target_arch = "x86_64")]
    while let Some((chunk, _)) = bytes.get(at..).and_then(<[u8]>::split_first_chunk::<16>) {
        let others = other_than_digits(chunk);
        if others != 0 {
            // At most 16.
            return at + others.trailing_zeros() as usize;
        }
        at += 16;
    }
    while bytes.get(at).is_some_and(u8::is_ascii_digit) {
        at += 1;
    }
    at
}

/// The place of the first stop among the sixteen, from `first` on, which is at most 16.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn stops(chunk: &[u8; 16], first: usize) -> Option<usize> {
    use std::arch::x86_64::*;
    // SAFETY: SSE2 is part of every x86-64, and the load reads the sixteen bytes that `chunk` has.
    let stops = unsafe {
        let bytes = _mm_loadu_si128(chunk.as_ptr().cast());
        let quotes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(b'"' as i8));
        let slashes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(b'\\' as i8));
        // At most 0x1f is what the minimum with 0x1f leaves alone.
        let controls = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
        _mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quotes, slashes), controls))
    };
    let stops = (stops >> first) << first;
    // At most 16.
    if stops == 0 {
        None
    } else {
        Some(stops.trailing_zeros() as usize)
    }
}

/// A bit for each of the sixteen that is no digit.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn other_than_digits(chunk: &[u8; 16]) -> i32 {
    use std::arch::x86_64::*;
    // SAFETY: SSE2 is part of every x86-64, and the load reads the sixteen bytes that `chunk` has.
    unsafe {
        let bytes = _mm_sub_epi8(_mm_loadu_si128(chunk.as_ptr().cast()), _mm_set1_epi8(b'0' as i8));
        let digits = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(9)), bytes);
        _mm_movemask_epi8(digits) ^ 0xffff
    }
}

/// A bit for each place at which both have the same byte.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub fn equal_bytes(a: &[u8; 16], b: &[u8; 16]) -> u32 {
    use std::arch::x86_64::*;
    // SAFETY: SSE2 is part of every x86-64, and the loads read the sixteen bytes that `a` and `b` have.
    let equal = unsafe {
        let (a, b) = (_mm_loadu_si128(a.as_ptr().cast()), _mm_loadu_si128(b.as_ptr().cast()));
        _mm_movemask_epi8(_mm_cmpeq_epi8(a, b))
    };
    // Sixteen bits.
    equal as u32
}

#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
pub fn equal_bytes(a: &[u8; 16], b: &[u8; 16]) -> u32 {
    a.iter()
        .zip(b)
        .rev()
        .fold(0, |bits, (a, b)| bits << 1 | u32::from(a == b))
}

#[inline(always)]
fn first_stop_portable(chunk: [u8; 8]) -> Option<usize> {
    const ONES: u64 = u64::from_le_bytes([0x01; 8]);
    const HIGHS: u64 = u64::from_le_bytes([0x80; 8]);
    // Marks the high bit of bytes that are zero. A borrow can only mark a byte wrongly above one that is marked rightly,
    // and only the lowest mark is used.
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word & HIGHS;
    let word = u64::from_le_bytes(chunk);
    let quotes = zeros(word ^ u64::from_le_bytes([b'"'; 8]));
    let slashes = zeros(word ^ u64::from_le_bytes([b'\\'; 8]));
    let controls = zeros(word & u64::from_le_bytes([0xe0; 8]));
    let stops = quotes | slashes | controls;
    // At most 64 bits, so the quotient is at most 8.
    if stops == 0 {
        None
    } else {
        Some((stops.trailing_zeros() / 8) as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_at_every_place_is_found_or_passed() {
        for length in 0..80 {
            for place in 0..length {
                for byte in 0..=u8::MAX {
                    let mut bytes = vec![b'x'; length];
                    bytes[place] = byte;
                    let is_stop = matches!(byte, b'"' | b'\\' | ..=0x1f);
                    let expected = if is_stop { place } else { length };
                    assert_eq!(plain_end(&bytes, 0), expected, "{byte} at {place} of {length}");
                    let behind = length.min(place + 1);
                    assert_eq!(
                        plain_end(&bytes, behind),
                        length,
                        "behind {byte} at {place} of {length}"
                    );
                    let mut digits = vec![b'7'; length];
                    digits[place] = byte;
                    let expected = if byte.is_ascii_digit() { length } else { place };
                    assert_eq!(digits_end(&digits, 0), expected, "{byte} at {place} of {length}");
                    if let Ok(eight) = <[u8; 8]>::try_from(bytes.as_slice()) {
                        assert_eq!(first_stop_portable(eight), is_stop.then_some(place));
                    }
                }
            }
        }
    }

    #[test]
    fn a_name_is_found_where_it_stands_alone() {
        for name in [
            "",
            "a",
            "qty",
            "fifteen letters",
            "sixteen letters.",
            "seventeen letters",
            "qu\"ote",
            "back\\slash",
        ] {
            for written in [
                "",
                "a",
                "qty",
                "qt",
                "qtyy",
                "fifteen letters",
                "sixteen letters.",
                "fifteen lettersx",
            ] {
                for filling in ["", ":1}", "\":1,\"qty\":123456789012345678"] {
                    let payload = format!("\"{written}\"{filling}");
                    let found = Name::new(name.as_bytes()).end_at(payload.as_bytes(), 1);
                    let is_short = name.len() < 16 && payload.len() > 16;
                    let expected = (name == written && is_short).then_some(written.len() + 2);
                    assert_eq!(found, expected, "{name} in {payload}");
                    assert_eq!(Name::new(name.as_bytes()).is(written.as_bytes()), name == written);
                }
            }
        }
    }
}
