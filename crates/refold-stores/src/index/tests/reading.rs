//! Events out of the arena against those of the store.

use std::sync::Arc;

use proptest::prelude::*;
use refold_core::event::{Columns, EventBatch, Position, Span, StreamOrdinal};
use refold_core::finding::Findings;
use refold_core::history::EventSource as _;
use refold_core::names::Names;
use refold_core::port::store::{
    EventReader, EventStore, Fingerprint, PositionRange, RawColumn, ReadQuery, StoreDescription, StoreError,
};
use refold_core::time::Timestamp;
use refold_core::track::Moment;
use refold_core::work::Work;

use super::model::{options, with_work};
use super::searching::{event, events_with_content, searchable};
use crate::index::{ArenaSource, build, build_arena};
use crate::memory::{MemoryEvent, MemoryStore};

/// A store in memory whose events also have envelopes.
struct WithEnvelopes(MemoryStore);

struct WithEnvelopesReader(Box<dyn EventReader>, bool);

/// The values of the n-th event: its metadata and part of it among them.
fn envelope_of(event: &MemoryEvent) -> [Option<Vec<u8>>; 4] {
    let n = event.position.0;
    let in_metadata = event.metadata.as_ref().map(|bytes| bytes[bytes.len() / 3..].to_vec());
    [
        (n % 3 != 0).then(|| format!("id-{n}").into_bytes()),
        in_metadata.filter(|_| n % 2 == 0),
        (n % 5 != 0).then(|| format!("cause-{}", n / 2).into_bytes()),
        (n % 7 == 0).then(Vec::new),
    ]
}

fn occurred_at_of(event: &MemoryEvent) -> Timestamp {
    match event.position.0 % 4 {
        0 => Timestamp::NONE,
        rest => Timestamp(event.position.0 * 1_000 + rest),
    }
}

impl EventStore for WithEnvelopes {
    fn describe(&self) -> &StoreDescription {
        self.0.describe()
    }

    fn fingerprint(&self) -> Result<Fingerprint, StoreError> {
        self.0.fingerprint()
    }

    fn is_current(&self) -> Result<bool, StoreError> {
        self.0.is_current()
    }

    fn read(&self, query: &ReadQuery) -> Result<Box<dyn EventReader>, StoreError> {
        Ok(Box::new(WithEnvelopesReader(
            self.0.read(query)?,
            query.columns.envelope,
        )))
    }

    fn split(&self, parts: usize) -> Result<Vec<PositionRange>, StoreError> {
        self.0.split(parts)
    }

    fn raw(&self, position: Position) -> Result<Option<Vec<RawColumn>>, StoreError> {
        self.0.raw(position)
    }
}

impl EventReader for WithEnvelopesReader {
    fn next_batch(
        &mut self,
        work: &Work<'_>,
        max_rows: usize,
        batch: &mut EventBatch,
        names: &mut Names,
        findings: &Findings,
    ) -> Result<bool, StoreError> {
        let any = self.0.next_batch(work, max_rows, batch, names, findings)?;
        for row in (0..batch.len()).filter(|_| self.1) {
            let metadata = batch.event(row).metadata.map(<[u8]>::to_vec);
            let twin = MemoryEvent {
                metadata,
                ..event(batch.positions[row].0)
            };
            let spans = envelope_of(&twin).map(|value| value.map_or(Span::NULL, |value| batch.store(&value)));
            batch.event_ids[row] = spans[0];
            batch.correlation_ids[row] = spans[1];
            batch.causation_ids[row] = spans[2];
            batch.schema_versions[row] = spans[3];
            batch.occurred_at[row] = occurred_at_of(&twin);
        }
        Ok(any)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_stream_is_read_from_the_arena_as_from_the_store(events in events_with_content(60), from in 0_u32..9, to in 0_u32..9, wanted in any::<(bool, bool, bool)>()) {
        let columns = Columns { payload: wanted.0, metadata: wanted.1, envelope: wanted.2, row: false };
        prop_assume!(!events.is_empty());
        let store = Arc::new(WithEnvelopes(MemoryStore::new("read", events)));
        let cache = tempfile::tempdir().unwrap();
        let index = Arc::new(with_work(|work| build(work, store.as_ref(), cache.path(), &options(2, 30))).unwrap());
        let arena = with_work(|work| build_arena(work, store.as_ref(), cache.path(), &index, &searchable(1))).unwrap();
        let arena = Arc::new(arena);
        for ordinal in 0..index.stream_count() {
            let mut source = ArenaSource::new(store.clone(), index.clone(), arena.clone(), StreamOrdinal(ordinal), columns).unwrap();
            let mut batch = EventBatch::default();
            with_work(|work| source.read(work, Moment(from), Moment(to.max(from)), &mut batch)).unwrap();
            let id = index.stream(StreamOrdinal(ordinal)).unwrap().id;
            let mut expected: Vec<_> = store.0.events().iter().filter(|event| event.stream == id).collect();
            expected.sort_by_key(|event| (event.version, event.position));
            let expected: Vec<_> = expected.into_iter().take(to as usize).skip(from as usize).collect();
            prop_assert_eq!(batch.len(), expected.len());
            for (row, event) in expected.into_iter().enumerate() {
                let found = batch.event(row);
                prop_assert_eq!(found.position, event.position);
                prop_assert_eq!(found.version, event.version);
                prop_assert_eq!(found.recorded_at, event.recorded_at);
                prop_assert_eq!(found.payload, event.payload.as_deref().filter(|_| columns.payload));
                prop_assert_eq!(found.metadata, event.metadata.as_deref().filter(|_| columns.metadata));
                let envelope = [found.event_id, found.correlation_id, found.causation_id, found.schema_version];
                let expected = envelope_of(event);
                prop_assert_eq!(envelope, expected.each_ref().map(|value| value.as_deref().filter(|_| columns.envelope)));
                let occurred_at = if columns.envelope { occurred_at_of(event) } else { Timestamp::NONE };
                prop_assert_eq!(found.occurred_at, occurred_at);
                prop_assert_eq!(source.names().type_name(found.event_type), &event.event_type);
                prop_assert_eq!(source.names().stream(found.stream), id);
            }
        }
    }
}
