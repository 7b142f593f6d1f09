//! Tokens into a syntax tree, by recursive descent.
//!
//! The grammar is in `docs/handlers.md`. Every recursion is bounded: nesting by [`MAX_NESTING`], the height of the tree
//! by [`MAX_HEIGHT`], the text by [`MAX_CHARACTERS`].

use super::lexer::{Token, tokens};
use super::syntax::{Expression, Kind, Operator, SyntaxError};

/// The longest expression, in characters.
pub const MAX_CHARACTERS: usize = 16 << 10;
/// How deep brackets, calls, choices and signs may nest.
pub const MAX_NESTING: usize = 32;
/// The highest tree; a chain of 150 additions is one.
pub const MAX_HEIGHT: usize = 160;

/// Names that CEL reserves, so that an expression stays one there.
const RESERVED: [&str; 18] = [
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "in",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
    "while",
];

pub fn parse(text: &str) -> Result<Expression, SyntaxError> {
    if text.len() > MAX_CHARACTERS * 4 || text.chars().count() > MAX_CHARACTERS {
        let message = format!("the expression is longer than {MAX_CHARACTERS} characters; split it with `let`");
        return Err(SyntaxError { at: 0, message });
    }
    let mut parser = Parser {
        tokens: tokens(text)?,
        next: 0,
        nesting: 0,
    };
    if *parser.peek() == Token::End {
        return Err(parser.error("an expression is missing here; for an empty text write `''`"));
    }
    let expression = parser.expression()?;
    match parser.peek() {
        Token::End => Ok(expression),
        _ => Err(parser.unexpected("an operator or the end")),
    }
}

struct Parser {
    tokens: Vec<(usize, Token)>,
    next: usize,
    nesting: usize,
}

type Parsed = Result<Expression, SyntaxError>;

impl Parser {
    fn expression(&mut self) -> Parsed {
        self.nesting += 1;
        if self.nesting > MAX_NESTING {
            return Err(self.error(format!(
                "the expression nests deeper than {MAX_NESTING} levels; split it with `let`"
            )));
        }
        let condition = self.binary(0)?;
        let parsed = if self.accept("?") {
            let then = self.expression()?;
            self.expect(":")?;
            let otherwise = self.expression()?;
            let at = condition.at;
            let kind = Kind::Choice {
                condition: Box::new(condition),
                then: Box::new(then),
                otherwise: Box::new(otherwise),
            };
            self.build(at, kind)?
        } else {
            condition
        };
        self.nesting -= 1;
        Ok(parsed)
    }

    /// Operators from the loosest level (0: `||`) to the tightest; all associate to the left.
    fn binary(&mut self, level: usize) -> Parsed {
        const LEVELS: [&[Operator]; 5] = [
            &[Operator::Or],
            &[Operator::And],
            &[
                Operator::LessOrEqual,
                Operator::GreaterOrEqual,
                Operator::Equal,
                Operator::NotEqual,
                Operator::Less,
                Operator::Greater,
                Operator::In,
            ],
            &[Operator::Add, Operator::Subtract],
            &[Operator::Multiply, Operator::Divide, Operator::Remainder],
        ];
        let Some(operators) = LEVELS.get(level) else {
            return self.unary();
        };
        let mut left = self.binary(level + 1)?;
        while let Some(operator) = operators.iter().copied().find(|operator| self.is_operator(*operator)) {
            self.next += 1;
            let right = self.binary(level + 1)?;
            let at = left.at;
            left = self.build(
                at,
                Kind::Binary {
                    operator,
                    left: Box::new(left),
                    right: Box::new(right),
                },
            )?;
        }
        Ok(left)
    }

    fn unary(&mut self) -> Parsed {
        let at = self.position();
        for symbol in ["!", "-"] {
            if self.accept(symbol) {
                self.nesting += 1;
                if self.nesting > MAX_NESTING {
                    return Err(self.error("too many signs in a row"));
                }
                let operand = self.unary()?;
                self.nesting -= 1;
                let operand = Box::new(operand);
                return self.build(
                    at,
                    if symbol == "!" {
                        Kind::Not(operand)
                    } else {
                        Kind::Negate(operand)
                    },
                );
            }
        }
        self.member()
    }

    fn member(&mut self) -> Parsed {
        let mut of = self.primary()?;
        loop {
            let at = of.at;
            if self.accept(".") {
                let name = match self.take() {
                    Token::Name(name) | Token::QuotedName(name) => name,
                    _ => {
                        self.next -= 1;
                        return Err(self.unexpected("a name"));
                    }
                };
                let kind = if self.accept("(") {
                    Kind::Call {
                        function: name,
                        receiver: Some(Box::new(of)),
                        arguments: self.until(")")?,
                    }
                } else {
                    Kind::Member { of: Box::new(of), name }
                };
                of = self.build(at, kind)?;
            } else if self.accept("[") {
                let index = self.expression()?;
                self.expect("]")?;
                of = self.build(
                    at,
                    Kind::Index {
                        of: Box::new(of),
                        index: Box::new(index),
                    },
                )?;
            } else {
                return Ok(of);
            }
        }
    }

