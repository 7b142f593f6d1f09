//! How a store is: what its events contradict, what ties them to nothing, and how the shape of their payloads changed.
//!
//! What the local index came upon is told again and not looked for twice. The rest takes passes over the events, in memory
//! that does not grow with them. Nothing here is repaired, and nothing is a verdict on who did it.

mod links;
mod schema;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};

use refold_core::event::{Columns, Encoding, EventBatch, EventView, Position};
use refold_core::finding::{Finding, Findings, Severity};
use refold_core::names::Names;
use refold_core::port::handler::{Applied, HandlerInstance, Written};
use refold_core::port::store::ReadQuery;
use refold_core::time::Timestamp;
use refold_core::value::Value;
use refold_core::work::{Phase, Work};
use serde::Serialize;

pub use schema::{HealthField, HealthKind, HealthType};

use crate::error::AppError;
use crate::session::Session;
use crate::text::{self, Exact};
use crate::usecase::evidence::chain::has_chain;
use crate::usecase::overview;
use crate::wire::FindingGroup;
use crate::{findings, handler};
use schema::Schemas;

/// What is looked for besides what always is.
#[derive(Debug, Clone)]
pub struct HealthAsked {
    /// A payload with more bytes than this is a finding.
    pub most_payload_bytes: u64,
    /// Event types that it does not know are findings; `None`: nobody says which types there should be.
    pub handler: Option<String>,
}

/// One MiB: what most stores and message buses can pass on.
pub const MOST_PAYLOAD_BYTES: u64 = 1 << 20;

#[derive(Debug, Serialize)]
pub struct HealthAnswer {
    pub events: u64,
    pub streams: u32,
    /// By code, each with what to do about it.
    pub findings: Vec<FindingGroup>,
    /// By name: how the payloads of each type changed over time.
    pub types: Vec<HealthType>,
    /// The largest payloads, largest first.
    pub largest: Vec<LargePayload>,
    /// What was not looked for, and why.
    pub not_checked: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LargePayload {
    pub stream: Exact,
    pub position: String,
    #[serde(rename = "type")]
    pub event_type: Exact,
    pub bytes: u64,
}

const BATCH_ROWS: usize = 2_048;
const LARGEST: usize = 10;

/// Builds the index where it is not there yet, then reads all payloads once, and ids once for every few million events.
pub fn health(work: &Work<'_>, session: &Session, asked: &HealthAsked) -> Result<HealthAnswer, AppError> {
    let index = session.build_index(work)?;
    let found = overview::found(session)?;
    let mut payloads = Payloads::new(asked)?;
    payloads.read(work, session, &found)?;
    links::check(work, session, u64::from(index.event_count()), &found)?;
    let mut not_checked = vec!["snapshots: no layout says where the store keeps them".to_owned()];
    if asked.handler.is_none() {
        not_checked.push("event types that nobody knows: name the handler that should know them".to_owned());
    }
    if has_chain(session) {
        not_checked.push(
            "the hash chain that the store itself keeps: verifying the store without an anchor holds its events against it"
                .to_owned(),
        );
    }
    Ok(HealthAnswer {
        events: payloads.events,
        streams: index.stream_count(),
        findings: findings::groups(&found),
        types: payloads.schemas.answer(session.description().time_digits),
        largest: payloads.largest(),
        not_checked,
    })
}

/// Bytes, position, stream and type.
type Large = (u64, i64, Vec<u8>, Vec<u8>);

/// A pass over all payloads.
struct Payloads {
    most_payload_bytes: u64,
    handler: Option<Box<dyn HandlerInstance>>,
    /// Types that the handler was asked about.
    known_types: HashSet<Vec<u8>>,
    events: u64,
    schemas: Schemas,
    /// Least first.
    largest: BinaryHeap<Reverse<Large>>,
    /// The latest recorded time so far.
    latest: Timestamp,
}

impl Payloads {
    fn new(asked: &HealthAsked) -> Result<Payloads, AppError> {
        let handler = asked.handler.as_deref();
        let program = handler.map(|name| handler::open(Some(name))).transpose()?;
        Ok(Payloads {
            most_payload_bytes: asked.most_payload_bytes,
            handler: program.map(|program| program.start()),
            known_types: HashSet::new(),
            events: 0,
            schemas: Schemas::default(),
            largest: BinaryHeap::new(),
            latest: Timestamp::NONE,
        })
    }

