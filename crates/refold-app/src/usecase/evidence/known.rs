//! An anchor that is read back: its files, its signature, and the key that salts it.

use std::path::{Path, PathBuf};

use refold_audit::anchor::check::{Anchored, Check};
use refold_audit::anchor::event::SaltKey;
use refold_audit::anchor::manifest::{Manifest, StoreIdentity};
use refold_audit::anchor::note::Checkpoint;
use refold_audit::anchor::segment::{self, Segment, WIDTH};
use refold_audit::anchor::signing::PublicKey;
use refold_audit::anchor::tree::Edge;
use refold_audit::anchor::{Hash, from_hex};
use refold_audit::stamp::Stamp;
use refold_core::port::system::in_words;
use refold_core::work::Work;
use refold_stores::plain_file::{self, MOST_TEXT_BYTES};
use sha2::{Digest as _, Sha256};

use super::folder::{Anchor, CHECKPOINT, FRONTIER, LeafReader, MANIFEST, SEGMENTS, read_key};
use super::stamp::STAMP;
use crate::error::{AppError, ErrorCode};
use crate::text::{self, hex};

/// An anchor whose files are whole and belong together.
pub(super) struct Known {
    pub folder: Anchor,
    pub manifest: Manifest,
    pub manifest_digest: Hash,
    pub segments: Vec<Segment>,
    pub root: Hash,
    /// The text of its checkpoint, with its signature.
    pub checkpoint: String,
    /// The time stamp of its checkpoint, which holds by itself.
    pub stamp: Option<Stamp>,
    pub horizon: u64,
    /// `None`: nothing is salted, or the key was not asked for.
    pub key: Option<SaltKey>,
    /// Where that key was read.
    pub key_file: Option<PathBuf>,
}

impl Known {
    /// With the key that salts it.
    pub fn open(work: &Work<'_>, path: &Path, salt: Option<&Path>, key: Option<&PublicKey>) -> Result<Known, AppError> {
        let mut known = Known::read(work, path, key)?;
        if let Some(digest) = &known.manifest.salt_key_sha256 {
            let (key, file) = salt_key(path, salt, &known.manifest, digest)?;
            (known.key, known.key_file) = (Some(key), Some(file));
        }
        Ok(known)
    }

    /// What can be said of it without the key that salts it.
    pub fn read(work: &Work<'_>, path: &Path, key: Option<&PublicKey>) -> Result<Known, Unfit> {
        let folder = Anchor::open(work, path)?;
        let json = folder.read(MANIFEST)?;
        let manifest = Manifest::parse(&json).map_err(|reason| folder.damaged(MANIFEST, &reason))?;
        let signer = signer(&folder, &manifest, key)?;
        let text = String::from_utf8(folder.read(CHECKPOINT)?).unwrap_or_default();
        let checkpoint = Checkpoint::parse(&text, signer.as_ref());
        let checkpoint = checkpoint.map_err(|error| folder.damaged(CHECKPOINT, &error.to_string()))?;
        let stamp = folder
            .read_listed(STAMP)?
            .map(|reply| Stamp::read(&reply, text.as_bytes()));
        let stamp = stamp
            .transpose()
            .map_err(|error| folder.damaged(STAMP, &error.to_string()))?;
        let segments = segment::read_all(&folder.read(SEGMENTS)?);
        let segments = segments.ok_or_else(|| folder.damaged(SEGMENTS, "it is not readable"))?;
        let frontier = folder.read(FRONTIER)?;
        let contradiction = || folder.damaged(MANIFEST, "it contradicts the other files");
        let root = from_hex(&manifest.root).ok_or_else(contradiction)?;
        let horizon = manifest.horizon.parse().map_err(|_| contradiction())?;
        let (frontier, rest) = frontier.as_chunks();
        let edge = Edge::of(manifest.size, frontier).filter(|_| rest.is_empty());
        let counted: u64 = segments.iter().map(|segment| u64::from(segment.events)).sum();
        let is_whole = checkpoint.root == root
            && checkpoint.size == manifest.size
            && counted == manifest.size
            && edge.is_some_and(|edge| edge.root() == root)
            && checkpoint.origin == manifest.store.origin()
            && u64::from(manifest.segment_width) == WIDTH
            && segments.last().is_none_or(|last| last.number == horizon / WIDTH);
        if !is_whole {
            return Err(contradiction().into());
        }
        Ok(Known {
            manifest_digest: Sha256::digest(&json).into(),
            folder,
            manifest,
            segments,
            root,
            checkpoint: text,
            stamp,
            horizon,
            key: None,
            key_file: None,
        })
    }

