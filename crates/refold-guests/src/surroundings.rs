//! What a guest sees in place of a clock and of chance: both come from the event.

use refold_core::time::Timestamp;

/// What the clock of the guest says while the event is folded: its recorded time, or 1970 where there is none.
pub fn micros(time: Timestamp) -> f64 {
    if time.is_none() {
        return 0.0;
    }
    // Microseconds of the years 1678 to 2261 are exact in a double.
    time.0.div_euclid(1_000) as f64
}

/// The seed of whatever is random while one event is folded: FNV-1a over its stream and version, mixed.
pub fn seed(stream: &[u8], version: i64) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in stream.iter().chain(&version.to_le_bytes()) {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash ^ hash >> 29
}
