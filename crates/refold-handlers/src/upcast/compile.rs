//! Compiles an upcaster document, and refuses chains with a gap or a cycle.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use refold_core::value::Text;

use super::{Chain, Change, Finder, MAX_IN_A_ROW, Outcome, Part, Step, Upcasters};
use crate::document::{Body, Document, Members, Node, find};
use crate::error::{Mark, PackageError, code};
use crate::expr::ir::{Ir, NodeId};
use crate::expr::parser;
use crate::expr::scope::{EventNeeds, Scope};
use crate::expr::syntax::{Expression, Kind};
use crate::expr::value::ValueCompiler;
use crate::path::ArrayKeys;
use crate::project::Projection;

/// The value of `refold` in an upcaster file.
pub const FORMAT: &str = "upcasters/1";

const KNOWN: [&str; 3] = ["refold", "version", "upcasters"];
const STEP_KEYS: [&str; 8] = ["event", "from", "to", "where", "do", "retype", "split", "drop"];
const CHANGE_KEYS: [&str; 4] = ["rename", "default", "set", "remove"];

/// The upcasters of a package: of `document`, if it has one. `wanted` are the versions that its manifest expects.
pub fn compile(document: Option<&Document>, wanted: &BTreeMap<String, u32>) -> Result<Upcasters, PackageError> {
    let Some(document) = document else {
        return Ok(Upcasters::default());
    };
    let members = document.members(code::PKG_UPCASTER, &document.root, "an upcaster file", &KNOWN)?;
    if document.text_member(code::PKG_UPCASTER, members, "refold")?.as_deref() != Some(FORMAT) {
        let message = format!("the first line must be `refold: {FORMAT}`");
        return Err(document.error(code::PKG_UPCASTER, document.root.mark, message));
    }
    let finders: Vec<&Node> = match find(members, "version").map(|node| (node, &node.body)) {
        None => Vec::new(),
        Some((_, Body::List(nodes))) => nodes.iter().collect(),
        Some((node, _)) => vec![node],
    };
    let is_default = finders.is_empty();
    let mut strips_suffix = is_default;
    for finder in &finders {
        strips_suffix |= document.text(code::PKG_UPCASTER, finder, "a way to find the version")? == "suffix";
    }

    let by_type = nodes_by_type(document, members)?;
    let mut ir = Ir::new(&document.file, false);
    let no_keys = ArrayKeys::default();
    let mut chains = BTreeMap::new();
    for (event_type, nodes) in by_type {
        let declared = std::str::from_utf8(&event_type)
            .ok()
            .and_then(|name| wanted.get(name))
            .copied();
        let mut seed = EventNeeds::default();
        let mut compiler = ChainCompiler {
            document,
            ir: &mut ir,
            no_keys: &no_keys,
        };
        let (steps, found, locals) = compiler.chain(&nodes, &finders, is_default, &mut seed)?;
        // The version that a retyped, split or dropped event gets is one of another type.
        let versions = steps.iter().map(|step| {
            if step.outcome.is_of_version() {
                step.to
            } else {
                step.from
            }
        });
        let highest = versions.max().unwrap_or(1);
        let chain = Chain {
            wanted: declared.unwrap_or(highest),
            is_declared: declared.is_some(),
            steps,
            finders: found,
            seed,
            locals,
        };
        chains.insert(event_type, Arc::new(chain));
    }
    checked(Upcasters {
        ir,
        chains,
        strips_suffix,
    })
}

