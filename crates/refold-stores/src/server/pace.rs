//! How much a second is asked of a server: whoever reads more rests until it has had its time.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Of another machine no more is asked where nobody says otherwise.
pub const USUAL: Rate = Rate(NonZeroU32::new(32));

/// So much is had at once after a rest, at the rate that holds.
const AT_ONCE: Duration = Duration::from_secs(1);

/// Megabytes a second, or as many as come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate(Option<NonZeroU32>);

impl Rate {
    pub const UNLIMITED: Rate = Rate(None);

    /// `None`: it is neither a number of megabytes nor `unlimited`.
    pub fn parse(text: &str) -> Option<Rate> {
        match text {
            "unlimited" => Some(Rate::UNLIMITED),
            number => number.parse().ok().map(|number| Rate(Some(number))),
        }
    }

    /// What it means for a server, as a sentence.
    pub fn sentence(self) -> Option<String> {
        let megabytes = self.0?;
        Some(format!("no more than {megabytes} MB of events a second are asked for"))
    }

    /// The time that so many bytes have: at one megabyte a second each has a microsecond.
    fn time_of(self, byte_count: usize) -> Duration {
        let bytes = u64::try_from(byte_count).unwrap_or(u64::MAX);
        self.0.map_or(Duration::ZERO, |megabytes| {
            Duration::from_micros(bytes / u64::from(megabytes.get()))
        })
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => f.write_str("unlimited"),
            Some(megabytes) => megabytes.fmt(f),
        }
    }
}

/// What was had of a rate by all who read one store.
#[derive(Debug)]
pub struct Pace {
    rate: Rate,
    /// Until then what was had has its time.
    until: Mutex<Option<Instant>>,
}

impl Pace {
    pub fn new(rate: Rate) -> Pace {
        Pace {
            rate,
            until: Mutex::new(None),
        }
    }

    /// How long whoever wants more has to rest.
    pub fn rest(&self, now: Instant) -> Duration {
        let until = *self.until.lock().unwrap_or_else(PoisonError::into_inner);
        let ahead = until.map_or(Duration::ZERO, |until| until.saturating_duration_since(now));
        ahead.saturating_sub(AT_ONCE)
    }

    /// So many bytes were had.
    pub fn had(&self, byte_count: usize, now: Instant) {
        let mut until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        let from = until.map_or(now, |until| until.max(now));
        *until = from.checked_add(self.rate.time_of(byte_count));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_rate_is_a_number_of_megabytes_or_none() {
        for (text, rate) in [
            ("1", Some(Rate(NonZeroU32::new(1)))),
            ("32", Some(USUAL)),
            ("unlimited", Some(Rate::UNLIMITED)),
            ("0", None),
            ("-1", None),
            ("1.5", None),
            ("", None),
            ("none", None),
        ] {
            assert_eq!(Rate::parse(text), rate, "{text}");
            assert!(rate.is_none_or(|rate| rate.to_string() == text));
        }
    }

    proptest! {
        /// Whoever rests as long as it is told never has more than the rate gives, but for what is had at once and the
        /// last page; and never rests for longer than that page has time.
        #[test]
        fn a_reader_keeps_to_the_rate(
            megabytes in 1..100_u32,
            pages in proptest::collection::vec((0..8_000_000_usize, 0..3_000_u64), 1..60),
        ) {
            let pace = Pace::new(Rate(NonZeroU32::new(megabytes)));
            let start = Instant::now();
            let (mut now, mut had, mut longest) = (start, 0_u64, Duration::ZERO);
            for (byte_count, busy_millis) in pages {
                let rest = pace.rest(now);
                now += rest;
                prop_assert!(rest <= longest);
                prop_assert_eq!(pace.rest(now), Duration::ZERO);
                let allowed = (now - start + AT_ONCE).as_micros() as u64 * u64::from(megabytes);
                // Each page is counted to the microsecond.
                prop_assert!(had <= allowed + 60 * u64::from(megabytes), "{had} of {allowed}");
                pace.had(byte_count, now);
                had += byte_count as u64;
                longest = Duration::from_micros(byte_count as u64 / u64::from(megabytes));
                now += Duration::from_millis(busy_millis);
            }
        }

        #[test]
        fn without_a_limit_nobody_rests(bytes in proptest::collection::vec(any::<u32>(), 1..20)) {
            let (pace, now) = (Pace::new(Rate::UNLIMITED), Instant::now());
            for byte_count in bytes {
                pace.had(byte_count as usize, now);
                prop_assert_eq!(pace.rest(now), Duration::ZERO);
            }
        }
    }
}
