//! Verifying a store against an anchor of it: all of it, from its bytes.

use std::collections::HashMap;
use std::path::PathBuf;

use refold_audit::anchor::check::{CheckError, Difference, Finding, Outcome, Part};
use refold_core::event::{Columns, EventBatch, Position};
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::port::store::{Direction, ReadQuery, Scope};
use refold_core::work::{Phase, Work};
use serde::Serialize;

use super::aftermath::aftermath;
use super::anchor::identity;
use super::chain::{ChainAnswer, ChainAsked, has_chain, verify_chain};
use super::explanation::Register;
use super::header::{self, Told};
use super::impact::{Impact, Impacts, Older};
use super::known::{Known, public_key};
use super::passing::{Pass, unread};
use super::reasons::Reasons;
use super::stamp::{self, StampSeen};
use crate::error::AppError;
use crate::session::Session;
use crate::text::{self, Exact, counted, grouped};

#[derive(Debug, Clone, Serialize)]
pub struct VerifyAnswer {
    /// `verified`; `broken`: it is not what the anchor says; `unverifiable`: not all of it can be read, or not now.
    pub outcome: &'static str,
    /// `L1`: every event up to the horizon is what the anchor says; `L2`: and it was at the time of a stamp, of an authority
    /// that was named. `L0`: observed, and not what the anchor says, or not all of it can be read.
    pub level: &'static str,
    /// By position; the first ones of many.
    pub findings: Vec<VerifyFinding>,
    /// More than are among `findings`, when only the first are kept.
    pub finding_count: u64,
    pub anchor: AnchorSeen,
    /// Events above the horizon: the anchor says nothing of them.
    pub added: u64,
    /// Columns of the store's rows that came after the anchor was made: it says nothing of them.
    pub uncovered_columns: Vec<String>,
    /// Columns that the anchor covers and the store's rows have no more.
    pub gone_columns: Vec<String>,
    /// What the chain that the store itself keeps says; `null`: it keeps none.
    pub chain: Option<ChainAnswer>,
    /// The outcome in words.
    pub sentence: String,
}

#[derive(Debug, Clone, Serialize)]
pub struct VerifyFinding {
    /// `CHANGED`, `REMOVED`, `INSERTED`, `MOVED`, `DIFFERS` (somewhere in a range), `DUPLICATE-ID`, `VERSION-GAP`,
    /// `REWRITTEN-ALL`, `COLUMN-GONE`, `POSITION-REPLACED`, `UNSETTLED`, `UNREADABLE` (of the store, or of a place in it).
    pub kind: &'static str,
    /// `manipulation` or `gap`.
    pub severity: &'static str,
    /// `null` where it is about the whole store.
    pub position: Option<String>,
    /// Of what moved: where it is now. Of a range: its last position.
    pub to: Option<String>,
    /// As the event stands there today, or stood in the copy where it is gone; it may have been of another stream, which its impacts name.
    pub stream: Option<Exact>,
    pub version: Option<String>,
    #[serde(rename = "type")]
    pub event_type: Option<Exact>,
    /// What of the event is another: `header`, `payload`, `metadata`; empty where that is not the question.
    pub part: Vec<&'static str>,
    /// In words, where there is more to say: of a header also which column of the row it is, where a copy tells.
    pub detail: Option<String>,
    /// What it did to the state of its aggregate, and where the event is of another stream now, to the states of both. Empty of
    /// findings that are not about one event, and beyond the first.
    pub impacts: Vec<Impact>,
    /// Whether it was looked at what it did. Not of findings that are not about one event, and of so many of the others only.
    pub impacts_asked: bool,
    /// As [`Impact::wants_copy`]: one would tell more of it.
    #[serde(skip)]
    pub wants_copy: bool,
    /// Whether somebody explained it. An explanation never makes it unchanged.
    pub explained: bool,
    /// What was said.
    pub explanation: Option<String>,
}

impl VerifyFinding {
    /// Whether it is about one event or the place of one, of which nobody looked what it did: that it has no impacts says nothing then.
    pub fn is_unasked(&self) -> bool {
        const OF_ONE_EVENT: [&str; 6] = ["CHANGED", "REMOVED", "INSERTED", "MOVED", "DUPLICATE-ID", "VERSION-GAP"];
        !self.impacts_asked && OF_ONE_EVENT.contains(&self.kind)
    }
}

