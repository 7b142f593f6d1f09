//! A small handler and random streams for it, used by the tests of folding, seeking and blame.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::event::{EventBatch, Position, Span, StreamOrdinal, Version};
use crate::history::EventSource;
use crate::pointer::Pointer;
use crate::port::handler::{HandlerIdentity, Untold};
use crate::port::store::EventReader;
use crate::time::Timestamp;
use crate::track::StreamTrack;
use crate::value::{Array, Object, Text};
use crate::work::Work;

/// What one random event does to a state of scalars and of lines with a key.
#[derive(Debug, Clone)]
pub(crate) enum Deed {
    Set {
        key: u8,
        value: u8,
    },
    SetNested {
        key: u8,
        value: u8,
    },
    /// Writes the whole nested object with one member.
    Replace {
        key: u8,
        value: u8,
    },
    Delete {
        key: u8,
    },
    /// Sets the quantity of a line, appended when it is new.
    Line {
        sku: u8,
        qty: u8,
    },
    /// Puts a line first.
    LineFirst {
        sku: u8,
        qty: u8,
    },
    DropLine {
        sku: u8,
    },
    RotateLines,
    Malformed,
    NotJson,
    UnknownType,
    Fail,
}

pub(crate) fn any_deeds(max: usize, with_faults: bool) -> impl Strategy<Value = Vec<Deed>> {
    let deed = prop_oneof![
        6 => (0_u8..4, 0_u8..3).prop_map(|(key, value)| Deed::Set { key, value }),
        4 => (0_u8..3, 0_u8..3).prop_map(|(key, value)| Deed::SetNested { key, value }),
        1 => (0_u8..3, 0_u8..3).prop_map(|(key, value)| Deed::Replace { key, value }),
        2 => (0_u8..5).prop_map(|key| Deed::Delete { key }),
        6 => (0_u8..5, 0_u8..3).prop_map(|(sku, qty)| Deed::Line { sku, qty }),
        3 => (0_u8..5, 0_u8..3).prop_map(|(sku, qty)| Deed::LineFirst { sku, qty }),
        3 => (0_u8..5).prop_map(|sku| Deed::DropLine { sku }),
        2 => Just(Deed::RotateLines),
        1 => Just(Deed::Malformed),
        1 => Just(Deed::NotJson),
        1 => Just(Deed::UnknownType),
        1 => prop::bool::weighted(0.02).prop_map(|fails| if fails { Deed::Fail } else { Deed::RotateLines }),
    ];
    prop::collection::vec(deed, 0..max).prop_map(move |mut deeds| {
        let is_fault = |deed: &Deed| matches!(deed, Deed::Malformed | Deed::NotJson | Deed::UnknownType | Deed::Fail);
        deeds.retain(|deed| with_faults || !is_fault(deed));
        deeds
    })
}

/// One random stream, ready to be read.
pub(crate) struct TestStream {
    deeds: Vec<Deed>,
    names: Names,
    stream: StreamOrdinal,
    /// The most events a read returns.
    pub(crate) read_events: usize,
    pub(crate) reads: usize,
}

impl TestStream {
    pub(crate) fn new(deeds: Vec<Deed>) -> TestStream {
        let mut names = Names::default();
        let stream = names.intern_stream(b"order-1", || b"order");
        names.intern_type(b"Known");
        names.intern_type(b"Unknown");
        TestStream {
            deeds,
            names,
            stream,
            read_events: usize::MAX,
            reads: 0,
        }
    }

    pub(crate) fn track(&self) -> Arc<StreamTrack> {
        let mut track = StreamTrack::default();
        let mut batch = EventBatch::default();
        self.fill(0, self.deeds.len(), &mut batch);
        track.extend(&batch);
        Arc::new(track)
    }

