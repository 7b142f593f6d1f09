//! A line out of an event that shows what was found in it: text only, with everything hidden made visible.

use refold_core::event::EventView;
use refold_stores::index::{Field, Needle};

use crate::text;

/// Bytes of the field before the hit, of the hit, and behind it.
const BEFORE_BYTES: usize = 48;
const HIT_BYTES: usize = 120;
const AFTER_BYTES: usize = 160;

/// The hit with what stands around it. Each part is ready to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    /// `None` where no text was looked for: then `after` is the beginning of the payload.
    pub field: Option<Field>,
    pub before: Box<str>,
    pub hit: Box<str>,
    pub after: Box<str>,
    /// Whether something of the field stands before `before`, and behind `after`.
    pub is_cut_before: bool,
    pub is_cut_after: bool,
}

impl Excerpt {
    /// The first place of the needle in the event; the beginning of the payload where there is none.
    pub fn of(event: &EventView<'_>, needle: Option<&Needle>) -> Excerpt {
        let (field, bytes, hit) = match needle.and_then(|needle| needle.place_in(event)) {
            Some((Field::Payload, hit)) => (Some(Field::Payload), event.payload, hit),
            Some((Field::Metadata, hit)) => (Some(Field::Metadata), event.metadata, hit),
            None => (None, event.payload, 0..0),
        };
        let bytes = bytes.unwrap_or_default();
        let from = letter_start(bytes, hit.start.saturating_sub(BEFORE_BYTES));
        let hit_end = letter_start(bytes, hit.end.min(hit.start + HIT_BYTES));
        let to = letter_start(bytes, hit_end.saturating_add(AFTER_BYTES));
        let part = |from: usize, to: usize| shown_on_a_line(bytes.get(from..to).unwrap_or_default());
        Excerpt {
            field,
            before: part(from, hit.start),
            hit: part(hit.start, hit_end),
            after: part(hit_end, to),
            is_cut_before: from > 0,
            is_cut_after: to < bytes.len(),
        }
    }
}

/// The last start of a letter at or before `at`, so that no letter is cut in two.
fn letter_start(bytes: &[u8], at: usize) -> usize {
    let at = at.min(bytes.len());
    let is_inside = |at: usize| bytes.get(at).is_some_and(|byte| byte & 0b1100_0000 == 0b1000_0000);
    // A letter has at most four bytes: bytes that are no UTF-8 are cut wherever.
    (at.saturating_sub(3)..=at)
        .rev()
        .find(|at| !is_inside(*at))
        .unwrap_or(at)
}

/// The indentation of laid-out JSON is no content: a line break with the spaces behind it is one space.
fn shown_on_a_line(bytes: &[u8]) -> Box<str> {
    let mut line = Vec::with_capacity(bytes.len());
    let mut is_indent = false;
    for byte in bytes {
        match byte {
            b'\n' | b'\r' => {
                if !is_indent {
                    line.push(b' ');
                }
                is_indent = true;
            }
            b' ' | b'\t' if is_indent => {}
            byte => {
                is_indent = false;
                line.push(*byte);
            }
        }
    }
    text::shown(&line).into()
}
