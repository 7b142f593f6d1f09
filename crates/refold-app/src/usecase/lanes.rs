//! Several streams on one clock: what each of them holds in a window of time, and where each is at an instant.
//!
//! By recorded or by occurred time, and always so that an instant means the last event at or before it in each stream,
//! "last" by version: where a clock ran backwards, what comes earlier in the stream is included.

use std::sync::Arc;

use refold_core::event::{Columns, EventBatch};
use refold_core::finding::Findings;
use refold_core::history::EventSource as _;
use refold_core::time::Timestamp;
use refold_core::track::Moment;
use refold_core::work::{Phase, Work};

use crate::answer::LaneAnswer;
use crate::error::AppError;
use crate::linked::{self, Links};
use crate::session::Session;
use crate::stream::Stream;
use crate::wire::{
    Clock, CorrelationStreams, FindingWire, LaneMark, LaneMoment, LaneStep, LaneStream, LanesOpened, LanesPage,
    LanesQuery, SearchDirection,
};
use crate::{findings, text};

/// So many lanes are shown together.
pub const MOST_LANES: usize = 24;
/// A lane is divided into at most so many cells.
const MOST_CELLS: u32 = 4_096;
const READ_EVENTS: u32 = 8_192;
/// Fractional digits of the instants that go to a face and come back: all of them.
const DIGITS: u8 = 9;

/// The streams that share the correlation id of the event that led to a moment.
pub fn of_correlation(
    work: &Work<'_>,
    session: &Session,
    stream: &Stream,
    moment: Moment,
) -> Result<CorrelationStreams, AppError> {
    let position = moment
        .event_index()
        .and_then(|index| stream.track.positions.get(index))
        .copied();
    let Some(position) = position else {
        return Err(AppError::invalid(
            "there is no event before the first",
            "choose an event",
        ));
    };
    let event = Links::at(work, session.store().as_ref(), &[position])?
        .into_iter()
        .next();
    let Some(correlation) = event.and_then(|event| event.correlation_id) else {
        return Err(AppError::not_found(
            "this event carries no correlation id",
            "choose an event that does, or add streams to the lanes by hand",
        ));
    };
    let links = Links::of(work, session, position)?;
    streams_of(work, &links, &correlation)
}

/// The streams of a correlation, wherever its events are. Makes the index of ids where it is not there.
pub fn of_correlation_id(
    work: &Work<'_>,
    session: &Session,
    correlation: &str,
) -> Result<CorrelationStreams, AppError> {
    session.build_ids(work)?;
    let Some(last) = session.index().and_then(|index| index.last_position()) else {
        return Err(AppError::not_found("the store holds no event", "open another store"));
    };
    let links = Links::of(work, session, last)?;
    let mut found = streams_of(work, &links, correlation.as_bytes())?;
    if found.streams.is_empty() && correlation.contains('\\') {
        found = streams_of(work, &links, &text::id_from_shown(correlation))?;
    }
    if found.streams.is_empty() {
        return Err(AppError::not_found(
            format!(
                "no event has this correlation id: {}",
                text::shown(correlation.as_bytes())
            ),
            "copy it from an event that carries it",
        )
        .typed("refold history STORE STREAM --json"));
    }
    Ok(found)
}

fn streams_of(work: &Work<'_>, links: &Links, correlation: &[u8]) -> Result<CorrelationStreams, AppError> {
    let (streams, is_cut) = linked::streams_of(work, links, correlation, MOST_LANES)?;
    Ok(CorrelationStreams {
        correlation_id: text::shown(correlation),
        streams: streams.iter().map(|id| text::shown(id)).collect(),
        is_cut,
        looked_at: links.looked_at().map(|count| u32::try_from(count).unwrap_or(u32::MAX)),
    })
}

/// Some streams on one clock. Shareable between threads.
pub struct Lanes {
    clock: Clock,
    lanes: Vec<Lane>,
    digits: u8,
    findings: Findings,
}

struct Lane {
    stream: Stream,
    /// Time and moment of each event that has a time, ascending.
    by_time: Vec<(Timestamp, u32)>,
    /// For as many entries of `by_time`: the greatest moment among them and those before.
    latest: Vec<u32>,
}

