//! Two stores, changed in every way that there is, against what a look at both lists says.

mod export;
mod oracle;
mod page;
mod single;
mod telling;

use std::sync::Arc;

use refold_core::event::{Encoding, Position, Version};
use refold_core::time::Timestamp;
use refold_core::work::{CancelToken, Silent};
use refold_stores::memory::{MemoryEvent, MemoryStore};

use super::*;

const BYTES: StoresAsked = StoresAsked {
    by: By::Bytes,
    ignored: Vec::new(),
    handlers: None,
};

fn session(events: Vec<MemoryEvent>) -> Arc<Session> {
    let store = Arc::new(MemoryStore::new("orders", events));
    Arc::new(Session::of_store(store, "memory", std::path::Path::new("/nowhere")))
}

/// Event number `n` of a store, from 1, which is number `version` of its stream.
fn event(n: i64, stream: &str, version: i64, payload: &str) -> MemoryEvent {
    MemoryEvent {
        position: Position(n * 10),
        stream: stream.as_bytes().to_vec(),
        category: b"order".to_vec(),
        version: Version(version),
        event_type: b"Happened".to_vec(),
        recorded_at: Timestamp(1_750_000_000_000_000_000 + n * 1_000_000_007),
        payload: Some(payload.as_bytes().to_vec()),
        encoding: Encoding::Json,
        metadata: Some(format!("{{\"n\":{n}}}").into_bytes()),
    }
}

/// Three streams whose events take turns, `each` in each.
fn store(each: i64) -> Vec<MemoryEvent> {
    let places = (0..each * 3).map(|at| (at + 1, at % 3, at / 3 + 1));
    places
        .map(|(n, stream, version)| {
            event(
                n,
                &format!("order-{stream}"),
                version,
                &format!("{{\"amount\":{n}.50}}"),
            )
        })
        .collect()
}

fn compared(left: Vec<MemoryEvent>, right: Vec<MemoryEvent>, asked: &StoresAsked) -> StoresAnswer {
    within(left, right, asked, EVENTS_AT_ONCE)
}

fn within(left: Vec<MemoryEvent>, right: Vec<MemoryEvent>, asked: &StoresAsked, at_once: u64) -> StoresAnswer {
    let cancel = CancelToken::default();
    let found = comparison(left, right, asked, at_once);
    let answer = found.answer(&Work::new(&cancel, &Silent), usize::MAX);
    answer.unwrap_or_else(|error| panic!("{error}"))
}

fn comparison(left: Vec<MemoryEvent>, right: Vec<MemoryEvent>, asked: &StoresAsked, at_once: u64) -> StoresComparison {
    let cancel = CancelToken::default();
    let work = Work::new(&cancel, &Silent);
    let found = StoresComparison::run_within(&work, &session(left), &session(right), asked, at_once);
    found.unwrap_or_else(|error| panic!("{error}"))
}

/// The words of an answer, without its numbers of places.
fn told(answer: &StoresAnswer) -> Vec<String> {
    let stream = |of: &DifferingAnswer| {
        let parts = of.first.iter().flat_map(|first| &first.parts);
        let parts: Vec<&str> = parts.map(|part| part.word()).collect();
        format!("{} {} {}", of.stream, of.kind, parts.join(","))
    };
    let mut lines: Vec<String> = answer.differing.iter().map(stream).collect();
    lines.sort();
    lines
}
