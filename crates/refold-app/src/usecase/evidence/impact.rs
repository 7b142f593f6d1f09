//! What a difference did to the aggregate it is about: its state as it was anchored and as it is now, by a handler.
//!
//! An anchor holds digests and no payloads. So the state before is known where only events came or moved, or where
//! somebody has an older copy of the store, which is first held against the anchor itself. Else it is said that it cannot
//! be known, and never guessed.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use refold_audit::anchor::check::{Difference, Finding, Outcome, Part as EventPart};
use refold_core::diff::{ArrayKeys, ChangeOp, diff};
use refold_core::event::{EventBatch, Position, Version};
use refold_core::finding::Findings;
use refold_core::fold::{Detail, Fold, Folded};
use refold_core::names::Names;
use refold_core::port::handler::{HandlerFault, HandlerProgram};
use refold_core::track::{Moment, is_gap};
use refold_core::value::Value;
use refold_core::work::{Phase, Work};
use serde::Serialize;

use super::aftermath::Left;
use super::verify::{MOST_IMPACTS, VerifyFinding};
use crate::answer::Literal;
use crate::error::AppError;
use crate::findings;
use crate::linked::Links;
use crate::mask::Part;
use crate::session::Session;
use crate::stream::Stream;
use crate::text::{self, Exact};

/// Both states are those after the events up to the anchor's horizon.
#[derive(Debug, Clone, Serialize)]
pub struct Impact {
    /// `null` where the anchor alone cannot tell whose event it was.
    pub stream: Option<Exact>,
    /// Whether the state before is that of the anchored events. `false`: it is not known, or not proven.
    pub is_proven: bool,
    /// From the state before to the state now; empty too where the state before is not known.
    pub changes: Vec<ImpactChange>,
    /// In words.
    pub sentence: String,
    /// Nobody named an older copy of the store, which would tell the state before: the sentence says so, and a window offers
    /// to name one.
    #[serde(skip)]
    pub wants_copy: bool,
}

#[derive(Debug, Clone, Serialize)]
pub struct ImpactChange {
    /// RFC 6901.
    pub path: String,
    /// `added`, `removed` or `changed`.
    pub op: &'static str,
    pub before: Option<Literal>,
    pub after: Option<Literal>,
}

/// Changes of one state that are listed.
const MOST_CHANGES: usize = 100;
const BATCH_ROWS: usize = 1_024;

/// An older copy of the store, and what the anchor says of it.
pub(super) struct Older<'a> {
    pub session: &'a Session,
    pub outcome: Outcome,
    /// Where events of it stand that no anchor has a place for.
    pub below_zero: Vec<i64>,
}

/// Everything that impacts are told from.
pub(super) struct Impacts<'a> {
    session: &'a Session,
    older: Option<Older<'a>>,
    program: Arc<dyn HandlerProgram>,
    /// The last anchored position.
    horizon: i64,
    now: Differing,
    before: Differing,
}

/// Positions by what a check found there.
#[derive(Default)]
struct Differing {
    /// What stands there is not what was anchored there.
    changed: HashSet<i64>,
    inserted: HashSet<i64>,
    /// Something that was anchored is nowhere.
    has_removed: bool,
    /// There are findings that are not listed, or none is named.
    is_cut: bool,
}

impl Differing {
    /// `below_zero`: where events stand that came below all positions of the anchor.
    fn of(outcome: &Outcome, below_zero: &[i64]) -> Differing {
        let mut differing = Differing {
            inserted: below_zero.iter().copied().collect(),
            is_cut: outcome.finding_count > outcome.findings.len() as u64
                || (!outcome.is_named && !outcome.is_unchanged),
            ..Differing::default()
        };
        for finding in &outcome.findings {
            // Positions came from the store, where they are `i64`.
            let position = finding.position as i64;
            match &finding.difference {
                Difference::Changed(_) => {
                    differing.changed.insert(position);
                }
                Difference::Inserted => {
                    differing.inserted.insert(position);
                }
                Difference::Moved { to, .. } => {
                    differing.changed.insert(*to as i64);
                }
                Difference::Removed => differing.has_removed = true,
                Difference::Somewhere { .. } => differing.is_cut = true,
            }
        }
        differing
    }

