//! The desk of the window: the open stores, histories and jobs, and one method for each thing that the window asks.
//!
//! Every method may be called from any thread and blocks until it has its answer. It must not know Tauri.

mod comparisons;
mod connections;
mod drafts;
mod drift;
mod evidence;
mod gate;
mod handlers;
mod lab;
mod lanes;
mod notes;
mod own;
mod payloads;
mod sandbox;
mod search;
mod stores;
mod why;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use refold_core::work::{CancelToken, Silent, Work};

use self::connections::Typed;
use self::lab::PlacedRun;
use self::search::PlacedSearch;
use crate::clock;
use crate::connections::{self as saved, Asked};
use crate::density;
use crate::error::AppError;
use crate::findings;
use crate::handler;
use crate::history::{HistorySink, News, OpenedHistory};
use crate::jobs::{Jobs, ProgressSink, caught};
use crate::kept;
use crate::lock::lock;
use crate::mask::Reveal;
use crate::places::Places;
use crate::quiet;
use crate::reload::Reload;
use crate::session::Session;
use crate::settings::{self, Found};
use crate::text;
use crate::usecase::comparison::Comparison;
use crate::usecase::lanes::Lanes;
use crate::usecase::stores::StoresComparison;
use crate::usecase::{distinguish, find, first_screen, found, overview, sample, streams};
use crate::watch::{NewsSink, Open, Watch};
use crate::wire::{
    AppStart, Causation, ConnectionBook, DensityBy, DensityQuery, Distinction, EventDetail, EventPage, EventQuery,
    FieldPage, FieldRead, FindHit, FindingGroup, FindingPage, HistoryOpened, InvariantsChecked, Lane, Launch,
    MaskState, MomentFound, Overview, ProblemFound, RangeFacts, RangeQuery, Recent, RevealWire, SearchDirection,
    StateQuery, StoreOpened, StoryPage, StreamPage, StreamQuery,
};

/// How often a store is opened again that somebody writes to while it is indexed.
const REOPENINGS: u32 = 50;

/// What one window has on its desk.
pub struct Desk {
    launch: Option<Launch>,
    places: Places,
    jobs: Jobs,
    last_number: AtomicU32,
    sessions: Arc<Mutex<BTreeMap<u32, Arc<Session>>>>,
    histories: Arc<Mutex<BTreeMap<u32, Placed>>>,
    watches: Mutex<BTreeMap<u32, Watch>>,
    reloads: Mutex<BTreeMap<u32, Reload>>,
    lanes: Mutex<BTreeMap<u32, (u32, Arc<Lanes>)>>,
    comparisons: Mutex<BTreeMap<u32, (u32, Arc<Comparison>)>>,
    stores: Mutex<BTreeMap<u32, (u32, Arc<StoresComparison>)>>,
    searches: Mutex<BTreeMap<u32, PlacedSearch>>,
    runs: Mutex<BTreeMap<u32, PlacedRun>>,
    /// The folders of the reports that were made at this desk, and where each lay without any link on the way.
    reports: Mutex<BTreeMap<PathBuf, PathBuf>>,
    typed: Arc<Typed>,
}

/// A history on the desk.
#[derive(Clone)]
pub(crate) struct Placed {
    pub(crate) session: u32,
    /// Cancels what runs for it.
    job: u32,
    pub(crate) history: Arc<OpenedHistory>,
}

/// The same file by where it lies; what is no file, as the id of a layout, stays as it is.
fn file_in_full(named: String) -> String {
    let full = std::fs::canonicalize(&named).ok().filter(|path| path.is_file());
    full.and_then(|path| path.to_str().map(str::to_owned)).unwrap_or(named)
}

impl Desk {
    /// `launch`: what the arguments or a link asked for.
    ///
    /// # Errors
    /// For a user without a home ([`Places::of_user`]).
    pub fn new(launch: Option<Launch>) -> Result<Desk, AppError> {
        Ok(Desk::at(Places::of_user()?, launch))
    }

