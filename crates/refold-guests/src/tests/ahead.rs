//! Whatever an engine is told ahead, and whatever is done then: its answers are those of one that is told nothing.

use proptest::prelude::*;
use refold_core::event::{Encoding, EventBatch, EventView, Position, StreamOrdinal, Version};
use refold_core::names::Names;
use refold_core::port::handler::{Checkpoint, Coming, HandlerInstance, HandlerProgram, StatesAsked, Written};
use refold_core::time::Timestamp;

use super::{Events, text};

pub const STREAMS: usize = 3;
pub const EVENTS: usize = 6;

/// One call of an instance. Folds are of one of the streams.
#[derive(Debug, Clone)]
pub enum Call {
    Reset(usize),
    /// Back to the checkpoint that was made last, if any.
    Restore,
    Apply,
    State,
    Checkpoint,
}

#[derive(Debug, Clone)]
pub enum Deed {
    Call(Call),
    /// So many events are told, and each of their states is asked for or not.
    LookAhead(usize, bool),
    /// These calls are told, and made or not.
    LookOver(Vec<Call>, bool),
}

fn call() -> impl Strategy<Value = Call> {
    prop_oneof![
        6 => Just(Call::Apply),
        2 => (0..STREAMS).prop_map(Call::Reset),
        1 => Just(Call::Restore),
        2 => Just(Call::State),
        1 => Just(Call::Checkpoint),
    ]
}

pub fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let deed = prop_oneof![
        4 => call().prop_map(Deed::Call),
        1 => (0_usize..EVENTS, any::<bool>()).prop_map(|(count, is_each)| Deed::LookAhead(count, is_each)),
        3 => ((0..STREAMS).prop_map(Call::Reset), prop::collection::vec(call(), 0..24), prop::bool::weighted(0.8))
            .prop_map(|(first, mut rest, is_made)| {
                rest.insert(0, first);
                Deed::LookOver(rest, is_made)
            }),
    ];
    prop::collection::vec(deed, 1..16)
}

/// Events of three streams, of these types and payloads in turn.
pub fn of_streams(list: &[(&str, &str)]) -> Events {
    of_named_streams(list, |stream| format!("order-{stream}").into_bytes())
}

/// The same, of streams whose names are known.
pub fn of_named_streams(list: &[(&str, &str)], name_of: impl Fn(usize) -> Vec<u8>) -> Events {
    let (mut names, mut batch) = (Names::default(), EventBatch::default());
    for row in 0..STREAMS * EVENTS {
        let (event_type, payload) = list[row % list.len()];
        let name = name_of(row / EVENTS);
        batch.streams.push(names.intern_stream(&name, || b"order"));
        batch.types.push(names.intern_type(event_type.as_bytes()));
        batch.positions.push(Position(row as i64));
        batch.versions.push(Version((row % EVENTS) as i64));
        batch
            .recorded_at
            .push(Timestamp(1_785_765_600_000_000_000 + row as i64));
        let span = batch.store(payload.as_bytes());
        batch.payloads.push(span);
        batch.payload_encodings.push(Encoding::Json);
    }
    Events { batch, names }
}

/// Where a fold is: which stream, and how many of its events came.
type Place = (usize, usize);

fn next_of<'e>(events: &'e Events, (stream, at): Place) -> Option<EventView<'e>> {
    let event = (at < EVENTS).then(|| events.batch.event(stream * EVENTS + at))?;
    assert_eq!(event.stream, StreamOrdinal(stream as u32));
    Some(event)
}

/// Two instances of a program side by side, of which one is told what comes.
struct Side<'e> {
    events: &'e Events,
    told: Box<dyn HandlerInstance>,
    plain: Box<dyn HandlerInstance>,
    place: Place,
    kept: Option<(Checkpoint, Checkpoint, Place)>,
}

impl Side<'_> {
    fn make(&mut self, call: &Call) {
        match call {
            Call::Reset(stream) => {
                self.place = (*stream, 0);
                self.told.reset();
                self.plain.reset();
            }
            Call::Restore => {
                if let Some((told, plain, place)) = &self.kept {
                    self.place = *place;
                    self.told.restore(told).unwrap();
                    self.plain.restore(plain).unwrap();
                }
            }
            Call::Apply => {
                if let Some(event) = next_of(self.events, self.place) {
                    self.place.1 += 1;
                    let apply =
                        |it: &mut dyn HandlerInstance| it.apply(&event, &self.events.names, &mut Written::off());
                    assert_eq!(apply(self.told.as_mut()), apply(self.plain.as_mut()));
                }
            }
            Call::State => self.compare(),
            Call::Checkpoint => {
                let (told, plain) = (self.told.checkpoint().unwrap(), self.plain.checkpoint().unwrap());
                self.kept = Some((told, plain, self.place));
            }
        }
    }

    fn compare(&mut self) {
        let (told, plain) = (self.told.state().unwrap(), self.plain.state().unwrap());
        assert_eq!(text(&told), text(&plain));
    }

    fn look_over(&mut self, calls: &[Call]) {
        let (mut place, kept) = (self.place, &self.kept);
        let coming: Vec<Coming<'_>> = calls
            .iter()
            .filter_map(|call| {
                Some(match call {
                    Call::Reset(stream) => {
                        place = (*stream, 0);
                        Coming::Reset
                    }
                    Call::Restore => {
                        let (told, _, then) = kept.as_ref()?;
                        place = *then;
                        Coming::Restore(told)
                    }
                    Call::Apply => {
                        let event = next_of(self.events, place)?;
                        place.1 += 1;
                        Coming::Event(event)
                    }
                    Call::State => Coming::State,
                    Call::Checkpoint => Coming::Checkpoint,
                })
            })
            .collect();
        self.told.look_ahead_over(&mut coming.into_iter(), &self.events.names);
    }
}

pub fn change_no_answer(program: &dyn HandlerProgram, events: &Events, deeds: &[Deed]) {
    let mut side = Side {
        events,
        told: program.start(),
        plain: program.start(),
        place: (0, 0),
        kept: None,
    };
    for deed in deeds {
        match deed {
            Deed::Call(call) => side.make(call),
            Deed::LookAhead(count, is_each) => {
                let asked = if *is_each {
                    StatesAsked::EveryState
                } else {
                    StatesAsked::LastState
                };
                let (stream, at) = side.place;
                let mut coming = (at..at + count).map_while(|at| next_of(events, (stream, at)));
                side.told.look_ahead(&mut coming, &events.names, asked);
            }
            Deed::LookOver(calls, is_made) => {
                side.look_over(calls);
                calls.iter().filter(|_| *is_made).for_each(|call| side.make(call));
            }
        }
    }
    side.compare();
}