/// The upcasters of a file, each under the type that it takes, in the order of the file.
fn nodes_by_type<'d>(
    document: &'d Document,
    members: Members<'d>,
) -> Result<BTreeMap<Vec<u8>, Vec<&'d Node>>, PackageError> {
    let error = |mark, message: &str| document.error(code::PKG_UPCASTER, mark, message);
    let mut by_type: BTreeMap<Vec<u8>, Vec<&Node>> = BTreeMap::new();
    let list = match find(members, "upcasters") {
        None => return Err(error(document.root.mark, "the list `upcasters` is missing")),
        Some(node) if node.is_null() => &[],
        Some(node) => document.list(code::PKG_UPCASTER, node, "`upcasters`")?,
    };
    for node in list {
        let members = document.members(code::PKG_UPCASTER, node, "an upcaster", &STEP_KEYS)?;
        let Some(event) = find(members, "event") else {
            return Err(error(node.mark, "an upcaster needs an `event`, the type it takes"));
        };
        let event = document.text(code::PKG_UPCASTER, event, "`event`")?;
        by_type.entry(event.as_bytes().to_vec()).or_default().push(node);
    }
    Ok(by_type)
}

struct ChainCompiler<'c, 'd> {
    document: &'d Document,
    ir: &'c mut Ir,
    no_keys: &'d ArrayKeys,
}

impl ChainCompiler<'_, '_> {
    fn chain(
        &mut self,
        nodes: &[&Node],
        finders: &[&Node],
        is_default: bool,
        seed: &mut EventNeeds,
    ) -> Result<(Vec<Step>, Vec<Finder>, usize), PackageError> {
        let mut steps = Vec::new();
        let mut shapes = Vec::new();
        let mut scope = Scope::new(Some(seed), None, self.no_keys);
        let mut found = if is_default { vec![Finder::Column] } else { Vec::new() };
        for finder in finders {
            match self
                .document
                .text(code::PKG_UPCASTER, finder, "a way to find the version")?
            {
                "column" => found.push(Finder::Column),
                "suffix" => {}
                _ => {
                    let (node, _) = ValueCompiler {
                        document: self.document,
                        ir: self.ir,
                        scope: &mut scope,
                    }
                    .value(finder)?;
                    found.push(Finder::Expression(node));
                }
            }
        }
        for node in nodes {
            let shape = self.member(node, "where");
            let shape = shape
                .map(|shape| {
                    ValueCompiler {
                        document: self.document,
                        ir: self.ir,
                        scope: &mut scope,
                    }
                    .condition(shape)
                })
                .transpose()?;
            shapes.push(shape);
        }
        let locals = scope.most_locals();
        for (node, shape) in nodes.iter().zip(shapes) {
            steps.push(self.step(node, shape)?);
        }
        steps.sort_by_key(|step: &Step| step.from);
        for pair in steps.windows(2) {
            if let [first, second] = pair
                && first.from == second.from
                && (first.shape.is_none() || second.shape.is_none())
            {
                let message = format!(
                    "two upcasters begin at version {}; join them, or give each a `where`",
                    second.from
                );
                return Err(self.error(second.mark, message));
            }
        }
        Ok((steps, found, locals))
    }

