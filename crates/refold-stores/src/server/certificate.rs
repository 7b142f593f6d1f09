//! Our own certificate, which some servers want to see: where it and its key are, and what is said of it.
//!
//! It must not know any server. Of the key nothing is ever said but the name of its file.

use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use refold_core::port::system::in_words;
use rustls::client::ResolvesClientCert;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use x509_cert::Certificate;
use x509_cert::der::{Decode as _, Encode as _};
use zeroize::Zeroizing;

use crate::plain_file;

/// Far more than a chain and a key have.
const MOST_BYTES: u64 = 1 << 20;

/// The files of a certificate and of its key; both may be the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OurCertificate {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

impl OurCertificate {
    /// Of what an address names, which is both or neither; else what is wrong with it.
    pub fn of(certificate: Option<String>, key: Option<String>) -> Result<Option<OurCertificate>, String> {
        match (certificate, key) {
            (None, None) => Ok(None),
            (Some(certificate), Some(key)) => Ok(Some(OurCertificate {
                certificate: PathBuf::from(certificate),
                key: PathBuf::from(key),
            })),
            _ => Err(
                "sslcert and sslkey go together: the file of our certificate and that of its key, which may be the same"
                    .to_owned(),
            ),
        }
    }

    /// What shows it to a server that asks. That the two belong together is looked at here: rustls knows no certificates of
    /// the first version, and whoever makes one without extensions has such a one.
    pub fn shown(&self, provider: &CryptoProvider) -> Result<Arc<dyn ResolvesClientCert>, String> {
        let (chain, key) = (self.chain()?, self.key()?);
        let key = provider.key_provider.load_private_key(key).map_err(|error| {
            format!(
                "the key of our certificate cannot be used ({error}); it must be of RSA, of the curves P-256 or P-384, or \
                 Ed25519: {}",
                self.key.display()
            )
        })?;
        let in_certificate =
            first_of(&chain).and_then(|first| first.tbs_certificate.subject_public_key_info.to_der().ok());
        let in_certificate = in_certificate.ok_or_else(|| self.unreadable("it is no certificate"))?;
        if key.public_key().is_some_and(|public| *public != *in_certificate) {
            return Err(format!(
                "the key is that of another certificate: {} does not belong to {}",
                self.key.display(),
                self.certificate.display()
            ));
        }
        Ok(Arc::new(SingleCertAndKey::from(CertifiedKey::new(chain, key))))
    }

    /// The certificate first, then those of the authorities between it and one that the server knows.
    fn chain(&self) -> Result<Vec<CertificateDer<'static>>, String> {
        let found = plain_file(&self.certificate).map_err(|why| self.unreadable(&why))?;
        // The key may be in it too.
        let text = read(&self.certificate, &found).map_err(|why| self.unreadable(&why))?;
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
        let chain = chain.map_err(|error| self.unreadable(fault(&error)))?;
        match chain.is_empty() {
            true => Err(self.unreadable("there is none in PEM in it")),
            false => Ok(chain),
        }
    }

    fn unreadable(&self, why: &str) -> String {
        format!("our certificate cannot be read ({why}): {}", self.certificate.display())
    }

    /// PKCS#8, or in the older ways of RSA (PKCS#1) and of elliptic curves (SEC1).
    fn key(&self) -> Result<PrivateKeyDer<'static>, String> {
        let file = &self.key;
        let cannot = |why: &str| format!("the key of our certificate cannot be read ({why}): {}", file.display());
        let found = plain_file(file).map_err(|why| cannot(&why))?;
        if is_open_to_others(&found) {
            return Err(format!(
                "the key of our certificate is not used, because others may read it; its permissions must be u=rw (0600) or \
                 less: {}",
                file.display()
            ));
        }
        let text = read(file, &found).map_err(|why| cannot(&why))?;
        if is_encrypted(&text) {
            return Err(format!(
                "the key of our certificate is encrypted, and this version asks for no passphrase; write it anew without \
                 one, for you alone (umask 077; openssl pkey -in KEY -out NEW): {}",
                file.display()
            ));
        }
        PrivateKeyDer::from_pem_slice(&text).map_err(|error| match error {
            pem::Error::NoItemsFound => cannot("there is no private key in PEM in it"),
            error => cannot(fault(&error)),
        })
    }

    /// Whose it is, who says so and until when, for whoever it was shown to in vain.
    pub fn described(&self) -> String {
        let file = self.certificate.display();
        let Some(known) = self.chain().ok().and_then(|chain| first_of(&chain)) else {
            return format!("our certificate is {file}");
        };
        let of = &known.tbs_certificate;
        let until = of.validity.not_after;
        let holds = if until.to_system_time() < SystemTime::now() {
            "ran out at"
        } else {
            "holds until"
        };
        format!(
            "our certificate is of {}, from {}, and {holds} {until}: {file}",
            of.subject, of.issuer
        )
    }
}

/// What is wrong with a text in PEM, in words of our own: those of the library hold its bytes, which may be those of a key.
pub(super) fn fault(error: &pem::Error) -> &'static str {
    match error {
        pem::Error::MissingSectionEnd { .. } => {
            "a section of it has no end: its first and its last line must stand alone, with real ends of lines"
        }
        pem::Error::IllegalSectionStart { .. } => {
            "a section of it begins wrongly: its first line must stand alone, with a real end of line"
        }
        pem::Error::Base64Decode(_) => "what stands in it is no base64",
        pem::Error::NoItemsFound => "there is none in PEM in it",
        _ => "it is no file in PEM",
    }
}

fn plain_file(file: &Path) -> Result<Metadata, String> {
    let found = fs::metadata(file).map_err(|error| in_words(&error))?;
    match found.is_file() {
        true => Ok(found),
        false => Err("it is no plain file".to_owned()),
    }
}

fn read(file: &Path, found: &Metadata) -> Result<Zeroizing<Vec<u8>>, String> {
    if found.len() > MOST_BYTES {
        return Err(format!("it has more than {MOST_BYTES} bytes"));
    }
    let text = plain_file::read(file, MOST_BYTES).map_err(|error| in_words(&error))?;
    Ok(Zeroizing::new(text))
}

fn first_of(chain: &[CertificateDer<'_>]) -> Option<Certificate> {
    Certificate::from_der(chain.first()?).ok()
}

/// As libpq has it: whoever owns the key reads it alone; what root owns a group may read.
#[cfg(unix)]
fn is_open_to_others(found: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;

    let open = if found.uid() == 0 { 0o037 } else { 0o077 };
    found.mode() & open != 0
}

#[cfg(not(unix))]
fn is_open_to_others(_: &Metadata) -> bool {
    false
}

/// In PKCS#8, or in the older way with a line of its own.
fn is_encrypted(text: &[u8]) -> bool {
    let mut lines = text.split(|byte| *byte == b'\n');
    lines.any(|line| line.starts_with(b"-----BEGIN ENCRYPTED PRIVATE KEY-----") || line.starts_with(b"Proc-Type:"))
}
