//! An opened history: one stream under one handler, for a person who moves through it.
//!
//! The latest request wins: a newer one cancels an older one of the same history. Label and content of an answer are
//! always of one moment, because both come from the same folded state.

mod blamed;
mod copied;
mod documents;
mod fields;
mod grown;
mod held;
mod links;
mod news;
mod problems;
mod reloaded;
mod story;
mod types;
mod upcast;
mod why;

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;

use refold_core::cursor::Cursor;
use refold_core::diff::{ArrayKeys, diff};
use refold_core::finding::Findings;
use refold_core::fold::{Detail, FoldError, Folded};
use refold_core::history::{Budget, Way};
use refold_core::pointer::Pointer;
use refold_core::port::handler::HandlerProgram;
use refold_core::time::Timestamp;
use refold_core::track::Moment;
use refold_core::work::{CancelToken, Work};
use refold_handlers::story::Story;
use refold_stores::index::StreamDensity;

use blamed::Actors;
use documents::Documents;
use fields::KnownFields;
use held::{Held, held};
pub use news::{HistorySink, News};
use problems::LatestMarks;
pub(crate) use types::series_of;
use types::types_of;

use crate::clock;
use crate::density;
use crate::error::{AppError, ErrorCode};
use crate::findings;
use crate::frame::{DensityFrame, StateFrame};
use crate::handler::{self, heed_cancel};
use crate::replay::{Opening, Replay};
use crate::rows::{self, Beside, Changes, Folding, RowWindow, toggled};
use crate::session::Session;
use crate::stream::{Found, Stream};
use crate::text;
use crate::usecase::event_page;
use crate::usecase::search::{Search, hits_in_stream};
use crate::usecase::story::failed_at;
use crate::wire::{
    DensityQuery, EventDetail, EventPage, EventQuery, FindingGroup, FindingPage, HistoryHits, HistoryOpened, Lens,
    MomentFound, SearchDirection, StateQuery, TypeCount,
};

/// Of each code so many findings are known in words. Of all others the code is, by which their events are marked.
/// Few in tests, so that a short stream has more.
const MOST_IN_WORDS: usize = if cfg!(test) { 100 } else { 10_000 };
/// Streams up to this long are folded when they are opened, so that all their findings are known at once. That takes
/// less than a person notices, and the first state asked for is then there. Few in tests, so that a short stream is long.
const FOLDED_AT_OPENING: u32 = if cfg!(test) { 100 } else { 20_000 };

/// See the module.
pub struct OpenedHistory {
    session: Arc<Session>,
    stream: Stream,
    opening: Opening,
    held: Option<Held>,
    array_keys: ArrayKeys,
    findings: Arc<Findings>,
    marks: LatestMarks,
    types: Vec<TypeCount>,
    /// Made when it is first asked for.
    density: OnceLock<StreamDensity>,
    /// What the handler was named when it was opened.
    handler: Option<String>,
    fields: Arc<KnownFields>,
    /// Where invariants break, once they were checked.
    breaks: OnceLock<Vec<Moment>>,
    /// Read when they are first asked for.
    templates: OnceLock<Arc<Story>>,
    /// These three go on when the history grows.
    news: Arc<News>,
    replay: Arc<Mutex<Replay>>,
    latest: Arc<Mutex<Latest>>,
    documents: Documents,
    actors: Actors,
}

#[derive(Default)]
struct Latest {
    seq: u32,
    cancel: CancelToken,
    /// Of the search for a change: whoever asks for a state does not wait for it.
    search: CancelToken,
    /// Of the pages of the story: several may be wanted at once, and only closing ends them.
    story: CancelToken,
}

impl OpenedHistory {
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// The stream and the handler, as they are asked for by name.
    pub fn named(&self) -> (String, Option<&str>) {
        (text::shown(&self.stream.id), self.handler.as_deref())
    }

    pub fn open(
        work: &Work<'_>,
        session: &Arc<Session>,
        stream: &str,
        handler: Option<&str>,
        news: News,
    ) -> Result<OpenedHistory, AppError> {
        let program = session.adopted(handler)?;
        OpenedHistory::of_program(work, session, stream, (handler, program), Arc::new(news))
    }

