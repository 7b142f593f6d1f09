//! Who did an event, by its metadata.

use refold_core::event::{Columns, EventBatch};
use refold_core::history::EventSource as _;
use refold_core::track::Moment;
use refold_core::value::{Text, Value};
use refold_core::work::Work;

use crate::error::AppError;
use crate::mask::Part;
use crate::session::Session;
use crate::stream::Stream;
use crate::text;

/// Members of metadata that say who, the first that is there counts. They are what libraries and people call it.
const NAMES: [&str; 10] = [
    "actor",
    "user",
    "userId",
    "user_id",
    "userName",
    "user_name",
    "username",
    "principal",
    "causedBy",
    "createdBy",
];

/// Who did the event that led to `moment`, as a person may see it; empty where its metadata does not say.
pub fn actor(work: &Work<'_>, session: &Session, stream: &Stream, moment: Moment) -> Result<String, AppError> {
    let columns = Columns {
        metadata: true,
        ..Columns::PAYLOAD
    };
    let mut events = stream.events(session.store(), columns);
    let mut batch = EventBatch::default();
    events.read(work, Moment(moment.0.saturating_sub(1)), moment, &mut batch)?;
    let event = batch.event(0);
    let metadata = event
        .metadata
        .and_then(|bytes| Value::from_json(bytes, Value::MAX_DEPTH).ok());
    let cover = session.mask().of_event(&event, stream.names(), Part::Metadata);
    Ok(metadata
        .map(|metadata| said_in(&cover.value(&metadata)))
        .unwrap_or_default())
}

fn said_in(metadata: &Value) -> String {
    let Value::Object(members) = metadata else {
        return String::new();
    };
    let named = |name: &&str| match members.find(&Text::from(*name)).map(Value::resolved) {
        Some(Value::Text(text)) if !text.as_wtf8().is_empty() => Some(text::shown(text.as_wtf8())),
        Some(value @ (Value::Number(_) | Value::Redacted(_))) => Some(value.display_json()),
        _ => None, // nothing, or nothing that fits a word
    };
    NAMES.iter().find_map(named).unwrap_or_default()
}

#[cfg(test)]
mod tests;
