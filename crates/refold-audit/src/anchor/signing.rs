//! Signing with a key of minisign (Ed25519), and checking what was signed.
//!
//! Keys and signatures have the form of that program, so that anybody can check them with it. A key with a password is
//! refused: nothing here asks for one.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use blake2::digest::consts::U32;
use blake2::{Blake2b, Blake2b512, Digest};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error("it is no key of minisign")]
    Foreign,
    #[error("the key is protected by a password")]
    Encrypted,
    #[error("the key is damaged")]
    Damaged,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    #[error("it is no signature of minisign")]
    Foreign,
    #[error("it was made with another key")]
    OtherKey,
    #[error("the signature does not fit")]
    Wrong,
}

/// A secret key and the number by which minisign tells keys apart.
pub struct SecretKey {
    number: [u8; 8],
    key: SigningKey,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicKey {
    number: [u8; 8],
    key: VerifyingKey,
}

/// Of the whole file.
const SIGNED_WHOLE: [u8; 2] = *b"Ed";
/// Of the file's BLAKE2b digest.
const SIGNED_DIGEST: [u8; 2] = *b"ED";

impl SecretKey {
    /// Reads what `minisign -G -W` writes: a comment and a line of base64.
    pub fn parse(text: &str) -> Result<SecretKey, KeyError> {
        /// Algorithm, key derivation, check algorithm; salt and limits of the derivation.
        const HEAD: usize = 2 + 2 + 2 + 32 + 8 + 8;
        let bytes = key_bytes(text)?;
        let Some((head, key)) = bytes.split_first_chunk::<HEAD>() else {
            return Err(KeyError::Foreign);
        };
        let Some((number, pair, check)) = split_key(key).filter(|_| head[..2] == SIGNED_WHOLE) else {
            return Err(KeyError::Foreign);
        };
        if head[2..4] != [0, 0] {
            return Err(KeyError::Encrypted);
        }
        let sum = Blake2b::<U32>::new()
            .chain_update(SIGNED_WHOLE)
            .chain_update(number)
            .chain_update(pair)
            .finalize();
        // Some programs leave the check out where there is no password.
        if check != [0; 32] && check[..] != sum[..] {
            return Err(KeyError::Damaged);
        }
        Ok(SecretKey {
            number,
            key: SigningKey::from_keypair_bytes(&pair).map_err(|_| KeyError::Damaged)?,
        })
    }

    pub fn public(&self) -> PublicKey {
        PublicKey {
            number: self.number,
            key: self.key.verifying_key(),
        }
    }

    pub fn sign(&self, bytes: &[u8]) -> [u8; 64] {
        self.key.sign(bytes).to_bytes()
    }

    /// The text of a `.minisig` file. `comment` is signed too; it is one line.
    pub fn sign_file(&self, bytes: &[u8], comment: &str) -> String {
        let signature = self.sign(&Blake2b512::digest(bytes));
        let mut line = Vec::with_capacity(74);
        line.extend_from_slice(&SIGNED_DIGEST);
        line.extend_from_slice(&self.number);
        line.extend_from_slice(&signature);
        let both = [&signature[..], comment.as_bytes()].concat();
        format!(
            "untrusted comment: signature of Refold\n{}\ntrusted comment: {comment}\n{}\n",
            STANDARD.encode(line),
            STANDARD.encode(self.sign(&both))
        )
    }
}

/// The number of a key, its secret and public half, and a check sum.
fn split_key(bytes: &[u8]) -> Option<([u8; 8], [u8; 64], [u8; 32])> {
    let (number, rest) = bytes.split_first_chunk::<8>()?;
    let (pair, rest) = rest.split_first_chunk::<64>()?;
    Some((*number, *pair, rest.try_into().ok()?))
}

impl PublicKey {
    /// Reads what minisign writes as `minisign.pub`, or its base64 alone.
    pub fn parse(text: &str) -> Result<PublicKey, KeyError> {
        let bytes = key_bytes(text)?;
        let bytes: [u8; 42] = bytes.try_into().map_err(|_| KeyError::Foreign)?;
        let (head, key) = bytes.split_at(10);
        if head[..2] != SIGNED_WHOLE {
            return Err(KeyError::Foreign);
        }
        let (mut number, mut point) = ([0; 8], [0; 32]);
        number.copy_from_slice(&head[2..]);
        point.copy_from_slice(key);
        Ok(PublicKey {
            number,
            key: VerifyingKey::from_bytes(&point).map_err(|_| KeyError::Damaged)?,
        })
    }

    /// As minisign prints it and takes it after `-P`.
    pub fn to_text(&self) -> String {
        STANDARD.encode([&SIGNED_WHOLE[..], &self.number, self.key.as_bytes()].concat())
    }

    pub fn bytes(&self) -> &[u8; 32] {
        self.key.as_bytes()
    }

    pub fn has_signed(&self, bytes: &[u8], signature: &[u8; 64]) -> bool {
        self.key.verify_strict(bytes, &Signature::from_bytes(signature)).is_ok()
    }

    /// Checks a `.minisig` file, its trusted comment too, which is returned.
    pub fn check_file<'s>(&self, bytes: &[u8], minisig: &'s str) -> Result<&'s str, SignatureError> {
        let mut lines = minisig.lines().skip(1);
        let mut next = || lines.next().ok_or(SignatureError::Foreign);
        let decoded = STANDARD.decode(next()?).map_err(|_| SignatureError::Foreign)?;
        let decoded: [u8; 74] = decoded.try_into().map_err(|_| SignatureError::Foreign)?;
        let comment = next()?
            .strip_prefix("trusted comment: ")
            .ok_or(SignatureError::Foreign)?;
        let global = STANDARD.decode(next()?).map_err(|_| SignatureError::Foreign)?;
        let global: [u8; 64] = global.try_into().map_err(|_| SignatureError::Foreign)?;
        if next().is_ok() {
            return Err(SignatureError::Foreign);
        }
        if decoded[2..10] != self.number {
            return Err(SignatureError::OtherKey);
        }
        let mut signature = [0; 64];
        signature.copy_from_slice(&decoded[10..]);
        let fits = match [decoded[0], decoded[1]] {
            SIGNED_DIGEST => self.has_signed(&Blake2b512::digest(bytes), &signature),
            SIGNED_WHOLE => self.has_signed(bytes, &signature),
            _ => return Err(SignatureError::Foreign),
        };
        let both = [&signature[..], comment.as_bytes()].concat();
        if fits && self.has_signed(&both, &global) {
            Ok(comment)
        } else {
            Err(SignatureError::Wrong)
        }
    }
}

/// The bytes of the last line that is not empty.
fn key_bytes(text: &str) -> Result<Vec<u8>, KeyError> {
    let line = text.lines().map(str::trim).rfind(|line| !line.is_empty());
    STANDARD
        .decode(line.ok_or(KeyError::Foreign)?)
        .map_err(|_| KeyError::Foreign)
}
