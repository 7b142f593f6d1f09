//! TOML into the marked tree.

use std::ops::Range;
use std::sync::Arc;

use toml::de::{DeTable, DeValue};

use super::{Body, Document, Key, MAX_DEPTH, Node, Scalar, ScalarSource};
use crate::error::{Mark, PackageError, code};

pub fn read(file: &Arc<str>, source: &str) -> Result<Document, PackageError> {
    let reader = Reader { file, source };
    let table = DeTable::parse(source).map_err(|error| {
        let mark = error
            .span()
            .map_or(Mark::START, |span| Mark::from_offset(source, span.start));
        PackageError::at(
            code::PKG_SYNTAX,
            file,
            mark,
            format!("this is not TOML: {}", error.message()),
        )
    })?;
    let body = reader.table(table.get_ref(), 0)?;
    Ok(Document {
        file: Arc::clone(file),
        root: Node {
            mark: Mark::START,
            body,
        },
    })
}

struct Reader<'a> {
    file: &'a Arc<str>,
    source: &'a str,
}

impl Reader<'_> {
    fn table(&self, table: &DeTable<'_>, depth: usize) -> Result<Body, PackageError> {
        let mut members = table.iter().collect::<Vec<_>>();
        members.sort_by_key(|(key, _)| key.span().start);
        let members = members.into_iter().map(|(key, value)| {
            let mark = self.mark(&key.span());
            let key = Key {
                mark,
                text: key.get_ref().to_string(),
                source: ScalarSource::Folded(mark),
            };
            Ok((key, self.node(value.get_ref(), value.span(), depth + 1)?))
        });
        Ok(Body::Map(members.collect::<Result<_, PackageError>>()?))
    }

    fn node(&self, value: &DeValue<'_>, span: Range<usize>, depth: usize) -> Result<Node, PackageError> {
        let mark = self.mark(&span);
        if depth > MAX_DEPTH {
            let message = format!("the file nests deeper than {MAX_DEPTH} levels");
            return Err(PackageError::at(code::PKG_SYNTAX, self.file, mark, message));
        }
        let written = self.source.get(span).unwrap_or_default();
        let body = match value {
            DeValue::String(text) => self.scalar(text, false, mark, written),
            DeValue::Integer(number) if number.radix() == 10 => self.scalar(number.as_str(), true, mark, written),
            DeValue::Integer(number) => {
                let digits = i64::from_str_radix(number.as_str(), number.radix()).unwrap_or_default();
                self.scalar(&digits.to_string(), true, mark, written)
            }
            DeValue::Float(number) => self.scalar(number.as_str(), true, mark, written),
            DeValue::Boolean(truth) => self.scalar(if *truth { "true" } else { "false" }, true, mark, written),
            DeValue::Datetime(time) => self.scalar(&time.to_string(), false, mark, written),
            DeValue::Array(values) => Body::List(
                values
                    .iter()
                    .map(|value| self.node(value.get_ref(), value.span(), depth + 1))
                    .collect::<Result<_, _>>()?,
            ),
            DeValue::Table(table) => self.table(table, depth)?,
        };
        Ok(Node { mark, body })
    }

    fn scalar(&self, text: &str, is_plain: bool, mark: Mark, written: &str) -> Body {
        let source = match written.chars().next() {
            Some(quote @ ('\'' | '"')) if !written.starts_with("'''") && !written.starts_with("\"\"\"") => {
                let line = self.source.split('\n').nth(mark.line as usize - 1).unwrap_or_default();
                // A literal TOML text has no escape for its quote, so reading it by YAML's rule gives the same columns.
                ScalarSource::from_quoted(mark, line, quote, text)
            }
            Some(_) if written == text => ScalarSource::Inline(mark),
            _ => ScalarSource::Folded(mark),
        };
        Body::Scalar(Scalar {
            text: text.to_owned(),
            is_plain,
            source,
        })
    }

    fn mark(&self, span: &Range<usize>) -> Mark {
        Mark::from_offset(self.source, span.start)
    }
}
