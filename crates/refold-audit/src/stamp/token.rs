//! Reading a reply of an authority and checking its signature (RFC 3161, RFC 5652, RFC 5816).

use cms::cert::CertificateChoices;
use cms::signed_data::{SignedData, SignerIdentifier, SignerInfo};
use der::asn1::{AnyRef, ObjectIdentifier, OctetStringRef};
use der::{Decode as _, Encode as _, Tag, Tagged as _};
use refold_core::time::Timestamp;
use webpki::EndEntityCert;
use x509_cert::Certificate;
use x509_cert::ext::pkix::{ExtendedKeyUsage, SubjectKeyIdentifier};

use super::algorithm::{digest_of, sha1_of, signatures_over};
use super::authorities::in_der;
use super::format::{
    CONTENT_TYPE, MESSAGE_DIGEST, QC_STATEMENTS, QUALIFIED, Reply, SHA256, SIGNED_DATA, SIGNING_CERTIFICATE,
    SIGNING_CERTIFICATE_V2, SigningCertificate, Statement, Status, TIME_STAMPING, TST_INFO,
};
use super::{Stamp, StampError};

pub fn read(reply: &[u8], data: &[u8]) -> Result<Stamp, StampError> {
    let reply = Reply::from_der(reply).map_err(|_| StampError::Unreadable("it is not a reply of an authority"))?;
    let (0 | 1, Some(token)) = (reply.status.status, reply.token) else {
        return Err(StampError::Refused(refusal(reply.status)));
    };
    if token.content_type != SIGNED_DATA {
        return Err(StampError::Unreadable("it is not signed"));
    }
    let signed: SignedData = token
        .content
        .decode_as()
        .map_err(|_| StampError::Unreadable("what is signed is not readable"))?;
    let content = signed.encap_content_info.econtent.as_ref();
    let content = content.and_then(|content| content.decode_as::<OctetStringRef<'_>>().ok());
    let content = content.filter(|_| signed.encap_content_info.econtent_type == TST_INFO);
    let content = content.ok_or(StampError::Unreadable("what is signed is no time"))?;
    let statement = Statement::from_der(content.as_bytes());
    let statement = statement.map_err(|_| StampError::Unreadable("what is signed is no time"))?;
    let digest = digest_of(&statement.imprint.algorithm.oid, data);
    let digest = digest.ok_or(StampError::Unreadable("it is made with a digest that is not known"))?;
    if statement.imprint.digest.as_bytes() != digest.as_ref() {
        return Err(StampError::OtherBytes);
    }
    let [signer] = signed.signer_infos.0.as_slice() else {
        return Err(StampError::Unreadable("it is not signed by one authority alone"));
    };
    let mut certificates: Vec<Certificate> = Vec::new();
    for choice in signed.certificates.iter().flat_map(|set| set.0.iter()) {
        if let CertificateChoices::Certificate(certificate) = choice {
            certificates.push(certificate.clone());
        }
    }
    let at = certificates.iter().position(|it| is_of(&signer.sid, it));
    let certificate = at.map(|at| certificates.swap_remove(at));
    let certificate = certificate.ok_or(StampError::Signature("its certificate is not in it"))?;
    check_signature(signer, &certificate, content.as_bytes())?;
    Ok(Stamp {
        time: time_of(statement.time).ok_or(StampError::Unreadable("its time is not readable"))?,
        authority: certificate.tbs_certificate.subject.to_string(),
        claims_qualified: claims_qualified(&statement),
        nonce: statement.nonce.as_ref().and_then(|nonce| nonce.to_der().ok()),
        signer: certificate,
        others: certificates,
    })
}

fn refusal(status: Status) -> String {
    let texts = status.texts.unwrap_or_default();
    match texts.is_empty() {
        true => format!("status {}", status.status),
        false => texts.join("; "),
    }
}

fn is_of(named: &SignerIdentifier, certificate: &Certificate) -> bool {
    let of = &certificate.tbs_certificate;
    match named {
        SignerIdentifier::IssuerAndSerialNumber(named) => {
            named.issuer == of.issuer && named.serial_number == of.serial_number
        }
        SignerIdentifier::SubjectKeyIdentifier(named) => {
            matches!(of.get::<SubjectKeyIdentifier>(), Ok(Some((_, key))) if key == *named)
        }
    }
}

/// The signature is over attributes, and these hold the digest of the content and of the certificate.
fn check_signature(signer: &SignerInfo, certificate: &Certificate, content: &[u8]) -> Result<(), StampError> {
    let wrong = StampError::Signature;
    let attributes = signer.signed_attrs.as_ref();
    let attributes = attributes.ok_or(wrong("it has no signed attributes"))?;
    let only = |oid: ObjectIdentifier| {
        let attribute = attributes.iter().find(|attribute| attribute.oid == oid)?;
        match attribute.values.as_slice() {
            [value] => Some(AnyRef::from(value)),
            _ => None,
        }
    };
    let kind = only(CONTENT_TYPE).and_then(|value| value.decode_as::<ObjectIdentifier>().ok());
    if kind != Some(TST_INFO) {
        return Err(wrong("it is of something else than a time"));
    }
    let digest = digest_of(&signer.digest_alg.oid, content).ok_or(wrong("its digest is not one that counts"))?;
    let said = only(MESSAGE_DIGEST).and_then(|value| value.decode_as::<OctetStringRef<'_>>().ok());
    if said.map(|said| said.as_bytes()) != Some(digest.as_ref()) {
        return Err(wrong("it is of another content"));
    }
    let der = in_der(certificate)?;
    let names = only(SIGNING_CERTIFICATE_V2).map(|value| (value, true));
    let (names, is_second) = names
        .or_else(|| only(SIGNING_CERTIFICATE).map(|value| (value, false)))
        .ok_or(wrong("it does not name its certificate"))?;
    if !is_named(names, is_second, &der) {
        return Err(wrong("it names another certificate"));
    }
    if !is_for_stamps(certificate) {
        return Err(wrong("its certificate is not one for time stamps alone"));
    }
    let signed = attributes.to_der();
    let signed = signed.map_err(|_| wrong("its attributes are not readable"))?;
    let key = EndEntityCert::try_from(&der).map_err(|_| wrong("its certificate is not readable"))?;
    let mut why = "its kind of key does not count with its kind of digest";
    for algorithm in signatures_over(&signer.digest_alg.oid) {
        match key.verify_signature(*algorithm, &signed, signer.signature.as_bytes()) {
            Ok(()) => return Ok(()),
            Err(webpki::Error::InvalidSignatureForPublicKey) => why = "the key in its certificate did not make it",
            // For keys of another kind.
            Err(_) => {}
        }
    }
    Err(wrong(why))
}

/// Whether the first certificate that the attribute names is this one.
fn is_named(names: AnyRef<'_>, is_second: bool, certificate: &[u8]) -> bool {
    let Ok(named) = names.decode_as::<SigningCertificate<'_>>() else {
        return false;
    };
    let Some(first) = named.certificates.first() else {
        return false;
    };
    let digest = match (is_second, &first.algorithm) {
        (false, _) => Some(sha1_of(certificate)),
        (true, None) => digest_of(&SHA256, certificate),
        (true, Some(algorithm)) => digest_of(&algorithm.oid, certificate),
    };
    digest.is_some_and(|digest| digest.as_ref() == first.digest.as_bytes())
}

/// RFC 3161, 2.3: the key has this one purpose, and says so critically.
fn is_for_stamps(certificate: &Certificate) -> bool {
    match certificate.tbs_certificate.get::<ExtendedKeyUsage>() {
        Ok(Some((is_critical, usage))) => is_critical && usage.0 == [TIME_STAMPING],
        _ => false,
    }
}

/// `YYYYMMDDhhmmss[.f…]Z`.
fn time_of(time: AnyRef<'_>) -> Option<Timestamp> {
    let text = std::str::from_utf8(time.value()).ok()?;
    let is_form = time.tag() == Tag::GeneralizedTime
        && text.len() >= 15
        && text.is_ascii()
        && text.ends_with('Z')
        && text[..14].bytes().all(|byte| byte.is_ascii_digit());
    if !is_form {
        return None;
    }
    let (date, clock, rest) = (&text[..8], &text[8..14], &text[14..]);
    Timestamp::parse(&format!(
        "{}-{}-{}T{}:{}:{}{rest}",
        &date[..4],
        &date[4..6],
        &date[6..],
        &clock[..2],
        &clock[2..4],
        &clock[4..]
    ))
}

fn claims_qualified(statement: &Statement<'_>) -> bool {
    let extensions = statement.extensions.iter().flatten();
    let statements = extensions.filter(|extension| extension.extn_id == QC_STATEMENTS);
    let Ok(claim) = QUALIFIED.to_der() else { return false };
    statements
        .map(|it| it.extn_value.as_bytes())
        .any(|value| value.windows(claim.len()).any(|window| window == claim))
}
