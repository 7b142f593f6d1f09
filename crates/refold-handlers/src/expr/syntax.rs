//! The tree that the parser makes of an expression.

use refold_core::value::{Number, Text};

/// An expression and where it begins, in characters from the start of its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expression {
    pub at: usize,
    pub kind: Kind,
    /// Levels of the tree below and with this one; the parser keeps it small, so that a walk may recurse.
    pub(super) height: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    Null,
    Bool(bool),
    Number(Number),
    Text(Text),
    Name(String),
    /// `of.name`
    Member {
        of: Box<Expression>,
        name: String,
    },
    /// `of[index]`
    Index {
        of: Box<Expression>,
        index: Box<Expression>,
    },
    /// `function(arguments)`, or `receiver.function(arguments)`.
    Call {
        function: String,
        receiver: Option<Box<Expression>>,
        arguments: Vec<Expression>,
    },
    Not(Box<Expression>),
    Negate(Box<Expression>),
    Binary {
        operator: Operator,
        left: Box<Expression>,
        right: Box<Expression>,
    },
    /// `condition ? then : otherwise`
    Choice {
        condition: Box<Expression>,
        then: Box<Expression>,
        otherwise: Box<Expression>,
    },
    List(Vec<Expression>),
    Object(Vec<(Expression, Expression)>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

impl Operator {
    pub fn symbol(self) -> &'static str {
        match self {
            Operator::Or => "||",
            Operator::And => "&&",
            Operator::Equal => "==",
            Operator::NotEqual => "!=",
            Operator::Less => "<",
            Operator::LessOrEqual => "<=",
            Operator::Greater => ">",
            Operator::GreaterOrEqual => ">=",
            Operator::In => "in",
            Operator::Add => "+",
            Operator::Subtract => "-",
            Operator::Multiply => "*",
            Operator::Divide => "/",
            Operator::Remainder => "%",
        }
    }
}

/// Text that is no expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    /// In characters from the start of the text.
    pub at: usize,
    pub message: String,
}
