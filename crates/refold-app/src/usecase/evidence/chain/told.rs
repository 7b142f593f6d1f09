//! What a pass over a chain came to, as findings, a level and sentences.

use std::collections::HashSet;

use refold_audit::chain::key::{ChainKey, Signed};
use refold_audit::chain::order::{Break, Order, Stretch};
use refold_core::work::Work;

use super::super::explanation::Register;
use super::super::verify::{MOST_NAMED, VerifyFinding, today};
use super::{ChainAnswer, ChainAsked, HashesOf, Held, Respelled, Signatures};
use crate::error::AppError;
use crate::text::{counted, exact, grouped};

const MANIPULATION: &str = "manipulation";
const GAP: &str = "gap";
const BELONG: [&str; 2] = ["belongs", "belong"];

/// A finding, and where the event that it is about stands now.
struct Told {
    finding: VerifyFinding,
    place: Option<u64>,
}

/// Findings of which the first are told, and how many there are.
struct Found {
    told: Vec<Told>,
    contradictions: u64,
    gaps: u64,
}

pub(super) fn answer(
    work: &Work<'_>,
    asked: &ChainAsked,
    key: Option<&ChainKey>,
    mut held: Held<'_>,
) -> Result<ChainAnswer, AppError> {
    let register = asked.explanations.as_deref().map(Register::read).transpose()?;
    let order = std::mem::take(&mut held.chain).finish();
    let of_chain = found(&held, &order);
    let signed = signatures(&held, key.is_some());
    let finding_count = of_chain.contradictions + of_chain.gaps + signed.count;
    let missing = missing(&held, &order);
    let is_told = held.unread.is_none() && held.unknown.count == 0 && !held.is_descending() && !order.is_cut;
    let outcome = match (of_chain.contradictions, of_chain.gaps) {
        (1.., _) if held.unread.is_none() => "broken",
        (0, 0) => "verified",
        (0, _) if is_told && held.events > 0 => "partial",
        _ => "unverifiable",
    };
    // What is missing in the midst is named by no event that is there.
    let is_linked = matches!(outcome, "verified" | "partial") && missing == 0;
    let level = (is_linked && signed.outcome != Some("broken")).then_some("L3");
    let signatures = Signatures {
        key: key.map(ChainKey::to_text),
        outcome: signed.outcome,
        ..held.signatures.clone()
    };
    let sentence =
        sentence(&held, &order, outcome, of_chain.contradictions, missing) + &signed_in_words(&held, &signatures);
    let mut told: Vec<Told> = of_chain.told.into_iter().chain(signed.told).collect();
    // What is about the whole store stands first.
    told.sort_by_key(|told| told.finding.position.as_deref().and_then(|it| it.parse::<i64>().ok()));
    told.truncate(MOST_NAMED);
    // Positions came from the store, where they are `i64`.
    let stored = |place: Option<u64>| place.map(|place| place as i64);
    let today = today(work, held.session, told.iter().filter_map(|told| stored(told.place)))?;
    let named = |Told { mut finding, place }: Told| {
        if let Some(event) = stored(place).and_then(|place| today.get(&place)) {
            finding.stream = Some(exact(&event.stream));
            finding.version.clone_from(&event.version);
            finding.event_type = Some(event.event_type.clone());
        }
        let position = finding.position.as_deref().and_then(|position| position.parse().ok());
        let said = register.as_ref().zip(position);
        finding.explanation = said
            .and_then(|(register, position)| register.of(position))
            .map(str::to_owned);
        finding.explained = finding.explanation.is_some();
        finding
    };
    let (last, head) = held.head.clone().unzip();
    Ok(ChainAnswer {
        outcome,
        level,
        sentence,
        not_checked: not_checked(&held, &signatures),
        findings: told.into_iter().map(named).collect(),
        finding_count,
        events: held.events,
        first: held.first_number.map(|number| number.to_string()),
        last: last.map(|number| number.to_string()),
        head: head
            .filter(|_| level.is_some())
            .map(|hash| String::from_utf8_lossy(&hash).into_owned()),
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

fn of_store(kind: &'static str, severity: &'static str, detail: String) -> Told {
    Told {
        finding: VerifyFinding::of_store(kind, severity, detail),
        place: None,
    }
}

fn found(held: &Held<'_>, order: &Order) -> Found {
    let mut found = Vec::new();
    if let Some(detail) = &held.unread {
        found.push(of_store("UNREADABLE", GAP, detail.clone()));
    }
    if held.events == 0 {
        found.push(of_store(
            "EMPTY",
            GAP,
            "no event is there, so that nothing of a chain can be told".to_owned(),
        ));
    }
    let breaks: &[Break] = if held.is_descending() {
        found.push(of_store(
            "DESCENDING",
            GAP,
            "the numbers of the events descend, as in an antichronological answer or a file that was turned round: which of \
             them go on from which is not told; ask for a chronological answer"
                .to_owned(),
        ));
        &[]
    } else {
        if order.is_cut {
            found.push(of_store(
                "TOO-MANY-BREAKS",
                GAP,
                "so many events do not go on from the one before them that what is behind the last one named is not told \
                 apart"
                    .to_owned(),
            ));
        }
        &order.breaks
    };
    let bare: HashSet<u64> = held.bare.first.iter().copied().collect();
    let came: Vec<(u64, u64)> = breaks.iter().filter_map(came).collect();
    let has_come = |position: u64| came.iter().any(|(first, last)| (*first..=*last).contains(&position));
    let unkept = held.changed.unkept() + held.bare.unkept() + held.unnumbered.unkept() + held.repeated.unkept();
    for changed in held.changed.first.iter().filter(|changed| !has_come(changed.position)) {
        let detail = match (&*changed.part, changed.is_hash_signed) {
            ([], true) => {
                "its content does not give the hash that it names and that the key signed: a member that the hash covers, or \
                 the data, is another"
            }
            ([], false) => {
                "its content does not give the hash that it names: a member that the hash covers, the data, or the hash \
                 itself is another"
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
            place: Some(changed.position),
        });
    }
    for position in &held.bare.first {
        found.push(at(
            "UNHASHED",
            MANIPULATION,
            *position,
            "it names no hash, as the others do: nothing says that it belongs there".to_owned(),
        ));
    }
    for (position, version) in &held.unknown.first {
        found.push(at(
            "UNKNOWN-HASH",
            GAP,
            *position,
            format!("its hash is of the version {version:?}, which this Refold cannot make"),
        ));
    }
    for position in &held.unnumbered.first {
        found.push(at(
            "UNNUMBERED",
            MANIPULATION,
            *position,
            "its id is no number, as EventSourcingDB gives them: it has no place in the chain".to_owned(),
        ));
    }
    for (position, members) in &held.repeated.first {
        found.push(at(
            "REPEATED-MEMBER",
            MANIPULATION,
            *position,
            format!(
                "it says {} more than once, in whatever letter case: its hash was made of the last one, and a program that \
                 takes another reads what no hash covers",
                members.join(", ")
            ),
        ));
    }
    for of in breaks {
        let is_bare = matches!(of, Break::Inserted { of, .. } if of.events == 1 && bare.contains(&of.positions.0));
        if !is_bare {
            found.push(told_of(of));
        }
    }
    let named = found
        .iter()
        .filter(|told| told.finding.severity == MANIPULATION)
        .count() as u64;
    let gaps = found.len() as u64 - named + held.unknown.unkept();
    Found {
        told: found,
        contradictions: named + unkept,
        gaps,
    }
}

/// How many events are missing between those that are there.
fn missing(held: &Held<'_>, order: &Order) -> u64 {
    let missing = order
        .breaks
        .iter()
        .filter(|_| !held.is_descending())
        .map(|of| match of {
            Break::Removed { numbers, .. } => (numbers.1 - numbers.0).saturating_add(1),
            _ => 0,
        });
    missing.fold(0, u64::saturating_add)
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
                "it is event {number}, and those before it are not there: an export from there on, an answer for one subject \
                 or type, or a chain whose beginning was taken away"
            ),
        ),
        Break::Removed { position, numbers } => Told {
            finding: VerifyFinding {
                position: Some(numbers.0.to_string()),
                to: (numbers.1 > numbers.0).then(|| numbers.1.to_string()),
                ..VerifyFinding::of_store(
                    "MISSING",
                    GAP,
                    format!(
                        "{} before position {position}: taken out, or left out by an answer for one subject or type, which is \
                         no whole chain",
                        events(*numbers, ["is missing", "are missing"])
                    ),
                )
            },
            place: None,
        },
        Break::Inserted { of, is_copy } => {
            let why = if *is_copy {
                "another event with the same hash has its place in the chain"
            } else {
                "no other event goes on from it, or fewer do than from the one in whose place it stands"
            };
            stretched("INSERTED", of, format!("it has no place in the chain: {why}"))
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
            match numbers {
                (0, last) => format!(
                    "it names no predecessor, as the first of all events does, and its number is {}: no store numbers so",
                    last.saturating_add(1)
                ),
                numbers => format!(
                    "it names the event before it, and {} between them: no store numbers so, and the chain was made anew",
                    events(*numbers, ["is missing", "are missing"])
                ),
            },
        ),
    }
}

