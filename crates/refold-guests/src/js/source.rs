//! Where the events of a KurrentDB projection come from.

use refold_core::event::EventView;
use refold_core::names::Names;
use refold_core::value::Value;

/// The type of events that stand for others.
const LINK: &[u8] = b"$>";

/// Which events a projection reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    events: Events,
    takes_links: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Events {
    All,
    /// What stands before the first `-` of the stream.
    Categories(Vec<Vec<u8>>),
    /// Names of streams; `$ce-order` stands for a category and `$et-OrderPlaced` for a type, as on the server.
    Streams(Vec<Vec<u8>>),
}

impl Source {
    /// `{"all":true}`, `{"categories":[…]}` or `{"streams":[…]}`.
    pub(crate) fn read(source: &Value, takes_links: Option<&Value>) -> Option<Source> {
        let Value::Object(source) = source else { return None };
        let texts = |name: &[u8]| -> Option<Vec<Vec<u8>>> {
            let Some(Value::Array(list)) = source.get(name) else {
                return None;
            };
            let text = |value: &Value| match value {
                Value::Text(text) => Some(text.as_wtf8().to_vec()),
                _ => None,
            };
            list.iter().map(text).collect()
        };
        let events = match (texts(b"categories"), texts(b"streams")) {
            (Some(categories), _) => Events::Categories(categories),
            (_, Some(streams)) => Events::Streams(streams),
            _ => Events::All,
        };
        Some(Source {
            events,
            takes_links: takes_links == Some(&Value::Bool(true)),
        })
    }

    pub(crate) fn takes(&self, event: &EventView<'_>, names: &Names) -> bool {
        let event_type = names.type_name(event.event_type);
        if event_type == LINK && !self.takes_links {
            return false;
        }
        let stream = names.stream(event.stream);
        let category = || stream.split(|byte| *byte == b'-').next().unwrap_or_default();
        match &self.events {
            Events::All => true,
            // The name must go on after the category.
            Events::Categories(list) => stream.contains(&b'-') && list.iter().any(|name| name.as_slice() == category()),
            Events::Streams(list) => list.iter().any(|name| {
                let of_category = name.strip_prefix(b"$ce-");
                let of_type = name.strip_prefix(b"$et-");
                name.as_slice() == stream
                    || of_category.is_some_and(|name| stream.contains(&b'-') && name == category())
                    || of_type == Some(event_type)
            }),
        }
    }
}