    fn step(&mut self, node: &Node, shape: Option<NodeId>) -> Result<Step, PackageError> {
        let document = self.document;
        let version = |name: &str| {
            self.member(node, name)
                .map(|node| {
                    let version = document.natural(code::PKG_UPCASTER, node, &format!("`{name}`"))?;
                    u32::try_from(version).map_err(|_| self.error(node.mark, "a version is less than 2^32"))
                })
                .transpose()
        };
        let (from, to) = (version("from")?, version("to")?);
        let is_drop = match self
            .member(node, "drop")
            .map(|node| (node, document.text(code::PKG_UPCASTER, node, "`drop`")))
        {
            None => false,
            Some((_, Ok("true"))) => true,
            Some((node, _)) => return Err(self.error(node.mark, "`drop` is `true`, or is left out")),
        };
        let Some(from) = from else {
            return Err(self.error(node.mark, "an upcaster needs `from`, the version it takes"));
        };
        let to = match to {
            Some(to) => to,
            None if is_drop => from,
            None => return Err(self.error(node.mark, "an upcaster needs `to`, the version it gives")),
        };
        let mut needs = EventNeeds::default();
        let mut scope = Scope::new(Some(&mut needs), None, self.no_keys);
        let mut changes = Vec::new();
        if let Some(list) = self.member(node, "do") {
            for item in document.list(code::PKG_UPCASTER, list, "`do`")? {
                for (key, argument) in document.map(code::PKG_UPCASTER, item, "a change")? {
                    if !CHANGE_KEYS.contains(&key.text.as_str()) {
                        return Err(document.unknown_key(code::PKG_UPCASTER, key, &CHANGE_KEYS));
                    }
                    changes_of(document, self.ir, &mut scope, &key.text, argument, &mut changes)?;
                }
            }
        }
        let outcome = match (self.member(node, "retype"), self.member(node, "split"), is_drop) {
            (None, None, false) => Outcome::Keep,
            (None, None, true) => Outcome::Drop,
            (Some(retype), None, false) => Outcome::Retype(
                document
                    .text(code::PKG_UPCASTER, retype, "`retype`")?
                    .as_bytes()
                    .to_vec(),
            ),
            (None, Some(split), false) => {
                let mut parts = Vec::new();
                for part in document.list(code::PKG_UPCASTER, split, "`split`")? {
                    parts.push(part_of(document, self.ir, &mut scope, part)?);
                }
                Outcome::Split(parts)
            }
            _ => return Err(self.error(node.mark, "only one of `retype`, `split` and `drop` can be said")),
        };
        let (data, meta) = (Projection::new(&needs.data), Projection::new(&needs.meta));
        Ok(Step {
            mark: node.mark,
            from,
            to,
            shape,
            changes,
            outcome,
            data,
            meta,
        })
    }

    fn member<'n>(&self, node: &'n Node, name: &str) -> Option<&'n Node> {
        match &node.body {
            Body::Map(members) => find(members, name),
            Body::List(_) | Body::Scalar(_) => None,
        }
    }

    fn error(&self, mark: Mark, message: impl Into<String>) -> PackageError {
        self.document.error(code::PKG_UPCASTER, mark, message)
    }
}

fn changes_of(
    document: &Document,
    ir: &mut Ir,
    scope: &mut Scope<'_>,
    name: &str,
    argument: &Node,
    changes: &mut Vec<Change>,
) -> Result<(), PackageError> {
    if name == "remove" {
        let nodes = match &argument.body {
            Body::List(nodes) => nodes.iter().collect(),
            Body::Scalar(_) | Body::Map(_) => vec![argument],
        };
        for node in nodes {
            let text = document.text(code::PKG_UPCASTER, node, "`remove`")?;
            changes.push(Change::Remove {
                path: payload_path(document, text, node.mark)?,
            });
        }
        return Ok(());
    }
    for (key, value) in document.map(code::PKG_UPCASTER, argument, "what a change names")? {
        let path = payload_path(document, &key.text, key.mark)?;
        changes.push(match name {
            "rename" => {
                let to = document.text(code::PKG_UPCASTER, value, "the new name")?;
                let to = payload_path(document, to, value.mark)?;
                Change::Rename { from: path, to }
            }
            name => {
                let (value, _) = ValueCompiler { document, ir, scope }.value(value)?;
                if name == "default" {
                    Change::Default { path, value }
                } else {
                    Change::Set { path, value }
                }
            }
        });
    }
    Ok(())
}

fn part_of(document: &Document, ir: &mut Ir, scope: &mut Scope<'_>, part: &Node) -> Result<Part, PackageError> {
    let known = ["type", "data"];
    let members = document.members(code::PKG_UPCASTER, part, "a part", &known)?;
    let (Some(event_type), Some(data)) = (find(members, "type"), find(members, "data")) else {
        let message = "a part needs `type` and `data`: `{ type: ItemAdded, data: { sku: event.data.sku } }`";
        return Err(document.error(code::PKG_UPCASTER, part.mark, message));
    };
    let event_type = document
        .text(code::PKG_UPCASTER, event_type, "`type`")?
        .as_bytes()
        .to_vec();
    let (data, _) = ValueCompiler { document, ir, scope }.value(data)?;
    Ok(Part { event_type, data })
}