fn stretched(kind: &'static str, of: &Stretch, detail: String) -> Told {
    let mut told = at(kind, MANIPULATION, of.positions.0, detail);
    told.finding.to = (of.events > 1).then(|| of.positions.1.to_string());
    told
}

/// What signatures come to: some of the findings, how many there are, and [`Signatures::outcome`].
#[derive(Default)]
struct OfSignatures {
    told: Vec<Told>,
    count: u64,
    outcome: Option<&'static str>,
}

fn signatures(held: &Held<'_>, has_key: bool) -> OfSignatures {
    if !has_key || held.events == 0 {
        return OfSignatures::default();
    }
    if held.signatures.by_key == 0 {
        let (kind, detail) = if held.missing_signatures == held.events {
            (
                "SIGNATURE-MISSING",
                "no event is signed: an answer of a server with a signing key is, a backup never",
            )
        } else {
            (
                "SIGNATURE-OTHER-KEY",
                "no signature is of the key that was named: it is not the key of this store, another key made them, they \
                 are forged, or of a form that this Refold does not know",
            )
        };
        return OfSignatures {
            told: vec![of_store(kind, GAP, detail.to_owned())],
            count: 1,
            outcome: Some("partial"),
        };
    }
    let told = held.signed.first.iter().map(|fault| {
        let (kind, detail) = match fault.kind {
            Signed::Missing => ("SIGNATURE-MISSING", "not signed, as others are"),
            Signed::Malformed => (
                "SIGNATURE-INVALID",
                "what stands for a signature has not the form of those of others",
            ),
            Signed::NotByKey | Signed::ByKey => (
                "SIGNATURE-INVALID",
                "the key that was named did not sign this hash, as it did those of others",
            ),
        };
        let detail = format!("{}: {detail}", counted(fault.events, "event"));
        let mut told = at(kind, MANIPULATION, fault.positions.0, detail);
        told.finding.to = (fault.events > 1).then(|| fault.positions.1.to_string());
        told
    });
    OfSignatures {
        told: told.collect(),
        count: held.signed.count,
        outcome: Some(if held.signed.count == 0 { "verified" } else { "broken" }),
    }
}

