//! Verifying the hash chain that a store keeps itself: every hash made again from the bytes that the store holds, every
//! event held to the one before it, and every signature to a key.
//!
//! It needs no anchor, and claims less than one: who can write to the store can make its chain anew. What it cannot see is
//! told with what it sees.

mod told;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use refold_audit::chain::key::{ChainKey, Signed};
use refold_audit::chain::order::{Chain, Link};
use refold_audit::chain::rule::{GENESIS, MEMBERS, Member, Rule, Sealed, Spelling, V1, V2, Verdict, judge};
use refold_core::event::{Columns, EventBatch, Position};
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::port::store::{Direction, PositionRange, ReadQuery, Scope};
use refold_core::port::system::in_words;
use refold_core::work::Work;
use refold_stores::chained::{Enclosed, enclosed};
use serde::Serialize;

use super::passing::unread;
use super::verify::VerifyFinding;
use crate::error::AppError;
use crate::in_order::in_order;
use crate::session::{Session, thread_count};

/// What to verify a chain with.
#[derive(Debug, Clone, Default)]
pub struct ChainAsked {
    /// A file with the public key of the store: PEM, or hexadecimal digits.
    pub key: Option<PathBuf>,
    /// By which the impact of each finding is told; `None`: `builtin:merge`.
    pub handler: Option<String>,
    /// A file of explanations.
    pub explanations: Option<PathBuf>,
}

