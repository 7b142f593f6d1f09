//! Reading ahead: while one part of a stream is folded, the next is read on a thread of its own.

use std::sync::Arc;
use std::thread::{self, JoinHandle};

use refold_core::event::EventBatch;
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::port::store::{EventStore, ReadQuery, StoreError};
use refold_core::work::{CancelToken, Silent, Work};

/// What one read brought.
pub struct Fetched {
    pub batch: EventBatch,
    /// Those that the batch uses.
    pub names: Names,
    pub findings: Findings,
}

/// A read that runs. Dropping it ends it.
pub struct Ahead {
    /// Indices into the track of the events that are read.
    pub first: usize,
    pub end: usize,
    cancel: CancelToken,
    thread: Option<JoinHandle<Result<Fetched, StoreError>>>,
}

impl Ahead {
    /// Starts to read the events `first..end` of a track, which `query` asks for. `None` where no thread is to be had:
    /// then the events are read when they are asked for.
    pub fn start(store: &Arc<dyn EventStore>, query: ReadQuery, first: usize, end: usize) -> Option<Ahead> {
        let (store, cancel) = (Arc::clone(store), CancelToken::default());
        let own_cancel = cancel.clone();
        let read = move || {
            let mut fetched = Fetched {
                batch: EventBatch::default(),
                names: Names::default(),
                findings: Findings::default(),
            };
            let work = Work::new(&own_cancel, &Silent);
            let mut reader = store.read(&query)?;
            let Fetched { batch, names, findings } = &mut fetched;
            reader.next_batch(&work, end - first, batch, names, findings)?;
            Ok(fetched)
        };
        let thread = thread::Builder::new().name("read-ahead".to_owned()).spawn(read).ok()?;
        Some(Ahead {
            first,
            end,
            cancel,
            thread: Some(thread),
        })
    }

    /// Waits for what it brings.
    pub fn wait(mut self) -> Option<Result<Fetched, StoreError>> {
        let thread = self.thread.take()?;
        Some(thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        self.cancel.cancel();
        if let Some(thread) = self.thread.take() {
            // What it would have brought is not wanted any more, nor is its failure.
            let _ = thread.join();
        }
    }
}
