//! The event at which something was seen, and how what was seen becomes a state.

use refold_core::event::{EventView, Position, Version};
use refold_core::names::Names;
use refold_core::port::handler::HandlerFault;
use refold_core::value::{Array, Number, Text, Value};

use crate::error::code;

/// An event, as a program that watches remembers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    pub version: Version,
    pub position: Position,
    pub event_type: Text,
}

impl Sighting {
    pub(super) fn of(event: &EventView<'_>, names: &Names) -> Sighting {
        Sighting {
            version: event.version,
            position: event.position,
            event_type: Text::from_wtf8(names.type_name(event.event_type)),
        }
    }

    pub(super) fn to_value(&self) -> Value {
        let event_type = Value::Text(self.event_type.clone());
        list([number(self.version.0), number(self.position.0), event_type])
    }

    pub(super) fn from_value(value: &Value) -> Option<Sighting> {
        let [version, position, Value::Text(event_type)] = elements(value)? else {
            return None;
        };
        Some(Sighting {
            version: Version(whole(version)?),
            position: Position(whole(position)?),
            event_type: event_type.clone(),
        })
    }
}

pub(super) fn number(of: i64) -> Value {
    Value::Number(Number::from(of))
}

pub(super) fn text(of: &str) -> Value {
    Value::Text(Text::from(of))
}

pub(super) fn list<const N: usize>(of: [Value; N]) -> Value {
    Value::Array(Array::from_iter(of))
}

pub(super) fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.to_i64(),
        _ => None,
    }
}

pub(super) fn words(value: &Value) -> Option<String> {
    match value {
        Value::Text(text) => Some(text.to_display().into_owned()),
        _ => None,
    }
}

/// The elements of an array of exactly so many.
pub(super) fn elements<const N: usize>(value: &Value) -> Option<[&Value; N]> {
    let Value::Array(array) = value else { return None };
    array.iter().collect::<Vec<_>>().try_into().ok()
}

pub(crate) fn foreign_checkpoint() -> HandlerFault {
    HandlerFault {
        code: code::HANDLER_TYPE,
        message: "this checkpoint was made by another handler; fold from the start".to_owned(),
        place: None,
    }
}