    /// A desk that keeps what is its own in `places`.
    pub fn at(places: Places, launch: Option<Launch>) -> Desk {
        // A relative path is of the folder that the window was started in.
        let launch = launch.map(|launch| Launch {
            handler: launch.handler.as_deref().map(handler::in_full),
            layout: launch.layout.map(file_in_full),
            ..launch
        });
        Desk {
            launch,
            places,
            jobs: Jobs::default(),
            last_number: AtomicU32::new(0),
            sessions: Arc::default(),
            histories: Arc::default(),
            watches: Mutex::default(),
            reloads: Mutex::default(),
            lanes: Mutex::default(),
            comparisons: Mutex::default(),
            stores: Mutex::default(),
            searches: Mutex::default(),
            runs: Mutex::default(),
            reports: Mutex::default(),
            typed: Arc::default(),
        }
    }

    /// What the window needs before its first paint.
    pub fn start(&self) -> Result<AppStart, AppError> {
        caught(|| {
            let (Found { settings, problems }, settings_failure) = match settings::load(&self.places) {
                Ok(found) => (found, None),
                Err(error) => (Found::default(), Some(error.into())),
            };
            handler::trust_programs(settings.trust_programs);
            let (connections, connections_failure) = match saved::load(&self.places) {
                Ok(book) => (book, None),
                Err(error) => (ConnectionBook::default(), Some(error.into())),
            };
            Ok(AppStart {
                connections,
                connections_failure,
                version: env!("CARGO_PKG_VERSION").to_owned(),
                settings,
                recents: kept::load_recents(&self.places),
                launch: self.launch.clone(),
                places: kept::load_window(&self.places),
                sample: sample::made(&self.places).map(|store| store.display().to_string()),
                settings_file: settings::settings_file(&self.places).display().to_string(),
                settings_failure,
                settings_problems: problems,
            })
        })
    }

    /// Makes the sample store, where it is not there yet, and returns its path.
    pub fn make_sample(&self, progress: ProgressSink<'_>) -> Result<String, AppError> {
        self.jobs.run("sample", 0, progress, |work| {
            Ok(sample::make(work, &self.places)?.display().to_string())
        })
    }

    /// `layout`: the id of a layout or the path of a layout file; `None`: found by looking.
    pub fn open_store(&self, location: &str, layout: Option<&str>) -> Result<StoreOpened, AppError> {
        self.open_store_telling(location, layout, &|_| ())
    }

    /// As [`Desk::open_store`], where somebody waits for it: what is large is read on opening.
    pub fn open_store_telling(
        &self,
        location: &str,
        layout: Option<&str>,
        progress: ProgressSink<'_>,
    ) -> Result<StoreOpened, AppError> {
        self.jobs.run("open", 0, progress, |work| {
            let asked = Asked {
                layout: layout.map(str::to_owned),
                ..self.asked(location)
            };
            let session = Session::open_asked(work, &asked, &self.places)?;
            let number = self.next_number();
            let screen = first_screen::first_screen(work, &session, number)?;
            let recent = Recent {
                location: screen.location.clone(),
                layout_title: screen.layout_title.clone(),
                events: screen.events,
                opened_at: text::time_label(clock::now(), 0),
            };
            // A list that cannot be saved keeps nobody from looking at a store.
            let _ = kept::remember_recent(&self.places, recent);
            lock(&self.sessions).insert(number, Arc::new(session));
            Ok(screen)
        })
    }

    /// Also closes its histories and cancels its jobs.
    pub fn close_store(&self, session: u32) -> Result<(), AppError> {
        self.jobs.cancel_of(session);
        lock(&self.watches).remove(&session);
        lock(&self.reloads).remove(&session);
        lock(&self.sessions).remove(&session);
        lock(&self.lanes).retain(|_, (of, _)| *of != session);
        lock(&self.comparisons).retain(|_, (of, _)| *of != session);
        self.close_stores_of(session);
        lock(&self.searches).retain(|_, placed| placed.session != session);
        lock(&self.runs).retain(|_, placed| placed.session != session);
        lock(&self.histories).retain(|_, placed| {
            let stays = placed.session != session;
            if !stays {
                placed.history.cancel();
            }
            stays
        });
        Ok(())
    }

    /// Needs the index: [`Desk::index_store`] first where it is not ready.
    pub fn overview(&self, session: u32) -> Result<Overview, AppError> {
        caught(|| overview::overview(&*self.session(session)?))
    }

    /// Brings the local index up to date. Returns when it is ready, or with [`crate::error::ErrorCode::Cancelled`].
    pub fn index_store(&self, session: u32, progress: ProgressSink<'_>) -> Result<(), AppError> {
        self.jobs
            .run("index", session, progress, |work| self.build_index(work, session))
    }

