//! Searching payloads and metadata for a literal, in the arena or, without one, in the store.
//!
//! Bytes are compared as they are: no case is folded and nothing is decoded. JSON writers escape the same text in
//! different ways, so a needle that holds quotes, slashes or letters outside of ASCII is looked for in each of the ways
//! that are common ([`Needle`]).

use std::collections::BTreeSet;
use std::ops::{ControlFlow, Range};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use memchr::memmem::Finder;
use refold_core::event::{Columns, EventBatch, EventIndex, EventView, Position};
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::port::store::{Direction, EventStore, ReadQuery, Scope, StoreError};
use refold_core::work::{Cancelled, Work};

use super::Index;
use super::arena::{Arena, BlockLayout, Part};
use super::error::IndexError;
use super::packed::BLOCK_ROWS;
use super::segment::Column;

const PHASE: &str = "searching";
const BATCH_ROWS: usize = 4096;
/// Blocks whose hits wait to be taken, for each thread.
const WAITING_BLOCKS: usize = 64;

/// Which part of an event holds the needle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    Payload,
    Metadata,
}

/// An event that holds the needle: the first place of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    pub position: Position,
    pub field: Field,
    /// Where in the bytes of the field.
    pub range: Range<u32>,
}

/// What is looked for.
#[derive(Debug, Clone)]
pub struct Needle {
    finders: Vec<Finder<'static>>,
}

/// A search.
#[derive(Debug, Clone)]
pub struct SearchQuery<'a> {
    pub needle: &'a Needle,
    /// Names of the types to look in; empty: all.
    pub types: &'a [&'a [u8]],
}

impl Needle {
    /// The text as it is, and as JSON writers may have escaped it: `"`, `\` and control characters always, beside that
    /// `/` as `\/` and letters outside of ASCII as `\u00fc` or `\u00FC`. Text that is no UTF-8 is looked for as it is.
    ///
    /// `None` for an empty text, which every event would hold.
    pub fn new(text: &[u8]) -> Option<Needle> {
        if text.is_empty() {
            return None;
        }
        let mut forms = BTreeSet::from([text.to_vec()]);
        if let Ok(text) = std::str::from_utf8(text) {
            for slash in [false, true] {
                for unicode in [Unicode::Plain, Unicode::Lower, Unicode::Upper] {
                    forms.insert(escaped(text, slash, unicode).into_bytes());
                }
            }
        }
        Some(Needle {
            finders: forms.iter().map(|form| Finder::new(form).into_owned()).collect(),
        })
    }

    /// The first place in an event, whose payload and metadata columns must be filled.
    pub fn place_in(&self, event: &EventView<'_>) -> Option<(Field, Range<usize>)> {
        let place = |field, bytes: Option<&[u8]>| Some((field, self.find(bytes?, 0)?));
        place(Field::Payload, event.payload).or_else(|| place(Field::Metadata, event.metadata))
    }

    /// The first place in `bytes` at or behind `from`.
    fn find(&self, bytes: &[u8], from: usize) -> Option<Range<usize>> {
        let places = self.finders.iter().filter_map(|finder| {
            let start = from + finder.find(bytes.get(from..)?)?;
            Some(start..start + finder.needle().len())
        });
        places.min_by_key(|place| (place.start, place.end))
    }
}

#[derive(Clone, Copy)]
enum Unicode {
    Plain,
    Lower,
    Upper,
}

/// The inside of a JSON string that stands for `text`.
fn escaped(text: &str, escapes_slash: bool, unicode: Unicode) -> String {
    let mut out = String::new();
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '/' if escapes_slash => out.push_str("\\/"),
            letter if u32::from(letter) < 0x20 => out.push_str(&format!("\\u{:04x}", u32::from(letter))),
            letter if letter.is_ascii() => out.push(letter),
            letter => {
                for unit in letter.encode_utf16(&mut [0; 2]) {
                    match unicode {
                        Unicode::Plain => {}
                        Unicode::Lower => out.push_str(&format!("\\u{unit:04x}")),
                        Unicode::Upper => out.push_str(&format!("\\u{unit:04X}")),
                    }
                }
                if matches!(unicode, Unicode::Plain) {
                    out.push(letter);
                }
            }
        }
    }
    out
}

