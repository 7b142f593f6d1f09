//! Hash chains that a store keeps itself: the hash of each event made again from its bytes ([`rule`]), the events held
//! together by them ([`order`]), and whose signature is on them ([`key`]).
//!
//! Whoever can write to such a store can make its chain anew: it says that a store is consistent in itself, and no more,
//! unless its events are signed. Nothing here reads a store: parts of events come in, verdicts go out.

pub mod key;
pub mod order;
pub mod rule;

#[cfg(test)]
mod tests;
