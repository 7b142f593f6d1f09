//! Every event of a scope through the upcasters of a handler, before that handler is deployed.

use std::collections::BTreeMap;
use std::sync::Arc;

use refold_core::event::{Columns, EventBatch, EventView};
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::port::handler::HandlerProgram;
use refold_core::port::store::ReadQuery;
use refold_core::track::Moment;
use refold_core::work::{Phase, Work};
use refold_handlers::lab::gate::{Counted, Gate, Group, What};
use serde::Serialize;

use super::{EventName, Scope, shown_path};
use crate::error::AppError;
use crate::mask::Part;
use crate::session::Session;
use crate::stream::Stream;
use crate::text::Exact;
use crate::usecase::named;
use crate::wire::{FindingWire, HandlerWire};
use crate::{clock, findings, handler, text};

const BATCH_ROWS: usize = 2_048;
/// What it is called while it runs.
const SENDING: Phase = Phase::SendingThroughUpcasters;

#[derive(Debug, Clone, Serialize)]
pub struct GateAnswer {
    pub handler: HandlerWire,
    pub events: u64,
    /// How many events took a step, failed, are dropped, or lose a field.
    pub upcast: u64,
    pub failed: u64,
    pub dropped: u64,
    pub losing: u64,
    /// By stored type, then by the version that its chain begins at.
    pub groups: Vec<GateGroup>,
    pub steps: Vec<GateStep>,
    pub findings: Vec<FindingWire>,
}

/// The events of a stored type that begin at the same step.
#[derive(Debug, Clone, Serialize)]
pub struct GateGroup {
    #[serde(rename = "type")]
    pub event_type: Exact,
    /// `null`: no step takes them.
    pub from: Option<u32>,
    pub events: u64,
    pub failures: Vec<GateFailure>,
    pub becomes: Vec<GateBecome>,
    pub changes: Vec<GateChange>,
    /// Changes that are not listed, for there are too many different ones.
    pub further_changes: u64,
    /// Events whose failures are not listed, for there are too many different ones.
    pub further_failures: u64,
}

#[derive(Debug, Clone, Serialize)]
pub struct GateFailure {
    pub code: &'static str,
    pub message: String,
    pub events: u64,
    pub first: GateExample,
}

/// The types that the rules get instead; none: the events are dropped.
#[derive(Debug, Clone, Serialize)]
pub struct GateBecome {
    pub types: Vec<Exact>,
    pub events: u64,
    pub first: GateExample,
}

#[derive(Debug, Clone, Serialize)]
pub struct GateChange {
    /// A place of the payload; `*` stands for any element.
    pub path: String,
    /// `lost`, `moved`, `added`, `retyped` or `revalued`.
    pub what: &'static str,
    /// Where a moved value is now.
    pub to: Option<String>,
    /// The kinds of a retyped value.
    pub kinds: Option<[&'static str; 2]>,
    pub events: u64,
    pub first: GateExample,
}

/// The first event of which something is true.
#[derive(Debug, Clone, Serialize)]
pub struct GateExample {
    pub stream: Exact,
    #[serde(flatten)]
    pub event: EventName,
}

/// A step of the chains.
#[derive(Debug, Clone, Serialize)]
pub struct GateStep {
    pub place: String,
    #[serde(rename = "type")]
    pub event_type: Exact,
    pub from: u32,
    pub to: u32,
    /// How many events took it; of a whole store `0` says that it is there for nothing.
    pub events: u64,
}

pub fn gate(
    work: &Work<'_>,
    session: &Session,
    scope: Scope<'_>,
    handler: Option<&str>,
) -> Result<GateAnswer, AppError> {
    let program = session.adopted(handler)?;
    let steps = program.upcasters();
    if steps.is_empty() {
        let message = format!("{} has no upcasters", handler::label(program.identity()));
        let hint = "choose a handler whose version has a file upcasters.yaml, such as handlers/order@1.1.0";
        return Err(AppError::invalid(message, hint));
    }
    let found = Arc::<Findings>::default();
    let mut sent = Sent {
        program: program.as_ref(),
        gate: Gate::default(),
        categories: BTreeMap::new(),
    };
    match scope {
        Scope::All | Scope::Category(_) => sent.read(work, session, scope, &found)?,
        Scope::Stream(_) | Scope::Until { .. } => sent.read_stream(work, session, scope, &found)?,
    }
    let steps = steps.iter().map(|step| GateStep {
        place: step.place.clone(),
        event_type: text::exact(&step.event_type),
        from: step.from,
        to: step.to,
        events: sent.gate.fired.get(step).copied().unwrap_or_default(),
    });
    let steps = steps.collect();
    Ok(sent.answer(session, steps, findings::wire(&found)))
}

struct Sent<'p> {
    program: &'p dyn HandlerProgram,
    gate: Gate,
    /// Of the first stream that showed a type, for masking rules.
    categories: BTreeMap<Vec<u8>, (Vec<u8>, Vec<u8>)>,
}

