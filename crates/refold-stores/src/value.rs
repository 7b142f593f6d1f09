//! What layouts do to a single value, whatever it was read from.

use std::io::Write as _;

use refold_core::time::Timestamp;

use crate::layout::{Take, TimeSource, Zone};
use crate::time::{self, Reading};

/// The code of the finding on a time that names no zone where nobody else does.
pub const ZONE_UNKNOWN: &str = "zone-unknown";

/// What that finding says. `what`: "recorded time" or "occurred time".
pub fn zone_unknown(what: &str) -> String {
    format!("its {what} names no zone, and neither does the layout: it is shown as if it were UTC")
}

/// What the recorded times of a sample say of their zone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SampledZones {
    pub has_times: bool,
    pub has_zoneless_times: bool,
}

/// In which zone the recorded times of a store are, in words that follow "times in".
pub fn zone_label(zone: Option<Zone>, sampled: SampledZones) -> String {
    match zone {
        Some(zone) => format!("{zone} (layout)"),
        None if !sampled.has_times => "no zone: none was found".to_owned(),
        None if sampled.has_zoneless_times => {
            "an unknown zone (they name none, and are shown as if it were UTC)".to_owned()
        }
        None => "UTC (said by the times themselves)".to_owned(),
    }
}

/// Sixteen bytes as a hyphenated UUID.
pub fn uuid_text(uuid: &[u8; 16]) -> Vec<u8> {
    let mut text = Vec::with_capacity(36);
    for (place, byte) in uuid.iter().enumerate() {
        if matches!(place, 4 | 6 | 8 | 10) {
            text.push(b'-');
        }
        // Writing to a Vec cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Cuts a text as a layout says; nothing when a mark is not there.
pub fn taken<'a>(text: &'a [u8], steps: &[Take]) -> Option<&'a [u8]> {
    let mut text = text;
    for step in steps {
        let (mark, is_first) = match step {
            Take::BeforeFirst(mark) | Take::AfterFirst(mark) => (mark.as_bytes(), true),
            Take::BeforeLast(mark) | Take::AfterLast(mark) => (mark.as_bytes(), false),
        };
        let mut places = text.windows(mark.len());
        let is_mark = |window: &[u8]| window == mark;
        let at = if is_first {
            places.position(is_mark)
        } else {
            places.rposition(is_mark)
        }?;
        text = match step {
            Take::BeforeFirst(_) | Take::BeforeLast(_) => &text[..at],
            Take::AfterFirst(_) | Take::AfterLast(_) => &text[at + mark.len()..],
        };
    }
    Some(text)
}

/// A time written as text: ISO 8601, or a number in digits.
pub fn time_of_text(text: &[u8], source: &TimeSource) -> Option<Reading> {
    reading_of_text(text, source.zone).or_else(|| {
        let number = std::str::from_utf8(text).ok()?.parse().ok()?;
        time::from_number(number, source.form).map(Reading::Certain)
    })
}

/// A time written as ISO 8601, in `zone` where it names none.
pub fn reading_of_text(text: &[u8], zone: Option<Zone>) -> Option<Reading> {
    let time = Timestamp::parse_in(text, zone.unwrap_or(Zone::UTC).offset_seconds)?;
    Some(if zone.is_some() || time::names_zone(text) {
        Reading::Certain(time)
    } else {
        Reading::Zoneless(time)
    })
}
