//! Verifying a store against an anchor of it: all of it, from its bytes.

use std::path::Path;

use refold_audit::anchor::check::{Anchored, Check, CheckError, Difference, Finding, Outcome, Part};
use refold_audit::anchor::event::SaltKey;
use refold_audit::anchor::leaves::Hasher;
use refold_audit::anchor::manifest::{Manifest, StoreIdentity};
use refold_audit::anchor::note::Checkpoint;
use refold_audit::anchor::segment::{self, Segment, WIDTH};
use refold_audit::anchor::signing::PublicKey;
use refold_audit::anchor::{Hash, from_hex};
use refold_core::event::{Columns, EventBatch, Position};
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::port::store::{Direction, ReadQuery, Scope};
use refold_core::work::Work;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::anchor::identity;
use super::folder::{Anchor, CHECKPOINT, MANIFEST, SEGMENTS, read_key};
use super::passing::{pass, unread};
use crate::error::{AppError, ErrorCode};
use crate::session::Session;
use crate::text::{self, Exact, counted, grouped, hex};

#[derive(Debug, Clone, Serialize)]
pub struct VerifyAnswer {
    /// `L1`: every event up to the horizon is what the anchor says. `null`: not verified.
    pub level: Option<&'static str>,
    /// By position; the first ones of many.
    pub findings: Vec<VerifyFinding>,
    /// More than are among `findings`, when only the first are kept.
    pub finding_count: u64,
    pub anchor: AnchorSeen,
    /// Events above the horizon: the anchor says nothing of them.
    pub added: u64,
    /// The outcome in words.
    pub sentence: String,
}

#[derive(Debug, Clone, Serialize)]
pub struct VerifyFinding {
    /// `CHANGED`, `REMOVED`, `INSERTED`, `MOVED`, `DIFFERS` (somewhere in a range), `REWRITTEN-ALL`, `UNREADABLE`
    pub kind: &'static str,
    /// `manipulation` or `gap`.
    pub severity: &'static str,
    /// `null` where it is about the whole store.
    pub position: Option<String>,
    /// Of what moved: where it is now. Of a range: its last position.
    pub to: Option<String>,
    /// As the event stands there today.
    pub stream: Option<Exact>,
    pub version: Option<String>,
    #[serde(rename = "type")]
    pub event_type: Option<Exact>,
    /// What of the event is another: `header`, `payload`, `metadata`; empty where that is not the question.
    pub part: Vec<&'static str>,
    /// In words, where there is more to say.
    pub detail: Option<String>,
    /// Whether somebody explained it. Nothing is explained yet; an explanation never makes it unchanged.
    pub explained: bool,
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
}

/// Findings whose event is looked up.
const MOST_NAMED: usize = 1_000;

/// `key`: the public key of minisign that must have signed the anchor, as a file or its text. `salt`: the file of the
/// anchor's key, where it is not beside it.
pub fn verify(
    work: &Work<'_>,
    session: &Session,
    path: &Path,
    salt: Option<&Path>,
    key: Option<&str>,
) -> Result<VerifyAnswer, AppError> {
    let key = key.map(public_key).transpose()?;
    let known = Known::open(path, salt, key.as_ref())?;
    known.expect(&identity(session))?;
    let anchored = Anchored {
        size: known.manifest.size,
        root: known.root,
        segments: known.segments.clone(),
    };
    let mut check = Check::new(anchored, known.folder.leaves()?);
    let failed = |error: CheckError<std::io::Error>| known.folder.damaged("its files", &error.to_string());
    let mut hasher = Hasher::new(known.key);
    let (findings, mut added) = (Findings::default(), 0u64);
    let below_zero = pass(work, session, "verifying", None, None, &findings, &mut |event| {
        let hashed = hasher.hash(event);
        if event.position > known.horizon {
            added += 1;
            check.push_above(&hashed.leaf);
            return Ok(());
        }
        check.push(hashed).map_err(failed)
    })?;
    let outcome = check.finish().map_err(failed)?;
    let unread = unread(&findings);
    let differing = outcome.finding_count + below_zero.len() as u64;
    let sentence = sentence(&known, differing, added, unread.as_deref());
    let mut found = named(work, session, &outcome.findings)?;
    let mut finding_count = differing;
    let inserted = below_zero.iter().take(MOST_NAMED).map(|position| VerifyFinding {
        position: Some(position.to_string()),
        ..VerifyFinding::of_store(
            "INSERTED",
            "manipulation",
            "below all positions of the anchor".to_owned(),
        )
    });
    found.splice(0..0, inserted);
    if outcome.is_rewritten() {
        found.insert(
            0,
            VerifyFinding::of_store("REWRITTEN-ALL", "manipulation", rewritten(&outcome)),
        );
        finding_count += 1;
    }
    if let Some(detail) = unread {
        found.insert(0, VerifyFinding::of_store("UNREADABLE", "gap", detail));
        finding_count += 1;
    }
    Ok(VerifyAnswer {
        level: (finding_count == 0).then_some("L1"),
        findings: found,
        finding_count,
        anchor: AnchorSeen {
            made_at: known.manifest.made_at,
            size: known.manifest.size,
            root: known.manifest.root,
            horizon: known.manifest.horizon,
            signed_by: known.manifest.signed_by,
            is_key_known: key.is_some(),
        },
        added,
        sentence,
    })
}

