//! Stream by stream out of the payload arena: memory for one state a thread, however many streams there are.

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use refold_core::event::{EventBatch, EventIndex, EventView, StreamOrdinal};
use refold_core::finding::Findings;
use refold_core::fold::{Detail, Fold, FoldCheckpoint};
use refold_core::names::Names;
use refold_core::port::handler::{Coming, HandlerProgram, StatesAsked};
use refold_core::track::{Numbering, is_gap};
use refold_core::work::{Phase, Work};
use refold_stores::index::{Arena, Index, IndexError, StreamOrder, StreamQuery, Unsealed};

use super::{Finish, gap_before, on_threads, touched};
use crate::error::AppError;

/// Streams that a thread takes at a time.
const TASK_STREAMS: u32 = 256;
/// So many of the longest streams are tasks of their own, taken first, so that no thread is left alone with one.
const LONGEST: u32 = 64;

/// What there is to fold, and with what.
pub(super) struct FromArena<'a> {
    pub index: &'a Index,
    /// The arena of the same index.
    pub arena: &'a Arena,
    pub program: &'a dyn HandlerProgram,
    pub numbering: Numbering,
}

impl FromArena<'_> {
    /// Folds each stream to its head and finishes it.
    pub(super) fn fold_all(
        &self,
        work: &Work<'_>,
        threads: usize,
        findings: &Findings,
        finish: Finish<'_>,
    ) -> Result<(), AppError> {
        let tasks = self.tasks()?;
        let next = AtomicUsize::new(0);
        let done = AtomicU64::new(0);
        on_threads(work, threads, |_| {
            let mut fold = Fold::new(self.program, Detail::State)?;
            while let Some(task) = tasks.get(next.fetch_add(1, Ordering::Relaxed)) {
                let events = self.run_task(work, task, &mut fold, findings, finish)?;
                let done = done.fetch_add(events, Ordering::Relaxed) + events;
                work.tick(Phase::Folding, done, Some(u64::from(self.index.event_count())))?;
            }
            Ok(())
        })
    }

    /// Runs of stream ordinals, the longest streams first.
    fn tasks(&self) -> Result<Vec<Vec<StreamOrdinal>>, AppError> {
        let longest = self.index.streams(&StreamQuery {
            matching: b"",
            category: None,
            order: StreamOrder::Events,
            descending: true,
            offset: 0,
            limit: LONGEST,
            ..StreamQuery::default()
        })?;
        let mut tasks: Vec<Vec<StreamOrdinal>> = longest.rows.iter().map(|stream| vec![*stream]).collect();
        let count = self.index.stream_count();
        for start in (0..count).step_by(TASK_STREAMS as usize) {
            let streams = start..start.saturating_add(TASK_STREAMS).min(count);
            tasks.push(
                streams
                    .map(StreamOrdinal)
                    .filter(|stream| !longest.rows.contains(stream))
                    .collect(),
            );
        }
        Ok(tasks)
    }

    /// Returns how many events it folded.
    fn run_task(
        &self,
        work: &Work<'_>,
        streams: &[StreamOrdinal],
        fold: &mut Fold,
        findings: &Findings,
        finish: Finish<'_>,
    ) -> Result<u64, AppError> {
        // Names of the streams of this task only: a store may have millions.
        let mut names = Names::default();
        let types = self.index.intern_types(&mut names);
        let columns = self.program.columns();
        let (mut last, mut gap) = (EventBatch::NO_VERSION, None);
        let mut done = 0;
        // Events that are looked up before the first of them is folded: they lie all over the arena, and memory that is
        // asked for together comes together.
        let most = self.program.events_ahead().max(1);
        let mut ahead = Ahead::default();
        let mut unsealed: Vec<Unsealed> = (0..most).map(|_| Unsealed::default()).collect();
        let mut fold_ahead = |ahead: &mut Ahead<'_>, names: &Names| -> Result<(), AppError> {
            done += ahead.events.len() as u64;
            let views = ahead
                .events
                .iter()
                .zip(&mut unsealed)
                .map(|((event, stream), unsealed)| {
                    self.index.view(self.arena, *event, columns, &types, *stream, unsealed)
                });
            let views = views.collect::<Result<Vec<_>, IndexError>>()?;
            let payloads = views.iter().filter_map(|event| event.payload);
            black_box(payloads.map(touched).fold(0, u8::wrapping_add));
            let mut events = views.iter();
            let mut coming = views.iter().copied();
            let mut is_told = false;
            for (place, stretch) in ahead.stretches.iter().enumerate() {
                if stretch.is_first {
                    if !is_told {
                        fold.look_ahead_over(&mut ahead.calls_from(place, &views), names);
                        is_told = true;
                    }
                    fold.reset()?;
                    (last, gap) = (EventBatch::NO_VERSION, None);
                }
                fold.look_ahead(
                    &mut coming.by_ref().take(stretch.event_count),
                    names,
                    StatesAsked::LastState,
                );
                for event in events.by_ref().take(stretch.event_count) {
                    if gap.is_none() && is_gap(last, event.version, self.numbering) {
                        gap = Some(gap_before(event, fold));
                    }
                    last = event.version;
                    fold.step(event, names, Some(findings))?;
                }
                if stretch.is_last {
                    let mut folded = fold.folded()?;
                    fold.report_untold(Some(findings));
                    folded.note_missing(gap);
                    finish(stretch.stream, &folded);
                }
            }
            ahead.events.clear();
            ahead.stretches.clear();
            Ok(work.check()?)
        };
        for stream in streams {
            let entry = self.index.stream(*stream)?;
            let local = names.intern_stream(entry.id, || entry.category);
            let events = self.index.events_of(*stream)?;
            let stretch_count = events.len().div_ceil(most).max(1);
            for number in 0..stretch_count {
                let first = number * most;
                let stretch = events.get(first..events.len().min(first + most)).unwrap_or_default();
                if ahead.events.len() + stretch.len() > most {
                    fold_ahead(&mut ahead, &names)?;
                }
                ahead.events.extend(stretch.iter().map(|event| (*event, local)));
                ahead.stretches.push(Stretch {
                    stream: entry.id,
                    event_count: stretch.len(),
                    is_first: number == 0,
                    is_last: number + 1 == stretch_count,
                });
            }
        }
        fold_ahead(&mut ahead, &names)?;
        Ok(done)
    }
}

/// What is to be looked up together and folded, no more events than are wanted ahead.
#[derive(Default)]
struct Ahead<'a> {
    /// Each with what the names of the task call its stream.
    events: Vec<(EventIndex, StreamOrdinal)>,
    stretches: Vec<Stretch<'a>>,
}

impl<'a> Ahead<'a> {
    /// What will be asked of the fold, from a stretch on that a stream begins with. `views`: of all events.
    fn calls_from<'v>(
        &self,
        place: usize,
        views: &'v [EventView<'v>],
    ) -> impl Iterator<Item = Coming<'v, FoldCheckpoint>> {
        let stretches = self.stretches.iter();
        let mut first: usize = stretches.clone().take(place).map(|stretch| stretch.event_count).sum();
        stretches.skip(place).flat_map(move |stretch| {
            let events = views.iter().skip(first).take(stretch.event_count);
            first += stretch.event_count;
            let reset = stretch.is_first.then_some(Coming::Reset);
            let state = stretch.is_last.then_some(Coming::State);
            reset
                .into_iter()
                .chain(events.map(|event| Coming::Event(*event)))
                .chain(state)
        })
    }
}

/// Some of the events of a stream.
struct Stretch<'a> {
    stream: &'a [u8],
    event_count: usize,
    is_first: bool,
    is_last: bool,
}
