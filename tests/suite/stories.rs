//! What a person does with the whole of Refold, and what must not happen meanwhile.

mod bad_input;
mod changing;
mod conditions;
mod following;
mod killed;
mod no_cache;
mod read_only;
mod reloading;
mod scripts;
mod sessions;
mod stamped;
mod stranger;
mod transcripts;
mod two_stores;
