//! Compiles the operations of a reducer, each with its condition, its targets and its values.
//!
//! It must not know for which events they are.

use std::collections::BTreeSet;

use refold_core::value::{Text, Value};

use crate::document::{Body, Document, Key, Node, Scalar, ScalarKind, find};
use crate::error::{Mark, PackageError, code};
use crate::expr::ir::{Ir, Node as IrNode, NodeId};
use crate::expr::scope::{KEYWORDS, Scope};
use crate::expr::types::Type;
use crate::expr::value::ValueCompiler;
use crate::path::Pattern;
use crate::reducer::rules::{Action, Operation, Target, is_apart};
use crate::reducer::target::compile_target;

/// What operations are compiled with, and what they came to write.
pub(super) struct OperationCompiler<'d, 's> {
    pub document: &'d Document,
    pub ir: &'s mut Ir,
    pub scope: Scope<'s>,
    pub writes: BTreeSet<Pattern>,
}

/// The keys that name an operation, and those that go with one.
const OPERATIONS: [&str; 18] = [
    "set",
    "add",
    "sub",
    "inc",
    "dec",
    "min",
    "max",
    "append",
    "prepend",
    "removeValue",
    "merge",
    "child",
    "remove",
    "clear",
    "delete",
    "let",
    "require",
    "emit",
];
const MODIFIERS: [&str; 4] = ["when", "create", "do", "message"];

type ActionOf = fn(Target, NodeId) -> Action;

impl OperationCompiler<'_, '_> {
    /// Operations of a list; names that it binds are forgotten at its end.
    pub fn operations(&mut self, node: &Node) -> Result<Vec<Operation>, PackageError> {
        if node.is_null() {
            return Ok(Vec::new());
        }
        let outside = self.scope.local_count();
        let mut operations = Vec::new();
        for item in self.document.list(code::PKG_REDUCER, node, "a list of operations")? {
            self.operation(item, &mut operations)?;
        }
        self.scope.unbind_to(outside);
        Ok(operations)
    }

    fn operation(&mut self, item: &Node, operations: &mut Vec<Operation>) -> Result<(), PackageError> {
        let members = self.document.map(code::PKG_REDUCER, item, "an operation")?;
        let mut named = members
            .iter()
            .filter(|(key, _)| !MODIFIERS.contains(&key.text.as_str()));
        let first = named.next();
        if let Some((key, _)) = members
            .iter()
            .find(|(key, _)| !MODIFIERS.contains(&key.text.as_str()) && !OPERATIONS.contains(&key.text.as_str()))
        {
            return Err(self
                .document
                .unknown_key(code::PKG_REDUCER, key, &[&OPERATIONS[..], &MODIFIERS[..]].concat()));
        }
        if let Some((second, _)) = named.next() {
            let message = format!(
                "two operations in one item; begin a new item, `- {}: …`, so that their order is plain",
                second.text
            );
            return Err(self.error(second.mark, message));
        }
        let modifier = |name: &str| members.iter().find(|(key, _)| key.text == name);
        let allowed: &[&str] = match first.map(|(key, _)| key.text.as_str()) {
            Some("child") => &["when", "create", "do"],
            Some("require") => &["when", "message"],
            Some(_) => &["when"],
            None => &["when", "do"],
        };
        for name in MODIFIERS {
            if let Some((key, _)) = modifier(name).filter(|_| !allowed.contains(&name)) {
                let message = format!(
                    "`{name}` does not go with this operation; allowed: {}",
                    allowed.join(", ")
                );
                return Err(self.error(key.mark, message));
            }
        }
        let guard = modifier("when").map(|(_, node)| node);
        match first {
            None => {
                let (Some(guard), Some((_, block))) = (guard, modifier("do")) else {
                    let message = format!(
                        "an operation is missing; known: {}, or `when` with `do`",
                        OPERATIONS.join(", ")
                    );
                    return Err(self.error(item.mark, message));
                };
                let guard = Some(self.condition(guard)?);
                let action = Action::Block(self.operations(block)?.into());
                operations.push(Operation {
                    mark: item.mark,
                    guard,
                    action,
                });
                Ok(())
            }
            Some((key, argument)) if key.text == "let" => self.bindings(key, argument, guard, operations),
            Some((key, argument)) => {
                let guard = guard.map(|guard| self.condition(guard)).transpose()?;
                let create = modifier("create").map(|(_, node)| node);
                let block = modifier("do").map(|(_, node)| node);
                let message = modifier("message").map(|(_, node)| node);
                for action in self.actions(key, argument, create, block, message)? {
                    operations.push(Operation {
                        mark: key.mark,
                        guard,
                        action,
                    });
                }
                Ok(())
            }
        }
    }

