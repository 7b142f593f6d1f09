//! Making an anchor of a store.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use refold_audit::anchor::Hash;
use refold_audit::anchor::check::Check;
use refold_audit::anchor::event::SaltKey;
use refold_audit::anchor::leaves::Hashed;
use refold_audit::anchor::manifest::{FORMAT, Manifest, StoreIdentity};
use refold_audit::anchor::note::Checkpoint;
use refold_audit::anchor::segment::{Segment, WIDTH};
use refold_audit::anchor::signing::SecretKey;
use refold_audit::anchor::tree::Edge;
use refold_core::finding::Findings;
use refold_core::port::store::OrderQuality;
use refold_core::port::system::in_words;
use refold_core::time::Timestamp;
use refold_core::work::{Phase, Work};
use refold_stores::plain_file::{self, MOST_TEXT_BYTES};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::folder::{
    ADVICE, CHECKPOINT, FRONTIER, LEAVES, LeafReader, MANIFEST, NewFolder, SEGMENTS, SIGNATURE, SUMS, Summed, new_key,
};
use super::known::{Known, whose_key};
use super::passing::{Pass, TREATMENT, unread};
use super::stamp::{self, STAMP, StampSeen};
use crate::clock;
use crate::error::{AppError, ErrorCode};
use crate::session::Session;
use crate::text::{counted, hex};
use crate::written_file;

