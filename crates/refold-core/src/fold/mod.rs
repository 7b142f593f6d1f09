//! One fold: a running handler, and how far its answer can be trusted.
//!
//! Both ways to fold use it: a history that seeks in one stream, and a rebuild of every stream of a store.
//! It must not know where events come from, nor in which order of streams they are folded.

use crate::blame::BlameTree;
use crate::diff::{ArrayKeys, diff};
use crate::event::{Encoding, EventView};
use crate::finding::{Finding, Findings, Severity};
use crate::names::Names;
use crate::port::handler::{
    Applied, Checkpoint, Coming, HandlerFault, HandlerInstance, HandlerProgram, StatesAsked, Written,
};
use crate::port::store::StoreError;
use crate::track::{Gap, Moment};
use crate::value::Value;
use crate::work::Cancelled;

#[cfg(test)]
pub(crate) mod tests;
mod untold;

use untold::{Told, Unsure, first};

/// A state and what is known about it. The label travels with the content: nothing else says of which moment it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Folded {
    pub state: Value,
    pub moment: Moment,
    /// Where the first event that could not be read or folded led to, or the first one behind events that are missing:
    /// this state and all later ones may lack something.
    pub incomplete_since: Option<Moment>,
    /// Where events before this moment are missing; folding alone does not know.
    pub missing: Option<Gap>,
    /// The handler failed on the event that led to this moment, and the state is the one before it. Later events were not
    /// applied; or, where the event did something to the state that cannot be told, they were, and cannot be told either.
    pub fault: Option<(Moment, HandlerFault)>,
    /// Which event made each place so; only where the fold was asked to keep it.
    pub blame: Option<BlameTree>,
}

impl Folded {
    /// Takes into account that events are missing in the stream.
    pub fn note_missing(&mut self, gap: Option<Gap>) {
        if let Some(gap) = gap.filter(|gap| gap.since <= self.moment) {
            self.incomplete_since = Some(self.incomplete_since.map_or(gap.since, |known| known.min(gap.since)));
            self.missing = Some(gap);
        }
    }
}

/// Why a state cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum FoldError {
    #[error(transparent)]
    Store(StoreError),
    /// The engine itself failed, outside of any event.
    #[error(transparent)]
    Handler(HandlerFault),
    /// The stream changed since its track was read: another number of events came than it holds.
    #[error("the stream has other events than when it was opened: open it again")]
    StreamChanged,
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl From<HandlerFault> for FoldError {
    fn from(fault: HandlerFault) -> FoldError {
        match fault.is_cancelled() {
            true => FoldError::Cancelled(Cancelled),
            false => FoldError::Handler(fault),
        }
    }
}

impl From<StoreError> for FoldError {
    fn from(error: StoreError) -> FoldError {
        match error {
            StoreError::Cancelled(cancelled) => FoldError::Cancelled(cancelled),
            error => FoldError::Store(error),
        }
    }
}

/// What a fold keeps beside the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// The state alone.
    State,
    /// Also which event made each place so. Costs about a microsecond an event.
    Blame,
}

/// A running handler with its bookkeeping.
pub struct Fold {
    instance: Box<dyn HandlerInstance>,
    moment: Moment,
    incomplete_since: Option<Moment>,
    fault: Option<Box<(Moment, HandlerFault)>>,
    blame: Option<Blamed>,
    /// With blame: why the state at this moment cannot be told, and since which.
    late: Option<Box<(Moment, HandlerFault)>>,
    unsure: Unsure,
}

struct Blamed {
    tree: BlameTree,
    before: Value,
    keys: ArrayKeys,
    written: Written,
}

/// Everything that [`Fold::restore`] needs to go on from a moment. A rebuild keeps one for each stream of a store: what
/// most of them do not have is in a box.
#[derive(Clone)]
pub struct FoldCheckpoint {
    pub moment: Moment,
    pub engine: Checkpoint,
    incomplete_since: Option<Moment>,
    fault: Option<Box<(Moment, HandlerFault)>>,
    blame: Option<Box<BlameKept>>,
    unsure: Option<Box<Unsure>>,
}

#[derive(Clone)]
struct BlameKept {
    tree: BlameTree,
    before: Value,
    late: Option<Box<(Moment, HandlerFault)>>,
}

impl FoldCheckpoint {
    /// The bytes that its blame holds and that of `earlier` does not, about. The state it holds besides is counted with
    /// the engine's.
    pub fn blame_bytes_beside(&self, earlier: Option<&FoldCheckpoint>) -> usize {
        let Some(blame) = &self.blame else { return 0 };
        match earlier.and_then(|earlier| earlier.blame.as_deref()) {
            Some(before) => blame.tree.bytes_beside(&before.tree),
            None => blame.tree.bytes_beside(&BlameTree::default()),
        }
    }
}