    fn of_program(
        work: &Work<'_>,
        session: &Arc<Session>,
        stream: &str,
        (handler, program): (Option<&str>, Arc<dyn HandlerProgram>),
        news: Arc<News>,
    ) -> Result<OpenedHistory, AppError> {
        let opening = Opening {
            program,
            detail: Detail::Blame,
            budget: Budget::default(),
            is_whole: true,
        };
        let findings = Arc::new(Findings::marking(MOST_IN_WORDS));
        let (stream, replay) = Replay::open(work, session, stream, &opening, &findings)?;
        let opened = OpenedHistory {
            array_keys: ArrayKeys::new(opening.program.array_keys()),
            types: types_of(&stream, session),
            held: held(work, session, &stream)?,
            session: Arc::clone(session),
            stream,
            opening,
            findings,
            marks: LatestMarks::default(),
            density: OnceLock::new(),
            handler: handler.map(str::to_owned),
            fields: Arc::default(),
            breaks: OnceLock::new(),
            templates: OnceLock::new(),
            news,
            replay: Arc::new(Mutex::new(replay)),
            latest: Arc::default(),
            documents: Documents::default(),
            actors: Actors::default(),
        };
        let head = opened.stream.track.head();
        if head.0 <= FOLDED_AT_OPENING {
            opened.folded(work, &mut *opened.lock_replay()?, head.into())?;
        }
        Ok(opened)
    }

    /// What the window shows of it at first. `history`: its number on the desk.
    pub fn describe(&self, history: u32, at: Option<&str>) -> Result<HistoryOpened, AppError> {
        let digits = self.digits();
        let (first, head) = (Moment(1), self.stream.track.head());
        let moment = match at {
            Some(cursor) => self.resolve(cursor)?.1.moment,
            None => head,
        };
        self.news.skip(&self.findings);
        Ok(HistoryOpened {
            history,
            stream: text::shown(&self.stream.id),
            category: text::shown(&self.stream.category),
            events: head.0,
            first_version: self.stream.version_label(first),
            last_version: self.stream.version_label(head),
            first_recorded_at: self.stream.time_label(first, digits),
            last_recorded_at: self.stream.time_label(head, digits),
            handler: handler::wire(self.opening.program.identity()),
            types: self.types.clone(),
            findings: findings::wire(&self.findings),
            moment: moment.0,
        })
    }

    /// The first findings of each code.
    pub fn finding_groups(&self) -> Vec<FindingGroup> {
        findings::groups(&self.findings)
    }

    /// Those of a code behind the first `from`, as far as they are kept in words.
    pub fn finding_page(&self, code: &str, from: u32) -> FindingPage {
        findings::page(&self.findings, code, from)
    }

    /// Stops what runs for it.
    pub fn cancel(&self) {
        let mut latest = self.lock_latest();
        latest.cancel.cancel();
        latest.search.cancel();
        std::mem::take(&mut latest.story).cancel();
    }

    pub fn density(&self, query: &DensityQuery) -> Result<DensityFrame, AppError> {
        let order: Vec<String> = self.types.iter().map(|of| of.name.clone()).collect();
        let density = self.density.get_or_init(|| StreamDensity::new(&self.stream.track));
        density::of_stream(&self.stream, density, &order, &self.marks(), query, self.digits())
    }

    pub fn event_rows(&self, query: &EventQuery) -> EventPage {
        event_page::page(&self.stream, &self.marks(), query, self.digits())
    }

    /// The next event after (or the last one before) the moment `from` that is of one of these types; of any type,
    /// where none is named.
    pub fn next_event(&self, types: &[String], from: u32, direction: SearchDirection) -> Option<u32> {
        event_page::next_of_types(&self.stream, types, from, direction)
    }

    /// The moments after the events that are looked for.
    pub fn hits(&self, work: &Work<'_>, asked: &Search) -> Result<HistoryHits, AppError> {
        hits_in_stream(work, &self.session, &self.stream, asked)
    }

