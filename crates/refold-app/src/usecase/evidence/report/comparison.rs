//! The report of a comparison: where two handlers make something else of the same events, as `refold replay --against` finds
//! it.

use refold_audit::report::model::{Change, Fact, Finding, Impact, Verdict};
use refold_core::event::Position;
use refold_core::work::Work;

use super::ReportAsked;
use super::command::{named, quoted};
use super::cover::OBSERVED;
use super::hidden::HiddenPaths;
use super::judged::{Judged, code, fact, first_named, json, scope};
use crate::error::AppError;
use crate::session::Session;
use crate::text::{counted, grouped};
use crate::usecase::lab::EventName;
use crate::usecase::lab::compare::{
    CompareAnswer, DifferingAnswer, IntervalAnswer, PlaceAnswer, Side, StopAnswer, compare,
};
use crate::usecase::lab::kept::Keeping;
use crate::wire::HandlerWire;

/// Stretches of one stream that are told.
const MOST_INTERVALS: usize = 16;
/// Kinds of differences that stand among the facts.
const MOST_KINDS: usize = 8;

/// `against`: the other handler. What masking rules hid in states is added to `hidden`.
pub(super) fn judged(
    work: &Work<'_>,
    session: &Session,
    asked: &ReportAsked,
    against: &str,
    hidden: &mut HiddenPaths,
) -> Result<Judged, AppError> {
    let handler = asked.handler.as_deref();
    let scope = scope(asked, "handlers are compared")?;
    let answer = compare(work, session, scope, handler, Some(against), Keeping::Anew)?.answer;
    for place in answer.differing.iter().flat_map(|of| &of.places) {
        for value in [&place.left, &place.right].into_iter().flatten() {
            hidden.add_value(&place.path, value);
        }
    }
    let mut findings: Vec<Finding> = answer.differing.iter().map(differing).collect();
    findings.extend(answer.errors.iter().map(|stop| failing(stop, &answer)));
    findings.sort_by_cached_key(|of| of.position.as_deref().and_then(place));
    let positions = answer.differing.iter().flat_map(|of| told(of).flat_map(ends));
    let stops = answer.errors.iter().map(|stop| &stop.event);
    let judged = Judged {
        verdict: Verdict {
            of: "comparison".to_owned(),
            outcome: answer.outcome().to_owned(),
            sentence: sentence(&answer),
            facts: facts(&answer),
            sides: [Side::Left, Side::Right].map(|side| side_of(&answer, side)),
            findings: Vec::new(),
            kept: 0,
            finding_count: u64::from(answer.differing_streams) + u64::from(answer.error_count),
            sha256: String::new(),
            not_checked: not_checked(&answer),
        },
        findings: Vec::new(),
        positions: positions.chain(stops).filter_map(position).collect(),
        what: "of a comparison",
        how: format!("folded by {} and by {}", name_of(&answer.left), name_of(&answer.right)),
        level: "L0",
        claim: OBSERVED.to_owned(),
        evidence: (
            "folded by the other handler too, which has the hash".to_owned(),
            answer.right.hash.clone(),
        ),
        options: vec![format!("--against {}", quoted(&named(Some(against), &answer.right)))],
        steps: [
            "Every event was folded by both handlers in lockstep, and their states were compared after each event that \
             wrote to one of them.",
            "A handler that fails is an outcome like any other: it is told, and its state stays as it was before.",
        ]
        .map(str::to_owned)
        .to_vec(),
        came_upon: answer.findings.clone(),
        handler: answer.left.clone(),
    };
    judged.with_findings(findings)
}

fn place(position: &str) -> Option<Position> {
    position.parse().ok().map(Position)
}

fn position(event: &EventName) -> Option<Position> {
    event.position.as_deref().and_then(place)
}

/// The stretches that are told.
fn told(of: &DifferingAnswer) -> impl Iterator<Item = &IntervalAnswer> {
    of.intervals.iter().take(MOST_INTERVALS)
}

fn ends(of: &IntervalAnswer) -> impl Iterator<Item = &EventName> {
    [Some(&of.from), of.until.as_ref()].into_iter().flatten()
}

fn name_of(handler: &HandlerWire) -> String {
    format!("{} {}", handler.name, handler.version)
}

/// `left (order 1.0.0)`.
fn side_of(answer: &CompareAnswer, side: Side) -> String {
    let handler = match side {
        Side::Left => &answer.left,
        Side::Right => &answer.right,
    };
    format!("{} ({})", side.name(), name_of(handler))
}

fn sentence(answer: &CompareAnswer) -> String {
    let all = counted(answer.streams.into(), "stream");
    let differ = match answer.differing_streams {
        0 => format!("no difference in {all}"),
        1 => format!("1 of {all} differs"),
        several => format!("{} of {all} differ", grouped(several.into())),
    };
    let looked_at = format!("{differ} ({})", counted(answer.events, "event"));
    let first = answer.first_divergence.as_ref().map(|first| {
        format!(
            ", {} of them also at the head; the first is {} after {}",
            grouped(answer.differing_at_head.into()),
            first.stream.text(),
            event_text(&first.event)
        )
    });
    let failed = (answer.error_count > 0).then(|| {
        format!(
            "; a handler failed {}",
            match answer.error_count {
                1 => "once".to_owned(),
                several => format!("{} times", grouped(several.into())),
            }
        )
    });
    let unclear = answer.unclear().map(|reason| format!("; not exact: {reason}"));
    let parts = [Some(looked_at), first, failed, unclear];
    parts.into_iter().flatten().collect()
}

