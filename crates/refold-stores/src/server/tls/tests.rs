use super::*;

/// As drivers hand on what the other end said: within errors of their own.
#[derive(Debug, thiserror::Error)]
#[error("the driver failed")]
struct Within(#[source] io::Error);

#[test]
fn what_a_server_says_of_our_certificate_is_said_in_words() {
    let alert = |alert| io::Error::new(io::ErrorKind::InvalidData, Error::AlertReceived(alert));
    for (said, words) in [
        (AlertDescription::UnknownCA, "authority"),
        (AlertDescription::CertificateExpired, "run out"),
        (AlertDescription::CertificateRevoked, "revoked"),
        (AlertDescription::CertificateRequired, "sslcert"),
        (AlertDescription::BadCertificate, "not take our certificate"),
    ] {
        for told in [said_of_ours(&alert(said)), said_of_ours(&Within(alert(said)))] {
            assert!(told.as_ref().is_some_and(|told| told.contains(words)), "{told:?}");
        }
    }
    assert_eq!(said_of_ours(&alert(AlertDescription::ProtocolVersion)), None);
    assert_eq!(said_of_ours(&io::Error::from(io::ErrorKind::ConnectionReset)), None);
    assert_eq!(said_of_ours(&Error::DecryptError), None);
}