    /// Tells from now on how the store is, and brings it and its histories up to date whenever somebody wrote to it: what
    /// is asked afterwards is answered of the store as it is then. Ends when the store is closed.
    pub fn watch_store(&self, session: u32, sink: NewsSink) -> Result<(), AppError> {
        self.session(session)?;
        let open = Open::new(session, &self.sessions, &self.histories);
        lock(&self.watches).insert(session, Watch::start(open, sink)?);
        Ok(())
    }

    /// Has a store that is watched looked at now: one that is out of reach is tried again.
    pub fn look_now(&self, session: u32) {
        if let Some(watch) = lock(&self.watches).get(&session) {
            watch.look_now();
        }
    }

    /// What a history is by now: it grows with its store.
    pub fn history_now(&self, history: u32) -> Result<HistoryOpened, AppError> {
        caught(|| self.history(history)?.describe(history, None))
    }

    /// Makes the index of ids, and the local index before where that is not ready. Without it causes and effects are
    /// looked for nearby only.
    pub fn index_ids(&self, session: u32, progress: ProgressSink<'_>) -> Result<(), AppError> {
        let opened = self.session(session)?;
        self.jobs
            .run("ids", session, progress, |work| opened.build_ids(work).map(drop))
    }

    /// What the index came upon, one by one. Needs the index.
    pub fn store_findings(&self, session: u32) -> Result<Vec<FindingGroup>, AppError> {
        caught(|| Ok(findings::groups(&overview::found(&*self.session(session)?)?)))
    }

    /// The findings of a code behind the first `from`: of every one that is about an event. Needs the index.
    pub fn store_finding_page(&self, session: u32, code: &str, from: u32) -> Result<FindingPage, AppError> {
        caught(|| found::page(&*self.session(session)?, code, from))
    }

    /// What masking rules hide of a store, and what is revealed of it.
    pub fn mask_state(&self, session: u32) -> Result<MaskState, AppError> {
        caught(|| Ok(self.session(session)?.mask().state()))
    }

    /// Shows what masking rules hide at a place, and logs it with the reason.
    pub fn reveal(&self, session: u32, reveal: &RevealWire, reason: &str) -> Result<MaskState, AppError> {
        caught(|| {
            let session = self.session(session)?;
            session.mask().reveal(Reveal::from_wire(reveal)?, reason)?;
            Ok(session.mask().state())
        })
    }

    /// Hides again what was revealed last, or all of it. What was found of the session is forgotten: it may tell it.
    pub fn conceal(&self, number: u32, is_all: bool) -> Result<MaskState, AppError> {
        caught(|| {
            let session = self.session(number)?;
            if session.mask().conceal(is_all)? {
                self.forget_searches(number);
            }
            Ok(session.mask().state())
        })
    }

    /// A page of the stream list. Needs the index.
    pub fn streams(&self, session: u32, query: &StreamQuery) -> Result<StreamPage, AppError> {
        caught(|| streams::page(&*self.session(session)?, query))
    }

    /// Counts the events of each category, which takes a pass over all of them: asked by category afterwards,
    /// [`Desk::store_density`] answers at once. Needs the index.
    pub fn count_categories(&self, session: u32, progress: ProgressSink<'_>) -> Result<(), AppError> {
        let opened = self.session(session)?;
        self.jobs.run("categories", session, progress, |work| {
            opened.ask(|index, _| Ok(index.count_by_category(work)?))
        })
    }

    /// A [`crate::frame::DensityFrame`]. Needs the index.
    pub fn store_density(&self, session: u32, query: &DensityQuery, by: DensityBy) -> Result<Vec<u8>, AppError> {
        caught(|| {
            let session = self.session(session)?;
            let digits = session.description().time_digits;
            let cancel = CancelToken::default();
            let work = Work::new(&cancel, &Silent);
            session.ask(|index, _| Ok(density::of_store(&work, index, query, by, digits)?.encode()))
        })
    }

    /// `at`: a cursor, `None`: the head. `handler`: a package or `builtin:merge`, which `None` means too. `sink` is told
    /// how far the opening is, and later of long folds and new findings, until the history is closed.
    pub fn open_history(
        &self,
        session: u32,
        stream: &str,
        at: Option<&str>,
        handler: Option<&str>,
        sink: HistorySink,
    ) -> Result<HistoryOpened, AppError> {
        let opened = self.session(session)?;
        let job = self.jobs.next_number();
        let news = News::new(job, Arc::clone(&sink));
        let history = self
            .jobs
            .run_as(job, "history", session, &|update| sink(update.into()), |work| {
                OpenedHistory::open(work, &opened, stream, handler, news)
            })
            .inspect_err(|error| {
                opened.forget_damaged(error);
            })?;
        let number = self.next_number();
        let described = history.describe(number, at)?;
        let history = Arc::new(history);
        lock(&self.histories).insert(number, Placed { session, job, history });
        Ok(described)
    }

