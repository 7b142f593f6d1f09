//! How a report was made, so that somebody else can make it again.

use refold_audit::report::model::{Handler, Method};

use super::{Gathered, PROGRAM_NAME, command};
use crate::wire::HandlerWire;

pub(super) fn of(gathered: &Gathered<'_>) -> Method {
    let steps = [
        "The events that were asked for were found by their skeletons (position, stream, version, type, time), then read \
         whole and written in the order of their positions.",
        match gathered.subject {
            None => {
                "Payloads and metadata stand in the record byte for byte as the store returned them, after the decode steps \
                 of its layout; no number passed through a float. What is no JSON stands there as base64, or as text."
            }
            Some(_) => {
                "Payloads and metadata were written anew of what is shown, without the white space between: each value \
                 stands in the record byte for byte as the store returned it, after the decode steps of its layout; no number \
                 passed through a float. What is no JSON is not shown."
            }
        },
        "The pages cut long values, and say so with their length and digest; the record cuts nothing.",
        "What does not print or turns the direction of writing is shown on the pages as ⟦U+202E⟧.",
    ];
    let judged = gathered.judged.iter();
    let of_state = gathered.state.as_ref().map(|(blamed, _)| &blamed.handler);
    let of_verdict = gathered.judged.as_ref().map(|judged| &judged.handler);
    Method {
        program: PROGRAM_NAME.to_owned(),
        system: system(),
        command: command::again(
            (&gathered.source.location, gathered.session),
            of_state.or(of_verdict),
            gathered.asked,
            gathered.judged.as_ref(),
            gathered.now,
        ),
        steps: judged
            .flat_map(|judged| judged.steps.clone())
            .chain(gathered.subject.iter().flat_map(|subject| subject.steps()))
            .chain(steps.map(str::to_owned))
            .collect(),
        handler: of_state.or(of_verdict).map(handler_of),
    }
}

/// What the report is made on.
pub(super) fn system() -> String {
    format!("{} {}", std::env::consts::OS, std::env::consts::ARCH)
}

fn handler_of(handler: &HandlerWire) -> Handler {
    Handler {
        name: handler.name.clone(),
        version: handler.version.clone(),
        hash: handler.hash.clone(),
        engine: handler.engine.clone(),
    }
}
