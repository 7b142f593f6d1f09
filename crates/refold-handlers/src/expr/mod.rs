//! Expressions: the syntax of CEL (a documented subset), our own checked semantics.
//!
//! Text is lexed and parsed to a [`syntax::Expression`], checked and compiled to nodes of an [`ir::Ir`], and evaluated
//! on exact values under a step and memory budget. It must not know reducers, packages or files: whoever compiles says
//! what the names stand for ([`scope::Scope`]).

pub mod compile;
pub mod eval;
pub mod functions;
pub mod ir;
mod lexer;
pub mod meter;
pub mod number;
pub mod parser;
pub mod reads;
pub mod scope;
pub mod syntax;
pub mod types;
pub mod value;

#[cfg(test)]
mod tests;
