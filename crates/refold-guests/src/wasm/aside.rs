//! The upcasters that a module brings along. Each is run in a module that was started anew.

use std::fmt;

use refold_core::event::EventView;
use refold_core::port::handler::HandlerFault;
use refold_core::value::Value;

use super::abi;
use super::loaded::Loaded;
use crate::aside::{Idle, Upcaster, Upcasts};
use crate::error::{code, fault};
use crate::undo::Handler as _;

/// See the module.
pub struct ModuleAside(pub(super) Idle<Loaded>);

impl fmt::Debug for ModuleAside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ModuleAside").field(&self.0.handler().identity).finish()
    }
}

impl Upcasts for ModuleAside {
    fn upcast(
        &self,
        upcaster: &Upcaster,
        event: &EventView<'_>,
        stream: &[u8],
        event_type: &[u8],
    ) -> Result<Value, HandlerFault> {
        let mut record = Vec::new();
        abi::write_record(&mut record, stream, event, stream, event_type);
        let answer = self
            .0
            .ask(|guest| guest.aside(upcaster.from, &record, event.recorded_at))?;
        Value::from_json(&answer, self.0.handler().limits().depth).map_err(|error| {
            fault(
                code::HANDLER_TYPE,
                format!("what `refold_upcast` gave is no JSON: {error}"),
            )
        })
    }
}

/// What `refold_upcasters` said.
///
/// # Errors
/// Where it is no such list.
pub(super) fn upcasters_of(json: &[u8]) -> Result<Vec<Upcaster>, HandlerFault> {
    read_upcasters(json).ok_or_else(|| {
        let message = "`refold_upcasters` must give JSON: a list of lists, each of a type and a version";
        fault(code::WASM_ABI, message)
    })
}

/// What `refold_upcasters` says: `[["OrderPlaced",1],…]`. `None`: it is something else.
fn read_upcasters(json: &[u8]) -> Option<Vec<Upcaster>> {
    let Ok(Value::Array(list)) = Value::from_json(json, 2) else {
        return None;
    };
    let one = |entry: &Value| {
        let Value::Array(entry) = entry else { return None };
        let (Some(Value::Text(event_type)), Some(Value::Number(from)), None) =
            (entry.get(0), entry.get(1), entry.get(2))
        else {
            return None;
        };
        Some(Upcaster {
            event_type: event_type.as_wtf8().to_vec(),
            from: from.to_i64().and_then(|from| u32::try_from(from).ok())?,
            text: String::new(),
            function: 0,
        })
    };
    list.iter().map(one).collect()
}
