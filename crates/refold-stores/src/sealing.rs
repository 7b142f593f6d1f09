//! Sealing what is kept of a store: AES-256 in Galois/counter mode, so that nobody reads it, or changes it unnoticed, who
//! has not the key.
//!
//! No nonce is used twice with a key: whatever is written has a salt of its own, 16 random bytes, and from that and the key
//! of its folder a key of its own; its pages are counted. This module must not know what is sealed, or where a key lies.

use std::fmt;
use std::io;

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, Tag, UnboundKey};
use ring::hmac;
use ring::rand::{SecureRandom as _, SystemRandom};
use zeroize::Zeroizing;

pub const KEY_BYTES: usize = 32;
pub(crate) const SALT_BYTES: usize = 16;
pub(crate) const TAG_BYTES: usize = 16;

/// Keys are made from keys for these, so that none serves two ends.
const OF_PART: &[u8] = b"refold part";
const OF_FILE: &[u8] = b"refold file";
const OF_CHECKSUM: &[u8] = b"refold checksum";
const OF_NAME: &[u8] = b"refold name";

/// What opens what is kept. It prints as nothing of itself.
#[derive(Clone)]
pub struct Key(hmac::Key);

/// The key of one file, and the salt that it was made with.
#[derive(Clone)]
pub(crate) struct FileKey {
    salt: [u8; SALT_BYTES],
    key: LessSafeKey,
}

impl Key {
    pub fn new(secret: &[u8; KEY_BYTES]) -> Key {
        Key(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    /// A new secret, from the system's random numbers.
    pub fn fresh() -> io::Result<Zeroizing<[u8; KEY_BYTES]>> {
        let mut secret = Zeroizing::new([0; KEY_BYTES]);
        fill(&mut *secret)?;
        Ok(secret)
    }

    /// The key of what has this name: what was sealed with that of another name cannot be read with it.
    pub fn of_part(&self, name: &str) -> Key {
        Key(hmac::Key::new(
            hmac::HMAC_SHA256,
            hmac::sign(&self.0, &[OF_PART, name.as_bytes()].concat()).as_ref(),
        ))
    }

    /// Seals a text as a whole. `name`: what it is, so that no other is taken for it.
    pub fn seal(&self, name: &str, clear: &[u8]) -> io::Result<Vec<u8>> {
        let key = self.of_part(name).new_file()?;
        let mut sealed = [key.salt.as_slice(), clear].concat();
        let tag = sealed.get_mut(SALT_BYTES..).map(|text| key.seal(0, text)).transpose()?;
        sealed.extend_from_slice(&tag.unwrap_or_default());
        Ok(sealed)
    }

    /// What was sealed under this name; `None` for anything else, also where one bit of it is another.
    pub fn unseal(&self, name: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let (salt, rest) = sealed.split_first_chunk()?;
        let (text, tag) = rest.split_at_checked(rest.len().checked_sub(TAG_BYTES)?)?;
        self.of_part(name).of_file(*salt).unseal(0, text, tag)
    }

    /// The key of a file that is to be written.
    pub(crate) fn new_file(&self) -> io::Result<FileKey> {
        let mut salt = [0; SALT_BYTES];
        fill(&mut salt)?;
        Ok(self.of_file(salt))
    }

    /// The key of a file that was written with this salt.
    pub(crate) fn of_file(&self, salt: [u8; SALT_BYTES]) -> FileKey {
        let bytes = hmac::sign(&self.0, &[OF_FILE, salt.as_slice()].concat());
        let Ok(key) = UnboundKey::new(&AES_256_GCM, bytes.as_ref()) else {
            unreachable!("SHA-256 makes as many bytes as the key has")
        };
        FileKey {
            salt,
            key: LessSafeKey::new(key),
        }
    }

    /// What a file may be called after a text, so that nobody without the key can try what it is after.
    pub fn name_of(&self, text: &str) -> Vec<u8> {
        hmac::sign(&self.0, &[OF_NAME, text.as_bytes()].concat())
            .as_ref()
            .to_vec()
    }

    /// A checksum that nobody can make without the key.
    pub(crate) fn checksum(&self, text: &[u8]) -> u64 {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(OF_CHECKSUM);
        context.update(text);
        let first = context.sign().as_ref().first_chunk().copied();
        u64::from_le_bytes(first.unwrap_or_default()) // it has 32 bytes
    }
}

impl FileKey {
    pub(crate) fn salt(&self) -> [u8; SALT_BYTES] {
        self.salt
    }

    /// Seals a page in its place. No number may be given twice.
    pub(crate) fn seal(&self, number: u64, page: &mut [u8]) -> io::Result<[u8; TAG_BYTES]> {
        let tag = self.key.seal_in_place_separate_tag(nonce(number), Aad::empty(), page);
        let tag = tag.ok().and_then(|tag| tag.as_ref().try_into().ok());
        tag.ok_or_else(|| io::Error::other("the page cannot be sealed"))
    }

    pub(crate) fn unseal(&self, number: u64, page: &[u8], tag: &[u8]) -> Option<Vec<u8>> {
        let mut clear = Vec::new();
        self.unseal_onto(number, page, tag, &mut clear).then_some(clear)
    }

    /// Appends the content of a page. Where that is not what was sealed, nothing is appended and the answer is `false`.
    pub(crate) fn unseal_onto(&self, number: u64, page: &[u8], tag: &[u8], clear: &mut Vec<u8>) -> bool {
        let start = clear.len();
        clear.extend_from_slice(page);
        let is_sealed = match (Tag::try_from(tag), clear.get_mut(start..)) {
            (Ok(tag), Some(text)) => {
                let opened = self
                    .key
                    .open_in_place_separate_tag(nonce(number), Aad::empty(), tag, text, 0..);
                opened.is_ok()
            }
            _ => false,
        };
        if !is_sealed {
            clear.truncate(start);
        }
        is_sealed
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<key>")
    }
}

impl fmt::Debug for FileKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<key of a file>")
    }
}

