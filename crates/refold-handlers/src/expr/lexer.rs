//! Expression text into tokens.

use refold_core::value::{Number, Text};

use super::syntax::SyntaxError;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
    Name(String),
    /// A name in backticks: allowed after a dot only.
    QuotedName(String),
    Number(Number),
    Text(Text),
    /// An operator or a bracket.
    Symbol(&'static str),
    End,
}

/// Longer symbols first, so that `<=` is not read as `<`.
const SYMBOLS: [&str; 23] = [
    "<=", ">=", "==", "!=", "&&", "||", "(", ")", "[", "]", "{", "}", ",", ".", ":", "?", "+", "-", "*", "/", "%", "<",
    ">",
];

/// All tokens with the character they begin at; the last is [`Token::End`].
pub fn tokens(text: &str) -> Result<Vec<(usize, Token)>, SyntaxError> {
    let mut lexer = Lexer {
        characters: text.chars().collect(),
        at: 0,
    };
    let mut tokens = Vec::new();
    loop {
        // The end is where the last token ends, not after the blanks and comments that follow it.
        let end = lexer.at;
        lexer.skip_blanks();
        let start = lexer.at;
        match lexer.token()? {
            Token::End => {
                tokens.push((end, Token::End));
                return Ok(tokens);
            }
            token => tokens.push((start, token)),
        }
    }
}

struct Lexer {
    characters: Vec<char>,
    at: usize,
}

impl Lexer {
    fn token(&mut self) -> Result<Token, SyntaxError> {
        let Some(character) = self.peek(0) else {
            return Ok(Token::End);
        };
        match character {
            'r' | 'R' if matches!(self.peek(1), Some('\'' | '"')) => {
                self.at += 1;
                self.text(true)
            }
            'b' | 'B' if matches!(self.peek(1), Some('\'' | '"')) => {
                Err(self.error(self.at, "byte literals do not exist here; use text"))
            }
            '\'' | '"' => self.text(false),
            '`' => self.quoted_name(),
            '0'..='9' => self.number(),
            '.' if self.peek(1).is_some_and(|next| next.is_ascii_digit()) => {
                Err(self.error(self.at, "write a digit before the decimal point, as in `0.5`"))
            }
            _ if character == '_' || character.is_ascii_alphabetic() => Ok(Token::Name(self.name())),
            _ => self.symbol(),
        }
    }

    fn symbol(&mut self) -> Result<Token, SyntaxError> {
        for symbol in SYMBOLS {
            if symbol
                .chars()
                .enumerate()
                .all(|(offset, expected)| self.peek(offset) == Some(expected))
            {
                self.at += symbol.len();
                return Ok(Token::Symbol(symbol));
            }
        }
        match self.peek(0) {
            Some('!') => {
                self.at += 1;
                Ok(Token::Symbol("!"))
            }
            Some('=') => Err(self.error(self.at, "`=` is not an operator; compare with `==`")),
            Some('&') => Err(self.error(self.at, "`&` is not an operator; use `&&`")),
            Some('|') => Err(self.error(self.at, "`|` is not an operator; use `||`")),
            Some(other) => Err(self.error(self.at, format!("the character {other:?} has no meaning here"))),
            None => Ok(Token::End),
        }
    }

    fn name(&mut self) -> String {
        let start = self.at;
        while self
            .peek(0)
            .is_some_and(|next| next == '_' || next.is_ascii_alphanumeric())
        {
            self.at += 1;
        }
        self.characters.get(start..self.at).unwrap_or_default().iter().collect()
    }

    fn quoted_name(&mut self) -> Result<Token, SyntaxError> {
        let start = self.at;
        self.at += 1;
        let mut name = String::new();
        loop {
            match self.take() {
                Some('`') if !name.is_empty() => return Ok(Token::QuotedName(name)),
                Some('`') => return Err(self.error(start, "the name in backticks is empty")),
                Some(character) if character != '\n' => name.push(character),
                _ => return Err(self.error(start, "the closing backtick is missing")),
            }
        }
    }

