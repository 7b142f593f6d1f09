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
use refold_core::work::{Phase, Work};
use refold_stores::chained::{Chained, Enclosed, enclosed};
use refold_stores::plain_file::{self, MOST_TEXT_BYTES};
use serde::Serialize;

use super::passing::unread;
use super::verify::VerifyFinding;
use crate::error::AppError;
use crate::in_order::in_order;
use crate::session::{Session, thread_count};
use crate::text::{counted, grouped};

/// What to verify a chain with.
#[derive(Debug, Clone, Default)]
pub struct ChainAsked {
    /// A file with the public key of the store: PEM, or hexadecimal digits.
    pub key: Option<PathBuf>,
    /// A file of explanations.
    pub explanations: Option<PathBuf>,
}

#[derive(Debug, Clone, Serialize)]
pub struct ChainAnswer {
    /// What the hashes say, whatever signatures do. `verified`; `partial`: what is there holds, and not all of the chain is
    /// there; `broken`: it contradicts itself; `unverifiable`: not all of it can be read or told, or nothing is there.
    pub outcome: &'static str,
    /// `L3`: consistent with the proof that the store itself keeps: each event gives the hash that it names and names the
    /// one before it, and where it is signed by the key that was named, all are. `null`: not so.
    pub level: Option<&'static str>,
    /// By position; the first ones of many.
    pub findings: Vec<VerifyFinding>,
    /// More than are among `findings`, when only the first are kept.
    pub finding_count: u64,
    pub events: u64,
    /// The numbers of the first and the last event.
    pub first: Option<String>,
    pub last: Option<String>,
    /// The hash of the last event, at level L3 alone. Kept elsewhere it shows later whether the chain is still the same up
    /// to there.
    pub head: Option<String>,
    /// By version of the hash; those beyond the first ones are `others`.
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
    /// `verified`: the key signed every event; `partial`: it signed none, so that it may be another one than the store's;
    /// `broken`: it signed some and not others. `null`: no key was named, or there is no event.
    pub outcome: Option<&'static str>,
}

impl Signatures {
    /// In words. `events`: of how many.
    pub fn sentence(&self, events: u64) -> String {
        match (&self.key, self.signed) {
            (Some(key), _) if self.outcome == Some("verified") => format!("every event is signed by the key {key}"),
            (Some(key), _) => {
                format!(
                    "{} of {} signed by the key {key}",
                    grouped(self.by_key),
                    counted(events, "event")
                )
            }
            (None, 0) => "no event is signed".to_owned(),
            (None, signed) => format!("{} signed; no signature was checked", counted(signed, "event")),
        }
    }
}

impl ChainAnswer {
    /// Whether something contradicts itself: the chain, or what of it is signed.
    pub fn is_broken(&self) -> bool {
        self.outcome == "broken" || self.signatures.outcome == Some("broken")
    }
}

/// Events that are read at once.
const BATCH_ROWS: usize = 4_096;
/// Events of one range, about. Few in tests, so that a small store has many ranges.
const RANGE_EVENTS: u64 = if cfg!(test) { 16 } else { 8_192 };
/// Threads that read and hash.
const MOST_THREADS: usize = 4;
/// Findings of one kind that are kept.
const MOST_KEPT: usize = 10_000;
/// Versions of hashes that are told apart, and letters of each: they are what the file says.
const MOST_VERSIONS: usize = 16;
const VERSION_LETTERS: usize = 32;

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
    /// Members that it says more than once, of those that its hash covers.
    repeated: Vec<&'static str>,
}

/// Whether the store keeps a chain that can be verified.
pub fn has_chain(session: &Session) -> bool {
    session.description().own_chain.is_some()
}

