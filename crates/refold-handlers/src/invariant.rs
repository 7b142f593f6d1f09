//! Invariants: conditions that a state should always meet.
//!
//! They see the state alone. One is an expression, or a function that a script exports. What to do about one that does
//! not hold is the caller's affair.

use std::sync::Arc;

use refold_core::finding::Severity;
use refold_core::port::handler::HandlerFault;
use refold_core::value::Value;
use refold_guests::{Aside, Condition, JsProgram};

use crate::document::{Document, Node, find};
use crate::error::{Mark, PackageError, code};
use crate::expr;
use crate::expr::eval::{Inputs, evaluate_condition};
use crate::expr::ir::{Ir, NodeId};
use crate::expr::meter::Meter;
use crate::expr::parser::parse;
use crate::expr::scope::Scope;
use crate::expr::types::{Type, type_from_schema};
use crate::expr::value::ValueCompiler;
use crate::limits::Limits;
use crate::path::{ArrayKeys, Pattern};

#[cfg(test)]
mod tests;

/// The value of `refold` in a file of invariants.
pub const FORMAT: &str = "invariants/1";

const KNOWN: [&str; 4] = ["id", "expr", "severity", "title"];

/// The invariants of a handler, in the order of the file.
#[derive(Debug)]
pub struct Invariants {
    ir: Ir,
    all: Vec<Invariant>,
}

#[derive(Debug)]
pub struct Invariant {
    pub id: String,
    /// Empty where it has none.
    pub title: String,
    /// Its condition, or its function, as it is written.
    pub text: String,
    pub severity: Severity,
    /// The places of the state that it reads; of a function, which does not say, the whole.
    pub reads: Vec<Pattern>,
    asked: Asked,
}

/// What is asked whether a state meets it.
#[derive(Debug)]
enum Asked {
    Expression(NodeId),
    Function(Condition, Arc<Aside>),
}

impl Default for Invariants {
    fn default() -> Invariants {
        Invariants {
            ir: Ir::new(&"".into(), false),
            all: Vec::new(),
        }
    }
}

impl Invariant {
    /// Whether it is a function: what that says when it fails may quote the state.
    pub fn is_function(&self) -> bool {
        matches!(self.asked, Asked::Function(..))
    }
}

impl Invariants {
    /// Those that a script exports.
    pub fn of_script(program: &JsProgram) -> Invariants {
        let aside = Arc::new(program.aside());
        let all = program.conditions().iter().map(|condition| Invariant {
            id: condition.id.clone(),
            title: condition.title.clone(),
            text: condition.text.clone(),
            severity: condition.severity,
            reads: vec![Pattern::default()],
            asked: Asked::Function(condition.clone(), Arc::clone(&aside)),
        });
        Invariants {
            all: all.collect(),
            ..Invariants::default()
        }
    }

    /// Those under `invariants` in a reducer file. `keys` are the array keys that the reducer declares.
    pub fn of_reducer(document: &Document, keys: &ArrayKeys) -> Result<Invariants, PackageError> {
        let members = document.map(code::PKG_REDUCER, &document.root, "a reducer")?;
        let state = find(members, "state")
            .map(|node| type_from_schema(document, node))
            .transpose()?
            .unwrap_or(Type::Any);
        match find(members, "invariants") {
            Some(list) if !list.is_null() => compile(document, list, state, keys),
            _ => Ok(Invariants::default()),
        }
    }

    /// Those of a file of their own.
    pub fn of_file(document: &Document, keys: &ArrayKeys) -> Result<Invariants, PackageError> {
        let known = ["refold", "invariants"];
        let members = document.members(code::PKG_INVARIANT, &document.root, "a file of invariants", &known)?;
        let format = document.text_member(code::PKG_INVARIANT, members, "refold")?;
        if format.as_deref() != Some(FORMAT) {
            let message = format!("the first line must be `refold: {FORMAT}`");
            return Err(document.error(code::PKG_INVARIANT, document.root.mark, message));
        }
        match find(members, "invariants") {
            Some(list) if !list.is_null() => compile(document, list, Type::Any, keys),
            _ => Ok(Invariants::default()),
        }
    }

