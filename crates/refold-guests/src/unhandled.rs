//! What becomes of events whose type a handler does not name.

use refold_core::port::handler::{Applied, HandlerFault};

use crate::error::{code, fault};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unhandled {
    Ignore,
    Warn,
    Error,
}

impl Unhandled {
    /// By the word that a handler says; `None`: it is none of them.
    pub fn of(word: &[u8]) -> Option<Unhandled> {
        match word {
            b"ignore" => Some(Unhandled::Ignore),
            b"warn" => Some(Unhandled::Warn),
            b"error" => Some(Unhandled::Error),
            _ => None,
        }
    }

    /// What becomes of an event of this type. `advice`: what the handler can say to take it.
    pub fn outcome(self, event_type: &[u8], advice: &str) -> Result<Applied, HandlerFault> {
        match self {
            Unhandled::Ignore => Ok(Applied::Ignored),
            Unhandled::Warn => Ok(Applied::Unknown),
            Unhandled::Error => {
                let name = String::from_utf8_lossy(event_type);
                let message = format!("the handler takes no events of type {name}; {advice}");
                Err(fault(code::HANDLER_THROW, message))
            }
        }
    }
}
