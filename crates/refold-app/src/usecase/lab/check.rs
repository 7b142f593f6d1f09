//! Where invariants break: the first event that broke each, and every change since.

use std::sync::{Arc, Mutex, PoisonError};

use refold_core::event::{Position, Version};
use refold_core::finding::Findings;
use refold_core::fold::Folded;
use refold_core::port::handler::HandlerProgram;
use refold_core::track::Gap;
use refold_core::value::Value;
use refold_core::work::Work;
use refold_handlers::invariant::Invariant;
use refold_handlers::lab::{Checked, Flip, Rules, Sighting, Unclear, Watched};
use serde::{Deserialize, Serialize};

use super::determinism::DeterminismAnswer;
use super::kept::{self, Answered, Keepable, Keeping, RunKey};
use super::{EventName, MOST_ROWS, Scope, fold, lacking, order_of, shown_at, unread};
use crate::answer::Literal;
use crate::error::{AppError, ErrorCode};
use crate::mask::{self, Cover};
use crate::session::Session;
use crate::text::Exact;
use crate::wire::{FindingWire, HandlerWire, SeverityWire};
use crate::{findings, handler, text};

/// Changes of one invariant in one stream that are kept when all streams are checked.
const MOST_FLIPS: usize = 16;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CheckAnswer {
    pub handler: HandlerWire,
    pub streams: u32,
    pub events: u64,
    /// Every state was looked at, and each could be asked.
    pub exact: bool,
    /// What `exact` means here, in a sentence.
    pub sentence: String,
    pub invariants: Vec<InvariantAnswer>,
    /// One for each invariant and stream that it broke in, by position.
    pub violations: Vec<ViolationAnswer>,
    /// More than are among `violations`, when only the first are kept.
    pub violation_count: u32,
    pub findings: Vec<FindingWire>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InvariantAnswer {
    pub id: String,
    pub severity: SeverityWire,
    /// Streams in which it broke at least once.
    pub broken_streams: u32,
    /// Streams in which it could not be asked of some state, and why, for the first of them.
    pub unclear_streams: u32,
    pub unclear: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ViolationAnswer {
    pub invariant: String,
    pub stream: Exact,
    /// The event that broke it first.
    #[serde(flatten)]
    pub event: EventName,
    /// The single values that the invariant read then, by path.
    pub values: Vec<ValueAnswer>,
    /// Every time it broke or held again, in the order of the stream; the first ones of many.
    pub flips: Vec<FlipAnswer>,
    /// Whether it holds at the head.
    pub holds_at_head: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ValueAnswer {
    pub path: String,
    pub value: Literal,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FlipAnswer {
    pub holds: bool,
    #[serde(flatten)]
    pub event: EventName,
}

impl CheckAnswer {
    /// `holds`, `broken` or `unclear`. That all invariants hold is said only where every state was asked, of every event, by
    /// a handler that always answers alike.
    pub fn outcome(&self, tried: &DeterminismAnswer) -> &'static str {
        match self.violation_count {
            0 if self.exact && tried.replay_safe != Some(false) => "holds",
            0 => "unclear",
            _ => "broken",
        }
    }
}

/// `invariant`: a condition on `state` that is checked instead of those of the handler's package.
pub fn check(
    work: &Work<'_>,
    session: &Session,
    scope: Scope<'_>,
    handler: Option<&str>,
    invariant: Option<&str>,
    keeping: Keeping,
) -> Result<Answered<CheckAnswer>, AppError> {
    session.adopt_rules(handler)?;
    if invariant.is_some() && session.mask().has_rules() {
        // Its answer would tell a hidden value bit by bit. What a package asks was not chosen by whoever looks.
        return Err(AppError::new(
            ErrorCode::Denied,
            "masking rules hold for this store, and a condition of one's own could tell what they hide",
            "check the invariants of a handler's package, or work without these rules where you may (docs/masking.md)",
        ));
    }
    let program = session.adopted(handler)?;
    let rules = Arc::new(rules_of(handler, invariant)?);
    // Those of a package are part of its hash.
    let question = invariant.unwrap_or_default();
    let key = RunKey::new(session, "check", scope, &[(handler, program.as_ref())], question);
    kept::answer(session, keeping, &key, || made(work, session, scope, program, rules))
}

fn made(
    work: &Work<'_>,
    session: &Session,
    scope: Scope<'_>,
    program: Arc<dyn HandlerProgram>,
    rules: Arc<Rules>,
) -> Result<CheckAnswer, AppError> {
    let identity = handler::wire(program.identity());
    let most_flips = if scope.is_one_stream() { usize::MAX } else { MOST_FLIPS };
    let checked = Arc::new(Checked::new(program, Arc::clone(&rules), most_flips));
    let noted = Arc::<Findings>::default();
    let seen = Mutex::new(Seen::of(&rules));
    let finish = |id: &[u8], cover: &Cover, folded: &Folded| {
        let mut watched = Watched::of_state(&folded.state);
        if let (Some(watched), Some(gap)) = (&mut watched, folded.missing) {
            leave_open(watched, gap);
        }
        if let Some(mut watched) = watched
            && (watched.flip_count > 0 || !watched.unclear.is_empty())
        {
            for (path, value) in watched.flips.iter_mut().flat_map(|flip| &mut flip.values) {
                *value = shown_at(cover, path, value);
            }
            if !cover.is_empty() {
                let asked = |at| rules.invariants().iter().nth(at);
                for unclear in &mut watched.unclear {
                    if asked(unclear.invariant).is_some_and(Invariant::is_function) {
                        unclear.reason = mask::unquoted(std::mem::take(&mut unclear.reason));
                    }
                }
            }
            seen.lock().unwrap_or_else(PoisonError::into_inner).add(id, watched);
        }
    };
    let program: Arc<dyn HandlerProgram> = checked;
    let folded = fold(work, session, scope, &program, &noted, &finish)?;
    let mut seen = seen.into_inner().unwrap_or_else(PoisonError::into_inner);
    let found = findings::wire(&noted);
    let inexact = inexact(folded.incomplete_streams, &found, seen.unclear_streams);
    Ok(CheckAnswer {
        handler: identity,
        streams: folded.streams,
        events: folded.events,
        exact: inexact.is_none(),
        sentence: match inexact {
            None => "exact: every state was looked at".to_owned(),
            Some(reasons) => format!("not exact: {reasons}"),
        },
        violations: seen.violations(),
        violation_count: seen.violation_count,
        invariants: seen.told(),
        findings: found,
    })
}

/// The invariants that are asked; an error where there are none, which would find nothing and mean nothing.
pub(super) fn rules_of(handler: Option<&str>, invariant: Option<&str>) -> Result<Rules, AppError> {
    if let Some(condition) = invariant {
        return Ok(Rules::own(condition)?);
    }
    match handler::opened(handler)? {
        Some(opened) if !opened.invariants().is_empty() => Ok(Rules::OfPackage(opened)),
        _ => Err(AppError::invalid(
            format!(
                "this handler has no invariants: {}",
                handler.unwrap_or(handler::DEFAULT)
            ),
            "write some into its package (docs/handlers.md), or ask for one of your own",
        )
        .typed("--invariant \"state.paid <= state.total\"")),
    }
}

/// Why not every state could be asked; `None`: every one was.
fn inexact(incomplete_streams: u32, findings: &[FindingWire], unclear_streams: u32) -> Option<String> {
    let unasked = (unclear_streams > 0).then(|| {
        format!(
            "in {} an invariant could not be asked of some state",
            text::counted(unclear_streams.into(), "stream")
        )
    });
    let reasons = [unread(incomplete_streams), lacking(findings), unasked];
    let reasons: Vec<String> = reasons.into_iter().flatten().collect();
    (!reasons.is_empty()).then(|| reasons.join(", and "))
}

/// What breaks behind events that are missing might not have with them: it is no violation, but unclear.
fn leave_open(watched: &mut Watched, gap: Gap) {
    let is_behind = |event: &Sighting| event.position >= gap.position;
    let open: Vec<Flip> = watched.flips.extract_if(.., |flip| is_behind(&flip.event)).collect();
    for flip in open.into_iter().filter(|flip| !flip.holds) {
        if watched.unclear.iter().any(|known| known.invariant == flip.invariant) {
            continue;
        }
        let event = EventName::of(&flip.event);
        let place = event.version.map(|version| format!("v{version}"));
        let place = place.or(event.position.map(|position| format!("#{position}")));
        watched.unclear.push(Unclear {
            invariant: flip.invariant,
            reason: format!(
                "it is broken at {}, but events before that are missing, and might have kept it",
                place.unwrap_or_default()
            ),
            event: flip.event,
        });
    }
}

impl Keepable for CheckAnswer {
    fn is_exact_as_text(&self) -> bool {
        let names = self.violations.iter().flat_map(|of| {
            let flips = of.flips.iter().map(|flip| &flip.event.event_type);
            flips.chain([&of.stream, &of.event.event_type])
        });
        names.into_iter().all(Exact::is_utf8)
    }
}

/// What all streams came to so far.
struct Seen {
    invariants: Vec<InvariantAnswer>,
    /// By invariant: the first event after which it could not be asked, and why.
    unclear: Vec<Option<((Position, Version), String)>>,
    /// In which any invariant could not be asked.
    unclear_streams: u32,
    /// Not in order, and somewhat more than are wanted at most.
    found: Vec<Found>,
    violation_count: u32,
}

/// An invariant that broke in a stream.
struct Found {
    stream: Vec<u8>,
    invariant: usize,
    /// The first one broke it.
    flips: Vec<Flip>,
    holds_at_head: bool,
}

impl Seen {
    fn of(rules: &Rules) -> Seen {
        let invariants = rules.invariants().iter().map(|invariant| InvariantAnswer {
            id: invariant.id.clone(),
            severity: findings::severity(invariant.severity),
            broken_streams: 0,
            unclear_streams: 0,
            unclear: None,
        });
        let invariants: Vec<InvariantAnswer> = invariants.collect();
        Seen {
            unclear: invariants.iter().map(|_| None).collect(),
            unclear_streams: 0,
            invariants,
            found: Vec::new(),
            violation_count: 0,
        }
    }

    fn add(&mut self, stream: &[u8], watched: Watched) {
        self.unclear_streams += u32::from(!watched.unclear.is_empty());
        for unclear in watched.unclear {
            let places = (
                self.invariants.get_mut(unclear.invariant),
                self.unclear.get_mut(unclear.invariant),
            );
            if let (Some(invariant), Some(first)) = places {
                invariant.unclear_streams += 1;
                // Streams come in any order.
                let order = order_of(&unclear.event);
                if first.as_ref().is_none_or(|(known, _)| order < *known) {
                    *first = Some((order, unclear.reason));
                }
            }
        }
        for (at, invariant) in self.invariants.iter_mut().enumerate() {
            let flips: Vec<Flip> = watched
                .flips
                .iter()
                .filter(|flip| flip.invariant == at)
                .cloned()
                .collect();
            if flips.is_empty() {
                continue;
            }
            invariant.broken_streams += 1;
            self.violation_count += 1;
            self.found.push(Found {
                stream: stream.to_vec(),
                invariant: at,
                flips,
                holds_at_head: !watched.broken.contains(&at),
            });
        }
        if self.found.len() >= 2 * MOST_ROWS {
            self.shorten();
        }
    }

    /// Keeps those that broke first.
    fn shorten(&mut self) {
        let order = |found: &Found| found.flips.first().map(|flip| order_of(&flip.event));
        self.found.sort_by(|a, b| {
            (order(a), a.invariant)
                .cmp(&(order(b), b.invariant))
                .then_with(|| a.stream.cmp(&b.stream))
        });
        self.found.truncate(MOST_ROWS);
    }

    /// Each invariant, with why it could not be asked of the first state in the record of which it could not.
    fn told(&mut self) -> Vec<InvariantAnswer> {
        let unclear = self.unclear.iter_mut().map(Option::take);
        let invariants = std::mem::take(&mut self.invariants);
        let told = |(invariant, unclear): (InvariantAnswer, Option<(_, String)>)| InvariantAnswer {
            unclear: unclear.map(|(_, reason)| reason),
            ..invariant
        };
        invariants.into_iter().zip(unclear).map(told).collect()
    }

    fn violations(&mut self) -> Vec<ViolationAnswer> {
        self.shorten();
        let answer = |found: &Found| found.answer(&self.invariants.get(found.invariant)?.id);
        self.found.iter().filter_map(answer).collect()
    }
}

impl Found {
    /// `None` only without a flip, which is not kept.
    fn answer(&self, invariant: &str) -> Option<ViolationAnswer> {
        let first = self.flips.first()?;
        let value = |(path, value): &(String, Value)| ValueAnswer {
            path: path.clone(),
            value: Literal(value.clone()),
        };
        Some(ViolationAnswer {
            invariant: invariant.to_owned(),
            stream: text::exact(&self.stream),
            event: EventName::of(&first.event),
            values: first.values.iter().map(value).collect(),
            flips: self
                .flips
                .iter()
                .map(|flip| FlipAnswer {
                    holds: flip.holds,
                    event: EventName::of(&flip.event),
                })
                .collect(),
            holds_at_head: self.holds_at_head,
        })
    }
}