    /// Brings the stream from its first event on.
    pub(crate) fn reader(&self) -> TestReader<'_> {
        TestReader { stream: self, next: 0 }
    }

    fn fill(&self, from: usize, to: usize, batch: &mut EventBatch) {
        for at in from..to {
            let deed = &self.deeds[at];
            let is_unknown = matches!(deed, Deed::UnknownType);
            batch.positions.push(Position(at as i64 + 1));
            batch.streams.push(self.stream);
            batch.versions.push(Version(at as i64 + 1));
            batch.types.push(crate::event::TypeOrdinal(u32::from(is_unknown)));
            batch.recorded_at.push(Timestamp(at as i64 * 1_000));
            let payload = match deed {
                Deed::Malformed => b"{\"cut\":".to_vec(),
                // The handler looks its deed up by the index: payloads only need to be well-formed.
                _ => at.to_string().into_bytes(),
            };
            let span = batch.store(&payload);
            batch.payloads.push(span);
            let is_json = !matches!(deed, Deed::NotJson);
            batch
                .payload_encodings
                .push(if is_json { Encoding::Json } else { Encoding::Opaque });
            batch.metadata.push(Span::NULL);
        }
    }

    /// The plain fold: every prefix from the start, with what each event wrote.
    pub(crate) fn prefixes(&self, detail: Detail, findings: &Findings) -> (Vec<Folded>, Vec<Vec<Pointer>>) {
        let program = TestProgram::of(self);
        let mut fold = Fold::new(&program, detail).unwrap();
        let mut instance = program.start();
        let mut batch = EventBatch::default();
        self.fill(0, self.deeds.len(), &mut batch);
        let mut prefixes = vec![fold.folded().unwrap()];
        let mut writes = vec![Vec::new()];
        for row in 0..batch.len() {
            let event = batch.event(row);
            fold.step(&event, &self.names, Some(findings)).unwrap();
            let folded = fold.folded().unwrap();
            let mut written = Written::on();
            let is_applied = event.encoding == Encoding::Json && folded.fault.is_none();
            if is_applied {
                instance.apply(&event, &self.names, &mut written).unwrap();
            }
            prefixes.push(folded);
            writes.push(written.paths().to_vec());
        }
        (prefixes, writes)
    }
}

impl EventSource for TestStream {
    fn read(&mut self, work: &Work<'_>, from: Moment, to: Moment, batch: &mut EventBatch) -> Result<(), StoreError> {
        batch.clear();
        work.check()?;
        self.reads += 1;
        let to = (to.0 as usize).min((from.0 as usize).saturating_add(self.read_events));
        self.fill(from.0 as usize, to, batch);
        Ok(())
    }

    fn names(&self) -> &Names {
        &self.names
    }
}

pub(crate) struct TestReader<'a> {
    stream: &'a TestStream,
    next: usize,
}

impl EventReader for TestReader<'_> {
    fn next_batch(
        &mut self,
        work: &Work<'_>,
        max_rows: usize,
        batch: &mut EventBatch,
        names: &mut Names,
        _findings: &Findings,
    ) -> Result<bool, StoreError> {
        batch.clear();
        work.check()?;
        names.intern_stream(b"order-1", || b"order");
        names.intern_type(b"Known");
        names.intern_type(b"Unknown");
        let rows = max_rows.min(self.stream.read_events);
        let to = self.stream.deeds.len().min(self.next.saturating_add(rows));
        self.stream.fill(self.next, to, batch);
        self.next = to;
        Ok(!batch.is_empty())
    }
}

/// The handler of the deeds. It looks them up by the number that the payload is.
#[derive(Clone)]
pub(crate) struct TestProgram {
    identity: HandlerIdentity,
    deeds: Arc<Vec<Deed>>,
    keys: Vec<(String, String)>,
}

impl TestProgram {
    pub(crate) fn of(stream: &TestStream) -> TestProgram {
        let text = |text: &str| text.to_owned();
        TestProgram {
            identity: HandlerIdentity {
                name: text("test"),
                version: text("1"),
                hash: text("-"),
                engine: text("test"),
            },
            deeds: Arc::new(stream.deeds.clone()),
            keys: vec![(text("/lines"), text("sku"))],
        }
    }
}

