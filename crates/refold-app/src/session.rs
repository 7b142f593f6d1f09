//! An opened store: what it says of itself, its first useful screen without a scan, and its local index once that is
//! there.

pub(crate) mod cache;
mod copy;
mod damaged;
mod faults;
mod first_screen;
mod growth;
mod handled;
mod ids;
mod masked;
mod out_of_reach;
mod unsettled;

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use refold_core::cursor::Cursor;
use refold_core::event::Position;
use refold_core::finding::Findings;
use refold_core::port::store::{EventStore, StoreDescription, StoreError};
use refold_core::port::system::in_words;
use refold_core::time::Timestamp;
use refold_core::work::{CancelToken, Phase, Silent, Work};
use refold_stores::index::{self, BuildOptions, Ids, Index, IndexError, Opened};
use refold_stores::secret::Secret;
use refold_stores::zone::Zone;
use refold_stores::{LayoutChoice, OpenOptions};

use crate::access::{Access, Act};
use crate::asked;
use crate::case::Case;
use crate::clock;
use crate::connections::keeping::{Keeping, KeptIn};
use crate::connections::server::{self, Asking};
use crate::connections::{self, Asked, Target, Tunnel};
use crate::error::AppError;
use crate::mask::{self, Mask};
use crate::places::Places;
use crate::settings;
use crate::text;
use crate::wire::{Connection, Environment};
use cache::{Cache, no_cache, opened_file};
use copy::KnownCopy;
use out_of_reach::{OutOfReach, open_kept};

pub use first_screen::FirstScreen;
pub(crate) use growth::Now;
pub use unsettled::UnsettledAnswer;
pub(crate) use unsettled::beside as beside_unsettled;

/// A store that is open. Shareable between threads; what it shows is what the store held when it was opened.
pub struct Session {
    store: Arc<dyn EventStore>,
    location: String,
    /// The store's file, made absolute; of a store on a server a path that no file has.
    path: PathBuf,
    /// How it was opened, where it is a saved connection or a server.
    connection: Option<Arc<Connection>>,
    environment: Option<Environment>,
    /// What let us in, to be let in again.
    password: Option<Secret>,
    /// The way to the server, as long as anybody uses it.
    tunnel: Option<Arc<Tunnel>>,
    /// Where what is done is written down; a file that was opened by its path has no such log.
    access: Option<Arc<Access>>,
    /// Shared with the session on the same store as it is later.
    cache: Arc<Cache>,
    opened_at: Timestamp,
    /// Its server could not be reached, and it is out of what is kept.
    out_of_reach: Option<OutOfReach>,
    /// What is noteworthy of this session and not of the store.
    notices: Findings,
    /// Of times that name none; `None`: nobody says.
    zone: Option<Zone>,
    said: Said,
    /// So many bytes of disk the payload arena and its search index may take; `None`: no limit.
    most_copied_bytes: Option<u64>,
    /// Whether there may be a payload arena at all.
    may_copy: bool,
    mask: Arc<Mask>,
    /// The case file that is open instead of a store.
    case: Option<Arc<Case>>,
    index: RwLock<Option<Arc<Index>>>,
    /// The index of the store as it was before it grew, until the present one is there.
    earlier: RwLock<Option<Arc<Index>>>,
    copy: RwLock<Option<KnownCopy>>,
    /// It is on a server: what is read of it is of the moment at which it is read, and nothing tells that it changed.
    is_on_server: bool,
    ids: RwLock<Option<Arc<Ids>>>,
    /// Whether a stream that was read was not as the index has it.
    is_contradicted: Arc<AtomicBool>,
    /// How it was opened; `None`: it was opened elsewhere, and cannot be opened again.
    opening: Option<(Asked, Places)>,
}

/// What a person, or a saved connection, said of the store when it was opened.
#[derive(Debug, Clone, Default)]
pub struct Said {
    /// The id of a layout or the path of a layout file; `None`: it was found by looking.
    pub layout: Option<String>,
    /// The zone of times that name none.
    pub zone: Option<String>,
}