/// How an anchor is made.
#[derive(Debug, Clone, Default)]
pub struct AnchorAsked {
    /// Where its folder comes to be.
    pub out: PathBuf,
    /// A secret key of minisign.
    pub key: Option<PathBuf>,
    /// The anchor that this one continues.
    pub previous: Option<PathBuf>,
    /// The key that salts `previous`, where it is not beside it.
    pub salt: Option<PathBuf>,
    /// Payloads are not salted: whoever has the anchor can try whether they were this or that.
    pub is_plain: bool,
    /// The address of a time stamp authority, which is asked to stamp its checkpoint.
    pub stamp: Option<String>,
    /// Without the few bytes of each event by which a later difference is named.
    pub is_short: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AnchorAnswer {
    pub dir: String,
    pub size: u64,
    pub root: String,
    pub horizon: String,
    /// The minisign key. `null`: nobody signed.
    pub signed_by: Option<String>,
    /// The time stamp of its checkpoint. `null`: none was asked for, or none was given.
    pub stamp: Option<StampSeen>,
    /// Why it has none although one was asked for.
    pub unstamped: Option<String>,
    /// Where the key is that salts it, of an anchor that continues another that of the first one. `null`: nothing is salted.
    pub salt: Option<String>,
    /// Whether that key was made for it.
    pub is_new_salt: bool,
    /// The columns of the store's rows that it covers, besides what the layout makes of them.
    pub columns: Vec<String>,
    /// Those that it does not cover, because the anchor that it continues does not.
    pub uncovered_columns: Vec<String>,
}

/// Gaps that are named in an anchor.
const MOST_GAPS: usize = 1_000;

pub fn anchor(work: &Work<'_>, session: &Session, asked: &AnchorAsked) -> Result<AnchorAnswer, AppError> {
    if asked.is_plain && session.mask().has_rules() {
        return Err(AppError::new(
            ErrorCode::Denied,
            "masking rules hold for this store, and an anchor without salt would let others guess what they hide",
            "let it be salted",
        )
        .typed("without --plain"));
    }
    session.expect_reached("an anchor")?;
    refuse_with_store(session, "store", &asked.out, "anchor")?;
    if !session.description().grows_at_end {
        return Err(AppError::invalid(
            "this store keeps no order of its own, so that an honest event may come below those that were anchored: an \
             anchor of it would accuse somebody sooner or later",
            "make a report of it, which claims no more than what is there now",
        ));
    }
    asked.stamp.as_deref().map(stamp::expect_address).transpose()?;
    let signer = asked.key.as_deref().map(secret_key).transpose()?;
    let previous = asked
        .previous
        .as_deref()
        .map(|path| Known::open(work, path, asked.salt.as_deref(), None))
        .transpose()?;
    // What was anchored was settled then.
    let further = previous.as_ref().and_then(|known| session.settled_up_to(known.horizon));
    let session = further.as_ref().unwrap_or(session);
    if let Some(known) = &previous {
        session.expect_settled(known.horizon)?;
    }
    let (key, is_new_key) = match &previous {
        Some(known) => (known.key, false),
        None if asked.is_plain => (None, false),
        None => (Some(SaltKey(new_key()?)), true),
    };
    let store = identity(session);
    let mut folder = NewFolder::new_in(&asked.out, "anchor")?;
    let mut made = Made::new(&folder, asked.is_short)?;
    let mut check = previous.as_ref().map(|known| known.check(&store)).transpose()?;
    let last = previous.as_ref().map(|known| known.horizon);
    let findings = Findings::default();
    let passing = Pass {
        session,
        phase: Phase::Anchoring,
        columns: previous.as_ref().map(|known| &*known.manifest.columns),
        key,
        findings: &findings,
    };
    let passed = passing.run(work, &|_| (), &mut |hashed| {
        if let Some(check) = check.as_mut().filter(|_| Some(hashed.leaf.position) <= last) {
            check
                .push(hashed)
                .map_err(|error| AppError::internal(error.to_string()))?;
        }
        made.push(&folder, hashed)
    })?;
    if let Some(position) = passed.below_zero.first() {
        return Err(AppError::invalid(
            format!("an anchor needs positions from 0 on, and there is one of {position}"),
            "look whether the layout names the right column for the position",
        ));
    }
    if let Some(reason) = unread(&findings) {
        return Err(AppError::new(
            ErrorCode::Corrupt,
            format!("not all of the store can be read, and what is not read cannot be anchored: {reason}"),
            "anchor a sound copy; the findings of the store list what is damaged",
        )
        .typed("refold info STORE"));
    }
    refuse_rewritten(check)?;
    let size = made.edge.size();
    let Some(horizon) = made.last else {
        return Err(AppError::invalid(
            "the store holds no events: there is nothing to anchor",
            "make the anchor when there are some",
        ));
    };
    made.finish(&mut folder)?;
    let root = made.edge.root();
    let now = clock::now().0;
    let made_at = Timestamp(now - now.rem_euclid(1_000_000_000));
    let manifest = Manifest {
        format: FORMAT.to_owned(),
        treatment: TREATMENT.map(str::to_owned).to_vec(),
        columns: passed.columns.clone(),
        horizon: horizon.to_string(),
        settled: settled(session).to_owned(),
        gaps: made.gaps,
        gap_count: made.gap_count,
        size,
        root: hex(&root),
        hash: "SHA-256".to_owned(),
        segment_width: WIDTH as u32,
        names_events: !asked.is_short,
        salt_key_sha256: key.map(|key| hex(&Sha256::digest(key.0))),
        previous: previous.as_ref().map(|known| hex(&known.manifest_digest)),
        made_at: made_at.display(0).to_string(),
        made_by: concat!("Refold ", env!("CARGO_PKG_VERSION")).to_owned(),
        signed_by: signer.as_ref().map(|key| key.public().to_text()),
        store,
    };
    let checkpoint = Checkpoint {
        origin: manifest.store.origin(),
        size,
        root,
    };
    folder.add(MANIFEST, &manifest.to_json())?;
    let checkpoint = checkpoint.to_text(signer.as_ref());
    folder.add(CHECKPOINT, checkpoint.as_bytes())?;
    let stamped = asked.stamp.as_deref();
    let stamped = stamped
        .map(|url| stamp::ask(work, session, url, checkpoint.as_bytes()))
        .transpose()?;
    let (stamp, unstamped) = match stamped {
        None => (None, None),
        Some(Err(reason)) => (None, Some(reason)),
        Some(Ok((seen, reply))) => {
            folder.add(STAMP, &reply)?;
            (Some(seen), None)
        }
    };
    folder.add(ADVICE, advice(&manifest, stamp.as_ref()).as_bytes())?;
    let sums = folder.sums();
    folder.add(SUMS, sums.as_bytes())?;
    if let Some(signer) = &signer {
        let comment = format!("{} root {}", manifest.made_at, manifest.root);
        folder.add(SIGNATURE, signer.sign_file(sums.as_bytes(), &comment).as_bytes())?;
    }
    let made_at: String = manifest
        .made_at
        .chars()
        .filter(|it| it.is_ascii_alphanumeric())
        .collect();
    let path = asked.out.join(format!("anchor-{made_at}-{}", &manifest.root[..8]));
    let salt = path.with_extension("salt");
    if let (Some(key), true) = (&key, is_new_key) {
        // First: an anchor without its key would be worth nothing.
        folder.write_key(&salt, &key.0)?;
    }
    folder.finish(session, &path).inspect_err(|_| {
        if is_new_key {
            // The key of an anchor that there is not.
            let _ = std::fs::remove_file(&salt);
        }
    })?;
    Ok(AnchorAnswer {
        dir: path.display().to_string(),
        size,
        root: manifest.root,
        horizon: manifest.horizon,
        signed_by: manifest.signed_by,
        stamp,
        unstamped,
        salt: match &previous {
            Some(known) => known.key_file.as_ref().map(|file| file.display().to_string()),
            None => is_new_key.then(|| salt.display().to_string()),
        },
        is_new_salt: is_new_key,
        columns: passed.columns,
        uncovered_columns: passed.more_columns,
    })
}

/// What proves something about a store does not lie with it. `noun`: what it is called. `whose`: `store`, or the `copy` that
/// is held against it.
pub(super) fn refuse_with_store(session: &Session, whose: &str, out: &Path, noun: &str) -> Result<(), AppError> {
    // A folder that is not there is told of when it is written to.
    if !written_file::is_with_store(out, session.path()).unwrap_or(false) {
        return Ok(());
    }
    Err(AppError::invalid(
        format!(
            "the {noun} is not written: it is the folder of the {whose} or lies in it, and nothing is ever written beside a \
             store: {}",
            out.display()
        ),
        format!("choose a folder for the {noun} that does not go where the {whose} goes"),
    ))
}

/// The files that grow while events pass.
struct Made {
    edge: Edge,
    last: Option<u64>,
    gaps: Vec<(String, String)>,
    gap_count: u32,
    segment: Vec<(u64, Hash)>,
    segments: Vec<u8>,
    leaves: Option<Summed>,
}

impl Made {
    fn new(folder: &NewFolder, is_short: bool) -> Result<Made, AppError> {
        Ok(Made {
            edge: Edge::default(),
            last: None,
            gaps: Vec::new(),
            gap_count: 0,
            segment: Vec::new(),
            segments: Vec::new(),
            leaves: (!is_short).then(|| folder.start(LEAVES)).transpose()?,
        })
    }

