//! Values in a document: an expression where it has text, plain data else.

use refold_core::value::{Text, Value};

use super::compile::compile;
use super::ir::{Ir, Node as IrNode, NodeId};
use super::parser;
use super::scope::Scope;
use super::types::Type;
use crate::document::{Body, Document, Node, ScalarKind};
use crate::error::{PackageError, code};

/// Compiles the values of a document.
pub struct ValueCompiler<'c, 's> {
    pub document: &'c Document,
    pub ir: &'c mut Ir,
    pub scope: &'c mut Scope<'s>,
}

impl ValueCompiler<'_, '_> {
    /// An expression; or, where the file has a number, a boolean or null, that; or a map or list of such.
    pub fn value(&mut self, node: &Node) -> Result<(NodeId, Type), PackageError> {
        match &node.body {
            Body::Scalar(scalar) => match scalar.kind() {
                ScalarKind::Text => {
                    let mark = |index| scalar.source.mark(&scalar.text, index);
                    let expression = parser::parse(&scalar.text)
                        .map_err(|error| self.document.error(code::PKG_EXPRESSION, mark(error.at), error.message))?;
                    compile(self.ir, self.scope, &expression, &mark)
                }
                kind => {
                    let of = match kind {
                        ScalarKind::Null | ScalarKind::Text => Type::Null,
                        ScalarKind::Bool(_) => Type::Bool,
                        ScalarKind::Number(_) => Type::Number,
                    };
                    Ok((self.ir.push(IrNode::Constant(node.to_value()), node.mark), of))
                }
            },
            Body::List(nodes) => {
                let ids = nodes
                    .iter()
                    .map(|node| Ok(self.value(node)?.0))
                    .collect::<Result<Vec<_>, PackageError>>()?;
                Ok((self.ir.push(IrNode::List(ids.into()), node.mark), Type::any_list()))
            }
            Body::Map(members) => {
                let mut ids = Vec::new();
                for (key, value) in members {
                    let name = IrNode::Constant(Value::Text(Text::from(key.text.as_str())));
                    ids.push((self.ir.push(name, key.mark), self.value(value)?.0));
                }
                Ok((self.ir.push(IrNode::Object(ids.into()), node.mark), Type::any_object()))
            }
        }
    }

    /// A value that must be a boolean.
    pub fn condition(&mut self, node: &Node) -> Result<NodeId, PackageError> {
        let (id, of) = self.value(node)?;
        if of == Type::Null || !of.may_be(&Type::Bool) {
            let message = format!("a condition must be a boolean, but this is {}", of.kind());
            return Err(self.document.error(code::PKG_TYPE, node.mark, message));
        }
        Ok(id)
    }
}
