//! Searching the arena: by its search index where a part has one and the needle is long enough for it, else all bytes.
//!
//! The search index only says where not to look. Each run of events that is left is searched byte by byte, so the hits
//! are the same either way.

use std::ops::{ControlFlow, Range};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use refold_core::event::{EventIndex, Position};
use refold_core::work::{Cancelled, Work};

use super::needle::Places;
use super::{Field, Hit, Needle, PHASE, SearchQuery};
use crate::index::Index;
use crate::index::arena::{Arena, GRAM_BYTES, Part, RowLayout};
use crate::index::checked::Window;
use crate::index::error::IndexError;
use crate::index::packed::BLOCK_ROWS;
use crate::index::segment::Column;

/// Runs whose hits wait to be taken, for each thread.
const WAITING_RUNS: usize = 64;
/// So many runs are short and searched before there is another thread, so that the first hits of a common text come at
/// once.
const FIRST_RUNS: usize = 16;
const FIRST_RUN_ROWS: u32 = if cfg!(test) { 2 } else { 256 };
/// Events are searched together as long as they have no more bytes: of a sealed arena so many are unsealed at a time.
const TOGETHER_BYTES: i64 = if cfg!(test) { 64 } else { 1 << 20 };
/// Rows that are worth the start of another thread.
const THREAD_ROWS: u64 = 4 * BLOCK_ROWS as u64;

/// Searches the arena with `threads` threads. Hits come in position order; `on_hit` may stop.
pub fn search_arena(
    work: &Work<'_>,
    index: &Index,
    arena: &Arena,
    query: &SearchQuery<'_>,
    threads: usize,
    on_hit: &mut dyn FnMut(Hit) -> ControlFlow<()>,
) -> Result<(), IndexError> {
    let runs = runs_to_search(arena, query.needle)?;
    let rows = runs.iter().map(|run| run.rows.len() as u64).sum();
    let search = ArenaSearch {
        work,
        index,
        needle: query.needle,
        types: wanted_types(index, query.types),
        rows,
        is_over: AtomicBool::new(false),
        done: AtomicU64::new(0),
    };
    let worthwhile = usize::try_from(rows / THREAD_ROWS).unwrap_or(usize::MAX);
    let threads = threads.min(worthwhile);
    let alone = if threads <= 1 {
        runs.len()
    } else {
        FIRST_RUNS.min(runs.len())
    };
    let mut pass = Pass::default();
    for run in &runs[..alone] {
        for hit in search.run(run, &mut pass)? {
            if on_hit(hit).is_break() {
                return Ok(());
            }
        }
    }
    let runs = &runs[alone..];
    if runs.is_empty() {
        return Ok(());
    }
    std::thread::scope(|scope| {
        let mut lanes: Vec<Receiver<Result<Vec<Hit>, IndexError>>> = Vec::new();
        for lane in 0..threads {
            let (sender, receiver) = sync_channel(WAITING_RUNS);
            let thread = std::thread::Builder::new().name(format!("refold-search-{lane}"));
            let search = &search;
            let spawned = thread.spawn_scoped(scope, move || search.run_lane(runs, lane, threads, &sender));
            spawned.map_err(|source| IndexError::Disk {
                action: "start a thread for",
                path: String::new(),
                source,
            })?;
            lanes.push(receiver);
        }
        let outcome = take_in_order(&lanes, runs.len(), on_hit);
        search.is_over.store(true, Ordering::Relaxed);
        outcome
    })
}