    fn read(&mut self, work: &Work<'_>, session: &Session, found: &Findings) -> Result<(), AppError> {
        let total = session.description().event_count;
        // What handlers may read too, where one is asked.
        let columns = if self.handler.is_some() {
            Columns::ALL
        } else {
            Columns::PAYLOAD
        };
        let mut reader = session.store().read(&ReadQuery::all(columns))?;
        let (mut batch, mut names, of_reading) = (EventBatch::default(), Names::default(), Findings::default());
        while reader.next_batch(work, BATCH_ROWS, &mut batch, &mut names, &of_reading)? {
            for row in 0..batch.len() {
                self.take(&batch.event(row), &names, found);
            }
            work.tick(Phase::ReadingPayloads, self.events, total)?;
        }
        // The index read the same events without their payloads: what it told is not told again.
        let told: Vec<&str> = found.summary().iter().map(|(code, ..)| *code).collect();
        for (code, count, kept) in of_reading.summary() {
            if !told.contains(&code) {
                found.report_many(code, count, kept);
            }
        }
        Ok(())
    }

    fn take(&mut self, event: &EventView<'_>, names: &Names, found: &Findings) {
        self.events += 1;
        let (stream, event_type) = (names.stream(event.stream), names.type_name(event.event_type));
        let payload = event.payload.unwrap_or_default();
        let byte_count = payload.len() as u64;
        let report = |code, severity, detail: String| Finding {
            code,
            severity,
            stream: Some(stream.into()),
            version: (event.version != EventBatch::NO_VERSION).then_some(event.version),
            position: Some(event.position),
            detail,
        };
        if byte_count > self.most_payload_bytes {
            found.report_with("payload-oversize", Some(event.position), || {
                let (is, limit) = (text::grouped(byte_count), text::grouped(self.most_payload_bytes));
                report(
                    "payload-oversize",
                    Severity::Warning,
                    format!("its payload has {is} bytes, more than {limit}"),
                )
            });
        }
        if !event.recorded_at.is_none() && event.recorded_at < self.latest {
            found.report_with("recorded-late", Some(event.position), || {
                let behind = self.latest.0.saturating_sub(event.recorded_at.0);
                let behind = text::span_label(u64::try_from(behind).unwrap_or_default());
                let detail = format!("its recorded time lies {behind} before that of an event at an earlier position");
                report("recorded-late", Severity::Notice, detail)
            });
        }
        self.latest = self.latest.max(event.recorded_at);
        if self.is_unknown(event, names) {
            found.report_with("type-unknown", Some(event.position), || {
                let detail = format!("the handler does not know the type {}", text::shown(event_type));
                report("type-unknown", Severity::Warning, detail)
            });
        }
        let least = self.largest.peek().map_or(0, |least| least.0.0);
        if self.largest.len() < LARGEST || byte_count > least {
            let entry = (byte_count, event.position.0, stream.to_vec(), event_type.to_vec());
            self.largest.push(Reverse(entry));
            if self.largest.len() > LARGEST {
                self.largest.pop();
            }
        }
        let value = match readable(event) {
            Ok(value) => value,
            Err((code, why)) => {
                found.report_with(code, Some(event.position), || report(code, Severity::Error, why));
                None
            }
        };
        self.schemas
            .take(event_type, event.position, event.recorded_at, value.as_ref());
    }

    /// Whether the handler says that it does not know the type of this event. It is asked once for each type.
    fn is_unknown(&mut self, event: &EventView<'_>, names: &Names) -> bool {
        let event_type = names.type_name(event.event_type);
        let Some(handler) = self.handler.as_mut().filter(|_| !self.known_types.contains(event_type)) else {
            return false;
        };
        self.known_types.insert(event_type.to_vec());
        handler.reset();
        matches!(handler.apply(event, names, &mut Written::off()), Ok(Applied::Unknown))
    }

    fn largest(&self) -> Vec<LargePayload> {
        let mut largest: Vec<_> = self.largest.iter().map(|entry| &entry.0).collect();
        largest.sort_unstable_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        let payload = |(bytes, position, stream, event_type): &Large| LargePayload {
            stream: text::exact(stream),
            position: text::position_label(Position(*position)),
            event_type: text::exact(event_type),
            bytes: *bytes,
        };
        largest.into_iter().map(payload).collect()
    }
}

/// The payload as JSON; `None`: there is none, or none that the layout can decode, which reading it told. Else why it cannot
/// be read, by the code that a fold has for it.
fn readable(event: &EventView<'_>) -> Result<Option<Value>, (&'static str, String)> {
    let Some(payload) = event.payload else { return Ok(None) };
    match event.encoding {
        Encoding::Opaque => Ok(None),
        Encoding::Text => Err((
            "RF-EVENT-UNDECODABLE",
            "the payload is text that is not JSON".to_owned(),
        )),
        Encoding::Json => Value::from_json(payload, Value::MAX_DEPTH).map(Some).map_err(|error| {
            if error.is_depth() {
                let detail = format!("the payload nests deeper than handlers read ({error})");
                ("RF-EVENT-DEPTH", detail)
            } else {
                (
                    "RF-EVENT-MALFORMED",
                    format!("the payload is not well-formed JSON ({error})"),
                )
            }
        }),
    }
}

#[cfg(test)]
mod tests;
