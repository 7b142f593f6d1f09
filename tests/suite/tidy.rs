//! The rules of the house, as tests: who may know whom, and how sources look.

mod layers;
mod pictures;
mod sources;
mod words;
