//! What is known of a value before any event is read.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::document::{Body, Document, Node, ScalarKind, find};
use crate::error::{PackageError, code};

/// A static type. `Any` is checked when the event is folded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Type {
    Any,
    Null,
    Bool,
    Number,
    Text,
    List(Arc<Type>),
    Object(Arc<Shape>),
}

/// The members of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    pub members: BTreeMap<String, Type>,
    /// The type of members that are not listed; `None` when there are none.
    pub others: Option<Type>,
}

impl Type {
    pub fn any_list() -> Type {
        Type::List(Arc::new(Type::Any))
    }

    pub fn any_object() -> Type {
        Type::Object(Arc::new(Shape {
            members: BTreeMap::new(),
            others: Some(Type::Any),
        }))
    }

    /// How a message calls a value of it, as [`refold_core::value::Value::kind`] does.
    pub fn kind(&self) -> &'static str {
        match self {
            Type::Any => "anything",
            Type::Null => "null",
            Type::Bool => "a boolean",
            Type::Number => "a number",
            Type::Text => "text",
            Type::List(_) => "an array",
            Type::Object(_) => "an object",
        }
    }

    /// Whether a value of this type may be one of `other`. What is declared may still be missing, which reads as null.
    pub fn may_be(&self, other: &Type) -> bool {
        match (self, other) {
            (Type::Any, _) | (_, Type::Any) | (Type::Null, _) | (_, Type::Null) => true,
            (Type::List(_), Type::List(_)) | (Type::Object(_), Type::Object(_)) => true,
            _ => self == other,
        }
    }

    /// The type that covers both.
    pub fn joined(self, other: Type) -> Type {
        match (self, other) {
            (same, other) if same == other => same,
            (Type::Null, other) | (other, Type::Null) => other,
            _ => Type::Any,
        }
    }

    /// The type of the member `name`; `None` when the declared shape has no such member.
    pub fn member(&self, name: &str) -> Option<Type> {
        match self {
            Type::Object(shape) => shape.members.get(name).or(shape.others.as_ref()).cloned(),
            // Reading a member of what is no object gives null, as for everything that is missing.
            Type::Any => Some(Type::Any),
            Type::Null | Type::Bool | Type::Number | Type::Text | Type::List(_) => Some(Type::Null),
        }
    }

    /// The type of elements, or of members under keys that are not known before.
    pub fn element(&self) -> Type {
        match self {
            Type::List(element) => element.as_ref().clone(),
            Type::Object(shape) => {
                let known = shape.members.values().cloned().chain(shape.others.clone());
                known.reduce(Type::joined).unwrap_or(Type::Any)
            }
            Type::Any | Type::Null | Type::Bool | Type::Number | Type::Text => Type::Any,
        }
    }
}

/// Reads the part of JSON Schema that says types: `type`, `properties`, `additionalProperties` and `items`. Other
/// keywords say what values are valid, which nothing here checks.
pub fn type_from_schema(document: &Document, node: &Node) -> Result<Type, PackageError> {
    if let Body::Scalar(scalar) = &node.body
        && scalar.kind() == ScalarKind::Bool(true)
    {
        return Ok(Type::Any);
    }
    let members = document.map(code::PKG_REDUCER, node, "a schema")?;
    let names = match find(members, "type") {
        None => match (find(members, "properties"), find(members, "items")) {
            (Some(_), None) => vec!["object"],
            (None, Some(_)) => vec!["array"],
            _ => return Ok(Type::Any),
        },
        Some(node) => match &node.body {
            Body::List(nodes) => nodes
                .iter()
                .map(|node| document.text(code::PKG_REDUCER, node, "a type"))
                .collect::<Result<_, _>>()?,
            Body::Scalar(scalar) if scalar.kind() == ScalarKind::Null => vec!["null"],
            _ => vec![document.text(code::PKG_REDUCER, node, "`type`")?],
        },
    };
    let mut joined = Type::Null;
    for name in names {
        let one = match name {
            "null" => Type::Null,
            "boolean" => Type::Bool,
            "number" | "integer" => Type::Number,
            "string" => Type::Text,
            "array" => {
                let element = find(members, "items")
                    .map(|items| type_from_schema(document, items))
                    .transpose()?;
                Type::List(Arc::new(element.unwrap_or(Type::Any)))
            }
            "object" => Type::Object(Arc::new(shape_from_schema(
                document,
                find(members, "properties"),
                find(members, "additionalProperties"),
            )?)),
            other => {
                let message = format!(
                    "`{other}` is no JSON Schema type; use null, boolean, number, integer, string, array or object"
                );
                let mark = find(members, "type").map_or(node.mark, |node| node.mark);
                return Err(document.error(code::PKG_REDUCER, mark, message));
            }
        };
        joined = joined.joined(one);
    }
    Ok(joined)
}

fn shape_from_schema(
    document: &Document,
    properties: Option<&Node>,
    others: Option<&Node>,
) -> Result<Shape, PackageError> {
    let mut members = BTreeMap::new();
    if let Some(properties) = properties {
        for (key, schema) in document.map(code::PKG_REDUCER, properties, "`properties`")? {
            members.insert(key.text.clone(), type_from_schema(document, schema)?);
        }
    }
    let others = match others {
        None => Some(Type::Any),
        Some(node) => match &node.body {
            Body::Scalar(scalar) if scalar.kind() == ScalarKind::Bool(false) => None,
            _ => Some(type_from_schema(document, node)?),
        },
    };
    Ok(Shape { members, others })
}
