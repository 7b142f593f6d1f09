//! A condition on events, as a search or a list is narrowed by: the expressions of handlers, without a state.

use refold_core::event::{Columns, EventView};
use refold_core::names::Names;
use refold_core::port::handler::HandlerFault;
use refold_core::value::Value;

use crate::error::{Mark, PackageError, code};
use crate::expr::compile::compile;
use crate::expr::eval::{EventFacts, Inputs, evaluate_condition};
use crate::expr::ir::{Ir, NodeId};
use crate::expr::meter::Meter;
use crate::expr::parser::parse;
use crate::expr::scope::{EventNeeds, Scope};
use crate::expr::types::Type;
use crate::limits::Limits;
use crate::path::ArrayKeys;
use crate::project::{Projection, Reason};

#[cfg(test)]
mod tests;

/// A compiled condition. Only the payload paths that it names are read.
#[derive(Debug)]
pub struct EventFilter {
    ir: Ir,
    condition: NodeId,
    data: Projection,
    meta: Projection,
    needs_id: bool,
    limits: Limits,
}

impl EventFilter {
    /// # Errors
    /// With the column, counted from 1, at which the text is wrong.
    pub fn compile(text: &str) -> Result<EventFilter, PackageError> {
        let file = "the condition".into();
        let mark = |at: usize| Mark::from_offset(text, at);
        let error = |at, message: String| PackageError::at(code::PKG_EXPRESSION, &file, mark(at), message);
        let expression = parse(text).map_err(|wrong| error(wrong.at, wrong.message))?;
        let (mut ir, mut needs, keys) = (Ir::new(&file, false), EventNeeds::default(), ArrayKeys::default());
        let mut scope = Scope::new(Some(&mut needs), None, &keys);
        let (condition, of) = compile(&mut ir, &mut scope, &expression, &mark)?;
        if !of.may_be(&Type::Bool) {
            return Err(error(
                0,
                "a condition is true or false, but this is neither; compare it with something".to_owned(),
            ));
        }
        Ok(EventFilter {
            ir,
            condition,
            data: Projection::new(&needs.data),
            meta: Projection::new(&needs.meta),
            needs_id: needs.needs_id,
            limits: Limits::default(),
        })
    }

    /// The columns that an event must have for it.
    pub fn columns(&self) -> Columns {
        Columns {
            payload: !self.data.is_empty(),
            metadata: !self.meta.is_empty(),
            envelope: self.needs_id,
            row: false,
        }
    }

    /// Whether the event meets the condition.
    ///
    /// # Errors
    /// When the condition cannot be evaluated on this event: it compares text with a number, say, or reads a payload that
    /// is not well-formed JSON.
    pub fn matches(&self, event: &EventView<'_>, names: &Names) -> Result<bool, HandlerFault> {
        let (mut data, mut meta) = (Vec::new(), Vec::new());
        self.project("payload", &self.data, event.payload, &mut data)?;
        self.project("metadata", &self.meta, event.metadata, &mut meta)?;
        let null = Value::Null;
        let facts = EventFacts {
            view: event,
            stream: names.stream(event.stream),
            event_type: names.type_name(event.event_type),
        };
        let inputs = Inputs {
            data: &data,
            meta: &meta,
            event: Some(facts),
            state: &null,
            this: None,
        };
        let mut meter = Meter::new(&self.limits);
        evaluate_condition(&self.ir, self.condition, &inputs, &mut Vec::new(), &mut meter).map_err(|fault| *fault)
    }
    /// Reads what the condition asks of a part of an event.
    fn project(
        &self,
        part: &str,
        projection: &Projection,
        bytes: Option<&[u8]>,
        slots: &mut Vec<Option<Value>>,
    ) -> Result<(), HandlerFault> {
        if projection.is_empty() {
            return Ok(());
        }
        let read = projection.project(bytes.unwrap_or(b"null"), self.limits.depth, slots);
        read.map_err(|error| HandlerFault {
            code: match error.reason {
                Reason::Depth => code::EVENT_DEPTH,
                _ => code::EVENT_MALFORMED,
            },
            message: format!("its {part} cannot be read as JSON: {error}"),
            place: None,
        })
    }
}