    /// Whether the events at these positions, those that came left out, are all that was anchored of their stream.
    fn is_sound(&self, positions: &[i64]) -> bool {
        !self.has_removed && !self.is_cut && positions.iter().all(|position| !self.changed.contains(position))
    }
}

/// Whether the event that stood there may have been one of another stream: only its header tells of which it is.
fn may_be_of_another(difference: &Difference) -> bool {
    matches!(difference, Difference::Changed(parts) if parts.contains(&EventPart::Header))
}

impl<'a> Impacts<'a> {
    pub fn new(
        session: &'a Session,
        older: Option<Older<'a>>,
        program: Arc<dyn HandlerProgram>,
        horizon: u64,
        (outcome, below_zero): (&Outcome, &[i64]),
    ) -> Impacts<'a> {
        Impacts {
            session,
            before: older
                .as_ref()
                .map(|older| Differing::of(&older.outcome, &older.below_zero))
                .unwrap_or_default(),
            older,
            program,
            horizon: i64::try_from(horizon).unwrap_or(i64::MAX),
            now: Differing::of(outcome, below_zero),
        }
    }

    /// One for each stream that the finding touches: that of the event as it was, and that of the event that stands there
    /// today, where it is another. `stream`: the latter. None where the finding is not about one event.
    pub fn of(&self, work: &Work<'_>, finding: &Finding, stream: Option<&[u8]>) -> Result<Vec<Impact>, AppError> {
        match (&finding.difference, &self.older) {
            (Difference::Somewhere { .. }, _) => Ok(Vec::new()),
            (Difference::Inserted, _) => stream
                .into_iter()
                .map(|stream| self.without_what_came(work, stream))
                .collect(),
            (_, Some(older)) => {
                let place = Position(finding.position as i64);
                let known = Links::at(work, older.session.store().as_ref(), &[place])?.pop();
                let mut streams: Vec<Vec<u8>> = known.map(|event| event.stream).into_iter().collect();
                streams.extend(
                    stream
                        .filter(|stream| !streams.iter().any(|of| of == stream))
                        .map(Vec::from),
                );
                streams.iter().map(|stream| self.by_copy(work, older, stream)).collect()
            }
            (Difference::Moved { changed, .. }, None) if changed.is_empty() => Ok(vec![Impact {
                stream: stream.map(text::exact),
                is_proven: true,
                changes: Vec::new(),
                sentence:
                    "the event is what it was in every part but its position: the state of its own stream is the same, \
                           and what changed is its place among the other streams"
                        .to_owned(),
                wants_copy: false,
            }]),
            (difference @ (Difference::Changed(_) | Difference::Removed | Difference::Moved { .. }), None) => {
                Ok(vec![untold(
                    stream,
                    match may_be_of_another(difference) {
                        true => ", nor whether the event was of another stream",
                        false => "",
                    },
                )])
            }
        }
    }

    /// What differences left behind, of the first streams with what was done to their states.
    pub fn of_what_is_left(&self, work: &Work<'_>, left: Vec<Left>) -> Result<Vec<VerifyFinding>, AppError> {
        let mut known: HashMap<(Vec<u8>, bool), Impact> = HashMap::new();
        let mut told = Vec::new();
        for Left { mut finding, stream } in left {
            // Versions that are missing were of events that are gone; what came twice can be left out.
            let came = self.older.is_none() && finding.kind == "DUPLICATE-ID";
            let about = (stream, came);
            if !known.contains_key(&about) && known.len() < MOST_IMPACTS {
                let (stream, _) = &about;
                let impact = match &self.older {
                    Some(older) => self.by_copy(work, older, stream)?,
                    None if came => self.without_what_came(work, stream)?,
                    None => untold(Some(stream), ""),
                };
                known.insert(about.clone(), impact);
            }
            if let Some(impact) = known.get(&about) {
                finding.impacts = vec![impact.clone()];
                finding.impacts_asked = true;
            }
            told.push(finding);
        }
        Ok(told)
    }

    /// Of an event that came: the state before is that of today's events without those that did.
    pub fn without_what_came(&self, work: &Work<'_>, stream: &[u8]) -> Result<Impact, AppError> {
        let anchored = |position: i64| position <= self.horizon && !self.now.inserted.contains(&position);
        let before = self.fold(work, self.session, stream, &anchored)?;
        let after = self.fold(work, self.session, stream, &|position| position <= self.horizon)?;
        let is_proven = before.is_whole() && self.now.is_sound(&before.positions);
        let beside = match (is_proven, before.is_whole()) {
            (true, _) => "the state before is that of the stream without what was inserted",
            (_, true) => {
                "the state before is that of the stream without what was inserted, and not proven: other events differ too"
            }
            (_, false) => {
                "the state before is that of the stream without what was inserted, and not proven: not all of it can be read \
                 and folded"
            }
        };
        Ok(self.impact(stream, is_proven, &before, &after, beside))
    }

    /// The state before is that of the older copy.
    fn by_copy(&self, work: &Work<'_>, older: &Older<'_>, stream: &[u8]) -> Result<Impact, AppError> {
        let anchored = |position: i64| position <= self.horizon && !self.before.inserted.contains(&position);
        let before = self.fold(work, older.session, stream, &anchored)?;
        let after = self.fold(work, self.session, stream, &|position| position <= self.horizon)?;
        let is_proven = before.is_whole() && self.before.is_sound(&before.positions);
        let beside = match (is_proven, before.is_whole()) {
            (true, _) => "the state before is that of the copy, whose events are those of the anchor",
            (_, true) => {
                "the state before is that of the copy, and not proven: the copy is not what the anchor says either"
            }
            (_, false) => {
                "the state before is that of the copy, and not proven: not all of the copy can be read and folded"
            }
        };
        Ok(self.impact(stream, is_proven, &before, &after, beside))
    }

    fn impact(&self, stream: &[u8], is_proven: bool, before: &Side, after: &Side, beside: &str) -> Impact {
        let found = diff(&before.state, &after.state, &ArrayKeys::new(self.program.array_keys()));
        let count = found.len() as u64;
        let changes = found.into_iter().take(MOST_CHANGES).map(|change| {
            let (op, before, after) = match change.op {
                ChangeOp::Added { after } => ("added", None, Some(after)),
                ChangeOp::Removed { before } => ("removed", Some(before), None),
                ChangeOp::Changed { before, after } => ("changed", Some(before), Some(after)),
                ChangeOp::Moved { .. } => ("changed", None, None),
            };
            ImpactChange {
                path: change.path.to_string(),
                op,
                before: before.map(Literal),
                after: after.map(Literal),
            }
        });
        let identity = self.program.identity();
        let handler = match &*identity.engine {
            "builtin" => identity.name.clone(),
            _ => format!("{}@{}", identity.name, identity.version),
        };
        let what = match count {
            0 => "the state at the horizon is the same".to_owned(),
            count => format!("the state at the horizon differs in {}", text::counted(count, "place")),
        };
        Impact {
            stream: Some(text::exact(stream)),
            is_proven,
            changes: changes.collect(),
            sentence: format!(
                "{what}, by {handler}; {beside}{}{}",
                before.lacking("before"),
                after.lacking("now")
            ),
            wants_copy: false,
        }
    }

    /// The state after the events of a stream that are wanted, as a person may see it.
    fn fold(
        &self,
        work: &Work<'_>,
        session: &Session,
        stream: &[u8],
        is_wanted: &dyn Fn(i64) -> bool,
    ) -> Result<Side, AppError> {
        let mut fold = Fold::new(self.program.as_ref(), Detail::State)?;
        let mut reader = session.store().read(&Stream::whole(stream, self.program.columns()))?;
        let (mut batch, mut names, found) = (EventBatch::default(), Names::default(), Findings::default());
        let (mut positions, mut category) = (Vec::new(), Vec::new());
        let (numbering, mut last, mut gap) = (session.description().numbering(), EventBatch::NO_VERSION, None);
        while reader.next_batch(work, BATCH_ROWS, &mut batch, &mut names, &found)? {
            for row in 0..batch.len() {
                let event = batch.event(row);
                if is_wanted(event.position.0) {
                    positions.push(event.position.0);
                    if gap.is_none() && is_gap(last, event.version, numbering) {
                        gap = Some(event.version);
                    }
                    last = event.version;
                    fold.step(&event, &names, None)?;
                }
                if category.is_empty() {
                    category = names.category(event.stream).to_vec();
                }
            }
            work.tick(Phase::FoldingWhatDiffers, positions.len() as u64, None)?;
        }
        let Folded {
            state,
            fault,
            incomplete_since,
            ..
        } = fold.folded()?;
        let at = |moment: Moment| moment.event_index().and_then(|index| positions.get(index)).copied();
        // What failed is said of its own event, and what was passed over before it beside that.
        let unfolded = match fault {
            Some((moment, fault)) => at(moment).map(|position| (position, Some(fault))),
            None => incomplete_since.and_then(at).map(|position| (position, None)),
        };
        let cover = self.session.mask().cover(stream, &category, None, Part::State);
        let state = if cover.is_empty() { state } else { cover.value(&state) };
        let mut lost = session.store().lost_of(stream);
        lost.retain(|position| position.0 <= self.horizon);
        Ok(Side {
            state,
            unfolded,
            positions,
            gap,
            lost: lost.into_iter().min(),
            may_lack: findings::is_lacking(&found),
        })
    }
}

