//! A program whose state is what another program's state was where the row of its stream is: after the last event at or
//! before the row's own position, or that of the read model.

use std::sync::Arc;

use refold_core::cursor::Cursor;
use refold_core::event::{Columns, EventBatch, EventView, Position, Version};
use refold_core::names::Names;
use refold_core::port::handler::{
    Applied, Checkpoint, HandlerFault, HandlerIdentity, HandlerInstance, HandlerProgram, StatesAsked, Untold, Written,
};
use refold_core::value::{Array, Number, Value};

use super::held::{HeldRows, digest};
use super::mapping::Own;
use super::place::{Says, latest, means};

/// See the module. Its identity is that of the program it follows.
pub struct Aligned {
    pub program: Arc<dyn HandlerProgram>,
    pub rows: Arc<HeldRows>,
    pub own: Own,
    /// How far the read model is as a whole; `None`: nobody says.
    pub until: Option<Cursor>,
}

/// What came of one stream.
#[derive(Debug, Clone, PartialEq)]
pub struct Reached {
    /// Where the row is.
    pub state: Value,
    /// Where the read model as a whole is, where somebody says that and the row is earlier.
    pub due_state: Option<Value>,
    /// Events in it.
    pub held: u32,
    /// Events that the read model as a whole has come past.
    pub due: u32,
    pub first_position: Position,
    /// Of the last event in the state; that of none where there is none.
    pub held_position: Option<Position>,
    /// The row means one of these events.
    pub is_named: bool,
    /// Whether that is the last event in the state.
    pub is_named_last: bool,
    /// The last of the stream, where its events have versions.
    pub last_version: Option<Version>,
}

impl HandlerProgram for Aligned {
    fn identity(&self) -> &HandlerIdentity {
        self.program.identity()
    }

    fn start(&self) -> Box<dyn HandlerInstance> {
        Box::new(AlignedInstance {
            inner: self.program.start(),
            rows: Arc::clone(&self.rows),
            own: self.own.clone(),
            until: self.until,
            seen: Seen::default(),
            untold: None,
        })
    }

    fn columns(&self) -> Columns {
        self.program.columns()
    }
}

/// Whether the event is at or before the cursor. Relative ones were resolved before.
pub fn is_within(cursor: &Cursor, event: &EventView<'_>) -> bool {
    match cursor {
        Cursor::Version(version) => event.version != EventBatch::NO_VERSION && event.version <= *version,
        Cursor::Position(position) => event.position <= *position,
        Cursor::At(time) => !event.recorded_at.is_none() && event.recorded_at <= *time,
        Cursor::Start => false,
        Cursor::Head | Cursor::Ago { .. } => true,
    }
}

#[derive(Debug, Clone, Default)]
struct Seen {
    /// Where the row says that it is, and where it is; known with the first event.
    says: Option<Cursor>,
    cut: Option<Cursor>,
    events: u32,
    held: u32,
    due: u32,
    first_position: Option<Position>,
    held_position: Option<Position>,
    is_named: bool,
    is_named_last: bool,
    last_version: Option<Version>,
    /// The state where the row is, once an event lies beyond.
    kept: Option<Told>,
    /// The same of where the read model as a whole is.
    kept_due: Option<Told>,
}

/// A state; where it cannot be told, the last one before that can, and since which event, and why.
type Told = (Value, Option<(Position, HandlerFault)>);

/// The state of an instance as far as it can be told.
fn told(instance: &mut dyn HandlerInstance) -> Result<Told, HandlerFault> {
    match instance.state() {
        Ok(state) => Ok((state, None)),
        Err(fault) if fault.is_cancelled() => Err(fault),
        Err(fault) => match instance.take_untold() {
            Some(untold) => Ok((untold.before, Some((untold.position, untold.fault)))),
            None => Err(fault),
        },
    }
}

struct AlignedInstance {
    inner: Box<dyn HandlerInstance>,
    rows: Arc<HeldRows>,
    own: Own,
    until: Option<Cursor>,
    seen: Seen,
    untold: Option<Untold>,
}

impl HandlerInstance for AlignedInstance {
    fn reset(&mut self) {
        self.inner.reset();
        self.seen = Seen::default();
        self.untold = None;
    }

