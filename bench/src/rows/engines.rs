//! What an event costs in each engine: the order handler in all of them, over events that lie in memory.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use refold_core::count::grouped;
use refold_core::event::{Columns, EventBatch, EventView, Span};
use refold_core::finding::Findings;
use refold_core::fold::{Detail, Fold, FoldCheckpoint};
use refold_core::names::Names;
use refold_core::port::handler::{Coming, HandlerProgram, StatesAsked};
use refold_core::port::store::ReadQuery;
use refold_stores::OpenOptions;

use super::verdict_where;
use crate::lab::{Lab, quietly};
use crate::machine::free_cores;
use crate::pairs::{Contender, Measured, alternate};
use crate::table::Row;
use crate::{Failure, fold};

pub fn side_by_side(lab: &Lab) -> Result<Vec<Row>, Failure> {
    let store = &lab.peer;
    let orders = Orders::read(&store.path)?;
    let (rules, wasm, js) = (lab.handler()?, code("modules/order-rust")?, code("scripts/order")?);
    let (python, node) = (code("programs/order-python")?, code("programs/order-node")?);
    let measured = alternate(
        lab.pairs,
        vec![
            Contender::here("declarative", || orders.fold(&rules)),
            Contender::here("wasm (Rust)", || orders.fold(&wasm)),
            Contender::here("JS", || orders.fold(&js)),
            Contender::here("process (Python)", || orders.fold(&python)),
            Contender::here("process (Node)", || orders.fold(&node)),
        ],
    )?;
    let [rules, wasm, js, python, node] = measured.as_slice() else {
        return Err(Failure::Call("a contender is missing".to_owned()));
    };
    let a_second = |engine: &Measured| engine.events() as f64 / engine.cpu_seconds();
    let shown = |engine: &Measured| format!("{} {:.2} M events/s", engine.name, a_second(engine) / 1e6);
    // What a program does waits for its pipes.
    let by_clock = |engine: &Measured| engine.events() as f64 / engine.seconds();
    let shown_by_clock = |engine: &Measured| format!("{} {:.3} M events/s", engine.name, by_clock(engine) / 1e6);
    let holds = a_second(rules) >= 1.5e6 && a_second(wasm) >= 0.8e6 && a_second(js) >= 150e3;
    let holds = holds && by_clock(python) >= 100e3 && by_clock(node) >= 100e3;
    Ok(vec![Row {
        id: "engines",
        what: format!(
            "the order handler on one core, state kept inside, {} events in memory",
            grouped(rules.events())
        ),
        at_least: "declarative 1.5 M, wasm typed 0.8 M, JS 150 k events/s of CPU time, process 100 k by the clock"
            .to_owned(),
        measured: format!(
            "{}; by the clock {}",
            [rules, wasm, js].map(shown).join("; "),
            [python, node].map(shown_by_clock).join("; ")
        ),
        verdict: verdict_where(holds, free_cores() >= 1.0),
    }])
}

/// All events of the orders of a store, one stream behind the other, as a fold reads them.
struct Orders {
    events: EventBatch,
    names: Names,
    /// The rows of each stream.
    streams: Vec<Range<usize>>,
}

impl Orders {
    fn read(store: &Path) -> Result<Orders, Failure> {
        quietly(|work| {
            let options = OpenOptions::in_scratch(std::env::temp_dir());
            let store = refold_stores::open(work, &store.display().to_string(), None, &options)?;
            let mut reader = store.read(&ReadQuery::all(Columns::ALL))?;
            let (mut batches, mut names, findings) = (Vec::new(), Names::default(), Findings::default());
            loop {
                let mut batch = EventBatch::default();
                if !reader.next_batch(work, 4_096, &mut batch, &mut names, &findings)? {
                    break;
                }
                batches.push(batch);
            }
            let mut streams: BTreeMap<u32, Vec<EventView<'_>>> = BTreeMap::new();
            for event in batches
                .iter()
                .flat_map(|batch| (0..batch.len()).map(|row| batch.event(row)))
            {
                if names.category(event.stream) == b"order" {
                    streams.entry(event.stream.0).or_default().push(event);
                }
            }
            let mut events = EventBatch::default();
            let streams = streams.into_values().map(|stream| {
                let first = events.len();
                stream.iter().for_each(|event| add(&mut events, event));
                first..events.len()
            });
            let streams = streams.collect();
            Ok(Orders { events, names, streams })
        })
    }

    /// How many events were folded, and the checksum over all states. It folds as a rebuild does: the handler is told of
    /// many events at once.
    fn fold(&self, program: &Arc<dyn HandlerProgram>) -> Result<(u64, i64), Failure> {
        let most = program.events_ahead();
        let mut fold = Fold::new(program.as_ref(), Detail::State)?;
        let (mut events, mut sum) = (0, 0);
        for group in self.groups(most) {
            fold.look_ahead_over(&mut group.iter().flat_map(|stream| self.calls_of(stream)), &self.names);
            for stream in group {
                fold.reset()?;
                for row in stream.clone() {
                    if (row - stream.start) % most == 0 {
                        let mut coming = (row..stream.end).take(most).map(|row| self.events.event(row));
                        fold.look_ahead(&mut coming, &self.names, StatesAsked::LastState);
                    }
                    fold.step(&self.events.event(row), &self.names, None)?;
                    events += 1;
                }
                let folded = fold.folded()?;
                let checksum = fold::checksum(&folded.state);
                sum += checksum.ok_or_else(|| Failure::Call("a state is not that of an order".to_owned()))?;
            }
        }
        Ok((events, sum))
    }

    /// Streams that have at most so many events together; a longer one stands alone.
    fn groups(&self, most: usize) -> impl Iterator<Item = &[Range<usize>]> {
        let mut left = self.streams.as_slice();
        std::iter::from_fn(move || {
            let mut events = 0;
            let fits = |stream: &&Range<usize>| {
                events += stream.len();
                events <= most
            };
            let count = left.iter().take_while(fits).count().max(1);
            let (group, rest) = left.split_at_checked(count)?;
            left = rest;
            Some(group)
        })
    }

    fn calls_of<'e>(&'e self, stream: &Range<usize>) -> impl Iterator<Item = Coming<'e, FoldCheckpoint>> + use<'e> {
        let events = stream.clone().map(|row| Coming::Event(self.events.event(row)));
        std::iter::once(Coming::Reset).chain(events).chain([Coming::State])
    }
}

/// Copies what handlers are given of an event.
fn add(events: &mut EventBatch, event: &EventView<'_>) {
    events.positions.push(event.position);
    events.streams.push(event.stream);
    events.versions.push(event.version);
    events.types.push(event.event_type);
    events.recorded_at.push(event.recorded_at);
    events.payload_encodings.push(event.encoding);
    let mut copied = |bytes: Option<&[u8]>| bytes.map_or(Span::NULL, |bytes| events.store(bytes));
    let spans = [event.payload, event.metadata, event.event_id].map(&mut copied);
    let [payload, metadata, id] = spans;
    events.payloads.push(payload);
    events.metadata.push(metadata);
    events.event_ids.push(id);
}

/// A handler in code, as it lies in the repository.
fn code(package: &str) -> Result<Arc<dyn HandlerProgram>, Failure> {
    let fixtures = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/orders"));
    Ok(refold_handlers::package::open(
        &fixtures.join(package).display().to_string(),
    )?)
}