    pub fn event_detail(&self, work: &Work<'_>, moment: u32) -> Result<EventDetail, AppError> {
        let moment = self.known_moment(moment)?;
        event_page::detail(work, &self.session, &self.stream, &self.marks(), moment)
    }

    /// What a cursor means here: floor, never nearest.
    pub fn moment_of(&self, cursor: &str) -> Result<MomentFound, AppError> {
        let (cursor, found) = self.resolve(cursor)?;
        let moment = found.moment;
        let digits = self.digits();
        let asked = match cursor {
            Cursor::At(time) => Some(time),
            // Nobody who says "two hours ago" means the nanosecond: what is shown is the second it lies in.
            Cursor::Ago { nanos } => {
                let asked = clock::now().0.checked_sub(nanos);
                asked.map(|asked| Timestamp(asked - asked.rem_euclid(1_000_000_000)))
            }
            Cursor::Start | Cursor::Head | Cursor::Version(_) | Cursor::Position(_) => None,
        };
        // Where all is there, and at the head, the moment says it all.
        let exact = match cursor {
            Cursor::Version(version) => Some(format!("v{}", version.0)),
            Cursor::Position(position) => Some(format!("#{}", position.0)),
            Cursor::Start | Cursor::Head | Cursor::At(_) | Cursor::Ago { .. } => None,
        };
        let mut explanation = match asked {
            Some(asked) => self.explain(asked, moment),
            None => self
                .stream
                .past_head(&cursor, moment, self.session.end())
                .map(|found| found.detail)
                .unwrap_or_default(),
        };
        if found.lies_in_gap() {
            let before = if explanation.is_empty() { "" } else { " · " };
            explanation.push_str(before);
            explanation.push_str(&match self.stream.missing_label() {
                Some(missing) => format!("v {missing} is missing: what is shown may lack something"),
                None => "an event cannot be read: what is shown may lack something".to_owned(),
            });
        }
        Ok(MomentFound {
            moment: moment.0,
            version: self.stream.version_label(moment),
            position: self.stream.position_label(moment),
            recorded_at: self.stream.time_label(moment, digits),
            explanation,
            as_of: asked.map(|asked| text::time_label(asked, digits)),
            asked: exact.filter(|_| found.lies_in_gap()),
        })
    }

    /// Answers one request of the inspector; fails with `Cancelled` when a newer one came.
    pub fn state_frame(&self, query: &StateQuery) -> Result<StateFrame, AppError> {
        let cancel = self.begin(query.seq)?;
        let progress = self.news.of_fold();
        let work = Work::new(&cancel, &progress);
        let _heeds = heed_cancel(&cancel);
        let started = Instant::now();
        let mut replay = self.lock_replay()?;
        work.check()?;
        let moment = self.known_moment_or_start(query.moment)?;
        let asked = self.asked(query, moment)?;
        let toggled = toggled(&query.toggled);
        let mut folding = Folding {
            open_depth: query.open_depth,
            toggled: &toggled,
            only_changes: query.only_changes,
        };
        let window = RowWindow {
            first_row: query.first_row,
            row_count: query.row_count,
        };
        let mut frame = self.labelled(query.seq, moment);
        let rows = match query.lens {
            Lens::State | Lens::Diff => {
                let base = match query.base {
                    Some(base) => Some(self.known_moment_or_start(base)?),
                    None => moment.0.checked_sub(1).map(Moment),
                };
                let before = base
                    .map(|base| self.folded(&work, &mut replay, self.stream.at(base)))
                    .transpose()?;
                let after = self.folded(&work, &mut replay, asked)?;
                drop(replay);
                let changed = match &before {
                    Some(before) => diff(&before.state, &after.state, &self.array_keys),
                    None => Vec::new(),
                };
                let changes = Changes::of(&changed);
                frame.base = base.map(|base| base.0);
                frame.added = changes.added_count;
                frame.changed = changes.changed_count;
                frame.removed = changes.removed_count;
                // As the rows of the tree are marked; the list of differences has one row then, and says so.
                if let Some(members) = changes.members_of_new_root().filter(|_| query.lens == Lens::State) {
                    (frame.added, frame.changed) = (members, 0);
                }
                self.label_folded(&mut frame, &after);
                let beside = self.beside(&after, Some(&changes));
                if query.lens == Lens::Diff {
                    rows::differences(&after.state, &changes, beside, window)
                } else {
                    folding.open_depth = rows::open_depth(&after.state, query.open_depth);
                    rows::tree(&after.state, beside, folding, window)
                }
            }
            Lens::Blame => {
                let after = self.folded(&work, &mut replay, asked)?;
                drop(replay);
                self.label_folded(&mut frame, &after);
                let mut rows = rows::leaves(&after.state, self.beside(&after, None), window);
                self.tell_who(&work, &mut rows.rows)?;
                rows
            }
            Lens::Upcast => {
                drop(replay);
                self.upcast_rows(&work, query, folding, window, &mut frame)?
            }
            Lens::Payload | Lens::Metadata => {
                drop(replay);
                self.document_rows(&work, query, &toggled, window)?
            }
        };
        frame.open_depth = folding.open_depth;
        frame.first_row = query.first_row;
        frame.total_rows = rows.total;
        frame.changed_rows = rows.changed.into_iter().collect();
        frame.rows = rows.rows;
        frame.fold_micros = u32::try_from(started.elapsed().as_micros()).unwrap_or(u32::MAX);
        Ok(frame)
    }