impl Sent<'_> {
    fn read(&mut self, work: &Work<'_>, session: &Session, scope: Scope<'_>, found: &Findings) -> Result<(), AppError> {
        let wanted = match scope {
            Scope::Category(category) => Some(named::category(&*session.build_index(work)?, category)?),
            Scope::All | Scope::Stream(_) | Scope::Until { .. } => None,
        };
        let total = session.description().event_count;
        let mut reader = session.store().read(&ReadQuery::all(Columns::ALL))?;
        let (mut batch, mut names, mut done) = (EventBatch::default(), Names::default(), 0);
        while reader.next_batch(work, BATCH_ROWS, &mut batch, &mut names, found)? {
            for row in 0..batch.len() {
                let event = batch.event(row);
                if wanted
                    .as_ref()
                    .is_none_or(|wanted| names.category(event.stream) == wanted.as_slice())
                {
                    self.take(&event, &names);
                }
            }
            done += batch.len() as u64;
            work.tick(SENDING, done, total)?;
        }
        Ok(())
    }

    fn read_stream(
        &mut self,
        work: &Work<'_>,
        session: &Session,
        scope: Scope<'_>,
        found: &Arc<Findings>,
    ) -> Result<(), AppError> {
        let (stream, until) = scope.stream()?;
        let of_skeleton = Findings::default();
        let stream = Stream::load(work, session, stream, &of_skeleton)?;
        let until = match until {
            Some(cursor) => stream.resolve(&session.cursor(cursor)?, clock::now())?,
            None => stream.end(),
        };
        if let Some(finding) = stream.in_gap(until) {
            found.report(finding);
        }
        let until = until.moment;
        stream.report_gaps(0..until.0 as usize, found);
        stream.visit(work, session.store(), found, Moment::START, until, &mut |_, event| {
            self.take(event, stream.names());
            Ok(())
        })?;
        findings::add_again(&of_skeleton, found);
        Ok(())
    }

    fn take(&mut self, event: &EventView<'_>, names: &Names) {
        let event_type = names.type_name(event.event_type);
        if !self.categories.contains_key(event_type) {
            let stream = names.stream(event.stream).to_vec();
            let category = names.category(event.stream).to_vec();
            self.categories.insert(event_type.to_vec(), (stream, category));
        }
        self.gate.take(self.program, event, names);
    }

    fn answer(&self, session: &Session, steps: Vec<GateStep>, findings: Vec<FindingWire>) -> GateAnswer {
        let groups = self.gate.groups.iter().map(|((event_type, from), group)| {
            let (stream, category) = self.categories.get(event_type).cloned().unwrap_or_default();
            let cover = session
                .mask()
                .cover(&stream, &category, Some(event_type), Part::Payload);
            GateGroup {
                event_type: text::exact(event_type),
                from: *from,
                ..group_answer(group, &|path| shown_path(&cover, path))
            }
        });
        let groups: Vec<GateGroup> = groups.collect();
        let all = |count: &dyn Fn(&GateGroup) -> u64| groups.iter().map(count).sum::<u64>();
        let upcast = all(&|group| if group.from.is_some() { group.events } else { 0 });
        let failed = all(&|group| group.failures.iter().map(|of| of.events).sum::<u64>() + group.further_failures);
        let dropped = all(&|group| {
            let dropped = group.becomes.iter().filter(|of| of.types.is_empty());
            dropped.map(|of| of.events).sum()
        });
        let losing = self.gate.groups.values().map(|group| group.losing).sum();
        GateAnswer {
            handler: handler::wire(self.program.identity()),
            events: self.gate.events,
            upcast,
            failed,
            dropped,
            losing,
            groups,
            steps,
            findings,
        }
    }
}

fn group_answer(group: &Group, shown: &dyn Fn(&str) -> String) -> GateGroup {
    let failures = group.failures.iter().map(|((code, message), counted)| GateFailure {
        code,
        message: message.clone(),
        events: counted.events,
        first: example(counted),
    });
    let becomes = group.becomes.iter().map(|(types, counted)| GateBecome {
        types: types.iter().map(|of| text::exact(of)).collect(),
        events: counted.events,
        first: example(counted),
    });
    let changes = group.changes.iter().map(|(changed, counted)| {
        let (what, to, kinds) = match &changed.what {
            What::Lost => ("lost", None, None),
            What::Moved(to) => ("moved", Some(shown(&to.to_string())), None),
            What::Added => ("added", None, None),
            What::Retyped { from, to } => ("retyped", None, Some([*from, *to])),
            What::Revalued => ("revalued", None, None),
        };
        GateChange {
            path: shown(&changed.path.to_string()),
            what,
            to,
            kinds,
            events: counted.events,
            first: example(counted),
        }
    });
    GateGroup {
        event_type: text::exact(b""),
        from: None,
        events: group.events,
        failures: failures.collect(),
        becomes: becomes.collect(),
        changes: changes.collect(),
        further_changes: group.further_changes,
        further_failures: group.further_failures,
    }
}

fn example(counted: &Counted) -> GateExample {
    GateExample {
        stream: text::exact(&counted.stream),
        event: EventName::of(&counted.first),
    }
}
