//! The source of a handler, what it is written in and what for.

/// What a source is written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// `export default { initial() {…}, on: { Type(state, event, meta) {…} } }`.
    Module,
    /// A projection of a KurrentDB server, as it is there.
    KurrentDb,
}

impl Dialect {
    /// The number that the guest knows it by.
    pub(crate) fn number(self) -> u8 {
        match self {
            Dialect::Module => 0,
            Dialect::KurrentDb => 1,
        }
    }

    pub(crate) fn of(number: u8) -> Option<Dialect> {
        [Dialect::Module, Dialect::KurrentDb]
            .into_iter()
            .find(|dialect| dialect.number() == number)
    }
}

/// What a source is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    JavaScript,
    /// Its types are taken out.
    TypeScript,
}

impl Language {
    pub(crate) fn number(self) -> u8 {
        match self {
            Language::JavaScript => 0,
            Language::TypeScript => 1,
        }
    }

    pub(crate) fn of(number: u8) -> Option<Language> {
        [Language::JavaScript, Language::TypeScript]
            .into_iter()
            .find(|language| language.number() == number)
    }
}

/// The source of a handler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// What the places of faults call it.
    pub file: String,
    pub source: String,
    pub language: Language,
    pub dialect: Dialect,
}
