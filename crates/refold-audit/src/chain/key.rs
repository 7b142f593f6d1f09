//! The public key that the events of a chain are signed with, and what a signature says.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, VerifyingKey};

use super::super::anchor::{from_hex, hex};

/// What the signatures of events begin with; 128 hexadecimal digits follow.
const PREFIX: &[u8] = b"esdb:signature:v1:";
/// What stands before the 32 bytes of an Ed25519 key in a document of the kind `SubjectPublicKeyInfo` (RFC 8410).
const DOCUMENT: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error("it is the private half of a key")]
    Private,
    #[error("it is neither a public key in PEM nor 64 hexadecimal digits")]
    Foreign,
    #[error("it is no public key of Ed25519")]
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChainKey(VerifyingKey);

/// What the signature of an event says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Signed {
    /// It has none.
    Missing,
    /// The key signed this hash.
    ByKey,
    /// It has the form of a signature, and this key did not sign this hash.
    NotByKey,
    /// It has not even the form.
    Malformed,
}

impl ChainKey {
    /// Reads a key in PEM (`-----BEGIN PUBLIC KEY-----`), or its 32 bytes in hexadecimal digits.
    pub fn parse(text: &str) -> Result<ChainKey, KeyError> {
        let text = text.trim();
        if text.contains("PRIVATE KEY") {
            return Err(KeyError::Private);
        }
        let bytes: [u8; 32] = if text.starts_with("-----BEGIN PUBLIC KEY-----") {
            let lines = text.lines().map(str::trim).filter(|line| !line.starts_with("-----"));
            let document = STANDARD
                .decode(lines.collect::<String>())
                .map_err(|_| KeyError::Foreign)?;
            let key = document.strip_prefix(&DOCUMENT).ok_or(KeyError::Other)?;
            key.try_into().map_err(|_| KeyError::Other)?
        } else {
            from_hex(text).ok_or(KeyError::Foreign)?
        };
        VerifyingKey::from_bytes(&bytes)
            .map(ChainKey)
            .map_err(|_| KeyError::Other)
    }

    /// Its 32 bytes in hexadecimal digits.
    pub fn to_text(&self) -> String {
        hex(self.0.as_bytes())
    }

    /// Whether the signature is of this hash, which is signed as the text that it is.
    pub fn judge(&self, hash: &[u8], signature: Option<&[u8]>) -> Signed {
        let Some(signature) = signature else {
            return Signed::Missing;
        };
        let digits = signature
            .strip_prefix(PREFIX)
            .and_then(|it| std::str::from_utf8(it).ok());
        let Some(bytes) = digits.and_then(from_hex::<64>) else {
            return Signed::Malformed;
        };
        match self.0.verify_strict(hash, &Signature::from_bytes(&bytes)) {
            Ok(()) => Signed::ByKey,
            Err(_) => Signed::NotByKey,
        }
    }
}