/// Searches the arena with `threads` threads. Hits come in position order; `on_hit` may stop.
pub fn search_arena(
    work: &Work<'_>,
    index: &Index,
    arena: &Arena,
    query: &SearchQuery<'_>,
    threads: usize,
    on_hit: &mut dyn FnMut(Hit) -> ControlFlow<()>,
) -> Result<(), IndexError> {
    let blocks: Vec<(usize, usize)> = (0..)
        .zip(arena.parts())
        .flat_map(|(p, part)| (0..part.block_count()).map(move |b| (p, b)))
        .collect();
    let search = ArenaSearch {
        work,
        index,
        arena,
        needle: query.needle,
        types: wanted_types(index, query.types),
        blocks: &blocks,
        is_over: AtomicBool::new(false),
        done: AtomicU64::new(0),
    };
    let threads = threads.clamp(1, blocks.len().max(1));
    if threads == 1 {
        let mut layout = BlockLayout::default();
        for block in 0..blocks.len() {
            for hit in search.block(block, &mut layout)? {
                if on_hit(hit).is_break() {
                    return Ok(());
                }
            }
        }
        return Ok(());
    }
    std::thread::scope(|scope| {
        let mut lanes: Vec<Receiver<Result<Vec<Hit>, IndexError>>> = Vec::new();
        for lane in 0..threads {
            let (sender, receiver) = sync_channel(WAITING_BLOCKS);
            let thread = std::thread::Builder::new().name(format!("refold-search-{lane}"));
            let search = &search;
            let spawned = thread.spawn_scoped(scope, move || search.run_lane(lane, threads, &sender));
            spawned.map_err(|source| IndexError::Disk {
                action: "start a thread for",
                path: String::new(),
                source,
            })?;
            lanes.push(receiver);
        }
        let outcome = take_in_order(&lanes, blocks.len(), on_hit);
        search.is_over.store(true, Ordering::Relaxed);
        outcome
    })
}

