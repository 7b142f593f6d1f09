//! The event types of one stream, in the order in which all its views show them.

use std::collections::{BTreeMap, HashMap};

use crate::session::Session;
use crate::stream::Stream;
use crate::text;
use crate::wire::TypeCount;

/// Event types of the stream: in the order of the store's overview where that is known, else most frequent first.
pub fn types_of(stream: &Stream, session: &Session) -> Vec<TypeCount> {
    let mut events: BTreeMap<u32, u32> = BTreeMap::new();
    stream
        .track
        .types
        .iter()
        .for_each(|of| *events.entry(of.0).or_default() += 1);
    let store_wide: HashMap<Vec<u8>, u32> = session
        .index()
        .map(|index| index.types().map(|(name, events)| (name.to_vec(), events)).collect())
        .unwrap_or_default();
    let mut types: Vec<(u32, TypeCount)> = events
        .into_iter()
        .map(|(ordinal, events)| {
            let name = stream.names().type_name(refold_core::event::TypeOrdinal(ordinal));
            let rank = store_wide.get(name).copied().unwrap_or(events);
            (
                rank,
                TypeCount {
                    name: text::shown(name),
                    events,
                },
            )
        })
        .collect();
    types.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.name.cmp(&b.1.name)));
    types.into_iter().map(|(_, of)| of).collect()
}

/// The names of [`types_of`].
pub fn series_of(stream: &Stream, session: &Session) -> Vec<String> {
    types_of(stream, session).into_iter().map(|of| of.name).collect()
}
