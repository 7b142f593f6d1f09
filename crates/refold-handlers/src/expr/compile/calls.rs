//! Calls: functions, `has`, and the macros that walk a list.

use refold_core::value::{KnownKey, Text};

use super::{Compiled, Compiler, Partial};
use crate::error::{PackageError, code};
use crate::expr::functions::{self, Parameter, Signature};
use crate::expr::ir::{MacroKind, Node};
use crate::expr::scope::KEYWORDS;
use crate::expr::syntax::{Expression, Kind};
use crate::expr::types::Type;
use crate::path::Segment;

impl Compiler<'_, '_> {
    pub(super) fn call(
        &mut self,
        expression: &Expression,
        name: &str,
        receiver: Option<&Expression>,
        arguments: &[Expression],
    ) -> Compiled {
        if name == "has" && receiver.is_none() {
            return self.has(expression, arguments);
        }
        if let (Some(list), Some(kind)) = (receiver, macro_kind(name)) {
            return self.macro_call(expression, name, kind, list, arguments);
        }
        let signature = functions::find(name, receiver.is_some())
            .map_err(|message| self.error(expression, code::PKG_EXPRESSION, message))?;
        let given: Vec<&Expression> = receiver.into_iter().chain(arguments).collect();
        self.check_count(expression, name, signature, given.len())?;
        let mut ids = Vec::new();
        for (argument, parameter) in given.iter().zip(signature.parameters) {
            let (id, of) = self.compile(argument)?;
            // The lone argument of min and max is the list of candidates.
            let is_extreme = matches!(signature.function, functions::Function::Min | functions::Function::Max);
            let parameter = if is_extreme && given.len() == 1 {
                Parameter::List
            } else {
                *parameter
            };
            if !parameter.accepts(&of) {
                let message = format!("`{name}` needs {} here, but this is {}", parameter.wanted(), of.kind());
                return Err(self.error(argument, code::PKG_TYPE, message));
            }
            ids.push(id);
        }
        let node = Node::Call {
            function: signature.function,
            arguments: ids.into(),
        };
        self.folded(expression, node, (signature.result)())
    }

    fn check_count(
        &self,
        expression: &Expression,
        name: &str,
        signature: &Signature,
        given: usize,
    ) -> Result<(), PackageError> {
        let most = signature.parameters.len();
        if (signature.required..=most).contains(&given) {
            return Ok(());
        }
        let wanted = if signature.required == most {
            most.to_string()
        } else {
            format!("{} to {most}", signature.required)
        };
        let message = format!("`{name}` takes {wanted} arguments (what stands before the dot is one), not {given}");
        Err(self.error(expression, code::PKG_EXPRESSION, message))
    }

    fn has(&mut self, expression: &Expression, arguments: &[Expression]) -> Compiled {
        let wrong = "`has` takes one path with a member, as in `has(event.data.note)`";
        let [argument] = arguments else {
            return Err(self.error(expression, code::PKG_EXPRESSION, wrong));
        };
        let (of, key) = match &argument.kind {
            Kind::Member { of, name } => (of, Text::from(name.as_str())),
            Kind::Index { of, index } => match &index.kind {
                Kind::Text(key) => (of, key.clone()),
                _ => return Err(self.error(argument, code::PKG_EXPRESSION, wrong)),
            },
            _ => return Err(self.error(argument, code::PKG_EXPRESSION, wrong)),
        };
        let node = match self.partial(of)? {
            Partial::Node { id, of: base, path } => {
                if key.as_str().is_some_and(|name| base.member(name).is_none()) {
                    let message = format!("the declared state has no `{}` here", key.as_str().unwrap_or_default());
                    return Err(self.error(argument, code::PKG_TYPE, message));
                }
                if let Some(path) = path {
                    self.scope.reads.insert(path.with(Segment::Key(key.clone())));
                }
                Node::Has {
                    of: id,
                    key: KnownKey::new(key),
                }
            }
            Partial::Data(mut path) => {
                path.push(key);
                Node::HasSlot(self.slot(Partial::Data(path), argument)?)
            }
            Partial::Meta(mut path) => {
                path.push(key);
                Node::HasSlot(self.slot(Partial::Meta(path), argument)?)
            }
            Partial::Event => return Err(self.error(argument, code::PKG_EXPRESSION, wrong)),
        };
        Ok((self.push(expression, node), Type::Bool))
    }

    fn macro_call(
        &mut self,
        expression: &Expression,
        name: &str,
        kind: MacroKind,
        list: &Expression,
        arguments: &[Expression],
    ) -> Compiled {
        let (variable, keep, body) = match arguments {
            [variable, body] => (variable, None, body),
            [variable, keep, body] if kind == MacroKind::Map => (variable, Some(keep), body),
            _ => {
                let message = format!("`{name}` takes a name and an expression, as in `list.{name}(x, x > 1)`");
                return Err(self.error(expression, code::PKG_EXPRESSION, message));
            }
        };
        let Kind::Name(variable) = &variable.kind else {
            let message = format!("the first argument of `{name}` must be a name");
            return Err(self.error(variable, code::PKG_EXPRESSION, message));
        };
        if KEYWORDS.contains(&variable.as_str()) {
            let message = format!("`{variable}` has a meaning of its own; take another name");
            return Err(self.error(expression, code::PKG_EXPRESSION, message));
        }
        let (list_id, list_type) = self.compile(list)?;
        let element = match &list_type {
            Type::Object(_) => Type::Text,
            Type::Any | Type::List(_) => list_type.element(),
            Type::Null | Type::Bool | Type::Number | Type::Text => {
                let message = format!("`{name}` needs an array or an object, but this is {}", list_type.kind());
                return Err(self.error(list, code::PKG_TYPE, message));
            }
        };
        let outside = self.scope.local_count();
        let local = self.scope.bind(variable, element);
        let wants_bool = kind != MacroKind::Map;
        let keep = keep
            .map(|keep| self.expected(keep, &Type::Bool, "the filter of `map` must be a boolean"))
            .transpose()?;
        let (body_id, body_type) = if wants_bool {
            (
                self.expected(body, &Type::Bool, &format!("the body of `{name}` must be a boolean"))?,
                Type::Bool,
            )
        } else {
            self.compile(body)?
        };
        self.scope.unbind_to(outside);
        let of = match kind {
            MacroKind::All | MacroKind::Exists | MacroKind::ExistsOne => Type::Bool,
            MacroKind::Map => Type::List(body_type.into()),
            MacroKind::Filter => match list_type {
                Type::Object(_) => Type::List(Type::Text.into()),
                other => other,
            },
        };
        let node = Node::Macro {
            kind,
            list: list_id,
            local,
            keep,
            body: body_id,
        };
        Ok((self.push(expression, node), of))
    }
}

fn macro_kind(name: &str) -> Option<MacroKind> {
    match name {
        "all" => Some(MacroKind::All),
        "exists" => Some(MacroKind::Exists),
        "exists_one" => Some(MacroKind::ExistsOne),
        "filter" => Some(MacroKind::Filter),
        "map" => Some(MacroKind::Map),
        _ => None,
    }
}
