//! The `where` of a source: a conjunction of comparisons of a column with literals, and nothing else.
//!
//! It is parsed here and written out again by the adapter with quoted identifiers, so that no SQL of a layout document
//! ever reaches a database.

/// All conditions must hold. Empty: every row is an event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    pub conditions: Vec<Condition>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    pub column: String,
    pub comparison: Comparison,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Comparison {
    /// The operator is one of `= <> < <= > >=`.
    Compare(&'static str, Literal),
    In(Vec<Literal>),
    IsNull,
    IsNotNull,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Literal {
    Text(String),
    Integer(i64),
}

impl Filter {
    /// On failure: the byte offset in `text` and what was expected there.
    pub fn parse(text: &str) -> Result<Filter, (usize, String)> {
        let mut parser = Parser { text, offset: 0 };
        let mut conditions = vec![parser.condition()?];
        while !parser.at_end() {
            parser.word("and").ok_or_else(|| parser.expected("AND or the end"))?;
            conditions.push(parser.condition()?);
        }
        Ok(Filter { conditions })
    }
}

struct Parser<'a> {
    text: &'a str,
    offset: usize,
}

impl<'a> Parser<'a> {
    fn condition(&mut self) -> Result<Condition, (usize, String)> {
        let column = self.column().ok_or_else(|| self.expected("a column name"))?;
        if self.word("is").is_some() {
            let is_not = self.word("not").is_some();
            self.word("null").ok_or_else(|| self.expected("NULL"))?;
            let comparison = if is_not {
                Comparison::IsNotNull
            } else {
                Comparison::IsNull
            };
            return Ok(Condition { column, comparison });
        }
        if self.word("in").is_some() {
            self.symbol("(").ok_or_else(|| self.expected("("))?;
            let mut literals = vec![self.literal()?];
            while self.symbol(",").is_some() {
                literals.push(self.literal()?);
            }
            self.symbol(")").ok_or_else(|| self.expected(", or )"))?;
            return Ok(Condition {
                column,
                comparison: Comparison::In(literals),
            });
        }
        let spellings = [
            ("<=", "<="),
            (">=", ">="),
            ("<>", "<>"),
            ("!=", "<>"),
            ("=", "="),
            ("<", "<"),
            (">", ">"),
        ];
        for (spelling, operator) in spellings {
            if self.symbol(spelling).is_some() {
                return Ok(Condition {
                    column,
                    comparison: Comparison::Compare(operator, self.literal()?),
                });
            }
        }
        Err(self.expected("= <> < <= > >=, IN or IS [NOT] NULL"))
    }

    fn rest(&mut self) -> &'a str {
        let rest = &self.text[self.offset..];
        let trimmed = rest.trim_start();
        self.offset += rest.len() - trimmed.len();
        trimmed
    }

    fn at_end(&mut self) -> bool {
        self.rest().is_empty()
    }

    fn expected(&self, what: &str) -> (usize, String) {
        (self.offset, format!("expected {what}"))
    }

    fn column(&mut self) -> Option<String> {
        let rest = self.rest();
        if let Some(quoted) = rest.strip_prefix('"') {
            let end = quoted.find('"')?;
            self.offset += end + 2;
            return Some(quoted[..end].to_owned());
        }
        let end = rest
            .find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.'))
            .unwrap_or(rest.len());
        if end == 0 || rest.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        self.offset += end;
        Some(rest[..end].to_owned())
    }

    fn word(&mut self, word: &str) -> Option<()> {
        let rest = self.rest();
        let head = rest.get(..word.len())?;
        let ends = !rest[word.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '_');
        (head.eq_ignore_ascii_case(word) && ends).then(|| self.offset += word.len())
    }

    fn symbol(&mut self, symbol: &str) -> Option<()> {
        self.rest().starts_with(symbol).then(|| self.offset += symbol.len())
    }

    fn literal(&mut self) -> Result<Literal, (usize, String)> {
        let rest = self.rest();
        if let Some(quoted) = rest.strip_prefix('\'') {
            let mut value = String::new();
            let mut chars = quoted.char_indices().peekable();
            while let Some((at, c)) = chars.next() {
                if c != '\'' {
                    value.push(c);
                } else if chars.next_if(|(_, next)| *next == '\'').is_some() {
                    value.push('\'');
                } else {
                    self.offset += at + 2;
                    return Ok(Literal::Text(value));
                }
            }
            return Err(self.expected("a closing '"));
        }
        let end = rest
            .find(|c: char| !(c.is_ascii_digit() || c == '-'))
            .unwrap_or(rest.len());
        let value = rest[..end]
            .parse()
            .map_err(|_| self.expected("a 'text' or an integer"))?;
        self.offset += end;
        Ok(Literal::Integer(value))
    }
}
