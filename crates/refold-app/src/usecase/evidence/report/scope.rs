//! Which events a report is about: their positions, found by their skeletons, and what was looked at to find them.

use std::collections::HashSet;
use std::sync::Arc;

use refold_audit::report::model::{Counts, Scope};
use refold_core::cursor::Cursor;
use refold_core::event::{Columns, EventBatch, Position};
use refold_core::finding::{Finding, Findings};
use refold_core::names::Names;
use refold_core::port::store::{Direction, ReadQuery, Scope as ReadScope};
use refold_core::time::Timestamp;
use refold_core::work::{Phase, Work};

use super::ReportAsked;
use super::record::{Ended, READ_EVENTS};
use super::subject::Subject;
use crate::error::AppError;
use crate::session::Session;
use crate::stream::Stream;
use crate::usecase::events::Events;
use crate::usecase::named;
use crate::{findings, text};

/// Gaps that are named.
const MOST_GAPS: usize = 1_000;
const BATCH_ROWS: usize = 8_192;

/// The events of a report.
pub struct Selection {
    /// What the report calls it: `streams`, `subject`, `category`, `store` or `findings`.
    what: &'static str,
    /// The streams that were named or found, as they are shown.
    pub streams: Vec<String>,
    /// Their ids.
    pub ids: Vec<Vec<u8>>,
    /// Ascending.
    pub positions: Vec<Position>,
    /// Where all positions between two were looked at and all are in the report: the bounds of one read, `(after, up_to]`.
    pub whole: Option<(Option<Position>, Option<Position>)>,
    examined: u64,
    out_of_range: u64,
    of_other_categories: u64,
    /// `None`: not all positions were looked at.
    gaps: Option<Gaps>,
    pub time_span: Option<(Timestamp, Timestamp)>,
}

#[derive(Default)]
struct Gaps {
    first: Vec<(String, String)>,
    count: u64,
    last: Option<i64>,
}

impl Selection {
    /// `now`: the report time, from which relative times count. What is noteworthy goes to `found`.
    pub fn of(
        work: &Work<'_>,
        session: &Session,
        asked: &ReportAsked,
        now: Timestamp,
        found: &Findings,
    ) -> Result<Selection, AppError> {
        let selection = match asked.streams.is_empty() {
            true => Selection::of_store(work, session, asked, now, found)?,
            false => {
                let load = |name: &String, own: &Findings| Stream::load(work, session, name, own);
                Selection::of_streams(work, session, asked, &asked.streams, load, (now, found))?
            }
        };
        selection.not_empty()
    }

    /// The events of the streams that hold a person.
    pub fn of_subject(
        work: &Work<'_>,
        session: &Session,
        asked: &ReportAsked,
        subject: &Subject,
        (now, found): (Timestamp, &Findings),
    ) -> Result<Selection, AppError> {
        let load = |id: &Vec<u8>, own: &Findings| Stream::load_stored(work, session, id, own);
        let selection = Selection::of_streams(work, session, asked, &subject.streams, load, (now, found))?;
        let mut streams: Vec<String> = selection.ids.iter().map(|id| subject.stream(id)).collect();
        // Their order would tell that of the ids.
        streams.sort();
        Selection {
            what: "subject",
            streams,
            ..selection
        }
        .not_empty()
    }

    fn not_empty(self) -> Result<Selection, AppError> {
        match self.positions.is_empty() {
            false => Ok(self),
            true => Err(AppError::not_found(
                "no event is in the scope of the report",
                "look at the bounds and the names: the streams and their events are listed",
            )
            .typed("refold streams, refold history")),
        }
    }

    fn empty(what: &'static str) -> Selection {
        Selection {
            what,
            streams: Vec::new(),
            ids: Vec::new(),
            positions: Vec::new(),
            whole: None,
            examined: 0,
            out_of_range: 0,
            of_other_categories: 0,
            gaps: None,
            time_span: None,
        }
    }