impl Session {
    /// `location`: a path, or the address of a server. `layout`: the id of a layout or the path of a layout file; `None`:
    /// found by looking.
    pub fn open(work: &Work<'_>, location: &str, layout: Option<&str>, places: &Places) -> Result<Session, AppError> {
        Session::open_in(work, location, layout, None, places)
    }

    /// As [`Session::open`]. `zone`: that of times that name none, in the store and in cursors.
    pub fn open_in(
        work: &Work<'_>,
        location: &str,
        layout: Option<&str>,
        zone: Option<&str>,
        places: &Places,
    ) -> Result<Session, AppError> {
        let asked = Asked {
            layout: layout.map(str::to_owned),
            zone: zone.map(str::to_owned),
            ..Asked::at(location)
        };
        Session::open_asked(work, &asked, places)
    }

    /// As [`Session::open`], with all that can be said of it.
    pub fn open_asked(work: &Work<'_>, asked: &Asked, places: &Places) -> Result<Session, AppError> {
        let mut session = Session::unindexed(work, asked, places, None)?;
        session.go_up_to(work, session.indexed_end())?;
        session.adopt_ready_index()?;
        Ok(session)
    }

    /// `of`: the session that it goes on, which let us in and whose log it writes on.
    fn unindexed(work: &Work<'_>, asked: &Asked, places: &Places, of: Option<&Session>) -> Result<Session, AppError> {
        refold_handlers::keep_compiled_code_in(&places.cache.join("engine"));
        if of.is_none() {
            cache::clear_left();
        }
        let target = Target::of_named(&asked.store, places)?;
        let of_connection = target.connection.as_ref();
        let layout = asked.layout.as_ref().or_else(|| of_connection?.layout.as_ref());
        let zone = asked.zone.as_ref().or_else(|| of_connection?.zone.as_ref());
        let said = Said {
            layout: layout.cloned(),
            zone: zone.cloned(),
        };
        let zone = zone.map(|zone| asked::zone(zone)).transpose()?;
        let choice = layout.map(|layout| choice_of(layout)).transpose()?;
        let access = of.map_or_else(|| target.log(places), |of| Ok(of.access.clone()))?;
        let opened_at = clock::now();
        let cache = match of {
            // Also where its connection says something else by now: what is open keeps what it is shown out of.
            Some(of) => Arc::clone(&of.cache),
            None => Arc::new(Cache::of(
                &target,
                (said.layout.as_deref(), said.zone.as_deref()),
                places,
            )?),
        };
        let notices = Findings::default();
        let real = target
            .file
            .as_ref()
            .map(|file| file.canonicalize().unwrap_or_else(|_| file.clone()));
        let options = |scratch| OpenOptions {
            zone: zone.clone(),
            opened_on: of.and_then(|of| of.store.host()).map(str::to_owned),
            ..OpenOptions::in_scratch(scratch)
        };
        let mut kept = None;
        let (store, password, tunnel) = match &real {
            Some(file) => {
                let open = |scratch| refold_stores::open_file(work, file, choice.as_ref(), &options(scratch));
                (opened_file(open, places, &notices)?, None, None)
            }
            None => {
                let asking = Asking {
                    target: &target,
                    passwords: asked.passwords.as_ref(),
                    known: of.and_then(Session::password),
                    access: access.as_ref(),
                };
                match server::open(work, &asking, choice.as_ref(), &options(places.scratch())) {
                    Ok(opened) => (opened.store, opened.password, opened.tunnel),
                    Err(failed) => {
                        // Whether a store went on, what is kept of it does not tell.
                        let found = match of {
                            None => open_kept(&cache, &target.location, &failed)?,
                            Some(_) => None,
                        };
                        let Some((store, why)) = found else {
                            return Err(failed.error);
                        };
                        notices.report(why.notice(&store));
                        let store = Arc::new(store);
                        kept = Some((Arc::clone(&store), why));
                        (store as Arc<dyn EventStore>, None, None)
                    }
                }
            }
        };
        let path = target
            .file
            .clone()
            .unwrap_or_else(|| places.config.join("servers").join(&target.location));
        let mut session = Session::of_store(store, &target.location, &places.cache);
        session.path = path;
        session.is_on_server = real.is_none();
        session.password = password;
        session.tunnel = tunnel;
        session.environment = target.environment(places);
        session.connection = target.connection.map(Arc::new);
        session.access = access;
        session.cache = cache;
        session.opened_at = opened_at;
        if let Some((store, why)) = kept {
            session.adopt_kept(&store);
            session.out_of_reach = Some(why);
        }
        session.notices = notices;
        session.report_unsettled(&session.notices);
        session.zone = zone;
        session.said = said;
        let keeping = Keeping::of(session.connection());
        session.may_copy = keeping.place != KeptIn::Nothing;
        session.most_copied_bytes = match keeping.most_bytes {
            Some(most_bytes) => Some(most_bytes),
            None => settings::most_copied_bytes(places)?,
        };
        session.opening = Some((asked.clone(), places.clone()));
        if let Some(file) = &real {
            session.case = Case::open(work, file, places)?.map(Arc::new);
        }
        let log = mask::Log::new(&places.data, &session.location).beside(session.access.clone());
        let mask = Mask::load(&places.config, &session.beside(), places.mask.as_deref(), log)?;
        if let Some(case) = &session.case {
            case.mask_files()?.iter().try_for_each(|file| mask.add(file))?;
        }
        if let Some(file) = session
            .connection
            .as_ref()
            .and_then(|connection| connection.mask.as_ref())
        {
            mask.add(Path::new(file))?;
        }
        session.mask = Arc::new(mask);
        // Also of a store that is itself open now, and not what is kept of it.
        if of.is_none_or(|of| of.out_of_reach.is_some()) {
            session.log(&Act::Opened {
                store: &connections::shown(session.connection(), &session.path),
                environment: session.environment.map(settings::environment_text),
                read_only: &session.description().guards(),
            })?;
        }
        Ok(session)
    }

