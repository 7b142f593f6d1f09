//! Vectors that OpenSSL made (`vectors/make.sh`).

use proptest::prelude::*;
use rustls_pki_types::CertificateRevocationListDer;
use rustls_pki_types::pem::PemObject as _;

use super::*;

const DATA: &[u8] = include_bytes!("vectors/data");
const RSA: &[u8] = include_bytes!("vectors/rsa.tsr");
const P384: &[u8] = include_bytes!("vectors/p384.tsr");
/// Its certificate is named in the older way, by SHA-1.
const OLD: &[u8] = include_bytes!("vectors/old.tsr");
/// Of a certificate that another one vouches for, which the root vouches for.
const BELOW: &[u8] = include_bytes!("vectors/below.tsr");
/// Of a certificate whose purpose is not critical.
const LAX: &[u8] = include_bytes!("vectors/lax.tsr");
/// Of a certificate that signs code, too.
const MIXED: &[u8] = include_bytes!("vectors/mixed.tsr");

fn authorities(pem: &[u8]) -> Authorities {
    Authorities::parse(pem).unwrap()
}

fn root() -> Authorities {
    authorities(include_bytes!("vectors/root.pem"))
}

#[test]
fn stamps_of_every_kind_of_signature_hold() {
    for (reply, name) in [(RSA, "rsa"), (P384, "p384"), (OLD, "old"), (BELOW, "below")] {
        let stamp = Stamp::read(reply, DATA).unwrap();
        assert_eq!(stamp.authority, format!("CN=Time Stamps of {name},O=Vectors"));
        assert!(!stamp.claims_qualified);
        assert_eq!(root().check(&stamp), Ok(()), "{name}");
    }
}

#[test]
fn its_time_keeps_fractions_of_a_second() {
    let second = |reply| Stamp::read(reply, DATA).unwrap().time.0 % 1_000_000_000;
    let fractions = [second(RSA), second(P384)];
    assert!(fractions.iter().any(|fraction| *fraction != 0), "{fractions:?}");
    assert!(
        fractions.iter().all(|fraction| fraction % 1_000_000 == 0),
        "{fractions:?}"
    );
}

#[test]
fn a_stamp_is_of_its_bytes_alone() {
    let mut other = DATA.to_vec();
    other[0] ^= 1;
    assert_eq!(Stamp::read(RSA, &other).unwrap_err(), StampError::OtherBytes);
}

#[test]
fn another_authority_vouches_for_nothing() {
    let stamp = Stamp::read(RSA, DATA).unwrap();
    let other = authorities(include_bytes!("vectors/other.pem"));
    assert!(matches!(other.check(&stamp), Err(StampError::Untrusted(_))));
}

#[test]
fn a_certificate_counts_for_its_own_time_only() {
    let mut stamp = Stamp::read(RSA, DATA).unwrap();
    let made = stamp.time;
    stamp.time = Timestamp(made.0 - 86_400_000_000_000);
    assert!(matches!(root().check(&stamp), Err(StampError::Untrusted(why)) if why.contains("not yet")));
    stamp.time = Timestamp(made.0 + 101 * 366 * 86_400_000_000_000);
    assert!(matches!(root().check(&stamp), Err(StampError::Untrusted(why)) if why.contains("expired")));
}

#[test]
fn keys_with_other_purposes_make_no_stamps() {
    for reply in [LAX, MIXED] {
        assert_eq!(
            Stamp::read(reply, DATA).unwrap_err(),
            StampError::Signature("its certificate is not one for time stamps alone")
        );
    }
}

#[test]
fn an_earlier_reply_is_no_answer() {
    let stamp = Stamp::read(RSA, DATA).unwrap();
    assert_eq!(stamp.expect(&Request::new(DATA, 7)), Err(StampError::OtherQuestion));
}

#[test]
fn a_file_without_certificates_names_nobody() {
    assert_eq!(Authorities::parse(b"hello").unwrap_err(), StampError::NoCertificate);
    let broken = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    assert_eq!(Authorities::parse(broken).unwrap_err(), StampError::BadCertificate);
}

