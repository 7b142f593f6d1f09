//! Proofs as files: that one event is in the tree of an anchor, and that one anchor's tree begins with another's.
//!
//! The first is a C2SP `tlog-proof`, which other programs read too. For the second there is no common form; ours is as
//! plain. What a proof proves is decided in [`super::tree`].

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::note::{Checkpoint, NoteError};
use super::signing::PublicKey;
use super::tree::{Proof, is_included, is_prefix};
use super::{Hash, tree};

const INCLUSION: &str = "c2sp.org/tlog-proof@v1";
const GROWTH: &str = "refold.local/growth-proof@v1";

/// Why a proof proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    #[error("it is no proof of this kind")]
    Foreign,
    #[error("its checkpoint: {0}")]
    Checkpoint(#[from] NoteError),
    #[error("its hashes do not lead to the root of the checkpoint")]
    Wrong,
}

/// That a leaf is in the tree of a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inclusion {
    /// The number of the leaf, from 0.
    pub index: u64,
    pub proof: Proof,
    /// The text of the checkpoint, with its signatures.
    pub checkpoint: String,
}

impl Inclusion {
    pub fn to_text(&self) -> String {
        let hashes = hash_lines(&self.proof);
        format!("{INCLUSION}\nindex {}\n{hashes}\n{}", self.index, self.checkpoint)
    }

    /// Reads what [`Inclusion::to_text`] wrote.
    pub fn parse(text: &str) -> Result<Inclusion, ProofError> {
        let read = || {
            let (head, checkpoint) = text.split_once("\n\n")?;
            let mut lines = head.split('\n');
            let kind = lines.next().filter(|line| *line == INCLUSION);
            let index = lines.next()?.strip_prefix("index ")?;
            Some(Inclusion {
                index: kind.and(index.parse().ok())?,
                proof: hashes(lines)?,
                checkpoint: checkpoint.to_owned(),
            })
        };
        read()
            .filter(|proof| proof.to_text() == text)
            .ok_or(ProofError::Foreign)
    }

    /// Whether the event with these bytes is in the tree of the checkpoint, which is returned. `key`: must have signed it.
    pub fn check(&self, event: &[u8], key: Option<&PublicKey>) -> Result<Checkpoint, ProofError> {
        let checkpoint = Checkpoint::parse(&self.checkpoint, key)?;
        let leaf: Hash = tree::leaf(event);
        let is_in = is_included(self.index, checkpoint.size, &leaf, &self.proof, &checkpoint.root);
        is_in.then_some(checkpoint).ok_or(ProofError::Wrong)
    }
}

/// That the tree of one checkpoint begins with that of another: events came, and none of the earlier ones changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Growth {
    pub older_size: u64,
    pub newer_size: u64,
    pub proof: Proof,
}

impl Growth {
    pub fn to_text(&self) -> String {
        let hashes = hash_lines(&self.proof);
        format!(
            "{GROWTH}\nolder {}\nnewer {}\n{hashes}",
            self.older_size, self.newer_size
        )
    }

    /// Reads what [`Growth::to_text`] wrote.
    pub fn parse(text: &str) -> Result<Growth, ProofError> {
        let read = || {
            let mut lines = text.strip_suffix('\n')?.split('\n');
            let kind = lines.next().filter(|line| *line == GROWTH);
            let older_size = lines.next()?.strip_prefix("older ")?.parse().ok()?;
            let newer_size = lines.next()?.strip_prefix("newer ")?.parse().ok()?;
            let proof = hashes(lines)?;
            kind.map(|_| Growth {
                older_size,
                newer_size,
                proof,
            })
        };
        read()
            .filter(|proof| proof.to_text() == text)
            .ok_or(ProofError::Foreign)
    }

    pub fn check(&self, older: &Checkpoint, newer: &Checkpoint) -> Result<(), ProofError> {
        let holds = (older.size, newer.size) == (self.older_size, self.newer_size)
            && older.origin == newer.origin
            && is_prefix(older.size, newer.size, &older.root, &newer.root, &self.proof);
        holds.then_some(()).ok_or(ProofError::Wrong)
    }
}

fn hash_lines(proof: &Proof) -> String {
    proof.iter().map(|hash| STANDARD.encode(hash) + "\n").collect()
}

fn hashes<'a>(lines: impl Iterator<Item = &'a str>) -> Option<Proof> {
    lines.map(|line| STANDARD.decode(line).ok()?.try_into().ok()).collect()
}
