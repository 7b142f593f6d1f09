//! Reads the path that an operation writes to.

use refold_core::value::{KnownKey, Text};

use super::rules::{Step, Target};
use crate::error::{Mark, PackageError, code};
use crate::expr::compile::compile;
use crate::expr::ir::Ir;
use crate::expr::parser;
use crate::expr::scope::Scope;
use crate::expr::syntax::{Expression, Kind};
use crate::path::{Pattern, Segment};

/// A target as compiled, and the state path that it writes.
pub struct Targeted {
    pub target: Target,
    pub path: Pattern,
}

/// Compiles `text`, a path such as `items[event.data.sku].qty`. It begins at the child that the scope knows as `this`,
/// else at the root; `state` in front makes it begin at the root.
pub fn compile_target(
    ir: &mut Ir,
    scope: &mut Scope<'_>,
    text: &str,
    file_error: &dyn Fn(Mark, &'static str, String) -> PackageError,
    mark: &dyn Fn(usize) -> Mark,
) -> Result<Targeted, PackageError> {
    let expression =
        parser::parse(text).map_err(|error| file_error(mark(error.at), code::PKG_EXPRESSION, error.message.clone()))?;
    let mut links = Vec::new();
    let mut at = &expression;
    let root = loop {
        match &at.kind {
            Kind::Member { of, name } => {
                links.push(Link::Key(name));
                at = of;
            }
            Kind::Index { of, index } => {
                links.push(Link::Index(index));
                at = of;
            }
            Kind::Name(name) => break name.as_str(),
            _ => {
                let message = "a target is a path such as `total` or `items[event.data.sku].qty`; write a name with \
                               other signs as `state['odd-name']`";
                return Err(file_error(mark(at.at), code::PKG_REDUCER, message.to_owned()));
            }
        }
    };
    if root == "event" {
        let message = "an event cannot be written to; a target is a path of the state".to_owned();
        return Err(file_error(mark(0), code::PKG_REDUCER, message));
    }
    let is_absolute = root == "state" || scope.this.is_none();
    let mut path = match &scope.this {
        Some((_, path)) if !is_absolute => path.clone(),
        _ => Pattern::default(),
    };
    if root != "state" && root != "this" {
        links.push(Link::Key(root));
    }
    let mut steps = Vec::new();
    for link in links.into_iter().rev() {
        match link {
            Link::Key(name) => {
                path = path.with(Segment::Key(Text::from(name)));
                steps.push(Step::Key(KnownKey::new(Text::from(name))));
            }
            Link::Index(Expression {
                kind: Kind::Text(key), ..
            }) if scope.keys.key_of(&path).is_none() => {
                path = path.with(Segment::Key(key.clone()));
                steps.push(Step::Key(KnownKey::new(key.clone())));
            }
            Link::Index(index) => {
                let by = scope.keys.key_of(&path).cloned();
                let (node, _) = compile(ir, scope, index, mark)?;
                path = path.with(Segment::Any);
                steps.push(Step::Index { index: node, by });
            }
        }
    }
    let dynamic = steps
        .iter()
        .rposition(|step| matches!(step, Step::Index { .. }))
        .map_or(0, |last| last + 1);
    let keys = steps.split_off(dynamic).into_iter().filter_map(|step| match step {
        Step::Key(key) => Some(key),
        Step::Index { .. } => None,
    });
    let target = Target {
        mark: mark(0),
        is_absolute,
        keys: keys.collect(),
        steps: steps.into(),
    };
    Ok(Targeted { target, path })
}

enum Link<'e> {
    Key(&'e str),
    Index(&'e Expression),
}