#[test]
fn what_an_authority_refuses_is_told_in_its_words() {
    // PKIStatusInfo { 2, "no" }
    let reply = [0x30, 0x0b, 0x30, 0x09, 2, 1, 2, 0x30, 4, 0x0c, 2, b'n', b'o'];
    assert_eq!(
        Stamp::read(&reply, DATA).unwrap_err(),
        StampError::Refused("no".to_owned())
    );
}

/// Every bit of a stamp counts: what holds with one of them changed says the same of the same bytes.
#[test]
fn no_changed_byte_makes_another_stamp() {
    for reply in [RSA, P384, OLD] {
        let whole = Stamp::read(reply, DATA).unwrap();
        for at in 0..reply.len() {
            for bit in [1, 0x80] {
                let mut changed = reply.to_vec();
                changed[at] ^= bit;
                if let Ok(stamp) = Stamp::read(&changed, DATA)
                    && root().check(&stamp).is_ok()
                {
                    assert_eq!(
                        (stamp.time, &stamp.authority),
                        (whole.time, &whole.authority),
                        "byte {at}"
                    );
                }
            }
        }
    }
}

#[test]
fn what_is_cut_off_is_no_stamp() {
    for end in 0..RSA.len() {
        assert!(Stamp::read(&RSA[..end], DATA).is_err(), "{end} bytes");
    }
}

/// A day after the lists were made, and before newer ones are due.
const NOW: Timestamp = Timestamp(1_798_848_000_000_000_000);

const CLEAN: &[u8] = include_bytes!("vectors/clean.crl");
const COMPROMISED: &[u8] = include_bytes!("vectors/compromised.crl");
const SUPERSEDED: &[u8] = include_bytes!("vectors/superseded.crl");
const OF_MIDDLE: &[u8] = include_bytes!("vectors/middle.crl");

fn standing(reply: &[u8], files: &[&[u8]], now: Timestamp) -> Result<Standing, StampError> {
    let mut lists = RevocationLists::default();
    files.iter().try_for_each(|file| lists.add(file)).unwrap();
    lists.check(&root(), &Stamp::read(reply, DATA).unwrap(), now)
}

fn revoked_later(reply: &[u8], files: &[&[u8]]) -> Option<&'static str> {
    standing(reply, files, NOW)
        .unwrap()
        .revoked_later
        .map(|(_, reason)| reason)
}

#[test]
fn a_certificate_that_no_list_names_was_not_revoked_as_of_the_list() {
    for reply in [RSA, P384, OLD] {
        let told = standing(reply, &[CLEAN], NOW).unwrap();
        assert_eq!(
            (told.as_of.display(0).to_string().as_str(), told.unlisted),
            ("2027-01-01T00:00:00Z", 0)
        );
        assert_eq!(told.revoked_later, None);
    }
    // One list says more than the other, and what users are listed in tells of this one.
    assert!(standing(RSA, &[CLEAN, include_bytes!("vectors/users.crl")], NOW).is_ok());
    assert!(standing(RSA, &[include_bytes!("vectors/users.crl")], NOW).is_ok());
    // A file may hold several, as PEM does; a list as DER is one.
    let both = [CLEAN, OF_MIDDLE].concat();
    assert!(standing(RSA, &[both.as_slice()], NOW).is_ok());
    let der = CertificateRevocationListDer::from_pem_slice(CLEAN).unwrap();
    assert!(standing(RSA, &[der.as_ref()], NOW).is_ok());
}

