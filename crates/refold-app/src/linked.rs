//! Events found by their ids: through the index of ids where it is there, else among those that lie near an event.
//!
//! Whatever an index proposes is read from the store and held against the id itself: the store has the last word.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use refold_core::event::{Columns, EventBatch, Position, Version};
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::port::store::{Direction, EventStore, ReadQuery, Scope};
use refold_core::time::Timestamp;
use refold_core::work::{Phase, Work};
use refold_stores::index::{IdKind, Ids, Index};

use crate::error::AppError;
use crate::session::Session;
use crate::text;
use crate::wire::EventRow;

/// Without an index of ids so many events before and after are looked at. Few in tests, so that a small store is long.
pub const NEARBY_EVENTS: usize = if cfg!(test) { 40 } else { 100_000 };

const BATCH_EVENTS: usize = 8_192;
/// Events read at once by their positions.
const READ_EVENTS: usize = 512;
const ENVELOPE: Columns = Columns {
    envelope: true,
    ..Columns::SKELETON
};

/// An event with what ties it to others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Linked {
    pub position: Position,
    pub version: Version,
    pub stream: Vec<u8>,
    pub category: Vec<u8>,
    pub event_type: Vec<u8>,
    pub recorded_at: Timestamp,
    pub event_id: Option<Vec<u8>>,
    pub causation_id: Option<Vec<u8>>,
    pub correlation_id: Option<Vec<u8>>,
}

impl Linked {
    pub fn id(&self, kind: IdKind) -> Option<&[u8]> {
        let id = match kind {
            IdKind::Event => &self.event_id,
            IdKind::Causation => &self.causation_id,
            IdKind::Correlation => &self.correlation_id,
        };
        id.as_deref()
    }

    /// As a list shows it. `digits`: the precision of the store's times.
    pub fn row(&self, digits: u8) -> EventRow {
        EventRow {
            moment: 0,
            version: text::version_label(self.version),
            position: text::position_label(self.position),
            stream: text::shown(&self.stream),
            event_type: text::shown(&self.event_type),
            recorded_at: text::time_label(self.recorded_at, digits),
            since_previous: String::new(),
            problems: Vec::new(),
        }
    }

    fn of_row(batch: &EventBatch, row: usize, names: &Names) -> Linked {
        let event = batch.event(row);
        // An empty id names nothing.
        let owned = |id: Option<&[u8]>| id.filter(|id| !id.is_empty()).map(<[u8]>::to_vec);
        Linked {
            position: event.position,
            version: event.version,
            stream: names.stream(event.stream).to_vec(),
            category: names.category(event.stream).to_vec(),
            event_type: names.type_name(event.event_type).to_vec(),
            recorded_at: event.recorded_at,
            event_id: owned(event.event_id),
            causation_id: owned(event.causation_id),
            correlation_id: owned(event.correlation_id),
        }
    }
}

/// What was found: events in the order of their positions.
#[derive(Debug, Default)]
pub struct Found {
    pub events: Vec<Linked>,
    /// There are more than were asked for.
    pub is_cut: bool,
}

/// Where events are looked for.
pub enum Links {
    /// In all of the store.
    Indexed {
        store: Arc<dyn EventStore>,
        index: Arc<Index>,
        ids: Arc<Ids>,
    },
    /// Among the events around one.
    Nearby(Nearby),
}

impl Links {
    /// `around`: where to look when there is no index of ids.
    pub fn of(work: &Work<'_>, session: &Session, around: Position) -> Result<Links, AppError> {
        match session.index().zip(session.ids()?) {
            Some((index, ids)) => Ok(Links::Indexed {
                store: Arc::clone(session.store()),
                index,
                ids,
            }),
            None => Ok(Links::Nearby(Nearby::read(work, session, around)?)),
        }
    }

    /// The events at these positions, in this order.
    pub fn at(work: &Work<'_>, store: &dyn EventStore, positions: &[Position]) -> Result<Vec<Linked>, AppError> {
        let (mut batch, findings) = (EventBatch::default(), Findings::default());
        let mut found = Vec::with_capacity(positions.len());
        for some in positions.chunks(READ_EVENTS) {
            let mut names = Names::default();
            let mut reader = store.read(&ReadQuery {
                scope: Scope::Positions(some.to_vec()),
                direction: Direction::Forward,
                columns: ENVELOPE,
            })?;
            while reader.next_batch(work, READ_EVENTS, &mut batch, &mut names, &findings)? {
                found.extend((0..batch.len()).map(|row| Linked::of_row(&batch, row, &names)));
            }
            work.check()?;
        }
        Ok(found)
    }

    /// About the first `most` events that carry one of `asked` as an id of this kind.
    pub fn find(&self, work: &Work<'_>, kind: IdKind, asked: &[&[u8]], most: usize) -> Result<Found, AppError> {
        match self {
            Links::Indexed { store, index, ids } => {
                let mut found = Found::default();
                let mut positions = BTreeSet::new();
                for id in asked {
                    let candidates = ids.candidates(kind, id, most.saturating_sub(positions.len()))?;
                    found.is_cut |= candidates.is_cut;
                    for event in candidates.events {
                        positions.insert(index.event(event)?.position);
                    }
                }
                let positions: Vec<Position> = positions.into_iter().collect();
                let is_asked = |event: &Linked| event.id(kind).is_some_and(|id| asked.contains(&id));
                found.events = Links::at(work, store.as_ref(), &positions)?;
                found.events.retain(is_asked);
                Ok(found)
            }
            Links::Nearby(nearby) => Ok(nearby.find(kind, asked, most)),
        }
    }