/// Member names of the payload, such as `address.city`.
fn payload_path(document: &Document, text: &str, mark: Mark) -> Result<Vec<Text>, PackageError> {
    let wrong = || {
        let message = format!("`{text}` is no path of the payload; write `customerId` or `address.city`");
        document.error(code::PKG_UPCASTER, mark, message)
    };
    let expression = parser::parse(text).map_err(|_| wrong())?;
    let mut path = Vec::new();
    let mut at: &Expression = &expression;
    loop {
        match &at.kind {
            Kind::Name(name) => {
                path.push(Text::from(name.as_str()));
                break;
            }
            Kind::Member { of, name } => {
                path.push(Text::from(name.as_str()));
                at = of;
            }
            Kind::Index { of, index } => match &index.kind {
                Kind::Text(name) => {
                    path.push(name.clone());
                    at = of;
                }
                _ => return Err(wrong()),
            },
            _ => return Err(wrong()),
        }
    }
    path.reverse();
    Ok(path)
}

impl Upcasters {
    fn error(&self, code: &'static str, mark: Mark, message: impl Into<String>) -> PackageError {
        PackageError::at(code, self.ir.file(), mark, message)
    }
}

/// Where a step leads: the type and version of what it makes.
fn targets<'u>(event_type: &'u [u8], step: &'u Step) -> Vec<(&'u [u8], u32)> {
    match &step.outcome {
        Outcome::Keep | Outcome::Code(_) => vec![(event_type, step.to)],
        Outcome::Retype(new) => vec![(new, step.to)],
        Outcome::Split(parts) => parts.iter().map(|part| (part.event_type.as_slice(), step.to)).collect(),
        Outcome::Drop => Vec::new(),
    }
}

/// Every step must lead to the wanted version, or to a step that goes on; and none may lead back.
pub(super) fn checked(upcasters: Upcasters) -> Result<Upcasters, PackageError> {
    for (event_type, chain) in &upcasters.chains {
        for step in &chain.steps {
            for (to_type, version) in targets(event_type, step) {
                let Some(next) = upcasters.chains.get(to_type) else {
                    continue;
                };
                if version < next.wanted && next.step_at(version).is_none() {
                    let message = format!(
                        "this leads to version {version} of {}, but no upcaster goes on from there to {}; add one",
                        String::from_utf8_lossy(to_type),
                        next.wanted
                    );
                    return Err(upcasters.error(code::UPCAST_GAP, step.mark, message));
                }
            }
            let mut met = BTreeSet::new();
            walk(&upcasters, event_type, step, &mut Vec::new(), &mut met)?;
        }
    }
    Ok(upcasters)
}

/// Follows a step; `trail` is the way here, `met` what was found to be sound.
fn walk<'u>(
    upcasters: &'u Upcasters,
    event_type: &'u [u8],
    step: &'u Step,
    trail: &mut Vec<(&'u [u8], u32)>,
    met: &mut BTreeSet<(&'u [u8], u32)>,
) -> Result<(), PackageError> {
    let here = (event_type, step.from);
    if trail.contains(&here) {
        let message = format!(
            "these upcasters lead in a circle: version {} of {} becomes itself again; remove one",
            step.from,
            String::from_utf8_lossy(event_type)
        );
        return Err(upcasters.error(code::UPCAST_CYCLE, step.mark, message));
    }
    if !met.insert(here) {
        return Ok(());
    }
    if trail.len() >= MAX_IN_A_ROW {
        let message = format!("these upcasters are longer than {MAX_IN_A_ROW} steps in a row; join some");
        return Err(upcasters.error(code::PKG_UPCASTER, step.mark, message));
    }
    trail.push(here);
    for (to_type, version) in targets(event_type, step) {
        if let Some(chain) = upcasters.chains.get(to_type)
            && let Some(next) = chain.step_at(version).and_then(|next| chain.steps.get(next))
        {
            walk(upcasters, to_type, next, trail, met)?;
        }
    }
    trail.pop();
    Ok(())
}
