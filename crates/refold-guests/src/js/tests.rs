//! What the tests fold: handlers that are texts.

mod exact;
mod exported;
mod hostile;
mod kept;
mod kurrentdb;
mod module;
mod typed;

use refold_core::port::handler::{HandlerFault, HandlerProgram as _, Written};
use refold_core::value::Value;

use crate::tests::{apply_all, events, folded, identity, text};
use crate::{Dialect, GuestLimits, JS_ENGINE_ID, JsProgram, Language, LoadError, Script};

fn load_with(source: &str, dialect: Dialect, limits: GuestLimits) -> Result<JsProgram, LoadError> {
    let script = Script {
        file: "handler.js".to_owned(),
        source: source.to_owned(),
        language: Language::JavaScript,
        dialect,
    };
    JsProgram::load(identity(JS_ENGINE_ID), script, limits)
}

fn program(source: &str) -> JsProgram {
    load_with(source, Dialect::Module, GuestLimits::DEFAULT).unwrap_or_else(|error| panic!("{error}"))
}

/// A module whose only rule is for the type `E`.
fn on_event(body: &str) -> String {
    format!("export default {{ initial: () => ({{}}), on: {{ E(state, event, meta) {{ {body} }} }} }}")
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
    match load_with(source, Dialect::Module, GuestLimits::DEFAULT) {
        Ok(_) => panic!("it was loaded: {source}"),
        Err(error) => error,
    }
}
