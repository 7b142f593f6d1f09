//! Encrypted connections: which certificates are trusted, what is checked of them, and which of ours is shown.

use std::error::Error as AnyError;
use std::io;
use std::path::Path;
use std::sync::Arc;

use refold_core::port::store::StoreError;
use refold_core::port::system::in_words;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};

use super::address::Encryption;
use super::certificate::{OurCertificate, fault};
use crate::plain_file::{self, MOST_TEXT_BYTES};

/// What encrypts connections; `None` where nothing is encrypted. `roots`: the file with the certificates that a server's
/// must come from; without it those of the system. `ours` is shown to a server that asks for one. `location` is for what
/// is said where that fails.
pub fn config(
    encryption: Encryption,
    roots: Option<&Path>,
    ours: Option<&OurCertificate>,
    location: &str,
) -> Result<Option<ClientConfig>, StoreError> {
    let unreachable = |detail: String| StoreError::Unreachable {
        location: location.to_owned(),
        detail,
    };
    if encryption == Encryption::None {
        return Ok(None);
    }
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| unreachable(format!("encryption cannot be set up ({error})")))?;
    let trusted = || {
        known(roots).map_err(|detail| StoreError::Blocked {
            location: location.to_owned(),
            detail: format!("no connection is made: {detail}"),
            advice: "name the file with the certificates of the authority by sslrootcert in the address, and look whether its path is \
                     right and readable",
        })
    };
    let builder = match encryption {
        Encryption::Host => builder.with_root_certificates(trusted()?),
        weaker => {
            let authority = match weaker {
                Encryption::Authority => {
                    let verifier =
                        WebPkiServerVerifier::builder_with_provider(Arc::new(trusted()?), Arc::clone(&provider));
                    let verifier = verifier.build();
                    Some(verifier.map_err(|error| unreachable(format!("no authority can be trusted ({error})")))?)
                }
                _ => None,
            };
            let provider = Arc::clone(&provider);
            let verifier = Arc::new(Lenient { provider, authority });
            builder.dangerous().with_custom_certificate_verifier(verifier)
        }
    };
    Ok(Some(match ours {
        None => builder.with_no_client_auth(),
        Some(ours) => builder.with_client_cert_resolver(ours.shown(&provider).map_err(unreachable)?),
    }))
}

/// What is wrong with the certificate of a server, where that is why the connection was not made.
pub fn said_of_theirs(error: &(dyn AnyError + 'static)) -> Option<String> {
    let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    if let Some(inner) = inner {
        return said_of_theirs(inner);
    }
    let Some(Error::InvalidCertificate(why)) = error.downcast_ref() else {
        return said_of_theirs(error.source()?);
    };
    Some(match why {
        CertificateError::UnknownIssuer => "its issuer is none of the authorities that are trusted here".to_owned(),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            format!("it is of another name than the address has ({why})")
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => format!("it has run out ({why})"),
        _ => why.to_string(),
    })
}

/// What a server says of our certificate, where it ended the connection because of it.
pub fn said_of_ours(error: &(dyn AnyError + 'static)) -> Option<String> {
    let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    if let Some(inner) = inner {
        return said_of_ours(inner);
    }
    let Some(Error::AlertReceived(alert)) = error.downcast_ref() else {
        return said_of_ours(error.source()?);
    };
    let why = match alert {
        AlertDescription::CertificateRequired => {
            return Some(
                "the server wants to see a certificate of ours: name its file and that of its key by sslcert and sslkey"
                    .to_owned(),
            );
        }
        AlertDescription::UnknownCA => "the authority that it is from is none that is trusted there",
        AlertDescription::CertificateExpired => "it has run out",
        AlertDescription::CertificateRevoked => "it was revoked",
        AlertDescription::UnsupportedCertificate => "it is of a kind that is not taken there",
        AlertDescription::BadCertificate | AlertDescription::CertificateUnknown | AlertDescription::AccessDenied => {
            "it is not what is wanted there"
        }
        // Any other is of something else.
        _ => return None,
    };
    Some(format!("the server does not take our certificate: {why}"))
}

/// The certificates that are trusted; else why there are none.
fn known(file: Option<&Path>) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    match file {
        Some(file) => {
            let unreadable = |error: String| format!("{} cannot be read ({error})", file.display());
            let text = plain_file::read(file, MOST_TEXT_BYTES).map_err(|error| unreadable(in_words(&error)))?;
            for certificate in CertificateDer::pem_slice_iter(&text) {
                let certificate = certificate.map_err(|error| unreadable(fault(&error).to_owned()))?;
                roots.add(certificate).map_err(|error| unreadable(error.to_string()))?;
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    if roots.is_empty() {
        return Err(
            "there are no certificates to check the server's with; name a file of them by sslrootcert".to_owned(),
        );
    }
    Ok(roots)
}

/// Checks less than it should, because the user's URL says so: no name, and where there is no `authority` nothing.
#[derive(Debug)]
struct Lenient {
    provider: Arc<CryptoProvider>,
    authority: Option<Arc<WebPkiServerVerifier>>,
}

impl ServerCertVerifier for Lenient {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(authority) = &self.authority else {
            return Ok(ServerCertVerified::assertion());
        };
        match authority.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(
            message,
            certificate,
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(
            message,
            certificate,
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests;
