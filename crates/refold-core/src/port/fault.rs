//! Why a handler failed, whatever it was asked: to fold, to upcast, to explain.

/// A handler that failed on an event. `code` is one of the `RF-…` codes of `docs/findings.md`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {}", self.said())]
pub struct HandlerFault {
    pub code: &'static str,
    /// What happened and what to do about it, in one or two sentences.
    pub message: String,
    /// `reducer.yaml:12:7`, where it is known.
    pub place: Option<String>,
}

impl HandlerFault {
    /// The code of what is no fault: the person who asked cancelled it while the handler worked.
    pub const CANCELLED: &str = "cancelled";

    pub fn is_cancelled(&self) -> bool {
        self.code == HandlerFault::CANCELLED
    }

    /// What happened and where, for whoever shows the code beside it.
    pub fn said(&self) -> String {
        match &self.place {
            Some(place) => format!("{} ({place})", self.message),
            None => self.message.clone(),
        }
    }
}