    /// A newer search and any request for a state cancel it.
    pub fn next_change(&self, path: &str, from: u32, direction: SearchDirection) -> Result<Option<u32>, AppError> {
        let path = Pointer::parse(path)
            .map_err(|error| AppError::invalid(error.to_string(), "give the path of a row of the state"))?;
        let from = self.known_moment_or_start(from)?;
        let cancel = self.begin_search();
        let progress = self.news.of_fold();
        let work = Work::new(&cancel, &progress);
        let _heeds = heed_cancel(&cancel);
        let mut replay = self.lock_replay()?;
        let way = match direction {
            SearchDirection::Forward => Way::Forward,
            SearchDirection::Backward => Way::Back,
        };
        let found = replay.next_change(&work, &path, from, way)?;
        Ok(found.map(|moment| moment.0))
    }

    /// What a person means by the moment of a query: what was asked for, where that leads to it still.
    fn asked(&self, query: &StateQuery, moment: Moment) -> Result<Found, AppError> {
        let asked = query.asked.as_deref().map(|cursor| self.resolve(cursor)).transpose()?;
        let found = asked.map(|(_, found)| found).filter(|found| found.moment == moment);
        Ok(found.unwrap_or_else(|| self.stream.at(moment)))
    }

    fn folded(&self, work: &Work<'_>, replay: &mut Replay, at: Found) -> Result<Folded, AppError> {
        let known = replay.warm_until();
        let folded = replay.state_at(work, at);
        if replay.warm_until() > known {
            self.news.tell(&self.findings);
        }
        Ok(folded?)
    }

    fn beside<'a>(&'a self, folded: &'a Folded, changes: Option<&'a Changes<'a>>) -> Beside<'a> {
        Beside {
            blame: folded.blame.as_ref().map(|blame| (blame, &self.stream)),
            changes,
        }
    }

    fn labelled(&self, seq: u32, moment: Moment) -> StateFrame {
        StateFrame {
            seq,
            moment: moment.0,
            event_count: self.stream.track.head().0,
            version: self.stream.version_label(moment),
            position: self.stream.position_label(moment),
            recorded_at: self.stream.time_label(moment, self.digits()),
            event_type: self.stream.type_name(moment),
            handler: handler::label(self.opening.program.identity()),
            ..StateFrame::default()
        }
    }

    fn label_folded(&self, frame: &mut StateFrame, folded: &Folded) {
        frame.incomplete_since = self.stream.since_label(folded).unwrap_or_default();
        frame.fault = failed_at(&self.stream, folded).unwrap_or_default();
    }