    /// One condition that a person wrote, without a file. Its id is its text.
    pub fn of_text(text: &str) -> Result<Invariants, PackageError> {
        let file = "the invariant".into();
        let mark = |at: usize| Mark::from_offset(text, at);
        let error = |at, message: String| PackageError::at(code::PKG_EXPRESSION, &file, mark(at), message);
        let expression = parse(text).map_err(|wrong| error(wrong.at, wrong.message))?;
        let (mut ir, keys) = (Ir::new(&file, false), ArrayKeys::default());
        let mut scope = Scope::new(None, Some(Type::Any), &keys);
        let (condition, of) = expr::compile::compile(&mut ir, &mut scope, &expression, &mark)?;
        if !of.may_be(&Type::Bool) {
            let message = "an invariant is true or false, but this is neither; compare it with something";
            return Err(error(0, message.to_owned()));
        }
        let invariant = Invariant {
            id: text.to_owned(),
            title: String::new(),
            text: text.to_owned(),
            severity: Severity::Error,
            reads: scope.reads.into_iter().collect(),
            asked: Asked::Expression(condition),
        };
        Ok(Invariants {
            ir,
            all: vec![invariant],
        })
    }

    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = &Invariant> {
        self.all.iter()
    }

    pub fn find(&self, id: &str) -> Option<&Invariant> {
        self.all.iter().find(|invariant| invariant.id == id)
    }

    /// Whether `state` meets an invariant of these.
    ///
    /// # Errors
    /// When the condition cannot be evaluated on this state: it is neither met nor broken.
    pub fn holds(&self, invariant: &Invariant, state: &Value, limits: &Limits) -> Result<bool, HandlerFault> {
        let condition = match &invariant.asked {
            Asked::Expression(condition) => *condition,
            Asked::Function(condition, aside) => return aside.holds(condition, state),
        };
        let inputs = Inputs {
            data: &[],
            meta: &[],
            event: None,
            state,
            this: None,
        };
        let mut meter = Meter::new(limits);
        evaluate_condition(&self.ir, condition, &inputs, &mut Vec::new(), &mut meter).map_err(|fault| *fault)
    }
}

fn compile(document: &Document, list: &Node, state: Type, keys: &ArrayKeys) -> Result<Invariants, PackageError> {
    let error = |mark, message: String| document.error(code::PKG_INVARIANT, mark, message);
    let mut ir = Ir::new(&document.file, false);
    let mut all: Vec<Invariant> = Vec::new();
    for node in document.list(code::PKG_INVARIANT, list, "`invariants`")? {
        let members = document.members(code::PKG_INVARIANT, node, "an invariant", &KNOWN)?;
        let (Some(id_node), Some(expression)) = (find(members, "id"), find(members, "expr")) else {
            return Err(error(node.mark, "an invariant needs an `id` and an `expr`".to_owned()));
        };
        let id = document.text(code::PKG_INVARIANT, id_node, "`id`")?.to_owned();
        if all.iter().any(|known| known.id == id) {
            return Err(error(id_node.mark, format!("the id `{id}` occurs twice; rename one")));
        }
        let severity = match find(members, "severity")
            .map(|node| (node, document.text(code::PKG_INVARIANT, node, "`severity`")))
        {
            None | Some((_, Ok("error"))) => Severity::Error,
            Some((_, Ok("warning"))) => Severity::Warning,
            Some((_, Ok("notice"))) => Severity::Notice,
            Some((node, found)) => {
                let message = format!("`severity` is `error`, `warning` or `notice`, not `{}`", found?);
                return Err(error(node.mark, message));
            }
        };
        // What a person reads of it; one that is no text is said below, or is none.
        let words = |node| {
            document
                .text(code::PKG_INVARIANT, node, "this")
                .unwrap_or_default()
                .to_owned()
        };
        let (title, text) = (find(members, "title").map(words).unwrap_or_default(), words(expression));
        let mut scope = Scope::new(None, Some(state.clone()), keys);
        let condition = ValueCompiler {
            document,
            ir: &mut ir,
            scope: &mut scope,
        }
        .condition(expression)?;
        all.push(Invariant {
            id,
            title,
            text,
            severity,
            reads: scope.reads.into_iter().collect(),
            asked: Asked::Expression(condition),
        });
    }
    Ok(Invariants { ir, all })
}
