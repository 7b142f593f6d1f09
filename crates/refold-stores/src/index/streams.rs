//! Pages of the stream list.

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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamQuery<'a> {
    /// Bytes that the id holds somewhere; empty matches all.
    pub matching: &'a [u8],
    pub category: Option<&'a [u8]>,
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
}

/// Which streams matched.
#[derive(Debug)]
struct Matched {
    /// A bit for each stream whose id matches, whatever its category is.
    ids: Vec<u64>,
    /// How many of those are of the category.
    count: u32,
}

impl Index {
    pub fn streams(&self, query: &StreamQuery<'_>) -> Result<StreamPage, IndexError> {
        let total = self.stream_count();
        let category = match query.category {
            None => None,
            Some(name) => match (0..)
                .zip(&self.category_names)
                .find(|(_, known)| known.as_slice() == name)
            {
                Some((category, _)) => Some(category),
                None => {
                    return Ok(StreamPage {
                        total,
                        matching: 0,
                        rows: Vec::new(),
                    });
                }
            },
        };
        if query.matching.is_empty() {
            let ordered = self.orders.streams(query.order, category)?;
            let ranks = ranks(ordered.len(), query);
            let rows = in_direction(ordered.part(ranks)?, query.descending);
            return Ok(StreamPage {
                total,
                matching: ordered.len() as u32,
                rows,
            }); // ordinals are 32 bits
        }
        let matched = self.matched(query.matching, category)?;
        let ordered = self.orders.streams(query.order, category)?;
        let in_order = ordered
            .part(0..ordered.len())?
            .filter(|stream| has_bit(&matched.ids, *stream));
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

    fn matched(&self, matching: &[u8], category: Option<u32>) -> Result<Arc<Matched>, IndexError> {
        let key = MatchKey {
            matching: matching.to_vec(),
            category,
        };
        let mut kept = self.matches.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = kept.iter().position(|(found, _)| *found == key) {
            kept[..=at].rotate_right(1);
            return Ok(Arc::clone(&kept[0].1));
        }
        drop(kept);
        let ids = self.ids_with(matching)?;
        let count = match category {
            None => ids.iter().map(|bits| bits.count_ones()).sum(),
            Some(_) => {
                // All orders hold the same streams.
                let ordered = self.orders.streams(StreamOrder::Id, category)?;
                let streams = ordered.part(0..ordered.len())?;
                streams.map(|stream| u32::from(has_bit(&ids, stream))).sum()
            }
        };
        let matched = Arc::new(Matched { ids, count });
        let mut kept = self.matches.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.insert(0, (key, Arc::clone(&matched)));
        kept.truncate(KEPT_MATCHES);
        Ok(matched)
    }

    /// A bit for each stream whose id holds `needle`.
    fn ids_with(&self, needle: &[u8]) -> Result<Vec<u64>, IndexError> {
        let mut bits = vec![0_u64; (self.stream_count() as usize).div_ceil(64)];
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
