//! What a program answers: a JSON object on a line. It must not know how the line came.

use std::collections::HashMap;

use refold_core::count::counted;
use refold_core::port::handler::{Applied, HandlerFault};
use refold_core::value::{Object, Value};

use crate::error::{code, fault};
use crate::limits::GuestLimits;
use crate::recorded::Recorded;
use crate::unhandled::Unhandled;

#[cfg(test)]
mod tests;

/// An answer stands this much deeper than a state in it.
const OWN_DEPTH: usize = 2;

/// The length of a file's name in the place of a failure, and of its numbers.
const MOST_FILE_BYTES: usize = 200;
const MOST_DIGITS: usize = 7;

/// Codes that a program may give its failures; any other is its own and goes into the message.
const KNOWN_CODES: [&str; 5] = [
    code::HANDLER_THROW,
    code::HANDLER_TYPE,
    code::LIMIT_MEMORY,
    code::LIMIT_STACK,
    code::STATE_UNSERIALIZABLE,
];

/// What a program says of itself when it starts.
#[derive(Debug)]
pub struct About {
    /// By event type: whether the program folds it. `None`: it takes every type.
    pub types: Option<HashMap<Vec<u8>, bool>>,
    pub unhandled: Unhandled,
}

/// An answer that was understood.
pub enum Answer {
    Done(Object),
    /// One of the events failed, or what was asked.
    Failed {
        at: Option<usize>,
        fault: HandlerFault,
    },
}

impl Answer {
    pub fn read(line: &[u8], limits: &GuestLimits) -> Result<Answer, HandlerFault> {
        let answer = match Value::from_json(line, limits.depth + OWN_DEPTH) {
            Ok(Value::Object(answer)) => answer,
            Ok(_) => return Err(odd("it is no JSON object", line)),
            Err(error) if error.is_depth() => {
                let message = format!("the state nests deeper than {} levels; flatten it", limits.depth);
                return Err(fault(code::LIMIT_DEPTH, message));
            }
            Err(error) => return Err(odd(&format!("it is no JSON: {error}"), line)),
        };
        match answer.get(b"ok") {
            Some(Value::Bool(true)) => Ok(Answer::Done(answer)),
            Some(Value::Bool(false)) => Ok(Answer::Failed {
                at: answer.get(b"at").and_then(natural),
                fault: failure(answer.get(b"error")),
            }),
            _ => Err(odd("it has no `ok` that is true or false", line)),
        }
    }

    /// The answer to a line that asks for one thing.
    pub fn done(self) -> Result<Object, HandlerFault> {
        match self {
            Answer::Done(answer) => Ok(answer),
            Answer::Failed { fault, .. } => Err(fault),
        }
    }
}

impl About {
    /// Reads the answer to `init`.
    pub fn read(answer: &Object) -> Result<About, HandlerFault> {
        if let Some(abi) = answer.get(b"abi")
            && natural(abi) != Some(1)
        {
            let message = "the program speaks another version than 1; build it for `\"abi\":1`";
            return Err(fault(code::PROC_PROTOCOL, message));
        }
        let mut types: Option<HashMap<Vec<u8>, bool>> = None;
        for (member, is_folded) in [("types", true), ("ignored", false)] {
            let Some(list) = answer.get(member.as_bytes()) else {
                continue;
            };
            let names = texts(list).ok_or_else(|| {
                fault(
                    code::PROC_PROTOCOL,
                    format!("`{member}` must be a list of names of event types"),
                )
            })?;
            let known = types.get_or_insert_default();
            known.extend(names.into_iter().map(|name| (name, is_folded)));
        }
        let said = match answer.get(b"unhandled") {
            None => Some(Unhandled::Warn),
            Some(Value::Text(word)) => Unhandled::of(word.as_wtf8()),
            Some(_) => None,
        };
        let Some(unhandled) = said else {
            let message = "`unhandled` is \"ignore\", \"warn\" or \"error\"";
            return Err(fault(code::PROC_PROTOCOL, message));
        };
        Ok(About { types, unhandled })
    }

    /// What the program does with events of this type; `None`: it folds them.
    pub fn passes(&self, event_type: &[u8]) -> Option<Result<Applied, HandlerFault>> {
        match self.types.as_ref()?.get(event_type) {
            Some(true) => None,
            Some(false) => Some(Ok(Applied::Ignored)),
            None => {
                let outcome = self.unhandled.outcome(event_type, "name it in `types` or in `ignored`");
                Some(outcome)
            }
        }
    }
}

/// The state of a key, which is JSON, in an answer.
pub fn state_of(answer: &Object, key: &[u8]) -> Result<Value, HandlerFault> {
    let Ok(Value::Text(name)) = Value::from_json(key, 1) else {
        return Err(fault(
            code::ENGINE,
            "a key is no JSON text; report this, with the handler",
        ));
    };
    let Some(Value::Object(states)) = answer.get(b"states") else {
        return Err(fault(
            code::PROC_PROTOCOL,
            "the answer has no `states` that is an object",
        ));
    };
    let state = states.get(name.as_wtf8()).cloned();
    state.ok_or_else(|| {
        let message = format!("`states` has no member {}, which was asked for", name.to_display());
        fault(code::PROC_PROTOCOL, message)
    })
}