#[derive(Debug, Clone, Serialize)]
pub struct ChainAnswer {
    /// `verified`; `partial`: what is there holds, and not all of the chain is there or can be told; `broken`: it
    /// contradicts itself; `unverifiable`: not all of it can be read.
    pub outcome: &'static str,
    /// `L3`: consistent with the proof that the store itself keeps. `null`: not so.
    pub level: Option<&'static str>,
    /// By position; the first ones of many.
    pub findings: Vec<VerifyFinding>,
    /// More than are among `findings`, when only the first are kept.
    pub finding_count: u64,
    pub events: u64,
    /// The numbers of the first and the last event.
    pub first: Option<String>,
    pub last: Option<String>,
    /// The hash of the last event. Kept elsewhere it shows later whether the chain is still the same up to there.
    pub head: Option<String>,
    /// By version of the hash.
    pub hashes: Vec<HashesOf>,
    /// Events whose hash comes out of their data in another spelling of the same JSON.
    pub respelled: Vec<Respelled>,
    pub signatures: Signatures,
    /// The outcome in words.
    pub sentence: String,
    /// What it does not show, a sentence each.
    pub not_checked: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HashesOf {
    pub version: String,
    pub events: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Respelled {
    pub spelling: &'static str,
    pub events: u64,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Signatures {
    /// The key that they were held against. `null`: none was named, so that none was checked.
    pub key: Option<String>,
    /// Events that have one.
    pub signed: u64,
    /// Of these, those of the key.
    pub by_key: u64,
}

/// Events that are read at once.
const BATCH_ROWS: usize = 4_096;
/// Events of one range, about. Few in tests, so that a small store has many ranges.
const RANGE_EVENTS: u64 = if cfg!(test) { 16 } else { 8_192 };
/// Threads that read and hash.
const MOST_THREADS: usize = 4;
/// Findings of one kind that are kept.
const MOST_KEPT: usize = 10_000;

/// An event as a thread judged it, by itself.
struct Judged {
    position: u64,
    number: Option<u64>,
    predecessor: Vec<u8>,
    hash: Option<Vec<u8>>,
    verdict: Verdict,
    is_signed: bool,
    /// `None`: no key was named.
    signed: Option<Signed>,
}

/// Whether the store keeps a chain that can be verified.
pub fn has_chain(session: &Session) -> bool {
    session.description().own_chain.is_some()
}

/// `copy`: an older copy of the store, from which it is told what of an event is another.
pub fn verify_chain(
    work: &Work<'_>,
    session: &Session,
    asked: &ChainAsked,
    copy: Option<&Session>,
) -> Result<ChainAnswer, AppError> {
    if !has_chain(session) {
        return Err(AppError::invalid(
            format!("this store keeps no hash chain of its own: {}", session.location()),
            "name an anchor of it (--anchor), which `refold anchor` makes; an export or a backup of EventSourcingDB has a \
             chain, and is read as one with --layout eventsourcingdb",
        ));
    }
    let key = asked.key.as_deref().map(chain_key).transpose()?;
    let held = Held::of(work, session, key.as_ref())?;
    let older = match copy.filter(|copy| has_chain(copy)) {
        Some(copy) if !held.is_sound() => Some((copy, Held::of(work, copy, None)?)),
        _ => None,
    };
    told::answer(work, asked, key.as_ref(), held, older)
}

/// Reads and judges the events of a range.
fn judge_range(
    work: &Work<'_>,
    session: &Session,
    (after, up_to): PositionRange,
    key: Option<&ChainKey>,
    findings: &Findings,
) -> Result<Vec<Judged>, AppError> {
    let mut reader = session.store().read(&ReadQuery {
        scope: Scope::All { after, up_to },
        direction: Direction::Forward,
        columns: Columns::SKELETON,
    })?;
    let (mut batch, mut names, mut judged) = (EventBatch::default(), Names::default(), Vec::new());
    while reader.next_batch(work, BATCH_ROWS, &mut batch, &mut names, findings)? {
        work.check()?;
        for position in &batch.positions {
            let looked = with_sealed(session, *position, |sealed| {
                let text = |member| sealed.member(member).unwrap_or_default().to_vec();
                Judged {
                    position: u64::try_from(position.0).unwrap_or_default(),
                    number: number_of(sealed),
                    predecessor: text(Member::Predecessor),
                    hash: sealed.hash.as_deref().map(<[u8]>::to_vec),
                    verdict: judge(sealed),
                    is_signed: sealed.signature.is_some(),
                    signed: key
                        .map(|key| key.judge(sealed.hash.as_deref().unwrap_or_default(), sealed.signature.as_deref())),
                }
            })?;
            judged.extend(looked);
        }
    }
    Ok(judged)
}

/// The event at a position as its chain sees it, from the bytes that the store holds.
fn with_sealed<T>(
    session: &Session,
    position: Position,
    look: impl FnOnce(&Sealed<'_>) -> T,
) -> Result<Option<T>, AppError> {
    let Some(columns) = session.store().raw(position)? else {
        return Ok(None);
    };
    let Some(Enclosed::Event(event)) = columns.first().and_then(|line| enclosed(&line.bytes)) else {
        return Ok(None);
    };
    Ok(Some(look(&Sealed {
        members: MEMBERS.map(|(_, name)| event.text(name)),
        data: event.data(),
        hash: event.hash(),
        signature: event.signature(),
    })))
}

fn number_of(sealed: &Sealed<'_>) -> Option<u64> {
    let text = std::str::from_utf8(sealed.member(Member::Id)?).ok()?;
    // As the server writes it: `05` and `+5` are other texts, and other hashes.
    text.parse().ok().filter(|number: &u64| number.to_string() == text)
}

fn chain_key(file: &Path) -> Result<ChainKey, AppError> {
    let refused = |reason: String| {
        AppError::invalid(
            format!(
                "the public key of the store cannot be used ({reason}): {}",
                file.display()
            ),
            "name a file with the public half of its signing key: `openssl pkey -in signing-key.pem -pubout` writes it",
        )
    };
    let text = std::fs::read_to_string(file).map_err(|error| refused(in_words(&error)))?;
    ChainKey::parse(&text).map_err(|error| refused(error.to_string()))
}

/// An event that is not what its hash says.
struct Changed {
    position: u64,
    part: Vec<&'static str>,
    /// The key signed the hash that it names: that is the store's own, and the content is another.
    is_hash_signed: bool,
}

/// Events that follow each other and have the same fault.
struct Fault<K> {
    kind: K,
    positions: (u64, u64),
    events: u64,
}

/// What the events come to, one after another.
struct Held<'a> {
    session: &'a Session,
    chain: Chain,
    events: u64,
    changed: Vec<Changed>,
    changed_count: u64,
    /// The last event, where its content gives another hash than it names: its number and that hash.
    doubtful: Option<(u64, Vec<u8>)>,
    /// By position.
    bare: Vec<u64>,
    /// Position and version.
    unknown: Vec<(u64, String)>,
    unnumbered: Vec<u64>,
    signed: Vec<Fault<Signed>>,
    last_position: Option<u64>,
    head: Option<(u64, Vec<u8>)>,
    first_number: Option<u64>,
    versions: BTreeMap<String, u64>,
    spellings: BTreeMap<Spelling, u64>,
    signatures: Signatures,
    missing_signatures: u64,
    foreign_signatures: u64,
    /// What could not be read, in a sentence.
    unread: Option<String>,
}

impl<'a> Held<'a> {
    /// A pass over all events of a store.
    fn of(work: &Work<'_>, session: &'a Session, key: Option<&ChainKey>) -> Result<Held<'a>, AppError> {
        let findings = Findings::default();
        let total = session.description().event_count;
        let parts = total.unwrap_or_default().div_ceil(RANGE_EVENTS).max(1);
        let ranges = session.store().split(usize::try_from(parts).unwrap_or(1))?;
        let mut held = Held::new(session);
        let make = |at: usize| {
            let range = ranges.get(at).copied().unwrap_or_default();
            judge_range(work, session, range, key, &findings)
        };
        let mut take = |judged: Vec<Judged>| {
            for event in judged {
                held.take(event)?;
            }
            work.tick("verifying the chain", held.events, total)?;
            Ok(())
        };
        in_order(thread_count().min(MOST_THREADS), ranges.len(), make, &mut take)?;
        held.unread = unread(&findings);
        Ok(held)
    }

    /// Whether nothing was found, as far as single events tell.
    fn is_sound(&self) -> bool {
        self.changed_count == 0 && self.bare.is_empty() && self.chain.is_unbroken()
    }

    fn new(session: &'a Session) -> Held<'a> {
        Held {
            session,
            chain: Chain::default(),
            events: 0,
            changed: Vec::new(),
            changed_count: 0,
            doubtful: None,
            bare: Vec::new(),
            unknown: Vec::new(),
            unnumbered: Vec::new(),
            signed: Vec::new(),
            last_position: None,
            head: None,
            first_number: None,
            versions: BTreeMap::new(),
            spellings: BTreeMap::new(),
            signatures: Signatures::default(),
            missing_signatures: 0,
            foreign_signatures: 0,
            unread: None,
        }
    }

    fn take(&mut self, event: Judged) -> Result<(), AppError> {
        self.events += 1;
        self.look_at_signature(&event);
        self.resolve_doubt(&event);
        let Judged {
            position,
            mut number,
            mut predecessor,
            hash,
            verdict,
            signed,
            ..
        } = event;
        self.last_position = Some(position);
        let mut is_whole = true;
        let hash = match verdict {
            Verdict::Holds { spelling, rule } => {
                *self.versions.entry(rule.version.to_owned()).or_default() += 1;
                if spelling != Spelling::AsWritten {
                    *self.spellings.entry(spelling).or_default() += 1;
                }
                hash.unwrap_or_default()
            }
            Verdict::Differs { made } => {
                is_whole = false;
                let hash = hash.unwrap_or_default();
                let rule = Rule::of(&hash).unwrap_or(&V1);
                *self.versions.entry(rule.version.to_owned()).or_default() += 1;
                let part = match self.mended(position, number, &predecessor, &hash)? {
                    Some(Mended::Predecessor(known)) => {
                        predecessor = known;
                        vec!["predecessorhash"]
                    }
                    Some(Mended::Number(known)) => {
                        number = Some(known);
                        vec!["id"]
                    }
                    None => Vec::new(),
                };
                is_whole |= !part.is_empty();
                if part.is_empty() {
                    self.doubtful = number.map(|number| (number, made));
                }
                self.changed_count += 1;
                if self.changed.len() < MOST_KEPT {
                    self.changed.push(Changed {
                        position,
                        part,
                        is_hash_signed: signed == Some(Signed::ByKey),
                    });
                }
                hash
            }
            Verdict::Unknown { version } => {
                *self.versions.entry(version.clone()).or_default() += 1;
                self.unknown.push((position, version));
                self.unknown.truncate(MOST_KEPT);
                hash.unwrap_or_default()
            }
            Verdict::Bare => {
                self.bare.push(position);
                // As the event before it would have had one, or else the one after it names.
                let likely = self
                    .chain
                    .tip()
                    .and_then(|(_, hash)| Rule::of(hash).ok())
                    .unwrap_or(&V1);
                let other = if likely == &V1 { &V2 } else { &V1 };
                let hashes = |sealed: &Sealed<'_>| [likely, other].map(|rule| rule.hash(sealed, sealed.data));
                let made = self.sealed_again(position, hashes)?.map(|[made, other]| {
                    self.doubtful = number.map(|number| (number, other));
                    made
                });
                made.unwrap_or_default()
            }
        };
        let Some(number) = number else {
            self.unnumbered.push(position);
            return Ok(());
        };
        self.first_number.get_or_insert(number);
        self.head = Some((number, hash.clone()));
        self.chain.push(Link {
            position,
            number,
            predecessor,
            hash,
            is_whole,
        });
        Ok(())
    }

    fn sealed_again<T>(&self, position: u64, look: impl FnOnce(&Sealed<'_>) -> T) -> Result<Option<T>, AppError> {
        // It came from the store, where positions are `i64`.
        with_sealed(self.session, Position(position as i64), look)
    }

    /// The event before this one gives the hash that this one names, and another one than it names itself: what was edited
    /// of it is its hash.
    fn resolve_doubt(&mut self, event: &Judged) {
        let Some((number, made)) = self.doubtful.take() else {
            return;
        };
        if event.predecessor != made || event.number != number.checked_add(1) {
            return;
        }
        let last = self
            .changed
            .last_mut()
            .filter(|changed| Some(changed.position) == self.last_position);
        if let Some(changed) = last {
            changed.part = vec!["hash"];
        }
        self.chain.correct_tip(&made);
    }

    /// What the event would have to name for its hash to come out, where its place in the chain tells that.
    fn mended(
        &self,
        position: u64,
        number: Option<u64>,
        predecessor: &[u8],
        hash: &[u8],
    ) -> Result<Option<Mended>, AppError> {
        let (expected, before) = match self.chain.tip() {
            Some((last, hash)) => (last.checked_add(1), hash.to_vec()),
            None => (Some(0), GENESIS.to_vec()),
        };
        let comes_out = |sealed: &Sealed<'_>| !matches!(judge(sealed), Verdict::Differs { .. });
        if predecessor != before {
            let is_it = self.sealed_again(position, |sealed| comes_out(&sealed.with(Member::Predecessor, &before)))?;
            if is_it == Some(true) {
                return Ok(Some(Mended::Predecessor(before)));
            }
        }
        let Some(expected) = expected.filter(|expected| Some(*expected) != number) else {
            return Ok(None);
        };
        let text = expected.to_string();
        let is_it = self.sealed_again(position, |sealed| {
            debug_assert!(sealed.hash.as_deref() == Some(hash), "it is the event that was judged");
            comes_out(&sealed.with(Member::Id, text.as_bytes()))
        })?;
        Ok((is_it == Some(true)).then_some(Mended::Number(expected)))
    }

    fn look_at_signature(&mut self, event: &Judged) {
        self.signatures.signed += u64::from(event.is_signed);
        let Some(signed) = event.signed else { return };
        match signed {
            Signed::ByKey => {
                self.signatures.by_key += 1;
                return;
            }
            Signed::Missing => self.missing_signatures += 1,
            Signed::NotByKey | Signed::Malformed => self.foreign_signatures += 1,
        }
        let before = self.last_position;
        let is_full = self.signed.len() >= MOST_KEPT;
        match self.signed.last_mut() {
            Some(fault) if fault.kind == signed && Some(fault.positions.1) == before => {
                fault.positions.1 = event.position;
                fault.events += 1;
            }
            _ if is_full => {}
            _ => self.signed.push(Fault {
                kind: signed,
                positions: (event.position, event.position),
                events: 1,
            }),
        }
    }
}

/// What one member of an event was before it was edited.
enum Mended {
    Predecessor(Vec<u8>),
    Number(u64),
}