impl Fold {
    /// A fold before the first event.
    pub fn new(program: &dyn HandlerProgram, detail: Detail) -> Result<Fold, FoldError> {
        let mut instance = program.start();
        let blame = match detail {
            Detail::State => None,
            Detail::Blame => Some(Blamed {
                tree: BlameTree::default(),
                before: instance.state()?,
                keys: ArrayKeys::new(program.array_keys()),
                written: Written::on(),
            }),
        };
        Ok(Fold {
            unsure: Unsure::new(instance.tells_late()),
            instance,
            moment: Moment::START,
            incomplete_since: None,
            fault: None,
            blame,
            late: None,
        })
    }

    /// How many events went through this fold.
    pub fn moment(&self) -> Moment {
        self.moment
    }

    /// Tells the handler which events come next, in this order; see [`HandlerInstance::look_ahead`].
    pub fn look_ahead<'e>(
        &mut self,
        coming: &mut dyn Iterator<Item = EventView<'e>>,
        names: &Names,
        asked: StatesAsked,
    ) {
        if self.fault.is_some() {
            return;
        }
        let asked = match &self.blame {
            Some(_) => StatesAsked::EveryState,
            None => asked,
        };
        let mut read = coming.filter(is_read);
        self.instance.look_ahead(&mut read, names, asked);
    }

    /// Tells the handler what comes next over several folds, from the beginning of the next on; see
    /// [`HandlerInstance::look_ahead_over`].
    pub fn look_ahead_over<'e>(&mut self, coming: &mut dyn Iterator<Item = Coming<'e, FoldCheckpoint>>, names: &Names) {
        // With blame the state is asked for after each event.
        if self.blame.is_some() {
            return;
        }
        let mut is_failed = false;
        let mut coming = coming.filter_map(|next| {
            Some(match next {
                Coming::Reset => {
                    is_failed = false;
                    Coming::Reset
                }
                Coming::Restore(checkpoint) => {
                    is_failed = checkpoint.fault.is_some();
                    Coming::Restore(&checkpoint.engine)
                }
                Coming::Event(event) if is_failed || !is_read(&event) => return None,
                Coming::Event(event) => Coming::Event(event),
                Coming::State => Coming::State,
                Coming::Checkpoint => Coming::Checkpoint,
            })
        });
        self.instance.look_ahead_over(&mut coming, names);
    }

    /// Folds the next event. What is wrong with it goes to `findings`, when there are any to report to.
    pub fn step(&mut self, event: &EventView<'_>, names: &Names, findings: Option<&Findings>) -> Result<(), FoldError> {
        let stepped = self.step_on(event, names, findings);
        if stepped.is_err() {
            // What broke off in the middle of an event is at no moment: it goes back to the start, where it answers rightly.
            self.reset()?;
        }
        stepped
    }

    fn step_on(&mut self, event: &EventView<'_>, names: &Names, findings: Option<&Findings>) -> Result<(), FoldError> {
        let moment = Moment(self.moment.0 + 1);
        if self.fault.is_none() {
            self.unsure.note(event, names);
            self.apply(moment, event, names, findings)?;
            if self.blame.is_some() {
                self.note_blame(moment)?;
            }
        }
        self.moment = moment;
        self.report_untold(findings);
        Ok(())
    }

    fn note_blame(&mut self, moment: Moment) -> Result<(), FoldError> {
        let Told { state, late } = self.told()?;
        let is_seen = self.late.is_none() && late.is_none();
        self.late = late;
        if let Some(blamed) = &mut self.blame {
            // What was done where no state can be told is that of the first event behind it: what differs there.
            if !is_seen {
                blamed.written.clear();
            }
            let changes = diff(&blamed.before, &state, &blamed.keys);
            blamed.tree.note(moment, &state, &changes, blamed.written.paths());
            blamed.written.clear();
            blamed.before = state;
        }
        Ok(())
    }

    /// The state at this moment. Where the handler cannot tell it, it is the last one before that it can, and the event
    /// since which it cannot has the fault: see [`Fold::report_untold`]. Events behind it are folded all the same.
    pub fn folded(&mut self) -> Result<Folded, FoldError> {
        let told = match &self.blame {
            Some(blamed) => Told {
                state: blamed.before.clone(),
                late: self.late.clone(),
            },
            None => self.told()?,
        };
        let since = told.late.as_ref().map(|late| late.0);
        let fault = told.late.as_deref().or(self.fault.as_deref()).cloned();
        Ok(Folded {
            state: told.state,
            moment: self.moment,
            incomplete_since: first(self.incomplete_since, since),
            missing: None,
            fault,
            blame: self.blame.as_ref().map(|blamed| blamed.tree.clone()),
        })
    }

    pub fn checkpoint(&mut self) -> Result<FoldCheckpoint, FoldError> {
        let engine = self.instance.checkpoint()?;
        self.note_told();
        Ok(FoldCheckpoint {
            engine,
            moment: self.moment,
            incomplete_since: self.incomplete_since,
            fault: self.fault.clone(),
            blame: self.blame.as_ref().map(|blamed| {
                Box::new(BlameKept {
                    tree: blamed.tree.clone(),
                    before: blamed.before.clone(),
                    late: self.late.clone(),
                })
            }),
            unsure: self.unsure.kept(),
        })
    }

    /// Back to a checkpoint of a fold of the same program and detail.
    pub fn restore(&mut self, checkpoint: &FoldCheckpoint) -> Result<(), FoldError> {
        self.instance.restore(&checkpoint.engine)?;
        self.moment = checkpoint.moment;
        self.incomplete_since = checkpoint.incomplete_since;
        self.fault.clone_from(&checkpoint.fault);
        match checkpoint.unsure.as_deref() {
            Some(unsure) => self.unsure.clone_from(unsure),
            None => self.unsure.begin(checkpoint.moment),
        }
        if let (Some(blamed), Some(kept)) = (&mut self.blame, checkpoint.blame.as_deref()) {
            blamed.tree = kept.tree.clone();
            blamed.before = kept.before.clone();
            blamed.written.clear();
            self.late.clone_from(&kept.late);
        }
        Ok(())
    }

    /// Back to before the first event, for the next stream.
    pub fn reset(&mut self) -> Result<(), FoldError> {
        self.instance.reset();
        self.moment = Moment::START;
        self.incomplete_since = None;
        self.fault = None;
        self.late = None;
        self.unsure.begin(Moment::START);
        if let Some(blamed) = &mut self.blame {
            blamed.tree = BlameTree::default();
            blamed.written.clear();
            blamed.before = self.instance.state()?;
        }
        Ok(())
    }

    /// `moment` is the one that the event leads to.
    fn apply(
        &mut self,
        moment: Moment,
        event: &EventView<'_>,
        names: &Names,
        findings: Option<&Findings>,
    ) -> Result<(), Cancelled> {
        let mut off = Written::off();
        let written = self.blame.as_mut().map_or(&mut off, |blamed| &mut blamed.written);
        let report = |code, severity, detail: &dyn Fn() -> String| {
            if let Some(findings) = findings {
                findings.report_with(code, Some(event.position), || Finding {
                    code,
                    severity,
                    stream: Some(names.stream(event.stream).into()),
                    version: Some(event.version),
                    position: Some(event.position),
                    detail: detail(),
                });
            }
        };
        if !is_read(event) {
            let detail = || "the payload is not JSON: it is skipped, and later states are incomplete".to_owned();
            report("RF-EVENT-UNDECODABLE", Severity::Error, &detail);
            self.incomplete_since.get_or_insert(moment);
            return Ok(());
        }
        match self.instance.apply(event, names, written) {
            Ok(Applied::Folded | Applied::Ignored) => {
                for place in self.instance.repeated_keys() {
                    let detail = || format!("a key occurs more than once in the payload, the last one counts: {place}");
                    report("repeated-key", Severity::Warning, &detail);
                }
            }
            Ok(Applied::Unknown) => {
                let name = || String::from_utf8_lossy(names.type_name(event.event_type));
                let detail = || format!("the handler has no rule for the event type {}", name());
                report("RF-EVENT-UNKNOWN-TYPE", Severity::Notice, &detail);
            }
            Ok(Applied::Undecodable(error)) => {
                written.clear();
                if error.is_depth() {
                    let detail = || format!("the payload nests deeper than the handler reads ({error}): it is skipped");
                    report("RF-EVENT-DEPTH", Severity::Error, &detail);
                } else {
                    let error = Value::fault_of(event.payload.unwrap_or_default(), error);
                    let detail = || format!("the payload is not well-formed JSON ({error}): it is skipped");
                    report("RF-EVENT-MALFORMED", Severity::Error, &detail);
                }
                self.incomplete_since.get_or_insert(moment);
            }
            Err(fault) if fault.is_cancelled() => {
                written.clear();
                return Err(Cancelled);
            }
            Err(fault) => {
                written.clear();
                report(fault.code, Severity::Error, &|| fault.said());
                self.incomplete_since.get_or_insert(moment);
                self.fault = Some(Box::new((moment, fault)));
            }
        }
        Ok(())
    }
}

/// Whether a handler gets the event.
fn is_read(event: &EventView<'_>) -> bool {
    event.payload.is_none() || event.encoding == Encoding::Json
}
