use super::super::key::{ChainKey, KeyError, Signed};
use crate::anchor::hex;
use crate::anchor::signing::SecretKey;

/// A key that guards nothing, as minisign makes it.
const SECRET: &str = "untrusted comment: a key of a test\nRWQAAEIyAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAOgppBIe9d3Hinj1EFHMLqcWqpfY/6F9mvBT18YrfaLuH2mXBgSwrAulB9G6jcdNBxfvEqw/HbTYrGU9hw5aR4+62Fq+qjOJkAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";
/// The public half, as `openssl pkey -pubout` writes it.
const PEM: &str = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA6UH0bqNx00HF+8SrD8dtNisZT2HDlpHj7rYWr6qM4mQ=\n-----END PUBLIC KEY-----\n";

#[test]
fn a_key_is_read_from_either_form_and_a_secret_one_from_none() {
    let secret = SecretKey::parse(SECRET).expect("a key");
    let digits = hex(secret.public().bytes());
    let key = ChainKey::parse(PEM).expect("a key in PEM");
    assert_eq!(key.to_text(), digits);
    assert_eq!(ChainKey::parse(&format!(" {digits}\n")), Ok(key));
    let refused = [
        (
            "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
            KeyError::Private,
        ),
        (
            "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
            KeyError::Other,
        ),
        (
            "-----BEGIN PUBLIC KEY-----\n!\n-----END PUBLIC KEY-----",
            KeyError::Foreign,
        ),
        (
            "RWQ6CmkEh713celB9G6jcdNBxfvEqw/HbTYrGU9hw5aR4+62Fq+qjOJk",
            KeyError::Foreign,
        ),
        ("", KeyError::Foreign),
    ];
    for (text, error) in refused {
        assert_eq!(ChainKey::parse(text), Err(error), "{text}");
    }
}

#[test]
fn a_signature_is_of_the_text_of_a_hash() {
    let secret = SecretKey::parse(SECRET).expect("a key");
    let key = ChainKey::parse(PEM).expect("a key in PEM");
    let hash = b"esdb:hash:v2:00ff";
    let signature = format!("esdb:signature:v1:{}", hex(&secret.sign(hash)));
    assert_eq!(key.judge(hash, Some(signature.as_bytes())), Signed::ByKey);
    assert_eq!(key.judge(b"00ff", Some(signature.as_bytes())), Signed::NotByKey);
    assert_eq!(key.judge(hash, None), Signed::Missing);
    for malformed in ["esdb:signature:v2:00", "esdb:signature:v1:00", "", &signature[1..]] {
        assert_eq!(
            key.judge(hash, Some(malformed.as_bytes())),
            Signed::Malformed,
            "{malformed}"
        );
    }
}
