//! Lists of revoked certificates (RFC 5280, section 5) and what they say of a stamp (RFC 3161, section 4).
//!
//! A list tells of the certificates of one issuer, up to the time at which it was made. What it does not tell is refused and
//! not passed over: a list that is of another issuer's, is not signed by him, was made before the stamp, or names only some
//! certificates or reasons.

use der::asn1::{AnyRef, BitStringRef, GeneralizedTime, ObjectIdentifier};
use der::{Decode as _, Encode as _, Sequence};
use refold_core::time::Timestamp;
use rustls_pki_types::CertificateRevocationListDer;
use rustls_pki_types::pem::PemObject as _;
use webpki::{ALL_VERIFICATION_ALGS, EndEntityCert};
use x509_cert::crl::RevokedCert;
use x509_cert::ext::pkix::crl::dp::IssuingDistributionPoint;
use x509_cert::ext::pkix::crl::{CrlDistributionPoints, CrlReason};
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralNames};
use x509_cert::ext::pkix::{BasicConstraints, KeyUsage};
use x509_cert::ext::{Extension, Extensions};
use x509_cert::name::Name;
use x509_cert::spki::AlgorithmIdentifierOwned;
use x509_cert::time::Time;
use x509_cert::{Certificate, Version};

use super::authorities::in_der;
use super::{Authorities, Stamp, StampError};

/// Which certificates a list is of.
const ISSUING_POINT: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.28");
const REASON: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.21");
/// Since when a certificate was worth nothing, where that was earlier than it was revoked.
const INVALID_SINCE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.24");
/// That certificates stay in the list after they ended.
const KEEPS_EXPIRED: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.60");

const SECOND: i64 = 1_000_000_000;

/// Lists of revoked certificates.
#[derive(Debug, Default)]
pub struct RevocationLists(Vec<List>);

/// What lists say of the certificates of a stamp that stays good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// When the list was made that tells of the authority's own certificate.
    pub as_of: Timestamp,
    /// It was revoked later than the stamp was made, for a reason that leaves earlier stamps good: when, and why.
    pub revoked_later: Option<Later>,
    /// Certificates that vouch for it, of which no list was given.
    pub unlisted: usize,
}

/// When a certificate was revoked, and why.
pub type Later = (Timestamp, &'static str);

/// When a list was made, and whether it names a certificate.
type Told = (Timestamp, Option<Later>);

#[derive(Debug)]
struct List {
    /// What is signed.
    bytes: Vec<u8>,
    algorithm: Vec<u8>,
    signature: Vec<u8>,
    list: Body,
}

/// `CertificateList`, whose parts are taken as they are: what is signed is bytes.
#[derive(Sequence)]
struct Signed<'a> {
    list: AnyRef<'a>,
    algorithm: AnyRef<'a>,
    signature: BitStringRef<'a>,
}

/// `TBSCertList`. Without a version it is of the first, that knows no extensions.
#[derive(Debug, Sequence)]
struct Body {
    version: Option<Version>,
    signature: AlgorithmIdentifierOwned,
    issuer: Name,
    this_update: Time,
    next_update: Option<Time>,
    revoked_certificates: Option<Vec<RevokedCert>>,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    crl_extensions: Option<Extensions>,
}

impl RevocationLists {
    /// Adds the lists of a file: one as DER, or any number as PEM.
    pub fn add(&mut self, file: &[u8]) -> Result<(), StampError> {
        const SEQUENCE: u8 = 0x30;
        if file.first() == Some(&SEQUENCE) {
            self.0.push(List::read(file)?);
            return Ok(());
        }
        let lists: Result<Vec<_>, _> = CertificateRevocationListDer::pem_slice_iter(file).collect();
        let lists = lists.map_err(|_| StampError::NoList)?;
        if lists.is_empty() {
            return Err(StampError::NoList);
        }
        for list in lists {
            self.0.push(List::read(&list)?);
        }
        Ok(())
    }

    /// Whether the stamp is good by these lists: its certificate, and those that vouch for it up to one of the
    /// authorities, were not revoked, or later than it was made and for a reason that leaves it good. `now`: the time of
    /// day, by which lists are out of date.
    pub fn check(&self, authorities: &Authorities, stamp: &Stamp, now: Timestamp) -> Result<Standing, StampError> {
        let path = authorities.path(stamp)?;
        let mut unlisted = 0;
        let mut own = None;
        for (depth, pair) in path.windows(2).enumerate() {
            let [certificate, issuer] = pair else { continue };
            let is_own = depth == 0;
            match self.of(certificate, issuer, stamp.time, now)? {
                Some(told) if is_own => own = Some(told),
                Some(_) => {}
                None if is_own => return Err(StampError::Unlisted),
                None => unlisted += 1,
            }
        }
        let (as_of, revoked_later) = own.ok_or(StampError::Unlisted)?;
        Ok(Standing {
            as_of,
            revoked_later,
            unlisted,
        })
    }

