//! Checks a syntax tree against a scope and compiles it.

mod calls;

use refold_core::value::{KnownKey, Text, Value};

use super::eval;
use super::ir::{Arithmetic, Comparison, EventField, Ir, Node, NodeId, Slot};
use super::scope::{EventNeeds, Scope};
use super::syntax::{Expression, Kind, Operator};
use super::types::Type;
use crate::error::{Mark, PackageError, code};
use crate::path::{Pattern, Segment};

/// Compiles `expression`; `mark` says where a character of its text stands in the file.
pub fn compile(
    ir: &mut Ir,
    scope: &mut Scope<'_>,
    expression: &Expression,
    mark: &dyn Fn(usize) -> Mark,
) -> Result<(NodeId, Type), PackageError> {
    Compiler { ir, scope, mark }.compile(expression)
}

struct Compiler<'c, 's> {
    ir: &'c mut Ir,
    scope: &'c mut Scope<'s>,
    mark: &'c dyn Fn(usize) -> Mark,
}

/// A path that may still grow before it becomes a node.
enum Partial {
    Event,
    Data(Vec<Text>),
    Meta(Vec<Text>),
    Node {
        id: NodeId,
        of: Type,
        path: Option<Pattern>,
    },
}

type Compiled = Result<(NodeId, Type), PackageError>;

impl Compiler<'_, '_> {
    fn compile(&mut self, expression: &Expression) -> Compiled {
        let partial = self.partial(expression)?;
        self.settled(partial, expression)
    }

    fn partial(&mut self, expression: &Expression) -> Result<Partial, PackageError> {
        match &expression.kind {
            Kind::Name(name) => self.name(expression, name),
            Kind::Member { of, name } => {
                let of = self.partial(of)?;
                self.member(expression, of, name)
            }
            Kind::Index { of: base, index } => match &index.kind {
                Kind::Text(key) => {
                    let of = self.partial(base)?;
                    match (&of, key.as_str()) {
                        (Partial::Data(_) | Partial::Meta(_) | Partial::Event, Some(name)) => {
                            self.member(expression, of, name)
                        }
                        _ => self.index(expression, base, of, index),
                    }
                }
                _ => {
                    let of = self.partial(base)?;
                    self.index(expression, base, of, index)
                }
            },
            _ => {
                let (id, of) = self.other(expression)?;
                Ok(Partial::Node { id, of, path: None })
            }
        }
    }

    fn name(&mut self, expression: &Expression, name: &str) -> Result<Partial, PackageError> {
        if let Some(at) = self.scope.locals.iter().rposition(|(local, _)| local == name) {
            let of = self.scope.locals.get(at).map_or(Type::Any, |(_, of)| of.clone());
            let id = self.push(expression, Node::Local(u16::try_from(at).unwrap_or(u16::MAX)));
            return Ok(Partial::Node { id, of, path: None });
        }
        match name {
            "event" if self.scope.event.is_some() => Ok(Partial::Event),
            "event" => Err(self.error(
                expression,
                code::PKG_EXPRESSION,
                "there is no event here; only `state` is known",
            )),
            "state" => match self.scope.state.clone() {
                Some(of) => {
                    let id = self.push(expression, Node::State);
                    Ok(Partial::Node {
                        id,
                        of,
                        path: Some(Pattern::default()),
                    })
                }
                None => Err(self.error(
                    expression,
                    code::PKG_EXPRESSION,
                    "there is no state here; only `event` is known",
                )),
            },
            "this" => match self.scope.this.clone() {
                Some((of, path)) => {
                    let id = self.push(expression, Node::This);
                    Ok(Partial::Node {
                        id,
                        of,
                        path: Some(path),
                    })
                }
                None => {
                    let message = "`this` stands for a child, and is known only inside the `do` of one";
                    Err(self.error(expression, code::PKG_EXPRESSION, message))
                }
            },
            _ => {
                let mut known: Vec<&str> = self.scope.locals.iter().map(|(name, _)| name.as_str()).collect();
                if self.scope.event.is_some() {
                    known.push("event");
                }
                if self.scope.state.is_some() {
                    known.push("state");
                }
                let message = format!(
                    "nothing is named `{name}` here (known: {}); a text is written `'{name}'`",
                    known.join(", ")
                );
                Err(self.error(expression, code::PKG_EXPRESSION, message))
            }
        }
    }

