//! Where a row says that it is, and which events of its stream it can mean by that.
//!
//! A version and a position name one event: where the stream has none of this name, the row is nowhere, and what it holds
//! is compared with nothing. A time names no event, for any time lies somewhere between two; and it is often written less
//! exactly than the store has it, so that it means any event that was recorded within the unit in which it is written.

use refold_core::cursor::{Cursor, CursorError};
use refold_core::event::{EventBatch, Position, Version};
use refold_core::time::Timestamp;
use refold_core::track::Moment;
use refold_core::work::Work;
use refold_stores::rows::{Cell, instant};

use super::alike::whole;
use super::mapping::Own;
use crate::clock;
use crate::error::AppError;
use crate::session::Session;
use crate::stream::{Found, Stream};
use crate::text;

/// What a row says of how far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Says {
    /// The mapping names no column for it, or the row has nothing there.
    Nothing,
    /// What it has there is no whole number, or no time.
    Unreadable,
    At(Cursor),
}

/// The units in which times are cut off, the largest first.
const UNITS_NANOS: [i64; 6] = [86_400_000_000_000, 60_000_000_000, 1_000_000_000, 1_000_000, 1_000, 1];

/// In which unit a column of times is written: the largest of which each of them is a multiple. Of one time alone it
/// could not be told, for any of them may fall on a full minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unit {
    nanos: i64,
}

impl Unit {
    /// Of a column without a time.
    pub const LARGEST: Unit = Unit { nanos: UNITS_NANOS[0] };

    /// The unit of one time.
    pub fn of(time: Timestamp) -> Unit {
        let nanos = UNITS_NANOS.into_iter().find(|nanos| time.0 % nanos == 0);
        Unit {
            nanos: nanos.unwrap_or(1),
        }
    }
}

impl Says {
    pub fn of(own: &Own, cell: Option<&Cell>) -> Says {
        let cell = match cell {
            None | Some(Cell::Absent | Cell::Empty) => return Says::Nothing,
            Some(Cell::Value(value)) if value.is_null() => return Says::Nothing,
            Some(cell) => cell,
        };
        let says = match own {
            Own::Unknown => return Says::Nothing,
            Own::Version(_) => whole(cell).map(|version| Cursor::Version(Version(version))),
            Own::Position(_) => whole(cell).map(|position| Cursor::Position(Position(position))),
            Own::RecordedAt(_) => instant(&cell.to_value()).map(Cursor::At),
        };
        says.map_or(Says::Unreadable, Says::At)
    }
}

/// The last event that a row can mean is at or before this.
pub fn latest(says: &Cursor, unit: Unit) -> Cursor {
    match says {
        Cursor::At(time) => Cursor::At(Timestamp(time.0.saturating_add(unit.nanos - 1))),
        says => *says,
    }
}

/// Whether the row means this event, or can mean it.
pub fn means(says: &Cursor, unit: Unit, version: Version, position: Position, recorded_at: Timestamp) -> bool {
    match says {
        Cursor::Version(says) => version == *says && version != EventBatch::NO_VERSION,
        Cursor::Position(says) => position == *says,
        Cursor::At(says) => !recorded_at.is_none() && recorded_at.0.abs_diff(says.0) < unit.nanos.unsigned_abs(),
        Cursor::Start | Cursor::Head | Cursor::Ago { .. } => false,
    }
}

/// Whether the row must mean an event, and not a moment between two.
pub fn is_of_an_event(says: &Cursor) -> bool {
    matches!(says, Cursor::Version(_) | Cursor::Position(_))
}

/// Whether the event that a row says that it is at would lie behind all that its stream, or the store, has.
pub fn is_past_end(says: &Cursor, last_version: Option<Version>, end: Option<Position>) -> bool {
    match says {
        Cursor::Version(says) => last_version.is_some_and(|last| last < *says),
        Cursor::Position(says) => end.is_some_and(|end| end < *says),
        // A time is no event.
        Cursor::At(_) | Cursor::Start | Cursor::Head | Cursor::Ago { .. } => false,
    }
}

/// Where a row is in its stream.
#[derive(Debug, Clone)]
pub struct Place {
    /// What the row is compared with: the last moment that it can mean.
    pub found: Found,
    /// All that it can mean; one, unless events share a version or a time.
    pub named: Vec<Moment>,
    /// What the row says, in a sentence.
    pub said: String,
}

impl Place {
    /// `None`: the stream has no such event.
    pub fn of(session: &Session, stream: &Stream, says: &Cursor, unit: Unit) -> Result<Option<Place>, CursorError> {
        let track = &stream.track;
        let found = stream.resolve(&latest(says, unit), clock::now())?;
        let moment = found.moment;
        let events = track.versions.iter().zip(&track.positions).zip(&track.recorded_at);
        let named = events
            .zip(1_u32..)
            .filter_map(|(((version, position), recorded_at), number)| {
                means(says, unit, *version, *position, *recorded_at).then_some(Moment(number))
            });
        let mut named: Vec<Moment> = named.collect();
        if moment == Moment::START || (named.is_empty() && is_of_an_event(says)) {
            return Ok(None);
        }
        if !named.contains(&moment) {
            named.push(moment);
        }
        Ok(Some(Place {
            found,
            named,
            said: label(session, says),
        }))
    }
}

/// Where a row says that it is, in a sentence: `v12`, `#4711`, a time.
pub fn label(session: &Session, says: &Cursor) -> String {
    match says {
        Cursor::Version(version) => format!("v{}", version.0),
        Cursor::Position(position) => format!("#{}", position.0),
        Cursor::At(time) => text::time_label(*time, session.description().time_digits),
        says => says.to_string(),
    }
}

/// Why a row is nowhere in its stream, in a sentence.
pub fn nowhere(work: &Work<'_>, session: &Session, stream: &Stream, says: &Cursor) -> Result<String, AppError> {
    let track = &stream.track;
    let said = label(session, says);
    Ok(match says {
        Cursor::Version(version) => {
            // By number, and not by place: some events may have no version.
            let versions = track.versions.iter().filter(|of| **of != EventBatch::NO_VERSION);
            let earlier = versions.clone().filter(|of| *of < version).max();
            let later = versions.filter(|of| *of > version).min();
            let why = match (earlier, later) {
                (Some(last), None) => format!("its stream ends at v{}", last.0),
                (None, Some(first)) => format!("its stream begins at v{}", first.0),
                (Some(earlier), Some(later)) => format!("v{} follows on v{} there", later.0, earlier.0),
                (None, None) => "its stream has no versions".to_owned(),
            };
            format!("the row says that it is at {said}, and {why}")
        }
        Cursor::Position(position) => {
            let index = session.build_index(work)?;
            let at = index.event_at_or_after(*position)?;
            let why = match index.last_position() {
                Some(last) if last < *position => format!("and the store ends at #{}", last.0),
                Some(last) if *position <= last && index.event(at)?.position == *position => {
                    let of = index.stream(index.event(at)?.stream)?;
                    format!("which is an event of {}", text::shown(of.id))
                }
                _ => "which no event of the store has".to_owned(),
            };
            format!("the row says that it is at {said}, {why}")
        }
        Cursor::At(_) => {
            format!("the row says that it is at {said}, which is before the first event of its stream")
        }
        _ => format!("the row says that it is at {said}, which is no event"),
    })
}
