//! Why a write to the state was refused, before it is known by which operation and where that stands in the rules.

use std::convert::Infallible;

/// Why a write was refused.
#[derive(Debug)]
pub struct Refusal {
    pub code: &'static str,
    pub message: String,
}

/// In a box, because it is rare and a write returns often.
pub type Refused = Box<Refusal>;

impl From<Infallible> for Refused {
    fn from(never: Infallible) -> Refused {
        match never {}
    }
}

impl Refusal {
    pub fn new(code: &'static str, message: String) -> Refused {
        Box::new(Refusal { code, message })
    }
}