    fn member(&mut self, expression: &Expression, of: Partial, name: &str) -> Result<Partial, PackageError> {
        match of {
            Partial::Event => {
                let field = match name {
                    "data" => return Ok(Partial::Data(Vec::new())),
                    "meta" => return Ok(Partial::Meta(Vec::new())),
                    "type" => EventField::Type,
                    "version" => EventField::Version,
                    "time" => EventField::Time,
                    "stream" => EventField::Stream,
                    "position" => EventField::Position,
                    "id" => {
                        if let Some(needs) = self.scope.event.as_deref_mut() {
                            needs.needs_id = true;
                        }
                        EventField::Id
                    }
                    _ => {
                        let message = format!(
                            "an event has no `{name}`; it has data, meta, type, version, time, stream, position and id"
                        );
                        return Err(self.error(expression, code::PKG_EXPRESSION, message));
                    }
                };
                let of = match field {
                    EventField::Version | EventField::Position => Type::Number,
                    EventField::Type | EventField::Time | EventField::Stream | EventField::Id => Type::Text,
                };
                let id = self.push(expression, Node::Field(field));
                Ok(Partial::Node { id, of, path: None })
            }
            Partial::Data(mut path) => {
                path.push(Text::from(name));
                Ok(Partial::Data(path))
            }
            Partial::Meta(mut path) => {
                path.push(Text::from(name));
                Ok(Partial::Meta(path))
            }
            Partial::Node { id, of, path } => {
                let Some(member) = of.member(name) else {
                    let message =
                        format!("the declared state has no `{name}` here; correct it, or declare it in `state`");
                    return Err(self.error(expression, code::PKG_TYPE, message));
                };
                let path = path.map(|path| path.with(Segment::Key(Text::from(name))));
                let id = self.push(
                    expression,
                    Node::Member {
                        of: id,
                        key: KnownKey::new(Text::from(name)),
                    },
                );
                Ok(Partial::Node { id, of: member, path })
            }
        }
    }

    fn index(
        &mut self,
        expression: &Expression,
        base: &Expression,
        of: Partial,
        index: &Expression,
    ) -> Result<Partial, PackageError> {
        let path = match &of {
            Partial::Node { path, .. } => path.clone(),
            Partial::Event | Partial::Data(_) | Partial::Meta(_) => None,
        };
        let (of, of_type) = match of {
            Partial::Node { id, of, .. } => (id, of),
            unsettled => self.settled(unsettled, base)?,
        };
        let (index_id, index_type) = self.compile(index)?;
        if !index_type.may_be(&Type::Number) && !index_type.may_be(&Type::Text) {
            let message = format!("an index must be a number or text, but this is {}", index_type.kind());
            return Err(self.error(index, code::PKG_TYPE, message));
        }
        let by = path.as_ref().and_then(|path| self.scope.keys.key_of(path)).cloned();
        let path = path.map(|path| path.with(Segment::Any));
        let id = self.push(
            expression,
            Node::Index {
                of,
                index: index_id,
                by,
            },
        );
        Ok(Partial::Node {
            id,
            of: of_type.element(),
            path,
        })
    }

    fn settled(&mut self, partial: Partial, expression: &Expression) -> Compiled {
        match partial {
            Partial::Node { id, of, path } => {
                if let Some(path) = path {
                    self.scope.reads.insert(path);
                }
                Ok((id, of))
            }
            Partial::Event => {
                let message = "name a part of the event: `event.data`, `event.type`, …";
                Err(self.error(expression, code::PKG_EXPRESSION, message))
            }
            Partial::Data(_) | Partial::Meta(_) => {
                let slot = self.slot(partial, expression)?;
                Ok((self.push(expression, Node::Slot(slot)), Type::Any))
            }
        }
    }

    fn slot(&mut self, partial: Partial, expression: &Expression) -> Result<Slot, PackageError> {
        let slot = match (partial, self.scope.event.as_deref_mut()) {
            (Partial::Data(path), Some(needs)) => EventNeeds::slot(&mut needs.data, path).map(Slot::Data),
            (Partial::Meta(path), Some(needs)) => EventNeeds::slot(&mut needs.meta, path).map(Slot::Meta),
            _ => None,
        };
        slot.ok_or_else(|| self.error(expression, code::PKG_EXPRESSION, "more than 65,535 paths are read here"))
    }