/// What is said of signatures with the outcome: nothing where they are not looked at, or are as they should be.
fn signed_in_words(held: &Held<'_>, signatures: &Signatures) -> String {
    match signatures.outcome {
        Some("broken") => format!(
            "; NOT all signed by the key that was named: {} of {}",
            grouped(signatures.by_key),
            counted(held.events, "event")
        ),
        Some("partial") => "; none of it is signed by the key that was named".to_owned(),
        _ => String::new(),
    }
}

fn sentence(held: &Held<'_>, order: &Order, outcome: &str, contradictions: u64, missing: u64) -> String {
    if let Some(unread) = &held.unread {
        return format!("NOT VERIFIED against its own chain: not all of the store can be read: {unread}");
    }
    if held.events == 0 {
        return "NOT VERIFIED against its own chain: the store holds no events, and nothing of a chain can be told"
            .to_owned();
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
        "partial" if missing > 0 => format!(
            "NOT a whole chain: {all}{span}, each gives the hash that it names, and {} missing between them",
            match missing {
                1 => "1 event is".to_owned(),
                _ => format!("{} events are", grouped(missing)),
            }
        ),
        "partial" => format!(
            "consistent in itself as far as it goes: {all}{span}, each gives the hash that it names and names the one before \
             it; those before them are not there"
        ),
        "unverifiable" if held.is_descending() => {
            format!("NOT VERIFIED against its own chain: {all} in descending order, in which no chain is told")
        }
        "unverifiable" => format!("NOT VERIFIED against its own chain: some of {all}{span} cannot be held against it"),
        _ => format!(
            "NOT consistent with its own chain: {}{} among {all}{span}{}",
            if order.is_cut { "at least " } else { "" },
            counted(contradictions, "contradiction"),
            if held.changed.count * 2 > held.events && held.events > 1 {
                "; more than half of them do not give their hashes: a program wrote their data anew, or they are others"
            } else {
                ""
            }
        ),
    }
}

fn not_checked(held: &Held<'_>, signatures: &Signatures) -> Vec<String> {
    let is_signed_whole = signatures.key.is_some() && held.events > 0 && signatures.by_key == held.events;
    let first_version = held.versions.contains_key("1");
    let second_version = held.versions.contains_key("2");
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
                "The signatures of {}: name the public key that the store signs with.",
                counted(signatures.signed, "event")
            )
        }),
        first_version.then(|| {
            "traceparent and tracestate of events whose hash is of version 1, which does not cover them; and where between \
             source and subject a stroke (|) stands, for it joins the members that are hashed."
                .to_owned()
        }),
        second_version.then(|| {
            "Where between members of events whose hash is of version 2 a line feed stands, for it joins what is hashed; and \
             whether a member is not there or is a stroke (-), which is hashed for it."
                .to_owned()
        }),
        (held.events > 0).then(|| {
            "Whether a member is written as a number or as a text (5 or \"5\"), and members that no hash covers: they stand in \
             the lines of the events, and nothing is made of them."
                .to_owned()
        }),
    ]
    .into_iter()
    .flatten()
    .collect()
}