    pub fn close_history(&self, history: u32) -> Result<(), AppError> {
        if let Some(placed) = lock(&self.histories).remove(&history) {
            placed.history.cancel();
        }
        Ok(())
    }

    /// What was found in one stream so far, one by one.
    pub fn history_findings(&self, history: u32) -> Result<Vec<FindingGroup>, AppError> {
        caught(|| Ok(self.history(history)?.finding_groups()))
    }

    /// The findings of a code in one stream behind the first `from`.
    pub fn history_finding_page(&self, history: u32, code: &str, from: u32) -> Result<FindingPage, AppError> {
        caught(|| Ok(self.history(history)?.finding_page(code, from)))
    }

    /// A [`crate::frame::DensityFrame`] of one stream.
    pub fn history_density(&self, history: u32, query: &DensityQuery) -> Result<Vec<u8>, AppError> {
        caught(|| Ok(self.history(history)?.density(query)?.encode()))
    }

    pub fn event_rows(&self, history: u32, query: &EventQuery) -> Result<EventPage, AppError> {
        caught(|| Ok(self.history(history)?.event_rows(query)))
    }

    /// A [`crate::frame::StateFrame`]. The latest request wins: a newer `seq` of the same history cancels this one,
    /// which then fails with [`crate::error::ErrorCode::Cancelled`].
    pub fn state_frame(&self, history: u32, query: &StateQuery) -> Result<Vec<u8>, AppError> {
        caught(|| Ok(self.history(history)?.state_frame(query)?.encode()))
    }

    /// The event that led to `moment`, which is at least 1.
    pub fn event_detail(&self, history: u32, moment: u32) -> Result<EventDetail, AppError> {
        caught(|| {
            let cancel = CancelToken::default();
            self.history(history)?
                .event_detail(&Work::new(&cancel, &Silent), moment)
        })
    }

    /// The story of the events after the moment `first`, at most `count` lines.
    pub fn story(&self, history: u32, first: u32, count: u32) -> Result<StoryPage, AppError> {
        caught(|| self.history(history)?.story(first, count))
    }

    /// What caused the event that led to `moment`, which is at least 1, and what it caused.
    pub fn causation(&self, history: u32, moment: u32) -> Result<Causation, AppError> {
        caught(|| {
            let cancel = CancelToken::default();
            self.history(history)?.causation(&Work::new(&cancel, &Silent), moment)
        })
    }

    /// What a cursor means in this stream: floor, never nearest.
    pub fn moment_of(&self, history: u32, cursor: &str) -> Result<MomentFound, AppError> {
        caught(|| self.history(history)?.moment_of(cursor))
    }

    /// The next moment after (or the last one before) `from` at which the value at `path` changed.
    pub fn next_change(
        &self,
        history: u32,
        path: &str,
        from: u32,
        direction: SearchDirection,
    ) -> Result<Option<u32>, AppError> {
        caught(|| self.history(history)?.next_change(path, from, direction))
    }

    /// The next event after (or the last one before) the moment `from` that is of one of these types; of any type,
    /// where none is named.
    pub fn next_event(
        &self,
        history: u32,
        types: &[String],
        from: u32,
        direction: SearchDirection,
    ) -> Result<Option<u32>, AppError> {
        caught(|| Ok(self.history(history)?.next_event(types, from, direction)))
    }

    /// The next event at which something is wrong, round and round; `None`: there is none.
    pub fn next_problem(
        &self,
        history: u32,
        from: u32,
        direction: SearchDirection,
    ) -> Result<Option<ProblemFound>, AppError> {
        caught(|| Ok(self.history(history)?.next_problem(from, direction)))
    }