#[derive(Debug, Clone, Serialize)]
pub struct AnchorSeen {
    pub made_at: String,
    pub size: u64,
    pub root: String,
    pub horizon: String,
    /// The key that signed it, checked; `null`: nobody did.
    pub signed_by: Option<String>,
    /// Whether that key is the one that was named to verify with.
    pub is_key_known: bool,
    /// The time stamp of its checkpoint; `null`: it has none.
    pub stamp: Option<StampSeen>,
}

/// What to verify a store against, and with what.
#[derive(Debug, Clone, Default)]
pub struct VerifyAsked {
    /// The folder of the anchor.
    pub anchor: PathBuf,
    /// The file of the key that salts it, where it is not beside it.
    pub salt: Option<PathBuf>,
    /// The public key of minisign that must have signed it, as a file or its text.
    pub key: Option<String>,
    /// A file of certificates, one of which must vouch for the time stamp of the anchor.
    pub authorities: Option<PathBuf>,
    /// Files of lists of revoked certificates, by which the certificate of the authority must stand.
    pub revoked: Vec<PathBuf>,
    /// By which the impact of each finding is told; `None`: `builtin:merge`.
    pub handler: Option<String>,
    /// A file of explanations.
    pub explanations: Option<PathBuf>,
    /// A file with the public key of a store that signs its events.
    pub native_key: Option<PathBuf>,
}

/// Findings whose event is looked up.
pub(super) const MOST_NAMED: usize = 1_000;
/// Differences whose impact is told, and streams of what they left behind: each folds a stream twice.
pub(super) const MOST_IMPACTS: usize = 20;

