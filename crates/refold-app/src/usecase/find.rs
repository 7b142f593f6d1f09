//! Finding a stream by what a person remembers of its id.

use refold_core::event::StreamOrdinal;
use refold_core::finding::Findings;
use refold_core::work::Work;
use refold_stores::index::{Index, StreamOrder, StreamQuery as IndexQuery};

use crate::error::AppError;
use crate::session::Session;
use crate::stream::Stream;
use crate::text;
use crate::wire::FindHit;

/// More hits than a person reads.
const MAX_HITS: u32 = 100;
/// So many matches are looked at to find the best ones.
const LOOKED_AT: u32 = 2_000;
/// In so many categories an id is looked up.
const MAX_CATEGORIES: usize = 1_000;

/// Streams whose id holds `text`, best first: the id itself, then ids that end with it as a whole word, then the
/// shortest. Without the index only the id itself can be found, and only where the store has an index of its own.
pub fn hits(work: &Work<'_>, session: &Session, text: &str, limit: u32) -> Result<Vec<FindHit>, AppError> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let limit = limit.min(MAX_HITS) as usize;
    match session.index() {
        Some(index) => indexed(session, &index, text, limit),
        None if session.description().has_stream_index => exact(work, session, text),
        None => Ok(Vec::new()),
    }
}

fn indexed(session: &Session, index: &Index, wanted: &str, limit: usize) -> Result<Vec<FindHit>, AppError> {
    let needle = text::id_from_shown(wanted);
    let known = known_ids(index, &needle)?;
    let query = |order, descending| IndexQuery {
        matching: &needle,
        category: None,
        order,
        descending,
        offset: 0,
        limit: LOOKED_AT,
        ..IndexQuery::default()
    };
    let mut found = index.streams(&query(StreamOrder::Last, true))?.rows;
    for stream in known {
        if !found.contains(&stream) {
            found.push(stream);
        }
    }
    let digits = session.description().time_digits;
    let mut ranked = Vec::with_capacity(found.len());
    for (recency, stream) in found.into_iter().enumerate() {
        let entry = index.stream(stream)?;
        ranked.push(((rank(entry.id, &needle), entry.id.len(), recency), stream));
    }
    ranked.sort();
    let hit = |stream| -> Result<FindHit, AppError> {
        let entry = index.stream(stream)?;
        Ok(FindHit {
            stream: text::shown(entry.id),
            category: text::shown(entry.category),
            events: entry.events,
            last_recorded_at: text::time_label(entry.last_recorded_at, digits),
        })
    };
    ranked.into_iter().take(limit).map(|(_, stream)| hit(stream)).collect()
}

/// The streams whose id is `needle`, alone or behind the name of a category: what a person most likely means, also
/// where more ids hold the needle than are looked at.
fn known_ids(index: &Index, needle: &[u8]) -> Result<Vec<StreamOrdinal>, AppError> {
    let mut ids = vec![needle.to_vec()];
    for (category, _) in index.categories()?.into_iter().take(MAX_CATEGORIES) {
        ids.extend([b'-', b'_', b':', b'/', b'|'].map(|separator| [category, &[separator], needle].concat()));
    }
    let mut known = Vec::new();
    for id in ids {
        known.extend(index.find_stream(&id)?);
    }
    Ok(known)
}

fn exact(work: &Work<'_>, session: &Session, wanted: &str) -> Result<Vec<FindHit>, AppError> {
    let stream = match Stream::load(work, session, wanted, &Findings::default()) {
        Ok(stream) => stream,
        Err(error) if error.code == crate::ErrorCode::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let head = stream.track.head();
    Ok(vec![FindHit {
        stream: text::shown(&stream.id),
        category: text::shown(&stream.category),
        events: head.0,
        last_recorded_at: stream.time_label(head, session.description().time_digits),
    }])
}

/// 0 is the best: the id itself, a whole last word, a whole word, the start, anywhere.
fn rank(id: &[u8], needle: &[u8]) -> u8 {
    if id == needle {
        return 0;
    }
    let Some(at) = memchr::memmem::find(id, needle) else {
        return 5;
    };
    let is_word = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
    let starts_word = at == 0 || !is_word(id.get(at - 1));
    let ends_word = !is_word(id.get(at + needle.len()));
    match (starts_word, ends_word) {
        (true, true) if at + needle.len() == id.len() => 1,
        (true, true) => 2,
        (true, false) => 3,
        (false, _) => 4,
    }
}

#[cfg(test)]
mod tests;
