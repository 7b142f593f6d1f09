//! What is hidden in one payload, metadata document or state: patterns of paths, less what was revealed.
//!
//! Values keep their shape around what is hidden, so that a person sees that a field is there and nothing else of it.

use std::borrow::Cow;
use std::ops::Range;

use refold_core::pointer::{Pointer, Segment};
use refold_core::value::{Array, Object, Redacted, Text, Value};

use super::rules::Step;
use crate::payload::scan::{Token, Tokens};

/// See the module. The default hides nothing.
#[derive(Debug, Clone, Default)]
pub struct Cover {
    patterns: Vec<Vec<Step>>,
    revealed: Vec<Vec<Segment>>,
}

/// How far a walk has come in the patterns: pairs of a pattern and a step of it that comes next.
type Front = Vec<(usize, usize)>;

/// What is to be done at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Shown, with all that is in it.
    Shown,
    /// Something in it may be hidden.
    Looked,
    Hidden,
}

impl Cover {
    pub fn new(patterns: Vec<Vec<Step>>, revealed: Vec<Vec<Segment>>) -> Cover {
        Cover { patterns, revealed }
    }

    /// Whether nothing is hidden, whatever the value.
    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty() || self.revealed.iter().any(Vec::is_empty)
    }

    /// The value as a person may see it. What is not touched is shared.
    pub fn value(&self, value: &Value) -> Value {
        if self.is_empty() {
            return value.clone();
        }
        let mut walk = Walk::new(self);
        walk.covered(value).unwrap_or_else(|| value.clone())
    }

    /// What a person may see at a place of a value; `None` where nothing is, and inside of what is hidden.
    pub fn find(&self, place: &Pointer, value: &Value) -> Option<Value> {
        if self.is_empty() {
            return place.find(value).cloned();
        }
        let mut walk = Walk::new(self);
        let mut at = value;
        for segment in place.segments() {
            if walk.places.enter() == Verdict::Hidden {
                return None;
            }
            at = segment.find(at)?;
            walk.places.name_segment(segment.clone());
        }
        Some(walk.covered(at).unwrap_or_else(|| at.clone()))
    }

    /// JSON text as a person may see it, byte for byte but for what is hidden. Text that is no JSON is hidden whole: nobody
    /// knows what is in it.
    pub fn json<'a>(&self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        if self.is_empty() {
            return Cow::Borrowed(bytes);
        }
        self.covered_json(bytes).unwrap_or_else(|| Cow::Owned(hidden_json()))
    }

    /// `None`: the text is no JSON.
    fn covered_json<'a>(&self, bytes: &'a [u8]) -> Option<Cow<'a, [u8]>> {
        let mut out: Vec<u8> = Vec::new();
        let mut written = 0;
        self.each_hidden(bytes, &mut |_, place| {
            out.extend_from_slice(bytes.get(written..place.start).unwrap_or_default());
            out.extend_from_slice(&hidden_json());
            written = place.end;
        })?;
        if written == 0 {
            return Some(Cow::Borrowed(bytes));
        }
        out.extend_from_slice(bytes.get(written..)?);
        Some(Cow::Owned(out))
    }

    /// Calls `visit` with the path of every value of a JSON text that is hidden, and with where it stands. `None`: the text
    /// is no JSON; then all of it is hidden.
    pub fn each_hidden(&self, bytes: &[u8], visit: &mut dyn FnMut(&[Segment], Range<usize>)) -> Option<()> {
        let mut places = Places::new(self);
        let mut tokens = Tokens::new(bytes).ok()?;
        while let Some(token) = tokens.next().transpose().ok()? {
            let start = match token {
                Token::Key { start, .. } => {
                    places.name(tokens.text(start));
                    continue;
                }
                Token::Close { .. } => {
                    places.leave();
                    continue;
                }
                Token::Open { start, .. } | Token::Leaf { start, .. } => start,
            };
            let is_open = matches!(token, Token::Open { .. });
            let verdict = match places.enter() {
                // Nothing can be revealed inside of a single value.
                Verdict::Looked if !is_open && places.is_hit() => Verdict::Hidden,
                verdict => verdict,
            };
            match verdict {
                Verdict::Hidden => {
                    if is_open {
                        tokens.skip_container().ok()?;
                    }
                    visit(&places.path, start..tokens.at());
                    places.leave();
                }
                Verdict::Shown | Verdict::Looked if is_open => {
                    places.open(matches!(token, Token::Open { is_array: true, .. }))
                }
                Verdict::Shown | Verdict::Looked => places.leave(),
            }
        }
        Some(())
    }

    fn start(&self) -> Front {
        let mut front = Front::new();
        (0..self.patterns.len()).for_each(|pattern| self.reach(&mut front, pattern, 0));
        front
    }

    /// Adds a place in a pattern, and those that `**` leads to without a step.
    fn reach(&self, front: &mut Front, pattern: usize, step: usize) {
        if front.contains(&(pattern, step)) {
            return;
        }
        front.push((pattern, step));
        if self.step(pattern, step) == Some(&Step::Deep) {
            self.reach(front, pattern, step + 1);
        }
    }

    fn step(&self, pattern: usize, step: usize) -> Option<&Step> {
        self.patterns.get(pattern).and_then(|steps| steps.get(step))
    }

    fn after(&self, front: &Front, segment: &Segment) -> Front {
        let mut after = Front::new();
        for (pattern, step) in front {
            match self.step(*pattern, *step) {
                Some(Step::Name(name)) if name == segment => self.reach(&mut after, *pattern, step + 1),
                Some(Step::Any) => self.reach(&mut after, *pattern, step + 1),
                Some(Step::Deep) => self.reach(&mut after, *pattern, *step),
                Some(Step::Name(_)) | None => {}
            }
        }
        after
    }

    fn names(&self, front: &Front, segment: &Segment) -> bool {
        let is_named = |(pattern, step): &(usize, usize)| matches!(self.step(*pattern, *step), Some(Step::Name(name)) if name == segment);
        front.iter().any(is_named)
    }

    /// `is_inside`: of something hidden that is looked into for what is revealed in it.
    fn verdict(&self, front: &Front, path: &[Segment], is_inside: bool) -> Verdict {
        if self.revealed.iter().any(|revealed| path.starts_with(revealed)) {
            return Verdict::Shown;
        }
        let is_hit = is_inside || front.iter().any(|(pattern, step)| self.step(*pattern, *step).is_none());
        let holds_revealed = || self.revealed.iter().any(|revealed| revealed.starts_with(path));
        match is_hit {
            true if holds_revealed() => Verdict::Looked,
            true => Verdict::Hidden,
            false if front.is_empty() => Verdict::Shown,
            false => Verdict::Looked,
        }
    }
}