impl HandlerProgram for TestProgram {
    fn identity(&self) -> &HandlerIdentity {
        &self.identity
    }

    fn start(&self) -> Box<dyn HandlerInstance> {
        let initial = [
            ("lines", Value::Array(Array::default())),
            ("nested", Value::Object(Object::default())),
        ];
        let state: Object = initial
            .into_iter()
            .map(|(key, value)| (Text::from(key), value))
            .collect();
        Box::new(TestInstance {
            deeds: self.deeds.clone(),
            state: state.clone(),
            initial: state,
        })
    }

    fn array_keys(&self) -> &[(String, String)] {
        &self.keys
    }
}

struct TestInstance {
    deeds: Arc<Vec<Deed>>,
    initial: Object,
    state: Object,
}

fn small(value: u8) -> Value {
    Value::Number(crate::value::Number::Int(i64::from(value)))
}

impl TestInstance {
    fn lines(&mut self) -> &mut Array {
        match self.state.get_mut(b"lines") {
            Some(Value::Array(lines)) => lines,
            _ => unreachable!("no deed touches the lines as a whole"),
        }
    }

    fn line_of(&mut self, sku: u8) -> Option<usize> {
        let of = |line: &Value| matches!(line, Value::Object(line) if line.get(b"sku") == Some(&small(sku)));
        self.lines().iter().position(of)
    }

    fn set_line(&mut self, sku: u8, qty: u8, first: bool, written: &mut Written) {
        let lines_at = Pointer::parse("/lines").unwrap();
        let at = self.line_of(sku);
        if let (Some(at), false) = (at, first) {
            if let Some(Value::Object(line)) = self.lines().get_mut(at) {
                line.insert(Text::from("qty"), small(qty));
            }
            written.record(|| lines_at.push_index(at).push_key(&Text::from("qty")));
            return;
        }
        if let Some(at) = at {
            self.lines().remove(at);
        }
        let members = [("sku", small(sku)), ("qty", small(qty))];
        let line = Value::Object(
            members
                .into_iter()
                .map(|(key, value)| (Text::from(key), value))
                .collect(),
        );
        if first {
            self.lines().push_front(line);
            written.record(|| lines_at.push_index(0));
        } else {
            self.lines().push(line);
            let last = self.lines().len() - 1;
            written.record(|| lines_at.push_index(last));
        }
    }
}

impl HandlerInstance for TestInstance {
    fn reset(&mut self) {
        self.state = self.initial.clone();
    }

    fn apply(&mut self, event: &EventView<'_>, names: &Names, written: &mut Written) -> Result<Applied, HandlerFault> {
        if names.type_name(event.event_type) == b"Unknown" {
            return Ok(Applied::Unknown);
        }
        let payload = event.payload.unwrap();
        if let Err(error) = Value::from_json(payload, 8) {
            return Ok(Applied::Undecodable(error));
        }
        let at: usize = std::str::from_utf8(payload).unwrap().parse().unwrap();
        let root = Pointer::ROOT;
        let key_text = |key: u8| Text::from(format!("k{key}").as_str());
        match self.deeds[at].clone() {
            Deed::Set { key, value } => {
                self.state.insert(key_text(key), small(value));
                written.record(|| root.push_key(&key_text(key)));
            }
            Deed::SetNested { key, value } => {
                if let Some(Value::Object(nested)) = self.state.get_mut(b"nested") {
                    // A member whose name is digits must not be taken for an element.
                    nested.insert(Text::from(key.to_string().as_str()), small(value));
                }
                written.record(|| root.push_key(&Text::from("nested")).push_index(usize::from(key)));
            }
            Deed::Replace { key, value } => {
                let nested = [(Text::from(key.to_string().as_str()), small(value))]
                    .into_iter()
                    .collect();
                self.state.insert(Text::from("nested"), Value::Object(nested));
                written.record(|| root.push_key(&Text::from("nested")));
            }
            Deed::Delete { key } if key < 4 => {
                self.state.remove(key_text(key).as_wtf8());
            }
            Deed::Delete { .. } => {
                if let Some(Value::Object(nested)) = self.state.get_mut(b"nested") {
                    nested.remove(b"1");
                }
            }
            Deed::Line { sku, qty } => self.set_line(sku, qty, false, written),
            Deed::LineFirst { sku, qty } => self.set_line(sku, qty, true, written),
            Deed::DropLine { sku } => {
                if let Some(at) = self.line_of(sku) {
                    self.lines().remove(at);
                }
            }
            Deed::RotateLines => {
                if !self.lines().is_empty() {
                    let first = self.lines().remove(0);
                    self.lines().push(first);
                }
            }
            Deed::Fail => {
                let message = "the test asked for it".to_owned();
                return Err(HandlerFault {
                    code: "RF-HANDLER-TYPE",
                    message,
                    place: None,
                });
            }
            Deed::Malformed | Deed::NotJson | Deed::UnknownType => unreachable!("never reaches the deeds"),
        }
        Ok(Applied::Folded)
    }

