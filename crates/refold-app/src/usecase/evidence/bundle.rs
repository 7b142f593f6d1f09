//! Checking an anchor, a proof or a report by itself, without the store that it is about.

use std::path::Path;

use refold_audit::anchor::decode::{Committed, Decoded};
use refold_audit::anchor::note::Checkpoint;
use refold_audit::anchor::proof::{Growth, Inclusion};
use refold_audit::anchor::signing::PublicKey;
use refold_audit::anchor::{Hash, sums};
use refold_core::port::system::in_words;
use refold_core::work::{Cancelled, Work};
use serde::Serialize;

use super::folder::{ADVICE, CHECKPOINT, FRONTIER, LEAVES, MANIFEST, SEGMENTS, SIGNATURE, SUMS};
use super::foreign;
use super::known::{Known, Unfit, public_key};
use super::prove::{EVENT, GROWTH, INCLUSION, METADATA, METADATA_SALT, NEWER, OLDER, PAYLOAD, PAYLOAD_SALT};
use super::report;
use super::stamp::{STAMP, StampSeen};
use crate::error::{AppError, ErrorCode};
use crate::text::{self, Exact, counted, grouped, hex};

#[derive(Debug, Clone, Serialize)]
pub struct BundleAnswer {
    /// `verified` or `broken`.
    pub outcome: &'static str,
    /// By name.
    pub files: Vec<BundleFile>,
    /// Whether the key that was named signed it; `null`: none was named.
    pub is_signed: Option<bool>,
    /// Of the newest tree that it speaks of, in hexadecimal digits.
    pub root: Option<String>,
    /// Of a report that is whole: its id.
    pub report: Option<String>,
    /// Of a proof of an event.
    pub event: Option<ProvedEvent>,
    /// The outcome in words.
    pub sentence: String,
    /// Of a report that is whole: what that does not prove, a sentence each.
    pub limits: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BundleFile {
    pub name: String,
    pub ok: bool,
    /// What is wrong with it.
    pub reason: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
pub struct ProvedEvent {
    pub position: String,
    pub stream: Exact,
    pub version: Option<String>,
    #[serde(rename = "type")]
    pub event_type: Exact,
    pub payload_bytes: u64,
}

/// What holds once every file is what the list says.
struct Held {
    root: Hash,
    event: Option<ProvedEvent>,
    sentence: String,
}

/// What is wrong with a file that is only there.
pub(super) const UNLISTED: &str = "it is not in the list, so nothing says what it should be";

/// What is wrong with a file that was put there with a list that names it: nothing here says what is in it.
const NOT_OF_IT: &str = "it is in the list, and no such file is of an anchor or a proof of this kind";

/// The file that is to blame, and why.
type Broken = (&'static str, String);

/// `key`: the public key of minisign that must have signed it, as a file or its text.
pub fn verify_bundle(work: &Work<'_>, path: &Path, key: Option<&str>) -> Result<BundleAnswer, AppError> {
    let key = key.map(public_key).transpose()?;
    if report::is_report(path) {
        return report::check::check_report(work, path, key.as_ref());
    }
    let mut files = listed(work, path)?;
    let is_whole = files.iter().all(|file| file.ok);
    let held = match is_whole {
        true => held(work, path, &mut files, key.as_ref()).map_err(|broken| {
            // Those that are not of it are named by `held`.
            let Some((name, reason)) = broken else { return };
            let at = files.iter().position(|file| file.name == name);
            let broken = BundleFile {
                name: name.to_owned(),
                ok: false,
                reason: Some(reason),
            };
            match at {
                Some(at) => files[at] = broken,
                None => files.push(broken),
            }
        }),
        false => Err(()),
    };
    // What was given up is not broken.
    work.check()?;
    let is_signed = key.map(|_| held.is_ok());
    Ok(match held {
        Ok(held) => BundleAnswer {
            outcome: "verified",
            is_signed,
            root: Some(hex(&held.root)),
            report: None,
            event: held.event,
            sentence: held.sentence,
            limits: Vec::new(),
            files,
        },
        Err(()) => BundleAnswer {
            outcome: "broken",
            is_signed,
            root: None,
            report: None,
            event: None,
            sentence: broken(&files),
            limits: Vec::new(),
            files,
        },
    })
}

/// Why a folder proves nothing. A file that is what it was is not called changed because of who signed it, or of another
/// file that was put beside it.
pub(super) fn broken(files: &[BundleFile]) -> String {
    let wrong: Vec<&BundleFile> = files.iter().filter(|file| !file.ok).collect();
    if let [BundleFile { name, reason, .. }] = wrong.as_slice()
        && name == SIGNATURE
    {
        let reason = reason.as_deref().unwrap_or_default();
        return format!("it proves nothing, because nobody known vouches for it: {reason}");
    }
    let is_foreign = |file: &&BundleFile| matches!(file.reason.as_deref(), Some(UNLISTED | NOT_OF_IT));
    let names: Vec<&str> = wrong.iter().map(|file| &*file.name).collect();
    if !wrong.is_empty() && wrong.iter().all(is_foreign) {
        return format!(
            "it proves nothing, because it holds what is not of it: {}",
            names.join(", ")
        );
    }
    format!("it proves nothing: it was damaged or changed: {}", names.join(", "))
}

/// Every file that is there or is listed. One that nobody lists could be taken for evidence.
fn listed(work: &Work<'_>, path: &Path) -> Result<Vec<BundleFile>, AppError> {
    let is_evidence = [MANIFEST, INCLUSION, GROWTH]
        .iter()
        .any(|name| path.join(name).symlink_metadata().is_ok());
    let refused = |reason: &str| {
        if is_evidence {
            return AppError::new(
                ErrorCode::Distrusted,
                format!(
                    "it proves nothing: it was damaged or changed: {reason}: {}",
                    path.display()
                ),
                "get it again from whom it came",
            );
        }
        AppError::invalid(
            format!(
                "this is no anchor, no proof and no report: {reason}: {}",
                path.display()
            ),
            "name the folder of an anchor, a proof or a report",
        )
    };
    let list = foreign::read_text(&path.join(SUMS));
    let list = list.map_err(|error| refused(&format!("its {SUMS} cannot be read ({})", in_words(&error))))?;
    let list = sums::read(&list).ok_or_else(|| refused("its SHA256SUMS is not readable"))?;
    let checked = list.iter().map(|(name, digest)| checked(work, path, name, digest));
    let mut files: Vec<BundleFile> = checked.collect::<Result<_, _>>()?;
    let there = std::fs::read_dir(path).map_err(|error| refused(&in_words(&error)))?;
    for entry in there.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_known = [SUMS, SIGNATURE].contains(&&*name) || list.iter().any(|(known, _)| *known == name);
        if !is_known {
            files.push(BundleFile {
                name,
                ok: false,
                reason: Some(UNLISTED.to_owned()),
            });
        }
    }
    files.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    Ok(files)
}

fn checked(work: &Work<'_>, path: &Path, name: &str, digest: &Hash) -> Result<BundleFile, Cancelled> {
    let reason = match foreign::digest(work, &path.join(name))? {
        Ok(found) if found == *digest => None,
        Ok(_) => Some(format!("it is not what {SUMS} says")),
        Err(error) => Some(in_words(&error)),
    };
    Ok(BundleFile {
        name: name.to_owned(),
        ok: reason.is_none(),
        reason,
    })
}

/// `None`: the files say themselves what is wrong with them.
fn held(
    work: &Work<'_>,
    path: &Path,
    files: &mut [BundleFile],
    key: Option<&PublicKey>,
) -> Result<Held, Option<Broken>> {
    let has = |name: &str| files.iter().any(|file| file.name == name);
    let folder = Folder(path);
    let (held, of_it) = if has(MANIFEST) {
        (anchor(work, path, key), &OF_ANCHOR[..])
    } else if has(INCLUSION) {
        (event(&folder, key), &OF_EVENT[..])
    } else if has(GROWTH) {
        (growth(&folder, key), &OF_GROWTH[..])
    } else {
        return Err(Some((SUMS, "it lists neither an anchor nor a proof".to_owned())));
    };
    let held = held.map_err(Some)?;
    let mut is_of_it = true;
    for file in files {
        if !of_it.contains(&&*file.name) {
            (file.ok, file.reason, is_of_it) = (false, Some(NOT_OF_IT.to_owned()), false);
        }
    }
    is_of_it.then_some(held).ok_or(None)
}

const OF_ANCHOR: [&str; 7] = [MANIFEST, CHECKPOINT, STAMP, SEGMENTS, LEAVES, FRONTIER, ADVICE];
const OF_EVENT: [&str; 7] = [EVENT, INCLUSION, PAYLOAD, PAYLOAD_SALT, METADATA, METADATA_SALT, ADVICE];
const OF_GROWTH: [&str; 4] = [OLDER, NEWER, GROWTH, ADVICE];

fn anchor(work: &Work<'_>, path: &Path, key: Option<&PublicKey>) -> Result<Held, Broken> {
    let known = Known::read(work, path, key).map_err(|unfit| match unfit {
        Unfit::Signature(error) => (SIGNATURE, error.message),
        Unfit::Other(error) => (MANIFEST, error.message),
    })?;
    let manifest = &known.manifest;
    let stamped = match &known.stamp {
        Some(stamp) => format!(", {}", StampSeen::of(stamp, false, None).sentence()),
        None => String::new(),
    };
    Ok(Held {
        root: known.root,
        event: None,
        sentence: format!(
            "a whole anchor of {} up to position {}, made at {}{stamped}; whether the store still holds them is for \
             `refold verify` to say",
            counted(manifest.size, "event"),
            manifest.horizon,
            manifest.made_at
        ),
    })
}

fn event(folder: &Folder<'_>, key: Option<&PublicKey>) -> Result<Held, Broken> {
    let bytes = folder.needed(EVENT)?;
    let proof = Inclusion::parse(&folder.text(INCLUSION)?).map_err(|error| (INCLUSION, error.to_string()))?;
    let checkpoint = proof
        .check(&bytes, key)
        .map_err(|error| (INCLUSION, error.to_string()))?;
    let decoded = Decoded::read(&bytes).ok_or((EVENT, "it is not the bytes of an event".to_owned()))?;
    for (name, salt, committed) in [
        (PAYLOAD, PAYLOAD_SALT, &decoded.payload),
        (METADATA, METADATA_SALT, &decoded.metadata),
    ] {
        folder.check_body(name, salt, committed, decoded.is_salted)?;
    }
    let event = ProvedEvent {
        position: decoded.position.to_string(),
        stream: text::exact(decoded.stream),
        version: decoded.version.map(|version| version.to_string()),
        event_type: text::exact(decoded.event_type),
        payload_bytes: decoded.payload.byte_count,
    };
    Ok(Held {
        root: checkpoint.root,
        sentence: format!(
            "the event at position {} ({} of {}) is number {} of the {} under the root {}",
            event.position,
            event.event_type,
            event.stream,
            grouped(proof.index.saturating_add(1)),
            counted(checkpoint.size, "event"),
            hex(&checkpoint.root)
        ),
        event: Some(event),
    })
}

fn growth(folder: &Folder<'_>, key: Option<&PublicKey>) -> Result<Held, Broken> {
    let checkpoint = |name: &'static str| {
        let text = folder.text(name)?;
        Checkpoint::parse(&text, key).map_err(|error| (name, error.to_string()))
    };
    let (older, newer) = (checkpoint(OLDER)?, checkpoint(NEWER)?);
    Growth::parse(&folder.text(GROWTH)?)
        .and_then(|growth| growth.check(&older, &newer))
        .map_err(|error| (GROWTH, error.to_string()))?;
    Ok(Held {
        root: newer.root,
        event: None,
        sentence: format!(
            "the {} under the root {} {} the first of the {} under {}, unchanged and in their order",
            counted(older.size, "event"),
            hex(&older.root),
            if older.size == 1 { "is" } else { "are" },
            grouped(newer.size),
            hex(&newer.root)
        ),
    })
}

/// The body of one event may be as large as a store lets it be.
const MOST_BODY_BYTES: u64 = 1 << 30;

/// A proof, whose files are small but for the bodies of one event.
struct Folder<'a>(&'a Path);

