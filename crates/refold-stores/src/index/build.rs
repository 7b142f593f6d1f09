//! Building: finds out what the index does not hold yet, has it read, and makes the rest.
//!
//! [`reading`] reads ranges of positions on several threads; [`sink`] turns what they bring, in order, into segments. After
//! each finished segment the manifest is written, so that a killed build goes on from there.

mod reading;
mod sink;

use refold_core::event::{Columns, EventBatch, EventIndex, Position};
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::port::store::{Direction, EventStore, Fingerprint, PositionRange, ReadQuery, Scope};
use refold_core::work::{Phase, Work};

use super::Index;
use super::arena;
use super::derive;
use super::error::IndexError;
use super::folder::{Folder, Place};
use super::ids;
use super::manifest::{Manifest, StoredFinding};
use super::options::BuildOptions;
use super::segment::{Column, Segment, Segments};
use reading::read_ranges;
use sink::Sink;

/// Few in tests, so that a small store has many batches.
const BATCH_ROWS: usize = if cfg!(test) { 3 } else { 8192 };
/// Events of one range of positions when several threads read, about.
const RANGE_ROWS: u64 = 1 << 19;

/// So many of the last indexed events are compared before a store that is followed is added to.
const END_ROWS: u32 = if cfg!(test) { 4 } else { 4096 };

/// Ids of so many streams are kept while the store is compared.
const MOST_NAMES: u32 = 100_000;
const COMPARING: Phase = Phase::ComparingWithTheIndex;

/// Brings the index of `store` up to date and opens it: builds it, goes on with a build that was killed, or adds the
/// events that are new. `cache` is the application's cache folder.
///
/// Until the new one is complete, and after a failure, [`super::open`] finds the index as it was. Cancelling keeps it and
/// the finished segments and leaves nothing else.
pub fn build<'a>(
    work: &Work<'_>,
    store: &dyn EventStore,
    cache: impl Into<Place<'a>>,
    options: &BuildOptions,
) -> Result<Index, IndexError> {
    let fingerprint = store.fingerprint()?;
    let build = Build {
        work,
        store,
        folder: &Folder::of(cache, &fingerprint.identity),
        fingerprint: &fingerprint,
        options,
    };
    build.run()
}

/// Adds the events that came since the index was built, for a store that is followed while it grows: of the old ones only
/// the last are compared, so that it costs what the new ones cost. The index says so of itself, and the next [`build`]
/// compares them all, as is done at once where new events may stand anywhere, and where the index holds fewer than
/// `most_compared`. `None`: there is no index of this store, or it holds other events now; nothing was changed then.
pub fn grow<'a>(
    work: &Work<'_>,
    store: &dyn EventStore,
    cache: impl Into<Place<'a>>,
    options: &BuildOptions,
    most_compared: u32,
) -> Result<Option<Index>, IndexError> {
    let fingerprint = store.fingerprint()?;
    let folder = Folder::of(cache, &fingerprint.identity);
    let _lock = folder.lock()?;
    let Some(manifest) = Manifest::read(&folder, &fingerprint.identity)? else {
        return Ok(None);
    };
    if manifest.change_token == fingerprint.change_token {
        return Index::of_manifest(&folder, manifest).map(Some);
    }
    let indexed: u64 = manifest.segments.iter().map(|segment| u64::from(segment.rows)).sum();
    let comparison = match store.describe().grows_at_end && indexed >= u64::from(most_compared) {
        true => Comparison::End,
        false => Comparison::All,
    };
    let build = Build {
        work,
        store,
        folder: &folder,
        fingerprint: &fingerprint,
        options,
    };
    let outcome = build.bring_up_to_date(manifest, comparison);
    if !matches!(outcome, Ok(Some(_))) {
        tidy(&folder, &fingerprint)?;
    }
    outcome
}

/// How many of the indexed events are compared with the store before new ones are added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    All,
    End,
}

/// One building: of which store, where, how.
pub(super) struct Build<'a> {
    pub(super) work: &'a Work<'a>,
    pub(super) store: &'a dyn EventStore,
    pub(super) folder: &'a Folder,
    pub(super) fingerprint: &'a Fingerprint,
    pub(super) options: &'a BuildOptions,
}

