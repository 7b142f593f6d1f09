//! Who hears of every statement that an adapter sends to a server, so that the store's owner can be shown a log of them.
//!
//! An adapter tells before it sends and when the answer is there. It must not know where the log lies.

use refold_core::port::store::StoreError;

/// A statement of an adapter's catalogue, on its way to a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Statement<'a> {
    /// Its name in the catalogue, e.g. `events.page`. It never changes with a value.
    pub id: &'a str,
    /// Exactly as the server gets it; values are parameters and not in it.
    pub text: &'a str,
}

/// What came back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Answer<'a> {
    pub rows: u64,
    /// Bytes of values, as far as they were counted.
    pub bytes: u64,
    pub elapsed_micros: u64,
    /// The server's code where it refused (`57014`), else in a word why there is no answer (`cancelled`, `closed`).
    pub failure: Option<&'a str>,
}

/// Names one statement that was told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket(pub u64);

/// Hears of statements. Called from every thread that sends some.
pub trait Listener: Send + Sync {
    /// Told before a statement is sent.
    ///
    /// # Errors
    /// When it cannot be written down. It must not be sent then: a log that lacks a statement is worth nothing.
    fn sending(&self, statement: &Statement<'_>) -> Result<Ticket, StoreError>;

    /// Told once for each ticket, when all rows are there or there will be none. What cannot be written down here is
    /// lost: the statement was sent, and that stands in the log.
    fn answered(&self, ticket: Ticket, answer: &Answer<'_>);
}

/// Hears nothing: for a store that nobody keeps a log of.
#[derive(Debug, Clone, Copy, Default)]
pub struct Deaf;

impl Listener for Deaf {
    fn sending(&self, _: &Statement<'_>) -> Result<Ticket, StoreError> {
        Ok(Ticket(0))
    }

    fn answered(&self, _: Ticket, _: &Answer<'_>) {}
}