    fn push(&mut self, folder: &NewFolder, event: Hashed) -> Result<(), AppError> {
        let position = event.leaf.position;
        if let Some(last) = self.last {
            if position > last + 1 {
                self.gap_count += 1;
                if self.gaps.len() < MOST_GAPS {
                    self.gaps.push(((last + 1).to_string(), (position - 1).to_string()));
                }
            }
            if position / WIDTH != last / WIDTH {
                self.close_segment();
            }
        }
        self.last = Some(position);
        self.edge.push(event.hash);
        self.segment.push((position, event.hash));
        if let Some(leaves) = &mut self.leaves {
            let written = leaves.write_all(&event.leaf.to_bytes());
            written.map_err(|error| folder.failed(&error))?;
        }
        Ok(())
    }

    fn close_segment(&mut self) {
        if let Some((position, _)) = self.segment.first() {
            let segment = Segment::of(position / WIDTH, self.segment.iter().copied());
            self.segments.extend_from_slice(&segment.to_bytes());
            self.segment.clear();
        }
    }

    fn finish(&mut self, folder: &mut NewFolder) -> Result<(), AppError> {
        self.close_segment();
        folder.add(SEGMENTS, &self.segments)?;
        folder.add(FRONTIER, &self.edge.hashes().flatten().copied().collect::<Vec<u8>>())?;
        self.leaves.take().map_or(Ok(()), |leaves| folder.end(leaves))
    }
}

/// What was signed once is never contradicted: a store that changed gets no anchor that continues an earlier one.
fn refuse_rewritten(check: Option<Check<LeafReader>>) -> Result<(), AppError> {
    let Some(check) = check else { return Ok(()) };
    let outcome = check.finish().map_err(|error| AppError::internal(error.to_string()))?;
    if outcome.is_unchanged {
        return Ok(());
    }
    Err(AppError::new(
        ErrorCode::Rewritten,
        format!(
            "the store is not what the earlier anchor says ({} found): no anchor continues it",
            counted(outcome.finding_count, "difference")
        ),
        "verify the store against that anchor, which names what differs",
    )
    .typed("refold verify STORE --anchor DIR"))
}

pub(super) fn identity(session: &Session) -> StoreIdentity {
    let description = session.description();
    StoreIdentity {
        kind: description.kind.clone(),
        layout: description.layout.clone(),
    }
}

pub(super) fn settled(session: &Session) -> &'static str {
    match session.description().order {
        OrderQuality::Total => {
            "all events were read from one moment of the store, and only those that were settled then: none can still \
             come below the last of them"
        }
        OrderQuality::Approximate => {
            "not known: the store keeps no order of its own, and an event may come below the last of them without a \
             fault of anybody"
        }
    }
}