pub fn verify_chain(work: &Work<'_>, session: &Session, asked: &ChainAsked) -> Result<ChainAnswer, AppError> {
    session.expect_reached("what is said of a chain")?;
    if !has_chain(session) {
        return Err(AppError::invalid(
            format!("this store keeps no hash chain of its own: {}", session.location()),
            "name an anchor of it; or, of an export or a backup of EventSourcingDB, which has a chain, the layout \
             eventsourcingdb",
        )
        .typed("--anchor DIR, or --layout eventsourcingdb"));
    }
    let key = asked.key.as_deref().map(chain_key).transpose()?;
    let held = Held::of(work, session, key.as_ref())?;
    told::answer(work, asked, key.as_ref(), held)
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
            let looked = with_sealed(session, *position, |sealed, event| {
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
                    repeated: event.repeated(&covered()),
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
    look: impl FnOnce(&Sealed<'_>, &Chained<'_>) -> T,
) -> Result<Option<T>, AppError> {
    let Some(columns) = session.store().raw(position)? else {
        return Ok(None);
    };
    let Some(Enclosed::Event(event)) = columns.first().and_then(|line| enclosed(&line.bytes)) else {
        return Ok(None);
    };
    let sealed = Sealed {
        members: MEMBERS.map(|(_, name)| event.text(name)),
        data: event.data(),
        hash: event.hash(),
        signature: event.signature(),
    };
    Ok(Some(look(&sealed, &event)))
}

/// What a hash covers, what says what it is, and what signs that.
fn covered() -> [&'static str; MEMBERS.len() + 3] {
    let mut names = ["data", "hash", "signature"]
        .into_iter()
        .chain(MEMBERS.map(|(_, name)| name));
    std::array::from_fn(|_| names.next().unwrap_or_default())
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
            "name a file with the public half of its signing key, which openssl writes",
        )
        .typed("openssl pkey -in signing-key.pem -pubout")
    };
    let text = plain_file::read_text(file, MOST_TEXT_BYTES).map_err(|error| refused(in_words(&error)))?;
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

/// Things of one kind: the first ones, and how many there are.
struct Kept<T> {
    first: Vec<T>,
    count: u64,
}

impl<T> Default for Kept<T> {
    fn default() -> Kept<T> {
        Kept {
            first: Vec::new(),
            count: 0,
        }
    }
}

impl<T> Kept<T> {
    fn push(&mut self, of: T) {
        self.count += 1;
        if self.first.len() < MOST_KEPT {
            self.first.push(of);
        }
    }

    /// How many there are besides the first ones.
    fn unkept(&self) -> u64 {
        self.count - self.first.len() as u64
    }
}

/// An event whose place in the chain may be by another hash than the one that it names.
struct Doubt {
    number: u64,
    made: Vec<u8>,
    /// It names none, so that nothing of it is accused.
    is_bare: bool,
}

/// What the events come to, one after another.
struct Held<'a> {
    session: &'a Session,
    chain: Chain,
    events: u64,
    changed: Kept<Changed>,
    /// The last event, where its content gives another hash than it names.
    doubtful: Option<Doubt>,
    /// By position.
    bare: Kept<u64>,
    /// Position and version.
    unknown: Kept<(u64, String)>,
    unnumbered: Kept<u64>,
    /// Position and members.
    repeated: Kept<(u64, Vec<&'static str>)>,
    signed: Kept<Fault<Signed>>,
    /// What is wrong with the signature of the last event.
    last_fault: Option<Signed>,
    last_position: Option<u64>,
    /// The number of the last event whose content gives its hash, and how many of these have a higher and a lower number
    /// than the one before.
    last_whole: Option<u64>,
    ascents: u64,
    descents: u64,
    head: Option<(u64, Vec<u8>)>,
    first_number: Option<u64>,
    versions: BTreeMap<String, u64>,
    spellings: BTreeMap<Spelling, u64>,
    signatures: Signatures,
    missing_signatures: u64,
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
            work.tick(Phase::VerifyingTheChain, held.events, total)?;
            Ok(())
        };
        in_order(thread_count().min(MOST_THREADS), ranges.len(), make, &mut take)?;
        held.unread = unread(&findings);
        Ok(held)
    }

    /// Whether the events stand in the order of an antichronological answer.
    fn is_descending(&self) -> bool {
        self.descents > 0 && self.ascents == 0
    }

    fn count_version(&mut self, version: &str) {
        let is_told = self.versions.len() < MOST_VERSIONS || self.versions.contains_key(version);
        let name = if is_told { version } else { "others" };
        *self.versions.entry(name.to_owned()).or_default() += 1;
    }

    fn new(session: &'a Session) -> Held<'a> {
        Held {
            session,
            chain: Chain::default(),
            events: 0,
            changed: Kept::default(),
            doubtful: None,
            bare: Kept::default(),
            unknown: Kept::default(),
            unnumbered: Kept::default(),
            repeated: Kept::default(),
            signed: Kept::default(),
            last_fault: None,
            last_position: None,
            last_whole: None,
            ascents: 0,
            descents: 0,
            head: None,
            first_number: None,
            versions: BTreeMap::new(),
            spellings: BTreeMap::new(),
            signatures: Signatures::default(),
            missing_signatures: 0,
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
            repeated,
            ..
        } = event;
        if !repeated.is_empty() {
            self.repeated.push((position, repeated));
        }
        self.last_position = Some(position);
        let mut is_whole = true;
        let hash = match verdict {
            Verdict::Holds { spelling, rule } => {
                self.count_version(rule.version);
                if spelling != Spelling::AsWritten {
                    *self.spellings.entry(spelling).or_default() += 1;
                }
                if let Some((last, number)) = self.last_whole.zip(number) {
                    self.ascents += u64::from(number >= last);
                    self.descents += u64::from(number < last);
                }
                self.last_whole = number.or(self.last_whole);
                hash.unwrap_or_default()
            }
            Verdict::Differs { made } => {
                is_whole = false;
                let hash = hash.unwrap_or_default();
                let rule = Rule::of(&hash).unwrap_or(&V1);
                self.count_version(rule.version);
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
                    self.doubtful = number.map(|number| Doubt {
                        number,
                        made,
                        is_bare: false,
                    });
                }
                self.changed.push(Changed {
                    position,
                    part,
                    is_hash_signed: signed == Some(Signed::ByKey),
                });
                hash
            }
            Verdict::Unknown { version } => {
                let version: String = version.chars().take(VERSION_LETTERS).collect();
                self.count_version(&version);
                self.unknown.push((position, version));
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
                    self.doubtful = number.map(|number| Doubt {
                        number,
                        made: other,
                        is_bare: true,
                    });
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
        with_sealed(self.session, Position(position as i64), |sealed, _| look(sealed))
    }

    /// The event before this one gives the hash that this one names, and another one than it names itself: what was edited
    /// of it is its hash. Only if this one is what its own hash says: whoever edits an event can also have the next one name
    /// what comes of that.
    fn resolve_doubt(&mut self, event: &Judged) {
        let Some(doubt) = self.doubtful.take() else { return };
        let is_next = event.predecessor == doubt.made && event.number == doubt.number.checked_add(1);
        if !is_next || !(doubt.is_bare || matches!(event.verdict, Verdict::Holds { .. })) {
            return;
        }
        let last = self.changed.first.last_mut();
        if let Some(changed) = last.filter(|changed| Some(changed.position) == self.last_position) {
            changed.part = vec!["hash"];
        }
        self.chain.correct_tip(&doubt.made);
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
        let fault = event.signed.filter(|signed| *signed != Signed::ByKey);
        let before = std::mem::replace(&mut self.last_fault, fault);
        let Some(kind) = fault else {
            self.signatures.by_key += u64::from(event.signed.is_some());
            return;
        };
        self.missing_signatures += u64::from(kind == Signed::Missing);
        if before != fault {
            self.signed.push(Fault {
                kind,
                positions: (event.position, event.position),
                events: 1,
            });
            return;
        }
        // It goes on; the one that it continues may be one that was not kept.
        let last = self.signed.first.last_mut();
        if let Some(kept) = last.filter(|kept| Some(kept.positions.1) == self.last_position) {
            kept.positions.1 = event.position;
            kept.events += 1;
        }
    }
}

/// What one member of an event was before it was edited.
enum Mended {
    Predecessor(Vec<u8>),
    Number(u64),
}
