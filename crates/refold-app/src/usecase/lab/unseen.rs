//! What of a handler cannot be seen, in words for whoever has none of their own. The window has.

use std::fmt;

use serde::Serializer;

use crate::wire::{WhyUnseen, WhyUntold};

/// How what is told in the place of steps was found.
const BY_LEAVING_OUT: &str = "events were left out instead, one at a time, and the others folded";

impl fmt::Display for WhyUntold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = &self.of;
        match self.unseen {
            WhyUnseen::Way => write!(f, "how the handler came to the state after {of} cannot be seen")?,
            WhyUnseen::Reads => write!(
                f,
                "what a handler of the engine {of} reads while it folds cannot be seen"
            )?,
            WhyUnseen::Deployed => {
                return f.write_str(
                    "which conditions did not hold cannot be seen of versions as they were deployed, only what the handler \
                     did with each event: ask one of the versions",
                );
            }
            WhyUnseen::Asks => {
                return write!(
                    f,
                    "what a handler of the engine {of} asks while it folds cannot be seen, only what it did with each event"
                );
            }
        }
        write!(f, "; {}", self.instead.as_deref().unwrap_or(BY_LEAVING_OUT))
    }
}

/// For answers whose readers have no words for it.
pub(super) fn in_words<To: Serializer>(untold: &Option<WhyUntold>, to: To) -> Result<To::Ok, To::Error> {
    match untold {
        Some(untold) => to.collect_str(untold),
        None => to.serialize_none(),
    }
}
