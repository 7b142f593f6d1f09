//! The ASN.1 of RFC 3161 and of the attribute that names the certificate (RFC 5035).

use cms::content_info::ContentInfo;
use der::Sequence;
use der::asn1::{AnyRef, BitString, Int, ObjectIdentifier, OctetString, SequenceRef};
use x509_cert::ext::Extensions;
use x509_cert::spki::AlgorithmIdentifierOwned;

pub const SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
pub const SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2");
pub const SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.3");
pub const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
pub const TST_INFO: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.1.4");
pub const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
pub const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
pub const SIGNING_CERTIFICATE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.12");
pub const SIGNING_CERTIFICATE_V2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.47");
pub const TIME_STAMPING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.8");
/// The extension in which a stamp says what it claims to be.
pub const QC_STATEMENTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.1.3");
/// That it is a qualified one.
pub const QUALIFIED: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.19422.1.1");

/// `TimeStampReq`.
#[derive(Sequence)]
pub struct Question {
    pub version: u8,
    pub imprint: Imprint,
    pub nonce: u64,
    pub wants_certificate: bool,
}

/// `MessageImprint`.
#[derive(Sequence)]
pub struct Imprint {
    pub algorithm: AlgorithmIdentifierOwned,
    pub digest: OctetString,
}

impl Imprint {
    #[expect(clippy::expect_used, reason = "32 bytes are below every limit of DER")]
    pub fn sha256(digest: &[u8; 32]) -> Imprint {
        Imprint {
            algorithm: AlgorithmIdentifierOwned {
                oid: SHA256,
                parameters: Some(der::asn1::Null.into()),
            },
            digest: OctetString::new(digest.as_slice()).expect("32 bytes are not too many"),
        }
    }
}

/// `TimeStampResp`.
#[derive(Sequence)]
pub struct Reply {
    pub status: Status,
    pub token: Option<ContentInfo>,
}

/// `PKIStatusInfo`.
#[derive(Sequence)]
pub struct Status {
    /// 0 and 1: granted.
    pub status: u8,
    pub texts: Option<Vec<String>>,
    pub failure: Option<BitString>,
}

/// `TSTInfo`.
#[derive(Sequence)]
pub struct Statement<'a> {
    pub version: u8,
    pub policy: ObjectIdentifier,
    pub imprint: Imprint,
    pub serial: Int,
    /// A `GeneralizedTime`, which here may have fractions of a second.
    pub time: AnyRef<'a>,
    pub accuracy: Option<SequenceRef<'a>>,
    #[asn1(default = "Default::default")]
    pub is_ordering: bool,
    pub nonce: Option<Int>,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    pub authority: Option<AnyRef<'a>>,
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", optional = "true")]
    pub extensions: Option<Extensions>,
}

/// `SigningCertificate` and `SigningCertificateV2`.
#[derive(Sequence)]
pub struct SigningCertificate<'a> {
    pub certificates: Vec<CertificateId<'a>>,
    pub policies: Option<SequenceRef<'a>>,
}

/// `ESSCertID`, which has no algorithm, and `ESSCertIDv2`.
#[derive(Sequence)]
pub struct CertificateId<'a> {
    pub algorithm: Option<AlgorithmIdentifierOwned>,
    pub digest: OctetString,
    pub issuer: Option<SequenceRef<'a>>,
}
