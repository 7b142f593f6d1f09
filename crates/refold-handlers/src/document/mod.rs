//! Text files of a package as one marked tree, whatever their syntax.
//!
//! Everything that reads a package file reads this tree, so that every complaint can name file, line and column. It
//! knows nothing of what the files mean.

mod near;
mod source;
mod toml;
mod yaml;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use refold_core::count::{counted, grouped};
use refold_core::value::{Array, Number, Object, Text, Value};

use crate::error::{Mark, PackageError, code};

pub use near::nearest;
pub use source::ScalarSource;
pub use source::normalised_text;

/// The largest package file that is read.
pub const MAX_FILE_BYTES: usize = 8 << 20;

/// How deep a package file may nest.
const MAX_DEPTH: usize = 64;

/// One parsed file.
#[derive(Debug, Clone)]
pub struct Document {
    pub file: Arc<str>,
    pub root: Node,
}

#[derive(Debug, Clone)]
pub struct Node {
    pub mark: Mark,
    pub body: Body,
}

#[derive(Debug, Clone)]
pub enum Body {
    Scalar(Scalar),
    List(Vec<Node>),
    /// In the order of the file; no key occurs twice.
    Map(Vec<(Key, Node)>),
}

/// The members of a map.
pub type Members<'a> = &'a [(Key, Node)];

#[derive(Debug, Clone)]
pub struct Key {
    pub mark: Mark,
    pub text: String,
    pub source: ScalarSource,
}

/// A scalar, with what is needed to find a character of it in the file.
#[derive(Debug, Clone)]
pub struct Scalar {
    pub text: String,
    /// Written without quotes, so that it may stand for a number, a boolean or null.
    pub is_plain: bool,
    pub source: ScalarSource,
}

/// What a plain scalar stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScalarKind {
    Null,
    Bool(bool),
    Number(Number),
    Text,
}

impl Scalar {
    /// YAML 1.2 core schema, with JSON's number syntax: what is no JSON number is text.
    pub fn kind(&self) -> ScalarKind {
        if !self.is_plain {
            return ScalarKind::Text;
        }
        match self.text.as_str() {
            "" | "~" | "null" | "Null" | "NULL" => ScalarKind::Null,
            "true" | "True" | "TRUE" => ScalarKind::Bool(true),
            "false" | "False" | "FALSE" => ScalarKind::Bool(false),
            text => Number::parse(text).map_or(ScalarKind::Text, ScalarKind::Number),
        }
    }
}

impl Node {
    /// What a message calls it.
    pub fn kind(&self) -> &'static str {
        match &self.body {
            Body::Map(_) => "a map",
            Body::List(_) => "a list",
            Body::Scalar(scalar) => match scalar.kind() {
                ScalarKind::Null => "nothing",
                ScalarKind::Bool(_) => "a boolean",
                ScalarKind::Number(_) => "a number",
                ScalarKind::Text => "text",
            },
        }
    }

    pub fn is_null(&self) -> bool {
        matches!(&self.body, Body::Scalar(scalar) if scalar.kind() == ScalarKind::Null)
    }

    /// The node as plain data: a text scalar is text, not an expression.
    pub fn to_value(&self) -> Value {
        match &self.body {
            Body::Scalar(scalar) => match scalar.kind() {
                ScalarKind::Null => Value::Null,
                ScalarKind::Bool(truth) => Value::Bool(truth),
                ScalarKind::Number(number) => Value::Number(number),
                ScalarKind::Text => Value::Text(Text::from(scalar.text.as_str())),
            },
            Body::List(nodes) => Value::Array(nodes.iter().map(Node::to_value).collect::<Array>()),
            Body::Map(members) => Value::Object(
                members
                    .iter()
                    .map(|(key, node)| (Text::from(key.text.as_str()), node.to_value()))
                    .collect::<Object>(),
            ),
        }
    }
}

impl Document {
    /// Reads YAML (and so JSON). One document, no anchors, aliases or tags.
    pub fn from_yaml(file: &Arc<str>, source: &[u8]) -> Result<Document, PackageError> {
        yaml::read(file, &checked_text(file, source)?)
    }

    /// Reads JSON and nothing beyond it: what YAML would take as text or as nothing is refused.
    pub fn from_json(file: &Arc<str>, source: &[u8]) -> Result<Document, PackageError> {
        let text = checked_text(file, source)?;
        yaml::require_json(file, &text)?;
        yaml::read(file, &text)
    }