impl Folder<'_> {
    /// `None`: there is none.
    fn read(&self, name: &'static str) -> Result<Option<Vec<u8>>, Broken> {
        match foreign::read_up_to(&self.0.join(name), MOST_BODY_BYTES) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err((name, in_words(&error))),
        }
    }

    fn needed(&self, name: &'static str) -> Result<Vec<u8>, Broken> {
        self.read(name)?.ok_or((name, "it is missing".to_owned()))
    }

    fn text(&self, name: &'static str) -> Result<String, Broken> {
        String::from_utf8(self.needed(name)?).map_err(|_| (name, "it is no text".to_owned()))
    }

    fn check_body(
        &self,
        name: &'static str,
        salt_name: &'static str,
        committed: &Committed,
        is_salted: bool,
    ) -> Result<(), Broken> {
        let salt = match is_salted {
            true => Some(self.needed(salt_name)?),
            false => None,
        };
        let salt: Option<Hash> = salt
            .map(|salt| {
                salt.try_into()
                    .map_err(|_| (salt_name, "it is not 32 bytes".to_owned()))
            })
            .transpose()?;
        let body = self.read(name)?;
        if committed.is_of(body.as_deref(), salt.as_ref()) {
            return Ok(());
        }
        Err((name, "it is not what the event commits to".to_owned()))
    }
}