/// `v3 OrderPlaced`.
fn event_text(event: &EventName) -> String {
    let place = match (&event.version, &event.position) {
        (Some(version), _) => format!("v{version} "),
        (None, Some(position)) => format!("position {position} "),
        (None, None) => String::new(),
    };
    format!("{place}{}", event.event_type.text())
}

fn facts(answer: &CompareAnswer) -> Vec<Fact> {
    let of_side = |side: &str, handler: &HandlerWire| {
        [
            fact(side, format!("{}, {}", name_of(handler), handler.engine)),
            code("Its hash", &*handler.hash),
        ]
    };
    let mut facts: Vec<Fact> = of_side("Left", &answer.left).into();
    facts.extend(of_side("Right", &answer.right));
    facts.push(fact("Streams that differ", grouped(answer.differing_streams.into())));
    facts.push(fact("Also at the head", grouped(answer.differing_at_head.into())));
    facts.push(fact("Failures", grouped(answer.error_count.into())));
    facts.extend(answer.kinds.iter().take(MOST_KINDS).map(|kind| {
        fact(
            "Begins with",
            format!(
                "{} by {} in {}",
                kind.path,
                kind.event_type.text(),
                counted(kind.streams.into(), "stream")
            ),
        )
    }));
    facts
}

fn not_checked(answer: &CompareAnswer) -> Vec<String> {
    let kept = (answer.differing.len() + answer.errors.len()) as u64;
    let count = u64::from(answer.differing_streams) + u64::from(answer.error_count);
    let has_more = |of: &DifferingAnswer| of.interval_count as usize > told(of).count();
    let sentences = [
        Some("Which of the two is right, and whether production folds as either of them does.".to_owned()),
        Some("Whether the store held other events before: nothing was held against an anchor.".to_owned()),
        Some("Whether both handlers always answer alike: refold check tries it.".to_owned()),
        answer.unclear().map(|reason| format!("Some states: {reason}.")),
        (!answer.differing.is_empty()).then(|| {
            "What else differs in a stream than the values that are told, which are those after its first divergence."
                .to_owned()
        }),
        answer.differing.iter().any(has_more).then(|| {
            "Where streams differ in more stretches than are told: the first are, and how many there are.".to_owned()
        }),
        (answer.kinds.len() > MOST_KINDS)
            .then(|| format!("Every kind of first difference: the {MOST_KINDS} most frequent stand among the facts.")),
        first_named(kept, count, "finding"),
    ];
    sentences.into_iter().flatten().collect()
}

/// A stream that differs: where it begins to, until when, and what differs there.
fn differing(of: &DifferingAnswer) -> Finding {
    let first = of.intervals.first();
    let from = first.map(|interval| &interval.from);
    let stretch = |interval: &IntervalAnswer| match &interval.until {
        Some(until) => format!("from {} until {}", event_text(&interval.from), event_text(until)),
        None => format!("from {} to the head", event_text(&interval.from)),
    };
    let stretches: Vec<String> = told(of).map(stretch).collect();
    let count = (of.interval_count as usize > stretches.len()).then(|| format!("{} stretches", of.interval_count));
    let places = of.places.len() as u64;
    let change = |place: &PlaceAnswer| Change {
        path: place.path.clone(),
        before: place.left.as_ref().map(json),
        after: place.right.as_ref().map(json),
    };
    Finding {
        kind: "DIFFERS".to_owned(),
        severity: "difference".to_owned(),
        position: from.and_then(|event| event.position.clone()),
        to: first
            .and_then(|interval| interval.until.as_ref())
            .and_then(|event| event.position.clone()),
        stream: Some(of.stream.text().into_owned()),
        version: from.and_then(|event| event.version.clone()),
        event_type: from.map(|event| event.event_type.text().into_owned()),
        part: Vec::new(),
        detail: Some(stretches.into_iter().chain(count).collect::<Vec<_>>().join("; ")),
        explanation: None,
        impacts: vec![Impact {
            stream: Some(of.stream.text().into_owned()),
            sentence: match u64::from(of.place_count) {
                count if places < count => format!("{} differ, the first {places} are told", counted(count, "value")),
                1 => "1 value differs".to_owned(),
                count => format!("{} differ", counted(count, "value")),
            },
            is_proven: true,
            changes: of.places.iter().map(change).collect(),
        }],
        impacts_asked: None,
    }
}

fn failing(of: &StopAnswer, answer: &CompareAnswer) -> Finding {
    Finding {
        kind: "FAILS".to_owned(),
        severity: "failure".to_owned(),
        position: of.event.position.clone(),
        to: None,
        stream: Some(of.stream.text().into_owned()),
        version: of.event.version.clone(),
        event_type: Some(of.event.event_type.text().into_owned()),
        part: Vec::new(),
        detail: Some(format!("{}: {}", side_of(answer, of.side), of.reason)),
        explanation: None,
        impacts: Vec::new(),
        impacts_asked: None,
    }
}