    fn begin(&self, seq: u32) -> Result<CancelToken, AppError> {
        let mut latest = self.lock_latest();
        if seq < latest.seq {
            return Err(AppError::new(ErrorCode::Cancelled, "a newer request came first", ""));
        }
        latest.cancel.cancel();
        latest.search.cancel();
        latest.seq = seq;
        latest.cancel = CancelToken::default();
        Ok(latest.cancel.clone())
    }

    fn begin_search(&self) -> CancelToken {
        let mut latest = self.lock_latest();
        latest.search.cancel();
        latest.search = CancelToken::default();
        latest.search.clone()
    }

    /// A panic in the middle of a fold may leave half a state: nothing of it is used again.
    fn lock_replay(&self) -> Result<MutexGuard<'_, Replay>, AppError> {
        match self.replay.lock() {
            Ok(replay) => Ok(replay),
            Err(poisoned) => {
                let mut replay = poisoned.into_inner();
                *replay = Replay::of_stream(&self.session, &self.stream, &self.opening, &self.findings)?;
                self.replay.clear_poison();
                Ok(replay)
            }
        }
    }

    fn lock_latest(&self) -> MutexGuard<'_, Latest> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn resolve(&self, cursor: &str) -> Result<(Cursor, Found), AppError> {
        let cursor = self.session.cursor(cursor)?;
        Ok((cursor, self.stream.resolve(&cursor, clock::now())?))
    }

    fn known_moment(&self, moment: u32) -> Result<Moment, AppError> {
        if moment == 0 {
            return Err(AppError::invalid(
                "there is no event before the first",
                "choose an event",
            ));
        }
        self.known_moment_or_start(moment)
    }

    fn known_moment_or_start(&self, moment: u32) -> Result<Moment, AppError> {
        let head = self.stream.track.head().0;
        if moment > head {
            let message = format!(
                "the stream has {} events, there is none after them",
                text::grouped(head.into())
            );
            return Err(AppError::invalid(message, "open the stream again, if it has grown"));
        }
        Ok(Moment(moment))
    }

    fn explain(&self, asked: Timestamp, moment: Moment) -> String {
        let as_of = text::time_label(asked, 0).replace('T', " ").replace('Z', " UTC");
        let Some(time) = moment
            .event_index()
            .and_then(|index| self.stream.track.recorded_at.get(index))
        else {
            return format!("as of {as_of} · before the first event");
        };
        let earlier = asked.0.saturating_sub(time.0);
        let version = self.stream.version_label(moment);
        let event = if version.is_empty() {
            format!("#{}", self.stream.position_label(moment))
        } else {
            format!("v {version}")
        };
        if earlier == 0 {
            return format!("as of {as_of} · event {event} at this very time");
        }
        let span = text::span_label(earlier.unsigned_abs());
        let side = if earlier < 0 {
            "later by its clock, which ran backwards"
        } else {
            "earlier"
        };
        format!("as of {as_of} · last event {event}, {span} {side}")
    }

    fn digits(&self) -> u8 {
        self.session.description().time_digits
    }
}

impl From<FoldError> for AppError {
    fn from(error: FoldError) -> AppError {
        let message = error.to_string();
        match error {
            FoldError::Store(error) => error.into(),
            FoldError::Cancelled(cancelled) => cancelled.into(),
            FoldError::Handler(_) => AppError::new(
                ErrorCode::HandlerFailed,
                message,
                "correct the handler, or choose another",
            ),
            FoldError::StreamChanged => AppError::new(ErrorCode::Unreachable, message, "open the stream again"),
        }
    }
}

impl From<refold_core::cursor::CursorError> for AppError {
    fn from(error: refold_core::cursor::CursorError) -> AppError {
        AppError::invalid(
            error.to_string(),
            "write v12 for a version, #4711 for a position, a time such as 2026-08-03T14:00:00Z or \"2026-08-03 14:00\" in UTC, \
             -2h for two hours ago, now, start or head",
        )
    }
}

#[cfg(test)]
mod tests;
