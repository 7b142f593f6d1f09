//! One look at a store that is open: whether it changed, and what is open brought up to date.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use refold_core::event::{Columns, EventBatch, Position};
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::port::store::{Direction, EventStore, HeldBack, ReadQuery, Scope};
use refold_core::work::Work;

use crate::desk::Placed;
use crate::error::AppError;
use crate::history::OpenedHistory;
use crate::lock::lock;
use crate::session::{Now, Session};
use crate::usecase::first_screen;
use crate::wire::{HistoryGrowth, StoreBack};

/// What a look found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Look {
    Same,
    /// Somebody wrote to a store in which new events may stand among the others. Which are new only a read of all of it
    /// would tell, and nobody asked for one.
    Outdated,
    /// The store holds other events than are shown, or another one stands at its place: it is not followed any more.
    Another(AppError),
    /// Somebody wrote to the store. `events`: how many the index has now, where there is one. `new_events`: those that
    /// came since the watch began. `byte_count`: its size, where it is known.
    Grown {
        events: Option<u32>,
        new_events: u32,
        byte_count: Option<u64>,
    },
}

/// What is open of one store: the same that the desk answers from.
#[derive(Clone)]
pub struct Open {
    session: u32,
    sessions: Arc<Mutex<BTreeMap<u32, Arc<Session>>>>,
    histories: Arc<Mutex<BTreeMap<u32, Placed>>>,
    seen: Arc<Mutex<Seen>>,
}

/// Up to where was counted what is new.
#[derive(Default)]
struct Seen {
    /// The store as it was counted last, where there is no index that counts.
    store: Option<Arc<dyn EventStore>>,
    new_events: u32,
    /// How many events the index had when it was first seen.
    indexed: Option<u32>,
}

/// A history in the store as it is now.
struct Followed {
    number: u32,
    before: Arc<OpenedHistory>,
    history: Arc<OpenedHistory>,
}

/// Events that are counted at a time.
const BATCH_EVENTS: usize = 8_192;

impl Open {
    pub(crate) fn new(
        session: u32,
        sessions: &Arc<Mutex<BTreeMap<u32, Arc<Session>>>>,
        histories: &Arc<Mutex<BTreeMap<u32, Placed>>>,
    ) -> Open {
        Open {
            session,
            sessions: Arc::clone(sessions),
            histories: Arc::clone(histories),
            seen: Arc::default(),
        }
    }

    /// As of when it is, where its server was out of reach when it was opened.
    pub(crate) fn kept_as_of(&self) -> Option<String> {
        lock(&self.sessions).get(&self.session)?.kept_as_of()
    }

    /// What is said of the store itself; `None`: it is not open.
    pub(crate) fn back(&self) -> Option<StoreBack> {
        lock(&self.sessions)
            .get(&self.session)
            .map(|session| first_screen::back(session))
    }

    /// What the last look saw and does not show, because others may still come between.
    pub(crate) fn held_back(&self) -> Option<HeldBack> {
        let session = lock(&self.sessions).get(&self.session).cloned()?;
        let counted = lock(&self.seen).store.clone();
        let counted = counted.filter(|_| session.index().is_none());
        counted.as_ref().unwrap_or_else(|| session.store()).held_back()
    }

    /// Looks once. When it fails, everything stays as it was.
    pub(crate) fn look(&self, work: &Work<'_>) -> Result<Look, AppError> {
        let Some(session) = lock(&self.sessions).get(&self.session).cloned() else {
            return Ok(Look::Same);
        };
        let Some(index) = session.index() else {
            return self.count(work, &session);
        };
        if let Some(contradiction) = session.contradiction() {
            return Ok(Look::Another(contradiction));
        }
        let first = *lock(&self.seen).indexed.get_or_insert(index.event_count());
        // Where only what is kept of it is open, opening it again tells.
        if session.kept_as_of().is_none() && session.store().is_current()? {
            return Ok(Look::Same);
        }
        if session.kept_as_of().is_none() && !session.description().grows_at_end {
            return Ok(Look::Outdated);
        }
        let grown = match session.now(work)? {
            Now::Grown(grown) => Arc::new(*grown),
            Now::Another(error) => return Ok(Look::Another(error)),
        };
        if let Some(stream) = self.changed(work, &grown)? {
            return Ok(Look::Another(session.changed_payloads(&stream)));
        }
        let events = grown.index().map_or(first, |index| index.event_count());
        self.replace(work, &session, &grown)?;
        let mut seen = lock(&self.seen);
        // What was counted before there was an index is among these.
        seen.new_events = seen.new_events.max(events.saturating_sub(first));
        Ok(Look::Grown {
            events: Some(events),
            new_events: seen.new_events,
            byte_count: grown.description().byte_count,
        })
    }