    fn apply(&mut self, event: &EventView<'_>, names: &Names, written: &mut Written) -> Result<Applied, HandlerFault> {
        let unit = self.rows.unit;
        if self.seen.first_position.is_none() {
            self.seen.first_position = Some(event.position);
            let row = self.rows.find(digest(names.stream(event.stream)));
            if let Some(Says::At(says)) = row.map(|(_, row)| row.says(&self.own)) {
                self.seen.says = Some(says);
            }
            self.seen.cut = self.seen.says.as_ref().map(|says| latest(says, unit)).or(self.until);
        }
        // What comes back within was within all along: floor semantics, also where a clock ran backwards.
        let is_held = self.seen.cut.is_none_or(|cut| is_within(&cut, event));
        if !is_held && self.seen.held == self.seen.events {
            self.seen.kept = Some(told(self.inner.as_mut())?);
        }
        let is_due = self.until.is_none_or(|until| is_within(&until, event));
        if !is_due && self.seen.due == self.seen.events {
            self.seen.kept_due = Some(told(self.inner.as_mut())?);
        }
        let applied = self.inner.apply(event, names, written)?;
        let seen = &mut self.seen;
        seen.events += 1;
        let says = seen.says.as_ref();
        let is_named = says.is_some_and(|says| means(says, unit, event.version, event.position, event.recorded_at));
        seen.is_named |= is_named;
        if event.version != EventBatch::NO_VERSION {
            seen.last_version = seen.last_version.max(Some(event.version));
        }
        if is_held {
            seen.held = seen.events;
            seen.held_position = Some(event.position);
            seen.is_named_last = is_named;
            seen.kept = None;
        }
        if is_due {
            seen.due = seen.events;
            seen.kept_due = None;
        }
        Ok(applied)
    }

    fn look_ahead<'e>(&mut self, coming: &mut dyn Iterator<Item = EventView<'e>>, names: &Names, asked: StatesAsked) {
        self.inner.look_ahead(coming, names, asked);
    }

    fn state(&mut self) -> Result<Value, HandlerFault> {
        let (state, mut late) = match &self.seen.kept {
            Some(kept) => kept.clone(),
            None => told(self.inner.as_mut())?,
        };
        let due_state = match self.until.is_some() && self.seen.held < self.seen.due {
            false => Value::Bool(false),
            true => {
                let (state, late_due) = match &self.seen.kept_due {
                    Some(kept) => kept.clone(),
                    None => told(self.inner.as_mut())?,
                };
                late = late.or(late_due);
                Value::Array(Array::from_iter([state]))
            }
        };
        let number = |number: i64| Value::Number(Number::from(number));
        let position = |position: Option<Position>| position.map_or(Value::Null, |position| number(position.0));
        let reached = Value::Array(Array::from_iter([
            state,
            number(self.seen.held.into()),
            number(self.seen.due.into()),
            position(self.seen.first_position),
            position(self.seen.held_position),
            Value::Bool(self.seen.is_named),
            Value::Bool(self.seen.is_named_last),
            self.seen.last_version.map_or(Value::Null, |version| number(version.0)),
            due_state,
        ]));
        let Some((position, fault)) = late else {
            return Ok(reached);
        };
        self.untold = Some(Untold {
            position,
            fault: fault.clone(),
            before: reached,
        });
        Err(fault)
    }

    fn tells_late(&self) -> bool {
        self.inner.tells_late()
    }

    fn is_told(&self) -> bool {
        let kept = [&self.seen.kept, &self.seen.kept_due].into_iter().flatten();
        self.inner.is_told() && kept.map(|(_, late)| late).all(Option::is_none)
    }

    fn take_untold(&mut self) -> Option<Untold> {
        self.untold.take()
    }

    fn checkpoint(&mut self) -> Result<Checkpoint, HandlerFault> {
        Ok(Checkpoint::Opaque {
            body: Arc::new((self.inner.checkpoint()?, self.seen.clone())),
            byte_count: size_of::<Seen>(),
        })
    }

    fn restore(&mut self, checkpoint: &Checkpoint) -> Result<(), HandlerFault> {
        if let Checkpoint::Opaque { body, .. } = checkpoint
            && let Some((inner, seen)) = body.downcast_ref::<(Checkpoint, Seen)>()
        {
            self.seen.clone_from(seen);
            return self.inner.restore(inner);
        }
        Err(HandlerFault {
            code: "RF-HANDLER-TYPE",
            message: "this checkpoint was made by another handler; fold from the start".to_owned(),
            place: None,
        })
    }
}

impl Reached {
    /// What a fold of [`Aligned`] came to; `None` for a state of any other program, and of a stream of which no event was
    /// folded.
    pub fn of_state(state: &Value) -> Option<Reached> {
        let Value::Array(parts) = state else { return None };
        let whole = |at: usize| match parts.get(at)? {
            Value::Number(number) => number.to_i64(),
            _ => None,
        };
        let count = |at: usize| whole(at).and_then(|count| u32::try_from(count).ok());
        Some(Reached {
            state: parts.get(0)?.clone(),
            due_state: match parts.get(8) {
                Some(Value::Array(due)) => due.get(0).cloned(),
                _ => None,
            },
            held: count(1)?,
            due: count(2)?,
            first_position: Position(whole(3)?),
            held_position: whole(4).map(Position),
            is_named: matches!(parts.get(5), Some(Value::Bool(true))),
            is_named_last: matches!(parts.get(6), Some(Value::Bool(true))),
            last_version: whole(7).map(Version),
        })
    }
}
