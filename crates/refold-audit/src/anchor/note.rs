//! The checkpoint of an anchor: origin, size and root of its tree, as C2SP `tlog-checkpoint` and `signed-note` have it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::Hash;
use super::signing::{PublicKey, SecretKey};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Names the log; one line.
    pub origin: String,
    pub size: u64,
    pub root: Hash,
}

/// Why a checkpoint is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    #[error("it is no checkpoint")]
    Foreign,
    #[error("it is not signed with this key")]
    OtherKey,
    #[error("its signature does not fit")]
    Wrong,
}

const ED25519: u8 = 1;

impl Checkpoint {
    fn body(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, STANDARD.encode(self.root))
    }

    /// The text of the file, with a line for the signature where there is a key.
    pub fn to_text(&self, key: Option<&SecretKey>) -> String {
        let body = self.body();
        let signature = key.map(|key| {
            let id = key_id(&self.origin, &key.public());
            let line = [&id[..], &key.sign(body.as_bytes())].concat();
            format!("\u{2014} {} {}\n", self.origin, STANDARD.encode(line))
        });
        format!("{body}\n{}", signature.unwrap_or_default())
    }

    /// Reads what [`Checkpoint::to_text`] wrote, byte for byte, and checks its signature against `key` if one is given.
    pub fn parse(text: &str, key: Option<&PublicKey>) -> Result<Checkpoint, NoteError> {
        let (body, signatures) = text.split_once("\n\n").ok_or(NoteError::Foreign)?;
        let [origin, size, root] = body.split('\n').collect::<Vec<_>>()[..] else {
            return Err(NoteError::Foreign);
        };
        let root = STANDARD.decode(root).ok().and_then(|root| root.try_into().ok());
        let checkpoint = Checkpoint {
            origin: origin.to_owned(),
            size: size.parse().map_err(|_| NoteError::Foreign)?,
            root: root.ok_or(NoteError::Foreign)?,
        };
        // Not another spelling of the same numbers.
        let body = checkpoint.body();
        if origin.is_empty() || text.strip_suffix(signatures) != Some(&format!("{body}\n")) {
            return Err(NoteError::Foreign);
        }
        if let Some(key) = key {
            checkpoint.check_signature(&body, signatures, key)?;
        }
        Ok(checkpoint)
    }

    fn check_signature(&self, body: &str, signatures: &str, key: &PublicKey) -> Result<(), NoteError> {
        let id = key_id(&self.origin, key);
        let start = format!("\u{2014} {} ", self.origin);
        let signature = signatures.lines().find_map(|line| {
            let line = STANDARD.decode(line.strip_prefix(&start)?).ok()?;
            let (signer, signature) = line.split_first_chunk::<4>()?;
            let signature: [u8; 64] = signature.try_into().ok()?;
            (*signer == id).then_some(signature)
        });
        match signature {
            None => Err(NoteError::OtherKey),
            Some(signature) if key.has_signed(body.as_bytes(), &signature) => Ok(()),
            Some(_) => Err(NoteError::Wrong),
        }
    }
}

fn key_id(name: &str, key: &PublicKey) -> [u8; 4] {
    let digest: Hash = Sha256::new()
        .chain_update(name)
        .chain_update([b'\n', ED25519])
        .chain_update(key.bytes())
        .finalize()
        .into();
    [digest[0], digest[1], digest[2], digest[3]]
}
