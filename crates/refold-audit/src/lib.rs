//! Evidence for people: figures and anchors today, reports later.
//!
//! It makes bytes from plain values. It must not know stores, handlers or a face.

pub mod anchor;
pub mod chart;