/// What a fold of one of the two stores came to.
struct Side {
    state: Value,
    /// Where the first event stands that could not be folded, and why where that is the handler's fault.
    unfolded: Option<(i64, Option<HandlerFault>)>,
    positions: Vec<i64>,
    /// The first event behind a version that is missing.
    gap: Option<Version>,
    /// The first record that names the stream, and cannot be read as an event.
    lost: Option<Position>,
    /// Parts of the store cannot be read, and events of the stream may be among them.
    may_lack: bool,
}

impl Side {
    /// Whether nothing of it is known to be out of reach. A version that is missing may have been when it was anchored.
    fn is_whole(&self) -> bool {
        self.lost.is_none() && !self.may_lack && self.unfolded.is_none()
    }

    /// That the state lacks an event, or may, whatever is compared.
    fn lacking(&self, when: &str) -> String {
        let of_gap = self.gap.map(|version| {
            format!(
                "; the state {when} is incomplete since v{}: the stream lacks the event before it",
                version.0
            )
        });
        let of_record = self.lost.map(|position| {
            format!(
                "; the state {when} is incomplete: the record #{} names the stream and cannot be read",
                text::position_label(position)
            )
        });
        let of_damage = self
            .may_lack
            .then(|| format!("; the state {when} may be incomplete: parts of the store cannot be read"));
        let of_fold = self.unfolded.as_ref().map(|(position, fault)| {
            let why = match fault {
                Some(fault) => format!("the handler failed at it: {fault}"),
                None => "it cannot be read".to_owned(),
            };
            let place = text::position_label(Position(*position));
            format!("; the state {when} is that before the event #{place}, or lacks it: {why}")
        });
        match (of_gap, of_record, of_fold) {
            (None, None, None) => of_damage.unwrap_or_default(),
            (gap, record, fold) => gap.into_iter().chain(record).chain(fold).collect(),
        }
    }
}

/// Where nobody knows the state before. `beside`: what else is not known.
fn untold(stream: Option<&[u8]>, beside: &str) -> Impact {
    Impact {
        stream: stream.map(text::exact),
        is_proven: false,
        changes: Vec::new(),
        sentence: format!(
            "the state before cannot be told from the anchor, which holds digests and no payloads{beside}: name an older copy of \
             the store"
        ),
        wants_copy: true,
    }
}
