//! What long work does, by names: the window has the words.

use refold_core::work::Phase;
use serde::{Deserialize, Serialize};
use specta::Type;

macro_rules! mirrored {
    ($($name:ident = $words:literal,)*) => {
        /// What long work does at a time.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
        #[serde(rename_all = "camelCase")]
        pub enum PhaseWire {
            $($name,)*
        }

        impl From<Phase> for PhaseWire {
            fn from(phase: Phase) -> PhaseWire {
                match phase {
                    $(Phase::$name => PhaseWire::$name,)*
                }
            }
        }
    };
}

refold_core::each_phase!(mirrored);
