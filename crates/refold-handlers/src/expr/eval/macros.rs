//! How an expression goes through a list: `all`, `exists`, `exists_one`, `filter`, `map`.

use refold_core::value::{Array, Value};

use super::{Evaluation, Fault, Seen, exhausted};
use crate::expr::ir::{MacroKind, NodeId};

impl<'v> Evaluation<'_, 'v> {
    /// Binds each element (of an object: each key) to `local`, and asks `body`.
    pub(super) fn run_macro(
        &mut self,
        id: NodeId,
        kind: MacroKind,
        list: NodeId,
        local: u16,
        keep: Option<NodeId>,
        body: NodeId,
    ) -> Result<Seen<'v>, Fault> {
        let list_value = self.value(list)?;
        let elements: Box<dyn Iterator<Item = Value> + '_> = match list_value.get() {
            Value::Array(values) => Box::new(values.iter().map(|value| value.resolved().clone())),
            Value::Object(members) => Box::new(members.iter().map(|(key, _)| Value::Text(key.clone()))),
            other => return Err(self.wrong(list, "this macro needs an array or an object", other)),
        };
        let local = usize::from(local);
        if self.locals.len() <= local {
            self.locals.resize(local + 1, Value::Null);
        }
        let mut found = 0_usize;
        let mut made = Array::default();
        for element in elements {
            self.meter.step().map_err(|spent| exhausted(self.ir, id, spent))?;
            if let Some(kept) = self.locals.get_mut(local) {
                *kept = element.clone();
            }
            if let Some(keep) = keep
                && !self.truth(keep)?
            {
                continue;
            }
            match kind {
                MacroKind::All if !self.truth(body)? => return Ok(Seen::Made(Value::Bool(false))),
                MacroKind::Exists if self.truth(body)? => return Ok(Seen::Made(Value::Bool(true))),
                MacroKind::All | MacroKind::Exists => {}
                MacroKind::ExistsOne => found += usize::from(self.truth(body)?),
                MacroKind::Filter => {
                    if self.truth(body)? {
                        self.allocate(id, 32)?;
                        made.push(element);
                    }
                }
                MacroKind::Map => {
                    let value = self.value(body)?.into_value();
                    self.allocate(id, 32)?;
                    made.push(value);
                }
            }
        }
        Ok(Seen::Made(match kind {
            MacroKind::All => Value::Bool(true),
            MacroKind::Exists => Value::Bool(false),
            MacroKind::ExistsOne => Value::Bool(found == 1),
            MacroKind::Filter | MacroKind::Map => Value::Array(made),
        }))
    }
}