    /// What the newest lists say of a certificate; `None`: none is of its issuer.
    fn of(
        &self,
        certificate: &Certificate,
        issuer: &Certificate,
        stamped: Timestamp,
        now: Timestamp,
    ) -> Result<Option<Told>, StampError> {
        let of_issuer = |list: &&List| list.list.issuer == certificate.tbs_certificate.issuer;
        let mut useful: Vec<&List> = Vec::new();
        let mut refused = None;
        for list in self.0.iter().filter(of_issuer) {
            match list.expect_useful(certificate, issuer, stamped, now) {
                Ok(()) => useful.push(list),
                Err(why) => refused = Some(why),
            }
        }
        let Some(newest) = useful.iter().map(|list| list.made()).max() else {
            return refused.map_or(Ok(None), |why| Err(StampError::UselessList(why)));
        };
        let mut later = None;
        for list in useful.into_iter().filter(|list| list.made() == newest) {
            later = list.revoked_later(certificate, stamped)?.or(later);
        }
        Ok(Some((newest, later)))
    }
}

impl List {
    fn read(der: &[u8]) -> Result<List, StampError> {
        let signed = Signed::from_der(der).map_err(|_| StampError::NoList)?;
        let bytes = signed.list.to_der().map_err(|_| StampError::NoList)?;
        let list = Body::from_der(&bytes).map_err(|_| StampError::NoList)?;
        // It stands in what is signed and beside it, and both must be the same (RFC 5280, 5.1.1.2).
        if list.signature.to_der() != signed.algorithm.to_der() {
            return Err(StampError::NoList);
        }
        Ok(List {
            list,
            bytes,
            algorithm: signed.algorithm.value().to_vec(),
            signature: signed.signature.as_bytes().ok_or(StampError::NoList)?.to_vec(),
        })
    }

    fn made(&self) -> Timestamp {
        instant(&self.list.this_update)
    }

    /// Fails with why it says nothing of this certificate at the time of the stamp.
    fn expect_useful(
        &self,
        certificate: &Certificate,
        issuer: &Certificate,
        stamped: Timestamp,
        now: Timestamp,
    ) -> Result<(), &'static str> {
        let (made, ended) = (self.made(), instant(&certificate.tbs_certificate.validity.not_after));
        if !self.is_signed_by(issuer) {
            return Err("it is not signed by the issuer of the certificate");
        }
        for extension in self.list.crl_extensions.iter().flatten() {
            match extension.extn_id {
                ISSUING_POINT => expect_whole(extension, certificate)?,
                _ if extension.critical => return Err("it is of a kind that is not read, and says that it must be"),
                _ => {}
            }
        }
        if now < made {
            return Err("it is from the future");
        }
        // Lists know whole seconds.
        if made.0 < stamped.0 - stamped.0.rem_euclid(SECOND) {
            return Err("it was made before the stamp, and says nothing of the time between");
        }
        let keeps_expired = find(self.list.crl_extensions.as_ref(), KEEPS_EXPIRED).is_some();
        if ended < made && !keeps_expired {
            return Err("it was made after the certificate had ended, and need not name it any more");
        }
        // Of a certificate that has ended no newer list tells more.
        let next = self.list.next_update.as_ref().map(instant);
        if ended >= now && next.is_none_or(|next| next < now) {
            return Err("a newer one is due; get that from where this one is from");
        }
        Ok(())
    }

    fn is_signed_by(&self, issuer: &Certificate) -> bool {
        let of = &issuer.tbs_certificate;
        let may_sign = match of.get::<KeyUsage>() {
            Ok(Some((_, usage))) => usage.crl_sign(),
            Ok(None) => true,
            Err(_) => false,
        };
        let Ok(der) = in_der(issuer) else { return false };
        let Ok(key) = EndEntityCert::try_from(&der) else {
            return false;
        };
        let mut fitting = ALL_VERIFICATION_ALGS
            .iter()
            .filter(|algorithm| algorithm.signature_alg_id().as_ref() == self.algorithm);
        of.subject == self.list.issuer
            && may_sign
            && fitting.any(|algorithm| key.verify_signature(*algorithm, &self.bytes, &self.signature).is_ok())
    }

    /// `None`: the certificate is not in the list.
    fn revoked_later(&self, certificate: &Certificate, stamped: Timestamp) -> Result<Option<Later>, StampError> {
        let serial = &certificate.tbs_certificate.serial_number;
        let mut revoked = self.list.revoked_certificates.iter().flatten();
        let Some(entry) = revoked.find(|entry| entry.serial_number == *serial) else {
            return Ok(None);
        };
        let since = since(entry);
        let reason = reason(entry);
        let words = in_words(reason);
        // RFC 3161, 4: only these leave what was stamped before as good as it was, and only where they are named.
        let leaves_earlier = matches!(
            reason,
            Some(
                CrlReason::Unspecified
                    | CrlReason::AffiliationChanged
                    | CrlReason::Superseded
                    | CrlReason::CessationOfOperation
            )
        );
        match leaves_earlier && stamped < since {
            true => Ok(Some((since, words))),
            false => Err(StampError::Revoked { since, reason: words }),
        }
    }
}

