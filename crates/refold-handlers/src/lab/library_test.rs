//! A history as a given/when/then test in another language, in the idiom of an event-sourcing library of it.
//!
//! What stands in a store is never trusted to be harmless: every text is quoted in the way of the language, names become
//! identifiers, comments stay on their line. It must not know where the history comes from, nor what made the states.

mod axon;
mod cqrs_es;
mod emmett;
mod marten;
mod pyeventsourcing;
#[cfg(test)]
mod tests;
mod words;

use refold_core::pointer::Pointer;
use refold_core::value::Value;

/// A language, and with it the library whose idiom its tests have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    Rust,
    TypeScript,
    Python,
    CSharp,
    Java,
    Kotlin,
}

impl Language {
    pub const ALL: [Language; 6] = [
        Language::Rust,
        Language::TypeScript,
        Language::Python,
        Language::CSharp,
        Language::Java,
        Language::Kotlin,
    ];

    /// As it is asked for: `rust`, `typescript`, `python`, `csharp`, `java`, `kotlin`.
    pub fn id(self) -> &'static str {
        match self {
            Language::Rust => "rust",
            Language::TypeScript => "typescript",
            Language::Python => "python",
            Language::CSharp => "csharp",
            Language::Java => "java",
            Language::Kotlin => "kotlin",
        }
    }

    /// As people write it, with the library: `Rust (cqrs-es)`.
    pub fn title(self) -> &'static str {
        match self {
            Language::Rust => "Rust (cqrs-es)",
            Language::TypeScript => "TypeScript (Emmett)",
            Language::Python => "Python (eventsourcing)",
            Language::CSharp => "C# (Marten)",
            Language::Java => "Java (Axon)",
            Language::Kotlin => "Kotlin (Axon)",
        }
    }
}

/// What a test is written from.
pub struct TestText<'a> {
    /// What the history shows, in a sentence.
    pub title: &'a str,
    /// Where the events come from, and what a reader must know; a line each.
    pub comments: &'a [String],
    /// The name of the aggregate: `order`.
    pub aggregate: &'a str,
    /// What tells this failure from others, for names: `balanced-once-paid`.
    pub failure: &'a str,
    pub given: &'a [GivenEvent],
    pub then: &'a Then,
}

/// An event as a model of today takes it: upcast.
pub struct GivenEvent {
    pub event_type: String,
    pub payload: Value,
    /// RFC 3339 in UTC; `None` where the store keeps none.
    pub recorded_at: Option<String>,
}

/// What is so after the events in a model that is right.
#[derive(Debug, Clone, PartialEq)]
pub enum Then {
    /// All of these.
    Is(Vec<Leaf>),
    /// Not all of these: what the handler that fails makes of the events, and no right one is known.
    IsNot(Vec<Leaf>),
    /// They can be folded.
    NoError,
}

/// A single value, or an empty container, at a place of the state. `None`: there is nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Leaf {
    pub place: Pointer,
    pub value: Option<Value>,
}

/// A test, and the name of its file as the language wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestFile {
    pub language: Language,
    pub name: String,
    pub text: String,
}

pub fn write_test(language: Language, test: &TestText<'_>) -> TestFile {
    let aggregate = words::pascal(test.aggregate);
    let snake = words::snake(&format!("{} {}", test.aggregate, test.failure));
    let pascal = words::pascal(&format!("{} {}", test.aggregate, test.failure));
    let (name, text) = match language {
        Language::Rust => (format!("{snake}.rs"), cqrs_es::write(test, &aggregate, &snake)),
        Language::TypeScript => (
            format!("{}.spec.ts", snake.replace('_', "-")),
            emmett::write(test, &aggregate),
        ),
        Language::Python => (
            format!("test_{snake}.py"),
            pyeventsourcing::write(test, &aggregate, &pascal),
        ),
        Language::CSharp => (
            format!("{pascal}Tests.cs"),
            marten::write(test, &aggregate, &format!("{pascal}Tests")),
        ),
        Language::Java => (
            format!("{pascal}Test.java"),
            axon::write_java(test, &aggregate, &format!("{pascal}Test")),
        ),
        Language::Kotlin => (
            format!("{pascal}Test.kt"),
            axon::write_kotlin(test, &aggregate, &format!("{pascal}Test")),
        ),
    };
    TestFile { language, name, text }
}
