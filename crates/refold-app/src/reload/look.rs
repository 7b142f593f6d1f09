//! Which handlers are looked at, what of them changed, and the histories that go on with it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use refold_core::port::handler::HandlerProgram;
use refold_core::work::Work;
use refold_handlers::error::PackageError;
use refold_handlers::package;
use refold_handlers::story::Story;

use super::stamp::Stamp;
use crate::desk::Placed;
use crate::handler;
use crate::history::OpenedHistory;
use crate::lock::lock;
use crate::session::Session;
use crate::wire::{BrokenHandler, HandlerChoice, HandlersNews, HistoryHandler};

/// So often a history is folded that grows meanwhile, before the others have their turn.
const MOST_TRIES: u32 = 3;

/// The handlers of one open store.
pub(crate) struct Handlers {
    session: u32,
    sessions: Arc<Mutex<BTreeMap<u32, Arc<Session>>>>,
    histories: Arc<Mutex<BTreeMap<u32, Placed>>>,
    seen: BTreeMap<PathBuf, Seen>,
    /// By how they were opened.
    broken: BTreeMap<String, PackageError>,
    /// Histories that are known to be folded with what was taken in.
    known: BTreeSet<u32>,
    changes: u32,
    /// The packages beside the store, at the last look.
    beside: Vec<PathBuf>,
    /// Those of them that are told of.
    listed: Vec<PathBuf>,
    /// Some came, went or changed, and are not told of yet: they may not be whole.
    is_listing_due: bool,
    /// What is at hand, where that is not what was when the store was opened.
    at_hand: Option<Vec<HandlerChoice>>,
}

/// The files of a handler.
struct Seen {
    /// As they were taken in; `None`: they came, and may not be whole.
    taken: Option<Stamp>,
    /// As they were at the last look, where that was not what was taken in.
    changing: Option<Stamp>,
}

impl Handlers {
    pub(crate) fn new(
        session: u32,
        sessions: &Arc<Mutex<BTreeMap<u32, Arc<Session>>>>,
        histories: &Arc<Mutex<BTreeMap<u32, Placed>>>,
    ) -> Handlers {
        let mut handlers = Handlers {
            session,
            sessions: Arc::clone(sessions),
            histories: Arc::clone(histories),
            seen: BTreeMap::new(),
            broken: BTreeMap::new(),
            known: BTreeSet::new(),
            changes: 0,
            beside: Vec::new(),
            listed: Vec::new(),
            is_listing_due: false,
            at_hand: None,
        };
        handlers.listed = handlers.packages_beside();
        handlers.look();
        handlers
    }

    pub(crate) fn news(&self) -> HandlersNews {
        let histories = self.open().into_iter().map(|(number, history)| HistoryHandler {
            history: number,
            handler: handler::wire(history.handler_identity()),
        });
        HandlersNews {
            changes: self.changes,
            histories: histories.collect(),
            broken: self
                .broken
                .iter()
                .map(|(reference, error)| BrokenHandler {
                    reference: reference.clone(),
                    problem: handler::problem(error),
                })
                .collect(),
            at_hand: self.at_hand.clone(),
        }
    }

    /// Looks at the files. Those that changed and rest since the look before are told, once.
    pub(crate) fn look(&mut self) -> Vec<PathBuf> {
        self.beside = self.packages_beside();
        let roots = self.roots();
        self.seen.retain(|path, _| roots.contains(path));
        let mut changed = Vec::new();
        for path in roots {
            let stamp = Stamp::of(&path);
            let Some(seen) = self.seen.get_mut(&path) else {
                let has_come = self.beside.contains(&path) && !self.listed.contains(&path);
                let (taken, changing) = match has_come {
                    true => (None, Some(stamp)),
                    false => (Some(stamp), None),
                };
                self.seen.insert(path, Seen { taken, changing });
                continue;
            };
            if seen.changing.is_none() && seen.taken.as_ref() == Some(&stamp) {
                continue;
            }
            if seen.changing.as_ref() == Some(&stamp) {
                let has_come = seen.taken.is_none();
                *seen = Seen {
                    taken: Some(stamp),
                    changing: None,
                };
                // What came is listed: nothing that was made before is of other files than it was.
                if !has_come {
                    changed.push(path);
                }
            } else {
                seen.changing = Some(stamp);
            }
        }
        changed
    }

    /// Whether somebody may be in the middle of writing one.
    pub(crate) fn is_changing(&self) -> bool {
        self.seen.values().any(|seen| seen.changing.is_some())
    }

