//! Takes the needed paths out of a JSON payload in one pass over its bytes.
//!
//! Only needed values are built; the rest is checked to be JSON and skipped. The answer is the same as that of parsing
//! the whole payload and looking the paths up: of a repeated key the last counts, numbers keep their literal, lone
//! surrogates are kept. It knows nothing of handlers.

mod plain;
mod scan;

#[cfg(test)]
mod tests;

use refold_core::value::{Text, Value};

use scan::{Key, Scanner};
pub use scan::{Malformed, Reason};

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
    members: Vec<(Box<[u8]>, usize)>,
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
                    .find(|(name, _)| **name == *key.as_wtf8())
                    .map(|(_, node)| *node);
                at = known.unwrap_or_else(|| {
                    nodes.push(Needed::default());
                    let new = nodes.len() - 1;
                    nodes[at].members.push((key.as_wtf8().into(), new));
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

    /// Fills `slots` from JSON text; `None` stands for what is missing. Nests at most `max_depth` levels.
    ///
    /// # Errors
    /// When `payload` is no JSON, anywhere in it, or nests too deep; `slots` then hold anything.
    pub fn project(&self, payload: &[u8], max_depth: usize, slots: &mut Vec<Option<Value>>) -> Result<(), Malformed> {
        slots.clear();
        slots.resize(self.slot_count, None);
        let mut scanner = Scanner::new(payload, max_depth)?;
        scanner.skip_blanks();
        self.place(&mut scanner, 0, 0, slots)?;
        scanner.finish()
    }

    /// Fills `slots` from a value that is there already.
    pub fn project_value(&self, payload: &Value, slots: &mut Vec<Option<Value>>) {
        slots.clear();
        slots.resize(self.slot_count, None);
        self.place_value(payload, 0, slots);
    }

    /// Reads the value that the scanner stands at for the place `at`, `depth` levels down.
    fn place(
        &self,
        scanner: &mut Scanner<'_>,
        at: usize,
        depth: usize,
        slots: &mut [Option<Value>],
    ) -> Result<(), Malformed> {
        let needed = &self.nodes[at]; // members point to nodes of this projection only
        for slot in &needed.below {
            // An earlier member of the same key may have filled them.
            slots[*slot] = None; // made by `resize` to `slot_count`
        }
        if let Some(slot) = needed.slot {
            let value = scanner.value(depth)?;
            if !needed.members.is_empty() {
                self.place_members(&value, at, slots);
            }
            slots[slot] = Some(value);
            return Ok(());
        }
        if needed.members.is_empty() || !scanner.stands_at_object() {
            return scanner.skip(depth);
        }
        let depth = scanner.enter(depth)?;
        let mut expected = 0;
        let mut is_first = true;
        while let Some(key) = scanner.next_key(&mut is_first)? {
            match needed.find(&key, &mut expected) {
                Some(member) => self.place(scanner, member, depth, slots)?,
                None => scanner.skip(depth)?,
            }
        }
        Ok(())
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
            if let Some(value) = members.get(key) {
                self.place_value(value, *member, slots);
            }
        }
    }
}

impl Needed {
    /// The member of that name. Payloads of a type keep their order, so the one after the last found is tried first.
    fn find(&self, key: &Key<'_>, expected: &mut usize) -> Option<usize> {
        if let Some((name, member)) = self.members.get(*expected)
            && key.is(name)
        {
            *expected += 1;
            return Some(*member);
        }
        let found = self.members.iter().position(|(name, _)| key.is(name))?;
        *expected = found + 1;
        self.members.get(found).map(|(_, member)| *member)
    }
}
