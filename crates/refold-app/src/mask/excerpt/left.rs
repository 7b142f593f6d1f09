//! What a list leaves of a JSON text. The text is written anew, so that nothing comes into it but by a decision: values and
//! keys that are shown, byte for byte, and what stands in the place of others. What is hidden of a container stands once in
//! it, whatever it was and however much, and a container of which nothing is shown is hidden as one.

use std::ops::Range;

use refold_core::pointer::Pointer;
use refold_core::value::{Redacted, Text};

/// See the module.
#[derive(Debug, Default)]
pub struct Left<'a> {
    pub text: Vec<u8>,
    /// What stands in the text in the place of values, in its order.
    pub instead: Vec<Instead<'a>>,
    /// What became of every single value of the text that was read, in its order.
    pub fates: Vec<Fate>,
}

/// One thing that stands in the place of values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instead<'a> {
    /// Where, as a pointer in which `*` stands for every element, and for every key that is hidden.
    pub path: String,
    /// That of a pseudonym; `None`: it is hidden.
    pub domain: Option<&'a str>,
}

/// What becomes of a single value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Shown,
    Hidden,
    Pseudonym,
}

/// A key that is shown.
pub(super) struct ShownKey {
    pub place: Range<usize>,
    pub name: Text,
}

/// Writes what is left, a value after the other.
pub(super) struct Writer<'a, 'text> {
    read: &'text [u8],
    pub left: Left<'a>,
    path: String,
    open: Vec<Container>,
}

struct Container {
    key: Option<ShownKey>,
    before: Before,
    is_array: bool,
    /// Nothing was written into it yet.
    is_empty: bool,
    /// It is on the list, and all that is in it.
    is_listed: bool,
    /// Something of it is shown, or stands by a pseudonym.
    is_kept: bool,
    /// Something stands in it for whatever is hidden.
    is_hiding: bool,
    hidden_keys: usize,
}

/// How much was written before a value.
struct Before {
    text: usize,
    path: usize,
    instead: usize,
    /// Of the container that it is in.
    is_empty: bool,
    hidden_keys: usize,
}

impl<'a, 'text> Writer<'a, 'text> {
    pub fn new(read: &'text [u8]) -> Writer<'a, 'text> {
        Writer {
            read,
            left: Left::default(),
            path: String::new(),
            open: Vec::new(),
        }
    }

    /// Whether the container that is open is on the list whole.
    pub fn is_listed(&self) -> bool {
        self.open.last().is_some_and(|container| container.is_listed)
    }

    /// `key`: that of a member, where it is shown.
    pub fn show(&mut self, key: Option<&ShownKey>, value: Range<usize>) {
        self.left.fates.push(Fate::Shown);
        let before = self.begin(key);
        let value = self.read.get(value).unwrap_or_default();
        self.left.text.extend_from_slice(value);
        self.keep(&before);
    }

    /// `name`: the pseudonym, which needs no escape.
    pub fn name(&mut self, key: Option<&ShownKey>, domain: &'a str, name: &str) {
        self.left.fates.push(Fate::Pseudonym);
        let before = self.begin(key);
        self.instead(name, Some(domain));
        self.keep(&before);
    }

    pub fn hide(&mut self, key: Option<&ShownKey>) {
        self.left.fates.push(Fate::Hidden);
        self.hide_one(key);
    }

    pub fn open(&mut self, key: Option<ShownKey>, is_array: bool, is_listed: bool) {
        let before = self.begin(key.as_ref());
        self.left.text.push(if is_array { b'[' } else { b'{' });
        self.open.push(Container {
            key,
            before,
            is_array,
            is_empty: true,
            is_listed,
            is_kept: is_listed,
            is_hiding: false,
            hidden_keys: 0,
        });
    }

    pub fn close(&mut self) {
        let Some(container) = self.open.pop() else { return };
        if container.is_kept {
            self.left.text.push(if container.is_array { b']' } else { b'}' });
            self.keep(&container.before);
        } else {
            self.take_back(&container.before);
            self.hide_one(container.key.as_ref());
        }
    }

    fn hide_one(&mut self, key: Option<&ShownKey>) {
        if let (Some(container), None) = (self.open.last_mut(), key) {
            if container.is_hiding {
                return;
            }
            container.is_hiding = true;
        }
        let before = self.begin(key);
        self.instead(Redacted::SHOWN, None);
        self.path.truncate(before.path);
    }

    fn instead(&mut self, text: &str, domain: Option<&'a str>) {
        self.left.text.extend_from_slice(format!("\"{text}\"").as_bytes());
        self.left.instead.push(Instead {
            path: self.path.clone(),
            domain,
        });
    }

    /// Writes what stands before a value, and takes a step to it.
    fn begin(&mut self, key: Option<&ShownKey>) -> Before {
        let container = self.open.last_mut();
        let before = Before {
            text: self.left.text.len(),
            path: self.path.len(),
            instead: self.left.instead.len(),
            is_empty: container.as_ref().is_none_or(|container| container.is_empty),
            hidden_keys: container.as_ref().map_or(0, |container| container.hidden_keys),
        };
        let Some(container) = container else { return before };
        let text = &mut self.left.text;
        if !container.is_empty {
            text.push(b',');
        }
        container.is_empty = false;
        match key {
            _ if container.is_array => self.path.push_str("/*"),
            Some(key) => {
                text.extend_from_slice(self.read.get(key.place.clone()).unwrap_or_default());
                text.push(b':');
                self.path.push_str(&Pointer::ROOT.push_key(&key.name).to_string());
            }
            None => {
                container.hidden_keys += 1;
                text.extend_from_slice(hidden_key(container.hidden_keys).as_bytes());
                self.path.push_str("/*");
            }
        }
        before
    }

    fn keep(&mut self, before: &Before) {
        self.path.truncate(before.path);
        if let Some(container) = self.open.last_mut() {
            container.is_kept = true;
        }
    }

    fn take_back(&mut self, before: &Before) {
        self.left.text.truncate(before.text);
        self.left.instead.truncate(before.instead);
        self.path.truncate(before.path);
        if let Some(container) = self.open.last_mut() {
            container.is_empty = before.is_empty;
            container.hidden_keys = before.hidden_keys;
        }
    }
}

/// What stands for the first hidden key of an object, for the second, …: keys that repeat would say that they were one.
fn hidden_key(number: usize) -> String {
    let shown = Redacted::SHOWN.trim_end_matches(']');
    match number {
        1 => format!("\"{shown}]\":"),
        _ => format!("\"{shown} {number}]\":"),
    }
}