    /// Holds the handler's invariants against every state of a history. It is asked for each history that is opened, so it
    /// must not hold up who scrubs meanwhile.
    pub fn check_invariants(&self, history: u32, progress: ProgressSink<'_>) -> Result<InvariantsChecked, AppError> {
        let (session, opened) = self.placed(history)?;
        let check = |work: &Work<'_>| {
            quiet::go_last();
            opened.check_invariants(work)
        };
        self.jobs.run("invariants", session, progress, check)
    }

    /// Reads every value that a place of the state ever had; then its rows, lanes and file can be asked for.
    pub fn read_field(&self, history: u32, path: &str, progress: ProgressSink<'_>) -> Result<FieldRead, AppError> {
        let (session, opened) = self.placed(history)?;
        let read = |work: &Work<'_>| opened.read_field(work, path);
        self.jobs.run("field", session, progress, read)
    }

    pub fn field_rows(&self, history: u32, path: &str, offset: u32, limit: u32) -> Result<FieldPage, AppError> {
        caught(|| self.history(history)?.field_rows(path, offset, limit))
    }

    pub fn field_lane(&self, history: u32, path: &str, query: &DensityQuery) -> Result<Lane, AppError> {
        caught(|| self.history(history)?.field_lane(path, query))
    }

    /// Writes all values of a field into a CSV file that a person chose.
    pub fn export_field(&self, history: u32, path: &str, file: &str) -> Result<(), AppError> {
        caught(|| self.history(history)?.export_field(path, Path::new(file)))
    }

    /// How many events, streams and types a range of the store holds. Needs the index.
    pub fn range_facts(&self, session: u32, query: &RangeQuery) -> Result<RangeFacts, AppError> {
        caught(|| {
            let cancel = CancelToken::default();
            distinguish::facts(&Work::new(&cancel, &Silent), &*self.session(session)?, query)
        })
    }

    /// What distinguishes a range of the store from the rest. Needs the index.
    pub fn distinguish(
        &self,
        session: u32,
        query: &RangeQuery,
        progress: ProgressSink<'_>,
    ) -> Result<Distinction, AppError> {
        let opened = self.session(session)?;
        self.jobs.run("distinguish", session, progress, |work| {
            distinguish::distinguish(work, &opened, query, distinguish::SAMPLE_EVENTS)
        })
    }

    /// Streams whose id holds `text`, best first.
    pub fn find(&self, session: u32, text: &str, limit: u32) -> Result<Vec<FindHit>, AppError> {
        caught(|| {
            let cancel = CancelToken::default();
            let session = self.session(session)?;
            let found = find::hits(&Work::new(&cancel, &Silent), &session, text, limit);
            found.inspect_err(|error| {
                session.forget_damaged(error);
            })
        })
    }

    /// Cancels a job, or what runs for the history of a job; one that is over is left alone.
    pub fn cancel_job(&self, job: u32) {
        self.jobs.cancel(job);
        lock(&self.histories)
            .values()
            .filter(|placed| placed.job == job)
            .for_each(|placed| placed.history.cancel());
    }

    /// A store that is read in place may be written to under the build: then what there is by now is built on.
    fn build_index(&self, work: &Work<'_>, session: u32) -> Result<(), AppError> {
        let mut left = REOPENINGS;
        loop {
            let opened = self.session(session)?;
            let Err(error) = opened.build_index(work) else {
                return Ok(());
            };
            if error.is_cancelled() || left == 0 || opened.store().is_current().unwrap_or(true) {
                return Err(error);
            }
            left -= 1;
            let now = Arc::new(opened.grown(work)?);
            lock(&self.sessions).entry(session).and_modify(|present| *present = now);
        }
    }

    /// One row of numbers for sessions and histories: a number never means two things.
    fn next_number(&self) -> u32 {
        self.last_number.fetch_add(1, Ordering::Relaxed) + 1
    }

    fn session(&self, number: u32) -> Result<Arc<Session>, AppError> {
        let found = lock(&self.sessions).get(&number).cloned();
        found.ok_or_else(|| AppError::not_found("this store is not open any more", "open it again"))
    }

    fn history(&self, number: u32) -> Result<Arc<OpenedHistory>, AppError> {
        Ok(self.placed(number)?.1)
    }

    /// A history, and the session that it belongs to.
    fn placed(&self, number: u32) -> Result<(u32, Arc<OpenedHistory>), AppError> {
        let found = lock(&self.histories)
            .get(&number)
            .map(|placed| (placed.session, Arc::clone(&placed.history)));
        found.ok_or_else(|| AppError::not_found("this history is not open any more", "open the stream again"))
    }
}

#[cfg(test)]
mod tests;
