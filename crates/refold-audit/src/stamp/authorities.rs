//! The authorities that somebody trusts, and whether a stamp is of one of them.

use std::time::Duration;

use der::{Decode as _, Encode as _};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, UnixTime};
use webpki::{ALL_VERIFICATION_ALGS, EndEntityCert, KeyUsage, anchor_from_trusted_cert};
use x509_cert::Certificate;

use super::format::TIME_STAMPING;
use super::{Stamp, StampError};

/// Certificates of authorities, or of those that vouch for them.
#[derive(Debug)]
pub struct Authorities(Vec<CertificateDer<'static>>);

impl Authorities {
    /// `pem`: one certificate or more, as PEM.
    pub fn parse(pem: &[u8]) -> Result<Authorities, StampError> {
        let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
        let certificates = certificates.map_err(|_| StampError::BadCertificate)?;
        if certificates.is_empty() {
            return Err(StampError::NoCertificate);
        }
        for certificate in &certificates {
            anchor_from_trusted_cert(certificate).map_err(|_| StampError::BadCertificate)?;
        }
        Ok(Authorities(certificates))
    }

    /// Whether the certificate of the stamp was, at the time of the stamp, one that an authority among them vouches for
    /// to make time stamps. Whether it was revoked is not asked here ([`super::RevocationLists`]).
    pub fn check(&self, stamp: &Stamp) -> Result<(), StampError> {
        self.path(stamp).map(drop)
    }

    /// The certificate of the stamp, those that vouch for one another above it, and at the end that of an authority among
    /// them.
    pub(super) fn path(&self, stamp: &Stamp) -> Result<Vec<Certificate>, StampError> {
        let seconds = u64::try_from(stamp.time.0.div_euclid(1_000_000_000));
        let seconds = seconds.map_err(|_| StampError::Unreadable("its time is before 1970"))?;
        let time = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        let anchors: Result<Vec<_>, _> = self.0.iter().map(anchor_from_trusted_cert).collect();
        let anchors = anchors.map_err(|_| StampError::BadCertificate)?;
        let others: Result<Vec<_>, _> = stamp.others.iter().map(in_der).collect();
        let (signer, others) = (in_der(&stamp.signer)?, others?);
        let certificate = EndEntityCert::try_from(&signer).map_err(|error| told(&error))?;
        let path = certificate
            .verify_for_usage(
                ALL_VERIFICATION_ALGS,
                &anchors,
                &others,
                time,
                // Above the signer, whose one purpose was looked at, certificates need not name any.
                KeyUsage::required_if_present(TIME_STAMPING.as_bytes()),
                None,
                None,
            )
            .map_err(|error| told(&error))?;
        let named = anchors.iter().zip(&self.0).find(|(anchor, _)| *anchor == path.anchor());
        let (_, authority) = named.ok_or(StampError::BadCertificate)?;
        let between = path.intermediate_certificates().map(|between| between.der());
        let above: Result<Vec<Certificate>, _> = between
            .chain([authority.clone()])
            .map(|der| Certificate::from_der(&der))
            .collect();
        let mut certificates = vec![stamp.signer.clone()];
        certificates.extend(above.map_err(|_| StampError::BadCertificate)?);
        Ok(certificates)
    }
}

pub fn in_der(certificate: &Certificate) -> Result<CertificateDer<'static>, StampError> {
    let der = certificate.to_der();
    der.map(CertificateDer::from)
        .map_err(|_| StampError::Unreadable("a certificate in it is not readable"))
}

fn told(error: &webpki::Error) -> StampError {
    StampError::Untrusted(match error {
        webpki::Error::UnknownIssuer => "none of them vouches for its certificate",
        webpki::Error::CertExpired { .. } => "a certificate of it was expired at that time",
        webpki::Error::CertNotValidYet { .. } => "a certificate of it was not yet valid at that time",
        webpki::Error::RequiredEkuNotFoundContext(_) => "its certificate is not one for time stamps",
        _ => "its chain of certificates does not hold",
    })
}