    fn of_streams<T>(
        work: &Work<'_>,
        session: &Session,
        asked: &ReportAsked,
        streams: &[T],
        load: impl Fn(&T, &Findings) -> Result<Stream, AppError>,
        (now, found): (Timestamp, &Findings),
    ) -> Result<Selection, AppError> {
        if asked.category.is_some() {
            return Err(AppError::invalid(
                "a report is about streams or about a category, and not about both",
                "leave one of them away",
            ));
        }
        let bounds = Events {
            from: absolute(session, asked.from.as_deref(), now)?,
            to: absolute(session, asked.to.as_deref(), now)?,
            ..Events::default()
        };
        let mut selection = Selection::empty("streams");
        let mut taken = HashSet::new();
        let mut lacks = false;
        for stream in streams {
            let own = Arc::<Findings>::default();
            let stream = load(stream, &own)?;
            if !taken.insert(stream.id.clone()) {
                continue;
            }
            report_track(session, &stream, &own);
            session.mask().report(&stream.category, &own);
            let (from, to) = bounds.range(session, &stream, &own)?;
            selection.take(&stream, from.0 as usize..to.0.max(from.0) as usize);
            lacks |= findings::is_lacking(&own);
            findings::add_others(&own, found);
            selection.streams.push(text::shown(&stream.id));
            selection.ids.push(stream.id);
        }
        selection.positions.sort_unstable();
        // Streams tell a damaged part as often as they meet it; the index tells it once.
        let index = match lacks {
            true => Some(session.build_index(work)?),
            false => session.index(),
        };
        if let Some(index) = index {
            findings::report_lacking(&index, found);
        }
        Ok(selection)
    }

    fn take(&mut self, stream: &Stream, range: std::ops::Range<usize>) {
        let positions = stream.track.positions.get(range.clone()).unwrap_or_default();
        self.examined += stream.track.len() as u64;
        self.out_of_range += (stream.track.len() - positions.len()) as u64;
        self.positions.extend_from_slice(positions);
        let times = stream.track.recorded_at.get(range).unwrap_or_default();
        times.iter().for_each(|time| self.widen(*time));
    }

    fn widen(&mut self, time: Timestamp) {
        if !time.is_none() {
            let (first, last) = self.time_span.unwrap_or((time, time));
            self.time_span = Some((first.min(time), last.max(time)));
        }
    }

    fn of_store(
        work: &Work<'_>,
        session: &Session,
        asked: &ReportAsked,
        now: Timestamp,
        found: &Findings,
    ) -> Result<Selection, AppError> {
        let from = Bound::of(session, asked.from.as_deref(), now)?;
        let to = Bound::of(session, asked.to.as_deref(), now)?;
        let before = |Position(position): Position| position.checked_sub(1).map(Position);
        let after = from.position.and_then(before);
        let named = asked.category.as_deref();
        let named = named.map(|name| named::category(&*session.build_index(work)?, name));
        let category = named.transpose()?;
        session.mask().report_search(found);
        let mut selection = Selection {
            gaps: Some(Gaps::default()),
            ..Selection::empty(if category.is_some() { "category" } else { "store" })
        };
        let query = ReadQuery {
            scope: ReadScope::All {
                after,
                up_to: to.position,
            },
            direction: Direction::Forward,
            columns: Columns::SKELETON,
        };
        let mut reader = session.store().read(&query)?;
        let (mut batch, mut names) = (EventBatch::default(), Names::default());
        // Of a part of the store: the streams that are in it.
        let is_part = category.is_some() || asked.from.is_some() || asked.to.is_some();
        let (mut streams, of_pass) = (HashSet::new(), Findings::default());
        let total = session.description().event_count;
        work.tick(Phase::LookingForTheEvents, 0, total)?;
        while reader.next_batch(work, BATCH_ROWS, &mut batch, &mut names, &of_pass)? {
            for ((position, stream), time) in batch.positions.iter().zip(&batch.streams).zip(&batch.recorded_at) {
                selection.pass(*position);
                let is_within = |time: Timestamp| {
                    from.time.is_none_or(|from| from <= time && !time.is_none())
                        && to.time.is_none_or(|to| time <= to && !time.is_none())
                };
                if category
                    .as_deref()
                    .is_some_and(|category| names.category(*stream) != category)
                {
                    selection.of_other_categories += 1;
                } else if !is_within(*time) {
                    selection.out_of_range += 1;
                } else {
                    selection.positions.push(*position);
                    selection.widen(*time);
                    if is_part && !streams.contains(names.stream(*stream)) {
                        streams.insert(names.stream(*stream).to_vec());
                    }
                }
            }
            work.tick(Phase::LookingForTheEvents, selection.examined, total)?;
            names = Names::default();
        }
        if selection.positions.len() as u64 == selection.examined {
            selection.whole = Some((after, to.position));
        }
        selection.positions.sort_unstable();
        match category.is_some() && asked.from.is_none() && asked.to.is_none() {
            // It passed by those of other categories too; its own are read whole, and meet theirs again.
            true => findings::add_lacking(&of_pass, found),
            false => findings::add(&of_pass, found),
        }
        match is_part {
            true => selection.report_tracks(work, session, &streams, found)?,
            false => {
                let of_index = Findings::default();
                session.build_index(work)?.report_findings(&of_index);
                findings::add_again(&of_index, found);
            }
        }
        Ok(selection)
    }