    fn actions(
        &mut self,
        key: &Key,
        argument: &Node,
        create: Option<&Node>,
        block: Option<&Node>,
        message: Option<&Node>,
    ) -> Result<Vec<Action>, PackageError> {
        Ok(match key.text.as_str() {
            "set" => self.assignments(argument, None, |target, value| Action::Set { target, value })?,
            "add" => self.assignments(argument, Some(&Type::Number), |target, value| Action::Add {
                target,
                value,
            })?,
            "sub" => self.assignments(argument, Some(&Type::Number), |target, value| Action::Subtract {
                target,
                value,
            })?,
            "min" => self.assignments(argument, None, |target, value| Action::Min { target, value })?,
            "max" => self.assignments(argument, None, |target, value| Action::Max { target, value })?,
            "append" => self.assignments(argument, None, |target, value| Action::Append { target, value })?,
            "prepend" => self.assignments(argument, None, |target, value| Action::Prepend { target, value })?,
            "removeValue" => self.assignments(argument, None, |target, value| Action::RemoveValue { target, value })?,
            "merge" => self.assignments(argument, None, |target, value| Action::Merge { target, value })?,
            "inc" | "dec" => {
                let one = self.ir.push(IrNode::Constant(Value::Number(1.into())), key.mark);
                let targets = self.targets(argument)?;
                let make: ActionOf = match key.text.as_str() {
                    "inc" => |target, value| Action::Add { target, value },
                    _ => |target, value| Action::Subtract { target, value },
                };
                targets.into_iter().map(|target| make(target, one)).collect()
            }
            "remove" => self.targets(argument)?.into_iter().map(Action::Remove).collect(),
            "clear" => self.targets(argument)?.into_iter().map(Action::Clear).collect(),
            "delete" => {
                if self.document.text(code::PKG_REDUCER, argument, "`delete`")? != "state" {
                    let message = "`delete: state` drops the whole state; a part goes with `remove`";
                    return Err(self.error(argument.mark, message));
                }
                self.writes.insert(Pattern::default());
                vec![Action::DeleteState]
            }
            "child" => vec![self.child(argument, create, block)?],
            "require" => {
                let condition = self.condition(argument)?;
                let message = message.map(|node| self.plain_text(node)).transpose()?;
                vec![Action::Require { condition, message }]
            }
            "emit" => vec![self.emission(argument)?],
            other => return Err(self.error(key.mark, format!("there is no operation `{other}`"))),
        })
    }

    fn assignments(
        &mut self,
        argument: &Node,
        wanted: Option<&Type>,
        make: ActionOf,
    ) -> Result<Vec<Action>, PackageError> {
        let mut actions = Vec::new();
        for (key, value) in self
            .document
            .map(code::PKG_REDUCER, argument, "what an operation writes")?
        {
            let (id, of) = self.value(value)?;
            if wanted.is_some_and(|wanted| of == Type::Null || !of.may_be(wanted)) {
                let message = format!("this operation needs a number, but this is {}", of.kind());
                return Err(self.document.error(code::PKG_TYPE, value.mark, message));
            }
            let target = self.target(&key.text, &|index| key.source.mark(&key.text, index))?;
            actions.push(make(target, id));
        }
        Ok(actions)
    }

    /// One path, or a list of paths.
    fn targets(&mut self, argument: &Node) -> Result<Vec<Target>, PackageError> {
        let nodes = match &argument.body {
            Body::List(nodes) => nodes.iter().collect(),
            Body::Scalar(_) | Body::Map(_) => vec![argument],
        };
        nodes.into_iter().map(|node| self.target_of(node)).collect()
    }

    fn target_of(&mut self, node: &Node) -> Result<Target, PackageError> {
        let scalar = self.scalar(node, "a target")?;
        self.target(&scalar.text, &|index| scalar.source.mark(&scalar.text, index))
    }

    fn target(&mut self, text: &str, mark: &dyn Fn(usize) -> Mark) -> Result<Target, PackageError> {
        let document = self.document;
        let file_error = |mark, code, message: String| document.error(code, mark, message);
        let targeted = compile_target(self.ir, &mut self.scope, text, &file_error, mark)?;
        self.check_declared(&targeted.path, mark(0))?;
        self.writes.insert(targeted.path);
        Ok(targeted.target)
    }

    /// A declared state must have the member that is written.
    fn check_declared(&self, path: &Pattern, mark: Mark) -> Result<(), PackageError> {
        let mut of = self.scope.state.clone().unwrap_or(Type::Any);
        for segment in path.segments() {
            of = match segment {
                crate::path::Segment::Any => of.element(),
                crate::path::Segment::Key(key) => {
                    let name = key.as_str().unwrap_or_default();
                    of.member(name).ok_or_else(|| {
                        let message =
                            format!("the declared state has no `{name}` here; correct it, or declare it in `state`");
                        self.document.error(code::PKG_TYPE, mark, message)
                    })?
                }
            };
        }
        Ok(())
    }

