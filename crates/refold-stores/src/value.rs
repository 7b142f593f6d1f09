//! What layouts do to a single value, whatever it was read from.

use std::io::Write as _;

use crate::layout::Take;
use crate::zone::Zone;

/// What the recorded times of a sample say of their zone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SampledZones {
    /// How many have a time, and how many of those name no zone.
    pub times: u64,
    pub zoneless_times: u64,
}

/// In which zone the recorded times of a store are, in words that follow "times in".
pub fn zone_label(zone: Option<&Zone>, is_asked: bool, sampled: SampledZones) -> String {
    let SampledZones { times, zoneless_times } = sampled;
    match zone {
        Some(zone) if is_asked => format!("{zone} (as asked for)"),
        Some(zone) => format!("{zone} (layout)"),
        None if times == 0 => "no zone: none was found".to_owned(),
        None if zoneless_times == times => {
            "an unknown zone (they name none, and are shown as if it were UTC)".to_owned()
        }
        None if zoneless_times > 0 => format!(
            "UTC (said by the times themselves; {zoneless_times} of the {times} looked at name no zone, and are shown as \
             if it were UTC)"
        ),
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
