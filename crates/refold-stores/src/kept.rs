//! A store out of what is kept of it on this machine, for as long as its server cannot be reached: its index, and the copy
//! of its payloads where there is one. It is what the store held when it was last looked at, and says so.
//!
//! Whatever is not kept is an error that says so, never a shorter answer. It must not know servers.

mod card;

#[cfg(test)]
mod tests;

use std::ops::Range;
use std::sync::Arc;

use refold_core::event::{Columns, EventBatch, EventIndex, Position, Version};
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::port::store::{
    Direction, EventReader, EventStore, Fingerprint, PositionRange, RawColumn, ReadQuery, Scope, StoreDescription,
    StoreError,
};
use refold_core::time::Timestamp;
use refold_core::work::Work;

use crate::index::{self, Arena, Index, IndexError, Opened, Place, Unsealed};

/// What a store was when it was last reached.
#[derive(Debug, Clone)]
pub struct Kept {
    /// When that was.
    pub as_of: Timestamp,
    pub fingerprint: Fingerprint,
    pub description: StoreDescription,
}

pub struct KeptStore {
    content: Arc<Content>,
    kept: Kept,
}

struct Content {
    location: String,
    index: Arc<Index>,
    /// `None`: the payloads are not kept as they were then.
    arena: Option<Arc<Arena>>,
}

impl KeptStore {
    /// `None`: there is no index of the store as it was then. `location`: how it is shown.
    pub fn open(place: Place<'_>, kept: Kept, location: &str) -> Result<Option<KeptStore>, IndexError> {
        let index = match index::open(place, &kept.fingerprint)? {
            Opened::Current(index) => index,
            // One that was added to while the store was followed.
            Opened::Behind(index) if index.is_of(&kept.fingerprint) => index,
            Opened::Behind(_) | Opened::Absent => return Ok(None),
        };
        let arena = index::open_arena(place, &kept.fingerprint, &index)?;
        let mut kept = kept;
        kept.description.event_count = Some(u64::from(index.event_count()));
        kept.description.count_is_exact = true;
        Ok(Some(KeptStore {
            kept,
            content: Arc::new(Content {
                location: location.to_owned(),
                index: Arc::new(index),
                arena: arena.map(Arc::new),
            }),
        }))
    }

    pub fn index(&self) -> &Arc<Index> {
        &self.content.index
    }

    /// The copy of its payloads; `None`: they are not kept as they were then.
    pub fn arena(&self) -> Option<&Arc<Arena>> {
        self.content.arena.as_ref()
    }

    /// Says in its description how it was come by.
    pub fn told(mut self, sentence: String) -> KeptStore {
        self.kept.description.opened = Some(sentence);
        self
    }
}

impl EventStore for KeptStore {
    fn describe(&self) -> &StoreDescription {
        &self.kept.description
    }

    fn fingerprint(&self) -> Result<Fingerprint, StoreError> {
        Ok(self.kept.fingerprint.clone())
    }

    /// Nobody can see that here.
    fn is_current(&self) -> Result<bool, StoreError> {
        Err(self
            .content
            .lacks("whether the store went on since then is not to be seen"))
    }

    fn read(&self, query: &ReadQuery) -> Result<Box<dyn EventReader>, StoreError> {
        let content = Arc::clone(&self.content);
        let wants_payloads = query.columns.payload || query.columns.metadata || query.columns.envelope;
        if query.columns.row {
            return Err(content.lacks("rows as the server holds them are not kept"));
        }
        if wants_payloads && content.arena.is_none() {
            return Err(content.lacks(
                "payloads are not kept, only streams, types and times of its events; \
                 `refold connections cache NAME --copy` keeps them while the server can be reached",
            ));
        }
        let events = content.chosen(query).map_err(|error| content.failed(error))?;
        Ok(Box::new(KeptReader {
            content,
            events,
            columns: query.columns,
            unsealed: Unsealed::default(),
            has_told: false,
        }))
    }

    fn split(&self, parts: usize) -> Result<Vec<PositionRange>, StoreError> {
        let index = &self.content.index;
        let parts = u32::try_from(parts).unwrap_or(u32::MAX).max(1);
        let ranges = index.ranges_of(index.event_count().div_ceil(parts));
        let mut ranges = ranges.map_err(|error| self.content.failed(error))?;
        if ranges.is_empty() {
            ranges.push((None, None));
        }
        Ok(ranges)
    }

    fn raw(&self, _position: Position) -> Result<Option<Vec<RawColumn>>, StoreError> {
        Err(self.content.lacks("rows as the server holds them are not kept"))
    }
}

impl Content {
    fn lacks(&self, what: &str) -> StoreError {
        StoreError::Unreachable {
            location: self.location.clone(),
            detail: format!("what is kept of it on this machine is not enough: {what}"),
        }
    }

    fn failed(&self, error: IndexError) -> StoreError {
        match error {
            IndexError::Store(error) => error,
            IndexError::Cancelled(cancelled) => cancelled.into(),
            error => StoreError::Unreachable {
                location: self.location.clone(),
                detail: format!("what is kept of it on this machine cannot be used: {error}"),
            },
        }
    }

