//! What all measurements share: the stores, the peers, the handler, the folders.

use std::cell::OnceCell;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use refold_app::{Places, Session};
use refold_core::count::grouped;
use refold_core::port::handler::HandlerProgram;
use refold_core::work::{CancelToken, Silent, Work};
use refold_fixtures::orders::{self, Layout, Options};
use tempfile::TempDir;

use crate::Failure;
use crate::peers::Peers;

/// How big the stores are: (events, streams, events of the giant).
pub struct Sizes {
    /// What whole rebuilds by peers run on.
    peer: (u64, u64, u64),
    /// What one aggregate of 200,000 events is in.
    middle: (u64, u64, u64),
    /// What index, lists and density run on.
    large: (u64, u64, u64),
}

impl Sizes {
    /// Minutes: whole rebuilds by peers on 60,000 events, the rest on 1.2 M.
    pub fn short() -> Sizes {
        Sizes {
            peer: (60_000, 5_001, 10_000),
            middle: MIDDLE,
            large: MIDDLE,
        }
    }

    /// As the targets say: 1.2 M and 11 M.
    pub fn full() -> Sizes {
        Sizes {
            peer: MIDDLE,
            middle: MIDDLE,
            large: (11_000_000, 1_000_001, 1_000_000),
        }
    }
}

const MIDDLE: (u64, u64, u64) = (1_200_000, 100_001, 200_000);
/// The stream with by far the most events.
pub const GIANT: &str = "order-4712";

/// One generated store, in the Emmett layout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderStore {
    pub path: PathBuf,
    pub events: u64,
    pub streams: u64,
    pub giant: u64,
}

pub struct Lab {
    pub pairs: usize,
    pub peer: OrderStore,
    pub middle: OrderStore,
    pub large: OrderStore,
    scratch: TempDir,
    dir: PathBuf,
    peers: OnceCell<Peers>,
}

impl Lab {
    pub fn prepare(dir: &Path, sizes: &Sizes, pairs: usize) -> Result<Lab, Failure> {
        fs::create_dir_all(dir)?;
        // Peers are told where a store is, and run in folders of their own.
        let dir = fs::canonicalize(dir)?;
        Ok(Lab {
            pairs,
            peer: make(&dir, sizes.peer)?,
            middle: make(&dir, sizes.middle)?,
            large: make(&dir, sizes.large)?,
            scratch: tempfile::tempdir_in(&dir)?,
            dir,
            peers: OnceCell::new(),
        })
    }

    /// The peers; installed when they are first asked for.
    pub fn peers(&self) -> Result<&Peers, Failure> {
        if self.peers.get().is_none() {
            let _ = self.peers.set(Peers::install()?);
        }
        self.peers
            .get()
            .ok_or_else(|| Failure::Peer("not installed".to_owned()))
    }

    /// The folder of the stores, which stay for the next run.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// A new empty folder that goes with the lab.
    pub fn folder(&self) -> Result<TempDir, Failure> {
        Ok(tempfile::tempdir_in(self.scratch.path())?)
    }

    /// The folder in which an index of the large store stays between rows.
    pub fn home(&self, store: &OrderStore) -> PathBuf {
        self.scratch.path().join(format!("home-{}", store.events))
    }

    /// A store with one long stream of so many events, and few others.
    pub fn small(&self, giant: u64) -> Result<OrderStore, Failure> {
        make(&self.dir, (giant + giant / 5, giant / 50, giant))
    }

    /// A store of its own below a folder of that name, which a measurement may change before it measures: events, streams,
    /// events of the giant.
    pub fn own(&self, name: &str, size: (u64, u64, u64)) -> Result<OrderStore, Failure> {
        make(&self.dir.join(name), size)
    }

    /// A session on a store with its index, which is built when it is not there.
    pub fn indexed(&self, store: &OrderStore) -> Result<Session, Failure> {
        let session = open(&store.path, &self.home(store))?;
        quietly(|work| session.build_index(work).map(|_| ()))?;
        Ok(session)
    }

    /// The handler that peers fold as.
    pub fn handler(&self) -> Result<Arc<dyn HandlerProgram>, Failure> {
        handler(&self.peer.path)
    }

    /// A copy of a store for a peer that would write to it (Emmett switches it to WAL).
    pub fn copy_for_emmett(&self, store: &OrderStore) -> Result<PathBuf, Failure> {
        let copy = self.dir.join(format!("emmett-{}.db", store.events));
        if !copy.exists() {
            fs::copy(&store.path, &copy)?;
        }
        Ok(copy)
    }

    /// Where pyeventsourcing's own store of the same events is kept.
    pub fn pyeventsourcing_path(&self, store: &OrderStore) -> PathBuf {
        self.dir.join(format!("pyeventsourcing-{}.db", store.events))
    }

    /// Where the events of a store are kept as JSON Lines, for grep.
    pub fn lines_path(&self, store: &OrderStore) -> PathBuf {
        self.dir.join(format!("events-{}.jsonl", store.events))
    }

    pub fn describe(&self) -> String {
        let mut stores = vec![&self.peer, &self.middle, &self.large];
        stores.dedup();
        let shown = stores.iter().map(|store| {
            format!(
                "{} events over {} streams, one of {}",
                grouped(store.events),
                grouped(store.streams),
                grouped(store.giant)
            )
        });
        shown.collect::<Vec<_>>().join("; ")
    }

    pub fn versions(&self) -> Result<String, Failure> {
        let mut versions = vec![
            format!("refold {}", env!("CARGO_PKG_VERSION")),
            format!("SQLite {} (rusqlite)", rusqlite::version()),
        ];
        if let Some(peers) = self.peers.get() {
            versions.extend(peers.node()?.versions()?);
            versions.extend(peers.python()?.versions()?);
            versions.extend(peers.tools());
        }
        Ok(versions.join(", "))
    }
}

/// Generates a store, if it is not there from an earlier run. Every payload can be decoded and every type is known,
/// because peers stop where one is not.
fn make(dir: &Path, (events, streams, giant): (u64, u64, u64)) -> Result<OrderStore, Failure> {
    let folder = dir.join(format!("orders-{events}"));
    let store = OrderStore {
        path: folder.join("orders.db"),
        events,
        streams,
        giant,
    };
    if !store.path.exists() {
        eprintln!("making a store of {} events", grouped(events));
        let options = Options {
            events,
            streams: Some(streams),
            giant: Some(giant),
            oddities: false,
            layout: Layout::Emmett,
            ..Options::default()
        };
        orders::write(&folder, &options, |_, _| ControlFlow::Continue(()))?;
    }
    Ok(store)
}

/// `order@1.1.0` beside a store.
pub fn handler(store: &Path) -> Result<Arc<dyn HandlerProgram>, Failure> {
    let package = store.with_file_name("handlers").join("order");
    Ok(refold_handlers::package::open(&format!("{}@1.1.0", package.display()))?)
}

/// Opens a store as the application does, with its own files below `home`.
pub fn open(store: &Path, home: &Path) -> Result<Session, Failure> {
    let places = Places::below(home);
    Ok(quietly(|work| {
        Session::open(work, &store.to_string_lossy(), None, &places)
    })?)
}

/// Runs what wants a [`Work`], with nobody to watch or cancel.
pub fn quietly<T>(run: impl FnOnce(&Work<'_>) -> T) -> T {
    run(&Work::new(&CancelToken::default(), &Silent))
}