/// An anchor whose files are whole and belong together.
pub(super) struct Known {
    pub folder: Anchor,
    pub manifest: Manifest,
    pub manifest_digest: Hash,
    pub segments: Vec<Segment>,
    pub root: Hash,
    pub horizon: u64,
    /// `None`: nothing is salted.
    pub key: Option<SaltKey>,
}

impl Known {
    pub fn open(path: &Path, salt: Option<&Path>, key: Option<&PublicKey>) -> Result<Known, AppError> {
        let folder = Anchor::open(path)?;
        let json = folder.read(MANIFEST)?;
        let manifest = Manifest::parse(&json).map_err(|reason| folder.damaged(MANIFEST, &reason))?;
        let signer = signer(&folder, &manifest, key)?;
        let text = String::from_utf8(folder.read(CHECKPOINT)?).unwrap_or_default();
        let checkpoint = Checkpoint::parse(&text, signer.as_ref());
        let checkpoint = checkpoint.map_err(|error| folder.damaged(CHECKPOINT, &error.to_string()))?;
        let segments = segment::read_all(&folder.read(SEGMENTS)?);
        let segments = segments.ok_or_else(|| folder.damaged(SEGMENTS, "it is not readable"))?;
        let contradiction = || folder.damaged(MANIFEST, "it contradicts the other files");
        let root = from_hex(&manifest.root).ok_or_else(contradiction)?;
        let horizon = manifest.horizon.parse().map_err(|_| contradiction())?;
        let counted: u64 = segments.iter().map(|segment| u64::from(segment.events)).sum();
        let is_whole = checkpoint.root == root
            && checkpoint.size == manifest.size
            && counted == manifest.size
            && checkpoint.origin == manifest.store.origin()
            && u64::from(manifest.segment_width) == WIDTH
            && segments.last().is_none_or(|last| last.number == horizon / WIDTH);
        if !is_whole {
            return Err(contradiction());
        }
        let key = match &manifest.salt_key_sha256 {
            None => None,
            Some(digest) => Some(salt_key(path, salt, digest)?),
        };
        Ok(Known {
            manifest_digest: Sha256::digest(&json).into(),
            folder,
            manifest,
            segments,
            root,
            horizon,
            key,
        })
    }

    /// Another store is not a store that was tampered with.
    pub fn expect(&self, store: &StoreIdentity) -> Result<(), AppError> {
        let anchored = &self.manifest.store;
        if anchored == store {
            return Ok(());
        }
        Err(AppError::invalid(
            format!(
                "the anchor is of another store: {} with the layout {}, and this one is {} with the layout {}",
                anchored.kind, anchored.layout, store.kind, store.layout
            ),
            "name the store that was anchored, with the layout it was read with then (--layout)",
        ))
    }
}

/// The key that signed the list and the checkpoint; `None`: nobody did, and nobody must have.
fn signer(folder: &Anchor, manifest: &Manifest, key: Option<&PublicKey>) -> Result<Option<PublicKey>, AppError> {
    let signature = folder.signature()?;
    let claimed = manifest.signed_by.as_deref().map(PublicKey::parse).transpose();
    let claimed = claimed.map_err(|error| folder.damaged(MANIFEST, &error.to_string()))?;
    let refused = |reason: &str| {
        AppError::new(
            ErrorCode::Denied,
            format!("the anchor cannot be trusted: {reason}"),
            "ask whoever keeps the anchor for the right one, or for the right key",
        )
    };
    match (key.copied().or(claimed), signature) {
        (None, None) => Ok(None),
        (Some(key), Some(signature)) => {
            let checked = key.check_file(&folder.sums, &signature);
            checked.map_err(|error| refused(&error.to_string()))?;
            Ok(Some(key))
        }
        (Some(_), None) => Err(refused("its signature is missing")),
        (None, Some(_)) => Err(refused("it is signed, and does not say by whom")),
    }
}

fn salt_key(path: &Path, salt: Option<&Path>, digest: &str) -> Result<SaltKey, AppError> {
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let beside = path.with_extension("salt");
    if salt.is_none()
        && !beside.exists()
        && let Some(key) = key_of_chain(&path, digest)
    {
        return Ok(key);
    }
    let file = salt.unwrap_or(&beside);
    let key = read_key(file)?;
    if hex(&Sha256::digest(key.0)) != digest {
        return Err(AppError::invalid(
            format!("this key is not that of the anchor: {}", file.display()),
            "name the key that was written when the anchor, or the first of its chain, was made",
        ));
    }
    Ok(key)
}