    /// A session on a store that is open already. `location` is how it is shown, `cache` where its index is kept.
    pub fn of_store(store: Arc<dyn EventStore>, location: &str, cache: &Path) -> Session {
        Session {
            store,
            location: location.to_owned(),
            path: PathBuf::from(location),
            connection: None,
            environment: None,
            password: None,
            tunnel: None,
            access: None,
            cache: Arc::new(Cache::at(cache)),
            opened_at: clock::now(),
            out_of_reach: None,
            notices: Findings::default(),
            zone: None,
            said: Said::default(),
            most_copied_bytes: None,
            may_copy: true,
            mask: Arc::default(),
            case: None,
            index: RwLock::new(None),
            earlier: RwLock::new(None),
            copy: RwLock::new(None),
            is_on_server: false,
            ids: RwLock::new(None),
            is_contradicted: Arc::default(),
            opening: None,
        }
    }

    /// The same session with other masking rules.
    #[cfg(test)]
    pub fn masked_by(self, mask: Mask) -> Session {
        Session {
            mask: Arc::new(mask),
            ..self
        }
    }

    /// What is hidden of its events and states.
    pub fn mask(&self) -> &Arc<Mask> {
        &self.mask
    }

    pub fn store(&self) -> &Arc<dyn EventStore> {
        &self.store
    }

    pub fn description(&self) -> &StoreDescription {
        self.store.describe()
    }

    /// Of times that name none; `None`: nobody says.
    pub fn zone(&self) -> Option<&Zone> {
        self.zone.as_ref()
    }

    /// What was said of the store when it was opened.
    pub fn said(&self) -> &Said {
        &self.said
    }

    /// What a person means by this text.
    pub fn cursor(&self, text: &str) -> Result<Cursor, AppError> {
        asked::cursor(text, self.zone.as_ref())
    }

    /// How it was opened; `None`: it was opened elsewhere.
    pub(crate) fn opening(&self) -> Option<&(Asked, Places)> {
        self.opening.as_ref()
    }

    /// What let us in.
    pub(crate) fn password(&self) -> Option<Secret> {
        self.password.clone()
    }

