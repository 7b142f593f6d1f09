//! What the tests fold: events that are written down, and handlers that are texts.

mod exact;
mod hostile;
mod kept;
mod kurrentdb;
mod module;

use refold_core::event::{Encoding, EventBatch, Position, Version};
use refold_core::fold::{Detail, Fold};
use refold_core::names::Names;
use refold_core::port::handler::{Applied, HandlerFault, HandlerIdentity, HandlerProgram as _, Written};
use refold_core::time::Timestamp;
use refold_core::value::Value;

use crate::{Dialect, ENGINE_ID, JsLimits, JsProgram, LoadError};

/// Events of one stream, `(type, payload)`; a payload of `-` is NULL in the store.
struct Events {
    batch: EventBatch,
    names: Names,
}

fn events(list: &[(&str, &str)]) -> Events {
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

fn load_with(source: &str, dialect: Dialect, limits: JsLimits) -> Result<JsProgram, LoadError> {
    let identity = HandlerIdentity {
        name: "test".to_owned(),
        version: "1".to_owned(),
        hash: String::new(),
        engine: ENGINE_ID.to_owned(),
    };
    JsProgram::load(identity, source, dialect, limits)
}

fn program(source: &str) -> JsProgram {
    load_with(source, Dialect::Module, JsLimits::DEFAULT).unwrap_or_else(|error| panic!("{error}"))
}

/// A module whose only rule is for the type `E`.
fn on_event(body: &str) -> String {
    format!("export default {{ initial: () => ({{}}), on: {{ E(state, event, meta) {{ {body} }} }} }}")
}

/// The state after all events, and the fault that stopped the fold.
fn folded(program: &JsProgram, events: &Events) -> (String, Option<(u32, HandlerFault)>) {
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

fn text(state: &Value) -> String {
    String::from_utf8(state.to_canonical()).unwrap()
}

/// The state that a single event of type `E` leads to.
fn state_of(body: &str, payload: &str) -> String {
    let (state, fault) = folded(&program(&on_event(body)), &events(&[("E", payload)]));
    assert_eq!(fault, None);
    state
}

/// The fault of a single event of type `E`.
fn fault_of(body: &str) -> HandlerFault {
    let (state, fault) = folded(&program(&on_event(body)), &events(&[("E", "{}")]));
    assert_eq!(state, "{}", "the state is the one before the event");
    fault.expect("the event fails").1
}

fn refusal(source: &str) -> LoadError {
    match load_with(source, Dialect::Module, JsLimits::DEFAULT) {
        Ok(_) => panic!("it was loaded: {source}"),
        Err(error) => error,
    }
}

fn apply_all(program: &JsProgram, events: &Events) -> Vec<Result<Applied, HandlerFault>> {
    let mut instance = program.start();
    (0..events.batch.len())
        .map(|row| instance.apply(&events.batch.event(row), &events.names, &mut Written::off()))
        .collect()
}