fn hidden_json() -> Vec<u8> {
    format!("\"{}\"", Redacted::SHOWN).into_bytes()
}

/// A walk through a value.
struct Walk<'a> {
    places: Places<'a>,
}

impl<'a> Walk<'a> {
    fn new(cover: &'a Cover) -> Walk<'a> {
        Walk {
            places: Places::new(cover),
        }
    }

    /// `None`: it is shown as it is.
    fn covered(&mut self, value: &Value) -> Option<Value> {
        let verdict = self.places.enter();
        let covered = match (verdict, value) {
            (Verdict::Shown, _) => None,
            (Verdict::Hidden, _) => Some(Value::Redacted(Redacted::new(value.clone()))),
            (Verdict::Looked, Value::Object(object)) => self.object(object),
            (Verdict::Looked, Value::Array(array)) => self.array(array),
            (Verdict::Looked, Value::Repeated(values)) => self.repeated(values),
            // Nothing can be revealed inside of a single value.
            (Verdict::Looked, _) if self.places.is_hit() => Some(Value::Redacted(Redacted::new(value.clone()))),
            (Verdict::Looked, _) => None,
        };
        self.places.leave();
        covered
    }

    fn object(&mut self, object: &Object) -> Option<Value> {
        self.places.open(false);
        let mut covered: Option<Object> = None;
        let mut member = |walk: &mut Walk<'a>, key: &Text, value: &Value| {
            walk.places.name_segment(Segment::from_key(key));
            if let Some(value) = walk.covered(value) {
                covered.get_or_insert_with(|| object.clone()).insert(key.clone(), value);
            }
        };
        match self.places.names_ahead() {
            Some(names) => {
                for key in names {
                    if let Some(value) = object.find(&key) {
                        member(self, &key, value);
                    }
                }
            }
            None => object.iter().for_each(|(key, value)| member(self, key, value)),
        }
        self.places.close();
        covered.map(Value::Object)
    }

    fn array(&mut self, array: &Array) -> Option<Value> {
        self.places.open(true);
        let mut covered: Option<Array> = None;
        for (index, element) in array.iter().enumerate() {
            if let Some(value) = self.covered(element)
                && let Some(slot) = covered.get_or_insert_with(|| array.clone()).get_mut(index)
            {
                *slot = value;
            }
        }
        self.places.close();
        covered.map(Value::Array)
    }