impl Build<'_> {
    pub(super) fn run(&self) -> Result<Index, IndexError> {
        let Build {
            folder, fingerprint, ..
        } = *self;
        let _lock = folder.lock()?;
        let complete = Manifest::read(folder, &fingerprint.identity)?;
        if let Some(manifest) = complete.clone().filter(|it| it.is_of(fingerprint)) {
            match Index::of_manifest(folder, manifest) {
                Err(IndexError::Damaged { .. }) => {}
                outcome => return outcome,
            }
        }
        let growing = Manifest::read_growing(folder, &fingerprint.identity)?;
        let outcome = match growing.or(complete) {
            Some(manifest) => match self.bring_up_to_date(manifest, Comparison::All) {
                Ok(None) | Err(IndexError::Damaged { .. }) => None,
                Ok(Some(index)) => Some(Ok(index)),
                Err(error) => Some(Err(error)),
            },
            None => None,
        };
        let outcome = outcome.unwrap_or_else(|| {
            let empty = Manifest::empty(&fingerprint.identity);
            // A manifest that a newer build must not find beside files it did not write.
            folder.remove_all_but(|_| false)?;
            self.go_on(empty, Comparison::All)
        });
        if outcome.is_err() {
            tidy(folder, fingerprint)?;
        }
        outcome
    }

    /// `None` when what is there does not fit the store and must be thrown away.
    fn bring_up_to_date(&self, manifest: Manifest, comparison: Comparison) -> Result<Option<Index>, IndexError> {
        let segments = Segments::open(self.folder, &manifest.segments)?;
        let has_shrunk = match (segments.last_position(), self.fingerprint.last_position) {
            (Some(indexed), Some(last)) => last.0 < indexed,
            (Some(_), None) | (None, _) => false,
        };
        let first = match comparison {
            Comparison::All => 0,
            Comparison::End => segments.event_count().saturating_sub(END_ROWS),
        };
        if has_shrunk || !holds_from(self.work, self.store, &segments, first)? {
            return Ok(None);
        }
        drop(segments);
        self.go_on(manifest, comparison).map(Some)
    }

    /// Reads what is missing behind the segments of `manifest`, makes the rest and opens the index.
    fn go_on(&self, mut manifest: Manifest, comparison: Comparison) -> Result<Index, IndexError> {
        let Build {
            work,
            store,
            folder,
            fingerprint,
            options,
        } = *self;
        let ranges = self.missing_ranges(manifest.segments.last().map(|last| last.last_position))?;
        if ranges.is_empty() && manifest.derived.is_some() {
            // Something else in the store was written to: what is there stands for it as it is.
            manifest.change_token.clone_from(&fingerprint.change_token);
            manifest.is_compared = comparison == Comparison::All;
            manifest.write(folder)?;
            return Index::of_manifest(folder, manifest);
        }
        manifest.generation += 1;
        manifest.derived = None;
        manifest.change_token = String::new(); // until it is complete, it stands for no state of the store
        let mut sink = Sink::new(folder, manifest, options)?;
        if !ranges.is_empty() {
            sink.reopen_tail()?;
            sink = read_ranges(work, store, options, &ranges, sink)?;
        }
        let (mut manifest, segments, table, trailing_findings) = sink.finish()?;
        let mut derived = derive::write(work, folder, &manifest, &segments, table, options)?;
        StoredFinding::merge(&mut derived.findings, trailing_findings);
        manifest.derived = Some(derived);
        manifest.change_token.clone_from(&fingerprint.change_token);
        manifest.is_compared = comparison == Comparison::All;
        work.check()?;
        manifest.write(folder)?;
        folder.remove_all_but(|name| manifest.names(name) || is_beside(name))?;
        Index::of_manifest(folder, manifest)
    }

    /// The ranges `(after, up_to]` behind the last indexed position.
    fn missing_ranges(&self, indexed: Option<i64>) -> Result<Vec<PositionRange>, IndexError> {
        let end = self.fingerprint.last_position;
        let indexed = indexed.map(Position);
        if indexed.is_some() && indexed == end {
            return Ok(Vec::new());
        }
        if self.options.threads <= 1 {
            return Ok(vec![(indexed, end)]);
        }
        let events = self.store.describe().event_count.unwrap_or(RANGE_ROWS);
        let parts = usize::try_from(events / RANGE_ROWS)
            .unwrap_or(usize::MAX)
            .clamp(self.options.threads, 4096);
        let mut ranges: Vec<PositionRange> = Vec::new();
        for (after, up_to) in self.store.split(parts)? {
            let after = after.max(indexed);
            let up_to = match (up_to, end) {
                (Some(up_to), Some(end)) => Some(up_to.min(end)),
                (up_to, end) => up_to.or(end),
            };
            let is_empty = matches!((after, up_to), (Some(after), Some(up_to)) if up_to <= after);
            if !is_empty {
                ranges.push((after, up_to));
            }
        }
        // The store may have grown between the fingerprint and the split: the last range ends where the fingerprint does.
        match ranges.last_mut() {
            Some(last) => last.1 = end,
            None => ranges.push((indexed, end)),
        }
        Ok(ranges)
    }
}

