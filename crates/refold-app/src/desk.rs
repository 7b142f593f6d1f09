//! The desk of the window: the open stores, histories and jobs, and one method for each thing that the window asks.
//!
//! Every method may be called from any thread and blocks until it has its answer. It must not know Tauri.

use crate::error::AppError;
use crate::wire::{
    AppStart, DensityQuery, EventDetail, EventPage, EventQuery, FindHit, HistoryOpened, JobUpdate, Launch, MomentFound,
    Overview, SearchDirection, Settings, StateQuery, StoreOpened, StreamPage, StreamQuery,
};

/// What one window has on its desk.
pub struct Desk {
    launch: Option<Launch>,
}

impl Desk {
    /// `launch`: what the arguments or a link asked for.
    pub fn new(launch: Option<Launch>) -> Desk {
        Desk { launch }
    }

    /// What the window needs before its first paint.
    pub fn start(&self) -> Result<AppStart, AppError> {
        pending(&self.launch)
    }

    /// Makes the sample store, where it is not there yet, and returns its path.
    pub fn make_sample(&self, progress: ProgressSink<'_>) -> Result<String, AppError> {
        pending((progress,))
    }

    /// `layout`: the id of a layout or the path of a layout file; `None`: found by looking.
    pub fn open_store(&self, location: &str, layout: Option<&str>) -> Result<StoreOpened, AppError> {
        pending((location, layout))
    }

    /// Also closes its histories and cancels its jobs.
    pub fn close_store(&self, session: u32) -> Result<(), AppError> {
        pending(session)
    }

    /// Needs the index: [`Desk::index_store`] first where it is not ready.
    pub fn overview(&self, session: u32) -> Result<Overview, AppError> {
        pending(session)
    }

    /// Brings the local index up to date. Returns when it is ready, or with [`crate::error::ErrorCode::Cancelled`].
    pub fn index_store(&self, session: u32, progress: ProgressSink<'_>) -> Result<(), AppError> {
        pending((session, progress))
    }

    /// A page of the stream list. Needs the index.
    pub fn streams(&self, session: u32, query: &StreamQuery) -> Result<StreamPage, AppError> {
        pending((session, query))
    }

    /// A [`crate::frame::DensityFrame`]. Needs the index.
    pub fn store_density(&self, session: u32, query: &DensityQuery) -> Result<Vec<u8>, AppError> {
        pending((session, query))
    }

    /// `at`: a cursor, `None`: the head. `handler`: a package or `builtin:merge`, which `None` means too.
    pub fn open_history(
        &self,
        session: u32,
        stream: &str,
        at: Option<&str>,
        handler: Option<&str>,
    ) -> Result<HistoryOpened, AppError> {
        pending((session, stream, at, handler))
    }

    pub fn close_history(&self, history: u32) -> Result<(), AppError> {
        pending(history)
    }

    /// A [`crate::frame::DensityFrame`] of one stream.
    pub fn history_density(&self, history: u32, query: &DensityQuery) -> Result<Vec<u8>, AppError> {
        pending((history, query))
    }

    pub fn event_rows(&self, history: u32, query: &EventQuery) -> Result<EventPage, AppError> {
        pending((history, query))
    }

    /// A [`crate::frame::StateFrame`]. The latest request wins: a newer `seq` of the same history cancels this one,
    /// which then fails with [`crate::error::ErrorCode::Cancelled`].
    pub fn state_frame(&self, history: u32, query: &StateQuery) -> Result<Vec<u8>, AppError> {
        pending((history, query))
    }

    /// The event that led to `moment`, which is at least 1.
    pub fn event_detail(&self, history: u32, moment: u32) -> Result<EventDetail, AppError> {
        pending((history, moment))
    }

    /// What a cursor means in this stream: floor, never nearest.
    pub fn moment_of(&self, history: u32, cursor: &str) -> Result<MomentFound, AppError> {
        pending((history, cursor))
    }

    /// The next moment after (or the last one before) `from` at which the value at `path` changed.
    pub fn next_change(
        &self,
        history: u32,
        path: &str,
        from: u32,
        direction: SearchDirection,
    ) -> Result<Option<u32>, AppError> {
        pending((history, path, from, direction))
    }

    /// Streams whose id holds `text`, best first.
    pub fn find(&self, session: u32, text: &str, limit: u32) -> Result<Vec<FindHit>, AppError> {
        pending((session, text, limit))
    }

    /// Cancels a job; one that is over is left alone.
    pub fn cancel_job(&self, job: u32) {
        drop(pending::<()>(job));
    }

    pub fn save_settings(&self, settings: &Settings) -> Result<(), AppError> {
        pending(settings)
    }

    pub fn forget_recent(&self, location: &str) -> Result<(), AppError> {
        pending(location)
    }
}

/// Stands where the body follows within the hour.
fn pending<T>(_asked: impl Sized) -> Result<T, AppError> {
    Err(AppError::internal("this part is not built yet"))
}
