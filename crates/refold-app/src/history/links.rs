//! What ties an event of an opened history to others.

use refold_core::work::Work;

use super::OpenedHistory;
use crate::error::AppError;
use crate::usecase::{causation, lanes};
use crate::wire::{Causation, CorrelationStreams};

impl OpenedHistory {
    /// What caused the event that led to `moment`, and what it caused.
    pub fn causation(&self, work: &Work<'_>, moment: u32) -> Result<Causation, AppError> {
        Ok(causation::of_moment(work, &self.session, &self.stream, self.known_moment(moment)?)?.wire())
    }

    /// The streams that share the correlation id of the event that led to `moment`.
    pub fn correlation_streams(&self, work: &Work<'_>, moment: u32) -> Result<CorrelationStreams, AppError> {
        lanes::of_correlation(work, &self.session, &self.stream, self.known_moment(moment)?)
    }
}