    /// How many events were looked at, where that is not all of the store.
    pub fn looked_at(&self) -> Option<usize> {
        match self {
            Links::Nearby(nearby) if !nearby.is_whole => Some(nearby.events.len()),
            Links::Indexed { .. } | Links::Nearby(_) => None,
        }
    }
}

/// The events around one, by their ids.
pub struct Nearby {
    events: Vec<Linked>,
    by_id: HashMap<(IdKind, Vec<u8>), Vec<usize>>,
    is_whole: bool,
}

impl Nearby {
    fn read(work: &Work<'_>, session: &Session, around: Position) -> Result<Nearby, AppError> {
        let (mut before, is_from_start) = Nearby::read_to(work, session, around, Direction::Backward)?;
        let (after, is_to_head) = Nearby::read_to(work, session, around, Direction::Forward)?;
        before.reverse();
        before.extend(after);
        let mut by_id: HashMap<(IdKind, Vec<u8>), Vec<usize>> = HashMap::new();
        for (at, event) in before.iter().enumerate() {
            for kind in IdKind::ALL {
                if let Some(id) = event.id(kind) {
                    by_id.entry((kind, id.to_vec())).or_default().push(at);
                }
            }
        }
        Ok(Nearby {
            events: before,
            by_id,
            is_whole: is_from_start && is_to_head,
        })
    }

    /// The events up to one, or those behind it, nearest first, and whether these are all.
    fn read_to(
        work: &Work<'_>,
        session: &Session,
        around: Position,
        direction: Direction,
    ) -> Result<(Vec<Linked>, bool), AppError> {
        let (after, up_to) = match direction {
            Direction::Forward => (Some(around), None),
            Direction::Backward => (None, Some(around)),
        };
        let mut reader = session.store().read(&ReadQuery {
            scope: Scope::All { after, up_to },
            direction,
            columns: ENVELOPE,
        })?;
        let (mut batch, mut names, findings) = (EventBatch::default(), Names::default(), Findings::default());
        let mut events = Vec::new();
        while events.len() < NEARBY_EVENTS {
            let left = NEARBY_EVENTS - events.len();
            if !reader.next_batch(work, BATCH_EVENTS.min(left), &mut batch, &mut names, &findings)? {
                return Ok((events, true));
            }
            events.extend((0..batch.len()).map(|row| Linked::of_row(&batch, row, &names)));
            work.tick(
                Phase::LookingForIdsNearby,
                events.len() as u64,
                Some(NEARBY_EVENTS as u64),
            )?;
        }
        let is_all = !reader.next_batch(work, 1, &mut batch, &mut names, &findings)?;
        Ok((events, is_all))
    }

    fn find(&self, kind: IdKind, asked: &[&[u8]], most: usize) -> Found {
        let mut found = BTreeMap::new();
        let mut is_cut = false;
        for id in asked {
            let places = self.by_id.get(&(kind, id.to_vec())).map_or(&[][..], Vec::as_slice);
            for event in places.iter().filter_map(|at| self.events.get(*at)) {
                if found.len() == most {
                    is_cut = true;
                    break;
                }
                found.insert(event.position, event.clone());
            }
        }
        Found {
            events: found.into_values().collect(),
            is_cut,
        }
    }
}

/// The streams that hold events of a correlation, in the order of their first such event, at most `most`.
pub fn streams_of(
    work: &Work<'_>,
    links: &Links,
    correlation: &[u8],
    most: usize,
) -> Result<(Vec<Vec<u8>>, bool), AppError> {
    let mut streams: Vec<Vec<u8>> = Vec::new();
    let mut is_cut = false;
    let mut add = |id: &[u8]| {
        if streams.iter().any(|known| known == id) {
            return true;
        }
        is_cut = streams.len() == most;
        if !is_cut {
            streams.push(id.to_vec());
        }
        !is_cut
    };
    match links {
        Links::Indexed { store, index, ids } => {
            // A correlation may have millions of events in few streams: one event of each stream is held against the
            // store, and where a hash met by chance the next of that stream.
            let candidates = ids.candidates(IdKind::Correlation, correlation, usize::MAX)?;
            let mut proven = BTreeSet::new();
            for (at, event) in candidates.events.into_iter().enumerate() {
                if at % BATCH_EVENTS == 0 {
                    work.tick(Phase::LookingForTheStreamsOfACorrelation, at as u64, None)?;
                }
                let skeleton = index.event(event)?;
                if proven.contains(&skeleton.stream) {
                    continue;
                }
                let found = Links::at(work, store.as_ref(), &[skeleton.position])?;
                if let Some(event) = found
                    .iter()
                    .find(|event| event.id(IdKind::Correlation) == Some(correlation))
                {
                    proven.insert(skeleton.stream);
                    if !add(&event.stream) {
                        break;
                    }
                }
            }
        }
        Links::Nearby(nearby) => {
            for event in nearby.find(IdKind::Correlation, &[correlation], usize::MAX).events {
                if !add(&event.stream) {
                    break;
                }
            }
        }
    }
    Ok((streams, is_cut))
}