    fn state(&mut self) -> Result<Value, HandlerFault> {
        Ok(Value::Object(self.state.clone()))
    }

    fn tells_late(&self) -> bool {
        false
    }

    fn is_told(&self) -> bool {
        true
    }

    fn take_untold(&mut self) -> Option<Untold> {
        None
    }

    fn checkpoint(&mut self) -> Result<Checkpoint, HandlerFault> {
        Ok(Checkpoint::State {
            state: self.state()?,
            json_bytes: 0,
        })
    }

    fn restore(&mut self, checkpoint: &Checkpoint) -> Result<(), HandlerFault> {
        match checkpoint {
            Checkpoint::State {
                state: Value::Object(state),
                ..
            } => self.state = state.clone(),
            _ => unreachable!("checkpoints of this handler are objects"),
        }
        Ok(())
    }
}

#[test]
fn what_cannot_be_read_marks_all_later_states() {
    let deeds = vec![
        Deed::Set { key: 0, value: 1 },
        Deed::Malformed,
        Deed::Set { key: 0, value: 2 },
        Deed::NotJson,
        Deed::UnknownType,
        Deed::Set { key: 1, value: 2 },
    ];
    let stream = TestStream::new(deeds);
    let findings = Findings::default();
    let (prefixes, _) = stream.prefixes(Detail::State, &findings);
    let marks: Vec<Option<Moment>> = prefixes.iter().map(|folded| folded.incomplete_since).collect();
    let since = Some(Moment(2));
    assert_eq!(marks, [None, None, since, since, since, since, since]);
    assert_eq!(prefixes[2].state, prefixes[1].state);
    assert_ne!(prefixes[3].state, prefixes[2].state);
    let codes: Vec<(&str, u64)> = findings
        .summary()
        .iter()
        .map(|(code, count, _)| (*code, *count))
        .collect();
    assert_eq!(
        codes,
        [
            ("RF-EVENT-MALFORMED", 1),
            ("RF-EVENT-UNDECODABLE", 1),
            ("RF-EVENT-UNKNOWN-TYPE", 1)
        ]
    );
}

#[test]
fn a_fault_freezes_the_state_before_it() {
    let deeds = vec![
        Deed::Set { key: 0, value: 1 },
        Deed::Fail,
        Deed::Set { key: 0, value: 2 },
    ];
    let stream = TestStream::new(deeds);
    let findings = Findings::default();
    let (prefixes, _) = stream.prefixes(Detail::Blame, &findings);
    assert_eq!(prefixes[3].state, prefixes[1].state);
    assert_eq!(prefixes[3].moment, Moment(3));
    assert_eq!(
        prefixes[3].fault.as_ref().map(|(moment, fault)| (*moment, fault.code)),
        Some((Moment(2), "RF-HANDLER-TYPE"))
    );
    assert_eq!(findings.summary().len(), 1);
}