/// `copy`: an older copy of the store, from which the impact of a difference is told.
pub fn verify(
    work: &Work<'_>,
    session: &Session,
    asked: &VerifyAsked,
    copy: Option<&Session>,
) -> Result<VerifyAnswer, AppError> {
    session.expect_reached("a verification")?;
    let key = asked.key.as_deref().map(public_key).transpose()?;
    let known = Known::open(work, &asked.anchor, asked.salt.as_deref(), key.as_ref())?;
    // What was anchored was settled then.
    let further = session.settled_up_to(known.horizon);
    let session = further.as_ref().unwrap_or(session);
    let stamp = stamp::seen(known.stamp.as_ref(), asked.authorities.as_deref(), &asked.revoked)?;
    let is_stamped = stamp.as_ref().is_some_and(|stamp| stamp.is_authority_known);
    let register = asked.explanations.as_deref().map(Register::read).transpose()?;
    let program = session.adopted(asked.handler.as_deref())?;
    let held = Held::against(work, session, &known, Phase::Verifying)?;
    let outcome = &held.outcome;
    let differing = outcome.finding_count + held.below_zero.len() as u64;
    let mut finding_count = differing;
    let mut found = Vec::new();
    let mut say = |finding: VerifyFinding| {
        finding_count += 1;
        found.push(finding);
    };
    if let Some(detail) = &held.unread {
        let kind = if held.is_unsettled { "UNSETTLED" } else { "UNREADABLE" };
        say(VerifyFinding::of_store(kind, "gap", detail.clone()));
    }
    if outcome.is_rewritten() && !held.is_unsettled {
        say(VerifyFinding::of_store(
            "REWRITTEN-ALL",
            "manipulation",
            held.reasons.rewritten(outcome),
        ));
    }
    if !outcome.is_unchanged {
        held.reasons.told().into_iter().for_each(&mut say);
    }
    let unread_places = held.reasons.unread_places(work, session, &outcome.findings)?;
    let is_read = |finding: &&Finding| !unread_places.contains_key(&finding.position);
    let read: Vec<Finding> = outcome.findings.iter().filter(is_read).cloned().collect();
    let left = aftermath(work, session, &read, &held.below_zero, known.horizon)?;
    finding_count += left.len() as u64;
    // Of an event that is gone only a copy knows what it was.
    let gone = match copy {
        Some(copy) => today(work, copy, outcome.findings.iter().filter_map(removed))?,
        None => HashMap::new(),
    };
    let below_zero = || held.below_zero.iter().copied().take(MOST_NAMED);
    let today = today(
        work,
        session,
        below_zero().chain(outcome.findings.iter().filter_map(place)),
    )?;
    let older = match copy.filter(|_| !outcome.is_unchanged) {
        Some(copy) => {
            let of_copy = Held::against(work, copy, &known, Phase::VerifyingTheCopy)?;
            Some(Older {
                session: copy,
                outcome: of_copy.outcome,
                below_zero: of_copy.below_zero,
            })
        }
        None => None,
    };
    let impacts = Impacts::new(session, older, program, known.horizon, (outcome, &held.below_zero));
    found.extend(impacts.of_what_is_left(work, left)?);
    let mut told_impacts = 0;
    for position in below_zero() {
        let event = today.get(&position);
        let mut told = VerifyFinding {
            position: Some(position.to_string()),
            ..VerifyFinding::of_store(
                "INSERTED",
                "manipulation",
                "below all positions of the anchor".to_owned(),
            )
        }
        .with_event(event);
        if let Some(event) = event.filter(|_| told_impacts < MOST_IMPACTS) {
            told.impacts = vec![impacts.without_what_came(work, &event.stream)?];
            told.impacts_asked = true;
            told_impacts += 1;
        }
        found.push(told);
    }
    for (at, finding) in outcome.findings.iter().enumerate() {
        let event = place(finding).and_then(|place| today.get(&place));
        let mut told = VerifyFinding::of(finding, event);
        if told.part.contains(&part_name(&Part::Header)) {
            told.wants_copy = copy.is_none();
            told.detail = Some(header::in_words(
                match copy {
                    None => Told::ByNobody,
                    Some(_) if at >= MOST_IMPACTS => Told::NotAsked,
                    Some(copy) => {
                        // It came from a store, where positions are `i64`.
                        let before = finding.position as i64;
                        header::columns_that_differ(work, (copy, before), (session, place(finding).unwrap_or(before)))?
                    }
                },
                &held.reasons.gone_columns,
            ));
        }
        if let Some(why) = removed(finding).and_then(|_| unread_places.get(&finding.position)) {
            told = VerifyFinding {
                position: told.position,
                ..VerifyFinding::of_store("UNREADABLE", "gap", why.clone())
            };
        } else if at + told_impacts < MOST_IMPACTS {
            told.impacts = impacts.of(work, finding, event.map(|event| &*event.stream))?;
            told.impacts_asked = !matches!(finding.difference, Difference::Somewhere { .. });
        }
        if event.is_none() {
            told = told.with_event(removed(finding).and_then(|place| gone.get(&place)));
        }
        told.explanation = register
            .as_ref()
            .and_then(|register| register.of(finding.position))
            .map(str::to_owned);
        told.explained = told.explanation.is_some();
        found.push(told);
    }
    for finding in &mut found {
        finding.wants_copy |= finding.impacts.iter().any(|impact| impact.wants_copy);
    }
    // What is about the whole store stands first.
    found.sort_by_key(|finding| {
        finding
            .position
            .as_deref()
            .and_then(|position| position.parse::<i64>().ok())
    });
    let explained = found.iter().filter(|finding| finding.explained).count() as u64;
    let of_chain = ChainAsked {
        key: asked.native_key.clone(),
        explanations: asked.explanations.clone(),
    };
    let chain = has_chain(session).then(|| verify_chain(work, session, &of_chain));
    Ok(VerifyAnswer {
        chain: chain.transpose()?,
        outcome: match (&held.unread, finding_count) {
            (Some(_), _) => "unverifiable",
            (None, 0) => "verified",
            (None, _) => "broken",
        },
        level: match (finding_count, is_stamped) {
            (0, true) => "L2",
            (0, false) => "L1",
            _ => "L0",
        },
        sentence: sentence(&known, &held, differing, explained),
        findings: found,
        finding_count,
        anchor: AnchorSeen {
            made_at: known.manifest.made_at,
            size: known.manifest.size,
            root: known.manifest.root,
            horizon: known.manifest.horizon,
            signed_by: known.manifest.signed_by,
            is_key_known: key.is_some(),
            stamp,
        },
        added: held.added,
        uncovered_columns: held.uncovered_columns,
        gone_columns: held.reasons.gone_columns,
    })
}

