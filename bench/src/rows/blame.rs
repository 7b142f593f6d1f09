//! Blame of every leaf of a state: 10,000 events, 200 leaves.

use std::time::Duration;

use refold_app::Monotonic;
use refold_core::event::{Encoding, EventBatch, Position, StreamOrdinal, TypeOrdinal, Version};
use refold_core::finding::Findings;
use refold_core::fold::Detail;
use refold_core::history::{Budget, EventSource, History};
use refold_core::names::Names;
use refold_core::port::store::StoreError;
use refold_core::time::Timestamp;
use refold_core::track::{Moment, StreamTrack};
use refold_core::work::Work;

use std::sync::Arc;

use super::timed;
use crate::Failure;
use crate::lab::{Lab, quietly};
use crate::machine::percentile;
use crate::pairs::seconds;
use crate::table::{Row, verdict};

const EVENTS: u32 = 10_000;
const LEAVES: u32 = 200;

pub fn every_leaf(lab: &Lab) -> Result<Vec<Row>, Failure> {
    let mut events = Patches::new();
    let program = refold_handlers::package::open("builtin:merge")?;
    let mut samples = Vec::new();
    for _ in 0..lab.pairs.max(5) * 2 {
        let track = Arc::new(events.track.clone());
        let (leaves, elapsed) = timed(|| {
            let mut history = History::new(
                Arc::clone(&program),
                track,
                Detail::Blame,
                Budget::default(),
                Arc::new(Monotonic),
            )?;
            let folded = quietly(|work| history.state_at(work, &mut events, &Findings::default(), Moment(EVENTS)))?;
            Ok(folded.blame.map_or(0, |blame| blame.leaves(&folded.state).len()))
        })?;
        if leaves != LEAVES as usize {
            return Err(Failure::Differ {
                one: format!("{leaves} leaves"),
                other: LEAVES.to_string(),
            });
        }
        samples.push(elapsed);
    }
    let median = percentile(&mut samples, 50);
    Ok(vec![Row {
        id: "blame",
        what: "every leaf, 10,000 events × 200 leaves, from nothing (fold and blame)".to_owned(),
        at_least: "200 ms".to_owned(),
        measured: format!("median {}", seconds(median.as_secs_f64())),
        verdict: verdict(median <= Duration::from_millis(200)),
    }])
}

/// A stream of merge patches in memory: each writes three of two hundred leaves in twenty objects, one of them to the
/// value that it has.
struct Patches {
    payloads: Vec<Vec<u8>>,
    track: StreamTrack,
    names: Names,
}

impl Patches {
    fn new() -> Patches {
        let mut names = Names::default();
        names.intern_stream(b"patches-1", || b"patches");
        let patched = names.intern_type(b"Patched");
        let mut patches = Patches {
            payloads: Vec::new(),
            track: StreamTrack::default(),
            names,
        };
        let mut values = [0_u32; LEAVES as usize];
        for number in 0..EVENTS {
            let mut payload = String::from("{");
            for place in 0..3_u32 {
                // The first events reach every leaf; then they jump about, each into three different objects.
                let leaf = (number * 3 + place * 67 + number / 67 * 11) % LEAVES;
                let value = &mut values[leaf as usize];
                *value += u32::from(place < 2);
                let separator = if place == 0 { "" } else { "," };
                let (object, member) = (leaf / 10, leaf % 10);
                payload.push_str(&format!("{separator}\"part{object}\":{{\"leaf{member}\":{value}}}"));
            }
            payload.push('}');
            patches.payloads.push(payload.into_bytes());
            patches.track.versions.push(Version(i64::from(number) + 1));
            patches.track.positions.push(Position(i64::from(number) + 1));
            patches.track.types.push(patched);
            patches
                .track
                .recorded_at
                .push(Timestamp(i64::from(number) * 1_000_000_000));
        }
        patches
    }
}

impl EventSource for Patches {
    fn read(&mut self, work: &Work<'_>, from: Moment, to: Moment, batch: &mut EventBatch) -> Result<(), StoreError> {
        batch.clear();
        work.check()?;
        for index in from.0 as usize..to.0 as usize {
            batch.positions.push(self.track.positions[index]);
            batch.streams.push(StreamOrdinal(0));
            batch.versions.push(self.track.versions[index]);
            batch.types.push(TypeOrdinal(0));
            batch.recorded_at.push(self.track.recorded_at[index]);
            let span = batch.store(&self.payloads[index]);
            batch.payloads.push(span);
            batch.payload_encodings.push(Encoding::Json);
        }
        Ok(())
    }

    fn names(&self) -> &Names {
        &self.names
    }
}
