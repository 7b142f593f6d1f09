//! The report of a verification: an anchor held against the store, as `refold verify` does it.

use std::collections::BTreeMap;

use refold_audit::report::model::{Change, Fact, Finding, Impact, Verdict};
use refold_core::event::Position;
use refold_core::work::Work;

use super::super::impact;
use super::super::verify::{MOST_IMPACTS, VerifyAnswer, VerifyAsked, VerifyFinding, verify};
use super::hidden::HiddenPaths;
use super::judged::{Judged, code, fact, first_named, json};
use super::source;
use crate::error::AppError;
use crate::handler;
use crate::session::Session;
use crate::text::{Exact, counted, grouped};

/// `copy`: an older copy of the store. What masking rules hid in states is added to `hidden`.
pub(super) fn judged(
    work: &Work<'_>,
    session: &Session,
    asked: &VerifyAsked,
    copy: Option<&Session>,
    hidden: &mut HiddenPaths,
) -> Result<Judged, AppError> {
    let answer = verify(work, session, asked, copy)?;
    let impacts = answer.findings.iter().flat_map(|finding| &finding.impacts);
    impacts.for_each(|impact| hidden.add_impact(impact));
    let options = [
        Some("--verification DIR"),
        asked.salt.as_ref().map(|_| "--salt FILE"),
        asked.key.as_ref().map(|_| "--anchor-key KEY"),
        asked.authorities.as_ref().map(|_| "--authority FILE"),
        (!asked.revoked.is_empty()).then_some("--crl FILE"),
        copy.map(|_| "--copy STORE"),
        asked.explanations.as_ref().map(|_| "--explanations FILE"),
        asked.native_key.as_ref().map(|_| "--native-key FILE"),
    ];
    let anchor = &answer.anchor;
    let chain = answer.chain.as_ref();
    let judged = Judged {
        verdict: Verdict {
            of: "verification".to_owned(),
            outcome: match (answer.outcome, chain) {
                ("verified", Some(chain)) if chain.is_broken() => "broken",
                (outcome, _) => outcome,
            }
            .to_owned(),
            sentence: match chain {
                Some(chain) => format!("{}; by the store's own chain: {}", answer.sentence, chain.sentence),
                None => answer.sentence.clone(),
            },
            facts: facts(&answer, asked, copy),
            sides: ["as anchored", "now"].map(str::to_owned),
            findings: Vec::new(),
            kept: 0,
            finding_count: answer.finding_count + chain.map_or(0, |chain| chain.finding_count),
            sha256: String::new(),
            not_checked: not_checked(&answer, asked),
        },
        findings: Vec::new(),
        positions: all(&answer).flat_map(places).collect(),
        what: "of a verification",
        how: format!("held against the anchor of {}", anchor.made_at),
        level: answer.level,
        claim: claim(&answer),
        came_upon: Vec::new(),
        handler: handler::wire(session.adopted(asked.handler.as_deref())?.identity()),
        options: options.into_iter().flatten().map(str::to_owned).collect(),
        steps: [
            "Every event of the store was read whole and hashed again. The tree of those up to the horizon, and each of its \
             leaves where the anchor keeps them, were held against the anchor.",
            "The state that a finding made other is that after the events of its stream up to the horizon; where an event is of \
             another stream now, the states of both are told.",
        ]
        .map(str::to_owned)
        .to_vec(),
        evidence: ("held against the anchor with the root".to_owned(), anchor.root.clone()),
    };
    let of_anchor = answer.findings.iter().map(finding);
    let of_chain = chain.into_iter().flat_map(|chain| &chain.findings).map(|of| {
        let said = of.detail.as_deref().unwrap_or_default();
        Finding {
            detail: Some(format!("by the store's own chain: {said}")),
            ..finding(of)
        }
    });
    judged.with_findings(of_anchor.chain(of_chain).collect())
}

/// What was found by the anchor, and by the chain that the store itself keeps.
fn all(answer: &VerifyAnswer) -> impl Iterator<Item = &VerifyFinding> {
    let of_chain = answer.chain.iter().flat_map(|chain| &chain.findings);
    answer.findings.iter().chain(of_chain)
}

