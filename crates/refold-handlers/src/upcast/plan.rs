//! A chain and a reducer compiled together: where each path that the rules read stands in the old payload.
//!
//! Then one pass over an old payload finds what tells its version and what the rules read, and what they do not read is
//! never built.

use refold_core::value::{Text, Value};
use smallvec::SmallVec;

use super::{Chain, Change, Outcome};
use crate::expr::ir::Ir;

/// How the slots of a new payload come from those of an old one, which hold its paths beside the new ones.
#[derive(Debug, Clone)]
pub struct Plan {
    /// For each slot that is not the same in both.
    sources: Vec<Source>,
}

/// Where the value of one slot comes from: the first of these slots that is filled, else the constant.
#[derive(Debug, Clone)]
struct Source {
    slot: usize,
    candidates: Vec<usize>,
    constant: Option<Value>,
}

impl Plan {
    /// Makes the slots of the new payload of those of the old one.
    pub fn apply(&self, slots: &mut [Option<Value>]) {
        let made = self.sources.iter().map(|source| {
            let mut old = source.candidates.iter();
            let found = old.find_map(|at| slots.get(*at).and_then(Option::as_ref));
            found.cloned().or_else(|| source.constant.clone())
        });
        // All before the first is replaced: a slot may be what another comes from.
        let made: SmallVec<[Option<Value>; 4]> = made.collect();
        for (source, value) in self.sources.iter().zip(made) {
            if let Some(slot) = slots.get_mut(source.slot) {
                *slot = value;
            }
        }
    }
}

/// The plan for events that begin at step `first`; `None` when a step computes, retypes, splits or drops, or when a
/// change reaches inside of what is read. `paths` are those of the slots, of which the rules read the first `needed`;
/// those of the old payload that are not among them are added.
pub fn plan(ir: &Ir, chain: &Chain, first: usize, needed: usize, paths: &mut Vec<Vec<Text>>) -> Option<Plan> {
    let mut changes = Vec::new();
    let mut step = chain.steps.get(first)?;
    loop {
        if !matches!(step.outcome, Outcome::Keep) {
            return None;
        }
        changes.extend(&step.changes);
        match chain.step_at(step.to).and_then(|next| chain.steps.get(next)) {
            Some(next) => step = next,
            None => break,
        }
    }
    let origins = paths.iter().take(needed).map(|need| origins(ir, &changes, need));
    let origins: Vec<_> = origins.collect::<Option<_>>()?;
    let mut sources = Vec::new();
    for (slot, (found, constant)) in origins.into_iter().enumerate() {
        let candidates = found.into_iter().map(|path| {
            paths.iter().position(|known| *known == path).unwrap_or_else(|| {
                paths.push(path);
                paths.len() - 1
            })
        });
        let candidates: Vec<usize> = candidates.collect();
        if candidates != [slot] || constant.is_some() {
            sources.push(Source {
                slot,
                candidates,
                constant,
            });
        }
    }
    Some(Plan { sources })
}

/// Follows a path of the new payload back through the changes: where it may stand in the old one, in order of
/// preference, and the constant that it has else.
fn origins(ir: &Ir, changes: &[&Change], need: &[Text]) -> Option<(Vec<Vec<Text>>, Option<Value>)> {
    let mut candidates = vec![need.to_vec()];
    let mut constant = None;
    for change in changes.iter().rev() {
        let mut before = Vec::new();
        for path in candidates {
            match change {
                Change::Rename { from, to } => {
                    if path == *to {
                        before.push(from.clone());
                        before.push(path);
                    } else if is_related(&path, to) {
                        return None;
                    } else if path.starts_with(from) {
                        // It was moved away, or was not there.
                    } else if is_related(&path, from) {
                        return None;
                    } else {
                        before.push(path);
                    }
                }
                Change::Default { path: set, value } => {
                    let is_set = path == *set;
                    if !is_set && is_related(&path, set) {
                        return None;
                    }
                    before.push(path);
                    if is_set {
                        constant = Some(ir.constant(*value)?.clone());
                        break;
                    }
                }
                Change::Set { path: set, value } => {
                    if path == *set {
                        constant = Some(ir.constant(*value)?.clone());
                        break;
                    }
                    if is_related(&path, set) {
                        return None;
                    }
                    before.push(path);
                }
                Change::Remove { path: removed } => {
                    if path.starts_with(removed) {
                        continue;
                    }
                    if removed.starts_with(&path) {
                        return None;
                    }
                    before.push(path);
                }
            }
        }
        candidates = before;
    }
    Some((candidates, constant))
}

/// One is inside the other.
fn is_related(a: &[Text], b: &[Text]) -> bool {
    a.starts_with(b) || b.starts_with(a)
}
