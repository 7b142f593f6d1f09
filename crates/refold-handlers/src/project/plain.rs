//! Finds the end of what needs no look inside of a JSON text: sixteen bytes at a time where the machine can.

/// The place, from `at` on, of the first quote, backslash or control character; the end when there is none.
#[inline(always)]
pub fn plain_end(bytes: &[u8], mut at: usize) -> usize {
    #[cfg(target_arch = "x86_64")]
    while let Some((chunk, _)) = bytes.get(at..).and_then(<[u8]>::split_first_chunk::<16>) {
        match first_stop(chunk) {
            Some(stop) => return at + stop,
            None => at += 16,
        }
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

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn first_stop(chunk: &[u8; 16]) -> Option<usize> {
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
    // At most 16.
    if stops == 0 {
        None
    } else {
        Some(stops.trailing_zeros() as usize)
    }
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
        for length in 0..40 {
            for place in 0..length {
                for byte in 0..=u8::MAX {
                    let mut bytes = vec![b'x'; length];
                    bytes[place] = byte;
                    let is_stop = matches!(byte, b'"' | b'\\' | ..=0x1f);
                    let expected = if is_stop { place } else { length };
                    assert_eq!(plain_end(&bytes, 0), expected, "{byte} at {place} of {length}");
                    if let Ok(eight) = <[u8; 8]>::try_from(bytes.as_slice()) {
                        assert_eq!(first_stop_portable(eight), is_stop.then_some(place));
                    }
                }
            }
        }
    }
}