    fn primary(&mut self) -> Parsed {
        let at = self.position();
        let kind = match self.take() {
            Token::Number(number) => Kind::Number(number),
            Token::Text(text) => Kind::Text(text),
            Token::Name(name) => match name.as_str() {
                "null" => Kind::Null,
                "true" => Kind::Bool(true),
                "false" => Kind::Bool(false),
                _ if RESERVED.contains(&name.as_str()) => {
                    self.next -= 1;
                    return Err(self.error(format!("`{name}` is a reserved word and cannot be a name")));
                }
                _ if self.accept("(") => Kind::Call {
                    function: name,
                    receiver: None,
                    arguments: self.until(")")?,
                },
                _ => Kind::Name(name),
            },
            Token::Symbol("(") => {
                let inner = self.expression()?;
                self.expect(")")?;
                return Ok(inner);
            }
            Token::Symbol("[") => Kind::List(self.until("]")?),
            Token::Symbol("{") => Kind::Object(self.members()?),
            Token::QuotedName(_) => {
                self.next -= 1;
                return Err(self.error("a name in backticks is allowed after a dot only; a text is written in quotes"));
            }
            Token::Symbol(_) | Token::End => {
                self.next -= 1;
                return Err(self.unexpected("a value"));
            }
        };
        self.build(at, kind)
    }

    /// Expressions between commas, up to and with `close`; a comma may stand before it.
    fn until(&mut self, close: &'static str) -> Result<Vec<Expression>, SyntaxError> {
        let mut expressions = Vec::new();
        while !self.accept(close) {
            expressions.push(self.expression()?);
            if !self.accept(",") {
                self.expect(close)?;
                break;
            }
        }
        Ok(expressions)
    }

    fn members(&mut self) -> Result<Vec<(Expression, Expression)>, SyntaxError> {
        let mut members = Vec::new();
        while !self.accept("}") {
            let key = self.expression()?;
            self.expect(":")?;
            members.push((key, self.expression()?));
            if !self.accept(",") {
                self.expect("}")?;
                break;
            }
        }
        Ok(members)
    }

    fn build(&self, at: usize, kind: Kind) -> Parsed {
        let below = match &kind {
            Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) | Kind::Name(_) => 0,
            Kind::Member { of, .. } => of.height,
            Kind::Not(operand) | Kind::Negate(operand) => operand.height,
            Kind::Index { of, index } => of.height.max(index.height),
            Kind::Binary { left, right, .. } => left.height.max(right.height),
            Kind::Choice {
                condition,
                then,
                otherwise,
            } => condition.height.max(then.height).max(otherwise.height),
            Kind::Call {
                receiver, arguments, ..
            } => arguments
                .iter()
                .chain(receiver.as_deref())
                .map(|child| child.height)
                .max()
                .unwrap_or(0),
            Kind::List(elements) => elements.iter().map(|child| child.height).max().unwrap_or(0),
            Kind::Object(members) => members
                .iter()
                .map(|(key, value)| key.height.max(value.height))
                .max()
                .unwrap_or(0),
        };
        if below >= MAX_HEIGHT {
            let message =
                format!("the expression is built of more than {MAX_HEIGHT} steps in a row; split it with `let`");
            return Err(SyntaxError { at, message });
        }
        Ok(Expression {
            at,
            kind,
            height: below + 1,
        })
    }

    fn is_operator(&self, operator: Operator) -> bool {
        match self.peek() {
            Token::Symbol(symbol) => *symbol == operator.symbol(),
            Token::Name(name) => operator == Operator::In && name == "in",
            _ => false,
        }
    }

    fn accept(&mut self, symbol: &str) -> bool {
        let is_here = matches!(self.peek(), Token::Symbol(here) if *here == symbol);
        self.next += usize::from(is_here);
        is_here
    }

    fn expect(&mut self, symbol: &str) -> Result<(), SyntaxError> {
        if self.accept(symbol) {
            Ok(())
        } else {
            Err(self.unexpected(&format!("`{symbol}`")))
        }
    }

    fn peek(&self) -> &Token {
        self.tokens.get(self.next).map_or(&Token::End, |(_, token)| token)
    }

    fn take(&mut self) -> Token {
        let token = self.peek().clone();
        self.next += 1;
        token
    }

    fn position(&self) -> usize {
        self.tokens
            .get(self.next)
            .or(self.tokens.last())
            .map_or(0, |(at, _)| *at)
    }

    fn unexpected(&self, expected: &str) -> SyntaxError {
        let found = match self.peek() {
            Token::Name(name) | Token::QuotedName(name) => format!("`{name}`"),
            Token::Number(_) => "a number".to_owned(),
            Token::Text(_) => "a text".to_owned(),
            Token::Symbol(symbol) => format!("`{symbol}`"),
            Token::End => "the end".to_owned(),
        };
        self.error(format!("expected {expected} but found {found}"))
    }

    fn error(&self, message: impl Into<String>) -> SyntaxError {
        SyntaxError {
            at: self.position(),
            message: message.into(),
        }
    }
}
