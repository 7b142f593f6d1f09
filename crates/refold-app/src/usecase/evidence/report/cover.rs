//! The cover: what the report is about, what it claims, and the one thing that matters most.

use std::cmp::Reverse;

use refold_audit::report::model::{Cover, Found};

use super::Gathered;
use super::judged::Judged;
use crate::text::{counted, grouped};

/// What the level L0 claims.
pub(super) const OBSERVED: &str =
    "observed: the store returned these bytes when it was read. Whether they were others before is not known.";
/// What it claims of a report about a person.
const OBSERVED_IN_PART: &str = "observed: the store returned what is shown of these events when it was read; it was written \
     anew, without the rest. Whether it was other before is not known.";
/// What a report without a verdict does not say.
const UNASKED: &str = "; invariants were not asked";
/// The least first.
const SEVERITIES: [&str; 3] = ["notice", "warning", "error"];

/// `found`: what reading came upon. `events`: how many there are in the report.
pub(super) fn of(gathered: &Gathered<'_>, found: &[Found], events: u64) -> Cover {
    let (asked, judged) = (gathered.asked, gathered.judged.as_ref());
    let what = what(gathered);
    let name = &gathered.source.location;
    Cover {
        title: asked.title.clone().unwrap_or_else(|| format!("Audit report {what}")),
        about: match judged {
            Some(judged) => format!("{name}, {}: {}.", judged.how, named(judged, events)),
            None => format!("{} {what} in {name}{}.", counted(events, "event"), bounds(gathered)),
        },
        level: judged.map_or("L0", |judged| judged.level).to_owned(),
        claim: match (judged, &gathered.subject) {
            (Some(judged), _) => judged.claim.clone(),
            (None, Some(_)) => OBSERVED_IN_PART.to_owned(),
            (None, None) => OBSERVED.to_owned(),
        },
        headline: judged.map_or_else(|| headline(found) + UNASKED, |judged| judged.verdict.sentence.clone()),
        made_at: gathered.now.display(0).to_string(),
        made_at_is: match asked.time {
            Some(_) => "given by the caller",
            None => "by the clock of this machine",
        }
        .to_owned(),
        operator: asked.operator.clone(),
        organisation: asked.organisation.clone(),
        case_number: asked.case_number.clone(),
        classification: asked.classification.clone(),
    }
}

fn what(gathered: &Gathered<'_>) -> String {
    if let Some(judged) = &gathered.judged {
        return judged.what.to_owned();
    }
    if gathered.subject.is_some() {
        return format!(
            "of a person in {}",
            counted(gathered.selection.streams.len() as u64, "stream")
        );
    }
    match (&gathered.selection.streams[..], &gathered.asked.category) {
        ([stream], _) => format!("of the stream {stream}"),
        ([], Some(category)) => format!("of the category {category}"),
        ([], None) => "of the store".to_owned(),
        (streams, _) => format!("of {}", counted(streams.len() as u64, "stream")),
    }
}

fn named(judged: &Judged, events: u64) -> String {
    match judged.verdict.finding_count {
        0 => "no finding".to_owned(),
        count => format!(
            "{}, with {} that they name",
            counted(count, "finding"),
            counted(events, "event")
        ),
    }
}

fn bounds(gathered: &Gathered<'_>) -> String {
    match (&gathered.asked.from, &gathered.asked.to) {
        (None, None) => String::new(),
        (from, to) => format!(
            ", from {} to {}",
            from.as_deref().unwrap_or("the start"),
            to.as_deref().unwrap_or("the head")
        ),
    }
}

fn headline(found: &[Found]) -> String {
    let mut found: Vec<&Found> = found.iter().collect();
    // The most severe first, else as they stand in the report.
    found.sort_by_key(|of| Reverse(SEVERITIES.iter().position(|name| *name == of.severity)));
    let [worst, others @ ..] = &found[..] else {
        return "nothing noteworthy was found".to_owned();
    };
    let named = |of: &Found| format!("{} {} ({})", grouped(of.count), of.code, of.severity);
    let detail = worst.first.first().map(|one| one.detail.as_str()).unwrap_or_default();
    let others: Vec<String> = others.iter().map(|of| named(of)).collect();
    let besides = match others.len() as u64 {
        0 => String::new(),
        count => format!("; and {}: {}", counted(count, "other kind"), others.join(", ")),
    };
    format!("{}, the first: {detail}{besides}", named(worst))
}
