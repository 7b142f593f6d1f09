//! A chain and a reducer compiled together: where each path that the rules read stands in the old payload.
//!
//! Then an old event costs one pass as a new one does, and what the rules do not read is never built.

use refold_core::value::{Text, Value};

use super::{Chain, Change, Outcome};
use crate::expr::ir::Ir;
use crate::project::{Malformed, Projection};

/// How to fill the slots of a reducer from a payload of an old version.
#[derive(Debug, Clone)]
pub struct Plan {
    projection: Projection,
    sources: Vec<Source>,
}

/// Where the value of one slot comes from: the first of these paths that is there, else the constant.
#[derive(Debug, Clone)]
struct Source {
    /// Slots of the plan's own projection.
    candidates: Vec<usize>,
    constant: Option<Value>,
}

impl Plan {
    /// As [`Projection::project`].
    pub fn project(&self, payload: &[u8], max_depth: usize, slots: &mut Vec<Option<Value>>) -> Result<(), Malformed> {
        let mut old = Vec::new();
        self.projection.project(payload, max_depth, &mut old)?;
        slots.clear();
        slots.extend(self.sources.iter().map(|source| {
            let found = source
                .candidates
                .iter()
                .find_map(|at| old.get(*at).and_then(Option::as_ref));
            found.cloned().or_else(|| source.constant.clone())
        }));
        Ok(())
    }
}

/// The plan for events that begin at step `first`; `None` when a step computes, retypes, splits or drops, or when a
/// change reaches inside of what is read.
pub fn plan(ir: &Ir, chain: &Chain, first: usize, needs: &[Vec<Text>]) -> Option<Plan> {
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
    let mut paths: Vec<Vec<Text>> = Vec::new();
    let mut sources = Vec::new();
    for need in needs {
        let (found, constant) = origins(ir, &changes, need)?;
        let candidates = found.into_iter().map(|path| {
            paths.iter().position(|known| *known == path).unwrap_or_else(|| {
                paths.push(path);
                paths.len() - 1
            })
        });
        sources.push(Source {
            candidates: candidates.collect(),
            constant,
        });
    }
    Some(Plan {
        projection: Projection::new(&paths),
        sources,
    })
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
