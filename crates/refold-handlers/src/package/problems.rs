//! What is wrong with a version beyond the first fault, for a person who corrects it: each file is looked at by itself, and
//! of rules and invariants each one, because none of them depends on another.

use std::sync::Arc;

use super::{INVARIANTS, ManifestVersion, Package, REDUCER, Runtime, UPCASTERS, read_file};
use crate::document::{Body, Document};
use crate::error::{Mark, PackageError};
use crate::invariant::Invariants;
use crate::{reducer, upcast};

#[cfg(test)]
mod tests;

/// More at once help nobody.
const MOST: usize = 20;

impl Package {
    /// What is wrong with the rules, upcasters and invariants of a version: none of it follows from something else that is.
    pub fn problems(&self, version: &ManifestVersion) -> Vec<PackageError> {
        let mut problems = Vec::new();
        let document = |name: &str, problems: &mut Vec<PackageError>| {
            let path = self.folder.join(&version.path).join(name);
            let place: Arc<str> = Arc::from(format!("{}/{name}", version.path));
            let read = || Document::from_yaml(&place, &read_file(&path)?);
            let read = path.exists().then(read).transpose();
            read.unwrap_or_else(|error| {
                problems.push(error);
                None
            })
        };
        let upcasters = document(UPCASTERS, &mut problems);
        let upcasters = upcast::compile(upcasters.as_ref(), &version.events).unwrap_or_else(|error| {
            problems.push(error);
            Default::default()
        });
        // Code has no keys of arrays; where rules cannot be compiled theirs are not known.
        let mut keys = (version.runtime != Runtime::Declarative).then(Default::default);
        if version.runtime == Runtime::Declarative
            && let Some(mut reducer) = document(REDUCER, &mut problems)
        {
            let compiled = each(&mut reducer, "on", &mut problems, |reducer| {
                reducer::compile::compile(reducer, upcasters.seeds())
            });
            if let Some(rules) = &compiled {
                each(&mut reducer, "invariants", &mut problems, |reducer| {
                    Invariants::of_reducer(reducer, &rules.keys)
                });
            }
            keys = compiled.map(|rules| rules.keys);
        }
        if let Some(mut invariants) = document(INVARIANTS, &mut problems)
            && let Some(keys) = &keys
        {
            each(&mut invariants, "invariants", &mut problems, |invariants| {
                Invariants::of_file(invariants, keys)
            });
        }
        problems
    }
}

/// What comes of a document without those entries of `part` that are wrong; each is told. `None`: something else is.
fn each<Made>(
    document: &mut Document,
    part: &str,
    problems: &mut Vec<PackageError>,
    compile: impl Fn(&Document) -> Result<Made, PackageError>,
) -> Option<Made> {
    loop {
        let error = match compile(document) {
            Ok(made) => return Some(made),
            Err(error) => error,
        };
        let mark = error.place.as_ref().map(|place| place.mark);
        problems.push(error);
        if problems.len() >= MOST || !mark.is_some_and(|mark| take_out(document, part, mark)) {
            return None;
        }
    }
}

/// Takes the entry of `part` out of a document in which a mark stands. `false`: it stands in none.
fn take_out(document: &mut Document, part: &str, mark: Mark) -> bool {
    let Body::Map(members) = &mut document.root.body else {
        return false;
    };
    // In the order of the file, so that the last one that begins before the mark has it.
    let Some((key, node)) = members.iter_mut().rfind(|(key, _)| key.mark <= mark) else {
        return false;
    };
    if key.text != part {
        return false;
    }
    match &mut node.body {
        Body::Map(entries) => {
            let at = entries.iter().rposition(|(key, _)| key.mark <= mark);
            at.map(|at| entries.remove(at)).is_some()
        }
        Body::List(entries) => {
            let at = entries.iter().rposition(|entry| entry.mark <= mark);
            at.map(|at| entries.remove(at)).is_some()
        }
        Body::Scalar(_) => false,
    }
}