/// RFC 3161, section 4: what was stamped before stays good where the reason is named and is not the key.
#[test]
fn a_stamp_outlives_its_certificate_only_where_the_key_stayed_its_owners() {
    assert_eq!(
        revoked_later(RSA, &[SUPERSEDED]),
        Some("because another took its place")
    );
    for (reply, files, of) in [
        (RSA, [COMPROMISED], "a key that is not its owner's alone"),
        (P384, [COMPROMISED], "the same"),
        (P384, [SUPERSEDED], "it was revoked before it made the stamp"),
        (OLD, [SUPERSEDED], "no reason is named"),
    ] {
        let told = standing(reply, &files, NOW);
        assert!(matches!(told, Err(StampError::Revoked { .. })), "{of}: {told:?}");
    }
    let told = standing(RSA, &[COMPROMISED], NOW).unwrap_err().to_string();
    assert!(
        told.contains("was revoked 2026-12-31T00:00:00Z, because its key"),
        "{told}"
    );
    // The newest lists count, and these are as new.
    for files in [[CLEAN, COMPROMISED], [COMPROMISED, CLEAN]] {
        assert!(standing(RSA, &files, NOW).is_err());
    }
}

#[test]
fn certificates_between_are_looked_at_where_a_list_is_of_their_issuer() {
    let told = standing(BELOW, &[OF_MIDDLE], NOW).unwrap();
    assert_eq!((told.unlisted, told.revoked_later), (1, None));
    assert_eq!(standing(BELOW, &[OF_MIDDLE, CLEAN], NOW).unwrap().unlisted, 0);
    assert_eq!(
        standing(BELOW, &[OF_MIDDLE, SUPERSEDED], NOW).unwrap().unlisted,
        0,
        "needed no more since"
    );
    let told = standing(BELOW, &[OF_MIDDLE, include_bytes!("vectors/authority.crl")], NOW);
    assert!(matches!(told, Err(StampError::Revoked { .. })), "{told:?}");
    assert_eq!(
        standing(BELOW, &[CLEAN], NOW),
        Err(StampError::Unlisted),
        "its own is what counts"
    );
    let of_users: &[u8] = include_bytes!("vectors/users.crl");
    assert!(matches!(
        standing(BELOW, &[OF_MIDDLE, of_users], NOW),
        Err(StampError::UselessList(_))
    ));
}

#[test]
fn a_list_that_says_nothing_is_refused_with_why() {
    let why = |file: &[u8], now: Timestamp| standing(RSA, &[file], now).unwrap_err();
    assert_eq!(why(include_bytes!("vectors/other.crl"), NOW), StampError::Unlisted);
    let cases: [(&[u8], Timestamp, &str); 6] = [
        (include_bytes!("vectors/twin.crl"), NOW, "not signed by the issuer"),
        (include_bytes!("vectors/early.crl"), NOW, "before the stamp"),
        (include_bytes!("vectors/some.crl"), NOW, "only some"),
        (include_bytes!("vectors/elsewhere.crl"), NOW, "one of several"),
        (CLEAN, Timestamp(NOW.0 + 366 * 86_400_000_000_000), "a newer one is due"),
        (CLEAN, Timestamp(NOW.0 - 60 * 86_400_000_000_000), "from the future"),
    ];
    for (file, now, expected) in cases {
        let told = why(file, now);
        assert!(
            matches!(told, StampError::UselessList(why) if why.contains(expected)),
            "{expected}: {told:?}"
        );
    }
    // Where the certificate has ended no newer list tells more.
    let long_after = Timestamp(NOW.0 + 110 * 366 * 86_400_000_000_000);
    assert!(standing(RSA, &[CLEAN], long_after).is_ok());
}

#[test]
fn a_changed_byte_of_a_list_is_noticed() {
    let der = CertificateRevocationListDer::from_pem_slice(CLEAN).unwrap();
    for at in 0..der.len() {
        let mut changed = der.to_vec();
        changed[at] ^= 1;
        let mut lists = RevocationLists::default();
        if lists.add(&changed).is_ok() {
            let told = lists.check(&root(), &Stamp::read(RSA, DATA).unwrap(), NOW);
            assert!(told.is_err(), "byte {at}: {told:?}");
        }
    }
    for file in [
        b"hello".as_slice(),
        b"",
        b"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n",
        &der[..99],
    ] {
        assert_eq!(RevocationLists::default().add(file), Err(StampError::NoList));
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(Stamp::read(&bytes, DATA).is_err());
    }
}