fn nonce(number: u64) -> Nonce {
    let mut nonce = [0; NONCE_LEN];
    if let Some(first) = nonce.first_chunk_mut() {
        *first = number.to_le_bytes();
    }
    Nonce::assume_unique_for_key(nonce)
}

fn fill(bytes: &mut [u8]) -> io::Result<()> {
    let filled = SystemRandom::new().fill(bytes);
    filled.map_err(|_| io::Error::other("the system gives no random numbers"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_was_sealed_comes_back_and_nothing_else(text in any::<Vec<u8>>(), at in any::<prop::sample::Index>(), bit in 0_u32..8) {
            let key = Key::new(&[7; KEY_BYTES]).of_part("a store");
            let sealed = key.seal("text", &text).unwrap();
            prop_assert_eq!(key.unseal("text", &sealed), Some(text.clone()));
            prop_assert_eq!(key.unseal("another", &sealed), None);
            prop_assert_eq!(Key::new(&[8; KEY_BYTES]).of_part("a store").unseal("text", &sealed), None);
            prop_assert_eq!(Key::new(&[7; KEY_BYTES]).of_part("another").unseal("text", &sealed), None);
            prop_assert_ne!(key.seal("text", &text).unwrap(), sealed.clone());
            let mut other = sealed.clone();
            other[at.index(sealed.len())] ^= 1_u8 << bit;
            prop_assert_eq!(key.unseal("text", &other), None);
            let cut = at.index(sealed.len());
            prop_assert_eq!(key.unseal("text", &sealed[..cut]), None);
        }
    }

    #[test]
    fn a_page_is_read_in_its_place_and_its_file_alone() {
        let key = Key::new(&[7; KEY_BYTES]);
        let file = key.new_file().unwrap();
        let mut page = *b"a page";
        let tag = file.seal(3, &mut page).unwrap();
        assert_ne!(&page, b"a page");
        assert_eq!(file.unseal(3, &page, &tag).as_deref(), Some(&b"a page"[..]));
        assert_eq!(
            key.of_file(file.salt()).unseal(3, &page, &tag).as_deref(),
            Some(&b"a page"[..])
        );
        assert_eq!(file.unseal(2, &page, &tag), None, "in another place");
        assert_eq!(file.unseal(3, &page[..5], &tag), None, "cut");
        assert_eq!(key.new_file().unwrap().unseal(3, &page, &tag), None, "in another file");
        let elsewhere = key.of_part("another").of_file(file.salt());
        assert_eq!(elsewhere.unseal(3, &page, &tag), None, "of another store");
    }

    #[test]
    fn a_name_is_of_its_text_and_its_key() {
        let key = Key::new(&[7; KEY_BYTES]);
        assert_eq!(key.name_of("a"), key.clone().name_of("a"));
        assert_ne!(key.name_of("a"), key.name_of("b"));
        assert_ne!(key.name_of("a"), Key::new(&[8; KEY_BYTES]).name_of("a"));
    }

    #[test]
    fn a_key_prints_as_no_key() {
        let key = Key::new(&[7; KEY_BYTES]);
        assert_eq!(
            format!("{key:?} {:?}", key.of_file([1; SALT_BYTES])),
            "<key> <key of a file>"
        );
    }
}