    pub fn from_toml(file: &Arc<str>, source: &[u8]) -> Result<Document, PackageError> {
        toml::read(file, &checked_text(file, source)?)
    }

    pub fn error(&self, code: &'static str, mark: Mark, message: impl Into<String>) -> PackageError {
        PackageError::at(code, &self.file, mark, message)
    }

    /// The members of a map, or a complaint that says what `what` should be.
    pub fn map<'a>(&self, code: &'static str, node: &'a Node, what: &str) -> Result<Members<'a>, PackageError> {
        match &node.body {
            Body::Map(members) => Ok(members),
            _ => Err(self.error(
                code,
                node.mark,
                format!("{what} must be a map, but it is {}", node.kind()),
            )),
        }
    }

    /// The members of a map that has none but those that are `known`.
    pub fn members<'a>(
        &self,
        code: &'static str,
        node: &'a Node,
        what: &str,
        known: &[&str],
    ) -> Result<Members<'a>, PackageError> {
        let members = self.map(code, node, what)?;
        match members.iter().find(|(key, _)| !known.contains(&key.text.as_str())) {
            Some((key, _)) => Err(self.unknown_key(code, key, known)),
            None => Ok(members),
        }
    }

    /// The text of a member, if it is there.
    pub fn text_member(
        &self,
        code: &'static str,
        members: Members<'_>,
        name: &str,
    ) -> Result<Option<String>, PackageError> {
        let text = find(members, name).map(|node| self.text(code, node, &format!("`{name}`")));
        Ok(text.transpose()?.map(str::to_owned))
    }

    pub fn list<'a>(&self, code: &'static str, node: &'a Node, what: &str) -> Result<&'a [Node], PackageError> {
        match &node.body {
            Body::List(nodes) => Ok(nodes),
            _ => Err(self.error(
                code,
                node.mark,
                format!("{what} must be a list, but it is {}", node.kind()),
            )),
        }
    }

    /// The text of a scalar that is not null. Numbers and booleans give their literal.
    pub fn text<'a>(&self, code: &'static str, node: &'a Node, what: &str) -> Result<&'a str, PackageError> {
        match &node.body {
            Body::Scalar(scalar) if scalar.kind() != ScalarKind::Null => Ok(&scalar.text),
            _ => Err(self.error(
                code,
                node.mark,
                format!("{what} must be text, but it is {}", node.kind()),
            )),
        }
    }

    /// A whole number of at least 0.
    pub fn natural(&self, code: &'static str, node: &Node, what: &str) -> Result<u64, PackageError> {
        match &node.body {
            Body::Scalar(scalar) => scalar.text.parse().ok(),
            Body::List(_) | Body::Map(_) => None,
        }
        .ok_or_else(|| {
            self.error(
                code,
                node.mark,
                format!("{what} must be a whole number of at least 0, but it is {}", node.kind()),
            )
        })
    }

    /// The complaint about a key that nobody reads.
    pub fn unknown_key(&self, code: &'static str, key: &Key, known: &[&str]) -> PackageError {
        let meant = nearest(&key.text, known.iter().copied());
        let meant = meant.map_or(String::new(), |meant| format!(" (did you mean `{meant}`?)"));
        let message = format!("unknown key `{}`{meant}; known here: {}", key.text, known.join(", "));
        self.error(code, key.mark, message)
    }
}

/// The member of this name.
pub fn find<'a>(members: Members<'a>, name: &str) -> Option<&'a Node> {
    members.iter().find(|(key, _)| key.text == name).map(|(_, node)| node)
}

fn checked_text(file: &Arc<str>, source: &[u8]) -> Result<String, PackageError> {
    if source.len() > MAX_FILE_BYTES {
        let message = format!(
            "the file has {}; the most is {}",
            counted(source.len() as u64, "byte"),
            grouped(MAX_FILE_BYTES as u64)
        );
        return Err(PackageError::at(code::PKG_READ, file, Mark::START, message));
    }
    match std::str::from_utf8(source) {
        Ok(text) => Ok(normalised_text(text)),
        Err(error) => {
            let valid = source.get(..error.valid_up_to()).unwrap_or_default();
            let mark = Mark::from_offset(&String::from_utf8_lossy(valid), valid.len());
            Err(PackageError::at(
                code::PKG_SYNTAX,
                file,
                mark,
                "the file is not UTF-8 here; save it as UTF-8",
            ))
        }
    }
}