/// Takes the hits of all runs, which the lanes search in turn. A lane that is gone was cancelled with the rest.
fn take_in_order(
    lanes: &[Receiver<Result<Vec<Hit>, IndexError>>],
    runs: usize,
    on_hit: &mut dyn FnMut(Hit) -> ControlFlow<()>,
) -> Result<(), IndexError> {
    for run in 0..runs {
        let Ok(hits) = lanes[run % lanes.len()].recv() else {
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

/// Rows of a part that follow each other.
struct Run<'a> {
    part: &'a Part,
    rows: Range<u32>,
}

/// All runs that may hold the needle, in position order.
fn runs_to_search<'a>(arena: &'a Arena, needle: &Needle) -> Result<Vec<Run<'a>>, IndexError> {
    const RUN_ROWS: u32 = BLOCK_ROWS as u32; // a few thousand
    let can_look_up = needle.forms().all(|form| form.len() >= GRAM_BYTES);
    let mut runs = Vec::new();
    for part in arena.parts() {
        let mut push = |mut rows: Range<u32>| {
            while runs.len() < FIRST_RUNS && rows.end - rows.start > FIRST_RUN_ROWS {
                let middle = rows.start + FIRST_RUN_ROWS;
                runs.push(Run {
                    part,
                    rows: rows.start..middle,
                });
                rows.start = middle;
            }
            runs.push(Run { part, rows });
        };
        match part.grams().filter(|_| can_look_up) {
            Some(grams) => grams.rows_with(needle.forms(), RUN_ROWS)?.into_iter().for_each(push),
            None => {
                let starts = (0..part.rows()).step_by(BLOCK_ROWS);
                starts.for_each(|start| push(start..part.rows().min(start + RUN_ROWS)));
            }
        }
    }
    Ok(runs)
}

/// What a thread uses again for each of its runs.
#[derive(Default)]
struct Pass {
    layout: RowLayout,
    window: Window,
}

struct ArenaSearch<'a> {
    work: &'a Work<'a>,
    index: &'a Index,
    needle: &'a Needle,
    types: Option<Vec<bool>>,
    /// Of all runs.
    rows: u64,
    is_over: AtomicBool,
    done: AtomicU64,
}

impl ArenaSearch<'_> {
    /// Searches every `lanes`-th run.
    fn run_lane(&self, runs: &[Run<'_>], lane: usize, lanes: usize, sender: &SyncSender<Result<Vec<Hit>, IndexError>>) {
        let mut pass = Pass::default();
        for run in runs.iter().skip(lane).step_by(lanes) {
            if self.is_over.load(Ordering::Relaxed) {
                return;
            }
            let outcome = self.run(run, &mut pass);
            let has_failed = outcome.is_err();
            if sender.send(outcome).is_err() || has_failed {
                return;
            }
        }
    }

    fn run(&self, run: &Run<'_>, pass: &mut Pass) -> Result<Vec<Hit>, IndexError> {
        let mut hits = Vec::new();
        let mut left = run.rows.clone();
        while !left.is_empty() {
            let rows = run.part.rows_within(&left, TOGETHER_BYTES)?;
            let count = rows.len() as u64;
            let done = self.done.fetch_add(count, Ordering::Relaxed) + count;
            self.work.tick(PHASE, done, Some(self.rows))?;
            left.start = rows.end;
            self.search_rows(run.part, &rows, pass, &mut hits)?;
        }
        Ok(hits)
    }

    fn search_rows(
        &self,
        part: &Part,
        rows: &Range<u32>,
        pass: &mut Pass,
        hits: &mut Vec<Hit>,
    ) -> Result<(), IndexError> {
        let Pass { layout, window } = pass;
        let mut places = Places::new(self.needle, part.bytes_of(rows, window)?);
        let mut from = 0;
        let mut has_layout = false;
        while let Some(place) = places.first_from(from) {
            if !has_layout {
                part.read_layout(rows, layout)?;
                has_layout = true;
            }
            let (row, event_bytes) = layout.row_at(place.start);
            match self.hit(part, row, &place, &event_bytes)? {
                Found::Hit(hit) => {
                    hits.push(hit);
                    from = event_bytes.end;
                }
                Found::Unwanted => from = event_bytes.end,
                Found::Straddles => from = place.start + 1,
            }
        }
        Ok(())
    }

    fn hit(
        &self,
        part: &Part,
        row: u32,
        place: &Range<usize>,
        event_bytes: &Range<usize>,
    ) -> Result<Found, IndexError> {
        let event = EventIndex(part.first_event() + row);
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