    fn other(&mut self, expression: &Expression) -> Compiled {
        let (node, of) = match &expression.kind {
            Kind::Null => (Node::Constant(Value::Null), Type::Null),
            Kind::Bool(truth) => (Node::Constant(Value::Bool(*truth)), Type::Bool),
            Kind::Number(number) => (Node::Constant(Value::Number(number.clone())), Type::Number),
            Kind::Text(text) => (Node::Constant(Value::Text(text.clone())), Type::Text),
            Kind::Not(operand) => (
                Node::Not(self.expected(operand, &Type::Bool, "`!` needs a boolean")?),
                Type::Bool,
            ),
            Kind::Negate(operand) => (
                Node::Negate(self.expected(operand, &Type::Number, "`-` needs a number")?),
                Type::Number,
            ),
            Kind::Binary { operator, left, right } => self.binary(expression, *operator, left, right)?,
            Kind::Choice {
                condition,
                then,
                otherwise,
            } => {
                let condition = self.expected(condition, &Type::Bool, "the condition before `?` must be a boolean")?;
                let (then, then_type) = self.compile(then)?;
                let (otherwise, otherwise_type) = self.compile(otherwise)?;
                (
                    Node::Choice {
                        condition,
                        then,
                        otherwise,
                    },
                    then_type.joined(otherwise_type),
                )
            }
            Kind::List(elements) => {
                let mut of: Option<Type> = None;
                let mut ids = Vec::new();
                for element in elements {
                    let (id, element) = self.compile(element)?;
                    ids.push(id);
                    of = Some(of.map_or(element.clone(), |of| of.joined(element)));
                }
                (Node::List(ids.into()), Type::List(of.unwrap_or(Type::Any).into()))
            }
            Kind::Object(members) => {
                let mut ids = Vec::new();
                for (key, value) in members {
                    let key = self.expected(key, &Type::Text, "a key must be text")?;
                    ids.push((key, self.compile(value)?.0));
                }
                (Node::Object(ids.into()), Type::any_object())
            }
            Kind::Call {
                function,
                receiver,
                arguments,
            } => {
                return self.call(expression, function, receiver.as_deref(), arguments);
            }
            // These begin or continue a path, which `partial` has taken.
            Kind::Name(_) | Kind::Member { .. } | Kind::Index { .. } => return self.compile(expression),
        };
        self.folded(expression, node, of)
    }

    fn binary(
        &mut self,
        expression: &Expression,
        operator: Operator,
        left: &Expression,
        right: &Expression,
    ) -> Result<(Node, Type), PackageError> {
        use Operator as O;
        let boolean = |this: &mut Self, side: &Expression| {
            this.expected(side, &Type::Bool, &format!("`{}` needs booleans", operator.symbol()))
        };
        if matches!(operator, O::And | O::Or) {
            let (left, right) = (boolean(self, left)?, boolean(self, right)?);
            let node = if operator == O::And {
                Node::And(left, right)
            } else {
                Node::Or(left, right)
            };
            return Ok((node, Type::Bool));
        }
        let (left, left_type) = self.compile(left)?;
        let (right, right_type) = self.compile(right)?;
        let mismatch = |this: &Self, wanted: &str| {
            let message = format!(
                "`{}` needs {wanted}, but has {} and {}",
                operator.symbol(),
                left_type.kind(),
                right_type.kind()
            );
            this.error(expression, code::PKG_TYPE, message)
        };
        let both = |wanted: &Type| {
            left_type.may_be(wanted) && right_type.may_be(wanted) && left_type != Type::Null && right_type != Type::Null
        };
        Ok(match operator {
            O::Equal | O::NotEqual => {
                if !left_type.may_be(&right_type) {
                    return Err(mismatch(self, "two of a kind"));
                }
                (
                    Node::Equal {
                        left,
                        right,
                        expected: operator == O::Equal,
                    },
                    Type::Bool,
                )
            }
            O::Less | O::LessOrEqual | O::Greater | O::GreaterOrEqual => {
                if !both(&Type::Number) && !both(&Type::Text) {
                    return Err(mismatch(self, "two numbers or two texts"));
                }
                let comparison = match operator {
                    O::Less => Comparison::Less,
                    O::LessOrEqual => Comparison::LessOrEqual,
                    O::Greater => Comparison::Greater,
                    _ => Comparison::GreaterOrEqual,
                };
                (
                    Node::Compare {
                        comparison,
                        left,
                        right,
                    },
                    Type::Bool,
                )
            }
            O::In => {
                if !right_type.may_be(&Type::any_list()) && !right_type.may_be(&Type::any_object()) {
                    return Err(mismatch(self, "an array or an object on its right"));
                }
                (
                    Node::In {
                        element: left,
                        container: right,
                    },
                    Type::Bool,
                )
            }
            O::Add => {
                let of = match [Type::Number, Type::Text]
                    .into_iter()
                    .filter(|of| both(of))
                    .collect::<Vec<_>>()
                    .as_slice()
                {
                    [of] => of.clone(),
                    _ if both(&Type::any_list()) => match (&left_type, &right_type) {
                        (Type::Any, Type::Any) => Type::Any,
                        _ => left_type.joined(right_type),
                    },
                    _ => return Err(mismatch(self, "two numbers, two texts or two arrays")),
                };
                (
                    Node::Arithmetic {
                        arithmetic: Arithmetic::Add,
                        left,
                        right,
                    },
                    of,
                )
            }
            O::Subtract | O::Multiply | O::Divide | O::Remainder => {
                if !both(&Type::Number) {
                    return Err(mismatch(self, "two numbers"));
                }
                let arithmetic = match operator {
                    O::Subtract => Arithmetic::Subtract,
                    O::Multiply => Arithmetic::Multiply,
                    O::Divide => Arithmetic::Divide,
                    _ => Arithmetic::Remainder,
                };
                (
                    Node::Arithmetic {
                        arithmetic,
                        left,
                        right,
                    },
                    Type::Number,
                )
            }
            // Taken above.
            O::And | O::Or => (Node::And(left, right), Type::Bool),
        })
    }

