//! Evidence for people: figures today, anchors and reports later.
//!
//! It makes bytes from plain values. It must not know stores, handlers or a face.

pub mod chart;
