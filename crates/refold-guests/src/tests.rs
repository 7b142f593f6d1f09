//! What the tests of all engines fold: events that are written down.

pub mod ahead;

use refold_core::event::{Encoding, EventBatch, Position, Version};
use refold_core::fold::{Detail, Fold};
use refold_core::names::Names;
use refold_core::port::handler::{Applied, HandlerFault, HandlerIdentity, HandlerProgram, Written};
use refold_core::time::Timestamp;
use refold_core::value::Value;

/// Events of one stream, `(type, payload)`; a payload of `-` is NULL in the store.
pub struct Events {
    pub batch: EventBatch,
    pub names: Names,
}

pub fn events(list: &[(&str, &str)]) -> Events {
    let (mut names, mut batch) = (Names::default(), EventBatch::default());
    for (number, (event_type, payload)) in (1..).zip(list) {
        batch.streams.push(names.intern_stream(b"order-1", || b"order"));
        batch.types.push(names.intern_type(event_type.as_bytes()));
        batch.positions.push(Position(number * 10));
        batch.versions.push(Version(number));
        // 2026-08-03T14:00:00Z and a second for each event.
        batch
            .recorded_at
            .push(Timestamp((1_785_765_600 + number) * 1_000_000_000));
        let span = match *payload {
            "-" => refold_core::event::Span::NULL,
            payload => batch.store(payload.as_bytes()),
        };
        batch.payloads.push(span);
        batch.payload_encodings.push(Encoding::Json);
        let metadata = batch.store(br#"{"user":"ada"}"#);
        batch.metadata.push(metadata);
        let id = batch.store(format!("id-{number}").as_bytes());
        batch.event_ids.push(id);
    }
    Events { batch, names }
}

pub fn identity(engine: &str) -> HandlerIdentity {
    HandlerIdentity {
        name: "test".to_owned(),
        version: "1".to_owned(),
        hash: String::new(),
        engine: engine.to_owned(),
    }
}

/// The state after all events, and the fault that stopped the fold.
pub fn folded(program: &dyn HandlerProgram, events: &Events) -> (String, Option<(u32, HandlerFault)>) {
    let mut fold = Fold::new(program, Detail::State).unwrap();
    for row in 0..events.batch.len() {
        fold.step(&events.batch.event(row), &events.names, None).unwrap();
    }
    let folded = fold.folded().unwrap();
    (
        text(&folded.state),
        folded.fault.map(|(moment, fault)| (moment.0, fault)),
    )
}

pub fn text(state: &Value) -> String {
    String::from_utf8(state.to_canonical()).unwrap()
}

pub fn apply_all(program: &dyn HandlerProgram, events: &Events) -> Vec<Result<Applied, HandlerFault>> {
    let mut instance = program.start();
    (0..events.batch.len())
        .map(|row| instance.apply(&events.batch.event(row), &events.names, &mut Written::off()))
        .collect()
}