/// An anchor that continues another has its key: among those that lie beside it.
fn key_of_chain(path: &Path, digest: &str) -> Option<SaltKey> {
    let files = std::fs::read_dir(path.parent()?).ok()?;
    let keys = files.flatten().map(|file| file.path());
    keys.filter(|file| file.extension().is_some_and(|it| it == "salt"))
        .filter_map(|file| read_key(&file).ok())
        .find(|key| hex(&Sha256::digest(key.0)) == digest)
}

/// A file of minisign, or what is in it.
fn public_key(named: &str) -> Result<PublicKey, AppError> {
    let text = std::fs::read_to_string(named).unwrap_or_else(|_| named.to_owned());
    PublicKey::parse(&text).map_err(|error| {
        AppError::invalid(
            format!(
                "the public key cannot be used: {error}: {}",
                text::shown(named.as_bytes())
            ),
            "name the public key of minisign: its file, or the text that begins with RW",
        )
    })
}

fn rewritten(outcome: &Outcome) -> String {
    let (differing, all, what) = if outcome.is_named {
        (outcome.finding_count, outcome.anchored_size, "events".to_owned())
    } else {
        (
            outcome.differing_segments,
            outcome.segments,
            format!("ranges of {WIDTH} positions"),
        )
    };
    format!(
        "{} differences in {} {what}: the store was restored or migrated, or is another one",
        grouped(differing),
        grouped(all)
    )
}

fn sentence(known: &Known, differing: u64, added: u64, unread: Option<&str>) -> String {
    let manifest = &known.manifest;
    let of = format!("the anchor of {}", manifest.made_at);
    if let Some(unread) = unread {
        return format!("NOT VERIFIED against {of}: not all of the store can be read: {unread}");
    }
    if differing > 0 {
        return format!(
            "NOT what {of} says: {} among the {} events up to position {}",
            counted(differing, "difference"),
            grouped(manifest.size),
            manifest.horizon
        );
    }
    let came = match added {
        0 => "none came since".to_owned(),
        added => format!("{} came since, of which it says nothing", counted(added, "event")),
    };
    format!(
        "unchanged since {of}: all {} events up to position {} are byte for byte what they were, in every column that the \
         layout names; {came}",
        grouped(manifest.size),
        manifest.horizon
    )
}

/// With stream, version and type of the event that stands there today.
fn named(work: &Work<'_>, session: &Session, findings: &[Finding]) -> Result<Vec<VerifyFinding>, AppError> {
    let place = |finding: &Finding| match finding.difference {
        Difference::Changed(_) | Difference::Inserted => Some(finding.position),
        Difference::Moved { to } => Some(to),
        Difference::Removed | Difference::Somewhere { .. } => None,
    };
    // Positions came from the store, where they are `i64`.
    let places = findings
        .iter()
        .take(MOST_NAMED)
        .filter_map(place)
        .map(|it| Position(it as i64));
    let query = ReadQuery {
        scope: Scope::Positions(places.collect()),
        direction: Direction::Forward,
        columns: Columns::SKELETON,
    };
    let mut reader = session.store().read(&query)?;
    let (mut batch, mut names, ignored) = (EventBatch::default(), Names::default(), Findings::default());
    let mut today = std::collections::HashMap::new();
    while reader.next_batch(work, MOST_NAMED, &mut batch, &mut names, &ignored)? {
        for row in 0..batch.len() {
            let event = batch.event(row);
            let version = (event.version != EventBatch::NO_VERSION).then(|| event.version.0.to_string());
            let named = (
                text::exact(names.stream(event.stream)),
                version,
                text::exact(names.type_name(event.event_type)),
            );
            today.insert(event.position.0 as u64, named);
        }
        batch.clear();
    }
    let answer = |finding: &Finding| {
        let event = place(finding).and_then(|place| today.get(&place)).cloned();
        let (stream, version, event_type) = event.map_or((None, None, None), |(stream, version, event_type)| {
            (Some(stream), version, Some(event_type))
        });
        VerifyFinding {
            stream,
            version,
            event_type,
            ..VerifyFinding::of(finding)
        }
    };
    Ok(findings.iter().map(answer).collect())
}

impl VerifyFinding {
    fn of_store(kind: &'static str, severity: &'static str, detail: String) -> VerifyFinding {
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
            explained: false,
        }
    }

    fn of(finding: &Finding) -> VerifyFinding {
        let (kind, to, part, detail) = match &finding.difference {
            Difference::Changed(parts) => ("CHANGED", None, parts.iter().map(part_name).collect(), None),
            Difference::Removed => ("REMOVED", None, Vec::new(), None),
            Difference::Inserted => ("INSERTED", None, Vec::new(), None),
            Difference::Moved { to } => ("MOVED", Some(*to), Vec::new(), None),
            Difference::Somewhere { last, before, now } => {
                let detail =
                    format!("{before} events then, {now} now; the anchor keeps no leaves that would name them");
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
            explained: false,
        }
    }
}

fn part_name(part: &Part) -> &'static str {
    match part {
        Part::Header => "header",
        Part::Payload => "payload",
        Part::Metadata => "metadata",
    }
}