    /// The open histories, and how many events each has.
    pub(crate) fn histories(&self) -> Vec<HistoryGrowth> {
        let growth = |(number, placed): (&u32, &Placed)| HistoryGrowth {
            history: *number,
            events: placed.history.event_count(),
        };
        let histories = lock(&self.histories);
        let own = histories.iter().filter(|(_, placed)| placed.session == self.session);
        own.map(growth).collect()
    }

    /// Puts the store as it is now in the place of the one before, and its histories with it.
    fn replace(&self, work: &Work<'_>, before: &Arc<Session>, grown: &Arc<Session>) -> Result<(), AppError> {
        let mut known = BTreeSet::new();
        let followed = self.followed(work, grown, &mut known)?;
        let mut sessions = lock(&self.sessions);
        match sessions.get_mut(&self.session) {
            Some(present) if Arc::ptr_eq(present, before) => *present = Arc::clone(grown),
            // It was closed or opened again meanwhile.
            _ => return Ok(()),
        }
        self.place(followed, &mut known);
        drop(sessions);
        // Those that were opened on the session before while the others were followed, or were folded with another handler.
        loop {
            let late = self.followed(work, grown, &mut known)?;
            if late.is_empty() {
                return Ok(());
            }
            self.place(late, &mut known);
        }
    }

    /// An open history of which the store holds other payloads now than were shown.
    fn changed(&self, work: &Work<'_>, now: &Session) -> Result<Option<String>, AppError> {
        let open: Vec<Arc<OpenedHistory>> = lock(&self.histories)
            .values()
            .filter(|placed| placed.session == self.session)
            .map(|placed| Arc::clone(&placed.history))
            .collect();
        for history in open {
            if !history.holds_in(work, now)? {
                return Ok(Some(history.named().0));
            }
        }
        Ok(None)
    }

    /// The open histories that are not `known`, in the store as it is now.
    fn followed(
        &self,
        work: &Work<'_>,
        grown: &Arc<Session>,
        known: &mut BTreeSet<u32>,
    ) -> Result<Vec<Followed>, AppError> {
        let open: Vec<(u32, Placed)> = lock(&self.histories)
            .iter()
            .filter(|(number, placed)| placed.session == self.session && !known.contains(number))
            .map(|(number, placed)| (*number, placed.clone()))
            .collect();
        let mut followed = Vec::new();
        for (number, placed) in open {
            known.insert(number);
            // A stream that changed stays as it was opened: the next who reads on in it is told.
            match placed.history.grown(work, grown) {
                Ok(history) => followed.push(Followed {
                    number,
                    before: placed.history,
                    history: Arc::new(history),
                }),
                Err(error) if error.is_cancelled() => return Err(error),
                Err(_) => {}
            }
        }
        Ok(followed)
    }

    /// Those that became another history meanwhile are not `known` any more.
    fn place(&self, followed: Vec<Followed>, known: &mut BTreeSet<u32>) {
        let mut histories = lock(&self.histories);
        for of in followed {
            match histories.get_mut(&of.number) {
                Some(placed) if Arc::ptr_eq(&placed.history, &of.before) => placed.history = of.history,
                Some(_) => {
                    known.remove(&of.number);
                }
                None => {}
            }
        }
    }

    /// While there is no index, and maybe one is being built of the store as it was opened, what is new is only counted.
    fn count(&self, work: &Work<'_>, session: &Session) -> Result<Look, AppError> {
        let counted = lock(&self.seen).store.clone();
        let before = counted.unwrap_or_else(|| Arc::clone(session.store()));
        if before.is_current()? {
            return Ok(Look::Same);
        }
        if !before.describe().grows_at_end {
            return Ok(Look::Outdated);
        }
        let grown = match session.now(work)? {
            Now::Grown(grown) => *grown,
            Now::Another(error) => return Ok(Look::Another(error)),
        };
        if let Some(stream) = self.changed(work, &grown)? {
            return Ok(Look::Another(session.changed_payloads(&stream)));
        }
        let mut reader = grown.store().read(&ReadQuery {
            scope: Scope::All {
                after: last_position(before.as_ref()),
                up_to: None,
            },
            direction: Direction::Forward,
            columns: Columns::SKELETON,
        })?;
        let (mut batch, mut names, findings) = (EventBatch::default(), Names::default(), Findings::default());
        let mut new_events: u32 = 0;
        while reader.next_batch(work, BATCH_EVENTS, &mut batch, &mut names, &findings)? {
            new_events = new_events.saturating_add(u32::try_from(batch.len()).unwrap_or(u32::MAX));
            work.check()?;
        }
        let mut seen = lock(&self.seen);
        seen.store = Some(Arc::clone(grown.store()));
        seen.new_events = seen.new_events.saturating_add(new_events);
        Ok(Look::Grown {
            events: None,
            new_events: seen.new_events,
            byte_count: grown.description().byte_count,
        })
    }
}

fn last_position(store: &dyn EventStore) -> Option<Position> {
    store.describe().position_span.map(|(_, last)| last)
}
