//! The digests and signatures that count. SHA-1 only names a certificate, in the older form of the attribute that does.

use der::asn1::ObjectIdentifier;
use ring::digest;
use rustls_pki_types::SignatureVerificationAlgorithm;
use webpki::ring as signatures;

use super::format::{SHA256, SHA384, SHA512};

type Signatures = &'static [&'static dyn SignatureVerificationAlgorithm];

static OF_SHA256: Signatures = &[
    signatures::RSA_PKCS1_2048_8192_SHA256,
    signatures::RSA_PSS_2048_8192_SHA256_LEGACY_KEY,
    signatures::ECDSA_P256_SHA256,
    signatures::ECDSA_P384_SHA256,
];
static OF_SHA384: Signatures = &[
    signatures::RSA_PKCS1_2048_8192_SHA384,
    signatures::RSA_PSS_2048_8192_SHA384_LEGACY_KEY,
    signatures::ECDSA_P256_SHA384,
    signatures::ECDSA_P384_SHA384,
];
static OF_SHA512: Signatures = &[
    signatures::RSA_PKCS1_2048_8192_SHA512,
    signatures::RSA_PSS_2048_8192_SHA512_LEGACY_KEY,
    signatures::ED25519,
];

pub fn digest_of(algorithm: &ObjectIdentifier, data: &[u8]) -> Option<digest::Digest> {
    let algorithm = match *algorithm {
        SHA256 => &digest::SHA256,
        SHA384 => &digest::SHA384,
        SHA512 => &digest::SHA512,
        _ => return None,
    };
    Some(digest::digest(algorithm, data))
}

/// The digest by which the older attribute names a certificate.
pub fn sha1_of(data: &[u8]) -> digest::Digest {
    digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, data)
}

/// The kinds of signatures over a digest of this kind.
pub fn signatures_over(digest: &ObjectIdentifier) -> Signatures {
    match *digest {
        SHA256 => OF_SHA256,
        SHA384 => OF_SHA384,
        SHA512 => OF_SHA512,
        _ => &[],
    }
}