/// What a pass over a store and an anchor comes to.
struct Held {
    outcome: Outcome,
    below_zero: Vec<i64>,
    uncovered_columns: Vec<String>,
    reasons: Reasons,
    /// Events above the horizon that are none that was anchored below it.
    added: u64,
    /// What could not be read, in a sentence.
    unread: Option<String>,
    /// All that is there could be read, and the end of what was anchored cannot be read now.
    is_unsettled: bool,
}

impl Held {
    fn against(work: &Work<'_>, session: &Session, known: &Known, phase: Phase) -> Result<Held, AppError> {
        let mut check = known.check(&identity(session))?;
        let failed = |error: CheckError<std::io::Error>| known.folder.damaged("its files", &error.to_string());
        let (findings, mut added) = (Findings::default(), 0u64);
        let passing = Pass {
            session,
            phase,
            columns: Some(&known.manifest.columns),
            key: known.key,
            findings: &findings,
        };
        let passed = passing.run(work, &|_| (), &mut |hashed| {
            if hashed.leaf.position > known.horizon {
                added += 1;
                check.push_above(&hashed.leaf);
                return Ok(());
            }
            check.push(hashed).map_err(failed)
        })?;
        let mut outcome = check.finish().map_err(failed)?;
        let (unread, unsettled) = (unread(&findings), session.not_settled_now(known.horizon));
        if let Some((behind, _)) = &unsettled {
            leave_open(&mut outcome, *behind);
        }
        let has_come_from_below = |finding: &&Finding| match finding.difference {
            Difference::Moved { to, .. } => to > known.horizon,
            _ => false,
        };
        let from_below = outcome.findings.iter().filter(has_come_from_below).count() as u64;
        Ok(Held {
            outcome,
            below_zero: passed.below_zero,
            uncovered_columns: passed.more_columns,
            reasons: Reasons::of(passed.gone_columns, &findings),
            added: added.saturating_sub(from_below),
            is_unsettled: unread.is_none() && unsettled.is_some(),
            unread: unread.or(unsettled.map(|(_, why)| why)),
        })
    }
}

/// Takes back what was found behind the last position that can be read now: it may be there all the same.
fn leave_open(outcome: &mut Outcome, behind: Option<Position>) {
    let is_told = |finding: &Finding| {
        let last = match finding.difference {
            Difference::Somewhere { last, .. } => last,
            _ => finding.position,
        };
        let behind = behind.and_then(|behind| u64::try_from(behind.0).ok());
        behind.is_some_and(|behind| last <= behind)
    };
    let all = outcome.findings.len();
    outcome.findings.retain(is_told);
    let left = (all - outcome.findings.len()) as u64;
    outcome.finding_count = outcome.finding_count.saturating_sub(left);
}

fn sentence(known: &Known, held: &Held, differing: u64, explained: u64) -> String {
    let manifest = &known.manifest;
    let of = format!("the anchor of {}", manifest.made_at);
    let came = match held.added {
        0 => "none came since".to_owned(),
        added => format!("{} came since, of which it says nothing", counted(added, "event")),
    };
    if let Some(unread) = &held.unread {
        return match held.is_unsettled {
            true => format!("NOT VERIFIED against {of}: {unread}"),
            false => format!("NOT VERIFIED against {of}: not all of the store can be read: {unread}"),
        };
    }
    if differing > 0 {
        let said = match explained {
            0 => String::new(),
            explained => format!(
                "; {} of them explained, which makes none of them less",
                grouped(explained)
            ),
        };
        return format!(
            "NOT what {of} says: {} among the {} up to position {}{said}; {came}",
            counted(differing, "difference"),
            counted(manifest.size, "event"),
            manifest.horizon
        );
    }
    let all = match manifest.size {
        1 => format!(
            "the 1 event up to position {} is byte for byte what it was",
            manifest.horizon
        ),
        size => format!(
            "all {} up to position {} are byte for byte what they were",
            counted(size, "event"),
            manifest.horizon
        ),
    };
    format!("unchanged since {of}: {all}; {came}")
}