    fn number(&mut self) -> Result<Token, SyntaxError> {
        let start = self.at;
        if self.peek(0) == Some('0') && matches!(self.peek(1), Some('x' | 'X')) {
            self.at += 2;
            let digits = self.digits(|next| next.is_ascii_hexdigit());
            let value = i64::from_str_radix(&digits, 16)
                .map_err(|_| self.error(start, "a hexadecimal number needs 1 to 16 digits and must fit 64 bits"))?;
            self.refuse_number_tail(start)?;
            return Ok(Token::Number(Number::from(value)));
        }
        let mut literal = self.digits(|next| next.is_ascii_digit());
        if self.peek(0) == Some('.') && self.peek(1).is_some_and(|next| next.is_ascii_digit()) {
            self.at += 1;
            literal.push('.');
            literal.push_str(&self.digits(|next| next.is_ascii_digit()));
        }
        if matches!(self.peek(0), Some('e' | 'E')) {
            self.at += 1;
            literal.push('e');
            if let Some(sign @ ('+' | '-')) = self.peek(0) {
                self.at += 1;
                literal.push(sign);
            }
            literal.push_str(&self.digits(|next| next.is_ascii_digit()));
        }
        self.refuse_number_tail(start)?;
        Number::parse(&literal)
            .map(Token::Number)
            .ok_or_else(|| self.error(start, format!("`{literal}` is not a number; write it as JSON does")))
    }

    fn refuse_number_tail(&self, start: usize) -> Result<(), SyntaxError> {
        match self.peek(0) {
            Some('u' | 'U') => {
                Err(self.error(start, "the suffix `u` does not exist here: there is one kind of number"))
            }
            Some(next) if next == '_' || next.is_ascii_alphanumeric() => Err(self.error(
                start,
                "a name cannot begin with a digit; write `a['0b']` for such a member",
            )),
            _ => Ok(()),
        }
    }

    fn digits(&mut self, is_digit: impl Fn(char) -> bool) -> String {
        let start = self.at;
        while self.peek(0).is_some_and(&is_digit) {
            self.at += 1;
        }
        self.characters.get(start..self.at).unwrap_or_default().iter().collect()
    }

    fn text(&mut self, is_raw: bool) -> Result<Token, SyntaxError> {
        let start = self.at;
        let quote = self.take().unwrap_or('\'');
        let is_triple = self.peek(0) == Some(quote) && self.peek(1) == Some(quote);
        if is_triple {
            self.at += 2;
        }
        let mut text = String::new();
        loop {
            let at = self.at;
            match self.take() {
                Some(character) if character == quote => {
                    if !is_triple {
                        return Ok(Token::Text(Text::from(text.as_str())));
                    }
                    if self.peek(0) == Some(quote) && self.peek(1) == Some(quote) {
                        self.at += 2;
                        return Ok(Token::Text(Text::from(text.as_str())));
                    }
                    text.push(character);
                }
                Some('\\') if !is_raw => text.push(self.escape(at)?),
                Some('\n') if !is_triple => return Err(self.error(start, "the closing quote is missing on this line")),
                Some(character) => text.push(character),
                None => return Err(self.error(start, "the closing quote is missing")),
            }
        }
    }

    fn escape(&mut self, at: usize) -> Result<char, SyntaxError> {
        let digits = match self.take() {
            Some('n') => return Ok('\n'),
            Some('r') => return Ok('\r'),
            Some('t') => return Ok('\t'),
            Some('a') => return Ok('\u{7}'),
            Some('b') => return Ok('\u{8}'),
            Some('f') => return Ok('\u{c}'),
            Some('v') => return Ok('\u{b}'),
            Some(itself @ ('\\' | '\'' | '"' | '`' | '?')) => return Ok(itself),
            Some('x' | 'X') => 2,
            Some('u') => 4,
            Some('U') => 8,
            _ => return Err(self.error(at, "this escape does not exist; a backslash is written `\\\\`")),
        };
        let written: String = (0..digits).filter_map(|_| self.take()).collect();
        u32::from_str_radix(&written, 16)
            .ok()
            .filter(|_| written.len() == digits)
            .and_then(char::from_u32)
            .ok_or_else(|| {
                self.error(
                    at,
                    format!("this escape needs {digits} hexadecimal digits of a character"),
                )
            })
    }

    fn skip_blanks(&mut self) {
        loop {
            while self
                .peek(0)
                .is_some_and(|next| matches!(next, ' ' | '\t' | '\n' | '\r' | '\u{c}'))
            {
                self.at += 1;
            }
            if self.peek(0) != Some('/') || self.peek(1) != Some('/') {
                return;
            }
            while self.peek(0).is_some_and(|next| next != '\n') {
                self.at += 1;
            }
        }
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        self.characters.get(self.at + ahead).copied()
    }

    fn take(&mut self) -> Option<char> {
        let character = self.peek(0);
        self.at += usize::from(character.is_some());
        character
    }

    fn error(&self, at: usize, message: impl Into<String>) -> SyntaxError {
        SyntaxError {
            at,
            message: message.into(),
        }
    }
}
