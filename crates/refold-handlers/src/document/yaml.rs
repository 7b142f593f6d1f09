//! YAML into the marked tree.

use std::collections::HashSet;
use std::sync::Arc;

use refold_core::value::Value;
use saphyr_parser::{Event, Parser, ScalarStyle, Span};

use super::{Body, Document, Key, MAX_DEPTH, Node, Scalar, ScalarSource};
use crate::error::{Mark, PackageError, code, count};

pub fn read(file: &Arc<str>, source: &str) -> Result<Document, PackageError> {
    let mut reader = Reader {
        file,
        source,
        lines: source.split('\n').collect(),
        events: Parser::new_from_str(source),
    };
    let mut root = None;
    loop {
        let (event, span) = reader.next()?;
        match event {
            Event::StreamStart | Event::DocumentStart(_) | Event::DocumentEnd | Event::Nothing => {}
            Event::StreamEnd => break,
            event if root.is_none() => root = Some(reader.node(event, span, 0)?),
            _ => return Err(reader.error(span, "a second document begins here; keep one document to a file")),
        }
    }
    let empty = || Node {
        mark: Mark::START,
        body: Body::Scalar(Scalar {
            text: String::new(),
            is_plain: true,
            source: ScalarSource::Inline(Mark::START),
        }),
    };
    Ok(Document {
        file: Arc::clone(file),
        root: root.unwrap_or_else(empty),
    })
}

/// What is wrong in the words of JSON.
pub fn require_json(file: &Arc<str>, source: &str) -> Result<(), PackageError> {
    let Err(error) = Value::from_json(source.as_bytes(), Value::MAX_DEPTH) else {
        return Ok(());
    };
    let mark = Mark::from_offset(source, error.offset);
    let message = format!("this is not JSON: {}", error.message);
    Err(PackageError::at(code::PKG_SYNTAX, file, mark, message))
}

struct Reader<'a> {
    file: &'a Arc<str>,
    source: &'a str,
    lines: Vec<&'a str>,
    events: Parser<'a, saphyr_parser::StrInput<'a>>,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<(Event<'a>, Span), PackageError> {
        match self.events.next_event() {
            Some(Ok(next)) => Ok(next),
            Some(Err(error)) => {
                if self.file.ends_with(".json") {
                    require_json(self.file, self.source)?;
                }
                let message = format!("this is not YAML: {}", error.info());
                Err(PackageError::at(
                    code::PKG_SYNTAX,
                    self.file,
                    mark_of(error.marker()),
                    message,
                ))
            }
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    fn node(&mut self, event: Event<'a>, span: Span, depth: usize) -> Result<Node, PackageError> {
        if depth > MAX_DEPTH {
            return Err(self.error(span, format!("the file nests deeper than {MAX_DEPTH} levels")));
        }
        let mark = mark_of(&span.start);
        let body = match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.refuse_extras(span, anchor, tag.is_some())?;
                let source = self.scalar_source(&text, style, mark);
                Body::Scalar(Scalar {
                    text: text.into_owned(),
                    is_plain: style == ScalarStyle::Plain,
                    source,
                })
            }
            Event::SequenceStart(anchor, tag) => {
                self.refuse_extras(span, anchor, tag.is_some())?;
                let mut nodes = Vec::new();
                loop {
                    let (event, span) = self.next()?;
                    if matches!(event, Event::SequenceEnd | Event::StreamEnd) {
                        break Body::List(nodes);
                    }
                    nodes.push(self.node(event, span, depth + 1)?);
                }
            }
            Event::MappingStart(anchor, tag) => {
                self.refuse_extras(span, anchor, tag.is_some())?;
                self.map(depth)?
            }
            Event::Alias(_) => {
                return Err(self.error(span, "aliases are not supported; write the value out"));
            }
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd
            | Event::SequenceEnd
            | Event::MappingEnd => return Err(self.error(span, "a value is missing here")),
        };
        Ok(Node { mark, body })
    }

    fn map(&mut self, depth: usize) -> Result<Body, PackageError> {
        let mut members: Vec<(Key, Node)> = Vec::new();
        let mut seen = HashSet::new();
        loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::MappingEnd | Event::StreamEnd) {
                return Ok(Body::Map(members));
            }
            let node = self.node(event, span, depth + 1)?;
            let Body::Scalar(key) = node.body else {
                return Err(self.error(span, "a key must be text"));
            };
            if !seen.insert(key.text.clone()) {
                return Err(self.error(span, format!("the key `{}` occurs twice; remove one", key.text)));
            }
            let (event, span) = self.next()?;
            members.push((
                Key {
                    mark: node.mark,
                    text: key.text,
                    source: key.source,
                },
                self.node(event, span, depth + 1)?,
            ));
        }
    }

    fn refuse_extras(&self, span: Span, anchor: usize, has_tag: bool) -> Result<(), PackageError> {
        if anchor != 0 {
            return Err(self.error(span, "anchors are not supported; write the value out"));
        }
        if has_tag {
            return Err(self.error(span, "tags are not supported; remove the `!…`"));
        }
        Ok(())
    }

    fn scalar_source(&self, text: &str, style: ScalarStyle, mark: Mark) -> ScalarSource {
        let line_at = |line: u32| self.lines.get(line as usize - 1).copied().unwrap_or_default();
        match style {
            // A plain scalar that goes on over a line break holds a blank where the break was.
            ScalarStyle::Plain if line_at(mark.line).contains(text) => ScalarSource::Inline(mark),
            ScalarStyle::SingleQuoted => ScalarSource::from_quoted(mark, line_at(mark.line), '\'', text),
            ScalarStyle::DoubleQuoted => ScalarSource::from_quoted(mark, line_at(mark.line), '"', text),
            ScalarStyle::Literal => {
                let mut lines = text.split('\n').zip(0_u32..);
                let Some((first, skipped)) = lines.find(|(line, _)| !line.is_empty()) else {
                    return ScalarSource::Folded(mark);
                };
                // The mark is that of the header or that of the first line, so the first line is looked for.
                let is_first = |line: &u32| line_at(*line).trim_start() == first.trim_start();
                let Some(written) = (mark.line..=mark.line + 1 + skipped).find(is_first) else {
                    return ScalarSource::Folded(mark);
                };
                let indent = line_at(written).chars().count().saturating_sub(first.chars().count());
                ScalarSource::Block {
                    first_line: written.saturating_sub(skipped),
                    column: count(indent) + 1,
                }
            }
            ScalarStyle::Plain | ScalarStyle::Folded => ScalarSource::Folded(mark),
        }
    }

    fn error(&self, span: Span, message: impl Into<String>) -> PackageError {
        PackageError::at(code::PKG_SYNTAX, self.file, mark_of(&span.start), message)
    }
}

/// saphyr counts lines from 1 and columns from 0.
fn mark_of(marker: &saphyr_parser::Marker) -> Mark {
    Mark {
        line: count(marker.line()).max(1),
        column: count(marker.col()) + 1,
    }
}