    /// What the skeletons of these streams show at the events of the report: versions that are missing or double, clocks that
    /// run backwards, times that cannot be.
    fn report_tracks(
        &self,
        work: &Work<'_>,
        session: &Session,
        streams: &HashSet<Vec<u8>>,
        found: &Findings,
    ) -> Result<(), AppError> {
        let index = session.build_index(work)?;
        for (at, id) in streams.iter().enumerate() {
            work.tick(Phase::CheckingTheStreams, at as u64, Some(streams.len() as u64))?;
            let Some(ordinal) = index.find_stream(id)? else {
                continue;
            };
            let (mut names, category) = (Names::default(), index.stream(ordinal)?.category.to_vec());
            names.intern_stream(id, || &category);
            let track = index.track(work, ordinal, &mut names)?;
            let Some(stream) = Stream::of_track(session, id, Arc::new(track), names) else {
                continue;
            };
            let own = Findings::default();
            report_track(session, &stream, &own);
            for (code, count, kept) in own.summary() {
                let all = kept.len() as u64;
                let is_here = |of: &Finding| of.position.is_none_or(|at| self.positions.binary_search(&at).is_ok());
                let kept: Vec<Finding> = kept.into_iter().filter(is_here).collect();
                let outside = all - kept.len() as u64;
                if count > outside {
                    found.report_many(code, count - outside, kept);
                }
            }
        }
        Ok(())
    }

    /// The events that stand at these places; where none does there is none in the report.
    pub fn of_positions(
        work: &Work<'_>,
        session: &Session,
        positions: &[Position],
        found: &Findings,
    ) -> Result<Selection, AppError> {
        let mut wanted = positions.to_vec();
        wanted.sort_unstable();
        wanted.dedup();
        let mut selection = Selection::empty("findings");
        let mut streams = HashSet::new();
        for part in wanted.chunks(READ_EVENTS) {
            let mut reader = session.store().read(&ReadQuery {
                scope: ReadScope::Positions(part.to_vec()),
                direction: Direction::Forward,
                columns: Columns::SKELETON,
            })?;
            let (mut batch, mut names) = (EventBatch::default(), Names::default());
            while reader.next_batch(work, READ_EVENTS, &mut batch, &mut names, found)? {
                selection.positions.extend_from_slice(&batch.positions);
                batch.recorded_at.iter().for_each(|time| selection.widen(*time));
                streams.extend(batch.streams.iter().map(|stream| names.stream(*stream).to_vec()));
                work.tick(Phase::LookingForTheEvents, selection.positions.len() as u64, None)?;
            }
        }
        selection.examined = selection.positions.len() as u64;
        selection.positions.sort_unstable();
        selection.report_tracks(work, session, &streams, found)?;
        Ok(selection)
    }

