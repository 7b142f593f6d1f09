//! What a pass over a chain came to, as findings, a level and sentences.

use std::collections::HashSet;

use refold_audit::anchor::check::{Difference, Finding};
use refold_audit::chain::key::{ChainKey, Signed};
use refold_audit::chain::order::{Break, Order, Stretch};
use refold_audit::chain::rule::MEMBERS;
use refold_core::event::Position;
use refold_core::work::Work;

use super::super::explanation::Register;
use super::super::impact::{Differing, Impacts, Older, Proof};
use super::super::verify::{MOST_IMPACTS, MOST_NAMED, VerifyFinding, today};
use super::{ChainAnswer, ChainAsked, HashesOf, Held, Respelled, Signatures, with_sealed};
use crate::error::AppError;
use crate::handler;
use crate::session::Session;
use crate::text::{counted, exact, grouped};

const MANIPULATION: &str = "manipulation";
const GAP: &str = "gap";
const BELONG: [&str; 2] = ["belongs", "belong"];

/// A finding with what is needed to tell more of it.
struct Told {
    finding: VerifyFinding,
    /// What it is to the state of an aggregate; `None`: it is not about one event's content or place.
    difference: Option<Finding>,
    /// Where the event stands now.
    place: Option<u64>,
}

/// `older`: a copy of the store, and what its own chain came to.
pub(super) fn answer(
    work: &Work<'_>,
    asked: &ChainAsked,
    key: Option<&ChainKey>,
    mut held: Held<'_>,
    older: Option<(&Session, Held<'_>)>,
) -> Result<ChainAnswer, AppError> {
    let session = held.session;
    let register = asked.explanations.as_deref().map(Register::read).transpose()?;
    let program = handler::adopted(session, asked.handler.as_deref())?;
    let order = std::mem::take(&mut held.chain).finish();
    let (mut found, mut finding_count) = found(&held, &order, key.is_some());
    found.sort_by_key(|told| told.finding.position.as_deref().and_then(|it| it.parse::<i64>().ok()));
    let copy = older.as_ref().map(|(copy, _)| *copy);
    // Of the copy, too, whose positions are the numbers of its events.
    let last = held.head.as_ref().map(|(number, _)| *number);
    let horizon = held.last_position.max(last).unwrap_or_default();
    let impacts = Impacts::new(
        session,
        older.map(|(session, mut held)| Older {
            session,
            differing: {
                let order = std::mem::take(&mut held.chain).finish();
                differing(&held, &order)
            },
        }),
        program,
        horizon,
        differing(&held, &order),
        Proof::Chain,
    );
    let today = today(work, session, found.iter().filter_map(|told| told.place))?;
    let mut told_impacts = 0;
    for told in found.iter_mut().take(MOST_NAMED) {
        let finding = &mut told.finding;
        let event = told.place.and_then(|place| today.get(&place));
        if let Some(event) = event {
            finding.stream = Some(exact(&event.stream));
            finding.version.clone_from(&event.version);
            finding.event_type = Some(event.event_type.clone());
        }
        if let Some(difference) = told.difference.as_ref().filter(|_| told_impacts < MOST_IMPACTS) {
            told_impacts += 1;
            if let (Some(copy), Difference::Changed(_)) = (copy, &difference.difference) {
                let parts = parts_that_differ(session, copy, difference.position)?;
                if !parts.is_empty() {
                    finding.part = parts;
                    finding.detail =
                        Some("by the copy, whose event of that number gives the hash that it names".to_owned());
                }
            }
            finding.impact = impacts.of(work, difference, event.map(|event| &*event.stream))?;
        }
        let position = finding.position.as_deref().and_then(|position| position.parse().ok());
        finding.explanation = register
            .as_ref()
            .zip(position)
            .and_then(|(register, position)| register.of(position))
            .map(str::to_owned);
        finding.explained = finding.explanation.is_some();
    }
    let findings: Vec<VerifyFinding> = found.into_iter().map(|told| told.finding).collect();
    finding_count = finding_count.max(findings.len() as u64);
    let is_known = held.unread.is_none() && held.unknown.is_empty() && held.unnumbered.is_empty();
    let outcome = match (is_known, findings.iter().any(|of| of.severity == MANIPULATION)) {
        (_, true) if held.unread.is_none() => "broken",
        (false, _) | (true, true) => "unverifiable",
        (true, false) if finding_count > 0 => "partial",
        (true, false) => "verified",
    };
    let text = |(number, hash): &(u64, Vec<u8>)| (number.to_string(), String::from_utf8_lossy(hash).into_owned());
    let head = held.head.as_ref().map(text);
    let signatures = Signatures {
        key: key.map(ChainKey::to_text),
        ..held.signatures.clone()
    };
    Ok(ChainAnswer {
        outcome,
        level: matches!(outcome, "verified" | "partial").then_some("L3"),
        sentence: sentence(&held, outcome, finding_count),
        not_checked: not_checked(&held, &signatures),
        findings,
        finding_count,
        events: held.events,
        first: held.first_number.map(|number| number.to_string()),
        last: head.as_ref().map(|(number, _)| number.clone()),
        head: head.map(|(_, hash)| hash),
        hashes: held
            .versions
            .into_iter()
            .map(|(version, events)| HashesOf { version, events })
            .collect(),
        respelled: held
            .spellings
            .into_iter()
            .map(|(spelling, events)| Respelled {
                spelling: spelling.in_words(),
                events,
            })
            .collect(),
        signatures,
    })
}

/// The findings, and how many there are.
fn found(held: &Held<'_>, order: &Order, has_key: bool) -> (Vec<Told>, u64) {
    let mut found = Vec::new();
    let store = |kind, severity, detail| Told {
        finding: VerifyFinding::of_store(kind, severity, detail),
        difference: None,
        place: None,
    };
    if let Some(detail) = &held.unread {
        found.push(store("UNREADABLE", GAP, detail.clone()));
    }
    if held.changed_count * 2 > held.events && held.events > 1 {
        found.push(store(
            "REWRITTEN-ALL",
            MANIPULATION,
            format!(
                "{} of {} do not give their hashes: a program wrote their data anew, or they are others",
                grouped(held.changed_count),
                counted(held.events, "event")
            ),
        ));
    }
    if order.is_cut {
        found.push(store(
            "UNLINKED",
            MANIPULATION,
            "the chain breaks so often that the breaks are not told apart from there on".to_owned(),
        ));
    }
    let bare: HashSet<u64> = held.bare.iter().copied().collect();
    let came: Vec<(u64, u64)> = order.breaks.iter().filter_map(came).collect();
    let has_come = |position: u64| came.iter().any(|(first, last)| (*first..=*last).contains(&position));
    for changed in held.changed.iter().filter(|changed| !has_come(changed.position)) {
        let detail = match (&*changed.part, changed.is_hash_signed) {
            ([], true) => {
                "its content does not give the hash that it names and that the key signed: a member that the hash covers, or \
                 the data, is another"
            }
            ([], false) => {
                "its content does not give the hash that it names: a member that the hash covers, the data, or the hash \
                 itself is another; which, an older copy of the store tells (--copy)"
            }
            (["hash"], _) => "its content gives the hash that the next event names, and it names another itself",
            _ => "with what its place in the chain says, its hash comes out",
        };
        found.push(Told {
            finding: VerifyFinding {
                position: Some(changed.position.to_string()),
                part: changed.part.clone(),
                ..VerifyFinding::of_store("CHANGED", MANIPULATION, detail.to_owned())
            },
            difference: Some(Finding {
                position: changed.position,
                difference: Difference::Changed(Vec::new()),
            }),
            place: Some(changed.position),
        });
    }
    let unkept = held.changed_count - held.changed.len() as u64;
    for position in &held.bare {
        found.push(at(
            "UNHASHED",
            MANIPULATION,
            *position,
            "it names no hash, as the others do: nothing says that it belongs there".to_owned(),
        ));
    }
    for (position, version) in &held.unknown {
        found.push(at(
            "UNKNOWN-HASH",
            GAP,
            *position,
            format!("its hash is of the version {version:?}, which this Refold cannot make"),
        ));
    }
    for position in &held.unnumbered {
        found.push(at(
            "UNNUMBERED",
            MANIPULATION,
            *position,
            "its id is no number, as EventSourcingDB gives them: it has no place in the chain".to_owned(),
        ));
    }
    for of in &order.breaks {
        let is_bare = matches!(of, Break::Inserted { of, .. } if of.events == 1 && bare.contains(&of.positions.0));
        if !is_bare {
            found.push(told_of(of));
        }
    }
    if has_key {
        signatures(held, &mut found);
    }
    let count = found.len() as u64 + unkept;
    (found, count)
}

/// Where events stand that have no place in the chain.
fn came(of: &Break) -> Option<(u64, u64)> {
    match of {
        Break::Inserted { of, .. } => Some(of.positions),
        _ => None,
    }
}

fn at(kind: &'static str, severity: &'static str, position: u64, detail: String) -> Told {
    Told {
        finding: VerifyFinding {
            position: Some(position.to_string()),
            ..VerifyFinding::of_store(kind, severity, detail)
        },
        difference: None,
        place: Some(position),
    }
}

/// `event 5 is missing`, `the 3 events 5 to 7 are missing`.
fn events((first, last): (u64, u64), [one, several]: [&str; 2]) -> String {
    match last.checked_sub(first) {
        Some(0) | None => format!("event {first} {one}"),
        Some(more) => format!(
            "the {} events {first} to {last} {several}",
            grouped(more.saturating_add(1))
        ),
    }
}

fn told_of(of: &Break) -> Told {
    match of {
        Break::StartsLate { position, number } => at(
            "STARTS-LATE",
            GAP,
            *position,
            format!(
                "it is event {number}, and those before it are not there: an export from there on, or a chain whose \
                 beginning was taken away"
            ),
        ),
        Break::Removed { position, numbers } => Told {
            finding: VerifyFinding {
                position: Some(numbers.0.to_string()),
                to: (numbers.1 > numbers.0).then(|| numbers.1.to_string()),
                ..VerifyFinding::of_store(
                    "REMOVED",
                    MANIPULATION,
                    format!(
                        "{} before position {position}",
                        events(*numbers, ["is missing", "are missing"])
                    ),
                )
            },
            difference: Some(Finding {
                position: numbers.0,
                difference: Difference::Removed,
            }),
            place: None,
        },
        Break::Inserted { of, is_copy } => {
            let why = if *is_copy {
                "another event with the same hash has its place in the chain"
            } else {
                "no other event goes on from it, or fewer do than from the one in whose place it stands"
            };
            Told {
                difference: Some(Finding {
                    position: of.positions.0,
                    difference: Difference::Inserted,
                }),
                ..stretched("INSERTED", of, format!("it has no place in the chain: {why}"))
            }
        }
        Break::Moved { of } => Told {
            finding: VerifyFinding {
                position: Some(of.numbers.0.to_string()),
                to: Some(of.positions.0.to_string()),
                ..VerifyFinding::of_store(
                    "MOVED",
                    MANIPULATION,
                    match of.numbers.0.checked_sub(1) {
                        Some(before) => format!("{} behind event {before}", events(of.numbers, BELONG)),
                        None => format!("{} at the beginning", events(of.numbers, BELONG)),
                    },
                )
            },
            difference: Some(Finding {
                position: of.numbers.0,
                difference: Difference::Moved {
                    to: of.positions.0,
                    changed: Vec::new(),
                },
            }),
            place: Some(of.positions.0),
        },
        Break::Unlinked { position, number } => at(
            "UNLINKED",
            MANIPULATION,
            *position,
            match number.checked_sub(1) {
                Some(before) => format!(
                    "event {number} names another predecessor than event {before}, which stands before it: one of the two was \
                     replaced by an event with a hash of its own, or the chain was put together"
                ),
                None => "it is the first of all events, and names a predecessor".to_owned(),
            },
        ),
        Break::Skips { position, numbers } => at(
            "UNLINKED",
            MANIPULATION,
            *position,
            format!(
                "it names the event before it, and the numbers {} to {} are missing between them: no store numbers so, and \
                 the chain was made anew",
                numbers.0, numbers.1
            ),
        ),
    }
}

fn stretched(kind: &'static str, of: &Stretch, detail: String) -> Told {
    let mut told = at(kind, MANIPULATION, of.positions.0, detail);
    told.finding.to = (of.events > 1).then(|| of.positions.1.to_string());
    told
}

fn signatures(held: &Held<'_>, found: &mut Vec<Told>) {
    let store = |kind, severity, detail: String| Told {
        finding: VerifyFinding::of_store(kind, severity, detail),
        difference: None,
        place: None,
    };
    if held.events == 0 {
        return;
    }
    if held.missing_signatures == held.events {
        found.push(store(
            "SIGNATURE-MISSING",
            GAP,
            "no event is signed: an answer of a server with a signing key is, a backup never".to_owned(),
        ));
        return;
    }
    if held.signatures.by_key == 0 && held.missing_signatures == 0 {
        found.push(store(
            "SIGNATURE-OTHER-KEY",
            MANIPULATION,
            "no signature is of the key that was named: another key made all of them, or they are forged".to_owned(),
        ));
        return;
    }
    for fault in &held.signed {
        let (kind, detail) = match fault.kind {
            Signed::Missing => ("SIGNATURE-MISSING", "not signed, as the others are"),
            Signed::Malformed => (
                "SIGNATURE-INVALID",
                "what stands for a signature has not the form of one",
            ),
            Signed::NotByKey | Signed::ByKey => (
                "SIGNATURE-INVALID",
                "the key that was named did not sign this hash, as it did those of others",
            ),
        };
        let mut told = at(
            kind,
            MANIPULATION,
            fault.positions.0,
            format!("{}: {detail}", counted(fault.events, "event")),
        );
        told.finding.to = (fault.events > 1).then(|| fault.positions.1.to_string());
        found.push(told);
    }
}

/// For the states before and after.
fn differing(held: &Held<'_>, order: &Order) -> Differing {
    let mut differing = Differing {
        is_cut: order.is_cut || held.unread.is_some() || held.changed_count > held.changed.len() as u64,
        ..Differing::default()
    };
    // Positions came from the store, where they are `i64`.
    differing
        .changed
        .extend(held.changed.iter().map(|changed| changed.position as i64));
    for of in &order.breaks {
        match of {
            Break::Inserted { of, .. } => {
                let all = of.positions.0..=of.positions.1;
                differing
                    .inserted
                    .extend(all.take(MOST_NAMED).map(|position| position as i64));
                differing.is_cut |= of.events > MOST_NAMED as u64;
            }
            Break::Moved { of } => {
                let all = of.positions.0..=of.positions.1;
                differing
                    .changed
                    .extend(all.take(MOST_NAMED).map(|position| position as i64));
                differing.is_cut |= of.events > MOST_NAMED as u64;
            }
            Break::Removed { .. } | Break::StartsLate { .. } | Break::Skips { .. } => differing.has_removed = true,
            Break::Unlinked { .. } => differing.is_cut = true,
        }
    }
    differing
}

/// The members of an event that are others in a copy, whose event of that number must give the hash that it names.
fn parts_that_differ(session: &Session, copy: &Session, position: u64) -> Result<Vec<&'static str>, AppError> {
    let parts = |session: &Session| -> Result<_, AppError> {
        with_sealed(session, Position(position as i64), |sealed| {
            let members = sealed.members.each_ref().map(|of| of.as_deref().map(<[u8]>::to_vec));
            let holds = matches!(
                refold_audit::chain::rule::judge(sealed),
                refold_audit::chain::rule::Verdict::Holds { .. }
            );
            (
                members,
                sealed.data.to_vec(),
                sealed.hash.as_deref().map(<[u8]>::to_vec),
                holds,
            )
        })
    };
    let (Some(now), Some(before)) = (parts(session)?, parts(copy)?) else {
        return Ok(Vec::new());
    };
    if !before.3 {
        return Ok(Vec::new());
    }
    let members = MEMBERS.iter().zip(now.0.iter().zip(before.0.iter()));
    let mut differing: Vec<&'static str> = members
        .filter(|(_, (now, before))| now != before)
        .map(|((_, name), _)| *name)
        .collect();
    differing.extend((now.1 != before.1).then_some("data"));
    differing.extend((now.2 != before.2).then_some("hash"));
    Ok(differing)
}