    /// Compiles the handlers at `changed` that histories are folded with, and those of histories that were opened since the
    /// look before, whose files may have been read earlier. The histories go on with what came of it. Says whether there is
    /// news.
    pub(crate) fn take_in(&mut self, work: &Work<'_>, changed: &[PathBuf]) -> bool {
        let used = self.references();
        let were_broken = self.broken.len();
        // Of what nothing is folded with any more, nothing is told.
        self.broken.retain(|reference, _| used.contains_key(reference));
        let mut is_news = were_broken != self.broken.len();
        let mut has_changed = !changed.is_empty();
        self.known
            .retain(|number| used.values().any(|numbers| numbers.contains(number)));
        for (reference, numbers) in used {
            let path = handler::path(&reference);
            let is_changed = changed.contains(&path);
            let is_at_rest = self.seen.get(&path).is_some_and(|seen| seen.changing.is_none());
            if !is_changed && (!is_at_rest || numbers.is_subset(&self.known)) {
                continue;
            }
            match opened(&reference) {
                Ok((program, story)) => {
                    is_news |= self.broken.remove(&reference).is_some();
                    let (is_any, late) = self.fold_with(work, &reference, &program, &story);
                    has_changed |= is_any;
                    // Those that could not be folded now are tried at the next look.
                    self.known.retain(|number| !late.contains(number));
                    self.known.extend(numbers.difference(&late));
                }
                Err(error) => {
                    is_news = true;
                    self.broken.insert(reference, error);
                    self.known.extend(numbers);
                }
            }
        }
        self.changes = self.changes.saturating_add(u32::from(has_changed));
        let is_listed_anew = self.list(changed);
        is_news || has_changed || is_listed_anew
    }

    /// Lists what is at hand where packages beside the store came, went or changed, once all of them are whole. Says whether
    /// it is another list than before.
    fn list(&mut self, changed: &[PathBuf]) -> bool {
        let is_changed = changed.iter().any(|path| self.beside.contains(path));
        self.is_listing_due |= is_changed || self.beside != self.listed;
        let is_whole = |path: &PathBuf| self.seen.get(path).is_some_and(|seen: &Seen| seen.changing.is_none());
        if !self.is_listing_due || !self.beside.iter().all(is_whole) {
            return false;
        }
        self.is_listing_due = false;
        self.listed.clone_from(&self.beside);
        let session = lock(&self.sessions).get(&self.session).cloned();
        let at_hand = session.map(|session| handler::at_hand(&session.beside()));
        if at_hand.is_none() || at_hand == self.at_hand {
            return false;
        }
        self.at_hand = at_hand;
        true
    }

    /// Says whether any history goes on with another program than before, and which could not be folded with it: their
    /// streams cannot be read now, or grow faster than they are folded.
    fn fold_with(
        &self,
        work: &Work<'_>,
        reference: &str,
        program: &Arc<dyn HandlerProgram>,
        story: &Story,
    ) -> (bool, BTreeSet<u32>) {
        let (mut is_any, mut late) = (false, BTreeSet::new());
        for (number, mut before) in self.open() {
            let mut tries = 0;
            while before.named().1 == Some(reference) && !before.is_of(program.as_ref(), story) {
                let next = match tries < MOST_TRIES {
                    true => before.folded_with(work, Arc::clone(program)).ok(),
                    false => None,
                };
                let Some(next) = next else {
                    late.insert(number);
                    break;
                };
                tries += 1;
                let mut histories = lock(&self.histories);
                let Some(placed) = histories.get_mut(&number) else {
                    break;
                };
                if Arc::ptr_eq(&placed.history, &before) {
                    placed.history = Arc::new(next);
                    is_any = true;
                    break;
                }
                // It grew with its store meanwhile.
                before = Arc::clone(&placed.history);
            }
        }
        (is_any, late)
    }

    /// The open histories of the store, by number.
    fn open(&self) -> Vec<(u32, Arc<OpenedHistory>)> {
        let histories = lock(&self.histories);
        let own = histories.iter().filter(|(_, placed)| placed.session == self.session);
        own.map(|(number, placed)| (*number, Arc::clone(&placed.history)))
            .collect()
    }

    /// Handlers that histories are folded with, as they were opened, and those histories.
    fn references(&self) -> BTreeMap<String, BTreeSet<u32>> {
        let mut used = BTreeMap::<String, BTreeSet<u32>>::new();
        for (number, history) in self.open() {
            if let Some(named) = history.named().1.filter(|named| *named != handler::DEFAULT) {
                used.entry(named.to_owned()).or_default().insert(number);
            }
        }
        used
    }

    fn packages_beside(&self) -> Vec<PathBuf> {
        let session = lock(&self.sessions).get(&self.session).cloned();
        session.map_or_else(Vec::new, |session| handler::packages_beside(&session.beside()))
    }

    /// The files and folders to look at.
    fn roots(&self) -> BTreeSet<PathBuf> {
        let used = self.references();
        let used = used.keys().map(|reference| handler::path(reference));
        self.beside.iter().cloned().chain(used).collect()
    }
}

fn opened(reference: &str) -> Result<(Arc<dyn HandlerProgram>, Story), PackageError> {
    Ok((package::open(reference)?, package::story(reference)?))
}