    /// How it is shown and opened again: the path as it was given, made absolute; an address; `@name`.
    pub fn location(&self) -> &str {
        &self.location
    }

    /// The store's file, made absolute; of a store on a server a path that no file has.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What notes about it are kept under: a file has the same ones whatever name it is opened by.
    pub fn noted_as(&self) -> String {
        self.path.display().to_string()
    }

    /// Whether it is on a server: what is read of it is of the moment at which it is read.
    pub(crate) fn is_on_server(&self) -> bool {
        self.is_on_server
    }

    /// How it was opened, where it is a saved connection or a server.
    pub fn connection(&self) -> Option<&Connection> {
        self.connection.as_deref()
    }

    /// What the store was said to be when it was opened; see [`connections::counts_as`].
    pub fn environment(&self) -> Option<Environment> {
        self.environment
    }

    /// Writes down what is done, where there is a log of it. What cannot be written down is not to be done.
    pub fn log(&self, act: &Act<'_>) -> Result<(), AppError> {
        self.access.as_ref().map_or(Ok(()), |access| access.append(act))
    }

    /// Writes down that the events of a stream are looked at.
    pub fn log_stream(&self, id: &[u8]) -> Result<(), AppError> {
        self.log(&Act::Stream {
            stream: &text::exact(id),
            kept_as_of: self.kept_as_of().as_deref(),
        })
    }

    /// Writes down that something of the store goes into a file of the user's.
    pub fn log_export(&self, what: &str, file: &Path, sha256: &str) -> Result<(), AppError> {
        // Where it went is to be found from anywhere.
        let file = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
        let file = &file.display().to_string();
        self.log(&Act::Exported { what, file, sha256 })
    }

    /// The case file that is open, if it is one and no store.
    pub fn case(&self) -> Option<&Arc<Case>> {
        self.case.as_ref()
    }

    /// Where handlers and masking rules are looked for: beside this path.
    pub fn beside(&self) -> PathBuf {
        self.case
            .as_ref()
            .map_or_else(|| self.path.clone(), |case| case.beside())
    }

    /// The last position of the store; `None`: it has no event, or does not say.
    pub fn end(&self) -> Option<Position> {
        self.store.fingerprint().ok()?.last_position
    }

    /// The file's name, or whatever of the location is short.
    pub fn name(&self) -> String {
        Path::new(&self.location)
            .file_name()
            .map_or_else(|| self.location.clone(), |name| name.to_string_lossy().into())
    }

    /// Where what can be made again is kept.
    pub fn cache_folder(&self) -> PathBuf {
        self.cache.folder()
    }

    pub(crate) fn cache(&self) -> &Cache {
        &self.cache
    }