/// Where events stand that a finding names. One that was removed stands nowhere, and a range names none.
fn places(of: &VerifyFinding) -> impl Iterator<Item = Position> {
    let named = match of.kind {
        "REMOVED" | "DIFFERS" | "MISSING" => [None, None],
        "MOVED" => [None, of.to.as_deref()],
        _ => [of.position.as_deref(), of.to.as_deref()],
    };
    named
        .into_iter()
        .flatten()
        .filter_map(|position| position.parse().ok().map(Position))
}

fn claim(answer: &VerifyAnswer) -> String {
    let stamp = answer.anchor.stamp.as_ref();
    match (answer.outcome, stamp.filter(|stamp| stamp.is_authority_known)) {
        ("verified", Some(stamp)) => format!(
            "unchanged since {}, when {} saw the anchor: every event up to position {} is byte for byte what it was then. \
             What it was before is not known; of the authority: {}.",
            stamp.time,
            stamp.authority,
            answer.anchor.horizon,
            stamp.revocation_sentence()
        ),
        ("verified", None) => format!(
            "unchanged since the anchor: every event up to position {} is byte for byte what it was at {}. What it was \
             before is not known.",
            answer.anchor.horizon, answer.anchor.made_at
        ),
        ("broken", _) => {
            "observed: the store returned these bytes when it was read, and they are not what the anchor says.".to_owned()
        }
        _ => "observed: the store returned these bytes when it was read. Not all of it could be read, so that the anchor \
              proves nothing of it."
            .to_owned(),
    }
}

fn facts(answer: &VerifyAnswer, asked: &VerifyAsked, copy: Option<&Session>) -> Vec<Fact> {
    let anchor = &answer.anchor;
    let mut facts = vec![
        fact(
            "Anchor",
            format!(
                "{} up to position {}, made at {}",
                counted(anchor.size, "event"),
                anchor.horizon,
                anchor.made_at
            ),
        ),
        code("Its root", &*anchor.root),
    ];
    match &anchor.signed_by {
        None => facts.push(fact(
            "Signed by",
            "nobody: it is worth as much as the place where it was kept",
        )),
        Some(key) => {
            facts.push(code("Signed by", &**key));
            let known = match anchor.is_key_known {
                true => "the one that was named to verify with",
                false => "compared with none: compare it with one that you have from elsewhere",
            };
            facts.push(fact("This key", known));
        }
    }
    facts.push(fact(
        "Time stamp",
        match &anchor.stamp {
            Some(stamp) => stamp.sentence(),
            None => "none: when the anchor was made is what its maker says".to_owned(),
        },
    ));
    facts.push(fact("Came since", counted(answer.added, "event")));
    if !answer.uncovered_columns.is_empty() {
        facts.push(fact("Columns that came since", answer.uncovered_columns.join(", ")));
    }
    if !answer.gone_columns.is_empty() {
        facts.push(fact("Columns that are gone", answer.gone_columns.join(", ")));
    }
    if let Some(chain) = &answer.chain {
        let level = chain.level.map(|level| format!("{level}: ")).unwrap_or_default();
        facts.push(fact("The store's own chain", format!("{level}{}", chain.sentence)));
        facts.push(fact(
            "Findings of this chain",
            kinds(&chain.findings, chain.finding_count),
        ));
        if let Some(head) = &chain.head {
            facts.push(code("The last hash of the chain", &**head));
        }
    }
    facts.push(fact("Older copy", copy.map_or_else(|| "none".to_owned(), source::name)));
    facts.push(fact(
        "Explanations",
        match &asked.explanations {
            None => "none were given".to_owned(),
            Some(_) => format!(
                "given for {}, which makes none of them less",
                counted(all(answer).filter(|of| of.explained).count() as u64, "finding")
            ),
        },
    ));
    facts.push(fact("Findings", kinds(&answer.findings, answer.finding_count)));
    facts
}

/// `2 CHANGED (manipulation), 1 VERSION-GAP (gap)`, of all or of the first.
fn kinds(findings: &[VerifyFinding], count: u64) -> String {
    let kept = findings.len() as u64;
    match kept < count {
        true => format!(
            "{} among the first {} of {}",
            by_kind(findings),
            grouped(kept),
            grouped(count)
        ),
        false => by_kind(findings),
    }
}

