//! Paths of a state that are known before any event is read.

use std::fmt;

use refold_core::value::Text;

/// One step of a [`Pattern`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Segment {
    Key(Text),
    /// Any member or element: the index is known only when the event is folded.
    Any,
}

/// A path with wildcards. Prints as a JSON pointer with `*` for any member.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Pattern(Vec<Segment>);

impl Pattern {
    pub fn with(mut self, segment: Segment) -> Pattern {
        self.0.push(segment);
        self
    }

    pub fn segments(&self) -> &[Segment] {
        &self.0
    }

    /// Reads a JSON pointer in which `*` stands for any member. `None` when it is no pointer.
    pub fn parse(pointer: &str) -> Option<Pattern> {
        if pointer.is_empty() {
            return Some(Pattern::default());
        }
        let segments = pointer.strip_prefix('/')?.split('/').map(|segment| match segment {
            "*" => Segment::Any,
            key => Segment::Key(Text::from(key.replace("~1", "/").replace("~0", "~").as_str())),
        });
        Some(Pattern(segments.collect()))
    }

    /// Whether both may stand for one path.
    pub fn meets(&self, other: &Pattern) -> bool {
        self.0.len() == other.0.len()
            && self
                .0
                .iter()
                .zip(&other.0)
                .all(|(a, b)| a == b || *a == Segment::Any || *b == Segment::Any)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for segment in &self.0 {
            match segment {
                Segment::Any => f.write_str("/*")?,
                Segment::Key(key) => {
                    let key = String::from_utf8_lossy(key.as_wtf8());
                    write!(f, "/{}", key.replace('~', "~0").replace('/', "~1"))?;
                }
            }
        }
        Ok(())
    }
}

/// The declared keys: which arrays of objects tell their elements apart by which member.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ArrayKeys(Vec<(Pattern, Text)>);

impl ArrayKeys {
    pub fn declare(&mut self, array: Pattern, key: Text) {
        self.0.push((array, key));
    }

    /// The key of the array at `path`.
    pub fn key_of(&self, path: &Pattern) -> Option<&Text> {
        self.0.iter().find(|(array, _)| array.meets(path)).map(|(_, key)| key)
    }

    pub fn iter(&self) -> impl Iterator<Item = &(Pattern, Text)> {
        self.0.iter()
    }
}