/// Whether the list names all revoked certificates of the kind of this one.
fn expect_whole(extension: &Extension, certificate: &Certificate) -> Result<(), &'static str> {
    let point = IssuingDistributionPoint::from_der(extension.extn_value.as_bytes());
    let point = point.map_err(|_| "which certificates it is of cannot be read")?;
    let constraints = certificate.tbs_certificate.get::<BasicConstraints>();
    let is_authority = matches!(constraints, Ok(Some((_, BasicConstraints { ca: true, .. }))));
    if point.indirect_crl || point.only_some_reasons.is_some() || point.only_contains_attribute_certs {
        return Err("it names only some of the revoked certificates");
    }
    if point.only_contains_user_certs && is_authority || point.only_contains_ca_certs && !is_authority {
        return Err("it is of another kind of certificates");
    }
    let Some(of) = point.distribution_point else {
        return Ok(());
    };
    let named = certificate.tbs_certificate.get::<CrlDistributionPoints>();
    let named = named.ok().flatten().map(|(_, points)| points.0).unwrap_or_default();
    let is_named = |names: &GeneralNames| {
        let points = named.iter().filter_map(|point| point.distribution_point.as_ref());
        points.filter_map(full_names).flatten().any(|name| names.contains(name))
    };
    match full_names(&of).is_some_and(is_named) {
        true => Ok(()),
        false => Err("it is one of several lists, and not the one that the certificate names"),
    }
}

fn full_names(point: &DistributionPointName) -> Option<&GeneralNames> {
    match point {
        DistributionPointName::FullName(names) => Some(names),
        DistributionPointName::NameRelativeToCRLIssuer(_) => None,
    }
}

/// When it was revoked, or earlier where it was worth nothing before.
fn since(entry: &RevokedCert) -> Timestamp {
    let revoked = instant(&entry.revocation_date);
    let invalid = find(entry.crl_entry_extensions.as_ref(), INVALID_SINCE)
        .and_then(|extension| GeneralizedTime::from_der(extension.extn_value.as_bytes()).ok())
        .map(|time| instant(&Time::GeneralTime(time)));
    invalid.map_or(revoked, |invalid| invalid.min(revoked))
}

/// `None`: it names none, or one that cannot be read.
fn reason(entry: &RevokedCert) -> Option<CrlReason> {
    let extension = find(entry.crl_entry_extensions.as_ref(), REASON)?;
    CrlReason::from_der(extension.extn_value.as_bytes()).ok()
}

fn in_words(reason: Option<CrlReason>) -> &'static str {
    match reason {
        None => "without a reason",
        Some(CrlReason::Unspecified) => "for a reason that is not said",
        Some(CrlReason::KeyCompromise) => "because its key was not its owner's alone any more",
        Some(CrlReason::CaCompromise | CrlReason::AaCompromise) => {
            "because the key of its authority was not its owner's alone any more"
        }
        Some(CrlReason::AffiliationChanged) => "because its owner belongs elsewhere",
        Some(CrlReason::Superseded) => "because another took its place",
        Some(CrlReason::CessationOfOperation) => "because it is not needed any more",
        Some(CrlReason::CertificateHold) => "for the time being",
        Some(CrlReason::RemoveFromCRL) => "and taken out of a list again",
        Some(CrlReason::PrivilegeWithdrawn) => "because its owner may not use it any more",
    }
}

fn find(extensions: Option<&Extensions>, wanted: ObjectIdentifier) -> Option<&Extension> {
    extensions?.iter().find(|extension| extension.extn_id == wanted)
}

/// Certificates and lists know whole seconds, from 1950 to 9999; what is beyond the times of events is far in the future.
fn instant(time: &Time) -> Timestamp {
    let seconds = i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX);
    Timestamp(seconds.saturating_mul(SECOND))
}
