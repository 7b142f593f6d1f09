//! Chains whose steps are functions of a handler in code: the handler says which there are, and each is called with one
//! event.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use refold_core::event::EventView;
use refold_core::port::handler::HandlerFault;
use refold_core::value::Value;
use refold_guests::{Upcaster, Upcasts};

use super::compile::checked;
use super::{Chain, Finder, Outcome, Step, Stored, Upcasters};
use crate::error::{Mark, PackageError, code};
use crate::expr::eval::EventFacts;
use crate::expr::ir::Ir;
use crate::expr::scope::EventNeeds;
use crate::project::Projection;

/// A step that a handler has as code.
pub struct CodedStep {
    pub event_type: Vec<u8>,
    /// It leads to the next version.
    pub from: u32,
    /// Where the function stands in its file.
    pub mark: Mark,
    pub code: Arc<dyn Coded>,
}

/// The function of a step.
pub trait Coded: fmt::Debug + Send + Sync {
    /// What it makes of an event that has come to `payload`: the payload of the next version, null for an event that is
    /// dropped, or a list of `{ type, data }`.
    fn make(&self, stored: &Stored<'_>, event_type: &[u8], payload: &Value) -> Result<Value, HandlerFault>;
}

/// The steps of these upcasters. `source`: the text of a script, in which they have their places.
pub fn steps_of(upcasters: &[Upcaster], runs: Arc<dyn Upcasts>, source: &str) -> Vec<CodedStep> {
    let step = |upcaster: &Upcaster| CodedStep {
        event_type: upcaster.event_type.clone(),
        from: upcaster.from,
        mark: Mark::from_offset(source, source.find(&upcaster.text).unwrap_or(0)),
        code: Arc::new(OfHandler {
            runs: Arc::clone(&runs),
            upcaster: upcaster.clone(),
        }),
    };
    upcasters.iter().map(step).collect()
}

#[derive(Debug)]
struct OfHandler {
    runs: Arc<dyn Upcasts>,
    upcaster: Upcaster,
}

impl Coded for OfHandler {
    fn make(&self, stored: &Stored<'_>, event_type: &[u8], payload: &Value) -> Result<Value, HandlerFault> {
        let EventFacts { view, stream, .. } = stored.facts;
        let json = payload.to_canonical();
        let event = EventView {
            payload: Some(&json),
            ..*view
        };
        self.runs.upcast(&self.upcaster, &event, stream, event_type)
    }
}

/// The upcasters that the handler in `file` brings along. `wanted` are the versions that its manifest expects. Versions
/// are found as where a file of upcasters does not say how.
pub fn of_code(
    file: &Arc<str>,
    steps: Vec<CodedStep>,
    wanted: &BTreeMap<String, u32>,
) -> Result<Upcasters, PackageError> {
    let nothing = EventNeeds::default();
    let mut by_type: BTreeMap<Vec<u8>, Vec<Step>> = BTreeMap::new();
    for CodedStep {
        event_type,
        from,
        mark,
        code: function,
    } in steps
    {
        let to = from
            .checked_add(1)
            .ok_or_else(|| PackageError::at(code::PKG_UPCASTER, file, mark, "a version is less than 2^32 - 1"))?;
        let steps = by_type.entry(event_type).or_default();
        if steps.iter().any(|known| known.from == from) {
            let message = format!("two upcasters begin at version {from}; join them");
            return Err(PackageError::at(code::PKG_UPCASTER, file, mark, message));
        }
        steps.push(Step {
            mark,
            from,
            to,
            shape: None,
            changes: Vec::new(),
            outcome: Outcome::Code(function),
            data: Projection::new(&nothing.data),
            meta: Projection::new(&nothing.meta),
        });
    }
    let mut chains = BTreeMap::new();
    for (event_type, mut steps) in by_type {
        steps.sort_by_key(|step| step.from);
        let declared = std::str::from_utf8(&event_type).ok().and_then(|name| wanted.get(name));
        let highest = steps.last().map_or(1, |step| step.to);
        let chain = Chain {
            wanted: declared.copied().unwrap_or(highest),
            is_declared: declared.is_some(),
            steps,
            finders: vec![Finder::Column],
            seed: EventNeeds::default(),
            locals: 0,
        };
        chains.insert(event_type, Arc::new(chain));
    }
    checked(Upcasters {
        ir: Ir::new(file, false),
        chains,
        strips_suffix: true,
    })
}

/// The events that the answer of a step stands for, type and payload; `None`: it stands for nothing. Null is a
/// dropped event, whatever its data was: data that stays null, or a list, is given in a list.
pub(super) fn parts_of(event_type: &[u8], made: Value) -> Option<Vec<(Vec<u8>, Value)>> {
    let part = |part: &Value| {
        let Value::Object(part) = part else { return None };
        let Some(Value::Text(event_type)) = part.get(b"type") else {
            return None;
        };
        if part
            .iter()
            .any(|(key, _)| ![&b"type"[..], b"data"].contains(&key.as_wtf8()))
        {
            return None;
        }
        let data = part.get(b"data").cloned().unwrap_or_default();
        Some((event_type.as_wtf8().to_vec(), data))
    };
    match made {
        Value::Null => Some(Vec::new()),
        Value::Array(parts) => parts.iter().map(part).collect(),
        payload => Some(vec![(event_type.to_vec(), payload)]),
    }
}
