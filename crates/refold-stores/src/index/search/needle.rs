//! What is looked for: a text in each of the forms that a store may hold it in.

use std::collections::BTreeSet;
use std::ops::Range;

use memchr::memmem::Finder;
use refold_core::event::EventView;

use super::Field;

/// What is looked for.
#[derive(Debug, Clone)]
pub struct Needle {
    finders: Vec<Finder<'static>>,
}

impl Needle {
    /// The text as it is, and as JSON writers may have escaped it: `"`, `\` and control characters always, beside that
    /// `/` as `\/` and letters outside of ASCII as `\u00fc` or `\u00FC`. Text that is no UTF-8 is looked for as it is.
    ///
    /// `None` for an empty text, which every event would hold.
    pub fn new(text: &[u8]) -> Option<Needle> {
        if text.is_empty() {
            return None;
        }
        let mut forms = BTreeSet::from([text.to_vec()]);
        if let Ok(text) = std::str::from_utf8(text) {
            for slash in [false, true] {
                for unicode in [Unicode::Plain, Unicode::Lower, Unicode::Upper] {
                    forms.insert(escaped(text, slash, unicode).into_bytes());
                }
            }
        }
        Some(Needle {
            finders: forms.iter().map(|form| Finder::new(form).into_owned()).collect(),
        })
    }

    /// The first place in an event, whose payload and metadata columns must be filled.
    pub fn place_in(&self, event: &EventView<'_>) -> Option<(Field, Range<usize>)> {
        let place = |field, bytes: Option<&[u8]>| Some((field, Places::new(self, bytes?).first_from(0)?));
        place(Field::Payload, event.payload).or_else(|| place(Field::Metadata, event.metadata))
    }

    /// Whether it stands in these bytes.
    pub fn is_in(&self, bytes: &[u8]) -> bool {
        self.finders.iter().any(|finder| finder.find(bytes).is_some())
    }

    /// Each form that is looked for.
    pub(super) fn forms(&self) -> impl Iterator<Item = &[u8]> + Clone {
        self.finders.iter().map(Finder::needle)
    }
}

/// The places of a needle in some bytes, each form looked for no further than it must be.
pub(super) struct Places<'n, 'b> {
    bytes: &'b [u8],
    /// With each form its next place, as far as it was looked for.
    forms: Vec<(&'n Finder<'static>, Next)>,
}

#[derive(Clone, Copy)]
enum Next {
    At(usize),
    Nowhere,
}

impl<'n, 'b> Places<'n, 'b> {
    pub(super) fn new(needle: &'n Needle, bytes: &'b [u8]) -> Places<'n, 'b> {
        let forms = needle.finders.iter().map(|finder| (finder, Next::of(finder, bytes, 0)));
        Places {
            bytes,
            forms: forms.collect(),
        }
    }

    /// The first place at or behind `from`, which never goes back; the shorter form where two start there.
    pub(super) fn first_from(&mut self, from: usize) -> Option<Range<usize>> {
        let mut first: Option<Range<usize>> = None;
        for (finder, next) in &mut self.forms {
            if matches!(next, Next::At(start) if *start < from) {
                *next = Next::of(finder, self.bytes, from);
            }
            if let Next::At(start) = *next {
                let place = start..start + finder.needle().len();
                let is_first = first
                    .as_ref()
                    .is_none_or(|first| (place.start, place.end) < (first.start, first.end));
                if is_first {
                    first = Some(place);
                }
            }
        }
        first
    }
}

impl Next {
    fn of(finder: &Finder<'_>, bytes: &[u8], from: usize) -> Next {
        let found = bytes.get(from..).and_then(|rest| finder.find(rest));
        found.map_or(Next::Nowhere, |start| Next::At(from + start))
    }
}

#[derive(Clone, Copy)]
enum Unicode {
    Plain,
    Lower,
    Upper,
}

/// The inside of a JSON string that stands for `text`.
fn escaped(text: &str, escapes_slash: bool, unicode: Unicode) -> String {
    let mut out = String::new();
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '/' if escapes_slash => out.push_str("\\/"),
            letter if u32::from(letter) < 0x20 => out.push_str(&format!("\\u{:04x}", u32::from(letter))),
            letter if letter.is_ascii() => out.push(letter),
            letter => {
                for unit in letter.encode_utf16(&mut [0; 2]) {
                    match unicode {
                        Unicode::Plain => {}
                        Unicode::Lower => out.push_str(&format!("\\u{unit:04x}")),
                        Unicode::Upper => out.push_str(&format!("\\u{unit:04X}")),
                    }
                }
                if matches!(unicode, Unicode::Plain) {
                    out.push(letter);
                }
            }
        }
    }
    out
}
