//! What is otherwise in a branch, in the order in which it is done.

use std::fmt;
use std::sync::Arc;

use refold_core::pointer::Pointer;
use refold_core::time::Timestamp;
use refold_core::value::Value;

use crate::error::{Mark, PackageError, code};

/// A list of edits, read and checked. Whether its events are there is known when a branch is made of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edits {
    /// How messages name the file.
    pub file: Arc<str>,
    /// The name of the branch, if it has one.
    pub name: Option<String>,
    pub edits: Vec<Edit>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// Where it stands in the file.
    pub mark: Mark,
    pub change: Change,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Leaves the event out.
    Skip(EventRef),
    Revise(EventRef, Revision),
    Insert(Spot, NewEvent),
    Move(EventRef, Spot),
}

/// An event of the branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventRef {
    /// `v5`
    Version(i64),
    /// `#4711`
    Position(i64),
    /// `+1`: the first one that was inserted.
    Inserted(u32),
}

/// A place between events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spot {
    Before(EventRef),
    After(EventRef),
}

/// What is otherwise in an event.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Revision {
    /// In the order in which it is done.
    pub payload: Vec<PayloadEdit>,
    pub recorded_at: Option<Timestamp>,
    pub occurred_at: Option<Timestamp>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PayloadEdit {
    Whole(Value),
    Set(Pointer, Value),
    Remove(Pointer),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    pub event_type: String,
    pub payload: Value,
    pub metadata: Option<Value>,
    pub schema_version: Option<String>,
    /// `None`: that of the event it stands behind.
    pub recorded_at: Option<Timestamp>,
    pub occurred_at: Option<Timestamp>,
}

impl Edits {
    /// None yet. `file`: how messages name where they come from.
    pub fn none(file: &str) -> Edits {
        Edits {
            file: Arc::from(file),
            name: None,
            edits: Vec::new(),
        }
    }

    /// Leaves one more event out, which is named as a person writes it.
    pub fn skip(&mut self, event: &str) -> Result<(), PackageError> {
        let mark = Mark::START;
        let event = EventRef::parse(event).ok_or_else(|| self.error(mark, EventRef::wrong(event)))?;
        self.edits.push(Edit {
            mark,
            change: Change::Skip(event),
        });
        Ok(())
    }

    pub(super) fn error(&self, mark: Mark, message: impl Into<String>) -> PackageError {
        PackageError::at(code::EDITS, &self.file, mark, message)
    }
}

impl EventRef {
    /// `v5`, `#4711` or `+1`.
    pub fn parse(text: &str) -> Option<EventRef> {
        let digits = |text: &str| {
            text.bytes()
                .next()
                .is_some_and(|first| first.is_ascii_digit() || first == b'-')
        };
        let (mark, number) = (text.get(..1)?, text.get(1..).filter(|number| digits(number))?);
        match mark {
            "v" => number.parse().ok().map(EventRef::Version),
            "#" => number.parse().ok().map(EventRef::Position),
            "+" => number.parse().ok().filter(|number| *number > 0).map(EventRef::Inserted),
            _ => None,
        }
    }

    pub(super) fn wrong(text: &str) -> String {
        format!(
            "an event is named by its version (v5), its position (#4711), or as the first one inserted (+1), not `{text}`"
        )
    }
}

impl fmt::Display for EventRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EventRef::Version(version) => write!(f, "v{version}"),
            EventRef::Position(position) => write!(f, "#{position}"),
            EventRef::Inserted(number) => write!(f, "+{number}"),
        }
    }
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Spot::Before(event) => write!(f, "before {event}"),
            Spot::After(event) => write!(f, "after {event}"),
        }
    }
}

impl fmt::Display for Change {
    /// In words, in one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Change::Skip(event) => write!(f, "{event} is left out"),
            Change::Move(event, spot) => write!(f, "{event} comes {spot}"),
            Change::Insert(spot, event) => {
                write!(f, "{} is inserted {spot}", event.event_type)?;
                match event.recorded_at {
                    Some(time) => write!(f, ", recorded at {}", time.display(0)),
                    None => Ok(()),
                }
            }
            Change::Revise(event, revision) => {
                write!(f, "in {event} ")?;
                let mut said = Vec::new();
                for edit in &revision.payload {
                    said.push(match edit {
                        PayloadEdit::Whole(_) => "the payload is another".to_owned(),
                        PayloadEdit::Set(path, value) => format!("{path} is {}", value.display_json()),
                        PayloadEdit::Remove(path) => format!("{path} is missing"),
                    });
                }
                if let Some(time) = revision.recorded_at {
                    said.push(format!("the recorded time is {}", time.display(0)));
                }
                if let Some(time) = revision.occurred_at {
                    said.push(format!("the occurred time is {}", time.display(0)));
                }
                f.write_str(&said.join(", "))
            }
        }
    }
}
