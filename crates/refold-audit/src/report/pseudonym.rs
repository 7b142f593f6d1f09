//! Pseudonyms: one for a value of a domain, the same within a case and another in every other case. Who has the key of the
//! case can tell whether a value is behind one; nobody else can.

use hmac::{Hmac, Mac as _};
use sha2::{Digest as _, Sha256};

use crate::anchor::hex;

/// What makes them, as a report names it.
pub const SCHEME: &str = "refold-pseudonym/1";
/// Letters of one.
const LETTERS: usize = 16;
/// RFC 4648, of five bits each.
const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The secret of a case.
#[derive(Clone)]
pub struct CaseKey(pub [u8; 32]);

impl std::fmt::Debug for CaseKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CaseKey")
    }
}

impl CaseKey {
    /// What names the key and does not tell it.
    pub fn id(&self) -> String {
        hex(&Sha256::digest(self.0))
    }

    /// The first 16 letters of base32(HMAC-SHA-256(key, domain, 0, value)).
    pub fn pseudonym(&self, domain: &str, value: &[u8]) -> String {
        #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes a key of any length");
        mac.update(domain.as_bytes());
        mac.update(&[0]);
        mac.update(value);
        let digest = mac.finalize().into_bytes();
        let bit = |at: usize| digest.get(at / 8).is_some_and(|byte| byte >> (7 - at % 8) & 1 == 1);
        let letter = |of: usize| {
            let index = (0..5).fold(0, |index, at| index * 2 + usize::from(bit(of * 5 + at)));
            ALPHABET.get(index).copied().map(char::from)
        };
        (0..LETTERS).filter_map(letter).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VECTORS: [(&str, &str, &str); 4] = [
        ("customer", "C-7", "ECPUWLXJ6XJ342TT"),
        ("customer", "", "O2NXXWKNSC6OOCO5"),
        ("/approvedBy", "Ærø ☃", "DAAU7LB4YEX5UGHR"),
        ("event", "9007199254740993", "GLIOE7H6PHD7JGWI"),
    ];
    const KEY_ID: &str = "5e318f8cf9cbe249a30812b8ca132d691ded7a91991413558db5758575f5e01f";

    /// Made with Python: `base64.b32encode(hmac.digest(key, domain + b"\0" + value, "sha256"))[:16]`.
    #[test]
    fn pseudonyms_are_those_of_the_scheme() {
        let key = CaseKey([0x6b; 32]);
        for (domain, value, expected) in VECTORS {
            assert_eq!(key.pseudonym(domain, value.as_bytes()), expected, "{domain} {value}");
        }
        assert_eq!(key.id(), KEY_ID, "{key:?}");
    }

    #[test]
    fn a_domain_and_a_key_make_others() {
        let (one, other) = (CaseKey([1; 32]), CaseKey([2; 32]));
        assert_ne!(one.pseudonym("a", b"x"), other.pseudonym("a", b"x"));
        assert_ne!(one.pseudonym("a", b"x"), one.pseudonym("b", b"x"));
        // The border between both is not lost.
        assert_ne!(one.pseudonym("ab", b"x"), one.pseudonym("a", b"bx"));
    }
}