impl Lanes {
    /// `streams`: at most [`MOST_LANES`], each once.
    pub fn open(work: &Work<'_>, session: &Session, streams: &[String], clock: Clock) -> Result<Lanes, AppError> {
        if streams.is_empty() || streams.len() > MOST_LANES {
            return Err(AppError::invalid(
                format!("{} streams cannot be shown as lanes", streams.len()),
                format!("name 1 to {MOST_LANES} streams"),
            ));
        }
        let findings = Findings::default();
        let open = |id: &String| {
            let stream = Stream::load(work, session, id, &findings)?;
            let times = match clock {
                Clock::Recorded => Arc::clone(&stream.track).recorded_at.clone(),
                Clock::Occurred => occurred_times(work, session, &stream)?,
            };
            Ok(Lane::new(stream, &times))
        };
        Ok(Lanes {
            clock,
            lanes: streams.iter().map(open).collect::<Result<_, AppError>>()?,
            digits: session.description().time_digits,
            findings,
        })
    }

    /// What says that events of these streams could not be read.
    pub fn lacking(&self) -> Vec<FindingWire> {
        let mut lacking = findings::wire(&self.findings);
        lacking.retain(FindingWire::leaves_out);
        lacking
    }

    /// What is shown of them at first. `number`: theirs on the desk.
    pub fn describe(&self, number: u32) -> LanesOpened {
        let first = self.lanes.iter().filter_map(|lane| lane.by_time.first()).min();
        let last = self.lanes.iter().filter_map(|lane| lane.by_time.last()).max();
        let label = |entry: Option<&(Timestamp, u32)>| entry.map(|(time, _)| instant(*time)).unwrap_or_default();
        LanesOpened {
            lanes: number,
            clock: self.clock,
            first: label(first),
            last: label(last),
            streams: self.lanes.iter().map(Lane::describe).collect(),
        }
    }

    /// The marks of a window.
    pub fn page(&self, query: &LanesQuery) -> Result<LanesPage, AppError> {
        let (from, to) = (read_instant(&query.from)?, read_instant(&query.to)?);
        let cells = query.cells.clamp(1, MOST_CELLS);
        let lanes = self.lanes.iter().map(|lane| lane.marks(from, to, cells)).collect();
        Ok(LanesPage {
            from: query.from.clone(),
            to: query.to.clone(),
            cells,
            lanes,
        })
    }

    /// Where each lane is at an instant.
    pub fn at(&self, time: &str) -> Result<Vec<LaneMoment>, AppError> {
        let time = read_instant(time)?;
        Ok(self.lanes.iter().map(|lane| lane.at(time)).collect())
    }

    /// The next event after an instant on any lane, or the last before it; `None`: there is none.
    pub fn step(&self, from: &str, direction: SearchDirection) -> Result<Option<LaneStep>, AppError> {
        let from = read_instant(from)?;
        let step = |(lane, number): (&Lane, u32)| {
            let entry = match direction {
                SearchDirection::Forward => lane.by_time.get(lane.by_time.partition_point(|entry| entry.0 <= from)),
                SearchDirection::Backward => {
                    let before = lane.by_time.partition_point(|entry| entry.0 < from);
                    before.checked_sub(1).and_then(|at| lane.by_time.get(at))
                }
            };
            entry.map(|(time, moment)| (*time, number, *moment))
        };
        let steps = self.lanes.iter().zip(0..).filter_map(step);
        let nearest = match direction {
            SearchDirection::Forward => steps.min(),
            SearchDirection::Backward => steps.max(),
        };
        Ok(nearest.map(|(time, lane, moment)| LaneStep {
            lane,
            moment,
            time: instant(time),
        }))
    }

    /// Calls `visit` for each event that has a time, in the order of the clock, and for `most` at most.
    pub fn merged(
        &self,
        work: &Work<'_>,
        most: u64,
        visit: &mut dyn FnMut(LaneAnswer) -> Result<(), AppError>,
    ) -> Result<(), AppError> {
        let mut at = vec![0_usize; self.lanes.len()];
        for _ in 0..most {
            let heads = self.lanes.iter().zip(&at).enumerate();
            let next =
                heads.filter_map(|(number, (lane, at))| lane.by_time.get(*at).map(|entry| (entry.0, number, lane)));
            let Some((time, number, lane)) = next.min_by_key(|(time, number, _)| (*time, *number)) else {
                return Ok(());
            };
            work.check()?;
            let Some(place) = at.get_mut(number) else { return Ok(()) };
            let moment = lane.by_time.get(*place).map_or(Moment::START, |entry| Moment(entry.1));
            *place += 1;
            visit(LaneAnswer {
                time: text::time_label(time, self.digits),
                stream: text::exact(&lane.stream.id),
                version: text::filled(lane.stream.version_label(moment)),
                position: text::filled(lane.stream.position_label(moment)),
                event_type: lane.stream.type_name(moment),
            })?;
        }
        Ok(())
    }
}

