//! Takes the needed paths out of a JSON payload in one pass over its bytes.
//!
//! Only needed values are built; the rest is checked to be JSON and skipped. The answer is the same as that of parsing
//! the whole payload and looking the paths up: of a repeated key the last counts, numbers keep their literal, lone
//! surrogates are kept. It knows nothing of handlers.

mod layouts;
mod plain;
mod scan;

#[cfg(test)]
mod tests;

use refold_core::value::{Text, Value};

pub use layouts::Layouts;
use plain::Name;
pub use scan::{Malformed, Reason};
use scan::{Next, Scanned, Scanner, unescaped};

/// What a projection fills: a value for each path, `None` where the payload has none.
pub type Slots = Vec<Option<Value>>;

/// A compiled set of paths. The n-th path fills the n-th slot.
#[derive(Debug, Clone)]
pub struct Projection {
    /// The first is the root.
    nodes: Vec<Needed>,
    slot_count: usize,
}

/// A place in the payload that some path goes through or ends at.
#[derive(Debug, Clone, Default)]
struct Needed {
    members: Vec<(Name, usize)>,
    /// A bit for each length that a name of the members has; lengths from 63 on share one.
    lengths: u64,
    slot: Option<usize>,
    /// The slots of all places below.
    below: Vec<usize>,
}

impl Projection {
    /// `paths` are member names from the root; the empty path is the whole payload. No path occurs twice.
    pub fn new(paths: &[Vec<Text>]) -> Projection {
        let mut nodes = vec![Needed::default()];
        for (slot, path) in paths.iter().enumerate() {
            let mut at = 0;
            for key in path {
                nodes[at].below.push(slot); // `at` was 0 or pushed below
                let known = nodes[at]
                    .members
                    .iter()
                    .find(|(name, _)| name.is(key.as_wtf8()))
                    .map(|(_, node)| *node);
                at = known.unwrap_or_else(|| {
                    nodes.push(Needed::default());
                    let new = nodes.len() - 1;
                    nodes[at].members.push((Name::new(key.as_wtf8()), new));
                    nodes[at].lengths |= length_bit(key.as_wtf8());
                    new
                });
            }
            nodes[at].slot = Some(slot);
        }
        Projection {
            nodes,
            slot_count: paths.len(),
        }
    }

    /// Nothing is needed.
    pub fn is_empty(&self) -> bool {
        self.slot_count == 0
    }

    /// Fills `slots` from JSON text; `None` stands for what is missing. Slots beyond those of the paths keep what they
    /// hold. Nests at most `max_depth` levels.
    ///
    /// # Errors
    /// When `payload` is no JSON, anywhere in it, or nests too deep; `slots` then hold anything.
    pub fn project(&self, payload: &[u8], max_depth: usize, slots: &mut Slots) -> Result<(), Malformed> {
        self.make_room(slots);
        let mut scanner = Scanner::new(payload, max_depth)?;
        self.place_payload(&mut scanner, slots).map_err(|_| scanner.malformed())
    }

    /// Fills `slots` from a value that is there already.
    pub fn project_value(&self, payload: &Value, slots: &mut Slots) {
        self.make_room(slots);
        slots.fill(None);
        self.place_value(payload, 0, slots);
    }

    /// Makes a slot for each path; what is in them stays for [`Projection::place`] to replace.
    #[inline]
    fn make_room(&self, slots: &mut Slots) {
        if slots.len() < self.slot_count {
            slots.resize(self.slot_count, None);
        }
    }

    fn place_payload(&self, scanner: &mut Scanner<'_>, slots: &mut [Option<Value>]) -> Scanned<()> {
        let at = scanner.blanks(0);
        let at = self.place(scanner, 0, at, 0, slots)?;
        scanner.finish(at)
    }

    /// Reads the value that begins at `at` for the place `node`, `depth` levels down; gives the place behind it.
    fn place(
        &self,
        scanner: &mut Scanner<'_>,
        node: usize,
        at: usize,
        depth: usize,
        slots: &mut [Option<Value>],
    ) -> Scanned<usize> {
        let needed = &self.nodes[node]; // members point to nodes of this projection only
        for slot in &needed.below {
            // What the event before or an earlier member of the same key left there.
            slots[*slot] = None; // made by `make_room`
        }
        if let Some(slot) = needed.slot {
            let end = scanner.value(at, depth, &mut slots[slot])?;
            if !needed.members.is_empty()
                && let Some(value) = slots[slot].clone()
            {
                self.place_members(&value, node, slots);
            }
            return Ok(end);
        }
        if needed.members.is_empty() || !scanner.stands_at_object(at) {
            return scanner.skip(at, depth);
        }
        let mut next = scanner.enter(at, depth, b'}')?;
        let mut expected = 0;
        loop {
            match next {
                Next::End(end) => return Ok(end),
                Next::At(at) => {
                    let (member, end) = needed.member(scanner, at, &mut expected)?;
                    let at = scanner.member_value(end)?;
                    let end = match member {
                        None => scanner.skip(at, depth + 1)?,
                        Some(member) => match &self.nodes[member] {
                            // A path ends here, and none goes on.
                            leaf @ Needed { slot: Some(slot), .. } if leaf.members.is_empty() => {
                                scanner.value(at, depth + 1, &mut slots[*slot])?
                            }
                            _ => self.place(scanner, member, at, depth + 1, slots)?,
                        },
                    };
                    next = scanner.next(end, b'}')?;
                }
            }
        }
    }

    fn place_value(&self, value: &Value, at: usize, slots: &mut [Option<Value>]) {
        if let Some(slot) = self.nodes[at].slot {
            slots[slot] = Some(value.resolved().clone());
        }
        self.place_members(value, at, slots);
    }

    fn place_members(&self, value: &Value, at: usize, slots: &mut [Option<Value>]) {
        let Value::Object(members) = value.resolved() else {
            return;
        };
        for (key, member) in &self.nodes[at].members {
            if let Some(value) = members.get(key.as_bytes()) {
                self.place_value(value, *member, slots);
            }
        }
    }
}

impl Needed {
    /// Which member the key that begins at `at` names, and the place behind the key. Payloads of a type keep their order,
    /// so the one after the last found is tried first.
    #[inline(always)]
    fn member(&self, scanner: &mut Scanner<'_>, at: usize, expected: &mut usize) -> Scanned<(Option<usize>, usize)> {
        let at = scanner.open_key(at)?;
        if let Some((name, member)) = self.members.get(*expected)
            && let Some(end) = name.end_at(scanner.bytes(), at)
        {
            *expected += 1;
            return Ok((Some(*member), end));
        }
        let (end, has_escape) = scanner.text_end(at)?;
        let written = scanner.written(at, end);
        let found = if has_escape {
            let key = unescaped(written);
            self.members.iter().position(|(name, _)| name.is(&key))
        } else if self.lengths & length_bit(written) == 0 {
            None
        } else {
            self.members.iter().position(|(name, _)| name.is(written))
        };
        let Some(found) = found else {
            return Ok((None, end));
        };
        *expected = found + 1;
        Ok((self.members.get(found).map(|(_, member)| *member), end))
    }
}

fn length_bit(key: &[u8]) -> u64 {
    1 << key.len().min(63)
}
