//! A guest where it runs: beside its engine. What crosses from there are bytes.

use refold_core::port::handler::HandlerFault;
use refold_core::time::Timestamp;

use crate::undo::Folded;

/// A running guest. After an error it is of no further use.
pub trait Hosted: Send {
    /// Folds the event of a frame into the state. `time` is its recorded time.
    fn apply(&mut self, frame: &[u8], time: Timestamp) -> Result<Folded, HandlerFault>;

    /// Whether it is as it was before an event that it could not read.
    fn is_whole_after_unread(&self) -> bool;

    /// Calls `each` with what the last event would have written: an object of JSON each.
    fn recorded(&mut self, each: &mut dyn FnMut(&[u8])) -> Result<(), HandlerFault>;

    /// Writes the state, as JSON.
    fn state(&mut self, out: &mut Vec<u8>) -> Result<(), HandlerFault>;

    /// Writes the state as [`Hosted::restore`] takes it.
    fn save(&mut self, out: &mut Vec<u8>) -> Result<(), HandlerFault>;

    fn restore(&mut self, saved: &[u8]) -> Result<(), HandlerFault>;

    /// Writes what it answers beside its folds, as JSON. What `number` says is between it and who asks.
    fn aside(&mut self, number: u32, frame: &[u8], time: Timestamp, out: &mut Vec<u8>) -> Result<(), HandlerFault>;

    /// Goes back to what it was before it was first asked something; `false`: it cannot, and is let go of.
    fn rewind(&mut self) -> bool {
        false
    }
}
