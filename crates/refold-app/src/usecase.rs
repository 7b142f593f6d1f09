//! What a person does with an opened store, one module each. They know sessions and wire types, and neither face.

pub mod find;
pub mod opened;
pub mod overview;
pub mod sample;
pub mod streams;
