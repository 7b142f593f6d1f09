//! The report of an invariant run: where the invariants of a handler break, as `refold check` finds it.

use refold_audit::report::model::{Fact, Finding, Verdict};
use refold_core::event::Position;
use refold_core::work::Work;

use super::ReportAsked;
use super::command::quoted;
use super::cover::OBSERVED;
use super::hidden::HiddenPaths;
use super::judged::{Judged, fact, first_named, scope};
use crate::error::AppError;
use crate::session::Session;
use crate::text::{counted, grouped};
use crate::usecase::lab::check::{CheckAnswer, FlipAnswer, InvariantAnswer, ViolationAnswer, check};
use crate::usecase::lab::determinism::{DeterminismAnswer, determinism};
use crate::usecase::lab::kept::Keeping;
use crate::wire::{FindingWire, SeverityWire};

/// Changes of one invariant in one stream that are told.
const MOST_FLIPS: usize = 16;

/// `condition`: it is checked instead of the invariants of the package. What masking rules hid is added to `hidden`.
pub(super) fn judged(
    work: &Work<'_>,
    session: &Session,
    asked: &ReportAsked,
    condition: Option<&str>,
    hidden: &mut HiddenPaths,
) -> Result<Judged, AppError> {
    let scope = scope(asked, "invariants are checked")?;
    let handler = asked.handler.as_deref();
    let answer = check(work, session, scope, handler, condition, Keeping::Anew)?.answer;
    let tried = determinism(work, session, scope, handler)?;
    for value in answer.violations.iter().flat_map(|of| &of.values) {
        hidden.add_value(&value.path, &value.value);
    }
    let condition = condition.map(|condition| format!("--invariant {}", quoted(condition)));
    let beside = || answer.findings.iter().filter(|of| of.severity != SeverityWire::Notice);
    let of_beside = beside().filter_map(|of| of.position.as_ref()?.parse().ok().map(Position));
    let judged = Judged {
        verdict: Verdict {
            of: "invariants".to_owned(),
            outcome: answer.outcome(&tried).to_owned(),
            sentence: sentence(&answer),
            facts: facts(&answer, &tried),
            sides: ["before", "after"].map(str::to_owned),
            findings: Vec::new(),
            kept: 0,
            finding_count: u64::from(answer.violation_count) + beside().count() as u64,
            sha256: String::new(),
            not_checked: not_checked(&answer, &tried),
        },
        findings: Vec::new(),
        positions: answer.violations.iter().flat_map(places).chain(of_beside).collect(),
        what: "of an invariant run",
        how: format!(
            "held against {} of {} {}",
            counted(answer.invariants.len() as u64, "invariant"),
            answer.handler.name,
            answer.handler.version
        ),
        level: "L0",
        claim: OBSERVED.to_owned(),
        evidence: ("held against the handler with the hash".to_owned(), answer.handler.hash.clone()),
        options: ["--invariants".to_owned()].into_iter().chain(condition).collect(),
        steps: vec![
            "Every stream was folded from its first event to its last, and each invariant was asked of every state on the way."
                .to_owned(),
        ],
        came_upon: answer.findings.clone(),
        handler: answer.handler.clone(),
    };
    let violations = answer.violations.iter().map(|of| finding(of, &answer));
    judged.with_findings(violations.chain(beside().map(came_upon)).collect())
}

/// What folding came upon: whoever opens the file of findings must not believe that there was nothing.
fn came_upon(of: &FindingWire) -> Finding {
    let detail = match of.count {
        1 => of.detail.clone(),
        count => format!("{} of these; the first: {}", grouped(count.into()), of.detail),
    };
    Finding {
        kind: of.code.clone(),
        severity: of.severity.name().to_owned(),
        position: of.position.clone(),
        to: None,
        stream: of.stream.clone(),
        version: of.version.clone(),
        event_type: None,
        part: Vec::new(),
        detail: Some(detail),
        explanation: None,
        impacts: Vec::new(),
        impacts_asked: None,
    }
}

/// What stands in the files of findings beside violations, in words.
fn told_beside(answer: &CheckAnswer) -> Option<String> {
    let told = answer.findings.iter().filter(|of| of.severity != SeverityWire::Notice);
    let told: Vec<String> = told
        .map(|of| format!("{} {} ({})", grouped(of.count.into()), of.code, of.severity.name()))
        .collect();
    (!told.is_empty()).then(|| format!("; beside the invariants it came upon {}", told.join(", ")))
}