    /// All values of a repeated key stand at the place of the key.
    fn repeated(&mut self, values: &Array) -> Option<Value> {
        let covered = |walk: &mut Walk<'a>, value: &Value| match value {
            Value::Object(object) => walk.object(object),
            Value::Array(array) => walk.array(array),
            _ if walk.places.is_hit() => Some(Value::Redacted(Redacted::new(value.clone()))),
            _ => None,
        };
        let all = values
            .iter()
            .map(|value| covered(self, value).unwrap_or_else(|| value.clone()));
        Some(Value::Repeated(all.collect()))
    }
}

/// Where a walk is, from the root, and how far the patterns have come there. [`Places::enter`] and [`Places::leave`]
/// stand around each value, [`Places::open`] and [`Places::close`] around the inside of a container.
pub struct Places<'a> {
    cover: &'a Cover,
    path: Vec<Segment>,
    levels: Vec<Level>,
    next: Option<Segment>,
}

struct Level {
    front: Front,
    is_inside: bool,
    /// A pattern leads to it, or to an array that it is an element of.
    is_at: bool,
    /// A pattern names the last step to it, and does not mean any.
    is_named: bool,
    /// The index of the next element; `None` in an object, and before the container is opened.
    next_index: Option<usize>,
}

impl<'a> Places<'a> {
    pub fn new(cover: &'a Cover) -> Places<'a> {
        Places {
            cover,
            path: Vec::new(),
            levels: Vec::new(),
            next: None,
        }
    }

    /// The next value is the member of this key.
    pub fn name(&mut self, key: Text) {
        self.name_segment(Segment::from_key(&key));
    }

    /// A value begins: a member that was named, the next element, or the root.
    pub fn enter(&mut self) -> Verdict {
        let level = match self.levels.last_mut() {
            None => Level {
                front: self.cover.start(),
                is_inside: false,
                is_at: false,
                is_named: false,
                next_index: None,
            },
            Some(above) => {
                let segment = self.next.take().unwrap_or_else(|| {
                    let index = above.next_index.unwrap_or(0);
                    above.next_index = Some(index + 1);
                    Segment::from_index(index)
                });
                let front = self.cover.after(&above.front, &segment);
                let is_named = self.cover.names(&above.front, &segment);
                self.path.push(segment);
                Level {
                    front,
                    is_inside: above.is_inside,
                    is_at: above.is_at && above.next_index.is_some(),
                    is_named,
                    next_index: None,
                }
            }
        };
        let verdict = self.cover.verdict(&level.front, &self.path, level.is_inside);
        let is_led_to = level
            .front
            .iter()
            .any(|(pattern, step)| self.cover.step(*pattern, *step).is_none());
        self.levels.push(Level {
            is_inside: level.is_inside || is_led_to,
            is_at: level.is_at || is_led_to,
            ..level
        });
        verdict
    }

    /// Whether the value that began last, or one around it, is hidden but for what is revealed in it.
    fn is_hit(&self) -> bool {
        self.levels.last().is_some_and(|level| level.is_inside)
    }

    /// Whether a pattern leads to the value that began last, or to an array that it is an element of: to it, and not to
    /// an object around it.
    pub fn is_at(&self) -> bool {
        self.levels.last().is_some_and(|level| level.is_at)
    }

    /// Whether a pattern names the last step to the value that began last. One that means any step does not.
    pub fn is_named(&self) -> bool {
        self.levels.last().is_some_and(|level| level.is_named)
    }

    /// The value ends that began last.
    pub fn leave(&mut self) {
        self.levels.pop();
        self.path.pop();
    }

    /// The value that began last is a container, and what comes is in it.
    pub fn open(&mut self, is_array: bool) {
        if let Some(level) = self.levels.last_mut() {
            level.next_index = is_array.then_some(0);
        }
    }

    fn close(&mut self) {
        self.next = None;
    }

    fn name_segment(&mut self, segment: Segment) {
        self.next = Some(segment);
    }

    /// The only members of the object here that can be hidden; `None`: any may be.
    fn names_ahead(&self) -> Option<Vec<Text>> {
        let level = self.levels.last()?;
        if level.is_inside {
            return None;
        }
        let mut names = Vec::new();
        for (pattern, step) in &level.front {
            match self.cover.step(*pattern, *step)? {
                Step::Name(segment) => names.push(segment.to_key()),
                Step::Any | Step::Deep => return None,
            }
        }
        names.sort();
        names.dedup();
        Some(names)
    }
}

/// The segments of a pointer.
pub fn segments(pointer: &Pointer) -> Vec<Segment> {
    pointer.segments().into_iter().cloned().collect()
}