/// Takes the hits of all blocks, which the lanes search in turn. A lane that is gone was cancelled with the rest.
fn take_in_order(
    lanes: &[Receiver<Result<Vec<Hit>, IndexError>>],
    blocks: usize,
    on_hit: &mut dyn FnMut(Hit) -> ControlFlow<()>,
) -> Result<(), IndexError> {
    for block in 0..blocks {
        let Ok(hits) = lanes[block % lanes.len()].recv() else {
            return Err(Cancelled.into());
        };
        for hit in hits? {
            if on_hit(hit).is_break() {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// For each type of the index whether it is wanted; `None`: all are.
fn wanted_types(index: &Index, types: &[&[u8]]) -> Option<Vec<bool>> {
    (!types.is_empty()).then(|| index.types().map(|(name, _)| types.contains(&name)).collect())
}

struct ArenaSearch<'a> {
    work: &'a Work<'a>,
    index: &'a Index,
    arena: &'a Arena,
    needle: &'a Needle,
    types: Option<Vec<bool>>,
    /// Part and block in it.
    blocks: &'a [(usize, usize)],
    is_over: AtomicBool,
    done: AtomicU64,
}

impl ArenaSearch<'_> {
    /// Searches every `lanes`-th block.
    fn run_lane(&self, lane: usize, lanes: usize, sender: &SyncSender<Result<Vec<Hit>, IndexError>>) {
        let mut layout = BlockLayout::default();
        for block in (lane..self.blocks.len()).step_by(lanes) {
            if self.is_over.load(Ordering::Relaxed) {
                return;
            }
            let outcome = self.block(block, &mut layout);
            let has_failed = outcome.is_err();
            if sender.send(outcome).is_err() || has_failed {
                return;
            }
        }
    }

    fn block(&self, block: usize, layout: &mut BlockLayout) -> Result<Vec<Hit>, IndexError> {
        let (part_number, block) = self.blocks[block];
        let part = &self.arena.parts()[part_number];
        let rows = part.block_rows(block) as u64;
        let done = self.done.fetch_add(rows, Ordering::Relaxed) + rows;
        self.work.tick(PHASE, done, Some(u64::from(self.index.event_count())))?;
        let bytes = part.block(block, layout)?;
        let mut hits = Vec::new();
        let mut from = 0;
        while let Some(place) = self.needle.find(bytes, from) {
            let (row, event_bytes) = layout.row_at(place.start);
            let row = block * BLOCK_ROWS + row;
            let event = EventIndex(part.first_event() + row as u32); // rows of a part are below 2^18
            match self.hit(part, row, event, &place, &event_bytes)? {
                Found::Hit(hit) => {
                    hits.push(hit);
                    from = event_bytes.end;
                }
                Found::Unwanted => from = event_bytes.end,
                Found::Straddles => from = place.start + 1,
            }
        }
        Ok(hits)
    }

    fn hit(
        &self,
        part: &Part,
        row: usize,
        event: EventIndex,
        place: &Range<usize>,
        event_bytes: &Range<usize>,
    ) -> Result<Found, IndexError> {
        let metadata_start = event_bytes.start + part.payload_len(row)?;
        let (field, field_bytes) = if place.start < metadata_start {
            (Field::Payload, event_bytes.start..metadata_start)
        } else {
            (Field::Metadata, metadata_start..event_bytes.end)
        };
        if place.end > field_bytes.end {
            return Ok(Found::Straddles);
        }
        if let Some(wanted) = &self.types {
            let event_type = self.index.value(Column::Type, event)? as usize; // an ordinal
            if !wanted.get(event_type).is_some_and(|wanted| *wanted) {
                return Ok(Found::Unwanted);
            }
        }
        let start = (place.start - field_bytes.start) as u32; // a field is below 4 GiB
        let range = start..start + place.len() as u32;
        Ok(Found::Hit(Hit {
            position: Position(self.index.value(Column::Position, event)?),
            field,
            range,
        }))
    }
}

enum Found {
    Hit(Hit),
    /// The event is of a type that is not wanted.
    Unwanted,
    /// The place runs from one field into the next.
    Straddles,
}

/// Searches the store itself, as fast as it can be read. Hits come in position order; `on_hit` may stop. What cannot
/// be read is reported to `findings`.
pub fn search_store(
    work: &Work<'_>,
    store: &dyn EventStore,
    query: &SearchQuery<'_>,
    findings: &Findings,
    on_hit: &mut dyn FnMut(Hit) -> ControlFlow<()>,
) -> Result<(), StoreError> {
    let columns = Columns {
        payload: true,
        metadata: true,
        envelope: false,
    };
    let scope = Scope::All {
        after: None,
        up_to: None,
    };
    let mut reader = store.read(&ReadQuery {
        scope,
        direction: Direction::Forward,
        columns,
    })?;
    let (mut batch, mut names) = (EventBatch::default(), Names::default());
    let mut done = 0;
    while reader.next_batch(work, BATCH_ROWS, &mut batch, &mut names, findings)? {
        for row in 0..batch.len() {
            let event = batch.event(row);
            let is_wanted = query.types.is_empty() || query.types.contains(&names.type_name(event.event_type));
            let found = if is_wanted { query.needle.place_in(&event) } else { None };
            if let Some((field, place)) = found {
                let range = place.start as u32..place.end as u32; // a batch is below 4 GiB
                if on_hit(Hit {
                    position: event.position,
                    field,
                    range,
                })
                .is_break()
                {
                    return Ok(());
                }
            }
        }
        done += batch.len() as u64;
        work.tick(PHASE, done, store.describe().event_count)?;
        batch.clear();
    }
    Ok(())
}