/// An event as it stands there today.
pub(super) struct Today {
    pub stream: Vec<u8>,
    pub version: Option<String>,
    pub event_type: Exact,
}

/// Where the event of a finding stands today. Positions came from the store, where they are `i64`.
fn place(finding: &Finding) -> Option<i64> {
    match finding.difference {
        Difference::Changed(_) | Difference::Inserted => Some(finding.position as i64),
        Difference::Moved { to, .. } => Some(to as i64),
        Difference::Removed | Difference::Somewhere { .. } => None,
    }
}

/// Where an event is gone.
fn removed(finding: &Finding) -> Option<i64> {
    matches!(finding.difference, Difference::Removed).then_some(finding.position as i64)
}

/// The events at the first of these places, by position.
pub(super) fn today(
    work: &Work<'_>,
    session: &Session,
    places: impl Iterator<Item = i64>,
) -> Result<HashMap<i64, Today>, AppError> {
    let places = places.take(MOST_NAMED);
    let query = ReadQuery {
        scope: Scope::Positions(places.map(Position).collect()),
        direction: Direction::Forward,
        columns: Columns::SKELETON,
    };
    let mut reader = session.store().read(&query)?;
    let (mut batch, mut names, ignored) = (EventBatch::default(), Names::default(), Findings::default());
    let mut today = HashMap::new();
    while reader.next_batch(work, MOST_NAMED, &mut batch, &mut names, &ignored)? {
        for row in 0..batch.len() {
            let event = batch.event(row);
            let seen = Today {
                stream: names.stream(event.stream).to_vec(),
                version: (event.version != EventBatch::NO_VERSION).then(|| event.version.0.to_string()),
                event_type: text::exact(names.type_name(event.event_type)),
            };
            today.insert(event.position.0, seen);
        }
    }
    Ok(today)
}

impl VerifyFinding {
    pub(super) fn of_store(kind: &'static str, severity: &'static str, detail: String) -> VerifyFinding {
        VerifyFinding {
            kind,
            severity,
            position: None,
            to: None,
            stream: None,
            version: None,
            event_type: None,
            part: Vec::new(),
            detail: Some(detail),
            impacts: Vec::new(),
            impacts_asked: false,
            wants_copy: false,
            explained: false,
            explanation: None,
        }
    }

    /// With the event that stands there today.
    fn with_event(self, event: Option<&Today>) -> VerifyFinding {
        VerifyFinding {
            stream: event.map(|event| text::exact(&event.stream)),
            version: event.and_then(|event| event.version.clone()),
            event_type: event.map(|event| event.event_type.clone()),
            ..self
        }
    }

    fn of(finding: &Finding, event: Option<&Today>) -> VerifyFinding {
        let (kind, to, part, detail) = match &finding.difference {
            Difference::Changed(parts) => ("CHANGED", None, parts.iter().map(part_name).collect(), None),
            Difference::Removed => ("REMOVED", None, Vec::new(), None),
            Difference::Inserted => ("INSERTED", None, Vec::new(), None),
            Difference::Moved { to, changed } => ("MOVED", Some(*to), changed.iter().map(part_name).collect(), None),
            Difference::Somewhere { last, before, now } => {
                let detail = format!(
                    "{} then, {} now; the anchor keeps no leaves that would name them",
                    counted((*before).into(), "event"),
                    grouped((*now).into())
                );
                ("DIFFERS", Some(*last), Vec::new(), Some(detail))
            }
        };
        VerifyFinding {
            kind,
            severity: "manipulation",
            position: Some(finding.position.to_string()),
            to: to.map(|to| to.to_string()),
            stream: None,
            version: None,
            event_type: None,
            part,
            detail,
            impacts: Vec::new(),
            impacts_asked: false,
            wants_copy: false,
            explained: false,
            explanation: None,
        }
        .with_event(event)
    }
}

fn part_name(part: &Part) -> &'static str {
    match part {
        Part::Header => "header",
        Part::Payload => "payload",
        Part::Metadata => "metadata",
    }
}
