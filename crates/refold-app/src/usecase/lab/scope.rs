//! What is replayed: one stream, a part of it, a category, a store.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use refold_core::finding::Findings;
use refold_core::fold::{Detail, Folded};
use refold_core::history::Budget;
use refold_core::port::handler::HandlerProgram;
use refold_core::work::Work;
use refold_handlers::lab::OnlyCategory;
use refold_stores::index::Index;

use crate::clock;
use crate::error::AppError;
use crate::mask::{Cover, Part};
use crate::rebuild::{Rebuilt, rebuild};
use crate::replay::{Opening, Replay};
use crate::session::{Session, thread_count};
use crate::usecase::named;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope<'a> {
    Stream(&'a str),
    /// A stream from its first event up to what a cursor means there.
    Until {
        stream: &'a str,
        cursor: &'a str,
    },
    /// Every stream of a category.
    Category(&'a str),
    All,
}

impl<'a> Scope<'a> {
    /// The stream, and the cursor that it is looked at to; `None`: its head.
    pub(super) fn stream(self) -> Result<(&'a str, Option<&'a str>), AppError> {
        match self {
            Scope::Stream(stream) => Ok((stream, None)),
            Scope::Until { stream, cursor } => Ok((stream, Some(cursor))),
            Scope::Category(_) | Scope::All => Err(AppError::invalid("this is asked of one stream", "choose a stream")),
        }
    }

    /// Whether all that is told of one stream can be kept.
    pub fn is_one_stream(self) -> bool {
        matches!(self, Scope::Stream(_) | Scope::Until { .. })
    }
}

/// What becomes of one stream: its id, what masking rules hide of its states, and what folding it came to.
pub(in crate::usecase) type Finish<'a> = &'a (dyn Fn(&[u8], &Cover, &Folded) + Sync);

/// Folds the streams of a scope to their heads. `finish` is called once for each, from any thread and in any order.
pub(in crate::usecase) fn fold(
    work: &Work<'_>,
    session: &Session,
    scope: Scope<'_>,
    program: &Arc<dyn HandlerProgram>,
    findings: &Arc<Findings>,
    finish: Finish<'_>,
) -> Result<Rebuilt, AppError> {
    match scope {
        Scope::Stream(stream) => fold_stream(work, session, stream, None, program, findings, finish),
        Scope::Until { stream, cursor } => fold_stream(work, session, stream, Some(cursor), program, findings, finish),
        Scope::Category(category) => fold_category(work, session, category, program, findings, finish),
        Scope::All => fold_all(work, session, program, findings, finish),
    }
}

fn fold_stream(
    work: &Work<'_>,
    session: &Session,
    stream: &str,
    until: Option<&str>,
    program: &Arc<dyn HandlerProgram>,
    findings: &Arc<Findings>,
    finish: Finish<'_>,
) -> Result<Rebuilt, AppError> {
    let opening = Opening {
        program: Arc::clone(program),
        detail: Detail::State,
        budget: Budget {
            window_moments: 0,
            ..Budget::default()
        },
        is_whole: until.is_none(),
    };
    let until = until.map(|cursor| session.cursor(cursor)).transpose()?;
    let (stream, mut replay) = Replay::open(work, session, stream, &opening, findings)?;
    let found = match until {
        Some(cursor) => stream.resolve(&cursor, clock::now())?,
        None => stream.end(),
    };
    let folded = replay.state_at(work, found)?;
    let cover = session.mask().cover(&stream.id, &stream.category, None, Part::State);
    finish(&stream.id, &cover, &folded);
    Ok(Rebuilt {
        streams: 1,
        events: folded.moment.0.into(),
        incomplete_streams: folded.incomplete_since.is_some().into(),
    })
}

fn fold_all(
    work: &Work<'_>,
    session: &Session,
    program: &Arc<dyn HandlerProgram>,
    findings: &Findings,
    finish: Finish<'_>,
) -> Result<Rebuilt, AppError> {
    let mask = session.mask();
    // Rules speak of categories, which only the index knows of a stream that is named by its id alone.
    let index = mask.has_rules().then(|| session.build_index(work)).transpose()?;
    rebuild(work, session, program, thread_count(), findings, &|id, folded| {
        let cover = index
            .as_ref()
            .map_or_else(Cover::default, |index| cover_of(session, index, id));
        finish(id, &cover, folded);
    })
}

/// The store is read whole, for its events do not lie by category; those of other categories are not folded.
fn fold_category(
    work: &Work<'_>,
    session: &Session,
    category: &str,
    program: &Arc<dyn HandlerProgram>,
    findings: &Findings,
    finish: Finish<'_>,
) -> Result<Rebuilt, AppError> {
    let index = session.build_index(work)?;
    let wanted = named::category(&index, category)?;
    let only: Arc<dyn HandlerProgram> = Arc::new(OnlyCategory::new(Arc::clone(program), &wanted));
    let (streams, events, incomplete) = (AtomicU32::new(0), AtomicU64::new(0), AtomicU32::new(0));
    rebuild(work, session, &only, thread_count(), findings, &|id, folded| {
        // A stream that the index lacks came after it: the index was built of the store as it was opened.
        if !matches!(category_of(&index, id), Ok(Some(of)) if of == wanted) {
            return;
        }
        streams.fetch_add(1, Ordering::Relaxed);
        events.fetch_add(folded.moment.0.into(), Ordering::Relaxed);
        incomplete.fetch_add(folded.incomplete_since.is_some().into(), Ordering::Relaxed);
        finish(id, &cover_of(session, &index, id), folded);
    })?;
    Ok(Rebuilt {
        streams: streams.into_inner(),
        events: events.into_inner(),
        incomplete_streams: incomplete.into_inner(),
    })
}

/// What is hidden of the states of a stream. What cannot be told is hidden whole: a stream that the index lacks, an
/// index that fails in the middle of it.
fn cover_of(session: &Session, index: &Index, id: &[u8]) -> Cover {
    match category_of(index, id) {
        Ok(Some(category)) => session.mask().cover(id, category, None, Part::State),
        Ok(None) | Err(_) => Cover::new(vec![Vec::new()], Vec::new()),
    }
}

fn category_of<'a>(index: &'a Index, id: &[u8]) -> Result<Option<&'a [u8]>, AppError> {
    let stream = index.find_stream(id)?.map(|stream| index.stream(stream)).transpose()?;
    Ok(stream.map(|stream| stream.category))
}
