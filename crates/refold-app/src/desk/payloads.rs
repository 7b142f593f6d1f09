//! What the window asks of a single payload.

use std::path::Path;

use refold_core::work::{CancelToken, Silent, Work};

use super::Desk;
use crate::error::AppError;
use crate::jobs::caught;
use crate::wire::{HexPage, PayloadHit, PayloadQuery, PayloadView};

impl Desk {
    /// What the payload or metadata at a moment is.
    pub fn payload_view(&self, history: u32, query: &PayloadQuery) -> Result<PayloadView, AppError> {
        caught(|| {
            let cancel = CancelToken::default();
            let history = self.history(history)?;
            history.payload_view(&Work::new(&cancel, &Silent), query)
        })
    }

    /// Its bytes, sixteen a row.
    pub fn payload_hex(&self, history: u32, query: &PayloadQuery, first: u32, count: u32) -> Result<HexPage, AppError> {
        caught(|| {
            let cancel = CancelToken::default();
            let history = self.history(history)?;
            history.payload_hex(&Work::new(&cancel, &Silent), query, first, count)
        })
    }

    /// The first place in it behind the one numbered `after` that holds a text.
    pub fn find_in_payload(
        &self,
        history: u32,
        query: &PayloadQuery,
        text: &str,
        after: u32,
    ) -> Result<Option<PayloadHit>, AppError> {
        caught(|| {
            let cancel = CancelToken::default();
            let history = self.history(history)?;
            history.find_in_payload(&Work::new(&cancel, &Silent), query, text, after)
        })
    }

    /// Writes it to a file that a person chose, never beside the store.
    pub fn save_payload(&self, history: u32, query: &PayloadQuery, file: &str) -> Result<(), AppError> {
        caught(|| {
            let cancel = CancelToken::default();
            let history = self.history(history)?;
            history.save_payload(&Work::new(&cancel, &Silent), query, Path::new(file))
        })
    }
}
