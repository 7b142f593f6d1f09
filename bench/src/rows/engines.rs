//! What an event costs in each engine: the order handler in all of them, over events that lie in memory.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use refold_core::event::{Columns, EventBatch};
use refold_core::finding::Findings;
use refold_core::fold::{Detail, Fold};
use refold_core::names::Names;
use refold_core::port::handler::{HandlerProgram, StatesAsked};
use refold_core::port::store::ReadQuery;
use refold_stores::OpenOptions;

use super::verdict_where;
use crate::lab::{Lab, quietly};
use crate::machine::free_cores;
use crate::pairs::{Contender, Measured, alternate, count};
use crate::table::Row;
use crate::{Failure, fold};

/// Events that a handler is told of before it gets them.
const AHEAD: usize = 256;

pub fn side_by_side(lab: &Lab) -> Result<Vec<Row>, Failure> {
    let store = &lab.peer;
    let orders = Orders::read(&store.path)?;
    let (rules, wasm, js) = (lab.handler()?, code("modules/order-rust")?, code("scripts/order")?);
    let python = code("programs/order-python")?;
    let measured = alternate(
        lab.pairs,
        vec![
            Contender::here("declarative", || orders.fold(&rules)),
            Contender::here("wasm (Rust)", || orders.fold(&wasm)),
            Contender::here("JS", || orders.fold(&js)),
            Contender::here("process (Python)", || orders.fold(&python)),
        ],
    )?;
    let [rules, wasm, js, python] = measured.as_slice() else {
        return Err(Failure::Call("a contender is missing".to_owned()));
    };
    let a_second = |engine: &Measured| engine.events() as f64 / engine.cpu_seconds();
    let shown = |engine: &Measured| format!("{} {:.2} M events/s", engine.name, a_second(engine) / 1e6);
    // What a program does waits for its pipes.
    let by_clock = python.events() as f64 / python.seconds();
    let holds = a_second(rules) >= 1.5e6 && a_second(wasm) >= 0.8e6 && a_second(js) >= 150e3 && by_clock >= 100e3;
    Ok(vec![Row {
        id: "engines",
        what: format!(
            "the order handler on one core, state kept inside, {} events in memory",
            count(rules.events())
        ),
        at_least: "declarative 1.5 M, wasm typed 0.8 M, JS 150 k events/s of CPU time, process 100 k by the clock"
            .to_owned(),
        measured: format!(
            "{}; {} {:.3} M events/s by the clock",
            [rules, wasm, js].map(shown).join("; "),
            python.name,
            by_clock / 1e6
        ),
        verdict: verdict_where(holds, free_cores() >= 1.0),
    }])
}

/// All events of a store, stream by stream.
struct Orders {
    batches: Vec<EventBatch>,
    names: Names,
    /// Batch and row of each event.
    streams: Vec<Vec<(usize, usize)>>,
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
            let mut streams: BTreeMap<u32, Vec<(usize, usize)>> = BTreeMap::new();
            for (place, batch) in batches.iter().enumerate() {
                for (row, stream) in batch.streams.iter().enumerate() {
                    if names.category(*stream) == b"order" {
                        streams.entry(stream.0).or_default().push((place, row));
                    }
                }
            }
            Ok(Orders {
                batches,
                names,
                streams: streams.into_values().collect(),
            })
        })
    }

    /// How many events were folded, and the checksum over all states.
    fn fold(&self, program: &Arc<dyn HandlerProgram>) -> Result<(u64, i64), Failure> {
        let mut fold = Fold::new(program.as_ref(), Detail::State)?;
        let (mut events, mut sum) = (0, 0);
        for stream in &self.streams {
            fold.reset()?;
            for (at, (batch, row)) in stream.iter().enumerate() {
                if at % AHEAD == 0 {
                    let coming = stream.iter().skip(at).take(AHEAD);
                    let mut coming = coming.map(|(batch, row)| self.batches[*batch].event(*row));
                    fold.look_ahead(&mut coming, &self.names, StatesAsked::LastState);
                }
                // Both were counted when the store was read.
                fold.step(&self.batches[*batch].event(*row), &self.names, None)?;
                events += 1;
            }
            let folded = fold.folded()?;
            let checksum = fold::checksum(&folded.state);
            sum += checksum.ok_or_else(|| Failure::Call("a state is not that of an order".to_owned()))?;
        }
        Ok((events, sum))
    }
}

/// A handler in code, as it lies in the repository.
fn code(package: &str) -> Result<Arc<dyn HandlerProgram>, Failure> {
    let fixtures = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/orders"));
    Ok(refold_handlers::package::open(
        &fixtures.join(package).display().to_string(),
    )?)
}