    /// A check of a store against it.
    pub fn check(&self, store: &StoreIdentity) -> Result<Check<LeafReader>, AppError> {
        self.expect(store)?;
        let anchored = Anchored {
            size: self.manifest.size,
            root: self.root,
            segments: self.segments.clone(),
        };
        Ok(Check::new(anchored, self.folder.leaves()?))
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
            "name the store that was anchored, with the layout it was read with then",
        )
        .typed("--layout"))
    }
}

/// Why an anchor is not to be relied on.
pub(super) enum Unfit {
    /// Not what it holds, but who signed it.
    Signature(AppError),
    Other(AppError),
}

impl From<AppError> for Unfit {
    fn from(error: AppError) -> Unfit {
        Unfit::Other(error)
    }
}

impl From<Unfit> for AppError {
    fn from(unfit: Unfit) -> AppError {
        match unfit {
            Unfit::Signature(error) | Unfit::Other(error) => error,
        }
    }
}

/// The key that signed the list and the checkpoint; `None`: nobody did, and nobody must have.
fn signer(folder: &Anchor, manifest: &Manifest, key: Option<&PublicKey>) -> Result<Option<PublicKey>, Unfit> {
    let signature = folder.signature()?;
    let claimed = manifest.signed_by.as_deref().map(PublicKey::parse).transpose();
    let claimed = claimed.map_err(|error| folder.damaged(MANIFEST, &error.to_string()))?;
    let refused = |reason: &str| {
        Unfit::Signature(AppError::new(
            ErrorCode::Distrusted,
            format!("the anchor cannot be trusted: {reason}"),
            "ask whoever keeps the anchor for the right one, or for the right key",
        ))
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

/// The key, and the file that it is in.
fn salt_key(
    path: &Path,
    salt: Option<&Path>,
    manifest: &Manifest,
    digest: &str,
) -> Result<(SaltKey, PathBuf), AppError> {
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let beside = path.with_extension("salt");
    if salt.is_none()
        && !beside.exists()
        && let Some(found) = key_of_chain(&path, digest)
    {
        return Ok(found);
    }
    let hint = format!(
        "the anchor is salted: name its key, {}; the SHA-256 of its 32 bytes is {digest}",
        whose_key(manifest)
    );
    let file = salt.unwrap_or(&beside);
    let key = read_salt(file, &hint)?;
    let found = hex(&Sha256::digest(key.0));
    if found != digest {
        return Err(AppError::invalid(
            format!(
                "this key is not that of the anchor: {}: the SHA-256 of its 32 bytes is {found}",
                file.display()
            ),
            hint,
        )
        .typed("--salt FILE"));
    }
    Ok((key, file.to_owned()))
}

/// Beside which anchor the key was written.
pub(super) fn whose_key(manifest: &Manifest) -> String {
    match &manifest.previous {
        None => "which was written beside the anchor as anchor-….salt".to_owned(),
        Some(previous) => format!(
            "which is that of the first anchor of its chain, and was written beside that one as anchor-….salt (the anchor \
             before this one is that whose anchor.json has the SHA-256 {previous})"
        ),
    }
}

fn read_salt(file: &Path, hint: &str) -> Result<SaltKey, AppError> {
    let key = read_key(file, "the anchor", hint).map_err(|error| error.typed("--salt FILE"))?;
    Ok(SaltKey(key))
}

/// An anchor that continues another has its key: among those that lie beside it.
fn key_of_chain(path: &Path, digest: &str) -> Option<(SaltKey, PathBuf)> {
    let files = std::fs::read_dir(path.parent()?).ok()?;
    let keys = files.flatten().map(|file| file.path());
    keys.filter(|file| file.extension().is_some_and(|it| it == "salt"))
        .filter_map(|file| Some((read_salt(&file, "").ok()?, file)))
        .find(|(key, _)| hex(&Sha256::digest(key.0)) == digest)
}

/// A file of minisign, or what is in it.
pub(super) fn public_key(named: &str) -> Result<PublicKey, AppError> {
    let file = Path::new(named);
    let text = match plain_file::read_text(file, MOST_TEXT_BYTES) {
        Ok(text) => text,
        Err(error) if file.exists() => {
            return Err(AppError::invalid(
                format!(
                    "the public key cannot be read ({}): {}",
                    in_words(&error),
                    text::shown(named.as_bytes())
                ),
                "name the public key of minisign: its file, or the text that begins with RW",
            ));
        }
        // No file: what is in one.
        Err(_) => named.to_owned(),
    };
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
