//! Evidence for people: anchors, time stamps, reports and figures.
//!
//! It makes bytes from plain values. It must not know stores, handlers or a face.

pub mod anchor;
pub mod chain;
pub mod chart;
pub mod report;
pub mod stamp;
