//! A value that an expression makes of a state, as a column of a read model holds one.

use refold_core::port::handler::HandlerFault;
use refold_core::value::Value;

use crate::error::{Mark, PackageError, code};
use crate::expr::compile::compile;
use crate::expr::eval::{Inputs, Seen, evaluate};
use crate::expr::ir::{Ir, NodeId};
use crate::expr::meter::Meter;
use crate::expr::parser::parse;
use crate::expr::scope::Scope;
use crate::expr::types::Type;
use crate::limits::Limits;
use crate::path::ArrayKeys;

#[cfg(test)]
mod tests;

/// A compiled expression over `state`.
#[derive(Debug)]
pub struct Computed {
    ir: Ir,
    value: NodeId,
    limits: Limits,
}

impl Computed {
    /// # Errors
    /// With the column, counted from 1, at which the text is wrong.
    pub fn compile(text: &str) -> Result<Computed, PackageError> {
        let file = "the expression".into();
        let mark = |at: usize| Mark::from_offset(text, at);
        let error = |at, message: String| PackageError::at(code::PKG_EXPRESSION, &file, mark(at), message);
        let expression = parse(text).map_err(|wrong| error(wrong.at, wrong.message))?;
        let (mut ir, keys) = (Ir::new(&file, false), ArrayKeys::default());
        let mut scope = Scope::new(None, Some(Type::Any), &keys);
        let (value, _) = compile(&mut ir, &mut scope, &expression, &mark)?;
        Ok(Computed {
            ir,
            value,
            limits: Limits::DEFAULT,
        })
    }

    /// # Errors
    /// When the expression cannot be evaluated on this state: it adds text to a number, say.
    pub fn value(&self, state: &Value) -> Result<Value, HandlerFault> {
        let inputs = Inputs {
            data: &[],
            meta: &[],
            event: None,
            state,
            this: None,
        };
        let mut meter = Meter::new(&self.limits);
        let value = evaluate(&self.ir, self.value, &inputs, &mut Vec::new(), &mut meter);
        value.map(Seen::into_value).map_err(|fault| *fault)
    }
}