fn by_kind(findings: &[VerifyFinding]) -> String {
    let mut counts: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for finding in findings {
        *counts.entry((finding.kind, finding.severity)).or_default() += 1;
    }
    let named = counts
        .iter()
        .map(|((kind, severity), count)| format!("{} {kind} ({severity})", grouped(*count)));
    match counts.is_empty() {
        true => "none".to_owned(),
        false => named.collect::<Vec<_>>().join(", "),
    }
}

fn not_checked(answer: &VerifyAnswer, asked: &VerifyAsked) -> Vec<String> {
    let anchor = &answer.anchor;
    let kept = answer.findings.len() as u64;
    let of_chain = answer.chain.iter().flat_map(|chain| &chain.not_checked);
    let of_chain = of_chain.map(|sentence| format!("Of the store's own chain: {sentence}"));
    let sentences = [
        Some("The time before the anchor was made: what was forged by then is anchored as it was.".to_owned()),
        (answer.added > 0).then(|| {
            format!(
                "Events above position {}: {} came since, and the anchor says nothing of them.",
                anchor.horizon,
                counted(answer.added, "event")
            )
        }),
        (!answer.uncovered_columns.is_empty()).then(|| {
            format!(
                "Columns that came since, of which the anchor says nothing: {}.",
                answer.uncovered_columns.join(", ")
            )
        }),
        (answer.outcome == "unverifiable").then(|| "What could not be read: see the finding about the store.".to_owned()),
        anchor.signed_by.is_none().then(|| "Who made the anchor: nobody signed it.".to_owned()),
        (anchor.signed_by.is_some() && !anchor.is_key_known)
            .then(|| "Whose key signed the anchor: none was named to compare it with.".to_owned()),
        answer
            .findings
            .iter()
            .any(|finding| finding.kind == "DIFFERS")
            .then(|| "Which events differ in a range that does: the anchor keeps no leaves, which would name them.".to_owned()),
        first_named(kept, answer.finding_count, "finding"),
        answer.chain.as_ref().and_then(|chain| {
            first_named(chain.findings.len() as u64, chain.finding_count, "chain finding")
        }),
        answer.findings.iter().any(|finding| !finding.impacts_asked).then(|| {
            format!(
                "What findings about no single event did to states, those after the first {MOST_IMPACTS} differences, and what \
                 these left behind in more than the first {MOST_IMPACTS} streams."
            )
        }),
        (answer.chain.as_ref().is_some_and(|chain| chain.finding_count > 0))
            .then(|| "What the findings of the store's own chain did to states.".to_owned()),
        asked.explanations.as_ref().map(|_| "Whether the explanations are true.".to_owned()),
        Some("Who changed the store, and when: an anchor cannot tell.".to_owned()),
    ];
    sentences.into_iter().flatten().chain(of_chain).collect()
}

fn finding(of: &VerifyFinding) -> Finding {
    let text = |name: &Option<Exact>| name.as_ref().map(|name| name.text().into_owned());
    // Of an event that is gone a copy knows whose it was.
    let stream = of.impacts.first().and_then(|impact| impact.stream.as_ref());
    Finding {
        kind: of.kind.to_owned(),
        severity: of.severity.to_owned(),
        position: of.position.clone(),
        to: of.to.clone(),
        stream: text(&of.stream).or_else(|| stream.map(|stream| stream.text().into_owned())),
        version: of.version.clone(),
        event_type: text(&of.event_type),
        part: of.part.iter().map(|part| (*part).to_owned()).collect(),
        detail: of.detail.clone(),
        explanation: of.explanation.clone(),
        impacts: of.impacts.iter().map(impact_of).collect(),
        impacts_asked: Some(of.impacts_asked),
    }
}

fn impact_of(of: &impact::Impact) -> Impact {
    let change = |of: &impact::ImpactChange| Change {
        path: of.path.clone(),
        before: of.before.as_ref().map(json),
        after: of.after.as_ref().map(json),
    };
    Impact {
        stream: of.stream.as_ref().map(|stream| stream.text().into_owned()),
        sentence: of.sentence.clone(),
        is_proven: of.is_proven,
        changes: of.changes.iter().map(change).collect(),
    }
}