    fn pass(&mut self, Position(position): Position) {
        self.examined += 1;
        let Some(gaps) = &mut self.gaps else { return };
        if let Some(last) = gaps.last.filter(|last| position > last.saturating_add(1)) {
            gaps.count += 1;
            if gaps.first.len() < MOST_GAPS {
                gaps.first.push(((last + 1).to_string(), (position - 1).to_string()));
            }
        }
        gaps.last = Some(position);
    }

    /// What the report says of it.
    pub fn scope(&self, session: &Session, asked: &ReportAsked, ended: &Ended, settled: &str) -> Scope {
        let description = session.description();
        let time = |time: Timestamp| text::filled(text::time_label(time, description.time_digits));
        let (first_time, last_time) = self.time_span.unzip();
        let horizon = session.store().fingerprint().ok().and_then(|it| it.last_position);
        let position = |position: Option<&Position>| position.copied().map(text::position_label);
        let is_whole_store = self.gaps.is_some() && asked.from.is_none() && asked.to.is_none();
        let known = || {
            let index = session.index().filter(|index| index.last_position() == horizon);
            index.map(|index| u64::from(index.event_count()))
        };
        let store = match description.event_count.filter(|_| description.count_is_exact) {
            None if is_whole_store => Some(self.examined),
            count => count.or_else(known),
        };
        Scope {
            what: self.what.to_owned(),
            streams: self.streams.clone(),
            category: asked.category.clone(),
            from: asked.from.clone(),
            to: asked.to.clone(),
            horizon: horizon.map(text::position_label),
            settled: settled.to_owned(),
            counts: Counts {
                store,
                examined: self.examined,
                out_of_range: self.out_of_range,
                of_other_categories: self.of_other_categories,
                asked: self.positions.len() as u64,
                written: ended.written,
                payload_not_json: ended.payload_not_json,
                unreadable: ended.unreadable,
            },
            first_position: position(self.positions.first()),
            last_position: position(self.positions.last()),
            first_recorded_at: first_time.and_then(time),
            last_recorded_at: last_time.and_then(time),
            gaps: self.gaps.as_ref().map(|gaps| gaps.first.clone()).unwrap_or_default(),
            gap_count: self.gaps.as_ref().map(|gaps| gaps.count),
        }
    }
}

fn report_track(session: &Session, stream: &Stream, findings: &Findings) {
    stream.report_track(session.description().numbering(), findings);
}

/// One end of a span of the whole store.
#[derive(Default)]
struct Bound {
    position: Option<Position>,
    time: Option<Timestamp>,
}

impl Bound {
    fn of(session: &Session, cursor: Option<&str>, now: Timestamp) -> Result<Bound, AppError> {
        let Some(text) = cursor else {
            return Ok(Bound::default());
        };
        let at_time = |time| Bound {
            time: Some(time),
            position: None,
        };
        Ok(match session.cursor(text)? {
            Cursor::Start | Cursor::Head => Bound::default(),
            Cursor::Position(position) => Bound {
                position: Some(position),
                time: None,
            },
            Cursor::At(time) => at_time(time),
            Cursor::Ago { nanos } => at_time(Timestamp(now.0.saturating_sub(nanos))),
            Cursor::Version(_) => {
                return Err(AppError::invalid(
                    format!("a version is a place in one stream, and the report is about many: {text}"),
                    "write a position as '#4711', or a time",
                ));
            }
        })
    }
}

/// A cursor that says the same tomorrow: a time that counts from now is written out.
pub fn absolute(session: &Session, cursor: Option<&str>, now: Timestamp) -> Result<Option<String>, AppError> {
    let Some(text) = cursor else { return Ok(None) };
    Ok(Some(match session.cursor(text)? {
        Cursor::Ago { nanos } => Timestamp(now.0.saturating_sub(nanos)).display(9).to_string(),
        Cursor::Start | Cursor::Head | Cursor::Version(_) | Cursor::Position(_) | Cursor::At(_) => text.to_owned(),
    }))
}