/// The states after each of so many events.
pub fn states_after_each(answer: &Object, count: usize) -> Result<Vec<Value>, HandlerFault> {
    match answer.get(b"states") {
        Some(Value::Array(states)) if states.len() == count => Ok(states.iter().cloned().collect()),
        _ => {
            let message = format!("with \"want\":\"each\" `states` must be a list of {count}, one after each event");
            Err(fault(code::PROC_PROTOCOL, message))
        }
    }
}

/// What the events of an answer would have written.
pub fn emitted(answer: &Object, limits: &GuestLimits) -> Result<Vec<Recorded>, HandlerFault> {
    let list = match answer.get(b"emitted") {
        None => return Ok(Vec::new()),
        Some(Value::Array(list)) => list,
        Some(_) => return Err(fault(code::PROC_PROTOCOL, "`emitted` must be a list")),
    };
    if list.len() > limits.output_events {
        let message = format!(
            "the handler emits more than {} for one; emit fewer",
            counted(limits.output_events as u64, "event")
        );
        return Err(fault(code::LIMIT_OUTPUT, message));
    }
    let odd = || fault(code::PROC_PROTOCOL, "what is `emitted` must be objects with a `type`");
    list.iter().map(|one| Recorded::of(one).ok_or_else(odd)).collect()
}

/// What is said about a line that is no answer.
pub fn odd(what: &str, line: &[u8]) -> HandlerFault {
    let message = format!("the program answers in an odd way: {what}: {}", shortened(line));
    fault(code::PROC_PROTOCOL, message)
}

/// The beginning of what a program wrote, for a message.
pub fn shortened(text: &[u8]) -> String {
    const SHOWN: usize = 120;
    let start = String::from_utf8_lossy(text.get(..SHOWN).unwrap_or(text)).into_owned();
    let clean: String = start.chars().map(|it| if it.is_control() { ' ' } else { it }).collect();
    if text.len() > SHOWN {
        format!("{clean}…")
    } else {
        clean
    }
}

/// Reads `{"code": …, "message": …, "place": …}`; a text is a message. What is no place is left out.
fn failure(error: Option<&Value>) -> HandlerFault {
    let (given, message, place) = match error {
        Some(Value::Text(message)) => (None, Some(message.to_display().into_owned()), None),
        Some(Value::Object(error)) => {
            let member = |name: &[u8]| match error.get(name) {
                Some(Value::Text(text)) => Some(text.to_display().into_owned()),
                _ => None,
            };
            // Masking rules pass on the place of a fault: it must be one, and no text that may quote the event.
            let place = member(b"place").filter(|place| is_place(place));
            (member(b"code"), member(b"message"), place)
        }
        _ => (None, None, None),
    };
    let message = message.unwrap_or_else(|| "the program failed, and does not say why".to_owned());
    let known = KNOWN_CODES.into_iter().find(|known| Some(*known) == given.as_deref());
    let message = match (known, given) {
        (None, Some(given)) => format!("{given}: {message}"),
        // Masking rules pass on what is said under codes of limits, as Refold's own words: so they are.
        (Some(code::LIMIT_MEMORY), _) => "the program says that it is out of memory; keep less".to_owned(),
        (Some(code::LIMIT_STACK), _) => {
            "the program says that it calls itself too often; look for a recursion that does not end".to_owned()
        }
        _ => message,
    };
    HandlerFault {
        code: known.unwrap_or(code::HANDLER_THROW),
        message,
        place,
    }
}

/// Whether it is `FILE:LINE` or `FILE:LINE:COLUMN`.
fn is_place(text: &str) -> bool {
    let mut pieces = text.split(':');
    let is_file = |file: &str| {
        let is_letter = |it: char| it.is_alphanumeric() || "._-/".contains(it);
        (1..=MOST_FILE_BYTES).contains(&file.len()) && file.chars().all(is_letter)
    };
    let is_number =
        |number: &str| (1..=MOST_DIGITS).contains(&number.len()) && number.bytes().all(|digit| digit.is_ascii_digit());
    pieces.next().is_some_and(is_file)
        && pieces.next().is_some_and(is_number)
        && pieces.next().is_none_or(is_number)
        && pieces.next().is_none()
}

fn natural(value: &Value) -> Option<usize> {
    let Value::Number(number) = value else { return None };
    usize::try_from(number.to_i64()?).ok()
}

fn texts(list: &Value) -> Option<Vec<Vec<u8>>> {
    let Value::Array(list) = list else { return None };
    let text = |one: &Value| match one {
        Value::Text(text) => Some(text.as_wtf8().to_vec()),
        _ => None,
    };
    list.iter().map(text).collect()
}
