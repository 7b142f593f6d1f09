//! The story of a stream: one line an event, in the words of the people whose business it is.
//!
//! The lines come from templates in `story.yaml` of a handler package. A template only quotes what the payload holds;
//! where it would have to leave a gap it gives no line, and whoever shows the story falls back to type and changes. It
//! must not know about states: a line is the same whatever was folded.

use std::collections::BTreeMap;
use std::sync::Arc;

use refold_core::pointer::{Pointer, Segment};
use refold_core::value::{Redacted, Text, Value};

use crate::document::{Body, Document, Node};
use crate::error::{PackageError, code};

#[cfg(test)]
mod tests;

/// The name of the file in a package folder.
pub const FILE: &str = "story.yaml";

/// What a value in a line has at most, in characters: a line is to be read at a glance.
const VALUE_CHARS: usize = 120;

/// The templates of a package by event type, as the store names the types.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Story {
    templates: BTreeMap<Vec<u8>, Vec<Template>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Template(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Words(String),
    /// What the payload holds at this path.
    Quote(Pointer),
}

impl Story {
    /// Reads `story.yaml`: a map from event type to a template, or to a list of templates of which the first that has
    /// all it quotes is taken.
    ///
    /// ```yaml
    /// PaymentFailed: "Payment of {amount} refused: {reason}"
    /// ItemAdded: ["{qty} × {name} at {price}", "{quantity} × {sku} at {price}"]
    /// ```
    pub fn read(file: &Arc<str>, source: &[u8]) -> Result<Story, PackageError> {
        let document = Document::from_yaml(file, source)?;
        let mut templates = BTreeMap::new();
        for (event_type, node) in document.map(code::PKG_STORY, &document.root, "a story")? {
            let of_type = match &node.body {
                Body::List(nodes) => nodes.iter().map(|node| Template::read(&document, node)).collect(),
                _ => Template::read(&document, node).map(|template| vec![template]),
            };
            templates.insert(event_type.text.clone().into_bytes(), of_type?);
        }
        Ok(Story { templates })
    }

    pub fn is_empty(&self) -> bool {
        self.templates.is_empty()
    }

    /// The line of an event; `None` when no template of its type has all it quotes.
    pub fn line(&self, event_type: &[u8], payload: &Value) -> Option<String> {
        let mut templates = self.templates.get(event_type)?.iter();
        templates.find_map(|template| template.line(payload))
    }
}

impl Template {
    fn read(document: &Document, node: &Node) -> Result<Template, PackageError> {
        let text = document.text(code::PKG_STORY, node, "a template")?;
        let refused = |message: String| document.error(code::PKG_STORY, node.mark, message);
        let mut pieces = Vec::new();
        let mut words = String::new();
        let mut letters = text.chars().peekable();
        while let Some(letter) = letters.next() {
            match letter {
                '{' | '}' if letters.peek() == Some(&letter) => {
                    letters.next();
                    words.push(letter);
                }
                '{' => {
                    let mut path = String::new();
                    let is_closed = letters.by_ref().any(|letter| {
                        if letter != '}' {
                            path.push(letter);
                        }
                        letter == '}'
                    });
                    if !is_closed {
                        return Err(refused(format!(
                            "`{{{path}` has no end; close it with `}}`, or write `{{{{`"
                        )));
                    }
                    pieces.extend((!words.is_empty()).then(|| Piece::Words(std::mem::take(&mut words))));
                    pieces.push(Piece::Quote(place(path.trim()).map_err(refused)?));
                }
                '}' => return Err(refused("a `}` stands alone; write `}}` for the letter".to_owned())),
                other => words.push(other),
            }
        }
        pieces.extend((!words.is_empty()).then_some(Piece::Words(words)));
        Ok(Template(pieces))
    }

    fn line(&self, payload: &Value) -> Option<String> {
        let mut line = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Words(words) => line.push_str(words),
                Piece::Quote(path) => {
                    let value = path.find(payload)?.resolved();
                    let quoted = match value {
                        Value::Null => return None,
                        Value::Text(text) => text.to_display().into_owned(),
                        Value::Redacted(_) => Redacted::SHOWN.to_owned(),
                        other => other.display_json(),
                    };
                    push_short(&mut line, &quoted);
                }
            }
        }
        Some(line)
    }
}

/// The place that `amount`, `address.city`, `items.0.sku` or a JSON pointer (`/a.b/c`) names.
fn place(path: &str) -> Result<Pointer, String> {
    if path.starts_with('/') {
        return Pointer::parse(path).map_err(|error| error.to_string());
    }
    if path.is_empty() || path.split('.').any(str::is_empty) {
        return Err(format!(
            "`{{{path}}}` names no member; write {{amount}}, {{address.city}}, or a pointer {{/a.b/c}}"
        ));
    }
    let segments = path.split('.').map(|name| Segment::from_key(&Text::from(name)));
    Ok(segments.fold(Pointer::ROOT, |place, segment| place.push(segment)))
}

fn push_short(line: &mut String, quoted: &str) {
    match quoted.char_indices().nth(VALUE_CHARS) {
        Some((end, _)) => {
            line.push_str(quoted.get(..end).unwrap_or_default());
            line.push('…');
        }
        None => line.push_str(quoted),
    }
}