    fn expected(&mut self, expression: &Expression, wanted: &Type, message: &str) -> Result<NodeId, PackageError> {
        let (id, of) = self.compile(expression)?;
        if of != Type::Null && of.may_be(wanted) {
            return Ok(id);
        }
        Err(self.error(
            expression,
            code::PKG_TYPE,
            format!("{message}, but this is {}", of.kind()),
        ))
    }

    /// Pushes a node; when all that it reads is constant, what it evaluates to.
    fn folded(&mut self, expression: &Expression, node: Node, of: Type) -> Compiled {
        let is_constant = |id: &NodeId| self.ir.constant(*id).is_some();
        let can_fold = match &node {
            Node::Not(operand) | Node::Negate(operand) => is_constant(operand),
            Node::And(left, right)
            | Node::Or(left, right)
            | Node::Equal { left, right, .. }
            | Node::Compare { left, right, .. }
            | Node::In {
                element: left,
                container: right,
            }
            | Node::Arithmetic { left, right, .. } => is_constant(left) && is_constant(right),
            Node::Choice {
                condition,
                then,
                otherwise,
            } => is_constant(condition) && is_constant(then) && is_constant(otherwise),
            Node::List(elements) => elements.iter().all(is_constant),
            Node::Object(members) => members
                .iter()
                .all(|(key, value)| is_constant(key) && is_constant(value)),
            Node::Call { arguments, .. } => arguments.iter().all(is_constant),
            Node::Constant(_)
            | Node::Slot(_)
            | Node::HasSlot(_)
            | Node::Field(_)
            | Node::State
            | Node::This
            | Node::Local(_)
            | Node::Member { .. }
            | Node::Has { .. }
            | Node::Index { .. }
            | Node::Macro { .. } => false,
        };
        let id = self.push(expression, node);
        if !can_fold {
            return Ok((id, of));
        }
        match eval::constant(self.ir, id) {
            Ok(value) => Ok((self.push(expression, Node::Constant(value)), of)),
            Err(fault) => Err(self.error(
                expression,
                code::PKG_EXPRESSION,
                format!("this always fails: {}", fault.message),
            )),
        }
    }

    fn push(&mut self, expression: &Expression, node: Node) -> NodeId {
        let mark = (self.mark)(expression.at);
        self.ir.push(node, mark)
    }

    fn error(&self, expression: &Expression, code: &'static str, message: impl Into<String>) -> PackageError {
        PackageError::at(code, &self.ir.file, (self.mark)(expression.at), message)
    }
}
