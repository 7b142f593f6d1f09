//! Reveals on their way from and to a face.

use refold_core::pointer::Pointer;

use super::{Mask, Reveal};
use crate::error::AppError;
use crate::text;
use crate::wire::{MaskState, RevealWire};

impl Mask {
    pub fn state(&self) -> MaskState {
        let revealed = self.reveals().into_iter().map(|reveal| RevealWire {
            stream: reveal.stream.as_deref().map(text::shown),
            part: reveal.part,
            path: reveal.path.to_string(),
        });
        MaskState {
            has_rules: self.has_rules(),
            revealed: revealed.collect(),
        }
    }
}

impl Reveal {
    pub fn from_wire(wire: &RevealWire) -> Result<Reveal, AppError> {
        let path = Pointer::parse(&wire.path)
            .map_err(|error| AppError::invalid(error.to_string(), "choose the field in a tree"))?;
        Ok(Reveal {
            stream: wire.stream.as_deref().map(text::id_from_shown),
            part: wire.part,
            path,
        })
    }
}