/// Whether a file belongs to what is made beside the index, which looks after it itself.
fn is_beside(name: &str) -> bool {
    arena::owns(name) || ids::owns(name)
}

/// Removes what a cancelled or failed build left without a name; nobody else writes while the lock is held.
fn tidy(folder: &Folder, fingerprint: &Fingerprint) -> Result<(), IndexError> {
    let complete = Manifest::read(folder, &fingerprint.identity).ok().flatten();
    let growing = Manifest::read_growing(folder, &fingerprint.identity).ok().flatten();
    let is_named = |name: &str| complete.iter().chain(&growing).any(|manifest| manifest.names(name));
    let has_any = complete.is_some() || growing.is_some();
    folder.remove_all_but(|name| is_named(name) || has_any && is_beside(name))
}

/// Whether the store still holds exactly the indexed events, from the indexed event `first` on. From 0 all of them are
/// compared: a store that erased or changed old events looks the same at its end.
fn holds_from(work: &Work<'_>, store: &dyn EventStore, segments: &Segments, first: u32) -> Result<bool, IndexError> {
    let Some(last) = segments.last_position() else {
        return Ok(true);
    };
    let before = first.checked_sub(1).map(EventIndex);
    let before = before
        .map(|event| segments.value(Column::Position, event))
        .transpose()?;
    let mut reader = store.read(&ReadQuery {
        scope: Scope::All {
            after: before.map(Position),
            up_to: Some(Position(last)),
        },
        direction: Direction::Forward,
        columns: Columns::SKELETON,
    })?;
    let count = segments.event_count();
    let all = |names: fn(&Segment) -> &Vec<Vec<u8>>| segments.list().iter().flat_map(names).collect::<Vec<_>>();
    let (types, categories) = (all(|segment| &segment.types), all(|segment| &segment.categories));
    let (mut batch, mut names, findings) = (EventBatch::default(), Names::default(), Findings::default());
    let mut event = first;
    while reader.next_batch(work, BATCH_ROWS, &mut batch, &mut names, &findings)? {
        for row in 0..batch.len() {
            if event == count {
                return Ok(false);
            }
            let value = |column| segments.value(column, EventIndex(event));
            let ordinal = |column| value(column).map(|of| u32::try_from(of).unwrap_or(u32::MAX));
            let (id, category) = segments.stream(ordinal(Column::Stream)?)?;
            let (stream, event_type) = (batch.streams[row], batch.types[row]);
            let is_same = value(Column::Position)? == batch.positions[row].0
                && value(Column::Version)? == batch.versions[row].0
                && value(Column::RecordedAt)? == batch.recorded_at[row].0
                && id == names.stream(stream)
                && is_named(&categories, category, names.category(stream))
                && is_named(&types, ordinal(Column::Type)?, names.type_name(event_type));
            if !is_same {
                return Ok(false);
            }
            event += 1;
        }
        work.tick(COMPARING, event.into(), Some(count.into()))?;
        if names.stream_count() > MOST_NAMES {
            names = Names::default();
        }
    }
    Ok(event == count)
}

fn is_named(names: &[&Vec<u8>], ordinal: u32, name: &[u8]) -> bool {
    names
        .get(ordinal as usize)
        .is_some_and(|known| known.as_slice() == name)
}
