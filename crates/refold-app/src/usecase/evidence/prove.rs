//! Proofs for somebody who has not got the store: that one event is in an anchor, and that one anchor begins with another.
//!
//! A proof is a folder that its reader checks without Refold. It holds the bytes of one event and nothing of the others.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use refold_audit::anchor::Hash;
use refold_audit::anchor::event::{AnchoredEvent, SaltKey};
use refold_audit::anchor::note::Checkpoint;
use refold_audit::anchor::proof::{Growth, Inclusion};
use refold_audit::anchor::tree::{Proof, Prover};
use refold_core::cursor::Cursor;
use refold_core::event::{Columns, EventBatch, Position};
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::port::store::{Direction, ReadQuery, Scope};
use refold_core::work::{Phase, Work};
use serde::Serialize;

use super::anchor::{identity, refuse_with_store};
use super::folder::{ADVICE, NewFolder, SUMS};
use super::known::Known;
use super::passing::{Pass, unread};
use crate::error::{AppError, ErrorCode};
use crate::session::Session;
use crate::text::{counted, grouped, hex};

pub(super) const EVENT: &str = "event.rfe1";
pub(super) const PAYLOAD: &str = "payload";
pub(super) const METADATA: &str = "metadata";
pub(super) const PAYLOAD_SALT: &str = "payload.salt";
pub(super) const METADATA_SALT: &str = "metadata.salt";
pub(super) const INCLUSION: &str = "event.tlog-proof";
pub(super) const GROWTH: &str = "growth-proof";
pub(super) const OLDER: &str = "older.checkpoint";
pub(super) const NEWER: &str = "newer.checkpoint";

#[derive(Debug, Clone)]
pub struct ProveAsked {
    /// The folder of the anchor.
    pub anchor: PathBuf,
    /// The key that salts it, where it is not beside it.
    pub salt: Option<PathBuf>,
    pub what: Proved,
    /// Where the folder of the proof comes to be.
    pub out: PathBuf,
}