impl Lane {
    fn new(stream: Stream, times: &[Timestamp]) -> Lane {
        let timed = times.iter().zip(1..).filter(|(time, _)| !time.is_none());
        let mut by_time: Vec<(Timestamp, u32)> = timed.map(|(time, moment)| (*time, moment)).collect();
        by_time.sort_unstable();
        let mut greatest = 0;
        let latest = by_time.iter().map(|(_, moment)| {
            greatest = greatest.max(*moment);
            greatest
        });
        Lane {
            latest: latest.collect(),
            by_time,
            stream,
        }
    }

    fn describe(&self) -> LaneStream {
        let events = self.stream.track.head().0;
        LaneStream {
            stream: text::shown(&self.stream.id),
            category: text::shown(&self.stream.category),
            events,
            // No more than there are events, which are numbered with 32 bits.
            without_time: events - self.by_time.len() as u32,
        }
    }

    fn before(&self, time: Timestamp) -> usize {
        self.by_time.partition_point(|entry| entry.0 < time)
    }

    fn marks(&self, from: Timestamp, to: Timestamp, cells: u32) -> Vec<LaneMark> {
        let width = i128::from(to.0) - i128::from(from.0);
        // Between two instants of 64 bits.
        let start_of =
            |cell: u32| Timestamp((i128::from(from.0) + width * i128::from(cell) / i128::from(cells)) as i64);
        let mut marks = Vec::new();
        if width <= 0 {
            return marks;
        }
        let (mut start, end) = (self.before(from), self.before(to));
        let mut cell = 0;
        while start < end {
            // The cell of the next event: empty ones cost nothing.
            let Some((time, _)) = self.by_time.get(start) else {
                break;
            };
            let offset = i128::from(time.0) - i128::from(from.0);
            let guess = u32::try_from(offset * i128::from(cells) / width).unwrap_or(cells);
            cell = cell.max(guess.min(cells - 1));
            while cell + 1 < cells && start_of(cell + 1) <= *time {
                cell += 1;
            }
            let until = if cell + 1 == cells {
                end
            } else {
                self.before(start_of(cell + 1)).min(end)
            };
            let until = until.max(start + 1);
            if let Some((time, moment)) = self.by_time.get(until - 1) {
                marks.push(LaneMark {
                    cell,
                    events: u32::try_from(until - start).unwrap_or(u32::MAX),
                    moment: *moment,
                    event_type: self.stream.type_name(Moment(*moment)),
                    time: instant(*time),
                });
            }
            start = until;
        }
        marks
    }

    fn at(&self, time: Timestamp) -> LaneMoment {
        let entries = self.by_time.partition_point(|entry| entry.0 <= time);
        let moment = entries
            .checked_sub(1)
            .and_then(|at| self.latest.get(at))
            .copied()
            .unwrap_or(0);
        let own = self
            .by_time
            .get(..entries)
            .unwrap_or_default()
            .iter()
            .rfind(|entry| entry.1 == moment);
        LaneMoment {
            moment,
            version: self.stream.version_label(Moment(moment)),
            event_type: self.stream.type_name(Moment(moment)),
            time: own.map(|entry| instant(entry.0)).unwrap_or_default(),
        }
    }
}

fn occurred_times(work: &Work<'_>, session: &Session, stream: &Stream) -> Result<Vec<Timestamp>, AppError> {
    let envelope = Columns {
        envelope: true,
        ..Columns::SKELETON
    };
    let mut events = stream.events(session.store(), envelope);
    let (mut batch, head) = (EventBatch::default(), stream.track.head());
    let mut times = Vec::with_capacity(stream.track.len());
    while let Some(at) = u32::try_from(times.len()).ok().filter(|at| *at < head.0) {
        events.read(
            work,
            Moment(at),
            Moment(head.0.min(at.saturating_add(READ_EVENTS))),
            &mut batch,
        )?;
        times.extend_from_slice(&batch.occurred_at);
        // A store without such a column leaves it empty.
        times.resize(at as usize + batch.len(), Timestamp::NONE);
        work.tick(Phase::ReadingOccurredTimes, u64::from(at), Some(u64::from(head.0)))?;
    }
    Ok(times)
}

fn instant(time: Timestamp) -> String {
    text::time_label(time, DIGITS)
}

fn read_instant(text: &str) -> Result<Timestamp, AppError> {
    Timestamp::parse(text).ok_or_else(|| {
        AppError::invalid(
            format!("not an instant: {}", text::shown(text.as_bytes())),
            "write 2026-08-03T14:00:00Z",
        )
    })
}

#[cfg(test)]
mod tests;
