//! Pages of the stream list.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use memchr::memmem;
use refold_core::event::StreamOrdinal;

use super::Index;
use super::derive::StreamOrder;
use super::error::IndexError;
use super::segment::IdEnds;

/// Answers of earlier queries that are kept, because a list asks for page after page of the same one.
const KEPT_MATCHES: usize = 4;

/// Which streams, in which order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StreamQuery<'a> {
    /// Bytes that the id holds somewhere; empty matches all.
    pub matching: &'a [u8],
    pub category: Option<&'a [u8]>,
    /// The type of the last event in version order.
    pub last_type: Option<&'a [u8]>,
    /// Nanoseconds: the first event was recorded before the end, and the last one at the start or later.
    pub alive: Option<Range<i64>>,
    pub order: StreamOrder,
    /// The exact reverse of the ascending order.
    pub descending: bool,
    pub offset: u32,
    pub limit: u32,
}

/// Part of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamPage {
    /// All streams of the store.
    pub total: u32,
    /// Those that the query matches.
    pub matching: u32,
    pub rows: Vec<StreamOrdinal>,
}

/// Earlier answers, latest first.
#[derive(Debug, Default)]
pub(super) struct Matches(Mutex<Vec<(MatchKey, Arc<Matched>)>>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct MatchKey {
    matching: Vec<u8>,
    category: Option<u32>,
    last_type: Option<u32>,
    alive: Option<Range<i64>>,
}

/// Which streams matched.
#[derive(Debug)]
struct Matched {
    /// A bit for each stream that matches, whatever its category is.
    streams: Vec<u64>,
    /// How many of those are of the category.
    count: u32,
}

impl Index {
    pub fn streams(&self, query: &StreamQuery<'_>) -> Result<StreamPage, IndexError> {
        let total = self.stream_count();
        let ordinal_of = |names: &[Vec<u8>], wanted: Option<&[u8]>| match wanted {
            None => Some(None),
            Some(name) => names
                .iter()
                .zip(0..)
                .find(|(known, _)| *known == name)
                .map(|(_, at)| Some(at)),
        };
        let category = ordinal_of(&self.category_names, query.category);
        let last_type = ordinal_of(&self.type_names, query.last_type);
        let (Some(category), Some(last_type)) = (category, last_type) else {
            return Ok(StreamPage {
                total,
                matching: 0,
                rows: Vec::new(),
            });
        };
        if query.matching.is_empty() && last_type.is_none() && query.alive.is_none() {
            let ordered = self.orders.streams(query.order, category)?;
            let ranks = ranks(ordered.len(), query);
            let rows = in_direction(ordered.part(ranks)?, query.descending);
            return Ok(StreamPage {
                total,
                matching: ordered.len() as u32,
                rows,
            }); // ordinals are 32 bits
        }
        let matched = self.matched(MatchKey {
            matching: query.matching.to_vec(),
            category,
            last_type,
            alive: query.alive.clone(),
        })?;
        let ordered = self.orders.streams(query.order, category)?;
        let in_order = ordered
            .part(0..ordered.len())?
            .filter(|stream| has_bit(&matched.streams, *stream));
        let (offset, limit) = (query.offset as usize, query.limit as usize);
        let rows = if query.descending {
            in_order.rev().skip(offset).take(limit).map(StreamOrdinal).collect()
        } else {
            in_order.skip(offset).take(limit).map(StreamOrdinal).collect()
        };
        Ok(StreamPage {
            total,
            matching: matched.count,
            rows,
        })
    }

    fn matched(&self, key: MatchKey) -> Result<Arc<Matched>, IndexError> {
        let mut kept = self.matches.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = kept.iter().position(|(found, _)| *found == key) {
            kept[..=at].rotate_right(1);
            return Ok(Arc::clone(&kept[0].1));
        }
        drop(kept);
        let mut streams = self.ids_with(&key.matching)?;
        if key.last_type.is_some() || key.alive.is_some() {
            self.keep_only(&mut streams, &key)?;
        }
        let count = match key.category {
            None => streams.iter().map(|bits| bits.count_ones()).sum(),
            Some(_) => {
                // All orders hold the same streams.
                let ordered = self.orders.streams(StreamOrder::Id, key.category)?;
                let of_category = ordered.part(0..ordered.len())?;
                of_category.map(|stream| u32::from(has_bit(&streams, stream))).sum()
            }
        };
        let matched = Arc::new(Matched { streams, count });
        let mut kept = self.matches.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.insert(0, (key, Arc::clone(&matched)));
        kept.truncate(KEPT_MATCHES);
        Ok(matched)
    }

    /// Takes the bits of streams away that the key's last type or time of life does not fit.
    fn keep_only(&self, streams: &mut [u64], key: &MatchKey) -> Result<(), IndexError> {
        for stream in 0..self.stream_count() {
            if !has_bit(streams, stream) {
                continue;
            }
            let record = self.records.record(stream)?;
            let is_alive = key
                .alive
                .as_ref()
                .is_none_or(|alive| record.first_recorded_at < alive.end && record.last_recorded_at >= alive.start);
            if !is_alive || key.last_type.is_some_and(|last| record.last_type != last) {
                streams[stream as usize / 64] &= !(1 << (stream % 64));
            }
        }
        Ok(())
    }

    /// A bit for each stream whose id holds `needle`; an empty one is in all.
    fn ids_with(&self, needle: &[u8]) -> Result<Vec<u64>, IndexError> {
        let mut bits = vec![0_u64; (self.stream_count() as usize).div_ceil(64)];
        if needle.is_empty() {
            (0..self.stream_count()).for_each(|stream| bits[stream as usize / 64] |= 1 << (stream % 64));
            return Ok(bits);
        }
        let finder = memmem::Finder::new(needle);
        for segment in self.segments.list() {
            let (ids, ends) = (segment.all_ids()?, segment.id_ends()?);
            let mut at = 0;
            let mut local = 0;
            while let Some(found) = finder.find(&ids[at..]) {
                let start = at + found;
                local = id_holding(&ends, start, local);
                let mut end = ends.end(local);
                if start + needle.len() > end {
                    at = start + 1; // it runs from one id into the next
                    continue;
                }
                let offset = start - local.checked_sub(1).map_or(0, |before| ends.end(before));
                loop {
                    let stream = segment.first_stream as usize + local;
                    bits[stream / 64] |= 1 << (stream % 64);
                    at = end;
                    // Ids are alike: most often the next one holds it at the same place, or not at all.
                    let place = end + offset;
                    let next = (local + 1 < ends.len()).then(|| ends.end(local + 1));
                    match next.filter(|next| place + needle.len() <= *next && ids[place..].starts_with(needle)) {
                        Some(next) => (local, end) = (local + 1, next),
                        None => break,
                    }
                }
            }
        }
        Ok(bits)
    }
}

/// The id that holds byte `at` of all ids; not before `from`, which is at or before it.
fn id_holding(ends: &IdEnds<'_>, at: usize, from: usize) -> usize {
    // Most often it is near: steps that double, then halves.
    let (mut low, mut step) = (from, 1);
    while low + step <= ends.len() && ends.end(low + step - 1) <= at {
        low += step;
        step *= 2;
    }
    let mut high = (low + step - 1).min(ends.len() - 1); // a place was found, so there is an id
    while low < high {
        let middle = low + (high - low) / 2;
        if ends.end(middle) > at {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}

fn has_bit(bits: &[u64], stream: u32) -> bool {
    bits[stream as usize / 64] >> (stream % 64) & 1 == 1
}

/// Ranks, in the ascending order, of the rows that the query asks for.
fn ranks(len: usize, query: &StreamQuery<'_>) -> std::ops::Range<usize> {
    let start = (query.offset as usize).min(len);
    let end = start.saturating_add(query.limit as usize).min(len);
    if query.descending {
        len - end..len - start
    } else {
        start..end
    }
}

fn in_direction(rows: impl DoubleEndedIterator<Item = u32>, descending: bool) -> Vec<StreamOrdinal> {
    if descending {
        rows.rev().map(StreamOrdinal).collect()
    } else {
        rows.map(StreamOrdinal).collect()
    }
}