#[derive(Debug, Clone)]
pub enum Proved {
    /// That the event at a position is in the anchor: `#4711`.
    Event(String),
    /// That the anchor begins with this earlier one.
    Since(PathBuf),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProveAnswer {
    pub dir: String,
    /// Of the anchor, as everything below.
    pub size: u64,
    pub root: String,
    /// In words.
    pub sentence: String,
}

/// Reads the store once up to the anchor's horizon. A store that is not what the anchor says has no proof.
pub fn prove(work: &Work<'_>, session: &Session, asked: &ProveAsked) -> Result<ProveAnswer, AppError> {
    session.expect_reached("a proof")?;
    refuse_with_store(session, "store", &asked.out, "proof")?;
    let known = Known::open(work, &asked.anchor, asked.salt.as_deref(), None)?;
    known.expect(&identity(session))?;
    // What was anchored was settled then.
    let further = session.settled_up_to(known.horizon);
    let session = further.as_ref().unwrap_or(session);
    session.expect_settled(known.horizon)?;
    match &asked.what {
        Proved::Event(cursor) => prove_event(work, session, &known, cursor, &asked.out),
        Proved::Since(older) => {
            let older = Known::open(work, older, asked.salt.as_deref(), None)?;
            prove_growth(work, session, &older, &known, &asked.out)
        }
    }
}

/// The bytes of an event and what it takes to show that they are these.
struct Shown {
    bytes: Vec<u8>,
    payload: Option<Vec<u8>>,
    metadata: Option<Vec<u8>>,
    salts: Option<(Hash, Hash)>,
}

impl Shown {
    fn of(event: &AnchoredEvent<'_>, key: Option<&SaltKey>) -> Shown {
        let salter = key.map(SaltKey::salter);
        let mut bytes = Vec::new();
        event.write(key.is_some(), &event.commitments(salter.as_ref()), &mut bytes);
        Shown {
            bytes,
            payload: event.payload.map(Vec::from),
            metadata: event.metadata.map(Vec::from),
            salts: salter.map(|salter| (event.salt(&salter, 1), event.salt(&salter, 2))),
        }
    }
}

fn prove_event(
    work: &Work<'_>,
    session: &Session,
    known: &Known,
    cursor: &str,
    out: &Path,
) -> Result<ProveAnswer, AppError> {
    if session.mask().has_rules() {
        return Err(AppError::new(
            ErrorCode::Denied,
            "masking rules hold for this store, and a proof of an event holds all of it",
            "ask somebody who may see the whole event to make the proof",
        ));
    }
    let position = position_of(session, cursor)?;
    let index = index_of(work, session, known, position)?;
    let shown = OnceLock::new();
    let mut proofs = pass(work, session, known, &[index], &[], &|event| {
        if event.position == position {
            shown.get_or_init(|| Shown::of(event, known.key.as_ref()));
        }
    })?;
    let (Some(shown), Some(proof)) = (shown.into_inner(), proofs.pop()) else {
        return Err(no_event(position));
    };
    let inclusion = Inclusion {
        index,
        proof,
        checkpoint: known.checkpoint.clone(),
    };
    let mut folder = NewFolder::new_in(out, "proof")?;
    folder.add(EVENT, &shown.bytes)?;
    for (name, body) in [(PAYLOAD, &shown.payload), (METADATA, &shown.metadata)] {
        body.as_ref().map_or(Ok(()), |body| folder.add(name, body))?;
    }
    if let Some((payload, metadata)) = shown.salts {
        folder.add(PAYLOAD_SALT, &payload)?;
        folder.add(METADATA_SALT, &metadata)?;
    }
    folder.add(INCLUSION, inclusion.to_text().as_bytes())?;
    let manifest = &known.manifest;
    let sentence = format!(
        "the event at position {position} is number {} of the {} of the anchor of {}, whose root is {}",
        grouped(index + 1),
        counted(manifest.size, "event"),
        manifest.made_at,
        manifest.root
    );
    let name = format!("proof-event-{position}-{}", &manifest.root[..8]);
    finish(session, folder, &out.join(name), known, sentence)
}

fn prove_growth(
    work: &Work<'_>,
    session: &Session,
    older: &Known,
    newer: &Known,
    out: &Path,
) -> Result<ProveAnswer, AppError> {
    let is_one_chain = older.manifest.store == newer.manifest.store
        && older.manifest.salt_key_sha256 == newer.manifest.salt_key_sha256
        && older.manifest.columns == newer.manifest.columns
        && older.manifest.size <= newer.manifest.size;
    if !is_one_chain {
        return Err(AppError::invalid(
            "the anchors do not follow on each other: they are of two stores, have two keys, or the one that is named as the \
             earlier has more events",
            "prove it of an anchor that was made to continue the earlier one",
        ).typed("--previous"));
    }
    let proof = pass(work, session, newer, &[], &[older.manifest.size], &|_| ())?.pop();
    let growth = Growth {
        older_size: older.manifest.size,
        newer_size: newer.manifest.size,
        proof: proof.unwrap_or_default(),
    };
    let checkpoint = |known: &Known| Checkpoint {
        origin: known.manifest.store.origin(),
        size: known.manifest.size,
        root: known.root,
    };
    growth.check(&checkpoint(older), &checkpoint(newer)).map_err(|_| {
        AppError::new(
            ErrorCode::Rewritten,
            "the later anchor does not begin with the earlier one: between them the past was rewritten",
            "verify the store against the earlier anchor, which names what differs",
        )
        .typed("refold verify STORE --anchor DIR")
    })?;
    let mut folder = NewFolder::new_in(out, "proof")?;
    folder.add(OLDER, older.checkpoint.as_bytes())?;
    folder.add(NEWER, newer.checkpoint.as_bytes())?;
    folder.add(GROWTH, growth.to_text().as_bytes())?;
    let (before, after) = (&older.manifest, &newer.manifest);
    let sentence = format!(
        "the {} of the anchor of {} {} the first of the {} of the anchor of {}, unchanged and in their order",
        counted(before.size, "event"),
        before.made_at,
        if before.size == 1 { "is" } else { "are" },
        grouped(after.size),
        after.made_at
    );
    let name = format!("proof-growth-{}-{}", &before.root[..8], &after.root[..8]);
    finish(session, folder, &out.join(name), newer, sentence)
}

/// Writes what is in every proof, and gives the folder its name.
fn finish(
    session: &Session,
    mut folder: NewFolder,
    path: &Path,
    known: &Known,
    sentence: String,
) -> Result<ProveAnswer, AppError> {
    let is_signed = known.manifest.signed_by.as_deref();
    let signed = match is_signed {
        Some(key) => format!(
            "   Its checkpoint is signed by the minisign key {key}\n   Compare it with one that you have from elsewhere, and name it with --key.\n"
        ),
        None => "   Its checkpoint is not signed: compare the root with one that you have from elsewhere.\n".to_owned(),
    };
    let advice = format!(
        "A proof about the events of an event store:\n{sentence}.\n\
         \n\
         1. sha256sum -c {SUMS}\n   says whether the files of this proof are whole.\n\
         2. python3 verify.py .   (docs/spec/verify.py of Refold; it needs nothing else)\n   \
         or refold verify-bundle .\n   says whether the proof holds.\n{signed}\
         \n\
         What it shows is the sentence above, and no more: not that the events were true, nor who wrote them.\n"
    );
    folder.add(ADVICE, advice.as_bytes())?;
    let sums = folder.sums();
    folder.add(SUMS, sums.as_bytes())?;
    folder.finish(session, path)?;
    Ok(ProveAnswer {
        dir: path.display().to_string(),
        size: known.manifest.size,
        root: hex(&known.root),
        sentence,
    })
}

/// Passes the events of the anchor and answers the proofs. The store must be what the anchor says.
fn pass(
    work: &Work<'_>,
    session: &Session,
    known: &Known,
    included: &[u64],
    prefixes: &[u64],
    look: &(dyn Fn(&AnchoredEvent<'_>) + Sync),
) -> Result<Vec<Proof>, AppError> {
    let mut prover = Prover::new(known.manifest.size, included, prefixes);
    let findings = Findings::default();
    let passing = Pass {
        session,
        phase: Phase::Proving,
        columns: Some(&known.manifest.columns),
        key: known.key,
        findings: &findings,
    };
    passing.run(work, look, &mut |hashed| {
        if hashed.leaf.position <= known.horizon {
            prover.push(hashed.hash);
        }
        Ok(())
    })?;
    if let Some(reason) = unread(&findings) {
        return Err(AppError::new(
            ErrorCode::Corrupt,
            format!("not all of the store can be read, and what is not read cannot be proved: {reason}"),
            "prove it of a sound copy; the findings of the store list what is damaged",
        )
        .typed("refold info STORE"));
    }
    match prover.finish() {
        Some((edge, proofs)) if (edge.size(), edge.root()) == (known.manifest.size, known.root) => Ok(proofs),
        _ => Err(AppError::new(
            ErrorCode::Rewritten,
            "the store is not what the anchor says: nothing can be proved of it",
            "verify the store against the anchor, which names what differs",
        )
        .typed("refold verify STORE --anchor DIR")),
    }
}

fn position_of(session: &Session, cursor: &str) -> Result<u64, AppError> {
    match session.cursor(cursor)? {
        Cursor::Position(Position(position)) => u64::try_from(position).map_err(|_| no_event(position)),
        _ => Err(AppError::invalid(
            format!("a proof is about the event at a position: {cursor}"),
            "write its position with a hash sign, as in '#4711'",
        )),
    }
}

/// The number of the event among those of the anchor.
fn index_of(work: &Work<'_>, session: &Session, known: &Known, position: u64) -> Result<u64, AppError> {
    let up_to = i64::try_from(position).map_err(|_| no_event(position))?;
    if position > known.horizon {
        return Err(AppError::not_found(
            format!(
                "the anchor says nothing of position {position}: its last is {}",
                known.horizon
            ),
            "make an anchor that continues this one, and so holds the event",
        )
        .typed("--previous"));
    }
    let query = ReadQuery {
        scope: Scope::All {
            after: Some(Position(-1)),
            up_to: Some(Position(up_to)),
        },
        direction: Direction::Forward,
        columns: Columns::SKELETON,
    };
    let mut reader = session.store().read(&query)?;
    let (mut batch, mut names, ignored) = (EventBatch::default(), Names::default(), Findings::default());
    let (mut count, mut last) = (0u64, None);
    while reader.next_batch(work, 8_192, &mut batch, &mut names, &ignored)? {
        count += batch.len() as u64;
        last = batch.positions.last().copied();
        work.tick(Phase::LookingForTheEvent, count, Some(known.manifest.size))?;
    }
    if last == Some(Position(up_to)) {
        Ok(count - 1)
    } else {
        Err(no_event(position))
    }
}

fn no_event(position: impl std::fmt::Display) -> AppError {
    AppError::not_found(
        format!("the store has no event at position {position}"),
        "look at the positions of a stream's events",
    )
    .typed("refold history STORE STREAM")
}
