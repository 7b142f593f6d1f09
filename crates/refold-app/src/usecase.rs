//! What a person asks of a store, one module each, for both faces. They know sessions and what is answered, and neither
//! face.

pub mod blame;
pub mod cache;
pub mod case;
pub mod causation;
pub mod comparison;
pub mod connect;
pub mod connections;
pub mod describe;
pub mod diff;
pub mod distinguish;
pub mod event_page;
pub mod events;
pub mod evidence;
pub mod field_history;
pub mod find;
pub mod first_screen;
pub mod health;
pub mod invariants;
pub mod lab;
pub mod lanes;
pub mod new_handler;
pub mod overview;
mod replayed;
mod robust_span;
mod round_columns;
pub mod sample;
pub mod search;
pub mod state;
pub mod story;
pub mod streams;
pub mod tail;
pub mod test;
pub mod timeline;
pub mod upcast;
pub mod watch;
mod whole_fold;