    /// The local index, when it is ready and of the store as it was opened.
    pub fn index(&self) -> Option<Arc<Index>> {
        self.index.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether [`Session::ask`] is answered, if only by the index of the store as it was before it grew.
    pub fn has_any_index(&self) -> bool {
        self.index().or_else(|| self.earlier()).is_some()
    }

    /// Asks the local index: the present one, else that of the store as it was before it grew, and then `true` is said.
    /// An index that turns out to be damaged is thrown away, built again and asked once more.
    pub fn ask<T>(&self, ask: impl Fn(&Index, bool) -> Result<T, AppError>) -> Result<T, AppError> {
        let answer = match (self.index(), self.earlier()) {
            (Some(index), _) => ask(&index, false),
            (None, Some(earlier)) => ask(&earlier, true),
            (None, None) => ask(&*self.ready_index()?, false),
        };
        match answer {
            Err(error) if self.forget_damaged(&error) => {
                let cancel = CancelToken::default();
                ask(&*self.build_index(&Work::new(&cancel, &Silent))?, false)
            }
            answer => answer,
        }
    }

    /// The local index, or an error that says how to get it.
    pub fn ready_index(&self) -> Result<Arc<Index>, AppError> {
        self.index().ok_or_else(|| {
            AppError::invalid(
                "the local index of this store is not built yet",
                "wait for it, or start it",
            )
        })
    }

    /// The local index; brought up to date first where it must be.
    pub fn build_index(&self, work: &Work<'_>) -> Result<Arc<Index>, AppError> {
        if let Some(index) = self.index() {
            return Ok(index);
        }
        let options = self.build_options();
        let build = || {
            self.cache
                .with(|place| index::build(work, self.store.as_ref(), place, &options))
        };
        let built = match when_free(work, build) {
            Err(IndexError::Disk { source, .. }) => self.without_cache(work, &source, build),
            built => built,
        };
        let index = Arc::new(built?);
        keep(&self.index, Some(Arc::clone(&index)));
        keep(&self.earlier, None);
        self.remember();
        Ok(index)
    }

    /// Adds what is noteworthy of this session and not of the store: that it works without a cache.
    pub fn report_notices(&self, findings: &Findings) {
        for (code, count, kept) in self.notices.summary() {
            findings.report_many(code, count, kept);
        }
        if let Some(case) = &self.case {
            case.report(findings);
        }
    }

    /// Builds the index in a folder of the session's own, since that of the user cannot be written to.
    fn without_cache(
        &self,
        work: &Work<'_>,
        why: &std::io::Error,
        build: impl Fn() -> Result<Index, IndexError>,
    ) -> Result<Index, IndexError> {
        let kept = self.cache.folder();
        let Some(own) = self.cache.leave() else {
            return Err(IndexError::Disk {
                action: "create",
                path: kept.display().to_string(),
                source: std::io::Error::new(why.kind(), why.to_string()),
            });
        };
        let built = when_free(work, build);
        let has_told = self.notices.summary().iter().any(|(code, ..)| *code == cache::NO_CACHE);
        if built.is_ok() && !has_told {
            self.notices.report(no_cache(&in_words(why), &kept, Some(&own)));
        }
        built
    }

    fn build_options(&self) -> BuildOptions {
        BuildOptions {
            threads: thread_count(),
            now: clock::now(),
            numbering: self.description().numbering(),
            segment_rows: BuildOptions::SEGMENT_ROWS,
        }
    }

    fn adopt_ready_index(&self) -> Result<(), AppError> {
        if self.out_of_reach.is_some() {
            return Ok(());
        }
        let fingerprint = self.store.fingerprint()?;
        match self.cache.with(|place| index::open(place, &fingerprint)) {
            Ok(Opened::Current(index)) => {
                keep(&self.index, Some(Arc::new(index)));
                self.remember();
            }
            Ok(Opened::Behind(index)) => keep(&self.earlier, Some(Arc::new(index))),
            // It is built when somebody needs it; a cache that cannot be read is no obstacle.
            Ok(Opened::Absent) | Err(_) => {}
        }
        Ok(())
    }
}

/// Builds once no other process builds the same; what that one made is then there to be opened.
fn when_free<T>(work: &Work<'_>, build: impl Fn() -> Result<T, IndexError>) -> Result<T, IndexError> {
    loop {
        match build() {
            Err(IndexError::Busy { .. }) => {
                work.tick(Phase::WaitingForAnotherIndexing, 0, None)?;
                std::thread::sleep(Duration::from_millis(50));
            }
            outcome => return outcome,
        }
    }
}

fn keep<T>(place: &RwLock<Option<T>>, value: Option<T>) {
    *place.write().unwrap_or_else(PoisonError::into_inner) = value;
}

/// A layout as it is named. A file that cannot be read is a wrong call, not a store out of reach.
fn choice_of(layout: &str) -> Result<LayoutChoice, AppError> {
    LayoutChoice::parse(layout).map_err(|error| match error {
        StoreError::Unreachable { detail, .. }
        | StoreError::Denied { detail, .. }
        | StoreError::Driver { detail, .. } => AppError::invalid(
            format!("cannot read the layout file: {detail}: {layout}"),
            "name a layout file that is there, or a built-in layout",
        ),
        other => other.into(),
    })
}

/// As many threads as the machine runs at once.
pub fn thread_count() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

#[cfg(test)]
mod tests;