    fn chosen(&self, query: &ReadQuery) -> Result<Events, IndexError> {
        let is_backward = query.direction == Direction::Backward;
        Ok(match &query.scope {
            Scope::All { after, up_to } => {
                let behind = |position: Position| match position.0.checked_add(1) {
                    Some(next) => Ok(self.index.event_at_or_after(Position(next))?.0),
                    None => Ok::<u32, IndexError>(self.index.event_count()),
                };
                let start = after.map_or(Ok(0), behind)?;
                let end = up_to.map_or(Ok(self.index.event_count()), behind)?;
                Events::Range(start..end.max(start), is_backward)
            }
            Scope::Stream { id, from, to } => {
                let Some(stream) = self.index.find_stream(id)? else {
                    return Ok(Events::List(Vec::new()));
                };
                let mut events = self.index.events_of(stream)?;
                if from.is_some() || to.is_some() {
                    events = self.within(events, *from, *to)?;
                }
                // Taken from the end.
                if !is_backward {
                    events.reverse();
                }
                Events::List(events)
            }
            Scope::Positions(positions) => {
                let mut events = Vec::new();
                for position in positions.iter().rev() {
                    let event = self.index.event_at_or_after(*position)?;
                    if event.0 < self.index.event_count() && self.index.event(event)?.position == *position {
                        events.push(event);
                    }
                }
                Events::List(events)
            }
        })
    }

    fn within(
        &self,
        events: Vec<EventIndex>,
        from: Option<Version>,
        to: Option<Version>,
    ) -> Result<Vec<EventIndex>, IndexError> {
        let mut within = Vec::new();
        for event in events {
            let version = self.index.event(event)?.version;
            let is_within = version != EventBatch::NO_VERSION
                && from.is_none_or(|from| version >= from)
                && to.is_none_or(|to| version <= to);
            if is_within {
                within.push(event);
            }
        }
        Ok(within)
    }
}

/// What is still to be read.
enum Events {
    /// These, and whether from their end.
    Range(Range<u32>, bool),
    /// The next one is the last of them.
    List(Vec<EventIndex>),
}

impl Events {
    fn next(&self) -> Option<EventIndex> {
        match self {
            Events::Range(range, false) => range.clone().next().map(EventIndex),
            Events::Range(range, true) => range.clone().next_back().map(EventIndex),
            Events::List(events) => events.last().copied(),
        }
    }

    fn pass(&mut self) {
        match self {
            Events::Range(range, false) => drop(range.next()),
            Events::Range(range, true) => drop(range.next_back()),
            Events::List(events) => drop(events.pop()),
        }
    }
}

struct KeptReader {
    content: Arc<Content>,
    events: Events,
    columns: Columns,
    unsealed: Unsealed,
    has_told: bool,
}

impl KeptReader {
    fn fill(&mut self, max_rows: usize, batch: &mut EventBatch, names: &mut Names) -> Result<(), IndexError> {
        let content = &self.content;
        let types = content.index.intern_types(names);
        while batch.len() < max_rows.max(1) {
            let Some(event) = self.events.next() else { break };
            let skeleton = content.index.event(event)?;
            let entry = content.index.stream(skeleton.stream)?;
            let stream = names.intern_stream(entry.id, || entry.category);
            let is_alone = batch.is_empty();
            match &content.arena {
                Some(arena) if self.columns != Columns::SKELETON => {
                    let view = content
                        .index
                        .view(arena, event, self.columns, &types, stream, &mut self.unsealed)?;
                    if !is_alone && !batch.has_room_for(view.byte_count()) {
                        break;
                    }
                    batch.push(&view, self.columns);
                }
                _ => {
                    batch.positions.push(skeleton.position);
                    batch.streams.push(stream);
                    batch.versions.push(skeleton.version);
                    let ordinal = skeleton.event_type.0 as usize;
                    batch
                        .types
                        .push(types.get(ordinal).copied().unwrap_or(skeleton.event_type));
                    batch.recorded_at.push(skeleton.recorded_at);
                }
            }
            self.events.pass();
        }
        Ok(())
    }
}

impl EventReader for KeptReader {
    fn next_batch(
        &mut self,
        work: &Work<'_>,
        max_rows: usize,
        batch: &mut EventBatch,
        names: &mut Names,
        findings: &Findings,
    ) -> Result<bool, StoreError> {
        batch.clear();
        let filled = match work.check() {
            Ok(()) => self.fill(max_rows, batch, names),
            Err(cancelled) => Err(cancelled.into()),
        };
        if let Err(error) = filled {
            self.events = Events::List(Vec::new());
            batch.clear();
            return Err(self.content.failed(error));
        }
        // What was found while all of it was read, as whoever reads all of it would find it.
        if let (Events::Range(..), false) = (&self.events, self.has_told) {
            match &self.content.arena {
                Some(arena) if self.columns != Columns::SKELETON => arena.report_findings(findings),
                _ => self.content.index.report_findings(findings),
            }
        }
        self.has_told = true;
        Ok(!batch.is_empty())
    }
}
