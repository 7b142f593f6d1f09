//! Compiles a reducer document: what it says of the whole state here, the operations of each type in [`operations`].

mod operations;

use std::collections::{BTreeMap, BTreeSet};

use refold_core::value::{Text, Value};

use self::operations::OperationCompiler;
use super::rules::{Rules, TypeRules, Unhandled};
use crate::document::{Document, Members, Node, find};
use crate::error::{PackageError, code};
use crate::expr::ir::Ir;
use crate::expr::scope::{EventNeeds, Scope};
use crate::expr::types::{Type, type_from_schema};
use crate::path::{ArrayKeys, Pattern};
use crate::project::Projection;

/// The value of `refold` in a reducer file.
pub const FORMAT: &str = "reducer/1";

const KNOWN: [&str; 10] = [
    "refold",
    "state",
    "key",
    "keys",
    "missing",
    "initial",
    "on",
    "every",
    "unhandled",
    "invariants",
];

/// Compiles all rules of a reducer file. Its invariants are compiled apart, by [`crate::invariant`].
///
/// `seeds` are types with upcasters, and what finding their version reads.
pub fn compile<'s>(
    document: &Document,
    seeds: impl Iterator<Item = (&'s [u8], &'s EventNeeds)>,
) -> Result<Rules, PackageError> {
    let members = document.members(code::PKG_REDUCER, &document.root, "a reducer", &KNOWN)?;
    check_head(document, members)?;
    let (is_strict, unhandled) = (is_strict(document, members)?, unhandled(document, members)?);
    let keys = find(members, "keys")
        .map(|node| array_keys(document, node))
        .transpose()?
        .unwrap_or_default();
    let state_type = find(members, "state")
        .map(|node| type_from_schema(document, node))
        .transpose()?
        .unwrap_or(Type::Any);
    let initial = find(members, "initial").map_or_else(|| Value::Object(Default::default()), Node::to_value);

    let mut compiler = Compiler {
        document,
        ir: Ir::new(&document.file, is_strict),
        state_type,
        keys: &keys,
        every: find(members, "every"),
    };
    let seeds: BTreeMap<&[u8], &EventNeeds> = seeds.collect();
    let seed = |event_type: &[u8]| seeds.get(event_type).copied().cloned().unwrap_or_default();
    let mut types = vec![compiler.type_rules(None, EventNeeds::default())?];
    let mut by_name = BTreeMap::new();
    if let Some(named) = find(members, "on").filter(|node| !node.is_null()) {
        for (key, operations) in document.map(code::PKG_REDUCER, named, "`on`")? {
            by_name.insert(key.text.as_bytes().to_vec(), types.len());
            types.push(compiler.type_rules(Some(operations), seed(key.text.as_bytes()))?);
        }
    }
    for (event_type, needs) in &seeds {
        if !by_name.contains_key(*event_type) {
            by_name.insert(event_type.to_vec(), types.len());
            types.push(compiler.type_rules(None, (*needs).clone())?);
        }
    }
    Ok(Rules {
        ir: compiler.ir,
        initial,
        unhandled,
        keys,
        types,
        by_name,
    })
}

/// Refuses a reducer of another format, or of another key.
fn check_head(document: &Document, members: Members<'_>) -> Result<(), PackageError> {
    let error = |mark, message: String| Err(document.error(code::PKG_REDUCER, mark, message));
    let text = |name| document.text_member(code::PKG_REDUCER, members, name);
    let mark = |name| find(members, name).map_or(document.root.mark, |node| node.mark);
    match text("refold")?.as_deref() {
        Some(FORMAT) => {}
        Some(found) => return error(mark("refold"), format!("this Refold reads `{FORMAT}`, not `{found}`")),
        None => {
            let message = format!("the line `refold: {FORMAT}` is missing; write it first");
            return error(document.root.mark, message);
        }
    }
    match text("key")?.as_deref() {
        None | Some("event.stream") => Ok(()),
        Some(_) => {
            let message = "only `key: event.stream` is known: each stream folds to a state of its own".to_owned();
            error(mark("key"), message)
        }
    }
}

/// Whether reading what is not there is an error.
fn is_strict(document: &Document, members: Members<'_>) -> Result<bool, PackageError> {
    let said = find(members, "missing").map(|node| (node, document.text(code::PKG_REDUCER, node, "`missing`")));
    match said {
        None | Some((_, Ok("null"))) => Ok(false),
        Some((_, Ok("error"))) => Ok(true),
        Some((node, found)) => {
            let message = format!("`missing` is `null` or `error`, not `{}`", found?);
            Err(document.error(code::PKG_REDUCER, node.mark, message))
        }
    }
}

/// What becomes of an event that no rule is for.
fn unhandled(document: &Document, members: Members<'_>) -> Result<Unhandled, PackageError> {
    let said = find(members, "unhandled").map(|node| (node, document.text(code::PKG_REDUCER, node, "`unhandled`")));
    match said {
        None | Some((_, Ok("warn"))) => Ok(Unhandled::Warn),
        Some((_, Ok("ignore"))) => Ok(Unhandled::Ignore),
        Some((_, Ok("error"))) => Ok(Unhandled::Error),
        Some((node, found)) => {
            let message = format!("`unhandled` is `ignore`, `warn` or `error`, not `{}`", found?);
            Err(document.error(code::PKG_REDUCER, node.mark, message))
        }
    }
}

fn array_keys(document: &Document, node: &Node) -> Result<ArrayKeys, PackageError> {
    let mut keys = ArrayKeys::default();
    for (array, member) in document.map(code::PKG_REDUCER, node, "`keys`")? {
        let path = Pattern::parse(&array.text).ok_or_else(|| {
            let message = format!(
                "`{}` is no JSON pointer; write `/items`, or `/orders/*/items`",
                array.text
            );
            document.error(code::PKG_REDUCER, array.mark, message)
        })?;
        keys.declare(
            path,
            Text::from(document.text(code::PKG_REDUCER, member, "the key of an array")?),
        );
    }
    Ok(keys)
}

struct Compiler<'d> {
    document: &'d Document,
    ir: Ir,
    state_type: Type,
    keys: &'d ArrayKeys,
    every: Option<&'d Node>,
}

impl<'d> Compiler<'d> {
    /// The rules of one type: its own operations, then those of `every`.
    fn type_rules(&mut self, own: Option<&'d Node>, seed: EventNeeds) -> Result<TypeRules, PackageError> {
        let mut needs = seed;
        let scope = Scope::new(Some(&mut needs), Some(self.state_type.clone()), self.keys);
        let mut compiler = OperationCompiler {
            document: self.document,
            ir: &mut self.ir,
            scope,
            writes: BTreeSet::new(),
        };
        let mut operations = Vec::new();
        for list in own.into_iter().chain(self.every) {
            operations.extend(compiler.operations(list)?);
        }
        let (locals, reads, writes) = (compiler.scope.most_locals(), compiler.scope.reads, compiler.writes);
        let (data, meta) = (Projection::new(&needs.data), Projection::new(&needs.meta));
        Ok(TypeRules {
            is_named: own.is_some(),
            operations: operations.into(),
            needs,
            data,
            meta,
            plans: Vec::new(),
            reads,
            writes,
            locals,
        })
    }
}
