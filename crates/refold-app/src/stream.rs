//! One stream of an opened store: its track, and its events by moment.

mod ahead;
mod found;
mod noted;
#[cfg(test)]
mod tests;

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use refold_core::event::{Columns, EventBatch, EventView, Position, StreamOrdinal, TypeOrdinal};
use refold_core::finding::Findings;
use refold_core::history::EventSource;
use refold_core::names::Names;
use refold_core::port::handler::HandlerProgram;
use refold_core::port::store::{Direction, EventStore, ReadQuery, Scope, StoreError};
use refold_core::track::{Gap, Moment, Numbering, StreamTrack};
use refold_core::work::{Phase, Work};
use refold_stores::index::{ArenaSource, Index};

use ahead::Ahead;
pub use found::Found;

use crate::answer::CauseAnswer;
use crate::error::{AppError, ErrorCode};
use crate::findings;
use crate::session::{Session, beside_unsettled};
use crate::text;
use crate::usecase::overview;

/// Events read at a time when all of a range is wanted.
const READ_EVENTS: u32 = 2_048;
/// Reads of so many events that follow on each other are a long fold: then the next is read ahead.
const AHEAD_EVENTS: usize = 1_024;

/// The skeleton of one stream and the names that it uses.
#[derive(Debug, Clone)]
pub struct Stream {
    pub id: Vec<u8>,
    pub category: Vec<u8>,
    pub track: Arc<StreamTrack>,
    names: Arc<Names>,
    location: String,
    /// Of a track that is out of an index of which only the end was compared with the store: whom to tell that it is not
    /// that of the store any more.
    doubt: Option<Arc<AtomicBool>>,
    /// Whether events of it may lie where the store cannot be read.
    may_lack: bool,
    /// Where events are missing first, as far as versions and records that cannot be read tell.
    lacks: Option<Gap>,
    numbering: Numbering,
}

impl Stream {
    /// Reads the track of a stream: by the store's own index or by ours. `id` is the id as shown or as stored.
    pub fn load(work: &Work<'_>, session: &Session, id: &str, findings: &Findings) -> Result<Stream, AppError> {
        let found = Stream::found(id, |id| {
            Stream::load_exact(work, session, id, Names::default(), findings)
        });
        Stream::looked_at(session, found, findings)
    }

    /// As [`Stream::load`], of the stream that has these bytes as its id and of no other: two ids can be shown alike.
    pub fn load_stored(work: &Work<'_>, session: &Session, id: &[u8], findings: &Findings) -> Result<Stream, AppError> {
        let found = Stream::load_exact(work, session, id, Names::default(), findings)
            .and_then(|found| found.ok_or_else(|| unknown(id)));
        Stream::looked_at(session, found, findings)
    }

    fn looked_at(session: &Session, found: Result<Stream, AppError>, findings: &Findings) -> Result<Stream, AppError> {
        let stream = found.map_err(|error| beside_what_lacks(error, session, findings))?;
        session.log_stream(&stream.id)?;
        Ok(stream)
    }

    /// The same stream in the same store as it is now: at least the events of this one, whose types keep their
    /// ordinals. What is noteworthy of the skeleton was reported when it was opened.
    pub fn grown(&self, work: &Work<'_>, session: &Session) -> Result<Stream, AppError> {
        let names = Names::clone(&self.names);
        let grown = Stream::load_exact(work, session, &self.id, names, &Findings::default())?;
        let grown = grown.filter(|grown| grown.track.begins_with(&self.track));
        grown.ok_or_else(|| {
            AppError::new(
                ErrorCode::Unreachable,
                format!(
                    "the stream holds other events than when it was opened: {}",
                    text::shown(&self.id)
                ),
                "open the stream again",
            )
        })
    }

    /// What `load` makes of the stream of an id, which is given as shown or as stored.
    pub fn found<T>(id: &str, load: impl Fn(&[u8]) -> Result<Option<T>, AppError>) -> Result<T, AppError> {
        let found = match load(id.as_bytes())? {
            Some(found) => Some(found),
            None if id.contains('\\') => load(&text::id_from_shown(id))?,
            None => None,
        };
        found.ok_or_else(|| unknown(id.as_bytes()))
    }

    /// What asks the store for all events of a stream.
    pub fn whole(id: &[u8], columns: Columns) -> ReadQuery {
        ReadQuery {
            scope: Scope::Stream {
                id: id.to_vec(),
                from: None,
                to: None,
            },
            direction: Direction::Forward,
            columns,
        }
    }