fn sentence(held: &Held<'_>, outcome: &str, finding_count: u64) -> String {
    if let Some(unread) = &held.unread {
        return format!("NOT VERIFIED against its own chain: not all of the store can be read: {unread}");
    }
    if held.events == 0 {
        return "the store holds no events: its chain is empty".to_owned();
    }
    let span = match (held.first_number, &held.head) {
        (Some(first), Some((last, _))) if *last > first => format!(" from {first} to {last}"),
        _ => String::new(),
    };
    let all = counted(held.events, "event");
    match outcome {
        "verified" => {
            format!("consistent in itself: {all}{span}, each gives the hash that it names and names the one before it")
        }
        "partial" => format!(
            "consistent in itself as far as it goes: {all}{span}, each gives the hash that it names and names the one before \
             it; {} said below",
            if finding_count == 1 {
                "what is missing is"
            } else {
                "what is missing, or could not be shown, is"
            }
        ),
        "unverifiable" => format!("NOT VERIFIED against its own chain: some of {all}{span} cannot be held against it"),
        _ => format!(
            "NOT consistent with its own chain: {} among {all}{span}",
            counted(finding_count, "contradiction")
        ),
    }
}

fn not_checked(held: &Held<'_>, signatures: &Signatures) -> Vec<String> {
    let is_signed_whole = signatures.key.is_some() && held.events > 0 && signatures.by_key == held.events;
    let first_version = held.versions.contains_key("1");
    [
        Some(if is_signed_whole {
            "Whether whoever holds the signing key made the chain anew: a server signs whatever it returns.".to_owned()
        } else {
            "Whether somebody rewrote all of it from some event on and made the chain anew: who can write to the store can do \
             that, and only signatures or an anchor that is kept elsewhere show it."
                .to_owned()
        }),
        Some(
            "Whether the end was cut off: a chain says what comes before an event, and not what comes behind it. Compare the \
             last hash with one that is kept elsewhere."
                .to_owned(),
        ),
        (signatures.key.is_none() && signatures.signed > 0).then(|| {
            format!(
                "The signatures of {}: name the public key of the store (--native-key).",
                counted(signatures.signed, "event")
            )
        }),
        first_version.then(|| {
            "traceparent and tracestate of events whose hash is of version 1, which does not cover them; and where between \
             source and subject a stroke (|) stands, for it joins the members that are hashed."
                .to_owned()
        }),
    ]
    .into_iter()
    .flatten()
    .collect()
}
