//! The rules of the house, as tests: who may know whom, and how sources look.

mod hints;
mod layers;
mod pictures;
mod sources;
mod words;