    /// The stream whose skeleton a reader brought. `None`: it has no event.
    pub fn of_track(session: &Session, id: &[u8], track: Arc<StreamTrack>, names: Names) -> Option<Stream> {
        if track.is_empty() {
            return None;
        }
        let numbering = session.description().numbering();
        let lost = session.store().lost_of(id).into_iter();
        let lost = lost.filter_map(|position| track.gap_at(position, numbering));
        let lacks = track.gap(numbering).into_iter().chain(lost).min_by_key(|gap| gap.since);
        Some(Stream {
            id: id.to_vec(),
            category: names.category(StreamOrdinal(0)).to_vec(),
            track,
            names: Arc::new(names),
            location: session.location().to_owned(),
            doubt: None,
            may_lack: false,
            lacks,
            numbering,
        })
    }

    /// The same stream, read with these findings: where they say that events could not be read, some may be of it. `leads`:
    /// the store itself led to its events, and came upon no others.
    pub fn found_with(self, findings: &Findings, leads: bool) -> Stream {
        let lost = findings::damaged_at(findings).filter(|_| leads);
        let lost = lost.and_then(|positions| self.lost_at(positions));
        Stream {
            may_lack: findings::is_lacking(findings),
            lacks: self.lacks.into_iter().chain(lost).min_by_key(|gap| gap.since),
            ..self
        }
    }

    /// Where events are missing that damage keeps from being read. `positions`: theirs; `None`: all events had to be looked
    /// through for those of the stream, and which of the lost ones are of it only versions can tell.
    fn lost_at(&self, positions: Option<Vec<Position>>) -> Option<Gap> {
        let Some(positions) = positions else {
            let has_versions = self
                .track
                .versions
                .iter()
                .any(|version| *version != EventBatch::NO_VERSION);
            let is_told = has_versions && matches!(self.numbering, Numbering::Whole { .. });
            let first = self.track.positions.first().filter(|_| !is_told)?;
            return Some(Gap {
                since: Moment(1),
                position: *first,
            });
        };
        let gaps = positions
            .into_iter()
            .filter_map(|position| self.track.gap_at(position, self.numbering));
        gaps.min_by_key(|gap| gap.since)
    }

    /// The index to read a stream by; `None`: the store itself leads to its events. It does so too where it is damaged and
    /// the index is there: the index knows nothing of what is lost, and the store's own way to the events of one stream
    /// tells whether any of these are.
    pub fn index_of(session: &Session) -> Option<Arc<Index>> {
        let has_own = session.description().has_stream_index;
        session
            .index()
            .filter(|index| !has_own || !findings::is_index_lacking(index))
    }

    /// Where events of it are missing, by its versions or by records that name it: they were deleted, or cannot be read.
    /// What is missing behind its last event is so from the head on; see [`Stream::end`].
    pub fn lacks(&self) -> Option<Gap> {
        self.lacks
    }

    fn load_exact(
        work: &Work<'_>,
        session: &Session,
        id: &[u8],
        names: Names,
        findings: &Findings,
    ) -> Result<Option<Stream>, AppError> {
        let index = match Stream::index_of(session) {
            None if !session.description().has_stream_index => Some(session.build_index(work)?),
            index => index,
        };
        let mut names = names;
        let mut track = StreamTrack::default();
        let doubt = index.as_ref().and_then(|index| session.doubt(index));
        let (own, leads) = (Findings::default(), index.is_none());
        if let Some(index) = index {
            let Some(ordinal) = index.find_stream(id)? else {
                return Ok(None);
            };
            let category = index.stream(ordinal)?.category.to_vec();
            names.intern_stream(id, || &category);
            track = index.track(work, ordinal, &mut names)?;
            findings::report_lacking(&index, &own);
        } else {
            let mut reader = session.store().read(&Stream::whole(id, Columns::SKELETON))?;
            let mut batch = EventBatch::default();
            while reader.next_batch(work, 8192, &mut batch, &mut names, &own)? {
                track.extend(&batch);
                work.tick(Phase::ReadingTheStream, track.len() as u64, None)?;
            }
        }
        findings::add(&own, findings);
        let stream = Stream::of_track(session, id, Arc::new(track), names);
        Ok(stream.map(|stream| Stream { doubt, ..stream }.found_with(&own, leads)))
    }

