//! Searching the copy of the payloads: it says which events to look at, and the store what they hold. Where the two do not
//! agree, the copy is thrown away and the store itself is searched on.

use std::ops::ControlFlow;

use refold_core::event::{Columns, EventBatch, Position};
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::port::store::{Direction, ReadQuery, Scope};
use refold_core::work::Work;
use refold_stores::index::{Arena, Hit, Index, Needle, SearchQuery, Unsealed, is_same, search_arena};

use super::Taker;
use crate::error::AppError;
use crate::session::{Session, thread_count};

/// Hits that are held against the store together, at most; the first come one by one.
const MOST_TOGETHER: usize = if cfg!(test) { 4 } else { 256 };
/// Hits between two fresh starts of the names in use: a store may have millions of streams.
const NAMED_HITS: usize = 4096;

/// Where searching the store begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    Beginning,
    /// What lies there and before it was handed over.
    Behind(Position),
}

impl Start {
    pub(super) fn is_before(self, position: Position) -> bool {
        match self {
            Start::Beginning => true,
            Start::Behind(last) => last < position,
        }
    }
}

pub(super) struct InCopy<'a> {
    pub session: &'a Session,
    pub index: &'a Index,
    pub arena: &'a Arena,
}

impl InCopy<'_> {
    /// Hands over the events that hold the needle. `Some`: the copy is not what the store holds, and from there on the store
    /// is to be searched.
    pub(super) fn search(
        &self,
        work: &Work<'_>,
        needle: &Needle,
        findings: &Findings,
        taker: &mut Taker<'_>,
    ) -> Result<Option<Start>, AppError> {
        let filter = taker.filter;
        let types: Vec<&[u8]> = filter.types().collect();
        let query = SearchQuery { needle, types: &types };
        let mut holding = Holding {
            copy: self,
            work,
            findings,
            batch: EventBatch::default(),
            unsealed: Unsealed::default(),
            names: Names::default(),
            named: 0,
            handed: Start::Beginning,
        };
        let (mut pending, mut together) = (Vec::new(), 1);
        let mut held = Ok(Held::Same);
        search_arena(work, self.index, self.arena, &query, thread_count(), &mut |hit: Hit| {
            pending.push(hit.position);
            if pending.len() < together {
                return ControlFlow::Continue(());
            }
            together = (2 * together).min(MOST_TOGETHER);
            held = holding.hold(&std::mem::take(&mut pending), taker);
            match held {
                Ok(Held::Same) => ControlFlow::Continue(()),
                Ok(Held::Enough | Held::Differs(_)) | Err(_) => ControlFlow::Break(()),
            }
        })?;
        if matches!(held, Ok(Held::Same)) {
            held = holding.hold(&pending, taker);
        }
        let Held::Differs(position) = held? else {
            return Ok(None);
        };
        let so = "; from there on the store itself was searched, and what lies before was looked for in the copy: search again";
        findings.report(self.session.throw_copy_away(work, Some(position), so)?);
        Ok(Some(holding.handed))
    }
}

/// What came of holding hits against the store.
enum Held {
    Same,
    /// Nobody wants more.
    Enough,
    Differs(Position),
}

struct Holding<'a> {
    copy: &'a InCopy<'a>,
    work: &'a Work<'a>,
    findings: &'a Findings,
    batch: EventBatch,
    unsealed: Unsealed,
    names: Names,
    named: usize,
    handed: Start,
}

impl Holding<'_> {
    /// Reads these events from the store and hands them over, up to the first that is not what the copy has there.
    fn hold(&mut self, positions: &[Position], taker: &mut Taker<'_>) -> Result<Held, AppError> {
        if positions.is_empty() {
            return Ok(Held::Same);
        }
        self.named += positions.len();
        if self.named > NAMED_HITS {
            self.names = Names::default();
            self.named = positions.len();
        }
        let InCopy { session, index, arena } = self.copy;
        let mut reader = session.store().read(&ReadQuery {
            scope: Scope::Positions(positions.to_vec()),
            direction: Direction::Forward,
            columns: Columns::ALL,
        })?;
        let mut expected = positions.iter();
        let mut known = Names::default();
        let types = index.intern_types(&mut known);
        // What reading comes upon in the whole store was reported when it was copied.
        let ignored = Findings::default();
        while reader.next_batch(self.work, positions.len(), &mut self.batch, &mut self.names, &ignored)? {
            for row in 0..self.batch.len() {
                let Some(position) = expected.next() else { break };
                let stored = self.batch.event(row);
                let at = index.event_at_or_after(*position)?;
                let copied = index.view(arena, at, Columns::ALL, &types, stored.stream, &mut self.unsealed)?;
                let is_of = index.stream(index.event(at)?.stream)?.id == self.names.stream(stored.stream)
                    && known.type_name(copied.event_type) == self.names.type_name(stored.event_type);
                if !is_of || !is_same(&copied, &stored) {
                    return Ok(Held::Differs(*position));
                }
                self.handed = Start::Behind(*position);
                if taker.filter.lets_through(&stored, &self.names, self.findings)
                    && taker.take(&stored, &self.names).is_break()
                {
                    return Ok(Held::Enough);
                }
            }
        }
        // Those that are gone are left out.
        Ok(expected.next().map_or(Held::Same, |gone| Held::Differs(*gone)))
    }
}
