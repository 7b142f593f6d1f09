//! Pages of the stream list.

use std::sync::{Arc, Mutex, PoisonError};

use memchr::memmem;
use refold_core::event::StreamOrdinal;

use super::Index;
use super::derive::StreamOrder;
use super::error::IndexError;

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

/// Streams that matched, ascending in an order.
type Matched = Arc<Vec<u32>>;

/// Earlier answers, latest first.
#[derive(Debug, Default)]
pub(super) struct Matches(Mutex<Vec<(MatchKey, Matched)>>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct MatchKey {
    matching: Vec<u8>,
    category: Option<u32>,
    order: StreamOrder,
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
        let matched = self.matched(query, category)?;
        let ranks = ranks(matched.len(), query);
        let rows = in_direction(matched[ranks].iter().copied(), query.descending);
        Ok(StreamPage {
            total,
            matching: matched.len() as u32,
            rows,
        })
    }

    fn matched(&self, query: &StreamQuery<'_>, category: Option<u32>) -> Result<Matched, IndexError> {
        let key = MatchKey {
            matching: query.matching.to_vec(),
            category,
            order: query.order,
        };
        let mut kept = self.matches.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = kept.iter().position(|(found, _)| *found == key) {
            let found = kept.remove(at);
            let matched = found.1.clone();
            kept.insert(0, found);
            return Ok(matched);
        }
        drop(kept);
        let bits = self.ids_with(query.matching)?;
        let ordered = self.orders.streams(query.order, category)?;
        let in_order = ordered.part(0..ordered.len())?;
        let matched = in_order.filter(|stream| bits[*stream as usize / 64] >> (stream % 64) & 1 == 1);
        let matched = Arc::new(matched.collect::<Vec<u32>>());
        let mut kept = self.matches.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.insert(0, (key, matched.clone()));
        kept.truncate(KEPT_MATCHES);
        Ok(matched)
    }

    /// A bit for each stream whose id holds `needle`.
    fn ids_with(&self, needle: &[u8]) -> Result<Vec<u64>, IndexError> {
        let mut bits = vec![0_u64; (self.stream_count() as usize).div_ceil(64)];
        let finder = memmem::Finder::new(needle);
        for segment in self.segments.list() {
            let ids = segment.all_ids()?;
            let mut at = 0;
            let mut local = 0;
            while let Some(found) = finder.find(&ids[at..]) {
                let start = at + found;
                local = segment.stream_holding(start, local)?;
                let (range, _) = segment.stream_range(local)?;
                if start + needle.len() <= range.end {
                    let stream = segment.first_stream + local;
                    bits[stream as usize / 64] |= 1 << (stream % 64);
                    at = range.end;
                } else {
                    at = start + 1; // it runs from one id into the next
                }
            }
        }
        Ok(bits)
    }
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