    /// As [`Stream::lacks`], in a track of the same stream that was made otherwise.
    pub fn lacks_in(&self, track: &StreamTrack) -> Option<Gap> {
        let gap = self.lacks?;
        if self.is_behind_all(&gap) {
            let since = Moment(track.head().0.saturating_add(1));
            return Some(Gap { since, ..gap });
        }
        let is_same = |at: usize| track.positions.get(at) == Some(&gap.position);
        let is_behind = |position: &Position| *position >= gap.position;
        let index = match gap.since.event_index().filter(|at| is_same(*at)) {
            None => track.positions.iter().position(is_behind)?,
            Some(index) => index,
        };
        Some(Gap {
            since: Moment(u32::try_from(index + 1).ok()?),
            position: *track.positions.get(index)?,
        })
    }

    pub fn names(&self) -> &Names {
        &self.names
    }

    /// Its events, with these columns beside the skeleton.
    pub fn events(&self, store: &Arc<dyn EventStore>, columns: Columns) -> StreamEvents {
        let versions = &self.track.versions;
        let is_by_version = versions.first().is_some_and(|first| *first != EventBatch::NO_VERSION)
            && versions.is_sorted_by(|a, b| a < b)
            // The way by versions leads through what is damaged again; what was found lies at its positions.
            && !self.may_lack
            && store.describe().has_stream_index;
        StreamEvents {
            store: Arc::clone(store),
            stream: self.clone(),
            columns,
            is_by_version,
            scratch_names: Names::default(),
            findings: Arc::default(),
            reported: Moment::START,
            last_end: 0,
            ahead: None,
        }
    }

    /// Its events for a fold with this handler: out of the payload arena where that is known to be what the store holds,
    /// else out of the store.
    /// What is found in events up to `reported` was reported before.
    pub fn source(
        &self,
        session: &Session,
        program: &dyn HandlerProgram,
        findings: &Arc<Findings>,
        reported: Moment,
    ) -> Result<Box<dyn EventSource + Send>, AppError> {
        let columns = program.columns();
        if let Some(arena) = session.held_arena()
            && let Some(index) = session.index()
            && let Some(ordinal) = index.find_stream(&self.id)?
            && index.stream(ordinal)?.events == self.track.head().0
        {
            let store = Arc::clone(session.store());
            return Ok(Box::new(ArenaSource::new(store, index, arena, ordinal, columns)?));
        }
        let events = self.events(session.store(), columns).reporting(Arc::clone(findings));
        Ok(Box::new(events.reported_until(reported)))
    }