pub(super) fn secret_key(path: &Path) -> Result<SecretKey, AppError> {
    let text = plain_file::read_text(path, MOST_TEXT_BYTES).map_err(|error| {
        AppError::invalid(
            format!(
                "the signing key cannot be read ({}): {}",
                in_words(&error),
                path.display()
            ),
            "name the secret key that minisign made",
        )
    })?;
    SecretKey::parse(&text).map_err(|error| {
        AppError::invalid(
            format!("the signing key cannot be used: {error}: {}", path.display()),
            "make one without a password with minisign, and guard its file well",
        )
        .typed("minisign -G -W")
    })
}

/// What is in the folder for whoever finds it.
fn advice(manifest: &Manifest, stamp: Option<&StampSeen>) -> String {
    let signature = match &manifest.signed_by {
        Some(key) => format!(
            "2. minisign -Vm SHA256SUMS -P {key}\n   says who signed it. Compare the key with one that you have from elsewhere.\n"
        ),
        None => "2. Nobody signed this anchor. It is worth as much as the place where it was kept.\n".to_owned(),
    };
    let key = match &manifest.salt_key_sha256 {
        Some(_) => " --salt FILE.salt",
        None => "",
    };
    let whose = match &manifest.salt_key_sha256 {
        Some(digest) => format!(
            "   FILE.salt is the key that salts it, {}.\n   The SHA-256 of its 32 bytes (xxd -r -p FILE.salt | sha256sum) is\n   {digest}\n",
            whose_key(manifest)
        ),
        None => String::new(),
    };
    let (stamped, unless) = match stamp {
        None => (
            String::new(),
            "when this anchor was made, unless\nsomebody else can tell",
        ),
        Some(stamp) => (
            format!(
                "4. openssl ts -verify -data {CHECKPOINT} -in {STAMP} -CAfile AUTHORITY.pem\n   says that {} saw this \
                 checkpoint at {}. The certificate of its root is to be had from\n   the authority.\n",
                stamp.authority, stamp.time
            ),
            "that the authority is one to rely on",
        ),
    };
    let columns = match &manifest.columns[..] {
        [] => "The events themselves are covered, and nothing else of the store; anchor.json says what of them."
            .to_owned(),
        columns => format!(
            "Covered is every byte of these columns of the events, besides position, payload and metadata: {}.\n\
             Not covered are columns that came later, other tables, and rows that are no events; anchor.json says more.",
            columns.join(", ")
        ),
    };
    format!(
        "An anchor of an event store: {} up to position {}, made at {}.\n\
         The root of its tree is {}\n\
         \n\
         1. sha256sum -c SHA256SUMS\n   says whether the files of this anchor are whole; python3 verify.py . (docs/spec/verify.py of Refold) also \
         whether they belong together.\n\
         {signature}\
         3. refold verify STORE --anchor .{key}\n   says whether the store still holds these events, byte for byte, and which differ.\n\
         {whose}{stamped}\n\
         What this shows: the events up to the horizon are those that were there when the anchor was made.\n\
         {columns}\n\
         What it does not show: that they were true then; who changed what differs; {unless}.\n",
        counted(manifest.size, "event"),
        manifest.horizon,
        manifest.made_at,
        manifest.root
    )
}