/// The flips that are told.
fn flips(of: &ViolationAnswer) -> impl Iterator<Item = &FlipAnswer> {
    of.flips.iter().take(MOST_FLIPS)
}

fn places(of: &ViolationAnswer) -> impl Iterator<Item = Position> {
    let named = flips(of).filter_map(|flip| flip.event.position.as_deref());
    named.filter_map(|position| position.parse().ok().map(Position))
}

fn sentence(answer: &CheckAnswer) -> String {
    let broken = match answer.violation_count {
        0 => "no violation".to_owned(),
        count => counted(count.into(), "violation"),
    };
    // What was looked at stands by itself: not all of it broke.
    format!(
        "{broken} of {}; looked at: {} of {}; {}{}",
        counted(answer.invariants.len() as u64, "invariant"),
        counted(answer.streams.into(), "stream"),
        counted(answer.events, "event"),
        answer.sentence,
        told_beside(answer).unwrap_or_default()
    )
}

fn facts(answer: &CheckAnswer, tried: &DeterminismAnswer) -> Vec<Fact> {
    let of_invariant = |of: &InvariantAnswer| {
        let broken = match of.broken_streams {
            0 => "broken in none".to_owned(),
            streams => format!("broken in {}", counted(streams.into(), "stream")),
        };
        let unclear = of.unclear.as_ref().map(|reason| {
            format!(
                "; cannot be asked in {}: {reason}",
                counted(of.unclear_streams.into(), "stream")
            )
        });
        fact(
            &of.id,
            format!("{}; {broken}{}", of.severity.name(), unclear.unwrap_or_default()),
        )
    };
    let mut facts: Vec<Fact> = answer.invariants.iter().map(of_invariant).collect();
    facts.push(fact("Safe to replay", &*tried.sentence));
    facts
}

fn not_checked(answer: &CheckAnswer, tried: &DeterminismAnswer) -> Vec<String> {
    let kept = answer.violations.len() as u64;
    let sentences = [
        Some(
            "Whether these invariants are the right ones, and whether production folds as this handler does."
                .to_owned(),
        ),
        Some("Whether the store held other events before: nothing was held against an anchor.".to_owned()),
        (!answer.exact).then(|| format!("Some states: {}.", answer.sentence)),
        (tried.replay_safe == Some(true)).then(|| {
            format!(
                "Whether the handler is safe to replay beyond {}.",
                counted(tried.events.into(), "event")
            )
        }),
        answer.violations.iter().any(|of| of.flips.len() >= MOST_FLIPS).then(|| {
            format!("Where an invariant broke and held again more than {MOST_FLIPS} times in a stream: the first are told.")
        }),
        first_named(kept, answer.violation_count.into(), "violation"),
    ];
    sentences.into_iter().flatten().collect()
}

fn finding(of: &ViolationAnswer, answer: &CheckAnswer) -> Finding {
    let invariant = answer.invariants.iter().find(|invariant| invariant.id == of.invariant);
    let values = of.values.iter().map(|it| format!("{} {}", it.path, it.value.shown()));
    let later = flips(of).skip(1).map(|flip| {
        let place = match (&flip.event.version, &flip.event.position) {
            (Some(version), _) => format!("v{version}"),
            (None, Some(position)) => format!("position {position}"),
            (None, None) => "a place that is not known".to_owned(),
        };
        format!("{} at {place}", if flip.holds { "holds again" } else { "breaks again" })
    });
    let at_head = if of.holds_at_head {
        "holds at the head"
    } else {
        "broken at the head"
    };
    let read = values.collect::<Vec<_>>().join(", ");
    let read = Some(read)
        .filter(|read| !read.is_empty())
        .map(|read| format!("it read {read}"));
    let detail: Vec<String> = read.into_iter().chain(later).chain([at_head.to_owned()]).collect();
    Finding {
        kind: of.invariant.clone(),
        severity: invariant.map_or("", |invariant| invariant.severity.name()).to_owned(),
        position: of.event.position.clone(),
        to: None,
        stream: Some(of.stream.text().into_owned()),
        version: of.event.version.clone(),
        event_type: Some(of.event.event_type.text().into_owned()),
        part: Vec::new(),
        detail: Some(detail.join("; ")),
        explanation: None,
        impacts: Vec::new(),
        impacts_asked: None,
    }
}