    /// Calls `visit` for each event after `from` up to `to`, whole, in fold order. What cannot be read of them goes to
    /// `findings`.
    pub fn visit(
        &self,
        work: &Work<'_>,
        store: &Arc<dyn EventStore>,
        findings: &Arc<Findings>,
        from: Moment,
        to: Moment,
        visit: &mut dyn FnMut(Moment, &EventView<'_>) -> Result<(), AppError>,
    ) -> Result<(), AppError> {
        let mut events = self.events(store, Columns::ALL).reporting(Arc::clone(findings));
        let mut batch = EventBatch::default();
        let mut at = from;
        while at < to {
            events.read(work, at, Moment(to.0.min(at.0 + READ_EVENTS)), &mut batch)?;
            for row in 0..batch.len() {
                at = Moment(at.0 + 1);
                visit(at, &batch.event(row))?;
            }
            work.tick(
                Phase::ReadingEvents,
                u64::from(at.0 - from.0),
                Some(u64::from(to.0 - from.0)),
            )?;
        }
        Ok(())
    }

    /// As [`Stream::visit`] until `visit` says `false`. Reads in short ranges, so that it ends soon after that.
    pub fn visit_while(
        &self,
        work: &Work<'_>,
        store: &Arc<dyn EventStore>,
        findings: &Arc<Findings>,
        from: Moment,
        to: Moment,
        visit: &mut dyn FnMut(Moment, &EventView<'_>) -> Result<bool, AppError>,
    ) -> Result<(), AppError> {
        let mut at = from;
        let mut goes_on = true;
        while at < to && goes_on {
            let end = Moment(to.0.min(at.0.saturating_add(512)));
            self.visit(work, store, findings, at, end, &mut |moment, event| {
                goes_on = goes_on && visit(moment, event)?;
                Ok(())
            })?;
            at = end;
        }
        Ok(())
    }

    /// The moment after the event at a position; `None` where the stream has none there.
    pub fn moment_at(&self, position: Position) -> Option<Moment> {
        let positions = &self.track.positions;
        // In nearly every store the versions of a stream follow its positions.
        let index = match positions.binary_search(&position) {
            Ok(index) => index,
            Err(_) => positions.iter().position(|of| *of == position)?,
        };
        u32::try_from(index + 1).ok().map(Moment)
    }

    pub fn type_name(&self, moment: Moment) -> String {
        let event_type = moment.event_index().and_then(|index| self.track.types.get(index));
        event_type
            .map(|event_type| text::shown(self.names.type_name(*event_type)))
            .unwrap_or_default()
    }

    pub fn version_label(&self, moment: Moment) -> String {
        let version = moment.event_index().and_then(|index| self.track.versions.get(index));
        version.map(|version| text::version_label(*version)).unwrap_or_default()
    }

    /// The event that led to `moment` as a person names it: by its version, or as `#4711` by its position where the store
    /// keeps no versions. Empty at the start. Behind the head it is where a record stands that cannot be read.
    pub fn place_label(&self, moment: Moment) -> String {
        let lost = self.lacks.filter(|gap| gap.since == moment && self.is_behind_all(gap));
        let position = lost.map_or_else(|| self.position_label(moment), |gap| text::position_label(gap.position));
        let version = self.version_label(moment);
        if version.is_empty() && !position.is_empty() {
            format!("#{position}")
        } else {
            version
        }
    }

    pub fn position_label(&self, moment: Moment) -> String {
        let position = moment.event_index().and_then(|index| self.track.positions.get(index));
        position
            .map(|position| text::position_label(*position))
            .unwrap_or_default()
    }

    /// The event that led to `moment`; `None` at the start. `digits`: the precision of the store.
    pub fn cause(&self, moment: Moment, digits: u8) -> Option<CauseAnswer> {
        moment.event_index()?;
        Some(CauseAnswer {
            version: text::filled(self.version_label(moment)),
            position: text::filled(self.position_label(moment)),
            event_type: self.type_name(moment),
            recorded_at: text::filled(self.time_label(moment, digits)),
        })
    }

    /// `digits`: the precision of the store.
    pub fn time_label(&self, moment: Moment, digits: u8) -> String {
        let time = moment.event_index().and_then(|index| self.track.recorded_at.get(index));
        time.map(|time| text::time_label(*time, digits)).unwrap_or_default()
    }
}

/// Reads the events of one stream by moment. What it reads is checked against the track: a store that changed
/// under way is an error, never another event under the wrong label.
pub struct StreamEvents {
    store: Arc<dyn EventStore>,
    stream: Stream,
    columns: Columns,
    is_by_version: bool,
    /// Filled by readers; what the ordinals mean is said by the stream's own names.
    scratch_names: Names,
    /// Nobody's, unless [`StreamEvents::reporting`] says whose.
    findings: Arc<Findings>,
    /// Up to here what the reader found was reported.
    reported: Moment,
    /// Where the read before ended.
    last_end: usize,
    ahead: Option<Ahead>,
}

fn unknown(id: &[u8]) -> AppError {
    AppError::not_found(
        format!("no stream has this id: {}", text::shown(id)),
        "look for part of its id in the list of streams",
    )
}

/// An id that is not found may be that of a stream whose events cannot be read, or not now.
pub fn beside_what_lacks(mut error: AppError, session: &Session, findings: &Findings) -> AppError {
    let unsettled = session.unsettled().filter(|_| error.code == ErrorCode::NotFound);
    if let Some(unsettled) = unsettled {
        error.message = format!("{}; {}", error.message, beside_unsettled(&unsettled));
    }
    let is_left_out = |(code, _, _): &(&str, u64, _)| findings::leaves_out(code);
    let is_lacking = findings.summary().iter().any(is_left_out) || !overview::lacking(session).is_empty();
    if error.code == ErrorCode::NotFound && is_lacking {
        error.message = format!(
            "{}; parts of the store are damaged, and its events may lie there",
            error.message
        );
        return error
            .advised("compare with a backup; the findings of the store tell what cannot be read")
            .typed("refold info STORE");
    }
    error
}

impl StreamEvents {
    /// Reports what the reader finds to `findings`: of each event once, in a source that is read from the start on
    /// and then again in parts.
    pub fn reporting(self, findings: Arc<Findings>) -> StreamEvents {
        StreamEvents { findings, ..self }
    }

    /// Says that what the reader finds was reported up to `moment`.
    pub fn reported_until(self, moment: Moment) -> StreamEvents {
        StreamEvents {
            reported: moment,
            ..self
        }
    }

    /// Whether these types, as a reader names them, are those of the track.
    fn is_of_types(&self, read: &[TypeOrdinal], range: Range<usize>) -> bool {
        let tracked = self.stream.track.types.get(range).unwrap_or_default();
        let is_same = |(read, tracked): (&TypeOrdinal, &TypeOrdinal)| {
            self.scratch_names.type_name(*read) == self.stream.names.type_name(*tracked)
        };
        read.len() == tracked.len() && read.iter().zip(tracked).all(is_same)
    }

    /// What asks the store for the events at these indices of the track.
    fn query(&self, range: Range<usize>) -> ReadQuery {
        let track = &self.stream.track;
        let scope = if self.is_by_version {
            Scope::Stream {
                id: self.stream.id.clone(),
                from: track.versions.get(range.start).copied(),
                to: range
                    .end
                    .checked_sub(1)
                    .and_then(|last| track.versions.get(last))
                    .copied(),
            }
        } else {
            Scope::Positions(track.positions.get(range).unwrap_or_default().to_vec())
        };
        ReadQuery {
            scope,
            direction: Direction::Forward,
            columns: self.columns,
        }
    }
}

impl EventSource for StreamEvents {
    fn read(&mut self, work: &Work<'_>, from: Moment, to: Moment, batch: &mut EventBatch) -> Result<(), StoreError> {
        batch.clear();
        let (first, end) = (from.0 as usize, to.0.min(self.stream.track.head().0) as usize);
        if first >= end {
            return Ok(());
        }
        let is_sequel = first == self.last_end;
        let read_ahead = self
            .ahead
            .take()
            .filter(|ahead| (ahead.first, ahead.end) == (first, end))
            .and_then(Ahead::wait);
        if is_sequel && end - first >= AHEAD_EVENTS {
            let next = end..self.stream.track.len().min(end + (end - first));
            self.ahead = Ahead::start(&self.store, self.query(next.clone()), next.start, next.end);
        }
        let is_new = from == self.reported;
        match read_ahead {
            Some(fetched) => {
                let fetched = fetched?;
                *batch = fetched.batch;
                self.scratch_names = fetched.names;
                if is_new {
                    self.findings.report_all(&fetched.findings, |_| true);
                }
            }
            None => {
                let known = Findings::default();
                let findings = if is_new { self.findings.as_ref() } else { &known };
                let mut reader = self.store.read(&self.query(first..end))?;
                reader.next_batch(work, end - first, batch, &mut self.scratch_names, findings)?;
            }
        }
        let track = &self.stream.track;
        let came = batch.len();
        let last = first + came;
        let is_as_tracked = came > 0
            && last <= end
            && Some(&batch.positions[..]) == track.positions.get(first..last)
            && Some(&batch.versions[..]) == track.versions.get(first..last)
            && Some(&batch.recorded_at[..]) == track.recorded_at.get(first..last)
            && self.is_of_types(&batch.types, first..last);
        if !is_as_tracked && self.stream.doubt.is_none() && self.store.is_current()? {
            return Err(StoreError::Corrupt {
                location: self.stream.location.clone(),
                detail:
                    "the stream reads otherwise a second time, although nobody wrote to it: its tables and indexes do \
                         not agree"
                        .to_owned(),
            });
        }
        if !is_as_tracked {
            if let Some(doubt) = &self.stream.doubt {
                doubt.store(true, Ordering::Relaxed);
            }
            return Err(StoreError::Changed {
                location: self.stream.location.clone(),
                detail: "the stream holds other events than when it was opened".to_owned(),
            });
        }
        if is_new {
            self.reported = Moment(from.0 + u32::try_from(came).unwrap_or(u32::MAX));
        }
        self.last_end = last;
        batch.streams.fill(StreamOrdinal(0));
        batch.types.clear();
        batch
            .types
            .extend_from_slice(track.types.get(first..last).unwrap_or_default());
        Ok(())
    }

    fn names(&self) -> &Names {
        &self.stream.names
    }
}
