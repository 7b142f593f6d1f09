//! Places in a state: JSON pointers (RFC 6901).

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::value::{Text, Value};

/// A JSON pointer. Cloning, [`Pointer::push`] and [`Pointer::parent`] are O(1): pointers share their beginnings.
#[derive(Clone, Default)]
pub struct Pointer(Option<Arc<Step>>);

struct Step {
    parent: Pointer,
    segment: Segment,
    depth: usize,
}

/// One step of a pointer. A pointer does not know whether it steps into an object or an array, so that a member
/// named `12` and the element 12 are the same segment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Segment {
    Index(u32),
    /// Never the decimal digits of an `Index`: make it with [`Segment::from_key`].
    Key(Text),
}

/// A pointer that is written wrongly.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PointerError {
    #[error("a pointer starts with a slash (/items/0/price), or is empty for the whole state: {0}")]
    NoSlash(String),
    #[error("a tilde in a pointer is written ~0, and a slash in a name ~1: {0}")]
    WrongEscape(String),
}

impl Pointer {
    /// The whole state.
    pub const ROOT: Pointer = Pointer(None);

    /// Reads the form of RFC 6901: empty, or `/` before each segment, with `~1` for `/` and `~0` for `~`.
    pub fn parse(text: &str) -> Result<Pointer, PointerError> {
        let mut pointer = Pointer::ROOT;
        if text.is_empty() {
            return Ok(pointer);
        }
        let Some(rest) = text.strip_prefix('/') else {
            return Err(PointerError::NoSlash(text.to_owned()));
        };
        for written in rest.split('/') {
            let mut name = String::with_capacity(written.len());
            let mut letters = written.chars();
            while let Some(letter) = letters.next() {
                name.push(match letter {
                    '~' => match letters.next() {
                        Some('0') => '~',
                        Some('1') => '/',
                        // Anything else, and the end: no escape that RFC 6901 knows.
                        _ => return Err(PointerError::WrongEscape(text.to_owned())),
                    },
                    _ => letter,
                });
            }
            pointer = pointer.push(Segment::from_key(&Text::from(name.as_str())));
        }
        Ok(pointer)
    }

    /// The place one step further down.
    #[must_use]
    pub fn push(&self, segment: Segment) -> Pointer {
        Pointer(Some(Arc::new(Step {
            parent: self.clone(),
            segment,
            depth: self.depth() + 1,
        })))
    }

    #[must_use]
    pub fn push_key(&self, key: &Text) -> Pointer {
        self.push(Segment::from_key(key))
    }

    /// `index` is the place of an element in its array.
    #[must_use]
    pub fn push_index(&self, index: usize) -> Pointer {
        self.push(Segment::from_index(index))
    }

    /// The place one step up; `None` for the root.
    pub fn parent(&self) -> Option<&Pointer> {
        self.0.as_deref().map(|step| &step.parent)
    }

    /// The last segment; `None` for the root.
    pub fn last(&self) -> Option<&Segment> {
        self.0.as_deref().map(|step| &step.segment)
    }

    pub fn is_root(&self) -> bool {
        self.0.is_none()
    }

    /// How many segments.
    pub fn depth(&self) -> usize {
        self.0.as_deref().map_or(0, |step| step.depth)
    }

    /// All segments, from the root down.
    pub fn segments(&self) -> Vec<&Segment> {
        let mut segments = Vec::with_capacity(self.depth());
        let mut at = self;
        while let Some(step) = at.0.as_deref() {
            segments.push(&step.segment);
            at = &step.parent;
        }
        segments.reverse();
        segments
    }

    /// Whether `other` is this place or lies below it.
    pub fn contains(&self, other: &Pointer) -> bool {
        let mut other = other;
        while other.depth() > self.depth() {
            match other.parent() {
                Some(parent) => other = parent,
                None => break,
            }
        }
        self == other
    }

    /// The value at this place, if the state has one there.
    pub fn find<'a>(&self, state: &'a Value) -> Option<&'a Value> {
        match self.0.as_deref() {
            None => Some(state),
            Some(step) => step.segment.find(step.parent.find(state)?),
        }
    }
}

impl Segment {
    pub fn from_index(index: usize) -> Segment {
        match u32::try_from(index) {
            Ok(index) => Segment::Index(index),
            Err(_) => Segment::Key(Text::from(index.to_string().as_str())),
        }
    }

    pub fn from_key(key: &Text) -> Segment {
        match index_from_digits(key.as_wtf8()) {
            Some(index) => Segment::Index(index),
            None => Segment::Key(key.clone()),
        }
    }

    /// The name of the member that this step leads to.
    pub fn to_key(&self) -> Text {
        match self {
            Segment::Index(index) => Text::from(index.to_string().as_str()),
            Segment::Key(key) => key.clone(),
        }
    }

    /// The member or element of `container` that this step leads to.
    pub fn find<'a>(&self, container: &'a Value) -> Option<&'a Value> {
        match (container.resolved(), self) {
            (Value::Object(object), Segment::Key(key)) => object.get(key.as_wtf8()),
            (Value::Object(object), Segment::Index(_)) => object.get(self.to_key().as_wtf8()),
            (Value::Array(array), Segment::Index(index)) => array.get(usize::try_from(*index).ok()?),
            _ => None,
        }
    }
}

impl fmt::Display for Segment {
    /// As RFC 6901 writes it. A lone surrogate, which no text can hold, appears as U+FFFD.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Segment::Index(index) => write!(f, "{index}"),
            Segment::Key(key) => {
                for letter in key.to_display().chars() {
                    match letter {
                        '~' => f.write_str("~0")?,
                        '/' => f.write_str("~1")?,
                        _ => fmt::Write::write_char(f, letter)?,
                    }
                }
                Ok(())
            }
        }
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for segment in self.segments() {
            write!(f, "/{segment}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pointer({self})")
    }
}

impl PartialEq for Pointer {
    fn eq(&self, other: &Pointer) -> bool {
        if self.depth() != other.depth() {
            return false;
        }
        let (mut a, mut b) = (self, other);
        while let (Some(left), Some(right)) = (&a.0, &b.0) {
            if Arc::ptr_eq(left, right) {
                return true;
            }
            if left.segment != right.segment {
                return false;
            }
            (a, b) = (&left.parent, &right.parent);
        }
        true
    }
}

impl Eq for Pointer {}

impl PartialOrd for Pointer {
    fn partial_cmp(&self, other: &Pointer) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Pointer {
    /// Segment by segment; elements in number order, before members.
    fn cmp(&self, other: &Pointer) -> std::cmp::Ordering {
        self.segments().cmp(&other.segments())
    }
}

impl Hash for Pointer {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        let mut at = self;
        while let Some(step) = at.0.as_deref() {
            step.segment.hash(hasher);
            at = &step.parent;
        }
    }
}

/// The number that `digits` write the one way an index is written: no sign, no leading zero.
fn index_from_digits(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() || digits.len() > 10 || (digits[0] == b'0' && digits.len() > 1) {
        return None;
    }
    let mut index: u64 = 0;
    for digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        index = index * 10 + u64::from(digit - b'0');
    }
    u32::try_from(index).ok()
}