    fn child(&mut self, argument: &Node, create: Option<&Node>, block: Option<&Node>) -> Result<Action, PackageError> {
        let create = create.map(|node| self.value(node)).transpose()?.map(|(id, _)| id);
        let scalar = self.scalar(argument, "`child`")?;
        let document = self.document;
        let file_error = |mark, code, message: String| document.error(code, mark, message);
        let mark = |index| scalar.source.mark(&scalar.text, index);
        let targeted = compile_target(self.ir, &mut self.scope, &scalar.text, &file_error, &mark)?;
        self.check_declared(&targeted.path, argument.mark)?;
        self.writes.insert(targeted.path.clone());
        let outer = self.scope.this.replace((Type::Any, targeted.path));
        let operations = block
            .map(|block| self.operations(block))
            .transpose()?
            .unwrap_or_default();
        self.scope.this = outer;
        Ok(Action::Child {
            is_apart: is_apart(self.ir, &targeted.target, create, &operations),
            target: targeted.target,
            create,
            operations: operations.into(),
        })
    }

    fn bindings(
        &mut self,
        key: &Key,
        argument: &Node,
        guard: Option<&Node>,
        operations: &mut Vec<Operation>,
    ) -> Result<(), PackageError> {
        let first = operations.len();
        for (name, value) in self.document.map(code::PKG_REDUCER, argument, "`let`")? {
            let is_name = name
                .text
                .chars()
                .all(|next| next == '_' || next.is_ascii_alphanumeric())
                && !name.text.starts_with(|next: char| next.is_ascii_digit())
                && !name.text.is_empty();
            if !is_name || KEYWORDS.contains(&name.text.as_str()) {
                let message = format!(
                    "`{}` cannot name a value; take a name of letters, such as `line`",
                    name.text
                );
                return Err(self.error(name.mark, message));
            }
            let (value, of) = self.value(value)?;
            let local = self.scope.bind(&name.text, of);
            operations.push(Operation {
                mark: key.mark,
                guard: None,
                action: Action::Let { local, value },
            });
        }
        // The guard of a `let` sees the new names, so that it can ask whether one is null.
        if let Some(guard) = guard {
            let guard = self.condition(guard)?;
            let null = self.ir.push(IrNode::Constant(Value::Null), key.mark);
            let unless = self.ir.push(IrNode::Not(guard), key.mark);
            let unbound = operations
                .iter()
                .skip(first)
                .filter_map(|operation| match operation.action {
                    Action::Let { local, .. } => Some(Operation {
                        mark: key.mark,
                        guard: None,
                        action: Action::Let { local, value: null },
                    }),
                    _ => None,
                });
            let block: Box<[Operation]> = unbound.collect();
            operations.push(Operation {
                mark: key.mark,
                guard: Some(unless),
                action: Action::Block(block),
            });
        }
        Ok(())
    }

    fn emission(&mut self, argument: &Node) -> Result<Action, PackageError> {
        let known = ["type", "data"];
        let members = self.document.members(code::PKG_REDUCER, argument, "`emit`", &known)?;
        let Some(event_type) = find(members, "type") else {
            return Err(self.error(
                argument.mark,
                "`emit` needs a `type`: `emit: { type: OrderPaid, data: {…} }`",
            ));
        };
        let event_type = self.plain_text(event_type)?;
        let data = find(members, "data")
            .map(|node| self.value(node))
            .transpose()?
            .map(|(id, _)| id);
        Ok(Action::Emit { event_type, data })
    }

    /// Text that is meant as it is written.
    fn plain_text(&mut self, node: &Node) -> Result<NodeId, PackageError> {
        let text = self.document.text(code::PKG_REDUCER, node, "this")?;
        Ok(self.ir.push(IrNode::Constant(Value::Text(Text::from(text))), node.mark))
    }

    fn condition(&mut self, node: &Node) -> Result<NodeId, PackageError> {
        ValueCompiler {
            document: self.document,
            ir: self.ir,
            scope: &mut self.scope,
        }
        .condition(node)
    }

    fn value(&mut self, node: &Node) -> Result<(NodeId, Type), PackageError> {
        ValueCompiler {
            document: self.document,
            ir: self.ir,
            scope: &mut self.scope,
        }
        .value(node)
    }

    fn scalar<'n>(&self, node: &'n Node, what: &str) -> Result<&'n Scalar, PackageError> {
        match &node.body {
            Body::Scalar(scalar) if scalar.kind() == ScalarKind::Text => Ok(scalar),
            _ => Err(self.error(node.mark, format!("{what} must be a path, but this is {}", node.kind()))),
        }
    }

    fn error(&self, mark: Mark, message: impl Into<String>) -> PackageError {
        self.document.error(code::PKG_REDUCER, mark, message)
    }
}
